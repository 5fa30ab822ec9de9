"""What all years of a simulation share: complete buildings with their surfaces, streets, season, places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings import archetypes
from energy.buildings.season import Plane, Season, facades_and_flat_roof
from energy.memory import Memory
from energy.mobility.fuels import obligated_share
from energy.mobility.traffic import LEVERS
from energy.places import Places
from twin.city import City
from twin.errors import Problem, SchemaError
from twin.geometry import envelope

__all__ = ["Stock"]

_NEEDED = {
    "buildings": ("use", "year_built", "height_m", "floor_area_m2", "heating"),
    "roads": ("aadt", "posted_speed_kmh", "van_share", "heavy_vehicle_share", "bus_share"),
}


@dataclass(frozen=True)
class Stock:
    """The city, prepared for calculation.

    Attributes
    ----------
    buildings : DataFrame
        Every physical property filled, with the columns of :func:`twin.geometry.envelope`.
    roads : DataFrame
        With `length_m` and the levers on distance at rest.
    grid_areas, heat_supply : DataFrame
        As in the city, perhaps without rows.
    season : Season
        Heating season and sun.
    places : Places
        Which entity counts where.
    home_area : array (buildings,) of int
        Lowest area of each building as a row of `home_population`, -1 outside.
    home_population : array (areas,)
        Inhabitants of the lowest areas.
    grid_area : array (buildings,) of int
        Row of the grid area, -1 outside.
    weather : DataFrame (8760 rows), optional
        The weather year.
    planes : tuple of Plane
        Its irradiance on facades and a flat roof; empty without weather.
    """

    buildings: pd.DataFrame
    roads: pd.DataFrame
    grid_areas: pd.DataFrame
    heat_supply: pd.DataFrame
    season: Season
    places: Places
    home_area: npt.NDArray[np.intp]
    home_population: npt.NDArray[np.float64]
    grid_area: npt.NDArray[np.intp]
    weather: pd.DataFrame | None
    planes: tuple[Plane, ...]

    @classmethod
    def of(cls, city: City, memory: Memory, f: Mapping[str, float]) -> Stock:
        """Prepare a city.

        Parameters
        ----------
        city : City
            Complete (as :func:`layers.load` gives it).
        memory : Memory
            Parts that do not depend on a changed factor are taken from it.
        f : mapping
            Factors of the base year.

        Raises
        ------
        SchemaError
            When a column that the calculation needs has blanks.
        """
        fixed = memory("fixed", _Fixed.of, city, f=f)
        weather = city["weather"] if "weather" in city else None  # noqa: SIM401 - get() gives an empty table
        planes = () if weather is None else memory("planes", _planes, weather, f=f)
        return cls(
            buildings=memory("buildings", archetypes.with_factors, fixed.buildings, f=f),
            roads=fixed.roads,
            grid_areas=city.get("grid_areas"),
            heat_supply=city.get("heat_supply"),
            season=memory("season", _season, weather, planes, f=f),
            places=memory("places", _places, city, f=f),
            home_area=fixed.home_area,
            home_population=fixed.home_population,
            grid_area=fixed.grid_area,
            weather=weather,
            planes=planes,
        )

    def roads_in(self, f: Mapping[str, float]) -> pd.DataFrame:
        """Return the streets with the year's fleet and fuel where a street has none of its own.

        `car_ev_share` and `van_ev_share` stay blank where `ev_share` holds for them, `biofuel_share` where the year's
        obligation does, which asks different shares of petrol and diesel.
        """
        own = self.roads
        return own.assign(
            ev_share=own["ev_share"].fillna(f["fleet.ev_share"]),
            lorry_ev_share=own["lorry_ev_share"].fillna(f["fleet.lorry_ev_share"]),
            bus_ev_share=own["bus_ev_share"].fillna(f["fleet.bus_ev_share"]),
            bus_biofuel_share=own["bus_biofuel_share"].fillna(f["fleet.bus_biofuel_share"]),
            petrol_biofuel_share=obligated_share("petrol", f),
            diesel_biofuel_share=obligated_share("diesel", f),
        )


@dataclass(frozen=True)
class _Fixed:
    """What no factor changes; the attributes are those of :class:`Stock`, of buildings what is typical only."""

    buildings: pd.DataFrame
    roads: pd.DataFrame
    home_area: npt.NDArray[np.intp]
    home_population: npt.NDArray[np.float64]
    grid_area: npt.NDArray[np.intp]

    @classmethod
    def of(cls, city: City, f: Mapping[str, float]) -> _Fixed:
        """Complete and measure the city's tables, and find where its buildings lie."""
        _ = f
        buildings, roads = city["buildings"], city.get("roads")
        _refuse_blanks({"buildings": buildings, "roads": roads})
        typical = archetypes.typical(pd.DataFrame(buildings.drop(columns="geometry")))
        surfaces = envelope(gpd.GeoDataFrame(buildings).geometry.to_numpy(), buildings["height_m"].to_numpy(float))
        areas, grid = city.get("areas"), city.get("grid_areas")
        lowest = ~areas["area_id"].isin(areas["parent_id"].dropna()).to_numpy(bool)
        length: Any = gpd.GeoSeries(roads["geometry"]).length.to_numpy(float) if len(roads) else np.zeros(0)
        return cls(
            buildings=pd.concat([typical, surfaces.set_index(typical.index)], axis=1).copy(),  # one block of numbers
            roads=_streets(roads, length).copy(),
            home_area=pd.Index(areas["area_id"].to_numpy(object)[lowest]).get_indexer(
                buildings["area_id"].to_numpy(object)
            ),
            home_population=np.nan_to_num(areas["population"].to_numpy(float)[lowest]),
            grid_area=pd.Index(grid["grid_area_id"].to_numpy(object)).get_indexer(
                buildings["grid_area_id"].to_numpy(object)
            ),
        )


def _streets(roads: pd.DataFrame, length_m: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Return the streets without their shapes, ready for levers."""
    shares = [str(c) for c in roads if str(c).endswith(("ev_share", "biofuel_share"))]
    table = pd.DataFrame(roads.drop(columns="geometry"))
    return table.assign(length_m=length_m, **{c: table[c].astype(float) for c in shares}, **LEVERS)


def _planes(weather: pd.DataFrame, f: Mapping[str, float]) -> tuple[Plane, ...]:
    _ = f  # the ground's reflectance comes later
    return facades_and_flat_roof(weather)


def _season(weather: pd.DataFrame | None, planes: tuple[Plane, ...], f: Mapping[str, float]) -> Season:
    return Season.tabula(f) if weather is None else Season.of(weather, f, planes)


def _places(city: City, f: Mapping[str, float]) -> Places:
    _ = f
    return Places.of(city)


def _refuse_blanks(tables: Mapping[str, pd.DataFrame]) -> None:
    problems = []
    for name, columns in _NEEDED.items():
        table = tables[name]
        for column in columns:
            blank = table[column].isna().to_numpy(bool)
            if blank.any():
                rule = "is blank, but the calculation needs it; load the city with layers.load, which completes it"
                problems.append(
                    Problem(name, column, rule, int(blank.sum()), str(table.iloc[int(np.flatnonzero(blank)[0]), 0]))
                )
    if problems:
        raise SchemaError(problems)
