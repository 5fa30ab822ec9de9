"""Zones of travel from the planning areas: trips produced by inhabitants and attracted by jobs, joined to the streets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra

from energy.mobility.demand.gravity import Trips, fit_beta, mean_within, same_total
from energy.mobility.demand.street_graph import StreetGraph
from twin import reference
from twin.errors import Problem, SchemaError

__all__ = ["Zones", "make_zones", "opportunities", "residents", "skim", "trips_between"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Zones:
    """Zones, joined to the streets.

    Attributes
    ----------
    table : GeoDataFrame
        zone_id, name, population, jobs, production, attraction [1/d], area_m2, node (-1 where it is cut off), connector_m
        (from the middle to the node), geometry (the middle).
    cut_off : list of str
        Zones whose middle lies beyond reach of the drivable streets that hang together; their trips are left out.
    notes : list of str
        What was scaled or filled.
    """

    table: gpd.GeoDataFrame
    cut_off: list[str]
    notes: list[str]


def opportunities(buildings: pd.DataFrame) -> pd.DataFrame:
    """Return jobs, schools and shops of every building.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        use, floor_area_m2.

    Returns
    -------
    DataFrame (n rows)
        jobs (by floor area), schools and shops (1 for a building of that use), home_m2 (floor area of homes).
    """
    per = reference.table("jobs").set_index("use")
    use = buildings["use"].astype(object)
    floor = buildings["floor_area_m2"].astype(float).fillna(0.0)
    return pd.DataFrame(
        {
            "jobs": use.map(per["jobs_per_1000_m2"]).fillna(0.0).astype(float) * floor / 1000,
            "schools": use.map(per["school"]).fillna(0).astype(float),
            "shops": use.map(per["shop"]).fillna(0).astype(float),
            "home_m2": use.map(per["resident"]).fillna(0).astype(float) * floor,
        },
        index=buildings.index,
    )


def residents(buildings: pd.DataFrame, areas: pd.DataFrame) -> Floats:
    """Return the inhabitants of every building: those of its area, shared by floor area of homes.

    Inhabitants of an area without homes are in no building.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        area_id, use, floor_area_m2.
    areas : DataFrame
        area_id, population.

    Returns
    -------
    array (n,)
    """
    home = opportunities(buildings)["home_m2"]
    area = buildings["area_id"].astype(object)
    whole = home.groupby(area).transform("sum").reindex(home.index).to_numpy(float)
    people = area.map(areas.set_index("area_id")["population"]).astype(float).fillna(0.0).to_numpy()
    return np.where(whole > 0, people * home.to_numpy() / np.where(whole > 0, whole, 1.0), 0.0)


def make_zones(
    areas: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, graph: StreetGraph, f: Mapping[str, float]
) -> Zones:
    """Make a zone of every area of the lowest level.

    Production is trips of inhabitants; attraction is shared by jobs and has the same sum.

    Parameters
    ----------
    areas : GeoDataFrame
        area_id, parent_id, name, population.
    buildings : GeoDataFrame
        area_id, use, floor_area_m2.
    graph : StreetGraph
    f : mapping
        ``travel.trips_per_inhabitant`` and ``travel.connector_m``, the longest way from a zone's middle to the streets.

    Returns
    -------
    Zones

    Raises
    ------
    SchemaError
        When a zone's inhabitants are not known.
    """
    lowest = areas[~areas["area_id"].isin(areas["parent_id"].dropna())].reset_index(drop=True)
    blank = lowest["population"].isna()
    if blank.any():
        rule = "inhabitants are not known; give them in the areas, or in a population table"
        raise SchemaError(
            [Problem("areas", "population", rule, int(blank.sum()), str(lowest.loc[blank, "area_id"].iloc[0]))]
        )
    of = lowest["area_id"].astype(object)
    jobs = opportunities(buildings)["jobs"].groupby(buildings["area_id"].astype(object)).sum().reindex(of).fillna(0.0)
    middle = _middles(lowest, buildings)
    node, far = _nearest_node(graph, middle)
    near = far <= f["travel.connector_m"]
    made = lowest["population"].to_numpy(float) * f["travel.trips_per_inhabitant"]
    production = np.where(near, made, 0.0)
    attraction, _ = same_total(production, np.where(near, jobs.to_numpy(float), 0.0))
    notes = [f"{jobs[near].sum():.0f} jobs by floor area attract {production.sum():.0f} trips a day"]
    if not near.all():
        notes.append(
            f"{int((~near).sum())} zones are cut off from the streets, and their {made[~near].sum():.0f} trips were left out, "
            f"first: {of[~near].iloc[0]}"
        )
    table = gpd.GeoDataFrame(
        {
            "zone_id": of.to_numpy(),
            "name": lowest["name"].to_numpy(),
            "population": lowest["population"].to_numpy(float),
            "jobs": jobs.to_numpy(float),
            "production": production,
            "attraction": attraction,
            "area_m2": shapely.area(lowest.geometry.to_numpy()),
            "node": np.where(near, node, -1),
            "connector_m": far,
        },
        geometry=shapely.points(middle),
        crs=areas.crs,
    )
    return Zones(table, table.loc[~near, "zone_id"].tolist(), notes)


def skim(zones: Zones, graph: StreetGraph, f: Mapping[str, float], mode: str = "drive") -> tuple[Floats, Floats]:
    r"""Return time and length of the fastest way between all zones.

    From a zone's middle to its node the way is the straight line with a detour, at the speed of residential streets. Within
    a zone the mean way between two points of a disc of its area is taken, with a detour:
    :math:`128 / (45 \pi) \sqrt{A / \pi}`.

    Parameters
    ----------
    zones : Zones
    graph : StreetGraph
    f : mapping
        ``travel.detour``, the modes' speeds.
    mode : str

    Returns
    -------
    (array (zones, zones), array (zones, zones))
        [min], [km]; infinite from and to zones that are cut off.
    """
    node = zones.table["node"].to_numpy(np.int64)
    good = np.flatnonzero(node >= 0)
    local = {"walk": f["travel.walk_kmh"], "cycle": f["travel.cycle_kmh"], "drive": _residential_kmh() * f["mobility.speed_of_limit"]}[mode]  # fmt: skip
    minutes, km = (np.full((len(node), len(node)), np.inf) for _ in range(2))
    if len(good):
        pick = np.ix_(good, good)
        ends = zones.table["connector_m"].to_numpy(float)[good] * f["travel.detour"] / 1000
        joined = ends[:, None] + ends
        time, before = dijkstra(graph.matrix(mode), indices=node[good], return_predecessors=True)
        minutes[pick] = time[:, node[good]] + 60 * joined / local
        km[pick] = _along(graph, mode, before, node[good]) / 1000 + joined
        own_km = (
            128
            / (45 * np.pi)
            * np.sqrt(zones.table["area_m2"].to_numpy(float)[good] / np.pi)
            * f["travel.detour"]
            / 1000
        )
        km[good, good], minutes[good, good] = own_km, 60 * own_km / local
    return minutes, km


def trips_between(zones: Zones, graph: StreetGraph, f: Mapping[str, float], mean_km: float | None = None) -> Trips:
    """Distribute the zones' trips such that their mean length is the observed one.

    Of surveyed trips only those count that are no longer than the longest way between the zones.

    Parameters
    ----------
    zones, graph
        See :func:`skim`; time by car is the cost.
    f : mapping
        ``travel.trip_km`` and those of :func:`skim`.
    mean_km : float, optional
        Observed mean length of trips between these zones, instead of what ``travel.trip_km`` makes there [km].

    Returns
    -------
    Trips
        Of all modes [1/d].
    """
    minutes, km = skim(zones, graph, f)
    start, end = (zones.table[c].to_numpy(float) for c in ("production", "attraction"))
    if mean_km is None:
        mean_km = mean_within(f["travel.trip_km"], float(km[np.isfinite(km)].max(initial=0.0)))
    return fit_beta(minutes, start, end, mean_km, km)


def _residential_kmh() -> float:
    return float(reference.table("road_classes").set_index("road_class")["posted_speed_kmh"]["residential"])


def _along(graph: StreetGraph, mode: str, before: Whole, node: Whole) -> Floats:
    """Return the length of each fastest way between nodes [m], summed up along the trees of predecessors."""
    links = graph.links(mode).sort_values("minutes", kind="stable").drop_duplicates(["start", "end"])
    n = len(graph.xy)
    length = pd.Series(links["length_m"].to_numpy(), index=links["start"].to_numpy() * n + links["end"].to_numpy())
    out = np.full((len(node), len(node)), np.inf)
    for i, tree in enumerate(before):
        far = np.full(n, np.inf)
        far[node[i]] = 0.0
        child = np.flatnonzero(tree >= 0)
        step = np.full(n, np.nan)
        step[child] = length.reindex(tree[child] * np.int64(n) + child).to_numpy()
        up, total = np.where(tree >= 0, tree, np.arange(n)), np.nan_to_num(step)
        while not np.array_equal(up, up[up]):  # each round doubles how far up a node's sum goes
            total, up = total + total[up], up[up]
        far[child] = total[child]
        out[i] = far[node]
    return out


def _middles(lowest: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> Floats:
    """Return the middle of each area's floor; that of the area where there is none."""
    at = lowest.set_index(lowest["area_id"].astype(object)).index.get_indexer(buildings["area_id"].astype(object))
    weight = buildings["floor_area_m2"].astype(float).fillna(0.0).to_numpy() * (at >= 0)
    xy = shapely.get_coordinates(shapely.centroid(buildings.geometry.to_numpy()))
    own = shapely.get_coordinates(shapely.point_on_surface(lowest.geometry.to_numpy()))
    total = np.bincount(np.maximum(at, 0), weight, minlength=len(lowest))
    sums = [np.bincount(np.maximum(at, 0), weight * xy[:, k], minlength=len(lowest)) for k in (0, 1)]
    out = own.copy()
    out[total > 0] = np.column_stack(sums)[total > 0] / total[total > 0, None]
    return out


def _nearest_node(graph: StreetGraph, xy: Floats) -> tuple[Whole, Floats]:
    """Return the nearest node of the drivable streets that hang together, and the distance to it."""
    nodes = np.flatnonzero(graph.component("drive") == 0)
    if not len(nodes):
        return np.full(len(xy), -1), np.full(len(xy), np.inf)
    (who, what), far = shapely.STRtree(shapely.points(graph.xy[nodes])).query_nearest(
        shapely.points(xy), return_distance=True, all_matches=False
    )
    order = np.argsort(who)
    return nodes[what[order]], far[order]
