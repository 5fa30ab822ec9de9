"""The four documents that a city steers by: action plan, investment plan, climate budget, and the yearly follow-up.

All take their numbers from the same frames, so that a measure has one effect in every document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from energy.climate_plans.climate_budget import ClimateBudget, climate_budget, years_of
from energy.climate_plans.follow_up import FollowUp
from energy.climate_plans.investment_plan import InvestmentPlan
from energy.climate_plans.justice import Distribution
from energy.climate_plans.portfolio import Portfolio
from twin.errors import TwinError
from views.documents import frames, methods, money, parts
from views.documents.columns import columns, year_columns
from views.documents.model import Document, Section, Table
from views.language import Language

__all__ = ["DOCUMENTS", "action_document", "budget_document", "follow_up_document", "investment_document"]

DOCUMENTS = ("action", "investment", "budget", "follow_up")
_BUDGET_YEARS = 4  # as an economic plan in Oslo's climate budget


def action_document(p: Portfolio, text: Language) -> Document:
    """Return the climate action plan: every measure's effect, their joint effect, who answers, and what remains.

    Parameters
    ----------
    p : Portfolio
    text : Language

    Returns
    -------
    Document
    """
    last = p.plan.years[-1]
    title = text("documents.sections.measures")
    sections = (
        _first(p, last, text),
        Section(
            "measures",
            title,
            (parts.wedge_chart(p, text), parts.measures_table(p, last, text), parts.years_table(p, p.plan.years, text)),
        ),
        parts.not_quantified(p, text),
        Section("bodies", text("documents.sections.bodies"), (parts.bodies(p, last, text),)),
        parts.remaining(p, text),
        Section("accounts", text("documents.sections.accounts"), (parts.accounts_table(p, text),)),
        parts.interplay(p, text),
    )
    return _made("action", p, text, sections, str(last))


def investment_document(p: Portfolio, plan: InvestmentPlan, found: Distribution, text: Language) -> Document:
    """Return the climate investment plan: what the measures cost, who pays, what they are worth and whom they burden.

    Parameters
    ----------
    p : Portfolio
    plan : InvestmentPlan
    found : Distribution
        Both of the portfolio.
    text : Language

    Returns
    -------
    Document
    """
    last = p.plan.years[-1]
    effect = Section(
        "effect",
        text("documents.sections.measures"),
        (parts.measures_table(p, last, text), parts.bodies(p, last, text)),
    )
    first = _first(p, last, text)
    sections = (
        replace(first, parts=(*money.said(plan, text), *first.parts)),
        money.costs(p, plan, text),
        money.worth(plan, text),
        money.burdens(plan, found, text),
        effect,
        parts.not_quantified(p, text),
        parts.remaining(p, text),
        money.assumed(plan, text),
    )
    return _made("investment", p, text, sections, str(last), methods.of_money(plan, found))


def budget_document(p: Portfolio, text: Language, *, first: int | None = None) -> Document:
    """Return the climate budget: the cap of every year, what each measure takes away, what is not quantified, the rest.

    Where all four years were calculated, the caps of every sector and what each body reports against are there too.

    Parameters
    ----------
    p : Portfolio
    text : Language
    first : int, optional
        Of four budget years; the year after the base year without.

    Returns
    -------
    Document

    Raises
    ------
    TwinError
        When the first year was not calculated.
    """
    start = p.plan.years[min(1, len(p.plan.years) - 1)] if first is None else first
    if start not in p.plan.years:
        raise TwinError(f"the budget can not begin in {start}; years: {p.plan.years[0]} to {p.plan.years[-1]}")
    years = [y for y in p.plan.years if y >= start][:_BUDGET_YEARS]
    last = years[-1]
    keys = {
        "year": "",
        "baseline_t": "curve",
        "measures_t": "share",
        "plan_t": "curve",
        "pace_t": "pace",
        "gap_t": "pace",
    }
    shown = tuple(
        replace(c, title=text("documents.cap")) if c.key == "pace_t" else c for c in columns(keys, text, "year")
    )
    caps = Table("caps", text("documents.tables.caps"), frames.caps(p, years), shown, text("documents.notes.caps"))
    made = [climate_budget(p, start)] if set(years_of(start)) <= set(p.plan.years) else []
    sections = (
        _first(p, last, text),
        Section("caps", text("documents.sections.caps"), (text("documents.say.oslo"), caps)),
        *_by_sector(made, text),
        Section(
            "measures",
            text("documents.sections.measures"),
            (parts.years_table(p, years, text, "budget_measures"), parts.measures_table(p, last, text)),
        ),
        parts.not_quantified(p, text),
        Section(
            "bodies",
            text("documents.sections.bodies"),
            (parts.bodies(p, last, text), text("documents.say.reporting"), *(_reports(b, p, text) for b in made)),
        ),
        parts.remaining(p, text),
    )
    return _made("budget", p, text, sections, f"{years[0]}–{last}")


def follow_up_document(
    p: Portfolio, text: Language, *, year: int, before: Portfolio | None = None, explained: FollowUp | None = None
) -> Document:
    """Return the yearly follow-up: whether the decisions so far lead to the goal, and what has changed since last time.

    Parameters
    ----------
    p : Portfolio
    text : Language
    year : int
        The year that is followed up.
    before : Portfolio, optional
        The edition of the year before.
    explained : FollowUp, optional
        Why emissions changed since a run or plan that was saved.

    Returns
    -------
    Document

    Raises
    ------
    TwinError
        When the year was not calculated.
    """
    if year not in p.plan.years:
        raise TwinError(f"the year {year} was not calculated; years: {p.plan.years[0]} to {p.plan.years[-1]}")
    sections = [
        _first(p, year, text),
        Section("ahead", text("documents.sections.ahead"), _ahead(p, text)),
        Section("measures", text("documents.sections.measures"), (parts.measures_table(p, year, text),)),
        parts.not_quantified(p, text),
        parts.remaining(p, text),
    ]
    if before is not None:
        sections.insert(3, _changed(p, before, year, text))
    if explained is not None:
        sections.insert(2, _explained(explained, text))
    return _made("follow_up", p, text, sections, str(year))


def _made(
    kind: str, p: Portfolio, text: Language, sections: Sequence[Section], when: str, extra: methods.Extra = ()
) -> Document:
    subtitle = text("documents.subtitle", city=p.plan.city.name, scenario=p.plan.scenario.name, when=when)
    return Document(
        text(f"documents.files.{kind}"),
        text(f"documents.titles.{kind}"),
        subtitle,
        text.code,
        tuple(sections),
        methods.methods(p, text, extra),
        methods.sources(p, text, extra),
        methods.words(p, text),
    )


def _first(p: Portfolio, year: int, text: Language) -> Section:
    return Section(
        "summary", text("documents.sections.summary"), (*parts.summary(p, year, text), text("documents.say.rounding"))
    )


def _by_sector(budgets: Sequence[ClimateBudget], text: Language) -> list[Section]:
    """Return the caps of every sector of the city's inventory, and how far above them it is heading."""
    found = []
    for budget in budgets:
        tables = []
        for name, of in (("sector_caps", "cap_t"), ("sector_over", "over_t")):
            wide = budget.caps.pivot_table(of, ["sector", "model", "follows"], "year", sort=False).reset_index()
            wide = wide.rename(columns={y: f"y{y}_t" for y in budget.years})
            wide["scope"] = [text("documents.outside" if m == "outside" else "documents.inside") for m in wide["model"]]
            wide["follows"] = [text(f"documents.follows.{f.replace(' ', '_')}") for f in wide["follows"]]
            shown = columns({"sector": "", "scope": "", "follows": "sector_cap"}, text, "sector")
            years = year_columns(budget.years, text, "sector_cap")
            title, note = text(f"documents.tables.{name}"), text(f"documents.notes.{name}")
            tables.append(Table(name, title, wide, (*shown, *years), note, text("documents.together")))
        found.append(Section("sectors-caps", text("documents.sections.sector_caps"), tuple(tables)))
    return found


