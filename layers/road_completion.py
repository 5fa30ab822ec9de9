"""What streets lack is filled by their class: speed, lanes, traffic with a wide range, and the mix of vehicles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.terrain import slopes
from twin import reference, schema
from twin.surface import Surface

__all__ = ["complete_roads"]


def complete_roads(
    roads: gpd.GeoDataFrame, *, crs: str, terrain: Surface | None, f: Mapping[str, float]
) -> tuple[dict[str, Any], list[str]]:
    """Fill speed, lanes, traffic, vehicle shares and slope.

    Parameters
    ----------
    roads : GeoDataFrame (n rows)
    crs : str
        Of the roads.
    terrain : Surface, optional
        The ground, for slopes.
    f : mapping
        Factors ``road.*``.

    Returns
    -------
    (dict of Series, list of str)
        New columns, and notes on what was filled.
    """
    usual = (
        reference.table("road_classes")
        .set_index("road_class")
        .loc[roads["road_class"].astype(object)]
        .reset_index(drop=True)
    )
    usual.index = roads.index
    counted = roads["aadt"].notna()
    out: dict[str, Any] = {
        "posted_speed_kmh": roads["posted_speed_kmh"].fillna(usual["posted_speed_kmh"].astype(float)),
        "speed_source": _source(roads, "speed_source", np.where(roads["posted_speed_kmh"].notna(), "data", "class")),
        "lanes": roads["lanes"].fillna(usual["lanes"].astype(float)),
        "aadt": roads["aadt"].fillna(usual["aadt"].astype(float)),
        "aadt_source": _source(roads, "aadt_source", np.where(counted, "count", "class")),
        "aadt_cv": roads["aadt_cv"].fillna(pd.Series(np.where(counted, 0.1, usual["aadt_cv"]), index=roads.index)),
        "van_share": roads["van_share"].fillna(f["road.van_share"]),
        "heavy_vehicle_share": roads["heavy_vehicle_share"].fillna(f["road.heavy_vehicle_share"]),
        "bus_share": roads["bus_share"].fillna(f["road.bus_share"]),
    }
    if terrain is not None:
        measured = slopes(roads.geometry.to_numpy(), terrain, crs, f)
        out["slope"] = roads["slope"].where(roads["slope"] != 0, pd.Series(measured, index=roads.index))
    guessed = int((~counted & (roads["road_class"] != "pedestrian_cycle")).sum())
    notes = (
        [f"traffic of {guessed} of {len(roads)} streets is taken from their class, with a wide range"]
        if guessed
        else []
    )
    return out, notes


def _source(roads: gpd.GeoDataFrame, column: str, values: Any) -> pd.Series:
    known = schema.spec("roads").loc[column, "categories"].split("|")
    text = roads[column].astype(object).fillna(pd.Series(values, index=roads.index, dtype=object))
    return pd.Series(pd.Categorical(text, categories=known), index=roads.index)
