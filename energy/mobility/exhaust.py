r"""A year's energy, exhaust and wear of every street, by hour of the day and class of vehicle.

.. math:: E_{l,p} = L_l \, AADT_l \sum_h w_h \sum_c s_{l,c} \, EF_{c,p}(V_{l,h}) \, r_{l,c}
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.fleet import VEHICLES, Fleet
from energy.mobility.fuels import Fuel, lifecycle_g_mj, obligated_share
from energy.mobility.gradient import slope_factor, slope_work_mj_km
from energy.mobility.streets import Profile, checked, column_or, electric_shares, vehicle_shares
from energy.mobility.streets_kernel import run_hours, run_links
from energy.mobility.terms import CHANNELS, ENERGIES, class_terms, collapsed
from energy.mobility.tier3 import COEFFICIENTS, emission_factor
from twin import reference
from twin.errors import TwinError, did_you_mean

__all__ = ["street_emissions", "street_hours"]

Floats = npt.NDArray[np.float64]
_MJ_PER_KWH = 3.6
_G_PER_KG = 1000.0
_M_PER_KM = 1000.0
_BLENDED: tuple[Fuel, ...] = ("petrol", "diesel")


def street_emissions(
    links: pd.DataFrame,
    profile: Profile,
    fleet: Fleet,
    f: Mapping[str, float],
    *,
    speed_kmh: Floats | None = None,
    heavy_speed_kmh: Floats | None = None,
    exhaust: pd.DataFrame | None = None,
    end: str = "value",
    threads: int | None = None,
) -> pd.DataFrame:
    """Return the year's energy, exhaust and wear of every street.

    Parameters
    ----------
    links : DataFrame (n rows)
        `length_m` [m], `aadt` [1/d], `van_share`, `heavy_vehicle_share`, `bus_share` [1]; perhaps `speed_kmh` [km/h],
        `slope` [1], `one_way`, `articulated_share`, and where they are known the shares of electricity and biofuel:
        `car_ev_share`, `van_ev_share`, `lorry_ev_share`, `bus_ev_share`, `biofuel_share`, `bus_biofuel_share` [1]; where
        not, what the reduction obligation asks of each fuel, and the fleet's.
    profile : Profile
        When the traffic drives, h hours.
    fleet : Fleet
        Its shares stay within the part that burns fuel.
    f : mapping
        The year's factors.
    speed_kmh, heavy_speed_kmh : array (n,) or (n, h)
        Speed of light and heavy traffic [km/h]; else the column, for both.
    exhaust : DataFrame
        Factors as ``twin/data/exhaust.csv``, the default.
    end : str
        ``"value"``, or ``"low"`` or ``"high"`` for that end of all exhaust and wear factors together.
    threads : int

    Returns
    -------
    DataFrame (n rows)
        `petrol_mj`, `diesel_mj`, `gas_mj`, `ethanol_mj`, each with its biofuel [MJ], `energy_mj` their sum, `biofuel_mj`
        its part that is not fossil, `electricity_kwh`, `co2_tailpipe_fossil_kg`, `co2e_well_to_wheel_kg` (with
        electricity), `nox_kg`, `pm10_exhaust_kg`, `pm25_exhaust_kg`, `pm10_tyre_kg`, `pm10_brake_kg`, `pm10_road_kg`,
        `pm25_wear_kg`.

    Raises
    ------
    SchemaError
        With everything that is wrong with the streets, or every class that lacks a factor.
    """
    run = _prepared(links, profile, fleet, f, speed_kmh, heavy_speed_kmh, exhaust, end)
    out = np.zeros((len(links), len(CHANNELS)))
    _in_parts(partial(_part, run_links, run, out), len(links), threads)
    return _told(pd.DataFrame(out, columns=list(CHANNELS), index=links.index), links, f)


def street_hours(
    links: pd.DataFrame,
    profile: Profile,
    fleet: Fleet,
    f: Mapping[str, float],
    channel: str,
    *,
    speed_kmh: Floats | None = None,
    heavy_speed_kmh: Floats | None = None,
    exhaust: pd.DataFrame | None = None,
    threads: int | None = None,
) -> Floats:
    """Return the year's sum of one channel by street and hour of the profile, as a spread of air pollution needs it.

    Parameters
    ----------
    links, profile, fleet, f, speed_kmh, heavy_speed_kmh, exhaust, threads
        As for `street_emissions`.
    channel : str
        One of ``nox_g``, ``pm10_exhaust_g``, ``tyre_pm10_g``, ``brake_pm10_g``, ``road_pm10_g``, ``wear_pm25_g``,
        ``electricity_mj``, or a fuel's ``_mj`` and ``bus_..._mj``.

    Returns
    -------
    array (n, hours)
        In the unit that the channel's name ends in.

    Raises
    ------
    SchemaError
        As `street_emissions`.
    TwinError
        When the channel is not known.
    """
    if channel not in CHANNELS:
        raise TwinError(f"there is no channel {channel!r}{did_you_mean(channel, CHANNELS)}")
    run = _prepared(links, profile, fleet, f, speed_kmh, heavy_speed_kmh, exhaust, "value", channel)
    out = np.zeros((len(links), profile.weight.shape[2]))
    _in_parts(partial(_part, run_hours, run[:-1], out), len(links), threads)
    return out


def _prepared(
    links: pd.DataFrame,
    profile: Profile,
    fleet: Fleet,
    f: Mapping[str, float],
    speed_kmh: Floats | None,
    heavy_speed_kmh: Floats | None,
    exhaust: pd.DataFrame | None,
    end: str,
    channel: str = "",
) -> tuple[Any, ...]:
    """Return the arguments of the compiled loops, between the range of streets and the sums."""
    if end not in ("value", "low", "high"):
        raise TwinError(f"the end is {end!r}{did_you_mean(end, ('value', 'low', 'high'))}")
    if speed_kmh is None and "speed_kmh" not in links:
        raise TwinError("streets.speed_kmh: the column is missing; add it, or give the speeds")
    light = _by_hour(links["speed_kmh"].to_numpy(float) if speed_kmh is None else speed_kmh)
    heavy = light if heavy_speed_kmh is None else _by_hour(heavy_speed_kmh)
    if not channel and light.shape[1:] == heavy.shape[1:] == (1,):  # one speed all day: hours need not be told apart
        profile = Profile(profile.weight.sum(axis=2, keepdims=True), profile.of_street)
    light, heavy = (_spread(v, profile.weight.shape[2]) for v in (light, heavy))
    checked(links, profile, light, heavy)
    rows = class_terms(fleet, f, reference.table("exhaust") if exhaust is None else exhaust, end)
    terms = collapsed(rows[rows["channel"] == channel] if channel else rows)
    return (
        links["length_m"].to_numpy(float) / _M_PER_KM * links["aadt"].to_numpy(float),
        np.zeros(len(links), np.int64) if profile.of_street is None else profile.of_street.astype(np.int64),
        np.ascontiguousarray(profile.weight),
        light,
        heavy,
        vehicle_shares(links, f),
        electric_shares(links, fleet, f),
        _slope_factors(links, rows, profile, light, heavy, f),
        *terms,
    )


def _by_hour(speed: Floats) -> Floats:
    values = np.asarray(speed, float)
    return values[:, None] if values.ndim == 1 else values


def _spread(speed: Floats, hours: int) -> Floats:
    """Return one speed for every hour where there is one for the day; contiguous, as the loops are compiled for."""
    if speed.shape[1:] == (1,):
        speed = np.repeat(speed, hours, axis=1)
    return np.ascontiguousarray(speed)


def _slope_factors(
    links: pd.DataFrame, rows: pd.DataFrame, profile: Profile, light: Floats, heavy: Floats, f: Mapping[str, float]
) -> Floats:
    """Return energy on the slope per that on the level, at each street's mean speed: (n, vehicles, 2)."""
    factors = np.ones((len(links), len(VEHICLES), 2))
    slope = links["slope"].to_numpy(float) if "slope" in links else np.zeros(len(links))
    steep = np.flatnonzero(slope != 0)
    if not len(steep):
        return factors
    one_way = links["one_way"].to_numpy(bool)[steep] if "one_way" in links else np.zeros(len(steep), bool)
    kinds = np.zeros(len(links), np.int64) if profile.of_street is None else profile.of_street
    weight = profile.weight[kinds[steep]] / profile.weight.sum(axis=2)[kinds[steep]][..., None]
    mean = [(speed[steep] * weight[:, side]).sum(axis=1) for side, speed in enumerate((light, heavy))]
    about = reference.table("vehicle_classes").set_index("vehicle")
    energy = rows[rows["channel"].str.endswith("_mj")]
    ways = ((f["gradient.engine_efficiency"], 0.0), (f["gradient.motor_efficiency"], f["gradient.recuperation_share"]))
    for g, vehicle in enumerate(VEHICLES):
        speed = mean[int(about.loc[vehicle, "side"] == "heavy")]
        work = slope_work_mj_km(float(about.loc[vehicle, "mass_kg"]), slope[steep])
        for drive, (efficiency, back) in enumerate(ways):
            own = energy[(energy["vehicle"] == vehicle) & (energy["drive"] == drive)]
            level = sum(
                (
                    emission_factor(speed, [r[c] for c in COEFFICIENTS], r["v_min_kmh"], r["v_max_kmh"])
                    for r in own.to_dict("records")
                ),
                np.zeros(len(steep)),
            )
            if len(own):
                factors[steep, g, drive] = slope_factor(level, work, efficiency, back, one_way)
    return factors


