"""Whatever is wrong with the input: one clear message, exit code 2, and nothing is lost."""

import hashlib
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from shapely import LineString, Polygon

import layers
from layers import vector
from twin import TwinError

SCENARIO = 'name = "Prov"\n[[step]]\n'


def buildings(folder):
    return gpd.read_file(folder / "buildings.gpkg")


def save(table, folder, name="buildings"):
    (folder / f"{name}.gpkg").unlink()
    table.to_file(folder / f"{name}.gpkg", layer=name)


def entry(folder, text):
    with (folder / "city.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def replace(folder, old, new):
    file = folder / "city.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def missing_file(folder):
    (folder / "buildings.gpkg").rename(folder / "bulidings.gpkg")


def wrong_crs(folder):
    save(buildings(folder).set_crs("EPSG:3006", allow_override=True), folder)


def no_crs(folder):
    buildings(folder)[["geometry"]].assign(id="b").to_file(folder / "b.shp")
    (folder / "b.prj").unlink()
    replace(folder, "buildings.gpkg", "b.shp")


def swapped_axes(folder):
    table = buildings(folder)
    save(
        table.set_geometry(shapely.transform(table.geometry.to_numpy(), lambda xy: xy[:, ::-1]), crs=table.crs), folder
    )


def duplicate_ids(folder):
    save(buildings(folder).assign(building_id=["b0", "b0", "b2", "b3", "b4", "b4"]), folder)


def crossed_outline(folder):
    table = buildings(folder)
    x, y = table.total_bounds[:2]
    table.loc[2, "geometry"] = Polygon([(x, y), (x + 9, y + 9), (x + 9, y), (x, y + 9)])
    save(table, folder)


def absurd_numbers(folder):
    table = buildings(folder)
    table.loc[0, ["height_m", "floor_area_m2", "year_built"]] = [-4.0, -10.0, 12.0]
    table.loc[1, ["height_m", "floor_area_m2", "year_built"]] = [1200.0, 9e6, 2750.0]
    save(table, folder)


def empty_layer(folder):
    save(buildings(folder).iloc[:0], folder)


def long_year(folder):
    lines = (folder / "weather.epw").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "weather.epw").write_text("".join([*lines, lines[-1]]), encoding="utf-8")


def missing_hours(folder):
    lines = (folder / "weather.epw").read_text(encoding="utf-8").splitlines(keepends=True)
    for k in (100, 101):
        cells = lines[k].split(",")
        cells[6] = "-999"
        lines[k] = ",".join(cells)
    (folder / "weather.epw").write_text("".join(lines), encoding="utf-8")


def raster_without_nodata(folder):
    z = np.full((60, 60), 12.0, np.float32)
    z[:5] = -9999
    terrain(folder, z)


def population(folder, text, encoding="utf-8"):
    (folder / "population.csv").write_bytes(text.encode(encoding))
    entry(folder, '[layers.population]\nuse = "csv"\npath = "population.csv"\n')


def latin_text(folder):
    population(folder, "area_id,population,namn\na1,10,Göteborg\n", "latin-1")


def decimal_commas(folder):
    population(folder, 'area_id,population\na1,"10,5"\na2,"3,25"\n')


def semicolons(folder):
    population(folder, "area_id;population\na1;10,5\n")


def broken_toml(folder):
    replace(folder, 'name = "Teststad"', 'name = "Teststad')


def path_outside(folder):
    (folder.parent / "secret.gpkg").write_bytes((folder / "buildings.gpkg").read_bytes())
    replace(folder, '"buildings.gpkg"', '"../secret.gpkg"')


def unknown_driver(folder):
    replace(folder, 'use = "epw"', 'use = "epv"')


def unknown_parameter(folder):
    replace(folder, 'path = "roads.gpkg"', 'path = "roads.gpkg"\ncolums = {}')


def stray_area(folder):
    save(buildings(folder).assign(area_id=["a1", "a1", "a7", None, None, None]), folder)


