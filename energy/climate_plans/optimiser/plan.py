"""A choice written as a scenario and told as a table; the scenario simulated again from its own text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate_plans.optimiser.effects import own_cost_sek
from energy.climate_plans.optimiser.groups import Problem
from energy.climate_plans.optimiser.options import Options, share_of_own_cost
from energy.climate_plans.optimiser.outcome import Outcome
from energy.climate_plans.optimiser.terms import Terms
from energy.investment import investment
from energy.results import Results
from energy.scenario import Scenario, Step
from energy.simulate import simulate
from twin.city import City
from twin.factors import Factors
from twin.registry import MEASURES

__all__ = ["Checked", "checked", "chosen_table", "written"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Checked:
    """What a new simulation says.

    Attributes
    ----------
    emitted_t : mapping of int to float
        Territorial emissions by year [t].
    off_share : float
        The largest difference from what was promised, as a share of the emissions of a year [1].
    cost_sek : float
        By the bill of the simulated plan and the costs that its steps state [SEK].
    broken : tuple of str
        Limits that the simulated plan does not keep, in words; none if all is well.
    """

    emitted_t: Mapping[int, float]
    off_share: float
    cost_sek: float
    broken: tuple[str, ...]


def written(problem: Problem, options: Options, chosen: Whole, candidates: Scenario) -> Scenario:
    """Return the plan as a scenario: one step a measure and year, with the buildings meant; roads as the candidate has them."""
    bench = problem.bench
    ids = bench.stock.buildings["building_id"].astype(str).to_numpy(object)
    steps: list[Step] = []
    began: dict[str, tuple[int, str]] = {}
    for k, step in enumerate(candidates.step):
        own = candidates.ids[k]
        if MEASURES[step.measure].table == "roads":
            mine = [
                bench.road_step(k, start)
                for j in chosen
                if options.group[j] == len(problem.labels)
                and (start := options.roads[options.package[j]].starts[k]) is not None
            ]
        else:
            mine = []
            for y, year in enumerate(options.years):
                at = _buildings(problem, options, chosen, k, y)
                if at.any():
                    share = float(share_of_own_cost(problem, k)[at].sum())
                    cost = tuple(c.model_copy(update={"sek": c.sek * share}) for c in step.cost)
                    where = {"building_id": ids[at].tolist()}
                    changed: dict[str, Any] = {"where": where, "within": "", "share": 1.0, "start": year, "end": year}
                    mine.append(step.model_copy(update={**changed, "cost": cost, "id": f"{own}-{year}"}))
        if mine:
            began[own] = (mine[0].start, mine[0].id or own)
        steps += mine
    known = {own: first for own, (_, first) in began.items()}
    steps = [s.model_copy(update={"requires": tuple(known.get(r, r) for r in s.requires)}) for s in steps]
    update = {"name": f"{candidates.name}, optimised", "step": tuple(steps), "unquantified": ()}
    return candidates.model_copy(update=update)


def _buildings(problem: Problem, options: Options, chosen: Whole, k: int, y: int) -> Bools:
    """Return the buildings that get a measure in a year."""
    picked = [
        int(options.group[j])
        for j in chosen
        if options.group[j] < len(problem.labels)
        and options.start[j] == y
        and k in options.packages[options.package[j]]
    ]
    return np.isin(problem.member, picked)


def chosen_table(problem: Problem, options: Options, chosen: Whole, candidates: Scenario) -> pd.DataFrame:
    """Return one row a group and measure that is carried out.

    Returns
    -------
    DataFrame
        The columns of the groups, entities, candidate, measure, year, cost_sek; and of the whole package that the measure
        belongs to: package, package_own_t (change of emissions in the last year without district heating), and
        package_district_heating_mwh (change of what is delivered in the last year). Roads have blank groups.
    """
    rows: list[dict[str, Any]] = []
    for j in sorted(chosen.tolist(), key=lambda j: (options.group[j], options.package[j])):
        of_package = {
            "package_own_t": float(options.own_t[j, -1]),
            "package_district_heating_mwh": float(options.space_gwh[j, -1] + options.water_gwh[j, -1]) * 1000,
        }
        g, p, y = int(options.group[j]), int(options.package[j]), int(options.start[j])
        if g < len(problem.labels):
            package = options.packages[p]
            group = {str(c): v for c, v in problem.labels.iloc[g].items() if c != "buildings"}
            size, starts = int(problem.labels["buildings"].iloc[g]), dict.fromkeys(package, options.years[y])
            costs = dict(zip(package, options.measure_cost_sek[p][:, y, g].tolist(), strict=True))
        else:
            starts = {k: s for k, s in enumerate(options.roads[p].starts) if s is not None}
            package, group, size = tuple(starts), {}, 0
            ends = {k: problem.bench.road_step(k, s).end for k, s in starts.items()}
            costs = {
                k: float(own_cost_sek(candidates.step[k], s, ends[k], options.years).sum()) for k, s in starts.items()
            }
        for k in package:
            told = {
                "entities": size or int(problem.bench.eligible[k].sum()),
                "candidate": candidates.ids[k],
                "measure": candidates.step[k].measure,
                "year": starts[k],
                "cost_sek": costs[k],
                "package": " + ".join(candidates.ids[i] for i in package),
            }
            rows.append({**group, **told, **of_package})
    labels = [str(c) for c in problem.labels if c != "buildings"]
    rest = [
        "entities",
        "candidate",
        "measure",
        "year",
        "cost_sek",
        "package",
        "package_own_t",
        "package_district_heating_mwh",
    ]
    return pd.DataFrame(rows, columns=[*labels, *rest])


def checked(
    city: City, scenario: Scenario, factors: Factors, terms: Terms, promised: Outcome, years: tuple[int, ...]
) -> Checked:
    """Simulate the scenario as its text says, and hold it against the promise and the terms."""
    again = Scenario.from_text(scenario.to_toml())
    results = simulate(city, again, years=years, factors=factors, ranges=False)
    emitted = {
        y: float(
            sum(np.nansum(results.at(t, y)["co2e_territorial_kg"].to_numpy(float)) for t in ("buildings", "roads"))
        )
        / 1000
        for y in years
    }
    real = np.array(list(emitted.values()))
    off = float((np.abs(real - promised.emitted_t) / np.maximum(np.abs(real), 1e-9)).max())
    spent = _spent_sek(results, factors)
    broken = [f"{c}" for c in results.adoption.conflicts]
    broken += _broken_limits(results, terms, emitted, spent)
    return Checked(emitted, off, float(spent.sum()), tuple(broken))


def _spent_sek(results: Results, factors: Factors) -> Floats:
    """Return what the simulated plan costs, by year and, last, after all years; stated costs instead of the table's."""
    years, out = results.years, np.zeros(len(results.years) + 1)
    bill = investment(results.stock.buildings, results.adoption, factors)
    for k, step in enumerate(results.adoption.steps):
        if step.cost:
            out += own_cost_sek(step, step.start, step.end, years)
            continue
        for row in bill[bill["step"] == k + 1].to_dict("records"):
            out[years.index(int(row["year"]))] += row["cost_sek"]
    return out


