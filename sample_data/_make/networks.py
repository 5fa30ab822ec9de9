"""The heat network with its plants, stations of the power grid, chargers."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.cluster.vq import kmeans2
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import cdist
from shapely import LineString, Polygon

from .places import CRS, DISTRICTS, FRAME, world
from .streets import pieces, street_lines

__all__ = ["charging", "grid_areas", "heat_pipes", "heat_supply"]

Generator = np.random.Generator

# name, fuel, MW in the real order of size, efficiency, electricity per heat, place
_PLANTS = (
    ("Raffinaderiernas överskottsvärme", "excess_heat", 150, 1.0, 0.0, (57.6958, 11.8790)),
    ("Sävenäs avfallskraftvärme", "waste", 180, 0.75, 0.2, (57.7245, 12.0380)),
    ("Sävenäs biopanna", "biomass", 110, 0.9, 0.12, (57.7240, 12.0392)),
    ("Rya värmepumpar", "electricity", 160, 3.1, 0.0, (57.6978, 11.8890)),
    ("Rya kraftvärmeverk", "natural_gas", 290, 0.5, 0.85, (57.6985, 11.8885)),
    ("Rya hetvattencentral", "bio_oil", 100, 0.92, 0.0, (57.6984, 11.8875)),
    ("Rosenlundsverket", "natural_gas", 340, 0.92, 0.0, (57.7022, 11.9560)),
    ("Angered panncentral", "fossil_oil", 130, 0.9, 0.0, (57.7280, 12.0300)),
)
_TOUCH_M = 1.0  # pipes this near each other are joined
_SERVICE_FROM_M = 40.0
_CENTRAL_M = 80.0
_RESERVE = 1.25  # capacity over the highest load
_SEWAGE_C, _SEWAGE_SWING = 12.0, 0.4  # source of the heat pumps: mean temperature, and share of the air's swings
_TANK_MWH, _TANK_MW, _TANK_LOSS = 1000.0, 100.0, 0.0005  # at the hot-water plant, in the size of the whole city
_USUAL_KW_M2, _HALL_KW_M2 = 0.026, 0.046  # for which stations were built
_PEAK_W_M2 = 42.0  # usual peak of heat demand in a Swedish city


def heat_pipes(wet: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return transmission between plants and districts (a shortest tree) and distribution in the districts' streets.

    What would hang on nothing is joined by the shortest way, and so are large houses away from the streets.
    """
    plants = [world(*p[5]) for p in _PLANTS if p[0].startswith(("Raff", "Sävenäs avfall", "Rya kraft", "Rosenlund"))]
    heated = [d for d in DISTRICTS if d.heated]
    nodes = np.array(plants + [world(d.latitude, d.longitude) for d in heated])
    tree = minimum_spanning_tree(cdist(nodes, nodes)).tocoo()
    rows: list[tuple[str, float, int, LineString]] = []
    for a, b in sorted(zip(tree.row.tolist(), tree.col.tolist(), strict=True)):
        corner = (nodes[b][0], nodes[a][1]) if abs(nodes[a][0] - nodes[b][0]) > 400 else tuple(nodes[a])
        way = (
            LineString([nodes[a], corner, nodes[b]]) if corner != tuple(nodes[a]) else LineString([nodes[a], nodes[b]])
        )
        rows += [("transmission", 600.0 if a < len(plants) else 400.0, 1975, part) for part in pieces(way, 900)]
    sea = shapely.union_all(wet.geometry.to_numpy())
    for district in heated:
        middle = shapely.Point(world(district.latitude, district.longitude))
        for k, (_, street) in enumerate(street_lines(district)):
            if shapely.intersects(street, sea):
                continue
            central = street.distance(middle) < _CENTRAL_M  # where the transmission arrives
            diameter = 300.0 if central else (250.0, 200.0, 125.0)[k % 3]
            rows.append(("distribution", diameter, max(1955, min(2023, district.years[0] + 15 + 4 * (k % 9))), street))
    rows += [("distribution", 300.0, 1975, way) for way in _joining([row[3] for row in rows])]
    lines = [row[3] for row in rows]
    rows += [
        ("transmission", 500.0, 1985, way) for way in _services(lines, shapely.points([world(*p[5]) for p in _PLANTS]))
    ]
    rows += [("service", 125.0, 1985, way) for way in _services(lines, _large_houses(buildings))]
    kinds, diameters, years, shapes = zip(*rows, strict=True)
    return gpd.GeoDataFrame(
        {
            "pipe_id": [f"pipe-{i + 1:04d}" for i in range(len(rows))],
            "pipe_kind": kinds,
            "diameter_mm": diameters,
            "year_laid": years,
        },
        geometry=shapely.set_precision(np.array(shapes), 0.01),
        crs=CRS,
    )


def _joining(lines: list[LineString]) -> list[LineString]:
    """Return the shortest ways that make one network of lines; lines meet where one ends, not where they cross."""
    ways: list[LineString] = []
    while True:
        shapes = np.array([*lines, *ways], dtype=object)
        ends = shapely.get_point(np.repeat(shapes, 2), np.tile([0, -1], len(shapes)))
        of_end = np.repeat(np.arange(len(shapes)), 2)
        end, touched = shapely.STRtree(shapes).query(ends, predicate="dwithin", distance=_TOUCH_M)
        met = coo_array((np.ones(len(end)), (of_end[end], touched)), shape=(len(shapes),) * 2)
        count, part = connected_components(met, directed=False)
        if count == 1:
            return ways
        smallest = part == np.argmin(np.bincount(part))
        others = shapely.union_all(shapes[~smallest])
        own = ends[smallest[of_end]]
        ways.append(shapely.shortest_line(own[np.argmin(shapely.distance(own, others))], others))


