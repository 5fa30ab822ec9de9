"""Buildings: each kind of block is drawn in its own small frame (x along the street) and then laid on the city."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPolygon, Polygon, affinity, box

from .places import CRS, DISTRICTS, FRAME, LANDMARKS, District, world

__all__ = ["blocks", "buildings"]

Generator = np.random.Generator
_SHORE_M = 9.0  # nearest that a house stands to the water


@dataclass(frozen=True)
class House:
    """One building before it is laid on the city; the shape is in its block's frame [m]."""

    shape: Polygon
    use: str
    storeys: int
    height_m: float
    year: int
    owner: str = ""
    name: str = ""


def _row(x0: float, y0: float, length: float, depth: float, width: float, rng: Generator) -> list[Polygon]:
    """Return houses in a row, wall to wall, each about `width` wide."""
    n = max(1, round(length / width))
    weights = rng.uniform(0.8, 1.2, n)
    ends = np.round(x0 + length * np.concatenate([[0], np.cumsum(weights)]) / weights.sum(), 1)
    return [box(a, y0, b, y0 + depth) for a, b in itertools.pairwise(ends)]


def _ring(width: float, height: float, depth: float, house: float, rng: Generator) -> list[Polygon]:
    """Return the houses of a closed block around a courtyard."""
    south = _row(0, 0, width, depth, house, rng)
    north = _row(0, height - depth, width, depth, house, rng)
    side = height - 2 * depth
    if side < 8:
        return south + north
    n = max(1, round(side / house))
    ends = np.round(depth + side * np.arange(n + 1) / n, 1)
    west = [box(0, a, depth, b) for a, b in itertools.pairwise(ends)]
    return south + north + west + [affinity.translate(p, width - depth, 0) for p in west]


def _year(district: District, rng: Generator) -> int:
    return int(rng.integers(district.years[0], district.years[1] + 1))


