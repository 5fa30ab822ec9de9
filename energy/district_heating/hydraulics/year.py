"""A year of a heat network, hour by hour in compiled code: what it takes in and loses, where it is cold and tight.

Hours are solved in blocks of one month or less, several at a time; each block begins on its own, so that the result
does not depend on the number of threads. Sums are made on the way and memory does not grow with the hours.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from energy.district_heating.hydraulics.pipes import Law, Water, nikuradse, pressure_gradient_pa_m
from energy.district_heating.hydraulics.steady import PipeTree, check_temperatures, named, steady
from energy.district_heating.hydraulics.sweep import run_hours
from energy.tree import Tree
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["NetworkYear", "Pump", "compile_network", "year"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Values = npt.ArrayLike

_BLOCK_HOURS = 400
_MONTH_HOURS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24


@dataclass(frozen=True)
class Pump:
    """The pump at the source.

    Attributes
    ----------
    efficiency : float
        Hydraulic power over electricity [1].
    minimum_drop_pa : float
        Pressure difference that the worst placed consumer must have left [Pa].
    """

    efficiency: float
    minimum_drop_pa: float

    @classmethod
    def of(cls, f: Mapping[str, float]) -> Pump:
        """Return the pump that the factors describe."""
        return cls(f["network.pump_efficiency"], f["network.minimum_drop_pa"])

    def power_w(self, flow_kg_s: Floats, path_drop_pa: Floats, water: Water) -> Floats:
        r"""Return the electricity of pumping, :math:`m (2 \Delta p_{path} + \Delta p_{min}) / (\rho \eta)`.

        Parameters
        ----------
        flow_kg_s : array
            Of the source [kg/s].
        path_drop_pa : array
            Along the supply pipes to the worst placed consumer; the return takes as much again [Pa].
        water : Water

        Returns
        -------
        array
            [W]

        Examples
        --------
        >>> Pump(0.6, 60e3).power_w(np.array([100.0]), np.array([2e5]), Water(1000.0, 4180.0, 5e-4)).round(1).tolist()
        [76666.7]
        """
        return np.asarray(
            flow_kg_s * (2 * path_drop_pa + self.minimum_drop_pa) / (water.density_kg_m3 * self.efficiency)
        )


@dataclass(frozen=True)
class NetworkYear:
    """A year of a network; nodes in their own order, and the pipes above them.

    Attributes
    ----------
    heat_in_w, loss_w, pump_w : array (hours,)
        Heat from the source, heat lost in the pipes, electricity of the pump [W].
    flow_kg_s : array (hours,)
        That the source sends out [kg/s].
    path_drop_pa : array (hours,)
        Along the supply pipes to the consumer where that is largest; zero when nobody draws [Pa].
    furthest : array (hours,) of int
        That consumer's node; -1 when nobody draws.
    coldest_c : array (hours,)
        Supply temperature at the consumer where it is lowest; NaN when nobody draws [degC].
    coldest : array (hours,) of int
        That consumer's node; -1 when nobody draws.
    pipe_loss_kwh : array (12, n)
        Loss of each pair of pipes by month [kWh]; no rows where it was not asked for, as with all that follow.
    peak_flow_kg_s, peak_gradient_pa_m : array (n,)
        Largest flow in each pipe, and the pressure gradient then [kg/s], [Pa/m].
    mean_supply_c : array (n,)
        Mean over the hours of what arrives at each node, the ground's temperature while nothing flows [degC].
    """

    heat_in_w: Floats
    loss_w: Floats
    pump_w: Floats
    flow_kg_s: Floats
    path_drop_pa: Floats
    furthest: Whole
    coldest_c: Floats
    coldest: Whole
    pipe_loss_kwh: Floats
    peak_flow_kg_s: Floats
    peak_gradient_pa_m: Floats
    mean_supply_c: Floats


def year(
    pipes: PipeTree,
    design_w: Values,
    factors: Values,
    supply_c: Values,
    return_c: Values,
    ground_c: Values,
    water: Water,
    pump: Pump,
    *,
    profile: npt.ArrayLike | None = None,
    month: npt.ArrayLike | None = None,
    law: Law = "colebrook",
    by_pipe: bool = True,
    tolerance_k: float = 1e-6,
    threads: int | None = None,
) -> NetworkYear:
    """Run a network through the hours of a year.

    Parameters
    ----------
    pipes : PipeTree
        With n nodes.
    design_w : array (n,)
        Heat that each node takes when its factor is one; zero where there is no consumer [W].
    factors : array (hours,) or (profiles, hours)
        What share of that is taken in each hour [1].
    supply_c, ground_c : array (hours,) or float
        Temperature that the source sends out, and of the ground [degC].
    return_c : array (n,) or float
        Temperature to which each consumer cools the water [degC].
    water : Water
    pump : Pump
    profile : array (n,) of int, optional
        Each node's row of `factors`; the first without it.
    month : array (hours,) of int, optional
        0 to 11, for the sums by month; without it that of each hour of a common year.
    law : str
        Law of friction; see :func:`energy.district_heating.hydraulics.pipes.friction_factor`.
    by_pipe : bool
        Keep the sums of each pipe too.
    tolerance_k : float
        The temperature that arrives at a consumer is known to this [K].
    threads : int, optional
        Default: as many as the machine has.

    Returns
    -------
    NetworkYear

    Raises
    ------
    TwinError
        When a number is missing or impossible; all of them at once, with the consumers' names and the remedy.
    """
    tree, n = pipes.tree, len(pipes.tree)
    shares = np.atleast_2d(np.asarray(factors, float))
    hours = shares.shape[1]
    design, back = np.asarray(design_w, float), np.asarray(return_c, float)
    row = np.zeros(n, np.int64) if profile is None else np.asarray(profile, np.int64)
    months = np.repeat(np.arange(12), _MONTH_HOURS) if month is None else np.asarray(month, np.int64)
    supply, ground = np.asarray(supply_c, float), np.asarray(ground_c, float)
    _check(pipes, hours, design, shares, row, months, supply, ground, back)
    supply, ground, back = np.broadcast_to(supply, hours), np.broadcast_to(ground, hours), np.broadcast_to(back, n)
    _check_warm(pipes, design, shares, row, supply, ground, back)

    cp = water.heat_capacity_j_kgk
    length = pipes.in_places("length_m")
    k, k_return = (pipes.in_places(c) * length / cp for c in ("loss_w_mk", "return_loss_w_mk"))
    fixed = (
        tree.parent, k, k_return, pipes.return_loss_w_mk is None, cp, design[tree.order], row[tree.order],
        np.ascontiguousarray(shares.T), back[tree.order], np.ascontiguousarray(ground), np.ascontiguousarray(supply),
        tolerance_k, _friction(pipes, water), law == "colebrook", by_pipe,
    )  # fmt: skip
    start, stop = _blocks(months)
    hourly, who = np.empty((hours, 5)), np.empty((hours, 2), np.int64)
    lost, most, mean = (np.zeros((len(start), n if by_pipe else 0)) for _ in range(3))

    def work(b: int) -> int:
        return int(run_hours(start[b], stop[b], *fixed, hourly, who, lost[b], most[b], mean[b]))

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        failed = [h for h in pool.map(work, range(len(start))) if h >= 0]
    if failed:
        raise TwinError(f"hour {failed[0]} has no flows to within {tolerance_k:g} K: check its load and temperatures")
    return _year(pipes, months[start], hourly, who, lost, most, mean, water, pump, law)


def _blocks(month: Whole) -> tuple[Whole, Whole]:
    """Return where blocks of hours of one month begin and end."""
    change = np.flatnonzero(np.diff(month)) + 1
    ends = np.unique(np.concatenate([[0], change, [len(month)]]))
    start = np.concatenate([np.arange(a, b, _BLOCK_HOURS) for a, b in pairwise(ends)])
    return start, np.append(start[1:], len(month))


def _friction(pipes: PipeTree, water: Water) -> Floats:
    """Return what the loop needs of each pipe: Re per flow, drop per friction and flow squared, and roughness terms."""
    d, rough, length = (pipes.in_places(c) for c in ("diameter_m", "roughness_m", "length_m"))
    d[0] = rough[0] = 1.0
    area = np.pi * d**2 / 4
    ratio = rough / d
    return np.ascontiguousarray(
        np.column_stack(
            [
                d / (area * water.viscosity_pa_s),
                length / (2 * d * water.density_kg_m3 * area**2),
                ratio / 3.7,
                (ratio / 3.7) ** 1.11,
                nikuradse(ratio),
            ]
        )
    )


def _check(
    pipes: PipeTree,
    hours: int,
    design: Floats,
    shares: Floats,
    row: Whole,
    month: Whole,
    supply: Floats,
    ground: Floats,
    back: Floats,
) -> None:
    """Refuse numbers that are missing, of the wrong shape or impossible; all at once."""
    n = len(pipes.tree)
    problems = []

    def say(column: str, rule: str, count: int = 1, first: str = "") -> None:
        problems.append(Problem("network", column, rule, count, first))

    if design.shape != (n,):
        say("design_w", f"give one number a node, {n} of them")
    elif (bad := ~(np.isfinite(design) & (design >= 0))).any():
        say("design_w", "give 0 W or more", int(bad.sum()), named(bad, pipes.names))
    if not hours or not (np.isfinite(shares) & (shares >= 0)).all():
        say("factors", "give 0 or more for every hour, and at least one hour")
    if row.shape != (n,) or not ((row >= 0) & (row < len(shares))).all():
        say("profile", f"give each node a row of the factors, 0 to {len(shares) - 1}")
    if month.shape != (hours,) or not ((month >= 0) & (month <= 11)).all():
        say("month", f"give the month, 0 to 11, of each of the {hours} hours")
    for column, values, size in (("supply_c", supply, hours), ("ground_c", ground, hours), ("return_c", back, n)):
        if values.shape not in ((), (size,)) or not np.isfinite(values).all():
            say(column, f"give one temperature, or {size} of them")
    if problems:
        raise SchemaError(problems)


def _check_warm(
    pipes: PipeTree, design: Floats, shares: Floats, row: Whole, supply: Floats, ground: Floats, back: Floats
) -> None:
    """Refuse a supply that is no warmer than a consumer's return or than the ground while heat is drawn."""
    cold = np.zeros(len(design), bool)
    drawn = np.zeros(len(supply), bool)
    for p, share in enumerate(shares):
        mine = (row == p) & (design > 0)
        if mine.any() and (share > 0).any():
            cold |= mine & (back >= supply[share > 0].min())
            drawn |= share > 0
    check_temperatures(cold, drawn & (supply <= ground), pipes.names)


