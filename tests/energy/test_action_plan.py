"""The action plan and the climate budget: parts add up, what is not quantified stays blank, what is outside stays."""

import numpy as np
import pytest

from energy.climate_plans.action_plan import NOT_QUANTIFIED, action_plan, goals_t, problems
from energy.climate_plans.climate_budget import climate_budget
from energy.climate_plans.portfolio import portfolio
from energy.scenario import Scenario
from twin import Factors, TwinError

YEARS = (2024, 2027, 2028, 2029, 2030)
PLAN = """
name = "Plan"
[[step]]
id = "tak"
measure = "insulate_roof"
status = "beslutad"
responsible = "AB Framtiden"
payer = "AB Framtiden"
start = 2025
[[step]]
id = "bilar"
measure = "electrify_vehicles"
params = { ev_share = 0.6 }
responsible = "Stadsmiljönämnden"
payer = "Näringslivet"
control = "indirekt"
start = 2025
[[step]]
id = "trafik"
measure = "reduce_car_traffic"
params = { reduction = 0.2 }
status = "idé"
responsible = "Stadsmiljönämnden"
payer = "Stadsmiljönämnden"
requires = ["bilar"]
start = 2026
[[unquantified]]
id = "rad"
name = "Klimatråd"
status = "beslutad"
responsible = "Renova"
payer = "Renova"
"""


@pytest.fixture(scope="module")
def found(city):
    return portfolio(city, Scenario.from_text(PLAN), years=YEARS)


@pytest.fixture(scope="module")
def told(found):
    return action_plan(found)


def test_every_entry_has_a_row_and_the_effects_sum_to_baseline_minus_plan(found, told):
    assert told.rows["id"].tolist() == ["tak", "bilar", "trafik", "rad"]
    last = found.curves.iloc[-1]
    assert told.rows["effect_t"].sum() == pytest.approx(last["baseline_t"] - last["plan_t"], rel=1e-9)
    assert told.rows["share"].sum() == pytest.approx(1)
    assert told.goal_year == 2030


def test_what_is_not_quantified_is_blank_and_never_zero(told):
    row = told.rows.set_index("id").loc["rad"]
    assert row["quantified"] == NOT_QUANTIFIED
    assert row[["effect_t", "cumulative_t", "least_t", "share", "advice_t"]].isna().all()


def test_each_effect_lies_in_its_interval(told):
    r = told.rows.dropna(subset="effect_t")
    assert (r["least_t"] <= r["effect_t"] + 1e-9).all()
    assert (r["effect_t"] <= r["most_t"] + 1e-9).all()
    assert (r["cumulative_least_t"] <= r["cumulative_t"] + 1e-9).all()
    assert (r["cumulative_t"] <= r["cumulative_most_t"] + 1e-9).all()


def test_the_cumulative_effect_is_that_of_the_curves(found, told):
    lines = found.curves.set_index("year")
    saved = lines["baseline_t"] - lines["plan_t"]
    between = saved[2024] + (saved[2027] - saved[2024]) * np.array([1, 2]) / 3  # 2025 and 2026
    assert told.rows["cumulative_t"].sum() == pytest.approx(saved.sum() + between.sum(), rel=1e-9)


def test_what_remains_is_told_in_each_reading_with_the_sectors_outside_as_they_are(found, told):
    remains = told.remains.set_index("reading")
    assert list(remains.index) == ["per_capita", "absolute", "published"]
    assert (remains["remains_t"] == remains["after_plan_t"] - remains["goal_t"]).all()
    assert remains.loc["published", "rate_needed"] == pytest.approx(0.163, abs=5e-4)
    assert remains["after_plan_t"].iloc[0] == pytest.approx(told.sectors["after_plan_t"].sum())
    outside = told.sectors[told.sectors["model"] == "outside"]
    assert (outside["after_plan_t"] == outside["now_t"]).all()
    assert outside["after_plan_t"].max() > 1_000_000  # industry alone is more than the goal
    assert told.sectors["share_of_rest"].sum() == pytest.approx(1)


def test_a_later_goal_year_has_no_published_goal():
    assert set(goals_t(2035, Factors.read())) == {"per_capita", "absolute"}


