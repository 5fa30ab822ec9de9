"""What grid, plants and money can carry: as terms, what of it a plan uses up, and how far one gets where that is not enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from energy.climate_plans.optimiser.options import Options
from energy.climate_plans.optimiser.outcome import Outcome, peaks_kw
from energy.climate_plans.optimiser.search import furthest
from energy.climate_plans.optimiser.terms import Effort, Terms
from energy.stock import Stock

__all__ = ["binding", "limited", "unknown", "unreachable"]

Whole = npt.NDArray[np.int64]
_USED_UP = 0.995  # share of a limit from which it is called used up
_NAMED = 5  # grid areas


def limited(terms: Terms, stock: Stock, choices: Options, unknown_takes_load: bool) -> Terms:
    """Return the terms with what grid and plants can carry; what is above that already keeps its load."""
    nothing = np.zeros(0, np.int64)
    rating = stock.grid_areas["rating_kw"].to_numpy(float)
    base_kw = np.stack([peaks_kw(choices, nothing, t) for t in range(len(terms.curves))])
    base = choices.baseline
    base_mw = np.array([c.peak_mw(s, w) for c, s, w in zip(terms.curves, base.space_gwh, base.water_gwh, strict=True)])
    capacity = np.array([c.capacity_mw for c in terms.curves])
    blank = np.inf if unknown_takes_load else 0.0
    return replace(
        terms,
        limit_kw=np.maximum(np.where(np.isnan(rating), blank, rating), base_kw),
        limit_mw=np.maximum(np.where(np.isnan(capacity), blank, capacity), base_mw),
    )


def unknown(stock: Stock) -> tuple[str, ...]:
    """Return what has no known capacity."""
    grid = stock.grid_areas
    blank = grid.loc[grid["rating_kw"].isna().to_numpy(bool), "grid_area_id"].astype(str)
    return (*blank, *(() if len(stock.heat_supply) else ("district heating",)))


def binding(
    choices: Options, terms: Terms, found: Outcome, chosen: Whole, stock: Stock, candidates: Sequence[str]
) -> tuple[str, ...]:
    """Return what a plan uses up, in words: all that is within half a percent of its limit."""
    years, last, spent = choices.years, len(choices.years) - 1, found.cost_sek
    used = [("the budget", found.total_sek, terms.budget_sek, "kr")]
    used += [(f"the budget of {y}", spent[t], terms.budget_by_year_sek[t], "kr") for t, y in enumerate(years)]
    used += [
        (f"the target of {years[t]}", found.emitted_t[t], target, "t") for t, target in sorted(terms.target_t.items())
    ]
    used += [(f"the heat plants in {years[last]}", found.peak_mw[last], terms.limit_mw[last], "MW")]
    told = [
        f"{name}: {value:,.0f} of {most:,.0f} {unit}"
        for name, value, most, unit in used
        if np.isfinite(most) and value >= most * _USED_UP
    ]
    areas = np.flatnonzero(found.peak_kw[last] >= terms.limit_kw[last] * _USED_UP)
    if len(areas):
        names = stock.grid_areas["grid_area_id"].astype(str).to_numpy(object)[areas].tolist()
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        told.append(f"the headroom of grid area {', '.join(names[:_NAMED])}{more}")
    taken = choices.taken[chosen].sum(axis=0)
    for k, most in terms.share_limit.items():
        if taken[k] >= most * _USED_UP:
            told.append(f"the candidate {candidates[k]}: {taken[k]:,.0f} of at most {most:,.0f} entities")
    return tuple(told)


def unreachable(choices: Options, terms: Terms, effort: Effort, years: Sequence[int], *, proved: bool) -> str:
    """Return how far one gets, and what binds."""
    wanted = ", ".join(f"{target:,.1f} t in {years[t]}" for t, target in sorted(terms.target_t.items()))
    far = furthest(choices, terms, effort)
    told = f"the target of {wanted} is not reached: these candidates get to {_reached(far)} in {years[terms.aims[-1]]}"
    if not proved:
        return f"{told}. The search ended before it was proved that no plan does: give it more time, or a wider gap"
    without: dict[str, dict[str, Any]] = {
        "the budget": {"budget_sek": np.inf, "budget_by_year_sek": np.full(len(years), np.inf)},
        "the grid areas' headroom": {"limit_kw": np.full_like(terms.limit_kw, np.inf)},
        "the heat plants' capacity": {"limit_mw": np.full_like(terms.limit_mw, np.inf)},
    }
    held = {n: c for n, c in without.items() if not all(np.array_equal(getattr(terms, k), v) for k, v in c.items())}
    free = furthest(choices, replace(terms, **{k: v for c in held.values() for k, v in c.items()}), effort)
    if free[0] >= far[1]:
        return f"{told}. Neither money, grid nor heat plants hold it back: raise the target, or add candidates"
    reached = np.inf
    for name, change in held.items():
        one = furthest(choices, replace(terms, **change), effort)
        reached = min(reached, one[0])
        if one[0] < far[1]:
            told += f"; without {name} to {_reached(one)}"
    if free[1] < reached * _USED_UP:
        told += f"; without any limit of money, grid and plants to {_reached(free)}"
    return f"{told}. Raise the target, loosen what binds, or add candidates"


def _reached(far: tuple[float, float]) -> str:
    return f"{far[0]:,.1f} t" + (f" (none gets below {far[1]:,.1f} t)" if np.isfinite(far[1]) else "")
