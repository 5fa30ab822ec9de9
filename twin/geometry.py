"""Measures of buildings: footprint, walls by orientation, roof, volume, party walls. Arrays of shapes in, arrays out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

__all__ = ["ORIENTATIONS", "envelope", "party_walls", "representative_xy", "wall_length_m"]

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

ORIENTATIONS = ("north", "east", "south", "west")
_GAP_M = 0.1  # walls this close share heat: digitising error, not an air gap


def representative_xy(shapes: Shapes) -> Floats:
    """Return a point inside each shape, (n, 2) [m]."""
    xy: Floats = shapely.get_coordinates(shapely.point_on_surface(shapes))
    return xy


def _edges(polygons: Shapes) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """Return start, end and building of every edge; outlines run so that the outside lies to the right."""
    parts, of_part = shapely.get_parts(shapely.orient_polygons(polygons), return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    return xy[:-1][same], xy[1:][same], of_part[of_ring][ring[:-1][same]]


def _quadrant(start: Floats, end: Floats) -> npt.NDArray[np.intp]:
    """Return 0..3 for edges whose outward normal looks north, east, south or west."""
    d = end - start
    azimuth = np.degrees(np.arctan2(d[:, 1], -d[:, 0]))  # of the outward normal (dy, -dx), clockwise from north
    return ((azimuth + 45) % 360 // 90).astype(np.intp)


def wall_length_m(polygons: Shapes) -> Floats:
    """Return the length of outer walls by orientation, courtyards included.

    Parameters
    ----------
    polygons : array (n,) of Polygon or MultiPolygon

    Returns
    -------
    array (n, 4)
        North, east, south, west [m]; a wall counts where its outward normal points within 45 degrees.

    Examples
    --------
    >>> wall_length_m(np.array([shapely.box(0, 0, 30, 10)])).tolist()
    [[30.0, 10.0, 30.0, 10.0]]
    """
    start, end, building = _edges(polygons)
    length = np.hypot(*(end - start).T)
    cell = building * 4 + _quadrant(start, end)
    return np.asarray(np.bincount(cell, length, minlength=4 * len(polygons)), float).reshape(-1, 4)


def party_walls(polygons: Shapes, height_m: Floats) -> Floats:
    r"""Return the wall area that each building shares with its neighbours, by orientation.

    Edges are matched edge by edge: two edges of different buildings share a wall where they run along each other
    within 0.1 m. The shared area is the common length times the lower of the two heights.

    Parameters
    ----------
    polygons : array (n,) of Polygon or MultiPolygon
    height_m : array (n,)
        Wall height [m].

    Returns
    -------
    array (n, 4)
        North, east, south, west [m2].

    Examples
    --------
    >>> two = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 2, 20, 8)])
    >>> party_walls(two, np.array([9.0, 6.0])).tolist()
    [[0.0, 36.0, 0.0, 0.0], [0.0, 0.0, 0.0, 36.0]]
    """
    out = np.zeros((len(polygons), 4))
    a, b = shapely.STRtree(polygons).query(polygons, predicate="dwithin", distance=_GAP_M)
    near = np.unique(a[a != b])
    if not len(near):
        return out
    start, end, local = _edges(polygons[near])
    building = near[local]
    lines = shapely.linestrings(np.stack([start, end], axis=1))
    i, j = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=_GAP_M)
    keep = building[i] != building[j]
    i, j = i[keep], j[keep]
    # common length: the other edge's span projected on this one, if both ends lie within the gap of its line
    along = end[i] - start[i]
    length = np.hypot(*along.T)
    unit = along / np.where(length > 0, length, 1)[:, None]
    p, q = start[j] - start[i], end[j] - start[i]
    t = np.sort(np.column_stack([(p * unit).sum(1), (q * unit).sum(1)]), axis=1)
    common = np.minimum(t[:, 1], length) - np.maximum(t[:, 0], 0)
    direction = np.abs(unit[:, 0] * (end[j] - start[j])[:, 1] - unit[:, 1] * (end[j] - start[j])[:, 0])
    other = np.hypot(*(end[j] - start[j]).T)
    parallel = direction <= np.maximum(0.05 * other, _GAP_M)
    shared = np.where(parallel, np.clip(common, 0, None), 0.0)
    area = shared * np.minimum(height_m[building[i]], height_m[building[j]])
    np.add.at(out, (building[i], _quadrant(start, end)[i]), area)
    return out


def envelope(polygons: Shapes, height_m: Floats) -> pd.DataFrame:
    """Return the surfaces through which a building loses heat.

    Parameters
    ----------
    polygons : array (n,) of Polygon or MultiPolygon
        Footprints.
    height_m : array (n,)
        Wall height [m].

    Returns
    -------
    DataFrame (n rows)
        footprint_area_m2, roof_area_m2 (flat), wall_north_m2 ... wall_west_m2 (without party walls), party_wall_m2,
        volume_m3.

    Examples
    --------
    >>> envelope(np.array([shapely.box(0, 0, 30, 10)]), np.array([9.0])).iloc[0].tolist()
    [300.0, 300.0, 270.0, 90.0, 270.0, 90.0, 0.0, 2700.0]
    """
    footprint = shapely.area(polygons)
    gross = wall_length_m(polygons) * height_m[:, None]
    party = np.minimum(party_walls(polygons, height_m), gross)
    exposed = gross - party
    return pd.DataFrame(
        {
            "footprint_area_m2": footprint,
            "roof_area_m2": footprint,
            **{f"wall_{o}_m2": exposed[:, k] for k, o in enumerate(ORIENTATIONS)},
            "party_wall_m2": party.sum(axis=1),
            "volume_m3": footprint * height_m,
        }
    )
