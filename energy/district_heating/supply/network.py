"""The district-heating network over a year: heat supplied, by which plants, and what a delivered kWh emits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.supply.allocation import heat_factors
from energy.district_heating.supply.dispatch import Dispatch, Running, dispatch, running
from energy.district_heating.supply.plants import Plants, heat_cost_sek_mwh
from twin.errors import TwinError

__all__ = ["Delivery", "Operation", "load_mw", "load_of_hours_mw", "run", "without_units", "year"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Operation:
    """How the plants are run and their emissions told.

    Attributes
    ----------
    temp_air_c : array (hours,), optional
        With it heat pumps follow the weather; without it their performance is steady [degC].
    electricity_sek_mwh : array (hours,) or float, optional
        Market price of electricity; the factor's yearly mean without it [SEK/MWh].
    method, waste_to : str
        How emissions are shared out, see :mod:`energy.district_heating.supply.allocation`.
    without : collection of str
        Units that are left out.
    storage : bool
        Use the tank, where there is one, at the least cost of the year.
    """

    temp_air_c: Floats | None = None
    electricity_sek_mwh: Floats | float | None = None
    method: str = "energy"
    waste_to: str = "heat"
    without: Collection[str] = ()
    storage: bool = False


USUAL = Operation()
_NOTHING_MW = 1e-6


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
    marginal_space_heat : float
        As marginal, for a kWh that is used, or saved, like space heat [kgCO2e/kWh].
    dumped_kwh : float
        Heat of must-run units that nobody needed.
    """

    supplied_kwh: float
    delivered_kwh: float
    lost_kwh: float
    unserved_kwh: float
    units: pd.DataFrame
    territorial: float
    lifecycle: float
    marginal: float
    marginal_space_heat: float
    dumped_kwh: float = 0.0


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


def load_of_hours_mw(delivered_kw: Floats, loss_share: float) -> Floats:
    """Return the hourly load of the network where the hours of delivered heat are known; losses are even.

    Parameters
    ----------
    delivered_kw : array (hours,)
        [kW]
    loss_share : float
        Share of the supplied heat that is lost [1].

    Returns
    -------
    array (hours,)
        [MW]

    Examples
    --------
    >>> load_of_hours_mw(np.array([0.0, 1800.0]), 0.1).tolist()
    [0.1, 1.9]
    """
    return (delivered_kw + delivered_kw.mean() * loss_share / (1 - loss_share)) / 1000


def year(load: Floats, supply: pd.DataFrame, f: Mapping[str, float], how: Operation = USUAL) -> Dispatch:
    """Return every hour of the plants, with cost, price and emissions.

    Parameters
    ----------
    load : array (hours,)
        Heat that the network needs [MW].
    supply : DataFrame
        Table ``heat_supply``.
    f : mapping
        The year's factors.
    how : Operation

    Returns
    -------
    Dispatch

    Raises
    ------
    TwinError
        When the plants can not be run as asked.
    """
    plants = _plants(supply, f, how, len(load))
    cost = heat_cost_sek_mwh(plants, f, how.electricity_sek_mwh)
    factors = heat_factors(plants, f, how.method, how.waste_to)
    return dispatch(load, plants, cost, factors, f["plant.unserved_sek_mwh"], storage=how.storage)


