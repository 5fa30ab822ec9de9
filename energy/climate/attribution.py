r"""A fair split of a plan's reduction over measures that overlap: the Shapley value and what stands beside it.

A coalition is a set of measures, written as a whole number whose bit i says whether measure i is in it. ``emissions[S]``
are the emissions with the measures of S, for all :math:`2^n` of them; trailing axes (entities, years) are kept. A
measure's reduction depends on which others came before it; the Shapley value is the mean over all orders:

.. math:: \varphi_i = \sum_{S \not\ni i} \frac{|S|!\,(n-|S|-1)!}{n!} \left( E(S) - E(S \cup i) \right), \qquad
          \sum_i \varphi_i = E(\emptyset) - E(N)

It is linear: computed for each building it still sums to the city.

References
----------
.. [1] L. S. Shapley, A value for n-person games, Contributions to the Theory of Games II (1953) 307-317.
.. [2] G. Owen, Values of games with a priori unions, Mathematical Economics and Game Theory (1977) 76-88.
.. [3] M. Grabisch, M. Roubens, An axiomatic approach to the concept of interaction among players in cooperative games,
   International Journal of Game Theory 28 (1999) 547-565.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from math import factorial

import numpy as np
import numpy.typing as npt

from twin.errors import TwinError

__all__ = [
    "MOST",
    "first_in",
    "interaction_index",
    "interactions",
    "last_in",
    "order_range",
    "owen",
    "players",
    "sampled",
    "shapley",
    "uniform",
]

Floats = npt.NDArray[np.float64]
MOST = 10  # measures or groups whose coalitions are all run
_BLOCK = 4096  # entities whose marginal reductions are held at a time


def players(emissions: Floats) -> int:
    """Return how many measures the coalitions are made of.

    Raises
    ------
    TwinError
        When the coalitions are not all there, or are more than an exact split is made of.

    Examples
    --------
    >>> players(np.zeros((8, 5)))
    3
    """
    coalitions = len(emissions)
    n = coalitions.bit_length() - 1
    if coalitions < 1 or coalitions != 1 << n:
        raise TwinError(f"{coalitions} coalitions are not all of any number of measures; run every set of them")
    if n > MOST:
        raise TwinError(f"{n} measures are more than {MOST}; group them, or sample the orders")
    return n


def shapley(emissions: Floats) -> Floats:
    """Return each measure's share of the reduction.

    Parameters
    ----------
    emissions : array (2^n, ...)
        By coalition.

    Returns
    -------
    array (n, ...)
        Their sum is ``emissions[0] - emissions[-1]``.

    Examples
    --------
    Two measures that each save 4 alone and 6 together:

    >>> shapley(np.array([10.0, 6.0, 6.0, 4.0])).tolist()
    [3.0, 3.0]
    """
    n = players(emissions)
    return _weighed(_weights(list(range(n))), emissions)


def owen(emissions: Floats, unions: Sequence[Hashable]) -> Floats:
    r"""Return each measure's share when measures stand together in unions: bodies that answer for several.

    .. math:: \varphi_i = \sum_{H \subseteq M \setminus u} \sum_{T \subseteq B_u \setminus i}
              \frac{|H|!\,(m-|H|-1)!}{m!} \frac{|T|!\,(b-|T|-1)!}{b!} \left( E(Q_H \cup T) - E(Q_H \cup T \cup i) \right)

    The unions come in any order, each with all its measures at once; the sum over a union is the Shapley value that the
    union has as one.

    Parameters
    ----------
    emissions : array (2^n, ...)
        By coalition.
    unions : sequence (n,)
        The union of each measure.

    Returns
    -------
    array (n, ...)

    Examples
    --------
    >>> owen(np.array([10.0, 6.0, 6.0, 4.0]), ["a", "b"]).tolist()
    [3.0, 3.0]
    """
    n = players(emissions)
    if len(unions) != n:
        raise TwinError(f"{len(unions)} unions were named for {n} measures; name one for each")
    return _weighed(_weights(unions), emissions)


def _weights(unions: Sequence[Hashable]) -> Floats:
    """Return the weight of every coalition's emissions in every measure's share, shape (n, 2^n)."""
    n = len(unions)
    masks = np.arange(1 << n)
    member: dict[Hashable, int] = {}
    for i, union in enumerate(unions):
        member[union] = member.get(union, 0) | 1 << i
    full = {u: (masks & bits) == bits for u, bits in member.items()}
    apart = {u: full[u] | ((masks & bits) == 0) for u, bits in member.items()}
    m = len(member)
    weights = np.zeros((n, 1 << n))
    for i, union in enumerate(unions):
        others = [u for u in member if u != union]
        whole = np.logical_and.reduce([apart[u] for u in others], initial=True) & ((masks >> i & 1) == 0)
        before = np.sum([full[u] for u in others], axis=0, dtype=int) if others else np.zeros(1 << n, int)
        inside = np.bitwise_count(masks & member[union]).astype(int)
        b = member[union].bit_count()
        at = masks[whole]
        of_unions = np.array([factorial(h) * factorial(m - h - 1) / factorial(m) for h in range(m)])
        of_inside = np.array([factorial(t) * factorial(b - t - 1) / factorial(b) for t in range(b)])
        weight = of_unions[before[at]] * of_inside[inside[at]]
        weights[i, at] += weight
        weights[i, at | 1 << i] -= weight
    return weights


def _weighed(weights: Floats, emissions: Floats) -> Floats:
    table = np.asarray(emissions, float)
    return (weights @ table.reshape(len(table), -1)).reshape(len(weights), *table.shape[1:])


def first_in(emissions: Floats) -> Floats:
    """Return what each measure saves alone; the sum overshoots where measures overlap.

    Examples
    --------
    >>> first_in(np.array([10.0, 6.0, 6.0, 4.0])).tolist()
    [4.0, 4.0]
    """
    return emissions[0] - emissions[1 << np.arange(players(emissions))]


def last_in(emissions: Floats) -> Floats:
    """Return what each measure adds when all others are there; the sum falls short where measures overlap.

    Examples
    --------
    >>> last_in(np.array([10.0, 6.0, 6.0, 4.0])).tolist()
    [2.0, 2.0]
    """
    everyone = len(emissions) - 1
    return emissions[everyone ^ (1 << np.arange(players(emissions)))] - emissions[everyone]


def uniform(emissions: Floats) -> Floats:
    """Return the savings alone, all scaled by one number until they add up; for comparison only, it misallocates.

    Examples
    --------
    >>> uniform(np.array([10.0, 6.0, 6.0, 4.0])).tolist()
    [3.0, 3.0]
    """
    alone = first_in(emissions)
    total = alone.sum(axis=0)
    scale = np.divide(emissions[0] - emissions[-1], total, out=np.full(np.shape(total), np.nan), where=total != 0)
    return alone * scale


def order_range(emissions: Floats) -> tuple[Floats, Floats]:
    """Return the least and the most that each measure saves over all orders, exactly.

    In some order a measure follows any set of the others, so that the extremes are those over all sets.

    Parameters
    ----------
    emissions : array (2^n, ...)
        By coalition.

    Returns
    -------
    (array (n, ...), array (n, ...))

    Examples
    --------
    >>> [a.tolist() for a in order_range(np.array([10.0, 6.0, 6.0, 4.0]))]
    [[2.0, 2.0], [4.0, 4.0]]
    """
    n = players(emissions)
    table = np.asarray(emissions, float).reshape(1 << n, -1)
    low, high = np.empty((n, table.shape[1])), np.empty((n, table.shape[1]))
    for start in range(0, table.shape[1], _BLOCK):
        part = table[:, start : start + _BLOCK]
        for i in range(n):
            sides = part.reshape(1 << (n - 1 - i), 2, 1 << i, part.shape[1])
            saved = sides[:, 0] - sides[:, 1]
            low[i, start : start + _BLOCK] = saved.min(axis=(0, 1))
            high[i, start : start + _BLOCK] = saved.max(axis=(0, 1))
    shape = (n, *np.shape(emissions)[1:])
    return low.reshape(shape), high.reshape(shape)


def interactions(emissions: Floats) -> Floats:
    r"""Return what two measures save together beyond what each saves alone: negative where they overlap.

    .. math:: I_{ij} = v(ij) - v(i) - v(j) + v(\emptyset), \qquad v(S) = E(\emptyset) - E(S)

    Parameters
    ----------
    emissions : array (2^n, ...)
        By coalition.

    Returns
    -------
    array (n, n, ...)
        Symmetric, with zeros on the diagonal.

    Examples
    --------
    >>> interactions(np.array([10.0, 6.0, 6.0, 4.0])).tolist()
    [[0.0, -2.0], [-2.0, 0.0]]
    """
    n = players(emissions)
    out = np.zeros((n, n, *np.shape(emissions)[1:]))
    for i in range(n):
        for j in range(i):
            together = emissions[1 << i] + emissions[1 << j] - emissions[1 << i | 1 << j] - emissions[0]
            out[i, j] = out[j, i] = together
    return out


def interaction_index(emissions: Floats) -> Floats:
    r"""Return the interaction of two measures as a mean over what else may be there (Shapley interaction index).

    .. math:: I_{ij} = \sum_{S \not\ni i, j} \frac{|S|!\,(n-|S|-2)!}{(n-1)!}
              \left( E(S \cup i) + E(S \cup j) - E(S \cup ij) - E(S) \right)

    Parameters
    ----------
    emissions : array (2^n, ...)
        By coalition.

    Returns
    -------
    array (n, n, ...)
        Symmetric, with zeros on the diagonal; with two measures that of :func:`interactions`.

    Examples
    --------
    >>> interaction_index(np.array([10.0, 6.0, 6.0, 4.0])).tolist()
    [[0.0, -2.0], [-2.0, 0.0]]
    """
    n = players(emissions)
    masks = np.arange(1 << n)
    size = np.bitwise_count(masks).astype(int)
    weight = np.array([factorial(s) * factorial(n - s - 2) / factorial(n - 1) for s in range(n - 1)])
    out = np.zeros((n, n, *np.shape(emissions)[1:]))
    for i in range(n):
        for j in range(i):
            a, b = 1 << i, 1 << j
            s = masks[(masks & (a | b)) == 0]
            row = np.zeros(1 << n)
            row[s], row[s | a | b] = -weight[size[s]], -weight[size[s]]
            row[s | a], row[s | b] = weight[size[s]], weight[size[s]]
            out[i, j] = out[j, i] = _weighed(row[None], emissions)[0]
    return out


def sampled(run: Callable[[int], Floats], n: int, pairs: int, seed: int = 1) -> tuple[Floats, Floats]:
    r"""Return an estimate of each measure's share from random orders, each used forwards and backwards.

    The mean of an order and its reverse is one sample; samples are independent, so that
    :math:`s = \sigma / \sqrt{pairs}`. Every order adds up to the whole, and so does the estimate.

    Parameters
    ----------
    run : callable
        Coalition to its emissions, an array (...); asked for the same coalition again, it may remember.
    n : int
        Measures.
    pairs : int
        Orders drawn, at least 2.
    seed : int

    Returns
    -------
    (array (n, ...), array (n, ...))
        Estimate and its standard error.

    Examples
    --------
    >>> share, error = sampled(lambda s: np.array([10.0, 6.0, 6.0, 4.0][s]), 2, 4)
    >>> share.tolist(), error.tolist()
    ([3.0, 3.0], [0.0, 0.0])
    """
    if pairs < 2:
        raise TwinError("a standard error needs at least 2 orders")
    r = np.random.default_rng(seed)
    empty = np.asarray(run(0), float)
    mean, spread = np.zeros((n, *empty.shape)), np.zeros((n, *empty.shape))
    for k in range(pairs):
        order = r.permutation(n).tolist()
        sample = (_along(run, order, empty) + _along(run, order[::-1], empty)) / 2
        step = sample - mean
        mean += step / (k + 1)
        spread += step * (sample - mean)
    return mean, np.sqrt(spread / (pairs - 1) / pairs)


def _along(run: Callable[[int], Floats], order: list[int], empty: Floats) -> Floats:
    """Return the reduction of each measure when they are added in this order."""
    out, mask, before = np.zeros((len(order), *empty.shape)), 0, empty
    for i in order:
        mask |= 1 << i
        after = np.asarray(run(mask), float)
        out[i] = before - after
        before = after
    return out
