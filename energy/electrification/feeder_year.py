"""A year of a feeder, hour by hour in compiled code: lowest voltages, fullest lines, losses, hours outside the limits.

Hours are solved in blocks, several at a time, and each of them begins from the source's voltage, so that the result does
not depend on the number of threads. Sums are made on the way, and memory does not grow with the hours beyond what the
loads themselves take. Loads may be a table of all hours, or a few profiles that buses share.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.electrification.feeder import SWEEPS, Feeder, not_solved, table
from energy.electrification.feeder_sweep import HOURLY, LANES, run_hours
from energy.tree import Tree
from twin.errors import Problem, SchemaError

__all__ = ["Added", "FeederYear", "Hourly", "Limits", "Loads", "compile_feeder", "solve_hours", "year"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Values = npt.ArrayLike

_BLOCK_HOURS = 24 * LANES


@dataclass(frozen=True)
class Limits:
    """What voltages and lines must keep to.

    Attributes
    ----------
    low_pu, high_pu : float
        Voltage at every bus, in parts of the nominal [1].
    loading : float
        Current of every line and of the transformer, in parts of its rating [1].
    """

    low_pu: float
    high_pu: float
    loading: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.low_pu < self.high_pu and self.loading > 0):
            rule = "give a low voltage above 0 and below the high one, and a loading above 0"
            raise SchemaError([Problem("limits", "", rule)])

    @classmethod
    def of(cls, f: Mapping[str, float]) -> Limits:
        """Return the limits that the factors set."""
        return cls(f["grid.voltage_low_pu"], f["grid.voltage_high_pu"], f["grid.loading_limit"])


@dataclass(frozen=True)
class Added:
    """Load by profile: at hour h and bus i there is the sum of `weight[k, i] p_kw[k, h]` over the profiles k.

    Attributes
    ----------
    weight : array (profiles, n)
        How many times each bus has each profile, say the cars or roofs there; 0 or more [1].
    p_kw, q_kvar : array (profiles, hours)
        Power that one of them takes, negative when it feeds in [kW], and reactive power [kvar].
    """

    weight: Floats
    p_kw: Floats
    q_kvar: Floats

    @classmethod
    def of(cls, weight: Values, p_kw: Values, q_kvar: Values = 0.0) -> Added:
        """Return one or several profiles from plain arrays.

        Parameters
        ----------
        weight : array (n,) or (profiles, n)
        p_kw, q_kvar : array (hours,) or (profiles, hours)

        Raises
        ------
        SchemaError
            When the numbers of profiles differ, a number is missing or a weight is negative.

        Examples
        --------
        >>> Added.of([0, 2, 1], [1.0, -0.5]).p_kw.tolist()
        [[1.0, -0.5]]
        """
        w, p = (np.atleast_2d(np.asarray(v, float)) for v in (weight, p_kw))
        q = np.asarray(q_kvar, float)
        problems = []
        if len(w) != len(p) or (q.ndim and np.atleast_2d(q).shape != p.shape):
            problems.append(
                Problem("profiles", "", "give as many weights as profiles, and q_kvar in the shape of p_kw")
            )
        if not (np.isfinite(p).all() and np.isfinite(q).all()):
            problems.append(Problem("profiles", "p_kw", "a number is missing: give 0 where nothing is taken"))
        if not (np.isfinite(w) & (w >= 0)).all():
            problems.append(
                Problem("profiles", "weight", "give 0 or more at every bus", int((~(np.isfinite(w) & (w >= 0))).sum()))
            )
        if problems:
            raise SchemaError(problems)
        return cls(w, p, np.ascontiguousarray(np.broadcast_to(np.atleast_2d(q) if q.ndim else q, p.shape)))


@dataclass(frozen=True)
class Loads:
    """The loads of a feeder over hours; build them with :meth:`of`.

    Attributes
    ----------
    kw, kvar : array (hours, n)
        Taken at each bus, feed-in subtracted; without rows where there is no such table [kW], [kvar].
    added : Added
        What comes on top.
    """

    kw: Floats
    kvar: Floats
    added: Added

    @property
    def hours(self) -> int:
        """Number of hours."""
        return len(self.kw) or self.added.p_kw.shape[1]

    def at(self, hour: int) -> tuple[Floats, Floats]:
        """Return power and reactive power at every bus in an hour [kW], [kvar]."""
        p, q = (np.zeros(self.added.weight.shape[1]) if not len(v) else v[hour] for v in (self.kw, self.kvar))
        if len(self.added.weight):
            p = p + self.added.p_kw[:, hour] @ self.added.weight
            q = q + self.added.q_kvar[:, hour] @ self.added.weight
        return p, q

    @classmethod
    def of(
        cls,
        feeder: Feeder,
        consumption_kw: Values | None,
        consumption_kvar: Values | None = None,
        *,
        feed_in_kw: Values | None = None,
        added: Added | None = None,
    ) -> Loads:
        """Check and gather loads.

        Parameters
        ----------
        feeder : Feeder
            With n buses.
        consumption_kw, feed_in_kw : array (hours, n), optional
            What each bus takes, and what is fed in there; both 0 or more [kW].
        consumption_kvar : array (hours, n), optional
            [kvar]
        added : Added, optional

        Returns
        -------
        Loads

        Raises
        ------
        SchemaError
            With all that is missing, negative or of the wrong shape, naming the buses.
        """
        n, none = len(feeder.tree), np.zeros((0, 0))
        extra = added or Added(np.zeros((0, n)), np.zeros((0, 0)), np.zeros((0, 0)))
        columns = {
            "consumption_kw": (consumption_kw, 0.0, "consumption"),
            "consumption_kvar": (consumption_kvar, None, "reactive power"),
            "feed_in_kw": (feed_in_kw, 0.0, "feed-in"),
        }
        tables: dict[str, Floats] = {}
        problems: list[Problem] = []
        for name, (given, least, what) in columns.items():
            if given is not None:
                values, found = table(feeder, given, name, least=least, what=what)
                tables[name], problems = np.atleast_2d(values), problems + found
        lengths = {len(v) for v in tables.values()} | ({extra.p_kw.shape[1]} if len(extra.weight) else set())
        if len(lengths) != 1 or 0 in lengths:
            problems.append(Problem("loads", "", "give loads, at least one hour, and all for the same number of hours"))
        if extra.weight.shape[1] != n:
            problems.append(Problem("profiles", "weight", f"give one number a bus, {n} of them for each profile"))
        if problems:
            raise SchemaError(problems)
        kw = tables.get("consumption_kw", none)
        if "feed_in_kw" in tables:
            kw = (kw if len(kw) else 0.0) - tables["feed_in_kw"]
        return cls(np.ascontiguousarray(kw), np.ascontiguousarray(tables.get("consumption_kvar", none)), extra)


@dataclass(frozen=True)
class Hourly:
    """What is worst in each hour, as it comes from the loops.

    Attributes
    ----------
    loss_kw, lowest_pu, highest_pu, loading, source_kw, source_kvar : array (hours,)
        Losses, extreme voltages, greatest loading of a line of known rating (NaN without any), and what the source gives.
    lowest, highest, fullest : array (hours,) of int
        Bus of the lowest and of the highest voltage, and below the fullest line; -1 without any rating.
    solved : array (hours,) of bool
        Whether there are voltages that carry the loads; where not, the rest means nothing.
    """

    loss_kw: Floats
    lowest_pu: Floats
    lowest: Whole
    highest_pu: Floats
    highest: Whole
    loading: Floats
    fullest: Whole
    source_kw: Floats
    source_kvar: Floats
    solved: Flags


@dataclass(frozen=True)
class FeederYear:
    """A year of a feeder; buses in their own order, and the lines above them, the root's the transformer.

    Attributes
    ----------
    hourly : Hourly
        What is worst in each hour.
    min_pu, max_pu : array (n,)
        Lowest and highest voltage of each bus [1].
    min_hour, max_hour : array (n,) of int
        When.
    peak_a, loading : array (n,)
        Largest current of each line [A], and in parts of its rating; NaN where that is not known [1].
    peak_hour : array (n,) of int
        When.
    hours_low, hours_high, hours_full : array (n,) of int
        Hours below and above the limits of voltage, and hours of overload; -1 where the rating is not known.
    """

    hourly: Hourly
    min_pu: Floats
    min_hour: Whole
    max_pu: Floats
    max_hour: Whole
    peak_a: Floats
    loading: Floats
    peak_hour: Whole
    hours_low: Whole
    hours_high: Whole
    hours_full: Whole


def solve_hours(
    feeder: Feeder, loads: Loads, hours: Whole, limits: Limits, *, source_pu: float, tolerance_pu: float,
    threads: int | None = None, sweeps: int = SWEEPS, by_bus: bool = False,
) -> tuple[Hourly, list[tuple[Floats, Whole, Whole]]]:  # fmt: skip
    """Solve some of the hours, in blocks and threads; the parts of a year without its checks.

    Parameters
    ----------
    feeder, loads, limits
    hours : array of int
        Which.
    source_pu, tolerance_pu : float
        [1]
    threads : int, optional
        Default: as many as the machine has.
    sweeps : int
        An hour that takes more counts as not solved.
    by_bus : bool
        Whether to keep sums by bus.

    Returns
    -------
    (Hourly, list)
        And the sums of each block by place, extremes squared.
    """
    n, order = len(feeder.tree), feeder.tree.order
    parent, r, x = feeder.in_places()
    per_rating = 1 / np.nan_to_num(feeder.rating_kw[order], nan=np.inf) ** 2
    hourly, who = np.empty((len(hours), HOURLY)), np.empty((len(hours), 3), np.int64)
    extra = loads.added
    hours = np.ascontiguousarray(hours, np.int64)

    def block(first: int) -> tuple[Floats, Whole, Whole]:
        mine = slice(first, first + _BLOCK_HOURS)
        sums = (
            np.repeat([[np.inf], [0.0], [-1.0]], n if by_bus else 0, axis=1),
            np.zeros((3, n if by_bus else 0), np.int64),
            np.zeros((3, n if by_bus else 0), np.int64),
        )
        run_hours(
            hours[mine], order, parent, r, x, per_rating, source_pu, loads.kw, loads.kvar, extra.weight, extra.p_kw,
            extra.q_kvar, tolerance_pu, sweeps, limits.low_pu**2, limits.high_pu**2, limits.loading**2, by_bus,
            hourly[mine], who[mine], *sums, min(LANES, len(hours)),
        )  # fmt: skip
        return sums

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        sums = list(pool.map(block, range(0, len(hours), _BLOCK_HOURS)))
    known = bool(per_rating.any())
    loss, low, high, full, kw, kvar, solved = hourly.T
    lowest, highest, fullest = order[who.T]
    return Hourly(
        loss, np.sqrt(low), lowest, np.sqrt(high), highest, np.sqrt(full) if known else np.full(len(full), np.nan),
        fullest if known else np.full(len(full), -1), kw, kvar, solved > 0,
    ), sums  # fmt: skip


def year(
    feeder: Feeder,
    loads: Loads,
    limits: Limits,
    *,
    source_pu: float = 1.0,
    tolerance_pu: float = 1e-8,
    threads: int | None = None,
) -> FeederYear:
    """Run a feeder through the hours of a year.

    Parameters
    ----------
    feeder : Feeder
        With n buses.
    loads : Loads
    limits : Limits
        For counting the hours outside them.
    source_pu : float
        Voltage of the source, in parts of the nominal [1].
    tolerance_pu : float
        Voltages are known to this [1].
    threads : int, optional
        Default: as many as the machine has.

    Returns
    -------
    FeederYear

    Raises
    ------
    TwinError
        When an hour has no solution; it names the hour and the bus, and says what to change.

    Examples
    --------
    >>> feeder = Feeder(Tree.of([-1, 0]), [0, 0.064], [0, 0.015], [np.nan, 20], 400.0)
    >>> loads = Loads.of(feeder, [[0, 10], [0, 15]])
    >>> one = year(feeder, loads, Limits(0.95, 1.05))
    >>> one.min_pu.round(4).tolist(), one.min_hour.tolist(), one.hours_full.tolist(), one.hourly.loss_kw.round(4).tolist()
    ([1.0, 0.9939], [0, 1], [-1, 1], [0.0403, 0.0911])
    """
    hourly, sums = solve_hours(
        feeder, loads, np.arange(loads.hours), limits, source_pu=source_pu, tolerance_pu=tolerance_pu, threads=threads,
        by_bus=True,
    )  # fmt: skip
    if not hourly.solved.all():
        hour = int(np.flatnonzero(~hourly.solved)[0])
        raise not_solved(feeder, f"hour {hour}", *loads.at(hour))
    place = feeder.tree.place
    worst, when = sums[0][0], sums[0][1]
    for value, at, _ in sums[1:]:  # earlier blocks win when equal
        better = np.array([value[0] < worst[0], value[1] > worst[1], value[2] > worst[2]])
        worst, when = np.where(better, value, worst), np.where(better, at, when)
    low, high, current = np.sqrt(worst[:, place])
    count = np.sum([c for _, _, c in sums], axis=0)[:, place]
    unknown = np.isnan(feeder.rating_a)
    peak = current * feeder.a_per_kw
    when = when[:, place]
    return FeederYear(
        hourly, low, when[0], high, when[1], peak, peak / feeder.rating_a, when[2], count[0], count[1],
        np.where(unknown, -1, count[2]),
    )  # fmt: skip


def compile_feeder() -> None:
    """Compile what the first feeder on a machine would wait for; afterwards it lies on disk."""
    feeder = Feeder(Tree.of([-1, 0]), np.zeros(2), np.zeros(2), np.full(2, np.nan), 400.0)
    year(feeder, Loads.of(feeder, [[0.0, 1.0]]), Limits(0.9, 1.1))
