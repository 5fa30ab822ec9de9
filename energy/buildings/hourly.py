"""A stock's heat hour by hour: from the same record of each building that feeds the seasonal balance.

What the two models share: surfaces, thermal transmittances, air flows, gains, set-points, partial heating, shading. What
only the hourly one sees: the weather's course, the mass, hours of use, and warm hours: heat recovery is passed by, and
windows are opened where there is no cooling and it is warm inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings import seasonal
from energy.buildings.envelope import Elements, element_areas
from energy.buildings.kernel import Drivers, Steps, Year, scaled, simulate_year
from energy.buildings.rc import H_SURFACE_MASS_W_M2K, SURFACES_PER_FLOOR, Nodes, affine
from energy.buildings.schedules import Schedules
from energy.buildings.season import Plane, facades_and_flat_roof
from twin.errors import Problem, SchemaError
from twin.geometry import ORIENTATIONS

__all__ = ["building_steps", "hourly_demand", "stock_drivers"]

Floats = npt.NDArray[np.float64]
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_OFF_C = -273.15  # a set-point that nothing falls below
_MONTH = np.repeat(np.arange(12), np.array(_DAYS) * 24)
_U = ("u_wall_w_m2k", "u_roof_w_m2k", "u_floor_w_m2k", "u_window_w_m2k", "u_door_w_m2k")
_AREAS = (*(f"wall_{o}_m2" for o in ORIENTATIONS), "roof_area_m2", "footprint_area_m2")
_CHECKED = (
    *_U,
    *_AREAS,
    "bridges_w_m2k",
    "window_share",
    "air_change_ach",
    "infiltration_ach",
    "heat_recovery",
    "room_height_m",
    "heat_capacity_wh_m2k",
    "internal_gain_w_m2",
    "night_setback_k",
    "loss_factor",
    "g_value",
)


def stock_drivers(weather: pd.DataFrame, f: Mapping[str, float], planes: Sequence[Plane] = ()) -> Drivers:
    """Return what moves every building: sun on five planes once per city, outdoor temperature, hours of use.

    States are 2 and 3 in hours so warm outside that heat recovery is passed by and heating is off, and 0 and 1 in all
    others; the odd ones hold in hours of reduced operation.

    Parameters
    ----------
    weather : DataFrame (8760 rows)
        Table ``weather`` with latitude and longitude in its ``attrs``.
    f : mapping
        Factors.
    planes : sequence of Plane, optional
        :func:`energy.buildings.season.facades_and_flat_roof` of the same weather, where it is known already.

    Raises
    ------
    SchemaError
        When the weather has gaps.
    """
    needed = ["temp_air_c", "ghi_w_m2", "dni_w_m2", "dhi_w_m2"]
    problems = [
        Problem("weather", c, "has gaps; fill them or choose another weather file", int(weather[c].isna().sum()), "")
        for c in needed
        if weather[c].isna().any()
    ]
    if problems:
        raise SchemaError(problems)
    albedo = f["season.albedo"]
    sun = [plane.irradiation_w_m2(albedo) for plane in planes or facades_and_flat_roof(weather)]
    outdoor = weather["temp_air_c"].to_numpy(float)
    schedules = Schedules.standard()
    warm = outdoor >= f["ventilation.bypass_above_c"]
    state = 2 * warm[None, :] + schedules.reduced
    return Drivers(
        np.column_stack([*sun, outdoor]),
        schedules.gain,
        state.astype(np.int64),
        _MONTH,
        f["ventilation.airing_from_c"],
    )


def building_steps(buildings: pd.DataFrame, season_outdoor_c: float, f: Mapping[str, float]) -> Steps:
    """Return the four states of every building.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        Heated buildings, every physical property filled.
    season_outdoor_c : float
        Mean outdoor temperature of the heating season, towards which partial heating lowers the set-point [degC].
    f : mapping
        Factors.

    Raises
    ------
    SchemaError
        Listing every building property that is missing, negative or contradictory.
    """
    b = {c: buildings[c].to_numpy(float) for c in (*_CHECKED, "floor_area_m2", "set_point_c", "cooling_set_point_c")}
    area, cool_at = b["floor_area_m2"], b["cooling_set_point_c"]
    elements = element_areas(buildings, f["heat.door_share"])
    calibrated = b["loss_factor"]
    window = (b["u_window_w_m2k"] * elements.window_m2 + b["u_door_w_m2k"] * elements.door_m2) * calibrated
    opaque = _opaque_w_k(b, elements, f)
    _refuse_nonsense(buildings, b, opaque, f)
    base = Nodes.of(
        window_w_k=window,
        opaque_w_k=opaque,
        ventilation_w_k=np.zeros(len(area)),
        capacity_wh_k=b["heat_capacity_wh_m2k"] * area,
        mass_area_m2=f["heat.mass_area_per_floor"] * area,
        surface_area_m2=SURFACES_PER_FLOOR * area,
    )
    cooled = ~np.isnan(cool_at)
    volume = b["room_height_m"] * area
    airing = seasonal.ventilation_w_m2k(np.array(f["ventilation.summer_airing_ach"]), volume)
    reduction = seasonal.temperature_reduction(
        (window + opaque) / area, f["heat.partial_heating_at_1"], f["heat.partial_heating_at_4"]
    )
    normal = season_outdoor_c + reduction * (b["set_point_c"] - season_outdoor_c)
    off = np.full(len(area), _OFF_C)
    heat_at = np.stack([normal, normal - b["night_setback_k"], off, off])
    flows = _flows_w_k(b, buildings["use"])
    through = b["g_value"] * f["heat.window_shading"] * (1 - f["heat.window_frame_share"]) * f["heat.window_oblique"]
    return scaled(
        [affine(replace(base, ventilation_w_k=flow)) for flow in flows],
        aperture_m2=np.vstack([elements.windows_m2.T * through, np.zeros(len(area))]),
        gain_w=b["internal_gain_w_m2"] * area,
        heat_at_c=heat_at,
        cool_at_c=np.stack([np.where(cooled, cool_at, f["ventilation.airing_from_c"])] * 4),
        airing_w_k=np.where(cooled, np.inf, airing),
        limit_c=np.full(len(area), f["comfort.limit_c"]),
    )


def hourly_demand(
    buildings: pd.DataFrame,
    drivers: Drivers,
    season_outdoor_c: float,
    f: Mapping[str, float],
    zone: npt.NDArray[np.int64] | None = None,
    *,
    warm_wanted: bool = True,
) -> Year:
    """Return the year of every building; those without floor area are unheated and need nothing.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        Every physical property filled.
    drivers : Drivers
        From :func:`stock_drivers`.
    season_outdoor_c : float
        [degC]
    f : mapping
        Factors.
    zone : array (n,) of int, optional
        Zone of each building whose hourly sums are wanted.
    warm_wanted : bool
        Count the warm hours too.

    Returns
    -------
    Year

    Raises
    ------
    SchemaError
        Listing every property of a building that is missing, negative or contradictory.
    """
    area = buildings["floor_area_m2"].to_numpy(float)
    if problems := _impossible(buildings, {"floor_area_m2": area}):
        raise SchemaError(problems)
    heated = area > 0
    inside = buildings[heated]
    zones = None if zone is None else zone[heated]
    rows = Schedules.standard().rows(inside["use"]).astype(np.int64)
    year = simulate_year(
        building_steps(inside, season_outdoor_c, f), drivers, rows, zone=zones, warm_wanted=warm_wanted
    )

    def spread(values: Floats) -> Floats:
        out = np.zeros((*values.shape[:-1], len(buildings)))
        out[..., heated] = values
        return out

    missing = 0 if zone is None else int(zone.max(initial=-1)) + 1 - len(year.zone_heat_kw)
    hourly = np.vstack([year.zone_heat_kw, np.zeros((missing, year.zone_heat_kw.shape[1]))])
    scale = f["heat.model_scale"]
    return Year(
        spread(year.heat_kwh) * scale,
        spread(year.cool_kwh),
        spread(year.peak_heat_kw) * scale,
        spread(year.warm_hours),
        spread(year.warm_kh),
        hourly * scale,
    )


def _opaque_w_k(b: Mapping[str, Floats], elements: Elements, f: Mapping[str, float]) -> Floats:
    """Return what walls, roof, floor and all thermal bridges lose [W/K]."""
    u = np.column_stack([b[c] for c in _U]) * np.array([1, 1, 1, 0, 0])  # windows and doors have no mass
    reduction = np.array([1.0, 1.0, f["heat.floor_reduction"], 1.0, 1.0])
    return seasonal.transmission_w_k(u, elements.stacked_m2, reduction, b["bridges_w_m2k"]) * b["loss_factor"]


def _flows_w_k(b: Mapping[str, Floats], use: pd.Series) -> list[Floats]:
    """Return the heat carried by air in each state [W/K]."""
    schedules = Schedules.standard()
    row = schedules.rows(use)
    in_use = schedules.ventilation_in_use(b["air_change_ach"], row)
    kept = 1 - b["heat_recovery"]
    leak, calibrated, height, area = (
        b[c] for c in ("infiltration_ach", "loss_factor", "room_height_m", "floor_area_m2")
    )
    flows: list[Floats] = []
    for share in (kept, np.ones_like(kept)):
        flows += [
            seasonal.ventilation_w_m2k((flow * share + leak) * calibrated, height) * area
            for flow in (in_use, in_use * schedules.reduced_ventilation[row])
        ]
    return flows


def _refuse_nonsense(
    buildings: pd.DataFrame, b: Mapping[str, Floats], opaque_w_k: Floats, f: Mapping[str, float]
) -> None:
    """Raise for what can not be calculated with: all problems of all columns at once."""
    problems = _impossible(buildings, {c: b[c] for c in (*_CHECKED, "floor_area_m2")})
    area, heat, cool = b["floor_area_m2"], b["set_point_c"], b["cooling_set_point_c"]
    found = {
        "is zero; an unheated building is left out of the hourly model": ("floor_area_m2", area == 0),
        "is missing; fill it before calculating": ("set_point_c", np.isnan(heat)),
        "is not above the set-point of heating": ("cooling_set_point_c", cool <= heat),
    }
    if not problems:
        passed_on = H_SURFACE_MASS_W_M2K * f["heat.mass_area_per_floor"] * area
        rule = "is far too small for the building's envelope; correct the floor area or the footprint"
        found[rule] = ("floor_area_m2", (area > 0) & (opaque_w_k >= passed_on))
    problems += [_problem(buildings, column, bad, rule) for rule, (column, bad) in found.items() if bad.any()]
    if problems:
        raise SchemaError(problems)


def _impossible(buildings: pd.DataFrame, columns: Mapping[str, Floats]) -> list[Problem]:
    """Return the columns that have blanks or negative numbers."""
    problems = []
    for column, values in columns.items():
        for bad, rule in ((np.isnan(values), "is missing; fill it before calculating"), (values < 0, "is negative")):
            if bad.any():
                problems.append(_problem(buildings, column, bad, rule))
    return problems


def _problem(buildings: pd.DataFrame, column: str, bad: npt.NDArray[np.bool_], rule: str) -> Problem:
    names = buildings["building_id"] if "building_id" in buildings else buildings.index.to_series()
    return Problem("buildings", column, rule, int(bad.sum()), str(names.iloc[int(np.flatnonzero(bad)[0])]))
