r"""The mixed-integer programme: choose at most one package and year for every group, solved by HiGHS.

With :math:`x_j` the choices, :math:`S, H` the heat delivered in a year and :math:`\eta` what the network emits:

.. math:: \min \sum_j c_j x_j \;\text{or}\; \sum_j e_j x_j + \eta, \quad \sum_{j \in g} x_j \le 1, \quad
          \eta \ge \alpha_i S + \beta_i H + \gamma_i + \max_k (\alpha_k S + \beta_k H + \gamma_k)

Planes and secants lie below the truth, so that the bound holds for the truth too. The planes hold in a rectangle of heat
a year; :mod:`energy.climate_plans.optimiser.branch` cuts it where they lie too low, and solves the parts one by one. Where
the secants of a grid area lie too low, the span of its energy is cut at the point in question: there they then touch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import highspy
import numpy as np
import numpy.typing as npt
from highspy import HighsModelStatus as Status
from highspy._core import _Highs as Solver  # the wrapper around it prints a greeting on standard output

from energy.climate_plans.optimiser.heat import Cell, Point, corners_of
from energy.climate_plans.optimiser.options import Options
from energy.climate_plans.optimiser.terms import Effort, Objective, Terms, Tightened

__all__ = ["Solved", "area_energy", "solve"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
_MKR = 1e-6
_NARROW = 1e-9
_FREE = (-np.inf, np.inf)
# HiGHS may undo its presolve to a point that misses a row by a hair, and then gives neither plan nor bound
_OTHERWISE = (("presolve", "off"), ("mip_feasibility_tolerance", 1e-7))


@dataclass(frozen=True)
class Solved:
    """What HiGHS says.

    Attributes
    ----------
    chosen : array of int, optional
        None where it found no plan.
    bound : float
        What is minimised can not be less.
    possible : bool
        False where it is proved that there is no plan.
    done : bool
        Whether it looked at all it had to, rather than met a limit.
    nodes : int
        Looked at.
    heat : dict of int to Point
        By place of the year: space heat and hot water [GWh].
    price : dict of int to float
        By place of the year: by how much less emission of the network would lower the bound of a relaxed part [1/t].
    """

    chosen: Whole | None
    bound: float
    possible: bool
    done: bool
    nodes: int
    heat: Mapping[int, Point]
    price: Mapping[int, float]


class _Heat(NamedTuple):
    """Columns of a year's space heat, hot water, and the network's emissions by both parts; the row that limits emissions."""

    space: int
    water: int
    up: int
    down: int
    most: int


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
    cells: Mapping[int, Cell],
    objective: Objective,
    effort: Effort,
    *,
    relaxed: bool = False,
    begin: Whole | None = None,
) -> Solved:
    """Build the model of one part, as tight as it is by now, and solve it.

    Parameters
    ----------
    options : Options
    terms : Terms
    tight : Tightened
    cells : mapping of int to Cell
        By place of each year aimed at: the rectangle that holds its heat.
    objective : Objective
    effort : Effort
    relaxed : bool
        Choices may be made in part: gives a bound at once, and no plan.
    begin : array of int, optional
        Choices of a plan to begin with.
    """
    open_ = np.ones(len(options.group), bool) if objective.among is None else objective.among.copy()
    if not tight.timed:
        open_ &= options.earliest()
    at = np.flatnonzero(open_)
    m, goal, last = _Rows(), objective.goal, terms.aims[-1]
    gains = {
        "cost": options.cost_sek[at].sum(axis=1) * _MKR,
        "emissions": options.own_t[at, last],
        "early": np.zeros(len(at)) if objective.weight is None else objective.weight[at],
    }
    for c in gains[goal]:
        m.column(0.0, 1.0, whole=not relaxed, cost=float(c))
    heat = _emissions(m, options, terms, tight, cells, at, objective.most_t)
    if goal == "emissions":
        m.cost[heat[last].up] = m.cost[heat[last].down] = 1.0
    _money(m, options, terms, at, objective.most_sek * _MKR)
    _together(m, options, terms, at)
    _plants(m, options, terms, tight, at)
    for (t, area), marks in tight.marks.items():
        _grid(m, options, at, t, area, marks, terms.limit_kw[t, area], relaxed=relaxed)
    offset = options.baseline.own_t[last] - objective.zero if goal == "emissions" else 0.0
    got = _run(m, at, heat, offset, effort, begin, 1 / _MKR if goal == "cost" else 1.0, relaxed=relaxed)
    return replace(got, bound=got.bound + objective.zero)


def _emissions(
    m: _Rows,
    options: Options,
    terms: Terms,
    tight: Tightened,
    cells: Mapping[int, Cell],
    at: Whole,
    most_t: float,
) -> dict[int, _Heat]:
    """Add heat, the network's emissions and the targets."""
    x, base = np.arange(len(at)), options.baseline
    found: dict[int, _Heat] = {}
    for t in terms.aims:
        s0, s1, h0, h1 = cells[t]
        curve, points = terms.curves[t], [*corners_of(cells[t]), *tight.points.get(t, [])]
        space, water, up, down = (m.column(*ends) for ends in ((s0, s1), (h0, h1), _FREE, _FREE))
        for column, added, start in (
            (space, options.space_gwh, base.space_gwh),
            (water, options.water_gwh, base.water_gwh),
        ):
            m.row([*x, column], [*-added[at, t], 1.0], start[t], start[t])
        for column, planes in ((up, curve.tangents(points)), (down, curve.hull(cells[t]))):
            for per_space, per_water, constant in planes:
                m.row([column, space, water], [1.0, -per_space, -per_water], constant, np.inf)
        most = min(terms.target_t.get(t, np.inf), most_t if t == terms.aims[-1] else np.inf)
        found[t] = _Heat(space, water, up, down, len(m.limits))
        m.row([*x, up, down], [*options.own_t[at, t], 1.0, 1.0], -np.inf, most - base.own_t[t])
    return found


