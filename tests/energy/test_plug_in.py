"""The hours of charging keep the year's energy, and feeders peak as they were measured to."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.buildings.schedules import Schedules, calendar
from energy.electrification import plug_in, sessions, velander
from energy.electrification.vehicles import PLACES, place_shares
from twin import Factors, SchemaError, TwinError, reference

F = Factors.read().at(2026)
YEAR_C = np.repeat(8.5 - 9 * np.cos(2 * np.pi * (np.arange(365) - 15) / 365), 24)
MEASURED = pd.read_csv(Path(__file__).parents[1] / "reference" / "feeder_peaks.csv").set_index("technology")
HOME = plug_in.place("home")


@pytest.fixture(scope="module")
def shapes():
    return plug_in.shapes(F, YEAR_C)


def test_every_kind_of_place_keeps_the_year(shapes):
    assert shapes.kinds == PLACES
    assert shapes.uncontrolled.shape == shapes.limit.shape == shapes.slack.shape == (4, 8760)
    np.testing.assert_allclose(shapes.uncontrolled.sum(axis=1), 1.0, rtol=1e-12)
    assert (shapes.uncontrolled >= 0).all()


def test_buildings_by_kinds_is_a_matrix_product(shapes):
    energy = np.random.default_rng(1).uniform(0, 5000, (60, 4))
    hours = energy @ shapes.uncontrolled
    np.testing.assert_allclose(hours.sum(axis=1), energy.sum(axis=1), rtol=1e-9)


def test_nothing_charges_without_a_charger_nor_waits_longer_than_it_stays(shapes):
    assert (shapes.uncontrolled <= shapes.limit * (1 + 1e-12)).all()
    assert (shapes.slack >= 0).all()
    # what waits fits into the hours that are left: the charging of the latest hours is never negative, nor above the limit
    before = np.roll(shapes.slack, 1, axis=1)
    latest = shapes.uncontrolled - (shapes.slack - before)
    assert (latest >= -1e-15).all()
    assert (latest <= shapes.limit * (1 + 1e-9) + 1e-15).all()
    np.testing.assert_allclose(latest.sum(axis=1), 1.0, rtol=1e-9)


def test_people_plug_in_when_they_come_home_or_to_work(shapes):
    day = shapes.uncontrolled.reshape(4, 365, 24)
    weekday = day[:, calendar()[0] == 0].mean(axis=1)
    at = dict(zip(shapes.kinds, weekday.argmax(axis=1), strict=True))
    assert 17 <= at["home"] <= 19
    assert 7 <= at["work"] <= 9
    assert 16 <= at["depot"] <= 20
    work = day[PLACES.index("work")].sum(axis=1)
    assert work[calendar()[0] == 2].mean() < 0.15 * work[calendar()[0] == 0].mean()


def test_cold_days_take_more_and_the_year_stays(shapes):
    plain = plug_in.shapes(F)
    days = calendar()[0] == 0
    monthly = [s.uncontrolled[0].reshape(365, 24).sum(axis=1) for s in (plain, shapes)]
    cold = YEAR_C.reshape(365, 24).mean(axis=1) < 2
    assert monthly[1][cold & days].mean() > 1.05 * monthly[0][cold & days].mean()
    factor = plug_in.need_by_temperature(YEAR_C, F["ev.cold_per_k"], F["ev.mild_c"])
    assert factor.mean() == pytest.approx(1.0, rel=1e-12)
    assert factor.argmax() == YEAR_C.reshape(365, 24).mean(axis=1).argmin()
    # a quarter more at freezing than where it is mild, before the year is made whole
    two = plug_in.need_by_temperature(np.repeat([0.0, 25.0], 24), F["ev.cold_per_k"], F["ev.mild_c"])
    assert two[0] / two[1] == pytest.approx(1.25)


def test_homes_are_as_the_trial_found_them():
    """Electric Nation (greencarguide.co.uk, February 2019): over 12 hours plugged in, three sessions a week."""
    assert HOME.plug_in[0] @ HOME.stay_h > 12
    car_kwh = F["ev.energy_kwh_per_km"] * F["ev.km_per_car"] * place_shares(F)[0, 0]
    assert car_kwh / 52 / (HOME.share @ HOME.session_kwh) == pytest.approx(3.0, rel=0.05)


@pytest.mark.parametrize("name", PLACES)
def test_the_tables_divide_a_whole(name):
    found = plug_in.place(name)
    np.testing.assert_allclose(found.plug_in.sum(axis=1), 1.0, rtol=1e-12)
    assert found.share.sum() == pytest.approx(1.0)
    assert (found.power_kw > 0).all()


def test_spoilt_tables_are_refused_with_all_that_is_wrong():
    rows, powers = reference.table("charging_profiles"), reference.table("charging_powers")
    spoilt = rows.copy()
    spoilt.loc[0, "h17"] = np.nan
    more = powers.copy()
    more.loc[more["place"] == "home", "share"] *= 1.5
    with pytest.raises(SchemaError) as refused:
        plug_in.read_place("home", spoilt, more)
    text = str(refused.value)
    assert "blank or below 0" in text
    assert "shares of chargers sum to 1.5" in text
    with pytest.raises(SchemaError, match="no plug-ins of a sunday"):
        plug_in.read_place("home", rows[rows["day"] != "sunday"], powers)
    with pytest.raises(SchemaError, match=r"5 problems"):
        plug_in.read_place("harbour", rows, powers)
    with pytest.raises(SchemaError, match="no charger has 500 kW"):
        HOME.at_least(500)


def test_a_draw_is_the_expected_year_by_chance(shapes):
    cars = sessions.draw(3000, 1650.0, HOME, F, 5, temp_air_c=YEAR_C)
    load = cars.load_kw()[0]
    expected = 3000 * 1650.0 * shapes.uncontrolled[0]
    assert np.corrcoef(load, expected)[0, 1] > 0.99
    # by hours of the mean day, a tenth of the peak apart: a draw lets nobody leave before being charged
    assert (
        np.abs((load - expected).reshape(365, 24).mean(axis=0)).max()
        < 0.1 * expected.reshape(365, 24).mean(axis=0).max()
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 30), st.floats(0, 6000), st.sampled_from(PLACES), st.integers(0, 10_000), st.integers(0, 350))
def test_a_draw_keeps_the_energy(vehicles, yearly, where, seed, first):
    at = plug_in.place(where)
    week = sessions.draw(vehicles, yearly, at, F, seed, first_day=first, days=7, temp_air_c=YEAR_C)
    part = plug_in.day_weight(at, YEAR_C, F)[first : first + 7].sum()
    assert week.energy_kwh.sum() == pytest.approx(vehicles * yearly * part, rel=1e-9, abs=1e-9)
    for steps in (1, 4):
        load = week.load_kw(steps_of_an_hour=steps)
        assert load.sum() / steps == pytest.approx(week.energy_kwh.sum(), rel=1e-9, abs=1e-9)
        assert (load >= -1e-9).all()
    assert (week.energy_kwh <= (week.departure_h - week.arrival_h) * week.power_kw * (1 + 1e-9)).all()


def test_the_same_seed_gives_the_same_sessions():
    one, again, other = (sessions.draw(20, 1650.0, HOME, F, s) for s in (3, 3, 4))
    np.testing.assert_array_equal(one.arrival_h, again.arrival_h)
    assert not np.array_equal(one.energy_kwh, other.energy_kwh)


def feeders(at, steps=1):
    """What a car adds to the peak of 60 feeders with 40 homes and cars each, by two measures [kW]."""
    count, size = 60, 40
    car_kwh = F["ev.energy_kwh_per_km"] * F["ev.km_per_car"] * place_shares(F)[0, 0]
    cars = sessions.draw(count * size, car_kwh, at, F, 1, temp_air_c=YEAR_C)
    load = cars.load_kw(np.repeat(np.arange(count), size), steps)
    base = np.repeat(Schedules.standard().household_electricity[0] * 3500 * size, steps)
    at_peak, added = sessions.peak_contribution(load, base, size)
    return at_peak.mean(), added.mean()


@pytest.mark.parametrize(
    ("technology", "at_least_kw"), [("electric_vehicle", 0.0), ("electric_vehicle_above_6_5_kw", 6.5)]
)
def test_feeders_of_forty_peak_as_measured(technology, at_least_kw):
    """Within a quarter of what 42,089 smart meters show, with nothing fitted to it; cars charge as Göteborg's drive."""
    measured = MEASURED.loc[technology, "contribution_kw"]
    at = HOME.at_least(at_least_kw)
    at_peak, added = feeders(at)
    assert at_peak == pytest.approx(measured, rel=0.25)
    assert added == pytest.approx(measured, rel=0.25)
    assert feeders(at, 4)[1] == pytest.approx(measured, rel=0.25)


