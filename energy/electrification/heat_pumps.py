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

__all__ = [
    "cop",
    "degree_hours",
    "hourly_cop",
    "performance_by_radiator",
    "seasonal_performance",
    "yearly_performance",
]

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
    space = performance_by_radiator(temp_air_c, source, np.array([f["heat_pump.radiator_at_0_c"]]), f)
    from_c = _source_c(temp_air_c, source, f)
    water = _field_cop(f["heat_pump.hot_water_c"] - from_c, source, f)
    return float(space[0]), seasonal_performance(np.ones_like(temp_air_c), water)


def performance_by_radiator(temp_air_c: Floats, source: str, radiator_at_0_c: Floats, f: Mapping[str, float]) -> Floats:
    r"""Return the yearly performance for space heat of each building, by the water that its radiators need.

    .. math:: T_{supply} = T_0 - T_{air}

    Each distinct supply temperature is calculated once, so a city of many buildings costs no more than one of few.

    Parameters
    ----------
    temp_air_c : array (8760,)
        Outdoor temperature [degC].
    source : str
        ``"air"`` or ``"ground"``.
    radiator_at_0_c : array (n,)
        :math:`T_0`, supply temperature at 0 degC outdoors [degC].
    f : mapping
        The year's factors.

    Returns
    -------
    array (n,)
        [1]

    Examples
    --------
    A steady 0 degC outdoors, ground at 0 - 5 degC: lifts of 45 and 35 K.

    >>> f = {"heat_pump.ground.c0": 10.29, "heat_pump.ground.c1": -0.2084, "heat_pump.ground.c2": 0.001322,
    ...     "heat_pump.brine_drop_k": 5, "heat_pump.least_lift_k": 15, "heat_pump.field_correction": 1,
    ...     "heat_pump.heating_threshold_c": 13.16}
    >>> performance_by_radiator(np.zeros(24), "ground", np.array([40.0, 30.0, 40.0]), f).round(4).tolist()
    [3.589, 4.6154, 3.589]
    """
    distinct, which = np.unique(radiator_at_0_c, return_inverse=True)
    from_c = _source_c(temp_air_c, source, f)
    load = degree_hours(temp_air_c, f["heat_pump.heating_threshold_c"])
    found = [seasonal_performance(load, _field_cop(t - temp_air_c - from_c, source, f)) for t in distinct]
    return np.array(found, float)[which]


def hourly_cop(temp_air_c: Floats, source: str, sink_c: Floats | float, f: Mapping[str, float]) -> Floats:
    """Return the performance of each hour as it is in the field.

    Exhaust air has the temperature of the rooms; its curve is that of outdoor air, which is assumed.

    Parameters
    ----------
    temp_air_c : array (hours,)
        Outdoor temperature [degC].
    source : str
        ``"air"``, ``"ground"`` or ``"exhaust"``.
    sink_c : array (hours,) or float
        Of the water that is heated [degC].
    f : mapping
        The year's factors.

    Returns
    -------
    array (hours,)
        [1]

    Examples
    --------
    At -10 degC radiators of 40 - T need 50 degC: lifts of 60 K from outdoor air and of 30 K from exhaust air.

    >>> f = {"heat_pump.air.c0": 6.08, "heat_pump.air.c1": -0.0941, "heat_pump.air.c2": 0.000464,
    ...     "heat_pump.exhaust_c": 20, "heat_pump.least_lift_k": 15, "heat_pump.field_correction": 0.85}
    >>> [round(float(hourly_cop(np.array([-10.0]), s, 50.0, f)[0]), 4) for s in ("air", "exhaust")]
    [1.7887, 3.1234]
    """
    return _field_cop(np.asarray(sink_c - _source_c(temp_air_c, source, f), float), source, f)


def _source_c(temp_air_c: Floats, source: str, f: Mapping[str, float]) -> Floats:
    if source == "air":
        return temp_air_c
    if source == "exhaust":
        return np.full_like(temp_air_c, f["heat_pump.exhaust_c"])
    return np.full_like(temp_air_c, temp_air_c.mean() - f["heat_pump.brine_drop_k"])


def _field_cop(lift_k: Floats, source: str, f: Mapping[str, float]) -> Floats:
    """Return the performance as measured in the field, which is below that of the data sheet."""
    curve = "air" if source == "exhaust" else source
    c0, c1, c2 = (f[f"heat_pump.{curve}.c{k}"] for k in range(3))
    return f["heat_pump.field_correction"] * cop(lift_k, c0, c1, c2, f["heat_pump.least_lift_k"])
