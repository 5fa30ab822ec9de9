"""Measures change what they declare, in the direction they promise, and nothing that is already better."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.memory import Memory
from energy.stock import Stock
from twin import MEASURES, Factors, TwinError

FACTORS = Factors.read().at(2026)
PARAMS = {
    "electrify_vehicles": {"ev_share": 0.8},
    "reduce_car_traffic": {"reduction": 0.2},
    "blend_biofuel": {"share": 0.5},
}


@pytest.fixture(scope="module")
def stock(city):
    return Stock.of(city, Memory(), FACTORS)


def entities(stock, spec):
    return stock.buildings if spec.table == "buildings" else stock.roads_in(FACTORS)


@pytest.mark.parametrize("name", MEASURES.names())
def test_only_declared_columns_are_changed(stock, name):
    spec = MEASURES[name]
    chosen = entities(stock, spec)
    before = chosen.copy()
    patch = spec.function(chosen, FACTORS, **spec.check(PARAMS.get(name, {}), name))
    assert set(patch.columns) <= set(spec.changes)
    assert len(patch.columns)
    assert patch.index.equals(chosen.index)
    assert chosen.equals(before)


def test_a_renovation_leaves_better_parts_as_they_are(stock):
    good = stock.buildings.assign(u_wall_w_m2k=0.1)
    patch = MEASURES["renovate_envelope"].function(good, FACTORS, u_wall_w_m2k=0.18)
    assert list(patch.columns) == ["u_wall_w_m2k"]
    assert (patch["u_wall_w_m2k"] == 0.1).all()


def test_without_parameters_the_factors_hold(stock):
    spec = MEASURES["renovate_envelope"]
    patch = spec.function(stock.buildings, FACTORS, **spec.check({}, ""))
    assert patch["u_wall_w_m2k"].max() <= FACTORS["renovation.u_wall_w_m2k"]
    assert "u_floor_w_m2k" not in patch


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_less_car_traffic_keeps_the_other_vehicles(stock, reduction, progress):
    roads = stock.roads_in(FACTORS)
    patch = MEASURES["reduce_car_traffic"].function(roads, FACTORS, reduction=reduction, progress=progress)
    for column in ("van_share", "heavy_vehicle_share", "bus_share"):
        np.testing.assert_allclose(patch["aadt"] * patch[column], roads["aadt"] * roads[column], rtol=1e-9, atol=1e-9)
    cars = patch["aadt"] * (1 - patch[["van_share", "heavy_vehicle_share", "bus_share"]].sum(axis=1))
    before = roads["aadt"] * (1 - roads[["van_share", "heavy_vehicle_share", "bus_share"]].sum(axis=1))
    np.testing.assert_allclose(cars, before * (1 - reduction * progress), rtol=1e-9, atol=1e-6)


def test_a_zone_moves_no_emissions_out_of_the_accounts(stock):
    roads = stock.roads_in(FACTORS)
    spec = MEASURES["emission_free_zone"]
    all_rerouted = spec.function(roads, FACTORS, rerouting_share=1.0)
    np.testing.assert_allclose(all_rerouted["ev_share"], roads["ev_share"].astype(float))
    np.testing.assert_allclose(spec.function(roads, FACTORS)["ev_share"], 1.0)


def test_parameters_outside_their_limits_are_refused_all_at_once():
    with pytest.raises(TwinError, match=r"u_wall_w_m2k = 9.*u_rof") as caught:
        MEASURES["renovate_envelope"].check({"u_wall_w_m2k": 9, "u_rof_w_m2k": 0.1}, "measure")
    assert "did you mean 'u_roof_w_m2k'" in str(caught.value)
