"""The tables of a city are joined and completed: heights, ages, uses and floor areas filled with a record of how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.completion import complete_buildings
from layers.heights import fill_heights
from layers.road_completion import complete_roads
from twin import overlay, schema
from twin.errors import Problem, SchemaError
from twin.factors import Factors
from twin.surface import Surface

__all__ = ["assemble"]

Tables = dict[str, pd.DataFrame]
_MEETINGS = (
    ("areas", "parent_id", "areas", "area_id"),
    ("buildings", "area_id", "areas", "area_id"),
    ("buildings", "grid_area_id", "grid_areas", "grid_area_id"),
    ("roads", "area_id", "areas", "area_id"),
)  # identities that must be rows of another table, where the city has that table


def assemble(
    tables: Tables, surfaces: Mapping[str, Surface], crs: str, year: int, notes: Mapping[str, list[str]]
) -> Tables:
    """Complete a city's tables.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Valid tables in one coordinate system.
    surfaces : mapping of str to Surface
        ``terrain`` (ground), ``surface`` (ground with roofs), ``mesh`` (the same from a triangle mesh).
    crs : str
        The city's coordinate system.
    year : int
        Base year, for the factors.
    notes : mapping of str to list of str
        By table; what was filled is added here.

    Returns
    -------
    dict of str to DataFrame
        The same tables, completed.

    Raises
    ------
    SchemaError
        When identities that should meet do not, or a completed table breaks its schema.
    """
    done = dict(tables)
    f = Factors.read().at(year)
    if problems := [*_strays(done), *_without_area(done.get("buildings"), f)]:
        raise SchemaError(problems)
    if "areas" in done:
        done["areas"] = _with_population(done["areas"], done.get("population"), notes)
    if "buildings" in done:
        done["buildings"] = _buildings(done, surfaces, crs, f, notes["buildings"])
    if "roads" in done:
        roads, told = complete_roads(done["roads"], crs=crs, terrain=surfaces.get("terrain"), f=f)
        notes["roads"].extend(told)
        done["roads"] = _with_area(done["roads"].assign(**roads), done)
    filled = [name for name in ("buildings", "roads") if name in done]
    problems = [p for name in filled for p in schema.find_problems(done[name], name, shapes=False)]
    if "roads" in done:
        problems += _streets(done["roads"])
    if problems:
        raise SchemaError(problems)
    return done


def _buildings(
    tables: Tables, surfaces: Mapping[str, Surface], crs: str, f: Mapping[str, float], notes: list[str]
) -> pd.DataFrame:
    buildings = tables["buildings"]
    columns, told = fill_heights(
        buildings, crs, terrain=surfaces.get("terrain"), surface=surfaces.get("surface"), mesh=surfaces.get("mesh"), f=f
    )
    notes += told
    buildings = buildings.assign(**columns)
    columns, told = complete_buildings(
        buildings, declarations=tables.get("declarations"), heat_pipes=tables.get("heat_pipes"), f=f
    )
    notes += told
    buildings = _with_area(buildings.assign(**columns), tables)
    if "grid_areas" in tables:
        buildings = _with_place(buildings, tables["grid_areas"], "grid_area_id")
        unplaced = int(buildings["grid_area_id"].isna().sum())
        if unplaced:
            notes.append(f"{unplaced} buildings lie in no grid area")
    return buildings


def _strays(tables: Tables) -> list[Problem]:
    """Return the identities that name a row which another table does not have."""
    problems = []
    for name, column, other, key in _MEETINGS:
        if name not in tables or other not in tables:
            continue
        ids = tables[name][column]
        stray = ids.notna() & ~ids.isin(tables[other][key])
        if stray.any():
            rule = f"{ids[stray].iloc[0]!r} is not in the table of {other.replace('_', ' ')}; add it there, or leave the cell blank"
            problems.append(Problem(name, column, rule, int(stray.sum()), str(tables[name].loc[stray].iloc[0, 0])))
    if "areas" in tables and not problems:
        areas = tables["areas"]
        rank = dict(zip(areas["area_id"], areas["level"].cat.codes, strict=True))
        inside = areas["parent_id"].notna() & (areas["parent_id"].map(rank) >= areas["level"].cat.codes)
        if inside.any():
            rule = f"{areas.loc[inside, 'parent_id'].iloc[0]!r} is no area of a higher level; name one that holds this area"
            first = str(areas.loc[inside, "area_id"].iloc[0])
            problems.append(Problem("areas", "parent_id", rule, int(inside.sum()), first))
    return problems


def _without_area(buildings: pd.DataFrame | None, f: Mapping[str, float]) -> list[Problem]:
    """Return the buildings in use whose floor area is given as zero: they would need no heat, unseen."""
    if buildings is None:
        return []
    known = buildings["floor_area_source"].astype(object) == "unheated"
    heated = ~known & ~buildings["use"].isin(["ancillary"]) & (buildings["heating"].astype(object) != "none")
    large = gpd.GeoDataFrame(buildings).geometry.area >= f["building.smallest_area_m2"]
    zero = (buildings["floor_area_m2"] == 0) & heated & large
    if not zero.any():
        return []
    rule = (
        'is zero; leave it blank to have it estimated, or give the building the use "ancillary" or heating = "none" '
        "if it is not heated"
    )
    first = str(buildings.loc[zero, "building_id"].iloc[0])
    return [Problem("buildings", "floor_area_m2", rule, int(zero.sum()), first)]


def _streets(roads: pd.DataFrame) -> list[Problem]:
    """Return the streets where vans, lorries and buses are more than all vehicles, and those without length."""
    total = roads[["van_share", "heavy_vehicle_share", "bus_share"]].sum(axis=1)
    over = total > 1 + 1e-9
    point = gpd.GeoDataFrame(roads).geometry.length == 0
    rules = {
        "van_share": (
            over,
            f"with heavy_vehicle_share and bus_share it makes {total[over].max():g}; together they are at most 1",
        ),
        "geometry": (point, "has no length: all its points are one; draw it, or leave the street out"),
    }
    return [
        Problem("roads", column, rule, int(wrong.sum()), str(roads.loc[wrong, "road_id"].iloc[0]))
        for column, (wrong, rule) in rules.items()
        if wrong.any()
    ]


def _with_area(table: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Fill `area_id` with the smallest area that holds each row's representative point."""
    if "areas" not in tables:
        return table
    areas = tables["areas"]
    lowest = areas[~areas["area_id"].isin(areas["parent_id"].dropna())].reset_index(drop=True)
    return _with_place(table, lowest, "area_id")


