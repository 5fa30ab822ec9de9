"""Heat on a grid is conserved, areas hang together, and classes are those that were published."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from benchmarks._footprints import footprints
from energy.annuity import annuity
from energy.district_heating.potential.density import Cells, areas, candidate_areas, classify, heat_density, threshold
from energy.district_heating.potential.effective_width import prescreen
from twin import Factors, SchemaError, TwinError, reference
from twin.overlay import Overlay

at = st.floats(-500, 500)
size = st.floats(0.5, 400)
turn = st.floats(0, 360)


@st.composite
def outlines(draw):
    """Turned rectangles, some with a hole, some of two parts, clockwise or not."""
    shapes = []
    for _ in range(draw(st.integers(1, 5))):
        x, y, a, b = draw(at), draw(at), draw(size), draw(size)
        shape = shapely.box(x, y, x + a, y + b, ccw=draw(st.booleans()))
        if draw(st.booleans()):
            hole = shapely.box(x + a / 4, y + b / 4, x + a / 2, y + b / 2, ccw=draw(st.booleans()))
            shape = shapely.Polygon(shape.exterior.coords, [hole.exterior.coords])
        if draw(st.booleans()):
            shape = shapely.MultiPolygon([shape, shapely.box(x - b - 1, y, x - 1, y + a)])
        shapes.append(shapely.affinity.rotate(shape, draw(turn), origin="centroid"))
    return np.array(shapes, object)


@settings(max_examples=100, deadline=None)
@given(outlines(), st.sampled_from([50.0, 100.0, 130.5]))
def test_cells_hold_exactly_the_share_of_the_outline_and_nothing_is_lost(shapes, size_m):
    cells = Cells.under(shapes, size_m)
    heat = np.linspace(1e3, 1e6, len(shapes))
    assert cells.sum(heat).sum() == pytest.approx(heat.sum(), rel=1e-9)
    np.testing.assert_allclose(cells.overlay.shares.sum(axis=0), 1, rtol=1e-12)
    whole = shapely.area(shapes)
    cut = shapely.area(shapely.intersection(cells.polygons()[:, None], shapes[None, :]))
    np.testing.assert_allclose(cells.overlay.shares.toarray() * whole, cut, atol=1e-6)


def test_city_coordinates_cost_no_accuracy():
    shapes = footprints(500)
    cells = Cells.under(shapes)
    by_geos = Overlay.between(shapes, cells.polygons()).shares
    assert abs(cells.overlay.shares - by_geos).max() < 1e-9


def test_a_large_city_keeps_its_heat():
    shapes = footprints(60_000)
    heat = np.random.default_rng(1).uniform(1e3, 3e5, len(shapes))
    cells = Cells.under(shapes)
    table = heat_density(cells, heat, heat / 100)
    found = areas(cells, table, candidate_areas(cells, table["heat_mwh"].to_numpy(), 300, 1))
    assert table["heat_mwh"].sum() == pytest.approx(heat.sum() / 1000, rel=1e-9)
    assert len(found) > 0


def grid(heat):
    """Cells of 100 m that hold one small building each, with the heat of a picture."""
    row, column = np.nonzero(heat > 0)
    shapes = shapely.box(column * 100 + 10, row * 100 + 10, column * 100 + 20, row * 100 + 20)
    return Cells.under(shapes), heat[row, column]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 900), st.floats(0, 5))
def test_candidate_areas_are_those_of_an_image_library(seed, least_mwh_ha, least_gwh):
    rng = np.random.default_rng(seed)
    heat = rng.uniform(1, 1000, (12, 9)) * (rng.random((12, 9)) < 0.5)
    cells, mwh = grid(heat)
    found = candidate_areas(cells, mwh, least_mwh_ha, least_gwh)
    labels, count = ndimage.label((heat >= least_mwh_ha) & (heat > 0), structure=np.ones((3, 3)))
    sums = ndimage.sum(heat, labels, np.arange(1, count + 1)) if count else np.array([])
    kept = sorted((s for s in sums if s >= least_gwh * 1000), reverse=True)
    own = [mwh[found == k].sum() for k in range(found.max() + 1)]
    np.testing.assert_allclose(own, kept)
    of_picture = labels[cells.row, cells.column]
    for k in range(found.max() + 1):
        assert len(set(of_picture[found == k])) == 1
    assert (mwh[found >= 0] >= least_mwh_ha).all()


def test_areas_tell_their_land_their_heat_and_their_shape():
    heat = np.zeros((3, 4))
    heat[0, 0], heat[1, 1], heat[0, 3] = 500, 700, 400
    cells, mwh = grid(heat)
    table = heat_density(cells, mwh * 1000, np.full(3, 2500.0))
    found = areas(cells, table, candidate_areas(cells, table["heat_mwh"].to_numpy(), 333, 0.3))
    assert found["cells"].tolist() == [2, 1]
    assert found["heat_gwh"].tolist() == pytest.approx([1.2, 0.4])
    assert found["plot_ratio"].tolist() == pytest.approx([0.25, 0.25])
    assert [g.area for g in found["geometry"]] == [20_000, 10_000]
    none = areas(cells, table, candidate_areas(cells, table["heat_mwh"].to_numpy(), 900, 0))
    assert none.empty
    assert "geometry" in none


def test_a_city_without_buildings_has_no_cells():
    cells = Cells.under(np.array([], object))
    assert len(cells.polygons()) == 0
    table = heat_density(cells, np.array([]), np.array([]))
    assert table.empty
    assert candidate_areas(cells, table["heat_mwh"].to_numpy(), 1, 1).tolist() == []


def test_published_limits_of_density(root):
    """Re-typed from the pages of nPro, VICUS and guidetodistrictheating.eu."""
    cases = pd.read_csv(root / "tests" / "reference" / "density_classes.csv")
    for preset, rows in cases.groupby("preset"):
        assert classify(rows["value"].to_numpy(), str(preset)).tolist() == rows["class"].tolist(), preset


@given(st.lists(st.floats(0, 1e4), min_size=2), st.sampled_from(["npro", "vicus", "french", "danish", "hotmaps_cell"]))
def test_more_heat_never_lowers_the_class(values, preset):
    codes = classify(np.sort(values), preset).codes
    assert (codes >= 0).all()
    assert (np.diff(codes) >= 0).all()


def test_every_preset_begins_at_nothing_and_has_one_measure():
    for name, rows in reference.table("density_presets").groupby("preset", sort=False):
        assert rows["lower"].iloc[0] == 0, name
        assert rows["lower"].is_monotonic_increasing, name
        assert len(set(rows["measure"])) == 1, name
        assert set(rows["lower_included"]) <= {"yes", "no"}, name
    assert threshold("hotmaps_area") > 1


def test_what_is_wrong_is_named_all_at_once():
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 9)])
    bad = np.array([shapely.box(0, 0, 1, 1), None, shapely.Point(0, 0), shapely.Polygon(), bow_tie], object)
    with pytest.raises(SchemaError) as caught:
        Cells.under(bad)
    assert [(p.count, p.first) for p in caught.value.problems] == [(3, "row 1"), (1, "row 4")]
    with pytest.raises(SchemaError, match="positive number of metres"):
        Cells.under(bad[:1], 0)
    with pytest.raises(SchemaError) as caught:
        heat_density(Cells.under(bad[:1]), np.array([np.nan]), np.array([-1.0]))
    assert [p.column for p in caught.value.problems] == ["heat_kwh", "floor_area_m2"]
    with pytest.raises(TwinError, match="did you mean 'npro'"):
        classify(np.array([1.0]), "npr")
    with pytest.raises(TwinError, match="negative"):
        classify(np.array([-1.0]), "npro")


def test_distribution_costs_of_persson_and_werner_worked_by_hand(root):
    """The formulas with the constants of the factors; each row was calculated apart from the code."""
    f = Factors.read().at(2024)
    cases = pd.read_csv(root / "tests" / "reference" / "effective_width.csv")
    for row in cases.itertuples():
        table = pd.DataFrame({"density_mwh_ha": [row.density_mwh_ha], "plot_ratio": [row.plot_ratio]})
        found = prescreen(table, row.setting, f).iloc[0]
        assert found["effective_width_m"] == pytest.approx(row.effective_width_m, rel=1e-4)
        assert found["linear_density_mwh_m"] == pytest.approx(row.linear_density_mwh_m, rel=1e-4)
        assert found["pipe_diameter_m"] == pytest.approx(row.pipe_diameter_m, rel=1e-3)
        assert found["distribution_cost_sek_mwh"] == pytest.approx(row.cost_eur_mwh * f["money.sek_per_eur"], rel=2e-3)


@given(st.floats(1, 3000), st.floats(0.01, 4), st.floats(1.01, 3))
def test_denser_heat_is_cheaper_to_distribute_and_parks_cheaper_than_streets(density, ratio, more):
    f = Factors.read().at(2024)
    table = pd.DataFrame({"density_mwh_ha": [density, density * more], "plot_ratio": [ratio, ratio]})
    cost = {
        s: prescreen(table, s, f)["distribution_cost_sek_mwh"].to_numpy() for s in ("inner_city", "outer_city", "park")
    }
    assert cost["inner_city"][1] < cost["inner_city"][0]
    assert (cost["park"] < cost["outer_city"]).all()
    assert (cost["outer_city"] < cost["inner_city"]).all()


def test_land_without_heat_has_no_cost_and_heat_without_floor_is_unknown():
    f = Factors.read().at(2024)
    table = pd.DataFrame({"density_mwh_ha": [0.0, 0.0, 100.0], "plot_ratio": [0.0, 0.3, 0.0]}, index=[7, 8, 9])
    found = prescreen(table, np.array(["park", "inner_city", "park"], object), f)
    assert found.index.tolist() == [7, 8, 9]
    assert found["linear_density_mwh_m"].tolist()[:2] == [0, 0]
    assert found[["pipe_diameter_m", "distribution_cost_sek_mwh"]].isna().all(axis=None)
    assert found["effective_width_m"].isna().tolist() == [True, False, True]
    assert np.isnan(found.loc[9, "linear_density_mwh_m"])
    with pytest.raises(TwinError, match="did you mean 'park'"):
        prescreen(table, "parks", f)


@given(st.floats(0, 0.2), st.floats(1, 80))
def test_an_annuity_pays_back_the_loan(rate, years):
    worth = years if rate < 1e-9 else (1 - (1 + rate) ** -years) / rate
    assert float(annuity(rate, years)) * worth == pytest.approx(1, rel=1e-6)
