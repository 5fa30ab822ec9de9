"""What buildings lack is filled, from the best source they have, with a record of which it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from layers.heights import storey_height_m
from twin import reference, schema
from twin.geometry import representative_xy

__all__ = ["complete_buildings"]

Floats = npt.NDArray[np.float64]
_NEIGHBOURS = 5


def complete_buildings(
    buildings: gpd.GeoDataFrame,
    *,
    declarations: pd.DataFrame | None,
    heat_pipes: gpd.GeoDataFrame | None,
    f: Mapping[str, float],
) -> tuple[dict[str, Any], list[str]]:
    """Fill use, year, storeys, floor area, heat source and ventilation.

    Parameters
    ----------
    buildings : GeoDataFrame (n rows)
        With heights filled; blanks elsewhere.
    declarations : DataFrame, optional
        Table ``declarations``; joined by `declaration_id`, else by its `building_id`.
    heat_pipes : GeoDataFrame, optional
        Larger buildings beside a pipe are taken as connected.
    f : mapping
        Factors.

    Returns
    -------
    (dict of Series, list of str)
        New columns, and notes on what was filled.
    """
    b = buildings
    out: dict[str, Any] = {}
    footprint = shapely.area(b.geometry.to_numpy())
    declared = _Declared(b, declarations)
    out["declaration_id"] = declared.index_id
    use = b["use"].astype(object)
    out["use_source"] = _category(b, "use_source", np.where(use.notna(), "data", "default"), keep=True)
    out["use"] = _category(b, "use", use.fillna("other"))
    use = out["use"]
    heated = ~use.isin(["ancillary"]).to_numpy(bool) & (footprint >= f["building.smallest_area_m2"])
    out |= _years(b, use, declared.column("year_built"), f)
    out |= _storeys(b, use, declared.column("storeys"), f)
    out |= _floor_area(b, footprint, heated, out["storeys"].to_numpy(float), declared, f)
    out |= _heating(b, use, heated, declared, heat_pipes, f)
    out["ventilation"] = _ventilation(b, use, out["year_built"].to_numpy(float), declared.column("ventilation"))
    small = int((footprint < f["building.smallest_area_m2"]).sum())
    notes = [
        f"{name}: " + ", ".join(f"{n} from {k}" for k, n in out[f"{name}_source"].value_counts().items() if n)
        for name in ("year", "storeys", "floor_area", "heating")
    ]
    if small:
        notes.append(f"{small} footprints below {f['building.smallest_area_m2']:g} m2 are kept but counted as unheated")
    unknown = int((out["use_source"] == "default").sum())
    if unknown:
        notes.append(f"{unknown} buildings have no known use and count as other")
    return out, notes


class _Declared:
    """The declaration of each building, and the share of it that is this building's."""

    def __init__(self, buildings: gpd.GeoDataFrame, declarations: pd.DataFrame | None) -> None:
        n = len(buildings)
        ids = buildings["declaration_id"]
        self.table = declarations
        if declarations is None or not len(declarations):
            self.row = np.full(n, -1)
            self.index_id = ids
            return
        by_id = pd.Index(declarations["declaration_id"].astype(object)).get_indexer(ids.astype(object))
        known = declarations["building_id"].notna()
        main = pd.Series(np.flatnonzero(known), index=declarations.loc[known, "building_id"].astype(object))
        main = main[~main.index.duplicated()]
        by_building = main.reindex(buildings["building_id"].astype(object)).fillna(-1).to_numpy(int)
        self.row = np.where(ids.notna() & (by_id >= 0), by_id, by_building)
        found = declarations["declaration_id"].to_numpy(object)[np.maximum(self.row, 0)]
        self.index_id = (
            pd.Series(np.where(self.row >= 0, found, ids.to_numpy(object)), index=buildings.index)
            .astype("str")
            .where((self.row >= 0) | ids.notna(), None)
        )

    def column(self, name: str) -> npt.NDArray[Any]:
        if self.table is None or not len(self.table):
            return np.full(len(self.row), np.nan, object)
        return np.where(self.row >= 0, self.table[name].astype(object).to_numpy()[np.maximum(self.row, 0)], np.nan)

    def shared_out(self, name: str, weight: Floats) -> Floats:
        """Share a figure of the whole complex out over its buildings."""
        value = self.column(name).astype(float)
        inside = self.row >= 0
        total = np.bincount(self.row[inside], weight[inside], minlength=1)
        below = np.where(inside, total[np.maximum(self.row, 0) % max(len(total), 1)], 1.0)
        return np.where(inside & (below > 0), value * weight / np.where(below > 0, below, 1.0), np.nan)


def _category(b: gpd.GeoDataFrame, column: str, values: Any, *, keep: bool = False) -> pd.Series:
    """Return a categorical column of the schema; with `keep`, what the data say wins."""
    known = schema.spec("buildings").loc[column, "categories"].split("|")
    text = pd.Series(values, index=b.index, dtype=object)
    if keep and column in b:
        text = b[column].astype(object).fillna(text)
    return pd.Series(pd.Categorical(text, categories=known), index=b.index)


def _chain(b: gpd.GeoDataFrame, name: str, source_column: str, steps: dict[str, Any]) -> dict[str, Any]:
    """Take the first source that has a value, and say which it was."""
    value = np.full(len(b), np.nan)
    source = np.full(len(b), None, object)
    for label, found in steps.items():
        numbers = np.asarray(found, float)
        take = np.isnan(value) & ~np.isnan(numbers)
        value[take], source[take] = numbers[take], label
    return {name: pd.Series(value, index=b.index), source_column: _category(b, source_column, source, keep=True)}


