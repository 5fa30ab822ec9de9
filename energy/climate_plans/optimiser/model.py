r"""The mixed-integer programme: choose at most one package and year for every group, solved by HiGHS.

With :math:`x_j` the choices, :math:`S, H` the heat delivered in a year and :math:`\eta` what the network emits:

.. math:: \min \sum_j c_j x_j \;\text{or}\; \sum_j e_j x_j + \eta, \quad \sum_{j \in g} x_j \le 1, \quad
          \eta \ge \alpha_i S + \beta_i H + \gamma_i

Planes and secants lie below the truth, so that the bound holds for the truth too. Where they lie too low, the rectangle of
the heat curve, or the span of a grid area's energy, is cut at the point in question: there they then touch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import highspy
import numpy as np
import numpy.typing as npt
from highspy._core import _Highs as Solver  # the wrapper around it prints a greeting on standard output

from energy.climate_plans.optimiser.heat import Cell, HeatCurve
from energy.climate_plans.optimiser.options import Options

__all__ = ["Effort", "Solved", "Terms", "Tightened", "area_energy", "solve"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Goal = Literal["emissions", "cost", "early"]
_MKR = 1e-6
_NARROW = 1e-9
# HiGHS may undo its presolve to a point that misses a row by a hair, and then gives neither plan nor bound
_OTHERWISE = (("presolve", "off"), ("mip_feasibility_tolerance", 1e-7))


@dataclass(frozen=True)
class Effort:
    """How hard is searched.

    Attributes
    ----------
    gap : float
        Share of what is minimised that may stay open [1].
    nodes : int
        Most nodes of one branch-and-bound search; the same on every machine.
    rounds : int
        Most times that the model is tightened.
    seconds : float, optional
        Time limit of one search; the result then depends on the machine [s].
    """

    gap: float = 1e-4
    nodes: int = 200
    rounds: int = 12
    seconds: float | None = None


@dataclass(frozen=True)
class Terms:
    """What the plan has to keep.

    Attributes
    ----------
    curves : tuple of HeatCurve
        By year.
    target_t : mapping of int to float
        By place of the year; empty for the largest reduction in the last year [t].
    budget_sek : float
        In all; infinite without.
    budget_by_year_sek : array (years,)
        Infinite without.
    limit_kw : array (years, areas)
        Highest peak of each grid area; infinite without.
    limit_mw : array (years,)
        Highest load of the heat network; infinite without.
    share_limit : mapping of int to int
        By candidate, how many entities at most.
    requires : tuple of (int, int)
        The first candidate begins no earlier than the second.
    """

    curves: tuple[HeatCurve, ...]
    target_t: Mapping[int, float]
    budget_sek: float
    budget_by_year_sek: Floats
    limit_kw: Floats
    limit_mw: Floats
    share_limit: Mapping[int, int]
    requires: tuple[tuple[int, int], ...]

    @property
    def aims(self) -> tuple[int, ...]:
        """Places of the years whose emissions are aimed at."""
        return tuple(sorted(self.target_t)) or (len(self.curves) - 1,)


@dataclass
class Tightened:
    """How closely the model follows the truth so far; it is refined in place.

    Attributes
    ----------
    cells : dict of int to list of Cell
        By place of the year.
    marks : dict of (int, int) to list of list of float
        By year and grid area that is held: by category, energies at which the square root is met [MWh].
    timed : bool
        Choices may begin in any year; otherwise as early as they can, and only the last year is held.
    """

    cells: dict[int, list[Cell]]
    marks: dict[tuple[int, int], list[list[float]]] = field(default_factory=dict)
    timed: bool = True


@dataclass(frozen=True)
class Solved:
    """What HiGHS says: the choices, none where it found no plan; the bound; whether there can be a plan at all."""

    chosen: Whole | None
    bound: float
    possible: bool
    nodes: int


class _Rows:
    """A model that grows by columns and rows."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[int] = []
        self.starts: list[int] = []
        self.columns: list[npt.NDArray[np.int32]] = []
        self.values: list[Floats] = []
        self.limits: list[tuple[float, float]] = []
        self.entries = 0

    def column(self, low: float, high: float, *, whole: bool = False, cost: float = 0.0) -> int:
        self.cost.append(cost)
        self.low.append(low)
        self.high.append(high)
        if whole:
            self.whole.append(len(self.cost) - 1)
        return len(self.cost) - 1

    def row(self, columns: Sequence[int] | Whole, values: Sequence[float] | Floats, low: float, high: float) -> None:
        at, value = np.asarray(columns, np.int32), np.asarray(values, float)
        some = value != 0
        self.starts.append(self.entries)
        self.columns.append(at[some])
        self.values.append(value[some])
        self.limits.append((low, high))
        self.entries += int(some.sum())


