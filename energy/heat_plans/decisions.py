"""The decision map of a simulated year: what heating costs and emits for every building, by every option and account."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from energy.district_heating.supply.tariff import Tariff, bill_of_days
from energy.heat_plans.dense import sites
from energy.heat_plans.loads import heat_loads
from energy.heat_plans.supply import ACCOUNTS, on_network, supply
from energy.heating_choice import District, choose, robustness
from energy.plan import adopted
from energy.results import Results

__all__ = ["Decisions", "decisions"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Decisions:
    """The options of all buildings, in the rows of the city's table.

    Attributes
    ----------
    table : DataFrame (buildings,)
        As :func:`energy.heating_choice.choose` gives it; blank for buildings without heat.
    offer : District
        District heating as it is offered: by today's tariff and plants.
    row : array (n,) of int
        Rows of the buildings with heat.
    """

    table: pd.DataFrame
    offer: District
    row: npt.NDArray[np.int64]


def decisions(results: Results, year: int, *, robust: bool = False) -> Decisions:
    """Return the cheapest and the lowest-emission way to heat every building.

    District heating is offered to connected buildings and to those near a pipe, by the price list, with the emissions of
    the city's plants: averages in the bookkeeping accounts, and in the decision account what a kWh used like the
    connected buildings' heat causes. Boreholes need land: where a building's share of it is too small, neither a
    ground-source heat pump nor a shared loop is an option.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    robust : bool
        Add how often each winner stays the winner at the ends of the factors' ranges.

    Returns
    -------
    Decisions

    Raises
    ------
    TwinError
        When the city has no weather or the year was not simulated.
    """
    city, f = results.city, results.factors.at(year)
    everyone = np.ones(len(city["buildings"]), bool)
    loads = heat_loads(results, year, everyone)
    connected = on_network(results, year)[loads.row]
    bills = bill_of_days(loads.daily_kwh, Tariff.standard()).total_sek
    offered = connected | _near_pipes(results, f["network.offer_m"])[loads.row]
    offer = District(**_per_kwh(results, year, connected), bill_sek_year=np.where(offered, bills, np.nan))
    frame = results.at("buildings", year).iloc[loads.row]
    properties = adopted(results.stock.buildings, "buildings", results.adoption, year, f).iloc[loads.row]
    chosen = pd.DataFrame(
        {
            **{c: frame[c].to_numpy(float) for c in ("floor_area_m2", "heat_need_kwh", "hot_water_need_kwh")},
            "peak_kw": loads.peak_kw * f["heating.efficiency.district_heating"],
            "radiator_at_0_c": properties["radiator_at_0_c"].to_numpy(float),
            "connected": connected,
        }
    )
    chosen = chosen.join(sites(results, year, loads.row, loads.peak_kw)).set_axis(loads.row)
    table = choose(chosen, offer, loads.outdoor_c, f)
    if robust:
        table = table.join(robustness(chosen, offer, loads.outdoor_c, results.factors, year))
    return Decisions(table.reindex(np.arange(len(everyone))), offer, loads.row)


def _near_pipes(results: Results, offer_m: float) -> npt.NDArray[np.bool_]:
    """Return which buildings stand near a heat pipe; all of them in a city that does not know its pipes."""
    shapes = results.city["buildings"].geometry.to_numpy()
    if "heat_pipes" not in results.city or not len(results.city["heat_pipes"]):
        return np.ones(len(shapes), bool)
    pipes = shapely.STRtree(results.city["heat_pipes"].geometry.to_numpy())
    near = np.zeros(len(shapes), bool)
    near[pipes.query(shapes, predicate="dwithin", distance=offer_m)[0]] = True
    return near


def _per_kwh(results: Results, year: int, connected: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Return the emission of a delivered kWh in the three accounts [kgCO2e/kWh]."""
    f = results.factors.at(year)
    if not len(results.stock.heat_supply) or not connected.any():
        return {a: f[f"district_heating.{a}"] for a in ACCOUNTS}
    now = heat_loads(results, year, on_network(results, year))
    hours = supply(results, year, loads=now).hours
    per_delivered = 1 / (1 - f["district_heating.loss_share"])
    return {
        "territorial": hours.yearly("territorial") * per_delivered,
        "lifecycle": hours.yearly("lifecycle") * per_delivered,
        "marginal": hours.worth("marginal", now.together_kw) * per_delivered,
    }
