"""Every choice as a column: a package for a group in a year, or a plan for the roads, and what it changes and costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate_plans.optimiser.effects import Effect, RoadPlan, own_cost_sek
from energy.climate_plans.optimiser.groups import Problem, beginning, packages_of
from energy.climate_plans.optimiser.places import Places
from twin.errors import TwinError
from twin.registry import MEASURES

__all__ = ["Baseline", "Grid", "Options", "options", "share_of_own_cost"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Package = tuple[int, ...]

_MOST_ROAD_PLANS = 5000
_GWH, _MWH, _T = 1e-6, 1e-3, 1e-3


@dataclass(frozen=True)
class Baseline:
    """The city when nothing is done, by year: own emissions with the roads' [t], space heat and hot water delivered [GWh]."""

    own_t: Floats
    space_gwh: Floats
    water_gwh: Floats


@dataclass(frozen=True)
class Grid:
    """Electricity by grid area and category of customers.

    Attributes
    ----------
    base_mwh : array (years, areas, categories)
        Without charging, when nothing is done.
    delta_mwh : array (packages, years, pairs)
        What a package adds in each pair of group and place.
    pair : array (groups, areas * categories) of int
        -1 where the group has no building there.
    charging_kw : array (road plans, years, areas)
        What charging adds to the peak.
    k1_kw_mwh, k2_kw_mwh : array (categories,)
        Velander's constants, per MWh and per its square root.
    """

    base_mwh: Floats
    delta_mwh: Floats
    pair: Whole
    charging_kw: Floats
    k1_kw_mwh: Floats
    k2_kw_mwh: Floats


@dataclass(frozen=True)
class Options:
    """All choices; of each group at most one, and of the roads' plans at most one.

    Attributes
    ----------
    years : tuple of int
    packages : tuple of tuple of int
        Candidates of each package on buildings; the empty one first.
    roads : tuple of RoadPlan
        The one that does nothing first.
    group : array (n,) of int
        As many as there are groups of buildings for the roads.
    package : array (n,) of int
        Row of `packages`, or of `roads`.
    start : array (n,) of int
        Place of the year in `years`; 0 for the roads.
    cost_sek : array (n, years + 1)
        The last is spent after all years.
    own_t, space_gwh, water_gwh : array (n, years)
        What the choice adds.
    taken : array (n, candidates)
        How many entities of each candidate it takes.
    baseline : Baseline
    grid : Grid
    measure_cost_sek : tuple of array (measures, years, groups)
        By package: what each of its measures costs when it is done in a year.
    left_out : DataFrame
        candidate, measure, groups, entities, reason.
    """

    years: tuple[int, ...]
    packages: tuple[Package, ...]
    roads: tuple[RoadPlan, ...]
    group: Whole
    package: Whole
    start: Whole
    cost_sek: Floats
    own_t: Floats
    space_gwh: Floats
    water_gwh: Floats
    taken: Floats
    baseline: Baseline
    grid: Grid
    measure_cost_sek: tuple[Floats, ...]
    left_out: pd.DataFrame

    def earliest(self) -> Bools:
        """Return which choices begin as early as their package can in their group, and the roads' all."""
        key = self.group * len(self.packages) + self.package
        first = np.full(int(key.max(initial=-1)) + 1, np.iinfo(np.int64).max)
        np.minimum.at(first, key, self.start)
        return self.start == first[key]