def area_energy(options: Options, year: int, area: int) -> tuple[Floats, Floats]:
    """Return the area's electricity when nothing is done, by category, and what each choice adds [MWh]."""
    grid = options.grid
    kinds = grid.base_mwh.shape[2]
    buildings = options.group < len(grid.pair)
    added = np.zeros((kinds, len(options.group)))
    at = np.flatnonzero(buildings & (options.start <= year))
    for c in range(kinds):
        pair = grid.pair[options.group[at], area * kinds + c]
        some = at[pair >= 0]
        added[c, some] = grid.delta_mwh[options.package[some], year, pair[pair >= 0]]
    return grid.base_mwh[year, area], added


def solve(
    options: Options,
    terms: Terms,
    tight: Tightened,
    goal: Goal,
    effort: Effort,
    *,
    among: Bools | None = None,
    most_t: float = np.inf,
    most_sek: float = np.inf,
    weight: Floats | None = None,
    begin: Whole | None = None,
) -> Solved:
    """Build the model as tight as it is by now, and solve it.

    Parameters
    ----------
    options : Options
    terms : Terms
    tight : Tightened
    goal : str
        ``emissions`` of the last year aimed at [t], ``cost`` [SEK], or ``early``: the sum of `weight`.
    effort : Effort
    among : array (n,) of bool, optional
        Choices that are open.
    most_t, most_sek : float
        Further limits of emissions in the last year aimed at, and of cost.
    weight : array (n,), optional
    begin : array of int, optional
        Choices of a plan to begin with.
    """
    open_ = np.ones(len(options.group), bool) if among is None else among.copy()
    if not tight.timed:
        open_ &= options.earliest()
    at = np.flatnonzero(open_)
    m = _Rows()
    cost = options.cost_sek[at].sum(axis=1) * _MKR
    last = terms.aims[-1]
    gains = {
        "cost": cost,
        "emissions": options.own_t[at, last],
        "early": np.zeros(len(at)) if weight is None else weight[at],
    }
    for c in gains[goal]:
        m.column(0.0, 1.0, whole=True, cost=float(c))
    x = np.arange(len(at))
    eta = _emissions(m, options, terms, tight, at, most_t)
    if goal == "emissions":
        m.cost[eta[last]] = 1.0
    _money(m, options, terms, at, most_sek * _MKR)
    _together(m, options, terms, at)
    held = range(len(terms.curves)) if tight.timed else [len(terms.curves) - 1]
    for t in held:
        if np.isfinite(terms.limit_mw[t]):
            curve, base = terms.curves[t], options.baseline
            peak = [
                curve.peak_mw(s, h) for s, h in zip(options.space_gwh[at, t], options.water_gwh[at, t], strict=True)
            ]
            room = terms.limit_mw[t] - curve.peak_mw(base.space_gwh[t], base.water_gwh[t])
            m.row(x, peak, -np.inf, room)
    for (t, area), marks in tight.marks.items():
        _grid(m, options, at, t, area, marks, terms.limit_kw[t, area])
    offset = options.baseline.own_t[last] if goal == "emissions" else 0.0
    return _run(m, at, offset, effort, begin, 1 / _MKR if goal == "cost" else 1.0)


