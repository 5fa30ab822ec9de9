"""Who pays whom, year by year: builders, grants, energy. What members of society pay each other cancels for society."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate_plans.investment_costs import UNKNOWN, Costs
from energy.climate_plans.investment_savings import Savings
from energy.climate_plans.money import KINDS, PARTS
from energy.register import Entry, bodies
from energy.scenario import Scenario

__all__ = ["Ledger", "extended", "granted_sek"]

Floats = npt.NDArray[np.float64]
_LEAST_SEK = 1e-6  # what summation leaves of a zero
_BUILDER, _MARKET = "builder", "market"
_COLUMNS = ["year", "id", "payer", "receiver", "amount_sek", "what"]


def extended(values: Floats, at: npt.NDArray[np.int64], years: npt.NDArray[np.int64]) -> Floats:
    """Return values of some years in all years: linear between them, the last one after them.

    Parameters
    ----------
    values : array (n, ...)
    at, years : array (n,), (m,) of int

    Returns
    -------
    array (m, ...)

    Examples
    --------
    >>> extended(np.array([[0.0], [4.0]]), np.array([2024, 2026]), np.arange(2024, 2029))[:, 0].tolist()
    [0.0, 2.0, 4.0, 4.0, 4.0]
    """
    flat = values.reshape(len(values), -1)
    out = (
        np.stack([np.interp(years, at, column) for column in flat.T], axis=1)
        if flat.size
        else np.zeros((len(years), 0))
    )
    return out.reshape(len(years), *values.shape[1:])


def granted_sek(entry: Entry, capex_sek: Floats, status: str) -> Floats:
    """Return what funding of a status covers of an investment [SEK].

    Examples
    --------
    >>> two = ({"source": "a", "share": 0.3, "status": "beviljad"}, {"source": "b", "share": 0.2})
    >>> entry = Entry(funding=two)
    >>> [granted_sek(entry, np.array([100.0]), s).tolist() for s in ("beviljad", "sökt")]
    [[30.0], [20.0]]
    """
    return capex_sek * sum(f.share for f in entry.funding if f.status == status)


@dataclass(frozen=True)
class Ledger:
    """All that flows are made of.

    Attributes
    ----------
    entries : mapping of str to Entry
    shares : mapping of str to dict
        The share that each kind of body pays, by measure.
    costs : mapping of str to Costs
    savings : Savings
    years : array (n,) of int
    scenario : Scenario
        Its own bodies may be sources of funding.
    """

    entries: Mapping[str, Entry]
    shares: Mapping[str, Mapping[str, float]]
    costs: Mapping[str, Costs]
    savings: Savings
    years: npt.NDArray[np.int64]
    scenario: Scenario

    def flows(self) -> pd.DataFrame:
        """Return year, id, payer, receiver, amount_sek and what of every flow that is not zero; what is not priced has none."""
        parts = [
            pd.DataFrame({"year": self.years, "id": key, "payer": a, "receiver": b, "amount_sek": sek, "what": what})
            for key, a, b, sek, what in (*self._spent(), *self._granted(), *self._saved())
            if np.any(sek)
        ]
        table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COLUMNS)
        return table[table["amount_sek"].abs() > _LEAST_SEK].reset_index(drop=True)

    def _spent(self) -> Iterator[tuple[str, str, str, Floats, str]]:
        for key, cost in self.costs.items():
            if cost.why_not:
                continue
            again, _ = cost.renewals(self.years)
            for what, sek in (("investment", cost.capex_sek), ("renewal", again), ("upkeep", cost.opex_sek)):
                for payer, share in self.shares[key].items():
                    yield key, payer, _BUILDER, sek * share, what

    def _granted(self) -> Iterator[tuple[str, str, str, Floats, str]]:
        """Yield grants, from the source to those who pay; a source that is among the payers has paid by its share already."""
        kind = {**bodies(), **{b.name: str(b.kind) for b in self.scenario.body}}
        for key, entry in self.entries.items():
            for fund in entry.funding:
                source = kind.get(fund.source, "state")
                given = self.shares[key].get(source, 0.0)
                if fund.status != "beviljad" or self.costs[key].why_not or given:
                    continue
                for payer, share in self.shares[key].items():
                    yield key, source, payer, self.costs[key].capex_sek * fund.share * share, "grant"

    def _saved(self) -> Iterator[tuple[str, str, str, Floats, str]]:
        at = self.savings.years
        for part in PARTS:
            sek = extended(self.savings.share_sek[part], at, self.years)
            for i, key in enumerate(self.savings.ids):
                for k, payer in enumerate(KINDS):
                    yield key, part, payer, sek[:, i, k], "energy"
        made = extended(self.savings.share_sek["production"], at, self.years).sum(axis=2)
        for i, key in enumerate(self.savings.ids):
            yield key, _MARKET, "company", made[:, i], "heat production"

    def seen_by_society(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the flows with every unknown payer as a member of society: which one does not matter to the sum."""
        return table.replace({"payer": {UNKNOWN: KINDS[0]}, "receiver": {UNKNOWN: KINDS[0]}})
