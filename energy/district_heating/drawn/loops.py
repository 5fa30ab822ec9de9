"""The loops of a network, and how water shares itself out among them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.sparse.linalg import spsolve

__all__ = ["lightest", "loops", "mesh_flows", "shortest_tree"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_ROUNDS = 60
_SETTLED = 1e-6  # of the largest injection
_LEAST = 1e-6  # of the largest injection: a pipe without flow keeps some conductance


def shortest_tree(n: int, start: Whole, end: Whole, weight: Floats, roots: Whole) -> tuple[Whole, Whole, Floats]:
    """Return the tree of shortest ways to the nearest of some roots.

    Parameters
    ----------
    n : int
        Number of nodes.
    start, end : array (edges,) of int
    weight : array (edges,)
        Above zero.
    roots : array of int

    Returns
    -------
    (array (n,) of int, array (n,) of int, array (n,))
        Parent, and the edge to it, -1 for roots and what they do not reach; and the distance.

    Examples
    --------
    >>> ends = np.array([0, 1, 0]), np.array([1, 2, 2])
    >>> parent, edge, far = shortest_tree(3, *ends, np.array([1.0, 1.0, 5.0]), np.array([0]))
    >>> parent.tolist(), edge.tolist(), far.tolist()
    ([-1, 0, 1], [-1, 0, 1], [0.0, 1.0, 2.0])
    """
    graph, key, edge = lightest(n, start, end, weight)
    far, parent, _ = dijkstra(graph, directed=False, indices=roots, min_only=True, return_predecessors=True)
    up = np.where(parent < 0, -1, parent).astype(np.int64)
    node = np.arange(n)
    wanted = np.minimum(node, up) * n + np.maximum(node, up)
    own = np.where(up < 0, -1, edge[np.minimum(np.searchsorted(key, wanted), len(key) - 1)] if len(key) else -1)
    return up, own, np.asarray(far)


def lightest(n: int, start: Whole, end: Whole, weight: Floats) -> tuple[csr_array, Whole, Whole]:
    """Return the graph with the lightest of parallel edges, without edges from a node to itself.

    Returns
    -------
    (csr_array (n, n), array of int, array of int)
        Its weights; and of each of its edges the sorted key, lower node times n plus higher, and the edge's number.
    """
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.lexsort((weight, high, low))
    order = order[low[order] != high[order]]
    key, first = np.unique(low[order] * n + high[order], return_index=True)
    edge = order[first]
    return coo_array((weight[edge], (low[edge], high[edge])), shape=(n, n)).tocsr(), key, edge


def loops(n: int, start: Whole, end: Whole, length_m: Floats) -> list[Whole]:
    """Return the independent loops: each edge that a shortest tree leaves out, with the edges of the way round.

    Parameters
    ----------
    n : int
        Number of nodes.
    start, end : array (edges,) of int
    length_m : array (edges,)
        [m]

    Returns
    -------
    list of array of int
        Edges of each loop.

    Examples
    --------
    >>> [loop.tolist() for loop in loops(3, np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([1.0, 1.0, 5.0]))]
    [[2, 1, 0]]
    """
    if not len(start):
        return []
    part = connected_components(coo_array((np.ones(len(start)), (start, end)), shape=(n, n)), directed=False)[1]
    roots = np.unique(part, return_index=True)[1]
    parent, own, far = shortest_tree(n, start, end, np.maximum(length_m, 1e-9), roots)
    in_tree = np.zeros(len(start), bool)
    in_tree[own[own >= 0]] = True
    chord = np.flatnonzero(~in_tree)
    a, b = start[chord].copy(), end[chord].copy()
    which, edges = [np.arange(len(chord))], [chord]
    while (apart := np.flatnonzero(a != b)).size:  # whichever end lies further out takes a step towards the root
        out = far[a[apart]] >= far[b[apart]]
        moving = np.where(out, a[apart], b[apart])
        which.append(apart)
        edges.append(own[moving])
        a[apart] = np.where(out, parent[moving], a[apart])
        b[apart] = np.where(out, b[apart], parent[moving])
    loop, edge = np.concatenate(which), np.concatenate(edges)
    order = np.argsort(loop, kind="stable")
    return np.split(edge[order], np.cumsum(np.bincount(loop, minlength=len(chord)))[:-1]) if len(chord) else []


def mesh_flows(n: int, start: Whole, end: Whole, resistance: Floats, injection: Floats) -> Floats:
    r"""Return how a flow shares itself out in a network with loops.

    Friction takes :math:`r\,m|m|` in each pipe, and the pressures round every loop add to nothing. With the friction of
    the last round as a linear resistance, :math:`r|m|`, one sparse system gives new flows, which are averaged with
    the last (linear theory).

    Parameters
    ----------
    n : int
        Number of nodes.
    start, end : array (edges,) of int
    resistance : array (edges,)
        :math:`r`, above zero; only its ratios matter.
    injection : array (n,)
        What comes in at each node; in every connected part it adds to zero.

    Returns
    -------
    array (edges,)
        From start to end, in the unit of the injection.

    References
    ----------
    D. J. Wood and C. O. A. Charles, Hydraulic network analysis using linear theory, J. Hydraulics Division ASCE 98,
    1972.

    Examples
    --------
    Two ways of which one has four times the resistance: twice the flow goes the other way.

    >>> ends = np.array([0, 0, 1]), np.array([1, 2, 2])
    >>> mesh_flows(3, *ends, np.array([1.0, 8.0, 1.0]), np.array([3.0, 0.0, -3.0])).round(4).tolist()
    [2.0, 1.0, 2.0]
    """
    count = len(start)
    most = np.abs(injection).max(initial=0.0)
    if not count or most == 0:
        return np.zeros(count)
    edge = np.arange(count)
    incidence = coo_array(
        (np.repeat([1.0, -1.0], count), (np.concatenate([edge, edge]), np.concatenate([start, end]))), shape=(count, n)
    ).tocsr()
    part = connected_components(coo_array((np.ones(count), (start, end)), shape=(n, n)), directed=False)[1]
    free = np.setdiff1d(np.arange(n), np.unique(part, return_index=True)[1])  # one node of each part has no pressure
    inflow = injection[free] / most
    flow = np.ones(count)
    reduced = incidence[:, free]
    scale = resistance / resistance.mean()
    for round_ in range(_ROUNDS):
        conductance = 1 / (scale * np.maximum(np.abs(flow), _LEAST))
        weighted = reduced.multiply(conductance[:, None]).tocsr()
        pressure = spsolve((reduced.T @ weighted).tocsc(), inflow)
        new = weighted @ np.atleast_1d(pressure)
        step = np.abs(new - flow).max()
        flow = new if round_ == 0 else (new + flow) / 2
        if step <= _SETTLED:
            break
    return np.asarray(new * most)
