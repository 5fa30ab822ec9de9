"""User equilibrium on Sioux Falls at a gap of 1e-5, and on a grid of 1,000 zones, against the peer AequilibraE.

Ours and the yardstick take turns on Sioux Falls, both on one thread; the peer runs in a process of its own on one core,
and its seconds are those of the assignment alone, without the making of its graph. The grid has streets of three kinds,
zones on connectors of constant time that are not driven through, and an afternoon peak that fills it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import in_turns, peak_mb, prototype, report
from energy.mobility.assignment.equilibrium import Equilibrium, equilibrium
from energy.mobility.assignment.network import Network
from layers.tntp import read_tntp

_ROOT = Path(__file__).parents[1]
_PEERS = _ROOT / ".venv-peers" / "bin" / "python"
_FOLDER = _ROOT.parent / "shared" / "data" / "mobility" / "tntp" / "SiouxFalls"
_BEST = 4_231_335.28710744  # of the best flows that are known
_GAP, _LARGE_GAP = 1e-5, 1e-4
_SIDE, _ZONES, _TOTAL = 45, 1000, 150_000.0


def grid(side: int, zones: int, total_vph: float, seed: int = 0) -> tuple[Network, Any]:
    """Return a grid of streets in which some are fast, with zones hung on it, and a demand that fades with distance."""
    r = np.random.default_rng(seed)
    place = np.arange(side * side).reshape(side, side)
    pairs = np.vstack(
        [np.c_[place[:, :-1].ravel(), place[:, 1:].ravel()], np.c_[place[:-1].ravel(), place[1:].ravel()]]
    )
    street = np.vstack([pairs, pairs[:, ::-1]]) + zones
    km = np.tile(r.uniform(0.2, 0.5, len(pairs)), 2)
    row = np.minimum((street - zones) // side, side - 1)
    column = (street - zones) % side
    arterial = ((row[:, 0] == row[:, 1]) & (row[:, 0] % 5 == 0)) | (
        (column[:, 0] == column[:, 1]) & (column[:, 0] % 5 == 0)
    )
    speed, capacity = np.where(arterial, 60.0, 40.0), np.where(arterial, 2400.0, 800.0)
    at = r.choice(side * side, zones, replace=False)
    joined = np.concatenate([np.c_[np.arange(zones), at + zones]])
    ends = np.vstack([street, joined, joined[:, ::-1]])
    connectors = 2 * zones
    of = partial(np.full, connectors)
    network = Network.of(
        ends[:, 0], ends[:, 1],
        np.r_[km / speed, of(0.01)], np.r_[capacity, of(np.nan)], np.r_[np.full(len(km), 0.15), of(0.0)],
        np.r_[np.full(len(km), 4.0), of(0.0)], np.r_[km, of(0.1)],
        zones=zones, first_thru=zones, nodes=zones + side * side,
    )  # fmt: skip
    away = np.hypot(*(at[:, None] // side - at // side, at[:, None] % side - at % side))
    demand = r.uniform(0.2, 1.0, (zones, zones)) * np.exp(-away / 15)
    return network, demand * total_vph / demand.sum()


def _peer(python: Path, network: Network, demand: Any, gap: float, rounds: int) -> dict[str, Any]:
    """Return the peer's seconds, iterations, gap and flows; nothing where it is not installed."""
    if (
        not python.is_file()
        or subprocess.run([python, "-c", "import aequilibrae"], capture_output=True, check=False).returncode
    ):
        return {}
    n = network
    flat = np.isnan(n.capacity_vph)  # it knows no constant cost: a slope that no flow climbs
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.npz"
        np.savez(
            file, tail=n.from_node, head=n.to_node, time=n.free_flow_time_h, capacity=np.where(flat, 1e9, n.capacity_vph),
            b=np.where(flat, 0.15, n.b), power=np.where(flat, 4.0, n.power), demand=demand, first_thru=n.first_thru,
        )  # fmt: skip
        script = Path(__file__).with_name("_peer_aequilibrae.py")
        done = subprocess.run(
            [python, script, file, str(gap), str(rounds)], capture_output=True, text=True, check=False, cwd=folder
        )
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            return {}
        return json.loads(done.stdout.splitlines()[-1]) | {"flow": np.load(file.with_suffix(".flow.npy"))}


