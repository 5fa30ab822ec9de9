"""The sections of the investment plan: what measures cost, who pays, what is funded, worth to whom, and whom it burdens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from energy.climate.economics import PERSPECTIVES
from energy.climate_plans.investment_costs import UNKNOWN
from energy.climate_plans.investment_plan import InvestmentPlan
from energy.climate_plans.investment_worth import PLAN, SOCIETY_ALONE
from energy.climate_plans.justice import Distribution
from energy.climate_plans.portfolio import Portfolio
from energy.climate_plans.remarks import Remark
from views.documents import frames
from views.documents.columns import columns
from views.documents.model import Bullets, Column, Part, Section, Table
from views.documents.numbers import MSEK, in_millions
from views.language import Language

__all__ = [
    "abatement",
    "areas",
    "assumed",
    "benefits",
    "burdens",
    "costs",
    "costs_table",
    "funding_table",
    "groups",
    "payers",
    "remark",
    "said",
    "told",
    "tonnes",
    "worth",
    "worth_table",
]

_FUNDED = ("capex", "granted", "own", "applied", "gap")


def remark(about: Remark, text: Language) -> str:
    """Return a remark in the reader's language; notes from tables stay in theirs."""
    return text(f"documents.remarks.{about.key}", **about.words)


def said(money: InvestmentPlan, text: Language) -> tuple[str, ...]:
    """Return what the plan costs, what is funded, what it saves and what it is worth, in sentences."""
    sums = money.measures.drop(columns=["id", "name", "basis"]).sum()
    whole = money.npv[money.npv["id"] == PLAN].set_index("perspective")["npv_sek"]
    words = {k.removesuffix("_sek"): _msek(float(v), text) for k, v in sums.items()}
    words |= {"first": str(money.years[0]), "last": str(money.years[-1]), "price_year": str(money.price_year)}
    worth_of = {"with_carbon": whole["society"], "alone": whole[SOCIETY_ALONE]}
    found = [
        text("documents.say.costs", **words),
        text("documents.say.funding", **words),
        text(
            "documents.say.worth", **{k: _msek(float(v), text) for k, v in worth_of.items()}, saving=words["saving"], first=words["first"],
            last=words["last"], rate=text.share(money.rate_by_perspective["society"]),
        ),
    ]  # fmt: skip
    if len(money.not_priced):
        found.append(text("documents.say.not_priced", count=len(money.not_priced)))
    return tuple(found)


def costs(p: Portfolio, money: InvestmentPlan, text: Language) -> Section:
    """Return what each measure costs, who pays, what is funded when, and the sources asked."""
    found: list[Part] = [costs_table(p, money, text), payers(money, text), funding_table(money, text)]
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
    if asked:
        shown = columns(dict.fromkeys(asked[0], "entry"), text, "name")
        found.append(Table("funding", text("documents.tables.funding"), pd.DataFrame(asked), shown))
    return Section("costs", text("documents.sections.costs"), tuple(found))


def costs_table(p: Portfolio, money: InvestmentPlan, text: Language) -> Table:
    """Return each measure's investment with its range, renewal, upkeep, and what it saves and takes away."""
    about = frames.measures(p, p.plan.years[-1]).set_index("id")
    table = in_millions(money.measures)
    table["no"], table["share_t"] = (table["id"].map(about[c]) for c in ("no", "share_t"))
    table["name"] = [_name(k, n, text) for k, n in zip(table["id"], table["name"], strict=True)]
    table["basis"] = [text(f"documents.basis.{b or 'none'}") for b in table["basis"]]
    keys = {
        "id": "", "no": "", "name": "", "basis": "cost", "capex_msek": "cost", "capex_low_msek": "cost",
        "capex_high_msek": "cost", "renewal_msek": "cost", "opex_msek": "cost", "total_msek": "cost", "saving_msek": "saving",
        "share_t": "share",
    }  # fmt: skip
    sums = ("capex_msek", "renewal_msek", "opex_msek", "total_msek", "saving_msek", "share_t")
    blanks = {"capex_msek": text("documents.no_price"), "share_t": text("documents.not_quantified")}
    shown = tuple(replace(c, blank=blanks.get(c.key, c.blank)) for c in columns(keys, text, "name", sums))
    return Table(
        "costs",
        text("documents.tables.costs", first=money.years[0], last=money.years[-1]),
        table,
        shown,
        text("documents.notes.costs", price_year=money.price_year),
        text("documents.together"),
    )


