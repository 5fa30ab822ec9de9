"""Measures change what they declare, in the direction they promise, and nothing that is already better."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.buildings.heat import heat_need
from energy.electrification.heat_pumps import performance_by_radiator, yearly_performance
from energy.measures import insulated_u
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


def buildings_of(stock):
    """Buildings with the two columns that a heating system is steered by."""
    return stock.buildings.assign(night_setback_k=0.0, radiator_at_0_c=FACTORS["heat_pump.radiator_at_0_c"])


def entities(stock, spec):
    return buildings_of(stock) if spec.table == "buildings" else stock.roads_in(FACTORS)


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


ELEMENTS = ["wall", "roof", "floor", "window"]
# measure, column, values of the building from bad to good
ONE_COLUMN = [
    ("insulate_walls", "u_wall_w_m2k", (2.0, 0.1)),
    ("insulate_roof", "u_roof_w_m2k", (2.0, 0.06)),
    ("insulate_floor", "u_floor_w_m2k", (2.0, 0.1)),
    ("change_windows", "u_window_w_m2k", (3.0, 0.6)),
    ("make_airtight", "infiltration_ach", (0.5, 0.05)),
    ("lower_set_point", "set_point_c", (23.0, 18.0)),
    ("night_setback", "night_setback_k", (0.0, 5.0)),
    ("low_temperature_radiators", "radiator_at_0_c", (45.0, 27.0)),
]


def run(name, chosen, **params):
    spec = MEASURES[name]
    return spec.function(chosen, FACTORS, **spec.check(params, name))


@pytest.mark.parametrize(("name", "column", "values"), ONE_COLUMN)
def test_what_is_bad_is_changed_and_what_is_better_is_left(stock, name, column, values):
    bad, good = values
    mixed = buildings_of(stock).assign(**{column: [bad, good] * 3})
    patch = run(name, mixed)
    assert (patch[column].to_numpy()[1::2] == good).all()
    reached = set(patch[column].to_numpy()[::2])
    assert len(reached) == 1
    assert min(bad, good) < reached.pop() < max(bad, good)


@pytest.mark.parametrize(("name", "column", "values"), ONE_COLUMN)
def test_a_measure_taken_twice_is_a_measure_taken_once(stock, name, column, values):
    first = buildings_of(stock).assign(**{column: values[0]})
    once = first.assign(**run(name, first))
    again = run(name, once)
    assert again.equals(once[again.columns])


def test_an_attic_reaches_what_a_contractor_promises():
    # Byggahus: 300 mm of loose fill on U = 0.38 gives 0.1 W/(m2 K), 0.1 here rounded to one figure
    assert insulated_u(np.array([0.38]), 0.3, FACTORS["insulation.loose_w_mk"])[0] == pytest.approx(0.1, abs=0.01)


@given(st.floats(0.05, 5), st.floats(1, 1000), st.floats(1, 1000), st.floats(0.02, 0.06))
def test_insulation_adds_up_and_never_harms(u, first_mm, second_mm, conductivity):
    before = np.array([u])
    once = insulated_u(before, (first_mm + second_mm) / 1000, conductivity)
    twice = insulated_u(insulated_u(before, first_mm / 1000, conductivity), second_mm / 1000, conductivity)
    np.testing.assert_allclose(once, twice, rtol=1e-9)
    assert 0 < once[0] < u


def test_a_thickness_and_a_target_together_give_the_better_one(stock):
    chosen = buildings_of(stock).assign(u_wall_w_m2k=0.6)
    thick, thin = (run("insulate_walls", chosen, thickness_mm=d)["u_wall_w_m2k"].iloc[0] for d in (300, 20))
    assert thick < 0.18 < thin
    assert run("insulate_walls", chosen, u_wall_w_m2k=0.18, thickness_mm=300)["u_wall_w_m2k"].iloc[0] == thick
    assert run("insulate_walls", chosen, u_wall_w_m2k=0.18, thickness_mm=20)["u_wall_w_m2k"].iloc[0] == 0.18


def test_new_windows_let_less_sun_through_and_kept_ones_as_much_as_before(stock):
    mixed = buildings_of(stock).assign(u_window_w_m2k=[2.2, 0.8] * 3, g_value=0.75)
    patch = run("change_windows", mixed, u_window_w_m2k=0.9, g_value=0.45)
    assert patch["u_window_w_m2k"].tolist() == [0.9, 0.8] * 3
    assert patch["g_value"].tolist() == [0.45, 0.75] * 3


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(ELEMENTS), st.floats(0.06, 4), st.floats(0.06, 4))
def test_a_better_element_never_needs_more_heat(stock, element, one, other):
    column = f"u_{element}_w_m2k"
    need = [
        heat_need(stock.buildings.assign(**{column: u}), stock.season, FACTORS)["heat_need_kwh"].to_numpy()
        for u in sorted((one, other))
    ]
    assert (need[0] <= need[1] + 1e-6).all()


def test_renovating_element_by_element_is_renovating_the_envelope(stock):
    whole = run("renovate_envelope", buildings_of(stock), u_wall_w_m2k=0.2, u_roof_w_m2k=0.12, infiltration_ach=0.2)
    parts = [
        run("insulate_walls", buildings_of(stock), u_wall_w_m2k=0.2),
        run("insulate_roof", buildings_of(stock), u_roof_w_m2k=0.12),
        run("make_airtight", buildings_of(stock), infiltration_ach=0.2),
    ]
    for part in parts:
        assert part.equals(whole[part.columns])


@settings(deadline=None)
@given(st.sampled_from(["air", "ground"]), st.lists(st.floats(25, 60), min_size=2, max_size=6))
def test_cooler_radiator_water_never_makes_a_heat_pump_worse(stock, source, supply):
    found = performance_by_radiator(stock.season.temp_air_c, source, np.sort(supply), FACTORS)
    assert (np.diff(found) <= 1e-12).all()
    as_before = performance_by_radiator(
        stock.season.temp_air_c, source, np.full(3, FACTORS["heat_pump.radiator_at_0_c"]), FACTORS
    )
    np.testing.assert_array_equal(as_before, yearly_performance(stock.season.temp_air_c, source, FACTORS)[0])
