r"""What the reduction obligation (reduktionsplikt) does to fuel: less life-cycle emissions, by blending biofuel.

The obligation :math:`r` is a reduction of life-cycle emissions per energy. How much biofuel it takes follows from how
clean the biofuel is, and the fossil exhaust follows the biofuel's share of the energy:

.. math:: s = \frac{r}{1 - EF_{bio} / EF_{fossil}}, \quad
          EF_{wtw} = (1 - s) EF_{fossil} + s EF_{bio} = (1 - r) EF_{fossil}, \quad
          EF_{exhaust} = (1 - s) EF_{exhaust, fossil}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Fuel", "blended_share", "lifecycle_g_mj", "obligated_share"]

Floats = npt.NDArray[np.float64]
Fuel = Literal["petrol", "diesel"]


def blended_share(obligation: float, biofuel_g_mj: float, fossil_g_mj: float) -> float:
    """Return the share of biofuel, by energy, that meets a reduction obligation.

    Parameters
    ----------
    obligation : float
        Reduction of life-cycle emissions [1].
    biofuel_g_mj, fossil_g_mj : float
        Life-cycle emissions of the pure fuels [g CO2e/MJ]; the biofuel's are lower.

    Returns
    -------
    float
        At most 1: a biofuel that is not clean enough can not meet a high obligation.

    Examples
    --------
    Diesel in 2023, with a biofuel of 20 g/MJ:

    >>> round(blended_share(0.305, 20, 95.1), 4)
    0.3862
    """
    return min(1.0, obligation / (1 - biofuel_g_mj / fossil_g_mj))


def lifecycle_g_mj(biofuel_share: Floats | float, biofuel_g_mj: float, fossil_g_mj: float) -> Floats | float:
    """Return the life-cycle emissions of a blend.

    Parameters
    ----------
    biofuel_share : array (n,) or float
        By energy.
    biofuel_g_mj, fossil_g_mj : float
        Of the pure fuels [g CO2e/MJ].

    Returns
    -------
    array (n,) or float
        [g CO2e/MJ]

    Examples
    --------
    Diesel in 2023: 95.1 less 30.5 %:

    >>> round(lifecycle_g_mj(blended_share(0.305, 20, 95.1), 20, 95.1), 1)
    66.1
    """
    return (1 - biofuel_share) * fossil_g_mj + biofuel_share * biofuel_g_mj


def obligated_share(fuel: Fuel, f: Mapping[str, float], obligation: float | None = None) -> float:
    """Return the share of biofuel, by energy, that the obligation asks of petrol or diesel; the year's where not given."""
    if obligation is None:
        obligation = f[f"fuel.{fuel}.obligation"]
    return blended_share(obligation, f["fuel.biofuel.lifecycle"], f[f"fuel.{fuel}.lifecycle"])
