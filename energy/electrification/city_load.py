"""A simulated year's electricity in every hour and grid area, in one call."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.hourly import stock_drivers
from energy.electrification.end_use import charging_use
from energy.electrification.hourly_electricity import AreaLoad, aggregate
from energy.electrification.profiles import cooling_shapes, end_uses, heat_shapes
from energy.electrification.rooftops import rooftops
from energy.plan import adopted
from energy.results import Results
from twin.errors import TwinError

__all__ = ["city_load"]

Floats = npt.NDArray[np.float64]


def city_load(
    results: Results,
    year: int,
    charging_shapes: Floats,
    charging_kwh: Floats | None = None,
    *,
    cooling: bool = True,
    new_build: npt.NDArray[np.bool_] | None = None,
) -> AreaLoad:
    """Return every hour of a year's electricity by grid area.

    The sums are the year's: `electricity_kwh` and `pv_kwh` of the buildings. The electricity of cooling machines is not
    among the year's results; it comes on top, from the cooling need of the hourly model, unless it is left out.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    charging_shapes : array (kinds, 8760)
        Share of the year's charging in each hour, by kind of charging.
    charging_kwh : array (buildings,) or (buildings, kinds), optional
        What is charged at each building in the year; without it the year's `ev_charging_kwh`, of one kind [kWh].
    cooling : bool
        Count the electricity of cooling machines.
    new_build : array (buildings,) of bool, optional
        Buildings whose use is told apart as ``new_build``.

    Returns
    -------
    AreaLoad
        The grid areas in the order of the city's table, and what lies outside them.

    Raises
    ------
    TwinError
        When the city has no weather, the year was not simulated, or charging has not one shape a kind.
    """
    weather = results.stock.weather
    if weather is None:
        raise TwinError("the city has no weather, so its hours are not known; add [layers.weather] to city.toml")
    frame, f, stock = results.at("buildings", year), results.factors.at(year), results.stock
    buildings = adopted(stock.buildings, "buildings", results.adoption, year, f)
    air = weather["temp_air_c"].to_numpy(float)
    model = buildings, stock_drivers(weather, f), stock.season.outdoor_c, air, f
    space, cool = heat_shapes(*model), cooling_shapes(*model) if cooling else None
    needs = frame if cooling else frame.drop(columns="cooling_need_kwh", errors="ignore")
    charged = frame["ev_charging_kwh"].to_numpy(float) if charging_kwh is None else charging_kwh
    outlines = pd.DataFrame(results.city["buildings"][["building_id", "geometry", "use", "height_m"]])
    return aggregate(
        (*end_uses(needs, buildings, space, air, f, cool), charging_use(charged, charging_shapes)),
        stock.grid_area,
        len(stock.grid_areas),
        [rooftops(outlines, weather, f).installed(frame["pv_kwh"].to_numpy(float))],
        new_build,
    )
