"""One target told in numbers: its path, the gap to it, the rate that is needed now, and what is left of the budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from energy.climate import inventory, targets
from energy.climate_plans.action_plan import goals_t
from twin.errors import TwinError
from twin.factors import Factors

__all__ = ["BurnDown", "Target", "burn_down", "city_targets"]

_EARLIEST, _LATEST = 1900, 2200
_PATHS = ("per_capita", "absolute")


@dataclass(frozen=True)
class Target:
    """A target as it is stated, in any unit.

    Attributes
    ----------
    base, rate : float, optional
        Value of the base year, and the least reduction a year [1].
    base_year, goal_year : int
    actual : float, optional
        The latest known value.
    actual_year : int, optional
    goal : float, optional
        What is wanted in the goal year; that of the path without.
    budget : float, optional
        What may be emitted from the year after the latest known one on, through the goal year; that of the path without.
    """

    base: float | None
    rate: float | None
    base_year: int
    goal_year: int
    actual: float | None = None
    actual_year: int | None = None
    goal: float | None = None
    budget: float | None = None


@dataclass(frozen=True)
class BurnDown:
    """What a target asks.

    Attributes
    ----------
    path : DataFrame
        One row a year: path, cumulative (from the base year), needed (from the latest known value along the rate that is
        needed), budget_left (if the latest known value stays as it is); blank where not known.
    figures : dict of str to float
    """

    path: pd.DataFrame
    figures: dict[str, float]


def burn_down(target: Target) -> BurnDown:
    """Tell what a target asks.

    Parameters
    ----------
    target : Target

    Raises
    ------
    TwinError
        For everything that is missing or impossible, at once.

    Examples
    --------
    >>> round(burn_down(Target(184.0, 0.09, 2018, 2030)).figures["path_in_goal_year"], 3)
    59.335
    >>> transport = Target(None, None, 2023, 2030, actual=471.1, actual_year=2023, goal=65.3)
    >>> round(burn_down(transport).figures["rate_needed"], 3)
    0.246
    """
    _refuse(target)
    years = np.arange(target.base_year, target.goal_year + 1)
    table = pd.DataFrame({"year": years, "path": np.nan, "cumulative": np.nan, "needed": np.nan, "budget_left": np.nan})
    figures: dict[str, float] = {}
    if target.base is not None and target.rate is not None:
        path = targets.path(target.base, target.rate, target.base_year, years)
        table = table.assign(path=path, cumulative=targets.cumulative_t(years, path))
        figures |= {"path_in_goal_year": float(path[-1]), "cumulative_path": float(path.sum())}
    goal = figures.get("path_in_goal_year") if target.goal is None else target.goal
    if goal is not None:
        figures["goal"] = goal
    if target.actual is None or target.actual_year is None or goal is None:
        return BurnDown(table, figures)
    figures |= {"actual": target.actual, "actual_year": target.actual_year}
    at = table["year"] == target.actual_year
    if table.loc[at, "path"].notna().any():
        figures["gap"] = target.actual - float(table.loc[at, "path"].iloc[0])
    rate = targets.rate_needed(target.actual, goal, target.goal_year - target.actual_year)
    figures["rate_needed"] = rate
    late = table["year"] >= target.actual_year
    needed = targets.path(target.actual, rate, target.actual_year, years[late.to_numpy()])
    table.loc[late, "needed"] = needed
    wanted = table.loc[late, "path"].to_numpy() if target.base is not None else needed
    budget = float(wanted[1:].sum()) if target.budget is None else target.budget
    flat = np.full(int(late.sum()) - 1, target.actual)
    coming = years[late.to_numpy()][1:]
    table.loc[table["year"] > target.actual_year, "budget_left"] = targets.budget_left_t(budget, coming, flat)
    figures |= {
        "budget": budget,
        "emitted_along_rate_needed": float(needed[1:].sum()),
        "budget_exhausted_if_unchanged": targets.exhausted(budget, coming, flat),
    }
    return BurnDown(table, figures)


def _refuse(target: Target) -> None:
    t = target
    whole = t.actual_year if t.actual_year is not None else t.base_year
    rules = [
        (t.goal_year > t.base_year, f"the goal year {t.goal_year} does not come after the base year {t.base_year}"),
        (t.base_year >= _EARLIEST, f"the base year {t.base_year} lies before {_EARLIEST}"),
        (t.goal_year <= _LATEST, f"the goal year {t.goal_year} lies after {_LATEST}"),
        ((t.base is None) == (t.rate is None), "a path needs both a base and a rate; give the other one too"),
        (t.rate is None or 0 <= t.rate < 1, f"the rate {t.rate} is no share from 0 to below 1; 10 % is 0.1"),
        (_above(t.base), f"the base {t.base} is not above 0"),
        (_above(t.actual), f"the latest known value {t.actual} is not above 0"),
        (_above(t.goal), f"the goal {t.goal} is not above 0, and a rate never leads there"),
        (_above(t.budget), f"the budget {t.budget} is not above 0"),
        ((t.actual is None) == (t.actual_year is None), "a latest known value needs its year; give both"),
        (
            t.base_year <= whole < max(t.goal_year, t.base_year + 1),
            f"the latest known year {whole} does not lie from {t.base_year} to before {t.goal_year}",
        ),
        (
            t.base is not None or (t.actual is not None and t.goal is not None),
            "without a base, give what is emitted now and the goal",
        ),
    ]
    if problems := [text for holds, text in rules if not holds]:
        raise TwinError("the target can not be told:\n  " + "\n  ".join(problems))


def _above(value: float | None) -> bool:
    return value is None or value > 0


def city_targets(goal_year: int, factors: Factors) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the city's own territorial target beside its inventory, and the figures of both targets.

    Parameters
    ----------
    goal_year : int
    factors : Factors

    Returns
    -------
    (DataFrame, dict)
        One row a year from 2018: per_capita_t_inhabitant, per_capita_t and absolute_t (the two readings), actual_t and
        gap_t (to the first reading) where the inventory is known; and the figures.

    Examples
    --------
    >>> figures = city_targets(2030, Factors.read())[1]
    >>> round(figures["territorial_t_inhabitant"], 3), round(figures["consumption_t_inhabitant"], 3), round(figures["rate_needed_published"], 3)
    (1.167, 3.328, 0.163)
    """
    f = factors.at(goal_year)
    if goal_year <= 2018:
        raise TwinError(f"the goal year {goal_year} does not come after the base year 2018 of the city's target")
    years = np.arange(2018, goal_year + 1)
    heads = targets.path(f["target.territorial.base"], f["target.territorial.rate"], 2018, years)
    goods = targets.path(f["target.consumption.base"], f["target.consumption.rate"], 2017, years)
    sums = inventory.inventory().groupby("year")["emissions_t"].sum()
    by_year = [goals_t(int(y), factors) for y in years]
    table = pd.DataFrame({"year": years, "per_capita_t_inhabitant": heads})
    table = table.assign(**{f"{n}_t": [g[n] for g in by_year] for n in _PATHS}, actual_t=table["year"].map(sums))
    table["gap_t"] = table["actual_t"] - table["per_capita_t"]
    known = int(sums.index[sums.index < goal_year].max())
    now = float(sums[known])
    goals = by_year[-1]
    law = targets.carbon_law_path_t(now, known, np.array([goal_year]), f)[0]
    figures = {
        "territorial_t_inhabitant": float(heads[-1]),
        "consumption_t_inhabitant": float(goods[-1]),
        "inventory_year": known,
        "inventory_t": now,
        **{f"goal_{n}_t": g for n, g in goals.items()},
        **{f"rate_needed_{n}": targets.rate_needed(now, g, goal_year - known) for n, g in goals.items()},
        "carbon_law_t": float(law),
        "co2_budget_from_2024_t": f["target.budget_co2_t"],
    }
    return table, figures
