"""A year of traffic: distance, energy and emissions of every street, by vehicle class and fuel."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.link_emissions import energy_mj_per_km, vehicle_km
from twin import reference

__all__ = ["traffic"]

Floats = npt.NDArray[np.float64]
_MJ_PER_KWH = 3.6


def traffic(roads: pd.DataFrame, f: Mapping[str, float]) -> pd.DataFrame:
    """Return the year's traffic of every street.

    Parameters
    ----------
    roads : DataFrame (n rows)
        Streets as they stand in the year, with `length_m`, `ev_share` and `biofuel_share` filled.
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame (n rows)
        vehicle_km, car_km, electric_km, fuel_kwh, traffic_electricity_kwh, co2e_territorial_kg (fossil exhaust),
        co2e_lifecycle_kg (well to wheel, with electricity), co2e_marginal_kg.
    """
    total_km = (
        vehicle_km(roads["length_m"].to_numpy(float), roads["aadt"].to_numpy(float)) * f["mobility.traffic_scale"]
    )
    shares = {
        name: roads[f"{column}_share"].to_numpy(float)
        for name, column in (("van", "van"), ("lorry", "heavy_vehicle"), ("bus", "bus"))
    }
    shares["car"] = 1 - sum(shares.values(), np.zeros(len(roads)))
    speed = roads["posted_speed_kmh"].to_numpy(float) * f["mobility.speed_of_limit"]
    own_ev, own_bio = roads["ev_share"].to_numpy(float), roads["biofuel_share"].to_numpy(float)
    electric = {
        "car": own_ev,
        "van": own_ev,
        "lorry": np.full(len(roads), f["fleet.lorry_ev_share"]),
        "bus": np.full(len(roads), f["fleet.bus_ev_share"]),
    }
    bio = {"car": own_bio, "van": own_bio, "lorry": own_bio, "bus": np.maximum(own_bio, f["fleet.bus_biofuel_share"])}
    diesel = {"car": f["fleet.car_diesel_share"], "van": 1.0, "lorry": 1.0, "bus": 1.0}
    power, petrol_mj, diesel_mj, bio_mj, electric_km = (np.zeros(len(roads)) for _ in range(5))
    for vehicle, share in shares.items():
        km = total_km * share
        on_power = km * electric[vehicle]
        burnt = km - on_power
        petrol = (
            burnt * (1 - diesel[vehicle]) * _energy(vehicle, "petrol", speed)
            if vehicle == "car"
            else np.zeros(len(roads))
        )
        heavy = burnt * diesel[vehicle] * _energy(vehicle, "diesel", speed)
        power += on_power * _electricity(vehicle, speed, f)
        petrol_mj += petrol * (1 - bio[vehicle])
        diesel_mj += heavy * (1 - bio[vehicle])
        bio_mj += (petrol + heavy) * bio[vehicle]
        if vehicle in ("car", "van"):
            electric_km += on_power
    exhaust = (petrol_mj * f["fuel.petrol.fossil"] + diesel_mj * f["fuel.diesel.fossil"]) / 1000
    well_to_wheel = (
        petrol_mj * f["fuel.petrol.lifecycle"]
        + diesel_mj * f["fuel.diesel.lifecycle"]
        + bio_mj * f["fuel.biofuel.lifecycle"]
    ) / 1000
    return pd.DataFrame(
        {
            "vehicle_km": total_km,
            "car_km": total_km * shares["car"],
            "electric_km": electric_km,
            "fuel_kwh": (petrol_mj + diesel_mj + bio_mj) / _MJ_PER_KWH,
            "traffic_electricity_kwh": power,
            "co2e_territorial_kg": exhaust,
            "co2e_lifecycle_kg": well_to_wheel + power * f["electricity.lifecycle"],
            "co2e_marginal_kg": well_to_wheel + power * f["electricity.marginal"],
        },
        index=roads.index,
    )


@cache
def _coefficients() -> dict[tuple[str, str], list[float]]:
    columns = ["vehicle", "drive", "energy_mj_per_km", "per_speed", "constant", "per_speed_squared"]
    rows = reference.table("vehicles")[columns].itertuples(index=False, name=None)
    return {(vehicle, drive): [float(n) for n in numbers] for vehicle, drive, *numbers in rows}


def _energy(vehicle: str, drive: str, speed_kmh: Floats) -> Floats:
    return energy_mj_per_km(speed_kmh, *_coefficients()[vehicle, drive])


def _electricity(vehicle: str, speed_kmh: Floats, f: Mapping[str, float]) -> Floats:
    """Return the electricity per km [kWh/km]; a car's at 50 km/h is the factor of real use."""
    shape = _energy(vehicle, "electric", speed_kmh) / _MJ_PER_KWH
    if vehicle == "car":
        return shape / 0.2 * f["ev.energy_kwh_per_km"]
    return shape
