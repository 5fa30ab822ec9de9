r"""The compiled loops of a radial feeder: currents up the tree, voltages down, several states side by side.

Places are in depth-first preorder. Powers are in kW and kvar and voltages in units of the nominal, so that a current is
in kW and an impedance in 1/kW. Real and imaginary parts lie apart and the states of a block side by side (places, lanes),
so that the innermost loop is one of independent numbers. The source has the place after the last, as the root's parent.

With the change of all voltages in one sweep :math:`d_k`, which shrinks by :math:`\rho = d_k / d_{k-1}`, what is still to
come is :math:`d_k \rho / (1 - \rho)`; sweeps end when that is small enough, for every state of a block.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

__all__ = ["HOURLY", "LANES", "run_hours", "run_states"]

LANES = 16  # states side by side
HOURLY = (
    7  # loss, lowest and highest voltage squared, worst loading squared, power and reactive power of the source, solved
)
_CONTRACT = {"contract"}


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _fill(
    hours: Any, first: Any, order: Any, kw: Any, kvar: Any, weight: Any, kw_each: Any, kvar_each: Any, at: Any, p: Any, q: Any
) -> None:  # fmt: skip
    """Set the load of a block of hours, the last hour again where they end; `at` is which hour each lane has."""
    n, lanes = p.shape
    for lane in range(lanes):
        at[lane] = hours[min(first + lane, len(hours) - 1)]
    for i in range(n):
        node = order[i]
        for lane in range(lanes):
            p[i, lane] = kw[at[lane], node] if len(kw) > 0 else 0.0
            q[i, lane] = kvar[at[lane], node] if len(kvar) > 0 else 0.0
        for k in range(len(weight)):
            w = weight[k, node]
            if w != 0.0:
                for lane in range(lanes):
                    p[i, lane] += w * kw_each[k, at[lane]]
                    q[i, lane] += w * kvar_each[k, at[lane]]


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _start(source: Any, p: Any, q: Any, a: Any, b: Any, c: Any, d: Any) -> None:
    """Set all voltages to the source's, and the currents that the loads draw at it."""
    n, lanes = p.shape
    a[:], b[:] = source, 0.0
    per = 1.0 / source
    for i in range(n):
        for lane in range(lanes):
            c[i, lane], d[i, lane] = p[i, lane] * per, -q[i, lane] * per


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _up(parent: Any, c: Any, d: Any) -> None:
    """Add the currents up the tree."""
    lanes = c.shape[1]
    for i in range(len(parent) - 1, 0, -1):
        j = parent[i]
        for lane in range(lanes):
            c[j, lane] += c[i, lane]
        for lane in range(lanes):
            d[j, lane] += d[i, lane]


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _down(parent: Any, r: Any, x: Any, p: Any, q: Any, a: Any, b: Any, c: Any, d: Any, change: Any) -> None:
    """Carry the voltages down, and set the currents that the loads draw at them; add up the changes squared."""
    n, lanes = p.shape
    change[:] = 0.0
    for i in range(n):
        j, ri, xi = parent[i], r[i], x[i]
        for lane in range(lanes):
            real = a[j, lane] - ri * c[i, lane] + xi * d[i, lane]
            imaginary = b[j, lane] - ri * d[i, lane] - xi * c[i, lane]
            by, off = real - a[i, lane], imaginary - b[i, lane]
            change[lane] += by * by + off * off
            a[i, lane], b[i, lane] = real, imaginary
        for lane in range(lanes):
            real, imaginary = a[i, lane], b[i, lane]
            per = 1.0 / (real * real + imaginary * imaginary)
            c[i, lane] = (p[i, lane] * real + q[i, lane] * imaginary) * per
            d[i, lane] = (p[i, lane] * imaginary - q[i, lane] * real) * per


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _settle(
    parent: Any, r: Any, x: Any, source: Any, p: Any, q: Any, tolerance: Any, sweeps: Any, a: Any, b: Any, c: Any, d: Any,
    change: Any, before: Any, good: Any,
) -> None:  # fmt: skip
    """Solve a block of states and leave voltages and the currents of the lines; `good` says which of them settled."""
    _start(source, p, q, a, b, c, d)
    good[:] = False
    for step in range(sweeps):
        before[:] = change
        _up(parent, c, d)
        _down(parent, r, x, p, q, a, b, c, d, change)
        every = True
        for lane in range(len(change)):
            left = change[lane] != 0.0
            shrinks = np.sqrt(change[lane] / before[lane]) if step > 0 and left else 1.0
            to_come = np.sqrt(change[lane]) * shrinks / (1.0 - shrinks) if shrinks < 1.0 else np.inf
            # once settled it stays so: later changes are those of rounding and shrink no more
            good[lane] = good[lane] or not left or to_come < tolerance
            every = every and good[lane]
        if every:
            break
    _up(parent, c, d)


