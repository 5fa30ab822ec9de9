"""The plants meet the load in order; what is supplied is what is delivered and lost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linprog

from energy.district_heating.supply import dispatch, network
from twin import Factors

FACTORS = Factors.read().at(2024)
LOADS = hnp.arrays(float, 24, elements=st.floats(0, 200))
CAPACITIES = hnp.arrays(float, 4, elements=st.floats(0, 80))
COLD = np.maximum(13 - (8.5 - 9 * np.cos(2 * np.pi * np.arange(8760) / 8760)), 0)


@given(LOADS, CAPACITIES)
def test_every_hour_is_met_or_reported(load, capacity):
    heat, unserved = dispatch.merit_order(load, capacity)
    np.testing.assert_allclose(heat.sum(axis=1) + unserved, load, atol=1e-9)
    assert (heat >= 0).all()
    assert (heat <= capacity + 1e-12).all()
    assert (unserved >= -1e-9).all()
    np.testing.assert_allclose(unserved, np.maximum(load - capacity.sum(), 0), atol=1e-9)


def test_the_merit_order_is_the_cheapest():
    rng = np.random.default_rng(7)
    load, capacity, cost = rng.uniform(10, 120, 48), np.array([30.0, 40.0, 60.0]), np.array([1.0, 5.0, 20.0])
    heat, _ = dispatch.merit_order(load, capacity)
    for hour, level in enumerate(load):
        best = linprog(cost, A_eq=np.ones((1, 3)), b_eq=[level], bounds=[(0, c) for c in capacity])
        assert heat[hour] @ cost == pytest.approx(best.fun, rel=1e-9)


def plants():
    return pd.DataFrame(
        {
            "unit_id": ["a", "b", "c"],
            "name": ["Spillvärme", "Avfall", "Gas"],
            "fuel": ["excess_heat", "waste", "natural_gas"],
            "capacity_mw": [5.0, 10.0, 100.0],
            "efficiency": [1.0, 0.7, 0.9],
            "electricity_to_heat": [0.0, 0.25, 0.0],
            "merit_order": [1, 2, 3],
        }
    )


def test_a_year_of_the_network_conserves_energy():
    year = network.run(90e6, 15e6, COLD, plants(), FACTORS)
    loss = FACTORS["district_heating.loss_share"]
    assert year.supplied_kwh * (1 - loss) == pytest.approx(90e6)
    assert year.lost_kwh + year.delivered_kwh == pytest.approx(year.supplied_kwh)
    assert year.units["heat_kwh"].sum() + year.unserved_kwh == pytest.approx(year.supplied_kwh)
    assert 0 <= year.territorial < year.lifecycle
    more = network.run(120e6, 15e6, COLD, plants(), FACTORS)
    assert more.territorial > year.territorial  # the last plants burn gas


def test_a_delivered_kwh_carries_the_fuel_of_all_plants_and_the_losses():
    """The yearly factors from the yearly heat of the plants, written out."""
    year = network.run(90e6, 15e6, COLD, plants(), FACTORS)
    excess, waste, gas = year.units["heat_kwh"]
    f = FACTORS
    kg = excess * f["plant.excess_heat.territorial"]
    kg += waste / 0.7 / 1.25 * f["plant.waste.territorial"] + gas / 0.9 * f["fuel.gas.territorial"]
    assert year.territorial == pytest.approx(kg / 90e6)
    load = network.load_mw(90e6, 15e6, COLD, f["district_heating.loss_share"])
    of = np.array(
        [
            f["plant.excess_heat.lifecycle"],
            f["plant.waste.lifecycle"] / 0.7 - 0.25 * f["electricity.marginal"],
            f["fuel.gas.lifecycle"] / 0.9,
        ]
    )
    last = np.where(load > 15, of[2], np.where(load > 5, of[1], of[0]))
    assert year.marginal == pytest.approx(load @ last / load.sum() / 0.9)
    assert year.marginal_space_heat == pytest.approx(COLD @ last / COLD.sum() / 0.9)
    assert year.marginal_space_heat > year.marginal  # space heat falls in the hours of gas


def test_without_plants_the_city_s_own_factors_hold():
    year = network.run(1e6, 1e5, np.ones(8760), pd.DataFrame(), FACTORS)
    expected = tuple(FACTORS[f"district_heating.{a}"] for a in ("territorial", "lifecycle", "marginal"))
    assert (year.territorial, year.lifecycle, year.marginal) == expected


def test_heat_that_nobody_needs_is_counted_apart_and_on_those_who_are_served():
    must = plants().assign(must_run_mw=[0.0, 10.0, 0.0])
    free, held = (network.run(60e6, 15e6, COLD, table, FACTORS) for table in (plants(), must))
    assert held.dumped_kwh > 0
    assert held.units["heat_kwh"].sum() - held.dumped_kwh == pytest.approx(held.supplied_kwh)
    assert held.territorial > free.territorial
    assert free.dumped_kwh == 0


def test_a_year_without_heat_emits_nothing():
    year = network.run(0.0, 0.0, COLD, plants(), FACTORS)
    assert (year.territorial, year.lifecycle, year.marginal, year.supplied_kwh) == (0, 0, 0, 0)


def test_prices_are_read_only_where_they_decide():
    class Noted(dict):
        def __getitem__(self, key):
            read.add(key)
            return super().__getitem__(key)

    read = set()
    noted = Noted(FACTORS)
    network.run(90e6, 15e6, COLD, plants(), noted)
    assert not [k for k in read if "price" in k or "sek" in k]
    cheapest = network.run(90e6, 15e6, COLD, plants().drop(columns="merit_order"), noted)
    assert "plant.waste.price_sek_mwh" in read
    assert cheapest.units["heat_kwh"].sum() == pytest.approx(cheapest.supplied_kwh)


def test_the_method_of_sharing_out_changes_the_books_and_not_the_decision():
    usual = network.run(90e6, 15e6, COLD, plants(), FACTORS)
    booked = network.run(90e6, 15e6, COLD, plants(), FACTORS, network.Operation(method="bookkeeping"))
    spared = network.run(90e6, 15e6, COLD, plants(), FACTORS, network.Operation(waste_to="treatment"))
    assert booked.territorial > usual.territorial > spared.territorial
    assert booked.marginal == usual.marginal == spared.marginal


def test_a_year_with_a_tank_conserves_energy_and_costs_less():
    supply = plants().assign(storage_mwh=[0.0, 200.0, 0.0], storage_mw=[0.0, 20.0, 0.0])
    cold = COLD[: 24 * 40] + 4 * np.sin(2 * np.pi * np.arange(24 * 40) / 24)
    usual = network.run(13e6, 1e6, cold, supply, FACTORS)
    tank = network.run(13e6, 1e6, cold, supply, FACTORS, network.Operation(storage=True))
    assert tank.units["heat_kwh"].sum() == pytest.approx(tank.supplied_kwh)  # a tank without loss
    assert tank.units["heat_kwh"][2] < usual.units["heat_kwh"][2]  # less gas
    assert tank.territorial > 0
