"""A network with its plants as trees that the solver can take, with what had to be opened for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from energy.district_heating.drawn.findings import Finding
from energy.district_heating.drawn.loops import lightest
from energy.district_heating.drawn.sources import Split
from energy.district_heating.drawn.topology import Attachment, Network
from energy.district_heating.hydraulics.pipes import Catalogue, Water, size
from energy.district_heating.hydraulics.steady import PipeTree
from energy.tree import Tree
from twin.errors import TwinError

__all__ = ["Forest", "Given", "RootedTree", "forest", "given", "pipe_tree", "sized"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

_LEAST_KEPT = 0.5  # of a plant's heat; a root with less below it only helps another


@dataclass(frozen=True)
class Given:
    """What is known of each edge's pipe.

    Attributes
    ----------
    diameter_m, loss_w_mk, roughness_m : array (edges,)
        Inner diameter [m], heat loss of one pipe [W/(m K)], roughness [m]; without a diameter the first two are NaN,
        unless the loss is stated.
    age_ratio : array (edges,)
        By how much a pipe's age raises the loss of the catalogue [1].
    findings : tuple of Finding
        Pipes without a diameter.
    """

    diameter_m: Floats
    loss_w_mk: Floats
    roughness_m: Floats
    age_ratio: Floats
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class RootedTree:
    """A tree that hangs on a plant.

    Attributes
    ----------
    plants : tuple of str
        At the root.
    node : array (n,) of int
        Node of the network of each node of the tree; the root first.
    parent : array (n,) of int
        Within the tree; -1 for the root.
    edge : array (n,) of int
        Edge of the network to the parent; -1 for the root.
    forward : array (n,) of bool
        Whether the pipe is drawn from the parent to the node.
    demand_w : array (n,)
        [W]
    """

    plants: tuple[str, ...]
    node: Whole
    parent: Whole
    edge: Whole
    forward: Flags
    demand_w: Floats


@dataclass(frozen=True)
class Forest:
    """All trees of a network.

    Attributes
    ----------
    trees : tuple of RootedTree
        One for each place of a plant that is a root.
    opened : array of int
        Edges that are left out, of loops and between two plants.
    findings : tuple of Finding
        Where pipes are opened, and plants that feed into another's tree.
    """

    trees: tuple[RootedTree, ...]
    opened: Whole
    findings: tuple[Finding, ...] = ()


def given(network: Network, pipes: gpd.GeoDataFrame, catalogue: Catalogue, f: Mapping[str, float], year: int) -> Given:
    """Return what the table says of the pipes; a blank loss is the catalogue's for the diameter, more for old pipes.

    Parameters
    ----------
    network : Network
        Made of that table.
    pipes : GeoDataFrame
        diameter_mm, loss_w_mk, roughness_mm and year_laid, each where known.
    catalogue : Catalogue
        Between two sizes the loss is interpolated; beyond them it is that of the last.
    f : mapping
        Factors.
    year : int
        Of the ages.

    Returns
    -------
    Given
    """

    def column(name: str) -> Floats:
        values = pipes[name].to_numpy(float) if name in pipes else np.full(len(pipes), np.nan)
        return np.asarray(values[network.pipe], float)

    diameter = column("diameter_mm") / 1000
    age = np.clip(np.nan_to_num(year - column("year_laid")), 0, f["network.ageing_years_most"])
    ratio = 1 + f["network.ageing_per_year"] * age
    stated, rough = column("loss_w_mk"), column("roughness_mm") / 1000
    loss = np.where(np.isnan(stated), _catalogued(diameter, catalogue) * ratio, stated)
    rough = np.where(np.isnan(rough), np.interp(diameter, catalogue.inner_diameter_m, catalogue.roughness_m), rough)
    rough = np.where(np.isnan(rough), catalogue.roughness_m[0], rough)
    blank = np.flatnonzero(np.isnan(diameter))
    told: tuple[Finding, ...] = ()
    if len(blank):
        names = network.named(blank)
        told = (Finding("unsized", names, network.place(int(network.start[blank[0]])), count=len(names)),)
    return Given(diameter, loss, rough, ratio, told)


def _catalogued(diameter_m: Floats, catalogue: Catalogue) -> Floats:
    return np.interp(diameter_m, catalogue.inner_diameter_m, catalogue.loss_w_mk)


def sized(
    known: Given, flow_w: Floats, catalogue: Catalogue, water: Water, *, cooling_k: float, limit_pa_m: float
) -> Given:
    """Return the pipes with a size for those without a diameter, by the heat that they carry at design load.

    Parameters
    ----------
    known : Given
    flow_w : array (edges,)
        Heat that each edge carries, e.g. of :class:`~energy.district_heating.drawn.sources.Split` [W].
    catalogue : Catalogue
    water : Water
    cooling_k : float
        Of the water at the consumers [K].
    limit_pa_m : float
        Greatest pressure gradient [Pa/m].

    Returns
    -------
    Given
    """
    blank = np.isnan(known.diameter_m)
    flow = np.abs(flow_w[blank]) / (water.heat_capacity_j_kgk * cooling_k)
    row = size(flow, catalogue, water, limit_pa_m)
    diameter, loss, rough = known.diameter_m.copy(), known.loss_w_mk.copy(), known.roughness_m.copy()
    diameter[blank], rough[blank] = catalogue.inner_diameter_m[row], catalogue.roughness_m[row]
    bare = np.isnan(loss)
    loss[bare] = (_catalogued(diameter, catalogue) * known.age_ratio)[bare]
    return replace(known, diameter_m=diameter, loss_w_mk=loss, roughness_m=rough)


def forest(network: Network, plants: Attachment, shared: Split) -> Forest:
    """Open loops, and ways between plants, where least flows.

    Among all trees that join every node to a plant, the one is taken that keeps the greatest flows: of each loop, and
    of each way between two plants, the pipe with the least flow is left out. A plant past which more water flows than
    it gives itself is no root, nor one that would lose most of its demand to another: its heat is taken off the demand
    below it, and off what is further up the tree where that is less.

    Parameters
    ----------
    network : Network
    plants : Attachment
    shared : Split

    Returns
    -------
    Forest
    """
    n, part = len(network.node_xy), network.component
    roots, helpers = _roots(network, plants, shared)
    if not len(roots):
        return Forest((), np.zeros(0, np.int64))
    while True:
        parent, edge = _greatest_tree(network, np.abs(shared.flow_w), roots)
        cut_off = _with_little_below(network, parent, roots, shared, plants)
        if cut_off is None:
            break
        helpers[int(roots[cut_off])] = float(shared.output_w[plants.node == roots[cut_off]].sum())
        roots = np.delete(roots, cut_off)
    fed = np.flatnonzero(np.isin(part, part[roots]))
    used = np.zeros(len(network.pipe), bool)
    used[edge[edge >= 0]] = True
    opened = np.flatnonzero(~used & np.isin(part[network.start], part[roots]))
    told = [
        Finding(
            "opened",
            network.named([e]),
            network.place(int(network.start[e])),
            value=abs(shared.flow_w[e]) / 1e6,
            count=1,
        )
        for e in opened.tolist()
    ]
    top = np.where(parent < 0, np.arange(n), parent)
    for _ in range(n.bit_length()):
        top = top[top]
    demand = shared.served_w.copy()
    lost = _loss_ratio(shared)
    for node, give in helpers.items():
        name = ", ".join(n for n, at in zip(plants.names, plants.node.tolist(), strict=True) if at == node)
        told.append(Finding("assisting", (), network.place(node), name, give / 1e6))
        demand = _relieved(parent, demand, node, give / lost)
    trees = tuple(_tree(network, plants, parent, edge, demand, fed[top[fed] == root], root) for root in roots.tolist())
    return Forest(trees, opened, tuple(told))


def pipe_tree(network: Network, tree: RootedTree, known: Given) -> PipeTree:
    """Return a tree as the solver takes it.

    Parameters
    ----------
    network : Network
    tree : RootedTree
    known : Given

    Returns
    -------
    PipeTree
        Its nodes in the order of those of `tree`.

    Raises
    ------
    TwinError
        When a pipe of the tree has no diameter; it names them.
    """
    below = tree.edge >= 0
    edge = tree.edge[below]
    bare = np.isnan(known.diameter_m[edge])
    if bare.any():
        names = network.named(edge[bare])
        x, y = network.place(int(network.start[edge[bare][0]]))
        raise TwinError(
            f"{len(names)} pipes have no diameter, first: {names[0]} at {x:.1f}, {y:.1f}; state diameter_mm, or size "
            "them by their flow"
        )

    def filled(values: Floats, root: float) -> Floats:
        out = np.full(len(tree.node), root)
        out[below] = values[edge]
        return out

    called = ["plant", *(network.names[p] for p in network.pipe[edge].tolist())]
    return PipeTree(
        Tree.of(tree.parent),
        filled(network.length_m, 0.0),
        filled(known.diameter_m, 1.0),
        filled(known.loss_w_mk, 0.0),
        filled(known.roughness_m, 1e-4),
        names=called,
    )


def _loss_ratio(shared: Split) -> float:
    """Return the plants' heat over the demand that it serves."""
    served = shared.served_w.sum()
    return float(shared.output_w.sum() / served) if served > 0 else 1.0


