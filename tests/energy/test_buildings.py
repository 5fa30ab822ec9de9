"""Heat and energy of buildings against published figures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layers
from energy.buildings import archetypes, seasonal
from energy.buildings.heat import heat_need
from energy.buildings.hourly import stock_drivers
from energy.buildings.primary_energy import declared_primary_energy_kwh
from energy.buildings.season import Plane, Season, facades_and_flat_roof, irradiation_w_m2
from energy.memory import Memory
from energy.stock import Stock
from twin import Factors, SchemaError, TwinError, reference

FACTORS = Factors.read().at(2024)
ELEMENTS = ["Roof_1", "Roof_2", "Wall_1", "Wall_2", "Wall_3", "Floor_1", "Floor_2", "Window_1", "Window_2", "Door_1"]
SIDES = {"Horizontal": "Hor", "East": "East", "South": "South", "West": "West", "North": "North"}


def of_tabula(d):
    """Every term of the seasonal balance from TABULA's own column names."""
    d = d.fillna(0)
    u = d[[f"U_Actual_{e}" for e in ELEMENTS]].to_numpy(float)
    area = d[[f"A_Calc_{e}" for e in ELEMENTS]].to_numpy(float)
    ones = pd.Series(1.0, index=d.index)
    b = np.column_stack([d.get(f"b_Transmission_{e}", ones) for e in ELEMENTS])
    n = {c: d[c].to_numpy(float) for c in d.columns if d[c].dtype.kind in "if"}
    h_tr = seasonal.transmission_w_k(u, area, b, n["delta_U_ThermalBridging"]) / n["A_C_Ref"]
    h_ve = seasonal.ventilation_w_m2k(n["n_air_use"] + n["n_air_infiltration"], n["h_room"])
    reduction = seasonal.temperature_reduction(h_tr, n["F_red_htr1"], n["F_red_htr4"])
    loss = seasonal.heat_loss_kwh_m2(h_tr + h_ve, (n["theta_i"] - n["Theta_e"]) * n["HeatingDays"], reduction)
    solar = seasonal.solar_gain_kwh_m2(
        d[[f"A_Calc_Window_{s}" for s in SIDES]].to_numpy(float),
        d[[f"I_Sol_{s}" for s in SIDES.values()]].to_numpy(float),
        np.column_stack([n["F_sh_hor"], *[n["F_sh_vert"]] * 4]),
        n["F_f"],
        n["F_w"],
        n["g_gl_n"],
        n["A_C_Ref"],
    )
    internal = seasonal.internal_gain_kwh_m2(n["phi_int"], n["HeatingDays"])
    tau = seasonal.time_constant_h(n["c_m"], h_tr + h_ve)
    eta = seasonal.gain_utilisation((solar + internal) / loss, tau)
    need = seasonal.heat_need_kwh_m2(loss, solar + internal, eta)
    return {
        "h_Transmission": h_tr,
        "h_Ventilation": h_ve,
        "F_red_temp": reduction,
        "q_ht": loss,
        "q_sol": solar,
        "q_int": internal,
        "tau": tau,
        "eta_h_gn": eta,
        "q_h_nd": need,
    }


def test_every_published_swedish_and_british_row_is_reproduced(shared):
    rows = pd.read_csv(shared / "typology" / "tabula_se_gb.csv")
    assert len(rows) == 93
    terms = of_tabula(rows)
    for name, found in terms.items():
        # the file is rounded to six digits after the point
        np.testing.assert_allclose(found, rows[name], rtol=1e-6, atol=2e-6, err_msg=name)
    assert np.abs(terms["q_h_nd"] / rows["q_h_nd"] - 1).max() < 1e-6


