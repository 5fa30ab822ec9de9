r"""Rooted trees of nodes and the two sums that every radial network is made of.

A network without loops is a tree: every node but the root hangs on a parent, by a pipe or a cable. With the nodes in
depth-first preorder a subtree is one run of places, :math:`[i, last_i]`, so that

.. math:: S_i = \sum_{j \in subtree(i)} v_j = C_{last_i + 1} - C_i, \quad
          P_i = \sum_{j \in path(i)} v_j = E_{enter_i}

where :math:`C` is the cumulative sum over the places, and :math:`E` that over the :math:`2 n` events of a walk round
the tree, in which :math:`v_j` is added when the walk enters :math:`j` and taken away when it leaves. The same sums come
from one sweep from the last place to the first, or from the first to the last, which also leaves exact zeros exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numba as nb
import numpy as np
import numpy.typing as npt

from twin.errors import Problem, SchemaError

__all__ = ["Tree"]

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Method = Literal["auto", "cumsum", "sweep"]

_SWEEP_FROM = 20_000  # values; below it a few cumulative sums cost less than the call of the compiled loop is worth
_NAMED = 8  # at most so many nodes are named in an error


@dataclass(frozen=True)
class Tree:
    """A rooted tree; build it with :meth:`of`.

    A node is what the caller numbers; a place is its position in depth-first preorder, the root at place 0.

    Attributes
    ----------
    order : array (n,) of int
        The node at each place.
    place : array (n,) of int
        The place of each node.
    parent : array (n,) of int
        The place of each place's parent; -1 for the root. A parent stands before its children.
    last : array (n,) of int
        The last place of the subtree that begins at each place.
    """

    order: Whole
    place: Whole
    parent: Whole
    last: Whole

    @classmethod
    def of(cls, parent: npt.ArrayLike, names: Sequence[object] | None = None) -> Tree:
        """Put the nodes of a tree in order.

        Parameters
        ----------
        parent : array (n,) of int
            The parent of each node; -1 for the root.
        names : sequence of n objects, optional
            What the nodes are called in an error; their numbers without it.

        Returns
        -------
        Tree

        Raises
        ------
        SchemaError
            When there is not exactly one root, a parent does not exist, or nodes form a loop; it names the nodes.

        Examples
        --------
        >>> tree = Tree.of([-1, 0, 0, 1])
        >>> tree.order.tolist(), tree.parent.tolist(), tree.last.tolist()
        ([0, 1, 3, 2], [-1, 0, 1, 0], [3, 2, 2, 3])
        >>> Tree.of([-1, 2, 1], names=["plant", "a", "b"])
        Traceback (most recent call last):
        twin.errors.SchemaError: 1 problem found:
          - tree.parent: a, b: a loop; open it, a tree has one way from the root to a node (2 rows, first: a)
        """
        up = np.asarray(parent, np.int64)
        n = len(up)
        problems = _problems(up, names)
        if problems:
            raise SchemaError(problems)
        by_parent = np.argsort(up, kind="stable")
        begin = np.searchsorted(up[by_parent], np.arange(n + 1)).tolist()
        children = by_parent.tolist()
        order, stack = [], [children[0]]
        while stack:
            node = stack.pop()
            order.append(node)
            stack.extend(reversed(children[begin[node] : begin[node + 1]]))
        in_order = np.array(order, np.int64)
        place = np.empty(n, np.int64)
        place[in_order] = np.arange(n)
        above = np.where(up[in_order] < 0, -1, place[up[in_order]])
        last = list(range(n))
        for i, p in zip(range(n - 1, 0, -1), above[:0:-1].tolist(), strict=True):
            last[p] = max(last[p], last[i])
        return cls(in_order, place, above, np.array(last, np.int64))

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def depth(self) -> Whole:
        """Number of nodes above each place.

        Examples
        --------
        >>> Tree.of([-1, 0, 0, 1]).depth.tolist()
        [0, 1, 2, 1]
        """
        depth = [0] * len(self)
        for i, p in enumerate(self.parent.tolist()):
            depth[i] = depth[p] + 1 if i else 0
        return np.array(depth, np.int64)

    @cached_property
    def placed(self) -> Tree:
        """The same tree with its nodes numbered by place, so that values need no rearranging."""
        own = np.arange(len(self))
        return Tree(own, own, self.parent, self.last)

    @cached_property
    def _in_place(self) -> bool:
        return bool((self.order == np.arange(len(self))).all())

    @cached_property
    def _events(self) -> tuple[Whole, Whole]:
        """Return when a walk round the tree enters and leaves each place: of i nodes entered, i - depth are left."""
        i = np.arange(len(self))
        return 2 * i - self.depth, 2 * self.last + 1 - self.depth

    def subtree_sum(self, values: npt.ArrayLike, method: Method = "auto") -> Array:
        """Return the sum over each node and all below it.

        Parameters
        ----------
        values : array (..., n)
            Finite real, whole or complex numbers, in the order of the nodes.
        method : str
            ``"cumsum"`` is plain numpy; ``"sweep"`` a compiled loop, faster for many values, in which what is zero
            stays exactly zero; ``"auto"`` chooses by size.

        Returns
        -------
        array (..., n)
            In the order of the nodes.

        Examples
        --------
        >>> Tree.of([-1, 0, 0, 1]).subtree_sum([1, 10, 100, 1000]).tolist()
        [1111, 1010, 100, 1000]
        """
        v = self._arranged(values)
        if _swept(v, method):
            rows = v.reshape(-1, len(self)).copy()
            _sweep_up(rows, self.parent)
            return self._back(rows.reshape(v.shape))
        total = np.zeros((*v.shape[:-1], len(self) + 1), v.dtype)
        np.cumsum(v, axis=-1, out=total[..., 1:])
        return self._back(total[..., self.last + 1] - total[..., :-1])

    def path_sum(self, values: npt.ArrayLike, method: Method = "auto") -> Array:
        """Return the sum over each node and all between it and the root, which counts too.

        Parameters
        ----------
        values, method
            As for :meth:`subtree_sum`.

        Returns
        -------
        array (..., n)
            In the order of the nodes.

        Examples
        --------
        >>> Tree.of([-1, 0, 0, 1]).path_sum([1, 10, 100, 1000]).tolist()
        [1, 11, 101, 1011]
        """
        v = self._arranged(values)
        if _swept(v, method):
            rows = v.reshape(-1, len(self)).copy()
            _sweep_down(rows, self.parent)
            return self._back(rows.reshape(v.shape))
        enter, leave = self._events
        events = np.zeros((*v.shape[:-1], 2 * len(self)), v.dtype)
        events[..., enter], events[..., leave] = v, -v
        return self._back(np.cumsum(events, axis=-1)[..., enter])

    def pruned(self, keep: Flags) -> tuple[Tree, Whole]:
        """Return the tree without the branches in which nothing is to be kept.

        Parameters
        ----------
        keep : array (n,) of bool
            Nodes that must stay; so do all between them and the root, and the root itself.

        Returns
        -------
        (Tree, array (m,) of int)
            The smaller tree, and the old number of each of its nodes, in rising order.

        Examples
        --------
        >>> tree, kept = Tree.of([-1, 0, 0, 1]).pruned(np.array([False, False, True, False]))
        >>> tree.order.tolist(), tree.parent.tolist(), kept.tolist()
        ([0, 1], [-1, 0], [0, 2])
        """
        stays = self.subtree_sum(np.asarray(keep, bool)) > 0
        stays[self.order[0]] = True
        kept = np.flatnonzero(stays)
        number = np.full(len(self), -1, np.int64)
        number[kept] = np.arange(len(kept))
        up = self.parent[self.place[kept]]
        return Tree.of(np.where(up < 0, -1, number[self.order[up]])), kept

    def _arranged(self, values: npt.ArrayLike) -> Array:
        v = np.asarray(values)
        if v.dtype == bool:
            v = v.astype(np.int64)
        return v if self._in_place else v[..., self.order]

    def _back(self, values: Array) -> Array:
        return values if self._in_place else values[..., self.place]


def _swept(values: Array, method: Method) -> bool:
    return method == "sweep" or (method == "auto" and values.size >= _SWEEP_FROM)


@nb.njit(nogil=True, cache=True)
def _sweep_up(values: Any, parent: Any) -> None:
    """Add each place to its parent, the last first; `values` (rows, n) is changed."""
    rows, n = values.shape
    for r in range(rows):
        for i in range(n - 1, 0, -1):
            values[r, parent[i]] += values[r, i]


@nb.njit(nogil=True, cache=True)
def _sweep_down(values: Any, parent: Any) -> None:
    """Add to each place its parent, the first first; `values` (rows, n) is changed."""
    rows, n = values.shape
    for r in range(rows):
        for i in range(1, n):
            values[r, i] += values[r, parent[i]]


def _problems(parent: Whole, names: Sequence[object] | None) -> list[Problem]:
    """Return all that keeps an array of parents from being a tree."""
    n = len(parent)

    def found(nodes: Whole, rule: str) -> Problem:
        called = [str(names[i] if names is not None else i) for i in nodes.tolist()[:_NAMED]]
        listed = ", ".join(called) + (", ..." if len(nodes) > _NAMED else "")
        return Problem("tree", "parent", rule.format(listed), len(nodes), called[0] if called else "")

    problems = []
    strange = np.flatnonzero((parent < -1) | (parent >= n))
    if len(strange):
        problems.append(found(strange, f"{{}}: the parent is no node from 0 to {n - 1}, nor -1 for the root"))
    roots = np.flatnonzero(parent == -1)
    if len(roots) > 1:
        problems.append(found(roots, "{} have no parent: a tree has one root, join them or make a tree of each"))
    above = np.where((parent < 0) | (parent >= n), np.arange(n), parent)  # whoever has no parent stays where it is
    for _ in range(n.bit_length()):
        above = above[above]  # 1, 2, 4, ... steps towards the root: in the end everyone stands on a loop or a root
    ends = np.unique(above)
    looped = ends[(parent[ends] >= 0) & (parent[ends] < n)]
    if len(looped):
        problems.append(found(looped, "{}: a loop; open it, a tree has one way from the root to a node"))
    if not len(roots) and not problems:
        problems.append(Problem("tree", "parent", "there is no node: give at least a root, whose parent is -1"))
    return problems
