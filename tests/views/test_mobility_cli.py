"""The commands ``twin mobility streets``, ``levers`` and ``factors``, as a user types them."""

import json

import geopandas as gpd
import pandas as pd
import pytest


@pytest.fixture
def run(twin):
    def said(*words):
        code, out, told = twin("mobility", *words)
        assert code == 0, told
        return out

    return said


def test_streets_are_written_with_their_sums(run, folder, tmp_path):
    told = json.loads(run("streets", folder, "--out", tmp_path, "--json"))
    table = gpd.read_parquet(tmp_path / "streets.parquet")
    assert table["co2e_territorial_kg"].sum() == pytest.approx(told["co2e_territorial_kg"])
    assert told["co2e_territorial_low_kg"] < told["co2e_territorial_kg"] < told["co2e_territorial_high_kg"]
    assert told["model_per_inventory"] > 0
    assert told["model_per_whole_inventory"] > 0
    assert pd.read_csv(tmp_path / "streets.csv")["nox_kg"].sum() == pytest.approx(told["nox_kg"])
    areas = pd.read_csv(tmp_path / "areas.csv")
    assert areas.iloc[-1]["pm10_kg"] == pytest.approx(told["pm10_kg"])
    cells = gpd.read_parquet(tmp_path / "cells.parquet")
    assert cells["vehicle_km"].sum() == pytest.approx(told["vehicle_km"])
    assert cells.crs == table.crs == "EPSG:3007"
    assert json.loads((tmp_path / "figures.json").read_text())["year"] == 2024


def test_levers_are_told_and_can_be_run_as_a_scenario(run, folder, tmp_path):
    words = ["levers", folder, "--vehicle-km", "-0.25", "--ev-car", "0.8", "--year", "2030"]
    told = json.loads(run(*words, "--out", tmp_path, "--json"))
    assert [r["lever"] for r in told["levers"]] == ["vehicle_km", "ev_car", "vehicle_km", "ev_car", ""]
    assert told["together"]["vehicle_km"] == pytest.approx(-0.25 * told["before"]["vehicle_km"])
    assert told["blocked"] == []
    after = json.loads(run("streets", folder, "--scenario", tmp_path / "scenario.toml", "--year", "2030", "--json"))
    for column in ("co2e_territorial_kg", "co2e_lifecycle_kg", "nox_kg", "pm10_kg"):
        assert after[column] == pytest.approx(told["before"][column] + told["together"][column], rel=1e-9)
    assert len(pd.read_csv(tmp_path / "levers.csv")) == 5


def test_a_lever_that_a_plan_has_pulled_is_told(twin, folder, tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'name = "P"\n[[step]]\nmeasure = "electrify_vehicles"\nend = 2025\nparams = { ev_share = 0.5 }',
        encoding="utf-8",
    )
    code, _, told = twin("mobility", "levers", folder, "--ev-car", "0.8", "--year", "2030", "--scenario", plan)
    assert code == 0
    assert "the lever ev_car reaches 0 of 3 streets" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "no lever is pulled"),
        (["--ev-car", "1.8", "--charge", "-2"], "ev_car can not be 1.8"),
    ],
)
def test_wrong_words_are_told(twin, folder, words, told):
    code, _, said = twin("mobility", "levers", folder, *words)
    assert code == 2
    assert told in said


def test_a_factor_is_told_with_its_source(run, twin, tmp_path):
    rows = json.loads(run("factors", "--vehicle", "car", "--fuel", "diesel", "--speed", "50", "--json"))
    assert rows[0]["quantity"] == "energy"
    assert rows[0]["value"] == pytest.approx(2.1)
    assert {r["status"] for r in rows} <= {"cited", "assumed"}
    assert all(r["source"] for r in rows)
    code, _, said = twin("mobility", "factors", "--vehicle", "tram", "--fuel", "diesel", "--speed", "50")
    assert code == 2
    assert "no vehicle 'tram'" in said


def test_a_factor_of_a_table_of_one_s_own(run, shared):
    """EMEP/EEA, standard city bus, Euro V SCR: NOx 2.89719 g/km and 8.9842 MJ/km at 50 km/h."""
    file = shared / "mobility" / "emep_bus_hot_ef_slope0_load50.csv"
    rows = json.loads(
        run("factors", "--vehicle", "bus", "--fuel", "diesel", "--speed", "50", "--table", file, "--json")
    )
    table = pd.DataFrame(rows)
    bus = table[(table["segment"] == "Ubus Std 15 - 18 t") & (table["euro"] == "V") & (table["technology"] == "SCR")]
    found = bus.drop_duplicates("pollutant").set_index("pollutant")["value"]
    assert found["nox"] == pytest.approx(2.89719, abs=1e-5)
    assert found["energy"] == pytest.approx(8.9842, abs=1e-4)
