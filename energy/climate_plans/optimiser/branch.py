r"""Branch and bound over the heat curve: solve parts of what plans can deliver, best first, and cut them where planes mislead.

What district heating emits is a function of two sums a year. A part is a rectangle of these sums for each year aimed at.
Its linear relaxation takes hundredths of a second and bounds all plans in it; choosing at most one package a group
costs that bound little, since an optimum of the relaxation splits hardly more groups than there are rows that couple them.
Only parts that could still hold the best plan, and whose planes are about true, are solved in whole numbers.

Cutting a part at the point of a solution makes the planes exact there (a *spatial* branch and bound; Horst and Tuy, Global
Optimization: Deterministic Approaches, 1996, ch. IV). The lowest bound of the parts that are left is one for all plans.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from energy.climate_plans.optimiser.heat import Cell, Point, corners_of, split
from energy.climate_plans.optimiser.model import Solved, area_energy, solve
from energy.climate_plans.optimiser.options import Options
from energy.climate_plans.optimiser.outcome import EXACT, KRONA, MW, Outcome, keeps, outcome, over
from energy.climate_plans.optimiser.terms import Effort, Objective, Terms, Tightened

__all__ = ["Found", "branch", "share_open"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
_LEAST_GWH = 1e-3
_ROUNDING = 2e-9  # share of the emissions
_EVEN = 1e-6  # share of the emissions by which planes may always be too low where a part is solved in whole numbers
_RELAXED = 20  # parts that are bounded, for each that is solved in whole numbers
_MISLED = 0.2  # of the gap asked for, what planes that are too low may take
_OWN_GAP = 0.25  # of the gap asked for, what one part may leave open
_NEAR = 0.02  # share of a target by which a plan may miss it for a more careful one to be sought


@dataclass
class Found:
    """The best plan, how well it is known to be the best, and what each round said.

    Attributes
    ----------
    chosen : array of int, optional
        None where no plan was found that keeps the terms.
    outcome : Outcome, optional
    value : float
        What is minimised of it; infinite without one [t or SEK].
    bound : float
        What is minimised can not be less [t or SEK]; infinite where no plan keeps the terms.
    rounds : list of dict
    """

    chosen: Whole | None = None
    outcome: Outcome | None = None
    value: float = np.inf
    bound: float = -np.inf
    rounds: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, order=True)
class _Part:
    """A rectangle of heat for each year aimed at; how many tightenings the relaxation knew that bounds it, -1 if none did."""

    bound: float
    number: int
    cells: Mapping[int, Cell] = field(compare=False)
    relaxed: int = field(default=-1, compare=False)


@dataclass
class _Search:
    """One search: the question, and the answer as far as it goes."""

    options: Options
    terms: Terms
    tight: Tightened
    objective: Objective
    effort: Effort
    until: float
    best: Found
    value: float = np.inf
    tightened: int = 0  # times that the model of all parts was
    closed: float = np.inf  # lowest bound of the parts in which nothing more can be made true

    def solve(self, part: _Part, terms: Terms, *, relaxed: bool = False) -> Solved:
        """Hand one part to HiGHS, with the time that is left."""
        left = replace(self.effort, gap=self.effort.gap * _OWN_GAP, seconds=max(self.until - time.monotonic(), 0.01))
        best, begin = self.best, None
        if best.chosen is not None and best.outcome is not None and not relaxed:
            begin = best.chosen if all(_holds(c, best.outcome.heat(t)) for t, c in part.cells.items()) else None
        return solve(self.options, terms, self.tight, part.cells, self.objective, left, relaxed=relaxed, begin=begin)

    def take(self, chosen: Whole) -> Outcome:
        """Return what a plan really does, and keep it where it is the best so far."""
        real = outcome(self.options, self.terms, chosen)
        last, objective = self.terms.aims[-1], self.objective
        within = real.emitted_t[last] <= objective.most_t * (1 + EXACT)
        within &= real.total_sek <= objective.most_sek + KRONA
        value = self.of(real, chosen)
        if within and value < self.value and keeps(real, self.terms):
            self.best, self.value = replace(self.best, chosen=chosen, outcome=real), value
        return real

    def too_low_t(self, part: _Part, t: int, place: Point) -> tuple[float, float]:
        """Return by how much the tangents and the hull of a part lie below the curve of a year at a place [t]."""
        points = [*corners_of(part.cells[t]), *self.tight.points.get(t, [])]
        return self.terms.curves[t].too_low_t(part.cells[t], points, *place)

    def of(self, real: Outcome, chosen: Whole) -> float:
        """Return what is minimised of a plan."""
        if self.objective.goal == "early":
            return 0.0 if self.objective.weight is None else float(self.objective.weight[chosen].sum())
        return real.total_sek if self.objective.goal == "cost" else float(real.emitted_t[self.terms.aims[-1]])

    def gap(self, bound: float) -> float:
        """Return by how much the best plan so far could still be beaten."""
        return share_open(self.value, bound, self.objective.zero)


def share_open(value: float, bound: float, zero: float) -> float:
    """Return what lies between a plan and a bound, as a share of what the plan spends, or avoids.

    Parameters
    ----------
    value, bound : float
        Of what is minimised.
    zero : float
        From where it is weighed: no cost, or the emissions when nothing is done.

    Examples
    --------
    >>> share_open(80.0, 79.0, 100.0), share_open(80.0, 79.0, 0.0)
    (0.05, 0.0125)
    """
    open_ = max(value - bound - _ROUNDING * abs(zero), 0.0)
    return open_ / max(abs(value - zero), 1e-9) if np.isfinite(value) else np.inf


def branch(
    options: Options,
    terms: Terms,
    tight: Tightened,
    objective: Objective,
    effort: Effort,
    until: float,
    known: Found | None = None,
) -> Found:
    """Return the best plan that keeps the terms, and a bound for all plans.

    Parameters
    ----------
    options : Options
    terms : Terms
    tight : Tightened
        Refined in place.
    objective : Objective
    effort : Effort
    until : float
        By the monotonic clock [s].
    known : Found, optional
        A plan to begin with, and the rounds before.
    """
    s = _Search(options, terms, tight, objective, effort, until, replace(known or Found(), bound=-np.inf))
    if s.best.chosen is not None and s.best.outcome is not None:
        s.value = s.of(s.best.outcome, s.best.chosen)
    least_t = _EVEN * outcome(options, terms, np.zeros(0, np.int64)).emitted_t
    number, relaxations, rounds = count(), effort.rounds * _RELAXED, effort.rounds
    parts = [_Part(-np.inf, next(number), {t: _box(options, t) for t in terms.aims})]
    while parts and s.gap(parts[0].bound) > effort.gap and min(relaxations, rounds) > 0 and time.monotonic() < until:
        part = heapq.heappop(parts)
        if part.relaxed < s.tightened:
            relaxations -= 1
            then = _relaxed(s, part, least_t)
        else:
            rounds -= 1
            then = _whole(s, part)
        for bound, cells, relaxed in then:
            heapq.heappush(parts, _Part(max(bound, part.bound), next(number), cells, relaxed))
    bound = min([s.value, s.closed, *(p.bound for p in parts)])
    return replace(s.best, value=s.value, bound=bound)


_Then = list[tuple[float, Mapping[int, Cell], int]]


def _relaxed(s: _Search, part: _Part, least_t: Floats) -> _Then:
    """Bound a part; return it, or its halves where the planes are too low."""
    got = s.solve(part, s.terms, relaxed=True)
    if not got.possible:
        return []
    if not got.heat:
        return [(got.bound, part.cells, s.tightened)]
    worth = _MISLED * s.effort.gap * abs(got.bound - s.objective.zero)
    enough_t = {t: max(least_t[t], worth / max(got.price.get(t, np.inf), 1e-12)) for t in got.heat}
    t, up, down = _worst(s, part, got.heat, enough_t)
    if up > enough_t[t]:
        s.tight.points.setdefault(t, []).append(got.heat[t])
        return [(got.bound, part.cells, -1)]
    pieces = _halved(s, part, t, got.heat[t]) if down > enough_t[t] else [part.cells]
    return [(got.bound, cells, s.tightened if len(pieces) == 1 else -1) for cells in pieces]


def _whole(s: _Search, part: _Part) -> _Then:
    """Find the best plan of a part; return what is left to look at, with the model made true at that plan."""
    got = s.solve(part, s.terms)
    if got.chosen is None:
        s.best.rounds.append(_told(s, got, None, part))
        t = s.terms.aims[-1]
        return _rest(s, part, got, _halved(s, part, t, _middle(part.cells[t]))) if got.possible else []
    real = s.take(got.chosen)
    if s.objective.goal == "cost" and (careful := _with_margin(s.terms, real)) is not None:
        again = s.solve(part, careful)
        if again.chosen is not None:
            s.take(again.chosen)
    s.best.rounds.append(_told(s, got, real, part))
    held = _held(s, got.chosen, real)
    s.tightened += held
    heat = {t: real.heat(t) for t in s.terms.aims}
    near_t = {t: EXACT / 10 * float(real.emitted_t[t]) for t in heat}
    t, up, down = _worst(s, part, heat, near_t)
    if up > near_t[t]:
        s.tight.points.setdefault(t, []).append(heat[t])
    if down > near_t[t]:
        return _rest(s, part, got, _cut(part.cells, t, *heat[t]))
    if held or up > near_t[t]:
        return [(got.bound, part.cells, -1)]
    return _rest(s, part, got, [part.cells] if got.done else _halved(s, part, t, heat[t]))


def _worst(
    s: _Search, part: _Part, heat: Mapping[int, Point], enough_t: Mapping[int, float]
) -> tuple[int, float, float]:
    """Return the year whose planes are too low by most of what is near enough; by how much the tangents and the hull are [t]."""
    low = {t: s.too_low_t(part, t, place) for t, place in heat.items()}
    t = max(low, key=lambda t: sum(low[t]) / enough_t[t])
    return t, *low[t]


def _rest(s: _Search, part: _Part, got: Solved, pieces: list[Mapping[int, Cell]]) -> _Then:
    """Return the pieces of a part; none, with its bound noted, where it can not be cut further."""
    if pieces == [part.cells]:
        s.closed = min(s.closed, max(got.bound, part.bound))
        return []
    return [(got.bound, cells, -1) for cells in pieces]


def _cut(cells: Mapping[int, Cell], t: int, space_gwh: float, water_gwh: float) -> list[Mapping[int, Cell]]:
    return [{**cells, t: cell} for cell in split(cells[t], space_gwh, water_gwh)]


def _halved(s: _Search, part: _Part, t: int, place: Point) -> list[Mapping[int, Cell]]:
    """Return the cells with one year's cut in the middle, the way that brings the hull nearer at a place."""
    cell, curve = part.cells[t], s.terms.curves[t]
    space, water = _middle(cell)
    ways = [split(cell, space, cell[2]), split(cell, cell[0], water)]
    low = [min(curve.too_low_t(c, [place], *place)[1] for c in way if _holds(c, place)) for way in ways]
    return [{**part.cells, t: c} for c in ways[int(np.argmin(low))]]


