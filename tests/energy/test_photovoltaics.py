"""The hours of solar cells: they share out the year and follow sun and cold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import layers
from energy.buildings.season import Season, irradiation_w_m2
from energy.electrification import photovoltaics
from twin import Factors

F = Factors.read().at(2024)


def yearly(irradiation_kwh_m2):
    return photovoltaics.yearly_kwh(
        np.ones(1), irradiation_kwh_m2, F["photovoltaics.efficiency"], F["photovoltaics.performance_ratio"]
    )[0]


@given(
    hnp.arrays(float, 48, elements=st.just(0.0) | st.floats(0.1, 1200)),
    hnp.arrays(float, 48, elements=st.floats(-40, 45)),
    st.none() | hnp.arrays(float, 48, elements=st.just(np.nan) | st.floats(0, 30)),
)
def test_the_hours_add_up_to_the_year(sun, temperature, wind):
    power = photovoltaics.hourly_kw_per_m2(sun, temperature, F, wind)
    assert power.sum() == pytest.approx(yearly(sun.sum() / 1000), rel=1e-9, abs=1e-12)
    assert (power >= 0).all()
    assert (power[sun == 0] == 0).all()


def test_the_hours_of_a_real_year_add_up_to_the_roof_of_the_season(root):
    weather = layers.load(root / "sample_data")["weather"]
    sun = irradiation_w_m2(weather, F["photovoltaics.tilt_deg"], 180.0, F["season.albedo"])
    power = photovoltaics.hourly_kw_per_m2(
        sun, weather["temp_air_c"].to_numpy(float), F, weather["wind_speed_m_s"].to_numpy(float)
    )
    assert power.sum() == pytest.approx(yearly(Season.of(weather, F).roof_kwh_m2), rel=1e-9)
    assert 0.1 < power.max() < 1.1 * F["photovoltaics.efficiency"]
    noon = pd.Series(power.reshape(-1, 24).mean(axis=0)).idxmax()
    assert noon in (11, 12)  # local standard time


def test_cold_cells_and_wind_give_more():
    sun = np.full(3, 800.0)
    cold, warm = np.array([0.0, 25.0, 25.0]), np.array([1.0, 1.0, 8.0])
    power = photovoltaics.hourly_kw_per_m2(sun, cold, F, warm)
    assert power[0] > power[1] < power[2]
    # the linear model of PVWatts: 25 K of cell temperature at the factor's coefficient
    cell = 25 + 800 / (25.0 + 6.84)  # Faiman (2008): u0 25 W/m2K, u1 6.84 W s/m3K, 1 m/s
    gamma = F["photovoltaics.temperature_coefficient_per_k"]
    assert power[0] / power[1] == pytest.approx((1 + gamma * (cell - 50)) / (1 + gamma * (cell - 25)))
