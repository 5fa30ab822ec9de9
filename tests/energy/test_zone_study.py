"""A zone on the sample city: nothing vanishes, the kept scenario says the same, and ranges are drawn together."""

import numpy as np
import pandas as pd
import pytest
import shapely

import energy
from energy.electrification.vehicles import CLASSES as CHARGED
from energy.mobility.traffic import traffic
from energy.mobility_plans.lines import lines
from energy.mobility_plans.reach import REACHED, compared, reach
from energy.mobility_plans.street_pieces import metres_near, with_levers_in_traffic
from energy.mobility_plans.zone import FIGURES, ZoneWish, zone_study
from energy.mobility_plans.zone_city import zone_city
from energy.scenario import Scenario
from twin import TwinError

YEAR = 2030
ACCOUNTS = ("vehicle_km", "co2e_territorial_kg", "co2e_lifecycle_kg", "co2e_marginal_kg")
EVERYONE = ("car", "van", "lorry", "bus")
LEVERS = """name = "Mindre trafik"
[[step]]
measure = "parking_price"
params = { increase = 0.5 }
end = 2028
[[step]]
measure = "shift_car_trips"
params = { share = 0.1 }
end = 2028
[[step]]
measure = "electrify_buses"
params = { ev_share = 0.8 }
end = 2028
"""


@pytest.fixture(scope="module")
def results(sample):
    return energy.simulate(sample, Scenario.from_text(LEVERS), years=[YEAR], ranges=False)


@pytest.fixture(scope="module")
def prepared(results):
    return zone_city(results, YEAR)


@pytest.fixture(scope="module")
def within(sample):
    return sample["areas"].set_index("area_id").geometry["p19"].wkt


@pytest.fixture(scope="module")
def study(results, prepared, within):
    return zone_study(results, YEAR, ZoneWish(within, rerouting_share=0.3), prepared)


def test_before_is_the_simulated_year(results, study, prepared):
    year = results.at("roads", YEAR)
    for name in ACCOUNTS:
        assert study.streets[f"{name}_before"].to_numpy() == pytest.approx(year[name].to_numpy(), rel=1e-9)
    f = results.factors.at(YEAR)
    assert traffic(with_levers_in_traffic(prepared.roads, f), f)["vehicle_km"].sum() == pytest.approx(
        year["vehicle_km"].sum()
    )


@pytest.mark.parametrize("vehicles", [("car", "van"), EVERYONE])
def test_without_rerouting_the_kept_scenario_gives_the_same_emissions(results, prepared, within, vehicles):
    found = zone_study(results, YEAR, ZoneWish(within, vehicles, 0.0), prepared)
    kept = Scenario.from_text(found.scenario.to_toml())
    assert kept.step[0].measure == "emission_free_zone"
    again = energy.simulate(results.city, kept, years=[YEAR], ranges=False).at("roads", YEAR)
    for name in ACCOUNTS:
        assert found.streets[f"{name}_after"].to_numpy() == pytest.approx(again[name].to_numpy(), rel=1e-9)
    inside = found.streets["inside"].to_numpy()
    assert found.streets.loc[inside, "co2e_territorial_kg_before"].sum() > 0
    if vehicles == EVERYONE:
        assert found.streets.loc[inside, "co2e_territorial_kg_after"].sum() == pytest.approx(0, abs=1e-6)
    same = found.streets.loc[~inside]
    assert same["nox_kg_after"].to_numpy() == pytest.approx(same["nox_kg_before"].to_numpy(), rel=1e-9)


def test_vehicle_kilometres_are_kept_up_to_the_detour(results, study):
    f = results.factors.at(YEAR)
    sums = study.sums.set_index("figure")
    detour = 365 * f["mobility.traffic_scale"] * (study.added_km_per_day - study.removed_km_per_day)
    assert study.removed_km_per_day > 0
    assert sums.loc["vehicle_km", "change"] == pytest.approx(detour, rel=1e-6)
    assert study.detour_factor == pytest.approx(study.added_km_per_day / study.removed_km_per_day)


