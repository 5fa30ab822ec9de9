r"""Where to go next from a flow: towards cheapest-way loads, mixed so that a step does not undo the ones before it.

With :math:`y` the load at today's costs, :math:`H` the diagonal of the costs' slopes, :math:`s_1, s_2` the last two targets
and :math:`\lambda` the last step, the target is a mixture whose direction is conjugate to the last one or two:

.. math:: s = \frac{y + \nu s_1 + \mu s_2}{1 + \nu + \mu}, \quad
          \mu = \max\left(0, -\frac{d_2^T H (y - x)}{d_2^T H (s_2 - s_1)}\right), \quad
          \nu = \max\left(0, -\frac{d_1^T H (y - x)}{d_1^T H d_1} + \frac{\mu \lambda}{1 - \lambda}\right)

where :math:`d_1 = s_1 - x` and :math:`d_2 = \lambda s_1 + (1 - \lambda) s_2 - x`. With one earlier target it is
:math:`s = \alpha s_1 + (1 - \alpha) y`, :math:`\alpha = d_1^T H (y - x) / d_1^T H (y - s_1)`.

References
----------
.. [1] Mitradjieva, M., Lindberg, P. O., "The stiff is moving: conjugate direction Frank-Wolfe methods with applications to
   traffic assignment", Transportation Science 47(2):280-293, 2013.
"""

from __future__ import annotations

from typing import Any

import numba as nb

__all__ = ["FULL_STEP", "aim"]

FULL_STEP = 0.99  # after a longer step the earlier directions say nothing any more
_MOST = 0.99  # of the last target in a mixture of two


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _one(x: Any, y: Any, s1: Any, h: Any, s: Any) -> None:
    """Set the target that is conjugate to the last direction."""
    over, under = 0.0, 0.0
    for a in range(len(x)):
        w = (s1[a] - x[a]) * h[a]
        over += w * (y[a] - x[a])
        under += w * (y[a] - s1[a])
    alpha = min(max(over / under, 0.0), _MOST) if under != 0.0 else 0.0
    for a in range(len(x)):
        s[a] = alpha * s1[a] + (1.0 - alpha) * y[a]


@nb.njit(nogil=True, cache=True, error_model="numpy")
def _two(x: Any, y: Any, s1: Any, s2: Any, h: Any, step: Any, s: Any) -> None:
    """Set the target that is conjugate to the last two directions."""
    over1, under1, over2, under2 = 0.0, 0.0, 0.0, 0.0
    for a in range(len(x)):
        d1, d2 = s1[a] - x[a], step * s1[a] + (1.0 - step) * s2[a] - x[a]
        over1 += d1 * h[a] * (y[a] - x[a])
        under1 += d1 * h[a] * d1
        over2 += d2 * h[a] * (y[a] - x[a])
        under2 += d2 * h[a] * (s2[a] - s1[a])
    mu = max(0.0, -over2 / under2) if under2 != 0.0 else 0.0
    nu = max(0.0, (-over1 / under1 if under1 != 0.0 else 0.0) + mu * step / (1.0 - step))
    whole = 1.0 + mu + nu
    for a in range(len(x)):
        s[a] = (y[a] + nu * s1[a] + mu * s2[a]) / whole


@nb.njit(nogil=True, cache=True, error_model="numpy")
def aim(x: Any, y: Any, s1: Any, s2: Any, cost: Any, h: Any, step: Any, known: Any, s: Any) -> int:
    """Set the target `s` with `known` earlier ones (0, 1 or 2) in mind; return how many of them are in it.

    The load itself is the target where the mixture would not lower the objective.
    """
    if known == 1:
        _one(x, y, s1, h, s)
    elif known > 1:
        _two(x, y, s1, s2, h, step, s)
    descent = 0.0
    if known > 0:
        for a in range(len(x)):
            descent += cost[a] * (s[a] - x[a])
    if descent < 0.0:  # and not when it is NaN
        return int(known)
    s[:] = y
    return 0
