"""The best plan: as good as trying everything, true when simulated again, and never above what grid, plants and money carry."""

from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from energy import Scenario, measure, plan, simulate
from energy.climate_plans.optimiser.groups import age_class
from energy.climate_plans.optimiser.heat import HeatCurve, corners_of, split
from energy.climate_plans.optimiser.optimise import optimise
from energy.climate_plans.optimiser.terms import Effort
from energy.investment import investment
from energy.memory import Memory
from energy.register import Cost
from energy.scenario import Step
from energy.simulate import Model
from twin import City, Factors, TwinError, schema

FACTORS = Factors.read()
YEARS = (2026, 2027)
EXACT = Effort(gap=1e-9, nodes=20_000)
BY_BUILDING = ("building_id",)


def step(name, **more):
    return Step(measure=name, start=2026, end=2027, **more)


PUMP = step("install_heat_pump", where={"heating": ["oil", "direct_electric", "district_heating"]})
CONNECT = step("connect_district_heating", where={"heating": ["oil", "direct_electric"]})
WINDOWS = step("change_windows", where={"year_built": {"max": 1970}})
CARS = step("electrify_vehicles", params={"ev_share": 0.6}, cost=(Cost(kind="capex", sek=3e5, price_year=2024),))


def plants(capacity=(0.01, 0.02, 0.05, 0.2), fuels=("excess_heat", "waste", "biomass", "natural_gas")):
    """Plants that emit nothing, much, little, and most, in this order: the curve bends both ways."""
    n = len(fuels)
    table = gpd.GeoDataFrame(
        {
            "unit_id": [f"u{i}" for i in range(n)],
            "name": [f"u{i}" for i in range(n)],
            "fuel": list(fuels),
            "capacity_mw": list(capacity),
            "efficiency": [1.0, 0.75, 0.9, 0.9][:n],
            "merit_order": list(range(1, n + 1)),
        },
        geometry=[Point(147_000, 6_399_000)] * n,
        crs="EPSG:3007",
    )
    return schema.validate(table, "heat_supply")


def without_weather(city, **tables):
    kept = {k: v for k, v in city.tables.items() if k != "weather"}
    return City(city.name, city.crs, {**kept, **tables})


@pytest.fixture(scope="module")
def small(city):
    """The small city with plants, without weather, so that every plan is simulated in no time."""
    return without_weather(city, heat_supply=plants())


def candidates(*steps, **more):
    return Scenario(name="Kandidater", step=steps or (PUMP, CONNECT, WINDOWS, CARS), **more)


def emitted_t(results, year):
    return sum(results.at(t, year)["co2e_territorial_kg"].sum() for t in ("buildings", "roads")) / 1000


def every_plan(city):
    """Simulate and bill every plan: each building its pump, connection and windows or not, and the cars or not."""
    prepared = Memory()
    for pumps, connected, windows, cars in product(
        subsets(["b0", "b2", "b4"]), subsets(["b2", "b4"]), subsets(["b0", "b2"]), (False, True)
    ):
        if set(pumps) & set(connected):
            continue
        steps = [
            s.model_copy(update={"where": {"building_id": list(ids)}, "end": 2026})
            for s, ids in ((PUMP, pumps), (CONNECT, connected), (WINDOWS, windows))
            if ids
        ] + [CARS] * cars
        model = Model(city, plan(city, Scenario(name="p", step=tuple(steps))), prepared)
        frames = model.year(2027, FACTORS, Memory(), None)
        cost = investment(model.stock(FACTORS).buildings, model.adoption, FACTORS)["cost_sek"].sum() + 3e5 * cars
        emitted = sum(frames[t]["co2e_territorial_kg"].sum() for t in ("buildings", "roads")) / 1000
        yield emitted, cost, frames["grid_areas"]["peak_kw"].iloc[0]


def subsets(ids):
    return [tuple(i for i, k in zip(ids, keep, strict=True) if k) for keep in product((False, True), repeat=len(ids))]


FEW = (
    PUMP.model_copy(update={"where": {"building_id": ["b0", "b2", "b4"]}}),
    CONNECT,
    WINDOWS.model_copy(update={"where": {"building_id": ["b0", "b2"]}}),
    CARS,
)


@pytest.fixture(scope="module")
def all_plans(small):
    return np.array(list(every_plan(small)))


@pytest.mark.parametrize("budget", [0.0, 2e5, 4.5e5, 8e5, 1.2e6, 3e6])
def test_within_a_budget_it_gets_as_far_as_the_best_of_all_plans(small, all_plans, budget):
    found = optimise(small, candidates(*FEW), years=YEARS, budget_sek=budget, groups=BY_BUILDING, effort=EXACT)
    best = all_plans[all_plans[:, 1] <= budget][:, 0].min()
    assert found.promised_t == pytest.approx(best, rel=1e-7)
    assert found.bound <= found.promised_t * (1 + 1e-9)
    assert found.gap < 1e-6
    assert found.checks.broken == ()


