"""The innermost loop of the building-stock engine, compiled for the machine it runs on.

One long loop nest, since the compiler must see it whole: runs of hours of one state, pairs of hours, buildings. The
vector unit runs over buildings; everything that is the same for them is a scalar before the loop begins.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba as nb
import numpy as np

__all__ = ["COUNTED", "ROWS", "compiled"]

ROWS = 18  # coefficients of a building and state
COUNTED = 1e12  # an hour counts as warm from a trillionth of a watt on: min(d x 1e12, 1)
_FASTMATH = {"contract", "reassoc", "nsz", "arcp", "nnan", "ninf"}  # nnan and ninf let max() become one instruction


@cache
def compiled(*, limited: bool, capped: bool, warm_wanted: bool) -> Any:
    """Return the compiled loop, with or without limits of heating and of what takes heat away, and a count of warm hours.

    It is kept on disk beside this file, so that only the first call on a machine takes the seconds of compiling.
    """

    @nb.njit(fastmath=_FASTMATH, error_model="numpy", nogil=True, cache=True)
    def run(  # type: ignore[no-untyped-def]  # compiled for the types that it is called with
        packed, scale, power, blocks, first_block, last_block, runs, begin, weather, gain, constants, heat, cool, peak, warm, over, sums
    ) -> None:  # fmt: skip
        zero, one, start, counted = constants[0], constants[1], constants[2], constants[3]
        wanted = len(sums) > 0
        for b in range(first_block, last_block):
            offset, at, m, profile = blocks[b, 0], blocks[b, 1], blocks[b, 2], blocks[b, 3]
            y = np.empty(m, packed.dtype)
            p, o, w = peak[at : at + m], warm[at : at + m], over[at : at + m]
            g = gain[profile]
            before = -1
            for r in range(begin[profile], begin[profile + 1]):
                first, last, state, month = runs[r, 0], runs[r, 1], runs[r, 2], runs[r, 3]
                base = offset + state * ROWS * m
                c = packed[base : base + ROWS * m].reshape(ROWS, m)
                to = scale[state, at : at + m]
                if before < 0:
                    for j in range(m):
                        y[j] = start * to[j]
                elif state != before:
                    old = scale[before, at : at + m]
                    for j in range(m):
                        y[j] *= to[j] / old[j]
                before = state
                h, k = heat[month, at : at + m], cool[month, at : at + m]
                to_power = power[state, at : at + m]
                for j in range(m):
                    w[j] *= to_power[j]
                for t in range(first, last - 1, 2):
                    u0, u1, u2, u3, u4, u5, uf, ug = (
                        weather[t, 0], weather[t, 1], weather[t, 2], weather[t, 3], weather[t, 4], weather[t, 5], weather[t, 6], g[t],
                    )  # fmt: skip
                    v0, v1, v2, v3, v4, v5, vf, vg = (
                        weather[t + 1, 0], weather[t + 1, 1], weather[t + 1, 2], weather[t + 1, 3], weather[t + 1, 4],
                        weather[t + 1, 5], weather[t + 1, 6], g[t + 1],
                    )  # fmt: skip
                    sum_0, sum_1 = zero, zero
                    for j in range(m):
                        c0, c1, c2, c3, c4 = c[0, j], c[1, j], c[2, j], c[3, j], c[4, j]
                        c5, c6, c7, c8, c9 = c[5, j], c[6, j], c[7, j], c[8, j], c[9, j]
                        c10, c11, c12, c13 = c[10, j], c[11, j], c[12, j], c[13, j]
                        c14, c15 = c[14, j], c[15, j]
                        s = c0 * u0 + c1 * u1 + c2 * u2 + c3 * u3 + c4 * u4
                        f0 = y[j] + s + c5 * u5 + c6 * ug
                        a0, d0 = max(c7 - f0, zero), max(f0 - c8, zero)
                        if capped:
                            d0 = min(d0, c14 + c15 * uf)
                        if limited:
                            a0 = min(a0, c[16, j])
                        x = c9 * y[j] + c10 * u5 + c11 * s + c12 * ug + c13 * (a0 - d0)
                        s = c0 * v0 + c1 * v1 + c2 * v2 + c3 * v3 + c4 * v4
                        f1 = x + s + c5 * v5 + c6 * vg
                        a1, d1 = max(c7 - f1, zero), max(f1 - c8, zero)
                        if capped:
                            d1 = min(d1, c14 + c15 * vf)
                        if limited:
                            a1 = min(a1, c[16, j])
                        y[j] = c9 * x + c10 * v5 + c11 * s + c12 * vg + c13 * (a1 - d1)
                        h[j] += a0 + a1
                        k[j] += d0 + d1
                        p[j] = max(max(p[j], a0), a1)
                        if warm_wanted:
                            e0, e1 = max(f0 - d0 - c[17, j], zero), max(f1 - d1 - c[17, j], zero)
                            o[j] += min(e0 * counted, one) + min(e1 * counted, one)
                            w[j] += e0 + e1
                        sum_0 += a0
                        sum_1 += a1
                    if wanted:
                        sums[t] += sum_0
                        sums[t + 1] += sum_1
                if (last - first) % 2:
                    t = last - 1
                    u0, u1, u2, u3, u4, u5, uf, ug = (
                        weather[t, 0], weather[t, 1], weather[t, 2], weather[t, 3], weather[t, 4], weather[t, 5], weather[t, 6], g[t],
                    )  # fmt: skip
                    sum_0 = zero
                    for j in range(m):
                        s = c[0, j] * u0 + c[1, j] * u1 + c[2, j] * u2 + c[3, j] * u3 + c[4, j] * u4
                        f0 = y[j] + s + c[5, j] * u5 + c[6, j] * ug
                        a0, d0 = max(c[7, j] - f0, zero), max(f0 - c[8, j], zero)
                        if capped:
                            d0 = min(d0, c[14, j] + c[15, j] * uf)
                        if limited:
                            a0 = min(a0, c[16, j])
                        y[j] = c[9, j] * y[j] + c[10, j] * u5 + c[11, j] * s + c[12, j] * ug + c[13, j] * (a0 - d0)
                        h[j] += a0
                        k[j] += d0
                        p[j] = max(p[j], a0)
                        if warm_wanted:
                            e0 = max(f0 - d0 - c[17, j], zero)
                            o[j] += min(e0 * counted, one)
                            w[j] += e0
                        sum_0 += a0
                    if wanted:
                        sums[t] += sum_0
                for j in range(m):
                    w[j] /= to_power[j]

    return run
