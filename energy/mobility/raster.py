"""Streets on a square grid, by length and without loss: what is on the lines is in the cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse

from twin.errors import TwinError

__all__ = ["Raster"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Raster:
    """The cells that lines touch, and the share of each line's length in each of them.

    Attributes
    ----------
    column, row : array (cells,) of int
        Of each cell: it reaches from ``column * size_m`` to ``(column + 1) * size_m``, and so upwards.
    size_m : float
        Side of a cell [m].
    shares : sparse array (cells, lines)
        Each column adds up to 1.
    """

    column: Whole
    row: Whole
    size_m: float
    shares: sparse.csr_array

    @classmethod
    def of(cls, lines: Any, size_m: float = 100.0) -> Raster:
        """Cut lines at the edges of a grid through the origin.

        Every stretch is cut where it meets the grid, by its own equation; a line without length lies in one cell.

        Parameters
        ----------
        lines : array (n,) of lines
            In metres; a line may have several parts.
        size_m : float
            Side of a cell [m].

        Raises
        ------
        TwinError
            When a line is empty or the cell has no size.

        Examples
        --------
        >>> from shapely import LineString
        >>> raster = Raster.of([LineString([(50, 10), (250, 10)])])
        >>> raster.column.tolist(), raster.cells(np.array([8.0])).tolist()
        ([0, 1, 2], [2.0, 4.0, 2.0])
        """
        shapes = np.asarray(lines, object)
        if not size_m > 0:
            raise TwinError(f"size_m = {size_m:g} is no side of a cell; give more than 0")
        if (bad := shapely.is_missing(shapes) | shapely.is_empty(shapes)).any():
            raise TwinError(
                f"{int(bad.sum())} lines are empty, first number {int(np.flatnonzero(bad)[0])}; take them away"
            )
        start, end, line = _stretches(shapes)
        length = np.hypot(*(end - start).T)
        total = np.bincount(line, length, len(shapes))
        still = total[line] == 0  # all stretches of a line without length share it equally
        part = np.where(
            still, 1 / np.bincount(line, minlength=len(shapes))[line], length / np.where(still, 1, total[line])
        )
        stretch, begin, stop = _pieces(start, end, size_m)
        middle = start[stretch] + ((begin + stop) / 2)[:, None] * (end - start)[stretch]
        at = np.floor(middle / size_m).astype(np.int64)
        cells, number = np.unique(at, axis=0, return_inverse=True)
        share = (stop - begin) * part[stretch]
        shares = sparse.csr_array((share, (number.ravel(), line[stretch])), shape=(len(cells), len(shapes)))
        shares.sum_duplicates()
        return cls(cells[:, 0], cells[:, 1], size_m, shares)

    def cells(self, values: Floats) -> Floats:
        """Return the sum per cell of a quantity that adds up.

        Parameters
        ----------
        values : array (lines,)
            E.g. emissions [kg].

        Returns
        -------
        array (cells,)
        """
        return np.asarray(self.shares @ values)

    def squares(self) -> npt.NDArray[np.object_]:
        """Return the cells as polygons, shape (cells,)."""
        x, y = self.column * self.size_m, self.row * self.size_m
        return np.asarray(shapely.box(x, y, x + self.size_m, y + self.size_m), object)


def _stretches(shapes: npt.NDArray[np.object_]) -> tuple[Floats, Floats, Whole]:
    """Return the straight stretches of lines: starts, ends, and the line of each."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    same = part[1:] == part[:-1]
    return xy[:-1][same], xy[1:][same], of[part[:-1][same]].astype(np.int64)


def _pieces(start: Floats, end: Floats, size_m: float) -> tuple[Whole, Floats, Floats]:
    """Return the pieces between the grid's edges: their stretch, and where on it (0 to 1) they begin and stop."""
    n = len(start)
    stretch, where = [np.arange(n), np.arange(n)], [np.zeros(n), np.ones(n)]
    for axis in (0, 1):
        a, b = start[:, axis] / size_m, end[:, axis] / size_m
        first = np.floor(np.minimum(a, b)).astype(np.int64) + 1
        count = np.maximum(np.ceil(np.maximum(a, b)).astype(np.int64) - first, 0)
        crossed = np.repeat(np.arange(n), count)
        edge = np.repeat(first, count) + np.arange(len(crossed)) - np.repeat(np.cumsum(count) - count, count)
        stretch.append(crossed)
        where.append(np.clip((edge - a[crossed]) / (b - a)[crossed], 0, 1))
    of, t = np.concatenate(stretch), np.concatenate(where)
    order = np.lexsort((t, of))
    of, t = of[order], t[order]
    same = of[1:] == of[:-1]
    return of[:-1][same].astype(np.int64), t[:-1][same], t[1:][same]
