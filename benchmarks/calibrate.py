"""A hundred thousand buildings, six of ten declared, calibrated by the hourly model."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

import layers
from benchmarks._measure import peak_mb, report
from energy.buildings.hourly import hourly_demand, stock_drivers
from energy.calibrate import Declared, fit
from energy.memory import Memory
from energy.stock import Stock
from twin import Factors, reference

_SAMPLE = Path(__file__).parents[1] / "sample_data"
_DECLARED_SHARE = 0.6


def main(count: int = 100_000) -> None:
    """Repeat the sample city's heated buildings, draw what they use, and find it again."""
    f = Factors.read().at(2024)
    city = layers.load(_SAMPLE)
    stock = Stock.of(city, Memory(), f)
    drivers = stock_drivers(city["weather"], f)
    heated = stock.buildings[stock.buildings["floor_area_m2"] > 0]
    b = heated.iloc[np.arange(count) % len(heated)].reset_index(drop=True)
    r = np.random.default_rng(4)
    b = b.assign(u_wall_w_m2k=b["u_wall_w_m2k"] * r.uniform(0.8, 1.2, count))

    def model(some: pd.DataFrame) -> np.ndarray:
        return hourly_demand(some, drivers, stock.season.outdoor_c, f, warm_wanted=False).heat_kwh.sum(axis=0)

    declared = np.flatnonzero(r.random(count) < _DECLARED_SHARE)
    row = np.full(count, -1, np.intp)
    row[declared] = np.arange(len(declared))
    true = np.exp(r.normal(0, 0.25, len(declared)))
    target = model(b.iloc[declared].assign(loss_factor=true))
    kinds = len(reference.table("archetypes"))
    columns = {
        "declaration_id": np.array([f"d{k}" for k in range(len(declared))], object),
        "target_kwh": target,
        "kind": r.integers(0, kinds, len(declared)),
        "flag": np.where(target > 0, "", "no heat"),
    }
    start = time.perf_counter()
    _, table = fit(b, Declared(pd.DataFrame(columns), row), model, kinds)
    seconds = time.perf_counter() - start
    met = table["met"].to_numpy(bool)
    off = np.abs(table["after_kwh"].to_numpy(float)[met] / target[met] - 1)
    assert met.mean() > 0.99, f"only {met.mean():.1%} were met"
    assert off.max() < 1e-3, f"a fit is off by {off.max()}"
    report(
        seconds=seconds,
        work=f"{len(declared)} declared of {count} buildings fitted and predicted from 5 folds, 8760 h each time",
        met=float(met.mean()),
        largest_miss=float(off.max()),
        peak_mb=peak_mb(),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
