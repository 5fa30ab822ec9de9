"""Heat plants as arrays: what they can make, what their heat costs, and how a heat pump follows the weather.

References
----------
.. [1] Ruhnau, O., Hirth, L., Praktiknjo, A., "Time series of heat demand and heat pump efficiency for energy system
   modeling", Scientific Data 6:189, 2019 (When2Heat): least lift of 15 K.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.supply.storage import Tank
from twin.errors import Problem, SchemaError, TwinError, did_you_mean

__all__ = ["EMISSIONS", "Plants", "carnot_cop", "fuel_factor", "heat_cost_sek_mwh", "supply_temperature_c"]

Floats = npt.NDArray[np.float64]

_KELVIN = 273.15
EMISSIONS = {  # keys of the emission per kWh of fuel in the three accounts; decisions count fuels with upstream
    "excess_heat": ("plant.excess_heat.territorial", "plant.excess_heat.lifecycle", "plant.excess_heat.lifecycle"),
    "waste": ("plant.waste.territorial", "plant.waste.lifecycle", "plant.waste.lifecycle"),
    "biomass": ("fuel.biofuel.territorial", "fuel.biofuel.lifecycle_kwh", "fuel.biofuel.lifecycle_kwh"),
    "natural_gas": ("fuel.gas.territorial", "fuel.gas.lifecycle", "fuel.gas.lifecycle"),
    "bio_oil": ("plant.bio_oil.territorial", "plant.bio_oil.lifecycle", "plant.bio_oil.lifecycle"),
    "fossil_oil": ("fuel.oil.territorial", "fuel.oil.lifecycle", "fuel.oil.lifecycle"),
    "electricity": ("electricity.territorial", "electricity.lifecycle", "electricity.marginal"),
}
_ACCOUNTS = ("territorial", "lifecycle", "marginal")
_DEFAULTS = {
    "efficiency": 1.0,
    "electricity_to_heat": 0.0,
    "must_run_mw": 0.0,
    "variable_cost_sek_mwh": np.nan,
    "source_c": np.nan,
    "source_air_share": 0.0,
    "storage_mwh": 0.0,
    "storage_mw": 0.0,
    "storage_loss_share": 0.0,
    "merit_order": np.nan,
}


@dataclass(frozen=True)
class Plants:
    """The units of a network.

    Attributes
    ----------
    unit_id, name, fuel : tuple of str
        Of each unit.
    capacity_mw : array (units,) or (hours, units)
        Most heat [MW].
    must_run_mw : array (units,)
        Least heat [MW]; less where the hour's capacity is less.
    efficiency : array (units,) or (hours, units)
        Heat per fuel; of a heat pump its coefficient of performance [1].
    electricity_to_heat : array (units,)
        Electricity made per heat [1].
    own_cost_sek_mwh : array (units,)
        Cost of heat as the table states it; NaN where it follows from prices [SEK/MWh].
    source_c, source_air_share : array (units,)
        Mean temperature of a heat pump's source, NaN where the efficiency is steady [degC], and how much of the
        outdoor temperature's swings it follows [1].
    ordered : bool
        The units stand in their order of use; otherwise the cheapest runs first, hour by hour.
    tank : Tank or None
        Storage of heat.
    """

    unit_id: tuple[str, ...]
    name: tuple[str, ...]
    fuel: tuple[str, ...]
    capacity_mw: Floats
    must_run_mw: Floats
    efficiency: Floats
    electricity_to_heat: Floats
    own_cost_sek_mwh: Floats
    source_c: Floats
    source_air_share: Floats
    ordered: bool = True
    tank: Tank | None = None

    @classmethod
    def of(cls, table: pd.DataFrame, without: Collection[str] = ()) -> Plants:
        """Read the table ``heat_supply``, in the order of use where one is given.

        Parameters
        ----------
        table : DataFrame
            Columns that are missing hold the schema's defaults.
        without : collection of str
            `unit_id` of units that are left out, with the storage that stands at them.

        Raises
        ------
        SchemaError
            With every problem of the table.
        TwinError
            When a unit that shall be left out does not exist.

        Examples
        --------
        >>> table = pd.DataFrame({"unit_id": ["a", "b"], "name": ["Oil", "Waste"], "fuel": ["fossil_oil", "waste"],
        ...     "capacity_mw": [50.0, 20.0], "merit_order": [2, 1]})
        >>> Plants.of(table).unit_id, Plants.of(table, without={"b"}).unit_id
        (('b', 'a'), ('a',))
        """
        if missing := [c for c in ("unit_id", "name", "fuel", "capacity_mw") if c not in table]:
            raise SchemaError(Problem("heat_supply", c, "the column is missing; name it in `columns`") for c in missing)
        ids = table["unit_id"].astype(str).to_numpy(object)
        if unknown := sorted(set(without) - set(ids)):
            raise TwinError(f"there is no heat unit {unknown[0]!r} to leave out{did_you_mean(unknown[0], ids)}")
        numbers = {"capacity_mw": table["capacity_mw"].to_numpy(float)}
        for column, default in _DEFAULTS.items():
            numbers[column] = table[column].to_numpy(float) if column in table else np.full(len(table), default)
        fuel = table["fuel"].astype(str).to_numpy(object)
        if problems := _problems(ids, fuel, numbers):
            raise SchemaError(problems)
        order = numbers["merit_order"]
        ordered = not np.isnan(order).any()
        at = np.argsort(order, kind="stable") if ordered else np.arange(len(ids))
        at = at[~np.isin(ids[at], list(without))]
        n = {c: v[at] for c, v in numbers.items()}
        return cls(
            tuple(ids[at]),
            tuple(table["name"].astype(str).to_numpy(object)[at]),
            tuple(fuel[at]),
            n["capacity_mw"],
            n["must_run_mw"],
            n["efficiency"],
            n["electricity_to_heat"],
            n["variable_cost_sek_mwh"],
            n["source_c"],
            n["source_air_share"],
            ordered,
            Tank.together(n["storage_mwh"], n["storage_mw"], n["storage_loss_share"]),
        )

    def in_weather(self, temp_air_c: Floats, f: Mapping[str, float]) -> Plants:
        """Return the units with heat pumps whose performance follows the source and the network's supply temperature.

        The table's efficiency is taken to hold at the mean temperature of the source and at
        ``district_heating.heat_pump.rated_sink_c``. The heat pump warms to the supply temperature or to
        ``district_heating.heat_pump.highest_sink_c``, from where other units go on.

        Parameters
        ----------
        temp_air_c : array (hours,)
            Outdoor temperature [degC].
        f : mapping
            The year's factors.
        """
        pumps = np.flatnonzero(~np.isnan(self.source_c))
        if not len(pumps):
            return self
        rated_c, highest_c = (
            f["district_heating.heat_pump.rated_sink_c"],
            f["district_heating.heat_pump.highest_sink_c"],
        )
        sink_c = np.minimum(supply_temperature_c(temp_air_c, f), highest_c)[:, None]
        swing = (temp_air_c - temp_air_c.mean())[:, None]
        source_c = self.source_c[pumps]
        performance = np.repeat(np.atleast_2d(self.efficiency)[:1], len(temp_air_c), axis=0)
        performance[:, pumps] = carnot_cop(
            self.efficiency[..., pumps],
            source_c + self.source_air_share[pumps] * swing,
            sink_c,
            source_c,
            rated_c,
            f["heat_pump.least_lift_k"],
        )
        return replace(self, efficiency=performance)


def carnot_cop(
    rated_cop: Floats,
    source_c: Floats,
    sink_c: Floats,
    rated_source_c: Floats,
    rated_sink_c: float,
    least_lift_k: float = 15.0,
) -> Floats:
    r"""Return the coefficient of performance of a heat pump that keeps its share of Carnot's.

    .. math:: COP = COP_0 \frac{C(T_{source}, T_{sink})}{C(T_{source,0}, T_{sink,0})}, \qquad
              C = \frac{T_{sink}}{\max(15, T_{sink} - T_{source})}

    Parameters
    ----------
    rated_cop : array
        At the rated temperatures [1].
    source_c, sink_c : array
        [degC]
    rated_source_c, rated_sink_c : array, float
        [degC]
    least_lift_k : float
        As in [1]_ [K].

    Returns
    -------
    array
        [1]

    Examples
    --------
    A pump of 3.1 from 10 to 75 degC keeps 58 % of Carnot's 5.36; at 85 degC it makes 2.76, from 15 degC 3.36:

    >>> carnot_cop(np.array(3.1), np.array([10.0, 10.0, 15.0]), np.array([75.0, 85.0, 75.0]), 10.0, 75.0).round(2).tolist()
    [3.1, 2.76, 3.36]
    """

    def carnot(cold_c: Floats, warm_c: Floats | float) -> Floats:
        return (warm_c + _KELVIN) / np.maximum(least_lift_k, warm_c - cold_c)

    return rated_cop * carnot(source_c, sink_c) / carnot(rated_source_c, rated_sink_c)


def supply_temperature_c(temp_air_c: Floats, f: Mapping[str, float]) -> Floats:
    """Return the network's supply temperature: linear between a mild and a cold day, steady beyond [degC].

    Examples
    --------
    >>> f = {"district_heating.supply.mild_at_c": 5.0, "district_heating.supply.mild_c": 70.0,
    ...     "district_heating.supply.cold_at_c": -15.0, "district_heating.supply.cold_c": 120.0}
    >>> supply_temperature_c(np.array([20.0, -5.0, -30.0]), f).tolist()
    [70.0, 95.0, 120.0]
    """
    at = [f["district_heating.supply.cold_at_c"], f["district_heating.supply.mild_at_c"]]
    return np.interp(temp_air_c, at, [f["district_heating.supply.cold_c"], f["district_heating.supply.mild_c"]])


def fuel_factor(plants: Plants, account: str, f: Mapping[str, float]) -> Floats:
    """Return the emission per kWh of each unit's fuel in an account [kgCO2e/kWh], shape (units,)."""
    return np.array([f[EMISSIONS[fuel][_ACCOUNTS.index(account)]] for fuel in plants.fuel], float)


