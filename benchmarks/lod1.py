"""Closed solids of many buildings, against a loop over ``trimesh.creation.extrude_polygon``."""

from __future__ import annotations

import sys

import numpy as np
import shapely
import trimesh

from benchmarks._footprints import footprints
from benchmarks._measure import in_turns, peak_mb, prototype, report
from twin import mesh

_PEER_SAMPLE = 10  # the peer meshes every tenth building; its time is scaled up


def main(count: int = 20_000) -> None:
    """Mesh `count` buildings, check them, and print the figures."""
    shapes = footprints(count)
    rng = np.random.default_rng(3)
    floor = rng.uniform(0, 80, count)
    roof = floor + rng.uniform(3, 40, count)
    sample = range(0, count, _PEER_SAMPLE)
    contestants = {
        "ours": lambda: mesh.lod1(shapes, floor, roof),
        "peer": lambda: [trimesh.creation.extrude_polygon(shapes[k], roof[k] - floor[k]) for k in sample],
    }
    yardstick = prototype("lod1_mesh")
    if yardstick is not None:
        contestants["yardstick"] = lambda: yardstick.lod1(shapes, floor, roof)
    mesh.lod1(shapes[:100], floor[:100], roof[:100])
    best = in_turns(contestants, rounds=5)
    solids = mesh.lod1(shapes, floor, roof)
    wanted = shapely.area(shapes) * (roof - floor)
    worst = float(np.abs(mesh.volumes_m3(solids, count) / wanted - 1).max())
    open_edges = mesh.open_edges(solids)
    assert open_edges == 0, f"{open_edges} open edges"
    assert worst <= 1e-9, f"volume off by {worst}"
    figures = {
        "seconds": best["ours"],
        "work": f"{count} buildings as closed solids; the peer meshed every {_PEER_SAMPLE}th, its time scaled up",
        "buildings_per_second": round(count / best["ours"]),
        "peer": "trimesh.creation.extrude_polygon in a loop",
        "ratio": best["peer"] * count / len(sample) / best["ours"],
        "open_edges": open_edges,
        "volume_error": f"{worst:.1e}",
    }
    if "yardstick" in best:
        figures["yardstick_ratio"] = best["ours"] / best["yardstick"]
    report(**figures, peak_mb=peak_mb())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
