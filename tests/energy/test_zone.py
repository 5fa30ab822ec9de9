"""Fossil traffic that a zone keeps out drives around it, and none of it is lost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from energy.memory import Memory
from energy.mobility.traffic import electric_shares
from energy.mobility.zone import end_nodes, rerouted
from energy.stock import Stock
from twin import Factors, TwinError

FACTORS = Factors.read().at(2026)


def streets(lines, aadt=1000.0, ev=0.2, **columns):
    """Streets without lorries and buses, a tenth vans."""
    km = np.array([line.length for line in lines])
    own = dict.fromkeys(["car_ev_share", "van_ev_share"], np.nan)
    table = pd.DataFrame(
        {"length_m": km, "posted_speed_kmh": 50.0, "aadt": aadt, "van_share": 0.1, "ev_share": ev, **own}
    )
    return table.assign(heavy_vehicle_share=0.0, bus_share=0.0, lorry_ev_share=0.0, bus_ev_share=0.0, **columns)


def fossil_km(roads):
    """Vehicle kilometres a day on fuel, cars and vans."""
    power, n = electric_shares(roads), roads["aadt"] * roads["length_m"] / 1000
    van = roads["van_share"]
    car = 1 - van - roads["heavy_vehicle_share"] - roads["bus_share"]
    return float((n * (car * (1 - power["car"]) + van * (1 - power["van"]))).sum())


def square():
    """A street of 100 m through the zone, and a way of 300 m around it."""
    return [
        LineString([(-50, 0), (0, 0)]),
        LineString([(0, 0), (100, 0)]),
        LineString([(100, 0), (150, 0)]),
        LineString([(0, 0), (0, 100), (100, 100)]),
        LineString([(100, 100), (100, 0)]),
    ]


def test_the_way_around_a_square_by_hand():
    lines = square()
    roads = streets(lines)
    inside = np.array([False, True, False, False, False])
    found = rerouted(roads, inside, end_nodes(lines), rerouting_share=0.5)
    # 800 of 1,000 vehicles are fossil; 400 leave 100 m and drive 300 m instead
    assert found.removed_km_per_day == pytest.approx(40)
    assert found.added_km_per_day == pytest.approx(120)
    assert found.detour_factor == pytest.approx(3)
    assert found.roads["aadt"].to_numpy() == pytest.approx([1000, 600, 1000, 1400, 1400])
    for vehicle in ("car", "van"):
        assert found.roads[f"{vehicle}_ev_share"].to_numpy() == pytest.approx([0.2, 1, 0.2, 200 / 1400, 200 / 1400])
    assert found.roads["van_share"].to_numpy() == pytest.approx(0.1)


def test_nobody_drives_around_for_longer_than_is_accepted():
    lines = square()
    roads, inside = streets(lines), np.array([False, True, False, False, False])
    found = rerouted(roads, inside, end_nodes(lines), rerouting_share=0.5, longest_detour=2.9)  # it would take 3
    assert found.removed_km_per_day == found.added_km_per_day == 0
    np.testing.assert_allclose(found.roads["aadt"], 1000)
    np.testing.assert_allclose(found.roads["car_ev_share"], [0.2, 0.6, 0.2, 0.2, 0.2])  # 400 of 800 are replaced
    assert rerouted(
        roads, inside, end_nodes(lines), rerouting_share=0.5, longest_detour=3.1
    ).detour_factor == pytest.approx(3)


@pytest.mark.parametrize("longest", [1.2, 2.0, 4.0])
def test_no_detour_of_the_whole_is_longer_than_the_longest_of_its_parts(longest):
    lines, inside = lattice()
    found = rerouted(streets(lines), inside, end_nodes(lines), rerouting_share=0.5, longest_detour=longest)
    assert np.isnan(found.detour_factor) or found.detour_factor <= longest + 1e-9  # one speed everywhere
    assert found.removed_km_per_day <= 0.5 * fossil_km(streets(lines)[inside]) + 1e-9


def test_without_a_way_around_the_traffic_stays():
    lines = square()[:3]
    roads = streets(lines)
    found = rerouted(roads, np.array([False, True, False]), end_nodes(lines), rerouting_share=0.25)
    assert np.isnan(found.detour_factor)
    np.testing.assert_allclose(found.roads["aadt"], 1000)
    np.testing.assert_allclose(found.roads["car_ev_share"], [0.2, 1 - 0.8 * 0.25, 0.2])


def lattice(n=5):
    """A street grid of n x n crossings, 100 m apart, and the streets inside its middle."""
    lines, inside = [], []
    for i in range(n):
        for j in range(n):
            for di, dj in ((1, 0), (0, 1)):
                if i + di < n and j + dj < n:
                    lines.append(LineString([(100 * i, 100 * j), (100 * (i + di), 100 * (j + dj))]))
                    inside.append(min(i, j) >= 1 and max(i + di, j + dj) <= n - 2)
    return lines, np.array(inside)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 0.9))
def test_vehicle_kilometres_are_kept_up_to_the_stated_detour(seed, share, ev):
    lines, inside = lattice()
    random = np.random.default_rng(seed)
    aadt = random.uniform(0, 5000, len(lines)) * (random.random(len(lines)) > 0.2)
    roads = streets(lines, aadt, ev, van_ev_share=random.uniform(0, 0.9, len(lines)))
    found = rerouted(roads, inside, end_nodes(lines), rerouting_share=share)
    km = roads["length_m"].to_numpy() / 1000
    more = km @ found.roads["aadt"].to_numpy() - km @ roads["aadt"].to_numpy()
    assert more == pytest.approx(found.added_km_per_day - found.removed_km_per_day, abs=1e-6)
    # outside, electric driving is as it was and all that is added is fossil
    was, now = fossil_km(roads[~inside]), fossil_km(found.roads[~inside])
    assert now - was == pytest.approx(found.added_km_per_day, abs=1e-6)
    left = fossil_km(found.roads[inside])
    stays = share * fossil_km(roads[inside]) - found.removed_km_per_day
    assert left == pytest.approx(stays, abs=1e-6)
    shares = found.roads[["van_share", "car_ev_share", "van_ev_share"]]
    assert ((shares >= 0) & (shares <= 1)).all(axis=None)
    assert (found.roads["aadt"] >= -1e-9).all()


def test_of_two_parallel_streets_the_faster_is_taken():
    lines = [*square(), LineString([(0, 0), (50, 100), (100, 0)])]  # 224 m instead of 300 m
    inside = np.array([False, True, False, False, False, False])
    found = rerouted(streets(lines), inside, end_nodes(lines), rerouting_share=1.0)
    assert found.roads["aadt"].to_numpy() == pytest.approx([1000, 200, 1000, 1000, 1000, 1800])
    assert found.detour_factor == pytest.approx(lines[-1].length / 100)


def test_streets_without_motor_traffic_carry_none():
    lines = square()
    roads = streets(lines, np.array([1000, 1000, 1000, 0, 1000]))
    found = rerouted(roads, np.array([False, True, False, False, False]), end_nodes(lines), rerouting_share=0.5)
    assert found.added_km_per_day == 0
    assert found.roads["aadt"].iloc[3] == 0


def test_nobody_drives_around_when_no_share_does():
    lines, inside = lattice()
    roads = streets(lines)
    found = rerouted(roads, inside, end_nodes(lines), rerouting_share=0.0)
    np.testing.assert_allclose(found.roads["aadt"], roads["aadt"])
    np.testing.assert_allclose(found.roads["car_ev_share"], np.where(inside, 1.0, 0.2))


def test_a_zone_of_the_sample_city(sample):
    f = FACTORS
    roads = Stock.of(sample, Memory(), f).roads_in(f)
    inside = ((sample["roads"]["area_id"] == "p17") & roads["road_class"].isin(["tertiary", "residential"])).to_numpy()
    assert inside.any()
    found = rerouted(roads, inside, end_nodes(sample["roads"].geometry.to_numpy()), rerouting_share=0.2)
    assert found.removed_km_per_day > 0
    assert 0 < found.detour_factor < 10


def test_what_does_not_fit_is_refused():
    lines, inside = lattice()
    roads = streets(lines)
    with pytest.raises(TwinError, match="one mark and two nodes a street"):
        rerouted(roads, inside[:-1], end_nodes(lines), rerouting_share=0.5)
    with pytest.raises(TwinError, match="is no share"):
        rerouted(roads, inside, end_nodes(lines), rerouting_share=1.5)
