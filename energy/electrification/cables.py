"""The cables that may be laid, and which of them carries a current."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin import reference
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["Cables", "size", "size_for_fall"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cables:
    """Cables of one voltage, from the thinnest to the thickest.

    Attributes
    ----------
    name : tuple of str
    nominal_v : float
        Between the phases [V].
    resistance_ohm_km, reactance_ohm_km : array (k,)
        Per phase [ohm/km].
    rating_a : array (k,)
        Greatest lasting current [A].
    """

    name: tuple[str, ...]
    nominal_v: float
    resistance_ohm_km: Floats
    reactance_ohm_km: Floats
    rating_a: Floats

    def __post_init__(self) -> None:
        problems = [
            Problem("cables", column, "every cable needs a number above zero", int((~(values > 0)).sum()))
            for column in ("resistance_ohm_km", "reactance_ohm_km", "rating_a")
            if not ((values := getattr(self, column)) > 0).all()
        ]
        if not len(self.name) or not (np.diff(self.rating_a) > 0).all():
            problems.append(Problem("cables", "rating_a", "list at least one cable, from the thinnest on"))
        if problems:
            raise SchemaError(problems)

    @classmethod
    def standard(cls, nominal_v: float = 400.0) -> Cables:
        """Return the cables of a voltage from the reference table ``cables``.

        Parameters
        ----------
        nominal_v : float
            [V]

        Raises
        ------
        TwinError
            When the table has none for that voltage.

        Examples
        --------
        >>> cables = Cables.standard()
        >>> cables.name[3], float(cables.resistance_ohm_km[3]), float(cables.rating_a[3])
        ('lv_al_150', 0.206, 270.0)
        """
        whole = reference.table("cables")
        t = whole[whole["nominal_v"] == nominal_v].sort_values("rating_a")
        if t.empty:
            known = ", ".join(f"{v:g}" for v in sorted(whole["nominal_v"].unique()))
            raise TwinError(
                f"there are no cables for {nominal_v:g} V; choose one of {known} V, or give cables of your own"
            )
        numbers = (t[c].to_numpy(float) for c in ("resistance_ohm_km", "reactance_ohm_km", "rating_a"))
        return cls(tuple(t["cable"]), float(nominal_v), *numbers)


def size(current_a: npt.ArrayLike, cables: Cables, fill: float = 1.0) -> tuple[Whole, Whole]:
    """Return the thinnest cable that carries a current, and how many of the thickest where one is not enough.

    Parameters
    ----------
    current_a : array
        Design current, 0 or more [A].
    cables : Cables
    fill : float
        Part of the rating that a cable is planned for [1].

    Returns
    -------
    (array of int, array of int)
        Row of the cables, and the number of them side by side.

    Raises
    ------
    TwinError
        When a current or the fill is not possible.

    Examples
    --------
    >>> [v.tolist() for v in size([0, 100, 300, 800], Cables.standard())]
    [[0, 0, 4, 4], [1, 1, 1, 3]]
    """
    current = np.asarray(current_a, float)
    if not (np.isfinite(current) & (current >= 0)).all() or not fill > 0:
        raise TwinError("the size of a cable: give every line a current, 0 A or more, and a fill above 0")
    rating = cables.rating_a * fill
    row = np.minimum(np.searchsorted(rating, current * (1 - 1e-12)), len(rating) - 1)
    return row.astype(np.int64), np.maximum(np.ceil(current / rating[-1] - 1e-9), 1).astype(np.int64)


def size_for_fall(
    power_kw: npt.ArrayLike, way_m: npt.ArrayLike, cables: Cables, fall: float, power_factor: float
) -> tuple[Whole, Whole]:
    r"""Return the thinnest cable that lets the voltage fall no more than planned, and how many of the thickest.

    A line gets the part of the planned fall that its length has of the longest way through it, so that no way falls
    further than planned:

    .. math:: (r + x \tan\varphi)\, \frac{P}{U^2} \le \frac{\Delta u}{L_{way}}

    Parameters
    ----------
    power_kw : array
        Design power of each line, 0 or more [kW].
    way_m : array
        Longest way from the station to an end that leads through the line [m].
    cables : Cables
    fall : float
        Planned fall of the voltage along the whole way, in parts of the nominal [1].
    power_factor : float
        Of the load [1].

    Returns
    -------
    (array of int, array of int)
        Row of the cables, and the number of them side by side.

    Examples
    --------
    20 kW over 100 m, 300 m and 5 km at three per cent:

    >>> [v.tolist() for v in size_for_fall([20, 20, 20], [100, 300, 5000], Cables.standard(), 0.03, 0.95)]
    [[0, 1, 4], [1, 1, 4]]
    """
    ohm_km = cables.resistance_ohm_km + cables.reactance_ohm_km * (1 / power_factor**2 - 1) ** 0.5
    load = np.asarray(power_kw, float) * np.asarray(way_m, float) / cables.nominal_v**2  # kW m = W km
    most = fall / np.maximum(load, 1e-12)  # ohm/km that still keep the plan
    row = np.minimum((ohm_km[:, None] > most.ravel() * (1 + 1e-12)).sum(axis=0), len(ohm_km) - 1).reshape(most.shape)
    return row.astype(np.int64), np.maximum(np.ceil(ohm_km[-1] / most - 1e-9), 1).astype(np.int64)
