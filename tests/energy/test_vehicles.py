"""What vehicles charge is what they drive, over the efficiency; nobody is lost on the way."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from energy.electrification import vehicles as v
from energy.electrification.charging import area_energy_kwh
from twin import Factors, SchemaError

FACTORS = Factors.read()
F = FACTORS.at(2026)
AREAS = pd.Series(["north", "south", "west"])


def fleet(**changed):
    table = pd.DataFrame(
        {
            "area_id": ["north", "north", "south", "south", "north"],
            "vehicle": ["car", "van", "car", "lorry", "bus"],
            "vehicles": [100.0, 10.0, 50.0, 3.0, 4.0],
            "km_per_vehicle": [11_000.0, 15_000.0, 9_000.0, 40_000.0, 60_000.0],
        }
    )
    return table.assign(**changed)


def test_what_is_charged_is_what_is_driven_over_the_efficiency():
    found = v.charged_by_area(fleet(), AREAS, F)
    table = fleet()
    per_km = dict(zip(v.CLASSES, v.driving_kwh_per_km(F), strict=True))
    driven = table["vehicles"] * table["km_per_vehicle"] * table["vehicle"].map(per_km)
    assert found.charged_kwh.sum() == pytest.approx(driven.sum() / F["ev.charging_efficiency"], rel=1e-9)
    np.testing.assert_allclose(found.charged_kwh * F["ev.charging_efficiency"], found.driving_kwh, rtol=1e-12)
    assert found.driving_kwh[0, 0] == pytest.approx(100 * 11_000 * 0.2 * 0.9, rel=1e-12)
    assert found.vehicles.tolist() == [[100, 10, 4, 0], [50, 0, 0, 3], [0, 0, 0, 0]]
    assert found.findings == ()
    assert found.total_kwh == pytest.approx(found.charged_kwh.sum())


def test_cars_charge_what_the_yearly_figures_say():
    population = np.array([1000.0, 400.0, 0.0])
    yearly = area_energy_kwh(
        population, F["ev.cars_per_inhabitant"], F["ev.km_per_car"], F["fleet.ev_share"], F["ev.energy_kwh_per_km"]
    )
    cars = pd.DataFrame(
        {
            "area_id": AREAS,
            "vehicle": "car",
            "vehicles": population * F["ev.cars_per_inhabitant"] * F["fleet.ev_share"],
            "km_per_vehicle": F["ev.km_per_car"],
        }
    )
    found = v.charged_by_area(cars, AREAS, F)
    np.testing.assert_allclose(found.charged_kwh.sum(axis=1), yearly, rtol=1e-12)
    np.testing.assert_allclose(v.split(found.charged_kwh, v.place_shares(F)).sum(axis=1), yearly, rtol=1e-12)


def test_a_worse_charger_takes_more_for_the_same_way():
    driving = np.array([[180.0]])
    assert v.charged_kwh(driving, 0.8) > v.charged_kwh(driving, 0.9)
    for wrong in (0.0, -0.1, 1.01, np.nan):
        with pytest.raises(SchemaError, match="efficiency"):
            v.charged_kwh(driving, wrong)


def test_vehicles_without_an_area_are_reported_not_dropped():
    table = fleet(area_id=["north", None, "elsewhere", "south", "north"])
    found, all_placed = v.charged_by_area(table, AREAS, F), v.charged_by_area(fleet(), AREAS, F)
    assert found.total_kwh == pytest.approx(all_placed.total_kwh, rel=1e-12)
    assert found.unplaced_vehicles.tolist() == [50, 10, 0, 0]
    np.testing.assert_allclose(found.unplaced_kwh, (all_placed.charged_kwh - found.charged_kwh).sum(axis=0))
    assert [p.first for p in found.findings] == ["row 2", "row 1"]
    assert "50 vehicles (car) have no area" in str(found.findings[0])
    with pytest.raises(SchemaError, match="2 problems found") as refused:
        v.charged_by_area(table, AREAS, F, refuse_unplaced=True)
    assert "name an area of the city" in str(refused.value)


def test_every_problem_of_a_fleet_is_told_at_once():
    table = fleet(
        vehicle=["car", "boat", "boat", "lorry", "bus"],
        vehicles=[100.0, np.nan, 50.0, -3.0, 4.0],
        km_per_vehicle=[11_000.0, 15_000.0, np.inf, 1.0, 2.0],
    )
    with pytest.raises(SchemaError) as refused:
        v.charged_by_area(table, AREAS, F)
    rules = [(p.column, p.count, p.first) for p in refused.value.problems]
    assert rules == [
        ("vehicle", 2, "row 1"),
        ("vehicles", 1, "row 1"),
        ("vehicles", 1, "row 3"),
        ("km_per_vehicle", 1, "row 2"),
    ]
    assert "a blank is not a zero" in str(refused.value)
    with pytest.raises(SchemaError, match="missing") as refused:
        v.charged_by_area(fleet().drop(columns=["vehicles", "area_id"]), AREAS, F)
    assert len(refused.value.problems) == 2


def test_the_standard_shares_divide_a_whole():
    shares = v.place_shares(F)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-12)
    assert (shares >= 0).all()


@pytest.mark.parametrize("side", ["low", "high"])
def test_shares_divide_a_whole_at_the_ends_of_their_ranges(side):
    ends = {
        k: getattr(rows[0], side) if k.startswith("charging.") else rows[0].value for k, rows in FACTORS.items() if rows
    }
    np.testing.assert_allclose(v.place_shares(ends).sum(axis=1), 1.0, atol=1e-9)


def test_shares_above_the_whole_are_refused():
    with pytest.raises(SchemaError, match="car at public lie outside"):
        v.place_shares({**F, "charging.car.home_share": 0.95})
    whole = v.place_shares(F)
    for wrong, text in ((1.2, "outside 0 to 1"), (0.5, "must sum to 1"), (-0.1, "outside"), (np.nan, "outside")):
        shares = whole.copy()
        shares[1, 0] = wrong
        with pytest.raises(SchemaError, match=text):
            v.split(np.ones((2, 4)), shares)


energies = hnp.arrays(float, (5, 4), elements=st.floats(0, 1e7))
weights = hnp.arrays(float, (4, 4), elements=st.floats(0.01, 1))


@given(energies, weights)
def test_nothing_is_lost_between_the_places(energy, weight):
    parts = v.split(energy, weight / weight.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(parts.sum(axis=1), energy.sum(axis=1), rtol=1e-9, atol=1e-12)
