"""The plants meet the load in order; what is supplied is what is delivered and lost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linprog

from energy.district_heating import dispatch, network
from twin import Factors

FACTORS = Factors.read().at(2024)
LOADS = hnp.arrays(float, 24, elements=st.floats(0, 200))
CAPACITIES = hnp.arrays(float, 4, elements=st.floats(0, 80))


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
    cold = np.maximum(13 - (8.5 - 9 * np.cos(2 * np.pi * np.arange(8760) / 8760)), 0)
    year = network.run(90e6, 15e6, cold, plants(), FACTORS)
    loss = FACTORS["district_heating.loss_share"]
    assert year.supplied_kwh * (1 - loss) == pytest.approx(90e6)
    assert year.lost_kwh + year.delivered_kwh == pytest.approx(year.supplied_kwh)
    assert year.units["heat_kwh"].sum() + year.unserved_kwh == pytest.approx(year.supplied_kwh)
    assert 0 <= year.territorial < year.lifecycle
    more = network.run(120e6, 15e6, cold, plants(), FACTORS)
    assert more.territorial > year.territorial  # the last plants burn gas


def test_without_plants_the_city_s_own_factors_hold():
    year = network.run(1e6, 1e5, np.ones(8760), pd.DataFrame(), FACTORS)
    expected = tuple(FACTORS[f"district_heating.{a}"] for a in ("territorial", "lifecycle", "marginal"))
    assert (year.territorial, year.lifecycle, year.marginal) == expected


@given(LOADS, CAPACITIES)
def test_factors_lie_between_those_of_the_plants(load, capacity):
    heat, _ = dispatch.merit_order(load, capacity)
    per_heat = np.array([0.0, 0.1, 0.2, 0.3])
    for found in (dispatch.average_factor(heat, per_heat), dispatch.marginal_factor(load, heat, per_heat)):
        assert -1e-12 <= found <= 0.3 + 1e-9
