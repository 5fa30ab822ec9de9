"""Solve, see what the plan really does, tighten the model where it was wrong, and solve again until both agree."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from energy.climate_plans.optimiser.heat import Cell, split, tiled
from energy.climate_plans.optimiser.model import Effort, Goal, Solved, Terms, Tightened, area_energy, solve
from energy.climate_plans.optimiser.options import Options

__all__ = ["Found", "Outcome", "furthest", "keeps", "outcome", "peaks_kw", "search"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_EXACT = 1e-7  # share of the emissions by which promise and truth may differ
_TIGHT = 1e-9
_KRONA = 1.0
_KW = 1e-3
_MW = 1e-6
_LEAST_GWH = 1e-3
_CELLS = 24  # of the heat curve, before any plan is looked at
_EVEN = 1e-4  # share of the emissions by which its planes may then be too low
_NEAR = 0.02  # share of a target by which a plan may miss it for a more careful one to be sought


@dataclass(frozen=True)
class Outcome:
    """What a plan really does.

    Attributes
    ----------
    emitted_t, space_gwh, water_gwh, peak_mw : array (years,)
    peak_kw : array (years, areas)
    cost_sek : array (years + 1,)
    """

    emitted_t: Floats
    space_gwh: Floats
    water_gwh: Floats
    peak_mw: Floats
    peak_kw: Floats
    cost_sek: Floats

    @property
    def total_sek(self) -> float:
        """All that is spent."""
        return float(self.cost_sek.sum())


@dataclass
class Found:
    """The best plan, how well it is known to be the best, and what each round said.

    Attributes
    ----------
    chosen : array of int, optional
        None where no plan keeps the terms.
    outcome : Outcome, optional
    bound : float
        What is minimised can not be less [t or SEK].
    possible : bool
        False where it is proved that no plan keeps the terms.
    rounds : list of dict
    """

    chosen: Whole | None = None
    outcome: Outcome | None = None
    bound: float = -np.inf
    possible: bool = True
    rounds: list[dict[str, Any]] = field(default_factory=list)


def peaks_kw(options: Options, chosen: Whole, year: int) -> Floats:
    """Return the peak of every grid area under a plan, by Velander's formula [kW]."""
    grid = options.grid
    areas, kinds = grid.base_mwh.shape[1:]
    energy = grid.base_mwh[year].reshape(-1).copy()
    way = 0
    for j in chosen:
        if options.group[j] == len(grid.pair):
            way = int(options.package[j])
        elif options.start[j] <= year:
            pair = grid.pair[options.group[j]]
            energy[pair >= 0] += grid.delta_mwh[options.package[j], year, pair[pair >= 0]]
    energy = np.maximum(energy, 0.0).reshape(areas, kinds)
    peak: Floats = (grid.k1_kw_mwh * energy + grid.k2_kw_mwh * np.sqrt(energy)).sum(axis=1)
    return peak + grid.charging_kw[way, year]


def outcome(options: Options, terms: Terms, chosen: Whole) -> Outcome:
    """Return what a plan really does: sums of what was calculated, with the plants run for them."""
    base = options.baseline
    space = base.space_gwh + options.space_gwh[chosen].sum(axis=0)
    water = base.water_gwh + options.water_gwh[chosen].sum(axis=0)
    network = np.array([c.emitted_t(s, w) for c, s, w in zip(terms.curves, space, water, strict=True)])
    return Outcome(
        base.own_t + options.own_t[chosen].sum(axis=0) + network,
        space,
        water,
        np.array([c.peak_mw(s, w) for c, s, w in zip(terms.curves, space, water, strict=True)]),
        np.stack([peaks_kw(options, chosen, t) for t in range(len(terms.curves))]),
        options.cost_sek[chosen].sum(axis=0),
    )


def _over(found: Outcome, terms: Terms) -> list[tuple[int, int]]:
    """Return years and grid areas whose peak is above what is allowed."""
    return [(int(t), int(a)) for t, a in np.argwhere(found.peak_kw > terms.limit_kw + _KW)]


def keeps(found: Outcome, terms: Terms) -> bool:
    """Return whether a plan keeps all terms, within rounding."""
    return (
        not _over(found, terms)
        and bool((found.peak_mw <= terms.limit_mw + _MW).all())
        and found.total_sek <= terms.budget_sek + _KRONA
        and bool((found.cost_sek[:-1] <= terms.budget_by_year_sek + _KRONA).all())
        and all(found.emitted_t[t] <= target * (1 + _EXACT) for t, target in terms.target_t.items())
    )


