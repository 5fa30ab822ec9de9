"""Errors that links share do not average out; each link's own do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from energy.memory import Memory
from energy.mobility.traffic import traffic
from energy.mobility.uncertainty import common_cvs, draws, link_cv, spread
from energy.places import Places
from energy.stock import Stock
from twin import Factors

F = Factors.read().at(2024)


@pytest.mark.parametrize("quantity", ["vehicle_km", "co2", "nox", "wear"])
def test_random_draws_agree_with_the_formulas(quantity):
    """Mean and standard deviation within four standard errors, percentiles within 3 %; the seed is fixed."""
    random = np.random.default_rng(1)
    values, own = random.uniform(1, 50, 60), random.uniform(0.05, 0.6, 60)
    shares = np.array([np.eye(60)[0], np.r_[np.full(20, 0.5), np.zeros(40)], np.ones(60)])
    shared = common_cvs(quantity, F)
    found = spread(values, own, shared, shares)
    number = 40_000
    sums = draws(values, own, shared, shares, number=number, seed=7)
    for k, row in found.iterrows():
        x = sums[:, k]
        assert x.mean() == pytest.approx(row["mean"], abs=4 * row["cv"] * row["mean"] / np.sqrt(number))
        fourth = stats.kurtosis(x, fisher=False)
        assert x.std() == pytest.approx(row["cv"] * row["mean"], rel=4 * np.sqrt((fourth - 1) / (4 * number)))
        for name, q in (("p10", 10), ("p50", 50), ("p90", 90)):
            assert np.percentile(x, q) == pytest.approx(row[name], rel=0.03)


def test_a_single_link_is_log_normal():
    row = spread(np.array([10.0]), np.array([0.3]), [0.1]).iloc[0]
    cv = np.sqrt(1.09 * 1.01 - 1)
    sigma = np.sqrt(np.log(1 + cv**2))
    exact = stats.lognorm(s=sigma, scale=10 * np.exp(-(sigma**2) / 2))
    assert row["cv"] == pytest.approx(cv, rel=1e-12)
    assert row[["p10", "p50", "p90"]].tolist() == pytest.approx(exact.ppf([0.1, 0.5, 0.9]).tolist(), rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 400), st.floats(0, 0.8), st.lists(st.floats(0.01, 0.7), min_size=1, max_size=3))
def test_many_links_are_never_surer_than_what_they_share(n, own, shared):
    common = np.sqrt(np.prod(1 + np.square(shared)) - 1)
    cv = spread(np.ones(n), np.full(n, own), shared)["cv"].iloc[0]
    assert cv == pytest.approx(np.sqrt(common**2 + (1 + common**2) * own**2 / n), rel=1e-9)
    assert cv >= common * (1 - 1e-12)


def test_nothing_is_certain():
    row = spread(np.zeros(3), np.ones(3), [0.1]).iloc[0]
    assert row.tolist() == [0, 0, 0, 0, 0]


def test_the_city_is_surer_than_its_areas_and_both_than_a_street(sample):
    stock, places = Stock.of(sample, Memory(), F), Places.of(sample)
    kg = traffic(stock.roads_in(F), F)["co2e_territorial_kg"].to_numpy()
    own, shared = link_cv(stock.roads, F), common_cvs("co2", F)
    found = spread(kg, own, shared, places.shares["roads"])
    city, areas = found["cv"].iloc[-1], found["cv"].iloc[:-2][found["mean"].iloc[:-2] > 0]
    floor = np.sqrt(np.prod(1 + np.square(shared)) - 1)
    assert floor < city <= areas.min() + 1e-12
    busiest = int(np.argmax(kg))
    assert spread(kg[[busiest]], own[[busiest]], shared)["cv"].iloc[0] > city


def test_a_link_that_says_nothing_is_as_unsure_as_the_factor(city):
    roads = Stock.of(city, Memory(), F).roads.assign(aadt_cv=[0.1, np.nan, 0.3])
    assert link_cv(roads, F).tolist() == [0.1, F["uncertainty.unknown_aadt_cv"], 0.3]
