"""Peak power of many customers from their yearly energy, by Velander's formula.

References
----------
.. [1] Velander, S., "Methods of operational analysis in power distribution", Teknisk Tidskrift, 1952; constants of Swedish
   grids in ``twin/data/velander.csv``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["peak_kw"]

Floats = npt.NDArray[np.float64]


def peak_kw(energy_kwh: Floats, k1: Floats, k2: Floats) -> Floats:
    r"""Return the peak power of areas: sum the energy of a category first, apply the formula, add the categories.

    .. math:: P = \sum_c \left( k_{1,c} E_c + k_{2,c} \sqrt{E_c} \right)

    Parameters
    ----------
    energy_kwh : array (areas, categories)
        Energy a year of all customers of a category in an area [kWh].
    k1, k2 : array (categories,)
        Constants [kW/kWh, kW/kWh^0.5].

    Returns
    -------
    array (areas,)
        [kW]

    Examples
    --------
    One house with 20,000 kWh, and a hundred of them:

    >>> peak_kw(np.array([[20_000.0], [2_000_000.0]]), np.array([0.0003]), np.array([0.025])).round(2).tolist()
    [9.54, 635.36]
    """
    energy = np.maximum(energy_kwh, 0.0)
    total: Floats = (k1 * energy + k2 * np.sqrt(energy)).sum(axis=-1)
    return total
