"""The numbers of a plan as frames: one place that all documents and the page take them from, so that they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from energy.climate_plans.portfolio import Portfolio

__all__ = ["Standing", "by_year", "caps", "measures", "sectors", "standing", "unquantified"]


@dataclass(frozen=True)
class Standing:
    """Where the plan stands in a year, in the modelled part and in the whole city [t].

    Attributes
    ----------
    baseline_t, plan_t, reduction_t, pace_t, gap_t : float
        Of the modelled part; the gap is above (positive) or below the target's pace.
    city_now_t, city_after_t, city_path_t, remains_t, outside_t : float
        Of the whole city: its inventory, the inventory after the plan (in the last year), the target, what remains
        beyond the plan, and the sectors outside the model.
    """

    baseline_t: float
    plan_t: float
    reduction_t: float
    pace_t: float
    gap_t: float
    city_now_t: float
    city_after_t: float
    city_path_t: float
    remains_t: float
    outside_t: float


def standing(p: Portfolio, year: int) -> Standing:
    """Return where the plan stands.

    Parameters
    ----------
    p : Portfolio
    year : int
        One of those calculated; the figures of the whole city are of the last.
    """
    row = p.curves.set_index("year").loc[year]
    last = p.curves.iloc[-1]
    after = float(p.sectors["inventory_after_t"].sum())
    outside = float(p.sectors.loc[p.sectors["model"] == "outside", "inventory_t"].sum())
    return Standing(
        float(row["baseline_t"]),
        float(row["plan_t"]),
        float(row["baseline_t"] - row["plan_t"]),
        float(row["pace_t"]),
        float(row["gap_t"]),
        float(p.sectors["inventory_t"].sum()),
        after,
        float(last["city_path_t"]),
        after - float(last["city_path_t"]),
        outside,
    )


def measures(p: Portfolio, year: int) -> pd.DataFrame:
    """Return the measures of a year with number, name, who, when, and what they give [t].

    Returns
    -------
    DataFrame
        no, id, name, status, responsible, control, start, end and the columns of `Portfolio.wedges`; what the scenario
        changes in factors and climate has no number.
    """
    scenario = p.plan.scenario
    table = p.wedges[p.wedges["year"] == year].reset_index(drop=True)
    number = {k: n for n, k in enumerate(scenario.ids, start=1)}
    register = scenario.register
    when = {k: (float(e.start), float(e.end)) for k, e in register.items()}
    blank = (np.nan, np.nan)
    steps = table["id"].isin(list(number))
    return table.assign(
        no=table["id"].map(number).astype(float),
        start=[when.get(k, blank)[0] if s else np.nan for k, s in zip(table["id"], steps, strict=True)],
        end=[when.get(k, blank)[1] if s else np.nan for k, s in zip(table["id"], steps, strict=True)],
    )


def unquantified(p: Portfolio) -> pd.DataFrame:
    """Return the entries of the register without a calculated effect, which is never the same as none."""
    entries = {k: e for k, e in p.plan.scenario.register.items() if k not in p.plan.scenario.ids}
    rows = [
        {
            "id": k,
            "name": e.name,
            "status": e.status,
            "responsible": e.responsible,
            "control": e.control,
            "start": float(e.start),
            "end": float(e.end),
            "note": e.note,
        }
        for k, e in entries.items()
    ]
    names = ["id", "name", "status", "responsible", "control", "start", "end", "note"]
    return pd.DataFrame(rows, columns=names)


def by_year(p: Portfolio, years: Sequence[int]) -> pd.DataFrame:
    """Return the measures' shares by year, ``y2030_t`` and so on, with those that are not quantified as blanks."""
    wide = p.wedges.pivot_table(index="id", columns="year", values="share_t", sort=False)
    known = measures(p, p.plan.years[-1])[["no", "id", "name", "responsible", "status"]]
    for year in years:
        known[f"y{year}_t"] = known["id"].map(wide[year])
    others = unquantified(p)[["id", "name", "responsible", "status"]]
    return pd.concat([known, others], ignore_index=True) if len(others) else known


def caps(p: Portfolio, years: Sequence[int]) -> pd.DataFrame:
    """Return the modelled part's yearly budget: without the plan, what measures take away, what is left, its cap."""
    rows = p.curves.set_index("year").loc[list(years)].reset_index()
    total = p.wedges.groupby("year")["share_t"].sum()
    return pd.DataFrame(
        {
            "year": rows["year"].astype(float),
            "baseline_t": rows["baseline_t"],
            "measures_t": rows["year"].map(total),
            "plan_t": rows["plan_t"],
            "pace_t": rows["pace_t"],
            "gap_t": rows["gap_t"],
        }
    )


def sectors(p: Portfolio) -> pd.DataFrame:
    """Return the sectors of the inventory: now, after the plan, and whether the model reaches them; the largest first."""
    found = p.sectors.sort_values("inventory_t", ascending=False, kind="stable").reset_index(drop=True)
    return found.assign(outside=found["model"] == "outside", inventory_year=found["inventory_year"].astype(float))
