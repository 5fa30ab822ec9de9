"""Which measures, where and when: the plan that reaches a target at least cost, or gets furthest within a budget.

A group of buildings gets at most one package of measures, carried out in one year; a measure on roads is done as a whole
and runs until its own last year. Costs are sums of what is spent, undiscounted: investments in the year of the work, and
costs that a measure states by the year from then to the last of the years. What has no price is left out, and listed.

The scenario that comes out is simulated again from its own text; the emissions promised are those found there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate_plans.optimiser.branch import share_open
from energy.climate_plans.optimiser.effects import Bench
from energy.climate_plans.optimiser.groups import AGE_CLASS, Problem, grouped
from energy.climate_plans.optimiser.heat import HeatCurve
from energy.climate_plans.optimiser.inputs import Asked
from energy.climate_plans.optimiser.limits import binding, limited, unknown, unreachable
from energy.climate_plans.optimiser.options import options
from energy.climate_plans.optimiser.outcome import outcome
from energy.climate_plans.optimiser.plan import Checked, checked, chosen_table, written
from energy.climate_plans.optimiser.search import search
from energy.climate_plans.optimiser.terms import Effort, Terms
from energy.electrification.heat_pumps import degree_hours
from energy.memory import Memory
from energy.plan import plan
from energy.scenario import Scenario
from energy.simulate import Model, in_climate
from energy.stock import Stock
from twin.city import City
from twin.errors import TwinError
from twin.factors import Factors
from twin.registry import MEASURES

__all__ = ["GROUPS", "Optimum", "optimise"]

Floats = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]
GROUPS = ("area_id", "use", "heating", AGE_CLASS)


@dataclass(frozen=True)
class Optimum:
    """The best plan.

    Attributes
    ----------
    scenario : Scenario
        Whose steps list exactly the buildings meant.
    minimised : str
        ``cost`` where there is a target, else ``emissions``.
    promised_t : float
        Territorial emissions in the last of the years [tCO2e].
    baseline_t : float
        The same when nothing is done [tCO2e].
    bound : float
        No plan of the same choices has less of what is minimised [SEK or tCO2e].
    gap : float
        What lies between the plan and the bound, as a share of what it costs, or of the emissions that it avoids [1].
    cost_sek : float
        All that is spent, undiscounted [SEK].
    cost_by_year_sek : mapping of int to float
        What falls within the years [SEK].
    table : DataFrame
        One row a group and measure: what, where, when, and at what cost.
    left_out : DataFrame
        Candidates without a price.
    choices : int
        How many were weighed: a package of measures for a group in a year, or a way of doing the measures on roads.
    rounds : DataFrame
        What each solution promised, and what it really did.
    checks : Checked
        What the simulation of the scenario's text says of the promise and the limits.
    binding : tuple of str
        What the plan uses up, in words: money, targets, grid areas, heat plants, and candidates that are done in full.
    unknown : tuple of str
        Grid areas without a rating, and the heat network without plants: what takes no new load unless that is allowed.
    """

    scenario: Scenario
    minimised: str
    promised_t: float
    baseline_t: float
    bound: float
    gap: float
    cost_sek: float
    cost_by_year_sek: Mapping[int, float]
    table: pd.DataFrame
    left_out: pd.DataFrame
    choices: int
    rounds: pd.DataFrame
    checks: Checked
    binding: tuple[str, ...]
    unknown: tuple[str, ...]


def optimise(
    city: City,
    candidates: Scenario,
    *,
    years: Iterable[int],
    target_t: float | Mapping[int, float] | None = None,
    budget_sek: float | None = None,
    budget_by_year: float | Mapping[int, float] | None = None,
    groups: tuple[str, ...] = GROUPS,
    factors: Factors | None = None,
    headroom: bool = True,
    unknown_takes_load: bool = False,
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Optimum:
    """Choose which measures to carry out where and when.

    Parameters
    ----------
    city : City
        In its base year; it is not changed.
    candidates : Scenario
        Its steps are what can be done: `where`, `within` and `share` say to what at most, `start` and `end` when, `params`
        how, and `cost` what all of it costs; without it the table of prices holds.
    years : iterable of int
        Following each other; the last is aimed at.
    target_t : float or mapping of int to float, optional
        Most territorial emissions in the last year, or by year [tCO2e]; without it they become as low as possible.
    budget_sek : float, optional
        In all [SEK].
    budget_by_year : float or mapping of int to float, optional
        Of each year; what is not spent is not carried over [SEK].
    groups : tuple of str
        Columns of buildings; those alike in all are decided on together. ``age_class`` is that of the archetypes.
    factors : Factors, optional
        Other numbers than the project's own.
    headroom : bool
        Keep the peak of every grid area below its rating, and the load of the heat network below what its plants can make;
        where it is above already, it must not rise above what it is when nothing is done.
    unknown_takes_load : bool
        Let grid areas without a rating, and a heat network without known plants, take new load.
    effort : Effort, optional
        How hard is searched.
    progress : callable, optional
        Told the share done and what is being done.

    Returns
    -------
    Optimum

    Raises
    ------
    TwinError
        With everything that is wrong with the inputs; or when the target can not be reached, with how far one gets and
        what binds.
    """
    tell = progress or (lambda _share, _text: None)
    effort = effort or Effort()
    factors = (factors or Factors.read()).override(candidates.factors)
    asked = Asked.of(city, candidates, years, target_t, budget_sek, budget_by_year, groups)
    tell(0.0, "stock")
    stock = Model(in_climate(city, candidates), plan(city, Scenario.baseline()), Memory()).stock(factors)
    problem = _problem(stock, city, candidates, asked, groups, factors)
    tell(0.05, "effects")
    curves = tuple(_curve(stock, factors.at(year)) for year in asked.years)
    terms = _terms(asked, candidates, curves, len(stock.grid_areas))
    choices = options(problem, terms.aims)
    if headroom:
        terms = limited(terms, stock, choices, unknown_takes_load)
    tell(0.5, "search")
    found = search(choices, terms, effort)
    if found.chosen is None or found.outcome is None:
        raise TwinError(unreachable(choices, terms, effort, asked.years, proved=found.bound == np.inf))
    tell(0.7, "simulation")
    scenario = written(problem, choices, found.chosen, candidates)
    checks = checked(city, scenario, factors, terms, found.outcome, asked.years)
    tell(1.0, "")
    last, spent = terms.aims[-1], found.outcome.cost_sek
    baseline = outcome(choices, terms, np.zeros(0, np.int64)).emitted_t
    gap = share_open(float(found.outcome.emitted_t[last]), found.bound, float(baseline[last]))
    if terms.target_t:
        gap = share_open(found.outcome.total_sek, found.bound, 0.0)
    return Optimum(
        scenario,
        "cost" if terms.target_t else "emissions",
        float(found.outcome.emitted_t[-1]),
        float(baseline[-1]),
        found.bound,
        gap,
        found.outcome.total_sek,
        dict(zip(asked.years, spent[:-1].tolist(), strict=True)),
        chosen_table(problem, choices, found.chosen, candidates),
        choices.left_out,
        len(choices.group),
        pd.DataFrame(found.rounds),
        checks,
        binding(choices, terms, found.outcome, found.chosen, stock, candidates.ids),
        unknown(stock) if headroom else (),
    )


def _problem(
    stock: Stock, city: City, candidates: Scenario, asked: Asked, groups: tuple[str, ...], factors: Factors
) -> Problem:
    on_buildings = [
        e for e, s in zip(asked.eligible, candidates.step, strict=True) if MEASURES[s.measure].table == "buildings"
    ]
    none = np.zeros(len(stock.buildings), bool)
    member, labels = grouped(pd.DataFrame(city["buildings"]), groups, [*on_buildings, none])
    stands_from = plan(city, Scenario.baseline()).stands_from
    bench = Bench(stock, candidates.step, asked.eligible, asked.years, factors, stands_from)
    return Problem(bench, member, labels, asked.spans, asked.matching)


def _curve(stock: Stock, f: Mapping[str, float]) -> HeatCurve:
    cold = degree_hours(stock.season.temp_air_c, f["heat_pump.heating_threshold_c"])
    return HeatCurve.of(stock.heat_supply, cold, f)


def _terms(asked: Asked, candidates: Scenario, curves: tuple[HeatCurve, ...], areas: int) -> Terms:
    limited = {
        k: round(s.share * asked.matching[k])
        for k, s in enumerate(candidates.step)
        if s.share < 1 and MEASURES[s.measure].table == "buildings"
    }
    years = len(asked.years)
    return Terms(
        curves,
        asked.target_t,
        asked.budget_sek,
        asked.budget_by_year_sek,
        np.full((years, areas), np.inf),
        np.full(years, np.inf),
        limited,
        asked.requires,
    )
