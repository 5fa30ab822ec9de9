"""A heat network handed to pandapipes, whose Newton solver takes loops and several plants as they are.

pandapipes is an optional extra; install it with ``pip install 'klimattvilling[crosscheck]'``. It asks for an older
pandas, which everything else here takes too.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from layers.export import atomic
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["Fluid", "Solved", "solve", "to_pandapipes", "write_net"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_ZERO_C = 273.15
_PLIFT_BAR = 10.0  # over what the pump lifts; consumers throttle the rest, so temperatures do not depend on it
_FLOW_BAR = 16.0
_STEP = 0.5  # of Newton's: where water is slow, each whole step of the flows throws the temperatures to and fro
_ROUNDS = 300
_NODES = ("x_m", "y_m", "demand_w")
_PIPES = ("start", "end", "length_m", "diameter_m", "roughness_m", "loss_w_mk")


@dataclass(frozen=True)
class Fluid:
    """Water that is the same at all temperatures.

    Attributes
    ----------
    density_kg_m3, heat_capacity_j_kgk, viscosity_pa_s : float
        [kg/m3], [J/(kg K)], [Pa s]
    """

    density_kg_m3: float
    heat_capacity_j_kgk: float
    viscosity_pa_s: float


@dataclass(frozen=True)
class Solved:
    """What pandapipes finds.

    Attributes
    ----------
    supply_c, return_c, path_drop_pa : array (nodes,)
        Temperatures [degC], and the pressure lost to each node from the plant that keeps it, supply pipes alone [Pa];
        NaN where no water flows.
    flow_kg_s : array (pipes,)
        In the supply pipe, from start to end [kg/s].
    heat_in_w : float
        Of all plants [W].
    """

    supply_c: Floats
    return_c: Floats
    path_drop_pa: Floats
    flow_kg_s: Floats
    heat_in_w: float


def _pandapipes() -> Any:
    """Return the module, which only this extra needs.

    Raises
    ------
    TwinError
        When it is not installed.
    """
    try:
        return importlib.import_module("pandapipes")
    except ImportError as error:
        raise TwinError(
            "pandapipes is not installed, and only the export to it needs it: pip install 'klimattvilling[crosscheck]'"
        ) from error


def write_net(net: Any, path: Path) -> None:
    """Write a net in pandapipes' own JSON, whole or not at all."""
    atomic(path, lambda part: _pandapipes().to_json(net, str(part)))


def to_pandapipes(
    nodes: pd.DataFrame,
    pipes: pd.DataFrame,
    plants: pd.DataFrame,
    *,
    supply_c: float,
    return_c: float,
    ground_c: float,
    fluid: Fluid,
    sections: int = 1,
) -> Any:
    """Make a net with supply and return pipes, heat consumers and circulation pumps.

    Supply junctions are numbered as the nodes, return junctions after them, then one for each plant; supply pipes as
    the pipes, return pipes after them. Branches that lead to no consumer, and parts without a plant, are there, but out
    of service. The first plant of each part keeps its pressure and makes up what the others leave. How to solve it goes
    with the net, so that ``pandapipes.pipeflow(net)`` does.

    Parameters
    ----------
    nodes : DataFrame
        x_m, y_m [m], demand_w [W]; perhaps return_c, to which each consumer cools the water [degC].
    pipes : DataFrame
        start, end (rows of `nodes`), length_m, diameter_m, roughness_m [m], loss_w_mk [W/(m K)]; perhaps name.
    plants : DataFrame
        node; perhaps name, and flow_kg_s, which every plant but the first of its part must have [kg/s]; together less
        than the consumers take.
    supply_c, return_c, ground_c : float
        [degC]
    fluid : Fluid
    sections : int
        Parts into which each pipe is cut for its temperature.

    Returns
    -------
    pandapipesNet

    Raises
    ------
    TwinError
        When pandapipes is missing.
    SchemaError
        When a column is missing, a number is not possible, or a pipe ends at no node.
    """
    _check(nodes, pipes, plants)
    pp = _pandapipes()
    n, m = len(nodes), len(pipes)
    net = pp.create_empty_network("heat network", add_stdtypes=False, fluid=_fluid(pp, fluid))
    demand = nodes["demand_w"].to_numpy(float)
    start, end = pipes["start"].to_numpy(np.int64), pipes["end"].to_numpy(np.int64)
    at = plants["node"].to_numpy(np.int64)
    part = _parts(n, start, end)
    pipe_on, node_on = _alive(n, start, end, demand, at)
    fed = np.isin(part, part[at])
    pipe_on, node_on = pipe_on & fed[start], node_on & fed
    xy = [(float(x), float(y)) for x, y in zip(nodes["x_m"], nodes["y_m"], strict=True)]
    names = pipes["name"].astype(str).tolist() if "name" in pipes else [f"pipe {i}" for i in range(m)]
    for side, temperature in (("supply", supply_c), ("return", return_c)):
        begin = n if side == "return" else 0
        pp.create_junctions(
            net, n, pn_bar=_FLOW_BAR, tfluid_k=temperature + _ZERO_C, index=np.arange(begin, begin + n),
            name=[f"{side} {i}" for i in range(n)], in_service=node_on, geodata=xy,
        )  # fmt: skip
    for side in ("supply", "return"):
        back = side == "return"
        one, other = (end + n, start + n) if back else (start, end)
        pp.create_pipes_from_parameters(
            net, one, other, length_km=pipes["length_m"].to_numpy(float) / 1000,
            inner_diameter_mm=pipes["diameter_m"].to_numpy(float) * 1000,
            k_mm=pipes["roughness_m"].to_numpy(float) * 1000,
            u_w_per_m2k=(pipes["loss_w_mk"] / (np.pi * pipes["diameter_m"])).to_numpy(float),
            text_k=ground_c + _ZERO_C, sections=sections, name=[f"{side} {name}" for name in names],
            index=np.arange(m) + (m if back else 0), in_service=pipe_on,
        )  # fmt: skip
    taking = np.flatnonzero((demand > 0) & fed)
    to_c = nodes["return_c"].to_numpy(float)[taking] if "return_c" in nodes else np.full(len(taking), return_c)
    pp.create_heat_consumers(net, taking, taking + n, qext_w=demand[taking], treturn_k=to_c + _ZERO_C, index=taking)
    _pumps(pp, net, plants, _keeps_pressure(part[at]), xy, supply_c)
    pp.set_user_pf_options(net, mode="bidirectional", alpha=_STEP, iter=_ROUNDS)
    return net


