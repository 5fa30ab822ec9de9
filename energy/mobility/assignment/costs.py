r"""What a link costs at a flow, in hours: its time when it is full, and what else a driver weighs against time.

.. math:: c_a(v) = t_a \left(1 + B_a (v / C_a)^{p_a}\right) + f_a, \quad
          Z = \sum_a \int_{m_a}^{m_a + x_a} c_a(v) \, dv, \quad v = m_a + x_a

where :math:`x` is the flow that is being assigned and :math:`m` one that is on the link whatever happens, such as lorries
in passenger-car equivalents. The loops work on four numbers a link: a free cost, a rise, one over the capacity, a power.
A link whose cost does not rise (:math:`B = 0`, :math:`p = 0` or :math:`t = 0`) needs no capacity.

References
----------
.. [1] FHWA, "Delay-Volume Relations for Travel Forecasting", chapter 4: the function of the Bureau of Public Roads.
.. [2] Beckmann, M., McGuire, C. B., Winsten, C. B., "Studies in the Economics of Transportation", 1956.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

__all__ = ["evaluate", "fixed_cost_h", "line_search", "link_time_h", "rising"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_HUGE = 1e100  # a load factor to a power is cut here, so that sums over links stay finite
_TINY = 1e-9  # the slope of a power below one is taken here at the least; at zero it is infinite
_EXACT = 1e-10  # of the step; Newton's next would be far below rounding
_TRIES = 60


def link_time_h(flow_vph: Floats, free_flow_time_h: Floats, capacity_vph: Floats, b: Floats, power: Floats) -> Floats:
    r"""Return the time that a link takes at a flow.

    .. math:: t(v) = t_0 \left(1 + B (v / C)^p\right)

    Parameters
    ----------
    flow_vph, free_flow_time_h, capacity_vph, b, power : array (n,)
        [1/h], [h], [1/h], [1], [1]; the capacity may be 0 or NaN where the time does not rise.

    Returns
    -------
    array (n,)
        [h]

    Examples
    --------
    A street at its capacity takes 15 % longer; one without a capacity always the same:

    >>> t = link_time_h(np.array([800.0, 900.0]), np.array([0.1, 0.1]), np.array([800.0, np.nan]), np.array([0.15, 0.0]), np.array([4.0, 4.0]))
    >>> t.round(4).tolist()
    [0.115, 0.1]
    """
    rises = rising(free_flow_time_h, b, power)
    load = np.divide(flow_vph, capacity_vph, out=np.zeros(len(b)), where=rises)
    extra = np.where(rises, b * load ** np.where(rises, power, 1.0), np.where(power == 0, b, 0.0))
    total: Floats = free_flow_time_h * (1 + extra)
    return total


def rising(free_flow_time_h: Floats, b: Floats, power: Floats) -> Flags:
    """Return whether a link's time rises with its flow; where it does not, its capacity has no meaning.

    Examples
    --------
    >>> rising(np.array([0.1, 0.0, 0.1]), np.array([0.15, 0.15, 0.0]), np.array([4.0, 4.0, 4.0])).tolist()
    [True, False, False]
    """
    return (free_flow_time_h > 0) & (b > 0) & (power > 0)


def fixed_cost_h(
    toll_sek: Floats, length_km: Floats, *, value_of_time_sek_h: float, distance_cost_sek_km: float = 0.0
) -> Floats:
    r"""Return what a link costs besides time, in hours: a charge and the cost of driving, at the value of time.

    .. math:: f = (\tau + k L) / w

    Parameters
    ----------
    toll_sek, length_km : array (n,)
        Charge of one passage [SEK] and length [km].
    value_of_time_sek_h : float
        What an hour is worth [SEK/h].
    distance_cost_sek_km : float
        Fuel and the like [SEK/km].

    Returns
    -------
    array (n,)
        [h]

    Examples
    --------
    A charge of 22 SEK weighs as much as 11 minutes to those who value an hour at 120 SEK:

    >>> float(fixed_cost_h(np.array([22.0]), np.array([1.0]), value_of_time_sek_h=120.0)[0] * 60)
    11.0
    """
    cost: Floats = (toll_sek + distance_cost_sek_km * length_km) / value_of_time_sek_h
    return cost


@nb.njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _before_last(load: Any, power: Any) -> Any:
    """Return the load factor to the power less one; the power four, which nearly all have, without a logarithm."""
    if power == 4.0:
        return min(load * load * load, _HUGE)
    if power == 1.0:
        return 1.0
    if load <= 0.0 and power > 1.0:
        return 0.0
    return min(max(load, _TINY) ** (power - 1.0), _HUGE)


@nb.njit(nogil=True, cache=True, error_model="numpy")
def evaluate(x: Any, fixed: Any, free: Any, rise: Any, per: Any, power: Any, cost: Any, slope: Any) -> float:
    """Set the cost of each link and its slope; return the objective, up to what the fixed flow alone makes of it."""
    total = 0.0
    for a in range(len(x)):
        v, k = x[a] + fixed[a], rise[a]
        total += free[a] * x[a]
        cost[a], slope[a] = free[a], 0.0
        if k > 0.0:
            load = v * per[a]
            q = _before_last(load, power[a])
            full = min(q * load, _HUGE)
            cost[a] += k * full
            slope[a] = k * power[a] * per[a] * q
            total += k / (power[a] + 1.0) * full * v
    return total


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _along(step: Any, x: Any, s: Any, fixed: Any, free: Any, rise: Any, per: Any, power: Any) -> tuple[float, float]:
    """Return the first and second derivative of the objective at a step from `x` towards `s`."""
    first, second = 0.0, 0.0
    for a in range(len(x)):
        d = s[a] - x[a]
        if d == 0.0:
            continue
        first += free[a] * d
        if rise[a] > 0.0:
            load = max(x[a] + step * d, 0.0) * per[a] + fixed[a] * per[a]
            q = _before_last(load, power[a])
            first += rise[a] * min(q * load, _HUGE) * d
            second += rise[a] * power[a] * per[a] * q * d * d
    return first, second


@nb.njit(nogil=True, cache=True, error_model="numpy")
def line_search(x: Any, s: Any, fixed: Any, free: Any, rise: Any, per: Any, power: Any) -> float:
    """Return the step in [0, 1] from `x` towards `s` with the least objective: Newton's, kept between its bounds."""
    if _along(1.0, x, s, fixed, free, rise, per, power)[0] <= 0.0:
        return 1.0
    low, high, step = 0.0, 1.0, 0.0
    for _ in range(_TRIES):
        first, second = _along(step, x, s, fixed, free, rise, per, power)
        if first > 0.0:
            high = step
        else:
            low = step
        new = step - first / second if second > 0.0 else 0.5 * (low + high)
        if not low < new < high:
            new = 0.5 * (low + high)
        near = abs(new - step) <= _EXACT * new
        step = new
        if near:
            break
    return step
