"""Vector files of every common kind become tables: one driver for GeoPackage, Shapefile, GeoJSON, FlatGeobuf, GeoParquet."""

from __future__ import annotations

import codecs
import difflib
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pyproj
import shapely

from layers.context import Context
from twin import crs as crs_rules
from twin import schema
from twin.errors import Problem, TwinError, did_you_mean
from twin.registry import layer

__all__ = ["read_csv", "read_vector", "rename_columns", "vector"]

_LARGEST_ARCHIVE_BYTES = 8_000_000_000
_JSON = (".geojson", ".json", ".geojsonl")


@layer("vector", title="Vektordata", licence="", source="")
def vector(
    context: Context,
    *,
    path: str,
    layer: str = "",
    encoding: str = "",
    columns: dict[str, str] | None = None,
    values: dict[str, dict[str, str]] | None = None,
    constants: dict[str, Any] | None = None,
    where: dict[str, list[Any]] | None = None,
    duplicate_ids: Literal["error", "number"] = "error",
) -> gpd.GeoDataFrame:
    """Read shapes with attributes from a GeoPackage, Shapefile (also zipped), GeoJSON, FlatGeobuf or GeoParquet file.

    Parameters
    ----------
    context : Context
    path, layer, encoding : str
        File, layer inside it, and text encoding where the file does not say.
    columns : dict
        Source column to column of the table.
    values : dict
        By column of the table: source value to value of the table.
    constants : dict
        Columns that have one value everywhere.
    where : dict
        Keep only rows whose source column has one of the values; how many are left out is noted.
    duplicate_ids : str
        ``"number"`` gives the second and later rows of an identity a suffix; otherwise they are an error.

    Returns
    -------
    GeoDataFrame
        In the file's coordinate system.

    Raises
    ------
    TwinError
        When the file can not be read, or a column that is named does not exist.
    """
    table = read_vector(context, path, layer, encoding)
    if where:
        table = _kept(table, where, context)
    table = rename_columns(table, columns or {}, context)
    for column, known in (values or {}).items():
        table[column] = _translated(table, column, known)
    table = _with_constants(table, constants or {})
    if duplicate_ids == "number":
        table = _numbered(table, context)
    return table


def read_vector(context: Context, path: str, layer: str = "", encoding: str = "") -> gpd.GeoDataFrame:
    """Return a file's shapes, flat, with unclosed rings closed and counted; its CRS set or stated.

    Raises
    ------
    TwinError
        When the file can not be read, has no rows, or has no coordinate system and none is stated.
    """
    file = context.path(path)
    encoding = _encoding(encoding)
    try:
        table = gpd.read_parquet(file) if file.suffix in (".parquet", ".geoparquet") else _read(file, layer, encoding)
        _check_text(table)
    except TwinError:
        raise
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        OSError,
        ValueError,
        pa.ArrowException,
    ) as error:
        # an older pandas is handed text that is not UTF-8, and says so in its own way
        wrapped = isinstance(error, pa.ArrowException) and "Wrapping" in str(error)
        if wrapped or isinstance(error, UnicodeDecodeError) or "utf8" in str(error).lower().replace("-", ""):
            raise TwinError(
                f'{path} is not UTF-8 text; state its encoding in city.toml, e.g. encoding = "latin-1"'
            ) from error
        why = re.split(r"[;\n]", str(error).replace(str(file), path))[0].rstrip(".")
        raise TwinError(
            f"{path} can not be read ({why}); it is damaged, or no GeoPackage, Shapefile, GeoJSON, FlatGeobuf or GeoParquet"
        ) from error
    if table.empty:
        raise TwinError(f"{path} has no rows")
    return _flat(_with_crs(table, path, context), context)


def _encoding(name: str) -> str:
    """Return a text encoding by the name that GDAL knows it by; it knows ISO-8859-1, but not latin-1."""
    if not name:
        return ""
    try:
        return codecs.lookup(name).name.replace("iso8859", "ISO-8859")
    except LookupError as error:
        raise TwinError(f"there is no text encoding {name!r}; write utf-8 or latin-1") from error


def _check_text(table: pd.DataFrame) -> None:
    """Raise a ValueError where text is not UTF-8: Arrow passes it on as it is."""
    for column in table.columns[table.dtypes == "str"]:
        pa.array(table[column]).validate(full=True)


