"""What commands share: their options, progress, and how they print."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

import energy
import layers
from twin.registry import load_plugin

__all__ = [
    "AsJson",
    "Data",
    "Folder",
    "Out",
    "Plugins",
    "ScenarioFile",
    "Tell",
    "Year",
    "err",
    "known",
    "listed",
    "one_year",
    "out",
    "part",
    "plain",
    "plugins",
    "progress",
    "show_figures",
]

out = Console()
err = Console(stderr=True, highlight=False)

Tell = Callable[[float, str], None]
Folder = Annotated[Path, typer.Argument(help="Folder with city.toml.")]
Data = Annotated[Path | None, typer.Option("--data", help="The layers' files lie here instead of beside city.toml.")]
Plugins = Annotated[list[Path] | None, typer.Option("--plugin", help="Python file that registers layers or measures.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
Year = Annotated[int | None, typer.Option("--year", help="Calendar year; the city's base year by default.")]
ScenarioFile = Annotated[Path | None, typer.Option("--scenario", help="Scenario file; today's city without.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the results.")]


def plain(text: str) -> str:
    """Keep rich from reading brackets in a message as mark-up."""
    return text.replace("[", r"\[")


def part(tell: Tell, start: float, step: float, name: str) -> Tell:
    """Return a teller for a part of the work."""
    return lambda share, _text: tell(start + step * share, name)


def one_year(
    city: Path, data: Path | None, plugin: list[Path] | None, scenario: Path | None, year: int | None, tell: Tell
) -> tuple[energy.Results, int]:
    """Load the city and calculate the one year that is asked for, or its base year."""
    plugins(plugin)
    loaded = layers.load(city, data, lambda share, text: tell(0.3 * share, text))
    when = loaded.base_year if year is None else year
    plan = energy.Scenario.baseline() if scenario is None else energy.Scenario.read(scenario)
    results = energy.simulate(loaded, plan, years=[when], ranges=False, progress=part(tell, 0.3, 0.4, str(when)))
    return results, when


def known(figures: Mapping[Any, Any]) -> dict[str, Any]:
    """Return figures as JSON can hold them: what is not known, or never comes, is null."""
    return {str(k): None if isinstance(v, float) and not math.isfinite(v) else v for k, v in figures.items()}


def show_figures(figures: Mapping[str, Any]) -> None:
    """Print figures as a table; a dash for what is not known."""
    rows = [{"figure": k, "value": "-" if v is None else v} for k, v in figures.items()]
    listed(rows, ["figure", "value"], as_json=False)


def listed(rows: list[dict[str, Any]], columns: list[str], as_json: bool) -> None:
    """Print rows as a table or as JSON."""
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(plain(_cell(row[c])) for c in columns))
    out.print(table)


def _cell(value: Any) -> str:
    """Return a value as a cell of a table; of parameters, the name of each and its default."""
    if isinstance(value, dict):
        return "\n".join(f"{k} = {about['default']}" if about.get("default") else k for k, about in value.items())
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"
    return "" if value is None else str(value)


def plugins(files: list[Path] | None) -> None:
    """Load the plugins that the caller names."""
    for file in files or []:
        load_plugin(file)


@contextmanager
def progress() -> Iterator[Tell]:
    """Show progress on a terminal; say nothing elsewhere."""
    if not err.is_terminal or os.environ.get("CI"):
        yield lambda _share, _text: None
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), console=err, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share, text: bar.update(task, completed=share, description=text)