def test_the_swedish_rows_are_reproduced_to_full_precision():
    """TABULA's own unrounded results of southern Sweden, re-typed with their source."""
    r = reference_rows()
    elements = ["roof", "wall", "cellar_wall", "floor", "window", "door"]
    u = r[[f"u_{e}_w_m2k" for e in elements]].to_numpy(float)
    area = r[[f"{e}_m2" for e in elements]].to_numpy(float)
    b = np.column_stack([*(r[f"b_{e}"] for e in elements[:4]), np.ones(len(r)), np.ones(len(r))])
    n = {c: r[c].to_numpy(float) for c in r.columns if r[c].dtype.kind in "if"}
    h_tr = seasonal.transmission_w_k(u, area, b, n["bridges_w_m2k"]) / n["reference_area_m2"]
    np.testing.assert_allclose(h_tr, n["h_transmission_w_m2k"], rtol=1e-9)
    h = h_tr + seasonal.ventilation_w_m2k(n["air_change_ach"] + n["infiltration_ach"], n["room_height_m"])
    reduction = seasonal.temperature_reduction(h_tr, n["reduction_at_1"], n["reduction_at_4"])
    loss = seasonal.heat_loss_kwh_m2(h, (n["set_point_c"] - n["outdoor_c"]) * n["heating_days"], reduction)
    np.testing.assert_allclose(loss, n["loss_kwh_m2"], rtol=1e-9)
    sides = ["horizontal", "north", "east", "south", "west"]
    solar = seasonal.solar_gain_kwh_m2(
        r[[f"window_{s}_m2" for s in sides]].to_numpy(float),
        r[[f"sun_{s.replace('izontal', '')}_kwh_m2" for s in sides]].to_numpy(float),
        np.column_stack([n["shading_horizontal"], *[n["shading_vertical"]] * 4]),
        n["frame_share"],
        n["oblique"],
        n["g_value"],
        n["reference_area_m2"],
    )
    internal = seasonal.internal_gain_kwh_m2(n["internal_gain_w_m2"], n["heating_days"])
    eta = seasonal.gain_utilisation((solar + internal) / loss, seasonal.time_constant_h(n["capacity_wh_m2k"], h))
    np.testing.assert_allclose(solar, n["solar_kwh_m2"], rtol=1e-9)
    np.testing.assert_allclose(seasonal.heat_need_kwh_m2(loss, solar + internal, eta), n["heat_need_kwh_m2"], rtol=1e-9)


def reference_rows():
    return pd.read_csv(Path(__file__).parents[1] / "reference" / "tabula_se.csv")


def test_the_archetypes_are_those_that_are_published():
    table = reference.table("archetypes")
    published = reference_rows().query("variant.str.contains('Gen')").set_index("year_from")
    homes = table[(table["group"] == "multi_family") & (table["status"] == "cited")]
    matched = 0
    for row in homes.to_dict("records"):
        found = published[published["variant"].str.contains("MFH")]
        if row["year_from"] in found.index:
            matched += 1
            assert row["u_wall_w_m2k"] == pytest.approx(found.loc[row["year_from"], "u_wall_w_m2k"])
            assert row["u_window_w_m2k"] == pytest.approx(found.loc[row["year_from"], "u_window_w_m2k"])
    assert matched >= 4


@given(st.floats(0.01, 5), st.floats(0.01, 5), st.floats(5, 200))
def test_utilisation_is_a_share_and_falls_with_more_gains(gamma, more, tau):
    few, many = seasonal.gain_utilisation(np.array([gamma, gamma + more]), np.array([tau, tau]))
    assert 0 < many <= few <= 1 + 1e-12


def test_utilisation_is_smooth_where_gains_equal_losses():
    near = seasonal.gain_utilisation(np.array([1 - 1e-7, 1.0, 1 + 1e-7]), np.full(3, 36.0))
    np.testing.assert_allclose(near, 2 / 3, atol=1e-6)


