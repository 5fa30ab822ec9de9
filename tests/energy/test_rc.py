"""The hourly model against the standard's text, published cases, and itself."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.buildings import kernel
from energy.buildings.rc import Nodes, affine, standard_hour

MONTH = np.repeat(np.arange(12), np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24)


def zone_of(case):
    """A room of the RC_BuildingSimulator, as it computes its conductances."""
    z = case["zone"]
    changes = z["ach_vent"] + z["ach_infl"]
    not_recovered = 1 - z["ach_vent"] / changes * z["ventilation_efficiency"]
    numbers = {
        "window_w_k": z["u_windows"] * z["window_area"],
        "ventilation_w_k": 1200 * not_recovered * z["room_vol"] * changes / 3600,
        "capacity_wh_k": z["thermal_capacitance_per_floor_area"] * z["floor_area"] / 3600,
        "mass_area_m2": 2.5 * z["floor_area"],
        "surface_area_m2": z["total_internal_area"],
    }
    # the program takes the whole opaque envelope as the part outside the mass
    outside = z["u_walls"] * z["walls_area"]
    mass_surface = 9.1 * numbers["mass_area_m2"]
    opaque = 1 / (1 / outside + 1 / mass_surface)
    return Nodes.of(opaque_w_k=np.array([opaque]), **{k: np.array([v]) for k, v in numbers.items()})


def test_the_published_one_hour_cases_are_reproduced_to_the_printed_digits(shared):
    """RC_BuildingSimulator (ETH Zürich), its own tests."""
    cases = json.loads((shared / "rc_cases" / "one_hour_cases.json").read_text(encoding="utf-8"))
    assert len(cases) >= 9
    for case in cases:
        z, i = case["zone"], case["inputs"]
        area = np.array([z["floor_area"]])
        limits = z["max_heating_energy_per_floor_area"] * area, z["max_cooling_energy_per_floor_area"] * area
        at = np.array([float(z["t_set_heating"])]), np.array([float(z["t_set_cooling"])])
        solar, internal = np.array([float(i["solar_gains"])]), np.array([float(i["internal_gains"])])
        power, mass, _ = standard_hour(
            zone_of(case), np.array([float(i["t_m_prev"])]), i["t_out"], solar, internal, at, limits, area
        )
        for name, wanted in case["expect"].items():
            if "t_m" in name:
                # the program reports the mean of the hour
                assert round((float(mass[0]) + i["t_m_prev"]) / 2, 2) == wanted, case["test"]
            if "energy_demand" in name:
                assert round(float(power[0]), 2) == wanted, case["test"]


numbers = st.floats(0.05, 3.0)


@settings(max_examples=60, deadline=None)
@given(numbers, numbers, numbers, st.floats(10, 120), st.floats(-25, 35), st.floats(5, 30), st.floats(0, 30))
def test_the_affine_step_equals_the_text_of_the_standard(window, opaque, air, capacity, outdoor, mass, sun):
    area = np.array([150.0])
    nodes = Nodes.of(window * area, opaque * area, air * area, capacity * area, 2.5 * area, 4.5 * area)
    step = affine(nodes)
    at = np.array([21.0]), np.array([26.0])
    solar, internal = sun * area, 4.0 * area
    far = np.array([1e9])
    power, end, air_c = standard_hour(nodes, np.array([mass]), outdoor, solar, internal, at, (far, -far), area)
    free = step.gx * mass + step.ge * outdoor + step.gs * solar + step.gi * internal
    own = np.maximum(step.power_w_k * (at[0] - free), 0) - np.maximum(step.power_w_k * (free - at[1]), 0)
    x = step.bx * mass + step.be * outdoor + step.bs * solar + step.bi * internal + step.bq * own
    scale = 1e-10 * (np.abs(step.power_w_k * (np.abs(free) + 26)) + 1)
    assert abs(own - power) <= scale
    assert abs(x - end) <= 1e-10 * (abs(end) + 1)
    assert abs(free + own / step.power_w_k - air_c) <= 1e-9


def stock(n, seed=0, states=2):
    """Plausible buildings with two states: by day, and by night cooler with less air."""
    r = np.random.default_rng(seed)
    area = 10 ** r.uniform(2, 3.7, n)
    parts = [
        Nodes.of(
            r.uniform(0.1, 0.5, n) * area,
            r.uniform(0.2, 0.9, n) * area,
            r.uniform(0.3, 0.6, n) * area * (1 if k == 0 else 0.5),
            r.uniform(30, 90, n) * area,
            2.5 * area,
            4.5 * area,
        )
        for k in range(1)
    ]
    air = parts[0].ventilation_w_k
    steps = [affine(parts[0]), affine(Nodes(**{**vars(parts[0]), "ventilation_w_k": air * 0.5}))][:states]
    heat_at = np.stack([np.full(n, 21.0), np.full(n, 18.0)])[:states]
    return kernel.scaled(
        steps,
        aperture_m2=r.uniform(0, 0.05, (5, n)) * area,
        gain_w=4 * area,
        heat_at_c=heat_at,
        cool_at_c=np.full((states, n), 24.0),
        airing_w_k=np.where(r.random(n) < 0.5, np.inf, 1.5 * area),
        limit_c=np.full(n, 25.5),
        heat_limit_w=25 * area,
    )


def drivers():
    r = np.random.default_rng(3)
    t = np.arange(8760)
    sun = np.maximum(0, np.sin(2 * np.pi * (t % 24 - 6) / 24)) * r.uniform(0.2, 1, 8760)
    outdoor = 8 - 9 * np.cos(2 * np.pi * (t - 500) / 8760) + r.normal(0, 2, 8760)
    weather = np.column_stack([sun[:, None] * np.array([120, 350, 500, 350, 700]), outdoor])
    hour = t % 24
    gain = np.stack([np.ones(8760), np.where((hour > 7) & (hour < 18), 2.0, 0.4)])
    state = np.stack([(hour < 5).astype(int), ((hour < 7) | (hour >= 18)).astype(int)])
    return kernel.Drivers(weather, gain, state, MONTH)


def part(steps, chosen):
    return kernel.Steps(steps.rows[:, :, chosen], steps.state_scale[:, chosen], steps.power_w_k[:, chosen])


@pytest.mark.parametrize("limited", [False, True])
def test_the_engine_gives_the_numbers_of_the_plain_loop(limited):
    steps, moved = stock(37), drivers()
    profile = np.arange(37) % 2
    year = kernel.simulate_year(steps, moved, profile, zone=np.arange(37), limited=limited)
    plain = kernel.trace(steps, moved, profile, limited=limited)
    np.testing.assert_allclose(year.zone_heat_kw, plain.heat_kw.T, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(year.heat_kwh.sum(axis=0), plain.heat_kw.sum(axis=0), rtol=1e-11)
    np.testing.assert_allclose(year.cool_kwh.sum(axis=0), plain.cool_kw.sum(axis=0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(year.peak_heat_kw, plain.heat_kw.max(axis=0), rtol=1e-11)
    above = np.maximum(plain.air_c - 25.5, 0)
    np.testing.assert_array_equal(year.warm_hours, (above > 1e-9).sum(axis=0))
    np.testing.assert_allclose(year.warm_kh, above.sum(axis=0), rtol=1e-9, atol=1e-9)
    assert year.heat_kwh.sum() > 0
    assert year.warm_hours.sum() > 0


def test_the_hours_add_up_to_the_year_and_the_zones_to_the_stock():
    steps, moved = stock(500), drivers()
    profile, zone = np.arange(500) % 2, np.random.default_rng(1).integers(0, 9, 500)
    year = kernel.simulate_year(steps, moved, profile, zone=zone)
    by_zone = np.bincount(zone, year.heat_kwh.sum(axis=0))
    np.testing.assert_allclose(year.zone_heat_kw.sum(axis=1), by_zone, rtol=1e-10)


def test_the_order_of_buildings_does_not_matter_and_one_is_one_of_many():
    steps, moved = stock(300), drivers()
    profile = np.arange(300) % 2
    whole = kernel.simulate_year(steps, moved, profile)
    order = np.random.default_rng(5).permutation(300)
    mixed = kernel.simulate_year(part(steps, order), moved, profile[order])
    np.testing.assert_allclose(mixed.heat_kwh, whole.heat_kwh[:, order], rtol=1e-12, atol=1e-9)
    alone = kernel.simulate_year(part(steps, [123]), moved, profile[[123]])
    np.testing.assert_allclose(alone.heat_kwh[:, 0], whole.heat_kwh[:, 123], rtol=1e-12, atol=1e-9)


def test_half_precision_of_numbers_keeps_five_digits():
    steps, moved = stock(200), drivers()
    profile = np.arange(200) % 2
    double = kernel.simulate_year(steps, moved, profile).heat_kwh.sum(axis=0)
    single = kernel.simulate_year(steps, moved, profile, dtype=np.float32).heat_kwh.sum(axis=0)
    assert abs(single.sum() / double.sum() - 1) < 1e-6
    # rounding adds up over the hours, so it is told against what flows through the building, not against a small rest
    flow = kernel.simulate_year(steps, moved, profile).peak_heat_kw * 8760
    assert np.abs((single - double) / flow).max() < 1e-5
    assert np.abs(single - double).max() > 0


def test_a_year_with_limited_power_is_that_of_the_standard_s_text():
    r = np.random.default_rng(8)
    area = 10 ** r.uniform(2, 3, 4)
    nodes = Nodes.of(0.4 * area, 0.7 * area, 0.5 * area, 45 * area, 2.5 * area, 4.5 * area)
    aperture = r.uniform(0.01, 0.06, (5, 4)) * area
    most = 20 * area, 12 * area
    steps = kernel.scaled(
        [affine(nodes)],
        aperture_m2=aperture,
        gain_w=4 * area,
        heat_at_c=np.full((1, 4), 21.0),
        cool_at_c=np.full((1, 4), 24.0),
        airing_w_k=np.full(4, np.inf),
        limit_c=np.full(4, 26.0),
        heat_limit_w=most[0],
        cool_limit_w=most[1],
    )
    moved = drivers()
    whole = kernel.Drivers(moved.weather, np.ones((1, 8760)), np.zeros((1, 8760), np.int64), MONTH)
    plain = kernel.trace(steps, whole, np.zeros(4, np.int64), limited=True)
    mass = np.full(4, 20.0)
    for t in range(8760):
        sun = whole.weather[t, :5] @ aperture
        at = np.full(4, 21.0), np.full(4, 24.0)
        power, mass, air = standard_hour(nodes, mass, whole.weather[t, 5], sun, 4 * area, at, (most[0], -most[1]), area)
        np.testing.assert_allclose((plain.heat_kw - plain.cool_kw)[t] * 1000, power, rtol=1e-8, atol=1e-6)
        np.testing.assert_allclose(plain.air_c[t], air, rtol=1e-9)
    year = kernel.simulate_year(steps, whole, np.zeros(4, np.int64), limited=True)
    np.testing.assert_allclose(year.cool_kwh.sum(axis=0), plain.cool_kw.sum(axis=0), rtol=1e-9)
    assert (plain.heat_kw.max(axis=0) * 1000 >= most[0] * 0.999).any()
    assert (plain.cool_kw.max(axis=0) * 1000 >= most[1] * 0.999).any()
    assert year.warm_hours.sum() > 0
