"""The action plan: what every measure of the register gives, what they give together, and what remains to the goal.

A measure without physics is not quantified: its effect is blank, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate import inventory, targets
from energy.climate_plans.portfolio import Portfolio
from energy.plan import Conflict
from energy.register import Entry, check
from energy.scenario import Scenario
from twin.errors import TwinError
from twin.factors import Factors

__all__ = ["NOT_QUANTIFIED", "OTHER", "QUANTIFIED", "ActionPlan", "action_plan", "goals_t", "problems", "remedies"]

Floats = npt.NDArray[np.float64]
QUANTIFIED, NOT_QUANTIFIED = "kvantifierad", "ej kvantifierad"
OTHER = "other"  # the row of what a scenario changes in factors and climate
_T_PER_KTON = 1000.0
_INTERVAL = ("least_t", "most_t")


@dataclass(frozen=True)
class ActionPlan:
    """A plan as the register has it, with what is calculated beside every entry.

    Attributes
    ----------
    rows : DataFrame
        One row an entry: id, name, measure, status, responsible, control, requires, start, end, quantified
        (``kvantifierad`` or ``ej kvantifierad``), effect_t in the goal year and cumulative_t up to it (both blank where
        not quantified), error_t, least_t and most_t (over all orders of the measures), cumulative_least_t and
        cumulative_most_t (sums of each year's least and most, so that the true limits lie within), share (of what the
        plan gives), advice_t (in the marginal account), note. What the scenario changes in factors and climate is the
        row ``other``, so that the effects sum to baseline minus plan.
    curves : DataFrame
        One row a year: baseline_t, decided_t, planned_t, plan_t, pace_t.
    remains : DataFrame
        One row a reading of the city's goal: goal_t, now_t and after_plan_t of the whole city, remains_t,
        rate_needed [1/a] from the inventory's year on.
    sectors : DataFrame
        One row a sector of the inventory, those outside the model as they are: now_t, after_plan_t, share of what is
        left, model.
    conflicts : tuple of str
        Measures that got less than they asked for, each with the remedy.
    problems : tuple of str
        What the register lacks.
    goal_year : int
    """

    rows: pd.DataFrame
    curves: pd.DataFrame
    remains: pd.DataFrame
    sectors: pd.DataFrame
    conflicts: tuple[str, ...]
    problems: tuple[str, ...]
    goal_year: int


def problems(scenario: Scenario, conflicts: Iterable[Conflict] = ()) -> list[str]:
    """Return what keeps a scenario from being a plan: gaps of its register, and measures that match nothing.

    Parameters
    ----------
    scenario : Scenario
    conflicts : iterable of Conflict
        Of its adoption.

    Examples
    --------
    >>> from energy.register import Unquantified
    >>> problems(Scenario(name="x", unquantified=(Unquantified(id="a", name="A", responsible="Renova"),)))
    ['a: nobody pays; name a `payer`, or shares of several that add up to 1']
    """
    found = check(scenario.register, [b.name for b in scenario.body])
    ids = scenario.ids
    for c in conflicts:
        if not c.matching:
            found.append(f"{ids[c.step - 1]}: none of the {c.table} matches its filter; widen `where` or `within`")
        elif not c.got:
            found.append(f"{ids[c.step - 1]}: {c}; take it away, narrow their filters or list it before them")
    return found


def remedies(scenario: Scenario, conflicts: Iterable[Conflict]) -> list[str]:
    """Return measures that overlap, each with its id and what can be done."""
    ids = scenario.ids
    return [
        f"{ids[c.step - 1]}: {c}; narrow a filter, lower a share, or list it before them" for c in conflicts if c.got
    ]


def action_plan(portfolio: Portfolio, *, checked: bool = True) -> ActionPlan:
    """Make the action plan of a portfolio.

    Parameters
    ----------
    portfolio : Portfolio
        Of years up to that of the goal.
    checked : bool
        Refuse a register with gaps; without, they are in ``problems``.

    Returns
    -------
    ActionPlan

    Raises
    ------
    TwinError
        With everything that the register lacks, at once.
    """
    scenario = portfolio.plan.scenario
    lacks = problems(scenario, portfolio.conflicts)
    if checked and lacks:
        raise TwinError(f"the register of {scenario.name!r} is no plan yet:\n  " + "\n  ".join(lacks))
    goal_year = portfolio.plan.years[-1]
    kept = ["year", "baseline_t", "decided_t", "planned_t", "plan_t", "pace_t", "gap_t"]
    return ActionPlan(
        _rows(portfolio),
        portfolio.curves[kept],
        _remains(portfolio, goal_year),
        _sectors(portfolio),
        tuple(remedies(scenario, portfolio.conflicts)),
        tuple(lacks),
        goal_year,
    )


def _rows(portfolio: Portfolio) -> pd.DataFrame:
    scenario, years = portfolio.plan.scenario, np.array(portfolio.plan.years)
    wedges = portfolio.wedges
    last = wedges[wedges["year"] == years[-1]].set_index("id")
    whole = float(last["share_t"].sum())
    sums = {c: _summed(wedges, c, years) for c in ("share_t", *_INTERVAL)}
    rows = [_entry(key, entry) for key, entry in scenario.register.items()]
    if OTHER in last.index and OTHER not in scenario.register:
        rows.append(_entry(OTHER, Entry(name="factors and climate of the scenario")) | {"start": None, "end": None})
    table = pd.DataFrame(rows)
    known = table["id"].isin(last.index)
    taken = {c: table["id"].map(last[c]).astype(float) for c in ("share_t", "error_t", *_INTERVAL, "advice_t")}
    return table.assign(
        quantified=np.where(known, QUANTIFIED, NOT_QUANTIFIED),
        effect_t=taken["share_t"],
        cumulative_t=table["id"].map(sums["share_t"]).astype(float),
        error_t=taken["error_t"],
        least_t=taken["least_t"],
        most_t=taken["most_t"],
        cumulative_least_t=table["id"].map(sums["least_t"]).astype(float),
        cumulative_most_t=table["id"].map(sums["most_t"]).astype(float),
        share=taken["share_t"] / whole if whole else np.nan,
        advice_t=taken["advice_t"],
        note=table.pop("note"),
    )


def _entry(key: str, entry: Entry) -> dict[str, object]:
    return {
        "id": key,
        "name": entry.name or getattr(entry, "measure", ""),
        "measure": getattr(entry, "measure", ""),
        "status": entry.status if key != OTHER else "",
        "responsible": entry.responsible,
        "control": entry.control,
        "requires": "; ".join(entry.requires),
        "start": entry.start,
        "end": entry.end,
        "note": entry.note,
    }


def _summed(wedges: pd.DataFrame, column: str, years: npt.NDArray[np.int_]) -> pd.Series:
    """Return each measure's sum over the years, those between linear."""
    of_year = wedges.pivot_table(column, "id", "year", dropna=False).reindex(columns=years)
    sums = [float(targets.cumulative_t(years, row)[-1]) for row in of_year.to_numpy(float)]
    return pd.Series(sums, index=of_year.index)


