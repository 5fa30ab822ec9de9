"""Both languages say everything, and numbers are written as their readers write them."""

import ast
import re
import string
import tomllib

import numpy as np
import pytest

from energy import INDICATORS
from energy.district_heating.drawn.findings import TEXTS
from energy.district_heating.supply.allocation import METHODS, WASTE_TO
from energy.heating_options import OPTIONS
from twin import MEASURES, reference, schema
from views.language import Language
from views.legend import NO_VALUE, PALETTE, Legend


def leaves(table, prefix=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@pytest.fixture(scope="module")
def texts(root):
    return {
        c: dict(leaves(tomllib.loads((root / f"views/texts/{c}.toml").read_text(encoding="utf-8"))))
        for c in ("sv", "en")
    }


def test_both_languages_have_the_same_texts_with_the_same_words_to_fill_in(texts):
    assert set(texts["sv"]) == set(texts["en"])
    for key, text in texts["sv"].items():
        fields = [{f for _, f, _, _ in string.Formatter().parse(t) if f} for t in (text, texts["en"][key])]
        assert fields[0] == fields[1], key
        assert text.strip()


@pytest.mark.parametrize("code", ["sv", "en"])
def test_everything_that_can_be_shown_has_a_word(code):
    text = Language(code)
    for kind in TEXTS:
        assert text(f"findings.{kind}")
        assert text(f"findings_of.{kind}")
    for prefix, words in (
        ("heat.options", OPTIONS),
        ("heat.methods", METHODS),
        ("heat.waste_to", WASTE_TO),
        ("heat.fuels", schema.spec("heat_supply").loc["fuel", "categories"].split("|")),
        ("heat.verdicts", reference.table("density_presets").query("measure == 'linear_mwh_m'")["class"]),
    ):
        for word in words:
            assert text(f"{prefix}.{word}")
    for name, indicator in INDICATORS.items():
        assert text(f"indicators.{name}.title")
        assert text(f"indicators.{name}.description")
        assert text(f"themes.{indicator.theme}")
    buildings, roads = schema.spec("buildings"), schema.spec("roads")
    for prefix, rows, columns in (
        ("uses", buildings, ["use"]),
        ("heating", buildings, ["heating"]),
        ("road_classes", roads, ["road_class"]),
        ("how", buildings, ["height_source", "year_source", "floor_area_source", "heating_source", "storeys_source"]),
    ):
        for column in columns:
            for word in rows.loc[column, "categories"].split("|"):
                assert text(f"{prefix}.{word}")
    for name in MEASURES.names():
        if MEASURES[name].table == "buildings" and MEASURES[name].function.__module__ == "energy.measures":
            assert text.has(f"measures.{name}")


def keys_in_code(root):
    """Return the text constants, and the patterns of texts that are put together."""
    constants, patterns = set(), set()
    for path in [root / "app.py", *(root / "views").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                constants.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(p.value) if isinstance(p, ast.Constant) else r"\w+" for p in node.values]
                patterns.add("".join(parts))
    return constants, [re.compile(p) for p in patterns if re.search("[a-z]", p.replace(r"\w", ""))]


def test_no_text_lies_unused(texts, root):
    constants, patterns = keys_in_code(root)
    unused = [k for k in texts["sv"] if k not in constants and not any(p.fullmatch(k) for p in patterns)]
    assert unused == []


def test_swedish_and_english_numbers():
    sv, en = Language("sv"), Language("en")
    assert sv.number(1234567.0).replace("\u00a0", " ") == "1 230 000"
    assert (sv.number(0.0123), en.number(0.0123)) == ("0,0123", "0.0123")
    assert sv.number(float("nan")) == "–"
    assert sv.number(0) == "0"
    assert sv.change(-0.163).replace("\u00a0", " ").replace("−", "-") == "-16,3 %"
    assert sv.scaled(2.1e6, "kWh") == (2100.0, "MWh")
    assert sv.scaled(3.5e7, "kg") == (35.0, "kton")
    assert Language("xx").code == "sv"


def luminance(colour):
    c = np.array(colour) / 255
    linear = np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_the_scale_falls_steadily_in_brightness_so_that_colour_is_not_needed():
    steps = [luminance(c) for c in PALETTE]
    assert steps == sorted(steps, reverse=True)
    assert (steps[0] + 0.05) / (steps[-1] + 0.05) > 7
    assert NO_VALUE not in PALETTE


def test_every_value_has_a_class_with_a_colour():
    legend = Legend.of(np.random.default_rng(1).lognormal(4, 1, 500), "kWh/m2", "lower")
    classes = legend.classes(np.array([np.nan, -5.0, 0.0, 1e9]))
    assert classes[0] == 0
    assert classes.max() < len(legend.colours)
    html = legend.html("Värmebehov", Language("sv"))
    assert "kWh/m²" in html
