"""The view that tests an investment: the same verdict as the calculation's, all that is wrong told at once, both languages."""

import json
from dataclasses import replace

import pytest
from plans import SCENARIO
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

import energy
from energy.climate_plans.justice import flagged
from energy.climate_plans.strategy import Strategy, freeze
from energy.climate_plans.verdict import RULES, Reason, verdict
from energy.plan import Conflict
from energy.register import bodies
from twin import MEASURES, Factors, TwinError
from views.language import Language
from views.pages import plan_try, plan_try_form, state
from views.session import Session

SV, EN = Language("sv"), Language("en")
PAGE = """
from views.language import Language
from views.pages import plan
from views.pages.state import session
text = Language("{code}")
plan.show(session(text), text)
"""
CELLS = {
    "measure": "install_photovoltaics",
    "name": "Sol | *tak*",
    "area": "s1",
    "use": ["multi_family", "office"],
    "built_max": 1995,
    "share": 70.0,
    "start": 2026,
    "end": 2028,
    "install_photovoltaics.roof_share": 40.0,
    "cost": 2.5,
    "price_year": 2025,
    "payer": "AB Framtiden",
    "responsible": "Kommunens solgrupp",
}
STEP = energy.Step(
    measure="install_photovoltaics",
    name="Sol | *tak*",
    where={"area_id": ["s1"], "use": ["multi_family", "office"], "year_built": {"max": 1995}},
    share=0.7,
    start=2026,
    end=2028,
    params={"roof_share": 0.4},
    cost=[{"kind": "capex", "sek": 2.5e6, "price_year": 2025}],
    payer="AB Framtiden",
    responsible="Kommunens solgrupp",
)
CARS = {"measure": "electrify_vehicles", "start": 2026, "road_class": ["primary"], "electrify_vehicles.ev_share": 80.0}
OUTCOMES = [
    ("goal_year", "holds", 5.0, ""),
    ("goal_year", "limits", 0.0, ""),
    ("goal_year", "fails", 0.0, ""),
    ("goal_year", "fails", -1.0, ""),
    ("cumulative", "holds", 5.0, ""),
    ("cumulative", "limits", 0.0, ""),
    ("cumulative", "limits", -1.0, ""),
    ("after_goal", "holds", 5.0, ""),
    ("after_goal", "fails", -1.0, ""),
    ("marginal", "holds", 5.0, ""),
    ("marginal", "limits", -1.0, ""),
    ("interaction", "holds", 0.9, "2030"),
    ("interaction", "limits", 0.3, "2030"),
    ("interaction", "holds", None, "2030"),
    ("available", "holds", 0.0, ""),
    ("available", "limits", 1.0, "x"),
    ("lifetime", "holds", 30.0, ""),
    ("lifetime", "limits", None, "name lifetime_years"),
    ("justice", "holds", None, "not flagged"),
    ("justice", "limits", None, "flagged"),
    ("justice", "holds", None, "not examined"),
]
OWN_BODY = '[[body]]\nname = "Kommunens solgrupp"\nkind = "city"\n'


@pytest.fixture(scope="module")
def opened(city):
    plan = energy.Scenario.from_text(SCENARIO + OWN_BODY)
    scenarios = (energy.Scenario.baseline(), plan)
    return Session(city, {s.name: energy.simulate(city, s, years=(2024, 2030), ranges=False) for s in scenarios})


@pytest.fixture
def page(opened, monkeypatch):
    """Draws the view of a language and fills in its form."""
    monkeypatch.setattr(state, "session", lambda _text: opened)
    files = {}
    button = DeltaGenerator.download_button

    def download_button(self, label, data, name, *rest, **other):
        files[name] = data
        return button(self, label, data, name, *rest, **other)

    monkeypatch.setattr(DeltaGenerator, "download_button", download_button)

    def drawn(filled=None, code="sv", scenario="Plan"):
        page = AppTest.from_string(PAGE.format(code=code), default_timeout=120)
        page.query_params.update({"plan": "try", "year": "2030", "scenario": scenario})
        page.run()
        return fill(page, filled) if filled else page

    drawn.files = files
    return drawn


def fill(page, filled):
    code = page.number_input[0].key.split("_")[1]
    if "measure" in filled:
        page.selectbox(key=f"try_{code}_measure").set_value(filled["measure"]).run()
    fields = {e.key: e for kind in ("number_input", "selectbox", "multiselect", "text_input") for e in page.get(kind)}
    for key, value in filled.items():
        fields[f"try_{code}_{key}"].set_value(value)
    page.button[0].click().run()
    assert not page.exception
    return page


