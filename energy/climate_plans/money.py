"""What energy costs and whom: prices by carrier and receiver, bills that are shared out like emissions, owners that pay.

All prices are without value-added tax, in the money of :data:`PRICES_OF`. A price has parts by who receives it: the market
for energy, outside the city's society; the state, as tax; and the company that owns the grids for electricity and heat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.supply.network import Delivery
from energy.district_heating.supply.tariff import Tariff, billed_power_kw, daily_sums_kwh, monthly_sums_kwh
from energy.electrification.heat_pumps import degree_hours
from energy.stock import Stock
from twin import reference
from twin.factors import Factors, YearFactors

__all__ = [
    "KINDS",
    "PARTS",
    "PRICES_OF",
    "Bill",
    "HeatPrice",
    "bill",
    "owners",
    "payer_shares",
    "price_level",
    "prices",
    "worth_of_heat",
]

Floats = npt.NDArray[np.float64]
Part = Literal["", "market", "state", "company", "production"]
PARTS: tuple[Part, ...] = ("market", "state", "company")
KINDS = ("city", "company", "household", "business", "region", "state")
PRICES_OF = 2024
_HIGHEST = 3  # days whose mean power is billed


def worth_of_heat(
    space_share: Floats, water_share: Floats, energy_sek_mwh: Floats, power_sek_kw: Floats | float
) -> tuple[Floats, Floats]:
    r"""Return what a saved kWh of space heat, and one of hot water, takes off the bill.

    .. math:: c_k = \sum_m p_m s_{k,m} / 1000 + r \, \frac{1}{3 \cdot 24} \sum_{d \in D} s_{k,d}

    where :math:`D` are the three days with most space heat, which the power is billed by.

    Parameters
    ----------
    space_share, water_share : array (365,)
        Share of the year's heat in each day; each sums to 1.
    energy_sek_mwh : array (12,)
        By month [SEK/MWh].
    power_sek_kw : array (n,) or float
        [SEK/(kW year)]

    Returns
    -------
    (array (n,), array (n,))
        Of space heat and of hot water [SEK/kWh]; the fixed fee is not saved.

    Examples
    --------
    A year of even hot water, 372 SEK/MWh all year and 876 SEK/kW: 8760 kWh take 1 kW, so that 0.372 + 876 / 8760. Heat of
    ten days of which all are equal takes 1 kW for 240 kWh:

    >>> space = np.zeros(365)
    >>> space[:10] = 0.1
    >>> [float(x.round(3)) for x in worth_of_heat(space, np.full(365, 1 / 365), np.full(12, 372.0), 876.0)]
    [4.022, 0.472]
    """
    coldest = np.argsort(-np.asarray(space_share), kind="stable")[:_HIGHEST]
    of_kind = []
    for share in (space_share, water_share):
        kw_per_kwh = float(share[coldest].sum()) / _HIGHEST / 24
        energy = float(monthly_sums_kwh(share) @ energy_sek_mwh) / 1000
        of_kind.append(energy + np.asarray(power_sek_kw, float) * kw_per_kwh)
    return of_kind[0], of_kind[1]


@dataclass(frozen=True)
class HeatPrice:
    """What a kWh of district heat is worth to each building, by the price list [SEK/kWh].

    Attributes
    ----------
    space, water : array (buildings,)
    efficiency : float
        Useful heat over delivered.
    """

    space: Floats
    water: Floats
    efficiency: float

    @classmethod
    def of(
        cls, stock: Stock, heat_need_kwh: Floats, hot_water_need_kwh: Floats, f: Mapping[str, float], tariff: Tariff
    ) -> HeatPrice:
        """Return the prices of the year.

        Space heat follows the heating degrees of the hours and hot water is even, as in the network. The band of power is
        that of the building without the plan, so that a price stays the same in every combination of measures.
        """
        degrees = daily_sums_kwh(degree_hours(stock.season.temp_air_c, f["heat_pump.heating_threshold_c"]))
        days = len(degrees)
        level = np.full(days, 1 / days)
        space = degrees / degrees.sum() if degrees.any() else level
        efficiency = f["heating.efficiency.district_heating"]
        per_kwh = float(billed_power_kw(space)), float(billed_power_kw(level))
        power = (heat_need_kwh * per_kwh[0] + hot_water_need_kwh * per_kwh[1]) / efficiency
        band = np.searchsorted(tariff.band_from_kw, power, side="right") - 1
        worth = worth_of_heat(space, level, tariff.energy_sek_mwh, tariff.power_sek_kw[band])
        real = f["price.district_heating_real"]
        return cls(worth[0] * real, worth[1] * real, efficiency)


def prices(f: Mapping[str, float]) -> pd.DataFrame:
    """Return the price of a kWh of each carrier but district heat, by who receives it.

    Parameters
    ----------
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame
        By carrier: market, state, company [SEK/kWh]. Solar cells: what a made kWh saves or earns.

    Examples
    --------
    >>> prices(Factors.read().at(2024)).sum(axis=1).round(3)[["electricity", "pv", "oil", "motor_fuel"]].tolist()
    [1.191, 0.951, 1.35, 1.517]
    """
    spot, fees = f["price.electricity_sek_mwh"] / 1000, f["electricity.fees_sek_kwh"]
    taxed = f["price.electricity_tax_share"]
    power = (spot, fees * taxed, fees * (1 - taxed))
    own = f["photovoltaics.own_use_share"]
    petrol = f["price.petrol_energy_share"]
    motor = petrol * f["price.petrol_sek_kwh"] + (1 - petrol) * f["price.diesel_sek_kwh"]

    def taxed_by(price: float, share: float) -> tuple[float, float, float]:
        return price * (1 - share), price * share, 0.0

    rows = {
        "electricity": power,
        "pv": (spot, own * power[1], own * power[2]),
        "oil": taxed_by(f["price.oil_sek_kwh"], f["price.oil_tax_share"]),
        "gas": taxed_by(f["price.gas_sek_kwh"], f["price.gas_tax_share"]),
        "biofuel": taxed_by(f["price.biofuel_sek_kwh"], 0.0),
        "motor_fuel": taxed_by(motor, f["price.motor_fuel_tax_share"]),
        "motor_biofuel": taxed_by(f["price.motor_biofuel_sek_kwh"], 0.0),
    }
    return pd.DataFrame(rows, index=list(PARTS)).T


@dataclass(frozen=True)
class Bill:
    """What energy costs those who use it, or one part of that [SEK]; a :class:`energy.climate.values.Value`.

    Attributes
    ----------
    district_heat : HeatPrice
    part : str
        What one receiver gets, one of :data:`PARTS`; blank: all of them; ``"production"``: what the heat company pays the
        market for the heat that it sells.
    level : float
        Money of another year over that of :data:`PRICES_OF`.
    production_sek_kwh : float
        Of one more kWh of district heat.
    """

    district_heat: HeatPrice
    part: Part = ""
    level: float = 1.0
    production_sek_kwh: float = 0.0

    def _price(self, f: YearFactors) -> Mapping[str, float]:
        if self.part == "production":
            return dict.fromkeys(prices(f).index, 0.0)
        table = prices(f) * self.level
        return dict(table.sum(axis=1) if not self.part else table[self.part])

    def buildings(self, energy: pd.DataFrame, f: YearFactors, *, streets: bool) -> Floats:
        """Return the cost of all but district heat; where there are streets, what cars charge is paid there."""
        p = self._price(f)
        bought = energy["electricity_kwh"] - (energy["ev_charging_kwh"] if streets else 0.0)
        cost = bought * p["electricity"] - energy["pv_kwh"] * p["pv"]
        return (cost + sum(energy[f"{c}_kwh"] * p[c] for c in ("oil", "gas", "biofuel"))).to_numpy(float)

    def heat(self, heat_kwh: Floats, hot_water_kwh: Floats, network: Callable[[], Delivery]) -> Floats:
        """Return the cost of district heat, which the state of the network does not change."""
        _ = network
        if self.part == "production":
            return heat_kwh * (self.production_sek_kwh * self.level)
        if self.part not in ("", "company"):
            return np.zeros_like(heat_kwh)
        water = hot_water_kwh / self.district_heat.efficiency
        return ((heat_kwh - water) * self.district_heat.space + water * self.district_heat.water) * self.level

    def roads(self, roads: pd.DataFrame, f: YearFactors) -> Floats:
        """Return the cost of motor fuel and of the electricity that vehicles use, wherever they charge it."""
        p = self._price(f)
        fossil = roads["fuel_kwh"] - roads["biofuel_kwh"]
        cost = fossil * p["motor_fuel"] + roads["biofuel_kwh"] * p["motor_biofuel"]
        return (cost + roads["traffic_electricity_kwh"] * p["electricity"]).to_numpy(float)

    def whole(self, frames: Mapping[str, pd.DataFrame], f: YearFactors) -> Floats:
        """Return the bill of a year as the model gives it."""
        buildings, roads = frames["buildings"], frames["roads"]
        heat = buildings["district_heating_kwh"].to_numpy(float)
        on_network = (buildings["heating"] == "district_heating").to_numpy(bool)
        water = np.where(on_network, buildings["hot_water_need_kwh"].to_numpy(float), 0.0)
        of_heat = self.heat(heat, water, _no_network)
        rest = self.buildings(buildings, f, streets=len(roads) > 0)
        return np.concatenate([rest + of_heat, self.roads(roads, f)])


def _no_network() -> Delivery:
    raise AssertionError("a bill does not ask the network")  # pragma: no cover


def bill(stock: Stock, without: pd.DataFrame, factors: Factors, year: int, level: float, part: Part = "") -> Bill:
    """Return the value that prices a year's energy.

    Parameters
    ----------
    stock : Stock
    without : DataFrame (buildings,)
        The year without the plan, as simulated; bands of power are read from it.
    factors : Factors
    year : int
    level : float
        Of money, see :func:`price_level`.
    part : str
    """
    f = factors.at(year)
    need, water = (without[c].to_numpy(float) for c in ("heat_need_kwh", "hot_water_need_kwh"))
    heat = HeatPrice.of(stock, need, water, f, Tariff.standard())
    return Bill(heat, part, level, f["network.production_sek_kwh"])


def price_level(of: int, to: int, factors: Factors) -> float:
    """Return what a krona of one year is in the money of another, by the consumer price index.

    Examples
    --------
    >>> round(price_level(2020, 2023, Factors.read()), 4)
    1.2018
    """
    key = "money.price_index"
    return factors.at(to)[key] / factors.at(of)[key]


def owners(buildings: pd.DataFrame) -> pd.DataFrame:
    """Return who pays each building's energy bill, and the form of tenure, by ``twin/data/owner_classes.csv``.

    The first row whose owner's name is in the building's own, and whose use is the building's, holds.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        owner, use.

    Returns
    -------
    DataFrame (n rows)
        kind, one of :data:`KINDS`, and tenure.

    Examples
    --------
    >>> two = pd.DataFrame({"owner": ["Bostadsbolaget", None], "use": ["multi_family", "single_family"]})
    >>> owners(two).to_numpy().tolist()
    [['company', 'public_rental'], ['household', 'owner_occupied']]
    """
    owner, use = (buildings[c].astype(object).fillna("").astype(str) for c in ("owner", "use"))
    kind, tenure = np.full(len(buildings), "", object), np.full(len(buildings), "", object)
    for row in reference.table("owner_classes").fillna("").itertuples():
        fits = owner.str.contains(row.owner, case=False, regex=False) & ((use == row.use) | (row.use == ""))
        at = fits.to_numpy(bool) & (kind == "")
        kind[at], tenure[at] = row.kind, row.tenure
    return pd.DataFrame({"kind": kind, "tenure": tenure}, index=buildings.index)


def payer_shares(buildings: pd.DataFrame, roads: int, f: Mapping[str, float]) -> Floats:
    """Return the share of each entity's energy bill that each kind of body pays, (buildings + roads, kinds); rows sum to 1."""
    table = np.zeros((len(buildings) + roads, len(KINDS)))
    table[np.arange(len(buildings)), pd.Index(KINDS).get_indexer(owners(buildings)["kind"])] = 1.0
    at_home = f["traffic.household_cost_share"]
    table[len(buildings) :, KINDS.index("household")] = at_home
    table[len(buildings) :, KINDS.index("business")] = 1 - at_home
    return table
