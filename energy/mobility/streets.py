"""The streets and the hours of their traffic, checked: what the emissions are counted of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.fleet import VEHICLES, Fleet
from twin.errors import Problem, SchemaError

__all__ = ["Profile", "checked", "column_or", "electric_shares", "vehicle_shares"]

Floats = npt.NDArray[np.float64]
_NEAR = 1e-6
_DAYS = 365.0
_LARGEST = {"length_m": 1e6, "aadt": 1e6, "speed_kmh": 200.0}
_STEEPEST = 0.3
_NEEDED = ("length_m", "aadt", "van_share", "heavy_vehicle_share", "bus_share")
_SHARES = (
    "van_share", "heavy_vehicle_share", "bus_share", "articulated_share", "car_ev_share", "van_ev_share", "lorry_ev_share",
    "bus_ev_share", "biofuel_share", "bus_biofuel_share",
)  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """When the traffic of an average day drives; build it with :meth:`of`.

    Attributes
    ----------
    weight : array (profiles, 2, hours)
        Days a year that each hour's share of the average day counts, of light and heavy traffic; they sum to 365.
    of_street : array (n,) of int or None
        Which profile each street has; None: all the first.
    """

    weight: Floats
    of_street: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        problems = []
        if self.weight.ndim != 3 or self.weight.shape[1] != 2:
            raise SchemaError([Problem("profile", "weight", "must have the shape (profiles, 2, hours)")])
        negative = ~(self.weight >= 0).all(axis=(1, 2))
        off = ~(abs(self.weight.sum(axis=2) - _DAYS) <= _DAYS * _NEAR).all(axis=1)
        for rule, wrong in (
            ("is negative or missing", negative),
            ("an hour's shares do not sum to 1, or the days not to 365", off),
        ):
            if wrong.any():
                first = f"profile {int(np.flatnonzero(wrong)[0])}"
                problems.append(Problem("profile", "weight", rule, int(wrong.sum()), first))
        if self.of_street is not None and not ((self.of_street >= 0) & (self.of_street < len(self.weight))).all():
            problems.append(Problem("profile", "of_street", f"there are {len(self.weight)} profiles, counted from 0"))
        if problems:
            raise SchemaError(problems)

    @classmethod
    def of(cls, light: Floats, heavy: Floats | None = None, days: Floats | None = None) -> Profile:
        """Return one profile of one or several kinds of days, their hours one after the other.

        Parameters
        ----------
        light, heavy : array (kinds, 24)
            Share of the average day's traffic in each hour [1]; heavy as light where it is not given.
        days : array (kinds,)
            Days a year of each kind, weighted with their traffic per that of the average day; they sum to 365.

        Examples
        --------
        >>> Profile.of(np.full((1, 24), 1 / 24)).weight.sum(axis=2).round(6).tolist()
        [[365.0, 365.0]]
        """
        count = np.atleast_1d(_DAYS if days is None else days).astype(float)
        both = [np.atleast_2d(light), np.atleast_2d(light if heavy is None else heavy)]
        return cls(np.stack([(each * count[:, None]).ravel() for each in both])[None])

    def by_level(self, shares: Floats) -> Profile:
        """Return a profile of levels of service instead of hours: each level counts as much as it is driven in.

        Parameters
        ----------
        shares : array (hours, levels)
            Share of each hour's traffic at each level [1].
        """
        return Profile(self.weight @ shares, self.of_street)


def checked(links: pd.DataFrame, profile: Profile, light: Floats, heavy: Floats) -> None:
    """Refuse streets that no emission can be counted of; list all that is wrong.

    Parameters
    ----------
    links : DataFrame (n rows)
    profile : Profile
    light, heavy : array (n, hours)
        [km/h]

    Raises
    ------
    SchemaError
    """
    names = links["road_id"].astype(str).tolist() if "road_id" in links else [f"row {i + 1}" for i in range(len(links))]
    problems = [Problem("streets", c, "the column is missing; add it") for c in _NEEDED if c not in links]
    rules = _rules(links) if not problems else []
    hours = profile.weight.shape[2]
    for speed in {id(light): light, id(heavy): heavy}.values():
        if speed.shape != (len(links), hours):
            rule = f"speeds of {speed.shape} do not fit {len(links)} streets and {hours} hours"
            problems.append(Problem("streets", "speed_kmh", rule))
        else:
            fast = np.asarray(~((speed > 0) & (speed <= _LARGEST["speed_kmh"])).all(axis=1))
            rules.append(("speed_kmh", "must be above 0 and at most 200", fast))
    for column, rule, wrong in rules:
        if wrong.any():
            problems.append(Problem("streets", column, rule, int(wrong.sum()), names[int(np.flatnonzero(wrong)[0])]))
    if profile.of_street is not None and len(profile.of_street) != len(links):
        problems.append(
            Problem("profile", "of_street", f"has {len(profile.of_street)} values for {len(links)} streets")
        )
    if problems:
        raise SchemaError(problems)


def _rules(links: pd.DataFrame) -> list[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Return columns, the rules they must keep, and the rows that break them."""
    length, aadt = links["length_m"].to_numpy(float), links["aadt"].to_numpy(float)
    others = links[["van_share", "heavy_vehicle_share", "bus_share"]].to_numpy(float).sum(axis=1)
    slope = links["slope"].to_numpy(float) if "slope" in links else np.zeros(len(links))
    most = {c: f"and at most {_LARGEST[c]:g}" for c in _LARGEST}
    return [
        ("length_m", f"must be above 0 {most['length_m']}", ~((length > 0) & (length <= _LARGEST["length_m"]))),
        ("aadt", f"must be 0 or more {most['aadt']}", ~((aadt >= 0) & (aadt <= _LARGEST["aadt"]))),
        ("slope", "must lie between -0.3 and 0.3; write 0.06 for 6 per cent", np.abs(slope) > _STEEPEST),
        ("slope", "is blank; write 0 where it is not known", np.isnan(slope)),
        *((c, "is no share from 0 to 1", ~links[c].between(0, 1).to_numpy(bool)) for c in _SHARES if c in links),
        (
            "heavy_vehicle_share",
            "vans, lorries and buses are more than all vehicles; lower a share",
            others > 1 + _NEAR,
        ),
    ]


