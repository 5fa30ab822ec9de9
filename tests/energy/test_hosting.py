"""How much a feeder can take: against trying every share, what may never change, and each bad input."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.electrification.feeder import Feeder, power_flow
from energy.electrification.feeder_year import Added, Limits, Loads
from energy.electrification.hosting import adopted, adoption_order, hosting
from energy.tree import Tree
from twin import SchemaError

LIMITS = Limits(0.95, 1.05)
HOURS = 48


def case(seed, n=25, sign=1.0, rating=(60.0, 400.0)):
    """A feeder with some load, and something that comes at half of its buses."""
    rng = np.random.default_rng(seed)
    tree = Tree.of([-1, *(int(rng.integers(max(0, i - 4), i)) for i in range(1, n))])
    r = rng.uniform(0.002, 0.02, n)
    r[0] = 0.0
    feeder = Feeder(tree, r, 0.5 * r, rng.uniform(*rating, n), 400.0)
    base = rng.uniform(0, 0.5, (HOURS, n))
    weight = np.where(rng.random(n) < 0.5, rng.integers(1, 4, n), 0.0)
    weight[-1] = 1.0
    shape = sign * rng.uniform(0.5, 4.0) * (1 + np.sin(np.arange(HOURS) / 4))
    return feeder, Loads.of(feeder, base, 0.2 * base, added=Added.of(weight, shape, 0.2 * shape))


def within(feeder, loads, share, order, limits=LIMITS):
    """Whether everything is within the limits, from the states one by one."""
    comes = adopted(loads.added, share, order)
    state = power_flow(feeder, loads.kw + comes.p_kw.T @ comes.weight, loads.kvar + comes.q_kvar.T @ comes.weight)
    loading = state.loading[:, ~np.isnan(feeder.rating_a)]
    return (
        (state.voltage_pu >= limits.low_pu).all()
        and (state.voltage_pu <= limits.high_pu).all()
        and (loading <= limits.loading).all()
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1.0, -1.0]))
def test_one_adopter_more_breaks_a_limit_and_one_less_does_not(seed, sign):
    feeder, loads = case(seed, sign=sign)
    found = hosting(feeder, loads, LIMITS, seed=seed)
    n = len(found.order)
    fine = [within(feeder, loads, k / n, found.order) for k in range(n + 1)]
    first = fine.index(False) if False in fine else n + 1
    assert found.share == max(first - 1, 0) / n
    assert (found.binding is None) == all(fine)
    assert found.monotone
    assert found.next_share >= found.share


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_binds_is_what_is_outside_its_limit(sign):
    kinds = set()
    for seed in range(12):
        feeder, loads = case(seed, sign=sign, rating=(60.0, 400.0) if seed % 2 else (900.0, 1000.0))
        found = hosting(feeder, loads, LIMITS, seed=seed)
        b = found.binding
        if b is None:
            continue
        kinds.add(b.kind)
        one_more = adopted(loads.added, found.share + 1 / len(found.order), found.order)
        state = power_flow(
            feeder, loads.kw[b.hour] + one_more.p_kw[:, b.hour] @ one_more.weight,
            loads.kvar[b.hour] + one_more.q_kvar[:, b.hour] @ one_more.weight,
        )  # fmt: skip
        at = state.voltage_pu[b.bus] if "voltage" in b.kind else state.loading[b.bus]
        assert b.value == pytest.approx(float(at), abs=1e-6)
        assert b.value < b.limit if b.kind == "low voltage" else b.value > b.limit
    assert kinds & {"low voltage" if sign > 0 else "high voltage"}
    assert kinds & {"line", "transformer"}


def test_evenly_every_bus_takes_its_part():
    feeder, loads = case(2, rating=(30.0, 60.0))
    found = hosting(feeder, loads, LIMITS, evenly=True)
    assert 0 < found.share < 1
    assert within(feeder, loads, found.share, None)
    assert not within(feeder, loads, found.share + 0.001, None)
    assert not len(found.order)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_stronger_cables_never_take_less(seed):
    feeder, loads = case(seed)
    strong = Feeder(
        feeder.tree, feeder.resistance_ohm / 2, feeder.reactance_ohm / 2, feeder.rating_a * 2, feeder.nominal_v
    )
    assert hosting(strong, loads, LIMITS).share >= hosting(feeder, loads, LIMITS).share


def test_the_next_limit_is_the_share_once_the_first_is_relieved():
    feeder, loads = case(2, rating=(30.0, 60.0))
    found = hosting(feeder, loads, LIMITS)
    assert found.binding.kind in ("line", "transformer")
    rating = feeder.rating_a.copy()
    rating[found.binding.bus] = 1e9
    relieved = hosting(replace(feeder, rating_a=rating), loads, LIMITS)
    assert found.next_share == relieved.share >= found.share
    assert (found.next_binding is None) == (relieved.binding is None)


def test_a_feeder_that_is_outside_its_limits_already_takes_nothing():
    feeder, loads = case(1)
    heavy = replace(loads, kw=loads.kw * 60)
    found = hosting(feeder, heavy, LIMITS)
    assert found.share == 0
    assert found.binding is not None


def test_a_load_that_no_voltage_carries_counts_as_too_much():
    feeder, loads = case(3)
    huge = Loads.of(feeder, loads.kw, added=Added.of(loads.added.weight, loads.added.p_kw * 1000))
    found = hosting(replace(feeder, rating_a=np.full(25, np.nan)), huge, LIMITS)
    assert 0 <= found.share < 1
    assert found.binding.kind in ("collapse", "low voltage")
    assert found.unknown_ratings == 25


def test_unknown_ratings_are_counted_and_hold_nothing():
    feeder, loads = case(2, rating=(30.0, 60.0))
    found = hosting(replace(feeder, rating_a=np.full(25, np.nan)), loads, Limits(0.01, 2.0))
    assert (found.share, found.binding, found.unknown_ratings) == (1.0, None, 25)


def test_where_feed_in_relieves_the_first_share_that_fails_counts():
    """Heat pumps at the first bus to adopt, solar cells at the next: two sums of full adoption are fine, one is not."""
    feeder = Feeder(Tree.of([-1, 0, 1]), [0, 0.01, 0.01], [0, 0, 0], [np.nan, 50.0, 50.0], 400.0)
    comes = Added.of([[0, 1, 0], [0, 0, 1]], [[40.0], [-40.0]])
    found = hosting(feeder, Loads.of(feeder, None, added=comes), Limits(0.9, 1.1), order=[1, 2])
    assert not found.monotone
    assert (found.share, found.binding.kind, found.binding.bus) == (0.0, "line", 1)
    other = hosting(feeder, Loads.of(feeder, None, added=comes), Limits(0.9, 1.1), order=[2, 1])
    assert other.share == 0.0  # 40 kW of feed-in is too much for a cable of 35 kW as well


def test_the_order_is_seeded_and_checked():
    weight = np.array([[0.0, 1.0, 2.0, 0.0, 3.0, 1.0, 1.0, 1.0]])
    np.testing.assert_array_equal(adoption_order(weight, 3), adoption_order(weight, 3))
    assert adoption_order(weight, 3).tolist() != adoption_order(weight, 4).tolist()
    feeder, loads = case(5)
    may = adoption_order(loads.added.weight)
    given_order, drawn = hosting(feeder, loads, LIMITS, order=may), hosting(feeder, loads, LIMITS)
    assert (given_order.share, given_order.binding) == (drawn.share, drawn.binding)
    for bad in ([may[0], may[0]], [99], []):
        with pytest.raises(SchemaError, match="at most once"):
            hosting(feeder, loads, LIMITS, order=bad)
    with pytest.raises(SchemaError, match="nothing is added"):
        hosting(feeder, Loads.of(feeder, loads.kw), LIMITS)
    for share in (1.01, -0.1, np.nan):
        with pytest.raises(SchemaError, match="from 0 to 1"):
            adopted(loads.added, share)
