"""What planners ask of heat networks, on the sample city."""

import numpy as np
import pandas as pd
import pytest
import shapely

import energy
from energy.district_heating.potential.regime import Regime
from energy.district_heating.routing.layout import Wishes
from energy.district_heating.supply.network import Operation
from energy.heat_plans.cooler import cooler
from energy.heat_plans.decisions import decisions
from energy.heat_plans.dense import dense, sites
from energy.heat_plans.district import inside, new_district
from energy.heat_plans.loads import heat_loads
from energy.heat_plans.pulse import pulse
from energy.heat_plans.saving import saving
from energy.heat_plans.supply import on_network, supply
from energy.heat_plans.today import network_today
from energy.heating_options import OPTIONS
from twin import City, TwinError

YEAR = 2024


@pytest.fixture(scope="module")
def results(sample):
    return energy.simulate(sample, energy.Scenario.baseline(), years=[YEAR], ranges=False)


@pytest.fixture(scope="module")
def vasastaden(sample):
    return sample["areas"].set_index("area_id").loc["p19"].geometry


@pytest.fixture(scope="module")
def district(results, vasastaden):
    return new_district(results, YEAR, vasastaden)


def without(city, *tables):
    kept = {n: city[n] for n in city if n not in tables}
    return City(city.name, city.crs, kept, city.sources, city.base_year, city.language)


def run(city):
    return energy.simulate(city, energy.Scenario.baseline(), years=[YEAR], ranges=False)


def test_loads_hold_the_heat_that_the_year_delivers(results):
    loads = heat_loads(results, YEAR, on_network(results, YEAR))
    delivered = results.at("buildings", YEAR)["district_heating_kwh"].sum()
    assert loads.heat_kwh.sum() == pytest.approx(delivered, rel=1e-12)
    assert loads.together_kw.sum() == pytest.approx(delivered, rel=1e-12)
    np.testing.assert_allclose(loads.daily_kwh.sum(axis=1), loads.heat_kwh, rtol=1e-9)
    used = np.unique(loads.kind)
    for shapes in (loads.profile[used], loads.space_profile, loads.hot_water_profile[used]):
        np.testing.assert_allclose(shapes.sum(axis=1), 1, rtol=1e-12)
    assert (loads.profile >= 0).all()
    assert loads.together_kw.max() < loads.peak_kw.sum()
    cold = loads.outdoor_c[loads.together_kw.argmax()]
    assert cold < np.quantile(loads.outdoor_c, 0.05)


def test_plants_meet_the_load_of_every_hour(results):
    done = supply(results, YEAR)
    hours, share = done.hours, results.factors.at(YEAR)["district_heating.loss_share"]
    np.testing.assert_allclose(hours.heat_mw.sum(axis=1) + hours.unserved_mw, hours.load_mw, rtol=1e-12)
    assert hours.load_mw.sum() * 1000 * (1 - share) == pytest.approx(done.delivered_kwh, rel=1e-12)
    assert done.units["heat_mwh"].sum() == pytest.approx(hours.load_mw.sum(), rel=1e-12)
    assert (done.units["full_load_h"] <= 8760 + 1e-6).all()


def test_the_same_year_is_quoted_low_and_high_by_the_way_of_sharing_out(results):
    ways = supply(results, YEAR).factors.set_index(["method", "waste_to"])["territorial"] * 1000
    assert ways.min() < 15
    assert ways.max() > 75
    chosen = supply(results, YEAR, Operation(method="power_bonus", waste_to="treatment")).hours
    share = results.factors.at(YEAR)["district_heating.loss_share"]
    assert chosen.yearly("territorial") / (1 - share) * 1000 == pytest.approx(
        ways["power_bonus", "treatment"], rel=1e-9
    )


def test_without_the_refineries_the_same_heat_emits_and_costs_more(results):
    risk = supply(results, YEAR, cases=(("unit-1",),)).risk
    assert risk["supplied_mwh"].iloc[1] == pytest.approx(risk["supplied_mwh"].iloc[0], rel=1e-9)
    for column in ("territorial", "lifecycle", "marginal", "cost_sek"):
        assert risk[column].iloc[1] > 1.2 * risk[column].iloc[0]