def vehicle_shares(links: pd.DataFrame, f: Mapping[str, float]) -> Floats:
    """Return the shares of the vehicles in the traffic of every street.

    Parameters
    ----------
    links : DataFrame (n rows)
        `van_share`, `heavy_vehicle_share` (lorries), `bus_share`, perhaps `articulated_share` of the lorries [1].
    f : mapping

    Returns
    -------
    array (n, 6)
        In the order of `VEHICLES` [1]; they sum to 1.
    """
    van, lorry, bus = (links[c].to_numpy(float) for c in ("van_share", "heavy_vehicle_share", "bus_share"))
    long = column_or(links, "articulated_share", f["fleet.articulated_share"])
    rest = np.maximum(1 - van - lorry - bus, 0.0)
    cycle = np.minimum(f["fleet.motorcycle_share"], rest)
    return np.column_stack([rest - cycle, van, lorry * (1 - long), lorry * long, bus, cycle])


def electric_shares(links: pd.DataFrame, fleet: Fleet, f: Mapping[str, float]) -> Floats:
    """Return the share of each vehicle's distance that is driven on electricity, by street; the fleet's where none is given.

    Parameters
    ----------
    links : DataFrame (n rows)
        Perhaps `car_ev_share`, `van_ev_share`, `lorry_ev_share`, `bus_ev_share` [1].
    fleet : Fleet
    f : mapping

    Returns
    -------
    array (n, 6)
        In the order of `VEHICLES` [1].
    """
    own = {v: fleet.electric_share(v, f["fleet.phev_electric_share"]) for v in VEHICLES}
    return np.column_stack([column_or(links, f"{v.split('_')[0]}_ev_share", own[v]) for v in VEHICLES])


def column_or(links: pd.DataFrame, name: str, default: float) -> Floats:
    """Return a column as numbers, or one number for every street where the table lacks it."""
    return links[name].to_numpy(float) if name in links else np.full(len(links), default)
