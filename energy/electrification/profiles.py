"""The hours of every end use of electricity: which shape each building's year follows.

A building is never a row of 8,760 numbers. It is an energy of a year and the number of a shape, and there are few shapes:
households and premises by use, heat by use, heat pumps by source, water temperature and use. The year's energies are
those of the yearly calculation; the hours only share them out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.hourly import building_steps, hourly_demand
from energy.buildings.kernel import Drivers, trace
from energy.buildings.schedules import Schedules
from energy.electrification import exhaust_air
from energy.electrification.end_use import EndUse, charging_use, normalised
from energy.electrification.heat_pumps import degree_hours, hourly_cop
from twin.errors import Problem, SchemaError, TwinError

__all__ = [
    "EndUse",
    "capacity_share",
    "charging_use",
    "cooling_shape",
    "cooling_shapes",
    "end_uses",
    "heat_shapes",
    "normalised",
    "pump_electricity",
]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_PUMPS = {"air_heat_pump": "air", "ground_heat_pump": "ground"}
_EXHAUST = "exhaust_air_heat_pump"
_NEEDED = (
    "household_electricity_kwh",
    "property_electricity_kwh",
    "direct_electric_kwh",
    "heat_pump_electricity_kwh",
    "heat_need_kwh",
    "hot_water_need_kwh",
    "cooling_electricity_kwh",
)


def heat_shapes(
    buildings: pd.DataFrame, drivers: Drivers, season_outdoor_c: float, temp_air_c: Floats, f: Mapping[str, float]
) -> Floats:
    """Return the hours of space heat by kind of use, from the hourly model of the buildings.

    A kind that needs no heat in the model, or that nobody is of, follows the degree-hours.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        Every physical property filled.
    drivers : Drivers
        From the stock's weather.
    season_outdoor_c : float
        Mean outdoor temperature of the heating season [degC].
    temp_air_c : array (8760,)
        [degC]
    f : mapping
        The year's factors.

    Returns
    -------
    array (kinds, 8760)
        Share of the year's heat; the kinds are the rows of :class:`~energy.buildings.schedules.Schedules`.
    """
    schedules = Schedules.standard()
    kind = schedules.rows(buildings["use"]).astype(np.int64)
    model = hourly_demand(buildings, drivers, season_outdoor_c, f, kind, warm_wanted=False).zone_heat_kw
    hours = np.tile(degree_hours(temp_air_c, f["heat_pump.heating_threshold_c"]), (len(schedules.uses), 1))
    known = np.flatnonzero(model.sum(axis=1) > 0)
    hours[known] = model[known]
    return normalised(hours)


def capacity_share(temp_air_c: Floats, source: str, f: Mapping[str, float]) -> Floats:
    r"""Return the heat that a pump can give, as a share of the greatest heat of the year.

    .. math:: c_t = s \, (1 + k (T_t - T_{coldest}))

    Outdoor air gives less the colder it is; the ground stays as it is. The share holds in the coldest hour.

    Parameters
    ----------
    temp_air_c : array (hours,)
        [degC]
    source : str
        ``"air"`` or ``"ground"``.
    f : mapping
        The year's factors.

    Returns
    -------
    array (hours,)
        [1]

    Examples
    --------
    >>> f = {"heat_pump.share_of_peak": 0.7, "heat_pump.air_capacity_per_k": 0.02}
    >>> capacity_share(np.array([-15.0, 10.0]), "air", f).round(6).tolist()
    [0.7, 1.05]
    """
    slope = f["heat_pump.air_capacity_per_k"] if source == "air" else 0.0
    return f["heat_pump.share_of_peak"] * (1 + slope * (temp_air_c - temp_air_c.min()))


def pump_electricity(heat: Floats, cop: Floats, capacity: Floats) -> Floats:
    r"""Return the electricity of heat pumps with a heater for what they can not give.

    .. math:: e_t = \min(q_t, c_t) / COP_t + \max(q_t - c_t, 0)

    Parameters
    ----------
    heat : array (..., hours)
        Heat, in any unit.
    cop : array (hours,)
        [1]
    capacity : array (..., hours)
        Greatest heat of the pump, in the unit of `heat`.

    Returns
    -------
    array (..., hours)
        In the unit of `heat`.

    Examples
    --------
    >>> pump_electricity(np.array([2.0, 6.0]), np.array([4.0, 2.0]), np.array([4.0, 4.0])).tolist()
    [0.5, 4.0]
    """
    pumped = np.minimum(heat, capacity)
    return pumped / cop + (heat - pumped)


def cooling_shape(temp_air_c: Floats, f: Mapping[str, float]) -> Floats:
    """Return hours of cooling by kind of use without a model: degrees above a limit while the premises are in use.

    Parameters
    ----------
    temp_air_c : array (8760,)
        [degC]
    f : mapping
        The year's factors.

    Returns
    -------
    array (kinds, 8760)
        Share of the year's cooling; nothing where no hour is so warm.
    """
    schedules = Schedules.standard()
    degrees = np.maximum(temp_air_c - f["cooling.above_c"], 0.0)
    in_use = degrees * ~schedules.reduced
    return normalised(np.where(in_use.any(axis=1, keepdims=True), in_use, degrees))


def cooling_shapes(
    buildings: pd.DataFrame,
    drivers: Drivers,
    season_outdoor_c: float,
    temp_air_c: Floats,
    f: Mapping[str, float],
    most: int = 25,
) -> Floats:
    """Return the hours of cooling by kind of use, from the hourly model of the largest buildings with cooling.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        Every physical property filled.
    drivers, season_outdoor_c, temp_air_c, f
        As for :func:`heat_shapes`.
    most : int
        So many buildings of a kind are followed hour by hour.

    Returns
    -------
    array (kinds, 8760)
        Share of the year's cooling; a kind without cooling in the model follows :func:`cooling_shape`.
    """
    hours = cooling_shape(temp_air_c, f)
    area = buildings["floor_area_m2"]
    cooled = buildings[buildings["cooling_set_point_c"].notna() & (area > 0)].sort_values(
        "floor_area_m2", kind="stable"
    )
    chosen = cooled.groupby("use", observed=True).tail(most)
    if len(chosen):
        kind = Schedules.standard().rows(chosen["use"]).astype(np.int64)
        found = trace(building_steps(chosen, season_outdoor_c, f), drivers, kind).cool_kw
        for k in np.unique(kind):
            of_kind = found[:, kind == k].sum(axis=1)
            hours[k] = of_kind if of_kind.any() else hours[k]
    return normalised(hours)


def end_uses(
    needs: pd.DataFrame,
    buildings: pd.DataFrame,
    space: Floats,
    temp_air_c: Floats,
    f: Mapping[str, float],
    cool: Floats | None = None,
) -> tuple[EndUse, ...]:
    """Return every end use inside the buildings; charging and solar cells are added by their own functions.

    Parameters
    ----------
    needs : DataFrame (n rows)
        The year's results: household_, property_ and heat_pump_electricity_kwh, direct_electric_kwh, heat_need_kwh,
        hot_water_need_kwh, cooling_electricity_kwh.
    buildings : DataFrame (n rows)
        As they stand in the year: use, heating, radiator_at_0_c; the air flow of those with a pump on exhaust air.
    space : array (kinds, 8760)
        From :func:`heat_shapes`.
    temp_air_c : array (8760,)
        [degC]
    f : mapping
        The year's factors.
    cool : array (kinds, 8760), optional
        From :func:`cooling_shapes`; without it cooling follows :func:`cooling_shape`.

    Returns
    -------
    tuple of EndUse
        Each sums to the year's result, so that all together are the building's electricity without charging.

    Raises
    ------
    SchemaError
        Listing every column of `needs` that is missing, blank or negative, and heating without heat.
    TwinError
        When hours of heat are no shares of a year, or premises are cooled in a year without a warm hour.
    """
    _refuse_nonsense(needs, buildings)
    schedules = Schedules.standard()
    kind = schedules.rows(buildings["use"]).astype(np.int64)
    _refuse_shapes(space, kind, needs, schedules.uses)
    of = {c: needs[c].to_numpy(float) for c in _NEEDED}
    found = [
        EndUse.of("household", kind, of["household_electricity_kwh"], schedules.household_electricity),
        EndUse.of("property", kind, of["property_electricity_kwh"], schedules.property_electricity),
        _direct(of, kind, space),
        _heat_pumps(of, buildings, kind, space, temp_air_c, f),
    ]
    cold, shapes = of["cooling_electricity_kwh"], cooling_shape(temp_air_c, f) if cool is None else cool
    if cold[shapes.sum(axis=1)[kind] <= 0].any():
        raise TwinError(
            f"premises are cooled, but no hour is above cooling.above_c ({f['cooling.above_c']:g} degC); lower it in the factors"
        )
    return (*found, EndUse.of("cooling", kind, cold, shapes))


def _direct(of: Mapping[str, Floats], kind: Whole, space: Floats) -> EndUse:
    """Share direct electric heat out by the needs of space heat and hot water."""
    bought, heat = of["direct_electric_kwh"], of["heat_need_kwh"]
    at = np.flatnonzero(bought > 0)
    to_space = bought[at] * heat[at] / (heat + of["hot_water_need_kwh"])[at]
    return EndUse(
        "direct_electric",
        np.concatenate([at, at]),
        np.concatenate([kind[at], kind[at] + len(space)]),
        np.concatenate([to_space, np.maximum(bought[at] - to_space, 0.0)]),
        np.vstack([space, Schedules.standard().hot_water]),
    )


def _heat_pumps(
    of: Mapping[str, Floats],
    buildings: pd.DataFrame,
    kind: Whole,
    space: Floats,
    temp_air_c: Floats,
    f: Mapping[str, float],
) -> EndUse:
    """Share the pumps' electricity out: space heat by source, class of water temperature and use; water by source and use.

    Classes are whole degrees of the supply temperature at 0 degC outdoors. The heat of the hourly model says how much of
    a building's year goes to space heat and how much to hot water; together they are the year's result. That result knows
    no heater for the coldest hours, so that the hours are scaled down to it: by some 2 % on air and 8 % on the ground.
    On exhaust air the result knows it; what a pump gives there depends on the building's air besides.
    """
    bought = of["heat_pump_electricity_kwh"]
    radiator = np.rint(buildings["radiator_at_0_c"].to_numpy(float)).astype(np.int64)
    hot_water = Schedules.standard().hot_water
    kinds, count = len(space), 0
    parts: list[tuple[Whole, Whole, Floats]] = []
    shapes: list[Floats] = []
    for heating, source in _PUMPS.items():
        at = np.flatnonzero((buildings["heating"] == heating).to_numpy(bool) & (bought > 0))
        classes, of_class = np.unique(radiator[at], return_inverse=True)
        most = space.max(axis=1)[:, None] * capacity_share(temp_air_c, source, f)
        cops = [hourly_cop(temp_air_c, source, t - temp_air_c, f) for t in classes]
        for_space = np.vstack([pump_electricity(space, cop, most) for cop in cops] or [np.zeros((0, len(temp_air_c)))])
        for_water = hot_water / hourly_cop(temp_air_c, source, f["heat_pump.hot_water_c"], f)
        row = of_class * kinds + kind[at]
        to_space = of["heat_need_kwh"][at] * for_space.sum(axis=1)[row]
        to_water = of["hot_water_need_kwh"][at] * for_water.sum(axis=1)[kind[at]]
        energy = bought[at] * to_space / (to_space + to_water)
        parts.append((at, row + count, energy))
        parts.append((at, kind[at] + count + len(for_space), bought[at] - energy))
        shapes += [for_space, for_water]
        count += len(for_space) + len(for_water)
    at = np.flatnonzero((buildings["heating"] == _EXHAUST).to_numpy(bool) & (bought > 0))
    if len(at):
        row, for_space, to_space = _on_exhaust_air(of, buildings, at, radiator, kind, space, temp_air_c, f)
        parts.append((at, row + count, to_space))
        parts.append((at, kind[at] + count + len(for_space), bought[at] - to_space))
        shapes += [for_space, hot_water]
    building, shape, energy_kwh = (np.concatenate(column) for column in zip(*parts, strict=True))
    return EndUse("heat_pumps", building, shape, np.maximum(energy_kwh, 0.0), normalised(np.vstack(shapes)))


def _on_exhaust_air(
    of: Mapping[str, Floats], buildings: pd.DataFrame, at: Whole, radiator: Whole, kind: Whole, space: Floats,
    temp_air_c: Floats, f: Mapping[str, float],
) -> tuple[Whole, Floats, Floats]:  # fmt: skip
    """Return the shape of space heat that each building follows, the shapes, and what space heat takes [kWh]."""
    heat, water = of["heat_need_kwh"][at], of["hot_water_need_kwh"][at]
    for_water, left = exhaust_air.hot_water(water, exhaust_air.air_heat_kw(buildings.iloc[at], f), f)
    row, shapes = exhaust_air.space_shapes(heat, left, radiator[at], kind[at], space, temp_air_c, f)
    to_space = heat * shapes.sum(axis=1)[row]
    return row, shapes, of["heat_pump_electricity_kwh"][at] * to_space / (to_space + for_water)


def _refuse_shapes(space: Floats, kind: Whole, needs: pd.DataFrame, uses: tuple[str, ...]) -> None:
    """Raise when the hours of heat of a kind of use that needs any are not a year's shares."""
    needed = np.bincount(kind, needs["heat_need_kwh"].to_numpy(float), len(uses)) > 0
    if space.shape[0] != len(uses):
        raise TwinError(
            f"hours of space heat are given for {space.shape[0]} kinds of use; give one row for each of {uses}"
        )
    wrong = needed & ~(np.abs(space.sum(axis=1) - 1) < 1e-9)
    if wrong.any():
        names = ", ".join(np.array(uses)[wrong])
        raise TwinError(f"hours of space heat of {names} do not sum to 1; give each hour's share of the year")


