"""Water, parks and the height of the ground."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.ndimage import distance_transform_edt, gaussian_filter
from shapely import MultiPolygon, Polygon

from . import places
from .places import CRS, FRAME, HILLS, line, world

__all__ = ["CELL", "banks", "context", "terrain", "water"]

Floats = npt.NDArray[np.float64]
CELL = 10.0  # m, side of a cell of the ground model

# name, half width [m], places along the middle line
_BASINS = (
    ("Stora Hamnkanalen", 11, ((57.7062, 11.9590), (57.7068, 11.9650), (57.7074, 11.9712))),
    ("Vallgraven", 12, ((57.7040, 11.9545), (57.7018, 11.9590), (57.7022, 11.9650), (57.7036, 11.9705), (57.7074, 11.9724), (57.7122, 11.9672))),
    ("Frihamnsbassängen", 38, ((57.7158, 11.9570), (57.7135, 11.9600))),
    ("Lindholmshamnen", 34, ((57.7050, 11.9310), (57.7030, 11.9330))),
    ("Sannegårdshamnen", 36, ((57.7042, 11.9250), (57.7005, 11.9280))),
    ("Skarvikshamnen", 55, ((57.6935, 11.8752), (57.6885, 11.8745))),
)  # fmt: skip
_PARKS = (
    ("Slottsskogen", "park", ((57.6895, 11.9330), (57.6897, 11.9470), (57.6868, 11.9530), (57.6815, 11.9500), (57.6800, 11.9400), (57.6840, 11.9340))),
    ("Änggårdsbergen", "forest", ((57.6800, 11.9410), (57.6808, 11.9520), (57.6770, 11.9620), (57.6690, 11.9600), (57.6690, 11.9430))),
    ("Ramberget", "park", ((57.7135, 11.9225), (57.7148, 11.9300), (57.7118, 11.9335), (57.7103, 11.9250))),
    ("Trädgårdsföreningen", "park", ((57.7068, 11.9745), (57.7052, 11.9800), (57.7035, 11.9770), (57.7048, 11.9728))),
    ("Delsjöskogen", "forest", ((57.7010, 12.0380), (57.7010, 12.0470), (57.6850, 12.0470), (57.6850, 12.0300), (57.6925, 12.0345))),
    ("Svarte mosse", "forest", ((57.7290, 11.8750), (57.7300, 11.8980), (57.7238, 11.8990), (57.7245, 11.8800))),
    ("Bräcke", "forest", ((57.7110, 11.8880), (57.7100, 11.9030), (57.7030, 11.9040), (57.7015, 11.8900))),
    ("Skandiahamnen", "harbour", ((57.6975, 11.8430), (57.6982, 11.8720), (57.6880, 11.8720), (57.6860, 11.8450))),
    ("Ryahamnen", "harbour", ((57.6990, 11.8725), (57.6992, 11.8900), (57.6915, 11.8880), (57.6895, 11.8740))),
    ("Ringön", "industry", ((57.7235, 11.9700), (57.7205, 11.9780), (57.7170, 11.9690), (57.7203, 11.9630))),
)  # fmt: skip


def water() -> gpd.GeoDataFrame:
    """Return the river, its basins and the moat, clipped to the frame and without overlaps."""
    names, shapes = ["Göta älv"], [places.river()]
    for name, half_width, middle in _BASINS:
        names.append(name)
        shapes.append(line(*middle).buffer(half_width, cap_style="flat"))
    taken: Polygon | MultiPolygon = Polygon()
    own = []
    for shape in shapes:
        own.append(shapely.difference(shapely.intersection(shape, FRAME), taken))
        taken = shapely.union(taken, shape)
    return gpd.GeoDataFrame({"name": names}, geometry=own, crs=CRS)


def banks() -> tuple[Polygon, Polygon]:
    """Return the frame's part north and south of the river's middle line."""
    middle = [world(a, b) for a, b, _ in places.RIVER]
    _west, _south, _east, north = FRAME.bounds
    up = Polygon([(middle[0][0], north + 9_000), *middle, (middle[-1][0], north + 9_000)])
    return shapely.intersection(FRAME, up), shapely.difference(FRAME, up)


def context(wet: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the background of the map: land, water, parks, forest, industry, harbour."""
    sea = shapely.union_all(wet.geometry.to_numpy())
    rows = [("land", "", shapely.difference(FRAME, sea))]
    for name, kind, corners in _PARKS:
        shape = Polygon([world(*c) for c in corners]).buffer(60, quad_segs=3).buffer(-60, quad_segs=3)
        rows.append((kind, name, shapely.difference(shapely.intersection(shape, FRAME), sea)))
    rows += [("water", name, shape) for name, shape in zip(wet["name"], wet.geometry, strict=True)]
    kinds, names, shapes = zip(*rows, strict=True)
    table = gpd.GeoDataFrame({"kind": kinds, "name": names}, geometry=list(shapes), crs=CRS)
    return table[~table.geometry.is_empty].reset_index(drop=True)


def terrain(wet: gpd.GeoDataFrame, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return ground heights [m, RH 2000] on the frame's grid, first row in the north; water lies at 0.

    Hills rise where they do, as smooth domes; banks are low; the rest is seeded noise.
    """
    west, south, east, north = FRAME.bounds
    x = np.arange(west + CELL / 2, east, CELL)
    y = np.arange(north - CELL / 2, south, -CELL)
    xx, yy = np.meshgrid(x, y)
    sea = shapely.union_all(wet.geometry.to_numpy())
    shapely.prepare(sea)
    is_water = shapely.contains_xy(sea, xx, yy)
    shore_m = distance_transform_edt(~is_water) * CELL
    z: Floats = 1.6 + np.minimum(shore_m, 1500) * 0.009
    rise = np.clip(shore_m / 320, 0, 1) ** 2 * (3 - 2 * np.clip(shore_m / 320, 0, 1))
    for latitude, longitude, height_m, radius_m in HILLS:
        x0, y0 = world(latitude, longitude)
        z += rise * height_m * np.exp(-((xx - x0) ** 2 + (yy - y0) ** 2) / (2 * (0.75 * radius_m) ** 2))
    for sigma, height_m in ((40, 5.0), (12, 1.6)):
        noise = gaussian_filter(rng.standard_normal(z.shape), sigma)
        z += rise * height_m * noise / noise.std()
    z = np.where(is_water, 0.0, np.maximum(z, 1.2))
    return (np.round(z * 4) / 4).astype(np.float32)
