r"""The compiled loops of the heat network: one state of a tree by Newton's method, many states, many hours.

Places are in depth-first preorder, so a loop from the last to the first carries flow and return heat to the parent, and
one from the first to the last carries temperature and pressure down. Temperatures are counted above the ground's.

A consumer cools what arrives by :math:`y_i = q_i / (c_p m_{own,i})` to its return temperature :math:`b_i`. With the
flow of a pipe :math:`m`, its loss :math:`k = u L / c_p` and the path sum :math:`P` of :math:`k / m`, what arrives is
:math:`g_0 e^{-P}`, so that the consumers' flows must satisfy

.. math:: l_i = \ln\frac{b_i + y_i}{g_0} + P_i = 0

This is where the concave function :math:`\sum k \ln m - \sum \int \ln(g_0 / (b + y))\,dm_{own}` is largest: there is
always one solution and only one. A small change obeys :math:`dP_i = dP_p - \kappa_i\,dm_i` with
:math:`\kappa = k / m^2`, and :math:`dm_i = \sum_c dm_c + \gamma_i (l_i + dP_i)` with
:math:`\gamma = m_{own} (b + y) / y`, which elimination from the leaves to the root solves exactly: Newton's step costs
two more sweeps, and divides by nothing smaller than one. It is taken in :math:`1 / m_{own}`, of which a single pipe's
:math:`P` is a multiple. Where all flows are given there is nothing to solve.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

__all__ = ["run_hours", "run_states"]

_STEPS = 100  # of Newton; two to four are usual
_LEAST = 0.1  # a step leaves at least this share of what a consumer cools the water
_TWO_LOG10 = 2.0 / np.log(10.0)
_CONTRACT = {"contract"}


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _flows(parent: Any, own: Any, m: Any) -> None:
    """Add the consumers' flows up the tree."""
    for i in range(len(parent)):
        m[i] = own[i]
    for i in range(len(parent) - 1, 0, -1):
        m[parent[i]] += m[i]


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _supply(parent: Any, k: Any, start: Any, m: Any, e: Any, g: Any) -> None:
    """Carry the excess temperature `start` down the tree."""
    g[0], e[0] = start, 1.0
    for i in range(1, len(parent)):
        e[i] = np.exp(-k[i] / m[i]) if m[i] > 0.0 else 0.0
        g[i] = g[parent[i]] * e[i]


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _off(parent: Any, k: Any, b: Any, start: Any, own: Any, m: Any, y: Any, path: Any, off: Any) -> float:
    """Set the path sums and by how much each consumer is off; return the worst in degrees."""
    worst = 0.0
    path[0] = 0.0
    for i in range(len(parent)):
        if i > 0:
            path[i] = path[parent[i]] + (k[i] / m[i] if m[i] > 0.0 else 0.0)
        off[i] = 0.0
        if own[i] > 0.0:
            off[i] = np.log((b[i] + y[i]) / start) + path[i]
            worst = max(worst, abs(off[i]) * (b[i] + y[i]))
    return worst


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _newton(parent: Any, k: Any, b: Any, own: Any, m: Any, y: Any, off: Any, work: Any) -> None:
    """Take one step of Newton's method on the consumers' flows; see the head of this module."""
    n = len(parent)
    below, fixed, gamma, by, dp = work[0], work[1], work[2], work[3], work[4]
    for i in range(n):
        below[i], fixed[i] = 0.0, 0.0
        gamma[i] = own[i] * (b[i] + y[i]) / y[i] if own[i] > 0.0 else 0.0
    for i in range(n - 1, 0, -1):
        p, total = parent[i], below[i] + gamma[i]
        by[i] = 1.0 / (1.0 + k[i] / m[i] * (total / m[i])) if m[i] > 0.0 else 1.0
        below[p] += by[i] * total
        fixed[p] += by[i] * (fixed[i] + gamma[i] * off[i])
    dp[0], by[0] = 0.0, 1.0
    for i in range(n):
        if m[i] <= 0.0:
            continue
        kappa = k[i] / m[i] / m[i]
        above = dp[parent[i]] if i > 0 else 0.0
        dp[i] = by[i] * (above - kappa * (fixed[i] + gamma[i] * off[i])) if i > 0 else 0.0
        if own[i] > 0.0:
            # off + dp, written so that nothing cancels where a trickle runs through a long pipe
            change = by[i] * (off[i] * (1.0 + kappa * below[i]) + above - kappa * fixed[i])
            colder = min(b[i], 0.0)
            y_new = max(y[i] - change * (b[i] + y[i]), _LEAST * (y[i] + colder) - colder)
            own[i] *= y[i] / y_new
            y[i] = y_new


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _settle(
    parent: Any, k: Any, cp: Any, demand: Any, b: Any, start: Any, tolerance: Any, own: Any, m: Any, e: Any, g: Any,
    y: Any, path: Any, off: Any, work: Any,
) -> int:  # fmt: skip
    """Find the consumers' flows, beginning with those in `own`; return the steps taken, or -1 when they do not settle."""
    for i in range(len(parent)):
        if own[i] > 0.0:
            y[i] = demand[i] / (cp * own[i])
    for step in range(_STEPS):
        _flows(parent, own, m)
        if _off(parent, k, b, start, own, m, y, path, off) < tolerance:
            _supply(parent, k, start, m, e, g)
            return step
        _newton(parent, k, b, own, m, y, off, work)
    return -1


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _returning(
    parent: Any,
    k_return: Any,
    same: Any,
    cp: Any,
    demand: Any,
    own: Any,
    m: Any,
    e: Any,
    g: Any,
    e_back: Any,
    sent: Any,
) -> None:
    """Carry what the consumers send back up the tree: `sent` is flow times excess temperature in each return pipe."""
    n = len(parent)
    for i in range(n):
        sent[i] = own[i] * g[i] - demand[i] / cp if own[i] > 0.0 else 0.0
    for i in range(n - 1, 0, -1):
        if same:
            e_back[i] = e[i]
        else:
            e_back[i] = np.exp(-k_return[i] / m[i]) if m[i] > 0.0 else 0.0
        sent[parent[i]] += sent[i] * e_back[i]


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _drop(flow: Any, pipe: Any, colebrook: Any) -> float:
    """Return the pressure drop of a pipe by the laws of :func:`energy.district_heating.hydraulics.pipes.friction_factor`.

    `pipe` (5): Re per flow, drop per friction factor and flow squared, e / 3.7, its power 1.11, Nikuradse's factor.
    """
    if flow <= 0.0:
        return 0.0
    re = pipe[0] * flow
    if not colebrook:
        return float((64.0 / re + pipe[4]) * pipe[1] * flow * flow)
    if re < 2300.0:
        return float(64.0 / re * pipe[1] * flow * flow)
    smooth = 2.51 / re
    x = -0.9 * _TWO_LOG10 * np.log(pipe[3] + 6.9 / re)
    for _ in range(2):
        inside = pipe[2] + smooth * x
        x -= (x + _TWO_LOG10 * np.log(inside)) / (1.0 + _TWO_LOG10 * smooth / inside)
    return float(pipe[1] * flow * flow / (x * x))


