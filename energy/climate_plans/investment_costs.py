"""What each measure of a register costs, year by year and in one price level: investment, renewal, upkeep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate.economics import residual_value
from energy.climate_plans.money import KINDS, price_level
from energy.climate_plans.remarks import Remark
from energy.investment import investment
from energy.register import Entry, bodies
from energy.results import Results
from energy.scenario import Scenario
from twin import reference
from twin.errors import TwinError, did_you_mean
from twin.factors import Factors

__all__ = ["UNKNOWN", "Costs", "costs", "kinds_of_payers"]

Floats = npt.NDArray[np.float64]
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Costs:
    """What a measure costs.

    Attributes
    ----------
    capex_sek, opex_sek : array (years,)
        Blank where not priced [SEK].
    bought, lifetime_years : array (purchases,)
        Year and lifetime of every investment, and `spent_sek`, what it cost; renewals come on top.
    spent_sek : array (purchases,)
    why_not : Remark, optional
        Why it is not priced.
    remarks : tuple of Remark
        What was assumed, or left out.
    low_sek, high_sek : float
        Of all investment, by the range of prices; blank where a register states the cost without one.
    """

    capex_sek: Floats
    opex_sek: Floats
    bought: npt.NDArray[np.int64]
    lifetime_years: Floats
    spent_sek: Floats
    why_not: Remark | None = None
    remarks: tuple[Remark, ...] = ()
    low_sek: float = np.nan
    high_sek: float = np.nan

    def renewals(self, years: npt.NDArray[np.int64]) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Return what is spent to renew what wears out by the last year, and when each purchase was renewed last."""
        spent, last = np.zeros(len(years)), self.bought.copy()
        for k, (first, life) in enumerate(zip(self.bought, self.lifetime_years, strict=True)):
            again = 1
            while (year := int(first + round(again * life))) < years[-1]:
                spent[year - years[0]] += self.spent_sek[k]
                last[k] = year
                again += 1
        return spent, last

    def residual_sek(self, years: npt.NDArray[np.int64], rate: float) -> float:
        """Return what all purchases are worth at the end of the last year."""
        _, last = self.renewals(years)
        return float(residual_value(self.spent_sek, last, self.lifetime_years, int(years[-1]), rate).sum())


def kinds_of_payers(entries: Mapping[str, Entry], scenario: Scenario) -> dict[str, dict[str, float]]:
    """Return the share that each kind of body pays, by measure; ``unknown`` where no payer is named. They sum to 1.

    Raises
    ------
    TwinError
        When payers are not known bodies; all at once.
    """
    kind = {**bodies(), **{b.name: str(b.kind) for b in scenario.body}}
    wrong = [(i, p) for i, e in entries.items() for p in e.payers if p not in kind]
    if wrong:
        raise TwinError(
            "; ".join(f"{i}: payer {p!r} is not a known body{did_you_mean(p, kind)}" for i, p in wrong)
            + "; add them as [[body]]"
        )
    found: dict[str, dict[str, float]] = {}
    for key, entry in entries.items():
        shares = dict.fromkeys((*KINDS, UNKNOWN), 0.0)
        total = sum(entry.payers.values())
        for payer, share in entry.payers.items():
            shares[kind[payer]] += share / total
        if not entry.payers:
            shares[UNKNOWN] = 1.0
        found[key] = shares
    return found


def costs(
    results: Results, entries: Mapping[str, Entry], years: npt.NDArray[np.int64], price_year: int, factors: Factors
) -> dict[str, Costs]:
    """Return what every entry of a register costs, in the money of one year.

    An entry's own costs hold; where it states none, the prices of what its measure really builds.

    Parameters
    ----------
    results : Results
        Of the plan.
    entries : mapping of str to Entry
        By id, the scenario's steps among them.
    years : array (n,) of int
        That are counted, without gaps.
    price_year : int
    factors : Factors
    """
    prices, remark = _prices_in(price_year, factors)
    built = investment(results.stock.buildings, results.adoption, results.factors, prices)
    of_step = {key: built[built["step"] == k] for k, key in enumerate(results.scenario.ids, start=1)}
    found = {}
    for key, entry in entries.items():
        if entry.cost:
            found[key] = _own(entry, years, price_year, factors)
        elif key in of_step:
            found[key] = _built(entry, of_step[key], years, remark)
        else:
            blank = np.full(len(years), np.nan)
            found[key] = Costs(blank, blank, *_nothing(), Remark("no_cost"))
    return found