def heat_cost_sek_mwh(
    plants: Plants, f: Mapping[str, float], electricity_sek_mwh: Floats | float | None = None
) -> Floats:
    r"""Return what one more MWh of heat costs: fuel, tax and emission rights, less the electricity sold.

    .. math:: c = \frac{p_{fuel} + tax + p_{ETS} \, e_{fuel}}{\eta} - \alpha \, p_{el}

    A unit driven by electricity buys it at its price with tax and grid fee. A cost that the table states is kept.

    Parameters
    ----------
    plants : Plants
    f : mapping
        The year's factors.
    electricity_sek_mwh : array (hours,) or float, optional
        Market price; the factor's yearly mean without one [SEK/MWh].

    Returns
    -------
    array (units,) or (hours, units)
        [SEK/MWh]

    Examples
    --------
    Gas at 450 SEK/MWh in a boiler, and with 0.85 electricity per heat sold at 500 SEK/MWh:

    >>> table = pd.DataFrame({"unit_id": ["a", "b"], "name": ["Boiler", "CHP"], "fuel": ["natural_gas"] * 2,
    ...     "capacity_mw": [9.0, 9.0], "efficiency": [0.9, 0.5], "electricity_to_heat": [0.0, 0.85]})
    >>> f = {"plant.natural_gas.price_sek_mwh": 450.0, "plant.natural_gas.tax_sek_mwh": 0.0, "price.ets_sek_kg": 0.0}
    >>> heat_cost_sek_mwh(Plants.of(table), f | {"fuel.gas.territorial": 0.2}, 500.0).tolist()
    [500.0, 475.0]
    """
    if not np.isnan(plants.own_cost_sek_mwh).any():
        return plants.own_cost_sek_mwh
    price = f["price.electricity_sek_mwh"] if electricity_sek_mwh is None else electricity_sek_mwh
    market = np.atleast_1d(np.asarray(price, float))[:, None]  # (hours or 1, 1)
    electric = np.array([fuel == "electricity" for fuel in plants.fuel])
    bought = np.zeros(len(electric))
    for k, fuel in enumerate(plants.fuel):
        bought[k] = f[f"plant.{fuel}.tax_sek_mwh"]
        if not electric[k]:
            rights = f["price.ets_sek_kg"] * f[EMISSIONS[fuel][0]] * 1000
            bought[k] += f[f"plant.{fuel}.price_sek_mwh"] + rights
    cost = (bought + electric * market) / plants.efficiency - plants.electricity_to_heat * market
    cost = np.where(np.isnan(plants.own_cost_sek_mwh), cost, plants.own_cost_sek_mwh)
    return cost[0] if len(cost) == 1 else cost