def search(options: Options, terms: Terms, effort: Effort) -> Found:
    """Return the best plan: at least cost within the target, or with the least emissions, then at least cost.

    Where the year of start decides nothing else, each choice begins as early as the terms allow, first where that spares
    the most.

    Parameters
    ----------
    options : Options
    terms : Terms
    effort : Effort
    """
    goal: Goal = "cost" if terms.target_t else "emissions"
    tight = _loose(options, terms)
    best = _rounds(options, terms, tight, goal, effort, Found())
    if best.chosen is None or best.outcome is None:
        return best
    bound, last = best.bound, terms.aims[-1]
    if goal == "emissions":
        most = float(best.outcome.emitted_t[last]) * (1 + _TIGHT)
        best = _rounds(options, terms, tight, "cost", effort, best, most_t=most)
    return replace(_earlier(options, terms, tight, effort, best), bound=bound)


def furthest(options: Options, terms: Terms, effort: Effort) -> Found:
    """Return the plan with the least emissions in the last year aimed at, whatever it costs within the budget."""
    free = replace(terms, target_t={})
    return _rounds(options, free, _loose(options, free), "emissions", effort, Found())


def _loose(options: Options, terms: Terms) -> Tightened:
    base = outcome(options, terms, np.zeros(0, np.int64)).emitted_t
    cells = {t: tiled(terms.curves[t], _box(options, t), _CELLS, _EVEN * float(base[t])) for t in terms.aims}
    return Tightened(cells, timed=_timing_matters(options, terms))


def _timing_matters(options: Options, terms: Terms) -> bool:
    """Return whether anything but the limits of earlier years depends on when a package is carried out."""
    if np.isfinite(terms.budget_by_year_sek).any() or len(terms.aims) > 1 or terms.requires:
        return True
    total = options.cost_sek.sum(axis=1)
    key = options.group * (len(options.packages) + len(options.roads)) + options.package
    order = np.argsort(key, kind="stable")
    roads = options.group == len(options.grid.pair)
    same = (np.diff(key[order]) == 0) & ~roads[order][1:]
    return bool((np.abs(np.diff(total[order]))[same] > _KRONA).any())


def _box(options: Options, t: int) -> Cell:
    """Return the least and the most heat that any plan delivers in a year."""
    ends = []
    for added, base in (
        (options.space_gwh[:, t], options.baseline.space_gwh[t]),
        (options.water_gwh[:, t], options.baseline.water_gwh[t]),
    ):
        low, high = np.zeros((2, int(options.group.max(initial=0)) + 1))
        np.minimum.at(low, options.group, added)
        np.maximum.at(high, options.group, added)
        ends += [float(base + low.sum()) - _LEAST_GWH, float(base + high.sum()) + _LEAST_GWH]
    return ends[0], ends[1], ends[2], ends[3]


def _rounds(
    options: Options,
    terms: Terms,
    tight: Tightened,
    goal: Goal,
    effort: Effort,
    known: Found,
    *,
    among: Bools | None = None,
    weight: Floats | None = None,
    most_t: float = np.inf,
    most_sek: float = np.inf,
) -> Found:
    """Solve and tighten until the best plan keeps the terms and nothing better is possible within the gap."""
    best, value = known, _value(known.outcome, known.chosen, goal, terms, weight)
    bound = -np.inf
    for _ in range(effort.rounds):
        got = solve(
            options,
            terms,
            tight,
            goal,
            effort,
            among=among,
            weight=weight,
            begin=best.chosen,
            most_t=most_t * (1 + _TIGHT),
            most_sek=most_sek,
        )
        bound = max(bound, got.bound)
        if got.chosen is None:
            best.rounds.append(_told(goal, got, None, terms, tight))
            best = replace(best, possible=best.possible and (got.possible or best.chosen is not None))
            break
        real = outcome(options, terms, got.chosen)
        best.rounds.append(_told(goal, got, real, terms, tight))
        own = _value(real, got.chosen, goal, terms, weight)
        within = real.emitted_t[terms.aims[-1]] <= most_t * (1 + _EXACT) and real.total_sek <= most_sek + _KRONA
        if keeps(real, terms) and within and own < value:
            best, value = replace(best, chosen=got.chosen, outcome=real), own
        elif goal == "cost" and (careful := _with_margin(terms, real)) is not None:
            again = solve(options, careful, tight, goal, effort, most_sek=most_sek)
            if again.chosen is not None:
                sure = outcome(options, terms, again.chosen)
                if keeps(sure, terms) and sure.total_sek < value:
                    best, value = replace(best, chosen=again.chosen, outcome=sure), sure.total_sek
        small = effort.gap * max(abs(value), 1e-9)
        if np.isfinite(value) and value - bound <= small:
            break
        if not _tightened(options, terms, tight, got.chosen, real):
            break
    return replace(best, bound=min(bound, value))


def _with_margin(terms: Terms, real: Outcome) -> Terms | None:
    """Return terms whose targets are lower by what a plan has missed them by; None where it missed none, or by far."""
    missed = {t: max(float(real.emitted_t[t]) - target, 0.0) for t, target in terms.target_t.items()}
    if not any(missed.values()) or any(m > _NEAR * terms.target_t[t] for t, m in missed.items()):
        return None
    return replace(terms, target_t={t: target - 1.5 * missed[t] for t, target in terms.target_t.items()})


