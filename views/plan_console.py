"""What the commands of climate planning share: a plan is checked before the long work, years, and how tables print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import energy
import layers
from energy.climate_plans import action_plan as plans
from energy.climate_plans.portfolio import Portfolio, portfolio
from twin import City, TwinError
from views.console import err, known, listed, part, plain, plugins, progress

__all__ = ["Plan", "Years", "checked", "notes", "planned", "records", "show", "span_of", "written"]

Plan = Annotated[Path, typer.Option("--scenario", help="Scenario file with the register of measures.")]
Years = Annotated[str, typer.Option("--years", help="2024:2030, or years with commas between.")]


def checked(city: Path, scenario: Path, data: Path | None, plugin: list[Path] | None) -> tuple[City, energy.Scenario]:
    """Load a city and a plan; what the register lacks is told at once, before the long work."""
    plugins(plugin)
    chosen = energy.Scenario.read(scenario)
    with progress() as tell:
        loaded = layers.load(city, data, tell)
    if lacks := plans.problems(chosen, energy.plan(loaded, chosen).conflicts):
        raise TwinError(f"{scenario} is no plan yet:\n  " + "\n  ".join(lacks))
    return loaded, chosen


def planned(loaded: City, chosen: energy.Scenario, years: tuple[int, ...]) -> Portfolio:
    """Return the plan beside its baseline, shared out, with progress."""
    with progress() as tell:
        return portfolio(loaded, chosen, years=years, progress=part(tell, 0.0, 1.0, chosen.name))


def span_of(text: str) -> tuple[int, ...]:
    """Return years as they are asked for, rising."""
    try:
        first, colon, last = text.partition(":")
        years = range(int(first), int(last) + 1) if colon else sorted({int(y) for y in text.split(",")})
    except ValueError as error:
        raise TwinError(f"--years {text} are no years; write 2024:2030, or 2024,2027,2030") from error
    if not years:
        raise TwinError(f"--years {text}: the first year is after the last")
    if not 1990 <= years[0] <= years[-1] <= 2100:
        raise TwinError(f"--years {text}: the numbers hold from 1990 to 2100; choose years between")
    return tuple(years)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON can hold them."""
    return [known(r) for r in table.to_dict("records")]


def show(table: pd.DataFrame, columns: list[str] | None = None) -> None:
    """Print a table."""
    listed(records(table), columns or list(table), as_json=False)


def notes(sentences: tuple[str, ...] | list[str]) -> None:
    """Print remarks beside the result."""
    for sentence in sentences:
        err.print(f"[yellow]note:[/] {plain(sentence)}", soft_wrap=True)


def written(out_dir: Path | None) -> None:
    """Say where files were written."""
    if out_dir is not None:
        err.print(f"written to {out_dir}")
