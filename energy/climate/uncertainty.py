"""How sure a figure is: draws of uncertain factors, percentiles, what matters most, what is worth learning, regret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, qmc

from twin.errors import TwinError

__all__ = [
    "Design",
    "evppi",
    "lognormal",
    "minimax_regret",
    "percentiles",
    "probability_at_most",
    "regret",
    "saltelli",
    "sobol_indices",
    "triangular",
    "unit_draws",
]

Floats = npt.NDArray[np.float64]
_P95 = float(norm.ppf(0.95))


def unit_draws(draws: int, factors: int, seed: int, method: Literal["latin", "sobol"] = "latin") -> Floats:
    """Return evenly spread points of the unit cube; the same seed gives the same points, for every scenario.

    Parameters
    ----------
    draws, factors : int
    seed : int
    method : str
        ``"latin"`` hypercube, or a scrambled ``"sobol"`` sequence, whose number of draws must be a power of two.

    Returns
    -------
    array (draws, factors)
        Within 0 and 1.

    Raises
    ------
    TwinError
        For no draws, or a Sobol sequence of another length.

    Examples
    --------
    >>> np.sort((unit_draws(4, 2, seed=1) * 4).astype(int), axis=0).T.tolist()
    [[0, 1, 2, 3], [0, 1, 2, 3]]
    """
    if draws < 1:
        raise TwinError(f"{draws} draws are too few; ask for at least one")
    if not factors:
        return np.zeros((draws, 0))
    if method == "latin":
        return np.asarray(qmc.LatinHypercube(factors, rng=seed).random(draws))
    if draws.bit_count() != 1:
        raise TwinError(f"a Sobol sequence is even at powers of two only; take {1 << (draws - 1).bit_length()} draws")
    return np.asarray(qmc.Sobol(factors, scramble=True, rng=seed).random(draws))


def triangular(u: Floats, low: Floats | float, value: Floats | float, high: Floats | float) -> Floats:
    r"""Return quantiles of the triangle from low to high with its top at the value.

    .. math:: x = l + \sqrt{u (h-l)(m-l)} \text{ up to } u = \frac{m-l}{h-l}, \quad h - \sqrt{(1-u)(h-l)(h-m)} \text{ above}

    Low and high are the outermost values. Where they are equal, so are all quantiles.

    Examples
    --------
    >>> triangular(np.array([0.0, 0.5, 1.0]), 1.0, 2.0, 3.0).tolist()
    [1.0, 2.0, 3.0]
    """
    width, below, above = np.asarray(high) - low, np.asarray(value) - low, np.asarray(high) - value
    left = low + np.sqrt(u * width * below)
    right = high - np.sqrt((1 - u) * width * above)
    return np.where(u * width <= below, left, right)


def lognormal(u: Floats, low: Floats | float, value: Floats | float, high: Floats | float) -> Floats:
    r"""Return quantiles of a lognormal with its median at the value; low and high are its 5th and 95th percentiles.

    .. math:: x = m \, e^{\sigma z(u)}, \quad \sigma = \ln(m/l)/z_{95} \text{ below the median}, \ \ln(h/m)/z_{95} \text{ above}

    Raises
    ------
    TwinError
        When low is not above 0.

    Examples
    --------
    >>> lognormal(np.array([0.05, 0.5, 0.95]), 1.0, 2.0, 8.0).round(9).tolist()
    [1.0, 2.0, 8.0]
    """
    if np.any(np.asarray(low) <= 0):
        raise TwinError("a lognormal range must lie above 0; draw a triangle instead")
    z = norm.ppf(np.clip(u, 1e-12, 1 - 1e-12))
    sigma = np.where(z < 0, np.log(np.asarray(value) / low), np.log(np.asarray(high) / value)) / _P95
    return np.asarray(value * np.exp(sigma * z), float)


def percentiles(values: Floats) -> Floats:
    """Return the 10th, 50th and 90th percentile over the draws (first axis), shape (3, ...).

    Examples
    --------
    >>> percentiles(np.arange(11.0)).tolist()
    [1.0, 5.0, 9.0]
    """
    return np.asarray(np.percentile(values, [10, 50, 90], axis=0))


def probability_at_most(values: Floats, target: float) -> float:
    """Return the share of the draws that reach a target: values that are not above it.

    Examples
    --------
    >>> probability_at_most(np.array([1.0, 2.0, 3.0, 4.0]), 2.0)
    0.5
    """
    return float(np.mean(values <= target))


@dataclass(frozen=True)
class Design:
    """Points for Sobol indices: two independent samples, and for every factor the first with that factor of the second.

    Attributes
    ----------
    a, b : array (n, factors)
        Within 0 and 1.
    """

    a: Floats
    b: Floats

    def mixed(self, factor: int) -> Floats:
        """Return the first sample with one factor of the second."""
        points = self.a.copy()
        points[:, factor] = self.b[:, factor]
        return points


def saltelli(draws: int, factors: int, seed: int) -> Design:
    """Return the two samples, from one scrambled Sobol sequence; `draws` is a power of two.

    The calculation is run ``draws * (factors + 2)`` times.

    Examples
    --------
    >>> saltelli(8, 3, seed=1).mixed(1).shape
    (8, 3)
    """
    both = unit_draws(draws, 2 * factors, seed, "sobol")
    return Design(both[:, :factors], both[:, factors:])


def sobol_indices(of_a: Floats, of_b: Floats, of_mixed: Floats) -> tuple[Floats, Floats]:
    r"""Return the share of the variance that each factor makes alone (S1), and with all its interactions (ST).

    .. math:: S_i = \frac{\overline{y_B (y_{AB_i} - y_A)}}{V}, \qquad S_{Ti} = \frac{\overline{(y_A - y_{AB_i})^2}}{2V}

    Parameters
    ----------
    of_a, of_b : array (n,)
        Results at the two samples.
    of_mixed : array (factors, n)
        Results at the mixed samples.

    Returns
    -------
    (array (factors,), array (factors,))
        Blank where nothing varies.

    References
    ----------
    .. [1] A. Saltelli et al., Variance based sensitivity analysis of model output, Computer Physics Communications 181
       (2010) 259-270; the total index is Jansen's.

    Examples
    --------
    Only the first of two factors matters:

    >>> plan = saltelli(64, 2, seed=1)
    >>> y = lambda x: x[:, 0]
    >>> s1, st = sobol_indices(y(plan.a), y(plan.b), np.stack([y(plan.mixed(i)) for i in range(2)]))
    >>> s1.round(1).tolist(), st.round(1).tolist()
    ([1.0, 0.0], [1.0, 0.0])
    """
    both = np.concatenate([of_a, of_b])
    mean, variance = both.mean(), both.var()
    if variance == 0:
        blank = np.full(len(of_mixed), np.nan)
        return blank, blank.copy()
    a, b, mixed = of_a - mean, of_b - mean, of_mixed - mean
    return (b * (mixed - a)).mean(axis=1) / variance, ((a - mixed) ** 2).mean(axis=1) / (2 * variance)


def evppi(factor: Floats, payoff: Floats, groups: int = 20) -> float:
    r"""Return what it is worth to learn one factor before choosing.

    .. math:: EVPPI = \mathbb{E}_x \max_d \mathbb{E}[u_d \mid x] - \max_d \mathbb{E}[u_d]

    The expectation given the factor is the mean over groups of draws of nearly the same value; few draws in a group let
    chance look like knowledge, so that a group should hold at least some fifty.

    Parameters
    ----------
    factor : array (n,)
        The drawn values.
    payoff : array (n, options)
        What each option brings in each draw; more is better.
    groups : int

    Returns
    -------
    float
        In the payoff's unit; never negative.

    Examples
    --------
    An option that pays where the factor is above its middle, and one that never does:

    >>> x = np.linspace(-1, 1, 1000)
    >>> round(evppi(x, np.column_stack([x, 0 * x])), 2)
    0.25
    """
    order = np.argsort(factor, kind="stable")
    parts = np.array_split(payoff[order], min(groups, len(order)))
    known = sum(len(p) * p.mean(axis=0).max() for p in parts) / len(order)
    return max(float(known - payoff.mean(axis=0).max()), 0.0)


def regret(cost: Floats) -> Floats:
    """Return how much worse each option is than the best one in each future.

    Parameters
    ----------
    cost : array (options, futures)
        Less is better, in any unit.

    Returns
    -------
    array (options, futures)

    Examples
    --------
    >>> regret(np.array([[10.0, 50.0], [20.0, 20.0]])).tolist()
    [[0.0, 30.0], [10.0, 0.0]]
    """
    return cost - cost.min(axis=0)


def minimax_regret(cost: Floats) -> int:
    """Return the option whose greatest regret is least; the first of several.

    Examples
    --------
    >>> minimax_regret(np.array([[10.0, 50.0], [20.0, 20.0]]))
    1
    """
    return int(np.argmin(regret(cost).max(axis=1)))
