"""A year of traffic: distance, energy and emissions of every street, by vehicle class and fuel.

Two accounts stand side by side: the fossil exhaust inside the city, and well to wheel with the electricity's own part.
Energy is that of a warm engine on the level, times what cold starts and the street's slope add: the same cold starts and
slopes by which :mod:`energy.mobility.exhaust` counts air pollution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.cold_start import cold_factors
from energy.mobility.fuels import lifecycle_g_mj
from energy.mobility.gradient import slope_factor, slope_work_mj_km
from energy.mobility.link_emissions import energy_mj_per_km, vehicle_km
from energy.mobility.streets import column_or
from twin import reference

__all__ = ["CLASSES", "LEVERS", "class_km", "electric_shares", "traffic"]

Floats = npt.NDArray[np.float64]
_MJ_PER_KWH = 3.6

CLASSES = ("car", "van", "lorry", "bus")
LEVERS = {
    "traffic_km_factor": 1.0,
    "charge_km_factor": 1.0,
    "parking_km_factor": 1.0,
    "sharing_km_factor": 1.0,
    "freight_km_factor": 1.0,
    "shifted_share": 0.0,
    "bus_km_per_shifted_km": 0.0,
}
"""Columns of the working table of streets, with the value that changes nothing. Every lever on distance has its own, so
that several act on one street and their order does not matter."""


def traffic(roads: pd.DataFrame, f: Mapping[str, float]) -> pd.DataFrame:
    """Return the year's traffic of every street.

    Parameters
    ----------
    roads : DataFrame (n rows)
        Streets as they stand in the year, as :meth:`energy.stock.Stock.roads_in` fills them.
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame (n rows)
        vehicle_km, car_km, light_km (cars and vans), electric_km (of light_km), car_electric_km, fuel_kwh,
        biofuel_kwh (of fuel_kwh), traffic_electricity_kwh, co2e_territorial_kg (fossil exhaust),
        co2e_lifecycle_kg (well to wheel, with electricity), co2e_marginal_kg.
    """
    km = class_km(roads, f)
    use = _Use.of(roads, f)
    on_power = {name: km[name] * share for name, share in electric_shares(roads).items()}
    power = sum((on_power[c] * use.mj_per_km(c, "electric") for c in CLASSES), np.zeros(len(roads))) / _MJ_PER_KWH
    burnt = _burnt(roads, {c: km[c] - on_power[c] for c in CLASSES}, use, f)
    well_to_wheel = burnt.lifecycle_kg
    return pd.DataFrame(
        {
            "vehicle_km": km["car"] + km["van"] + km["lorry"] + km["bus"],
            "car_km": km["car"],
            "light_km": km["car"] + km["van"],
            "electric_km": on_power["car"] + on_power["van"],
            "car_electric_km": on_power["car"],
            "fuel_kwh": burnt.fuel_mj / _MJ_PER_KWH,
            "biofuel_kwh": burnt.biofuel_mj / _MJ_PER_KWH,
            "traffic_electricity_kwh": power,
            "co2e_territorial_kg": burnt.exhaust_kg,
            "co2e_lifecycle_kg": well_to_wheel + power * f["electricity.lifecycle"],
            "co2e_marginal_kg": well_to_wheel + power * f["electricity.marginal"],
        },
        index=roads.index,
    )


def class_km(roads: pd.DataFrame, f: Mapping[str, float]) -> dict[str, Floats]:
    """Return the distance of each vehicle class in the year, with what the levers do to it.

    Car trips that are moved to buses are those that the other levers leave.

    Returns
    -------
    dict of str to array (n,)
        By class: [km].
    """

    def of(column: str) -> Floats:
        return roads[column].to_numpy(float)

    total = vehicle_km(of("length_m"), of("aadt")) * f["mobility.traffic_scale"] * of("traffic_km_factor")
    van, lorry, bus = of("van_share"), of("heavy_vehicle_share"), of("bus_share")
    car = total * (1 - (van + lorry + bus)) * of("charge_km_factor") * of("parking_km_factor") * of("sharing_km_factor")
    shifted, freight = car * of("shifted_share"), of("freight_km_factor")
    return {
        "car": car - shifted,
        "van": total * van * freight,
        "lorry": total * lorry * freight,
        "bus": total * bus + shifted * of("bus_km_per_shifted_km"),
    }


def electric_shares(roads: pd.DataFrame) -> dict[str, Floats]:
    """Return the share of each class's distance driven on electricity; cars and vans without one of their own have `ev_share`."""
    light = roads["ev_share"].to_numpy(float)
    return {
        "car": _own(roads, "car_ev_share", light),
        "van": _own(roads, "van_ev_share", light),
        "lorry": roads["lorry_ev_share"].to_numpy(float),
        "bus": roads["bus_ev_share"].to_numpy(float),
    }


