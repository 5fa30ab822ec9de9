"""What is odd about drawn grid areas: findings as data, each with a sentence that names and says the remedy."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from energy.electrification.headroom import LIMITS
from twin.errors import TwinError

__all__ = ["TEXTS", "AreaFinding", "check_areas"]

_NAMED = 5  # so many are named in a sentence; the finding holds them all

TEXTS = {
    "duplicate_id": "{count} grid areas share their identity with another ({areas}): give each its own grid_area_id",
    "no_area": "{count} grid areas have no outline or an empty one ({areas}): draw them, or take them out",
    "invalid": "{count} outlines of grid areas cross themselves ({areas}): redraw them; they are left out of this check",
    "overlap": "{areas} overlap by {value:.0f} m2: move the border, so that no building is fed by both",
    "outside": "{count} buildings lie in no grid area ({buildings}): their load is told apart; extend an area to hold them",
    "in_several": "{count} buildings lie in more than one grid area ({buildings}; {areas}): their load is counted in one of them only; move the borders",
    "empty": "{count} grid areas hold no building ({areas}): check that they lie where they should",
    "unknown_limit": "{count} grid areas have no {name} ({areas}): their headroom is unknown, not unlimited; ask the grid owner",
}


@dataclass(frozen=True)
class AreaFinding:
    """One thing to know about grid areas.

    Attributes
    ----------
    kind : str
        A key of :data:`TEXTS`.
    areas, buildings : tuple of str
        Identities of the areas and buildings concerned.
    value : float
        Area that overlaps [m2].
    name : str
        Column concerned.

    Examples
    --------
    >>> print(AreaFinding("overlap", ("a", "b"), value=120.0))
    a, b overlap by 120 m2: move the border, so that no building is fed by both
    """

    kind: str
    areas: tuple[str, ...] = ()
    buildings: tuple[str, ...] = ()
    value: float = float("nan")
    name: str = ""

    @property
    def count(self) -> int:
        """How many buildings are concerned, or areas where it is about those."""
        return len(self.buildings or self.areas)

    def __str__(self) -> str:
        shown = {"areas": _named(self.areas), "buildings": _named(self.buildings)}
        return TEXTS[self.kind].format(**{**self.__dict__, "count": self.count, **shown})


def _named(ids: tuple[str, ...]) -> str:
    more = len(ids) - _NAMED
    return ", ".join(ids[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def check_areas(
    grid_areas: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, least_overlap_m2: float = 1.0
) -> tuple[AreaFinding, ...]:
    """Return what is odd about the grid areas of a city.

    Parameters
    ----------
    grid_areas : GeoDataFrame
        grid_area_id, geometry, and the limits that are known.
    buildings : GeoDataFrame
        building_id and geometry: points, or outlines, of which a point inside is taken.
    least_overlap_m2 : float
        Slivers below it are not told [m2].

    Returns
    -------
    tuple of AreaFinding
        Empty where everything is in order.

    Raises
    ------
    TwinError
        When the two are not in the same coordinate system.
    """
    if grid_areas.crs != buildings.crs:
        raise TwinError(
            f"grid areas are in {grid_areas.crs} and buildings in {buildings.crs}; bring both into one coordinate system"
        )
    ids = grid_areas["grid_area_id"].astype(str).to_numpy(object)
    shapes = np.asarray(grid_areas.geometry.array, object)
    blank = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    invalid = ~blank & ~shapely.is_valid(shapes)
    twice = grid_areas["grid_area_id"].duplicated(keep="first").to_numpy(bool)
    found = [
        AreaFinding(kind, tuple(ids[bad]))
        for kind, bad in (("duplicate_id", twice), ("no_area", blank), ("invalid", invalid))
        if bad.any()
    ]
    usable = np.flatnonzero(~blank & ~invalid)
    found += _overlaps(shapes[usable], ids[usable], least_overlap_m2)
    found += _placed(shapes[usable], ids[usable], buildings)
    for name in LIMITS:
        missing = grid_areas[name].isna().to_numpy(bool) if name in grid_areas else np.ones(len(ids), bool)
        if missing.any():
            found.append(AreaFinding("unknown_limit", tuple(ids[missing]), name=name))
    return tuple(found)


def _overlaps(
    shapes: npt.NDArray[np.object_], ids: npt.NDArray[np.object_], least_overlap_m2: float
) -> list[AreaFinding]:
    """Return the pairs that lie over each other, the largest first."""
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    size = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    order = np.argsort(-size, kind="stable")
    return [
        AreaFinding("overlap", (ids[first[k]], ids[second[k]]), value=float(size[k]))
        for k in order
        if size[k] >= least_overlap_m2
    ]


def _placed(
    shapes: npt.NDArray[np.object_], ids: npt.NDArray[np.object_], buildings: gpd.GeoDataFrame
) -> list[AreaFinding]:
    """Return the buildings that lie in none or in several areas, and the areas without a building."""
    names = buildings["building_id"].astype(str).to_numpy(object)
    points = shapely.point_on_surface(np.asarray(buildings.geometry.array, object))
    of_building, of_area = shapely.STRtree(shapes).query(points, predicate="intersects")
    times = np.bincount(of_building, minlength=len(points))
    held = np.bincount(of_area, minlength=len(shapes))
    several = times > 1
    shared = np.unique(of_area[several[of_building]])
    found = []
    if (times == 0).any():
        found.append(AreaFinding("outside", buildings=tuple(names[times == 0])))
    if several.any():
        found.append(AreaFinding("in_several", tuple(ids[shared]), tuple(names[several])))
    if (held == 0).any():
        found.append(AreaFinding("empty", tuple(ids[held == 0])))
    return found
