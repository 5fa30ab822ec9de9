"""The built-in measures: chosen entities in, changed columns out. A measure changes physics, not percentages.

Each function takes `chosen` (rows of the table with all columns filled), the year's factors, and its parameters; it
returns a table with the changed columns only, indexed as `chosen`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from twin.registry import measure

__all__ = [
    "blend_biofuel",
    "connect_district_heating",
    "electrify_vehicles",
    "emission_free_zone",
    "install_heat_pump",
    "install_heat_recovery",
    "install_photovoltaics",
    "reduce_car_traffic",
    "renovate_envelope",
]

UValue = Annotated[float, Field(gt=0.05, le=5, description="Thermal transmittance after renovation [W/(m2 K)]")]
Share = Annotated[float, Field(ge=0, le=1)]
Numbers = Mapping[str, float]


@measure(
    changes=["u_wall_w_m2k", "u_roof_w_m2k", "u_floor_w_m2k", "u_window_w_m2k", "infiltration_ach"],
    title="Renovera klimatskalet",
)
def renovate_envelope(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    u_wall_w_m2k: UValue | None = None,
    u_roof_w_m2k: UValue | None = None,
    u_floor_w_m2k: UValue | None = None,
    u_window_w_m2k: UValue | None = None,
    infiltration_ach: Annotated[float, Field(ge=0, le=5, description="Air change by leakage after renovation [1/h]")]
    | None = None,
) -> pd.DataFrame:
    """Insulate walls, roof and floor, change windows and make the envelope airtight.

    An element that is already better is left as it is. Without any parameter, every element is renovated to the
    factors ``renovation.u_wall_w_m2k`` and so on.
    """
    targets = {
        "u_wall_w_m2k": u_wall_w_m2k,
        "u_roof_w_m2k": u_roof_w_m2k,
        "u_floor_w_m2k": u_floor_w_m2k,
        "u_window_w_m2k": u_window_w_m2k,
        "infiltration_ach": infiltration_ach,
    }
    if all(t is None for t in targets.values()):
        targets = {
            "u_wall_w_m2k": factors["renovation.u_wall_w_m2k"],
            "u_roof_w_m2k": factors["renovation.u_roof_w_m2k"],
            "u_floor_w_m2k": None,
            "u_window_w_m2k": factors["renovation.u_window_w_m2k"],
            "infiltration_ach": factors["renovation.infiltration_ach"],
        }
    return pd.DataFrame({c: np.minimum(chosen[c], t) for c, t in targets.items() if t is not None}, index=chosen.index)


@measure(changes=["heating"], title="Anslut till fjärrvärme")
def connect_district_heating(chosen: pd.DataFrame, factors: Numbers) -> pd.DataFrame:
    """Replace the heat source by district heating."""
    return _heating(chosen, "district_heating")


@measure(changes=["heating"], title="Installera värmepump")
def install_heat_pump(
    chosen: pd.DataFrame, factors: Numbers, *, source: Literal["ground", "air"] = "ground"
) -> pd.DataFrame:
    """Replace the heat source by a heat pump that takes its heat from the ground or the air."""
    return _heating(chosen, f"{source}_heat_pump")


def _heating(chosen: pd.DataFrame, kind: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"heating": pd.Categorical([kind] * len(chosen), categories=chosen["heating"].cat.categories)},
        index=chosen.index,
    )


@measure(changes=["heat_recovery", "ventilation"], title="Återvinn värme ur ventilationen")
def install_heat_recovery(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    efficiency: Annotated[float, Field(gt=0, le=0.95, description="Share of heat recovered")] | None = None,
) -> pd.DataFrame:
    """Install balanced ventilation with heat recovery (FTX); a better one is left as it is."""
    target = factors["ventilation.ftx_heat_recovery"] if efficiency is None else efficiency
    ventilation = pd.Categorical(["FTX"] * len(chosen), categories=chosen["ventilation"].cat.categories)
    return pd.DataFrame(
        {"heat_recovery": np.maximum(chosen["heat_recovery"], target), "ventilation": ventilation}, index=chosen.index
    )


@measure(changes=["pv_area_m2"], title="Bygg solceller på taket")
def install_photovoltaics(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    roof_share: Annotated[float, Field(gt=0, le=1, description="Share of the roof covered")] | None = None,
) -> pd.DataFrame:
    """Cover a share of the roof with solar cells; a larger installation is left as it is."""
    share = factors["photovoltaics.roof_share"] if roof_share is None else roof_share
    return pd.DataFrame(
        {"pv_area_m2": np.maximum(chosen["pv_area_m2"], chosen["roof_area_m2"] * share)}, index=chosen.index
    )


@measure(changes=["ev_share"], table="roads", title="Elektrifiera bilar och lätta lastbilar")
def electrify_vehicles(
    chosen: pd.DataFrame, factors: Numbers, *, ev_share: Share, progress: float = 1.0
) -> pd.DataFrame:
    """Raise the share of car and van kilometres driven on electricity to `ev_share`; never lower it."""
    now = chosen["ev_share"]
    return pd.DataFrame({"ev_share": now + progress * np.maximum(ev_share - now, 0)}, index=chosen.index)


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
    car_share = 1 - chosen[others].sum(axis=1)
    left = 1 - reduction * progress * car_share  # what remains of all traffic on the link
    shares = chosen[others].div(left.where(left > 0, 1), axis=0)
    return shares.assign(aadt=chosen["aadt"] * left)


@measure(changes=["ev_share"], table="roads", title="Utsläppsfri zon")
def emission_free_zone(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    rerouting_share: Annotated[
        float, Field(ge=0, le=1, description="Share of fossil car and van traffic that drives around the zone instead")
    ] = 0.0,
    progress: float = 1.0,
) -> pd.DataFrame:
    """Admit only electric cars and vans to the chosen streets.

    Traffic that drives around the zone still emits: its share stays in the accounts of the streets where it was, so
    that a zone never makes emissions vanish by moving them.
    """
    now = chosen["ev_share"]
    return pd.DataFrame({"ev_share": now + progress * (1 - now) * (1 - rerouting_share)}, index=chosen.index)


@measure(changes=["biofuel_share"], table="roads", title="Höj inblandningen av biodrivmedel")
def blend_biofuel(chosen: pd.DataFrame, factors: Numbers, *, share: Share, progress: float = 1.0) -> pd.DataFrame:
    """Raise the share of biofuel in petrol and diesel to `share`, by energy; never lower it."""
    now = chosen["biofuel_share"]
    return pd.DataFrame({"biofuel_share": now + progress * np.maximum(share - now, 0)}, index=chosen.index)
