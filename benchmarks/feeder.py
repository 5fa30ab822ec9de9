"""A year of a radial feeder of 2,000 buses, every hour with its own loads, against the peer power-grid-model.

Both get the same table of loads and know voltages to 1e-8 in parts of the nominal. Ours sums up extremes by bus and hour;
the peer gives the voltages alone, by whichever of its methods is the fastest that keeps them to 2e-6. It runs in a process
of its own that holds the network ready, and takes turns with ours. The yardstick solves single states in plain Python.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks._measure import in_turns, peak_mb, prototype, report
from energy.electrification.feeder import Feeder, power_flow
from energy.electrification.feeder_year import Added, Limits, Loads, year
from energy.electrification.hosting import hosting
from energy.tree import Tree

_PEERS = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"
_BUSES, _HOURS, _FALL, _NEAR = 2000, 8760, 0.06, 2e-6
_LIMITS = Limits(0.9, 1.1)
_METHODS = ("iterative_current", "newton_raphson", "linear")

Floats = npt.NDArray[np.float64]


def _feeder() -> tuple[npt.NDArray[np.int64], Feeder, Floats, Floats]:
    """Return parents, a random feeder, and the power and reactive power of every bus and hour."""
    r = np.random.default_rng(0)
    parent = np.array([-1, *(int(r.integers(max(0, i - 30), i)) for i in range(1, _BUSES))])
    tree = Tree.of(parent)
    peak = np.where(r.random(_BUSES) < 0.5, r.uniform(0.5, 2.0, _BUSES), 0.0)
    peak[0] = 0.0
    hour = np.arange(_HOURS)
    shape = 0.5 + 0.3 * np.sin(hour / 24 * 2 * np.pi) + 0.2 * np.cos(hour / _HOURS * 2 * np.pi)
    kw = peak * shape[:, None] * r.uniform(0.7, 1.3, (_HOURS, _BUSES))
    ohm = r.uniform(0.5, 1.5, _BUSES)
    ohm *= _FALL / (tree.path_sum(ohm * tree.subtree_sum(peak)).max() * 1000 / 400**2)
    ohm[0] = 0.0
    return parent, Feeder(tree, ohm, 0.5 * ohm, np.full(_BUSES, 5000.0), 400.0), kw, 0.3 * kw


class _Peer:
    """The peer's process; one line in, one line out."""

    def __init__(self, python: Path, file: Path) -> None:
        script = Path(__file__).with_name("_peer_power_grid_model.py")
        self._process = subprocess.Popen(
            [python, script, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.version = str(self._said()["version"])

    def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return dict(json.loads(self._process.stdout.readline()))

    def run(self, method: str, threads: int, out: Path | None = None) -> float:
        """Return the seconds of one run of the year."""
        assert self._process.stdin is not None
        print(method, threads, out or "", file=self._process.stdin, flush=True)
        return float(self._said()["seconds"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def _compared(
    python: Path, parent: Any, feeder: Feeder, kw: Floats, kvar: Floats, ours: dict[int, Callable[[], Any]]
) -> Any:
    """Let the peer take turns with ours, on one thread and on two; return the figures."""
    if not python.is_file():
        return {}
    if subprocess.run([python, "-c", "import power_grid_model"], capture_output=True, check=False).returncode:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "feeder.npz", Path(folder) / "voltage.npy"
        np.savez(
            file, parent=parent, r=feeder.resistance_ohm, x=feeder.reactance_ohm, nominal_v=feeder.nominal_v, kw=kw, kvar=kvar
        )  # fmt: skip
        peer = _Peer(python, file)
        figures: dict[str, Any] = {}
        good: list[str] = []
        for method in _METHODS:
            seconds = peer.run(method, 1, out)
            apart = 0.0
            theirs = np.load(out, mmap_mode="r")
            for first in range(0, _HOURS, 730):
                some = slice(first, first + 730)
                mine = power_flow(feeder, kw[some], kvar[some]).voltage_pu
                apart = max(apart, float(abs(mine - theirs[some]).max()))
            figures |= {f"peer_{method}_seconds": seconds, f"peer_{method}_apart_pu": apart}
            good += [method] if apart <= _NEAR else []
        assert good, "the peer's voltages are not ours"
        fastest = min(good, key=lambda m: figures[f"peer_{m}_seconds"])
        best: dict[str, float] = {}
        for threads, mine_run in ours.items():
            theirs_best = np.inf
            for _ in range(3):
                best[f"ours_{threads}t"] = min(
                    best.get(f"ours_{threads}t", np.inf), *in_turns({"o": mine_run}, 2).values()
                )
                theirs_best = min(theirs_best, peer.run(fastest, threads))
            best[f"peer_{threads}t"] = theirs_best
        peer.close()
    return figures | {
        "peer": f"power-grid-model {peer.version}, {fastest}",
        **{f"{k}_seconds": v for k, v in best.items()},
        "ratio": best["peer_1t"] / best["ours_1t"],
        "ratio_2t": best["peer_2t"] / best["ours_2t"],
    }


def _yardstick(feeder: Feeder, kw: Floats, kvar: Floats) -> dict[str, Any]:
    """Return how far the yardstick's states are from ours and the seconds of both for a few of them."""
    module = prototype("radial_feeder_case33")
    if module is None:
        return {}
    tree, hours = feeder.tree, np.arange(0, _HOURS, _HOURS // 4)
    parent = np.where(tree.parent < 0, -1, tree.order[tree.parent])[tree.place]
    z = feeder.resistance_ohm + 1j * feeder.reactance_ohm
    power = (kw[hours] + 1j * kvar[hours]) * 1e3

    def theirs() -> list[Any]:
        return [module.sweep(tree.order.tolist(), parent, z, s, feeder.nominal_v) for s in power]

    ours = partial(power_flow, feeder, kw[hours], kvar[hours])
    best = in_turns({"ours": ours, "yardstick": theirs}, rounds=3)
    u = np.array([abs(v) for v, *_ in theirs()]) * 3**0.5 / feeder.nominal_v
    return {
        "yardstick_apart_pu": float(abs(u - ours().voltage_pu).max()),
        "yardstick_ratio": best["ours"] / best["yardstick"],
    }


def main(python: Path = _PEERS) -> None:
    """Run the year, check that all agree, and print the figures."""
    parent, feeder, kw, kvar = _feeder()
    loads = Loads.of(feeder, kw, kvar)
    ours = {threads: partial(year, feeder, loads, _LIMITS, threads=threads) for threads in (1, 2)}
    got = ours[1]()
    assert abs(got.hourly.source_kw / (kw.sum(axis=1) + got.hourly.loss_kw) - 1).max() < 1e-6
    best = in_turns({f"ours_{k}t": run for k, run in ours.items()}, rounds=3)
    figures: dict[str, Any] = {f"{k}_seconds": v for k, v in best.items()}
    weight = (kw[0] > 0) * 1.0
    pump = Added.of(weight, 1.2 * kw.sum(axis=1) / weight.sum())
    comes = Loads.of(feeder, kw, kvar, added=pump)
    figures["hosting_seconds"] = in_turns({"h": partial(hosting, feeder, comes, _LIMITS)}, rounds=2)["h"]
    figures["hosting_share"] = hosting(feeder, comes, _LIMITS).share
    figures |= _yardstick(feeder, kw, kvar)
    figures |= _compared(python, parent, feeder, kw, kvar, ours)
    shown = {k: float(f"{v:.3g}") if isinstance(v, float) and v < 1e-2 else v for k, v in figures.items()}
    print(json.dumps(shown))  # the last line rounds small differences away
    work = f"{_BUSES} buses x {_HOURS} h, lowest voltage {got.min_pu.min():.4f}"
    report(seconds=figures["ours_1t_seconds"], work=work, **figures, peak_mb=peak_mb())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _PEERS)