CITIES = [
    (missing_file, ["no file 'buildings.gpkg'", "did you mean 'bulidings.gpkg'"]),
    (wrong_crs, ["coordinates lie outside", 'state the right one with crs = "EPSG:..."', "(6 rows, first: row 0)"]),
    (no_crs, ["states no coordinate system", 'add crs = "EPSG:..."']),
    (swapped_axes, ["north and east are swapped", "order east, north"]),
    (duplicate_ids, ["buildings.building_id", "used more than once", "(4 rows, first: b0)"]),
    (crossed_outline, ["not a valid polygon (Self-intersection", "first: b2"]),
    (absurd_numbers, ["-4 is below 0 m", "1200 is above 350 m", "-10 is below 0 m2", "9e+06 is above", "12 is below 1000", "2750 is above 2100", "first: b1"]),
    (empty_layer, ["buildings.gpkg has no rows"]),
    (long_year, ["weather.epw has 8761 hours", "8,760"]),
    (missing_hours, ["weather.temp_air_c", "-999 stands for a missing value", "(2 rows, first: hour 93)"]),
    (raster_without_nodata, ["names no value for unknown cells", "nodata = -9999"]),
    (latin_text, ["is not utf-8 text", "save it as UTF-8"]),
    (decimal_commas, ["'10,5' is not a number", "write a decimal point, not a comma", "first: a1"]),
    (semicolons, ["separated by semicolons"]),
    (broken_toml, ["is not valid TOML", "line 2"]),
    (path_outside, ["leads outside the city's folder"]),
    (unknown_driver, ["no layer 'epv'", "did you mean 'epw'"]),
    (unknown_parameter, ["unknown parameter 'colums'", "did you mean 'columns'"]),
    (stray_area, ["buildings.area_id", "'a7' is not in the table of areas"]),
]  # fmt: skip


def a_folder(folder):
    (folder / "roads.gpkg").unlink()
    (folder / "roads.gpkg").mkdir()


def not_a_geopackage(folder):
    (folder / "roads.gpkg").write_text("hello", encoding="utf-8")


def not_an_archive(folder):
    (folder / "b.zip").write_text("hello", encoding="utf-8")
    replace(folder, "buildings.gpkg", "b.zip")


def heights_as_buildings(folder):
    raster(folder, np.full((60, 60), 12.0, np.float32))
    replace(folder, 'use = "vector"\npath = "buildings.gpkg"', 'use = "geotiff"\npath = "dem.tif"')


def buildings_as_heights(folder):
    entry(folder, '[layers.terrain]\nuse = "vector"\npath = "buildings.gpkg"\n')


def misspelt_table(folder):
    replace(folder, "[layers.buildings]", "[layers.bulidings]")


def driver_of_another_table(folder):
    replace(folder, '[layers.roads]\nuse = "vector"', '[layers.streets]\nuse = "osm_roads"')


def two_unknown_drivers(folder):
    replace(folder, 'use = "epw"', 'use = "epv"')
    replace(folder, '[layers.buildings]\nuse = "vector"', '[layers.buildings]\nuse = "vektor"')


def raster(folder, z, **where):
    place = {"crs": "EPSG:3007", "transform": from_origin(146_900, 6_399_400, 12, 12)} | where
    with rasterio.open(
        folder / "dem.tif", "w", driver="GTiff", width=60, height=60, count=1, dtype=z.dtype, **place
    ) as file:
        file.write(z, 1)


def terrain(folder, z, **where):
    raster(folder, z, **where)
    entry(folder, '[layers.terrain]\nuse = "geotiff"\npath = "dem.tif"\n')


def high_blanks(folder):
    z = np.full((60, 60), 12, np.int16)
    z[:5] = 32767
    terrain(folder, z)


def raster_in_degrees(folder):
    terrain(folder, np.full((60, 60), 12, np.int16), crs="EPSG:4326", transform=from_origin(11.9, 57.8, 0.001, 0.001))


def raster_with_swapped_axes(folder):
    terrain(folder, np.full((60, 60), 12, np.int16), transform=from_origin(6_399_400, 146_900, 12, 12))


