"""Targets: the path from a base year, the gap to it, the rate now needed.

Every target carries its own base year, boundary and source; two targets are never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["consumption_path_t", "gap", "path", "rate_needed", "territorial_path_t"]

Floats = npt.NDArray[np.float64]


def path(base: float, rate: float, base_year: int, years: npt.NDArray[np.int_]) -> Floats:
    r"""Return a path that falls by the same share every year.

    .. math:: E(y) = E_0 (1 - r)^{y - y_0}

    Parameters
    ----------
    base : float
        Value in the base year, in any unit.
    rate : float
        Least reduction a year [1].
    base_year : int
    years : array (n,) of int

    Returns
    -------
    array (n,)

    Examples
    --------
    Göteborg's targets: territorial 4.3 t per inhabitant in 2018, consumption 9.3 t in 2017.

    >>> path(4.3, 0.103, 2018, np.array([2030])).round(3).tolist(), path(9.3, 0.076, 2017, np.array([2030])).round(3).tolist()
    ([1.167], [3.328])
    """
    return base * (1 - rate) ** (np.asarray(years) - base_year).astype(float)


def gap(actual: Floats, wanted: Floats) -> Floats:
    """Return how far the actual emissions lie above the path (negative: below)."""
    return actual - wanted


def rate_needed(actual: float, goal: float, years: int) -> float:
    r"""Return the yearly reduction that leads from now to the goal.

    .. math:: r = 1 - (E_{goal} / E_{now})^{1/n}

    Parameters
    ----------
    actual, goal : float
        In the same unit.
    years : int
        Years that are left.

    Returns
    -------
    float
        [1]

    Examples
    --------
    2,252.7 kton in 2024 to 773 kton in 2030:

    >>> round(rate_needed(2252.7, 773.0, 6), 3)
    0.163
    """
    return 1 - (goal / actual) ** (1 / years)


def territorial_path_t(population: float, years: npt.NDArray[np.int_], f: Mapping[str, float]) -> Floats:
    """Return the territorial target of so many inhabitants [t]."""
    return population * path(f["target.territorial.base"], f["target.territorial.rate"], 2018, years)


def consumption_path_t(population: float, years: npt.NDArray[np.int_], f: Mapping[str, float]) -> Floats:
    """Return the consumption target of so many inhabitants [t]."""
    return population * path(f["target.consumption.base"], f["target.consumption.rate"], 2017, years)
