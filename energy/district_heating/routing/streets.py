"""The candidate graph of a heat network: streets that meet, service lines from buildings, connections of plants.

Streets are cut where they share a vertex, where lines of the same level cross, and where a service line meets them. A
street end that stops short of another street within a tolerance is joined to it by an edge of the gap's own length:
nothing is moved, and no metre is lost. What stays apart is reported with the tolerance that would join it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from energy.noding import SAME_M, cut, meetings

__all__ = ["Rules", "StreetGraph", "street_graph"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Rules:
    """How streets and service lines may be joined.

    Attributes
    ----------
    snap_m : float
        A street end this close to another street is joined to it [m].
    services : int
        Candidate service lines per building.
    reach_m : float
        Longest service line of a building [m].
    plant_reach_m : float
        Longest line from a plant to a street [m].
    crossings : bool
        Whether streets of the same level meet where they cross; otherwise only at shared vertices.
    """

    snap_m: float = 1.0
    services: int = 3
    reach_m: float = 100.0
    plant_reach_m: float = 500.0
    crossings: bool = True


@dataclass(frozen=True)
class StreetGraph:
    """Streets as a graph, with what may be connected to it.

    Attributes
    ----------
    xy : array (nodes, 2)
        [m]
    a, b : array (edges,)
        Nodes at the ends of each edge.
    length_m : array (edges,)
        [m]
    street : array (edges,)
        Row of the street that the edge is part of; -1 where it closes a gap.
    line : array (edges,)
        Geometry from `a` to `b`.
    served : array (edges,)
        Whether a plant can reach it.
    foot : array (buildings, services)
        Node where each candidate service line meets a street, nearest first; -1 where there is none.
    service_m : array (buildings, services)
        Length of the service lines [m]; infinite where there is none.
    service_line : array (buildings, services)
        From the outline to the street; None where there is none.
    plant : array (plants,)
        Node where each plant is connected; -1 beyond reach.
    plant_m : array (plants,)
        Distance to it [m].
    plant_line : array (plants,)
        From the plant to the street.
    components : DataFrame
        component, streets, length_m, served, gap_m, joining_snap_m: what hangs together; for what is cut off, how far
        from a served street it is, and the tolerance that would join one of its ends to it.
    street_m : array (buildings,)
        Distance to the nearest street, served or not [m].
    component : array (buildings,)
        Component of that street.
    skipped : array
        Rows of streets without length, left out.
    """

    xy: Floats
    a: Whole
    b: Whole
    length_m: Floats
    street: Whole
    line: Geometries
    served: npt.NDArray[np.bool_]
    foot: Whole
    service_m: Floats
    service_line: Geometries
    plant: Whole
    plant_m: Floats
    plant_line: Geometries
    components: pd.DataFrame
    street_m: Floats
    component: Whole
    skipped: Whole

    def why_not(self, rules: Rules) -> list[str]:
        """Return for each building why it cannot be connected, with the remedy; blank where it can.

        Parameters
        ----------
        rules : Rules
            Those that the graph was made with.

        Returns
        -------
        list of str
        """
        about = self.components.set_index("component")
        out = []
        for i in range(len(self.foot)):
            if self.foot[i, 0] >= 0:
                out.append("")
            elif self.street_m[i] > rules.reach_m:
                out.append(
                    f"the nearest street is {self.street_m[i]:.0f} m away; allow service lines of that length (reach_m) "
                    "or add the missing street"
                )
            else:
                cut_off = about.loc[self.component[i]]
                out.append(
                    f"its street hangs together with no plant: a gap of {cut_off['gap_m']:.1f} m; draw the missing "
                    f"street, or join ends within {cut_off['joining_snap_m']:.1f} m (snap_m)"
                )
        return out


def street_graph(
    streets: Geometries,
    buildings: Geometries,
    plants: Geometries,
    rules: Rules | None = None,
    *,
    level: Whole | None = None,
    forbidden: npt.NDArray[np.bool_] | None = None,
) -> StreetGraph:
    """Join streets to a graph and offer each building its nearest service lines.

    Parameters
    ----------
    streets : array (n,) of LineString or MultiLineString
        In projected metres.
    buildings : array (m,) of Polygon or Point
    plants : array (p,) of Point
    rules : Rules, optional
    level : array (n,), optional
        Above or below ground; streets of different levels meet at shared vertices only.
    forbidden : array (n,), optional
        Streets in which no pipe may be laid.

    Returns
    -------
    StreetGraph

    Examples
    --------
    A street and a lane that stops half a metre short of it; a house by the lane:

    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 100 0)", "LINESTRING (40 0.5, 40 60)"])
    >>> graph = street_graph(lines, shapely.points([[45.0, 30.0]]), shapely.points([[0.0, 0.0]]))
    >>> len(graph.a), float(graph.length_m.sum()), graph.service_m[0].round(2).tolist()
    (6, 160.0, [5.0, 29.92, 30.0])
    """
    rules = rules or Rules()
    lines, street, skipped = _usable(streets, forbidden)
    levels = (np.zeros(len(streets), np.int64) if level is None else np.asarray(level, np.int64))[street]
    pieces, street = _noded(lines, street, levels, rules)
    _, *joined, _ = _ends(pieces)
    whole = _components(*joined)
    tree = shapely.STRtree(pieces)
    plant_at, plant_m = _nearest(tree, plants, rules.plant_reach_m)
    served = np.isin(whole, whole[plant_at[plant_at >= 0]])
    who, what, connectors = _offers(pieces, np.flatnonzero(served), buildings, rules)
    plant_line = np.full(len(plants), None, object)
    plant_line[plant_at >= 0] = shapely.shortest_line(plants[plant_at >= 0], pieces[plant_at[plant_at >= 0]])
    feet = shapely.get_point(np.concatenate([connectors, plant_line[plant_at >= 0]]), 1)
    at = np.concatenate([what, plant_at[plant_at >= 0]])
    final, parent = cut(pieces, at, shapely.line_locate_point(pieces[at], feet))
    xy, a, b, found = _ends(final, feet)
    foot, service_m, service_line = _in_rows(who, found[: len(who)], connectors, (len(buildings), rules.services))
    plant = np.full(len(plants), -1)
    plant[plant_at >= 0] = found[len(who) :]
    near, street_m = _nearest(tree, buildings, np.inf)
    return StreetGraph(
        xy=xy,
        a=a,
        b=b,
        length_m=shapely.length(final),
        street=street[parent],
        line=final,
        served=served[parent],
        foot=foot,
        service_m=service_m,
        service_line=service_line,
        plant=plant,
        plant_m=plant_m,
        plant_line=plant_line,
        components=_report(pieces, street, whole, served),
        street_m=street_m,
        component=np.where(near >= 0, whole[near], -1) if len(whole) else near,
        skipped=skipped,
    )


def _usable(streets: Geometries, forbidden: npt.NDArray[np.bool_] | None) -> tuple[Geometries, Whole, Whole]:
    """Return single lines with length that are not forbidden, the row of each, and the rows without length."""
    parts, row = shapely.get_parts(streets, return_index=True)
    good = shapely.length(parts) > SAME_M
    skipped = np.setdiff1d(np.arange(len(streets)), row[good])
    if forbidden is not None:
        good &= ~forbidden[row]
    return shapely.force_2d(parts[good]), row[good], skipped


def _noded(lines: Geometries, street: Whole, level: Whole, rules: Rules) -> tuple[Geometries, Whole]:
    """Return the streets cut where they meet, with the gaps that the tolerance closes, and the row of each."""
    at, position = meetings(lines, level, crossings=rules.crossings)
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    mine = np.tile(np.arange(len(lines)), 2)
    e, other = shapely.STRtree(lines).query(ends, predicate="dwithin", distance=rules.snap_m)
    place = shapely.line_locate_point(lines[other], ends[e])
    at_end = (place < SAME_M) | (place > shapely.length(lines[other]) - SAME_M)
    good = (mine[e] != other) & (at_end | (level[mine[e]] == level[other]))
    e, other, place = e[good], other[good], place[good]
    pieces, parent = cut(lines, np.concatenate([at, other]), np.concatenate([position, place]))
    gaps = shapely.shortest_line(ends[e], lines[other])
    gaps = gaps[shapely.length(gaps) > SAME_M]
    return np.concatenate([pieces, gaps]), np.concatenate([street[parent], np.full(len(gaps), -1)])


def _ends(pieces: Geometries, more: Geometries | None = None) -> Any:
    """Return nodes, the nodes at both ends of each piece, and those of more points; points within a millimetre are one."""
    more = np.zeros(0, object) if more is None else more
    points = np.concatenate([shapely.get_point(pieces, 0), shapely.get_point(pieces, -1), more])
    xy, place = np.unique(shapely.get_coordinates(points), axis=0, return_inverse=True)
    place = place.ravel()
    if len(xy):
        pairs = cKDTree(xy).query_pairs(2 * SAME_M, output_type="ndarray")
        count, label = connected_components(
            coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (len(xy),) * 2)
        )
        first = np.zeros(count, np.int64)
        first[label[::-1]] = np.arange(len(xy))[::-1]
        xy, place = xy[first], label[place]
    n = len(pieces)
    ends = xy, place[:n].astype(np.int64), place[n : 2 * n].astype(np.int64)
    return (*ends, place[2 * n :]) if len(more) else (*ends, np.zeros(0, np.int64))


def _components(a: Whole, b: Whole) -> Whole:
    """Return the component of each edge."""
    n = int(max(a.max(initial=-1), b.max(initial=-1))) + 1
    _, label = connected_components(coo_array((np.ones(len(a)), (a, b)), (n, n)), directed=False)
    return label[a].astype(np.int64)


def _nearest(tree: shapely.STRtree, things: Geometries, reach_m: float) -> tuple[Whole, Floats]:
    """Return each thing's nearest line, -1 beyond reach, and its distance."""
    at, distance = np.full(len(things), -1), np.full(len(things), np.inf)
    if len(tree):
        (who, what), found = tree.query_nearest(things, return_distance=True, all_matches=False)
        distance[who] = found
        at[who] = np.where(found <= reach_m, what, -1)
    return at, distance


