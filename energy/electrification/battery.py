r"""A battery in a building or an area, hour by hour: own use of solar electricity, or a lower peak.

Both rules look only at the hour they are in. The year is a circle: the battery ends with what it began with. In every
hour, what comes in goes out:

.. math:: pv + import + discharge = load + export + charge
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.electrification.charging_loops import own_use, shave
from twin.errors import TwinError

__all__ = ["Battery", "Dispatched", "peak_shaving", "self_consumption"]

Floats = npt.NDArray[np.float64]

_HALVINGS = 60  # to the last bits of a number
_YEARS = 4  # in a row, before what a year begins and ends with is sought by halving
_SAME = 1e-14  # of the content: beyond the last bits of a number
_MISSING = 1e-9  # of the highest load: a given level that is exceeded by less is held


@dataclass(frozen=True)
class Battery:
    """A battery.

    Attributes
    ----------
    energy_kwh : float
        Usable content [kWh].
    power_kw : float
        Highest power in and out, at the terminals [kW].
    charge_efficiency, discharge_efficiency : float
        From the terminals into the battery, and back out [1].
    """

    energy_kwh: float
    power_kw: float
    charge_efficiency: float = 1.0
    discharge_efficiency: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        right = 0 <= self.energy_kwh < np.inf and 0 <= self.power_kw < np.inf
        if not (right and 0 < self.charge_efficiency <= 1 and 0 < self.discharge_efficiency <= 1):
            raise TwinError(
                f"a battery of {self.energy_kwh:g} kWh, {self.power_kw:g} kW and efficiencies of {self.charge_efficiency:g} "
                f"and {self.discharge_efficiency:g} can not be; energy and power start at 0, efficiencies lie above 0 and at most at 1"
            )

    @classmethod
    def of(cls, energy_kwh: float, power_kw: float, f: Mapping[str, float]) -> Battery:
        """Return a battery with the efficiencies of the factors."""
        return cls(energy_kwh, power_kw, f["battery.charge_efficiency"], f["battery.discharge_efficiency"])


@dataclass(frozen=True)
class Dispatched:
    """Every hour of a battery's year; arrays have the shape (hours,).

    Attributes
    ----------
    charge_kw, discharge_kw : array
        Into and out of the battery, at its terminals; never both in an hour [kW].
    import_kw, export_kw : array
        From and to the grid [kW].
    level_kwh : array
        Content at the end of the hour [kWh].
    start_kwh : float
        Content before the first hour, and after the last [kWh].
    """

    charge_kw: Floats
    discharge_kw: Floats
    import_kw: Floats
    export_kw: Floats
    level_kwh: Floats
    start_kwh: float

    @property
    def peak_kw(self) -> float:
        """Return the highest import [kW]."""
        return float(self.import_kw.max())

    @property
    def lost_kwh(self) -> float:
        """Return what the battery loses in the year [kWh]."""
        return float(self.charge_kw.sum() - self.discharge_kw.sum())


def self_consumption(load_kw: Floats, pv_kw: Floats, battery: Battery) -> Dispatched:
    """Store what solar cells give beyond the load, and use it as soon as they give less.

    Parameters
    ----------
    load_kw, pv_kw : array (hours,)
        [kW]
    battery : Battery

    Returns
    -------
    Dispatched

    Raises
    ------
    TwinError
        When the series differ in length, or have blank or negative hours.

    Examples
    --------
    >>> found = self_consumption(np.array([1.0, 1.0, 2.0]), np.array([0.0, 5.0, 0.0]), Battery(4.0, 3.0))
    >>> found.import_kw.tolist(), found.export_kw.tolist(), found.level_kwh.tolist()
    ([0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 3.0, 1.0])
    """
    surplus = -_net(load_kw, pv_kw)
    flow, level = np.zeros_like(surplus), np.zeros_like(surplus)
    b = battery
    given = b.energy_kwh, b.power_kw, b.charge_efficiency, b.discharge_efficiency

    def end(start: float) -> float:
        return float(own_use(surplus, *given, start, flow, level))

    return _dispatched(-surplus, flow, level, _circle(end, b.energy_kwh, full=False), end)


def peak_shaving(
    load_kw: Floats, pv_kw: Floats, battery: Battery, level_kw: float | None = None
) -> tuple[float, Dispatched]:
    """Hold the import below a level: discharge above it, and charge as soon as there is room below it.

    Parameters
    ----------
    load_kw, pv_kw : array (hours,)
        [kW]
    battery : Battery
    level_kw : float, optional
        To hold [kW]; default: the lowest that the battery can hold, found by bisection.

    Returns
    -------
    (float, Dispatched)
        The level [kW], and the year.

    Raises
    ------
    TwinError
        When the series do not fit, or the battery cannot hold the level.

    Examples
    --------
    >>> held, found = peak_shaving(np.array([1.0, 1.0, 5.0, 1.0]), np.zeros(4), Battery(3.0, 3.0))
    >>> round(held, 9), found.import_kw.round(9).tolist()
    (2.0, [2.0, 2.0, 2.0, 2.0])
    """
    net = _net(load_kw, pv_kw)
    flow, level = np.zeros_like(net), np.zeros_like(net)
    b = battery
    given = b.energy_kwh, b.power_kw, b.charge_efficiency, b.discharge_efficiency

    def end(start: float, at: float) -> float:
        return float(shave(net, at, *given, start, flow, level)[0])

    def held(at: float, tolerance: float = 0.0) -> float | None:
        """Return the content at which the year closes, or None where something is missing."""
        if shave(net, at, *given, b.energy_kwh, flow, level)[1] > tolerance:
            return None  # not even a full battery holds it, so that none that begins with less does
        start = _circle(lambda s: end(s, at), b.energy_kwh, full=True)
        return start if shave(net, at, *given, start, flow, level)[1] <= tolerance else None

    highest = float(net.max())
    if level_kw is None:
        low, high = highest - b.power_kw, highest
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if held(middle) is not None else (middle, high)
        level_kw = high
    start = held(level_kw, _MISSING * float(np.abs(net).max()))
    if start is None:
        raise TwinError(
            f"the battery can not hold {level_kw:g} kW; leave the level out to find the lowest, or give it more energy or power"
        )
    at = level_kw
    return level_kw, _dispatched(net, flow, level, start, lambda s: end(s, at))


def _net(load_kw: Floats, pv_kw: Floats) -> Floats:
    """Return load less solar cells, or refuse series that do not fit."""
    if load_kw.shape != pv_kw.shape or load_kw.ndim != 1 or not len(load_kw):
        raise TwinError(
            f"load and solar cells have the shapes {load_kw.shape} and {pv_kw.shape}; give both the same hours"
        )
    for name, series in (("load", load_kw), ("solar cells", pv_kw)):
        if not (np.isfinite(series) & (series >= 0)).all():
            raise TwinError(
                f"the hours of {name} have {int((~(series >= 0)).sum())} that are blank or below 0; fill them"
            )
    return np.asarray(load_kw - pv_kw, float)


def _circle(end: Callable[[float], float], most: float, *, full: bool) -> float:
    """Return the least content with which a year can begin and end alike, or the largest where it is to be `full`.

    What the year ends with grows with what it begins with, but never faster: their difference only falls. A battery that
    is full or empty at some time forgets what it began with, so that a few years in a row mostly settle it.
    """
    start = most if full else 0.0
    for _ in range(_YEARS):
        after = end(start)
        if abs(after - start) <= _SAME * most:
            return after
        start = after
    low, high = (0.0, start) if full else (start, most)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        after = end(middle)
        low, high = (middle, high) if after > middle or (full and after == middle) else (low, middle)
    return low if full else high


def _dispatched(net: Floats, flow: Floats, level: Floats, start: float, end: Callable[[float], float]) -> Dispatched:
    """Run the year once more from its start, and say what the grid sees."""
    end(start)
    grid = net + flow
    return Dispatched(
        np.maximum(flow, 0.0), np.maximum(-flow, 0.0), np.maximum(grid, 0.0), np.maximum(-grid, 0.0), level, start
    )
