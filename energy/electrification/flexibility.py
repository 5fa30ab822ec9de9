r"""How many MW can leave the peak: smart charging, batteries, and the warmth that buildings hold.

A building with the heat loss :math:`H` and the capacity :math:`C` is one lump with the time constant
:math:`\tau = C / H`, as in ISO 13790. Batteries and buildings hold out for as long as the peak lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.errors import Problem, SchemaError, TwinError

__all__ = [
    "Flexibility",
    "battery_kw",
    "flexibility",
    "heating_cut_w",
    "hours_to_drop",
    "stored_kwh",
    "thermal_kw",
]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def stored_kwh(capacity_wh_k: Floats, drop_k: float) -> Floats:
    r"""Return the heat that buildings may give away.

    .. math:: Q = C \, \Delta T

    Examples
    --------
    >>> stored_kwh(np.array([6500.0]), 1.0).tolist()
    [6.5]
    """
    return capacity_wh_k * drop_k / 1000


def hours_to_drop(loss_w_k: Floats, capacity_wh_k: Floats, drop_k: float, above_equilibrium_k: Floats) -> Floats:
    r"""Return how long it takes an unheated building to cool by some degrees.

    .. math:: t = -\tau \ln \left( 1 - \frac{\Delta T}{T_{in} - T_{eq}} \right), \quad \tau = C / H

    Parameters
    ----------
    loss_w_k, capacity_wh_k : array (n,)
        :math:`H` [W/K], :math:`C` [Wh/K].
    drop_k : float
        :math:`\Delta T` [K].
    above_equilibrium_k : array (n,)
        Indoors above where the temperature would settle without heating, the outdoor temperature and what gains add [K].

    Returns
    -------
    array (n,)
        [h]; infinite where the building never cools so far.

    Examples
    --------
    A house of 150 W/K and 6.75 kWh/K, 25 K above its equilibrium:

    >>> hours_to_drop(np.array([150.0]), np.array([6750.0]), 1.0, np.array([25.0])).round(3).tolist()
    [1.837]
    """
    never = (above_equilibrium_k <= drop_k) | (loss_w_k <= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        time = -capacity_wh_k / loss_w_k * np.log1p(-drop_k / np.where(never, np.inf, above_equilibrium_k))
    return np.where(never, np.inf, time)


def heating_cut_w(loss_w_k: Floats, capacity_wh_k: Floats, heating_w: Floats, drop_k: float, hours: float) -> Floats:
    r"""Return by how much heating may be held back for some hours until a building is as much colder as allowed.

    With :math:`\Delta P` less heat, a building cools by :math:`\Delta P / H (1 - e^{-t / \tau})`, hence

    .. math:: \Delta P = \min \left( P, \frac{H \, \Delta T}{1 - e^{-t / \tau}} \right)

    Parameters
    ----------
    loss_w_k, capacity_wh_k, heating_w : array (n,)
        :math:`H` [W/K], :math:`C` [Wh/K], heating power of the hour :math:`P` [W].
    drop_k, hours : float
        :math:`\Delta T` [K], :math:`t` [h].

    Returns
    -------
    array (n,)
        [W]

    Examples
    --------
    The house of :func:`hours_to_drop` can be left without its 3,750 W for 1.837 h, and with less for longer:

    >>> one = [np.array([v]) for v in (150.0, 6750.0, 3750.0)]
    >>> [heating_cut_w(*one, 1.0, t).round(1).tolist() for t in (1.0, 1.837, 3.0)]
    [[3750.0], [3750.0], [2325.8]]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        gone = -np.expm1(-hours * loss_w_k / capacity_wh_k)
        most = np.where(loss_w_k > 0, loss_w_k * drop_k / gone, capacity_wh_k * drop_k / hours)
    return np.minimum(heating_w, most)


def battery_kw(energy_kwh: Floats, power_kw: Floats, discharge_efficiency: float, hours: float) -> Floats:
    """Return the power that full batteries can hold for some hours.

    Examples
    --------
    >>> battery_kw(np.array([10.0, 10.0]), np.array([5.0, 2.0]), 0.9, 3.0).tolist()
    [3.0, 2.0]
    """
    return np.minimum(power_kw, energy_kwh * discharge_efficiency / hours)


