"""Where the electricity of groups is used: by grid area and category of customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.carriers import by_category
from energy.climate_plans.optimiser.groups import Problem
from twin import reference

__all__ = ["Places"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Where each building's electricity is used: `cell` is grid area times category, -1 outside; `pair` of group and cell."""

    cell: Whole
    areas: int
    k1: Floats
    k2: Floats
    pair_of: Whole
    pair: Whole
    pairs: int

    @classmethod
    def of(cls, problem: Problem) -> Places:
        """Return the places of a problem's buildings."""
        stock, table = problem.bench.stock, reference.table("velander")
        charging = table["category"].to_numpy(object) == "charging"
        table = pd.concat([table[~charging], table[charging]])  # what is charged comes last
        category = {use: k for k, uses in enumerate(table["uses"].fillna("")) for use in uses.split("|") if use}
        own = by_category(stock.buildings["use"], {u: float(k) for u, k in category.items()}).astype(np.int64)
        kinds, areas = len(table) - 1, len(stock.grid_areas)
        cell = np.where(stock.grid_area >= 0, stock.grid_area * kinds + own, -1)
        both = np.where((cell >= 0) & (problem.member >= 0), problem.member * max(areas * kinds, 1) + cell, -1)
        found, number = np.unique(both, return_inverse=True)
        offset = int(len(found) > 0 and found[0] == -1)
        pair = np.full((len(problem.labels), areas * kinds), -1)
        pair.reshape(-1)[found[offset:]] = np.arange(len(found) - offset)
        k1, k2 = table["k1"].to_numpy(float), table["k2"].to_numpy(float)
        return cls(cell, areas, k1, k2, number - offset, pair, len(found) - offset)

    def of_areas(self, values: Floats) -> Floats:
        """Return each building's value summed by grid area and category."""
        kinds, inside = len(self.k1) - 1, self.cell >= 0
        total = np.bincount(self.cell[inside], values[inside], self.areas * kinds)
        return total.astype(float).reshape(self.areas, kinds)

    def of_pairs(self, values: Floats) -> Floats:
        """Return each building's value summed by pair of group and cell."""
        inside = self.pair_of >= 0
        return np.bincount(self.pair_of[inside], values[inside], self.pairs).astype(float)
