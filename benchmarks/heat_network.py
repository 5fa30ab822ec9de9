"""A year of a heat network of 2,000 junctions, against the yardstick's loop and the peer pandapipes.

The flow depends on the temperature that arrives. The yardstick keeps four numbers an hour, to 1e-4 K, with friction by
Nikuradse, on one thread; ours does the same, and then all that it is meant for: losses of each pipe by month, largest
flows, mean temperatures, 1e-6 K, and friction by Colebrook. The peer solves one state.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from benchmarks._measure import in_turns, peak_mb, prototype, report
from energy.district_heating.hydraulics.pipes import Catalogue, Water, size
from energy.district_heating.hydraulics.steady import PipeTree, State, steady
from energy.district_heating.hydraulics.year import NetworkYear, Pump, year
from energy.tree import Tree

_PEERS = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"
_WATER = Water(975.0, 4190.0, 3.7e-4)
_PUMP = Pump(0.65, 60e3)
_RETURN_C, _GROUND_C, _STATE_SUPPLY_C = 45.0, 8.0, 85.0

Floats = npt.NDArray[np.float64]


def _network(across: int, along: int) -> tuple[npt.NDArray[np.int64], PipeTree, Floats]:
    """Return the parents, the pipes and the design load of a random tree on a street lattice, 25 m a block."""
    r, n = np.random.default_rng(0), across * along
    at = np.arange(n).reshape(across, along)
    a, b = np.append(at[:-1].ravel(), at[:, :-1].ravel()), np.append(at[1:].ravel(), at[:, 1:].ravel())
    least = minimum_spanning_tree(coo_matrix((25 * r.uniform(0.6, 1.4, len(a)), (a, b)), (n, n)).tocsr())
    streets = (least + least.T).tocsr()
    parent = breadth_first_order(streets, 0, directed=False)[1].astype(np.int64)
    parent[0] = -1
    length = np.zeros(n)
    length[1:] = np.asarray(streets[np.arange(1, n), parent[1:]]).ravel()
    consumer = (np.bincount(parent[1:], minlength=n) == 0) | (r.random(n) < 0.35)
    consumer[0] = False
    load = np.where(consumer, r.uniform(20e3, 120e3, n), 0.0)
    tree, catalogue = Tree.of(parent), Catalogue.standard()
    flow = tree.subtree_sum(load) / (_WATER.heat_capacity_j_kgk * 40)
    d = catalogue.inner_diameter_m[size(flow, catalogue, _WATER, 100.0)]
    return parent, PipeTree(tree, length, d, 0.15 + 0.9 * d, np.full(n, 1e-4)), load


def _hours() -> tuple[Floats, Floats]:
    """Return the load factor and the supply temperature of each hour."""
    t = np.arange(8760)
    outdoor = 8 - 9 * np.cos(2 * np.pi * (t - 500) / 8760) + 3 * np.sin(2 * np.pi * t / 24)
    return np.clip((17 - outdoor) / 33, 0.08, 1), np.clip(75 - 1.2 * outdoor, 70, 100)


def _yardstick(
    parent: npt.NDArray[np.int64], pipes: PipeTree, load: Floats, factor: Floats, supply: Floats
) -> tuple[ModuleType, Callable[[], Any]] | None:
    """Return the yardstick's numpy module, and its compiled year of the same network."""
    plain = prototype("tree_heat")
    if plain is None:
        return None
    sys.modules["tree_heat"] = plain  # the compiled one imports it
    module = prototype("tree_heat_numba")
    if module is None:
        return None
    network = plain.HeatTree(
        parent, pipes.length_m, pipes.diameter_m, pipes.loss_w_mk,
        cp=_WATER.heat_capacity_j_kgk, rho=_WATER.density_kg_m3, mu=_WATER.viscosity_pa_s,
    )  # fmt: skip
    return plain, partial(module.run, network, load, factor, supply)


