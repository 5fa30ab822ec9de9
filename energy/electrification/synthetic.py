r"""Low-voltage feeders where nobody has given any: made up along the streets, and marked as made up.

Method. From the station the shortest paths along the streets to all its buildings make a tree; each building hangs on the
nearest point of a street by a service line. What a line is planned for is Velander's peak of all energy used below it,

.. math:: P = \sum_c \left(k_{1,c} E_c + k_{2,c} \sqrt{E_c}\right), \quad I = \frac{P}{\sqrt 3\, U \cos\varphi}

so that many customers count for less than the sum of their own peaks. From the ends towards the station, a branch that
would ask for more than the thickest cable is given a cable of its own from the station, along the same street: the
largest branch first, until the rest fits. Each line gets the thinnest cable of the catalogue that carries its current
within the planned part of its rating and lets the voltage fall no more than planned; where one is not enough, several lie
side by side, which says that a grid company would have built another station there. The same input gives the same
feeders, to the last digit.

It is the method of reference networks in its simplest form [1]_: it says what feeders in such streets with such
buildings would be like, not what lies in the ground. The station stands at the nearest point of a street; where nobody
knows it, at the street by that building from which all others are the nearest, each by its energy. Open points between feeders, sections of other kinds, overhead lines
and several stations in an area are left out.

References
----------
.. [1] Hartvigsson, E., et al., "Generating low-voltage grid proxies in order to estimate grid capacity for residential
   end-use technologies: the case of residential solar PV", MethodsX, 2021 (PMC8374675).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from energy.district_heating.routing.streets import Rules, StreetGraph, street_graph
from energy.electrification.cables import Cables, size, size_for_fall
from energy.electrification.feeder import Feeder, transformer_ohm
from energy.electrification.velander import peak_kw
from energy.tree import Tree
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["SyntheticFeeder", "synthetic_feeder"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

_APART = "its street does not hang together with the station's: draw the missing street, or join ends (snap_m)"


@dataclass(frozen=True)
class SyntheticFeeder:
    """The made-up feeders of one station; bus 0 is the station.

    Attributes
    ----------
    feeder : Feeder
        All of them; the lines from the root are where each begins.
    building_bus : array (buildings,) of int
        Bus of each building; -1 where no street leads to it.
    branch : array (n,) of int
        Which feeder each bus belongs to, from 0; -1 for the station.
    length_m, design_kw : array (n,)
        Of the line above each bus [m], and the peak that it is planned for [kW].
    cable, parallel : array (n,) of int
        Row of the catalogue, and how many side by side; -1 and 0 for the station.
    line : array (n,) of LineString or None
        Where the line runs.
    why_not : list of str
        For each building, why it has no bus and what to do about it; blank where it has one.
    synthetic : bool
        Always true: nothing here was measured or drawn by a grid company.
    """

    feeder: Feeder
    building_bus: Whole
    branch: Whole
    length_m: Floats
    design_kw: Floats
    cable: Whole
    parallel: Whole
    line: Geometries
    why_not: list[str]
    synthetic: bool = True


@dataclass(frozen=True)
class _Ways:
    """Buses as a tree of streets and service lines before any cable is chosen; parents stand before their children."""

    parent: Whole
    length_m: Floats
    line: Geometries
    bus: Whole


def synthetic_feeder(
    station: shapely.Point | None,
    streets: Geometries,
    buildings: Geometries,
    energy_kwh: npt.ArrayLike,
    k1: npt.ArrayLike,
    k2: npt.ArrayLike,
    f: Mapping[str, float],
    *,
    rating_kva: float = float("nan"),
    cables: Cables | None = None,
    rules: Rules | None = None,
    names: Sequence[object] | None = None,
) -> SyntheticFeeder:
    """Make up the feeders of a station that nothing is known of; see the head of this module for the method.

    Parameters
    ----------
    station : Point, optional
        Where it stands, in projected metres as all that follows; without it in the middle of its buildings.
    streets : array of LineString or MultiLineString
    buildings : array (m,) of Polygon or Point
    energy_kwh : array (m, categories)
        Electricity a year, by Velander's categories [kWh].
    k1, k2 : array (categories,)
        Their constants [kW/kWh, kW/kWh^0.5].
    f : mapping
        Factors.
    rating_kva : float
        Of the transformer; where it is not known, neither its loading nor its impedance is [kVA].
    cables : Cables, optional
        Those of 400 V without it.
    rules : Rules, optional
        How streets and service lines may be joined.
    names : sequence of m objects, optional
        What the buildings are called.

    Returns
    -------
    SyntheticFeeder

    Raises
    ------
    TwinError
        When energies are missing or negative, or the station or all buildings are beyond any street.

    Examples
    --------
    A street of 100 m with a house at its middle and one at its end:

    >>> f = {"grid.power_factor": 0.95, "grid.cable_fill": 0.8, "grid.planned_fall": 0.03}
    >>> made = synthetic_feeder(
    ...     shapely.Point(0, 0), shapely.from_wkt(["LINESTRING (0 0, 100 0)"]), shapely.points([[50, 5], [100, 5]]),
    ...     [[20000.0], [20000.0]], [0.0003], [0.025], f,
    ... )
    >>> made.length_m.tolist(), made.design_kw.round(2).tolist(), made.building_bus.tolist(), made.branch.tolist()
    ([0.0, 50.0, 50.0, 5.0, 5.0], [17.0, 17.0, 9.54, 9.54, 9.54], [3, 4], [-1, 0, 0, 0, 0])
    """
    energy, one, two = np.asarray(energy_kwh, float), np.asarray(k1, float), np.asarray(k2, float)
    called = [str(v) for v in (names if names is not None else range(len(buildings)))]
    _check(buildings, energy, one, two, called)
    rules = rules or Rules(services=1)
    places = shapely.centroid(buildings) if station is None else np.array([station], object)
    graph = street_graph(streets, buildings, places, rules)
    start = int(graph.plant[0]) if station is not None else _middle(graph, energy.sum(axis=1))
    if start < 0:
        raise TwinError(
            f"no street within {rules.plant_reach_m:g} m of the station, or of any building where it has no place: give "
            "its place, add the missing streets, or allow a longer line (plant_reach_m)"
        )
    ways = _ways(graph, start)
    if not (ways.bus >= 0).any():
        raise TwinError("no street leads from the station to any of its buildings: add the missing streets")
    cables = cables or Cables.standard()
    own = np.zeros((len(ways.parent), len(one)))
    own[ways.bus[ways.bus >= 0]] = energy[ways.bus >= 0]
    a_per_kw = 1000 / (3**0.5 * cables.nominal_v * f["grid.power_factor"])
    most_kw = cables.rating_a[-1] * f["grid.cable_fill"] / a_per_kw
    ways = _split(ways, own, one, two, most_kw)
    tree = Tree.of(ways.parent)
    design = peak_kw(tree.subtree_sum(own.T).T, one, two)
    row, parallel = _chosen(tree, ways.length_m, design, cables, f)
    bus_names = np.array(["station", *(f"street {i}" for i in range(1, len(tree)))], object)
    why_not = [why.replace("plant", "station") for why in graph.why_not(rules)]
    for i in np.flatnonzero(ways.bus < 0).tolist():
        why_not[i] = why_not[i] or _APART
    bus_names[ways.bus[ways.bus >= 0]] = np.array(called, object)[ways.bus >= 0]
    return SyntheticFeeder(
        _feeder(tree, ways.length_m, row, parallel, cables, rating_kva, bus_names.tolist(), f),
        ways.bus, _branches(tree), ways.length_m, design, row, parallel, ways.line, why_not,
    )  # fmt: skip


def _check(buildings: Geometries, energy: Floats, k1: Floats, k2: Floats, names: list[str]) -> None:
    problems = []
    if energy.ndim != 2 or energy.shape != (len(buildings), len(k1)) or k1.shape != k2.shape:
        problems.append(
            Problem("buildings", "energy_kwh", "give one number for each building and category of k1 and k2")
        )
    else:
        for wrong, rule in (
            (~np.isfinite(energy), "the energy is missing: give 0 where none is used"),
            (energy < 0, "a negative consumption: give 0 kWh or more, and leave what solar cells make out"),
        ):
            if (at := wrong.any(axis=1)).any():
                first = names[int(np.flatnonzero(at)[0])]
                problems.append(Problem("buildings", "energy_kwh", rule, int(at.sum()), first))
    if len(names) != len(buildings):
        problems.append(Problem("buildings", "names", "give as many names as buildings"))
    if problems:
        raise SchemaError(problems)


def _middle(graph: StreetGraph, energy_kwh: Floats) -> int:
    """Return the node of the street by the building that is nearest to all, of those that hang together; -1 for none."""
    may = np.flatnonzero(graph.plant >= 0)
    if not len(may):
        return -1
    weight = np.bincount(graph.component[may], energy_kwh[may])
    may = may[graph.component[may] == int(np.argmax(weight))]
    xy = graph.xy[graph.plant[may]]
    apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) @ energy_kwh[may]
    return int(graph.plant[may[int(np.argmin(apart))]])


def _ways(graph: StreetGraph, start: int) -> _Ways:
    """Return the shortest ways along the streets to all buildings that can be reached, from the station outwards."""
    n = len(graph.xy)
    e = np.lexsort((graph.length_m, np.maximum(graph.a, graph.b), np.minimum(graph.a, graph.b)))
    low, high = np.minimum(graph.a, graph.b)[e], np.maximum(graph.a, graph.b)[e]
    first = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])] & (low != high)  # the shortest of each pair
    e, low, high = e[first], low[first], high[first]
    length = np.maximum(graph.length_m[e], 1e-6)  # a zero would be no edge
    distance, before = dijkstra(
        coo_array((length, (low, high)), (n, n)).tocsr(), directed=False, indices=start, return_predecessors=True
    )
    foot = graph.foot[:, 0]
    reached = (foot >= 0) & np.isfinite(distance[np.maximum(foot, 0)])
    used = np.zeros(n, bool)
    for node in np.unique(foot[reached]).tolist():
        at = node
        while at >= 0 and not used[at]:
            used[at] = True
            at = int(before[at])
    used[start] = True
    out = np.flatnonzero(used)[np.argsort(distance[used], kind="stable")]
    number = np.full(n, -1)
    number[out] = np.arange(len(out))
    along = out[1:]
    key = np.minimum(along, before[along]) * n + np.maximum(along, before[along])
    edge = e[np.searchsorted(low * n + high, key)]
    house = np.flatnonzero(reached)
    bus = np.full(len(foot), -1)
    bus[house] = len(out) + np.arange(len(house))
    return _Ways(
        np.concatenate([[-1], number[before[along]], number[foot[house]]]).astype(np.int64),
        np.concatenate([[0.0], graph.length_m[edge], graph.service_m[house, 0]]),
        np.concatenate([[None], graph.line[edge], graph.service_line[house, 0]]),
        bus,
    )


def _split(ways: _Ways, own: Floats, k1: Floats, k2: Floats, most_kw: float) -> _Ways:
    """Give branches that are too large together cables of their own from the station."""
    parent, length, line = ways.parent.copy(), ways.length_m.copy(), ways.line.copy()
    energy = own.copy()
    below: list[list[int]] = [[] for _ in parent]
    for i in range(1, len(parent)):
        below[parent[i]].append(i)

    def peak(of: Floats) -> float:
        return float(peak_kw(of[None], k1, k2)[0])

    for i in Tree.of(parent).order[:0:-1].tolist():  # a bus after all below it
        energy[i] += energy[below[i]].sum(axis=0)
        for c in sorted(below[i], key=lambda c: (-peak(energy[c]), c)):
            if peak(energy[i]) <= most_kw:
                break
            energy[i] -= energy[c]
            way, at = [ways.line[c]], i
            while at:
                length[c] += ways.length_m[at]
                way.append(ways.line[at])
                at = int(ways.parent[at])
            parent[c], line[c] = 0, shapely.line_merge(shapely.union_all(way))
    return _Ways(parent, length, line, ways.bus)


def _chosen(
    tree: Tree, length_m: Floats, design_kw: Floats, cables: Cables, f: Mapping[str, float]
) -> tuple[Whole, Whole]:
    """Return the cable of each line, and how many side by side: for its current and for the fall of the voltage."""
    longest = tree.path_sum(length_m)[tree.order]
    for i in range(len(tree) - 1, 0, -1):
        longest[tree.parent[i]] = max(longest[tree.parent[i]], longest[i])
    a_per_kw = 1000 / (3**0.5 * cables.nominal_v * f["grid.power_factor"])
    by_current = size(design_kw * a_per_kw, cables, f["grid.cable_fill"])
    way = longest[tree.place]
    by_fall = size_for_fall(design_kw, way, cables, f["grid.planned_fall"], f["grid.power_factor"])
    row, parallel = (np.maximum(*both) for both in zip(by_current, by_fall, strict=True))
    row[0], parallel[0] = -1, 0
    return row, parallel


def _branches(tree: Tree) -> Whole:
    """Return which line from the station each bus hangs on, numbered as its buses are; -1 for the station."""
    parent = np.where(tree.parent < 0, -1, tree.order[tree.parent])[tree.place]
    branch = np.full(len(tree), -1)
    first = np.flatnonzero(parent == 0)
    branch[first] = np.arange(len(first))
    for i in tree.order[1:].tolist():
        if parent[i] != 0:
            branch[i] = branch[parent[i]]
    return branch


def _feeder(
    tree: Tree, length_m: Floats, row: Whole, parallel: Whole, cables: Cables, rating_kva: float, names: list[str],
    f: Mapping[str, float],
) -> Feeder:  # fmt: skip
    """Return the feeder with the chosen cables and the transformer."""
    side, km = np.maximum(parallel, 1), length_m / 1000
    r, x = cables.resistance_ohm_km[row] * km / side, cables.reactance_ohm_km[row] * km / side
    rating = cables.rating_a[row] * side
    r[0], x[0], rating[0] = 0.0, 0.0, np.nan
    if not np.isnan(rating_kva):
        shares = f["grid.transformer_short_circuit"], f["grid.transformer_copper_loss"]
        r[0], x[0] = transformer_ohm(rating_kva, *shares, cables.nominal_v)
        rating[0] = 1000 * rating_kva / (3**0.5 * cables.nominal_v)
    return Feeder(tree, r, x, rating, cables.nominal_v, names)
