"""What people reach along the streets, and who gains and loses."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra

from energy.mobility.access import access, compare, reachable, stop_access
from energy.mobility.demand.street_graph import attach, street_graph
from energy.mobility.demand.zones import residents
from twin import Factors, TwinError

F = Factors.read().at(2024)
STEP = 250.0


def town(seed, missing=0):
    """A grid of 5 x 5 crossings with a path and a motorway in it, and 40 places."""
    r = np.random.default_rng(seed)
    ends = [((i, j), (i + 1, j)) for i in range(4) for j in range(5)] + [
        ((i, j), (i, j + 1)) for i in range(5) for j in range(4)
    ]
    keep = r.permutation(len(ends))[: len(ends) - missing]
    shapes = shapely.linestrings(np.array(ends, float)[keep] * STEP)
    kinds = r.choice(["residential", "tertiary", "pedestrian_cycle", "motorway"], len(keep), p=[0.5, 0.2, 0.2, 0.1])
    roads = gpd.GeoDataFrame({"road_id": [f"r{i}" for i in range(len(keep))], "road_class": kinds, "posted_speed_kmh": 30.0}, geometry=shapes, crs="EPSG:3007")  # fmt: skip
    graph = street_graph(roads, F)
    places = shapely.points(r.uniform(0, 4 * STEP, (40, 2)))
    at = attach(graph, places, [f"b{i}" for i in range(40)], 150.0)
    weight = np.column_stack([np.ones(40), r.uniform(0, 10, 40)])
    return graph, at, weight


def slow(graph, at, weight, mode, limit):
    """The same by a full matrix of ways between nodes."""
    far = dijkstra(graph.matrix(mode))
    pace = 0.06 / graph.speed_kmh[mode].max()
    out = np.full((len(at.edge), weight.shape[1]), np.nan)
    ends = {}
    for i, e in enumerate(at.edge):
        if e >= 0:
            ends[i] = ((graph.a[e], at.along_m[i]), (graph.b[e], graph.length_m[e] - at.along_m[i]))
    for i, mine in ends.items():
        out[i] = 0
        for j, theirs in ends.items():
            way = min(far[p, q] + pace * (m + n) for p, m in mine for q, n in theirs)
            if at.edge[i] == at.edge[j]:
                way = min(way, pace * abs(at.along_m[i] - at.along_m[j]))
            if way + pace * (at.leg_m[i] + at.leg_m[j]) <= limit:
                out[i] += weight[j]
    return out


@pytest.mark.parametrize("mode", ["walk", "cycle"])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_a_full_matrix_finds(seed, mode):
    graph, at, weight = town(seed, missing=6)
    found = reachable(graph, at, at, weight, mode, 6.0)
    assert found == pytest.approx(slow(graph, at, weight, mode, 6.0), nan_ok=True)
    assert np.nanmax(found[:, 0]) > 1


@given(st.integers(0, 10_000), st.floats(0.5, 15), st.floats(0.1, 10), st.integers(0, 33))
@settings(max_examples=30, deadline=None)
def test_more_time_a_cycle_and_open_streets_never_reach_less(seed, limit, more, road):
    graph, at, weight = town(seed)
    walk = np.nan_to_num(reachable(graph, at, at, weight, "walk", limit))
    assert (np.nan_to_num(reachable(graph, at, at, weight, "walk", limit + more)) >= walk - 1e-9).all()
    assert (np.nan_to_num(reachable(graph, at, at, weight, "cycle", limit)) >= walk - 1e-9).all()
    closed = np.nan_to_num(reachable(graph.closed([f"r{road}"]), at, at, weight, "walk", limit))
    assert (closed <= walk + 1e-9).all()


def test_everyone_reaches_what_is_next_door():
    graph, at, weight = town(1)
    there = at.edge >= 0
    assert (reachable(graph, at, at, weight, "walk", 5.0)[there, 0] >= 1).all()


@pytest.mark.parametrize(
    ("mode", "limit", "told"), [("fly", 5, "walk, cycle or drive"), ("walk", 0, "above 0"), ("walk", np.nan, "above 0")]
)
def test_bad_questions_are_refused(mode, limit, told):
    graph, at, weight = town(1)
    with pytest.raises(TwinError, match=told):
        reachable(graph, at, at, weight, mode, limit)


def test_the_sample_by_building(sample):
    graph = street_graph(sample["roads"], F)
    found = access(graph, sample["buildings"], F)
    assert len(found.table) == len(sample["buildings"])
    joined = found.table["jobs_walk"].notna()
    assert joined.mean() > 0.95
    assert set(found.table.loc[~joined, "building_id"]) <= set(found.cut_off)
    for kind in ("jobs", "schools", "shops"):
        assert (found.table.loc[joined, f"{kind}_cycle"] >= found.table.loc[joined, f"{kind}_walk"] - 1e-6).all()
    stops = stop_access(graph, sample["buildings"], sample["transit_stops"], F)
    assert (stops.table["stops_far"].fillna(0) >= stops.table["stops_near"].fillna(0)).all()
    assert stops.table["departures_near_per_h"].max() > 20
    far = sample["transit_stops"].iloc[:2].set_geometry(shapely.points([[0, 0], [1, 1]]), crs="EPSG:3007")
    assert stop_access(graph, sample["buildings"], far, F).left_out == far["stop_id"].tolist()


def test_closed_streets_in_the_sample_take_from_some_and_give_to_none(sample):
    graph = street_graph(sample["roads"], F)
    buildings = sample["buildings"]
    at = attach(graph, buildings.geometry.to_numpy(), buildings["building_id"], F["travel.leg_m"])
    before = access(graph, buildings, F, attached=at).table["jobs_walk"].to_numpy()
    some = sorted(set(graph.road_id))[::3]
    after = access(graph.closed(some), buildings, F, attached=at).table["jobs_walk"].to_numpy()
    people = residents(buildings, sample["areas"])
    told = compare(before, after, people, buildings["area_id"])
    assert (told["gain_share"] == 0).all()
    assert told["lose_share"].max() > 0
    assert told["population"].sum() == pytest.approx(people.sum())
    assert told["change"].to_numpy() == pytest.approx((told["after"] - told["before"]).to_numpy())


def test_people_must_be_known():
    with pytest.raises(TwinError, match=r"buildings\.people"):
        compare(np.ones(2), np.ones(2), np.array([1.0, -1.0]), pd.Series(["a", "a"]))
