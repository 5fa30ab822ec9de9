"""What the documents share: the summary, the wedges, the measures, what remains, who answers, and what is unsure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from energy.climate_plans.accounts import accounts
from energy.climate_plans.portfolio import Portfolio
from views import report
from views.documents import figures, frames
from views.documents.columns import column, columns, year_columns
from views.documents.model import Bullets, Chart, Column, Part, Section, Table
from views.language import Language

__all__ = [
    "accounts_table",
    "bodies",
    "curves",
    "interplay",
    "layers_of",
    "measures_table",
    "not_quantified",
    "remaining",
    "sectors_table",
    "summary",
    "wedge_chart",
    "years_table",
]

_MOST = 10  # layers of a chart, the smallest taken together beyond


def summary(p: Portfolio, year: int, text: Language) -> tuple[str, ...]:
    """Return what the plan gives, what it leaves, and what it can not reach, in sentences."""
    s, last = frames.standing(p, year), p.plan.years[-1]
    words = {k: text.whole(v) for k, v in vars(s).items()} | {"gap": text.whole(abs(s.gap_t))}
    share = s.reduction_t / s.baseline_t if s.baseline_t else np.nan
    at = {
        "year": year,
        "first": p.plan.years[0],
        "last": last,
        "share": text.change(-share),
        "plan": p.plan.scenario.name,
    }
    pace = text("documents.say.above" if s.gap_t > 0 else "documents.say.below", **words, **at)
    outside = text.share(s.outside_t / s.city_now_t)
    remains = "documents.say.remains" if s.remains_t > 0 else "documents.say.reached"
    return (
        text("documents.say.effect", **words, **at),
        pace,
        text("documents.say.city", **words, **at),
        text(remains, **words, **at, outside_share=outside),
    )


def layers_of(p: Portfolio, text: Language) -> list[figures.Layer]:
    """Return each measure's reduction by year, in the plan's order; beyond ten the smallest are taken together."""
    wide = p.wedges.pivot_table(index="id", columns="year", values="share_t", sort=False)
    about = frames.measures(p, p.plan.years[-1]).set_index("id")
    size = wide.abs().max(axis=1)
    kept = size.index if len(size) <= _MOST else size.nlargest(_MOST - 1).index
    found = [
        figures.Layer(
            "" if np.isnan(about.loc[k, "no"]) else str(int(about.loc[k, "no"])),
            str(about.loc[k, "name"]) if k != "other" else text("documents.other_changes"),
            wide.loc[k].to_numpy(float),
        )
        for k in wide.index
        if k in kept
    ]
    rest = wide.loc[~wide.index.isin(kept)]
    if len(rest):
        found.append(figures.Layer("", text("documents.smaller", count=len(rest)), rest.sum().to_numpy(float)))
    return found


def wedge_chart(p: Portfolio, text: Language) -> Chart:
    """Return the chart from baseline to plan, measure by measure, beside the target's pace."""
    c, s, last = p.curves, frames.standing(p, p.plan.years[-1]), p.plan.years[-1]
    lines = [
        figures.Line(text("documents.columns.baseline_t"), c["baseline_t"].to_numpy(float)),
        figures.Line(text("documents.columns.plan_t"), c["plan_t"].to_numpy(float), "#5b6670"),
        figures.Line(text("documents.columns.pace_t"), c["pace_t"].to_numpy(float), figures.TARGET, "7 4"),
    ]
    title = text("documents.charts.wedge")
    told = text(
        "documents.charts.wedge_told", baseline=text.whole(s.baseline_t), plan=text.whole(s.plan_t), last=last,
        pace=text.whole(s.pace_t),
    )  # fmt: skip
    svg = figures.wedges(
        "wedge", list(p.plan.years), c["baseline_t"].to_numpy(float), layers_of(p, text), lines,
        title=title, told=told, unit=text("documents.units.t"), write=text.whole,
    )  # fmt: skip
    return Chart("wedge", title, svg)


