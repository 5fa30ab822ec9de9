"""Hourly merit order of heat plants, and what an average and one more kWh of their heat emits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["average_factor", "heat_share_of_fuel", "marginal_factor", "merit_order"]

Floats = npt.NDArray[np.float64]


def merit_order(load_mw: Floats, capacity_mw: Floats) -> tuple[Floats, Floats]:
    r"""Run the plants in the order given until the load is met.

    .. math:: x_{t,k} = \mathrm{clip}(L_t - \sum_{j<k} P_j, 0, P_k)

    Without storage this is the optimum of the linear programme.

    Parameters
    ----------
    load_mw : array (hours,)
        Heat that the network needs [MW].
    capacity_mw : array (units,)
        In the order of use [MW].

    Returns
    -------
    (array (hours, units), array (hours,))
        Heat of each unit, and the load that no unit can meet [MW].

    Examples
    --------
    >>> heat, unserved = merit_order(np.array([5.0, 25.0, 70.0]), np.array([10.0, 50.0]))
    >>> heat.tolist(), unserved.tolist()
    ([[5.0, 0.0], [10.0, 15.0], [10.0, 50.0]], [0.0, 0.0, 10.0])
    """
    below = np.concatenate([[0.0], np.cumsum(capacity_mw)[:-1]])
    heat = np.clip(load_mw[:, None] - below, 0, capacity_mw)
    return heat, load_mw - heat.sum(axis=1)


def heat_share_of_fuel(efficiency: Floats, electricity_to_heat: Floats) -> Floats:
    r"""Return the fuel that one kWh of heat is charged with, by the energy method.

    A plant that also makes electricity shares its fuel between heat and electricity in proportion to their energy:

    .. math:: f = \frac{1}{\eta_{heat} (1 + \alpha)}

    Parameters
    ----------
    efficiency : array (units,)
        Heat per fuel [1].
    electricity_to_heat : array (units,)
        :math:`\alpha` [1].

    Returns
    -------
    array (units,)
        Fuel per heat [1].

    Examples
    --------
    >>> heat_share_of_fuel(np.array([0.6, 0.9]), np.array([0.5, 0.0])).round(4).tolist()
    [1.1111, 1.1111]
    """
    return 1 / (efficiency * (1 + electricity_to_heat))


def average_factor(heat_mw: Floats, factor_kg_kwh: Floats) -> float:
    """Return the emission of a mean kWh of heat over the year.

    Parameters
    ----------
    heat_mw : array (hours, units)
        [MW]
    factor_kg_kwh : array (units,)
        Emission per heat [kgCO2e/kWh].

    Returns
    -------
    float
        [kgCO2e/kWh]

    Examples
    --------
    >>> average_factor(np.array([[10.0, 0.0], [10.0, 20.0]]), np.array([0.0, 0.3]))
    0.15
    """
    per_unit = heat_mw.sum(axis=0)
    total = per_unit.sum()
    return float(per_unit @ factor_kg_kwh / total) if total > 0 else 0.0


def marginal_factor(load_mw: Floats, heat_mw: Floats, factor_kg_kwh: Floats) -> float:
    """Return what one more kWh emits: the factor of the last running unit, weighted by the load of the hour.

    Parameters
    ----------
    load_mw : array (hours,)
        [MW]
    heat_mw : array (hours, units)
        In the order of use [MW].
    factor_kg_kwh : array (units,)
        Emission per heat [kgCO2e/kWh].

    Returns
    -------
    float
        [kgCO2e/kWh]

    Examples
    --------
    >>> marginal_factor(np.array([10.0, 30.0]), np.array([[10.0, 0.0], [10.0, 20.0]]), np.array([0.0, 0.4]))
    0.3
    """
    last = np.maximum((heat_mw > 0).sum(axis=1) - 1, 0)
    total = load_mw.sum()
    return float(load_mw @ factor_kg_kwh[last] / total) if total > 0 else 0.0