def _emissions(m: _Rows, options: Options, terms: Terms, tight: Tightened, at: Whole, most_t: float) -> dict[int, int]:
    """Add heat, the network's emissions and the targets; return the columns of the network's emissions by year."""
    x, base, found = np.arange(len(at)), options.baseline, {}
    for t in terms.aims:
        space, water, eta = m.column(-np.inf, np.inf), m.column(-np.inf, np.inf), m.column(0.0, np.inf)
        for column, added, start in (
            (space, options.space_gwh, base.space_gwh),
            (water, options.water_gwh, base.water_gwh),
        ):
            m.row([*x, column], [*-added[at, t], 1.0], start[t], start[t])
        cells = tight.cells[t]
        if len(cells) == 1:
            for per_space, per_water, constant in terms.curves[t].planes(cells[0]):
                m.row([eta, space, water], [1.0, -per_space, -per_water], constant, np.inf)
        else:
            _cells(m, terms.curves[t], cells, space, water, eta)
        most = min(terms.target_t.get(t, np.inf), most_t if t == terms.aims[-1] else np.inf)
        if np.isfinite(most):
            m.row([*x, eta], [*options.own_t[at, t], 1.0], -np.inf, most - base.own_t[t])
        found[t] = eta
    return found


def _cells(m: _Rows, curve: HeatCurve, cells: Sequence[Cell], space: int, water: int, eta: int) -> None:
    """Let exactly one rectangle hold the heat, and its planes alone bound the emissions."""
    parts = []
    for cell in cells:
        s0, s1, h0, h1 = cell
        here = m.column(0.0, 1.0, whole=True)
        own = [m.column(-np.inf, np.inf), m.column(-np.inf, np.inf), m.column(0.0, np.inf)]
        for column, low, high in ((own[0], s0, s1), (own[1], h0, h1)):
            m.row([column, here], [1.0, -low], 0.0, np.inf)
            m.row([column, here], [1.0, -high], -np.inf, 0.0)
        for per_space, per_water, constant in curve.planes(cell):
            m.row([own[2], own[0], own[1], here], [1.0, -per_space, -per_water, -constant], 0.0, np.inf)
        parts.append([here, *own])
    table = np.array(parts)
    m.row(table[:, 0], np.ones(len(table)), 1.0, 1.0)
    for k, whole in enumerate((space, water, eta), start=1):
        m.row([*table[:, k], whole], [*np.ones(len(table)), -1.0], 0.0, 0.0)


def _money(m: _Rows, options: Options, terms: Terms, at: Whole, most_mkr: float) -> None:
    x, cost = np.arange(len(at)), options.cost_sek[at] * _MKR
    most = min(terms.budget_sek * _MKR, most_mkr)
    if np.isfinite(most):
        m.row(x, cost.sum(axis=1), -np.inf, most)
    for t, budget in enumerate(terms.budget_by_year_sek):
        if np.isfinite(budget):
            m.row(x, cost[:, t], -np.inf, budget * _MKR)


def _together(m: _Rows, options: Options, terms: Terms, at: Whole) -> None:
    """Add: one choice a group, shares of candidates, and what must have begun before."""
    group, start = options.group[at], options.start[at]
    order = np.argsort(group, kind="stable")
    for same in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(same):
            m.row(same, np.ones(len(same)), -np.inf, 1.0)
    for k, limit in terms.share_limit.items():
        m.row(np.arange(len(at)), options.taken[at, k], -np.inf, float(limit))
    roads = {r: p.starts for r, p in enumerate(options.roads)}
    buildings = group < len(options.grid.pair)

    def begun(k: int, j: int) -> int:
        if buildings[j]:
            return int(start[j])
        year = roads[int(options.package[at[j]])][k]
        return 0 if year is None else year - options.years[0]

    for first, second in terms.requires:
        there = np.flatnonzero(options.taken[at, second] > 0).tolist()
        for j in np.flatnonzero(options.taken[at, first] > 0).tolist():
            before = [i for i in there if begun(second, i) <= begun(first, j) and i != j]
            if not (options.taken[at[j], second] > 0 and begun(second, j) <= begun(first, j)):
                m.row([j, *before], [1.0, *[-1.0] * len(before)], -np.inf, 0.0)