def measures_table(p: Portfolio, year: int, text: Language) -> Table:
    """Return what each measure gives in a year, with range and responsible; the rows add up to the reduction."""
    table = frames.measures(p, year)
    sampled = bool((table["error_t"] > 0).any())
    keys = {
        "no": "", "name": "", "status": "entry", "responsible": "entry", "control": "entry", "start": "entry", "end": "entry",
        "share_t": "share", **({"error_t": "share"} if sampled else {"least_t": "order", "most_t": "order"}),
        "alone_t": "order", "last_t": "order", "advice_t": "advice",
    }  # fmt: skip
    rest = frames.unquantified(p)
    blank = text("documents.not_quantified")
    shown = columns(keys, text, "name", ("share_t", "advice_t"))
    shown = tuple(replace(c, blank=blank) if c.key == "share_t" else c for c in shown)
    whole = (
        pd.concat([_worded(table, text), _worded(rest, text)], ignore_index=True) if len(rest) else _worded(table, text)
    )
    return Table(
        "measures",
        text("documents.tables.measures", year=year),
        whole,
        (column("id", text), *shown),
        text("documents.notes.measures"),
        text("documents.together"),
    )


def _worded(table: pd.DataFrame, text: Language) -> pd.DataFrame:
    """Return measures with status and control in the reader's words."""
    return table.assign(
        name=[
            text("documents.other_changes") if k == "other" else n
            for k, n in zip(table["id"], table["name"], strict=True)
        ],
        status=[text(f"plan.status.{s}") if s else "" for s in table["status"]],
        control=[text(f"plan.control.{c}") if c else "" for c in table["control"]],
    )


def years_table(p: Portfolio, years: Sequence[int], text: Language, name: str = "measures_by_year") -> Table:
    """Return what each measure gives in each of some years."""
    table = frames.by_year(p, years)
    table["status"] = [text(f"plan.status.{s}") if s else "" for s in table["status"]]
    table["name"] = [
        text("documents.other_changes") if k == "other" else n for k, n in zip(table["id"], table["name"], strict=True)
    ]
    shown = columns({"id": "", "no": "", "name": "", "responsible": "entry", "status": "entry"}, text, "name")
    years_shown = year_columns(list(years), text, "share", blank=text("documents.not_quantified"))
    return Table(
        name, text("documents.tables.measures_by_year"), table, (*shown, *years_shown), total=text("documents.together")
    )


def curves(p: Portfolio, text: Language, years: Sequence[int] | None = None) -> Table:
    """Return the paths by year: without the plan, decided, planned, all, the target's pace, and the gap."""
    keys = {
        "year": "", "baseline_t": "curve", "decided_t": "curve", "planned_t": "curve", "plan_t": "curve", "pace_t": "pace",
        "gap_t": "pace", "city_path_t": "city",
    }  # fmt: skip
    table = p.curves if years is None else p.curves[p.curves["year"].isin(list(years))]
    frame = table.astype({"year": float}).reset_index(drop=True)
    return Table(
        "curves", text("documents.tables.curves"), frame, columns(keys, text, "year"), text("documents.notes.curves")
    )


def sectors_table(p: Portfolio, text: Language) -> Table:
    """Return every sector of the city's inventory, those outside the model too."""
    keys = {
        "sector": "", "scope": "", "inventory_year": "", "inventory_t": "sector", "change_share": "sector",
        "inventory_after_t": "sector",
    }  # fmt: skip
    table = frames.sectors(p)
    table["scope"] = [text("documents.outside") if o else text("documents.inside") for o in table["outside"]]
    shown = columns(keys, text, "sector", ("inventory_t", "inventory_after_t"))
    shown = tuple(replace(c, blank=text("documents.not_calculated")) if c.key == "change_share" else c for c in shown)
    return Table(
        "sectors", text("documents.tables.sectors", year=p.plan.years[-1]), table, shown, text("documents.notes.sectors"),
        text("documents.together"),
    )  # fmt: skip


def remaining(p: Portfolio, text: Language) -> Section:
    """Return what remains to the target: in the modelled part, and in the whole city with what no measure reaches."""
    table = frames.sectors(p)
    s = frames.standing(p, p.plan.years[-1])
    title = text("documents.charts.sectors", year=p.plan.years[-1])
    told = text(
        "documents.charts.sectors_told",
        now=text.whole(s.city_now_t),
        after=text.whole(s.city_after_t),
        path=text.whole(s.city_path_t),
    )
    svg = figures.bars(
        "sectors", [str(v) for v in table["sector"]], table["inventory_t"].to_numpy(float), table["inventory_after_t"].to_numpy(float),
        [bool(v) for v in table["outside"]], words=(text("documents.charts.now"), text("documents.charts.after"), text("documents.outside")),
        title=title, told=told, unit=text("documents.units.t"), write=text.whole,
    )  # fmt: skip
    last = p.plan.years[-1]
    said = summary(p, last, text)
    parts: tuple[Part, ...] = (said[-1], curves(p, text), Chart("sectors", title, svg), sectors_table(p, text))
    return Section("remaining", text("documents.sections.remaining"), parts)


