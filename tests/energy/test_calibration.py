"""Calibration to energy declarations."""

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import energy
from energy.buildings import calibration
from energy.buildings.hourly import hourly_demand
from energy.memory import Memory
from energy.stock import Stock
from twin import Factors, TwinError

F = Factors.read().at(2024)
calibrate = import_module("energy.calibrate")


@pytest.fixture(scope="module")
def done(sample):
    return energy.calibrate(sample, F)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.25, 4.0), min_size=1, max_size=30), st.floats(0.5, 1.6))
def test_the_factor_that_made_a_heat_is_found_again(factors, bend):
    true = np.array(factors)
    size = np.linspace(50, 5000, len(true))

    def heat_of(by):
        return size * np.maximum(by**bend - 0.1, 0)

    found, met = calibration.solve_factors(heat_of, heat_of(true), tolerance=1e-7)
    assert met.all()
    np.testing.assert_allclose(found, true, rtol=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 0.6), st.floats(0.05, 0.4))
def test_pooled_means_lie_between_their_kind_and_the_whole(seed, between, within):
    r = np.random.default_rng(seed)
    kind = r.integers(0, 5, 60)
    y = r.normal(0, between, 5)[kind] + r.normal(0, within, 60)
    found = calibration.pool(y, kind, 6)
    for k in range(5):
        of = y[kind == k]
        if len(of):
            low, high = sorted((of.mean(), y.mean()))
            assert low - 1e-12 <= found.log_mean[k] <= high + 1e-12
    assert found.log_mean[5] == pytest.approx(y.mean())
    assert found.log_sd[5] >= found.log_sd[:5].min() - 1e-12


def test_every_declared_building_meets_its_declaration(done, stock, drivers):
    t = done.declarations
    assert len(t) > 900
    good = t[t["flag"] == ""]
    np.testing.assert_allclose(good["after_kwh"], good["target_kwh"], rtol=2e-4)
    assert done.figures["after"]["within_20_percent"] == 1.0
    calibrated = stock.buildings.assign(loss_factor=done.buildings["loss_factor"].to_numpy())
    heat = hourly_demand(calibrated, drivers, stock.season.outdoor_c, F).heat_kwh.sum(axis=0)
    declared = stock.buildings["declaration_id"].isin(good["declaration_id"]).to_numpy(bool)
    assert heat[declared].sum() == pytest.approx(good["target_kwh"].sum(), rel=1e-3)


def test_declarations_kept_out_are_predicted_better_than_without_calibration(done):
    before, held_out = done.figures["before"], done.figures["held_out"]
    assert abs(held_out["portfolio_error"]) < 0.05
    assert abs(held_out["portfolio_error"]) < abs(before["portfolio_error"])
    assert held_out["within_20_percent"] > 0.42  # Österbring et al. 2016, 433 buildings in Göteborg
    assert held_out["within_20_percent"] < done.figures["after"]["within_20_percent"]


def test_undeclared_buildings_take_the_factor_of_their_kind_with_its_range(done):
    b = done.buildings
    others = b[b["loss_factor_source"] == "archetype"]
    assert len(others) > 1000
    assert (others["loss_factor_low"] < others["loss_factor"]).all()
    assert (others["loss_factor"] < others["loss_factor_high"]).all()
    assert set(others["loss_factor"].round(9)) <= set(done.kinds["loss_factor"].round(9))


def test_sold_heat_is_met_by_the_undeclared_and_the_declared_stay(sample, done, stock, drivers):
    b = stock.buildings
    on = (b["heating"] == "district_heating").to_numpy(bool)

    def sold(factor):
        year = hourly_demand(b.assign(loss_factor=factor), drivers, stock.season.outdoor_c, F)
        water = (b["hot_water_kwh_m2"] * b["floor_area_m2"]).to_numpy(float)
        return (year.heat_kwh.sum(axis=0) + water)[on].sum() / F["heating.efficiency.district_heating"]

    wanted = 1.05 * sold(done.buildings["loss_factor"].to_numpy())
    moved = energy.calibrate(sample, F, district_heating_sales_kwh=wanted)
    assert sold(moved.buildings["loss_factor"].to_numpy()) == pytest.approx(wanted, rel=1e-3)
    declared = (done.buildings["loss_factor_source"] == "declaration").to_numpy(bool)
    pd.testing.assert_series_equal(
        moved.buildings.loc[declared, "loss_factor"], done.buildings.loc[declared, "loss_factor"]
    )
    with pytest.raises(TwinError, match="can not be met"):
        energy.calibrate(sample, F, district_heating_sales_kwh=100 * wanted)


def test_an_area_far_from_the_geometry_is_flagged_and_both_are_kept(sample):
    d = sample["declarations"].copy()
    d.loc[0, "floor_area_m2"] = d.loc[0, "floor_area_m2"] * 40
    done = energy.calibrate(sample.with_table("declarations", d), F)
    row = done.declarations.set_index("declaration_id").loc[d.loc[0, "declaration_id"]]
    assert row["flag"] == "area far from geometry"
    assert row["declared_area_m2"] > 10 * row["geometry_area_m2"] > 0
    assert done.figures["flagged"] == {"area far from geometry": 1}


def test_a_declaration_of_several_buildings_counts_once(sample):
    b = sample["buildings"].copy()
    first = b["declaration_id"].first_valid_index()
    neighbour = b.index[(b["declaration_id"].isna()) & (b["floor_area_m2"] > 0)][0]
    b.loc[neighbour, "declaration_id"] = b.loc[first, "declaration_id"]
    stock = Stock.of(sample.with_table("buildings", b), Memory(), F)
    declared = calibrate.declared_heat(stock, sample["declarations"], F)
    assert declared.table["declaration_id"].is_unique
    assert (declared.row == declared.row[first]).sum() == 2


def test_a_city_without_declarations_is_told_what_to_do(sample):
    none = sample.with_table("declarations", sample["declarations"].iloc[:0])
    with pytest.raises(TwinError, match=r"layers\.declarations"):
        energy.calibrate(none, F)


def test_declared_heat_is_that_of_a_normal_year(sample, stock):
    d = sample["declarations"].copy()
    before = calibrate.declared_heat(stock, d, F).table["measured_kwh"]
    d.loc[0, "energy_use_kwh"] += 0.1 * d.loc[0, "district_heating_kwh"]  # the year that was measured was a mild one
    after = calibrate.declared_heat(stock, d, F).table["measured_kwh"]
    assert after[0] == pytest.approx(1.1 * before[0], rel=1e-6)
    np.testing.assert_allclose(after[1:], before[1:])


def test_an_extract_without_carriers_is_read_by_the_building_s_heat_source(sample, stock):
    d = sample["declarations"].copy()
    before = calibrate.declared_heat(stock, d, F).table
    carriers = list(calibrate._CARRIERS.values())
    d[carriers] = np.nan
    after = calibrate.declared_heat(stock, d, F).table
    district = d["declaration_id"].isin(sample["declarations"].query("district_heating_kwh > 0")["declaration_id"])
    same = district[district].index.intersection(before.index)
    assert len(same) > 300
    ratio = after.loc[same, "measured_kwh"] / before.loc[same, "measured_kwh"]
    assert np.median(np.abs(ratio - 1)) < 1e-6
