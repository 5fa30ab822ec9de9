r"""A tank couples the hours: one linear programme over the year, and what one more kWh in any hour would change.

.. math:: \min \sum_{t,k} c_{t,k} x_{t,k} + c_u u_t \quad \text{s.t.} \quad
          \sum_k x_{t,k} + u_t - d_t - (l_t - \kappa l_{t-1}) = L_t, \quad |l_t - \kappa l_{t-1}| \le P, \quad 0 \le l_t \le E

with heat :math:`x` between must-run and capacity, missing heat :math:`u`, heat of must-run units that has to be cooled
away :math:`d`, and the tank's level :math:`l` at the end of each hour, which keeps :math:`\kappa` of itself over an hour
and ends the year where it began.

At the optimum the running parts form a basis :math:`B`. Whatever is linear in the plan, cost as well as emissions, answers
to one more MWh of load in every hour at once by one sparse solve, :math:`B^T y = e_B`. For the cost that is the dual [1]_.

References
----------
.. [1] Huangfu, Q., Hall, J. A. J., "Parallelizing the dual revised simplex method", Mathematical Programming
   Computation 10:119, 2018 (HiGHS).
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt
from highspy._core import _Highs as Solver  # the wrapper around it prints a greeting on standard output
from scipy import sparse
from scipy.sparse.linalg import splu

from twin.errors import TwinError

__all__ = ["Stored", "Tank", "linear_programme", "with_storage"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tank:
    """Storage of heat.

    Attributes
    ----------
    energy_mwh : float
        Most that it holds [MWh].
    power_mw : float
        Most by which its content changes, up or down [MW].
    loss_per_h : float
        Share of its content that is lost in an hour [1/h].
    """

    energy_mwh: float
    power_mw: float
    loss_per_h: float = 0.0

    def __post_init__(self) -> None:
        if not (self.energy_mwh >= 0 and self.power_mw >= 0 and 0 <= self.loss_per_h < 1):
            raise TwinError(
                f"a tank of {self.energy_mwh:g} MWh, {self.power_mw:g} MW and a loss of {self.loss_per_h:g} an hour can "
                "not be; energy and power start at 0 and the loss lies from 0 to below 1"
            )

    @classmethod
    def together(cls, energy_mwh: Floats, power_mw: Floats, loss_per_h: Floats) -> Tank | None:
        """Return several tanks as one, or None where there is none.

        Examples
        --------
        >>> Tank.together(np.array([100.0, 300.0]), np.array([20.0, 40.0]), np.array([0.0, 0.002]))
        Tank(energy_mwh=400.0, power_mw=60.0, loss_per_h=0.0015)
        """
        total = float(energy_mwh.sum())
        return cls(total, float(power_mw.sum()), float(energy_mwh @ loss_per_h) / total) if total > 0 else None


@dataclass(frozen=True)
class Stored:
    """The cheapest year.

    Attributes
    ----------
    heat_mw : array (hours, units)
        [MW]
    unserved_mw, dumped_mw : array (hours,)
        Heat that is missing, and that of must-run units which nobody needs [MW].
    level_mwh, charge_mw : array (hours,)
        Content of the tank at the end of the hour [MWh], and what went into it; below 0 out of it [MW].
    price_sek_mwh : array (hours,)
        What one more MWh costs [SEK/MWh].
    cost_sek : float
        Of the year, with the penalty for missing heat [SEK].
    """

    heat_mw: Floats
    unserved_mw: Floats
    dumped_mw: Floats
    level_mwh: Floats
    charge_mw: Floats
    price_sek_mwh: Floats
    cost_sek: float
    _basis: tuple[sparse.csc_matrix, npt.NDArray[np.int64]]
    _free: npt.NDArray[np.bool_]

    def of_one_more(self, per_heat: Floats, per_unserved: Floats | float = 0.0) -> Floats:
        """Return by how much something grows with one more unit of load in each hour, the plan being adapted over all hours.

        Where plants of equal cost are interchangeable it holds for the plan found.

        Parameters
        ----------
        per_heat : array (units,) or (hours, units)
            Of it per unit of heat, e.g. emissions.
        per_unserved : array (hours,) or float
            Of it per unit of missing heat.

        Returns
        -------
        array (hours,)
        """
        hours, units = self.heat_mw.shape
        matrix, basic = self._basis
        every = np.zeros(matrix.shape[1] + matrix.shape[0])
        every[: hours * units] = np.broadcast_to(per_heat, (hours, units)).T.ravel()
        every[hours * units : hours * (units + 1)] = per_unserved
        whole = sparse.hstack([matrix, sparse.identity(matrix.shape[0])], format="csc")
        found: Floats = splu(whole[:, basic].T.tocsc()).solve(every[basic])
        return np.where(self._free, 0.0, found[:hours])


def with_storage(
    load_mw: Floats,
    capacity_mw: Floats,
    cost_sek_mwh: Floats,
    tank: Tank,
    unserved_sek_mwh: float,
    must_run_mw: Floats | None = None,
) -> Stored:
    """Return the cheapest year with a tank.

    Parameters
    ----------
    load_mw : array (hours,)
        [MW]
    capacity_mw, cost_sek_mwh : array (units,) or (hours, units)
        [MW, SEK/MWh]
    tank : Tank
    unserved_sek_mwh : float
        Penalty for missing heat; it must be dearer than any unit [SEK/MWh].
    must_run_mw : array (units,), optional
        Least heat [MW].

    Returns
    -------
    Stored

    Raises
    ------
    TwinError
        When a unit is dearer than missing heat, or the programme has no solution.

    Examples
    --------
    Ten MW are cheap; the tank takes what is left of the first hour into the second, less its loss.

    >>> year = with_storage(np.array([4.0, 15.0]), np.array([10.0, 50.0]), np.array([1.0, 9.0]), Tank(8, 5, 0.0), 1e3)
    >>> year.heat_mw.round(9).tolist(), year.charge_mw.round(9).tolist()
    ([[9.0, 0.0], [10.0, 0.0]], [5.0, -5.0])
    """
    hours = len(load_mw)
    capacity = np.broadcast_to(capacity_mw, (hours, np.shape(capacity_mw)[-1]))
    cost = np.broadcast_to(cost_sek_mwh, capacity.shape)
    if cost.size and cost.max() >= unserved_sek_mwh:
        raise TwinError(
            f"a unit costs {cost.max():g} SEK/MWh, as much as the penalty of {unserved_sek_mwh:g} for missing heat, so that "
            "heat would be left out; raise the factor plant.unserved_sek_mwh"
        )
    floor = np.minimum(0.0 if must_run_mw is None else must_run_mw, capacity)
    programme, matrix = linear_programme(load_mw, capacity, cost, floor, unserved_sek_mwh, tank)
    surplus = np.maximum(floor.sum(axis=1) - load_mw, 0.0)
    solver = Solver()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("presolve", "off")  # the matrix is as small as it gets, and the basis stays that of all rows
    solver.setOptionValue("threads", 1)
    solver.passModel(programme)
    solver.run()
    status = solver.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        raise TwinError(
            f"the year with storage was not solved ({solver.modelStatusToString(status)}); look for blank or infinite "
            "capacities, costs and loads, or leave the storage out"
        )
    return _read(solver, matrix, capacity.shape, surplus, tank)


def linear_programme(
    load_mw: Floats, capacity: Floats, cost: Floats, floor: Floats, unserved_sek_mwh: float, tank: Tank | None
) -> tuple[highspy.HighsLp, sparse.csc_matrix]:
    """Write the programme and its matrix; without a tank only the hours' balances.

    Parameters
    ----------
    load_mw : array (hours,)
        [MW]
    capacity, cost, floor : array (hours, units)
        [MW, SEK/MWh, MW]
    unserved_sek_mwh : float
        [SEK/MWh]
    tank : Tank or None

    Returns
    -------
    (HighsLp, csc_matrix)
        Columns: heat of every unit, missing heat, heat cooled away, level; each over all hours.
    """
    hours, units = capacity.shape
    one = sparse.identity(hours, format="csc")
    surplus = np.maximum(floor.sum(axis=1) - load_mw, 0.0)
    blocks, low, high = [one] * (units + 1) + [-one], floor.T.ravel(), capacity.T.ravel()
    price, most = cost.T.ravel(), np.concatenate([load_mw, surplus])
    row_low, row_high = load_mw, load_mw
    if tank is None:
        matrix, levels = sparse.hstack(blocks, format="csc"), 0
    else:
        before = sparse.csc_matrix((np.ones(hours), (np.arange(hours), np.arange(-1, hours - 1) % hours)))
        change = one - (1 - tank.loss_per_h) * before
        beside = sparse.csc_matrix((hours, hours * (units + 2)))
        matrix = sparse.vstack(
            [sparse.hstack([*blocks, -change]), sparse.hstack([beside, change])],
            format="csc",
        )
        levels, power = hours, np.full(hours, tank.power_mw)
        most = np.concatenate([most, np.full(hours, tank.energy_mwh)])
        row_low, row_high = np.concatenate([load_mw, -power]), np.concatenate([load_mw, power])
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_ = np.concatenate([price, np.full(hours, unserved_sek_mwh), np.zeros(hours + levels)])
    lp.col_lower_, lp.col_upper_ = np.concatenate([low, np.zeros(len(most))]), np.concatenate([high, most])
    lp.row_lower_, lp.row_upper_ = row_low, row_high
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    return lp, matrix


def _read(solver: Solver, matrix: sparse.csc_matrix, shape: tuple[int, ...], surplus_mw: Floats, tank: Tank) -> Stored:
    """Take the solver's answer apart."""
    hours, units = shape
    solution, basis = solver.getSolution(), solver.getBasis()
    value = np.array(solution.col_value).reshape(units + 3, hours)
    level = value[units + 2]
    inside, upper = highspy.HighsBasisStatus.kBasic, highspy.HighsBasisStatus.kUpper
    columns = basis.col_status
    basic = np.flatnonzero([s == inside for s in [*columns, *basis.row_status]])
    most = [s == upper for s in columns[hours * (units + 1) : hours * (units + 2)]]
    free = np.array(most) & (surplus_mw > 0)  # what one more MWh takes is not cooled away instead
    return Stored(
        np.ascontiguousarray(value[:units].T),
        value[units],
        value[units + 1],
        level,
        level - (1 - tank.loss_per_h) * np.roll(level, 1),
        np.where(free, 0.0, np.array(solution.row_dual)[:hours]),
        float(solver.getInfo().objective_function_value),
        (matrix, basic),
        free,
    )
