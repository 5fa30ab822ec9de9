"""Each measure's share of what a plan saves on energy bills: Shapley shares, so that they add up, by who pays and who is paid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate import attribution
from energy.climate.coalitions import Coalitions
from energy.climate_plans.money import KINDS, PARTS, PRICES_OF, Part, bill, payer_shares, price_level
from energy.climate_plans.portfolio import Portfolio

__all__ = ["OTHER", "Savings", "savings"]

Floats = npt.NDArray[np.float64]
OTHER = "other"
_PAIRS = 100  # orders and their reverses, as for emissions
_FOLLOWED: tuple[Part, ...] = (*PARTS, "production")


@dataclass(frozen=True)
class Savings:
    """What a plan saves each simulated year.

    Attributes
    ----------
    years : array (n,) of int
    ids : tuple of str
        Measures, and ``other``: what the scenario changes in factors and climate.
    share_sek : dict of str to array (n, ids, kinds)
        By part of the bill (see :class:`energy.climate_plans.money.Bill`): each measure's share by kind of payer.
        ``production`` is paid by the heat company, whoever owns the building.
    of_sets_sek : dict of str to array (n, 2^measures)
        By part: the city's bill in every combination; empty where there are too many.
    of_sets_t : array (n, 2^measures)
        Emissions of every combination in the territorial account.
    left_sek : dict of str to array (n,)
        By part: bill of the baseline less that of the plan.
    entities_sek : array (ids, buildings + roads)
        Shares of the whole bill in the last year.
    """

    years: npt.NDArray[np.int64]
    ids: tuple[str, ...]
    share_sek: dict[str, Floats]
    of_sets_sek: dict[str, Floats]
    of_sets_t: Floats
    left_sek: dict[str, Floats]
    entities_sek: Floats

    @property
    def table(self) -> pd.DataFrame:
        """One row a measure, year and kind of payer: saving_sek of the whole bill."""
        whole = sum((self.share_sek[p] for p in PARTS), np.zeros(()))
        index = pd.MultiIndex.from_product([self.years, self.ids, KINDS], names=["year", "id", "payer"])
        return pd.DataFrame({"saving_sek": np.ravel(whole)}, index=index).reset_index()


def savings(portfolio: Portfolio, price_year: int) -> Savings:
    """Share out what a plan saves on energy, in the money of one year.

    Parameters
    ----------
    portfolio : Portfolio
    price_year : int

    Returns
    -------
    Savings
    """
    plan, years = portfolio.plan, np.array(portfolio.plan.years, np.int64)
    level = price_level(PRICES_OF, price_year, plan.factors)
    ids, n = (*plan.scenario.ids, OTHER), len(plan.scenario.ids)
    share: dict[str, list[Floats]] = {p: [] for p in _FOLLOWED}
    sets: dict[str, list[Floats]] = {p: [] for p in _FOLLOWED}
    left: dict[str, list[float]] = {p: [] for p in _FOLLOWED}
    of_sets_t: list[Floats] = []
    entities = np.zeros(())
    for year in plan.years:
        run, f = portfolio.runs[year], plan.factors.at(year)
        to_whom = payer_shares(plan.stock.buildings, len(plan.stock.roads), f)
        entities = np.zeros((n + 1, len(to_whom)))
        for part in _FOLLOWED:
            before, after = _bills(portfolio, year, level, part)
            found, of_sets = _shares(
                run.valued(bill(plan.stock, _base(portfolio, year), plan.factors, year, level, part))
            )
            rest = before - after - found.sum(axis=0)
            told = np.vstack([found, rest if plan.scenario.factors or plan.scenario.climate else np.zeros_like(rest)])
            share[part].append(told @ to_whom)
            sets[part].append(of_sets)
            left[part].append(float((before - after).sum()))
            if part in PARTS:
                entities += told
        if n <= attribution.MOST:
            of_sets_t.append(run.all().sum(axis=1) / 1000)
    return Savings(
        years,
        ids,
        {p: np.array(v) for p, v in share.items()},
        {p: np.array(v) for p, v in sets.items()},
        np.array(of_sets_t),
        {p: np.array(v) for p, v in left.items()},
        entities,
    )


def _base(portfolio: Portfolio, year: int) -> pd.DataFrame:
    return portfolio.baseline.at("buildings", year)


def _bills(portfolio: Portfolio, year: int, level: float, part: Part) -> tuple[Floats, Floats]:
    """Return what every building and street pays without and with the plan [SEK]."""
    before, after = (
        bill(r.stock, _base(portfolio, year), r.factors, year, level, part).whole(r.frames[year], r.factors.at(year))
        for r in (portfolio.baseline, portfolio.plan)
    )
    return before, after


def _shares(run: Coalitions) -> tuple[Floats, Floats]:
    """Return each measure's share in every entity, and the city's bill in every combination [SEK]."""
    n = len(run.players)
    if n > attribution.MOST:
        return attribution.sampled(run, n, _PAIRS)[0], np.zeros(0)
    every = run.all()
    return attribution.shapley(every), every.sum(axis=1)
