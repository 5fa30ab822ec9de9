"""The commands of climate planning: the plan, who gives what, its budget, targets, follow-up, investments, uncertainty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import typer

import energy
import layers
from energy.climate import attribution
from energy.climate.coalitions import Coalitions, labels
from energy.climate_plans import action_plan as plans
from energy.climate_plans.accounts import accounts
from energy.climate_plans.burn_down import Target, burn_down, city_targets
from energy.climate_plans.climate_budget import climate_budget, years_of
from energy.climate_plans.follow_up import follow_up as followed
from energy.climate_plans.justice import flagged
from energy.climate_plans.robustness import robustness
from energy.climate_plans.strategy import Strategy, freeze
from energy.climate_plans.verdict import verdict
from energy.memory import Memory
from energy.simulate import Model, in_climate
from layers import export
from twin import Factors, TwinError
from views import plan_files
from views.console import AsJson, Data, Folder, Out, Plugins, known, listed, plugins, progress, show_figures
from views.plan_console import Plan, Years, checked, notes, planned, records, show, span_of, written

__all__ = ["app"]

app = typer.Typer()

Basis = Annotated[Literal["per_capita", "absolute"], typer.Option("--basis", help="How the city's target is read.")]
Account = Annotated[
    Literal["territorial", "lifecycle", "marginal"], typer.Option("--account", help="Whose emissions are counted.")
]
_SHOWN = ["id", "status", "responsible", "effect_t", "least_t", "most_t", "cumulative_t", "share"]
_PAIRS = 100  # orders and their reverses, where measures are more than all sets of them can be run
_KG_PER_T = 1000.0


@app.command()
def plan(
    city: Folder,
    scenario: Plan,
    years: Years = "2024:2030",
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Make the action plan: what each measure gives so that the parts add up, three curves, and what remains."""
    span = span_of(years)
    export.check_folder(out_dir)
    loaded, chosen = checked(city, scenario, data, plugin)
    found = planned(loaded, chosen, span)
    told = plans.action_plan(found)
    if out_dir is not None:
        plan_files.write_plan(out_dir, loaded, city / "city.toml", scenario, found, told)
        if all(y in span for y in years_of(span[-1] - 3)):
            plan_files.write_budget(out_dir, climate_budget(found, span[-1] - 3))
    tables = {
        "rows": told.rows,
        "curves": told.curves,
        "remains": told.remains,
        "sectors": told.sectors,
        "accounts": accounts(found),
    }
    if as_json:
        rest = {"conflicts": list(told.conflicts), "goal_year": told.goal_year}
        typer.echo(json.dumps({**{n: records(t) for n, t in tables.items()}, **rest}, ensure_ascii=False))
    else:
        effect = told.rows["effect_t"].astype(object).where(told.rows["effect_t"].notna(), told.rows["quantified"])
        show(told.rows.assign(effect_t=effect), _SHOWN)
        for table in (
            told.curves,
            told.remains,
            told.sectors[["sector", "model", "now_t", "after_plan_t", "share_of_rest"]],
            tables["accounts"][tables["accounts"]["year"] == told.goal_year],
        ):
            show(table)
    notes(told.conflicts)
    written(out_dir)