def test_a_new_district_keeps_every_kilowatt_hour(district):
    net, hours = district.network, district.year
    joined = net.buildings["connected"].to_numpy(bool)
    heat = district.loads.heat_kwh[joined].sum()
    assert joined.sum() > 200
    assert hours.heat_in_w.sum() / 1000 == pytest.approx(heat + hours.loss_w.sum() / 1000, rel=1e-9)
    assert hours.pipe_loss_kwh.sum() == pytest.approx(hours.loss_w.sum() / 1000, rel=1e-9)
    assert net.heat_kwh == pytest.approx(heat, rel=1e-9)
    assert 0.005 < hours.loss_w.sum() / hours.heat_in_w.sum() < 0.15
    first = net.pipes[net.pipes["parent"] == 0]
    assert first["heat_kwh"].sum() == pytest.approx(heat, rel=1e-9)
    assert (net.pipes["peak_kw"] <= district.loads.peak_kw[joined].sum() + 1e-6).all()


def test_a_district_is_set_beside_heat_pumps_in_all_accounts(district, results):
    told = district.comparison.set_index("option")
    assert list(told.index) == list(OPTIONS)
    assert told["cheapest_for"].sum() == district.figures["connected"]
    assert told.loc["district_heating", "electricity_kwh"] == 0
    assert told.loc["air_heat_pump", "electricity_kwh"] > told.loc["ground_heat_pump", "electricity_kwh"] > 0 or (
        told.loc["ground_heat_pump", "open_to"] < district.figures["connected"]
    )
    f = results.factors.at(YEAR)
    price = district.network.lcoh_sek_kwh + f["network.production_sek_kwh"]
    assert told.loc["district_heating", "cost_sek_year"] == pytest.approx(price * district.network.heat_kwh, rel=1e-9)


def test_the_choice_is_near_its_bound_and_the_figures_say_so(district):
    told = district.figures
    assert told["bound_sek_year"] is not None
    assert 0.9 * told["bound_sek_year"] < district.network.choice_sek <= told["bound_sek_year"] * (1 + 1e-9)
    assert told["lcoh_sek_kwh"] > 0
    assert told["peak_kw"] < district.loads.peak_kw.sum()


def test_at_a_low_price_nothing_is_built_and_the_break_even_is_told(results, vasastaden):
    none = new_district(results, YEAR, vasastaden, Wishes(heat_price_sek_kwh=0.31))
    assert none.figures["connected"] == 0
    assert none.year is None
    assert none.comparison.empty
    assert 0.31 < none.figures["break_even_sek_kwh"] < 0.6
    all_in = new_district(results, YEAR, vasastaden, Wishes(connect="all", heat_price_sek_kwh=0.31))
    assert all_in.figures["connected"] > 200
    assert all_in.figures["worth_sek_year"] < 0


def test_boundaries_that_can_not_be_are_told(results, sample):
    x, y = sample["buildings"].geometry.iloc[0].centroid.coords[0]
    with pytest.raises(TwinError, match="encloses no area"):
        inside(results, shapely.LineString([(x, y), (x + 9, y)]))
    with pytest.raises(TwinError, match="crosses itself"):
        inside(results, shapely.Polygon([(x, y), (x + 90, y + 90), (x + 90, y), (x, y + 60)]))
    with pytest.raises(TwinError, match="no building stands inside"):
        inside(results, shapely.box(0, 0, 10, 10))


def test_a_city_without_streets_is_told_and_one_without_pipes_gets_a_plant_of_its_own(sample, vasastaden):
    with pytest.raises(TwinError, match=r"layers\.roads"):
        new_district(run(without(sample, "roads")), YEAR, vasastaden)
    bare = run(without(sample, "heat_pipes", "heat_supply"))
    own = new_district(bare, YEAR, vasastaden)
    assert own.connection == "middle"
    given = new_district(bare, YEAR, vasastaden, source=vasastaden.centroid)
    assert given.connection == "point"
    assert given.figures["connected"] == own.figures["connected"] > 200
    with pytest.raises(TwinError, match=r"layers\.heat_supply"):
        supply(bare, YEAR)
    with pytest.raises(TwinError, match="weather"):
        supply(run(without(sample, "weather")), YEAR)


