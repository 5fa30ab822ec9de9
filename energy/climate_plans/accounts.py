r"""A plan in four accounts side by side, each with its boundary; they are never added together.

- ``territorial``: what is released inside the city; the goal is tested on it.
- ``gpc_basic``: scopes 1 and 2 of the Global Protocol for Community-Scale Greenhouse Gas Inventories, for energy in buildings
  and on roads: what is released inside the city, and bought electricity at the mean of the country's grid.
- ``consumption``: all energy used, with what was released upstream and elsewhere; the part of a consumption-based account
  that the model reaches, without goods, food and flights.
- ``consequential``: what the decision causes at the margin; for advice.

.. math:: E_{GPC} = E_{territorial} + W (c_{country} - c_{inside})

where :math:`W` is bought electricity and :math:`c_{inside}` its part that is released inside the city, in scope 1 already.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from energy.climate_plans.portfolio import Portfolio
from energy.results import Results

__all__ = ["NAMES", "accounts", "emitted_kg", "gpc_basic_kg"]

NAMES = ("territorial", "gpc_basic", "consumption", "consequential")
_OF_MODEL = {"territorial": "territorial", "consumption": "lifecycle", "consequential": "marginal"}
_KG_PER_T = 1000.0


def gpc_basic_kg(territorial_kg: float, bought_kwh: float, inside_kg_kwh: float, country_kg_kwh: float) -> float:
    """Return scopes 1 and 2 of energy in buildings and on roads [kg].

    Parameters
    ----------
    territorial_kg : float
        Released inside the city, what is released there to make electricity too.
    bought_kwh : float
        Electricity from the grid, less what solar cells make.
    inside_kg_kwh, country_kg_kwh : float
        Of bought electricity: what is released inside the city, and the mean of the country's grid [kg/kWh].

    References
    ----------
    .. [1] World Resources Institute, C40, ICLEI, Global Protocol for Community-Scale Greenhouse Gas Inventories, 2014.

    Examples
    --------
    1,000 kg of which 6 for 1,000 kWh of electricity, whose mean in the country is 20 g/kWh:

    >>> gpc_basic_kg(1000.0, 1000.0, 0.006, 0.02)
    1014.0
    """
    return territorial_kg + bought_kwh * (country_kg_kwh - inside_kg_kwh)


def emitted_kg(results: Results, year: int) -> dict[str, float]:
    """Return the city's emissions of a year in every account [kg]."""
    houses, roads, f = results.at("buildings", year), results.at("roads", year), results.factors.at(year)
    found = {
        name: float(sum(np.nansum(t[f"co2e_{of}_kg"].to_numpy(float)) for t in (houses, roads)))
        for name, of in _OF_MODEL.items()
    }
    bought = float((houses["electricity_kwh"] - houses["pv_kwh"]).sum())
    found["gpc_basic"] = gpc_basic_kg(
        found["territorial"], bought, f["electricity.territorial"], f["electricity.swedish_mix"]
    )
    return {name: found[name] for name in NAMES}


def accounts(portfolio: Portfolio) -> pd.DataFrame:
    """Return a plan in every account.

    Returns
    -------
    DataFrame
        year, account, baseline_t, plan_t, change_t: one row a year and account.
    """
    rows = []
    for year in portfolio.plan.years:
        without, planned = (emitted_kg(r, year) for r in (portfolio.baseline, portfolio.plan))
        for name in NAMES:
            base, plan = without[name] / _KG_PER_T, planned[name] / _KG_PER_T
            rows.append({"year": year, "account": name, "baseline_t": base, "plan_t": plan, "change_t": plan - base})
    return pd.DataFrame(rows)
