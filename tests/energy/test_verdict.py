"""An investment against the frozen strategy: the same input gives the same bytes, and every rule can bite."""

import json

import pandas as pd
import pytest

from energy.climate_plans.strategy import Strategy, freeze
from energy.climate_plans.verdict import RULES, verdict
from energy.measures import measure
from energy.scenario import Scenario, Step
from twin import Factors, TwinError

FACTORS = Factors.read()
PLAN = Scenario(
    name="Strategi",
    step=(
        Step(id="tak", measure="insulate_roof", start=2025, end=2026),
        Step(id="bilar", measure="electrify_vehicles", params={"ev_share": 0.6}, where={"road_id": ["r1"]}, end=2026),
    ),
)
STRATEGY = freeze(PLAN, FACTORS)
CELLS = Step(id="sol", measure="install_photovoltaics", start=2026, end=2028)


def judged(city, step, **other):
    found = verdict(city, STRATEGY, step, factors=FACTORS, **other)
    return found, {r.rule: r for r in found.reasons}


def test_the_same_input_and_strategy_give_the_same_bytes(city):
    again = Strategy.read(json.dumps(STRATEGY.record()))
    one, two = (verdict(city, s, CELLS, factors=FACTORS).record() for s in (STRATEGY, again))
    assert json.dumps(one, sort_keys=True).encode() == json.dumps(two, sort_keys=True).encode()
    assert one["inputs"]["strategy"] == STRATEGY.sha256


def test_solar_cells_contribute_and_every_rule_is_told(city):
    found, by_rule = judged(city, CELLS)
    assert found.conclusion == "bidrar"
    assert set(by_rule) == set(RULES)
    assert by_rule["goal_year"].value > 0
    assert by_rule["interaction"].value == pytest.approx(1)
    assert found.figures["lifetime_years"] > 10


def test_raising_emissions_in_the_goal_year_does_not_contribute(city):
    heat = Step(id="fv", measure="connect_district_heating", where={"heating": ["direct_electric"]}, start=2026)
    found, by_rule = judged(city, heat)
    assert by_rule["goal_year"].value < 0
    assert found.conclusion == "bidrar inte"


def test_raising_emissions_only_after_the_goal_year_does_not_contribute(city):
    late = Step(
        id="fv", measure="connect_district_heating", where={"heating": ["direct_electric"]}, start=2033, end=2034
    )
    found, by_rule = judged(city, late)
    assert by_rule["goal_year"].value == 0
    assert by_rule["after_goal"].outcome == "fails"
    assert found.conclusion == "bidrar inte"


def test_a_lock_in_after_a_good_start_is_seen(city):
    @measure(changes=["ev_share"], table="roads", name="cars_for_a_while")
    def cars_for_a_while(chosen, factors, *, progress):
        first = factors["target.territorial.rate"] * 0 + progress
        return pd.DataFrame({"ev_share": 0.7 if first < 1 else 0.0}, index=chosen.index)

    step = Step(id="x", measure="cars_for_a_while", where={"road_id": ["r3"]}, start=2026, end=2034, lifetime_years=5)
    found, by_rule = judged(city, step)
    assert by_rule["goal_year"].value > 0
    assert by_rule["after_goal"].value < 0
    assert found.conclusion == "bidrar inte"


def test_a_measure_that_overlaps_contributes_in_part(city):
    cars = Step(id="bilar2", measure="electrify_vehicles", params={"ev_share": 0.8}, lifetime_years=15)
    found, by_rule = judged(city, cars)
    assert found.overlaps == ("bilar",)
    assert by_rule["available"].outcome == "limits"
    assert found.conclusion == "bidrar delvis"


def test_an_unknown_lifetime_and_a_justice_flag_limit(city):
    less = Step(id="mindre", measure="reduce_car_traffic", params={"reduction": 0.1}, start=2026)
    found, by_rule = judged(city, less, justice_flag=True)
    assert by_rule["lifetime"].outcome == by_rule["justice"].outcome == "limits"
    assert found.conclusion == "bidrar delvis"
    known, _ = judged(city, less.model_copy(update={"lifetime_years": 10.0}), justice_flag=False)
    assert known.conclusion == "bidrar"


def test_what_matches_nothing_or_is_there_already_is_refused(city):
    with pytest.raises(TwinError, match=r"changes nothing: .*widen its filter"):
        judged(city, CELLS.model_copy(update={"where": {"use": ["industry"]}}))
    with pytest.raises(TwinError, match=r"its share 0\.01 of what matches is less than one"):
        judged(city, CELLS.model_copy(update={"share": 0.01}))
    with pytest.raises(TwinError, match="already has a measure 'tak'"):
        judged(city, CELLS.model_copy(update={"id": "tak"}))


def test_a_strategy_that_was_touched_or_has_other_factors_is_refused(city):
    record = json.loads(json.dumps(STRATEGY.record()))
    record["strategy"]["goal_year"] = 2035
    with pytest.raises(TwinError, match="was changed after it was frozen"):
        Strategy.read(json.dumps(record))
    with pytest.raises(TwinError, match="is no frozen strategy"):
        Strategy.read("{}")
    with pytest.raises(TwinError, match="factors have changed"):
        verdict(city, STRATEGY, CELLS, factors=FACTORS.scaled("fleet.ev_share", 1.01))
    with pytest.raises(TwinError, match="is past"):
        verdict(city, freeze(PLAN, FACTORS, 2023), CELLS, factors=FACTORS)
