"""Air pollution of streets as a simulated year leaves them: the year's own distances, electric shares and speeds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.demand.counts import hourly_shares
from energy.mobility.exhaust import street_emissions
from energy.mobility.fleet import Fleet
from energy.mobility.streets import Profile
from energy.mobility.traffic import class_km, electric_shares

__all__ = ["AIR", "air", "average_day", "links"]

Floats = npt.NDArray[np.float64]
_M_PER_KM = 1000.0
_DAYS = 365.0
_WEEK = {"weekday": 5, "weekend": 2}
_TAKEN = (
    "nox_kg", "pm10_exhaust_kg", "pm10_tyre_kg", "pm10_brake_kg", "pm10_road_kg", "pm25_exhaust_kg", "pm25_wear_kg"
)  # fmt: skip
AIR = (*_TAKEN, "pm10_wear_kg", "pm10_kg", "pm25_kg")
"""What :func:`air` gives of every street."""


def average_day() -> Floats:
    """Return each hour's share of the traffic of an average day: five weekdays and two of the weekend.

    Examples
    --------
    >>> average_day().sum().round(9).item()
    1.0
    """
    total: Floats = np.sum([days * hourly_shares(name) for name, days in _WEEK.items()], axis=0) / sum(_WEEK.values())
    return total


def links(roads: pd.DataFrame, f: Mapping[str, float]) -> pd.DataFrame:
    """Return the streets as :func:`energy.mobility.exhaust.street_emissions` takes them.

    Parameters
    ----------
    roads : DataFrame (n rows)
        As they stand in the year, with every lever.
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame (n rows)
        `length_m`, `aadt` of the year [1/d], the shares of the classes and of electric driving [1], `slope`, and
        `speed_kmh`, the mean speed [km/h]. Distance is that of :func:`energy.mobility.traffic.class_km`.
    """
    km = class_km(roads, f)
    total = sum(km.values(), np.zeros(len(roads)))
    of = {c: np.divide(v, total, out=np.zeros(len(roads)), where=total > 0) for c, v in km.items()}
    length = roads["length_m"].to_numpy(float)
    return pd.DataFrame(
        {
            "length_m": length,
            "aadt": total / _DAYS / (length / _M_PER_KM),
            "van_share": of["van"],
            "heavy_vehicle_share": of["lorry"],
            "bus_share": of["bus"],
            **{f"{c}_ev_share": share for c, share in electric_shares(roads).items()},
            "slope": roads["slope"].to_numpy(float),
            "speed_kmh": roads["posted_speed_kmh"].to_numpy(float) * f["mobility.speed_of_limit"],
        },
        index=roads.index,
    )


def air(table: pd.DataFrame, year: int, f: Mapping[str, float]) -> pd.DataFrame:
    """Return the year's air pollution of streets.

    Wear counts for electric vehicles too: their brakes wear less, their tyres and the road do not.

    Parameters
    ----------
    table : DataFrame (n rows)
        Of :func:`links`.
    year : int
        Of the fleet.
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame (n rows)
        nox_kg, pm10_exhaust_kg, pm10_tyre_kg, pm10_brake_kg, pm10_road_kg, pm10_wear_kg (the three), pm10_kg (exhaust and
        wear), pm25_exhaust_kg, pm25_wear_kg, pm25_kg.
    """
    profile = Profile.of(average_day()[None])
    found = street_emissions(table, profile, Fleet.of(year), f)[list(_TAKEN)]
    wear = found["pm10_tyre_kg"] + found["pm10_brake_kg"] + found["pm10_road_kg"]
    return found.assign(
        pm10_wear_kg=wear,
        pm10_kg=found["pm10_exhaust_kg"] + wear,
        pm25_kg=found["pm25_exhaust_kg"] + found["pm25_wear_kg"],
    )
