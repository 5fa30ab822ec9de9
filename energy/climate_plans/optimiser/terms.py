"""What a plan has to keep, what is minimised, and how hard is searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from energy.climate_plans.optimiser.heat import HeatCurve, Point

__all__ = ["Effort", "Goal", "Objective", "Terms", "Tightened"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Goal = Literal["emissions", "cost", "early"]


@dataclass(frozen=True)
class Effort:
    """How hard is searched.

    Attributes
    ----------
    gap : float
        Share that may stay open of the cost, or of the emissions that are avoided [1].
    nodes : int
        Most nodes that HiGHS looks at in one part; the same on every machine.
    rounds : int
        Most parts that are solved in whole numbers.
    seconds : float
        Time limit of the whole search; where it is met, the result depends on the machine [s].
    """

    gap: float = 1e-3
    nodes: int = 200
    rounds: int = 100
    seconds: float = np.inf


@dataclass(frozen=True)
class Terms:
    """What the plan has to keep.

    Attributes
    ----------
    curves : tuple of HeatCurve
        By year.
    target_t : mapping of int to float
        By place of the year; empty for the largest reduction in the last year [t].
    budget_sek : float
        In all; infinite without.
    budget_by_year_sek : array (years,)
        Infinite without.
    limit_kw : array (years, areas)
        Highest peak of each grid area; infinite without.
    limit_mw : array (years,)
        Highest load of the heat network; infinite without.
    share_limit : mapping of int to int
        By candidate, how many entities at most.
    requires : tuple of (int, int)
        The first candidate begins no earlier than the second.
    """

    curves: tuple[HeatCurve, ...]
    target_t: Mapping[int, float]
    budget_sek: float
    budget_by_year_sek: Floats
    limit_kw: Floats
    limit_mw: Floats
    share_limit: Mapping[int, int]
    requires: tuple[tuple[int, int], ...]

    @property
    def aims(self) -> tuple[int, ...]:
        """Places of the years whose emissions are aimed at."""
        return tuple(sorted(self.target_t)) or (len(self.curves) - 1,)


@dataclass(frozen=True)
class Objective:
    """What is minimised, and what more it has to keep.

    Attributes
    ----------
    goal : str
        ``emissions`` of the last year aimed at [t], ``cost`` [SEK], or ``early``: the sum of `weight`.
    zero : float
        What is minimised is weighed from here: a gap is a share of what a plan spends, or of the emissions that it avoids.
    most_t, most_sek : float
        Further limits of emissions in the last year aimed at, and of cost.
    among : array (n,) of bool, optional
        Choices that are open; all without.
    weight : array (n,), optional
    """

    goal: Goal
    zero: float = 0.0
    most_t: float = np.inf
    most_sek: float = np.inf
    among: Bools | None = None
    weight: Floats | None = None


@dataclass
class Tightened:
    """How closely the model follows the truth so far, in all parts; it is refined in place.

    Attributes
    ----------
    points : dict of int to list of Point
        By place of the year: where tangents touch the heat curve.
    marks : dict of (int, int) to list of list of float
        By year and grid area that is held: by category, energies at which the square root is met [MWh].
    timed : bool
        Choices may begin in any year; otherwise as early as they can, and only the last year is held.
    """

    points: dict[int, list[Point]] = field(default_factory=dict)
    marks: dict[tuple[int, int], list[list[float]]] = field(default_factory=dict)
    timed: bool = True
