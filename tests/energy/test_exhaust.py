"""Exhaust, wear and energy of streets: published numbers, what must hold, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.mobility.cold_start import cold_emission, cold_share, heavy_cold_share
from energy.mobility.congestion import check_shares, level_speeds_kmh, weighted
from energy.mobility.exhaust import street_emissions, street_hours
from energy.mobility.fleet import VEHICLES, Fleet
from energy.mobility.gradient import slope_factor, slope_work_mj_km
from energy.mobility.link_emissions import energy_mj_per_km
from energy.mobility.streets import Profile, electric_shares, vehicle_shares
from energy.mobility.terms import CHANNELS, class_terms
from energy.mobility.tier3 import COEFFICIENTS, emission_factor, evaluate
from energy.mobility.wear import brake_speed_factor, heavy_brake, heavy_tyre, tyre_speed_factor
from twin import Factors, TwinError, reference

REFERENCE = Path(__file__).parents[1] / "reference"
HOT, WEAR, BUS, NOX = (
    pd.read_csv(REFERENCE / f"{n}.csv") for n in ("hot_emissions", "wear_emissions", "emep_bus", "hbefa_nox")
)
F = Factors.read().at(2025)
FLEET = Fleet.of(2025)
FLAT = Profile.of(np.full((1, 24), 1 / 24))
FUELS_KG = ["co2_tailpipe_fossil_kg", "nox_kg", "pm10_exhaust_kg", "pm25_exhaust_kg"]
WEAR_KG = ["pm10_tyre_kg", "pm10_brake_kg", "pm10_road_kg", "pm25_wear_kg"]


def numbers(text):
    return np.array(str(text).split(), float)


def streets(n=6, **columns):
    r = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "road_id": [f"r{i}" for i in range(n)],
            "length_m": r.uniform(50, 900, n),
            "aadt": r.uniform(500, 40_000, n),
            "van_share": 0.1,
            "heavy_vehicle_share": 0.06,
            "bus_share": 0.03,
            "speed_kmh": r.uniform(10, 110, n),
        }
    )
    return table.assign(**columns)


def km_of(links):
    return 365 * links["length_m"] / 1000 * links["aadt"]


@pytest.mark.parametrize("row", HOT.to_dict("records"), ids=lambda r: f"{r['case']}-{r['vehicle']}")
def test_hot_emissions_as_published(row):
    factors = emission_factor(
        numbers(row["speeds_kmh"]), [row[c] for c in COEFFICIENTS], row["v_min_kmh"], row["v_max_kmh"], row["rf"]
    )
    found = weighted(factors, numbers(row["shares"])) * row["count"] * row["length_km"]
    assert found == pytest.approx(row["expected_g"], rel=1e-9)


@pytest.mark.parametrize("row", WEAR.to_dict("records"), ids=lambda r: r["wear"])
def test_wear_as_published(row):
    table = reference.table("wear")
    table = table[table["wear"] == row["wear"]].set_index("component")
    heavy = row["wear"] == "heavy"
    tyre = heavy_tyre(row["axles"], row["load_share"]) if heavy else 1.0
    brake = heavy_brake(row["load_share"], row["heavy_brake"]) if heavy else 1.0
    speed, shares = numbers(row["speeds_kmh"]), numbers(row["shares"])
    by = pd.Series(
        {
            "tyre": tyre * weighted(tyre_speed_factor(speed), shares),
            "brake": brake * weighted(brake_speed_factor(speed), shares),
            "road": 1.0,
        }
    )
    tsp = table["tsp_g_per_km"] * by * row["count"] * row["length_km"]
    assert tsp.sum() == pytest.approx(row["tsp_g"], rel=1e-9)
    assert (tsp * table["pm10_share"]).sum() == pytest.approx(row["pm10_g"], rel=1e-9)
    assert (tsp * table["pm25_share"]).sum() == pytest.approx(row["pm25_g"], rel=1e-9)


def test_the_edition_of_2019_has_less_wear_of_heavy_brakes():
    """2.068 g of dust instead of 2.430 g in the case above."""
    speed, shares = np.array([7.0, 15, 25, 40]), np.array([0.4, 0.1, 0.6, 1.0])
    tyre = 0.0107 * heavy_tyre(3, 0.5) * weighted(tyre_speed_factor(speed), shares)
    brake = 0.0075 * heavy_brake(0.5, F["wear.heavy_brake"]) * weighted(brake_speed_factor(speed), shares)
    assert 0.7 * 12 * (tyre + brake + 0.076) == pytest.approx(2.068, abs=5e-4)


@pytest.mark.parametrize("row", BUS.to_dict("records"), ids=lambda r: f"{r['euro']}-{r['pollutant']}-{r['speed_kmh']}")
def test_buses_of_the_guidebook(row):
    found = emission_factor(row["speed_kmh"], [row[c] for c in COEFFICIENTS], row["v_min_kmh"], row["v_max_kmh"])
    assert found == pytest.approx(row["expected"], abs=0.5 * 10.0 ** -row["digits"])
    if row["pollutant"] != "energy":
        ours = reference.table("exhaust").query("vehicle == 'bus' and fuel == 'diesel'")
        ours = ours[(ours["euro"] == row["euro"]) & (ours["pollutant"] == row["pollutant"])]
        assert evaluate(ours, np.array([row["speed_kmh"]])).item() == pytest.approx(found, rel=1e-12)


def test_the_cases_are_those_of_the_published_file(shared):
    cases = pd.read_json(shared / "mobility" / "ef_verification_cases.json")
    hot = cases["yeti_copert_hot"]
    assert hot["los"]["expected"]["vehA"] == HOT["expected_g"].iloc[4]
    assert hot["fixed_speed"]["20"]["vehB"] == HOT["expected_g"].iloc[1]
    assert cases["yeti_pm_nonexhaust"]["expected_g"]["PM10"]["C"] == WEAR["pm10_g"].iloc[2]


@pytest.mark.parametrize("emission_class", NOX["emission_class"].unique())
def test_own_nox_curves_follow_the_published_fits(emission_class):
    rows = NOX[NOX["emission_class"] == emission_class]
    own = reference.table("exhaust").query("pollutant == 'nox'")
    one = rows.iloc[0]
    own = own[(own["vehicle"] == one["vehicle"]) & (own["fuel"] == one["fuel"]) & (own["euro"] == one["euro"])]
    found = evaluate(own, rows["speed_kmh"].to_numpy(float))[0] * 1000
    np.testing.assert_allclose(found, rows["nox_mg_per_km"], rtol=0.15)


@pytest.mark.parametrize(
    ("vehicle", "emission_class"),
    [("lorry_rigid", "RT_gt20-26t_Euro-VI_D-E"), ("lorry_articulated", "TT_AT_gt34-40t_Euro-VI_D-E")],
)
def test_own_energy_curves_of_lorries_follow_the_published_fits(vehicle, emission_class, shared):
    rows = pd.read_csv(shared / "mobility" / "sumo_hbefa4_steady_speed.csv").query("emission_class == @emission_class")
    rows = rows[rows["speed_kmh"].between(20, 110)]
    own = reference.table("vehicles").query("vehicle == @vehicle and drive == 'diesel'").iloc[0]
    shape = own[["energy_mj_per_km", "per_speed", "constant", "per_speed_squared"]].astype(float)
    found = energy_mj_per_km(rows["speed_kmh"].to_numpy(float), *shape)
    np.testing.assert_allclose(found, rows["fuel_g_per_km"] * 42.7 / 1000, rtol=0.15)


def test_electric_streets_have_no_exhaust_but_wear_and_electricity():
    ev = dict.fromkeys(("car_ev_share", "van_ev_share", "lorry_ev_share", "bus_ev_share"), 1.0)
    links = streets(bus_share=0.0, van_share=0.0, heavy_vehicle_share=0.0, speed_kmh=50.0, **ev)
    found = street_emissions(links, FLAT, FLEET, dict(F) | {"fleet.motorcycle_share": 0.0})
    assert (found[[*FUELS_KG, "energy_mj"]] == 0.0).all(axis=None)
    assert (found[WEAR_KG] > 0).all(axis=None)
    np.testing.assert_allclose(found["electricity_kwh"], km_of(links) * F["ev.energy_kwh_per_km"], rtol=1e-12)
    np.testing.assert_allclose(
        found["co2e_well_to_wheel_kg"], found["electricity_kwh"] * F["electricity.lifecycle"], rtol=1e-12
    )
    before = street_emissions(links.assign(car_ev_share=0.0), FLAT, FLEET, dict(F) | {"fleet.motorcycle_share": 0.0})
    np.testing.assert_allclose(found["pm10_road_kg"], before["pm10_road_kg"], rtol=1e-12)
    np.testing.assert_allclose(found["pm10_tyre_kg"], before["pm10_tyre_kg"], rtol=1e-12)
    np.testing.assert_allclose(found["pm10_brake_kg"], before["pm10_brake_kg"] * F["wear.ev_brake_share"], rtol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_shares_of_electricity_and_biofuel_leave_the_rest_as_it_was(ev, bio):
    links = streets(4, van_share=0.0, heavy_vehicle_share=0.0, bus_share=0.0)
    f = dict(F) | {"fleet.motorcycle_share": 0.0}
    none = street_emissions(links.assign(car_ev_share=0.0, biofuel_share=0.0), FLAT, FLEET, f)
    some = street_emissions(links.assign(car_ev_share=ev, biofuel_share=bio), FLAT, FLEET, f)
    for column in ("energy_mj", "petrol_mj", "nox_kg", "pm10_exhaust_kg"):
        np.testing.assert_allclose(some[column], none[column] * (1 - ev), rtol=1e-9, atol=1e-12)
    burnt = (
        (some["petrol_mj"] * F["fuel.petrol.fossil"] + some["diesel_mj"] * F["fuel.diesel.fossil"]) * (1 - bio) / 1000
    )
    gas = some["gas_mj"] * (1 - F["fuel.vehicle_gas.bio_share"]) * F["fuel.gas.territorial"] / 3.6
    e85 = some["ethanol_mj"] * (1 - F["fuel.ethanol.bio_share"]) * F["fuel.petrol.fossil"] / 1000
    np.testing.assert_allclose(some["co2_tailpipe_fossil_kg"], burnt + gas + e85, rtol=1e-9, atol=1e-9)


def test_less_traffic_is_less_of_everything():
    links = streets(slope=0.03)
    found = street_emissions(links.assign(aadt=links["aadt"] * 0.75), FLAT, FLEET, F)
    pd.testing.assert_frame_equal(found, street_emissions(links, FLAT, FLEET, F) * 0.75, rtol=1e-12)


def test_well_to_wheel_is_never_below_the_exhaust():
    found = street_emissions(streets(bus_biofuel_share=0.0, biofuel_share=0.0), FLAT, FLEET, F)
    assert (found["co2e_well_to_wheel_kg"] > found["co2_tailpipe_fossil_kg"]).all()


def test_the_obligation_of_2024():
    """66.1 and 89.4 g/MJ: 35.3 % more from the law alone."""
    links = streets(van_share=0.0, heavy_vehicle_share=1.0, bus_share=0.0, lorry_ev_share=0.0)
    classes = FLEET.classes[~FLEET.classes["vehicle"].str.startswith("lorry")]
    lorries = pd.DataFrame(
        {"vehicle": ["lorry_rigid", "lorry_articulated"], "fuel": "diesel", "euro": "VI_d-e", "share": 1.0}
    )
    fleet = Fleet(pd.concat([classes, lorries], ignore_index=True))
    found = {y: street_emissions(links, FLAT, fleet, Factors.read().at(y)) for y in (2023, 2024)}
    per_mj = {y: (t["co2e_well_to_wheel_kg"] / t["diesel_mj"] * 1000).to_numpy() for y, t in found.items()}
    np.testing.assert_allclose(per_mj[2023], 95.1 * (1 - 0.305), rtol=1e-9)
    np.testing.assert_allclose(per_mj[2024], 95.1 * (1 - 0.06), rtol=1e-9)
    np.testing.assert_allclose(per_mj[2024] / per_mj[2023], 1.353, atol=5e-4)
    np.testing.assert_allclose(found[2023]["diesel_mj"], found[2024]["diesel_mj"], rtol=1e-12)


def test_one_pass_equals_class_by_class():
    """Every class, street and hour by itself, in plain numpy."""
    links = streets(5, car_ev_share=0.3)
    r = np.random.default_rng(2)
    light, heavy = r.uniform(5, 130, (5, 24)), r.uniform(5, 90, (5, 24))
    day = r.dirichlet(np.ones(24), 2)
    profile = Profile.of(day, days=np.array([250.0, 115.0]))
    light, heavy = np.hstack([light, light + 3]), np.hstack([heavy, heavy + 3])
    km = (links["length_m"] / 1000 * links["aadt"]).to_numpy()
    share, on = vehicle_shares(links, F), electric_shares(links, FLEET, F)
    side = reference.table("vehicle_classes").set_index("vehicle")["side"]
    plain = dict.fromkeys(CHANNELS, 0.0)
    for t in class_terms(FLEET, F, reference.table("exhaust")).to_dict("records"):
        g, speed = VEHICLES.index(t["vehicle"]), heavy if side[t["vehicle"]] == "heavy" else light
        factor = [
            emission_factor(speed, [t[c] for c in COEFFICIENTS], t["v_min_kmh"], t["v_max_kmh"]),
            t["gamma"] * tyre_speed_factor(speed),
            t["gamma"] * brake_speed_factor(speed),
        ][t["kind"]]
        part = share[:, g] * (on[:, g] if t["drive"] else 1 - on[:, g])
        plain[t["channel"]] += km * part * (factor * profile.weight[0, 0]).sum(axis=1)
    found = street_emissions(links, profile, FLEET, F, speed_kmh=light, heavy_speed_kmh=heavy)
    for column, expected in (
        ("nox_kg", plain["nox_g"] / 1000),
        ("pm10_exhaust_kg", plain["pm10_exhaust_g"] / 1000),
        ("diesel_mj", plain["diesel_mj"] + plain["bus_diesel_mj"]),
        ("electricity_kwh", plain["electricity_mj"] / 3.6),
        ("pm10_tyre_kg", plain["tyre_pm10_g"] / 1000),
        ("pm10_brake_kg", plain["brake_pm10_g"] / 1000),
        ("pm25_wear_kg", plain["wear_pm25_g"] / 1000),
    ):
        np.testing.assert_allclose(found[column], expected, rtol=1e-9)
    hourly = street_hours(links, profile, FLEET, F, "nox_g", speed_kmh=light, heavy_speed_kmh=heavy)
    assert hourly.shape == (5, 48)
    np.testing.assert_allclose(hourly.sum(axis=1) / 1000, found["nox_kg"], rtol=1e-12)


def test_levels_of_service_instead_of_hours():
    """Two levels, half of the traffic at each: the mean of both speeds' emissions."""
    links, shares = streets(3), np.tile([0.5, 0.0, 0.0, 0.5], (24, 1))
    speeds = level_speeds_kmh(np.full(3, 50.0))
    assert speeds[0].tolist() == [60, 50, 40, 10]
    check_shares(shares)
    found = street_emissions(links, FLAT.by_level(shares), FLEET, F, speed_kmh=speeds)
    free, slow = (street_emissions(links.assign(speed_kmh=v), FLAT, FLEET, F) for v in (60.0, 10.0))
    pd.testing.assert_frame_equal(found, (free + slow) / 2, rtol=1e-9)
    with pytest.raises(TwinError, match="do not sum to 1"):
        check_shares(np.array([[0.5, 0.3, 0.1, 1.0]]))