def _read(file: Path, layer: str, encoding: str) -> gpd.GeoDataFrame:
    if file.suffix.lower() == ".zip":
        _check_archive(file)
    if layer:
        known = [str(n) for n in pyogrio.list_layers(file)[:, 0]]
        if layer not in known:
            raise TwinError(f"{file.name} has no layer {layer!r}{did_you_mean(layer, known)}")
    options: dict[str, Any] = {"layer": layer or None, "encoding": encoding or None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters is checked below and said in words
        content: Path | bytes = file
        if file.suffix.lower() in _JSON:  # GDAL would replace what is not UTF-8 without a word
            content = file.read_bytes().decode(encoding or "utf-8-sig").encode()
            options["encoding"] = None
        try:
            table = pyogrio.read_dataframe(content, use_arrow=not options["encoding"], **options)
        except shapely.errors.GEOSException:
            table = pyogrio.read_dataframe(content, use_arrow=False, on_invalid="fix", **options)
            table.attrs["closed"] = _with_open_rings(content, options)
    if not isinstance(table, gpd.GeoDataFrame):
        raise TwinError(f'{file.name} holds no shapes; read it with use = "csv" or name another layer')
    return table


def _check_archive(file: Path) -> None:
    """Refuse what is no archive, or would fill the memory when unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile as error:
        raise TwinError(f"{file.name} is no zip archive, or is damaged; pack it again") from error
    if size > _LARGEST_ARCHIVE_BYTES:
        raise TwinError(f"{file.name} holds {size / 1e9:.1f} GB; unpack it and name the file inside")


def _with_open_rings(file: Path | bytes, options: Mapping[str, Any]) -> int:
    """Return the number of shapes that can only be read by closing their rings."""
    _, _, wkb, _ = pyogrio.raw.read(file, columns=[], **options)
    unread = shapely.is_missing(shapely.from_wkb(wkb, on_invalid="ignore"))
    return int(np.count_nonzero(unread & np.array([w is not None for w in wkb])))


def _with_crs(table: gpd.GeoDataFrame, path: str, context: Context) -> gpd.GeoDataFrame:
    """Set the stated CRS where the file has none; refuse a contradiction."""
    stated = context.declared_crs
    if not stated:
        if table.crs is None:
            raise TwinError(f'{path} states no coordinate system; add crs = "EPSG:..." to the layer in city.toml')
        return table
    wanted = crs_rules.parse(stated)
    own = table.crs
    if own is None or own.to_epsg() is None:
        return table.set_crs(wanted, allow_override=True)
    if not own.equals(wanted, ignore_axis_order=True) and not _same_plane(own, wanted):
        raise TwinError(f"{path} says {own.to_string()}, but city.toml says {stated}; remove the wrong one")
    return table


def _same_plane(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Return whether two systems differ only in height."""
    return bool(one.to_2d() == other.to_2d())


def _flat(table: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    shapes = table.geometry.to_numpy()
    if closed := table.attrs.pop("closed", 0):
        context.note(f"{closed} shapes had rings that were not closed; they were closed")
        shapes = _without_slivers(shapes, context)
    if shapely.has_z(shapes).any():
        shapes = shapely.force_2d(shapes)
    table = table.set_geometry(gpd.GeoSeries(shapes, index=table.index, crs=table.crs))
    if table.geometry.name != "geometry":
        table = table.rename_geometry("geometry")
    return table


def _without_slivers(shapes: Any, context: Context) -> Any:
    """Drop rings of two corners, which hold no area; what is left may be empty, which the table's rules tell."""
    found = np.array([str(reason).startswith("Too few points") for reason in shapely.is_valid_reason(shapes)], bool)
    if not found.any():
        return shapes
    context.note(f"{int(found.sum())} shapes had rings of too few corners to hold an area; those rings were left out")
    mended = np.array(shapes, object)
    mended[found] = shapely.make_valid(mended[found], method="structure", keep_collapsed=False)
    return mended


def _kept(table: gpd.GeoDataFrame, where: Mapping[str, list[Any]], context: Context) -> gpd.GeoDataFrame:
    keep = np.ones(len(table), bool)
    for column, wanted in where.items():
        if column not in table:
            raise TwinError(f"where names an unknown column {column!r}{did_you_mean(column, table.columns)}")
        keep &= table[column].isin(wanted).to_numpy()
    if not keep.all():
        context.note(f"{int((~keep).sum())} of {len(keep)} rows were left out by where")
    return table[keep].reset_index(drop=True)


def rename_columns(table: Any, columns: Mapping[str, str], context: Context) -> Any:
    """Return the table with its columns renamed; a target that is there already is replaced.

    Raises
    ------
    TwinError
        When a source column does not exist.
    """
    unknown = [c for c in columns if c not in table.columns]
    if unknown:
        raise TwinError(
            "; ".join(f"columns names an unknown column {c!r}{did_you_mean(c, table.columns)}" for c in unknown)
        )
    replaced = [new for old, new in columns.items() if new in table.columns and new != old and new not in columns]
    if replaced:
        context.note(f"{', '.join(replaced)} of the file replaced as city.toml says")
    if context.table in schema.names():
        known = schema.columns_of(context.table)
        for new in columns.values():
            if new not in known and (near := difflib.get_close_matches(new, known, 1, cutoff=0.8)):
                context.note(
                    f"{new} is no column of {context.table} and is not calculated with; did you mean {near[0]}?"
                )
    return table.drop(columns=replaced).rename(columns=dict(columns))


def _translated(table: pd.DataFrame, column: str, known: Mapping[str, str]) -> pd.Series:
    if column not in table:
        raise TwinError(f"values names an unknown column {column!r}{did_you_mean(column, table.columns)}")
    text = table[column].astype("str").where(table[column].notna(), None)
    return text.map(lambda v: known.get(v, v), na_action="ignore")


def _with_constants(table: Any, constants: Mapping[str, Any]) -> Any:
    """Return the table with columns that have one value everywhere."""
    if several := [c for c, value in constants.items() if isinstance(value, list | dict)]:
        raise TwinError(f"constants gives {', '.join(several)} several values; a constant is one number or text")
    return table.assign(**constants)


def _numbered(table: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    """Give repeated identities a suffix in the order of the file."""
    column = next((c for c in table.columns if str(c).endswith("_id")), None)
    if column is None:
        raise TwinError("duplicate_ids needs an identity column; map one with columns")
    again = table.groupby(column, dropna=False).cumcount()
    repeated = int((again > 0).sum())
    if repeated:
        context.note(f"{repeated} rows repeat an identity and got a number after it")
    ids = table[column].astype("str")
    return table.assign(**{column: ids.where(again == 0, ids + "-" + (again + 1).astype("str"))})


@layer("csv", title="Tabell")
def read_csv(
    context: Context,
    *,
    path: str,
    columns: dict[str, str] | None = None,
    constants: dict[str, Any] | None = None,
    encoding: str = "utf-8",
    x: str = "",
    y: str = "",
) -> pd.DataFrame:
    """Read a table from a CSV file (comma, dot, UTF-8), with points where `x` and `y` name columns.

    Parameters
    ----------
    context : Context
    path, encoding : str
        File and its text encoding.
    columns, constants : dict
        As for ``vector``.
    x, y : str
        Columns of east and north (or longitude and latitude).

    Returns
    -------
    DataFrame, or GeoDataFrame of points with `x` and `y`

    Raises
    ------
    TwinError
        When the file is not such a table, or a column does not exist.
    """
    file = context.path(path)
    encoding = _encoding(encoding)
    try:
        table = pd.read_csv(file, encoding=encoding)
    except UnicodeError as error:
        raise TwinError(f"{path} is not {encoding} text; save it as UTF-8 or state its encoding") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise TwinError(f"{path} is not a table with commas: {error}") from error
    if len(table.columns) == 1 and ";" in str(table.columns[0]):
        raise TwinError(f"{path} is separated by semicolons; save it with commas between columns and a decimal point")
    if not isinstance(table.index, pd.RangeIndex):
        raise TwinError(
            f"{path} has more cells in its rows than columns in its first line; write a decimal point, not a comma"
        )
    table = _with_constants(rename_columns(table, columns or {}, context), constants or {})
    if not x and not y:
        return table
    if not (x and y):
        raise TwinError("x and y belong together; name the columns of both")
    if missing := [c for c in (x, y) if c not in table]:
        raise TwinError(f"{path} has no column {', '.join(missing)}{did_you_mean(missing[0], table.columns)}")
    east, north = (_coordinates(table[c], c, context) for c in (x, y))
    crs = crs_rules.parse(context.declared_crs) if context.declared_crs else None
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(east, north), crs=crs)


def _coordinates(values: pd.Series, column: str, context: Context) -> pd.Series:
    """Return a column of coordinates as numbers; what is none, or blank, is reported."""
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna()
    if bad.any():
        first = values[bad].iloc[0]
        what = "is blank" if pd.isna(first) else f"{first!r} is not a number; write a decimal point, not a comma"
        row = f"row {int(np.flatnonzero(bad)[0])}"
        context.problem(Problem(context.table, column, what, int(bad.sum()), row))
    return numbers