def _roots(network: Network, plants: Attachment, shared: Split) -> tuple[Whole, dict[int, float]]:
    """Return the nodes of the plants that are roots, and the heat of those that only help, by node."""
    on = plants.node >= 0
    places, which = np.unique(plants.node[on], return_inverse=True)
    output = np.bincount(which, shared.output_w[on], minlength=len(places))
    n = len(network.node_xy)
    enters = np.where(shared.flow_w > 0, network.end, network.start)
    inflow = np.bincount(enters, np.abs(shared.flow_w), minlength=n)[places]
    is_root = (output > 0) & (output >= inflow)
    part = network.component[places]
    for c in np.setdiff1d(part, part[is_root]).tolist():
        inside = np.flatnonzero(part == c)
        is_root[inside[np.argmax(output[inside])]] = True
    helpers = {int(p): float(o) for p, o in zip(places[~is_root], output[~is_root], strict=True) if o > 0}
    return places[is_root], helpers


def _with_little_below(network: Network, parent: Whole, roots: Whole, shared: Split, plants: Attachment) -> int | None:
    """Return the root that would be left with least of its heat, if that is less than half: its way out was opened."""
    part = network.component[roots]
    top = np.where(parent < 0, np.arange(len(parent)), parent)
    for _ in range(len(parent).bit_length()):
        top = top[top]
    below = np.bincount(top, shared.served_w, minlength=len(parent))[roots] * _loss_ratio(shared)
    gives = np.array([shared.output_w[plants.node == r].sum() for r in roots.tolist()])
    alone = np.bincount(part)[part] == 1
    kept = np.where(alone | (gives <= 0), np.inf, below / np.where(gives > 0, gives, 1.0))
    return int(np.argmin(kept)) if kept.min() < _LEAST_KEPT else None


