"""Emissions shared between heat and electricity add up, whatever the method."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.district_heating.supply import allocation
from energy.district_heating.supply.plants import EMISSIONS, Plants
from twin import Factors, TwinError, schema

F = Factors.read().at(2024)
ratio = st.floats(0.01, 2)
alone = st.floats(0.2, 1)


def plants(**columns):
    plain = {
        "unit_id": ["waste", "gas", "pump"],
        "name": ["Avfall", "Gas", "Pump"],
        "fuel": ["waste", "natural_gas", "electricity"],
        "capacity_mw": [10.0, 10.0, 10.0],
        "efficiency": [0.75, 0.5, 3.0],
        "electricity_to_heat": [0.2, 0.85, 0.0],
        "merit_order": [1, 2, 3],
    }
    return Plants.of(pd.DataFrame(plain | columns))


@pytest.mark.parametrize("method", ["energy", "alternative"])
@given(alpha=ratio, heat=alone, power=alone)
def test_heat_and_electricity_carry_all_together(method, alpha, heat, power):
    """The share of electricity is that of heat with the two products changed about."""
    of_heat = allocation.share_of_heat(method, np.array(alpha), heat, power)
    of_power = allocation.share_of_heat(method, np.array(1 / alpha), power, heat)
    assert float(of_heat + of_power) == pytest.approx(1)


@given(alpha=ratio, either=alone)
def test_the_methods_meet_where_both_are_equally_hard_to_make(alpha, either):
    one, other = (allocation.share_of_heat(m, np.array(alpha), either, either) for m in ("energy", "alternative"))
    assert float(one) == pytest.approx(float(other))


@given(alpha=ratio, heat=st.floats(0.6, 1), power=st.floats(0.2, 0.59))
def test_heat_that_is_easier_to_make_alone_carries_less(alpha, heat, power):
    shares = [
        float(allocation.share_of_heat(m, np.array(alpha), heat, power))
        for m in ("alternative", "energy", "bookkeeping")
    ]
    assert 0 < shares[0] < shares[1] < shares[2] == 1


def test_gas_in_combined_heat_and_power_by_hand():
    """202 g/kWh of fuel, 0.5 heat and 0.425 electricity."""
    by = {m: allocation.heat_factors(plants(), F, m)["territorial"][1] for m in allocation.METHODS}
    gas, power = F["fuel.gas.territorial"], F["electricity.territorial"]
    assert by["bookkeeping"] == pytest.approx(gas / 0.5)
    assert by["energy"] == pytest.approx(gas / 0.925)
    lone = 0.5 / F["allocation.alone_heat"], 0.425 / F["allocation.alone_electricity"]
    assert by["alternative"] == pytest.approx(gas / 0.5 * lone[0] / sum(lone))
    assert by["power_bonus"] == pytest.approx(gas / 0.5 - 0.85 * power)


def test_decisions_know_no_allocation_and_credit_the_electricity():
    found = [
        allocation.heat_factors(plants(), F, m, w)["marginal"] for m in allocation.METHODS for w in allocation.WASTE_TO
    ]
    np.testing.assert_array_equal(found, np.broadcast_to(found[0], (8, 3)))
    assert found[0][1] == pytest.approx(F["fuel.gas.lifecycle"] / 0.5 - 0.85 * F["electricity.marginal"])
    assert found[0][2] == pytest.approx(F["electricity.marginal"] / 3)


def test_plants_without_electricity_are_the_same_by_every_method():
    found = [allocation.heat_factors(plants(), F, m)["territorial"][2] for m in allocation.METHODS]
    np.testing.assert_allclose(found, F["electricity.territorial"] / 3)


def test_waste_on_its_treatment_leaves_the_heat_clean():
    factors = allocation.heat_factors(plants(), F, "energy", "treatment")
    assert factors["territorial"][0] == factors["lifecycle"][0] == 0
    assert factors["marginal"][0] > 0  # more heat burns more waste


def test_all_methods_side_by_side():
    heat = np.array([[10.0, 2.0, 1.0], [10.0, 8.0, 0.0]])
    told = allocation.compare(plants(), heat, 0.9 * heat.sum(), F)
    assert len(told) == 8
    at = told.set_index(["method", "waste_to"])["territorial"]
    assert at["bookkeeping", "heat"] > at["energy", "heat"] > at["alternative", "heat"] > at["alternative", "treatment"]
    kg = heat.sum(axis=0) @ allocation.heat_factors(plants(), F)["territorial"]
    assert at["energy", "heat"] == pytest.approx(kg / (0.9 * heat.sum()))
    with pytest.raises(TwinError, match="no heat was delivered"):
        allocation.compare(plants(), heat * 0, 0.0, F)


def test_hourly_performance_gives_hourly_factors():
    air = np.array([-10.0, 10.0])
    weather = plants(source_c=[np.nan, np.nan, 12.0]).in_weather(air, F)
    factors = allocation.heat_factors(weather, F)["marginal"]
    assert factors.shape == (2, 3)
    assert factors[0, 2] > factors[1, 2]


def test_unknown_methods_are_named():
    with pytest.raises(TwinError, match="did you mean 'energy'"):
        allocation.heat_factors(plants(), F, "energi")
    with pytest.raises(TwinError, match="did you mean 'treatment'"):
        allocation.heat_factors(plants(), F, "energy", "treatmen")


def test_every_fuel_of_the_schema_has_factors_and_a_price():
    fuels = schema.spec("heat_supply").loc["fuel", "categories"].split("|")
    assert set(EMISSIONS) == set(fuels)
    for fuel in fuels:
        assert all(key in F for key in EMISSIONS[fuel])
        assert f"plant.{fuel}.tax_sek_mwh" in F
        assert fuel == "electricity" or f"plant.{fuel}.price_sek_mwh" in F