def _middle(cell: Cell) -> Point:
    return (cell[0] + cell[1]) / 2, (cell[2] + cell[3]) / 2


def _holds(cell: Cell, place: Point) -> bool:
    slack = 1e-6
    return cell[0] - slack <= place[0] <= cell[1] + slack and cell[2] - slack <= place[1] <= cell[3] + slack


def _box(options: Options, t: int) -> Cell:
    """Return the least and the most heat that any plan delivers in a year."""
    base = options.baseline
    s0, s1 = _ends(options, base.space_gwh[t], options.space_gwh[:, t])
    h0, h1 = _ends(options, base.water_gwh[t], options.water_gwh[:, t])
    return s0 - _LEAST_GWH, s1 + _LEAST_GWH, h0 - _LEAST_GWH, h1 + _LEAST_GWH


def _ends(options: Options, base: float, added: Floats) -> tuple[float, float]:
    """Return the least and the most that any plan can lead to."""
    low, high = np.zeros((2, int(options.group.max(initial=0)) + 1))
    np.minimum.at(low, options.group, added)
    np.maximum.at(high, options.group, added)
    return float(base + low.sum()), float(base + high.sum())


def _with_margin(terms: Terms, real: Outcome) -> Terms | None:
    """Return terms whose targets are lower by what a plan has missed them by; None where it missed none, or by far."""
    missed = {t: max(float(real.emitted_t[t]) - target, 0.0) for t, target in terms.target_t.items()}
    if not any(missed.values()) or any(m > _NEAR * terms.target_t[t] for t, m in missed.items()):
        return None
    return replace(terms, target_t={t: target - 1.5 * missed[t] for t, target in terms.target_t.items()})


