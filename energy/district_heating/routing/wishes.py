"""What a planner wishes of a heat network, and what is wrong with the wishes and the data, told all at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from energy.district_heating.hydraulics.pipes import Catalogue
from energy.district_heating.routing.streets import Rules, StreetGraph
from twin.errors import Problem

__all__ = ["Wishes", "out_of_reach", "problems"]


@dataclass(frozen=True)
class Wishes:
    """What the planner decides about a network.

    Attributes
    ----------
    connect : str
        ``"paying"``: the buildings that it is worth it for; ``"all"``: everyone within reach.
    forced, forbidden : collection of str
        Buildings (building_id) that are joined, or not, whatever it costs.
    forbidden_streets : collection
        Streets (row labels of the table) in which no pipe may be laid.
    heat_price_sek_kwh : float, optional
        What a delivered kWh brings; that of the factors without [SEK/kWh].
    setting : str
        Where pipes are laid if the streets have no column `setting`: ``"inner_city"`` or ``"suburb"``.
    phases : int
    seconds : float
        For a proof of the best network, where it is small enough; none without [s].
    seed : int
    """

    connect: Literal["paying", "all"] = "paying"
    forced: Collection[str] = ()
    forbidden: Collection[str] = ()
    forbidden_streets: Collection[Any] = ()
    heat_price_sek_kwh: float | None = None
    setting: str = "inner_city"
    phases: int = 3
    seconds: float = 0.0
    seed: int = 0


def problems(
    streets: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, plants: gpd.GeoSeries, wishes: Wishes, catalogue: Catalogue
) -> list[Problem]:
    """Return what is wrong before anything is calculated."""
    found: list[Problem] = []
    if not len(streets) or not (shapely.length(streets.geometry.to_numpy()) > 0).any():
        found.append(Problem("streets", "geometry", "there is no street with a length; give lines in projected metres"))
    if not len(plants):
        found.append(Problem("plants", "geometry", "there is no plant; give at least one point"))
    blank = plants.index[plants.isna() | plants.is_empty]
    found += _told("plants", "geometry", "is missing; give a point", list(blank))
    for name, table in (("streets", streets), ("buildings", buildings), ("plants", plants)):
        if table.crs is not None and table.crs.is_geographic:
            found.append(Problem(name, "geometry", f"{table.crs.name} is in degrees; project it to metres first"))
        elif table.crs is not None and streets.crs is not None and table.crs != streets.crs:
            rule = f"lies in {table.crs.name}, the streets in {streets.crs.name}; project it to the streets' system"
            found.append(Problem(name, "geometry", rule))
    unknown = [x for x in wishes.forbidden_streets if x not in streets.index]
    found += _told("wishes", "forbidden_streets", "is no row of the streets; correct it", unknown)
    settings = set(streets["setting"]) if "setting" in streets else {wishes.setting}
    costs = catalogue.trench_cost_sek_m
    odd = sorted(map(str, settings - set(costs)))
    found += _told("streets", "setting", f"has no trench cost; known: {', '.join(costs)}", odd)
    return found + _of_buildings(buildings, wishes)


def _told(table: str, column: str, rule: str, wrong: Collection[Any]) -> list[Problem]:
    return [Problem(table, column, rule, len(wrong), str(next(iter(wrong))))] if len(wrong) else []


def _of_buildings(buildings: gpd.GeoDataFrame, wishes: Wishes) -> list[Problem]:
    """Return what is wrong with the buildings and with what is wished of them."""
    missing = [c for c in ("building_id", "heat_kwh", "peak_kw") if c not in buildings]
    if missing:
        rule = "is missing; give each building its yearly heat and its peak"
        return [Problem("buildings", ", ".join(missing), rule)]
    if not len(buildings):
        return [Problem("buildings", "geometry", "there is no building; give those that may be connected")]
    found: list[Problem] = []
    ids = buildings["building_id"].astype(str)
    found += _told("buildings", "building_id", "is given twice; make it unique", ids[ids.duplicated()])
    blank = buildings.geometry.isna() | buildings.geometry.is_empty
    rule = "is missing; give an outline or a point, or leave the building out"
    found += _told("buildings", "geometry", rule, ids[blank])
    for column in ("heat_kwh", "peak_kw"):
        value = buildings[column].to_numpy(float)
        found += _told("buildings", column, "must be a number of 0 or more", ids[~(np.isfinite(value) & (value >= 0))])
    no_peak = (buildings["heat_kwh"].to_numpy(float) > 0) & (buildings["peak_kw"].to_numpy(float) == 0)
    rule = "is 0 where there is heat; give the peak that the pipe is sized on"
    found += _told("buildings", "peak_kw", rule, ids[no_peak])
    forced, forbidden = {str(x) for x in wishes.forced}, {str(x) for x in wishes.forbidden}
    both = sorted(forced & forbidden)
    found += _told("wishes", "forced", "is forbidden too; take it off one of the lists", both)
    cold = sorted(forced & set(ids[buildings["heat_kwh"].to_numpy(float) == 0]))
    found += _told("wishes", "forced", "needs no heat; give its heat, or take it off the list", cold)
    for name, wish in (("forced", forced), ("forbidden", forbidden)):
        found += _told("wishes", name, "is no building_id of the buildings; correct it", sorted(wish - set(ids)))
    return found


def out_of_reach(graph: StreetGraph, rules: Rules, ids: pd.Series, forced: npt.NDArray[np.bool_]) -> list[Problem]:
    """Return plants and forced buildings that no street leads to."""
    found = []
    far = np.flatnonzero(graph.plant < 0)
    if len(far):
        rule = f"lies {graph.plant_m[far[0]]:.0f} m from the nearest street; allow it (plant_reach_m) or add a street"
        found.append(Problem("plants", "geometry", rule, len(far), str(far[0])))
    if len(far) == len(graph.plant):
        return found
    why = graph.why_not(rules)
    found.extend(Problem("wishes", "forced", why[i], 1, ids.iloc[i]) for i in np.flatnonzero(forced) if why[i])
    return found
