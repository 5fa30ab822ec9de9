"""The incremental logit is anchored at what is observed, and answers to times and costs as logit does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.mobility.demand import mean_charge_sek, passages_left_in_goteborg
from energy.mobility.demand.mode_choice import (
    coefficients,
    elasticities,
    incremental_logit,
    observed_shares,
    utility_change,
)
from twin import Factors, TwinError

FACTORS = Factors.read()
F = FACTORS.at(2024)
changes = st.lists(st.floats(-30, 30), min_size=4, max_size=4).map(np.array)


def test_observed_shares_are_those_of_2019():
    assert observed_shares() * 101 == pytest.approx([21, 7, 30, 43])


def test_nothing_changes_when_nothing_changes():
    assert incremental_logit(observed_shares(), np.zeros(4)) == pytest.approx(observed_shares(), abs=1e-15)


@given(changes, changes, st.floats(-50, 50))
@settings(max_examples=60, deadline=None)
def test_shares_sum_to_one_and_changes_add_up(one, two, same):
    shares = observed_shares()
    after = incremental_logit(shares, one)
    assert after.sum() == pytest.approx(1)
    assert incremental_logit(shares, one + same) == pytest.approx(after)
    # one change after the other is both at once
    if (after > 1e-12).all():
        assert incremental_logit(after, two) == pytest.approx(incremental_logit(shares, one + two), rel=1e-6, abs=1e-12)


@given(changes, st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_the_ratio_of_other_modes_stays(change, k):
    only = np.zeros(4)
    only[k] = change[k]
    after = incremental_logit(observed_shares(), only) / observed_shares()
    others = np.delete(after, k)
    assert others == pytest.approx(np.full(3, others[0]))


def test_elasticities_are_the_slope_of_the_model():
    shares, level = observed_shares(), np.array([25.0, 18.0, 32.0, 20.0])
    minute, _ = coefficients(F)
    table = elasticities(shares, level, minute)
    for k in range(4):
        step = np.zeros(4)
        step[k] = 1e-6 * level[k]
        after = incremental_logit(shares, utility_change(step, np.zeros(4), F))
        assert (after / shares - 1) / 1e-6 == pytest.approx(table[:, k], rel=1e-4)
    assert (np.diag(table) < 0).all()
    assert shares @ table == pytest.approx(np.zeros(4), abs=1e-12)  # what one loses the others gain


def test_the_charge_of_the_measure_and_that_of_journeys_are_one_model():
    mean = mean_charge_sek([F[f"charge.{b}_sek"] for b in ("low", "medium", "high")], [F["charge.low_band_share"], 1 - F["charge.low_band_share"] - F["charge.high_band_share"], F["charge.high_band_share"]])  # fmt: skip
    cost = np.array([0.0, 0.0, 0.0, mean])
    after = incremental_logit(observed_shares(), utility_change(np.zeros(4), cost, F))
    assert after[3] / observed_shares()[3] == pytest.approx(passages_left_in_goteborg(F), rel=1e-12)


def test_a_mode_can_be_taken_away():
    after = incremental_logit(np.array([0.2, 0.3, 0.5]), np.array([0, 0, -np.inf]))
    assert after == pytest.approx([0.4, 0.6, 0])


def test_a_mode_that_no_one_uses_stays_unused():
    assert incremental_logit(np.array([0.0, 1.0]), np.array([500.0, 0.0])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("shares", "change", "told"),
    [
        ([0.5, 0.6], [0, 0], "sum to 1"),
        ([-0.5, 1.5], [0, 0], "0 or more"),
        ([0.5, 0.5], [np.nan, 0], "not a number"),
        ([0.5, 0.5], [np.inf, 0], "not a number"),
        ([1.0, 0.0], [-np.inf, 0], "no mode is left"),
    ],
)
def test_bad_input_is_refused(shares, change, told):
    with pytest.raises(TwinError, match=told):
        incremental_logit(np.array(shares), np.array(change))


def test_zones_are_done_at_once():
    rows = incremental_logit(np.tile(observed_shares(), (5, 1)), np.arange(20.0).reshape(5, 4) / 50)
    assert rows.shape == (5, 4)
    assert rows[2] == pytest.approx(incremental_logit(observed_shares(), np.arange(8.0, 12) / 50))