def _told(s: _Search, got: Solved, real: Outcome | None, part: _Part) -> dict[str, Any]:
    """Return one round as it is reported."""
    last = s.terms.aims[-1]
    really = np.nan if real is None else float(real.emitted_t[last])
    return {
        "minimised": s.objective.goal,
        "promised_t": np.nan if real is None else really - sum(s.too_low_t(part, last, real.heat(last))),
        "real_t": really,
        "cost_sek": np.nan if real is None else real.total_sek,
        "bound": max(got.bound, part.bound),
        "best": s.value,
        "areas_over": 0 if real is None else len(over(real, s.terms)),
        "parts": part.number + 1,
        "areas_held": len(s.tight.marks),
        "nodes": got.nodes,
    }


def _held(s: _Search, chosen: Whole, real: Outcome) -> bool:
    """Make the model of the grid, and of the years before the last, true at a plan; return whether anything was left to do."""
    tight, last, done = s.tight, len(s.terms.curves) - 1, False
    too_much = over(real, s.terms)
    if not tight.timed and any(t == last for t, _ in too_much):
        too_much = [(t, a) for t, a in too_much if t == last]  # what holds in the last year often holds before it too
    early = [t for t in range(last) if real.peak_mw[t] > s.terms.limit_mw[t] + MW]
    if not tight.timed and (early or any(t < last for t, _ in too_much)):
        tight.timed, done = True, True
    for t, area in too_much:
        base, added = area_energy(s.options, t, area)
        energy = base + added[:, chosen].sum(axis=1)
        if (t, area) not in tight.marks:
            ends = (_ends(s.options, b, a) for b, a in zip(base, added, strict=True))
            tight.marks[t, area] = [[max(low, 0.0), max(high, 0.0)] for low, high in ends]
            done = True
        for points, e in zip(tight.marks[t, area], energy, strict=True):
            if points[0] < e < points[-1] and np.abs(np.array(points) - e).min() > 1e-6 * max(e, 1.0):
                points.append(float(e))
                points.sort()
                done = True
    return done