def payers(money: InvestmentPlan, text: Language) -> Table:
    """Return what each body pays of all that is priced, the largest first; what nobody is named for has a row too."""
    sums = money.payers.groupby("body", sort=False)["sek"].sum().sort_values(ascending=False, kind="stable")
    table = pd.DataFrame({"payer": [b if b != UNKNOWN else "" for b in sums.index], "total_msek": sums / MSEK})
    shown = tuple(
        replace(c, blank=text("documents.nobody")) if c.key == "payer" else c
        for c in columns({"payer": "", "total_msek": "payer"}, text, "payer", ("total_msek",))
    )
    note, together = text("documents.notes.payers"), text("documents.together")
    return Table("payers", text("documents.tables.payers"), table.reset_index(drop=True), shown, note, together)


def funding_table(money: InvestmentPlan, text: Language) -> Table:
    """Return the investment of every year: granted, own, applied for, and what lacks funding."""
    table = in_millions(money.funding).astype({"year": float})
    keys = {"year": "", **{f"{k}_msek": "funding" for k in _FUNDED}}
    shown = columns(keys, text, "year", [k for k in keys if k != "year"])
    title, together = text("documents.tables.funding_by_year"), text("documents.together")
    return Table("funding_by_year", title, table, shown, text("documents.notes.funding"), together)


def worth(money: InvestmentPlan, text: Language) -> Section:
    """Return what the measures are worth to whom, what a tonne costs, and the order to take them in."""
    parts: list[Part] = [worth_table(money, text), tonnes(money, text)]
    if len(money.curve):
        parts.append(abatement(money, text))
    return Section("worth", text("documents.sections.worth"), tuple(parts))


def worth_table(money: InvestmentPlan, text: Language) -> Table:
    """Return the net present value of every measure as each body sees it."""
    whos = [*(w for w in PERSPECTIVES if w != "society"), SOCIETY_ALONE, "society"]
    wide = money.npv.pivot_table("npv_sek", "id", "perspective", sort=False, dropna=False)[whos] / MSEK
    table = wide.drop(index=PLAN).rename(columns={w: f"npv_{w}_msek" for w in whos}).reset_index()
    table.insert(1, "name", _names(table["id"], money, text))
    keys = {"id": "", "name": "", **{f"npv_{w}_msek": "npv" for w in whos}}
    shown = columns(keys, text, "name", [k for k in keys if k.startswith("npv_")])
    shown = tuple(replace(c, blank=text("documents.no_price")) if c.key == "npv_society_msek" else c for c in shown)
    title = text("documents.tables.worth", first=money.years[0])
    return Table("worth", title, table, shown, text("documents.notes.worth"), text("documents.together"))


def tonnes(money: InvestmentPlan, text: Language) -> Table:
    """Return what a tonne costs society, in the order to prefer the measures in."""
    table = money.cost_per_tonne.rename(columns={"cost_sek_per_t": "cost_sek_t"})
    table = table.assign(name=_names(table["id"], money, text), npv_msek=table["npv_sek"] / MSEK)
    table["verdict"] = [text(f"documents.verdict.{v}") for v in _verdicts(table)]
    keys = {"id": "", "name": "", "verdict": "tonne", "npv_msek": "npv", "saved_t": "share", "cost_sek_t": "tonne"}
    shown = tuple(
        replace(c, blank=text("documents.not_quantified")) if c.key == "saved_t" else c
        for c in columns(keys, text, "name", ("npv_msek", "saved_t"))
    )
    title, note = text("documents.tables.tonnes"), text("documents.notes.tonnes")
    return Table("tonnes", title, table, shown, note, text("documents.together"))