def _year(
    pipes: PipeTree,
    month: Whole,
    hourly: Floats,
    who: Whole,
    lost: Floats,
    most: Floats,
    mean: Floats,
    water: Water,
    pump: Pump,
    law: Law,
) -> NetworkYear:
    """Put the sums of the blocks together, in the order of the nodes."""
    place, order = pipes.tree.place, pipes.tree.order
    heat, loss, flow, drop, cold = hourly.T.copy()
    furthest, coldest = (np.where(w < 0, -1, order[w]) for w in who.T)
    by_pipe = bool(most.shape[1])
    if not by_pipe:
        none = np.zeros(0)
        by_month, peak, gradient, warm = np.zeros((0, 0)), none, none, none
    else:
        by_month = np.zeros((12, len(place)))
        np.add.at(by_month, month, lost[:, place] / 1000)
        peak, warm = most.max(axis=0)[place], mean.sum(axis=0)[place] / len(hourly)
        d, rough = (pipes.in_places(c)[place] for c in ("diameter_m", "roughness_m"))
        pipe = np.arange(len(place)) != order[0]
        d, rough = np.where(pipe, d, 1.0), np.where(pipe, rough, 1.0)
        gradient = np.where(pipe, pressure_gradient_pa_m(peak, d, rough, water, law), 0.0)
    return NetworkYear(
        heat, loss, pump.power_w(flow, drop, water), flow, drop, furthest, cold, coldest, by_month, peak, gradient, warm
    )


def compile_network() -> None:
    """Compile what the first network on a machine would wait for, some seven seconds; afterwards it lies on disk."""
    length, diameter, loss, rough = (np.array([1.0, v]) for v in (100.0, 0.1, 0.2, 1e-4))
    pipes = PipeTree(Tree.of([-1, 0]), length, diameter, loss, rough)
    water, demand = Water(988.0, 4180.0, 5.434e-4), np.array([0.0, 1e4])
    steady(pipes, demand, 80.0, 45.0, 8.0, water)
    year(pipes, demand, [1.0], 80.0, 45.0, 8.0, water, Pump(0.6, 6e4), month=[0])
