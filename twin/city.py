"""The state of the city: validated tables in one coordinate system, with their sources. It never changes in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from twin import schema
from twin.errors import TwinError, did_you_mean

__all__ = ["City", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table comes from.

    Attributes
    ----------
    layer, title : str
        Driver that read it, and its name for people.
    path, sha256 : str
        File, relative to the city's folder, and its hash.
    licence, source : str
        Terms and origin.
    notes : tuple of str
        What was repaired, filled or left out, with counts.
    """

    layer: str
    title: str = ""
    path: str = ""
    sha256: str = ""
    licence: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class City:
    """A city as named tables.

    Attributes
    ----------
    name : str
        Name of the city.
    crs : str
        Its projected coordinate system, e.g. ``"EPSG:3007"``.
    tables : mapping of str to DataFrame
        Valid tables (see :mod:`twin.schema`); a plugin's own tables beside them.
    sources : mapping of str to Source
        By table.
    base_year : int
        The year that the tables describe.
    language : str
        ``"sv"`` or ``"en"``.

    Examples
    --------
    >>> city = City("Test", "EPSG:3007", {"population": pd.DataFrame({"area_id": ["a"], "population": [10.0]})})
    >>> city["population"].population.tolist()
    [10.0]
    >>> city["road"]
    Traceback (most recent call last):
    twin.errors.TwinError: the city has no table 'road'; add [layers.road] to city.toml. Known: population
    """

    name: str
    crs: str
    tables: Mapping[str, pd.DataFrame]
    sources: Mapping[str, Source] = field(default_factory=dict)
    base_year: int = 2024
    language: str = "sv"

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))
        object.__setattr__(self, "sources", MappingProxyType(dict(self.sources)))

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {len(table)}" for name, table in self.tables.items())
        return f"City({self.name!r}, {self.crs}, {self.base_year}: {sizes})"

    def __getitem__(self, name: str) -> Any:
        if name not in self.tables:
            raise TwinError(
                f"the city has no table {name!r}; add [layers.{name}] to city.toml{did_you_mean(name, self.tables)}"
            )
        return self.tables[name]

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def get(self, name: str) -> Any:
        """Return a table, or one without rows where the city has none.

        Raises
        ------
        TwinError
            When there is neither a table nor a schema of that name.
        """
        return self.tables[name] if name in self.tables else schema.empty(name, self.crs)

    def with_table(self, name: str, table: pd.DataFrame) -> City:
        """Return a city where one table is replaced or added; known tables are validated.

        Raises
        ------
        SchemaError
            When the table breaks its schema.
        """
        valid = schema.validate(table, name) if name in schema.names() else table.reset_index(drop=True)
        return replace(self, tables={**self.tables, name: valid})

    def clip(self, area: str) -> City:
        """Return the part of the city inside an area: rows whose representative point lies in it.

        Parameters
        ----------
        area : str
            `area_id` of any level.

        Raises
        ------
        TwinError
            When there is no such area.
        """
        areas = self["areas"]
        chosen = areas[areas["area_id"] == area]
        if chosen.empty:
            raise TwinError(f"there is no area {area!r}{did_you_mean(area, areas['area_id'])}")
        shape = chosen.geometry.iloc[0]
        tables = {}
        for name, table in self.tables.items():
            if name in ("areas", "context") or not isinstance(table, gpd.GeoDataFrame):
                tables[name] = table
            else:
                inside = np.asarray(table.geometry.representative_point().within(shape))
                tables[name] = table[inside].reset_index(drop=True)
        return replace(self, tables=tables)
