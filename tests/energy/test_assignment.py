"""User equilibrium: published cases, small networks worked out by hand, and what a link may be like."""

import numpy as np
import pandas as pd
import pytest

from energy.mobility.assignment.costs import fixed_cost_h, link_time_h
from energy.mobility.assignment.demand import balance
from energy.mobility.assignment.equilibrium import equilibrium, skims
from energy.mobility.assignment.network import Network
from energy.mobility.assignment.road_capacity import road_capacity
from layers.tntp import read_tntp
from twin import SchemaError, reference

NAN = np.nan
BEST_SIOUX_FALLS = 4_231_335.28710744  # Transportation Networks for Research, README of Sioux Falls


def one_way(vehicles, zones=2):
    """All demand from the first zone to the second."""
    demand = np.zeros((zones, zones))
    demand[0, 1] = vehicles
    return demand


def roads(*links, **options):
    """A network of links (from, to, time, capacity, b, power, length)."""
    return Network.of(*np.array(links, float).T, **{"zones": 2, **options})


@pytest.fixture(scope="module")
def sioux_falls(shared):
    folder = shared / "mobility" / "tntp" / "SiouxFalls"
    if not folder.is_dir():
        pytest.skip("Sioux Falls is not in the folder of real data")
    net, demand = read_tntp(folder / "SiouxFalls_net.tntp", folder / "SiouxFalls_trips.tntp")
    flows = pd.read_csv(folder / "SiouxFalls_flow.tntp", sep=r"\s+")
    return Network.of(**net.arguments()), demand, flows


def test_sioux_falls_at_the_best_known_objective(sioux_falls):
    network, demand, best = sioux_falls
    found = equilibrium(network, demand, gap=1e-5)
    assert found.converged
    assert found.gap <= 1e-5
    assert abs(found.objective_h / BEST_SIOUX_FALLS - 1) < 1e-6
    assert found.assigned_vph == 360_600
    assert [*zip(network.from_node + 1, network.to_node + 1, strict=True)] == [
        *zip(best["From"], best["To"], strict=True)
    ]
    assert np.sqrt(np.mean((found.flow_vph - best["Volume"]) ** 2)) < 6.0
    at_best = link_time_h(
        best["Volume"].to_numpy(), network.free_flow_time_h, network.capacity_vph, network.b, network.power
    )
    assert at_best @ best["Volume"] == pytest.approx(7_480_225.344921, rel=1e-9)
    assert found.cost_h == pytest.approx(best["Cost"].to_numpy(), rel=0.01)
    assert abs(balance(network, demand, found.flow_vph)).max() < 1e-9 * demand.sum()
    assert (np.diff(found.objectives_h) < 0).all()


def test_braess_a_bridge_makes_all_slower():
    """User cost 92 with the bridge, 83 without."""
    links = [
        (0, 2, 1e-8, 1, 1e9, 1, 1), (0, 3, 50, 1, 0.02, 1, 1), (2, 1, 50, 1, 0.02, 1, 1), (3, 1, 1e-8, 1, 1e9, 1, 1),
        (2, 3, 10, 1, 0.1, 1, 1),
    ]  # fmt: skip
    cost = {}
    for count in (5, 4):
        found = equilibrium(roads(*links[:count]), one_way(6.0), gap=1e-8)
        assert found.converged
        cost[count] = found.skims.cost_h[0, 1]
        assert found.cost_h @ found.flow_vph / 6 == pytest.approx(cost[count], rel=1e-6)
    assert cost[5] == pytest.approx(92, abs=1e-4)
    assert cost[4] == pytest.approx(83, abs=1e-4)


def test_parallel_links_share_so_that_both_take_the_same():
    """t1 = 1 + v1 / 100, t2 = 2 + v2 / 100 and v1 + v2 = 300: 200 and 100 vehicles, 3 hours."""
    found = equilibrium(roads((0, 1, 1, 100, 1, 1, 5), (0, 1, 2, 200, 1, 1, 5)), one_way(300.0), gap=1e-9)
    assert found.flow_vph == pytest.approx([200, 100], rel=1e-6)
    assert found.time_h == pytest.approx([3, 3], rel=1e-6)


def test_a_one_way_street_is_not_driven_the_other_way():
    network = roads((0, 1, 1, 100, 0.15, 4, 1), (1, 2, 1, 100, 0.15, 4, 1), (2, 0, 1, 100, 0.15, 4, 1), zones=3)
    demand = np.zeros((3, 3))
    demand[1, 0] = 10.0
    found = equilibrium(network, demand)
    assert found.flow_vph.tolist() == [0, 10, 10]
    assert found.skims.distance_km.tolist() == [[0, 1, 2], [2, 0, 1], [1, 2, 0]]


