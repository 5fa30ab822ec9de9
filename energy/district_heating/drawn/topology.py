"""From pipes on a map to a network: joints, parts that hang together, loops, and who is connected where.

Nothing that a map may hold stops it. What is drawn twice, without length, apart from the rest or in a loop becomes a
finding with its place and remedy (see :mod:`energy.district_heating.drawn.inspection`); only what is no line at all, or has a
diameter that cannot be, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from energy.district_heating.drawn.findings import Finding
from energy.district_heating.drawn.joining import Pieces, cut, joined, labels
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["Attachment", "Network", "attach", "connect"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Shapes = npt.NDArray[Any]

_SAME_M = 1e-3


@dataclass(frozen=True)
class Network:
    """A graph of pipes.

    Attributes
    ----------
    node_xy : array (nodes, 2)
        [m]
    pipe : array (edges,) of int
        Row of the table of pipes that each edge is a piece of.
    start, end : array (edges,) of int
        Nodes, in the direction of drawing.
    length_m : array (edges,)
        [m]
    geometry : array (edges,) of LineString
    names : tuple of str
        Identity of each row of the table of pipes.
    findings : tuple of Finding
        From joining the pipes.
    tolerance_m : float
        With which they were joined [m].
    drawn : int
        So many nodes, the first ones, come from the pipes; those after them from what was attached.
    """

    node_xy: Floats
    pipe: Whole
    start: Whole
    end: Whole
    length_m: Floats
    geometry: Shapes
    names: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    tolerance_m: float = float("nan")
    drawn: int = 0

    @property
    def component(self) -> Whole:
        """Number of the connected part of each node."""
        return labels(len(self.node_xy), self.start, self.end)

    def named(self, edges: npt.ArrayLike) -> tuple[str, ...]:
        """Return the identities of the pipes that edges are pieces of, each once, in order."""
        return tuple(dict.fromkeys(self.names[p] for p in self.pipe[np.asarray(edges, np.int64)].tolist()))

    def place(self, node: int) -> tuple[float, float]:
        """Return where a node lies [m]."""
        return float(self.node_xy[node, 0]), float(self.node_xy[node, 1])


@dataclass(frozen=True)
class Attachment:
    """Where consumers or plants are connected.

    Attributes
    ----------
    names : tuple of str
    node : array (k,) of int
        Node of the network; -1 beyond reach.
    distance_m : array (k,)
        To the nearest pipe [m].
    findings : tuple of Finding
        Those beyond reach.
    """

    names: tuple[str, ...]
    node: Whole
    distance_m: Floats
    findings: tuple[Finding, ...] = ()


def connect(
    pipes: gpd.GeoDataFrame, f: Mapping[str, float], *, tolerance_m: float | None = None, crossings: bool = False
) -> Network:
    """Join pipes into a graph.

    Parameters
    ----------
    pipes : GeoDataFrame
        Lines, with pipe_id and perhaps diameter_mm, in a system of metres.
    f : mapping
        Factors.
    tolerance_m : float, optional
        Gap that is closed [m]; ``network.snap_m`` without it.
    crossings : bool
        Whether pipes that cross without a common vertex are joined.

    Returns
    -------
    Network

    Raises
    ------
    SchemaError
        For geometry that is no line, diameters that are not above zero, or coordinates in degrees; with places.

    Examples
    --------
    >>> pipes = gpd.GeoDataFrame(
    ...     {"pipe_id": ["main", "tee"]},
    ...     geometry=shapely.from_wkt(["LINESTRING (0 0, 10 0)", "LINESTRING (4 5, 4 0.3)"]),
    ... )
    >>> network = connect(pipes, {"network.snap_m": 1.0})
    >>> network.named([0, 1, 2]), network.length_m.round(1).tolist(), network.component.tolist()
    (('main', 'tee'), [4.0, 6.0, 4.7], [0, 0, 0, 0])
    """
    tolerance = f["network.snap_m"] if tolerance_m is None else tolerance_m
    names = _checked(pipes, tolerance)
    lines, row = shapely.get_parts(pipes.geometry.to_numpy(), return_index=True)
    row = row.astype(np.int64)
    empty = shapely.length(lines) <= _SAME_M
    findings = [_finding("zero_length", names, row[empty], lines[empty])]
    lines, row = lines[~empty], row[~empty]
    alike = shapely.to_wkb(shapely.normalize(shapely.transform(lines, lambda xy: np.round(xy, 3))))
    first = np.sort(np.unique(alike, return_index=True)[1])
    twice = np.setdiff1d(np.arange(len(lines)), first)
    repeated = row[twice], lines[twice]
    lines, row = lines[first], row[first]
    pieces = joined(lines, tolerance, crossings=crossings) if len(lines) else _nothing()
    kept, beside = _without_doubles(pieces, tolerance)
    over = (
        np.concatenate([repeated[0], row[pieces.line[beside]]]),
        np.concatenate([repeated[1], pieces.geometry[beside]]),
    )
    findings += [
        _finding("duplicate", names, *over),
        _gaps("snapped", names, row, lines, pieces.snapped),
        _gaps("tee", names, row, lines, pieces.teed),
    ]
    kept = kept[(pieces.start != pieces.end)[kept] | (shapely.length(pieces.geometry[kept]) > _SAME_M)]
    node, number = np.unique(np.concatenate([pieces.start[kept], pieces.end[kept]]), return_inverse=True)
    number = number.reshape(2, -1)
    shapes = pieces.geometry[kept]
    return Network(
        pieces.node_xy[node], row[pieces.line[kept]], number[0], number[1], shapely.length(shapes), shapes,
        names, tuple(x for x in findings if x.count), tolerance, len(node),
    )  # fmt: skip


def attach(
    network: Network,
    places: Floats,
    names: Sequence[str],
    reach_m: float,
    kind: Literal["consumer", "plant"] = "consumer",
) -> tuple[Network, Attachment]:
    """Connect consumers or plants, each to the nearest pipe, which is cut there, or to its end where that is as near.

    Parameters
    ----------
    network : Network
    places : array (k, 2)
        [m]
    names : sequence of k str
    reach_m : float
        Those further from a pipe are not connected, but named [m].
    kind : str
        What they are, for the words.

    Returns
    -------
    (Network, Attachment)
        The network with the new nodes; numbers of nodes that were there before stay the same.

    Raises
    ------
    TwinError
        When a place is no number.
    """
    xy = np.asarray(places, float).reshape(-1, 2)
    lost = ~np.isfinite(xy).all(axis=1)
    if lost.any():
        first = names[int(np.flatnonzero(lost)[0])]
        raise TwinError(f"{int(lost.sum())} {kind}s have no place, first: {first}; give each a point on the map")
    node, distance = np.full(len(xy), -1, np.int64), np.full(len(xy), np.inf)
    if len(network.pipe) and len(xy):
        points = shapely.points(xy)
        (which, edge), gap = shapely.STRtree(network.geometry).query_nearest(
            points, return_distance=True, all_matches=False
        )
        distance[which] = gap
        at_m = shapely.line_locate_point(network.geometry[edge], points[which])
        near = gap <= reach_m
        network, node[which[near]] = _cut_at(network, edge[near], at_m[near])
    beyond = tuple(
        Finding(
            "beyond_reach",
            (),
            (float(xy[k, 0]), float(xy[k, 1])),
            f"{kind} {names[k]}",
            float(distance[k]),
            limit_m=reach_m,
        )
        for k in np.flatnonzero(node < 0).tolist()
    )
    return network, Attachment(tuple(map(str, names)), node, distance, beyond)


def _checked(pipes: gpd.GeoDataFrame, tolerance_m: float) -> tuple[str, ...]:
    """Return the pipes' names; refuse what cannot be a network."""
    problems = []
    count = len(pipes)
    names = tuple(pipes["pipe_id"].astype(str)) if "pipe_id" in pipes else tuple(f"row {i}" for i in range(count))
    shapes = pipes.geometry.to_numpy()
    if not tolerance_m >= 0:
        problems.append(
            Problem("heat_pipes", "", f"a tolerance of {tolerance_m:g} m is not possible; give 0 m or more")
        )
    if pipes.crs is not None and pipes.crs.is_geographic:
        rule = "the coordinates are degrees; turn them into metres first, e.g. with to_crs(3007)"
        problems.append(Problem("heat_pipes", "geometry", rule))

    def refuse(column: str, rule: str, wrong: npt.NDArray[np.bool_]) -> None:
        if wrong.any():
            i = int(np.flatnonzero(wrong)[0])
            first = names[i]
            if not (shapely.is_missing(shapes[i]) or shapely.is_empty(shapes[i])):
                x, y = shapely.get_coordinates(shapes[i])[0].tolist()
                first = f"{first} at {x:.1f}, {y:.1f}"
            problems.append(Problem("heat_pipes", column, rule, int(wrong.sum()), first))

    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    refuse("geometry", "has no geometry; draw the pipe or take the row out", missing)
    lines = np.isin(shapely.get_type_id(shapes), [1, 5])
    refuse("geometry", "is not a line; draw the pipe from end to end, or take the row out", ~lines & ~missing)
    finite = np.isfinite(shapely.bounds(shapes)).all(axis=1)
    refuse("geometry", "has a coordinate that is no number; draw the pipe again", ~finite & ~missing)
    if "diameter_mm" in pipes:
        diameter = pipes["diameter_mm"].to_numpy(float)
        rule = "is not above zero; give the inner diameter in millimetres, or leave it blank to have the pipe sized"
        refuse("diameter_mm", rule, (diameter <= 0) | np.isinf(diameter))
    if problems:
        raise SchemaError(problems)
    return names