def _peer(python: Path, parent: npt.NDArray[np.int64], pipes: PipeTree, load: Floats, ours: State) -> dict[str, Any]:
    """Let the peer solve one state; return its seconds and how far it is from ours."""
    if not python.is_file():
        return {}
    if subprocess.run([python, "-c", "import pandapipes"], capture_output=True, check=False).returncode:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.npz"
        np.savez(
            file, parent=parent, length_m=pipes.length_m, diameter_m=pipes.diameter_m, loss_w_mk=pipes.loss_w_mk,
            roughness_m=pipes.roughness_m, demand_w=load, supply_c=_STATE_SUPPLY_C, return_c=_RETURN_C,
            ground_c=_GROUND_C, density=_WATER.density_kg_m3, heat_capacity=_WATER.heat_capacity_j_kgk,
            viscosity=_WATER.viscosity_pa_s,
        )  # fmt: skip
        script = Path(__file__).with_name("_peer_pandapipes.py")
        done = subprocess.run([python, script, file], capture_output=True, text=True, check=True)
        said = json.loads(done.stdout.splitlines()[-1])
        with np.load(file.with_suffix(".out.npz")) as r:
            drop = r["pressure_pa"][0] - r["pressure_pa"]
            apart = {
                "peer_supply_apart_k": float(abs(r["supply_c"] - ours.supply_c).max()),
                "peer_return_apart_k": float(abs(r["return_c"] - ours.return_c).max()),
                "peer_flow_apart_rel": float(abs(r["flow_kg_s"] / ours.flow_kg_s[1:] - 1).max()),
                "peer_drop_apart_rel": float(abs(drop[1:] / ours.path_drop_pa[1:] - 1).max()),
            }
    return {"peer": f"pandapipes {said['version']}, one state", "peer_seconds": said["seconds"], **apart}


def _agreement(pipes: PipeTree, load: Floats, factor: Floats, supply: Floats, whole: NetworkYear) -> float:
    """Return how far the heat of every twentieth hour, by the closed form in numpy, is from the year's, relatively."""
    some = slice(None, None, 20)
    demand = load * factor[some, None]
    plain = steady(pipes, demand, supply[some], _RETURN_C, _GROUND_C, _WATER, law="nikuradse", method="closed")
    return float(abs(plain.heat_in_w / whole.heat_in_w[some] - 1).max())


def main(python: Path = _PEERS) -> None:
    """Run the year in all ways, check that they agree, and print the figures."""
    parent, pipes, load = _network(40, 25)
    factor, supply = _hours()
    run = partial(year, pipes, load, factor, supply, _RETURN_C, _GROUND_C, _WATER, _PUMP)
    same: dict[str, Any] = {"law": "nikuradse", "tolerance_k": 1e-4, "threads": 1}
    contestants: dict[str, Callable[[], Any]] = {
        "ours": partial(run, by_pipe=False, **same),
        "months": partial(run, **same),
        "full": partial(run, threads=1),
        "full_2t": partial(run, threads=2),
    }
    yardstick = _yardstick(parent, pipes, load, factor, supply)
    if yardstick is not None:
        contestants["yardstick"] = yardstick[1]
    for work in contestants.values():
        work()  # compiles
    best = in_turns(contestants, rounds=7)
    figures = {f"{name}_seconds": best[name] for name in ("months", "full", "full_2t")}
    whole = contestants["months"]()
    assert abs(whole.pipe_loss_kwh.sum() * 1000 / whole.loss_w.sum() - 1) < 1e-9
    figures["numpy_apart_rel"] = _agreement(pipes, load, factor, supply, run(law="nikuradse"))
    if yardstick is not None:
        heat, loss, drop, coldest = yardstick[1]()
        figures |= {
            "yardstick_heat_apart_rel": float(abs(whole.heat_in_w / heat - 1).max()),
            "yardstick_drop_apart_rel": float(abs(whole.path_drop_pa / drop - 1).max()),
            "yardstick_coldest_apart_k": float(abs(whole.coldest_c - coldest).max()),
            "yardstick_seconds": best["yardstick"],
            **{f"{name}_yardstick_ratio": best[name] / best["yardstick"] for name in ("months", "full", "full_2t")},
            "yardstick_ratio": best["ours"] / best["yardstick"],
        }
        assert abs(loss.sum() / whole.loss_w.sum() - 1) < 1e-5
    solve = partial(steady, pipes, load, _STATE_SUPPLY_C, _RETURN_C, _GROUND_C, _WATER, law="nikuradse")
    figures["state_seconds"] = in_turns({"state": solve}, rounds=50)["state"]
    peer = _peer(python, parent, pipes, load, solve())
    if peer:
        figures |= {**peer, "ratio": peer["peer_seconds"] / figures["state_seconds"]}
        figures["year_ratio"] = peer["peer_seconds"] * len(factor) / best["full"]
    work = f"{2 * len(load)} junctions, {int((load > 0).sum())} consumers x 8760 h, flow depending on temperature"
    report(seconds=best["ours"], work=work, **figures, peak_mb=peak_mb())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _PEERS)
