"""Several plants: what each gives adds up, costs least, and is told where it does not suffice."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from shapely import LineString

from energy.district_heating.drawn.rooting import forest
from energy.district_heating.drawn.sources import split
from energy.district_heating.drawn.topology import attach, connect
from twin import Factors, SchemaError, TwinError

F = Factors.read().at(2024)
X, Y = 147_000.0, 6_399_000.0


def network_of(edges, plants):
    """A network of given ends; plants by place."""
    lines = [LineString([(X + a, Y + b), (X + c, Y + d)]) for a, b, c, d in edges]
    pipes = gpd.GeoDataFrame({"pipe_id": [f"p{i}" for i in range(len(lines))]}, geometry=lines, crs="EPSG:3007")
    places = np.array([(X + x, Y + y) for x, y in plants.values()])
    return attach(connect(pipes, F), places, list(plants), 1.0, "plant")


def street(n=6, step=100.0):
    """A street with a plant at each end; the consumers stand at the joints between."""
    return network_of([(step * i, 0, step * (i + 1), 0) for i in range(n)], {"west": (0, 0), "east": (step * n, 0)})


def lattice(n=4):
    ways = [(100 * i, 100 * j, 100 * (i + 1), 100 * j) for i in range(n - 1) for j in range(n)]
    ways += [(100 * j, 100 * i, 100 * j, 100 * (i + 1)) for i in range(n - 1) for j in range(n)]
    return network_of(ways, {"a": (0, 0), "b": (300, 300), "c": (300, 0)})


def consumers(network, plants, watt):
    demand = np.full(len(network.node_xy), watt)
    demand[plants.node] = 0.0
    return demand


def balance(network, shared, plants, loss_share):
    came = np.bincount(network.end, shared.flow_w, len(network.node_xy))
    came -= np.bincount(network.start, shared.flow_w, len(network.node_xy))
    np.add.at(came, plants.node[plants.node >= 0], shared.output_w[plants.node >= 0])
    return came - shared.served_w / (1 - loss_share)


def test_two_plants_on_one_tree_meet_in_the_middle():
    network, plants = street()
    demand = consumers(network, plants, 2e5)
    shared = split(network, plants, [1e6, 1e6], demand)
    assert shared.output_w.sum() == pytest.approx(1e6)
    assert shared.output_w.min() >= 0.4e6 - 1
    done = forest(network, plants, shared)
    assert [t.plants for t in done.trees] == [("west",), ("east",)]
    assert len(done.opened) == 1
    assert sum(t.demand_w.sum() for t in done.trees) == pytest.approx(1e6)
    assert "approximated by opening" in str(done.findings[0])


def test_a_small_plant_runs_full_and_the_other_takes_the_rest():
    network, plants = street()
    demand = consumers(network, plants, 2e5)
    shared = split(network, plants, [0.3e6, 5e6], demand, loss_share=0.1)
    assert shared.output_w == pytest.approx([0.3e6, 1e6 / 0.9 - 0.3e6])
    assert np.abs(balance(network, shared, plants, 0.1)).max() < 1


def test_merit_and_capacity_share_as_they_say():
    network, plants = street()
    demand = consumers(network, plants, 2e5)
    merit = split(network, plants, [8e5, 8e5], demand, by="merit", merit_order=[2, 1])
    assert merit.output_w.tolist() == pytest.approx([2e5, 8e5])
    even = split(network, plants, [3e5, 9e5], demand, by="capacity")
    assert even.output_w.tolist() == pytest.approx([2.5e5, 7.5e5])


def test_demand_above_capacity_is_told_with_what_is_missing():
    network, plants = street()
    demand = consumers(network, plants, 2e5)
    for by in ("way", "merit", "capacity"):
        shared = split(network, plants, [3e5, 2e5], demand, by=by, loss_share=0.2)
        assert shared.missing_w == pytest.approx(1e6 / 0.8 - 5e5)
        assert shared.output_w.tolist() == pytest.approx([3e5, 2e5])
        assert shared.output_w.sum() == pytest.approx(shared.served_w.sum() / 0.8)
        (finding,) = shared.findings
        assert "lack 0.750 MW of the 1.250 MW" in str(finding)
        assert "add capacity" in str(finding)


def test_a_part_without_a_plant_is_unfed():
    network, plants = network_of([(0, 0, 100, 0), (500, 0, 600, 0)], {"west": (0, 0), "far": (0, 400)})
    assert plants.node[1] == -1
    demand = consumers(network, plants, 0.0)
    demand[network.node_xy[:, 0] > X + 50] = 1e5
    shared = split(network, plants, [1e6, 1e6], demand)
    assert shared.output_w.tolist() == pytest.approx([1e5, 0.0])
    assert shared.unfed_w == pytest.approx(2e5)
    assert shared.missing_w == 0
    (finding,) = shared.findings
    assert str(finding).startswith("0.200 MW of demand at 147500.0, 6399000.0 hangs on pipes that no plant feeds")


def test_impossible_numbers_are_refused_together():
    network, plants = street()
    demand = consumers(network, plants, 2e5)
    demand[2] = -1
    with pytest.raises(SchemaError) as error:
        split(network, plants, [np.nan, 1e6], demand, loss_share=1.5)
    for words in ("heat_supply.capacity_mw", "first: west", "a demand is negative", "1.5 is no share"):
        assert words in str(error.value)
    with pytest.raises(TwinError, match="2 numbers, but the network 7 nodes"):
        split(network, plants, [1e6, 1e6], [1.0, 2.0])


@settings(max_examples=40, deadline=None)
@example([0.0] * 15 + [2.2e-311], [1.0, 0.5, 1.0])
@given(st.lists(st.floats(0, 1e6), min_size=16, max_size=16), st.lists(st.floats(0.05, 1), min_size=3, max_size=3))
def test_the_outputs_cost_no_more_than_the_linear_programme_says(watts, rooms):
    network, plants = lattice()
    demand = np.array(watts)
    n, m = len(network.node_xy), len(network.pipe)
    capacity = np.array(rooms) * demand.sum()
    shared = split(network, plants, capacity, demand)
    assert (shared.output_w <= capacity * (1 + 1e-9) + 1e-6).all()
    assert shared.output_w.sum() == pytest.approx(shared.served_w.sum(), rel=1e-9, abs=1e-6)
    assert shared.served_w.sum() + shared.missing_w == pytest.approx(demand.sum(), rel=1e-9, abs=1e-6)
    assert np.abs(balance(network, shared, plants, 0.0)).max() <= 1e-6 * max(demand.sum(), 1)
    if demand.sum() < 1:
        return
    # both as flows in the same pipes: free outputs, and outputs held at ours
    a_eq = np.zeros((n, 2 * m + 3))
    for e in range(m):
        a_eq[network.end[e], [e, m + e]] += (1, -1)
        a_eq[network.start[e], [e, m + e]] -= (1, -1)
    a_eq[plants.node, 2 * m + np.arange(3)] = 1
    cost = np.concatenate([network.length_m, network.length_m, np.zeros(3)])
    served = shared.served_w / demand.sum()
    free = [(0, None)] * (2 * m) + [(0, c / demand.sum() * (1 + 1e-9)) for c in capacity]
    held = [(0, None)] * (2 * m) + [(o * (1 - 1e-9), o * (1 + 1e-9)) for o in shared.output_w / demand.sum()]
    best, ours = (linprog(cost, A_eq=a_eq, b_eq=served, bounds=b, method="highs").fun for b in (free, held))
    assert ours <= best * (1 + 1e-5) + 1e-6


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 1e6), min_size=16, max_size=16),
    st.lists(st.floats(0.1, 1), min_size=3, max_size=3),
    st.sampled_from(["way", "merit", "capacity"]),
)
def test_the_trees_hold_every_node_once_and_all_heat(watts, rooms, by):
    network, plants = lattice()
    demand = np.array(watts)
    shared = split(network, plants, np.array(rooms) * demand.sum(), demand, by=by, loss_share=0.1)
    done = forest(network, plants, shared)
    nodes = np.concatenate([t.node for t in done.trees])
    assert sorted(nodes.tolist()) == list(range(len(network.node_xy)))
    edges = np.concatenate([t.edge[1:] for t in done.trees])
    assert sorted([*edges.tolist(), *done.opened.tolist()]) == list(range(len(network.pipe)))
    helped = sum(f.value * 1e6 for f in done.findings if f.kind == "assisting")
    in_trees = sum(t.demand_w.sum() for t in done.trees) / 0.9 + helped
    assert in_trees == pytest.approx(shared.output_w.sum(), rel=1e-6, abs=1e-3)
    for tree in done.trees:
        assert (tree.demand_w >= 0).all()
        below = tree.edge >= 0
        up = tree.node[tree.parent[below]]
        edge = tree.edge[below]
        drawn = np.where(tree.forward[below], network.start[edge], network.end[edge])
        assert (drawn == up).all()


def test_a_plant_on_anothers_way_helps_and_is_told():
    network, plants = network_of(
        [(100 * i, 0, 100 * (i + 1), 0) for i in range(4)], {"main": (0, 0), "boiler": (200, 0)}
    )
    demand = consumers(network, plants, 0.0)
    demand[np.isclose(network.node_xy[:, 0], X + 400)] = 1e6
    shared = split(network, plants, [9e5, 1e5], demand, by="merit")
    done = forest(network, plants, shared)
    (tree,) = done.trees
    assert tree.plants == ("main",)
    assert tree.demand_w.sum() == pytest.approx(9e5)
    (finding,) = done.findings
    assert str(finding).startswith("boiler at 147200.0, 6399000.0 feeds 0.10 MW into pipes")
