"""The commands that tell what a plan costs and whom it burdens, and that write the city's steering documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from energy.climate_plans.action_plan import remedies
from energy.climate_plans.follow_up import Snapshot, follow_up
from energy.climate_plans.investment_plan import InvestmentPlan, investment_plan
from energy.climate_plans.justice import Distribution, distribution
from energy.climate_plans.portfolio import Portfolio
from layers import export
from twin import TwinError
from views import plan_files
from views.console import AsJson, Data, Folder, Out, Plugins
from views.documents import (
    Document,
    action_document,
    budget_document,
    follow_up_document,
    investment_document,
    write,
)
from views.documents.numbers import in_millions
from views.language import Language
from views.plan_console import Plan, Years, checked, notes, planned, records, show, span_of, written

__all__ = ["app"]

app = typer.Typer()

_AMOUNTS = ("capex", "capex_low", "capex_high", "opex", "saving", "gap")
_SHOWN = ["id", "basis", *(f"{c}_msek" for c in _AMOUNTS)]
_OF_GROUPS = [
    "area_id",
    "tenure",
    "renovated",
    "cost_msek_year",
    "saving_msek_year",
    "net_msek_year",
    "rent_rise_share",
]
_PriceYear = Annotated[int, typer.Option("--price-year", help="In whose money.")]
_Horizon = Annotated[int | None, typer.Option("--horizon", help="Last year that is counted; the last simulated without.")]  # fmt: skip
_Rates = Annotated[
    list[str] | None, typer.Option("--rate", help="WHO=RATE: real rate of interest, e.g. society=0.035; may be repeated.")
]  # fmt: skip


@app.command()
def invest(
    city: Folder,
    scenario: Plan,
    years: Years = "2024:2030",
    horizon: _Horizon = None,
    price_year: _PriceYear = 2024,
    rate: _Rates = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Make the investment plan: costs, payers, the funding gap, net present values, cost of a tonne, who is burdened."""
    export.check_folder(out_dir)
    span, rates = span_of(years), _rates(rate)
    loaded, chosen = checked(city, scenario, data, plugin)
    p = planned(loaded, chosen, span)
    money, found = _money(p, horizon, price_year, rates)
    tables = plan_files.investment_tables(money, found)
    if out_dir is not None:
        plan_files.write_investment(out_dir, money, found)
    if as_json:
        rest = {
            "price_year": money.price_year,
            "years": list(money.years),
            "rates": money.rate_by_perspective,
            "concentration_index": None if found.concentration_index != found.concentration_index else found.concentration_index,
            "not_placed_sek": found.not_placed_sek,
        }  # fmt: skip
        typer.echo(json.dumps({**{n: records(t) for n, t in tables.items()}, **rest}, ensure_ascii=False))
    else:
        values = money.npv.pivot_table("npv_sek", "id", "perspective", sort=False, dropna=False)
        show(in_millions(money.measures), _SHOWN)
        show(in_millions(money.funding))
        show(in_millions(values.add_suffix("_sek").reset_index()))
        show(in_millions(money.cost_per_tonne).drop(columns=["saved_discounted_t", "cost_sek_per_discounted_t"]))
        show(in_millions(found.groups[found.groups["renovated"] > 0]), _OF_GROUPS)
        show(found.benefits.drop(columns=["source", "note"]))
    of_measures = [f"{r.id}: {r.why}" for r in money.not_priced.itertuples()]
    notes([*of_measures, *(str(u) for u in found.unknown if u.key != "burden")])
    written(out_dir)


@app.command()
def documents(
    city: Folder,
    scenario: Plan,
    out: Annotated[Path, typer.Option("--out", help="Folder for the documents.")],
    years: Years = "2024:2030",
    budget_from: Annotated[
        int | None, typer.Option("--from", help="First of the climate budget's four years; the last four without.")
    ] = None,
    follow_up_year: Annotated[
        int | None, typer.Option("--follow-up", help="Write the yearly follow-up of this year too.")
    ] = None,
    before: Annotated[
        Path | None, typer.Option("--before", help="Folder of an earlier run or plan, which the follow-up explains.")
    ] = None,
    language: Annotated[Literal["sv", "en"], typer.Option("--language", help="Of the documents.")] = "sv",
    horizon: _Horizon = None,
    price_year: _PriceYear = 2024,
    rate: _Rates = None,
    data: Data = None,
    plugin: Plugins = None,
) -> None:
    """Write action plan, investment plan and climate budget from one calculation, as HTML, XLSX and CSV."""
    export.check_folder(out)
    span, rates, text = span_of(years), _rates(rate), Language(language)
    if before is not None and follow_up_year is None:
        raise TwinError("--before belongs to the yearly follow-up; say its year with --follow-up")
    if follow_up_year is not None and follow_up_year not in span:
        raise TwinError(f"--follow-up {follow_up_year} was not calculated; years: {span[0]} to {span[-1]}")
    first = next(y for y in span if y >= span[-1] - 3) if budget_from is None else budget_from
    loaded, chosen = checked(city, scenario, data, plugin)
    earlier = None if before is None else plan_files.snapshot(before, "", follow_up_year)
    p = planned(loaded, chosen, span)
    money, found = _money(p, horizon, price_year, rates)
    made = [
        action_document(p, text),
        investment_document(p, money, found, text),
        budget_document(p, text, first=first),
    ]
    if follow_up_year is not None:
        made.append(_follow_up(p, follow_up_year, earlier, text))
    for document in made:
        files = write(document, out)
        typer.echo(f"{document.title}: {files[0]}")
    notes(remedies(p.plan.scenario, p.conflicts))


def _follow_up(p: Portfolio, year: int, earlier: Snapshot | None, text: Language) -> Document:
    explained = None if earlier is None else follow_up(earlier, Snapshot.of(p.plan, year))
    return follow_up_document(p, text, year=year, explained=explained)


def _money(
    p: Portfolio, horizon: int | None, price_year: int, rates: dict[str, float]
) -> tuple[InvestmentPlan, Distribution]:
    money = investment_plan(p, horizon=horizon, price_year=price_year, rate_by_perspective=rates)
    return money, distribution(p, money)


def _rates(given: list[str] | None) -> dict[str, float]:
    try:
        return {who: float(share) for who, _, share in (g.partition("=") for g in given or [])}
    except ValueError as error:
        raise TwinError(f"--rate {' '.join(given or [])}: write WHO=RATE, e.g. society=0.035") from error
