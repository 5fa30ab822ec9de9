"""Streets of a simulated year: their sums are the accounts, and nothing is lost between streets, areas and cells."""

import numpy as np
import pandas as pd
import pytest

import energy
from energy.climate.inventory import ratios
from energy.mobility.uncertainty import common_cvs, draws
from energy.mobility_plans.factor_lookup import factors_at, own_factors_at
from energy.mobility_plans.streets import EXTENSIVE, RANGED, end_of, standing, streets
from twin import City, Factors, TwinError

ELECTRIC = """name = "El"
[[step]]
measure = "electrify_vehicles"
start = 2025
end = 2030
params = { ev_share = 1.0 }
[[step]]
measure = "electrify_lorries"
start = 2025
end = 2030
params = { ev_share = 1.0 }
[[step]]
measure = "electrify_buses"
start = 2025
end = 2030
params = { ev_share = 1.0 }
"""


@pytest.fixture(scope="module")
def results(sample):
    return energy.simulate(sample, energy.Scenario.baseline(), years=[2024, 2030], ranges=False)


@pytest.fixture(scope="module")
def found(results):
    return streets(results, 2024)


def test_their_sums_are_the_accounts(results, found):
    accounts = results.indicators(by="city").query("year == 2024").set_index("indicator")["value"]
    driven = results.at("roads", 2024)
    for column in ("vehicle_km", "co2e_territorial_kg", "co2e_lifecycle_kg", "traffic_electricity_kwh"):
        assert found.table[column].sum() == pytest.approx(driven[column].sum(), rel=1e-12)
        assert found.figures[column] == pytest.approx(driven[column].sum(), rel=1e-9)
    houses = results.at("buildings", 2024)["co2e_territorial_kg"].sum()
    assert found.figures["co2e_territorial_kg"] + houses == pytest.approx(accounts["co2e_territorial_kg"], rel=1e-9)


def test_nothing_is_lost_between_streets_areas_and_cells(found):
    lowest = found.areas[found.areas["level"].isin(["primaromrade", ""])]
    for column in EXTENSIVE:
        total = found.table[column].sum()
        assert found.areas[column].iloc[-1] == pytest.approx(total, rel=1e-9)
        assert lowest[column].sum() == pytest.approx(total, rel=1e-9)
        assert found.cells[column].sum() == pytest.approx(total, rel=1e-9)
    assert (found.cells.geometry.area == 100.0**2).all()


def test_a_street_s_traffic_is_its_distance(found):
    length = found.table.geometry.length
    np.testing.assert_allclose(found.table["aadt"] * 365 * length / 1000, found.table["vehicle_km"], rtol=1e-9)
    parts = [f"{kind}_{period}" for kind in ("light", "heavy") for period in ("day", "evening", "night")]
    np.testing.assert_allclose(found.table[parts].sum(axis=1), found.table["aadt"], rtol=1e-9)


def test_particles_are_exhaust_and_wear(found):
    table = found.table
    np.testing.assert_allclose(table["pm10_kg"], table["pm10_exhaust_kg"] + table["pm10_wear_kg"], rtol=1e-12)
    wear = table[["pm10_tyre_kg", "pm10_brake_kg", "pm10_road_kg"]].sum(axis=1)
    np.testing.assert_allclose(table["pm10_wear_kg"], wear, rtol=1e-12)
    assert (table["pm25_kg"] < table["pm10_kg"]).all()


def test_electric_traffic_has_no_fossil_exhaust_but_wear(sample):
    plan = energy.Scenario.from_text(ELECTRIC)
    after = streets(energy.simulate(sample, plan, years=[2030], ranges=False), 2030)
    before = streets(energy.simulate(sample, energy.Scenario.baseline(), years=[2030], ranges=False), 2030)
    assert after.figures["co2e_territorial_kg"] == 0
    assert after.figures["co2e_lifecycle_kg"] > 0
    assert after.figures["nox_kg"] < 0.02 * before.figures["nox_kg"]  # motorcycles
    for kept in ("pm10_tyre_kg", "pm10_road_kg"):
        assert after.table[kept].sum() == pytest.approx(before.table[kept].sum(), rel=1e-9)
    assert after.table["pm10_brake_kg"].sum() < before.table["pm10_brake_kg"].sum()


def test_ranges_are_those_of_random_draws(results, found):
    f = results.factors.at(2024)
    own = found.table["aadt_cv"].to_numpy(float)
    values = found.table["nox_kg"].to_numpy(float)
    sums = draws(values, own, common_cvs("nox", f), number=4000, seed=1).ravel()
    low, high = np.percentile(sums, [10, 90])
    assert found.figures["nox_low_kg"] == pytest.approx(low, rel=0.03)
    assert found.figures["nox_high_kg"] == pytest.approx(high, rel=0.03)


def test_a_sum_is_surer_than_its_streets_but_never_than_what_all_share(results, found):
    city, shared = found.areas.iloc[-1], found.table
    for column in RANGED:
        low, high = end_of(column, "low"), end_of(column, "high")
        assert city[low] < city[column] < city[high]
        wide = ((shared[high] - shared[low]) / shared[column]).mean()
        assert (city[high] - city[low]) / city[column] < wide
    alone = float(np.sqrt(np.prod(1 + np.square(common_cvs("co2", results.factors.at(2024)))) - 1))
    width = (city["co2e_territorial_high_kg"] - city["co2e_territorial_low_kg"]) / city["co2e_territorial_kg"]
    assert width > 2 * 1.28 * alone * 0.95


