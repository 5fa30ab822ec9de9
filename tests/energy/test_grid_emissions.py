"""Factors of the grid: cited numbers, two ledgers, and never a silent zero."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from energy.electrification.grid_emissions import PERSPECTIVES, grid_factor
from twin import Factors
from twin.errors import FactorError, TwinError

F = Factors.read().at(2024)


@pytest.mark.parametrize(("perspective", "g_kwh"), [("swedish", 20), ("nordic", 59), ("residual", 468)])
def test_the_cited_averages(perspective, g_kwh):
    found = grid_factor(perspective, F)
    assert found.average_kg_kwh.shape == (8760,)
    assert set(found.average_kg_kwh) == {g_kwh / 1000}
    assert not found.average_hourly
    assert f"the same {g_kwh} g/kWh in every hour; no hourly series was given" in found.basis()["bookkeeping"]
    # 129.9 g/MJ of the residual mix, as it was published
    assert pytest.approx(1000 * F["electricity.residual_mix"], abs=0.5) == 129.9 * 3.6


def test_a_series_of_one_s_own_is_used_hour_by_hour():
    hour = np.arange(8760)
    own = 0.03 + 0.02 * np.sin(hour / 24 * 2 * np.pi)
    factor = grid_factor("own", F, own_kg_kwh=own)
    assert factor.average_hourly
    assert not factor.marginal_hourly
    evening = (hour % 24 == 6).astype(float)
    assert factor.emitted_kg(evening)["bookkeeping"] == pytest.approx(365 * 0.05)
    assert "from 10 to 50 g/kWh, 30 on average" in factor.basis()["bookkeeping"]
    assert "the same 300 g/kWh" in factor.basis()["decision"]


@given(hnp.arrays(float, (3, 24), elements=st.floats(-100, 100)), hnp.arrays(float, 24, elements=st.floats(0, 2)))
def test_emissions_of_areas_add_up_and_the_ledgers_stay_apart(power, marginal):
    factor = grid_factor("nordic", F, hours=24, marginal_kg_kwh=marginal)
    areas, together = factor.emitted_kg(power), factor.emitted_kg(power.sum(axis=0))
    for ledger in ("bookkeeping", "decision"):
        assert areas[ledger].sum() == pytest.approx(together[ledger], rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(areas["bookkeeping"], power.sum(axis=1) * 0.059, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(areas["decision"], (power * marginal).sum(axis=1), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("key", ["electricity.swedish_mix", "electricity.marginal"])
def test_a_missing_factor_is_an_error(key):
    given_ = {k: v for k, v in F.items() if k != key}
    with pytest.raises(FactorError, match=f"{key}.*missing"):
        grid_factor("swedish", given_)
    with pytest.raises(TwinError, match="a blank is not a zero"):
        grid_factor("swedish", {**F, key: float("nan")})


def test_what_is_no_series_of_factors_is_refused():
    gap = np.full(8760, 0.05)
    gap[[17, 30]] = np.nan
    with pytest.raises(TwinError, match="blank in 2 hours, the first is 17"):
        grid_factor("own", F, own_kg_kwh=gap)
    with pytest.raises(TwinError, match="in kg, not in g"):
        grid_factor("own", F, own_kg_kwh=np.full(8760, 59.0))
    with pytest.raises(TwinError, match="from 0 to"):
        grid_factor("nordic", F, marginal_kg_kwh=np.full(8760, -0.1))
    with pytest.raises(TwinError, match="one number for each"):
        grid_factor("own", F, own_kg_kwh=np.full(8784, 0.05))
    with pytest.raises(TwinError, match="needs a series"):
        grid_factor("own", F)
    with pytest.raises(TwinError, match="choose 'own'"):
        grid_factor("nordic", F, own_kg_kwh=np.full(8760, 0.05))
    with pytest.raises(TwinError, match="did you mean 'nordic'"):
        grid_factor("nordik", F)


def test_a_load_with_gaps_or_other_hours_is_refused():
    factor = grid_factor(PERSPECTIVES[0], F)
    with pytest.raises(TwinError, match="8784 hours"):
        factor.emitted_kg(np.ones(8784))
    with pytest.raises(TwinError, match="blank in 1 hours"):
        factor.emitted_kg(np.append(np.ones(8759), np.nan))
