"""The temperatures of a network: its supply by the weather, its losses, and what its heat sources gain by cooler water.

References
----------
.. [1] Ruhnau, O., Hirth, L., Praktiknjo, A., Scientific Data 6:189, 2019 (When2Heat).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.electrification.heat_pumps import cop
from twin import reference
from twin.errors import TwinError, did_you_mean

__all__ = ["Regime", "booster_share", "electricity_per_heat", "loss_ratio", "supply_curve_c"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Regime:
    """The temperatures of a network.

    Attributes
    ----------
    supply_c : float
        In the coldest weather that the network is sized for [degC].
    return_c : float
        [degC]
    least_supply_c : float
        Supply outside the heating season [degC].
    """

    supply_c: float
    return_c: float
    least_supply_c: float

    def __post_init__(self) -> None:
        if not self.return_c < self.least_supply_c <= self.supply_c:
            raise TwinError(
                f"a network at {self.supply_c:g}/{self.return_c:g} degC with at least {self.least_supply_c:g} degC can"
                " not deliver heat; give return < least supply <= supply"
            )

    @classmethod
    def named(cls, name: str) -> Regime:
        """Return a regime of the table ``network_regimes``, e.g. ``"80/45"``.

        Raises
        ------
        TwinError
            When there is no such regime.

        Examples
        --------
        >>> Regime.named("65/35")
        Regime(supply_c=65.0, return_c=35.0, least_supply_c=65.0)
        """
        table = reference.table("network_regimes").set_index("regime")
        if name not in table.index:
            raise TwinError(f"no regime {name!r} of a network{did_you_mean(name, table.index)}")
        row = table.loc[name]
        return cls(float(row["supply_c"]), float(row["return_c"]), float(row["least_supply_c"]))


def supply_curve_c(outdoor_c: Floats, regime: Regime, design_outdoor_c: float, threshold_c: float) -> Floats:
    r"""Return the supply temperature: the colder it is outdoors, the warmer, between two limits.

    .. math:: T_s = T_{least} + (T_{max} - T_{least})\, \mathrm{clip}\!\left(\frac{T_{th} - T_e}{T_{th} - T_{design}}, 0, 1\right)

    Parameters
    ----------
    outdoor_c : array
        [degC]
    regime : Regime
    design_outdoor_c, threshold_c : float
        Outdoor temperatures at which the supply is warmest and coolest [degC].

    Returns
    -------
    array
        [degC]

    Examples
    --------
    >>> supply_curve_c(np.array([-20.0, -14.0, 0.0, 20.0]), Regime(80, 45, 66), -14.0, 14.0).tolist()
    [80.0, 80.0, 73.0, 66.0]
    """
    share = np.clip((threshold_c - np.asarray(outdoor_c, float)) / (threshold_c - design_outdoor_c), 0, 1)
    return regime.least_supply_c + (regime.supply_c - regime.least_supply_c) * share


def loss_ratio(before_c: tuple[float, float], after_c: tuple[float, float], ground_c: float) -> float:
    r"""Return the heat loss after per heat loss before: losses follow the mean of supply and return over the ground.

    .. math:: \frac{(T_s' + T_r')/2 - T_g}{(T_s + T_r)/2 - T_g}

    Parameters
    ----------
    before_c, after_c : (float, float)
        Yearly means of supply and return [degC].
    ground_c : float
        [degC]

    Returns
    -------
    float
        [1]

    Raises
    ------
    TwinError
        When the water before is no warmer than the ground.

    Examples
    --------
    From 80/45 to 65/35 and to 55/30:

    >>> round(loss_ratio((80, 45), (65, 35), 8.0), 4), round(loss_ratio((80, 45), (55, 30), 8.0), 4)
    (0.7706, 0.633)
    """
    old, new = (sum(pair) / 2 - ground_c for pair in (before_c, after_c))
    if old <= 0:
        raise TwinError(f"water of {old + ground_c:g} degC loses no heat to ground of {ground_c:g} degC; check both")
    return new / old


def electricity_per_heat(
    supply_c: Floats,
    return_c: float,
    source_c: Floats,
    coefficients: tuple[float, float, float],
    f: Mapping[str, float],
) -> Floats:
    r"""Return the electricity that a kWh of heat from a source takes.

    A source warmer than the return heats the water directly as far as it reaches; a heat pump lifts the rest:

    .. math:: \frac{E}{Q} = \frac{1 - \delta}{COP(T_s - T_{source})}, \qquad
              \delta = \mathrm{clip}\!\left(\frac{T_{source} - \Delta_{hx} - T_r}{T_s - T_r}, 0, 1\right)

    The quadratic of When2Heat [1]_ would rise again at great lifts; it is held at its least value there.

    Parameters
    ----------
    supply_c : array
        [degC]
    return_c : float
        [degC]
    source_c : array
        Of the outdoor air, the water or the excess heat [degC].
    coefficients : (float, float, float)
        Of the heat pump's performance.
    f : mapping
        The year's factors.

    Returns
    -------
    array
        [kWh/kWh]

    Examples
    --------
    A source of 40 degC at 80/45 and at 55/30; one of 90 degC needs no heat pump:

    >>> f = {"heating.exchanger_pinch_k": 3, "heat_pump.field_correction": 1, "heat_pump.least_lift_k": 15}
    >>> electricity_per_heat(np.array([80.0]), 45, np.array([40.0, 90.0]), (9.99, -0.2049, 0.001249), f).round(4).tolist()
    [0.2637, 0.0]
    >>> electricity_per_heat(np.array([55.0]), 30, np.array([40.0]), (9.99, -0.2049, 0.001249), f).round(4).tolist()
    [0.1]
    """
    supply_c, source_c = np.asarray(supply_c, float), np.asarray(source_c, float)
    direct = np.clip((source_c - f["heating.exchanger_pinch_k"] - return_c) / (supply_c - return_c), 0, 1)
    c0, c1, c2 = coefficients
    lift = np.minimum(supply_c - source_c, -c1 / (2 * c2))
    performance = f["heat_pump.field_correction"] * cop(lift, c0, c1, c2, f["heat_pump.least_lift_k"])
    return (1 - direct) / performance


def booster_share(supply_c: Floats, hot_water_c: float, cold_c: float) -> Floats:
    r"""Return the share of the hot water's heat that the network's water is too cool for.

    .. math:: \mathrm{clip}\!\left(\frac{T_{hw} - T_s}{T_{hw} - T_{cold}}, 0, 1\right)

    Parameters
    ----------
    supply_c : array
        Behind the exchanger [degC].
    hot_water_c, cold_c : float
        Hot water that is wanted, and the water from the mains [degC].

    Returns
    -------
    array
        [1]

    Examples
    --------
    >>> booster_share(np.array([62.0, 52.0]), 60.0, 8.0).round(4).tolist()
    [0.0, 0.1538]
    """
    return np.clip((hot_water_c - np.asarray(supply_c, float)) / (hot_water_c - cold_c), 0, 1)
