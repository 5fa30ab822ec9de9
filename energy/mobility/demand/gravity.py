r"""Trips between zones by a doubly constrained gravity model.

.. math:: T_{ij} = A_i B_j O_i D_j e^{-\beta c_{ij}}, \quad \sum_j T_{ij} = O_i, \quad \sum_i T_{ij} = D_j

The balancing factors come from iterative proportional fitting; :math:`\beta` is found such that the mean length of the
trips is the observed one, which falls with :math:`\beta`.

References
----------
.. [1] Wilson, A. G., "A statistical theory of spatial distribution models", Transportation Research 1, 1967.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from twin.errors import Problem, SchemaError, TwinError

__all__ = ["Trips", "fit_beta", "gravity", "mean_within", "same_total"]

Floats = npt.NDArray[np.float64]

_MARGIN = 1e-11  # largest error of a margin in parts of the largest, better than the 1e-10 that is promised
_MEAN = 1e-10  # largest error of the mean length in parts of it
_ROUNDS = 20_000
_STEEPEST = 500.0  # beta times the spread of costs; beyond it every trip takes the shortest way there is


@dataclass(frozen=True)
class Trips:
    """A table of trips.

    Attributes
    ----------
    trips : array (zones, zones)
        From row to column.
    beta : float
        Per unit of cost.
    mean_length : float
        Mean over all trips, in the unit of the lengths.
    rounds : int
        Of the fitting of margins.
    """

    trips: Floats
    beta: float
    mean_length: float
    rounds: int


def mean_within(mean_length: float, longest: float) -> float:
    r"""Return the mean length of those trips that are no longer than the longest way there is.

    A city that is cut out of its surroundings holds the short ones of the trips that were surveyed. Lengths are taken as
    exponentially distributed:

    .. math:: m = \mu - \frac{L}{e^{L / \mu} - 1}

    Parameters
    ----------
    mean_length : float
        Of all trips.
    longest : float
        In the same unit.

    Examples
    --------
    >>> round(mean_within(6.0, 14.0), 3), round(mean_within(6.0, 200.0), 3)
    (4.497, 6.0)
    """
    return mean_length - longest / float(np.expm1(longest / mean_length)) if longest > 0 else 0.0


def same_total(origin: Floats, destination: Floats) -> tuple[Floats, str]:
    """Return destinations that are scaled to the sum of the origins, with a note of how much; blank if they agreed.

    Parameters
    ----------
    origin, destination : array (zones,)
        [1/d]

    Examples
    --------
    >>> same_total(np.array([60.0, 60.0]), np.array([100.0, 0.0]))
    (array([120.,   0.]), 'the sum of destinations was 100 and was multiplied by 1.2000 to that of origins, 120')
    """
    starts, ends = float(origin.sum()), float(destination.sum())
    if np.isclose(starts, ends, rtol=1e-12, atol=0):
        return destination, ""
    if ends <= 0:
        raise TwinError("no zone attracts trips; give at least one zone jobs, or an attraction of its own")
    by = starts / ends
    note = f"the sum of destinations was {ends:g} and was multiplied by {by:.4f} to that of origins, {starts:g}"
    return destination * by, note


def gravity(cost: Floats, origin: Floats, destination: Floats, beta: float, length: Floats | None = None) -> Trips:
    """Distribute trips with a given beta.

    Parameters
    ----------
    cost : array (zones, zones)
        Infinite where there is no way.
    origin, destination : array (zones,)
        Trips that start and end in each zone; equal sums. A zone may have none.
    beta : float
        Per unit of cost.
    length : array (zones, zones), optional
        What the mean is taken of; the cost without it.

    Returns
    -------
    Trips

    Raises
    ------
    SchemaError
        When numbers are negative or missing, sums differ, or a zone with trips can be reached from nowhere.
    TwinError
        When no table of trips has these margins, since too many zones cannot reach each other.

    Examples
    --------
    With no wish for short ways, trips are shared by size:

    >>> gravity(np.ones((2, 2)), np.array([30.0, 70.0]), np.array([50.0, 50.0]), 0.0).trips.round(9).tolist()
    [[15.0, 15.0], [35.0, 35.0]]
    """
    _check(cost, origin, destination)
    return _Balancer(cost, origin, destination, cost if length is None else length).run(beta)


def fit_beta(
    cost: Floats, origin: Floats, destination: Floats, mean_length: float, length: Floats | None = None
) -> Trips:
    """Find the beta with which the mean length of trips is the observed one.

    Parameters
    ----------
    cost, origin, destination, length
        As in :func:`gravity`.
    mean_length : float
        Observed, in the unit of the lengths.

    Returns
    -------
    Trips

    Raises
    ------
    SchemaError, TwinError
        As in :func:`gravity`, and when no beta from zero upwards gives that mean; the limits are named.

    Examples
    --------
    >>> cost = np.array([[1.0, 5.0], [5.0, 1.0]])
    >>> found = fit_beta(cost, np.array([50.0, 50.0]), np.array([50.0, 50.0]), 2.0)
    >>> round(found.beta, 6), round(found.mean_length, 9)  # 3 of 4 trips are short: exp(4 beta) = 3
    (0.274653, 2.0)
    """
    _check(cost, origin, destination)
    model = _Balancer(cost, origin, destination, cost if length is None else length)
    longest = model.run(0.0)
    if mean_length > longest.mean_length * (1 + 1e-12):
        raise TwinError(
            f"a mean length of {mean_length:g} is not reached: without any wish for short ways (beta 0) it is "
            f"{longest.mean_length:g}; check the unit, or the zones, which may leave out places farther away"
        )
    some = model.inside[np.isfinite(model.inside)]
    spread = float(some.max() - some.min())
    if spread <= 0:
        return longest
    low, high = 0.0, min(1.0 / max(mean_length, 1e-9), _STEEPEST / spread)
    tried = {0.0: longest}
    while (last := tried.setdefault(high, model.run(high))).mean_length > mean_length:
        if high >= _STEEPEST / spread:
            raise TwinError(
                f"a mean length of {mean_length:g} is not reached: with a beta of {high:g} it is still "
                f"{last.mean_length:g}; check the unit, or divide large zones, whose inner trips are too long"
            )
        low, high = high, min(high * 2, _STEEPEST / spread)

    def apart(beta: float) -> float:
        tried[beta] = tried.get(beta) or model.run(beta)
        difference = tried[beta].mean_length - mean_length
        return 0.0 if abs(difference) < _MEAN * mean_length else difference  # near enough: the search stops

    return longest if apart(0.0) == 0 else tried[float(brentq(apart, low, high, xtol=1e-15, rtol=1e-13))]


class _Balancer:
    """Fits margins; each fit starts from the factors of the one before."""

    def __init__(self, cost: Floats, origin: Floats, destination: Floats, length: Floats) -> None:
        self.rows, self.columns = np.flatnonzero(origin > 0), np.flatnonzero(destination > 0)
        pick = np.ix_(self.rows, self.columns)
        self.shape, self.pick = cost.shape, pick
        self.origin, self.destination = origin[self.rows], destination[self.columns]
        self.inside, self.lengths = cost[pick].astype(float), np.where(np.isfinite(cost[pick]), length[pick], 0.0)
        above = self.inside - self.inside.min(axis=1, keepdims=True)  # what is taken away goes into the row's factor
        self.way = np.isfinite(above)
        self.above = np.where(self.way, above, 0.0)
        self.factor = np.ones(len(self.columns))

    def run(self, beta: float) -> Trips:
        kernel = np.exp(-beta * self.above)
        kernel *= self.way
        b = self.factor
        rounds, wrong = 0, np.inf
        while wrong > _MARGIN * self.destination.max():
            if rounds == _ROUNDS:
                raise TwinError(
                    f"no table of trips has these margins: after {_ROUNDS} rounds a zone's trips are still off by {wrong:.3g}; "
                    "zones that cannot reach each other need origins and destinations of the same sum among themselves"
                )
            rounds += 1
            a = self.origin / np.maximum(kernel @ b, 1e-300)
            reached = a @ kernel
            wrong = float(np.abs(b * reached - self.destination).max())
            b = self.destination / np.maximum(reached, 1e-300)
        self.factor = b / b.max()
        inside = kernel
        inside *= a[:, None]
        inside *= b
        trips = np.zeros(self.shape)
        trips[self.pick] = inside
        total = self.origin.sum()
        return Trips(trips, beta, float(np.vdot(inside, self.lengths) / total), rounds)


def _check(cost: Floats, origin: Floats, destination: Floats) -> None:
    problems = []
    n = len(origin)
    if cost.shape != (n, n) or len(destination) != n:
        raise TwinError(f"costs are {cost.shape}, but there are {n} origins and {len(destination)} destinations")
    for name, values in (("origin", origin), ("destination", destination)):
        bad = ~(np.isfinite(values) & (values >= 0))
        if bad.any():
            first = f"zone {int(np.flatnonzero(bad)[0])}"
            problems.append(Problem("zones", name, "give a number, 0 or more", int(bad.sum()), first))
    if np.isnan(cost).any() or (cost < 0).any():
        bad = np.isnan(cost) | (cost < 0)
        first = f"from zone {int(np.argwhere(bad)[0][0])} to {int(np.argwhere(bad)[0][1])}"
        problems.append(
            Problem("zones", "cost", "give a number, 0 or more; infinite where there is no way", int(bad.sum()), first)
        )
    if problems:
        raise SchemaError(problems)
    starts, ends = float(origin.sum()), float(destination.sum())
    if starts <= 0:
        raise TwinError("no zone produces trips; check the zones' inhabitants")
    if not np.isclose(starts, ends, rtol=1e-9, atol=0):
        raise TwinError(
            f"{starts:g} trips start, but {ends:g} end; scale the destinations to the origins (gravity.same_total)"
        )
    _check_ways(cost, origin, destination)


def _check_ways(cost: Floats, origin: Floats, destination: Floats) -> None:
    """Refuse zones with trips that no way leads to or from."""
    problems = []
    way = np.isfinite(cost) & (origin > 0)[:, None] & (destination > 0)
    for name, lost in (
        ("origin", (origin > 0) & ~way.any(axis=1)),
        ("destination", (destination > 0) & ~way.any(axis=0)),
    ):
        if lost.any():
            rule = "has trips, but no way to or from any zone; join it to the streets, or leave its trips out"
            problems.append(Problem("zones", name, rule, int(lost.sum()), f"zone {int(np.flatnonzero(lost)[0])}"))
    if problems:
        raise SchemaError(problems)
