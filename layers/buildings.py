"""Buildings of Lantmäteriet and OpenStreetMap: footprints with a purpose code."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from layers.codes import osm_tag, use_of
from layers.context import Context
from layers.vector import read_vector, rename_columns
from twin.errors import TwinError
from twin.registry import layer

__all__ = ["lantmateriet_buildings", "osm_buildings"]

_IDENTITY = ("objektidentitet", "OBJEKT_ID", "objekt_id", "uuid")
_PURPOSE = ("andamal1", "ANDAMAL_1", "andamal_1")


@layer(
    "lantmateriet_buildings",
    title="Byggnader ur Lantmäteriet",
    table="buildings",
    source="Lantmäteriet",
    provides={"building_id": "", "use": ""},
)
def lantmateriet_buildings(
    context: Context, *, path: str, layer: str = "", columns: dict[str, str] | None = None
) -> gpd.GeoDataFrame:
    """Read footprints with purpose (ändamål), as numbers or as text.

    One register object may consist of several footprints; the second and later ones get a number after the identity.

    Parameters
    ----------
    context : Context
    path, layer : str
    columns : dict
        Further source columns to columns of the table.

    Returns
    -------
    GeoDataFrame
        Footprints with building_id, use and use_source.

    Raises
    ------
    TwinError
        When the file can not be read or lacks a column that is needed.
    """
    table = read_vector(context, path, layer)
    identity = next((c for c in _IDENTITY if c in table), None)
    purpose = next((c for c in _PURPOSE if c in table), None)
    if identity is None or purpose is None:
        raise TwinError(f"{path} has no identity ({', '.join(_IDENTITY)}) or no purpose ({', '.join(_PURPOSE)})")
    again = table.groupby(identity).cumcount()
    if (again > 0).any():
        context.note(
            f"{int((again > 0).sum())} footprints are further parts of a register object and got a number after its identity"
        )
    ids = table[identity].astype("str")
    table["building_id"] = ids.where(again == 0, ids + "-" + (again + 1).astype("str"))
    return _with_use(rename_columns(table, columns or {}, context), purpose, "lantmateriet", context)


@layer(
    "osm_buildings",
    title="Byggnader ur OpenStreetMap",
    table="buildings",
    licence="ODbL 1.0",
    source="OpenStreetMap",
    provides={"building_id": "", "use": ""},
)
def osm_buildings(
    context: Context, *, path: str, layer: str = "", identity: str = "osm_id", columns: dict[str, str] | None = None
) -> gpd.GeoDataFrame:
    """Read footprints with OpenStreetMap's building tag; height and levels where there are any.

    Parameters
    ----------
    context : Context
    path, layer : str
    identity : str
        Column with the identity. Where it is blank, as for GDAL's outlines that are ways, `osm_way_id` is taken.
    columns : dict
        Further source columns to columns of the table.

    Returns
    -------
    GeoDataFrame
        Footprints with building_id, use, use_source, and height_m [m] and storeys where they are tagged.

    Raises
    ------
    TwinError
        When the file can not be read or lacks a column that is needed.
    """
    table = read_vector(context, path, layer)
    shapes = (table.geom_type.isin(["Polygon", "MultiPolygon"]) & ~table.geometry.is_empty).to_numpy(bool)
    if not shapes.all():
        context.note(f"{int((~shapes).sum())} shapes that are not areas were left out")
        table = table[shapes].reset_index(drop=True)
    if identity not in table or "building" not in table:
        raise TwinError(f"{path} lacks the column {identity if identity not in table else 'building'!r}")
    built = (table["building"].notna() & (table["building"] != "no")).to_numpy(bool)
    if not built.all():
        context.note(f"{int((~built).sum())} areas without a building tag were left out")
        table = table[built].reset_index(drop=True)
    table["building_id"] = table[identity].astype("str").where(table[identity].notna(), None)
    if "osm_way_id" in table:
        table["building_id"] = table["building_id"].fillna("way-" + table["osm_way_id"].astype("str"))
    for column, tags in (("height_m", ("height",)), ("storeys", ("building:levels", "building_levels"))):
        number = [
            pd.to_numeric(osm_tag(table, t).str.extract(r"^(\d+\.?\d*)", expand=False), errors="coerce") for t in tags
        ]
        table[column] = number[0].fillna(number[-1])
    return _with_use(rename_columns(table, columns or {}, context), "building", "osm", context)


def _with_use(table: gpd.GeoDataFrame, column: str, scheme: str, context: Context) -> gpd.GeoDataFrame:
    use = use_of(table[column], scheme)
    unknown = use.isna() & table[column].notna()
    if unknown.any():
        context.note(
            f"{int(unknown.sum())} buildings have a purpose that is not in the table of codes, first: {table.loc[unknown, column].iloc[0]}"
        )
    source = pd.Series("code", index=table.index).where(use.notna(), None)
    return table.assign(use=use, use_source=source)
