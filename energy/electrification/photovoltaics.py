r"""Solar cells: the electricity of a year and of its hours.

There is one definition of a year's yield, :math:`E = A H \eta PR`. The hours share it out by the sun on the plane and by
the warmth of the cells; the performance ratio is the year's and already holds what warm cells lose.

References
----------
.. [1] IEC 61724-1: Photovoltaic system performance, Part 1: Monitoring (performance ratio).
.. [2] Faiman, D., "Assessing the outdoor operating temperature of photovoltaic modules", Progress in Photovoltaics
   16(4), 2008, as in pvlib.temperature.faiman.
.. [3] Dobos, A., PVWatts Version 5 Manual, NREL/TP-6A20-62641, 2014 (linear in the cell temperature).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pvlib

__all__ = ["hourly_kw_per_m2", "temperature_shape", "yearly_kwh"]

Floats = npt.NDArray[np.float64]
_REFERENCE_C = 25.0  # cell temperature of standard test conditions
_LIGHT_AIR_M_S = 1.0  # where the wind is not known, as in [2]_


def yearly_kwh(area_m2: Floats, irradiation_kwh_m2: float, efficiency: float, performance_ratio: float) -> Floats:
    r"""Return the electricity of solar cells in a year.

    .. math:: E = A \, H \, \eta \, PR

    Parameters
    ----------
    area_m2 : array (n,)
        Cells [m2].
    irradiation_kwh_m2 : float
        Irradiation on their plane in the year [kWh/m2].
    efficiency, performance_ratio : float
        Of the modules, and of everything behind them [1], see [1]_.

    Returns
    -------
    array (n,)
        [kWh]

    Examples
    --------
    >>> yearly_kwh(np.array([100.0]), 1150.0, 0.2, 0.85).tolist()
    [19550.0]
    """
    return area_m2 * irradiation_kwh_m2 * efficiency * performance_ratio


def temperature_shape(irradiation_w_m2: Floats, temp_cell_c: Floats, coefficient_per_k: float) -> Floats:
    r"""Return how much better or worse than in the whole year the cells work, for their temperature.

    .. math:: s_t = \frac{1 + \gamma (T_t - 25)}{\sum_t G_t (1 + \gamma (T_t - 25)) / \sum_t G_t}

    Parameters
    ----------
    irradiation_w_m2 : array (hours,)
        :math:`G`, on the plane of the cells [W/m2].
    temp_cell_c : array (hours,)
        :math:`T` [degC].
    coefficient_per_k : float
        :math:`\gamma`: change of power with the cell temperature [1/K], see [3]_.

    Returns
    -------
    array (hours,)
        [1]; its mean weighted by the irradiation is 1.

    Examples
    --------
    >>> temperature_shape(np.array([500.0, 500.0]), np.array([5.0, 45.0]), -0.004).round(12).tolist()
    [1.08, 0.92]
    """
    relative = 1 + coefficient_per_k * (temp_cell_c - _REFERENCE_C)
    total = irradiation_w_m2.sum()
    return relative * total / (irradiation_w_m2 * relative).sum() if total > 0 else np.ones_like(relative)


def hourly_kw_per_m2(
    irradiation_w_m2: Floats, temp_air_c: Floats, f: Mapping[str, float], wind_speed_m_s: Floats | None = None
) -> Floats:
    r"""Return the power of a square metre of cells in each hour.

    .. math:: p_t = G_t \, \eta \, PR \, s_t / 1000

    Its sum over the year is :func:`yearly_kwh` of 1 m2. Flat roofs carry rows that face south with the tilt of the
    factors; ``energy.buildings.season.irradiation_w_m2`` gives the irradiation of any plane.

    Parameters
    ----------
    irradiation_w_m2 : array (hours,)
        :math:`G`, on the plane of the cells [W/m2].
    temp_air_c : array (hours,)
        Outdoor temperature [degC].
    f : mapping
        The year's factors.
    wind_speed_m_s : array (hours,), optional
        At the cells [m/s]; 1 m/s where it is not known.

    Returns
    -------
    array (hours,)
        [kW/m2]

    Examples
    --------
    >>> f = {"photovoltaics.efficiency": 0.2, "photovoltaics.performance_ratio": 0.85,
    ...      "photovoltaics.temperature_coefficient_per_k": -0.0035}
    >>> hourly_kw_per_m2(np.array([0.0, 400.0, 400.0]), np.array([0.0, 0.0, 20.0]), f).round(5).tolist()
    [0.0, 0.07036, 0.06564]
    """
    wind = _LIGHT_AIR_M_S if wind_speed_m_s is None else np.nan_to_num(wind_speed_m_s, nan=_LIGHT_AIR_M_S)
    temp_cell_c = pvlib.temperature.faiman(irradiation_w_m2, temp_air_c, wind)
    shape = temperature_shape(irradiation_w_m2, temp_cell_c, f["photovoltaics.temperature_coefficient_per_k"])
    return irradiation_w_m2 / 1000 * f["photovoltaics.efficiency"] * f["photovoltaics.performance_ratio"] * shape
