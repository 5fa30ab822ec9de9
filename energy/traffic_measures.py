"""The built-in measures on traffic: chosen streets in, changed columns out.

Levers on distance write a column of their own each (:data:`energy.mobility.traffic.LEVERS`), so that several may act on
one street and their order does not matter. All but the speed limit are gradual: `progress` goes from 0 to 1 over the
roll-out. A share of electric driving is never lowered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from energy.mobility.demand import elastic_share_left, passages_left_in_goteborg
from energy.mobility.fuels import Fuel, obligated_share
from twin.registry import measure

__all__ = [
    "biofuel_obligation",
    "blend_biofuel",
    "car_sharing",
    "change_traffic",
    "congestion_charge",
    "consolidate_freight",
    "electrify_buses",
    "electrify_cars",
    "electrify_lorries",
    "electrify_vans",
    "electrify_vehicles",
    "emission_free_zone",
    "fuel_buses_with_biofuel",
    "lower_speed_limit",
    "parking_price",
    "reduce_car_traffic",
    "shift_car_trips",
]

Share = Annotated[float, Field(ge=0, le=1)]
Charge = Annotated[float, Field(ge=0, le=500, description="Charge of a passage [SEK]")]
Numbers = Mapping[str, float]
_LIGHT = ["ev_share", "car_ev_share", "van_ev_share"]
_FUELS = ["biofuel_share", "petrol_biofuel_share", "diesel_biofuel_share"]


def _raised(chosen: pd.DataFrame, columns: list[str], target: float, progress: float) -> pd.DataFrame:
    """Return the columns moved up towards a target, never down; a blank stays blank."""
    now = chosen[columns].to_numpy(float)
    return pd.DataFrame(now + progress * np.maximum(target - now, 0), chosen.index, columns)


@measure(changes=_LIGHT, table="roads", title="Elektrifiera bilar och lätta lastbilar")
def electrify_vehicles(
    chosen: pd.DataFrame, factors: Numbers, *, ev_share: Share, progress: float = 1.0
) -> pd.DataFrame:
    """Raise the share of car and van kilometres driven on electricity to `ev_share`; never lower it."""
    return _raised(chosen, _LIGHT, ev_share, progress)


@measure(changes=["car_ev_share"], table="roads", title="Elektrifiera personbilar")
def electrify_cars(chosen: pd.DataFrame, factors: Numbers, *, ev_share: Share, progress: float = 1.0) -> pd.DataFrame:
    """Raise the share of car kilometres driven on electricity to `ev_share`; never lower it."""
    return _class_raised(chosen, "car_ev_share", ev_share, progress)


@measure(changes=["van_ev_share"], table="roads", title="Elektrifiera lätta lastbilar")
def electrify_vans(chosen: pd.DataFrame, factors: Numbers, *, ev_share: Share, progress: float = 1.0) -> pd.DataFrame:
    """Raise the share of van kilometres driven on electricity to `ev_share`; never lower it."""
    return _class_raised(chosen, "van_ev_share", ev_share, progress)


def _class_raised(chosen: pd.DataFrame, column: str, target: float, progress: float) -> pd.DataFrame:
    own = pd.DataFrame({column: chosen[column].fillna(chosen["ev_share"])})
    return _raised(own, [column], target, progress)


@measure(changes=["lorry_ev_share"], table="roads", title="Elektrifiera tunga lastbilar")
def electrify_lorries(
    chosen: pd.DataFrame, factors: Numbers, *, ev_share: Share, progress: float = 1.0
) -> pd.DataFrame:
    """Raise the share of lorry kilometres driven on electricity to `ev_share`; never lower it."""
    return _raised(chosen, ["lorry_ev_share"], ev_share, progress)


@measure(changes=["bus_ev_share"], table="roads", title="Elektrifiera bussarna")
def electrify_buses(chosen: pd.DataFrame, factors: Numbers, *, ev_share: Share, progress: float = 1.0) -> pd.DataFrame:
    """Raise the share of bus kilometres driven on electricity to `ev_share`; never lower it."""
    return _raised(chosen, ["bus_ev_share"], ev_share, progress)


@measure(changes=["bus_biofuel_share"], table="roads", title="Kör bussarna på HVO och biogas")
def fuel_buses_with_biofuel(
    chosen: pd.DataFrame, factors: Numbers, *, share: Share = 1.0, progress: float = 1.0
) -> pd.DataFrame:
    """Raise the share of HVO and biogas in what buses burn to `share`, by energy; never lower it."""
    return _raised(chosen, ["bus_biofuel_share"], share, progress)


@measure(changes=_FUELS, table="roads", title="Höj inblandningen av biodrivmedel")
def blend_biofuel(chosen: pd.DataFrame, factors: Numbers, *, share: Share, progress: float = 1.0) -> pd.DataFrame:
    """Raise the share of biofuel in petrol and diesel to `share`, by energy; never lower it."""
    return _raised(chosen, _FUELS, share, progress)


@measure(changes=_FUELS[1:], table="roads", title="Ändra reduktionsplikten")
def biofuel_obligation(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    path: Annotated[
        Literal["unchanged", "old"],
        Field(description="The law as it is, or the path to 28 and 66 % in 2030 that was given up"),
    ] = "old",
    petrol: Annotated[Share | None, Field(description="Reduction of life-cycle emissions of petrol")] = None,
    diesel: Annotated[Share | None, Field(description="Reduction of life-cycle emissions of diesel")] = None,
    progress: float = 1.0,
) -> pd.DataFrame:
    """Set the reduction obligation of petrol and diesel, by a path of years or to levels of one's own.

    A path has its own years and is followed from the step's start. Levels hold from the end of the roll-out. Streets
    with a `biofuel_share` of their own keep it. Unlike other measures on fuel, this one may lower the share.
    """
    patch = {}
    levels: dict[Fuel, float | None] = {"petrol": petrol, "diesel": diesel}
    for fuel, level in levels.items():
        column = f"{fuel}_biofuel_share"
        if level is not None:
            patch[column] = chosen[column] + progress * (obligated_share(fuel, factors, level) - chosen[column])
        else:
            on_path = factors[f"fuel.{fuel}.obligation_old_path"] if path == "old" else None
            patch[column] = pd.Series(obligated_share(fuel, factors, on_path), index=chosen.index)
    return pd.DataFrame(patch, index=chosen.index)


@measure(changes=["aadt", "van_share", "heavy_vehicle_share", "bus_share"], table="roads", title="Minska biltrafiken")
def reduce_car_traffic(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    reduction: Annotated[float, Field(ge=0, le=1, description="Share of car kilometres that disappears")],
    progress: float = 1.0,
) -> pd.DataFrame:
    """Take away a share of the car kilometres; vans, lorries and buses drive as before."""
    others = ["van_share", "heavy_vehicle_share", "bus_share"]
    shares = chosen[others].to_numpy(float)
    left = 1 - reduction * progress * (1 - shares.sum(axis=1))  # what remains of all traffic on the link
    now = pd.DataFrame(shares / np.where(left > 0, left, 1)[:, None], chosen.index, others)
    return now.assign(aadt=chosen["aadt"] * left)


@measure(changes=["traffic_km_factor"], table="roads", title="Ändra trafikarbetet")
def change_traffic(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    change: Annotated[
        float, Field(ge=-1, le=1, description="Change of all vehicle kilometres: -0.25 for a quarter less")
    ],
    progress: float = 1.0,
) -> pd.DataFrame:
    """Change the distance of every class of vehicles alike, as a target for the whole of road traffic says it."""
    return _scaled(chosen, "traffic_km_factor", 1 + change, progress)


def _scaled(chosen: pd.DataFrame, column: str, left: float, progress: float) -> pd.DataFrame:
    return pd.DataFrame({column: chosen[column] * (1 - progress * (1 - left))}, index=chosen.index)


@measure(
    changes=["shifted_share", "bus_km_per_shifted_km"],
    table="roads",
    title="Flytta bilresor till kollektivtrafik, gång och cykel",
)
def shift_car_trips(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    share: Annotated[float, Field(ge=0, le=1, description="Share of car kilometres that people travel in other ways")],
    by_bus: Annotated[
        float, Field(ge=0, le=1, description="Part of it that takes the bus; the rest walks and cycles")
    ] = 0.5,
    progress: float = 1.0,
) -> pd.DataFrame:
    """Move a share of the car kilometres to buses, whose distance grows, and to walking and cycling, which cost nothing.

    The people in the cars (``mode_shift.car_occupancy``) fill buses as full as ``mode_shift.bus_load`` says, on the
    same street. The share is of what other levers leave.
    """
    per_car_km = by_bus * factors["mode_shift.car_occupancy"] / factors["mode_shift.bus_load"]
    return pd.DataFrame({"shifted_share": share * progress, "bus_km_per_shifted_km": per_car_km}, index=chosen.index)


@measure(changes=["charge_km_factor"], table="roads", title="Trängselskatt")
def congestion_charge(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    low_sek: Charge | None = None,
    medium_sek: Charge | None = None,
    high_sek: Charge | None = None,
    progress: float = 1.0,
) -> pd.DataFrame:
    """Charge cars that pass on weekdays, low, medium or high by the time of day; Göteborg's tariff without parameters.

    For streets that are not charged today: the base year's traffic already reacts to a charge that is there. The
    sensitivity is set on Göteborg's charge of 2013, which took away 8 % of the passages.
    """
    lost = 1 - passages_left_in_goteborg(factors, low_sek, medium_sek, high_sek)
    return _scaled(chosen, "charge_km_factor", 1 - factors["charge.charged_share"] * lost, progress)


@measure(changes=["parking_km_factor"], table="roads", title="Höj parkeringsavgifterna")
def parking_price(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    increase: Annotated[float, Field(ge=0, le=10, description="Rise of the price: 0.5 for half as much again")],
    paying_share: Annotated[
        float, Field(ge=0, le=1, description="Share of the car kilometres on the streets that end at paid parking")
    ] = 1.0,
    progress: float = 1.0,
) -> pd.DataFrame:
    """Raise the price of parking; car kilometres fall by the factor ``parking.price_elasticity``."""
    lost = 1 - elastic_share_left(increase, factors["parking.price_elasticity"])
    return _scaled(chosen, "parking_km_factor", 1 - paying_share * lost, progress)


@measure(changes=["sharing_km_factor"], table="roads", title="Bilpooler")
def car_sharing(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    member_share: Annotated[float, Field(ge=0, le=1, description="Share of the car kilometres whose drivers join")],
    progress: float = 1.0,
) -> pd.DataFrame:
    """Let people share cars instead of owning them; members drive less by the factor ``car_sharing.reduction``."""
    return _scaled(chosen, "sharing_km_factor", 1 - member_share * factors["car_sharing.reduction"], progress)


@measure(changes=["freight_km_factor"], table="roads", title="Samlasta godset")
def consolidate_freight(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    share: Annotated[
        float, Field(ge=0, le=1, description="Share of van and lorry kilometres that go by a common depot")
    ],
    progress: float = 1.0,
) -> pd.DataFrame:
    """Let deliveries go by a common depot; their kilometres fall by the factor ``freight.consolidation_reduction``."""
    return _scaled(chosen, "freight_km_factor", 1 - share * factors["freight.consolidation_reduction"], progress)


@measure(changes=["posted_speed_kmh"], table="roads", title="Sänk hastighetsgränsen")
def lower_speed_limit(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    speed_kmh: Annotated[float, Field(ge=5, le=130, description="New speed limit [km/h]")],
) -> pd.DataFrame:
    """Lower the speed limit; a lower one is left as it is.

    A car's energy per kilometre is least at a mean speed of some 65 km/h, a limit of 75 to 80: emissions fall where
    cars drive faster than that and rise where they drive slower, since stops and idling are part of the curve. The
    curves of lorries and buses fall all the way, so slower ones always use more here; a calmer flow is not modelled.
    Nobody is assumed to drive less.
    """
    return pd.DataFrame({"posted_speed_kmh": np.minimum(chosen["posted_speed_kmh"], speed_kmh)}, index=chosen.index)


@measure(changes=_LIGHT, table="roads", title="Utsläppsfri zon")
def emission_free_zone(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    rerouting_share: Annotated[
        float, Field(ge=0, le=1, description="Share of fossil car and van traffic that drives around the zone instead")
    ] = 0.0,
    progress: float = 1.0,
) -> pd.DataFrame:
    """Admit only electric cars and vans to the chosen streets; lorries and buses have measures of their own.

    Traffic that drives around the zone still emits. A measure sees the chosen streets alone: it leaves the share in the
    accounts of the streets where it was, so that a zone never makes emissions vanish by moving them.
    :func:`energy.mobility.zone.rerouted` finds the streets around it that the traffic takes.
    """
    now = chosen[_LIGHT].astype(float)
    return now + progress * (1 - now) * (1 - rerouting_share)
