"""The files of a climate plan, and the folders of earlier runs read back as snapshots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import energy
from energy.climate_plans.accounts import accounts
from energy.climate_plans.action_plan import ActionPlan
from energy.climate_plans.climate_budget import ClimateBudget
from energy.climate_plans.follow_up import FollowUp, Snapshot, scenario_steps
from energy.climate_plans.investment_plan import InvestmentPlan
from energy.climate_plans.justice import Distribution
from energy.climate_plans.portfolio import Portfolio
from layers import export
from twin import City, TwinError
from twin.errors import did_you_mean

__all__ = ["investment_tables", "snapshot", "write_budget", "write_follow_up", "write_investment", "write_plan"]

_SIZES = ["population", "floor_area_m2", "vehicle_km"]
_WHICH = ["scenario", "year"]


def write_plan(
    folder: Path, city: City, city_file: Path, scenario_file: Path, found: Portfolio, told: ActionPlan
) -> None:
    """Write an action plan with everything that it rests on; the same inputs give the same bytes."""
    tables = {
        "action_plan": told.rows,
        "curves": told.curves,
        "remains": told.remains,
        "sectors": told.sectors,
        "accounts": accounts(found),
        "wedges": found.wedges,
        "bodies": found.bodies,
        "interactions": found.interactions.rename_axis("id").reset_index(),
        "ledger": _ledger([found.baseline, found.plan]),
    }
    for name, table in tables.items():
        export.write_csv(table, folder / f"{name}.csv")
    plan = found.plan
    columns = ("key", "year", "value", "low", "high", "unit", "source", "status")
    factors = [{c: getattr(f, c) for c in columns} for key in plan.factors_used for f in plan.factors[key]]
    record = export.run_record(city, city_file, {plan.scenario.name: scenario_file}, plan.years, factors)
    record["scenario"] = plan.scenario.model_dump(mode="json", exclude_defaults=True)
    record["conflicts"] = list(told.conflicts)
    export.write_json(record, folder / "run.json")


def write_budget(folder: Path, budget: ClimateBudget) -> None:
    """Write a climate budget."""
    tables = {
        "budget": budget.rows,
        "budget_caps": budget.caps,
        "budget_totals": budget.totals,
        "budget_reporting": budget.reporting,
        "budget_unquantified": budget.unquantified,
    }
    for name, table in tables.items():
        export.write_csv(table, folder / f"{name}.csv")


def investment_tables(money: InvestmentPlan, found: Distribution) -> dict[str, pd.DataFrame]:
    """Return the tables of an investment plan by name, remarks in words."""
    return {
        "measures": money.measures,
        "years": money.rows,
        "payers": money.payers,
        "funding": money.funding,
        "npv": money.npv,
        "cost_per_tonne": money.cost_per_tonne,
        "curve": money.curve,
        "flows": money.flows,
        "groups": found.groups,
        "areas": found.areas,
        "benefits": found.benefits,
        "not_priced": money.not_priced.astype({"why": str}),
        "assumptions": money.assumptions.astype({"remark": str}),
        "unknown": pd.DataFrame({"remark": [str(u) for u in found.unknown]}, dtype=str),
    }


def write_investment(folder: Path, money: InvestmentPlan, found: Distribution) -> None:
    """Write an investment plan."""
    for name, table in investment_tables(money, found).items():
        export.write_csv(table, folder / f"investment_{name}.csv")


def write_follow_up(folder: Path, found: FollowUp) -> None:
    """Write why emissions changed."""
    for name in ("changes", "causes", "totals"):
        export.write_csv(getattr(found, name), folder / f"{name}.csv")


def _ledger(done: list[energy.Results]) -> pd.DataFrame:
    parts = []
    for results in done:
        for year in results.years:
            s = Snapshot.of(results, year)
            sizes = {name: getattr(s, name) for name in _SIZES}
            which = {"scenario": s.name, "year": year, **sizes}
            parts.append(s.ledger.assign(**which)[[*_WHICH, *_SIZES, "part", "carrier", "energy_kwh", "co2e_kg"]])
    return pd.concat(parts, ignore_index=True)


def snapshot(folder: Path, scenario: str, year: int | None) -> Snapshot:
    """Read a year of a scenario from a folder that ``twin run`` or ``twin plan`` has written.

    Parameters
    ----------
    folder : Path
    scenario : str
        The only one besides the baseline, if empty.
    year : int, optional
        The last one without.

    Raises
    ------
    TwinError
        When the folder is none of them, or lacks the scenario or the year.
    """
    record = _record(folder)
    is_plan = (folder / "ledger.csv").is_file()
    try:
        if is_plan:
            table = pd.read_csv(folder / "ledger.csv")
        else:
            table = pd.read_parquet(folder / "buildings.parquet").drop(columns="geometry")
    except (OSError, ValueError) as error:
        raise TwinError(
            f"{folder} holds no readable run: {error}; name a folder of `twin run` or `twin plan`"
        ) from error
    name, when = _which(folder, table, scenario, year)
    inputs = _inputs(record)
    rows = table[(table["scenario"] == name) & (table["year"] == when)].reset_index(drop=True)
    if is_plan:
        people, area, km = (float(rows[c].iloc[0]) for c in _SIZES)
        of_carriers = rows[["part", "carrier", "energy_kwh", "co2e_kg"]]
        return Snapshot(name, when, people, area, km, of_carriers, inputs)
    roads = _roads(folder, name, when)
    return Snapshot.made(name, when, _people(folder, name, when), rows, roads, inputs)


def _record(folder: Path) -> dict[str, Any]:
    file = folder / "run.json"
    try:
        record = dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise TwinError(f"{folder} holds no run.json; name a folder of `twin run` or `twin plan`") from error
    if missing := {"versions", "city", "layers", "scenarios", "factors"} - set(record):
        raise TwinError(f"{file} is no record of a run: it lacks {', '.join(sorted(missing))}; run it anew")
    return record


def _which(folder: Path, table: pd.DataFrame, scenario: str, year: int | None) -> tuple[str, int]:
    names = list(dict.fromkeys(table["scenario"]))
    others = [n for n in names if n != energy.Scenario.baseline().name]
    if not scenario and len(others) > 1:
        raise TwinError(f"{folder} holds {', '.join(others)}; say which with --scenario")
    name = scenario or (others or names)[0]
    if name not in names:
        raise TwinError(f"{folder} has no scenario {name!r}{did_you_mean(name, names)}")
    years = sorted({int(y) for y in table["year"]})
    when = years[-1] if year is None else year
    if when not in years:
        raise TwinError(f"{folder} has no year {when}; it has {', '.join(map(str, years))}")
    return name, when


def _roads(folder: Path, name: str, year: int) -> pd.DataFrame:
    columns = ["vehicle_km", "fuel_kwh", "biofuel_kwh", "traffic_electricity_kwh", "co2e_territorial_kg"]
    file = folder / "roads.parquet"
    if not file.is_file():
        return pd.DataFrame({c: pd.Series(dtype=float) for c in columns})
    table = pd.read_parquet(file, columns=["scenario", "year", *columns])
    return table[(table["scenario"] == name) & (table["year"] == year)]


def _people(folder: Path, name: str, year: int) -> float:
    """Return the inhabitants that the indicators were divided by; none where they are not known."""
    table = pd.read_csv(folder / "indicators.csv", keep_default_na=False, na_values={"value": [""]})
    rows = table[(table["scenario"] == name) & (table["year"] == year) & (table["area_id"] == "city")]
    value = rows.set_index("indicator")["value"].astype(float)
    a_head = value.get("co2e_territorial_kg_per_inhabitant", float("nan"))
    return float(value["co2e_territorial_kg"] / a_head) if a_head > 0 else 0.0


def _inputs(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record says went in, in the shape that is compared."""
    factors: dict[str, dict[str, float]] = {}
    for row in record["factors"]:
        factors.setdefault(row["key"], {})[str(row["year"])] = row["value"]
    return {
        **{part: record[part] for part in ("versions", "city", "scenarios")},
        "layers": {name: about["sha256"] for name, about in record["layers"].items()},
        "factors": factors,
        "scenario": scenario_steps(record.get("scenario", {})),
    }
