"""Heat pumps on exhaust air: no more heat than the air carries, in the year and in the hours."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import energy
from energy.buildings.demand import demand
from energy.electrification import exhaust_air, heat_pumps, profiles
from energy.scenario import Scenario, Step
from twin import Factors

F = Factors.read().at(2024)
OUTDOOR = 8.5 - 9 * np.cos(2 * np.pi * np.arange(8760) / 8760) - 2 * np.cos(2 * np.pi * np.arange(8760) / 24)


def by_hand(heat, water, air, at_0_c):
    """Return the year's electricity of space heat and of hot water, hour by hour [kWh]."""
    degrees = heat_pumps.degree_hours(OUTDOOR, F["heat_pump.heating_threshold_c"])
    q = heat * degrees / degrees.sum()
    cop = heat_pumps.hourly_cop(OUTDOOR, "exhaust", at_0_c - OUTDOOR, F)
    cop_water = heat_pumps.hourly_cop(OUTDOOR, "exhaust", F["heat_pump.hot_water_c"], F)
    for_water = np.minimum(water / 8760 * (1 - 1 / cop_water), air)
    for_space = np.minimum(q * (1 - 1 / cop), air - for_water)
    return heat - for_space.sum(), water - for_water.sum()


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 60_000), st.floats(0, 20_000), st.floats(0, 5), st.sampled_from([30.0, 40.0, 45.5]))
@example(heat=2e-313, water=0.0, air=1.0, at_0_c=30.0)  # a need that is hardly a number
def test_the_year_is_the_sum_of_its_hours(heat, water, air, at_0_c):
    found = exhaust_air.yearly_performance(*(np.array([v]) for v in (heat, water, air, at_0_c)), OUTDOOR, F)
    for need, performance, used in zip((heat, water), found, by_hand(heat, water, air, at_0_c), strict=True):
        assert need / performance[0] == pytest.approx(used, rel=1e-9, abs=1e-9)
        assert performance[0] >= 1


def test_without_air_it_is_a_heater_and_with_plenty_a_heat_pump():
    heat, water, at_0_c = np.full(3, 15_000.0), np.full(3, 3000.0), np.full(3, 40.0)
    space, hot = exhaust_air.yearly_performance(heat, water, np.array([0.0, 1.0, 1e6]), at_0_c, OUTDOOR, F)
    assert space[0] == hot[0] == 1
    assert 1 < space[1] < space[2]
    assert space[2] == pytest.approx(heat_pumps.performance_by_radiator(OUTDOOR, "exhaust", at_0_c[:1], F)[0], rel=1e-9)


def test_the_pump_does_not_feel_the_cold_but_has_little_air():
    cop = heat_pumps.hourly_cop(np.array([-15.0, 0.0, 10.0]), "exhaust", 50.0, F)
    assert np.ptp(cop) == 0
    need = np.array([6.0, 3.0, 1.0])
    used = exhaust_air.space_electricity(need, cop, 1.0)
    assert used[0] == pytest.approx(5.0)  # the air gives 1 kW of 6, whatever the pump could
    assert used[2] == pytest.approx(1 / cop[2])
    assert (need - used <= 1.0 + 1e-12).all()


def test_an_exchanger_leaves_the_pump_little(stock):
    b = stock.buildings[stock.buildings["use"] == "single_family"].head(20)
    plain, with_exchanger = (exhaust_air.air_heat_kw(b.assign(heat_recovery=r), F) for r in (0.0, 0.7))
    np.testing.assert_allclose(with_exchanger, 0.3 * plain, rtol=1e-12)
    assert (plain > 0).all()


@pytest.fixture(scope="module")
def pumped(stock, drivers):
    """Homes of the sample city on exhaust air, beside air and ground: buildings, needs, hours of heat."""
    b = stock.buildings
    b = b[b["use"].isin(["single_family", "multi_family"]) & (b["floor_area_m2"] > 0)].head(400).reset_index(drop=True)
    kinds = np.array(["exhaust_air_heat_pump", "exhaust_air_heat_pump", "air_heat_pump", "ground_heat_pump"], object)
    b["heating"] = pd.Categorical(kinds[np.arange(len(b)) % 4], categories=b["heating"].cat.categories)
    b["heat_recovery"] = np.where(np.arange(len(b)) % 3 == 0, 0.5, 0.0)
    space = profiles.heat_shapes(b, drivers, stock.season.outdoor_c, stock.season.temp_air_c, F)
    return b, demand(b, stock.season, F), space


def test_hours_keep_the_year_and_follow_each_building(pumped, stock):
    b, needs, space = pumped
    air_c = stock.season.temp_air_c
    use = next(u for u in profiles.end_uses(needs, b, space, air_c, F) if u.name == "heat_pumps")
    np.testing.assert_allclose(
        np.bincount(use.building, use.energy_kwh, len(b)), needs["heat_pump_electricity_kwh"], rtol=1e-9
    )
    rows = np.flatnonzero(b["heating"] == "exhaust_air_heat_pump")[::25]
    kind = profiles.Schedules.standard().rows(b["use"])
    for i in rows:
        water, left = exhaust_air.hot_water(
            needs["hot_water_need_kwh"].to_numpy()[[i]], exhaust_air.air_heat_kw(b.iloc[[i]], F), F
        )
        cop = heat_pumps.hourly_cop(air_c, "exhaust", round(b["radiator_at_0_c"][i]) - air_c, F)
        hours = exhaust_air.space_electricity(needs["heat_need_kwh"][i] * space[kind[i]], cop, left[0])
        hours = hours + water[0] * profiles.Schedules.standard().hot_water[kind[i]]
        exact = hours / hours.sum() * needs["heat_pump_electricity_kwh"][i]
        # classes of air per heat lie a tenth apart, so that half of it is the most the air is off
        assert np.abs(use.building_kw(i) - exact).max() < 0.03 * exact.max()


def test_it_uses_more_than_a_pump_on_outdoor_air_and_less_than_a_heater(pumped, stock):
    b, needs, _ = pumped
    own = (b["heating"] == "exhaust_air_heat_pump").to_numpy(bool)
    told = {}
    for heating in ("air_heat_pump", "direct_electric"):
        other = b.assign(heating=pd.Categorical([heating] * len(b), categories=b["heating"].cat.categories))
        found = demand(other, stock.season, F)
        told[heating] = (found["heat_pump_electricity_kwh"] + found["direct_electric_kwh"])[own].sum()
    used = needs["heat_pump_electricity_kwh"][own].sum()
    assert told["air_heat_pump"] < used < told["direct_electric"]


def test_the_measure_moves_the_city(city):
    step = Step(
        measure="install_heat_pump", where={"heating": ["direct_electric"]}, end=2026, params={"source": "exhaust_air"}
    )
    results = energy.simulate(city, Scenario(name="p", step=(step,)), years=[2024, 2030], ranges=False)
    before, after = (results.at("buildings", y) for y in (2024, 2030))
    row = int(np.flatnonzero(before["direct_electric_kwh"] > 0)[0])
    assert after["heating"].iloc[row] == "exhaust_air_heat_pump"
    assert after["direct_electric_kwh"].iloc[row] == 0
    assert 0 < after["heat_pump_electricity_kwh"].iloc[row] < before["direct_electric_kwh"].iloc[row]
