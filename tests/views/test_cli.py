"""The command: what it prints, for people and for programs."""

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from energy import INDICATORS
from twin import LAYERS, MEASURES, Factors
from views import cli

ROOT = Path(__file__).parents[2]


def test_without_words_it_explains_itself(twin):
    code, said, _ = twin("--help")
    assert code == 0
    for command in ("run", "validate", "app", "layers", "measures", "factors", "explain", "new-layer"):
        assert command in said


def test_validate_tells_what_was_read_and_filled(folder, twin):
    code, said, _ = twin("validate", folder)
    assert code == 0
    assert "the city is valid" in said
    assert "heights" in said


@pytest.mark.parametrize(("command", "names"), [("layers", LAYERS), ("measures", MEASURES)])
def test_lists_for_programs_and_people(twin, monkeypatch, command, names):
    code, said, _ = twin(command, "--json")
    rows = json.loads(said)
    assert code == 0
    assert {r["name"] for r in rows} >= set(names.names())
    for row in rows:
        if row["status"] == "ok":
            assert row["title"]
            assert row["description"]
    monkeypatch.setattr(cli.out, "width", 200)
    code, said, _ = twin(command)
    assert code == 0
    for word in {"layers": ("columns", "diameter_unit = mm"), "measures": ("ev_share", "u_wall_w_m2k")}[command]:
        assert word in said


def test_factors_for_programs_and_people(twin):
    rows = json.loads(twin("factors", "--json")[1])
    assert len(rows) == sum(len(r) for r in Factors.read().values())
    assert all(r["source"] and r["status"] for r in rows)
    code, said, _ = twin("factors", "target")
    assert code == 0
    assert "0.103" in said
    code, _, told = twin("factors", "electricity.lifecycl")
    assert code == 2
    assert "did you mean 'electricity.lifecycle'" in told


@pytest.mark.parametrize("indicator", ["co2e_territorial_kg", "primary_energy_kwh_m2", "peak_kw"])
def test_explain_names_the_factors_that_matter(folder, twin, indicator):
    code, said, told = twin("explain", indicator, "--city", folder, "--json")
    assert code == 0, told
    record = json.loads(said)
    assert record["formula"] == INDICATORS[indicator].formula
    assert len(record["factors"]) >= 3
    assert all(f["source"] and f["status"] in ("cited", "assumed") for f in record["factors"])
    swings = [max(abs(f["effect_low"] or 0), abs(f["effect_high"] or 0)) for f in record["factors"]]
    assert swings == sorted(swings, reverse=True)
    assert swings[0] > 0
    keys = {f["key"] for f in record["factors"]}
    expected = {
        "co2e_territorial_kg": "fuel.diesel.fossil", "primary_energy_kwh_m2": "weight.electricity", "peak_kw": "heat_pump.field_correction",
    }  # fmt: skip
    if indicator != "peak_kw":
        assert expected[indicator] in keys
    assert twin("explain", indicator, "--city", folder)[0] == 0


def test_explain_of_nothing(twin):
    code, _, told = twin("explain", "co2e_teritorial_kg")
    assert code == 2
    assert "did you mean 'co2e_territorial_kg'" in told


@pytest.mark.parametrize(
    ("years", "words"),
    [
        ("2030:2024", "first year is after the last"),
        ("soon", "write it as 2024:2030"),
        ("2024:9999", "the numbers hold from 1990 to 2100"),
        ("1800", "the numbers hold from 1990 to 2100"),
    ],
)
def test_years_that_are_none(folder, twin, years, words):
    code, _, told = twin("run", folder, "--years", years)
    assert code == 2
    assert words in told


def test_an_unknown_option_is_one_line(folder, twin):
    code, _, told = twin("run", folder, "--scenarios", "x")
    assert code == 2
    assert "--scenario" in told


def test_two_scenarios_of_one_name(folder, twin):
    for name in ("a", "b"):
        (folder / f"{name}.toml").write_text('name = "Samma"\n', encoding="utf-8")
    code, _, told = twin("run", folder, "--scenario", folder / "a.toml", "--scenario", folder / "b.toml")
    assert code == 2
    assert "same name" in told


def test_no_scenario_is_called_as_the_baseline(folder, twin):
    (folder / "a.toml").write_text('name = "baseline"\n', encoding="utf-8")
    code, _, told = twin("run", folder, "--scenario", folder / "a.toml")
    assert code == 2
    assert "baseline is always run too" in told


