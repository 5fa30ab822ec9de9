"""A triangle mesh of the city as a surface model."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from layers.context import Context
from twin.errors import TwinError
from twin.mesh import rasterise, read_mesh
from twin.registry import layer
from twin.surface import Surface

__all__ = ["mesh"]

Three = tuple[float, float, float]


@layer("mesh", title="Stadsmodell som trianglar")
def mesh(
    context: Context,
    *,
    path: str,
    scale: Three = (1.0, 1.0, 1.0),
    offset: Three = (0.0, 0.0, 0.0),
    cell_m: Annotated[float, Field(gt=0, le=50, description="Side of a cell [m]")] = 1.0,
) -> Surface:
    """Read a mesh (STL, PLY, OBJ, GLB) with ground and roofs and take its highest point per cell.

    Parameters
    ----------
    context : Context
    path : str
    scale, offset : three numbers
        Coordinates x scale + offset = east, north, height in the layer's `crs` [m].
    cell_m : float
        Side of a cell [m].

    Returns
    -------
    Surface
        [m]; NaN where the mesh has a hole.

    Raises
    ------
    TwinError
        When no coordinate system is stated, or the file is no mesh or too large for its cells.
    """
    if not context.declared_crs:
        raise TwinError(
            f'{path} is a mesh and states no coordinate system; add crs = "EPSG:..." to the layer in city.toml'
        )
    vertices, faces = read_mesh(context.path(path), np.array(scale), np.array(offset))
    return rasterise(vertices, faces, cell_m, context.declared_crs)