@settings(max_examples=50)
@given(st.floats(0.3, 30), st.floats(-0.3, 0.3), st.floats(0.2, 0.95), st.floats(0, 0.8))
def test_a_slope_never_saves_and_never_gives(energy, slope, efficiency, back):
    work = slope_work_mj_km(15_000.0, slope)
    factor = slope_factor(energy, work, efficiency, back)
    assert factor >= 1 - 1e-12
    assert factor == pytest.approx(slope_factor(energy, -work, efficiency, back))
    up, down = (slope_factor(energy, abs(work) * s, efficiency, back, one_way=True) for s in (1, -1))
    assert up >= 1 - 1e-12
    assert 0 <= down <= 1 + 1e-12


def test_a_steep_street_costs_more_up_than_down():
    links = streets(3, slope=[0.0, 0.08, -0.08], length_m=500.0, aadt=1000.0, speed_kmh=40.0)
    both = street_emissions(links, FLAT, FLEET, F)
    up = street_emissions(links.assign(one_way=True), FLAT, FLEET, F)
    assert both["energy_mj"].iloc[1] == both["energy_mj"].iloc[2] > both["energy_mj"].iloc[0]
    assert up["nox_kg"].iloc[1] > both["nox_kg"].iloc[1] > up["nox_kg"].iloc[2] >= 0
    assert up["pm10_tyre_kg"].tolist() == [up["pm10_tyre_kg"].iloc[0]] * 3


