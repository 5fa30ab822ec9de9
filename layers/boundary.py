"""A boundary that somebody has drawn, in any vector file."""

from __future__ import annotations

from pathlib import Path

import shapely

from layers.context import Context
from layers.vector import read_vector
from twin.errors import TwinError

__all__ = ["read_boundary"]


def read_boundary(file: Path, crs: str) -> shapely.Geometry:
    """Return the areas of a file as one shape, in the city's coordinate system.

    Parameters
    ----------
    file : Path
        GeoJSON, GeoPackage, Shapefile, FlatGeobuf or GeoParquet.
    crs : str
        The city's.

    Returns
    -------
    Polygon or MultiPolygon

    Raises
    ------
    TwinError
        When the file can not be read, states no coordinate system, or holds no area.
    """
    if not file.is_file():
        raise TwinError(f"there is no file {file}; name a vector file with the boundary")
    shapes = read_vector(Context("boundary", crs, file.parent), file.name).to_crs(crs)
    areas = shapes[shapes.geom_type.isin(["Polygon", "MultiPolygon"])].geometry.to_numpy()
    if not len(areas):
        raise TwinError(f"{file.name} holds no area; draw the boundary as a polygon")
    return shapely.union_all(shapely.make_valid(areas))
