r"""User equilibrium: nobody gets there sooner by another way, since all ways in use cost the same.

It is the flow of least objective (Beckmann's), found from loads of all demand on the cheapest ways by conjugate
directions. How far a flow is from it is its relative gap, what drivers could save by the cheapest ways at today's costs:

.. math:: g = \frac{\sum_a c_a x_a - \sum_{od} q_{od} u_{od}}{\sum_{od} q_{od} u_{od}}

Origins are loaded in blocks that do not depend on the number of threads and are added up in order, so that neither do
the flows. Where several links have constant costs, flows on them are not unique; costs between zones are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from energy.mobility.assignment.costs import evaluate, line_search
from energy.mobility.assignment.demand import balance, check, disconnected, leaving
from energy.mobility.assignment.directions import FULL_STEP, aim
from energy.mobility.assignment.network import Network
from energy.mobility.assignment.shortest_paths import load, skim
from twin.errors import Problem, SchemaError

__all__ = ["Equilibrium", "Skims", "equilibrium", "skims"]

Floats = npt.NDArray[np.float64]

_BLOCK_ZONES = 64
_KEPT = 60_000_000  # at most so many places of nodes are kept in memory between loads
_NEAR = 1e-6  # of the demand, for a flow to begin from


@dataclass(frozen=True)
class Skims:
    """What the cheapest way from every zone to every other costs; infinite where there is none, 0 within a zone.

    Attributes
    ----------
    cost_h, time_h : array (zones, zones)
        With and without what is no time [h].
    distance_km : array (zones, zones)
        [km]
    """

    cost_h: Floats
    time_h: Floats
    distance_km: Floats


@dataclass(frozen=True)
class Equilibrium:
    """Flows and costs, and how near to equilibrium they are.

    Attributes
    ----------
    network : Network
    flow_vph : array (links,)
        Of the demand assigned, without the fixed flow [1/h].
    cost_h, time_h : array (links,)
        At these flows, with and without what is no time [h].
    gap : float
        Relative gap [1].
    iterations : int
        Loads of all demand after the first.
    objective_h : float
        Beckmann's [h/h].
    converged : bool
        Whether the gap that was asked for is reached.
    assigned_vph, within_zones_vph : float
        Demand on the network, and that which stays in its zone and takes to no street [1/h].
    gaps, objectives_h : array (iterations,)
        Of every iteration.
    """

    network: Network
    flow_vph: Floats
    cost_h: Floats
    time_h: Floats
    gap: float
    iterations: int
    objective_h: float
    converged: bool
    assigned_vph: float
    within_zones_vph: float
    gaps: Floats
    objectives_h: Floats

    @cached_property
    def skims(self) -> Skims:
        """Cost, time and distance between zones at these flows."""
        return skims(self.network, self.cost_h)


class _Loader:
    """Loads demand on the cheapest ways, blocks of origins side by side."""

    def __init__(self, network: Network, demand: Floats, pool: ThreadPoolExecutor | None) -> None:
        self._graph, self._demand, self._pool = network.graph, demand, pool
        zones = network.zones
        rows = zones if zones * network.nodes <= _KEPT else 0
        self._fixed = (network.first_thru, network.zone_node, demand)
        self._kept = np.empty((rows, network.nodes), np.int32), np.zeros(zones, np.int64)
        self._blocks = [(i, min(i + _BLOCK_ZONES, zones)) for i in range(0, zones, _BLOCK_ZONES)]
        self._parts = np.empty((len(self._blocks), len(network)))

    def __call__(self, cost: Floats) -> tuple[Floats, float]:
        """Return flows on the cheapest ways, and what they cost; infinite when there is demand without a way."""
        g = self._graph
        self._parts[:] = 0.0

        def block(i: int) -> float:
            where = self._blocks[i]
            return float(load(*where, g.start, g.head, g.tail, cost, *self._fixed, *self._kept, self._parts[i]))

        each = range(len(self._blocks))
        total = sum(self._pool.map(block, each) if self._pool else map(block, each))
        return self._parts.sum(axis=0), total


def skims(network: Network, cost_h: Floats) -> Skims:
    """Return cost, time and distance of the cheapest way from every zone to every other.

    Parameters
    ----------
    network : Network
    cost_h : array (links,)
        [h]

    Returns
    -------
    Skims

    Examples
    --------
    >>> two = Network.of([0], [1], 0.1, 900, 0.15, 4, 5, zones=2)
    >>> skims(two, np.array([0.2])).distance_km.tolist()
    [[0.0, 5.0], [inf, 0.0]]
    """
    g = network.graph
    cost = np.ascontiguousarray(cost_h[g.order])
    found = np.empty((3, network.zones, network.zones))
    values = np.stack([cost, cost - g.toll_h, g.length_km])
    skim(g.start, g.head, g.tail, cost, network.first_thru, network.zone_node, values, found)
    return Skims(*found)


def equilibrium(
    network: Network,
    demand_vph: npt.ArrayLike,
    *,
    gap: float = 1e-4,
    max_iterations: int = 1000,
    fixed_flow_vph: npt.ArrayLike | None = None,
    start_flow_vph: npt.ArrayLike | None = None,
    threads: int | None = None,
) -> Equilibrium:
    """Find the user equilibrium of a demand on a network.

    Parameters
    ----------
    network : Network
    demand_vph : array (zones, zones)
        From row to column [1/h].
    gap : float
        Relative gap that is enough [1].
    max_iterations : int
        The end, reached or not.
    fixed_flow_vph : array (links,), optional
        Flow that is on the links besides and slows them down, such as lorries times their passenger-car equivalent [1/h].
    start_flow_vph : array (links,), optional
        Flow of an earlier run with the same demand, to begin from [1/h].
    threads : int, optional
        Default: as many as the machine has. It changes nothing but the time.

    Returns
    -------
    Equilibrium
        Look at `converged`.

    Raises
    ------
    SchemaError
        When demand is negative or not a number, or no way leads where it goes; it names the zones.

    Examples
    --------
    Two roads, one short and narrow: 2,000 vehicles an hour share out so that both take 15 minutes.

    >>> roads = Network.of([0, 0], [1, 1], [0.20, 0.25], [1000.0, np.nan], [0.25, 0.0], [1.0, 0.0], [10.0, 14.0], zones=2)
    >>> found = equilibrium(roads, [[0.0, 2000.0], [0.0, 0.0]])
    >>> found.flow_vph.round(3).tolist(), found.time_h.round(4).tolist(), found.converged
    ([1000.0, 1000.0], [0.25, 0.25], True)
    """
    demand = np.asarray(demand_vph, float)
    fixed, start = (None if v is None else np.asarray(v, float) for v in (fixed_flow_vph, start_flow_vph))
    problems = [*check(demand, network.zones), *_flow_problems(network, fixed, start, gap, max_iterations)]
    if not problems and start is not None:
        problems += _start_problems(network, demand, start)
    if problems:
        raise SchemaError(problems)
    outside = leaving(network, demand)
    order = network.graph.order
    fixed, start = (None if v is None else np.ascontiguousarray(v[order]) for v in (fixed, start))
    workers = threads or os.cpu_count() or 1
    if workers == 1 or network.zones <= _BLOCK_ZONES:
        return _solve(network, demand, _Loader(network, outside, None), gap, max_iterations, fixed, start)
    with ThreadPoolExecutor(workers) as pool:
        return _solve(network, demand, _Loader(network, outside, pool), gap, max_iterations, fixed, start)


def _solve(
    network: Network, demand: Floats, load_all: _Loader, gap: float, most: int, fixed: Floats | None, start: Floats | None
) -> Equilibrium:  # fmt: skip
    """Go from load to load until the gap is small enough, or there is nothing left to gain in the numbers' precision."""
    g, n = network.graph, len(network)
    about = (np.zeros(n) if fixed is None else fixed, g.free, g.rise, g.per, g.power)
    cost, slope, s, s1, s2 = (np.zeros(n) for _ in range(5))
    x = np.zeros(n)
    unmoved = float(evaluate(x, *about, cost, slope))  # what the fixed flow alone makes of the objective
    y, total = load_all(cost)
    if np.isinf(total):
        outside = leaving(network, demand)
        empty = np.empty(n)
        empty[g.order] = cost
        raise SchemaError([disconnected(outside, skims(network, empty).cost_h)])
    x = y if start is None else start
    gaps, objectives, step, known = [], [], 1.0, 0
    while True:
        objectives.append(float(evaluate(x, *about, cost, slope)) - unmoved)
        y, total = load_all(cost)
        gaps.append(_gap(float(cost @ x), total))
        if gaps[-1] <= gap or len(gaps) >= most:
            break
        used = aim(x, y, s1, s2, cost, slope, step, known, s)
        step = line_search(x, s, *about)
        if step == 0.0 and used == 0:
            break
        known = min(used + 1, 2) if step <= FULL_STEP else 0
        x = np.maximum(x + step * (s - x), 0.0)
        s, s1, s2 = s2, s, s1
    flow, paid = np.empty(n), np.empty(n)
    flow[g.order], paid[g.order] = x, cost
    outside = leaving(network, demand)
    return Equilibrium(
        network, flow, paid, paid - network.fixed_cost_h, gaps[-1], len(gaps), objectives[-1], gaps[-1] <= gap,
        float(outside.sum()), float((demand - outside).sum()), np.array(gaps), np.array(objectives),
    )  # fmt: skip