def _problems(ids: npt.NDArray[np.object_], fuel: npt.NDArray[np.object_], n: Mapping[str, Floats]) -> list[Problem]:
    """Return everything that keeps the table from being run."""
    found: list[Problem] = []

    def refuse(column: str, wrong: npt.NDArray[np.bool_], rule: str) -> None:
        if wrong.any():
            found.append(Problem("heat_supply", column, rule, int(wrong.sum()), str(ids[np.argmax(wrong)])))

    known = np.array([name in EMISSIONS for name in fuel], bool)
    name = fuel[~known][0] if not known.all() else ""
    refuse("unit_id", _repeated(ids), "the identity is used more than once; give each unit its own")
    refuse("fuel", ~known, f"no emission factor for {name!r}{did_you_mean(name, EMISSIONS)}")
    for column in ("capacity_mw", "must_run_mw", "electricity_to_heat", "storage_mwh", "storage_mw"):
        refuse(column, ~(np.isfinite(n[column]) & (n[column] >= 0)), "must be a number from 0 on")
    refuse("efficiency", ~(np.isfinite(n["efficiency"]) & (n["efficiency"] > 0)), "must be above 0: heat per fuel")
    over = n["must_run_mw"] > n["capacity_mw"]
    refuse("must_run_mw", over, "is more than capacity_mw; lower it or raise the capacity")
    loss = n["storage_loss_share"]
    refuse("storage_loss_share", ~((loss >= 0) & (loss < 1)), "must be a share from 0 to below 1")
    idle = (n["storage_mwh"] > 0) & (n["storage_mw"] == 0)
    refuse("storage_mw", idle, "is 0 at a storage; state how fast it is charged and emptied")
    follows = n["source_air_share"]
    refuse("source_air_share", ~((follows >= 0) & (follows <= 1)), "must be a share from 0 to 1")
    strange = ~np.isnan(n["source_c"]) & (fuel != "electricity")
    refuse("source_c", strange, "belongs to heat pumps, whose fuel is electricity; leave it blank")
    order = n["merit_order"]
    blank = np.isnan(order)
    if blank.any() and not blank.all():
        refuse("merit_order", blank, "is blank for some units; give every unit its place, or none for cheapest first")
    refuse("merit_order", ~blank & _repeated(order), "two units have the same place; give each its own number")
    return found


def _repeated(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Return which values occurred before."""
    seen = np.ones(len(values), bool)
    seen[np.unique(values, return_index=True)[1]] = False
    return seen
