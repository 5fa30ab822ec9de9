"""Targets: the path from a base year, the gap to it, the rate now needed.

Every target carries its own base year, boundary and source; two targets are never mixed. The city's path can be read
per inhabitant, as its indicator is, or as an absolute amount, as the climate contract's text is; in 2030 the published
1.2 t per inhabitant lie some 106 kton above the absolute path. Beside the city's path stand two other yardsticks: the carbon law and a carbon budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin import reference
from twin.errors import TwinError, did_you_mean

__all__ = [
    "Basis",
    "budget_left_t",
    "budget_path_t",
    "carbon_law_path_t",
    "consumption_path_t",
    "cumulative_t",
    "exhausted",
    "gap",
    "goal",
    "path",
    "rate_needed",
    "rate_within_budget",
    "sector_goals",
    "territorial_path_t",
]

Floats = npt.NDArray[np.float64]
Basis = Literal["per_capita", "absolute"]


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


def territorial_path_t(
    population: Floats | float,
    years: npt.NDArray[np.int_],
    f: Mapping[str, float],
    basis: Basis = "per_capita",
) -> Floats:
    """Return the city's territorial target [t].

    Parameters
    ----------
    population : float or array (n,)
        Inhabitants of each year (per capita), or of the base year 2018 (absolute).
    years : array (n,) of int
    f : mapping
        Factors.
    basis : str
        ``"per_capita"``: so many tonnes for each who lives there then; ``"absolute"``: the whole of 2018 falls.

    Returns
    -------
    array (n,)

    Examples
    --------
    The indicator and the contract's text read in 2030, in kton, for 644,500 inhabitants then and 571,868 in 2018:

    >>> f = {"target.territorial.base": 4.3, "target.territorial.rate": 0.103}
    >>> [(territorial_path_t(p, np.array([2030]), f, b) / 1000).round().tolist() for p, b in ((644.5e3, "per_capita"), (571_868, "absolute"))]
    [[752.0], [667.0]]

    The published goal is rounded to 1.2 t per inhabitant, 773 kton.
    """
    head = path(f["target.territorial.base"], f["target.territorial.rate"], 2018, years)
    return _of(population, head, basis)


def consumption_path_t(
    population: Floats | float,
    years: npt.NDArray[np.int_],
    f: Mapping[str, float],
    basis: Basis = "per_capita",
) -> Floats:
    """Return the city's consumption target [t]; parameters as for the territorial one, with the base year 2017."""
    head = path(f["target.consumption.base"], f["target.consumption.rate"], 2017, years)
    return _of(population, head, basis)


def _of(population: Floats | float, head_t: Floats, basis: Basis) -> Floats:
    if basis == "absolute" and np.ndim(population):
        raise TwinError("an absolute target needs the inhabitants of its base year: one number")
    return np.asarray(population * head_t, float)


def carbon_law_path_t(now_t: float, year: int, years: npt.NDArray[np.int_], f: Mapping[str, float]) -> Floats:
    """Return the path of the carbon law from the latest known year [t]: the same share less every year, wherever one is.

    Examples
    --------
    >>> carbon_law_path_t(2252.7, 2024, np.array([2030]), {"target.carbon_law.rate": 0.1172}).round(1).tolist()
    [1066.2]
    """
    return path(now_t, f["target.carbon_law.rate"], year, years)


def cumulative_t(years: npt.NDArray[np.int_], emissions_t: Floats) -> Floats:
    """Return the sum of emissions from the first year to each given year, itself included.

    Years between those given are interpolated: what counts for the climate is all that is emitted on the way.

    Parameters
    ----------
    years : array (n,) of int
        Rising.
    emissions_t : array (n,)
        Of each year [t].

    Returns
    -------
    array (n,)
        [t]

    Examples
    --------
    >>> cumulative_t(np.array([2024, 2026]), np.array([10.0, 6.0])).tolist()
    [10.0, 24.0]
    """
    given = np.asarray(years)
    if (np.diff(given) <= 0).any():
        raise TwinError("the years of a sum of emissions must rise, each given once")
    every = np.arange(given[0], given[-1] + 1)
    return np.cumsum(np.interp(every, given, emissions_t))[given - given[0]]


def budget_left_t(budget_t: float, years: npt.NDArray[np.int_], emissions_t: Floats) -> Floats:
    """Return what is left of a budget at the end of each year; negative when it is overdrawn [t].

    Parameters
    ----------
    budget_t : float
        From the beginning of the first year [t].
    years, emissions_t
        As for :func:`cumulative_t`.

    Examples
    --------
    >>> budget_left_t(20.0, np.array([2024, 2025, 2026]), np.array([10.0, 8.0, 6.0])).tolist()
    [10.0, 2.0, -4.0]
    """
    return budget_t - cumulative_t(years, emissions_t)


