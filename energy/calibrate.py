"""Calibrate a city to its energy declarations: every declared building to its own, the others by their kind.

The model that is fitted is the hourly one. Declared energy is that of a normal year: what was measured of each carrier,
corrected as the declaration's own sum is. It is turned into useful heat with the efficiencies of the heat sources, and
the hot water of the building's use is taken off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings import archetypes, calibration
from energy.buildings.heat import heat_need
from energy.buildings.hourly import hourly_demand, stock_drivers
from energy.buildings.kernel import Drivers
from energy.carriers import by_category
from energy.electrification.heat_pumps import yearly_performance
from energy.memory import Memory
from energy.results import Results
from energy.stock import Stock
from twin import reference
from twin.city import City
from twin.errors import TwinError

__all__ = [
    "Calibration",
    "Declared",
    "calibrate",
    "declared_buildings",
    "declared_heat",
    "fit",
    "measured_and_modelled",
]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
HeatModel = Callable[[pd.DataFrame], Floats]

FOLDS = 5
_CARRIERS = {
    "district_heating": "district_heating_kwh",
    "oil": "oil_kwh",
    "gas": "gas_kwh",
    "biofuel": "wood_kwh",
    "direct_electric": "direct_electric_kwh",
    "ground_heat_pump": "ground_heat_pump_kwh",
    "air_heat_pump": "air_heat_pump_kwh",
    "exhaust_air_heat_pump": "exhaust_air_heat_pump_kwh",
}  # heat source: declared column


@dataclass(frozen=True)
class Declared:
    """What is declared, one row a declaration that has buildings in the city.

    Attributes
    ----------
    table : DataFrame
        declaration_id, measured_kwh (useful heat with hot water), hot_water_kwh, target_kwh (space heat), kind (row of
        the archetypes), floor_area_m2 declared and of the geometry, flag (blank, or why it tells nothing of others).
    row : array (buildings,) of int
        Declaration of each building, -1 for none.
    """

    table: pd.DataFrame
    row: Whole


@dataclass(frozen=True)
class Calibration:
    """A calibrated stock.

    Attributes
    ----------
    buildings : DataFrame (n rows)
        building_id, loss_factor, loss_factor_low, loss_factor_high (68 %), loss_factor_source.
    declarations : DataFrame
        Of each: measured, before, after, and predicted without it [kWh]; loss_factor, met, flag.
    kinds : DataFrame
        Of each archetype: declared, loss_factor, its range, portfolio errors.
    figures : dict
        Reports of the uncalibrated model, the fit, and the prediction of declarations kept out of the fit.
    """

    buildings: pd.DataFrame
    declarations: pd.DataFrame
    kinds: pd.DataFrame
    figures: dict[str, Any]


def declared_heat(stock: Stock, declarations: pd.DataFrame, f: Mapping[str, float]) -> Declared:
    """Turn declared energy into the useful heat of the buildings that each declaration covers.

    Parameters
    ----------
    stock : Stock
    declarations : DataFrame
        Table ``declarations``, one row a FormularId.
    f : mapping
        Factors.

    Returns
    -------
    Declared
        Where the declared area differs from that of the geometry by more than the factors
        ``calibration.area_ratio_low`` and ``high`` allow, both are kept and the declaration is flagged.
    """
    b = stock.buildings
    by_id = pd.Index(declarations["declaration_id"].astype(object))
    row = by_id.get_indexer(b["declaration_id"].astype(object))
    heated = (b["floor_area_m2"] > 0).to_numpy(bool)
    row = np.where(heated, row, -1)
    present, compact = np.unique(row[row >= 0], return_inverse=True)
    own = np.full(len(b), -1, np.intp)
    own[row >= 0] = compact
    d = declarations.iloc[present].reset_index(drop=True)
    inside = own >= 0

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(own[inside], values[inside], len(d)), float)

    area = b["floor_area_m2"].to_numpy(float)
    hot_water = total(b["hot_water_kwh_m2"].to_numpy(float) * area)
    geometry = total((b["footprint_area_m2"] * b["storeys"]).to_numpy(float) * f["floor_area.atemp_per_gross"])
    largest = np.full(len(d), -1, np.intp)
    order = np.argsort(area[inside], kind="stable")
    largest[own[inside][order]] = np.flatnonzero(inside)[order]
    measured = _useful_kwh(d, b["heating"].iloc[largest], stock, f)
    kind = archetypes.assign(b["use"], b["year_built"].to_numpy(float))[largest]
    ratio = np.divide(d["floor_area_m2"].to_numpy(float), geometry, out=np.full(len(d), np.nan), where=geometry > 0)
    far = ~((ratio >= f["calibration.area_ratio_low"]) & (ratio <= f["calibration.area_ratio_high"]))
    flag = np.where(~(measured > 0), "no heat", np.where(measured <= hot_water, "less than hot water", ""))
    flag = np.where((flag == "") & far, "area far from geometry", flag)
    columns = {
        "declaration_id": d["declaration_id"].astype(object),
        "measured_kwh": measured,
        "hot_water_kwh": hot_water,
        "target_kwh": np.maximum(measured - hot_water, 0.0),
        "kind": kind,
        "declared_area_m2": d["floor_area_m2"].to_numpy(float),
        "geometry_area_m2": geometry,
        "flag": flag,
    }
    return Declared(pd.DataFrame(columns), own)


def _useful_kwh(d: pd.DataFrame, heating: pd.Series, stock: Stock, f: Mapping[str, float]) -> Floats:
    """Return the heat that the declared energy gives in a normal year; `heating` is that of the largest building."""
    ground, air, exhaust = (yearly_performance(stock.season.temp_air_c, k, f)[0] for k in ("ground", "air", "exhaust"))
    efficiency = {
        "district_heating": f["heating.efficiency.district_heating"],
        "oil": f["heating.efficiency.oil"],
        "gas": f["heating.efficiency.gas"],
        "biofuel": f["heating.efficiency.biofuel"],
        "direct_electric": f["heating.efficiency.direct_electric"],
        "ground_heat_pump": ground,
        "air_heat_pump": air,
        "exhaust_air_heat_pump": exhaust,  # what is declared is the pump; its heater is declared as direct electricity
    }
    bought = {name: _numbers(d, column) for name, column in _CARRIERS.items()}
    measured = np.sum(list(bought.values()), axis=0)
    given = np.sum([bought[name] * efficiency[name] for name in bought], axis=0)
    normal = calibration.normal_year_heat_kwh(
        d["energy_use_kwh"].to_numpy(float),
        _numbers(d, "property_electricity_kwh"),
        _numbers(d, "district_cooling_kwh"),
    )
    # without carriers in the extract, the building's heat source tells what the energy gives
    usual = by_category(heating, efficiency)
    mean = np.divide(given, measured, out=usual.copy(), where=measured > 0)
    return np.where(np.isnan(normal), given, np.nan_to_num(normal * mean))


def _numbers(d: pd.DataFrame, column: str) -> Floats:
    """Return declared energy; a carrier that is not named was not used."""
    return d[column].astype(float).fillna(0.0).to_numpy(float)


def fit(buildings: pd.DataFrame, declared: Declared, model: HeatModel, kinds: int) -> tuple[Floats, pd.DataFrame]:
    """Fit the factor of every declaration, and predict each from the others.

    Parameters
    ----------
    buildings : DataFrame (n rows)
    declared : Declared
    model : callable
        Space heat [kWh] of buildings, DataFrame to array.
    kinds : int

    Returns
    -------
    (array (declarations,), DataFrame)
        Natural logarithm of the factor of each declaration, NaN where it tells nothing, and the declarations with
        before_kwh, after_kwh, held_out_kwh (space heat), loss_factor and met.
    """
    t, own = declared.table, declared.row
    inside = own >= 0
    part, of = buildings[inside], own[inside]
    usable = (t["flag"] == "").to_numpy(bool)

    def heat_of(factors: Floats) -> Floats:
        return np.asarray(np.bincount(of, model(part.assign(loss_factor=factors[of])), len(t)), float)

    before = heat_of(np.ones(len(t)))
    target = t["target_kwh"].to_numpy(float)
    factors, met = calibration.solve_factors(heat_of, np.where(target > 0, target, before))
    told = usable & met
    kind = t["kind"].to_numpy(np.intp)
    fold = calibration.folds(t["declaration_id"].to_numpy(object), FOLDS)
    held_out = np.ones(len(t))
    for k in range(FOLDS):
        known = told & (fold != k)
        held_out[fold == k] = calibration.pool(np.log(factors[known]), kind[known], kinds).factor[kind[fold == k]]
    table = t.assign(
        before_kwh=before,
        after_kwh=heat_of(np.where(target > 0, factors, 1.0)),
        held_out_kwh=heat_of(held_out),
        loss_factor=np.where(target > 0, factors, np.nan),
        met=met & (target > 0),
    )
    table["flag"] = np.where((table["flag"] == "") & ~table["met"], "out of reach", table["flag"])
    return np.where(told, np.log(factors), np.nan), table


def calibrate(
    city: City,
    f: Mapping[str, float],
    *,
    district_heating_sales_kwh: float | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Calibration:
    """Calibrate a city.

    Parameters
    ----------
    city : City
        With a table ``declarations``.
    f : mapping
        Factors of the base year.
    district_heating_sales_kwh : float, optional
        Heat sold in a normal year; the undeclared buildings on the network are moved together until the sum is met.
    progress : callable, optional
        Told the share done and what is being done.

    Raises
    ------
    TwinError
        When there are no declarations of the city's buildings, or the sales can not be met.
    """
    tell = progress or (lambda _share, _text: None)
    if "declarations" not in city or not len(city["declarations"]):
        raise TwinError("the city has no energy declarations to calibrate to; add [layers.declarations] to city.toml")
    stock = Stock.of(city, Memory(), f)
    declared = declared_heat(stock, city["declarations"], f)
    if not len(declared.table):
        raise TwinError("no declaration belongs to a heated building; check declaration_id or building_id")
    b = stock.buildings
    model = _model(stock, stock_drivers(city["weather"], f) if "weather" in city else None, f)
    tell(0.1, "fit")
    kinds = len(reference.table("archetypes"))
    logs, table = fit(b, declared, model, kinds)
    tell(0.8, "others")
    known = ~np.isnan(logs)
    pooled = calibration.pool(logs[known], table["kind"].to_numpy(np.intp)[known], kinds)
    buildings = _of_buildings(b, declared, table, pooled)
    if district_heating_sales_kwh is not None:
        buildings = _to_sales(b, buildings, model, district_heating_sales_kwh, f)
    tell(1.0, "")
    return Calibration(buildings, table, _of_kinds(table, pooled), _figures(table))


def declared_buildings(results: Results) -> dict[str, str]:
    """Return the name of the largest building of every declaration, by declaration_id."""
    if "declarations" not in results.city:
        return {}
    b = results.city["buildings"]
    known = b[b["declaration_id"].isin(results.city["declarations"]["declaration_id"]) & (b["floor_area_m2"] > 0)]
    largest = known.sort_values("floor_area_m2", ascending=False).drop_duplicates("declaration_id").sort_index()
    names = largest["name"].fillna(largest["building_id"]).astype(str)
    return dict(zip(largest["declaration_id"].astype(str), names, strict=True))


def measured_and_modelled(results: Results, declaration_id: str) -> dict[str, float]:
    """Return what a declaration says of heat with hot water, and what the models say, in the base year.

    Returns
    -------
    dict
        measured, hourly (where the city has weather), seasonal [kWh].

    Raises
    ------
    TwinError
        When no heated building has the declaration.
    """
    city, stock = results.city, results.stock
    f = results.factors.at(city.base_year)
    one = city["declarations"][city["declarations"]["declaration_id"].astype(str) == declaration_id]
    declared = declared_heat(stock, one, f)
    if not len(declared.table):
        raise TwinError(f"no heated building has the declaration {declaration_id!r}")
    of = stock.buildings[declared.row >= 0]
    found = {"measured": float(declared.table["measured_kwh"].iloc[0])}
    water = float(declared.table["hot_water_kwh"].iloc[0])
    if "weather" in city:
        found["hourly"] = float(_model(stock, stock_drivers(city["weather"], f), f)(of).sum()) + water
    found["seasonal"] = float(_model(stock, None, f)(of).sum()) + water
    return found


def _model(stock: Stock, drivers: Drivers | None, f: Mapping[str, float]) -> HeatModel:
    """Return the space heat of buildings by the hourly model, or by the seasonal one in a city without weather."""
    if drivers is None:
        return lambda some: heat_need(some, stock.season, f)["heat_need_kwh"].to_numpy(float)
    outdoor = stock.season.outdoor_c
    return lambda some: hourly_demand(some, drivers, outdoor, f, warm_wanted=False).heat_kwh.sum(axis=0)


def _of_buildings(b: pd.DataFrame, declared: Declared, table: pd.DataFrame, pooled: calibration.Pool) -> pd.DataFrame:
    kind = archetypes.assign(b["use"], b["year_built"].to_numpy(float))
    heated = (b["floor_area_m2"] > 0).to_numpy(bool)
    own = np.where(declared.row >= 0, table["loss_factor"].to_numpy(float)[np.maximum(declared.row, 0)], np.nan)
    met = np.where(declared.row >= 0, table["met"].to_numpy(bool)[np.maximum(declared.row, 0)], False)
    own = np.where(met, own, np.nan)
    factor = np.where(np.isnan(own), pooled.factor[kind], own)
    spread = np.where(np.isnan(own), pooled.log_sd[kind], 0.0)
    factor, spread = np.where(heated, factor, 1.0), np.where(heated, spread, 0.0)
    source = np.where(~heated, "unheated", np.where(np.isnan(own), "archetype", "declaration"))
    columns = {
        "building_id": b["building_id"].to_numpy(object),
        "loss_factor": factor,
        "loss_factor_low": factor * np.exp(-spread),
        "loss_factor_high": factor * np.exp(spread),
        "loss_factor_source": source,
    }
    return pd.DataFrame(columns)


def _to_sales(
    b: pd.DataFrame, buildings: pd.DataFrame, model: HeatModel, sales_kwh: float, f: Mapping[str, float]
) -> pd.DataFrame:
    """Move the undeclared buildings on the network together until the sold heat is met."""
    on = (b["heating"] == "district_heating").to_numpy(bool)
    free = on & (buildings["loss_factor_source"] == "archetype").to_numpy(bool)
    efficiency = f["heating.efficiency.district_heating"]
    factor = buildings["loss_factor"].to_numpy(float)
    water = float((b["hot_water_kwh_m2"] * b["floor_area_m2"]).to_numpy(float)[on].sum()) / efficiency

    def sold(by: Floats) -> Floats:
        moved = np.where(free, factor * by[0], factor)[on]
        return np.array([model(b[on].assign(loss_factor=moved)).sum() / efficiency + water])

    by, met = calibration.solve_factors(sold, np.array([sales_kwh]))
    if not met[0]:
        now = float(sold(np.ones(1))[0])
        raise TwinError(
            f"sales of {sales_kwh / 1e6:.4g} GWh can not be met by the undeclared buildings on the network; "
            f"the calibrated model gives {now / 1e6:.4g} GWh: check the figure, and which buildings are connected"
        )
    scale = np.where(free, by[0], 1.0)
    columns = ("loss_factor", "loss_factor_low", "loss_factor_high")
    return buildings.assign(**{c: buildings[c].to_numpy(float) * scale for c in columns})


def _of_kinds(table: pd.DataFrame, pooled: calibration.Pool) -> pd.DataFrame:
    """Return what is known of each archetype, and how far the model is from its declarations."""
    about = reference.table("archetypes")[["group", "year_from", "year_to"]]
    rows = []
    for kind, row in about.iterrows():
        of = table[(table["kind"] == kind) & (table["flag"] == "")]
        measured = float(of["measured_kwh"].sum())
        errors = {
            f"{name}_error": float((of[f"{name}_kwh"] + of["hot_water_kwh"]).sum() / measured - 1)
            if measured > 0
            else np.nan
            for name in ("before", "held_out")
        }
        mean, sd = pooled.log_mean[int(str(kind))], pooled.log_sd[int(str(kind))]
        factors = {"loss_factor": pooled.factor[int(str(kind))], "low": np.exp(mean - sd), "high": np.exp(mean + sd)}
        rows.append({**row.to_dict(), "declared": int(pooled.declared[int(str(kind))]), **factors, **errors})
    return pd.DataFrame(rows)


def _figures(table: pd.DataFrame) -> dict[str, Any]:
    good = table[table["flag"] == ""]
    measured = good["measured_kwh"].to_numpy(float)
    water = good["hot_water_kwh"].to_numpy(float)
    reports = {
        name: calibration.report(good[f"{name}_kwh"].to_numpy(float) + water, measured)
        for name in ("before", "after", "held_out")
    }
    flags = table.loc[table["flag"] != "", "flag"].value_counts().sort_index()
    return {**reports, "flagged": {str(k): int(v) for k, v in flags.items()}, "folds": FOLDS}
