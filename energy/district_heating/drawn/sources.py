"""Several plants on one network: how much each gives, which way the heat flows, and what can not be met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse.csgraph import dijkstra

from energy.district_heating.drawn.findings import Finding
from energy.district_heating.drawn.loops import lightest, mesh_flows
from energy.district_heating.drawn.topology import Attachment, Network
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["Split", "resistance", "split"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_DIAMETER_POWER = 5.0  # friction takes L / d^5 at one friction factor
_ROUNDS = 400
_GAP = 1e-6  # of the cost: between what was found and the proven bound


@dataclass(frozen=True)
class Split:
    """Who feeds whom.

    Attributes
    ----------
    output_w : array (plants,)
        Heat of each plant; together the served demand and its losses [W].
    served_w : array (nodes,)
        Demand that is met: all of it, unless plants lack capacity or a part has none [W].
    flow_w : array (edges,)
        Heat that each edge carries from its start to its end, losses included [W].
    missing_w, unfed_w : float
        Lacking capacity; and demand on pipes without any plant [W].
    findings : tuple of Finding
    """

    output_w: Floats
    served_w: Floats
    flow_w: Floats
    missing_w: float
    unfed_w: float
    findings: tuple[Finding, ...] = ()


def resistance(network: Network, diameter_m: Floats | None = None) -> Floats:
    r"""Return how hard it is to press water through each edge, :math:`L / d^5`; by length alone without diameters.

    Parameters
    ----------
    network : Network
    diameter_m : array (edges,), optional
        Those that are not known take the median [m].

    Returns
    -------
    array (edges,)
    """
    length = np.maximum(network.length_m, 1e-3)
    if diameter_m is None or np.isnan(diameter_m).all():
        return length
    known = np.where(np.isnan(diameter_m), np.nanmedian(diameter_m), diameter_m)
    return np.asarray(length / known**_DIAMETER_POWER)


def split(
    network: Network,
    plants: Attachment,
    capacity_w: npt.ArrayLike,
    demand_w: npt.ArrayLike,
    *,
    by: Literal["way", "merit", "capacity"] = "way",
    merit_order: Sequence[float] | None = None,
    loss_share: float = 0.0,
    loss_w_mk: Floats | None = None,
    diameter_m: Floats | None = None,
) -> Split:
    r"""Share a demand among plants.

    By the way, it is the linear programme

    .. math:: \min \sum_e L_e u_e |f_e| \quad A f + s = d, \quad 0 \le s_k \le P_k

    so that heat comes from near by, over pipes that lose little; by merit, the plants are filled in their order; by
    capacity, all run at the same share. The flows are then those of water in pipes, loops included.

    Parameters
    ----------
    network : Network
    plants : Attachment
    capacity_w : array (plants,)
        [W]
    demand_w : array (nodes,)
        [W]
    by : str
        ``"way"``, ``"merit"`` or ``"capacity"``.
    merit_order : sequence of plants numbers, optional
        The lowest first; the order given without it.
    loss_share : float
        Share of the supplied heat that is lost [1].
    loss_w_mk, diameter_m : array (edges,), optional
        For the cost of a way [W/(m K)], and for the flow in loops [m].

    Returns
    -------
    Split

    Raises
    ------
    TwinError
        When capacities or demands are negative or no numbers, or the loss is no share.

    Examples
    --------
    >>> from energy.district_heating.drawn.topology import attach, connect
    >>> import geopandas as gpd, shapely
    >>> pipes = gpd.GeoDataFrame({"pipe_id": ["p"]}, geometry=shapely.from_wkt(["LINESTRING (0 0, 10 0, 40 0)"]))
    >>> network, plants = attach(connect(pipes, {"network.snap_m": 1.0}), [[0, 0], [40, 0]], ["west", "east"], 5)
    >>> network, consumer = attach(network, [[10, 0]], ["house"], 5)
    >>> demand = np.zeros(len(network.node_xy))
    >>> demand[consumer.node] = 90.0
    >>> shared = split(network, plants, [60, 60], demand, loss_share=0.1)
    >>> shared.output_w.round(6).tolist(), shared.flow_w.round(6).tolist()
    ([60.0, 40.0], [60.0, -40.0])
    """
    capacity, demand = np.asarray(capacity_w, float), np.asarray(demand_w, float)
    _check(network, plants, capacity, demand, loss_share)
    part = network.component
    count = int(part.max(initial=-1)) + 1
    on = plants.node >= 0
    capacity = np.where(on, capacity, 0.0)
    plant_part = np.where(on, part[np.maximum(plants.node, 0)], 0) if count else np.zeros(len(capacity), np.int64)
    need = np.bincount(part, demand, minlength=count) / (1 - loss_share)
    able = np.bincount(plant_part, capacity, minlength=count)
    has_plant = np.bincount(plant_part, on, minlength=count) > 0
    served_share = np.divide(np.minimum(able, need), need, out=np.ones(count), where=need > 0)
    served = demand * served_share[part]
    asked = need * served_share
    if by == "way":
        cost = network.length_m * (1.0 if loss_w_mk is None else loss_w_mk)
        output = _nearest(network, plants.node, capacity, served / (1 - loss_share), cost)
    elif by == "capacity":
        output = capacity * np.divide(asked, able, out=np.zeros(count), where=able > 0)[plant_part]
    else:
        output = _filled(capacity, plant_part, asked, merit_order)
    injection = -served / (1 - loss_share)
    np.add.at(injection, plants.node[on], output[on])
    flow = mesh_flows(len(part), network.start, network.end, resistance(network, diameter_m), injection)
    missing = np.where(has_plant, need - asked, 0.0)
    unfed = np.asarray(np.bincount(part, np.where(has_plant[part], 0.0, demand), minlength=count), float)
    return Split(
        output,
        served,
        flow,
        float(missing.sum()),
        float(unfed.sum()),
        tuple(_told(network, part, missing, need, unfed)),
    )


def _check(network: Network, plants: Attachment, capacity: Floats, demand: Floats, loss_share: float) -> None:
    problems = []
    wrong = (
        ~(capacity >= 0) | np.isinf(capacity)
        if capacity.shape == plants.node.shape
        else np.ones(len(plants.node), bool)
    )
    if wrong.any():
        first = plants.names[int(np.flatnonzero(wrong)[0])]
        rule = "give each plant a capacity of 0 MW or more"
        problems.append(Problem("heat_supply", "capacity_mw", rule, int(wrong.sum()), first))
    if demand.shape != (len(network.node_xy),):
        raise TwinError(
            f"the demand has {demand.size} numbers, but the network {len(network.node_xy)} nodes; give one a node"
        )
    wrong = ~(demand >= 0) | np.isinf(demand)
    if wrong.any():
        x, y = network.place(int(np.flatnonzero(wrong)[0]))
        rule = "a demand is negative or no number; give 0 W or more"
        problems.append(Problem("network", "demand_w", rule, int(wrong.sum()), f"the node at {x:.1f}, {y:.1f}"))
    if not 0 <= loss_share < 1:
        problems.append(Problem("network", "loss_share", f"{loss_share:g} is no share; give 0 up to below 1"))
    if problems:
        raise SchemaError(problems)


def _filled(capacity: Floats, part: Whole, asked: Floats, merit_order: Sequence[float] | None) -> Floats:
    """Return the plants' heat when they are filled in their order, in each part of the network."""
    rank = np.arange(len(capacity)) if merit_order is None else np.asarray(merit_order, float)
    order = np.lexsort((np.arange(len(capacity)), rank))
    output, left = np.zeros(len(capacity)), asked.copy()
    for k in order.tolist():
        output[k] = min(capacity[k], left[part[k]])
        left[part[k]] -= output[k]
    return output


