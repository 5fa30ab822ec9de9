"""Streets with traffic: main roads, the grids of the districts, and the streets that join them."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import LineString, affinity

from .places import CRS, DISTRICTS, FRAME, District, line, world

__all__ = ["pieces", "roads", "street_lines"]

Generator = np.random.Generator
Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]
_LINK_M = 330.0  # usual length of a link
_JOIN_M = 60.0  # a place of a joining street this near another street lies on it
_CORNER_M = 15.0  # and at its corner or end, if that is this near
_SAME_M = 0.5  # a crossing this near a corner lies there
_COUNT_CV = 0.1  # of a count of some weeks, as a mean of the year
_MOTOR_ROADS = ("motorway", "trunk")  # met at junctions alone; other streets pass over or under them

# name, class, speed limit, lanes, vehicles a day, tunnel, places along it
_MAIN = (
    ("E6 Tingstadstunneln", "motorway", 70, 6, 118_000, True, ((57.7262, 11.9890), (57.7210, 11.9940), (57.7160, 11.9960))),
    ("E6 Kungsbackaleden", "motorway", 80, 6, 96_000, False, ((57.7160, 11.9960), (57.7080, 11.9955), (57.7000, 11.9905), (57.6900, 11.9965), (57.6780, 12.0010))),
    ("E45 Götatunneln", "trunk", 70, 6, 64_000, True, ((57.7128, 11.9790), (57.7105, 11.9680), (57.7045, 11.9580), (57.7012, 11.9510))),
    ("E45 Oscarsleden", "trunk", 70, 6, 66_000, False, ((57.7012, 11.9510), (57.6985, 11.9395), (57.6940, 11.9240), (57.6905, 11.9130))),
    ("E45 Marieholmsleden", "trunk", 70, 4, 48_000, False, ((57.7128, 11.9790), (57.7160, 11.9960), (57.7240, 12.0060), (57.7330, 12.0120))),
    ("Älvsborgsbron", "trunk", 70, 6, 71_000, False, ((57.6905, 11.9130), (57.6918, 11.9030), (57.6935, 11.9005), (57.6985, 11.8990))),
    ("Hisingsleden", "trunk", 80, 4, 34_000, False, ((57.6985, 11.8990), (57.7035, 11.8860), (57.7040, 11.8600), (57.7060, 11.8380))),
    ("Lundbyleden", "trunk", 70, 4, 58_000, False, ((57.6985, 11.8990), (57.7060, 11.9070), (57.7090, 11.9260), (57.7140, 11.9440), (57.7190, 11.9530), (57.7262, 11.9890))),
    ("Dag Hammarskjöldsleden", "primary", 70, 4, 41_000, False, ((57.6860, 11.9400), (57.6800, 11.9380), (57.6700, 11.9330))),
    ("Västerleden", "trunk", 70, 4, 45_000, False, ((57.6905, 11.9130), (57.6830, 11.9080), (57.6740, 11.9090), (57.6640, 11.9150))),
    ("Hisingsbron", "primary", 50, 4, 22_000, False, ((57.7098, 11.9700), (57.7140, 11.9655), (57.7178, 11.9620), (57.7195, 11.9565))),
    ("Hjalmar Brantingsgatan", "secondary", 50, 4, 19_000, False, ((57.7195, 11.9565), (57.7175, 11.9420), (57.7160, 11.9270), (57.7145, 11.9050), (57.7160, 11.8930))),
    ("Karl Johansgatan", "secondary", 50, 2, 9_500, False, ((57.6945, 11.9300), (57.6915, 11.9200), (57.6890, 11.9120))),
    ("Första Långgatan", "secondary", 50, 2, 10_500, False, ((57.6995, 11.9535), (57.6985, 11.9445), (57.6965, 11.9360), (57.6945, 11.9300))),
    ("Linnégatan", "secondary", 40, 2, 8_200, False, ((57.6995, 11.9535), (57.6960, 11.9520), (57.6915, 11.9500), (57.6900, 11.9490))),
    ("Övre Husargatan", "secondary", 50, 4, 17_000, False, ((57.7005, 11.9580), (57.6950, 11.9575), (57.6880, 11.9560), (57.6845, 11.9545))),
    ("Allén", "secondary", 50, 4, 21_000, False, ((57.7012, 11.9530), (57.7008, 11.9600), (57.7012, 11.9680), (57.7035, 11.9740))),
    ("Vasagatan", "tertiary", 30, 2, 5_200, False, ((57.6998, 11.9590), (57.6990, 11.9680), (57.6975, 11.9770))),
    ("Kungsportsavenyn", "tertiary", 30, 2, 6_100, False, ((57.7035, 11.9710), (57.7000, 11.9755), (57.6970, 11.9790))),
    ("Skånegatan", "secondary", 50, 4, 20_500, False, ((57.7085, 11.9840), (57.7040, 11.9840), (57.6990, 11.9850), (57.6955, 11.9870))),
    ("Södra vägen", "secondary", 50, 2, 13_500, False, ((57.7030, 11.9760), (57.6985, 11.9830), (57.6940, 11.9890), (57.6860, 11.9925))),
    ("Aschebergsgatan", "tertiary", 40, 2, 8_700, False, ((57.6985, 11.9640), (57.6930, 11.9710), (57.6885, 11.9735))),
    ("Delsjövägen", "tertiary", 50, 2, 9_000, False, ((57.6955, 11.9990), (57.6905, 12.0110), (57.6880, 12.0260))),
    ("Torpavallsgatan", "secondary", 50, 2, 12_000, False, ((57.7010, 11.9990), (57.6990, 12.0140), (57.7000, 12.0330))),
    ("Ringögatan", "tertiary", 50, 2, 6_000, False, ((57.7195, 11.9630), (57.7240, 11.9740), (57.7262, 11.9850))),
)  # fmt: skip

# streets that join districts to the main roads and to each other, and ramps: name, class, speed limit, vehicles a day, places
_JOINING = (
    ("Björlandavägen", "tertiary", 50, 3_200, ((57.7174, 11.8764), (57.7112, 11.8717), (57.7040, 11.8601))),
    ("Ytterhamnsvägen", "secondary", 50, 5_200, ((57.7040, 11.8601), (57.6970, 11.8631))),
    ("Oljevägen", "tertiary", 50, 2_600, ((57.6963, 11.8723), (57.6967, 11.8739))),
    ("Ivarsbergsgatan", "tertiary", 50, 3_400, ((57.6974, 11.8883), (57.6974, 11.8948), (57.6985, 11.8991))),
    ("Säterigatan", "tertiary", 40, 4_200, ((57.7047, 11.9200), (57.7073, 11.9230), (57.7090, 11.9262))),
    ("Östra Eriksbergsgatan", "tertiary", 40, 3_600, ((57.7043, 11.9204), (57.7061, 11.9250), (57.7076, 11.9298))),
    ("Lindholmsmotet", "tertiary", 40, 5_200, ((57.7102, 11.9416), (57.7140, 11.9441), (57.7176, 11.9432))),
    ("Karlavagnsgatan", "tertiary", 40, 4_800, ((57.7081, 11.9433), (57.7132, 11.9510), (57.7158, 11.9539), (57.7182, 11.9557))),
    ("Brantingsmotet", "secondary", 50, 6_000, ((57.7189, 11.9531), (57.7191, 11.9533))),
    ("Ringömotet", "tertiary", 50, 3_000, ((57.7240, 11.9741), (57.7235, 11.9746))),
    ("Lilla Bommens led", "secondary", 50, 7_000, ((57.7105, 11.9680), (57.7098, 11.9699))),
    ("Östra Hamngatan", "tertiary", 30, 3_200, ((57.7098, 11.9699), (57.7085, 11.9712), (57.7066, 11.9705))),
    ("Burggrevegatan", "tertiary", 40, 4_800, ((57.7098, 11.9699), (57.7084, 11.9719), (57.7083, 11.9784), (57.7085, 11.9839))),
    ("Bohusgatan", "tertiary", 40, 4_600, ((57.7030, 11.9761), (57.7041, 11.9806), (57.7045, 11.9839))),
    ("Parkgatan", "secondary", 50, 7_500, ((57.7034, 11.9741), (57.7030, 11.9761))),
    ("Ullevigatan", "tertiary", 40, 4_200, ((57.6983, 11.9853), (57.6990, 11.9885), (57.6997, 11.9907))),
    ("Ullevimotet", "tertiary", 50, 4_200, ((57.6997, 11.9907), (57.7000, 11.9907))),
    ("Örgrytevägen", "tertiary", 50, 4_600, ((57.6991, 11.9941), (57.7005, 11.9969), (57.7010, 11.9990))),
    ("Sankt Sigfridsgatan", "tertiary", 50, 5_200, ((57.6949, 11.9878), (57.6960, 11.9902), (57.6968, 11.9926), (57.6963, 11.9960), (57.6955, 11.9990))),
    ("Lilla Torpgatan", "tertiary", 40, 2_400, ((57.6990, 12.0140), (57.6970, 12.0152))),
    ("Vidkärrsallén", "tertiary", 40, 2_200, ((57.6998, 12.0289), (57.6986, 12.0266))),
    ("Sankt Pauligatan", "tertiary", 40, 2_400, ((57.6905, 12.0111), (57.6919, 12.0127))),
    ("Gamlestadsvägen", "tertiary", 50, 3_200, ((57.7085, 11.9839), (57.7110, 11.9894), (57.7133, 11.9957), (57.7159, 12.0000), (57.7241, 12.0059))),
    ("Sävenäsvägen", "tertiary", 50, 2_600, ((57.7241, 12.0059), (57.7223, 12.0145), (57.7230, 12.0274), (57.7240, 12.0373))),
    ("Riddaregatan", "tertiary", 50, 1_800, ((57.6990, 12.0140), (57.7054, 12.0162), (57.7139, 12.0199), (57.7230, 12.0274))),
    ("Ostindiegatan", "tertiary", 40, 3_000, ((57.6890, 11.9121), (57.6878, 11.9130))),
    ("Jaegerdorffsmotet", "secondary", 50, 6_000, ((57.6890, 11.9121), (57.6885, 11.9117))),
    ("Järntorget", "secondary", 50, 7_500, ((57.7012, 11.9530), (57.6995, 11.9536))),
    ("Järntorgsmotet", "secondary", 50, 8_000, ((57.7012, 11.9510), (57.7012, 11.9530))),
    ("Landsvägsgatan", "tertiary", 40, 3_800, ((57.6960, 11.9524), (57.6962, 11.9550), (57.6960, 11.9578))),
    ("Sprängkullsgatan", "secondary", 50, 7_000, ((57.7004, 11.9581), (57.7010, 11.9582))),
    ("Masthamnsgatan", "tertiary", 40, 2_200, ((57.6998, 11.9441), (57.6986, 11.9447))),
    ("Stigbergsgatan", "tertiary", 40, 2_200, ((57.6908, 11.9261), (57.6931, 11.9301), (57.6962, 11.9351))),
    ("Dag Hammarskjöldsgatan", "primary", 50, 9_000, ((57.6860, 11.9401), (57.6880, 11.9460), (57.6900, 11.9490))),
    ("Per Dubbsgatan", "tertiary", 50, 6_500, ((57.6900, 11.9490), (57.6869, 11.9527), (57.6845, 11.9545), (57.6835, 11.9566))),
    ("Guldhedsgatan", "tertiary", 40, 4_600, ((57.6844, 11.9675), (57.6858, 11.9712), (57.6863, 11.9748))),
    ("Fridkullagatan", "tertiary", 40, 3_400, ((57.6892, 11.9824), (57.6894, 11.9863), (57.6894, 11.9909))),
    ("Vasaplatsen", "tertiary", 30, 4_000, ((57.6997, 11.9591), (57.6996, 11.9581))),
)  # fmt: skip


def street_lines(district: District) -> list[tuple[str, LineString]]:
    """Return the middle of every street of a district's grid, cut at each second crossing."""
    (w, h), s = district.block, district.street
    names = district.streets.split(",")
    east, north = world(district.latitude, district.longitude)
    xs = (np.arange(district.columns + 1) - district.columns / 2) * (w + s)
    ys = (np.arange(district.rows + 1) - district.rows / 2) * (h + s)
    found = []
    for k, y in enumerate(ys):
        stops = np.unique(np.append(xs[::3], xs[-1]))
        found += [(names[k % len(names)], LineString([(a, y), (b, y)])) for a, b in pairwise(stops)]
    for k, x in enumerate(xs):
        stops = np.unique(np.append(ys[::3], ys[-1]))
        found += [(names[(k + 3) % len(names)], LineString([(x, a), (x, b)])) for a, b in pairwise(stops)]
    return [(n, affinity.translate(affinity.rotate(g, district.angle, origin=(0, 0)), east, north)) for n, g in found]


