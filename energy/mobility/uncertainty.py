r"""How uncertain a link, an area and a city are: errors that all links share do not average out.

Every quantity of a link is its best estimate times log-normal factors with mean 1. Some are common to all links
(counting, fleet, emission factor), one is the link's own (its traffic):

.. math:: X_l = x_l \, \varepsilon_l \prod_k F_k, \quad
          \operatorname{Var} \sum_l a_l X_l = (C - 1) \Big(\sum_l a_l x_l\Big)^2 + C \sum_l (a_l x_l c_l)^2, \quad
          C = \prod_k (1 + c_k^2)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

__all__ = ["Quantity", "common_cvs", "draws", "link_cv", "spread"]

Floats = npt.NDArray[np.float64]
Quantity = Literal["vehicle_km", "co2", "nox", "wear"]
_P90 = 1.2815515655446004  # standard normal quantile


def common_cvs(quantity: Quantity, f: Mapping[str, float]) -> list[float]:
    """Return the coefficients of variation that all links share, each independent of the others.

    Parameters
    ----------
    quantity : str
        ``"vehicle_km"``, ``"co2"``, ``"nox"`` or ``"wear"`` (particles of tyres, brakes and road).
    f : mapping
        Factors ``uncertainty.*``.
    """
    counts = [f["uncertainty.counts_cv"]]
    if quantity == "vehicle_km":
        return counts
    return [*counts, f["uncertainty.fleet_cv"], f[f"uncertainty.{quantity}_cv"]]


def link_cv(roads: pd.DataFrame, f: Mapping[str, float]) -> Floats:
    """Return each link's own coefficient of variation: its `aadt_cv`, or the factor for traffic that does not say it."""
    return roads["aadt_cv"].astype(float).fillna(f["uncertainty.unknown_aadt_cv"]).to_numpy(float)


def spread(values: Floats, own_cv: Floats, shared_cvs: Sequence[float], shares: Any = None) -> pd.DataFrame:
    """Return mean and percentiles of sums over links.

    The percentiles are those of the log-normal distribution with the sum's mean and variance; for one link they are
    exact.

    Parameters
    ----------
    values : array (links,)
        Best estimates, none below zero.
    own_cv : array (links,)
        Independent from link to link [1].
    shared_cvs : sequence of float
        Of the factors that all links share [1].
    shares : array or sparse array (sums, links), optional
        How much of each link counts in each sum; without it, all of all links in one sum.

    Returns
    -------
    DataFrame (one row a sum)
        mean, cv, p10, p50, p90.

    Examples
    --------
    A hundred equal links, each with half its value as its own error: that part averages out, the common 10 % stays.

    >>> round(float(spread(np.ones(100), np.full(100, 0.5), [0.1])["cv"].iloc[0]), 3)
    0.112
    """
    part = sparse.csr_array(np.ones((1, len(values))) if shares is None else shares)
    mean = np.asarray(part @ values)
    common = float(np.prod(1 + np.square(shared_cvs)))
    variance = (common - 1) * mean**2 + common * np.asarray(part.power(2) @ np.square(values * own_cv))
    cv = np.sqrt(np.divide(variance, mean**2, out=np.zeros(len(mean)), where=mean > 0))
    sigma = np.sqrt(np.log1p(cv**2))
    median = mean * np.exp(-(sigma**2) / 2)
    return pd.DataFrame(
        {
            "mean": mean,
            "cv": cv,
            "p10": median * np.exp(-_P90 * sigma),
            "p50": median,
            "p90": median * np.exp(_P90 * sigma),
        }
    )


def draws(
    values: Floats, own_cv: Floats, shared_cvs: Sequence[float], shares: Any = None, *, number: int, seed: int
) -> Floats:
    """Return sums over links in random draws: the check of :func:`spread`, and a start for other figures.

    Parameters
    ----------
    values, own_cv, shared_cvs, shares
        As for :func:`spread`.
    number, seed : int
        Of draws, and of the generator.

    Returns
    -------
    array (number, sums)
    """
    random = np.random.default_rng(seed)
    part = sparse.csr_array(np.ones((1, len(values))) if shares is None else shares)
    own = values * _log_normal(random, own_cv, (number, len(values)))
    shared = np.prod(_log_normal(random, np.asarray(shared_cvs, float), (number, len(shared_cvs))), axis=1)
    return np.asarray((part @ own.T).T) * shared[:, None]


def _log_normal(random: np.random.Generator, cv: Floats, shape: tuple[int, int]) -> Floats:
    """Return log-normal numbers with mean 1."""
    sigma = np.sqrt(np.log1p(np.square(cv)))
    return np.exp(sigma * random.standard_normal(shape) - sigma**2 / 2)
