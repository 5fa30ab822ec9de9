"""Heat pumps, charging, solar cells and peaks against published figures."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from energy.electrification import charging, heat_pumps, photovoltaics, velander
from twin import Factors, reference

FACTORS = Factors.read().at(2024)
# Ruhnau, Hirth, Praktiknjo (2019), When2Heat, Table 2: source, lift [K], COP
WHEN2HEAT = [
    ("air", 15, 4.7729), ("air", 25, 4.0175), ("air", 35, 3.3549), ("air", 45, 2.7851), ("air", 60, 2.1044),
    ("ground", 15, 7.4614), ("ground", 35, 4.6154), ("ground", 5, 7.4614),
]  # fmt: skip


def curve(source):
    return [FACTORS[f"heat_pump.{source}.c{k}"] for k in range(3)]


@pytest.mark.parametrize(("source", "lift", "published"), WHEN2HEAT)
def test_performance_follows_the_published_curves(source, lift, published):
    found = heat_pumps.cop(np.array(float(lift)), *curve(source), FACTORS["heat_pump.least_lift_k"])
    assert found == pytest.approx(published, abs=5e-5)


def test_the_whole_published_table(shared):
    table = pd.read_csv(shared / "heat" / "when2heat" / "cop_curve_expected.csv")
    for name, source in (("ASHP", "air"), ("GSHP", "ground")):
        rows = table[table["source"] == name]
        assert len(rows) >= 8
        np.testing.assert_allclose(
            heat_pumps.cop(rows["delta_t_K"].to_numpy(float), *curve(source)), rows["cop"], atol=5e-5
        )


def test_a_colder_year_costs_performance():
    hour = np.arange(8760)
    mild = 8.5 - 9 * np.cos(2 * np.pi * hour / 8760)
    for source in ("air", "ground"):
        warm, cold = (heat_pumps.yearly_performance(t, source, FACTORS) for t in (mild, mild - 6))
        assert 1.5 < cold[0] < warm[0] < 6
        assert cold[1] < warm[1]
    assert (
        heat_pumps.yearly_performance(mild, "ground", FACTORS)[0]
        > heat_pumps.yearly_performance(mild, "air", FACTORS)[0]
    )


def test_velander_of_one_house_and_of_a_hundred():
    house = reference.table("velander").set_index("category").loc["house"]
    k1, k2 = np.array([house["k1"]]), np.array([house["k2"]])
    assert (k1[0], k2[0]) == (0.0003, 0.025)
    one, hundred = velander.peak_kw(np.array([[20_000.0], [2_000_000.0]]), k1, k2)
    assert one == pytest.approx(9.54, abs=0.005)
    assert hundred / 100 == pytest.approx(6.35, abs=0.005)


@given(hnp.arrays(float, (4, 3), elements=st.floats(0, 1e7)))
def test_many_customers_peak_lower_together_than_alone(energy):
    k1, k2 = np.array([0.0003, 0.00026, 0.0002]), np.array([0.025, 0.014, 0.02])
    alone = velander.peak_kw(energy, k1, k2).sum()
    together = velander.peak_kw(energy.sum(axis=0)[None], k1, k2)[0]
    assert together <= alone + 1e-6


def test_charging_energy_of_an_area():
    # 10,000 inhabitants, 0.341 cars each, 11,000 km, every fifth on electricity, 0.20 kWh/km
    found = charging.area_energy_kwh(np.array([10_000.0]), 0.341, 11_000, 0.2, FACTORS["ev.energy_kwh_per_km"])
    assert FACTORS["ev.energy_kwh_per_km"] == 0.20
    assert found[0] == pytest.approx(10_000 * 0.341 * 11_000 * 0.2 * 0.20)


@given(
    hnp.arrays(float, 3, elements=st.floats(0, 1e6)),
    st.lists(
        st.tuples(st.integers(-1, 2), st.just(0.0) | st.floats(0.01, 1e4), st.floats(0.1, 1e4)), min_size=1, max_size=12
    ),
)
def test_sharing_out_loses_nothing(energy, buildings):
    area, homes, fallback = (np.array(c) for c in zip(*buildings, strict=True))
    given_out, kept = charging.share_out(energy, area.astype(int), homes.astype(float), fallback.astype(float))
    assert (given_out >= 0).all()
    assert given_out.sum() + kept.sum() == pytest.approx(energy.sum(), rel=1e-9, abs=1e-6)
    assert (given_out[area < 0] == 0).all()


def test_a_roof_of_solar_cells_gives_what_swedish_roofs_give():
    per_kw = photovoltaics.yearly_kwh(
        np.array([1 / FACTORS["photovoltaics.efficiency"]]),
        FACTORS["photovoltaics.irradiation_kwh_m2"],
        FACTORS["photovoltaics.efficiency"],
        FACTORS["photovoltaics.performance_ratio"],
    )[0]
    assert 800 < per_kw < 1100  # kWh per kW and year in southern Sweden
