"""Heat pumps hour by hour: the coefficient of performance follows the weather, the yearly factor follows the load.

References
----------
.. [1] Ruhnau, O., Hirth, L., Praktiknjo, A., "Time series of heat demand and heat pump efficiency for energy system
   modeling", Scientific Data 6:189, 2019 (When2Heat).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["cop", "degree_hours", "seasonal_performance", "yearly_performance"]

Floats = npt.NDArray[np.float64]


def cop(lift_k: Floats, c0: float, c1: float, c2: float, least_lift_k: float = 15.0) -> Floats:
    r"""Return the coefficient of performance at a temperature lift.

    .. math:: COP = c_0 + c_1 \Delta T + c_2 \Delta T^2, \quad \Delta T = \max(15, T_{sink} - T_{source})

    Parameters
    ----------
    lift_k : array
        Sink minus source [K].
    c0, c1, c2 : float
        Of the source [1, 1/K, 1/K2], see [1]_.
    least_lift_k : float
        [K]

    Returns
    -------
    array
        [1]

    Examples
    --------
    >>> cop(np.array([35.0, 60.0]), 6.08, -0.0941, 0.000464).round(4).tolist()
    [3.3549, 2.1044]
    >>> round(float(cop(np.array(35.0), 10.29, -0.2084, 0.001322)), 4)
    4.6154
    """
    lift = np.maximum(least_lift_k, lift_k)
    return c0 + c1 * lift + c2 * lift**2


def degree_hours(temp_air_c: Floats, threshold_c: float) -> Floats:
    """Return the heating degrees of each hour [K].

    Examples
    --------
    >>> degree_hours(np.array([-10.0, 20.0]), 13.16).tolist()
    [23.16, 0.0]
    """
    return np.maximum(threshold_c - temp_air_c, 0.0)


def seasonal_performance(load: Floats, hourly_cop: Floats) -> float:
    r"""Return the yearly performance of a heat pump.

    .. math:: SPF = \sum_t q_t \Big/ \sum_t q_t / COP_t

    Parameters
    ----------
    load : array (hours,)
        Heat of each hour, in any unit.
    hourly_cop : array (hours,)
        [1]

    Returns
    -------
    float
        [1]

    Examples
    --------
    >>> seasonal_performance(np.array([1.0, 1.0]), np.array([2.0, 4.0]))
    2.6666666666666665
    """
    return float(load.sum() / (load / hourly_cop).sum())


def yearly_performance(temp_air_c: Floats, source: str, f: Mapping[str, float]) -> tuple[float, float]:
    """Return the yearly performance for space heat and for hot water.

    Radiators need the warmer water the colder it is outside; the ground stays at the year's mean temperature.

    Parameters
    ----------
    temp_air_c : array (8760,)
        Outdoor temperature [degC].
    source : str
        ``"air"`` or ``"ground"``.
    f : mapping
        The year's factors.

    Returns
    -------
    (float, float)
        For space heat and for hot water [1].
    """
    if source == "air":
        curve = f["heat_pump.air.c0"], f["heat_pump.air.c1"], f["heat_pump.air.c2"]
        from_c = temp_air_c
    else:
        curve = f["heat_pump.ground.c0"], f["heat_pump.ground.c1"], f["heat_pump.ground.c2"]
        from_c = np.full_like(temp_air_c, temp_air_c.mean() - f["heat_pump.brine_drop_k"])
    least, correction = f["heat_pump.least_lift_k"], f["heat_pump.field_correction"]
    space = correction * cop(f["heat_pump.radiator_at_0_c"] - temp_air_c - from_c, *curve, least)
    water = correction * cop(f["heat_pump.hot_water_c"] - from_c, *curve, least)
    load = degree_hours(temp_air_c, f["heat_pump.heating_threshold_c"])
    return seasonal_performance(load, space), seasonal_performance(np.ones_like(load), water)