def test_every_heated_building_has_a_choice_and_others_have_none(results):
    found = decisions(results, YEAR, robust=True)
    table = found.table
    heat = results.at("buildings", YEAR)[["heat_need_kwh", "hot_water_need_kwh"]].sum(axis=1).to_numpy()
    assert (table["cheapest"].notna().to_numpy() == (heat > 0)).all()
    cost = table[[f"{o}_cost_sek_year" for o in OPTIONS]].to_numpy(float)
    heated = heat > 0
    best = np.nanargmin(cost[heated], axis=1)
    assert (np.array(OPTIONS)[best] == table["cheapest"][heated].astype(str)).all()
    assert table["cheapest_robustness"][heated].between(0, 1).all()
    assert table["cheapest"].nunique() > 2


def test_houses_far_from_pipes_are_not_offered_district_heating(results, sample):
    found = decisions(results, YEAR).table
    offered = found["district_heating_cost_sek_year"].notna().to_numpy()
    pipes = shapely.union_all(sample["heat_pipes"].geometry.to_numpy())
    far = shapely.distance(sample["buildings"].geometry.to_numpy(), pipes) > 100
    connected = on_network(results, YEAR)
    assert (far & ~connected & found["cheapest"].notna().to_numpy()).any()
    assert not offered[far & ~connected].any()
    assert offered[connected].all()


def test_boreholes_need_land(results):
    loads = heat_loads(results, YEAR, np.ones(len(results.city["buildings"]), bool))
    room = sites(results, YEAR, loads.row, loads.peak_kw)
    twice = sites(results, YEAR, loads.row, 2 * loads.peak_kw)
    assert 0.1 < room["can_ground_heat_pump"].mean() < 0.9
    assert (room["can_ground_heat_pump"] | ~twice["can_ground_heat_pump"]).all()
    use = results.city["buildings"]["use"].iloc[loads.row]
    houses = (use == "single_family").to_numpy()
    assert room["can_ground_heat_pump"][houses].mean() > room["can_ground_heat_pump"][~houses].mean()


def test_squares_hold_the_heat_of_the_city(results):
    found = dense(results, YEAR)
    heat = results.at("buildings", YEAR)[["heat_need_kwh", "hot_water_need_kwh"]].to_numpy().sum() / 1000
    assert found.table["heat_mwh"].sum() == pytest.approx(heat, rel=1e-9)
    of_areas = found.table.loc[found.table["area"] >= 0, "heat_mwh"].sum() / 1000
    assert found.areas["heat_gwh"].sum() == pytest.approx(of_areas, rel=1e-9)
    with pytest.raises(TwinError, match="did you mean 'npro'"):
        dense(results, YEAR, preset="nrpo")


def test_a_cooler_network_loses_less_and_a_better_envelope_lets_more_follow(sample, results):
    hot, cool = Regime.named("80/45"), Regime.named("65/35")
    now = cooler(results, YEAR, hot, cool)
    assert now.loss_ratio < 1
    assert now.electricity_after < now.electricity_before
    text = 'name = "x"\n[[step]]\nmeasure = "renovate_envelope"\nend = 2024\nstart = 2024\n'
    better = energy.simulate(sample, energy.Scenario.from_text(text), years=[YEAR], ranges=False)
    after = cooler(better, YEAR, hot, cool)
    needed = pd.DataFrame(
        {"now": now.buildings["needed_supply_c"], "after": after.buildings["needed_supply_c"]}
    ).dropna()
    assert (needed["after"] <= needed["now"] + 1e-6).all()
    assert after.floor_area_share > now.floor_area_share


@pytest.fixture(scope="module")
def today(results):
    return network_today(results, YEAR)


