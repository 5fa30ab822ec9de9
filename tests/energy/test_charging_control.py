"""Steering moves charging within a window and changes nothing else; it is as good as it can be."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linprog

from energy.electrification import charging_control as c
from energy.electrification import plug_in
from twin import Factors, SchemaError, TwinError

F = Factors.read().at(2026)
HOURS = 60
BOUNDS = c.windows(HOURS)
CONTROLS = {
    "valley": lambda need, base, _: c.valley_filled(need, base, BOUNDS),
    "price": lambda need, _, price: c.cheapest(need, price, BOUNDS),
    "both": lambda need, base, price: c.valley_filled(need, base + 3 * price),
    "timer": lambda need, *_: c.timed(need, 22),
}


@st.composite
def needs(draw, areas=3):
    """Sessions by chance: what they charge at once, where they are plugged in, and what could wait."""
    sessions = draw(
        st.lists(
            st.tuples(
                st.integers(0, areas - 1),
                st.integers(0, HOURS - 1),
                st.integers(1, 20),
                st.floats(1, 12),
                st.floats(0, 1),
            ),
            max_size=25,
        )
    )
    soon, late, limit = np.zeros((3, areas, HOURS))
    for area, start, stay, power, full in sessions:
        end = min(start + stay, HOURS)
        hours = np.full(end - start, power)
        energy = full * hours.sum()
        early = np.diff(np.minimum(np.cumsum(np.append(0, hours)), energy))
        soon[area, start:end] += early
        late[area, start:end] += early[::-1]
        limit[area, start:end] += hours
    return c.Need(soon, limit, np.maximum(np.cumsum(soon - late, axis=1), 0))


loads = hnp.arrays(float, (3, HOURS), elements=st.floats(-20, 50))
prices = hnp.arrays(float, HOURS, elements=st.floats(-5, 9))


@pytest.mark.parametrize("control", CONTROLS)
@settings(max_examples=80, deadline=None)
@given(need=needs(), base=loads, price=prices)
def test_steering_never_changes_the_energy_only_when(control, need, base, price):
    x = CONTROLS[control](need, base, price)
    now = need.uncontrolled_kw
    scale = now.sum() + 1
    np.testing.assert_allclose(
        np.add.reduceat(x, BOUNDS[:-1], axis=1), np.add.reduceat(now, BOUNDS[:-1], axis=1), atol=1e-10 * scale
    )
    assert (x >= 0).all()
    assert (x <= need.limit_kw * (1 + 1e-12)).all()
    for first, last in pairwise(BOUNDS):
        charged, soonest = (np.cumsum(v[:, first:last], axis=1) for v in (x, now))
        assert (charged <= soonest + 1e-10 * scale).all()  # nobody is charged before coming
        assert (charged >= soonest - need.slack_kwh[:, first:last] - 1e-10 * scale).all()  # or after leaving


@settings(max_examples=80, deadline=None)
@given(needs(), loads)
def test_a_levelled_peak_is_never_higher(need, base):
    x = c.valley_filled(need, base)
    for first, last in pairwise(BOUNDS):
        part = slice(first, last)
        before, after = ((base + v)[:, part].max(axis=1) for v in (need.uncontrolled_kw, x))
        assert (after <= before + 1e-9 * (1 + np.abs(before))).all()


def constraints(need, area, first, last):
    """Rows of a linear programme: charged so far lies between what must and what can be."""
    n = last - first
    upto = np.tril(np.ones((n, n)))
    soonest = np.cumsum(need.uncontrolled_kw[area, first:last])
    least = np.maximum(soonest - need.slack_kwh[area, first:last], 0)
    return upto, soonest, least


@settings(max_examples=25, deadline=None)
@given(needs(areas=1), loads, prices)
def test_levelled_and_cheapest_are_the_best_there_is(need, base, price):
    """Lowest peak and lowest cost of each window as a linear programme (HiGHS)."""
    base = base[:1]
    level, cheap = c.valley_filled(need, base), c.cheapest(need, price)
    for first, last in pairwise(BOUNDS):
        n, part = last - first, slice(first, last)
        upto, soonest, least = constraints(need, 0, first, last)
        limits = [(0, u) for u in need.limit_kw[0, part]]
        rows, bounds = np.vstack([upto, -upto]), np.concatenate([soonest, -least])
        best = linprog(price[part], rows, bounds + 1e-12, np.ones((1, n)), soonest[-1:], limits)
        assert cheap[0, part] @ price[part] == pytest.approx(best.fun, rel=1e-6, abs=1e-6)
        peak = np.hstack([np.eye(n), -np.ones((n, 1))])
        best = linprog(
            np.append(np.zeros(n), 1),
            np.vstack([np.hstack([rows, np.zeros((2 * n, 1))]), peak]),
            np.concatenate([bounds + 1e-12, -base[0, part]]),
            np.append(np.ones(n), 0)[None],
            soonest[-1:],
            [*limits, (None, None)],
        )
        assert (base + level)[0, part].max() == pytest.approx(best.fun, rel=1e-6, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(needs(areas=1), loads)
def test_no_kwh_is_better_off_in_another_hour(need, base):
    """For a convex sum under such conditions a plan that no exchange of two hours improves is the best."""
    base = base[:1]
    x = c.valley_filled(need, base)
    total, tiny = base + x, 1e-7
    for first, last in pairwise(BOUNDS):
        charged, soonest = (np.cumsum(v[0, first:last]) for v in (x, need.uncontrolled_kw))
        least = np.maximum(soonest - need.slack_kwh[0, first:last], 0)
        earlier_room, later_room = soonest - charged, charged - least
        for i in range(first, last):
            if x[0, i] <= tiny:
                continue
            for j in range(first, last):
                between = slice(min(i, j) - first, max(i, j) - first)
                room = (earlier_room if j < i else later_room)[between]
                if i != j and need.limit_kw[0, j] - x[0, j] > tiny and (room > tiny).all():
                    assert total[0, i] <= total[0, j] + 1e-6


def test_a_valley_is_filled_by_hand():
    need = c.Need(*np.array([[[6.0, 0, 0, 0]], [[6.0, 6, 6, 1]], [[6.0, 6, 6, 0]]]))
    base = np.array([[5.0, 3.0, 1.0, 0.0]])
    np.testing.assert_allclose(c.valley_filled(need, base, np.array([0, 4])), [[0, 1.5, 3.5, 1]], atol=1e-12)


@pytest.fixture(scope="module")
def city():
    """Thirty areas with homes, work places and depots, and a base load with an evening peak."""
    shapes = plug_in.shapes(F, np.repeat(8.5 - 9 * np.cos(2 * np.pi * np.arange(365) / 365), 24))
    r = np.random.default_rng(4)
    energy = r.gamma(2, 1e5, (30, 1)) * r.dirichlet([7, 1, 1, 1], 30)
    hour = np.arange(8760)
    wave = 1 + 0.4 * np.sin(2 * np.pi * (hour - 13) / 24) + 0.3 * np.cos(2 * np.pi * hour / 8760)
    return c.Need.of(energy, shapes), energy.sum(axis=1, keepdims=True) / 3000 * wave, energy


def test_a_year_of_areas_keeps_to_all_promises(city):
    need, base, energy = city
    np.testing.assert_allclose(need.uncontrolled_kw.sum(axis=1), energy.sum(axis=1), rtol=1e-9)
    x = c.valley_filled(need, base)
    np.testing.assert_allclose(x.sum(axis=1), energy.sum(axis=1), rtol=1e-9)
    before, after = (base + need.uncontrolled_kw).max(axis=1), (base + x).max(axis=1)
    assert (after < before).all()
    assert (after >= base.max(axis=1) * (1 - 1e-12)).all()
    np.testing.assert_array_equal(x, c.valley_filled(need, base, threads=1))


def windows_of(hourly):
    """Sums from noon to noon round the year, (areas, 365)."""
    return np.roll(hourly, -12, axis=1).reshape(len(hourly), -1, 24).sum(axis=2)


def test_the_year_is_a_circle(city):
    """No day is special: the year begun three days later gives the same, and New Year's night is one window."""
    need, base, _ = city
    price = base[0] + np.random.default_rng(9).normal(0, 1e-3, 8760)
    for control in (
        lambda n, b, _: c.valley_filled(n, b),
        lambda n, _, p: c.cheapest(n, p),
        lambda n, b, _: c.vehicle_to_grid(n, c.valley_filled(n, b), b, c.VehicleToGrid.of(F)).again_kw,
    ):
        x = control(need, base, price)
        later = c.Need(*(np.roll(v, 72, axis=1) for v in (need.uncontrolled_kw, need.limit_kw, need.slack_kwh)))
        moved = control(later, np.roll(base, 72, axis=1), np.roll(price, 72))
        np.testing.assert_allclose(np.roll(moved, -72, axis=1), x, atol=1e-9 * need.limit_kw.max())
    x = c.valley_filled(need, base)
    np.testing.assert_allclose(windows_of(x), windows_of(need.uncontrolled_kw), rtol=1e-9)


