"""Given heat pipes, from the file to a solved state; what a file may hold that is no pipe."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon

import layers
from energy.district_heating.drawn.inspection import report
from energy.district_heating.drawn.topology import attach, connect
from energy.district_heating.hydraulics.pipes import Water
from energy.district_heating.hydraulics.steady import steady
from twin import Factors, SchemaError

CRS = "EPSG:3007"
X, Y = 147_000.0, 6_399_000.0
F = Factors.read().at(2024)
WATER = Water.of(F)


def city(tmp_path, shapes, crs=CRS, **columns):
    """A city of nothing but pipes."""
    table = gpd.GeoDataFrame({"pipe_id": [f"p{i}" for i in range(len(shapes))], **columns}, geometry=shapes, crs=crs)
    table.to_file(tmp_path / "pipes.gpkg", layer="pipes")
    (tmp_path / "city.toml").write_text(
        f'[city]\nname = "Prov"\ncrs = "{CRS}"\n[layers.heat_pipes]\nuse = "heat_pipes"\npath = "pipes.gpkg"\n',
        encoding="utf-8",
    )
    return tmp_path


def line(x=0.0, length=50.0):
    return LineString([(X + x, Y), (X + x + length, Y)])


def test_what_is_no_line_is_left_out_by_name_and_place(tmp_path):
    shapes = [line(), Point(X + 7, Y), Polygon([(X, Y), (X + 1, Y), (X, Y + 1)])]
    loaded = layers.load(city(tmp_path, shapes))
    assert len(loaded["heat_pipes"]) == 1
    (note,) = loaded.sources["heat_pipes"].notes
    assert note.startswith("2 shapes that are not lines were left out, first: p1 at 147007, 6399000 (Point); draw")


def test_a_file_without_lines_is_refused(tmp_path):
    with pytest.raises(SchemaError, match="no lines; name the file or layer that holds the pipes"):
        layers.load(city(tmp_path, [Point(X, Y)]))


def test_impossible_numbers_are_named_and_located(tmp_path):
    shapes = [line(), line(50), line(100), line(150)]
    with pytest.raises(SchemaError) as error:
        layers.load(city(tmp_path, shapes, diameter_mm=[100.0, -150.0, 0.0, 5.0], loss_w_mk=[0.3, -0.1, 0.2, 0.2]))
    text = str(error.value)
    assert "-150 mm is no diameter; give the inner diameter" in text
    assert "(2 rows, first: p1 at 147050, 6399000)" in text
    assert "5 is below 10 mm (1 row, first: p3)" in text
    assert "heat_pipes.loss_w_mk: -0.1 is below 0" in text


def test_swapped_coordinates_are_told(tmp_path):
    swapped = shapely.transform(np.array([line(), line(50)]), lambda xy: xy[:, ::-1])
    with pytest.raises(SchemaError, match="north and east are swapped"):
        layers.load(city(tmp_path, list(swapped)))


def test_losses_and_roughness_may_be_stated(tmp_path):
    loaded = layers.load(city(tmp_path, [line(), line(50)], loss_w_mk=[0.31, np.nan], roughness_mm=[0.05, np.nan]))
    pipes = loaded["heat_pipes"]
    assert pipes["loss_w_mk"].iloc[0] == 0.31
    assert pipes["roughness_mm"].iloc[0] == 0.05
    assert pipes[["loss_w_mk", "roughness_mm"]].iloc[1].isna().all()


def test_schutterwald_is_loaded_connected_and_solved(schutterwald_city, schutterwald):
    """pandapipes' sw_heat: 414 pipes, of which 207 are the return, drawn like the supply."""
    assert len(schutterwald_city["heat_pipes"]) == 414
    network, tree, pipes = schutterwald
    assert len(network.pipe) == 207
    assert len(np.unique(network.component)) == 1
    (doubles,) = [f for f in network.findings if f.kind == "duplicate"]
    assert doubles.count == 207
    # the file states its lengths; in the projected system they differ by its scale
    stated = 1000 * schutterwald_city["heat_pipes"]["length_km"].sum() / 2
    assert network.length_m.sum() == pytest.approx(stated, rel=2e-3)
    state = steady(pipes, tree.demand_w, 80.0, 50.0, 10.0, WATER)
    assert state.heat_in_w == pytest.approx(tree.demand_w.sum() + state.loss_w)
    assert 0.005 < state.loss_w / state.heat_in_w < 0.1
    taking = tree.demand_w > 0
    assert taking.sum() == 44
    assert (state.supply_c[taking] > 75).all()
    assert state.pipe_loss_w.sum() == pytest.approx(float(state.loss_w), rel=1e-9)


def test_the_sample_city_is_told_as_it_is(root):
    """Streets in loops, every plant on the network; crossings taken as joints leave nothing apart."""
    sample = layers.load(root / "sample_data")
    supply = sample["heat_supply"]
    network = connect(sample["heat_pipes"], F)
    network, plants = attach(
        network, shapely.get_coordinates(supply.geometry), supply["unit_id"].tolist(), 500.0, "plant"
    )
    told = report(network, plants)
    assert (plants.node >= 0).all()
    assert sum(len(c.plants) for c in told.components) == len(supply)
    assert len(told.of("adrift")) == len(told.components) - len([c for c in told.components if c.plants])
    edges, nodes, parts = len(network.pipe), len(network.node_xy), len(told.components)
    assert len(told.of("loop")) == edges - nodes + parts > 0
    for finding in told.of("adrift"):
        joined = connect(sample["heat_pipes"], F, tolerance_m=finding.value * 1.001)
        assert len(np.unique(joined.component)) < parts
    crossed = connect(sample["heat_pipes"], F, crossings=True)
    assert len(np.unique(crossed.component)) == 1
    print("\n".join(told.sentences(3)))  # noqa: T201 - what the sample is, for whoever asks with -s