def _sioux_falls(python: Path) -> dict[str, Any]:
    """Return the figures of Sioux Falls; nothing where the data are missing."""
    if not _FOLDER.is_dir():
        return {}
    net, demand = read_tntp(_FOLDER / "SiouxFalls_net.tntp", _FOLDER / "SiouxFalls_trips.tntp")
    network = Network.of(**net.arguments())
    run = partial(equilibrium, network, demand, gap=_GAP, threads=1)
    found = run()
    assert found.converged
    assert abs(found.objective_h / _BEST - 1) < 1e-6
    contestants: dict[str, Any] = {"ours": run}
    module = prototype("user_equilibrium_bfw")
    if module is not None:
        theirs = module.Network(_FOLDER)
        contestants["yardstick"] = partial(module.equilibrium, theirs, _GAP)
        flows, *_ = contestants["yardstick"]()
        assert abs(theirs.objective(flows) / found.objective_h - 1) < 1e-6
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(11):
        for name, value in in_turns(contestants, rounds=1).items():
            seconds[name].append(value)
    middle = {name: float(np.median(v)) for name, v in seconds.items()}
    figures = {
        "seconds": middle["ours"],
        "iterations": found.iterations,
        "objective_apart": found.objective_h / _BEST - 1,
    }
    if "yardstick" in middle:
        figures |= {"yardstick_seconds": middle["yardstick"], "yardstick_ratio": middle["ours"] / middle["yardstick"]}
    peer = _peer(python, network, demand, _GAP, 2)
    if peer:
        figures |= {
            "peer": f"AequilibraE {peer['version']}, bfw on one core", "peer_seconds": peer["seconds"],
            "peer_iterations": peer["iterations"], "ratio": peer["seconds"] / middle["ours"],
        }  # fmt: skip
    return figures


def _large(python: Path) -> dict[str, Any]:
    """Return the figures of the grid."""
    network, demand = grid(_SIDE, _ZONES, _TOTAL)
    found: dict[int, Equilibrium] = {}

    def run(threads: int) -> None:
        found[threads] = equilibrium(network, demand, gap=_LARGE_GAP, threads=threads)

    best = in_turns({f"{t}t": partial(run, t) for t in (1, 2)}, rounds=2)
    assert (found[1].flow_vph == found[2].flow_vph).all()
    full = found[1].flow_vph > network.capacity_vph
    figures = {
        "large": f"{network.zones} zones, {len(network)} links, {int(full.sum())} above capacity",
        "large_seconds": best["1t"], "large_2t_seconds": best["2t"], "large_gap": found[1].gap,
        "large_iterations": found[1].iterations,
    }  # fmt: skip
    peer = _peer(python, network, demand, _LARGE_GAP, 1)
    if peer:
        apart = abs(peer["flow"] - found[1].flow_vph).sum() / found[1].flow_vph.sum()
        figures |= {
            "large_peer_seconds": peer["seconds"], "large_peer_iterations": peer["iterations"],
            "large_peer_gap": peer["gap"], "large_apart": float(apart), "large_ratio": peer["seconds"] / best["1t"],
        }  # fmt: skip
    return figures


def main(python: Path = _PEERS) -> None:
    """Run both networks and print the figures."""
    sioux, large = _sioux_falls(python), _large(python)
    figures = sioux or {"seconds": large["large_seconds"]}
    work = "Sioux Falls, 24 zones, 76 links, gap 1e-5" if sioux else large["large"]
    report(seconds=figures.pop("seconds"), work=work, **figures, **large, peak_mb=peak_mb())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _PEERS)
