r"""Electricity of every building in every hour, added up to grid areas without ever being laid out building by building.

.. math:: E_{a,t} = \sum_s W_{a,s} \, h_{s,t}, \quad W_{a,s} = \sum_{i \in a, \, s(i) = s} E_i

:math:`W` holds the energy of a year by area and shape, :math:`h` the few shapes. The sum over areas is that over
buildings whatever the shapes are. Solar cells are kept apart from what is used:

.. math:: PV_t + import_t = load_t + export_t, \quad import_t = \max(load_t - PV_t, 0)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.electrification.end_use import EndUse
from twin.errors import TwinError

__all__ = ["AreaLoad", "Balance", "aggregate", "building_balance", "self_consumption"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Rows = slice | Whole | list[int]

_BLOCK = 128  # so many areas have all their hours in memory at a time: 9 MB an array


@dataclass(frozen=True)
class Balance:
    """Hours of areas or of a building; arrays of (..., hours) [kW].

    Attributes
    ----------
    load_kw, pv_kw : array
        What is used, and what solar cells give.
    """

    load_kw: Floats
    pv_kw: Floats

    @property
    def import_kw(self) -> Floats:
        """What is taken from the grid."""
        return np.maximum(self.load_kw - self.pv_kw, 0.0)

    @property
    def export_kw(self) -> Floats:
        """What is given to the grid."""
        return np.maximum(self.pv_kw - self.load_kw, 0.0)

    @property
    def self_consumed_kw(self) -> Floats:
        """What is used where and when it is made."""
        return np.minimum(self.load_kw, self.pv_kw)


@dataclass(frozen=True)
class AreaLoad:
    """Electricity of grid areas; the last row is what lies outside all of them.

    Attributes
    ----------
    end_uses : tuple of str
        Names, without ``pv``.
    of, shape : array (columns,) of int
        End use and shape of each column of `energy_kwh`.
    energy_kwh : array (areas + 1, columns)
        Energy of a year by area and by end use and shape [kWh].
    shapes : array (shapes, hours)
        Share of the year in each hour.
    made_kwh : array (areas + 1, planes)
        What solar cells give in a year, by area and shape [kWh].
    made_shapes : array (planes, hours)
    """

    end_uses: tuple[str, ...]
    of: Whole
    shape: Whole
    energy_kwh: Floats
    shapes: Floats
    made_kwh: Floats
    made_shapes: Floats

    @property
    def areas(self) -> int:
        """How many areas there are, without the row for what lies outside."""
        return len(self.energy_kwh) - 1

    @property
    def yearly_kwh(self) -> Floats:
        """Energy of a year by area and end use, (areas + 1, end uses) [kWh]."""
        return self.energy_kwh @ self._members.T

    @property
    def city(self) -> Balance:
        """The hours of all areas and of what lies outside, (hours,)."""
        whole = self._by_shape(self.energy_kwh.sum(axis=0))
        return Balance(whole @ self.shapes, self.made_kwh.sum(axis=0) @ self.made_shapes)

    @property
    def _members(self) -> Floats:
        return (np.arange(len(self.end_uses))[:, None] == self.of).astype(float)

    def _by_shape(self, energy_kwh: Floats) -> Floats:
        """Add up the columns that follow the same shape."""
        return energy_kwh @ (self.shape[:, None] == np.arange(len(self.shapes))).astype(float)

    def hours(self, rows: Rows) -> Balance:
        """Return every hour of chosen areas, (rows, hours) [kW]."""
        return Balance(self._by_shape(self.energy_kwh[rows]) @ self.shapes, self.made_kwh[rows] @ self.made_shapes)

    def by_end_use(self, row: int) -> dict[str, Floats]:
        """Return every hour of one area by end use, (hours,) [kW]."""
        return {
            name: np.asarray(self._by_shape(np.where(self.of == k, self.energy_kwh[row], 0.0)) @ self.shapes)
            for k, name in enumerate(self.end_uses)
        }

    def at(self, hour: Whole) -> tuple[Floats, Floats]:
        """Return the load by end use and the solar cells in one hour of each area.

        Parameters
        ----------
        hour : array (areas + 1,) of int
            Hour of the year of each area, e.g. that of its peak.

        Returns
        -------
        (array (areas + 1, end uses), array (areas + 1,))
            [kW]
        """
        load = (self.energy_kwh * self.shapes[self.shape][:, hour].T) @ self._members.T
        return load, np.asarray((self.made_kwh * self.made_shapes[:, hour].T).sum(axis=1))

    def blocks(self) -> Iterator[tuple[slice, Balance]]:
        """Yield a few areas at a time with all their hours, so that memory stays flat."""
        for start in range(0, len(self.energy_kwh), _BLOCK):
            rows = slice(start, min(start + _BLOCK, len(self.energy_kwh)))
            yield rows, self.hours(rows)

    def peaks(self) -> tuple[Floats, Whole]:
        """Return the highest load of each area and its hour, solar cells not subtracted, (areas + 1,) [kW]."""
        power, hour = np.zeros(len(self.energy_kwh)), np.zeros(len(self.energy_kwh), np.int64)
        for rows, balance in self.blocks():
            hour[rows] = balance.load_kw.argmax(axis=1)
            power[rows] = balance.load_kw.max(axis=1)
        return power, hour


def aggregate(
    end_uses: Sequence[EndUse],
    area: npt.NDArray[np.integer],
    areas: int,
    pv: Sequence[EndUse] = (),
    new_build: npt.NDArray[np.bool_] | None = None,
) -> AreaLoad:
    """Add the end uses of buildings up to grid areas.

    Parameters
    ----------
    end_uses : sequence of EndUse
        What buildings use.
    area : array (n,) of int
        Grid area of each building, -1 outside all.
    areas : int
        How many areas there are.
    pv : sequence of EndUse
        What solar cells give.
    new_build : array (n,) of bool, optional
        Buildings whose whole use is told apart as ``new_build``.

    Returns
    -------
    AreaLoad

    Raises
    ------
    TwinError
        When there is no end use, an area number does not exist, or the hours are not the same.

    Examples
    --------
    >>> use = EndUse.of("household", np.array([0, 1, 0]), np.array([10.0, 4.0, 6.0]), np.array([[0.5, 0.5], [1.0, 0.0]]))
    >>> load = aggregate([use], np.array([0, 0, -1]), 1)
    >>> load.hours([0]).load_kw.tolist(), load.city.load_kw.tolist()
    ([[9.0, 5.0]], [12.0, 8.0])
    """
    if not end_uses:
        raise TwinError("there is no end use of electricity to add up; give at least one")
    if len(area) and not (int(area.min()) >= -1 and int(area.max()) < areas):
        raise TwinError(
            f"grid areas are numbered from 0 to {areas - 1}, -1 outside; found {int(area.min())} to {int(area.max())}"
        )
    if len(found := {u.shapes.shape[1] for u in (*end_uses, *pv)}) > 1:
        raise TwinError(f"the end uses have {sorted(found)} hours; use the same weather year for all of them")
    place = np.where(area < 0, areas, area).astype(np.int64)
    kept = np.ones(len(area), bool) if new_build is None else ~new_build
    parts = [(u.name, k, _weights(u, place, areas, kept)) for k, u in enumerate(end_uses)]
    if new_build is not None:
        parts += [("new_build", k, _weights(u, place, areas, new_build)) for k, u in enumerate(end_uses)]
    names = tuple(dict.fromkeys(name for name, _, _ in parts))
    first = np.cumsum([0, *(len(u.shapes) for u in end_uses)])
    of = np.concatenate([np.full(w.shape[1], names.index(name)) for name, _, w in parts])
    shape = np.concatenate([np.arange(first[k], first[k + 1]) for _, k, _ in parts])
    energy, shapes = np.hstack([w for _, _, w in parts]), np.vstack([u.shapes for u in end_uses])
    followed = energy.any(axis=0)
    used, shape = np.unique(shape[followed], return_inverse=True)
    everyone = np.ones(len(area), bool)
    made = np.hstack([np.zeros((areas + 1, 0)), *(_weights(u, place, areas, everyone) for u in pv)])
    sunny = made.any(axis=0)
    return AreaLoad(
        names,
        of[followed],
        shape,
        energy[:, followed],
        shapes[used],
        made[:, sunny],
        np.vstack([np.zeros((0, shapes.shape[1])), *(u.shapes for u in pv)])[sunny],
    )


def _weights(use: EndUse, place: Whole, areas: int, chosen: npt.NDArray[np.bool_]) -> Floats:
    """Return the energies of chosen buildings by area and shape, (areas + 1, shapes)."""
    kept = chosen[use.building]
    cell = place[use.building[kept]] * len(use.shapes) + use.shape[kept]
    return np.asarray(np.bincount(cell, use.energy_kwh[kept], (areas + 1) * len(use.shapes)), float).reshape(
        areas + 1, -1
    )


def building_balance(end_uses: Sequence[EndUse], building: int, pv: Sequence[EndUse] = ()) -> Balance:
    """Return the hours of one building by itself, (hours,): its own solar cells against its own load."""
    hours = end_uses[0].shapes.shape[1]

    def total(uses: Sequence[EndUse]) -> Floats:
        return sum((u.building_kw(building) for u in uses), np.zeros(hours))

    return Balance(total(end_uses), total(pv))


def self_consumption(load: AreaLoad) -> pd.DataFrame:
    """Return what becomes of the solar cells' electricity in each area, whose buildings share it with each other.

    Returns
    -------
    DataFrame (areas + 1 rows)
        load_kwh, pv_kwh, self_consumed_kwh, import_kwh, export_kwh; the last row is what lies outside all areas.
    """
    used, made, own = load.energy_kwh.sum(axis=1), load.made_kwh.sum(axis=1), np.zeros(len(load.energy_kwh))
    for rows, balance in load.blocks():
        own[rows] = balance.self_consumed_kw.sum(axis=1)
    return pd.DataFrame(
        {"load_kwh": used, "pv_kwh": made, "self_consumed_kwh": own, "import_kwh": used - own, "export_kwh": made - own}
    )
