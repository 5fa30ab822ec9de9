"""Shapes of electricity: published performances of heat pumps, and the year's results kept to the last digit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from energy.buildings.demand import demand
from energy.buildings.schedules import Schedules
from energy.electrification import heat_pumps, profiles
from energy.electrification.end_use import EndUse, charging_use, normalised
from twin import Factors
from twin.errors import SchemaError, TwinError

F = Factors.read().at(2024)
CURVE = {"ASHP": "air", "GSHP": "ground", "WSHP": "water"}


@pytest.fixture(scope="module")
def needs(stock):
    return demand(stock.buildings, stock.season, F)


@pytest.fixture(scope="module")
def space(stock, drivers):
    return profiles.heat_shapes(stock.buildings, drivers, stock.season.outdoor_c, stock.season.temp_air_c, F)


@pytest.fixture(scope="module")
def uses(stock, needs, space):
    return profiles.end_uses(needs, stock.buildings, space, stock.season.temp_air_c, F)


def curves_of(name):
    return [F[f"heat_pump.{CURVE[name]}.c{k}"] for k in range(3)]


def test_the_published_performances_are_met_to_the_printed_digits(root):
    table = pd.read_csv(root / "tests" / "reference" / "when2heat_cop.csv")
    assert set(table["pump"]) == set(CURVE)
    for name, rows in table.groupby("pump"):
        found = heat_pumps.cop(rows["lift_k"].to_numpy(float), *curves_of(name), F["heat_pump.least_lift_k"])
        assert len(rows) >= 8
        assert found.round(4).tolist() == rows["cop"].tolist()


def test_the_re_typed_table_and_the_factors_are_those_of_the_source(root, shared):
    given_ = pd.read_csv(shared / "heat" / "when2heat" / "cop_curve_expected.csv")
    own = pd.read_csv(root / "tests" / "reference" / "when2heat_cop.csv")
    assert own["cop"].tolist() == given_["cop"].tolist()
    path = shared / "heat" / "when2heat" / "cop_parameters.csv"
    parameters = pd.read_csv(path, sep=";", decimal=",", encoding="utf-8-sig")
    for column in ("air", "ground", "water"):
        assert [F[f"heat_pump.{column}.c{k}"] for k in range(3)] == parameters[column].tolist()


@given(
    hnp.arrays(float, 20, elements=st.floats(0, 10)),
    hnp.arrays(float, 20, elements=st.floats(1.5, 6)),
    st.floats(0.1, 10),
)
def test_a_smaller_pump_never_uses_less_and_the_heater_never_more_than_the_heat(heat, cop, size):
    small, large = (profiles.pump_electricity(heat, cop, np.full(20, s)) for s in (size / 2, size))
    assert (small >= large - 1e-12).all()
    assert (small <= heat + 1e-12).all()
    assert (large >= heat / cop - 1e-12).all()


def test_a_pump_on_outdoor_air_gives_less_in_the_cold_and_the_ground_the_same(stock):
    air = stock.season.temp_air_c
    share = profiles.capacity_share(air, "air", F)
    assert share.min() == share[air.argmin()] == F["heat_pump.share_of_peak"]
    assert set(profiles.capacity_share(air, "ground", F)) == {F["heat_pump.share_of_peak"]}


def test_every_shape_is_a_year(uses, space):
    np.testing.assert_allclose(space.sum(axis=1), 1, rtol=1e-12)
    for use in uses:
        followed = np.bincount(use.shape, minlength=len(use.shapes)) > 0
        np.testing.assert_allclose(use.shapes[followed].sum(axis=1), 1, rtol=1e-10)
        assert use.shapes.min() >= 0
        assert use.shapes.shape[1] == 8760


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("household", "household_electricity_kwh"),
        ("property", "property_electricity_kwh"),
        ("direct_electric", "direct_electric_kwh"),
        ("heat_pumps", "heat_pump_electricity_kwh"),
        ("cooling", "cooling_electricity_kwh"),
    ],
)
def test_each_building_s_year_is_that_of_the_results(uses, needs, name, column):
    use = {u.name: u for u in uses}[name]
    year = needs[column].to_numpy(float)
    assert year.sum() > 0
    found = np.bincount(use.building, use.energy_kwh, len(needs))
    np.testing.assert_allclose(found, year, rtol=1e-9, atol=1e-9)
    row = int(year.argmax())
    assert use.building_kw(row).sum() == pytest.approx(year[row], rel=1e-9)


def test_heat_pumps_peak_in_the_cold_and_cooling_in_the_warmth(uses, stock):
    air = stock.season.temp_air_c
    use = {u.name: u for u in uses}
    for name, cold in (("heat_pumps", True), ("direct_electric", True), ("cooling", False)):
        u = use[name]
        hours = np.bincount(u.shape, u.energy_kwh, len(u.shapes)) @ u.shapes
        at = air[hours.argmax()]
        assert at < np.quantile(air, 0.1) if cold else at > np.quantile(air, 0.95)


def test_warmer_water_makes_the_peak_of_the_same_heat_higher(stock, space):
    pumps = (stock.buildings["heating"] == "air_heat_pump").to_numpy(bool)
    peak = {}
    for at_0 in (30.0, 45.0):
        b = stock.buildings.assign(radiator_at_0_c=at_0)
        found = demand(b, stock.season, F)
        use = profiles.end_uses(found, b, space, stock.season.temp_air_c, F)[3]
        own = pumps[use.building]
        hours = np.bincount(use.shape[own], use.energy_kwh[own], len(use.shapes)) @ use.shapes
        assert hours.sum() == pytest.approx(found["heat_pump_electricity_kwh"][pumps].sum(), rel=1e-9)
        peak[at_0] = hours.max()
    assert peak[45.0] > 1.1 * peak[30.0]


@pytest.mark.parametrize(("heating", "source"), [("air_heat_pump", "air"), ("ground_heat_pump", "ground")])
@pytest.mark.parametrize("at_0", [30.0, 45.3])
def test_one_heat_pump_by_hand(stock, space, heating, source, at_0):
    air, b = stock.season.temp_air_c, stock.buildings.assign(radiator_at_0_c=at_0)
    found = demand(b, stock.season, F)
    use = profiles.end_uses(found, b, space, air, F)[3]
    row = int(np.flatnonzero((b["heating"] == heating) & (b["use"] == "single_family"))[3])
    heat = found["heat_need_kwh"].iloc[row] * space[0]
    most = heat.max() * profiles.capacity_share(air, source, F)
    cop = heat_pumps.hourly_cop(air, source, round(at_0) - air, F)
    water = found["hot_water_need_kwh"].iloc[row] * Schedules.standard().hot_water[0]
    hours = np.minimum(heat, most) / cop + np.maximum(heat - most, 0)
    hours = hours + water / heat_pumps.hourly_cop(air, source, F["heat_pump.hot_water_c"], F)
    expected = hours / hours.sum() * found["heat_pump_electricity_kwh"].iloc[row]
    np.testing.assert_allclose(use.building_kw(row), expected, rtol=1e-9)


def test_the_hours_need_about_as_much_as_the_year_says(stock, space):
    """The yearly performance knows no heater for the coldest hours; scaling to it moves the hours only a little."""
    air = stock.season.temp_air_c
    for source in ("air", "ground"):
        cop = heat_pumps.hourly_cop(air, source, F["heat_pump.radiator_at_0_c"] - air, F)
        most = space[:2].max(axis=1)[:, None] * profiles.capacity_share(air, source, F)
        per_heat = profiles.pump_electricity(space[:2], cop, most).sum(axis=1)
        yearly = 1 / heat_pumps.yearly_performance(air, source, F)[0]
        assert (np.abs(per_heat / yearly - 1) < 0.1).all()


def test_homes_follow_the_evening_and_offices_the_day():
    found = Schedules.standard()
    day = found.household_electricity.reshape(-1, 365, 24).sum(axis=1)
    assert day[found.uses.index("multi_family")].argmax() >= 17
    assert 8 <= day[found.uses.index("office")].argmax() <= 15


def test_charging_keeps_kinds_apart():
    shapes = normalised(np.random.default_rng(1).random((2, 24)))
    use = charging_use(np.array([[5.0, 1.0], [0.0, 2.0], [0.0, 0.0]]), shapes)
    np.testing.assert_allclose(use.building_kw(0), 5 * shapes[0] + shapes[1], rtol=1e-12)
    assert use.building_kw(2).sum() == 0
    with pytest.raises(TwinError, match="one shape a kind"):
        charging_use(np.ones((3, 3)), shapes)


def test_all_problems_of_the_results_are_told_at_once(needs, stock, space):
    b = stock.buildings
    bad = needs.drop(columns="heat_need_kwh")
    bad.loc[bad.index[2], "household_electricity_kwh"] = np.nan
    bad.loc[bad.index[3], "property_electricity_kwh"] = -1.0
    with pytest.raises(SchemaError) as caught:
        profiles.end_uses(bad, b, space, stock.season.temp_air_c, F)
    columns = [p.column for p in caught.value.problems]
    assert columns == ["household_electricity_kwh", "property_electricity_kwh", "heat_need_kwh"]
    assert b["building_id"].iloc[2] in str(caught.value)


def test_electricity_for_heat_that_nobody_needs_is_refused(needs, stock, space):
    at = int(np.flatnonzero(needs["heat_pump_electricity_kwh"] > 0)[0])
    other = int(np.flatnonzero(stock.buildings["heating"] == "district_heating")[0])
    bad = needs.copy()
    bad.iloc[at, bad.columns.get_indexer(["heat_need_kwh", "hot_water_need_kwh"])] = 0.0
    bad.iloc[other, bad.columns.get_loc("heat_pump_electricity_kwh")] = 7.0
    with pytest.raises(SchemaError, match="no heat is needed") as caught:
        profiles.end_uses(bad, stock.buildings, space, stock.season.temp_air_c, F)
    assert "is no heat pump" in str(caught.value)


def test_hours_of_heat_that_are_no_shares_are_refused(needs, stock, space):
    with pytest.raises(TwinError, match="do not sum to 1"):
        profiles.end_uses(needs, stock.buildings, space * 2, stock.season.temp_air_c, F)
    with pytest.raises(TwinError, match="one row for each"):
        profiles.end_uses(needs, stock.buildings, space[:3], stock.season.temp_air_c, F)


def test_an_end_use_refuses_blanks_and_shapes_that_are_no_year():
    shape = np.full((1, 4), 0.25)
    for energy in (np.nan, -1.0, np.inf):
        with pytest.raises(TwinError, match="blank or below 0"):
            EndUse.of("x", np.array([0]), np.array([energy]), shape)
    with pytest.raises(TwinError, match="sum to 1"):
        EndUse.of("x", np.array([0]), np.array([1.0]), shape * 2)
    with pytest.raises(TwinError, match="sum to 1"):
        EndUse.of("x", np.array([0]), np.array([1.0]), np.array([[1.5, -0.5]]))


def test_a_year_without_warm_hours_has_no_hours_of_cooling(needs, stock, space):
    assert not profiles.cooling_shape(np.full(8760, 5.0), F).any()
    with pytest.raises(TwinError, match=r"cooling\.above_c"):
        profiles.end_uses(needs, stock.buildings, space, np.full(8760, 5.0), F)


def test_cooling_follows_the_hourly_model(stock, drivers, needs, space):
    """The shape of a few large buildings is that of all their kind; the degrees are only near it."""
    air, b = stock.season.temp_air_c, stock.buildings
    few, many = (profiles.cooling_shapes(b, drivers, stock.season.outdoor_c, air, F, most=n) for n in (25, 100))
    row = Schedules.standard().uses.index("office")
    np.testing.assert_allclose(few.sum(axis=1), 1, rtol=1e-12)
    assert np.corrcoef(few[row], many[row])[0, 1] > 0.98
    degrees = profiles.cooling_shape(air, F)
    assert 0.7 < np.corrcoef(degrees[row], many[row])[0, 1] < 0.95
    assert degrees[row].max() == pytest.approx(many[row].max(), rel=0.3)
    home = Schedules.standard().uses.index("multi_family")
    np.testing.assert_array_equal(few[home], profiles.normalised(degrees)[home])
    use = profiles.end_uses(needs, b, space, air, F, few)[-1]
    assert use.energy_kwh.sum() == pytest.approx(needs["cooling_electricity_kwh"].sum())
    row = int(needs["cooling_electricity_kwh"].to_numpy().argmax())
    kind = Schedules.standard().rows(b["use"])[row]
    np.testing.assert_allclose(profiles.normalised(use.building_kw(row)), few[kind], rtol=1e-9, atol=1e-15)


def test_a_kind_that_nobody_is_of_follows_the_degree_hours(stock, drivers, space):
    houses = stock.buildings[stock.buildings["use"] == "single_family"].head(5)
    found = profiles.heat_shapes(houses, drivers, stock.season.outdoor_c, stock.season.temp_air_c, F)
    cold = heat_pumps.degree_hours(stock.season.temp_air_c, F["heat_pump.heating_threshold_c"])
    np.testing.assert_allclose(found[Schedules.standard().uses.index("office")], cold / cold.sum(), rtol=1e-12)
    assert not np.allclose(found[0], cold / cold.sum(), atol=1e-6)
    assert space.shape == found.shape
