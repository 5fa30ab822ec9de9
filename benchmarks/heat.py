"""Every hour of a stock's heat, against the yardstick's loop and the peer EnTiSe.

Ours includes all that a caller waits for: packing, the year, monthly sums, peaks, hourly sums of a hundred areas, and
putting the results back in order. The yardstick's time is its loop alone, with one hourly sum of the whole stock.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from benchmarks._measure import in_turns, peak_mb, prototype, report
from energy.buildings import kernel
from energy.buildings.rc import Nodes, affine

_AREAS = 100
_PEER_YEARS = 20
_PEERS = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"
_MONTH = np.repeat(np.arange(12), np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24)


def _stock(count: int) -> dict[str, Any]:
    """Return plausible buildings of 100 to 5,000 m2."""
    r = np.random.default_rng(1)
    floor = 10 ** r.uniform(2, 3.7, count)
    window = floor * r.uniform(0.08, 0.2, count)
    nodes = Nodes.of(
        window * r.uniform(0.9, 2.5, count),
        floor * r.uniform(0.6, 2.2, count) * r.uniform(0.15, 0.9, count),
        0.34 * floor * 2.5 * r.uniform(0.3, 0.7, count),
        floor * r.choice([30.0, 45.0, 72.0], count),
        floor * 2.5,
        floor * 4.5,
    )
    aperture = np.vstack([r.dirichlet(np.ones(4), count).T * window * 0.5, np.zeros(count)])
    return {"nodes": nodes, "aperture_m2": aperture, "gain_w": 4 * floor, "area": r.integers(0, _AREAS, count)}


def _weather() -> npt.NDArray[np.float64]:
    r = np.random.default_rng(2)
    t = np.arange(8760)
    sun = np.maximum(0, np.sin(2 * np.pi * (t % 24 - 6) / 24) * (0.55 - 0.45 * np.cos(2 * np.pi * t / 8760)))
    outdoor = 8 - 9 * np.cos(2 * np.pi * (t - 500) / 8760) + r.normal(0, 2, 8760)
    sun *= r.uniform(0.2, 1, 8760)
    return np.column_stack([sun[:, None] * np.array([120, 350, 500, 350, 700]), outdoor])


def _ours(stock: dict[str, Any], weather: npt.NDArray[np.float64]) -> tuple[kernel.Steps, kernel.Drivers]:
    n = len(stock["gain_w"])
    steps = kernel.scaled(
        [affine(stock["nodes"])],
        aperture_m2=stock["aperture_m2"],
        gain_w=stock["gain_w"],
        heat_at_c=np.full((1, n), 21.0),
        cool_at_c=np.full((1, n), 26.0),
        airing_w_k=np.full(n, np.inf),
        limit_c=np.full(n, 26.0),
    )
    return steps, kernel.Drivers(weather, np.ones((1, 8760)), np.zeros((1, 8760), np.int64), _MONTH)


def _yardstick(
    module: ModuleType, stock: dict[str, Any], weather: npt.NDArray[np.float64], dtype: Any, threads: int
) -> Callable[[], Any]:
    """Return the yardstick's loop on the same buildings."""
    n = stock["nodes"]
    parts = [n.window_w_k, n.outdoor_mass_w_k, n.mass_surface_w_k, n.surface_air_w_k, n.ventilation_w_k]
    rows, scale = module.scale(
        module.coefficients(*parts, n.capacity_wh_k * 3600, n.mass_area_m2, n.surface_area_m2),
        stock["aperture_m2"],
        21.0,
        26.0,
    )
    size = 1024 // np.dtype(dtype).itemsize
    packed = module.to_blocks(rows, size, dtype)
    start_scale = np.ascontiguousarray(module.to_blocks(scale, size, dtype)[:, 0])
    moved = np.ascontiguousarray(np.column_stack([weather, np.full(8760, 1200.0)]).astype(dtype))
    start = np.array([0, 20], dtype)

    def run() -> None:
        nb.set_num_threads(threads)
        out = [np.zeros((len(packed), size), dtype) for _ in range(3)]
        module.simulate(packed, start_scale, moved, start, *out, np.zeros((threads, 8760), dtype))

    return run


def _peer_seconds() -> float | None:
    """Return the seconds that the peer takes for one building-year."""
    if not _PEERS.is_file():
        return None
    script = Path(__file__).with_name("_peer_entise.py")
    done = subprocess.run([_PEERS, script, str(_PEER_YEARS)], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def main(count: int = 100_000) -> None:
    """Run `count` buildings through a year, check the sums, and print the figures."""
    stock, weather = _stock(count), _weather()
    steps, drivers = _ours(stock, weather)
    profile = np.zeros(count, np.int64)
    module = prototype("heat_5r1c_kernel")
    figures: dict[str, Any] = {}
    cores = min(2, nb.config.NUMBA_NUM_THREADS)
    for dtype in (np.float64, np.float32):
        for threads in sorted({1, cores}):

            def ours(dtype: Any = dtype, threads: int = threads) -> kernel.Year:
                return kernel.simulate_year(
                    steps, drivers, profile, zone=stock["area"], warm_wanted=False, dtype=dtype, threads=threads
                )

            year = ours()
            off = abs(year.zone_heat_kw.sum() / year.heat_kwh.sum() - 1)
            assert off < 1e-5, f"hours and year differ by {off}"
            contestants: dict[str, Callable[[], Any]] = {"ours": ours}
            if module is not None:
                contestants["yardstick"] = _yardstick(module, stock, weather, dtype, threads)
                contestants["yardstick"]()
            best = in_turns(contestants, rounds=20)
            name = f"{np.dtype(dtype).name}_{threads}t"
            figures[f"{name}_seconds"] = best["ours"]
            if "yardstick" in best:
                figures[f"{name}_yardstick_ratio"] = best["ours"] / best["yardstick"]
    seconds = figures["float64_1t_seconds"]
    peer = _peer_seconds()
    if peer is not None:
        figures |= {"peer": "EnTiSe 5R1C, a building at a time", "ratio": peer * count / seconds}
    if module is not None:
        figures["yardstick_ratio"] = figures["float64_1t_yardstick_ratio"]
    work = f"{count} buildings x 8760 h, ideal heating and cooling, with months, peaks and the hourly sums of {_AREAS} areas"
    report(seconds=seconds, work=work, **figures, peak_mb=peak_mb())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
