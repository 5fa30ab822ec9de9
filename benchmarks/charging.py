"""A year of charging that levels the load of 1,500 grid areas, against linear programmes of the same windows (HiGHS).

Ours includes checking the input and the result of every hour. The peer solves a few windows for their lowest peak alone,
which is less than ours gives, and is scaled to all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from benchmarks._measure import in_turns, peak_mb, report
from energy.electrification import charging_control, plug_in
from twin import Factors

_AREAS, _WINDOWS, _LOOK_AT = 1500, 366, 40


def _city() -> tuple[charging_control.Need, npt.NDArray[np.float64]]:
    r = np.random.default_rng(1)
    hour = np.arange(8760)
    shapes = plug_in.shapes(Factors.read().at(2030), 8.5 - 9 * np.cos(2 * np.pi * hour / 8760))
    energy = r.gamma(2, 1e5, (_AREAS, 1)) * np.array([0.7, 0.1, 0.15, 0.05])
    wave = 1 + 0.4 * np.sin(2 * np.pi * (hour - 13) / 24) + 0.3 * np.cos(2 * np.pi * hour / 8760)
    base = energy.sum(axis=1, keepdims=True) * 2 / 8760 * wave * (1 + 0.1 * r.normal(size=(_AREAS, 8760)))
    return charging_control.Need.of(energy, shapes), base


def _lowest_peaks(need: charging_control.Need, base: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the lowest peak of one day in some areas."""
    part, n = slice(12, 36), 24
    upto = np.tril(np.ones((n, n)))
    rows = np.hstack([np.vstack([upto, -upto]), np.zeros((2 * n, 1))])
    peak = np.hstack([np.eye(n), -np.ones((n, 1))])
    cost, whole = np.append(np.zeros(n), 1), np.append(np.ones(n), 0)[None]
    found = []
    for area in range(_LOOK_AT):
        soonest = np.cumsum(need.uncontrolled_kw[area, part])
        least = np.maximum(soonest - need.slack_kwh[area, part], 0)
        upper = np.concatenate([soonest, -least, -base[area, part]])
        limits: list[Any] = [*((0, u) for u in need.limit_kw[area, part]), (None, None)]
        found.append(linprog(cost, np.vstack([rows, peak]), upper, whole, soonest[-1:], limits).fun)
    return np.array(found)


def main() -> None:
    """Measure and print one JSON object."""
    need, base = _city()
    filled = charging_control.valley_filled(need, base)
    ours, best = (base + filled)[:_LOOK_AT, 12:36].max(axis=1), _lowest_peaks(need, base)
    contestants = {
        "ours": lambda: charging_control.valley_filled(need, base),
        "one_thread": lambda: charging_control.valley_filled(need, base, threads=1),
        "peer": lambda: _lowest_peaks(need, base),
    }
    times = in_turns(contestants, 3)
    peer = times["peer"] / _LOOK_AT * _AREAS * _WINDOWS
    report(
        seconds=times["ours"],
        seconds_one_thread=times["one_thread"],
        work=f"{_AREAS} areas x 8760 h in {_WINDOWS} windows",
        peer="scipy linprog (HiGHS), the lowest peak of each window",
        peer_seconds=peer,
        ratio=peer / times["ours"],
        worst_peak_above_best=float((ours / best - 1).max()),
        peak_mb=peak_mb(),
    )


if __name__ == "__main__":
    main()