def test_sums_are_those_of_the_streets_and_ranges_hold_them(study):
    for row in study.sums.to_dict("records"):
        name = row["figure"]
        assert row["before"] == pytest.approx(study.streets[f"{name}_before"].sum())
        assert row["after"] - row["before"] == pytest.approx(row["change"])
        for part in ("before", "after", "change"):
            assert row[f"{part}_low"] < row[part] < row[f"{part}_high"]
    assert set(study.sums["figure"]) == set(FIGURES)


def test_the_change_is_more_certain_than_the_sums_apart(study):
    row = study.sums.set_index("figure").loc["co2e_territorial_kg"]
    apart = np.hypot(row["before_high"] - row["before_low"], row["after_high"] - row["after_low"])
    assert row["change_high"] - row["change_low"] < 0.1 * apart


def test_what_is_charged_is_what_the_streets_take_more(results, prepared, within):
    found = zone_study(results, YEAR, ZoneWish(within, EVERYONE, 0.0), prepared)
    before = results.at("roads", YEAR)["traffic_electricity_kwh"].sum()
    after = energy.simulate(results.city, found.scenario, years=[YEAR], ranges=False).at("roads", YEAR)
    charging = found.charging
    assert charging.total_kwh == pytest.approx(after["traffic_electricity_kwh"].sum() - before)
    assert sum(charging.by_class_kwh.values()) == pytest.approx(charging.total_kwh)
    assert charging.areas["charged_kwh"].sum() + charging.outside_kwh == pytest.approx(charging.total_kwh)
    assert charging.city_kw.sum() == pytest.approx(charging.total_kwh)
    assert charging.peak_kw <= charging.areas["peak_kw"].sum() + charging.city_kw.max()
    assert set(charging.by_class_kwh) == set(CHARGED)


def test_closed_streets_lose_their_cars_and_the_ways_around_gain_them(results, prepared, within):
    found = zone_study(results, YEAR, ZoneWish(within, (), closed=True), prepared)
    inside = found.streets["inside"].to_numpy()
    change = (found.streets["vehicle_km_after"] - found.streets["vehicle_km_before"]).to_numpy()
    assert (change[inside] <= 1e-6).all()
    assert (change[~inside] >= -1e-6).all()
    cars = prepared.roads.eval("aadt * length_m * (1 - van_share - heavy_vehicle_share - bus_share)")[inside]
    assert found.removed_km_per_day == pytest.approx(cars.sum() / 1000)
    assert [s.measure for s in found.scenario.step[:1]] == ["reduce_car_traffic"]


def test_nobody_reaches_more_by_car_than_without_the_zone(results, prepared, within):
    access = zone_study(results, YEAR, ZoneWish(within, minutes=4.0), prepared).access
    assert (access["change"] <= 1e-9).all()
    assert (access["gain_share"] == 0).all()
    assert access.groupby("kind").head(1)["lose_share"].max() > 0


def test_air_gets_better_where_nothing_drives_around(results, prepared, within):
    found = zone_study(results, YEAR, ZoneWish(within, EVERYONE, 0.0), prepared).air
    city = found[found["area_id"] == ""].iloc[0]
    assert city["after"] < city["before"]
    assert (found["worse_share"] == 0).all()
    parts = found[found["area_id"] != ""]
    assert np.average(parts["before"], weights=parts["population"]) == pytest.approx(city["before"])


def test_a_zone_that_has_not_begun_changes_nothing(results, prepared, within):
    found = zone_study(results, YEAR, ZoneWish(within, start=2035), prepared)
    assert found.notes[0] == "not_begun"
    assert (found.sums["change"] == 0).all()
    assert {s.start for s in found.scenario.step[:2]} == {2035}


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"vehicles": ("tram",)}, "no vehicle 'tram'"),
        ({"vehicles": ()}, "name a vehicle"),
        ({"rerouting_share": 1.5}, "is no share"),
        ({"minutes": 0.0}, "minutes are not possible"),
        ({"start": 1}, "the year 1 is not possible"),
    ],
)
def test_impossible_wishes_are_told(within, wish, told):
    with pytest.raises(TwinError, match=told):
        ZoneWish(within, **wish)


