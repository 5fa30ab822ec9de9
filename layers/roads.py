"""Streets from OpenStreetMap, Lantmäteriet and NVDB."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.codes import osm_tag, road_class_of
from layers.context import Context
from layers.vector import read_vector, rename_columns
from twin.errors import Problem, TwinError, did_you_mean
from twin.registry import layer

__all__ = ["lantmateriet_roads", "nvdb_roads", "osm_roads"]

_NOT_IN_USE = ("construction", "proposed", "planned", "abandoned", "razed", "disused")


def _classified(table: gpd.GeoDataFrame, column: str, scheme: str, context: Context) -> pd.Series:
    if column not in table:
        raise TwinError(f"the file has no column {column!r}{did_you_mean(column, table.columns)}")
    found = road_class_of(table[column], scheme)
    unknown = found.isna()
    if unknown.any():
        values = ", ".join(map(str, table.loc[unknown, column].unique()[:5]))
        rule = f"no class of road is known for {values}; add it with columns and values, or leave the rows out"
        context.problem(
            Problem(context.table, "road_class", rule, int(unknown.sum()), f"row {int(np.flatnonzero(unknown)[0])}")
        )
    return found.fillna("service")  # reported above; a blank would be reported again


def _open_streets(table: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    """Leave out the lines of an extract that are no streets, and streets that are not built or not there any more."""
    for words, gone in (
        ("lines without a highway tag", table["highway"].isna()),
        ("streets that are not in use", table["highway"].isin(_NOT_IN_USE)),
    ):
        if gone.any():
            context.note(f"{int(gone.sum())} {words} were left out")
    return table[table["highway"].notna() & ~table["highway"].isin(_NOT_IN_USE)].reset_index(drop=True)


def _without_areas(table: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    lines = table.geom_type.isin(["LineString", "MultiLineString"]).to_numpy(bool)
    if not lines.all():
        context.note(f"{int((~lines).sum())} shapes that are not lines were left out")
    return table[lines].reset_index(drop=True)


def _finished(
    table: gpd.GeoDataFrame, road_class: pd.Series, columns: Mapping[str, str] | None, context: Context, prefix: str
) -> gpd.GeoDataFrame:
    table = rename_columns(table.assign(road_class=road_class), columns or {}, context)
    if "road_id" not in table:
        table["road_id"] = [f"{prefix}{i + 1}" for i in range(len(table))]
    walked = table["road_class"] == "pedestrian_cycle"
    if "aadt" not in table:
        table["aadt"] = np.nan
    table["aadt"] = table["aadt"].where(~(walked & table["aadt"].isna()), 0.0)  # no motor traffic is known, not guessed
    return table


@layer(
    "osm_roads",
    title="Gator ur OpenStreetMap",
    table="roads",
    licence="ODbL 1.0",
    source="OpenStreetMap",
    provides={"road_class": ""},
)
def osm_roads(
    context: Context, *, path: str, layer: str = "", columns: dict[str, str] | None = None
) -> gpd.GeoDataFrame:
    """Read streets with OpenStreetMap's highway tag; maxspeed, lanes and name where there are any.

    Parameters
    ----------
    context : Context
    path, layer : str
    columns : dict
        Further source columns to columns of the table.

    Returns
    -------
    GeoDataFrame
        Lines with road_id, road_class, posted_speed_kmh [km/h], lanes, tunnel; aadt is 0 where no car may drive.

    Raises
    ------
    TwinError
        When the file can not be read or lacks a column that is needed.
    """
    table = _without_areas(read_vector(context, path, layer), context)
    if "highway" in table:
        table = _open_streets(table, context)
    found = _classified(table, "highway", "osm", context)
    for tag, column in (("maxspeed", "posted_speed_kmh"), ("lanes", "lanes")):
        table[column] = pd.to_numeric(osm_tag(table, tag).str.extract(r"^(\d+)", expand=False), errors="coerce")
    tunnel = osm_tag(table, "tunnel")
    table["tunnel"] = tunnel.notna() & (tunnel != "no")
    return _finished(table, found, columns, context, "osm-")


@layer(
    "lantmateriet_roads",
    title="Vägar ur Lantmäteriets vägkarta",
    table="roads",
    source="Lantmäteriet",
    provides={"road_class": ""},
)
def lantmateriet_roads(
    context: Context, *, path: str, layer: str = "", columns: dict[str, str] | None = None
) -> gpd.GeoDataFrame:
    """Read roads with Lantmäteriet's KKOD; 58xx is the same class in a tunnel or underpass.

    Parameters
    ----------
    context : Context
    path, layer : str
    columns : dict
        Further source columns to columns of the table.

    Returns
    -------
    GeoDataFrame
        Lines with road_id, road_class, tunnel.

    Raises
    ------
    TwinError
        When the file can not be read or lacks a column that is needed.
    """
    table = _without_areas(read_vector(context, path, layer), context)
    if "KKOD" not in table:
        raise TwinError(f"the file has no column 'KKOD'{did_you_mean('KKOD', table.columns)}")
    code = pd.to_numeric(table["KKOD"], errors="coerce")
    below = (code // 100 == 58).to_numpy(bool)
    table = table.assign(tunnel=below, _kkod=code.where(~below, code - 800))
    found = _classified(table, "_kkod", "kkod", context)
    return _finished(table.drop(columns="_kkod"), found, columns, context, "lm-")


@layer(
    "nvdb_roads",
    title="Vägar ur NVDB",
    table="roads",
    licence="CC0",
    source="Trafikverket, NVDB",
    provides={"road_class": ""},
)
def nvdb_roads(
    context: Context,
    *,
    path: str,
    network: str = "NVDB_DK_O_88_Vagtrafiknat",
    function: str = "NVDB_DK_O_38_FunkVagklass",
    speed: str = "NVDB_DK_O_48_Hastighetsgrans",
) -> gpd.GeoDataFrame:
    """Read NVDB's car network with functional class and speed limit.

    The classed stretches are the roads; each takes the speed limit that runs along the longest part of it.

    Parameters
    ----------
    context : Context
    path : str
    network, function, speed : str
        Names of the layers.

    Returns
    -------
    GeoDataFrame
        Lines with road_id, road_class, posted_speed_kmh [km/h].

    Raises
    ------
    TwinError
        When a layer or a column is missing.
    """
    roads = _without_areas(read_vector(context, path, function), context)
    limits = _without_areas(read_vector(context, path, speed), context)
    whole = read_vector(context, path, network)
    roads = _current(roads, context)
    found = _classified(roads, _column(roads, "Klass"), "funkvagklass", context)
    limit_column = _column(limits, "Hogsta_tillatna_hastighet")
    limits = limits.assign(
        limit_kmh=pd.to_numeric(limits[limit_column].astype("str").str.replace(",", "."), errors="coerce")
    )
    pieces = gpd.overlay(
        gpd.GeoDataFrame({"row": np.arange(len(roads))}, geometry=roads.geometry.buffer(0.5), crs=roads.crs),
        limits[["limit_kmh", "geometry"]],
        keep_geom_type=False,
    )
    longest = pieces.assign(length=pieces.length).sort_values("length").groupby("row")["limit_kmh"].last()
    roads["posted_speed_kmh"] = longest.reindex(np.arange(len(roads))).to_numpy(float)
    left = whole.length.sum() - roads.length.sum()
    if left > 1:
        context.note(
            f"{left / 1000:.1f} km of the network has no functional class (paths and cycle ways) and was left out"
        )
    return _finished(roads, found, None, context, "nvdb-")


def _current(table: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    """Keep the stretches that are valid today (VALID_TO 9999-12-31 or blank)."""
    column = next((c for c in table.columns if c.upper() == "VALID_TO"), None)
    if column is None:
        return table
    open_ended = (
        pd.to_numeric(table[column].astype("str").str.replace("-", "").str[:8], errors="coerce").fillna(99991231)
        >= 99990000
    )
    if not open_ended.all() and open_ended.any():
        context.note(f"{int((~open_ended).sum())} stretches are no longer valid and were left out")
        return table[open_ended].reset_index(drop=True)
    return table


def _column(table: gpd.GeoDataFrame, name: str) -> str:
    for column in table.columns:
        if str(column).split(".")[-1].lower() == name.lower():
            return str(column)
    raise TwinError(f"the layer has no column {name!r}{did_you_mean(name, table.columns)}")
