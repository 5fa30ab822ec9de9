"""Electricity of a whole city in every hour, added up to grid areas: from the year's results to peaks and headroom.

The time is all that a caller waits for once the year is simulated: the hourly model of heat that gives the shapes, the
shapes of every end use, solar cells of every roof, the sums of the areas, all their hours, and what comes of them. The
peer is the plain way, a series of 8,760 numbers for one building after the other, timed on some of them.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import pandas as pd

import layers
from benchmarks._measure import peak_mb, report
from benchmarks.calibrate import _SAMPLE
from energy.buildings.demand import demand
from energy.buildings.hourly import stock_drivers
from energy.electrification.end_use import EndUse, charging_use, normalised
from energy.electrification.headroom import headroom, peak_causes
from energy.electrification.hourly_electricity import AreaLoad, aggregate, self_consumption
from energy.electrification.profiles import cooling_shapes, end_uses, heat_shapes
from energy.electrification.rooftops import rooftops
from energy.memory import Memory
from energy.stock import Stock
from twin import Factors

_AREAS = 1500
_PEER_BUILDINGS = 300
_ROUNDS = 4
_LIMIT_S, _LIMIT_MB = 5.0, 2048


def _city(count: int) -> dict[str, Any]:
    """Return the sample city's buildings repeated, with cars and with the year's results."""
    f = Factors.read().at(2030)
    city = layers.load(_SAMPLE)
    stock = Stock.of(city, Memory(), f)
    again = np.arange(count) % len(stock.buildings)
    r = np.random.default_rng(7)
    b = stock.buildings.iloc[again].reset_index(drop=True)
    b["radiator_at_0_c"] = r.uniform(30, 45, count)
    return {
        "f": f,
        "air": stock.season.temp_air_c,
        "weather": city["weather"],
        "model": (b, stock_drivers(city["weather"], f), stock.season.outdoor_c, stock.season.temp_air_c, f),
        "buildings": b,
        "outlines": pd.DataFrame(city["buildings"][["geometry", "use", "height_m"]]).iloc[again].reset_index(drop=True),
        "needs": demand(b, stock.season, f),
        "driven": r.uniform(0, 4000, (count, 4)) * (r.random((count, 4)) < 0.3),
        "plugged": normalised(r.random((4, 8760)) ** 4),
        "area": r.integers(-1, _AREAS, count),
        "new": r.random(count) < 0.05,
        "stations": pd.DataFrame({"grid_area_id": np.arange(_AREAS).astype(str), "rating_kw": 400.0}),
    }


def _run(c: dict[str, Any]) -> tuple[dict[str, float], tuple[Any, ...]]:
    """Return the seconds of each part of one pass, and what it found."""
    parts: dict[str, float] = {}
    start = time.perf_counter()

    def lap(name: str) -> None:
        parts[f"{name}_seconds"] = time.perf_counter() - start - sum(parts.values())

    space = heat_shapes(*c["model"])
    lap("heat_model")
    cool = cooling_shapes(*c["model"])
    lap("cooling_model")
    inside = end_uses(c["needs"], c["buildings"], space, c["air"], c["f"], cool)
    uses = (*inside, charging_use(c["driven"], c["plugged"]))
    lap("shapes")
    pv = [rooftops(c["outlines"], c["weather"], c["f"]).potential()]
    lap("roofs")
    load = aggregate(uses, c["area"], _AREAS, pv, c["new"])
    lap("aggregate")
    table = headroom(load, c["stations"])
    causes = peak_causes(load, table["peak_hour"].to_numpy())
    lap("headroom")
    consumed = self_consumption(load)
    lap("self_consumption")
    return parts, (load, uses, table, causes.peak_kw, consumed)


def main(count: int = 65_000) -> None:
    """Add the hours of `count` buildings up, check the sums, and print the figures of the best of a few passes."""
    city = _city(count)
    _run(city)  # the compiler's time is not counted
    passes = [_run(city) for _ in range(_ROUNDS)]
    parts, found = min(passes, key=lambda p: sum(p[0].values()))
    slowest = max(sum(p[0].values()) for p in passes)
    seconds, held = sum(parts.values()), peak_mb()
    load, uses = found[:2]
    _check(*found)
    assert seconds < _LIMIT_S, f"{seconds} s"
    assert held < _LIMIT_MB, f"{held} MB"
    peer = _one_by_one(uses, city["area"]) * count / _PEER_BUILDINGS
    report(
        seconds=seconds,
        slowest_seconds=slowest,
        work=f"{count} buildings, {len(load.shapes)} shapes and {len(load.made_shapes)} planes, x 8760 h in {_AREAS} grid areas",
        **parts,
        peer="one series a building, this room's own shapes (extrapolated)",
        ratio=peer / (parts["aggregate_seconds"] + parts["headroom_seconds"]),
        peak_mb=held,
    )


def _one_by_one(uses: tuple[EndUse, ...], area: np.ndarray) -> float:
    """Return the seconds of adding some buildings' series up one after the other."""
    total = np.zeros((_AREAS + 1, 8760))
    start = time.perf_counter()
    for use in uses:
        mine = np.flatnonzero(use.building < _PEER_BUILDINGS)
        for i, s, e in zip(use.building[mine], use.shape[mine], use.energy_kwh[mine], strict=True):
            total[area[i]] += e * use.shapes[s]
    return time.perf_counter() - start


def _check(
    load: AreaLoad, uses: tuple[EndUse, ...], table: pd.DataFrame, stacked_kw: np.ndarray, consumed: pd.DataFrame
) -> None:
    """Raise where a sum is not kept."""
    year = sum(float(u.energy_kwh.sum()) for u in uses)
    assert abs(load.city.load_kw.sum() / year - 1) < 1e-9
    by_building = sum(np.bincount(u.shape, u.energy_kwh, len(u.shapes)) @ u.shapes for u in uses)
    assert np.abs(load.city.load_kw / by_building - 1).max() < 1e-9
    assert np.abs(stacked_kw / table["peak_kw"].to_numpy() - 1).max() < 1e-9
    off = consumed["pv_kwh"] + consumed["import_kwh"] - consumed["load_kwh"] - consumed["export_kwh"]
    assert (off.abs() / consumed["load_kwh"]).max() < 1e-9


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 65_000)