def _reports(budget: ClimateBudget, p: Portfolio, text: Language) -> Table:
    """Return how far each measure shall have come by the end of each year, which its body reports against."""
    names = {k: s.name or s.measure for k, s in zip(p.plan.scenario.ids, p.plan.scenario.step, strict=True)}
    wide = budget.reporting.pivot_table("rollout_share", ["id", "responsible"], "year", sort=False).reset_index()
    wide = wide.rename(columns={y: f"y{y}_share" for y in budget.years}).assign(name=wide["id"].map(names))
    shown = columns({"id": "", "name": "", "responsible": "entry"}, text, "name")
    years = tuple(
        replace(c, key=f"y{c.title}_share", kind="share", unit="", total=False)
        for c in year_columns(budget.years, text, "rollout")
    )
    title, note = text("documents.tables.rollout"), text("documents.notes.rollout")
    return Table("rollout", title, wide, (*shown, *years), note)


def _explained(found: FollowUp, text: Language) -> Section:
    """Return why emissions changed, factor by factor and without a rest, and which inputs differ."""
    whole = found.totals.assign(part=[text(f"documents.parts.{p}") for p in found.totals["part"]])
    causes = found.by_factor
    causes = causes.assign(
        part=[text(f"documents.parts.{p}") for p in causes["part"]],
        cause=[text(f"documents.causes.{f}") for f in causes["factor"]],
    )
    together = text("documents.together")
    amounts = ("before_t", "after_t", "change_t")
    title = {n: text(f"documents.tables.{n}") for n in ("totals", "causes", "inputs")}
    edition = {"before_t": text("documents.then"), "after_t": text("documents.now")}
    totals = tuple(
        replace(c, title=edition.get(c.key, c.title))
        for c in columns({"part": "", **dict.fromkeys(amounts, "cause")}, text, "part", amounts)
    )
    made = [
        Table("totals", title["totals"], whole, totals, total=together),
        Table(
            "causes", title["causes"], causes, columns({"part": "", "cause": "", "effect_t": "cause"}, text, "part", ("effect_t",)),
            text("documents.notes.causes"), together,
        ),
    ]  # fmt: skip
    if len(found.changes):
        made.append(
            Table("inputs", title["inputs"], found.changes, columns(("input", "before", "after"), text, "input"))
        )
    return Section("explained", text("documents.sections.explained"), tuple(made))