def pieces(whole: LineString, length_m: float) -> list[LineString]:
    n = max(1, round(whole.length / length_m))
    ends = np.linspace(0, whole.length, n + 1)
    return [shapely.ops.substring(whole, a, b) for a, b in pairwise(ends)]


def roads(wet: gpd.GeoDataFrame, rng: Generator) -> gpd.GeoDataFrame:
    """Return main roads, the streets of the districts and those that join them, with vehicles a day.

    Traffic of main roads is of the order of magnitude that the city's counts show; of the others it is drawn. The middle of
    each main road has a counter.
    """
    rows = []
    for name, kind, speed, lanes, aadt, tunnel, places in _MAIN:
        parts = pieces(line(*places), _LINK_M * (2 if kind in _MOTOR_ROADS else 1.3))
        for k, part in enumerate(parts):
            heavy = {"motorway": 0.10, "trunk": 0.09, "primary": 0.06}.get(kind, 0.04)
            bus = 0.012 if kind in ("motorway", "trunk", "primary") else 0.05
            vehicles = round(aadt * rng.uniform(0.93, 1.07), -2)
            counted = k == len(parts) // 2
            rows.append((name, kind, speed, lanes, tunnel, vehicles, counted, heavy, bus, 0.12, part))
    sea = shapely.union_all(wet.geometry.to_numpy())
    kinds = {"halls": (0.22, 1600), "tanks": (0.25, 900), "workshops": (0.14, 1300), "centre": (0.05, 2600)}
    for district in DISTRICTS:
        heavy, usual = kinds.get(district.kind, (0.02, 700))
        for name, street in street_lines(district):
            dry = shapely.difference(street, sea)
            if dry.length < 0.9 * street.length or not FRAME.contains(street):
                continue
            through = rng.random() < 0.14
            vehicles = round(usual * float(rng.lognormal(0, 0.5)) * (5 if through else 1), -1)
            kind, speed = ("tertiary", 40) if through else ("residential", 30)
            rows.append((name, kind, speed, 2, False, vehicles, False, heavy, 0.03 if through else 0.0, 0.10, street))
    for name, kind, speed, vehicles, places in _JOINING:
        rows.append((name, kind, speed, 2, False, float(vehicles), False, 0.04, 0.02, 0.12, line(*places)))
    columns = ["name", "road_class", "posted_speed_kmh", "lanes", "tunnel", "aadt", "counted", "heavy_vehicle_share", "bus_share", "van_share", "geometry"]  # fmt: skip
    table = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=CRS)
    table["geometry"] = shapely.set_precision(table.geometry.to_numpy(), 0.01)
    table = table[table.within(FRAME)].reset_index(drop=True)
    joining = np.arange(len(table)) >= len(table) - len(_JOINING)
    table["geometry"] = _met(table.geometry.to_numpy(), table["road_class"], table["tunnel"].to_numpy(bool), joining)
    counted = table.pop("counted")
    table["aadt_source"] = np.where(counted, "count", "model")
    table["aadt_cv"] = np.where(counted, _COUNT_CV, 0.3)
    table.insert(0, "road_id", [f"link-{i + 1:04d}" for i in range(len(table))])
    return table


