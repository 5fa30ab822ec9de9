"""The climate investment plan: what every measure costs, who pays, what is funded, what it is worth and to whom.

Costs are in the money of one year and without value-added tax. What a measure saves on energy bills is its Shapley share of
the bill of the baseline less that of the plan, so that the savings add up. They go to whoever pays the bill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate.economics import PERSPECTIVES
from energy.climate_plans.investment_costs import UNKNOWN, Costs, costs, kinds_of_payers
from energy.climate_plans.investment_flows import Ledger, extended, granted_sek
from energy.climate_plans.investment_savings import OTHER, Savings, savings
from energy.climate_plans.investment_worth import abatement, cost_of_tonnes, worth
from energy.climate_plans.money import PARTS
from energy.climate_plans.portfolio import Portfolio
from energy.climate_plans.remarks import Remark
from twin.errors import TwinError, did_you_mean
from twin.factors import Factors

__all__ = ["InvestmentPlan", "investment_plan"]

Floats = npt.NDArray[np.float64]
_SECURED = ("beslutad", "pågående")
_FUNDING = ("granted_sek", "applied_sek", "own_sek", "gap_sek")


@dataclass(frozen=True)
class InvestmentPlan:
    """What a plan costs and is worth.

    Attributes
    ----------
    rows : DataFrame
        One row a measure and year: id, name, year, capex_sek, renewal_sek (of what wears out before the horizon), opex_sek,
        what each kind of body pays (city_sek, company_sek, household_sek, business_sek, region_sek, state_sek,
        unknown_sek) and total_sek, which they sum to, saving_sek (of energy bills, its Shapley share), residual_sek (in the last year, at the real rate of
        society), granted_sek, applied_sek, own_sek (what payers cover of a measure that is decided or under way) and
        gap_sek, what of the investment is neither granted nor own. Costs are blank where not priced.
    measures : DataFrame
        One row a measure, sums over the years: id, name, basis (``register``, ``prices``, or blank where nothing is known),
        capex_sek, capex_low_sek, capex_high_sek (by the range of prices), renewal_sek, opex_sek, total_sek, saving_sek,
        residual_sek, granted_sek, applied_sek, own_sek, gap_sek. What a scenario changes in factors and climate is the
        row ``other``, so that the savings sum to the bill without the plan less that with it.
    payers : DataFrame
        One row a measure, year and body: id, year, body, sek.
    funding : DataFrame
        One row a year: capex_sek, granted_sek, applied_sek, own_sek and gap_sek of all that is priced.
    npv : DataFrame
        One row a measure and perspective: npv_sek, of the first year; blank where not priced. ``society`` is with the
        value of carbon, ``society_without_carbon`` without. The row ``plan`` sums what is priced.
    cost_per_tonne : DataFrame
        One row a measure, in the order to prefer them in: see
        :func:`energy.climate_plans.investment_worth.cost_of_tonnes`.
    curve : DataFrame
        The abatement curve, told anew after each pick: id, saved_t, npv_sek, cost_sek_per_t; of priced measures, empty
        where there are too many to run in every combination.
    flows : DataFrame
        year, id, payer, receiver, amount_sek, what; in all years.
    savings : Savings
    costs : mapping of str to Costs
        By measure, with every purchase and its lifetime.
    not_priced : DataFrame
        id, name, why (a :class:`energy.climate_plans.remarks.Remark`).
    assumptions : DataFrame
        id (blank for all), remark.
    years : tuple of int
    price_year : int
    rate_by_perspective : dict of str to float
    factors_used : tuple of str
    """

    rows: pd.DataFrame
    measures: pd.DataFrame
    payers: pd.DataFrame
    funding: pd.DataFrame
    npv: pd.DataFrame
    cost_per_tonne: pd.DataFrame
    curve: pd.DataFrame
    flows: pd.DataFrame
    savings: Savings
    costs: Mapping[str, Costs]
    not_priced: pd.DataFrame
    assumptions: pd.DataFrame
    years: tuple[int, ...]
    price_year: int
    rate_by_perspective: dict[str, float]
    factors_used: tuple[str, ...]


def investment_plan(
    portfolio: Portfolio,
    *,
    horizon: int | None = None,
    price_year: int = 2024,
    rate_by_perspective: Mapping[str, float] | None = None,
) -> InvestmentPlan:
    """Tell what a plan costs, who pays, what lacks funding, and what it is worth to whom.

    After the last simulated year the savings and tonnes stay as they are there, and what wears out is renewed; what is
    left at the horizon is worth its remaining annuities.

    Parameters
    ----------
    portfolio : Portfolio
    horizon : int, optional
        Last year that is counted; without one, the last simulated.
    price_year : int
        In whose money.
    rate_by_perspective : mapping of str to float, optional
        Real rates of interest of some of :data:`energy.climate.economics.PERSPECTIVES` [1]; ``money.real_rate`` for the
        others.

    Returns
    -------
    InvestmentPlan

    Raises
    ------
    TwinError
        When the horizon lies before the last simulated year, a rate is of no perspective, or a payer is not known.
    """
    numbers = Factors(dict(portfolio.plan.factors))
    portfolio = replace(portfolio, plan=replace(portfolio.plan, factors=numbers))
    plan = portfolio.plan
    rates, years = _rates(portfolio, horizon, rate_by_perspective or {})
    entries = plan.scenario.register
    ledger = Ledger(
        entries,
        kinds_of_payers(entries, plan.scenario),
        costs(plan, entries, years, price_year, numbers),
        savings(portfolio, price_year),
        years,
        plan.scenario,
    )
    paid, tonnes = ledger.flows(), _tonnes(portfolio, years)
    values = worth(ledger, paid, tonnes, rates, numbers)
    rows = _rows(ledger, rates["society"])
    not_priced = [(k, entries[k].name, c.why_not) for k, c in ledger.costs.items() if c.why_not]
    return InvestmentPlan(
        rows=rows,
        measures=_measures(ledger, rows),
        payers=_payers(ledger),
        funding=rows.groupby("year")[["capex_sek", *_FUNDING]].sum().reset_index(),
        npv=values,
        cost_per_tonne=cost_of_tonnes(values, tonnes, years, rates["society"]),
        curve=abatement(ledger, paid, rates["society"]),
        flows=paid,
        savings=ledger.savings,
        costs=ledger.costs,
        not_priced=pd.DataFrame(not_priced, columns=["id", "name", "why"]),
        assumptions=_assumptions(ledger, portfolio),
        years=tuple(years.tolist()),
        price_year=price_year,
        rate_by_perspective=rates,
        factors_used=tuple(sorted(numbers.used)),
    )


def _rates(
    portfolio: Portfolio, horizon: int | None, own: Mapping[str, float]
) -> tuple[dict[str, float], npt.NDArray[np.int64]]:
    """Return each perspective's rate and the years that are counted."""
    first, last = portfolio.plan.years[0], portfolio.plan.years[-1]
    end = last if horizon is None else horizon
    problems = [f"no perspective {who!r}{did_you_mean(who, PERSPECTIVES)}" for who in own if who not in PERSPECTIVES]
    problems += [
        f"a rate of {r:g} for {who} is not possible; give a share, such as 0.035"
        for who, r in own.items()
        if not 0 <= r < 1
    ]
    if end < last:
        problems.append(f"the horizon {end} lies before the last simulated year {last}; move it there or later")
    if problems:
        raise TwinError("; ".join(problems))
    usual = portfolio.plan.factors.at(first)["money.real_rate"]
    return {who: own.get(who, usual) for who in PERSPECTIVES}, np.arange(first, end + 1, dtype=np.int64)


