"""A cooler network: what it loses less, what its sources gain, and which of the connected buildings can follow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from energy.buildings.hourly import hourly_demand, stock_drivers
from energy.district_heating.potential.low_temperature import Switch, switch
from energy.district_heating.potential.regime import Regime
from energy.heat_plans.supply import on_network
from energy.plan import adopted
from energy.results import Results
from twin.errors import TwinError

__all__ = ["cooler"]


def cooler(
    results: Results, year: int, before: Regime, after: Regime, *, source_c: float = 30.0, booster: bool = False
) -> Switch:
    """Change the temperatures of the network that heats the connected buildings.

    Radiators are those of the base year, sized for the envelope as it then stood with a margin; where the scenario has
    made the envelope better, the same radiators need cooler water.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    before, after : Regime
    source_c : float
        Of the heat that a large heat pump or exchanger lifts [degC].
    booster : bool
        Whether hot water is lifted in each building.

    Returns
    -------
    Switch
        Its table has the row numbers of the city's buildings.

    Raises
    ------
    TwinError
        When the city has no weather or nobody is connected.
    """
    weather = results.stock.weather
    if weather is None:
        raise TwinError("the city has no weather, so its hours are not known; add [layers.weather] to city.toml")
    stock, f, frame = results.stock, results.factors.at(year), results.at("buildings", year)
    at = np.flatnonzero(on_network(results, year) & (frame["floor_area_m2"].to_numpy(float) > 0))
    if not len(at):
        raise TwinError("no building of the city has district heating; there is no network to make cooler")
    drivers = stock_drivers(weather, f)
    now = adopted(stock.buildings, "buildings", results.adoption, year, f).iloc[at]
    built = stock.buildings.iloc[at]
    peak, as_built = (
        hourly_demand(b, drivers, stock.season.outdoor_c, f, warm_wanted=False).peak_heat_kw for b in (now, built)
    )
    table = pd.DataFrame(
        {
            "floor_area_m2": frame["floor_area_m2"].to_numpy(float)[at],
            "year_built": now["year_built"].to_numpy(float),
            "set_point_c": now["set_point_c"].to_numpy(float),
            "peak_kw": peak,
            "radiator_kw": as_built * f["radiator.margin"],
            "heat_kwh": frame["heat_need_kwh"].to_numpy(float)[at],
            "hot_water_kwh": frame["hot_water_need_kwh"].to_numpy(float)[at],
        },
        index=at,
    )
    outdoor = weather["temp_air_c"].to_numpy(float)
    return switch(table, before, after, outdoor, np.full(len(outdoor), source_c), f, booster=booster)
