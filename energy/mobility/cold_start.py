r"""What an engine emits more until it is warm.

.. math:: \beta = 0.6474 - 0.02545 \, l - (0.00974 - 0.000385 \, l) \, t, \quad
          E_{cold} = \beta \, b_c \, N \, M \, e_{cold}

with the mean trip :math:`l` [km] and the air :math:`t` [degC]. Of a heavy vehicle :math:`\beta = \min(1, 8.25 / l)`.

References
----------
.. [1] EMEP/EEA air pollutant emission inventory guidebook 2023, update 2025, 1.A.3.b.i-iv, as quoted in
   eurocontrol-asu/open_alaqs. The ratios of cold and hot in ``twin/data/cold_start.csv`` are assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin import reference

__all__ = ["cold_emission", "cold_factors", "cold_share", "cold_to_hot", "heavy_cold_share"]

Floats = npt.NDArray[np.float64]


def cold_share(trip_km: Any, temperature_c: Any) -> Floats:
    r"""Return the share of the distance that cars and vans drive cold, within 0 and 1.

    Parameters
    ----------
    trip_km : array
        Mean length of a trip [km].
    temperature_c : array
        Mean temperature of the air [degC].

    Returns
    -------
    array
        :math:`\beta` [1].

    Examples
    --------
    >>> cold_share(12.0, np.array([-5.0, 8.0, 20.0])).round(4).tolist()
    [0.3676, 0.3010, 0.2396]
    """
    length, air = np.asarray(trip_km, float), np.asarray(temperature_c, float)
    return np.clip(0.6474 - 0.02545 * length - (0.00974 - 0.000385 * length) * air, 0.0, 1.0)


def heavy_cold_share(trip_km: Any) -> Floats:
    """Return the share of the distance that heavy vehicles drive cold.

    Parameters
    ----------
    trip_km : array
        Mean length of a trip [km].

    Returns
    -------
    array
        [1]

    Examples
    --------
    >>> heavy_cold_share(np.array([5.0, 33.0])).tolist()
    [1.0, 0.25]
    """
    return np.minimum(1.0, 8.25 / np.asarray(trip_km, float))


def cold_to_hot(at_0_c: Any, per_k: Any, temperature_c: Any, least: Any = 1.0) -> Floats:
    """Return the emission of a cold engine per that of a hot one.

    Parameters
    ----------
    at_0_c, per_k : array
        Ratio at 0 degC [1] and its change by degree [1/K].
    temperature_c : array
        [degC]
    least : array
        A cold engine never emits less than this [1].

    Returns
    -------
    array
        [1]

    Examples
    --------
    >>> cold_to_hot(1.34, -0.008, np.array([-10.0, 8.0, 60.0])).round(3).tolist()
    [1.42, 1.276, 1.0]
    """
    return np.maximum(np.asarray(at_0_c, float) + np.asarray(per_k, float) * np.asarray(temperature_c, float), least)


def cold_emission(share: Any, improvement: Any, vehicle_km: Any, cold_factor: Any) -> Floats:
    r"""Return the emission that the cold start adds.

    Parameters
    ----------
    share : array
        :math:`\beta` [1].
    improvement : array
        :math:`b_c`: how much less a later class drives cold [1].
    vehicle_km : array
        :math:`N M` [km].
    cold_factor : array
        :math:`e_{cold}`, what a cold engine emits more than a hot one; the hot factor times its ratio less one [g/km].

    Returns
    -------
    array
        [g]

    Examples
    --------
    >>> cold_emission(0.301, 1.0, 1000.0, 0.05 * (1.3 - 1)).round(3).item()
    4.515
    """
    return np.asarray(np.asarray(share, float) * improvement * vehicle_km * cold_factor)


def cold_factors(f: Mapping[str, float]) -> pd.Series:
    """Return emission with cold starts per that of a hot engine, from ``twin/data/cold_start.csv``.

    Parameters
    ----------
    f : mapping
        ``cold.temperature_c``.

    Returns
    -------
    Series
        By vehicle, fuel and quantity (energy, nox, pm10) [1].

    Examples
    --------
    A petrol car on trips of 12 km at 8 degC, 30 % of them cold at 1.398 times the hot engine's energy:

    >>> round(float(cold_factors({"cold.temperature_c": 8.0})["car", "petrol", "energy"]), 4)
    1.1198
    """
    table, trip_km, heavy, index = _table()
    air = f["cold.temperature_c"]
    share = np.where(heavy, heavy_cold_share(trip_km), cold_share(trip_km, air))
    at_0_c, per_k, least = table
    return pd.Series(1 + share * (cold_to_hot(at_0_c, per_k, air, least) - 1), index, name="cold")


@cache
def _table() -> tuple[tuple[Floats, ...], Floats, npt.NDArray[np.bool_], pd.MultiIndex]:
    table = reference.table("cold_start")
    about = reference.table("vehicle_classes").set_index("vehicle")
    trip_km = table["vehicle"].map(about["trip_km"]).to_numpy(float)
    heavy = (table["vehicle"].map(about["side"]) == "heavy").to_numpy()
    numbers = tuple(table[c].to_numpy(float) for c in ("ratio_at_0_c", "ratio_per_k", "least"))
    return numbers, trip_km, heavy, pd.MultiIndex.from_frame(table[["vehicle", "fuel", "quantity"]])
