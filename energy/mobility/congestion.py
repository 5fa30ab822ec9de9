r"""Traffic by level of service: free flow, heavy, saturated, stop and go, each with its own speed.

.. math:: \overline{EF} = \sum_i s_i \, EF(V_i)

The speeds of the levels by speed limit are those of SMHI's cetk, in ``twin/data/level_of_service.csv``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin import reference
from twin.errors import Problem, SchemaError

__all__ = ["LEVELS", "check_shares", "level_speeds_kmh", "weighted"]

Floats = npt.NDArray[np.float64]
LEVELS = ("free_flow", "heavy", "saturated", "stop_and_go")
_NEAR = 1e-6


def weighted(factors: Floats, shares: Floats) -> Floats:
    """Return the mean of the factors at the levels' speeds.

    Parameters
    ----------
    factors : array (..., levels)
        Emission factor at each level's speed, in any unit.
    shares : array (..., levels)
        Share of the traffic at each level [1].

    Returns
    -------
    array (...)
        In the unit of the factors.

    Examples
    --------
    >>> weighted(np.array([1.0, 2.0, 3.0, 8.0]), np.array([0.5, 0.3, 0.1, 0.1])).round(3).item()
    2.2
    """
    found: Floats = (factors * shares).sum(axis=-1)
    return found


def check_shares(shares: Floats) -> None:
    """Refuse shares of the levels that are negative or do not sum to 1.

    Parameters
    ----------
    shares : array (rows, levels)
        [1]

    Raises
    ------
    SchemaError
        With all rows that are wrong.
    """
    rows = np.atleast_2d(shares)
    problems = []
    for rule, wrong in (
        ("is outside 0 to 1", ~((rows >= 0) & (rows <= 1)).all(axis=1)),
        ("do not sum to 1; change one of the four", ~(abs(rows.sum(axis=1) - 1) <= _NEAR)),
    ):
        if wrong.any():
            first = f"row {int(np.flatnonzero(wrong)[0])}"
            problems.append(Problem("levels of service", "share", rule, int(wrong.sum()), first))
    if problems:
        raise SchemaError(problems)


def level_speeds_kmh(posted_speed_kmh: Floats, vehicles: str = "light") -> Floats:
    """Return the speed at each level; between the limits of the table it is interpolated.

    Parameters
    ----------
    posted_speed_kmh : array (n,)
        Speed limit [km/h].
    vehicles : str
        ``"light"`` or ``"heavy"``.

    Returns
    -------
    array (n, 4)
        [km/h]

    Examples
    --------
    >>> level_speeds_kmh(np.array([50.0, 110.0]), "heavy").tolist()
    [[55.0, 50.0, 40.0, 10.0], [90.0, 90.0, 85.0, 20.0]]
    """
    table = reference.table("level_of_service")
    table = table[table["vehicles"] == vehicles]
    limits = table["posted_speed_kmh"].to_numpy(float)
    return np.column_stack(
        [np.interp(posted_speed_kmh, limits, table[f"{level}_kmh"].to_numpy(float)) for level in LEVELS]
    )
