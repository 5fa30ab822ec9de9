"""What each building needs in each set of its own measures: few states, in place of every set of the city's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["States", "ranks", "subsets"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class States:
    """What each building needs in each set of its own players.

    Attributes
    ----------
    own : array (buildings,) of int
        Players that change it, as a coalition.
    first : array (buildings,) of int
        Where its states begin.
    rank : dict of int to array (2^n,) of int
        By own players: which of the building's states a coalition means.
    heat_kwh, hot_water_kwh : array (states,)
        District heat, and the useful hot water that is made of it.
    other_kwh : array (states, fuels)
        All but district heat and charging, by carrier.
    """

    own: Whole
    first: Whole
    rank: dict[int, Whole]
    heat_kwh: Floats
    hot_water_kwh: Floats
    other_kwh: Floats

    def at(self, coalition: int) -> Whole:
        """Return the state of every building."""
        kinds, kind = self._kinds
        return self.first + np.array([self.rank[k][coalition] for k in kinds.tolist()], np.int64)[kind]

    @cached_property
    def _kinds(self) -> tuple[Whole, npt.NDArray[np.intp]]:
        return np.unique(self.own, return_inverse=True)


def subsets(mask: int) -> list[int]:
    """Return every set of a coalition's players, from none to all.

    Examples
    --------
    >>> subsets(0b101)
    [0, 1, 4, 5]
    """
    found = [0]
    for bit in range(mask.bit_length()):
        if mask >> bit & 1:
            found += [s | 1 << bit for s in found]
    return found


def ranks(own: int, n: int) -> Whole:
    """Return, for every coalition of n players, the number of its part within `own` among the sets of `own`.

    Examples
    --------
    >>> ranks(0b101, 3).tolist()
    [0, 1, 0, 1, 2, 3, 2, 3]
    """
    masks, out, place = np.arange(1 << n), np.zeros(1 << n, np.int64), 0
    for bit in range(n):
        if own >> bit & 1:
            out |= (masks >> bit & 1) << place
            place += 1
    return out
