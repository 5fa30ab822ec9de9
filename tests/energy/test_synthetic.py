"""Made-up feeders: along the streets, none of the load lost, every cable within its plan, the same again."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.district_heating.routing.streets import Rules
from energy.electrification.cables import Cables
from energy.electrification.feeder import power_flow
from energy.electrification.synthetic import synthetic_feeder
from energy.electrification.velander import peak_kw
from twin import Factors, SchemaError, TwinError

F = Factors.read().at(2024)
K1, K2 = [0.0003, 0.000264], [0.025, 0.014]


def quarter(seed, houses=60, size=20000.0):
    """A lattice of streets, 100 m a block, houses beside them and the station at one corner."""
    rng = np.random.default_rng(seed)
    grid = np.arange(0, 401, 100)
    streets = shapely.from_wkt(
        [f"LINESTRING (0 {v}, 400 {v})" for v in grid] + [f"LINESTRING ({v} 0, {v} 400)" for v in grid]
    )
    xy = rng.uniform(0, 400, (houses, 2))
    energy = rng.uniform(0.2, 1.8, (houses, 2)) * size * [1.0, 0.3]
    return shapely.Point(3, -4), streets, shapely.box(xy[:, 0], xy[:, 1], xy[:, 0] + 8, xy[:, 1] + 8), energy


def made(seed, houses=60, size=20000.0, **more):
    return synthetic_feeder(*quarter(seed, houses, size), K1, K2, F, **more)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 80), st.floats(1000, 200_000))
def test_no_building_and_no_energy_is_lost(seed, houses, size):
    got = made(seed, houses, size)
    energy = quarter(seed, houses, size)[3]
    tree = got.feeder.tree
    assert (got.building_bus > 0).all()
    assert len(np.unique(got.building_bus)) == houses
    assert got.design_kw[0] == pytest.approx(float(peak_kw(energy.sum(axis=0)[None], np.array(K1), np.array(K2))[0]))
    own = peak_kw(energy, np.array(K1), np.array(K2))
    np.testing.assert_allclose(got.design_kw[got.building_bus], own)
    assert tree.order[0] == 0
    a_per_kw = got.feeder.a_per_kw / F["grid.power_factor"]
    assert (got.design_kw * a_per_kw <= F["grid.cable_fill"] * got.feeder.rating_a * (1 + 1e-9))[1:].all()


def test_lines_run_where_they_say_and_as_far_as_they_say():
    got = made(7, size=60000.0)
    tree = got.feeder.tree
    length = shapely.length(got.line[1:])
    service = np.isin(np.arange(1, len(tree)), got.building_bus)
    np.testing.assert_allclose(length, got.length_m[1:], rtol=1e-6, atol=1e-6)
    streets = shapely.union_all(quarter(7)[1]).buffer(1e-6)
    assert all(streets.covers(line) for line in got.line[1:][~service & (length > 0)])
    cables = Cables.standard()
    expected = cables.resistance_ohm_km[got.cable[1:]] * got.length_m[1:] / 1000 / got.parallel[1:]
    np.testing.assert_allclose(got.feeder.resistance_ohm[1:], expected)


def test_the_way_to_every_house_is_the_shortest_along_the_streets():
    """On a lattice that is the sum of both distances, however the load is split into cables."""
    got = made(3, size=60000.0)
    station, _, houses, _ = quarter(3)
    way = got.feeder.tree.path_sum(got.length_m)
    foot = shapely.get_coordinates(shapely.get_point(got.line[got.building_bus], -1))
    # a service line is drawn from the outline to the street
    expected = np.abs(foot - [3.0, 0.0]).sum(axis=1)
    beside = (foot % 100 > 1e-6) & (foot % 100 < 100 - 1e-6)
    straight = ~beside[:, 0] | (foot[:, 1] < 1e-6)  # the station lies on the street y = 0
    np.testing.assert_allclose(
        (way - got.length_m)[got.building_bus][straight] + got.length_m[got.building_bus][straight] * 0,
        expected[straight], atol=1e-6,
    )  # fmt: skip
    assert len(houses) == len(foot)
    assert station.distance(shapely.Point(3, 0)) == 4


def test_more_load_makes_more_feeders_and_each_is_one():
    few, many = made(1, size=5000.0), made(1, size=100_000.0)
    assert many.branch.max() > few.branch.max()
    for got in (few, many):
        tree = got.feeder.tree
        parent = np.where(tree.parent < 0, -1, tree.order[tree.parent])[tree.place]
        assert (got.branch[1:] >= 0).all()
        assert got.branch[0] == -1
        inner = np.flatnonzero(parent > 0)
        np.testing.assert_array_equal(got.branch[inner], got.branch[parent[inner]])


def test_no_way_falls_further_than_planned_and_thinner_cables_would():
    got = made(1, size=60000.0)
    tree = got.feeder.tree
    tangent = (1 / F["grid.power_factor"] ** 2 - 1) ** 0.5
    fall = (got.feeder.resistance_ohm + got.feeder.reactance_ohm * tangent) * got.design_kw * 1000 / 400**2
    assert tree.path_sum(fall).max() <= F["grid.planned_fall"] * (1 + 1e-9)
    ampere = got.design_kw * got.feeder.a_per_kw / F["grid.power_factor"]
    cables = Cables.standard()
    ohm_km = cables.resistance_ohm_km + cables.reactance_ohm_km * tangent
    deepest = tree.path_sum(got.length_m)
    way = np.array([deepest[tree.order[i : tree.last[i] + 1]].max() for i in tree.place])
    could = np.flatnonzero((got.cable > 0) & (got.parallel == 1))
    thinner = got.cable[could] - 1
    too_hot = ampere[could] > F["grid.cable_fill"] * cables.rating_a[thinner]
    too_low = ohm_km[thinner] * got.design_kw[could] * way[could] / 400**2 > F["grid.planned_fall"]
    assert (too_hot | too_low).all()
    assert (too_low & ~too_hot).any()
    street = shapely.from_wkt(["LINESTRING (0 0, 20 0)"])
    near = synthetic_feeder(shapely.Point(0, 0), street, shapely.points([[20, 2]]), [[180_000.0]], K1[:1], K2[:1], F)
    assert near.design_kw[1] == pytest.approx(64.6, abs=0.1)
    assert cables.name[near.cable[1]] == "lv_al_50"  # 98 A in the plan is more than 0.8 x 105 A


def test_a_station_without_a_place_stands_in_the_middle_of_what_hangs_together():
    _, streets, houses, energy = quarter(8)
    far = shapely.from_wkt(["LINESTRING (3000 0, 3100 0)"])
    houses = np.append(houses, shapely.box(3040, 5, 3050, 15))
    energy = np.vstack([energy, [[1000.0, 0.0]]])
    got = synthetic_feeder(None, np.append(streets, far), houses, energy, K1, K2, F)
    assert (got.building_bus[:-1] > 0).all()
    assert got.building_bus[-1] == -1
    assert "station" in got.why_not[-1]
    corner = made(8)
    assert got.feeder.tree.path_sum(got.length_m).max() < corner.feeder.tree.path_sum(corner.length_m).max()
    energy[-1] = 1e9
    alone = synthetic_feeder(None, np.append(streets, far), houses, energy, K1, K2, F)
    assert (alone.building_bus >= 0).tolist() == [False] * 60 + [True]


def test_a_customer_too_large_for_one_cable_gets_several():
    station, streets, houses, energy = quarter(2, 3)
    energy[1] = 5e6
    got = synthetic_feeder(station, streets, houses, energy, K1, K2, F)
    assert got.parallel[got.building_bus[1]] > 1
    alone = got.branch == got.branch[got.building_bus[1]]
    assert got.design_kw[alone].max() == pytest.approx(got.design_kw[got.building_bus[1]])


def test_the_same_again():
    one, other = made(5), made(5)
    for column in ("building_bus", "branch", "length_m", "design_kw", "cable", "parallel"):
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column))
    assert one.feeder.names == other.feeder.names
    assert [str(v) for v in one.line] == [str(v) for v in other.line]
    assert one.synthetic


def test_it_can_be_solved_and_an_unknown_transformer_stays_unknown():
    got, rated = made(6), made(6, rating_kva=800.0)
    load = np.zeros(len(got.feeder.tree))
    load[got.building_bus] = 1.0
    state, with_transformer = power_flow(got.feeder, load), power_flow(rated.feeder, load)
    assert 0.8 < state.voltage_pu.min() < 1
    assert np.isnan(state.loading[0])
    assert not np.isnan(state.loading[1:]).any()
    assert float(with_transformer.loading[0]) == pytest.approx(
        float(with_transformer.current_a[0]) / (800e3 / 3**0.5 / 400)
    )
    assert with_transformer.voltage_pu[0] < state.voltage_pu[0] == 1


def test_a_house_beyond_all_streets_is_told_and_the_rest_is_built():
    station, streets, houses, energy = quarter(4, 5)
    houses[2] = shapely.box(2000, 2000, 2010, 2010)
    got = synthetic_feeder(station, streets, houses, energy, K1, K2, F, names=list("abcde"))
    assert got.building_bus[2] == -1
    assert "reach_m" in got.why_not[2]
    assert [w == "" for w in got.why_not] == [True, True, False, True, True]
    assert set("abde") <= set(got.feeder.names)


def test_each_bad_input_is_told():
    station, streets, houses, energy = quarter(4, 3)

    def build(**changed):
        given = {
            "station": station,
            "streets": streets,
            "buildings": houses,
            "energy_kwh": energy,
            "k1": K1,
            "k2": K2,
            "f": F,
        }
        return synthetic_feeder(**(given | changed))

    bad = energy.copy()
    bad[1, 0], bad[2, 1] = -5.0, np.nan
    with pytest.raises(SchemaError) as error:
        build(energy_kwh=bad, names=["a", "b", "c"])
    for words in ("a negative consumption", "first: b", "the energy is missing", "first: c"):
        assert words in str(error.value)
    with pytest.raises(SchemaError, match="one number for each building and category"):
        build(energy_kwh=energy[:2])
    with pytest.raises(TwinError, match="no street within 500 m of the station"):
        build(station=shapely.Point(5000, 5000))
    with pytest.raises(TwinError, match="or of any building where it has no place"):
        build(station=None, buildings=shapely.box([2000.0] * 3, [0.0] * 3, [2010.0] * 3, [9.0] * 3))
    with pytest.raises(TwinError, match="no street leads from the station"):
        build(buildings=shapely.box([2000.0] * 3, [0.0] * 3, [2010.0] * 3, [9.0] * 3))
    with pytest.raises(TwinError, match="rating and a voltage above 0"):
        build(rating_kva=-1.0)
    assert build(rules=Rules(services=1, reach_m=300.0)).synthetic
