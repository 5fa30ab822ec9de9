"""The lever panel: what it says is what the scenario with its steps gives, in any order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import energy
from energy.mobility.traffic import traffic
from energy.mobility_plans.levers import TOLD, Levers, at_rest, pull
from energy.mobility_plans.streets import streets
from energy.plan import adopted, plan
from twin import City, TwinError

ALL = {
    "vehicle_km": -0.25, "mode_shift": 0.1, "ev_car": 0.8, "ev_van": 0.6, "ev_lorry": 0.3, "ev_bus": 0.95,
    "obligation_petrol": 0.28, "obligation_diesel": 0.66, "bus_biofuel": 1.0, "speed_limit": 40, "charge": 20,
    "parking": 0.5, "car_sharing": 0.1, "freight": 0.3,
}  # fmt: skip
PLAN = """name = "Plan"
[[step]]
measure = "electrify_vehicles"
where = { road_id = ["r1"] }
start = 2025
end = 2025
params = { ev_share = 0.5 }
"""


@pytest.fixture(scope="module")
def results(city):
    return energy.simulate(city, energy.Scenario.baseline(), years=[2030], ranges=False)


@pytest.fixture(scope="module")
def pulled(results):
    return pull(results, 2030, Levers(**ALL))


def simulated(city, scenario):
    run = energy.simulate(city, scenario, years=[2030], ranges=False)
    return run, streets(run, 2030)


def test_all_together_is_the_scenario_with_the_steps(city, results, pulled):
    found = pulled
    run, after = simulated(city, found.scenario)
    before = streets(results, 2030)
    for column in TOLD:
        told = found.before[column] + found.together[column]
        assert told == pytest.approx(after.table[column].sum(), rel=1e-9)
        assert found.before[column] == pytest.approx(before.table[column].sum(), rel=1e-9)
    for row in found.accounts.to_dict("records"):
        column = f"co2e_{row['account']}_kg"
        kg = [float(r.at("buildings", 2030)[column].sum() + r.at("roads", 2030)[column].sum()) for r in (results, run)]
        assert [row["before_kg"], row["after_kg"]] == pytest.approx(kg, rel=1e-9)
    assert energy.Scenario.from_text(found.scenario.to_toml()) == found.scenario


@pytest.mark.parametrize("lever", [k for k in ALL if not k.startswith("obligation")])
def test_alone_is_the_scenario_with_that_step(city, results, lever):
    found = pull(results, 2030, Levers(**{lever: ALL[lever]}))
    _, after = simulated(city, found.scenario)
    row = found.table.set_index("counted").loc["alone"]
    for column in TOLD:
        assert found.before[column] + row[column] == pytest.approx(after.table[column].sum(), rel=1e-9)
        assert found.together[column] == pytest.approx(row[column], rel=1e-12, abs=1e-9)


def test_last_in_is_all_less_all_the_others(results, pulled):
    found = pulled
    rest = pull(results, 2030, Levers(**{k: v for k, v in ALL.items() if k != "ev_car"}))
    row = found.table[(found.table["lever"] == "ev_car") & (found.table["counted"] == "last_in")].iloc[0]
    for column in TOLD:
        assert row[column] == pytest.approx(found.together[column] - rest.together[column], rel=1e-9, abs=1e-6)


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(13)))
def test_the_order_of_the_steps_does_not_matter(city, results, pulled, order):
    steps = pulled.scenario.step
    mixed = pulled.scenario.model_copy(update={"step": tuple(steps[k] for k in order)})
    f = results.factors.at(2030)
    roads = adopted(results.stock.roads_in(f), "roads", plan(city, mixed), 2030, f)
    total = pulled.before["co2e_lifecycle_kg"] + pulled.together["co2e_lifecycle_kg"]
    assert traffic(roads, f)["co2e_lifecycle_kg"].sum() == pytest.approx(total, rel=1e-9)


def test_a_quarter_less_is_a_quarter_less_of_everything(results):
    found = pull(results, 2030, Levers(vehicle_km=-0.25))
    for column in TOLD:
        assert found.together[column] == pytest.approx(-0.25 * found.before[column], rel=1e-9)


def test_pairs_that_share_no_kilometre_are_independent(results):
    found = pull(results, 2030, Levers(ev_car=0.8, ev_lorry=0.3))
    assert found.pairs.empty
    alone = found.table[found.table["counted"] == "alone"]
    for column in TOLD:
        assert alone[column].sum() == pytest.approx(found.together[column], rel=1e-9, abs=1e-6)
    found = pull(results, 2030, Levers(vehicle_km=-0.25, ev_car=0.8))
    row, alone = found.pairs.iloc[0], found.table[found.table["counted"] == "alone"]["co2e_lifecycle_kg"].sum()
    assert (row["lever"], row["other"]) == ("vehicle_km", "ev_car")
    assert alone + row["co2e_lifecycle_kg"] == pytest.approx(found.together["co2e_lifecycle_kg"], rel=1e-9)


def test_many_streets_are_calculated_in_parts(results, monkeypatch):
    some = Levers(vehicle_km=-0.25, ev_car=0.8, speed_limit=40)
    whole = pull(results, 2030, some).table
    monkeypatch.setattr("energy.mobility_plans.levers._ROWS", 7)
    np.testing.assert_allclose(pull(results, 2030, some).table[list(TOLD)], whole[list(TOLD)], rtol=1e-9, atol=1e-6)


def test_a_lever_that_the_plan_has_pulled_is_told(city):
    results = energy.simulate(city, energy.Scenario.from_text(PLAN), years=[2030], ranges=False)
    found = pull(results, 2030, Levers(ev_car=0.8, freight=0.3))
    (lever, conflict), *others = found.conflicts
    assert (lever, conflict.matching, conflict.got, others) == ("ev_car", 3, 2, [])
    _, after = simulated(city, found.scenario)
    assert after.table["co2e_territorial_kg"].sum() == pytest.approx(
        found.before["co2e_territorial_kg"] + found.together["co2e_territorial_kg"], rel=1e-9
    )


def test_one_fuel_s_obligation_leaves_the_other_as_the_law_has_it(results):
    found = pull(results, 2030, Levers(obligation_diesel=0.66))
    cars = pull(
        results, 2030, Levers(obligation_diesel=0.66, obligation_petrol=at_rest(results, 2030)["obligation_petrol"])
    )
    assert found.together == pytest.approx(cars.together)
    assert found.together["co2e_territorial_kg"] < 0


def test_levers_at_rest_change_nothing(results):
    rest = at_rest(results, 2030)
    found = pull(results, 2030, Levers(**rest, vehicle_km=0.0, charge=0.0, parking=0.0))
    for column in TOLD:
        assert found.together[column] == pytest.approx(0, abs=1e-9 * max(found.before[column], 1))


def test_what_can_not_be_pulled_is_told(city, results):
    with pytest.raises(
        TwinError, match=r"ev_car can not be 1.8.*charge can not be -1.*no lever 'ev_cars'; did you mean"
    ):
        Levers.of(ev_car=1.8, charge=-1, ev_cars=0.5)
    with pytest.raises(TwinError, match="no lever is pulled; give one of vehicle_km"):
        pull(results, 2030, Levers())
    with pytest.raises(TwinError, match="was not simulated"):
        pull(results, 1999, Levers(ev_car=0.8))
    bare = City(city.name, city.crs, {k: v for k, v in city.tables.items() if k != "roads"})
    empty = energy.simulate(bare, energy.Scenario.baseline(), years=[2030], ranges=False)
    with pytest.raises(TwinError, match=r"add \[layers.roads\]"):
        pull(empty, 2030, Levers(ev_car=0.8))