def _with_place(table: pd.DataFrame, places: pd.DataFrame, column: str) -> pd.DataFrame:
    shapes: Any = gpd.GeoDataFrame(table).geometry.to_numpy()
    at = overlay.assign(shapes, gpd.GeoDataFrame(places).geometry.to_numpy())
    found = np.where(at >= 0, places[column].to_numpy(object)[at], None)
    return table.assign(
        **{
            column: table[column]
            .astype(object)
            .where(table[column].notna(), found)
            .astype("str")
            .where(lambda s: s != "None", None)
        }
    )


def _with_population(
    areas: pd.DataFrame, population: pd.DataFrame | None, notes: Mapping[str, list[str]]
) -> pd.DataFrame:
    """Fill inhabitants from the population table, and sum them up through the levels."""
    people = areas.set_index("area_id")["population"]
    if population is not None:
        given = population.set_index("area_id")["population"]
        stray = given.index.difference(people.index)
        if len(stray):
            notes["population"].append(
                f"{len(stray)} areas of the population table are not on the map ({given[stray].sum():.0f} inhabitants), first: {stray[0]}"
            )
        people = people.fillna(given.reindex(people.index))
    parent = areas.set_index("area_id")["parent_id"]
    for _ in range(len(areas["level"].cat.categories)):  # from the lowest level upwards
        sums = people.groupby(parent).sum(min_count=1)
        people = people.fillna(sums.reindex(people.index))
    return areas.assign(population=people.to_numpy())
