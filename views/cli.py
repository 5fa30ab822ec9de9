"""The command ``twin``: run scenarios, check a city, open the app, look at layers, measures, factors and indicators."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

import energy
import layers
from layers import export
from twin import LAYERS, MEASURES, Factors, TwinError
from twin.errors import did_you_mean
from views import (
    grid_cli,
    heat_cli,
    invest_cli,
    launch,
    mobility_cli,
    new_layer,
    optimise_cli,
    plan_cli,
    register_cli,
    run_files,
)
from views.console import AsJson, Data, Folder, Plugins, err, listed, out, part, plain, plugins, progress

__all__ = ["app", "main"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A digital twin with which a city steers its climate transition.",
)

app.add_typer(heat_cli.app, name="heat")
app.add_typer(grid_cli.app, name="grid")
app.add_typer(mobility_cli.app, name="mobility")
app.add_typer(register_cli.app, name="register")
app.add_typer(plan_cli.app)
app.add_typer(invest_cli.app)
app.command("optimise")(optimise_cli.command)

_YEARS = (1990, 2100)  # beyond, a factor's first or last year says nothing


def main() -> None:
    """Run the command; a user's error is one message on stderr and exit code 2."""
    try:
        app()
    except TwinError as error:
        err.print(f"[bold red]twin:[/] {plain(str(error))}", soft_wrap=True)
        sys.exit(2)


@app.command()
def run(
    city: Folder,
    scenario: Annotated[
        list[Path] | None, typer.Option("--scenario", help="Scenario file; the baseline is always run too.")
    ] = None,
    years: Annotated[str, typer.Option("--years", help="First and last year, e.g. 2024:2030.")] = "2024:2030",
    data: Data = None,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("out"),
    plugin: Plugins = None,
) -> None:
    """Run scenarios and write indicators, entities, costs, a summary and a record of the run."""
    plugins(plugin)
    export.check_folder(out_dir)
    span = _years(years)
    baseline = energy.Scenario.baseline()
    files = {s.name: (s, p) for s, p in zip(_scenarios(scenario or []), scenario or [], strict=True)}
    if len({*files, baseline.name}) < len(scenario or []) + 1:
        raise TwinError(f"two scenarios have the same name ({baseline.name} is always run too); give each its own")
    scenarios = [baseline, *(s for s, _ in files.values())]
    with progress() as tell:
        loaded = layers.load(city, data, lambda share, text: tell(0.2 * share, text))
        for each in scenarios:
            energy.plan(loaded, each)  # what a filter gets wrong is told before the long work
        tell(0.2, "engine")
        energy.compile_engine()
        done = []
        for k, each in enumerate(scenarios):
            start, step = 0.2 + 0.7 * k / len(scenarios), 0.7 / len(scenarios)
            within = part(tell, start, step, each.name)
            done.append(energy.simulate(loaded, each, years=span, progress=within))
        tell(0.9, "files")
        run_files.write(out_dir, loaded, city / "city.toml", {n: p for n, (_, p) in files.items()}, span, done)
    for results in done:
        for conflict in results.adoption.conflicts:
            err.print(f"[yellow]note:[/] {plain(results.scenario.name)}: {plain(str(conflict))}")
    _print_summary(done)
    err.print(f"written to {out_dir}")


def _scenarios(files: list[Path]) -> list[energy.Scenario]:
    """Read scenario files; the mistakes of all of them come together."""
    read: list[energy.Scenario] = []
    problems: list[str] = []
    for file in files:
        try:
            read.append(energy.Scenario.read(file))
        except TwinError as error:
            problems.append(str(error))
    if problems:
        raise TwinError("\n".join(problems))
    return read


def _print_summary(done: list[energy.Results]) -> None:
    first, last = done[0].years[0], done[0].years[-1]
    table = Table(title=f"{done[0].city.name}, {first}-{last}")
    for column in ("scenario", "indicator", str(first), str(last), "range", "unit"):
        table.add_column(column, justify="right" if column in (str(first), str(last), "range") else "left")
    for results in done:
        tidy = results.indicators(by="city").set_index(["indicator", "year"])
        for name in (
            "heat_need_kwh_m2",
            "electricity_kwh",
            "vehicle_km",
            "co2e_territorial_kg",
            "co2e_lifecycle_kg",
            "co2e_marginal_kg",
        ):
            a, b = tidy.loc[(name, first)], tidy.loc[(name, last)]
            table.add_row(
                results.scenario.name,
                name,
                f"{a.value:,.4g}",
                f"{b.value:,.4g}",
                f"{b.low:,.3g} - {b.high:,.3g}",
                str(b.unit),
            )
    out.print(table)


