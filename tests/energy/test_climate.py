"""Targets, the inventory and what lies outside the model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.climate import inventory, targets
from twin import Factors, TwinError

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


@pytest.mark.parametrize(
    ("base", "rate", "start", "year", "expected", "digits"),
    [
        (4.3, 0.103, 2018, 2030, 1.167, 5e-4),  # the climate contract, territorial
        (9.3, 0.076, 2017, 2030, 3.328, 5e-4),  # the climate contract, consumption
        (184.0, 0.09, 2018, 2030, 59.335, 5e-4),  # Östersund's goals as published beside their formula
    ],
)
def test_published_paths(base, rate, start, year, expected, digits):
    assert targets.path(base, rate, start, np.array([year]))[0] == pytest.approx(expected, abs=digits)


@pytest.mark.parametrize(
    ("now", "goal", "years", "expected"),
    [(471.1, 65.3, 7, 0.246), (2252.7, 773.0, 6, 0.163)],
)
def test_rates_that_are_now_needed(now, goal, years, expected):
    assert targets.rate_needed(now, goal, years) == pytest.approx(expected, abs=5e-4)


def test_the_two_readings_of_the_target_lie_106_kton_apart():
    head = 1.2 * 644.5  # the published goal, rounded, for the inhabitants of 2030
    whole = targets.territorial_path_t(571_868, np.array([2030]), FACTORS, "absolute")[0] / 1000
    assert head == pytest.approx(773, abs=0.5)
    assert whole == pytest.approx(667, abs=0.5)
    growing = targets.territorial_path_t(np.array([571_868.0, 644_500.0]), np.array([2018, 2030]), FACTORS)
    assert growing[0] / 1000 == pytest.approx(2459, abs=0.5)
    assert growing[1] > whole * 1000
    with pytest.raises(TwinError, match="one number"):
        targets.territorial_path_t(np.ones(2), np.array([2018, 2030]), FACTORS, "absolute")
    with pytest.raises(TwinError, match="one number"):
        targets.consumption_path_t(np.ones(2), np.array([2018, 2030]), FACTORS, "absolute")


def test_three_yardsticks_side_by_side():
    years = np.array([2024, 2025, 2030])
    law = targets.carbon_law_path_t(2252.7, 2024, years, FACTORS)
    assert law[0] == 2252.7
    assert law[1] / law[0] == pytest.approx(1 - 0.1172)
    within = targets.budget_path_t(2e6, 0.0, 2024, 2024 + np.arange(400), FACTORS)
    rate = targets.rate_within_budget(2e6, FACTORS["target.budget_co2_t"])
    emitted = ((within[:-1] - within[1:]) / -np.log1p(-rate)).sum()  # the integral of each year
    assert emitted == pytest.approx(FACTORS["target.budget_co2_t"], rel=1e-9)
    assert within[0] == 2e6


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=12), st.floats(1, 1e6))
def test_the_budget_burns_down_by_what_is_emitted(emitted, budget):
    years = 2024 + np.arange(len(emitted))
    emissions = np.array(emitted)
    left = targets.budget_left_t(budget, years, emissions)
    assert left[-1] == pytest.approx(budget - emissions.sum())
    when = targets.exhausted(budget, years, emissions)
    if np.isnan(when):
        assert emissions.sum() <= budget * (1 + 1e-12)
    else:
        k = int(when) - 2024
        before = emissions[:k].sum()
        assert before + (when - int(when)) * emissions[min(k, len(emissions) - 1)] == pytest.approx(
            budget, rel=1e-6, abs=1e-3
        )


def test_the_trap_of_looking_at_2030_alone():
    straight = targets.cumulative_t(np.array([2024, 2030]), np.array([100.0, 40.0]))[-1]
    late = targets.cumulative_t(np.array([2024, 2029, 2030]), np.array([100.0, 100.0, 40.0]))[-1]
    assert straight == pytest.approx(490)
    assert late == pytest.approx(640)
    with pytest.raises(TwinError, match="must rise"):
        targets.cumulative_t(np.array([2030, 2024]), np.array([1.0, 2.0]))


def test_two_baselines_of_transport_are_never_mixed():
    table = targets.sector_goals().set_index("target")
    city, smhi = table.loc["transport_city"], table.loc["transport_smhi"]
    assert city["base"] / smhi["base"] == pytest.approx(1.42, abs=5e-3)
    assert city["source"] != smhi["source"]
    assert city["boundary"] != smhi["boundary"]
    assert [round(targets.goal(t) / 1000) for t in ("transport_city", "transport_smhi")] == [100, 70]
    with pytest.raises(TwinError, match="never mixed"):
        targets.goal("transport_city", base=704_823)
    inventory_2010 = inventory.sectors(2010)
    transport = inventory_2010.loc[inventory_2010["sector"] == "Transporter", "emissions_t"].sum()
    assert transport == pytest.approx(smhi["base"], abs=1)


def test_a_goal_without_a_published_base_is_blank_until_one_is_given():
    table = targets.sector_goals().set_index("target")
    assert np.isnan(table.loc["primary_energy", "goal"])
    assert targets.goal("primary_energy", base=10.0) == pytest.approx(7.0)
    with pytest.raises(TwinError, match="give one"):
        targets.goal("vehicle_km")
    with pytest.raises(TwinError, match="did you mean"):
        targets.goal("vehicle_kms", base=1.0)


def test_no_budget_left_is_said():
    with pytest.raises(TwinError, match="no budget left"):
        targets.budget_path_t(1.0, 4e6, 2025, np.array([2026]), FACTORS)
