"""Buildings as closed solids (LoD1), triangle meshes as surfaces, and GLB files."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mapbox_earcut as earcut
import numba
import numpy as np
import numpy.typing as npt
import shapely
import trimesh

from twin.errors import TwinError
from twin.surface import Surface

__all__ = ["Mesh", "lod1", "open_edges", "rasterise", "read_mesh", "volumes_m3", "write_glb"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Mesh:
    """Triangles of many buildings.

    Attributes
    ----------
    vertices : array (n, 3)
        East, north, height [m].
    faces : array (m, 3) of int
        Counter-clockwise seen from outside.
    building : array (m,) of int
        The building of each triangle.
    """

    vertices: Floats
    faces: Ints
    building: Ints


def lod1(polygons: Shapes, z0_m: Floats, z1_m: Floats) -> Mesh:
    """Return closed solids between the ground and the roof, courtyards kept.

    All walls are built at once by index arithmetic: two triangles per edge of an outline. The caps are cut by ear
    clipping, once per polygon, and serve as roof and, mirrored, as floor.

    Parameters
    ----------
    polygons : array (n,) of valid Polygon or MultiPolygon
    z0_m, z1_m : array (n,)
        Heights of floor and roof [m].

    Returns
    -------
    Mesh

    Examples
    --------
    >>> mesh = lod1(np.array([shapely.box(0, 0, 2, 3)]), np.array([0.0]), np.array([5.0]))
    >>> len(mesh.faces), open_edges(mesh), volumes_m3(mesh, 1).tolist()
    (12, 0, [30.0])
    """
    parts, of_part = shapely.get_parts(shapely.orient_polygons(polygons), return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy, ring = _open_rings(xy, ring, len(rings))
    xy, ring = _only_corners(xy, ring, len(rings))
    size = np.bincount(ring, minlength=len(rings))
    end = np.cumsum(size)
    building = of_part[part_of_ring][ring]
    n = len(xy)
    here = np.arange(n)
    after = here + 1
    real = size > 0
    after[end[real] - 1] = (end - size)[real]
    vertices = np.empty((2 * n, 3))
    vertices[:n, :2] = vertices[n:, :2] = xy
    vertices[:n, 2], vertices[n:, 2] = z0_m[building], z1_m[building]
    walls = np.concatenate([np.column_stack([here, after, after + n]), np.column_stack([here, after + n, here + n])])
    cap, of_cap = _caps(xy, end, part_of_ring, len(parts))
    faces = np.concatenate([walls, cap + n, cap[:, [0, 2, 1]]])
    of_face = np.concatenate([building, building, of_part[of_cap], of_part[of_cap]])
    return Mesh(vertices, faces, of_face)


def _open_rings(xy: Floats, ring: Ints, count: int) -> tuple[Floats, Ints]:
    """Drop the last vertex of every ring, which repeats the first."""
    keep = np.ones(len(xy), bool)
    keep[np.cumsum(np.bincount(ring, minlength=count)) - 1] = False
    return xy[keep], ring[keep]


def _only_corners(xy: Floats, ring: Ints, count: int) -> tuple[Floats, Ints]:
    """Drop vertices where the outline does not turn: ear clipping skips them, which would open the solid."""
    while len(xy):
        size = np.bincount(ring, minlength=count)
        end = np.cumsum(size)
        here = np.arange(len(xy))
        after, before = here + 1, here - 1
        real = size > 0
        first = (end - size)[real]
        after[end[real] - 1], before[first] = first, end[real] - 1
        a, b = xy - xy[before], xy[after] - xy
        turns = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) > 1e-9
        if turns.all():
            break
        xy, ring = xy[turns], ring[turns]
    return xy, ring


def _caps(xy: Floats, end: Ints, part_of_ring: Ints, parts: int) -> tuple[Ints, Ints]:
    """Return the triangles of every polygon's roof, counter-clockwise, and the polygon of each."""
    ring_range = np.searchsorted(part_of_ring, np.arange(parts + 1)).tolist()
    at = np.concatenate([[0], end]).tolist()
    ends = end.astype(np.uint32)
    pieces, sizes = [], np.zeros(parts, np.int64)
    for k in range(parts):
        first, last = ring_range[k], ring_range[k + 1]
        start = at[first]
        if at[last] - start < 3:
            continue
        triangles = earcut.triangulate_float64(xy[start : at[last]], ends[first:last] - np.uint32(start))
        pieces.append(triangles)
        sizes[k] = len(triangles)
    if not pieces:
        return np.zeros((0, 3), np.int64), np.zeros(0, np.int64)
    starts = np.array([at[r] for r in ring_range[:-1]])
    cap = (np.concatenate(pieces).astype(np.int64) + np.repeat(starts, sizes)).reshape(-1, 3)
    p, q, r = xy[cap[:, 0]], xy[cap[:, 1]], xy[cap[:, 2]]
    clockwise = (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) < (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])
    cap[clockwise] = cap[clockwise][:, [0, 2, 1]]
    return cap, np.repeat(np.arange(parts), sizes // 3)


def open_edges(mesh: Mesh) -> int:
    """Return the number of edges that are not used exactly once in each direction; 0 for closed solids."""
    a, b = mesh.faces.ravel(), mesh.faces[:, [1, 2, 0]].ravel()
    n = np.int64(len(mesh.vertices))
    forward, back = np.sort(a * n + b), np.sort(b * n + a)
    return int(np.count_nonzero(forward != back) + np.count_nonzero(forward[1:] == forward[:-1]))


def volumes_m3(mesh: Mesh, count: int) -> Floats:
    r"""Return the volume of each building by the divergence theorem.

    .. math:: V = \tfrac{1}{6} \sum_{faces} p_0 \cdot (p_1 \times p_2)

    Parameters
    ----------
    mesh : Mesh
    count : int
        Number of buildings.

    Returns
    -------
    array (count,)
        [m3]
    """
    origin = np.zeros((count, 3))
    origin[mesh.building] = mesh.vertices[mesh.faces[:, 0]]  # near the building, to keep all digits
    t = mesh.vertices[mesh.faces] - origin[mesh.building][:, None]
    return np.asarray(
        np.bincount(mesh.building, np.einsum("ij,ij->i", t[:, 0], np.cross(t[:, 1], t[:, 2])) / 6, minlength=count),
        float,
    )


def write_glb(mesh: Mesh, path: str | Path, colours: npt.NDArray[np.uint8] | None = None) -> Floats:
    """Write a binary glTF file, y up, around a local origin; atomic.

    Parameters
    ----------
    mesh : Mesh
    path : path
    colours : array (m, 4) of uint8, optional
        Colour of each triangle.

    Returns
    -------
    array (3,)
        The local origin [m]: add it to the file's x, -z, y to get east, north, height.
    """
    origin = np.append(np.floor(mesh.vertices[:, :2].min(axis=0)), 0.0)
    local = mesh.vertices - origin
    upright = np.column_stack([local[:, 0], local[:, 2], -local[:, 1]])
    solid = trimesh.Trimesh(upright, mesh.faces, face_colors=colours, process=False)
    target = Path(path)
    data = solid.export(file_type="glb")
    if not isinstance(data, bytes):
        raise TypeError("trimesh gave no bytes for a GLB file")
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    Path(name).replace(target)
    return origin


def read_mesh(path: str | Path, scale: Floats, offset: Floats) -> tuple[Floats, Ints]:
    """Read a triangle mesh (STL, PLY, OBJ, GLB) and place it: coordinates x scale + offset.

    Parameters
    ----------
    path : path
    scale, offset : array (3,)
        By axis [1, m].

    Returns
    -------
    (array (n, 3), array (m, 3))
        Vertices [m] and triangles.

    Raises
    ------
    TwinError
        When the file is no mesh or has no triangles.
    """
    try:
        read = trimesh.load_mesh(path, process=False)
    except (ValueError, OSError, KeyError, IndexError, NotImplementedError) as error:
        raise TwinError(f"{Path(path).name} can not be read as a triangle mesh: {error}") from error
    faces = np.asarray(getattr(read, "faces", []), np.int64)
    if not len(faces):
        raise TwinError(f"{Path(path).name} holds no triangles")
    vertices = np.asarray(read.vertices, float) * scale + offset
    if not np.isfinite(vertices).all():
        raise TwinError(f"{Path(path).name} has corners that are not numbers, or scale and offset make them so")
    return vertices, faces


def rasterise(vertices: Floats, faces: Ints, cell_m: float, crs: str) -> Surface:
    """Return the highest point of a mesh in every cell of a grid, so that it serves as a surface model.

    Parameters
    ----------
    vertices : array (n, 3)
        East, north, height [m].
    faces : array (m, 3) of int
    cell_m : float
        Side of a cell [m].
    crs : str

    Returns
    -------
    Surface
        NaN where the mesh has a hole.

    Examples
    --------
    >>> corners = np.array([[0.0, 0, 1], [4, 0, 1], [4, 4, 5], [0, 4, 5]])
    >>> rasterise(corners, np.array([[0, 1, 2], [0, 2, 3]]), 2.0, "EPSG:3007").z.tolist()
    [[4.0, 4.0], [2.0, 2.0]]
    """
    west, south = vertices[:, :2].min(axis=0)
    east, north = vertices[:, :2].max(axis=0)
    columns, rows = int(np.ceil((east - west) / cell_m)), int(np.ceil((north - south) / cell_m))
    if columns * rows > 400_000_000:
        raise TwinError(f"a mesh of {columns} x {rows} cells is too large; choose a larger cell_m or check its scale")
    local = np.column_stack(
        [(vertices[:, 0] - west) / cell_m - 0.5, (north - vertices[:, 1]) / cell_m - 0.5, vertices[:, 2]]
    )
    z = _highest(local, faces, rows, columns)
    return Surface(np.where(np.isneginf(z), np.nan, z), float(west), float(north), cell_m, crs)


@numba.njit(cache=True)
def _highest(v: Floats, faces: Ints, rows: int, columns: int) -> Floats:
    z = np.full((rows, columns), -np.inf)
    for k in range(len(faces)):
        ax, ay, az = v[faces[k, 0]]
        bx, by, bz = v[faces[k, 1]]
        cx, cy, cz = v[faces[k, 2]]
        double = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if abs(double) < 1e-12:  # upright: its edges belong to its neighbours
            continue
        for column in range(
            max(0, int(np.ceil(min(ax, bx, cx)))), min(columns - 1, int(np.floor(max(ax, bx, cx)))) + 1
        ):
            for row in range(max(0, int(np.ceil(min(ay, by, cy)))), min(rows - 1, int(np.floor(max(ay, by, cy)))) + 1):
                s = ((column - ax) * (cy - ay) - (cx - ax) * (row - ay)) / double
                t = ((bx - ax) * (row - ay) - (column - ax) * (by - ay)) / double
                if s >= -1e-9 and t >= -1e-9 and s + t <= 1 + 1e-9:
                    height = az + s * (bz - az) + t * (cz - az)
                    z[row, column] = max(z[row, column], height)
    return z
