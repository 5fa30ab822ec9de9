"""The hours of a simulated year."""

import numpy as np
import pytest

import energy
import layers
from twin import TwinError


@pytest.fixture(scope="module")
def results(root):
    city = layers.load(root / "sample_data")
    plan = energy.Scenario.read(root / "sample_data/scenarios/plan2030.toml")
    return energy.simulate(city, plan, years=[2024, 2030], ranges=False)


def test_the_hours_of_water_electricity_and_sun_add_up_to_the_year(results):
    everyone = np.ones(len(results.city["buildings"]), bool)
    hours = energy.hours_of(results, 2030, everyone)
    year = results.at("buildings", 2030)
    assert len(hours) == 8760
    for column, parts in {
        "hot_water_kw": ["hot_water_need_kwh"],
        "electricity_kw": ["household_electricity_kwh", "property_electricity_kwh"],
        "pv_kw": ["pv_kwh"],
    }.items():
        assert hours[column].sum() == pytest.approx(year[parts].to_numpy(float).sum(), rel=1e-9)


def test_the_hours_of_parts_are_those_of_the_whole(results):
    r = np.random.default_rng(2)
    some = r.random(len(results.city["buildings"])) < 0.3
    whole = energy.hours_of(results, 2024, np.ones(len(some), bool))
    parts = energy.hours_of(results, 2024, some) + energy.hours_of(results, 2024, ~some)
    for column in ("heat_kw", "hot_water_kw", "electricity_kw", "pv_kw"):
        np.testing.assert_allclose(parts[column], whole[column], rtol=1e-9, atol=1e-6)


def test_a_plan_that_renovates_lowers_the_peak(results):
    everyone = np.ones(len(results.city["buildings"]), bool)
    before, after = (energy.hours_of(results, y, everyone)["heat_kw"] for y in (2024, 2030))
    assert after.max() < before.max()
    assert after.sum() < before.sum()


def test_a_declared_building_is_compared_with_both_models(results):
    names = energy.declared_buildings(results)
    assert len(names) == results.city["declarations"]["declaration_id"].nunique()
    found = energy.measured_and_modelled(results, next(iter(names)))
    assert list(found) == ["measured", "hourly", "seasonal"]
    assert 0.3 < found["hourly"] / found["measured"] < 3
    with pytest.raises(TwinError, match="nowhere"):
        energy.measured_and_modelled(results, "nowhere")
