"""Who bears a burden and who gets a benefit: shares by income, inequality in one number, rents."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from twin.errors import TwinError

__all__ = [
    "concentration_index",
    "exposure",
    "gini",
    "quantile_shares",
    "raises_rent",
    "rent_rise_share",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def _checked(values: Floats, weights: Floats | None, by: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the numbers and their weights; raise for blanks and for weights that are nothing."""
    amounts, order = np.asarray(values, float), np.asarray(by, float)
    people = np.ones(len(amounts)) if weights is None else np.asarray(weights, float)
    if np.isnan(amounts).any() or np.isnan(order).any():
        raise TwinError("a distribution has blanks; leave out the areas where income or burden is unknown, and say so")
    if not (people >= 0).all() or not people.sum() > 0:
        raise TwinError("the people that a distribution is weighed with must be numbers from 0, not all 0")
    return amounts, people, order


def concentration_index(values: Floats, income: Floats, people: Floats | None = None) -> float:
    r"""Return how unevenly a burden lies along the ranks of income.

    .. math:: C = \frac{2}{\mu} \sum_i p_i h_i R_i - 1

    with the share of people :math:`p`, the burden a head :math:`h`, its mean :math:`\mu` and the fractional rank
    :math:`R` by income, of the middle of each group. Groups of equal income share one rank.

    Parameters
    ----------
    values : array (n,)
        Burden a head, in any unit.
    income : array (n,)
        Orders the groups from poor to rich.
    people : array (n,), optional
        Inhabitants of each group.

    Returns
    -------
    float
        From -1 (all on the poorest) to 1; 0 where it is even; blank where the mean is zero.

    References
    ----------
    .. [1] N. Kakwani, A. Wagstaff, E. van Doorslaer, Socioeconomic inequalities in health, Journal of Econometrics 77
       (1997) 87-103.

    Examples
    --------
    Two of four groups of equal size bear everything, the poor ones:

    >>> concentration_index(np.array([1.0, 1.0, 0.0, 0.0]), np.array([10.0, 20.0, 30.0, 40.0]))
    -0.5
    """
    amounts, weights, order = _checked(values, people, income)
    _, group = np.unique(order, return_inverse=True)
    share = np.bincount(group, weights / weights.sum())
    rank = (np.cumsum(share) - share / 2)[group]
    p = weights / weights.sum()
    mean = float(p @ amounts)
    return 2 * float((p * amounts) @ rank) / mean - 1 if mean else float("nan")


def gini(values: Floats, people: Floats | None = None) -> float:
    """Return the Gini coefficient: the concentration index along the ranks of the values themselves.

    Parameters
    ----------
    values : array (n,)
        A head, none negative.
    people : array (n,), optional
        Inhabitants of each group.

    Returns
    -------
    float
        0 where all have the same, towards 1 where one has everything.

    Examples
    --------
    >>> gini(np.array([1.0, 2.0, 3.0, 4.0])), gini(np.array([5.0, 5.0]))
    (0.25, 0.0)
    """
    if (np.asarray(values, float) < 0).any():
        raise TwinError("a Gini coefficient has no meaning with negative values; use the concentration index")
    return concentration_index(values, values, people)


def quantile_shares(values: Floats, income: Floats, people: Floats | None = None, groups: int = 5) -> Floats:
    """Return the share of a burden that each fifth of the people bears, from poor to rich.

    An area whose people belong to two fifths is divided between them.

    Parameters
    ----------
    values, income, people
        As for :func:`concentration_index`.
    groups : int
        5 for quintiles.

    Returns
    -------
    array (groups,)
        Its sum is 1.

    Raises
    ------
    TwinError
        When the burden is nothing in all.

    Examples
    --------
    >>> quantile_shares(np.array([3.0, 1.0]), np.array([1.0, 2.0]), np.array([50.0, 50.0]), groups=2).tolist()
    [0.75, 0.25]
    """
    amounts, weights, order = _checked(values, people, income)
    at = np.argsort(order, kind="stable")
    total = float(amounts @ weights)
    if total == 0:
        raise TwinError("there is nothing to share out: the burden is 0 in all")
    ends = np.append(0.0, np.cumsum(weights[at]))
    borne = np.append(0.0, np.cumsum((amounts * weights)[at])) / total
    return np.diff(np.interp(np.linspace(0, ends[-1], groups + 1), ends, borne))


def exposure(concentration: Floats, people: Floats) -> float:
    r"""Return the mean of what people are exposed to where they live.

    .. math:: \bar c = \sum_i N_i c_i \Big/ \sum_i N_i

    Parameters
    ----------
    concentration : array (n,)
        In any unit; blank where unknown.
    people : array (n,)
        Inhabitants.

    Returns
    -------
    float
        Over those whose exposure is known; blank where nobody's is.

    Examples
    --------
    >>> exposure(np.array([10.0, 30.0, np.nan]), np.array([300.0, 100.0, 50.0]))
    15.0
    """
    known = ~np.isnan(concentration)
    number = float(people[known].sum())
    return float(concentration[known] @ people[known]) / number if number > 0 else float("nan")


def rent_rise_share(cost_sek: Floats, saved_sek: Floats, rent_sek: Floats) -> Floats:
    r"""Return what a renovation adds to the rent when tenants pay its yearly cost and keep its saving.

    .. math:: \rho = \max(C - S, 0) / H

    Parameters
    ----------
    cost_sek, saved_sek, rent_sek : array (n,)
        Yearly cost of the investment, energy saved, and rent before [SEK/year].

    Returns
    -------
    array (n,)
        [1]; blank where the rent is unknown or nothing.

    Examples
    --------
    >>> rent_rise_share(np.array([500.0, 100.0]), np.array([100.0, 150.0]), np.array([1000.0, 1000.0])).tolist()
    [0.4, 0.0]
    """
    rise = np.maximum(np.asarray(cost_sek, float) - saved_sek, 0.0)
    rent = np.asarray(rent_sek, float)
    return np.divide(rise, rent, out=np.full(np.broadcast(rise, rent).shape, np.nan), where=rent > 0)


def raises_rent(rise_share: Floats, f: Mapping[str, float]) -> Bools:
    """Return where the rise of the rent is so large that it must be told; unknown rises are not flagged.

    Examples
    --------
    >>> raises_rent(np.array([0.4, 0.02, np.nan]), {"justice.rent_rise_flag_share": 0.1}).tolist()
    [True, False, False]
    """
    return np.asarray(rise_share, float) > f["justice.rent_rise_flag_share"]