def _large_houses(buildings: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Return the outlines of houses that are neither small nor heated by something else."""
    large = ~buildings["true_use"].isin(["single_family", "ancillary"]) & (
        buildings["heating"].isna() | (buildings["heating"] == "district_heating")
    )
    return np.asarray(buildings.geometry.to_numpy()[large.to_numpy(bool)], object)


def _services(lines: list[LineString], served: npt.NDArray[np.object_]) -> list[LineString]:
    """Return a pipe to each plant or house that stands away from the others."""
    network = shapely.union_all(np.array(lines, dtype=object))
    far = served[shapely.distance(served, network) > _SERVICE_FROM_M]
    return list(shapely.shortest_line(network, far))


def heat_supply(heated_floor_m2: float) -> gpd.GeoDataFrame:
    """Return Göteborg's kinds of plants in their order of use, scaled to what this city needs."""
    needed_mw = heated_floor_m2 * _PEAK_W_M2 / 1e6 * _RESERVE
    scale = needed_mw / sum(p[2] for p in _PLANTS)
    return gpd.GeoDataFrame(
        {
            "unit_id": [f"unit-{k + 1}" for k in range(len(_PLANTS))],
            "name": [p[0] for p in _PLANTS],
            "fuel": [p[1] for p in _PLANTS],
            "capacity_mw": [round(p[2] * scale, 1) for p in _PLANTS],
            "efficiency": [p[3] for p in _PLANTS],
            "electricity_to_heat": [p[4] for p in _PLANTS],
            "merit_order": range(1, len(_PLANTS) + 1),
            "source_c": [_SEWAGE_C if p[1] == "electricity" else None for p in _PLANTS],
            "source_air_share": [_SEWAGE_SWING if p[1] == "electricity" else 0.0 for p in _PLANTS],
            "storage_mwh": [round(_TANK_MWH * scale, 1) * ("hetvatten" in p[0]) for p in _PLANTS],
            "storage_mw": [round(_TANK_MW * scale, 1) * ("hetvatten" in p[0]) for p in _PLANTS],
            "storage_loss_share": [_TANK_LOSS * ("hetvatten" in p[0]) for p in _PLANTS],
        },
        geometry=[shapely.Point(world(*p[5])) for p in _PLANTS],
        crs=CRS,
    )


def _cells(points: npt.NDArray[np.float64], within: Polygon) -> list[Polygon]:
    """Return the cell of each point: what lies nearer to it than to the others."""
    found = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=within, ordered=True)
    return [shapely.set_precision(shapely.intersection(c, within), 0.01) for c in found.geoms]


def grid_areas(
    buildings: gpd.GeoDataFrame, floor_area_m2: npt.NDArray[np.float64], stations: int = 60
) -> gpd.GeoDataFrame:
    """Return the areas of the grid's stations: about equally loaded clusters of buildings and the land nearest to them."""
    xy = shapely.get_coordinates(buildings.geometry.representative_point())
    often = np.repeat(np.arange(len(xy)), 1 + (floor_area_m2 // 1500).astype(int))
    middles, _ = kmeans2(xy[often], stations, iter=40, minit="++", seed=np.random.default_rng(5))
    middles = middles[np.lexsort((middles[:, 0], -middles[:, 1]))].round(0)
    cells = _cells(middles, FRAME)
    at = np.argmin(cdist(xy, middles), axis=1)
    halls = buildings["true_use"].isin(["industry", "other"]).to_numpy(bool)
    load_kw = np.bincount(at, floor_area_m2 * np.where(halls, _HALL_KW_M2, _USUAL_KW_M2), minlength=stations)
    rating = np.maximum(800, np.ceil(load_kw / 400) * 400)
    return gpd.GeoDataFrame(
        {
            "grid_area_id": [f"station-{k + 1:02d}" for k in range(stations)],
            "name": [f"Nätstation {k + 1}" for k in range(stations)],
            "rating_kw": rating,
        },
        geometry=cells,
        crs=CRS,
    )


def charging(buildings: gpd.GeoDataFrame, rng: Generator) -> gpd.GeoDataFrame:
    """Return public chargers beside shops, offices and slabs, and a few depots in the harbour."""
    use, district = buildings["true_use"], buildings["district"]
    public = np.flatnonzero(
        (use.isin(["retail", "office", "hotel_restaurant"]) | (district == "biskopsgarden")).to_numpy()
    )
    depots = np.flatnonzero((use.eq("industry") & district.isin(["skandiahamnen", "ringon"])).to_numpy())
    at = np.sort(np.concatenate([rng.choice(public, 72, replace=False), rng.choice(depots, 6, replace=False)]))
    points = buildings.geometry.iloc[at].representative_point()
    depot = np.isin(at, depots)
    return gpd.GeoDataFrame(
        {
            "charger_id": [f"laddare-{i + 1:03d}" for i in range(len(at))],
            "points": np.where(depot, 12, rng.integers(2, 25, len(at))),
            "power_kw": np.where(depot, 150.0, rng.choice([11.0, 22.0, 50.0], len(at), p=[0.4, 0.5, 0.1])),
            "access": np.where(depot, "depot", "public"),
        },
        geometry=shapely.set_precision(_beside(points.to_numpy(), 14.0), 0.01),
        crs=CRS,
    )


def _beside(points: npt.NDArray[np.object_], by_m: float) -> npt.NDArray[np.object_]:
    """Return points moved south: a charger stands beside its house."""
    moved: npt.NDArray[np.object_] = shapely.transform(points, lambda xy: xy - [0.0, by_m])
    return moved
