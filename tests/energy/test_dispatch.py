"""Hour by hour the plants run at the least cost; price and marginal emissions are what one more MWh really brings."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linprog

from energy.district_heating.supply import network
from energy.district_heating.supply.allocation import heat_factors
from energy.district_heating.supply.dispatch import dispatch, merit_order, running
from energy.district_heating.supply.plants import Plants, carnot_cop, heat_cost_sek_mwh, supply_temperature_c
from twin import Factors, SchemaError, TwinError

F = Factors.read().at(2024)
HOURS, UNITS = 5, 4
PENALTY = 1e4
# whole kilowatts: the solver meets a balance to 1e-7 MW only, and leaves what is smaller unmet
LOADS = hnp.arrays(np.int64, HOURS, elements=st.integers(0, 300_000)).map(lambda kw: kw / 1000)
POWERS = hnp.arrays(np.int64, (HOURS, UNITS), elements=st.integers(0, 80_000)).map(lambda kw: kw / 1000)
SHARES = hnp.arrays(np.int64, UNITS, elements=st.integers(0, 60)).map(lambda percent: percent / 100)
COSTS = hnp.arrays(float, (HOURS, UNITS), elements=st.floats(-200, 2000))


def table(**columns):
    plain = {
        "unit_id": ["hp", "gas", "oil"],
        "name": ["Värmepump", "Kraftvärme", "Panna"],
        "fuel": ["electricity", "natural_gas", "fossil_oil"],
        "capacity_mw": [10.0, 20.0, 100.0],
        "efficiency": [3.1, 0.5, 0.9],
        "electricity_to_heat": [0.0, 0.85, 0.0],
    }
    return pd.DataFrame(plain | columns)


def programme(load, capacity, floor, cost):
    """The optimum by a solver that knows nothing of an order of use: heat, missing heat and surplus of every hour."""
    hours, units = capacity.shape
    surplus = np.maximum(floor.sum(axis=1) - load, 0)
    total = 0.0
    for t in range(hours):
        bounds = [*zip(floor[t], capacity[t], strict=True), (0, None), (surplus[t], surplus[t])]
        balance = np.append(np.ones(units + 1), -1.0)[None]
        found = linprog([*cost[t], PENALTY, 0], A_eq=balance, b_eq=[load[t]], bounds=bounds)
        assert found.status == 0
        total += found.fun
    return total


@settings(max_examples=60, deadline=None)
@given(LOADS, POWERS, SHARES, COSTS)
def test_cheapest_first_is_the_optimum_of_the_linear_programme(load, capacity, share, cost):
    floor = np.minimum(share * capacity.max(axis=0), capacity)
    year = running(load, capacity, share * capacity.max(axis=0), cost)
    ours = float((year.heat_mw * cost).sum() + year.unserved_mw.sum() * PENALTY)
    best = programme(load, capacity, floor, cost)
    assert ours == pytest.approx(best, rel=1e-9, abs=1e-6)
    np.testing.assert_allclose(year.heat_mw.sum(axis=1) + year.unserved_mw - year.dumped_mw, load, atol=1e-9)
    assert (year.heat_mw >= floor - 1e-12).all()
    assert (year.heat_mw <= capacity + 1e-12).all()


@given(LOADS, POWERS, COSTS)
def test_the_order_of_rows_means_nothing_where_cost_decides(load, capacity, cost):
    cost = cost + np.arange(UNITS) * 1e-3  # no ties
    turned = np.arange(UNITS)[::-1]
    one = running(load, capacity, np.zeros(UNITS), cost)
    other = running(load, capacity[:, turned], np.zeros(UNITS), cost[:, turned])
    if all(len(np.unique(row)) == UNITS for row in cost):
        np.testing.assert_allclose(one.heat_mw, other.heat_mw[:, turned], atol=1e-9)


@given(LOADS, hnp.arrays(float, UNITS, elements=st.floats(0, 80)))
def test_a_steady_capacity_is_that_of_every_hour(load, capacity):
    steady, _ = merit_order(load, capacity)
    hourly, _ = merit_order(load, np.tile(capacity, (HOURS, 1)))
    np.testing.assert_array_equal(steady, hourly)


def test_a_year_is_the_optimum_too():
    rng = np.random.default_rng(3)
    load, capacity = rng.uniform(0, 200, 400), rng.uniform(20, 60, (400, 4))
    cost, floor = rng.uniform(0, 900, (400, 4)), np.array([5.0, 0.0, 12.0, 0.0])
    year = running(load, capacity, floor, cost)
    ours = float((year.heat_mw * cost).sum() + year.unserved_mw.sum() * PENALTY)
    assert ours == pytest.approx(programme(load, capacity, np.minimum(floor, capacity), cost), rel=1e-9)


@pytest.mark.parametrize("ordered", [True, False])
def test_the_price_and_the_marginal_emission_are_those_of_a_little_more_load(ordered):
    rng = np.random.default_rng(5)
    load = rng.uniform(11, 125, 60)
    supply = (
        table(merit_order=[1, 2, 3], must_run_mw=[0.0, 6.0, 0.0]) if ordered else table(must_run_mw=[0.0, 6.0, 0.0])
    )
    price = rng.uniform(0, 1500, 60)
    how = network.Operation(temp_air_c=rng.uniform(-10, 20, 60), electricity_sek_mwh=price)
    year = network.year(load, supply, F, how)
    step = 1e-6
    more = network.year(load + step, supply, F, how)

    def gained(values):
        return (more.heat_mw * values - year.heat_mw * values).sum(axis=1) / step

    np.testing.assert_allclose(year.price_sek_mwh, gained(year.cost_sek_mwh), rtol=1e-5, atol=1e-4)
    for account, found in year.marginal.items():
        np.testing.assert_allclose(found, gained(year.factors[account]), atol=1e-6)
    assert len(np.unique(year.price_sek_mwh.round(3))) > 2


def test_an_average_lies_between_the_plants_and_the_year_s_is_that_of_all_heat():
    load = np.linspace(0.0, 130, 50)
    year = network.year(load, table(merit_order=[1, 2, 3]), F)
    for account in ("territorial", "lifecycle"):
        hourly, factors = year.average(account), year.factors[account]
        assert np.isnan(hourly[0])  # no heat, no factor
        assert (hourly[1:] >= factors.min() - 1e-12).all()
        assert (hourly[1:] <= factors.max() + 1e-12).all()
        made = year.heat_mw.sum(axis=1)
        assert year.yearly(account) == pytest.approx(np.nansum(hourly * made) / made.sum())


def test_fuel_electricity_and_cost_follow_from_heat():
    year = network.year(np.array([5.0, 25.0, 60.0]), table(merit_order=[1, 2, 3]), F)
    np.testing.assert_allclose(year.fuel_mw[2], [10 / 3.1, 40.0, 30 / 0.9])
    np.testing.assert_allclose(year.electricity_mw[2], [-10 / 3.1, 17.0, 0.0])
    per_fuel = F["plant.natural_gas.price_sek_mwh"] + F["plant.natural_gas.tax_sek_mwh"]
    per_fuel += F["price.ets_sek_kg"] * F["fuel.gas.territorial"] * 1000
    assert year.cost_sek[2, 1] == pytest.approx(40 * per_fuel - 17 * F["price.electricity_sek_mwh"])


def test_what_a_saved_kwh_spares_depends_on_when_it_is_saved():
    load = np.r_[np.full(100, 8.0), np.full(100, 90.0)]
    year = network.year(load, table(merit_order=[1, 2, 3]), F)
    summer, winter = np.r_[np.ones(100), np.zeros(100)], np.r_[np.zeros(100), np.ones(100)]
    assert year.worth("marginal", summer) == pytest.approx(F["electricity.marginal"] / 3.1)
    assert year.worth("marginal", winter) == pytest.approx(F["fuel.oil.lifecycle"] / 0.9)
    assert year.worth_sek_mwh(winter) > year.worth_sek_mwh(summer)
    for wrong in (np.zeros(200), np.r_[-1.0, np.ones(199)]):
        with pytest.raises(TwinError, match="profile"):
            year.worth("marginal", wrong)


def test_heat_that_can_not_be_stopped_is_cooled_away_and_worth_nothing():
    supply = table(merit_order=[1, 2, 3], must_run_mw=[0.0, 12.0, 0.0])
    year = network.year(np.array([4.0, 15.0]), supply, F)
    assert year.dumped_mw.tolist() == [8.0, 0.0]
    assert year.heat_mw.tolist() == [[0.0, 12.0, 0.0], [3.0, 12.0, 0.0]]
    assert year.price_sek_mwh[0] == year.marginal["marginal"][0] == 0
    # the heat that is used answers for all of it
    assert year.average("territorial")[0] == pytest.approx(12 * year.factors["territorial"][1] / 4)


def test_missing_heat_is_told_with_hours_power_and_remedy():
    load = np.array([50.0, 140.0, 133.0, 130.0])
    year = network.year(load, table(merit_order=[1, 2, 3]), F)
    assert year.unserved_mw.tolist() == [0.0, 10.0, 3.0, 0.0]
    assert year.price_sek_mwh[1] == F["plant.unserved_sek_mwh"]
    assert year.marginal["marginal"][1] == year.factors["marginal"][2]
    with pytest.raises(
        TwinError, match=r"2 hours .*: 1, 2\).* 10.0 MW in hour 1, 13.0 MWh .*raise capacity_mw .* by 10.0 MW"
    ):
        year.refuse_unserved()
    network.year(load[:1], table(merit_order=[1, 2, 3]), F).refuse_unserved()


def test_units_of_no_size_change_nothing():
    sized = running(np.array([15.0, 70.0]), np.array([10.0, 0.0, 50.0, 0.0]), np.zeros(4))
    assert sized.marginal_unit.tolist() == [2, 2]
    assert running(np.zeros(1), np.array([0.0, 9.0]), np.zeros(2)).marginal_unit.tolist() == [1]


def test_every_problem_of_the_table_is_told_at_once():
    bad = table(
        unit_id=["a", "a", "c"],
        fuel=["electricity", "coal", "waste"],
        capacity_mw=[-1.0, np.nan, 5.0],
        efficiency=[0.0, 1.0, np.inf],
        must_run_mw=[0.0, 0.0, 6.0],
        source_c=[10.0, np.nan, 10.0],
        source_air_share=[0.0, 2.0, 0.0],
        merit_order=[1, 1, np.nan],
        storage_mwh=[10.0, 0.0, 0.0],
        storage_loss_share=[0.0, 0.0, 1.0],
    )
    with pytest.raises(SchemaError) as error:
        Plants.of(bad)
    text = str(error.value)
    for said in (
        "unit_id: the identity is used more than once",
        "fuel: no emission factor for 'coal'",
        "capacity_mw: must be a number from 0 on (2 rows, first: a)",
        "efficiency: must be above 0",
        "must_run_mw: is more than capacity_mw",
        "source_c: belongs to heat pumps",
        "source_air_share: must be a share",
        "merit_order: is blank for some",
        "merit_order: two units have the same place",
        "storage_mw: is 0 at a storage",
        "storage_loss_share: must be a share",
    ):
        assert said in text
    with pytest.raises(SchemaError, match="capacity_mw: the column is missing"):
        Plants.of(bad.drop(columns="capacity_mw"))


def test_units_are_left_out_by_name():
    supply = table(merit_order=[3, 2, 1])
    assert Plants.of(supply).unit_id == ("oil", "gas", "hp")
    assert Plants.of(supply, {"gas"}).unit_id == ("oil", "hp")
    with pytest.raises(TwinError, match="no heat unit 'gass' to leave out; did you mean 'gas'"):
        Plants.of(supply, {"gass"})
    with pytest.raises(TwinError, match="no heat unit to run"):
        network.year(np.ones(3), supply, F, network.Operation(without={"hp", "gas", "oil"}))


@pytest.mark.parametrize("load", [[1.0, -1.0], [1.0, np.nan]])
def test_a_load_is_a_number_from_0_on(load):
    with pytest.raises(TwinError, match="load of hour 1"):
        network.year(np.array(load), table(), F)


@pytest.mark.parametrize("price", [np.ones(4), np.array([1.0, np.nan, 1.0])])
def test_a_series_fits_the_hours_of_the_load(price):
    with pytest.raises(TwinError, match=r"price of electricity has .* the load has 3 hours"):
        network.year(np.ones(3), table(), F, network.Operation(electricity_sek_mwh=price))
    with pytest.raises(TwinError, match="outdoor temperature"):
        network.run(1e6, 1e5, np.ones(3), table(), F, network.Operation(temp_air_c=price))


def test_a_heat_pump_follows_its_source_and_the_network():
    air = np.array([-20.0, 0.0, 10.0, 25.0])
    supply = table(source_c=[12.0, np.nan, np.nan], source_air_share=[0.4, 0.0, 0.0])
    warm = Plants.of(supply).in_weather(air, F)
    assert warm.efficiency.shape == (4, 3)
    assert (np.diff(warm.efficiency[:, 0]) > 0).all()  # milder: a warmer source and a cooler network
    np.testing.assert_array_equal(warm.efficiency[:, 1:], np.tile([0.5, 0.9], (4, 1)))
    rated = carnot_cop(np.array(3.1), np.array(12.0), np.array(75.0), np.array(12.0), 75.0)
    assert float(rated) == 3.1
    steady = Plants.of(table())
    assert steady.in_weather(air, F) is steady
    assert supply_temperature_c(np.array([-40.0, 40.0]), F).tolist() == [120.0, 70.0]


def test_the_price_of_electricity_turns_the_order():
    plants = Plants.of(table())
    price = np.array([0.0, 3000.0])
    cost = heat_cost_sek_mwh(plants, F, price)
    assert cost.shape == (2, 3)
    year = dispatch(np.full(2, 15.0), plants, cost, heat_factors(plants, F), PENALTY)
    assert year.heat_mw[0, 0] == 10  # cheap electricity: the heat pump first
    assert year.heat_mw[1].tolist() == [0.0, 15.0, 0.0]  # dear: combined heat and power alone
    stated = Plants.of(table(variable_cost_sek_mwh=[1.0, np.nan, 3.0]))
    assert heat_cost_sek_mwh(stated, F)[[0, 2]].tolist() == [1.0, 3.0]


def test_a_unit_that_leaves_is_told_beside_all():
    cold = np.maximum(13 - (8.5 - 9 * np.cos(2 * np.pi * np.arange(8760) / 8760)), 0)
    load = network.load_mw(300e6, 50e6, cold, F["district_heating.loss_share"])
    supply = table(merit_order=[1, 2, 3], capacity_mw=[20.0, 20.0, 60.0])
    told = network.without_units(load, supply, F, [{"hp"}, {"oil", "gas"}])
    assert told["without"].tolist() == ["", "hp", "gas|oil"]
    np.testing.assert_allclose(told["supplied_mwh"] + told["unserved_mwh"], load.sum())
    assert told["territorial"][1] > told["territorial"][0]
    assert told["unserved_mwh"][2] == pytest.approx(np.maximum(load - 20, 0).sum())
    assert told["unserved_peak_mw"][2] == pytest.approx(load.max() - 20)
    assert (told["unserved_h"] > 0).tolist() == [bool(load.max() > 100), bool(load.max() > 80), True]


def test_heat_of_known_hours_is_loaded_as_it_is():
    delivered = np.abs(np.sin(np.arange(8760)))
    load = network.load_of_hours_mw(delivered, 0.1)
    assert load.sum() * 0.9 * 1000 == pytest.approx(delivered.sum())
    np.testing.assert_allclose(np.diff(load) * 1000, np.diff(delivered), atol=1e-12)
