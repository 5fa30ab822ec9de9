"""The commands ``twin grid``: where the power grid holds, where it breaks, and what helps."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import pandas as pd
import typer

import energy
import layers
from energy.electrification.area_findings import check_areas
from energy.grid_plans import capacity as capacity_map
from energy.grid_plans import shift as shifting
from energy.grid_plans import station as inside
from energy.grid_plans.ingredients import ingredients
from layers import export
from twin import TwinError
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
    part,
    plugins,
    progress,
    show_figures,
)

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The power grid: peaks, headroom, charging.")


@app.callback()
def _group() -> None:
    """Keep the commands of the grid together."""


@app.command()
def capacity(
    city: Folder,
    ev_share: Annotated[
        float | None, typer.Option("--ev-share", min=0, max=1, help="Electric share of car traffic in the last year.")
    ] = None,
    heat_pump_share: Annotated[
        float | None, typer.Option("--heat-pump-share", min=0, max=1, help="Heat pumps' share of the heat, last year.")
    ] = None,
    charging: Annotated[
        Literal["at_once", "timer", "smart"], typer.Option("--charging", help="How cars are charged.")
    ] = "at_once",
    years: Annotated[str, typer.Option("--years", help="Years with commas between.")] = "",
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Show peak and headroom of every grid area: what breaks first, in which year and hour, and what smart charging buys."""
    plugins(plugin)
    with progress() as tell:
        loaded = layers.load(city, data, lambda share, text: tell(0.3 * share, text))
        plan = energy.Scenario.baseline() if scenario is None else energy.Scenario.read(scenario)
        span = _years(years, loaded.base_year)
        results = energy.simulate(loaded, plan, years=span, ranges=False, progress=part(tell, 0.3, 0.4, plan.name))
        tell(0.8, "hours")
        found = capacity_map.capacity(
            [ingredients(results, year) for year in span],
            loaded["grid_areas"],
            capacity_map.Wishes(ev_share, heat_pump_share, charging),
            of_city=capacity_map.share_of_city(results),
        )
    if out_dir is not None:
        export.write_csv(found.areas, out_dir / "grid_areas.csv")
        export.write_csv(found.first, out_dir / "first_years.csv")
        export.write_csv(found.city, out_dir / "city.csv")
        export.write_csv(found.emissions, out_dir / "emissions.csv")
        export.write_json(known(found.figures), out_dir / "figures.json")
    if as_json:
        first = [known(r) for r in found.first.to_dict("records")]
        rest = {"first_years": first, "emissions": found.emissions.to_dict("records")}
        typer.echo(json.dumps({**known(found.figures), **rest}, ensure_ascii=False))
        return
    show_figures(known(found.figures))
    worst = found.first.merge(_last(found.areas), on="grid_area_id")
    worst = worst.sort_values(["first_year", "headroom_kw"]).head(10)
    listed([known(r) for r in worst.to_dict("records")], list(worst), as_json=False)
    emitted = found.emissions.drop(columns=["bookkeeping_basis", "decision_basis"])
    listed(emitted.to_dict("records"), list(emitted), as_json=False)
    if out_dir is not None:
        err.print(f"written to {out_dir}")


@app.command()
def station(
    city: Folder,
    area: Annotated[str, typer.Option("--area", help="grid_area_id of the station.")],
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Make up a station's feeders along the streets, and say what share of cars, heat pumps and roofs they can host."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        found = inside.station(results, when, area)
    rows = [known(r) for r in found.hosting.to_dict("records")]
    if out_dir is not None:
        export.write_csv(found.hosting, out_dir / "hosting.csv")
    if as_json:
        counts = {"grid_area_id": area, "synthetic": True, "buildings": found.buildings, "reached": found.reached}
        typer.echo(json.dumps({**counts, "hosting": rows}, ensure_ascii=False))
        return
    listed(rows, list(found.hosting), as_json=False)
    err.print(f"made-up feeders along the streets: {found.reached} of {found.buildings} buildings are reached")


@app.command()
def shift(
    city: Folder,
    batteries: Annotated[
        float, typer.Option("--batteries", min=0, help="Batteries, kWh per kW of the area's highest solar power.")
    ] = 0.0,
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Say how many megawatts can leave each area's peak hour: by smart charging, batteries, heating held back."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        found = shifting.shift(results, ingredients(results, when), battery_kwh_per_roof_kw=batteries)
    if out_dir is not None:
        export.write_csv(found, out_dir / "shift.csv")
    rows = found.sort_values("together_mw", ascending=False)
    listed([known(r) for r in (rows if as_json else rows.head(12)).to_dict("records")], list(found), as_json)


@app.command()
def check(city: Folder, data: Data = None, plugin: Plugins = None, as_json: AsJson = False) -> None:
    """Look at the grid areas: which overlap, which leave buildings out, and whose rating is not known."""
    plugins(plugin)
    with progress() as tell:
        loaded = layers.load(city, data, tell)
    if "grid_areas" not in loaded:
        raise TwinError("the city has no grid areas; add [layers.grid_areas] to city.toml")
    found = [str(f) for f in check_areas(loaded["grid_areas"], loaded["buildings"])]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for sentence in found or ["every building lies in one grid area, and every rating is known"]:
        typer.echo(sentence)


def _years(text: str, base_year: int) -> tuple[int, ...]:
    """Return the years that are asked for; the base year, 2030 and 2035 without."""
    if not text:
        return tuple(sorted({base_year, max(base_year, 2030), max(base_year, 2035)}))
    try:
        found = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise TwinError(f"--years {text} are no years; write them with commas between, e.g. 2024,2030,2035") from error
    if not 1990 <= found[0] <= found[-1] <= 2100:
        raise TwinError(f"--years {text}: the numbers hold from 1990 to 2100; choose years between")
    return found


def _last(areas: pd.DataFrame) -> pd.DataFrame:
    columns = ["grid_area_id", "peak_kw", "headroom_kw", "over_h", "bought_kw"]
    return areas.loc[areas["year"] == areas["year"].max(), columns]