def abatement(money: InvestmentPlan, text: Language) -> Table:
    """Return the measures in the order to take them, each told as it is once those before it are done."""
    table = money.curve.rename(columns={"cost_sek_per_t": "cost_sek_t"})
    table = table.assign(
        no=np.arange(1.0, len(table) + 1),
        name=_names(table["id"], money, text),
        npv_msek=table["npv_sek"] / MSEK,
        verdict=[text(f"documents.verdict.{v}") for v in _verdicts(table)],
    )
    keys = {
        "id": "", "no": "", "name": "", "verdict": "curve_of_costs", "npv_msek": "curve_of_costs", "saved_t": "curve_of_costs",
        "cost_sek_t": "curve_of_costs",
    }  # fmt: skip
    shown = tuple(
        replace(c, title=text("documents.order")) if c.key == "no" else c
        for c in columns(keys, text, "name", ("npv_msek", "saved_t"))
    )
    title, note = text("documents.tables.abatement"), text("documents.notes.abatement")
    return Table("abatement", title, table, shown, note, text("documents.together"))


def burdens(money: InvestmentPlan, found: Distribution, text: Language) -> Section:
    """Return who bears and who gains, by area and tenure, what rents would rise by, and what else the plan brings."""
    parts: list[Part] = [
        *told(found, text),
        groups(money, found, text),
        areas(money, found, text),
        benefits(found, text),
    ]
    if found.unknown:
        parts += [text("documents.say.unknown"), Bullets(tuple(remark(u, text) for u in found.unknown))]
    return Section("burdens", text("documents.sections.burdens"), tuple(parts))


def told(found: Distribution, text: Language) -> tuple[str, ...]:
    """Return where the net gain or cost lies, whose rents would rise, and what is not shared out, in sentences."""
    index = found.concentration_index
    sentences = [
        text("documents.say.rents", count=int(found.groups["raises_rent"].sum())),
        text("documents.say.not_placed", msek=_msek(found.not_placed_sek, text)),
    ]
    if np.isfinite(index):
        whose = "poor" if index < 0 else "rich"
        kind = "gain" if found.gains else "cost"
        sentences.insert(0, text(f"documents.say.concentration_{kind}_{whose}", index=text.number(index)))
    return tuple(sentences)


def groups(money: InvestmentPlan, found: Distribution, text: Language) -> Table:
    """Return cost and saving of every area and form of tenure where something is done."""
    named = found.areas.set_index("area_id")["name"]
    done = found.groups[found.groups["renovated"] > 0]
    table = in_millions(done.rename(columns=lambda c: str(c).removesuffix("_year")))
    table["area"] = [named.get(a, "") if a == a and a else "" for a in table["area_id"]]  # noqa: PLR0124 - blank
    table["tenure"] = [text(f"documents.tenure.{t}") for t in table["tenure"]]
    table["rent"] = [text("documents.raises_rent") if r else "" for r in table["raises_rent"]]
    keys = {
        "area": "", "tenure": "burden", "renovated": "burden", "cost_msek": "burden", "saving_msek": "burden", "net_msek": "burden",
        "rent_rise_share": "burden", "rent": "burden",
    }  # fmt: skip
    shown = tuple(
        replace(c, title=text(f"documents.a_year.{c.key}")) if c.unit == text("documents.units.msek") else c
        for c in columns(keys, text, "area", ("cost_msek", "saving_msek", "net_msek"))
    )
    shown = tuple(replace(c, blank=text("documents.no_area")) if c.key == "area" else _counted(c) for c in shown)
    note = text("documents.notes.groups", price_year=money.price_year)
    return Table("groups", text("documents.tables.groups"), table, shown, note, text("documents.together"))


def areas(money: InvestmentPlan, found: Distribution, text: Language) -> Table:
    """Return what energy at home costs in every area, with and without the plan, over income where it is known."""
    lived = found.areas[found.areas["population"] > 0]
    table = in_millions(lived).rename(columns={"name": "area"})
    for end in ("", "_plan"):
        table[f"burden{end}_share"] = table[f"energy_share{end}"]
    known = lived["income_sek"].notna()
    poor = [
        text(f"documents.poor.{_poor(b, a)}") if k else ""
        for k, b, a in zip(known, table["energy_poor"], table["energy_poor_plan"], strict=True)
    ]
    table["poor"] = poor
    keys = {
        "area": "", "population": "burden", "home_energy_msek": "burden", "home_energy_plan_msek": "burden", "burden_share": "burden",
        "burden_plan_share": "burden", "poor": "burden",
    }  # fmt: skip
    blank = text("documents.no_income")
    shown = tuple(
        replace(c, blank=blank) if c.key in ("burden_share", "burden_plan_share", "poor") else _counted(c)
        for c in columns(keys, text, "area", ("home_energy_msek", "home_energy_plan_msek"))
    )
    note, together = text("documents.notes.areas"), text("documents.together")
    return Table("areas", text("documents.tables.areas", year=money.savings.years[-1]), table, shown, note, together)


