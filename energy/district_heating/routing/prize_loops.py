"""Loops over trees and graphs that the choice of a network needs thousands of times, compiled."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

__all__ = ["ascend", "best_subtree", "path_sums"]

_NOTHING = 1e-9  # what is left of a cost is nothing below this


@nb.njit(cache=True)
def path_sums(order: Any, parent: Any, step: Any) -> Any:
    """Return the sum of steps from the root to each node; infinite off the tree."""
    total = np.full(len(parent), np.inf)
    total[order[0]] = 0.0
    for k in range(1, len(order)):
        v = order[k]
        total[v] = total[parent[v]] + step[v]
    return total


@nb.njit(cache=True)
def best_subtree(order: Any, parent: Any, cost: Any, own: Any) -> Any:
    """Return the worth of the best subtree with the root, and the nodes on it."""
    value, on = own.copy(), np.zeros(len(parent), np.bool_)
    for k in range(len(order) - 1, 0, -1):
        v = order[k]
        gain = value[v] - cost[v]
        if gain > 0:
            value[parent[v]] += gain
            on[v] = True
    on[order[0]] = True
    for k in range(1, len(order)):
        v = order[k]
        on[v] = on[v] and on[parent[v]]
    return value[order[0]], on


@nb.njit(cache=True)
def _inside(start: Any, first: Any, tail: Any, rest: Any, stamp: Any, clock: Any, stack: Any) -> Any:
    """Stack all nodes that reach a start by arcs that cost nothing more; return their number."""
    stack[0], top, read = start, 1, 0
    stamp[start] = clock
    while read < top:
        v = stack[read]
        read += 1
        for e in range(first[v], first[v + 1]):
            if rest[e] <= _NOTHING and stamp[tail[e]] != clock:
                stamp[tail[e]] = clock
                stack[top] = tail[e]
                top += 1
    return top


@nb.njit(cache=True)
def _raise_cut(nodes: Any, first: Any, tail: Any, rest: Any, stamp: Any, clock: Any) -> Any:
    """Take the least cost of all arcs into a set from each of them; return it, or zero where no arc enters."""
    least = np.inf
    for v in nodes:
        for e in range(first[v], first[v + 1]):
            if stamp[tail[e]] != clock:
                least = min(least, rest[e])
    if least == np.inf:
        return 0.0
    for v in nodes:
        for e in range(first[v], first[v + 1]):
            if stamp[tail[e]] != clock:
                rest[e] -= least
    return least


@nb.njit(cache=True)
def ascend(first: Any, tail: Any, rest: Any, root: Any, sinks: Any) -> Any:
    """Raise the price of cuts round each sink until the root is inside; return the sum of the prices.

    Arcs are sorted by head: those into v are first[v] to first[v + 1]. `rest` is what is left of each arc's cost, and is
    used up. The smallest cut goes first.
    """
    n = len(first) - 1
    total, clock = 0.0, 0
    size, done = np.ones(len(sinks), np.int64), np.zeros(len(sinks), np.bool_)
    stamp, stack = np.zeros(n, np.int64), np.empty(n, np.int64)
    while not done.all():
        s = np.argmin(np.where(done, n + 1, size))
        clock += 1
        top = _inside(sinks[s], first, tail, rest, stamp, clock, stack)
        if stamp[root] == clock:
            done[s] = True
        elif top > size[s]:
            size[s] = top  # its cut has grown; a smaller one may go first
        else:
            least = _raise_cut(stack[:top], first, tail, rest, stamp, clock)
            total += least
            done[s] = least <= 0
    return total
