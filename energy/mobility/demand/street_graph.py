"""The streets as one graph for driving, cycling and walking.

Streets are joined where end points lie within a tolerance of each other or of another street, and where lines share a
vertex. Lines that cross without a shared vertex are a bridge or a tunnel, and are not joined, unless the network turns out
to be drawn without vertices at its crossings. A street that says nothing of one-way traffic is open both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from energy.noding import SAME_M, cut, meetings
from twin import reference
from twin.errors import Problem, SchemaError, TwinError, did_you_mean

__all__ = ["MODES", "Attached", "StreetGraph", "attach", "street_graph"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Geometries = npt.NDArray[np.object_]
Crossings = Literal["auto", "vertex", "level"]

MODES = ("walk", "cycle", "drive")
_WHOLE_SHARE = 0.5  # a network of which less than this hangs together is drawn without vertices at its crossings
_ONE_WAY = {"yes": 1, "true": 1, "1": 1, "1.0": 1, "-1": -1, "-1.0": -1, "reverse": -1}


@dataclass(frozen=True)
class StreetGraph:
    """Pieces of street between nodes.

    Attributes
    ----------
    xy : array (nodes, 2)
        [m]
    a, b : array (edges,)
        Nodes at both ends.
    length_m : array (edges,)
        [m]
    road : array (edges,)
        Row of the street in the table.
    road_id : array (edges,)
        Its identity.
    line : array (edges,)
        Geometry from `a` to `b`.
    speed_kmh : dict of str to array (edges,)
        By mode, 0 where it is not allowed [km/h].
    forward, backward : array (edges,)
        Whether one may drive from `a` to `b`, and from `b` to `a`.
    notes : tuple of str
        How the streets were joined, and what was left out.
    """

    xy: Floats
    a: Whole
    b: Whole
    length_m: Floats
    road: Whole
    road_id: Geometries
    line: Geometries
    speed_kmh: Mapping[str, Floats]
    forward: Flags
    backward: Flags
    notes: tuple[str, ...]

    def minutes(self, mode: str) -> Floats:
        """Return the time along each edge, infinite where the mode is not allowed [min]."""
        speed = self.speed_kmh[_known(mode)]
        return np.where(speed > 0, 0.06 * self.length_m / np.where(speed > 0, speed, 1.0), np.inf)

    def links(self, mode: str) -> pd.DataFrame:
        """Return the directed links of a mode: start, end (nodes), edge, road_id, length_m, minutes.

        A street that is open both ways is two links.
        """
        minutes = self.minutes(mode)
        usable = np.isfinite(minutes)
        one, two = (usable & way if mode == "drive" else usable for way in (self.forward, self.backward))
        edge = np.concatenate([np.flatnonzero(one), np.flatnonzero(two)])
        there = np.arange(len(edge)) < one.sum()
        return pd.DataFrame(
            {
                "start": np.where(there, self.a[edge], self.b[edge]),
                "end": np.where(there, self.b[edge], self.a[edge]),
                "edge": edge,
                "road_id": self.road_id[edge],
                "length_m": self.length_m[edge],
                "minutes": minutes[edge],
            }
        )

    def matrix(self, mode: str, weight: Literal["minutes", "length_m"] = "minutes") -> csr_array:
        """Return the graph for ``scipy.sparse.csgraph``; of parallel links the shortest counts.

        Parameters
        ----------
        mode : str
            ``walk``, ``cycle`` or ``drive``.
        weight : str
            ``minutes`` or ``length_m``.
        """
        links = self.links(mode).sort_values(weight, kind="stable").drop_duplicates(["start", "end"])
        n = len(self.xy)
        return coo_array(
            (links[weight].to_numpy(), (links["start"].to_numpy(), links["end"].to_numpy())), (n, n)
        ).tocsr()

    def component(self, mode: str) -> Whole:
        """Return the component of each node, the longest first; -1 where no street of the mode passes.

        Nodes from which one can drive to each other and back are of one component.
        """
        _, label = connected_components(self.matrix(mode), directed=True, connection="strong")
        used = np.isfinite(self.minutes(mode))
        touched = np.zeros(len(self.xy), bool)
        touched[self.a[used]] = touched[self.b[used]] = True
        inside = used & (label[self.a] == label[self.b])
        length = np.bincount(label[self.a[inside]], self.length_m[inside], minlength=int(label.max(initial=0)) + 1)
        rank = np.empty(len(length), np.int64)
        rank[np.argsort(-length, kind="stable")] = np.arange(len(length))
        return np.where(touched, rank[label], -1) if len(label) else label.astype(np.int64)

    def components(self, mode: str) -> pd.DataFrame:
        """Return what hangs together: component, edges, length_m, length_share, first_road_id, the longest first."""
        node = self.component(mode)
        used = np.flatnonzero(np.isfinite(self.minutes(mode)) & (node[self.a] == node[self.b]))
        table = pd.DataFrame(
            {"component": node[self.a[used]], "length_m": self.length_m[used], "road_id": self.road_id[used]}
        )
        found = table.groupby("component").agg(
            edges=("length_m", "size"), length_m=("length_m", "sum"), first_road_id=("road_id", "first")
        )
        total = float(self.length_m[np.isfinite(self.minutes(mode))].sum())
        return found.assign(length_share=found["length_m"] / total if total else 0.0).reset_index()

    def cut_off(self, mode: str) -> list[str]:
        """Return the identities of the streets of a mode that the largest component does not reach."""
        node, used = self.component(mode), np.isfinite(self.minutes(mode))
        away = used & (node[self.a] != 0) & (node[self.b] != 0)
        reached = set(self.road_id[used & ~away].tolist())
        return sorted(set(self.road_id[away].tolist()) - reached)

    def closed(self, road_ids: Iterable[str]) -> StreetGraph:
        """Return the graph with streets closed to through traffic; those who live there still reach its ends.

        Raises
        ------
        TwinError
            When a street is not in the graph.
        """
        ids = set(road_ids)
        known = set(self.road_id.tolist())
        if missing := sorted(ids - known):
            raise TwinError(f"no street {missing[0]!r} in the graph{did_you_mean(missing[0], list(known)[:50])}")
        keep = ~np.isin(self.road_id.astype(str), list(ids))
        return replace(self, speed_kmh={mode: np.where(keep, v, 0.0) for mode, v in self.speed_kmh.items()})


@dataclass(frozen=True)
class Attached:
    """Places on the graph.

    Attributes
    ----------
    ids : array (n,)
        What the places are called.
    edge : array (n,)
        Nearest edge; -1 beyond reach.
    along_m : array (n,)
        Distance from the edge's start [m].
    leg_m : array (n,)
        From the place to the street [m].
    """

    ids: Geometries
    edge: Whole
    along_m: Floats
    leg_m: Floats

    def cut_off(self, graph: StreetGraph, mode: str) -> list[str]:
        """Return the identities of the places from which the largest component of a mode is not reached."""
        node = graph.component(mode)
        good = self.edge >= 0
        at = self.edge[good]
        good[good] = (node[graph.a[at]] == 0) | (node[graph.b[at]] == 0)
        return [str(i) for i in self.ids[~good]]


def street_graph(
    roads: gpd.GeoDataFrame, f: Mapping[str, float], *, snap_m: float = 1.0, crossings: Crossings = "auto"
) -> StreetGraph:
    """Join streets to a graph.

    Parameters
    ----------
    roads : GeoDataFrame (n rows)
        road_id, geometry, road_class, posted_speed_kmh; tunnel and oneway where known. In projected metres.
    f : mapping
        Factors ``travel.*_kmh`` and ``mobility.speed_of_limit``.
    snap_m : float
        An end this close to another street is joined to it by an edge of the gap's length [m].
    crossings : str
        ``vertex`` joins lines at shared vertices alone, ``level`` also where lines of one level cross; ``auto`` does so
        when less than half of the network's length would hang together otherwise.

    Returns
    -------
    StreetGraph

    Raises
    ------
    SchemaError
        When columns are missing, the coordinates are degrees, or no line has a length.

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 50 0, 100 0)", "LINESTRING (50 0, 50 60)"])
    >>> roads = gpd.GeoDataFrame({"road_id": ["r", "s"], "road_class": ["primary", "pedestrian_cycle"],
    ...                           "posted_speed_kmh": [50.0, np.nan]}, geometry=lines, crs="EPSG:3007")
    >>> f = {"travel.walk_kmh": 5.0, "travel.cycle_kmh": 15.0, "mobility.speed_of_limit": 0.85}
    >>> graph = street_graph(roads, f)
    >>> len(graph.xy), graph.length_m.tolist(), graph.minutes("cycle").round(2).tolist()
    (4, [50.0, 50.0, 60.0], [0.2, 0.2, 0.24])
    >>> len(graph.links("walk")), len(graph.links("drive"))
    (6, 4)
    """
    lines, row, left_out = _lines(roads)
    notes = [f"{left_out} streets without length were left out"] if left_out else []
    level = -roads["tunnel"].fillna(value=False).to_numpy(np.int64)[row] if "tunnel" in roads else np.zeros_like(row)
    pieces, street = _noded(lines, row, level, snap_m, crossings=crossings == "level")
    xy, a, b = _nodes(pieces)
    if crossings == "auto" and (share := _largest(a, b, shapely.length(pieces))) < _WHOLE_SHARE:
        notes.append(
            f"only {share:.0%} of the network hangs together by shared vertices; streets of one level were joined where "
            "they cross, so a bridge that is not marked is joined too"
        )
        pieces, street = _noded(lines, row, level, snap_m, crossings=True)
        xy, a, b = _nodes(pieces)
    speed, one_way = _speeds(roads, street, f), _one_way(roads)[street]
    ids = roads["road_id"].to_numpy(object)[street]
    length = shapely.length(pieces)
    return StreetGraph(xy, a, b, length, street, ids, pieces, speed, one_way >= 0, one_way <= 0, tuple(notes))


def attach(
    graph: StreetGraph, places: Geometries, ids: Iterable[str], reach_m: float, modes: Iterable[str] = ("walk",)
) -> Attached:
    """Find the nearest street of each place.

    Parameters
    ----------
    graph : StreetGraph
    places : array (n,) of any geometry
    ids : iterable of n str
    reach_m : float
        Longest way to the street [m].
    modes : iterable of str
        A street of any of these counts.

    Returns
    -------
    Attached
    """
    usable = np.flatnonzero(np.any([graph.speed_kmh[_known(m)] > 0 for m in modes], axis=0))
    edge, along, leg = np.full(len(places), -1), np.zeros(len(places)), np.full(len(places), np.inf)
    if len(usable) and len(places):
        (who, what), far = shapely.STRtree(graph.line[usable]).query_nearest(
            places, return_distance=True, all_matches=False
        )
        near = far <= reach_m
        who, what = who[near], usable[what[near]]
        edge[who], leg[who] = what, far[near]
        foot = shapely.get_point(shapely.shortest_line(graph.line[what], places[who]), 0)
        along[who] = shapely.line_locate_point(graph.line[what], foot)
    return Attached(np.array(list(ids), object), edge, along, leg)


def _known(mode: str) -> str:
    if mode not in MODES:
        raise TwinError(f"no mode {mode!r} on streets{did_you_mean(mode, MODES)}")
    return mode


def _lines(roads: gpd.GeoDataFrame) -> tuple[Geometries, Whole, int]:
    """Return single lines with a length, the row of each, and how many rows have none."""
    problems = [Problem("roads", c, "the column is missing") for c in ("road_id", "road_class", "posted_speed_kmh") if c not in roads]  # fmt: skip
    if roads.crs is not None and roads.crs.is_geographic:
        problems.append(
            Problem("roads", "geometry", "coordinates are degrees; put the streets into the city's projected system")
        )
    parts, row = shapely.get_parts(roads.geometry.to_numpy(), return_index=True)
    good = shapely.length(parts) > SAME_M
    if not good.any():
        problems.append(Problem("roads", "geometry", "no line has a length; check the layer of streets"))
    if problems:
        raise SchemaError(problems)
    row = row.astype(np.int64)
    return shapely.force_2d(parts[good]), row[good], len(roads) - len(np.unique(row[good]))


def _noded(lines: Geometries, row: Whole, level: Whole, snap_m: float, *, crossings: bool) -> tuple[Geometries, Whole]:
    """Return the streets cut where they meet, with the gaps that the tolerance closes, and the row of each."""
    at, position = meetings(lines, level, crossings=crossings)
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    mine = np.tile(np.arange(len(lines)), 2)
    e, other = shapely.STRtree(lines).query(ends, predicate="dwithin", distance=snap_m)
    place = shapely.line_locate_point(lines[other], ends[e])
    at_end = (place < SAME_M) | (place > shapely.length(lines[other]) - SAME_M)
    good = (mine[e] != other) & (at_end | (level[mine[e]] == level[other]))
    e, other, place = e[good], other[good], place[good]
    pieces, parent = cut(lines, np.concatenate([at, other]), np.concatenate([position, place]))
    gaps = shapely.shortest_line(ends[e], lines[other])
    real = shapely.length(gaps) > SAME_M
    return np.concatenate([pieces, gaps[real]]), row[np.concatenate([parent, mine[e[real]]])]


def _nodes(pieces: Geometries) -> tuple[Floats, Whole, Whole]:
    """Return nodes and those at both ends of each piece; points within two millimetres are one."""
    points = np.concatenate([shapely.get_point(pieces, 0), shapely.get_point(pieces, -1)])
    xy, place = np.unique(shapely.get_coordinates(points), axis=0, return_inverse=True)
    pairs = cKDTree(xy).query_pairs(2 * SAME_M, output_type="ndarray")
    count, label = connected_components(coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (len(xy),) * 2))
    first = np.zeros(count, np.int64)
    first[label[::-1]] = np.arange(len(xy))[::-1]
    node = label[place.ravel()].astype(np.int64)
    return xy[first], node[: len(pieces)], node[len(pieces) :]


def _largest(a: Whole, b: Whole, length_m: Floats) -> float:
    """Return the share of the length that hangs together."""
    n = int(max(a.max(), b.max())) + 1
    _, label = connected_components(coo_array((np.ones(len(a)), (a, b)), (n, n)), directed=False)
    return float(np.bincount(label[a], length_m).max() / length_m.sum())


def _speeds(roads: gpd.GeoDataFrame, row: Whole, f: Mapping[str, float]) -> dict[str, Floats]:
    """Return each mode's speed; a cycle is led where one may only walk."""
    classes = reference.table("travel_modes").set_index("road_class")
    allowed: Any = classes.loc[roads["road_class"].astype(object)]
    usual = reference.table("road_classes").set_index("road_class")["posted_speed_kmh"]
    limit = roads["posted_speed_kmh"].astype(float).fillna(roads["road_class"].astype(object).map(usual).astype(float))
    walks = (allowed["walk"] == "yes").to_numpy() & ~_tunnel(roads)
    cycles = (allowed["cycle"] == "yes").to_numpy() & ~_tunnel(roads)
    walk = np.where(walks, f["travel.walk_kmh"], 0.0)
    cycle = np.where(cycles, max(f["travel.cycle_kmh"], f["travel.walk_kmh"]), walk)
    drive = np.where(allowed["drive"] == "yes", limit.to_numpy(float) * f["mobility.speed_of_limit"], 0.0)
    return {"walk": walk[row], "cycle": cycle[row], "drive": drive[row]}


def _tunnel(roads: gpd.GeoDataFrame) -> Flags:
    """Tell which streets are tunnels of motor traffic; an underpass of a footway is none."""
    if "tunnel" not in roads:
        return np.zeros(len(roads), bool)
    motor = roads["road_class"].astype(object) != "pedestrian_cycle"
    return (roads["tunnel"].fillna(value=False).astype(bool) & motor).to_numpy()


def _one_way(roads: gpd.GeoDataFrame) -> Whole:
    """Return 1 where one may only drive along the line, -1 only against it, 0 both ways or not known."""
    if "oneway" not in roads:
        return np.zeros(len(roads), np.int64)
    return roads["oneway"].astype("str").str.lower().map(_ONE_WAY).fillna(0).to_numpy(np.int64)
