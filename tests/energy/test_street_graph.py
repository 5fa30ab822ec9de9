"""Streets become one graph: joined where they meet, nowhere else, and no metre is lost."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.mobility.demand.street_graph import MODES, attach, street_graph
from energy.mobility.demand.zones import make_zones
from layers import Context
from twin import LAYERS, Factors, TwinError, schema

F = Factors.read().at(2024)


def streets(*lines, road_class="residential", **columns):
    shapes = shapely.from_wkt([f"LINESTRING ({line})" for line in lines])
    names = {"road_id": [f"r{i}" for i in range(len(lines))], "road_class": road_class, "posted_speed_kmh": 50.0}
    return gpd.GeoDataFrame({**names, **columns}, geometry=shapes, crs="EPSG:3007")


def parts(graph, mode="walk"):
    return len(graph.components(mode))


def test_lines_that_share_a_vertex_meet_and_lines_that_cross_in_the_air_do_not():
    bridge = streets("0 0, 50 0, 100 0", "50 0, 50 60", "20 -50, 20 50", "0 0, 0 40", "100 0, 100 40")
    graph = street_graph(bridge, F)
    assert graph.notes == ()
    assert parts(graph) == 2
    assert graph.cut_off("walk") == ["r2"]
    assert parts(street_graph(bridge, F, crossings="level")) == 1


def test_a_network_without_vertices_at_its_crossings_is_noticed():
    grid = streets(*[f"{x} 0, {x} 100" for x in (10, 50, 90)], *[f"0 {y}, 100 {y}" for y in (10, 50, 90)])
    graph = street_graph(grid, F)
    assert parts(graph) == 1
    assert "17% of the network hangs together by shared vertices" in graph.notes[0]
    assert parts(street_graph(grid, F, crossings="vertex")) == 6


def test_a_tunnel_is_not_joined_to_what_lies_above():
    lines = streets("0 0, 100 0", "50 -50, 50 50", tunnel=[False, True])
    assert parts(street_graph(lines, F, crossings="level"), "drive") == 2


def test_an_end_that_stops_short_is_joined_by_an_edge_of_the_gaps_length():
    lines = streets("0 0, 100 0", "40 0.6, 40 60")
    graph = street_graph(lines, F, snap_m=1.0)
    assert parts(graph) == 1
    assert graph.length_m.sum() == pytest.approx(100 + 59.4 + 0.6)
    assert parts(street_graph(lines, F, snap_m=0.5)) == 2


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 4), min_size=1, max_size=12))
@settings(max_examples=20, deadline=None)
def test_no_metre_is_lost(ends):
    lines = [f"{a} {b}, {c} {d}" for a, b, c, d in ends if (a, b) != (c, d)]
    if not lines:
        return
    given_lines = streets(*lines)
    graph = street_graph(given_lines, F, snap_m=0.0, crossings="level")
    assert graph.length_m.sum() == pytest.approx(given_lines.length.sum(), abs=0.01)
    assert np.allclose(shapely.length(graph.line), graph.length_m)
    for mode in MODES:
        assert graph.components(mode)["length_share"].sum() == pytest.approx(1.0)


def test_a_road_for_motors_alone_is_closed_to_people_on_foot_and_a_path_to_cars():
    lines = streets(
        "0 0, 100 0", "100 0, 200 0", "200 0, 300 0", road_class=["motorway", "residential", "pedestrian_cycle"]
    )
    graph = street_graph(lines, F)
    assert [len(graph.links(m)) for m in MODES] == [4, 4, 4]
    assert set(graph.links("drive")["road_id"]) == {"r0", "r1"}
    assert set(graph.links("walk")["road_id"]) == {"r1", "r2"}
    assert graph.minutes("drive")[1] == pytest.approx(0.06 * 100 / (50 * F["mobility.speed_of_limit"]))


def test_one_way_holds_for_cars_and_not_for_people_on_foot():
    lines = streets("0 0, 100 0", "100 0, 200 0", oneway=["yes", None])
    graph = street_graph(lines, F)
    assert len(graph.links("drive")) == 3
    assert len(graph.links("walk")) == 4
    assert (graph.component("drive") == 0).sum() == 2  # from the end of the one-way street there is no way back
    against = street_graph(streets("0 0, 100 0", oneway=["-1"]), F).links("drive")
    start, end = against.loc[0, ["start", "end"]]
    assert (start, end) == (1, 0)


def test_of_parallel_streets_the_shorter_counts():
    graph = street_graph(streets("0 0, 100 0", "0 0, 50 50, 100 0"), F)
    assert graph.matrix("walk", "length_m").toarray().tolist() == [[0, 100], [100, 0]]


def test_places_stand_on_the_nearest_street_and_those_beyond_reach_are_named():
    graph = street_graph(streets("0 0, 100 0", "500 0, 520 0"), F)
    at = attach(graph, shapely.points([[30, 7], [510, 3], [50, 400]]), ["a", "b", "c"], 50.0)
    assert at.edge.tolist() == [0, 1, -1]
    assert at.along_m[:2].tolist() == [30, 10]
    assert at.leg_m[:2] == pytest.approx([7, 3])
    assert at.cut_off(graph, "walk") == ["b", "c"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda t: t.drop(columns="road_class"), "roads.road_class: the column is missing"),
        (lambda t: t.set_crs("EPSG:4326", allow_override=True), "coordinates are degrees"),
        (lambda t: t.set_geometry(shapely.from_wkt(["LINESTRING (0 0, 0 0)"])), "no line has a length"),
    ],
)
def test_bad_streets_are_refused(spoil, told):
    with pytest.raises(TwinError, match=told):
        street_graph(spoil(streets("0 0, 100 0")), F)


def test_unknown_streets_and_modes_are_refused():
    graph = street_graph(streets("0 0, 100 0"), F)
    with pytest.raises(TwinError, match="no street 'x'"):
        graph.closed(["x"])
    with pytest.raises(TwinError, match="no mode 'fly'"):
        graph.minutes("fly")


def test_the_sample_hangs_together_by_shared_vertices(sample):
    graph = street_graph(sample["roads"], F)
    assert graph.notes == ()
    assert graph.length_m.sum() == pytest.approx(sample["roads"].length.sum(), rel=1e-3)
    for mode in MODES:
        table = graph.components(mode)
        assert table["length_share"].iloc[0] >= 0.95, mode
        assert table["length_share"].sum() == pytest.approx(1.0)
    assert make_zones(sample["areas"], sample["buildings"], graph, F).cut_off == []


@pytest.mark.parametrize(
    ("name", "crs", "parameters", "city_crs", "mode", "share"),
    [
        ("osm_roads", "", {"path": "johanneberg/street_network.geojson"}, "EPSG:3007", "walk", 0.9),
        ("nvdb_roads", "EPSG:3006", {"path": "nvdb_vasastan/nvdb.gpkg"}, "EPSG:3007", "drive", 0.5),
        (
            "lantmateriet_roads",
            "EPSG:3006",
            {"path": "roads_central/vl_riks_central_gbg.shp"},
            "EPSG:3007",
            "drive",
            0.8,
        ),
        ("osm_roads", "", {"path": "second_city/helsinki.osm.pbf", "layer": "lines"}, "EPSG:3879", "walk", 0.8),
    ],
)
def test_real_streets_hang_together(shared, name, crs, parameters, city_crs, mode, share):
    spec = LAYERS[name]
    context = Context("roads", city_crs, shared, crs or spec.crs)
    table = spec.function(context, **spec.check(parameters, name)).to_crs(city_crs)
    roads, problems = schema.complete(table.reset_index(drop=True), "roads")
    assert not problems
    graph = street_graph(roads, F)
    assert graph.length_m.sum() == pytest.approx(roads.length.sum(), rel=0.01)
    assert graph.components(mode)["length_share"].iloc[0] > share
    assert not set(graph.cut_off(mode)) - set(roads["road_id"])
