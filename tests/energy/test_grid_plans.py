"""The capacity map on the sample city."""

import numpy as np
import pytest

import energy
from energy.grid_plans.capacity import CAUSES, capacity, share_of_city
from energy.grid_plans.chance import cars_at_home, peak_spread
from energy.grid_plans.ingredients import ingredients
from energy.grid_plans.prices import PRICE, hourly_price
from energy.grid_plans.shift import shift
from energy.grid_plans.station import station
from energy.grid_plans.steering import Wishes, batteries, charging
from twin import City, TwinError

YEARS = (2024, 2030, 2035)


@pytest.fixture(scope="module")
def results(sample):
    return energy.simulate(sample, energy.Scenario.baseline(), years=YEARS, ranges=False)


@pytest.fixture(scope="module")
def parts(results):
    return [ingredients(results, year) for year in YEARS]


@pytest.fixture(scope="module")
def sunny(sample):
    plan = energy.Scenario.from_text(
        'name = "Sol"\n[[step]]\nmeasure = "install_photovoltaics"\nend = 2024\nstart = 2024'
    )
    return [ingredients(energy.simulate(sample, plan, years=[2024], ranges=False), 2024)]


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


@pytest.mark.parametrize("way", ["timer", "smart", "price"])
@pytest.mark.parametrize("v2g", [False, True])
def test_however_cars_are_steered_they_get_what_they_would_at_once(parts, way, v2g):
    part = parts[1]
    some = slice(10, 16)
    hours = part.now.hours(some)
    net, energy = hours.load_kw - hours.pv_kw, part.charged_kwh[some]
    at_once = energy @ part.shapes.uncontrolled
    found = charging(energy, part.shapes, net, Wishes(charging=way, v2g=v2g), part.price, part.f)
    np.testing.assert_allclose(found.power_kw.sum(axis=1) - found.lost_kwh, at_once.sum(axis=1), rtol=1e-9)
    assert (found.power_kw != at_once).any()
    assert (found.lost_kwh > 0).any() == v2g
    lost = found.back_kwh * (1 / part.f["ev.v2g_round_trip"] - 1)
    np.testing.assert_allclose(found.lost_kwh, lost, rtol=1e-6, atol=1e-6)


def test_charging_by_price_costs_least(parts):
    part = parts[1]
    hours = part.now.hours(slice(10, 14))
    net, energy = hours.load_kw - hours.pv_kw, part.charged_kwh[10:14]

    def cost(way):
        return charging(energy, part.shapes, net, Wishes(charging=way), part.price, part.f).power_kw @ part.price

    for other in ("at_once", "timer", "smart"):
        assert (cost("price") < cost(other)).all()


def test_cars_that_feed_back_lower_peaks_and_lose_some(parts, areas):
    forth, back = (capacity(parts, areas, Wishes(charging="smart", v2g=v)) for v in (False, True))
    assert (back.areas["peak_kw"] <= forth.areas["peak_kw"] * (1 + 1e-9)).all()
    assert back.areas["peak_kw"].sum() < forth.areas["peak_kw"].sum()
    more = back.figures["charged_mwh_in_last_year"] - forth.figures["charged_mwh_in_last_year"]
    assert more == pytest.approx(back.figures["v2g_lost_mwh_in_last_year"], rel=1e-9)
    assert more > 0


def test_prices_are_the_city_s_or_assumed(sample):
    assumed = hourly_price(sample["weather"])
    assert assumed.shape == (8760,)
    assert assumed.mean() == pytest.approx(1, abs=0.15)
    own = np.linspace(-0.5, 2.0, 8760)
    weather = sample["weather"].assign(**{PRICE: own})
    np.testing.assert_array_equal(hourly_price(weather), own)
    weather.loc[7, PRICE] = np.nan
    with pytest.raises(TwinError, match=r"blank in some hours.*hour 8"):
        hourly_price(weather)


def test_batteries_hold_the_peak_down_where_the_sun_shines(parts):
    f = parts[0].f
    net = np.array([[1.0, 1.0, 5.0, 1.0], [4.0, 2.0, 2.0, 2.0]])
    found = batteries(net, np.array([[0.0, 0.0, 0.0, 4.0], np.zeros(4)]), 1.0, f)
    assert found.energy_kwh.tolist() == [4.0, 0.0]
    assert (found.flow_kw[1] == 0).all()
    assert (net + found.flow_kw)[0].max() < 4
    lost = 1 - f["battery.charge_efficiency"] * f["battery.discharge_efficiency"]
    into = np.maximum(found.flow_kw[0], 0.0).sum()
    assert found.flow_kw[0].sum() == pytest.approx(lost * into, rel=1e-9)


def test_batteries_shave_every_area_with_solar_cells(sunny, areas):
    part = [sunny[0]]
    without, found = (capacity(part, areas, Wishes(battery_kwh_per_solar_kw=b)).areas for b in (0.0, 1.0))
    has = found["battery_kwh"] > 0
    assert has.sum() > 10
    assert (found.loc[has, "shaved_kw"] > 0).all()
    assert (found.loc[~has, "shaved_kw"] == 0).all()
    np.testing.assert_allclose(without["peak_kw"] - found["peak_kw"], found["shaved_kw"], atol=1e-9)
    np.testing.assert_allclose(found[[f"{c}_kw" for c in CAUSES]].sum(axis=1), found["peak_kw"], rtol=1e-9)
    assert (found.loc[has, "batteries_kw"] < 0).all()