@app.command()
def attribute(
    city: Folder,
    scenario: Plan,
    by: Annotated[str, typer.Option("--by", help="step, responsible, status or measure.")] = "step",
    year: Annotated[int, typer.Option("--year", help="Calendar year.")] = 2030,
    account: Account = "territorial",
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Share out a plan's reduction: the fair share of each measure or body, alone, last, and over all orders."""
    export.check_folder(out_dir)
    loaded, chosen = checked(city, scenario, data, plugin)
    with progress() as tell:
        tell(0.3, str(year))
        factors = Factors.read().override(chosen.factors)
        model = Model(in_climate(loaded, chosen), energy.plan(loaded, chosen), Memory())
        groups = list(chosen.ids) if by == "step" else labels(chosen.step, by)
        table = _shares(Coalitions(model, factors, year, account, tuple(groups)), by)
    if out_dir is not None:
        export.write_csv(table, out_dir / "attribution.csv")
    listed(records(table), list(table), as_json)
    written(out_dir)


def _shares(run: Coalitions, by: str) -> pd.DataFrame:
    """Return the share of each player [t]; least and most are blank where not all sets can be run."""
    n = len(run.players)
    if n <= attribution.MOST:
        sums = run.all().sum(axis=1)
        share, error = attribution.shapley(sums), np.zeros(n)
        alone, last = attribution.first_in(sums), attribution.last_in(sums)
        least, most = attribution.order_range(sums)
    else:
        share, error = attribution.sampled(lambda s: np.asarray(run(s).sum()), n, _PAIRS)
        whole = (1 << n) - 1
        nothing, everything = float(run(0).sum()), float(run(whole).sum())
        alone = np.array([nothing - run(1 << i).sum() for i in range(n)])
        last = np.array([run(whole & ~(1 << i)).sum() - everything for i in range(n)])
        least = most = np.full(n, np.nan)
    kg = {"share_t": share, "error_t": error, "alone_t": alone, "last_t": last, "least_t": least, "most_t": most}
    return pd.DataFrame({by: run.players, **{name: values / _KG_PER_T for name, values in kg.items()}})


@app.command()
def budget(
    city: Folder,
    scenario: Plan,
    from_year: Annotated[int, typer.Option("--from", help="The first of four years.")] = 2027,
    basis: Basis = "per_capita",
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Make the climate budget of four years: caps by sector, baseline, the effect of each measure, who reports."""
    export.check_folder(out_dir)
    loaded, chosen = checked(city, scenario, data, plugin)
    span = tuple(sorted({loaded.base_year, *years_of(from_year)}))
    if span[0] < loaded.base_year:
        raise TwinError(f"--from {from_year} lies before the city's base year {loaded.base_year}; budget from then on")
    found = planned(loaded, chosen, span)
    told = climate_budget(found, from_year, basis)
    if out_dir is not None:
        plan_files.write_budget(out_dir, told)
    tables = {"rows": told.rows, "caps": told.caps, "totals": told.totals}
    if as_json:
        tables |= {"reporting": told.reporting, "unquantified": told.unquantified}
        typer.echo(json.dumps({n: records(t) for n, t in tables.items()}, ensure_ascii=False))
    else:
        show(told.rows)
        show(told.totals)
    notes(plans.remedies(found.plan.scenario, found.conflicts))
    written(out_dir)


@app.command()
def targets(
    base: Annotated[
        float | None, typer.Option("--base", help="Value of the base year; the city's own without.")
    ] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="Least reduction a year, e.g. 0.103.")] = None,
    base_year: Annotated[int, typer.Option("--from", help="Base year.")] = 2018,
    goal_year: Annotated[int, typer.Option("--to", help="Goal year.")] = 2030,
    actual: Annotated[float | None, typer.Option("--actual", help="Latest known value.")] = None,
    actual_year: Annotated[int | None, typer.Option("--actual-year", help="Its year.")] = None,
    goal: Annotated[float | None, typer.Option("--goal", help="What is wanted in the goal year.")] = None,
    co2_budget: Annotated[
        float | None, typer.Option("--budget", help="What may be emitted after the latest known year.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell a target: its path, the gap, the rate that is needed now, what is left of the budget."""
    if base is None and actual is None and goal is None:
        table, figures = city_targets(goal_year, Factors.read())
    else:
        first = base_year if base is not None or actual_year is None else actual_year
        told = burn_down(Target(base, rate, first, goal_year, actual, actual_year, goal, co2_budget))
        table, figures = told.path, told.figures
    if as_json:
        typer.echo(json.dumps({"figures": known(figures), "path": records(table)}))
        return
    show_figures(known(figures))
    show(table)


@app.command("follow-up")
def follow_up(
    before: Annotated[Path, typer.Argument(help="Folder of an earlier run or plan.")],
    after: Annotated[Path, typer.Argument(help="Folder of a later one.")],
    scenario: Annotated[str, typer.Option("--scenario", help="Its name, where a folder holds several.")] = "",
    before_year: Annotated[int | None, typer.Option("--before-year", help="Year of the earlier; its last.")] = None,
    after_year: Annotated[int | None, typer.Option("--after-year", help="Year of the later; its last.")] = None,
    out_dir: Out = None,
    as_json: AsJson = False,
) -> None:
    """Tell what changed between two runs: inputs, and why emissions moved, factor by factor without a rest."""
    ends = [plan_files.snapshot(f, scenario, y) for f, y in ((before, before_year), (after, after_year))]
    found = followed(*ends)
    if out_dir is not None:
        plan_files.write_follow_up(out_dir, found)
    tables = {"totals": found.totals, "causes": found.by_factor, "changes": found.changes}
    if as_json:
        typer.echo(json.dumps({n: records(t) for n, t in tables.items()}, ensure_ascii=False))
        return
    for table in tables.values():
        show(table)
    written(out_dir)


@app.command("strategy")
def freeze_strategy(
    city: Folder,
    scenario: Plan,
    out: Annotated[Path, typer.Option("--out", help="File of the frozen strategy (JSON).")],
    goal_year: Annotated[int, typer.Option("--goal-year", help="Year of the goal.")] = 2030,
    data: Data = None,
    plugin: Plugins = None,
) -> None:
    """Freeze a scenario with targets and the hash of all numbers: the year's strategy, which investments are tested against."""
    _, chosen = checked(city, scenario, data, plugin)
    frozen = freeze(chosen, Factors.read(), goal_year)
    export.write_json(frozen.record(), out)
    typer.echo(f"{frozen.sha256}  {out}")


@app.command("test-investment")
def judge_investment(
    city: Folder,
    strategy: Annotated[Path, typer.Option("--strategy", help="Frozen strategy.")],
    measure: Annotated[Path, typer.Option("--measure", help="Scenario file with one measure.")],
    justice: Annotated[
        Literal["calculated", "flagged", "clear", "unknown"],
        typer.Option("--justice", help="Whether its burdens are flagged; calculated from costs, rents and incomes."),
    ] = "calculated",
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Test one investment against the frozen strategy: contributes, in part or not, with every reason."""
    plugins(plugin)
    frozen = Strategy.read(_text(strategy), str(strategy))
    steps = energy.Scenario.read(measure).step
    if len(steps) != 1:
        raise TwinError(f"{measure} holds {len(steps)} measures; test one at a time")
    with progress() as tell:
        loaded = layers.load(city, data, lambda share, text: tell(0.3 * share, text))
        flag = {"flagged": True, "clear": False}.get(justice)
        if justice == "calculated":
            tell(0.3, "justice")
            flag = flagged(loaded, steps[0], max(frozen.goal_year, steps[0].end, loaded.base_year + 1))
        found = verdict(loaded, frozen, steps[0], justice_flag=flag)
    record = found.record()
    if out_dir is not None:
        export.write_json(record, out_dir / "verdict.json")
    if as_json:
        typer.echo(json.dumps(record, ensure_ascii=False, sort_keys=True))
        return
    typer.echo(f"{found.measure}: {found.conclusion}")
    listed(record["reasons"], ["rule", "outcome", "value", "limit", "unit", "note"], as_json=False)
    listed(record["effects"], list(record["effects"][0]), as_json=False)
    for name, sha in found.inputs.items():
        typer.echo(f"{name}: {sha}")
    written(out_dir)


@app.command()
def uncertainty(
    city: Folder,
    scenario: Annotated[list[Path], typer.Option("--scenario", help="One plan, or at least three scenarios.")],
    draws: Annotated[int, typer.Option("-n", "--draws", min=1, help="Possible worlds.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same worlds.")] = 1,
    year: Annotated[int, typer.Option("--year", help="Goal year.")] = 2030,
    account: Account = "territorial",
    hourly: Annotated[bool, typer.Option("--hourly", help="Run the hourly model in every world.")] = False,
    most: Annotated[int, typer.Option("--factors", min=1, help="Factors whose Sobol indices are computed.")] = 6,
    sobol: Annotated[int, typer.Option("--sobol", min=0, help="Draws of those, a power of two; 0 for none.")] = 32,
    cost: Annotated[
        list[str] | None, typer.Option("--yearly-cost", help="NAME=SEK of each option: regret in kronor.")
    ] = None,
    data: Data = None,
    out_dir: Out = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Say how sure a plan is: probability of the target, what matters most, what is worth learning, least regret."""
    export.check_folder(out_dir)
    loaded, first = checked(city, scenario[0], data, plugin)
    several = (first, *(energy.Scenario.read(f) for f in scenario[1:]))
    chosen = several[0] if len(several) == 1 else several
    with progress() as tell:
        found = robustness(
            loaded, chosen, draws, seed, year=year, account=account, hourly=hourly, most=most, sobol_draws=sobol,
            yearly_cost_sek=_costs(cost), progress=tell,
        )  # fmt: skip
    tables = {
        "options": found.options,
        "regret": found.regret,
        "sensitivity": found.sensitivity,
        "learning": found.learning,
    }
    if out_dir is not None:
        for name, table in {**tables, "draws": found.emissions_t}.items():
            export.write_csv(table, out_dir / f"{name}.csv")
    if as_json:
        rest = {"main": found.main, "year": found.year, "account": found.account, "unit": found.unit}
        typer.echo(json.dumps({**{n: records(t) for n, t in tables.items()}, **rest}, ensure_ascii=False))
        return
    for name, table in tables.items():
        typer.echo(f"{name} [{found.unit}]" if name in ("regret", "learning") else name)
        show(table.head(10))
    written(out_dir)


def _costs(given: list[str] | None) -> dict[str, float] | None:
    if not given:
        return None
    try:
        return {name: float(sek) for name, _, sek in (g.rpartition("=") for g in given)}
    except ValueError as error:
        raise TwinError(f"--yearly-cost {' '.join(given)}: write NAME=SEK, e.g. 'Plan 2030=120e6'") from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TwinError(f"there is no readable file {file}") from error
