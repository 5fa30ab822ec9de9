"""Hourly dispatch of heat plants, and what an average and one more kWh of their heat costs and emits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.district_heating.supply.plants import Plants
from energy.district_heating.supply.storage import with_storage
from twin.errors import TwinError

__all__ = ["Dispatch", "Running", "dispatch", "merit_order", "running"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_STEP_SEK_MWH = 0.01  # by which a later unit is held to be dearer where the costs leave the order open


def merit_order(load_mw: Floats, capacity_mw: Floats, must_run_mw: Floats | None = None) -> tuple[Floats, Floats]:
    r"""Run the plants in the order given until the load is met.

    .. math:: x_{t,k} = m_k + \mathrm{clip}(L_t - \sum_j m_j - \sum_{j<k} (P_j - m_j), 0, P_k - m_k)

    Without storage this is the optimum of the linear programme.

    Parameters
    ----------
    load_mw : array (hours,)
        Heat that the network needs [MW].
    capacity_mw : array (units,) or (hours, units)
        In the order of use [MW].
    must_run_mw : array (units,) or (hours, units), optional
        :math:`m`, heat that is made whatever the load is [MW].

    Returns
    -------
    (array (hours, units), array (hours,))
        Heat of each unit, and the load that no unit can meet [MW].

    Examples
    --------
    >>> heat, unserved = merit_order(np.array([5.0, 25.0, 70.0]), np.array([10.0, 50.0]))
    >>> heat.tolist(), unserved.tolist()
    ([[5.0, 0.0], [10.0, 15.0], [10.0, 50.0]], [0.0, 0.0, 10.0])

    The second unit can not stop:

    >>> merit_order(np.array([5.0, 25.0]), np.array([10.0, 50.0]), np.array([0.0, 8.0]))[0].tolist()
    [[0.0, 8.0], [10.0, 15.0]]
    """
    heat, unserved, _ = _filled(load_mw, _rows(capacity_mw), None if must_run_mw is None else _rows(must_run_mw))
    return heat.T, unserved


@dataclass(frozen=True)
class Running:
    """Who runs when.

    Attributes
    ----------
    heat_mw : array (hours, units)
        [MW]
    unserved_mw, dumped_mw : array (hours,)
        Load that no unit can meet, and heat of must-run units that nobody needs [MW].
    marginal_unit : array (hours,) of int
        The last unit that runs above its least; where none does, the first that could.
    """

    heat_mw: Floats
    unserved_mw: Floats
    dumped_mw: Floats
    marginal_unit: Ints

    def of_one_more(self, per_heat: Floats) -> Floats:
        """Return what one more unit of load brings in each hour: nothing while heat is cooled away.

        In an hour of missing heat it is that of the last unit, of whose kind more would have to be built.

        Parameters
        ----------
        per_heat : array (units,) or (hours, units)
            Per unit of heat, e.g. cost or emissions.

        Returns
        -------
        array (hours,)
        """
        at = self.marginal_unit
        own = per_heat[at] if per_heat.ndim == 1 else per_heat[np.arange(len(at)), at]
        return np.where(self.dumped_mw > 0, 0.0, own)


def running(load_mw: Floats, capacity_mw: Floats, must_run_mw: Floats, cost_sek_mwh: Floats | None = None) -> Running:
    """Run the plants in the order given, or the cheapest first, hour by hour.

    Parameters
    ----------
    load_mw : array (hours,)
        [MW]
    capacity_mw : array (units,) or (hours, units)
        [MW]
    must_run_mw : array (units,)
        [MW]; where the hour's capacity is less, that.
    cost_sek_mwh : array (units,) or (hours, units), optional
        Of heat; without it the units stand in their order of use [SEK/MWh].

    Returns
    -------
    Running

    Raises
    ------
    TwinError
        When there is no unit.

    Examples
    --------
    The heat pump is the cheaper one only in the first hour:

    >>> cost = np.array([[100.0, 300.0], [400.0, 300.0]])
    >>> year = running(np.array([15.0, 15.0]), np.array([10.0, 20.0]), np.zeros(2), cost)
    >>> year.heat_mw.tolist(), year.marginal_unit.tolist()
    ([[10.0, 5.0], [0.0, 15.0]], [1, 1])
    """
    if not np.shape(capacity_mw)[-1]:
        raise TwinError("there is no heat unit to run; add one to the table heat_supply, or leave fewer of them out")
    capacity = _rows(capacity_mw)
    floor = np.minimum(_rows(must_run_mw), capacity) if must_run_mw.any() else None
    order = None if cost_sek_mwh is None else np.argsort(_rows(cost_sek_mwh), axis=0, kind="stable")
    if order is None:
        heat, unserved, last = _filled(load_mw, capacity, floor, find_last=True)
    else:
        width = max(order.shape[1], capacity.shape[1])
        order = np.broadcast_to(order, (len(order), width))
        heat, unserved, last = _filled(
            load_mw,
            np.take_along_axis(np.broadcast_to(capacity, order.shape), order, axis=0),
            None if floor is None else np.take_along_axis(np.broadcast_to(floor, order.shape), order, axis=0),
            find_last=True,
        )
        whole = np.broadcast_to(order, heat.shape)
        placed = np.empty_like(heat)
        np.put_along_axis(placed, whole, heat, axis=0)
        heat, last = placed, np.take_along_axis(whole, last[None], axis=0)[0]
    dumped = np.zeros_like(load_mw) if floor is None else np.maximum(floor.sum(axis=0) - load_mw, 0.0)
    return Running(heat.T, unserved, dumped, last)


def _rows(values: Floats) -> Floats:
    """Return (units, 1) or (units, hours): the inner loop then runs over the hours."""
    return values[:, None] if values.ndim == 1 else np.ascontiguousarray(values.T)


def _filled(
    load_mw: Floats, capacity: Floats, floor: Floats | None, *, find_last: bool = False
) -> tuple[Floats, Floats, Ints]:
    """Return heat (units, hours), unserved, and the last unit above its floor, of units in their order."""
    rest, room = load_mw, capacity
    if floor is not None:
        rest, room = np.maximum(load_mw - floor.sum(axis=0), 0.0), capacity - floor
    unserved = np.maximum(load_mw - capacity.sum(axis=0), 0.0)
    heat = np.empty((len(capacity), len(load_mw)))
    below = np.cumsum(room, axis=0) - room
    np.subtract(rest, below, out=heat)
    np.maximum(heat, 0.0, out=heat)
    np.minimum(heat, room, out=heat)
    last = np.zeros(len(load_mw), np.int64)
    if find_last:
        last[:] = np.argmax(room > 0, axis=0)
        for k in range(len(heat)):
            last[heat[k] > 0] = k
    if floor is not None:
        heat += floor
    return heat, unserved, last


@dataclass(frozen=True)
class Dispatch:
    """Every hour of the plants' year.

    Attributes
    ----------
    plants : Plants
    load_mw : array (hours,)
        [MW]
    heat_mw : array (hours, units)
        [MW]
    unserved_mw, dumped_mw : array (hours,)
        Load that no unit can meet, and heat of must-run units that nobody needs [MW].
    charge_mw, level_mwh : array (hours,)
        What goes into the tank, below 0 out of it [MW], and its content [MWh]; 0 without a tank.
    cost_sek_mwh : array (units,) or (hours, units)
        Of heat [SEK/MWh].
    factors : mapping of str to array (units,) or (hours, units)
        Emission of each unit's heat by account [kgCO2e/kWh].
    price_sek_mwh : array (hours,)
        Cost of one more MWh [SEK/MWh].
    marginal : mapping of str to array (hours,)
        Emission of one more kWh by account [kgCO2e/kWh].
    """

    plants: Plants
    load_mw: Floats
    heat_mw: Floats
    unserved_mw: Floats
    dumped_mw: Floats
    charge_mw: Floats
    level_mwh: Floats
    cost_sek_mwh: Floats
    factors: Mapping[str, Floats]
    price_sek_mwh: Floats
    marginal: Mapping[str, Floats]

    @property
    def fuel_mw(self) -> Floats:
        """Fuel, or electricity of what is driven by it, shape (hours, units) [MW]."""
        return self.heat_mw / self.plants.efficiency

    @property
    def electricity_mw(self) -> Floats:
        """Electricity made, below 0 used, shape (hours, units) [MW]."""
        driven = np.array([fuel == "electricity" for fuel in self.plants.fuel], float)
        return self.heat_mw * self.plants.electricity_to_heat - driven * self.fuel_mw

    @property
    def cost_sek(self) -> Floats:
        """Cost of the heat, electricity sold subtracted, shape (hours, units) [SEK]."""
        return self.heat_mw * self.cost_sek_mwh

    def average(self, account: str) -> Floats:
        """Return the emission of a mean kWh of the hour's heat, NaN where there is none, shape (hours,) [kgCO2e/kWh].

        Without a tank it is that of the heat which is used, what is cooled away included; with one that of the heat made.
        """
        made = self.heat_mw.sum(axis=1)
        used = made if self.level_mwh.any() else made - self.dumped_mw
        kept = used > 0
        emitted = (self.heat_mw * self.factors[account]).sum(axis=1)
        return np.divide(emitted, used, out=np.full_like(used, np.nan), where=kept)

    def yearly(self, account: str) -> float:
        """Return the emission of a mean kWh that the network is supplied with, NaN where there is none [kgCO2e/kWh]."""
        served = float(self.load_mw.sum() - self.unserved_mw.sum())
        return float((self.heat_mw * self.factors[account]).sum()) / served if served > 0 else float("nan")

    def worth(self, account: str, profile: Floats) -> float:
        """Return what a saved kWh spares, saved over the year like a consumer's own load [kgCO2e/kWh].

        Parameters
        ----------
        account : str
            ``marginal`` for decisions.
        profile : array (hours,)
            In any unit, e.g. space heat.

        Raises
        ------
        TwinError
            When the profile is empty or has a value below 0.
        """
        return _weighted(self.marginal[account], profile)

    def worth_sek_mwh(self, profile: Floats) -> float:
        """Return what a saved MWh spares the plants, saved over the year like a consumer's own load [SEK/MWh]."""
        return _weighted(self.price_sek_mwh, profile)

    def refuse_unserved(self) -> None:
        """Raise an error when heat is missing.

        Raises
        ------
        TwinError
            Naming the hours, the missing power and the remedy.
        """
        missing = np.flatnonzero(self.unserved_mw > 1e-6)
        if not len(missing):
            return
        worst = int(np.argmax(self.unserved_mw))
        first = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
        raise TwinError(
            f"heat is missing in {len(missing)} hours (hours of the year from 0: {first}): at most "
            f"{self.unserved_mw[worst]:.1f} MW in hour {worst}, {self.unserved_mw.sum():.1f} MWh in all; raise capacity_mw in "
            f"the table heat_supply by {self.unserved_mw[worst]:.1f} MW, add storage, or lower the demand"
        )


