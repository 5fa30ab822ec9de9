"""The commands ``twin grid``: where the power grid holds, where it breaks, and what helps."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pandas as pd
import typer

import energy
import layers
from energy.electrification.area_findings import check_areas
from energy.grid_plans import capacity as capacity_map
from energy.grid_plans import shift as shifting
from energy.grid_plans import station as inside
from energy.grid_plans.chance import peak_spread
from energy.grid_plans.ingredients import ingredients
from energy.grid_plans.steering import Way, Wishes
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

V2g = Annotated[bool, typer.Option("--v2g", help="Plugged-in cars lend power in the highest hours.")]
Batteries = Annotated[
    float, typer.Option("--batteries", min=0, help="Batteries, kWh per kW of the area's highest solar power.")
]

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
        Way,
        typer.Option(
            "--charging", help="How cars are charged: smart is by the area's load, price by the cheapest hours."
        ),
    ] = "at_once",
    v2g: V2g = False,
    batteries: Batteries = 0.0,
    granted: Annotated[
        bool,
        typer.Option(
            "--with-granted/--without-granted", help="Count on capacity that the city is granted but does not have yet."
        ),
    ] = True,
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
            Wishes(ev_share, heat_pump_share, charging, v2g=v2g, battery_kwh_per_solar_kw=batteries, granted=granted),
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
    worst = _worst(found).head(10)
    listed([known(r) for r in worst.to_dict("records")], list(worst), as_json=False)
    emitted = found.emissions.drop(columns=["bookkeeping_basis", "decision_basis"])
    listed(emitted.to_dict("records"), list(emitted), as_json=False)
    if out_dir is not None:
        err.print(f"written to {out_dir}")


@app.command()
def station(
    city: Folder,
    area: Annotated[str, typer.Option("--area", help="grid_area_id of the station.")],
    seed: Annotated[
        int | None,
        typer.Option("--draw", min=0, help="Seed: draw which cars plug in when, and tell how the peak spreads."),
    ] = None,
    draws: Annotated[int, typer.Option("--draws", min=1, max=10_000, help="How many times to draw.")] = 100,
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
        spread = None if seed is None else _spread(results, when, area, seed, draws)
    rows = [known(r) for r in found.hosting.to_dict("records")]
    if out_dir is not None:
        export.write_csv(found.hosting, out_dir / "hosting.csv")
        if spread is not None:
            export.write_csv(spread, out_dir / "peak_spread.csv")
    if as_json:
        counts = {"grid_area_id": area, "synthetic": True, "buildings": found.buildings, "reached": found.reached}
        drawn = {} if spread is None else {"seed": seed, "draws": draws, "peaks": _records(spread)}
        typer.echo(json.dumps({**counts, "hosting": rows, **drawn}, ensure_ascii=False))
        return
    listed(rows, list(found.hosting), as_json=False)
    if spread is not None:
        listed(_records(spread), list(spread), as_json=False)
        err.print(f"peak of the area by number of electric cars at home, drawn {draws} times; the last row has its own")
    err.print(f"made-up feeders along the streets: {found.reached} of {found.buildings} buildings are reached")


@app.command()
def shift(
    city: Folder,
    batteries: Batteries = 0.0,
    v2g: V2g = False,
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
        found = shifting.shift(results, ingredients(results, when), battery_kwh_per_roof_kw=batteries, v2g=v2g)
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


def _spread(results: energy.Results, year: int, area: str, seed: int, draws: int) -> pd.DataFrame:
    """Return how the peak of one area spreads."""
    table = results.stock.grid_areas
    at = table["grid_area_id"].astype(str).tolist().index(area)
    return peak_spread(ingredients(results, year), at, float(table["rating_kw"].iloc[at]), seed=seed, draws=draws)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [known(r) for r in table.to_dict("records")]


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


def _worst(found: capacity_map.Capacity) -> pd.DataFrame:
    """Return the areas, those that break first before the others, with their headroom in every year."""
    headroom = found.areas.pivot_table("headroom_kw", "grid_area_id", "year", dropna=False)
    headroom.columns = [f"headroom_kw_{year}" for year in headroom.columns]
    last = found.areas.loc[found.areas["year"] == found.areas["year"].max(), ["grid_area_id", "over_h"]]
    first = found.first[["grid_area_id", "first_year", "cause"]]
    table = first.merge(headroom, left_on="grid_area_id", right_index=True).merge(last, on="grid_area_id")
    return table.sort_values(["first_year", headroom.columns[-1]])