def _years(b: gpd.GeoDataFrame, use: pd.Series, declared: npt.NDArray[Any], f: Mapping[str, float]) -> dict[str, Any]:
    own = b["year_built"].to_numpy(float)
    known = np.where(np.isnan(own), declared.astype(float), own)
    default = np.where(use == "single_family", f["completion.year.single_family"], f["completion.year.other"])
    near = _of_neighbours(b, use, known, f["completion.neighbour_distance_m"])
    return _chain(
        b, "year_built", "year_source", {"data": own, "declaration": declared, "neighbours": near, "default": default}
    )


def _of_neighbours(b: gpd.GeoDataFrame, use: pd.Series, years: Floats, distance_m: float) -> Floats:
    """Return the median year of the nearest buildings of the same use."""
    found = np.full(len(b), np.nan)
    blank = np.isnan(years)
    if not blank.any() or blank.all():
        return found
    xy = representative_xy(b.geometry.to_numpy())
    codes = use.cat.codes.to_numpy()
    for code in np.unique(codes[blank]):
        givers, takers = np.flatnonzero(~blank & (codes == code)), np.flatnonzero(blank & (codes == code))
        if not len(givers):
            continue
        far, at = cKDTree(xy[givers]).query(
            xy[takers], k=min(_NEIGHBOURS, len(givers)), distance_upper_bound=distance_m
        )
        far, at = far.reshape(len(takers), -1), at.reshape(len(takers), -1)
        near = np.where(np.isfinite(far), years[givers][np.minimum(at, len(givers) - 1)], np.nan)
        some = np.isfinite(far).any(axis=1)
        found[takers[some]] = np.round(np.nanmedian(near[some], axis=1))
    return found


def _storeys(b: gpd.GeoDataFrame, use: pd.Series, declared: npt.NDArray[Any], f: Mapping[str, float]) -> dict[str, Any]:
    from_height = np.maximum(1, np.round(b["height_m"].to_numpy(float) / storey_height_m(use, f)))
    from_height[use.isin(["industry", "ancillary"])] = 1  # halls are high without having storeys
    return _chain(
        b,
        "storeys",
        "storeys_source",
        {"data": b["storeys"].to_numpy(float), "declaration": declared, "height": from_height},
    )


def _floor_area(
    b: gpd.GeoDataFrame,
    footprint: Floats,
    heated: npt.NDArray[np.bool_],
    storeys: Floats,
    declared: _Declared,
    f: Mapping[str, float],
) -> dict[str, Any]:
    gross = footprint * storeys
    steps = {
        "data": b["floor_area_m2"].to_numpy(float),
        "unheated": np.where(heated, np.nan, 0.0),
        "declaration": declared.shared_out("floor_area_m2", np.where(heated, gross, 0.0)),
        "storeys": gross * f["floor_area.atemp_per_gross"],
    }
    return _chain(b, "floor_area_m2", "floor_area_source", steps)


def _heating(
    b: gpd.GeoDataFrame,
    use: pd.Series,
    heated: npt.NDArray[np.bool_],
    declared: _Declared,
    pipes: gpd.GeoDataFrame | None,
    f: Mapping[str, float],
) -> dict[str, Any]:
    defaults = reference.table("heating_defaults").set_index("use")["heating"]
    usual = use.astype(object).map(defaults.to_dict()).to_numpy(object)
    usual[~heated] = "none"
    steps: dict[str, npt.NDArray[Any]] = {
        "data": b["heating"].astype(object).to_numpy(object),
        "declaration": _declared_heating(declared),
    }
    if pipes is not None and len(pipes):
        near, _ = shapely.STRtree(b.geometry.to_numpy()).query(
            pipes.geometry.to_numpy(), predicate="dwithin", distance=f["completion.pipe_distance_m"]
        )[::-1]
        connected = np.zeros(len(b), bool)
        connected[near] = True
        large = heated & (use != "single_family").to_numpy(bool)
        steps["network"] = np.where(connected & large, np.array("district_heating", object), np.array(None, object))
    steps["default"] = usual
    value = np.full(len(b), None, object)
    source = np.full(len(b), None, object)
    for label, found in steps.items():
        take = pd.isna(value) & ~pd.isna(found)
        value[take], source[take] = found[take], label
    return {
        "heating": _category(b, "heating", value),
        "heating_source": _category(b, "heating_source", source, keep=True),
    }


def _declared_heating(declared: _Declared) -> npt.NDArray[np.object_]:
    """Return the heat source with the largest declared energy."""
    pumps = ["ground_heat_pump", "air_heat_pump", "exhaust_air_heat_pump"]
    carriers = ["district_heating", "oil", "gas", "wood", "direct_electric", *pumps]
    energy = np.column_stack([np.nan_to_num(declared.column(f"{c}_kwh").astype(float)) for c in carriers])
    names = np.array(["biofuel" if c == "wood" else c for c in carriers], object)
    return np.where(energy.max(axis=1) > 0, names[energy.argmax(axis=1)], np.array(None, object))


def _ventilation(b: gpd.GeoDataFrame, use: pd.Series, year: Floats, declared: npt.NDArray[Any]) -> pd.Series:
    group = np.where(use.isin(["single_family", "multi_family"]), use.astype(object), "premises")
    usual = np.full(len(b), None, object)
    for row in reference.table("ventilation_defaults").to_dict("records"):
        usual[(group == row["group"]) & (year >= row["year_from"]) & (year <= row["year_to"])] = row["ventilation"]
    told = b["ventilation"].astype(object).to_numpy(object)
    said = np.where(pd.isna(told), declared, told)
    return _category(b, "ventilation", np.where(pd.isna(said), usual, said))
