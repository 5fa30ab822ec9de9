"""Surfaces, solids and overlays: what is there before is there afterwards."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, affinity, box

from twin import geometry, mesh
from twin.errors import TwinError
from twin.overlay import Overlay, assign
from twin.surface import Surface


@st.composite
def footprints(draw):
    """An outline with many corners, perhaps with a courtyard, anywhere in Göteborg."""
    n = draw(st.integers(3, 14))
    radii = draw(st.lists(st.floats(4, 40), min_size=n, max_size=n))
    angle = np.sort(np.linspace(0, 2 * np.pi, n, endpoint=False) + draw(st.floats(0, 1)))
    ring = np.column_stack([radii * np.cos(angle), radii * np.sin(angle)])
    holes = [[(-1, -1), (1, -1), (1, 1), (-1, 1)]] if min(radii) > 10 and n > 5 and draw(st.booleans()) else []
    shape = Polygon(ring, holes)
    if not shape.is_valid:
        shape = shape.convex_hull
    return affinity.translate(shape, 147_000 + draw(st.integers(0, 5000)), 6_399_000)


@settings(deadline=None)
@given(st.lists(footprints(), min_size=1, max_size=5), st.floats(2.5, 80))
def test_solids_are_closed_and_have_their_volume(shapes, height):
    polygons = np.array(shapes, object)
    z0 = np.arange(len(shapes), dtype=float)
    solid = mesh.lod1(polygons, z0, z0 + height)
    assert mesh.open_edges(solid) == 0
    np.testing.assert_allclose(mesh.volumes_m3(solid, len(shapes)), shapely.area(polygons) * height, rtol=1e-9)


def test_a_courtyard_and_a_building_of_two_parts():
    ring = Polygon([(0, 0), (20, 0), (20, 20), (0, 20)], [[(5, 5), (15, 5), (15, 15), (5, 15)]])
    two = MultiPolygon([box(30, 0, 40, 10), box(50, 0, 60, 10)])
    polygons = np.array([ring, two], object)
    solid = mesh.lod1(polygons, np.zeros(2), np.array([10.0, 5.0]))
    assert mesh.open_edges(solid) == 0
    np.testing.assert_allclose(mesh.volumes_m3(solid, 2), [3000, 1000], rtol=1e-12)
    walls = geometry.wall_length_m(polygons)
    np.testing.assert_allclose(walls.sum(axis=1), [120, 80])


def test_real_footprints_become_closed_solids(shared):
    shapes = shapely.transform(
        np.array(shapely.from_geojson((shared / "johanneberg/building_footprints.geojson").read_text()).geoms),
        lambda xy: (xy - [11.97, 57.69]) * [59_500, 111_300],
    )
    shapes = shapely.force_2d(shapes)
    solid = mesh.lod1(shapes, np.zeros(len(shapes)), np.full(len(shapes), 12.0))
    assert len(shapes) == 788
    assert mesh.open_edges(solid) == 0
    np.testing.assert_allclose(mesh.volumes_m3(solid, len(shapes)), shapely.area(shapes) * 12, rtol=1e-9, atol=1e-9)


def test_a_file_for_other_programs(tmp_path):
    solid = mesh.lod1(np.array([box(147_000, 6_399_000, 147_010, 6_399_020)]), np.array([3.0]), np.array([13.0]))
    origin = mesh.write_glb(solid, tmp_path / "b.glb", np.full((len(solid.faces), 4), 200, np.uint8))
    vertices, faces = mesh.read_mesh(tmp_path / "b.glb", np.ones(3), np.zeros(3))
    assert len(faces) == len(solid.faces)
    placed = np.column_stack([vertices[:, 0], -vertices[:, 2], vertices[:, 1]]) + origin
    np.testing.assert_allclose(placed.min(axis=0), [147_000, 6_399_000, 3], atol=1e-3)
    np.testing.assert_allclose(placed.max(axis=0), [147_010, 6_399_020, 13], atol=1e-3)
    assert [p.name for p in tmp_path.iterdir()] == ["b.glb"]
    (tmp_path / "no.stl").write_text("this is no mesh", encoding="utf-8")
    with pytest.raises(TwinError, match=r"no\.stl"):
        mesh.read_mesh(tmp_path / "no.stl", np.ones(3), np.zeros(3))


@given(footprints())
def test_the_four_facades_are_the_whole_outline(shape):
    lengths = geometry.wall_length_m(np.array([shape]))
    assert lengths.sum() == pytest.approx(shape.length, rel=1e-9)
    np.testing.assert_allclose(geometry.wall_length_m(np.array([shape.reverse()])), lengths)


def test_a_row_of_houses_shares_its_walls():
    row = np.array([box(10 * i, 0, 10 * i + 10, 8) for i in range(4)])
    surfaces = geometry.envelope(row, np.array([6.0, 6.0, 9.0, 9.0]))
    assert surfaces["party_wall_m2"].tolist() == [48.0, 96.0, 48 + 72, 72.0]
    gross = geometry.wall_length_m(row) * np.array([6.0, 6.0, 9.0, 9.0])[:, None]
    exposed = surfaces[[f"wall_{o}_m2" for o in geometry.ORIENTATIONS]].to_numpy()
    np.testing.assert_allclose(exposed.sum(axis=1) + surfaces["party_wall_m2"], gross.sum(axis=1))


@given(st.lists(footprints(), min_size=1, max_size=6), st.data())
def test_overlay_conserves_mass(shapes, data):
    west, south, east, north = shapely.total_bounds(np.array(shapes))
    middle = west + data.draw(st.floats(0.1, 0.9)) * (east - west)
    areas = np.array([box(west - 1, south - 1, middle, north + 1), box(middle, south - 1, east - 5, north + 1)])
    values = np.array(data.draw(st.lists(st.floats(0, 1e6), min_size=len(shapes), max_size=len(shapes))))
    overlay = Overlay.between(np.array(shapes), areas)
    inside, outside = overlay.extensive(values)
    assert inside.sum() + outside == pytest.approx(values.sum(), rel=1e-9, abs=1e-6)
    mean = overlay.intensive(values, np.ones(len(values)))
    known = ~np.isnan(mean)
    assert (mean[known] <= values.max() * (1 + 1e-9) + 1e-9).all()
    assert (mean[known] >= values.min() * (1 - 1e-9) - 1e-9).all()


def test_overlapping_areas_count_nothing_twice():
    twice = Overlay.between(np.array([box(0, 0, 2, 2)]), np.array([box(0, 0, 2, 2), box(0, 0, 2, 2)]))
    inside, outside = twice.extensive(np.array([10.0]))
    assert inside.tolist() == [5.0, 5.0]
    assert outside == 0
    points = Overlay.between(np.array([Point(1, 1), Point(9, 9)]), np.array([box(0, 0, 2, 2)]))
    assert points.extensive(np.array([3.0, 4.0])) == (pytest.approx([3.0]), 4.0)
    line = Overlay.between(np.array([LineString([(0, 0), (4, 0)])]), np.array([box(0, -1, 1, 1)]))
    assert line.outside[0] == pytest.approx(0.75)
    assert assign(np.array([box(0, 0, 1, 1)]), np.array([box(5, 5, 6, 6)])).tolist() == [-1]


def test_heights_are_read_between_cells_and_not_beyond():
    slope = Surface(np.tile(np.arange(4.0), (3, 1)), 0, 30, 10, "EPSG:3007")
    xy = np.array([[5.0, 15.0], [20.0, 15.0], [35.0, 5.0], [45.0, 5.0]])
    np.testing.assert_allclose(slope.at(xy, "EPSG:3007"), [0, 1.5, 3, np.nan])