def _tonnes(portfolio: Portfolio, years: npt.NDArray[np.int64]) -> dict[str, Floats]:
    """Return each measure's share of the reduction in every year [t]."""
    table = portfolio.wedges.pivot_table(index="year", columns="id", values="share_t", sort=False)
    at = table.index.to_numpy(np.int64)
    return {str(k): extended(table[k].to_numpy(float), at, years) for k in table}


def _rows(ledger: Ledger, rate: float) -> pd.DataFrame:
    """Return costs, payers, savings and funding by measure and year."""
    of = dict(zip(ledger.savings.ids, _saving_sek(ledger).T, strict=True))
    parts = []
    for key, entry in ledger.entries.items():
        cost = ledger.costs[key]
        blank = np.full(len(ledger.years), np.nan)
        again = blank if cost.why_not else cost.renewals(ledger.years)[0]
        total = cost.capex_sek + again + cost.opex_sek
        left = np.zeros(len(ledger.years))
        left[-1] = cost.residual_sek(ledger.years, rate)
        granted, applied = (granted_sek(entry, cost.capex_sek, s) for s in ("beviljad", "sökt"))
        own = cost.capex_sek - granted - applied if entry.status in _SECURED else cost.capex_sek * 0
        parts.append(
            pd.DataFrame(
                {
                    "id": key,
                    "name": entry.name,
                    "year": ledger.years,
                    "capex_sek": cost.capex_sek,
                    "renewal_sek": again,
                    "opex_sek": cost.opex_sek,
                    **{f"{kind}_sek": total * share for kind, share in ledger.shares[key].items()},
                    "total_sek": total,
                    "saving_sek": of.get(key, blank),
                    "residual_sek": blank if cost.why_not else left,
                    "granted_sek": granted,
                    "applied_sek": applied,
                    "own_sek": own,
                    "gap_sek": cost.capex_sek - granted - own,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _measures(ledger: Ledger, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the sums over the years by measure; blank where not priced."""
    summed = ["capex_sek", "renewal_sek", "opex_sek", "total_sek", "saving_sek", "residual_sek", *_FUNDING]
    table = rows.groupby("id", sort=False)[summed].sum(min_count=1).reset_index()
    cost = [ledger.costs[k] for k in table["id"]]
    stated = [bool(ledger.entries[k].cost) for k in table["id"]]
    table.insert(1, "name", [ledger.entries[k].name for k in table["id"]])
    table.insert(
        2, "basis", ["" if c.why_not else "register" if s else "prices" for c, s in zip(cost, stated, strict=True)]
    )
    table.insert(4, "capex_low_sek", [c.low_sek for c in cost])
    table.insert(5, "capex_high_sek", [c.high_sek for c in cost])
    if ledger.scenario.factors or ledger.scenario.climate:
        saved = _saving_sek(ledger)[:, ledger.savings.ids.index(OTHER)].sum()
        table = pd.concat([table, pd.DataFrame([{"id": OTHER, "name": "", "basis": "", "saving_sek": saved}])])
    return table.reset_index(drop=True)


def _saving_sek(ledger: Ledger) -> Floats:
    """Return what each measure saves in every year, (years, ids) [SEK]."""
    whole = sum((ledger.savings.share_sek[p].sum(axis=2) for p in PARTS), np.zeros(()))
    return extended(whole, ledger.savings.years, ledger.years)


def _payers(ledger: Ledger) -> pd.DataFrame:
    """Return what each body pays of every measure that is priced."""
    parts = []
    for key, entry in ledger.entries.items():
        cost = ledger.costs[key]
        if cost.why_not:
            continue
        total = cost.capex_sek + cost.renewals(ledger.years)[0] + cost.opex_sek
        whole = sum(entry.payers.values())
        for body, share in (entry.payers or {UNKNOWN: 1.0}).items():
            parts.append(
                pd.DataFrame({"id": key, "year": ledger.years, "body": body, "sek": total * share / (whole or 1)})
            )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["id", "year", "body", "sek"])


_OF_ALL = (
    "without_vat",
    "bill_payers",
    "vehicle_costs",
    "grid_owner",
    "heat_tariff",
    "stays",
    "own_purchases",
    "grants",
    "carbon_value",
)


def _assumptions(ledger: Ledger, portfolio: Portfolio) -> pd.DataFrame:
    """Return what was assumed, of all measures and of single ones."""
    first = portfolio.plan.years[0]
    rows = [("", Remark(key)) for key in _OF_ALL]
    rows += [(k, r) for k, c in ledger.costs.items() for r in c.remarks]
    rows += [(k, Remark("nobody_pays")) for k, e in ledger.entries.items() if not e.payers]
    rows += [(k, Remark("began_before", {"year": first})) for k, e in ledger.entries.items() if e.start < first]
    return pd.DataFrame(rows, columns=["id", "remark"])
