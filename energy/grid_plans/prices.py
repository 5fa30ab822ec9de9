"""The price of electricity hour by hour, by which cars may be charged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.schedules import calendar
from twin import reference
from twin.errors import Problem, SchemaError

__all__ = ["PRICE", "hourly_price"]

Floats = npt.NDArray[np.float64]
PRICE = "electricity_price_sek_kwh"
_SUMMER = (90, 273)  # days of the year: April to September
_WEEKDAY = 0
_HOURS = [f"h{h:02d}" for h in range(24)]


def hourly_price(weather: pd.DataFrame | None = None) -> Floats:
    """Return the price of every hour; only which hours are dearer than others matters to charging.

    Parameters
    ----------
    weather : DataFrame (8760 rows), optional
        With a column ``electricity_price_sek_kwh`` it is that of the city, which may be below 0.

    Returns
    -------
    array (8760,)
        [SEK/kWh] where the city gives prices; else an assumed price over the mean of the year [1].

    Raises
    ------
    SchemaError
        When some hours have a price and others none.

    Examples
    --------
    A Sunday afternoon in July is cheap, a Monday evening in January dear:

    >>> price = hourly_price()
    >>> float(price[24 * 182 + 14]), float(price[24 * 1 + 17])
    (0.31, 1.45)
    """
    if weather is not None and PRICE in weather and weather[PRICE].notna().any():
        given = weather[PRICE].to_numpy(float)
        blank = np.flatnonzero(np.isnan(given))
        if len(blank):
            rule = "is blank in some hours but not in others; fill them, or leave the whole column out"
            raise SchemaError([Problem("weather", PRICE, rule, len(blank), f"hour {int(blank[0]) + 1}")])
        return given
    table = reference.table("electricity_price").set_index(["season", "day"])[_HOURS]
    kind = calendar()[0]
    season = np.where((np.arange(len(kind)) >= _SUMMER[0]) & (np.arange(len(kind)) < _SUMMER[1]), "summer", "winter")
    day = np.where(kind == _WEEKDAY, "weekday", "weekend")
    return np.concatenate([table.loc[(s, d)].to_numpy(float) for s, d in zip(season, day, strict=True)])
