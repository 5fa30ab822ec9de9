r"""What people reach: jobs, schools and shops within minutes, stops within a walk, and who gains when streets change.

The way from a building to a place is the walk to its street, along the street to either end, through the streets, and the
same at the other end. From each end of a building's street one search goes as far as the limit; buildings of a street share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numba as nb
import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.demand.street_graph import MODES, Attached, StreetGraph, attach
from energy.mobility.demand.zones import opportunities
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["Access", "access", "compare", "reachable", "stop_access"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_KINDS = ("jobs", "schools", "shops")


@dataclass(frozen=True)
class Access:
    """What every building reaches.

    Attributes
    ----------
    table : DataFrame (n rows)
        building_id, and what is reached; blank for a building that lies beyond reach of the streets.
    cut_off : list of str
        Buildings that are joined to no street, or to streets that do not hang together with the others.
    left_out : list of str
        Stops that are joined to no street, and reached by no one.
    """

    table: pd.DataFrame
    cut_off: list[str]
    left_out: list[str] = field(default_factory=list)


@nb.njit(cache=True)
def _push(heap_key: Floats, heap_node: Whole, n: int, key: float, node: int) -> int:  # pragma: no cover - compiled
    i = n
    while i > 0:
        up = (i - 1) // 2
        if heap_key[up] <= key:
            break
        heap_key[i], heap_node[i] = heap_key[up], heap_node[up]
        i = up
    heap_key[i], heap_node[i] = key, node
    return n + 1


@nb.njit(cache=True)
def _pop(heap_key: Floats, heap_node: Whole, n: int) -> int:  # pragma: no cover - compiled
    """Take the first away; the rest is n - 1 long."""
    n -= 1
    key, node = heap_key[n], heap_node[n]
    i = 0
    while 2 * i + 1 < n:
        child = 2 * i + 1
        if child + 1 < n and heap_key[child + 1] < heap_key[child]:
            child += 1
        if heap_key[child] >= key:
            break
        heap_key[i], heap_node[i] = heap_key[child], heap_node[child]
        i = child
    heap_key[i], heap_node[i] = key, node
    return n


@nb.njit(cache=True)
def _search(
    start: int, limit: float, first: Whole, to: Whole, cost: Floats, far: Floats, heap_key: Floats, heap_node: Whole
) -> None:  # pragma: no cover - compiled
    """Write the cost from a node to every node within the limit into `far`, infinite beyond."""
    far[:] = np.inf
    far[start] = 0.0
    n = _push(heap_key, heap_node, 0, 0.0, start)
    while n:
        here, node = heap_key[0], heap_node[0]
        n = _pop(heap_key, heap_node, n)
        if here > far[node]:
            continue
        for link in range(first[node], first[node + 1]):
            there = here + cost[link]
            if there <= limit and there < far[to[link]]:
                far[to[link]] = there
                n = _push(heap_key, heap_node, n, there, to[link])


@nb.njit(cache=True)
def _reached(
    order: Whole, edge: Whole, along: Floats, leg: Floats, whole: Floats, a: Whole, b: Whole,
    first: Whole, to: Whole, cost: Floats,
    p_edge: Whole, p_along: Floats, p_leg: Floats, p_whole: Floats, weight: Floats, limit: float,
) -> Floats:  # fmt: skip # pragma: no cover - compiled
    n_nodes, kinds = len(first) - 1, weight.shape[1]
    out = np.zeros((len(edge), kinds))
    far_a, far_b = np.empty(n_nodes), np.empty(n_nodes)
    heap_key, heap_node = np.empty(len(to) + 1), np.empty(len(to) + 1, np.int64)
    last = -1
    for i in order:
        e = edge[i]
        if e != last:
            _search(a[e], limit, first, to, cost, far_a, heap_key, heap_node)
            _search(b[e], limit, first, to, cost, far_b, heap_key, heap_node)
            last = e
        to_a, to_b = leg[i] + along[i], leg[i] + whole[i] - along[i]
        for j in range(len(p_edge)):
            k = p_edge[j]
            one = min(to_a + far_a[a[k]], to_b + far_b[a[k]]) + p_along[j]
            two = min(to_a + far_a[b[k]], to_b + far_b[b[k]]) + p_whole[j] - p_along[j]
            way = min(one, two) + p_leg[j]
            if k == e:
                way = min(way, leg[i] + abs(along[i] - p_along[j]) + p_leg[j])
            if way <= limit:
                for kind in range(kinds):
                    out[i, kind] += weight[j, kind]
    return out


def reachable(
    graph: StreetGraph, origins: Attached, places: Attached, weight: Floats, mode: str, limit_min: float
) -> Floats:
    """Return what is reached from each origin within a time.

    Parameters
    ----------
    graph : StreetGraph
        May have streets closed; origins and places stay where they were attached.
    origins, places : Attached
    weight : array (places, kinds)
        What each place counts for.
    mode : str
        ``walk``, ``cycle`` or ``drive``; one walks to the car and from it. Along the first and the last street a car
        drives either way, also where it is one-way.
    limit_min : float
        [min]

    Returns
    -------
    array (origins, kinds)
        NaN where an origin is attached to no street.

    Raises
    ------
    TwinError
        For another mode, or a limit that is not above zero.
    """
    if mode not in MODES:
        raise TwinError(f"mode {mode!r} is not possible here; choose walk, cycle or drive")
    if not (np.isfinite(limit_min) and limit_min > 0):
        raise TwinError(f"a limit of {limit_min} minutes is not possible; give a number above 0")
    along, leg = _pace(graph, mode)
    net = graph.matrix(mode)
    mine, theirs = np.flatnonzero(origins.edge >= 0), np.flatnonzero(places.edge >= 0)
    edge, p_edge = origins.edge[mine], places.edge[theirs]
    found = _reached(
        np.argsort(edge, kind="stable"), edge, along[edge] * origins.along_m[mine], leg * origins.leg_m[mine],
        along[edge] * graph.length_m[edge], graph.a, graph.b,
        net.indptr.astype(np.int64), net.indices.astype(np.int64), net.data,
        p_edge, along[p_edge] * places.along_m[theirs], leg * places.leg_m[theirs],
        along[p_edge] * graph.length_m[p_edge], np.ascontiguousarray(weight[theirs], float), float(limit_min),
    )  # fmt: skip
    out = np.full((len(origins.edge), weight.shape[1]), np.nan)
    out[mine] = found
    return out


def _pace(graph: StreetGraph, mode: str) -> tuple[Floats, float]:
    """Return the time a metre along each street and on the way to it [min/m].

    Those who walk or cycle do so at their highest speed, also where a street is closed to through traffic. A car takes its
    street's own speed; where it may not drive, one walks.
    """
    speed = graph.speed_kmh[mode]
    on_foot = mode if mode != "drive" else "walk"
    top = float(graph.speed_kmh[on_foot].max(initial=0.0))
    if top <= 0 or not speed.any():
        raise TwinError("no street is open to people who walk, cycle or drive; check the classes of road")
    along = np.where(speed > 0, speed, top) if mode == "drive" else np.full(len(speed), top)
    return 0.06 / along, 0.06 / top


def access(
    graph: StreetGraph, buildings: gpd.GeoDataFrame, f: Mapping[str, float], *, limit_min: float | None = None,
    attached: Attached | None = None,
) -> Access:  # fmt: skip
    """Return jobs, schools and shops that every building reaches on foot and by cycle.

    Parameters
    ----------
    graph : StreetGraph
    buildings : GeoDataFrame (n rows)
        building_id, geometry, use, floor_area_m2.
    f : mapping
        ``travel.minutes``, ``travel.leg_m``.
    limit_min : float, optional
        Instead of ``travel.minutes`` [min].
    attached : Attached, optional
        Where the buildings were attached before streets were closed.

    Returns
    -------
    Access
        jobs_walk, schools_walk, shops_walk and the same with _cycle.
    """
    limit = f["travel.minutes"] if limit_min is None else limit_min
    at = attached or attach(
        graph, buildings.geometry.to_numpy(), buildings["building_id"].astype(str), f["travel.leg_m"]
    )
    weight = opportunities(buildings)[list(_KINDS)].to_numpy(float)
    table = pd.DataFrame({"building_id": buildings["building_id"].to_numpy()}, index=buildings.index)
    for mode in ("walk", "cycle"):
        found = reachable(graph, at, at, weight, mode, limit)
        table[[f"{kind}_{mode}" for kind in _KINDS]] = found
    return Access(table, at.cut_off(graph, "walk"))


def stop_access(
    graph: StreetGraph, buildings: gpd.GeoDataFrame, stops: gpd.GeoDataFrame, f: Mapping[str, float],
    attached: Attached | None = None,
) -> Access:  # fmt: skip
    """Return the departures an hour of the day that every building finds within a walk along the streets.

    Parameters
    ----------
    graph, buildings, f, attached
        As in :func:`access`; ``travel.catchment_m`` and ``travel.catchment_far_m``.
    stops : GeoDataFrame
        stop_id, geometry, departures_day_per_h.

    Returns
    -------
    Access
        stops_near, departures_near_per_h (within the shorter way), stops_far, departures_far_per_h.
    """
    at = attached or attach(
        graph, buildings.geometry.to_numpy(), buildings["building_id"].astype(str), f["travel.leg_m"]
    )
    there = attach(graph, stops.geometry.to_numpy(), stops["stop_id"].astype(str), f["travel.leg_m"])
    weight = np.column_stack([np.ones(len(stops)), stops["departures_day_per_h"].fillna(0.0).to_numpy(float)])
    table = pd.DataFrame({"building_id": buildings["building_id"].to_numpy()}, index=buildings.index)
    minute_m = 1000 * float(graph.speed_kmh["walk"].max()) / 60
    for name, way_m in (("near", f["travel.catchment_m"]), ("far", f["travel.catchment_far_m"])):
        found = reachable(graph, at, there, weight, "walk", way_m / minute_m)
        table[[f"stops_{name}", f"departures_{name}_per_h"]] = found
    return Access(table, at.cut_off(graph, "walk"), [str(i) for i in there.ids[there.edge < 0]])


def compare(before: Floats, after: Floats, people: Floats, area_id: pd.Series) -> pd.DataFrame:
    """Tell who gains and who loses, by area, weighted by inhabitants.

    Parameters
    ----------
    before, after : array (n,)
        What each building reaches; blank where it is joined to no street, which counts as nothing reached.
    people : array (n,)
        Inhabitants of each building.
    area_id : Series (n,)

    Returns
    -------
    DataFrame
        area_id, population, before, after (means of the inhabitants), change, gain_share, lose_share; areas without
        inhabitants are left out.

    Raises
    ------
    SchemaError
        When the inhabitants are negative or not known.

    Examples
    --------
    >>> compare(np.array([10.0, 4.0]), np.array([12.0, 4.0]), np.array([3.0, 1.0]), pd.Series(["a", "a"])).to_dict("records")
    [{'area_id': 'a', 'population': 4.0, 'before': 8.5, 'after': 10.0, 'change': 1.5, 'gain_share': 0.75, 'lose_share': 0.0}]
    """
    bad = ~(np.isfinite(people) & (people >= 0))
    if bad.any():
        raise SchemaError(
            [
                Problem(
                    "buildings",
                    "people",
                    "give a number, 0 or more",
                    int(bad.sum()),
                    f"row {int(np.flatnonzero(bad)[0])}",
                )
            ]
        )
    one, two = np.nan_to_num(before), np.nan_to_num(after)
    same = np.isclose(one, two, rtol=1e-9, atol=1e-9)
    rows = pd.DataFrame(
        {
            "area_id": area_id.astype(object).to_numpy(),
            "population": people,
            "before": one * people,
            "after": two * people,
            "gain_share": people * ((two > one) & ~same),
            "lose_share": people * ((two < one) & ~same),
        }
    )
    found = rows.groupby("area_id").sum()
    found = found[found["population"] > 0]
    for column in ("before", "after", "gain_share", "lose_share"):
        found[column] = found[column] / found["population"]
    found.insert(3, "change", found["after"] - found["before"])
    return found.reset_index()
