r"""Peaks of grid areas against what their stations carry: headroom, hours over, the first year, and what causes it.

Headroom is always of the load that there is, never of what was contracted: power that is booked but not drawn would hide
the room there is [1]_. A station whose rating is not known has no headroom that could be told: it is NaN, and listed.

References
----------
.. [1] Energimarknadsinspektionen, Ei R2024:14: headroom by the actual load.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.electrification.hourly_electricity import AreaLoad
from twin import reference
from twin.errors import Problem, SchemaError, TwinError

__all__ = [
    "LIMITS",
    "Causes",
    "Over",
    "city_headroom",
    "first_years",
    "granted_mw",
    "headroom",
    "hours_over",
    "peak_causes",
    "unknown",
]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

LIMITS = ("rating_kw", "firm_kw", "n1_rating_kw")
_CAUSE = {
    "household": "base",
    "property": "base",
    "direct_electric": "base",
    "heat_pumps": "heat_pumps",
    "charging": "charging",
    "cooling": "cooling",
    "new_build": "new_build",
}


@dataclass(frozen=True)
class Over:
    """How far areas are over a limit in a year; NaN where the limit is not known.

    Attributes
    ----------
    hours, longest_h : array (areas,)
        All hours over, and the longest time without a pause [h].
    energy_kwh : array (areas,)
        Energy over the limit [kWh].
    """

    hours: Floats
    longest_h: Floats
    energy_kwh: Floats


def hours_over(power_kw: Floats, limit_kw: Floats) -> Over:
    """Return how long and how far each area is over its limit.

    Parameters
    ----------
    power_kw : array (areas, hours)
        [kW]
    limit_kw : array (areas,)
        NaN where it is not known [kW].

    Returns
    -------
    Over

    Examples
    --------
    >>> over = hours_over(np.array([[5.0, 9.0, 8.0, 4.0, 9.0]] * 2), np.array([7.0, np.nan]))
    >>> over.hours.tolist(), over.longest_h.tolist(), over.energy_kwh.tolist()
    ([3.0, nan], [2.0, nan], [5.0, nan])
    """
    hours, longest, energy = np.zeros((3, len(power_kw)))
    some = np.flatnonzero(power_kw.max(axis=1, initial=-np.inf) > limit_kw)
    excess = np.maximum(power_kw[some] - limit_kw[some, None], 0.0)
    above, hour = excess > 0, np.arange(power_kw.shape[1])
    hours[some], energy[some] = above.sum(axis=1), excess.sum(axis=1)
    last_within = np.maximum.accumulate(np.where(above, -1, hour), axis=1)
    longest[some] = (hour - last_within).max(axis=1, initial=0)
    known = ~np.isnan(limit_kw)

    def told(values: Floats) -> Floats:
        return np.where(known, values, np.nan)

    return Over(told(hours), told(longest), told(energy))


def headroom(load: AreaLoad, grid_areas: pd.DataFrame, velander_kw: Floats | None = None) -> pd.DataFrame:
    r"""Return peaks, headroom and the time over the rating of every grid area.

    .. math:: h = P_{rated} - \max_t (load_t - PV_t)

    Parameters
    ----------
    load : AreaLoad
        Of the areas in the order of `grid_areas`.
    grid_areas : DataFrame (areas rows)
        grid_area_id, rating_kw, and firm_kw and n1_rating_kw where they are known [kW].
    velander_kw : array (areas,), optional
        Peak by Velander's formula, to stand beside that of the hours [kW].

    Returns
    -------
    DataFrame (areas rows)
        grid_area_id, energy_kwh, peak_kw (through the station, solar cells subtracted) and peak_hour, load_peak_kw,
        export_peak_kw, velander_kw; headroom_kw, firm_headroom_kw and n1_headroom_kw; export_headroom_kw; over_h,
        longest_over_h and over_kwh of the rating. NaN where a rating is not known.

    Raises
    ------
    TwinError
        When the areas are not as many, or a rating is negative or infinite.
    """
    if load.areas != len(grid_areas):
        raise TwinError(f"the load has {load.areas} areas and the table {len(grid_areas)}; use the same grid areas")
    limits = _limits(grid_areas)
    n = load.areas
    peak, hour, used, export, over_h, longest, over_kwh = _passing(load, limits["rating_kw"]).T
    return pd.DataFrame(
        {
            "grid_area_id": grid_areas["grid_area_id"].to_numpy(object),
            "energy_kwh": load.yearly_kwh[:n].sum(axis=1),
            "peak_kw": peak,
            "peak_hour": hour.astype(np.int64),
            "load_peak_kw": used,
            "export_peak_kw": export,
            "velander_kw": np.full(n, np.nan) if velander_kw is None else velander_kw,
            "headroom_kw": limits["rating_kw"] - peak,
            "firm_headroom_kw": limits["firm_kw"] - peak,
            "n1_headroom_kw": limits["n1_rating_kw"] - peak,
            "export_headroom_kw": limits["rating_kw"] - export,
            "over_h": over_h,
            "longest_over_h": longest,
            "over_kwh": over_kwh,
        },
        index=grid_areas.index,
    )


def _passing(load: AreaLoad, rating_kw: Floats) -> Floats:
    """Return what passes through each station: the columns of :func:`headroom` that need the hours."""
    n = load.areas
    found = np.zeros((n, 7))
    for rows, balance in load.blocks():
        rows = slice(rows.start, min(rows.stop, n))  # noqa: PLW2901 - the last row lies outside all areas
        size = rows.stop - rows.start
        through = (balance.load_kw - balance.pv_kw)[:size]
        at = through.argmax(axis=1)
        over = hours_over(through, rating_kw[rows])
        found[rows] = np.column_stack(
            [
                through[np.arange(size), at],
                at,
                balance.load_kw[:size].max(axis=1),
                np.maximum(-through.min(axis=1), 0.0),
                over.hours,
                over.longest_h,
                over.energy_kwh,
            ]
        )
    return found


def unknown(grid_areas: pd.DataFrame, limit: str = "rating_kw") -> list[str]:
    """Return the identities of the areas whose limit is not known.

    Examples
    --------
    >>> unknown(pd.DataFrame({"grid_area_id": ["a", "b"], "rating_kw": [800.0, np.nan]}))
    ['b']
    """
    blank = np.isnan(_limits(grid_areas)[limit])
    return [str(x) for x in grid_areas["grid_area_id"].to_numpy(object)[blank]]


def _limits(grid_areas: pd.DataFrame) -> dict[str, Floats]:
    """Return every limit, NaN where it is blank or its column is not there."""
    found, problems = {}, []
    for name in LIMITS:
        values = grid_areas[name].to_numpy(float) if name in grid_areas else np.full(len(grid_areas), np.nan)
        bad = np.isinf(values) | (values < 0)
        if bad.any():
            first = str(grid_areas["grid_area_id"].iloc[int(np.flatnonzero(bad)[0])])
            rule = "is negative or infinite; leave it blank where it is not known"
            problems.append(Problem("grid_areas", name, rule, int(bad.sum()), first))
        found[name] = values
    if problems:
        raise SchemaError(problems)
    return found


@dataclass(frozen=True)
class Causes:
    """What makes up the peak of each area in its peak hour.

    Attributes
    ----------
    names : tuple of str
        ``base``, ``heat_pumps``, ``charging``, ``cooling``, ``new_build`` and ``pv``, which is 0 or below.
    kw : array (areas, causes)
        Adds up to the peak [kW].
    hour : array (areas,) of int
    """

    names: tuple[str, ...]
    kw: Floats
    hour: Whole

    @property
    def peak_kw(self) -> Floats:
        """Peak through the station, (areas,) [kW]."""
        return self.kw.sum(axis=1)


def peak_causes(load: AreaLoad, hour: Whole) -> Causes:
    """Return what makes up the load of each area in an hour of its own, as that of its peak.

    New buildings are told apart where :func:`~energy.electrification.hourly_electricity.aggregate` was told which they
    are; an end use that is not known keeps its own name.

    Parameters
    ----------
    load : AreaLoad
    hour : array (areas,) of int
        From :func:`headroom`: peak_hour.

    Returns
    -------
    Causes
    """
    by_use, pv = load.at(np.append(hour, 0))
    causes = [_CAUSE.get(name, name) for name in load.end_uses]
    names = tuple(dict.fromkeys((*dict.fromkeys(_CAUSE.values()), *causes)))
    kw = np.zeros((load.areas, len(names) + 1))
    for k, cause in enumerate(causes):
        kw[:, names.index(cause)] += by_use[:-1, k]
    kw[:, -1] = -pv[:-1]
    return Causes((*names, "pv"), kw, np.asarray(hour, np.int64))


def first_years(years: Iterable[int], peak_kw: Floats, limit_kw: Floats) -> Floats:
    """Return the first calendar year in which each area's peak is over its limit; between simulated years it is linear.

    Parameters
    ----------
    years : iterable of int
        Simulated, rising.
    peak_kw : array (years, areas)
        [kW]
    limit_kw : array (areas,)
        NaN where it is not known [kW].

    Returns
    -------
    array (areas,)
        NaN where the limit is not known, infinity where the peak stays within it in all those years.

    Raises
    ------
    TwinError
        When the years do not rise or are not as many as the peaks.

    Examples
    --------
    >>> first_years([2024, 2034], np.array([[700.0, 500.0, 900.0], [900.0, 600.0, 950.0]]), np.array([800.0, 700.0, np.nan]))
    array([2030.,   inf,   nan])
    """
    at = np.asarray(list(years), np.int64)
    if len(at) != len(peak_kw) or not len(at) or (np.diff(at) <= 0).any():
        raise TwinError(f"the years {at.tolist()} must rise, one for each of {len(peak_kw)} rows of peaks")
    every = np.arange(at[0], at[-1] + 1)
    over = _between(at, peak_kw, every) > limit_kw
    first = np.where(over.any(axis=0), every[over.argmax(axis=0)].astype(float), np.inf)
    return np.where(np.isnan(limit_kw), np.nan, first)


def _between(at: Whole, values: Floats, every: Whole) -> Floats:
    """Interpolate rows linearly between years."""
    after = np.clip(np.searchsorted(at, every, side="left"), 1, max(len(at) - 1, 1))
    if len(at) == 1:
        return np.repeat(values, len(every), axis=0)
    share = ((every - at[after - 1]) / (at[after] - at[after - 1]))[:, None]
    # at a simulated year it is that year's number to the last digit
    return np.where(share == 1, values[after], values[after - 1] + share * (values[after] - values[after - 1]))


def granted_mw(years: Iterable[int], kind: str = "capacity", steps: pd.DataFrame | None = None) -> Floats:
    """Return what the city may draw from the grid above it, or is forecast to, in each year.

    Capacity comes in steps, each from its year on; a forecast grows linearly between its years and stays after the last.

    Parameters
    ----------
    years : iterable of int
    kind : str
        ``capacity`` or ``forecast``.
    steps : DataFrame, optional
        kind, year, step_mw; the project's own table without it.

    Returns
    -------
    array (years,)
        [MW]; NaN before the first year.

    Raises
    ------
    TwinError
        When the table has no step of the kind.

    Examples
    --------
    >>> granted_mw([2020, 2024, 2032, 2040]).tolist(), granted_mw([2032], "forecast").tolist()
    ([nan, 850.0, 1170.0, 1276.0], [1400.0])
    """
    table = reference.table("grid_steps") if steps is None else steps
    own = table[table["kind"] == kind].sort_values("year")
    if own.empty:
        raise TwinError(f"no step of the kind {kind!r} in the table grid_steps; add one with kind, year and step_mw")
    at, total = own["year"].to_numpy(float), own["step_mw"].to_numpy(float).cumsum()
    wanted = np.asarray(list(years), float)
    if kind == "forecast":
        return np.interp(wanted, at, total, left=np.nan)
    reached = np.searchsorted(at, wanted, side="right") - 1
    return np.where(reached >= 0, total[np.maximum(reached, 0)], np.nan)


def city_headroom(
    peaks_kw: Mapping[int, float], *, share_of_city: float = 1.0, steps: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the city's headroom in every calendar year under the steps that are granted.

    The peak is that of all areas in the same hour, not the sum of their own peaks.

    Parameters
    ----------
    peaks_kw : mapping of int to float
        Peak of the whole by simulated year; linear between them [kW].
    share_of_city : float
        What part of the city's capacity is open to what is simulated [1].
    steps : DataFrame, optional
        As in :func:`granted_mw`.

    Returns
    -------
    DataFrame
        year, peak_kw, granted_kw, headroom_kw and over_kw, what can not be served in the peak hour; NaN before the first
        step.

    Examples
    --------
    >>> city_headroom({2030: 1_000_000.0, 2031: 1_100_000.0})[["granted_kw", "over_kw"]].to_numpy().tolist()
    [[1063000.0, 0.0], [1170000.0, 0.0]]
    """
    at = np.array(sorted(peaks_kw), np.int64)
    if not len(at) or not 0 < share_of_city <= 1:
        raise TwinError("give the peak of at least one year, and a share of the city above 0 and up to 1")
    every = np.arange(at[0], at[-1] + 1)
    peak = _between(at, np.array([[peaks_kw[int(y)]] for y in at], float), every)[:, 0]
    granted = 1000 * share_of_city * granted_mw(every.tolist(), steps=steps)
    return pd.DataFrame(
        {
            "year": every,
            "peak_kw": peak,
            "granted_kw": granted,
            "headroom_kw": granted - peak,
            "over_kw": np.maximum(peak - granted, 0.0),
        }
    )