@app.command()
def calibrate(
    city: Folder,
    data: Data = None,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("calibrated"),
    sales_gwh: Annotated[
        float | None,
        typer.Option("--sales-gwh", min=0, help="District heating sold in a normal year; the undeclared follow it."),
    ] = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Fit the heat of buildings to their energy declarations; write the calibrated table and a report."""
    plugins(plugin)
    with progress() as tell:
        loaded = layers.load(city, data, lambda share, text: tell(0.2 * share, text))
        sales = None if sales_gwh is None else sales_gwh * 1e6
        factors = Factors.read().at(loaded.base_year)
        done = energy.calibrate(
            loaded,
            factors,
            district_heating_sales_kwh=sales,
            progress=lambda share, text: tell(0.2 + 0.7 * share, text),
        )
        known = loaded["buildings"]
        same = done.buildings.set_index(known.index)
        export.write_table(
            known.assign(**{c: same[c] for c in same if c != "building_id"}), out_dir / "buildings.parquet"
        )
        export.write_csv(done.declarations, out_dir / "declarations.csv")
        export.write_csv(done.kinds, out_dir / "archetypes.csv")
        export.write_json(done.figures, out_dir / "calibration.json")
    if as_json:
        typer.echo(json.dumps(done.figures, ensure_ascii=False))
        return
    listed(_fits(done.figures), ["model", "declarations", "portfolio error", "within 20 %", "median error"], as_json)
    for flag, count in done.figures["flagged"].items():
        err.print(f"[yellow]note:[/] {count} declarations tell nothing of others: {flag}")
    err.print(f"written to {out_dir}; name buildings.parquet in city.toml to calculate with it")


def _fits(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how well each model meets the declarations, and the published bar."""
    names = {"before": "before", "after": "fitted", "held_out": f"predicted, {figures['folds']} folds kept out"}
    rows = [
        {
            "model": word,
            "declarations": figures[name]["declarations"],
            "portfolio error": f"{figures[name]['portfolio_error']:+.1%}",
            "within 20 %": f"{figures[name]['within_20_percent']:.0%}",
            "median error": f"{figures[name]['median_error']:.1%}",
        }
        for name, word in names.items()
    ]
    bar = {"model": "published for Göteborg (Österbring et al. 2016)", "declarations": 433, "median error": ""}
    return [*rows, {**bar, "portfolio error": "< 3 %", "within 20 %": "42%"}]


@app.command()
def validate(city: Folder, data: Data = None, plugin: Plugins = None) -> None:
    """Check a city: list every problem, or what was read, repaired and filled."""
    plugins(plugin)
    with progress() as tell:
        loaded = layers.load(city, data, tell)
    table = Table(title=loaded.name)
    for column in ("table", "rows", "driver", "notes"):
        table.add_column(column, justify="right" if column == "rows" else "left")
    for name, source in loaded.sources.items():
        rows = str(len(loaded[name])) if name in loaded else ""
        table.add_row(name, rows, source.layer, plain("\n".join(source.notes)))
    out.print(table)
    out.print("the city is valid")


@app.command("app")
def open_app(
    city: Annotated[Path | None, typer.Argument(help="Folder with city.toml; the sample city by default.")] = None,
    data: Data = None,
    plugin: Plugins = None,
    port: Annotated[int, typer.Option("--port", help="Port on this machine.")] = 8501,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
) -> None:
    """Open the planner's map in the browser."""
    sys.exit(launch.run_app(city, data, plugin or [], port, headless=headless))


@app.command("layers")
def list_layers(*, as_json: AsJson = False, plugin: Plugins = None) -> None:
    """List the layers that a city.toml may use, and plugins that are broken."""
    plugins(plugin)
    state = LAYERS.state()
    rows = []
    for name, (status, where) in state.items():
        spec = LAYERS[name] if status == "ok" else None
        rows.append(
            {
                "name": name,
                "status": status,
                "title": spec.title if spec else "",
                "table": spec.table if spec else "",
                "description": spec.doc if spec else where,
                "parameters": spec.params.model_json_schema()["properties"] if spec else {},
                "licence": spec.licence if spec else "",
                "source": spec.source if spec else "",
            }
        )
    listed(rows, ["name", "status", "table", "parameters", "description"], as_json)


@app.command("measures")
def list_measures(*, as_json: AsJson = False, plugin: Plugins = None) -> None:
    """List the measures that a scenario may use."""
    plugins(plugin)
    rows = []
    for name, (status, where) in MEASURES.state().items():
        spec = MEASURES[name] if status == "ok" else None
        rows.append(
            {
                "name": name,
                "status": status,
                "title": spec.title if spec else "",
                "table": spec.table if spec else "",
                "changes": list(spec.changes) if spec else [],
                "description": spec.doc if spec else where,
                "parameters": spec.params.model_json_schema()["properties"] if spec else {},
            }
        )
    listed(rows, ["name", "status", "table", "parameters", "description"], as_json)


@app.command("factors")
def list_factors(
    key: Annotated[str | None, typer.Argument(help="A factor, or the beginning of its name.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the numbers behind the calculation with their range, source and status."""
    factors = Factors.read()
    chosen = [k for k in factors if key is None or k == key or k.startswith(f"{key}.")]
    if not chosen:
        raise TwinError(f"no factor {key!r}{did_you_mean(str(key), factors)}")
    sources = Factors.sources()["title"]
    rows = [
        {
            "key": f.key,
            "year": f.year,
            "value": f.value,
            "low": f.low,
            "high": f.high,
            "unit": f.unit,
            "status": f.status,
            "source": f"{sources[f.source]}{', ' + f.page if f.page else ''}",
            "note": f.note,
        }
        for k in chosen
        for f in factors[k]
    ]
    listed(rows, ["key", "year", "value", "low", "high", "unit", "status", "source"], as_json)


@app.command()
def explain(
    indicator: Annotated[str, typer.Argument(help="Name of an indicator.")],
    city: Annotated[
        Path | None, typer.Option("--city", help="Folder with city.toml; the sample city by default.")
    ] = None,
    data: Data = None,
    *,
    as_json: AsJson = False,
    plugin: Plugins = None,
) -> None:
    """Tell how an indicator is made: formula, unit, columns, and the factors that matter for a city's value."""
    if indicator not in energy.INDICATORS:
        raise TwinError(f"no indicator {indicator!r}{did_you_mean(indicator, energy.INDICATORS)}")
    plugins(plugin)
    about = energy.INDICATORS[indicator]
    with progress() as tell:
        loaded = layers.load(city or launch.sample_city(), data, lambda share, text: tell(0.3 * share, text))
        within = part(tell, 0.3, 0.7, indicator)
        results = energy.simulate(loaded, energy.Scenario.baseline(), years=[loaded.base_year], progress=within)
    factors = results.explain(indicator)
    record = {
        "indicator": about.id,
        "unit": about.unit,
        "theme": about.theme,
        "better": about.better,
        "of": list(about.tables),
        "numerator": about.numerator,
        "denominator": about.denominator or None,
        "formula": about.formula,
        "city": loaded.name,
        "year": loaded.base_year,
    }
    if as_json:
        rows = [{k: None if pd.isna(v) else v for k, v in row.items()} for row in factors.to_dict("records")]
        typer.echo(json.dumps({**record, "factors": rows}, ensure_ascii=False))
        return
    for name, value in record.items():
        out.print(f"[bold]{name}[/]: {plain(', '.join(value) if isinstance(value, list) else str(value))}")
    rows = [
        {
            "factor": row["key"],
            "value": row["value"],
            "unit": row["unit"],
            "status": row["status"],
            f"effect of its range [{about.unit}]": ""
            if pd.isna(row["effect_low"])
            else f"{row['effect_low']:+.3g} … {row['effect_high']:+.3g}",
            "source": row["source"],
        }
        for row in factors.to_dict("records")
    ]
    if rows:
        listed(rows, list(rows[0]), as_json=False)


@app.command("new-layer")
def write_layer(
    name: Annotated[str, typer.Argument(help="Name of the layer, e.g. trees.")],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path(),
) -> None:
    """Write a working plugin with a test."""
    for path in new_layer.write(name, out_dir):
        out.print(f"written: {path}")
    out.print(plain(new_layer.how_to(name)))


def _years(text: str) -> tuple[int, ...]:
    found = re.fullmatch(r"(\d{4})(?::(\d{4}))?", text)
    if not found:
        raise TwinError(f"--years {text} is not a span of years; write it as 2024:2030")
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last:
        raise TwinError(f"--years {text}: the first year is after the last")
    if first < _YEARS[0] or last > _YEARS[1]:
        raise TwinError(f"--years {text}: the numbers hold from {_YEARS[0]} to {_YEARS[1]}; choose years between")
    return tuple(range(first, last + 1))


if __name__ == "__main__":
    main()
