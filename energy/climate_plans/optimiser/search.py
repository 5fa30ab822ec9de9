"""Search the best plan: first what is asked for, then at least cost, then as early as the terms allow."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from energy.climate_plans.optimiser.branch import Found, branch
from energy.climate_plans.optimiser.options import Options
from energy.climate_plans.optimiser.outcome import KRONA, keeps, outcome
from energy.climate_plans.optimiser.terms import Effort, Objective, Terms, Tightened

__all__ = ["furthest", "search"]

_TIGHT = 1e-9
_POLISH = 3  # rounds for what comes after the goal itself, and moves no bound


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
    until = time.monotonic() + effort.seconds
    tight = Tightened(timed=_timing_matters(options, terms))
    goal = Objective("cost") if terms.target_t else _emissions(options, terms)
    best = branch(options, terms, tight, goal, effort, until, _nothing(options, terms))
    if best.chosen is None or best.outcome is None:
        return best
    bound, effort = best.bound, replace(effort, rounds=min(effort.rounds, _POLISH))
    if not terms.target_t:
        most_t = float(best.outcome.emitted_t[terms.aims[-1]]) * (1 + _TIGHT)
        best = branch(options, terms, tight, Objective("cost", most_t=most_t), effort, until, best)
    return replace(_earlier(options, terms, tight, effort, until, best), bound=bound)


def furthest(options: Options, terms: Terms, effort: Effort) -> tuple[float, float]:
    """Return the least emissions in the last year aimed at that a plan without targets was found for, and a bound [t]."""
    free, until = replace(terms, target_t={}), time.monotonic() + effort.seconds
    tight = Tightened(timed=_timing_matters(options, free))
    best = branch(options, free, tight, _emissions(options, free), effort, until, _nothing(options, free))
    return best.value, best.bound


def _emissions(options: Options, terms: Terms) -> Objective:
    return Objective("emissions", zero=float(outcome(options, terms, np.zeros(0, np.int64)).emitted_t[terms.aims[-1]]))


def _nothing(options: Options, terms: Terms) -> Found:
    """Return the plan that does nothing, where that is enough."""
    none = np.zeros(0, np.int64)
    real = outcome(options, terms, none)
    return Found(none, real) if keeps(real, terms) else Found()


def _timing_matters(options: Options, terms: Terms) -> bool:
    """Return whether anything but the limits of earlier years depends on when a package is carried out."""
    if np.isfinite(terms.budget_by_year_sek).any() or len(terms.aims) > 1 or terms.requires:
        return True
    total = options.cost_sek.sum(axis=1)
    key = options.group * (len(options.packages) + len(options.roads)) + options.package
    order = np.argsort(key, kind="stable")
    roads = options.group == len(options.grid.pair)
    same = (np.diff(key[order]) == 0) & ~roads[order][1:]
    return bool((np.abs(np.diff(total[order]))[same] > KRONA).any())


def _earlier(options: Options, terms: Terms, tight: Tightened, effort: Effort, until: float, best: Found) -> Found:
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
    sooner = Objective(
        "early", most_t=last * (1 + _TIGHT), most_sek=now.total_sek * (1 + _TIGHT), among=among, weight=weight
    )
    return branch(options, terms, tight, sooner, effort, until, best)