def _nothing() -> Pieces:
    none, whole = np.zeros((0, 2)), np.zeros(0, np.int64)
    return Pieces(none, whole, whole, whole, np.zeros(0, object), none, none)


def _finding(kind: str, names: Sequence[str], row: Whole, shapes: Shapes) -> Finding:
    """Return a finding about pipes; its count is zero where there are none."""
    if not len(row):
        return Finding(kind)
    x, y = shapely.get_coordinates(shapes[0])[0].tolist()
    which = tuple(dict.fromkeys(names[r] for r in row.tolist()))
    return Finding(kind, which, (x, y), length_m=float(shapely.length(shapes).sum()), count=len(row))


def _gaps(kind: str, names: Sequence[str], row: Whole, lines: Shapes, gaps: Floats) -> Finding:
    line = gaps[:, 0].astype(np.int64)
    found = _finding(kind, names, row[line], lines[line])
    return replace(found, value=float(gaps[:, 1].max())) if len(gaps) else found


def _without_doubles(pieces: Pieces, tolerance_m: float) -> tuple[Whole, Whole]:
    """Return the pieces that stay, and those that lie on top of another between the same two nodes."""
    low, high = np.minimum(pieces.start, pieces.end), np.maximum(pieces.start, pieces.end)
    order = np.lexsort((np.arange(len(low)), high, low))
    same = np.zeros(len(low), bool)
    same[1:] = (np.diff(low[order]) == 0) & (np.diff(high[order]) == 0)
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(low))))
    one, other = order[first[same]], order[same]
    far = shapely.hausdorff_distance(pieces.geometry[one], pieces.geometry[other])
    beside = other[far <= max(tolerance_m, _SAME_M)]
    return np.setdiff1d(np.arange(len(low)), beside), beside


def _cut_at(network: Network, edge: Whole, at_m: Floats) -> tuple[Network, Whole]:
    """Return the network with nodes on its edges, and the node of each place."""
    length = network.length_m[edge]
    near_m = min(network.tolerance_m, 1.0) if network.tolerance_m > 0 else _SAME_M
    head, tail = at_m <= near_m, length - at_m <= near_m
    head &= (at_m <= length - at_m) | ~tail
    node = np.where(head, network.start[edge], network.end[edge])
    inside = ~head & ~tail
    if not inside.any():
        return network, node
    none = np.zeros((0, 2))
    pieces = Pieces(network.node_xy, network.pipe, network.start, network.end, network.geometry, none, none)
    pieces, node[inside] = cut(pieces, edge[inside], at_m[inside])
    lengths = shapely.length(pieces.geometry)
    changed = replace(
        network, node_xy=pieces.node_xy, pipe=network.pipe[pieces.line], start=pieces.start, end=pieces.end,
        length_m=lengths, geometry=pieces.geometry,
    )  # fmt: skip
    return changed, node
