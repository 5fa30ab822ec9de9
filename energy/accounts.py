"""Three accounts of emissions, side by side and never mixed.

- territorial: what is released inside the city; the goal is tested on it.
- lifecycle: the average of all energy used, with upstream emissions and imported electricity.
- marginal: what one more or one less unit causes; for decisions.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from energy.district_heating.supply.network import Delivery

__all__ = ["ACCOUNTS", "with_emissions"]

ACCOUNTS = ("territorial", "lifecycle", "marginal")


def with_emissions(
    buildings: pd.DataFrame, network: Delivery, f: Mapping[str, float], *, streets: bool
) -> pd.DataFrame:
    """Add the emissions of every building in the three accounts.

    What cars charge loads the grid where they stand, but in the lifecycle and marginal accounts its emissions are those of
    the streets where they drive, which are counted there: nothing is counted twice. In the territorial account, where
    streets have their exhaust only, the part that is made inside the city stays with the buildings.

    Electricity made by solar cells replaces bought electricity in the lifecycle and marginal accounts; in the
    territorial account it replaces the small part that is made inside the city.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        The year's bought energy by carrier.
    network : Delivery
        The year's district heating.
    f : mapping
        The year's factors.
    streets : bool
        The city has streets, which carry the emissions of what is charged.

    Returns
    -------
    DataFrame (n rows)
        With co2e_territorial_kg, co2e_lifecycle_kg and co2e_marginal_kg.
    """
    per_kwh = {
        "territorial": (
            network.territorial,
            f["electricity.territorial"],
            f["fuel.oil.territorial"],
            f["fuel.gas.territorial"],
            f["fuel.biofuel.territorial"],
        ),
        "lifecycle": (
            network.lifecycle,
            f["electricity.lifecycle"],
            f["fuel.oil.lifecycle"],
            f["fuel.gas.lifecycle"],
            f["fuel.biofuel.lifecycle_kwh"],
        ),
        "marginal": (
            network.marginal,
            f["electricity.marginal"],
            f["fuel.oil.lifecycle"],
            f["fuel.gas.lifecycle"],
            f["fuel.biofuel.lifecycle_kwh"],
        ),
    }
    net = (buildings["electricity_kwh"] - buildings["pv_kwh"]).to_numpy(float)
    of_streets = buildings["ev_charging_kwh"].to_numpy(float) if streets else np.zeros(len(buildings))
    others = buildings[["district_heating_kwh", "oil_kwh", "gas_kwh", "biofuel_kwh"]].to_numpy(float)
    found = {}
    for account in ACCOUNTS:
        heat, power, *fuels = per_kwh[account]
        bought = net if account == "territorial" else net - of_streets
        found[f"co2e_{account}_kg"] = others @ np.array([heat, *fuels]) + bought * power
    return buildings.assign(**found)
