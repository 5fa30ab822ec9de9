"""What a plan does in each building and street: tables and sums by area for the maps and the tables beside them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate_plans.portfolio import Portfolio
from views.language import Language

__all__ = ["APART", "apart", "by_area", "contribution", "entities"]

Floats = npt.NDArray[np.float64]
APART = ("worse", "better")
_LEAST_KG = 1e-6  # what summation leaves of a zero
_SEEN_KG = 1.0  # a change that counts as one


def entities(p: Portfolio) -> gpd.GeoDataFrame:
    """Return buildings, then streets: table, id, label, area_id, height_m, width_m and their shapes."""
    city, made = p.plan.city, []
    for table, identity in (("buildings", "building_id"), ("roads", "road_id")):
        if table not in city:
            continue
        rows = city[table]
        houses = table == "buildings"
        about = {
            "table": table,
            "id": rows[identity].astype(str).to_numpy(object),
            "label": rows["name"].fillna(rows[identity]).astype(str).to_numpy(object),
            "area_id": rows["area_id"].astype(object).to_numpy(),
            "height_m": rows["height_m"].fillna(3.0).to_numpy(float) if houses else 0.0,
            "width_m": 0.0 if houses else np.clip(rows["lanes"].fillna(1).to_numpy(float) * 5.0, 5.0, 30.0),
        }
        made.append(gpd.GeoDataFrame(about, geometry=rows.geometry.to_numpy(), crs=city.crs))
    return gpd.GeoDataFrame(pd.concat(made, ignore_index=True), crs=city.crs)


def contribution(p: Portfolio, measure: str) -> gpd.GeoDataFrame:
    """Return what a measure reduces in each building and street in the last year, `share_kg`; all that it touches."""
    table = entities(p).assign(share_kg=p.maps[measure])
    return table[np.abs(table["share_kg"]) > _LEAST_KG].reset_index(drop=True)


def apart(p: Portfolio, year: int) -> gpd.GeoDataFrame:
    """Return the buildings and streets where the plan lowers one account and raises the other.

    Returns
    -------
    GeoDataFrame
        `territorial_kg` and `marginal_kg` (with the plan minus without) and `kind`: ``worse`` at the margin, or ``better``.
    """
    table = entities(p)
    for account in ("territorial", "marginal"):
        column = f"co2e_{account}_kg"
        table[f"{account}_kg"] = np.concatenate(
            [
                p.plan.at(t, year)[column].to_numpy(float) - p.baseline.at(t, year)[column].to_numpy(float)
                for t in ("buildings", "roads")
                if t in p.plan.city
            ]
        )
    ours, theirs = table["territorial_kg"], table["marginal_kg"]
    seen = (ours.abs() > _SEEN_KG) & (theirs.abs() > _SEEN_KG) & (np.sign(ours) != np.sign(theirs))
    return table.assign(kind=np.where(theirs > 0, *APART))[seen].reset_index(drop=True)


def by_area(p: Portfolio, table: pd.DataFrame, sums: dict[str, str], text: Language) -> pd.DataFrame:
    """Return sums [t] by area with a count, the largest first; they add up to all rows of the table.

    Parameters
    ----------
    p : Portfolio
    table : DataFrame
        From :func:`contribution` or :func:`apart`.
    sums : dict of str to str
        Columns [kg] with the titles of their sums.
    text : Language
    """
    names: dict[object, str] = {}
    if "areas" in p.plan.city:
        areas = p.plan.city["areas"]
        names = dict(zip(areas["area_id"], areas["name"].astype(str), strict=True))
    place = table["area_id"].map(names).fillna(text("outside_name"))
    grouped = table.groupby(place.to_numpy(object), sort=True)
    made = grouped[list(sums)].sum() / 1000
    first = next(iter(sums))
    made = made.assign(count=grouped.size())
    made = made.iloc[np.argsort(-made[first].abs().to_numpy(), kind="stable")]
    return made.rename_axis("area").reset_index()
