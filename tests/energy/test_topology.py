"""From drawn pipes to a network and its trees: joints, findings, loops, and every way a drawing may be wrong."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given as holds
from hypothesis import settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point

from energy.district_heating.drawn.findings import TEXTS, Finding
from energy.district_heating.drawn.inspection import report
from energy.district_heating.drawn.loops import loops, mesh_flows
from energy.district_heating.drawn.rooting import forest, given, pipe_tree, sized
from energy.district_heating.drawn.sources import split
from energy.district_heating.drawn.topology import attach, connect
from energy.district_heating.hydraulics.pipes import Catalogue, Water
from energy.district_heating.hydraulics.steady import steady
from twin import Factors, SchemaError, TwinError

F = Factors.read().at(2024)
X, Y = 147_000.0, 6_399_000.0
CRS = "EPSG:3007"


def pipes(*shapes, **columns):
    lines = [s if hasattr(s, "geom_type") else LineString([(X + x, Y + y) for x, y in s]) for s in shapes]
    return gpd.GeoDataFrame({"pipe_id": [f"p{i}" for i in range(len(lines))], **columns}, geometry=lines, crs=CRS)


def at(*places):
    return np.array([(X + x, Y + y) for x, y in places])


def grid(n, step=50.0, noise=0.0, seed=0):
    """Streets of n x n junctions, a pipe each."""
    rng = np.random.default_rng(seed)
    xy = np.stack(np.meshgrid(np.arange(n) * step, np.arange(n) * step), axis=-1)
    ways = np.concatenate(
        [np.stack([xy[:, :-1], xy[:, 1:]], 2).reshape(-1, 2, 2), np.stack([xy[:-1], xy[1:]], 2).reshape(-1, 2, 2)]
    )
    return pipes(*shapely.linestrings(ways + np.array([X, Y]) + rng.uniform(-noise, noise, ways.shape)))


def told(network, *who):
    return report(network, *who).sentences()


def test_ends_within_the_tolerance_are_joined_and_counted():
    network = connect(pipes([(0, 0), (50, 0)], [(50.6, 0), (90, 0)], [(90, 0), (90, 40)]), F)
    assert len(network.node_xy) == 4
    assert network.component.tolist() == [0] * 4
    (finding,) = network.findings
    assert (finding.kind, finding.count, finding.pipes) == ("snapped", 1, ("p0",))
    assert finding.value == pytest.approx(0.6)
    assert network.length_m.tolist() == pytest.approx([50, 39.4, 40])


def test_an_end_on_the_middle_of_a_pipe_splits_it():
    network = connect(pipes([(0, 0), (50, 0)], [(20, 30), (20, 0)], [(30, -30), (30, -0.5)]), F)
    assert network.named(np.flatnonzero(network.pipe == 0)) == ("p0",)
    assert sorted(network.length_m[network.pipe == 0].round(6)) == [10, 20, 20]
    assert len(np.unique(network.component)) == 1
    (finding,) = network.findings
    assert (finding.kind, finding.value) == ("tee", pytest.approx(0.5))


def test_the_pieces_of_a_pipe_keep_its_direction_and_length():
    network = connect(pipes([(0, 0), (20, 10), (50, 0)], [(20, 30), (20, 10)], [(35, 40), (35, 5)]), F)
    pieces = np.flatnonzero(network.pipe == 0)
    assert network.length_m[pieces].sum() == pytest.approx(LineString([(0, 0), (20, 10), (50, 0)]).length)
    for e in pieces:
        line = network.geometry[e]
        assert np.allclose(line.coords[0], network.node_xy[network.start[e]], atol=1.0)
        assert np.allclose(line.coords[-1], network.node_xy[network.end[e]], atol=1.0)


def test_crossings_join_only_when_asked():
    cross = pipes([(0, 0), (50, 0)], [(25, -20), (25, 20)])
    apart = connect(cross, F)
    assert len(np.unique(apart.component)) == 2
    assert any("p0 cross at 147025.0, 6399000.0 without a joint" in s or "p1, p0 cross" in s for s in told(apart))
    assert len(np.unique(connect(cross, F, crossings=True).component)) == 1
    vertex = pipes([(0, 0), (25, 0), (50, 0)], [(25, -20), (25, 0), (25, 20)])
    assert len(np.unique(connect(vertex, F).component)) == 1


def test_parts_of_a_multi_line_are_one_pipe():
    parts = MultiLineString([[(X, Y), (X + 10, Y)], [(X + 10, Y), (X + 10, Y + 30)]])
    network = connect(pipes(parts, [(10, 30), (40, 30)]), F)
    assert network.pipe.tolist() == [0, 0, 1]
    assert len(np.unique(network.component)) == 1


def test_disconnected_pipes_are_told_with_the_gap_that_really_joins_them():
    table = pipes([(0, 0), (50, 0)], [(54, 3), (90, 3)], [(20, 8), (20, 60)])
    network, plants = attach(connect(table, F), at((0, 0)), ["Verket"], 5.0, "plant")
    found = report(network, plants)
    assert [c.plants for c in found.components] == [(), ("Verket",), ()]
    gaps = {f.pipes: f.value for f in found.of("adrift")}
    assert gaps == {("p1",): pytest.approx(5.0), ("p2",): pytest.approx(8.0)}
    assert "1 pipes (36 m) at 147054.0, 6399003.0 are joined to no plant (p1)" in str(found.of("adrift")[1])
    assert len(np.unique(connect(table, F, tolerance_m=4.99).component)) == 3
    assert len(np.unique(connect(table, F, tolerance_m=5.01).component)) == 2
    assert len(np.unique(connect(table, F, tolerance_m=8.01).component)) == 1


def test_a_plant_on_the_way_does_not_hide_the_gap():
    """A tolerance joins ends; where a plant happens to stand, the pipe has none."""
    table = pipes([(0, 0), (100, 0)], [(40, 30), (50, 3), (60, 30)])
    network, plants = attach(connect(table, F), at((50, 0)), ["Verket"], 5.0, "plant")
    (finding,) = report(network, plants).of("adrift")
    assert finding.value == pytest.approx(30.0)
    assert len(np.unique(connect(table, F, tolerance_m=29.0).component)) == 2
    assert len(np.unique(connect(table, F, tolerance_m=30.1).component)) == 1


def test_pipes_without_length_and_pipes_drawn_twice_are_told_and_left_out():
    network = connect(pipes([(0, 0), (50, 0)], [(50, 0), (50, 0)], [(50, 0), (0, 0)], [(0.2, 0.3), (50, 0.3)]), F)
    assert network.pipe.tolist() == [0]
    by_kind = {f.kind: f for f in network.findings}
    assert by_kind["zero_length"].pipes == ("p1",)
    assert by_kind["duplicate"].pipes == ("p2", "p3")
    assert "147050.0, 6399000.0" in str(by_kind["zero_length"])


def test_short_pipes_are_not_swallowed_by_the_tolerance():
    chain = [(0, 0), (10, 0)], [(10, 0), (10.3, 0)], [(10.3, 0), (10.6, 0)], [(10.6, 0), (20, 0)]
    network = connect(pipes(*chain, [(10, 0), (10, 0.6)]), F)
    assert len(network.pipe) == 5
    assert len(network.node_xy) == 6
    assert network.findings == ()


def test_loops_are_named_by_their_pipes():
    network = connect(pipes([(0, 0), (50, 0)], [(50, 0), (50, 50)], [(50, 50), (0, 0)], [(50, 50), (90, 50)]), F)
    (loop,) = report(network).of("loop")
    assert set(loop.pipes) == {"p0", "p1", "p2"}
    assert loop.length_m == pytest.approx(100 + 50 * 2**0.5)


def test_a_ring_drawn_as_one_line_is_a_loop():
    network = connect(pipes([(0, 0), (50, 0), (50, 50), (0, 0)], [(25, -40), (25, 0)]), F)
    assert len(report(network).of("loop")) == 1


def test_a_ring_with_a_gap_is_closed():
    network = connect(pipes([(0, 0), (50, 0)], [(50, 0), (50, 50)], [(50, 50), (0.5, 0)]), F)
    assert len(report(network).of("loop")) == 1
    assert len(report(connect(pipes([(0, 0), (50, 0)], [(50, 0), (50, 50)], [(50, 50), (2, 3)]), F)).of("loop")) == 0


@settings(max_examples=30, deadline=None)
@holds(st.integers(2, 7), st.integers(0, 30), st.integers(0, 10**6))
def test_every_edge_beyond_a_tree_closes_one_loop(n, extra, seed):
    rng = np.random.default_rng(seed)
    start = np.concatenate([[int(rng.integers(0, i)) for i in range(1, n)], rng.integers(0, n, extra)]).astype(int)
    end = np.concatenate([np.arange(1, n), rng.integers(0, n, extra)]).astype(int)
    found = loops(n, start, end, rng.uniform(1, 9, len(start)))
    assert len(found) == extra
    for loop in found:
        degree = np.bincount(start[loop], minlength=n) + np.bincount(end[loop], minlength=n)
        assert (degree % 2 == 0).all()
        assert len(set(loop.tolist())) == len(loop)


def test_consumers_beyond_reach_are_named_with_their_distance():
    network = connect(pipes([(0, 0), (50, 0)]), F)
    network, consumers = attach(network, at((20, 30), (25, 80)), ["Villa A", "Villa B"], F["network.reach_m"])
    assert consumers.node.tolist() == [2, -1]
    assert network.node_xy[2].tolist() == [X + 20, Y]
    text = told(network, None, consumers)
    assert any("consumer Villa B at 147025.0, 6399080.0 lies 80.0 m" in s and "reach of 50 m" in s for s in text)
    with pytest.raises(TwinError, match="1 consumers have no place, first: Villa C"):
        attach(network, np.array([[np.nan, 0.0]]), ["Villa C"], 5.0)


def test_whoever_stands_at_an_end_takes_the_nearer_one():
    network = connect(pipes([(0, 0), (0.8, 0)], [(0.8, 0), (50, 0)]), F)
    same, consumers = attach(network, at((0.7, 0.1), (0.2, 3), (49.5, 9)), ["A", "B", "C"], 50.0)
    assert len(same.node_xy) == len(network.node_xy)
    assert (network.node_xy[consumers.node, 0] - X).round(6).tolist() == [0.8, 0.0, 50.0]


def test_blind_ends_are_told():
    network = connect(pipes([(0, 0), (50, 0)], [(50, 0), (50, 40)], [(50, 0), (90, 0)]), F)
    network, plants = attach(network, at((0, 0)), ["Verket"], 5.0, "plant")
    network, consumers = attach(network, at((90, 0)), ["A"], 5.0)
    (blind,) = report(network, plants, consumers).of("dangling")
    assert blind.pipes == ("p1",)
    assert blind.at == (X + 50, Y + 40)


def test_all_that_is_no_network_is_refused_at_once_with_places():
    table = pipes([(0, 0), (50, 0)], Point(X + 7, Y), LineString(), [(9, 9), (20, 9)], diameter_mm=[100, 100, 100, -50])
    with pytest.raises(SchemaError) as error:
        connect(table, F)
    for words in (
        "is not a line",
        "p1 at 147007.0, 6399000.0",
        "has no geometry",
        "first: p2",
        "p3 at 147009.0, 6399009.0",
    ):
        assert words in str(error.value)
    with pytest.raises(SchemaError, match=r"degrees; turn them into metres.*to_crs"):
        connect(pipes([(0, 0), (50, 0)]).to_crs(4326), F)
    with pytest.raises(SchemaError, match="a tolerance of -1 m is not possible"):
        connect(pipes([(0, 0), (50, 0)]), F, tolerance_m=-1.0)


def test_nothing_drawn_is_no_crash():
    network = connect(pipes([(5, 5), (5, 5)]), F)
    network, consumers = attach(network, at((0, 0)), ["A"], 5.0)
    assert len(network.pipe) == 0
    found = report(network, None, consumers)
    assert found.components == ()
    assert {f.kind for f in found.findings} == {"zero_length", "beyond_reach"}


@settings(max_examples=60, deadline=None)
@holds(st.lists(st.tuples(*[st.integers(-20, 20)] * 4), max_size=12), st.floats(0, 6), st.booleans())
def test_whatever_is_drawn_its_length_is_kept_or_told(ends, tolerance, crossings):
    table = pipes(*[[(a / 2, b / 2), (c / 2, d / 2)] for a, b, c, d in ends])
    network = connect(table, F, tolerance_m=tolerance, crossings=crossings)
    aside = sum(f.length_m for f in network.findings if f.kind in ("duplicate", "zero_length"))
    assert network.length_m.sum() + aside == pytest.approx(table.length.sum(), abs=1e-2 * (len(ends) + 1))
    found = report(network)
    assert sum(c.length_m for c in found.components) == pytest.approx(network.length_m.sum())
    assert all(finding.kind in TEXTS and str(finding) for finding in found.findings)


def test_every_kind_of_finding_has_a_sentence():
    for kind in TEXTS:
        assert str(Finding(kind, ("p1",), (1.0, 2.0), "A", 3.0, 4.0, 5.0, 6.0, 7))


def test_flows_in_a_mesh_keep_mass_and_close_every_loop():
    network = connect(grid(6), F)
    n = len(network.node_xy)
    rng = np.random.default_rng(1)
    injection = -rng.uniform(0, 1, n)
    injection[0] -= injection.sum()
    friction = rng.uniform(1, 5, len(network.pipe))
    flow = mesh_flows(n, network.start, network.end, friction, injection)
    balance = injection + np.bincount(network.end, flow, n) - np.bincount(network.start, flow, n)
    assert np.abs(balance).max() < 1e-9
    drop = friction * flow * np.abs(flow)
    for loop in loops(n, network.start, network.end, network.length_m):
        node, total = int(network.start[loop[0]]), 0.0
        left = list(loop)
        while left:
            e = next(e for e in left if node in (network.start[e], network.end[e]))
            forward = network.start[e] == node
            total += drop[e] if forward else -drop[e]
            node = int(network.end[e] if forward else network.start[e])
            left.remove(e)
        assert abs(total) < 1e-3 * np.abs(drop).max()


def test_a_loop_is_opened_where_least_flows():
    network = connect(pipes([(0, 0), (50, 0)], [(50, 0), (50, 50)], [(0, 0), (0, 50)], [(0, 50), (50, 50)]), F)
    network, plants = attach(network, at((0, 0)), ["Verket"], 5.0, "plant")
    network, consumers = attach(network, at((50, 0), (50, 50), (0, 50)), ["A", "B", "C"], 5.0)
    demand = np.zeros(len(network.node_xy))
    demand[consumers.node] = 1e5, 3e5, 2e5
    shared = split(network, plants, [1e6], demand)
    trees = forest(network, plants, shared)
    assert trees.opened.tolist() == [int(np.abs(shared.flow_w).argmin())]
    (finding,) = trees.findings
    assert str(finding).startswith(f"meshed: approximated by opening {network.named(trees.opened)[0]} at ")
    assert trees.trees[0].demand_w.sum() == pytest.approx(6e5)


def test_given_diameters_are_used_and_blank_ones_sized_and_named():
    table = pipes([(0, 0), (50, 0)], [(50, 0), (90, 0)], [(50, 0), (50, 60)], diameter_mm=[100.0, np.nan, 100.0])
    table = table.assign(year_laid=[2024.0, 1984.0, 1984.0], loss_w_mk=[np.nan, np.nan, 0.77])
    network, plants = attach(connect(table, F), at((0, 0)), ["Verket"], 5.0, "plant")
    demand = np.where(np.isin(np.arange(len(network.node_xy)), plants.node), 0.0, 5e4)
    shared = split(network, plants, [1e6], demand)
    (tree,) = forest(network, plants, shared).trees
    catalogue, water = Catalogue.standard(), Water.of(F)
    known = given(network, table, catalogue, F, 2024)
    (blank,) = known.findings
    assert (blank.kind, blank.pipes) == ("unsized", ("p1",))
    with pytest.raises(TwinError, match=r"1 pipes have no diameter, first: p1 at 147050.0, 6399000.0"):
        pipe_tree(network, tree, known)
    done = sized(known, shared.flow_w, catalogue, water, cooling_k=40.0, limit_pa_m=100.0)
    assert done.diameter_m[network.pipe == 0] == 0.1
    assert done.diameter_m[network.pipe == 1] in catalogue.inner_diameter_m
    assert done.loss_w_mk[network.pipe == 2] == 0.77
    new = np.interp(done.diameter_m, catalogue.inner_diameter_m, catalogue.loss_w_mk)
    assert done.loss_w_mk[network.pipe == 0] == new[network.pipe == 0]
    old = 1 + 40 * F["network.ageing_per_year"]
    assert done.loss_w_mk[network.pipe == 1] == pytest.approx(old * new[network.pipe == 1])
    state = steady(pipe_tree(network, tree, done), tree.demand_w, 80.0, 40.0, 8.0, water)
    assert state.heat_in_w == pytest.approx(tree.demand_w.sum() + state.pipe_loss_w.sum())


def test_fifty_thousand_pipes_hang_together():
    table = grid(159, noise=0.1)
    assert len(table) > 50_000
    network = connect(table, F)
    found = report(network)
    assert len(found.components) == 1
    assert len(found.of("loop")) == len(network.pipe) - len(network.node_xy) + 1
