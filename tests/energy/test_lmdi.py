"""Why emissions changed: nothing is left over, zeros included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.climate.lmdi import decompose, logarithmic_mean
from twin import TwinError

NUMBERS = st.one_of(st.just(0.0), st.floats(1e-3, 1e3))


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=24, max_size=24))
def test_the_terms_sum_to_the_change(numbers):
    before, after = np.array(numbers).reshape(2, 4, 3) / 50
    parts = decompose(before, after)
    change = after.prod(axis=0) - before.prod(axis=0)
    assert np.abs(parts.sum(axis=0) - change).max() < 1e-9 * max(1.0, np.abs(change).max())
    assert decompose(after, before) == pytest.approx(-parts, abs=1e-9 * max(1.0, np.abs(parts).max()))


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(0, 1e-9))
def test_the_logarithmic_mean_is_smooth_where_both_are_equal(a, apart):
    b = a * (1 + apart)
    mean = logarithmic_mean(np.array([a]), np.array([b]))[0]
    assert a * (1 - 1e-12) <= mean <= b * (1 + 1e-12)


def test_zero_is_the_limit_of_small_numbers():
    after = np.array([[3.0], [4.0], [5.0]])
    for zeros in ([0], [0, 2]):
        before = np.array([[2.0], [3.0], [4.0]])
        before[zeros] = 0
        small = before.copy()
        small[zeros] = 1e-280 if len(zeros) == 1 else 1e-140
        limit = decompose(before, after)
        assert decompose(small, after) == pytest.approx(limit, abs=0.3)  # a logarithm is slow: ln of 1e-280 is -645
        assert limit[zeros] == pytest.approx(60 / len(zeros))


def test_a_change_by_hand():
    # 100 -> 110 inhabitants with 2.0 -> 1.8 t each: L(198, 200) = 2 / ln(200/198)
    mean = 2 / np.log(200 / 198)
    parts = decompose(np.array([[100.0], [2.0]]), np.array([[110.0], [1.8]]))[:, 0]
    assert parts == pytest.approx([mean * np.log(1.1), mean * np.log(0.9)])
    assert parts.sum() == pytest.approx(-2.0, abs=1e-9)


@pytest.mark.parametrize(
    ("before", "after", "match"),
    [
        (np.ones((2, 1)), np.ones((3, 1)), "same factors"),
        (np.array([[1.0], [-1.0]]), np.ones((2, 1)), "negative"),
        (np.array([[1.0], [np.nan]]), np.ones((2, 1)), "blank"),
    ],
)
def test_what_has_no_logarithm_is_refused(before, after, match):
    with pytest.raises(TwinError, match=match):
        decompose(before, after)
