"""Transfer between shapes and areas that conserves mass: what is not inside any area is kept as the outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse

__all__ = ["Overlay", "assign"]

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]


def _measure(shapes: Shapes) -> Floats:
    """Return area, else length, else one: what a share is a share of."""
    dimension = shapely.get_dimensions(shapes)
    size: Floats = np.select([dimension == 2, dimension == 1], [shapely.area(shapes), shapely.length(shapes)], 1.0)
    return size


@dataclass(frozen=True)
class Overlay:
    """The share of each source shape that lies in each target area.

    Attributes
    ----------
    shares : sparse array (targets, sources)
        Each column sums to at most 1; what is missing lies outside all targets.
    """

    shares: sparse.csr_array

    @classmethod
    def between(cls, sources: Shapes, targets: Shapes) -> Overlay:
        """Intersect polygons, lines or points with areas.

        Where targets overlap, the shares of a source are scaled down so that nothing is counted twice.

        Parameters
        ----------
        sources : array (n,) of shapes
        targets : array (m,) of polygons

        Returns
        -------
        Overlay

        Examples
        --------
        >>> from shapely import LineString, box
        >>> Overlay.between(np.array([LineString([(0, 0), (4, 0)])]), np.array([box(-1, -1, 1, 1), box(1, -1, 3, 1)])).shares.toarray().tolist()
        [[0.25], [0.5]]
        """
        source, target = shapely.STRtree(targets).query(sources, predicate="intersects")
        inside = shapely.covers(targets[target], sources[source])
        part = np.ones(len(source))
        cut = ~inside
        pieces = shapely.intersection(sources[source[cut]], targets[target[cut]])
        whole = _measure(sources[source[cut]])
        part[cut] = np.divide(
            _same_dimension(pieces, sources[source[cut]]), whole, out=np.zeros(len(whole)), where=whole > 0
        )
        shares = sparse.csr_array((part, (target, source)), shape=(len(targets), len(sources)))
        total = np.asarray(shares.sum(axis=0)).ravel()
        return cls((shares @ sparse.diags_array(1 / np.maximum(total, 1.0))).tocsr())

    @property
    def outside(self) -> Floats:
        """Share of each source that lies in no target, shape (sources,)."""
        return np.clip(1 - np.asarray(self.shares.sum(axis=0)).ravel(), 0, 1)

    def extensive(self, values: Floats) -> tuple[Floats, float]:
        """Return sums per target and the sum that stays outside; together they are the sum of `values`.

        Parameters
        ----------
        values : array (sources,)
            Quantities that add up: kWh, kg, inhabitants.

        Returns
        -------
        (array (targets,), float)
        """
        return np.asarray(self.shares @ values), float(self.outside @ values)

    def intensive(self, values: Floats, weights: Floats) -> Floats:
        """Return weighted means per target, NaN where nothing lies inside.

        Parameters
        ----------
        values : array (sources,)
            Quantities that average: kWh/m2, degrees.
        weights : array (sources,)
            What to weigh by, e.g. floor area.

        Returns
        -------
        array (targets,)
        """
        below = np.asarray(self.shares @ weights)
        return np.divide(
            np.asarray(self.shares @ (values * weights)), below, out=np.full(len(below), np.nan), where=below > 0
        )


def _same_dimension(pieces: Shapes, sources: Shapes) -> Floats:
    """Return the size of the pieces in the dimension of their source; touching edges have none."""
    dimension = shapely.get_dimensions(sources)
    size: Floats = np.select(
        [dimension == 2, dimension == 1],
        [shapely.area(pieces), np.where(shapely.area(pieces) > 0, 0, shapely.length(pieces))],
        1.0,
    )
    return size


def assign(shapes: Any, targets: Any) -> npt.NDArray[np.intp]:
    """Return the target that holds each shape's representative point, -1 where there is none.

    Parameters
    ----------
    shapes : array (n,) of shapes
    targets : array (m,) of polygons

    Returns
    -------
    array (n,) of int
        Where targets overlap, the first one.

    Examples
    --------
    >>> from shapely import Point, box
    >>> assign(np.array([Point(0, 0), Point(9, 9)]), np.array([box(-1, -1, 1, 1)])).tolist()
    [0, -1]
    """
    points = shapely.point_on_surface(shapes)
    source, target = shapely.STRtree(targets).query(points, predicate="intersects")
    found = np.full(len(points), -1, np.intp)
    order = np.argsort(target, kind="stable")[::-1]  # the first target is written last and stays
    found[source[order]] = target[order]
    return found
