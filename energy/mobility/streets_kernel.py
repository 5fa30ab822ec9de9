r"""The compiled loop over streets and hours: what traffic uses and emits, without a table of streets, hours and classes.

Everything that a class does is a term :math:`(a V^2 + b V + g + d / V) / Q(V)` with a quadratic :math:`Q`, or a constant
times one of the two speed factors of wear. Since the hours do not know the class, a street needs four sums over them for
every :math:`Q` that occurs (a base), and each term is their scalar product with its numerator:

.. math:: q_{l,c} = k_l \sum_{t \in c} n_{l,t} \, r_{l,t} \, (a, b, g, d)_t \cdot M_{l,base(t)}, \quad
          M_{l,j} = \sum_h w_h \frac{(V^2, V, 1, 1/V)}{Q_j(V)}, \quad V = V_{l,h} \text{ within the base's limits}

with the distance of an average day :math:`k`, the share of the term's vehicles :math:`n`, its slope factor :math:`r` and
the days a year :math:`w` that an hour's share of an average day's traffic counts.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

__all__ = ["BRAKE", "RATIONAL", "TYRE", "run_hours", "run_links"]

RATIONAL, TYRE, BRAKE = 0, 1, 2  # kinds of bases; of the speed factors the third sum is used
_SUMS = {"contract", "reassoc"}  # lets the sums over hours run side by side; they are of numbers of one sign


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_SUMS)
def _rational(q: Any, speed: Any, weight: Any, found: Any) -> None:
    """Set the four sums of a base with denominator; q holds the quadratic and the limits."""
    e, z, y, low, high = q[0], q[1], q[2], q[3], q[4]
    square, straight, constant, inverse = 0.0, 0.0, 0.0, 0.0
    for h in range(len(weight)):
        v = min(max(speed[h], low), high)
        each = weight[h] / (v * ((e * v + z) * v + y))
        inverse += each
        each *= v
        constant += each
        each *= v
        straight += each
        square += each * v
    found[0], found[1], found[2], found[3] = square, straight, constant, inverse


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_SUMS)
def _tyre(speed: Any, weight: Any) -> float:
    total = 0.0
    for h in range(len(weight)):
        v = speed[h]
        total += weight[h] * (1.39 if v < 40.0 else (0.902 if v > 90.0 else 1.78 - 0.00974 * v))
    return total


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_SUMS)
def _brake(speed: Any, weight: Any) -> float:
    total = 0.0
    for h in range(len(weight)):
        v = speed[h]
        total += weight[h] * (1.67 if v < 40.0 else (0.185 if v > 95.0 else 2.75 - 0.027 * v))
    return total


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _bases(side: Any, kind: Any, q: Any, light: Any, heavy: Any, weight: Any, found: Any) -> None:
    """Set the sums of every base over the hours of one street."""
    for j in range(len(side)):
        speed = heavy if side[j] == 1 else light
        each = weight[side[j]]
        if kind[j] == RATIONAL:
            _rational(q[j], speed, each, found[j])
        else:
            found[j] = 0.0
            found[j, 2] = _tyre(speed, each) if kind[j] == TYRE else _brake(speed, each)


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _term(
    i: Any, t: Any, base: Any, group: Any, drive: Any, graded: Any, top: Any, sums: Any, share: Any, electric: Any, grade: Any
) -> float:  # fmt: skip
    """Return what a term's vehicles do on a street, per km of its whole traffic."""
    g, d, j = group[t], drive[t], base[t]
    n = share[i, g] * (electric[i, g] if d == 1 else 1.0 - electric[i, g])
    if graded[t]:
        n *= grade[i, g, d]
    return n * (top[t, 0] * sums[j, 0] + top[t, 1] * sums[j, 1] + top[t, 2] * sums[j, 2] + top[t, 3] * sums[j, 3])


@nb.njit(nogil=True, cache=True, error_model="numpy")
def run_links(
    first: Any, last: Any, daily_km: Any, profile: Any, weight: Any, light: Any, heavy: Any, share: Any, electric: Any,
    grade: Any, side: Any, kind: Any, q: Any, base: Any, group: Any, drive: Any, graded: Any, top: Any, channel: Any,
    out: Any,
) -> None:  # fmt: skip
    """Add the year's sums of the streets from `first` to `last` to `out`, by channel.

    Shapes: streets n, profiles p, hours h, vehicles g, bases j, terms t, channels k. daily_km, profile (n,), weight
    (p, 2, h), light and heavy (n, h), share and electric (n, g), grade (n, g, 2); side, kind (j,), q (j, 5); base,
    group, drive, graded (t,), top (t, 4), channel (t,); out (n, k).
    """
    sums = np.empty((len(side), 4))
    for i in range(first, last):
        _bases(side, kind, q, light[i], heavy[i], weight[profile[i]], sums)
        for t in range(len(base)):
            found = _term(i, t, base, group, drive, graded, top, sums, share, electric, grade)
            out[i, channel[t]] += daily_km[i] * found


@nb.njit(nogil=True, cache=True, error_model="numpy")
def run_hours(
    first: Any, last: Any, daily_km: Any, profile: Any, weight: Any, light: Any, heavy: Any, share: Any, electric: Any,
    grade: Any, side: Any, kind: Any, q: Any, base: Any, group: Any, drive: Any, graded: Any, top: Any, out: Any,
) -> None:  # fmt: skip
    """Add the sums of all terms by hour to `out` (n, h), for terms of one channel; shapes as for `run_links`."""
    sums = np.empty((len(side), 4))
    for i in range(first, last):
        for h in range(weight.shape[2]):
            one = slice(h, h + 1)
            _bases(side, kind, q, light[i, one], heavy[i, one], weight[profile[i]][:, one], sums)
            for t in range(len(base)):
                out[i, h] += daily_km[i] * _term(i, t, base, group, drive, graded, top, sums, share, electric, grade)
