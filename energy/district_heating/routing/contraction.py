"""The same choice on fewer edges: dead ends are dropped, and streets without a choice become one edge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from energy.district_heating.routing.prize import Market

__all__ = ["contract"]

Whole = npt.NDArray[np.int64]


def contract(market: Market) -> tuple[Market, Whole]:
    """Return the same choice on fewer edges: dead ends without a foot are dropped, roads without a choice are one edge.

    Parameters
    ----------
    market : Market

    Returns
    -------
    (Market, array (edges,))
        With nodes numbered as before, and for each edge the one that it has become part of; -1 where it is dropped.

    Examples
    --------
    >>> street = np.array([0, 1, 1]), np.array([1, 2, 3]), np.array([5.0, 5.0, 9.0]), np.ones(3)
    >>> less, part = contract(Market(4, 0, *street, np.array([[2]]), np.array([[7.0]]), np.ones(1)))
    >>> less.trench_sek.tolist(), part.tolist()
    ([10.0], [0, 0, -1])
    """
    m = market
    keep = np.zeros(m.nodes, bool)
    keep[m.root] = keep[m.feet[m.feet >= 0]] = True
    part = np.arange(len(m.a))
    a, b, trench, carry = m.a, m.b, m.trench_sek, m.carry_sek_kw
    while True:
        degree = np.bincount(np.concatenate([a, b]), minlength=m.nodes)
        dead = (degree == 1) & ~keep
        alive = ~(dead[a] | dead[b]) & (a != b)
        chain = (degree == 2) & ~keep
        if alive.all() and not chain.any():
            return replace(m, a=a, b=b, trench_sek=trench, carry_sek_kw=carry), part
        if not alive.all():
            new = np.where(alive, np.cumsum(alive) - 1, -1)
            a, b, trench, carry = a[alive], b[alive], trench[alive], carry[alive]
        else:
            new, a, b = _chained(a, b, chain)
            trench, carry = (np.bincount(new, weights=w).astype(float) for w in (trench, carry))
        part = np.where(part >= 0, new[part], -1)


def _chained(a: Whole, b: Whole, chain: npt.NDArray[np.bool_]) -> tuple[Whole, Whole, Whole]:
    """Join edges that meet at chain nodes; return each edge's new number and the ends of the new edges."""
    e = np.arange(len(a))
    node, edge = np.concatenate([a, b]), np.concatenate([e, e])
    order = np.argsort(node, kind="stable")
    order = order[chain[node[order]]]
    pair = edge[order].reshape(-1, 2)
    count, new = connected_components(coo_array((np.ones(len(pair)), (pair[:, 0], pair[:, 1])), (len(a),) * 2))
    ends = [np.full(count, -1), np.full(count, -1)]
    stop = ~chain[node]
    label, node = new[edge[stop]], node[stop]
    order = np.argsort(label, kind="stable")
    label, node = label[order], node[order]
    second = np.concatenate([[False], label[1:] == label[:-1]])
    ends[0][label[~second]], ends[1][label[second]] = node[~second], node[second]
    lost = ends[0] < 0  # a ring of chain nodes alone
    ends[0][lost] = ends[1][lost] = 0
    return new, ends[0], ends[1]