@pytest.mark.parametrize("share", [0.9, 0.75, 0.6])
def test_a_target_costs_as_little_as_the_cheapest_of_all_plans_that_reach_it(small, all_plans, share):
    lowest, highest = all_plans[:, 0].min(), all_plans[:, 0].max()
    target = lowest + share * (highest - lowest)
    found = optimise(small, candidates(*FEW), years=YEARS, target_t=target, groups=BY_BUILDING, effort=EXACT)
    cheapest = all_plans[all_plans[:, 0] <= target][:, 1].min()
    assert found.minimised == "cost"
    assert found.cost_sek == pytest.approx(cheapest, rel=1e-6)
    assert found.bound <= found.cost_sek * (1 + 1e-6)
    assert found.promised_t <= target * (1 + 1e-7)


@pytest.mark.parametrize("effort", [Effort(), Effort(rounds=1), Effort(gap=0.0, nodes=1, rounds=2)])
@pytest.mark.parametrize("how", ["target", "budget"])
def test_no_plan_is_better_than_the_bound_however_little_is_searched(small, all_plans, effort, how):
    lowest, highest = all_plans[:, 0].min(), all_plans[:, 0].max()
    if how == "target":
        target = lowest + 0.7 * (highest - lowest)
        found = optimise(small, candidates(*FEW), years=YEARS, target_t=target, groups=BY_BUILDING, effort=effort)
        best, own, weighed = all_plans[all_plans[:, 0] <= target][:, 1].min(), found.cost_sek, found.cost_sek
        assert found.checks.emitted_t[2027] <= target * (1 + 1e-7)
    else:
        found = optimise(small, candidates(*FEW), years=YEARS, budget_sek=8e5, groups=BY_BUILDING, effort=effort)
        best, own = all_plans[all_plans[:, 1] <= 8e5][:, 0].min(), found.promised_t
        weighed = found.baseline_t - own
    assert found.bound <= best * (1 + 1e-6)
    assert own >= best * (1 - 1e-7)
    assert found.gap == pytest.approx((own - found.bound) / weighed, abs=1e-6)
    assert found.gap <= effort.gap + 1e-6 or effort.rounds < 3


def test_without_time_nothing_is_claimed(small):
    found = optimise(small, candidates(*FEW), years=YEARS, groups=BY_BUILDING, effort=Effort(seconds=0.0))
    assert found.scenario.step == ()
    assert found.bound == -np.inf
    assert found.gap == np.inf
    with pytest.raises(TwinError, match="before it was proved"):
        optimise(small, candidates(), years=YEARS, target_t=1.0, groups=BY_BUILDING, effort=Effort(seconds=0.0))


