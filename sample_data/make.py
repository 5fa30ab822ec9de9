"""Write the synthetic Göteborg: ``python sample_data/make.py [FOLDER]``.

Seeded: the same program gives the same city. ``README.md`` in this folder says what is true in it and what is drawn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from _make import blocks, ground, networks, places, streets, tables, transit
from rasterio.transform import from_origin

__all__ = ["make"]

SEED = 20241231
_ATEMP_SHARE = 0.85  # heated floor area inside the outer walls per footprint and storey, as in twin/factors.csv


def _terrain(file: Path, heights: npt.NDArray[np.float32]) -> None:
    west, _, _, north = places.FRAME.bounds
    with rasterio.open(
        file, "w", driver="GTiff", width=heights.shape[1], height=heights.shape[0], count=1, dtype="float32", crs=places.CRS,
        transform=from_origin(west, north, ground.CELL, ground.CELL), nodata=-9999, compress="deflate", predictor=3, tiled=True,
    ) as target:  # fmt: skip
        target.write(heights, 1)


def _floor_area(buildings: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    gross = shapely.area(buildings.geometry.to_numpy()) * buildings["true_storeys"].to_numpy(float)
    return np.where(buildings["true_use"] == "ancillary", 0.0, gross * _ATEMP_SHARE)


def make(folder: Path) -> None:
    """Write every layer of the city into a folder.

    Parameters
    ----------
    folder : Path
        Where ``city.toml`` lies, or a copy of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # one stream of random numbers for each layer: a change in one leaves the others as they are
    streams = dict(
        zip(
            ("terrain", "buildings", "roads", "charging", "declarations", "weather"),
            np.random.SeedSequence(SEED).spawn(6),
            strict=True,
        )
    )
    rng = {name: np.random.default_rng(seed) for name, seed in streams.items()}

    wet = ground.water()
    context = ground.context(wet)
    _terrain(folder / "terrain.tif", ground.terrain(wet, rng["terrain"]))
    context.to_parquet(folder / "context.parquet")

    buildings = blocks.buildings(wet, context[context["kind"].isin(["park", "forest"])], rng["buildings"])
    floor_area_m2 = _floor_area(buildings)
    own = [c for c in buildings if c != "district" and not str(c).startswith("true_")]
    buildings[own].to_parquet(folder / "buildings.parquet")
    tables.declarations(buildings, floor_area_m2, rng["declarations"]).to_csv(folder / "declarations.csv", index=False)

    areas = tables.areas()
    areas.to_parquet(folder / "areas.parquet")
    tables.population(areas, buildings, floor_area_m2).to_csv(folder / "population.csv", index=False)

    streets.roads(wet, rng["roads"]).to_parquet(folder / "roads.parquet")
    networks.heat_pipes(wet, buildings).to_parquet(folder / "heat_pipes.parquet")
    villas = (buildings["true_use"] == "single_family").to_numpy()
    networks.heat_supply(float(floor_area_m2[~villas].sum())).to_parquet(folder / "heat_supply.parquet")
    networks.grid_areas(buildings, floor_area_m2).to_parquet(folder / "grid_areas.parquet")
    networks.charging(buildings, rng["charging"]).to_parquet(folder / "charging.parquet")
    transit.write_gtfs(folder / "gtfs")
    tables.write_epw(folder / "weather.epw", rng["weather"])


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