def said(page):
    kinds = (page.markdown, page.caption, page.success, page.warning, page.error)
    return " ".join(str(e.value) for kind in kinds for e in kind)


@pytest.fixture(scope="module")
def strategy(opened):
    return freeze(opened.runs["Plan"].scenario, Factors.read(), 2030)


@pytest.fixture(scope="module")
def found(city, strategy):
    return verdict(city, strategy, STEP, justice_flag=flagged(city, STEP, 2030))


@pytest.mark.parametrize("text", [SV, EN], ids=["sv", "en"])
def test_a_filled_form_gives_the_verdict_of_the_calculation(page, strategy, found, text):
    shown = page(CELLS, text.code)
    assert strategy.sha256[:12] in said(shown)
    key = plan_try._KEYS[found.conclusion]
    box = {"yes": shown.success, "partly": shown.warning, "no": shown.error}[key][0].value
    words = {"name": r"Sol \| \*tak\*", "year": 2030}
    assert box.startswith(f"**{plan_try._MARKS[found.conclusion]} {text(f'plan.try.conclusions.{key}', **words)}**")
    rules = shown.table[0].value
    assert rules.index.tolist() == [text(f"plan.try.rules.{r.rule}") for r in found.reasons]
    outcomes = [f"{plan_try._MARKS[r.outcome]} {text(f'plan.try.outcomes.{r.outcome}')}" for r in found.reasons]
    assert rules[text("plan.try.outcome")].tolist() == outcomes
    for reason, value in zip(found.reasons, rules[text("columns.value")], strict=True):
        wanted = float("nan") if reason.value is None else reason.value * (100 if reason.rule == "interaction" else 1)
        assert value == text.number(wanted)
    effects = shown.dataframe[0].value
    assert effects[text("year")].tolist() == [str(e["year"]) for e in found.effects]
    for account in ("territorial", "marginal"):
        name = f"{text(f'plan.try.accounts.{account}')} [{text('documents.units.t')}]"
        assert effects[name].tolist() == [text.number(e[f"{account}_t"]) for e in found.effects]
    assert all(sha in said(shown) for sha in found.inputs.values())


def test_the_files_are_those_that_the_command_reads_and_writes(page, strategy, found):
    page(CELLS)
    assert json.loads(page.files["bedomning.json"]) == json.loads(json.dumps(found.record()))
    scenario = energy.Scenario.from_text(page.files["investering.toml"])
    assert scenario.step == (STEP,)
    assert [b.name for b in scenario.body] == ["Kommunens solgrupp"]
    assert Strategy.read(page.files["strategi.json"]) == strategy


def test_what_the_plan_has_taken_is_told_before_anything_is_calculated(page, city, strategy):
    shown = page(CARS)
    with pytest.raises(TwinError, match="earlier steps leave 0"):
        verdict(city, strategy, energy.Step(measure="electrify_vehicles", params={"ev_share": 0.8}))
    assert "har redan tagit dem" in shown.error[0].value
    assert not shown.table


def test_what_the_plan_takes_in_part_is_told_with_its_measures(page, found, monkeypatch):
    lacks = [replace(r, outcome="limits", value=1.0) if r.rule == "available" else r for r in found.reasons]
    partly = replace(found, conclusion="bidrar delvis", reasons=tuple(lacks), overlaps=("pump",))
    monkeypatch.setattr(plan_try, "_judged", lambda *_: partly)
    shown = page({"measure": "install_heat_pump", "install_heat_pump.source": "air"})
    assert "Begränsas av kraven: ska få alla byggnader eller gator den gäller." in shown.warning[0].value
    assert "- =1+1" in said(shown)
    row = shown.table[0].value.loc["Ska få alla byggnader eller gator den gäller"]
    assert row["Utfall"] == "◐ begränsar"
    assert row["Vad det betyder"] == "Den gäller 6 av 6 byggnader, men planens egna åtgärder lämnar bara 4."


