"""The ways of heating that a building can choose between: what their equipment costs and how well it performs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.annuity import annuity
from energy.electrification.heat_pumps import cop, degree_hours, seasonal_performance
from twin import reference

__all__ = ["OPTIONS", "Performance", "capital_sek_year", "performance", "top_up_share"]

Floats = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]

OPTIONS = ("district_heating", "ground_heat_pump", "air_heat_pump", "shared_loop")


@dataclass(frozen=True)
class Performance:
    """A heat pump's performance; arrays have the shape (n,).

    Attributes
    ----------
    space : array
        Over the year, for space heat [1].
    coldest : array
        In the coldest weather that heating is sized for [1].
    hot_water : float
        Over the year [1].
    """

    space: Floats
    coldest: Floats
    hot_water: float


def performance(option: str, temp_air_c: Floats, radiator_at_0_c: Floats, f: Mapping[str, float]) -> Performance:
    """Return the performance of a building's own heat pump, or of one on a shared loop.

    Parameters
    ----------
    option : str
        ``"ground_heat_pump"``, ``"air_heat_pump"`` or ``"shared_loop"``.
    temp_air_c : array (8760,)
        [degC]
    radiator_at_0_c : array (n,)
        Supply temperature of the radiators at 0 degC outdoors; it rises by one degree for each that it gets colder.
    f : mapping
        The year's factors.

    Returns
    -------
    Performance
    """
    kind = {"ground_heat_pump": "ground", "air_heat_pump": "air", "shared_loop": "water"}[option]
    c0, c1, c2 = (f[f"heat_pump.{kind}.c{k}"] for k in range(3))
    least, field = f["heat_pump.least_lift_k"], f["heat_pump.field_correction"]

    def field_cop(lift_k: Floats) -> Floats:
        return field * cop(np.minimum(lift_k, -c1 / (2 * c2)), c0, c1, c2, least)  # the curve may not rise again

    outdoor = f["heat.design_outdoor_c"]
    if kind == "air":
        source, at_coldest = temp_air_c, outdoor
    else:
        steady = f["shared_loop.source_c"] if kind == "water" else temp_air_c.mean() - f["heat_pump.brine_drop_k"]
        source, at_coldest = np.full_like(temp_air_c, steady), steady
    distinct, which = np.unique(radiator_at_0_c, return_inverse=True)
    load = degree_hours(temp_air_c, f["heat_pump.heating_threshold_c"])
    if not load.any():
        load = np.ones_like(load)  # never cold: any weights do, since there is no space heat
    space = np.array([seasonal_performance(load, field_cop(t - temp_air_c - source)) for t in distinct], float)
    return Performance(
        space[which],
        field_cop(distinct - outdoor - at_coldest)[which],
        seasonal_performance(np.ones_like(temp_air_c), field_cop(f["heat_pump.hot_water_c"] - source)),
    )


def top_up_share(degrees: Floats, coldest_k: float, share_of_peak: float) -> float:
    r"""Return the share of the year's space heat that a heat pump smaller than the peak leaves to an immersion heater.

    .. math:: \sum_t \max(q_t - \beta \hat q, 0) \Big/ \sum_t q_t

    Parameters
    ----------
    degrees : array (hours,)
        Heating degrees of each hour [K].
    coldest_k : float
        Heating degrees in the coldest weather that heating is sized for [K].
    share_of_peak : float
        [1]

    Returns
    -------
    float
        [1]

    Examples
    --------
    >>> top_up_share(np.array([10.0, 20.0, 30.0]), 30.0, 0.7)
    0.15
    """
    total = float(degrees.sum())
    return float(np.maximum(degrees - share_of_peak * coldest_k, 0).sum() / total) if total > 0 else 0.0


def _prices() -> pd.DataFrame:
    """Return what each option buys, with prices filled from the table of measures' costs."""
    items = reference.table("heating_options")
    priced = reference.table("measure_costs").set_index("item")
    for column in ("cost_sek_per_unit", "cost_low", "cost_high", "lifetime_years"):
        items[column] = items[column].fillna(items["item"].map(priced[column]))
    return items


def capital_sek_year(
    amounts: Mapping[str, Floats], connected: Truth, f: Mapping[str, float], price_ends: Mapping[str, str] | None = None
) -> Floats:
    r"""Return what the equipment costs a year, :math:`\sum_k I_k (a_k + u_k)`: annuity and upkeep.

    Parameters
    ----------
    amounts : mapping of str to array (n,)
        How much each building needs of what has a price: ``building``, ``heat_peak_kw``, ``heat_pump_kw``, ``trench_m``.
    connected : array (n,) of bool
        To district heating already: what is bought once is not bought again.
    f : mapping
        The year's factors.
    price_ends : mapping of str to str, optional
        By option ``"cost_low"`` or ``"cost_high"`` instead of the best estimate.

    Returns
    -------
    array (options, n)
        [SEK/year]

    Examples
    --------
    A building of 10 kW on the loop, without interest: (8000 (1/20 + .01) + 9000 (1/40 + .005)) 10 + 60000 (1/40 + .005)

    >>> one = {"building": np.ones(1), "heat_peak_kw": np.array([14.0]), "heat_pump_kw": np.array([10.0]), "trench_m": np.zeros(1)}
    >>> capital_sek_year(one, np.array([False]), {"money.real_rate": 0.0})[3].round(6).tolist()
    [9300.0]
    """
    items = _prices()
    rate, ends = f["money.real_rate"], price_ends or {}
    out = np.zeros((len(OPTIONS), len(connected)))
    for item in items.to_dict("records"):
        price = item[ends.get(str(item["option"]), "cost_sek_per_unit")]
        yearly = price * (float(annuity(rate, item["lifetime_years"])) + item["upkeep_share"])
        paid = np.where(connected & (item["once"] == "yes"), 0.0, amounts[str(item["quantity"])])
        out[OPTIONS.index(str(item["option"]))] += yearly * paid
    return out