def test_a_register_with_gaps_is_refused_all_at_once(city):
    text = PLAN.replace('payer = "Näringslivet"\n', "").replace('"Renova"\npayer', '"Renovas"\npayer')
    bad = portfolio(city, Scenario.from_text(text), years=(2030,))
    with pytest.raises(TwinError) as error:
        action_plan(bad)
    assert "bilar: nobody pays" in str(error.value)
    assert "did you mean 'Renova'" in str(error.value)
    assert len(action_plan(bad, checked=False).problems) == 2


def test_what_matches_nothing_or_is_taken_by_others_is_named(city):
    text = PLAN.replace('id = "tak"', 'id = "tak"\nwhere = { year_built = { min = 2090 } }')
    text += '[[step]]\nid = "mer"\nmeasure = "electrify_vehicles"\nparams = { ev_share = 0.7 }\nresponsible = "Renova"\npayer = "Renova"\n'
    found = portfolio(city, Scenario.from_text(text), years=(2030,))
    lacks = problems(found.plan.scenario, found.conflicts)
    assert [p.partition(":")[0] for p in lacks] == ["tak", "mer"]
    assert "widen" in lacks[0]
    assert "earlier steps leave 0" in lacks[1]


@pytest.fixture(scope="module")
def budget(found):
    return climate_budget(found, 2027)


def test_baseline_and_measures_are_the_projection_exactly(found, budget):
    columns = [f"{y}_t" for y in budget.years]
    parts = budget.rows[budget.rows["kind"] != "projected"][columns].sum()
    projected = budget.rows[budget.rows["kind"] == "projected"][columns].iloc[0]
    np.testing.assert_allclose(parts.to_numpy(float), projected.to_numpy(float), rtol=1e-12)
    plan = [sum(found.plan.at(t, y)["co2e_territorial_kg"].sum() for t in ("buildings", "roads")) for y in budget.years]
    np.testing.assert_allclose(projected.to_numpy(float), np.array(plan) / 1000, rtol=1e-12)


def test_a_measure_takes_away_and_reports_how_far_it_shall_be(budget):
    reports = budget.reporting.set_index(["id", "year"])
    assert (reports["effect_t"] <= 1e-9).all()
    assert reports["rollout_share"].between(0, 1).all()
    assert reports.loc[("bilar", 2030), "rollout_share"] == 1
    assert reports.loc[("trafik", 2027), "rollout_share"] == pytest.approx(2 / 5)
    assert reports.loc[("tak", 2030), "responsible"] == "AB Framtiden"


def test_what_is_adopted_without_being_quantified_is_listed(budget):
    row = budget.unquantified.iloc[0]
    assert (row["id"], bool(row["adopted"]), row["quantified"]) == ("rad", True, NOT_QUANTIFIED)
    assert budget.rows.set_index("id").loc["rad", ["2027_t", "2030_t"]].isna().all()


def test_caps_follow_the_sectors_own_goal_and_sum_to_the_citys_path(budget):
    caps = budget.caps.set_index(["sector", "year"])
    assert caps.loc[("Transporter", 2030), "cap_t"] == pytest.approx(704_823 * 0.1, rel=1e-5)
    assert caps.loc[("Transporter", 2030), "follows"] == "own goal"
    total = budget.totals.set_index("year")
    assert total.loc[2030, "cap_t"] == pytest.approx(goals_t(2030, Factors.read())["per_capita"], rel=1e-9)
    np.testing.assert_allclose(total["over_t"], total["projected_t"] - total["cap_t"])
    outside = budget.caps[budget.caps["model"] == "outside"]
    assert (outside["baseline_t"] == outside["projected_t"]).all()


def test_a_budget_of_years_that_were_not_run_is_refused(found):
    with pytest.raises(TwinError, match="needs the years 2031"):
        climate_budget(found, 2028)


def test_the_absolute_reading_is_tighter(found, budget):
    absolute = climate_budget(found, 2027, "absolute").totals.set_index("year")["cap_t"]
    assert absolute[2030] == pytest.approx(667_000, rel=1e-3)  # the climate contract's text: 667 kton
    assert (absolute < budget.totals.set_index("year")["cap_t"]).all()