@pytest.fixture(scope="module")
def stock(city):
    return Stock.of(city, Memory(), FACTORS)


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(0.3, 0.99), column=st.sampled_from(["u_wall_w_m2k", "u_roof_w_m2k", "u_floor_w_m2k", "u_window_w_m2k", "infiltration_ach", "air_change_ach"]))  # fmt: skip
def test_better_parts_never_need_more_heat(stock, factor, column):
    before = heat_need(stock.buildings, stock.season, FACTORS)["heat_need_kwh"]
    better = stock.buildings.assign(**{column: stock.buildings[column] * factor})
    after = heat_need(better, stock.season, FACTORS)["heat_need_kwh"]
    heated = stock.buildings["floor_area_m2"] > 0
    assert (after[heated] < before[heated]).all()
    assert (after[~heated] == 0).all()


def test_newer_houses_need_less_heat(stock):
    one = stock.buildings.iloc[[0] * 5].reset_index(drop=True)
    own = ["u_wall_w_m2k", "u_roof_w_m2k", "u_floor_w_m2k", "u_window_w_m2k", "infiltration_ach", "heat_recovery"]
    plain = one.drop(columns=[c for c in one if c in ("u_door_w_m2k", "bridges_w_m2k", "g_value")])
    plain[own] = np.nan
    need = heat_need(
        archetypes.fill(plain.assign(year_built=[1940.0, 1968.0, 1980.0, 1990.0, 2015.0]), FACTORS),
        stock.season,
        FACTORS,
    )["heat_need_kwh"]
    assert need.is_monotonic_decreasing


def test_the_balance_of_a_building_closes(stock):
    terms = heat_need(stock.buildings, stock.season, FACTORS).iloc[:5]
    gains = terms["utilisation"] * (terms["solar_gain_kwh"] + terms["internal_gain_kwh"])
    scale = FACTORS["heat.model_scale"]
    np.testing.assert_allclose(terms["heat_need_kwh"], (terms["loss_kwh"] - gains) * scale, rtol=1e-12)


def test_a_blank_year_is_refused():
    with pytest.raises(SchemaError, match="complete the table"):
        archetypes.assign(pd.Series(["office"], dtype="category"), np.array([np.nan]))


@pytest.mark.parametrize(
    ("form", "use", "property_electricity", "cooling", "area", "hot_water", "weights", "declared"),
    [
        # Boverket's register, Lindholmen: FormularId; energy use, property electricity, district cooling [kWh], Atemp [m2]
        (1457832, 1_574_354, 287_448, 436_739, 39_611, 2, (0.7, 1.8, 0.6), 1_434_529),
        (1099401, 142_815, 5_275, 0, 1_087, 25, (1.0, 1.6, 1.0), 158_243),
    ],
)
def test_declared_primary_energy(form, use, property_electricity, cooling, area, hot_water, weights, declared):
    found = declared_primary_energy_kwh(use, property_electricity, cooling, area, hot_water, weights)
    assert found == pytest.approx(declared, abs=1), form


def test_the_weights_are_those_of_the_building_code():
    weights = {k: FACTORS[f"weight.{k}"] for k in ("district_heating", "electricity", "district_cooling", "geography")}
    assert weights == {"district_heating": 0.7, "electricity": 1.8, "district_cooling": 0.6, "geography": 0.9}


def test_the_season_follows_the_weather(city):
    season = Season.of(city["weather"], FACTORS)
    colder = city["weather"].assign(temp_air_c=city["weather"]["temp_air_c"] - 3)
    colder.attrs = city["weather"].attrs
    winter = Season.of(colder, FACTORS)
    assert winter.heating_days > season.heating_days
    assert (20 - winter.outdoor_c) * winter.heating_days > (20 - season.outdoor_c) * season.heating_days
    north, east, south, west = season.sun_kwh_m2
    assert south > east > north
    assert west > north


def test_the_sun_on_a_flat_plane_is_the_global_irradiance(city):
    weather = city["weather"]
    flat = irradiation_w_m2(weather, 0.0, 180.0, 0.2)
    beam_and_sky = flat.sum()
    assert beam_and_sky == pytest.approx(weather["ghi_w_m2"].sum(), rel=0.1)


