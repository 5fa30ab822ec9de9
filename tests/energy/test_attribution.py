"""A fair split of overlapping measures: printed figures, axioms, sampling, unions, intervals."""

from itertools import pairwise, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.climate import attribution as a
from twin import TwinError


def district(mask):
    """Emissions [kt] of a toy district with six measures; numbers are illustrative."""
    on = [mask >> i & 1 for i in range(6)]
    heat = 100.0 * (0.70 if on[0] else 1.0)  # GWh
    per_heat, per_kwh = (8.0 if on[1] else 60.0), (10.0 if on[3] else 40.0)  # g/kWh
    network, pumps = (0.65, 0.25) if on[2] else (0.90, 0.0)
    electric, traffic = (0.60 if on[4] else 0.08), 200.0 * (0.75 if on[5] else 1.0)  # share, million vehicle-km
    heating = heat * (network * per_heat + (0.10 + pumps / 3.2) * per_kwh) / 1e3
    return heating + traffic * ((1 - electric) * 160.0 + electric * 0.2 * per_kwh) / 1e3


TOY = np.array([district(m) for m in range(64)])


def games(n, trailing=()):
    """Emissions of all coalitions of n measures."""
    size = 2**n * int(np.prod(trailing, dtype=int))
    numbers = st.floats(-1e3, 1e3, allow_nan=False, allow_subnormal=False)
    return st.lists(numbers, min_size=size, max_size=size).map(lambda v: np.array(v).reshape(2**n, *trailing))


def along(order, emissions):
    mask, out = 0, np.zeros(len(order))
    for i in order:
        out[i] = emissions[mask] - emissions[mask | 1 << i]
        mask |= 1 << i
    return out


def test_the_toy_district_to_its_printed_digits(root):
    table = pd.read_csv(root / "tests" / "reference" / "attribution_toy.csv")
    low, high = a.order_range(TOY)
    found = {
        "first_in": a.first_in(TOY),
        "last_in": a.last_in(TOY),
        "uniform": a.uniform(TOY),
        "shapley": a.shapley(TOY),
        "low": low,
        "high": high,
    }
    for column, values in found.items():
        assert values == pytest.approx(table[column].to_numpy(), abs=5.001e-4), column
    off = 100 * (found["uniform"] / found["shapley"] - 1)
    assert off == pytest.approx(table["scaling_vs_shapley_percent"].to_numpy(), abs=0.5)
    assert [TOY[0], TOY[-1], TOY[0] - TOY[-1]] == pytest.approx([35.368, 10.269, 25.099], abs=1e-3)
    assert found["first_in"].sum() == pytest.approx(31.204, abs=1e-3)
    assert found["last_in"].sum() == pytest.approx(19.159, abs=1e-3)


def test_the_interval_and_the_value_are_those_of_all_orders():
    orders = np.array([along(p, TOY) for p in permutations(range(6))])
    low, high = a.order_range(TOY)
    assert np.abs(low - orders.min(axis=0)).max() < 1e-12
    assert np.abs(high - orders.max(axis=0)).max() < 1e-12
    assert np.abs(a.shapley(TOY) - orders.mean(axis=0)).max() < 1e-12


@settings(max_examples=30, deadline=None)
@given(games(4, (3,)))
def test_efficiency_whatever_the_game_and_along_trailing_axes(emissions):
    share = a.shapley(emissions)
    assert share.shape == (4, 3)
    assert np.abs(share.sum(axis=0) - (emissions[0] - emissions[-1])).max() < 1e-9
    assert np.abs(share.sum(axis=1) - a.shapley(emissions.sum(axis=1))).max() < 1e-9


@settings(max_examples=20, deadline=None)
@given(games(3), games(3), st.floats(-5, 5))
def test_linearity(one, other, factor):
    together = a.shapley(one + factor * other)
    assert np.abs(together - a.shapley(one) - factor * a.shapley(other)).max() < 1e-9


@settings(max_examples=20, deadline=None)
@given(games(3), st.integers(0, 3))
def test_a_measure_without_effect_gets_nothing(others, place):
    low_bits = (1 << place) - 1
    masks = np.arange(16)
    emissions = others[masks & low_bits | masks >> 1 & ~low_bits]  # the measure `place` changes nothing
    assert abs(a.shapley(emissions)[place]) < 1e-9
    assert a.shapley(emissions)[np.arange(4) != place] == pytest.approx(a.shapley(others), abs=1e-9)
    assert np.abs(a.interactions(emissions)[place]).max() < 1e-9


