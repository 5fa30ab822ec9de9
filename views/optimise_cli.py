"""The command that chooses measures, places and years."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import energy
import layers
from energy.climate_plans.optimiser.optimise import GROUPS, Optimum, optimise
from energy.climate_plans.optimiser.terms import Effort
from layers import export
from views.console import AsJson, Data, Folder, Out, Plugins, err, known, listed, plugins, progress

__all__ = ["command"]

_MOST_AREAS = 6


def command(
    city: Folder,
    candidates: Annotated[Path, typer.Option("--candidates", help="Scenario file whose steps can be done.")],
    first: Annotated[int, typer.Option("--from", help="First year in which something can be done.")] = 2026,
    last: Annotated[int, typer.Option("--to", help="Last year; its emissions are what counts.")] = 2030,
    target_t: Annotated[
        float | None,
        typer.Option("--target", help="Most territorial emissions in the last year, tonnes: reach it at least cost."),
    ] = None,
    budget_sek: Annotated[
        float | None,
        typer.Option("--budget", help="Most to spend in all, kronor. Without --target: emit as little as it allows."),
    ] = None,
    yearly_sek: Annotated[
        float | None,
        typer.Option("--budget-by-year", help="Most to spend in each year, kronor; what is left is not carried over."),
    ] = None,
    groups: Annotated[
        str,
        typer.Option("--groups", help="Columns of buildings, commas between; those alike in all are decided together."),
    ] = ",".join(GROUPS),
    headroom: Annotated[bool, typer.Option(help="Keep within the ratings of grid areas and heat plants.")] = True,
    unknown_takes_load: Annotated[
        bool, typer.Option("--unknown-takes-load", help="Let what has no known rating take new load.")
    ] = False,
    gap: Annotated[
        float,
        typer.Option(
            "--gap",
            min=0,
            help="Stop when no plan can be better by more than this share of the cost, or of what is avoided.",
        ),
    ] = Effort.gap,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=1, help="Stop the search then; the plan then depends on the machine."),
    ] = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Choose which measures to carry out where and when: to a target at least cost, or as far as the money goes.

    Prints the plan by measure and year, its cost, its emissions by a new simulation, how far from the best it can be at
    most, and what holds it back. With --out it writes optimised.toml, a scenario like any other (twin plan, twin run),
    plan.csv with every group of buildings, left_out.csv and rounds.csv.
    """
    plugins(plugin)
    with progress() as tell:
        found = optimise(
            layers.load(city, data=data),
            energy.Scenario.read(candidates),
            years=range(first, last + 1),
            target_t=target_t,
            budget_sek=budget_sek,
            budget_by_year=yearly_sek,
            groups=tuple(g.strip() for g in groups.split(",") if g.strip()),
            headroom=headroom,
            unknown_takes_load=unknown_takes_load,
            effort=Effort(gap=gap, seconds=math.inf if seconds is None else seconds),
            progress=tell,
        )
    told = _told(found, last, target_t)
    rows, left_out = ([known(r) for r in t.to_dict("records")] for t in (found.table, found.left_out))
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        (out_dir / "optimised.toml").write_text(found.scenario.to_toml(), encoding="utf-8")
        for name, table in (("plan", found.table), ("left_out", found.left_out), ("rounds", found.rounds)):
            export.write_csv(table, out_dir / f"{name}.csv")
    if as_json:
        typer.echo(json.dumps({**known(told), "plan": rows, "left_out": left_out}, ensure_ascii=False))
        return
    if len(found.table):
        listed(_by_measure(found.table), ["candidate", "year", "entities", "mkr", "where"], as_json=False)
    _summary(found, last, target_t, gap)
    for row in left_out:
        err.print(f"{row['candidate']} ({row['measure']}), {row['entities']} entities: {row['reason']}")
    for name in found.unknown:
        err.print(f"{name}: capacity not known" + ("" if unknown_takes_load else "; takes no new load"))
    for words in found.checks.broken:
        err.print(f"not kept: {words}")


def _told(found: Optimum, last: int, target_t: float | None) -> dict[str, Any]:
    """Return the figures of the plan."""
    return {
        "minimised": found.minimised,
        "target_t": target_t,
        "promised_t": found.promised_t,
        "simulated_t": found.checks.emitted_t[last],
        "baseline_t": found.baseline_t,
        "bound": found.bound,
        "gap": found.gap,
        "cost_sek": found.cost_sek,
        "cost_by_year_sek": found.cost_by_year_sek,
        "binding": list(found.binding),
        "broken": list(found.checks.broken),
        "unknown": list(found.unknown),
        "choices": found.choices,
        "rounds": len(found.rounds),
    }


def _by_measure(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the plan by candidate and year: how many entities, at what cost, and in which areas."""
    rows = []
    for (candidate, year), some in table.groupby(["candidate", "year"], sort=False):
        areas = sorted(some["area_id"].fillna("roads").astype(str).unique()) if "area_id" in some else []
        more = f" and {len(areas) - _MOST_AREAS} more" if len(areas) > _MOST_AREAS else ""
        rows.append(
            {
                "candidate": candidate,
                "year": year,
                "entities": int(some["entities"].sum()),
                "mkr": f"{some['cost_sek'].sum() / 1e6:,.1f}",
                "where": ", ".join(areas[:_MOST_AREAS]) + more,
            }
        )
    return sorted(rows, key=lambda r: r["year"])


def _summary(found: Optimum, last: int, target_t: float | None, gap: float) -> None:
    """Tell what the plan comes to."""
    emitted = found.checks.emitted_t[last]
    against = "" if target_t is None else f", target {target_t:,.0f} t"
    err.print(f"Emissions {last}: {emitted:,.0f} t by a new simulation{against}; {found.baseline_t:,.0f} t without it.")
    by_year = ", ".join(f"{y} {sek / 1e6:,.1f}" for y, sek in found.cost_by_year_sek.items())
    err.print(f"Cost: {found.cost_sek / 1e6:,.1f} Mkr, undiscounted ({by_year}).")
    for words in found.binding:
        err.print(f"Used up: {words}")
    least, share = f"costs less than {found.bound / 1e6:,.1f} Mkr", "its cost"
    if found.minimised == "emissions":
        least, share = f"emits less than {found.bound:,.1f} t", "what it avoids"
    open_ = "" if found.gap <= gap else "; the search ended before the gap that was asked for"
    if not math.isfinite(found.bound):
        err.print("The search ended before anything was known of other plans.")
        return
    err.print(f"No plan of these choices {least}: the gap is {found.gap:.3%} of {share}{open_}.")
