"""Why emissions changed: without a rest, and named by what really moved."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from energy.climate_plans.follow_up import Snapshot, follow_up, ledger
from energy.scenario import Scenario
from energy.simulate import simulate
from twin import Factors, TwinError

PLAN = """
name = "Plan"
[[step]]
id = "tak"
measure = "insulate_roof"
end = 2026
[[step]]
id = "bilar"
measure = "electrify_vehicles"
params = { ev_share = 0.6 }
end = 2026
"""


@pytest.fixture(scope="module")
def before(city):
    return simulate(city, Scenario.baseline(), years=[2024, 2026], ranges=False)


@pytest.fixture(scope="module")
def after(city):
    return simulate(city, Scenario.from_text(PLAN), years=[2026], ranges=False)


def total_t(results, year, table):
    return float(results.at(table, year)["co2e_territorial_kg"].sum()) / 1000


def test_the_causes_are_the_whole_change(before, after):
    found = follow_up(Snapshot.of(before, 2024), Snapshot.of(after, 2026))
    assert found.totals["residual_t"].abs().max() < 1e-9
    for ends, results, year in (("before_t", before, 2024), ("after_t", after, 2026)):
        whole = sum(total_t(results, year, table) for table in ("buildings", "roads"))
        assert found.totals[ends].sum() == pytest.approx(whole, rel=1e-9)
    effects = found.by_factor.groupby("part")["effect_t"].sum()
    assert effects.to_dict() == pytest.approx(found.totals.set_index("part")["change_t"].to_dict(), abs=1e-9)


def test_electric_cars_are_told_as_fuel_mix_and_energy_per_km(before, after):
    found = follow_up(Snapshot.of(before, 2026), Snapshot.of(after, 2026)).by_factor
    effect = found.set_index(["part", "factor"])["effect_t"]
    assert effect["traffic", "vehicle_km"] == pytest.approx(0, abs=1e-9)
    # what is left burns more diesel, which emits a little more per kWh than petrol
    assert 0 < effect["traffic", "emission_factor"] < -0.3 * effect["traffic", "fuel_mix"]
    assert effect["traffic", "fuel_mix"] < -1
    assert effect["traffic", "kwh_per_km"] < -1
    assert effect["buildings", "population"] == effect["buildings", "area_per_inhabitant"] == 0
    assert effect["buildings", "kwh_per_m2"] < 0


def test_the_emission_factors_are_those_of_the_ledgers(before):
    f = Factors.read().at(2024)
    rows = ledger(before.at("buildings", 2024), before.at("roads", 2024)).set_index(["part", "carrier"])
    per_kwh = rows["co2e_kg"] / rows["energy_kwh"]
    assert per_kwh["buildings", "electricity"] == pytest.approx(f["electricity.territorial"], rel=1e-9)
    assert per_kwh["buildings", "oil"] == pytest.approx(f["fuel.oil.territorial"], rel=1e-9)


def test_changed_inputs_are_listed_by_name(city, before, after):
    changes = follow_up(Snapshot.of(before, 2026), Snapshot.of(after, 2026)).changes.set_index("input")
    assert changes.loc["scenario.step.tak.measure", "after"] == "insulate_roof"
    assert changes.loc["scenario.name", "before"] == "baseline"
    other = simulate(city, Scenario.baseline(), years=[2026], factors=Factors.read().scaled("fleet.ev_share", 1.1))
    changed = follow_up(Snapshot.of(before, 2026), Snapshot.of(other, 2026)).changes["input"]
    assert changed.str.startswith("factors.fleet.ev_share.").any()
    assert follow_up(Snapshot.of(before, 2026), Snapshot.of(before, 2026)).changes.empty


AMOUNT = st.floats(0, 1e9) | st.just(0.0)


def made(people, area, km, kwh, kg):
    names = ["district_heating", "electricity", "oil", "gas", "biofuel", "fossil_fuel", "biofuel", "electricity"]
    parts = ["buildings"] * 5 + ["traffic"] * 3
    emitted = np.where(np.array(kwh) > 1e-3, kg, 0.0)
    table = pd.DataFrame(
        {"part": parts, "carrier": names, "energy_kwh": np.where(emitted > 0, kwh, 0), "co2e_kg": emitted}
    )
    return Snapshot("x", 2030, people, area, km, table)


@settings(max_examples=40)
@given(st.lists(AMOUNT, min_size=32, max_size=32), st.floats(1, 1e6), st.floats(1, 1e6))
@example([1.0] * 32, 1.0, 1.0)
@example([0.0] * 5 + [1.0, *[0.0] * 7, 1.0, *[0.0] * 7, 1.0, *[0.0] * 7, 2e-309, 0.0, 0.0], 1.0, 1.0)  # hardly a number
def test_no_rest_is_left_whatever_appears_or_disappears(numbers, people, area):
    one = made(people, area, 1e6, numbers[:8], numbers[8:16])
    two = made(area, people, 2e6, numbers[16:24], numbers[24:])
    found = follow_up(one, two).totals
    assert (found["residual_t"].abs() <= 1e-9 * (1 + found[["before_t", "after_t"]].max(axis=1))).all()


def test_a_city_without_inhabitants_is_refused(before):
    whole = Snapshot.of(before, 2024)
    empty = Snapshot("tom", 2024, 0.0, whole.floor_area_m2, whole.vehicle_km, whole.ledger)
    with pytest.raises(TwinError, match="no inhabitants"):
        follow_up(whole, empty)
