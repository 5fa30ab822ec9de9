"""What holds on any network: conservation, equal ways, descent, names and threads that change nothing, odd links."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from energy.mobility.assignment import shortest_paths
from energy.mobility.assignment.demand import balance, demand_matrix
from energy.mobility.assignment.equilibrium import equilibrium, skims
from energy.mobility.assignment.network import Network
from twin import SchemaError

SEEDS = st.integers(0, 10_000)


def arrays(seed, zones=8, nodes=20, *, odd=False):
    """Links of a network in which a ring joins all nodes, and a demand; `odd` adds what real files hold.

    Zones then lie on connectors that cost nothing or always the same and are not driven through.
    """
    r = np.random.default_rng(seed)
    inner = r.permutation(np.arange(zones if odd else 0, nodes))
    ring = np.c_[inner, np.roll(inner, -1)]
    ends = np.vstack([ring, ring[:, ::-1], r.choice(inner, (3 * nodes, 2))])
    m = len(ends)
    values = {
        "free_flow_time_h": r.uniform(0.01, 0.2, m), "capacity_vph": r.uniform(100, 900, m), "b": np.full(m, 0.15),
        "power": np.full(m, 4.0), "length_km": r.uniform(0.5, 9, m), "fixed_cost_h": np.where(r.random(m) < 0.2, 0.05, 0),
    }  # fmt: skip
    if odd:
        values["power"] = r.choice([0.0, 0.5, 1.0, 4.0, 9.5, 16.8], m)
        values["b"] = r.choice([0.0, 0.15, 2.0, 1e-8], m)
        values["free_flow_time_h"][r.random(m) < 0.2] = 0.0
        constant = (values["b"] == 0) | (values["power"] == 0) | (values["free_flow_time_h"] == 0)
        values["capacity_vph"][constant] = r.choice([0.0, np.nan, 1.0], int(constant.sum()))
        hang = r.choice(inner, 2 * zones)
        each = np.tile(np.arange(zones), 2)
        ends = np.vstack([ends, np.c_[each, hang], np.c_[hang, each]])
        extra = {
            "free_flow_time_h": 0.0,
            "capacity_vph": 1e9,
            "b": 0.0,
            "power": 0.0,
            "length_km": 0.0,
            "fixed_cost_h": 0.0,
        }
        values = {k: np.r_[v, np.full(4 * zones, extra[k])] for k, v in values.items()}
    demand = r.uniform(0, 40, (zones, zones)) * (r.random((zones, zones)) < 0.7)
    return ends, values, {"zones": zones, "nodes": nodes, "first_thru": zones if odd else 0}, demand


def network_of(ends, values, about):
    return Network.of(ends[:, 0], ends[:, 1], **values, **about)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.booleans())
def test_flows_are_conserved_and_cheaper_than_no_way(seed, odd):
    ends, values, about, demand = arrays(seed, odd=odd)
    network = network_of(ends, values, about)
    found = equilibrium(network, demand, gap=1e-4, max_iterations=300)
    assert abs(balance(network, demand, found.flow_vph)).max() <= 1e-9 * demand.sum()
    assert (found.flow_vph >= 0).all()
    for numbers in (found.flow_vph, found.cost_h, found.time_h, found.gaps, found.objectives_h):
        assert np.isfinite(numbers).all()
    np.fill_diagonal(demand, 0)
    least = (demand * np.where(demand > 0, found.skims.cost_h, 0)).sum()
    paid = found.cost_h @ found.flow_vph
    assert paid - least == pytest.approx(found.gap * least, abs=1e-9 * paid)  # the gap, from the costs between zones
    assert found.converged == (found.gap <= 1e-4)
    assert all(b <= a * (1 + 1e-12) for a, b in pairwise(found.objectives_h))


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_usual_networks_converge(seed):
    ends, values, about, demand = arrays(seed)
    assert equilibrium(network_of(ends, values, about), demand, gap=1e-4).converged


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_new_names_and_another_order_of_links_change_no_flow(seed):
    ends, values, about, demand = arrays(seed)
    r = np.random.default_rng(seed)
    found = equilibrium(network_of(ends, values, about), demand, gap=1e-7, max_iterations=20_000)
    name, row = r.permutation(about["nodes"]), r.permutation(len(ends))
    renamed = network_of(
        name[ends][row], {k: v[row] for k, v in values.items()}, about | {"zones": name[: about["zones"]]}
    )
    other = equilibrium(renamed, demand, gap=1e-7, max_iterations=20_000)
    assert found.converged
    assert other.converged
    assert other.flow_vph == pytest.approx(found.flow_vph[row], abs=2e-3 * demand.sum())
    assert other.objective_h == pytest.approx(found.objective_h, rel=1e-6)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
@example(3)
def test_ways_in_use_cost_the_same(seed):
    """Three ways between two zones that share no link: those with traffic cost the least, all others no less."""
    r = np.random.default_rng(seed)
    time, capacity = r.uniform(0.1, 0.4, 6), r.uniform(200, 900, 6)
    network = Network.of(
        [0, 2, 0, 3, 0, 4], [2, 1, 3, 1, 4, 1], time, capacity, 0.15, r.choice([1.0, 2.5, 4.0], 6), 1.0, zones=2
    )
    found = equilibrium(network, [[0, 1500.0], [0, 0]], gap=1e-10)
    cost, flow = found.cost_h.reshape(3, 2).sum(axis=1), found.flow_vph.reshape(3, 2)
    assert flow[:, 0] == pytest.approx(flow[:, 1])
    used = flow[:, 0] > 1e-3
    assert cost[used] == pytest.approx(cost.min(), rel=1e-5)
    assert (cost >= cost.min()).all()


def test_the_kept_order_finds_what_dijkstra_finds(monkeypatch):
    """The same loads with and without orders that are kept, as costs change."""
    ends, values, about, demand = arrays(5, zones=30, nodes=120)
    g = network_of(ends, values, about).graph
    r = np.random.default_rng(1)
    zone = np.arange(30)
    orders, counts = np.empty((30, 120), np.int32), np.zeros(30, np.int64)
    for spread in (0.0, 0.01, 0.3, 3.0, 0.05, 0.0):
        cost = g.free * r.uniform(1, 1 + spread, len(g.free))
        kept, fresh = np.zeros(len(cost)), np.zeros(len(cost))
        total = shortest_paths.load(0, 30, g.start, g.head, g.tail, cost, 0, zone, demand, orders, counts, kept)
        none, new = np.empty((0, 120), np.int32), np.zeros(30, np.int64)
        again = shortest_paths.load(0, 30, g.start, g.head, g.tail, cost, 0, zone, demand, none, new, fresh)
        assert total == pytest.approx(again, rel=1e-12)
        assert kept == pytest.approx(fresh, abs=1e-9)
        assert total == pytest.approx(cost @ kept, rel=1e-12)


def test_flows_do_not_depend_on_the_number_of_threads():
    ends, values, about, demand = arrays(2, zones=150, nodes=300, odd=True)
    network = network_of(ends, values, about)
    one, *others = (equilibrium(network, demand, gap=1e-3, max_iterations=20, threads=t) for t in (1, 2, 3))
    for other in others:
        assert (other.flow_vph == one.flow_vph).all()
        assert other.gaps.tolist() == one.gaps.tolist()


def test_a_grid_of_many_zones_converges():
    """400 zones that are not driven through, on 400 crossings, full enough that streets are above their capacity."""
    side, r = 20, np.random.default_rng(4)
    place = np.arange(side * side).reshape(side, side) + side * side
    pairs = np.vstack(
        [np.c_[place[:, :-1].ravel(), place[:, 1:].ravel()], np.c_[place[:-1].ravel(), place[1:].ravel()]]
    )
    zone = np.arange(side * side)
    ends = np.vstack([pairs, pairs[:, ::-1], np.c_[zone, place.ravel()], np.c_[place.ravel(), zone]])
    m, n = 2 * len(pairs), 2 * len(zone)
    network = Network.of(
        *ends.T, np.r_[r.uniform(0.005, 0.01, m), np.zeros(n)], np.r_[r.uniform(500, 900, m), np.full(n, 999_999.0)],
        np.r_[np.full(m, 0.15), np.zeros(n)], np.r_[np.full(m, 4.0), np.zeros(n)], 0.3,
        zones=len(zone), first_thru=len(zone),
    )  # fmt: skip
    demand = r.uniform(0, 0.7, (len(zone), len(zone)))
    found = equilibrium(network, demand, gap=1e-3, max_iterations=200)
    assert found.converged
    assert (found.flow_vph[:m] > network.capacity_vph[:m]).sum() > 50
    assert abs(balance(network, demand, found.flow_vph)).max() <= 1e-9 * demand.sum()


def test_flows_far_above_capacity_stay_finite():
    """A power of 17 at a thousand times the capacity: no overflow, and the wide road takes it."""
    network = Network.of([0, 0], [1, 1], 0.1, [1.0, 1000.0], 0.15, [17.0, 4.0], 1.0, zones=2)
    found = equilibrium(network, [[0, 1e6], [0, 0]], gap=1e-10)  # four of a million go there
    assert found.converged
    assert np.isfinite(found.cost_h).all()
    assert found.cost_h[0] == pytest.approx(found.cost_h[1], rel=1e-4)


def test_skims_are_those_of_the_cheapest_way():
    """The cheap way is the longer one; distance and time are its own, not the least there are."""
    network = Network.of(
        [0, 0, 2], [1, 2, 1], [0.3, 0.2, 0.2], 900, 0, 0, [10, 8, 8], [0.2, 0, 0], zones=2
    )  # fmt: skip
    found = skims(network, network.free_flow_time_h + network.fixed_cost_h)
    assert (found.cost_h[0, 1], found.time_h[0, 1], found.distance_km[0, 1]) == (0.4, 0.4, 16)


def test_rows_of_demand_become_a_matrix_or_are_refused_with_their_place():
    assert demand_matrix([0, 0, 1], [1, 1, 0], [2.0, 3.0, 0.0], 2).tolist() == [[0, 5], [0, 0]]
    with pytest.raises(SchemaError) as error:
        demand_matrix(["a", "x", "b"], ["b", "a", "y"], [1.0, np.nan, -1.0], ["a", "b"])
    assert [(p.column, p.count, p.first) for p in error.value.problems] == [
        ("origin", 1, "row 1: x -> a"), ("destination", 1, "row 2: b -> y"), ("vehicles_vph", 2, "row 1: x -> a"),
    ]  # fmt: skip
    with pytest.raises(SchemaError, match="different length: 1 origin, 2 destination, 1 vehicles_vph"):
        demand_matrix([0], [1, 1], [1.0], 2)
