r"""A year of hours for a whole stock, at the speed of the hardware.

The affine step of :mod:`energy.buildings.rc` is scaled so that the state is already a power, :math:`y = K g_x x`:

.. math:: f = y + s + (K g_e) T_e + (K g_i) i, \quad a = \max(K T_h - f, 0), \quad
          d = \min(\max(f - K T_c, 0), d_{max}), \quad
          y' = b_x y + c_e T_e + c_s s + c_i i + c_q (a - d)

What takes heat away, :math:`d`, is cooling without a limit, or windows that are opened at :math:`T_c` and carry away no
more than :math:`H_{air} (T_c - T_e)`. Degrees above a limit are counted on what is left.

Buildings of one profile lie side by side in blocks that fit the first cache; the vector unit runs over buildings, the
hours are the outer loop, and two hours are taken at a time so that the coefficients are loaded once for both. Sums per
month and per zone are made on the way, so that memory stays flat. A building may have several states (set-points and
air flows in normal and in reduced operation, in winter and in summer); the profile says which holds in which hour.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.buildings.blocks import arrange, pack
from energy.buildings.loop import COUNTED, ROWS, compiled
from energy.buildings.rc import Affine

__all__ = ["Drivers", "Steps", "Trace", "Year", "compile_engine", "scaled", "simulate_year", "trace"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_BLOCK_BYTES = 1536  # of one coefficient of a block; all of them fit the first cache
_UNLIMITED = 1e30
PLANES = 5  # irradiances: north, east, south, west, flat roof


@dataclass(frozen=True)
class Steps:
    """The scaled steps of buildings.

    Attributes
    ----------
    rows : array (states, 18, n)
        Coefficients; see :func:`scaled`.
    state_scale : array (states, n)
        The state per mass temperature, :math:`K g_x` [W/K].
    power_w_k : array (states, n)
        Power per degree of air temperature, :math:`K` [W/K].
    """

    rows: Floats
    state_scale: Floats
    power_w_k: Floats


def scaled(
    steps: Sequence[Affine],
    *,
    aperture_m2: Floats,
    gain_w: Floats,
    heat_at_c: Floats,
    cool_at_c: Floats,
    airing_w_k: Floats,
    limit_c: Floats,
    heat_limit_w: Floats | None = None,
    cool_limit_w: Floats | None = None,
) -> Steps:
    """Scale the steps of every state.

    Parameters
    ----------
    steps : sequence of Affine
        One a state.
    aperture_m2 : array (5, n)
        Area that takes in the whole irradiance from north, east, south, west and on the roof [m2].
    gain_w : array (n,)
        Yearly mean of the internal gains [W].
    heat_at_c, cool_at_c : array (states, n)
        Set-points [degC].
    airing_w_k : array (n,)
        Heat that open windows carry away per degree between the drivers' `airing_from_c` and outdoors; infinite for buildings with
        cooling, which has no limit [W/K].
    limit_c : array (n,)
        Above it, it is too warm [degC].
    heat_limit_w, cool_limit_w : array (n,), optional
        Greatest heating power, and greatest cooling power of buildings with cooling [W]; without them, not limited.

    Returns
    -------
    Steps
    """
    n = len(gain_w)
    rows, scale = np.zeros((len(steps), ROWS, n)), np.zeros((len(steps), n))
    for k, s in enumerate(steps):
        power = s.power_w_k
        scale[k] = to = power * s.gx
        rows[k, 0:5] = aperture_m2 * (power * s.gs)
        rows[k, 5:7] = power * s.ge, power * s.gi * gain_w
        rows[k, 7:9] = power * heat_at_c[k], power * cool_at_c[k]
        rows[k, 9:14] = s.bx, to * s.be, to * s.bs / (power * s.gs), to * s.bi * gain_w, to * s.bq
        rows[k, 17] = power * limit_c
    cooled, most = np.isinf(airing_w_k), _UNLIMITED if cool_limit_w is None else cool_limit_w
    rows[:, 14], rows[:, 15] = np.where(cooled, most, 0.0), np.where(cooled, 0.0, airing_w_k)
    rows[:, 16] = _UNLIMITED if heat_limit_w is None else heat_limit_w
    return Steps(rows, scale, np.stack([s.power_w_k for s in steps]))


@dataclass(frozen=True)
class Drivers:
    """What moves the buildings, hour by hour.

    Attributes
    ----------
    weather : array (hours, 6)
        Irradiance on vertical north, east, south, west and on a flat roof [W/m2], outdoor temperature [degC].
    gain : array (profiles, hours)
        Internal gains relative to their yearly mean [1].
    state : array (profiles, hours) of int
        Which state of the buildings holds.
    month : array (hours,) of int
        0 to 11.
    airing_from_c : float
        Windows are opened at this temperature, from which it is reckoned what they carry away [degC].
    """

    weather: Floats
    gain: Floats
    state: Whole
    month: Whole
    airing_from_c: float = 24.0

    def runs(self, state_of: Whole) -> tuple[Whole, Whole]:
        """Return runs of hours of one state and month: start, stop, state, month; and where each profile's begin."""
        parts = []
        for p, states in enumerate(self.state):
            merged = state_of[p][states]
            change = np.flatnonzero((np.diff(merged) != 0) | (np.diff(self.month) != 0)) + 1
            start = np.append(0, change)
            parts.append(np.column_stack([start, np.append(change, len(merged)), merged[start], self.month[start]]))
        begin = np.cumsum([0, *(len(p) for p in parts)])
        return np.concatenate(parts).astype(np.int64), begin.astype(np.int64)


