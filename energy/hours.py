"""The hours of a simulated year of chosen buildings: heat, hot water, electricity, solar cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.hourly import hourly_demand, stock_drivers
from energy.buildings.schedules import Schedules
from energy.buildings.season import irradiation_w_m2
from energy.electrification.photovoltaics import hourly_kw_per_m2
from energy.plan import adopted
from energy.results import Results
from twin.errors import TwinError

__all__ = ["hours_of"]

Floats = npt.NDArray[np.float64]


def hours_of(results: Results, year: int, rows: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Return every hour of a year of chosen buildings together.

    Heat is that of the hourly model. Hot water and electricity are the year's, spread by the hours of use; solar cells
    follow the sun, with the year's sum.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    rows : array (buildings,) of bool
        Which buildings.

    Returns
    -------
    DataFrame (8760 rows)
        month (0 to 11), outdoor_c, heat_kw, hot_water_kw, electricity_kw (of homes or tenants, and of the property), pv_kw.

    Raises
    ------
    TwinError
        When the city has no weather, or the year was not simulated.
    """
    weather = results.stock.weather
    if weather is None:
        raise TwinError("the city has no weather, so its hours are not known; add [layers.weather] to city.toml")
    frame = results.at("buildings", year)[rows]
    f, stock = results.factors.at(year), results.stock
    buildings = adopted(stock.buildings, "buildings", results.adoption, year, f)[rows]
    drivers = stock_drivers(weather, f)
    together = np.zeros(len(buildings), np.int64)
    heat = hourly_demand(buildings, drivers, stock.season.outdoor_c, f, together, warm_wanted=False).zone_heat_kw
    schedules = Schedules.standard()
    use = schedules.rows(buildings["use"])

    def spread(column: str, shape: Floats) -> Floats:
        by_use = np.bincount(use, frame[column].to_numpy(float), len(shape))
        return np.asarray(by_use @ shape)

    sun = irradiation_w_m2(weather, f["photovoltaics.tilt_deg"], 180.0, f["season.albedo"])
    cells = hourly_kw_per_m2(sun, weather["temp_air_c"].to_numpy(float), f)
    return pd.DataFrame(
        {
            "month": drivers.month,
            "outdoor_c": weather["temp_air_c"].to_numpy(float),
            "heat_kw": heat.sum(axis=0) if len(heat) else np.zeros(len(drivers.month)),
            "hot_water_kw": spread("hot_water_need_kwh", schedules.hot_water),
            "electricity_kw": spread("household_electricity_kwh", schedules.household_electricity)
            + spread("property_electricity_kwh", schedules.property_electricity),
            "pv_kw": cells / cells.sum() * float(frame["pv_kwh"].sum()),
        }
    )
