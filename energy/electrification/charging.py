"""What electric cars charge, in the areas where they live."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["area_energy_kwh", "share_out"]

Floats = npt.NDArray[np.float64]


def area_energy_kwh(
    population: Floats, cars_per_inhabitant: float, km_per_car: float, ev_share: float, energy_kwh_per_km: float
) -> Floats:
    r"""Return the energy that the cars of an area charge in a year.

    .. math:: E = N \, c \, d \, s \, e

    Parameters
    ----------
    population : array (areas,)
        Inhabitants.
    cars_per_inhabitant, km_per_car, ev_share, energy_kwh_per_km : float
        Cars [1], distance a year [km], share driven on electricity [1], energy from the socket [kWh/km].

    Returns
    -------
    array (areas,)
        [kWh]

    Examples
    --------
    >>> area_energy_kwh(np.array([1000.0]), 0.34, 11_000.0, 0.2, 0.20).round(3).tolist()
    [149600.0]
    """
    return population * cars_per_inhabitant * km_per_car * ev_share * energy_kwh_per_km


def share_out(
    energy_kwh: Floats, area: npt.NDArray[np.intp], weight: Floats, fallback: Floats
) -> tuple[Floats, Floats]:
    """Give each area's energy to its buildings in proportion to a weight.

    Parameters
    ----------
    energy_kwh : array (areas,)
        [kWh]
    area : array (n,) of int
        Area of each building, -1 outside all.
    weight, fallback : array (n,)
        Floor area of homes; floor area of all buildings, used where an area has no homes.

    Returns
    -------
    (array (n,), array (areas,))
        Energy of each building, and what an area without any building keeps. Together they are the whole.

    Examples
    --------
    >>> share_out(np.array([90.0, 5.0]), np.array([0, 0, -1]), np.array([1.0, 2.0, 9.0]), np.ones(3))
    (array([30., 60.,  0.]), array([0., 5.]))
    """
    n = len(energy_kwh)
    if not n:
        return np.zeros(len(area)), np.zeros(0)
    inside = area >= 0
    homes = np.bincount(area[inside], weight[inside], minlength=n)
    chosen = np.where(inside & (homes > 0)[np.maximum(area, 0)], weight, fallback)
    total = np.bincount(area[inside], chosen[inside], minlength=n)
    per = np.divide(energy_kwh, total, out=np.zeros(n), where=total > 0)
    given = np.where(inside, chosen * per[np.maximum(area, 0)], 0.0)
    return given, np.where(total > 0, 0.0, energy_kwh)