@dataclass(frozen=True)
class Year:
    """A simulated year; the buildings stand in the order in which they were given.

    Attributes
    ----------
    heat_kwh, cool_kwh : array (12, n)
        Heat given and heat taken away by month, the latter by cooling or by open windows [kWh].
    peak_heat_kw : array (n,)
        Highest hourly mean [kW].
    warm_hours, warm_kh : array (n,)
        Hours above the limit [h], and degree-hours above it [K h].
    zone_heat_kw : array (zones, hours)
        Hourly heat of each zone [kW]; no rows where no zones were asked for.
    """

    heat_kwh: Floats
    cool_kwh: Floats
    peak_heat_kw: Floats
    warm_hours: Floats
    warm_kh: Floats
    zone_heat_kw: Floats


@dataclass(frozen=True)
class Trace:
    """Every hour of a few buildings.

    Attributes
    ----------
    heat_kw, cool_kw : array (hours, n)
        Heat given, and heat taken away by cooling or open windows [kW].
    air_c : array (hours, n)
        Air temperature, mean of the hour [degC].
    """

    heat_kw: Floats
    cool_kw: Floats
    air_c: Floats


def _merged(steps: Steps, profile: Whole, profiles: int) -> Whole:
    """Return, by profile, the first state that is the same for all its buildings: needless switches are left out."""
    states = len(steps.rows)
    found = np.tile(np.arange(states), (profiles, 1))
    for later in range(1, states):
        for earlier in range(later):
            differs = np.zeros(profiles, bool)
            apart = (steps.rows[later] != steps.rows[earlier]).any(axis=0)
            differs[profile[apart]] = True
            take = ~differs & (found[:, later] == later)
            found[take, later] = found[take, earlier]
    return found


