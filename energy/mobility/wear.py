r"""Particles from tyres, brakes and the road: they stay when the exhaust is gone.

.. math:: TSP = N \, M \left( e_{tyre} \sum_i s_i S_{tyre}(V_i) + e_{brake} \sum_i s_i S_{brake}(V_i) + e_{road} \right)

References
----------
.. [1] EMEP/EEA air pollutant emission inventory guidebook 2019, 1.A.3.b.vi-vii, Tier 2, as carried in
   ipeaGIT/gtfs2emis (MIT). Constants in ``twin/data/wear.csv``. Studded tyres are not in them: a lower bound.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["COMPONENTS", "brake_speed_factor", "heavy_brake", "heavy_tyre", "tyre_speed_factor"]

Floats = npt.NDArray[np.float64]
COMPONENTS = ("tyre", "brake", "road")


def tyre_speed_factor(speed_kmh: Any) -> Floats:
    """Return tyre wear at a speed per that at 80 km/h.

    Parameters
    ----------
    speed_kmh : array
        [km/h]

    Returns
    -------
    array
        [1]

    Examples
    --------
    >>> tyre_speed_factor(np.array([30.0, 80.0, 100.0])).round(4).tolist()
    [1.39, 1.0008, 0.902]
    """
    v = np.asarray(speed_kmh, float)
    return np.where(v < 40, 1.39, np.where(v > 90, 0.902, -0.00974 * v + 1.78))


def brake_speed_factor(speed_kmh: Any) -> Floats:
    """Return brake wear at a speed per that at 65 km/h.

    Parameters
    ----------
    speed_kmh : array
        [km/h]

    Returns
    -------
    array
        [1]

    Examples
    --------
    >>> brake_speed_factor(np.array([30.0, 65.0, 100.0])).round(4).tolist()
    [1.67, 0.995, 0.185]
    """
    v = np.asarray(speed_kmh, float)
    return np.where(v < 40, 1.67, np.where(v > 95, 0.185, -0.027 * v + 2.75))


def heavy_tyre(axles: Any, load_share: Any) -> Floats:
    """Return a heavy vehicle's tyre wear per a car's.

    Parameters
    ----------
    axles : array
        Number of axles.
    load_share : array
        Load per the greatest load [1].

    Returns
    -------
    array
        [1]

    Examples
    --------
    >>> heavy_tyre(3, 0.5).round(3).item()
    3.15
    """
    found: Floats = np.asarray(0.5 * np.asarray(axles, float) * (1.41 + 1.38 * np.asarray(load_share, float)))
    return found


def heavy_brake(load_share: Any, per_car: float) -> Floats:
    """Return a heavy vehicle's brake wear per a car's.

    Parameters
    ----------
    load_share : array
        Load per the greatest load [1].
    per_car : float
        Empty heavy vehicle per car: 1.956 in the edition of 2019, 3.13 in the one before [1].

    Returns
    -------
    array
        [1]

    Examples
    --------
    >>> heavy_brake(0.5, 1.956).round(4).item()
    2.7286
    """
    return np.asarray(per_car * (1 + 0.79 * np.asarray(load_share, float)))
