"""Finds a user equilibrium with the peer AequilibraE; run by the interpreter of the peer's environment, not by ours.

Takes a file of arrays with the network and leaves the link flows beside it. One core, its bi-conjugate directions.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from aequilibrae.matrix import AequilibraeMatrix
from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass


def main(file: Path, gap: float, rounds: int) -> None:
    """Print the seconds of the best round, the iterations and the gap as JSON."""
    logging.disable(logging.CRITICAL)
    with np.load(file) as stored:
        n = dict(stored)
    zones = len(n["demand"])
    links = pd.DataFrame(
        {
            "link_id": np.arange(1, len(n["tail"]) + 1), "a_node": n["tail"] + 1, "b_node": n["head"] + 1, "direction": 1,
            "capacity": n["capacity"], "free_flow_time": n["time"], "b": n["b"], "power": n["power"],
        }
    )  # fmt: skip
    best = np.inf
    for _ in range(rounds):
        graph = Graph()
        graph.network = links
        graph.prepare_graph(np.arange(1, zones + 1))
        graph.set_graph("free_flow_time")
        graph.set_blocked_centroid_flows(bool(n["first_thru"] >= zones))
        matrix = AequilibraeMatrix()
        matrix.create_empty(zones=zones, matrix_names=["m"], memory_only=True)
        matrix.index[:] = np.arange(1, zones + 1)
        matrix.matrix["m"][:, :] = n["demand"]
        matrix.computational_view(["m"])
        assignment = TrafficAssignment()
        assignment.set_classes([TrafficClass("car", graph, matrix)])
        assignment.set_vdf("BPR")
        assignment.set_vdf_parameters({"alpha": "b", "beta": "power"})
        assignment.set_capacity_field("capacity")
        assignment.set_time_field("free_flow_time")
        assignment.set_cores(1)
        assignment.max_iter, assignment.rgap_target = 2000, gap
        assignment.set_algorithm("bfw")
        start = time.perf_counter()
        assignment.execute()
        best = min(best, time.perf_counter() - start)
    np.save(
        file.with_suffix(".flow.npy"), assignment.results()["PCE_tot"].reindex(links["link_id"]).fillna(0).to_numpy()
    )
    report = assignment.report()
    print(
        json.dumps(
            {
                "seconds": best, "version": importlib.metadata.version("aequilibrae"), "iterations": int(report["iteration"].max()),
                "gap": float(report["rgap"].iloc[-1]),
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
