r"""The TABULA seasonal heat balance: useful space heat of a building in a heating season.

All functions take and return arrays of one value per building (or scalars), per reference area unless said otherwise.
The chain reproduces the heat need of the Swedish and British TABULA archetypes.

References
----------
.. [1] Loga, T., Diefenbach, N., "TABULA Calculation Method: Energy Use for Heating and Domestic Hot Water", IEE
   project TABULA/EPISCOPE, Institut Wohnen und Umwelt, 2013 (www.episcope.eu), after ISO 13790 seasonal method.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "gain_utilisation",
    "heat_loss_kwh_m2",
    "heat_need_kwh_m2",
    "internal_gain_kwh_m2",
    "solar_gain_kwh_m2",
    "temperature_reduction",
    "time_constant_h",
    "transmission_w_k",
    "ventilation_w_m2k",
]

Floats = npt.NDArray[np.float64]
Numbers = Floats | np.float64 | float
_AIR_WH_M3K = 0.34  # heat capacity of air: 1.2 kg/m3 x 1,000 J/(kg K) / 3,600 s/h [1]_


def transmission_w_k(u_w_m2k: Floats, area_m2: Floats, reduction: Floats, bridges_w_m2k: Floats) -> Floats:
    r"""Return the heat lost by transmission per degree.

    .. math:: H_{tr} = \sum_i b_i U_i A_i + \Delta U_{tb} \sum_i A_i

    Parameters
    ----------
    u_w_m2k : array (n, elements)
        Thermal transmittance [W/(m2 K)].
    area_m2 : array (n, elements)
        Area of each element [m2].
    reduction : array (elements,) or (n, elements)
        Factor for elements towards soil or cellar [1].
    bridges_w_m2k : array (n,)
        Surcharge for thermal bridges, on all areas [W/(m2 K)].

    Returns
    -------
    array (n,)
        [W/K]

    Examples
    --------
    Swedish multi-family house of 1961-75 (SE.Zone3.MFH.02): roof, wall, wall to cellar, floor, window, door.

    >>> u = np.array([[0.20, 0.41, 0.702446724546172, 0.2583025830258303, 2.22, 2.8]])
    >>> area = np.array([[470.0, 560.0, 240.0, 470.0, 180.0, 10.0]])
    >>> h = transmission_w_k(u, area, np.array([1, 1, 0.5, 0.5, 1, 1]), np.array([0.15]))
    >>> (h / 1207).round(6).tolist()
    [0.982349]
    """
    total: Floats = (reduction * u_w_m2k * area_m2).sum(axis=-1) + bridges_w_m2k * area_m2.sum(axis=-1)
    return total


def ventilation_w_m2k(air_change_per_h: Floats, room_height_m: Floats) -> Floats:
    r"""Return the heat lost by ventilation and leakage per degree and reference area.

    .. math:: h_{ve} = 0.34 (n_{use} + n_{inf}) h_{room}

    Parameters
    ----------
    air_change_per_h : array (n,)
        Air change by use and infiltration that is not recovered [1/h].
    room_height_m : array (n,)
        [m]

    Returns
    -------
    array (n,)
        [W/(m2 K)]

    Examples
    --------
    >>> round(ventilation_w_m2k(0.8, 2.5), 6)
    0.68
    """
    return _AIR_WH_M3K * air_change_per_h * room_height_m


def temperature_reduction(h_transmission_w_m2k: Floats, at_1: Numbers = 0.95, at_4: Numbers = 0.85) -> Floats:
    """Return the reduction for rooms heated less and at night, by how well insulated the building is.

    1 up to 0.5 W/(m2 K), then linear to `at_1` at 1 and to `at_4` at 4 W/(m2 K), constant above.

    Parameters
    ----------
    h_transmission_w_m2k : array (n,)
        Transmission per reference area [W/(m2 K)].
    at_1, at_4 : array or float
        Reduction at 1 and at 4 W/(m2 K) [1].

    Returns
    -------
    array (n,)
        [1]

    Examples
    --------
    >>> np.round(temperature_reduction(np.array([0.4, 0.982349, 2.5, 5.0])), 6).tolist()
    [1.0, 0.951765, 0.9, 0.85]
    """
    h = np.asarray(h_transmission_w_m2k, float)
    low = 1 - (1 - at_1) * np.clip((h - 0.5) / 0.5, 0, 1)
    return low - (at_1 - at_4) * np.clip((h - 1) / 3, 0, 1)


def heat_loss_kwh_m2(h_total_w_m2k: Floats, degree_days_kd: Floats, reduction: Floats) -> Floats:
    r"""Return the heat lost in the season.

    .. math:: q_{ht} = 0.024 (h_{tr} + h_{ve}) \, DD \, F_{red}

    Parameters
    ----------
    h_total_w_m2k : array (n,)
        Transmission and ventilation [W/(m2 K)].
    degree_days_kd : array or float
        (indoor - mean outdoor temperature of the heating days) x heating days [K d].
    reduction : array (n,)
        Temperature reduction factor [1].

    Returns
    -------
    array (n,)
        [kWh/m2]

    Examples
    --------
    >>> round(heat_loss_kwh_m2(0.9823485616873328 + 0.68, 4645.8, 0.9517651438312666), 3)
    176.41
    """
    return 0.024 * h_total_w_m2k * degree_days_kd * reduction


def solar_gain_kwh_m2(
    window_m2: Floats,
    irradiation_kwh_m2: Floats,
    shading: Numbers,
    frame_share: Numbers,
    non_perpendicular: Numbers,
    g_value: Numbers,
    reference_area_m2: Floats,
) -> Floats:
    r"""Return the solar heat through windows in the season.

    .. math:: q_{sol} = (1 - F_f) F_w g \sum_o F_{sh,o} A_o I_o / A_{ref}

    The published Swedish archetypes count the whole window area as horizontal *and* as vertical windows. That is kept
    to reproduce them; real buildings are given vertical windows only.

    Parameters
    ----------
    window_m2 : array (n, orientations)
        [m2]
    irradiation_kwh_m2 : array (orientations,) or (n, orientations)
        Sum over the heating days [kWh/m2].
    shading : array (orientations,) or (n, orientations)
        Share that is not shaded [1].
    frame_share, non_perpendicular, g_value : array or float
        Share of frames, correction for oblique incidence, solar transmittance [1].
    reference_area_m2 : array (n,)
        [m2]

    Returns
    -------
    array (n,)
        [kWh/m2]

    Examples
    --------
    >>> window = np.array([[180, 46.8, 11.25, 50.4, 37.8]])
    >>> sun = np.array([450.0, 328, 496, 328, 138])
    >>> np.round(solar_gain_kwh_m2(window, sun, np.array([0.8, 0.6, 0.6, 0.6, 0.6]), 0.3, 0.9, 0.8, np.array([1207.0])), 3).tolist()
    [37.751]
    """
    through: Floats = (shading * window_m2 * irradiation_kwh_m2).sum(axis=-1)
    return (1 - frame_share) * non_perpendicular * g_value * through / reference_area_m2


def internal_gain_kwh_m2(gain_w_m2: Floats, heating_days: Numbers) -> Floats:
    r"""Return the heat of people and appliances in the season.

    .. math:: q_{int} = 0.024 \, \varphi_{int} \, d

    Parameters
    ----------
    gain_w_m2 : array (n,)
        Mean internal gain [W/m2].
    heating_days : array or float
        [d]

    Returns
    -------
    array (n,)
        [kWh/m2]

    Examples
    --------
    >>> round(internal_gain_kwh_m2(3.0, 261.0), 3)
    18.792
    """
    return 0.024 * gain_w_m2 * heating_days


def time_constant_h(capacity_wh_m2k: Floats, h_total_w_m2k: Floats) -> Floats:
    r"""Return how slowly the building cools.

    .. math:: \tau = c_m / (h_{tr} + h_{ve})

    Parameters
    ----------
    capacity_wh_m2k : array (n,)
        Heat capacity per reference area [Wh/(m2 K)].
    h_total_w_m2k : array (n,)
        [W/(m2 K)]

    Returns
    -------
    array (n,)
        [h]

    Examples
    --------
    >>> round(time_constant_h(45.0, 1.6623485616873328), 4)
    27.0701
    """
    return capacity_wh_m2k / h_total_w_m2k


def gain_utilisation(gain_to_loss: Floats, time_constant: Floats) -> Floats:
    r"""Return the share of the gains that replaces heating.

    .. math:: \eta = \frac{1 - \gamma^a}{1 - \gamma^{a+1}}, \quad a = 0.8 + \tau / 30; \quad \eta = a/(a+1) \text{ at } \gamma = 1

    Parameters
    ----------
    gain_to_loss : array (n,)
        :math:`\gamma`, gains over losses [1].
    time_constant : array (n,)
        :math:`\tau` [h].

    Returns
    -------
    array (n,)
        [1]

    Examples
    --------
    >>> np.round(gain_utilisation(np.array([(37.751 + 18.792) / 176.410, 1.0, 0.0]), np.array([27.0701, 36.0, 30.0])), 4).tolist()
    [0.8973, 0.6667, 1.0]
    """
    gamma, tau = np.broadcast_arrays(np.asarray(gain_to_loss, float), np.asarray(time_constant, float))
    a = 0.8 + tau / 30
    near = np.abs(gamma - 1) < 1e-9
    safe = np.where(near, 0.5, gamma)
    return np.where(near, a / (a + 1), (1 - safe**a) / (1 - safe ** (a + 1)))


def heat_need_kwh_m2(loss_kwh_m2: Floats, gain_kwh_m2: Floats, utilisation: Floats) -> Floats:
    r"""Return the useful heat that heating must give.

    .. math:: q_{h,nd} = q_{ht} - \eta (q_{sol} + q_{int})

    Parameters
    ----------
    loss_kwh_m2, gain_kwh_m2 : array (n,)
        Losses, and solar and internal gains [kWh/m2].
    utilisation : array (n,)
        Share of the gains that is useful [1].

    Returns
    -------
    array (n,)
        [kWh/m2], never negative.

    Examples
    --------
    >>> round(float(heat_need_kwh_m2(176.410, 37.751 + 18.792, 0.897313)), 3)
    125.673
    """
    return np.maximum(loss_kwh_m2 - utilisation * gain_kwh_m2, 0.0)