def _candidates(pieces: Geometries, buildings: Geometries, rules: Rules) -> tuple[Whole, Whole]:
    """Return pairs of building and piece in reach; a small circle is tried first, since it is enough for most."""
    tree, left = shapely.STRtree(pieces), np.arange(len(buildings))
    found: list[tuple[Whole, Whole]] = []
    for reach in (rules.reach_m / 4, rules.reach_m):
        who, what = tree.query(buildings[left], predicate="dwithin", distance=reach)
        enough = np.bincount(who, minlength=len(left)) > 2 * rules.services  # feet at one corner count once
        if reach == rules.reach_m:
            enough[:] = True
        found.append((left[who[enough[who]]], what[enough[who]]))
        left = left[~enough]
    return np.concatenate([pair[0] for pair in found]), np.concatenate([pair[1] for pair in found])


def _offers(pieces: Geometries, inside: Whole, buildings: Geometries, rules: Rules) -> tuple[Whole, Whole, Geometries]:
    """Return building, street piece and line of every service line that is offered."""
    who, what = _candidates(pieces[inside], buildings, rules)
    lines = shapely.shortest_line(buildings[who], pieces[inside[what]])
    return _different(who, inside[what], lines, rules.services)


def _in_rows(who: Whole, foot: Whole, lines: Geometries, shape: tuple[int, int]) -> tuple[Whole, Floats, Geometries]:
    """Return feet, lengths and lines with one row a building."""
    rank = np.arange(len(who)) - np.searchsorted(who, who)
    feet, length, line = np.full(shape, -1), np.full(shape, np.inf), np.full(shape, None, object)
    feet[who, rank], length[who, rank], line[who, rank] = foot, shapely.length(lines), lines
    return feet, length, line


