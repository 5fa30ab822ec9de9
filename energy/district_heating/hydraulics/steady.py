r"""States of a heat network that is a tree of pipes, solved exactly and without iterating on pressures.

In a tree the flow of a pipe is the sum of what the consumers below it draw, so that

.. math::
    m_{c,i} = \frac{q_i}{c_p (T_i - T_{ret,i})}, \quad m_i = \sum_{j \in subtree(i)} m_{c,j}, \quad
    T_i - T_a = (T_0 - T_a)\, e^{-\sum_{path} x}, \quad x = \frac{u L}{m\, c_p}

and the return, mixed at every fork, is the sum over the subtree of :math:`m_c (T_{ret} - T_a) e^{-path}`, divided by
:math:`m\,e^{-path}`. What a consumer draws depends on what arrives at it; the compiled sweep of
:mod:`energy.district_heating.hydraulics.sweep` solves that by Newton's method, the closed form in plain numpy by repeating it.
Water, pipes and ground do not change with temperature; heat capacities do not matter for a state that lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from energy.district_heating.hydraulics.pipes import Law, Water, pressure_gradient_pa_m
from energy.district_heating.hydraulics.sweep import run_states
from energy.tree import Tree
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["PipeTree", "State", "check_temperatures", "named", "steady"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Values = npt.ArrayLike

_CLOSED_UP_TO = 6.0  # of the path sum: the closed return divides by e^-path, which costs that many digits
_TRICKLE = 1e-6  # of the whole flow: a difference of cumulative sums knows less to fewer digits
_REPEATS = 60
_NAMED = 5


@dataclass(frozen=True)
class PipeTree:
    """A network of pairs of pipes; pair i joins node i to its parent, and the entry of the root means nothing.

    Attributes
    ----------
    tree : Tree
    length_m, diameter_m, roughness_m : array (n,)
        Length, inner diameter and roughness [m].
    loss_w_mk : array (n,)
        Of the supply pipe, and of the return pipe without `return_loss_w_mk` [W/(m K)].
    return_loss_w_mk : array (n,), optional
        Of the return pipe [W/(m K)].
    names : sequence of n objects, optional
        What the nodes are called in an error.
    """

    tree: Tree
    length_m: Floats
    diameter_m: Floats
    loss_w_mk: Floats
    roughness_m: Floats
    return_loss_w_mk: Floats | None = None
    names: Sequence[object] | None = None

    def __post_init__(self) -> None:
        pipe = np.arange(len(self.tree)) != self.tree.order[0]
        columns: list[tuple[str, Any, bool]] = [
            ("length_m", self.length_m, True),
            ("diameter_m", self.diameter_m, False),
            ("loss_w_mk", self.loss_w_mk, True),
            ("roughness_m", self.roughness_m, False),
            ("return_loss_w_mk", self.return_loss_w_mk, True),
        ]
        problems = []
        for column, given, zero in columns:
            if given is None:
                continue
            values = np.asarray(given, float)
            object.__setattr__(self, column, values)
            if values.shape != (len(self.tree),):
                problems.append(Problem("pipes", column, f"give one number a node, {len(self.tree)} of them"))
                continue
            wrong = pipe & ~(np.isfinite(values) & (values >= 0 if zero else values > 0))
            if wrong.any():
                least = "0 or more" if zero else "more than 0"
                rule = f"give a number, {least}, for the pipe above each node"
                problems.append(Problem("pipes", column, rule, int(wrong.sum()), named(wrong, self.names)))
        if problems:
            raise SchemaError(problems)

    def in_places(self, column: str) -> Floats:
        """Return a column in the order of the places, zero at the root, ready for the compiled loops."""
        given = self.loss_w_mk if column == "return_loss_w_mk" and self.return_loss_w_mk is None else None
        values = np.array(given if given is not None else getattr(self, column), float)[self.tree.order]
        values[0] = 0.0
        return values


@dataclass(frozen=True)
class State:
    """States of a network, in the order of the nodes.

    Attributes
    ----------
    flow_kg_s : array (..., n)
        In the pipes above each node; at the root all that the source sends out [kg/s].
    supply_c, return_c : array (..., n)
        What arrives at each node, and what leaves it towards the source; the ground's temperature where nothing flows
        [degC].
    pressure_drop_pa : array (..., n)
        Along the supply pipe above each node; the return pipe takes as much again [Pa].
    path_drop_pa : array (..., n)
        From the source to each node, supply pipes alone [Pa].
    heat_in_w, loss_w : array (...)
        Heat from the source, and what is lost on the way there and back [W].
    pipe_loss_w : array (..., n)
        Heat that the supply and the return pipe above each node lose [W].
    """

    flow_kg_s: Floats
    supply_c: Floats
    return_c: Floats
    pressure_drop_pa: Floats
    path_drop_pa: Floats
    heat_in_w: Floats
    loss_w: Floats
    pipe_loss_w: Floats


def named(wrong: Flags, names: Sequence[object] | None) -> str:
    """Return the first few nodes of which something is true, in words."""
    at = np.flatnonzero(wrong.reshape(-1, wrong.shape[-1]).any(axis=0)).tolist()
    words = [str(names[i] if names is not None else i) for i in at[:_NAMED]]
    return ", ".join(words) + (f" and {len(at) - _NAMED} more" if len(at) > _NAMED else "")


def check_temperatures(cold: Flags, below_ground: Flags, names: Sequence[object] | None) -> None:
    """Refuse a supply that no consumer can use.

    Parameters
    ----------
    cold : array (..., n) of bool
        The consumer would send the water back no colder than it is sent out.
    below_ground : array (...) of bool
        The supply is no warmer than the ground.
    names : sequence, optional
        Of the nodes.

    Raises
    ------
    SchemaError
        With both problems, naming the consumers.
    """
    problems = []
    if below_ground.any():
        rule = "the supply is no warmer than the ground: raise the supply temperature or check the ground's"
        problems.append(Problem("network", "supply_c", rule, int(below_ground.sum())))
    if cold.any():
        rule = (
            "the return is as warm as the supply: raise the supply or lower the return temperature of these consumers"
        )
        count = int(cold.reshape(-1, cold.shape[-1]).any(axis=0).sum())
        problems.append(Problem("network", "return_c", rule, count, named(cold, names)))
    if problems:
        raise SchemaError(problems)


def steady(
    pipes: PipeTree,
    demand_w: Values,
    supply_c: Values,
    return_c: Values | None,
    ground_c: Values,
    water: Water,
    *,
    cooling_k: Values | None = None,
    consumer_flow_kg_s: Values | None = None,
    law: Law = "colebrook",
    method: Literal["sweep", "closed"] = "sweep",
    tolerance_k: float = 1e-6,
) -> State:
    """Solve one or many states of a network.

    Parameters
    ----------
    pipes : PipeTree
        With n nodes.
    demand_w : array (..., n)
        Heat that each node takes; zero where there is no consumer, or none at work [W].
    supply_c, ground_c : array (...)
        Temperature that the source sends out, and of the ground [degC].
    return_c : array (..., n), optional
        Temperature to which each consumer cools the water [degC].
    water : Water
    cooling_k : array (..., n), optional
        Instead of `return_c`: by how much each consumer cools the water [K].
    consumer_flow_kg_s : array (..., n), optional
        Instead of `return_c`: what each consumer draws; without a demand, what runs past it as a bypass [kg/s].
    law : str
        Law of friction; see :func:`energy.district_heating.hydraulics.pipes.friction_factor`.
    method : str
        ``"sweep"``, compiled, or ``"closed"``, plain numpy; the latter hands over to the sweep where its divisions
        would cost digits or its repeating does not settle.
    tolerance_k : float
        The temperature that arrives at a consumer is known to this [K].

    Returns
    -------
    State

    Raises
    ------
    TwinError
        When demand, temperatures or flows are impossible; it names the consumers and says what to change.

    Examples
    --------
    One pipe of a kilometre, 1 kg/s of water at 330 K in surroundings of 293 K:

    >>> per_metre = 5 * np.pi * 0.075
    >>> pipes = PipeTree(Tree.of([-1, 0]), *(np.array([1.0, v]) for v in (1000, 0.075, per_metre, 1e-4)))
    >>> state = steady(pipes, [0, 83640], 330, None, 293, Water(998.0, 4182.0, 1e-3), consumer_flow_kg_s=[0, 1])
    >>> state.supply_c.round(5).tolist()
    [330.0, 320.91631]
    """
    tree, n = pipes.tree, len(pipes.tree)
    demand = np.atleast_1d(np.asarray(demand_w, float))
    if demand.shape[-1] != n or not (np.isfinite(demand) & (demand >= 0)).all():
        wrong = ~(np.isfinite(demand) & (demand >= 0)) if demand.shape[-1] == n else np.zeros(n, bool)
        rule = f"give one number a node ({n} nodes), 0 W or more"
        raise SchemaError([Problem("network", "demand_w", rule, int(wrong.sum()), named(wrong, pipes.names))])
    shape = demand.shape
    supply, ground = (np.broadcast_to(np.asarray(v, float), shape[:-1]).reshape(-1) for v in (supply_c, ground_c))
    q = demand.reshape(-1, n)[:, tree.order]
    back, own = _consumers(q, shape, tree, water, return_c, cooling_k, consumer_flow_kg_s)
    cold = (q > 0) & (supply[:, None] <= back) if own is None else np.zeros(q.shape, bool)
    check_temperatures(cold[:, tree.place], ~(supply > ground) & (q > 0).any(axis=1), pipes.names)
    closed = _closed(pipes, q, supply, ground, back, own, water, tolerance_k) if method == "closed" else None
    m, g, f, e_back = closed or _swept(pipes, q, supply, ground, back, own, water, tolerance_k)
    if own is not None:
        _check_cooling(q, own, g, pipes, water)
    return _state(pipes, shape, q, ground, m, g, f, e_back, water, law)


def _consumers(
    q: Floats, shape: tuple[int, ...], tree: Tree, water: Water, return_c: Any, cooling_k: Any, flow: Any
) -> tuple[Floats, Floats | None]:
    """Return the consumers' return temperatures and, where they are given, their flows, by place."""
    given = [v for v in (return_c, cooling_k, flow) if v is not None]
    if len(given) != 1:
        raise TwinError("say one thing of the consumers: return_c, cooling_k or consumer_flow_kg_s")
    values = np.broadcast_to(np.asarray(given[0], float), shape).reshape(-1, len(tree))[:, tree.order]
    if return_c is not None:
        return values, None
    wanting = (q > 0) & ~(values > 0)
    if wanting.any():
        raise TwinError(f"{int(wanting.sum())} consumers with a demand have no flow or cooling above zero: give one")
    if cooling_k is not None:
        return np.zeros_like(q), q / (water.heat_capacity_j_kgk * np.where(q > 0, values, 1.0))
    if not (np.isfinite(values) & (values >= 0)).all():
        raise TwinError("consumer_flow_kg_s: give each node 0 kg/s or more; a flow without demand is a bypass")
    return np.zeros_like(q), values