@pytest.mark.parametrize(("tilt_deg", "azimuth_deg"), [(90.0, 0.0), (90.0, 180.0), (0.0, 180.0), (35.0, 120.0)])
def test_a_plane_takes_any_ground_as_pvlib_does_at_once(city, tilt_deg, azimuth_deg):
    weather = city["weather"]
    where = {k: weather.attrs[k] for k in ("latitude", "longitude")}
    middle = pd.date_range("2023-01-01 00:30", periods=8760, freq="h", tz="Etc/GMT-1")
    sun = pvlib.solarposition.get_solarposition(middle, **where, altitude=weather.attrs.get("altitude_m", 0.0))
    zenith, azimuth = sun["apparent_zenith"].to_numpy(), sun["azimuth"].to_numpy()
    extra = pvlib.irradiance.get_extra_radiation(middle.day_of_year.to_numpy())
    light = [weather[c].to_numpy() for c in ("dni_w_m2", "ghi_w_m2", "dhi_w_m2")]
    plane = Plane.of(weather, tilt_deg, azimuth_deg)
    for albedo in (0.0, 0.2, 0.65):
        whole = pvlib.irradiance.get_total_irradiance(
            tilt_deg, azimuth_deg, zenith, azimuth, *light, dni_extra=extra, albedo=albedo, model="perez",
            airmass=pvlib.atmosphere.get_relative_airmass(zenith),
        )["poa_global"]  # fmt: skip
        assert plane.irradiation_w_m2(albedo) == pytest.approx(np.nan_to_num(whole), rel=1e-12, abs=1e-12)
    brighter = plane.irradiation_w_m2(0.65).sum() - plane.irradiation_w_m2(0.2).sum()
    assert (brighter > 0) == (tilt_deg > 0)


def test_planes_that_are_known_change_neither_season_nor_drivers(city):
    weather, planes = city["weather"], facades_and_flat_roof(city["weather"])
    bright = {**FACTORS, "season.albedo": 0.5}
    for f in (FACTORS, bright):
        assert (Season.of(weather, f, planes).sun_kwh_m2 == Season.of(weather, f).sun_kwh_m2).all()
        assert (stock_drivers(weather, f, planes).weather == stock_drivers(weather, f).weather).all()
    assert (Season.of(weather, bright, planes).sun_kwh_m2 > Season.of(weather, FACTORS, planes).sun_kwh_m2).all()


def test_a_kept_stock_is_a_new_one_whatever_factor_moves(city):
    memory, read = Memory(), Factors.read()
    first = Stock.of(city, memory, read.at(2024))
    for key in sorted(read.used):
        f = {**FACTORS, key: 0.9 * FACTORS[key] + 0.01}
        kept, new = Stock.of(city, memory, f), Stock.of(city, Memory(), f)
        pd.testing.assert_frame_equal(kept.buildings, new.buildings)
        assert (kept.season.sun_kwh_m2 == new.season.sun_kwh_m2).all()
        assert (kept.season.roof_kwh_m2, kept.season.heating_days) == (new.season.roof_kwh_m2, new.season.heating_days)
        same_season = kept.season is first.season
        same_buildings = kept.buildings is first.buildings
        assert same_season != same_buildings, key  # a factor of the stock moves one of the two, and only that


def test_weather_of_nowhere_is_refused(city):
    nowhere = city["weather"].copy()
    nowhere.attrs = {}
    with pytest.raises(TwinError, match="LOCATION"):
        irradiation_w_m2(nowhere, 0, 0, 0.2)


def test_goteborg_has_the_sun_and_the_cold_that_are_measured(root):
    """SMHI's normals: about 1,000 kWh/m2 and year on the horizontal and 3,100 K d of heating below 17 degC."""
    weather = layers.load(root / "sample_data")["weather"]
    assert weather["ghi_w_m2"].sum() / 1000 == pytest.approx(1000, rel=0.1)
    daily = weather["temp_air_c"].to_numpy().reshape(-1, 24).mean(axis=1)
    assert np.maximum(17 - daily, 0).sum() == pytest.approx(3115, rel=0.05)
