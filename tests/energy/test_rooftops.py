"""Roofs: geometry against known figures and pvlib, energy kept from face to city."""

import numpy as np
import pandas as pd
import pvlib
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity

from energy.buildings.season import irradiation_w_m2
from energy.electrification.end_use import EndUse
from energy.electrification.hourly_electricity import aggregate, self_consumption
from energy.electrification.rooftops import ground_cover_ratio, is_pitched, long_side, rooftops
from twin import Factors
from twin.errors import SchemaError

F = Factors.read().at(2024)


def houses(shapes, use="single_family", height=6.0):
    n = len(shapes)
    uses = [use] * n if isinstance(use, str) else use
    return pd.DataFrame(
        {
            "building_id": [f"b{k}" for k in range(n)],
            "geometry": np.array(shapes, object),
            "use": pd.Categorical(uses),
            "height_m": np.full(n, height),
        }
    )


@pytest.fixture(scope="module")
def weather(sample):
    return sample["weather"]


@pytest.fixture(scope="module")
def roofs(sample, weather):
    return rooftops(sample["buildings"], weather, F)


@given(st.floats(1, 60), st.floats(3, 60))
def test_the_distance_of_rows_is_that_of_the_published_masking_angle(tilt, limit):
    found = pvlib.shading.masking_angle(tilt, ground_cover_ratio(tilt, limit), 0.0)
    assert found == pytest.approx(limit, rel=1e-9)


def test_rows_that_lie_flat_cover_the_roof():
    assert ground_cover_ratio(0.0, 15.0) == 1.0
    assert ground_cover_ratio(30.0, 10.0) < ground_cover_ratio(10.0, 10.0) < ground_cover_ratio(10.0, 20.0)


@given(st.floats(0, 179.99), st.floats(3, 9), st.floats(9.5, 40))
def test_the_long_side_of_a_turned_rectangle(turned, short, long):
    shape = affinity.rotate(shapely.box(0, 0, short, long), -turned)  # clockwise, from a long side towards north
    direction, width = long_side(np.array([shape]))
    off = abs(direction[0] - turned)
    assert min(off, 180 - off) < 1e-6
    assert width[0] == pytest.approx(short, rel=1e-9)


def test_which_roofs_are_pitched():
    use = pd.Series(["single_family", "single_family", "multi_family", "multi_family", "office"], dtype="category")
    height, width = np.array([6.0, 6.0, 8.0, 20.0, 6.0]), np.array([9.0, 30.0, 10.0, 10.0, 9.0])
    assert is_pitched(use, height, width, F).tolist() == [True, False, True, False, False]


def test_a_house_by_hand(weather):
    """A ridge from west to east: one face looks south, the other north and is too dark."""
    house = rooftops(houses([shapely.box(0, 0, 12, 8)]), weather, F)
    assert house.azimuth_deg[house.plane].tolist() == [180.0]
    cells = 96 / 2 / np.cos(np.deg2rad(27)) * 0.7
    assert house.cells_m2[0] == pytest.approx(cells)
    sun = irradiation_w_m2(weather, 27.0, 180.0, F["season.albedo"]).sum() / 1000
    assert house.yearly_kwh[0] == pytest.approx(cells * sun * 0.21 * 0.85)
    turned = rooftops(houses([shapely.box(0, 0, 8, 12)]), weather, F)  # east and west: both faces
    assert sorted(turned.azimuth_deg[turned.plane].tolist()) == [90.0, 270.0]
    assert turned.cells_m2.sum() == pytest.approx(2 * cells)


def test_a_flat_roof_by_hand_and_its_hole(weather):
    block = shapely.box(0, 0, 40, 30).difference(shapely.box(10, 10, 30, 20))
    roof = rooftops(houses([block], "office"), weather, F)
    assert roof.roof_m2[0] == 1000.0
    assert roof.cells_m2[0] == pytest.approx(1000 * 0.6 * ground_cover_ratio(15, 15))
    assert (roof.tilt_deg[roof.plane[0]], roof.azimuth_deg[roof.plane[0]]) == (15.0, 180.0)


def test_swedish_roofs_give_what_swedish_roofs_give(roofs):
    per_kw = roofs.yearly_kwh / (roofs.cells_m2 * F["photovoltaics.efficiency"])
    assert 650 < per_kw.min() < per_kw.max() < 1150


def test_energy_is_the_same_by_face_by_building_by_hour_and_by_area(roofs, sample):
    n = len(sample["buildings"])
    assert roofs.building_kwh.sum() == pytest.approx(roofs.yearly_kwh.sum(), rel=1e-12)
    use = roofs.potential()
    row = int(roofs.building_kwh.argmax())
    assert use.building_kw(row).sum() == pytest.approx(roofs.building_kwh[row], rel=1e-9)
    direct = sum(roofs.cells_m2[k] * roofs.kw_m2[roofs.plane[k]] for k in np.flatnonzero(roofs.building == row))
    np.testing.assert_allclose(use.building_kw(row), direct, rtol=1e-9, atol=1e-12)
    area = np.arange(n) % 5
    flat = EndUse.of("household", np.zeros(n, np.int64), np.full(n, 5000.0), np.full((1, 8760), 1 / 8760))
    load = aggregate([flat], area, 5, [use])
    assert load.made_kwh.sum() == pytest.approx(roofs.yearly_kwh.sum(), rel=1e-12)
    table = self_consumption(load)
    np.testing.assert_allclose(table["pv_kwh"], table["self_consumed_kwh"] + table["export_kwh"], rtol=1e-9)
    assert (table["export_kwh"].iloc[:5] > 0).all()
    assert (roofs.building_cells_m2 <= roofs.roof_m2 / np.cos(np.deg2rad(27)) + 1e-9).all()


def test_installed_cells_keep_the_year_s_result(roofs, sample):
    n = len(sample["buildings"])
    given_ = np.random.default_rng(2).uniform(0, 9000, n)
    use = roofs.installed(given_)
    np.testing.assert_allclose(np.bincount(use.building, use.energy_kwh, n), given_, rtol=1e-9)


def test_a_roof_that_is_held_to_carry_nothing_keeps_the_cells_that_it_has(weather):
    none = rooftops(houses([shapely.box(0, 0, 12, 8)]), weather, {**F, "photovoltaics.pitched_usable_share": 0.0})
    assert none.building_kwh.tolist() == [0.0]
    use = none.installed(np.array([500.0]))
    assert use.building_kw(0).sum() == pytest.approx(500.0)


def test_the_sun_is_reckoned_once_a_class(roofs):
    assert roofs.kw_m2.shape == (17, 8760)
    south = roofs.irradiation_kwh_m2[:16].argmax()
    assert roofs.azimuth_deg[south] == 180.0
    np.testing.assert_allclose(roofs.kw_m2.sum(axis=1), roofs.irradiation_kwh_m2 * 0.21 * 0.85, rtol=1e-9)


def test_every_bad_roof_is_told(weather):
    bad = houses([None, shapely.Polygon(), shapely.Point(0, 0), shapely.box(0, 0, 1, 1)])
    bad.loc[3, "height_m"] = np.nan
    bad.loc[2, "use"] = None
    with pytest.raises(SchemaError) as caught:
        rooftops(bad, weather, F)
    assert [(p.column, p.count, p.first) for p in caught.value.problems] == [
        ("geometry", 2, "b0"), ("geometry", 1, "b2"), ("height_m", 1, "b3"), ("use", 1, "b2")
    ]  # fmt: skip
