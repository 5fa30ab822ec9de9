"""Streets of a simulated year: what each emits, how full it is, how sure that is, and what areas, cells and the city sum up to.

Energy and carbon dioxide are those of the simulated year, so that their sums are the accounts. Air pollution follows the
same distances, electric shares, speeds, cold starts and slopes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from energy.climate.inventory import ratios
from energy.mobility.assignment.road_capacity import road_capacity
from energy.mobility.demand.counts import hourly_shares
from energy.mobility.raster import Raster
from energy.mobility.traffic import class_km
from energy.mobility.uncertainty import common_cvs, link_cv, spread
from energy.mobility_plans.street_air import AIR, air, average_day, links
from energy.plan import adopted
from energy.results import Results
from twin import reference
from twin.errors import TwinError

__all__ = ["EXTENSIVE", "RANGED", "Streets", "end_of", "standing", "streets"]

Floats = npt.NDArray[np.float64]
_SIMULATED = ("vehicle_km", "co2e_territorial_kg", "co2e_lifecycle_kg", "traffic_electricity_kwh")
EXTENSIVE = (*_SIMULATED, *AIR)
"""Columns that add up over streets."""
RANGED: Mapping[str, Literal["vehicle_km", "co2", "nox", "wear"]] = {
    "vehicle_km": "vehicle_km",
    "co2e_territorial_kg": "co2",
    "co2e_lifecycle_kg": "co2",
    "nox_kg": "nox",
    "pm10_kg": "wear",
    "pm25_kg": "wear",
}
"""Columns with a range, and whose errors they have: particles are mostly wear."""
_PERIODS = {"day": range(6, 18), "evening": range(18, 22), "night": (22, 23, *range(6))}
_KEPT = ("road_id", "name", "area_id", "road_class", "lanes", "tunnel", "slope", "aadt_source", "aadt_cv")


@dataclass(frozen=True)
class Streets:
    """The streets of a year.

    Attributes
    ----------
    year : int
    table : GeoDataFrame (one row a street)
        What is known of it; `aadt` of the year [1/d], `speed_kmh` (mean) and `posted_speed_kmh`; every column of
        `EXTENSIVE` for the year; P10 and P90 of those of `RANGED` (:func:`end_of`); `co2e_cv` of its emissions [1];
        `peak_vph` and `congestion`, the volume of the busiest hour in both directions per capacity [1]; and light and
        heavy vehicles of an average day from 6 to 18, 18 to 22 and 22 to 6: `light_day`, `heavy_night` and so on [1].
    areas : DataFrame (one row a place)
        area_id, name, level, population, `EXTENSIVE` and its ranges; the outside and the city last.
    cells : GeoDataFrame (one row a cell of 100 m that a street touches)
        column, row, `EXTENSIVE` and its ranges.
    inventory : DataFrame
        The official inventory's sectors that road traffic is set against, of the whole city (`inventory_t`) and of the
        inhabitants that are simulated (`shared_t`).
    """

    year: int
    table: gpd.GeoDataFrame
    areas: pd.DataFrame
    cells: gpd.GeoDataFrame
    inventory: pd.DataFrame

    @property
    def figures(self) -> dict[str, Any]:
        """What is told first: the city's sums with their ranges, and the ratio to the official inventory."""
        city = self.areas.iloc[-1]
        kept = [*RANGED, *(end_of(c, e) for c in RANGED for e in ("low", "high"))]
        found: dict[str, Any] = {"year": self.year, "streets": len(self.table)}
        found |= {c: float(city[c]) for c in sorted([*kept, "pm10_wear_kg", "traffic_electricity_kwh"])}
        found["streets_over_capacity"] = int((self.table["congestion"] > 1).sum())
        whole, shared, modelled = (float(self.inventory[c].sum()) for c in ("inventory_t", "shared_t", "modelled_t"))
        return found | {
            "inventory_year": int(self.inventory["inventory_year"].max()) if len(self.inventory) else None,
            "inventory_t": whole,
            "inventory_of_inhabitants_t": shared,
            "model_per_inventory": modelled / shared if shared else None,
            "model_per_whole_inventory": modelled / whole if whole else None,
        }


def end_of(column: str, end: str) -> str:
    """Return the name of an end of a column's range: P10 is ``low``, P90 is ``high``.

    Examples
    --------
    >>> end_of("co2e_territorial_kg", "low")
    'co2e_territorial_low_kg'
    """
    name, unit = column.rsplit("_", 1)
    return f"{name}_{end}_{unit}"


def standing(results: Results, year: int) -> pd.DataFrame:
    """Return the streets as the scenario leaves them in a year, with the columns of the levers."""
    f = results.factors.at(year)
    return adopted(results.stock.roads_in(f), "roads", results.adoption, year, f)


