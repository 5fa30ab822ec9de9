"""The hours of a simulated year keep the year's results."""

import numpy as np
import pytest

import energy
from energy.electrification.city_load import city_load
from energy.electrification.end_use import normalised
from energy.electrification.headroom import headroom, peak_causes
from twin import City
from twin.errors import TwinError

PLAN = """
name = "x"
[[step]]
measure = "install_heat_pump"
where = { heating = ["district_heating"] }
share = 0.3
start = 2025
end = 2029
[[step]]
measure = "install_photovoltaics"
share = 0.5
start = 2025
end = 2029
"""
SHAPES = normalised(np.random.default_rng(1).random((2, 8760)))


@pytest.fixture(scope="module")
def results(sample):
    return energy.simulate(sample, energy.Scenario.from_text(PLAN), years=(2024, 2030), ranges=False)


@pytest.mark.parametrize("year", [2024, 2030])
def test_the_hours_sum_to_the_year_s_results(results, year):
    load = city_load(results, year, SHAPES[:1], cooling=False)
    frame = results.at("buildings", year)
    assert load.city.load_kw.sum() == pytest.approx(frame["electricity_kwh"].sum(), rel=1e-9)
    assert load.city.pv_kw.sum() == pytest.approx(frame["pv_kwh"].sum(), rel=1e-9, abs=1e-6)
    areas = results.at("grid_areas", year)
    np.testing.assert_allclose(load.yearly_kwh[:-1].sum(axis=1), areas["electricity_kwh"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(load.made_kwh[:-1].sum(axis=1), areas["pv_kwh"], rtol=1e-9, atol=1e-9)


def test_heat_pumps_raise_the_peak_and_show_among_its_causes(results, sample):
    found = {}
    for year in (2024, 2030):
        load = city_load(results, year, SHAPES[:1])
        table = headroom(load, sample["grid_areas"], results.at("grid_areas", year)["peak_kw"].to_numpy(float))
        found[year] = table, peak_causes(load, table["peak_hour"].to_numpy())
    pumps = [c.kw[:, c.names.index("heat_pumps")].sum() for _, c in found.values()]
    assert pumps[1] > 1.5 * pumps[0]
    assert found[2030][0]["peak_kw"].sum() > found[2024][0]["peak_kw"].sum()
    # the two ways to a peak do not part by more than a factor of three where many customers are fed
    table = found[2030][0]
    large = (table["energy_kwh"] > 1e6).to_numpy(bool)
    ratio = (table["peak_kw"] / table["velander_kw"])[large]
    assert len(ratio) > 5
    assert ratio.between(1 / 3, 3).all()


def test_kinds_of_charging_and_cooling_come_on_top(results):
    n = len(results.at("buildings", 2024))
    plain = city_load(results, 2024, SHAPES[:1], np.zeros(n), cooling=False)
    more = city_load(results, 2024, SHAPES, np.tile([100.0, 50.0], (n, 1)))
    cold = (
        results.at("buildings", 2024)["cooling_need_kwh"].sum() / results.factors.at(2024)["cooling.yearly_performance"]
    )
    assert cold > 0
    assert more.yearly_kwh.sum() == pytest.approx(plain.yearly_kwh.sum() + 150 * n + cold, rel=1e-9)
    with pytest.raises(TwinError, match="one shape a kind"):
        city_load(results, 2024, SHAPES)


def test_a_city_without_weather_has_no_hours(city):
    dry = City(city.name, city.crs, {name: city[name] for name in city if name != "weather"})
    results = energy.simulate(dry, energy.Scenario.baseline(), years=(2024,), ranges=False)
    with pytest.raises(TwinError, match="no weather"):
        city_load(results, 2024, SHAPES[:1])
