"""A tank moves heat between hours at the least cost; duals and marginal emissions are what one more MWh really brings."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from energy.district_heating.supply import network
from energy.district_heating.supply.dispatch import running
from energy.district_heating.supply.storage import Tank, with_storage
from twin import Factors, TwinError

F = Factors.read().at(2024)
PENALTY = 1e4


def case(seed, hours=30, units=4):
    """Plants of costs without ties, whose capacity is not always enough."""
    r = np.random.default_rng(seed)
    load = r.uniform(0, 160, hours)
    capacity, cost = r.uniform(10, 50, (hours, units)), r.uniform(-50, 900, (hours, units))
    floor = r.uniform(0, 15, units)
    tank = Tank(r.uniform(20, 200), r.uniform(5, 40), r.choice([0.0, 0.001, 0.02]))
    return load, capacity, cost, tank, floor


def peer_cost(load, capacity, cost, tank, floor):
    """The same optimum, written with charging and discharging apart, by another program."""
    hours, units = capacity.shape
    floor = np.minimum(floor, capacity)
    one, none = np.eye(hours), np.zeros((hours, hours))
    keep = 1 - tank.loss_per_h
    level = one - keep * np.roll(one, -1, axis=1)  # this hour's end less what is left of the last one's
    balance = np.hstack([one] * units + [one, -one, -one, one, none])
    content = np.hstack([none] * (units + 2) + [-one, one, level])
    surplus = np.maximum(floor.sum(axis=1) - load, 0)
    lower = np.concatenate([floor.T.ravel(), np.zeros(5 * hours)])
    upper = np.concatenate(
        [capacity.T.ravel(), load, surplus, np.full(2 * hours, tank.power_mw), np.full(hours, tank.energy_mwh)]
    )
    prices = np.concatenate([cost.T.ravel(), np.full(hours, PENALTY), np.zeros(4 * hours)])
    found = linprog(
        prices,
        A_eq=np.vstack([balance, content]),
        b_eq=np.concatenate([load, np.zeros(hours)]),
        bounds=np.column_stack([lower, upper]),
    )
    assert found.status == 0
    return found.fun


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_energy_is_conserved_and_every_limit_kept(seed):
    load, capacity, cost, tank, floor = case(seed)
    year = with_storage(load, capacity, cost, tank, PENALTY, floor)
    made = year.heat_mw.sum(axis=1)
    np.testing.assert_allclose(made + year.unserved_mw - year.dumped_mw, load + year.charge_mw, atol=1e-7)
    left = (1 - tank.loss_per_h) * np.roll(year.level_mwh, 1)  # the year begins where it ends
    np.testing.assert_allclose(year.level_mwh, left + year.charge_mw, atol=1e-7)
    lost = tank.loss_per_h * year.level_mwh.sum()
    assert made.sum() + year.unserved_mw.sum() == pytest.approx(load.sum() + year.dumped_mw.sum() + lost, rel=1e-7)
    assert (year.level_mwh >= -1e-7).all()
    assert (year.level_mwh <= tank.energy_mwh + 1e-7).all()
    assert (np.abs(year.charge_mw) <= tank.power_mw + 1e-7).all()
    assert (year.heat_mw >= np.minimum(floor, capacity) - 1e-7).all()
    assert (year.heat_mw <= capacity + 1e-7).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_it_is_the_optimum_of_another_programme(seed):
    load, capacity, cost, tank, floor = case(seed)
    year = with_storage(load, capacity, cost, tank, PENALTY, floor)
    assert year.cost_sek == pytest.approx(peer_cost(load, capacity, cost, tank, floor), rel=1e-7, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_tank_never_costs_and_an_empty_one_changes_nothing(seed):
    load, capacity, cost, tank, floor = case(seed)
    plain = running(load, capacity, floor, cost)
    alone = float((plain.heat_mw * cost).sum() + plain.unserved_mw.sum() * PENALTY)
    small, tall = (with_storage(load, capacity, cost, t, PENALTY, floor).cost_sek for t in (Tank(0, 0), tank))
    assert small == pytest.approx(alone, rel=1e-9, abs=1e-6)
    assert tall <= alone + 1e-6 * abs(alone)


@pytest.mark.parametrize("seed", range(30))
def test_price_and_marginal_emission_are_those_of_one_more_mwh(seed):
    load, capacity, cost, tank, floor = case(seed)
    emission = np.random.default_rng(seed + 99).uniform(0, 0.4, cost.shape)
    year = with_storage(load, capacity, cost, tank, PENALTY, floor)
    grams = year.of_one_more(emission)
    np.testing.assert_allclose(year.of_one_more(cost, PENALTY), year.price_sek_mwh, atol=1e-6)
    step = 1e-4
    for hour in range(0, len(load), 3):
        more = load.copy()
        more[hour] += step
        other = with_storage(more, capacity, cost, tank, PENALTY, floor)
        assert (other.cost_sek - year.cost_sek) / step == pytest.approx(year.price_sek_mwh[hour], rel=1e-4, abs=1e-2)
        found = ((other.heat_mw - year.heat_mw) * emission).sum() / step
        assert found == pytest.approx(grams[hour], abs=1e-4)


def test_one_more_kwh_may_burn_more_in_another_hour():
    """The cold hour is met from the tank, which is filled by the plant of the mild hour."""
    load, capacity, cost = np.array([2.0, 14.0]), np.array([10.0, 50.0]), np.array([100.0, 900.0])
    year = with_storage(load, capacity, cost, Tank(20, 20), PENALTY)
    np.testing.assert_allclose(year.price_sek_mwh, [100, 100])
    np.testing.assert_allclose(year.of_one_more(np.array([0.05, 0.3])), [0.05, 0.05])
    without = running(load, capacity, np.zeros(2), cost)
    assert without.of_one_more(np.array([0.05, 0.3])).tolist() == [0.05, 0.3]


def test_heat_that_can_not_be_stopped_fills_the_tank_first():
    year = with_storage(
        np.array([4.0, 20.0]), np.array([10.0, 50.0]), np.array([1.0, 9.0]), Tank(3, 9), 1e3, np.array([10.0, 0.0])
    )
    np.testing.assert_allclose(year.charge_mw, [3, -3])
    np.testing.assert_allclose(year.dumped_mw, [3, 0])


def test_missing_heat_is_reported_where_even_the_tank_does_not_reach():
    year = with_storage(np.array([5.0, 30.0]), np.array([10.0]), np.array([1.0]), Tank(3, 9), 1e3)
    np.testing.assert_allclose(year.unserved_mw, [0, 17])
    assert year.price_sek_mwh[1] == 1e3


def test_bad_tanks_and_penalties_are_named():
    for wrong in ((-1, 5, 0), (5, -1, 0), (5, 5, 1), (np.nan, 5, 0)):
        with pytest.raises(TwinError, match="can not be"):
            Tank(*wrong)
    with pytest.raises(TwinError, match=r"penalty of 50 .* raise the factor"):
        with_storage(np.ones(3), np.array([9.0]), np.array([60.0]), Tank(1, 1), 50)
    with pytest.raises(TwinError, match="was not solved"):
        with_storage(np.array([1.0, np.nan]), np.array([9.0]), np.array([1.0]), Tank(1, 1), 50)


def test_an_order_of_use_holds_with_a_tank_too():
    """Waste is the cheaper one here, but refinery heat is taken first; without room the tank changes nothing."""
    load = np.random.default_rng(2).uniform(5, 60, 48)
    supply = pd.DataFrame(
        {
            "unit_id": ["refinery", "waste", "oil"],
            "name": ["Raffinaderi", "Avfall", "Olja"],
            "fuel": ["excess_heat", "waste", "fossil_oil"],
            "capacity_mw": [20.0, 20.0, 40.0],
            "electricity_to_heat": [0.0, 0.2, 0.0],
            "merit_order": [1, 2, 3],
            "storage_mwh": [1e-9, 0.0, 0.0],
            "storage_mw": [1.0, 0.0, 0.0],
        }
    )
    off, on = (network.year(load, supply, F, network.Operation(storage=s)) for s in (False, True))
    assert off.cost_sek_mwh[1] < off.cost_sek_mwh[0]
    np.testing.assert_allclose(on.heat_mw, off.heat_mw, atol=1e-6)
    np.testing.assert_allclose(on.price_sek_mwh, off.price_sek_mwh, atol=1e-6)
    np.testing.assert_allclose(on.marginal["marginal"], off.marginal["marginal"], atol=1e-9)
    large = network.year(
        load, supply.assign(storage_mwh=[80.0, 0.0, 0.0], storage_mw=20.0), F, network.Operation(storage=True)
    )
    late = large.heat_mw[:, 1:] > 1e-6
    assert (large.heat_mw[:, 0][late.any(axis=1)] > 20 - 1e-6).all()
    assert (large.heat_mw[:, 1][late[:, 1]] > 20 - 1e-6).all()
    assert large.heat_mw[:, 2].sum() < off.heat_mw[:, 2].sum()


def test_the_network_uses_its_tank_only_when_asked(capfd):
    hours = np.arange(24 * 20)
    load = 40 + 25 * np.sin(2 * np.pi * hours / 24)
    supply = pd.DataFrame(
        {
            "unit_id": ["bio", "oil"],
            "name": ["Bio", "Olja"],
            "fuel": ["biomass", "fossil_oil"],
            "capacity_mw": [45.0, 60.0],
            "efficiency": [0.9, 0.9],
            "merit_order": [1, 2],
            "storage_mwh": [150.0, 0.0],
            "storage_mw": [30.0, 0.0],
            "storage_loss_share": [0.001, 0.0],
        }
    )
    off, on = (network.year(load, supply, F, network.Operation(storage=s)) for s in (False, True))
    assert not off.level_mwh.any()
    assert on.level_mwh.max() > 50
    assert on.cost_sek.sum() < off.cost_sek.sum()
    assert on.yearly("territorial") < off.yearly("territorial")
    assert on.worth("marginal", load) < off.worth("marginal", load)
    assert capfd.readouterr().out == ""  # commands print JSON; the solver must be silent
