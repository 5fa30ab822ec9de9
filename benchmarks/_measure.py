"""Measure side by side: the contestants take turns in one run, and the best time of each counts."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["PROTOTYPES", "in_turns", "peak_mb", "report"]

PROTOTYPES = Path(__file__).parents[2] / "shared" / "prototypes"


def in_turns(contestants: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the best time of each contestant [s].

    Parameters
    ----------
    contestants : mapping of str to callable
        Each is called once a round, in the order given.
    rounds : int
    """
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(rounds):
        for name, work in contestants.items():
            start = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def peak_mb() -> float:
    """Return the most memory that this process has held [MB]."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / (1024 if sys.platform != "darwin" else 1024**2), 1)


def report(**figures: Any) -> None:
    """Print one JSON object on the last line."""
    print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}, ensure_ascii=False))
