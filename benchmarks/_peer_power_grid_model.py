"""Solves a year of a feeder with the peer power-grid-model; run by the interpreter of the peer's environment.

It reads the network and the loads once, says when it is ready, and then runs a method for every line that it is sent
(``method threads file``), so that it can take turns with others. With a file it leaves the voltages there.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
from pathlib import Path

import numpy as np
from power_grid_model import PowerGridModel, initialize_array

_STIFF_VA = 1e20  # short-circuit power of the source: no impedance of its own, as in ours


def main(file: Path) -> None:
    """Answer each line with the seconds of one run as JSON."""
    with np.load(file) as n:
        parent, r, x, volts, kw, kvar = (n[k] for k in ("parent", "r", "x", "nominal_v", "kw", "kvar"))
    count, below = len(parent), np.flatnonzero(parent >= 0)
    nodes = initialize_array("input", "node", count)
    nodes["id"], nodes["u_rated"] = np.arange(count), float(volts)
    lines = initialize_array("input", "line", len(below))
    lines["id"], lines["from_node"], lines["to_node"] = count + below, parent[below], below
    lines["from_status"], lines["to_status"], lines["c1"], lines["tan1"], lines["i_n"] = 1, 1, 0.0, 0.0, 1e3
    lines["r1"], lines["x1"] = r[below], x[below]
    taking = np.flatnonzero((kw != 0).any(axis=0) | (kvar != 0).any(axis=0))
    loads = initialize_array("input", "sym_load", len(taking))
    loads["id"], loads["node"], loads["status"], loads["type"] = 2 * count + taking, taking, 1, 0
    loads["p_specified"], loads["q_specified"] = 0.0, 0.0
    source = initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"] = 4 * count, np.flatnonzero(parent < 0)[0], 1
    source["u_ref"], source["sk"] = 1.0, _STIFF_VA
    model = PowerGridModel({"node": nodes, "line": lines, "sym_load": loads, "source": source})
    batch = initialize_array("update", "sym_load", (len(kw), len(taking)))
    batch["id"] = loads["id"]
    batch["p_specified"], batch["q_specified"] = 1000 * kw[:, taking], 1000 * kvar[:, taking]
    print(json.dumps({"version": importlib.metadata.version("power-grid-model")}), flush=True)
    for order in sys.stdin:
        method, threads, *keep = order.split()
        start = time.perf_counter()
        found = model.calculate_power_flow(
            update_data={"sym_load": batch},
            calculation_method=method,
            threading=-1 if threads == "1" else int(threads),
            output_component_types={"node": ["u_pu"]},
        )
        seconds = time.perf_counter() - start
        for out in keep:
            np.save(out, np.asarray(found["node"]["u_pu"]))
        print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