def solve(net: Any, *, law: Literal["nikuradse", "colebrook"] = "nikuradse", iterations: int = _ROUNDS) -> Solved:
    """Run pandapipes on such a net.

    Parameters
    ----------
    net : pandapipesNet
        From :func:`to_pandapipes`.
    law : str
        Law of friction.
    iterations : int
        At most.

    Returns
    -------
    Solved

    Raises
    ------
    TwinError
        When pandapipes is missing, or its solver does not settle.
    """
    pp = _pandapipes()
    failed = importlib.import_module("pandapipes.pf.pipeflow_setup").PipeflowNotConverged
    try:
        pp.pipeflow(
            net, friction_model=law, iter=iterations, tol_p=1e-10, tol_m=1e-10, tol_T=1e-8, tol_res=1e-6
        )  # fmt: skip
    except (failed, UserWarning) as error:  # the latter where a pump would run backwards
        raise TwinError(
            f"pandapipes does not settle within {iterations} rounds ({error}); look for plants that give more flow than "
            "the consumers take, pipes that are far too thin for their load, or loops without flow"
        ) from error
    n, m = (len(net.junction) - len(net.valve)) // 2, len(net.pipe) // 2
    temperature = net.res_junction["t_k"].to_numpy(float) - _ZERO_C
    pressure = net.res_junction["p_bar"].to_numpy(float)
    temperature[~net.junction["in_service"].to_numpy(bool)] = np.nan  # they are given the surroundings' temperature
    pumps = [net[k] for k in ("circ_pump_pressure", "circ_pump_mass") if k in net and len(net[k])]
    first = int(pumps[0]["flow_junction"].iloc[0])
    heat = 0.0
    for kind in ("circ_pump_pressure", "circ_pump_mass"):
        if kind in net and len(net[kind]):
            flow = np.abs(net[f"res_{kind}"]["mdot_from_kg_per_s"].to_numpy(float))
            rise = temperature[net[kind]["flow_junction"]] - temperature[net[kind]["return_junction"]]
            heat += float((flow * rise).sum()) * float(net.fluid.get_heat_capacity(_ZERO_C))
    return Solved(
        temperature[:n], temperature[n : 2 * n], (pressure[first] - pressure[:n]) * 1e5,
        net.res_pipe["mdot_from_kg_per_s"].to_numpy(float)[:m], heat,
    )  # fmt: skip


def _fluid(pp: Any, fluid: Fluid) -> Any:
    return pp.create_constant_fluid(
        "water", "liquid", density=fluid.density_kg_m3, viscosity=fluid.viscosity_pa_s,
        heat_capacity=fluid.heat_capacity_j_kgk, molar_mass=18.015,
    )  # fmt: skip


def _parts(n: int, start: Whole, end: Whole) -> Whole:
    """Return the number of the connected part of each node."""
    return np.asarray(
        connected_components(coo_array((np.ones(len(start)), (start, end)), shape=(n, n)), directed=False)[1]
    )


