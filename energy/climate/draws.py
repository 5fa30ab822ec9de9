"""Draws of all uncertain factors at once, and what the city's indicators are in each.

A factor moves as one: its rows of all years lie at the same quantile of their ranges. Factors are drawn independently.
A factor that the scenario sets is decided, not drawn. The same seed draws the same world for every scenario, so that the
difference between two scenarios is not noise.

Every draw is a run of the whole model. What no draw changes is kept from one run of the best estimates.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.hourly import building_steps, stock_drivers
from energy.buildings.kernel import Drivers, simulate_year
from energy.buildings.schedules import Schedules
from energy.climate.uncertainty import lognormal, triangular, unit_draws
from energy.indicators import INDICATORS
from energy.memory import Memory
from energy.plan import adopted
from energy.results import place_values
from energy.simulate import Model
from energy.stock import Stock
from twin.errors import TwinError
from twin.factors import Factor, Factors

__all__ = ["Draws", "drawn", "reached", "run", "uncertain"]

Floats = npt.NDArray[np.float64]
Shape = Literal["triangular", "lognormal"]
_HOURLY = ("heat_peak_kw", "cooling_need_kwh", "overheating_h", "overheating_kh")


@dataclass(frozen=True)
class Draws:
    """The city in many possible worlds.

    Attributes
    ----------
    keys : tuple of str
        The factors drawn.
    points : array (draws, factors)
        Where each lies in its range, from 0 to 1.
    indicators : DataFrame (draws rows)
        The city's indicators, by name.
    """

    keys: tuple[str, ...]
    points: Floats
    indicators: pd.DataFrame


def drawn(factors: Factors, points: Mapping[str, float], shape: Shape = "triangular") -> Factors:
    """Return factors where each key lies at a quantile of its range, in every year.

    Parameters
    ----------
    factors : Factors
    points : mapping of str to float
        Quantile by key, 0 to 1.
    shape : str
        ``"triangular"``: low and high are the outermost values and the value the most likely one; ``"lognormal"``: the
        value is the median, low and high the 5th and 95th percentile, held within 1 where the unit is a share. A key
        whose range touches 0 is drawn from the triangle.

    Examples
    --------
    >>> half = drawn(Factors.read(), {"district_heating.loss_share": 0.0})
    >>> half.at(2024)["district_heating.loss_share"] == Factors.read()["district_heating.loss_share"][0].low
    True
    """
    of = [(row, u) for key, u in points.items() for row in factors[key]]
    u, low, value, high = np.array([(u, r.low, r.value, r.high) for r, u in of], float).reshape(-1, 4).T
    found = triangular(u, low, value, high)
    if shape == "lognormal":
        at = low > 0
        found[at] = lognormal(u[at], low[at], value[at], high[at])
        shares = at & np.array([r.unit == "1" and r.high <= 1 for r, _ in of], bool)
        found[shares] = np.minimum(found[shares], 1.0)
    rows: dict[str, list[Factor]] = {key: [] for key in points}
    for (row, _), v in zip(of, found.tolist(), strict=True):
        rows[row.key].append(replace(row, value=v, low=min(row.low, v), high=max(row.high, v)))
    return Factors({**factors, **{key: tuple(new) for key, new in rows.items()}})


def uncertain(factors: Factors, keys: Collection[str], decided: Collection[str] = ()) -> tuple[str, ...]:
    """Return which of the keys have a range and are not decided."""
    return tuple(k for k in sorted(keys) if k not in decided and any(r.low < r.high for r in factors[k]))


def reached(model: Model, year: int, factors: Factors) -> tuple[frozenset[str], frozenset[str]]:
    """Return the factors that the yearly model reads, and those of them or others that reach the hourly one.

    A factor reaches the hourly model when it is read there, in the stock's making, or by a measure.
    """
    yearly = Factors(dict(factors))
    replace(model, prepared=Memory()).year(year, yearly, Memory(), None)
    hourly = Factors(dict(factors))
    f0, f = hourly.at(model.city.base_year), hourly.at(year)
    stock = Stock.of(model.city, Memory(), f0)
    if stock.weather is not None:
        buildings = adopted(stock.buildings, "buildings", model.adoption, year, f)
        _hours(stock, buildings, stock_drivers(stock.weather, f), f)
    return frozenset(yearly.used), frozenset(hourly.used) if stock.weather is not None else frozenset()


def run(
    model: Model,
    year: int,
    factors: Factors,
    draws: int,
    *,
    seed: int = 1,
    decided: Collection[str] = (),
    hourly: bool = True,
    shape: Shape = "triangular",
    points: Floats | None = None,
    keys: Collection[str] | None = None,
    threads: int | None = None,
) -> Draws:
    """Return the city's indicators in many draws of its uncertain factors.

    Parameters
    ----------
    model : Model
        A city and a plan.
    year : int
    factors : Factors
        The scenario's.
    draws : int
    seed : int
        Of the Latin hypercube.
    decided : collection of str
        Factors that are not drawn: those that the scenario sets.
    hourly : bool
        Run the hourly model of heat too, where the city has weather.
    shape : str
        See :func:`drawn`.
    points : array (draws, factors), optional
        Quantiles instead of a Latin hypercube, such as those of :func:`energy.climate.uncertainty.saltelli`.
    keys : collection of str, optional
        The factors to draw; all that the model reads and that have a range without it. To compare scenarios, give both
        the same, so that both are run in the same worlds.
    threads : int, optional
        Draws that are run at a time; as many as the machine has without it. The result does not depend on it.

    Raises
    ------
    TwinError
        When the points are not one column for each key.
    """
    if keys is None:
        yearly, hours = reached(model, year, factors)
        keys = yearly | hours if hourly else yearly
    chosen = uncertain(factors, keys, decided)
    at = unit_draws(draws, len(chosen), seed) if points is None else np.asarray(points, float)
    if at.shape != (draws, len(chosen)):
        raise TwinError(f"the points have the shape {at.shape}, not {draws} draws of {len(chosen)} factors")
    kept, of_year = Memory(), Memory()
    base = replace(model, prepared=kept)
    _city(base, year, Factors(dict(factors)), of_year, hourly=hourly)

    def one(u: Floats) -> dict[str, float]:
        other = drawn(factors, dict(zip(chosen, u.tolist(), strict=True)), shape)
        return _city(replace(model, prepared=Memory(kept)), year, other, Memory(of_year), hourly=hourly)

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        rows = list(pool.map(one, at))
    return Draws(chosen, at, pd.DataFrame(rows))


def _city(model: Model, year: int, factors: Factors, memory: Memory, *, hourly: bool) -> dict[str, float]:
    """Return the whole city's indicators."""
    stock, f = model.stock(factors), factors.at(year)
    hours: dict[str, float] = {}
    cooling: Floats | None = None
    if hourly and stock.weather is not None:
        buildings = memory("renovated", adopted, stock.buildings, "buildings", model.adoption, year, f=f)
        drivers = model.drivers(stock, f)
        hours, cooling = memory("hours", _hours, stock, buildings, drivers, f=f)
    frames = model.year(year, factors, memory, cooling)
    values = place_values(frames, stock.places, hourly=False)
    return {name: float(v[-1]) for name, v in values.items()} | hours


