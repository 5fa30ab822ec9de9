"""What a plan is worth and to whom: closed forms, sums, order."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.annuity import annuity
from energy.climate import economics as e
from twin import Factors, TwinError


@settings(max_examples=40, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 0.2), st.integers(1, 60))
def test_an_even_flow_is_worth_its_closed_form(flow, rate, years):
    at = np.arange(2026, 2026 + years)
    worth = e.npv(np.full(years, flow), at, rate, 2025)
    assert worth == pytest.approx(flow * (1 - (1 + rate) ** -years) / rate, rel=1e-9, abs=1e-9)
    assert e.npv(np.full(years, flow), at, 0.0, 2025) == pytest.approx(flow * years)


def test_a_growing_flow_and_many_at_once():
    at = np.arange(1, 21)
    growing = 100 * 1.02 ** (at - 1)
    closed = 100 * (1 - (1.02 / 1.05) ** 20) / (0.05 - 0.02)
    assert e.npv(np.stack([growing, 2 * growing]), at, 0.05, 0) == pytest.approx([closed, 2 * closed])


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 0.15), st.integers(1, 60), st.integers(0, 40))
def test_with_its_residual_value_an_investment_costs_its_annuities_inside_the_horizon(rate, lifetime, years):
    cost, bought, horizon = np.array([1000.0]), np.array([2025]), 2025 + years
    left = e.residual_value(cost, bought, np.array([float(lifetime)]), horizon, rate)[0]
    paid = 1000 - left * (1 + rate) ** -years
    counted = np.arange(2026, 2026 + min(lifetime, years))
    even = np.full(len(counted), 1000 * float(annuity(rate, float(lifetime))))
    assert paid == pytest.approx(e.npv(even, counted, rate, 2025), rel=1e-7, abs=1e-6)


def test_society_is_all_of_them_and_transfers_cancel():
    years = np.arange(2026, 2029)
    r = np.random.default_rng(0)
    who = [*e.PERSPECTIVES[:-1], "builder", "state"]
    flows = pd.DataFrame(
        {
            "year": r.choice(years, 60),
            "payer": r.choice(who, 60),
            "receiver": r.choice(who, 60),
            "amount_sek": r.uniform(1, 100, 60),
        }
    )
    own = [e.perspective_sek(flows, w, years) for w in e.PERSPECTIVES[:-1]]
    assert e.perspective_sek(flows, "society", years) == pytest.approx(sum(own))
    inside = flows[flows["payer"].isin(e.PERSPECTIVES) & flows["receiver"].isin(e.PERSPECTIVES)]
    assert np.abs(e.perspective_sek(inside, "society", years)).max() < 1e-9


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1)), min_size=1, max_size=8))
def test_payers_columns_sum_to_the_total(rows):
    cost, share = (np.array(c) for c in zip(*rows, strict=True))
    paid = e.by_payer(cost, {"city": share, "household": 0.5 * (1 - share), "company": 0.5 * (1 - share)})
    assert paid[["city", "household", "company"]].sum(axis=1).to_numpy() == pytest.approx(cost, rel=1e-9)
    assert (paid["total"] == cost).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=8))
def test_the_gap_closes_the_account(rows):
    cost, secured = (np.array(c) for c in zip(*rows, strict=True))
    gap = e.funding_gap_sek(cost, secured)
    assert (gap >= 0).all()
    balance = np.cumsum(secured + gap - cost)
    assert balance.min() >= -1e-9
    assert gap.sum() == pytest.approx(max(0.0, np.max(np.cumsum(cost - secured))), abs=1e-9)


def test_carbon_is_valued_by_the_year():
    factors = Factors.read()
    assert e.carbon_value_sek(np.array([2.0]), np.array([2026]), factors).tolist() == [14_000.0]
    cheaper = factors.override({"money.carbon_value_sek_kg": 2.0})
    assert e.carbon_value_sek(np.array([2.0]), np.array([2026]), cheaper).tolist() == [4_000.0]


def test_each_pick_is_the_best_there_is_once_the_others_are_done():
    # emissions 100; 0: heat pump, 1: insulation, 2: lights that pay for themselves, 3: dear and useless
    saved = {0: 40.0, 1: 30.0, 2: 5.0, 3: 0.0}
    cost = {0: -4000.0, 1: -2700.0, 2: 900.0, 3: -50.0}
    emissions, value = np.zeros(16), np.zeros(16)
    for s in range(16):
        members = [i for i in saved if s >> i & 1]
        overlap = 20.0 if {0, 1} <= set(members) else 0.0
        emissions[s] = 100 - sum(saved[i] for i in members) + overlap
        value[s] = sum(cost[i] for i in members)
    picks = e.abatement_curve(emissions, value)
    assert [p.measure for p in picks] == [2, 1, 0, 3]  # alone, 0 costs 100 a tonne and 1 costs 90
    assert picks[1].cost_sek_per_t == pytest.approx(90)
    assert picks[2].cost_sek_per_t == pytest.approx(4000 / 20)  # 20 of its 40 tonnes are gone
    assert np.isnan([picks[0].cost_sek_per_t, picks[3].cost_sek_per_t]).all()
    assert sum(p.saved_t for p in picks) == pytest.approx(emissions[0] - emissions[-1])
    assert sum(p.npv_sek for p in picks) == pytest.approx(value[-1])


def test_what_pays_for_itself_is_ranked_by_value_not_by_cost_a_tonne():
    # both pay: 1000 SEK and 100 t (-10 SEK/t), or 900 SEK and 1 t (-900 SEK/t)
    emissions = np.array([200.0, 100.0, 199.0, 99.0])
    picks = e.abatement_curve(emissions, np.array([0.0, 1000.0, 900.0, 1900.0]))
    assert [p.measure for p in picks] == [0, 1]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: e.by_payer(np.ones(1), {"city": 0.6, "household": 0.6}), "sum to 1"),
        (lambda: e.by_payer(np.ones(1), {"city": 1.5, "household": -0.5}), "from 0"),
        (lambda: e.by_payer(np.ones(1), {}), "sum to 1"),
        (lambda: e.residual_value(np.ones(1), np.array([2040]), np.ones(1), 2035, 0.0), "after the horizon"),
        (lambda: e.abatement_curve(np.ones(4), np.ones(2)), "every coalition"),
        (lambda: e.perspective_sek(pd.DataFrame(), "societey", np.array([2026])), "did you mean"),
        (
            lambda: e.perspective_sek(
                pd.DataFrame({"year": [2020], "payer": ["city"], "receiver": ["x"], "amount_sek": [np.nan]}),
                "city",
                np.array([2026]),
            ),
            "no amount.*outside the years",
        ),
    ],
)
def test_what_can_not_be_reckoned_is_refused(call, match):
    with pytest.raises(TwinError, match=match):
        call()
