"""The files of a run: indicators, entities, what it costs, a summary, and a record of everything that went in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

import energy
from energy.climate import inventory, targets
from layers import export
from twin import City, Factors

__all__ = ["write"]


def write(
    folder: Path,
    city: City,
    city_file: Path,
    files: dict[str, Path],
    years: tuple[int, ...],
    done: list[energy.Results],
) -> None:
    """Write what a run gives; the same inputs give the same bytes.

    Parameters
    ----------
    folder : Path
        Where to.
    city : City
    city_file : Path
        Its ``city.toml``.
    files : dict of str to Path
        Scenario files by name.
    years : tuple of int
    done : list of Results
        The baseline first.
    """
    indicators = pd.concat([r.indicators() for r in done], ignore_index=True)
    export.write_csv(indicators, folder / "indicators.csv")
    for table in ("buildings", "roads"):
        if table in city:
            export.write_entities(
                pd.concat([r.table(table) for r in done], ignore_index=True), city, table, folder / f"{table}.parquet"
            )
    paid = [energy.investment(r.stock.buildings, r.adoption, r.factors) for r in done]
    paid = [p.assign(scenario=r.scenario.name) for p, r in zip(paid, done, strict=True)]
    bills = pd.concat(paid, ignore_index=True)
    export.write_csv(bills[["scenario", *bills.columns.drop("scenario")]], folder / "investment.csv")
    factors = Factors.read()
    used = sorted({key for r in done for key in r.factors_used})
    columns = ("key", "year", "value", "low", "high", "unit", "source", "status")
    rows = [{c: getattr(f, c) for c in columns} for key in used for f in factors[key]]
    export.write_json(export.run_record(city, city_file, files, years, rows), folder / "run.json")
    export.write_json(_summary(done), folder / "summary.json")


def _summary(done: list[energy.Results]) -> dict[str, Any]:
    """Return the city's figures of each scenario, and where they stand to the target."""
    out_of_model = inventory.outside_share(2024)
    scenarios = []
    for results in done:
        tidy = results.indicators(by="city")
        first, last = results.years[0], results.years[-1]
        value = tidy.set_index(["indicator", "year"])["value"]
        emitted = value["co2e_territorial_kg"]
        f = Factors.read().at(first)
        wanted = targets.path(1.0, f["target.territorial.rate"], first, pd.Index([last]).to_numpy())[0]
        scenarios.append(
            {
                "scenario": results.scenario.name,
                "indicators": {
                    n: {str(y): _rounded(value[n, y]) for y in results.years}
                    for n in sorted(tidy["indicator"].unique())
                },
                "territorial_change": _rounded(emitted[last] / emitted[first] - 1) if emitted[first] > 0 else None,
                "territorial_change_wanted": _rounded(wanted - 1),
                "conflicts": [str(c) for c in results.adoption.conflicts],
            }
        )
    note = "The target is of the whole territory; the model covers buildings, their energy and road traffic, not industry and the rest."
    return {"scenarios": scenarios, "share_outside_model_2024": _rounded(out_of_model), "note": note}


def _rounded(value: float) -> float | None:
    return None if pd.isna(value) else float(f"{value:.10g}")
