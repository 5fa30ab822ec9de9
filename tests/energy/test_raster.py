"""What is on the streets is in the cells, whatever the lines look like."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString

from energy.mobility.raster import Raster
from twin import TwinError
from twin.overlay import Overlay

MILLIMETRES = st.integers(-500_000, 500_000).map(lambda k: k / 1000)
POINT = st.tuples(MILLIMETRES, MILLIMETRES) | st.tuples(
    st.integers(-5, 5).map(lambda k: 100.0 * k), st.integers(-5, 5).map(lambda k: 100.0 * k)
)
LINE = st.lists(POINT, min_size=2, max_size=6).map(LineString)


@settings(max_examples=100, deadline=None)
@given(st.lists(LINE, min_size=1, max_size=8), st.sampled_from([100.0, 33.0, 250.0]))
def test_mass_is_conserved_and_lies_where_the_line_is(lines, size):
    raster = Raster.of(lines, size)
    np.testing.assert_allclose(raster.shares.sum(axis=0), 1, rtol=1e-9)
    kg = np.arange(1.0, len(lines) + 1)
    assert raster.cells(kg).sum() == pytest.approx(kg.sum(), rel=1e-9)
    cell, line = raster.shares.nonzero()
    near = shapely.distance(raster.squares()[cell], np.array(lines, object)[line])
    assert near.max() < 1e-6


def test_cells_are_those_of_a_general_overlay():
    random = np.random.default_rng(3)
    lines = np.array([LineString(random.uniform(0, 700, (5, 2))) for _ in range(30)], object)
    raster = Raster.of(lines)
    general = Overlay.between(lines, raster.squares()).shares
    np.testing.assert_allclose(raster.shares.toarray(), general.toarray(), atol=1e-9)


def test_a_diagonal_by_hand():
    raster = Raster.of([LineString([(0, 0), (300, 150)])])
    cells = dict(
        zip(zip(raster.column.tolist(), raster.row.tolist(), strict=True), raster.cells(np.array([6.0])), strict=True)
    )
    assert cells == pytest.approx({(0, 0): 2.0, (1, 0): 2.0, (2, 1): 2.0})


def test_parts_are_not_joined_and_a_point_lies_in_one_cell():
    parts = MultiLineString([[(10, 10), (60, 10)], [(910, 10), (960, 10)]])
    still = LineString([(250, 250), (250, 250)])
    raster = Raster.of([parts, still])
    assert raster.cells(np.array([1.0, 0.0])).tolist() == [0.5, 0.0, 0.5]
    assert raster.cells(np.array([0.0, 1.0])).tolist() == [0.0, 1.0, 0.0]


def test_the_sample_city_keeps_its_mass(sample):
    lines = sample["roads"].geometry.to_numpy()
    raster = Raster.of(lines)
    length = shapely.length(lines)
    assert raster.cells(length).sum() == pytest.approx(length.sum(), rel=1e-12)


def test_what_can_not_be_cut_is_refused():
    with pytest.raises(TwinError, match="no side of a cell"):
        Raster.of([LineString([(0, 0), (1, 1)])], 0)
    with pytest.raises(TwinError, match="1 lines are empty, first number 1"):
        Raster.of([LineString([(0, 0), (1, 1)]), LineString()])
