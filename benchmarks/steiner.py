"""A network along 49,923 street edges to 2,000 buildings, against the yardstick and networkx; then who is worth joining.

The choice is told for four cases of 64 and 100 nodes: value, share of what the flow model proves, and share of the bound
that comes without it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks._measure import in_turns, peak_mb, prototype, report
from energy.district_heating.routing.milp import solve
from energy.district_heating.routing.prize import Market, heuristic
from energy.district_heating.routing.steiner import Adjacency, shortened, steiner

_TRENCH, _CARRY, _MARGIN, _FULL_LOAD_H = 25.0, 0.02, 30.0, 2200.0  # per (m year), per (kW m year), per MWh, hours
_CASES = ((8, 8, 25, 0), (8, 8, 25, 1), (10, 10, 40, 0), (10, 10, 40, 1))
_SECONDS = 120.0


def _streets(nx: int, ny: int, count: int, seed: int) -> tuple[Any, ...]:
    """Return nodes, edge ends, lengths [m], the buildings' nodes and heat [MWh]; the plant is in node 0."""
    r, n = np.random.default_rng(seed), nx * ny
    ix = np.arange(n).reshape(nx, ny)
    a = np.concatenate([ix[:-1].ravel(), ix[:, :-1].ravel()])
    b = np.concatenate([ix[1:].ravel(), ix[:, 1:].ravel()])
    length = 60 * r.uniform(0.6, 1.6, len(a))
    at = r.choice(np.arange(1, n), count, replace=False)
    return n, a, b, length, at, r.lognormal(np.log(70), 0.8, count)


def _cases() -> None:
    """Print each case on a line."""
    for nx, ny, count, seed in _CASES:
        n, a, b, length, at, heat = _streets(nx, ny, count, seed)
        market = Market(
            n,
            0,
            a,
            b,
            _TRENCH * length,
            _CARRY * length,
            at[:, None],
            (heat * _MARGIN)[:, None],
            heat * 1e3 / _FULL_LOAD_H,
        )
        start = time.perf_counter()
        near = heuristic(market)
        middle = time.perf_counter()
        best = solve(market, _SECONDS, start=near)
        figures = {
            "nodes": n,
            "buildings": count,
            "seed": seed,
            "value": near.value_sek,
            "heuristic_s": middle - start,
            "share_of_dual_bound": near.value_sek / (near.bound_sek or np.nan),
            "milp": best.value_sek,
            "milp_bound": best.bound_sek,
            "milp_s": time.perf_counter() - middle,
            "share_of_milp": near.value_sek / best.value_sek,
        }
        print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}), flush=True)


def main() -> None:
    """Build the tree in turns, check its length, and print the figures."""
    n, a, b, length, at, _ = _streets(160, 157, 2000, 0)
    module, figures = prototype("steiner_prune"), {}

    def ours() -> Any:
        return steiner(Adjacency.of(n, a, b, length), a, b, length, at)

    contestants: dict[str, Callable[[], Any]] = {"ours": ours}
    if module is not None:
        contestants["yardstick"] = lambda: module.steiner(module.graph(n, a, b, length), a, b, length, at)
        off = abs(contestants["yardstick"]()[2].sum() / ours().weight - 1)
        assert off < 1e-9, f"lengths differ by {off}"
    best = in_turns(contestants, rounds=10)
    if module is not None:
        figures["yardstick_ratio"] = best["ours"] / best["yardstick"]
    if find_spec("networkx"):
        import networkx as nx  # noqa: PLC0415 - a peer that need not be there

        graph = nx.Graph()
        graph.add_weighted_edges_from(zip(a.tolist(), b.tolist(), length.tolist(), strict=True))
        peer = in_turns(
            {"peer": lambda: nx.algorithms.approximation.steiner_tree(graph, at.tolist(), method="mehlhorn")}, 2
        )
        figures |= {"peer": "networkx, Mehlhorn", "ratio": peer["peer"] / best["ours"]}
    tree = ours()
    figures |= {"length_m": tree.weight, "shortened_m": shortened(n, a, b, length, tree, at).weight}
    _cases()
    work = f"Steiner tree of {len(at)} buildings on {n} nodes and {len(a)} edges, building the graph included"
    report(seconds=best["ours"], work=work, **figures, peak_mb=peak_mb())


if __name__ == "__main__":
    main()