@pytest.mark.parametrize(
    ("b", "power", "capacity", "hours"),
    [(0, 4, 0, 0.5), (0, 4, NAN, 0.5), (0.2, 0, 0, 0.6), (0.2, 0, NAN, 0.6), (0, 0, -0.0, 0.5)],
)
def test_a_link_of_constant_time_needs_no_capacity(b, power, capacity, hours):
    network = roads((0, 1, 0.5, capacity, b, power, 9), (0, 1, 0.3, 100, 1, 1, 5))
    found = equilibrium(network, one_way(1000.0), gap=1e-9)
    narrow = (hours - 0.3) / 0.3 * 100
    assert found.flow_vph == pytest.approx([1000 - narrow, narrow], rel=1e-6)
    assert found.time_h == pytest.approx([hours, hours], rel=1e-6)
    assert link_time_h(
        found.flow_vph, network.free_flow_time_h, network.capacity_vph, network.b, network.power
    ) == pytest.approx(found.time_h)


def test_links_that_cost_nothing_are_driven_and_make_no_loop():
    ring = [(2, 3, 0, 0, 0, 0, 0), (3, 4, 0, 0, 0, 0, 0), (4, 2, 0, 0, 0, 0, 0), (3, 2, 0, 0, 0.15, 4, 0)]
    network = roads((0, 2, 0, 0, 0, 0, 0), *ring, (4, 1, 0.1, 50, 0.15, 4, 1))
    found = equilibrium(network, one_way(100.0), gap=1e-6)
    assert found.converged
    assert abs(balance(network, one_way(100.0), found.flow_vph)).max() < 1e-9
    assert found.flow_vph.tolist() == [100, 100, 100, 0, 0, 100]
    free = equilibrium(roads((0, 1, 0, 0, 0, 0, 0)), one_way(100.0))
    assert (free.gap, free.converged, free.flow_vph.tolist()) == (0.0, True, [100.0])


def test_zones_are_not_driven_through():
    """Zones 0, 1, 2; the way over zone 2 is short, and only the last node may be driven through."""
    links = [(0, 2, 1, 0, 0, 0, 1), (2, 1, 1, 0, 0, 0, 1), (0, 3, 5, 0, 0, 0, 5), (3, 1, 5, 0, 0, 0, 5)]
    demand = one_way(10.0, zones=3)
    demand[0, 2] = demand[2, 1] = 1.0
    closed = equilibrium(roads(*links, zones=3, first_thru=3), demand)
    assert closed.flow_vph.tolist() == [1, 1, 10, 10]
    assert closed.skims.time_h[0].tolist() == [0, 10, 1]
    opened = equilibrium(roads(*links, zones=3), demand)
    assert opened.flow_vph.tolist() == [11, 11, 0, 0]


def test_demand_within_a_zone_stays_there_and_is_counted():
    network = roads((0, 1, 1, 100, 0.15, 4, 1), (1, 0, 1, 100, 0.15, 4, 1), zones=[0, 1, 1])
    demand = np.array([[7.0, 10.0, 20.0], [0.0, 0.0, 3.0], [0.0, 0.0, 1.0]])
    found = equilibrium(network, demand)
    assert found.within_zones_vph == 7 + 3 + 1  # the last two zones lie at the same node
    assert found.assigned_vph == 30
    assert found.flow_vph.tolist() == [30, 0]
    assert found.skims.distance_km.tolist() == [[0, 1, 1], [1, 0, 0], [1, 0, 0]]


def test_no_demand_no_flow():
    network = roads((0, 1, 1, 100, 0.15, 4, 1))
    for demand in (np.zeros((2, 2)), np.diag([5.0, 5.0])):
        found = equilibrium(network, demand)
        assert found.flow_vph.tolist() == [0]
        assert (found.gap, found.objective_h, found.converged) == (0.0, 0.0, True)
        assert found.cost_h.tolist() == [1]


def test_a_congestion_charge_moves_traffic_as_much_as_its_time_is_worth():
    """A charge of 22 SEK at 110 SEK/h is .2 h: t1 + .2 = t2 with t = .2 + v / 2000 and 1,000 vehicles."""
    charge = fixed_cost_h(np.array([22.0, 0.0]), np.array([5.0, 5.0]), value_of_time_sek_h=110.0)
    assert charge.tolist() == [0.2, 0.0]
    links = [(0, 1, 0.2, 400, 1, 1, 5), (0, 1, 0.2, 400, 1, 1, 5)]
    before = equilibrium(roads(*links), one_way(1000.0), gap=1e-9)
    after = equilibrium(roads(*links, fixed_cost_h=charge), one_way(1000.0), gap=1e-9)
    assert before.flow_vph == pytest.approx([500, 500], rel=1e-6)
    assert after.flow_vph == pytest.approx([300, 700], rel=1e-6)
    assert after.time_h == pytest.approx([0.35, 0.55], rel=1e-6)
    assert after.cost_h == pytest.approx([0.55, 0.55], rel=1e-6)
    assert after.skims.cost_h[0, 1] == pytest.approx(0.55, rel=1e-6)


