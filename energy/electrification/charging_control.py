r"""When vehicles charge if someone steers it: by the clock, by the price, by the load of the grid, and backwards.

Charging is steered within windows, from noon to noon where nothing else is said. In each of them the energy stays what
it would be without control; in no hour does it exceed the power of the chargers that vehicles stand at; nothing is
charged before the vehicles that need it have come, nor after they have left. An area's vehicles are taken as one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.electrification.charging_loops import fill_windows, swing_windows
from energy.electrification.plug_in import Shapes
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["Backwards", "Need", "VehicleToGrid", "cheapest", "timed", "valley_filled", "vehicle_to_grid", "windows"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Work = Callable[[Whole, list[Floats], list[Floats]], None]

_NOON = 12
_ROUNDING = 1e-9  # relative, by which charging at once may exceed the limit


@dataclass(frozen=True)
class Need:
    """What the vehicles of areas need, hour by hour; arrays have the shape (areas, hours).

    Attributes
    ----------
    uncontrolled_kw : array
        Charging at once [kW].
    limit_kw : array
        Power of the chargers that vehicles are plugged into [kW].
    slack_kwh : array
        Energy that would be charged by the end of the hour at once, but could wait [kWh].
    """

    uncontrolled_kw: Floats
    limit_kw: Floats
    slack_kwh: Floats

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises
        ------
        SchemaError
            Listing arrays of unequal shape, blank or negative numbers, and charging at once above the limit.
        """
        found = []
        named = {"uncontrolled_kw": self.uncontrolled_kw, "limit_kw": self.limit_kw, "slack_kwh": self.slack_kwh}
        for name, values in named.items():
            if values.ndim != 2 or values.shape != self.uncontrolled_kw.shape:
                rule = f"has the shape {values.shape}; all three need the same one, (areas, hours)"
                found.append(Problem("charging need", name, rule))
            elif not (values.min(initial=0.0) >= 0 and values.max(initial=0.0) < np.inf):
                rule = "has numbers that are blank, infinite or below 0; give numbers from 0"
                found.append(Problem("charging need", name, rule))
        if not found and (self.uncontrolled_kw > self.limit_kw * (1 + _ROUNDING)).any():
            area = int(np.flatnonzero((self.uncontrolled_kw > self.limit_kw * (1 + _ROUNDING)).any(axis=1))[0])
            rule = "lies below the charging without control; give the power of all chargers with a vehicle"
            found.append(Problem("charging need", "limit_kw", rule, 1, f"area {area}"))
        if found:
            raise SchemaError(found)

    @classmethod
    def of(cls, energy_kwh: Floats, shapes: Shapes) -> Need:
        """Return the need of areas by their yearly energy at each kind of place.

        Parameters
        ----------
        energy_kwh : array (areas, kinds)
            [kWh]
        shapes : Shapes
            Of the same kinds.
        """
        return cls(energy_kwh @ shapes.uncontrolled, energy_kwh @ shapes.limit, energy_kwh @ shapes.slack)

    def share(self, part: float) -> Need:
        """Return the need of a part of the vehicles.

        Raises
        ------
        TwinError
            When the part lies outside 0 to 1.
        """
        if not 0 <= part <= 1:
            raise TwinError(f"a part of {part:g} of the vehicles can not be; give a number from 0 to 1")
        return Need(part * self.uncontrolled_kw, part * self.limit_kw, part * self.slack_kwh)


def windows(hours: int, length: int = 24, start: int = _NOON) -> Whole:
    """Return the bounds of the windows in which charging may be moved.

    Parameters
    ----------
    hours : int
        Of all.
    length : int
        Of a window [h].
    start : int
        Hour in which one begins; what lies before it is a window of its own.

    Returns
    -------
    array (windows + 1,) of int

    Raises
    ------
    TwinError
        When the windows are shorter than an hour.

    Examples
    --------
    >>> windows(72).tolist()
    [0, 12, 36, 60, 72]
    """
    if length < 1 or hours < 1:
        raise TwinError(f"windows of {length} hours among {hours} can not be; give at least one hour")
    return np.unique(np.concatenate([[0], np.arange(start % length, hours, length), [hours]])).astype(np.int64)


