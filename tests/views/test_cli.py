"""The command: what it prints, for people and for programs."""

import json

import pytest

from energy import INDICATORS
from twin import LAYERS, MEASURES, Factors


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
def test_lists_for_programs(twin, command, names):
    code, said, _ = twin(command, "--json")
    rows = json.loads(said)
    assert code == 0
    assert {r["name"] for r in rows} >= set(names.names())
    for row in rows:
        if row["status"] == "ok":
            assert row["title"]
            assert row["description"]
    assert twin(command)[0] == 0


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
    ("years", "words"), [("2030:2024", "first year is after the last"), ("soon", "write it as 2024:2030")]
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


def test_the_app_needs_a_city(tmp_path, twin):
    code, _, told = twin("app", tmp_path)
    assert code == 2
    assert "there is no city.toml" in told
