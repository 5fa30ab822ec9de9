"""What is missing is filled from the best source there is, and says which it was."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, box

from layers.assembly import assemble
from layers.heights import fill_heights
from layers.terrain import slopes, zonal_percentile
from twin import Factors, schema
from twin.surface import Surface

CRS = "EPSG:3007"
F = Factors.read().at(2024)
X, Y = 147_000.0, 6_399_000.0


def table(shapes, **columns):
    frame = gpd.GeoDataFrame(
        {"building_id": [f"b{i}" for i in range(len(shapes))], **columns}, geometry=shapes, crs=CRS
    )
    return schema.validate(frame, "buildings")


def flat(height, west=X, cells=20, cell=2.0):
    return Surface(np.full((cells, cells), height), west, Y + cells * cell, cell, CRS)


def test_heights_fall_through_the_chain():
    shapes = [box(X + 4, Y + 4, X + 12, Y + 12), *(box(X + 100 * k, Y, X + 100 * k + 10, Y + 10) for k in range(1, 6))]
    buildings = table(
        shapes,
        height_m=[99.0, np.nan, 14.0, np.nan, np.nan, np.nan],
        storeys=[1, 1, 1, 4, np.nan, np.nan],
        use=["office", "office", "office", "multi_family", "single_family", "other"],
        ground_m=[np.nan] + [10.0] * 5,
    )
    done, notes = fill_heights(
        buildings, CRS, terrain=flat(10.0), surface=flat(31.0), mesh=flat(22.0, west=X + 80), f=F
    )
    assert done["height_source"].tolist() == ["surface", "mesh", "attribute", "storeys", "archetype", "default"]
    np.testing.assert_allclose(
        done["height_m"],
        [21, 12, 14, 4 * F["height.storey.home"], F["height.archetype.single_family"], F["height.default"]],
    )
    uncertainty = done["height_uncertainty_m"]
    assert uncertainty.iloc[0] < uncertainty.iloc[3] < uncertainty.iloc[5] * 2
    assert uncertainty.notna().all()
    assert notes[0].startswith("heights: 1 from")


def test_low_buildings_are_raised_and_counted():
    done, notes = fill_heights(
        table([box(X, Y, X + 5, Y + 5)], height_m=[0.3]), CRS, terrain=None, surface=None, mesh=None, f=F
    )
    assert done["height_m"].tolist() == [2.5]
    assert done["height_uncertainty_m"].iloc[0] >= 2.2
    assert "1 heights below 2.5 m were raised to it" in notes


def test_the_percentile_is_numpy_s():
    rng = np.random.default_rng(3)
    surface = Surface(rng.uniform(0, 30, (40, 40)), X, Y + 80, 2.0, CRS)
    shape = box(X + 10, Y + 10, X + 50, Y + 40)
    inside = surface.z[20:35, 5:25]
    found = zonal_percentile(surface, np.array([shape]), CRS, 90.0)
    assert found[0] == np.percentile(inside, 90)
    tiny = zonal_percentile(surface, np.array([box(X + 11.9, Y + 11.9, X + 12.1, Y + 12.1)]), CRS, 90.0)
    assert np.isfinite(tiny[0])
    assert np.isnan(zonal_percentile(surface, np.array([box(X - 50, Y, X - 40, Y + 9)]), CRS, 90.0)[0])


def test_streets_climb_as_the_ground_does_within_reason():
    hill = Surface(np.tile(np.arange(50.0), (20, 1)), X, Y + 40, 2.0, CRS)
    lines = np.array([LineString([(X + 1, Y + 20), (X + 61, Y + 20)]), LineString([(X + 61, Y + 20), (X + 1, Y + 20)])])
    np.testing.assert_allclose(slopes(lines, hill, CRS, F), [F["road.steepest"], -F["road.steepest"]])


def completed(buildings, **tables):
    notes = {k: [] for k in ("buildings", "declarations", "heat_pipes", "areas", "population", "roads")}
    return assemble({"buildings": buildings, **tables}, {}, CRS, 2024, notes)["buildings"], notes["buildings"]


@pytest.mark.parametrize(
    ("column", "heating"),
    [
        ("exhaust_air_heat_pump_kwh", "exhaust_air_heat_pump"),
        ("air_heat_pump_kwh", "air_heat_pump"),
        ("wood_kwh", "biofuel"),
    ],
)
def test_the_largest_declared_carrier_is_the_heating(column, heating):
    buildings = table([box(X, Y, X + 20, Y + 20)], use=["single_family"], year_built=[1980], height_m=[5.0])
    told = {"declaration_id": ["7"], "building_id": ["b0"], "floor_area_m2": [150.0], "direct_electric_kwh": [900.0]}
    done, _ = completed(buildings, declarations=schema.validate(pd.DataFrame({**told, column: [5e3]}), "declarations"))
    assert (done["heating"].iloc[0], done["heating_source"].iloc[0]) == (heating, "declaration")


def test_years_come_from_data_declaration_neighbours_default():
    shapes = [box(X + 40 * k, Y, X + 40 * k + 20, Y + 20) for k in range(3)] + [box(X + 5000, Y, X + 5020, Y + 20)]
    buildings = table(shapes, use=["multi_family"] * 4, year_built=[1931, None, None, None], height_m=[10.0] * 4)
    declared = schema.validate(
        pd.DataFrame({"declaration_id": ["7"], "building_id": ["b1"], "year_built": [1935], "floor_area_m2": [900.0], "storeys": [5], "district_heating_kwh": [9e4], "ventilation": ["FTX"]}),
        "declarations",
    )  # fmt: skip
    done, notes = completed(buildings, declarations=declared)
    assert done["year_source"].tolist() == ["data", "declaration", "neighbours", "default"]
    assert done["year_built"].tolist() == [1931, 1935, 1933, F["completion.year.other"]]
    assert done["floor_area_source"].tolist() == ["storeys", "declaration", "storeys", "storeys"]
    assert done["floor_area_m2"].iloc[1] == 900
    assert done["storeys"].iloc[1] == 5
    assert (done["heating"].iloc[1], done["heating_source"].iloc[1]) == ("district_heating", "declaration")
    assert done["ventilation"].iloc[1] == "FTX"
    assert done["declaration_id"].tolist()[1] == "7"
    gross = 400 * done["storeys"] * F["floor_area.atemp_per_gross"]
    np.testing.assert_allclose(done["floor_area_m2"].iloc[[0, 2, 3]], gross.iloc[[0, 2, 3]])
    assert any(n.startswith("year: ") for n in notes)


def test_a_declared_complex_is_shared_by_its_buildings():
    shapes = [box(X, Y, X + 20, Y + 20), box(X + 40, Y, X + 60, Y + 40), box(X + 80, Y, X + 90, Y + 10)]
    buildings = table(
        shapes, use=["multi_family", "multi_family", "ancillary"], storeys=[3, 3, 1], year_built=[1960] * 3,
        declaration_id=["7", "7", "7"], height_m=[9.0, 9.0, 3.0],
    )  # fmt: skip
    declared = schema.validate(pd.DataFrame({"declaration_id": ["7"], "floor_area_m2": [3000.0]}), "declarations")
    done, _ = completed(buildings, declarations=declared)
    np.testing.assert_allclose(done["floor_area_m2"], [1000, 2000, 0])
    assert done["floor_area_source"].tolist() == ["declaration", "declaration", "unheated"]


def test_small_and_ancillary_buildings_stay_but_are_not_heated():
    buildings = table([box(X, Y, X + 3, Y + 3), box(X + 20, Y, X + 40, Y + 20)], use=["multi_family", "ancillary"])
    done, notes = completed(buildings)
    assert len(done) == 2
    assert done["floor_area_m2"].tolist() == [0, 0]
    assert done["heating"].tolist() == ["none", "none"]
    assert any("1 footprints below 15 m2 are kept" in n for n in notes)


def test_large_buildings_beside_a_pipe_are_connected():
    shapes = [box(X, Y, X + 20, Y + 20), box(X + 2000, Y, X + 2020, Y + 20), box(X, Y + 30, X + 10, Y + 40)]
    buildings = table(shapes, use=["office", "office", "single_family"])
    pipe = gpd.GeoDataFrame({"pipe_id": ["p"]}, geometry=[LineString([(X - 30, Y - 10), (X + 60, Y - 10)])], crs=CRS)
    done, _ = completed(buildings, heat_pipes=schema.validate(pipe, "heat_pipes"))
    assert (done["heating"].iloc[0], done["heating_source"].iloc[0]) == ("district_heating", "network")
    assert done["heating_source"].iloc[1] == "default"
    assert done["heating"].iloc[2] != "district_heating"


def test_unknown_uses_count_as_other_and_are_told():
    done, notes = completed(table([box(X, Y, X + 20, Y + 20)]))
    assert (done["use"].iloc[0], done["use_source"].iloc[0]) == ("other", "default")
    assert "1 buildings have no known use and count as other" in notes
