"""What one vehicle uses and emits at a speed, and where the number comes from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from energy.mobility.cold_start import cold_factors
from energy.mobility.fleet import VEHICLES
from energy.mobility.link_emissions import energy_mj_per_km
from energy.mobility.tier3 import evaluate
from twin import reference
from twin.errors import TwinError, did_you_mean

__all__ = ["factors_at", "own_factors_at"]

_COLUMNS = ["quantity", "euro", "value", "unit", "with_cold_starts", "low", "high", "status", "source", "note"]
_CURVE = ("energy_mj_per_km", "per_speed", "constant", "per_speed_squared")


def factors_at(vehicle: str, fuel: str, speed_kmh: float, f: Mapping[str, float]) -> pd.DataFrame:
    """Return energy and exhaust of a vehicle at a mean speed, by Euro class, on the level.

    Parameters
    ----------
    vehicle, fuel : str
        As in ``twin/data/vehicles.csv``.
    speed_kmh : float
        [km/h]
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame
        quantity (energy, nox, pm10), euro (blank: all), value of a warm engine, unit, with_cold_starts (the same with the
        year's cold starts), low and high of the value, status, source, note.

    Raises
    ------
    TwinError
        When the vehicle or its fuel is not known, or the speed is none.

    Examples
    --------
    >>> table = factors_at("car", "diesel", 50, {"cold.temperature_c": 8.0})
    >>> table.loc[0, "quantity"], round(float(table.loc[0, "value"]), 3), table.loc[0, "unit"], len(table)
    ('energy', 2.1, 'MJ/km', 15)
    """
    curves = reference.table("vehicles").set_index(["vehicle", "drive"])
    known = [v for v in dict.fromkeys(curves.index.get_level_values(0)) if v in VEHICLES]
    if vehicle not in known:
        raise TwinError(f"no vehicle {vehicle!r}{did_you_mean(vehicle, known)}; known: {', '.join(known)}")
    fuels = [str(d) for v, d in curves.index if v == vehicle]
    if fuel not in fuels:
        raise TwinError(f"no {vehicle} on {fuel!r}{did_you_mean(fuel, fuels)}; known: {', '.join(fuels)}")
    speed = np.array([_speed(speed_kmh)])
    curve, cold = curves.loc[(vehicle, fuel)], cold_factors(f)
    energy = float(energy_mj_per_km(speed, *(float(curve[c]) for c in _CURVE))[0])
    rows = [
        {
            "quantity": "energy",
            "euro": "",
            "value": energy,
            "unit": "MJ/km",
            "low": np.nan,
            "high": np.nan,
            **_origin(curve),
        }
    ]
    table = reference.table("exhaust")
    table = table[(table["vehicle"] == vehicle) & (table["fuel"] == fuel)]
    hot = evaluate(table, speed)[:, 0] * table["real_driving"].to_numpy(float)
    for value, row in zip(hot, table.to_dict("records"), strict=True):
        ends = {end: value * float(row[end]) for end in ("low", "high")}
        about = {"quantity": row["pollutant"], "euro": str(row["euro"]), "value": value, "unit": "g/km"}
        rows.append({**about, **ends, **_origin(row)})
    found = pd.DataFrame(rows, columns=_COLUMNS).fillna({"euro": "", "note": ""})
    warm = [float(cold.get((vehicle, fuel, q), 1.0)) for q in found["quantity"]]
    return found.assign(with_cold_starts=found["value"] * warm)


def own_factors_at(table: pd.DataFrame, fuel: str, speed_kmh: float) -> pd.DataFrame:
    """Return the values of a table of one's own at a speed: every row of the fuel that can be evaluated.

    Parameters
    ----------
    table : DataFrame
        As :func:`layers.emission_functions.emission_functions` reads it.
    fuel : str
    speed_kmh : float
        [km/h]

    Returns
    -------
    DataFrame
        category, segment, euro, technology, pollutant, value, unit.

    Raises
    ------
    TwinError
        When no row can be used.
    """
    rows = table[table["supported"] & (table["fuel"] == fuel)]
    if rows.empty:
        fuels = sorted(set(table.loc[table["supported"], "fuel"]) - {""})
        raise TwinError(
            f"the table has no function of {fuel!r} that can be evaluated; it has {', '.join(fuels) or 'none'}"
        )
    value = evaluate(rows, np.array([_speed(speed_kmh)]))[:, 0]
    about = rows[["category", "segment", "euro", "technology", "pollutant"]]
    return about.assign(value=value, unit=rows["unit"]).reset_index(drop=True)


def _origin(row: Mapping[str, object] | pd.Series) -> dict[str, object]:
    return {c: row[c] for c in ("status", "source", "note")}


def _speed(speed_kmh: float) -> float:
    if not 0 < speed_kmh <= 200:
        raise TwinError(f"the speed {speed_kmh:g} km/h is not possible; give more than 0 and at most 200")
    return speed_kmh