@nb.njit(nogil=True, cache=True, error_model="numpy")
def run_states(
    parent: Any, k: Any, k_return: Any, same: Any, cp: Any, demand: Any, back: Any, ground: Any, supply: Any,
    solve: Any, tolerance: Any, own: Any, m: Any, g: Any, e: Any, sent: Any, e_back: Any,
) -> int:  # fmt: skip
    """Solve states row by row (states, n) and keep all of them; return the first that has no solution, or -1."""
    n = len(parent)
    y, b, path, off, work = np.ones(n), np.empty(n), np.empty(n), np.empty(n), np.empty((5, n))
    for s in range(len(demand)):
        start = supply[s] - ground[s]
        if not solve:
            _flows(parent, own[s], m[s])
            _supply(parent, k, start, m[s], e[s], g[s])
        else:
            for i in range(n):
                b[i] = back[s, i] - ground[s]
                own[s, i] = demand[s, i] / (cp * (start - b[i])) if demand[s, i] > 0.0 else 0.0
            steps = _settle(parent, k, cp, demand[s], b, start, tolerance, own[s], m[s], e[s], g[s], y, path, off, work)
            if steps < 0:
                return s
        _returning(parent, k_return, same, cp, demand[s], own[s], m[s], e[s], g[s], e_back[s], sent[s])
    return -1


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _begin(
    demand: Any, own: Any, b: Any, cp: Any, design: Any, profile: Any, factor: Any, back: Any, ground: Any, start: Any, share: Any
) -> float:  # fmt: skip
    """Set each consumer's demand, and its flow as if the same share of warmth arrived as before; return the sum."""
    delivered = 0.0
    for i in range(len(demand)):
        demand[i] = design[i] * factor[profile[i]]
        b[i], own[i] = back[i] - ground, 0.0
        if demand[i] > 0.0:
            cooling = start * share[i] - b[i]
            own[i] = demand[i] / (cp * (cooling if cooling > 0.0 else start - b[i]))
            delivered += demand[i]
    return delivered


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _furthest(parent: Any, demand: Any, m: Any, pipe: Any, colebrook: Any, p: Any) -> Any:
    """Add the drops down the tree; return the largest at a consumer, and which that is (-1 for none)."""
    worst, far = 0.0, -1
    for i in range(len(parent)):
        p[i] = p[parent[i]] + _drop(m[i], pipe[i], colebrook) if i > 0 else 0.0
        if demand[i] > 0.0 and p[i] >= worst:
            worst, far = p[i], i
    return worst, far


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _coldest(demand: Any, g: Any, start: Any, share: Any) -> int:
    """Note the share of warmth that arrives at each consumer; return the one with the least, or -1."""
    cold = -1
    for i in range(len(demand)):
        if demand[i] > 0.0:
            share[i] = g[i] / start
            if cold < 0 or g[i] < g[cold]:
                cold = i
    return cold


