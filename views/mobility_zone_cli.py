"""The commands ``twin mobility zone``, ``access`` and ``transit``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from energy.mobility_plans.lines import lines
from energy.mobility_plans.reach import REACHED, compared, reach
from energy.mobility_plans.zone import ZoneWish, zone_study
from energy.scenario import inside
from layers import export
from twin import City, TwinError
from twin.errors import did_you_mean
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

Within = Annotated[str, typer.Option("--within", help="The zone as WKT polygon in the city's coordinates.")]
Area = Annotated[str, typer.Option("--area", help="An area's area_id instead of a polygon.")]
Minutes = Annotated[float | None, typer.Option("--minutes", help="Time under way [min].")]
_SHOWN = ("jobs_walk", "schools_walk", "shops_walk", "jobs_cycle", "stops_near")
_NOTES = {
    "not_begun": "the zone begins after the year; nothing changes",
    "no_way_around": "there is no way around the zone on streets with traffic; what would have taken one stays inside",
    "streets_apart": "the streets for cars do not hang together; ways around may be missing or too long",
}


def add(app: typer.Typer) -> None:
    """Add the commands to the group."""
    for command in (zone, access, transit):
        app.command()(command)


def zone(
    city: Folder,
    within: Within = "",
    area: Area = "",
    vehicle: Annotated[
        list[str] | None,
        typer.Option("--vehicle", help="Must be electric inside: car, van, lorry, bus; all but buses without."),
    ] = None,
    rerouting: Annotated[
        float | None, typer.Option("--rerouting", help="Share of the fossil traffic that drives around.")
    ] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Close the streets inside to cars.")] = False,
    start: Annotated[int | None, typer.Option("--start", help="First year of the zone.")] = None,
    minutes: Minutes = None,
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Study an emission-free zone: traffic around it, emissions, air near homes, charging, what is reached by car."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        drawn = _within(results.city, within, area)
        vehicles = tuple(dict.fromkeys(vehicle)) if vehicle else ("car", "van", "lorry")
        tell(0.8, "zone")
        found = zone_study(results, when, ZoneWish(drawn, vehicles, rerouting, closed, start, minutes))
    if out_dir is not None:
        export.write_table(found.streets, out_dir / "streets.parquet")
        for name, table in {"sums": found.sums, "charging": found.charging.areas, "air": found.air, "access": found.access}.items():  # fmt: skip
            export.write_csv(table, out_dir / f"{name}.csv")
        export.write_json(known(found.figures), out_dir / "figures.json")
        kept = found.scenario.to_toml()
        export.atomic(out_dir / "scenario.toml", lambda part: part.write_text(kept, encoding="utf-8", newline="\n"))
    figures = known(found.figures)
    if as_json:
        typer.echo(json.dumps({**figures, "sums": _records(found.sums), "scenario": found.scenario.to_toml()}, ensure_ascii=False))  # fmt: skip
        return
    show_figures({k: v for k, v in figures.items() if k != "notes"})
    listed(_records(found.sums), ["figure", "unit", "before", "after", "change", "change_low", "change_high"], as_json=False)  # fmt: skip
    for note in found.notes:
        err.print(f"[yellow]note:[/] {_NOTES[note]}", soft_wrap=True)
    _written(out_dir)


def access(
    city: Folder,
    minutes: Minutes = None,
    close: Annotated[
        list[str] | None, typer.Option("--close", help="road_id that is closed to all; may be given again.")
    ] = None,
    close_within: Annotated[
        str, typer.Option("--close-within", help="Close all streets with their middle in a WKT polygon.")
    ] = "",
    what: Annotated[str, typer.Option("--what", help="Figure that is compared when streets close.")] = "jobs_walk",
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Say what people reach on foot and by cycle, and the stops near them; with closed streets, who gains and loses."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        f = results.factors.at(when)
        shut = list(close or [])
        if close_within:
            roads = results.city.get("roads")
            shut += roads.loc[inside(roads, close_within), "road_id"].astype(str).tolist()
        found = reach(results.city, f, minutes=minutes)
        after = reach(results.city, f, minutes=minutes, closed=shut) if shut else None
    table = found.areas if after is None else compared(found, after, what)
    if out_dir is not None:
        export.write_csv((after or found).buildings, out_dir / "buildings.csv")
        export.write_csv((after or found).areas, out_dir / "areas.csv")
        if after is not None:
            export.write_csv(table, out_dir / "compared.csv")
    listed(
        _records(table),
        list(table) if after is not None else ["area_id", "population", *(REACHED if as_json else _SHOWN)],
        as_json,
    )
    if found.cut_off:
        err.print(f"[yellow]note:[/] {len(found.cut_off)} buildings are not joined to the streets that hang together")
    _written(out_dir)


def transit(
    city: Folder,
    bus_ev_share: Annotated[
        float | None, typer.Option("--bus-ev-share", help="Share of electric buses; the year's own without.")
    ] = None,
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Tell of every line of public transport: distance, energy, emissions, headway; and how many live near its stops."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        found = lines(results, when, bus_ev_share)
    if out_dir is not None:
        export.write_csv(found.lines, out_dir / "lines.csv")
        export.write_csv(found.stops, out_dir / "stops.csv")
        export.write_json(known(found.figures), out_dir / "figures.json")
    if as_json:
        typer.echo(json.dumps({**known(found.figures), "by_line": _records(found.lines)}, ensure_ascii=False))
        return
    show_figures(known(found.figures))
    shown = ["line_id", "mode", "departures", "headway_min", "vehicle_km", "co2e_territorial_kg", "co2e_lifecycle_kg", "co2e_marginal_kg"]  # fmt: skip
    listed(_records(found.lines), shown, as_json=False)
    _written(out_dir)


def _within(city: City, wkt: str, area: str) -> str:
    """Return the zone that is asked for as WKT."""
    if bool(wkt) == bool(area):
        raise TwinError("say where the zone is: --within with a WKT polygon, or --area with an area_id, one of the two")
    if wkt:
        return wkt
    ids = city["areas"]["area_id"].astype(str)
    if area not in set(ids):
        raise TwinError(f"there is no area {area!r}{did_you_mean(area, ids)}")
    return str(city["areas"].geometry[ids == area].union_all().wkt)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [known(r) for r in table.to_dict("records")]


def _written(out_dir: Path | None) -> None:
    if out_dir is not None:
        err.print(f"written to {out_dir}")