def valley_filled(need: Need, base_kw: Floats, bounds: Whole | None = None, threads: int | None = None) -> Floats:
    r"""Return the charging that levels the load of each area, with :math:`\sum (b_t + x_t)^2` least in every window.

    The highest load of a window is then least too. For a compromise between grid and price add the price, times a
    weight [kW per SEK/kWh], to the base.

    Parameters
    ----------
    need : Need
    base_kw : array (areas, hours)
        Load without these vehicles, solar cells subtracted [kW].
    bounds : array (windows + 1,) of int, optional
        As by :func:`windows`; default: from noon to noon, and of whole days the last noon to the first.
    threads : int, optional
        Default: as many as the machine has.

    Returns
    -------
    array (areas, hours)
        [kW]

    Raises
    ------
    TwinError
        When the shapes differ, a number is blank, or the bounds do not run from the first hour to the last.

    Examples
    --------
    Six kWh that would be charged in the first two of four hours; the base peaks in the second:

    >>> need = Need(*np.array([[[3.0, 3, 0, 0]], [[4.0, 4, 4, 4]], [[3.0, 6, 3, 0]]]))
    >>> valley_filled(need, np.array([[2.0, 5, 2, 1]]), np.array([0, 4])).round(9).tolist()
    [[1.666666667, 0.0, 1.666666667, 2.666666667]]
    """
    shape = need.uncontrolled_kw.shape
    base = np.ascontiguousarray(base_kw, float)
    if base.shape != shape:
        raise TwinError(f"the base load has the shape {base.shape}, the vehicles' need {shape}; give both the same")
    if not np.isfinite(base).all():
        raise TwinError("the base load has blank or infinite hours; fill them first")
    given = [base, *(np.ascontiguousarray(v, float) for v in (need.uncontrolled_kw, need.limit_kw, need.slack_kwh))]

    def fill(part: Whole, arrays: list[Floats], out: list[Floats]) -> None:
        load, now, limit, slack = arrays
        _in_threads(lambda a, b: fill_windows(a, b, part, load, now, limit, slack, out[0]), shape[0], threads)

    return _in_windows(fill, given, 1, bounds)[0]


def cheapest(need: Need, price: Floats, bounds: Whole | None = None) -> Floats:
    """Return the charging that costs least: the cheapest hours of each window that vehicles can use.

    Hours of the same price share alike. Only the order of the prices matters, so each is raised to a step that no
    charging can climb, and the steps are filled like a valley.

    Parameters
    ----------
    need : Need
    price : array (hours,)
        In any unit of money per kWh.
    bounds : array (windows + 1,) of int, optional
        See :func:`windows`.

    Returns
    -------
    array (areas, hours)
        [kW]

    Raises
    ------
    TwinError
        When the prices do not fit the hours or are blank.

    Examples
    --------
    >>> need = Need(*np.array([[[3.0, 3, 0, 0]], [[4.0, 4, 4, 4]], [[3.0, 6, 3, 0]]]))
    >>> cheapest(need, np.array([1.0, 3.0, -0.2, 0.5]), np.array([0, 4])).tolist()
    [[0.0, 0.0, 4.0, 2.0]]
    """
    hours = need.uncontrolled_kw.shape[1]
    if price.shape != (hours,) or not np.isfinite(price).all():
        raise TwinError(f"a price is needed for each of the {hours} hours, none of them blank")
    return _by_rank(need, np.unique(price, return_inverse=True)[1].astype(float), bounds)


def timed(need: Need, start_hour: int, bounds: Whole | None = None) -> Floats:
    """Return the charging of vehicles that wait for an hour of the clock, and then all charge at once.

    Those that leave before it, or could not get what they need after it, charge earlier.

    Parameters
    ----------
    need : Need
        From midnight on.
    start_hour : int
        0 to 23.
    bounds : array (windows + 1,) of int, optional
        See :func:`windows`.

    Returns
    -------
    array (areas, hours)
        [kW]

    Raises
    ------
    TwinError
        When there is no such hour.

    Examples
    --------
    >>> need = Need(*np.array([[[3.0, 3, 0, 0]], [[4.0, 4, 4, 4]], [[3.0, 6, 3, 0]]]))
    >>> timed(need, 2, np.array([0, 4])).tolist()
    [[0.0, 0.0, 4.0, 2.0]]
    """
    if not 0 <= start_hour < 24:
        raise TwinError(f"no hour {start_hour} of the clock; give one from 0 to 23")
    hour = np.arange(need.uncontrolled_kw.shape[1])
    return _by_rank(need, ((hour - start_hour) % 24).astype(float), bounds)


def _by_rank(need: Need, rank: Floats, bounds: Whole | None) -> Floats:
    """Fill the hours of the lowest rank first: a step of twice the limit is never climbed."""
    step = 2 * need.limit_kw.max(axis=1, initial=0.0)
    return valley_filled(need, rank * step[:, None], bounds)


@dataclass(frozen=True)
class VehicleToGrid:
    """How far vehicles may run backwards.

    Attributes
    ----------
    share : float
        Of the plugged-in power [1].
    round_trip : float
        Efficiency from the socket into the battery and back [1].
    reserve_h : float
        Hours in each window that the allowed power lasts, on the mean of the window [h].
    """

    share: float
    round_trip: float
    reserve_h: float

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not (0 <= self.share <= 1 and 0 < self.round_trip <= 1 and 0 <= self.reserve_h < np.inf):
            raise TwinError(
                f"vehicles backwards with a share of {self.share:g}, an efficiency of {self.round_trip:g} and "
                f"{self.reserve_h:g} h can not be; the share lies from 0 to 1, the efficiency above 0 and at most at 1"
            )

    @classmethod
    def of(cls, f: Mapping[str, float]) -> VehicleToGrid:
        """Return what the factors say."""
        return cls(f["ev.v2g_share"], f["ev.v2g_round_trip"], f["ev.v2g_reserve_h"])


