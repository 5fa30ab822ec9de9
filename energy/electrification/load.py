"""Electricity of every building, and the peaks of grid areas and places."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.carriers import by_category
from energy.electrification.charging import area_energy_kwh, share_out
from energy.electrification.velander import peak_kw
from energy.stock import Stock
from twin import reference

__all__ = ["charging_kwh", "peaks", "with_electricity"]

Floats = npt.NDArray[np.float64]


def charging_kwh(stock: Stock, floor_area_m2: Floats, driven: pd.DataFrame, f: Mapping[str, float]) -> Floats:
    """Return what the cars of each building's residents charge, as far as measures change what is driven.

    The inhabitants' cars follow the streets: the share driven on electricity is that of all car kilometres, and the
    distance changes as the car kilometres do.

    Parameters
    ----------
    stock : Stock
    floor_area_m2 : array (buildings,)
        Of the year [m2].
    driven : DataFrame
        The year's traffic.
    f : mapping
        The year's factors.

    Returns
    -------
    array (buildings,)
        [kWh]
    """
    before_km, car_km = _car_km(stock), float(driven["car_km"].sum())
    electric = float(driven["car_electric_km"].sum()) / car_km if car_km > 0 else f["fleet.ev_share"]
    distance = car_km / (before_km * f["mobility.traffic_scale"]) if before_km > 0 else 1.0
    energy = area_energy_kwh(
        stock.home_population,
        f["ev.cars_per_inhabitant"],
        f["ev.km_per_car"] * distance,
        electric,
        f["ev.energy_kwh_per_km"],
    )
    area = floor_area_m2
    not_built = (area == 0) & (stock.buildings["floor_area_m2"].to_numpy(float) > 0)
    homes = np.where(stock.buildings["use"].isin(["single_family", "multi_family"]), area, 0.0)
    given, kept = share_out(energy, stock.home_area, homes, np.where(not_built, 0.0, np.maximum(area, 1e-6)))
    if kept.any() and len(given):  # inhabitants of areas without buildings charge somewhere in the city
        given += kept.sum() * area / max(area.sum(), 1e-9)
    return given


def _car_km(stock: Stock) -> float:
    """Return the car kilometres of the base year."""
    names = ("length_m", "aadt", "van_share", "heavy_vehicle_share", "bus_share")
    length, aadt, van, lorry, bus = (stock.roads[c].to_numpy(float) for c in names)
    return float((365 * length / 1000 * aadt * (1 - (van + lorry + bus))).sum())


def with_electricity(stock: Stock, needs: pd.DataFrame, driven: pd.DataFrame, f: Mapping[str, float]) -> pd.DataFrame:
    """Add `ev_charging_kwh` and `electricity_kwh` (all use, solar cells not subtracted) to the buildings."""
    charged = charging_kwh(stock, needs["floor_area_m2"].to_numpy(float), driven, f)
    parts = [
        "heat_pump_electricity_kwh",
        "direct_electric_kwh",
        "property_electricity_kwh",
        "household_electricity_kwh",
        "cooling_electricity_kwh",
    ]
    return needs.assign(ev_charging_kwh=charged, electricity_kwh=sum(needs[c].to_numpy(float) for c in parts) + charged)


def peaks(stock: Stock, buildings: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the peaks of grid areas (with their headroom) and of places.

    Parameters
    ----------
    stock : Stock
    buildings : DataFrame
        The year's buildings with their electricity.

    Returns
    -------
    dict
        ``grid_areas``: electricity_kwh, pv_kwh, peak_kw, headroom_kw; ``areas``: peak_kw of every place.
    """
    table = reference.table("velander")
    energy = _by_category(stock, buildings, table)
    k1, k2 = table["k1"].to_numpy(float), table["k2"].to_numpy(float)
    inside = stock.grid_area >= 0
    n = len(stock.grid_areas)

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(stock.grid_area[inside], values[inside], minlength=n)[:n], float)

    per_area = (
        np.column_stack([total(energy[:, c]) for c in range(energy.shape[1])]) if n else np.zeros((0, len(table)))
    )
    peak = peak_kw(per_area, k1, k2)
    grid = pd.DataFrame(
        {
            "electricity_kwh": per_area.sum(axis=1),
            "pv_kwh": total(buildings["pv_kwh"].to_numpy(float)),
            "peak_kw": peak,
            "headroom_kw": stock.grid_areas["rating_kw"].to_numpy(float) - peak,
        }
    )
    places = peak_kw(np.asarray(stock.places.shares["buildings"] @ energy), k1, k2)
    return {"grid_areas": grid, "areas": pd.DataFrame({"peak_kw": places})}


def _by_category(stock: Stock, buildings: pd.DataFrame, table: pd.DataFrame) -> Floats:
    """Return each building's energy in Velander's categories, shape (buildings, categories)."""
    category = {use: k for k, uses in enumerate(table["uses"].fillna("")) for use in uses.split("|") if use}
    own = by_category(stock.buildings["use"], {u: float(k) for u, k in category.items()}).astype(int)
    charged = buildings["ev_charging_kwh"].to_numpy(float)
    energy = np.zeros((len(buildings), len(table)))
    energy[np.arange(len(buildings)), own] = buildings["electricity_kwh"].to_numpy(float) - charged
    energy[:, int(np.flatnonzero(table["category"] == "charging")[0])] = charged
    return energy