def test_cold_starts():
    assert cold_share(12.0, 8.0) == pytest.approx(0.6474 - 0.3054 - (0.00974 - 0.00462) * 8)
    assert (cold_share(100.0, 8.0), cold_share(0.0, -100.0)) == (0.0, 1.0)
    assert heavy_cold_share(np.array([4.0, 16.5])).tolist() == [1.0, 0.5]
    assert cold_emission(0.3, 0.5, 1000.0, 0.02) == pytest.approx(3.0)
    cold = street_emissions(streets(), FLAT, FLEET, dict(F) | {"cold.temperature_c": -10.0})
    mild = street_emissions(streets(), FLAT, FLEET, dict(F) | {"cold.temperature_c": 20.0})
    assert (cold[["energy_mj", "nox_kg", "pm10_exhaust_kg"]] > mild[["energy_mj", "nox_kg", "pm10_exhaust_kg"]]).all(
        axis=None
    )
    assert (cold[WEAR_KG] == mild[WEAR_KG]).all(axis=None)


def test_studded_tyres_wear_the_road_and_nothing_else():
    links = streets(heavy_vehicle_share=0.0, bus_share=0.0)
    f = dict(F) | {"fleet.motorcycle_share": 0.0}
    without = street_emissions(links, FLAT, FLEET, f)
    studded = street_emissions(links, FLAT, FLEET, f | {"wear.studded_tyre_road": 3.0})
    np.testing.assert_allclose(studded["pm10_road_kg"], without["pm10_road_kg"] * 3, rtol=1e-12)
    assert (studded[["pm10_tyre_kg", "pm10_brake_kg"]] == without[["pm10_tyre_kg", "pm10_brake_kg"]]).all(axis=None)
    older = street_emissions(streets(), FLAT, FLEET, f | {"wear.heavy_brake": 3.13})
    assert (older["pm10_brake_kg"] > street_emissions(streets(), FLAT, FLEET, f)["pm10_brake_kg"]).all()


