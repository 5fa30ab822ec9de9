"""The hourly stock model on the sample city and on the Swedish archetypes' own terms."""

import numpy as np
import pytest

from energy.buildings.hourly import hourly_demand, stock_drivers
from twin import Factors, SchemaError

F = Factors.read().at(2024)


def year_of(stock, drivers, **changes):
    return hourly_demand(stock.buildings.assign(**changes), drivers, stock.season.outdoor_c, F)


def test_nothing_is_heated_in_warm_hours_and_the_peak_is_in_the_cold(stock, drivers):
    outdoor = drivers.weather[:, 5]
    warm = outdoor >= F["ventilation.bypass_above_c"]
    year = hourly_demand(stock.buildings, drivers, stock.season.outdoor_c, F, np.zeros(len(stock.buildings), np.int64))
    assert warm.any()
    assert year.zone_heat_kw[0, warm].max() == 0
    assert outdoor[year.zone_heat_kw[0].argmax()] < np.quantile(outdoor, 0.05)


def test_zones_hold_every_hour_of_their_buildings(stock, drivers):
    zone = np.maximum(stock.grid_area, 0).astype(np.int64)
    year = hourly_demand(stock.buildings, drivers, stock.season.outdoor_c, F, zone)
    expected = np.bincount(zone, year.heat_kwh.sum(axis=0), minlength=len(year.zone_heat_kw))
    np.testing.assert_allclose(year.zone_heat_kw.sum(axis=1), expected, rtol=1e-9)
    assert (year.peak_heat_kw >= year.heat_kwh.sum(axis=0) / 8760 - 1e-9).all()


@pytest.mark.parametrize("column", ["u_wall_w_m2k", "u_roof_w_m2k", "u_window_w_m2k", "infiltration_ach"])
def test_a_better_envelope_never_needs_more_heat(stock, drivers, column):
    before = year_of(stock, drivers).heat_kwh.sum(axis=0)
    after = year_of(stock, drivers, **{column: stock.buildings[column] * 0.5}).heat_kwh.sum(axis=0)
    assert (after <= before + 1e-6).all()
    assert after.sum() < 0.99 * before.sum()


def test_a_cooler_night_and_a_lower_set_point_save_heat(stock, drivers):
    before = year_of(stock, drivers).heat_kwh.sum()
    assert year_of(stock, drivers, night_setback_k=2.0).heat_kwh.sum() < before
    assert year_of(stock, drivers, set_point_c=stock.buildings["set_point_c"] - 1).heat_kwh.sum() < 0.97 * before


def test_every_impossible_number_is_listed_with_its_building(stock, drivers):
    b = stock.buildings.copy()
    heated = np.flatnonzero(b["floor_area_m2"].to_numpy(float) > 0)[:4]
    b.loc[b.index[heated[0]], "u_wall_w_m2k"] = np.nan
    b.loc[b.index[heated[1]], "infiltration_ach"] = -1.0
    b.loc[b.index[heated[2]], "heat_capacity_wh_m2k"] = -5.0
    b.loc[b.index[heated[3]], "cooling_set_point_c"] = 15.0
    with pytest.raises(SchemaError) as caught:
        hourly_demand(b, drivers, 3.0, F)
    told = str(caught.value)
    for row, column in zip(
        heated, ["u_wall_w_m2k", "infiltration_ach", "heat_capacity_wh_m2k", "cooling_set_point_c"], strict=True
    ):
        assert column in told
        assert str(b["building_id"].iloc[row]) in told


def test_a_floor_area_too_small_for_its_envelope_is_told(stock, drivers):
    b = stock.buildings.copy()
    b.loc[b.index[0], "floor_area_m2"] = 0.5
    with pytest.raises(SchemaError, match="far too small"):
        hourly_demand(b, drivers, 3.0, F)


@pytest.mark.parametrize(
    "column", ["wall_north_m2", "wall_west_m2", "roof_area_m2", "footprint_area_m2", "floor_area_m2"]
)
@pytest.mark.parametrize(("value", "rule"), [(np.nan, "is missing"), (-3.0, "is negative")])
def test_impossible_areas_are_told_with_the_building(stock, drivers, column, value, rule):
    b = stock.buildings.copy()
    row = b.index[np.flatnonzero(b["floor_area_m2"].to_numpy(float) > 0)[7]]
    b.loc[row, column] = value
    with pytest.raises(SchemaError) as caught:
        hourly_demand(b, drivers, 3.0, F)
    told = str(caught.value)
    assert column in told
    assert rule in told
    assert str(b.loc[row, "building_id"]) in told


def test_one_building_is_the_same_alone_and_among_a_hundred_thousand(stock, drivers):
    b = stock.buildings[stock.buildings["floor_area_m2"] > 0]
    many = b.iloc[np.arange(100_000) % len(b)].reset_index(drop=True)
    year = hourly_demand(many, drivers, stock.season.outdoor_c, F)
    for row in (0, 51_234, 99_999):
        alone = hourly_demand(many.iloc[[row]], drivers, stock.season.outdoor_c, F)
        np.testing.assert_allclose(year.heat_kwh[:, row], alone.heat_kwh[:, 0], rtol=1e-9)
        np.testing.assert_allclose(year.peak_heat_kw[row], alone.peak_heat_kw[0], rtol=1e-9)


def test_weather_with_gaps_is_refused(sample):
    weather = sample["weather"].copy()
    weather.loc[5, "temp_air_c"] = np.nan
    with pytest.raises(SchemaError, match="gaps"):
        stock_drivers(weather, F)