def _met(shapes: Geometries, kind: pd.Series, tunnel: npt.NDArray[np.bool_], joining: npt.NDArray[np.bool_]) -> Geometries:  # fmt: skip
    """Return the streets with a shared vertex wherever they meet, the joining ones drawn onto what they join."""
    lines = [shapely.get_coordinates(s) for s in shapes]
    for i in np.flatnonzero(joining):
        above = np.flatnonzero(~tunnel[:i])
        lines[i] = np.array([_onto(place, lines, above) for place in lines[i]])
    local = np.flatnonzero(~tunnel & ~kind.isin(_MOTOR_ROADS).to_numpy())
    shapes = np.array([LineString(xy) for xy in lines])
    for i, j in local[shapely.STRtree(shapes[local]).query(shapes[local], predicate="dwithin", distance=_SAME_M).T]:
        meeting = shapely.intersection(shapes[i], shapes[j]) if i < j else shapely.MultiPoint()
        ends = lines[i][[0, -1]]
        near = ends[shapely.distance(shapely.points(ends), shapes[j]) < _SAME_M] if i != j else ends[:0]
        for point in np.concatenate([near, shapely.get_coordinates(meeting)]):
            own = lines[i][np.argmin(np.hypot(*(lines[i] - point).T))]
            common = own if np.hypot(*(own - point)) < _SAME_M else point.round(2)
            lines[j] = _with_vertex(lines[j], common, _SAME_M)
            common = lines[j][np.argmin(np.hypot(*(lines[j] - common).T))]
            lines[i] = _with_vertex(lines[i], common, _SAME_M)
    return np.array([LineString(xy) for xy in lines])


def _onto(place: Floats, lines: list[Floats], others: npt.NDArray[np.int64]) -> Floats:
    """Return a place moved onto the nearest street, which gets a vertex there; the place itself where none is near."""
    shapes = np.array([LineString(lines[k]) for k in others])
    far = shapely.distance(shapes, shapely.Point(place))
    if far.min() > _JOIN_M:
        return place
    k = others[np.argmin(far)]
    foot = shapely.get_coordinates(shapely.shortest_line(shapes[np.argmin(far)], shapely.Point(place)))[0].round(2)
    lines[k] = _with_vertex(lines[k], foot, _CORNER_M)
    met: Floats = lines[k][np.argmin(np.hypot(*(lines[k] - foot).T))]
    return met


def _with_vertex(xy: Floats, point: Floats, near_m: float) -> Floats:
    """Return a line with a vertex at a point on it, unless one of its own is that near."""
    if np.hypot(*(xy - point).T).min() < near_m:
        return xy
    whole = LineString(xy)
    along = shapely.line_locate_point(whole, shapely.points(xy[1:-1]))
    return np.insert(xy, 1 + np.searchsorted(along, whole.project(shapely.Point(point))), point, axis=0)