def _check_cooling(q: Floats, own: Floats, g: Floats, pipes: PipeTree, water: Water) -> None:
    below = (q > 0) & (own * g * water.heat_capacity_j_kgk < q)
    if below.any():
        names = named(below[:, pipes.tree.place], pipes.names)
        raise TwinError(
            f"{names}: the demand would cool the water below the ground's temperature; raise the flow or the supply "
            "temperature, or lower the demand"
        )


def _k(pipes: PipeTree, column: str, water: Water) -> Floats:
    return pipes.in_places(column) * pipes.in_places("length_m") / water.heat_capacity_j_kgk


def _swept(
    pipes: PipeTree,
    q: Floats,
    supply: Floats,
    ground: Floats,
    back: Floats,
    own: Floats | None,
    water: Water,
    tol: float,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return flow, excess supply temperature, flow times excess return temperature, and the decay of the return."""
    flow = np.zeros_like(q) if own is None else own.copy()
    m, g, e, f, e_back = (np.zeros_like(q) for _ in range(5))
    failed = run_states(
        pipes.tree.parent, _k(pipes, "loss_w_mk", water), _k(pipes, "return_loss_w_mk", water),
        pipes.return_loss_w_mk is None, water.heat_capacity_j_kgk, q, np.ascontiguousarray(back),
        np.ascontiguousarray(ground), np.ascontiguousarray(supply), own is None, tol, flow, m, g, e, f, e_back,
    )  # fmt: skip
    if failed >= 0:
        raise TwinError(f"state {failed} has no flows to within {tol:g} K: check its demand and temperatures")
    return m, g, f, e_back


def _closed(
    pipes: PipeTree,
    q: Floats,
    supply: Floats,
    ground: Floats,
    back: Floats,
    own: Floats | None,
    water: Water,
    tol: float,
) -> tuple[Floats, Floats, Floats, Floats] | None:
    """Return the same by cumulative sums; nothing where they would be inexact or the repeating does not settle."""
    tree, cp = pipes.tree.placed, water.heat_capacity_j_kgk
    k, k_return = _k(pipes, "loss_w_mk", water), _k(pipes, "return_loss_w_mk", water)
    start = (supply - ground)[:, None]
    alive = tree.subtree_sum((q > 0) if own is None else (own > 0), "cumsum") > 0
    warm = alive | (np.arange(q.shape[1]) == 0)
    g = np.where(warm, start, 0.0)
    for _ in range(_REPEATS):
        cooling = np.where(q > 0, g + ground[:, None] - back, 1.0)
        if own is None and not (cooling > 0).all():
            return None
        flow = q / (cp * cooling) if own is None else own
        m = np.where(alive, tree.subtree_sum(flow, "cumsum"), 0.0)
        x = k / np.where(alive, m, np.inf)
        before, path = g, tree.path_sum(x, "cumsum")
        g = np.where(warm, start * np.exp(-path), 0.0)
        if own is not None or not (abs(g - before) >= tol).any(where=q > 0):
            break
    else:
        return None
    x_return = k_return / np.where(alive, m, np.inf)
    path = tree.path_sum(x_return, "cumsum")
    if path.max() > _CLOSED_UP_TO or (alive & (m < _TRICKLE * m[:, :1])).any():
        return None
    weight = np.exp(-path)
    f = tree.subtree_sum((flow * g - q / cp) * weight, "cumsum") / weight
    return m, g, np.where(alive, f, 0.0), np.exp(-x_return)


def _state(
    pipes: PipeTree,
    shape: tuple[int, ...],
    q: Floats,
    ground: Floats,
    m: Floats,
    g: Floats,
    f: Floats,
    e_back: Floats,
    water: Water,
    law: Law,
) -> State:
    """Put pressures and losses beside flows and temperatures, in the order of the nodes."""
    tree, cp = pipes.tree, water.heat_capacity_j_kgk
    order, inner = tree.order, pipes.in_places("diameter_m")
    inner[0] = 1.0
    rough = np.maximum(pipes.roughness_m[order], 1e-12)
    drop = pressure_gradient_pa_m(m, inner, rough, water, law) * pipes.in_places("length_m")
    path = tree.placed.path_sum(drop)
    lost = cp * (m * (g[:, np.maximum(tree.parent, 0)] - g) + f * (1 - e_back))
    lost[:, 0] = 0.0
    heat = cp * (m[:, 0] * g[:, 0] - f[:, 0])
    back = np.where(m > 0, f / np.where(m > 0, m, 1.0), 0.0)

    def out(values: Floats) -> Floats:
        return np.asarray(values[:, tree.place].reshape(shape))

    at = ground[:, None]
    whole = shape[:-1]
    return State(
        out(m), out(g + at), out(back + at), out(drop), out(path), heat.reshape(whole),
        (heat - q.sum(axis=1)).reshape(whole), out(lost),
    )  # fmt: skip
