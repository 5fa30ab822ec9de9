"""The view of how sure the plan is: its figures are those of the calculation, in words, charts and tables of both languages."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from plans import SCENARIO
from streamlit.testing.v1 import AppTest

import energy
from energy.climate_plans.robustness import robustness
from twin import Factors
from views import sure_charts
from views.language import Language
from views.pages import plan_sure, state
from views.session import Session

SV, EN = Language("sv"), Language("en")
DRAWS = 10
DRAWN = ("fleet.", "fuel.", "mobility.", "electricity.", "heat.model_scale")
NAMES = {"baseline": "A", "decided": "B", "planned": "C", "Plan": "D"}
PAGE = """
from views.language import Language
from views.pages import plan
from views.pages.state import session
text = Language("{code}")
plan.show(session(text), text)
"""


@pytest.fixture(scope="module")
def found(city):
    numbers = {
        key: rows if key.startswith(DRAWN) else tuple(replace(f, low=f.value, high=f.value) for f in rows)
        for key, rows in Factors.read().items()
    }  # some factors only: every one drawn is two more runs of the city
    plan = energy.Scenario.from_text(SCENARIO)
    return robustness(city, plan, DRAWS, 1, factors=Factors(numbers), most=10, sobol_draws=0)


@pytest.fixture(scope="module")
def opened(city):
    scenarios = (energy.Scenario.baseline(), energy.Scenario.from_text(SCENARIO))
    return Session(city, {s.name: energy.simulate(city, s, years=(2024, 2030), ranges=False) for s in scenarios})


@pytest.fixture
def asked(found, opened, monkeypatch):
    """What the page asks the calculation for; it gets what was found before, so that it is calculated once."""
    monkeypatch.setattr(state, "session", lambda _text: opened)
    calls = []

    def calculated(_city, scenario, draws, seed, *, progress, **rest):
        for share, told in ((0.0, "baseline"), (0.36, scenario.name), (0.6, "sensitivity"), (1.0, "")):
            progress(share, told)
        calls.append({"scenario": scenario.name, "draws": draws, "seed": seed, **rest})
        return replace(found, unit="SEK/a" if rest["yearly_cost_sek"] else "t")

    monkeypatch.setattr(plan_sure, "robustness", calculated)
    plan_sure._kept.clear()
    return calls


def page_of(code="sv", year="2030"):
    page = AppTest.from_string(PAGE.format(code=code), default_timeout=120)
    page.query_params.update({"plan": "sure", "year": year, "scenario": "Plan"})
    return page.run()


def said(page):
    return " ".join(str(e.value) for e in [*page.markdown, *page.subheader, *page.caption, *page.info])


def counted(share, text, *, short=False):
    return plan_sure._in_worlds(share, DRAWS, text, short=short)


def test_nothing_is_calculated_before_it_is_asked_for_and_then_once_for_all(asked):
    page = page_of()
    assert not page.exception
    assert asked == []
    assert "Tryck på Räkna" in page.info[0].value
    page.button[0].click().run()
    assert not page.exception
    whole = {"year": 2030, "account": "territorial", "most": 10, "sobol_draws": 0, "yearly_cost_sek": None}
    assert asked == [{"scenario": "Plan", "draws": 200, "seed": 1, **whole}]
    again = page_of()
    assert len(again.dataframe) == 3, "another visitor sees what was calculated"
    again.button[0].click().run()
    assert len(asked) == 1


@pytest.mark.parametrize("code", ["sv", "en"])
def test_the_figures_shown_are_those_of_the_calculation(asked, found, code):
    text = Language(code)
    page = page_of(code).button[0].click().run()
    assert not page.exception
    told = said(page)
    o = found.options.set_index("option")
    words = {
        key: counted(o.loc[option, "probability_pace"], text, short=key != "plan")
        for key, option in {"plan": "Plan", "planned": "planned", "decided": "decided", "nothing": "baseline"}.items()
    }
    assert text("plan.sure.said_pace", year=2030, **words) in told
    assert text.number(o.loc["Plan", "city_p50_t"]) in told
    assert text.number(o.loc["Plan", "city_goal_t"]) in told
    options, factors, regret = (d.value for d in page.dataframe)
    for p in (10, 50, 90):
        assert options[f"P{p} [{text('documents.units.t')}]"].tolist() == [text.number(v) for v in o[f"p{p}_t"]]
    assert options[text("plan.sure.pace")].tolist() == [text.share(v) for v in o["probability_pace"]]
    moved = found.sensitivity[found.sensitivity["swing_t"] != 0]
    assert factors[text("plan.sure.key")].tolist() == moved["factor"].tolist()
    assert [v.lstrip("+−") for v in factors[text("plan.sure.swing")]] == [text.number(abs(v)) for v in moved["swing_t"]]
    assert [v[0] == "+" for v in factors[text("plan.sure.swing")]] == (moved["swing_t"] > 0).tolist()
    for column in ("mean", "p90", "max"):
        assert regret[text(f"plan.sure.regret_{column}")].tolist() == [text.number(v) for v in found.regret[column]]
    assert text("plan.sure.regret_title", unit=text("documents.units.t")) in told
    assert text("plan.sure.emissions_alone") in told, "emissions alone are compared"
    made = text("plan.sure.made", draws=DRAWS, seed=1, year=2030, count=len(found.learning))
    assert made in told


def test_a_factor_is_shown_with_its_range_in_the_year_its_source_and_whether_it_is_assumed(found):
    numbers = Factors.read()
    keys = pd.Series(["fleet.lorry_ev_share", "fuel.diesel.fossil"])
    table = plan_sure._about(keys, numbers, 2027, SV)
    assert table["Status"].tolist() == ["antagande", "från källa"]
    assert table["Värde"].tolist() == [SV.number(numbers.value(k, 2027)) for k in keys]
    assert table["Lågt"].tolist() == [SV.number(numbers.value(k, 2027, "low")) for k in keys]
    assert table["Källa"].tolist()[1] == Factors.sources().loc[numbers["fuel.diesel.fossil"][0].source, "title"]
    assert table["Anmärkning"].str.len().min() > 0


def test_what_decides_most_has_a_name_that_is_read(found):
    for text in (SV, EN):
        names = [plan_sure._name(k, text) for k in found.sensitivity["factor"]]
        drawn = found.sensitivity["factor"].map(lambda k: Factors.read()[k][0].perspective) != "lifecycle"
        assert not [n for n, k, d in zip(names, found.sensitivity["factor"], drawn, strict=True) if d and n == k]


def test_no_factor_is_named_that_does_not_exist(root):
    keys = {k.replace(".", "_") for k in Factors.read()}
    lines = (root / "views/texts/sv.toml").read_text(encoding="utf-8").split("[plan.sure.names]\n")[1].split("\n[")[0]
    named = [line.split(" = ")[0] for line in lines.splitlines() if line]
    assert len(named) > 50
    assert [n for n in named if n not in keys] == []


def test_costs_are_weighed_where_all_are_given_and_asked_for_where_some_are_missing(asked):
    page = page_of()
    page.number_input[0].set_value(5.0)
    page.button[0].click().run()
    assert asked == []
    assert "Planerat och beslutat, Hela planen" in page.warning[0].value
    page.number_input[1].set_value(6.0)
    page.number_input[2].set_value(60.5)
    page.button[0].click().run()
    assert asked[0]["yearly_cost_sek"] == {"decided": 5e6, "planned": 6e6, "Plan": 60.5e6}
    assert SV("plan.sure.emissions_alone") not in said(page)
    assert "Ånger, Mkr per år" in said(page)
    value = Factors.read().value("money.carbon_value_sek_kg", 2030)
    assert f"troligast {SV.number(value)} (" in said(page), "what emissions are worth is told"


def test_more_worlds_are_asked_for(asked):
    page = page_of()
    page.selectbox(key="sure_draws").set_value(1000)
    page.button[0].click().run()
    assert asked[0]["draws"] == 1000


def test_the_first_year_has_no_uncertain_goal(asked):
    page = page_of(year="2024")
    assert not page.exception
    assert "efter 2024" in page.info[0].value
    assert not page.button


def test_none_and_all_worlds_are_said_in_words():
    assert plan_sure._in_worlds(0.0, 200, SV) == "ingen av 200 möjliga världar"
    assert plan_sure._in_worlds(1.0, 200, EN) == "all 200 possible worlds"
    assert plan_sure._in_worlds(0.75, 200, EN) == "150 of 200 possible worlds (75 %)"
    assert plan_sure._in_worlds(0.0, 200, SV, short=True) == "ingen"
    assert plan_sure._in_worlds(1.0, 200, SV, short=True) == "alla"
    assert plan_sure._in_worlds(0.75, 200, EN, short=True) == "150 (75 %)"


def test_a_whole_city_that_may_reach_the_goal_is_told_by_option(asked, found, monkeypatch):
    reaching = found.options.assign(probability_city=[0.0, 0.0, 0.3, 1.0])
    monkeypatch.setattr(plan_sure, "robustness", lambda *_a, **_k: replace(found, options=reaching))
    told = said(page_of("en").button[0].click().run())
    assert "reaches the target in all 10 possible worlds with the whole plan, in 3 (30 %) with what is planned" in told
    assert "in none with what is decided and in none without" in told


def test_an_option_that_may_be_regretted_is_told_with_its_worst_world(asked, found, monkeypatch):
    regret = found.regret.assign(max=[9e6, 8e6, 7e6, 2e6], best_share=[0.0, 0.1, 0.0, 0.9])
    monkeypatch.setattr(plan_sure, "robustness", lambda *_a, **_k: replace(found, regret=regret, unit="SEK/a"))
    told = said(page_of().button[0].click().run())
    assert "bäst i 9 av 10 möjliga världar (90 %), och i den värsta världen blir det 2 Mkr per år sämre" in told


def test_only_what_is_worth_more_than_chance_is_to_be_learnt(found):
    worth = {"mobility.traffic_scale": 3e6, "electricity.lifecycle": 1e6, "heat.model_scale": 0.5e6}
    learning = pd.DataFrame({"factor": list(worth), "evppi": list(worth.values())})
    table = plan_sure._learning_table(replace(found, learning=learning, unit="SEK/a"), SV)
    assert table["Faktor"].tolist() == ["Verklig trafik mot räknad"]
    assert table["Värde av att veta [Mkr per år]"].tolist() == ["3"]


def test_the_chart_holds_every_world_each_range_and_the_target(found):
    chart = sure_charts.ranges_chart(found, NAMES, 1234.0, SV).to_dict()
    tables = [chart["datasets"][layer["data"]["name"]] for layer in chart["layer"]]
    assert len(tables[0]) == DRAWS * len(NAMES)
    assert [row["p90_t"] for row in tables[1]] == found.options["p90_t"].tolist()
    assert [row["name"] for row in tables[1]] == list(NAMES.values())
    assert tables[3][0]["t"] == 1234.0
    assert "1\u00a0230" in tables[3][0]["label"]


def test_the_chart_of_swings_marks_what_is_assumed():
    table = pd.DataFrame({"name": ["x", "y"], "swing_t": [5.0, -3.0], "assumed": [True, False]})
    chart = sure_charts.swings_chart(table, EN).to_dict()
    (rows,) = chart["datasets"].values()
    assert [r["name"] for r in rows] == ["x *", "y"]
    assert np.sign([r["t"] for r in rows]).tolist() == [1, -1]
    assert rows[0]["status"] != rows[1]["status"]
