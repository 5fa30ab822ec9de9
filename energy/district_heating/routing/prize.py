r"""Which buildings is a heat network worth it for? The rooted prize-collecting tree.

A building :math:`i` may be connected at one of its feet :math:`k`, where it is worth :math:`w_{ik}` a year: what its heat
brings less what its substation and service line cost. An edge costs its trench, and something for each kW carried:

.. math:: \max \sum_i (w_{i k_i} - P_i \sum_{e \in path(k_i)} c_e) - \sum_{e \in tree} t_e

On a given tree the best part is found exactly in one sweep (:func:`prune`). Trees are proposed in rounds, with lengths and
buildings disturbed at random by a seeded generator, each completed to the whole graph by shortest paths, so that one
sweep weighs every group of buildings that could be added or left out together. A bound from the dual problem
(:func:`upper_bound`) tells how far from the best the result can be.

References
----------
.. [1] Wong, R. T. (1984). A dual ascent approach for Steiner tree problems on a directed graph.
   Mathematical Programming 28, 271-287.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from energy.district_heating.routing.prize_loops import ascend, best_subtree, path_sums
from energy.district_heating.routing.steiner import Adjacency, distances, rooted, shortened, steiner

__all__ = ["Choice", "Market", "first_guess", "heuristic", "prune", "upper_bound"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Random = np.random.Generator

_FORCED = 2.0  # times all costs together: what is forced is never left out, and digits are not lost
_SMALL = 500  # edges of a graph on which every new tree is improved branch by branch
_TRIES = 4e5  # over the number of edges: branches tried elsewhere


@dataclass(frozen=True)
class Market:
    """What a network may connect, and what that costs a year.

    Attributes
    ----------
    nodes, root : int
    a, b : array (edges,)
    trench_sek : array (edges,)
        Yearly cost of an edge [SEK/year].
    carry_sek_kw : array (edges,)
        Yearly cost of a kW carried along it [SEK/(kW year)].
    feet : array (buildings, k)
        Nodes where each building may be connected; -1 for none.
    worth_sek : array (buildings, k)
        Yearly worth of it there [SEK/year].
    power_kw : array (buildings,)
        What the network must carry for it [kW].
    """

    nodes: int
    root: int
    a: Whole
    b: Whole
    trench_sek: Floats
    carry_sek_kw: Floats
    feet: Whole
    worth_sek: Floats
    power_kw: Floats

    def forcing(self, forced: npt.NDArray[np.bool_]) -> Market:
        """Return the market where leaving out a forced building costs more than everything else together."""
        everything = (
            self.trench_sek.sum() + self.power_kw.sum() * self.carry_sek_kw.sum() + np.abs(self.worth_sek).sum()
        )
        return replace(self, worth_sek=self.worth_sek + np.where(forced, _FORCED * (1 + everything), 0.0)[:, None])


@dataclass(frozen=True)
class Choice:
    """A network and its buildings.

    Attributes
    ----------
    value_sek : float
        Yearly worth [SEK/year]; 0 where nothing is worth connecting.
    edges : array
        Edges of the tree.
    foot : array (buildings,)
        Which of its feet each building is connected by; -1 where it is not.
    bound_sek : float or None
        No network is worth more [SEK/year]; None for no bound.
    method : str
        How it was found.
    """

    value_sek: float
    edges: Whole
    foot: Whole
    bound_sek: float | None
    method: str


def prune(market: Market, edges: Whole, foot: Whole) -> Choice:
    r"""Return the best part of a tree, exactly, when each building may be connected at one given foot.

    .. math:: V_v = \sum_{i \in v} \max(0, w_i - P_i D_v) + \sum_{c} \max(0, V_c - t_c), \quad
              D_v = \sum_{e \in path(v)} c_e

    Parameters
    ----------
    market : Market
    edges : array
        A tree that holds the root.
    foot : array (buildings,)
        The foot of each; -1 for none.

    Returns
    -------
    Choice
        Without a bound.

    Examples
    --------
    A street of two metres with a house at each; the second is worth its metre only because the first pays for the way:

    >>> street = np.array([0, 1]), np.array([1, 2]), np.array([5.0, 5.0]), np.zeros(2)
    >>> market = Market(3, 0, *street, np.array([[1], [2]]), np.array([[4.0], [7.0]]), np.ones(2))
    >>> best = prune(market, np.array([0, 1]), np.array([0, 0]))
    >>> best.value_sek, best.edges.tolist(), best.foot.tolist()
    (1.0, [0, 1], [0, 0])
    """
    return _pruned(market, _Rooted.of(market, edges), foot)


@dataclass(frozen=True)
class _Rooted:
    """A tree from the root outwards, with the cost of carrying a kW to each node."""

    order: Whole
    parent: Whole
    edge: Whole
    depth: Floats

    @classmethod
    def of(cls, m: Market, edges: Whole) -> _Rooted:
        order, parent, edge = rooted(m.nodes, m.a, m.b, edges, m.root)
        return cls(order, parent, edge, path_sums(order, parent, m.carry_sek_kw[edge]))


def _pruned(m: Market, tree: _Rooted, foot: Whole) -> Choice:
    depth, edge = tree.depth, tree.edge
    who = np.arange(len(foot))
    node = np.where(foot >= 0, m.feet[who, foot], -1)
    net = np.where(
        node >= 0, m.worth_sek[who, foot] - m.power_kw * np.where(np.isfinite(depth), depth, np.inf)[node], -1
    )
    own = np.bincount(node[net > 0], weights=net[net > 0], minlength=m.nodes)
    value, on = best_subtree(tree.order, tree.parent, m.trench_sek[edge], own)
    connected = (net > 0) & (node >= 0) & on[node]
    return Choice(
        float(value), np.sort(edge[on & (edge >= 0)]), np.where(connected, foot, -1), None, "prune of a given tree"
    )


def heuristic(market: Market, rounds: int | None = None, seed: int = 0) -> Choice:
    """Return the best network found, with a bound.

    Parameters
    ----------
    market : Market
    rounds : int, optional
        More find more and take longer; by the size of the graph without.
    seed : int
        The same seed finds the same network.

    Returns
    -------
    Choice
    """
    m, random = market, np.random.default_rng(seed)
    rounds = int(np.clip(4e4 / max(len(m.a), 1), 12, 150)) if rounds is None else rounds
    possible = np.flatnonzero((m.feet >= 0).any(axis=1))
    best = Choice(0.0, np.zeros(0, np.int64), np.full(len(m.feet), -1), None, "heuristic")
    if len(possible) == 0:
        return replace(best, bound_sek=0.0)
    plain, graph = _plain(m)
    for k in range(rounds):
        now = possible if k == 0 else _disturbed(possible, np.flatnonzero(best.foot >= 0), random)
        weight, near = plain, graph
        if k > 0 and random.random() < 0.8:
            weight = _other_weights(m, plain, best.edges, random)
            near = Adjacency.of(m.nodes, m.a, m.b, weight)
        found = _proposed(m, near, weight, now)
        while True:
            better = _proposed(m, graph, plain, np.flatnonzero(found.foot >= 0), found)
            if better.value_sek <= found.value_sek * (1 + 1e-12):
                break
            found = better
        if found.value_sek > best.value_sek:
            best = _rehung(m, graph, found) if len(m.a) <= _SMALL else found
    best = _rehung(m, graph, best)
    return replace(best, bound_sek=max(upper_bound(m), best.value_sek), method="heuristic")


def first_guess(market: Market) -> Choice:
    """Return the best part of one tree to all buildings, without a bound: quick, and rather a good start.

    Parameters
    ----------
    market : Market

    Returns
    -------
    Choice
    """
    plain, graph = _plain(market)
    return _proposed(market, graph, plain, np.flatnonzero((market.feet >= 0).any(axis=1)))


def _plain(m: Market) -> tuple[Floats, Adjacency]:
    """Return the cost of each edge that carries a building of middling size, and the graph of these costs."""
    power = m.power_kw[(m.feet >= 0).any(axis=1)]
    plain = m.trench_sek + m.carry_sek_kw * (power.mean() if len(power) else 0.0)
    return plain, Adjacency.of(m.nodes, m.a, m.b, plain)


def _other_weights(m: Market, plain: Floats, chosen: Whole, random: Random) -> Floats:
    """Return disturbed costs of edges: for another load, or nearer to the best tree."""
    weight = plain
    if random.random() < 0.5:
        weight = m.trench_sek + m.carry_sek_kw * float(np.exp(random.uniform(-1.0, 2.0))) * m.power_kw.mean()
    weight = weight * random.uniform(0.6, 1.4, len(plain))
    if random.random() < 0.5:
        weight[chosen] *= random.uniform(0.2, 0.8)
    return weight


def _rehung(m: Market, graph: Adjacency, best: Choice) -> Choice:
    """Cut each branch off and hang it up where it costs least, as long as that helps."""
    left, at, since = int(_TRIES / len(m.a)), 0, 0
    while left > 0 and since < len(best.edges):
        found = _completed(m, graph, _elsewhere(m, best, int(best.edges[at % len(best.edges)])))
        left, at, since = left - 1, at + 1, since + 1
        if found.value_sek > best.value_sek * (1 + 1e-9):
            best, since = found, 0
    return best


def _elsewhere(m: Market, best: Choice, off: int) -> Whole:
    """Return the tree with the branch below an edge hung up anew, by the way that is cheapest for what it carries."""
    tree = _Rooted.of(m, best.edges)
    below = path_sums(tree.order, tree.parent, (tree.edge == off).astype(float)) == 1.0
    on = np.flatnonzero(best.foot >= 0)
    power = float(m.power_kw[on][below[m.feet[on, best.foot[on]]]].sum())
    start = tree.order[~below[tree.order]]
    others = np.delete(np.arange(len(m.a)), off)
    a, b = np.concatenate([m.a[others], np.full(len(start), m.nodes)]), np.concatenate([m.b[others], start])
    cost = np.concatenate([(m.trench_sek + m.carry_sek_kw * power)[others], power * tree.depth[start]])
    graph = Adjacency.of(m.nodes + 1, a, b, cost)
    d, before, _ = distances(graph, np.array([m.nodes]))
    ends = np.flatnonzero(below)
    v, way = int(ends[np.argmin(d[ends])]), []
    while np.isfinite(d[v]) and before[v] != m.nodes:
        way.append((v, int(before[v])))
        v = int(before[v])
    used = graph.between(*np.array(way, np.int64).reshape(-1, 2).T)
    return np.union1d(best.edges[best.edges != off], others[used])


def _disturbed(possible: Whole, chosen: Whole, random: Random) -> Whole:
    """Return the best set of buildings with some more and some fewer, or any part of all."""
    if random.random() < 0.35 or len(chosen) == 0:
        return possible[random.random(len(possible)) < random.uniform(0.3, 1.0)]
    rest = np.setdiff1d(possible, chosen)
    more = rest[random.random(len(rest)) < random.uniform(0.0, 0.6)]
    fewer = chosen[random.random(len(chosen)) < random.choice([0.0, 0.1, 0.3])]
    return np.union1d(np.setdiff1d(chosen, fewer), more)


def _proposed(m: Market, graph: Adjacency, weight: Floats, now: Whole, given: Choice | None = None) -> Choice:
    """Join buildings by a short tree, complete it to the whole graph by shortest paths, and keep the best part."""
    if given is None:
        away, _, _ = distances(graph, np.array([m.root]))
        away = np.where(m.feet >= 0, away[m.feet], np.inf)
        foot = np.argmax(np.where(np.isfinite(away), m.worth_sek, -np.inf), axis=1)
    else:
        foot = np.maximum(given.foot, 0)
    feet = m.feet[now, foot[now]]
    terminals = np.unique(np.concatenate([[m.root], feet[feet >= 0]]))
    terminals = np.concatenate([[m.root], terminals[terminals != m.root]])
    tree = shortened(m.nodes, m.a, m.b, weight, steiner(graph, m.a, m.b, weight, terminals), terminals)
    return _completed(m, graph, tree.edges)


def _completed(m: Market, graph: Adjacency, edges: Whole) -> Choice:
    """Complete a tree to the whole graph by shortest paths, and keep the best part."""
    on = np.unique(np.concatenate([[m.root], m.a[edges], m.b[edges]]))
    d, before, _ = distances(graph, on)
    new = np.flatnonzero((before >= 0) & np.isfinite(d))
    return _refooted(m, np.concatenate([edges, graph.between(new, before[new])]), d)


def _refooted(m: Market, edges: Whole, away: Floats) -> Choice:
    """Prune a spanning tree; each building tries the foot that is best there, and then the best one on what is kept."""
    tree = _Rooted.of(m, edges)
    depth = tree.depth
    reached = (m.feet >= 0) & np.isfinite(depth[m.feet])
    net = np.where(reached, m.worth_sek - m.power_kw[:, None] * np.where(reached, depth[m.feet], 0.0), -np.inf)
    lone = np.where(reached, net - np.where(reached, away[m.feet], 0.0), -np.inf)
    foot = np.where(reached.any(axis=1), np.argmax(lone, axis=1), -1)
    best = _pruned(m, tree, foot)
    while m.feet.shape[1] > 1:
        on = np.zeros(m.nodes, bool)
        on[m.root] = on[m.a[best.edges]] = on[m.b[best.edges]] = True
        kept = np.where(reached & on[m.feet], net, -np.inf)
        moved = np.where(kept.max(axis=1) > 0, np.argmax(kept, axis=1), foot)
        better = _pruned(m, tree, moved)
        if better.value_sek <= best.value_sek * (1 + 1e-12):
            break
        best, foot = better, moved
    return best


def upper_bound(market: Market) -> float:
    r"""Return what no network can be worth more than, by dual ascent [1]_.

    Carrying heat to a foot costs at least as much as along the cheapest way, so a building is worth at most
    :math:`p_i = \max_k (w_{ik} - P_i D^*_{ik})`. What remains is to lose as few of these prizes as possible to trenches;
    every set of prices of cuts that no arc's cost is exceeded by is a lower bound of that loss.

    Parameters
    ----------
    market : Market

    Returns
    -------
    float
        [SEK/year]

    Examples
    --------
    >>> street = np.array([0, 1]), np.array([1, 2]), np.array([5.0, 5.0]), np.zeros(2)
    >>> round(upper_bound(Market(3, 0, *street, np.array([[1], [2]]), np.array([[4.0], [7.0]]), np.ones(2))), 9)
    1.0
    """
    m = market
    carried, _, _ = distances(Adjacency.of(m.nodes, m.a, m.b, m.carry_sek_kw), np.array([m.root]))
    depth = np.where(m.feet >= 0, carried[m.feet], np.inf)
    able = np.isfinite(depth)
    prize = np.where(able, m.worth_sek - m.power_kw[:, None] * np.where(able, depth, 0.0), -np.inf)
    highest = prize.max(axis=1, initial=-np.inf)
    who = np.flatnonzero(highest > 0)
    if len(who) == 0:
        return 0.0
    sink = m.nodes + np.arange(len(who))
    i, k = np.nonzero(prize[who] > 0)
    tail = np.concatenate([m.a, m.b, m.feet[who][i, k], np.full(len(who), m.root)])
    head = np.concatenate([m.b, m.a, sink[i], sink])
    cost = np.concatenate([m.trench_sek, m.trench_sek, (highest[who][i] - prize[who][i, k]), highest[who]])
    order = np.argsort(head, kind="stable")
    first = np.searchsorted(head[order], np.arange(m.nodes + len(who) + 1))
    lost = ascend(first, tail[order], cost[order].copy(), m.root, sink)
    return float(highest[who].sum() - lost)