def test_the_grids_headroom_binds_as_among_all_plans(small, all_plans):
    free = optimise(small, candidates(*FEW), years=YEARS, groups=BY_BUILDING, effort=EXACT)
    peaks = np.unique(all_plans[:, 2].round(6))
    limit = float(peaks[len(peaks) // 3] + 0.01)
    grid = small["grid_areas"].assign(rating_kw=limit)
    tight = small.with_table("grid_areas", grid)
    found = optimise(tight, candidates(*FEW), years=YEARS, groups=BY_BUILDING, effort=EXACT)
    base = emitted_t(simulate(tight, Scenario.baseline(), years=[2027], ranges=False), 2027)
    best = all_plans[all_plans[:, 2] <= limit][:, 0].min()
    assert free.promised_t < found.promised_t < base
    assert found.promised_t == pytest.approx(best, rel=1e-7)
    assert found.checks.broken == ()


@pytest.mark.parametrize("how", [{"budget_sek": 1.5e6}, {"budget_by_year": {2026: 8e5, 2027: 5e5}}])
def test_the_scenario_simulated_from_its_text_emits_what_was_promised(city, how):
    whole = city.with_table("heat_supply", plants())
    found = optimise(whole, candidates(), years=YEARS, groups=("use", "heating", "age_class"), **how)
    again = Scenario.from_text(found.scenario.to_toml())
    results = simulate(whole, again, years=YEARS, ranges=False)
    assert emitted_t(results, 2027) == pytest.approx(found.promised_t, rel=1e-6)
    assert found.checks.off_share < 1e-6
    assert found.checks.broken == ()
    assert found.checks.cost_sek == pytest.approx(found.cost_sek, rel=1e-9)
    assert found.table["cost_sek"].sum() == pytest.approx(found.cost_sek, rel=1e-9)
    assert results.adoption.conflicts == ()
    assert found.promised_t < found.baseline_t
    for year, spent in found.cost_by_year_sek.items():
        assert spent <= how.get("budget_by_year", {}).get(year, np.inf) + 1


def test_the_same_question_gives_the_same_text(small):
    texts = {
        optimise(small, candidates(), years=YEARS, budget_sek=1e6, groups=BY_BUILDING).scenario.to_toml()
        for _ in range(2)
    }
    assert len(texts) == 1


def test_without_money_nothing_is_done(small):
    found = optimise(small, candidates(), years=YEARS, budget_sek=0, groups=BY_BUILDING)
    assert found.scenario.step == ()
    assert found.cost_sek == 0
    assert found.promised_t == pytest.approx(found.baseline_t)
    base = simulate(small, Scenario.baseline(), years=[2027], ranges=False)
    assert found.baseline_t == pytest.approx(emitted_t(base, 2027), rel=1e-12)


@settings(max_examples=4)
@given(st.floats(0, 3e6), st.floats(0, 3e6))
def test_more_money_never_emits_more(small, one, other):
    low, high = sorted((one, other))
    less, more = (
        optimise(small, candidates(*FEW), years=YEARS, budget_sek=b, groups=BY_BUILDING, effort=EXACT)
        for b in (low, high)
    )
    assert more.promised_t <= less.promised_t * (1 + 1e-7)
    assert less.cost_sek <= low + 1


def test_a_year_without_money_moves_the_work(small):
    school = step("install_heat_pump", where={"heating": "oil"})
    found = optimise(small, candidates(school), years=YEARS, budget_by_year={2026: 0, 2027: 1e7}, groups=BY_BUILDING)
    assert {s.start for s in found.scenario.step} == {2027}
    free = optimise(small, candidates(school), years=YEARS, budget_by_year=1e7, groups=BY_BUILDING)
    assert {s.start for s in free.scenario.step} == {2026}


def test_the_networks_load_stays_within_its_plants(small):
    poor = small.with_table("heat_supply", plants(capacity=(0.01, 0.02, 0.05, 0.001)))
    found = optimise(poor, candidates(CONNECT), years=YEARS, groups=BY_BUILDING, effort=EXACT)
    rich = optimise(small, candidates(CONNECT), years=YEARS, groups=BY_BUILDING, effort=EXACT)
    assert rich.scenario.step
    assert found.scenario.step == ()
    assert found.checks.broken == ()


def test_what_is_not_known_takes_no_new_load_unless_that_is_allowed(small):
    blank = small.with_table("grid_areas", small["grid_areas"].assign(rating_kw=np.nan))
    school = step("install_heat_pump", where={"heating": "oil"})
    found = optimise(blank, candidates(school), years=YEARS, groups=BY_BUILDING)
    assert found.unknown == ("g1",)
    assert found.scenario.step == ()
    assert found.binding == ("the headroom of grid area g1",)
    allowed = optimise(blank, candidates(school), years=YEARS, groups=BY_BUILDING, unknown_takes_load=True)
    assert [s.where for s in allowed.scenario.step] == [{"building_id": ["b4"]}]
    assert allowed.binding == ()
    no_plants = City(small.name, small.crs, {k: v for k, v in small.tables.items() if k != "heat_supply"})
    found = optimise(no_plants, candidates(CONNECT), years=YEARS, groups=BY_BUILDING)
    assert found.unknown == ("district heating",)
    assert found.scenario.step == ()


def test_what_has_no_price_is_listed_and_not_done(small):
    free = step("electrify_vehicles", params={"ev_share": 0.9})
    found = optimise(small, candidates(free, PUMP), years=YEARS, groups=BY_BUILDING)
    assert found.left_out[["measure", "entities", "reason"]].to_numpy().tolist() == [
        ["electrify_vehicles", 3, "left out: no price"]
    ]
    assert {s.measure for s in found.scenario.step} == {"install_heat_pump"}


def test_a_measure_of_ones_own_without_a_price_is_left_out_but_has_one_when_the_step_states_it(small):
    @measure(changes=["set_point_c"], title="Egen")
    def wear_sweaters(chosen, factors):
        return pd.DataFrame({"set_point_c": chosen["set_point_c"] - 1.0}, index=chosen.index)

    own = step("wear_sweaters", where={"heating": "oil"})
    assert optimise(small, candidates(own), years=YEARS, groups=BY_BUILDING).left_out["entities"].tolist() == [1]
    paid = own.model_copy(update={"cost": (Cost(kind="capex", sek=1000.0, price_year=2024),)})
    found = optimise(small, candidates(paid), years=YEARS, groups=BY_BUILDING)
    assert found.cost_sek == pytest.approx(1000)
    assert found.scenario.step[0].cost[0].sek == pytest.approx(1000)


def test_a_share_is_the_most_that_is_done(small):
    half = step("install_heat_pump", where={"heating": ["oil", "district_heating"]}, share=0.5)
    found = optimise(small, candidates(half), years=YEARS, groups=BY_BUILDING, effort=EXACT)
    assert sum(len(s.where["building_id"]) for s in found.scenario.step) == 2
    assert found.binding == ("the candidate step-1: 2 of at most 2 entities",)


def test_what_is_required_begins_before(small):
    first = CARS.model_copy(update={"id": "cars", "start": 2027})
    then = step("install_heat_pump", where={"heating": "oil"}, requires=("cars",), id="pump")
    found = optimise(small, candidates(first, then), years=YEARS, groups=BY_BUILDING, effort=EXACT)
    assert {s.id: (s.start, s.requires) for s in found.scenario.step} == {
        "cars": (2027, ()),
        "pump-2027": (2027, ("cars",)),
    }
    poor = optimise(small, candidates(first, then), years=YEARS, budget_sek=2.9e5, groups=BY_BUILDING, effort=EXACT)
    assert poor.scenario.step == ()


def test_a_target_out_of_reach_says_how_far_and_what_binds(small):
    with pytest.raises(TwinError, match=r"not reached.*get to .* t .*without the budget to") as error:
        optimise(small, candidates(*FEW), years=YEARS, target_t=1.0, budget_sek=4e5, groups=BY_BUILDING)
    assert "in 2027" in str(error.value)
    assert "proved" not in str(error.value)
    with pytest.raises(TwinError, match="Neither money, grid nor heat plants") as free:
        optimise(small, candidates(*FEW), years=YEARS, target_t=1.0, groups=BY_BUILDING, headroom=False)
    best = optimise(small, candidates(*FEW), years=YEARS, groups=BY_BUILDING, headroom=False)
    assert f"get to {best.promised_t:,.1f} t" in str(free.value)


def test_everything_wrong_is_told_at_once(small):
    bad = (
        step("install_heat_pump", where={"year_built": {"min": 2100}}),
        Step(measure="change_windows", start=2040, end=2045),
        step("insulate_walls", where={"no_such_column": 1}),
        step("insulate_roof", requires=("nothing",)),
        step("night_setback", cost=(Cost(kind="capex", sek=1.0, price_year=2024, year=2026),)),
    )
    with pytest.raises(TwinError) as error:
        optimise(
            small,
            candidates(*bad),
            years=(2026, 2028),
            target_t={2035: 1.0, 2026: -1.0},
            budget_sek=-5,
            budget_by_year={2026: 1.0},
            groups=("usee",),
        )
    for words in (
        "must follow each other",
        "selects nothing",
        "runs from 2040 to 2045",
        "unknown column 'no_such_column'",
        "requires 'nothing'",
        "a cost with a year",
        "target_t names 2035",
        "target_t of 2026",
        "budget_sek = -5",
        "budget_by_year says nothing of 2028",
        "no column 'usee'",
    ):
        assert words in str(error.value)
    with pytest.raises(TwinError, match="no measure 'instal_heat_pump'"):
        Scenario.from_text('name = "x"\n[[step]]\nmeasure = "instal_heat_pump"')
    with pytest.raises(TwinError, match=r"(?s)before the city's base year.*no candidate"):
        optimise(small, Scenario(name="tom"), years=(2000,))
    with pytest.raises(TwinError, match="no year"):
        optimise(small, candidates(), years=())


@settings(max_examples=20)
@given(
    st.lists(st.sampled_from(["excess_heat", "waste", "biomass", "natural_gas"]), min_size=1, max_size=4),
    st.floats(0.05, 1.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_planes_lie_below_what_plants_emit_and_meet_it_at_the_corners(fuels, room, s, h):
    degree_hours = np.maximum(15 - 20 * np.sin(np.arange(8760) / 8760 * np.pi), 0)
    table = plants([room] * (len(fuels) - 1) + [5.0], fuels)
    curve = HeatCurve.of(table, degree_hours, FACTORS.at(2027))
    cell = (0.2, 4.0, 0.1, 1.0)
    tangents, hull = curve.tangents(corners_of(cell)), curve.hull(cell)

    def told(space, water):
        return sum(float((planes @ [space, water, 1.0]).max()) for planes in (tangents, hull))

    at = cell[0] + s * (cell[1] - cell[0]), cell[2] + h * (cell[3] - cell[2])
    assert told(*at) <= curve.emitted_t(*at) * (1 + 1e-9) + 1e-6
    for corner in product(cell[:2], cell[2:]):
        assert told(*corner) == pytest.approx(curve.emitted_t(*corner), rel=1e-9, abs=1e-6)
    assert len(split(cell, 1.0, 0.5)) == 4


def test_age_classes_are_those_of_the_archetypes(small):
    assert age_class(small["buildings"])[:3].tolist() == ["0-1960", "1961-1975", "0-1960"]