def _nothing() -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    return np.zeros(0, np.int64), np.zeros(0), np.zeros(0)


def _prices_in(price_year: int, factors: Factors) -> tuple[pd.DataFrame, Remark]:
    """Return the table of prices in the money of a year; prices of an unknown year are taken as they stand."""
    table = reference.table("measure_costs")
    of = table["price_year"]
    level = np.array([1.0 if np.isnan(y) else price_level(int(y), price_year, factors) for y in of])
    columns = ["cost_sek_per_unit", "cost_low", "cost_high"]
    items = ", ".join(table.loc[of.isna(), "item"])
    return table.assign(**{c: table[c] * level for c in columns}), Remark("price_level", {"items": items})


def _own(entry: Entry, years: npt.NDArray[np.int64], price_year: int, factors: Factors) -> Costs:
    capex, opex = np.zeros(len(years)), np.zeros(len(years))
    left_out, remarks = 0.0, list[Remark]()
    for cost in entry.cost:
        sek = cost.sek * price_level(cost.price_year, price_year, factors)
        if cost.kind == "opex":
            begins = entry.start if cost.year is None else cost.year
            opex[years >= begins] += sek
            continue
        when = np.arange(entry.start, entry.end + 1) if cost.year is None else np.array([cost.year])
        inside = when[(when >= years[0]) & (when <= years[-1])]
        capex[inside - years[0]] += sek / len(when)
        left_out += sek * (1 - len(inside) / len(when))
    if left_out:
        words = {"sek": f"{left_out:.0f}", "first": int(years[0]), "last": int(years[-1])}
        remarks.append(Remark("outside_years", words))
    life = entry.lifetime_years
    if life is None and capex.any():
        life = factors.at(price_year)["money.lifetime_years"]
        remarks.append(Remark("lifetime", {"years": f"{life:g}"}))
    at = np.flatnonzero(capex)
    return Costs(capex, opex, years[at], np.full(len(at), life or 1.0), capex[at], None, tuple(remarks))


def _built(entry: Entry, table: pd.DataFrame, years: npt.NDArray[np.int64], remark: Remark) -> Costs:
    zero = np.zeros(len(years))
    if table.empty:
        return Costs(zero, zero, *_nothing(), None, (Remark("nothing_built"),), 0.0, 0.0)
    inside = table[table["year"].between(years[0], years[-1])]
    cost = inside["cost_sek"].to_numpy(float)
    if np.isnan(table["cost_sek"].to_numpy(float)).any():
        blank, notes = np.full(len(years), np.nan), [n for n in table["note"] if n]
        why = Remark("note", {"note": str(notes[0])}) if notes else Remark("no_price")
        return Costs(blank, blank, *_nothing(), why)
    remarks = [remark]
    if len(inside) < len(table):
        remarks.append(Remark("built_outside", {"first": int(years[0]), "last": int(years[-1])}))
    capex = np.asarray(np.bincount(inside["year"].to_numpy(int) - years[0], cost, len(years)), float)
    bought = inside["year"].to_numpy(np.int64)
    life = inside["lifetime_years"].to_numpy(float) if entry.lifetime_years is None else entry.lifetime_years
    spent = cost != 0
    lifetime = np.broadcast_to(life, cost.shape)[spent].astype(float)
    ends = (float(inside[c].sum()) for c in ("cost_low_sek", "cost_high_sek"))
    return Costs(capex, zero, bought[spent], lifetime, cost[spent], None, tuple(remarks), *ends)
