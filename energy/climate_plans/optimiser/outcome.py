"""What a plan really does: sums of what was calculated for its choices, with the plants run for all of them together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.climate_plans.optimiser.heat import Point
from energy.climate_plans.optimiser.options import Options
from energy.climate_plans.optimiser.terms import Terms

__all__ = ["EXACT", "KRONA", "MW", "Outcome", "keeps", "outcome", "over", "peaks_kw"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

EXACT = 1e-7  # share of the emissions by which promise and truth may differ
KRONA = 1.0
MW = 1e-6
_KW = 1e-3


@dataclass(frozen=True)
class Outcome:
    """What a plan really does.

    Attributes
    ----------
    emitted_t, space_gwh, water_gwh, peak_mw : array (years,)
    peak_kw : array (years, areas)
    cost_sek : array (years + 1,)
    """

    emitted_t: Floats
    space_gwh: Floats
    water_gwh: Floats
    peak_mw: Floats
    peak_kw: Floats
    cost_sek: Floats

    @property
    def total_sek(self) -> float:
        """All that is spent."""
        return float(self.cost_sek.sum())

    def heat(self, t: int) -> Point:
        """Space heat and hot water of a year [GWh]."""
        return float(self.space_gwh[t]), float(self.water_gwh[t])


def peaks_kw(options: Options, chosen: Whole, year: int) -> Floats:
    """Return the peak of every grid area under a plan, by Velander's formula [kW]."""
    grid = options.grid
    areas, kinds = grid.base_mwh.shape[1:]
    energy = grid.base_mwh[year].reshape(-1).copy()
    way = 0
    for j in chosen:
        if options.group[j] == len(grid.pair):
            way = int(options.package[j])
        elif options.start[j] <= year:
            pair = grid.pair[options.group[j]]
            energy[pair >= 0] += grid.delta_mwh[options.package[j], year, pair[pair >= 0]]
    energy = np.maximum(energy, 0.0).reshape(areas, kinds)
    peak: Floats = (grid.k1_kw_mwh * energy + grid.k2_kw_mwh * np.sqrt(energy)).sum(axis=1)
    return peak + grid.charging_kw[way, year]


def outcome(options: Options, terms: Terms, chosen: Whole) -> Outcome:
    """Return what a plan really does: sums of what was calculated, with the plants run for them."""
    base = options.baseline
    space = base.space_gwh + options.space_gwh[chosen].sum(axis=0)
    water = base.water_gwh + options.water_gwh[chosen].sum(axis=0)
    network = np.array([c.emitted_t(s, w) for c, s, w in zip(terms.curves, space, water, strict=True)])
    return Outcome(
        base.own_t + options.own_t[chosen].sum(axis=0) + network,
        space,
        water,
        np.array([c.peak_mw(s, w) for c, s, w in zip(terms.curves, space, water, strict=True)]),
        np.stack([peaks_kw(options, chosen, t) for t in range(len(terms.curves))]),
        options.cost_sek[chosen].sum(axis=0),
    )


def over(found: Outcome, terms: Terms) -> list[tuple[int, int]]:
    """Return years and grid areas whose peak is above what is allowed."""
    return [(int(t), int(a)) for t, a in np.argwhere(found.peak_kw > terms.limit_kw + _KW)]


def keeps(found: Outcome, terms: Terms) -> bool:
    """Return whether a plan keeps all terms, within rounding."""
    return (
        not over(found, terms)
        and bool((found.peak_mw <= terms.limit_mw + MW).all())
        and found.total_sek <= terms.budget_sek + KRONA
        and bool((found.cost_sek[:-1] <= terms.budget_by_year_sek + KRONA).all())
        and all(found.emitted_t[t] <= target * (1 + EXACT) for t, target in terms.target_t.items())
    )
