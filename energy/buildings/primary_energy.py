"""Primary energy as Boverket declares it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["declared_primary_energy_kwh"]

Floats = npt.NDArray[np.float64]


def declared_primary_energy_kwh(
    energy_use_kwh: Floats,
    property_electricity_kwh: Floats,
    district_cooling_kwh: Floats,
    floor_area_m2: Floats,
    hot_water_kwh_m2: Floats,
    weights: tuple[float, float, float],
    geography: float = 0.9,
) -> Floats:
    r"""Return the primary energy of a district-heated building from its declared energy use.

    .. math:: E_{space} = E_{use} - E_{cool} - E_{prop} - E_{hw}, \quad
              PE = (E_{space} / F_{geo} + E_{hw}) w_{heat} + E_{prop} w_{el} + E_{cool} w_{cool}

    Parameters
    ----------
    energy_use_kwh, property_electricity_kwh, district_cooling_kwh : array (n,)
        EgiEnergianvandning, EgiFastighet, EgiFjarrkyla [kWh].
    floor_area_m2 : array (n,)
        EgenAtemp [m2].
    hot_water_kwh_m2 : array (n,)
        25 for multi-family houses, 2 for premises [kWh/m2].
    weights : (float, float, float)
        Heat, electricity, district cooling: 0.7, 1.8, 0.6 for rules of 2020 and later; 1.0, 1.6, 1.0 before.
    geography : float
        Geographical factor; 0.9 in Göteborg [1].

    Returns
    -------
    array (n,)
        [kWh]

    References
    ----------
    .. [1] Boverket, BFS 2020:4 (BBR 29); checked against declarations of Lindholmen in Göteborg.

    Examples
    --------
    FormularId 1457832 declares 1,434,529 kWh:

    >>> pe = declared_primary_energy_kwh(1_574_354.0, 287_448.0, 436_739.0, 39_611.0, 2.0, (0.7, 1.8, 0.6))
    >>> round(pe)
    1434529
    """
    heat, electricity, cooling = weights
    hot_water = hot_water_kwh_m2 * floor_area_m2
    space = energy_use_kwh - district_cooling_kwh - property_electricity_kwh - hot_water
    return (
        (space / geography + hot_water) * heat + property_electricity_kwh * electricity + district_cooling_kwh * cooling
    )