def test_a_zone_needs_a_boundary_with_streets(results, prepared):
    for wkt, told in (("POINT (0 0)", "POLYGON"), ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "no street with motor traffic")):
        with pytest.raises(TwinError, match=told):
            zone_study(results, YEAR, ZoneWish(wkt), prepared)
    with pytest.raises(TwinError, match="was not simulated"):
        zone_city(results, 2040)


def test_streets_near_a_home_are_measured():
    street = shapely.LineString([(0, 0), (1000, 0)])
    found = metres_near(shapely.points([(500, 0), (500, 49), (500, 51), (0, 0)]), np.array([street]), 50.0)
    chord = 2 * np.sqrt(50**2 - 49**2)
    assert found.toarray().ravel() == pytest.approx([100, chord, 0, 50], abs=10)


def test_reach_compares_the_city_with_itself_and_with_closed_streets(sample, results):
    f = results.factors.at(YEAR)
    before = reach(sample, f)
    after = reach(sample, f, closed=sample["roads"]["road_id"].astype(str).tolist()[:120])
    assert (compared(before, before, "jobs_walk")["change"] == 0).all()
    change = compared(before, after, "jobs_walk")
    assert (change["change"] <= 1e-9).all()
    assert change.iloc[0]["lose_share"] > 0
    whole = before.areas.iloc[0]
    lowest = before.areas[before.areas["area_id"] != ""]
    for name in REACHED:
        assert np.average(lowest[name], weights=lowest["population"]) == pytest.approx(whole[name])
    with pytest.raises(TwinError, match="did you mean 'jobs_walk'"):
        compared(before, after, "jobs_walks")
    with pytest.raises(TwinError, match="can not be compared"):
        compared(before, reach(sample, f, minutes=5), "jobs_walk")
    with pytest.raises(TwinError, match="no street 'x'"):
        reach(sample, f, closed=["x"])


def test_without_stops_they_stay_blank(city):
    f = energy.simulate(city, Scenario.baseline(), years=[2024], ranges=False).factors.at(2024)
    found = reach(city, f)
    assert found.areas["stops_near"].isna().all()
    assert found.areas["jobs_walk"].notna().all()


def test_electric_buses_take_the_exhaust_away(results):
    usual, all_electric = lines(results, YEAR), lines(results, YEAR, 1.0)
    told = all_electric.figures
    assert told["fuel_kwh"] == told["co2e_territorial_kg"] == 0
    assert told["co2e_territorial_kg_change"] == pytest.approx(-usual.figures["co2e_territorial_kg"])
    assert all(usual.figures[k] == 0 for k in usual.figures if k.endswith("_change"))
    trams = (usual.lines["mode"] == "tram").to_numpy()
    assert (usual.lines["co2e_lifecycle_kg"] == all_electric.lines["co2e_lifecycle_kg"])[trams].all()
    stops = usual.stops
    near = stops["people"].notna()
    assert near.mean() > 0.5
    assert (stops.loc[near, "people"] >= 0).all()
    served = near & (stops["departures"] > 0)
    expected = stops["people"] / stops["departures"]
    assert stops.loc[served, "people_per_departure"].to_numpy() == pytest.approx(expected[served].to_numpy())
    with pytest.raises(TwinError, match="is no share"):
        lines(results, YEAR, 2.0)


def test_lines_of_unknown_energy_are_in_no_sum(results):
    table = results.city["transit_lines"].copy()
    table["mode"] = pd.Categorical(["ferry", *table["mode"].astype(str)[1:]], categories=table["mode"].cat.categories)
    other = energy.simulate(
        results.city.with_table("transit_lines", table), Scenario.baseline(), years=[YEAR], ranges=False
    )
    found = lines(other, YEAR)
    assert found.unknown == [str(table["line_id"].iloc[0])]
    assert found.figures["vehicle_km"] == pytest.approx(table["vehicle_km"].iloc[1:].sum())


def test_a_city_without_lines_or_streets_says_so(city):
    bare = energy.simulate(city, Scenario.baseline(), years=[2024], ranges=False)
    with pytest.raises(TwinError, match="the city has no lines"):
        lines(bare, 2024)
