"""The district-heating network over a year: heat supplied, by which plants, and what a delivered kWh emits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.dispatch import average_factor, heat_share_of_fuel, marginal_factor, merit_order

__all__ = ["Delivery", "load_mw", "run"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Delivery:
    """A year of the network.

    Attributes
    ----------
    supplied_kwh, delivered_kwh, lost_kwh, unserved_kwh : float
        Supplied is delivered plus lost; unserved is what the plants could not make.
    units : DataFrame
        unit_id, name, fuel, heat_kwh of each plant.
    territorial, lifecycle, marginal : float
        Emission of a delivered kWh in the three accounts, losses included [kgCO2e/kWh].
    """

    supplied_kwh: float
    delivered_kwh: float
    lost_kwh: float
    unserved_kwh: float
    units: pd.DataFrame
    territorial: float
    lifecycle: float
    marginal: float


def load_mw(delivered_kwh: float, hot_water_kwh: float, degree_hours: Floats, loss_share: float) -> Floats:
    """Return the hourly load of the network: space heat by degree hours, hot water and losses evenly.

    Parameters
    ----------
    delivered_kwh, hot_water_kwh : float
        All heat delivered a year, and the part that is hot water [kWh].
    degree_hours : array (8760,)
        Heating degrees of each hour [K].
    loss_share : float
        Share of the supplied heat that is lost [1].

    Returns
    -------
    array (8760,)
        [MW]; its sum is the delivered heat over (1 - loss share).

    Examples
    --------
    >>> load = load_mw(900e3, 100e3, np.ones(8760), 0.1)
    >>> round(float(load.sum()), 6)
    1000.0
    """
    space = (delivered_kwh - hot_water_kwh) * degree_hours / max(degree_hours.sum(), 1e-9)
    even = (hot_water_kwh + delivered_kwh * loss_share / (1 - loss_share)) / len(degree_hours)
    return (space + even) / 1000


def run(
    delivered_kwh: float, hot_water_kwh: float, degree_hours: Floats, supply: pd.DataFrame, f: Mapping[str, float]
) -> Delivery:
    """Run the plants for a year.

    Parameters
    ----------
    delivered_kwh, hot_water_kwh : float
        Heat delivered to buildings, and its part for hot water [kWh].
    degree_hours : array (8760,)
        [K]
    supply : DataFrame
        Table ``heat_supply``; without rows the factors ``district_heating.*`` are used.
    f : mapping
        The year's factors.

    Returns
    -------
    Delivery
    """
    loss = f["district_heating.loss_share"]
    supplied = delivered_kwh / (1 - loss)
    if not len(supply):
        units = pd.DataFrame({"unit_id": [], "name": [], "fuel": [], "heat_kwh": []})
        own = f["district_heating.territorial"], f["district_heating.lifecycle"], f["district_heating.marginal"]
        return Delivery(supplied, delivered_kwh, supplied - delivered_kwh, 0.0, units, *own)
    plants = supply.sort_values(["merit_order", "unit_id"])
    load = load_mw(delivered_kwh, hot_water_kwh, degree_hours, loss)
    heat, unserved = merit_order(load, plants["capacity_mw"].to_numpy(float))
    per_heat = {account: _per_heat(plants, account, f) for account in ("territorial", "lifecycle", "marginal")}
    units = plants[["unit_id", "name", "fuel"]].assign(heat_kwh=heat.sum(axis=0) * 1000).reset_index(drop=True)
    return Delivery(
        supplied,
        delivered_kwh,
        supplied - delivered_kwh,
        float(unserved.sum() * 1000),
        units,
        average_factor(heat, per_heat["territorial"]) / (1 - loss),
        average_factor(heat, per_heat["lifecycle"]) / (1 - loss),
        marginal_factor(load, heat, per_heat["marginal"]) / (1 - loss),
    )


def _per_heat(plants: pd.DataFrame, account: str, f: Mapping[str, float]) -> Floats:
    """Return each plant's emission per heat in an account [kgCO2e/kWh].

    In the marginal account the electricity that more heat would bring is credited, and fuels count with upstream.
    """
    upstream = account != "territorial"
    fuel = {
        "excess_heat": f["plant.excess_heat.lifecycle"] if upstream else f["plant.excess_heat.territorial"],
        "waste": f["plant.waste.lifecycle"] if upstream else f["plant.waste.territorial"],
        "biomass": f["fuel.biofuel.lifecycle_kwh"] if upstream else f["fuel.biofuel.territorial"],
        "natural_gas": f["fuel.gas.lifecycle"] if upstream else f["fuel.gas.territorial"],
        "bio_oil": f["plant.bio_oil.lifecycle"] if upstream else f["plant.bio_oil.territorial"],
        "fossil_oil": f["fuel.oil.lifecycle"] if upstream else f["fuel.oil.territorial"],
        "electricity": {
            "territorial": f["electricity.territorial"],
            "lifecycle": f["electricity.lifecycle"],
            "marginal": f["electricity.marginal"],
        }[account],
    }
    per_fuel = plants["fuel"].astype(str).map(fuel).to_numpy(float)
    efficiency, alpha = plants["efficiency"].to_numpy(float), plants["electricity_to_heat"].to_numpy(float)
    if account == "marginal":
        return per_fuel / efficiency - alpha * f["electricity.marginal"]
    return per_fuel * heat_share_of_fuel(efficiency, alpha)