def test_the_network_there_is_keeps_every_kilowatt_hour(results, today):
    joined = today.consumers.node >= 0
    delivered = today.loads.heat_kwh[joined].sum()
    heat_in = sum(p.year.heat_in_w.sum() for p in today.parts) / 1000
    loss = sum(p.year.loss_w.sum() for p in today.parts) / 1000
    assert heat_in == pytest.approx(delivered + loss, rel=1e-9)
    assert today.loss_kwh.sum() == pytest.approx(loss, rel=1e-9)
    assert today.pipes["loss_kwh"].sum() == pytest.approx(loss, rel=1e-9)
    assert today.figures["networks"] == 1
    assert today.shared.unfed_w == 0
    share = results.factors.at(YEAR)["district_heating.loss_share"]
    peak_w = (today.loads.heat_kwh[joined] * 1000).sum() / today.hourly.sum()
    assert today.shared.output_w.sum() == pytest.approx(peak_w / (1 - share), rel=1e-6)


def test_consumers_beyond_reach_and_loops_are_told(today):
    beyond = today.report.of("beyond_reach")
    assert len(beyond) == (today.consumers.node < 0).sum() > 0
    assert today.report.of("loop")
    assert today.report.of("opened")


def test_a_city_without_pipes_or_placed_plants_is_told(sample):
    with pytest.raises(TwinError, match=r"layers\.heat_pipes"):
        network_today(run(without(sample, "heat_pipes")), YEAR)
    plants = sample["heat_supply"].copy()
    plants["geometry"] = None
    with pytest.raises(TwinError, match="no heat plant has a place"):
        network_today(run(sample.with_table("heat_supply", plants)), YEAR)


def test_water_takes_its_time_to_a_consumer(results, today):
    far = pulse(results, today, YEAR, "gbg-00500")
    assert 1000 < far.length_m < 10_000
    assert 0.5 < far.delay_h < 6
    hours = far.hours.iloc[int(far.delay_h) + 3 :]
    lag = [np.corrcoef(hours["dynamic_c"], far.hours["sent_c"].shift(k).loc[hours.index])[0, 1] for k in range(3)]
    assert max(lag[1:]) > lag[0]
    assert hours["dynamic_c"].mean() == pytest.approx(hours["steady_c"].mean(), abs=0.3)  # late, but not colder
    with pytest.raises(TwinError, match="outside the year"):
        pulse(results, today, YEAR, "gbg-00500", first_hour=8700)


def test_savings_are_worth_money_power_and_emissions(sample, results):
    text = 'name = "x"\n[[step]]\nmeasure = "renovate_envelope"\nstart = 2024\nend = 2024\n'
    plan = energy.simulate(sample, energy.Scenario.from_text(text), years=[YEAR], ranges=False)
    found = saving(results, plan, YEAR)
    told, table = found.figures, found.buildings
    assert told["saved_gwh"] > 10
    assert (table["saved_kwh"] >= -1e-6).all()
    assert (table["saving_sek"] >= -1e-6).all()
    kept = table["saved_kwh"].abs() < 1e-6
    assert (table.loc[kept, "saving_sek"].abs() < 1e-6).all()
    np.testing.assert_allclose(table["saving_sek"], table["bill_before_sek"] - table["bill_after_sek"], atol=1e-6)
    assert found.peak_after_mw < found.peak_before_mw
    assert 6e6 <= told["peak_value_sek"] / (found.peak_before_mw - found.peak_after_mw) <= 7e6
    assert all(kg > 0 for kg in found.co2e_kg.values())
    dearest_energy = 0.531  # SEK/kWh in winter, by the price list: what is above is power
    assert told["worth_of_a_kwh_sek"] > dearest_energy
    assert (found.joined, found.left) == (0, 0)


def test_nothing_saved_is_worth_nothing(results):
    same = saving(results, results, YEAR)
    assert same.figures["owners_save_sek_year"] == 0
    assert same.peak_value_sek == 0
    assert same.buildings["saving_sek_kwh"].isna().all()
    assert set(same.co2e_kg.values()) == {0.0}
