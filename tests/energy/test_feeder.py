"""Power flow of a radial feeder: a published case, conservation, what may never change, and each bad input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.electrification.cables import Cables, size
from energy.electrification.feeder import Feeder, power_flow, transformer_ohm
from energy.electrification.feeder_year import Added, Limits, Loads, year
from energy.tree import Tree
from twin import Factors, SchemaError, TwinError

LIMITS = Limits.of(Factors.read().at(2024))


@pytest.fixture(scope="module")
def case33(root):
    t = pd.read_csv(root / "tests" / "reference" / "case33bw.csv")
    n = len(t) + 1
    parent, values = np.full(n, -1), np.zeros((4, n))
    parent[t["to_bus"]] = t["from_bus"]
    values[:, t["to_bus"]] = t[["resistance_ohm", "reactance_ohm", "p_kw", "q_kvar"]].to_numpy(float).T
    return Feeder(Tree.of(parent), *values[:2], np.full(n, np.nan), 12_660.0), *values[2:]


def random_feeder(n, seed, fall=0.05):
    """A feeder and loads, with about so large a fall of voltage to the furthest bus."""
    rng = np.random.default_rng(seed)
    parent = np.array([-1, *(int(rng.integers(max(0, i - 6), i)) for i in range(1, n))])
    number = rng.permutation(n)
    shuffled = np.full(n, -1)
    shuffled[number[1:]] = number[parent[1:]]
    tree = Tree.of(shuffled)
    p = rng.uniform(0.0, 5.0, n) * (rng.random(n) < 0.6)
    r = rng.uniform(0.2, 1.0, n)
    r *= fall / max(tree.path_sum(r * tree.subtree_sum(p)).max() * 1000 / 400**2, 1e-9)
    return Feeder(tree, r, 0.4 * r, rng.uniform(50, 500, n), 400.0), p, 0.3 * p


def test_the_33_buses_of_baran_and_wu(case33):
    feeder, p, q = case33
    state = power_flow(feeder, p, q)
    assert state.voltage_pu.min() == pytest.approx(0.913090, abs=5e-7)
    assert int(state.voltage_pu.argmin()) == 17
    assert float(state.loss_kw) == pytest.approx(202.677, abs=5e-4)
    assert float(state.source_kw) == pytest.approx(3715 + 202.677, abs=1e-3)
    assert (p.sum(), q.sum()) == (3715, 2300)


def test_the_voltages_obey_ohms_and_kirchhoffs_laws(case33):
    """Against a dense admittance matrix: what flows into every bus is what its load draws."""
    feeder, p, q = case33
    n, tree = len(p), feeder.tree
    parent = tree.order[tree.parent[tree.place]]
    admittance = np.zeros((n, n), complex)
    for i in range(1, n):
        y = 1 / (feeder.resistance_ohm[i] + 1j * feeder.reactance_ohm[i])
        admittance[[i, parent[i], i, parent[i]], [i, parent[i], parent[i], i]] += [y, y, -y, -y]
    u = np.full(n, 12_660.0, complex)
    inner = np.linalg.inv(admittance[1:, 1:])
    for _ in range(60):
        u[1:] = inner @ (-np.conj((p + 1j * q)[1:] * 1000 / u[1:]) - admittance[1:, 0] * u[0])
    np.testing.assert_allclose(power_flow(feeder, p, q).voltage_pu, np.abs(u) / 12_660, atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 60), st.integers(0, 10_000), st.floats(0.001, 0.12), st.floats(0.95, 1.05))
def test_what_the_source_gives_is_what_is_taken_and_lost(n, seed, fall, source):
    feeder, p, q = random_feeder(n, seed, fall)
    state = power_flow(feeder, p, q, source)
    lost = 3 * feeder.resistance_ohm * state.current_a**2 / 1000
    np.testing.assert_allclose(state.line_loss_kw, lost, rtol=1e-9, atol=1e-12)
    assert float(state.source_kw) == pytest.approx(p.sum() + lost.sum(), rel=1e-6, abs=1e-9)
    reactive = 3 * feeder.reactance_ohm * state.current_a**2 / 1000
    assert float(state.source_kvar) == pytest.approx(q.sum() + reactive.sum(), rel=1e-6, abs=1e-9)
    assert (state.voltage_pu <= source + 1e-12).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 40), st.integers(0, 10_000), st.floats(1.01, 2.0))
def test_more_load_lowers_every_voltage_and_raises_every_current(n, seed, more):
    feeder, p, q = random_feeder(n, seed)
    little, much = power_flow(feeder, p, q), power_flow(feeder, more * p, more * q)
    assert (much.voltage_pu <= little.voltage_pu + 1e-9).all()
    assert (much.current_a >= little.current_a - 1e-6).all()


def test_scaling_lengths_and_loads_together_changes_nothing():
    """Twice the impedance at half the power is the same fall of voltage."""
    feeder, p, q = random_feeder(50, 7)
    double = Feeder(feeder.tree, 2 * feeder.resistance_ohm, 2 * feeder.reactance_ohm, feeder.rating_a, 400.0)
    np.testing.assert_allclose(
        power_flow(double, p / 2, q / 2).voltage_pu, power_flow(feeder, p, q).voltage_pu, atol=1e-9
    )


def test_feed_in_raises_the_voltage_and_can_turn_the_flow():
    feeder = Feeder(Tree.of([-1, 0, 1]), [0, 0.05, 0.05], [0, 0.01, 0.01], [np.nan, 200, 200], 400.0)
    state = power_flow(feeder, [0, 5, -30])
    assert (np.diff(state.voltage_pu) > 0).all()
    assert float(state.source_kw) < 0
    assert float(state.source_kw) == pytest.approx(-25 + float(state.loss_kw))


def test_a_transformer_is_the_line_of_the_root():
    feeder = Feeder(Tree.of([-1, 0]), [0.002, 0.064], [0.0098, 0.015], [1154.7, 200], 400.0)
    apart = Feeder(Tree.of([-1, 0, 1]), [0, 0.002, 0.064], [0, 0.0098, 0.015], [np.nan, 1154.7, 200], 400.0)
    one, other = power_flow(feeder, [0, 50], [0, 10]), power_flow(apart, [0, 0, 50], [0, 0, 10])
    np.testing.assert_allclose(one.voltage_pu, other.voltage_pu[1:], atol=1e-10)
    np.testing.assert_allclose(one.loading, other.loading[1:], rtol=1e-9)
    r, x = transformer_ohm(800, 0.05, 0.011, 400)
    assert np.hypot(r, x) == pytest.approx(0.05 * 400**2 / 800e3)
    with pytest.raises(TwinError, match="short-circuit voltage"):
        transformer_ohm(800, 0.01, 0.02, 400)


def test_many_states_are_the_states_one_by_one():
    feeder, p, q = random_feeder(30, 3)
    share = np.linspace(0, 1.2, 37)[:, None]
    together = power_flow(feeder, share * p, share * q)
    for k in (0, 15, 16, 36):
        alone = power_flow(feeder, share[k] * p, share[k] * q)
        np.testing.assert_allclose(together.voltage_pu[k], alone.voltage_pu, atol=1e-8)
    assert (together.voltage_pu[0] == 1).all()
    block = power_flow(feeder, (share * p).reshape(37, 1, 30), 0.0)
    assert block.loss_kw.shape == (37, 1)


@pytest.fixture(scope="module")
def hours():
    feeder, p, _ = random_feeder(45, 11)
    shape = 0.6 + 0.4 * np.sin(np.arange(1000) / 3.7) + 0.2 * np.cos(np.arange(1000) / 100)
    rng = np.random.default_rng(5)
    return feeder, p * shape[:, None] * rng.uniform(0.8, 1.2, (1000, 45)), 0.3 * p * shape[:, None]


def test_the_year_sums_up_what_the_states_say(hours):
    feeder, p, q = hours
    state = power_flow(feeder, p, q)
    got = year(feeder, Loads.of(feeder, p, q), LIMITS)
    np.testing.assert_allclose(got.hourly.loss_kw, state.loss_kw, rtol=1e-9)
    np.testing.assert_allclose(got.hourly.lowest_pu, state.voltage_pu.min(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(got.hourly.lowest, state.voltage_pu.argmin(axis=1))
    np.testing.assert_allclose(got.hourly.loading, state.loading.max(axis=1), rtol=1e-9)
    np.testing.assert_array_equal(got.hourly.fullest, state.loading.argmax(axis=1))
    np.testing.assert_allclose(got.min_pu, state.voltage_pu.min(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(got.min_hour, state.voltage_pu.argmin(axis=0))
    np.testing.assert_allclose(got.max_pu, state.voltage_pu.max(axis=0), rtol=1e-12)
    np.testing.assert_allclose(got.peak_a, state.current_a.max(axis=0), rtol=1e-9)
    np.testing.assert_allclose(got.loading, state.loading.max(axis=0), rtol=1e-9)
    np.testing.assert_array_equal(got.hours_low, (state.voltage_pu < LIMITS.low_pu).sum(axis=0))
    np.testing.assert_array_equal(got.hours_full, (state.loading > LIMITS.loading).sum(axis=0))
    assert got.hours_low.max() > 0
    np.testing.assert_allclose(got.hourly.source_kw, p.sum(axis=1) + got.hourly.loss_kw, rtol=1e-6)


def test_the_year_does_not_depend_on_the_number_of_threads(hours):
    feeder, p, q = hours
    one, three = (year(feeder, Loads.of(feeder, p, q), LIMITS, threads=k) for k in (1, 3))
    for column in ("min_pu", "min_hour", "max_pu", "peak_a", "peak_hour", "hours_low", "hours_full"):
        np.testing.assert_array_equal(getattr(one, column), getattr(three, column))
    np.testing.assert_array_equal(one.hourly.loss_kw, three.hourly.loss_kw)


def test_profiles_are_the_table_that_they_stand_for(hours):
    feeder, p, q = hours
    rng = np.random.default_rng(2)
    weight, shape = rng.uniform(0, 2, (2, 45)), rng.uniform(-1, 1, (2, 1000))
    added = Added.of(weight, shape, 0.1 * shape)
    whole = year(feeder, Loads.of(feeder, p, q, added=added), LIMITS)
    net, q_net = p + shape.T @ weight, q + 0.1 * shape.T @ weight
    feed, take = np.maximum(-net, 0), np.maximum(net, 0)
    table = year(feeder, Loads.of(feeder, take, q_net, feed_in_kw=feed), LIMITS)
    np.testing.assert_allclose(whole.min_pu, table.min_pu, atol=1e-9)
    np.testing.assert_allclose(whole.hourly.loss_kw, table.hourly.loss_kw, rtol=1e-7)
    np.testing.assert_allclose(Loads.of(feeder, p, q, added=added).at(7)[0], net[7])


def test_an_unknown_rating_stays_unknown(hours):
    feeder, p, q = hours
    rating = feeder.rating_a.copy()
    line = int(year(feeder, Loads.of(feeder, p, q), LIMITS).loading.argmax())
    rating[line] = np.nan
    got = year(
        Feeder(feeder.tree, feeder.resistance_ohm, feeder.reactance_ohm, rating, 400.0), Loads.of(feeder, p, q), LIMITS
    )
    assert np.isnan(got.loading[line])
    assert got.hours_full[line] == -1
    assert line not in got.hourly.fullest
    blank = Feeder(feeder.tree, feeder.resistance_ohm, feeder.reactance_ohm, np.full(45, np.nan), 400.0)
    got = year(blank, Loads.of(blank, p, q), LIMITS)
    assert np.isnan(got.hourly.loading).all()
    assert (got.hourly.fullest == -1).all()
    assert np.isnan(got.loading).all()


def test_a_load_that_no_voltage_carries_is_named():
    feeder = Feeder(
        Tree.of([-1, 0, 1]), [0, 0.05, 0.2], [0, 0.01, 0.05], np.full(3, 200.0), 400.0, ["station", "A", "B"]
    )
    with pytest.raises(TwinError, match=r"state 1: .* bus B is .* lower the load, or give thicker"):
        power_flow(feeder, [[0, 1, 1], [0, 1, 900]])
    with pytest.raises(TwinError, match=r"hour 2: .* bus B"):
        year(feeder, Loads.of(feeder, [[0, 1, 1], [0, 1, 1], [0, 1, 900]]), LIMITS)


def test_the_largest_load_of_one_line_is_found_and_no_more():
    """A line of resistance R carries at most U^2 / (4 R): just below it there is a voltage, just above there is none."""
    feeder = Feeder(Tree.of([-1, 0]), [0, 0.1], [0, 0], [np.nan, np.nan], 400.0)
    most = 400**2 / (4 * 0.1) / 1000
    u = power_flow(feeder, [0, 0.98 * most]).voltage_pu[1]
    assert u == pytest.approx((1 + 0.02**0.5) / 2, abs=1e-7)
    with pytest.raises(TwinError, match="no voltages"):
        power_flow(feeder, [0, 1.02 * most])


def test_loops_and_buses_apart_are_named():
    with pytest.raises(SchemaError, match=r"a, b: a loop; open it"):
        Tree.of([-1, 2, 1], names=["station", "a", "b"])
    with pytest.raises(SchemaError, match=r"station, far have no parent"):
        Tree.of([-1, 0, -1], names=["station", "a", "far"])


def test_every_bad_number_of_a_feeder_is_told_at_once():
    with pytest.raises(SchemaError) as error:
        Feeder(Tree.of([-1, 0, 0]), [0, -1, 0.1], [0, 0.1], [0, 10, np.inf], 0.0, ["s", "a", "b"])
    for words in ("feeder.resistance_ohm", "first: a", "reactance_ohm: give one number a bus, 3", "s, b", "nominal_v"):
        assert words in str(error.value)


def test_every_bad_number_of_the_loads_is_told_at_once():
    feeder = Feeder(Tree.of([-1, 0, 0]), [0, 0.1, 0.1], [0, 0, 0], np.full(3, np.nan), 400.0, ["s", "a", "b"])
    with pytest.raises(SchemaError, match=r"p_kw: a load is missing .* first: b"):
        power_flow(feeder, [0, 1, np.nan])
    with pytest.raises(SchemaError, match=r"3 of them in each state"):
        power_flow(feeder, [0, 1])
    with pytest.raises(SchemaError, match="as many states"):
        power_flow(feeder, np.zeros((4, 3)), np.zeros((5, 3)))
    with pytest.raises(SchemaError) as error:
        power_flow(feeder, np.zeros(3), 0.0, -1.0, 0.0)
    assert "source_pu" in str(error.value)
    assert "tolerance_pu" in str(error.value)
    with pytest.raises(SchemaError) as error:
        Loads.of(feeder, [[0, -1, 1]], feed_in_kw=[[0, 0, -2]], added=Added.of([[1.0, 1.0]], [[1.0, 2.0]]))
    for words in (
        "a negative consumption",
        "first: a",
        "a negative feed-in",
        "first: b",
        "same number of hours",
        "profiles.weight",
    ):
        assert words in str(error.value)
    with pytest.raises(SchemaError, match="at least one hour"):
        Loads.of(feeder, None)
    with pytest.raises(SchemaError) as error:
        Added.of([[1.0, -1.0]], [[1.0], [np.nan]])
    for words in ("as many weights", "a number is missing", "0 or more at every bus"):
        assert words in str(error.value)
    with pytest.raises(SchemaError, match="low voltage"):
        Limits(1.1, 0.9)


def test_the_thinnest_cable_that_carries_the_current():
    cables = Cables.standard()
    row, count = size(np.linspace(0, 1500, 500), cables, 0.8)
    carried = 0.8 * cables.rating_a[row] * count
    assert (carried >= np.linspace(0, 1500, 500) * (1 - 1e-9)).all()
    thinner = np.where(row > 0, 0.8 * cables.rating_a[np.maximum(row - 1, 0)], 0.0)
    assert (thinner < np.linspace(0, 1500, 500))[1:].all()
    assert size([0.8 * 355], cables, 0.8)[1].tolist() == [1]
    with pytest.raises(TwinError, match="0 A or more"):
        size([-1.0], cables)
    with pytest.raises(TwinError, match=r"no cables for 123 V; choose one of 400, 10000 V"):
        Cables.standard(123.0)
    with pytest.raises(SchemaError, match="from the thinnest on"):
        Cables(("a", "b"), 400.0, np.ones(2), np.ones(2), np.array([2.0, 1.0]))