def test_half_of_the_vehicles_gain_less_than_all(city):
    need, base, _ = city
    half = need.share(0.5)
    rest = need.uncontrolled_kw - half.uncontrolled_kw
    some = c.valley_filled(half, base + rest) + rest
    peak = [(base + v).max(axis=1) for v in (need.uncontrolled_kw, some, c.valley_filled(need, base))]
    assert (peak[0] >= peak[1]).all()
    assert (peak[1] >= peak[2] - 1e-9).all()
    with pytest.raises(TwinError, match="from 0 to 1"):
        need.share(1.2)


def test_a_timer_makes_a_peak_of_its_own(city):
    need, _, energy = city
    x = c.timed(need, 22)
    day = x[:, 12:-12].reshape(30, 364, 24).sum(axis=(0, 1))  # from noon
    assert day.argmax() == 10
    assert x.max() > need.uncontrolled_kw.max()
    np.testing.assert_allclose(x.sum(axis=1), energy.sum(axis=1), rtol=1e-9)


def test_the_price_moves_charging_and_costs_less(city):
    need, _, _ = city
    price = 1 + np.random.default_rng(2).normal(0, 0.5, 8760)
    x = c.cheapest(need, price)
    assert (x @ price < 0.8 * (need.uncontrolled_kw @ price)).all()


