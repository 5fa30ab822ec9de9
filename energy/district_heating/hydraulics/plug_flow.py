r"""The temperature that leaves a pipe in time: water travels as a plug, takes the wall along and cools on its way.

What leaves at :math:`t` entered at :math:`\tau`, when the volume pumped since then equals what the pipe holds:

.. math::
    V(\tau) = V(t) - A L r, \quad r = 1 + \frac{(\rho c A)_{wall}}{(\rho c A)_{water}}, \quad
    T_{out}(t) = T_a + (T_{in}(\tau) - T_a)\, e^{-U (t - \tau) / (\rho c A r)}

The wall holds a front of temperature back by the factor :math:`r`. A whole series is two interpolations in the volume
pumped so far; while the flow rests, the plug stands and only cools. Heat is not conducted along the pipe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.district_heating.hydraulics.pipes import Water
from twin.errors import Problem, SchemaError

__all__ = ["Pipe", "along_c", "outlet_c"]

Floats = npt.NDArray[np.float64]
Values = npt.ArrayLike


@dataclass(frozen=True)
class Pipe:
    """One pipe.

    Attributes
    ----------
    length_m, diameter_m : float
        Length and inner diameter [m].
    loss_w_mk : float
        Heat lost per metre and degree; see :func:`energy.district_heating.hydraulics.pipes.loss_w_mk` [W/(m K)].
    wall_j_mk : float
        Heat that a metre of wall holds per degree [J/(m K)].
    """

    length_m: float
    diameter_m: float
    loss_w_mk: float
    wall_j_mk: float = 0.0

    def __post_init__(self) -> None:
        problems = [
            Problem("pipe", column, "give a number above zero" if above else "give a number, zero or more")
            for column, above in (("length_m", 1), ("diameter_m", 1), ("loss_w_mk", 0), ("wall_j_mk", 0))
            if not (getattr(self, column) > 0 or (not above and getattr(self, column) == 0))
        ]
        if problems:
            raise SchemaError(problems)


def outlet_c(
    time_s: Values,
    inlet_c: Values,
    flow_m3_s: Values,
    ambient_c: Values,
    pipe: Pipe,
    water: Water,
    *,
    initial_c: float | None = None,
) -> Floats:
    """Return the temperature at the end of a pipe.

    Parameters
    ----------
    time_s : array (t,)
        Rising [s].
    inlet_c, flow_m3_s : array (t,)
        Temperature at the inlet [degC] and flow, zero or more [m3/s]; both linear between the times.
    ambient_c : array (t,) or float
        Around the pipe [degC].
    pipe : Pipe
    water : Water
    initial_c : float, optional
        Of the water in the pipe at the first time; as at the inlet then, without it [degC].

    Returns
    -------
    array (t,)
        [degC]

    Raises
    ------
    SchemaError
        When times do not rise, flow is reversed, or numbers are missing; it names the time and the remedy.

    Examples
    --------
    Half a litre a second through 10 m3 of pipe: after 20,000 s, and cooled by exp(-0.2 x 20000 / (4.1e6 x 0.01)):

    >>> pipe = Pipe(1000.0, (0.04 / np.pi) ** 0.5, 0.2)
    >>> water = Water(1000.0, 4100.0, 5e-4)
    >>> outlet_c([0.0, 19000.0, 21000.0], 80.0, 0.0005, 10.0, pipe, water, initial_c=40.0).round(3).tolist()
    [40.0, 37.344, 73.493]
    """
    time = np.asarray(time_s, float)
    _check(time, inlet_c, flow_m3_s, ambient_c)
    inlet, flow, ambient = (np.broadcast_to(np.asarray(v, float), time.shape) for v in (inlet_c, flow_m3_s, ambient_c))
    area = np.pi * pipe.diameter_m**2 / 4
    held = water.density_kg_m3 * water.heat_capacity_j_kgk * area + pipe.wall_j_mk  # J/(m K), water and wall
    retarded = held / (water.density_kg_m3 * water.heat_capacity_j_kgk)  # A r
    pumped = np.concatenate([[0.0], np.cumsum((flow[1:] + flow[:-1]) / 2 * np.diff(time))])
    at = pumped - retarded * pipe.length_m
    entered = np.interp(at, pumped, time)
    temperature = np.interp(entered, time, inlet)
    if initial_c is not None:
        temperature = np.where(at < 0, initial_c, temperature)
    return np.asarray(ambient + (temperature - ambient) * np.exp(-pipe.loss_w_mk * (time - entered) / held))


def along_c(
    time_s: Values,
    inlet_c: Values,
    flows_m3_s: Sequence[Values],
    ambient_c: Values,
    pipes: Sequence[Pipe],
    water: Water,
    *,
    initial_c: float | None = None,
) -> Floats:
    """Return the temperature at the end of each pipe of a path, for example from the plant to one consumer.

    Parameters
    ----------
    time_s, inlet_c, ambient_c, water, initial_c
        As for :func:`outlet_c`; `inlet_c` is that of the first pipe.
    flows_m3_s : sequence of array (t,) or float
        Of each pipe; what branches off on the way is missing further on [m3/s].
    pipes : sequence of Pipe
        One after the other.

    Returns
    -------
    array (pipes, t)
        [degC]

    Examples
    --------
    >>> pipe, water = Pipe(500.0, 0.1, 0.2), Water(988.0, 4180.0, 5e-4)
    >>> t = np.arange(0.0, 7200.0, 60.0)
    >>> along_c(t, np.full(len(t), 80.0), [0.004, 0.002], 8.0, [pipe, pipe], water)[:, -1].round(2).tolist()
    [79.57, 78.71]
    """
    ends, temperature = [], inlet_c
    for pipe, flow in zip(pipes, flows_m3_s, strict=True):
        temperature = outlet_c(time_s, temperature, flow, ambient_c, pipe, water, initial_c=initial_c)
        ends.append(temperature)
    return np.array(ends)


def _check(time: Floats, inlet_c: Values, flow_m3_s: Values, ambient_c: Values) -> None:
    """Refuse series that are no plug flow; all problems at once."""
    problems = []
    if time.ndim != 1 or len(time) < 2 or not (np.diff(time) > 0).all():
        at = np.flatnonzero(~(np.diff(time) > 0)) if time.ndim == 1 else np.zeros(0, int)
        first = f"time {time[at[0] + 1]:g} s" if len(at) else ""
        problems.append(Problem("pipe", "time_s", "give two or more times, each later than the last", len(at), first))
    for column, given in (("inlet_c", inlet_c), ("flow_m3_s", flow_m3_s), ("ambient_c", ambient_c)):
        values = np.asarray(given, float)
        if values.shape not in ((), time.shape):
            problems.append(Problem("pipe", column, f"give one number, or one for each of the {time.size} times"))
            continue
        bad = np.broadcast_to(~np.isfinite(values), time.shape)
        if bad.any():
            problems.append(Problem("pipe", column, "numbers are missing: fill them in", *_where(bad, time)))
        if column == "flow_m3_s" and (values < 0).any():
            rule = "the flow is reversed: swap the ends of the pipe there and run that part by itself"
            problems.append(Problem("pipe", column, rule, *_where(np.broadcast_to(values < 0, time.shape), time)))
    if problems:
        raise SchemaError(problems)


def _where(bad: npt.NDArray[np.bool_], time: Floats) -> tuple[int, str]:
    return int(bad.sum()), f"time {time[np.argmax(bad)]:g} s"
