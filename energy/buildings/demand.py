"""What buildings need and buy: heat, hot water, electricity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from energy.buildings.heat import heat_need
from energy.buildings.season import Season
from energy.carriers import bought_kwh
from energy.electrification.heat_pumps import yearly_performance
from energy.electrification.photovoltaics import yearly_kwh

__all__ = ["demand"]


def demand(buildings: pd.DataFrame, season: Season, f: Mapping[str, float]) -> pd.DataFrame:
    """Return a year's needs and bought energy of every building.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        As they stand in the year, every physical property filled.
    season : Season
        Heating season and sun.
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame (n rows)
        floor_area_m2, heat_need_kwh, hot_water_need_kwh, one column per carrier, property_electricity_kwh,
        household_electricity_kwh, pv_kwh, energy_use_kwh, primary_energy_kwh.
    """
    area = buildings["floor_area_m2"].to_numpy(float)
    heat = heat_need(buildings, season, f)["heat_need_kwh"].to_numpy(float)
    hot_water = buildings["hot_water_kwh_m2"].to_numpy(float) * area
    space, water = _efficiencies(season, f)
    carriers = bought_kwh(heat, hot_water, buildings["heating"], space, water)
    of_property = buildings["property_electricity_kwh_m2"].to_numpy(float) * area
    out = pd.DataFrame(
        {
            "floor_area_m2": area,
            "heat_need_kwh": heat,
            "hot_water_need_kwh": hot_water,
            **carriers,
            "property_electricity_kwh": of_property,
            "household_electricity_kwh": buildings["household_electricity_kwh_m2"].to_numpy(float) * area,
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
    out["energy_use_kwh"] = out[bought].sum(axis=1) + of_property
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
    weighted = sum((out[c].to_numpy(float) * w for c, w in weights.items()), np.zeros(len(area)))
    out["primary_energy_kwh"] = weighted * corrected + of_property * f["weight.electricity"]
    return out


def _efficiencies(season: Season, f: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Return useful heat per bought energy for space heat and for hot water, by heat source."""
    common = {
        "district_heating": f["heating.efficiency.district_heating"],
        "direct_electric": f["heating.efficiency.direct_electric"],
        "oil": f["heating.efficiency.oil"],
        "gas": f["heating.efficiency.gas"],
        "biofuel": f["heating.efficiency.biofuel"],
        "none": 1.0,
    }
    air, ground = (yearly_performance(season.temp_air_c, source, f) for source in ("air", "ground"))
    space = {**common, "air_heat_pump": air[0], "ground_heat_pump": ground[0]}
    water = {**common, "air_heat_pump": air[1], "ground_heat_pump": ground[1]}
    return space, water