@settings(max_examples=20, deadline=None)
@given(games(4), st.permutations(range(4)))
def test_names_do_not_matter_and_equals_get_the_same(emissions, order):
    masks = np.arange(16)
    renamed = np.zeros(16, int)
    for i, to in enumerate(order):
        renamed |= (masks >> i & 1) << to
    assert a.shapley(emissions[renamed]) == pytest.approx(a.shapley(emissions)[order], abs=1e-9)
    swapped = masks & 0b1100 | (masks & 1) << 1 | masks >> 1 & 1
    alike = emissions + emissions[swapped]
    share = a.shapley(alike)
    assert share[0] == pytest.approx(share[1], abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(games(4), st.lists(st.sampled_from("abc"), min_size=4, max_size=4))
def test_owen_values_sum_to_what_the_bodies_have_as_one(emissions, unions):
    bodies = list(dict.fromkeys(unions))
    quotient = np.array(
        [
            emissions[sum(1 << i for i, u in enumerate(unions) if s >> bodies.index(u) & 1)]
            for s in range(1 << len(bodies))
        ]
    )
    share = a.owen(emissions, unions)
    summed = [share[[u == body for u in unions]].sum() for body in bodies]
    assert summed == pytest.approx(a.shapley(quotient), abs=1e-9)
    assert a.owen(emissions, list(range(4))) == pytest.approx(a.shapley(emissions), abs=1e-9)
    assert a.owen(emissions, ["one"] * 4) == pytest.approx(a.shapley(emissions), abs=1e-9)


def test_owen_is_the_mean_over_the_orders_that_keep_bodies_together():
    unions = ["city", "company", "city", "state", "company", "city"]
    together = [p for p in permutations(range(6)) if sum(unions[i] != unions[j] for i, j in pairwise(p)) == 2]
    mean = np.mean([along(p, TOY) for p in together], axis=0)
    assert np.abs(a.owen(TOY, unions) - mean).max() < 1e-12


def eight():
    """Eight measures that multiply and some that add, so that they overlap."""
    r = np.random.default_rng(3)
    keep = r.uniform(0.6, 0.98, 8)
    masks = np.arange(256)[:, None] >> np.arange(8) & 1
    return 50 * np.prod(keep**masks, axis=1) + 20 * np.prod(1 - 0.3 * masks[:, :3], axis=1)


def test_sampled_orders_lie_within_their_error():
    emissions = eight()
    share, error = a.sampled(lambda s: emissions[s], 8, 200, seed=5)
    exact = a.shapley(emissions)
    assert (error > 0).all()
    assert error.max() < 0.01 * exact.sum()
    assert (np.abs(share - exact) < 3 * error).all()
    assert share.sum() == pytest.approx(exact.sum(), abs=1e-9)


def test_the_stated_error_is_that_of_many_repetitions():
    emissions = eight()
    runs = [a.sampled(lambda s: emissions[s], 8, 20, seed=k) for k in range(60)]
    seen = np.std([share for share, _ in runs], axis=0)
    told = np.sqrt(np.mean([error**2 for _, error in runs], axis=0))
    assert told == pytest.approx(seen, rel=0.4)


def test_sampling_keeps_trailing_axes_and_goes_beyond_ten_measures():
    gain = np.arange(1.0, 15.0)[:, None] * np.array([1.0, 2.0])
    share, error = a.sampled(lambda s: -gain[[s >> i & 1 == 1 for i in range(14)]].sum(axis=0), 14, 3)
    assert np.abs(share - gain).max() < 1e-9
    assert error.max() < 1e-9


def test_an_independent_pair_does_not_interact():
    masks = np.arange(8)
    emissions = 10.0 - 2.0 * (masks & 1) - 3.0 * (masks >> 1 & 1) - (masks >> 2 & 1) * (1.0 + (masks & 1))
    low, high = a.order_range(emissions)
    for matrix in (a.interactions(emissions), a.interaction_index(emissions)):
        assert matrix[0, 1] == matrix[1, 2] == 0
        assert matrix[0, 2] == matrix[2, 0] == pytest.approx(1.0)
    assert high[1] - low[1] == 0
    assert high[0] - low[0] == pytest.approx(1.0)


@settings(max_examples=20, deadline=None)
@given(games(4))
def test_the_interaction_index_is_the_mean_of_second_differences(emissions):
    expected = np.mean(
        [
            a_s
            for s in (0b0000, 0b0000, 0b0100, 0b1000, 0b1100, 0b1100)  # sizes 0, 1, 2 weigh the same
            for a_s in [emissions[s | 1] + emissions[s | 2] - emissions[s | 3] - emissions[s]]
        ]
    )
    assert a.interaction_index(emissions)[0, 1] == pytest.approx(expected, abs=1e-9)


def test_blocks_of_entities_give_the_same_interval():
    emissions = np.random.default_rng(0).random((8, 2 * a._BLOCK + 5))
    low, high = a.order_range(emissions)
    few = emissions[:, -7:]
    assert (low[:, -7:] == a.order_range(few)[0]).all()
    assert (high[:, -7:] == a.order_range(few)[1]).all()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: a.shapley(np.zeros(6)), "every set"),
        (lambda: a.shapley(np.zeros(0)), "every set"),
        (lambda: a.shapley(np.zeros(2**11)), "sample the orders"),
        (lambda: a.owen(np.zeros(4), ["one"]), "one for each"),
        (lambda: a.sampled(lambda _: np.zeros(1), 3, 1), "at least 2"),
    ],
)
def test_what_can_not_be_split_is_refused(call, match):
    with pytest.raises(TwinError, match=match):
        call()