def test_the_range_encloses_the_value():
    low, value, high = (street_emissions(streets(), FLAT, FLEET, F, end=e) for e in ("low", "value", "high"))
    for column in ("nox_kg", "pm10_exhaust_kg", "pm25_wear_kg"):
        assert ((low[column] < value[column]) & (value[column] < high[column])).all()
    with pytest.raises(TwinError, match="the end is 'hi'"):
        street_emissions(streets(), FLAT, FLEET, F, end="hi")


def test_the_fleet_between_two_years():
    shares = {
        y: Fleet.of(y).classes.set_index(["vehicle", "fuel", "euro"])["share"] for y in (2020, 2025, 2028, 2030, 2050)
    }
    pd.testing.assert_series_equal(shares[2028], shares[2025] * 0.4 + shares[2030] * 0.6)
    pd.testing.assert_series_equal(shares[2020], shares[2025])
    pd.testing.assert_series_equal(shares[2050], shares[2030])
    assert FLEET.electric_share("car", 0.5) == pytest.approx((22070 + 17916 / 2) / (198058 - 9), abs=1e-5)
    assert FLEET.burning(0.4).groupby("vehicle")["share"].sum().to_numpy() == pytest.approx(1)
    cars = FLEET.burning(1.0)
    assert "phev" not in set(cars["fuel"])


