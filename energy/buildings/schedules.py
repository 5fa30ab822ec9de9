"""The hours of a year by use: internal gains, hot water, electricity, and when a building runs on reduced operation.

The year has 8,760 hours in local standard time. There are no public holidays, no school holidays and no summer time.
Shapes only: every series is relative to its year, so that yearly energies stay what they are. The day's shapes are in
``twin/data/day_profiles.csv``, who follows which in ``use_schedules.csv``, and the hours of use in ``opening_hours.csv``.

References
----------
.. [1] VDEW, Repräsentative VDEW-Lastprofile, M-28/99, and Anwendung der Repräsentativen VDEW-Lastprofile
   step-by-step, M-05/2000.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin import reference
from twin.errors import TwinError, did_you_mean

__all__ = ["FIRST_WEEKDAY", "HOURS", "Schedules", "calendar", "flow_in_use", "vdew_dynamisation"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HOURS = 8760
FIRST_WEEKDAY = 6  # 1 January is a Sunday, as in 2023; Monday is 0
_DAYS = ("weekday", "saturday", "sunday")
_EVERY_DAY, _WHOLE_YEAR = "all", "year"
_SEASONS = ("winter", "transition", "summer", "transition", "winter")
_LAST_DAYS = (79, 134, 257, 304)  # 20 March, 14 May, 14 September, 31 October [1]_
_DYNAMIC = "vdew_h0"  # the one profile with a yearly wave [1]_
_OF_THE_DAY = [f"h{h:02d}" for h in range(24)]


@dataclass(frozen=True)
class Schedules:
    """Hourly shapes of every use; arrays have the shape (uses, 8760) unless said otherwise and cannot be written.

    Attributes
    ----------
    uses : tuple of str
        Names of the rows.
    gain : array
        Internal heat gains relative to their yearly mean; the mean is 1.
    hot_water, household_electricity, property_electricity : array
        Share of the year's energy in each hour; the sum is 1. In premises household electricity is the tenants'.
    reduced : array of bool
        Hours of reduced operation: the night in homes, the closed hours of premises.
    reduced_ventilation : array (uses,)
        Air flow in those hours as a share of the flow in use [1].
    """

    uses: tuple[str, ...]
    gain: Floats
    hot_water: Floats
    household_electricity: Floats
    property_electricity: Floats
    reduced: Bools
    reduced_ventilation: Floats

    @classmethod
    def standard(cls) -> Schedules:
        """Return the schedules of the reference tables; they are built once.

        Examples
        --------
        >>> found = Schedules.standard()
        >>> found.gain.shape, round(float(found.gain[0].mean()), 12)
        ((11, 8760), 1.0)
        """
        return _standard()

    def rows(self, use: pd.Series) -> npt.NDArray[np.intp]:
        """Return the row of each building.

        Parameters
        ----------
        use : Series of category (n,)
            Main use.

        Returns
        -------
        array (n,) of int

        Raises
        ------
        TwinError
            When a use is blank or has no schedule.

        Examples
        --------
        >>> Schedules.standard().rows(pd.Series(["office", "single_family"], dtype="category")).tolist()
        [2, 0]
        """
        if use.isna().any():
            raise TwinError(
                f"buildings.use: {int(use.isna().sum())} rows are blank; say what the buildings are used for"
            )
        present = use.cat.remove_unused_categories()
        for name in present.cat.categories:
            if name not in self.uses:
                raise TwinError(f"buildings.use: no schedule for {name!r}{did_you_mean(name, self.uses)}")
        at = np.array([self.uses.index(name) for name in present.cat.categories], dtype=np.intp)
        return at[present.cat.codes.to_numpy()]

    def ventilation_in_use(self, mean_flow: Floats, row: npt.NDArray[np.intp]) -> Floats:
        """Return the air flow in the hours of use, such that the year's mean is the given flow.

        Parameters
        ----------
        mean_flow : array (n,)
            Mean of the year, in any unit of flow.
        row : array (n,) of int
            Row of each building, see :meth:`rows`.

        Returns
        -------
        array (n,)
            In the same unit. In reduced hours the flow is this times ``reduced_ventilation[row]``.
        """
        return flow_in_use(mean_flow, self.reduced.mean(axis=1)[row], self.reduced_ventilation[row])


def flow_in_use(mean_flow: Floats, reduced_share: Floats, reduced_flow: Floats) -> Floats:
    r"""Return the flow in the hours of use from the mean of all hours.

    .. math:: \bar V = V ((1 - r) + r f) \quad\Rightarrow\quad V = \bar V / (1 - r (1 - f))

    Parameters
    ----------
    mean_flow : array (n,)
        :math:`\bar V`, in any unit of flow.
    reduced_share : array (n,)
        :math:`r`: share of the hours with reduced flow [1].
    reduced_flow : array (n,)
        :math:`f`: flow in those hours as a share of the flow in use [1].

    Returns
    -------
    array (n,)
        :math:`V`, in the same unit.

    Examples
    --------
    >>> flow_in_use(np.array([0.6]), np.array([0.5]), np.array([0.2])).round(12).tolist()
    [1.0]
    """
    return mean_flow / (1 - reduced_share * (1 - reduced_flow))


def calendar() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.str_]]:
    """Return the kind of each day and its season.

    Returns
    -------
    (array (365,) of int, array (365,) of str)
        0 for weekdays, 1 for Saturday, 2 for Sunday; ``winter``, ``transition`` or ``summer`` by the dates of [1]_.

    Examples
    --------
    >>> kind, season = calendar()
    >>> kind[:8].tolist(), season[[0, 78, 79, 134, 257, 304]].tolist()
    ([2, 0, 0, 0, 0, 0, 1, 2], ['winter', 'winter', 'transition', 'summer', 'transition', 'winter'])
    """
    day = np.arange(HOURS // 24)
    weekday = (day + FIRST_WEEKDAY) % 7
    return np.clip(weekday - 4, 0, 2), np.array(_SEASONS)[np.searchsorted(_LAST_DAYS, day + 1)]


def vdew_dynamisation(day_of_year: Floats) -> Floats:
    r"""Return the yearly wave of household electricity.

    .. math:: F = -3.92 \cdot 10^{-10} d^4 + 3.2 \cdot 10^{-7} d^3 - 7.02 \cdot 10^{-5} d^2 + 2.1 \cdot 10^{-3} d + 1.24

    Parameters
    ----------
    day_of_year : array
        1 is 1 January [d].

    Returns
    -------
    array
        Factor on the static profile [1], see [1]_.

    Examples
    --------
    >>> vdew_dynamisation(np.array([1.0, 196.0])).round(3).tolist()
    [1.242, 0.786]
    """
    d = day_of_year
    return 1.24 + 2.1e-3 * d - 7.02e-5 * d**2 + 3.2e-7 * d**3 - 3.92e-10 * d**4


@cache
def _standard() -> Schedules:
    """Build the schedules of the reference tables."""
    follows = reference.table("use_schedules").set_index(["kind", "use"])["profile"]
    opening = reference.table("opening_hours").set_index("use")
    uses = tuple(opening.index)
    shape = {kind: np.array([_mixed(name) for name in follows[kind][list(uses)]]) for kind in follows.index.levels[0]}
    reduced = np.array([_closed(row) for _, row in opening.iterrows()])
    property_share = opening["reduced_property_electricity"].to_numpy(float)
    running = np.where(reduced, property_share[:, None], 1.0)
    found = Schedules(
        uses=uses,
        gain=shape["gain"],
        hot_water=shape["hot_water"] / HOURS,
        household_electricity=shape["household_electricity"] / HOURS,
        property_electricity=running / running.sum(axis=1, keepdims=True),
        reduced=reduced,
        reduced_ventilation=opening["reduced_ventilation"].to_numpy(float),
    )
    for name in (
        "gain",
        "hot_water",
        "household_electricity",
        "property_electricity",
        "reduced",
        "reduced_ventilation",
    ):
        getattr(found, name).flags.writeable = False
    return found


def _mixed(names: str) -> Floats:
    """Return the mean of profiles that are joined by ``+``, each with the mean 1."""
    return np.mean([_year(name) for name in names.split("+")], axis=0)


def _year(name: str) -> Floats:
    """Return the 8,760 hours of one profile, with the mean 1."""
    rows = reference.table("day_profiles").set_index("profile").loc[[name]]
    kind, season = calendar()
    day = np.full((HOURS // 24, 24), np.nan)
    for _, row in rows.iterrows():
        of_kind = np.ones_like(kind, bool) if row["day"] == _EVERY_DAY else kind == _DAYS.index(row["day"])
        of_season = (season == row["season"]) | (row["season"] == _WHOLE_YEAR)
        day[of_kind & of_season] = row[_OF_THE_DAY].to_numpy(float)
    if name == _DYNAMIC:
        day *= vdew_dynamisation(np.arange(1.0, HOURS // 24 + 1))[:, None]
    return day.ravel() / day.mean()


def _closed(row: pd.Series) -> Bools:
    """Return the hours of a year outside a use's opening hours."""
    hour = np.arange(24)
    of_day = np.array([(hour < row[f"{d}_opens_h"]) | (hour >= row[f"{d}_closes_h"]) for d in _DAYS])
    return of_day[calendar()[0]].ravel()