def _value(found: Outcome | None, chosen: Whole | None, goal: Goal, terms: Terms, weight: Floats | None) -> float:
    if found is None or chosen is None:
        return np.inf
    if goal == "early":
        return float(weight[chosen].sum()) if weight is not None else 0.0
    return found.total_sek if goal == "cost" else float(found.emitted_t[terms.aims[-1]])


def _told(goal: Goal, got: Solved, real: Outcome | None, terms: Terms, tight: Tightened) -> dict[str, Any]:
    """Return one round as it is reported."""
    last = terms.aims[-1]
    return {
        "minimised": goal,
        "promised_t": np.nan if real is None else float(real.emitted_t[last]) - _too_low(terms, tight, real, last),
        "real_t": np.nan if real is None else float(real.emitted_t[last]),
        "cost_sek": np.nan if real is None else real.total_sek,
        "bound": got.bound,
        "areas_over": 0 if real is None else len(_over(real, terms)),
        "heat_cells": sum(map(len, tight.cells.values())),
        "areas_held": len(tight.marks),
        "nodes": got.nodes,
    }


def _too_low(terms: Terms, tight: Tightened, real: Outcome, t: int) -> float:
    """Return by how much the planes lie below what the network really emits [t]."""
    curve, space, water = terms.curves[t], float(real.space_gwh[t]), float(real.water_gwh[t])
    told = [
        float((curve.planes(cell) @ [space, water, 1.0]).max())
        for cell in tight.cells[t]
        if cell[0] <= space <= cell[1] and cell[2] <= water <= cell[3]
    ]
    return curve.emitted_t(space, water) - min(told)


def _tightened(options: Options, terms: Terms, tight: Tightened, chosen: Whole, real: Outcome) -> bool:
    """Make the model true at a plan; return whether anything was left to do."""
    done = False
    for t in terms.aims:
        if _too_low(terms, tight, real, t) > _EXACT / 10 * float(real.emitted_t[t]):
            cells = split(tight.cells[t], float(real.space_gwh[t]), float(real.water_gwh[t]))
            done |= len(cells) > len(tight.cells[t])
            tight.cells[t] = cells
    over, last = _over(real, terms), len(terms.curves) - 1
    if not tight.timed and any(t == last for t, _ in over):
        over = [(t, a) for t, a in over if t == last]  # what holds in the last year often holds before it too
    early = [t for t in range(last) if real.peak_mw[t] > terms.limit_mw[t] + _MW]
    if not tight.timed and (early or any(t < last for t, _ in over)):
        tight.timed, done = True, True
    for t, area in over:
        base, added = area_energy(options, t, area)
        energy = base + added[:, chosen].sum(axis=1)
        if (t, area) not in tight.marks:
            tight.marks[t, area] = [_ends(options, b, a) for b, a in zip(base, added, strict=True)]
            done = True
        for points, e in zip(tight.marks[t, area], energy, strict=True):
            if points[0] < e < points[-1] and np.abs(np.array(points) - e).min() > 1e-6 * max(e, 1.0):
                points.append(float(e))
                points.sort()
                done = True
    return done


def _ends(options: Options, base: float, added: Floats) -> list[float]:
    """Return the least and the most energy that any plan can lead to."""
    low, high = np.zeros((2, int(options.group.max(initial=0)) + 1))
    np.minimum.at(low, options.group, added)
    np.maximum.at(high, options.group, added)
    return [max(base + float(low.sum()), 0.0), max(base + float(high.sum()), 0.0)]


def _earlier(options: Options, terms: Terms, tight: Tightened, effort: Effort, best: Found) -> Found:
    """Begin what was chosen as early as the terms allow, first where that spares the most."""
    if best.chosen is None or best.outcome is None:
        return best
    done = sorted({tuple(s is not None for s in r.starts) for r in options.roads})
    alike = np.array([done.index(tuple(s is not None for s in r.starts)) for r in options.roads])
    roads = options.group == len(options.grid.pair)
    what = options.package.copy()
    what[roads] = alike[options.package[roads]]
    key = options.group * (len(options.packages) + len(done)) + what
    among = np.isin(key, key[best.chosen])
    now, base = best.outcome, options.baseline
    weight = options.own_t.sum(axis=1)
    for t, curve in enumerate(terms.curves):
        ends = (base.space_gwh[t], base.water_gwh[t]), (now.space_gwh[t], now.water_gwh[t])
        per_space, per_water = np.mean([curve.slope_t_gwh(float(s), float(h)) for s, h in ends], axis=0)
        weight = weight + per_space * options.space_gwh[:, t] + per_water * options.water_gwh[:, t]
    last = float(now.emitted_t[terms.aims[-1]])
    limits = {"most_t": last * (1 + _TIGHT), "most_sek": now.total_sek * (1 + _TIGHT)}
    return _rounds(options, terms, tight, "early", effort, best, among=among, weight=weight, **limits)
