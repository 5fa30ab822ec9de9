r"""The best heat network, proved: a flow model of the prize-collecting tree, solved by HiGHS.

An arc :math:`a` is used (:math:`x_a`) and carries a flow :math:`f_a`; a building is connected at a foot (:math:`y_{ik}`):

.. math:: \max \sum_{ik} w_{ik} y_{ik} - \sum_a t_a x_a - \sum_a c_a f_a, \quad
          \sum_{in(v)} f - \sum_{out(v)} f = \sum_{ik \in v} P_i y_{ik}, \quad f_a \le P x_a

Alone this model is weak. It is made strong by cuts, added where the relaxation breaks them: every set of nodes that holds
feet of a building must be entered as much as the building is connected there.

References
----------
.. [1] Ljubić, I., Weiskircher, R., Pferschy, U., Klau, G. W., Mutzel, P., Fischetti, M. (2006). An algorithmic framework
   for the exact solution of the prize-collecting Steiner tree problem. Mathematical Programming 105, 427-449.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import highspy
import numpy as np
import numpy.typing as npt
from highspy._core import _Highs as Solver  # the wrapper around it prints a greeting on standard output
from scipy.sparse import coo_array, csr_array, vstack
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from energy.district_heating.routing.contraction import contract
from energy.district_heating.routing.prize import Choice, Market, heuristic, prune
from energy.district_heating.routing.steiner import rooted

__all__ = ["solve"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_SCALE = 1_000_000  # flows of the cut search are whole numbers
_BROKEN = 0.01  # a cut must be broken by this share of a building
_ROUNDS = 60


@dataclass(frozen=True)
class _Model:
    """The flow model over arcs, both directions of every edge; columns are x, f, y.

    Attributes
    ----------
    market : Market
        Contracted.
    tail, head, edge, back : array (arcs,)
        Ends, the edge, and the arc the other way; -1 where that would enter the root.
    who, k : array (offers,)
        Building and foot of each y.
    foot : array (offers,)
    cost : array (columns,)
    upper : array (columns,)
    """

    market: Market
    tail: Whole
    head: Whole
    edge: Whole
    back: Whole
    who: Whole
    k: Whole
    foot: Whole
    cost: Floats
    upper: Floats


def solve(
    market: Market, seconds: float = 60.0, gap: float = 1e-4, start: Choice | None = None, seed: int = 0
) -> Choice:
    """Return the best network, or the best found within the time, with the bound that is proved.

    Parameters
    ----------
    market : Market
    seconds : float
        Time limit; the result then depends on the machine [s].
    gap : float
        Share of the value that may stay open [1].
    start : Choice, optional
        A network to begin with; that of the heuristic without.
    seed : int
        Of the heuristic.

    Returns
    -------
    Choice

    Examples
    --------
    >>> street = np.array([0, 1]), np.array([1, 2]), np.array([5.0, 5.0]), np.zeros(2)
    >>> best = solve(Market(3, 0, *street, np.array([[1], [2]]), np.array([[4.0], [7.0]]), np.ones(2)))
    >>> round(best.value_sek, 6), round(best.bound_sek, 6)
    (1.0, 1.0)
    """
    until = time.monotonic() + seconds
    less, part = contract(market)
    begin = start or heuristic(market, seed=seed)
    model = _model(less)
    if not len(model.who) or not len(model.tail):
        return replace(begin, bound_sek=begin.value_sek if not len(model.who) else begin.bound_sek, method="MILP")
    highs = _passed(model)
    bound = _with_cuts(highs, model, until)
    arcs = len(model.tail)
    highs.changeColsIntegrality(arcs, np.arange(arcs, dtype=np.int32), np.full(arcs, highspy.HighsVarType.kInteger))
    highs.setOptionValue("mip_rel_gap", gap)
    highs.setOptionValue("time_limit", max(until - time.monotonic(), 0.1))
    _begin_with(highs, model, begin, part)
    highs.run()
    info = highs.getInfo()
    if np.isfinite(info.mip_dual_bound):
        bound = min(bound, -info.mip_dual_bound)
    best = begin
    if highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        best = max(begin, _read(highs, model, market, part), key=lambda c: c.value_sek)
    proved = min(bound, begin.bound_sek if begin.bound_sek is not None else np.inf)
    return replace(best, bound_sek=max(float(proved), best.value_sek), method="MILP")


def _model(m: Market) -> _Model:
    out = np.flatnonzero(np.concatenate([m.b, m.a]) != m.root)
    number = np.full(2 * len(m.a), -1)
    number[out] = np.arange(len(out))
    tail, head, edge = np.concatenate([m.a, m.b])[out], np.concatenate([m.b, m.a])[out], out % max(len(m.a), 1)
    back = number[(out + len(m.a)) % max(2 * len(m.a), 1)]
    trench, carry = m.trench_sek[edge], m.carry_sek_kw[edge]
    who, k = np.nonzero((m.feet >= 0) & (m.worth_sek > 0))
    total = float(m.power_kw[np.unique(who)].sum())
    cost = np.concatenate([trench, carry, -m.worth_sek[who, k]])
    upper = np.concatenate([np.ones(len(tail)), np.full(len(tail), total), np.ones(len(who))])
    return _Model(m, tail, head, edge, back, who, k, m.feet[who, k], cost, upper)


def _rows(model: _Model) -> tuple[csr_array, Floats, Floats]:
    """Return the rows of the model with their limits."""
    m, arcs, offers = model.market, len(model.tail), len(model.who)
    a, y, ones = np.arange(arcs), 2 * arcs + np.arange(offers), np.ones(arcs)

    def block(count: int, row: Whole, column: Whole, value: Floats) -> csr_array:
        return csr_array(coo_array((value, (row, column)), (count, 2 * arcs + offers)))

    inner = np.arange(m.nodes) != m.root
    arrived = block(m.nodes, model.head, a, ones)
    flow = block(m.nodes, model.head, arcs + a, ones) - block(m.nodes, model.tail, arcs + a, ones)
    balance = (flow - block(m.nodes, model.foot, y, m.power_kw[model.who]))[inner]
    coupling = block(arcs, a, arcs + a, ones) - block(arcs, a, a, model.upper[arcs : 2 * arcs])
    once = block(len(m.feet), model.who, y, np.ones(offers))
    there = (block(offers, np.arange(offers), y, np.ones(offers)) - arrived[model.foot])[model.foot != m.root]
    # a node is left only after it was entered, and not by the street that it is left by
    onward = np.flatnonzero(model.tail != m.root)
    back = block(arcs, a, np.maximum(model.back, 0), ones)
    used = (block(arcs, a, a, ones) + back)[onward] - arrived[model.tail[onward]]
    parts = [(balance, 0.0, 0.0), (coupling, -np.inf, 0.0), (arrived[inner], -np.inf, 1.0)]
    parts += [(once, -np.inf, 1.0), (there, -np.inf, 0.0), (used, -np.inf, 0.0)]
    low, high = (np.concatenate([np.full(p[0].shape[0], p[k]) for p in parts]) for k in (1, 2))
    return csr_array(vstack([p[0] for p in parts], format="csr")), low, high


def _passed(model: _Model) -> Solver:
    """Hand the relaxation to HiGHS."""
    highs = Solver()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(model.cost), 0
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, np.zeros(len(model.cost)), model.upper
    highs.passModel(lp)
    _add(highs, *_rows(model))
    return highs


def _add(highs: Solver, rows: csr_array, low: Floats, high: Floats) -> None:
    start, column = rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32)
    highs.addRows(rows.shape[0], low, high, rows.nnz, start, column, rows.data)


def _with_cuts(highs: Solver, model: _Model, until: float) -> float:
    """Add cuts until the relaxation breaks none, half of the time is up, or they help no more; return its bound."""
    half = time.monotonic() + (until - time.monotonic()) / 2
    bounds = [np.inf]
    for _ in range(_ROUNDS):
        highs.setOptionValue("time_limit", float(highs.getRunTime() + max(half - time.monotonic(), 0.1)))
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        bounds.append(-highs.getInfo().objective_function_value)
        rows = _broken(model, np.array(highs.getSolution().col_value))
        slow = len(bounds) > 4 and bounds[-4] - bounds[-1] < 1e-5 * abs(bounds[-1])
        if rows is None or slow or time.monotonic() > half:
            break
        _add(highs, rows, np.zeros(rows.shape[0]), np.full(rows.shape[0], np.inf))
    return float(bounds[-1])


def _broken(model: _Model, at: Floats) -> csr_array | None:
    """Return cuts that a point breaks, nearest the root and nearest the building; None without any."""
    m, arcs = model.market, len(model.tail)
    x, y = np.clip(at[:arcs], 0, 1), np.clip(at[2 * arcs :], 0, 1)
    tail, head = np.concatenate([model.tail, model.foot]), np.concatenate([model.head, m.nodes + model.who])
    size = m.nodes + len(m.feet)
    share = np.floor(np.concatenate([x, y]) * _SCALE).astype(np.int32)
    capacity = csr_array(coo_array((share, (tail, head)), (size, size)))
    wanted = np.bincount(model.who, y, minlength=len(m.feet))
    column = np.concatenate([np.arange(arcs), 2 * arcs + np.arange(len(y))])
    found: set[tuple[tuple[int, ...], int]] = set()
    for i in np.flatnonzero(wanted > _BROKEN):
        flow = maximum_flow(capacity, m.root, int(m.nodes + i))
        if flow.flow_value > (wanted[i] - _BROKEN) * _SCALE:
            continue
        left = csr_array(capacity - flow.flow)
        left.eliminate_zeros()
        near_root = _side(left, m.root)
        near_building = ~_side(csr_array(left.T), int(m.nodes + i))
        for side in (near_root, near_building):
            found.add((tuple(column[side[tail] & ~side[head] & ((head < m.nodes) | (head == m.nodes + i))]), int(i)))
    if not found:
        return None
    cuts = sorted(found)
    row = np.repeat(np.arange(len(cuts)), [len(c) for c, _ in cuts])
    rows = coo_array((np.ones(len(row)), (row, np.concatenate([c for c, _ in cuts]))), (len(cuts), len(at)))
    offers = [2 * arcs + np.flatnonzero(model.who == i) for _, i in cuts]
    row = np.repeat(np.arange(len(cuts)), [len(o) for o in offers])
    wants = coo_array((np.ones(len(row)), (row, np.concatenate(offers))), rows.shape)
    return csr_array(csr_array(rows) - csr_array(wants))


def _side(matrix: csr_array, start: int) -> npt.NDArray[np.bool_]:
    side = np.zeros(matrix.shape[0], bool)
    side[breadth_first_order(matrix, start, directed=True, return_predecessors=False)] = True
    return side


def _begin_with(highs: Solver, model: _Model, begin: Choice, part: Whole) -> None:
    """Tell HiGHS the network to begin with."""
    m = model.market
    edges = np.unique(part[begin.edges])
    _, parent, edge = rooted(m.nodes, m.a, m.b, edges[edges >= 0], m.root)
    x = (edge[model.head] == model.edge) & (parent[model.head] == model.tail)
    y = begin.foot[model.who] == model.k
    column = np.concatenate([np.arange(len(x)), 2 * len(x) + np.arange(len(y))])
    highs.setSolution(len(column), column.astype(np.int32), np.concatenate([x, y]).astype(float))


def _read(highs: Solver, model: _Model, market: Market, part: Whole) -> Choice:
    """Return the network that HiGHS has found."""
    at, arcs = np.array(highs.getSolution().col_value), len(model.tail)
    used = np.unique(model.edge[at[:arcs] > 0.5])
    foot = np.full(len(market.feet), -1)
    chosen = at[2 * arcs :] > 0.5
    foot[model.who[chosen]] = model.k[chosen]
    return prune(market, np.flatnonzero(np.isin(part, used)), foot)