def words_in_weather(folder):
    lines = (folder / "weather.epw").read_text(encoding="utf-8").splitlines(keepends=True)
    cells = lines[100].split(",")
    cells[6] = "kallt"
    lines[100] = ",".join(cells)
    (folder / "weather.epw").write_text("".join(lines), encoding="utf-8")


def commas_in_weather(folder):
    text = (folder / "weather.epw").read_text(encoding="utf-8")
    (folder / "weather.epw").write_text(text.replace(".", ","), encoding="utf-8")


def unquoted_decimal_commas(folder):
    population(folder, "area_id,population\na1,10,5\na2,3,25\n")


def unknown_encoding(folder):
    population(folder, "area_id,population\na1,10\n")
    entry(folder, 'encoding = "latin-99"\n')


def commas_in_coordinates(folder):
    (folder / "c.csv").write_text('charger_id,lat,lon\nc1,"57,7","11,97"\nc2,,\n', encoding="utf-8")
    entry(folder, '[layers.charging]\nuse = "csv"\npath = "c.csv"\nx = "lon"\ny = "lat"\ncrs = "EPSG:4326"\n')


def latin_geojson(folder):
    buildings(folder).to_crs("EPSG:4326").to_file(folder / "b.geojson")
    text = (folder / "b.geojson").read_bytes().replace(b"Framtiden", "Älvstranden".encode("latin-1"))
    (folder / "b.geojson").write_bytes(text)
    replace(folder, "buildings.gpkg", "b.geojson")


def latin_shapefile(folder):
    shapes = buildings(folder)[["geometry"]].assign(bid=[f"oqo{i}" for i in range(6)])
    shapes.to_file(folder / "b.shp")
    (folder / "b.dbf").write_bytes((folder / "b.dbf").read_bytes().replace(b"oqo", "öqo".encode("latin-1")))
    (folder / "b.cpg").write_text("UTF-8", encoding="utf-8")
    replace(folder, 'path = "buildings.gpkg"', 'path = "b.shp"\ncolumns = { bid = "building_id" }')


def several_constants(folder):
    replace(folder, 'path = "buildings.gpkg"', 'path = "buildings.gpkg"\nconstants = { storeys = [1, 2] }')


def words_for_yes_and_no(folder):
    save(gpd.read_file(folder / "roads.gpkg").assign(tunnel=["nej", "ja", "kanske"]), folder, "roads")


def too_many_vehicles(folder):
    save(gpd.read_file(folder / "roads.gpkg").assign(van_share=0.6, heavy_vehicle_share=0.6), folder, "roads")


def a_street_without_length(folder):
    table = gpd.read_file(folder / "roads.gpkg")
    table.loc[1, "geometry"] = LineString([(147_000, 6_399_000)] * 2)
    save(table, folder, "roads")


def stray_grid_area(folder):
    save(buildings(folder).assign(grid_area_id=["g1", "g9", "g1", "g1", "g1", "g1"]), folder)


def area_inside_itself(folder):
    save(gpd.read_file(folder / "areas.gpkg").assign(parent_id=["s1", "s1", "s1"]), folder, "areas")


def diameters_as_words(folder):
    pipes = gpd.GeoDataFrame(
        {"diameter_mm": ["0,2"]}, geometry=[LineString([(147e3, 6399e3), (147e3, 64e5)])], crs=3007
    )
    pipes.to_file(folder / "pipes.gpkg")
    entry(folder, '[layers.heat_pipes]\nuse = "heat_pipes"\npath = "pipes.gpkg"\ndiameter_unit = "m"\n')


def people_as_words(folder):
    head = "primaromrade_kod,pop_total,pop_0_18,pop_19_65,pop_66plus\n"
    population(folder, f"{head}199,many,1,1,1\n")
    replace(folder, 'use = "csv"', 'use = "goteborg_population"')


def no_stations(folder):
    (folder / "n.json").write_text('{"chargerstations": []}', encoding="utf-8")
    entry(folder, '[layers.charging]\nuse = "nobil"\npath = "n.json"\n')