@dataclass(frozen=True)
class Backwards:
    """Charging with vehicles that also run backwards; arrays have the shape (areas, hours).

    Attributes
    ----------
    power_kw : array
        Of all vehicles, below 0 towards the grid [kW].
    back_kw, again_kw : array
        What comes from the vehicles, and what they charge again for it [kW].
    lost_kwh : array (areas,)
        On the way in and out [kWh].
    """

    power_kw: Floats
    back_kw: Floats
    again_kw: Floats
    lost_kwh: Floats


def vehicle_to_grid(
    need: Need, charging_kw: Floats, base_kw: Floats, how: VehicleToGrid, bounds: Whole | None = None
) -> Backwards:
    r"""Let vehicles feed the highest hours of each window and charge again in its lowest.

    What vehicles need is charged as given; above it their batteries hold a reserve, of which :math:`y` is lent and
    given back within the window, so that they drive away with what they came for:

    .. math:: \sum z_t = \frac{1}{\eta} \sum y_t, \quad y_t \le s u_t, \quad x_t + z_t \le u_t, \quad
              \sum y_t \le h \, s \, \bar u

    It pays to lend down to a level and to charge up to that level times :math:`\eta`.

    Parameters
    ----------
    need : Need
    charging_kw : array (areas, hours)
        :math:`x`, as by :func:`valley_filled` [kW].
    base_kw : array (areas, hours)
        Load without these vehicles [kW].
    how : VehicleToGrid
    bounds : array (windows + 1,) of int, optional
        See :func:`windows`.

    Returns
    -------
    Backwards

    Raises
    ------
    TwinError
        When the shapes differ.

    Examples
    --------
    >>> need = Need(np.zeros((1, 4)), np.full((1, 4), 2.0), np.zeros((1, 4)))
    >>> found = vehicle_to_grid(need, np.zeros((1, 4)), np.array([[1.0, 1, 9, 1]]), VehicleToGrid(0.5, 0.5, 9.0), np.array([0, 4]))
    >>> found.power_kw.round(6).tolist(), found.lost_kwh.round(6).tolist()
    ([[0.666667, 0.666667, -1.0, 0.666667]], [1.0])
    """
    shape = need.uncontrolled_kw.shape
    if charging_kw.shape != shape or base_kw.shape != shape:
        raise TwinError(f"charging and base load must have the shape of the vehicles' need, {shape}")
    down = how.share * need.limit_kw
    given = [base_kw + charging_kw, np.maximum(need.limit_kw - charging_kw, 0.0), down]

    def swing(part: Whole, arrays: list[Floats], out: list[Floats]) -> None:
        net, up, lend = arrays
        reserve = how.reserve_h * np.add.reduceat(lend[:, : part[-1]], part[:-1], axis=1) / np.diff(part)
        _in_threads(
            lambda a, b: swing_windows(a, b, part, net, up, lend, reserve, how.round_trip, out[0], out[1]),
            shape[0],
            None,
        )

    back, again = _in_windows(swing, given, 2, bounds)
    return Backwards(charging_kw + again - back, back, again, (again - back).sum(axis=1))


def _in_windows(work: Work, given: list[Floats], results: int, bounds: Whole | None) -> list[Floats]:
    """Call `work` with bounds, arrays and results (areas, hours); without bounds from noon to noon round the year.

    The year is then a circle: the last half day and the first are one window, so that neither has to make do alone.
    """
    rows, hours = given[0].shape
    out = [np.empty((rows, hours)) for _ in range(results)]
    if bounds is not None:
        if bounds[0] != 0 or bounds[-1] != hours or (np.diff(bounds) <= 0).any():
            raise TwinError(f"the bounds of windows must rise from 0 to {hours}")
        work(np.ascontiguousarray(bounds, np.int64), given, out)
        return out
    if hours % 24:
        work(windows(hours), given, out)
        return out
    if hours > 24:
        work(np.arange(_NOON, hours, 24), given, out)
    edge = np.concatenate([np.arange(hours - 24 + _NOON, hours), np.arange(_NOON)])
    inside = [np.empty((rows, 24)) for _ in range(results)]
    work(np.array([0, 24]), [np.ascontiguousarray(v[:, edge]) for v in given], inside)
    for whole, part in zip(out, inside, strict=True):
        whole[:, edge] = part
    return out


def _in_threads(work: Callable[[int, int], None], rows: int, threads: int | None) -> None:
    """Share rows out to threads."""
    count = max(1, min(threads or os.cpu_count() or 1, rows))
    cuts = np.linspace(0, rows, count + 1).astype(int)
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, cuts[:-1], cuts[1:]))
