"""Useful space heat of every building, from its geometry and its archetype, by the seasonal balance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings import seasonal
from energy.buildings.envelope import element_areas, transmission_w_k, ventilation_w_m2k
from energy.buildings.schedules import Schedules
from energy.buildings.season import Season

__all__ = ["heat_need"]

Floats = npt.NDArray[np.float64]


def heat_need(buildings: pd.DataFrame, season: Season, f: Mapping[str, float]) -> pd.DataFrame:
    """Return the useful space heat of each building and the terms it is made of.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        With the columns of :func:`twin.geometry.envelope` and :func:`energy.buildings.archetypes.fill`.
    season : Season
        Heating season.
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame (n rows)
        heat_need_kwh, transmission_w_k, ventilation_w_k, loss_kwh, solar_gain_kwh, internal_gain_kwh, utilisation.
        Buildings without floor area are unheated and need nothing.
    """
    area = buildings["floor_area_m2"].to_numpy(float)
    heated = area > 0
    per = np.where(heated, area, 1.0)
    elements = element_areas(buildings, f["heat.door_share"])
    calibrated = buildings["loss_factor"].to_numpy(float)
    transmission = transmission_w_k(buildings, elements, f["heat.floor_reduction"]) * calibrated
    ventilation = ventilation_w_m2k(buildings) * calibrated
    h_tr = transmission / per
    reduction = seasonal.temperature_reduction(h_tr, f["heat.partial_heating_at_1"], f["heat.partial_heating_at_4"])
    degree_days = (_mean_set_point_c(buildings) - season.outdoor_c) * season.heating_days
    loss = seasonal.heat_loss_kwh_m2(h_tr + ventilation, degree_days, reduction)
    solar = seasonal.solar_gain_kwh_m2(
        elements.windows_m2,
        season.sun_kwh_m2,
        f["heat.window_shading"],
        f["heat.window_frame_share"],
        f["heat.window_oblique"],
        buildings["g_value"].to_numpy(float),
        per,
    )
    internal = seasonal.internal_gain_kwh_m2(buildings["internal_gain_w_m2"].to_numpy(float), season.heating_days)
    tau = seasonal.time_constant_h(buildings["heat_capacity_wh_m2k"].to_numpy(float), h_tr + ventilation)
    gamma = np.divide(solar + internal, loss, out=np.ones(len(area)), where=loss > 0)
    utilisation = seasonal.gain_utilisation(gamma, tau)
    need = seasonal.heat_need_kwh_m2(loss, solar + internal, utilisation) * area * f["heat.model_scale"]
    return pd.DataFrame(
        {
            "heat_need_kwh": np.where(heated, need, 0.0),
            "transmission_w_k": transmission,
            "ventilation_w_k": ventilation * area,
            "loss_kwh": loss * area,
            "solar_gain_kwh": solar * area,
            "internal_gain_kwh": internal * area,
            "utilisation": utilisation,
        },
        index=buildings.index,
    )


def _mean_set_point_c(buildings: pd.DataFrame) -> Floats:
    """Return the set-point, lowered by the night set-back for the share of the hours in which it holds [degC]."""
    schedules = Schedules.standard()
    share = schedules.reduced.mean(axis=1)[schedules.rows(buildings["use"])]
    return buildings["set_point_c"].to_numpy(float) - share * buildings["night_setback_k"].to_numpy(float)
