"""The city never changes in place."""

import numpy as np
import pytest

from twin import City, TwinError, crs


def test_with_table_gives_a_new_city(city):
    fewer = city.with_table("buildings", city["buildings"].iloc[:2])
    assert (len(fewer["buildings"]), len(city["buildings"])) == (2, 6)
    with pytest.raises(TypeError):
        city.tables["x"] = 1
    with pytest.raises(TwinError):
        city.with_table("buildings", city["buildings"].assign(height_m=-1.0))


def test_clip_keeps_what_lies_inside(city):
    part = city.clip("a1")
    assert part["buildings"]["building_id"].tolist() == ["b0", "b1", "b2"]
    assert len(part["areas"]) == len(city["areas"])
    assert len(city.clip("s1")["buildings"]) == 6
    with pytest.raises(TwinError, match="no area 'a9'"):
        city.clip("a9")


def test_a_table_that_is_not_there(city):
    assert len(city.get("charging")) == 0
    with pytest.raises(TwinError, match="did you mean 'roads'"):
        city["road"]
    assert "areas" in city
    assert "Teststad" in repr(city)
    assert set(city) == set(city.tables)
    assert City("Tom", "EPSG:3007", {}).get("areas").empty


def test_goteborg_in_three_systems():
    """Known point: SWEREF 99 12 00 (147000, 6399000) by Lantmäteriet's parameters of the projection."""
    lon_lat = crs.transform(np.array([[147_000.0, 6_399_000.0]]), "EPSG:3007", "EPSG:4326")
    tm = crs.transform(lon_lat, "EPSG:4326", "EPSG:3006")
    back = crs.transform(tm, "EPSG:3006", "EPSG:3007")
    np.testing.assert_allclose(back, [[147_000, 6_399_000]], atol=1e-3)
    assert 318_000 < tm[0, 0] < 320_000


def test_heights_are_not_moved_without_their_grid():
    with pytest.raises(TwinError, match="is not installed"):
        crs.vertical_transformer("EPSG:5845", "EPSG:4979")
    assert crs.compound("EPSG:3006") == "EPSG:5845"
    with pytest.raises(TwinError, match="no compound code"):
        crs.compound("EPSG:3857")
    with pytest.raises(TwinError, match="is not a coordinate system"):
        crs.parse("EPSG:99999999")