@nb.njit(nogil=True, cache=True, error_model="numpy")
def run_states(
    hours: Any, order: Any, parent: Any, r: Any, x: Any, source: Any, kw: Any, kvar: Any, tolerance: Any, sweeps: Any,
    real: Any, imaginary: Any, current: Any, reactive: Any, lanes: Any,
) -> int:  # fmt: skip
    """Solve states and keep all of them (states, n), by node; return the first that does not settle, or -1."""
    n = len(parent)
    p, q, c, d = np.empty((n, lanes)), np.empty((n, lanes)), np.empty((n, lanes)), np.empty((n, lanes))
    a, b = np.empty((n + 1, lanes)), np.empty((n + 1, lanes))
    change, before, good, at = np.zeros(lanes), np.zeros(lanes), np.zeros(lanes, np.bool_), np.zeros(lanes, np.int64)
    none = np.zeros((0, 0))
    for first in range(0, len(hours), lanes):
        _fill(hours, first, order, kw, kvar, none, none, none, at, p, q)
        _settle(parent, r, x, source, p, q, tolerance, sweeps, a, b, c, d, change, before, good)
        for lane in range(min(lanes, len(hours) - first)):
            if not good[lane]:
                return first + lane
            for i in range(n):
                node = order[i]
                real[first + lane, node], imaginary[first + lane, node] = a[i, lane], b[i, lane]
                current[first + lane, node], reactive[first + lane, node] = c[i, lane], d[i, lane]
    return -1


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _hourly(
    r: Any, per_rating: Any, source: Any, a: Any, b: Any, c: Any, d: Any, good: Any, here: Any, who: Any
) -> None:
    """Sum a block up by hour: `here` (hours, HOURLY) and `who` (hours, 3), the places of the three extremes."""
    n = len(r)
    for lane in range(len(here)):
        here[lane, 0], here[lane, 1], here[lane, 2], here[lane, 3] = 0.0, np.inf, 0.0, 0.0
        who[lane] = 0
        here[lane, 4], here[lane, 5], here[lane, 6] = source * c[0, lane], -source * d[0, lane], 1.0 * good[lane]
    for i in range(n):
        for lane in range(len(here)):
            volt = a[i, lane] * a[i, lane] + b[i, lane] * b[i, lane]
            amp = c[i, lane] * c[i, lane] + d[i, lane] * d[i, lane]
            here[lane, 0] += r[i] * amp
            if volt < here[lane, 1]:
                here[lane, 1], who[lane, 0] = volt, i
            if volt > here[lane, 2]:
                here[lane, 2], who[lane, 1] = volt, i
            if amp * per_rating[i] > here[lane, 3]:
                here[lane, 3], who[lane, 2] = amp * per_rating[i], i


@nb.njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
def _by_bus(
    low: Any, high: Any, full: Any, per_rating: Any, at: Any, a: Any, b: Any, c: Any, d: Any, good: Any, worst: Any,
    when: Any, count: Any,
) -> None:  # fmt: skip
    """Sum a block up by bus: `worst` (3, n) lowest and highest voltage, current, squared; `when` and `count` (3, n)."""
    for i in range(worst.shape[1]):
        for lane in range(len(good)):
            volt = a[i, lane] * a[i, lane] + b[i, lane] * b[i, lane]
            amp = c[i, lane] * c[i, lane] + d[i, lane] * d[i, lane]
            if not good[lane]:
                continue
            if volt < worst[0, i]:
                worst[0, i], when[0, i] = volt, at[lane]
            if volt > worst[1, i]:
                worst[1, i], when[1, i] = volt, at[lane]
            if amp > worst[2, i]:
                worst[2, i], when[2, i] = amp, at[lane]
            count[0, i] += volt < low
            count[1, i] += volt > high
            count[2, i] += amp * per_rating[i] > full


@nb.njit(nogil=True, cache=True, error_model="numpy")
def run_hours(
    hours: Any, order: Any, parent: Any, r: Any, x: Any, per_rating: Any, source: Any, kw: Any, kvar: Any, weight: Any,
    kw_each: Any, kvar_each: Any, tolerance: Any, sweeps: Any, low: Any, high: Any, full: Any, by_bus: Any, hourly: Any,
    who: Any, worst: Any, when: Any, count: Any, lanes: Any,
) -> None:  # fmt: skip
    """Solve the given hours and keep their sums; those that do not settle are marked in the last column of `hourly`.

    `per_rating` is one over the rating squared, zero where it is not known; `low`, `high` and `full` are limits squared.
    """
    n = len(parent)
    p, q, c, d = np.empty((n, lanes)), np.empty((n, lanes)), np.empty((n, lanes)), np.empty((n, lanes))
    a, b = np.empty((n + 1, lanes)), np.empty((n + 1, lanes))
    change, before, good, at = np.zeros(lanes), np.zeros(lanes), np.zeros(lanes, np.bool_), np.zeros(lanes, np.int64)
    for first in range(0, len(hours), lanes):
        _fill(hours, first, order, kw, kvar, weight, kw_each, kvar_each, at, p, q)
        _settle(parent, r, x, source, p, q, tolerance, sweeps, a, b, c, d, change, before, good)
        last = min(first + lanes, len(hours))
        _hourly(r, per_rating, source, a, b, c, d, good, hourly[first:last], who[first:last])
        if by_bus:
            _by_bus(low, high, full, per_rating, at, a, b, c, d, good[: last - first], worst, when, count)