def _refuse_nonsense(needs: pd.DataFrame, buildings: pd.DataFrame) -> None:
    """Raise for every problem of the year's results at once."""
    names = (buildings["building_id"] if "building_id" in buildings else buildings.index.to_series()).astype(str)
    problems = []

    def tell(column: str, bad: npt.NDArray[np.bool_], rule: str) -> None:
        if bad.any():
            problems.append(Problem("buildings", column, rule, int(bad.sum()), names.iloc[int(np.flatnonzero(bad)[0])]))

    for column in _NEEDED:
        if column not in needs:
            problems.append(Problem("buildings", column, "is missing; take the results of energy.simulate"))
            continue
        values = needs[column].to_numpy(float)
        tell(column, ~np.isfinite(values), "is blank; the hours need the year's result")
        tell(column, values < 0, "is negative; energy bought in a year is 0 or more")
    if problems:
        raise SchemaError(problems)
    nothing = needs["heat_need_kwh"].to_numpy(float) + needs["hot_water_need_kwh"].to_numpy(float) <= 0
    for column in ("direct_electric_kwh", "heat_pump_electricity_kwh"):
        bought = needs[column].to_numpy(float) > 0
        tell(column, bought & nothing, "is bought, but no heat is needed; correct one of the two")
    pumps = buildings["heating"].isin([*_PUMPS, _EXHAUST]).to_numpy(bool)
    bought = needs["heat_pump_electricity_kwh"].to_numpy(float) > 0
    tell("heating", bought & ~pumps, "is no heat pump, but electricity for one is bought; correct one of the two")
    blank = buildings["radiator_at_0_c"].isna().to_numpy(bool)
    tell("radiator_at_0_c", bought & blank, "is blank; the heat pump needs the temperature of its water")
    if problems:
        raise SchemaError(problems)