def benefits(found: Distribution, text: Language) -> Table:
    """Return what the plan brings besides, each with its range and source."""
    rows = list(found.benefits.itertuples())
    table = found.benefits.assign(
        benefit=[text(f"documents.benefits.{b}") for b in found.benefits["benefit"]],
        amount=[_amount(r.benefit, r.value, r.unit, text) for r in rows],
        between=[
            ""
            if np.isnan(r.low)
            else text(
                "plan.range",
                **{k: _amount(r.benefit, v, r.unit, text) for k, v in (("least", r.low), ("most", r.high))},
            )
            for r in rows
        ],
        status=[text(s) for s in found.benefits["status"]],
    )
    shown = (
        *columns({"benefit": "", "amount": "benefit", "between": "benefit", "status": ""}, text, "benefit"),
        *(Column(k, k, "exact", method="benefit", in_files=True) for k in ("value", "low", "high")),
        Column("unit", text("documents.columns.unit"), in_files=True),
        *(Column(k, text(f"documents.columns.{k}"), language="en") for k in ("source", "note")),
    )
    return Table("benefits", text("documents.tables.benefits"), table, shown)


def assumed(money: InvestmentPlan, text: Language) -> Section:
    """Return what the figures rest on, of all measures and of single ones, and what is not priced."""
    of_all = money.assumptions[money.assumptions["id"] == ""]
    of_one = money.assumptions[money.assumptions["id"] != ""]
    parts: list[Part] = [Bullets(tuple(remark(r, text) for r in of_all["remark"]))]
    if len(of_one):
        table = of_one.assign(
            name=_names(of_one["id"], money, text), remark=[remark(r, text) for r in of_one["remark"]]
        )
        shown = columns(("id", "name", "remark"), text, "name")
        parts.append(Table("remarks", text("documents.tables.remarks"), table.reset_index(drop=True), shown))
    if len(money.not_priced):
        table = money.not_priced.assign(why=[remark(w, text) for w in money.not_priced["why"]])
        title = text("documents.tables.not_priced")
        parts.append(Table("not_priced", title, table, columns(("id", "name", "why"), text, "name")))
    return Section("assumed", text("documents.sections.assumed"), tuple(parts))


def _counted(column: Column) -> Column:
    """Return a column of people or buildings as one of numbers without a unit."""
    return replace(column, kind="number") if column.key in ("renovated", "population") else column


def _msek(sek: float, text: Language) -> str:
    return text.number(sek / MSEK)


def _name(key: str, name: str, text: Language) -> str:
    return text("documents.other_changes") if key == "other" else name


def _names(ids: pd.Series, money: InvestmentPlan, text: Language) -> list[str]:
    of = money.measures.set_index("id")["name"]
    return [_name(k, str(of.get(k, "")), text) for k in ids]


def _verdicts(table: pd.DataFrame) -> list[str]:
    """Return why a measure stands where it does: it pays, costs, saves nothing, or is not known."""
    return [_verdict(r.npv_sek, r.saved_t, r.cost_sek_t) for r in table.itertuples()]


def _verdict(npv_sek: float, saved_t: float, cost_sek_t: float) -> str:
    if np.isnan(npv_sek):
        return "not_priced"
    if np.isnan(saved_t):
        return "not_quantified"
    if np.isfinite(cost_sek_t):
        return "costs"
    return "pays" if npv_sek >= 0 else "nothing"


def _poor(before: bool, after: bool) -> str:
    return "both" if before and after else "before" if before else "after" if after else "neither"


def _amount(benefit: str, value: float, unit: str, text: Language) -> str:
    """Return a benefit with its unit; a share is a change in per cent."""
    return text.change(value) if unit == "1" else f"{text.number(value)} {text(f'documents.benefit_units.{benefit}')}"