def simulate_year(
    steps: Steps,
    drivers: Drivers,
    profile: Whole,
    *,
    zone: Whole | None = None,
    start_c: float = 20.0,
    limited: bool = False,
    warm_wanted: bool = True,
    dtype: npt.DTypeLike = np.float64,
    threads: int | None = None,
) -> Year:
    """Run every building through the year.

    Parameters
    ----------
    steps : Steps
        Of n buildings.
    drivers : Drivers
    profile : array (n,) of int
        Profile of each building: row of ``drivers.gain`` and ``drivers.state``.
    zone : array (n,) of int, optional
        Zone of each building, from 0, whose hourly sums are wanted.
    start_c : float
        Temperature of the mass at the first hour [degC].
    limited : bool
        Hold the heating power to the limits in `steps`.
    warm_wanted : bool
        Count the warm hours too; a tenth slower.
    dtype : numpy type
        ``float64``, or ``float32`` at twice the speed and some 1e-5 relative error.
    threads : int, optional
        Default: as many as the machine has.

    Returns
    -------
    Year
    """
    hours, n = len(drivers.month), len(profile)
    real = np.dtype(dtype)
    zones = 0 if zone is None else int(zone.max(initial=-1)) + 1
    if not n:
        return Year(
            np.zeros((12, 0)), np.zeros((12, 0)), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros((zones, hours))
        )
    layout = arrange(
        profile, np.zeros(n, np.int64) if zone is None else zone, _BLOCK_BYTES // real.itemsize, len(steps.rows)
    )
    runs, begin = drivers.runs(_merged(steps, profile, len(drivers.gain)))
    packed, scale, power = pack(steps.rows, steps.state_scale, steps.power_w_k, layout, real)
    free = np.maximum(drivers.airing_from_c - drivers.weather[:, PLANES], 0.0)
    weather, gain = (
        np.ascontiguousarray(np.column_stack([drivers.weather, free]), real),
        np.ascontiguousarray(drivers.gain, real),
    )
    places = len(layout.source)
    heat, cool = np.zeros((12, places), real), np.zeros((12, places), real)
    peak, warm, over = np.zeros(places, real), np.zeros(places, real), np.zeros(places, real)
    sums = np.zeros((len(layout.zone), hours if zones else 0), real)
    constants = np.array([0.0, 1.0, start_c, COUNTED], real)  # a literal would turn 32-bit numbers into 64-bit ones
    run = compiled(limited=limited, capped=bool((steps.rows[:, 14] < _UNLIMITED).any()), warm_wanted=warm_wanted)

    def work(task: int) -> None:
        run(
            packed, scale, power, layout.blocks, layout.tasks[task], layout.tasks[task + 1], runs, begin, weather, gain,
            constants, heat, cool, peak, warm, over, sums[task],
        )  # fmt: skip

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        list(pool.map(work, range(len(layout.zone))))
    known = layout.source >= 0
    back = np.empty(n, np.int64)
    back[layout.source[known]] = np.flatnonzero(known)
    by_zone = np.zeros((zones, sums.shape[1]))
    for task, of in enumerate(layout.zone.tolist() if zones else ()):
        by_zone[of] += sums[task]
    return Year(
        heat[:, back].astype(float) / 1000,
        cool[:, back].astype(float) / 1000,
        peak[back].astype(float) / 1000,
        warm[back].astype(float),
        over[back].astype(float),
        by_zone / 1000 if zones else np.zeros((0, hours)),
    )


def trace(steps: Steps, drivers: Drivers, profile: Whole, *, start_c: float = 20.0, limited: bool = False) -> Trace:
    """Return every hour of a few buildings, in plain numpy: the same numbers, and the temperatures too.

    Parameters
    ----------
    steps, drivers, profile, start_c, limited
        As for :func:`simulate_year`.

    Returns
    -------
    Trace
    """
    hours, n = len(drivers.month), len(profile)
    everyone = np.arange(n)
    heat, cool, air = np.zeros((hours, n)), np.zeros((hours, n)), np.zeros((hours, n))
    before = drivers.state[profile, 0]
    y = start_c * steps.state_scale[before, everyone]
    for t in range(hours):
        state = drivers.state[profile, t]
        y = y * steps.state_scale[state, everyone] / steps.state_scale[before, everyone]
        before = state
        c = steps.rows[state, :, everyone].T
        outdoor, gain = drivers.weather[t, PLANES], drivers.gain[profile, t]
        sun = drivers.weather[t, :PLANES] @ c[:PLANES]
        free = y + sun + c[5] * outdoor + c[6] * gain
        power, excess = np.maximum(c[7] - free, 0), np.maximum(free - c[8], 0)
        excess = np.minimum(excess, c[14] + c[15] * max(drivers.airing_from_c - outdoor, 0.0))
        if limited:
            power = np.minimum(power, c[16])
        y = c[9] * y + c[10] * outdoor + c[11] * sun + c[12] * gain + c[13] * (power - excess)
        heat[t], cool[t] = power, excess
        air[t] = (free + power - excess) / steps.power_w_k[state, everyone]
    return Trace(heat / 1000, cool / 1000, air)


def compile_engine() -> None:
    """Compile what the first simulation on a machine would wait for, some five seconds; afterwards it lies on disk."""
    hours = 48
    month = np.zeros(hours, np.int64)
    drivers = Drivers(np.zeros((hours, 6)), np.ones((1, hours)), np.zeros((1, hours), np.int64), month)
    steps = Steps(np.ones((1, ROWS, 1)), np.ones((1, 1)), np.ones((1, 1)))  # some windows that can be opened
    for warm_wanted in (True, False):
        simulate_year(steps, drivers, np.zeros(1, np.int64), warm_wanted=warm_wanted)
