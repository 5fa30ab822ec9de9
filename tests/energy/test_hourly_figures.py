"""What the hours say of buildings and places, and what a warmer climate does to them."""

import numpy as np
import pytest

import energy
from twin import TwinError


def run(sample, text, years=(2024,)):
    return energy.simulate(sample, energy.Scenario.from_text(f'name = "x"\n{text}'), years=years, ranges=False)


@pytest.fixture(scope="module")
def today(sample):
    return run(sample, "")


@pytest.fixture(scope="module")
def warmer(sample):
    return run(sample, 'climate = "rcp85_2050"')


def test_an_area_peaks_below_the_sum_of_its_buildings_and_above_its_largest(today):
    tidy = today.indicators().query("indicator == 'heat_peak_kw'").set_index("area_id")["value"]
    peaks = today.values("heat_peak_kw", "buildings", 2024)
    places = today.places
    for at, area in enumerate(places.table["area_id"]):
        inside = places.shares["buildings"][[at]].toarray()[0] > 0
        if inside.any():
            assert peaks[inside].max() - 1e-6 <= tidy[area] <= peaks[inside].sum() + 1e-6
    assert tidy["city"] < 0.98 * peaks.sum()


def test_a_warmer_climate_needs_less_heat_and_more_cooling_and_overheats_more(today, warmer):
    before, after = today.at("buildings", 2024), warmer.at("buildings", 2024)
    assert after["heat_need_kwh"].sum() < 0.97 * before["heat_need_kwh"].sum()
    assert (after["heat_need_kwh"] <= before["heat_need_kwh"] + 1e-6).all()
    assert after["cooling_need_kwh"].sum() > 1.05 * before["cooling_need_kwh"].sum()
    hours = [r.values("overheating_kh", "buildings", 2024) for r in (today, warmer)]
    assert (hours[1] >= hours[0] - 1e-6)[np.isfinite(hours[0])].all()
    assert np.nansum(hours[1]) > 1.2 * np.nansum(hours[0])


def test_the_city_keeps_its_own_weather(sample, warmer):
    assert warmer.city is sample
    assert "climate" not in sample["weather"].attrs
    assert warmer.stock.weather["temp_air_c"].mean() > sample["weather"]["temp_air_c"].mean() + 0.5


def test_an_unknown_climate_is_told_with_the_nearest(sample):
    with pytest.raises(TwinError, match="did you mean 'rcp85_2085'"):
        run(sample, 'climate = "rcp85_208"')


def test_a_city_without_weather_has_no_hourly_indicators(sample):
    without = type(sample)(
        sample.name,
        sample.crs,
        {n: sample[n] for n in sample if n != "weather"},
        sample.sources,
        sample.base_year,
        sample.language,
    )
    results = energy.simulate(without, energy.Scenario.baseline(), years=[2024], ranges=False)
    shown = set(results.indicators()["indicator"])
    assert "heat_need_kwh" in shown
    assert not {"heat_peak_kw", "overheating_h"} & shown
    with pytest.raises(TwinError, match="weather"):
        energy.hours_of(results, 2024, np.ones(len(sample["buildings"]), bool))
    with pytest.raises(TwinError, match="needs weather"):
        run(without, 'climate = "rcp45_2050"')