def _different(who: Whole, what: Whole, lines: Geometries, services: int) -> tuple[Whole, Whole, Geometries]:
    """Keep the shortest service lines of each building that end at different points, nearest first."""
    order = np.lexsort((what, np.round(shapely.length(lines), 6), who))
    who, what, lines = who[order], what[order], lines[order]
    foot = np.round(shapely.get_coordinates(shapely.get_point(lines, 1)) / (10 * SAME_M)).astype(np.int64)
    _, first = np.unique(np.column_stack([who, foot]), axis=0, return_index=True)
    first = np.sort(first)
    who, what, lines = who[first], what[first], lines[first]
    keep = np.arange(len(who)) - np.searchsorted(who, who) < services
    return who[keep], what[keep], lines[keep]


def _report(pieces: Geometries, street: Whole, component: Whole, served: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Return what hangs together and how far from a served street the rest is."""
    gap, snap = np.full(len(pieces), np.nan), np.full(len(pieces), np.nan)
    apart, main = np.flatnonzero(~served), pieces[served]
    if len(apart) and len(main):
        tree = shapely.STRtree(main)
        gap[apart] = _nearest(tree, pieces[apart], np.inf)[1]
        ends = [_nearest(tree, shapely.get_point(pieces[apart], k), np.inf)[1] for k in (0, -1)]
        snap[apart] = np.minimum(*ends)
    table = pd.DataFrame(
        {
            "component": component,
            "street": np.where(street >= 0, street, np.nan),
            "length_m": shapely.length(pieces),
            "served": served,
            "gap_m": gap,
            "joining_snap_m": snap,
        }
    )
    return table.groupby("component", as_index=False).agg(
        streets=("street", "nunique"),
        length_m=("length_m", "sum"),
        served=("served", "first"),
        gap_m=("gap_m", "min"),
        joining_snap_m=("joining_snap_m", "min"),
    )
