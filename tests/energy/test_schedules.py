"""The hours of a year by use: published shapes, conservation, and the pattern of the week."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.buildings import schedules
from energy.buildings.schedules import FIRST_WEEKDAY, HOURS, Schedules
from twin import TwinError, reference, schema

S = Schedules.standard()
HOMES = ("single_family", "multi_family")
SHARES = ("hot_water", "household_electricity", "property_electricity")
MONDAY, SATURDAY, SUNDAY = 8 * 24, 6 * 24, 7 * 24  # 9, 7 and 8 January 2023
HOUR = [f"h{h:02d}" for h in range(24)]
# VDEW M-28/99 as in the R package standardlastprofile: H0, a Saturday in winter from midnight, W per 1,000 kWh and year
VDEW_QUARTERS = [70.8, 68.2, 65.9, 63.3, 59.5, 55.0, 50.5, 46.6]


def of(use, kind):
    return getattr(S, kind)[S.uses.index(use)]


def profile(name, day, season="year"):
    rows = reference.table("day_profiles").set_index(["profile", "season", "day"])
    return rows.loc[(name, season, day), HOUR].to_numpy(float)


def test_every_use_of_the_schema_has_schedules():
    assert set(S.uses) == set(schema.spec("buildings").loc["use", "categories"].split("|"))
    assert len(S.uses) == 11
    for name in ("gain", "reduced", *SHARES):
        assert getattr(S, name).shape == (11, HOURS)


def test_the_year_begins_on_a_sunday_as_2023():
    hours = pd.date_range("2023-01-01", periods=HOURS, freq="h")
    assert hours[0].weekday() == FIRST_WEEKDAY
    kind, season = schedules.calendar()
    assert (np.repeat(kind, 24) == np.clip(hours.day_of_week - 4, 0, 2)).all()
    # VDEW: winter 1 November - 20 March, summer 15 May - 14 September
    day = hours[::24]
    key = day.month * 100 + day.day
    assert ((season == "winter") == ((key <= 320) | (key >= 1101))).all()
    assert ((season == "summer") == ((key >= 515) & (key <= 914))).all()


def test_shapes_are_relative_to_the_year():
    np.testing.assert_allclose(S.gain.mean(axis=1), 1, rtol=1e-12)
    assert (S.gain >= 0).all()
    for name in SHARES:
        np.testing.assert_allclose(getattr(S, name).sum(axis=1), 1, rtol=1e-12)
        assert (getattr(S, name) >= 0).all()


def test_nobody_can_write_into_the_shared_schedules():
    assert Schedules.standard() is S
    with pytest.raises(ValueError, match="read-only"):
        S.gain[0, 0] = 2


def test_offices_work_on_mondays_and_rest_on_sundays():
    for name in ("gain", "household_electricity", "hot_water"):
        assert of("office", name)[MONDAY + 10] > 3 * of("office", name)[SUNDAY + 10]
    assert not of("office", "reduced")[MONDAY + 10]
    assert of("office", "reduced")[[MONDAY + 3, SATURDAY + 10, SUNDAY + 10]].all()


def test_homes_lower_the_temperature_at_night_but_not_the_ventilation():
    for use in HOMES:
        night = of(use, "reduced").reshape(-1, 24)
        assert (night == night[0]).all()
        assert np.flatnonzero(night[0]).tolist() == [0, 1, 2, 3, 4, 23]
        assert S.reduced_ventilation[S.uses.index(use)] == 1


def test_gains_of_dwellings_follow_iso_13790():
    # ISO 13790:2008 table G.8: 07-17, 17-23, 23-07 living room and kitchen 8/20/2, other rooms 1/1/6 W/m2; half of each
    published = np.array([4.0] * 7 + [4.5] * 10 + [10.5] * 6 + [4.0])
    np.testing.assert_allclose(of("multi_family", "gain")[:24], published / published.mean())


def test_hot_water_of_dwellings_follows_en_12831():
    # EN 12831-3:2017 table B.2, per cent of the day: 07-08, 08-09 and 19-20 in apartments and single-family dwellings
    for use, published in (("multi_family", [6.0, 8.0, 7.0]), ("single_family", [4.7, 6.8, 6.5])):
        day = of(use, "hot_water")[MONDAY : MONDAY + 24]
        np.testing.assert_allclose(day[[7, 8, 19]] / day.sum() * 100, published, rtol=2e-3)


def test_presence_in_offices_is_that_of_en_16798():
    # EN 16798-1:2019 annex C, office: 0.2 at 07-08, 0.7 at 10-12, 0.4 at noon; nobody at weekends
    assert profile("en16798_office", "weekday")[[7, 10, 11, 12]].tolist() == [0.2, 0.7, 0.7, 0.4]
    assert profile("en16798_office", "sunday").sum() == 0


def test_the_profiles_of_commerce_use_a_thousand_kilowatt_hours_a_year():
    """VDEW scales them to 1,000 kWh; its public holidays count as Sundays, here the nine of all Germany; regions have more."""
    kind, season = schedules.calendar()
    holidays = ["01-01", "04-07", "04-10", "05-01", "05-18", "05-29", "10-03", "12-25", "12-26"]
    kind[pd.to_datetime([f"2023-{day}" for day in holidays]).day_of_year - 1] = 2
    names = ("weekday", "saturday", "sunday")
    for name in ("vdew_g0", "vdew_g1", "vdew_g2", "vdew_g3", "vdew_g4", "vdew_g6"):
        watt_hours = sum(profile(name, names[k], s).sum() for k, s in zip(kind, season, strict=True))
        assert watt_hours / 1000 == pytest.approx(1000, rel=0.02)


def test_the_yearly_wave_keeps_the_energy_of_households():
    """VDEW (2000), step by step: about 1.24 at new year and 0.8 in summer; the year's use stays."""
    wave = schedules.vdew_dynamisation(np.arange(1.0, 366.0))
    assert wave[0] == pytest.approx(1.242, abs=5e-4)
    assert wave[180:210].mean() == pytest.approx(0.79, abs=0.02)
    january, july = (of("multi_family", "household_electricity")[a : a + 744].sum() for a in (0, 181 * 24))
    assert 1.25 < january / july < 1.6


