"""What a customer pays for district heat, and so what a renovation saves its owner: energy, highest days, return.

Nearly half of the price is for power. A kWh saved on the three coldest days is worth many times one saved in July, so
that savings are the difference of two bills and never kWh times a price.

References
----------
.. [1] Göteborg Energi, "Fjärrvärmepriser 2024", normalprislista without value-added tax (``twin/data/heat_tariff.csv``):
   a month's energy at the month's price; the mean of the three highest daily mean powers of the last twelve months by
   band; the return temperature against the network's mean, October to April.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin import reference
from twin.errors import TwinError

__all__ = [
    "Bill",
    "Tariff",
    "avoided_peak_sek",
    "bill",
    "bill_of_days",
    "billed_power_kw",
    "daily_sums_kwh",
    "monthly_sums_kwh",
    "saving_sek",
]

Floats = npt.NDArray[np.float64]

_DAYS = 365
_MONTH_BEGINS = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])  # day of the year
_HIGHEST = 3  # days whose mean power is billed
_SAME = 1e-6  # days and months may differ by rounding


@dataclass(frozen=True)
class Tariff:
    """A price list, without value-added tax.

    Attributes
    ----------
    energy_sek_mwh : array (12,)
        By month [SEK/MWh].
    band_from_kw, fixed_sek, power_sek_kw : array (bands,)
        Where each band of power begins [kW], and its fee [SEK/year] and price [SEK/(kW year)].
    return_sek_mwh_k : array (12,)
        By month, for a return that is one degree warmer than the network's mean [SEK/(MWh K)].
    """

    energy_sek_mwh: Floats
    band_from_kw: Floats
    fixed_sek: Floats
    power_sek_kw: Floats
    return_sek_mwh_k: Floats

    @classmethod
    def standard(cls) -> Tariff:
        """Return the price list of [1]_.

        Examples
        --------
        >>> Tariff.standard().energy_sek_mwh.tolist()
        [531.0, 531.0, 531.0, 366.0, 167.0, 102.0, 102.0, 102.0, 148.0, 366.0, 422.0, 531.0]
        """
        return cls.of(reference.table("heat_tariff"))

    @classmethod
    def of(cls, table: pd.DataFrame) -> Tariff:
        """Read a price list with the columns component (energy, power or return), first, last, fixed_sek, price_sek.

        `first` and `last` are months, or the ends of a band [kW].

        Raises
        ------
        TwinError
            When a month has no energy price or two prices, or the bands do not follow each other from 0.
        """
        by_month = {}
        for component in ("energy", "return"):
            rows = table[table["component"] == component]
            prices = np.zeros(12)
            found = np.zeros(12, int)
            for first, last, price in zip(rows["first"], rows["last"], rows["price_sek"], strict=True):
                prices[int(first) - 1 : int(last)] = price
                found[int(first) - 1 : int(last)] += 1
            wrong = np.flatnonzero((found > 1) | ((found == 0) & (component == "energy")))
            if len(wrong):
                raise TwinError(
                    f"the tariff has {found[wrong[0]]} prices of {component} for month {wrong[0] + 1}; give each month one"
                )
            by_month[component] = prices
        bands = table[table["component"] == "power"].sort_values("first")
        begins, ends = bands["first"].to_numpy(float), bands["last"].to_numpy(float)
        if not len(begins) or begins[0] != 0 or (begins[1:] != ends[:-1]).any():
            raise TwinError(
                "the tariff's bands of power do not follow each other from 0 kW; let each begin where one ends"
            )
        fixed, price_kw = bands["fixed_sek"].to_numpy(float), bands["price_sek"].to_numpy(float)
        return cls(by_month["energy"], begins, fixed, price_kw, by_month["return"])


@dataclass(frozen=True)
class Bill:
    """A year's bill, without value-added tax; arrays have the shape of the buildings.

    Attributes
    ----------
    energy_sek, power_sek, return_sek : array
        By component; power with the band's fee, return below 0 where it is a rebate [SEK/year].
    billed_kw : array
        Power that is billed [kW].
    """

    energy_sek: Floats
    power_sek: Floats
    return_sek: Floats
    billed_kw: Floats

    @property
    def total_sek(self) -> Floats:
        """All components [SEK/year]."""
        return self.energy_sek + self.power_sek + self.return_sek


def daily_sums_kwh(heat_kw: Floats) -> Floats:
    """Return the sums of the days, shape (..., 365), of an hourly series (..., 8760) [kWh].

    Raises
    ------
    TwinError
        When there are not 8,760 hours.

    Examples
    --------
    >>> daily_sums_kwh(np.full(8760, 2.0))[:2].tolist()
    [48.0, 48.0]
    """
    if heat_kw.shape[-1] != _DAYS * 24:
        raise TwinError(f"a year has {_DAYS * 24} hours, not {heat_kw.shape[-1]}; give every hour its mean power")
    return heat_kw.reshape(*heat_kw.shape[:-1], _DAYS, 24).sum(axis=-1)


def monthly_sums_kwh(daily_kwh: Floats) -> Floats:
    """Return the sums of the months, shape (..., 12), of daily sums (..., 365) [kWh].

    Examples
    --------
    >>> monthly_sums_kwh(np.ones(365))[:3].tolist()
    [31.0, 28.0, 31.0]
    """
    return np.add.reduceat(daily_kwh, _MONTH_BEGINS, axis=-1)


def billed_power_kw(daily_kwh: Floats) -> Floats:
    """Return the mean of the three highest daily mean powers.

    Parameters
    ----------
    daily_kwh : array (..., 365)
        [kWh]

    Returns
    -------
    array (...)
        [kW]

    Examples
    --------
    The price list's own example, days of 82, 81 and 77 kW:

    >>> float(billed_power_kw(np.array([77.0, 60.0, 82.0, 50.0, 81.0]) * 24))
    80.0
    """
    highest = np.partition(daily_kwh, daily_kwh.shape[-1] - _HIGHEST, axis=-1)[..., -_HIGHEST:]
    return highest.mean(axis=-1) / 24


def bill_of_days(
    daily_kwh: Floats,
    tariff: Tariff,
    monthly_kwh: Floats | None = None,
    return_above_mean_k: Floats | float = 0.0,
) -> Bill:
    r"""Return the bills of many buildings from the sums of their days.

    .. math:: K = \sum_m p_m Q_m + F_b + r_b P + \sum_m \rho_m \, \Delta T \, Q_m

    The last twelve months are taken to be the year itself. A building that uses nothing still pays its band's fee, as long
    as it is connected.

    Parameters
    ----------
    daily_kwh : array (..., 365)
        [kWh]
    tariff : Tariff
    monthly_kwh : array (..., 12), optional
        Sums of the months, where they are at hand [kWh].
    return_above_mean_k : array (...,) or (..., 12), or float
        Return temperature less the network's mean, of the year or by month [K].

    Returns
    -------
    Bill

    Raises
    ------
    TwinError
        When there are not 365 days and 12 months of numbers from 0 on, or they differ in their sum.

    Examples
    --------
    80 kW all days of April, its 57.6 MWh at 366 SEK, and no heat else:

    >>> days = np.zeros(365)
    >>> days[90:120] = 80 * 24.0
    >>> one = bill_of_days(days, Tariff.standard())
    >>> round(float(one.energy_sek), 1), float(one.power_sek)
    (21081.6, 97480.0)
    """
    daily_kwh = np.asarray(daily_kwh, float)
    if daily_kwh.shape[-1:] != (_DAYS,):
        raise TwinError(f"a year has {_DAYS} days, not {daily_kwh.shape[-1]}; give every day its sum")
    months = monthly_sums_kwh(daily_kwh) if monthly_kwh is None else np.asarray(monthly_kwh, float)
    if months.shape != (*daily_kwh.shape[:-1], 12):
        raise TwinError(f"monthly sums have the shape {months.shape}; it must be {(*daily_kwh.shape[:-1], 12)}")
    if not (np.isfinite(daily_kwh).all() and (daily_kwh >= 0).all() and np.isfinite(months).all()):
        raise TwinError("heat of a day is blank or below 0; a bill needs a number from 0 on for every day")
    of_days, of_months = daily_kwh.sum(axis=-1), months.sum(axis=-1)
    if (np.abs(of_days - of_months) > _SAME * np.maximum(of_days, 1.0)).any():
        raise TwinError("the sums of days and of months differ; let both be of the same year and building")
    mwh = months / 1000
    power = billed_power_kw(daily_kwh)
    band = np.searchsorted(tariff.band_from_kw, power, side="right") - 1
    above = np.asarray(return_above_mean_k, float)
    above = above if above.shape[-1:] == (12,) else above[..., None]
    return Bill(
        mwh @ tariff.energy_sek_mwh,
        tariff.fixed_sek[band] + tariff.power_sek_kw[band] * power,
        (mwh * above) @ tariff.return_sek_mwh_k,
        power,
    )


def bill(heat_kw: Floats, tariff: Tariff, return_above_mean_k: Floats | float = 0.0) -> Bill:
    """Return the bills of hourly series, shape (..., 8760) [kW]; see :func:`bill_of_days`.

    Raises
    ------
    TwinError
        When there are not 8,760 numbers from 0 on.

    Examples
    --------
    >>> float(bill(np.full((3, 8760), 100.0), Tariff.standard()).power_sek[0])
    119260.0
    """
    return bill_of_days(daily_sums_kwh(np.asarray(heat_kw, float)), tariff, return_above_mean_k=return_above_mean_k)


def saving_sek(before: Bill, after: Bill) -> Floats:
    """Return what a change saves its owner: one bill less the other [SEK/year].

    Examples
    --------
    Half of the heat of a steady 10 kW is worth less than half of the bill, since the fee stays:

    >>> steady, tariff = np.full(8760, 10.0), Tariff.standard()
    >>> round(float(saving_sek(bill(steady, tariff), bill(steady / 2, tariff)) / bill(steady, tariff).total_sek), 3)
    0.396
    """
    return before.total_sek - after.total_sek


def avoided_peak_sek(avoided_mw: Floats | float, f: Mapping[str, float]) -> Floats | float:
    """Return what a lower peak spares the network: boilers that need not be built [SEK].

    Göteborg put 500 GWh of efficiency at some 100 MW and 600 to 700 MSEK.

    Parameters
    ----------
    avoided_mw : array or float
        Highest load before less that after [MW].
    f : mapping
        The year's factors.

    Returns
    -------
    array or float
        [SEK], once.

    Examples
    --------
    >>> avoided_peak_sek(100.0, {"district_heating.peak_value_sek_mw": 6.5e6}) / 1e6
    650.0
    """
    return avoided_mw * f["district_heating.peak_value_sek_mw"]
