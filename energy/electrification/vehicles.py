r"""Who drives how much on electricity: what vehicles take from the socket, by area, class and place of charging.

The energy of the year is the truth that every hour keeps to: driving energy over the efficiency of charging. All
distances here are those driven on electricity; a hybrid counts with its electric kilometres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin import reference
from twin.errors import Problem, SchemaError, did_you_mean

__all__ = [
    "CLASSES",
    "PLACES",
    "Charged",
    "charged_by_area",
    "charged_kwh",
    "driving_kwh",
    "driving_kwh_per_km",
    "place_shares",
    "split",
]

Floats = npt.NDArray[np.float64]

CLASSES = ("car", "van", "bus", "lorry")
PLACES = ("home", "work", "public", "depot")
_NAMED = ("home", "work", "depot")  # public charging is what is left
_SUM = 1e-9  # shares of a class add up to 1 within this
_J_PER_KWH = 3.6  # MJ/kWh


@dataclass(frozen=True)
class Charged:
    """What the vehicles of a city charge in a year.

    Attributes
    ----------
    driving_kwh : array (areas, classes)
        From the batteries, in the order of ``CLASSES`` [kWh].
    charged_kwh : array (areas, classes)
        From the sockets [kWh].
    vehicles : array (areas, classes)
        [1]
    unplaced_kwh : array (classes,)
        From the sockets by vehicles whose area is blank or unknown; in no area, but part of the city [kWh].
    unplaced_vehicles : array (classes,)
        [1]
    findings : tuple of Problem
        The rows without an area, by class.
    """

    driving_kwh: Floats
    charged_kwh: Floats
    vehicles: Floats
    unplaced_kwh: Floats
    unplaced_vehicles: Floats
    findings: tuple[Problem, ...]

    @property
    def total_kwh(self) -> float:
        """Return what all vehicles charge, with and without an area [kWh]."""
        return float(self.charged_kwh.sum() + self.unplaced_kwh.sum())


def driving_kwh(vehicles: Floats, km_per_vehicle: Floats, kwh_per_km: Floats) -> Floats:
    r"""Return the energy that vehicles take from their batteries in a year.

    .. math:: E_d = N \, d \, e

    Parameters
    ----------
    vehicles, km_per_vehicle : array
        [1], electric distance a year [km].
    kwh_per_km : array
        From the battery [kWh/km].

    Returns
    -------
    array
        [kWh]

    Examples
    --------
    >>> driving_kwh(np.array([100.0]), np.array([11_000.0]), np.array([0.18])).round(6).tolist()
    [198000.0]
    """
    return vehicles * km_per_vehicle * kwh_per_km


def charged_kwh(driving: Floats, efficiency: float) -> Floats:
    r"""Return the energy from the socket.

    .. math:: E_c = E_d / \eta

    Parameters
    ----------
    driving : array
        From the battery [kWh].
    efficiency : float
        Of charging [1].

    Returns
    -------
    array
        [kWh]

    Raises
    ------
    SchemaError
        When the efficiency does not lie above 0 and at most at 1.

    Examples
    --------
    >>> charged_kwh(np.array([198_000.0]), 0.9).round(6).tolist()
    [220000.0]
    """
    if not 0 < efficiency <= 1:
        rule = f"an efficiency of {efficiency:g} can not be; give one above 0 and at most 1"
        raise SchemaError([Problem("factors", "ev.charging_efficiency", rule)])
    return driving / efficiency


def driving_kwh_per_km(f: Mapping[str, float]) -> Floats:
    """Return what each class takes from the battery per km.

    The factors and ``twin/data/vehicles.csv`` state what is taken from the socket; cars follow the factor that the
    yearly figures use.

    Returns
    -------
    array (classes,)
        [kWh/km]

    Examples
    --------
    >>> driving_kwh_per_km({"ev.energy_kwh_per_km": 0.2, "ev.charging_efficiency": 0.9}).round(4).tolist()
    [0.18, 0.2875, 1.175, 1.35]
    """
    table = reference.table("vehicles")
    electric = table[table["drive"] == "electric"].set_index("vehicle")["energy_mj_per_km"]
    socket = np.array([float(electric[c]) for c in CLASSES]) / _J_PER_KWH
    socket[CLASSES.index("car")] = f["ev.energy_kwh_per_km"]
    return socket * f["ev.charging_efficiency"]


def charged_by_area(
    fleet: pd.DataFrame, areas: pd.Series, f: Mapping[str, float], *, refuse_unplaced: bool = False
) -> Charged:
    """Return what the vehicles of a fleet charge, by area and class.

    Parameters
    ----------
    fleet : DataFrame
        `area_id`, `vehicle` (car, van, bus, lorry), `vehicles` [1] and `km_per_vehicle`, electric distance a year [km].
        One row per area and class, or several that are summed.
    areas : Series of str (areas,)
        Identities in the order wanted.
    f : mapping
        The year's factors.
    refuse_unplaced : bool
        Refuse vehicles without an area instead of reporting them apart.

    Returns
    -------
    Charged

    Raises
    ------
    SchemaError
        Listing every column that is missing, every unknown class, every blank or negative number; and the vehicles
        without an area where they are to be refused.
    """
    problems = _problems(fleet)
    if problems:
        raise SchemaError(problems)
    kind = fleet["vehicle"].astype(str).map(CLASSES.index).to_numpy(int)
    where = pd.Index(areas.astype(str)).get_indexer(pd.Index(fleet["area_id"].astype(str)))
    where = np.where(fleet["area_id"].isna().to_numpy(), -1, where)
    count = fleet["vehicles"].to_numpy(float)
    driven = driving_kwh(count, fleet["km_per_vehicle"].to_numpy(float), driving_kwh_per_km(f)[kind])
    findings = _unplaced(fleet, where < 0)
    if findings and refuse_unplaced:
        raise SchemaError(findings)
    drive, number = (_summed(v, where, kind, len(areas)) for v in (driven, count))
    out = where < 0
    outside, number_out = (np.asarray(np.bincount(kind[out], v[out], len(CLASSES)), float) for v in (driven, count))
    efficiency = f["ev.charging_efficiency"]
    return Charged(
        drive, charged_kwh(drive, efficiency), number, charged_kwh(outside, efficiency), number_out, tuple(findings)
    )


def _summed(values: Floats, where: npt.NDArray[np.intp], kind: npt.NDArray[np.intp], areas: int) -> Floats:
    """Return the sums (areas, classes) of rows that have an area."""
    inside = where >= 0
    cell = where[inside] * len(CLASSES) + kind[inside]
    return np.asarray(np.bincount(cell, values[inside], areas * len(CLASSES)), float).reshape(areas, len(CLASSES))


def _problems(fleet: pd.DataFrame) -> list[Problem]:
    """Return everything that makes a fleet unusable."""
    needed = ("area_id", "vehicle", "vehicles", "km_per_vehicle")
    missing = [c for c in needed if c not in fleet.columns]
    if missing:
        return [Problem("fleet", c, "the column is missing; add it") for c in missing]
    found = []
    unknown = fleet.loc[~fleet["vehicle"].isin(CLASSES), "vehicle"]
    for name, rows in unknown.groupby(unknown.astype(str), sort=True):
        rule = f"no class of vehicles {name!r}{did_you_mean(str(name), CLASSES)}"
        found.append(Problem("fleet", "vehicle", rule, len(rows), f"row {rows.index[0]}"))
    for column in ("vehicles", "km_per_vehicle"):
        value = pd.to_numeric(fleet[column], errors="coerce")
        for bad, rule in (
            (~np.isfinite(value), "blank or no number; a blank is not a zero, so write 0 where there is none"),
            (value < 0, "below 0; give a number from 0"),
        ):
            if bad.any():
                found.append(Problem("fleet", column, rule, int(bad.sum()), f"row {fleet.index[bad][0]}"))
    return found


def _unplaced(fleet: pd.DataFrame, out: npt.NDArray[np.bool_]) -> list[Problem]:
    """Return the vehicles without an area, one finding a class."""
    found = []
    for name, rows in fleet[out].groupby("vehicle", sort=True):
        text = (
            f"{rows['vehicles'].sum():g} vehicles ({name}) have no area, or one that is unknown; "
            "name an area of the city, or count them apart"
        )
        found.append(Problem("fleet", "area_id", text, len(rows), f"row {rows.index[0]}"))
    return found


def place_shares(f: Mapping[str, float]) -> Floats:
    """Return the share of each class's energy that is charged at each place; public charging is what is left.

    Parameters
    ----------
    f : mapping
        The year's factors.

    Returns
    -------
    array (classes, places)
        In the order of ``CLASSES`` and ``PLACES``; every row sums to 1.

    Raises
    ------
    SchemaError
        When the shares of a class exceed 1 or one lies below 0.
    """
    shares = np.zeros((len(CLASSES), len(PLACES)))
    for row, vehicle in zip(shares, CLASSES, strict=True):
        for place in _NAMED:
            row[PLACES.index(place)] = f[f"charging.{vehicle}.{place}_share"]
    shares[:, PLACES.index("public")] = np.where(np.abs(rest := 1 - shares.sum(axis=1)) < _SUM, 0.0, rest)
    _check_shares(shares)
    return shares


def _check_shares(shares: Floats) -> None:
    """Refuse shares that do not divide a whole."""
    found = []
    for row, vehicle in zip(shares, CLASSES, strict=True):
        outside = [p for p, s in zip(PLACES, row, strict=True) if not 0 <= s <= 1]
        if outside:
            rule = (
                f"the shares of {vehicle} at {', '.join(outside)} lie outside 0 to 1; those of all places must sum to 1"
            )
            found.append(Problem("shares", vehicle, rule))
        elif abs(row.sum() - 1) > _SUM:
            found.append(
                Problem("shares", vehicle, f"the shares of all places sum to {row.sum():g}; they must sum to 1")
            )
    if found:
        raise SchemaError(found)


def split(charged: Floats, shares: Floats) -> Floats:
    r"""Divide what is charged among the places.

    .. math:: E_{a,p} = \sum_c E_{a,c} s_{c,p}

    Parameters
    ----------
    charged : array (areas, classes)
        [kWh]
    shares : array (classes, places)
        Every row sums to 1.

    Returns
    -------
    array (areas, places)
        [kWh]

    Raises
    ------
    SchemaError
        When a share lies outside 0 to 1 or the shares of a class do not sum to 1.

    Examples
    --------
    >>> shares = np.array([[0.75, 0.1, 0.15, 0.0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]])
    >>> split(np.array([[1000.0, 0.0, 50.0, 0.0]]), shares).tolist()
    [[750.0, 100.0, 150.0, 50.0]]
    """
    _check_shares(shares)
    return np.asarray(charged @ shares)