def dispatch(
    load_mw: Floats,
    plants: Plants,
    cost_sek_mwh: Floats,
    factors: Mapping[str, Floats],
    unserved_sek_mwh: float,
    *,
    storage: bool = True,
) -> Dispatch:
    """Run the plants for a year: in their order of use or cheapest first; with a tank at the least cost of the year.

    With a tank the price and the marginal emissions follow from the optimum's basis: one more kWh may burn more in another
    hour. An order of use that is given holds within every hour, also where it is not that of the costs: the tank is then
    run as if no unit were cheaper than those before it, and what it really costs is told.

    Parameters
    ----------
    load_mw : array (hours,)
        [MW]
    plants : Plants
    cost_sek_mwh : array (units,) or (hours, units)
        [SEK/MWh]
    factors : mapping of str to array (units,) or (hours, units)
        Emission of each unit's heat by account [kgCO2e/kWh].
    unserved_sek_mwh : float
        What missing heat is held to cost [SEK/MWh].
    storage : bool
        Use the tank, where there is one.

    Returns
    -------
    Dispatch

    Raises
    ------
    TwinError
        When there is no unit, or the load is not a series of numbers from 0 on.
    """
    if not (np.isfinite(load_mw).all() and (load_mw >= 0).all()):
        hour = int(np.argmin(np.where(np.isfinite(load_mw), load_mw, -np.inf)))
        raise TwinError(f"the load of hour {hour} is {load_mw[hour]:g} MW; every hour needs a number from 0 on")
    if plants.tank is None or not storage:
        plan = running(load_mw, plants.capacity_mw, plants.must_run_mw, None if plants.ordered else cost_sek_mwh)
        price = np.where(plan.unserved_mw > 0, unserved_sek_mwh, plan.of_one_more(cost_sek_mwh))
        marginal = {account: plan.of_one_more(per_heat) for account, per_heat in factors.items()}
        parts = plan.heat_mw, plan.unserved_mw, plan.dumped_mw, np.zeros_like(load_mw), np.zeros_like(load_mw)
        return Dispatch(plants, load_mw, *parts, cost_sek_mwh, factors, price, marginal)
    steering = _in_order(cost_sek_mwh) if plants.ordered else cost_sek_mwh
    year = with_storage(load_mw, plants.capacity_mw, steering, plants.tank, unserved_sek_mwh, plants.must_run_mw)
    price = year.of_one_more(cost_sek_mwh, unserved_sek_mwh)
    shape = year.heat_mw.shape
    dearest = np.arange(shape[0]), np.argmax(np.broadcast_to(steering, shape), axis=1)
    marginal = {
        account: year.of_one_more(per_heat, np.broadcast_to(per_heat, shape)[dearest])
        for account, per_heat in factors.items()
    }
    stored = year.heat_mw, year.unserved_mw, year.dumped_mw, year.charge_mw, year.level_mwh
    return Dispatch(plants, load_mw, *stored, cost_sek_mwh, factors, price, marginal)


def _in_order(cost_sek_mwh: Floats) -> Floats:
    """Return costs that rise along the order of use and are otherwise as low as they were."""
    rising: Floats = np.maximum.accumulate(cost_sek_mwh, axis=-1)
    return rising + _STEP_SEK_MWH * np.arange(cost_sek_mwh.shape[-1])


def _weighted(values: Floats, profile: Floats) -> float:
    total = float(profile.sum())
    if not (total > 0 and (profile >= 0).all()):
        raise TwinError("a profile of a consumer needs numbers from 0 on, and at least one above it")
    return float(values @ profile) / total