@nb.njit(nogil=True, cache=True, error_model="numpy")
def run_hours(
    first: Any, last: Any, parent: Any, k: Any, k_return: Any, same: Any, cp: Any, design: Any, profile: Any,
    factors: Any, back: Any, ground: Any, supply: Any, tolerance: Any, pipe: Any, colebrook: Any, by_pipe: Any,
    hourly: Any, who: Any, lost: Any, most: Any, mean: Any,
) -> int:  # fmt: skip
    """Solve the hours from `first` to before `last` and keep their sums; return the first without a solution, or -1.

    `hourly` (hours, 5): heat in and loss [W], flow [kg/s], largest drop at a consumer [Pa], coldest consumer [degC];
    `who` (hours, 2): the places of these two consumers.
    """
    n = len(parent)
    demand, own, m, e, g, sent = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    e_back, y, b, path, off = np.empty(n), np.ones(n), np.empty(n), np.empty(n), np.empty(n)
    p, share, work = np.zeros(n), np.ones(n), np.empty((5, n))
    for h in range(first, last):
        start = supply[h] - ground[h]
        delivered = _begin(demand, own, b, cp, design, profile, factors[h], back, ground[h], start, share)
        if _settle(parent, k, cp, demand, b, start, tolerance, own, m, e, g, y, path, off, work) < 0:
            return h
        _returning(parent, k_return, same, cp, demand, own, m, e, g, e_back, sent)
        worst, far = _furthest(parent, demand, m, pipe, colebrook, p)
        cold = _coldest(demand, g, start, share)
        heat = cp * (m[0] * start - sent[0])
        hourly[h, 0], hourly[h, 1], hourly[h, 2], hourly[h, 3] = heat, heat - delivered, m[0], worst
        hourly[h, 4] = g[cold] + ground[h] if cold >= 0 else np.nan
        who[h, 0], who[h, 1] = far, cold
        if by_pipe:
            for i in range(1, n):
                lost[i] += cp * (m[i] * (g[parent[i]] - g[i]) + sent[i] * (1.0 - e_back[i]))
            for i in range(n):
                most[i] = max(most[i], m[i])
                mean[i] += g[i] + ground[h]
    return -1