def exhausted(budget_t: float, years: npt.NDArray[np.int_], emissions_t: Floats) -> float:
    """Return when a budget is used up: the year and how far into it; blank if it lasts.

    Examples
    --------
    >>> round(exhausted(20.0, np.array([2024, 2025, 2026]), np.array([10.0, 8.0, 6.0])), 3)
    2026.333
    """
    every = np.arange(years[0], years[-1] + 1)
    of_year = np.interp(every, years, emissions_t)
    used = np.cumsum(of_year)
    over = np.flatnonzero(used > budget_t)
    if not len(over):
        return float("nan")
    k = int(over[0])
    return float(every[k] + (budget_t - (used[k] - of_year[k])) / of_year[k])


def rate_within_budget(now_t: float, budget_t: float) -> float:
    r"""Return the yearly reduction that never uses up a budget.

    .. math:: B = \int_0^\infty E e^{-kt} dt = E/k, \qquad r = 1 - e^{-E/B}

    Parameters
    ----------
    now_t, budget_t : float
        This year's emissions, and the budget from now on, in one unit and boundary.

    Returns
    -------
    float
        [1]

    Examples
    --------
    >>> round(rate_within_budget(10.0, 100.0), 4)
    0.0952
    """
    if budget_t <= 0:
        raise TwinError("there is no budget left to stay within")
    return float(-np.expm1(-now_t / budget_t))


def budget_path_t(
    now_co2_t: float, used_co2_t: float, year: int, years: npt.NDArray[np.int_], f: Mapping[str, float]
) -> Floats:
    """Return the path that keeps within the published carbon budget for ever [t].

    The budget is of fossil carbon dioxide alone; greenhouse gases in CO2e are another boundary, never set against it.

    Parameters
    ----------
    now_co2_t : float
        Fossil carbon dioxide of the latest known year [t].
    used_co2_t : float
        Emitted since the beginning of 2024, until the path begins [t].
    year : int
        The latest known year.
    years : array (n,) of int
    f : mapping
        Factors.

    Examples
    --------
    >>> budget_path_t(2000e3, 0.0, 2024, np.array([2024, 2025]), {"target.budget_co2_t": 4000e3}).round().tolist()
    [2000000.0, 1213061.0]
    """
    return path(now_co2_t, rate_within_budget(now_co2_t, f["target.budget_co2_t"] - used_co2_t), year, years)


def sector_goals() -> pd.DataFrame:
    """Return the goals of sectors, each row with its own base, boundary and source.

    Returns
    -------
    DataFrame
        target, sector, quantity, unit, boundary, base_year, base, goal_year, reduction, goal, source, status, note. The
        goal is blank where no base is published.

    Examples
    --------
    The transport goal has two published bases of 2010, 42 % apart; they are two rows:

    >>> sector_goals().query("sector == 'transport'")[["target", "base", "goal"]].round().to_numpy().tolist()
    [['transport_city', 999900.0, 99990.0], ['transport_smhi', 704823.0, 70482.0]]
    """
    table = reference.table("targets")
    at = table.columns.get_loc("reduction")
    table.insert(int(at) + 1, "goal", table["base"] * (1 - table["reduction"]))
    return table


def goal(target: str, base: float | None = None) -> float:
    """Return what a sector's goal amounts to, in its unit.

    Parameters
    ----------
    target : str
        Row of :func:`sector_goals`.
    base : float, optional
        The base year's value where none is published; of the same quantity and boundary.

    Raises
    ------
    TwinError
        When there is no such goal, it has no published base and none is given, or a published one would be replaced.

    Examples
    --------
    >>> round(goal("transport_city")), goal("vehicle_km", base=100.0)
    (99990, 75.0)
    """
    table = sector_goals().set_index("target")
    if target not in table.index:
        raise TwinError(f"no goal {target!r}{did_you_mean(target, list(table.index))}")
    row = table.loc[target]
    published = float(row["base"])
    if np.isnan(published) and base is None:
        raise TwinError(f"the goal {target!r} has no published value of {row['base_year']}; give one as `base`")
    if not np.isnan(published) and base is not None:
        raise TwinError(f"the goal {target!r} has its own published base {published:g}; two bases are never mixed")
    return float((published if base is None else base) * (1 - row["reduction"]))
