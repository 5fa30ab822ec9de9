"""Targets, the inventory and what lies outside the model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.climate import inventory, targets
from twin import Factors

FACTORS = Factors.read().at(2024)


def test_goteborg_s_targets_of_2030():
    years = np.array([2030])
    assert targets.territorial_path_t(1, years, FACTORS)[0] == pytest.approx(1.167, abs=5e-4)
    assert targets.consumption_path_t(1, years, FACTORS)[0] == pytest.approx(3.328, abs=5e-4)


def test_the_rate_that_is_now_needed():
    now = inventory.sectors(2024)["emissions_t"].sum() / 1000
    assert now == pytest.approx(2252.7, abs=0.05)
    assert targets.rate_needed(now, FACTORS["target.goal_kton"], 6) == pytest.approx(0.163, abs=5e-4)


def test_most_emissions_lie_outside_the_model_and_are_named():
    table = inventory.sectors(2024)
    industry = table.loc[table["sector"].str.startswith("Industri"), ["emissions_t", "model"]]
    assert industry["emissions_t"].sum() / 1000 == pytest.approx(1006, abs=0.5)
    assert set(industry["model"]) == {"outside"}
    assert 0.4 < inventory.outside_share(2024) < 0.7


@given(st.floats(1, 1e6), st.floats(0.01, 0.5), st.integers(1, 20))
def test_the_rate_leads_to_the_goal(now, rate, years):
    goal = targets.path(now, rate, 2024, np.array([2024 + years]))[0]
    assert targets.rate_needed(now, goal, years) == pytest.approx(rate, rel=1e-9)
    assert targets.gap(np.array([now]), np.array([goal]))[0] == now - goal