def test_a_fleet_that_is_wrong_is_refused_with_all_that_is_wrong():
    classes = FLEET.classes.copy()
    classes.loc[0, ["vehicle", "fuel"]] = ["tram", "petroll"]
    classes.loc[5, "share"] = 1.2
    with pytest.raises(TwinError) as error:
        Fleet(pd.concat([classes, classes.iloc[[9]]], ignore_index=True))
    for words in ("'tram' is not known", "did you mean 'petrol'", "no share from 0 to 1", "stands twice", "sum to"):
        assert words in str(error.value)
    with pytest.raises(TwinError, match=r"fleet\.share: the column is missing"):
        Fleet(FLEET.classes.drop(columns="share"))


def test_missing_factors_are_named_not_averaged():
    known = reference.table("exhaust")
    lost = known[~((known["vehicle"] == "bus") & (known["euro"] == "V") & (known["pollutant"] == "nox"))]
    lost = lost[~((lost["vehicle"] == "car") & (lost["euro"] == "6d-temp") & (lost["pollutant"] == "pm10"))]
    with pytest.raises(TwinError) as error:
        street_emissions(streets(), FLAT, FLEET, F, exhaust=lost)
    for words in (
        "4 problems",
        "bus diesel V, nox",
        "car petrol 6d-temp, pm10",
        "car diesel 6d-temp, pm10",
        "car phev 6d-temp",
    ):
        assert words in str(error.value)
    with pytest.raises(TwinError, match=r"form: only the form 2019_1.*\n.*two factors"):
        street_emissions(
            streets(),
            FLAT,
            FLEET,
            F,
            exhaust=pd.concat([known.assign(form=["2007_1"] + ["2019_1"] * (len(known) - 1))] * 2),
        )
    with pytest.raises(TwinError, match="not 2007_1"):
        evaluate(known.assign(form="2007_1"), np.array([50.0]))


