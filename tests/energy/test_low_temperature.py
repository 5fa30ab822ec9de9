"""Cooler water loses less, helps heat pumps, and reaches the buildings whose radiators are large enough."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.district_heating.potential.low_temperature import follow, switch
from energy.district_heating.potential.radiators import log_mean_excess_k, radiator_temperatures_c
from energy.district_heating.potential.regime import (
    Regime,
    booster_share,
    electricity_per_heat,
    loss_ratio,
    supply_curve_c,
)
from twin import Factors, SchemaError, TwinError

F = Factors.read().at(2024)
OLD, MIDDLE, LOW = (Regime.named(name) for name in ("80/45", "65/35", "55/30"))
HOURS = np.arange(8760)
OUTDOOR = 8 - 11 * np.cos(2 * np.pi * HOURS / 8760) + 4 * np.sin(2 * np.pi * HOURS / 24)
WATER = tuple(F[f"heat_pump.water.c{k}"] for k in range(3))


def stock(**columns):
    """A block of 1965 with its radiators' margin, one renovated, one new, one without heat."""
    table = pd.DataFrame(
        {
            "floor_area_m2": [1000.0, 1000.0, 1000.0, 300.0],
            "year_built": [1965, 1965, 2005, 1965],
            "set_point_c": [21.0, 21.0, 21.0, np.nan],
            "peak_kw": [60.0, 30.0, 30.0, 0.0],
            "radiator_kw": [66.0, 66.0, 37.0, np.nan],
            "heat_kwh": [120e3, 60e3, 50e3, np.nan],
            "hot_water_kwh": [25e3, 25e3, 25e3, np.nan],
        },
        index=[3, 5, 8, 9],
    )
    return table.assign(**columns)


def said(table, column):
    return table[column].astype(object).where(table[column].notna(), None).tolist()


def test_published_excess_temperatures_and_outputs(root):
    """EN 442's standard excess temperature and sizing temperatures in use, re-typed."""
    for row in pd.read_csv(root / "tests" / "reference" / "radiators.csv").itertuples():
        mean = log_mean_excess_k(row.supply_c, row.return_c, row.room_c)
        assert float(mean) == pytest.approx(row.excess_k, abs=0.005)
        assert float((mean / log_mean_excess_k(75.0, 65.0, 20.0)) ** row.exponent) == pytest.approx(
            row.output, abs=5e-4
        )


ratios = st.floats(0.01, 2.0)


@given(ratios, st.floats(45, 90), st.floats(5, 20), st.floats(15, 24), st.floats(1.1, 1.5))
def test_the_water_found_gives_exactly_the_heat_wanted(ratio, supply, spread, room, n):
    now, back = radiator_temperatures_c(np.array([ratio]), supply, supply - spread, room, n)
    sized = log_mean_excess_k(supply, supply - spread, room)
    output = (log_mean_excess_k(now, back, room) / sized) ** n
    assert output[0] == pytest.approx(ratio, rel=1e-9)
    assert now[0] - back[0] == pytest.approx(ratio * spread, rel=1e-9)  # the flow is the same


@given(st.lists(st.floats(0, 2), min_size=2, max_size=20), st.floats(1.1, 1.5))
def test_a_better_envelope_never_needs_hotter_water(loads, n):
    now, back = radiator_temperatures_c(np.sort(loads), 80.0, 60.0, 20.0, n)
    assert (np.diff(now) >= -1e-9).all()
    assert (np.diff(back) >= -1e-9).all()
    assert np.isfinite(now).all()
    assert (now >= 20).all()


@settings(max_examples=30, deadline=None)
@given(st.floats(5, 60), st.floats(0, 55), st.booleans())
def test_a_building_that_follows_still_follows_after_renovation(peak, less, booster):
    before = follow(stock(peak_kw=[peak, 1, 1, 0.0]), MIDDLE, OUTDOOR, F, booster=booster).iloc[0]
    after = follow(stock(peak_kw=[max(peak - less, 1.0), 1, 1, 0.0]), MIDDLE, OUTDOOR, F, booster=booster).iloc[0]
    assert after["needed_supply_c"] <= before["needed_supply_c"] + 1e-9
    assert after["space_heat_share"] >= before["space_heat_share"] - 1e-12
    assert not (before["follows"] and not after["follows"])


def test_who_can_follow():
    warm = follow(stock(), OLD, OUTDOOR, F)
    assert said(warm, "follows") == [True, True, True, None]
    assert warm.index.tolist() == [3, 5, 8, 9]
    middle = follow(stock(), MIDDLE, OUTDOOR, F)
    assert said(middle, "radiators_follow") == [False, True, True, None]
    assert said(middle, "hot_water_follows") == [True, True, True, None]
    assert middle["needed_supply_c"].iloc[0] > 65 > middle["needed_supply_c"].iloc[1]
    assert 0.5 < middle["space_heat_share"].iloc[0] < 1 == pytest.approx(middle["space_heat_share"].iloc[1])
    assert middle.loc[9, ["needed_supply_c", "space_heat_share", "booster_kwh"]].isna().all()
    cool = follow(stock(), LOW, OUTDOOR, F)
    assert not cool["follows"].fillna(value=False).any()  # hot water is too cool
    boosted = follow(stock(), LOW, OUTDOOR, F, booster=True)
    assert said(boosted, "follows") == [False, False, True, None]
    share = booster_share(np.array(55 - F["heating.exchanger_pinch_k"]), 60, 8)
    assert boosted["booster_kwh"].iloc[0] == pytest.approx(25e3 * share)
    assert (cool["booster_kwh"].iloc[:3] == 0).all()