def goals_t(year: int, factors: Factors) -> dict[str, float]:
    """Return what the city's territorial goal amounts to in a year, by reading [t].

    Parameters
    ----------
    year : int
    factors : Factors

    Returns
    -------
    dict of str to float
        ``per_capita`` for who lives there then, ``absolute`` as a share of 2018, and for 2030 the ``published`` goal
        of 1.2 t per inhabitant.

    Examples
    --------
    >>> {k: round(v / 1000) for k, v in goals_t(2030, Factors.read()).items()}
    {'per_capita': 749, 'absolute': 667, 'published': 773}
    """
    f, then = factors.at(year), np.array([year])
    base = factors.at(2018)["population.goteborg"]
    found = {
        "per_capita": float(targets.territorial_path_t(f["population.goteborg"], then, f, "per_capita")[0]),
        "absolute": float(targets.territorial_path_t(base, then, f, "absolute")[0]),
    }
    return found | ({"published": f["target.goal_kton"] * _T_PER_KTON} if year == 2030 else {})


def _remains(portfolio: Portfolio, goal_year: int) -> pd.DataFrame:
    found = portfolio.sectors
    now, after = float(found["inventory_t"].sum()), float(found["inventory_after_t"].sum())
    known = int(found["inventory_year"].max())
    rows = []
    for reading, goal in goals_t(goal_year, portfolio.plan.factors).items():
        rate = targets.rate_needed(now, goal, goal_year - known) if goal_year > known else np.nan
        numbers = {"goal_t": goal, "now_t": now, "after_plan_t": after, "remains_t": after - goal}
        rows.append({"reading": reading, "year": goal_year, **numbers, "rate_needed": rate})
    return pd.DataFrame(rows)


def _sectors(portfolio: Portfolio) -> pd.DataFrame:
    found = portfolio.sectors
    after = found["inventory_after_t"]
    return pd.DataFrame(
        {
            "sector": found["sector"],
            "model": found["model"],
            "inventory_year": found["inventory_year"],
            "now_t": found["inventory_t"],
            "after_plan_t": after,
            "change_t": after - found["inventory_t"],
            "share_of_rest": after / after.sum() if after.sum() else np.nan,
            "modelled_now_t": found["modelled_t"],
            "modelled_plan_t": found["plan_t"],
            "simulated_share": inventory.simulated_share(portfolio.plan),
        }
    )
