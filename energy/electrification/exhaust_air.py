r"""Heat pumps on exhaust air: they take no more heat than the air that leaves the building carries.

.. math:: E = 0.34 \, \dot V (1 - r)(T_{exhaust} - T_{leaving}), \qquad
   e_t = q_t - \min\left(q_t \frac{COP_t - 1}{COP_t}, \, E\right)

What the air does not give is made of electricity: by the compressor, and by a heater above what the air can give. Hot
water comes first and takes its heat evenly over the year; space heat gets what is left of the air's heat. The rest of the
heat has no other source, so that a cold house on exhaust air draws nearly as much as one with a heater.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.electrification.heat_pumps import degree_hours, hourly_cop

__all__ = ["air_heat_kw", "hot_water", "space_electricity", "space_shapes", "yearly_performance"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
_AIR_WH_M3K = 0.34  # heat that a cubic metre of air carries per degree, as in energy.buildings.seasonal
_HOURS = 8760
_STEP = np.log(1.1)  # classes of air per heat lie a tenth apart
_LEAST_KW_K = 1e-100  # a need so small that any air covers it; what is smaller still would overflow as a divisor


def air_heat_kw(buildings: pd.DataFrame, f: Mapping[str, float]) -> Floats:
    r"""Return the heat that can be drawn from the exhaust air of each building.

    .. math:: E = 0.34 \, n h A (1 - r) (T_{exhaust} - T_{leaving}) / 1000

    Parameters
    ----------
    buildings : DataFrame (n rows)
        floor_area_m2, room_height_m, air_change_ach (of the ventilation; what leaks out is not caught), heat_recovery: what
        an exchanger has taken already is not there to take.
    f : mapping
        The year's factors.

    Returns
    -------
    array (n,)
        [kW]

    Examples
    --------
    150 m2 and 0.4 air changes an hour are 150 m3/h, cooled by 20 K:

    >>> house = pd.DataFrame({"floor_area_m2": [150.0], "room_height_m": [2.5], "air_change_ach": [0.4], "heat_recovery": [0.0]})
    >>> air_heat_kw(house, {"heat_pump.exhaust_c": 20.0, "heat_pump.exhaust_leaving_c": 0.0}).round(6).tolist()
    [1.02]
    """
    volume = buildings["floor_area_m2"].to_numpy(float) * buildings["room_height_m"].to_numpy(float)
    kept = 1 - buildings["heat_recovery"].to_numpy(float)
    cooled_k = f["heat_pump.exhaust_c"] - f["heat_pump.exhaust_leaving_c"]
    return _AIR_WH_M3K * buildings["air_change_ach"].to_numpy(float) * volume * kept * cooled_k / 1000


def hot_water(hot_water_kwh: Floats, air_kw: Floats, f: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Return the electricity of hot water, and what it leaves of the air's heat.

    Parameters
    ----------
    hot_water_kwh : array (n,)
        Of a year [kWh].
    air_kw : array (n,)
        From :func:`air_heat_kw` [kW].
    f : mapping
        The year's factors.

    Returns
    -------
    (array (n,), array (n,))
        [kWh], [kW]

    Examples
    --------
    A COP of 2 would take half of a steady 0.5 kW from the air:

    >>> f = {"heat_pump.air.c0": 2.0, "heat_pump.air.c1": 0.0, "heat_pump.air.c2": 0.0, "heat_pump.exhaust_c": 20.0,
    ...     "heat_pump.least_lift_k": 15, "heat_pump.field_correction": 1, "heat_pump.hot_water_c": 50}
    >>> used, left = hot_water(np.array([4380.0, 4380.0]), np.array([1.0, 0.125]), f)
    >>> used.tolist(), left.tolist()
    ([2190.0, 3285.0], [0.75, 0.0])
    """
    cop = hourly_cop(np.zeros(1), "exhaust", f["heat_pump.hot_water_c"], f)
    drawn = np.minimum(hot_water_kwh / _HOURS * _from_air(cop), air_kw)
    return hot_water_kwh - _HOURS * drawn, air_kw - drawn


def space_electricity(heat: Floats, cop: Floats, air: Floats | float) -> Floats:
    r"""Return the electricity of space heat, by pump and heater together.

    .. math:: e_t = q_t - \min\left(q_t (1 - 1/COP_t), E\right)

    Parameters
    ----------
    heat : array (..., hours)
        In any unit of power.
    cop : array (hours,)
        [1]
    air : array (..., 1) or float
        Heat that the air can give, in the unit of `heat`.

    Returns
    -------
    array (..., hours)
        In the unit of `heat`.

    Examples
    --------
    >>> space_electricity(np.array([2.0, 6.0]), np.array([4.0, 2.0]), 1.6).tolist()
    [0.5, 4.4]
    """
    return heat - np.minimum(heat * _from_air(cop), air)


