"""A year of eight heat plants: cheapest first against the linear programme by HiGHS, and the programme of a tank.

Ours is timed twice: as a caller gets it, with who runs, what is missing and the last unit of every hour (`running`), and
as the heat alone (`merit_order`), which is what the yardstick returns. HiGHS is timed with its matrices built, with and
without presolve, and the faster of the two is the peer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import highspy
import numpy as np
from highspy._core import _Highs as Solver

from benchmarks._measure import in_turns, peak_mb, prototype, report
from energy.district_heating.supply.dispatch import merit_order, running
from energy.district_heating.supply.storage import Tank, linear_programme, with_storage

_HOURS = 8760
_PENALTY = 1e4
_CAPACITY = np.array([180.0, 150.0, 150.0, 110.0, 150.0, 290.0, 400.0, 500.0])
_COST = np.array([2.0, 4.0, 22.0, 25.0, 35.0, 60.0, 90.0, 120.0])
_TANK = Tank(1000.0, 100.0, 0.001)


def _load() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a load with seasons, days and weather [MW]."""
    hour = np.arange(_HOURS)
    outdoor = 8 - 9 * np.cos(2 * np.pi * (hour - 500) / _HOURS) + 3 * np.sin(2 * np.pi * hour / 24)
    outdoor += np.random.default_rng(0).normal(0, 2, _HOURS)
    return 130 + np.clip(17 - outdoor, 0, None) * 32


def _solver(programme: highspy.HighsLp, presolve: str) -> Callable[[], Solver]:
    def solve() -> Solver:
        solver = Solver()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("presolve", presolve)
        solver.passModel(programme)
        solver.run()
        return solver

    return solve


def main() -> None:
    """Run the year both ways, check that the costs agree, and print the figures."""
    load = _load()
    none = np.zeros(len(_CAPACITY))
    hourly = np.random.default_rng(1).permuted(np.tile(_COST, (_HOURS, 1)), axis=1)
    shape = (_HOURS, len(_CAPACITY))
    parts = np.broadcast_to(_CAPACITY, shape), np.broadcast_to(_COST, shape), np.zeros(shape)
    programme, _ = linear_programme(load, *parts, _PENALTY, None)
    contestants: dict[str, Callable[[], Any]] = {
        "ours": lambda: running(load, _CAPACITY, none),
        "heat": lambda: merit_order(load, _CAPACITY),
        "hourly_order": lambda: running(load, _CAPACITY, none, hourly),
        "highs": _solver(programme, "choose"),
        "highs_plain": _solver(programme, "off"),
        "tank": lambda: with_storage(load, _CAPACITY, _COST, _TANK, _PENALTY),
    }
    module = prototype("merit_order_dispatch")
    if module is not None:
        contestants["yardstick"] = lambda: module.merit_order(load, _CAPACITY)
        np.testing.assert_array_equal(module.merit_order(load, _CAPACITY), merit_order(load, _CAPACITY)[0])
    best = in_turns(contestants, rounds=5)
    quick = {name: contestants[name] for name in ("ours", "heat", "hourly_order", "yardstick") if name in contestants}
    best |= in_turns(quick, rounds=200)
    year = running(load, _CAPACITY, none)
    cost = float((year.heat_mw @ _COST).sum())
    peer = float(contestants["highs"]().getInfo().objective_function_value)
    off = abs(cost / peer - 1)
    assert off < 1e-9, f"merit order and linear programme differ by {off}"
    figures: dict[str, Any] = {}
    if "yardstick" in best:
        figures = {
            "yardstick_ratio": best["heat"] / best["yardstick"],
            "yardstick_ratio_with_last_unit": best["ours"] / best["yardstick"],
        }
    fastest = min(best["highs"], best["highs_plain"])
    report(
        seconds=best["ours"],
        seconds_ms=best["ours"] * 1e3,
        heat_alone_ms=best["heat"] * 1e3,
        hourly_order_ms=best["hourly_order"] * 1e3,
        work=f"{len(_CAPACITY)} units x {_HOURS} h: heat, missing heat, last unit",
        peer="HiGHS, linear programme, the faster of with and without presolve",
        peer_seconds=fastest,
        peer_seconds_presolve=best["highs"],
        ratio=fastest / best["ours"],
        cost_difference=off,
        tank_seconds=best["tank"],
        tank_saving=1 - with_storage(load, _CAPACITY, _COST, _TANK, _PENALTY).cost_sek / cost,
        **figures,
        peak_mb=peak_mb(),
    )


if __name__ == "__main__":
    main()
