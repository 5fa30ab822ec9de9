"""A network with cooler water: what it loses less, what its heat sources gain, and which buildings can follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.potential.radiators import design_temperatures_c, radiator_temperatures_c
from energy.district_heating.potential.regime import (
    Regime,
    booster_share,
    electricity_per_heat,
    loss_ratio,
    supply_curve_c,
)
from energy.electrification.heat_pumps import degree_hours
from twin.errors import Problem, SchemaError

__all__ = ["Switch", "follow", "switch"]

Floats = npt.NDArray[np.float64]

_NEEDED = ("floor_area_m2", "year_built", "set_point_c", "peak_kw", "radiator_kw", "heat_kwh", "hot_water_kwh")
_STEP_K = 0.5


@dataclass(frozen=True)
class Switch:
    """What becomes of a network that changes its temperatures.

    Attributes
    ----------
    buildings : DataFrame (n rows)
        Of :func:`follow`, in the new regime.
    floor_area_share, heat_share : float
        Of the heated floor area and of the heat, in buildings that can follow [1]; blank without heated buildings.
    loss_ratio : float
        Heat loss after per heat loss before [1].
    electricity_before, electricity_after : float
        Electricity per heat of the heat source over the year [kWh/kWh].
    """

    buildings: pd.DataFrame
    floor_area_share: float
    heat_share: float
    loss_ratio: float
    electricity_before: float
    electricity_after: float


def follow(
    buildings: pd.DataFrame, regime: Regime, outdoor_c: Floats, f: Mapping[str, float], *, booster: bool = False
) -> pd.DataFrame:
    """Return what water each building needs, and whether a network gives it in every weather.

    Between the design temperature and the end of the heating season the load falls in proportion to the temperature
    difference, while the network lowers its supply: both are compared in steps of half a degree.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        floor_area_m2, year_built, set_point_c, peak_kw (heat in the coldest weather, as the envelope stands), radiator_kw
        (what the radiators gave at their sizing temperatures: the peak of the envelope as built, with its margin),
        heat_kwh and hot_water_kwh (useful heat a year).
    regime : Regime
    outdoor_c : array (hours,)
        Of the year [degC].
    f : mapping
        The year's factors.
    booster : bool
        Whether hot water is lifted to its temperature in each building.

    Returns
    -------
    DataFrame (n rows)
        needed_supply_c and needed_return_c (on the network's side, in the coldest weather), space_heat_share (of the
        degree hours in which the network is warm enough), radiators_follow, hot_water_follows, follows, and booster_kwh
        of electricity. All are blank for buildings without heat.

    Raises
    ------
    SchemaError
        When columns are missing, or a heated building has a blank or impossible value.
    """
    _check(buildings)
    values = {name: buildings[name].to_numpy(float) for name in _NEEDED}
    heated = values["peak_kw"] > 0
    room = values["set_point_c"]
    cold, mild, pinch = f["heat.design_outdoor_c"], f["heat_pump.heating_threshold_c"], f["heating.exchanger_pinch_k"]
    sized = design_temperatures_c(values["year_built"], f)
    ratio = np.divide(values["peak_kw"], values["radiator_kw"], out=np.full(len(room), np.nan), where=heated)
    supply, back = radiator_temperatures_c(ratio, *sized, room, f["radiator.exponent"])
    share, every = np.zeros(len(room)), heated.copy()
    for outdoor, weight in _weathers(outdoor_c, cold, mild):
        part = np.maximum(room - outdoor, 0) / (room - cold)
        needed, _ = radiator_temperatures_c(ratio * part, *sized, room, f["radiator.exponent"])
        warm = needed + pinch <= float(supply_curve_c(np.array(outdoor), regime, cold, mild)) + 1e-9
        every &= warm
        share += weight * warm
    lacking = float(
        booster_share(np.array(regime.least_supply_c - pinch), f["hot_water.circulation_c"], f["hot_water.cold_c"])
    )
    water = np.full(len(room), booster or lacking == 0)
    boosted = values["hot_water_kwh"] * lacking / f["hot_water.booster_performance"] if booster else np.zeros(len(room))
    yes = {"radiators_follow": every, "hot_water_follows": water, "follows": every & water}
    return pd.DataFrame(
        {
            "needed_supply_c": supply + pinch,
            "needed_return_c": back + pinch,
            "space_heat_share": np.where(heated, share, np.nan),
            **{name: pd.arrays.BooleanArray(flag, ~heated) for name, flag in yes.items()},
            "booster_kwh": np.where(heated, boosted, np.nan),
        },
        index=buildings.index,
    )


def switch(
    buildings: pd.DataFrame,
    before: Regime,
    after: Regime,
    outdoor_c: Floats,
    source_c: Floats,
    f: Mapping[str, float],
    *,
    booster: bool = False,
) -> Switch:
    """Change a network's temperatures.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        As in :func:`follow`.
    before, after : Regime
    outdoor_c : array (hours,)
        [degC]
    source_c : array (hours,)
        Of the heat source, water or excess heat, in each hour [degC].
    f : mapping
        The year's factors.
    booster : bool
        Whether hot water is lifted in each building.

    Returns
    -------
    Switch
    """
    cold, mild = f["heat.design_outdoor_c"], f["heat_pump.heating_threshold_c"]
    curve = {r: supply_curve_c(outdoor_c, r, cold, mild) for r in (before, after)}
    water = f["heat_pump.water.c0"], f["heat_pump.water.c1"], f["heat_pump.water.c2"]
    space, hot = buildings["heat_kwh"].sum(), buildings["hot_water_kwh"].sum()
    cooling = degree_hours(outdoor_c, mild)
    load = space * cooling / max(cooling.sum(), 1e-9) + hot / len(outdoor_c)
    weight = load / load.sum() if load.sum() > 0 else np.full(len(load), 1 / len(load))
    electricity = {r: float(weight @ electricity_per_heat(curve[r], r.return_c, source_c, water, f)) for r in curve}
    table = follow(buildings, after, outdoor_c, f, booster=booster)
    follows = table["follows"]
    area = buildings["floor_area_m2"].to_numpy(float)
    heat = (buildings["heat_kwh"] + buildings["hot_water_kwh"]).to_numpy(float)
    return Switch(
        table,
        _share(area, follows),
        _share(heat, follows),
        loss_ratio(
            (float(curve[before].mean()), before.return_c),
            (float(curve[after].mean()), after.return_c),
            f["network.ground_c"],
        ),
        electricity[before],
        electricity[after],
    )


def _share(weight: Floats, follows: pd.Series) -> float:
    heated = follows.notna().to_numpy(bool)
    total = weight[heated].sum()
    return float(weight[follows.fillna(value=False).to_numpy(bool)].sum() / total) if total > 0 else float("nan")


def _weathers(outdoor_c: Floats, cold_c: float, mild_c: float) -> list[tuple[float, float]]:
    """Return outdoor temperatures from the design to the end of the season, each with its share of the degree hours."""
    count = int(np.ceil((mild_c - cold_c) / _STEP_K))
    steps = np.linspace(cold_c, mild_c, count + 1)
    degrees = degree_hours(outdoor_c, mild_c)
    at = np.clip(np.rint((outdoor_c - cold_c) / (mild_c - cold_c) * count), 0, count).astype(int)
    weight = np.bincount(at, degrees, count + 1) / max(degrees.sum(), 1e-9)
    return [(float(t), float(w)) for t, w in zip(steps, weight, strict=True)]


def _check(buildings: pd.DataFrame) -> None:
    """Name what is missing or impossible in heated buildings, all at once."""
    missing = [Problem("buildings", name, "the column is missing; add it") for name in _NEEDED if name not in buildings]
    if missing:
        raise SchemaError(missing)
    v = {name: buildings[name].to_numpy(float) for name in _NEEDED}
    heated = v["peak_kw"] > 0
    rules = {
        "peak_kw": (
            "a heat peak can not be blank or negative; give 0 to a building without heat",
            ~(v["peak_kw"] >= 0),
        ),
        "radiator_kw": ("radiators must have a capacity where there is heat", heated & ~(v["radiator_kw"] > 0)),
        "set_point_c": (
            "must lie between 5 and 30 degC where there is heat",
            heated & ~((v["set_point_c"] >= 5) & (v["set_point_c"] <= 30)),
        ),
        "year_built": (
            "must be known where there is heat: the radiators are judged by it",
            heated & np.isnan(v["year_built"]),
        ),
    }
    for name in ("floor_area_m2", "heat_kwh", "hot_water_kwh"):
        rules[name] = ("must be known and not negative where there is heat", heated & ~(v[name] >= 0))
    problems = [
        Problem("buildings", name, rule, int(bad.sum()), f"row {int(np.argmax(bad))}")
        for name, (rule, bad) in rules.items()
        if bad.any()
    ]
    if problems:
        raise SchemaError(problems)
