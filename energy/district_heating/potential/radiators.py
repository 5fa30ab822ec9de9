"""What water radiators need: by the load they were sized for, and the load they have.

References
----------
.. [1] EN 442-2, Radiators and convectors: heat output follows the mean excess temperature to the power of the
   radiator's exponent.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["design_temperatures_c", "log_mean_excess_k", "radiator_temperatures_c"]

Floats = npt.NDArray[np.float64]


def log_mean_excess_k(supply_c: Floats, return_c: Floats, room_c: Floats) -> Floats:
    r"""Return how much warmer than the room a radiator is, as the logarithmic mean.

    .. math:: \Delta\theta = \frac{T_s - T_r}{\ln\big((T_s - T_i) / (T_r - T_i)\big)}

    Parameters
    ----------
    supply_c, return_c, room_c : array
        [degC]

    Returns
    -------
    array
        [K]

    Examples
    --------
    >>> log_mean_excess_k(np.array([75.0, 80.0, 55.0]), np.array([65.0, 60.0, 45.0]), np.array(20.0)).round(2).tolist()
    [49.83, 49.33, 29.72]
    """
    return (supply_c - return_c) / np.log((supply_c - room_c) / (return_c - room_c))


def radiator_temperatures_c(
    load_ratio: Floats, supply_c: Floats, return_c: Floats, room_c: Floats, exponent: float
) -> tuple[Floats, Floats]:
    r"""Return the water that radiators need for another load than they were sized for, at the same flow.

    Their output follows the excess temperature [1]_, :math:`r = (\Delta\theta / \Delta\theta_0)^n`, and the water cools
    in proportion to it, :math:`T_s - T_r = r (T_{s,0} - T_{r,0}) = \sigma`. The logarithmic mean can then be solved:

    .. math:: T_s = T_i + \frac{\sigma}{1 - e^{-\sigma/\Delta\theta}}, \qquad \Delta\theta = \Delta\theta_0\, r^{1/n}

    Parameters
    ----------
    load_ratio : array
        Heat needed per heat at the sizing temperatures [1].
    supply_c, return_c, room_c : array
        That the radiators were sized for [degC].
    exponent : float
        :math:`n` [1]

    Returns
    -------
    (array, array)
        Supply and return [degC].

    Examples
    --------
    Sized for 80/60, before and after a renovation that takes away 40 % of the load:

    >>> supply, back = radiator_temperatures_c(np.array([1.0, 0.6, 0.0]), 80.0, 60.0, 20.0, 1.3)
    >>> supply.round(2).tolist(), back.round(2).tolist()
    ([80.0, 59.65, 20.0], [60.0, 47.65, 20.0])
    """
    ratio = np.asarray(load_ratio, float)
    cooling = ratio * (supply_c - return_c)
    excess = log_mean_excess_k(supply_c, return_c, room_c) * ratio ** (1 / exponent)
    steep = np.divide(cooling, excess, out=np.full(np.broadcast(cooling, excess).shape, np.nan), where=excess > 0)
    above = np.where(ratio == 0, 0.0, cooling / -np.expm1(-np.where(ratio == 0, 1.0, steep)))
    return room_c + above, room_c + above - cooling


def design_temperatures_c(year_built: Floats, f: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Return the supply and return that a building's radiators were sized for [degC], by its year of construction.

    Examples
    --------
    >>> f = {"radiator.new_from_year": 1984, "radiator.old_supply_c": 80, "radiator.old_return_c": 60,
    ...     "radiator.new_supply_c": 55, "radiator.new_return_c": 45}
    >>> [t.tolist() for t in design_temperatures_c(np.array([1965, 1995]), f)]
    [[80, 55], [60, 45]]
    """
    new = np.asarray(year_built) >= f["radiator.new_from_year"]
    supply = np.where(new, f["radiator.new_supply_c"], f["radiator.old_supply_c"])
    return supply, np.where(new, f["radiator.new_return_c"], f["radiator.old_return_c"])
