"""A small city for every room: six buildings in two areas, three streets, a heat network, a year of weather."""

import shutil
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from shapely import LineString, box
from xdist.scheduler import LoadScopeScheduling

from twin import LAYERS, MEASURES, City, schema
from views import cli

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
CRS = "EPSG:3007"
X, Y = 147_000.0, 6_399_000.0  # in the middle of Göteborg


# speed is measured in benchmarks, not in tests; `make test` tries the same examples each time, `pytest` alone new ones
settings.register_profile("untimed", deadline=None)
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items):
    """Begin with the browser, which takes longest and runs on one worker alone."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


def pytest_xdist_make_scheduler(config, log):
    """Keep a file's tests on one worker, since they share what is dear to make, and those with a browser on one."""
    return _ByFile(config, log)


class _ByFile(LoadScopeScheduling):
    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return "browser" if file.endswith(("test_browser.py", "test_wheel.py")) else file


@pytest.fixture(scope="session")
def shared():
    """The folder of real data; tests that need it are skipped where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real data (../shared/data) is not here")
    return SHARED


@pytest.fixture(autouse=True)
def _registries_as_they_were():
    """Take away what a test has registered."""
    before = [(r, dict(r._specs), dict(r.broken)) for r in (LAYERS, MEASURES)]
    yield
    for registry, specs, broken in before:
        registry._specs, registry.broken = specs, broken


def weather_year():
    """A smooth, plausible year: cold nights, warm days, sun in summer."""
    hour = np.arange(8760)
    season = -np.cos(2 * np.pi * (hour / 24 - 15) / 365)
    day = -np.cos(2 * np.pi * (hour % 24) / 24)
    elevation = np.clip(np.sin(np.pi * ((hour % 24) - 6 + 2 * season) / (12 + 4 * season)), 0, None) * (
        0.45 + 0.35 * season
    )
    frame = pd.DataFrame(
        {
            "temp_air_c": 8.5 + 9.0 * season + 2.5 * day,
            "ghi_w_m2": 800 * elevation,
            "dni_w_m2": 500 * elevation,
            "dhi_w_m2": 800 * elevation - 500 * elevation * elevation,
        }
    )
    frame = schema.validate(frame, "weather")
    frame.attrs = {"latitude": 57.7, "longitude": 11.97, "altitude_m": 10.0, "utc_offset_h": 1.0, "name": "test"}
    return frame


def tables():
    """Complete tables of the small city."""
    uses = ["multi_family", "multi_family", "single_family", "office", "school", "ancillary"]
    buildings = gpd.GeoDataFrame(
        {
            "building_id": [f"b{i}" for i in range(6)],
            "use": uses,
            "year_built": [1940.0, 1968.0, 1955.0, 1990.0, 2010.0, 1970.0],
            "storeys": [3.0, 8.0, 2.0, 5.0, 2.0, 1.0],
            "height_m": [10.0, 24.0, 6.0, 17.5, 8.0, 3.0],
            "floor_area_m2": [810.0, 2160.0, 180.0, 2250.0, 900.0, 0.0],
            "heating": ["district_heating", "district_heating", "direct_electric", "district_heating", "oil", "none"],
            "ventilation": ["natural", "F", "natural", "FTX", "FTX", "natural"],
            "owner": ["Framtiden", "Framtiden", "", "", "Göteborgs Stad", ""],
            "area_id": ["a1", "a1", "a1", "a2", "a2", "a2"],
            "grid_area_id": ["g1"] * 6,
        },
        geometry=[box(X + 100 * i, Y, X + 100 * i + 30, Y + 10) for i in range(5)] + [box(X + 500, Y, X + 505, Y + 5)],
        crs=CRS,
    )
    areas = gpd.GeoDataFrame(
        {
            "area_id": ["s1", "a1", "a2"],
            "name": ["Stadsdelen", "Väster", "Öster"],
            "level": ["stadsomrade", "primaromrade", "primaromrade"],
            "parent_id": [None, "s1", "s1"],
            "population": [90.0, 70.0, 20.0],
        },
        geometry=[
            box(X - 50, Y - 50, X + 550, Y + 50),
            box(X - 50, Y - 50, X + 250, Y + 50),
            box(X + 250, Y - 50, X + 550, Y + 50),
        ],
        crs=CRS,
    )
    roads = gpd.GeoDataFrame(
        {
            "road_id": ["r1", "r2", "r3"],
            "road_class": ["primary", "residential", "motorway"],
            "posted_speed_kmh": [50.0, 30.0, 90.0],
            "aadt": [12_000.0, 800.0, 60_000.0],
            "van_share": [0.12, 0.08, 0.12],
            "heavy_vehicle_share": [0.05, 0.02, 0.10],
            "bus_share": [0.02, 0.0, 0.01],
            "area_id": ["a1", "a2", None],
        },
        geometry=[
            LineString([(X, Y + 20), (X + 500, Y + 20)]),
            LineString([(X + 300, Y - 20), (X + 500, Y - 20)]),
            LineString([(X + 450, Y + 30), (X + 1450, Y + 30)]),
        ],
        crs=CRS,
    )
    grid_areas = gpd.GeoDataFrame(
        {"grid_area_id": ["g1"], "name": ["Station 1"], "rating_kw": [800.0]},
        geometry=[box(X - 50, Y - 50, X + 550, Y + 50)],
        crs=CRS,
    )
    return {"buildings": buildings, "areas": areas, "roads": roads, "grid_areas": grid_areas}


@pytest.fixture(scope="session")
def city():
    """The small city, validated."""
    valid = {name: schema.validate(table, name) for name, table in tables().items()}
    return City("Teststad", CRS, {**valid, "weather": weather_year()})


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture
def folder(tmp_path):
    """The small city as files: a folder with a city.toml that a test may spoil."""
    return written(tmp_path / "city")


@pytest.fixture(scope="module")
def kept_folder(tmp_path_factory):
    """The small city as files that a module's tests share and leave as they are."""
    return written(tmp_path_factory.mktemp("kept") / "city")


def written(where):
    """Write the small city as files; return its folder."""
    where.mkdir()
    for name, table in tables().items():
        table.to_file(where / f"{name}.gpkg", layer=name)
    shutil.copy(ROOT / "sample_data" / "weather.epw", where / "weather.epw")
    entries = "".join(f'[layers.{name}]\nuse = "vector"\npath = "{name}.gpkg"\n' for name in tables())
    weather = '[layers.weather]\nuse = "epw"\npath = "weather.epw"\n'
    (where / "city.toml").write_text(f'[city]\nname = "Teststad"\n{entries}{weather}', encoding="utf-8")
    return where


@pytest.fixture
def twin(monkeypatch, capsys):
    """Run the command in this process; return exit code, standard output, and errors on one line."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["twin", *map(str, words)])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = stop.code
        said = capsys.readouterr()
        return code, said.out, " ".join(said.err.split())

    return run
