r"""The hourly building model of ISO 13790: five resistances, one capacity (5R1C).

The node system is linear in the mass temperature, the outdoor temperature, the gains and the heating power. It is
therefore written twice: as the standard's text (:func:`standard_hour`), and reduced exactly to one affine step per hour
(:func:`affine`), which is what the engine runs.

References
----------
.. [1] ISO 13790:2008, Energy performance of buildings - Calculation of energy use for space heating and cooling,
   annex C (simple hourly method), clauses 7.2.2.2 and 12.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

__all__ = ["Affine", "Nodes", "affine", "standard_hour"]

Floats = npt.NDArray[np.float64]

H_SURFACE_MASS_W_M2K = 9.1  # between the surfaces and the mass, clause 12.2.2 [1]_
H_SURFACE_AIR_W_M2K = 3.45  # between the air and the surfaces, clause 7.2.2.2 [1]_
SURFACES_PER_FLOOR = 4.5  # area of all surfaces facing the room per floor area, clause 7.2.2.2 [1]_
_GAIN_TO_AIR = 0.5  # share of internal gains that heats the air at once, equation C.1 [1]_


@dataclass(frozen=True)
class Nodes:
    """The five resistances and the capacity of buildings; every field has the shape (n,).

    Attributes
    ----------
    window_w_k : array
        Windows and doors, from outdoors to the surfaces [W/K].
    outdoor_mass_w_k, mass_surface_w_k : array
        The two parts of the opaque envelope, from outdoors to the mass and from there to the surfaces [W/K].
    surface_air_w_k : array
        Between the surfaces and the air [W/K].
    ventilation_w_k : array
        From outdoors to the air, heat recovery subtracted [W/K].
    capacity_wh_k : array
        Of the mass [Wh/K].
    mass_area_m2, surface_area_m2 : array
        Effective area of the mass, and of all surfaces facing the room [m2].
    """

    window_w_k: Floats
    outdoor_mass_w_k: Floats
    mass_surface_w_k: Floats
    surface_air_w_k: Floats
    ventilation_w_k: Floats
    capacity_wh_k: Floats
    mass_area_m2: Floats
    surface_area_m2: Floats

    @classmethod
    def of(
        cls,
        window_w_k: Floats,
        opaque_w_k: Floats,
        ventilation_w_k: Floats,
        capacity_wh_k: Floats,
        mass_area_m2: Floats,
        surface_area_m2: Floats,
        surface_air_w_m2k: float = H_SURFACE_AIR_W_M2K,
    ) -> Nodes:
        r"""Split the opaque envelope around the mass.

        .. math:: H_{ms} = 9.1 A_m, \quad H_{em} = 1 / (1/H_{op} - 1/H_{ms}), \quad H_{is} = 3.45 A_t

        Raises
        ------
        ValueError
            When an envelope loses more than its mass can pass on: the floor area is far too small for it.

        Examples
        --------
        >>> one = [np.array([v]) for v in (20.0, 60.0, 40.0, 5_000.0, 250.0, 450.0)]
        >>> Nodes.of(*one).outdoor_mass_w_k.round(3).tolist()
        [61.625]
        """
        mass_surface = H_SURFACE_MASS_W_M2K * mass_area_m2
        if (opaque_w_k >= mass_surface).any():
            message = "the opaque envelope loses more than the mass can pass on; the floor area is too small for it"
            raise ValueError(message)
        outdoor_mass = opaque_w_k / (1 - opaque_w_k / mass_surface)
        surface_air = surface_air_w_m2k * surface_area_m2
        return cls(
            window_w_k,
            outdoor_mass,
            mass_surface,
            surface_air,
            ventilation_w_k,
            capacity_wh_k,
            mass_area_m2,
            surface_area_m2,
        )


@dataclass(frozen=True)
class Affine:
    r"""One hour as two lines; every field has the shape (n,).

    With the mass temperature :math:`x`, the outdoor temperature :math:`T_e`, solar gain :math:`s`, internal gain
    :math:`i` and heating power :math:`q` (cooling is negative):

    .. math:: f = g_x x + g_e T_e + g_s s + g_i i, \qquad q = K (T_{set} - f), \qquad
              x' = b_x x + b_e T_e + b_s s + b_i i + b_q q

    Attributes
    ----------
    gx, ge, gs, gi : array
        Of the air temperature without heating [1, 1, K/W, K/W].
    power_w_k : array
        :math:`K`: heating power that raises the air temperature by one degree within the hour [W/K].
    bx, be, bs, bi, bq : array
        Of the mass temperature at the end of the hour [1, 1, K/W, K/W, K/W].
    """

    gx: Floats
    ge: Floats
    gs: Floats
    gi: Floats
    power_w_k: Floats
    bx: Floats
    be: Floats
    bs: Floats
    bi: Floats
    bq: Floats

    def __iter__(self) -> Iterator[Floats]:
        """Yield the ten coefficients in their order."""
        return (getattr(self, f.name) for f in fields(self))


def affine(nodes: Nodes) -> Affine:
    r"""Reduce the standard's equations (C.1) to (C.11) exactly to one affine step.

    The mass temperature follows the standard's Crank-Nicolson step. With :math:`r = H_3 / H_2`, the flow to the mass is
    :math:`m_e T_e + m_s s + m_i i + m_q q`, and the rest follows by insertion.

    Parameters
    ----------
    nodes : Nodes

    Returns
    -------
    Affine

    Examples
    --------
    A room of 34.3 m2 needs no heating power to stay where it is:

    >>> one = [np.array([v]) for v in (14.85, 0.3, 70.0, 1572.0, 85.75, 142.38)]
    >>> step = affine(Nodes.of(*one))
    >>> (step.gx + step.ge).round(12).tolist(), (step.bx + step.be).round(12).tolist()
    ([1.0], [1.0])
    """
    n = nodes
    h1 = n.ventilation_w_k * n.surface_air_w_k / (n.ventilation_w_k + n.surface_air_w_k)
    h1_ve = n.surface_air_w_k / (n.ventilation_w_k + n.surface_air_w_k)  # h1 / ventilation, also where there is none
    h2 = h1 + n.window_w_k
    h3 = h2 * n.mass_surface_w_k / (h2 + n.mass_surface_w_k)
    h3_h2 = n.mass_surface_w_k / (h2 + n.mass_surface_w_k)
    to_mass = n.mass_area_m2 / n.surface_area_m2
    to_surface = _to_surface(n)
    rest = 1 - _GAIN_TO_AIR
    # flow to the mass node (C.5)
    m_q = h3_h2 * h1_ve
    m_e = n.outdoor_mass_w_k + h3_h2 * (n.window_w_k + h1)
    m_s = to_mass + h3_h2 * to_surface
    m_i = to_mass * rest + h3_h2 * (to_surface * rest + h1_ve * _GAIN_TO_AIR)
    # mass temperature at the end of the hour (C.4)
    half = (h3 + n.outdoor_mass_w_k) / 2
    b_x = (n.capacity_wh_k - half) / (n.capacity_wh_k + half)
    gain = 1 / (n.capacity_wh_k + half)
    b_e, b_s, b_i, b_q = gain * m_e, gain * m_s, gain * m_i, gain * m_q
    # surface temperature (C.10) at the hour's mean mass temperature (C.9)
    below = n.mass_surface_w_k + n.window_w_k + h1
    s_x = n.mass_surface_w_k * (1 + b_x) / 2 / below
    s_e = (n.mass_surface_w_k * b_e / 2 + n.window_w_k + h1) / below
    s_s = (n.mass_surface_w_k * b_s / 2 + to_surface) / below
    s_i = (n.mass_surface_w_k * b_i / 2 + to_surface * rest + h1_ve * _GAIN_TO_AIR) / below
    s_q = (n.mass_surface_w_k * b_q / 2 + h1_ve) / below
    # air temperature (C.11)
    total = n.surface_air_w_k + n.ventilation_w_k
    g_x = n.surface_air_w_k * s_x / total
    g_e = (n.surface_air_w_k * s_e + n.ventilation_w_k) / total
    g_s = n.surface_air_w_k * s_s / total
    g_i = (n.surface_air_w_k * s_i + _GAIN_TO_AIR) / total
    g_q = (n.surface_air_w_k * s_q + 1) / total
    return Affine(g_x, g_e, g_s, g_i, 1 / g_q, b_x, b_e, b_s, b_i, b_q)


def standard_hour(
    nodes: Nodes,
    mass_c: Floats,
    outdoor_c: float,
    solar_w: Floats,
    internal_w: Floats,
    set_points_c: tuple[Floats, Floats],
    limits_w: tuple[Floats, Floats],
    floor_area_m2: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Solve one hour as the standard writes it: without heating, with 10 W/m2, with what is needed, with the limit.

    Parameters
    ----------
    nodes : Nodes
    mass_c : array (n,)
        Mass temperature at the beginning [degC].
    outdoor_c : float
        [degC]
    solar_w, internal_w : array (n,)
        Gains [W].
    set_points_c : (array (n,), array (n,))
        Of heating and of cooling [degC].
    limits_w : (array (n,), array (n,))
        Greatest heating power, and cooling power as a negative number [W].
    floor_area_m2 : array (n,)
        [m2]

    Returns
    -------
    (array (n,), array (n,), array (n,))
        Power [W] (cooling is negative), mass temperature at the end and air temperature of the hour [degC].

    References
    ----------
    .. [1] ISO 13790:2008, annex C.4.2.
    """
    heat_at, cool_at = set_points_c
    end_0, air_0 = _temperatures(nodes, mass_c, outdoor_c, solar_w, internal_w, np.zeros_like(mass_c))
    ten = 10 * floor_area_m2
    _, air_10 = _temperatures(nodes, mass_c, outdoor_c, solar_w, internal_w, ten)
    target = np.where(air_0 < heat_at, heat_at, cool_at)
    unlimited = ten * (target - air_0) / (air_10 - air_0)
    idle = (air_0 >= heat_at) & (air_0 <= cool_at)
    power = np.where(idle, 0.0, np.clip(unlimited, limits_w[1], limits_w[0]))
    end, air = _temperatures(nodes, mass_c, outdoor_c, solar_w, internal_w, power)
    return power, np.where(idle, end_0, end), np.where(idle, air_0, air)


