"""Plugins that fail or break their promises: named, without a traceback, and hiding nothing else."""

import pytest
from spoiling import entry, missing_file

SCENARIO = 'name = "Prov"\n[[step]]\n'


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
