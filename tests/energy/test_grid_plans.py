"""The capacity map on the sample city."""

import numpy as np
import pytest

import energy
from energy.grid_plans.capacity import CAUSES, Wishes, capacity, share_of_city
from energy.grid_plans.ingredients import ingredients
from energy.grid_plans.shift import shift
from energy.grid_plans.station import station
from twin import City, TwinError

YEARS = (2024, 2030, 2035)


@pytest.fixture(scope="module")
def results(sample):
    return energy.simulate(sample, energy.Scenario.baseline(), years=YEARS, ranges=False)


@pytest.fixture(scope="module")
def parts(results):
    return [ingredients(results, year) for year in YEARS]


@pytest.fixture(scope="module")
def areas(sample):
    return sample["grid_areas"]


@pytest.fixture(scope="module")
def today(parts, areas):
    return capacity(parts, areas)


def test_the_hours_hold_the_year_s_electricity(results, parts):
    for part in parts:
        needs = results.at("buildings", part.year)
        hours = part.now.city
        used = needs["electricity_kwh"].sum() - needs["ev_charging_kwh"].sum()
        assert hours.load_kw.sum() == pytest.approx(used, rel=1e-9)
        assert hours.pv_kw.sum() == pytest.approx(needs["pv_kwh"].sum(), rel=1e-9, abs=1e-6)
        assert part.charged_kwh.sum() == pytest.approx(needs["ev_charging_kwh"].sum(), rel=1e-9)
        of_areas = sum(block.load_kw.sum(axis=0) for _, block in part.now.blocks())
        np.testing.assert_allclose(of_areas, hours.load_kw, rtol=1e-9)


def test_causes_add_up_to_the_peak(today):
    table = today.areas
    np.testing.assert_allclose(table[[f"{c}_kw" for c in CAUSES]].sum(axis=1), table["peak_kw"], rtol=1e-9)
    np.testing.assert_allclose(table["headroom_kw"], table["rating_kw"] - table["peak_kw"], rtol=1e-12)
    assert (table["over_h"] > 0).sum() == (table["headroom_kw"] < 0).sum()


def test_more_cars_and_pumps_break_areas_and_smart_charging_puts_it_off(parts, areas, today):
    wish = {"ev_share": 0.8, "heat_pump_share": 0.4}
    at_once = capacity(parts, areas, Wishes(**wish))
    smart = capacity(parts, areas, Wishes(**wish, charging="smart"))
    assert today.figures["areas_over_in_last_year"] == 0
    assert at_once.figures["areas_over_in_last_year"] > 0
    assert at_once.figures["first_year_over"] <= smart.figures["first_year_over"]
    assert (smart.areas["peak_kw"] <= at_once.areas["peak_kw"] + 1e-6).all()
    assert smart.figures["bought_mw_in_last_year"] > 1
    assert smart.areas["over_kwh"].sum() < at_once.areas["over_kwh"].sum()
    first, last = at_once.shares.iloc[0], at_once.shares.iloc[-1]
    assert first["ev_share"] == pytest.approx(parts[0].ev_share)
    assert (last["ev_share"], last["heat_pump_share"]) == (0.8, 0.4)


def test_electricity_emits_in_two_ledgers_and_never_nothing(parts, today):
    told = today.emissions
    assert set(told["grid"]) == {"nordic", "swedish"}
    assert (told[["bookkeeping_kg", "decision_kg"]] > 0).all(axis=None)
    nordic = told[told["grid"] == "nordic"].set_index("year")["bookkeeping_kg"]
    load = parts[0].now.city
    bought = load.load_kw.sum() - load.pv_kw.sum() + parts[0].charged_kwh.sum()
    assert nordic[2024] == pytest.approx(bought * parts[0].grid["nordic"].average_kg_kwh[0], rel=1e-9)


def test_firm_and_n1_headroom_where_they_are_known(parts, areas):
    known = areas.assign(firm_kw=areas["rating_kw"] * 0.8)
    found = capacity(parts, known).areas
    np.testing.assert_allclose(found["headroom_kw"] - found["firm_headroom_kw"], 0.2 * found["rating_kw"], rtol=1e-9)
    assert found["n1_headroom_kw"].isna().all()


