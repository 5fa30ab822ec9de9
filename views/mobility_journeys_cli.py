"""The commands ``twin mobility journeys`` and ``assign``: who travels where and how, and cars on streets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from energy.mobility.assignment.equilibrium import equilibrium
from energy.mobility.assignment.network import Network
from energy.mobility_plans import journeys as travel
from layers import export
from layers.tntp import read_tntp
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
    progress,
    show_figures,
)

__all__ = ["add"]


def add(app: typer.Typer) -> None:
    """Put the commands into the group."""
    app.command()(journeys)
    app.command()(assign)


def journeys(
    city: Folder,
    charge: Annotated[float, typer.Option("--charge", help="What a charged car trip pays, SEK.")] = 0.0,
    charge_area: Annotated[
        list[str] | None,
        typer.Option("--charge-area", help="Area whose border is charged; every trip between zones without."),
    ] = None,
    fuel_price: Annotated[
        float, typer.Option("--fuel-price", help="Change of the fuel's price; 0.5: half more.")
    ] = 0.0,
    transit_min: Annotated[
        float, typer.Option("--transit-min", help="Change of a trip's minutes by public transport; -5: faster.")
    ] = 0.0,
    parking: Annotated[float, typer.Option("--parking", help="What parking costs more for a car trip, SEK.")] = 0.0,
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Show who travels where and how, cars on every street, and what a charge, parking, fuel or faster transit changes."""
    wish = travel.Wish(charge, tuple(charge_area or ()), fuel_price, transit_min, parking)
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        found = travel.journeys(results, when, wish)
    zones = pd.DataFrame(found.zones.drop(columns="geometry"))
    if out_dir is not None:
        for name, table in (("zones", zones), ("roads", found.roads), ("counters", found.counters), ("unassigned", found.unassigned)):  # fmt: skip
            export.write_csv(table, out_dir / f"{name}.csv")
        export.write_json(known(found.figures), out_dir / "figures.json")
    if as_json:
        tables = {"zones": zones, "counters": found.counters, "unassigned": found.unassigned}
        rows = {name: [known(r) for r in t.to_dict("records")] for name, t in tables.items()}
        told = {**known(found.figures), "factor": found.factor.to_dict(), "notes": list(found.notes), **rows}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    show_figures(known(found.figures))
    columns = ["zone_id", "name", "trips", "car_share", "car_share_wish", "transit_share", "transit_share_wish", "car_km", "car_km_wish"]  # fmt: skip
    listed([known(r) for r in zones[zones["trips"] > 0].to_dict("records")], columns, as_json=False)
    listed([known(r) for r in found.counters.to_dict("records")], list(found.counters), as_json=False)
    for note in found.notes:
        err.print(note)


def assign(
    net: Annotated[Path, typer.Argument(help="Network, a *_net.tntp file.")],
    trips: Annotated[Path, typer.Argument(help="Trips, a *_trips.tntp file.")],
    gap: Annotated[float, typer.Option("--gap", help="Relative gap that is enough.")] = 1e-5,
    toll_factor: Annotated[float, typer.Option("--toll-factor", help="Time that a unit of toll is worth.")] = 0.0,
    distance_factor: Annotated[
        float, typer.Option("--distance-factor", help="Time that a unit of length is worth.")
    ] = 0.0,
    iterations: Annotated[int, typer.Option("--iterations", min=1, help="The end, reached or not.")] = 10_000,
    out_dir: Out = None,
    as_json: AsJson = False,
) -> None:
    """Assign a trip table in TNTP format to user equilibrium; time and length are in the units of the files."""
    read, table = read_tntp(net, trips)
    network = Network.of(**read.arguments(toll_factor=toll_factor, distance_factor=distance_factor))
    found = equilibrium(network, table, gap=gap, max_iterations=iterations)
    total = float(found.flow_vph @ found.cost_h)
    figures = {
        "links": len(network),
        "zones": network.zones,
        "trips_assigned": found.assigned_vph,
        "trips_within_zones": found.within_zones_vph,
        "iterations": found.iterations,
        "gap": found.gap,
        "converged": found.converged,
        "objective": found.objective_h,
        "total_cost": total,
        "total_time": float(found.flow_vph @ found.time_h),
        "mean_cost": total / found.assigned_vph if found.assigned_vph > 0 else float("nan"),
    }
    flows = read.links[["from_node", "to_node"]].assign(
        flow=found.flow_vph, cost=found.cost_h, time=found.time_h, volume_over_capacity=_filled(found.flow_vph, network)
    )
    if out_dir is not None:
        export.write_csv(flows, out_dir / "flows.csv")
        export.write_json(known(figures), out_dir / "figures.json")
    if as_json:
        typer.echo(json.dumps({**known(figures), "flows": [known(r) for r in flows.to_dict("records")]}))
        return
    show_figures(known(figures))
    listed([known(r) for r in flows.nlargest(12, "flow").to_dict("records")], list(flows), as_json=False)
    if not found.converged:
        err.print(f"the gap of {gap:g} was not reached after {found.iterations} iterations; it is {found.gap:.2g}")


def _filled(flow: np.ndarray, network: Network) -> np.ndarray:
    """Return flow over capacity; NaN where a link has none."""
    capacity = network.capacity_vph
    return np.divide(flow, capacity, out=np.full(len(flow), np.nan), where=capacity > 0)
