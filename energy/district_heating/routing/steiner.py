r"""A short tree that joins given nodes of a graph: Mehlhorn's 2-approximation of the Steiner tree.

Every node belongs to its nearest terminal. The shortest edge between each pair of neighbouring territories stands for the
path between their terminals; a minimum spanning tree of these, with the paths written out, is at most
:math:`2 (1 - 1/l)` times as long as the shortest tree, where :math:`l` is the number of that tree's leaves.

References
----------
.. [1] Mehlhorn, K. (1988). A faster approximation algorithm for the Steiner problem in graphs.
   Information Processing Letters 27(3), 125-128.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra, minimum_spanning_tree

__all__ = ["Adjacency", "Steiner", "distances", "rooted", "shortened", "steiner"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_SHORTEST = 1e-12  # of the mean weight: sparse graphs take a zero for a missing edge


@dataclass(frozen=True)
class Adjacency:
    """An undirected graph, ready for searches; of parallel edges the cheapest is used, loops are left out.

    Attributes
    ----------
    nodes : int
    matrix : csr_array (nodes, nodes)
        Symmetric; weights above zero.
    key, edge : array
        Sorted key of each pair of nodes, and the edge that joins them.
    """

    nodes: int
    matrix: Any
    key: Whole
    edge: Whole

    @classmethod
    def of(cls, nodes: int, a: Whole, b: Whole, weight: Floats) -> Adjacency:
        """Build from edges.

        Parameters
        ----------
        nodes : int
        a, b : array (edges,)
            Ends.
        weight : array (edges,)
            Not negative.

        Returns
        -------
        Adjacency
        """
        pair = np.minimum(a, b) * nodes + np.maximum(a, b)
        edge = np.flatnonzero(a != b)
        edge = edge[np.argsort(pair[edge], kind="stable")]
        key = pair[edge]
        if (key[1:] == key[:-1]).any():
            edge = edge[np.lexsort((weight[edge], key))]
            key, first = np.unique(pair[edge], return_index=True)
            edge = edge[first]
        floor = _SHORTEST * float(weight.mean()) if len(weight) else 0.0
        w = np.maximum(weight[edge], floor or _SHORTEST)
        i, j = a[edge], b[edge]
        ends = np.concatenate([i, j]), np.concatenate([j, i])
        return cls(nodes, csr_array(coo_array((np.concatenate([w, w]), ends), (nodes, nodes))), key, edge)

    def between(self, u: Whole, v: Whole) -> Whole:
        """Return the edges that join pairs of neighbours."""
        return self.edge[np.searchsorted(self.key, np.minimum(u, v) * self.nodes + np.maximum(u, v))]


@dataclass(frozen=True)
class Steiner:
    """A tree that joins terminals.

    Attributes
    ----------
    edges : array
        Edges of the tree, sorted.
    weight : float
        Their sum.
    unreached : array
        Terminals that no path joins to the first one.
    """

    edges: Whole
    weight: float
    unreached: Whole


def distances(graph: Adjacency, sources: Whole) -> tuple[Floats, Whole, Whole]:
    """Return each node's distance to its nearest source, the node before it on the way, and that source; -9999 for none."""
    d, before, source = dijkstra(graph.matrix, directed=True, indices=sources, min_only=True, return_predecessors=True)
    return d, before, source


def steiner(graph: Adjacency, a: Whole, b: Whole, weight: Floats, terminals: Whole) -> Steiner:
    """Join terminals by a short tree.

    Parameters
    ----------
    graph : Adjacency
        Of the edges.
    a, b, weight : array (edges,)
        The edges themselves.
    terminals : array (t,)
        The first one counts as reached.

    Returns
    -------
    Steiner

    Examples
    --------
    Two sides of a triangle; the star inside would be shorter, and two is still within 4/3 of it:

    >>> a, b, w = np.array([0, 0, 1, 3, 3, 3]), np.array([1, 2, 2, 0, 1, 2]), np.array([1.9, 1.9, 1.9, 1.0, 1.0, 1.0])
    >>> tree = steiner(Adjacency.of(4, a, b, w), a, b, w, np.array([0, 1, 2]))
    >>> tree.edges.tolist(), round(tree.weight, 6)
    ([0, 1], 3.8)
    """
    terminals = np.asarray(terminals, np.int64)
    terminals = terminals[np.sort(np.unique(terminals, return_index=True)[1])]
    if len(terminals) == 0:
        return Steiner(np.zeros(0, np.int64), 0.0, terminals)
    d, before, source = distances(graph, terminals)
    number = np.full(graph.nodes, -1)
    number[terminals] = np.arange(len(terminals))
    territory = np.where(np.isfinite(d), number[np.maximum(source, 0)], -1)
    bridge = _bridges(territory, a, b, d[a] + weight + d[b], len(terminals))
    edges = np.union1d(bridge, _paths(graph, before, np.concatenate([a[bridge], b[bridge]])))
    reach = _reached(graph.nodes, a[edges], b[edges], int(terminals[0]))
    edges = edges[reach[a[edges]]]
    return Steiner(edges, float(weight[edges].sum()), terminals[~reach[terminals]])