def _gap(paid: float, least: float) -> float:
    """Return the relative gap; zero where nothing costs anything, and never below, which only rounding would make it."""
    if least <= 0.0:
        return 0.0 if paid <= 0.0 else np.inf
    return max(paid / least - 1.0, 0.0)


def _flow_problems(
    network: Network, fixed: Floats | None, start: Floats | None, gap: float, most: int
) -> Iterator[Problem]:
    for name, flow in (("fixed_flow_vph", fixed), ("start_flow_vph", start)):
        if flow is None:
            continue
        if flow.shape != (len(network),):
            yield Problem(name, "", f"has the shape {flow.shape}; there are {len(network)} links")
            continue
        bad = ~(np.isfinite(flow) & (flow >= 0))
        if bad.any():
            rule = "must be a finite number from 0 up"
            yield Problem(name, "", rule, int(bad.sum()), f"link {int(bad.argmax())}")
    if not gap > 0:
        yield Problem("gap", "", f"must be above 0, which no calculation reaches; it is {gap}")
    if most < 1:
        yield Problem("max_iterations", "", f"must be 1 or more; it is {most}")


def _start_problems(network: Network, demand: Floats, start: Floats) -> Iterator[Problem]:
    rest = abs(balance(network, demand, start))
    bad = rest > _NEAR * max(float(demand.sum()), float(start.max(initial=0.0)))
    if bad.any():
        i = int(rest.argmax())
        rule = "does not carry this demand; begin from a flow of the same demand, or leave it out"
        yield Problem("start_flow_vph", "", rule, int(bad.sum()), f"node {i}, off by {rest[i]:g} vehicles an hour")