def test_the_ratio_to_the_inventory_is_always_told(results, found):
    row = ratios(results, 2024).set_index("model").loc["roads"]
    assert found.figures["model_per_inventory"] == pytest.approx(row["ratio"], rel=1e-9)
    whole = found.figures["co2e_territorial_kg"] / 1000 / row["inventory_t"]
    assert found.figures["model_per_whole_inventory"] == pytest.approx(whole, rel=1e-9)


def test_fullness_is_the_busiest_hour_by_hand(found):
    """7.8784 % of the day in the busiest hour; the low end of a motorway's lane is 1,800 an hour."""
    row = found.table[found.table["road_class"] == "motorway"].iloc[0]
    assert row["congestion"] == pytest.approx(row["aadt"] * 0.078784 / (1800 * row["lanes"]), rel=1e-4)


def test_streets_without_motor_traffic_are_no_disaster(city):
    roads = city["roads"].assign(
        road_class=["pedestrian_cycle", "residential", "motorway"], aadt=[0.0, 800.0, 60_000.0]
    )
    roads["road_class"] = roads["road_class"].astype(city["roads"]["road_class"].dtype)
    results = energy.simulate(city.with_table("roads", roads), energy.Scenario.baseline(), years=[2024], ranges=False)
    table = streets(results, 2024).table
    assert np.isnan(table["congestion"].iloc[0])
    assert table[[*EXTENSIVE]].iloc[0].eq(0).all()
    assert table[[*EXTENSIVE]].notna().all(axis=None)
    assert (table["congestion"].iloc[1:] > 0).all()


def test_a_city_without_streets_is_told_what_to_do(city):
    bare = City(city.name, city.crs, {k: v for k, v in city.tables.items() if k != "roads"})
    results = energy.simulate(bare, energy.Scenario.baseline(), years=[2024], ranges=False)
    with pytest.raises(TwinError, match=r"add \[layers.roads\]"):
        streets(results, 2024)


def test_a_year_that_was_not_simulated_is_refused(results):
    with pytest.raises(TwinError, match="1999 was not simulated"):
        streets(results, 1999)


def test_streets_stand_as_the_scenario_leaves_them(city):
    plan = energy.Scenario.from_text(
        'name = "P"\n[[step]]\nmeasure = "lower_speed_limit"\nstart = 2025\nend = 2025\nparams = { speed_kmh = 40 }'
    )
    results = energy.simulate(city, plan, years=[2024, 2025], ranges=False)
    assert standing(results, 2024)["posted_speed_kmh"].tolist() == [50, 30, 90]
    assert streets(results, 2025).table["posted_speed_kmh"].tolist() == [40, 30, 40]


F = Factors.read().at(2024)


def test_a_looked_up_factor_is_the_curve_s():
    table = factors_at("car", "diesel", 50, F).set_index(["quantity", "euro"])
    assert table.loc[("energy", ""), "value"] == pytest.approx(2.1)
    row = table.loc[("nox", "5")]
    assert row["value"] == pytest.approx((8.68e-05 * 2500 + 1.6e-07 * 50 + 0.0193 + 36.2 / 50) * 1.3, rel=1e-9)
    assert (row["low"], row["high"]) == pytest.approx((0.7 * row["value"], 1.5 * row["value"]))
    assert row["source"] == "sumo_hbefa4"
    assert (table["with_cold_starts"] >= table["value"]).all()
    assert len(factors_at("car", "electric", 50, F)) == 1


def test_a_table_of_one_s_own_is_evaluated_row_by_row():
    rows = pd.DataFrame(
        {
            "category": "Buses", "segment": "s", "euro": ["V", "VI"], "technology": "SCR", "pollutant": "nox",
            "unit": "g/km", "fuel": ["diesel", "gas"], "supported": True, "form": "2019_1", "alpha": 0.0, "beta": 0.1,
            "gamma": 1.0, "delta": 0.0, "epsilon": 0.0, "zita": 0.0, "hta": 2.0, "rf": 0.5, "k": 1.0, "v_min_kmh": 5.0,
            "v_max_kmh": 85.0,
        }
    )  # fmt: skip
    found = own_factors_at(rows, "diesel", 50)
    assert found["value"].tolist() == pytest.approx([(0.1 * 50 + 1) / 2 * 0.5])
    with pytest.raises(TwinError, match="no function of 'petrol'"):
        own_factors_at(rows, "petrol", 50)


@pytest.mark.parametrize(
    ("vehicle", "fuel", "speed", "told"),
    [
        ("carr", "diesel", 50, "did you mean 'car'"),
        ("bus", "petrol", 50, "no bus on 'petrol'"),
        ("car", "diesel", 0, "0 km/h is not possible"),
        ("car", "diesel", float("nan"), "nan km/h is not possible"),
    ],
)
def test_what_can_not_be_looked_up_is_told(vehicle, fuel, speed, told):
    with pytest.raises(TwinError, match=told):
        factors_at(vehicle, fuel, speed, F)
