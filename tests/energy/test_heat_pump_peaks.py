"""Feeders of forty homes with heat pumps, beside what smart meters show in Flanders.

The homes whose pumps were measured are not described in the source's abstract. Assumed here: heat pumps stand in houses built
to the codes since 2006, on floor heating; a year with the mean of Flanders, 11 degC, whose coldest hour is the design
temperature, -8 degC. Nothing is fitted to the measurement. What a quarter covers: size of the houses, share of ground-source
pumps, how cold 2022 was.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from energy.buildings import archetypes
from energy.buildings.demand import demand
from energy.buildings.hourly import stock_drivers
from energy.buildings.schedules import Schedules
from energy.buildings.season import Season
from energy.electrification import profiles, sessions
from twin import Factors
from twin.geometry import envelope

F = Factors.read().at(2024)
MEASURED = pd.read_csv(Path(__file__).parents[1] / "reference" / "feeder_peaks.csv").set_index("technology")
SIZE, FEEDERS = 40, 12
FLOOR_HEATING_C, RADIATORS_C = F["heat_pump.low_temperature_at_0_c"], F["heat_pump.radiator_at_0_c"]
NEW = {2008: 0.5, 2016: 0.5}
# Swedish one- and two-family houses by period, rounded shares of the stock; assumed
STOCK = {1950: 0.38, 1968: 0.26, 1980: 0.15, 1990: 0.07, 2000: 0.04, 2008: 0.05, 2016: 0.05}


def homes(periods, mean_m2):
    """Return detached houses of one and two floors, their areas spread by three tenths."""
    n, r = SIZE * FEEDERS, np.random.default_rng(1)
    year = r.choice(list(periods), n, p=list(periods.values()))
    area, floors = mean_m2 * r.gamma(1 / 0.3**2, 0.3**2, n), r.integers(1, 3, n).astype(float)
    outlines = np.array([shapely.box(999 * i, 0, 999 * i + s, s) for i, s in enumerate(np.sqrt(area / floors))])
    known = {
        "use": pd.Categorical(["single_family"] * n),
        "year_built": year.astype(float),
        "height_m": 2.7 * floors,
        "floor_area_m2": area,
        "ventilation": pd.Categorical(np.where(year <= 1975, "natural", np.where(year <= 2005, "F", "FTX"))),
        "pv_area_m2": 0.0,
    }
    blank = dict.fromkeys((*archetypes._OWN, "heat_recovery", "loss_factor"), np.nan)
    filled = archetypes.fill(pd.DataFrame({**blank, **known}), F)
    return pd.concat([filled, envelope(outlines, 2.7 * floors).set_index(filled.index)], axis=1)


@pytest.fixture(scope="module")
def flanders(sample):
    weather = sample["weather"].copy()
    weather.attrs = sample["weather"].attrs
    t = weather["temp_air_c"]
    weather["temp_air_c"] = 11 + (11 + 8) / (t.mean() - t.min()) * (t - t.mean())
    return weather, stock_drivers(weather, F), Season.of(weather, F)


def feeders(houses, flanders, heating, at_0_c):
    """Return what a heat pump adds to the peak of its feeder [kW], and the electricity and heat of a home [kWh]."""
    _, drivers, season = flanders
    b = houses.assign(heating=pd.Categorical([heating] * len(houses)), radiator_at_0_c=at_0_c)
    needs = demand(b, season, F)
    space = profiles.heat_shapes(b, drivers, season.outdoor_c, season.temp_air_c, F)
    use = next(u for u in profiles.end_uses(needs, b, space, season.temp_air_c, F) if u.name == "heat_pumps")
    by_shape = np.zeros((FEEDERS, len(use.shapes)))
    np.add.at(by_shape, (use.building // SIZE, use.shape), use.energy_kwh)
    base = Schedules.standard().household_electricity[0] * 3500 * SIZE
    added = sessions.peak_contribution(by_shape @ use.shapes, base, SIZE)[1]
    heat = needs["heat_need_kwh"] + needs["hot_water_need_kwh"]
    return added.mean(), use.energy_kwh.sum() / len(b), heat.mean()


@pytest.mark.parametrize("heating", ["air_heat_pump", "ground_heat_pump"])
def test_feeders_of_forty_new_homes_peak_as_measured(flanders, heating):
    added, bought, _ = feeders(homes(NEW, 150), flanders, heating, FLOOR_HEATING_C)
    assert added == pytest.approx(MEASURED.loc["heat_pump", "contribution_kw"], rel=0.25)
    assert 1000 < bought / added < 2800  # hours in which the added power would give the year


def test_the_whole_swedish_stock_adds_more_because_it_needs_more_heat(flanders):
    """Houses of all periods on radiators add two to three times the measured; their year explains it, not the hours."""
    old, of_old, heat_of_old = feeders(homes(STOCK, 125), flanders, "air_heat_pump", RADIATORS_C)
    new, of_new, heat_of_new = feeders(homes(NEW, 150), flanders, "air_heat_pump", FLOOR_HEATING_C)
    assert 2 < old / MEASURED.loc["heat_pump", "contribution_kw"] < 3
    assert heat_of_old > 1.5 * heat_of_new
    assert old / new == pytest.approx(of_old / of_new, rel=0.2)
