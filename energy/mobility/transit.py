"""A year of public transport, line by line: distance, energy and emissions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from energy.mobility.link_emissions import energy_mj_per_km
from twin import reference

__all__ = ["line_emissions"]

_MJ_PER_KWH = 3.6
_ELECTRIC_RAIL = ("tram",)  # the modes whose use of electricity a kilometre is known


def line_emissions(lines: pd.DataFrame, f: Mapping[str, float]) -> pd.DataFrame:
    """Return distance, energy and emissions of every line in a year.

    Parameters
    ----------
    lines : DataFrame (n rows)
        line_id, mode, vehicle_km (a year), speed_kmh.
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame (n rows)
        line_id, mode, vehicle_km, fuel_kwh, transit_electricity_kwh, co2e_territorial_kg (fossil exhaust),
        co2e_lifecycle_kg and co2e_marginal_kg. Blank for modes whose use of energy is not known: ferries, trains, metros.
    """
    mode = lines["mode"].astype(object).to_numpy()
    km, speed = lines["vehicle_km"].to_numpy(float), lines["speed_kmh"].to_numpy(float)
    bus, rail = mode == "bus", np.isin(mode, _ELECTRIC_RAIL)
    ev, bio = f["fleet.bus_ev_share"], f["fleet.bus_biofuel_share"]
    fuel_mj = np.where(bus, km * (1 - ev) * energy_mj_per_km(speed, *_curve("diesel")), 0.0)
    power = np.where(bus, km * ev * energy_mj_per_km(speed, *_curve("electric")) / _MJ_PER_KWH, 0.0)
    power = np.where(rail, km * f["transit.tram_kwh_km"], power)
    fossil = fuel_mj * (1 - bio) * f["fuel.diesel.fossil"] / 1000
    well = fuel_mj * ((1 - bio) * f["fuel.diesel.lifecycle"] + bio * f["fuel.biofuel.lifecycle"]) / 1000
    known = bus | rail
    figures = {
        "fuel_kwh": fuel_mj / _MJ_PER_KWH,
        "transit_electricity_kwh": power,
        "co2e_territorial_kg": fossil,
        "co2e_lifecycle_kg": well + power * f["electricity.lifecycle"],
        "co2e_marginal_kg": well + power * f["electricity.marginal"],
    }
    head = lines[["line_id", "mode", "vehicle_km"]].copy()
    return head.assign(**{name: np.where(known, values, np.nan) for name, values in figures.items()})


def _curve(drive: str) -> list[float]:
    table = reference.table("vehicles").set_index(["vehicle", "drive"])
    numbers = table.loc[("bus", drive), ["energy_mj_per_km", "per_speed", "constant", "per_speed_squared"]]
    return [float(n) for n in numbers]
