"""Who bears and who gains: figures by hand, and what must hold for any city."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.climate import justice
from twin import Factors, TwinError


def test_gini_by_hand():
    # mean difference of 1, 2, 3, 4, 10 over twice the mean: (sum over pairs of |x - y|) / (2 n^2 mu) = 80 / (2 * 25 * 4)
    values = np.array([10.0, 3.0, 1.0, 4.0, 2.0])
    by_pairs = np.abs(values[:, None] - values).sum() / (2 * 25 * values.mean())
    assert by_pairs == 0.4
    assert justice.gini(values) == pytest.approx(0.4)


def test_weights_are_people():
    many = np.array([1.0, 1.0, 1.0, 5.0])
    assert justice.gini(np.array([1.0, 5.0]), np.array([3.0, 1.0])) == pytest.approx(justice.gini(many))


def test_concentration_by_hand():
    # ranks .125, .375, .625, .875; burdens 4, 3, 2, 1 of mean 2.5: 2/2.5 * (.5 + 1.125 + 1.25 + .875)/4 - 1 = -.25
    burden, income = np.array([4.0, 3.0, 2.0, 1.0]), np.array([10.0, 20.0, 30.0, 40.0])
    assert justice.concentration_index(burden, income) == pytest.approx(-0.25)
    assert justice.concentration_index(burden[::-1], income) == pytest.approx(0.25)
    assert np.isnan(justice.concentration_index(np.zeros(4), income))


def test_equal_incomes_share_a_rank():
    burden, income = np.array([4.0, 0.0, 2.0]), np.array([10.0, 10.0, 20.0])
    swapped = justice.concentration_index(burden[[1, 0, 2]], income)
    assert justice.concentration_index(burden, income) == pytest.approx(swapped)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 1e5), st.floats(1, 1e4)), min_size=2, max_size=12))
def test_fifths_sum_to_one_and_indices_stay_within_bounds(rows):
    burden, income, people = (np.array(c) for c in zip(*rows, strict=True))
    shares = justice.quantile_shares(burden, income, people)
    assert shares.shape == (5,)
    assert shares.sum() == pytest.approx(1.0)
    assert (shares >= -1e-12).all()
    index = justice.concentration_index(burden, income, people)
    assert -1 <= index <= 1
    assert abs(index) <= justice.gini(burden, people) + 1e-12


def test_fifths_by_hand():
    # five areas of equal size, the third bears as much as all others together
    burden = np.array([1.0, 1.0, 4.0, 1.0, 1.0])
    shares = justice.quantile_shares(burden, np.array([50.0, 10.0, 30.0, 40.0, 20.0]))
    assert shares == pytest.approx([0.125, 0.125, 0.5, 0.125, 0.125])


def test_rents_and_exposure():
    f = Factors.read().at(2026)
    rise = justice.rent_rise_share(
        np.array([900.0, 30.0, 10.0]), np.array([100.0, 0.0, 0.0]), np.array([2000.0, 1000.0, 0.0])
    )
    assert rise[:2] == pytest.approx([0.4, 0.03])
    assert np.isnan(rise[2])
    assert justice.raises_rent(rise, f).tolist() == [True, False, False]
    assert justice.exposure(np.array([10.0, 20.0]), np.array([1.0, 3.0])) == 17.5
    assert np.isnan(justice.exposure(np.array([np.nan]), np.array([5.0])))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: justice.gini(np.array([-1.0, 2.0])), "negative"),
        (lambda: justice.gini(np.array([1.0, np.nan])), "blanks"),
        (lambda: justice.concentration_index(np.ones(2), np.array([1.0, np.nan])), "blanks"),
        (lambda: justice.gini(np.ones(2), np.zeros(2)), "not all 0"),
        (lambda: justice.quantile_shares(np.zeros(2), np.ones(2)), "nothing to share"),
    ],
)
def test_what_is_no_distribution_is_refused(call, match):
    with pytest.raises(TwinError, match=match):
        call()