def options(problem: Problem, aims: Sequence[int]) -> Options:
    """Calculate every package and every plan for the roads, and what each changes from the baseline.

    A package that costs at least as much as another of the same group, emits, heats and loads the grid as much in every
    year, and can begin in no other year, is not kept.

    Parameters
    ----------
    problem : Problem
    aims : sequence of int
        Places of the years whose emissions are aimed at.

    Raises
    ------
    TwinError
        When there are more ways of combining than can be weighed.
    """
    bench, packages = problem.bench, packages_of(problem)
    base, places = bench.effects(()), Places.of(problem)
    nothing = np.zeros((len(bench.years), len(problem.labels)))
    parts = [_Part((), nothing, nothing, nothing, np.zeros((len(bench.years), places.pairs)), *_free(problem))]
    missing: list[tuple[int, Bools]] = []
    for package in packages[1:]:
        part, blank = _part(problem, places, package, base)
        parts.append(part)
        missing += [(k, blank[row]) for row, k in enumerate(package)]
    roads, spent, unpriced = _roads(problem)
    columns = _columns(problem, parts, places, aims)
    ways = np.arange(1, len(roads))
    charged = np.stack([r.charged_kwh for r in roads])
    kg = np.stack([r.co2e_kg for r in roads])
    grid = Grid(
        np.stack([places.of_areas(b.electricity_kwh) for b in base]) * _MWH,
        np.stack([p.electricity_mwh for p in parts]),
        places.pair,
        places.k1[-1] * charged + places.k2[-1] * np.sqrt(charged),
        places.k1[:-1] / _MWH,
        places.k2[:-1] / np.sqrt(_MWH),
    )
    own, delivered, water = (
        np.array([getattr(e, name).sum() for e in base]) for name in ("own_kg", "delivered_kwh", "hot_water_kwh")
    )
    still = np.zeros((len(ways), len(bench.years)))
    taken = np.array(
        [[0 if s is None else int(bench.eligible[k].sum()) for k, s in enumerate(r.starts)] for r in roads]
    )

    def joined(name: str, more: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
        return np.concatenate([columns[name], more])

    return Options(
        bench.years,
        packages,
        tuple(roads),
        joined("group", np.full(len(ways), len(problem.labels))),
        joined("package", ways),
        joined("start", np.zeros(len(ways), np.int64)),
        joined("cost", spent[1:]),
        joined("own", (kg[1:] - kg[0]) * _T),
        joined("space", still),
        joined("water", still),
        joined("taken", taken[1:]),
        Baseline((own + kg[0]) * _T, (delivered - water) * _GWH, water * _GWH),
        grid,
        tuple(p.measure_sek for p in parts),
        _left_out(problem, missing, unpriced),
    )


@dataclass(frozen=True)
class _Part:
    """One package in all groups.

    Attributes
    ----------
    package : tuple of int
    own_t, space_gwh, water_gwh : array (years, groups)
    electricity_mwh : array (years, pairs)
    cost_sek : array (start years, years + 1, groups)
        Infinite where it can not be had.
    measure_sek : array (measures, start years, groups)
    """

    package: Package
    own_t: Floats
    space_gwh: Floats
    water_gwh: Floats
    electricity_mwh: Floats
    cost_sek: Floats
    measure_sek: Floats


def _free(problem: Problem) -> tuple[Floats, Floats]:
    years, groups = len(problem.bench.years), len(problem.labels)
    return np.zeros((years, years + 1, groups)), np.zeros((0, years, groups))


def _part(problem: Problem, places: Places, package: Package, base: list[Effect]) -> tuple[_Part, Bools]:
    """Return a package in all groups, and which of its measures have no price where, shape (measures, groups)."""
    bench, member, groups = problem.bench, problem.member, len(problem.labels)
    effects, years = bench.effects(package), bench.years
    some = bench.all_of(package) & (member >= 0)
    can = np.bincount(member[some], minlength=groups) > 0

    def added(name: str) -> Floats:
        return np.stack(
            [
                np.bincount(member[some], (getattr(e, name) - getattr(b, name))[some], minlength=groups)
                for e, b in zip(effects, base, strict=True)
            ]
        )

    water, delivered = added("hot_water_kwh"), added("delivered_kwh")
    electricity = np.stack(
        [
            places.of_pairs(np.where(some, e.electricity_kwh - b.electricity_kwh, 0.0))
            for e, b in zip(effects, base, strict=True)
        ]
    )
    by_table = bench.cost_sek(package, effects)
    spread = np.zeros((len(package), len(years), len(years) + 1, groups))
    for row, k in enumerate(package):
        step = bench.steps[k]
        share = share_of_own_cost(problem, k)
        for y, year in enumerate(years):
            if step.cost:
                weight = np.bincount(member[some], share[some], minlength=groups)
                spread[row, y] = own_cost_sek(step, year, year, years)[:, None] * weight
            else:
                spread[row, y, y] = np.bincount(member[some], by_table[row, y][some], minlength=groups)
    blank = np.isnan(spread).any(axis=(1, 2)) & can
    spread = np.where(np.isnan(spread), np.inf, spread)
    cost = spread.sum(axis=0)
    allowed = np.isin(years, list(beginning(problem, package)))
    cost[~allowed] = np.inf
    cost[..., ~can] = np.inf
    part = _Part(
        package,
        added("own_kg") * _T,
        (delivered - water) * _GWH,
        water * _GWH,
        electricity * _MWH,
        cost,
        spread.sum(axis=2),
    )
    return part, blank


def share_of_own_cost(problem: Problem, k: int) -> Floats:
    """Return each building's share of what a candidate states as its cost: by floor area of all that it may change."""
    area = problem.bench.stock.buildings["floor_area_m2"].to_numpy(float)
    whole = float(area[problem.bench.eligible[k]].sum()) * problem.bench.steps[k].share
    return area / whole if whole > 0 else np.full(len(area), np.nan)


def _columns(
    problem: Problem, parts: Sequence[_Part], places: Places, aims: Sequence[int]
) -> dict[str, npt.NDArray[Any]]:
    """Return the choices of all groups as columns."""
    steps, size = problem.bench.steps, problem.labels["buildings"].to_numpy(float)
    limited = [k for k, s in enumerate(steps) if s.share < 1]
    contains = np.array([[float(k in p.package) for k in range(len(steps))] for p in parts]).reshape(len(parts), -1)
    out: dict[str, list[npt.NDArray[Any]]] = {
        n: [] for n in ("group", "package", "start", "cost", "own", "space", "water")
    }
    cost = np.stack([p.cost_sek for p in parts])
    own, space, water = (np.stack([getattr(p, n) for p in parts]) for n in ("own_t", "space_gwh", "water_gwh"))
    electricity = np.stack([p.electricity_mwh for p in parts])
    ordered = any(s.requires for s in steps)
    for g in range(len(problem.labels)):
        offered: Bools = np.asarray(np.isfinite(cost[:, :, :, g]).all(axis=2), bool)
        here = np.flatnonzero(offered.any(axis=1))
        pairs = places.pair[g][places.pair[g] >= 0]
        weighed = [cost[here][..., g], own[here][:, aims, g], space[here][..., g], water[here][..., g]]
        weighed += [electricity[here][:, :, pairs], contains[here][:, limited]]
        table = np.concatenate([w.reshape(len(here), -1) for w in weighed], axis=1)
        kept = here if ordered else here[_undominated(table)]
        for p in kept[kept > 0]:
            starts = np.flatnonzero(np.isfinite(cost[p, ..., g]).all(axis=1))
            begun = np.arange(len(problem.bench.years)) >= starts[:, None]
            out["group"].append(np.full(len(starts), g))
            out["package"].append(np.full(len(starts), p))
            out["start"].append(starts)
            out["cost"].append(cost[p, starts, :, g])
            for name, values in (("own", own), ("space", space), ("water", water)):
                out[name].append(begun * values[p, :, g])
    years = len(problem.bench.years)
    widths = {"cost": years + 1, "own": years, "space": years, "water": years}
    found: dict[str, npt.NDArray[Any]] = {
        n: np.concatenate(v) if v else np.zeros((0, widths[n]) if n in widths else 0, float if n in widths else int)
        for n, v in out.items()
    }
    found["taken"] = contains[found["package"]] * size[found["group"], None]
    return found


def _undominated(table: Floats) -> Bools:
    """Return the rows that no other row beats: at most as large everywhere, and smaller somewhere or listed before."""
    keep = np.ones(len(table), bool)
    for i, row in enumerate(table):
        below = (table <= row).all(axis=1)
        same = (table == row).all(axis=1)
        keep[i] = not (below & ~same).any() and not same[:i].any()
    return keep


def _roads(problem: Problem) -> tuple[list[RoadPlan], Floats, list[int]]:
    """Return the plans for the roads, what each costs (plans, years + 1), and the candidates without a price."""
    bench = problem.bench
    on_roads = [k for k, s in enumerate(bench.steps) if MEASURES[s.measure].table == "roads"]
    unpriced = [k for k in on_roads if not bench.steps[k].cost]
    spans = {k: problem.spans[k] for k in on_roads if k not in unpriced}
    count = int(np.prod([len(s) + 1 for s in spans.values()], dtype=float))
    if count > _MOST_ROAD_PLANS:
        raise TwinError(
            f"{len(spans)} measures on roads can begin in {count} combinations of years; at most {_MOST_ROAD_PLANS} can be "
            "weighed against each other: shorten their `start` to `end`, or leave some out"
        )
    plans = bench.road_plans(spans)
    cost = np.zeros((len(plans), len(bench.years) + 1))
    for row, plan in enumerate(plans):
        for k, start in enumerate(plan.starts):
            if start is not None:
                step = bench.steps[k]
                cost[row] += own_cost_sek(step, start, bench.road_step(k, start).end, bench.years)
    return plans, cost, unpriced


def _left_out(problem: Problem, missing: Sequence[tuple[int, Bools]], unpriced: Sequence[int]) -> pd.DataFrame:
    """Return what could not be chosen since its price is not known."""
    bench, size, rows = problem.bench, problem.labels["buildings"].to_numpy(), []
    for k, step in enumerate(bench.steps):
        blank = (
            np.any([b for j, b in missing if j == k], axis=0) if any(j == k for j, _ in missing) else np.zeros(0, bool)
        )
        entities = int(bench.eligible[k].sum()) if k in unpriced else int(size[blank].sum()) if blank.any() else 0
        if entities:
            rows.append(
                {
                    "candidate": step.id or f"step-{k + 1}",
                    "measure": step.measure,
                    "groups": int(blank.sum()),
                    "entities": entities,
                    "reason": "left out: no price",
                }
            )
    return pd.DataFrame(rows, columns=["candidate", "measure", "groups", "entities", "reason"])
