"""Every driver on files as they are found: formats, versions, registers, quirks."""

import gzip
import json
from zipfile import ZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from shapely import LineString, Point, box

import layers
from layers import Context
from layers.codes import use_of
from twin import LAYERS, TwinError

X, Y = 147_000.0, 6_399_000.0


def read(name, folder, crs="", table="", **parameters):
    """Run one driver as the catalogue does; return its table and the notes."""
    spec = LAYERS[name]
    context = Context(table or spec.table or "buildings", "EPSG:3007", folder, crs or spec.crs)
    found = spec.function(context, **spec.check(parameters, name))
    assert not context.problems, context.problems
    return found, context.notes


@pytest.fixture
def houses():
    shapes = [box(X, Y, X + 10, Y + 10), box(X + 50, Y, X + 60, Y + 20)]
    return gpd.GeoDataFrame({"ident": ["å1", "ö2"], "hojd": [9.5, 21.0]}, geometry=shapes, crs="EPSG:3007")


@pytest.mark.parametrize("ending", ["gpkg", "shp", "zip", "geojson", "fgb", "parquet", "geoparquet"])
def test_every_vector_format_gives_the_same_table(tmp_path, houses, ending):
    file = tmp_path / f"houses.{ending}"
    if "parquet" in ending:
        houses.to_parquet(file)
    elif ending == "zip":
        houses.to_file(tmp_path / "z.shp")
        with ZipFile(file, "w") as archive:
            for part in tmp_path.glob("z.*"):
                archive.write(part, part.name)
    elif ending == "geojson":
        houses.to_crs("EPSG:4326").to_file(file)
    else:
        houses.to_file(file)
    (tmp_path / "city.toml").write_text(
        f'[city]\nname = "T"\n[layers.buildings]\nuse = "vector"\npath = "{file.name}"\ncolumns = {{ ident = "building_id", hojd = "height_m" }}\n',
        encoding="utf-8",
    )
    table = layers.load(tmp_path)["buildings"].sort_values("building_id").reset_index(drop=True)
    assert table["building_id"].tolist() == ["å1", "ö2"]
    assert table["height_m"].tolist() == [9.5, 21.0]
    assert table["height_source"].tolist() == ["attribute"] * 2
    np.testing.assert_allclose(table.geometry.area, [100, 200], rtol=1e-5)
    np.testing.assert_allclose(table.total_bounds, houses.total_bounds, atol=1e-3)


def test_columns_values_constants_and_filters(tmp_path, houses):
    houses.assign(typ=["flerbo", "kontor"], ident=["a", "a"]).to_file(tmp_path / "h.gpkg")
    common = {"path": "h.gpkg", "columns": {"ident": "building_id", "typ": "use"}}
    table, notes = read(
        "vector", tmp_path, **common, values={"use": {"flerbo": "multi_family", "kontor": "office"}},
        constants={"owner": "Framtiden"}, duplicate_ids="number",
    )  # fmt: skip
    assert table["use"].tolist() == ["multi_family", "office"]
    assert table["building_id"].tolist() == ["a", "a-2"]
    assert set(table["owner"]) == {"Framtiden"}
    assert any("1 rows repeat an identity" in n for n in notes)
    table, notes = read("vector", tmp_path, path="h.gpkg", where={"typ": ["kontor"]})
    assert len(table) == 1
    assert "1 of 2 rows were left out by where" in notes
    with pytest.raises(TwinError, match="did you mean 'typ'"):
        read("vector", tmp_path, path="h.gpkg", where={"type": ["kontor"]})
    with pytest.raises(TwinError, match="has no layer"):
        read("vector", tmp_path, path="h.gpkg", layer="g")


def test_points_from_a_table(tmp_path):
    (tmp_path / "p.csv").write_text("charger_id,e,n\na,11.97,57.7\n", encoding="utf-8")
    table, _ = read("csv", tmp_path, crs="EPSG:4326", path="p.csv", x="e", y="n")
    assert table.crs == "EPSG:4326"
    with pytest.raises(TwinError, match="no column east"):
        read("csv", tmp_path, path="p.csv", x="east", y="n")


