"""What packages of measures do to each building, and what plans for the roads do to the city, by the real model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.accounts import with_emissions
from energy.buildings.demand import demand
from energy.buildings.hourly import hourly_demand, stock_drivers
from energy.buildings.kernel import Drivers
from energy.district_heating.supply.network import Delivery
from energy.electrification.load import charging_kwh, with_electricity
from energy.investment import amounts
from energy.memory import Memory
from energy.mobility.traffic import traffic
from energy.plan import NEVER, Adoption, adopted
from energy.scenario import Step
from energy.stock import Stock
from twin import reference
from twin.factors import Factors
from twin.registry import MEASURES

__all__ = ["Bench", "Effect", "RoadPlan", "own_cost_sek", "priced"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Package = tuple[int, ...]
_Stand = tuple[tuple[int, float], ...]  # which measures have begun on the streets, and how far each has come
_UNSEEN_BY_HOURS = {"heating", "pv_area_m2", "radiator_at_0_c"}  # columns that the need for cooling does not rest on
_NO_HEAT = Delivery(0.0, 0.0, 0.0, 0.0, pd.DataFrame(), 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Effect:
    """One year of all buildings under one package, without what couples them.

    Attributes
    ----------
    own_kg : array (buildings,)
        Territorial emissions without district heating and charging [kgCO2e].
    electricity_kwh : array (buildings,)
        Without charging [kWh].
    delivered_kwh, hot_water_kwh : array (buildings,)
        District heating, and the useful hot water of those on the network [kWh].
    after : DataFrame (buildings,)
        As they then stand.
    """

    own_kg: Floats
    electricity_kwh: Floats
    delivered_kwh: Floats
    hot_water_kwh: Floats
    after: pd.DataFrame


@dataclass(frozen=True)
class RoadPlan:
    """When each measure on roads begins, and what that does.

    Attributes
    ----------
    starts : tuple of (int or None)
        By candidate; None where it is not done or acts on buildings.
    co2e_kg : array (years,)
        Of traffic, and of the electricity that is charged [kgCO2e].
    charged_kwh : array (years, grid areas)
        [kWh]
    """

    starts: tuple[int | None, ...]
    co2e_kg: Floats
    charged_kwh: Floats


@dataclass(frozen=True)
class Bench:
    """The city and the candidates, ready to be calculated package by package.

    Attributes
    ----------
    stock : Stock
    steps : tuple of Step
        The candidates.
    eligible : tuple of array of bool
        Which buildings, or roads, each may change.
    years : tuple of int
    factors : Factors
    stands_from : array (buildings,) of int
        As of :class:`energy.plan.Adoption`.
    shared : Memory
        Of all packages.
    """

    stock: Stock
    steps: tuple[Step, ...]
    eligible: tuple[Bools, ...]
    years: tuple[int, ...]
    factors: Factors
    stands_from: npt.NDArray[np.int32]
    shared: Memory = field(default_factory=Memory)
    warm: dict[Package, Adoption] = field(default_factory=dict)

    def all_of(self, package: Package) -> Bools:
        """Return the buildings that can take a whole package."""
        out = np.ones(len(self.stock.buildings), bool)
        for k in package:
            out &= self.eligible[k]
        return out

    def adoption(self, package: Package) -> Adoption:
        """Return the plan in which all that can take a package have it from the first year on."""
        first = self.years[0]
        steps = tuple(self.steps[k].model_copy(update={"start": first, "end": first}) for k in package)
        when = np.where(self.all_of(package), first, NEVER).astype(np.int32)
        return Adoption(steps, (when,) * len(steps), (), self.stands_from)

    def effects(self, package: Package) -> list[Effect]:
        """Return what a package does in each year to those that can take it; all others stay as they are."""
        adoption, memory, first = self.adoption(package), Memory(), self.years[0]
        out, f = [], self.factors.at(first)
        driven = self.shared("traffic", traffic, self.shared("streets", self.stock.roads_in, f=f), f=f)
        for year in self.years:
            f = self.factors.at(year)
            after = memory("after", adopted, self.stock.buildings, "buildings", adoption, self._seen(year), f=f)
            cooling = self._cooling(package, year, f)
            needs = memory("needs", _needs, after, self.stock, cooling, f=f)
            used = memory("electricity", with_electricity, self.stock, needs, driven, f=f)
            electricity = (used["electricity_kwh"] - used["ev_charging_kwh"]).to_numpy(float)
            own = used.assign(electricity_kwh=electricity)
            emitted = with_emissions(own, _NO_HEAT, f, streets=False)["co2e_territorial_kg"]
            on_network = (after["heating"] == "district_heating").to_numpy(bool)
            out.append(
                Effect(
                    np.nan_to_num(emitted.to_numpy(float)),
                    electricity,
                    used["district_heating_kwh"].to_numpy(float),
                    np.where(on_network, used["hot_water_need_kwh"].to_numpy(float), 0.0),
                    after,
                )
            )
        return out

    def _seen(self, year: int) -> int:
        """Return the year as buildings see it: all the same where none is built meanwhile, so that it is calculated once."""
        return year if (self.stands_from > self.years[0]).any() else self.years[0]

    def _cooling(self, package: Package, year: int, f: Mapping[str, float]) -> Floats | None:
        """Return the need for cooling; packages that differ in what it does not rest on share it."""
        if self.stock.weather is None:
            return None
        warm = tuple(k for k in package if not set(MEASURES[self.steps[k].measure].changes) <= _UNSEEN_BY_HOURS)
        if warm not in self.warm:
            self.warm[warm] = self.adoption(warm)
        drivers = self.shared("drivers", stock_drivers, self.stock.weather, f=f)
        of_warm: Floats = self.shared(
            f"cooling {warm}", _cooling_kwh, self.stock, self.warm[warm], self._seen(year), drivers, f=f
        )
        if len(warm) == len(package):
            return of_warm
        base = self._cooling((), year, f)
        return None if base is None else self.shared(f"mixed {package}", _mixed, self, package, of_warm, base, f=f)

    def cost_sek(self, package: Package, effects: Sequence[Effect]) -> Floats:
        """Return what each measure of a package costs in each building by the table of prices, by year of the work.

        Returns
        -------
        array (measures, years, buildings)
            Blank where there is no price [SEK].
        """
        memory = Memory()
        return np.stack(
            [
                memory("cost", _bought_sek, self.stock.buildings, effect.after, self, package, f=self.factors.at(year))
                for year, effect in zip(self.years, effects, strict=True)
            ],
            axis=1,
        )

    def road_plans(self, spans: Mapping[int, Sequence[int]]) -> list[RoadPlan]:
        """Return every way of beginning the measures on roads; the first does none.

        Two measures that write the same column of the same road are not done together.

        Parameters
        ----------
        spans : mapping of int to sequence of int
            By candidate, the years in which it may begin.
        """
        ways = []
        for starts in product(*((None, *spans[k]) for k in spans)):
            begun = {k: s for k, s in zip(spans, starts, strict=True) if s is not None}
            if self._together(tuple(begun)):
                ways.append({k: self.road_step(k, s) for k, s in begun.items()})
        found = [self._roads(ways, year) for year in self.years]
        return [
            RoadPlan(
                tuple(steps[k].start if k in steps else None for k in range(len(self.steps))),
                np.array([of_year[w][0] for of_year in found]),
                np.array([of_year[w][1] for of_year in found]),
            )
            for w, steps in enumerate(ways)
        ]

    def road_step(self, k: int, start: int) -> Step:
        """Return a measure on roads as it is done when it begins in a year."""
        step = self.steps[k]
        end = step.end if MEASURES[step.measure].gradual else start
        return step.model_copy(update={"start": start, "end": max(end, start)})

    def _together(self, package: Package) -> bool:
        for i, a in enumerate(package):
            for b in package[:i]:
                same = set(MEASURES[self.steps[a].measure].changes) & set(MEASURES[self.steps[b].measure].changes)
                if same and (self.eligible[a] & self.eligible[b]).any():
                    return False
        return True

    def _roads(self, ways: Sequence[Mapping[int, Step]], year: int) -> list[tuple[float, Floats]]:
        """Return the emissions of traffic and charging, and what is charged in each grid area, by way of doing things.

        Ways that stand alike in the year, or do so after their first measures, share what is calculated.
        """
        f = self.factors.at(year)
        streets: dict[_Stand, pd.DataFrame] = {(): self.stock.roads_in(f)}
        states: dict[_Stand, tuple[float, Floats]] = {}
        out = []
        for steps in ways:
            key: _Stand = ()
            for k, step in steps.items():
                if step.start <= year:
                    before, key = key, (*key, (k, _progress(step, year)))
                    if key not in streets:
                        streets[key] = self._after(streets[before], k, step, year, f)
            if key not in states:
                states[key] = self._driven(streets[key], year, f)
            out.append(states[key])
        return out

    def _after(self, streets: pd.DataFrame, k: int, step: Step, year: int, f: Mapping[str, float]) -> pd.DataFrame:
        when = np.where(self.eligible[k], step.start, NEVER).astype(np.int32)
        return adopted(streets, "roads", Adoption((step,), (when,), (), self.stands_from), year, f)

    def _driven(self, streets: pd.DataFrame, year: int, f: Mapping[str, float]) -> tuple[float, Floats]:
        driven = traffic(streets, f)
        area = self.stock.buildings["floor_area_m2"].to_numpy(float)
        charged = charging_kwh(self.stock, np.where(self.stands_from > year, 0.0, area), driven, f)
        inside = self.stock.grid_area >= 0
        per_area = np.bincount(
            self.stock.grid_area[inside], charged[inside], minlength=len(self.stock.grid_areas)
        ).astype(float)
        exhaust = float(np.nan_to_num(driven["co2e_territorial_kg"].to_numpy(float)).sum())
        return exhaust + float(charged.sum()) * f["electricity.territorial"], per_area


def _progress(step: Step, year: int) -> float:
    return min(1.0, (year - step.start + 1) / (step.end - step.start + 1))


def _needs(buildings: pd.DataFrame, stock: Stock, cooling: Floats | None, f: Mapping[str, float]) -> pd.DataFrame:
    return demand(buildings, stock.season, f, cooling)


def _cooling_kwh(stock: Stock, adoption: Adoption, year: int, drivers: Drivers, f: Mapping[str, float]) -> Floats:
    """Return the heat that cooling removes from each building; only those that are cooled are calculated."""
    cooled = stock.buildings["cooling_set_point_c"].notna().to_numpy(bool)
    out = np.zeros(len(cooled))
    if cooled.any():
        now = adopted(stock.buildings, "buildings", adoption, year, f)[cooled]
        out[cooled] = hourly_demand(now, drivers, stock.season.outdoor_c, f).cool_kwh.sum(axis=0)
    return out


def _mixed(bench: Bench, package: Package, of_warm: Floats, base: Floats, f: Mapping[str, float]) -> Floats:
    _ = f
    return np.where(bench.all_of(package), of_warm, base)


def priced(step: Step) -> pd.DataFrame:
    """Return what a measure buys by ``twin/data/measure_costs.csv``; without rows where it has no price."""
    prices = reference.table("measure_costs")
    rows = prices[[step.measure in names.split("|") for names in prices["measures"]]]
    return rows if MEASURES[step.measure].table == "buildings" else rows.iloc[:0]


def _bought_sek(
    before: pd.DataFrame, after: pd.DataFrame, bench: Bench, package: Package, f: Mapping[str, float]
) -> Floats:
    """Return the bill of :func:`energy.investment.bill` building by building, shape (measures, buildings)."""
    there = amounts(before, after, f)
    out = np.zeros((len(package), len(before)))
    for row, k in enumerate(package):
        items = priced(bench.steps[k]).fillna({"to": ""})
        if items.empty:
            out[row] = np.nan
        for item in items.to_dict("records"):
            old, new = before[item["changes"]].to_numpy(object), after[item["changes"]].to_numpy(object)
            bought = np.asarray(old != new, bool) & ~(pd.isna(old) & pd.isna(new))
            if item["to"]:
                bought &= np.asarray(new == item["to"], bool)
            quantity = np.where(bought, there[item["quantity"]], 0.0)
            out[row] += np.where(quantity != 0, quantity * float(item["cost_sek_per_unit"]), 0.0)
    return out


def own_cost_sek(step: Step, start: int, end: int, years: Sequence[int]) -> Floats:
    """Return what the costs that a step itself states amount to, year by year; undiscounted.

    What is spent once is spread evenly from `start` to `end`; what is spent each year counts from `start` to the last of
    `years`, at most for the lifetime.

    Returns
    -------
    array (years + 1,)
        The last is spent after all years [SEK].

    Examples
    --------
    >>> from energy.register import Cost
    >>> step = Step(measure="night_setback", cost=(Cost(kind="capex", sek=90.0, price_year=2024),))
    >>> own_cost_sek(step, 2026, 2028, (2025, 2026, 2027)).tolist()
    [0.0, 30.0, 30.0, 30.0]
    """
    out = np.zeros(len(years) + 1)
    last = years[-1] if step.lifetime_years is None else min(years[-1], start + int(step.lifetime_years) - 1)
    for cost in step.cost:
        if cost.kind == "capex":
            for year in range(start, end + 1):
                at = years.index(year) if year in years else len(years)
                out[at] += cost.sek / (end - start + 1)
        else:
            out[:-1] += [cost.sek if start <= y <= last else 0.0 for y in years]
    return out
