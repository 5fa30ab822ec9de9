"""An end use of electricity: what each building takes in a year, and which shape its hours follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.errors import TwinError

__all__ = ["EndUse", "charging_use", "normalised"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EndUse:
    """What buildings use for one purpose, or what their solar cells give.

    Attributes
    ----------
    name : str
        ``household``, ``property``, ``direct_electric``, ``heat_pumps``, ``cooling``, ``charging`` or ``pv``.
    building : array (m,) of int
        Building of each entry; a building may have several, as space heat and hot water.
    shape : array (m,) of int
        Row of `shapes` that the entry follows.
    energy_kwh : array (m,)
        In the year [kWh].
    shapes : array (k, hours)
        Share of the year in each hour; the sum of a row is 1.
    """

    name: str
    building: Whole
    shape: Whole
    energy_kwh: Floats
    shapes: Floats

    def __post_init__(self) -> None:
        bad = ~(np.isfinite(self.energy_kwh) & (self.energy_kwh >= 0))
        if bad.any():
            row = int(self.building[int(np.flatnonzero(bad)[0])])
            raise TwinError(
                f"{self.name}: the year's energy of {int(bad.sum())} buildings is blank or below 0 (first: row {row}); "
                "fill it with a number from 0 on"
            )
        sums, least = self.shapes.sum(axis=1), self.shapes.min(axis=1, initial=0.0)
        wrong = ~((np.abs(sums - 1) < 1e-9) & (least >= 0))
        wrong &= np.bincount(self.shape, self.energy_kwh, len(self.shapes)) > 0
        if wrong.any():
            k = int(np.flatnonzero(wrong)[0])
            raise TwinError(
                f"{self.name}: shape {k} is followed by buildings, but its hours sum to {sums[k]:g} with {least[k]:g} as the "
                "least; give shares of the year from 0 on that sum to 1"
            )

    @classmethod
    def of(cls, name: str, shape: Whole, energy_kwh: Floats, shapes: Floats) -> EndUse:
        """Return an end use with one entry for each building that uses anything.

        Examples
        --------
        >>> use = EndUse.of("household", np.array([0, 0]), np.array([0.0, 10.0]), np.array([[0.25, 0.75]]))
        >>> use.building.tolist(), use.building_kw(1).tolist()
        ([1], [2.5, 7.5])
        """
        at = np.flatnonzero(~(energy_kwh == 0))
        return cls(name, at.astype(np.int64), shape[at].astype(np.int64), energy_kwh[at], shapes)

    def building_kw(self, building: int) -> Floats:
        """Return the hours of one building, (hours,) [kW]."""
        at = self.building == building
        return np.asarray(np.bincount(self.shape[at], self.energy_kwh[at], len(self.shapes)) @ self.shapes)


def normalised(hours: Floats) -> Floats:
    """Return shares of the year; a row without anything stays without.

    Examples
    --------
    >>> normalised(np.array([[1.0, 3.0], [0.0, 0.0]])).tolist()
    [[0.25, 0.75], [0.0, 0.0]]
    """
    total = hours.sum(axis=-1, keepdims=True)
    return np.divide(hours, total, out=np.zeros_like(hours), where=total > 0)


def charging_use(energy_kwh: Floats, shapes: Floats) -> EndUse:
    """Return the charging of vehicles as an end use.

    Parameters
    ----------
    energy_kwh : array (n,) or (n, kinds)
        What is charged at each building in a year, by kind of charging [kWh].
    shapes : array (kinds, hours)
        Share of the year in each hour.

    Raises
    ------
    TwinError
        When the kinds do not agree.

    Examples
    --------
    >>> charging_use(np.array([[4.0, 0.0], [1.0, 2.0]]), np.array([[1.0, 0.0], [0.5, 0.5]])).building_kw(1).tolist()
    [2.0, 1.0]
    """
    table = np.asarray(energy_kwh, float).reshape(len(energy_kwh), -1)
    if table.shape[1] != len(shapes):
        raise TwinError(
            f"charging: energies of {table.shape[1]} kinds but shapes of {len(shapes)}; give one shape a kind of charging"
        )
    n, kinds = table.shape
    building, kind = np.repeat(np.arange(n), kinds), np.tile(np.arange(kinds), n)
    energy = table.ravel()
    at = np.flatnonzero(~(energy == 0))
    return EndUse("charging", building[at].astype(np.int64), kind[at].astype(np.int64), energy[at], shapes)
