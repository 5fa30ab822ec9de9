"""The emissions, or the cost, of every set of a plan's measures: who does what is planned once, then some are left out.

Were adoption planned anew for each set, a step that is left out would set its buildings free for another, and the sets
would not be of the same measures. So the whole plan is made once, and the steps that are out are masked.

A building's own energy depends on its own measures alone. It is calculated once for every set of those that it adopts,
mostly none or one, instead of once for every set of the city's. What couples the buildings is run for every set: the
district heating, whose plants follow the sum of all heat, and the cars that residents charge, which follow the streets.

What is calculated is energy by carrier. A :class:`Value` says what it is worth: emissions in an account, or money. The
same runs serve every value, and since a value is linear in the carriers, shares add up in kilograms as in kronor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.demand import demand
from energy.buildings.hourly import hourly_demand
from energy.climate.attribution import MOST
from energy.climate.coalition_states import States, ranks, subsets
from energy.climate.values import Emissions, Value
from energy.district_heating.supply import network
from energy.electrification.heat_pumps import degree_hours
from energy.memory import Memory
from energy.plan import Adoption, adopted
from energy.scenario import Step
from energy.simulate import Model
from energy.stock import Stock
from twin.errors import PluginError, TwinError, did_you_mean
from twin.factors import Factors, YearFactors
from twin.registry import MEASURES

__all__ = ["Coalitions", "labels", "masked"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
_SAME = 1e-9
_MOST_STATES = 16_000_000  # of seven numbers, some 1 GB
_FUELS = ("electricity_kwh", "pv_kwh", "oil_kwh", "gas_kwh", "biofuel_kwh")
_CARRIERS = (*_FUELS, "ev_charging_kwh", "district_heating_kwh")
_RUNS = ("_memory", "_driven", "_supplied", "_states", "_frames")  # what does not depend on the value


def masked(adoption: Adoption, keep: Sequence[bool]) -> Adoption:
    """Return the plan with some of its steps only; who adopts those, and when, stays.

    Parameters
    ----------
    adoption : Adoption
        Of all steps.
    keep : sequence of bool
        By step.

    Examples
    --------
    >>> plan = Adoption((Step(measure="make_airtight"), Step(measure="night_setback")), (np.array([2026]), np.array([2027])), (), np.zeros(1, int))
    >>> [s.measure for s in masked(plan, [False, True]).steps]
    ['night_setback']
    """
    at = [k for k, kept in enumerate(keep) if kept]
    steps, years = tuple(adoption.steps[k] for k in at), tuple(adoption.years[k] for k in at)
    return replace(adoption, steps=steps, years=years, conflicts=())


def labels(steps: Sequence[Step], by: str | Sequence[str] = "step") -> list[str]:
    """Return the group of every step.

    Parameters
    ----------
    steps : sequence of Step
    by : str or sequence of str
        ``"step"``: each on its own; a text of the steps, such as ``"responsible"`` or ``"measure"``; or the groups
        themselves, one for each step, such as programmes.

    Raises
    ------
    TwinError
        When steps have no such text, or the groups are not one for each step.

    Examples
    --------
    >>> two = (Step(measure="make_airtight", responsible="Higab"), Step(measure="night_setback", name="Natt"))
    >>> labels(two), labels(two, "responsible")
    (['1 make_airtight', '2 Natt'], ['Higab', ''])
    """
    if not isinstance(by, str):
        if len(by) != len(steps):
            raise TwinError(f"{len(by)} groups were named for {len(steps)} steps; name one for each")
        return list(by)
    if by == "step":
        return [f"{k + 1} {s.name or s.measure}" for k, s in enumerate(steps)]
    known = ["step", "measure", "name", "responsible", "payer", "status", "source"]
    if by not in known:
        raise TwinError(f"steps can not be grouped by {by!r}{did_you_mean(by, known)}")
    return [str(getattr(s, by)) for s in steps]


@dataclass(frozen=True)
class Coalitions:
    """A plan's measures in every combination, for one year and one value.

    Attributes
    ----------
    model : Model
        The city with the whole plan (:func:`energy.plan.plan` of all steps).
    factors : Factors
        The scenario's; they hold in every combination.
    year : int
    account : str or Value
        Emissions: ``territorial``, ``lifecycle`` or ``marginal``; or what else energy is worth, such as money.
    groups : tuple of str
        The group of each step (:func:`labels`); those that share a text are one player.
    """

    model: Model
    factors: Factors
    year: int
    account: str | Value
    groups: tuple[str, ...]

    def __post_init__(self) -> None:
        _ = self._value
        if len(self.groups) != len(self.model.adoption.steps):
            raise TwinError(f"{len(self.groups)} groups were named for {len(self.model.adoption.steps)} steps")

    @cached_property
    def _value(self) -> Value:
        return Emissions(self.account) if isinstance(self.account, str) else self.account

    def valued(self, account: str | Value) -> Coalitions:
        """Return the same combinations with another value; what has been run is not run again."""
        other = replace(self, account=account)
        other.__dict__.update({name: getattr(self, name) for name in _RUNS})
        return other

    @cached_property
    def players(self) -> tuple[str, ...]:
        """Names of the measures or groups, in the order of their bits."""
        return tuple(dict.fromkeys(self.groups))

    @property
    def stock(self) -> Stock:
        """The city in its base year."""
        return self.model.stock(self.factors)

    @property
    def buildings(self) -> int:
        """How many of the entities are buildings; the others are roads."""
        return len(self.stock.buildings)

    def __call__(self, coalition: int) -> Floats:
        """Return the worth of every building and then of every road: emissions [kg], or money.

        Parameters
        ----------
        coalition : int
            Its bits are the players.

        Returns
        -------
        array (buildings + roads,)
        """
        states, streets = self._states, self._streets(coalition & self._on_roads)
        at = states.at(coalition)
        heat, water = states.heat_kwh[at], states.hot_water_kwh[at]

        def supply() -> network.Delivery:
            return self._supply(float(heat.sum()), float(water.sum()))

        of_heat = self._value.heat(heat, water, supply)
        return np.concatenate([self._other[at] + of_heat + streets[0], streets[1]])

    def all(self) -> Floats:
        """Return the worth of all coalitions, shape (2^n, buildings + roads).

        Raises
        ------
        PluginError
            When the sum of parts is not the plan: a measure looks at more than the building that it changes.
        """
        if len(self.players) > MOST:
            raise TwinError(
                f"the plan has {len(self.players)} measures or groups, and all sets of more than {MOST} take too long; "
                "group them, or sample the orders"
            )
        out = np.empty((1 << len(self.players), self.buildings + len(self.stock.roads)))
        for coalition in range(len(out)):
            out[coalition] = self(coalition)
        self._check(out)
        return out

    def all_with_factors(self, before: Factors) -> Floats:
        """Return the emissions when the factors that the scenario changes are a player too, the last one.

        Parameters
        ----------
        before : Factors
            As they are without the scenario.

        Returns
        -------
        array (2^(n + 1), buildings + roads)
            [kg]; nothing is the baseline, everything the scenario.
        """
        without = replace(self, model=replace(self.model, prepared=Memory()), factors=before)
        return np.concatenate([without.all(), self.all()])

    def _check(self, emissions_kg: Floats) -> None:
        """Compare nothing and everything with the model as it is always run."""
        for coalition in (0, len(emissions_kg) - 1):
            frames = self._run(coalition)
            whole = self._value.whole(frames, self._f)
            if np.abs(whole - emissions_kg[coalition]).max(initial=0.0) > _SAME * max(
                np.abs(whole).max(initial=0.0), 1
            ):
                raise PluginError(
                    "a measure of the plan looks at other buildings than the one that it changes, so its effect can not "
                    "be told apart; write the measure so that each building's result depends on that building alone"
                )

    @cached_property
    def _f(self) -> YearFactors:
        return self.factors.at(self.year)

    @cached_property
    def _memory(self) -> Memory:
        """Of the year with no measures, which the other runs read."""
        return Memory()

    @cached_property
    def _frames(self) -> dict[int, dict[str, pd.DataFrame]]:
        return {}

    def _run(self, coalition: int) -> dict[str, pd.DataFrame]:
        """Return the year as the model runs it with the steps of a coalition."""
        if coalition not in self._frames:
            keep = [coalition >> self.players.index(g) & 1 == 1 for g in self.groups]
            model = replace(self.model, adoption=masked(self.model.adoption, keep))
            self._frames[coalition] = dict(model.with_hours(self.year, self.factors))
        return self._frames[coalition]

    @cached_property
    def _on_roads(self) -> int:
        """The players that change streets, as a coalition."""
        found = 0
        for step, group in zip(self.model.adoption.steps, self.groups, strict=True):
            if MEASURES[step.measure].table == "roads":
                found |= 1 << self.players.index(group)
        return found

    @cached_property
    def _driven(self) -> dict[int, tuple[Floats, pd.DataFrame]]:
        return {}

    @cached_property
    def _worth_of_streets(self) -> dict[int, tuple[Floats, Floats]]:
        return {}

    def _streets(self, some: int) -> tuple[Floats, Floats]:
        """Return the worth of charging in each building, and of each road, in a coalition of those players."""
        if some not in self._worth_of_streets:
            charged, roads = self._drive(some)
            energy = self._energy({"electricity_kwh": charged, "ev_charging_kwh": charged})
            worth = self._value.buildings(energy, self._f, streets=len(roads) > 0)
            self._worth_of_streets[some] = worth, self._value.roads(roads, self._f)
        return self._worth_of_streets[some]

    def _drive(self, some: int) -> tuple[Floats, pd.DataFrame]:
        """Return what is charged in each building, and what is driven on each road, in a coalition of those players."""
        if some not in self._driven:
            steps = zip(self.model.adoption.steps, self.groups, strict=True)
            keep = [MEASURES[s.measure].table == "roads" and some >> self.players.index(g) & 1 == 1 for s, g in steps]
            model = replace(self.model, adoption=masked(self.model.adoption, keep))
            frames = model.year(self.year, self.factors, Memory(self._memory) if some else self._memory, None)
            charged = frames["buildings"]["ev_charging_kwh"].to_numpy(float)
            self._driven[some] = charged, frames["roads"]
        return self._driven[some]

    @staticmethod
    def _energy(known: Mapping[str, Floats]) -> pd.DataFrame:
        return pd.DataFrame(dict(known)).assign(**{c: 0.0 for c in _CARRIERS if c not in known})

    @cached_property
    def _other(self) -> Floats:
        """The worth of every state without district heat and charging."""
        energy = self._energy(dict(zip(_FUELS, self._states.other_kwh.T, strict=True)))
        return self._value.buildings(energy, self._f, streets=len(self.stock.roads) > 0)

    @cached_property
    def _cold(self) -> Floats:
        return degree_hours(self.stock.season.temp_air_c, self._f["heat_pump.heating_threshold_c"])

    @cached_property
    def _supplied(self) -> dict[tuple[float, float], network.Delivery]:
        return {}

    def _supply(self, delivered_kwh: float, hot_water_kwh: float) -> network.Delivery:
        key = (delivered_kwh, hot_water_kwh)
        if key not in self._supplied:
            self._supplied[key] = network.run(delivered_kwh, hot_water_kwh, self._cold, self.stock.heat_supply, self._f)
        return self._supplied[key]

    def _cooling_kwh(self, buildings: pd.DataFrame) -> Floats | None:
        """Return what cooling must remove by the hourly model, run for those with cooling; none without weather."""
        if self.stock.weather is None:
            return None
        drivers = self.model.drivers(self.stock, self._f)
        cooled = buildings["cooling_set_point_c"].notna().to_numpy(bool)
        out = np.zeros(len(buildings))
        year = hourly_demand(buildings[cooled], drivers, self.stock.season.outdoor_c, self._f, warm_wanted=False)
        out[cooled] = year.cool_kwh.sum(axis=0)
        return out

    @cached_property
    def _states(self) -> States:
        n, count = len(self.players), self.buildings
        steps = [
            (step, years, self.players.index(group))
            for step, years, group in zip(
                self.model.adoption.steps, self.model.adoption.years, self.groups, strict=True
            )
            if MEASURES[step.measure].table == "buildings"
        ]
        own = np.zeros(count, np.int64)
        for _, years, player in steps:
            own |= np.where(years <= self.year, 1 << player, 0)
        sizes = 1 << np.bitwise_count(own).astype(np.int64)
        total = int(sizes.sum())
        if total > _MOST_STATES:
            raise TwinError(f"the buildings have {total} combinations of measures; group the measures more coarsely")
        first = np.cumsum(sizes) - sizes
        kinds = np.unique(own)
        rank = {int(k): ranks(int(k), n) for k in kinds}
        heat, water, other = np.empty(total), np.empty(total), np.empty((total, len(_FUELS)))
        stock = self.stock
        for some in sorted({s for k in rank for s in subsets(k)}):
            rows = np.flatnonzero((own & some) == some)
            place = (
                first[rows]
                + np.array([rank[int(k)][some] if k & some == some else 0 for k in kinds])[
                    np.searchsorted(kinds, own[rows])
                ]
            )
            inside = [(s, y[rows]) for s, y, p in steps if some >> p & 1]
            stands_from = self.model.adoption.stands_from[rows]
            adoption = Adoption(tuple(s for s, _ in inside), tuple(y for _, y in inside), (), stands_from)
            now = adopted(stock.buildings.iloc[rows], "buildings", adoption, self.year, self._f)
            needs = demand(now, stock.season, self._f, self._cooling_kwh(now))
            on_network = (now["heating"] == "district_heating").to_numpy(bool)
            heat[place] = needs["district_heating_kwh"].to_numpy(float)
            water[place] = np.where(on_network, needs["hot_water_need_kwh"].to_numpy(float), 0.0)
            other[place] = _without_charging(needs)[list(_FUELS)].to_numpy(float)
        return States(own, first, rank, heat, water, other)


def _without_charging(needs: pd.DataFrame) -> pd.DataFrame:
    parts = [
        "heat_pump_electricity_kwh",
        "direct_electric_kwh",
        "cooling_electricity_kwh",
        "property_electricity_kwh",
        "household_electricity_kwh",
    ]
    return needs.assign(electricity_kwh=needs[parts].sum(axis=1))
