"""What a plan is worth: net present values by perspective, cost of a tonne, and in which order to take the measures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate.economics import (
    PERSPECTIVES,
    abatement_curve,
    carbon_value_sek,
    cost_per_tonne,
    npv,
    perspective_sek,
)
from energy.climate_plans.investment_flows import Ledger, extended
from energy.climate_plans.investment_savings import OTHER
from twin.factors import Factors

__all__ = ["PLAN", "SOCIETY_ALONE", "abatement", "cost_of_tonnes", "worth"]

Floats = npt.NDArray[np.float64]
PLAN = "plan"
SOCIETY_ALONE = "society_without_carbon"


def worth(
    ledger: Ledger, flows: pd.DataFrame, tonnes: Mapping[str, Floats], rates: Mapping[str, float], factors: Factors
) -> pd.DataFrame:
    """Return the net present value of every measure as each one sees it.

    Parameters
    ----------
    ledger : Ledger
    flows : DataFrame
        Of :meth:`Ledger.flows`.
    tonnes : mapping of str to array (years,)
        Territorial reduction of each measure [t].
    rates : mapping of str to float
        By perspective [1].
    factors : Factors

    Returns
    -------
    DataFrame
        id, perspective, npv_sek: blank where a measure is not priced. The last rows, ``plan``, sum what is priced.
    """
    years, first = ledger.years, int(ledger.years[0])
    all_of_it = ledger.seen_by_society(flows)
    rows: list[tuple[str, str, float]] = []
    for key, cost in ledger.costs.items():
        for who in PERSPECTIVES:
            society = who == "society"
            table = all_of_it if society else flows
            seen = perspective_sek(table[table["id"] == key], who, years)
            share = 1.0 if society else ledger.shares[key][who]
            value = np.nan
            if not cost.why_not:
                seen[-1] += cost.residual_sek(years, rates[who]) * share
                value = float(npv(seen, years, rates[who], first))
            if society:
                rows.append((key, SOCIETY_ALONE, value))
                carbon = carbon_value_sek(tonnes.get(key, np.zeros(len(years))), years, factors)
                value += float(npv(carbon, years, rates[who], first))
            rows.append((key, who, value))
    found = pd.DataFrame(rows, columns=["id", "perspective", "npv_sek"])
    whole = found.groupby("perspective", sort=False)["npv_sek"].sum().reset_index().assign(id=PLAN)
    return pd.concat([found, whole[found.columns]], ignore_index=True)


def cost_of_tonnes(
    values: pd.DataFrame, tonnes: Mapping[str, Floats], years: npt.NDArray[np.int64], rate: float
) -> pd.DataFrame:
    """Return what a tonne costs society, its own value not counted, in the order to prefer the measures in.

    Parameters
    ----------
    values : DataFrame
        Of :func:`worth`.
    tonnes : mapping of str to array (years,)
        Shapley shares of the territorial reduction [t].
    years : array (n,) of int
    rate : float
        Of society [1].

    Returns
    -------
    DataFrame
        id, npv_sek, saved_t (summed over the years as they are; blank where not quantified), saved_discounted_t,
        cost_sek_per_t and cost_sek_per_discounted_t: blank where it pays for itself, saves nothing, or is not priced or not
        quantified. First those that pay
        for themselves, the greatest net present value first, since a negative cost a tonne orders them wrongly; then by
        cost; last those without.
    """
    own = values[values["perspective"] == SOCIETY_ALONE].set_index("id")["npv_sek"].drop(PLAN)
    table = pd.DataFrame({"id": own.index, "npv_sek": own.to_numpy(float)})
    unknown = np.full(len(years), np.nan)
    saved = np.array([tonnes.get(k, unknown) for k in table["id"]]).reshape(len(table), len(years))
    table["saved_t"] = saved.sum(axis=1)
    table["saved_discounted_t"] = npv(saved, years, rate, int(years[0]))
    pays = (table["npv_sek"] >= 0) & (table["saved_t"] > 0)
    for name, of in (("cost_sek_per_t", "saved_t"), ("cost_sek_per_discounted_t", "saved_discounted_t")):
        found = cost_per_tonne(table["npv_sek"].to_numpy(float), table[of].to_numpy(float))
        table[name] = np.where(pays, np.nan, found)
    group = np.where(pays, 0, np.where(table["cost_sek_per_t"].notna(), 1, 2))
    inside = np.where(group == 1, table["cost_sek_per_t"], -table["npv_sek"])
    return table.iloc[np.lexsort((inside, group))].reset_index(drop=True)


def abatement(ledger: Ledger, flows: pd.DataFrame, rate: float) -> pd.DataFrame:
    """Return the abatement curve of society, told anew after each pick.

    The cost of the works adds up over measures; what is saved on energy is that of each combination, without what members
    of society pay each other: taxes, and the fees of the city's company.

    Parameters
    ----------
    ledger : Ledger
    flows : DataFrame
        Of :meth:`Ledger.flows`.
    rate : float
        Of society [1].

    Returns
    -------
    DataFrame
        id, saved_t, npv_sek, cost_sek_per_t (blank where it pays for itself or saves nothing), in order; without the
        measures that are not priced, and empty where the combinations were not run.
    """
    saved, years = ledger.savings, ledger.years
    ids = [k for k in saved.ids if k != OTHER]
    columns = ["id", "saved_t", "npv_sek", "cost_sek_per_t"]
    priced = [i for i, k in enumerate(ids) if not ledger.costs[k].why_not]
    if not saved.of_sets_t.size or not priced:
        return pd.DataFrame(columns=columns)
    masks = np.array([sum(1 << i for b, i in enumerate(priced) if m >> b & 1) for m in range(1 << len(priced))])
    first = int(years[0])
    paid_out = saved.of_sets_sek["market"] + saved.of_sets_sek["production"]
    energy = extended(paid_out[:, masks], saved.years, years)
    value = npv((energy[:, :1] - energy).T, years, rate, first)
    works = ledger.seen_by_society(flows[flows["what"].isin(["investment", "renewal", "upkeep", "grant"])])
    for b, i in enumerate(priced):
        key = ids[i]
        seen = perspective_sek(works[works["id"] == key], "society", years)
        seen[-1] += ledger.costs[key].residual_sek(years, rate)
        value = value + np.where(np.arange(len(masks)) >> b & 1, npv(seen, years, rate, first), 0.0)
    tonnes = extended(saved.of_sets_t[:, masks], saved.years, years).sum(axis=0)
    picks = abatement_curve(tonnes, value)
    return pd.DataFrame(
        [(ids[priced[p.measure]], p.saved_t, p.npv_sek, p.cost_sek_per_t) for p in picks], columns=columns
    )
