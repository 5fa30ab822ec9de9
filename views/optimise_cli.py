"""The command that chooses measures, places and years."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

import energy
import layers
from energy.climate_plans.optimiser.model import Effort
from energy.climate_plans.optimiser.optimise import GROUPS, optimise
from layers import export
from views.console import AsJson, Data, Folder, Out, Plugins, err, known, listed, plugins, progress

__all__ = ["command"]


def command(
    city: Folder,
    candidates: Annotated[Path, typer.Option("--candidates", help="Scenario file whose steps can be done.")],
    first: Annotated[int, typer.Option("--from", help="First year.")] = 2026,
    last: Annotated[int, typer.Option("--to", help="Last year, which is aimed at.")] = 2030,
    target_t: Annotated[float | None, typer.Option("--target", help="Most emissions in the last year, tonnes.")] = None,
    budget_sek: Annotated[float | None, typer.Option("--budget", help="In all, kronor.")] = None,
    yearly_sek: Annotated[float | None, typer.Option("--budget-by-year", help="Of each year, kronor.")] = None,
    groups: Annotated[str, typer.Option("--groups", help="Columns of buildings, commas between.")] = ",".join(GROUPS),
    headroom: Annotated[bool, typer.Option(help="Keep within the ratings of grid areas and heat plants.")] = True,
    unknown_takes_load: Annotated[
        bool, typer.Option("--unknown-takes-load", help="Let what has no known rating take new load.")
    ] = False,
    gap: Annotated[float, typer.Option("--gap", min=0, help="Share of the optimum that may stay open.")] = Effort.gap,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Choose which measures to carry out where and when: to a target at least cost, or as far as the money goes."""
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
            effort=Effort(gap=gap),
            progress=tell,
        )
    told = {
        "minimised": found.minimised,
        "promised_t": found.promised_t,
        "simulated_t": found.checks.emitted_t[last],
        "baseline_t": found.baseline_t,
        "bound": found.bound,
        "gap": found.gap,
        "cost_sek": found.cost_sek,
        "cost_by_year_sek": found.cost_by_year_sek,
        "broken": list(found.checks.broken),
        "unknown": list(found.unknown),
        "rounds": len(found.rounds),
    }
    rows, left_out = ([known(r) for r in t.to_dict("records")] for t in (found.table, found.left_out))
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        (out_dir / "optimised.toml").write_text(found.scenario.to_toml(), encoding="utf-8")
        for name, table in (("plan", found.table), ("left_out", found.left_out), ("rounds", found.rounds)):
            export.write_csv(table, out_dir / f"{name}.csv")
    if as_json:
        typer.echo(json.dumps({**told, "plan": rows, "left_out": left_out}, ensure_ascii=False))
        return
    listed(rows, list(found.table), as_json=False)
    err.print(
        f"{found.promised_t:,.0f} t in {last} ({found.baseline_t:,.0f} t when nothing is done), "
        f"{found.cost_sek:,.0f} kr, undiscounted; open gap {found.gap:.2%}"
    )
    for row in left_out:
        err.print(f"{row['candidate']} ({row['measure']}), {row['entities']} entities: {row['reason']}")
    for name in found.unknown:
        err.print(f"{name}: capacity not known" + ("" if unknown_takes_load else "; takes no new load"))
    for words in found.checks.broken:
        err.print(f"not kept: {words}")