def test_a_curve_that_is_warm_in_winter_alone_can_be_too_cool_in_spring():
    outdoor = np.append(OUTDOOR, np.full(200, -14.0))
    block = stock(peak_kw=[60.0, 1, 1, 0])
    even = follow(block, Regime(80, 45, 46), outdoor, F, booster=True).iloc[0]
    assert even["needed_supply_c"] < 80
    assert even["radiators_follow"]
    steep = follow(block, Regime(80, 20, 22), outdoor, F, booster=True).iloc[0]
    assert not steep["radiators_follow"]
    assert 0 < steep["space_heat_share"] < 0.5


temperatures = st.floats(-30, 40)


@given(st.lists(temperatures, min_size=2), st.sampled_from([OLD, MIDDLE, LOW, Regime(90, 50, 65)]))
def test_the_supply_falls_with_the_outdoor_temperature_between_its_limits(outdoor, regime):
    supply = supply_curve_c(np.sort(outdoor), regime, -14, 13)
    assert (np.diff(supply) <= 1e-9).all()
    assert ((supply >= regime.least_supply_c) & (supply <= regime.supply_c)).all()


@given(st.floats(40, 110), st.floats(0.5, 30), st.floats(-10, 120), st.floats(20, 39))
def test_cooler_supply_and_warmer_sources_never_take_more_electricity(supply, less, source, back):
    one = electricity_per_heat(np.array([supply]), back, np.array([source, source + less]), WATER, F)
    assert one[1] <= one[0] + 1e-12
    assert (one >= 0).all()
    cooler = max(supply - less, back + 0.1)
    assert electricity_per_heat(np.array([cooler]), back, np.array([source]), WATER, F)[0] <= one[0] + 1e-12
    warm = electricity_per_heat(np.array([supply]), back, np.array([supply + 10]), WATER, F)
    assert warm[0] == 0


def test_a_switch_tells_losses_sources_and_shares():
    source = np.full(8760, 30.0)
    same = switch(stock(), OLD, OLD, OUTDOOR, source, F)
    assert same.loss_ratio == pytest.approx(1)
    assert same.electricity_before == same.electricity_after
    assert same.floor_area_share == same.heat_share == 1
    first = switch(stock(), OLD, MIDDLE, OUTDOOR, source, F)
    second = switch(stock(), OLD, LOW, OUTDOOR, source, F, booster=True)
    assert second.loss_ratio < first.loss_ratio < 1
    assert second.electricity_after < first.electricity_after < first.electricity_before
    assert first.floor_area_share == pytest.approx(2 / 3)
    assert first.heat_share == pytest.approx((85 + 75) / (145 + 85 + 75))
    nobody = switch(stock(peak_kw=0.0), OLD, LOW, OUTDOOR, source, F)
    assert np.isnan(nobody.floor_area_share)
    assert loss_ratio((80, 45), (65, 35), 8) == pytest.approx(42 / 54.5)


def test_what_is_wrong_is_named():
    with pytest.raises(TwinError, match="80/45 degC with at least 40 degC"):
        Regime(80, 45, 40)
    with pytest.raises(TwinError, match="did you mean '80/45'"):
        Regime.named("80/40")
    with pytest.raises(TwinError, match="check both"):
        loss_ratio((8, 8), (8, 8), 8)
    with pytest.raises(SchemaError, match="radiator_kw: the column is missing"):
        follow(stock().drop(columns=["radiator_kw", "peak_kw"]), OLD, OUTDOOR, F)
    bad = stock(
        peak_kw=[60.0, -1, 30, 0],
        radiator_kw=[0.0, 1, 1, np.nan],
        year_built=[np.nan, 1, 1, np.nan],
        set_point_c=[99.0, 20, 20, np.nan],
        heat_kwh=[np.nan, 1, 1, np.nan],
    )
    with pytest.raises(SchemaError) as caught:
        follow(bad, OLD, OUTDOOR, F)
    assert {p.column for p in caught.value.problems} == {
        "peak_kw",
        "radiator_kw",
        "year_built",
        "set_point_c",
        "heat_kwh",
    }


def test_a_large_stock_takes_seconds_at_most():
    many = pd.concat([stock()] * 15_000, ignore_index=True)
    found = follow(many, MIDDLE, OUTDOOR, F)
    assert len(found) == 60_000
    assert found["follows"].sum() == 30_000