def test_faster_chargers_and_shorter_steps_peak_higher():
    slow, fast, quarters = feeders(HOME)[1], feeders(HOME.at_least(6.5))[1], feeders(HOME, 4)[1]
    assert slow < fast
    assert slow < quarters


def test_bigger_fleets_peak_less_a_vehicle():
    cars = sessions.draw(1600, 1650.0, HOME, F, 8)
    peaks = [cars.load_kw(np.arange(1600) // size).max(axis=1).mean() / size for size in (1, 10, 40, 400, 1600)]
    assert (np.diff(peaks) < 0).all()
    assert peaks[0] > 5 * peaks[-1]


def test_bad_draws_are_refused():
    with pytest.raises(TwinError, match="do not lie in the year"):
        sessions.draw(1, 1.0, HOME, F, 0, first_day=360, days=7)
    with pytest.raises(TwinError, match="numbers from 0"):
        sessions.draw(1, -1.0, HOME, F, 0)
    cars = sessions.draw(3, 1000.0, HOME, F, 0, days=7)
    with pytest.raises(TwinError, match="group each"):
        cars.load_kw(np.array([0, 1]))
    with pytest.raises(TwinError, match="cut into 7"):
        cars.load_kw(steps_of_an_hour=7)


def test_velander_s_constants_of_charging_meet_the_measured_feeder():
    """Met at 40 cars; from one car to 1,600 within a sixth of what drawn sessions add to their feeders' peaks."""
    row = reference.table("velander").set_index("category").loc["charging"]
    car_kwh = F["ev.energy_kwh_per_km"] * F["ev.km_per_car"] * place_shares(F)[0, 0]

    def a_car(size):
        energy = np.array([[size * car_kwh]])
        return velander.peak_kw(energy, np.array([row["k1"]]), np.array([row["k2"]]))[0] / size

    assert a_car(40) == pytest.approx(MEASURED.loc["electric_vehicle", "contribution_kw"], rel=0.01)
    cars = sessions.draw(1600, car_kwh, HOME, F, 8, temp_air_c=YEAR_C)
    for size in (1, 10, 40, 100, 400, 1600):
        base = Schedules.standard().household_electricity[0] * 3500 * size
        added = sessions.peak_contribution(cars.load_kw(np.arange(1600) // size), base, size)[1].mean()
        assert a_car(size) == pytest.approx(added, rel=1 / 6)