@dataclass(frozen=True)
class _Burnt:
    """Fuel of every street and what it emits, each of shape (n,)."""

    fuel_mj: Floats
    biofuel_mj: Floats
    exhaust_kg: Floats
    lifecycle_kg: Floats


def _burnt(roads: pd.DataFrame, km: Mapping[str, Floats], use: _Use, f: Mapping[str, float]) -> _Burnt:
    """Return what is burnt on the distance of each class that is not electric."""
    petrol_bio = _own(roads, "biofuel_share", roads["petrol_biofuel_share"].to_numpy(float))
    diesel_bio = _own(roads, "biofuel_share", roads["diesel_biofuel_share"].to_numpy(float))
    bus_bio = np.maximum(diesel_bio, roads["bus_biofuel_share"].to_numpy(float))
    on_diesel = f["fleet.car_diesel_share"]
    petrol = km["car"] * (1 - on_diesel) * use.mj_per_km("car", "petrol")
    diesel = (
        km["car"] * on_diesel * use.mj_per_km("car", "diesel")
        + km["van"] * use.mj_per_km("van", "diesel")
        + km["lorry"] * use.mj_per_km("lorry", "diesel")
    )
    buses = km["bus"] * use.mj_per_km("bus", "diesel")
    bio, fossil_petrol, fossil_diesel = (f[f"fuel.{n}.lifecycle"] for n in ("biofuel", "petrol", "diesel"))
    return _Burnt(
        petrol + diesel + buses,
        petrol * petrol_bio + diesel * diesel_bio + buses * bus_bio,
        (
            petrol * (1 - petrol_bio) * f["fuel.petrol.fossil"]
            + (diesel * (1 - diesel_bio) + buses * (1 - bus_bio)) * f["fuel.diesel.fossil"]
        )
        / 1000,
        (
            petrol * lifecycle_g_mj(petrol_bio, bio, fossil_petrol)
            + diesel * lifecycle_g_mj(diesel_bio, bio, fossil_diesel)
            + buses * lifecycle_g_mj(bus_bio, bio, fossil_diesel)
        )
        / 1000,
    )


def _own(roads: pd.DataFrame, column: str, otherwise: Floats) -> Floats:
    own = roads[column].to_numpy(float)
    return np.where(np.isnan(own), otherwise, own)


@dataclass(frozen=True)
class _Use:
    """Energy per km on every street.

    Attributes
    ----------
    speed_kmh, slope : array (n,)
        [km/h], [1].
    f : mapping
    cold : Series
        Of :func:`energy.mobility.cold_start.cold_factors`.
    """

    speed_kmh: Floats
    slope: Floats
    f: Mapping[str, float]
    cold: pd.Series

    @classmethod
    def of(cls, roads: pd.DataFrame, f: Mapping[str, float]) -> _Use:
        """Return the use on streets of the year."""
        speed = roads["posted_speed_kmh"].to_numpy(float) * f["mobility.speed_of_limit"]
        return cls(speed, column_or(roads, "slope", 0.0), f, cold_factors(f))

    def mj_per_km(self, vehicle: str, drive: str) -> Floats:
        """Return a class's energy [MJ/km]; an electric car's at 50 km/h on the level is the factor of real use."""
        found = energy_mj_per_km(self.speed_kmh, *_coefficients()[vehicle, drive])
        if drive == "electric":
            efficiency, back = self.f["gradient.motor_efficiency"], self.f["gradient.recuperation_share"]
            if vehicle == "car":
                found = found * self.f["ev.energy_kwh_per_km"] * _MJ_PER_KWH / _coefficients()["car", "electric"][0]
        else:
            efficiency, back = self.f["gradient.engine_efficiency"], 0.0
            found = found * self._mixed(vehicle, lambda kind: float(self.cold[kind, drive, "energy"]))
        steep = np.flatnonzero(self.slope)
        if len(steep):
            work = slope_work_mj_km(self._mixed(vehicle, lambda kind: _mass_kg()[kind]), self.slope[steep])
            found[steep] *= slope_factor(found[steep], work, efficiency, back)
        return found

    def _mixed(self, vehicle: str, of: Callable[[str], float]) -> float:
        """Return a number of a class; lorries are rigid ones and tractors with trailer."""
        if vehicle != "lorry":
            return of(vehicle)
        long = self.f["fleet.articulated_share"]
        return (1 - long) * of("lorry_rigid") + long * of("lorry_articulated")


@cache
def _mass_kg() -> dict[str, float]:
    table = reference.table("vehicle_classes")
    return dict(zip(table["vehicle"].astype(str), table["mass_kg"].astype(float), strict=True))


@cache
def _coefficients() -> dict[tuple[str, str], list[float]]:
    columns = ["vehicle", "drive", "energy_mj_per_km", "per_speed", "constant", "per_speed_squared"]
    rows = reference.table("vehicles")[columns].itertuples(index=False, name=None)
    return {(vehicle, drive): [float(n) for n in numbers] for vehicle, drive, *numbers in rows}
