"""How sure a figure is: analytic indices, quantiles, value of information and regret by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from energy.climate import uncertainty as u
from twin import TwinError


def ishigami(points):
    """T. Ishigami and T. Homma (1990) with a = 7, b = 0.1."""
    x = np.pi * (2 * points - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_the_indices_of_ishigami_s_function():
    # analytic: V = a^2/8 + b pi^4/5 + b^2 pi^8/18 + 1/2; S1 .3139 .4424 0; ST .5576 .4424 .2437
    design = u.saltelli(4096, 3, seed=1)
    s1, st_ = u.sobol_indices(
        ishigami(design.a), ishigami(design.b), np.stack([ishigami(design.mixed(i)) for i in range(3)])
    )
    assert s1 == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert st_ == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)


def test_the_indices_of_the_g_function():
    # analytic, of the product of (|4x - 2| + a) / (1 + a): V_i = 1 / (3 (1 + a)^2), V = prod(1 + V_i) - 1,
    # S_i = V_i / V, ST_i = V_i prod_{j != i}(1 + V_j) / V; Saltelli et al. (2010), doi:10.1016/j.cpc.2009.09.018
    a = np.array([0.0, 1.0, 4.5, 9.0, 99.0])
    alone = 1 / (3 * (1 + a) ** 2)
    whole = np.prod(1 + alone) - 1
    design = u.saltelli(4096, 5, seed=1)
    results = [
        np.prod((np.abs(4 * x - 2) + a) / (1 + a), axis=1)
        for x in (design.a, design.b, *(design.mixed(i) for i in range(5)))
    ]
    s1, st_ = u.sobol_indices(results[0], results[1], np.stack(results[2:]))
    assert s1 == pytest.approx(alone / whole, abs=0.01)
    assert st_ == pytest.approx(alone * (whole + 1) / (1 + alone) / whole, abs=0.01)


def test_indices_of_what_does_not_vary_are_blank():
    s1, st_ = u.sobol_indices(np.ones(8), np.ones(8), np.ones((2, 8)))
    assert np.isnan(s1).all()
    assert np.isnan(st_).all()


@pytest.mark.parametrize("method", ["latin", "sobol"])
def test_draws_fill_every_stratum_and_follow_the_seed(method):
    points = u.unit_draws(64, 3, seed=4, method=method)
    assert (np.sort((points * 64).astype(int), axis=0) == np.arange(64)[:, None]).all()
    assert (points == u.unit_draws(64, 3, seed=4, method=method)).all()
    assert (points != u.unit_draws(64, 3, seed=5, method=method)).any()


@settings(max_examples=40, deadline=None)
@given(st.floats(-100, 100), st.floats(0.01, 50), st.floats(0.01, 50), st.floats(0, 1))
def test_the_triangle_is_scipy_s(low, below, above, at):
    value, high = low + below, low + below + above
    expected = stats.triang.ppf(at, below / (below + above), low, below + above)
    assert float(u.triangular(np.array(at), low, value, high)) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_a_range_without_width_and_one_that_leans_to_an_end():
    at = np.linspace(0, 1, 5)
    assert u.triangular(at, 3.0, 3.0, 3.0).tolist() == [3.0] * 5
    assert u.triangular(at, 0.0, 0.0, 1.0)[[0, -1]].tolist() == [0.0, 1.0]
    assert u.triangular(at, 0.0, 1.0, 1.0)[[0, -1]].tolist() == [0.0, 1.0]


def test_a_symmetric_lognormal_is_scipy_s():
    at = np.linspace(0.01, 0.99, 9)
    sigma = np.log(2) / stats.norm.ppf(0.95)
    assert u.lognormal(at, 2.0, 4.0, 8.0) == pytest.approx(stats.lognorm.ppf(at, sigma, scale=4))


def test_percentiles_and_the_chance_to_reach_a_target():
    draws = np.column_stack([np.arange(101.0), np.arange(101.0) * 2])
    assert u.percentiles(draws).tolist() == [[10, 20], [50, 100], [90, 180]]
    assert u.probability_at_most(draws[:, 0], 24.5) == pytest.approx(25 / 101)


def test_the_value_of_learning_a_factor_by_hand():
    # the first option pays x, the second 0, x = -1 or 3 with equal chance: 1.5 with knowledge, 1 without
    x = np.repeat([-1.0, 3.0], 200)
    payoff = np.column_stack([x, np.zeros(400)])
    assert u.evppi(x, payoff) == pytest.approx(0.5)
    other = np.tile([0.0, 1.0], 200)
    assert u.evppi(other, payoff, groups=2) == pytest.approx(0.0, abs=1e-12)


def test_few_options_are_worth_learning_about_only_where_the_choice_turns():
    x = np.linspace(0, 1, 1000)
    assert u.evppi(x, np.column_stack([x + 2, x])) == pytest.approx(0.0, abs=1e-12)


def test_regret_of_three_options_in_three_futures_by_hand():
    cost = np.array([[10.0, 60.0, 90.0], [30.0, 40.0, 50.0], [70.0, 35.0, 20.0]])
    assert u.regret(cost).tolist() == [[0, 25, 70], [20, 5, 30], [60, 0, 0]]
    assert u.minimax_regret(cost) == 1  # neither the best on average of the first future nor of the last


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: u.unit_draws(0, 2, 1), "at least one"),
        (lambda: u.unit_draws(100, 2, 1, "sobol"), "take 128 draws"),
        (lambda: u.lognormal(np.array([0.5]), 0.0, 1.0, 2.0), "above 0"),
    ],
)
def test_what_can_not_be_drawn_is_refused(call, match):
    with pytest.raises(TwinError, match=match):
        call()


def test_no_factor_is_no_column():
    assert u.unit_draws(5, 0, 1).shape == (5, 0)
