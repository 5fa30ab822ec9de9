"""Archetypes: what is typical of a building of its use and age, where the building's own data say nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.carriers import by_category
from twin import reference
from twin.errors import Problem, SchemaError

__all__ = ["assign", "fill", "typical", "with_factors"]

_OWN = ("u_wall_w_m2k", "u_roof_w_m2k", "u_floor_w_m2k", "u_window_w_m2k", "infiltration_ach")
_TYPICAL = ("u_door_w_m2k", "bridges_w_m2k", "g_value")
_USE = (
    "set_point_c",
    "air_change_ach",
    "internal_gain_w_m2",
    "hot_water_kwh_m2",
    "household_electricity_kwh_m2",
    "property_electricity_kwh_m2",
    "window_share",
    "room_height_m",
    "heat_capacity_wh_m2k",
    "cooling_set_point_c",
    "cooling_need_kwh_m2",
)


def assign(use: pd.Series, year_built: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return the row of ``twin/data/archetypes.csv`` for each building.

    Parameters
    ----------
    use : Series of category (n,)
        Main use.
    year_built : array (n,)
        Year of construction.

    Returns
    -------
    array (n,) of int

    Raises
    ------
    SchemaError
        When a use or a year is blank: the layers must have completed them.

    Examples
    --------
    >>> table = reference.table("archetypes")
    >>> table.loc[assign(pd.Series(["multi_family", "office"], dtype="category"), np.array([1968.0, 2015.0])), ["group", "year_from"]].values.tolist()
    [['multi_family', 1961], ['premises', 2012]]
    """
    blank = (use.isna() | np.isnan(year_built)).to_numpy(bool)
    if blank.any():
        rule = "use or year of construction is blank; complete the table before calculating"
        raise SchemaError(
            [Problem("buildings", "year_built", rule, int(blank.sum()), f"row {int(np.flatnonzero(blank)[0])}")]
        )
    table = reference.table("archetypes")
    profiles = reference.table("use_profiles").set_index("use")["group"]
    found = np.full(len(use), -1, np.intp)
    group = np.array([profiles[c] for c in use.cat.categories], dtype=object)[use.cat.codes.to_numpy()]
    for name, rows in table.groupby("group"):
        at = group == name
        found[at] = rows.index.to_numpy()[
            np.searchsorted(rows["year_from"].to_numpy(), year_built[at], side="right") - 1
        ]
    return found


def fill(buildings: pd.DataFrame, f: Mapping[str, float]) -> pd.DataFrame:
    """Return the buildings with every physical property filled; a building's own values win.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        Completed table of buildings.
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame (n rows)
        With thermal transmittances, air change, heat recovery, gains, set-points, supply temperature of radiators, hot
        water and electricity of the use. A blank `cooling_set_point_c` means that the building is not cooled.
    """
    return with_factors(typical(buildings), f)


def typical(buildings: pd.DataFrame) -> pd.DataFrame:
    """Return the buildings with what the reference tables say of their use and age: all of :func:`fill` but the factors."""
    table = reference.table("archetypes").iloc[assign(buildings["use"], buildings["year_built"].to_numpy(float))]
    profiles = reference.table("use_profiles").set_index("use")
    own = {c: buildings[c].fillna(pd.Series(table[c].to_numpy(float), index=buildings.index)) for c in _OWN}
    return buildings.assign(
        **own,
        **{c: table[c].to_numpy(float) for c in _TYPICAL},
        **{c: by_category(buildings["use"], profiles[c].to_dict()) for c in _USE},
        loss_factor=buildings["loss_factor"].fillna(1.0),
        night_setback_k=0.0,
    )


def with_factors(buildings: pd.DataFrame, f: Mapping[str, float]) -> pd.DataFrame:
    """Return buildings of :func:`typical` with the properties that factors give."""
    recovery = {
        "natural": f["ventilation.natural_heat_recovery"],
        "F": f["ventilation.f_heat_recovery"],
        "FT": f["ventilation.ft_heat_recovery"],
        "FTX": f["ventilation.ftx_heat_recovery"],
    }
    own, other = buildings["heat_recovery"].to_numpy(float), by_category(buildings["ventilation"], recovery)
    return buildings.assign(
        heat_recovery=np.where(np.isnan(own), np.nan_to_num(other), own),
        radiator_at_0_c=f["heat_pump.radiator_at_0_c"],
    )
