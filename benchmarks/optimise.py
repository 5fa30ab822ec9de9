"""Which measures where and when in the sample city: within a budget, to a target at least cost, and to a target out of reach.

Each plan is simulated again from its own text; the promise may differ from that by 1e-6 at most.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import layers
from benchmarks._measure import in_turns, peak_mb, report
from benchmarks.calibrate import _SAMPLE
from energy import Scenario
from energy.climate_plans.optimiser.optimise import Optimum, optimise
from energy.climate_plans.optimiser.terms import Effort
from twin import TwinError

_YEARS = range(2026, 2031)
_BUDGET_SEK, _TARGET_T, _OUT_OF_REACH_T = 5e8, 100_000.0, 90_000.0


def main() -> None:
    """Optimise, check that the promises hold, and print the figures."""
    city, candidates = layers.load(_SAMPLE), Scenario.read(_SAMPLE / "scenarios" / "plan2030.toml")
    ask: Callable[..., Optimum] = partial(optimise, city, candidates, years=_YEARS)
    questions: dict[str, dict[str, float]] = {"budget": {"budget_sek": _BUDGET_SEK}, "target": {"target_t": _TARGET_T}}
    figures: dict[str, Any] = {}
    choices = 0
    ask(budget_sek=0.0)  # compiles
    for name, question in questions.items():
        start = time.perf_counter()
        found = ask(**question)
        figures |= {
            f"{name}_seconds": time.perf_counter() - start,
            f"{name}_gap": found.gap,
            f"{name}_off_share": found.checks.off_share,
            f"{name}_cost_sek": found.cost_sek,
            f"{name}_emitted_t": found.checks.emitted_t[_YEARS[-1]],
            f"{name}_rounds": len(found.rounds),
        }
        choices = found.choices
        assert not found.checks.broken, found.checks.broken
        assert found.checks.off_share < 1e-6
        assert found.gap <= Effort.gap
    assert figures["target_emitted_t"] <= _TARGET_T * (1 + 1e-6)
    figures["out_of_reach_seconds"] = in_turns({"told": partial(_refused, ask)}, rounds=1)["told"]
    report(
        seconds=figures["target_seconds"],
        work=f"{choices} choices, {len(city['buildings'])} buildings, {len(city['roads'])} streets, {len(_YEARS)} years",
        gap_asked_for=Effort.gap,
        load_average=os.getloadavg()[0],
        **figures,
        peak_mb=peak_mb(),
    )


def _refused(ask: Callable[..., Optimum]) -> None:
    told = ""
    try:
        ask(target_t=_OUT_OF_REACH_T)
    except TwinError as error:
        told = str(error)
    assert "these candidates get to" in told


if __name__ == "__main__":
    main()
