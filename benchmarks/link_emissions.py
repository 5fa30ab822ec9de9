"""A year of 100,000 streets, 24 hours and every class of vehicles, against the same sums in plain numpy.

The yardstick evaluates each class, street and hour by itself, as one writes it down first. It gets a part of the streets,
side by side with ours, and its results must be ours to 1e-9. A last run gives every class a denominator of its own, so
that nothing can be added up beforehand.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from benchmarks._measure import in_turns, peak_mb, report
from energy.mobility.exhaust import street_emissions
from energy.mobility.fleet import VEHICLES, Fleet
from energy.mobility.streets import Profile, electric_shares, vehicle_shares
from energy.mobility.terms import CHANNELS, class_terms
from energy.mobility.tier3 import COEFFICIENTS, emission_factor
from energy.mobility.wear import brake_speed_factor, tyre_speed_factor
from twin import Factors, reference

_STREETS, _PART = 100_000, 20_000
_YEAR = 2025
_NEAR = 1e-9


def _streets(n: int) -> tuple[pd.DataFrame, np.ndarray, Profile]:
    r = np.random.default_rng(0)
    links = pd.DataFrame(
        {
            "length_m": r.uniform(20, 800, n),
            "aadt": r.lognormal(7.5, 1.3, n),
            "van_share": r.uniform(0.05, 0.15, n),
            "heavy_vehicle_share": r.uniform(0.0, 0.15, n),
            "bus_share": r.uniform(0.0, 0.1, n),
            "car_ev_share": r.uniform(0.0, 0.5, n),
            "biofuel_share": r.uniform(0.0, 0.3, n),
        }
    )
    hour = np.arange(24)
    day = 0.3 + np.exp(-(((hour - 8) / 2) ** 2)) + 1.2 * np.exp(-(((hour - 16.5) / 2.5) ** 2))
    day /= day.sum()
    speed = r.uniform(15, 100, (n, 1)) * (1 - 0.5 * day / day.max() * r.uniform(0, 1, (n, 1)))
    return links, speed, Profile.of(day[None])


def _plain(links: pd.DataFrame, speed: np.ndarray, profile: Profile, fleet: Fleet, f, exhaust) -> pd.DataFrame:  # noqa: ANN001
    """Return the sums by channel, class by class."""
    km = (links["length_m"] / 1000 * links["aadt"]).to_numpy()
    share, on = vehicle_shares(links, f), electric_shares(links, fleet, f)
    side = reference.table("vehicle_classes").set_index("vehicle")["side"]
    out = pd.DataFrame(0.0, index=links.index, columns=list(CHANNELS))
    for r in class_terms(fleet, f, exhaust).to_dict("records"):
        g = VEHICLES.index(r["vehicle"])
        factor = (
            lambda v, r=r: emission_factor(v, [r[c] for c in COEFFICIENTS], r["v_min_kmh"], r["v_max_kmh"]),
            lambda v, r=r: r["gamma"] * tyre_speed_factor(v),
            lambda v, r=r: r["gamma"] * brake_speed_factor(v),
        )[r["kind"]](speed)
        part = share[:, g] * (on[:, g] if r["drive"] else 1 - on[:, g])
        out[r["channel"]] += km * part * (factor * profile.weight[0, int(side[r["vehicle"]] == "heavy")]).sum(axis=1)
    return out


def main() -> None:
    """Run the streets, check that both agree, and print the figures."""
    f, fleet = Factors.read().at(_YEAR), Fleet.of(_YEAR)
    links, speed, profile = _streets(_STREETS)
    known = reference.table("exhaust")
    own = known.assign(epsilon=np.linspace(1e-6, 2e-6, len(known)), zita=1e-4)
    ours = {
        name: partial(street_emissions, links, profile, fleet, f, speed_kmh=speed, exhaust=table, threads=threads)
        for name, table, threads in (("1t", known, 1), ("2t", known, 2), ("own_denominators", own, 2))
    }
    some, slow = links[:_PART], speed[:_PART]
    apart = 0.0
    for table in (known, own):
        got = street_emissions(some, profile, fleet, f, speed_kmh=slow, exhaust=table)
        plain = _plain(some, slow, profile, fleet, f, table)
        for ours_name, theirs in (
            ("nox_kg", plain["nox_g"] / 1000),
            ("pm10_exhaust_kg", plain["pm10_exhaust_g"] / 1000),
            ("electricity_kwh", plain["electricity_mj"] / 3.6),
            ("energy_mj", plain[[c for c in CHANNELS if c.endswith("_mj") and c != "electricity_mj"]].sum(axis=1)),
            ("pm10_brake_kg", plain["brake_pm10_g"] / 1000),
            ("pm25_wear_kg", plain["wear_pm25_g"] / 1000),
        ):
            apart = max(apart, float(abs(got[ours_name] / theirs - 1).max()))
    assert apart < _NEAR, f"ours and the plain sums are {apart:.1e} apart"
    best = in_turns(ours, rounds=3)
    side_by_side = in_turns(
        {
            "ours": partial(street_emissions, some, profile, fleet, f, speed_kmh=slow, threads=1),
            "plain": partial(_plain, some, slow, profile, fleet, f, known),
        },
        rounds=2,
    )
    report(
        seconds=best["2t"],
        work=f"{_STREETS} streets x 24 h x {len(fleet.classes)} classes",
        seconds_1t=best["1t"],
        seconds_own_denominators=best["own_denominators"],
        yardstick="plain numpy, class by class",
        part=_PART,
        part_seconds=side_by_side["ours"],
        part_plain_seconds=side_by_side["plain"],
        yardstick_ratio=side_by_side["ours"] / side_by_side["plain"],
        apart=apart,
        peak_mb=peak_mb(),
    )


if __name__ == "__main__":
    main()