def cube(version, *, seq=False):
    """A cube of 10 x 10 x 12 m as CityJSON of some version."""
    corners = [[x, y, z] for z in (0, 12_000) for x, y in ((0, 0), (10_000, 0), (10_000, 10_000), (0, 10_000))]
    faces = [[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]
    semantics = {
        "surfaces": [{"type": "GroundSurface"}, {"type": "RoofSurface"}, {"type": "WallSurface"}],
        "values": [[0, 1, 2, 2, 2, 2]],
    }
    solid = {"type": "Solid", "lod": 1 if version == "1.0" else "1.2", "boundaries": [faces], "semantics": semantics}
    objects = {
        "h1": {
            "type": "Building",
            "attributes": {"yearOfConstruction": 1968, "storeysAboveGround": 4},
            "geometry": [solid],
        },
        "t1": {"type": "SolitaryVegetationObject", "geometry": []},
    }
    head = {
        "type": "CityJSON", "version": version, "transform": {"scale": [0.001] * 3, "translate": [X, Y, 5.0]},
        "metadata": {"referenceSystem": "urn:ogc:def:crs:EPSG::3007" if version == "1.0" else "https://www.opengis.net/def/crs/EPSG/0/3007"},
    }  # fmt: skip
    if seq:
        feature = {"type": "CityJSONFeature", "id": "h1", "CityObjects": objects, "vertices": corners}
        return "\n".join(json.dumps(x) for x in (head | {"CityObjects": {}, "vertices": []}, feature))
    return json.dumps(head | {"CityObjects": objects, "vertices": corners})


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("a.city.json", "1.0"),
        ("a.city.json", "1.1"),
        ("a.city.json", "2.0"),
        ("a.city.jsonl", "2.0"),
        ("a.city.json.gz", "1.1"),
    ],
)
def test_cityjson_of_every_version(tmp_path, name, version):
    text = cube(version, seq=name.endswith("jsonl"))
    if name.endswith("gz"):
        with gzip.open(tmp_path / name, "wt", encoding="utf-8") as file:
            file.write(text)
    else:
        (tmp_path / name).write_text(text, encoding="utf-8")
    table, notes = read("cityjson", tmp_path, path=name)
    house = table.iloc[0]
    assert (house["building_id"], house["height_m"], house["ground_m"]) == ("h1", 12.0, 5.0)
    assert (house["year_built"], house["storeys"]) == (1968, 4)
    assert house.geometry.area == pytest.approx(100)
    assert table.crs.to_epsg() == 3007
    assert notes == ["not buildings, left out: 1 SolitaryVegetationObject"]


def test_cityjson_without_semantics_takes_what_its_faces_cover(tmp_path):
    model = json.loads(cube("2.0"))
    del model["CityObjects"]["h1"]["geometry"][0]["semantics"]
    (tmp_path / "a.city.json").write_text(json.dumps(model), encoding="utf-8")
    assert read("cityjson", tmp_path, path="a.city.json")[0].geometry.area.tolist() == [pytest.approx(100)]