@pytest.mark.parametrize("text", [SV, EN], ids=["sv", "en"])
def test_every_outcome_of_every_rule_has_its_own_words(found, strategy, text):
    lacking = Conflict(5, "night_setback", "buildings", 61, 52, 43)
    said = [
        plan_try._meaning(Reason(rule, outcome, value, 0.5, "", note), found, strategy, lacking, text)
        for rule, outcome, value, note in OUTCOMES
    ]
    assert len(set(said)) == len(OUTCOMES)
    assert not [s for s in said if "{" in s]
    assert {rule for rule, *_ in OUTCOMES} == set(RULES)
    by = dict(zip(OUTCOMES, said, strict=True))
    for counted in ("52", "61", "43"):
        assert counted in by["available", "limits", 1.0, "x"]
    assert text.share(0.3) in by["interaction", "limits", 0.3, "2030"]
    assert "2030" in by["goal_year", "fails", -1.0, ""]


def test_all_that_is_wrong_is_told_at_once_and_the_old_verdict_goes(page):
    shown = page(CELLS)
    assert shown.table
    wrong = {
        "use": ["healthcare"],
        "built_min": 2000,
        "built_max": 1990,
        "start": 2031,
        "end": 2028,
        "share": 120.0,
        "lifetime": 0.0,
        "cost": -1.0,
        "price_year": None,
        "install_photovoltaics.roof_share": 0.0,
    }
    fill(shown, wrong)
    told = shown.error[0].value
    assert len(shown.error) == 1
    for words in (
        "träffar inga byggnader",
        "Byggår från 2000 ligger efter byggår till 1990",
        "Startåret 2031 ligger efter slutåret 2028",
        "Andel av urvalet, %: 120 är inte möjligt. Talet ska vara minst 0 och högst 100",
        "Livslängd, år: 0 är inte möjligt",
        "Investering, Mkr: -1 är inte möjligt",
        "Fyll i ”Prisår”",
        "Del av taket, %: 0 är inte möjligt. Talet ska vara över 0 och högst 100",
    ):
        assert words in told, words
    assert not shown.table


@pytest.mark.parametrize(
    ("filled", "words"),
    [
        ({"measure": "lower_speed_limit"}, "Fill in “New speed limit, km/h”"),
        ({"share": 1.0}, "1 % of 6 buildings is less than one"),
        ({"end": None}, "Fill in “Last year”"),
        ({"end": 2300}, "Last year: 2300 is not possible. The number must be at least 1990 and at most 2100"),
        ({"measure": "lower_speed_limit", "lower_speed_limit.speed_kmh": 300.0}, "at least 5 and at most 130"),
    ],
)
def test_bad_input_is_told_in_the_other_language_too(page, filled, words):
    shown = page({"measure": "night_setback"} | filled, "en")
    assert words in shown.error[0].value
    assert not shown.table


def test_the_form_stays_filled_in_when_another_view_has_been_seen(page):
    shown = page(CELLS)
    for view in ("accounts", "try"):
        shown.segmented_control(key="plan_view").set_value(view).run()
    assert not shown.exception
    assert shown.number_input(key="try_sv_share").value == 70.0
    assert shown.multiselect(key="try_sv_use").value == ["multi_family", "office"]
    assert shown.table, "and so does the verdict"


def test_the_form_speaks_the_other_language_and_keeps_what_it_holds(page):
    shown = page(CELLS)
    shown.run()
    english = AppTest.from_string(PAGE.format(code="en"), default_timeout=120)
    english.query_params.update(shown.query_params)
    english.session_state["tried_form"] = shown.session_state["tried_form"]
    english.run()
    assert english.number_input(key="try_en_share").value == 70.0
    assert english.selectbox(key="try_en_measure").value == "install_photovoltaics"
    assert "Buildings: Install photovoltaics" in english.selectbox(key="try_en_measure").options


def test_every_field_of_every_measure_can_be_drawn_and_read(page):
    shown = page()
    options = [
        m
        for m in MEASURES.names()
        if plan_try_form.title(m, SV) in " ".join(shown.selectbox(key="try_sv_measure").options)
    ]
    assert options == MEASURES.names()
    assert set(bodies()) < set(shown.selectbox(key="try_sv_payer").options)
    for text in (SV, EN):
        for name in MEASURES.names():
            spec = MEASURES[name]
            for key, about in spec.params.model_json_schema().get("properties", {}).items():
                label = plan_try_form._label(key, spec, {}, text)
                assert label != key, f"{name}.{key} has no words"
                assert all(text.has(f"plan.try.choices.{o}") for o in about.get("enum", ()))
