"""A plan of eight measures in all 256 combinations on a whole city, split fairly building by building.

The peer is the plain way, the command's calculation started anew for every combination; one such run is timed, without
its hourly part and its ranges, and with its hourly part beside it. The yardstick splits the same table of emissions.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from functools import partial

import numpy as np
import shapely

import layers
from benchmarks._measure import in_turns, peak_mb, prototype, report
from benchmarks.calibrate import _SAMPLE
from energy import Scenario, plan, simulate
from energy.climate import attribution
from energy.climate.coalitions import Coalitions, labels, masked
from energy.memory import Memory
from energy.simulate import Model
from twin import City, Factors

_YEAR, _LIMIT_S, _APART_M = 2030, 60.0, 50_000.0
_LEFT_OUT = ("emission_free_zone", "blend_biofuel")  # ten measures less two


def _city(count: int) -> City:
    """Return the sample city's buildings and streets repeated side by side, and its plants as many times as large."""
    city = layers.load(_SAMPLE)
    tables = dict(city.tables)
    times = count / len(tables["buildings"])
    for name, key, rows in (
        ("buildings", "building_id", count),
        ("roads", "road_id", round(times * len(tables["roads"]))),
    ):
        table = tables[name]
        again = table.iloc[np.arange(rows) % len(table)].reset_index(drop=True)
        east = np.arange(rows) // len(table) * _APART_M
        moved = shapely.force_2d(again["geometry"].to_numpy())
        parts, owner = shapely.get_coordinates(moved, return_index=True)
        parts[:, 0] += east[owner]
        tables[name] = again.assign(
            geometry=shapely.set_coordinates(moved, parts),
            **{key: [f"{i}-{old}" for i, old in enumerate(again[key])]},
        )
    supply = tables["heat_supply"]
    tables["heat_supply"] = supply.assign(**{c: supply[c] * times for c in supply if str(c).endswith(("_mw", "_mwh"))})
    return replace(city, tables=tables)


def main(count: int = 65_000) -> None:
    """Run every combination, check that all adds up, and print the figures."""
    city, factors = _city(count), Factors.read()
    whole = Scenario.read(_SAMPLE / "scenarios" / "plan2030.toml")
    scenario = whole.model_copy(update={"step": tuple(s for s in whole.step if s.measure not in _LEFT_OUT)})
    first = Model(city, plan(city, scenario), Memory())
    first.year(_YEAR, factors, Memory(), None)  # compiles and reads the reference tables

    start, busy = time.perf_counter(), time.process_time()
    model = Model(city, plan(city, scenario), Memory())
    coalitions = Coalitions(model, factors, _YEAR, "territorial", tuple(labels(scenario.step)))
    emissions = coalitions.all()
    ran = time.perf_counter()
    share = attribution.shapley(emissions)
    split = time.perf_counter()
    low, high = attribution.order_range(emissions)
    seconds, busy, held = time.perf_counter() - start, time.process_time() - busy, peak_mb()

    total = emissions[0] - emissions[-1]
    assert len(coalitions.players) == 8
    assert abs(share.sum() / total.sum() - 1) < 1e-9
    assert np.abs(share.sum(axis=0) - total).max() <= 1e-9 * np.abs(emissions[0]).max()
    assert (low <= share + 1e-6).all()
    assert (share <= high + 1e-6).all()
    _check(model, coalitions, emissions, factors)
    assert seconds < _LIMIT_S, f"{seconds} s"

    fresh = in_turns(
        {
            "yearly": lambda: Model(city, plan(city, scenario), Memory()).year(_YEAR, factors, Memory(), None),
            "command": partial(simulate, city, scenario, years=[_YEAR], ranges=False),
        },
        rounds=2,
    )
    figures = {}
    if (module := prototype("shapley_attribution")) is not None:
        assert np.abs(module.shapley(emissions, 8) - share).max() <= 1e-9 * np.abs(emissions[0]).max()
        both = {"ours": partial(attribution.shapley, emissions), "theirs": partial(module.shapley, emissions, 8)}
        best = in_turns(both, rounds=3)
        figures["yardstick_ratio"] = best["ours"] / best["theirs"]
    runs = len(emissions)
    report(
        seconds=seconds,
        processor_seconds=busy,
        work=f"{runs} coalitions of 8 measures on {count} buildings and {len(city['roads'])} roads, yearly model and hourly cooling, one account",
        coalitions_seconds=ran - start,
        shapley_seconds=split - ran,
        interval_seconds=seconds - (split - start),
        evaluations_per_second=runs / seconds,
        peer="the yearly model started anew for every combination (one run timed)",
        ratio=fresh["yearly"] * runs / seconds,
        ratio_with_hours=fresh["command"] * runs / seconds,
        one_run_seconds=fresh["yearly"],
        peak_mb=held,
        **figures,
    )


def _check(model: Model, coalitions: Coalitions, emissions: np.ndarray, factors: Factors) -> None:
    """Compare a few coalitions with the model run with their steps."""
    for mask in (0b10010110, 0b01101001):
        some = masked(model.adoption, [mask >> k & 1 == 1 for k in range(len(coalitions.players))])
        frames = Model(model.city, some, model.prepared).with_hours(_YEAR, factors)
        whole = np.concatenate([frames[t]["co2e_territorial_kg"].to_numpy(float) for t in ("buildings", "roads")])
        assert np.abs(whole - emissions[mask]).max() <= 1e-9 * np.abs(whole).max()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 65_000)
