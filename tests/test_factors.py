"""Every number has a home, a source and a use."""

import ast
import re
from pathlib import Path

import pandas as pd
import pytest

from twin import FactorError, Factors, reference

ROOT = Path(__file__).parents[1]
FACTORS = Factors.read()
ROWS = [row for rows in FACTORS.values() for row in rows]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.key}-{r.year}")
def test_every_factor_says_where_it_comes_from(row):
    assert row.low <= row.value <= row.high
    assert row.unit
    assert row.status in ("cited", "assumed")
    assert row.source in Factors.sources().index
    assert (row.source != "assumed") or (row.status == "assumed")
    assert "TODO" not in row.note


def used_texts():
    """Text constants and the patterns of f-strings in the code."""
    for room in ("twin", "layers", "energy", "views"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield re.escape(node.value)
                elif isinstance(node, ast.JoinedStr):
                    constants = [getattr(part, "value", None) for part in node.values]  # noqa: PD011 - a syntax tree
                    yield "".join(re.escape(c) if isinstance(c, str) else r"[a-z_0-9]+" for c in constants)


def test_every_factor_is_used():
    patterns = set(used_texts())
    plain = {p.replace("\\", "") for p in patterns}
    unused = [
        key
        for key in FACTORS
        if key not in plain and not any(re.fullmatch(p, key) for p in patterns if "[a-z" in p and "." in p)
    ]
    assert unused == []


def test_every_factor_that_the_code_names_exists():
    named = set()
    for room in ("layers", "energy", "views"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Subscript)
                    and isinstance(node.value, ast.Name)
                    and node.value.id in ("f", "factors")
                    and isinstance(node.slice, ast.Constant)
                ):
                    named.add(node.slice.value)
    assert named - set(FACTORS) == set()
    assert len(named) > 50


@pytest.mark.parametrize("name", reference.names())
def test_reference_tables_say_where_they_come_from(name):
    table = reference.table(name)
    assert set(table["status"]) <= {"cited", "assumed"}
    assert set(table["source"]) <= set(Factors.sources().index)


def test_years_are_interpolated():
    assert FACTORS.at(2027)["fleet.ev_share"] == pytest.approx(0.154 + (0.36 - 0.154) * 2 / 5)
    assert FACTORS.at(1990)["fleet.ev_share"] == FACTORS.at(2024)["fleet.ev_share"]
    assert FACTORS.at(2100)["fleet.ev_share"] == FACTORS.at(2030)["fleet.ev_share"]


def test_override_keeps_to_the_range():
    changed = FACTORS.override({"district_heating.loss_share": 0.08})
    assert changed.at(2024)["district_heating.loss_share"] == 0.08
    assert FACTORS.at(2024)["district_heating.loss_share"] == 0.1
    with pytest.raises(FactorError, match="outside"):
        FACTORS.override({"district_heating.loss_share": 0.9})
    with pytest.raises(FactorError, match="did you mean"):
        FACTORS.override({"district_heating.los_share": 0.1})


def test_a_table_without_its_columns_is_refused(tmp_path):
    pd.DataFrame({"key": ["a"], "value": [1]}).to_csv(tmp_path / "f.csv")
    with pytest.raises(FactorError, match="columns"):
        Factors.read(tmp_path / "f.csv")
