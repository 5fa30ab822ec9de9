"""The commands of streets and levers: what every street emits, what changes it, and the curves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from energy.mobility_plans import factor_lookup
from energy.mobility_plans import levers as lever_panel
from energy.mobility_plans import streets as street_map
from layers import Context, export
from layers.emission_functions import emission_functions
from twin import Factors
from views.console import (
    AsJson,
    Data,
    Folder,
    Out,
    Plugins,
    ScenarioFile,
    Year,
    err,
    known,
    listed,
    one_year,
    plain,
    progress,
    show_figures,
)

__all__ = ["add"]

_PLACES = ["name", "vehicle_km", "co2e_territorial_kg", "co2e_lifecycle_kg", "nox_kg", "pm10_kg"]


def add(app: typer.Typer) -> None:
    """Add the commands to the group of traffic."""
    for command in (streets, levers, factors):
        app.command()(command)


def streets(
    city: Folder,
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Show what every street emits, how full it is and how sure that is; sums by area, by cell of 100 m, for the city."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        tell(0.8, "streets")
        found = street_map.streets(results, when)
    figures = known(found.figures)
    if out_dir is not None:
        export.write_table(found.table, out_dir / "streets.parquet")
        export.write_csv(pd.DataFrame(found.table.drop(columns="geometry")), out_dir / "streets.csv")
        export.write_csv(found.areas, out_dir / "areas.csv")
        export.write_table(found.cells, out_dir / "cells.parquet")
        export.write_csv(found.inventory, out_dir / "inventory.csv")
        export.write_json(figures, out_dir / "figures.json")
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
        return
    show_figures(figures)
    most = found.areas.iloc[:-1].sort_values("co2e_territorial_kg", ascending=False).head(10)
    listed([known(r) for r in most.to_dict("records")], _PLACES, as_json=False)
    if out_dir is not None:
        err.print(f"written to {out_dir}")


def levers(
    city: Folder,
    vehicle_km: Annotated[
        float | None, typer.Option("--vehicle-km", help="Change of all vehicle kilometres: -0.25 for a quarter less.")
    ] = None,
    mode_shift: Annotated[
        float | None, typer.Option("--mode-shift", help="Share of car kilometres moved to bus, foot and bicycle.")
    ] = None,
    ev_car: Annotated[float | None, typer.Option("--ev-car", help="Electric share of car kilometres.")] = None,
    ev_van: Annotated[float | None, typer.Option("--ev-van", help="Electric share of van kilometres.")] = None,
    ev_lorry: Annotated[float | None, typer.Option("--ev-lorry", help="Electric share of lorry kilometres.")] = None,
    ev_bus: Annotated[float | None, typer.Option("--ev-bus", help="Electric share of bus kilometres.")] = None,
    obligation_petrol: Annotated[
        float | None, typer.Option("--obligation-petrol", help="Reduction obligation of petrol.")
    ] = None,
    obligation_diesel: Annotated[
        float | None, typer.Option("--obligation-diesel", help="Reduction obligation of diesel.")
    ] = None,
    bus_biofuel: Annotated[
        float | None, typer.Option("--bus-biofuel", help="Share of HVO and biogas in what buses burn.")
    ] = None,
    speed_limit: Annotated[float | None, typer.Option("--speed-limit", help="Highest speed limit [km/h].")] = None,
    charge: Annotated[float | None, typer.Option("--charge", help="Congestion charge of a passage [SEK].")] = None,
    parking: Annotated[
        float | None, typer.Option("--parking", help="Rise of the price of parking: 0.5 for half as much again.")
    ] = None,
    car_sharing: Annotated[
        float | None, typer.Option("--car-sharing", help="Share of car kilometres whose drivers share cars.")
    ] = None,
    freight: Annotated[
        float | None, typer.Option("--freight", help="Share of van and lorry kilometres by a common depot.")
    ] = None,
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Pull levers on the city's traffic: what each does alone, last, and all together, on top of a scenario."""
    chosen = lever_panel.Levers.of(
        vehicle_km=vehicle_km, mode_shift=mode_shift, ev_car=ev_car, ev_van=ev_van, ev_lorry=ev_lorry, ev_bus=ev_bus,
        obligation_petrol=obligation_petrol, obligation_diesel=obligation_diesel, bus_biofuel=bus_biofuel,
        speed_limit=speed_limit, charge=charge, parking=parking, car_sharing=car_sharing, freight=freight,
    )  # fmt: skip
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        tell(0.8, "levers")
        found = lever_panel.pull(results, when, chosen)
    if out_dir is not None:
        export.write_csv(found.table, out_dir / "levers.csv")
        export.write_csv(found.pairs, out_dir / "pairs.csv")
        export.write_csv(found.accounts, out_dir / "accounts.csv")
        export.atomic(
            out_dir / "scenario.toml", lambda part: part.write_text(found.scenario.to_toml(), encoding="utf-8")
        )
    blocked = [
        f"the lever {lever} reaches {c.got} of {c.matching} streets: the scenario changes the same thing on the others; "
        "take that step out of the scenario, or start from the baseline"
        for lever, c in found.conflicts
    ]
    if as_json:
        tables = {"levers": found.table, "pairs": found.pairs, "accounts": found.accounts}
        told: dict[str, Any] = {"year": when, "before": found.before, "together": found.together}
        told |= {name: _records(table) for name, table in tables.items()}
        typer.echo(json.dumps(told | {"blocked": blocked}, ensure_ascii=False))
        return
    listed(_records(found.table), list(found.table), as_json=False)
    listed(_records(found.accounts), list(found.accounts), as_json=False)
    for row in _records(found.pairs.reindex(found.pairs["co2e_lifecycle_kg"].abs().sort_values().index[::-1]).head(5)):
        tons = row["co2e_lifecycle_kg"] / 1000
        err.print(
            f"{row['lever']} and {row['other']} act on the same kilometres: {tons:+,.0f} t well to wheel beyond their sum"
        )
    for sentence in blocked:
        err.print(f"[yellow]note:[/] {plain(sentence)}", soft_wrap=True)
    if out_dir is not None:
        err.print(f"written to {out_dir}")


def factors(
    vehicle: Annotated[
        str, typer.Option("--vehicle", help="car, van, lorry_rigid, lorry_articulated, bus, motorcycle.")
    ],
    fuel: Annotated[str, typer.Option("--fuel", help="petrol, diesel, gas, ethanol, hybrid, phev, electric.")],
    speed: Annotated[float, typer.Option("--speed", help="Mean speed [km/h].")],
    table: Annotated[
        Path | None, typer.Option("--table", help="Own emission functions (CSV of the EMEP/EEA Guidebook's annex).")
    ] = None,
    year: Annotated[int, typer.Option("--year", min=1990, max=2100, help="Calendar year of the factors.")] = 2024,
    as_json: AsJson = False,
) -> None:
    """Print energy and exhaust of a vehicle at a speed by Euro class, with range, status and source of every number."""
    if table is None:
        found = factor_lookup.factors_at(vehicle, fuel, speed, Factors.read().at(year))
    else:
        context = Context("emission_functions", "", table.resolve().parent)
        found = factor_lookup.own_factors_at(emission_functions(context, path=table.name), fuel, speed)
        for note in context.notes:
            err.print(f"[yellow]note:[/] {plain(note)}", soft_wrap=True)
    listed(_records(found), list(found), as_json)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [known(r) for r in table.to_dict("records")]
