r"""The compiled loops of smart charging and of batteries: windows of hours, row by row.

Within a window the charging :math:`x` is laid so that :math:`\sum (b + x)^2` is least, which also makes the highest
:math:`b + x` least [1]_:

.. math:: \sum_t x_t = E, \quad 0 \le x_t \le u_t, \quad L_t \le \sum_{s \le t} x_s \le U_t

Without the last condition it is water-filling, :math:`x_t = \min(\max(\nu - b_t, 0), u_t)` at one level :math:`\nu`.
Where the sum of that breaks :math:`L` or :math:`U`, it is tight in the solution where it is broken most [1]_; there
the window is cut in two.

References
----------
.. [1] van der Klauw, T., Gerards, M. E. T., Hurink, J. L., "Resource allocation problems in decentralized energy
   management", OR Spectrum 39, 2017.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

__all__ = ["fill_windows", "own_use", "shave", "swing_windows"]

_LAST_BIT = 1e-15
_TIGHT = 1e-12  # of the window's energy: a sum that is off by less is not broken


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _filled(b: Any, u: Any, lo: Any, hi: Any, level: Any) -> Any:
    """Return what lies below a level, how many hours it rises in, and the next hour's bottom above and top below."""
    total, active, bottom, top = 0.0, 0, np.inf, -np.inf
    for t in range(lo, hi):
        d = level - b[t]
        if d >= u[t]:
            total += u[t]
            top = max(top, b[t] + u[t])
        elif d > 0.0:
            total += d
            active += 1
        else:
            bottom = min(bottom, b[t])
    return total, active, bottom, top


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _level(b: Any, u: Any, lo: Any, hi: Any, energy: Any, x: Any) -> None:
    """Fill hours `lo` to before `hi` with `energy` up to one level: Newton's method between two bounds."""
    below, above, most = np.inf, -np.inf, 0.0
    for t in range(lo, hi):
        below, above, most = min(below, b[t]), max(above, b[t] + u[t]), most + u[t]
    if energy <= 0.0 or energy >= most:
        for t in range(lo, hi):
            x[t] = u[t] if energy > 0.0 else 0.0
        return
    level = min(max(below + energy / (hi - lo), below), above)
    for _ in range(200):
        total, active, bottom, top = _filled(b, u, lo, hi, level)
        off = energy - total
        if abs(off) <= _LAST_BIT * (most + (hi - lo) * abs(level)):
            break
        if off > 0.0:
            below, start = level, level if active else bottom
        else:
            above, start = level, level if active else top
        ahead = start + off / max(active, 1)
        new = ahead if below < ahead < above else 0.5 * (below + above)
        if new == level:
            break
        level = new
    total, active, _, _ = _filled(b, u, lo, hi, level)
    rest = (energy - total) / active if active else 0.0  # of the last bits of a level that is high above the charging
    for t in range(lo, hi):
        d = level - b[t]
        x[t] = min(max(d + rest, 0.0), u[t]) if 0.0 < d < u[t] else min(max(d, 0.0), u[t])


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _window(b: Any, now: Any, u: Any, slack: Any, lo: Any, hi: Any, x: Any, cum: Any, stack: Any) -> None:
    """Fill one window; `cum` is what charging at once has charged since its beginning."""
    total = 0.0
    for t in range(lo, hi):
        total += now[t]
        cum[t] = total
    # parts to fill: first hour, hour after the last, charged before, charged at the end
    top = 0
    stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = lo, hi, 0.0, total
    while top >= 0:
        first, last, before, end = int(stack[top, 0]), int(stack[top, 1]), stack[top, 2], stack[top, 3]
        top -= 1
        _level(b, u, first, last, end - before, x)
        worst, at, tight, so_far = _TIGHT * total, -1, 0.0, before
        for t in range(first, last - 1):
            so_far += x[t]
            least = max(cum[t] - slack[t], 0.0)
            if so_far - cum[t] > worst:
                worst, at, tight = so_far - cum[t], t, cum[t]
            elif least - so_far > worst:
                worst, at, tight = least - so_far, t, least
        if at >= 0:
            stack[top + 1, 0], stack[top + 1, 1], stack[top + 1, 2], stack[top + 1, 3] = first, at + 1, before, tight
            stack[top + 2, 0], stack[top + 2, 1], stack[top + 2, 2], stack[top + 2, 3] = at + 1, last, tight, end
            top += 2


