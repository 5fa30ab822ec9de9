"""The built-in measures on buildings: chosen entities in, changed columns out. A measure changes physics, not percentages.

Each function takes `chosen` (rows of the table with all columns filled), the year's factors, and its parameters; it
returns a table with the changed columns only, indexed as `chosen`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from twin.registry import measure

__all__ = [
    "change_windows",
    "connect_district_heating",
    "install_heat_pump",
    "install_heat_recovery",
    "install_photovoltaics",
    "insulate_floor",
    "insulate_roof",
    "insulate_walls",
    "insulated_u",
    "low_temperature_radiators",
    "lower_set_point",
    "make_airtight",
    "night_setback",
    "renovate_envelope",
]

UValue = Annotated[float, Field(gt=0.05, le=5, description="Thermal transmittance after renovation [W/(m2 K)]")]
Thickness = Annotated[float, Field(gt=0, le=1000, description="Insulation added [mm]")]
AirChange = Annotated[float, Field(ge=0, le=5, description="Air change by leakage after renovation [1/h]")]
Numbers = Mapping[str, float]
Floats = npt.NDArray[np.float64]


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
    infiltration_ach: AirChange | None = None,
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


def insulated_u(u_w_m2k: Floats, thickness_m: float, conductivity_w_mk: float) -> Floats:
    r"""Return the thermal transmittance of an element after insulation is added.

    .. math:: U' = 1 / (1/U + d/\lambda)

    Parameters
    ----------
    u_w_m2k : array (n,)
        Before [W/(m2 K)].
    thickness_m : float
        Of the added insulation [m].
    conductivity_w_mk : float
        Of the added insulation [W/(m K)].

    Returns
    -------
    array (n,)
        After [W/(m2 K)].

    Examples
    --------
    An attic with 100 mm gets 300 mm more; Byggahus' example says 0.1:

    >>> insulated_u(np.array([0.38]), 0.3, 0.041).round(2).tolist()
    [0.1]
    """
    return 1 / (1 / u_w_m2k + thickness_m / conductivity_w_mk)


@measure(changes=["u_wall_w_m2k"], title="Tilläggsisolera ytterväggarna")
def insulate_walls(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    u_wall_w_m2k: UValue | None = None,
    thickness_mm: Thickness | None = None,
) -> pd.DataFrame:
    """Insulate the outer walls, to a thermal transmittance or by a thickness; given both, the better one holds.

    Without any parameter, the walls reach the factor ``renovation.u_wall_w_m2k``. Better walls are left as they are.
    """
    default, board = factors["renovation.u_wall_w_m2k"], factors["insulation.board_w_mk"]
    return _insulated(chosen, "u_wall_w_m2k", u_wall_w_m2k, thickness_mm, default, board)


@measure(changes=["u_roof_w_m2k"], title="Tilläggsisolera vinden")
def insulate_roof(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    u_roof_w_m2k: UValue | None = None,
    thickness_mm: Thickness | None = None,
) -> pd.DataFrame:
    """Insulate the roof or attic, to a thermal transmittance or by a thickness; given both, the better one holds.

    Without any parameter, the roof reaches the factor ``renovation.u_roof_w_m2k``. A better roof is left as it is.
    """
    default, loose = factors["renovation.u_roof_w_m2k"], factors["insulation.loose_w_mk"]
    return _insulated(chosen, "u_roof_w_m2k", u_roof_w_m2k, thickness_mm, default, loose)


@measure(changes=["u_floor_w_m2k"], title="Tilläggsisolera golvet")
def insulate_floor(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    u_floor_w_m2k: UValue | None = None,
    thickness_mm: Thickness | None = None,
) -> pd.DataFrame:
    """Insulate the lowest floor from below, to a thermal transmittance or by a thickness; given both, the better one holds.

    Without any parameter, the floor reaches the factor ``renovation.u_floor_w_m2k``. A better floor is left as it is.
    """
    default, board = factors["renovation.u_floor_w_m2k"], factors["insulation.board_w_mk"]
    return _insulated(chosen, "u_floor_w_m2k", u_floor_w_m2k, thickness_mm, default, board)


def _insulated(
    chosen: pd.DataFrame,
    column: str,
    target: float | None,
    thickness_mm: float | None,
    default: float,
    conductivity_w_mk: float,
) -> pd.DataFrame:
    after = before = chosen[column].to_numpy(float)
    if thickness_mm is not None:
        after = insulated_u(before, thickness_mm / 1000, conductivity_w_mk)
    elif target is None:
        target = default
    if target is not None:
        after = np.minimum(after, target)
    return pd.DataFrame({column: after}, index=chosen.index)


@measure(changes=["u_window_w_m2k", "g_value"], title="Byt fönster")
def change_windows(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    u_window_w_m2k: UValue | None = None,
    g_value: Annotated[float, Field(gt=0, le=1, description="Share of the sun let through")] | None = None,
) -> pd.DataFrame:
    """Change windows; new ones keep the heat but also let less sun through. Better windows are left as they are."""
    u = factors["renovation.u_window_w_m2k"] if u_window_w_m2k is None else u_window_w_m2k
    g = factors["renovation.g_value"] if g_value is None else g_value
    worse = chosen["u_window_w_m2k"] > u
    return pd.DataFrame(
        {
            "u_window_w_m2k": chosen["u_window_w_m2k"].mask(worse, u),
            "g_value": chosen["g_value"].mask(worse, g),
        },
        index=chosen.index,
    )


@measure(changes=["infiltration_ach"], title="Täta klimatskalet")
def make_airtight(chosen: pd.DataFrame, factors: Numbers, *, infiltration_ach: AirChange | None = None) -> pd.DataFrame:
    """Seal the envelope against leakage; a tighter one is left as it is."""
    target = factors["renovation.infiltration_ach"] if infiltration_ach is None else infiltration_ach
    return pd.DataFrame({"infiltration_ach": np.minimum(chosen["infiltration_ach"], target)}, index=chosen.index)


@measure(changes=["set_point_c"], title="Sänk innetemperaturen")
def lower_set_point(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    set_point_c: Annotated[float, Field(ge=10, le=25, description="Indoor temperature set [degC]")] | None = None,
) -> pd.DataFrame:
    """Lower the indoor temperature that is set; never raise it."""
    target = factors["renovation.set_point_c"] if set_point_c is None else set_point_c
    return pd.DataFrame({"set_point_c": np.minimum(chosen["set_point_c"], target)}, index=chosen.index)


@measure(changes=["night_setback_k"], title="Sänk temperaturen på natten")
def night_setback(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    night_setback_k: Annotated[float, Field(ge=0, le=8, description="Lowering in hours of reduced operation [K]")]
    | None = None,
) -> pd.DataFrame:
    """Lower the indoor temperature in hours of reduced operation; a larger setback is left as it is."""
    target = factors["renovation.night_setback_k"] if night_setback_k is None else night_setback_k
    return pd.DataFrame({"night_setback_k": np.maximum(chosen["night_setback_k"], target)}, index=chosen.index)


@measure(changes=["radiator_at_0_c"], title="Byt till lågtemperaturradiatorer")
def low_temperature_radiators(
    chosen: pd.DataFrame,
    factors: Numbers,
    *,
    radiator_at_0_c: Annotated[float, Field(ge=25, le=60, description="Supply temperature at 0 degC outdoors [degC]")]
    | None = None,
) -> pd.DataFrame:
    """Give the rooms larger radiators, so that cooler water is enough and heat pumps work better; never warmer water."""
    target = factors["heat_pump.low_temperature_at_0_c"] if radiator_at_0_c is None else radiator_at_0_c
    return pd.DataFrame({"radiator_at_0_c": np.minimum(chosen["radiator_at_0_c"], target)}, index=chosen.index)


@measure(changes=["heating"], title="Anslut till fjärrvärme")
def connect_district_heating(chosen: pd.DataFrame, factors: Numbers) -> pd.DataFrame:
    """Replace the heat source by district heating."""
    return _heating(chosen, "district_heating")


@measure(changes=["heating"], title="Installera värmepump")
def install_heat_pump(
    chosen: pd.DataFrame, factors: Numbers, *, source: Literal["ground", "air", "exhaust_air"] = "ground"
) -> pd.DataFrame:
    """Replace the heat source by a heat pump that takes its heat from the ground, the air or the exhaust air.

    One on exhaust air takes what the ventilation carries out; a building with natural ventilation gets fans with it, and
    its flow of air stays.
    """
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
