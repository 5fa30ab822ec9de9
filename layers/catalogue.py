"""A folder with a ``city.toml`` becomes a City: every layer read, checked, completed and put into one coordinate system.

All problems of all layers are reported together; nothing is dropped in silence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from pydantic import BaseModel, ConfigDict, ValidationError

from layers.assembly import assemble
from layers.context import Context
from twin import crs as crs_rules
from twin import schema
from twin.city import City, Source
from twin.errors import PluginError, Problem, SchemaError, TwinError, did_you_mean
from twin.registry import LAYERS, LayerSpec
from twin.surface import Surface

__all__ = ["CitySettings", "load", "read_settings"]

Progress = Callable[[float, str], None]
_COMMON = ("use", "crs", "source", "licence", "title")  # keys of a layer that the core reads itself


class CitySettings(BaseModel):
    """The ``[city]`` part of ``city.toml``.

    Attributes
    ----------
    name : str
        Name of the city.
    crs : str
        Projected coordinate system of everything inside.
    base_year : int
        The year that the data describe.
    language : str
        ``"sv"`` or ``"en"``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    crs: str = "EPSG:3007"
    base_year: int = 2024
    language: str = "sv"


class _CityFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    city: CitySettings
    layers: dict[str, dict[str, Any]]


def read_settings(folder: str | Path) -> tuple[CitySettings, dict[str, dict[str, Any]]]:
    """Read ``city.toml``.

    Returns
    -------
    (CitySettings, dict)
        The city's settings, and the parameters of each layer by table name.

    Raises
    ------
    TwinError
        When the file is missing, is not TOML (with the line), or has unknown keys.
    """
    file = Path(folder) / "city.toml"
    if not file.is_file():
        raise TwinError(f"there is no city.toml in {folder}; a city is a folder with that file")
    try:
        text = file.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise TwinError(f"{file} is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise TwinError(f"{file} is not valid TOML: {error}") from error
    try:
        parsed = _CityFile(**raw)
    except (ValidationError, TypeError) as error:
        details = error.errors() if isinstance(error, ValidationError) else [{"loc": (), "msg": str(error)}]
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in details)
        raise TwinError(f"{file}: {lines}") from error
    if crs_rules.parse(parsed.city.crs).is_geographic:
        raise TwinError(
            f"{file}: the city's crs {parsed.city.crs} counts in degrees; choose a projected one such as EPSG:3007"
        )
    return parsed.city, parsed.layers


def load(folder: str | Path, data: str | Path | None = None, progress: Progress | None = None) -> City:
    """Read a city.

    Parameters
    ----------
    folder : path
        Folder with ``city.toml``.
    data : path, optional
        Folder where the layers' files lie instead of beside ``city.toml``.
    progress : callable, optional
        Told the share done and what is being read.

    Returns
    -------
    City
        With valid tables in the city's coordinate system.

    Raises
    ------
    TwinError
        One clear error; a :class:`~twin.errors.SchemaError` lists all problems of all layers.
    """
    settings, entries = read_settings(folder)
    root = Path(data or folder)
    if not root.is_dir():
        raise TwinError(f"there is no folder {root}")
    tell = progress or (lambda _share, _text: None)
    order = _in_order(entries)
    raw: dict[str, Any] = {}
    contexts: dict[str, Context] = {}
    problems: list[Problem] = []
    for done, table in enumerate(order):
        tell(done / (len(order) + 1), table)
        context = Context(table, settings.crs, root, str(entries[table].get("crs", "")), raw)
        contexts[table] = context
        try:
            raw[table] = _read(context, entries[table])
        except SchemaError as error:
            problems += error.problems
        except PluginError:
            raise
        except TwinError as error:
            problems.append(Problem(table, "", str(error).removeprefix(f"layer {table!r}: ")))
        problems += context.problems
    if problems:
        raise SchemaError(problems)
    tell(len(order) / (len(order) + 1), "")
    tables = {k: v for k, v in raw.items() if isinstance(v, pd.DataFrame)}
    surfaces = {k: v for k, v in raw.items() if isinstance(v, Surface)}
    notes = {k: c.notes for k, c in contexts.items()}
    tables = assemble(tables, surfaces, settings.crs, settings.base_year, notes)
    sources = {k: _source(c, entries[k], root) for k, c in contexts.items()}
    tell(1.0, "")
    return City(settings.name, settings.crs, tables, sources, settings.base_year, settings.language)


