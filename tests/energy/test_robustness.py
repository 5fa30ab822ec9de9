"""How sure a plan is: the same worlds for all options, and a choice that can be followed by hand."""

import numpy as np
import pandas as pd
import pytest

from energy.climate_plans import robustness as module
from energy.climate_plans.robustness import robustness
from energy.scenario import Scenario
from twin import TwinError

PLAN = Scenario.from_text("""
name = "Plan"
[[step]]
measure = "electrify_vehicles"
params = { ev_share = 0.6 }
status = "beslutad"
[[step]]
measure = "reduce_car_traffic"
params = { reduction = 0.5 }
status = "planerad"
[[step]]
measure = "insulate_roof"
status = "idé"
""")
COSTS = {"decided": 5e6, "planned": 6e6, "Plan": 60e6}


@pytest.fixture(scope="module")
def found(city):
    return robustness(city, PLAN, 12, 3, most=2, sobol_draws=8, yearly_cost_sek=COSTS)


def test_four_options_meet_the_same_worlds(found):
    assert list(found.emissions_t) == ["baseline", "decided", "planned", "Plan"]
    e = found.emissions_t.to_numpy()
    assert (np.diff(e, axis=1) <= 1e-9).all()  # what is added to a plan takes away in every single world
    assert e[:, 0].std() > 0


def test_percentiles_and_probabilities(found):
    o = found.options.set_index("option")
    assert (o["p10_t"] <= o["p50_t"]).all()
    assert (o["p50_t"] <= o["p90_t"]).all()
    assert o["p50_t"].to_dict() == pytest.approx(found.emissions_t.median().to_dict())
    assert (o["probability_pace"].diff().dropna() >= 0).all()
    assert (o["probability_city"] == 0).all()  # industry outside the model is more than the goal


def test_regret_is_that_of_cost_and_emissions_together(found):
    r = found.regret.set_index("option")
    assert found.unit == "SEK/a"
    assert (r[["mean", "p90", "max"]] >= 0).all(axis=None)
    assert r["choice"].sum() == 1
    assert r["choice"].idxmax() == r["max"].idxmin()
    assert r["best_share"].sum() == pytest.approx(1)
    assert r["max"].idxmax() == "Plan"  # roofs at 54 million a year


def test_what_is_worth_learning_is_never_negative(found):
    assert (found.learning["evppi"] >= 0).all()
    assert "money.carbon_value_sek_kg" in set(found.learning["factor"])


def test_sobol_indices_are_of_the_factors_that_swing_most(found):
    s = found.sensitivity
    assert len(s) == 2
    assert (s["st"] > 0).all()
    assert s["swing_t"].abs().min() > 0


def test_the_choice_of_a_table_by_hand():
    table = pd.DataFrame({"a": [10.0, 50.0, 30.0], "b": [20.0, 20.0, 25.0], "c": [15.0, 40.0, 5.0]})
    r = module._regret(table).set_index("option")
    assert r["max"].tolist() == [30.0, 20.0, 20.0]
    assert r["choice"].tolist() == [False, True, False]
    assert r["best_share"].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3])


def test_knowing_what_decides_is_worth_something():
    points = np.linspace(0, 1, 400)[:, None]
    worse = pd.DataFrame({"a": points[:, 0], "b": np.full(400, 0.5)})
    assert module._learning(("x",), points, worse, 8)["evppi"].iloc[0] == pytest.approx(0.125, abs=0.002)
    assert module._learning(("x",), points, worse.assign(b=2.0), 8)["evppi"].iloc[0] == 0


def test_what_can_not_be_compared_is_refused(city):
    with pytest.raises(TwinError, match="2 options"):
        robustness(city, (PLAN,))
    with pytest.raises(TwinError, match="two options have one name"):
        robustness(city, (PLAN, PLAN, PLAN))
    with pytest.raises(TwinError, match="does not come after 2024"):
        robustness(city, PLAN, year=2024)
    with pytest.raises(TwinError, match="cost of planned, Plan is missing"):
        robustness(city, PLAN, yearly_cost_sek={"decided": 1.0})
    with pytest.raises(TwinError, match="did you mean 'planned'"):
        robustness(city, PLAN, yearly_cost_sek={"planed": 1.0})