def _grid(m: _Rows, options: Options, at: Whole, t: int, area: int, marks: list[list[float]], limit_kw: float) -> None:
    """Hold the peak of one grid area in one year."""
    grid, (base, added) = options.grid, area_energy(options, t, area)
    x, per_x, known = np.arange(len(at)), np.zeros(len(at)), float(grid.charging_kw[0, t, area])
    roads = options.group[at] == len(grid.pair)
    per_x[roads] = grid.charging_kw[options.package[at[roads]], t, area] - known
    columns, values = [], []
    for c, points in enumerate(marks):
        k1, k2, own = grid.k1_kw_mwh[c], grid.k2_kw_mwh[c], added[c, at]
        known += k1 * base[c]
        per_x += k1 * own
        cuts = [(a, b, *_secant(k2, a, b)) for a, b in pairwise(points)]
        if len(cuts) == 1:
            _, _, slope, level = cuts[0]
            known += level + slope * base[c]
            per_x += slope * own
            continue
        inside = []
        for low, high, slope, level in cuts:
            here, energy = m.column(0.0, 1.0, whole=True), m.column(-np.inf, np.inf)
            m.row([energy, here], [1.0, -low], 0.0, np.inf)
            m.row([energy, here], [1.0, -high], -np.inf, 0.0)
            inside.append((here, energy))
            columns += [here, energy]
            values += [level, slope]
        m.row([h for h, _ in inside], np.ones(len(inside)), 1.0, 1.0)
        m.row([*x, *(e for _, e in inside)], [*-own, *np.ones(len(inside))], base[c], base[c])
    m.row([*x, *columns], [*per_x, *values], -np.inf, limit_kw - known)


def _secant(k2: float, low: float, high: float) -> tuple[float, float]:
    """Return slope and level of the secant of a square root."""
    if high - low < _NARROW * max(1.0, high):
        return 0.0, k2 * float(np.sqrt(max(low, 0.0)))
    a, b = np.sqrt(max(low, 0.0)), np.sqrt(max(high, 0.0))
    slope = k2 * (b - a) / (high - low)
    return float(slope), float(k2 * a - slope * low)


def _run(m: _Rows, at: Whole, offset: float, effort: Effort, begin: Whole | None, scale: float) -> Solved:
    """Hand the model to HiGHS."""
    highs = Solver()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("mip_rel_gap", effort.gap)
    highs.setOptionValue("mip_max_nodes", effort.nodes)
    if effort.seconds is not None:
        highs.setOptionValue("time_limit", effort.seconds)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_, lp.offset_ = len(m.cost), 0, float(offset)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.array(m.cost), np.array(m.low), np.array(m.high)
    highs.passModel(lp)
    low, high = np.array(m.limits).T
    column, values = np.concatenate(m.columns), np.concatenate(m.values)
    highs.addRows(len(m.limits), low, high, m.entries, np.array(m.starts, np.int32), column, values)
    whole = np.array(m.whole, np.int32)
    highs.changeColsIntegrality(len(whole), whole, np.full(len(whole), highspy.HighsVarType.kInteger))
    if begin is not None:
        chosen = np.isin(at, begin)
        highs.setSolution(len(at), np.arange(len(at), dtype=np.int32), chosen.astype(float))
    highs.run()
    for option, value in _OTHERWISE:
        if highs.getModelStatus() != highspy.HighsModelStatus.kSolveError:
            break
        highs.setOptionValue(option, value)
        highs.clearSolver()
        highs.run()
    info, status = highs.getInfo(), highs.getModelStatus()
    possible = status not in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
    nodes = max(int(info.mip_node_count), 0)
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Solved(None, float(info.mip_dual_bound) * scale, possible, nodes)
    x = np.array(highs.getSolution().col_value)
    return Solved(at[x[: len(at)] > 0.5], float(info.mip_dual_bound) * scale, possible, nodes)
