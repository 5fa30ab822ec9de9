"""What buildings take, or would take, from a heat network: yearly heat, highest power, and the hours of their kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.buildings.hourly import hourly_demand, stock_drivers
from energy.buildings.schedules import Schedules
from energy.plan import adopted
from energy.results import Results
from twin.errors import TwinError

__all__ = ["HeatLoads", "heat_loads"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class HeatLoads:
    """Heat of chosen buildings, delivered at their substations.

    Attributes
    ----------
    row : array (n,) of int
        Rows of the city's buildings; those without heat are left out.
    space_kwh, hot_water_kwh : array (n,)
        A year's delivered heat [kWh].
    peak_kw : array (n,)
        Highest hourly power of each building by itself [kW].
    space_profile, hot_water_profile : array (kinds, 8760)
        Share of the year's space heat and hot water in each hour, by kind of use; every row sums to 1.
    kind : array (n,) of int
        Each building's row of `profile`.
    outdoor_c : array (8760,)
        [degC]
    """

    row: Whole
    space_kwh: Floats
    hot_water_kwh: Floats
    peak_kw: Floats
    space_profile: Floats
    hot_water_profile: Floats
    kind: Whole
    outdoor_c: Floats

    @property
    def heat_kwh(self) -> Floats:
        """A year's delivered heat of each building [kWh]."""
        return self.space_kwh + self.hot_water_kwh

    @property
    def _of_kind(self) -> tuple[Floats, Floats]:
        """Space heat and hot water of each kind together [kWh]."""
        kinds = len(self.space_profile)
        space, water = (np.bincount(self.kind, kwh, kinds) for kwh in (self.space_kwh, self.hot_water_kwh))
        return np.asarray(space, float), np.asarray(water, float)

    @property
    def profile(self) -> Floats:
        """Share of the year's heat in each hour, by kind of use, (kinds, 8760)."""
        space, water = self._of_kind
        total = space + water
        hours = space[:, None] * self.space_profile + water[:, None] * self.hot_water_profile
        return np.divide(hours, total[:, None], out=np.zeros_like(hours), where=total[:, None] > 0)

    @property
    def together_kw(self) -> Floats:
        """The hours of all buildings together, (8760,) [kW]."""
        space, water = self._of_kind
        return np.asarray(space @ self.space_profile + water @ self.hot_water_profile)

    @property
    def daily_kwh(self) -> Floats:
        """Heat of every day of each building, (n, 365) [kWh]."""
        space, water = (p.reshape(len(p), 365, 24).sum(axis=2) for p in (self.space_profile, self.hot_water_profile))
        return self.space_kwh[:, None] * space[self.kind] + self.hot_water_kwh[:, None] * water[self.kind]


def heat_loads(results: Results, year: int, rows: npt.NDArray[np.bool_]) -> HeatLoads:
    """Return the heat that chosen buildings need of a network, whatever heats them today.

    The year's heat is that of the seasonal balance, over the efficiency of a substation; its hours are those of the
    hourly model, by kind of use. Highest powers are the hourly model's own, with hot water's.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    rows : array (buildings,) of bool
        Which buildings.

    Returns
    -------
    HeatLoads

    Raises
    ------
    TwinError
        When the city has no weather, the year was not simulated, or none of the buildings needs heat.
    """
    weather = results.stock.weather
    if weather is None:
        raise TwinError("the city has no weather, so its hours are not known; add [layers.weather] to city.toml")
    frame, f, stock = results.at("buildings", year), results.factors.at(year), results.stock
    efficiency = f["heating.efficiency.district_heating"]
    space = frame["heat_need_kwh"].to_numpy(float) / efficiency
    water = frame["hot_water_need_kwh"].to_numpy(float) / efficiency
    at = np.flatnonzero(rows & (space + water > 0))
    if not len(at):
        raise TwinError("none of the chosen buildings needs heat; choose others, or a larger area")
    buildings = adopted(stock.buildings, "buildings", results.adoption, year, f).iloc[at]
    schedules = Schedules.standard()
    kind = schedules.rows(buildings["use"]).astype(np.int64)
    drivers = stock_drivers(weather, f)
    model = hourly_demand(buildings, drivers, stock.season.outdoor_c, f, kind, warm_wanted=False)
    kinds = len(schedules.hot_water)
    hours = np.zeros((kinds, len(drivers.month)))
    hours[: len(model.zone_heat_kw)] = model.zone_heat_kw
    of_model = hours.sum(axis=1)
    water_shape = np.asarray(schedules.hot_water, float)
    even = np.full_like(hours, 1 / hours.shape[1])  # a kind that the hourly model does not heat
    shape = np.divide(hours, of_model[:, None], out=even, where=of_model[:, None] > 0)
    highest = (
        model.peak_heat_kw + frame["hot_water_need_kwh"].to_numpy(float)[at] * schedules.hot_water.max(axis=1)[kind]
    )
    return HeatLoads(
        at, space[at], water[at], highest / efficiency, shape, water_shape, kind, weather["temp_air_c"].to_numpy(float)
    )