def streets(results: Results, year: int) -> Streets:
    """Return what the streets of a simulated year emit.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.

    Raises
    ------
    TwinError
        When the city has no streets, or the year was not simulated.
    """
    if "roads" not in results.city or not len(results.city["roads"]):
        raise TwinError("the city has no streets; add [layers.roads] to city.toml")
    f, driven = results.factors.at(year), results.at("roads", year)
    roads = standing(results, year)
    link = links(roads, f)
    sums = pd.concat([driven[list(_SIMULATED)], air(link, year, f)], axis=1)
    own = link_cv(roads, f)
    known = results.city["roads"]
    about = {c: known[c].to_numpy() for c in _KEPT} | {"posted_speed_kmh": roads["posted_speed_kmh"].to_numpy(float)}
    table = pd.DataFrame(about, index=roads.index).assign(
        aadt=link["aadt"],
        speed_kmh=link["speed_kmh"],
        **sums,
        **_ranges(sums, own, f),
        co2e_cv=_cv(own, common_cvs("co2", f)),
        **_fullness(known, link),
        **_by_period(roads, f),
    )
    raster = Raster.of(known.geometry.to_numpy())
    places = results.places
    found = ratios(results, year)
    return Streets(
        year,
        gpd.GeoDataFrame(table, geometry=known.geometry.to_numpy(), crs=results.city.crs),
        pd.concat([places.table, _summed(sums, own, f, places.shares["roads"])], axis=1),
        gpd.GeoDataFrame(
            pd.DataFrame({"column": raster.column, "row": raster.row}).join(_summed(sums, own, f, raster.shares)),
            geometry=raster.squares(),
            crs=results.city.crs,
        ),
        found[found["model"] == "roads"].reset_index(drop=True),
    )


def _cv(own: Floats, shared: list[float]) -> Floats:
    """Return the coefficient of variation of single streets: their own error times those that all share."""
    return np.sqrt(np.prod(1 + np.square(shared)) * (1 + own**2) - 1)


def _summed(sums: pd.DataFrame, own: Floats, f: Mapping[str, float], shares: Any) -> pd.DataFrame:
    """Return sums over streets with their ranges, by rows of `shares`."""
    found = pd.DataFrame({c: np.asarray(shares @ sums[c].to_numpy(float)) for c in EXTENSIVE})
    return found.assign(**_ranges(sums, own, f, shares))


def _ranges(sums: pd.DataFrame, own: Floats, f: Mapping[str, float], shares: Any = None) -> dict[str, Floats]:
    """Return P10 and P90; of single streets without `shares`."""
    found = {}
    for column, quantity in RANGED.items():
        part = sparse.eye_array(len(sums), format="csr") if shares is None else shares
        told = spread(sums[column].to_numpy(float), own, common_cvs(quantity, f), part)
        found[end_of(column, "low")] = told["p10"].to_numpy()
        found[end_of(column, "high")] = told["p90"].to_numpy()
    return found


def _fullness(roads: pd.DataFrame, link: pd.DataFrame) -> dict[str, Floats]:
    """Return the busiest hour of a weekday and its volume per capacity, both directions alike.

    Capacity is the low end of its range: in a city signals take much of what a lane holds between junctions. Blank
    where a street is of no known class or carries no motor traffic.
    """
    peak = link["aadt"].to_numpy(float) * float(hourly_shares().max())
    usual = reference.table("road_classes").set_index("road_class")["lanes"]
    kinds = roads["road_class"].astype(object)
    lanes = roads["lanes"].astype(float).fillna(kinds.map(usual).astype(float)).to_numpy(float)
    known = kinds.isin(reference.table("road_capacity")["road_class"]).to_numpy(bool) & (lanes > 0)
    full = np.full(len(roads), np.nan)
    full[known] = peak[known] / road_capacity(kinds[known].to_numpy(), lanes[known], "low").capacity_vph
    return {"peak_vph": peak, "congestion": full}


def _by_period(roads: pd.DataFrame, f: Mapping[str, float]) -> dict[str, Floats]:
    """Return light and heavy vehicles of an average day by period of the day, as the calculation of noise asks."""
    km, hours = class_km(roads, f), average_day()
    daily_km = 365 * roads["length_m"].to_numpy(float) / 1000
    count = {"light": (km["car"] + km["van"]) / daily_km, "heavy": (km["lorry"] + km["bus"]) / daily_km}
    return {
        f"{kind}_{period}": n * float(hours[list(at)].sum())
        for kind, n in count.items()
        for period, at in _PERIODS.items()
    }
