"""The commands ``twin heat``: lay out a network, run the one there is, dispatch plants, say where it pays and what to choose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import typer

import energy
from energy.district_heating.hydraulics.pipes import Water
from energy.district_heating.potential.regime import Regime
from energy.district_heating.routing.layout import Wishes
from energy.district_heating.supply.network import Operation
from energy.heat_plans import decisions as decision_map
from energy.heat_plans import district, supply
from energy.heat_plans import saving as savings
from energy.heat_plans.cooler import cooler
from energy.heat_plans.dense import dense
from energy.heat_plans.pulse import pulse
from energy.heat_plans.today import NetworkToday, network_today
from layers import export, pandapipes_net
from layers.boundary import read_boundary
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
    part,
    plain,
    progress,
    show_figures,
)

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Heat networks: lay out, run, dispatch, compare.")


@app.command()
def layout(
    city: Folder,
    boundary: Annotated[Path | None, typer.Option("--boundary", help="Vector file with the area to connect.")] = None,
    area: Annotated[str, typer.Option("--area", help="An area's area_id instead of a file.")] = "",
    connect: Annotated[
        Literal["paying", "all"], typer.Option("--connect", help="Buildings that pay, or everyone in reach.")
    ] = "paying",
    price: Annotated[float | None, typer.Option("--price", min=0, help="What a delivered kWh brings [SEK].")] = None,
    force: Annotated[list[str] | None, typer.Option("--force", help="building_id that is joined in any case.")] = None,
    forbid: Annotated[list[str] | None, typer.Option("--forbid", help="building_id that is left out.")] = None,
    setting: Annotated[
        Literal["inner_city", "suburb"], typer.Option("--setting", help="What digging costs.")
    ] = "inner_city",
    seconds: Annotated[float, typer.Option("--prove", min=0, help="Seconds to spend on a proof of the best.")] = 0.0,
    source: Annotated[str, typer.Option("--from", help="Where heat comes from, as x,y in the city's system.")] = "",
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Lay out a heat network inside a boundary: sizes, losses, cost, emissions in both ledgers, beside heat pumps."""
    wishes = Wishes(connect, force or (), forbid or (), (), price, setting, seconds=seconds)
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        inside = _boundary(results.city, boundary, area)
        tell(0.8, "layout")
        found = district.new_district(results, when, inside, wishes, source=_point(source))
    if out_dir is not None:
        export.write_table(found.network.pipes, out_dir / "pipes.parquet")
        export.write_csv(found.network.buildings, out_dir / "buildings.csv")
        export.write_csv(found.comparison, out_dir / "comparison.csv")
        export.write_json(known(found.figures), out_dir / "figures.json")
    figures = known(found.figures)
    if as_json:
        typer.echo(json.dumps({**figures, "comparison": found.comparison.to_dict("records")}, ensure_ascii=False))
        return
    show_figures(figures)
    listed(found.comparison.to_dict("records"), list(found.comparison), as_json=False)
    for note in found.network.notes:
        err.print(f"[yellow]note:[/] {plain(note)}", soft_wrap=True)
    if out_dir is not None:
        err.print(f"written to {out_dir}")


