"""What the README says can be done: its commands and its code are run as they stand there."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import layers
from benchmarks import published
from energy import Scenario
from twin import LAYERS, MEASURES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    found = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found
    return found


def test_the_four_parts_come_in_order():
    heads = re.findall(r"^## (\w[\w-]*)", README, re.MULTILINE)
    assert heads[:4] == ["Tutorial", "How-to", "Reference", "Explanation"]


def test_make_app_comes_first_and_make_test_second():
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert commands[:2] == ["make app", "make test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("app", "test", "run", "bench", "lint"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_code_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    namespace = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), namespace)
    tidy = namespace["results"].indicators(by="area")
    assert {"low", "high", "unit"} <= set(tidy.columns)
    need = namespace["warmer"].indicators(by="city").query("indicator == 'heat_need_kwh'").set_index("year")["value"]
    assert need[2026] < need[2024]


def test_the_toml_can_be_used(city):
    for block in blocks("toml"):
        data = tomllib.loads(block)
        for entry in data.get("layers", {}).values():
            spec = LAYERS[entry["use"]]
            spec.check({k: v for k, v in entry.items() if k not in ("use", "crs")}, "layer")
        if "step" in data:
            scenario = Scenario.from_text(block)
            assert all(s.measure in MEASURES for s in scenario.step)
            assert "buildings" in city


SKIPPED = ("make ", "source ", "python -m benchmarks")
BLOCKS = [lines for block in blocks("sh") if (lines := [x for x in block.splitlines() if not x.startswith(SKIPPED)])]


@pytest.fixture(scope="module")
def loaded():
    """The sample city, read once for all commands."""
    return layers.load(ROOT / "sample_data")


@pytest.mark.parametrize("lines", BLOCKS, ids=[b[0].removeprefix("twin ")[:24] for b in BLOCKS])
def test_the_commands_work(tmp_path, monkeypatch, twin, loaded, lines):
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(layers, "load", lambda *_, **__: loaded)
    for line in lines:
        words = line.split()
        if words[0] == "twin":
            code, said, told = twin(*words[1:])
            assert code == 0, told
            assert said.strip()
        else:
            assert words[:3] == ["python", "-m", "pytest"]
            subprocess.run([sys.executable, *words[1:], "-q", "-p", "no:cacheprovider"], check=True, cwd=tmp_path)
        if "--out" in words:
            assert (tmp_path / words[words.index("--out") + 1]).exists()
        if words[1] == "run":
            assert {p.name for p in (tmp_path / "out").iterdir()} == {
                "indicators.csv", "buildings.parquet", "roads.parquet", "investment.csv", "summary.json", "run.json",
            }  # fmt: skip


def test_the_published_figures_are_met(capsys):
    published.main()
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["outside"] == []
    assert int(told["work"].split()[0]) >= 29


def test_the_main_commands_are_shown():
    shown = {line.split()[1] for lines in BLOCKS for line in lines}
    assert {"run", "calibrate", "validate", "layers", "measures", "explain", "factors", "new-layer"} <= shown


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!http)[^)]+)\)", README))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()
