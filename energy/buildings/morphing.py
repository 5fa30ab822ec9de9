r"""The weather of a future climate: a measured year, shifted and stretched month by month ("morphing").

The day-to-day weather stays what it was; only the statistics of each month change. The changes are in
``twin/data/climate_pathways.csv``, counted from the climate of recent weather files (about 2016).

References
----------
.. [1] Belcher, S., Hacker, J., Powell, D., "Constructing design weather data for future climates", Building Services
   Engineering Research and Technology 26(1), 2005.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin import reference
from twin.errors import TwinError, did_you_mean

__all__ = ["morph", "pathways", "shift_and_stretch"]

Floats = npt.NDArray[np.float64]
_SUN = ("ghi_w_m2", "dni_w_m2", "dhi_w_m2")
_HUMIDITY = "relative_humidity"
_MONTH_HOURS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24
_YEAR_HOURS = int(_MONTH_HOURS.sum())
_CHANGE = {"value": "temp_mean_change_k", "low": "temp_mean_low_k", "high": "temp_mean_high_k"}


def pathways() -> list[str]:
    """Return the names of the pathways.

    Examples
    --------
    >>> pathways()
    ['rcp45_2050', 'rcp45_2085', 'rcp85_2050', 'rcp85_2085']
    """
    return sorted(reference.table("climate_pathways")["pathway"].unique())


def shift_and_stretch(temp_air_c: Floats, mean_k: float, max_k: float, min_k: float) -> Floats:
    r"""Return a month's temperatures with a new mean and a new daily range.

    .. math:: x = x_0 + \Delta_m + a (x_0 - \bar x_0), \qquad
              a = \frac{\Delta_{max} - \Delta_{min}}{\bar x_{0,max} - \bar x_{0,min}}

    Parameters
    ----------
    temp_air_c : array (hours,)
        Whole days of one month [degC].
    mean_k, max_k, min_k : float
        Change of the month's mean, and of the means of its daily highest and lowest temperatures [K].

    Returns
    -------
    array (hours,)
        [degC]; the mean has changed by ``mean_k`` and the mean daily range by ``max_k - min_k``, see [1]_.

    Examples
    --------
    >>> day = np.array([0.0] * 12 + [10.0] * 12)
    >>> shift_and_stretch(day, 2.0, 3.0, 1.0)[[0, 23]].tolist()
    [1.0, 13.0]
    """
    days = temp_air_c.reshape(-1, 24)
    daily_range = float((days.max(axis=1) - days.min(axis=1)).mean())
    stretch = (max_k - min_k) / daily_range if daily_range > 0 else 0.0
    return temp_air_c + mean_k + stretch * (temp_air_c - temp_air_c.mean())


def morph(weather: pd.DataFrame, pathway: str, level: Literal["value", "low", "high"] = "value") -> pd.DataFrame:
    """Return a weather year of a future climate.

    Temperature is shifted and stretched. Global, direct and diffuse irradiance are stretched by the same factor, so that
    they still add up. Relative humidity is shifted and kept between 0 and 1. Wind stays.

    Parameters
    ----------
    weather : DataFrame (8760 rows)
        As the table ``weather``; ``attrs`` are kept.
    pathway : str
        One of :func:`pathways`.
    level : str
        ``"value"``, or the ``"low"`` or ``"high"`` end of the change of temperature.

    Returns
    -------
    DataFrame (8760 rows)

    Raises
    ------
    TwinError
        When there is no such pathway or the weather is not a year of hours.
    """
    if pathway not in pathways():
        raise TwinError(f"no climate pathway {pathway!r}{did_you_mean(pathway, pathways())}")
    if len(weather) != _YEAR_HOURS:
        raise TwinError(f"the weather has {len(weather):,} hours; a year that can be morphed has {_YEAR_HOURS:,}")
    changes = reference.table("climate_pathways").query("pathway == @pathway").sort_values("month")
    mean_k = changes[_CHANGE[level]].to_numpy(float)
    along = mean_k - changes[_CHANGE["value"]].to_numpy(float)  # the highest and lowest move along with the mean
    max_k = changes["temp_max_change_k"].to_numpy(float) + along
    min_k = changes["temp_min_change_k"].to_numpy(float) + along
    new = weather.copy()
    months = np.split(weather["temp_air_c"].to_numpy(float), np.cumsum(_MONTH_HOURS)[:-1])
    new["temp_air_c"] = np.concatenate([shift_and_stretch(*m) for m in zip(months, mean_k, max_k, min_k, strict=True)])
    for column in _SUN:
        new[column] = weather[column].to_numpy(float) * _of_each_hour(changes["solar_factor"])
    if _HUMIDITY in weather:
        shifted = weather[_HUMIDITY].to_numpy(float) + _of_each_hour(changes["humidity_change"])
        new[_HUMIDITY] = np.clip(shifted, 0.0, 1.0)
    new.attrs = {**weather.attrs, "climate": pathway}
    return new


def _of_each_hour(monthly: pd.Series) -> Floats:
    """Return twelve monthly numbers in each of the 8,760 hours."""
    return np.repeat(monthly.to_numpy(float), _MONTH_HOURS)
