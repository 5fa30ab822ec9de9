"""The dynamic pipe against a measured one, eight published simulators, and exact cases."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.district_heating.hydraulics.pipes import Water, loss_w_mk
from energy.district_heating.hydraulics.plug_flow import Pipe, along_c, outlet_c
from twin import TwinError

WATER = Water(985.0, 4183.0, 5e-4)
TIME = np.arange(0.0, 20_000.0, 10.0)


def step():
    return np.where(np.arange(len(TIME)) < 500, 40.0, 80.0)


def test_the_measured_pipe_is_met_better_than_by_seven_of_eight_tools(shared):
    """Schweiger et al., Energy 2018, case 1: 60.33 m of copper pipe 22 x 1 mm, 13 mm of insulation."""
    folder = shared / "heat" / "pipe_experiment"
    given_, tools = pd.read_csv(folder / "case1_inputs.csv"), pd.read_csv(folder / "case1_tools.csv")
    copper = 8960 * 385 * np.pi / 4 * (0.022**2 - 0.020**2)
    loss = float(loss_w_mk([0.011, 0.024], [0.0442], film_w_m2k=8.4))

    def rmse(values):
        return float(np.sqrt(np.mean((values - tools["Tout_C"]) ** 2)))

    def ours(wall):
        pipe = Pipe(60.33, 0.020, loss, wall)
        out = outlet_c(given_["t_s"], given_["Tin_C"], given_["flow_l_h"] / 3.6e6, given_["Tamb_C"], pipe, WATER)
        return rmse(np.interp(tools["t_s"], given_["t_s"], out))

    found = ours(copper)
    assert found < 0.31
    assert sum(rmse(tools[name]) > found for name in tools.columns[3:]) == 7
    assert ours(0.0) > 1.5  # the wall matters


def test_a_front_arrives_when_the_pipe_is_filled_and_later_with_a_wall():
    flow, pipe = 0.001, Pipe(1000.0, 0.05, 0.0)
    filled = 1000 * np.pi * 0.05**2 / 4 / flow
    out = outlet_c(TIME, step(), flow, 8.0, pipe, WATER)
    assert TIME[out > 60][0] == pytest.approx(5000 + filled, abs=10)
    holds = WATER.density_kg_m3 * WATER.heat_capacity_j_kgk * np.pi * 0.05**2 / 4
    later = outlet_c(TIME, step(), flow, 8.0, Pipe(1000.0, 0.05, 0.0, holds), WATER)
    assert TIME[later > 60][0] == pytest.approx(5000 + 2 * filled, abs=10)


def test_a_lasting_flow_cools_as_a_steady_pipe():
    """exp(-u L / (m cp)), whatever the wall."""
    flow = 0.001
    out = outlet_c(TIME, 80.0, flow, 8.0, Pipe(500.0, 0.05, 0.3, 2000.0), WATER)
    mass = flow * WATER.density_kg_m3
    assert out[-1] == pytest.approx(8 + 72 * np.exp(-0.3 * 500 / (mass * WATER.heat_capacity_j_kgk)), abs=1e-9)


def test_water_that_stands_only_cools():
    flow = np.where((TIME >= 5000) & (TIME < 12_000), 0.0, 0.001)
    pipe = Pipe(500.0, 0.05, 0.3)
    out = outlet_c(TIME, 80.0, flow, 8.0, pipe, WATER)
    rest = (TIME >= 5000) & (TIME < 12_000)
    rate = 0.3 / (WATER.density_kg_m3 * WATER.heat_capacity_j_kgk * np.pi * 0.05**2 / 4)
    excess = (out - 8)[rest]
    np.testing.assert_allclose(excess[1:] / excess[:-1], np.exp(-rate * 10), rtol=1e-9)
    assert np.isfinite(out).all()
    nothing = outlet_c(TIME, 80.0, 0.0, 8.0, pipe, WATER, initial_c=60.0)
    np.testing.assert_allclose(nothing, 8 + 52 * np.exp(-rate * TIME), rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_without_loss_no_heat_is_lost_and_no_new_extreme_appears(seed):
    r = np.random.default_rng(seed)
    knots = np.where((np.arange(41) < 8) | (np.arange(41) > 26), 60.0, r.uniform(40, 90, 41))
    inlet = np.interp(TIME, np.arange(0, 20_001, 500), knots)
    # time for all to come out again; no jumps and no trickle, whose fronts leave within one step of ten seconds
    flow = np.interp(TIME, np.arange(0, 20_001, 1000), np.append(r.uniform(5e-4, 2e-3, 14), np.full(7, 2e-3)))
    pipe = Pipe(200.0, 0.05, 0.0)
    out = outlet_c(TIME, inlet, flow, 8.0, pipe, WATER)
    volume = np.concatenate([[0.0], np.cumsum((flow[1:] + flow[:-1]) / 2 * np.diff(TIME))])
    carried = [np.trapezoid(t - 60, volume) for t in (inlet, out)]
    assert carried[1] == pytest.approx(carried[0], abs=1e-4 * np.trapezoid(abs(inlet - 60), volume))
    assert out.min() >= inlet.min() - 1e-9
    assert out.max() <= inlet.max() + 1e-9


def test_two_pipes_in_a_row_are_one_and_a_branch_slows_the_rest():
    flow = 0.0008 + 0.0004 * np.sin(TIME / 900)
    inlet = 70 + 10 * np.sin(TIME / 2500)
    half, whole = Pipe(300.0, 0.05, 0.3, 500.0), Pipe(600.0, 0.05, 0.3, 500.0)
    both = along_c(TIME, inlet, [flow, flow], 8.0, [half, half], WATER)
    assert both.shape == (2, len(TIME))
    settled = TIME > 8000
    np.testing.assert_allclose(both[1][settled], outlet_c(TIME, inlet, flow, 8.0, whole, WATER)[settled], atol=2e-3)
    slow = along_c(TIME, inlet, [flow, flow / 4], 8.0, [half, half], WATER)
    assert slow[1][-1] < both[1][-1]


def test_impossible_series_are_refused_at_once():
    pipe = Pipe(100.0, 0.05, 0.3)
    with pytest.raises(TwinError, match=r"reversed: swap the ends.*2 rows, first: time 10 s"):
        outlet_c([0.0, 10.0, 20.0], 70.0, [1e-3, -1e-3, -1e-4], 8.0, pipe, WATER)
    with pytest.raises(TwinError) as told:
        outlet_c([0.0, 10.0, 10.0], [70.0, np.nan, 70.0], [1e-3, 1e-3], 8.0, pipe, WATER)
    assert [p.column for p in told.value.problems] == ["time_s", "inlet_c", "flow_m3_s"]
    with pytest.raises(TwinError) as told:
        Pipe(0.0, -1.0, -0.1, float("nan"))
    assert len(told.value.problems) == 4
