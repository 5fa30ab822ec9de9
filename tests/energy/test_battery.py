"""In every hour what comes in goes out; the battery ends as it began; the peak is as low as it can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linprog

from energy.electrification.battery import Battery, peak_shaving, self_consumption
from twin import Factors, TwinError

F = Factors.read().at(2026)
series = hnp.arrays(float, 72, elements=st.floats(0, 20))
batteries = st.builds(Battery, st.floats(0, 60), st.floats(0, 15), st.floats(0.5, 1), st.floats(0.5, 1))


def check(found, load, pv, battery):
    """What holds for every hour of every battery."""
    in_, out = pv + found.import_kw + found.discharge_kw, load + found.export_kw + found.charge_kw
    np.testing.assert_allclose(in_, out, atol=1e-9)
    assert (np.minimum(found.charge_kw, found.discharge_kw) == 0).all()
    assert (np.minimum(found.import_kw, found.export_kw) == 0).all()
    assert max(found.charge_kw.max(), found.discharge_kw.max()) <= battery.power_kw + 1e-12
    assert (found.level_kwh >= 0).all()
    assert (found.level_kwh <= battery.energy_kwh).all()
    before = np.append(found.start_kwh, found.level_kwh[:-1])
    change = found.charge_kw * battery.charge_efficiency - found.discharge_kw / battery.discharge_efficiency
    np.testing.assert_allclose(found.level_kwh - before, change, atol=1e-9)
    assert found.level_kwh[-1] == pytest.approx(found.start_kwh, abs=1e-9)
    assert found.lost_kwh >= -1e-9


@settings(max_examples=150, deadline=None)
@given(series, series, batteries)
def test_own_use_balances_in_every_hour(load, pv, battery):
    found = self_consumption(load, pv, battery)
    check(found, load, pv, battery)
    surplus = np.maximum(pv - load, 0)
    assert (found.charge_kw <= surplus + 1e-12).all()  # never from the grid
    assert (found.discharge_kw <= np.maximum(load - pv, 0) + 1e-12).all()  # never to the grid
    assert found.import_kw.sum() <= np.maximum(load - pv, 0).sum() + 1e-9
    full = np.isclose(found.level_kwh, battery.energy_kwh) | np.isclose(found.charge_kw, battery.power_kw)
    assert (full | (found.export_kw < 1e-9)).all()  # nothing is sold while there is room


@settings(max_examples=60, deadline=None)
@given(series, series, batteries)
def test_shaving_balances_and_holds_the_level(load, pv, battery):
    level, found = peak_shaving(load, pv, battery)
    check(found, load, pv, battery)
    highest = (load - pv).max()
    assert found.peak_kw <= max(level, 0) + 1e-7
    assert highest - battery.power_kw - 1e-9 <= level <= highest


@settings(max_examples=25, deadline=None)
@given(series, batteries)
def test_the_level_is_the_lowest_that_any_plan_reaches(load, battery):
    """Lowest peak over a circle of hours as a linear programme (HiGHS): charge, discharge, content, peak."""
    n = len(load)
    level, _ = peak_shaving(load, np.zeros(n), battery)
    eye, zero = np.eye(n), np.zeros((n, n))
    content = eye - np.roll(eye, -1, axis=1).T if n == 1 else eye - np.roll(eye, 1, axis=0)
    balance = np.hstack(
        [-battery.charge_efficiency * eye, eye / battery.discharge_efficiency, content, np.zeros((n, 1))]
    )
    peak = np.hstack([eye, -eye, zero, -np.ones((n, 1))])
    bounds = [(0, battery.power_kw)] * (2 * n) + [(0, battery.energy_kwh)] * n + [(None, None)]
    best = linprog(np.append(np.zeros(3 * n), 1), peak, -load, balance, np.zeros(n), bounds)
    assert best.status == 0
    assert level == pytest.approx(best.fun, abs=1e-6)


def test_shaving_by_hand():
    """The three quiet hours give (3 L - 4) 0.8, the peak takes 8 - L: L = 11.2 / 3.4; a small battery holds 8 - 4."""
    load, none = np.array([1.0, 1.0, 8.0, 2.0]), np.zeros(4)
    level, found = peak_shaving(load, none, Battery(6.0, 10.0, 0.8, 1.0))
    assert level == pytest.approx(11.2 / 3.4, rel=1e-12)
    assert found.peak_kw == pytest.approx(level, rel=1e-12)
    assert peak_shaving(load, none, Battery(4.0, 10.0, 0.8, 1.0))[0] == pytest.approx(4.0, rel=1e-12)
    assert peak_shaving(load, none, Battery(4.0, 1.5, 0.8, 1.0))[0] == pytest.approx(6.5, rel=1e-12)


def test_a_year_of_a_house():
    hour = np.arange(8760)
    load = 0.5 + 0.8 * np.exp(-(((hour % 24) - 18.5) ** 2) / 6)
    sun = np.maximum(np.sin(np.pi * ((hour % 24) - 6) / 12), 0) * (1 - 0.9 * np.cos(2 * np.pi * hour / 8760))
    battery = Battery.of(10.0, 5.0, F)
    found = self_consumption(load, 3 * sun, battery)
    check(found, load, 3 * sun, battery)
    without = self_consumption(load, 3 * sun, Battery(0.0, 5.0))
    assert not without.charge_kw.any()
    assert found.import_kw.sum() < 0.75 * without.import_kw.sum()
    lost = found.charge_kw.sum() * (1 - F["battery.charge_efficiency"] * F["battery.discharge_efficiency"])
    assert found.lost_kwh == pytest.approx(lost, rel=1e-9)


def test_a_level_that_is_given_is_held_or_refused():
    load = np.array([1.0, 1.0, 5.0, 1.0])
    level, found = peak_shaving(load, np.zeros(4), Battery(3.0, 3.0), 3.0)
    assert level == 3.0
    assert found.peak_kw == pytest.approx(3.0)
    with pytest.raises(TwinError, match=r"can not hold 1\.9 kW"):
        peak_shaving(load, np.zeros(4), Battery(3.0, 3.0), 1.9)


@pytest.mark.parametrize(
    "wrong", [(-1, 1, 1, 1), (1, -1, 1, 1), (1, 1, 0, 1), (1, 1, 1, 1.1), (np.nan, 1, 1, 1), (1, np.inf, 1, 1)]
)
def test_batteries_that_cannot_be_are_refused(wrong):
    with pytest.raises(TwinError, match="can not be"):
        Battery(*wrong)


@pytest.mark.parametrize("rule", [self_consumption, peak_shaving])
def test_bad_series_are_refused(rule):
    battery, ones = Battery(1.0, 1.0), np.ones(5)
    for load, pv, text in (
        (ones, np.ones(4), "same hours"),
        (np.ones((1, 5)), np.ones((1, 5)), "same hours"),
        (np.zeros(0), np.zeros(0), "same hours"),
        (ones * np.nan, ones, "hours of load have 5"),
        (ones, -ones, "hours of solar cells have 5"),
    ):
        with pytest.raises(TwinError, match=text):
            rule(load, pv, battery)
