"""From useful heat to bought energy: what each heat source buys for the heat it gives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["CARRIER_OF", "bought_kwh", "by_category"]

Floats = npt.NDArray[np.float64]

CARRIER_OF = {
    "district_heating": "district_heating_kwh",
    "ground_heat_pump": "heat_pump_electricity_kwh",
    "air_heat_pump": "heat_pump_electricity_kwh",
    "exhaust_air_heat_pump": "heat_pump_electricity_kwh",
    "direct_electric": "direct_electric_kwh",
    "oil": "oil_kwh",
    "gas": "gas_kwh",
    "biofuel": "biofuel_kwh",
    "none": "unserved_kwh",
}


def by_category(column: pd.Series, values: Mapping[str, float]) -> Floats:
    """Return one number per row, looked up by category code (much faster than comparing text).

    Parameters
    ----------
    column : Series of category (n,)
    values : mapping
        Number of each category; NaN for those left out.

    Returns
    -------
    array (n,)
        NaN where the category is blank.

    Examples
    --------
    >>> by_category(pd.Series(["a", "b", None], dtype="category"), {"a": 1.0, "b": 2.5})
    array([1. , 2.5, nan])
    """
    table = np.array([values.get(c, np.nan) for c in column.cat.categories] + [np.nan])
    found: Floats = table[column.cat.codes.to_numpy()]
    return found


def bought_kwh(
    heat_kwh: Floats,
    hot_water_kwh: Floats,
    heating: pd.Series,
    heat_efficiency: Floats,
    hot_water_efficiency: Floats,
) -> dict[str, Floats]:
    r"""Return the energy bought for space heat and hot water, by carrier.

    .. math:: E = Q_{heat}/\eta_{heat} + Q_{hw}/\eta_{hw}

    Parameters
    ----------
    heat_kwh, hot_water_kwh : array (n,)
        Useful heat a year [kWh].
    heating : Series of category (n,)
        Heat source.
    heat_efficiency, hot_water_efficiency : array (n,)
        Useful heat per bought energy (a heat pump's seasonal performance factor) [1].

    Returns
    -------
    dict of str to array (n,)
        By carrier [kWh]; the heat of buildings without a heat source is ``unserved_kwh``.

    Examples
    --------
    >>> out = bought_kwh(np.array([90.0]), np.array([10.0]), pd.Series(["oil"], dtype="category"), np.array([0.9]), np.array([0.5]))
    >>> out["oil_kwh"]
    array([120.])
    """
    energy = heat_kwh / heat_efficiency + hot_water_kwh / hot_water_efficiency
    out = {carrier: np.zeros(len(heat_kwh)) for carrier in dict.fromkeys(CARRIER_OF.values())}
    codes = heating.cat.codes.to_numpy()
    for code, source in enumerate(heating.cat.categories):
        at = codes == code
        out[CARRIER_OF[source]][at] += energy[at]
    blank = codes < 0
    out["unserved_kwh"][blank] = (heat_kwh + hot_water_kwh)[blank]
    return out