def _in_order(entries: dict[str, dict[str, Any]]) -> list[str]:
    """Return the layers so that what a layer requires comes before it."""
    graph: dict[str, set[str]] = {}
    for table, entry in entries.items():
        needs = {r.partition(".")[0] for r in _spec(table, entry).requires}
        if missing := sorted(needs - set(entries)):
            raise TwinError(f"layer {table!r} requires {', '.join(missing)}; add it to city.toml")
        graph[table] = needs
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise TwinError(f"layers require each other: {' -> '.join(error.args[1])}") from error


def _spec(table: str, entry: dict[str, Any]) -> LayerSpec:
    if "use" not in entry:
        raise TwinError(f'layer {table!r} names no driver; write use = "vector" or another{did_you_mean("", LAYERS)}')
    return LAYERS[str(entry["use"])]


def _read(context: Context, entry: dict[str, Any]) -> Any:
    """Run one driver and hold it to its promises."""
    table = context.table
    spec = _spec(table, entry)
    values = spec.check({k: v for k, v in entry.items() if k not in _COMMON}, f"layer {table!r}")
    context.declared_crs = context.declared_crs or spec.crs
    for need in spec.requires:
        layer, _, column = need.partition(".")
        if column and column not in context[layer]:
            raise TwinError(f"needs the column {need!r}, which that layer does not give")
    try:
        result = spec.function(context, **values)
    except TwinError:
        raise
    except Exception as error:
        if spec.function.__module__.startswith("layers."):
            raise
        raise PluginError(
            f"layer {table!r} of the plugin {spec.function.__module__} raised {type(error).__name__}: {error}"
        ) from error
    if isinstance(result, Surface):
        return result
    if not isinstance(result, pd.DataFrame):
        raise PluginError(f"layer {table!r}: {spec.name} must return a table or a Surface, not {type(result).__name__}")
    if missing := sorted(set(spec.provides) - set(result.columns)):
        raise PluginError(
            f"layer {table!r}: {spec.name} promised the columns {', '.join(missing)} but does not give them"
        )
    if result.empty:
        raise TwinError("the layer has no rows; check the file, its layer name and any filter")
    if isinstance(result, gpd.GeoDataFrame):
        result = _into_crs(result, context)
    attrs = result.attrs
    result = result.reset_index(drop=True)
    if table in schema.names():
        result, problems = schema.complete(result, table)
        context.problems += problems
        if not problems:
            context.problems += schema.find_problems(result, table)
    result.attrs = attrs
    return result


def _into_crs(table: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    """Put a table into the city's CRS; refuse coordinates that cannot be meant."""
    if table.crs is None:
        if not context.declared_crs:
            raise TwinError('the file states no coordinate system; add crs = "EPSG:..." to the layer in city.toml')
        table = table.set_crs(crs_rules.parse(context.declared_crs))
    source: pyproj.CRS = table.crs
    moved = table if source == crs_rules.parse(context.crs) else table.to_crs(context.crs)
    outside = _outside(moved.geometry.to_numpy(), context.crs)
    if not outside.any():
        return moved
    swapped = gpd.GeoSeries(
        shapely.transform(table.geometry.to_numpy()[outside], lambda xy: xy[:, ::-1]), crs=source
    ).to_crs(context.crs)
    if not _outside(swapped.to_numpy(), context.crs).any():
        rule = f"north and east are swapped: the coordinates only make sense the other way round in {source.to_string()}; export the file with the order east, north"
    else:
        rule = (
            f"coordinates lie outside the area where {context.crs} is used; the file's coordinate system {source.to_string()} "
            'is probably wrong: state the right one with crs = "EPSG:..." in city.toml'
        )
    first = int(np.flatnonzero(outside)[0])
    raise SchemaError([Problem(context.table, "geometry", rule, int(outside.sum()), f"row {first}")])


def _outside(shapes: Any, crs: str) -> Any:
    """Tell which shapes lie outside the CRS's area of use, with a margin of a fifth of its size."""
    west, south, east, north = crs_rules.plausible_bounds(crs)
    dx, dy = (east - west) / 5, (north - south) / 5
    b = shapely.bounds(shapes)
    empty = np.isnan(b).any(axis=1)
    inside = (b[:, 0] > west - dx) & (b[:, 2] < east + dx) & (b[:, 1] > south - dy) & (b[:, 3] < north + dy)
    return ~inside & ~empty


def _source(context: Context, entry: dict[str, Any], root: Path) -> Source:
    spec = _spec(context.table, entry)
    files = [f.relative_to(root.resolve()).as_posix() for f in context.files]
    return Source(
        layer=spec.name,
        title=str(entry.get("title", "")) or spec.title,
        path=", ".join(files),
        sha256=context.digest() if files else "",
        licence=str(entry.get("licence", "")) or spec.licence,
        source=str(entry.get("source", "")) or spec.source,
        notes=tuple(context.notes),
    )
