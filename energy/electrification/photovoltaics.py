"""Solar cells: a year's electricity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["yearly_kwh"]


def yearly_kwh(
    area_m2: npt.NDArray[np.float64], irradiation_kwh_m2: float, efficiency: float, performance_ratio: float
) -> npt.NDArray[np.float64]:
    r"""Return the electricity of solar cells in a year.

    .. math:: E = A \, H \, \eta \, PR

    Parameters
    ----------
    area_m2 : array (n,)
        Cells [m2].
    irradiation_kwh_m2 : float
        Irradiation on their plane in the year [kWh/m2].
    efficiency, performance_ratio : float
        Of the modules, and of everything behind them [1].

    Returns
    -------
    array (n,)
        [kWh]

    References
    ----------
    .. [1] IEC 61724-1: Photovoltaic system performance, Part 1: Monitoring (performance ratio).

    Examples
    --------
    >>> yearly_kwh(np.array([100.0]), 1150.0, 0.2, 0.85).tolist()
    [19550.0]
    """
    return area_m2 * irradiation_kwh_m2 * efficiency * performance_ratio