def _broken_limits(results: Results, terms: Terms, emitted: Mapping[int, float], spent: Floats) -> list[str]:
    found = []
    ids = results.stock.grid_areas["grid_area_id"].astype(str).to_numpy(object)
    for t, year in enumerate(results.years):
        peak, most = results.at("grid_areas", year)["peak_kw"].to_numpy(float), terms.limit_kw[t]
        found += [
            f"grid area {ids[a]} peaks at {peak[a]:,.1f} kW in {year}, above {most[a]:,.1f} kW"
            for a in np.flatnonzero(peak > most * (1 + 1e-6) + 1e-3)
        ]
        rows = results.at("buildings", year)
        water = float(
            rows["hot_water_need_kwh"].to_numpy(float)[(rows["heating"] == "district_heating").to_numpy(bool)].sum()
        )
        load = terms.curves[t].peak_mw(float(rows["district_heating_kwh"].sum() - water) / 1e6, water / 1e6)
        if load > terms.limit_mw[t] * (1 + 1e-6):
            found.append(f"the heat network's load is {load:,.3f} MW in {year}, above {terms.limit_mw[t]:,.3f} MW")
        if spent[t] > terms.budget_by_year_sek[t] * (1 + 1e-6) + 1:
            found.append(f"{spent[t]:,.0f} kr are spent in {year}, above {terms.budget_by_year_sek[t]:,.0f} kr")
        if t in terms.target_t and emitted[year] > terms.target_t[t] * (1 + 1e-6):
            found.append(f"{emitted[year]:,.1f} t are emitted in {year}, above {terms.target_t[t]:,.1f} t")
    if spent.sum() > terms.budget_sek * (1 + 1e-6) + 1:
        found.append(f"{spent.sum():,.0f} kr are spent in all, above {terms.budget_sek:,.0f} kr")
    if not np.isfinite(spent).all():
        found.append("something that is built has no price")
    return found
