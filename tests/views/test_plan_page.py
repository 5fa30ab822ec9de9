"""The page of the climate plan without a browser: what it says, and that its map adds up to the wedge."""

import numpy as np
import pytest
from plans import SCENARIO
from streamlit.testing.v1 import AppTest

import energy
from energy.climate_plans.portfolio import portfolio
from views import plan_charts, plan_shapes
from views.documents import parts
from views.language import Language
from views.pages import plan_effect, plan_map

SV = Language("sv")
PAGE = """
from views.language import Language
from views.pages import plan
from views.pages.state import session
text = Language("sv")
plan.show(session(text), text)
"""


@pytest.fixture(scope="module")
def plan(city):
    return portfolio(city, energy.Scenario.from_text(SCENARIO), years=(2024, 2027, 2030))


def wedge(plan, measure, year=2030):
    rows = plan.wedges[(plan.wedges["id"] == measure) & (plan.wedges["year"] == year)]
    return float(rows["share_t"].iloc[0])


@pytest.mark.parametrize("measure", ["hus", "pump", "bilar", "elbilar"])
def test_the_map_of_a_measure_adds_up_to_its_wedge(plan, measure):
    found = plan_shapes.contribution(plan, measure)
    assert found["share_kg"].sum() / 1000 == pytest.approx(wedge(plan, measure), abs=1e-9)
    areas = plan_shapes.by_area(plan, found, {"share_kg": "x"}, SV)
    assert areas["share_kg"].sum() == pytest.approx(wedge(plan, measure), abs=1e-9)
    assert areas["count"].sum() == len(found)
    assert SV.number(wedge(plan, measure)) in plan_map.total(found, 2030, SV)


def test_what_lies_outside_all_areas_is_told_too(plan):
    areas = plan_shapes.by_area(plan, plan_shapes.contribution(plan, "bilar"), {"share_kg": "x"}, SV)
    assert set(areas["area"]) == {"Väster", "Öster", "Utanför områdena"}


def test_houses_keep_their_place_in_the_map(plan):
    table = plan_shapes.entities(plan)
    assert table["id"].tolist() == [*(f"b{i}" for i in range(6)), "r1", "r2", "r3"]
    found = plan_shapes.contribution(plan, "hus")
    assert set(found["table"]) == {"buildings"}
    assert "b5" not in set(found["id"]), "an unheated house saves nothing"


def test_places_where_the_accounts_go_apart(plan):
    for year in plan.plan.years:
        found = plan_shapes.apart(plan, year)
        assert (np.sign(found["territorial_kg"]) == -np.sign(found["marginal_kg"])).all()
        assert (found["kind"] == "worse").tolist() == (found["marginal_kg"] > 0).tolist()
    assert plan_shapes.apart(plan, 2024).empty, "nothing is done in the first year"


def test_the_wedges_lie_between_baseline_and_plan(plan):
    table = plan_charts.layer_table(plan, parts.layers_of(plan, SV))
    for year, rows in table.groupby("year"):
        curve = plan.curves.set_index("year").loc[year]
        thick = (rows["upper_t"] - rows["lower_t"]) * np.sign(rows["share_t"])
        assert thick.sum() == pytest.approx(curve["baseline_t"] - curve["plan_t"], abs=1e-9)
    chart = plan_charts.wedge_chart(plan, parts.layers_of(plan, SV), 2027, SV).to_dict()
    assert len(chart["layer"]) == 4
    assert plan_charts.sector_chart(plan, SV).to_dict()["layer"]
    names = {k: f"{n}. {k}" for n, k in enumerate(plan.interactions, start=1)}
    assert plan_charts.matrix_chart(plan, names, SV).to_dict()["layer"]


def test_the_table_of_the_page_tells_range_and_who_answers(plan):
    table = plan_effect._measures(plan, 2030, SV)
    assert table["Åtgärd"].tolist() == ["Renovera <hus>", "=1+1", "Färre bilar", "Laddplatser", "Klimatråd"]
    shares = table["Andel av minskningen [ton CO₂e]"].tolist()
    assert shares[-1] == "ej kvantifierad"
    assert shares[0] == SV.number(wedge(plan, "hus"))
    assert all(table["Beroende på ordning"][:-1])
    assert table["Ansvarig"].tolist()[0] == "AB Framtiden"


@pytest.fixture(scope="module")
def planned(kept_folder):
    (kept_folder / "scenarios").mkdir()
    (kept_folder / "scenarios/plan.toml").write_text(SCENARIO, encoding="utf-8")
    (kept_folder / "scenarios/tom.toml").write_text('name = "Utan steg"', encoding="utf-8")
    return kept_folder


@pytest.fixture
def page(planned, root, monkeypatch):
    for name, value in {"CITY": str(planned), "DATA": "", "PLUGINS": ""}.items():
        monkeypatch.setenv(f"KLIMATTVILLING_{name}", value)
    monkeypatch.chdir(root)
    return AppTest.from_string(PAGE, default_timeout=240)


def said(page):
    return " ".join(str(e.value) for e in [*page.markdown, *page.subheader, *page.caption, *page.info])


def test_the_page_begins_with_the_plan_and_its_last_year_and_has_all_views(page):
    page.run()
    assert not page.exception
    assert not page.error
    assert len(page.metric) == 5
    assert "Åtgärderna 2030" in said(page)
    assert "Sektorer utanför modellen" in said(page)
    for view, words in {
        "map": "Kartans summa är",
        "together": "Ansvariga 2030",
        "money": "Av investeringarna är",
        "accounts": "Målet gäller utsläppen i territoriet",
        "documents": "Klimatbudget",
    }.items():
        page.query_params["plan"] = view
        page.session_state["plan_view"] = view
        page.run()
        assert not page.exception, view
        assert not page.error, view
        assert words in said(page), view


def test_a_scenario_without_measures_is_no_plan(page):
    page.query_params["scenario"] = "Utan steg"
    page.run()
    assert not page.exception
    assert "har inga åtgärder" in page.info[0].value
