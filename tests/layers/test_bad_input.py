"""Whatever is wrong with the input: one clear message, exit code 2, and nothing is lost."""

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Polygon
from spoiling import buildings, entry, missing_file, population, replace, save, terrain

import layers
from twin import TwinError

SCENARIO = 'name = "Prov"\n[[step]]\n'


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