@app.command()
def simulate(
    city: Folder,
    tolerance_m: Annotated[
        float | None, typer.Option("--tolerance", min=0, help="Gap between pipes that is closed [m].")
    ] = None,
    follow: Annotated[str, typer.Option("--follow", help="building_id: follow the water there, hour by hour.")] = "",
    first_hour: Annotated[
        int | None, typer.Option("--first-hour", min=0, help="First hour to follow; around the coldest without.")
    ] = None,
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    pandapipes: Annotated[
        Path | None, typer.Option("--pandapipes", help="Write the coldest hour, loops and all, for pandapipes.")
    ] = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Join the city's heat pipes and run them through a year: flows, temperatures, pressures, losses, and what is wrong."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        found = network_today(results, when, tolerance_m=tolerance_m)
        followed = pulse(results, found, when, follow, first_hour=first_hour) if follow else None
        if pandapipes is not None:
            _export(found, results.factors.at(when), pandapipes)
    figures = known(found.figures)
    if followed is not None:
        figures |= {"followed_m": followed.length_m, "followed_h": followed.delay_h}
    if out_dir is not None:
        export.write_table(found.pipes, out_dir / "pipes.parquet")
        months = pd.DataFrame({"month": np.arange(1, 13), "loss_mwh": found.loss_kwh / 1000})
        export.write_csv(months, out_dir / "months.csv")
        export.write_json(figures, out_dir / "figures.json")
        if followed is not None:
            export.write_csv(followed.hours, out_dir / "followed.csv")
    said = found.report.sentences(5)
    if as_json:
        typer.echo(json.dumps({**figures, "findings": said}, ensure_ascii=False))
        return
    show_figures(figures)
    for sentence in said:
        err.print(f"[yellow]note:[/] {plain(sentence)}", soft_wrap=True)
    if out_dir is not None:
        err.print(f"written to {out_dir}")


@app.command()
def dispatch(
    city: Folder,
    without: Annotated[
        list[str] | None, typer.Option("--without", help="unit_id that is left out; the year is told beside.")
    ] = None,
    method: Annotated[
        Literal["bookkeeping", "energy", "alternative", "power_bonus"],
        typer.Option("--method", help="How emissions are shared between heat and electricity."),
    ] = "energy",
    waste_to: Annotated[
        Literal["heat", "treatment"], typer.Option("--waste-to", help="Who bears the emissions of burnt waste.")
    ] = "heat",
    storage: Annotated[bool, typer.Option("--storage", help="Use the heat store at the least cost.")] = False,
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Run the heat plants through a year, hour by hour, and tell average and marginal emissions."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        cases = (tuple(without),) if without else ()
        how = Operation(method=method, waste_to=waste_to, storage=storage)
        found = supply.supply(results, when, how, cases=cases)
    hours = found.hours
    if out_dir is not None:
        table = pd.DataFrame(hours.heat_mw, columns=[f"{u}_mw" for u in hours.plants.unit_id])
        beside = {"load_mw": hours.load_mw, "unserved_mw": hours.unserved_mw, "price_sek_mwh": hours.price_sek_mwh}
        for account in supply.ACCOUNTS[:2]:
            beside[f"average_{account}_kg_kwh"] = hours.average(account)
        beside["marginal_kg_kwh"] = hours.marginal["marginal"]
        export.write_csv(table.assign(**beside), out_dir / "hours.csv")
        export.write_csv(found.units, out_dir / "units.csv")
        export.write_csv(found.factors, out_dir / "allocation.csv")
        export.write_csv(found.risk, out_dir / "without.csv")
    tables = {"units": found.units, "allocation": found.factors, "without": found.risk}
    if as_json:
        typer.echo(json.dumps({n: _records(t) for n, t in tables.items()}, ensure_ascii=False))
        return
    for table in tables.values():
        listed(_records(table), list(table), as_json=False)
    if out_dir is not None:
        err.print(f"written to {out_dir}")


@app.command()
def choose(
    city: Folder,
    robust: Annotated[bool, typer.Option("--robust", help="Add how often each winner stays the winner.")] = False,
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Say for every building which way of heating costs least and which emits least, by account."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        found = decision_map.decisions(results, when, robust=robust)
    buildings = results.city["buildings"]
    table = pd.concat([buildings[["building_id", "area_id"]].reset_index(drop=True), found.table], axis=1)
    if out_dir is not None:
        export.write_csv(table, out_dir / "choices.csv")
    rows = [
        {"criterion": name, "option": option, "buildings": int(count)}
        for name in ("cheapest", "lowest_territorial", "lowest_lifecycle", "lowest_marginal")
        for option, count in found.table[name].value_counts().items()
    ]
    differ = int(found.table["ledgers_disagree"].fillna(value=False).sum())
    rows.append({"criterion": "ledgers_disagree", "option": "", "buildings": differ})
    listed(rows, ["criterion", "option", "buildings"], as_json)


@app.command()
def cool(
    city: Folder,
    to: Annotated[str, typer.Option("--to", help="New temperatures: 80/45, 65/35 or 55/30.")] = "65/35",
    today: Annotated[str, typer.Option("--from", help="Temperatures of today.")] = "80/45",
    source_c: Annotated[float, typer.Option("--source", help="Temperature of the heat source [degC].")] = 30.0,
    booster: Annotated[bool, typer.Option("--booster", help="Lift hot water in every building.")] = False,
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Make the network cooler: losses, electricity of its heat source, and which buildings can follow."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        before, after = Regime.named(today), Regime.named(to)
        found = cooler(results, when, before, after, source_c=source_c, booster=booster)
    figures = known(
        {
            "floor_area_that_follows": found.floor_area_share,
            "heat_that_follows": found.heat_share,
            "loss_after_per_before": found.loss_ratio,
            "source_electricity_before_kwh_kwh": found.electricity_before,
            "source_electricity_after_kwh_kwh": found.electricity_after,
        }
    )
    if out_dir is not None:
        ids = results.city["buildings"]["building_id"].iloc[found.buildings.index].to_numpy()
        export.write_csv(found.buildings.assign(building_id=ids), out_dir / "buildings.csv")
        export.write_json(figures, out_dir / "figures.json")
    if as_json:
        typer.echo(json.dumps(figures))
        return
    show_figures(figures)


@app.command()
def saving(
    city: Folder,
    scenario: Annotated[Path, typer.Option("--scenario", help="Scenario file, told beside today's city.")],
    year: Year = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Say what a scenario's savings are worth: to owners by the tariff, to the network by its peak, to the climate."""
    with progress() as tell:
        before, when = one_year(city, data, plugin, None, year, tell)
        plan = energy.Scenario.read(scenario)
        after = energy.simulate(before.city, plan, years=[when], ranges=False, progress=part(tell, 0.7, 0.3, plan.name))
        found = savings.saving(before, after, when)
    figures = known(found.figures)
    if out_dir is not None:
        export.write_csv(found.buildings, out_dir / "buildings.csv")
        export.write_json(figures, out_dir / "figures.json")
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
        return
    show_figures(figures)


@app.command()
def density(
    city: Folder,
    preset: Annotated[str, typer.Option("--preset", help="Classes of linear density: npro, vicus or french.")] = "npro",
    least_mwh_ha: Annotated[float, typer.Option("--least-mwh-ha", min=0, help="Least density of a square.")] = 333.0,
    least_gwh: Annotated[float, typer.Option("--least-gwh", min=0, help="Least heat of a candidate area.")] = 5.0,
    setting: Annotated[
        Literal["inner_city", "outer_city", "park"], typer.Option("--setting", help="What digging costs.")
    ] = "outer_city",
    year: Year = None,
    scenario: ScenarioFile = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Show where heat is dense enough for a network: squares of 100 m, and areas that could bear one."""
    with progress() as tell:
        results, when = one_year(city, data, plugin, scenario, year, tell)
        found = dense(results, when, preset=preset, least_mwh_ha=least_mwh_ha, least_gwh=least_gwh, setting=setting)
    areas = found.areas.drop(columns="geometry").rename_axis("area").reset_index()
    if out_dir is not None:
        squares = gpd.GeoDataFrame(found.table, geometry=found.cells.polygons(), crs=results.city.crs)
        export.write_table(squares.assign(verdict=squares["verdict"].astype(str)), out_dir / "squares.parquet")
        export.write_csv(areas, out_dir / "areas.csv")
    listed(_records(areas), list(areas), as_json)


def _export(found: NetworkToday, f: Mapping[str, float], file: Path) -> None:
    """Write the network of the coldest hour as pandapipes reads it."""
    water = Water.of(f)
    net = pandapipes_net.to_pandapipes(
        *found.tables,
        supply_c=found.coldest_supply_c,
        return_c=f["network.return_c"],
        ground_c=f["network.ground_c"],
        fluid=pandapipes_net.Fluid(water.density_kg_m3, water.heat_capacity_j_kgk, water.viscosity_pa_s),
    )
    pandapipes_net.write_net(net, file)


def _boundary(city: City, file: Path | None, area: str) -> shapely.Geometry:
    """Return the area that is asked for."""
    if (file is None) == (not area):
        raise TwinError("say which area to connect: --boundary FILE, or --area with an area_id, one of the two")
    if file is not None:
        return read_boundary(file, city.crs)
    ids = city["areas"]["area_id"].astype(str)
    if area not in set(ids):
        raise TwinError(f"there is no area {area!r}{did_you_mean(area, ids)}")
    return city["areas"].geometry[ids == area].union_all()


def _point(text: str) -> shapely.Point | None:
    if not text:
        return None
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise TwinError(f"--from {text} is no point; write it as x,y in metres, e.g. 148200,6396500") from error
    return shapely.Point(x, y)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [known(r) for r in table.to_dict("records")]
