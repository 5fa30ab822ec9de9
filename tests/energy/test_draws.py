"""Draws of all factors through the whole model."""

import numpy as np
import pytest

from energy import Scenario, simulate
from energy.climate import draws, uncertainty
from energy.memory import Memory
from energy.plan import plan
from energy.scenario import Step
from energy.simulate import Model
from twin import Factors, TwinError

FACTORS = Factors.read()
PLAN = Scenario(
    name="Plan",
    step=(
        Step(measure="renovate_envelope", start=2025, end=2028),
        Step(measure="electrify_vehicles", params={"ev_share": 0.6}, start=2025, end=2030),
    ),
)


@pytest.fixture(scope="module")
def model(city):
    return Model(city, plan(city, PLAN), Memory())


def of_city(city, factors=FACTORS):
    results = simulate(city, PLAN, years=[2030], factors=factors, ranges=False)
    return results.indicators(by="city").set_index("indicator")["value"]


def test_without_factors_to_draw_it_is_the_simulation(city, model):
    found = draws.run(model, 2030, FACTORS, 1, keys=())
    expected = of_city(city)
    assert set(found.indicators) == set(expected.index)
    hourly = [c for c in found.indicators if c in draws._HOURLY or "cooling" in c]
    yearly = [c for c in found.indicators if c not in hourly]
    assert found.indicators[yearly].iloc[0].to_numpy() == pytest.approx(
        expected[yearly].to_numpy(), rel=1e-6
    )  # cooling is of 32-bit hours
    assert found.indicators[hourly].iloc[0].to_numpy() == pytest.approx(expected[hourly].to_numpy(), rel=1e-4, abs=1e-9)


def test_every_draw_is_a_simulation_with_its_factors(city, model):
    found = draws.run(model, 2030, FACTORS, 3, seed=2, threads=2)
    for k in range(3):
        other = draws.drawn(FACTORS, dict(zip(found.keys, found.points[k], strict=True)))
        expected = of_city(city, other)[list(found.indicators)].to_numpy()
        assert found.indicators.iloc[k].to_numpy() == pytest.approx(expected, rel=1e-3, abs=1e-6)
    assert (found.indicators["co2e_territorial_kg"].nunique()) == 3


def test_the_seed_makes_the_worlds_and_threads_do_not(model):
    one, again = (draws.run(model, 2030, FACTORS, 3, seed=7, threads=t, hourly=False) for t in (1, 2))
    assert one.indicators.equals(again.indicators)
    assert not one.indicators.equals(draws.run(model, 2030, FACTORS, 3, seed=8, hourly=False).indicators)


def test_two_scenarios_meet_the_same_worlds(city, model):
    keys, _ = draws.reached(model, 2030, FACTORS)
    nothing = Model(city, plan(city, Scenario.baseline()), Memory())
    both = [draws.run(m, 2030, FACTORS, 12, keys=keys, hourly=False) for m in (nothing, model)]
    assert (both[0].points == both[1].points).all()
    before, after = (b.indicators["co2e_territorial_kg"].to_numpy() for b in both)
    assert (before - after).std() < np.hypot(before.std(), after.std())


def test_a_decided_factor_is_not_drawn_and_one_without_range_neither(model):
    found = draws.run(model, 2030, FACTORS, 2, decided={"fleet.ev_share"}, hourly=False)
    assert "fleet.ev_share" not in found.keys
    assert all(any(r.low < r.high for r in FACTORS[k]) for k in found.keys)
    assert len(found.keys) > 30


def test_which_factors_reach_the_hours(model):
    yearly, hourly = draws.reached(model, 2030, FACTORS)
    assert "comfort.limit_c" in hourly - yearly
    assert "electricity.territorial" in yearly - hourly
    assert "renovation.u_wall_w_m2k" in yearly & hourly


def test_a_factor_moves_in_all_its_years_at_once():
    low = draws.drawn(FACTORS, {"fleet.ev_share": 0.0})
    middle = draws.drawn(FACTORS, {"fleet.ev_share": 0.5}, "lognormal")
    for row, least, median in zip(
        FACTORS["fleet.ev_share"], low["fleet.ev_share"], middle["fleet.ev_share"], strict=True
    ):
        assert least.value == row.low
        assert median.value == pytest.approx(row.value)
    assert FACTORS["fleet.ev_share"][0].value != low["fleet.ev_share"][0].value


def test_shares_do_not_leave_one():
    key = next(k for k, r in FACTORS.items() if r[0].unit == "1" and 0 < r[0].low < r[0].value < r[0].high == 1)
    assert draws.drawn(FACTORS, {key: 1.0}, "lognormal")[key][0].value == 1.0


def test_the_heat_factor_makes_the_heat(model):
    design = uncertainty.saltelli(4, 2, seed=1)
    keys = ("electricity.territorial", "heat.model_scale")
    heat = [
        draws.run(model, 2030, FACTORS, 4, points=p, keys=keys, hourly=False).indicators["heat_need_kwh"].to_numpy()
        for p in (design.a, design.b, design.mixed(0), design.mixed(1))
    ]
    s1, total = uncertainty.sobol_indices(heat[0], heat[1], np.stack(heat[2:]))
    assert total[0] == pytest.approx(0, abs=1e-12)
    assert total[1] > 0
    assert s1[0] == pytest.approx(0, abs=1e-12)


def test_points_of_the_wrong_shape_are_refused(model):
    with pytest.raises(TwinError, match="2 draws of 1 factors"):
        draws.run(model, 2030, FACTORS, 2, keys=("heat.model_scale",), points=np.zeros((2, 3)))