def test_the_mistakes_of_all_scenario_files_come_together(folder, twin):
    (folder / "a.toml").write_text('name = "A"\n[[step]]\nmeasure = "renovate_envelope"\nshare = 2\n', encoding="utf-8")
    (folder / "b.toml").write_text('name = "B"\nstpe = 1\n', encoding="utf-8")
    code, _, told = twin("run", folder, "--scenario", folder / "a.toml", "--scenario", folder / "b.toml")
    assert code == 2
    assert "2 is not possible" in told
    assert "did you mean 'step'" in told


def test_a_step_that_matches_nothing_is_told(folder, tmp_path, twin):
    step = '[[step]]\nmeasure = "renovate_envelope"\nwhere = { owner = "Framtidne" }\n'
    (folder / "a.toml").write_text(f'name = "A"\n{step}', encoding="utf-8")
    code, _, told = twin("run", folder, "--scenario", folder / "a.toml", "--years", "2024", "--out", tmp_path / "out")
    assert code == 0
    assert "step 1 (renovate_envelope) changes nothing: none of the buildings matches its filter" in told


def test_the_server_stops_with_the_command(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["app", str(folder), "--headless", "--port", str(port)]
    with subprocess.Popen([sys.executable, "-m", "views.cli", *words], cwd=ROOT, stdout=subprocess.DEVNULL) as command:
        for _ in range(120):
            if _answers(port):
                break
            time.sleep(0.5)
        assert _answers(port)
        command.terminate()
        command.wait(30)
    assert not _answers(port)


def _answers(port):
    with socket.socket() as door:
        door.settimeout(1)
        return door.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("name", ["Träd", "class", "2trees"])
def test_a_layer_s_name_is_a_python_name(tmp_path, twin, name):
    code, _, told = twin("new-layer", name, "--out", tmp_path)
    assert code == 2
    assert "can not name a layer" in told
    assert not list(tmp_path.iterdir())


def test_a_plugin_is_written_to_a_folder(tmp_path, twin):
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    code, _, told = twin("new-layer", "trees", "--out", tmp_path / "out")
    assert code == 2
    assert "is a file; name a folder" in told


def test_the_app_needs_a_city(tmp_path, twin):
    code, _, told = twin("app", tmp_path)
    assert code == 2
    assert "there is no city.toml" in told


def test_calibrate_writes_the_table_and_its_report(twin, tmp_path):
    code, said, told = twin("calibrate", ROOT / "sample_data", "--out", tmp_path)
    assert code == 0
    assert "Österbring" in said
    assert "buildings.parquet" in told
    report = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    assert report["held_out"]["declarations"] > 900
    again = twin("calibrate", ROOT / "sample_data", "--out", tmp_path / "again", "--json")
    assert json.loads(again[1])["held_out"] == report["held_out"]
    assert (tmp_path / "again" / "buildings.parquet").read_bytes() == (tmp_path / "buildings.parquet").read_bytes()


def test_a_calibrated_city_needs_the_heat_that_was_declared(twin, tmp_path):
    city = tmp_path / "city"
    shutil.copytree(ROOT / "sample_data", city)
    assert twin("calibrate", city, "--out", tmp_path / "out")[0] == 0
    shutil.copy(tmp_path / "out" / "buildings.parquet", city / "buildings.parquet")
    again = twin("calibrate", city, "--json", "--out", tmp_path / "twice")
    assert json.loads(again[1])["after"]["within_20_percent"] == 1.0
    assert twin("run", city, "--years", "2024:2024", "--out", tmp_path / "run")[0] == 0


def test_a_run_says_what_its_steps_cost_and_leaves_blank_what_it_does_not_know(twin, tmp_path):
    plan = ROOT / "sample_data" / "scenarios" / "plan2030.toml"
    code, _, told = twin("run", ROOT / "sample_data", "--scenario", plan, "--years", "2024:2024", "--out", tmp_path)
    assert code == 0, told
    bills = pd.read_csv(tmp_path / "investment.csv")
    assert set(bills["scenario"]) == {"Plan 2030"}
    homes = bills[bills["measure"] == "renovate_envelope"]
    assert (homes["cost_low_sek"] <= homes["cost_sek"]).all()
    assert (homes["cost_sek"] > 0).all()
    assert (homes["embodied_kg"] > 0).all()
    roads = bills[bills["measure"] == "electrify_vehicles"]
    assert roads["cost_sek"].isna().all()
    assert roads["note"].str.contains("blank, not zero").all()