def _keeps_pressure(part: Whole) -> Flags:
    """Return which plants are the first of their part."""
    return ~pd.Series(part).duplicated().to_numpy()


def _pumps(
    pp: Any, net: Any, plants: pd.DataFrame, keeps: Flags, xy: list[tuple[float, float]], supply_c: float
) -> None:
    """Put the plants in: some keep the pressure, the others give a flow.

    Each sends out into a junction of its own, whose temperature pandapipes holds; a valve lets it mix with what passes.
    """
    n, at = len(xy), plants["node"].to_numpy(np.int64)
    own = 2 * n + np.arange(len(plants))
    pp.create_junctions(
        net, len(own), pn_bar=_FLOW_BAR, tfluid_k=supply_c + _ZERO_C, index=own, name=[f"plant {i}" for i in at],
        geodata=[xy[i] for i in at],
    )  # fmt: skip
    pp.create_valves(net, own, at, "ju", inner_diameter_mm=1000.0, loss_coefficient=0.0)
    names = plants["name"].astype(str).tolist() if "name" in plants else [f"plant {k}" for k in range(len(plants))]
    for k, (node, name) in enumerate(zip(at.tolist(), names, strict=True)):
        common = {"t_flow_k": supply_c + _ZERO_C, "name": name}
        if keeps[k]:
            pp.create_circ_pump_const_pressure(
                net, node + n, own[k], p_flow_bar=_FLOW_BAR, plift_bar=_PLIFT_BAR, **common
            )
        else:
            flow = float(plants["flow_kg_s"].iloc[k])
            pp.create_circ_pump_const_mass_flow(
                net, node + n, own[k], p_flow_bar=None, mdot_flow_kg_per_s=flow, **common
            )


def _alive(n: int, start: Whole, end: Whole, demand: Floats, plants: Whole) -> tuple[Flags, Flags]:
    """Return which pipes and nodes are left when ends without consumer or plant are taken off again and again."""
    wanted = demand > 0
    wanted[plants] = True
    pipe_on = start != end
    while True:
        degree = np.bincount(start[pipe_on], minlength=n) + np.bincount(end[pipe_on], minlength=n)
        blind = (degree == 1) & ~wanted
        dead = pipe_on & (blind[start] | blind[end])
        if not dead.any():
            return pipe_on, wanted | (degree > 0)
        pipe_on = pipe_on & ~dead


def _check(nodes: pd.DataFrame, pipes: pd.DataFrame, plants: pd.DataFrame) -> None:
    problems = [
        Problem(name, column, "the column is missing")
        for name, table, columns in (("nodes", nodes, _NODES), ("pipes", pipes, _PIPES), ("plants", plants, ("node",)))
        for column in columns
        if column not in table
    ]
    if problems:
        raise SchemaError(problems)
    for column in ("length_m", "diameter_m", "roughness_m", "loss_w_mk"):
        values = pipes[column].to_numpy(float)
        wrong = ~np.isfinite(values) | (values < 0 if column == "loss_w_mk" else values <= 0)
        if wrong.any():
            first = (
                str(pipes["name"].iloc[int(np.flatnonzero(wrong)[0])])
                if "name" in pipes
                else str(np.flatnonzero(wrong)[0])
            )
            least = "0 or more" if column == "loss_w_mk" else "more than 0"
            problems.append(Problem("pipes", column, f"give every pipe a number, {least}", int(wrong.sum()), first))
    demand = nodes["demand_w"].to_numpy(float)
    if not (demand >= 0).all():
        problems.append(
            Problem("nodes", "demand_w", "give every node a demand, 0 W or more", int((~(demand >= 0)).sum()))
        )
    for name, table, column in (("pipes", pipes, "start"), ("pipes", pipes, "end"), ("plants", plants, "node")):
        stray = ~table[column].between(0, len(nodes) - 1)
        if stray.any():
            problems.append(Problem(name, column, f"is no node from 0 to {len(nodes) - 1}", int(stray.sum())))
    if not len(plants):
        problems.append(Problem("plants", "node", "there is no plant; give at least one"))
    last = max(len(nodes) - 1, 0)
    ends = (np.nan_to_num(v.to_numpy(float)) for v in (pipes["start"], pipes["end"], plants["node"]))
    start, end, at = (v.clip(0, last).astype(np.int64) for v in ends)
    gives = ~_keeps_pressure(_parts(last + 1, start, end)[at])
    if gives.any() and ("flow_kg_s" not in plants or plants["flow_kg_s"][gives].isna().any()):
        rule = "every plant but the first of its part needs a flow; its heat over c_p times the cooling"
        problems.append(Problem("plants", "flow_kg_s", rule))
    if problems:
        raise SchemaError(problems)
