"""A file of many footprints becomes a valid City, against reading the bare file."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio

import layers
from benchmarks._footprints import footprints
from benchmarks._measure import in_turns, peak_mb, report

_CITY = """[city]
name = "Many"
[layers.buildings]
use = "vector"
path = "buildings.gpkg"
"""


def _written(folder: Path, count: int) -> Path:
    rng = np.random.default_rng(11)
    uses = ["single_family", "multi_family", "office", "retail", "school", "industry", "ancillary"]
    table = gpd.GeoDataFrame(
        {
            "building_id": [f"b{k:07d}" for k in range(count)],
            "use": rng.choice(uses, count),
            "year_built": rng.integers(1880, 2024, count),
            "storeys": rng.integers(1, 9, count),
            "height_m": rng.uniform(3, 40, count).round(1),
        },
        geometry=footprints(count),
        crs="EPSG:3007",
    )
    file = folder / "buildings.gpkg"
    pyogrio.write_dataframe(table, file)
    (folder / "city.toml").write_text(_CITY, encoding="utf-8")
    return file


def main(count: int = 100_000) -> None:
    """Write `count` footprints to a GeoPackage, load them both ways, and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = _written(folder, count)
        assert len(layers.load(folder)["buildings"]) == count
        best = in_turns(
            {"peer": lambda: pyogrio.read_dataframe(file, use_arrow=True), "ours": lambda: layers.load(folder)},
            rounds=5,
        )
    report(
        seconds=best["ours"],
        work=f"{count} footprints from a GeoPackage to a checked and completed City",
        peer="pyogrio.read_dataframe(use_arrow=True), no checks",
        peer_seconds=best["peer"],
        ratio=best["peer"] / best["ours"],
        times_the_peer=best["ours"] / best["peer"],
        peak_mb=peak_mb(),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