def test_an_area_without_rating_is_unknown_and_never_free(parts, areas):
    blank = areas.copy()
    blank.loc[blank.index[3], "rating_kw"] = np.nan
    found = capacity(parts, blank)
    row = found.areas[found.areas["grid_area_id"] == blank["grid_area_id"].iloc[3]]
    assert row["headroom_kw"].isna().all()
    assert row["over_h"].isna().all()
    assert np.isnan(found.first["first_year"].iloc[3])
    assert found.figures["areas_without_rating"] == 1


def test_the_granted_capacity_is_shared_out_by_inhabitants(results, parts, areas):
    part = share_of_city(results)
    assert 0.01 < part < 1
    whole, own = (capacity(parts, areas, of_city=p).city for p in (1.0, part))
    np.testing.assert_allclose(own["granted_kw"], part * whole["granted_kw"], rtol=1e-12)
    assert (np.diff(own["granted_kw"]) >= 0).all()
    together = capacity(parts, areas).areas.groupby("year")["peak_kw"].sum()
    assert (own.set_index("year")["peak_kw"].loc[list(YEARS)] <= together).all()


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"ev_share": 1.2}, "ev_share = 1.2 is no share"),
        ({"heat_pump_share": -0.1}, "heat_pump_share = -0.1 is no share"),
        ({"charging": "slow"}, "choose at_once, timer or smart"),
        ({"timer_hour": 24}, "is no hour of the day"),
    ],
)
def test_wishes_that_can_not_be_are_told(wish, told):
    with pytest.raises(TwinError, match=told):
        Wishes(**wish)


def test_what_is_missing_is_told(sample, parts, areas):
    with pytest.raises(TwinError, match="already"):
        capacity(parts, areas, Wishes(heat_pump_share=0.01))
    with pytest.raises(TwinError, match="no year"):
        capacity([], areas)
    for table, told in (("weather", r"layers\.weather"), ("grid_areas", r"layers\.grid_areas")):
        kept = {n: sample[n] for n in sample if n != table}
        city = City(sample.name, sample.crs, kept, sample.sources, sample.base_year, sample.language)
        run = energy.simulate(city, energy.Scenario.baseline(), years=[2024], ranges=False)
        with pytest.raises(TwinError, match=told):
            ingredients(run, 2024)


def test_a_station_s_made_up_feeders_host_a_share_of_each(results):
    found = station(results, 2024, "station-46")
    assert found.reached >= 0.9 * found.buildings > 0
    table = found.hosting.set_index("what")
    assert list(table.index) == ["cars", "heat_pumps", "solar"]
    assert table["share"].between(0, 1).all()
    full = table["share"] == 1
    assert (table.loc[full, "binds"] == "").all()
    assert table.loc[~full, "binds"].isin(["low voltage", "high voltage", "line", "transformer", "collapse"]).all()
    assert (table["next_share"] >= table["share"]).all()
    again = station(results, 2024, "station-46").hosting
    assert again.equals(found.hosting)
    with pytest.raises(TwinError, match="did you mean 'station-46'"):
        station(results, 2024, "station-466")


def test_what_can_leave_the_peak_hour(results, parts):
    found = shift(results, parts[0])
    assert len(found) == 60
    moved = found[["charging_mw", "battery_mw", "heat_mw"]]
    np.testing.assert_allclose(moved.sum(axis=1), found["together_mw"], rtol=1e-12)
    assert (found["battery_mw"] == 0).all()
    assert (found["heat_mw"] >= 0).all()
    assert (found["heat_mw"] <= found["peak_mw"]).all()
    assert found["heat_mw"].sum() > 0.1
    assert found["stored_mwh"].sum() > 1
    with pytest.raises(TwinError, match="can not be negative"):
        shift(results, parts[0], battery_kwh_per_roof_kw=-1.0)