def _greatest_tree(network: Network, flow: Floats, roots: Whole) -> tuple[Whole, Whole]:
    """Return parent and edge of each node in the forest of greatest flow; a node above the roots holds it together."""
    n = len(network.node_xy)
    most = flow.max(initial=0.0)
    carries = flow > 1e-9 * most
    weight = np.where(carries, 2 - flow / (most or 1.0), 2 + network.length_m / network.length_m.max(initial=1e-9))
    _, key, best = lightest(n, network.start, network.end, weight)
    low, high = np.divmod(key, n)
    a, b = np.concatenate([low, roots]), np.concatenate([high, np.full(len(roots), n)])
    weights = np.concatenate([weight[best], np.full(len(roots), 0.5)])
    whole = coo_array((weights, (a.astype(np.int32), b.astype(np.int32))), shape=(n + 1, n + 1)).tocsr()
    tree = minimum_spanning_tree(whole)
    up = breadth_first_order(tree, n, directed=False)[1][:n].astype(np.int64)
    parent = np.where((up < 0) | (up == n), -1, up)
    node = np.arange(n)
    wanted = np.minimum(node, parent) * n + np.maximum(node, parent)
    found = best[np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))] if len(key) else np.full(n, -1)
    return parent, np.where(parent < 0, -1, found)


def _relieved(parent: Whole, demand: Floats, node: int, give_w: float) -> Floats:
    """Return the demand with a plant's heat taken off it, below the plant as far as that goes."""
    left, at = give_w, node
    demand = demand.copy()
    while left > 1e-9 * give_w and at >= 0:
        below = _below(parent, at)
        total = demand[below].sum()
        taken = min(left, total)
        if total > 0:
            demand[below] *= 1 - taken / total
        left, at = left - taken, int(parent[at])
    return demand


def _below(parent: Whole, node: int) -> Flags:
    """Return which nodes a node is above, itself among them."""
    n = len(parent)
    above = np.where(parent < 0, np.arange(n), parent)
    above[node] = node
    for _ in range(n.bit_length()):
        above = above[above]
    return np.asarray(above == node)


def _tree(
    network: Network, plants: Attachment, parent: Whole, edge: Whole, demand: Floats, nodes: Whole, root: int
) -> RootedTree:
    nodes = np.concatenate([[root], nodes[nodes != root]]).astype(np.int64)
    number = np.full(len(parent), -1, np.int64)
    number[nodes] = np.arange(len(nodes))
    up = np.where(parent[nodes] < 0, -1, number[np.maximum(parent[nodes], 0)])
    own = edge[nodes]
    names = tuple(n for n, at in zip(plants.names, plants.node.tolist(), strict=True) if at == root)
    forward = (own >= 0) & (network.end[np.maximum(own, 0)] == nodes)
    return RootedTree(names, nodes, up, own, forward, demand[nodes])
