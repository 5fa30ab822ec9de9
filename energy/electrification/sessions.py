r"""Single vehicles plugging in by chance: sessions of a fleet, their power together, and what they add to a feeder's peak.

The draw follows the distributions of :mod:`energy.electrification.plug_in`; the fleet's energy is the one given, and
the same seed gives the same sessions.

References
----------
.. [1] Becker, T., Smet, R., Macharis, B., Vanthournout, K., "Effect of electric vehicles, heat pumps, and solar panels on
   low-voltage feeders: Evidence from smart meter profiles", arXiv 2409.18105, 2024.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.buildings.schedules import calendar
from energy.electrification.plug_in import Place, day_weight
from twin.errors import TwinError

__all__ = ["Sessions", "draw", "peak_contribution"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_STEPS_OF_AN_HOUR = (1, 2, 3, 4, 6, 12, 60)


@dataclass(frozen=True)
class Sessions:
    """Sessions of a fleet, in the order of the vehicles and of time; arrays have the shape (sessions,).

    Attributes
    ----------
    vehicle : array of int
    arrival_h, departure_h : array
        From the first midnight [h]; those of the last days may end after the period.
    energy_kwh, power_kw : array
        From the socket [kWh], of the charger [kW].
    vehicles, days : int
        Size of the fleet and length of the period.
    """

    vehicle: Whole
    arrival_h: Floats
    departure_h: Floats
    energy_kwh: Floats
    power_kw: Floats
    vehicles: int
    days: int

    def load_kw(self, group: Whole | None = None, steps_of_an_hour: int = 1) -> Floats:
        """Return the mean power of each step if vehicles charge when they are plugged in.

        What runs past the end of the period counts at its beginning, so that no energy is lost.

        Parameters
        ----------
        group : array (vehicles,) of int, optional
            Feeder of each vehicle, from 0; without it all are one.
        steps_of_an_hour : int
            1 for hours, 4 for quarters.

        Returns
        -------
        array (groups, days * 24 * steps_of_an_hour)
            [kW]

        Raises
        ------
        TwinError
            When an hour cannot be cut so, or not each vehicle has a group.
        """
        if steps_of_an_hour not in _STEPS_OF_AN_HOUR:
            raise TwinError(f"an hour cannot be cut into {steps_of_an_hour} steps; give one of {_STEPS_OF_AN_HOUR}")
        of = np.zeros(self.vehicles, np.int64) if group is None else group
        if len(of) != self.vehicles or of.min(initial=0) < 0:
            raise TwinError(f"{self.vehicles} vehicles need a group each, from 0; {len(of)} were given")
        steps, rows = self.days * 24 * steps_of_an_hour, int(of.max(initial=-1)) + 1
        start = self.arrival_h * steps_of_an_hour
        end = start + self.energy_kwh / self.power_kw * steps_of_an_hour
        laps = int(np.floor(end.max(initial=0.0) / steps)) + 1
        width = laps * steps + 2
        change = np.zeros(rows * width)
        base = of[self.vehicle] * width
        for edge, sign in ((start, 1.0), (end, -1.0)):
            at = np.floor(edge).astype(np.int64)
            later = sign * self.power_kw * (edge - at)
            change += np.bincount(base + at, sign * self.power_kw - later, len(change))
            change += np.bincount(base + at + 1, later, len(change))
        power = np.cumsum(change.reshape(rows, width), axis=1)[:, : laps * steps]
        return np.asarray(power.reshape(rows, laps, steps).sum(axis=1))


def draw(
    vehicles: int,
    yearly_kwh: float,
    at: Place,
    f: Mapping[str, float],
    seed: int,
    *,
    first_day: int = 0,
    days: int = 365,
    temp_air_c: Floats | None = None,
) -> Sessions:
    r"""Draw the sessions of a fleet at one kind of place.

    A vehicle has a charger, a yearly energy and a chance of plugging in on each day; sessions of one charger are alike in
    the mean, so whoever needs more plugs in more often. Each vehicle's sessions are scaled to its energy; one that
    needs longer than it would have stayed, stays longer.

    Parameters
    ----------
    vehicles : int
    yearly_kwh : float
        Mean of the fleet at this place, from the socket [kWh].
    at : Place
    f : mapping
        The year's factors.
    seed : int
    first_day, days : int
        Period: days from 1 January, and how many.
    temp_air_c : array (8760,), optional
        Outdoor temperature [degC]; without it every season is alike.

    Returns
    -------
    Sessions
        Their energy is `vehicles` times `yearly_kwh` times the period's share of the year.

    Raises
    ------
    TwinError
        When the period lies outside the year, or a number is below 0.
    """
    if not (first_day >= 0 and days >= 1 and first_day + days <= len(calendar()[0])):
        raise TwinError(f"{days} days from day {first_day} do not lie in the year of {len(calendar()[0])}")
    if vehicles < 0 or not 0 <= yearly_kwh < np.inf:
        raise TwinError(f"{vehicles} vehicles with {yearly_kwh:g} kWh a year can not be; give numbers from 0")
    rng = np.random.default_rng(seed)
    period = slice(first_day, first_day + days)
    weight = day_weight(at, temp_air_c, f)[period]
    charger = rng.choice(len(at.share), vehicles, p=_vehicle_share(at))
    yearly = _gamma(rng, f["ev.vehicle_cv"], vehicles)
    yearly *= yearly_kwh / (yearly.mean() if vehicles else 1.0)
    plugs = rng.random((vehicles, days)) < yearly[:, None] * weight / at.session_kwh[charger][:, None]
    none = ~plugs.any(axis=1) & (yearly > 0)
    plugs[np.flatnonzero(none), rng.choice(days, int(none.sum()), p=weight / weight.sum())] = True
    vehicle, day = np.nonzero(plugs)
    need = _gamma(rng, f["ev.session_cv"], len(vehicle))
    scale = yearly * weight.sum() / np.maximum(np.bincount(vehicle, need, vehicles), np.finfo(float).tiny)
    energy, power = need * scale[vehicle], at.power_kw[charger[vehicle]]
    hour = _drawn(rng, at.plug_in, calendar()[0][period][day])
    arrival = 24.0 * day + hour + rng.random(len(day))
    stay = at.stay_h[hour] * _gamma(rng, f["ev.stay_cv"], len(day))
    return Sessions(vehicle, arrival, arrival + np.maximum(stay, energy / power), energy, power, vehicles, days)


def _vehicle_share(at: Place) -> Floats:
    """Return the share of vehicles at each charger: small sessions are many a vehicle."""
    share = at.share * at.session_kwh
    return np.asarray(share / share.sum())


def _gamma(rng: np.random.Generator, cv: float, count: int) -> Floats:
    """Draw from a gamma distribution with the mean 1."""
    return np.ones(count) if cv == 0 else rng.gamma(1 / cv**2, cv**2, count)


def _drawn(rng: np.random.Generator, plug_in: Floats, kind: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Draw an hour of the day for each session, by its kind of day."""
    upto = np.cumsum(plug_in, axis=1)
    upto[:, -1] = 1.0
    return np.asarray((rng.random(len(kind))[:, None] >= upto[kind]).sum(axis=1))


def peak_contribution(load_kw: Floats, base_kw: Floats, vehicles: int) -> tuple[Floats, Floats]:
    """Return what each vehicle adds to the peak of its feeder.

    Parameters
    ----------
    load_kw : array (feeders, steps)
        Charging [kW].
    base_kw : array (steps,) or (feeders, steps)
        All else on the feeder [kW].
    vehicles : int
        On each feeder.

    Returns
    -------
    (array (feeders,), array (feeders,))
        Charging in the step of the feeder's peak, and by how much the peak is higher than without it, per vehicle [kW].

    Examples
    --------
    >>> at_peak, added = peak_contribution(np.array([[0.0, 6.0, 2.0]]), np.array([3.0, 4.0, 6.0]), 2)
    >>> at_peak.tolist(), added.tolist()
    ([3.0], [2.0])
    """
    whole = load_kw + base_kw
    at = whole.argmax(axis=1)
    base = np.broadcast_to(base_kw, whole.shape)
    rows = np.arange(len(whole))
    return load_kw[rows, at] / vehicles, (whole[rows, at] - base.max(axis=1)) / vehicles
