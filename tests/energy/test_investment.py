"""The bill of a plan: only what is really built is paid for, and what has no price stays blank."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy import Scenario, measure, plan
from energy.buildings.envelope import element_areas, heat_loss_w_k
from energy.buildings.heat import heat_need
from energy.investment import added_insulation_m, amounts, bill, investment, mean_lifetime_years, worth
from energy.measures import insulated_u
from energy.memory import Memory
from energy.scenario import Step
from energy.stock import Stock
from twin import MEASURES, Factors, reference

FACTORS = Factors.read()
NOW = FACTORS.at(2026)
PRICES = reference.table("measure_costs")
SUMS = ["cost_sek", "cost_low_sek", "cost_high_sek", "embodied_kg", "embodied_low_kg", "embodied_high_kg"]


@pytest.fixture(scope="module")
def stock(city):
    return Stock.of(city, Memory(), NOW)


@pytest.fixture(scope="module")
def buildings(stock):
    return stock.buildings.assign(night_setback_k=0.0, radiator_at_0_c=NOW["heat_pump.radiator_at_0_c"])


@pytest.fixture(scope="module")
def cost(city, buildings):
    def of(*steps):
        scenario = Scenario(name="test", step=tuple(steps))
        return investment(buildings, plan(city, scenario), FACTORS)

    return of


step = partial(Step, start=2026, end=2026)


def priced(name):
    return PRICES[[name in names.split("|") for names in PRICES["measures"]]]


def test_doing_nothing_costs_nothing(cost):
    table = cost()
    assert table.empty
    assert table["cost_sek"].sum() == 0
    assert list(table.columns[:4]) == ["step", "measure", "year", "adopters"]


@pytest.mark.parametrize("name", [n for n in MEASURES.names() if MEASURES[n].table == "buildings"])
def test_every_measure_on_buildings_has_a_price_with_a_range(cost, name):
    params = {"set_point_c": 18} if name == "lower_set_point" else {}
    table = cost(step(measure=name, params=params))
    row = table.iloc[0]
    assert row["adopters"] == 6
    assert 0 < row["cost_low_sek"] < row["cost_sek"] < row["cost_high_sek"]
    assert row["embodied_low_kg"] <= row["embodied_kg"] < row["embodied_high_kg"]
    assert 5 < row["lifetime_years"] < 51
    assert row["note"] == ""


def test_the_wall_of_one_house_by_hand(cost):
    # b0: 30 x 10 x 10 m, 24 % windows, 1 % doors: 600 m2 of wall, from 0.58 to 0.18 W/(m2 K)
    row = cost(step(measure="insulate_walls", where={"building_id": "b0"}, params={"u_wall_w_m2k": 0.18})).iloc[0]
    wool_m3 = 600 * 0.036 * (1 / 0.18 - 1 / 0.58)
    work, boards = (PRICES.set_index("item").loc[i] for i in ("facade work", "facade boards"))
    assert (row["quantity"], row["unit"]) == (pytest.approx(600), "wall_m2")
    assert row["cost_sek"] == pytest.approx(600 * work["cost_sek_per_unit"] + wool_m3 * boards["cost_sek_per_unit"])
    assert row["embodied_kg"] == pytest.approx(600 * 12 + wool_m3 * 72)


def test_an_element_that_is_already_good_is_not_paid_for(city, buildings):
    good = buildings.assign(u_wall_w_m2k=[0.1, 0.5, 0.5, 0.1, 0.1, 0.1])
    scenario = Scenario(name="test", step=(step(measure="insulate_walls", params={"u_wall_w_m2k": 0.18}),))
    row = investment(good, plan(city, scenario), FACTORS).iloc[0]
    walls = element_areas(good, NOW["heat.door_share"]).wall_m2
    assert row["adopters"] == 6
    assert row["quantity"] == pytest.approx(walls[1] + walls[2])
    best = buildings.assign(u_wall_w_m2k=0.1)
    assert investment(best, plan(city, scenario), FACTORS)["cost_sek"].tolist() == [0]


def test_a_heat_pump_where_there_is_one_costs_nothing(city, buildings):
    same = buildings.assign(heating=pd.Categorical(["air_heat_pump"] * 6, buildings["heating"].cat.categories))
    air = Scenario(name="test", step=(step(measure="install_heat_pump", params={"source": "air"}),))
    ground = Scenario(name="test", step=(step(measure="install_heat_pump", params={"source": "ground"}),))
    assert investment(same, plan(city, air), FACTORS)["cost_sek"].tolist() == [0]
    assert investment(same, plan(city, ground), FACTORS)["cost_sek"].iloc[0] > 0


def test_a_better_envelope_needs_a_smaller_heat_pump(cost):
    pump = step(measure="install_heat_pump", start=2027, end=2027)
    alone = cost(pump)
    after = cost(pump, step(measure="renovate_envelope"))
    assert after.set_index("measure").loc["install_heat_pump", "cost_sek"] < alone["cost_sek"].iloc[0]


def test_what_has_no_price_is_blank_and_named(cost):
    @measure(changes=["u_wall_w_m2k"])
    def grow_ivy(chosen, factors):
        return chosen[["u_wall_w_m2k"]] * 0.9

    table = cost(step(measure="grow_ivy"), step(measure="electrify_vehicles", params={"ev_share": 0.9}))
    assert table[SUMS].isna().all(axis=None)
    assert table["adopters"].tolist() == [6, 3]
    assert "'grow_ivy'" in table["note"].iloc[0]
    assert "not zero" in table["note"].iloc[1]


def test_a_blank_price_or_amount_makes_a_blank_sum():
    assert worth(np.array([1.0, 0.0]), np.array([5.0, np.nan])) == 5
    assert np.isnan(worth(np.array([1.0, 2.0]), np.array([5.0, np.nan])))
    assert np.isnan(worth(np.array([1.0, np.nan]), np.array([5.0, 1.0])))
    assert np.isnan(mean_lifetime_years(np.zeros(2), np.ones(2)))


def test_the_years_of_a_roll_out_add_up_to_the_whole(cost):
    at_once = cost(step(measure="renovate_envelope"))
    slowly = cost(step(measure="renovate_envelope", end=2031))
    assert slowly["year"].tolist() == list(range(2026, 2032))
    assert slowly["adopters"].tolist() == [1] * 6
    for column in SUMS:
        assert slowly[column].sum() == pytest.approx(at_once[column].sum())


def test_a_renovation_costs_what_its_parts_cost(cost):
    parts = ["insulate_walls", "insulate_roof", "change_windows", "make_airtight"]
    whole = cost(step(measure="renovate_envelope"))
    split = cost(*[step(measure=name) for name in parts])
    assert split["step"].tolist() == [1, 2, 3, 4]
    for column in SUMS:
        assert whole[column].sum() == pytest.approx(split[column].sum())


@settings(deadline=None, max_examples=25)
@given(st.floats(0.1, 10), st.sampled_from(["insulate_roof", "insulate_floor", "install_heat_recovery"]))
def test_cost_grows_with_area(buildings, scale, name):
    def sek(b):
        after = b.assign(**MEASURES[name].function(b, NOW))
        return bill(priced(name), b, after, NOW)["cost_sek"]

    areas = ["floor_area_m2", "roof_area_m2", "footprint_area_m2"]
    assert sek(buildings.assign(**buildings[areas] * scale)) == pytest.approx(sek(buildings) * scale)


@given(st.floats(0.05, 5), st.floats(1, 500), st.floats(0.02, 0.06))
def test_the_wool_that_is_paid_for_is_the_wool_that_is_added(u, thickness_mm, conductivity):
    before = np.array([u])
    after = insulated_u(before, thickness_mm / 1000, conductivity)
    np.testing.assert_allclose(added_insulation_m(before, after, conductivity), thickness_mm / 1000, rtol=1e-6)
    assert added_insulation_m(after, before, conductivity) == 0


def test_heat_loss_is_that_of_the_heat_balance(stock):
    need = heat_need(stock.buildings, stock.season, NOW)
    expected = np.where(stock.buildings["floor_area_m2"] > 0, need["transmission_w_k"] + need["ventilation_w_k"], 0.0)
    np.testing.assert_allclose(heat_loss_w_k(stock.buildings, NOW), expected)
    windows = element_areas(stock.buildings, NOW["heat.door_share"])
    np.testing.assert_allclose(windows.windows_m2.sum(axis=1), windows.window_m2)


def test_every_price_is_of_a_measure_a_column_and_an_amount_that_exist(buildings):
    known = amounts(buildings, buildings, NOW)
    assert set(PRICES["quantity"]) <= set(known)
    for row in PRICES.to_dict("records"):
        for name in row["measures"].split("|"):
            assert row["changes"] in MEASURES[name].changes
        assert row["cost_low"] <= row["cost_sek_per_unit"] <= row["cost_high"]
        assert row["embodied_low"] <= row["embodied_kgco2e_per_unit"] <= row["embodied_high"]
        assert row["lifetime_years"] > 0
        assert (row["source"] != "assumed") or (row["status"] == "assumed")
        assert (row["embodied_source"] != "assumed") or (row["embodied_status"] == "assumed")
    assert set(PRICES["embodied_source"]) <= set(Factors.sources().index)
    assert set(PRICES["embodied_status"]) <= {"cited", "assumed"}
