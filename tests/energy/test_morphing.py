"""Future weather: the months change by what the pathway says, and nothing else does."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import layers
from energy.buildings import morphing
from energy.buildings.season import irradiation_w_m2
from twin import Factors, TwinError, reference, schema

MONTH = pd.date_range("2023-01-01", periods=8760, freq="h").month.to_numpy()
SUN = ["ghi_w_m2", "dni_w_m2", "dhi_w_m2"]


@pytest.fixture(scope="module")
def weather(root):
    """The sample city's year."""
    return layers.load(root / "sample_data")["weather"]


def change(pathway):
    return reference.table("climate_pathways").query("pathway == @pathway").set_index("month").sort_index()


def monthly(values):
    return pd.Series(values).groupby(MONTH).mean().to_numpy()


def daily_range(values):
    days = np.asarray(values).reshape(-1, 24)
    return pd.Series(days.max(axis=1) - days.min(axis=1)).groupby(MONTH[::24]).mean().to_numpy()


@pytest.mark.parametrize("pathway", morphing.pathways())
@pytest.mark.parametrize(("level", "column"), [("value", "mean_change"), ("low", "mean_low"), ("high", "mean_high")])
def test_the_months_are_warmer_by_what_the_pathway_says(weather, pathway, level, column):
    new = morphing.morph(weather, pathway, level)
    np.testing.assert_allclose(
        monthly(new["temp_air_c"]) - monthly(weather["temp_air_c"]), change(pathway)[f"temp_{column}_k"], atol=1e-9
    )
    wider = change(pathway)["temp_max_change_k"] - change(pathway)["temp_min_change_k"]
    np.testing.assert_allclose(daily_range(new["temp_air_c"]) - daily_range(weather["temp_air_c"]), wider, atol=1e-9)


@pytest.mark.parametrize("pathway", morphing.pathways())
def test_the_sun_still_adds_up(weather, pathway):
    new = morphing.morph(weather, pathway)
    for column in SUN:
        factor = change(pathway)["solar_factor"].to_numpy()[MONTH - 1]
        np.testing.assert_allclose(new[column], weather[column] * factor, rtol=1e-12)
        assert (new[column] >= 0).all()
    # the share of diffuse light in each hour, and therefore the split on a slope, is what it was
    lit = weather["ghi_w_m2"] > 0
    np.testing.assert_allclose(
        (new["dhi_w_m2"] / new["ghi_w_m2"])[lit], (weather["dhi_w_m2"] / weather["ghi_w_m2"])[lit], rtol=1e-12
    )


def test_the_rest_stays_and_the_result_is_weather(weather):
    before = weather.copy()
    new = morphing.morph(weather, "rcp85_2085")
    pd.testing.assert_frame_equal(weather, before)
    assert new.attrs == {**weather.attrs, "climate": "rcp85_2085"}
    assert list(new.columns) == list(weather.columns)
    pd.testing.assert_series_equal(new["wind_speed_m_s"], weather["wind_speed_m_s"])
    assert new["relative_humidity"].between(0, 1).all()
    schema.validate(new, "weather")
    albedo = Factors.read().at(2024)["season.albedo"]
    assert irradiation_w_m2(new, 20.0, 180.0, albedo).sum() > 0


def test_a_warmer_climate_needs_less_heat(weather):
    def degree_days(table):
        return np.maximum(17 - table["temp_air_c"].to_numpy().reshape(-1, 24).mean(axis=1), 0).sum()

    found = [degree_days(morphing.morph(weather, p)) for p in ("rcp45_2050", "rcp85_2050", "rcp85_2085")]
    assert degree_days(weather) > found[0] > found[1] > found[2]


def test_weather_without_humidity_is_morphed(city):
    plain = city["weather"][["temp_air_c", *SUN]]
    assert list(morphing.morph(plain, "rcp45_2050").columns) == list(plain.columns)


@given(
    hnp.arrays(float, 72, elements=st.floats(-40, 45)),
    st.floats(-2, 8),
    st.floats(-1, 1),
)
def test_shift_and_stretch_hit_mean_and_range(hours, mean, wider):
    new = morphing.shift_and_stretch(hours, mean, mean + wider / 2, mean - wider / 2)
    assert new.mean() - hours.mean() == pytest.approx(mean, abs=1e-9)
    days, after = hours.reshape(-1, 24), new.reshape(-1, 24)
    span = (days.max(axis=1) - days.min(axis=1)).mean()
    if span > 1:
        assert (after.max(axis=1) - after.min(axis=1)).mean() - span == pytest.approx(wider, abs=1e-9)


def test_the_end_of_the_century_is_what_smhi_finds_for_the_county():
    """Länsstyrelsen (2016): 3 K with RCP4.5, 5 K with RCP8.5, most in winter; 1.2 K had come by about 2016 (assumed)."""
    for pathway, published in (("rcp45_2085", 3.0), ("rcp85_2085", 5.0)):
        mean = change(pathway)["temp_mean_change_k"]
        assert mean.mean() + 1.2 == pytest.approx(published, abs=0.01)
        assert mean[1] > mean[4] > mean[7]


def test_every_pathway_has_twelve_months_and_ordered_limits():
    table = reference.table("climate_pathways")
    assert {"rcp45_2050", "rcp85_2050"} <= set(morphing.pathways())
    assert (table.groupby("pathway")["month"].apply(sorted).map(tuple) == tuple(range(1, 13))).all()
    assert (table["temp_mean_low_k"] <= table["temp_mean_change_k"]).all()
    assert (table["temp_mean_change_k"] <= table["temp_mean_high_k"]).all()


def test_unknown_pathways_and_short_years_are_refused(weather):
    with pytest.raises(TwinError, match="did you mean 'rcp85_2050'"):
        morphing.morph(weather, "rcp85_250")
    with pytest.raises(TwinError, match="100 hours"):
        morphing.morph(weather.head(100), "rcp85_2050")