def _bridges(territory: Whole, a: Whole, b: Whole, cost: Floats, count: int) -> Whole:
    """Return the edges between territories that a minimum spanning tree of the terminals uses."""
    ta, tb = territory[a], territory[b]
    between = np.flatnonzero((ta != tb) & (ta >= 0) & (tb >= 0))
    between = between[np.argsort(cost[between], kind="stable")]
    low, high = np.minimum(ta[between], tb[between]), np.maximum(ta[between], tb[between])
    _, first = np.unique(low * count + high, return_index=True)
    first = np.sort(first)  # still from the cheapest to the dearest
    between, low, high = between[first], low[first], high[first]
    rank = np.arange(1.0, len(between) + 1)
    tree = minimum_spanning_tree(
        csr_array(coo_array((rank, (low.astype(np.int32), high.astype(np.int32))), (count, count)))
    )
    return between[tree.data.astype(np.int64) - 1]


def _paths(graph: Adjacency, before: Whole, nodes: Whole) -> Whole:
    """Return the edges on the way back from nodes to their terminals."""
    seen = np.zeros(graph.nodes, bool)
    edges = [np.zeros(0, np.int64)]
    nodes = np.unique(nodes)
    while len(nodes := nodes[(before[nodes] >= 0) & ~seen[nodes]]):
        seen[nodes] = True
        edges.append(graph.between(nodes, before[nodes]))
        nodes = np.unique(before[nodes])
    return np.concatenate(edges)


def _reached(nodes: int, a: Whole, b: Whole, root: int) -> npt.NDArray[np.bool_]:
    matrix = csr_array(coo_array((np.ones(len(a)), (a, b)), (nodes, nodes)))
    reached = np.zeros(nodes, bool)
    reached[breadth_first_order(matrix, root, directed=False, return_predecessors=False)] = True
    return reached


def shortened(nodes: int, a: Whole, b: Whole, weight: Floats, tree: Steiner, terminals: Whole) -> Steiner:
    """Span the tree's nodes anew with all edges between them, and drop what leads to no terminal; never longer.

    Parameters
    ----------
    nodes : int
    a, b, weight : array (edges,)
    tree : Steiner
    terminals : array (t,)

    Returns
    -------
    Steiner
    """
    on, fixed = np.zeros(nodes, bool), np.zeros(nodes, bool)
    on[a[tree.edges]] = on[b[tree.edges]] = fixed[terminals] = True
    inside = np.flatnonzero(on[a] & on[b])
    graph = Adjacency.of(nodes, a[inside], b[inside], weight[inside])
    i, j = a[inside[graph.edge]], b[inside[graph.edge]]
    order = np.argsort(weight[inside[graph.edge]], kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.arange(1.0, len(order) + 1)
    span = minimum_spanning_tree(csr_array(coo_array((rank, (i, j)), (nodes, nodes))))
    edges = inside[graph.edge[order[span.data.astype(np.int64) - 1]]]
    while True:
        degree = np.bincount(np.concatenate([a[edges], b[edges]]), minlength=nodes)
        loose = (degree == 1) & ~fixed
        useful = ~(loose[a[edges]] | loose[b[edges]])
        if useful.all():
            break
        edges = edges[useful]
    total = float(weight[edges].sum())
    return Steiner(np.sort(edges), total, tree.unreached) if total < tree.weight else tree


def rooted(nodes: int, a: Whole, b: Whole, edges: Whole, root: int) -> tuple[Whole, Whole, Whole]:
    """Direct a tree away from its root.

    Parameters
    ----------
    nodes : int
    a, b : array (all edges,)
    edges : array
        Those of the tree.
    root : int

    Returns
    -------
    (array (reached,), array (nodes,), array (nodes,))
        Nodes from the root outwards; each node's parent and the edge to it, -1 for the root and outside the tree.

    Examples
    --------
    >>> order, parent, edge = rooted(3, np.array([1, 2]), np.array([0, 1]), np.array([0, 1]), 0)
    >>> order.tolist(), parent.tolist(), edge.tolist()
    ([0, 1, 2], [-1, 0, 1], [-1, 0, 1])
    """
    i, j = a[edges], b[edges]
    number = np.concatenate([edges, edges]) + 1.0
    matrix = csr_array(coo_array((number, (np.concatenate([i, j]), np.concatenate([j, i]))), (nodes, nodes)))
    order, before = breadth_first_order(matrix, root, directed=True)
    parent, edge = np.where(before >= 0, before, -1).astype(np.int64), np.full(nodes, -1)
    rest = order[1:].astype(np.int64)
    ends = np.concatenate([i * nodes + j, j * nodes + i])
    by_key = np.argsort(ends)
    edge[rest] = np.tile(edges, 2)[by_key[np.searchsorted(ends[by_key], parent[rest] * nodes + rest)]]
    return order.astype(np.int64), parent, edge
