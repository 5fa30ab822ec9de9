"""Measure side by side: the contestants take turns in one run, and the best time of each counts."""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["in_turns", "peak_mb", "prototype", "report"]

_PROTOTYPES = Path(__file__).parents[2] / "shared" / "prototypes"


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


def prototype(name: str) -> ModuleType | None:
    """Return a yardstick of the folder of prototypes beside the checkout, where there is one."""
    file = _PROTOTYPES / f"{name}.py"
    about = importlib.util.spec_from_file_location(f"yardstick_{name}", file)
    if not file.is_file() or about is None or about.loader is None:
        return None
    module = importlib.util.module_from_spec(about)
    about.loader.exec_module(module)
    return module


def peak_mb() -> float:
    """Return the most memory that this process has held [MB]."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / (1024 if sys.platform != "darwin" else 1024**2), 1)


def report(**figures: Any) -> None:
    """Print one JSON object on the last line."""
    print(json.dumps({k: _short(v) for k, v in figures.items()}, ensure_ascii=False))


def _short(value: Any) -> Any:
    """Return a number with four decimals, or with three digits where it is smaller than they show."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.3g}") if abs(value) < 0.01 else round(value, 4)