def _landshovdingehus(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Three storeys, the lowest of stone, around a courtyard with sheds."""
    year, owner = _year(d, rng), "Familjebostäder" if rng.random() < 0.35 else "Bostadsrättsförening"
    for shape in _ring(w, h, 10.5, 23, rng):
        yield House(shape, "multi_family", 3, 10.4 + rng.uniform(-0.4, 0.8), year + int(rng.integers(0, 4)), owner)
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(16, w - 26), rng.uniform(15, h - 22)
        yield House(box(x, y, x + rng.uniform(4, 8), y + 4.5), "ancillary", 1, 3.0, year + 60, owner)


def _stone(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Five or six storeys of brick and stone around a courtyard with a wing."""
    base = _year(d, rng)
    for shape in _ring(w, h, 13, 21, rng):
        storeys = int(rng.choice([4, 5, 5, 6]))
        use = str(rng.choice(["multi_family"] * 13 + ["office"] * 3 + ["hotel_restaurant", "retail", "school"]))
        owner = "Bostadsrättsförening" if use == "multi_family" else "Privat fastighetsägare"
        yield House(shape, use, storeys, storeys * 3.5 + 2.5, base + int(rng.integers(0, 14)), owner)
    x = w / 2 - 5 + rng.uniform(-6, 6)
    yield House(box(x, 13, x + 10, 13 + (h - 26) * 0.55), "multi_family", 4, 14.0, base + 2, "Bostadsrättsförening")


def _centre(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Build the oldest town: narrow houses of every age, shops and offices, yards built over."""
    for shape in _ring(w, h, 14, 17, rng):
        storeys = int(rng.choice([3, 4, 4, 5, 6]))
        use = str(rng.choice(["office"] * 5 + ["retail"] * 4 + ["multi_family"] * 2 + ["hotel_restaurant"]))
        yield House(shape, use, storeys, storeys * 3.7 + 1.5, _year(d, rng), "Privat fastighetsägare")
    if rng.random() < 0.55:
        yield House(box(14, 14, w - 14, h - 14), "retail", 1, 5.5, _year(d, rng), "Privat fastighetsägare")


def _slabs(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Parallel slabs of three or eight storeys in lawns, with a garage; here and there a tower or a school."""
    year, owner = _year(d, rng), "Bostadsbolaget" if rng.random() < 0.7 else "Bostadsrättsförening"
    if rng.random() < 0.13:
        wing = box(8, 12, 70, 34).union(box(8, 34, 28, 74))
        yield House(wing, "school", 2, 8.2, year + 2, "Göteborgs Stad")
        return
    if rng.random() < 0.12:
        for x in (10, 50, 90):
            yield House(box(x, 30, x + 24, 54), "multi_family", 10, 29.5, year, owner)
        return
    storeys = int(rng.choice([3, 3, 3, 8]))
    for y in (6, 44, 82):
        length = rng.uniform(62, w - 14)
        x = rng.uniform(0, w - length)
        yield House(box(x, y, x + length, y + 12.5), "multi_family", storeys, storeys * 2.85 + 0.7, year, owner)
    yield House(box(w - 34, 62, w - 4, 74), "ancillary", 1, 2.8, year + 3, owner)


def _campus(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Offices and schools of glass and steel, many with an atrium."""
    for x in (0.0, w / 2 + 4):
        across, deep = w / 2 - 6, h - rng.uniform(6, 26)
        shape = box(x, 0, x + across, deep)
        if across > 36 and deep > 42 and rng.random() < 0.6:
            shape = shape.difference(box(x + 15, 15, x + across - 15, deep - 15))
        storeys = int(rng.integers(4, 10))
        use = str(rng.choice(["office", "office", "office", "school", "hotel_restaurant", "healthcare"]))
        yield House(shape, use, storeys, storeys * 3.8 + 1.5, _year(d, rng), "Älvstranden Utveckling")


def _campus_old(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Long houses of brick for lectures and laboratories."""
    for y in (4.0, h - 26.0):
        storeys, length = int(rng.integers(3, 7)), rng.uniform(50, w - 8)
        use = "school" if rng.random() < 0.85 else "multi_family"
        yield House(
            box(4, y, 4 + length, y + 17), use, storeys, storeys * 3.7 + 1.0, _year(d, rng), "Chalmersfastigheter"
        )


def _quarter(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Build new quarters: houses with gaps around a garden, shops towards the street."""
    year = _year(d, rng)
    for shape in (
        box(0, 0, w * 0.62, 13), box(w * 0.72, 0, w, 13), box(0, h - 13, w * 0.4, h), box(w * 0.5, h - 13, w, h),
        box(0, 18, 13, h - 18), box(w - 13, 18, w, h - 18),
    ):  # fmt: skip
        storeys = int(rng.integers(5, 9))
        use = str(rng.choice(["multi_family"] * 8 + ["office", "retail"]))
        yield House(shape, use, storeys, storeys * 3.05 + 1.2, year + int(rng.integers(0, 3)), "Bostadsrättsförening")


def _villas(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Gardens with a villa each and often a garage."""
    for plot_x in range(3):
        for plot_y in range(2):
            x = plot_x * w / 3 + rng.uniform(4, w / 3 - 17)
            y = plot_y * h / 2 + rng.uniform(4, h / 2 - 15)
            year = _year(d, rng)
            across, deep, storeys = rng.uniform(9, 13), rng.uniform(8, 11), int(rng.choice([1, 2, 2]))
            shape = box(x, y, x + across, y + deep)
            if rng.random() < 0.4:
                shape = shape.union(box(x + across, y + 1.5, x + across + 3.5, y + deep - 2))
            owner = "Privatperson"
            yield House(shape, "single_family", storeys, storeys * 2.9 + 1.1 + rng.uniform(0, 1.2), year, owner)
            if rng.random() < 0.7:
                gx, gy = plot_x * w / 3 + 0.5, y + deep - 5.5
                yield House(box(gx, gy, gx + 3.2, gy + 5.5), "ancillary", 1, 2.7, year + 8, owner)


def _halls(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Warehouses of the harbour with a small office beside."""
    length, deep = rng.uniform(90, w - 24), rng.uniform(48, h - 22)
    year = _year(d, rng)
    yield House(box(0, 0, length, deep), "industry", 1, rng.uniform(9, 14), year, "Göteborgs Hamn")
    if rng.random() < 0.6:
        yield House(box(w - 18, 0, w - 2, 14), "office", 3, 11.2, year + 1, "Göteborgs Hamn")


def _tanks(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Oil tanks and a workshop."""
    for x in (26.0, 80.0):
        radius = rng.uniform(15, 22)
        for y in (26.0, 76.0):
            tank = shapely.Point(x, y).buffer(radius, quad_segs=5)
            yield House(tank, "ancillary", 1, rng.uniform(13, 19), _year(d, rng), "Oljebolag")
    yield House(box(w - 34, 8, w - 6, 30), "industry", 1, 7.5, _year(d, rng), "Oljebolag")


def _workshops(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Sheds and shops of metal-workers, close together."""
    for x in np.arange(0, w - 26, 30):
        storeys = int(rng.integers(1, 4))
        deep = rng.uniform(18, 30)
        use = str(rng.choice(["industry", "industry", "office", "retail"]))
        yield House(box(x, 0, x + 27, deep), use, storeys, storeys * 4.2 + 1, _year(d, rng), "Privat fastighetsägare")
        if rng.random() < 0.7:
            yield House(box(x + 3, h - 20, x + 23, h - 2), "industry", 1, 6.2, _year(d, rng), "Privat fastighetsägare")


def _hospital(d: District, w: float, h: float, rng: Generator) -> Iterator[House]:
    """Ward blocks, joined by lower wings."""
    storeys, year = int(rng.integers(5, 10)), _year(d, rng)
    owner = "Västra Götalandsregionen"
    yield House(box(0, 0, w * 0.8, 19), "healthcare", storeys, storeys * 3.9 + 2, year, owner)
    yield House(box(12, 19, 30, h - 24), "healthcare", 3, 12.5, year + 4, owner)
    if rng.random() < 0.6:
        yield House(box(4, h - 22, w * 0.6, h - 3), "healthcare", 4, 16.5, _year(d, rng), owner)


_KINDS: dict[str, Callable[[District, float, float, Generator], Iterator[House]]] = {
    "landshovdingehus": _landshovdingehus, "stone": _stone, "centre": _centre, "slabs": _slabs, "campus": _campus,
    "campus_old": _campus_old, "quarter": _quarter, "villas": _villas, "halls": _halls, "tanks": _tanks,
    "workshops": _workshops, "hospital": _hospital,
}  # fmt: skip


def blocks(district: District) -> Iterator[tuple[int, int, float, float]]:
    """Return column, row and south-west corner of each block in the district's own frame [m], its middle at zero."""
    (w, h), street = district.block, district.street
    x0 = -(district.columns * (w + street) - street) / 2
    y0 = -(district.rows * (h + street) - street) / 2
    for column in range(district.columns):
        for row in range(district.rows):
            yield column, row, x0 + column * (w + street), y0 + row * (h + street)


def _laid(shape: Polygon, district: District, dx: float, dy: float) -> Polygon:
    """Move a shape from its block's frame to the city, to the centimetre."""
    turned = affinity.rotate(affinity.translate(shape, dx, dy), district.angle, origin=(0, 0))
    east, north = world(district.latitude, district.longitude)
    placed: Polygon = shapely.set_precision(affinity.translate(turned, east, north), 0.01)
    return placed


def _houses(rng: Generator) -> Iterator[tuple[House, District | None, str]]:
    for district in DISTRICTS:
        streets = district.streets.split(",")
        numbers = dict.fromkeys(streets, 0)
        for column, row, dx, dy in blocks(district):
            for house in _KINDS[district.kind](district, *district.block, rng):
                street = streets[(column + 2 * row) % len(streets)]
                numbers[street] += 1 if house.use != "ancillary" else 0
                shape = _laid(house.shape, district, dx, dy)
                address = f"{street} {numbers[street]}" if house.use != "ancillary" else ""
                yield replace(house, shape=shape, name=address), district, street


def _landmarks() -> Iterator[House]:
    for name, latitude, longitude, use, width, depth, storeys, height_m, year, owner, form in LANDMARKS:
        east, north = world(latitude, longitude)
        shape = box(east - width / 2, north - depth / 2, east + width / 2, north + depth / 2)
        if form == "round":
            shape = shapely.Point(east, north).buffer(width / 2, quad_segs=8)
        if form == "arena":
            disc = affinity.scale(shapely.Point(east, north).buffer(1, quad_segs=10), width / 2, depth / 2)
            shape = disc.difference(affinity.scale(disc, 0.6, 0.6))
        yield House(shapely.set_precision(shape, 0.01), use, storeys, height_m, year, owner, name)


def buildings(wet: gpd.GeoDataFrame, parks: gpd.GeoDataFrame, rng: Generator) -> gpd.GeoDataFrame:
    """Return all buildings that stand on dry ground and on no other, with blanks where a register has them.

    Parameters
    ----------
    wet, parks : GeoDataFrame
        Where no house stands.
    rng : Generator
    """
    closed = shapely.union_all([*wet.geometry.buffer(_SHORE_M), *parks.geometry])
    shapely.prepare(closed)
    landmarks = list(_landmarks())
    reserved = shapely.union_all([shapely.buffer(h.shape, 12) for h in landmarks])
    rows = [
        (h, d.key)
        for h, d, _ in _houses(rng)
        if not shapely.intersects(closed, h.shape)
        and not shapely.intersects(reserved, h.shape)
        and FRAME.contains(h.shape)
    ]
    rows += [(h, "landmark") for h in landmarks]
    rows = _free(rows)
    table = gpd.GeoDataFrame(
        {
            "building_id": [f"gbg-{i + 1:05d}" for i in range(len(rows))],
            "name": [h.name or None for h, _ in rows],
            "use": [h.use for h, _ in rows],
            "year_built": [min(h.year, 2024) for h, _ in rows],
            "storeys": [h.storeys for h, _ in rows],
            "height_m": [round(h.height_m, 1) for h, _ in rows],
            "owner": [h.owner for h, _ in rows],
            "heating": [_heating(h, d, rng) for h, d in rows],
            "district": [d for _, d in rows],
        },
        geometry=[_single(h.shape) for h, _ in rows],
        crs=CRS,
    )
    return _with_blanks(table, rng)


def _single(shape: Polygon | MultiPolygon) -> Polygon:
    return shape if isinstance(shape, Polygon) else max(shape.geoms, key=lambda g: g.area)


def _free(rows: list[tuple[House, str]]) -> list[tuple[House, str]]:
    """Leave out what would stand in an earlier house: districts' corners may meet."""
    shapes = np.array([h.shape for h, _ in rows])
    inner = shapely.buffer(shapes, -0.5)
    left, right = shapely.STRtree(inner).query(inner, predicate="intersects")
    gone = np.zeros(len(rows), bool)
    for a, b in sorted(zip(left.tolist(), right.tolist(), strict=True)):
        if a < b and not gone[a]:
            gone[b] = True
    return [r for r, out in zip(rows, gone, strict=True) if not out]


def _heating(house: House, district: str, rng: Generator) -> str | None:
    """Return what a register says of the heat source; most are left to the declarations and the network."""
    if house.use == "single_family":
        kinds = ["ground_heat_pump", "air_heat_pump", "direct_electric", "district_heating", "biofuel", "oil"]
        return str(rng.choice(kinds, p=[0.22, 0.29, 0.22, 0.2, 0.06, 0.01]))
    heated = next((d.heated for d in DISTRICTS if d.key == district), True)
    if house.use != "ancillary" and not heated:
        return str(rng.choice(["air_heat_pump", "gas", "oil", "direct_electric"], p=[0.5, 0.25, 0.05, 0.2]))
    if house.use != "ancillary" and rng.random() < 0.02:
        return "ground_heat_pump"
    return None


def _with_blanks(table: gpd.GeoDataFrame, rng: Generator) -> gpd.GeoDataFrame:
    """Take away what registers lack: some years, many storeys, some heights, a few uses."""
    landmark = (table["district"] == "landmark").to_numpy()
    shares = {"year_built": 0.14, "storeys": 0.35, "height_m": 0.12, "use": 0.01}
    blank = {column: (rng.random(len(table)) < share) & ~landmark for column, share in shares.items()}
    blank["storeys"] |= (table["use"] == "ancillary").to_numpy()
    truth = {f"true_{c}": table[c] for c in shares}  # for the declarations; not written
    return table.assign(**truth, **{c: table[c].where(pd.Series(~gone)) for c, gone in blank.items()})
