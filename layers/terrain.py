"""Height rasters: ground models and surface models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.features
import shapely

from layers.context import Context
from twin import crs as crs_rules
from twin.errors import TwinError
from twin.registry import layer
from twin.surface import Surface

__all__ = ["geotiff", "slopes", "zonal_percentile"]

Floats = npt.NDArray[np.float64]
_LOWEST_M, _HIGHEST_M = -500.0, 9000.0  # no ground on Earth lies lower or higher: a blank without a name


@layer("geotiff", title="Höjdmodell")
def geotiff(context: Context, *, path: str, nodata: float | None = None, band: int = 1) -> Surface:
    """Read heights from a GeoTIFF.

    Parameters
    ----------
    context : Context
    path : str
    nodata : float, optional
        The value of unknown cells, where the file does not say.
    band : int
        Number of the band.

    Returns
    -------
    Surface
        [m]; NaN where the height is unknown.

    Raises
    ------
    TwinError
        When the file is no raster of square cells in metres, north up, or leaves out its coordinate system or the
        value of unknown cells.
    """
    file = context.path(path)
    try:
        with rasterio.open(file) as data:
            z = data.read(band).astype(float)
            transform, own, blank = data.transform, data.crs, data.nodata
    except (rasterio.errors.RasterioIOError, IndexError) as error:
        raise TwinError(f"{path} can not be read: {error}") from error
    if transform.b or transform.d or not np.isclose(transform.a, -transform.e):
        raise TwinError(f"{path} is rotated or its cells are not square; resample it to square cells, north up")
    blank = nodata if nodata is not None else blank
    if blank is not None:
        z = np.where(np.isclose(z, blank, rtol=1e-6), np.nan, z)
    odd = z[(z < _LOWEST_M) | (z > _HIGHEST_M)]
    if odd.size:
        raise TwinError(
            f"{path} names no value for unknown cells, but {odd.size} cells hold {odd[0]:.8g}; state it with nodata = {odd[0]:.8g}"
        )
    if np.isnan(z).all():
        raise TwinError(f"{path} holds no heights")
    if np.isnan(z).any():
        context.note(f"{int(np.isnan(z).sum())} of {z.size} cells are unknown")
    crs = _crs(own, path, context)
    return Surface(z, transform.c, transform.f, transform.a, crs)


def _crs(own: rasterio.crs.CRS | None, path: str, context: Context) -> str:
    """Return the raster's CRS; a local one without a code must be stated."""
    code = own.to_epsg() if own else None
    if context.declared_crs:
        if code is not None and crs_rules.parse(context.declared_crs).to_epsg() != code:
            raise TwinError(f"{path} says EPSG:{code}, but city.toml says {context.declared_crs}; remove the wrong one")
        return _in_metres(context.declared_crs, path)
    if code is None:
        raise TwinError(
            f'{path} states no coordinate system that has a code; add crs = "EPSG:..." to the layer in city.toml'
        )
    return _in_metres(f"EPSG:{code}", path)


def _in_metres(crs: str, path: str) -> str:
    if crs_rules.parse(crs).is_geographic:
        raise TwinError(f"{path} has cells in degrees ({crs}); resample it to a projected system such as EPSG:3006")
    return crs


def zonal_percentile(surface: Surface, polygons: npt.NDArray[np.object_], crs: str, percentile: float) -> Floats:
    """Return a percentile of the heights inside each polygon.

    Parameters
    ----------
    surface : Surface
    polygons : array (n,) of polygons
        In `crs`.
    crs : str
    percentile : float
        0 to 100.

    Returns
    -------
    array (n,)
        [m]; polygons that cover no cell centre get the height at a point inside them, NaN outside the grid.
    """
    moved = shapely.transform(polygons, lambda xy: crs_rules.transform(xy, crs, surface.crs))
    rows, columns = surface.z.shape
    transform = rasterio.transform.from_origin(surface.west, surface.north, surface.cell, surface.cell)
    found = surface.at(shapely.get_coordinates(shapely.point_on_surface(moved)), surface.crs)
    labels = rasterio.features.rasterize(
        ((shape, k + 1) for k, shape in enumerate(moved) if not shape.is_empty),
        out_shape=(rows, columns),
        transform=transform,
        fill=0,
        dtype="int32",
    )
    inside = (labels > 0) & ~np.isnan(surface.z)
    label, height = labels[inside] - 1, surface.z[inside]
    order = np.lexsort((height, label))
    label, height = label[order], height[order]
    present, first, count = np.unique(label, return_index=True, return_counts=True)
    at = percentile / 100 * (count - 1)  # linear between the two nearest, as numpy.percentile
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, count - 1)
    found[present] = height[first + low] * (1 - (at - low)) + height[first + high] * (at - low)
    return found


def slopes(lines: npt.NDArray[np.object_], surface: Surface, crs: str, f: Mapping[str, float]) -> Floats:
    """Return the mean gradient of lines from their ends' heights, within the steepest that streets have.

    Parameters
    ----------
    lines : array (n,) of lines
    surface : Surface
        The ground.
    crs : str
        Of the lines.
    f : mapping
        Factors.

    Returns
    -------
    array (n,)
        Rise over length [1]; 0 where the ground is unknown.
    """
    parts = shapely.line_merge(lines)
    start = shapely.get_coordinates(shapely.line_interpolate_point(parts, 0.0, normalized=True))
    end = shapely.get_coordinates(shapely.line_interpolate_point(parts, 1.0, normalized=True))
    rise = surface.at(end, crs) - surface.at(start, crs)
    length = np.maximum(shapely.length(lines), 1.0)
    steepest = f["road.steepest"]
    return np.clip(np.nan_to_num(rise / length), -steepest, steepest)
