"""The app's pages without a browser: what they say, and how they fail."""

import tomllib

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import energy
from views import charts, deck, new_layer, report, shapes
from views.language import Language
from views.legend import Legend

SCENARIO = """name = "Plan"
[[step]]
measure = "renovate_envelope"
end = 2026
[[step]]
measure = "reduce_car_traffic"
params = { reduction = 0.3 }
"""


@pytest.fixture(scope="module")
def planned(kept_folder):
    (kept_folder / "scenarios").mkdir()
    (kept_folder / "scenarios/plan.toml").write_text(SCENARIO, encoding="utf-8")
    return kept_folder


@pytest.fixture
def app(planned, root, monkeypatch):
    monkeypatch.setenv("KLIMATTVILLING_CITY", str(planned))
    monkeypatch.setenv("KLIMATTVILLING_DATA", "")
    monkeypatch.setenv("KLIMATTVILLING_PLUGINS", "")
    monkeypatch.chdir(root)
    return AppTest.from_file(str(root / "app.py"), default_timeout=120)


def said(app):
    return " ".join(str(e.value) for e in [*app.markdown, *app.subheader, *app.caption])


def test_the_first_page_tells_about_the_city(app):
    app.run()
    assert not app.exception
    assert not app.error
    assert len(app.metric) == 4
    assert "Hela staden" in said(app)
    assert "ligger utanför" in said(app)  # a district must not read as the city's target met


def test_the_address_holds_the_view(app):
    app.query_params["building"] = "b1"
    app.query_params["year"] = "2030"
    app.query_params["scenario"] = "Plan"
    app.run()
    assert not app.exception
    text = said(app)
    assert "Flerbostadshus från 1968" in text or "1968" in text
    assert "I scenariot ändras huset" in text


def test_nonsense_in_the_address_is_no_disaster(app):
    for key, value in {
        "area": "nowhere",
        "building": "x9",
        "year": "1066",
        "scenario": "?",
        "indicator": "y",
        "lang": "fi",
    }.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    assert len(app.metric) == 4


def test_english(app):
    app.query_params["lang"] = "en"
    app.run()
    assert "The whole city" in said(app)


def test_a_city_that_can_not_be_read_is_told_on_the_page(app, folder, monkeypatch):
    (folder / "roads.gpkg").unlink()
    monkeypatch.setenv("KLIMATTVILLING_CITY", str(folder))
    app.run()
    assert not app.exception
    assert "there is no file 'roads.gpkg'" in app.error[0].value


@pytest.fixture(scope="module")
def runs(city):
    plan = energy.Scenario(**tomllib.loads(SCENARIO))
    return {s.name: energy.simulate(city, s, years=[2024, 2027]) for s in (energy.Scenario.baseline(), plan)}


def test_a_house_is_told_with_how_things_are_known(runs):
    sentences = report.building_text(runs["Plan"], 0, 2027, Language("sv"))
    text = " ".join(sentences)
    assert "fjärrvärme" in text
    assert "I scenariot ändras huset: klimatskalet renoveras 202" in text
    assert "ouppvärmd" in " ".join(report.building_text(runs["baseline"], 5, 2024, Language("sv")))
    figures = report.building_figures(runs["baseline"], 5, 2024, Language("en"))
    assert len(figures) > 5


def test_names_of_buildings_can_carry_no_script():
    table = report.html_table(pd.DataFrame({"what": ["<script>"], "value": ["<b>1"]}))
    assert "<script>" not in table
    assert "&lt;script&gt;" in table


def test_the_path_says_what_it_leaves_out(runs):
    tidy = runs["Plan"].indicators()
    table = charts.path_table(tidy, "city")
    assert table["wanted_t"].iloc[-1] == pytest.approx(table["actual_t"].iloc[0] * 0.897**3)
    words = report.path_text(table, "Staden", Language("sv"))
    assert any("industri" in w for w in words)
    assert charts.emission_path(table, Language("sv")).to_dict()["layer"]


def test_the_map_sends_shapes_once_and_recolours_by_column(runs, tmp_path):
    scales = shapes.legends(runs)
    data = shapes.write_map(runs, scales, Language("sv"), tmp_path)
    files = {p.name for p in tmp_path.iterdir()}
    again = shapes.write_map(runs, scales, Language("sv"), tmp_path)
    assert again.addresses == data.addresses
    assert {p.name for p in tmp_path.iterdir()} == files
    assert len(set(data.columns.values())) <= len(data.columns)
    assert ("buildings", "heat_need_kwh_m2", "Plan", 2027) in data.columns
    assert all(isinstance(s, Legend) for s in scales.values())


def test_the_notebook_s_map(city, runs):
    made = deck.view(city, runs["Plan"], "co2e_territorial_kg", year=2027)
    layers = {layer["id"] if isinstance(layer, dict) else layer.id for layer in made.layers}
    assert any("buildings" in name for name in layers)


def test_a_written_plugin_is_never_overwritten(tmp_path):
    new_layer.write("trees", tmp_path)
    with pytest.raises(ValueError, match="is there already"):
        new_layer.write("trees", tmp_path)
    for name in ("Trees", "2trees", "tr-ees", "../x"):
        with pytest.raises(ValueError, match="can not name a layer"):
            new_layer.write(name, tmp_path)
