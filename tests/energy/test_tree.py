"""Sums over subtrees and paths, in two ways and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.tree import Tree
from twin import TwinError


@st.composite
def parents(draw, most=40):
    """A random tree whose nodes are numbered in any order."""
    n = draw(st.integers(1, most))
    up = [-1] + [draw(st.integers(0, i - 1)) for i in range(1, n)]
    number = np.array(draw(st.permutations(range(n))))
    parent = np.empty(n, int)
    parent[number] = [-1 if p < 0 else number[p] for p in up]
    return parent


def path(parent, node):
    while node >= 0:
        yield node
        node = parent[node]


def values(kind, n, seed):
    r = np.random.default_rng(seed)
    v = r.normal(0, 10 ** r.uniform(-3, 6), (3, n)) * (r.random((3, n)) < 0.6)  # zeros among them
    return {"real": v, "complex": v + 1j * v[::-1], "whole": v.astype(np.int64), "flag": v > 0}[kind]


@settings(max_examples=80, deadline=None)
@given(parents(), st.sampled_from(["real", "complex", "whole", "flag"]), st.integers(0, 10**6))
def test_both_ways_give_the_sums_made_by_hand(parent, kind, seed):
    tree, v = Tree.of(parent), values(kind, len(parent), seed)
    up, down = np.zeros((3, len(parent)), complex), np.zeros((3, len(parent)), complex)
    for node in range(len(parent)):
        for above in path(parent, node):
            up[:, above] += v[:, node]
            down[:, node] += v[:, above]
    scale = 1e-13 * (abs(v).sum() + 1)
    for method in ("cumsum", "sweep", "auto"):
        for found, wanted in ((tree.subtree_sum(v, method), up), (tree.path_sum(v, method), down)):
            assert found.shape == v.shape
            assert found.dtype == (np.int64 if kind == "flag" else v.dtype)
            np.testing.assert_allclose(found, wanted, rtol=0, atol=scale)
        one = tree.subtree_sum(v[0], method)
        np.testing.assert_allclose(one, up[0], rtol=0, atol=scale)


@settings(max_examples=60, deadline=None)
@given(parents())
def test_the_order_is_a_preorder(parent):
    tree = Tree.of(parent)
    assert sorted(tree.order) == list(range(len(parent)))
    np.testing.assert_array_equal(tree.order[tree.place], np.arange(len(parent)))
    assert tree.parent[0] == -1
    assert (tree.parent[1:] < np.arange(1, len(tree))).all()
    above = parent[tree.order]
    np.testing.assert_array_equal(np.where(tree.parent < 0, -1, tree.order[tree.parent]), above)
    for place in range(len(tree)):
        below = {i for i in range(len(tree)) if tree.order[place] in path(parent, tree.order[i])}
        assert below == set(range(place, tree.last[place] + 1))
        assert tree.depth[place] == len(list(path(parent, tree.order[place]))) - 1


def test_a_sweep_leaves_zeros_exact_and_the_given_numbers_alone():
    tree = Tree.of([-1, 0, 0, 1, 2])
    v = np.array([0.1, 1e9, 0.0, 0.3, 0.0])
    before = v.copy()
    assert tree.subtree_sum(v, "sweep")[2] == 0
    assert tree.placed.subtree_sum(v, "sweep") is not v
    tree.path_sum(v, "sweep")
    np.testing.assert_array_equal(v, before)


def test_a_long_chain_is_no_trouble():
    n = 60_000
    tree = Tree.of(np.arange(n) - 1)
    np.testing.assert_array_equal(tree.subtree_sum(np.ones(n)), np.arange(n, 0, -1))
    np.testing.assert_array_equal(tree.path_sum(np.ones(n), "cumsum"), np.arange(1, n + 1))


@settings(max_examples=60, deadline=None)
@given(parents(), st.integers(0, 10**6))
def test_pruning_keeps_what_is_wanted_and_the_way_there(parent, seed):
    tree = Tree.of(parent)
    keep = np.random.default_rng(seed).random(len(parent)) < 0.3
    small, kept = tree.pruned(keep)
    root = int(np.flatnonzero(parent < 0)[0])
    wanted = {root} | {above for node in np.flatnonzero(keep) for above in path(parent, node)}
    assert set(kept) == wanted
    v = np.where(keep, 2.0, 0.0)
    np.testing.assert_array_equal(small.subtree_sum(v[kept]), tree.subtree_sum(v)[kept])
    np.testing.assert_array_equal(small.path_sum(np.ones(len(kept))), tree.path_sum(np.ones(len(parent)))[kept])


@pytest.mark.parametrize(
    ("parent", "said"),
    [
        ([], "no node"),
        ([0], "first: a"),
        ([-1, -1, 0], "a, b have no parent"),
        ([-1, 2, 1, 1], "b, c: a loop"),
        ([-1, 7, 0], "b: the parent is no node from 0 to 2"),
        ([-1, -2], "b: the parent is no node"),
    ],
)
def test_what_is_no_tree_is_refused_by_name(parent, said):
    with pytest.raises(TwinError, match=said):
        Tree.of(parent, names="abcd")


def test_all_problems_are_told_at_once_and_many_names_are_cut():
    with pytest.raises(TwinError) as told:
        Tree.of([-1, -1, 9, 4, 3])
    assert [p.count for p in told.value.problems] == [1, 2, 2]
    with pytest.raises(TwinError, match=r"7, \.\.\. have no parent.*20 rows"):
        Tree.of([-1] * 20)
