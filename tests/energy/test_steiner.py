"""The Steiner tree: never worse than twice the best, exact where that is easy."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree

from energy.district_heating.routing.steiner import Adjacency, rooted, shortened, steiner


def lattice(nx, ny, seed, zero=0.0):
    r, n = np.random.default_rng(seed), nx * ny
    ix = np.arange(n).reshape(nx, ny)
    a = np.concatenate([ix[:-1].ravel(), ix[:, :-1].ravel()])
    b = np.concatenate([ix[1:].ravel(), ix[:, 1:].ravel()])
    w = r.uniform(0.6, 1.6, len(a)) * (r.random(len(a)) >= zero)
    return n, a, b, w


def spanning(n, a, b, w, nodes):
    """Weight of the minimum spanning tree within some nodes; infinite if they do not hang together."""
    label, total, count = list(range(n)), 0.0, 0

    def top(v):
        while label[v] != v:
            v = label[v]
        return v

    for e in np.argsort(w):
        u, v = int(a[e]), int(b[e])
        if u in nodes and v in nodes and top(u) != top(v):
            label[top(u)] = top(v)
            total, count = total + w[e], count + 1
    return total if count == len(nodes) - 1 else np.inf


def optimum(n, a, b, w, terminals):
    others = [v for v in range(n) if v not in set(terminals)]
    sets = (set(terminals) | set(c) for k in range(len(others) + 1) for c in combinations(others, k))
    return min(spanning(n, a, b, w, s) for s in sets)


def is_tree_over(n, a, b, edges, terminals):
    order, _, _ = rooted(n, a, b, edges, int(terminals[0]))
    return len(order) == len(edges) + 1 and set(terminals) <= set(order)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 6), st.sampled_from([0.0, 0.3]))
def test_within_twice_the_shortest_tree(seed, count, zero):
    n, a, b, w = lattice(3, 4, seed, zero)
    terminals = np.random.default_rng(seed).choice(n, count, replace=False)
    found = steiner(Adjacency.of(n, a, b, w), a, b, w, terminals)
    better = shortened(n, a, b, w, found, terminals)
    best = optimum(n, a, b, w, terminals)
    assert is_tree_over(n, a, b, found.edges, terminals)
    assert is_tree_over(n, a, b, better.edges, terminals)
    assert best - 1e-9 <= better.weight <= found.weight + 1e-12
    assert found.weight <= 2 * (1 - 1 / count) * best + 1e-9


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_with_all_nodes_it_is_the_minimum_spanning_tree(seed):
    n, a, b, w = lattice(5, 6, seed)
    tree = minimum_spanning_tree(coo_array((w, (a, b)), (n, n)).tocsr())
    assert steiner(Adjacency.of(n, a, b, w), a, b, w, np.arange(n)).weight == pytest.approx(tree.sum())


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.4]))
def test_with_two_terminals_it_is_the_shortest_path(seed, zero):
    n, a, b, w = lattice(6, 6, seed, zero)
    u, v = np.random.default_rng(seed).choice(n, 2, replace=False)
    matrix = coo_array((np.maximum(w, 1e-12), (a, b)), (n, n)).tocsr()
    found = steiner(Adjacency.of(n, a, b, w), a, b, w, np.array([u, v]))
    assert found.weight == pytest.approx(dijkstra(matrix, directed=False, indices=u)[v], abs=1e-9)


def test_parallel_edges_and_loops():
    a, b, w = np.array([0, 1, 0, 1, 1]), np.array([1, 0, 1, 1, 2]), np.array([3.0, 1.0, 2.0, 0.1, 1.0])
    found = steiner(Adjacency.of(3, a, b, w), a, b, w, np.array([0, 2]))
    assert found.edges.tolist() == [1, 4]
    assert found.weight == 2.0


def test_what_cannot_be_reached_is_told():
    a, b, w = np.array([0, 2, 3]), np.array([1, 3, 4]), np.ones(3)
    found = steiner(Adjacency.of(6, a, b, w), a, b, w, np.array([0, 1, 2, 4, 5]))
    assert found.edges.tolist() == [0]
    assert found.unreached.tolist() == [2, 4, 5]
    nothing = steiner(Adjacency.of(3, a[:0], b[:0], w[:0]), a[:0], b[:0], w[:0], np.array([1, 1]))
    assert (nothing.edges.tolist(), nothing.weight, nothing.unreached.tolist()) == ([], 0.0, [])


def test_a_free_street_is_used():
    """An edge without length joins its ends; sparse matrices would take its zero for nothing."""
    a, b, w = np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([0.0, 0.0, 5.0])
    found = steiner(Adjacency.of(3, a, b, w), a, b, w, np.array([0, 2]))
    assert found.edges.tolist() == [0, 1]
    assert found.weight == 0.0
