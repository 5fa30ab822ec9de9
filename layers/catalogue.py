"""A folder with a ``city.toml`` becomes a City: every layer read, checked, completed and put into one coordinate system.

All problems of all layers are reported together; nothing is dropped in silence.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from pydantic import BaseModel, ConfigDict, Field, ValidationError

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
_SURFACES = ("terrain", "surface", "mesh")  # layers that are heights, not tables
_COMMON = ("use", "crs", "invalid", "source", "licence", "title")  # keys of a layer that the core reads itself


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

    Raises
    ------
    ValidationError
        For an unknown key, a year outside 1990 to 2100, or another language.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    crs: str = "EPSG:3007"
    base_year: int = Field(2024, ge=1990, le=2100)
    language: Literal["sv", "en"] = "sv"


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
        raise TwinError(f"{file}: " + "; ".join(map(_in_words, details))) from error
    if not crs_rules.parse(parsed.city.crs).is_projected:
        raise TwinError(
            f"{file}: the city's crs {parsed.city.crs} does not count in metres east and north; "
            "choose a projected one such as EPSG:3007"
        )
    return parsed.city, parsed.layers


def _in_words(error: Mapping[str, Any]) -> str:
    """Return what is wrong with a key of ``city.toml``, and where."""
    place = [str(p) for p in error["loc"]]
    known = CitySettings.model_fields if place[:1] == ["city"] and len(place) > 1 else _CityFile.model_fields
    text = {
        "extra_forbidden": f"unknown key{did_you_mean(place[-1] if place else '', known)}",
        "missing": "is missing; write it",
    }.get(str(error.get("type")), str(error["msg"]))
    return f"{'.'.join(place)}: {text}"


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
    problems: list[Problem] = []
    for table, entry in entries.items():
        try:
            spec = _spec(entry)
        except TwinError as error:
            problems.append(Problem(table, "", str(error)))
            continue
        needs = {r.partition(".")[0] for r in spec.requires}
        if missing := sorted(needs - set(entries)):
            problems.append(Problem(table, "", f"requires {', '.join(missing)}; add it to city.toml"))
        if misnamed := _misnamed(table, spec):
            problems.append(Problem(table, "", misnamed))
        graph[table] = needs
    if problems:
        raise SchemaError(problems)
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise TwinError(f"layers require each other: {' -> '.join(error.args[1])}") from error


def _spec(entry: dict[str, Any]) -> LayerSpec:
    if "use" not in entry:
        raise TwinError(f'names no driver; write use = "vector" or another{did_you_mean("", LAYERS)}')
    return LAYERS[str(entry["use"])]


def _misnamed(table: str, spec: LayerSpec) -> str:
    """Tell when a layer's name would keep its data out of the calculation; blank otherwise."""
    if spec.table and spec.table != table and spec.table in schema.names():
        return f"use = {spec.name!r} gives the table {spec.table}; call the layer [layers.{spec.table}]"
    known = (*schema.names(), *_SURFACES)
    near = difflib.get_close_matches(table, known, 1, cutoff=0.85)
    if table not in known and near and spec.table in ("", *known):
        return f"is no table that is calculated with; did you mean [layers.{near[0]}]? Else give it a name of its own"
    return ""


def _read(context: Context, entry: dict[str, Any]) -> Any:
    """Run one driver and hold it to its promises."""
    table = context.table
    spec = _spec(entry)
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
    _check_kind(result, context, spec)
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
        result = _mended(_into_crs(result, context), entry.get("invalid", "error"), context)
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


def _mended(table: gpd.GeoDataFrame, invalid: Any, context: Context) -> gpd.GeoDataFrame:
    """Repair outlines that cross themselves, where ``city.toml`` asks for it; otherwise they are an error."""
    if invalid not in ("error", "repair"):
        raise TwinError(f'invalid = {invalid!r} is not possible; write "error" or "repair"')
    if invalid == "error":
        return table
    shapes = table.geometry.to_numpy()
    broken = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    if not broken.any():
        return table
    mended = np.array(shapes, object)
    mended[broken] = shapely.make_valid(mended[broken], method="structure", keep_collapsed=False)
    change = float((shapely.area(mended[broken]) - shapely.area(shapes[broken])).sum())
    context.note(
        f"{int(broken.sum())} shapes were not valid and were repaired, which changed their area by {change:+.0f} m2"
    )
    return table.set_geometry(gpd.GeoSeries(mended, index=table.index, crs=table.crs))


def _check_kind(result: Any, context: Context, spec: LayerSpec) -> None:
    """Refuse heights where a table is meant, a table where heights are, and heights in the wrong place."""
    if isinstance(result, Surface):
        if context.table in schema.names():
            raise TwinError(f"{spec.name!r} gives heights, not a table; call it [layers.terrain], surface or mesh")
        _check_place(result, context)
    elif context.table in _SURFACES and isinstance(result, pd.DataFrame):
        raise TwinError(f'must be heights, but {spec.name!r} gives a table; write use = "geotiff" or "mesh"')


def _check_place(surface: Surface, context: Context) -> None:
    """Refuse heights that lie where the city's CRS is not used."""
    rows, columns = surface.z.shape
    east, south = surface.west + columns * surface.cell, surface.north - rows * surface.cell
    frame = gpd.GeoSeries([shapely.box(surface.west, south, east, surface.north)], crs=crs_rules.parse(surface.crs))
    if _outside(frame.to_crs(context.crs).to_numpy(), context.crs).any():
        raise TwinError(
            f"the heights lie outside the area where {context.crs} is used; the coordinate system {surface.crs} is "
            "probably wrong, or north and east are swapped"
        )


def _outside(shapes: Any, crs: str) -> Any:
    """Tell which shapes lie outside the CRS's area of use, with a margin of a fifth of its size."""
    west, south, east, north = crs_rules.plausible_bounds(crs)
    dx, dy = (east - west) / 5, (north - south) / 5
    b = shapely.bounds(shapes)
    empty = np.isnan(b).any(axis=1)
    inside = (b[:, 0] > west - dx) & (b[:, 2] < east + dx) & (b[:, 1] > south - dy) & (b[:, 3] < north + dy)
    return ~inside & ~empty


def _source(context: Context, entry: dict[str, Any], root: Path) -> Source:
    spec = _spec(entry)
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
