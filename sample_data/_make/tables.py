"""Areas with their people, energy declarations, and an hourly weather year."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib
import shapely

from .ground import banks
from .places import CRS, PRIMARY_AREAS, world

__all__ = ["areas", "declarations", "population", "write_epw"]

Floats = npt.NDArray[np.float64]
Generator = np.random.Generator
_HOURS = 8760

# Larger areas north of the river are Hisingen; the east end is Nordost; all others here are Centrum
_HISINGEN = {"Biskopsgården", "Sydvästra Hisingen", "Norra Älvstranden", "Kvillebäcken"}
_NORDOST = {"Kortedala-Gamlestaden"}

# Göteborg City AP, TMYx 2009-2023 (climate.onebuilding.org), by month: mean temperature [°C], standard deviation of
# daily means [K], mean daily swing [K], global irradiation [kWh/m²], mean wind [m/s], mean relative humidity [%]
_NORMALS = np.array([
    (0.11, 3.76, 4.2, 12.7, 3.87, 89), (0.81, 3.26, 5.7, 35.3, 3.94, 85), (3.61, 2.35, 5.0, 77.4, 4.58, 80),
    (7.05, 2.89, 9.3, 134.8, 3.40, 62), (11.53, 3.20, 7.7, 169.8, 3.76, 74), (14.95, 1.68, 8.3, 182.8, 3.07, 73),
    (17.25, 1.88, 7.3, 177.0, 3.95, 72), (16.26, 1.42, 7.2, 130.2, 3.13, 80), (13.81, 2.32, 6.3, 86.6, 4.49, 85),
    (9.62, 2.80, 5.2, 42.7, 4.68, 83), (6.27, 1.95, 3.2, 14.3, 5.00, 88), (2.75, 3.47, 4.3, 9.3, 4.52, 84),
])  # fmt: skip
_LATITUDE, _LONGITUDE, _ALTITUDE_M = 57.70, 11.95, 20.0

# last year of the period, declared heat in multi-family houses and in premises [kWh/m² and year]; assumed
_DECLARED = (
    (1940, 140, 135),
    (1960, 138, 130),
    (1975, 132, 125),
    (1985, 118, 105),
    (2005, 102, 92),
    (2011, 80, 75),
    (9999, 58, 55),
)


def areas() -> gpd.GeoDataFrame:
    """Return primärområden as what lies nearest to their middles on their side of the river, and larger areas of them."""
    rows = []
    for bank, is_north in zip(banks(), (True, False), strict=True):
        here = [p for p in PRIMARY_AREAS if (p[3] in _HISINGEN) == is_north]
        seeds = shapely.MultiPoint([world(p[1], p[2]) for p in here])
        cells = shapely.voronoi_polygons(seeds, extend_to=bank, ordered=True)
        rows += [(p, shapely.intersection(c, bank)) for p, c in zip(here, cells.geoms, strict=True)]
    order = {p[0]: k for k, p in enumerate(PRIMARY_AREAS)}
    rows.sort(key=lambda r: order[r[0][0]])
    shapes = shapely.set_precision(np.array([s for _, s in rows]), 0.01)
    small = gpd.GeoDataFrame(
        {
            "area_id": [f"p{k + 1:02d}" for k in range(len(rows))],
            "name": [p[0] for p, _ in rows],
            "level": "primaromrade",
            "larger": [p[3] for p, _ in rows],
        },
        geometry=shapes,
        crs=CRS,
    )
    middle = _joined(small, "larger", "m", "mellanomrade")
    middle["larger"] = [
        "Hisingen" if n in _HISINGEN else "Nordost" if n in _NORDOST else "Centrum" for n in middle["name"]
    ]
    large = _joined(middle, "larger", "s", "stadsomrade").assign(larger=None)
    small["parent_id"] = small["larger"].map(dict(zip(middle["name"], middle["area_id"], strict=True)))
    middle["parent_id"] = middle["larger"].map(dict(zip(large["name"], large["area_id"], strict=True)))
    large["parent_id"] = None
    whole = pd.concat([large, middle, small], ignore_index=True)
    return gpd.GeoDataFrame(whole[["area_id", "name", "level", "parent_id", "geometry"]], crs=CRS)


def _joined(parts: gpd.GeoDataFrame, by: str, prefix: str, level: str) -> gpd.GeoDataFrame:
    names = list(dict.fromkeys(parts[by]))
    shapes = [shapely.coverage_union_all(parts.geometry[parts[by] == n].to_numpy()) for n in names]
    ids = [f"{prefix}{k + 1:02d}" for k in range(len(names))]
    return gpd.GeoDataFrame({"area_id": ids, "name": names, "level": level}, geometry=shapes, crs=CRS)


def population(places: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, floor_area_m2: Floats) -> pd.DataFrame:
    """Return the people of each primärområde and their mean income, all assumed.

    42 m² a person in flats and 2.7 persons a villa; a disposable income of 340,000 kr a year in villas, 190,000 in public
    housing and 280,000 in other flats.
    """
    use = buildings["true_use"].to_numpy(object)
    people = np.where(use == "multi_family", floor_area_m2 / 42, np.where(use == "single_family", 2.7, 0.0))
    public = buildings["owner"].isin(["Bostadsbolaget", "Familjebostäder"]).to_numpy(bool)
    income_sek = np.where(use == "single_family", 340_000.0, np.where(public, 190_000.0, 280_000.0))
    low = places[places["level"] == "primaromrade"].reset_index(drop=True)
    points = buildings.geometry.representative_point().to_numpy()
    at_point, at_area = shapely.STRtree(low.geometry.to_numpy()).query(points, predicate="intersects")
    _, first = np.unique(at_point, return_index=True)
    inside, home = at_area[first], at_point[first]
    lived = np.bincount(inside, people[home], minlength=len(low))
    earned = np.bincount(inside, people[home] * income_sek[home], minlength=len(low))
    total = lived.round()
    young, old = (total * 0.19).round(), (total * 0.15).round()
    return pd.DataFrame(
        {
            "area_id": low["area_id"],
            "population": total.astype(int),
            "population_0_18": young.astype(int),
            "population_19_65": (total - young - old).astype(int),
            "population_66_plus": old.astype(int),
            "income_sek": np.divide(earned, lived, out=np.full(len(low), np.nan), where=total > 0).round(-2),
            "year": 2024,
        }
    )


def declarations(buildings: gpd.GeoDataFrame, floor_area_m2: Floats, rng: Generator) -> pd.DataFrame:
    """Return energy declarations for about 35 % of the heated buildings, scattered about what is usual for their age."""
    use = buildings["true_use"].to_numpy(object)
    year = buildings["true_year_built"].to_numpy(int)
    share = np.select([use == "multi_family", use == "single_family", use == "ancillary"], [0.5, 0.2, 0.0], 0.3)
    at = np.flatnonzero((rng.random(len(buildings)) < share) & (floor_area_m2 > 0))
    homes, villas = use[at] == "multi_family", use[at] == "single_family"
    period = np.searchsorted([p[0] for p in _DECLARED], year[at])
    usual = np.where(
        homes | villas, np.array([p[1] for p in _DECLARED])[period], np.array([p[2] for p in _DECLARED])[period]
    )
    area = (floor_area_m2[at] * rng.uniform(0.92, 1.08, len(at))).round()
    heat = usual * rng.lognormal(0, 0.22, len(at)) * area
    told = buildings["heating"].to_numpy(object)[at]
    source = np.where(pd.isna(told), "district_heating", told)
    carriers = {
        "district_heating_kwh": np.where(source == "district_heating", heat, 0),
        "oil_kwh": np.where(source == "oil", heat / 0.85, 0),
        "gas_kwh": np.where(source == "gas", heat / 0.92, 0),
        "wood_kwh": np.where(source == "biofuel", heat / 0.8, 0),
        "direct_electric_kwh": np.where(source == "direct_electric", heat, 0),
        "ground_heat_pump_kwh": np.where(source == "ground_heat_pump", heat / 3.2, 0),
        "air_heat_pump_kwh": np.where(source == "air_heat_pump", heat / 2.6, 0),
    }
    property_electricity = area * np.where(villas, 0, rng.uniform(8, 22, len(at)))
    bought = sum(carriers.values()) + property_electricity
    electric = sum(carriers[c] for c in ("direct_electric_kwh", "ground_heat_pump_kwh", "air_heat_pump_kwh"))
    heat_weighted = (
        0.7 * carriers["district_heating_kwh"]
        + 0.6 * carriers["wood_kwh"]
        + 1.8 * (carriers["oil_kwh"] + carriers["gas_kwh"])
    )
    primary = (heat_weighted + 1.8 * (electric + property_electricity)) / 0.92
    limits = np.where(homes, 75, np.where(villas, 90, 70))  # requirement on new buildings [kWh/m²]
    grade = np.searchsorted([0.5, 0.75, 1.0, 1.35, 1.8, 2.35], primary / area / limits, side="left")
    frame = pd.DataFrame(
        {
            "declaration_id": [f"ed-{i + 1:05d}" for i in range(len(at))],
            "building_id": buildings["building_id"].to_numpy()[at],
            "category": np.where(homes, "multi_family", np.where(villas, "single_family", "premises")),
            "version": rng.choice([2012, 2017, 2019, 2021], len(at), p=[0.2, 0.2, 0.35, 0.25]),
            "year_built": year[at],
            "floor_area_m2": area.astype(int),
            "storeys": buildings["true_storeys"].to_numpy(int)[at],
            "energy_class": np.array(list("ABCDEFG"))[grade],
            "energy_use_kwh": bought,
            **carriers,
            "property_electricity_kwh": property_electricity,
            "primary_energy_kwh": primary,
            "primary_energy_kwh_m2": (primary / area).round(),
        }
    )
    energy = [c for c in frame if c.endswith("_kwh")]
    return frame.assign(**{c: frame[c].round().astype(int) for c in energy})


def _smooth_months(values: Floats) -> Floats:
    """Return hourly values that pass smoothly through the middles of the months."""
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    middles = (np.cumsum(days) - days / 2) * 24
    around = np.concatenate([[middles[-1] - _HOURS], middles, [middles[0] + _HOURS]])
    return np.interp(np.arange(_HOURS) + 0.5, around, np.concatenate([[values[-1]], values, [values[0]]]))


def _wander(rng: Generator, memory: float, n: int) -> Floats:
    """Return a series of mean 0 and deviation 1 in which each day resembles the one before."""
    steps = rng.standard_normal(n + 40) * np.sqrt(1 - memory**2)
    series = np.zeros(n + 40)
    for k in range(1, n + 40):
        series[k] = memory * series[k - 1] + steps[k]
    return series[40:]


def _weather(rng: Generator) -> pd.DataFrame:
    """Draw a year whose monthly means and sums are the published ones."""
    times = pd.date_range("2023-01-01 00:30", periods=_HOURS, freq="h", tz="Etc/GMT-1")
    month = times.month.to_numpy() - 1
    mean, deviation, swing, irradiation, wind, humid = _NORMALS.T
    daily = _wander(rng, 0.8, 366)
    cloudy = np.clip(0.55 * _wander(rng, 0.45, 365) + 0.1 * daily[:365], -1.6, 1.6)
    at = np.arange(_HOURS) / 24
    temperature = _smooth_months(mean) + _smooth_months(deviation) * 0.92 * np.interp(at, np.arange(366), daily)
    temperature += _smooth_months(swing) / 2 * np.cos(2 * np.pi * (at - 14.5 / 24)) * np.repeat(1 - 0.35 * cloudy, 24)
    temperature += (mean - np.array([temperature[month == m].mean() for m in range(12)]))[month]
    sun = pvlib.solarposition.get_solarposition(times, _LATITUDE, _LONGITUDE, _ALTITUDE_M)
    clear = pvlib.clearsky.haurwitz(sun["apparent_zenith"])["ghi"].to_numpy()
    ghi = clear * np.clip(np.repeat(0.62 - 0.33 * cloudy, 24) + 0.07 * rng.standard_normal(_HOURS), 0.06, 1.0)
    for _ in range(20):  # sums as published, no hour brighter than a clear sky
        sums = np.array([ghi[month == m].sum() for m in range(12)])
        ghi = np.minimum(ghi * (irradiation * 1000 / sums)[month], clear * 1.02)
    ghi = np.round(ghi)
    split = pvlib.irradiance.erbs(ghi, sun["zenith"].to_numpy(), times)
    speed = np.clip(wind[month] * np.repeat(rng.lognormal(-0.06, 0.35, 365), 24), 0.2, 22)
    damp = np.clip(humid[month] + 6 * np.repeat(cloudy, 24) - 1.2 * (temperature - _smooth_months(mean)), 30, 100)
    return pd.DataFrame(
        {
            "temperature": temperature.round(1), "humidity": damp.round().astype(int), "ghi": ghi.astype(int),
            "dni": np.round(split["dni"]).astype(int), "dhi": np.round(split["dhi"]).astype(int), "wind": speed.round(1),
        },
        index=times,
    )  # fmt: skip


def write_epw(file: Path, rng: Generator) -> None:
    """Write the weather year in EnergyPlus format; what is not drawn carries the format's code for missing."""
    head = [
        f"LOCATION,Goteborg synthetic,VG,SWE,synthetic,000000,{_LATITUDE:.2f},{_LONGITUDE:.2f},1.0,{_ALTITUDE_M:.1f}",
        "DESIGN CONDITIONS,0", "TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0", "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
        "COMMENTS 1,Synthetic year: drawn; its monthly means and sums are those of TMYx 2009-2023 for Goteborg City AP",
        "COMMENTS 2,Written by sample_data/make.py", "DATA PERIODS,1,1,Data,Sunday,1/1,12/31",
    ]  # fmt: skip
    weather = _weather(rng)
    lines = []
    for hour, (t, rh, ghi, dni, dhi, wind) in enumerate(weather.itertuples(index=False, name=None)):
        day = weather.index[hour]
        dew = t - (100 - rh) / 5
        lines.append(
            f"2023,{day.month},{day.day},{day.hour + 1},0,?9?9?9,{t},{dew:.1f},{rh},101325,9999,9999,9999,{ghi},{dni},{dhi},"
            f"999999,999999,999999,9999,180,{wind},99,99,9999,99999,9,999999999,999,0.999,999,99,999,999,99"
        )
    file.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