@settings(max_examples=60, deadline=None)
@given(needs(), loads, st.floats(0, 1), st.floats(0.3, 1), st.floats(0, 6))
def test_what_vehicles_lend_they_get_back(need, base, share, round_trip, reserve_h):
    x = c.valley_filled(need, base)
    how = c.VehicleToGrid(share, round_trip, reserve_h)
    found = c.vehicle_to_grid(need, x, base, how)
    scale = need.limit_kw.sum() + np.abs(base).max() + 1
    lent, again = (np.add.reduceat(v, BOUNDS[:-1], axis=1) for v in (found.back_kw, found.again_kw))
    np.testing.assert_allclose(again * round_trip, lent, atol=1e-9 * scale)
    np.testing.assert_allclose(found.power_kw.sum(axis=1) - found.lost_kwh, x.sum(axis=1), atol=1e-9 * scale)
    assert (found.lost_kwh >= -1e-9 * scale).all()
    assert (found.back_kw <= share * need.limit_kw + 1e-9 * scale).all()
    assert (x + found.again_kw <= need.limit_kw + 1e-9 * scale).all()
    mean = np.add.reduceat(need.limit_kw, BOUNDS[:-1], axis=1) / np.diff(BOUNDS)
    assert (lent <= reserve_h * share * mean + 1e-9 * scale).all()
    assert (np.minimum(found.back_kw, found.again_kw) <= 1e-9 * scale).all()
    assert ((base + found.power_kw).max(axis=1) <= (base + x).max(axis=1) + 1e-9 * scale).all()


def test_vehicles_that_lend_cut_the_peak_of_a_sharp_evening(city):
    need, base, _ = city
    sharp = base + base * (np.arange(8760) % 24 == 18)
    x = c.valley_filled(need, sharp)
    found = c.vehicle_to_grid(need, x, sharp, c.VehicleToGrid.of(F))
    assert ((sharp + found.power_kw).max(axis=1) < 0.97 * (sharp + x).max(axis=1)).all()
    none = c.vehicle_to_grid(need, x, sharp, c.VehicleToGrid(0.0, 0.9, 2.0))
    np.testing.assert_array_equal(none.power_kw, x)


def test_windows_cover_every_hour_once():
    assert c.windows(8760)[[0, 1, 2, -2, -1]].tolist() == [0, 12, 36, 8748, 8760]
    assert c.windows(48, 24, 0).tolist() == [0, 24, 48]
    assert c.windows(8760, 168, 12)[1:3].tolist() == [12, 180]
    for wrong in ((0, 24), (48, 0)):
        with pytest.raises(TwinError, match="at least one hour"):
            c.windows(*wrong)


def test_longer_windows_level_more(city):
    need, base, _ = city
    day, week = (c.valley_filled(need, base, c.windows(8760, n)) for n in (24, 168))
    assert ((base + week) ** 2).sum() <= ((base + day) ** 2).sum()


def test_needs_that_cannot_be_are_refused():
    ones = np.ones((2, 24))
    with pytest.raises(SchemaError) as refused:
        c.Need(ones, np.ones((2, 23)), -ones)
    assert [p.column for p in refused.value.problems] == ["limit_kw", "slack_kwh"]
    with pytest.raises(SchemaError, match="blank"):
        c.Need(ones * np.nan, ones, ones)
    limit = ones.copy()
    limit[1, 5] = 0.5
    with pytest.raises(SchemaError, match=r"first: area 1"):
        c.Need(ones, limit, ones)


def test_bad_orders_are_refused():
    need = c.Need(np.ones((2, 24)), np.ones((2, 24)), np.zeros((2, 24)))
    base = np.ones((2, 24))
    for call, text in (
        (lambda: c.valley_filled(need, base[:1]), "base load has the shape"),
        (lambda: c.valley_filled(need, base * np.nan), "blank or infinite"),
        (lambda: c.valley_filled(need, base, np.array([0, 12])), "rise from 0 to 24"),
        (lambda: c.cheapest(need, np.ones(23)), "24 hours"),
        (lambda: c.timed(need, 24), "no hour 24"),
        (lambda: c.vehicle_to_grid(need, base[:, :3], base, c.VehicleToGrid(0.5, 0.9, 2.0)), "must have the shape"),
        (lambda: c.VehicleToGrid(1.5, 0.9, 2.0), "can not be"),
        (lambda: c.VehicleToGrid(0.5, 0.0, 2.0), "can not be"),
    ):
        with pytest.raises(TwinError, match=text):
            call()


def test_areas_without_vehicles_stay_without():
    need = c.Need(*np.zeros((3, 2, 48)))
    assert not c.valley_filled(need, np.ones((2, 48))).any()
    assert c.valley_filled(c.Need(*np.zeros((3, 0, 48))), np.zeros((0, 48))).shape == (0, 48)
