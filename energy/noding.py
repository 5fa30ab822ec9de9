"""Where streets meet, and how they are cut there; all lines at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["SAME_M", "cut", "meetings"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

SAME_M = 1e-3  # points closer than a millimetre are one


def meetings(lines: Geometries, level: Whole, *, crossings: bool = True) -> tuple[Whole, Floats]:
    """Return where lines meet: at shared vertices, and where lines of the same level cross or touch.

    Parameters
    ----------
    lines : array (n,) of LineString
    level : array (n,)
    crossings : bool
        Without, at shared vertices only.

    Returns
    -------
    (array (meetings,), array (meetings,))
        The line, and the distance along it [m]; each meeting is told for every line in it.

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 10 0)", "LINESTRING (5 -5, 5 5)"])
    >>> [x.tolist() for x in meetings(lines, np.array([0, 0]))]
    [[0, 1], [5.0, 5.0]]
    >>> [x.tolist() for x in meetings(lines, np.array([0, -1]))]
    [[], []]
    """
    xy, row = shapely.get_coordinates(lines, return_index=True)
    _, place, copies = np.unique(
        np.round(xy / SAME_M).astype(np.int64), axis=0, return_inverse=True, return_counts=True
    )
    shared = copies[place.ravel()] > 1
    at, position = [row[shared]], [_along(xy, row)[shared]]
    if crossings:
        i, j = shapely.STRtree(lines).query(lines, predicate="intersects")
        once = (i < j) & (level[i] == level[j])
        i, j = i[once], j[once]
        points, pair = shapely.get_coordinates(shapely.intersection(lines[i], lines[j]), return_index=True)
        where = shapely.points(points)
        for side in (i, j):
            at.append(side[pair])
            position.append(shapely.line_locate_point(lines[side[pair]], where))
    return np.concatenate(at), np.concatenate(position)


def _along(xy: Floats, row: Whole) -> Floats:
    """Return each vertex's distance from the start of its line [m]."""
    step = np.zeros(len(xy))
    step[1:] = np.where(row[1:] == row[:-1], np.hypot(*np.diff(xy, axis=0).T), 0.0)
    total = np.cumsum(step)
    return total - total[np.searchsorted(row, row)]


def cut(lines: Geometries, at: Whole, position_m: Floats) -> tuple[Geometries, Whole]:
    """Cut lines at distances along them.

    Parameters
    ----------
    lines : array (n,) of LineString
    at : array (cuts,)
        Line of each cut.
    position_m : array (cuts,)
        Distance from the line's start [m]; cuts at an end, and within a millimetre of another, change nothing.

    Returns
    -------
    (array (pieces,), array (pieces,))
        The pieces in the order of the lines, and the line of each.

    Examples
    --------
    >>> pieces, line = cut(shapely.from_wkt(["LINESTRING (0 0, 10 0, 10 5)"]), np.array([0, 0]), np.array([4.0, 12.0]))
    >>> [p.wkt for p in pieces]
    ['LINESTRING (0 0, 4 0)', 'LINESTRING (4 0, 10 0, 10 2)', 'LINESTRING (10 2, 10 5)']
    """
    inside = (position_m > SAME_M) & (position_m < shapely.length(lines)[at] - SAME_M)
    at, position_m = at[inside], position_m[inside]
    order = np.lexsort((position_m, at))
    at, position_m = at[order], position_m[order]
    new = np.ones(len(at), bool)
    new[1:] = (at[1:] != at[:-1]) | (np.diff(position_m) > SAME_M)
    at, position_m = at[new], position_m[new]
    xy, row = shapely.get_coordinates(lines, return_index=True)
    along = _along(xy, row)
    begin = np.concatenate(
        [[0.0], np.cumsum(shapely.length(lines) + 1.0)]
    )  # lines one after the other, a metre between
    points = np.column_stack([np.interp(begin[at] + position_m, begin[row] + along, c) for c in xy.T])
    every = np.concatenate([at, at, row])
    kind = np.repeat([0, 1, 2], [len(at), len(at), len(row)])  # end of a piece, start of the next, vertex
    order = np.lexsort((kind, np.concatenate([position_m, position_m, along]), every))
    every, kind = every[order], kind[order]
    first = kind == 1
    first[1:] |= every[1:] != every[:-1]
    if len(first):
        first[0] = True
    piece = np.cumsum(first) - 1
    return shapely.linestrings(np.concatenate([points, points, xy])[order], indices=piece), every[first]
