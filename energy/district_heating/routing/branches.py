r"""What the branches of a heat network cost, what their heat costs, and in which order to build them.

Everything is told per pipe for all that hangs on it: heat, coincident peak, cost a year, and so the price at which the
branch breaks even. Costs grow with the size of pipe; where a layout is still open they are taken as a line,
:math:`t + c P`, through the sizes that may be needed.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.annuity import annuity
from energy.district_heating.hydraulics.pipes import Catalogue, Water, coincidence, largest_flow_kg_s, size
from energy.district_heating.routing.prize_loops import best_subtree
from energy.tree import Tree

__all__ = ["Branches", "Prices", "Stems", "best_part", "branches", "cheapest_part", "linear_cost", "phases"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_HOURS = 8760


@dataclass(frozen=True)
class Prices:
    """What a network is calculated with.

    Attributes
    ----------
    pipe_share, substation_share : float
        Yearly cost per invested krona, upkeep included [1/year].
    substation_sek, substation_sek_kw : float
        Of each substation, and per kW of it [SEK], [SEK/kW].
    heat_sek_kwh, production_sek_kwh : float
        What a delivered kWh brings, and what a produced one costs [SEK/kWh].
    difference_k, warmer_k : float
        Supply less return at the design load; mean water less ground over the year [K].
    gradient_pa_m : float
        Greatest pressure gradient [Pa/m].
    """

    pipe_share: float
    substation_share: float
    substation_sek: float
    substation_sek_kw: float
    heat_sek_kwh: float
    production_sek_kwh: float
    difference_k: float
    warmer_k: float
    gradient_pa_m: float

    @classmethod
    def of(cls, f: Mapping[str, float]) -> Prices:
        """Return the prices that the factors state."""
        rate, upkeep = f["money.real_rate"], f["network.upkeep_share"]
        return cls(
            float(annuity(rate, f["network.pipe_lifetime_years"])) + upkeep,
            float(annuity(rate, f["network.substation_lifetime_years"])) + upkeep,
            f["network.substation_sek"],
            f["network.substation_sek_kw"],
            f["network.heat_price_sek_kwh"],
            f["network.production_sek_kwh"],
            f["network.design_difference_k"],
            f["network.mean_water_c"] - f["network.ground_c"],
            f["network.design_gradient_pa_m"],
        )

    def substations_sek(self, peak_kw: Floats) -> Floats:
        """Return what the substation of each building costs [SEK]."""
        return self.substation_sek + self.substation_sek_kw * peak_kw


@dataclass(frozen=True)
class Stems:
    """A network as a tree: each node but the root hangs on its parent by a pipe, and may be a building.

    Attributes
    ----------
    tree : Tree
    length_m : array (n,)
        Of the pipe above each node [m].
    setting : array (n,) of str
        Where it is laid.
    heat_kwh, peak_kw : array (n,)
        Of the building at each node; zero elsewhere [kWh], [kW].
    building : array (n,)
        Whether it is one.
    """

    tree: Tree
    length_m: Floats
    setting: npt.NDArray[np.object_]
    heat_kwh: Floats
    peak_kw: Floats
    building: Flags


@dataclass(frozen=True)
class Branches:
    """Each pipe with all that hangs on it, in the order of the nodes.

    Attributes
    ----------
    row : array (n,) of int
        Size in the catalogue.
    count : array (n,) of int
        Buildings downstream.
    heat_kwh, peak_kw : array (n,)
        Heat downstream, and the peak that they have together [kWh], [kW].
    loss_kwh : array (n,)
        Of this pipe, both ways [kWh].
    cost_sek, substation_sek : array (n,)
        Of this pipe, and of the substation at its end [SEK].
    own_sek : array (n,)
        Yearly cost of this pipe and substation, losses included [SEK/year].
    pipe_sek : array (n,)
        The pipe's part of it [SEK/year].
    lcoh_sek_kwh : array (n,)
        Yearly cost of the branch per kWh that it delivers; blank where it delivers none [SEK/kWh].
    density_mwh_m : array (n,)
        Heat downstream per metre of trench downstream, this pipe included [MWh/m].
    """

    row: Whole
    count: Whole
    heat_kwh: Floats
    peak_kw: Floats
    loss_kwh: Floats
    cost_sek: Floats
    substation_sek: Floats
    own_sek: Floats
    pipe_sek: Floats
    lcoh_sek_kwh: Floats
    density_mwh_m: Floats


def branches(stems: Stems, catalogue: Catalogue, water: Water, prices: Prices) -> Branches:
    r"""Size every pipe on the coincident peak of the buildings downstream, and cost it.

    .. math:: P = g(n) \sum P_i, \quad m = \frac{P}{c_p \Delta T}, \quad
              LCOH = \frac{\sum_{branch} (a_p C_{pipe} + a_s C_{substation} + k Q_{loss})}{\sum_{branch} Q}

    Parameters
    ----------
    stems : Stems
    catalogue : Catalogue
    water : Water
    prices : Prices

    Returns
    -------
    Branches

    Raises
    ------
    TwinError
        When a pipe would have to be wider than the widest of the catalogue.
    """
    total = stems.tree.subtree_sum
    count = np.rint(total(stems.building.astype(float))).astype(np.int64)
    heat = total(stems.heat_kwh)
    peak = total(stems.peak_kw) * coincidence(count)
    pipe = np.arange(len(stems.tree)) != stems.tree.order[0]
    flow = np.where(pipe, peak * 1000 / (water.heat_capacity_j_kgk * prices.difference_k), 0.0)
    row = size(flow, catalogue, water, prices.gradient_pa_m)
    per_m = np.zeros(len(row))
    for name, costs in catalogue.trench_cost_sek_m.items():
        here = stems.setting == name
        per_m[here] = costs[row[here]]
    length = np.where(pipe, stems.length_m, 0.0)
    loss = length * 2 * catalogue.loss_w_mk[row] * prices.warmer_k * _HOURS / 1000
    cost = length * per_m
    substation = np.where(stems.building, prices.substations_sek(stems.peak_kw), 0.0)
    pipe_sek = cost * prices.pipe_share + loss * prices.production_sek_kwh
    own = pipe_sek + substation * prices.substation_share
    with np.errstate(divide="ignore", invalid="ignore"):
        lcoh = np.where(heat > 0, total(own) / heat, np.nan)
        trench = total(length)
        density = np.where(trench > 0, heat / 1000 / trench, np.nan)
    return Branches(row, count, heat, peak, loss, cost, substation, own, pipe_sek, lcoh, density)


def linear_cost(catalogue: Catalogue, water: Water, prices: Prices, total_kw: float) -> dict[str, tuple[float, float]]:
    """Return the yearly cost of a metre of trench as a line over the power that it carries, by setting.

    Parameters
    ----------
    catalogue : Catalogue
    water : Water
    prices : Prices
    total_kw : float
        Peak of all that may be connected; wider pipes than that needs do not count [kW].

    Returns
    -------
    dict of str to (float, float)
        [SEK/(m year)], [SEK/(m kW year)]
    """
    power = (
        largest_flow_kg_s(catalogue, water, prices.gradient_pa_m)
        * water.heat_capacity_j_kgk
        * prices.difference_k
        / 1000
    )
    most = max(int(np.searchsorted(power, total_kw)) + 1, 2)
    # a pipe of a size carries, on average, what lies between it and the next thinner one
    carried = (power + np.concatenate([[0.0], power[:-1]]))[:most] / 2
    loss = 2 * catalogue.loss_w_mk * prices.warmer_k * _HOURS / 1000 * prices.production_sek_kwh
    lines = {}
    for name, costs in catalogue.trench_cost_sek_m.items():
        slope, level = np.polyfit(carried, (costs * prices.pipe_share + loss)[:most], 1)
        lines[name] = float(level), max(float(slope), 0.0)
    return lines


def best_part(stems: Stems, found: Branches, prices: Prices, heat_sek_kwh: float, forced: Flags) -> Flags:
    """Return the nodes of a sized network that are worth keeping at a price of heat.

    Parameters
    ----------
    stems : Stems
    found : Branches
        Of them.
    prices : Prices
    heat_sek_kwh : float
        [SEK/kWh]
    forced : array (n,)
        Nodes that stay whatever they cost.

    Returns
    -------
    array (n,)
    """
    margin = stems.heat_kwh * (heat_sek_kwh - prices.production_sek_kwh)
    everything = 1 + margin.clip(0).sum() + found.own_sek.sum()
    gain = margin - found.own_sek + found.pipe_sek + np.where(forced, 2 * everything, 0.0)
    tree = stems.tree
    parent = np.full(len(tree), -1)
    parent[tree.order] = np.where(tree.parent >= 0, tree.order[tree.parent], -1)
    # a building hangs alone at the end of its service line: where it does not pay, that is not laid either
    value = np.where(stems.building, gain, 0.0)
    _, on = best_subtree(tree.order, parent, found.pipe_sek, value)
    return np.asarray(on, bool)


def cheapest_part(stems: Stems, catalogue: Catalogue, water: Water, prices: Prices) -> tuple[float, Flags]:
    r"""Return the lowest price of heat at which any part of a network breaks even, and that part.

    By Dinkelbach's method: at the price at which one part breaks even the best part is sought; if it earns anything, its
    own price is lower, and so on.

    Parameters
    ----------
    stems : Stems
    catalogue : Catalogue
    water : Water
    prices : Prices

    Returns
    -------
    (float, array (n,))
        [SEK/kWh]; infinite without any heat.
    """
    on, best = np.ones(len(stems.tree), bool), np.inf
    kept, nobody = on, np.zeros(len(on), bool)
    if not stems.heat_kwh.sum() > 0:
        return best, on
    while True:
        part = Stems(
            stems.tree,
            np.where(on, stems.length_m, 0.0),
            stems.setting,
            np.where(on, stems.heat_kwh, 0.0),
            np.where(on, stems.peak_kw, 0.0),
            stems.building & on,
        )
        found = branches(part, catalogue, water, prices)
        price = float(found.own_sek.sum() / part.heat_kwh.sum()) + prices.production_sek_kwh
        if not price < best * (1 - 1e-12):
            return best, kept
        best, kept = price, on
        smaller = on & best_part(part, found, prices, price, nobody)
        if not stems.heat_kwh[smaller].sum() > 0:
            return best, kept
        on = smaller


def phases(tree: Tree, heat_kwh: Floats, yearly_sek: Floats, cost_sek: Floats, number: int) -> Whole:
    r"""Return in which phase each pipe is built: what gives most heat per krona first, always joined to what stands.

    Horn's rule: the branch with the most heat per cost is joined to its parent until it hangs on the root; the order in
    which they arrive there is the best of all orders that build a pipe after its parent. Phases split it at equal shares
    of the investment, as far as its blocks allow.

    Parameters
    ----------
    tree : Tree
    heat_kwh, yearly_sek, cost_sek : array (n,)
        Of each node alone.
    number : int
        Phases wanted.

    Returns
    -------
    array (n,)
        From 1; 0 for the root.

    References
    ----------
    W. A. Horn, Single-machine job sequencing with treelike precedence ordering and linear delay penalties, SIAM Journal
    on Applied Mathematics 23, 1972.

    Examples
    --------
    Behind a long pipe lies the better house, but the nearer one pays first:

    >>> tree = Tree.of(np.array([-1, 0, 0, 2]))
    >>> cost = np.array([0.0, 5.0, 20.0, 1.0])
    >>> phases(tree, np.array([0.0, 10.0, 0.0, 30.0]), cost, cost, 2).tolist()
    [0, 1, 2, 2]
    """
    parent = np.full(len(tree), -1)
    parent[tree.order] = np.where(tree.parent >= 0, tree.order[tree.parent], -1)
    root = int(tree.order[0])
    heat, yearly, cost = heat_kwh.astype(float), np.maximum(yearly_sek, 1e-9).astype(float), cost_sek.astype(float)
    block = np.arange(len(parent))  # leads towards the node that stands for the block
    members: list[list[int]] = [[v] for v in range(len(parent))]
    heap = [(-heat[v] / yearly[v], v, 1) for v in range(len(parent)) if v != root]
    heapq.heapify(heap)
    phase, built, whole = np.zeros(len(parent), np.int64), 0.0, float(cost.sum())
    while heap:
        _, v, age = heapq.heappop(heap)
        if block[v] != v or age != len(members[v]):
            continue
        up = int(parent[v])
        while block[up] != up:
            block[up] = block[block[up]]
            up = int(block[up])
        block[v] = up
        if up == root:
            middle = (built + cost[v] / 2) / max(whole, 1e-9)
            phase[members[v]] = min(int(number * middle) + 1, number)
            built += cost[v]
            continue
        heat[up], yearly[up], cost[up] = heat[up] + heat[v], yearly[up] + yearly[v], cost[up] + cost[v]
        members[up] += members[v]
        heapq.heappush(heap, (-heat[up] / yearly[up], up, len(members[up])))
    return np.unique(np.concatenate([[0], phase]), return_inverse=True)[1][1:]
