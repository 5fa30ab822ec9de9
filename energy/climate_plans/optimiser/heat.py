r"""What district heating emits as a function of two sums, bounded from below by planes that are exact where asked.

Buildings on the network share its plants. With plants in a fixed order, a year's emissions depend on the delivered space
heat :math:`S` and hot water :math:`H` alone. The load of an hour is linear in both, and each plant adds a hinge:

.. math:: E(S, H) = \sum_k (e_k - e_{k-1}) \sum_t \max(L_t(S, H) - B_k, 0)

A plant that emits more than the one before bends the curve up, one that emits less bends it down. The first part lies above
its tangents; the second lies, within a rectangle, above the lower hull of its corners.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.supply import network
from energy.district_heating.supply.allocation import heat_factors
from energy.district_heating.supply.plants import Plants, heat_cost_sek_mwh

__all__ = ["Cell", "HeatCurve", "Point", "corners_of", "split"]

Floats = npt.NDArray[np.float64]
Cell = tuple[float, float, float, float]
Point = tuple[float, float]
Number = TypeVar("Number", float, npt.NDArray[np.float64])
_KWH = 1e6  # in a GWh
_NARROW_GWH = 1e-6


@dataclass(frozen=True)
class HeatCurve:
    """A year of the network's plants.

    Attributes
    ----------
    supply : DataFrame
        Table ``heat_supply``.
    degree_hours : array (hours,)
        [K]
    f : mapping
        The year's factors.
    at_mw : array (hinges,)
        Load from which each hinge bends [MW].
    bend_t_gwh : array (hinges,)
        By which the emission of one more unit of heat changes there [t/GWh].
    floor_t : float
        Emission of what runs whatever the load is [t].
    per_space_mw : array (hours,)
        Load of each hour per delivered space heat [MW/GWh].
    per_water_mw : float
        The same for hot water [MW/GWh].
    capacity_mw : float
        Of all plants; blank where no plant is known [MW].
    """

    supply: pd.DataFrame
    degree_hours: Floats
    f: Mapping[str, float]
    at_mw: Floats
    bend_t_gwh: Floats
    floor_t: float
    per_space_mw: Floats
    per_water_mw: float
    capacity_mw: float

    @classmethod
    def of(cls, supply: pd.DataFrame, degree_hours: Floats, f: Mapping[str, float]) -> HeatCurve:
        """Read the plants.

        Parameters
        ----------
        supply : DataFrame
            Table ``heat_supply``, perhaps without rows.
        degree_hours : array (hours,)
            [K]
        f : mapping
            The year's factors.
        """
        loss = f["district_heating.loss_share"]
        share, hours = loss / (1 - loss), len(degree_hours)
        space = (degree_hours / max(float(degree_hours.sum()), 1e-9) + share / hours) * _KWH / 1000
        water = (1 + share) / hours * _KWH / 1000
        if not len(supply):
            none = np.zeros(0)
            return cls(supply, degree_hours, f, none, none, 0.0, space, water, float("nan"))
        plants = Plants.of(supply)
        emitted = heat_factors(plants, f)["territorial"] * 1000  # kg/kWh to t/GWh
        room, least = plants.capacity_mw, np.minimum(plants.must_run_mw, plants.capacity_mw)
        order = np.arange(len(room)) if plants.ordered else np.argsort(heat_cost_sek_mwh(plants, f), kind="stable")
        emitted, room, least = emitted[order], room[order], least[order]
        free = room - least
        starts = np.append(np.cumsum(free) - free, free.sum()) + least.sum()
        bends = np.diff(np.concatenate([[0.0], emitted, [0.0]]))
        floor = float(least @ emitted) * hours / 1000
        return cls(supply, degree_hours, f, starts, bends, floor, space, water, float(room.sum()))

    def emitted_t(self, space_gwh: float, water_gwh: float) -> float:
        """Return the emissions by the model of the network itself [t]."""
        delivered = (space_gwh + water_gwh) * _KWH
        done = network.run(delivered, water_gwh * _KWH, self.degree_hours, self.supply, self.f)
        return done.territorial * delivered / 1000

    def peak_mw(self, space_gwh: Number, water_gwh: Number) -> Number:
        """Return the highest load of a year's heat, or of each of many [MW]."""
        return float(self.per_space_mw.max()) * space_gwh + self.per_water_mw * water_gwh

    def slope_t_gwh(self, space_gwh: float, water_gwh: float) -> tuple[float, float]:
        """Return what one more GWh of space heat, and of hot water, emits [t/GWh]."""
        if not len(self.at_mw):
            own = self.f["district_heating.territorial"] * 1000
            return own, own
        return tuple(self._tangent(self.bend_t_gwh, space_gwh, water_gwh)[:2].tolist())

    def tangents(self, points: Sequence[Point]) -> Floats:
        """Return planes that lie everywhere below the part that bends up, and touch it at the points.

        Parameters
        ----------
        points : sequence of (float, float)
            Space heat and hot water [GWh].

        Returns
        -------
        array (planes, 3)
            Emission per space heat and per hot water [t/GWh], and the constant [t].
        """
        if not len(self.at_mw):
            own = self.f["district_heating.territorial"] * 1000
            return np.array([[own, own, 0.0]])
        found = np.array([self._tangent(np.maximum(self.bend_t_gwh, 0), *p) for p in points])
        found[:, 2] += self.floor_t
        return np.unique(found, axis=0)

    def too_low_t(self, cell: Cell, points: Sequence[Point], space_gwh: float, water_gwh: float) -> tuple[float, float]:
        """Return by how much the tangents at some points, and the hull of a cell, lie below the curve at a place [t]."""
        place = np.array([space_gwh, water_gwh, 1.0])
        up = float((self.tangents([(space_gwh, water_gwh)]) @ place).max())
        down = self.emitted_t(space_gwh, water_gwh) - up
        return up - float((self.tangents(points) @ place).max()), down - float((self.hull(cell) @ place).max())

    def _tangent(self, bends: Floats, space_gwh: float, water_gwh: float) -> Floats:
        load = self.per_space_mw * space_gwh + self.per_water_mw * water_gwh
        above = load[:, None] > self.at_mw
        per_space, per_water = self.per_space_mw @ above, self.per_water_mw * above.sum(axis=0)
        slopes = np.array([per_space @ bends, per_water @ bends]) / 1000  # GWh of an hour of MW
        constant = -float((above.sum(axis=0) * self.at_mw) @ bends) / 1000
        return np.append(slopes, constant)

    def hull(self, cell: Cell) -> Floats:
        """Return planes that lie below the part that bends down everywhere in a cell, and touch it at its corners.

        Parameters
        ----------
        cell : (float, float, float, float)
            Least and most space heat, least and most hot water [GWh].

        Returns
        -------
        array (planes, 3)
            As of :meth:`tangents`.
        """
        bends = np.minimum(self.bend_t_gwh, 0)
        if not bends.any():
            return np.zeros((1, 3))
        corners = corners_of(cell)
        at = np.array(corners)
        tangents = np.array([self._tangent(bends, *p) for p in corners])
        value = (tangents[:, :2] * at).sum(axis=1) + tangents[:, 2]
        middle = at.mean(axis=0)
        found = []
        for three in combinations(range(4), 3):
            rest = 6 - sum(three)
            slopes_and_level = np.linalg.solve(
                np.column_stack([at[list(three)] - middle, np.ones(3)]), value[list(three)]
            )
            over = float(slopes_and_level @ np.append(at[rest] - middle, 1.0)) - value[rest]
            if over <= 1e-9 * max(1.0, abs(value[rest])):
                level = slopes_and_level[2] - slopes_and_level[:2] @ middle - max(over, 0.0)
                found.append([*slopes_and_level[:2], level])
        return np.array(found)


def corners_of(cell: Cell) -> list[Point]:
    """Return the four corners of a cell."""
    s0, s1, h0, h1 = cell
    return [(s, h) for s in (s0, s1) for h in (h0, h1)]


def split(cell: Cell, space_gwh: float, water_gwh: float) -> list[Cell]:
    """Return a cell cut at a point inside it; a side that would be too narrow is not cut.

    Examples
    --------
    >>> split((0.0, 2.0, 0.0, 1.0), 0.5, 0.0)
    [(0.0, 0.5, 0.0, 1.0), (0.5, 2.0, 0.0, 1.0)]
    """
    s0, s1, h0, h1 = cell
    spaces, waters = [s0, s1], [h0, h1]
    if s0 + _NARROW_GWH < space_gwh < s1 - _NARROW_GWH:
        spaces.insert(1, space_gwh)
    if h0 + _NARROW_GWH < water_gwh < h1 - _NARROW_GWH:
        waters.insert(1, water_gwh)
    return [(a, b, c, d) for a, b in pairwise(spaces) for c, d in pairwise(waters)]
