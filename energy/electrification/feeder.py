r"""Power flow of a radial feeder: lines that spread from a station like a tree, solved by backward and forward sweeps.

In a balanced three-phase feeder every load draws, at the voltage that reaches it, a current; every line carries the
currents of all below it; and along every line the voltage falls:

.. math:: I_i = \left(\frac{S_i}{\sqrt 3\, U_i}\right)^* + \sum_{c} I_c, \quad
          U_i = U_{parent} - \sqrt 3\, Z_i I_i, \quad P_{loss} = \sum_i 3 R_i |I_i|^2

Sweeping up with currents and down with voltages until they no longer change needs no matrix [1]_ [2]_. The root is the
station's busbar; its own line leads to the source and is the transformer, of no impedance unless it is given.

References
----------
.. [1] Shirmohammadi, D., Hong, H. W., Semlyen, A., Luo, G. X., "A compensation-based power flow method for weakly meshed
   distribution and transmission networks", IEEE Transactions on Power Systems 3(2), 1988.
.. [2] Baran, M. E., Wu, F. F., "Network reconfiguration in distribution systems for loss reduction and load balancing",
   IEEE Transactions on Power Delivery 4(2), 1989 (the feeder of 33 buses).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.electrification.feeder_sweep import LANES, run_states
from energy.tree import Tree
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["SWEEPS", "Feeder", "PowerState", "named", "not_solved", "power_flow", "table", "transformer_ohm"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Values = npt.ArrayLike

SWEEPS = 200  # five to ten are usual; so many only close to what the feeder can carry at all
_SHARPEST = 1e-12  # rounding leaves no less
_NAMED = 5


@dataclass(frozen=True)
class Feeder:
    """A radial feeder; line i joins bus i to its parent, and that of the root is the transformer to the source.

    Attributes
    ----------
    tree : Tree
    resistance_ohm, reactance_ohm : array (n,)
        Of each line, per phase, and of the transformer as seen from the feeder's side; zero at the root for none.
    rating_a : array (n,)
        Greatest lasting current of each line, and of the transformer; NaN where it is not known [A].
    nominal_v : float
        Between the phases [V].
    names : sequence of n objects, optional
        What the buses are called in an error.
    """

    tree: Tree
    resistance_ohm: Floats
    reactance_ohm: Floats
    rating_a: Floats
    nominal_v: float
    names: Sequence[object] | None = None

    def __post_init__(self) -> None:
        problems = []
        for column, blank, least in (
            ("resistance_ohm", False, "0 ohm or more"),
            ("reactance_ohm", False, "0 ohm or more"),
            ("rating_a", True, "more than 0 A, or leave it blank where it is not known"),
        ):
            values = np.asarray(getattr(self, column), float)
            object.__setattr__(self, column, values)
            if values.shape != (len(self.tree),):
                problems.append(Problem("feeder", column, f"give one number a bus, {len(self.tree)} of them"))
                continue
            good = np.isnan(values) | (values > 0) if blank else values >= 0
            if not (good & ~np.isinf(values)).all():
                wrong = ~good | np.isinf(values)
                rule = f"give the line above each bus {least}"
                problems.append(Problem("feeder", column, rule, int(wrong.sum()), named(wrong, self.names)))
        if not (np.isfinite(self.nominal_v) and self.nominal_v > 0):
            problems.append(Problem("feeder", "nominal_v", "give the nominal voltage, more than 0 V"))
        if problems:
            raise SchemaError(problems)

    @property
    def a_per_kw(self) -> float:
        r"""Current of a kilowatt at nominal voltage, :math:`1000 / (\sqrt 3 U)` [A/kW]."""
        return 1000 / (3**0.5 * self.nominal_v)

    @property
    def rating_kw(self) -> Floats:
        """What each line carries at nominal voltage without reactive power; NaN where it is not known [kW]."""
        return self.rating_a / self.a_per_kw

    def in_places(self) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
        """Return parents, resistance and reactance [1/kW] by place, the source after the last place, for the loops."""
        parent = self.tree.parent.copy()
        parent[0] = len(parent)
        per = 1000 / self.nominal_v**2
        return parent, self.resistance_ohm[self.tree.order] * per, self.reactance_ohm[self.tree.order] * per


@dataclass(frozen=True)
class PowerState:
    """States of a feeder, in the order of the buses, and of the lines above them.

    Attributes
    ----------
    voltage_pu : array (..., n)
        In parts of the nominal [1].
    current_a : array (..., n)
        In the line above each bus; at the root in the transformer [A].
    loading : array (..., n)
        Current over rating; NaN where the rating is not known [1].
    line_loss_kw : array (..., n)
        Of each line, all phases [kW].
    loss_kw : array (...)
        Of all lines and the transformer [kW].
    source_kw, source_kvar : array (...)
        What the source gives: the loads and the losses [kW], [kvar].
    """

    voltage_pu: Floats
    current_a: Floats
    loading: Floats
    line_loss_kw: Floats
    loss_kw: Floats
    source_kw: Floats
    source_kvar: Floats


def named(wrong: Flags, names: Sequence[object] | None) -> str:
    """Return the first few buses of which something is true, in words.

    Examples
    --------
    >>> named(np.array([False, True, True]), ["station", "a", "b"])
    'a, b'
    """
    at = np.flatnonzero(wrong.reshape(-1, wrong.shape[-1]).any(axis=0)).tolist()
    words = [str(names[i] if names is not None else i) for i in at[:_NAMED]]
    return ", ".join(words) + (f" and {len(at) - _NAMED} more" if len(at) > _NAMED else "")


def table(
    feeder: Feeder, values: Values, name: str, *, least: float | None = None, what: str = "load"
) -> tuple[Floats, list[Problem]]:
    """Return powers as an array (..., n), and what is wrong with them.

    Parameters
    ----------
    feeder : Feeder
        With n buses.
    values : array (..., n)
        [kW] or [kvar]
    name : str
        Of the column, for the error.
    least : float, optional
        No value may be below it.
    what : str
        What the values are, for the error.
    """
    n, given = len(feeder.tree), np.atleast_1d(np.asarray(values, float))
    if given.shape[-1] != n:
        return given, [Problem("feeder", name, f"give one number a bus, {n} of them in each state")]
    problems = []
    if not (finite := np.isfinite(given)).all():
        rule = f"a {what} is missing or no number: give 0 where there is none"
        problems.append(Problem("feeder", name, rule, int((~finite).sum()), named(~finite, feeder.names)))
    if least is not None and (low := given < least).any():
        rule = f"a negative {what}: give {least:g} or more, and what is fed in apart from it"
        problems.append(Problem("feeder", name, rule, int(low.sum()), named(low, feeder.names)))
    return given, problems


def not_solved(feeder: Feeder, state: str, p_kw: Floats, q_kvar: Floats) -> TwinError:
    """Return the error for a state without a solution, with the bus where the voltage falls the furthest."""
    tree = feeder.tree
    fall = feeder.resistance_ohm * tree.subtree_sum(p_kw) + feeder.reactance_ohm * tree.subtree_sum(q_kvar)
    drop = tree.path_sum(fall) * 1000 / feeder.nominal_v**2
    at = int(np.argmax(np.abs(drop)))
    name = feeder.names[at] if feeder.names is not None else at
    return TwinError(
        f"{state}: no voltages carry these loads (a first estimate of the fall at bus {name} is {drop[at]:.0%} of the "
        f"nominal voltage, with {p_kw.sum():.0f} kW in all); lower the load, or give thicker, shorter or more cables, and "
        "check the units (kW, ohm, V)"
    )


def power_flow(
    feeder: Feeder, p_kw: Values, q_kvar: Values = 0.0, source_pu: float = 1.0, tolerance_pu: float = 1e-8
) -> PowerState:
    """Solve one or many states of a feeder with loads of constant power.

    Parameters
    ----------
    feeder : Feeder
        With n buses.
    p_kw : array (..., n)
        Power that each bus takes; negative where more is fed in than taken [kW].
    q_kvar : array (..., n)
        Reactive power that each bus takes; positive for a lagging current [kvar].
    source_pu : float
        Voltage of the source, in parts of the nominal [1].
    tolerance_pu : float
        Voltages are known to this [1].

    Returns
    -------
    PowerState

    Raises
    ------
    TwinError
        When numbers are missing, or a state has no solution; it names the buses and says what to change.

    Examples
    --------
    10 kW at the end of 200 m of a cable of 0.32 ohm/km on 400 V:

    >>> feeder = Feeder(Tree.of([-1, 0]), [0, 0.064], [0, 0.015], [np.nan, 200], 400.0)
    >>> state = power_flow(feeder, [0, 10])
    >>> state.voltage_pu.round(5).tolist(), state.current_a.round(3).tolist(), float(state.loss_kw.round(4))
    ([1.0, 0.99598], [14.492, 14.492], 0.0403)
    >>> state.loading.round(4).tolist()
    [nan, 0.0725]
    """
    p, problems = table(feeder, p_kw, "p_kw")
    q = np.asarray(q_kvar, float)
    if q.ndim:
        q, more = table(feeder, q, "q_kvar")
        problems += more
    if not problems:
        try:
            p, q = np.broadcast_arrays(p, q)
        except ValueError:
            problems.append(Problem("feeder", "q_kvar", "give as many states as of p_kw"))
    if not (np.isfinite(source_pu) and source_pu > 0):
        problems.append(Problem("feeder", "source_pu", "give the source's voltage, more than 0"))
    if not tolerance_pu >= _SHARPEST:
        problems.append(Problem("feeder", "tolerance_pu", f"give {_SHARPEST:g} or more"))
    if problems:
        raise SchemaError(problems)
    return _solved(feeder, p, q, float(source_pu), float(tolerance_pu))


def _solved(feeder: Feeder, p: Floats, q: Floats, source_pu: float, tolerance_pu: float) -> PowerState:
    """Run the sweeps and put the states together."""
    n, shape = len(feeder.tree), p.shape
    kw, kvar = (np.ascontiguousarray(v.reshape(-1, n)) for v in (p, q))
    real, imaginary, current, reactive = (np.empty_like(kw) for _ in range(4))
    parent, r, x = feeder.in_places()
    failed = run_states(
        np.arange(len(kw)), feeder.tree.order, parent, r, x, source_pu, kw, kvar, tolerance_pu, SWEEPS, real, imaginary,
        current, reactive, min(LANES, max(len(kw), 1)),
    )  # fmt: skip
    if failed >= 0:
        raise not_solved(feeder, f"state {failed}", kw[failed], kvar[failed])
    real, imaginary, current, reactive = (v.reshape(shape) for v in (real, imaginary, current, reactive))
    squared = current**2 + reactive**2
    line_loss = feeder.resistance_ohm * (1000 / feeder.nominal_v**2) * squared
    amperes = np.sqrt(squared) * feeder.a_per_kw
    root = int(feeder.tree.order[0])
    return PowerState(
        np.hypot(real, imaginary),
        amperes,
        amperes / feeder.rating_a,
        line_loss,
        line_loss.sum(axis=-1),
        source_pu * current[..., root],
        -source_pu * reactive[..., root],
    )


def transformer_ohm(
    rating_kva: float, short_circuit: float, copper_loss: float, nominal_v: float
) -> tuple[float, float]:
    r"""Return resistance and reactance of a transformer, seen from the side of a voltage.

    .. math:: |Z| = u_k \frac{U^2}{S}, \quad R = p_k \frac{U^2}{S}, \quad X = \sqrt{|Z|^2 - R^2}

    Parameters
    ----------
    rating_kva : float
        [kVA]
    short_circuit : float
        Short-circuit voltage in parts of the nominal [1].
    copper_loss : float
        Loss at full load in parts of the rating [1].
    nominal_v : float
        [V]

    Returns
    -------
    (float, float)
        [ohm]

    Raises
    ------
    TwinError
        When a number is not possible.

    Examples
    --------
    >>> [round(v, 5) for v in transformer_ohm(800, 0.05, 0.01, 400)]
    [0.002, 0.0098]
    """
    if not (rating_kva > 0 and nominal_v > 0 and 0 <= copper_loss <= short_circuit):
        raise TwinError(
            "a transformer: give a rating and a voltage above 0, and a loss at full load from 0 to the short-circuit voltage"
        )
    base = nominal_v**2 / (1000 * rating_kva)
    return copper_loss * base, (short_circuit**2 - copper_loss**2) ** 0.5 * base
