"""Energy and emissions of streets against published curves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import energy
from energy.climate import inventory
from energy.electrification.load import charging_kwh
from energy.memory import Memory
from energy.mobility.exhaust import street_emissions
from energy.mobility.fleet import Fleet
from energy.mobility.fuels import blended_share, lifecycle_g_mj, obligated_share
from energy.mobility.link_emissions import energy_mj_per_km
from energy.mobility.streets import Profile
from energy.mobility.traffic import CLASSES, class_km, electric_shares, traffic
from energy.stock import Stock
from twin import City, Factors, reference

FACTORS = Factors.read().at(2024)
HBEFA = pd.read_csv(Path(__file__).parents[1] / "reference" / "hbefa_steady.csv")


@pytest.mark.parametrize("emission_class", HBEFA["emission_class"].unique())
def test_energy_follows_the_published_curves(emission_class):
    rows = HBEFA[HBEFA["emission_class"] == emission_class]
    speed, published = rows["speed_kmh"].to_numpy(float), rows["energy_mj_per_km"].to_numpy()
    curves = reference.table("vehicles").set_index(["vehicle", "drive"])
    curve = curves.loc[rows["vehicle"].iloc[0], rows["drive"].iloc[0]]
    numbers = curve[["energy_mj_per_km", "per_speed", "constant", "per_speed_squared"]].to_numpy(float)
    ours = energy_mj_per_km(speed, *numbers)
    if rows["drive"].iloc[0] == "electric":  # real use lies above steady speed: the curve's shape is compared
        at_50 = speed == 50
        ours, published = ours / ours[at_50], published / published[at_50]
    np.testing.assert_allclose(ours, published, rtol=0.15)


@given(st.floats(15, 120), st.floats(0.5, 15))
def test_the_curve_passes_through_its_anchor(speed, at_50):
    assert energy_mj_per_km(np.array(50.0), at_50, 30, 0.2, 6e-5) == pytest.approx(at_50)
    assert energy_mj_per_km(np.array(speed), at_50, 30, 0.2, 6e-5) > 0


@pytest.fixture(scope="module")
def roads(city):
    return Stock.of(city, Memory(), FACTORS).roads_in(FACTORS)


def test_a_street_by_hand(roads):
    """500 m with 12,000 vehicles a day, all of them petrol cars at 50 km/h, 30 % of their way with a cold engine."""
    one = roads.iloc[[0]].assign(
        van_share=0.0, heavy_vehicle_share=0.0, bus_share=0.0, ev_share=0.0, biofuel_share=0.0, posted_speed_kmh=50.0
    )
    f = dict(FACTORS) | {"fleet.car_diesel_share": 0.0, "mobility.speed_of_limit": 1.0, "mobility.traffic_scale": 1.0}
    found = traffic(one, f).iloc[0]
    km = 365 * 0.5 * 12_000
    cold_share = 0.6474 - 0.02545 * 12 - (0.00974 - 0.000385 * 12) * 8  # trips of 12 km at 8 degrees
    mj = km * 2.0 * (1 + cold_share * (1.47 - 0.009 * 8 - 1))
    assert found["vehicle_km"] == pytest.approx(km)
    assert found["co2e_territorial_kg"] == pytest.approx(mj * f["fuel.petrol.fossil"] / 1000)
    assert found["co2e_lifecycle_kg"] == pytest.approx(mj * f["fuel.petrol.lifecycle"] / 1000)
    assert found["fuel_kwh"] == pytest.approx(mj / 3.6)
    assert found["traffic_electricity_kwh"] == 0


@pytest.mark.parametrize("vehicle", ["car", "van", "bus"])
@pytest.mark.parametrize("electric", [0.0, 1.0])
@pytest.mark.parametrize("slope", [0.0, 0.05, 0.12])
def test_energy_is_that_of_the_detailed_model(roads, vehicle, electric, slope):
    """One class on one fuel: the yearly accounts and the detailed emissions count the same cold starts and slopes."""
    f = dict(FACTORS) | {"fleet.car_diesel_share": 0.0, "fleet.motorcycle_share": 0.0}
    shares = {"van_share": 0.0, "heavy_vehicle_share": 0.0, "bus_share": 0.0}
    shares |= {f"{vehicle}_share": 1.0} if vehicle != "car" else {}
    evs = dict.fromkeys(["ev_share", "car_ev_share", "van_ev_share", "lorry_ev_share", "bus_ev_share"], electric)
    one = roads.assign(**shares, **evs, slope=slope)
    classes = Fleet.of(2024).classes
    fuel = "petrol" if vehicle == "car" else "diesel"
    first = classes[(classes["vehicle"] == vehicle) & (classes["fuel"] == fuel)].head(1).assign(share=1.0)
    fleet = Fleet(pd.concat([classes[classes["vehicle"] != vehicle], first], ignore_index=True))
    speed = one["posted_speed_kmh"].to_numpy(float) * f["mobility.speed_of_limit"]
    links = one.assign(aadt=one["aadt"] * f["mobility.traffic_scale"]).drop(columns="biofuel_share")
    detailed = street_emissions(links, Profile.of(np.full((1, 24), 1 / 24)), fleet, f, speed_kmh=speed)
    found = traffic(one, f)
    np.testing.assert_allclose(found["fuel_kwh"] * 3.6, detailed["energy_mj"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found["traffic_electricity_kwh"], detailed["electricity_kwh"], rtol=1e-9, atol=1e-9)


def test_a_slope_never_spares_energy(roads):
    level, steep = (traffic(roads.assign(slope=s), FACTORS) for s in (0.0, 0.1))
    assert (steep["fuel_kwh"] > level["fuel_kwh"]).all()
    assert (steep["traffic_electricity_kwh"] > level["traffic_electricity_kwh"]).all()


@given(st.floats(0, 1), st.floats(0, 1))
def test_electric_and_biofuel_driving_have_no_fossil_exhaust(roads, ev, bio):
    cars = roads.assign(van_share=0.0, heavy_vehicle_share=0.0, bus_share=0.0)
    before = traffic(cars.assign(ev_share=0.0, biofuel_share=0.0), FACTORS)["co2e_territorial_kg"]
    after = traffic(cars.assign(ev_share=ev, biofuel_share=bio), FACTORS)["co2e_territorial_kg"]
    np.testing.assert_allclose(after, before * (1 - ev) * (1 - bio), rtol=1e-9, atol=1e-9)


def test_well_to_wheel_is_never_below_the_exhaust(roads):
    found = traffic(roads, FACTORS)
    assert (found["co2e_lifecycle_kg"] > found["co2e_territorial_kg"]).all()


# The reduction obligation: levels of prop. 2021/22:243 and 2023/24:28, fossil fuels of Energimyndigheten 2016 [g/MJ].
WELL_TO_WHEEL = [("diesel", 2023, 66.1), ("diesel", 2024, 89.4), ("petrol", 2023, 86.0), ("petrol", 2024, 87.7)]


def of_fuel(fuel, year):
    f = Factors.read().at(year)
    share = obligated_share(fuel, f)
    return lifecycle_g_mj(share, f["fuel.biofuel.lifecycle"], f[f"fuel.{fuel}.lifecycle"])


@pytest.mark.parametrize(("fuel", "year", "expected"), WELL_TO_WHEEL)
def test_the_obligation_gives_the_fuels_life_cycle_emissions(fuel, year, expected):
    assert of_fuel(fuel, year) == pytest.approx(expected, abs=0.05)


def test_the_obligation_of_2024_alone_raises_diesel_by_a_third():
    assert of_fuel("diesel", 2024) / of_fuel("diesel", 2023) == pytest.approx((1 - 0.06) / (1 - 0.305), rel=1e-12)
    assert of_fuel("diesel", 2024) / of_fuel("diesel", 2023) == pytest.approx(1.353, abs=5e-4)


@given(st.floats(0, 0.6), st.floats(0, 30), st.floats(80, 100))
def test_a_blend_meets_its_obligation_exactly(obligation, biofuel, fossil):
    share = blended_share(obligation, biofuel, fossil)
    assert obligation <= share <= 1
    assert lifecycle_g_mj(share, biofuel, fossil) == pytest.approx((1 - obligation) * fossil, rel=1e-12)


def test_a_biofuel_that_is_not_clean_enough_is_used_pure():
    assert blended_share(0.66, 33, 95.1) == 1.0


def test_streets_of_2023_and_2024_differ_by_the_obligation_alone(roads, city):
    """Lorries on diesel, everything but the obligation as it was."""
    lorries = {"van_share": 0.0, "heavy_vehicle_share": 1.0, "bus_share": 0.0, "lorry_ev_share": 0.0}
    stock = Stock.of(city, Memory(), FACTORS)
    sums = []
    for obligation in (0.305, 0.06):
        f = dict(FACTORS) | {"fuel.diesel.obligation": obligation}
        found = traffic(stock.roads_in(f).assign(**lorries), f)
        share = obligation / (1 - f["fuel.biofuel.lifecycle"] / f["fuel.diesel.lifecycle"])
        exhaust = found["fuel_kwh"] * 3.6 * (1 - share) * f["fuel.diesel.fossil"] / 1000
        np.testing.assert_allclose(found["co2e_territorial_kg"], exhaust, rtol=1e-12)
        np.testing.assert_allclose(found["biofuel_kwh"], found["fuel_kwh"] * share, rtol=1e-12)
        sums.append(found["co2e_lifecycle_kg"].sum())
    assert sums[1] / sums[0] == pytest.approx(0.94 / 0.695, rel=1e-12)


def test_biofuel_and_electricity_were_a_third_of_the_energy_in_2023(sample):
    """Trafikverket: about 31 % in Sweden in 2022 and 2023 (via.tt.se 3421219)."""
    f = Factors.read().at(2023)
    found = traffic(Stock.of(sample, Memory(), f).roads_in(f), f).sum()
    all_energy = found["fuel_kwh"] + found["traffic_electricity_kwh"]
    assert (found["biofuel_kwh"] + found["traffic_electricity_kwh"]) / all_energy == pytest.approx(0.31, abs=0.05)


def test_a_quarter_less_distance_is_a_quarter_less_of_everything(roads):
    before, after = traffic(roads, FACTORS), traffic(roads.assign(aadt=roads["aadt"] * 0.75), FACTORS)
    np.testing.assert_allclose(after, before * 0.75, rtol=1e-12)


ALL_ELECTRIC = dict.fromkeys(["ev_share", "lorry_ev_share", "bus_ev_share"], 1.0)


def test_all_electric_traffic_has_no_exhaust_but_life_cycle_emissions(roads):
    found = traffic(roads.assign(**ALL_ELECTRIC), FACTORS)
    assert (found["co2e_territorial_kg"] == 0).all()
    assert (found["fuel_kwh"] == 0).all()
    np.testing.assert_allclose(
        found["co2e_lifecycle_kg"], found["traffic_electricity_kwh"] * FACTORS["electricity.lifecycle"], rtol=1e-12
    )
    assert (found["co2e_lifecycle_kg"] > 0).all()


def test_electricity_is_distance_times_use_per_km(roads):
    """At 50 km/h a car uses what the factor says; the other classes what vehicles.csv says, in MJ."""
    f = dict(FACTORS) | {"mobility.speed_of_limit": 1.0}
    at_50 = roads.assign(posted_speed_kmh=50.0)
    km, shares = class_km(at_50, f), electric_shares(at_50)
    per_km = {"car": f["ev.energy_kwh_per_km"], "van": 1.15 / 3.6, "lorry": 5.4 / 3.6, "bus": 4.7 / 3.6}
    expected = sum(km[c] * shares[c] * per_km[c] for c in CLASSES)
    np.testing.assert_allclose(traffic(at_50, f)["traffic_electricity_kwh"], expected, rtol=1e-12)


def test_residents_charge_what_they_did_before_classes_had_shares_of_their_own(city):
    stock = Stock.of(city, Memory(), FACTORS)
    floor_area_m2 = stock.buildings["floor_area_m2"].to_numpy(float)
    charged = charging_kwh(stock, floor_area_m2, traffic(stock.roads_in(FACTORS), FACTORS), FACTORS)
    f = FACTORS
    cars = 90 * f["ev.cars_per_inhabitant"]
    assert charged.sum() == pytest.approx(cars * f["ev.km_per_car"] * f["fleet.ev_share"] * f["ev.energy_kwh_per_km"])


def test_a_class_may_have_a_share_of_its_own(roads):
    own = roads.assign(ev_share=0.3, car_ev_share=[np.nan, 0.6, 0.0], van_ev_share=[0.1, np.nan, np.nan])
    assert electric_shares(own)["car"].tolist() == [0.3, 0.6, 0.0]
    assert electric_shares(own)["van"].tolist() == [0.1, 0.3, 0.3]


def test_buses_never_burn_less_biofuel_than_diesel_holds(roads):
    buses = roads.assign(van_share=0.0, heavy_vehicle_share=0.0, bus_share=1.0, bus_ev_share=0.0)
    found = traffic(buses.assign(bus_biofuel_share=0.0, biofuel_share=0.4), FACTORS)
    np.testing.assert_allclose(found["biofuel_kwh"], 0.4 * found["fuel_kwh"], rtol=1e-12)


def test_the_sample_city_says_its_ratio_to_the_inventory(sample):
    results = energy.simulate(sample, energy.Scenario.baseline(), years=[2024], ranges=False)
    roads = inventory.ratios(results, 2024).set_index("model").loc["roads"]
    people = sample["areas"].loc[lambda a: ~a["area_id"].isin(a["parent_id"]), "population"].sum()
    share = people / Factors.read().at(2024)["population.goteborg"]
    assert roads["inventory_t"] == 556_157.3  # SMHI 2026, transport
    assert roads["shared_t"] == pytest.approx(556_157.3 * share, rel=1e-12)
    exhaust = results.at("roads", 2024)["co2e_territorial_kg"].sum() / 1000
    assert roads["ratio"] == pytest.approx(exhaust / (556_157.3 * share), rel=1e-12)


def test_what_cars_charge_emits_once(sample):
    results = energy.simulate(sample, energy.Scenario.baseline(), years=[2024], ranges=False)
    f = Factors.read().at(2024)
    houses, streets = results.at("buildings", 2024), results.at("roads", 2024)
    carriers = {
        "oil_kwh": "fuel.oil.lifecycle",
        "gas_kwh": "fuel.gas.lifecycle",
        "biofuel_kwh": "fuel.biofuel.lifecycle_kwh",
    }
    no_heat = houses.loc[houses["district_heating_kwh"] == 0, "co2e_lifecycle_kg"].sum()
    own = houses["district_heating_kwh"] == 0
    assert no_heat == pytest.approx(
        sum(houses.loc[own, c].sum() * f[key] for c, key in carriers.items())
        + (houses["electricity_kwh"] - houses["ev_charging_kwh"] - houses["pv_kwh"])[own].sum()
        * f["electricity.lifecycle"],
        rel=1e-9,
    )
    assert streets["traffic_electricity_kwh"].sum() > 0


def test_without_streets_the_charging_stays_with_the_buildings(city):
    bare = City(city.name, city.crs, {k: v for k, v in city.tables.items() if k != "roads"})
    with_streets, without = (
        energy.simulate(c, energy.Scenario.baseline(), years=[2024], ranges=False).at("buildings", 2024)
        for c in (city, bare)
    )
    assert without["ev_charging_kwh"].sum() > 0
    extra = without["co2e_lifecycle_kg"].sum() - with_streets["co2e_lifecycle_kg"].sum()
    assert extra > 0
