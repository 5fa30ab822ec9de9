"""Which entity counts in which place: sparse shares that add up, so that the sum of the areas is the total."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from twin.city import City
from twin.overlay import Overlay

__all__ = ["CITY", "OUTSIDE", "Places"]

CITY = "city"
OUTSIDE = "outside"


@dataclass(frozen=True)
class Places:
    """Areas of every level, what lies outside all of them, and the whole city.

    Attributes
    ----------
    table : DataFrame
        area_id, name, level, population; the last two rows are ``outside`` and ``city``.
    shares : dict of str to sparse array (places, entities)
        By table of entities: the share of each entity that counts in each place.
    """

    table: pd.DataFrame
    shares: dict[str, sparse.csr_array]

    @classmethod
    def of(cls, city: City) -> Places:
        """Build the shares: buildings by their `area_id`, roads by the length inside each area."""
        areas = city.get("areas")
        lowest = _without_parts(areas)
        table = pd.concat(
            [
                pd.DataFrame({c: areas[c].to_numpy(object) for c in ("area_id", "name", "level")}),
                pd.DataFrame({"area_id": [OUTSIDE, CITY], "name": ["", city.name], "level": ["", CITY]}),
            ],
            ignore_index=True,
        )
        up = _ancestors(areas, lowest)
        buildings = _by_id(city.get("buildings"), areas["area_id"].to_numpy(object)[lowest])
        roads = _by_length(city.get("roads"), areas, lowest)
        population = (
            np.asarray(up @ np.append(areas["population"].to_numpy(float)[lowest], 0.0)) if len(areas) else np.zeros(2)
        )
        return cls(
            table.assign(population=population), {"buildings": (up @ buildings).tocsr(), "roads": (up @ roads).tocsr()}
        )

    def sum(self, table: str, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the sums of an extensive quantity per place."""
        return np.asarray(self.shares[table] @ np.nan_to_num(values))


def _without_parts(areas: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the rows of areas that no other area is part of."""
    return np.flatnonzero(~areas["area_id"].isin(areas["parent_id"].dropna()).to_numpy(bool))


def _ancestors(areas: pd.DataFrame, lowest: npt.NDArray[np.intp]) -> sparse.csr_array:
    """Return 1 where a lowest area (or the outside, last column) counts in a place."""
    row_of = {a: i for i, a in enumerate(areas["area_id"])}
    parent = dict(zip(areas["area_id"], areas["parent_id"], strict=True))
    n = len(areas)
    rows, columns = [n, *[n + 1] * (len(lowest) + 1)], [len(lowest), *range(len(lowest) + 1)]
    for k, i in enumerate(lowest):
        area = areas["area_id"].iloc[i]
        seen: set[str] = set()
        while area in row_of and area not in seen:
            seen.add(area)
            rows.append(row_of[area])
            columns.append(k)
            area = parent[area]
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n + 2, len(lowest) + 1))


def _by_id(buildings: pd.DataFrame, ids: npt.NDArray[np.object_]) -> sparse.csr_array:
    at = pd.Index(ids).get_indexer(buildings["area_id"].to_numpy(object))
    rows = np.where(at < 0, len(ids), at)
    return sparse.csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(len(ids) + 1, len(rows)))


def _by_length(roads: pd.DataFrame, areas: pd.DataFrame, lowest: npt.NDArray[np.intp]) -> sparse.csr_array:
    if not len(roads) or not len(areas):
        n = len(lowest) + 1
        return sparse.csr_array(
            (np.ones(len(roads)), (np.full(len(roads), n - 1), np.arange(len(roads)))), shape=(n, len(roads))
        )
    shapes = gpd.GeoDataFrame(areas).geometry.to_numpy()[lowest]
    inside = Overlay.between(gpd.GeoDataFrame(roads).geometry.to_numpy(), shapes).shares
    outside = np.clip(1 - np.asarray(inside.sum(axis=0)).ravel(), 0, 1)
    return sparse.vstack([inside, sparse.csr_array(outside[None, :])]).tocsr()