def _ahead(p: Portfolio, text: Language) -> tuple[str, ...]:
    """Return whether what is decided, planned, and thought of leads to the pace of the goal."""
    last = p.curves.iloc[-1]
    said = []
    for level in ("decided", "planned", "plan"):
        gap = float(last[f"{level}_t"] - last["pace_t"])
        words = {"left": text.whole(float(last[f"{level}_t"])), "gap": text.whole(abs(gap)), "last": int(last["year"])}
        said.append(text(f"documents.say.{level}_{'short' if gap > 0 else 'enough'}", **words))
    return tuple(said)


def _changed(p: Portfolio, before: Portfolio, year: int, text: Language) -> Section:
    """Return what differs from an earlier edition, measure by measure."""
    if year not in before.plan.years:
        raise TwinError(f"the earlier edition does not have the year {year}; calculate both for the same years")
    now, then = (frames.measures(x, year).set_index("id") for x in (p, before))
    ids = [*now.index, *(k for k in then.index if k not in now.index)]
    rows = []
    for key in ids:
        name = str((now if key in now.index else then).loc[key, "name"])
        shares = [float(t.loc[key, "share_t"]) if key in t.index else np.nan for t in (then, now)]
        difference = float(np.nan_to_num(shares[1]) - np.nan_to_num(shares[0]))
        rows.append({"id": key, "name": name, "before_t": shares[0], "share_t": shares[1], "difference_t": difference})
    keys = {"id": "", "name": "", "before_t": "share", "share_t": "share", "difference_t": "share"}
    shown = columns(keys, text, "name", ("before_t", "share_t", "difference_t"))
    shown = tuple(
        replace(c, blank=text("documents.not_there")) if c.key in ("before_t", "share_t") else c for c in shown
    )
    table = Table(
        "changed",
        text("documents.tables.changed", year=year),
        pd.DataFrame(rows),
        shown,
        total=text("documents.together"),
    )
    return Section("changed", text("documents.sections.changed"), (table,))
