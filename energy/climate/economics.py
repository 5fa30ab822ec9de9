"""What a climate plan is worth and to whom: dated real flows, perspectives, payers, gaps, cost per tonne, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.annuity import annuity
from energy.climate.attribution import players
from twin.errors import TwinError, did_you_mean
from twin.factors import Factors

__all__ = [
    "PERSPECTIVES",
    "Pick",
    "abatement_curve",
    "by_payer",
    "carbon_value_sek",
    "cost_per_tonne",
    "funding_gap_sek",
    "npv",
    "perspective_sek",
    "residual_value",
]

Floats = npt.NDArray[np.float64]
Years = npt.NDArray[np.int_]
PERSPECTIVES = ("city", "company", "household", "business", "region", "state", "society")
_SHARE_TOLERANCE = 1e-9


def npv(flows: Floats, years: Years, rate: float, base_year: int) -> Floats:
    r"""Return the net present value of dated real flows.

    .. math:: NPV = \sum_y F_y (1 + r)^{-(y - y_0)}

    Parameters
    ----------
    flows : array (..., n)
        Income positive, expense negative, at the price level of one year [SEK].
    years : array (n,) of int
        Each at its end.
    rate : float
        Real rate of interest [1].
    base_year : int
        Whose value it is.

    Returns
    -------
    array (...)
        [SEK]

    Examples
    --------
    100 paid now, 60 got back in each of two years, at 10 %:

    >>> npv(np.array([-100.0, 60.0, 60.0]), np.array([2025, 2026, 2027]), 0.10, 2025).round(4).tolist()
    4.1322
    """
    return np.asarray(flows @ (1 + rate) ** -(np.asarray(years) - base_year).astype(float))


def residual_value(cost: Floats, bought: Years, lifetime_years: Floats, horizon: int, rate: float) -> Floats:
    r"""Return what an investment is still worth at the end of the horizon: its remaining annuities, discounted to there.

    .. math:: R = C \, \frac{a(r, L)}{a(r, L - (h - y))}

    With it, the net present value of the investment is that of the annuities inside the horizon, however long it lasts.

    Parameters
    ----------
    cost : array (n,)
        [SEK]
    bought : array (n,) of int
        Year of purchase.
    lifetime_years : array (n,)
        [years]
    horizon : int
        Last year that is counted.
    rate : float
        Real rate of interest [1].

    Returns
    -------
    array (n,)
        [SEK], in the last year; nothing where the lifetime is over.

    Examples
    --------
    Without interest it is the share of the lifetime that is left:

    >>> residual_value(np.array([100.0, 100.0]), np.array([2025, 2025]), np.array([40.0, 5.0]), 2035, 0.0).tolist()
    [75.0, 0.0]
    """
    lifetime = np.asarray(lifetime_years, float)
    left = lifetime - (horizon - np.asarray(bought))
    if (np.asarray(bought) > horizon).any():
        raise TwinError(f"an investment is made after the horizon {horizon}; move the horizon or leave it out")
    worth = cost * annuity(rate, lifetime) / annuity(rate, np.maximum(left, 1e-9))
    return np.where(left > 0, worth, 0.0)


def carbon_value_sek(reduction_t: Floats, years: Years, factors: Factors) -> Floats:
    """Return what society gains by tonnes that are not emitted, each year at the value that holds then.

    Parameters
    ----------
    reduction_t : array (..., n)
        [t]
    years : array (n,) of int
    factors : Factors
        ``money.carbon_value_sek_kg`` by year.

    Returns
    -------
    array (..., n)
        [SEK]

    Examples
    --------
    >>> carbon_value_sek(np.array([1.0, 2.0]), np.array([2026, 2027]), Factors.read()).tolist()
    [7000.0, 14000.0]
    """
    per_kg = np.array([factors.at(int(y))["money.carbon_value_sek_kg"] for y in years])
    return np.asarray(reduction_t * 1000 * per_kg, float)


def perspective_sek(flows: pd.DataFrame, who: str, years: Years) -> Floats:
    """Return the net flow of each year as one sees it.

    What one pays another is an expense to the first and an income to the second; to society it is nothing, as when a
    household pays the city's company or gets a grant from the city. Society sees what anyone of it pays or is paid by
    somebody outside, such as builders or fuel markets.

    Parameters
    ----------
    flows : DataFrame
        year, payer, receiver, amount_sek; anyone who is not a perspective of its own is outside.
    who : str
        One of :data:`PERSPECTIVES`.
    years : array (n,) of int

    Returns
    -------
    array (n,)
        [SEK]; add the value of carbon (:func:`carbon_value_sek`) to society's.

    Raises
    ------
    TwinError
        For an unknown perspective, a blank amount, or years outside.

    Examples
    --------
    >>> paid = pd.DataFrame({"year": [2026, 2026], "payer": ["household", "city"], "receiver": ["builder", "household"], "amount_sek": [100.0, 30.0]})
    >>> [perspective_sek(paid, who, np.array([2026])).tolist() for who in ("city", "household", "society")]
    [[-30.0], [-70.0], [-100.0]]
    """
    if who not in PERSPECTIVES:
        raise TwinError(f"no perspective {who!r}{did_you_mean(who, PERSPECTIVES)}")
    amount = flows["amount_sek"].to_numpy(float)
    at = pd.Index(np.asarray(years)).get_indexer(flows["year"])
    problems = []
    if np.isnan(amount).any():
        problems.append(f"{int(np.isnan(amount).sum())} flows have no amount; a blank is not a zero")
    if (at < 0).any():
        problems.append(f"{int((at < 0).sum())} flows lie outside the years {years[0]} to {years[-1]}")
    if problems:
        raise TwinError("; ".join(problems))
    members = PERSPECTIVES[:-1] if who == "society" else (who,)
    sign = flows["receiver"].isin(members).to_numpy(float) - flows["payer"].isin(members).to_numpy(float)
    return np.asarray(np.bincount(at, sign * amount, minlength=len(years)), float)


def by_payer(cost_sek: Floats, shares: Mapping[str, Floats | float]) -> pd.DataFrame:
    """Return who pays how much of each cost; the columns sum to the cost.

    Parameters
    ----------
    cost_sek : array (n,)
        [SEK]
    shares : mapping of str to float or array (n,)
        Share of each payer; together 1.

    Returns
    -------
    DataFrame (n rows)
        A column for each payer, and ``total``.

    Raises
    ------
    TwinError
        When the shares do not sum to 1, or one is negative.

    Examples
    --------
    >>> by_payer(np.array([100.0]), {"city": 0.3, "household": 0.7}).to_dict("records")
    [{'city': 30.0, 'household': 70.0, 'total': 100.0}]
    """
    cost = np.asarray(cost_sek, float)
    table = np.stack([np.broadcast_to(np.asarray(s, float), cost.shape) for s in shares.values()]) if shares else None
    if table is None or (table < 0).any() or (np.abs(table.sum(axis=0) - 1) > _SHARE_TOLERANCE).any():
        raise TwinError("the payers' shares must be numbers from 0 that sum to 1, for every cost")
    paid = pd.DataFrame({name: cost * share for name, share in zip(shares, table, strict=True)})
    return paid.assign(total=cost)


def funding_gap_sek(cost_sek: Floats, secured_sek: Floats) -> Floats:
    """Return what each year still lacks, when money that is secured and not yet used is kept for later years.

    Parameters
    ----------
    cost_sek, secured_sek : array (years,)
        What is needed and what is secured [SEK].

    Returns
    -------
    array (years,)
        [SEK], none negative.

    Examples
    --------
    >>> funding_gap_sek(np.array([50.0, 100.0, 20.0]), np.array([70.0, 60.0, 30.0])).tolist()
    [0.0, 20.0, 0.0]
    """
    gap, kept = np.zeros(len(cost_sek)), 0.0
    for k, (cost, secured) in enumerate(zip(cost_sek, secured_sek, strict=True)):
        kept += float(secured) - float(cost)
        gap[k], kept = max(-kept, 0.0), max(kept, 0.0)
    return gap


def cost_per_tonne(npv_sek: Floats, tonnes: Floats) -> Floats:
    """Return the cost of a tonne: the net present cost over the measure's Shapley share of the tonnes.

    Say beside it whether the tonnes are summed as they are or discounted. A negative cost says that a measure pays for
    itself, but not which of two such measures is better: the one with fewer tonnes would look the cheaper. Rank those by
    their net present value.

    Parameters
    ----------
    npv_sek : array (n,)
        Net present value; a cost is negative [SEK].
    tonnes : array (n,)
        Reduction over the same years [t].

    Returns
    -------
    array (n,)
        [SEK/t]; blank where nothing is saved.

    Examples
    --------
    >>> cost_per_tonne(np.array([-1000.0, 500.0, -10.0]), np.array([2.0, 1.0, 0.0])).tolist()
    [500.0, -500.0, nan]
    """
    saved = np.asarray(tonnes, float)
    return np.divide(-np.asarray(npv_sek, float), saved, out=np.full(saved.shape, np.nan), where=saved > 0)


@dataclass(frozen=True, slots=True)
class Pick:
    """One step of an abatement curve.

    Attributes
    ----------
    measure : int
        Its number, from 0.
    saved_t : float
        What it saves on top of those picked before [t].
    npv_sek : float
        Its net present value on top of those picked before [SEK].
    cost_sek_per_t : float
        Blank where it pays for itself, which is ranked by value, or where it saves nothing.
    """

    measure: int
    saved_t: float
    npv_sek: float
    cost_sek_per_t: float


def abatement_curve(emissions_t: Floats, npv_sek: Floats) -> Sequence[Pick]:
    """Return measures in the order in which to take them, told anew after each pick.

    What a measure saves and costs depends on what has been done already. First come those that save emissions and pay
    for themselves, the greatest net present value first; then the least cost a tonne; last those that save nothing on
    top of the others, by value.

    Parameters
    ----------
    emissions_t : array (2^n,)
        By coalition, see :mod:`energy.climate.attribution` [t].
    npv_sek : array (2^n,)
        Net present value of each coalition; a cost is negative [SEK].

    Returns
    -------
    sequence of Pick
        Their reductions sum to that of the whole, and so do their values.

    Examples
    --------
    Two measures overlap; the second is dearer once the first is done:

    >>> for pick in abatement_curve(np.array([10.0, 6.0, 6.0, 4.0]), np.array([0.0, -400.0, -600.0, -1000.0])):
    ...     print(pick.measure, pick.saved_t, pick.cost_sek_per_t)
    0 4.0 100.0
    1 2.0 300.0
    """
    n = players(emissions_t)
    if np.shape(npv_sek) != np.shape(emissions_t):
        raise TwinError("every coalition needs its emissions and its net present value")
    picks: list[Pick] = []
    done, left = 0, set(range(n))
    while left:
        options = [_pick(i, done, emissions_t, npv_sek) for i in sorted(left)]
        best = min(options, key=_rank)
        picks.append(best)
        left.discard(best.measure)
        done |= 1 << best.measure
    return picks


def _pick(i: int, done: int, emissions_t: Floats, npv_sek: Floats) -> Pick:
    saved = float(emissions_t[done] - emissions_t[done | 1 << i])
    value = float(npv_sek[done | 1 << i] - npv_sek[done])
    return Pick(i, saved, value, -value / saved if saved > 0 and value < 0 else float("nan"))


def _rank(pick: Pick) -> tuple[int, float]:
    if pick.saved_t <= 0:
        return 2, -pick.npv_sek
    return (0, -pick.npv_sek) if pick.npv_sek >= 0 else (1, pick.cost_sek_per_t)
