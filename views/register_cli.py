"""The commands ``twin register``: the register of measures as a sheet that offices fill in, and back to a scenario."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

import energy
from energy.climate_plans.action_plan import problems
from energy.register_rows import from_rows, to_rows
from layers.export import atomic
from layers.register import read_register, write_register
from twin import TwinError
from views.console import AsJson, Plugins, err, listed, plugins

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The register of measures as CSV or XLSX.")


@app.command("export")
def export_register(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.")],
    out: Annotated[Path, typer.Option("--out", help="Sheet to write, .csv or .xlsx.")],
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Write a scenario's measures as a sheet, one a row."""
    plugins(plugin)
    rows = to_rows(energy.Scenario.read(scenario))
    if not rows:
        raise TwinError(f"{scenario} has no measure; a register is made of measures")
    write_register(rows, out)
    if as_json:
        listed(rows, list(rows[0]), as_json=True)
        return
    typer.echo(f"{len(rows)} measures written to {out}")


@app.command("import")
def import_register(
    register: Annotated[Path, typer.Argument(help="Sheet, .csv or .xlsx.")],
    out: Annotated[Path, typer.Option("--out", help="Scenario file to write.")],
    onto: Annotated[
        Path | None, typer.Option("--onto", help="Scenario whose name, factors, climate and bodies are kept.")
    ] = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Read a sheet of measures into a scenario; everything that is wrong in it is told at once, by row and column."""
    plugins(plugin)
    kept = energy.Scenario(name=register.stem) if onto is None else energy.Scenario.read(onto)
    rows = read_register(register)
    made = from_rows(rows, kept)
    if not made.register:
        raise TwinError(f"{register} has no measure below its titles; write one a row")
    if lacks := problems(made):
        at = _rows(rows, made)
        raise TwinError(f"{register} is no plan yet:\n  " + "\n  ".join(_with_row(p, at) for p in lacks))
    atomic(out, lambda part: part.write_text(made.to_toml(), encoding="utf-8", newline="\n"))
    if as_json:
        listed([{"id": k, "name": e.name, "status": e.status} for k, e in made.register.items()], [], as_json=True)
        return
    typer.echo(f"{len(made.step)} measures and {len(made.unquantified)} that are not quantified written to {out}")
    err.print("run it with: twin plan CITY --scenario FILE")


def _rows(rows: list[dict[str, str]], made: energy.Scenario) -> dict[str, str]:
    """Return the row of every measure by its id, those with physics first as in the register."""
    steps, others = ([r for r in rows if bool(r.get("measure", "").strip()) is wanted] for wanted in (True, False))
    return {key: r["row"] for key, r in zip(made.register, [*steps, *others], strict=True)}


def _with_row(problem: str, at: Mapping[str, str]) -> str:
    """Put the rows of the measures that a problem begins with before it."""
    named = [k for k in re.split(r"[:,]? ", problem.partition(" require each other")[0]) if k in at]
    first = named if " require each other" in problem else named[:1]
    return f"row {', '.join(at[k] for k in first)}, {problem}" if first else problem