def test_what_is_no_cityjson_is_refused(tmp_path):
    for text, words in (('{"type": "CityJSON", "version": "3.0"}', "is not CityJSON"), ("{", "is not CityJSON"), ("[1]", "is not CityJSON")):  # fmt: skip
        (tmp_path / "a.json").write_text(text, encoding="utf-8")
        with pytest.raises(TwinError, match=words):
            read("cityjson", tmp_path, path="a.json")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"vertices": [[', '"vertices": [[0, 0, 0, 7], [', "check it with cjval"),
        ('"vertices"', '"points"', "KeyError: 'vertices'"),
        ("3007", "99999", "'EPSG:99999' is not a coordinate system"),
    ],
)
def test_a_broken_city_model_is_told_without_a_traceback(tmp_path, old, new, words):
    text = cube("2.0")
    assert old in text
    (tmp_path / "a.city.json").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(TwinError, match=words):
        read("cityjson", tmp_path, path="a.city.json")


def test_an_archive_of_a_city_model_that_is_none(tmp_path):
    (tmp_path / "a.city.json.gz").write_text("hello", encoding="utf-8")
    with pytest.raises(TwinError, match="BadGzipFile"):
        read("cityjson", tmp_path, path="a.city.json.gz")


@pytest.mark.parametrize(
    ("file", "count"), [("delft.city.json", 160), ("denhaag_01.city.json", 844), ("3dbag_5870.city.jsonl", 54)]
)
def test_real_city_models(shared, file, count):
    table, notes = read("cityjson", shared / "cityjson", crs="EPSG:28992", path=file)
    assert len(table) == count
    assert not any("no surfaces" in n for n in notes)
    assert table.geometry.is_valid.mean() > 0.99
    assert (table["height_m"] > 0).mean() > 0.95
    assert 2 < table["height_m"].median() < 30
    if "3dbag" in file:
        assert table["year_built"].between(1000, 2030).mean() > 0.9


def test_a_height_model_is_read_and_its_blanks_are_counted(tmp_path):
    z = np.add.outer(np.arange(20.0), np.zeros(30)).astype(np.float32)
    z[0, :3] = -9999
    with rasterio.open(
        tmp_path / "d.tif", "w", driver="GTiff", width=30, height=20, count=1, dtype="float32", crs="EPSG:3007",
        nodata=-9999, transform=from_origin(X, Y + 40, 2, 2),
    ) as file:  # fmt: skip
        file.write(z, 1)
    surface, notes = read("geotiff", tmp_path, table="terrain", path="d.tif")
    assert surface.at(np.array([[X + 30, Y + 21]]), "EPSG:3007")[0] == pytest.approx(9.0)
    assert notes == ["3 of 600 cells are unknown"]
    with pytest.raises(TwinError, match="remove the wrong one"):
        read("geotiff", tmp_path, crs="EPSG:3006", table="terrain", path="d.tif")


def test_a_mesh_needs_its_coordinate_system(tmp_path):
    (tmp_path / "m.stl").write_text("solid x\nendsolid x\n", encoding="utf-8")
    with pytest.raises(TwinError, match="states no coordinate system"):
        read("mesh", tmp_path, table="mesh", path="m.stl")


def test_real_declarations_count_once(shared):
    table, notes = read("energy_declarations", shared / "energy_declarations", path="lindholmen_sample.geojson")
    assert sorted(table["declaration_id"]) == ["1099401", "1457832", "930544"]
    one = table.set_index("declaration_id").loc["1457832"]
    assert (one["energy_use_kwh"], one["property_electricity_kwh"], one["district_cooling_kwh"]) == (
        1574354,
        287448,
        436739,
    )
    assert (one["floor_area_m2"], one["category"], one["version"]) == (39611, "premises", 2023)
    assert any("1 rows repeat a declaration" in n for n in notes)


def test_declared_numbers_with_decimal_comma_and_a_complex_of_two_buildings(tmp_path):
    table = gpd.GeoDataFrame(
        {
            "objektidentitet": ["shed", "house"], "FormularId": [7.0, 7.0], "EgenAtemp": ["1 087,5", "1 087,5"],
            "andamal1": ["Komplementbyggnad;", "Bostad;Flerfamiljshus"], "VentTypFTX": ["Ja", "Ja"], "EgiOlja": [None, None],
            "EgiPumpFranluft": [4000, 4000], "EgiPumpLuftLuft": [100, 100], "EgiPumpLuftVatten": [20, 20],
        },
        geometry=[box(X, Y, X + 50, Y + 50), box(X + 90, Y, X + 100, Y + 10)], crs="EPSG:3007",
    )  # fmt: skip
    table.to_file(tmp_path / "d.gpkg")
    found, _ = read("energy_declarations", tmp_path, path="d.gpkg")
    row = found.iloc[0]
    assert (len(found), row["declaration_id"], row["building_id"]) == (1, "7", "house")
    assert (row["floor_area_m2"], row["ventilation"]) == (1087.5, "FTX")
    assert (row["exhaust_air_heat_pump_kwh"], row["air_heat_pump_kwh"]) == (4000, 120)
    assert np.isnan(row["oil_kwh"])  # a blank is not a zero


def test_streets_of_openstreetmap(tmp_path):
    table = gpd.GeoDataFrame(
        {"highway": ["primary", "footway"], "maxspeed": ["50", None], "lanes": ["2", None], "name": ["Avenyn", None]},
        geometry=[LineString([(11.97, 57.7), (11.98, 57.7)]), LineString([(11.97, 57.71), (11.98, 57.71)])], crs="EPSG:4326",
    )  # fmt: skip
    table.to_file(tmp_path / "s.geojson")
    found, _ = read("osm_roads", tmp_path, path="s.geojson")
    assert found["road_class"].tolist() == ["primary", "pedestrian_cycle"]
    assert found["posted_speed_kmh"].iloc[0] == 50
    assert np.isnan(found["aadt"].iloc[0])
    assert found["aadt"].iloc[1] == 0


def test_an_extract_of_openstreetmap_as_it_is_downloaded(shared):
    osm = shared / "second_city"
    table, notes = read("osm_buildings", osm, path="helsinki.osm.pbf", layer="multipolygons")
    assert len(table) == 482  # of 494; the edge of the extract cuts twelve down to a line
    assert table["building_id"].notna().all()
    assert table["building_id"].is_unique
    assert (table["storeys"].notna() & (table["use"] == "multi_family")).sum() > 5  # from the text of other tags
    assert any("areas without a building tag were left out" in n for n in notes)
    streets, notes = read("osm_roads", osm, path="helsinki.osm.pbf", layer="lines")
    assert streets["road_class"].notna().all()
    assert streets["posted_speed_kmh"].notna().sum() > 200
    assert "3 streets that are not in use were left out" in notes
    assert any("lines without a highway tag" in n for n in notes)


def test_an_unknown_class_of_street_is_a_problem_that_names_it(tmp_path):
    gpd.GeoDataFrame({"highway": ["gangplank"]}, geometry=[LineString([(11.97, 57.7), (11.98, 57.7)])], crs="EPSG:4326").to_file(tmp_path / "s.geojson")  # fmt: skip
    context = Context("roads", "EPSG:3007", tmp_path)
    LAYERS["osm_roads"].function(context, path="s.geojson")
    assert "gangplank" in str(context.problems[0])
    assert len(context.problems) == 1


def test_real_roads_of_lantmateriet_and_nvdb(shared):
    roads, _ = read("lantmateriet_roads", shared / "roads_central", crs="EPSG:3006", path="vl_riks_central_gbg.shp")
    assert len(roads) == 1091
    assert roads["road_class"].notna().all()
    assert roads["tunnel"].any()
    nvdb, notes = read("nvdb_roads", shared / "nvdb_vasastan", crs="EPSG:3006", path="nvdb.gpkg")
    assert nvdb["posted_speed_kmh"].notna().mean() > 0.9
    assert set(nvdb["posted_speed_kmh"].dropna()) <= {20, 30, 40, 50, 60, 70, 80, 90, 100, 110}
    assert any("no functional class" in n for n in notes)


def test_the_population_of_goteborg(shared):
    table, notes = read(
        "goteborg_population", shared / "population", path="primaromraden_population_2025-12-31.csv", year=2025
    )
    assert table["population"].sum() == 613_276
    assert "are placed in no area" in notes[0]


def test_a_charging_station(shared):
    table, _ = read("nobil", shared / "charging", path="nobil_sample.json")
    assert table["charger_id"].tolist() == ["32611"]
    assert table.to_crs("EPSG:3007").geometry.iloc[0].distance(Point(X, Y)) < 15_000


def test_pipes_in_metres(tmp_path):
    shapes = [LineString([(X, Y), (X + 10, Y)]), Point(X, Y)]
    gpd.GeoDataFrame({"dn": [0.2, np.nan]}, geometry=shapes, crs="EPSG:3007").to_file(tmp_path / "p.gpkg")
    table, notes = read("heat_pipes", tmp_path, path="p.gpkg", columns={"dn": "diameter_mm"}, diameter_unit="m")
    assert table["diameter_mm"].tolist() == [200.0]
    assert table["pipe_id"].tolist() == ["pipe-1"]
    assert len(notes) == 1
    assert notes[0].startswith("1 shapes that are not lines were left out, first: row 1 at 147000, 6399000 (Point)")


def test_weather_of_goteborg(shared):
    file = "SWE_VG_Goteborg.City.AP.025120_TMYx.2009-2023.epw"
    table, _ = read("epw", shared / "weather", path=file)
    assert len(table) == 8760
    assert table["temp_air_c"].mean() == pytest.approx(8.71, abs=0.01)
    assert table.attrs["utc_offset_h"] == 1.0


@pytest.mark.parametrize(
    ("code", "use"),
    [(130, "single_family"), (133, "multi_family"), ("Bostad;Flerfamiljshus", "multi_family"), ("Komplementbyggnad;", "ancillary"), ("Industri;Kemisk industri", "industry")],
)  # fmt: skip
def test_lantmateriet_s_purposes(code, use):
    assert use_of(pd.Series([code])).tolist() == [use]


@pytest.mark.parametrize(("tag", "use"), [("apartments", "multi_family"), ("house", "single_family"), ("school", "school"), ("garage", "ancillary"), ("office", "office")])  # fmt: skip
def test_openstreetmap_s_buildings(tag, use):
    assert use_of(pd.Series([tag]), "osm").tolist() == [use]


def test_buildings_of_openstreetmap(tmp_path):
    gpd.GeoDataFrame(
        {"osm_id": [1, 2, 3], "building": ["apartments", "yes", "house"], "height": ["12 m", None, None], "building_levels": [None, "3", "2;3"]},
        geometry=[box(X, Y, X + 9, Y + 9), box(X + 20, Y, X + 29, Y + 9), Point(X, Y)], crs="EPSG:3007",
    ).to_file(tmp_path / "o.gpkg")  # fmt: skip
    table, notes = read("osm_buildings", tmp_path, path="o.gpkg")
    assert table["height_m"].iloc[0] == 12
    assert table["storeys"].iloc[1] == 3
    assert "1 shapes that are not areas were left out" in notes


def test_layers_are_read_after_what_they_require(folder):
    @layers.layer("after", requires=("roads.aadt",))
    def after(context):
        return pd.DataFrame({"n": [len(context["roads"])]})

    text = (folder / "city.toml").read_text(encoding="utf-8")
    (folder / "city.toml").write_text(text.replace("[layers.buildings]", '[layers.first]\nuse = "after"\n[layers.buildings]'), encoding="utf-8")  # fmt: skip
    assert layers.load(folder)["first"]["n"].tolist() == [3]
    (folder / "roads.gpkg").unlink()
    (folder / "city.toml").write_text(text.replace('[layers.roads]\nuse = "vector"\npath = "roads.gpkg"', '[layers.first]\nuse = "after"'), encoding="utf-8")  # fmt: skip
    with pytest.raises(TwinError, match="requires roads; add it"):
        layers.load(folder)


def test_progress_runs_from_nothing_to_all(folder):
    told = []
    layers.load(folder, progress=lambda share, _text: told.append(share))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)
    assert shapely.is_valid(layers.load(folder)["buildings"].geometry.to_numpy()).all()
