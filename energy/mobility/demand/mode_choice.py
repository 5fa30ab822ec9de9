r"""How people travel after times or costs have changed: an incremental logit, anchored at the observed shares.

.. math:: P'_m = \frac{P_m e^{\Delta U_m}}{\sum_k P_k e^{\Delta U_k}}, \quad
          \Delta U_m = \theta_t \Delta t_m + \theta_c \Delta c_m

References
----------
.. [1] Ben-Akiva, M. and Lerman, S., Discrete Choice Analysis, MIT Press, 1985, ch. 5 (incremental logit, elasticities).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from twin import reference
from twin.errors import TwinError

__all__ = [
    "MODES",
    "coefficients",
    "elasticities",
    "incremental_logit",
    "observed_shares",
    "utility_change",
]

Floats = npt.NDArray[np.float64]

MODES = ("walk", "cycle", "transit", "car")


def observed_shares() -> Floats:
    """Return the shares of walking, cycling, public transport and car in Göteborg 2019, which sum to 1.

    Examples
    --------
    >>> observed_shares().round(4).tolist()  # 21, 7, 30 and 43 of 101
    [0.2079, 0.0693, 0.297, 0.4257]
    """
    share = reference.table("mode_shares").set_index("mode")["share_percent"].loc[list(MODES)].to_numpy(float)
    return share / share.sum()


def coefficients(f: Mapping[str, float]) -> tuple[float, float]:
    """Return the utility of a minute and of a krona.

    That of a krona is set on what Göteborg's congestion charge did. Together they say what an hour is worth.

    Parameters
    ----------
    f : mapping
        ``travel.utility_per_minute`` and ``charge.sensitivity_per_sek``.

    Returns
    -------
    (float, float)
        [1/min], [1/SEK]; both below zero.

    Examples
    --------
    >>> minute, krona = coefficients({"travel.utility_per_minute": -0.025, "charge.sensitivity_per_sek": 0.0092})
    >>> round(60 * minute / krona)  # SEK/h
    163
    """
    return f["travel.utility_per_minute"], -f["charge.sensitivity_per_sek"]


def utility_change(time_change_min: Floats, cost_change_sek: Floats, f: Mapping[str, float]) -> Floats:
    """Return the change of utility.

    Parameters
    ----------
    time_change_min, cost_change_sek : array (..., 4)
        By mode in the order of `MODES` [min, SEK a trip].
    f : mapping
        See :func:`coefficients`.

    Returns
    -------
    array (..., 4)
    """
    minute, krona = coefficients(f)
    return minute * np.asarray(time_change_min, float) + krona * np.asarray(cost_change_sek, float)


def incremental_logit(shares: Floats, change: Floats) -> Floats:
    """Return the shares after utilities have changed.

    Parameters
    ----------
    shares : array (..., modes)
        Observed; each row sums to 1.
    change : array (..., modes)
        Of utility; minus infinity takes a mode away.

    Returns
    -------
    array (..., modes)

    Raises
    ------
    TwinError
        When shares are negative or do not sum to 1, a change is not a number, or no mode is left.

    Examples
    --------
    >>> incremental_logit(np.array([0.5, 0.5]), np.array([0.0, np.log(3)])).round(9).tolist()
    [0.25, 0.75]
    """
    shares, change = np.asarray(shares, float), np.asarray(change, float)
    if not (np.isfinite(shares).all() and (shares >= 0).all() and np.allclose(shares.sum(axis=-1), 1, atol=1e-9)):
        raise TwinError("shares of modes must be 0 or more and sum to 1; divide published percentages by their sum")
    if np.isnan(change).any() or np.isposinf(change).any():
        raise TwinError("a change of utility is not a number; give every mode a change, 0 where nothing changes")
    shares, change = np.broadcast_arrays(shares, change)
    best = np.where(shares > 0, change, -np.inf).max(axis=-1, keepdims=True)
    if np.isneginf(best).any():
        raise TwinError("no mode is left for some travellers; leave at least one that people use today")
    weight = np.where(shares > 0, shares * np.exp(np.where(shares > 0, change - best, 0.0)), 0.0)
    out: Floats = weight / weight.sum(axis=-1, keepdims=True)
    return out


def elasticities(shares: Floats, level: Floats, coefficient: float) -> Floats:
    r"""Return how much in per cent a mode's share changes when another's time or cost rises by one per cent.

    .. math:: E_{mm} = \theta x_m (1 - P_m), \quad E_{mk} = - \theta x_k P_k

    Parameters
    ----------
    shares : array (modes,)
    level : array (modes,)
        Time or cost of a trip today [min or SEK].
    coefficient : float
        Utility of a minute or a krona.

    Returns
    -------
    array (modes, modes)
        Of the row's share with respect to the column's time or cost: own elasticities on the diagonal.

    Examples
    --------
    >>> elasticities(np.array([0.4, 0.6]), np.array([30.0, 20.0]), -0.02).round(3).tolist()
    [[-0.36, 0.24], [0.24, -0.16]]
    """
    x = coefficient * np.asarray(level, float)
    return np.diag(x) - np.tile(x * np.asarray(shares, float), (len(x), 1))