def bodies(p: Portfolio, year: int, text: Language) -> Table:
    """Return what each responsible body's measures give together."""
    table = p.bodies[p.bodies["year"] == year].sort_values("share_t", ascending=False, kind="stable")
    count = pd.Series([s.responsible for s in p.plan.scenario.step]).value_counts()
    table = table.assign(measures=table["responsible"].map(count).astype(float)).reset_index(drop=True)
    shown = columns(
        {"responsible": "", "measures": "", "share_t": "share", "owen_t": "body"},
        text,
        "responsible",
        ("share_t", "owen_t"),
    )
    shown = tuple(replace(c, blank=text("documents.nobody")) if c.key == "responsible" else c for c in shown)
    return Table("bodies", text("documents.tables.bodies", year=year), table, shown, total=text("documents.together"))


def interplay(p: Portfolio, text: Language) -> Section:
    """Return how measures work together, what they take from each other, and where the two accounts disagree."""
    last = p.plan.years[-1]
    about = frames.measures(p, last).set_index("id")
    parts: list[Part] = [text("documents.notes.interactions")]
    if p.interactions.notna().to_numpy().any():
        pairs = p.interactions.to_numpy(float).copy()
        np.fill_diagonal(pairs, np.nan)
        keys = [f"with_{int(about.loc[k, 'no'])}_t" for k in p.interactions.index]
        table = pd.DataFrame(pairs, columns=keys)
        table.insert(0, "name", [f"{int(about.loc[k, 'no'])}. {about.loc[k, 'name']}" for k in p.interactions.index])
        unit = text("documents.units.t")
        shown = tuple(Column(k, k.split("_")[1], "number", unit, "interaction", "·") for k in keys)
        title = text("documents.tables.interactions", year=last)
        parts.append(Table("interactions", title, table, (column("name", text, head=True), *shown)))
    conflicts = tuple(report.conflict_text(c, text) for c in p.conflicts)
    parts += [Bullets(conflicts)] if conflicts else [text("documents.say.no_conflict")]
    apart = _worded(p.disagree.reset_index(drop=True), text)
    if len(apart):
        shown = columns({"id": "", "name": "", "share_t": "share", "advice_t": "advice"}, text, "name")
        title = text("documents.tables.disagree", year=last)
        parts += [text("documents.notes.disagree"), Table("disagree", title, apart, shown)]
    else:
        parts.append(text("documents.say.agree"))
    return Section("interplay", text("documents.sections.interplay"), tuple(parts))


def accounts_table(p: Portfolio, text: Language) -> Table:
    """Return the plan of the last year in every account, with what each is for."""
    last = p.plan.years[-1]
    table = accounts(p)
    table = table[table["year"] == last].reset_index(drop=True)
    table["boundary"] = [text(f"documents.boundaries.{a}") for a in table["account"]]
    table["account"] = [text(f"documents.accounts.{a}") for a in table["account"]]
    table["change_share"] = table["change_t"] / table["baseline_t"]
    keys = {
        "account": "",
        "boundary": "",
        **dict.fromkeys(("baseline_t", "plan_t", "change_t", "change_share"), "account"),
    }
    title, note = text("documents.tables.accounts", year=last), text("documents.notes.accounts")
    return Table("accounts", title, table, columns(keys, text, "account"), note)


def not_quantified(p: Portfolio, text: Language) -> Section:
    """Return what the register holds without a calculated effect."""
    rest = frames.unquantified(p)
    if rest.empty:
        return Section("unquantified", text("documents.sections.unquantified"), (text("documents.say.all_quantified"),))
    table = _worded(rest, text).assign(effect=text("documents.not_quantified"))
    keys = ("id", "name", "status", "responsible", "control", "start", "end", "effect", "note")
    shown = columns(dict.fromkeys(keys, ""), text, "name")
    made = Table(
        "unquantified", text("documents.tables.unquantified"), table, shown, text("documents.notes.unquantified")
    )
    return Section("unquantified", text("documents.sections.unquantified"), (made,))