def run(
    delivered_kwh: float,
    hot_water_kwh: float,
    degree_hours: Floats,
    supply: pd.DataFrame,
    f: Mapping[str, float],
    how: Operation = USUAL,
) -> Delivery:
    """Run the plants for a year.

    Prices are read only where they decide who runs: without an order of use, or with storage.

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
    how : Operation

    Returns
    -------
    Delivery

    Raises
    ------
    TwinError
        When the plants can not be run as asked.
    """
    loss = f["district_heating.loss_share"]
    supplied = delivered_kwh / (1 - loss)
    if not len(supply):
        units = pd.DataFrame({"unit_id": [], "name": [], "fuel": [], "heat_kwh": []})
        own = f["district_heating.territorial"], f["district_heating.lifecycle"], f["district_heating.marginal"]
        return Delivery(supplied, delivered_kwh, supplied - delivered_kwh, 0.0, units, *own, own[2])
    load = load_mw(delivered_kwh, hot_water_kwh, degree_hours, loss)
    plants = _plants(supply, f, how, len(load))
    per_heat = heat_factors(plants, f, how.method, how.waste_to)
    done: Dispatch | Running
    if how.storage and plants.tank is not None:
        done = year(load, supply, f, how)
        more = done.marginal["marginal"]
    else:
        cost = None if plants.ordered else heat_cost_sek_mwh(plants, f, how.electricity_sek_mwh)
        done = running(load, plants.capacity_mw, plants.must_run_mw, cost)
        more = done.of_one_more(per_heat["marginal"])
    heat = done.heat_mw.sum(axis=0) * 1000
    served = float(load.sum() - done.unserved_mw.sum()) * (1 - loss) * 1000
    names = pd.DataFrame({"unit_id": plants.unit_id, "name": plants.name, "fuel": plants.fuel})
    marginal = _mean(more, load) / (1 - loss)
    return Delivery(
        supplied,
        delivered_kwh,
        supplied - delivered_kwh,
        float(done.unserved_mw.sum() * 1000),
        names.assign(heat_kwh=heat),
        _emitted(done.heat_mw, per_heat["territorial"]) / served if served > 0 else 0.0,
        _emitted(done.heat_mw, per_heat["lifecycle"]) / served if served > 0 else 0.0,
        marginal,
        _mean(more, degree_hours) / (1 - loss) if degree_hours.any() else marginal,
        float(done.dumped_mw.sum() * 1000),
    )


def without_units(
    load: Floats,
    supply: pd.DataFrame,
    f: Mapping[str, float],
    cases: Iterable[Collection[str]],
    how: Operation = USUAL,
) -> pd.DataFrame:
    """Return what the system does when units are gone, beside what it does with all of them.

    Parameters
    ----------
    load : array (hours,)
        Heat that the network needs, losses included [MW].
    supply : DataFrame
        Table ``heat_supply``.
    f : mapping
        The year's factors.
    cases : iterable of collection of str
        Each the `unit_id` of units that are gone at once.
    how : Operation

    Returns
    -------
    DataFrame
        One row with all units, then one per case: without (ids joined by ``|``), supplied_mwh, unserved_mwh, unserved_h,
        unserved_peak_mw, dumped_mwh, territorial, lifecycle and marginal emission of a delivered kWh [kgCO2e/kWh], and
        cost_sek of the heat made. A network that serves nothing has blank emissions.

    Raises
    ------
    TwinError
        When a unit does not exist, or none is left.
    """
    rows = []
    per_delivered = 1 / (1 - f["district_heating.loss_share"])
    for case in [(), *cases]:
        gone = sorted({*how.without, *case})
        done = year(load, supply, f, replace(how, without=gone))
        rows.append(
            {
                "without": "|".join(gone),
                "supplied_mwh": float(load.sum() - done.unserved_mw.sum()),
                "unserved_mwh": float(done.unserved_mw.sum()),
                "unserved_h": int((done.unserved_mw > _NOTHING_MW).sum()),
                "unserved_peak_mw": float(done.unserved_mw.max()),
                "dumped_mwh": float(done.dumped_mw.sum()),
                "territorial": done.yearly("territorial") * per_delivered,
                "lifecycle": done.yearly("lifecycle") * per_delivered,
                "marginal": done.worth("marginal", load) * per_delivered,
                "cost_sek": float(done.cost_sek.sum()),
            }
        )
    return pd.DataFrame(rows)


def _plants(supply: pd.DataFrame, f: Mapping[str, float], how: Operation, hours: int) -> Plants:
    """Return the plants as they are run, once what is given by the hour fits the load."""
    for name, values in (("outdoor temperature", how.temp_air_c), ("price of electricity", how.electricity_sek_mwh)):
        if values is None:
            continue
        series = np.asarray(values, float)
        if (series.ndim and series.shape != (hours,)) or not np.isfinite(series).all():
            raise TwinError(
                f"the {name} has the shape {series.shape} or blanks; the load has {hours} hours, and each needs a number"
            )
    plants = Plants.of(supply, how.without)
    return plants if how.temp_air_c is None else plants.in_weather(how.temp_air_c, f)


def _emitted(heat_mw: Floats, factor: Floats) -> float:
    """Return the emission of the year [kgCO2e]."""
    total = heat_mw.sum(axis=0) @ factor if factor.ndim == 1 else (heat_mw * factor).sum()
    return float(total) * 1000


def _mean(values: Floats, weights: Floats) -> float:
    total = float(weights.sum())
    return float(values @ weights) / total if total > 0 else 0.0