@pytest.mark.parametrize("use", S.uses)
def test_the_mean_air_flow_stays(use):
    row = S.rows(pd.Series([use], dtype="category"))
    in_use = S.ventilation_in_use(np.array([0.6]), row)
    flow = in_use * np.where(of(use, "reduced"), S.reduced_ventilation[row], 1.0)
    assert flow.mean() == pytest.approx(0.6, rel=1e-12)
    assert in_use[0] >= 0.6


@given(st.floats(0, 100), st.floats(0, 0.99), st.floats(0, 1))
def test_flow_in_use_gives_back_the_mean(mean, share, reduced):
    flow = schedules.flow_in_use(np.array([mean]), np.array([share]), np.array([reduced]))
    assert flow * (1 - share) + flow * share * reduced == pytest.approx(mean, rel=1e-9, abs=1e-12)


def test_rows_follow_names_whatever_the_order_of_the_categories():
    use = pd.Series(pd.Categorical(["school", "office", "school"], categories=["school", "retail", "office", "unused"]))
    assert [S.uses[i] for i in S.rows(use)] == ["school", "office", "school"]


def test_unknown_and_blank_uses_are_refused():
    with pytest.raises(TwinError, match="did you mean 'office'"):
        S.rows(pd.Series(["offices"], dtype="category"))
    with pytest.raises(TwinError, match="1 rows are blank"):
        S.rows(pd.Series(["office", None], dtype="category"))


def test_every_named_profile_exists_once():
    table = reference.table("day_profiles")
    named = {p for names in reference.table("use_schedules")["profile"] for p in names.split("+")}
    assert named == set(table["profile"])
    assert not table.duplicated(["profile", "season", "day"]).any()
    assert (table[HOUR].to_numpy(float) >= 0).all()


def test_electricity_of_households_follows_vdew():
    published = np.array(VDEW_QUARTERS).reshape(2, 4).mean(axis=1)
    np.testing.assert_allclose(profile("vdew_h0", "saturday", "winter")[:2], published, atol=0.1)
    night = of("multi_family", "household_electricity")[SATURDAY : SATURDAY + 2]
    assert night[1] / night[0] == pytest.approx(published[1] / published[0], rel=2e-3)