def mesh_of_no_numbers(folder):
    (folder / "m.obj").write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", encoding="utf-8")
    entry(folder, '[layers.mesh]\nuse = "mesh"\npath = "m.obj"\ncrs = "EPSG:3006"\n')


def city_of_another_time(folder):
    replace(folder, "[city]\n", "[city]\nbase_year = 20245\n")


def heights_as_the_city_s_crs(folder):
    replace(folder, "[city]\n", '[city]\ncrs = "EPSG:5613"\n')


def no_area_in_use(folder):
    table = buildings(folder)
    table.loc[0, "floor_area_m2"] = 0.0
    save(table, folder)


def unknown_key(folder):
    replace(folder, "[city]\n", "[city]\nbaseyear = 2024\n")


MORE_CITIES = [
    (a_folder, ["roads: 'roads.gpkg' is a folder"]),
    (not_a_geopackage, ["roads.gpkg can not be read ('roads.gpkg' not recognized", "no GeoPackage, Shapefile"]),
    (not_an_archive, ["b.zip is no zip archive"]),
    (heights_as_buildings, ["buildings: 'geotiff' gives heights, not a table"]),
    (buildings_as_heights, ["terrain: must be heights, but 'vector' gives a table"]),
    (misspelt_table, ["bulidings: ", "did you mean [layers.buildings]"]),
    (driver_of_another_table, ["streets: ", "call the layer [layers.roads]"]),
    (two_unknown_drivers, ["did you mean 'vector'", "did you mean 'epw'"]),
    (high_blanks, ["300 cells hold 32767; state it with nodata = 32767"]),
    (raster_in_degrees, ["has cells in degrees (EPSG:4326)"]),
    (raster_with_swapped_axes, ["terrain: the heights lie outside", "north and east are swapped"]),
    (words_in_weather, ["'kallt' is not a number", "first: hour 93"]),
    (commas_in_weather, ["is not an EPW weather file", "decimal points"]),
    (unquoted_decimal_commas, ["more cells in its rows than columns", "a decimal point, not a comma"]),
    (unknown_encoding, ["there is no text encoding 'latin-99'"]),
    (commas_in_coordinates, ["charging.lon: '11,97' is not a number; write a decimal point", "charging.lat: '57,7'"]),
    (latin_geojson, ["b.geojson is not UTF-8 text", 'encoding = "latin-1"']),
    (latin_shapefile, ["b.shp is not UTF-8 text", 'encoding = "latin-1"']),
    (several_constants, ["constants gives storeys several values"]),
    (words_for_yes_and_no, ["roads.tunnel: 'kanske' is neither yes nor no", "first: r3"]),
    (too_many_vehicles, ["roads.van_share", "together they are at most 1", "(3 rows, first: r1)"]),
    (a_street_without_length, ["roads.geometry: has no length", "(1 row, first: r2)"]),
    (stray_grid_area, ["buildings.grid_area_id: 'g9' is not in the table of grid areas"]),
    (area_inside_itself, ["areas.parent_id: 's1' is no area of a higher level", "(1 row, first: s1)"]),
    (diameters_as_words, ["heat_pipes.diameter_mm: '0,2' is not a number"]),
    (people_as_words, ["population.population: 'many' is not a number"]),
    (no_stations, ["n.json holds no stations"]),
    (mesh_of_no_numbers, ["m.obj has corners that are not numbers"]),
    (city_of_another_time, ["city.base_year", "less than or equal to 2100"]),
    (heights_as_the_city_s_crs, ["EPSG:5613", "choose a projected one"]),
    (no_area_in_use, ["buildings.floor_area_m2: is zero; leave it blank", "(1 row, first: "]),
    (unknown_key, ["city.baseyear: unknown key; did you mean 'base_year'"]),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "words"), MORE_CITIES, ids=lambda v: getattr(v, "__name__", ""))
def test_more_spoilt_cities_are_told(folder, spoil, words):
    spoil(folder)
    with pytest.raises(TwinError) as told:
        layers.load(folder)
    for text in words:
        assert text in str(told.value)


