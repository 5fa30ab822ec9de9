"""The plants of a simulated year, hour by hour, with the load of the buildings that are connected."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.supply import allocation, network
from energy.district_heating.supply.dispatch import Dispatch
from energy.district_heating.supply.network import Operation, load_of_hours_mw
from energy.heat_plans.loads import HeatLoads, heat_loads
from energy.results import Results
from twin.errors import TwinError

__all__ = ["Supply", "on_network", "supply"]

Floats = npt.NDArray[np.float64]
ACCOUNTS = ("territorial", "lifecycle", "marginal")


@dataclass(frozen=True)
class Supply:
    """The plants' year.

    Attributes
    ----------
    hours : Dispatch
    delivered_kwh : float
        Heat that reaches the buildings.
    factors : DataFrame
        Emission of a delivered kWh by way of sharing out [kgCO2e/kWh]; see
        :func:`energy.district_heating.supply.allocation.compare`.
    risk : DataFrame
        The year with all units, and without each case that was asked for.
    """

    hours: Dispatch
    delivered_kwh: float
    factors: pd.DataFrame
    risk: pd.DataFrame

    @property
    def units(self) -> pd.DataFrame:
        """Each plant's year: unit_id, name, fuel, capacity_mw, heat_mwh, electricity_mwh, full_load_h, cost_sek, co2e_territorial_kg."""
        hours, plants = self.hours, self.hours.plants
        capacity = plants.capacity_mw if plants.capacity_mw.ndim == 1 else plants.capacity_mw.max(axis=0)
        heat = hours.heat_mw.sum(axis=0)
        return pd.DataFrame(
            {
                "unit_id": plants.unit_id,
                "name": plants.name,
                "fuel": plants.fuel,
                "capacity_mw": capacity,
                "heat_mwh": heat,
                "electricity_mwh": hours.electricity_mw.sum(axis=0),
                "full_load_h": np.divide(heat, capacity, out=np.zeros_like(heat), where=capacity > 0),
                "cost_sek": hours.cost_sek.sum(axis=0),
                "co2e_territorial_kg": (hours.heat_mw * hours.factors["territorial"]).sum(axis=0) * 1000,
            }
        )


def on_network(results: Results, year: int) -> npt.NDArray[np.bool_]:
    """Return which buildings have district heating in a year, (buildings,)."""
    return np.array(results.at("buildings", year)["heating"] == "district_heating", bool)


def supply(
    results: Results,
    year: int,
    how: Operation | None = None,
    *,
    loads: HeatLoads | None = None,
    cases: tuple[tuple[str, ...], ...] = (),
) -> Supply:
    """Run the city's plants through a simulated year.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    how : Operation, optional
        Heat pumps follow the weather and emissions are shared out by energy, without it.
    loads : HeatLoads, optional
        Of the connected buildings, where they are at hand.
    cases : tuple of tuple of str
        Units that are left out together, for the table of risks.

    Returns
    -------
    Supply

    Raises
    ------
    TwinError
        When the city has no plants, no weather, or a unit does not exist.
    """
    table = results.stock.heat_supply
    if not len(table):
        raise TwinError("the city has no heat plants; add [layers.heat_supply] to city.toml")
    f = results.factors.at(year)
    of = loads or heat_loads(results, year, on_network(results, year))
    how = replace(how or Operation(), temp_air_c=of.outdoor_c)
    load = load_of_hours_mw(of.together_kw, f["district_heating.loss_share"])
    hours = network.year(load, table, f, how)
    delivered_mwh = float(of.heat_kwh.sum()) / 1000
    return Supply(
        hours,
        delivered_mwh * 1000,
        allocation.compare(hours.plants, hours.heat_mw, delivered_mwh, f),
        network.without_units(load, table, f, cases, how),
    )
