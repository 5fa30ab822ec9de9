"""Friction, heat loss, the catalogue and the curve of coincidence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from energy.district_heating.hydraulics import pipes
from energy.district_heating.hydraulics.pipes import Catalogue, Water
from twin import Factors, TwinError, reference

WATER = Water(988.0, 4180.0, 5.434e-4)


@given(st.floats(2300, 1e8), st.floats(1e-6, 0.05))
def test_colebrook_s_equation_is_solved(reynolds, ratio):
    def off(friction):
        return 1 / np.sqrt(friction) + 2 * np.log10(ratio / 3.7 + 2.51 / (reynolds * np.sqrt(friction)))

    found = float(pipes.friction_factor(reynolds, ratio))
    assert found == pytest.approx(brentq(off, 1e-4, 1.0, xtol=1e-15), rel=1e-9)


def test_slow_flow_is_laminar_and_rough_flow_is_nikuradse_s():
    assert float(pipes.friction_factor(2299.0, 0.01)) == 64 / 2299
    assert float(pipes.friction_factor(1e12, 0.01)) == pytest.approx(
        float(pipes.nikuradse(0.01 * 3.71 / 3.7)), rel=1e-6
    )
    assert float(pipes.friction_factor(1e5, 0.01, "nikuradse")) == 64 / 1e5 + float(pipes.nikuradse(0.01))


@given(st.floats(1e-6, 200), st.floats(1.01, 3), st.sampled_from(["colebrook", "nikuradse"]))
def test_more_flow_takes_more_pressure(flow, more, law):
    one, two = (float(pipes.pressure_gradient_pa_m(q, 0.1, 1e-4, WATER, law)) for q in (flow, flow * more))
    assert two > one > 0


def test_laminar_flow_is_hagen_and_poiseuille_s():
    flow, d = 1e-3, 0.05
    velocity = flow / (WATER.density_kg_m3 * np.pi * d**2 / 4)
    found = float(pipes.pressure_gradient_pa_m(flow, d, 1e-4, WATER))
    assert found == pytest.approx(32 * WATER.viscosity_pa_s * velocity / d**2)


def test_layers_lie_one_around_the_other():
    whole = float(pipes.loss_w_mk([0.05, 0.1], [0.03]))
    assert float(pipes.loss_w_mk([0.05, 0.07, 0.1], [0.03, 0.03])) == pytest.approx(whole)
    assert whole == pytest.approx(2 * np.pi * 0.03 / np.log(2))
    assert float(pipes.loss_w_mk([0.05, 0.1], [0.03], 8.0)) < whole
    both = pipes.loss_w_mk(np.array([[0.05, 0.1], [0.1, 0.2]]), [0.03])
    np.testing.assert_allclose(both, whole)
    for radii, conductivity in (([0.1, 0.05], [0.03]), ([0.0, 0.1], [0.03]), ([0.05, 0.1], [0.0])):
        with pytest.raises(TwinError, match="rising radii"):
            pipes.loss_w_mk(radii, conductivity)


def test_the_catalogue_s_losses_are_those_of_its_layers():
    """Foam of 0.027 and soil of 1.5 W/(m K), the axis a metre deep."""
    table = reference.table("pipe_catalogue")
    radii = np.stack([table["outer_diameter_mm"] / 2, table["casing_diameter_mm"] / 2, np.full(len(table), 2000.0)])
    np.testing.assert_allclose(table["loss_w_mk"], pipes.loss_w_mk(radii, [0.027, 1.5]), atol=6e-5)
    catalogue = Catalogue.standard()
    assert len(catalogue.dn) == len(table)
    assert (catalogue.trench_cost_sek_m["inner_city"] > catalogue.trench_cost_sek_m["suburb"]).all()


@given(st.floats(0, 400), st.sampled_from([50.0, 100.0, 250.0]))
def test_the_thinnest_pipe_that_is_wide_enough_is_taken(flow, limit):
    catalogue = Catalogue.standard()
    row = int(pipes.size(flow, catalogue, WATER, limit))
    gradient = pipes.pressure_gradient_pa_m(flow, catalogue.inner_diameter_m, catalogue.roughness_m, WATER)
    assert gradient[row] <= limit * (1 + 1e-9)
    assert row == 0 or gradient[row - 1] > limit * (1 - 1e-9)


def test_a_flow_that_no_pipe_takes_is_refused():
    catalogue = Catalogue.standard()
    with pytest.raises(TwinError, match=r"2 pipes carry up to 9000 kg/s.*DN 600.*wider pipes"):
        pipes.size([1.0, 5000.0, 9000.0], catalogue, WATER, 100.0)
    with pytest.raises(TwinError, match="2 pipes have no design flow"):
        pipes.size([1.0, -1.0, np.nan], catalogue, WATER, 100.0)


def test_a_catalogue_out_of_order_or_without_numbers_is_refused():
    two = np.array([0.2, 0.1])
    with pytest.raises(TwinError) as told:
        Catalogue(np.array([200, 100]), two, two, np.array([0.3, np.nan]), {"suburb": np.array([1.0, 0.0])})
    assert {p.column for p in told.value.problems} == {"loss_w_mk", "suburb", "inner_diameter_m"}


@given(st.integers(1, 10_000))
def test_coincidence_falls_from_one_towards_the_constant(count):
    g = float(pipes.coincidence(count))
    assert 0.4497 < g <= 1
    assert float(pipes.coincidence(count + 1)) <= g
    assert float(pipes.coincidence(54)) == pytest.approx(0.4497 + 0.5512 / 2, abs=0.002)


def test_the_factors_describe_water():
    assert Water.of(Factors.read().at(2024)) == WATER