def test_chance_spreads_a_peak_less_the_more_cars_there_are(parts):
    part, area = parts[2], 20
    found = peak_spread(part, area, 1e6, seed=7, draws=40)
    assert found.equals(peak_spread(part, area, 1e6, seed=7, draws=40))
    assert not found.equals(peak_spread(part, area, 1e6, seed=8, draws=40))
    assert (found["p10_kw"] <= found["p50_kw"]).all()
    assert (found["p50_kw"] <= found["p90_kw"]).all()
    assert (found["over_share"] == 0).all()
    cars, each = cars_at_home(part, area)
    assert found["cars"].iloc[-1] == cars > 20
    assert cars * each == pytest.approx(part.charged_kwh[area, 0], rel=1e-9)
    few, many = found.iloc[0], found[found["cars"] == 100].iloc[0]
    assert few["per_car_kw"] > many["per_car_kw"]
    assert peak_spread(part, area, 1.0, seed=7, draws=5)["over_share"].eq(1).all()
    with pytest.raises(TwinError, match="at least one draw"):
        peak_spread(part, area, 1.0, seed=7, draws=0)


def test_a_building_of_2028_uses_nothing_in_2027_and_is_new_from_then_on(sample):
    b = sample["buildings"]
    year = b["year_built"].copy()
    where = b.index[(b["grid_area_id"] == "station-21") & (b["floor_area_m2"] > 0)]
    late = where[::3]
    year[late] = 2028
    rest = sample.with_table("buildings", b.drop(late).reset_index(drop=True))
    new = sample.with_table("buildings", b.assign(year_built=year))
    plan = energy.Scenario.from_text(
        'name = "Sol"\n[[step]]\nmeasure = "install_photovoltaics"\nstart = 2025\nend = 2025'
    )
    runs = {n: energy.simulate(c, plan, years=[2027, 2028], ranges=False) for n, c in (("new", new), ("rest", rest))}
    before, after = (runs["new"].at("buildings", y) for y in (2027, 2028))
    told = [c for c in before if c.endswith(("_kwh", "_kg", "_kw"))]
    assert (before.loc[late, told] == 0).all(axis=None)
    assert (after.loc[late, "electricity_kwh"] > 0).all()
    assert (after.loc[late, "pv_kwh"] > 0).all()
    charged = [runs[n].at("buildings", 2027)["ev_charging_kwh"].sum() for n in runs]
    assert charged[0] == pytest.approx(charged[1], rel=1e-9)
    parts = {n: [ingredients(run, y) for y in (2027, 2028)] for n, run in runs.items()}
    found = {n: capacity(p, sample["grid_areas"]).areas for n, p in parts.items()}
    np.testing.assert_allclose(
        found["new"][[f"{c}_kw" for c in CAUSES]].sum(axis=1), found["new"]["peak_kw"], rtol=1e-9
    )
    at = {
        (n, y): t[(t["grid_area_id"] == "station-21") & (t["year"] == y)].iloc[0]
        for n, t in found.items()
        for y in (2027, 2028)
    }
    assert at["new", 2027]["new_build_kw"] == at["rest", 2027]["new_build_kw"] == 0
    assert at["new", 2027]["base_kw"] < 0.9 * at["new", 2028][["base_kw", "new_build_kw"]].sum()
    assert at["new", 2028]["new_build_kw"] > 0.05 * at["new", 2028]["peak_kw"]
    unchanged = energy.simulate(sample, energy.Scenario.baseline(), years=[2027], ranges=False)
    assert unchanged.adoption.new_build(2100).sum() == 0


def test_without_the_granted_steps_the_city_stays_where_it_is(parts, areas):
    having, lacking = (capacity(parts, areas, Wishes(granted=g)) for g in (True, False))
    assert lacking.city["granted_kw"].std() == 0
    assert having.city["granted_kw"].iloc[0] == lacking.city["granted_kw"].iloc[0] < having.city["granted_kw"].iloc[-1]
    assert lacking.areas.equals(having.areas)
    short = capacity(parts, areas, Wishes(granted=False), of_city=0.03).figures
    assert short["city_first_year_over"] == 2024
    assert short["headroom_mw_2024"] < 0


def test_the_cause_of_the_first_overload_is_told(parts, areas):
    found = capacity(parts, areas, Wishes(heat_pump_share=0.6))
    assert found.figures["first_cause"] == "heat_pumps"
    assert set(found.first["cause"]) <= set(CAUSES)


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
        ({"charging": "slow"}, "choose at_once, timer, smart, price"),
        ({"timer_hour": 24}, "is no hour of the day"),
        ({"battery_kwh_per_solar_kw": -1.0}, "batteries can not be negative"),
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