def _to_surface(n: Nodes) -> Floats:
    """Return the share of the gains that reaches the surfaces (C.3)."""
    share: Floats = 1 - n.mass_area_m2 / n.surface_area_m2 - n.window_w_k / (H_SURFACE_MASS_W_M2K * n.surface_area_m2)
    return share


def _temperatures(
    n: Nodes, mass_c: Floats, outdoor_c: float, solar_w: Floats, internal_w: Floats, power_w: Floats
) -> tuple[Floats, Floats]:
    """Return the mass temperature at the end of the hour and the air temperature, (C.1) to (C.11)."""
    h1 = 1 / (1 / n.ventilation_w_k + 1 / n.surface_air_w_k)
    h2 = h1 + n.window_w_k
    h3 = 1 / (1 / h2 + 1 / n.mass_surface_w_k)
    to_air = _GAIN_TO_AIR * internal_w
    rest = (1 - _GAIN_TO_AIR) * internal_w + solar_w
    to_mass = n.mass_area_m2 / n.surface_area_m2 * rest
    to_surface = _to_surface(n) * rest
    through_air = h1 * ((to_air + power_w) / n.ventilation_w_k + outdoor_c)
    total = to_mass + n.outdoor_mass_w_k * outdoor_c + h3 * (to_surface + n.window_w_k * outdoor_c + through_air) / h2
    half = (h3 + n.outdoor_mass_w_k) / 2
    end = (mass_c * (n.capacity_wh_k - half) + total) / (n.capacity_wh_k + half)
    mean = (mass_c + end) / 2
    surface = (n.mass_surface_w_k * mean + to_surface + n.window_w_k * outdoor_c + through_air) / (
        n.mass_surface_w_k + n.window_w_k + h1
    )
    air = (n.surface_air_w_k * surface + n.ventilation_w_k * outdoor_c + to_air + power_w) / (
        n.surface_air_w_k + n.ventilation_w_k
    )
    return end, air
