"""Every building's cheapest and cleanest heating, in both ledgers, and how sure that is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from energy.electrification.heat_pumps import performance_by_radiator, yearly_performance
from energy.heating_choice import CRITERIA, District, choose, evaluate, robustness, shares, winner
from energy.heating_options import OPTIONS, capital_sek_year, performance
from twin import Factors, SchemaError, reference

FACTORS = Factors.read()
F = FACTORS.at(2024)
HOURS = np.arange(8760)
OUTDOOR = 8 - 11 * np.cos(2 * np.pi * HOURS / 8760) + 4 * np.sin(2 * np.pi * HOURS / 24)
WINNERS = {"cheapest": 0, "lowest_territorial": 1, "lowest_lifecycle": 2, "lowest_marginal": 3}


def stock(**columns):
    """A house, a block, a connected block, a garage without heat, a building nobody knows."""
    table = pd.DataFrame(
        {
            "floor_area_m2": [150.0, 3000.0, 3000.0, 40.0, 500.0],
            "heat_need_kwh": [15e3, 300e3, 300e3, 0.0, np.nan],
            "hot_water_need_kwh": [3e3, 75e3, 75e3, 0.0, 5e3],
            "peak_kw": [6.0, 120.0, 120.0, 0.0, np.nan],
            "connected": [False, False, True, False, False],
        },
        index=[2, 4, 6, 8, 10],
    )
    return table.assign(**columns)


def network(bill=(20e3, 380e3, 380e3, 0.0, 0.0), territorial=0.06, lifecycle=0.07, marginal=0.15):
    return District(territorial, lifecycle, marginal, np.array(bill))


def test_heat_pumps_perform_as_in_the_city_s_heat_balance():
    radiators = np.array([40.0, 30.0, 40.0])
    for option, source in (("ground_heat_pump", "ground"), ("air_heat_pump", "air")):
        found = performance(option, OUTDOOR, radiators, F)
        np.testing.assert_allclose(found.space, performance_by_radiator(OUTDOOR, source, radiators, F))
        assert found.hot_water == pytest.approx(yearly_performance(OUTDOOR, source, F)[1])
        assert (found.coldest < found.space).all()
    loop, ground = (performance(o, OUTDOOR, radiators, F) for o in ("shared_loop", "ground_heat_pump"))
    assert (loop.space > ground.space).all()  # its water is warmer than brine
    summer = performance("air_heat_pump", np.full(8760, 25.0), radiators, F)
    assert np.isfinite(summer.space).all()


def test_the_yearly_cost_of_a_block_worked_by_hand():
    """120 kW, 84 kW of them by a ground-source heat pump; numbers of the factors, performance as found."""
    found = evaluate(stock(), network(), OUTDOOR, F)
    spf = performance("ground_heat_pump", OUTDOOR, np.array([40.0]), F)
    size, threshold = F["heat_pump.share_of_peak"], F["heat_pump.heating_threshold_c"]
    degrees = np.maximum(threshold - OUTDOOR, 0)
    rest = np.maximum(degrees - size * (threshold - F["heat.design_outdoor_c"]), 0).sum() / degrees.sum()
    electricity = 300e3 * ((1 - rest) / spf.space[0] + rest) + 75e3 / spf.hot_water
    peak = 120 * (size / spf.coldest[0] + 1 - size)
    assert found.electricity_kwh[1, 1] == pytest.approx(electricity)
    assert found.electric_peak_kw[1, 1] == pytest.approx(peak)
    rate = F["money.real_rate"]
    annuity = rate / (1 - (1 + rate) ** -20)
    price = F["price.electricity_sek_mwh"] / 1000 + F["electricity.fees_sek_kwh"]
    cost = 84 * 17_300 * (annuity + 0.01) + price * electricity + F["electricity.power_sek_kw"] * peak
    assert found.totals["cost_sek_year"][1, 1] == pytest.approx(cost)
    for account in ("territorial", "lifecycle", "marginal"):
        total = found.totals[f"co2e_{account}_kg"]
        assert total[1, 1] == pytest.approx(electricity * F[f"electricity.{account}"])
        delivered = 375e3 / F["heating.efficiency.district_heating"]
        assert total[0, 1] == pytest.approx(delivered * getattr(network(), account))


def test_the_loop_s_pumps_take_electricity_in_proportion_to_the_heat():
    loop = OPTIONS.index("shared_loop")
    some = evaluate(stock(), network(), OUTDOOR, F).electricity_kwh[loop, :2]
    more = FACTORS.override({"shared_loop.pump_share": 0.05}).at(2024)
    many = evaluate(stock(), network(), OUTDOOR, more).electricity_kwh[loop, :2]
    np.testing.assert_allclose(many - some, (0.05 - F["shared_loop.pump_share"]) * np.array([18e3, 375e3]))


def test_a_connected_building_pays_no_connection():
    found = evaluate(stock(), network(), OUTDOOR, F).totals["cost_sek_year"][0]
    rate = F["money.real_rate"]
    once = (300 * 120 + 25_000) * rate / (1 - (1 + rate) ** -40)
    assert found[1] - found[2] == pytest.approx(once)


def test_the_map_tells_winners_and_where_the_ledgers_disagree():
    table = choose(stock(), network(), OUTDOOR, F)
    assert table.index.tolist() == [2, 4, 6, 8, 10]
    for name, criterion in zip(WINNERS, CRITERIA, strict=True):
        columns = table[[f"{o}_{criterion}" for o in OPTIONS]].to_numpy(float)[:3]
        assert table[name].tolist()[:3] == [OPTIONS[k] for k in columns.argmin(axis=1)]
    assert table.loc[[8, 10]].isna().all(axis=None)
    clean_pipes = choose(stock(), network(territorial=0.2, lifecycle=0.2, marginal=0.01), OUTDOOR, F)
    assert clean_pipes["lowest_lifecycle"].iloc[0] != "district_heating"
    assert clean_pipes["lowest_marginal"].iloc[0] == "district_heating"
    assert clean_pipes["ledgers_disagree"].tolist()[:3] == [True] * 3
    for account in ("territorial", "lifecycle"):
        in_books = choose(
            stock(), network(**{"territorial": 0.5, "lifecycle": 0.5, "marginal": 0.5, account: 0.0}), OUTDOOR, F
        )
        assert in_books[f"lowest_{account}"].iloc[0] == "district_heating"
        assert in_books["ledgers_disagree"].tolist()[:3] == [True] * 3, account
    dirty = choose(stock(), network(territorial=0.5, lifecycle=0.5, marginal=0.5), OUTDOOR, F)
    assert dirty["ledgers_disagree"].tolist()[:3] == [False] * 3


def test_where_no_network_is_near_it_is_no_option():
    table = choose(stock(), network(bill=[np.nan] * 5, territorial=0.0, lifecycle=0.0, marginal=0.0), OUTDOOR, F)
    assert table[[c for c in table if c.startswith("district_heating")]].isna().all(axis=None)
    assert "district_heating" not in table["lowest_marginal"].tolist()
    assert table["cheapest"].notna().tolist() == [True, True, True, False, False]


def test_an_option_out_of_the_question_is_none():
    no_drilling = choose(stock(can_ground_heat_pump=[False, True, None, True, True]), network(), OUTDOOR, F)
    assert no_drilling["ground_heat_pump_cost_sek_year"].isna().tolist() == [True, False, False, True, True]
    assert no_drilling["ground_heat_pump_co2e_marginal_kg"].isna().tolist() == [True, False, False, True, True]
    nothing = choose(stock(**{f"can_{o}": False for o in OPTIONS}), network(), OUTDOOR, F)
    assert nothing.isna().all(axis=None)
    sure = robustness(stock(**{f"can_{o}": False for o in OPTIONS[1:]}), network(), OUTDOOR, FACTORS, 2024)
    assert (sure[[f"{name}_robustness" for name in WINNERS]].iloc[:3] == 1).all(axis=None)


@given(hnp.arrays(float, (4, 6), elements=st.one_of(st.floats(-1e6, 1e6), st.just(np.nan))))
def test_the_winner_is_the_least_of_what_is_known(values):
    index, tied = winner(values)
    for k, column in enumerate(values.T):
        if np.isnan(column).all():
            assert index[k] == -1
            assert not tied[k]
            continue
        least = np.nanmin(column)
        assert column[index[k]] <= least + 1e-9 * abs(least)
        assert tied[k] == (np.sum(column <= least + 1e-9 * abs(least)) > 1)


def test_of_equals_the_first_is_named_and_the_tie_told():
    table = choose(stock(heat_need_kwh=[15e3, 300e3, 300e3, 0, np.nan]), network(territorial=0.0), OUTDOOR, Zero())
    assert table["lowest_territorial"].tolist()[0] == "district_heating"
    assert table["lowest_territorial_tied"].iloc[0]
    assert not table["cheapest_tied"].iloc[0]


class Zero(dict):
    """The factors of 2024 with electricity that emits nothing in the territorial account."""

    def __missing__(self, key):
        return 0.0 if key == "electricity.territorial" else F[key]


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 0.5), st.floats(0.01, 0.5), st.floats(1.1, 3))
def test_dirtier_or_dearer_heat_never_wins_a_building(factor, more, dearer):
    before = choose(stock(), network(marginal=factor), OUTDOOR, F)
    after = choose(stock(), network(marginal=factor + more), OUTDOOR, F)
    lost = before["lowest_marginal"] != "district_heating"
    assert not (lost & (after["lowest_marginal"] == "district_heating")).any()
    costly = choose(stock(), network(bill=np.array([20e3, 380e3, 380e3, 0, 0]) * dearer), OUTDOOR, F)
    lost = before["cheapest"] != "district_heating"
    assert not (lost & (costly["cheapest"] == "district_heating")).any()


def test_a_better_radiator_lowers_cost_and_peak():
    warm = evaluate(stock(radiator_at_0_c=40.0), network(), OUTDOOR, F)
    mild = evaluate(stock(radiator_at_0_c=[30.0] * 4 + [np.nan]), network(), OUTDOOR, F)
    assert (mild.electricity_kwh[1:, :3] < warm.electricity_kwh[1:, :3]).all()
    assert (mild.electric_peak_kw[1:, :3] < warm.electric_peak_kw[1:, :3]).all()
    assert (mild.totals["cost_sek_year"][0, :3] == warm.totals["cost_sek_year"][0, :3]).all()
    blank = evaluate(stock(radiator_at_0_c=np.nan), network(), OUTDOOR, F)
    np.testing.assert_array_equal(blank.electricity_kwh, evaluate(stock(), network(), OUTDOOR, F).electricity_kwh)


def test_robustness_is_the_share_of_the_ends_that_keep_the_winner():
    both = robustness(stock(), network(), OUTDOOR, FACTORS, 2024)
    found = both[[c for c in both if c.endswith("_robustness")]]
    assert found.index.tolist() == [2, 4, 6, 8, 10]
    assert both.iloc[3:].isna().all(axis=None)
    known = found.iloc[:3].to_numpy()
    assert ((known >= 0) & (known <= 1)).all()
    assert (known < 1).any()  # electricity's marginal factor alone ranges from 60 to 600 g
    free = network(bill=[0.0] * 5, territorial=-1, lifecycle=-1, marginal=-1)
    sure = robustness(stock(), free, OUTDOOR, FACTORS, 2024).iloc[:3]
    assert (sure[[f"lowest_{a}_robustness" for a in ("territorial", "lifecycle", "marginal")]] == 1).all(axis=None)
    dear = network(bill=[1e9] * 5)
    unsure = robustness(stock(), free, OUTDOOR, FACTORS, 2024, also=[dear]).iloc[:3]
    assert (unsure["cheapest_robustness"] < sure["cheapest_robustness"]).all()


def test_every_option_has_a_range_that_holds_its_best_estimate():
    table = choose(stock(), network(), OUTDOOR, F)
    ends = robustness(stock(), network(), OUTDOOR, FACTORS, 2024)
    for option in OPTIONS:
        for criterion in CRITERIA:
            value = table[f"{option}_{criterion}"].iloc[:3]
            assert (ends[f"{option}_{criterion}_low"].iloc[:3] < value).all(), (option, criterion)
            assert (value < ends[f"{option}_{criterion}_high"].iloc[:3]).all(), (option, criterion)
    # the marginal emission of a heat pump is proportional to that of electricity, its widest factor
    widest = FACTORS.value("electricity.marginal", 2024, "high") / F["electricity.marginal"]
    reached = ends["ground_heat_pump_co2e_marginal_kg_high"] / table["ground_heat_pump_co2e_marginal_kg"]
    np.testing.assert_allclose(reached.iloc[:3], widest)


def test_robustness_counted_by_hand_for_the_marginal_account():
    """Of the factors with a range, these move the marginal account."""
    keys = [
        "electricity.marginal",
        "heat.design_outdoor_c",
        "heat_pump.brine_drop_k",
        "heat_pump.field_correction",
        "heat_pump.heating_threshold_c",
        "heat_pump.hot_water_c",
        "heat_pump.radiator_at_0_c",
        "heat_pump.share_of_peak",
        "heating.efficiency.district_heating",
        "shared_loop.pump_share",
        "shared_loop.source_c",
    ]
    first = winner(evaluate(stock(), network(), OUTDOOR, F).totals["co2e_marginal_kg"])[0]
    ends = []
    for key in keys:
        for end in ("low", "high"):
            if FACTORS.value(key, 2024, end) != FACTORS.value(key, 2024):
                now = evaluate(stock(), network(), OUTDOOR, FACTORS.at_end(key, end).at(2024))
                ends.append(winner(now.totals["co2e_marginal_kg"])[0] == first)
    expected = np.mean(ends, axis=0)[:3]
    found = robustness(stock(), network(), OUTDOOR, FACTORS, 2024)["lowest_marginal_robustness"]
    np.testing.assert_allclose(found.iloc[:3], expected)


def test_shares_of_places_sum_to_one():
    table = choose(stock(), network(), OUTDOOR, F)
    place = pd.Series(["a", "a", "b", "c", None])
    found = shares(table, stock()["floor_area_m2"].to_numpy(), place)
    np.testing.assert_allclose(found.groupby(["place", "criterion"])["share"].sum(), 1)
    assert set(found["place"]) == {"a", "b"}
    assert set(found["criterion"]) == set(WINNERS)


def test_every_option_has_its_prices():
    table = reference.table("heating_options")
    assert set(table["option"]) == set(OPTIONS)
    named = reference.table("measure_costs")["item"]
    borrowed = table["priced_in"] == "measure_costs"
    assert set(table.loc[borrowed, "item"]) <= set(named)
    own = table[~borrowed]
    assert ((own["cost_low"] <= own["cost_sek_per_unit"]) & (own["cost_sek_per_unit"] <= own["cost_high"])).all()
    one = {q: np.array([10.0]) for q in ("building", "heat_peak_kw", "heat_pump_kw", "trench_m")}
    cost = capital_sek_year(one, np.array([False]), F)
    assert (cost > 0).all()
    for end, sign in (("cost_low", -1), ("cost_high", 1)):
        moved = capital_sek_year(one, np.array([False]), F, dict.fromkeys(OPTIONS, end))
        assert (sign * (moved - cost) > 0).all()


def test_what_is_wrong_is_named_all_at_once():
    with pytest.raises(SchemaError) as caught:
        choose(stock().drop(columns=["peak_kw", "heat_need_kwh"]), network(), OUTDOOR, F)
    assert [p.column for p in caught.value.problems] == ["heat_need_kwh", "peak_kw"]
    with pytest.raises(SchemaError, match="one bill for each of the 5"):
        choose(stock(), network(bill=[1.0]), OUTDOOR, F)
    bad = stock(peak_kw=[np.nan, 1, 1, 0, 0], floor_area_m2=[1, -1, 1, 1, 1], hot_water_need_kwh=[1, 1, -1, 0, 0])
    with pytest.raises(SchemaError) as caught:
        choose(bad, network(bill=[1, 1, 1, 1, -1.0]), OUTDOOR, F)
    assert sorted(p.column for p in caught.value.problems) == [
        "bill_sek_year",
        "floor_area_m2",
        "hot_water_need_kwh",
        "peak_kw",
    ]


def test_nobody_and_a_large_city():
    assert choose(stock().iloc[:0], network(bill=[]), OUTDOOR, F).empty
    many = pd.concat([stock()] * 12_000, ignore_index=True)
    bills = np.tile(network().bill_sek_year, 12_000)
    found = choose(many, network(bill=bills), OUTDOOR, F)
    assert found["cheapest"].notna().sum() == 36_000