def yearly_performance(
    heat_kwh: Floats,
    hot_water_kwh: Floats,
    air_kw: Floats,
    radiator_at_0_c: Floats,
    temp_air_c: Floats,
    f: Mapping[str, float],
) -> tuple[Floats, Floats]:
    r"""Return useful heat per electricity over the year, for space heat and for hot water, heater included.

    Space heat follows the degree-hours :math:`d_t`, so that with :math:`a = Q / \sum d_t` and
    :math:`u_t = d_t (1 - 1/COP_t)`

    .. math:: \sum_t \min(a u_t, E) = a \sum_t \min(u_t, E / a),

    which sorted hours give for any number of buildings at once.

    Parameters
    ----------
    heat_kwh, hot_water_kwh : array (n,)
        Of a year [kWh].
    air_kw : array (n,)
        From :func:`air_heat_kw` [kW].
    radiator_at_0_c : array (n,)
        Supply temperature at 0 degC outdoors [degC].
    temp_air_c : array (8760,)
        [degC]
    f : mapping
        The year's factors.

    Returns
    -------
    (array (n,), array (n,))
        [1]; 1 where nothing is needed or the air gives nothing.
    """
    water_kwh, left = hot_water(hot_water_kwh, air_kw, f)
    degrees = degree_hours(temp_air_c, f["heat_pump.heating_threshold_c"])
    per_degree = heat_kwh / max(float(degrees.sum()), 1e-9)
    drawn = np.zeros(len(heat_kwh))
    for at_0_c in np.unique(radiator_at_0_c):
        of_class = (radiator_at_0_c == at_0_c) & (per_degree > 0)
        u = np.sort(degrees * _from_air(hourly_cop(temp_air_c, "exhaust", at_0_c - temp_air_c, f)))
        upto = np.append(0.0, np.cumsum(u))
        most = left[of_class] / np.maximum(per_degree[of_class], _LEAST_KW_K)
        below = np.searchsorted(u, most)
        drawn[of_class] = per_degree[of_class] * (upto[below] + most * (len(u) - below))
    return _ratio(heat_kwh, heat_kwh - drawn), _ratio(hot_water_kwh, water_kwh)


def space_shapes(
    heat_kwh: Floats, left_kw: Floats, radiator_c: Whole, kind: Whole, space: Floats,
    temp_air_c: Floats, f: Mapping[str, float],
) -> tuple[Whole, Floats]:  # fmt: skip
    """Return the hours of space heat's electricity: few shapes, and which of them each building follows.

    Buildings are alike whose air per heat, whole degree of supply temperature and kind of use are the same; classes of air
    per heat lie a tenth apart.

    Parameters
    ----------
    heat_kwh, left_kw : array (n,)
        Space heat of the year [kWh], and what hot water leaves of the air's heat [kW].
    radiator_c, kind : array (n,) of int
        Supply temperature at 0 degC outdoors [degC], and row of `space`.
    space : array (kinds, 8760)
        Share of the year's space heat in each hour.
    temp_air_c : array (8760,)
        [degC]
    f : mapping
        The year's factors.

    Returns
    -------
    (array (n,) of int, array (shapes, 8760))
        Electricity per kWh of space heat in the year [kWh/kWh].
    """
    per_heat = np.divide(left_kw, heat_kwh, out=np.zeros(len(heat_kwh)), where=heat_kwh > 0)
    log = np.log(np.maximum(per_heat, 1e-12)) / _STEP
    keys = np.column_stack([np.rint(log).astype(np.int64), radiator_c, kind])
    classes, row = np.unique(keys, axis=0, return_inverse=True)
    shapes = np.zeros((len(classes), len(temp_air_c)))
    for k, (air, at_0_c, use) in enumerate(classes):
        cop = hourly_cop(temp_air_c, "exhaust", at_0_c - temp_air_c, f)
        shapes[k] = space_electricity(space[use], cop, float(np.exp(air * _STEP)))
    return row.reshape(-1).astype(np.int64), shapes


def _from_air(cop: Floats) -> Floats:
    """Return the share of the pump's heat that comes from the air."""
    return np.maximum(1 - 1 / cop, 0.0)


def _ratio(heat: Floats, electricity: Floats) -> Floats:
    return np.divide(heat, electricity, out=np.ones(len(heat)), where=electricity > 0)
