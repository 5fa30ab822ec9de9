r"""Energy and emissions of every street.

.. math:: E_l = 365 \, L_l \, AADT_l \sum_c w_c \sum_f \varphi_{cf} \, e_{cf}(V_l), \quad
          CO2e_l = \sum_f E_{l,f} \, EF_f
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["energy_mj_per_km", "vehicle_km"]

Floats = npt.NDArray[np.float64]


def vehicle_km(length_m: Floats, aadt: Floats) -> Floats:
    """Return the distance driven on a link in a year.

    Parameters
    ----------
    length_m : array (n,)
        [m]
    aadt : array (n,)
        Vehicles of an average day [1/d].

    Returns
    -------
    array (n,)
        [km]

    Examples
    --------
    >>> vehicle_km(np.array([500.0]), np.array([12_000.0])).tolist()
    [2190000.0]
    """
    return 365 * length_m / 1000 * aadt


def energy_mj_per_km(
    speed_kmh: Floats, at_50: float, per_speed: float, constant: float, per_speed_squared: float
) -> Floats:
    r"""Return a vehicle's energy use at a mean speed.

    .. math:: e(V) = e_{50} \frac{a/V + b + c V^2}{a/50 + b + 2500 c}, \quad V \text{ within 15 and 120 km/h}

    The first term is idling and stops, the last the air's resistance. The shapes in ``twin/data/vehicles.csv`` lie
    within 15 % of steady-speed fits of HBEFA 4.2.

    Parameters
    ----------
    speed_kmh : array (n,)
        [km/h]
    at_50 : float
        Energy at 50 km/h [MJ/km].
    per_speed, constant, per_speed_squared : float
        a, b, c.

    Returns
    -------
    array (n,)
        [MJ/km]

    Examples
    --------
    >>> energy_mj_per_km(np.array([30.0, 50.0, 90.0]), 2.0, 32, 0.22, 5.6e-5).round(3).tolist()
    [2.674, 2.0, 2.058]
    """
    v = np.clip(speed_kmh, 15, 120)
    norm = per_speed / 50 + constant + per_speed_squared * 2500
    return at_50 * (per_speed / v + constant + per_speed_squared * v**2) / norm
