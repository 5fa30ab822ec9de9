"""The climate budget: caps a year, a baseline, and what every measure takes off it, beside the city's budget in money.

It has the structure of Oslo's: caps by sector and year, a projection without new measures, the effect of each measure in
each of the four years of the economic plan, who is responsible and what they report, and what is adopted without being
quantified. Two boundaries are kept apart: measures are counted in what is simulated, caps in the city's inventory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from energy.climate import inventory, targets
from energy.climate_plans.action_plan import NOT_QUANTIFIED, OTHER, QUANTIFIED
from energy.climate_plans.portfolio import Portfolio
from energy.plan import NEVER
from energy.register import Entry
from energy.results import Results
from twin.errors import TwinError
from twin.registry import MEASURES

__all__ = ["YEARS", "ClimateBudget", "climate_budget", "years_of"]

YEARS = 4  # of an economic plan
_ADOPTED = ("beslutad", "pågående")
_GOAL = "transport_smhi"  # the only goal of a sector that is set on the inventory's own figures


@dataclass(frozen=True)
class ClimateBudget:
    """Four years of a climate budget.

    Attributes
    ----------
    years : tuple of int
    rows : DataFrame
        kind (``baseline``, ``measure``, ``other``, ``projected``), id, name, status, responsible, quantified, and for
        each year ``YYYY_t`` [t]. Measures are what they add, negative where they take away, so that baseline and measures
        sum to projected; what is not quantified is blank.
    reporting : DataFrame
        One row a measure and year: id, responsible, year, effect_t, entity, rollout_share (the share of its roll-out
        that shall be done by the year's end [1]), which the body reports against.
    caps : DataFrame
        One row a sector and year, of the city's inventory: sector, model, year, cap_t, follows (``own goal`` or ``city
        path``), baseline_t, projected_t, over_t (blank never: a sector outside the model stays as it is).
    totals : DataFrame
        One row a year: cap_t, baseline_t, projected_t, over_t of the whole city.
    unquantified : DataFrame
        id, name, status, adopted, responsible.
    """

    years: tuple[int, ...]
    rows: pd.DataFrame
    reporting: pd.DataFrame
    caps: pd.DataFrame
    totals: pd.DataFrame
    unquantified: pd.DataFrame


def years_of(from_year: int) -> tuple[int, ...]:
    """Return the years of the budget that begins in a year.

    Examples
    --------
    >>> years_of(2027)
    (2027, 2028, 2029, 2030)
    """
    return tuple(range(from_year, from_year + YEARS))


def climate_budget(portfolio: Portfolio, from_year: int, basis: targets.Basis = "per_capita") -> ClimateBudget:
    """Make the climate budget of four years.

    Parameters
    ----------
    portfolio : Portfolio
        That has been run for those years, and begins with the year that the inventory is of.
    from_year : int
        The budget's first year.
    basis : str
        The reading of the city's target.

    Raises
    ------
    TwinError
        When a year was not run.
    """
    years = years_of(from_year)
    if missing := [y for y in years if y not in portfolio.plan.years]:
        told = ", ".join(map(str, missing))
        raise TwinError(f"the climate budget from {from_year} needs the years {told}; run the portfolio for them too")
    caps = _caps(portfolio, years, basis)
    totals = caps.groupby("year")[["cap_t", "baseline_t", "projected_t", "over_t"]].sum().reset_index()
    return ClimateBudget(
        years, _rows(portfolio, years), _reporting(portfolio, years), caps, totals, _unquantified(portfolio)
    )


def _rows(portfolio: Portfolio, years: tuple[int, ...]) -> pd.DataFrame:
    curves = portfolio.curves.set_index("year")
    effect = -portfolio.wedges.pivot_table("share_t", "id", "year", dropna=False, sort=False)
    columns = [f"{y}_t" for y in years]
    blank = dict.fromkeys(columns, np.nan)
    rows: list[dict[str, object]] = [_line("baseline", "", curves["baseline_t"], years)]
    for key, entry in portfolio.plan.scenario.register.items():
        known = key in effect.index
        numbers = _line("measure", key, effect.loc[key], years) if known else {"kind": "measure", "id": key, **blank}
        rows.append(numbers | _about(entry) | {"quantified": QUANTIFIED if known else NOT_QUANTIFIED})
    if OTHER in effect.index and OTHER not in portfolio.plan.scenario.register:
        rows.append(_line("other", OTHER, effect.loc[OTHER], years) | {"name": "factors and climate of the scenario"})
    rows.append(_line("projected", "", curves["plan_t"], years))
    texts = ["kind", "id", "name", "status", "responsible", "quantified"]
    table = pd.DataFrame(rows, columns=[*texts, *columns])
    return table.fillna(dict.fromkeys(texts, ""))


def _line(kind: str, key: str, values: pd.Series, years: tuple[int, ...]) -> dict[str, object]:
    return {"kind": kind, "id": key, "quantified": QUANTIFIED, **{f"{y}_t": float(values[y]) for y in years}}


def _about(entry: Entry) -> dict[str, object]:
    name = entry.name or getattr(entry, "measure", "")
    return {"name": name, "status": entry.status, "responsible": entry.responsible}


def _reporting(portfolio: Portfolio, years: tuple[int, ...]) -> pd.DataFrame:
    share = portfolio.wedges.set_index(["id", "year"])["share_t"]
    scenario, rows = portfolio.plan.scenario, []
    for key, step, adopted in zip(scenario.ids, scenario.step, portfolio.plan.adoption.years, strict=True):
        spec = MEASURES[step.measure]
        for year in years:
            if spec.gradual:
                done = float(np.clip((year - step.start + 1) / (step.end - step.start + 1), 0, 1))
            else:
                whole = int((adopted != NEVER).sum())
                done = float((adopted <= year).sum() / whole) if whole else np.nan
            rows.append(
                {
                    "id": key,
                    "responsible": step.responsible,
                    "year": year,
                    "effect_t": -float(share[key, year]),
                    "entity": spec.table,
                    "rollout_share": done,
                }
            )
    return pd.DataFrame(rows)


def _caps(portfolio: Portfolio, years: tuple[int, ...], basis: targets.Basis) -> pd.DataFrame:
    """Return caps and projections by sector in the inventory's boundary.

    A sector with its own goal follows the path to it; the others share what is left of the city's path by their size.
    """
    plan, baseline = portfolio.plan, portfolio.baseline
    first = plan.years[0]
    table = inventory.inventory(plan)
    now = inventory.sectors(first, table)
    model = now["model"].astype(str)
    size = now["emissions_t"].to_numpy(float)
    own = np.array([_own_base(table, s, m) for s, m in zip(now["sector"], model, strict=True)])
    has_own = np.isfinite(own)
    parts = []
    for year in years:
        cap = np.where(has_own, own * _own_share(year), 0.0)
        rest = max(_city_path_t(plan, year, basis) - cap.sum(), 0.0)
        cap[~has_own] = rest * size[~has_own] / size[~has_own].sum()
        without, with_plan = (size * model.map(_change(r, baseline, first, year)).to_numpy() for r in (baseline, plan))
        parts.append(
            pd.DataFrame(
                {
                    "sector": now["sector"],
                    "model": model,
                    "year": year,
                    "cap_t": cap,
                    "follows": np.where(has_own, "own goal", "city path"),
                    "baseline_t": without,
                    "projected_t": with_plan,
                    "over_t": with_plan - cap,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _own_base(table: pd.DataFrame, sector: str, model: str) -> float:
    """Return a sector's own figure of the base year of its goal; blank without a goal or a figure.

    The reduction is applied to the inventory's own figure, since bases of two inventories are never mixed.
    """
    goal = _goal()
    at = (table["sector"] == sector) & (table["year"] == goal["base_year"])
    return float(table.loc[at, "emissions_t"].sum()) if model == "roads" and at.any() else np.nan


def _own_share(year: int) -> float:
    """Return what the goal leaves in a year: the same share less every year from its base year on.

    Examples
    --------
    >>> [round(_own_share(y), 3) for y in (2010, 2030)]
    [1.0, 0.1]
    """
    goal = _goal()
    return float((1 - goal["reduction"]) ** ((year - goal["base_year"]) / (goal["goal_year"] - goal["base_year"])))


def _goal() -> pd.Series:
    return targets.sector_goals().set_index("target").loc[_GOAL]


def _city_path_t(plan: Results, year: int, basis: targets.Basis) -> float:
    people = plan.factors.at(2018 if basis == "absolute" else year)["population.goteborg"]
    return float(targets.territorial_path_t(people, np.array([year]), plan.factors.at(year), basis)[0])


def _change(results: Results, baseline: Results, first: int, year: int) -> dict[str, float]:
    """Return what a part of the model is in a year, as a share of the first year; outside stays 1."""
    now, then = inventory.modelled_t(baseline, first), inventory.modelled_t(results, year)
    return {p: then[p] / now[p] if now[p] else 1.0 for p in now} | {"outside": 1.0}


def _unquantified(portfolio: Portfolio) -> pd.DataFrame:
    scenario = portfolio.plan.scenario
    columns = ["id", "name", "status", "adopted", "responsible", "quantified"]
    rows = [
        {"id": key, **_about(e), "adopted": e.status in _ADOPTED, "quantified": NOT_QUANTIFIED}
        for key, e in scenario.register.items()
        if key not in scenario.ids
    ]
    return pd.DataFrame(rows, columns=columns)
