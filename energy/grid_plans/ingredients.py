"""A simulated year's electricity by grid area, kept in parts, so that shares of vehicles and heat pumps can be moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.demand import demand
from energy.buildings.hourly import stock_drivers
from energy.buildings.season import Season
from energy.electrification import plug_in
from energy.electrification.end_use import EndUse
from energy.electrification.grid_emissions import GridFactor, grid_factor
from energy.electrification.hourly_electricity import AreaLoad, aggregate
from energy.electrification.profiles import cooling_shapes, end_uses, heat_shapes
from energy.electrification.rooftops import rooftops
from energy.electrification.vehicles import CLASSES, PLACES, place_shares
from energy.grid_plans.prices import hourly_price
from energy.plan import adopted
from energy.results import Results
from twin.errors import TwinError

__all__ = ["Ingredients", "ingredients", "on_pumps"]

Floats = npt.NDArray[np.float64]
_HOMES = ("single_family", "multi_family")
_PUMPS = ("air_heat_pump", "ground_heat_pump", "exhaust_air_heat_pump")


@dataclass(frozen=True)
class Ingredients:
    """A year's electricity of grid areas, without charging; the last row is what lies outside all areas.

    Attributes
    ----------
    year : int
    now : AreaLoad
        As the buildings are heated in the year.
    pumped : AreaLoad
        If every building with heat had an air-source heat pump, unless it has a heat pump already.
    pump_share : float
        Share of the heat that heat pumps make [1].
    charged_kwh : array (areas + 1, places)
        What cars charge by area and place [kWh].
    ev_share : float
        Share of cars' and vans' distance that is electric [1].
    shapes : Shapes
        Hours of charging.
    grid : dict of str to GridFactor
        What electricity emits, by perspective.
    price : array (8760,)
        Of electricity, see :func:`~energy.grid_plans.prices.hourly_price`.
    f : mapping
        The year's factors.
    """

    year: int
    now: AreaLoad
    pumped: AreaLoad
    pump_share: float
    charged_kwh: Floats
    ev_share: float
    shapes: plug_in.Shapes
    grid: dict[str, GridFactor]
    price: Floats
    f: Mapping[str, float]


def ingredients(results: Results, year: int) -> Ingredients:
    """Take a simulated year apart.

    Cars charge at home where their people live; what they charge at work and in public is spread over the floor area of
    premises. The sum is the year's.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.

    Returns
    -------
    Ingredients

    Raises
    ------
    TwinError
        When the city has no weather or no grid areas.
    """
    stock, f = results.stock, results.factors.at(year)
    if stock.weather is None:
        raise TwinError("the city has no weather, so its hours are not known; add [layers.weather] to city.toml")
    if not len(stock.grid_areas):
        raise TwinError("the city has no grid areas; add [layers.grid_areas] to city.toml")
    needs = results.at("buildings", year)
    buildings = adopted(stock.buildings, "buildings", results.adoption, year, f)
    temp_air_c = stock.weather["temp_air_c"].to_numpy(float)
    drivers, mild_c = stock_drivers(stock.weather, f), stock.season.outdoor_c
    space = heat_shapes(buildings, drivers, mild_c, temp_air_c, f)
    cool = cooling_shapes(buildings, drivers, mild_c, temp_air_c, f)
    areas, place = len(stock.grid_areas), stock.grid_area.astype(np.int64)
    pv = _solar(results, needs, f)
    found = results.adoption.new_build(year)
    new = found if found.any() else None
    now = aggregate(end_uses(needs, buildings, space, temp_air_c, f, cool), place, areas, pv, new)
    heat = (needs["heat_need_kwh"] + needs["hot_water_need_kwh"]).to_numpy(float)
    has_pump = buildings["heating"].isin(_PUMPS).to_numpy(bool)
    other, changed = on_pumps(needs, buildings, stock.season, f)
    pumped = aggregate(end_uses(changed, other, space, temp_air_c, f, cool), place, areas, pv, new)
    return Ingredients(
        year,
        now,
        pumped,
        float(heat[has_pump].sum() / heat.sum()) if heat.sum() > 0 else 0.0,
        _charged(results, needs, place, f),
        _ev_share(results, year),
        plug_in.shapes(f, temp_air_c),
        {view: grid_factor(view, f, hours=len(temp_air_c)) for view in ("nordic", "swedish")},
        hourly_price(stock.weather),
        f,
    )


def on_pumps(
    needs: pd.DataFrame, buildings: pd.DataFrame, season: Season, f: Mapping[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the buildings, and their year, if all with heat had an air-source heat pump that have no heat pump already."""
    heat = (needs["heat_need_kwh"] + needs["hot_water_need_kwh"]).to_numpy(float)
    kept = buildings["heating"].isin(_PUMPS).to_numpy(bool) | (heat <= 0)
    other = buildings.assign(heating=buildings["heating"].where(kept, "air_heat_pump"))
    bought = demand(other, season, f)
    carriers = ("direct_electric_kwh", "heat_pump_electricity_kwh")
    return other, needs.assign(**{c: bought[c].to_numpy(float) for c in carriers})


def _solar(results: Results, needs: pd.DataFrame, f: Mapping[str, float]) -> list[EndUse]:
    """Return the solar cells' year in the hours of each roof's own faces."""
    weather, made = results.stock.weather, needs["pv_kwh"].to_numpy(float)
    if weather is None or not made.any():
        return []
    return [rooftops(results.city["buildings"], weather, f).installed(made)]


def _charged(results: Results, needs: pd.DataFrame, place: npt.NDArray[np.int64], f: Mapping[str, float]) -> Floats:
    """Return what cars charge by grid area and place of charging [kWh]."""
    areas = len(results.stock.grid_areas)
    row = np.where(place < 0, areas, place)
    own = np.bincount(row, needs["ev_charging_kwh"].to_numpy(float), areas + 1)
    buildings = results.stock.buildings
    floor = np.where(buildings["use"].isin(_HOMES), 0.0, needs["floor_area_m2"].to_numpy(float))
    premises = np.bincount(row, floor, areas + 1)
    away = premises / premises.sum() if premises.sum() > 0 else own / max(own.sum(), 1e-9)
    shares = place_shares(f)[CLASSES.index("car")]
    out = own.sum() * away[:, None] * shares
    out[:, PLACES.index("home")] = own * shares[PLACES.index("home")]
    return np.asarray(out)


def _ev_share(results: Results, year: int) -> float:
    """Return the electric share of the distance of cars and vans."""
    driven = results.at("roads", year)
    km = float(driven["light_km"].sum())
    return float(driven["electric_km"].sum()) / km if km > 0 else results.factors.at(year)["fleet.ev_share"]
