"""The commands ``twin mobility zone``, ``access`` and ``transit``, as a user types them."""

import json

import geopandas as gpd
import pandas as pd
import pytest

from energy import Scenario


def said(twin, *words):
    code, out, told = twin("mobility", *words)
    assert code == 0, told
    return out


@pytest.fixture(scope="module")
def city(root):
    return root / "sample_data"


def test_it_explains_itself(twin):
    help_text = said(twin, "--help")
    for command in ("zone", "access", "transit"):
        assert command in help_text


def test_a_zone_and_the_scenario_that_keeps_it(twin, city, tmp_path):
    out = tmp_path / "out"
    told = json.loads(said(twin, "zone", city, "--area", "p19", "--rerouting", "0.1", "--out", out, "--json"))
    assert told["streets"] > 5
    assert told["co2e_territorial_kg_change"] < 0
    sums = pd.read_csv(out / "sums.csv").set_index("figure")
    assert sums.loc["co2e_territorial_kg", "change"] == pytest.approx(told["co2e_territorial_kg_change"])
    assert gpd.read_parquet(out / "streets.parquet")["inside"].sum() == told["streets"]
    assert pd.read_csv(out / "charging.csv")["charged_kwh"].sum() <= told["charging_kwh"] * 1.000001
    kept = Scenario.read(out / "scenario.toml")
    assert kept.step[0].params["rerouting_share"] == 0.1
    assert {"air.csv", "access.csv", "figures.json"} <= {p.name for p in out.iterdir()}
    wkt = kept.step[0].within
    by_polygon = json.loads(said(twin, "zone", city, "--within", wkt, "--rerouting", "0.1", "--closed", "--json"))
    assert by_polygon["streets"] == told["streets"]
    assert by_polygon["removed_km_per_day"] > told["removed_km_per_day"]


def test_what_is_wrong_with_a_zone_is_told(twin, city):
    for words, expected in (
        ([], "--within with a WKT polygon, or --area"),
        (["--area", "p199"], "did you mean 'p19'"),
        (["--within", "POLYGON ((0 0"], "no WKT polygon"),
        (["--area", "p19", "--vehicle", "tram"], "no vehicle 'tram'"),
        (["--area", "p19", "--rerouting", "2"], "is no share"),
    ):
        code, _, told = twin("mobility", "zone", city, *words)
        assert code == 2
        assert expected in told
        assert "Traceback" not in told


def test_what_is_reached_and_who_loses_when_streets_close(twin, city, tmp_path):
    rows = json.loads(said(twin, "access", city, "--minutes", "10", "--json", "--out", tmp_path))
    assert rows[0]["area_id"] == ""
    assert rows[0]["jobs_walk"] > 0
    assert len(pd.read_csv(tmp_path / "buildings.csv")) > 1000
    roads = gpd.read_parquet(city / "roads.parquet")["road_id"].astype(str)
    close = [w for r in roads[:60] for w in ("--close", r)]
    change = json.loads(said(twin, "access", city, "--minutes", "10", *close, "--json"))
    assert change[0]["change"] < 0
    assert change[0]["before"] == pytest.approx(rows[0]["jobs_walk"])
    code, _, told = twin("mobility", "access", city, "--close", "nobody")
    assert code == 2
    assert "no street 'nobody'" in told


def test_lines_with_more_electric_buses(twin, city, tmp_path):
    told = json.loads(said(twin, "transit", city, "--bus-ev-share", "1", "--json", "--out", tmp_path))
    assert told["co2e_territorial_kg"] == 0
    assert told["co2e_territorial_kg_change"] < 0
    assert len(told["by_line"]) == told["lines"] == len(pd.read_csv(tmp_path / "lines.csv"))
    assert len(pd.read_csv(tmp_path / "stops.csv")) == told["stops"]
    assert "linje-5" in said(twin, "transit", city)