@dataclass(frozen=True)
class Flexibility:
    """What can leave the peak hour; arrays have the shape (areas,).

    Attributes
    ----------
    hour : array of int
        The peak hour of each area with charging at once.
    peak_mw : array
        Load in it [MW].
    charging_mw, battery_mw, heat_mw : array
        What smart charging, batteries, and heating that is held back take away [MW of electricity].
    stored_mwh : array
        Heat that the buildings may give away [MWh].
    """

    hour: Whole
    peak_mw: Floats
    charging_mw: Floats
    battery_mw: Floats
    heat_mw: Floats
    stored_mwh: Floats

    @property
    def total_mw(self) -> Floats:
        """Return all three together, (areas,) [MW]."""
        return self.charging_mw + self.battery_mw + self.heat_mw


def thermal_kw(
    loss_w_k: Floats,
    capacity_wh_k: Floats,
    heating_w: Floats,
    electric_per_heat: Floats,
    area: Whole,
    areas: int,
    f: Mapping[str, float],
) -> tuple[Floats, Floats]:
    """Return the electricity that heating can leave out in each area, and the heat that its buildings may give away.

    Parameters
    ----------
    loss_w_k, capacity_wh_k, heating_w : array (n,)
        Of each building: heat loss [W/K], capacity [Wh/K], heating power in the peak hour [W].
    electric_per_heat : array (n,)
        Electricity per heat: 1 over the performance of a heat pump, 1 for direct electric heating, 0 for other heat.
    area : array (n,) of int
        Area of each building; -1 outside all, which is left out.
    areas : int
    f : mapping
        The year's factors.

    Returns
    -------
    (array (areas,), array (areas,))
        [kW, kWh]

    Raises
    ------
    SchemaError
        Listing every column with blank or negative numbers.
    """
    named = {
        "loss_w_k": loss_w_k,
        "capacity_wh_k": capacity_wh_k,
        "heating_w": heating_w,
        "electric_per_heat": electric_per_heat,
    }
    found = []
    for name, values in named.items():
        bad = ~(np.isfinite(values) & (values >= 0))
        if bad.any():
            rule = "blank or below 0; give numbers from 0"
            found.append(Problem("buildings", name, rule, int(bad.sum()), f"row {int(np.flatnonzero(bad)[0])}"))
    if found:
        raise SchemaError(found)
    drop, hours = f["flexibility.temperature_drop_k"], f["flexibility.hours"]
    cut = heating_cut_w(loss_w_k, capacity_wh_k, heating_w, drop, hours) * electric_per_heat / 1000
    heat = np.where(electric_per_heat > 0, stored_kwh(capacity_wh_k, drop), 0.0)
    inside = area >= 0
    power, energy = (np.bincount(area[inside], v[inside], areas) for v in (cut, heat))
    return np.asarray(power, float), np.asarray(energy, float)


def flexibility(
    base_kw: Floats,
    uncontrolled_kw: Floats,
    steered_kw: Floats,
    battery: Floats,
    thermal: tuple[Floats, Floats],
    hour: int | None = None,
) -> Flexibility:
    """Return what can leave the peak hour of each area.

    Parameters
    ----------
    base_kw, uncontrolled_kw, steered_kw : array (areas, hours)
        Load without vehicles, and their charging at once and steered [kW].
    battery : array (areas,)
        As by :func:`battery_kw` [kW].
    thermal : (array (areas,), array (areas,))
        As by :func:`thermal_kw`.
    hour : int, optional
        The same hour for all, such as that of the city's peak; default: each area's own.

    Returns
    -------
    Flexibility
        What one hour of all areas gives may be summed over them; own peak hours differ, so their sum is no city's peak.

    Raises
    ------
    TwinError
        When the shapes differ or there is no such hour.
    """
    shape = base_kw.shape
    parts = (uncontrolled_kw.shape == shape, steered_kw.shape == shape)
    rows = [len(v) == shape[0] for v in (battery, *thermal)]
    if not (len(shape) == 2 and all(parts) and all(rows)):
        raise TwinError("the loads need one shape (areas, hours), and batteries and buildings a number for each area")
    if hour is not None and not 0 <= hour < shape[1]:
        raise TwinError(f"no hour {hour} among {shape[1]}; give one from 0 to {shape[1] - 1}")
    row = np.arange(shape[0])
    at = (base_kw + uncontrolled_kw).argmax(axis=1) if hour is None else np.full(shape[0], hour)
    moved = uncontrolled_kw[row, at] - steered_kw[row, at]
    peak = base_kw[row, at] + uncontrolled_kw[row, at]
    return Flexibility(at, peak / 1000, moved / 1000, battery / 1000, thermal[0] / 1000, thermal[1] / 1000)
