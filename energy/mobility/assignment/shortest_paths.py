r"""The compiled loops of an all-or-nothing load: a tree of cheapest ways from every origin, and the demand that it carries.

Costs change little from one load to the next, and so does the order in which nodes lie from an origin. The order of the
last time is kept, and nodes are gone through in it without a queue: where it still holds, one pass settles every node, and
where it does not, nodes whose label falls after their turn are gone through again until none is left. The end is the same
as that of Dijkstra's method, which makes the first order and takes over where too much has changed. Labels begin anew
each time and fall only by strictly cheaper ways, so that predecessors form a tree even where links cost nothing.

Links are sorted by the node that they leave, `start` (nodes + 1) is where each node's begin. Nodes below `first_thru` are
not driven through.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

__all__ = ["load", "skim"]

_PASSES = 12  # with a kept order; more than that, and a new one is cheaper
_MOVES = 8  # per node, when the order is put right again


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _pop(key: Any, node: Any, size: Any) -> None:
    """Take the least away from a heap that holds `size` after it."""
    k, n, i = key[size], node[size], 0
    while True:
        c = 2 * i + 1
        if c >= size:
            break
        if c + 1 < size and key[c + 1] < key[c]:
            c += 1
        if key[c] >= k:
            break
        key[i], node[i] = key[c], node[c]
        i = c
    key[i], node[i] = k, n


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _push(key: Any, node: Any, size: Any, k: Any, n: Any) -> None:
    """Put one into a heap that holds `size` before it."""
    i = size
    while i > 0 and key[(i - 1) // 2] > k:
        key[i], node[i] = key[(i - 1) // 2], node[(i - 1) // 2]
        i = (i - 1) // 2
    key[i], node[i] = k, n


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _dijkstra(
    origin: Any, start: Any, head: Any, cost: Any, first_thru: Any, dist: Any, link: Any, done: Any, key: Any, node: Any,
    order: Any,
) -> int:  # fmt: skip
    """Set distances, the last link to each node and the order in which nodes settle; return how many are reached."""
    dist[:], link[:], done[:] = np.inf, -1, False
    dist[origin], size, count = 0.0, 1, 0
    key[0], node[0] = 0.0, origin
    while size > 0:
        d, u = key[0], node[0]
        size -= 1
        _pop(key, node, size)
        if done[u]:
            continue
        done[u] = True
        order[count] = u
        count += 1
        if u < first_thru and u != origin:
            continue
        for e in range(start[u], start[u + 1]):
            v, new = head[e], d + cost[e]
            if new < dist[v]:
                dist[v], link[v] = new, e
                _push(key, node, size, new, v)
                size += 1
    return count


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _again(
    origin: Any, start: Any, head: Any, cost: Any, first_thru: Any, dist: Any, link: Any, todo: Any, order: Any, count: Any
) -> int:  # fmt: skip
    """Set distances and last links by going through nodes in an order; return the passes, 0 when they do not suffice."""
    dist[:], todo[:] = np.inf, True
    dist[origin], link[origin] = 0.0, -1
    for passes in range(1, _PASSES + 1):
        left = 0
        for i in range(count):
            u = order[i]
            if not todo[u]:
                continue
            d = dist[u]
            if d == np.inf:
                left += 1
                continue
            todo[u] = False
            if u < first_thru and u != origin:
                continue
            for e in range(start[u], start[u + 1]):
                v, new = head[e], d + cost[e]
                if new < dist[v]:
                    dist[v], link[v] = new, e
                    if not todo[v]:
                        todo[v] = True
                        left += 1
        if left == 0:
            return passes
    return 0


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _sort(order: Any, count: Any, dist: Any) -> None:
    """Put an order that is nearly sorted right; one that is not is left when it has taken too long."""
    moves = 0
    for i in range(1, count):
        v, j = order[i], i
        while j > 0 and dist[order[j - 1]] > dist[v]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = v
        moves += i - j
        if moves > _MOVES * count:
            break


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _collect(order: Any, count: Any, link: Any, tail: Any, carried: Any, waiting: Any, seen: Any, flow: Any) -> None:
    """Add what each node takes to the links of the tree, a node after all those behind it, in whatever order they are."""
    for i in range(count):
        waiting[order[i]], seen[order[i]] = 0, False
    for i in range(count):
        e = link[order[i]]
        if e >= 0:
            waiting[tail[e]] += 1
    for i in range(count - 1, -1, -1):
        v = order[i]
        seen[v] = True
        while seen[v] and waiting[v] == 0:
            e = link[v]
            if e < 0:
                break
            waiting[v] = -1
            flow[e] += carried[v]
            carried[tail[e]] += carried[v]
            carried[v] = 0.0
            v = tail[e]
            waiting[v] -= 1


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _collect_in_order(order: Any, count: Any, link: Any, tail: Any, carried: Any, flow: Any) -> None:
    """Add what each node takes to the links of the tree, where every node stands after the one before it."""
    for i in range(count - 1, 0, -1):
        v = order[i]
        if carried[v] > 0.0:
            e = link[v]
            flow[e] += carried[v]
            carried[tail[e]] += carried[v]
            carried[v] = 0.0


@nb.njit(nogil=True, cache=True, error_model="numpy")
def load(
    first: Any, last: Any, start: Any, head: Any, tail: Any, cost: Any, first_thru: Any, zone_node: Any, demand: Any,
    orders: Any, counts: Any, flow: Any,
) -> float:  # fmt: skip
    """Add the demand of some origins to `flow`, each on its cheapest way; return its cost, infinite when there is no way.

    `orders` (zones, nodes) and `counts` are kept between loads; without rows, orders are not kept.
    """
    nodes, keep, total = len(start) - 1, len(orders) > 0, 0.0
    dist, link, done = np.empty(nodes), np.empty(nodes, np.int32), np.empty(nodes, np.bool_)
    carried, waiting, own = np.zeros(nodes), np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    key, node = np.empty(len(head) + 1), np.empty(len(head) + 1, np.int32)
    for o in range(first, last):
        if demand[o].max() <= 0.0:
            continue
        order, origin, passes = orders[o] if keep else own, zone_node[o], 0
        if keep and counts[o] > 0:
            passes = _again(origin, start, head, cost, first_thru, dist, link, done, order, counts[o])
            if passes > 1:
                _sort(order, counts[o], dist)
        settled = passes == 1
        if passes == 0:
            counts[o] = _dijkstra(origin, start, head, cost, first_thru, dist, link, done, key, node, order)
            settled = True
        for d in range(len(zone_node)):
            if demand[o, d] > 0.0:
                if dist[zone_node[d]] == np.inf:
                    return np.inf
                carried[zone_node[d]] += demand[o, d]
                total += demand[o, d] * dist[zone_node[d]]
        if settled:
            _collect_in_order(order, counts[o], link, tail, carried, flow)
        else:
            _collect(order, counts[o], link, tail, carried, waiting, done, flow)
        carried[origin] = 0.0
    return total


@nb.njit(nogil=True, cache=True, error_model="numpy")
def skim(start: Any, head: Any, tail: Any, cost: Any, first_thru: Any, zone_node: Any, values: Any, found: Any) -> None:
    """Sum link values (kinds, links) along the cheapest ways into `found` (kinds, zones, zones); infinite without a way."""
    nodes, zones = len(start) - 1, len(zone_node)
    dist, link, done = np.empty(nodes), np.empty(nodes, np.int32), np.empty(nodes, np.bool_)
    key, node, order = np.empty(len(head) + 1), np.empty(len(head) + 1, np.int32), np.empty(nodes, np.int32)
    at = np.empty((len(values), nodes))
    for o in range(zones):
        count = _dijkstra(zone_node[o], start, head, cost, first_thru, dist, link, done, key, node, order)
        at[:] = np.inf
        at[:, zone_node[o]] = 0.0
        for i in range(1, count):
            v = order[i]
            for k in range(len(values)):
                at[k, v] = at[k, tail[link[v]]] + values[k, link[v]]
        for d in range(zones):
            for k in range(len(values)):
                found[k, o, d] = at[k, zone_node[d]]
