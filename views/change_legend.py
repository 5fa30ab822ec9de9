"""Classes and colours of a change: blue where it falls, orange where it rises, grey where it hardly does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from views.legend import NO_VALUE, Legend

__all__ = ["ChangeLegend"]

Floats = npt.NDArray[np.float64]
# The ends and the middle of ColorBrewer's PuOr, which colour-blind people tell apart
_PALETTE = ((84, 39, 136), (153, 142, 195), (190, 192, 194), (241, 163, 64), (179, 88, 6))
_ROUND = 2


@dataclass(frozen=True)
class ChangeLegend(Legend):
    """Limits on both sides of nought."""

    @classmethod
    def of(cls, values: Floats, unit: str, better: str = "lower") -> ChangeLegend:
        """Return limits at round numbers, the same for rise and fall.

        Examples
        --------
        >>> ChangeLegend.of(np.array([0.0, -100.0, 20.0, 40.0, 60.0]), "kg").limits
        (-86.0, -10.0, 10.0, 86.0)
        >>> ChangeLegend.of(np.zeros(3), "kg").limits
        ()
        """
        size = np.abs(values[np.isfinite(values) & (values != 0)])
        if not len(size):
            return cls((), unit, better)
        far = float(f"{np.percentile(size, 88):.{_ROUND}g}")
        near = float(f"{min(np.percentile(size, 50), far) / 5:.{_ROUND}g}")
        return cls((-far, -near, near, far), unit, better)

    @property
    def colours(self) -> list[tuple[int, int, int]]:
        """Colour of each class, that of unknown values first."""
        return [NO_VALUE, *(_PALETTE if self.limits else _PALETTE[2:3])]