def _nearest(network: Network, node: Whole, capacity: Floats, need: Floats, cost: Floats) -> Floats:
    """Return the plants' heat in the flow of least cost, part by part."""
    output = np.zeros(len(capacity))
    part = network.component
    graph, _, _ = lightest(len(part), network.start, network.end, np.maximum(cost, 1e-12))
    on = np.flatnonzero((node >= 0) & (capacity > 0))
    for c in np.unique(part[node[on]]).tolist():
        here = on[part[node[on]] == c]
        takers = np.flatnonzero((part == c) & (need > 0))
        if len(here) == 1 or not len(takers):
            output[here] = need[takers].sum() if len(takers) else 0.0
            continue
        far = np.atleast_2d(dijkstra(graph, directed=False, indices=node[here]))[:, takers]
        output[here] = _least_cost(far, need[takers], capacity[here])
    return output


def _least_cost(far: Floats, need: Floats, capacity: Floats) -> Floats:
    """Return what each source gives when each demand is met from the nearest that has room.

    The programme is split in two (Dantzig and Wolfe): a master mixes ways of serving all, each of which only counts by
    its loads; its prices of the scarce sources, put on top of the distances, name the next way. It stops when the bound
    that every set of prices gives is within a millionth.

    Parameters
    ----------
    far : array (sources, demands)
        Cost from each source.
    need : array (demands,)
    capacity : array (sources,)
        Together at least all that is needed.

    Returns
    -------
    array (sources,)

    Examples
    --------
    >>> _least_cost(np.array([[1.0, 2.0], [9.0, 4.0]]), np.array([10.0, 10.0]), np.array([15.0, 15.0])).tolist()
    [15.0, 5.0]
    """
    k, total = far.shape[0], need.sum()
    share, room = need / total, np.minimum(capacity, 2 * total) / total
    scale = far.max() or 1.0
    loads, costs = list(np.eye(k)), (far @ share / scale).tolist()
    bound, taker = -np.inf, np.arange(far.shape[1])
    for _ in range(_ROUNDS):
        ways = np.array(loads).T
        # a rounding apart the demand may be the whole capacity
        mix = linprog(
            costs, A_ub=ways, b_ub=room * (1 + 1e-12), A_eq=np.ones((1, len(costs))), b_eq=[1.0], method="highs-ds"
        )
        if not mix.success:
            raise TwinError(f"no flow from the plants meets the demand ({mix.message}); check capacities and demands")
        price = -np.asarray(mix.ineqlin.marginals)
        choice = (far / scale + price[:, None]).argmin(axis=0)
        load = np.asarray(np.bincount(choice, share, minlength=k), float)
        cost = float(far[choice, taker] @ share / scale)
        bound = max(bound, cost + float(price @ (load - room)))
        if mix.fun - bound <= _GAP * max(mix.fun, _GAP):
            break
        loads.append(load)
        costs.append(cost)
    output = ways @ mix.x
    return np.asarray(output / output.sum() * total)


def _told(network: Network, part: Whole, missing: Floats, need: Floats, unfed: Floats) -> list[Finding]:
    first = np.unique(part, return_index=True)[1]
    told = [
        Finding("missing_capacity", (), network.place(int(first[c])), value=missing[c] / 1e6, other=need[c] / 1e6)
        for c in np.flatnonzero(missing > 1e-9 * np.maximum(need, 1)).tolist()
    ]
    told += [
        Finding("unfed", (), network.place(int(first[c])), value=unfed[c] / 1e6)
        for c in np.flatnonzero(unfed > 0).tolist()
    ]
    return told
