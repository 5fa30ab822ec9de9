"""The hours of a simulated year keep the year's results, area by area."""

import numpy as np
import pytest

import energy
from energy.electrification.headroom import headroom, peak_causes
from energy.grid_plans.ingredients import ingredients
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


@pytest.fixture(scope="module")
def results(sample):
    return energy.simulate(sample, energy.Scenario.from_text(PLAN), years=(2024, 2030), ranges=False)


@pytest.mark.parametrize("year", [2024, 2030])
def test_the_hours_sum_to_the_year_s_results(results, year):
    load = ingredients(results, year).now
    frame, place = results.at("buildings", year), results.stock.grid_area
    cooling = load.yearly_kwh[:, load.end_uses.index("cooling")]
    cold = frame["cooling_electricity_kwh"].to_numpy(float)
    used = (frame["electricity_kwh"] - frame["ev_charging_kwh"]).to_numpy(float)
    assert cold.sum() > 0
    for energy_kwh, of_areas in (
        (used, load.yearly_kwh.sum(axis=1)),
        (cold, cooling),
        (frame["pv_kwh"].to_numpy(float), load.made_kwh.sum(axis=1)),
    ):
        expected = np.bincount(np.where(place < 0, load.areas, place), energy_kwh, load.areas + 1)
        np.testing.assert_allclose(of_areas, expected, rtol=1e-9, atol=1e-9)
    assert load.city.load_kw.sum() == pytest.approx(used.sum(), rel=1e-9)
    assert load.city.pv_kw.sum() == pytest.approx(frame["pv_kwh"].sum(), rel=1e-9, abs=1e-6)


def test_heat_pumps_raise_the_peak_and_show_among_its_causes(results, sample):
    found = {}
    for year in (2024, 2030):
        load = ingredients(results, year).now
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


def test_a_city_without_weather_has_no_hours(city):
    dry = City(city.name, city.crs, {name: city[name] for name in city if name != "weather"})
    results = energy.simulate(dry, energy.Scenario.baseline(), years=(2024,), ranges=False)
    with pytest.raises(TwinError, match="no weather"):
        ingredients(results, 2024)
