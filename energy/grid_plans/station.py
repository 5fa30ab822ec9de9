"""One station's low-voltage feeders, made up along the streets, and what they can host of cars, heat pumps and solar cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.hourly import stock_drivers
from energy.electrification import plug_in
from energy.electrification.feeder_year import Added, Limits, Loads
from energy.electrification.hosting import Hosting, hosting
from energy.electrification.profiles import cooling_shapes, end_uses, heat_shapes
from energy.electrification.rooftops import rooftops
from energy.electrification.synthetic import SyntheticFeeder, synthetic_feeder
from energy.electrification.vehicles import PLACES
from energy.grid_plans.ingredients import on_pumps
from energy.plan import adopted
from energy.results import Results
from twin import reference
from twin.errors import TwinError, did_you_mean

__all__ = ["Station", "station"]

Floats = npt.NDArray[np.float64]
_STREETS_AROUND_M = 100.0
_WORST_HOURS = 24  # so many hours with the highest and lowest load are tried for each


@dataclass(frozen=True)
class Station:
    """A grid area from inside.

    Attributes
    ----------
    feeders : SyntheticFeeder
        Made up, and marked so.
    buildings : int
        In the area, and of them reached by a street.
    reached : int
    hosting : DataFrame
        One row for cars, heat_pumps and solar: share that fits, what binds (kind, bus, hour, value, limit), and the share
        once that is put right.
    """

    feeders: SyntheticFeeder
    buildings: int
    reached: int
    hosting: pd.DataFrame


def station(results: Results, year: int, grid_area_id: str) -> Station:
    """Make up the feeders of a grid area and find what they can host.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    grid_area_id : str

    Returns
    -------
    Station

    Raises
    ------
    TwinError
        When there is no such area, or it holds no buildings or streets.
    """
    city, stock, f = results.city, results.stock, results.factors.at(year)
    ids = stock.grid_areas["grid_area_id"].astype(str)
    if grid_area_id not in set(ids):
        raise TwinError(f"there is no grid area {grid_area_id!r}{did_you_mean(grid_area_id, ids)}")
    if stock.weather is None:
        raise TwinError("the city has no weather, so its hours are not known; add [layers.weather] to city.toml")
    at = int(np.flatnonzero(ids == grid_area_id)[0])
    rows = np.flatnonzero(stock.grid_area == at)
    needs = results.at("buildings", year).iloc[rows]
    rows = rows[(needs["electricity_kwh"] > 0).to_numpy()]
    if not len(rows):
        raise TwinError(f"grid area {grid_area_id} has no building that uses electricity")
    area = city["grid_areas"].geometry.iloc[at]
    roads = city["roads"].geometry.to_numpy() if "roads" in city else np.zeros(0, object)
    near = roads[[g.intersects(area.buffer(_STREETS_AROUND_M)) for g in roads]] if len(roads) else roads
    made = synthetic_feeder(
        None, near, city["buildings"].geometry.to_numpy()[rows], *_design(results, year, rows), f,
        rating_kva=float(stock.grid_areas["rating_kw"].iloc[at]),
        names=city["buildings"]["building_id"].astype(str).to_numpy(object)[rows],
    )  # fmt: skip
    base, extra = _hours(results, year, rows)
    bus = made.building_bus
    n, on = len(made.feeder.tree), bus >= 0
    at_bus = np.zeros((base.shape[1], n))
    np.add.at(at_bus.T, bus[on], base[on])
    table = []
    for name, (weight, profile) in extra.items():
        of_bus = np.bincount(bus[on], weight[on], n)
        told = {"what": name, "share": np.nan}
        if of_bus.any() and profile.any():
            hours = _worst(at_bus.sum(axis=1), of_bus.sum() * profile)
            loads = Loads.of(
                made.feeder, np.maximum(at_bus[hours], 0.0), feed_in_kw=np.maximum(-at_bus[hours], 0.0),
                added=Added.of(of_bus, profile[hours]),
            )  # fmt: skip
            told |= _told(hosting(made.feeder, loads, Limits.of(f), evenly=True, source_pu=f["grid.source_pu"]), hours)
        table.append(told)
    return Station(made, len(rows), int(on.sum()), pd.DataFrame(table))


def _design(results: Results, year: int, rows: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Return each building's yearly electricity by Velander's categories, and their constants."""
    table = reference.table("velander")
    needs, use = results.at("buildings", year).iloc[rows], results.city["buildings"]["use"].astype(str).iloc[rows]
    category = {u: k for k, uses in enumerate(table["uses"].fillna("")) for u in uses.split("|") if u}
    energy = np.zeros((len(rows), len(table)))
    charged = needs["ev_charging_kwh"].to_numpy(float)
    energy[np.arange(len(rows)), [category[u] for u in use]] = needs["electricity_kwh"].to_numpy(float) - charged
    energy[:, int(np.flatnonzero(table["category"] == "charging")[0])] = charged
    return energy, table["k1"].to_numpy(float), table["k2"].to_numpy(float)


