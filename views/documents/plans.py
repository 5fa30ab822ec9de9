"""The four documents that a city steers by: action plan, investment plan, climate budget, and the yearly follow-up.

All take their numbers from the same frames, so that a measure has one effect in every document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from energy.climate_plans.portfolio import Portfolio
from twin.errors import TwinError
from views.documents import frames, parts
from views.documents.columns import columns, given
from views.documents.methods import methods, sources, words
from views.documents.model import Document, Part, Section, Table
from views.language import Language

__all__ = ["DOCUMENTS", "action_document", "budget_document", "follow_up_document", "investment_document"]

DOCUMENTS = ("action", "investment", "budget", "follow_up")
_BUDGET_YEARS = 4  # as an economic plan in Oslo's climate budget
Tables = Mapping[str, pd.DataFrame]


def action_document(p: Portfolio, text: Language, *, tables: Tables | None = None) -> Document:
    """Return the climate action plan: every measure's effect, their joint effect, who answers, and what remains.

    Parameters
    ----------
    p : Portfolio
    text : Language
    tables : mapping of str to DataFrame, optional
        Further tables by id, each a section of its own.

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
        parts.interplay(p, text),
        *given(tables, text),
    )
    return _made("action", p, text, sections, str(last))


def investment_document(p: Portfolio, text: Language, *, tables: Tables | None = None) -> Document:
    """Return the climate investment plan: what the measures cost, who pays, and what they give.

    Parameters
    ----------
    p : Portfolio
    text : Language
    tables : mapping of str to DataFrame, optional
        The tables of a calculated investment plan; they stand instead of the costs of register and prices.

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
    money = given(tables, text) or (_costs(p, text),)
    sections = (_first(p, last, text), *money, effect, parts.not_quantified(p, text), parts.remaining(p, text))
    return _made("investment", p, text, sections, str(last))


def budget_document(
    p: Portfolio, text: Language, *, first: int | None = None, tables: Tables | None = None
) -> Document:
    """Return the climate budget: the cap of every year, what each measure takes away, what is not quantified, the rest.

    Parameters
    ----------
    p : Portfolio
    text : Language
    first : int, optional
        Of four budget years; the year after the base year without.
    tables : mapping of str to DataFrame, optional
        Further tables by id, as caps by sector.

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
    sections = (
        _first(p, last, text),
        Section("caps", text("documents.sections.caps"), (text("documents.say.oslo"), caps)),
        Section(
            "measures",
            text("documents.sections.measures"),
            (parts.years_table(p, years, text, "budget_measures"), parts.measures_table(p, last, text)),
        ),
        parts.not_quantified(p, text),
        Section(
            "bodies", text("documents.sections.bodies"), (parts.bodies(p, last, text), text("documents.say.reporting"))
        ),
        parts.remaining(p, text),
        *given(tables, text),
    )
    return _made("budget", p, text, sections, f"{years[0]}–{last}")


def follow_up_document(
    p: Portfolio, text: Language, *, year: int, before: Portfolio | None = None, tables: Tables | None = None
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
    tables : mapping of str to DataFrame, optional
        Further tables, as outturn and explanations.

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
    return _made("follow_up", p, text, (*sections, *given(tables, text)), str(year))


def _made(kind: str, p: Portfolio, text: Language, sections: Sequence[Section], when: str) -> Document:
    subtitle = text("documents.subtitle", city=p.plan.city.name, scenario=p.plan.scenario.name, when=when)
    return Document(
        text(f"documents.files.{kind}"),
        text(f"documents.titles.{kind}"),
        subtitle,
        text.code,
        tuple(sections),
        methods(p, text),
        sources(p, text),
        words(p, text),
    )


def _first(p: Portfolio, year: int, text: Language) -> Section:
    return Section(
        "summary", text("documents.sections.summary"), (*parts.summary(p, year, text), text("documents.say.rounding"))
    )


def _costs(p: Portfolio, text: Language) -> Section:
    """Return the costs that register and prices give; what nobody knows stays blank."""
    table = frames.costs(p)
    table["basis"] = [text(f"documents.basis.{b}") if b else text("documents.basis.none") for b in table["basis"]]
    keys = {
        "id": "", "no": "", "name": "", "responsible": "entry", "capex_sek": "cost", "capex_low_sek": "cost", "capex_high_sek": "cost",
        "opex_sek": "cost", "price_year": "cost", "basis": "cost", "share_t": "share",
    }  # fmt: skip
    shown = columns(keys, text, "name", ("capex_sek", "share_t"))
    blank = text("documents.no_price")
    shown = tuple(replace(c, blank=blank) if c.key == "capex_sek" else c for c in shown)
    together = text("documents.together")
    who = frames.payers(p, table)
    payers = Table(
        "payers",
        text("documents.tables.payers"),
        who,
        tuple(
            replace(c, blank=text("documents.nobody")) if c.key == "payer" else c
            for c in columns({"payer": "", "capex_sek": "payer"}, text, "payer", ("capex_sek",))
        ),
        total=together,
    )
    costs = Table("costs", text("documents.tables.costs"), table, shown, text("documents.notes.costs"), together)
    asked = [
        {
            "id": key,
            "name": e.name,
            "source": f.source,
            "funding_share": f.share,
            "status": text(f"documents.funding.{f.status}"),
        }
        for key, e in p.plan.scenario.register.items()
        for f in e.funding
    ]
    found: list[Part] = [costs, payers]
    if asked:
        funding = columns(dict.fromkeys(asked[0], "entry"), text, "name")
        found.append(Table("funding", text("documents.tables.funding"), pd.DataFrame(asked), funding))
    return Section("costs", text("documents.sections.costs"), tuple(found))


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
