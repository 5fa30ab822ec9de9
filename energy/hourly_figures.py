"""What the hours of a year say of buildings and places: highest heat power, overheating, cooling."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.hourly import hourly_demand
from energy.buildings.kernel import Drivers
from energy.stock import Stock

__all__ = ["hourly_figures"]

Floats = npt.NDArray[np.float64]


def hourly_figures(
    stock: Stock, buildings: pd.DataFrame, drivers: Drivers, f: Mapping[str, float]
) -> tuple[pd.DataFrame, Floats]:
    """Run the hourly model of a year and return what is kept of it.

    Parameters
    ----------
    stock : Stock
    buildings : DataFrame (n rows)
        As they stand in the year.
    drivers : Drivers
        From the stock's weather.
    f : mapping
        The year's factors.

    Returns
    -------
    (DataFrame (n rows), array (places,))
        heat_peak_kw, cooling_need_kwh, overheating_h_m2 and overheating_kh_m2 (hours and degree-hours above the limit
        times floor area, so that places get means); and the highest heat power of each place, which is less than the
        sum of its buildings' since they do not peak together [kW].
    """
    areas = len(stock.home_population)
    zone = np.where(stock.home_area >= 0, stock.home_area, areas).astype(np.int64)
    year = hourly_demand(buildings, drivers, stock.season.outdoor_c, f, zone)
    area = buildings["floor_area_m2"].to_numpy(float)
    cooled = buildings["cooling_set_point_c"].notna().to_numpy(bool)
    figures = pd.DataFrame(
        {
            "heat_peak_kw": year.peak_heat_kw,
            "cooling_need_kwh": np.where(cooled, year.cool_kwh.sum(axis=0), 0.0),
            "overheating_h_m2": year.warm_hours * area,
            "overheating_kh_m2": year.warm_kh * area,
        },
        index=buildings.index,
    )
    first = pd.Series(np.arange(len(zone))).groupby(zone).first()
    of_place = np.asarray(stock.places.shares["buildings"][:, first.to_numpy()].todense()) > 0
    return figures, (of_place @ year.zone_heat_kw[first.index.to_numpy()]).max(axis=1, initial=0.0)
