"""How many megawatts can leave each area's peak hour: by smart charging, by batteries, by heating that is held back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.envelope import heat_loss_w_k
from energy.buildings.hourly import stock_drivers
from energy.buildings.schedules import Schedules
from energy.electrification.flexibility import battery_kw, flexibility, thermal_kw
from energy.electrification.heat_pumps import hourly_cop
from energy.electrification.profiles import heat_shapes
from energy.grid_plans.ingredients import Ingredients
from energy.grid_plans.steering import Wishes, charging
from energy.plan import adopted
from energy.results import Results
from twin.errors import TwinError

__all__ = ["shift"]

Floats = npt.NDArray[np.float64]
_PUMPS = {"air_heat_pump": "air", "ground_heat_pump": "ground"}


def shift(
    results: Results, part: Ingredients, *, battery_kwh_per_roof_kw: float = 0.0, v2g: bool = False
) -> pd.DataFrame:
    """Return what can leave the peak hour of each grid area, as the year stands.

    Parameters
    ----------
    results : Results
    part : Ingredients
        Of one of its years.
    battery_kwh_per_roof_kw : float
        Batteries in buildings, per kW of the area's highest solar power; none by default [kWh/kW].
    v2g : bool
        Cars run backwards too; counted as charging, which may then lie below nothing.

    Returns
    -------
    DataFrame (areas rows)
        grid_area_id, peak_hour, peak_mw, charging_mw, battery_mw, heat_mw, together_mw, and stored_mwh, the heat that the
        buildings may give away.

    Raises
    ------
    TwinError
        When batteries are negative.
    """
    if not battery_kwh_per_roof_kw >= 0:
        raise TwinError("batteries can not be negative; give kWh per kW of solar cells from 0 on")
    f = results.factors.at(part.year)
    areas = part.now.areas
    hours = part.now.hours(slice(0, areas))
    net = hours.load_kw - hours.pv_kw
    energy = part.charged_kwh[:areas]
    at_once = energy @ part.shapes.uncontrolled
    smart = charging(energy, part.shapes, net, Wishes(charging="smart", v2g=v2g), part.price, f).power_kw
    peak_hour = (net + at_once).argmax(axis=1)
    solar_kw = hours.pv_kw.max(axis=1, initial=0.0)
    batteries = battery_kw(
        battery_kwh_per_roof_kw * solar_kw, battery_kwh_per_roof_kw * solar_kw / 2, f["battery.discharge_efficiency"],
        f["flexibility.hours"],
    )  # fmt: skip
    found = flexibility(net, at_once, smart, batteries, _thermal(results, part.year, peak_hour, areas, f))
    return pd.DataFrame(
        {
            "grid_area_id": results.stock.grid_areas["grid_area_id"].to_numpy(object),
            "peak_hour": found.hour,
            "peak_mw": found.peak_mw,
            "charging_mw": found.charging_mw,
            "battery_mw": found.battery_mw,
            "heat_mw": found.heat_mw,
            "together_mw": found.total_mw,
            "stored_mwh": found.stored_mwh,
        }
    )


def _thermal(
    results: Results, year: int, peak_hour: npt.NDArray[np.intp], areas: int, f: Mapping[str, float]
) -> tuple[Floats, Floats]:
    """Return the electricity that electric heating can leave out in each area's peak hour, and the heat behind it."""
    stock, needs = results.stock, results.at("buildings", year)
    weather = stock.weather
    if weather is None:
        raise TwinError("the city has no weather, so its hours are not known; add [layers.weather] to city.toml")
    temp = weather["temp_air_c"].to_numpy(float)
    buildings = adopted(stock.buildings, "buildings", results.adoption, year, f)
    space = heat_shapes(buildings, stock_drivers(weather, f), stock.season.outdoor_c, temp, f)
    kind = Schedules.standard().rows(buildings["use"])
    place = stock.grid_area
    hour = np.where(place >= 0, peak_hour[np.maximum(place, 0)], 0)
    heating_w = 1000 * needs["heat_need_kwh"].to_numpy(float) * space[kind, hour]
    per_heat = np.where((buildings["heating"] == "direct_electric").to_numpy(bool), 1.0, 0.0)
    radiator = buildings["radiator_at_0_c"].to_numpy(float)
    for heating, source in _PUMPS.items():
        at = (buildings["heating"] == heating).to_numpy(bool)
        per_heat[at] = 1 / hourly_cop(temp[hour[at]], source, radiator[at] - temp[hour[at]], f)
    area = buildings["floor_area_m2"].to_numpy(float)
    capacity = buildings["heat_capacity_wh_m2k"].to_numpy(float) * area
    return thermal_kw(heat_loss_w_k(buildings, f), capacity, heating_w, per_heat, place.astype(np.int64), areas, f)