@pytest.mark.parametrize("spoil", [latin_geojson, latin_shapefile])
def test_the_encoding_that_the_message_names_is_understood(folder, spoil):
    spoil(folder)
    replace(folder, 'path = "b.', 'encoding = "latin-1"\npath = "b.')
    read = layers.load(folder)["buildings"]
    assert (read["building_id"].str.startswith("öqo") | (read["owner"] == "Älvstranden")).any()


def test_a_column_that_is_nearly_ours_is_told(folder):
    replace(folder, 'path = "buildings.gpkg"', 'path = "buildings.gpkg"\ncolumns = { year_built = "yaer_built" }')
    notes = layers.load(folder).sources["buildings"].notes
    assert any("yaer_built is no column of buildings" in n and "did you mean year_built" in n for n in notes)


def test_an_archive_that_would_fill_the_memory_is_refused(folder, monkeypatch):
    buildings(folder)[["geometry"]].assign(bid="b").to_file(folder / "b.shp.zip", driver="ESRI Shapefile")
    replace(folder, "buildings.gpkg", "b.shp.zip")
    monkeypatch.setattr(vector, "_LARGEST_ARCHIVE_BYTES", 100)
    with pytest.raises(TwinError, match=r"b\.shp\.zip holds .* GB; unpack it"):
        layers.load(folder)