def _part(loop: Callable[..., None], run: tuple[Any, ...], out: Floats, first: int, last: int) -> None:
    loop(first, last, *run, out)


def _in_parts(work: Callable[[int, int], None], n: int, threads: int | None) -> None:
    count = max(1, min(threads or os.cpu_count() or 1, n))
    cuts = np.linspace(0, n, count + 1).astype(int).tolist()
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, cuts[:-1], cuts[1:]))


def _told(sums: pd.DataFrame, links: pd.DataFrame, f: Mapping[str, float]) -> pd.DataFrame:
    """Return what the channels mean: fuel with its biofuel, carbon dioxide in two accounts, particles."""
    blended: dict[str, Any] = {fuel: column_or(links, "biofuel_share", obligated_share(fuel, f)) for fuel in _BLENDED}
    bus = np.maximum(blended["diesel"], column_or(links, "bus_biofuel_share", f["fleet.bus_biofuel_share"]))
    share: dict[str, dict[str, Any]] = {
        "": {**blended, "gas": f["fuel.vehicle_gas.bio_share"]},
        "bus_": dict.fromkeys(ENERGIES, bus),
    }
    gas_kg_per_kwh = {"fossil": f["fuel.gas.territorial"], "lifecycle": f["fuel.gas.lifecycle"]}
    gas = {k: v / _MJ_PER_KWH * _G_PER_KG for k, v in gas_kg_per_kwh.items()}
    fossil = {"petrol": f["fuel.petrol.fossil"], "diesel": f["fuel.diesel.fossil"], "gas": gas["fossil"]}
    whole = {"petrol": f["fuel.petrol.lifecycle"], "diesel": f["fuel.diesel.lifecycle"], "gas": gas["lifecycle"]}
    ethanol = f["fuel.ethanol.bio_share"]
    tailpipe, wheel, green = (np.zeros(len(sums)) for _ in range(3))
    for prefix, shares in share.items():
        for fuel in ENERGIES:
            energy = sums[f"{prefix}{fuel}_mj"].to_numpy()
            if fuel == "ethanol":  # E85 as it is sold, its fossil part petrol
                tailpipe += energy * (1 - ethanol) * fossil["petrol"]
                wheel += energy * f["fuel.ethanol.lifecycle"]
                green += energy * ethanol
                continue
            renewable = f["fuel.biogas.lifecycle"] if fuel == "gas" else f["fuel.biofuel.lifecycle"]
            tailpipe += energy * (1 - shares[fuel]) * fossil[fuel]
            wheel += energy * lifecycle_g_mj(shares[fuel], renewable, whole[fuel])
            green += energy * shares[fuel]
    power = sums["electricity_mj"].to_numpy() / _MJ_PER_KWH
    found = {f"{e}_mj": sums[f"{e}_mj"] + sums[f"bus_{e}_mj"] for e in ENERGIES}
    exhaust = sums["pm10_exhaust_g"] / _G_PER_KG
    return pd.DataFrame(
        {
            **found,
            "energy_mj": sum(found.values(), np.zeros(len(sums))),
            "biofuel_mj": green,
            "electricity_kwh": power,
            "co2_tailpipe_fossil_kg": tailpipe / _G_PER_KG,
            "co2e_well_to_wheel_kg": wheel / _G_PER_KG + power * f["electricity.lifecycle"],
            "nox_kg": sums["nox_g"] / _G_PER_KG,
            "pm10_exhaust_kg": exhaust,
            "pm25_exhaust_kg": exhaust * f["exhaust.pm25_share"],
            **{f"pm10_{c}_kg": sums[f"{c}_pm10_g"] / _G_PER_KG for c in ("tyre", "brake", "road")},
            "pm25_wear_kg": sums["wear_pm25_g"] / _G_PER_KG,
        },
        index=sums.index,
    )
