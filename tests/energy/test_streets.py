"""Streets become a graph: nothing is lost, gaps are told, service lines are the shortest."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from energy.district_heating.routing.streets import Rules, street_graph
from energy.noding import cut, meetings

PLANT = shapely.points([[0.0, 0.0]])
NOBODY = np.zeros(0, object)


def lines(*wkt):
    return shapely.from_wkt([f"LINESTRING ({w})" for w in wkt])


def groups(graph):
    n = len(graph.xy)
    return connected_components(coo_array((np.ones(len(graph.a)), (graph.a, graph.b)), (n, n)))[0]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 30)), max_size=20))
def test_cutting_keeps_every_metre(cuts):
    streets = lines("0 0, 10 0, 10 10", "5 5, 5 5, 5 25", "0 0, 0 30")
    at = np.array([c[0] for c in cuts], np.int64)
    pieces, row = cut(streets, at, np.array([c[1] for c in cuts], float))
    np.testing.assert_allclose(np.bincount(row, shapely.length(pieces)), shapely.length(streets), rtol=1e-12)
    assert (shapely.length(pieces) > 5e-4).all()
    inside = {(a, p) for a, p in cuts if 1e-3 < p < shapely.length(streets)[a] - 1e-3}
    assert len(pieces) <= 3 + len(inside)
    if inside:
        assert len(pieces) > 3


def test_streets_meet_at_crossings_ends_and_vertices():
    cross = lines("0 0, 100 0", "50 -50, 50 50", "20 0, 20 30")
    graph = street_graph(cross, NOBODY, PLANT)
    assert groups(graph) == 1
    assert len(graph.a) == 6
    assert graph.length_m.sum() == pytest.approx(230)
    apart = street_graph(cross, NOBODY, PLANT, Rules(crossings=False, snap_m=0.0))
    assert groups(apart) == 3 - 1  # the lane that ends on the street touches it, the crossing does not join


def test_a_tunnel_joins_only_where_it_shares_a_vertex():
    through = lines("0 0, 100 0", "50 -50, 50 50", "100 0, 100 50")
    assert groups(street_graph(through, NOBODY, PLANT, level=np.array([0, -1, -1]))) == 2
    shared = lines("0 0, 50 0, 100 0", "50 -50, 50 0, 50 50", "100 0, 100 50")
    assert groups(street_graph(shared, NOBODY, PLANT, level=np.array([0, -1, -1]))) == 1


@pytest.mark.parametrize("gap", [0.0, 1e-9, 1e-4, 0.3, 0.99])
def test_a_gap_within_the_tolerance_is_bridged_at_its_own_length(gap):
    graph = street_graph(lines("0 0, 100 0", f"40 {gap}, 40 60"), NOBODY, PLANT, Rules(snap_m=1.0))
    assert groups(graph) == 1
    assert graph.length_m.sum() == pytest.approx(160, abs=2e-3)


def test_a_wider_gap_is_reported_with_the_tolerance_that_joins_it():
    streets = lines("0 0, 100 0", "40 3, 40 60", "300 0, 400 0")
    house = shapely.points([[45.0, 50.0], [50.0, 5.0], [350.0, 400.0]])
    rules = Rules(snap_m=1.0, reach_m=40.0)
    graph = street_graph(streets, house, PLANT, rules)
    table = graph.components.sort_values("length_m")
    assert table["served"].tolist() == [False, True, False] or sorted(table["served"]) == [False, False, True]
    apart = table[~table["served"]].sort_values("gap_m")
    assert apart["gap_m"].tolist() == pytest.approx([3, 200])
    assert apart["joining_snap_m"].tolist() == pytest.approx([3, 200])
    why = graph.why_not(rules)
    assert "a gap of 3.0 m" in why[0]
    assert why[1] == ""
    assert "400 m away" in why[2]
    closed = street_graph(streets, house, PLANT, Rules(snap_m=3.0, reach_m=40.0))
    assert closed.foot[0, 0] >= 0


def test_service_lines_are_the_shortest_and_end_at_different_points():
    streets = lines("0 0, 100 0", "100 0, 100 100", "0 0, 0 100")
    outline = shapely.box(80, 10, 95, 30)
    graph = street_graph(streets, np.array([outline]), PLANT, Rules(services=3, reach_m=100))
    assert graph.service_m[0].tolist() == pytest.approx([5, 10, 80])
    assert len(set(graph.foot[0])) == 3
    for line, foot, length in zip(graph.service_line[0], graph.foot[0], graph.service_m[0], strict=True):
        assert line.length == pytest.approx(length)
        assert shapely.distance(shapely.get_point(line, 0), outline) < 1e-9
        assert shapely.get_point(line, 1).distance(shapely.Point(graph.xy[foot])) < 5e-3
    one = street_graph(streets, np.array([outline]), PLANT, Rules(services=1))
    assert one.service_m.tolist() == [pytest.approx([5])]


def test_a_forbidden_street_and_one_without_length_are_left_out():
    streets = np.append(lines("0 0, 100 0", "0 10, 100 10"), shapely.from_wkt(["LINESTRING (7 7, 7 7)", None]))
    graph = street_graph(streets, NOBODY, PLANT, forbidden=np.array([False, True, False, False]))
    assert set(graph.street) == {0}
    assert graph.skipped.tolist() == [2, 3]


def test_a_plant_beyond_reach_is_told_and_nothing_is_served():
    graph = street_graph(lines("900 0, 1000 0"), shapely.points([[950.0, 5.0]]), PLANT)
    assert graph.plant.tolist() == [-1]
    assert graph.plant_m.tolist() == [900]
    assert (graph.foot == -1).all()


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_edges_join_the_nodes_at_their_ends(seed):
    r = np.random.default_rng(seed)
    streets = shapely.linestrings(r.uniform(0, 100, (12, 2, 2)))
    graph = street_graph(streets, shapely.points(r.uniform(0, 100, (5, 2))), PLANT)
    for end, node in ((0, graph.a), (-1, graph.b)):
        at = shapely.get_coordinates(shapely.get_point(graph.line, end))
        assert np.hypot(*(at - graph.xy[node]).T).max() < 5e-3
    drawn = graph.street >= 0
    total = np.bincount(graph.street[drawn], graph.length_m[drawn], minlength=12)
    np.testing.assert_allclose(total, shapely.length(streets), rtol=1e-9)


def test_crossings_are_told_for_both_lines():
    at, position = meetings(lines("0 0, 10 0", "5 -5, 5 5"), np.zeros(2, int))
    assert sorted(zip(at.tolist(), position.tolist(), strict=True)) == [(0, 5.0), (1, 5.0)]


def test_a_city_of_streets_is_one_graph():
    r = np.random.default_rng(0)
    xy = np.stack(np.meshgrid(np.arange(80) * 60.0, np.arange(80) * 60.0, indexing="ij"), -1) + r.uniform(
        -9, 9, (80, 80, 2)
    )
    ends = np.concatenate(
        [np.stack([xy[1:], xy[:-1]], -2).reshape(-1, 2, 2), np.stack([xy[:, 1:], xy[:, :-1]], -2).reshape(-1, 2, 2)]
    )
    houses = shapely.buffer(shapely.points(r.uniform(0, 4700, (500, 2))), 6)
    graph = street_graph(shapely.linestrings(ends), houses, shapely.points(xy[0, :1]))
    assert groups(graph) == 1