def state(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize(("spoil", "words"), CITIES, ids=lambda v: getattr(v, "__name__", ""))
def test_a_spoilt_city_is_told_and_nothing_is_lost(folder, tmp_path, twin, spoil, words):
    spoil(folder)
    out = tmp_path / "out"
    out.mkdir()
    (out / "indicators.csv").write_text("earlier results", encoding="utf-8")
    before = state(folder)
    for command in (["validate", folder], ["run", folder, "--out", out]):
        code, _, told = twin(*command)
        assert code == 2
        for text in words:
            assert text in told
        assert "Traceback" not in told
    assert state(folder) == before
    assert [p.name for p in out.iterdir()] == ["indicators.csv"]
    assert (out / "indicators.csv").read_text(encoding="utf-8") == "earlier results"


SCENARIOS = [
    ('measure = "renovate_envelop"', ["step 1", "no measure 'renovate_envelop'", "did you mean 'renovate_envelope'"]),
    ('measure = "renovate_envelope"\nshare = 1.2', ["step 1, share", "1.2 is not possible", "less than or equal to 1"]),
    ('measure = "renovate_envelope"\nshare = -0.1', ["-0.1 is not possible"]),
    ('measure = "renovate_envelope"\nwhere = { year_bilt = { max = 1975 } }', ["unknown column 'year_bilt'", "did you mean 'year_built'"]),
    ('measure = "renovate_envelope"\nwhere = { use = ["ofice"] }', ["names 'ofice'", "did you mean 'office'"]),
    ('measure = "renovate_envelope"\nwhere = { area_id = ["a9"] }', ["unknown area 'a9'"]),
    ('measure = "renovate_envelope"\nwhere = { use = [{ a = 1 }] }', ["the filter on 'use' lists tables or lists"]),
    ('measure = "renovate_envelope"\nwhere = { hieght_m = 3, owmer = "x" }\n[[step]]\nmeasure = "install_heat_pump"\nwhere = { ues = "office" }', ["step 1", "did you mean 'height_m'", "did you mean 'owner'", "step 2", "did you mean 'use'"]),
    ('measure = "renovate_envelope"\nstart = 2030\nend = 2026', ["start 2030 is after end 2026"]),
    ('measure = "electrify_vehicles"', ["parameter 'ev_share' is missing"]),
    ("measure = \nshare = 1", ["is not valid TOML", "line 3"]),
    ('measure = "renovate_envelope"\nshre = 1', ["unknown key", "did you mean 'share'"]),
]  # fmt: skip


@pytest.mark.parametrize(("step", "words"), SCENARIOS, ids=[w[0] for _, w in SCENARIOS])
def test_an_impossible_scenario_is_told(folder, tmp_path, twin, step, words):
    file = tmp_path / "s.toml"
    file.write_text(SCENARIO + step, encoding="utf-8")
    code, _, told = twin("run", folder, "--scenario", file, "--out", tmp_path / "out")
    assert code == 2
    for text in words:
        assert text in told
    assert not (tmp_path / "out").exists()


def test_all_problems_of_all_layers_come_together(folder, twin):
    absurd_numbers(folder)
    decimal_commas(folder)
    long_year(folder)
    _, _, told = twin("validate", folder)
    for text in ("buildings.height_m", "buildings.year_built", "population.population", "8761 hours"):
        assert text in told


def test_open_rings_are_closed_and_counted(folder):
    corners = [[11.95, 57.7], [11.951, 57.7], [11.951, 57.701], [11.95, 57.701]]
    shapes = [corners, [*corners, corners[0]]]
    features = ",".join(
        f'{{"type": "Feature", "properties": {{"building_id": "b{i}"}}, "geometry": {{"type": "Polygon", "coordinates": [{ring}]}}}}'
        for i, ring in enumerate(shapes)
    )
    (folder / "open.geojson").write_text(f'{{"type": "FeatureCollection", "features": [{features}]}}', encoding="utf-8")
    replace(folder, "buildings.gpkg", "open.geojson")
    city = layers.load(folder)
    assert len(city["buildings"]) == 2
    assert shapely.is_valid(city["buildings"].geometry.to_numpy()).all()
    assert "1 shapes had rings that were not closed; they were closed" in city.sources["buildings"].notes


def test_outlines_that_cross_themselves_are_repaired_when_it_is_asked_for(folder):
    crossed_outline(folder)
    replace(folder, 'path = "buildings.gpkg"', 'path = "buildings.gpkg"\ninvalid = "repair"')
    city = layers.load(folder)
    assert len(city["buildings"]) == 6
    assert shapely.is_valid(city["buildings"].geometry.to_numpy()).all()
    assert any(n.startswith("1 shapes were not valid and were repaired") for n in city.sources["buildings"].notes)
    replace(folder, 'invalid = "repair"', 'invalid = "ignore"')
    with pytest.raises(TwinError, match='write "error" or "repair"'):
        layers.load(folder)


def test_text_of_another_encoding_is_read_when_it_is_named(folder):
    latin_text(folder)
    entry(folder, 'encoding = "latin-1"\n')
    assert layers.load(folder)["population"]["population"].tolist() == [10.0]


def test_a_plugin_that_raises_is_named(folder, tmp_path, twin):
    plugin = tmp_path / "mine.py"
    plugin.write_text("import a_module_that_is_not_there", encoding="utf-8")
    code, _, told = twin("validate", folder, "--plugin", plugin)
    assert code == 2
    assert "mine.py raised ModuleNotFoundError" in told


def test_a_plugin_s_layer_that_raises_is_named_without_a_traceback(folder, tmp_path, twin):
    plugin = tmp_path / "falls.py"
    plugin.write_text(
        "from layers import layer\n@layer('falls')\ndef falls(context):\n    return 1 / 0\n", encoding="utf-8"
    )
    entry(folder, '[layers.falls]\nuse = "falls"\n')
    code, _, told = twin("validate", folder, "--plugin", plugin)
    assert code == 2
    assert "layer 'falls'" in told
    assert "ZeroDivisionError" in told


MEASURES = [
    ("return 1 / 0", ["measure 'mine'", "raised ZeroDivisionError: division by zero"]),
    ("return pd.DataFrame({'height_m': 1.0}, index=chosen.index)", ["writes height_m, which it did not declare"]),
    ("return pd.DataFrame({'wonder': 1.0}, index=chosen.index)", ["writes wonder, which the table does not have"]),
    ("return 5", ["must return a table of changed columns, not int"]),
]


@pytest.mark.parametrize(("body", "words"), MEASURES, ids=[b for b, _ in MEASURES])
def test_a_plugin_s_measure_that_fails_is_named_without_a_traceback(folder, tmp_path, twin, body, words):
    plugin = tmp_path / "measures.py"
    plugin.write_text(
        "import pandas as pd\nimport energy\n@energy.measure(changes=['heat_recovery', 'wonder'])\n"
        f"def mine(chosen, factors):\n    {body}\n",
        encoding="utf-8",
    )
    (tmp_path / "s.toml").write_text(SCENARIO + 'measure = "mine"\nstart = 2024', encoding="utf-8")
    code, _, told = twin(
        "run", folder, "--scenario", tmp_path / "s.toml", "--years", "2024", "--plugin", plugin, "--out", tmp_path / "o"
    )
    assert code == 2
    for text in words:
        assert text in told


def test_a_plugin_that_stops_python_is_named(folder, tmp_path, twin):
    plugin = tmp_path / "quits.py"
    plugin.write_text("raise SystemExit('bye')", encoding="utf-8")
    code, _, told = twin("validate", folder, "--plugin", plugin)
    assert code == 2
    assert "quits.py raised SystemExit: bye" in told


def test_a_plugin_s_layer_that_raises_hides_no_other_problem(folder, tmp_path, twin):
    missing_file(folder)
    plugin = tmp_path / "falls.py"
    plugin.write_text(
        "from layers import layer\n@layer('falls')\ndef falls(context):\n    return 1 / 0\n", encoding="utf-8"
    )
    entry(folder, '[layers.falls]\nuse = "falls"\n')
    _, _, told = twin("validate", folder, "--plugin", plugin)
    assert "2 problems found" in told
    assert "ZeroDivisionError" in told
    assert "no file 'buildings.gpkg'" in told


def test_a_plugin_is_held_to_its_promises(folder, tmp_path, twin):
    plugin = tmp_path / "vague.py"
    plugin.write_text(
        "import pandas as pd\nfrom layers import layer\n@layer('vague', provides={'depth_m': 'm'})\n"
        "def vague(context):\n    return pd.DataFrame({'x': [1]})\n",
        encoding="utf-8",
    )
    entry(folder, '[layers.vague]\nuse = "vague"\n')
    code, _, told = twin("validate", folder, "--plugin", plugin)
    assert code == 2
    assert "promised the columns depth_m" in told


def test_the_exit_code_of_the_real_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "views.cli", "validate", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "there is no city.toml" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout == ""


def test_a_folder_that_can_not_be_written(folder, tmp_path, twin):
    (tmp_path / "out").write_text("a file, not a folder", encoding="utf-8")
    code, _, told = twin("run", folder, "--years", "2024", "--out", tmp_path / "out")
    assert code == 2
    assert "out is a file, no folder; choose another --out" in told


def test_a_file_that_can_not_be_replaced(folder, tmp_path, twin):
    (tmp_path / "out" / "indicators.csv").mkdir(parents=True)
    code, _, told = twin("run", folder, "--years", "2024", "--out", tmp_path / "out")
    assert code == 2
    assert "indicators.csv can not be written: Is a directory" in told
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["indicators.csv"]


def test_a_city_without_buildings_says_what_to_add(folder, tmp_path, twin):
    text = (folder / "city.toml").read_text(encoding="utf-8")
    (folder / "city.toml").write_text(text.replace('[layers.buildings]\nuse = "vector"\npath = "buildings.gpkg"\n', ""), encoding="utf-8")  # fmt: skip
    code, _, told = twin("run", folder, "--years", "2024", "--out", tmp_path / "out")
    assert code == 2
    assert "add [layers.buildings] to city.toml" in told


def test_dates_and_ids_read_as_numbers_are_still_text(folder):
    save(buildings(folder).assign(building_id=[1, 2, 3, 4, 5, 6]), folder)
    assert layers.load(folder)["buildings"]["building_id"].tolist() == ["1", "2", "3", "4", "5", "6"]
    assert pd.api.types.is_string_dtype(layers.load(folder)["buildings"]["building_id"])