def _plants(m: _Rows, options: Options, terms: Terms, tight: Tightened, at: Whole) -> None:
    """Hold the load of the heat network, in all years or the last alone."""
    years, base = len(terms.curves), options.baseline
    for t in range(years) if tight.timed else [years - 1]:
        if np.isfinite(terms.limit_mw[t]):
            peak_mw = terms.curves[t].peak_mw
            room = terms.limit_mw[t] - peak_mw(base.space_gwh[t], base.water_gwh[t])
            added = peak_mw(options.space_gwh[at, t], options.water_gwh[at, t])
            m.row(np.arange(len(at)), added, -np.inf, float(room))


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


def _grid(
    m: _Rows,
    options: Options,
    at: Whole,
    t: int,
    area: int,
    marks: list[list[float]],
    limit_kw: float,
    *,
    relaxed: bool,
) -> None:
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
            here, energy = m.column(0.0, 1.0, whole=not relaxed), m.column(-np.inf, np.inf)
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


def _run(
    m: _Rows,
    at: Whole,
    heat: Mapping[int, _Heat],
    offset: float,
    effort: Effort,
    begin: Whole | None,
    scale: float,
    *,
    relaxed: bool,
) -> Solved:
    """Hand the model to HiGHS."""
    highs = Solver()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("mip_rel_gap", effort.gap)
    highs.setOptionValue("mip_max_nodes", effort.nodes)
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
        if highs.getModelStatus() != Status.kSolveError:
            break
        highs.setOptionValue(option, value)
        highs.clearSolver()
        highs.run()
    return _answer(highs, m, at, heat, scale, relaxed=relaxed)


def _answer(highs: Solver, m: _Rows, at: Whole, heat: Mapping[int, _Heat], scale: float, *, relaxed: bool) -> Solved:
    """Read what HiGHS found."""
    info, status = highs.getInfo(), highs.getModelStatus()
    if status == Status.kNotset:
        raise RuntimeError(
            "HiGHS does not run: something else in this process has started it with more than one thread"
        )
    done = status == Status.kOptimal
    possible = status not in (Status.kInfeasible, Status.kUnboundedOrInfeasible)
    bound, nodes = float(info.mip_dual_bound), max(int(info.mip_node_count), 0)
    if not m.whole:  # then it is no mixed-integer programme
        bound, nodes = float(info.objective_function_value) if done else -np.inf, 0
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Solved(None, bound * scale, possible, done, nodes, {}, {})
    solution = highs.getSolution()
    x, dual = np.array(solution.col_value), np.array(solution.row_dual)
    chosen_of = None if relaxed else at[x[: len(at)] > 0.5]
    told = {t: (float(x[h.space]), float(x[h.water])) for t, h in heat.items()}
    price = {t: (m.cost[h.down] - float(dual[h.most])) * scale for t, h in heat.items()} if solution.dual_valid else {}
    return Solved(chosen_of, bound * scale, possible, done, nodes, told, price)
