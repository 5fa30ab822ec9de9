"""Buildings out of CityJSON 1.0, 1.1 and 2.0, and CityJSONSeq: footprint, heights and attributes.

The reader flattens the nested boundaries with numpy; Python's garbage collection is off while the file is parsed,
since it only searches the millions of small lists in vain.
"""

from __future__ import annotations

import gc
import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from layers.context import Context
from layers.vector import rename_columns
from twin import crs as crs_rules
from twin.errors import TwinError
from twin.registry import layer

__all__ = ["cityjson"]

Floats = npt.NDArray[np.float64]
_VERSIONS = ("1.0", "1.1", "2.0")
_SMALLEST_FACE_M2 = 1e-6
_YEAR = ("yearOfConstruction", "oorspronkelijkbouwjaar")
_STOREYS = ("storeysAboveGround", "b3_bouwlagen")


@layer("cityjson", title="3D-stadsmodell (CityJSON)", table="buildings", provides={"building_id": "", "height_m": "m"})
def cityjson(context: Context, *, path: str, columns: dict[str, str] | None = None) -> gpd.GeoDataFrame:
    """Read the buildings of a CityJSON or CityJSONSeq file (also .gz).

    The footprint is the union of a building's and its parts' ground surfaces, or of all their faces seen from above
    where the file has no semantics. The height is the highest point minus the ground.

    Parameters
    ----------
    context : Context
    path : str
    columns : dict
        Attribute to column of the table; year of construction and storeys are known by their common names.

    Returns
    -------
    GeoDataFrame
        One row a building: its attributes, building_id, height_m, ground_m [m] and footprint.

    Raises
    ------
    TwinError
        When the file is not CityJSON of a known version, or holds no buildings.
    """
    file = context.path(path)
    rows: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    crs = ""
    try:
        for objects, vertices, reference in _models(file):
            crs = reference or crs
            rows += _buildings(objects, vertices, left_out)
    except UnicodeDecodeError as error:
        raise TwinError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except TwinError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OSError, EOFError, zlib.error) as error:
        raise TwinError(
            f"{path} is not CityJSON as it should be ({type(error).__name__}: {error}); check it with cjval"
        ) from error
    if left_out:
        context.note("not buildings, left out: " + ", ".join(f"{n} {k}" for k, n in sorted(left_out.items())))
    if not rows:
        raise TwinError(f"{path} holds no buildings")
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=_plane(crs) if crs else (context.declared_crs or None))
    without = table.geometry.is_empty | table.geometry.isna()
    if without.any():
        context.note(
            f"{int(without.sum())} buildings have no surfaces and were left out, first: {table.loc[without, 'building_id'].iloc[0]}"
        )
        table = table[~without].reset_index(drop=True)
    known = {a: "year_built" for a in _YEAR if a in table} | {a: "storeys" for a in _STOREYS if a in table}
    return rename_columns(table, known | (columns or {}), context)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _models(file: Path) -> Iterator[tuple[Mapping[str, Any], Floats, str]]:
    """Yield the objects, vertices and CRS of a file: once, or once a feature of a sequence."""
    opener = gzip.open if file.suffix == ".gz" else open
    sequence = ".jsonl" in file.name or ".city.jsonl" in file.name
    with opener(file, "rt", encoding="utf-8") as stream, _no_garbage_collection():
        if not sequence:
            model = json.load(stream)
            transform = _checked(model, file)
            yield model["CityObjects"], _vertices(model, transform), _reference(model)
            return
        head = json.loads(stream.readline())
        transform = _checked(head, file)
        for line in stream:
            if line.strip():
                feature = json.loads(line)
                yield feature["CityObjects"], _vertices(feature, transform), _reference(head)


def _checked(model: Mapping[str, Any], file: Path) -> Mapping[str, Any] | None:
    """Return the transform of a model whose version is known."""
    if not isinstance(model, Mapping):
        raise TwinError(f"{file.name} is not CityJSON: it holds no object")
    version = str(model.get("version", ""))
    if model.get("type") != "CityJSON" or not version.startswith(_VERSIONS):
        raise TwinError(
            f"{file.name} is not CityJSON {', '.join(_VERSIONS)} (type {model.get('type')!r}, version {version!r})"
        )
    return model.get("transform")