def _hours(
    stock: Stock, buildings: pd.DataFrame, drivers: Drivers, f: Mapping[str, float]
) -> tuple[dict[str, float], Floats]:
    """Return the city's hourly indicators and each building's need for cooling, from the hourly model in 32-bit numbers and on one thread.

    As :func:`energy.hourly_figures.hourly_figures`, but for the city alone: 32 bits err by some 1e-5 of a sum.
    """
    heated = buildings["floor_area_m2"].to_numpy(float) > 0
    inside = buildings[heated]
    area = inside["floor_area_m2"].to_numpy(float)
    year = simulate_year(
        building_steps(inside, stock.season.outdoor_c, f),
        drivers,
        Schedules.standard().rows(inside["use"]).astype(np.int64),
        zone=np.zeros(len(inside), np.int64),
        dtype=np.float32,
        threads=1,
    )
    cooled = inside["cooling_set_point_c"].notna().to_numpy(bool)
    cooling = np.zeros(len(buildings))
    cooling[heated] = np.where(cooled, year.cool_kwh.sum(axis=0), 0.0)
    peak_kw = float(year.zone_heat_kw.sum(axis=0).max(initial=0.0)) * f["heat.model_scale"]
    whole = area.sum() if len(area) else np.nan
    found = (
        peak_kw,
        float(cooling.sum()),
        float(year.warm_hours @ area / whole),
        float(year.warm_kh @ area / whole),
    )
    return {name: value for name, value in zip(_HOURLY, found, strict=True) if name in INDICATORS}, cooling
