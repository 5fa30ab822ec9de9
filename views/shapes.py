"""The map's shapes as GeoJSON: they go to the browser once, by address; a change of year or scenario only names other colours."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

import energy
from twin import City, schema
from twin.crs import WGS84, transform
from views.language import Language
from views.legend import Legend

__all__ = ["Drawn", "MapData", "background", "features", "legends", "placed", "plugin_tables", "write_map"]

_GROUND = {
    "land": [238, 236, 231],
    "water": [186, 211, 226],
    "park": [214, 227, 205],
    "forest": [203, 219, 194],
    "industry": [228, 224, 222],
    "harbour": [226, 226, 228],
}
_KEPT_FILES = 48
_AROUND_M = 400.0  # least width of the land drawn around the city


@dataclass(frozen=True)
class MapData:
    """Where the map's shapes lie, and which column of a class array belongs to what.

    Attributes
    ----------
    addresses : dict of str to (str or dict)
        By table: the address of its GeoJSON, or the GeoJSON itself.
    columns : dict of (str, str, str, int) to int
        (table, indicator, scenario, year) to the place in a feature's array ``c``.
    """

    addresses: dict[str, Any]
    columns: dict[tuple[str, str, str, int], int]


def _coordinates(shapes: npt.NDArray[np.object_], crs: str) -> npt.NDArray[np.object_]:
    """Return shapes in longitude and latitude, to about 0.1 m."""
    moved: npt.NDArray[np.object_] = shapely.transform(shapes, lambda xy: np.round(transform(xy, crs, WGS84), 6))
    return moved


@dataclass(frozen=True)
class Drawn:
    """Shapes that carry their own colour ``f``, name ``n`` and description ``k``; lines a width ``w``, blocks a height ``h``.

    Attributes
    ----------
    name : str
    data : str or dict
        Address of their GeoJSON, or the GeoJSON itself.
    kind : str
        ``"areas"``, ``"lines"``, ``"blocks"`` or ``"points"``.
    told : bool
        Whether a pointer shows name and description.
    colour : tuple of int, optional
        Of all shapes, instead of their own.
    """

    name: str
    data: Any
    kind: str
    told: bool = True
    colour: tuple[int, ...] | None = None


def features(shapes: npt.NDArray[np.object_], crs: str, properties: list[dict[str, Any]]) -> dict[str, Any]:
    """Return shapes with their properties as GeoJSON, in longitude and latitude."""
    geometry = [json.loads(g) for g in shapely.to_geojson(_coordinates(shapes, crs))]
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": g, "properties": p} for g, p in zip(geometry, properties, strict=True)
        ],
    }


def legends(runs: Mapping[str, energy.Results]) -> dict[tuple[str, str], Legend]:
    """Return the legend of every (table, indicator): the same for all years and scenarios, so that maps compare."""
    first = next(iter(runs.values()))
    found = {}
    for indicator in energy.INDICATORS.values():
        for table in _mapped(indicator, first.city):
            values = np.concatenate(
                [r.values(indicator.id, table, y) for r in runs.values() for y in (r.years[0], r.years[-1])]
            )
            found[table, indicator.id] = Legend.of(values, indicator.unit, indicator.better)
    return found


def _mapped(indicator: energy.Indicator, city: City) -> list[str]:
    if indicator.hourly and "weather" not in city:
        return []
    return [
        t for t in indicator.tables if t in ("buildings", "roads", "grid_areas") and t in city and indicator.per_entity
    ]


def write_map(
    runs: Mapping[str, energy.Results], scales: Mapping[tuple[str, str], Legend], text: Language, folder: Path | None
) -> MapData:
    """Write the shapes of buildings, streets and grid areas with the classes of every indicator, scenario and year.

    Parameters
    ----------
    runs : mapping of str to Results
    scales : mapping of (str, str) to Legend
        From :func:`legends`.
    text : Language
        For names that a pointer shows.
    folder : Path, optional
        Folder that is served as ``app/static``; without one the shapes stay in memory.

    Returns
    -------
    MapData
    """
    city = next(iter(runs.values())).city
    columns: dict[tuple[str, str, str, int], int] = {}
    addresses: dict[str, Any] = {}
    for table in ("buildings", "roads", "grid_areas"):
        if table not in city:
            continue
        classes: list[npt.NDArray[np.int8]] = []
        for (of, indicator), scale in scales.items():
            if of != table:
                continue
            for name, results in runs.items():
                for year in results.years:
                    columns[table, indicator, name, year] = len(classes)
                    classes.append(scale.classes(results.values(indicator, table, year)))
        stacked = np.stack(classes, axis=1).tolist() if classes else [[] for _ in range(len(city[table]))]
        named = _named(city, table, text)
        properties = [{**p, "i": i, "c": c} for i, (p, c) in enumerate(zip(named, stacked, strict=True))]
        addresses[table] = placed(features(city[table].geometry.to_numpy(), city.crs, properties), folder)
    return MapData(addresses, columns)


def _named(city: City, table: str, text: Language) -> list[dict[str, Any]]:
    """Return what the pointer shows, and what the shape needs."""
    rows = city[table]
    if table == "buildings":
        label = rows["name"].fillna(rows["building_id"]).astype(str)
        kind = [text(f"uses.{u}") for u in rows["use"]]
        height = rows["height_m"].round(1)
        return [{"n": n, "k": k, "h": h} for n, k, h in zip(label, kind, height.tolist(), strict=True)]
    if table == "roads":
        label = rows["name"].fillna(rows["road_id"]).astype(str)
        kind = [text(f"road_classes.{c}") for c in rows["road_class"]]
        width = np.clip(rows["lanes"].fillna(1).to_numpy(float) * 3.5, 2, 30)
        return [{"n": n, "k": k, "w": w} for n, k, w in zip(label, kind, width.tolist(), strict=True)]
    label = rows["name"].fillna(rows["grid_area_id"]).astype(str)
    return [{"n": n, "k": text("grid_areas_word")} for n in label]


def placed(data: dict[str, Any], folder: Path | None) -> Any:
    """Write shapes beside the app under a name made of their content, and return their address."""
    if folder is None:
        return data
    content = json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()
    name = f"{hashlib.sha256(content).hexdigest()[:20]}.geojson"
    folder.mkdir(exist_ok=True)
    target = folder / name
    if target.exists():
        target.touch()  # in use: not among the oldest
    else:
        handle, part = tempfile.mkstemp(dir=folder, suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(part).chmod(0o644)
        Path(part).replace(target)
        for old in sorted(folder.glob("*.geojson"), key=lambda p: p.stat().st_mtime_ns)[:-_KEPT_FILES]:
            old.unlink(missing_ok=True)
    return f"app/static/{name}"


def background(city: City, folder: Path | None) -> dict[str, Any]:
    """Return the shapes that lie below and beside the results: ground, area borders, pipes, plugins' tables."""
    found: dict[str, Any] = {}
    west, south, east, north = city["buildings"].total_bounds
    margin = max(_AROUND_M, 0.6 * (east - west))
    around = shapely.box(west - margin, south - margin, east + margin, north + margin)
    found["land"] = placed(features(np.array([around]), city.crs, [{"f": _GROUND["land"], "n": "", "k": ""}]), folder)
    if "context" in city:
        table = city["context"]
        colours = [{"f": _GROUND[k], "n": "", "k": ""} for k in table["kind"].astype(str)]
        found["context"] = placed(features(table.geometry.to_numpy(), city.crs, colours), folder)
    if "areas" in city:
        table = city["areas"]
        names = [
            {"n": n, "k": "", "l": level}
            for n, level in zip(table["name"].astype(str), table["level"].astype(str), strict=True)
        ]
        found["areas"] = placed(features(table.geometry.to_numpy(), city.crs, names), folder)
    if "heat_pipes" in city:
        table = city["heat_pipes"]
        width = np.clip(table["diameter_mm"].fillna(150).to_numpy(float) / 60, 1.5, 12).round(1).tolist()
        pipes = [
            {"n": str(n), "k": str(k), "w": w}
            for n, k, w in zip(table["pipe_id"], table["pipe_kind"], width, strict=True)
        ]
        found["heat_pipes"] = placed(features(table.geometry.to_numpy(), city.crs, pipes), folder)
    for name in plugin_tables(city):
        table = city[name]
        own = [c for c in table.columns if c != "geometry" and table[c].dtype.kind in "if"]
        described = table[own[0]].round(1).astype(str) if own else [""] * len(table)
        rows = [{"n": city.sources[name].title if name in city.sources else name, "k": str(v)} for v in described]
        found[name] = placed(features(table.geometry.to_numpy(), city.crs, rows), folder)
    return found


def plugin_tables(city: City) -> list[str]:
    """Return the tables with shapes that are not the city's own: those that plugins add."""
    return [n for n in city if n not in schema.names() and isinstance(city[n], gpd.GeoDataFrame)]
