"""Tables as data: defaults, limits, closed lists; every problem at once."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, Polygon, box

from twin import SchemaError, TwinError, schema

KINDS = {"id", "extensive", "intensive", "category", ""}
TYPES = {"str", "float", "int", "bool", "category", "polygon", "line", "point"}


@pytest.mark.parametrize("name", schema.names())
def test_every_column_is_described(name):
    rows = schema.spec(name)
    assert set(rows["kind"]) <= KINDS
    assert set(rows["type"]) <= TYPES
    assert (rows["description"].str.len() > 3).all()
    assert not ((rows["kind"] == "") & rows["type"].isin(["float", "int"])).any()
    assert (rows.loc[rows["type"] == "category", "categories"] != "").all()
    numbers = rows["low"].notna() & rows["high"].notna()
    assert (rows.loc[numbers, "low"] < rows.loc[numbers, "high"]).all()


def buildings(**columns):
    table = {"building_id": ["a", "b"], **columns}
    shapes = [box(0, 0, 9, 9), box(20, 0, 29, 9)]
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:3007")


def test_defaults_and_types_are_set():
    done = schema.validate(buildings(use=["office", None], year_built=["1990", ""]), "buildings")
    assert done["use"].dtype == "category"
    assert np.isnan(done["year_built"].iloc[1])
    assert done["pv_area_m2"].tolist() == [0.0, 0.0]
    assert list(done.columns)[: len(schema.columns_of("buildings"))] == schema.columns_of("buildings")


def test_all_problems_come_together():
    table = buildings(
        height_m=[-3.0, 900.0],
        year_built=[12, 3000],
        floor_area_m2=[-1, 5e6],
        use=["ofice", "office"],
        storeys=["2,5", "x"],
    )
    with pytest.raises(SchemaError) as caught:
        schema.validate(table.assign(building_id="a"), "buildings")
    found = {(p.column, p.first) for p in caught.value.problems}
    assert {c for c, _ in found} == {"building_id", "height_m", "year_built", "floor_area_m2", "use", "storeys"}
    text = str(caught.value)
    for words in (
        "-3 is below 0 m",
        "900 is above 350 m",
        "did you mean 'office'",
        "write a decimal point",
        "used more than once",
    ):
        assert words in text


def test_shapes_are_checked():
    bow = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    for shape, words in (
        (bow, "not a valid polygon (Self-intersection"),
        (LineString([(0, 0), (1, 1)]), "is not a polygon"),
        (None, "has no geometry"),
        (Polygon(), "has no geometry"),
    ):
        with pytest.raises(SchemaError) as caught:
            schema.validate(
                buildings().set_geometry(gpd.GeoSeries([shape, box(0, 0, 1, 1)], crs="EPSG:3007")), "buildings"
            )
        assert words in str(caught.value)
        assert "first: a" in str(caught.value)


def test_a_plant_may_lie_nowhere_but_not_be_an_area():
    plant = {"unit_id": ["p"], "name": ["P"], "fuel": ["waste"], "capacity_mw": [5], "merit_order": [1]}
    nowhere = gpd.GeoDataFrame(plant, geometry=gpd.GeoSeries([None], crs="EPSG:3007"))
    assert len(schema.validate(nowhere, "heat_supply")) == 1
    assert len(schema.validate(nowhere.set_geometry([Point(0, 0)], crs="EPSG:3007"), "heat_supply")) == 1
    with pytest.raises(SchemaError, match="is not a point"):
        schema.validate(nowhere.set_geometry([box(0, 0, 1, 1)], crs="EPSG:3007"), "heat_supply")


def test_a_missing_column_is_explained():
    with pytest.raises(SchemaError, match=r"population: .*column is missing.*Inhabitants"):
        schema.validate(pd.DataFrame({"area_id": ["a"]}), "population")


def test_validation_leaves_its_input_alone_and_repeats_itself():
    raw = buildings(use=["office", "school"])
    before = raw.copy()
    once = schema.validate(raw, "buildings")
    pd.testing.assert_frame_equal(raw, before)
    pd.testing.assert_frame_equal(schema.validate(once, "buildings"), once)


def test_unknown_names():
    with pytest.raises(TwinError, match="did you mean 'buildings'"):
        schema.spec("building")
    with pytest.raises(SchemaError, match="infinite"):
        schema.validate(buildings(height_m=[np.inf, 3]), "buildings")


@pytest.mark.parametrize("name", schema.names())
def test_an_empty_table_has_every_column(name):
    assert list(schema.empty(name, "EPSG:3007").columns) == schema.columns_of(name)