@nb.njit(nogil=True, cache=True, error_model="numpy")
def fill_windows(first: Any, last: Any, bounds: Any, base: Any, now: Any, limit: Any, slack: Any, out: Any) -> None:
    """Fill every window of the rows from `first` to before `last`; arrays are (rows, hours), `bounds` (windows + 1,)."""
    hours = base.shape[1]
    cum, stack = np.empty(hours), np.empty((hours + 2, 4))
    for row in range(first, last):
        for w in range(len(bounds) - 1):
            _window(base[row], now[row], limit[row], slack[row], bounds[w], bounds[w + 1], out[row], cum, stack)


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _moved(n: Any, up: Any, down: Any, lo: Any, hi: Any, level: Any, round_trip: Any) -> Any:
    """Return what flows out above the upper level, and in below the lower one."""
    upper = level / round_trip if level > 0.0 else level
    taken, given = 0.0, 0.0
    for t in range(lo, hi):
        taken += min(max(n[t] - upper, 0.0), down[t])
        given += min(max(level - n[t], 0.0), up[t])
    return taken, given


@nb.njit(nogil=True, cache=True, error_model="numpy")
def swing_windows(
    first: Any, last: Any, bounds: Any, net: Any, up: Any, down: Any, reserve: Any, round_trip: Any, back: Any, again: Any
) -> None:  # fmt: skip
    """Run vehicles backwards in the highest hours of each window and charge them again in the lowest.

    `net` is the load with the charging that is needed; `up` and `down` (rows, hours) what may go in and out more, and
    `reserve` (rows, windows) how much may go out; `back` and `again` receive what does.
    """
    upside_down = np.empty(net.shape[1])
    for row in range(first, last):
        n, u, d = net[row], up[row], down[row]
        for w in range(len(bounds) - 1):
            lo, hi = bounds[w], bounds[w + 1]
            low, high = np.inf, -np.inf
            for t in range(lo, hi):
                low, high = min(low, n[t]), max(high, n[t])
                upside_down[t] = -n[t]
                back[row, t], again[row, t] = 0.0, 0.0
            if high * round_trip <= low:
                continue  # no difference that is worth what it loses
            for _ in range(40):
                level = 0.5 * (low + high)
                taken, given = _moved(n, u, d, lo, hi, level, round_trip)
                if given * round_trip < taken:
                    low = level
                else:
                    high = level
            taken, given = _moved(n, u, d, lo, hi, low, round_trip)
            most = min(taken, given * round_trip, reserve[row, w])
            if most > 0.0:
                _level(upside_down, d, lo, hi, most, back[row])
                _level(n, u, lo, hi, most / round_trip, again[row])


@nb.njit(nogil=True, cache=True, error_model="numpy")
def own_use(surplus: Any, energy: Any, power: Any, into: Any, out_of: Any, start: Any, flow: Any, level: Any) -> float:
    """Charge what is left over and discharge what is missing, hour by hour; return the content at the end."""
    content = start
    for t in range(len(surplus)):
        if surplus[t] >= 0.0:
            flow[t] = min(surplus[t], power, max(energy - content, 0.0) / into)
            content = min(content + flow[t] * into, energy)
        else:
            flow[t] = -min(-surplus[t], power, content * out_of)
            content = max(content + flow[t] / out_of, 0.0)
        level[t] = content
    return float(content)


@nb.njit(nogil=True, cache=True, error_model="numpy")
def shave(
    net: Any, peak: Any, energy: Any, power: Any, into: Any, out_of: Any, start: Any, flow: Any, level: Any
) -> Any:
    """Discharge what lies above `peak`, charge as soon as there is room below it; return the content and what is missing."""
    content, missing = start, 0.0
    for t in range(len(net)):
        if net[t] > peak:
            wanted = net[t] - peak
            flow[t] = -min(wanted, power, content * out_of)
            content = max(content + flow[t] / out_of, 0.0)
            missing = max(missing, wanted + flow[t])
        else:
            flow[t] = min(peak - net[t], power, max(energy - content, 0.0) / into)
            content = min(content + flow[t] * into, energy)
        level[t] = content
    return content, missing
