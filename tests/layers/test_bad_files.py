"""Files that are damaged, misnamed or of another kind: each is told with its place and the remedy."""

import geopandas as gpd
import numpy as np
import pytest
from rasterio.transform import from_origin
from shapely import LineString
from spoiling import buildings, entry, population, raster, replace, save, terrain

import layers
from layers import vector
from twin import TwinError


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
