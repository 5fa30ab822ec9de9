"""Where drawn lines meet: ends that touch, ends that nearly touch, and ends on the middle of another line.

Lines that share an end or a vertex are joined as drawn. The tolerance heals the rest: an end that hangs free, or lines
that are otherwise apart, are joined to what lies nearest. Ends that short pipes already join are left as they are, so
that a tolerance wider than the shortest pipe makes no false loops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely.ops import substring

__all__ = ["Pieces", "cut", "joined", "labels"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Shapes = npt.NDArray[Any]
_Edges = tuple[Whole, Whole, Whole, Floats, Floats]  # line, nodes, from and to [m]

_SAME_M = 1e-3  # nearer than this is the same place
_SHORT = 4.0  # times the tolerance: what pipes no longer than this join is joined already


@dataclass(frozen=True)
class Pieces:
    """Lines cut at their joints.

    Attributes
    ----------
    node_xy : array (nodes, 2)
        [m]
    line, start, end : array (pieces,) of int
        The line that each is part of, and its nodes in the direction of drawing.
    geometry : array (pieces,) of LineString
    snapped, teed : array (k, 2)
        Line whose end was joined though it did not touch, and the gap [m]: to an end, and to a middle.
    """

    node_xy: Floats
    line: Whole
    start: Whole
    end: Whole
    geometry: Shapes
    snapped: Floats
    teed: Floats


@dataclass(frozen=True)
class _Cuts:
    """Joints on the middle of lines: which line, how far along it [m], and the node there."""

    line: Whole
    at_m: Floats
    node: Whole

    def __add__(self, other: _Cuts) -> _Cuts:
        line, node = (np.concatenate(p) for p in ((self.line, other.line), (self.node, other.node)))
        return _Cuts(line, np.concatenate([self.at_m, other.at_m]), node)


def labels(n: int, a: Whole, b: Whole) -> Whole:
    """Return the number of the connected part of each of n nodes.

    Examples
    --------
    >>> labels(4, np.array([0, 2]), np.array([1, 3])).tolist()
    [0, 0, 1, 1]
    """
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def joined(lines: Shapes, tolerance_m: float, *, crossings: bool = False) -> Pieces:
    """Join lines into a graph.

    Parameters
    ----------
    lines : array (k,) of LineString
        With a length above zero.
    tolerance_m : float
        Gap that is closed [m].
    crossings : bool
        Whether lines that cross without a common vertex are joined there.

    Returns
    -------
    Pieces

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 10 0)", "LINESTRING (4 5, 4 0.3)"])
    >>> pieces = joined(lines, 1.0)
    >>> pieces.line.tolist(), pieces.start.tolist(), pieces.end.tolist(), pieces.teed.tolist()
    ([0, 0, 1], [0, 1, 2], [1, 3, 1], [[1.0, 0.3]])
    """
    length = shapely.length(lines)
    xy, start, end, cuts = _touching(lines, crossings=crossings)
    same, same_m = _near_ends(xy, _pieces(start, end, length, cuts), tolerance_m)
    line_of = np.zeros(len(xy))
    line_of[end], line_of[start] = np.arange(len(lines)), np.arange(len(lines))
    nearest = np.lexsort((same_m, same[:, 0]))[np.unique(np.sort(same[:, 0]), return_index=True)[1]]
    snapped = np.column_stack([line_of[same[nearest, 0]], same_m[nearest]])
    number, kept = _merged(len(xy), same, np.concatenate([start, end, cuts.node]))
    xy, start, end, line_of = xy[kept], number[start], number[end], line_of[kept]
    cuts = _Cuts(cuts.line, cuts.at_m, number[cuts.node])
    more, more_m = _near_middles(lines, xy, (start, end, cuts), _pieces(start, end, length, cuts), tolerance_m)
    line, a, b, from_m, to_m = _pieces(start, end, length, cuts + more)
    teed = np.column_stack([line_of[more.node], more_m])
    return Pieces(xy, line, a, b, _geometry(lines, length, line, from_m, to_m), snapped, teed)


def cut(pieces: Pieces, at: Whole, at_m: Floats) -> tuple[Pieces, Whole]:
    """Cut pieces to make room for new nodes.

    Parameters
    ----------
    pieces : Pieces
    at, at_m : array (k,)
        The piece, and how far along it [m].

    Returns
    -------
    (Pieces, array (k,) of int)
        With `line` now the piece that each was part of; and the new nodes. Those at one place are one node.
    """
    length = shapely.length(pieces.geometry)
    key = np.column_stack([at, np.rint(at_m / _SAME_M)])
    _, first, which = np.unique(key, axis=0, return_index=True, return_inverse=True)
    which = which.reshape(-1)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(pieces.geometry[at[first]], at_m[first]))
    new = len(pieces.node_xy) + np.arange(len(first))
    line, a, b, from_m, to_m = _pieces(pieces.start, pieces.end, length, _Cuts(at[first], at_m[first], new))
    shapes = _geometry(pieces.geometry, length, line, from_m, to_m)
    whole = Pieces(np.concatenate([pieces.node_xy, xy]), line, a, b, shapes, pieces.snapped, pieces.teed)
    return whole, new[which]


def _touching(lines: Shapes, *, crossings: bool) -> tuple[Floats, Whole, Whole, _Cuts]:
    """Return the nodes and cuts where lines meet as drawn."""
    coords, line = shapely.get_coordinates(lines, return_index=True)
    k = len(lines)
    first = np.searchsorted(line, np.arange(k))
    last = np.append(first[1:], len(line)) - 1
    step = np.hypot(*np.diff(coords, axis=0, prepend=coords[:1]).T)
    step[first] = 0
    along = np.cumsum(step)
    along -= along[first][line]
    if crossings:
        extra, extra_line, extra_m = _crossings(lines)
        coords, line = np.concatenate([coords, extra]), np.concatenate([line, extra_line])
        along = np.concatenate([along, extra_m])
    _, place = np.unique(np.rint(coords / _SAME_M), axis=0, return_inverse=True)
    place = place.reshape(-1)
    inner = np.ones(len(coords), bool)
    inner[first] = inner[last] = False
    # a place is a node when a line ends there or several lines pass
    pairs = np.unique(np.column_stack([place, line]), axis=0)[:, 0]
    is_node = np.bincount(pairs, minlength=place.max() + 1) > 1
    is_node[place[~inner]] = True
    number = np.cumsum(is_node) - 1
    node = np.where(is_node[place], number[place], -1)
    xy = np.zeros((int(is_node.sum()), 2))
    xy[node[node >= 0][::-1]] = coords[node >= 0][::-1]
    cuts = _Cuts(line[inner & (node >= 0)], along[inner & (node >= 0)], node[inner & (node >= 0)])
    start, end = node[first], node[last]
    known = np.concatenate(
        [_key(cuts.line, cuts.node, len(xy)), _key(np.tile(np.arange(k), 2), np.concatenate([start, end]), len(xy))]
    )
    points = shapely.points(xy)
    i, j = shapely.STRtree(lines).query(points, predicate="dwithin", distance=_SAME_M)
    new = ~np.isin(_key(j, i, len(xy)), known)
    i, j = i[new], j[new]
    return xy, start, end, cuts + _Cuts(j, shapely.line_locate_point(lines[j], points[i]), i)


def _key(line: Whole, node: Whole, n: int) -> Whole:
    return line * n + node


def _crossings(lines: Shapes) -> tuple[Floats, Whole, Floats]:
    """Return where lines cross, once for each of the two lines: place, line, how far along it."""
    i, j = shapely.STRtree(lines).query(lines, predicate="crosses")
    i, j = i[i < j], j[i < j]
    points, pair = shapely.get_parts(shapely.intersection(lines[i], lines[j]), return_index=True)
    is_point = shapely.get_type_id(points) == 0
    points, pair = points[is_point], pair[is_point]
    both = np.concatenate([i[pair], j[pair]])
    twice = np.concatenate([points, points])
    return shapely.get_coordinates(twice).reshape(-1, 2), both, shapely.line_locate_point(lines[both], twice)


def _pieces(start: Whole, end: Whole, length: Floats, cuts: _Cuts) -> _Edges:
    """Return line, nodes, and from and to [m] of the pieces between cuts."""
    k = len(start)
    line = np.concatenate([np.arange(k), cuts.line, np.arange(k)])
    at = np.concatenate([np.zeros(k), np.clip(cuts.at_m, 0, length[cuts.line]), length])
    node = np.concatenate([start, cuts.node, end])
    rank = np.repeat([0, 1, 2], [k, len(cuts.line), k])
    order = np.lexsort((rank, at, line))
    line, at, node = line[order], at[order], node[order]
    inside = line[:-1] == line[1:]
    # two cuts at one place and node leave no piece between them
    inside &= (at[1:] - at[:-1] > _SAME_M) | (node[:-1] != node[1:])
    return line[:-1][inside], node[:-1][inside], node[1:][inside], at[:-1][inside], at[1:][inside]


def _geometry(lines: Shapes, length: Floats, line: Whole, from_m: Floats, to_m: Floats) -> Shapes:
    shapes = lines[line].copy()
    for p in np.flatnonzero((from_m > 0) | (to_m < length[line])):
        piece = substring(lines[line[p]], from_m[p], to_m[p])
        shapes[p] = piece if piece.geom_type == "LineString" else shapely.LineString([piece, piece])
    return shapes


def _near_ends(xy: Floats, pieces: _Edges, tolerance_m: float) -> tuple[Whole, Floats]:
    """Return the pairs of nodes that the tolerance makes one, the free end first, and their gaps."""
    n = len(xy)
    part, cluster, free = _state(n, pieces, tolerance_m)
    pair = cKDTree(xy).query_pairs(tolerance_m, output_type="ndarray").astype(np.int64).reshape(-1, 2)
    apart = part[pair[:, 0]] != part[pair[:, 1]]
    pair = pair[(cluster[pair[:, 0]] != cluster[pair[:, 1]]) & (apart | free[pair].any(axis=1))]
    pair = np.where(free[pair[:, :1]], pair, pair[:, ::-1])
    return pair, np.hypot(*(xy[pair[:, 0]] - xy[pair[:, 1]]).T)


def _near_middles(
    lines: Shapes, xy: Floats, joints: tuple[Whole, Whole, _Cuts], pieces: _Edges, tolerance_m: float
) -> tuple[_Cuts, Floats]:
    """Return the nodes that the tolerance puts on the middle of the nearest lines, and their gaps."""
    n = len(xy)
    start, end, cuts = joints
    part, cluster, free = _state(n, pieces, tolerance_m)
    points = shapely.points(xy)
    i, j = shapely.STRtree(lines).query(points, predicate="dwithin", distance=tolerance_m)
    every = np.arange(len(lines))
    owners = ((every, start), (every, end), (cuts.line, cuts.node))
    own = np.concatenate([_key(line, cluster[node], n) for line, node in owners])
    useful = ~np.isin(_key(j, cluster[i], n), own) & ((part[i] != part[start[j]]) | free[i])
    i, j = i[useful], j[useful]
    gap_m = shapely.distance(points[i], lines[j])
    reach = _key(i, part[start[j]], n)  # the nearest of its own part, and of each other
    nearest = np.lexsort((j, gap_m, reach))
    chosen = nearest[np.unique(reach[nearest], return_index=True)[1]]
    i, j = i[chosen], j[chosen]
    return _Cuts(j, shapely.line_locate_point(lines[j], points[i]), i), gap_m[chosen]


def _state(n: int, pieces: _Edges, tolerance_m: float) -> tuple[Whole, Whole, npt.NDArray[np.bool_]]:
    """Return for each node its part, the cluster that short pieces make, and whether it is a free end."""
    _, a, b, from_m, to_m = pieces
    short = to_m - from_m <= _SHORT * tolerance_m
    return labels(n, a, b), labels(n, a[short], b[short]), np.bincount(np.concatenate([a, b]), minlength=n) == 1


def _merged(n: int, same: Whole, uses: Whole) -> tuple[Whole, Whole]:
    """Return the new number of each node, and the old one whose place is kept: that where most lines meet."""
    group = labels(n, same[:, 0], same[:, 1])
    order = np.lexsort((np.arange(n), -np.bincount(uses, minlength=n), group))
    return group, order[np.unique(group[order], return_index=True)[1]]
