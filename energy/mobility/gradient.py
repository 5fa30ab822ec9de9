r"""What a slope costs: a street is driven up and down, and braking does not give all back.

With the work against the slope :math:`s = m g \sin\theta` and the work on the level :math:`w = \eta \, e`, both per km,

.. math:: e_{up} = \frac{w + s}{\eta}, \quad
          e_{down} = \begin{cases} (w - s) / \eta & s \le w \\ -r (s - w) & s > w \end{cases}

where :math:`r` is the share that returns to the battery, 0 for an engine. Their mean is the level's until the slope
exceeds what the vehicle needs on the level, and never negative.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["slope_factor", "slope_work_mj_km"]

Floats = npt.NDArray[np.float64]
_GRAVITY_M_S2 = 9.81
_J_PER_MJ_M_PER_KM = 1000.0


def slope_work_mj_km(mass_kg: Any, slope: Any) -> Floats:
    """Return the work against a slope.

    Parameters
    ----------
    mass_kg : array
        [kg]
    slope : array
        Rise per horizontal run [1].

    Returns
    -------
    array
        [MJ/km], negative downhill.

    Examples
    --------
    >>> slope_work_mj_km(1600.0, np.array([0.0, 0.06])).round(4).tolist()
    [0.0, 0.9401]
    """
    tangent = np.asarray(slope, float)
    sine = tangent / np.sqrt(1 + tangent**2)
    return np.asarray(np.asarray(mass_kg, float) * _GRAVITY_M_S2 * sine / _J_PER_MJ_M_PER_KM)


def slope_factor(
    energy_mj_km: Any, work_mj_km: Any, efficiency: float, recuperation_share: float, one_way: Any = False
) -> Floats:
    """Return the energy on a slope per that on the level.

    Parameters
    ----------
    energy_mj_km : array
        Energy on the level, above 0 [MJ/km].
    work_mj_km : array
        Work against the slope; its sign matters on a street of one way only [MJ/km].
    efficiency : float
        From fuel or battery to the wheel [1].
    recuperation_share : float
        Share of braking energy that returns; 0 for an engine [1].
    one_way : array of bool
        Driven along the line only.

    Returns
    -------
    array
        At least 0 [1].

    Examples
    --------
    A car on 6 %, with an engine and with a battery:

    >>> slope_factor(2.0, 0.94, 0.38, 0.0).round(4).item()
    1.1184
    >>> slope_factor(0.7, 0.94, 0.85, 0.6).round(4).item()
    1.1421
    """
    energy, work = np.asarray(energy_mj_km, float), np.asarray(work_mj_km, float)
    level = efficiency * energy
    up, down = (_energy(level, sign * abs(work), efficiency, recuperation_share) for sign in (1, -1))
    along = _energy(level, work, efficiency, recuperation_share)
    return np.maximum(np.where(one_way, along, (up + down) / 2) / energy, 0.0)


def _energy(level: Any, work: Any, efficiency: float, back: float) -> Floats:
    at_wheel = level + work
    return np.where(at_wheel >= 0, at_wheel / efficiency, back * at_wheel)
