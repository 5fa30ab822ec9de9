"""Names end in their unit, and the constants in formulas are the conversions they should be."""

import numpy as np
import pint
import pytest

from energy import INDICATORS
from energy.buildings import seasonal
from energy.district_heating.supply import network
from energy.electrification import charging, photovoltaics
from energy.mobility import link_emissions, traffic
from twin import schema

Q = pint.UnitRegistry().Quantity
SUFFIXES = {
    "_per_h": "1/h", "_min": "min", "_kd": "K d", "_t": "t", "_sek": "SEK", "_sek_kwh": "SEK/kWh",
    "_w_m2k": "W/(m2 K)", "_w_mk": "W/(m K)", "_kwh_m2": "kWh/m2", "_kg_m2": "kg/m2", "_kwh": "kWh", "_kh": "K h", "_kw": "kW", "_sek_mwh": "SEK/MWh", "_mwh": "MWh", "_mw": "MW", "_w_m2": "W/m2",
    "_kv": "kV", "_m_s": "m/s", "_kmh": "km/h", "_ach": "1/h", "_mm": "mm", "_m2": "m2", "_m3": "m3", "_km": "km", "_kg": "kg", "_m": "m", "_c": "degC", "_h": "h",
}  # fmt: skip
WITHOUT = {"", "1", "year", "1/d"}


def unit_of(name):
    return next((u for s, u in SUFFIXES.items() if name.endswith(s)), None)


@pytest.mark.parametrize("table", schema.names())
def test_columns_end_in_their_unit(table):
    for column, row in schema.spec(table).iterrows():
        if row["type"] not in ("float", "int"):
            continue
        assert unit_of(column) == (None if row["unit"] in WITHOUT else row["unit"]), column


def test_indicators_end_in_their_unit():
    for name, indicator in INDICATORS.items():
        if indicator.unit not in ("1", "kg/inhabitant", "km"):
            assert unit_of(name) == indicator.unit, name


def test_transmission():
    u, area, bridges = Q(0.4, "W/m^2/K"), Q(120.0, "m^2"), Q(0.1, "W/m^2/K")
    expected = (0.5 * u * area + bridges * area).to("W/K").magnitude
    found = seasonal.transmission_w_k(np.array([[0.4]]), np.array([[120.0]]), np.array([0.5]), np.array([0.1]))
    assert found[0] == pytest.approx(expected)


def test_ventilation():
    air = Q(0.34, "Wh/m^3/K")
    assert seasonal.ventilation_w_m2k(0.8, 2.5) == pytest.approx((air * Q(0.8, "1/h") * Q(2.5, "m")).to("W/m^2/K").m)


def test_losses_of_a_season():
    expected = (Q(1.66, "W/m^2/K") * Q(4645.8, "delta_degC * day")).to("kWh/m^2").magnitude
    assert seasonal.heat_loss_kwh_m2(1.66, 4645.8, 1.0) == pytest.approx(expected)


def test_internal_gains():
    assert seasonal.internal_gain_kwh_m2(3.0, 261.0) == pytest.approx((Q(3, "W/m^2") * Q(261, "day")).to("kWh/m^2").m)


def test_time_constant():
    assert seasonal.time_constant_h(45.0, 1.66) == pytest.approx((Q(45, "Wh/m^2/K") / Q(1.66, "W/m^2/K")).to("h").m)


def test_distance_driven():
    expected = (Q(500, "m") * Q(12_000, "1/day") * Q(365, "day")).to("km").magnitude
    assert link_emissions.vehicle_km(np.array([500.0]), np.array([12_000.0]))[0] == pytest.approx(expected)


def test_network_load():
    load = network.load_mw(900e3, 100e3, np.ones(8760), 0.1)
    assert (Q(load.sum(), "MW") * Q(1, "h")).to("kWh").magnitude == pytest.approx(1e6)


def test_charging():
    expected = (1000 * 0.34 * Q(11_000, "km") * 0.2 * Q(0.2, "kWh/km")).to("kWh").magnitude
    assert charging.area_energy_kwh(np.array([1000.0]), 0.34, 11_000, 0.2, 0.2)[0] == pytest.approx(expected)


def test_solar_cells():
    expected = (Q(100, "m^2") * Q(1150, "kWh/m^2") * 0.2 * 0.85).to("kWh").magnitude
    assert photovoltaics.yearly_kwh(np.array([100.0]), 1150, 0.2, 0.85)[0] == pytest.approx(expected)


def test_joules_and_kilowatt_hours_of_traffic():
    assert pytest.approx(Q(1, "kWh").to("MJ").magnitude) == traffic._MJ_PER_KWH
