"""Emissions of electricity from the grid, hour by hour, in two ledgers that are never mixed.

Bookkeeping takes the average of a perspective: what all electricity of Sweden, of the Nordic countries, of the residual
mix, or of a series of one's own, emits. Decisions take what one more or one less kWh causes. Where no hourly series is
given, the factor is one number for the whole year, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.errors import FactorError, TwinError, did_you_mean

__all__ = ["PERSPECTIVES", "GridFactor", "grid_factor"]

Floats = npt.NDArray[np.float64]

PERSPECTIVES = ("swedish", "nordic", "residual", "own")
_KEY = {
    "swedish": "electricity.swedish_mix",
    "nordic": "electricity.lifecycle",
    "residual": "electricity.residual_mix",
}
_MARGINAL = "electricity.marginal"
_MOST_KG_KWH = 3.0  # above it the numbers are in another unit: condensing lignite emits some 1.2


@dataclass(frozen=True)
class GridFactor:
    """What a kWh from the grid emits in each hour.

    Attributes
    ----------
    perspective : str
        Of the average: one of :data:`PERSPECTIVES`.
    average_kg_kwh, marginal_kg_kwh : array (hours,)
        [kgCO2e/kWh]
    average_hourly, marginal_hourly : bool
        Whether a series was given; otherwise it is one number for the whole year.
    """

    perspective: str
    average_kg_kwh: Floats
    marginal_kg_kwh: Floats
    average_hourly: bool
    marginal_hourly: bool

    def emitted_kg(self, power_kw: Floats) -> dict[str, Floats]:
        r"""Return what a load emits in a year, by ledger.

        .. math:: M = \sum_t P_t \, e_t

        Parameters
        ----------
        power_kw : array (..., hours)
            Electricity from the grid; below 0 what is given to it, or saved [kW].

        Returns
        -------
        dict of str to array (...)
            ``bookkeeping`` (average) and ``decision`` (marginal) [kgCO2e].

        Raises
        ------
        TwinError
            When the load has gaps or other hours.

        Examples
        --------
        >>> factor = grid_factor("own", {"electricity.marginal": 0.3}, hours=2, own_kg_kwh=np.array([0.01, 0.05]))
        >>> {k: round(float(v), 6) for k, v in factor.emitted_kg(np.array([10.0, 20.0])).items()}
        {'bookkeeping': 1.1, 'decision': 9.0}
        """
        if power_kw.shape[-1] != len(self.average_kg_kwh):
            raise TwinError(
                f"the load has {power_kw.shape[-1]} hours and the factor {len(self.average_kg_kwh)}; use the same year"
            )
        if not np.isfinite(power_kw).all():
            raise TwinError(f"the load is blank in {int((~np.isfinite(power_kw)).sum())} hours; a blank is not a zero")
        return {"bookkeeping": power_kw @ self.average_kg_kwh, "decision": power_kw @ self.marginal_kg_kwh}

    def basis(self) -> dict[str, str]:
        """Return in words what each ledger is based on.

        Examples
        --------
        >>> grid_factor("nordic", {"electricity.lifecycle": 0.059, "electricity.marginal": 0.3}).basis()["bookkeeping"]
        'nordic: the same 59 g/kWh in every hour; no hourly series was given'
        """
        return {
            "bookkeeping": _told(self.perspective, self.average_kg_kwh, hourly=self.average_hourly),
            "decision": _told("marginal", self.marginal_kg_kwh, hourly=self.marginal_hourly),
        }


def grid_factor(
    perspective: str,
    f: Mapping[str, float],
    *,
    hours: int = 8760,
    own_kg_kwh: Floats | None = None,
    marginal_kg_kwh: Floats | None = None,
) -> GridFactor:
    """Return the hourly factors of a perspective.

    Parameters
    ----------
    perspective : str
        One of :data:`PERSPECTIVES`; ``own`` needs `own_kg_kwh`.
    f : mapping
        The year's factors.
    hours : int
        Of the year.
    own_kg_kwh, marginal_kg_kwh : array (hours,), optional
        A series of one's own of the average and of the margin [kgCO2e/kWh].

    Returns
    -------
    GridFactor

    Raises
    ------
    TwinError
        When the perspective is not known, a series has gaps, other hours or another unit, or a factor is missing.
    """
    if perspective not in PERSPECTIVES:
        raise TwinError(f"no perspective {perspective!r} of the grid{did_you_mean(perspective, PERSPECTIVES)}")
    if perspective == "own" and own_kg_kwh is None:
        raise TwinError(f"the perspective 'own' needs a series of {hours} hours in kgCO2e/kWh; none was given")
    if perspective != "own" and own_kg_kwh is not None:
        raise TwinError(f"a series of one's own was given, but the perspective is {perspective!r}; choose 'own'")
    average = _series("average", own_kg_kwh, _KEY.get(perspective, ""), f, hours)
    marginal = _series("marginal", marginal_kg_kwh, _MARGINAL, f, hours)
    return GridFactor(perspective, average, marginal, own_kg_kwh is not None, marginal_kg_kwh is not None)


def _series(name: str, given: Floats | None, key: str, f: Mapping[str, float], hours: int) -> Floats:
    """Return the series that was given, or the factor in every hour."""
    if given is None:
        try:
            value = float(f[key])
        except KeyError:
            raise FactorError(f"the factor {key!r} of the grid's {name} is missing; add it to the factors") from None
        values, where = np.full(hours, value), key
    else:
        values, where = np.asarray(given, float), f"the series of the grid's {name}"
    if values.shape != (hours,):
        raise TwinError(f"{where} has the shape {values.shape}; give one number for each of {hours} hours")
    blank, wrong = ~np.isfinite(values), (values < 0) | (values > _MOST_KG_KWH)
    if blank.any():
        first = int(np.flatnonzero(blank)[0])
        raise TwinError(f"{where} is blank in {int(blank.sum())} hours, the first is {first}; a blank is not a zero")
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise TwinError(
            f"{where} is {values[first]:g} kgCO2e/kWh in hour {first}; give numbers from 0 to {_MOST_KG_KWH:g} in kg, not in g"
        )
    return values


def _told(name: str, values: Floats, *, hourly: bool) -> str:
    if hourly:
        low, mean, high = (1000 * float(x) for x in (values.min(), values.mean(), values.max()))
        return f"{name}: an hourly series from {low:.0f} to {high:.0f} g/kWh, {mean:.0f} on average"
    return f"{name}: the same {1000 * float(values[0]):.0f} g/kWh in every hour; no hourly series was given"
