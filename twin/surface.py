"""A height field: regular grid of heights, sampled where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from twin import crs as crs_rules

__all__ = ["Surface"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Surface:
    """Heights on a north-up grid.

    Attributes
    ----------
    z : array (rows, columns)
        Heights [m, RH 2000], NaN where unknown; the first row is the northernmost.
    west, north : float
        Outer corner of the first cell in `crs` [m].
    cell : float
        Side of a cell [m].
    crs : str
        Projected coordinate system.
    """

    z: npt.NDArray[np.floating]
    west: float
    north: float
    cell: float
    crs: str

    def at(self, xy: Floats, crs: str) -> Floats:
        """Return heights at points, bilinear between cell centres.

        Parameters
        ----------
        xy : array (n, 2)
            East and north in `crs` [m].
        crs : str
            Coordinate system of the points.

        Returns
        -------
        array (n,)
            Heights [m]; NaN outside the grid or beside unknown cells.

        Examples
        --------
        >>> Surface(np.array([[1.0, 3.0], [5.0, 7.0]]), 0, 4, 2, "EPSG:3007").at(np.array([[2.0, 2.0], [1.0, 3.0], [9.0, 9.0]]), "EPSG:3007")
        array([ 4.,  1., nan])
        """
        xy = crs_rules.transform(np.asarray(xy, float), crs, self.crs)
        column = (xy[:, 0] - self.west) / self.cell - 0.5
        row = (self.north - xy[:, 1]) / self.cell - 0.5
        rows, columns = self.z.shape
        # half a cell at the rim is inside the grid but outside the cell centres
        edge = (column > -0.5) & (column < columns - 0.5) & (row > -0.5) & (row < rows - 0.5)
        heights = map_coordinates(
            np.asarray(self.z, float),
            [np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)],
            order=1,
            mode="nearest",
        )
        return np.where(edge, heights, np.nan)
