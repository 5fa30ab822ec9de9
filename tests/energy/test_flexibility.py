"""What can leave the peak: warmth by the law of cooling, batteries for as long as it lasts, charging as it is steered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.electrification import flexibility as x
from twin import Factors, SchemaError, TwinError

F = Factors.read().at(2026)
positive = st.floats(1, 1e4)


@given(positive, st.floats(10, 1e6), st.floats(0.1, 3), st.floats(4, 40))
def test_a_building_cools_by_the_law(loss, capacity, drop, above):
    time = float(x.hours_to_drop(np.array([loss]), np.array([capacity]), drop, np.array([above]))[0])
    assert above * (1 - np.exp(-time * loss / capacity)) == pytest.approx(drop, rel=1e-9)
    # without heating for just this long: all of it may be held back, for a bit longer not
    heating = np.array([loss * above])
    one = np.array([loss]), np.array([capacity]), heating
    assert x.heating_cut_w(*one, drop, time)[0] == pytest.approx(heating[0], rel=1e-9)
    assert x.heating_cut_w(*one, drop, 1.1 * time)[0] < heating[0]


def test_cooling_step_by_step():
    """Minutes of dT/dt = (P - H (T - T_eq)) / C reach the allowed drop when the formula says."""
    loss, capacity, hours = 150.0, 6750.0, 3.0
    cut = float(x.heating_cut_w(*(np.array([v]) for v in (loss, capacity, 3750.0)), 1.0, hours)[0])
    colder, step = 0.0, 1 / 3600
    for _ in range(round(hours / step)):
        colder += step * (cut - loss * colder) / capacity
    assert colder == pytest.approx(1.0, rel=1e-4)


@given(positive, st.floats(10, 1e6), st.floats(0.1, 3), st.floats(0.5, 12))
def test_no_more_warmth_is_used_than_is_there_but_for_what_leaks_less(loss, capacity, drop, hours):
    most = float(x.heating_cut_w(np.array([loss]), np.array([capacity]), np.array([np.inf]), drop, hours)[0])
    stored = float(x.stored_kwh(np.array([capacity]), drop)[0]) * 1000
    assert stored * (1 - 1e-9) <= most * hours <= stored + loss * drop * hours * (1 + 1e-9)


def test_the_ends_of_the_formula():
    zero, one = np.zeros(1), np.ones(1)
    assert np.isinf(x.hours_to_drop(one, one, 2.0, np.array([1.5])))[0]
    assert np.isinf(x.hours_to_drop(zero, one, 1.0, np.array([20.0])))[0]
    assert x.heating_cut_w(zero, 6000 * one, 9999 * one, 1.0, 3.0)[0] == pytest.approx(2000)
    assert x.heating_cut_w(100 * one, zero, 9999 * one, 1.0, 3.0)[0] == pytest.approx(100)
    assert x.heating_cut_w(100 * one, 6000 * one, zero, 1.0, 3.0)[0] == 0


def test_areas_are_the_sums_of_their_buildings():
    r = np.random.default_rng(3)
    n, area = 200, r.integers(-1, 4, 200)
    loss, capacity, heating = r.uniform(50, 900, n), r.uniform(2e3, 5e4, n), r.uniform(0, 2e4, n)
    per_heat = r.choice([0.0, 1.0, 1 / 3], n)
    power, stored = x.thermal_kw(loss, capacity, heating, per_heat, area, 5, F)
    drop, hours = F["flexibility.temperature_drop_k"], F["flexibility.hours"]
    each = x.heating_cut_w(loss, capacity, heating, drop, hours) * per_heat / 1000
    assert power.sum() == pytest.approx(each[area >= 0].sum())
    assert power[2] == pytest.approx(each[area == 2].sum())
    assert power[4] == stored[4] == 0
    assert (power <= np.bincount(area[area >= 0], (heating * per_heat)[area >= 0], 5) / 1000 + 1e-12).all()
    assert stored.sum() == pytest.approx((capacity * drop)[(area >= 0) & (per_heat > 0)].sum() / 1000)


def loads():
    hour = np.arange(48)
    base = np.array([[10.0], [20.0]]) + 5 * np.sin(2 * np.pi * (hour - 12) / 24)
    now = np.where(hour % 24 == 18, 8.0, 0.0) + np.zeros((2, 1))
    steered = np.where(hour % 24 == 2, 8.0, 0.0) + np.zeros((2, 1))
    return base, now, steered


def test_parts_sum_to_the_whole():
    base, now, steered = loads()
    battery = x.battery_kw(np.array([30.0, 9.0]), np.array([4.0, 4.0]), 0.95, 3.0)
    found = x.flexibility(base, now, steered, battery, (np.array([3.0, 1.0]), np.array([50.0, 60.0])))
    assert found.hour.tolist() == [18, 18]
    np.testing.assert_allclose(found.peak_mw * 1000, [23, 33])
    np.testing.assert_allclose(found.charging_mw * 1000, [8, 8])
    np.testing.assert_allclose(found.battery_mw * 1000, [4, 2.85])
    np.testing.assert_allclose(found.total_mw, found.charging_mw + found.battery_mw + found.heat_mw)
    np.testing.assert_allclose(found.total_mw * 1000, [15, 11.85])
    np.testing.assert_allclose(found.stored_mwh, [0.05, 0.06])


def test_one_hour_for_all_sums_to_the_city():
    base, now, steered = loads()
    zero = np.zeros(2)
    at = int((base + now).sum(axis=0).argmax())
    found = x.flexibility(base, now, steered, zero, (zero, zero), at)
    assert found.peak_mw.sum() * 1000 == pytest.approx((base + now).sum(axis=0).max())
    assert found.charging_mw.sum() * 1000 == pytest.approx((now - steered)[:, at].sum())
    night = x.flexibility(base, now, steered, zero, (zero, zero), 2)
    assert (night.charging_mw * 1000).tolist() == [-8, -8]  # where steering brings the charging to


def test_bad_input_is_refused():
    one = np.ones(3)
    with pytest.raises(SchemaError) as refused:
        x.thermal_kw(one * np.nan, -one, one, one, np.zeros(3, int), 1, F)
    assert [(p.column, p.count) for p in refused.value.problems] == [("loss_w_k", 3), ("capacity_wh_k", 3)]
    base, now, steered = loads()
    zero = np.zeros(2)
    with pytest.raises(TwinError, match="one shape"):
        x.flexibility(base, now[:1], steered, zero, (zero, zero))
    with pytest.raises(TwinError, match="number for each area"):
        x.flexibility(base, now, steered, np.zeros(3), (zero, zero))
    with pytest.raises(TwinError, match="no hour 48"):
        x.flexibility(base, now, steered, zero, (zero, zero), 48)
