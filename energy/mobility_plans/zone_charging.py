"""Where and when the electric vehicles that a zone brings are charged.

At home they are charged where people live, in the whole city; at work and in public at the zone's own premises, since what
only passes drives around; at depots at premises of the whole city.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.electrification.vehicles import CLASSES, PLACES, place_shares
from energy.mobility_plans.street_pieces import charged_by_class
from energy.mobility_plans.zone_city import ZoneCity
from energy.results import Results
from energy.scenario import inside

__all__ = ["ZoneCharging", "zone_charging"]

Floats = npt.NDArray[np.float64]
_HOMES = ("single_family", "multi_family")


@dataclass(frozen=True)
class ZoneCharging:
    """What is charged more in a year.

    Attributes
    ----------
    areas : DataFrame
        grid_area_id, charged_kwh, peak_kw (of the charging alone), peak_hour (of the year, from 0), rating_kw, rating_share
        (peak per rating).
    outside_kwh : float
        Outside all grid areas [kWh].
    total_kwh, peak_kw : float
        Of all areas together.
    city_kw : array (8760,)
        [kW]
    by_class_kwh : dict of str to float
        By class of vehicle [kWh].
    """

    areas: pd.DataFrame
    outside_kwh: float
    total_kwh: float
    peak_kw: float
    city_kw: Floats
    by_class_kwh: dict[str, float]


def zone_charging(results: Results, of: ZoneCity, within: str, after: pd.DataFrame) -> ZoneCharging:
    """Share out what the streets' electric kilometres take more.

    Parameters
    ----------
    results : Results
    of : ZoneCity
        The year without the zone.
    within : str
        The zone's boundary.
    after : DataFrame
        The pieces of street with the zone.

    Returns
    -------
    ZoneCharging
        A class that drives less on electricity charges nothing more.
    """
    f, stock = results.factors.at(of.year), results.stock
    one, two = charged_by_class(of.pieces, f), charged_by_class(after, f)
    more = {c: max(two[c] - one[c], 0.0) for c in CLASSES}
    at_place = np.array([more[c] for c in CLASSES]) @ place_shares(f)
    count = len(stock.grid_areas)
    row = np.where(stock.grid_area < 0, count, stock.grid_area)
    buildings = stock.buildings
    floor = np.where(buildings["use"].isin(_HOMES), 0.0, buildings["floor_area_m2"].to_numpy(float))
    own = floor * inside(results.city["buildings"], within)
    premises = own if own.sum() > 0 else floor
    where = {"home": of.people, "work": premises, "public": premises, "depot": floor}
    charged = np.zeros((count + 1, len(PLACES)))
    for k, place in enumerate(PLACES):
        weight = where[place] if where[place].sum() > 0 else np.ones(len(buildings))
        charged[:, k] = at_place[k] * np.bincount(row, weight, count + 1) / weight.sum()
    kw = charged @ of.charging
    peak = kw[:count].max(axis=1, initial=0.0)
    rating = stock.grid_areas["rating_kw"].to_numpy(float) if count else np.zeros(0)
    areas = pd.DataFrame(
        {
            "grid_area_id": stock.grid_areas["grid_area_id"].astype(str).to_numpy() if count else [],
            "charged_kwh": charged[:count].sum(axis=1),
            "peak_kw": peak,
            "peak_hour": kw[:count].argmax(axis=1),
            "rating_kw": rating,
            "rating_share": np.divide(peak, rating, out=np.full(count, np.nan), where=rating > 0),
        }
    )
    whole = kw.sum(axis=0)
    return ZoneCharging(areas, float(charged[count].sum()), float(charged.sum()), float(whole.max()), whole, more)
