"""Trips between zones keep their margins and their mean length; traffic fits its counters."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point

from energy.mobility.demand import counts
from energy.mobility.demand.gravity import fit_beta, gravity, mean_within, same_total
from energy.mobility.demand.street_graph import street_graph
from energy.mobility.demand.zones import make_zones, opportunities, residents, skim, trips_between
from energy.mobility.transit import line_emissions
from twin import Factors, TwinError, reference

F = Factors.read().at(2024)


def instance(seed, n, empty=0):
    r = np.random.default_rng(seed)
    xy = r.uniform(0, 20, (n, 2))
    cost = np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1)) + 0.5
    origin, destination = r.uniform(1, 100, n), r.uniform(1, 100, n)
    origin[:empty], destination[n - empty :] = 0, 0
    return cost, origin, same_total(origin, destination)[0]


def assert_margins(trips, origin, destination):
    assert np.abs(trips.sum(axis=1) - origin).max() <= 1e-10 * origin.max()
    assert np.abs(trips.sum(axis=0) - destination).max() <= 1e-10 * destination.max()


@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(0, 1), st.floats(0, 1.5))
@settings(max_examples=40, deadline=None)
def test_margins_hold_to_ten_digits(seed, n, empty, beta):
    cost, origin, destination = instance(seed, n, empty)
    trips = gravity(cost, origin, destination, beta).trips
    assert_margins(trips, origin, destination)
    assert (trips >= 0).all()
    assert (trips[origin == 0] == 0).all()
    # the form of the model: the odds of any four cells depend on beta and costs alone
    i, j, k, m = n - 2 if n > 2 else 1, 0, n - 1, 1
    if min(trips[i, j], trips[k, m], trips[i, m], trips[k, j]) > 0:
        odds = np.log(trips[i, j] * trips[k, m] / (trips[i, m] * trips[k, j]))
        assert odds == pytest.approx(-beta * (cost[i, j] + cost[k, m] - cost[i, m] - cost[k, j]), abs=1e-6)


@given(st.integers(0, 10_000), st.floats(0.05, 0.9))
@settings(max_examples=15, deadline=None)
def test_beta_gives_the_observed_mean(seed, share):
    cost, origin, destination = instance(seed, 15)
    longest, shortest = (gravity(cost, origin, destination, b).mean_length for b in (0.0, 1.5))
    wanted = shortest + share * (longest - shortest)
    found = fit_beta(cost, origin, destination, wanted)
    assert found.mean_length == pytest.approx(wanted, rel=1e-9)
    assert 0 < found.beta < 1.5
    assert_margins(found.trips, origin, destination)
    assert (found.trips * cost).sum() / origin.sum() == pytest.approx(wanted, rel=1e-9)


def test_beta_of_known_trips_is_found_again():
    cost, origin, destination = instance(3, 40)
    made = gravity(cost, origin, destination, 0.37)
    again = fit_beta(cost, origin, destination, made.mean_length)
    assert again.beta == pytest.approx(0.37, rel=1e-7)
    assert again.trips == pytest.approx(made.trips, rel=1e-6)


def test_zones_that_cannot_reach_each_other_share_no_trips():
    cost = np.array([[1.0, 2.0, np.inf], [2.0, 1.0, np.inf], [np.inf, np.inf, 1.0]])
    trips = gravity(cost, np.array([5.0, 5.0, 7.0]), np.array([4.0, 6.0, 7.0]), 0.5).trips
    assert trips[2].tolist() == pytest.approx([0, 0, 7])
    with pytest.raises(TwinError, match="no table of trips has these margins"):
        gravity(cost, np.array([5.0, 5.0, 7.0]), np.array([5.0, 6.0, 6.0]), 0.5)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ({"destination": [1.0, 1.0]}, "3 trips start, but 2 end"),
        ({"origin": [-1.0, 4.0]}, r"zones\.origin: give a number, 0 or more \(1 row, first: zone 0\)"),
        ({"destination": [np.nan, 3.0]}, r"zones\.destination"),
        ({"cost": [[1.0, np.nan], [1.0, 1.0]]}, "from zone 0 to 1"),
        ({"cost": [[np.inf, np.inf], [1.0, 1.0]]}, "no way to or from any zone"),
        ({"origin": [0.0, 0.0]}, "no zone produces trips"),
        ({"cost": [[1.0]]}, "costs are"),
    ],
)
def test_bad_trips_are_refused(spoil, told):
    good = {"cost": [[1.0, 2.0], [2.0, 1.0]], "origin": [1.0, 2.0], "destination": [2.0, 1.0]}
    arrays = [np.array(v) for v in (good | spoil).values()]
    with pytest.raises(TwinError, match=told):
        gravity(*arrays, 0.1)


@pytest.mark.parametrize("mean", [100.0, 0.01])
def test_a_mean_that_no_beta_gives_is_refused_with_its_limit(mean):
    cost, origin, destination = instance(1, 8)
    with pytest.raises(TwinError, match="is not reached"):
        fit_beta(cost, origin, destination, mean)


def test_destinations_are_scaled_with_a_note():
    ends, note = same_total(np.array([30.0]), np.array([10.0]))
    assert ends.tolist() == [30.0]
    assert "multiplied by 3.0000" in note
    assert same_total(np.array([2.0]), np.array([2.0]))[1] == ""
    with pytest.raises(TwinError, match="no zone attracts"):
        same_total(np.array([2.0]), np.array([0.0]))


def test_zones_of_the_sample(sample):
    graph = street_graph(sample["roads"], F)
    near = {**F, "travel.connector_m": 50.0}
    zones = make_zones(sample["areas"], sample["buildings"], graph, near)
    table = zones.table
    assert len(table) == 25
    assert "p11" in zones.cut_off  # Majorna's middle lies 59 m from the nearest crossing
    assert set(zones.cut_off) == set(table.loc[table["node"] < 0, "zone_id"])
    inside = table["node"] >= 0
    assert table["production"].sum() == pytest.approx(
        table.loc[inside, "population"].sum() * F["travel.trips_per_inhabitant"]
    )
    assert table["attraction"].sum() == pytest.approx(table["production"].sum())
    assert (table.loc[~inside, ["production", "attraction"]] == 0).all(axis=None)
    assert any("were left out, first: " in n for n in zones.notes)
    minutes, km = skim(zones, graph, F)
    assert np.isinf(minutes[~inside]).all()
    assert (np.isfinite(minutes) == np.isfinite(km)).all()
    trips = trips_between(zones, graph, F)
    assert trips.mean_length == pytest.approx(mean_within(F["travel.trip_km"], km[np.isfinite(km)].max()), rel=1e-9)
    assert trips.mean_length < F["travel.trip_km"]
    assert trips.trips.sum() == pytest.approx(table["production"].sum())


def test_the_length_is_that_of_the_fastest_way():
    """A fast way round of 1,400 m beats a slow street of 1,000 m."""
    shapes = [LineString([(0, 0), (1000, 0)]), LineString([(0, 0), (500, 490), (1000, 0)])]
    roads = gpd.GeoDataFrame({"road_id": ["slow", "fast"], "road_class": ["residential", "trunk"], "posted_speed_kmh": [20.0, 90.0]}, geometry=shapes, crs="EPSG:3007")  # fmt: skip
    areas = gpd.GeoDataFrame({"area_id": ["a", "b"], "parent_id": None, "name": ["A", "B"], "population": [10.0, 10.0]}, geometry=[Point(0, 0).buffer(100), Point(1000, 0).buffer(100)], crs="EPSG:3007")  # fmt: skip
    houses = gpd.GeoDataFrame({"area_id": ["a", "b"], "use": ["office", "office"], "floor_area_m2": [100.0, 100.0]}, geometry=[Point(0, 0).buffer(5), Point(1000, 0).buffer(5)], crs="EPSG:3007")  # fmt: skip
    graph = street_graph(roads, F)
    zones = make_zones(areas, houses, graph, F)
    minutes, km = skim(zones, graph, F)
    assert km[0, 1] == pytest.approx(2 * np.hypot(500, 490) / 1000)
    assert minutes[0, 1] == pytest.approx(60 * km[0, 1] / (90 * F["mobility.speed_of_limit"]))
    assert 0 < km[0, 0] < 0.2


def test_unknown_inhabitants_are_named(sample):
    areas = sample["areas"].copy()
    areas["population"] = np.nan
    with pytest.raises(TwinError, match=r"areas\.population: inhabitants are not known"):
        make_zones(areas, sample["buildings"], street_graph(sample["roads"], F), F)


def test_residents_are_those_of_the_areas(sample):
    people = residents(sample["buildings"], sample["areas"])
    lowest = sample["areas"][~sample["areas"]["area_id"].isin(sample["areas"]["parent_id"].dropna())]
    homes = sample["buildings"].loc[people > 0, "area_id"].unique()
    assert people.sum() == pytest.approx(lowest.loc[lowest["area_id"].isin(homes), "population"].sum())
    uses = sample["buildings"]["use"].astype(object)
    assert set(uses[people > 0]) <= {"single_family", "multi_family"}
    assert opportunities(sample["buildings"])["jobs"][uses == "multi_family"].sum() == 0
    table = reference.table("jobs")
    assert (table["low"] <= table["jobs_per_1000_m2"]).all()
    assert (table["jobs_per_1000_m2"] <= table["high"]).all()
    assert set(table["use"]) == set(sample["buildings"]["use"].cat.categories)


# ---- counts


def counters(**columns):
    return pd.DataFrame({"counter": ["k1", "k2"], "link": [0, 1], "counted": [12_000.0, 500.0]} | columns)


def test_flows_fit_the_counters_and_uncounted_groups_stay():
    flow = np.array([10_000.0, 1_000.0, 300.0, 5_000.0])
    found = counts.scale_to_counts(flow, np.array(["main", "lane", "lane", "other"]), counters(), damping=1e-9)
    assert found.factor.to_dict() == pytest.approx({"main": 1.2, "lane": 0.5, "other": 1.0}, rel=1e-6)
    assert found.flow == pytest.approx([12_000, 500, 150, 5_000], rel=1e-6)
    assert (found.counters["geh_after"] < 0.01).all()
    assert (found.counters["geh_before"] > 5).all()


@given(
    st.lists(st.floats(1, 50_000), min_size=6, max_size=6),
    st.lists(st.floats(1, 50_000), min_size=3, max_size=3),
    st.floats(1e-4, 10),
)
@settings(max_examples=40, deadline=None)
def test_factors_are_never_negative_and_damping_pulls_towards_one(flow, counted, damping):
    group = np.array(["a", "a", "b", "b", "c", "d"])
    rows = pd.DataFrame(
        {"counter": ["1", "1", "2", "3"], "link": [0, 2, 3, 4], "counted": [counted[0], counted[0], *counted[1:]]}
    )
    found = counts.scale_to_counts(np.array(flow), group, rows, damping=damping)
    assert (found.factor >= 0).all()
    assert found.factor["d"] == 1
    stiff = counts.scale_to_counts(np.array(flow), group, rows, damping=1e15)
    assert stiff.factor.to_numpy() == pytest.approx(np.ones(4), abs=1e-3)


def test_a_counter_of_more_weight_is_met_better():
    rows = pd.DataFrame({"counter": ["1", "2"], "link": [0, 1], "counted": [1_000.0, 4_000.0], "weight": [1.0, 100.0]})
    after = counts.scale_to_counts(np.array([2_000.0, 2_000.0]), np.array(["g", "g"]), rows).counters["geh_after"]
    assert after[1] < after[0]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda t: t.drop(columns="link"), r"counters\.link: the column is missing"),
        (lambda t: t.assign(link=[-1, 1]), "lies on no link.*first: k1"),
        (lambda t: t.assign(counted=[0.0, 5.0]), "more than 0.*first: k1"),
        (lambda t: t.assign(counter="k"), "several counts"),
        (lambda t: t.iloc[:0], "there is no counter"),
        (lambda t: t.assign(weight=-1.0), r"counters\.weight"),
    ],
)
def test_bad_counters_are_refused(spoil, told):
    with pytest.raises(TwinError, match=told):
        counts.scale_to_counts(np.array([1.0, 2.0]), np.array(["a", "b"]), spoil(counters()))


def test_one_direction_is_not_the_whole_street():
    assert counts.two_way(np.array([100.0, 100.0]), np.array([1, 2]), F).tolist() == [200.0, 100.0]
    with pytest.raises(TwinError, match="1 or 2 directions"):
        counts.two_way(np.array([100.0]), np.array([0]), F)


def test_counters_are_put_on_the_nearest_road():
    roads = np.array([LineString([(0, 0), (10, 0)]), LineString([(0, 50), (10, 50)])], object)
    assert counts.on_roads(shapely.points([[5, 3], [5, 48], [500, 0]]), roads, 20.0).tolist() == [0, 1, -1]


@pytest.mark.parametrize("day", counts.DAY_TYPES)
def test_the_hours_of_a_day_sum_to_one(day):
    hours = counts.hourly_shares(day)
    assert len(hours) == 24
    assert hours.sum() == pytest.approx(1, abs=1e-9)
    assert hours[3] < 0.02 < hours[15]


def test_an_unknown_day_is_refused():
    with pytest.raises(TwinError, match="no type of day 'monday'"):
        counts.hourly_shares("monday")


def test_the_weekday_is_that_of_sensor_107(shared):
    profile = pd.read_csv(shared / "traffic_counts/goteborg_sensor107_weekday_profile_15min.csv")
    hours = profile["vehicles"].to_numpy().reshape(24, 4).sum(axis=1)
    assert counts.hourly_shares() == pytest.approx(hours / hours.sum(), abs=2e-4)


def test_only_one_of_the_citys_counters_sees_both_directions(shared):
    sensors = pd.read_csv(shared / "traffic_counts/goteborg_sensors_sept2025.csv").set_index("sensor_id")
    directions = np.where(sensors["measured_direction"].str.contains("two-way"), 2, 1)
    day = counts.aadt_of(sensors["weekday_vehicles_per_day"].to_numpy(), sensors["weekend_vehicles_per_day"].to_numpy())
    both = pd.Series(counts.two_way(day, directions, F), index=sensors.index)
    assert both[107] == pytest.approx((5 * 6874 + 2 * 6326) / 7)
    assert both[1074] == pytest.approx(2 * (5 * 3091 + 2 * 3043) / 7)


# ---- public transport


def test_energy_and_emissions_of_lines():
    lines = pd.DataFrame({"line_id": ["1", "2", "3"], "mode": ["tram", "bus", "ferry"], "vehicle_km": [1000.0, 1000.0, 1000.0], "speed_kmh": [18.0, 50.0, 15.0]})  # fmt: skip
    tram, bus, ferry = line_emissions(lines, F).to_dict("records")
    assert tram["transit_electricity_kwh"] == pytest.approx(1000 * F["transit.tram_kwh_km"])
    assert tram["co2e_territorial_kg"] == 0
    assert bus["fuel_kwh"] == pytest.approx(
        1000 * (1 - F["fleet.bus_ev_share"]) * 11.3 / 3.6
    )  # a diesel bus at 50 km/h
    assert bus["transit_electricity_kwh"] == pytest.approx(1000 * F["fleet.bus_ev_share"] * 4.7 / 3.6)
    fossil_mj = bus["fuel_kwh"] * 3.6 * (1 - F["fleet.bus_biofuel_share"])
    assert bus["co2e_territorial_kg"] == pytest.approx(fossil_mj * F["fuel.diesel.fossil"] / 1000)
    assert bus["co2e_lifecycle_kg"] > bus["co2e_territorial_kg"]
    assert np.isnan(ferry["co2e_territorial_kg"])  # not known is not zero


def test_lines_of_the_sample_add_up(sample):
    lines = sample["transit_lines"]
    year = line_emissions(lines, F)
    assert len(year) == len(lines) == 8
    assert year.notna().all(axis=None)
    assert year["vehicle_km"].sum() == pytest.approx(lines["vehicle_km"].sum())
    per_km = year["co2e_lifecycle_kg"] / year["vehicle_km"]
    assert per_km.between(0.1, 1.0).all()
