"""What buildings need and buy: heat, hot water, electricity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.heat import heat_need
from energy.buildings.season import Season
from energy.carriers import bought_kwh, by_category
from energy.electrification import exhaust_air
from energy.electrification.heat_pumps import performance_by_radiator, yearly_performance
from energy.electrification.photovoltaics import yearly_kwh

__all__ = ["demand"]

Floats = npt.NDArray[np.float64]


def demand(
    buildings: pd.DataFrame, season: Season, f: Mapping[str, float], cooling_need_kwh: Floats | None = None
) -> pd.DataFrame:
    """Return a year's needs and bought energy of every building.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        As they stand in the year, every physical property filled.
    season : Season
        Heating season and sun.
    f : mapping
        The year's factors.
    cooling_need_kwh : array (n,), optional
        Heat that cooling removes in the year, by the hourly model; without it, as much a square metre as the use has
        [kWh].

    Returns
    -------
    DataFrame (n rows)
        floor_area_m2, heat_need_kwh, hot_water_need_kwh, one column per carrier, property_electricity_kwh,
        household_electricity_kwh, cooling_electricity_kwh, pv_kwh, energy_use_kwh, primary_energy_kwh. Cooling belongs to
        the energy use of the building code, which is that of heat, comfort cooling, hot water and the property.
    """
    area = buildings["floor_area_m2"].to_numpy(float)
    heat = heat_need(buildings, season, f)["heat_need_kwh"].to_numpy(float)
    hot_water = buildings["hot_water_kwh_m2"].to_numpy(float) * area
    space, water = _efficiencies(buildings, season, heat, hot_water, f)
    carriers = bought_kwh(heat, hot_water, buildings["heating"], space, water)
    of_property = buildings["property_electricity_kwh_m2"].to_numpy(float) * area
    cooling = _typical_cooling_kwh(buildings) if cooling_need_kwh is None else cooling_need_kwh
    cold = cooling / f["cooling.yearly_performance"]
    out = pd.DataFrame(
        {
            "floor_area_m2": area,
            "heat_need_kwh": heat,
            "hot_water_need_kwh": hot_water,
            **carriers,
            "property_electricity_kwh": of_property,
            "household_electricity_kwh": buildings["household_electricity_kwh_m2"].to_numpy(float) * area,
            "cooling_electricity_kwh": cold,
            "pv_kwh": yearly_kwh(
                buildings["pv_area_m2"].to_numpy(float),
                season.roof_kwh_m2,
                f["photovoltaics.efficiency"],
                f["photovoltaics.performance_ratio"],
            ),
        },
        index=buildings.index,
    )
    bought = [
        "district_heating_kwh",
        "heat_pump_electricity_kwh",
        "direct_electric_kwh",
        "oil_kwh",
        "gas_kwh",
        "biofuel_kwh",
    ]
    out["energy_use_kwh"] = sum((carriers[c] for c in bought), np.zeros(len(area))) + of_property + cold
    # space heat is divided by the geographical factor, hot water is not
    corrected = np.divide(
        heat / f["weight.geography"] + hot_water, heat + hot_water, out=np.ones(len(area)), where=heat + hot_water > 0
    )
    weights = {
        "district_heating_kwh": f["weight.district_heating"],
        "heat_pump_electricity_kwh": f["weight.electricity"],
        "direct_electric_kwh": f["weight.electricity"],
        "oil_kwh": f["weight.oil"],
        "gas_kwh": f["weight.gas"],
        "biofuel_kwh": f["weight.biofuel"],
    }
    weighted = sum((carriers[c] * w for c, w in weights.items()), np.zeros(len(area)))
    out["primary_energy_kwh"] = weighted * corrected + (of_property + cold) * f["weight.electricity"]
    return out


def _typical_cooling_kwh(buildings: pd.DataFrame) -> Floats:
    """Return the cooling of each building by its use; those without a set-point of cooling have none."""
    typical = (buildings["cooling_need_kwh_m2"] * buildings["floor_area_m2"]).to_numpy(float)
    return np.where(buildings["cooling_set_point_c"].isna().to_numpy(bool), 0.0, typical)


def _efficiencies(
    buildings: pd.DataFrame, season: Season, heat: Floats, hot_water: Floats, f: Mapping[str, float]
) -> tuple[Floats, Floats]:
    """Return useful heat per bought energy for space heat and for hot water, of each building."""
    common = {
        "district_heating": f["heating.efficiency.district_heating"],
        "direct_electric": f["heating.efficiency.direct_electric"],
        "oil": f["heating.efficiency.oil"],
        "gas": f["heating.efficiency.gas"],
        "biofuel": f["heating.efficiency.biofuel"],
        "none": 1.0,
    }
    heating = buildings["heating"]
    space = by_category(heating, common)
    of_water = dict(common)
    for source in ("air", "ground"):
        kind = f"{source}_heat_pump"
        of_water[kind] = yearly_performance(season.temp_air_c, source, f)[1]
        pumps = (heating == kind).to_numpy(bool)
        radiators = buildings["radiator_at_0_c"].to_numpy(float)[pumps]
        space[pumps] = performance_by_radiator(season.temp_air_c, source, radiators, f)
    water = by_category(heating, of_water)
    at = np.flatnonzero((heating == "exhaust_air_heat_pump").to_numpy(bool))
    if len(at):
        radiators = buildings["radiator_at_0_c"].to_numpy(float)[at]
        air = exhaust_air.air_heat_kw(buildings.iloc[at], f)
        space[at], water[at] = exhaust_air.yearly_performance(
            heat[at], hot_water[at], air, radiators, season.temp_air_c, f
        )
    return space, water
