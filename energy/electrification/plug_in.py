r"""When vehicles stand plugged in and charge: the hours of a year that are expected, for each kind of place.

A session begins in some hour, lasts as long as the vehicle stays, and needs some energy at the power of its charger. The
distributions are those of ``twin/data/charging_profiles.csv`` and ``charging_powers.csv``. They are cut into some
thousand typical sessions, each of which charges at once, or as late as it can, so that an area's hours are a matrix
product of its yearly energy at each place with the shapes. Vehicles that need more, in the cold, plug in more often.

References
----------
.. [1] Electric Nation, smart charging trial 2016-2018, as reported in February 2019: over 12 hours plugged in, three
   sessions a week.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import gamma

from energy.buildings.schedules import HOURS, calendar
from energy.electrification.vehicles import PLACES
from twin import reference
from twin.errors import Problem, SchemaError

__all__ = ["DAYS", "Place", "Shapes", "day_weight", "need_by_temperature", "place", "quantiles", "shapes"]

Floats = npt.NDArray[np.float64]

DAYS = ("weekday", "saturday", "sunday")
_OF_THE_DAY = [f"h{h:02d}" for h in range(24)]
_SPAN = 96  # hours from the beginning of a day in which its sessions end
_PARTS = 4  # of an hour, in which sessions begin
_QUANTILES = 6  # of energy, and of stay
_LONGEST_H = 70.0  # a stay that begins at the end of a day ends within the span


@dataclass(frozen=True)
class Place:
    """Sessions at one kind of place.

    Attributes
    ----------
    plug_in : array (3, 24)
        Share of the day's sessions that begin in each hour, by kind of day; rows sum to 1.
    volume : array (3,)
        Sessions of a day per those of a weekday [1].
    stay_h : array (24,)
        Mean time plugged in, by the hour of plugging in [h].
    power_kw, share, session_kwh : array (classes,)
        Power of the chargers [kW], share of the sessions [1], mean energy of a session [kWh].
    """

    plug_in: Floats
    volume: Floats
    stay_h: Floats
    power_kw: Floats
    share: Floats
    session_kwh: Floats

    def at_least(self, power_kw: float) -> Place:
        """Return the sessions at chargers of at least a power [kW].

        Raises
        ------
        SchemaError
            When there is none.
        """
        keep = self.power_kw >= power_kw
        if not keep.any():
            rule = f"no charger has {power_kw:g} kW; the strongest has {self.power_kw.max():g} kW"
            raise SchemaError([Problem("charging_powers", "power_kw", rule)])
        share = self.share[keep] / self.share[keep].sum()
        return Place(self.plug_in, self.volume, self.stay_h, self.power_kw[keep], share, self.session_kwh[keep])


@dataclass(frozen=True)
class Shapes:
    """The hours of a year per kWh that is charged in it; arrays have the shape (kinds, 8760).

    Attributes
    ----------
    kinds : tuple of str
        Names of the rows.
    uncontrolled : array
        Charging at once, share of the year's energy in each hour; rows sum to 1 [kW per kWh a year].
    limit : array
        Power of the chargers that vehicles are plugged into; never below `uncontrolled` [kW per kWh a year].
    slack : array
        Energy that would be charged by the end of the hour at once, but could wait [kWh per kWh a year].
    """

    kinds: tuple[str, ...]
    uncontrolled: Floats
    limit: Floats
    slack: Floats


def need_by_temperature(temp_air_c: Floats, per_k: float, mild_c: float) -> Floats:
    r"""Return how much more or less than in the mean of the year vehicles need per km, for the cold of each day.

    .. math:: s_d = \frac{1 + k \max(0, T_0 - T_d)}{\frac{1}{365} \sum_d (1 + k \max(0, T_0 - T_d))}

    Parameters
    ----------
    temp_air_c : array (hours,)
        Whole days [degC].
    per_k : float
        :math:`k` [1/K].
    mild_c : float
        :math:`T_0` [degC].

    Returns
    -------
    array (hours / 24,)
        [1]; the mean is 1, so that the year's energy stays what it is.

    Examples
    --------
    >>> need_by_temperature(np.repeat([0.0, 20.0], 24), 0.0125, 20.0).round(4).tolist()
    [1.1111, 0.8889]
    """
    cold = 1 + per_k * np.maximum(mild_c - temp_air_c.reshape(-1, 24).mean(axis=1), 0.0)
    return np.asarray(cold / cold.mean())


def quantiles(cv: float, count: int) -> Floats:
    """Return equally likely values of a gamma distribution with the mean 1.

    Examples
    --------
    >>> quantiles(0.5, 3).round(3).tolist()
    [0.549, 0.947, 1.504]
    >>> quantiles(0.0, 2).tolist()
    [1.0, 1.0]
    """
    if cv == 0:
        return np.ones(count)
    values = gamma.ppf((np.arange(count) + 0.5) / count, 1 / cv**2)
    return np.asarray(values / values.mean())


@cache
def place(name: str) -> Place:
    """Return the sessions of a kind of place from the reference tables.

    Examples
    --------
    >>> home = place("home")
    >>> int(home.plug_in[0].argmax()), home.power_kw.tolist()
    (17, [2.3, 3.7, 7.4, 11.0])
    """
    rows, powers = (reference.table(t) for t in ("charging_profiles", "charging_powers"))
    return read_place(name, rows, powers)


def read_place(name: str, profiles: pd.DataFrame, powers: pd.DataFrame) -> Place:
    """Return the sessions of a kind of place from tables such as ``charging_profiles`` and ``charging_powers``.

    Raises
    ------
    SchemaError
        Listing days that are missing, blank or negative numbers, and shares that do not sum to a whole.
    """
    rows = profiles[profiles["place"] == name]
    begin = rows[rows["quantity"] == "plug_in"].set_index("day")
    stay = rows[rows["quantity"] == "stay_h"]
    of_power = powers[powers["place"] == name]
    found = [
        Problem("charging_profiles", "day", f"{name} has no plug-ins of a {day}; add a row", 1)
        for day in DAYS
        if day not in begin.index
    ]
    if len(stay) != 1:
        found.append(Problem("charging_profiles", "quantity", f"{name} needs one row stay_h, not {len(stay)}"))
    if not len(of_power):
        found.append(Problem("charging_powers", "place", f"{name} has no chargers; add a row"))
    if found:
        raise SchemaError(found)
    hours = begin.loc[list(DAYS), _OF_THE_DAY].to_numpy(float)
    numbers = {
        "plug_in": hours,
        "volume": begin.loc[list(DAYS), "volume"].to_numpy(float),
        "stay_h": stay[_OF_THE_DAY].to_numpy(float)[0],
        **{c: of_power[c].to_numpy(float) for c in ("power_kw", "share", "session_kwh")},
    }
    for column, values in numbers.items():
        if not (np.isfinite(values) & (values >= 0)).all():
            found.append(Problem("charging", column, f"{name} has a number that is blank or below 0; write it out"))
    sums = [(f"plug-ins of a {d}", s, 100.0) for d, s in zip(DAYS, hours.sum(axis=1), strict=True)]
    for what, total, whole in [*sums, ("shares of chargers", numbers["share"].sum(), 1.0)]:
        if abs(total - whole) > 1e-6 * whole:
            found.append(Problem("charging", "share", f"{name}: the {what} sum to {total:g}; they must to {whole:g}"))
    if found:
        raise SchemaError(found)
    return Place(**{**numbers, "plug_in": hours / hours.sum(axis=1, keepdims=True)})


def day_weight(of: Place, temp_air_c: Floats | None, f: Mapping[str, float]) -> Floats:
    """Return the share of the year's energy that sessions take which begin on each day.

    Parameters
    ----------
    of : Place
    temp_air_c : array (8760,), optional
        Outdoor temperature; without it every season is alike [degC].
    f : mapping
        The year's factors.

    Returns
    -------
    array (365,)
        [1]; the sum is 1.
    """
    weight = of.volume[calendar()[0]]
    if temp_air_c is not None:
        weight = weight * need_by_temperature(temp_air_c, f["ev.cold_per_k"], f["ev.mild_c"])
    return np.asarray(weight / weight.sum())


def shapes(
    f: Mapping[str, float], temp_air_c: Floats | None = None, places: Mapping[str, Place] | None = None
) -> Shapes:
    """Return the expected hours of charging at every kind of place.

    Parameters
    ----------
    f : mapping
        The year's factors.
    temp_air_c : array (8760,), optional
        Outdoor temperature [degC]; without it every season is alike.
    places : mapping of str to Place, optional
        Default: those of the reference tables, in the order of ``PLACES``.

    Returns
    -------
    Shapes
    """
    places = {name: place(name) for name in PLACES} if places is None else places
    found = np.array([_year(of, day_weight(of, temp_air_c, f), f) for of in places.values()])
    return Shapes(tuple(places), *np.ascontiguousarray(found.transpose(1, 0, 2)))


def _year(of: Place, weight: Floats, f: Mapping[str, float]) -> Floats:
    """Return charging at once, the limit and the slack (3, 8760) of one kind of place."""
    kernels = _kernels(of, f)
    kind = calendar()[0]
    year = np.zeros((3, HOURS // 24, 24))
    for day in range(_SPAN // 24):  # what sessions do on the day they begin, the day after, ...
        part = kernels[:, :, 24 * day : 24 * (day + 1)][:, kind] * weight[None, :, None]
        year += np.roll(part, day, axis=1)
    found = year.reshape(3, HOURS)
    return np.asarray(found / found[0].sum())


def _kernels(of: Place, f: Mapping[str, float]) -> Floats:
    """Return what the sessions of a day do in the hours after midnight, (3, kinds of day, hours) per kWh charged.

    A session that needs more than it can get while it stays gets less; the year's sum is kept by the whole.
    """
    begin = (np.arange(24 * _PARTS) + 0.5) / _PARTS
    stays, needs = quantiles(f["ev.stay_cv"], _QUANTILES), quantiles(f["ev.session_cv"], _QUANTILES)
    at, who, stay_q, need_q = (
        m.ravel()
        for m in np.meshgrid(
            np.arange(len(begin)),
            np.arange(len(of.power_kw)),
            np.arange(_QUANTILES),
            np.arange(_QUANTILES),
            indexing="ij",
        )
    )
    start, power = begin[at], of.power_kw[who]
    stay = np.minimum(of.stay_h[at // _PARTS] * stays[stay_q], _LONGEST_H)
    charging = np.minimum(of.session_kwh[who] * needs[need_q] / power, stay)
    likely = of.plug_in[:, at // _PARTS] * of.share[who] / (_PARTS * _QUANTILES**2)
    likely = likely / (likely @ (power * charging))[:, None]
    end = start + stay
    soon = likely * power @ _overlap(start, start + charging)
    late = likely * power @ _overlap(end - charging, end)
    plugged = likely * power @ _overlap(start, end)
    slack = np.maximum(np.cumsum(soon - late, axis=1), 0.0)
    return np.stack([soon, plugged, slack])


def _overlap(start: Floats, end: Floats) -> Floats:
    """Return the part of each hour that lies between start and end, (n, hours)."""
    hour = np.arange(_SPAN)
    return np.maximum(np.minimum(end[:, None], hour + 1.0) - np.maximum(start[:, None], hour), 0.0)
