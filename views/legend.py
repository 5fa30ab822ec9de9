"""Classes and colours of an indicator: a few round limits, and a scale that colour-blind people can read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from views.language import Language

__all__ = ["NO_VALUE", "PALETTE", "Legend"]

Floats = npt.NDArray[np.float64]

# Six steps of the cividis scale (Nuñez, Anderton, Renslow, PLoS ONE 13(7), 2018), light to dark
PALETTE = ((253, 231, 55), (220, 196, 86), (172, 156, 118), (124, 123, 120), (66, 88, 109), (0, 40, 90))
NO_VALUE = (196, 200, 204)
_SHARES = (10, 30, 50, 70, 90)


def _round(value: float) -> float:
    """Return a value with two significant digits."""
    if value == 0 or not math.isfinite(value):
        return 0.0
    return float(f"{value:.2g}")


@dataclass(frozen=True)
class Legend:
    """Limits between classes.

    Attributes
    ----------
    limits : tuple of float
        Rising; a value belongs to the class of the last limit that it reaches.
    unit : str
    better : str
        ``"lower"`` or ``"higher"``: dark is where there is most to gain or most is gained.
    """

    limits: tuple[float, ...]
    unit: str
    better: str

    @classmethod
    def of(cls, values: Floats, unit: str, better: str) -> Legend:
        """Return limits at round numbers near the 10, 30, 50, 70 and 90 % quantiles.

        Examples
        --------
        >>> Legend.of(np.arange(101.0), "kWh", "lower").limits  # a zero is no sign of what is usual
        (11.0, 31.0, 50.0, 70.0, 90.0)
        >>> Legend.of(np.zeros(5), "kWh", "lower").limits
        ()
        """
        known = values[np.isfinite(values) & (values != 0)]
        if not len(known):
            return cls((), unit, better)
        limits = sorted({_round(v) for v in np.percentile(known, _SHARES)})
        return cls(tuple(limits), unit, better)

    def classes(self, values: Floats) -> npt.NDArray[np.int8]:
        """Return the class of each value: 0 where it is not known, 1 and up along the limits.

        Examples
        --------
        >>> Legend((10.0, 20.0), "kWh", "lower").classes(np.array([np.nan, 5.0, 10.0, 99.0])).tolist()
        [0, 1, 2, 3]
        """
        found = np.digitize(values, self.limits) + 1
        return np.where(np.isfinite(values), found, 0).astype(np.int8)

    @property
    def colours(self) -> list[tuple[int, int, int]]:
        """Colour of each class, that of unknown values first."""
        n = len(self.limits) + 1
        chosen = [PALETTE[round(k * (len(PALETTE) - 1) / max(n - 1, 1))] for k in range(n)]
        return [NO_VALUE, *chosen]

    def labels(self, text: Language) -> list[str]:
        """Return what each class means, in words."""
        if not self.limits:
            return [text("no_value"), "0"]
        by, unit = self._scale(text)
        at = [text.number(v / by) for v in self.limits]
        between = [f"{a} {text('to')} {b}" for a, b in pairwise(at)]
        return [text("no_value"), f"{text('below')} {at[0]}", *between, f"{at[-1]} {unit} {text('and_more')}"]

    def _scale(self, text: Language) -> tuple[float, str]:
        largest = self.limits[-1]
        value, unit = text.scaled(largest, self.unit)
        return (largest / value if value else 1.0), unit

    def html(self, title: str, text: Language) -> str:
        """Return the legend as HTML with a description for screen readers."""
        labels = self.labels(text)
        chips = "".join(
            f'<span style="display:inline-flex;align-items:center;gap:5px;white-space:nowrap">'
            f'<span style="width:15px;height:11px;border-radius:2px;background:rgb{colour}"></span>{label}</span>'
            for colour, label in [*zip(self.colours[1:], labels[1:], strict=True), (NO_VALUE, labels[0])]
        )
        return (
            f'<div role="img" aria-label="{title}: {"; ".join(labels[1:])}" '
            f'style="display:flex;flex-wrap:wrap;gap:4px 14px;font-size:.8rem;align-items:center"><b>{title}</b>{chips}</div>'
        )
