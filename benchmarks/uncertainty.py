"""A thousand draws of every uncertain factor through the sample city, with every hour of its buildings' heat.

Each draw is a run of the whole model. The peer is the command's calculation started anew for each (one run timed).
"""

from __future__ import annotations

import os
import sys
import time
from functools import partial

import layers
from benchmarks._measure import in_turns, peak_mb, report
from benchmarks.calibrate import _SAMPLE
from energy import Scenario, plan, simulate
from energy.climate import draws, uncertainty
from energy.memory import Memory
from energy.simulate import Model
from twin import Factors

_YEAR, _LIMIT_S = 2030, 120.0


def main(count: int = 1000) -> None:
    """Draw, check that no draw is like another, and print the figures."""
    city, factors = layers.load(_SAMPLE), Factors.read()
    scenario = Scenario.read(_SAMPLE / "scenarios" / "plan2030.toml")
    model = Model(city, plan(city, scenario), Memory())
    draws.run(model, _YEAR, factors, 1)  # compiles

    start, busy = time.perf_counter(), time.process_time()
    found = draws.run(model, _YEAR, factors, count)
    seconds, busy, held = time.perf_counter() - start, time.process_time() - busy, peak_mb()
    assert found.indicators["heat_peak_kw"].nunique() == count
    assert found.indicators["co2e_territorial_kg"].nunique() == count

    fresh = in_turns({"command": partial(simulate, city, scenario, years=[_YEAR], ranges=False)}, rounds=3)
    yearly, hourly = draws.reached(model, _YEAR, factors)
    drawn = draws.uncertain(factors, yearly | hourly)
    reaching = draws.uncertain(factors, hourly)
    low, middle, high = uncertainty.percentiles(found.indicators["co2e_territorial_kg"].to_numpy(float)) / 1e6
    report(
        seconds=seconds,
        processor_seconds=busy,
        load_average=os.getloadavg()[0],
        work=f"{count} draws of {len(drawn)} factors, {len(city['buildings'])} buildings x 8760 h, 32-bit hourly model",
        evaluations_per_second=count / seconds,
        factors_that_reach_the_hours=f"{len(reaching)} of {len(drawn)}",
        share_that_reaches_the_hours=len(reaching) / len(drawn),
        p10_p50_p90_kton=[round(float(v), 2) for v in (low, middle, high)],
        peer="energy.simulate started anew for every draw (one run timed)",
        ratio=fresh["command"] * count / seconds,
        one_run_seconds=fresh["command"],
        peak_mb=held,
    )
    assert seconds < _LIMIT_S * count / 1000, f"{seconds} s"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