def test_streets_that_are_wrong_are_refused_with_all_that_is_wrong():
    links = streets(
        speed_kmh=[0.0, 900.0, 50.0, 50.0, 50.0, np.nan],
        length_m=[0.0, 10.0, 10.0, 10.0, 10.0, 10.0],
        van_share=[0.1, 0.1, 0.99, 0.1, 0.1, 0.1],
        car_ev_share=[0, 0, 0, 1.2, 0, 0],
        slope=[0, 0, 0, 0, 6.0, 0],
    )
    with pytest.raises(TwinError) as error:
        street_emissions(links, FLAT, FLEET, F)
    for words in (
        "streets.speed_kmh: must be above 0 and at most 200 (3 rows, first: r0)",
        "streets.length_m: must be above 0 and at most 1e+06 (1 row, first: r0)",
        "streets.car_ev_share: is no share from 0 to 1 (1 row, first: r3)",
        "streets.slope",
        "first: r4",
    ):
        assert words in str(error.value)
    with pytest.raises(TwinError, match="more than all vehicles"):
        street_emissions(streets(van_share=0.99), FLAT, FLEET, F)
    with pytest.raises(TwinError, match=r"streets\.aadt: the column is missing"):
        street_emissions(streets().drop(columns="aadt"), FLAT, FLEET, F)
    with pytest.raises(TwinError, match=r"speed_kmh: the column is missing"):
        street_emissions(streets().drop(columns="speed_kmh"), FLAT, FLEET, F)
    with pytest.raises(TwinError, match="do not fit 6 streets and 24 hours"):
        street_emissions(streets(), FLAT, FLEET, F, speed_kmh=np.full((6, 23), 50.0))
    with pytest.raises(TwinError, match="no channel 'nox'"):
        street_hours(streets(), FLAT, FLEET, F, "nox")


def test_profiles_that_are_wrong_are_refused():
    with pytest.raises(TwinError, match="do not sum to 1"):
        Profile.of(np.full((1, 24), 0.05))
    with pytest.raises(TwinError, match="negative"):
        Profile.of(np.r_[-1.0, 2.0, np.zeros(22)][None])
    with pytest.raises(TwinError, match="shape"):
        Profile(np.ones((1, 24)))
    with pytest.raises(TwinError, match="there are 1 profiles"):
        Profile(FLAT.weight, np.array([0, 3]))
    with pytest.raises(TwinError, match="2 values for 6 streets"):
        street_emissions(streets(), Profile(FLAT.weight, np.array([0, 0])), FLEET, F)
