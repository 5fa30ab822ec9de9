"""Journeys from zones to streets: what goes in comes out, a charge moves trips as logit says, and the rest stays."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import energy
from energy.mobility.demand.mode_choice import MODES, observed_shares
from energy.mobility.demand.street_graph import street_graph
from energy.mobility_plans.journey_streets import assigned_day, driven, periods
from energy.mobility_plans.journeys import Wish, fill_traffic, journeys
from twin import Factors, TwinError

F = Factors.read().at(2024)


@pytest.fixture(scope="module")
def results(sample):
    return energy.simulate(sample, energy.Scenario.baseline(), years=[2024], ranges=False)


@pytest.fixture(scope="module")
def today(results):
    return journeys(results, 2024)


@pytest.fixture(scope="module")
def charged(results):
    return journeys(results, 2024, Wish(charge_sek=9))


def test_every_trip_is_there_and_shares_are_those_observed(today, sample):
    people = sample["areas"].loc[~sample["areas"]["area_id"].isin(sample["areas"]["parent_id"]), "population"].sum()
    assert today.zones["trips"].sum() == pytest.approx(people * F["travel.trips_per_inhabitant"])
    for mode, share in zip(MODES, observed_shares(), strict=True):
        assert today.figures[f"{mode}_share"] == pytest.approx(share)
    assert today.figures["car_trips_change"] == 0
    assert today.figures["gap"] <= 1e-4
    assert (today.roads["modelled"] == today.roads["modelled_wish"]).all()


def test_cars_on_streets_and_cars_of_zones_drive_the_same_distance(today, sample):
    """Zones add the way from their middle to the street and trips within; streets have neither."""
    km = sample["roads"].length.to_numpy() / 1000
    on_streets = float(today.roads["modelled"] @ km)
    assert 0.95 < on_streets / today.figures["car_km"] <= 1.0
    assert today.figures["explained_share"] == pytest.approx(on_streets / float(sample["roads"]["aadt"] @ km), rel=1e-6)


def test_the_model_says_what_it_does_not_explain(today):
    assert 0 < today.figures["explained_share"] < 1
    assert any("through traffic" in note for note in today.notes)


def test_within_zone_trips_are_named(today):
    lost = today.unassigned
    assert set(lost["why"]) == {"within_zone"}
    assert lost["trips"].sum() == pytest.approx(today.zones["unassigned"].sum())
    assert lost["trips"].sum() < 0.1 * today.zones["trips"].sum()


def test_counters_are_the_counted_streets_and_scaling_brings_them_nearer(today, sample):
    counted = sample["roads"].loc[sample["roads"]["aadt_source"] == "count"].set_index("road_id")["aadt"]
    table = today.counters.set_index("counter")
    assert set(table.index) == set(counted.index)
    assert table["counted"].to_dict() == counted.to_dict()
    error = {c: float((((table[c] - table["counted"]) / table["counted"]) ** 2).sum()) for c in ("modelled", "scaled")}
    assert error["scaled"] < error["modelled"]
    assert today.figures["counters_geh_below_5"] == (table["geh_after"] < 5).sum()


def test_a_charge_takes_cars_away_as_logit_says(charged, today):
    pull = np.exp(-9 * F["charge.sensitivity_per_sek"])
    car = observed_shares()[MODES.index("car")]
    expected = pull / (1 - car + car * pull)  # of a zone whose trips all pay
    left = charged.zones["car_share_wish"] / charged.zones["car_share"]
    outer = charged.zones["zone_id"] == "p23"  # nearly all its trips leave it
    assert left[outer].item() == pytest.approx(expected, rel=1e-3)
    assert (left.dropna() >= expected - 1e-12).all()
    assert (left.dropna() < 1).all()
    assert charged.figures["car_km_wish"] < charged.figures["car_km"]
    assert charged.roads["modelled"].to_numpy() == pytest.approx(today.roads["modelled"].to_numpy())


def test_only_those_who_cross_the_border_pay(results, sample):
    whole = journeys(results, 2024, Wish(charge_sek=20, charge_areas=("p17",)))
    share = whole.zones.set_index("zone_id")["car_share_wish"] / whole.zones.set_index("zone_id")["car_share"]
    assert share["p17"] == share.min()
    larger = sample["areas"].set_index("area_id").loc["p17", "parent_id"]
    middle = journeys(results, 2024, Wish(charge_sek=20, charge_areas=(larger,)))
    assert middle.figures["car_trips_change"] != whole.figures["car_trips_change"]
    everything = tuple(sample["areas"].loc[sample["areas"]["parent_id"].isna(), "area_id"])
    nobody = journeys(results, 2024, Wish(charge_sek=20, charge_areas=everything))
    assert nobody.figures["car_trips_change"] == pytest.approx(0, abs=1e-12)


@given(st.floats(0, 60), st.floats(-15, 15), st.floats(-0.5, 2), st.floats(0, 50))
@settings(max_examples=5, deadline=None)
def test_shares_sum_to_one_whatever_is_wished(results, charge, minutes, fuel, parking):
    found = journeys(results, 2024, Wish(charge, (), fuel, minutes, parking))
    zones = found.zones[found.zones["trips"] > 0]
    assert zones[[f"{m}_share_wish" for m in MODES]].sum(axis=1).to_numpy() == pytest.approx(np.ones(len(zones)))
    assert (found.roads["load_wish"].dropna() >= 0).all()


def test_each_lever_pulls_the_way_it_should(results):
    for wish, mode, up in (
        (Wish(transit_min=-5), "transit", True),
        (Wish(fuel_price_change=0.5), "car", False),
        (Wish(parking_sek=15), "car", False),
        (Wish(transit_min=5), "car", True),
    ):
        told = journeys(results, 2024, wish).figures
        assert (told[f"{mode}_share_wish"] > told[f"{mode}_share"]) == up, wish


def test_traffic_that_is_not_modelled_stays_and_slows_down(results, today):
    """A charge moves what is modelled; loads fall by that and no more."""
    free = driven_of(results)
    assert (today.roads["load"].dropna() >= free - 1e-9).mean() > 0.99


def driven_of(results):
    roads = results.city["roads"]
    lanes = roads["lanes"].to_numpy(float) / 2
    from_traffic = roads["aadt"].to_numpy(float) / 2 * periods(F)[1][0]
    return from_traffic / (lanes * 2200)  # at the highest capacity of any class


def test_the_day_is_whole():
    hours, share = periods(F)
    assert hours.sum() == 24
    assert hours @ share == pytest.approx(1)
    assert share[0] > share[1]


def test_streets_without_traffic_of_their_own_are_filled(sample):
    roads = sample["roads"]
    blank = (roads["aadt_source"] == "model").to_numpy()
    source = roads["aadt_source"].mask(blank, "class")
    filled = fill_traffic(sample.with_table("roads", roads.assign(aadt_source=source)))["roads"]
    done = (filled["aadt_source"] == "model").to_numpy()
    assert 100 < done.sum() < blank.sum()
    assert (filled["aadt_cv"].to_numpy()[done] == F["uncertainty.unknown_aadt_cv"]).all()
    pd.testing.assert_frame_equal(
        pd.DataFrame(filled[~done].drop(columns="geometry")),
        pd.DataFrame(roads.assign(aadt_source=source)[~done].drop(columns="geometry")),
    )
    assert (filled["aadt"].to_numpy()[done] > 0).all()
    assert (roads["aadt_source"] != "class").all()  # the city itself is as it was


def test_without_counters_nothing_is_scaled(results):
    city = results.city
    bare = city.with_table("roads", city["roads"].assign(aadt_source=city["roads"]["aadt_source"].mask(city["roads"]["aadt_source"] == "count", "model")))  # fmt: skip
    found = journeys(energy.simulate(bare, energy.Scenario.baseline(), years=[2024], ranges=False), 2024)
    assert not len(found.counters)
    assert (found.roads["scaled"] == found.roads["modelled"]).all()
    assert any("no street is counted" in n for n in found.notes)


def test_one_street_between_two_zones_carries_all(results):
    """Half of the day's cars each way, whatever the period."""
    roads = gpd.GeoDataFrame(
        {"road_id": ["r"], "road_class": ["secondary"], "posted_speed_kmh": [50.0], "lanes": [2.0]},
        geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs="EPSG:3007",
    )  # fmt: skip
    graph = street_graph(roads, F)
    net = driven(graph, roads, np.array([0, 1, -1]))
    assert net.zone.tolist() == [0, 1]
    day = assigned_day(net, np.array([[0.0, 400.0], [600.0, 0.0]]), F)
    assert net.on_roads(day.flow) == pytest.approx([1000.0])
    assert net.each_way == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"charge_sek": -1}, "charge_sek = -1 is out of range"),
        ({"fuel_price_change": -2}, "fuel_price_change"),
        ({"transit_min": 1e4}, "transit_min"),
        ({"parking_sek": float("nan")}, "parking_sek"),
    ],
)
def test_nonsense_is_refused(words, told):
    with pytest.raises(TwinError, match=told):
        Wish(**words)


def test_an_unknown_area_and_a_city_without_streets_are_told(results):
    with pytest.raises(TwinError, match="no area 'p99'"):
        journeys(results, 2024, Wish(charge_sek=9, charge_areas=("p99",)))
    city = results.city
    with pytest.raises(TwinError, match="journeys need roads"):
        fill_traffic(city.with_table("roads", city["roads"].iloc[:0]))
