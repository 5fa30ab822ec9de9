"""Charging stations in NOBIL's JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import geopandas as gpd

from layers.context import Context
from twin.crs import WGS84
from twin.errors import TwinError
from twin.registry import layer

__all__ = ["nobil"]

_POSITION = re.compile(r"\(?\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)?")


@layer(
    "nobil",
    title="Laddstationer",
    table="charging",
    licence="CC BY 4.0",
    source="NOBIL",
    provides={"charger_id": "", "points": "1"},
)
def nobil(context: Context, *, path: str) -> gpd.GeoDataFrame:
    """Read NOBIL's charging stations; the position is latitude, longitude.

    Parameters
    ----------
    context : Context
    path : str

    Returns
    -------
    GeoDataFrame
        One point a station, in WGS 84.

    Raises
    ------
    TwinError
        When the file is not NOBIL's JSON, or holds no stations.
    """
    file = context.path(path)
    try:
        stations = json.loads(file.read_text(encoding="utf-8"))["chargerstations"]
        rows = [_station(s["csmd"]) for s in stations]
    except (KeyError, TypeError, ValueError, json.JSONDecodeError) as error:
        raise TwinError(f"{path} is not NOBIL's JSON: {error}") from error
    if not rows:
        raise TwinError(f"{path} holds no stations")
    table = gpd.GeoDataFrame(rows)
    return gpd.GeoDataFrame(
        table.drop(columns=["lon", "lat"]), geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=WGS84
    )


def _station(about: dict[str, Any]) -> dict[str, Any]:
    found = _POSITION.search(str(about["Position"]))
    if not found:
        message = f"station {about['id']} has no position"
        raise ValueError(message)
    lat, lon = map(float, found.groups())
    points = max(int(about.get("Number_charging_points") or 1), 1)
    return {"charger_id": str(about["id"]), "name": about.get("name", ""), "points": points, "lat": lat, "lon": lon}