def test_lorries_slow_cars_down_and_are_not_in_their_flow():
    """100 lorries of 2 cars each on the first link: t1 = 1 + (v1 + 200) / 100 = 1 + v2 / 100, v1 + v2 = 400."""
    network = roads((0, 1, 1, 100, 1, 1, 5), (0, 1, 1, 100, 1, 1, 5))
    found = equilibrium(network, one_way(400.0), gap=1e-9, fixed_flow_vph=2 * np.array([100.0, 0.0]))
    assert found.flow_vph == pytest.approx([100, 300], rel=1e-6)
    assert found.time_h == pytest.approx([4, 4], rel=1e-6)
    # the integral of 1 + (u + 200) / 100 from 0 to 100 and of 1 + u / 100 from 0 to 300
    assert found.objective_h == pytest.approx(100 + 50 + 200 + 300 + 450, rel=1e-6)


def test_it_stops_and_says_how_near_it_is(sioux_falls):
    network, demand, _ = sioux_falls
    found = equilibrium(network, demand, gap=1e-9, max_iterations=7)
    assert (found.converged, found.iterations, len(found.gaps)) == (False, 7, 7)
    assert found.gap == found.gaps[-1] > 1e-3


def test_beginning_from_an_earlier_flow_is_quicker(sioux_falls):
    network, demand, _ = sioux_falls
    cold = equilibrium(network, demand, gap=1e-4)
    warm = equilibrium(network, demand, gap=1e-4, start_flow_vph=cold.flow_vph)
    assert warm.iterations == 1
    assert warm.flow_vph == pytest.approx(cold.flow_vph)
    with pytest.raises(SchemaError, match=r"start_flow_vph: does not carry this demand.*node"):
        equilibrium(network, 2 * demand, start_flow_vph=cold.flow_vph)


def test_every_class_of_road_with_motor_traffic_has_a_capacity():
    table = reference.table("road_capacity")
    assert set(table["road_class"]) == set(reference.table("road_classes")["road_class"]) - {"pedestrian_cycle"}
    assert (table["low"] <= table["capacity_vph_lane"]).all()
    assert (table["capacity_vph_lane"] <= table["high"]).all()
    assert road_capacity(["primary"], [0.5], "low").capacity_vph.tolist() == [450]


def test_bad_links_are_all_told_at_once():
    with pytest.raises(SchemaError) as error:
        Network.of(
            [0, NAN, 1.5, 0], [1, 1, 0, 9], [-1, NAN, 1, 1], [100, -5, 0, 100], [0.15, 0.15, 0.15, NAN], 4.0,
            [1, 1, -1, 1], [0, 0, 0, -0.1], zones=[0, 1, 17], nodes=2, names=["a", "b", "c", "d"],
        )  # fmt: skip
    told = [(p.column, p.count, p.first.split()[0]) for p in error.value.problems]
    assert told == [
        ("from_node", 2, "b"), ("to_node", 1, "d"), ("free_flow_time_h", 2, "a"), ("b", 1, "d"), ("length_km", 1, "c"),
        ("fixed_cost_h", 1, "d"), ("capacity_vph", 1, "b"), ("capacity_vph", 1, "c"), ("node", 1, "zone"),
    ]  # fmt: skip
    with pytest.raises(SchemaError, match=r"links\.to_node: 1 values for 2 links"):
        Network.of([0, 1], [1], 1, 1, 0, 0, 1, zones=2)
    with pytest.raises(SchemaError, match="zones: there is none"):
        Network.of([0], [1], 1, 1, 0, 0, 1, zones=[])


def test_bad_demand_is_all_told_at_once():
    network = roads((0, 1, 1, 100, 0.15, 4, 1))
    with pytest.raises(SchemaError) as error:
        equilibrium(
            network, [[0, -1.0], [NAN, 0]], gap=0, max_iterations=0, fixed_flow_vph=[-1.0], start_flow_vph=[1.0, 2]
        )
    assert [(p.table, p.count, p.first) for p in error.value.problems] == [
        ("demand", 1, "zone 1 -> 0 (nan)"), ("demand", 1, "zone 0 -> 1 (-1)"), ("fixed_flow_vph", 1, "link 0"),
        ("start_flow_vph", 1, ""), ("gap", 1, ""), ("max_iterations", 1, ""),
    ]  # fmt: skip
    with pytest.raises(SchemaError, match=r"has the shape \(3, 3\)"):
        equilibrium(network, np.zeros((3, 3)))


def test_demand_between_zones_that_no_way_joins_is_told_with_pairs_number_and_amount():
    network = roads((0, 1, 1, 100, 0.15, 4, 1), zones=3, nodes=3)
    demand = np.array([[0, 5.0, 1.5], [2.0, 0, 0], [0, 0, 9.0]])
    with pytest.raises(SchemaError) as error:
        equilibrium(network, demand)
    (problem,) = error.value.problems
    assert (problem.count, problem.first) == (2, "zone 0 -> 2")
    assert "3.5 of 8.5 vehicles an hour: 0 -> 2 (1.5), 1 -> 0 (2)" in problem.rule
    assert np.isinf(skims(network, np.array([1.0])).time_h[0, 2])