def _hours(results: Results, year: int, rows: npt.NDArray[np.int64]) -> tuple[Floats, dict[str, tuple[Floats, Floats]]]:
    """Return the hours of each building (m, 8760) [kW], and what may come: energy (m,) [kWh] and profile (8760,)."""
    stock, f = results.stock, results.factors.at(year)
    weather = stock.weather
    if weather is None:
        raise TwinError("the city has no weather")
    temp = weather["temp_air_c"].to_numpy(float)
    everyone = adopted(stock.buildings, "buildings", results.adoption, year, f)
    buildings, needs = everyone.iloc[rows].reset_index(drop=True), results.at("buildings", year).iloc[rows]
    needs = needs.reset_index(drop=True)
    drivers, mild_c = stock_drivers(weather, f), stock.season.outdoor_c
    space = heat_shapes(everyone, drivers, mild_c, temp, f)
    cool = cooling_shapes(everyone, drivers, mild_c, temp, f)
    charging = plug_in.shapes(f, temp).uncontrolled[PLACES.index("home")]

    def of(need: pd.DataFrame, house: pd.DataFrame) -> Floats:
        uses = end_uses(need, house, space, temp, f, cool)
        return np.array([sum((u.building_kw(i) for u in uses), np.zeros(len(temp))) for i in range(len(house))])

    charged = needs["ev_charging_kwh"].to_numpy(float)
    roofs = rooftops(results.city["buildings"].iloc[rows].reset_index(drop=True), weather, f)
    made = roofs.installed(needs["pv_kwh"].to_numpy(float))
    sun = np.array([made.building_kw(i) for i in range(len(rows))])
    base = of(needs, buildings) + charged[:, None] * charging - sun
    other, changed = on_pumps(needs, buildings, stock.season, f)
    more = of(changed, other) - of(needs, buildings)
    more_kwh = np.maximum(more.sum(axis=1), 0.0)
    shape = np.maximum(more.sum(axis=0), 0.0)
    electric = max(f["fleet.ev_share"], 1e-9)
    left = np.maximum(roofs.building_kwh - needs["pv_kwh"].to_numpy(float), 0.0)
    sunny = np.array([roofs.potential().building_kw(i) for i in range(len(rows))]).sum(axis=0)
    return base, {
        "cars": (charged * (1 / electric - 1), charging),
        "heat_pumps": (more_kwh, shape / max(shape.sum(), 1e-9)),
        "solar": (left, -sunny / max(sunny.sum(), 1e-9)),
    }


def _worst(base_kw: Floats, more_kw: Floats) -> npt.NDArray[np.int64]:
    """Return the hours in which load or feed-in is greatest, with and without what comes."""
    found = []
    for load in (base_kw, base_kw + more_kw, base_kw + more_kw / 2):
        order = np.argsort(load)
        found += [order[:_WORST_HOURS], order[-_WORST_HOURS:]]
    return np.unique(np.concatenate(found))


def _told(found: Hosting, hours: npt.NDArray[np.int64]) -> dict[str, object]:
    binding = found.binding
    return {
        "share": found.share,
        "binds": "" if binding is None else binding.kind,
        "at": "" if binding is None else binding.name,
        "hour": -1 if binding is None else int(hours[binding.hour]),
        "value": np.nan if binding is None else binding.value,
        "limit": np.nan if binding is None else binding.limit,
        "next_share": found.next_share,
    }
