"""The whole calculation: what must hold whatever the numbers are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import energy
from energy.scenario import Scenario, Step
from twin import City, Factors, TwinError

YEARS = range(2024, 2031)

STEP = st.one_of(
    st.builds(lambda s: Step(measure="renovate_envelope", share=s), st.floats(0, 1)),
    st.builds(lambda s: Step(measure="connect_district_heating", share=s), st.floats(0, 1)),
    st.builds(
        lambda s, k: Step(measure="install_heat_pump", share=s, params={"source": k}),
        st.floats(0, 1),
        st.sampled_from(["air", "ground", "exhaust_air"]),
    ),
    st.builds(lambda s: Step(measure="install_heat_recovery", share=s), st.floats(0, 1)),
    st.builds(lambda s: Step(measure="install_photovoltaics", share=s), st.floats(0, 1)),
    st.builds(lambda s: Step(measure="electrify_vehicles", params={"ev_share": s}), st.floats(0, 1)),
    st.builds(lambda s: Step(measure="reduce_car_traffic", params={"reduction": s}), st.floats(0, 1)),
    st.builds(lambda s: Step(measure="blend_biofuel", params={"share": s}), st.floats(0, 1)),
    st.builds(
        lambda s: Step(measure="emission_free_zone", where={"area_id": ["a1"]}, params={"rerouting_share": s}),
        st.floats(0, 1),
    ),
)


@pytest.fixture(scope="module")
def baseline(city):
    return energy.simulate(city, Scenario.baseline(), years=YEARS)


def total(results, indicator, year):
    tidy = results.indicators(by="city")
    return tidy[(tidy.indicator == indicator) & (tidy.year == year)].value.item()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=5))
def test_areas_add_up_and_the_base_city_is_untouched(city, steps):
    before = {name: table.copy() for name, table in city.tables.items()}
    results = energy.simulate(city, Scenario(name="p", step=tuple(steps)), years=[2024, 2030], ranges=False)
    for name, table in city.tables.items():
        pd.testing.assert_frame_equal(table, before[name])
    tidy = results.indicators(by="area")
    for indicator in (
        "heat_need_kwh",
        "electricity_kwh",
        "cooling_electricity_kwh",
        "vehicle_km",
        "co2e_territorial_kg",
        "co2e_lifecycle_kg",
        "co2e_marginal_kg",
        "ev_charging_kwh",
    ):
        for year in (2024, 2030):
            rows = tidy[(tidy.indicator == indicator) & (tidy.year == year)].set_index("area_id").value
            assert rows["a1"] + rows["a2"] + rows["outside"] == pytest.approx(rows["city"], rel=1e-9, abs=1e-9)
            assert rows["a1"] + rows["a2"] == pytest.approx(rows["s1"], rel=1e-9, abs=1e-9)


def test_the_empty_scenario_is_the_baseline(city, baseline):
    empty = energy.simulate(city, Scenario(name="tomt"), years=YEARS)
    pd.testing.assert_frame_equal(
        empty.indicators().drop(columns="scenario"), baseline.indicators().drop(columns="scenario")
    )


def test_values_lie_within_their_range(baseline):
    tidy = baseline.indicators().dropna()
    assert (tidy.low <= tidy.value + 1e-9).all()
    assert (tidy.value <= tidy.high + 1e-9).all()
    wide = tidy[(tidy.indicator == "co2e_marginal_kg") & (tidy.area_id == "city")]
    assert (wide.high > 1.1 * wide.value).all()


def test_the_range_of_the_city_is_not_narrower_than_that_of_its_parts(baseline):
    tidy = baseline.indicators()
    rows = tidy[(tidy.indicator == "heat_need_kwh") & (tidy.year == 2024)].set_index("area_id")
    relative = (rows.high - rows.low) / rows.value
    assert relative["city"] >= 0.95 * min(relative["a1"], relative["a2"])


@pytest.mark.parametrize(
    ("step", "indicator", "sign"),
    [
        (Step(measure="renovate_envelope", end=2026), "heat_need_kwh", -1),
        (Step(measure="install_heat_recovery", end=2026), "heat_need_kwh", -1),
        (
            Step(measure="install_heat_pump", where={"heating": ["oil", "direct_electric"]}, end=2026),
            "co2e_lifecycle_kg",
            -1,
        ),
        (Step(measure="install_heat_pump", end=2026), "electricity_kwh", 1),
        (Step(measure="connect_district_heating", where={"heating": "oil"}, end=2026), "co2e_territorial_kg", -1),
        (Step(measure="install_photovoltaics", end=2026), "pv_kwh", 1),
        (Step(measure="electrify_vehicles", params={"ev_share": 0.9}, end=2026), "co2e_territorial_kg", -1),
        (Step(measure="electrify_vehicles", params={"ev_share": 0.9}, end=2026), "ev_charging_kwh", 1),
        (Step(measure="reduce_car_traffic", params={"reduction": 0.25}, end=2026), "vehicle_km", -1),
        (Step(measure="reduce_car_traffic", params={"reduction": 0.25}, end=2026), "ev_charging_kwh", -1),
        (Step(measure="blend_biofuel", params={"share": 0.5}, end=2026), "co2e_territorial_kg", -1),
        (Step(measure="emission_free_zone", end=2026), "co2e_territorial_kg", -1),
    ],
    ids=lambda v: getattr(v, "measure", str(v)),
)
def test_each_measure_moves_its_figure(city, baseline, step, indicator, sign):
    results = energy.simulate(city, Scenario(name="p", step=(step,)), years=[2024, 2030], ranges=False)
    assert np.sign(total(results, indicator, 2030) - total(baseline, indicator, 2030)) == sign
    assert total(results, indicator, 2024) == pytest.approx(total(baseline, indicator, 2024))


def test_a_quarter_less_car_traffic_is_exactly_that(city):
    step = Step(measure="reduce_car_traffic", params={"reduction": 0.25}, start=2025, end=2030)
    results = energy.simulate(city, Scenario(name="p", step=(step,)), years=[2024, 2030], ranges=False)
    before, after = results.at("roads", 2024), results.at("roads", 2030)
    np.testing.assert_allclose(after.car_km, 0.75 * before.car_km, rtol=1e-12)
    np.testing.assert_allclose(after.vehicle_km - after.car_km, before.vehicle_km - before.car_km, rtol=1e-12)


def test_heat_supplied_is_heat_delivered_plus_losses(baseline):
    buildings = baseline.at("buildings", 2024)
    loss = Factors.read().at(2024)["district_heating.loss_share"]
    heat = energy.simulate.__globals__["network"].run(
        float(buildings.district_heating_kwh.sum()), 0.0, np.ones(8760), pd.DataFrame(), Factors.read().at(2024)
    )
    assert heat.supplied_kwh * (1 - loss) == pytest.approx(heat.delivered_kwh, rel=1e-12)


@pytest.mark.parametrize("weather", [True, False])
def test_cooling_is_part_of_the_year_s_electricity_and_emissions(city, weather):
    """Offices are cooled; without weather, by floor area."""
    some = city if weather else City(city.name, city.crs, {n: city[n] for n in city if n != "weather"})
    found, better = (
        energy.simulate(some, Scenario(name="p", factors=f), years=[2024], ranges=weather)
        for f in ({}, {"cooling.yearly_performance": 4.5})
    )
    one, less = found.at("buildings", 2024), better.at("buildings", 2024)
    cold, office = one["cooling_electricity_kwh"], (city["buildings"]["use"] == "office").to_numpy(bool)
    assert (cold[office] > 0).all()
    assert not cold[~office].any()
    f = Factors.read().at(2024)
    if not weather:
        area = city["buildings"]["floor_area_m2"].to_numpy(float)[office]
        np.testing.assert_allclose(cold[office], 7 * area / f["cooling.yearly_performance"], rtol=1e-12)
    else:
        need = one["cooling_need_kwh"] / f["cooling.yearly_performance"]
        np.testing.assert_allclose(cold, need, rtol=1e-12)
        tidy = found.indicators(by="city").set_index("indicator")
        ends = tidy.loc["cooling_electricity_kwh", ["low", "value", "high"]].to_numpy(float)
        assert ends[0] < ends[1] < ends[2]
    for column, per in {
        "electricity_kwh": 1.0,
        "energy_use_kwh": 1.0,
        "primary_energy_kwh": f["weight.electricity"],
        **{f"co2e_{a}_kg": f[f"electricity.{a}"] for a in ("territorial", "lifecycle", "marginal")},
    }.items():
        spared = cold * (1 - f["cooling.yearly_performance"] / 4.5)
        np.testing.assert_allclose(one[column] - less[column], spared * per, rtol=1e-9, atol=1e-6)


def test_factors_of_a_scenario_change_the_numbers(city, baseline):
    low = energy.simulate(
        city, Scenario(name="p", factors={"electricity.lifecycle": 0.045}), years=[2024], ranges=False
    )
    assert total(low, "co2e_lifecycle_kg", 2024) < total(baseline, "co2e_lifecycle_kg", 2024)
    assert total(low, "co2e_territorial_kg", 2024) == pytest.approx(total(baseline, "co2e_territorial_kg", 2024))


def test_questions_that_can_not_be_answered(baseline):
    with pytest.raises(TwinError, match="was not simulated"):
        baseline.at("buildings", 2050)
    with pytest.raises(TwinError, match="did you mean 'roads'"):
        baseline.at("road", 2024)
    with pytest.raises(TwinError, match="did you mean 'peak_kw'"):
        baseline.values("peak_kv", "grid_areas", 2024)
    with pytest.raises(TwinError, match="not a figure of single buildings"):
        baseline.values("vehicle_km", "buildings", 2024)
    with pytest.raises(TwinError, match="Known: area"):
        baseline.indicators(by="kommun")