def _vertices(model: Mapping[str, Any], transform: Mapping[str, Any] | None) -> Floats:
    xyz = np.asarray(model["vertices"], float).reshape(-1, 3)
    return xyz if transform is None else xyz * np.asarray(transform["scale"]) + np.asarray(transform["translate"])


def _reference(model: Mapping[str, Any]) -> str:
    """Return the EPSG code in the metadata, written as URL, as URN or plainly."""
    text = str(model.get("metadata", {}).get("referenceSystem", ""))
    found = re.search(r"(\d{4,6})/?$", text)
    return f"EPSG:{found.group(1)}" if found else ""


def _plane(crs: str) -> pyproj.CRS:
    return crs_rules.parse(crs).to_2d()


def _buildings(objects: Mapping[str, Any], vertices: Floats, left_out: Counter[str]) -> list[dict[str, Any]]:
    rows = []
    for name, thing in objects.items():
        kind = thing["type"]
        if kind == "Building":
            family = [thing, *_descendants(thing, objects)]
            ground, low, high = _solid(family, vertices)
            attributes = {
                k: v
                for member in reversed(family)
                for k, v in member.get("attributes", {}).items()
                if not isinstance(v, dict | list)
            }
            rows.append(
                {**attributes, "building_id": name, "height_m": high - low, "ground_m": low, "geometry": ground}
            )
        elif not kind.startswith("Building"):
            left_out[kind] += 1
    return rows


def _descendants(thing: Mapping[str, Any], objects: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = []
    for child in thing.get("children", []):
        if child in objects:
            found += [objects[child], *_descendants(objects[child], objects)]
    return found


def _solid(family: list[Mapping[str, Any]], vertices: Floats) -> tuple[Any, float, float]:
    """Return footprint, lowest and highest point of a building and its parts."""
    faces: list[tuple[list[list[int]], str]] = []
    for member in family:
        shapes = member.get("geometry", [])
        if shapes:
            faces += list(_faces(max(shapes, key=lambda g: float(g.get("lod", 0)))))
    if not faces:
        return shapely.Polygon(), np.nan, np.nan
    points = np.concatenate([vertices[ring] for rings, _ in faces for ring in rings])
    low, high = float(points[:, 2].min()), float(points[:, 2].max())
    ground = _outline([rings for rings, kind in faces if kind == "GroundSurface"], vertices)
    if ground.is_empty:
        ground = _outline([rings for rings, _ in faces], vertices)
    return ground, low, high


def _outline(faces: list[list[list[int]]], vertices: Floats) -> Any:
    """Return what faces cover seen from above; upright faces cover nothing."""
    polygons = [
        shapely.Polygon(vertices[r[0]][:, :2], [vertices[h][:, :2] for h in r[1:]]) for r in faces if len(r[0]) > 2
    ]
    flat = np.array([p for p in polygons if p.area > _SMALLEST_FACE_M2], object)
    return _only_polygons(shapely.union_all(shapely.make_valid(flat))) if len(flat) else shapely.Polygon()


def _only_polygons(shape: Any) -> Any:
    """Drop lines and points that a union of touching faces may leave."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts) if parts else shapely.Polygon()


def _faces(geometry: Mapping[str, Any]) -> Iterator[tuple[list[list[int]], str]]:
    """Yield the rings of every face with its semantic type."""
    depth = {"MultiSurface": 0, "CompositeSurface": 0, "Solid": 1, "MultiSolid": 2, "CompositeSolid": 2}.get(
        geometry["type"]
    )
    if depth is None:
        return
    boundaries = geometry["boundaries"]
    semantics = geometry.get("semantics") or {}
    values: Any = semantics.get("values")
    kinds = [s.get("type", "") for s in semantics.get("surfaces", [])]
    for _ in range(depth):
        boundaries = [face for shell in boundaries for face in shell]
        values = [v for shell in values for v in (shell or [])] if values else None
    for k, rings in enumerate(boundaries):
        index = values[k] if values and k < len(values) else None
        yield rings, kinds[index] if index is not None else ""
