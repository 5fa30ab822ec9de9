"""The heat network that a city has: what its pipes hang together as, and how they fare through a simulated year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from energy.district_heating.drawn.findings import Finding, Report
from energy.district_heating.drawn.inspection import report
from energy.district_heating.drawn.rooting import Forest, Given, RootedTree, forest, given, pipe_tree, sized
from energy.district_heating.drawn.sources import Split, split
from energy.district_heating.drawn.topology import Attachment, attach, connect
from energy.district_heating.drawn.topology import Network as Graph
from energy.district_heating.hydraulics import year as network_year
from energy.district_heating.hydraulics.pipes import Catalogue, Water, pressure_gradient_pa_m
from energy.district_heating.hydraulics.steady import PipeTree
from energy.district_heating.supply.plants import supply_temperature_c
from energy.heat_plans.loads import HeatLoads, heat_loads
from energy.heat_plans.supply import on_network
from energy.results import Results
from twin.errors import TwinError

__all__ = ["NetworkToday", "Part", "network_today"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """The part of the network that hangs on one plant.

    Attributes
    ----------
    tree : RootedTree
    pipe_tree : PipeTree
    year : NetworkYear
    """

    tree: RootedTree
    pipe_tree: PipeTree
    year: network_year.NetworkYear


@dataclass(frozen=True)
class NetworkToday:
    """The network of a city through a year.

    Attributes
    ----------
    pipes : GeoDataFrame
        The city's pipes with peak_mw, peak_flow_kg_s and peak_gradient_pa_m of the coldest hour, and loss_kwh and supply_c
        of the year, age_years and plant; blank where a pipe is joined to no plant.
    loss_kwh : array (12,)
        By month [kWh].
    parts : tuple of Part
    shared : Split
        Which plant gives how much in the coldest hour.
    report : Report
        What was found: gaps, loops, pipes adrift, consumers beyond reach.
    loads : HeatLoads
        Of the connected buildings.
    consumers : Attachment
        Where they are connected.
    hourly : array (8760,)
        Load of each hour over the highest [1].
    supply_c : array (8760,)
        Temperature that is sent out [degC].
    tables : (DataFrame, DataFrame, DataFrame)
        Nodes, pipes and plants in the coldest hour, loops and all, for other programs: x_m, y_m, demand_w; start, end, name,
        length_m, diameter_m, roughness_m, loss_w_mk; node, name, flow_kg_s. The plants, the largest first, send out what
        the consumers take when the water reaches them as it was sent out.
    """

    pipes: gpd.GeoDataFrame
    loss_kwh: Floats
    parts: tuple[Part, ...]
    shared: Split
    report: Report
    loads: HeatLoads
    consumers: Attachment
    hourly: Floats
    supply_c: Floats
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]

    @property
    def coldest_supply_c(self) -> float:
        """What is sent out in the hour of the highest load [degC]."""
        return float(self.supply_c[self.hourly.argmax()])

    @property
    def figures(self) -> dict[str, Any]:
        """The network in numbers, each with its unit in the name."""
        years = [p.year for p in self.parts]
        heat_in, loss = (float(sum(getattr(y, a).sum() for y in years)) / 1e9 for a in ("heat_in_w", "loss_w"))
        cold = [float(np.nanmin(y.coldest_c)) for y in years if np.isfinite(y.coldest_c).any()]
        return {
            "length_km": float(self.pipes.geometry.length.sum()) / 1000,
            "networks": len(self.report.components),
            "plants": len(self.parts),
            "heat_in_gwh": heat_in,
            "loss_gwh": loss,
            "loss_share": loss / heat_in if heat_in > 0 else float("nan"),
            "pump_gwh": float(sum(y.pump_w.sum() for y in years)) / 1e9,
            "coldest_c": min(cold, default=float("nan")),
            "largest_drop_bar": max((float(y.path_drop_pa.max()) / 1e5 for y in years), default=float("nan")),
            "unfed_mw": self.shared.unfed_w / 1e6,
            "missing_mw": self.shared.missing_w / 1e6,
        }


def network_today(results: Results, year: int, *, tolerance_m: float | None = None) -> NetworkToday:
    """Join the city's pipes, connect its buildings and plants, and run the network through a year.

    Flows are those of the coldest hour, when the plants run in their order of use, in all pipes of all loops. For the
    year, loops are opened where least flows, and each part takes all its heat from its largest plant; what plants within
    a part give is told, but their water is not followed. All buildings follow the hours of the whole.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    tolerance_m : float, optional
        Gap between pipes that is closed [m].

    Returns
    -------
    NetworkToday

    Raises
    ------
    TwinError
        When the city has no pipes, plants with a place, weather, or connected building.
    """
    f = results.factors.at(year)
    pipes = _table(results, "heat_pipes")
    loads = heat_loads(results, year, on_network(results, year))
    graph, plants, at_plants, consumers = _joined(results, pipes, loads, f, tolerance_m)
    hourly = loads.together_kw / loads.together_kw.max()
    peak_w = loads.heat_kwh * 1000 / hourly.sum()
    demand = np.zeros(len(graph.node_xy))
    on = consumers.node >= 0
    np.add.at(demand, consumers.node[on], peak_w[on])
    catalogue, water = Catalogue.standard(), Water.of(f)
    known = given(graph, pipes, catalogue, f, year)
    shared = split(
        graph, at_plants, plants["capacity_mw"].to_numpy(float) * 1e6, demand, by="merit",
        merit_order=plants["merit_order"].fillna(np.inf).to_numpy(float).tolist(),
        loss_share=f["district_heating.loss_share"], loss_w_mk=known.loss_w_mk, diameter_m=known.diameter_m,
    )  # fmt: skip
    known = sized(
        known, shared.flow_w, catalogue, water, cooling_k=f["network.design_difference_k"],
        limit_pa_m=f["network.design_gradient_pa_m"],
    )  # fmt: skip
    trees = forest(graph, at_plants, shared)
    supply_c = supply_temperature_c(loads.outdoor_c, f)
    whole = [replace(tree, demand_w=shared.served_w[tree.node]) for tree in trees.trees]
    parts = tuple(_run(graph, tree, known, hourly, supply_c, f) for tree in whole if tree.demand_w.sum() > 0)
    flow_per_w = 1 / (water.heat_capacity_j_kgk * f["network.design_difference_k"])
    flow = np.abs(shared.flow_w) * flow_per_w
    gradient = pressure_gradient_pa_m(flow, known.diameter_m, known.roughness_m, water)
    coldest = {"peak_mw": np.abs(shared.flow_w) / 1e6, "peak_flow_kg_s": flow, "peak_gradient_pa_m": gradient}
    told, loss = _told(graph, pipes, parts, coldest, year)
    said = _findings(graph, at_plants, consumers, shared, trees)
    cooling_k = supply_c[hourly.argmax()] - f["network.return_c"]
    taken_per_w = (1 - f["district_heating.loss_share"]) / (water.heat_capacity_j_kgk * cooling_k)
    return NetworkToday(
        told,
        loss,
        parts,
        shared,
        said,
        loads,
        consumers,
        hourly,
        supply_c,
        _tables(graph, known, at_plants, shared, taken_per_w),
    )


def _joined(
    results: Results, pipes: gpd.GeoDataFrame, loads: HeatLoads, f: Mapping[str, float], tolerance_m: float | None
) -> tuple[Graph, gpd.GeoDataFrame, Attachment, Attachment]:
    """Return the pipes as a graph with the plants that have a place, and where plants and consumers are connected."""
    plants = _table(results, "heat_supply")
    plants = plants[~plants.geometry.isna()]
    if plants.empty:
        raise TwinError("no heat plant has a place; give the rows of heat_supply a point")
    graph = connect(pipes, f, tolerance_m=tolerance_m)
    places = shapely.get_coordinates(plants.geometry.centroid.to_numpy())
    graph, at_plants = attach(graph, places, plants["unit_id"].astype(str).tolist(), f["network.reach_m"], "plant")
    buildings = results.city["buildings"]
    houses = buildings.geometry.to_numpy()[loads.row]
    names = buildings["building_id"].astype(str).to_numpy(object)[loads.row]
    graph, consumers = attach(graph, _doors(houses, pipes), list(names), f["network.reach_m"])
    return graph, plants, at_plants, consumers


def _tables(
    graph: Graph, known: Given, plants: Attachment, shared: Split, taken_per_w: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the network of the coldest hour as plain tables, plants by what they send out of the flow taken."""
    x, y = graph.node_xy.T
    on = np.argsort(-shared.output_w, kind="stable")
    on = on[(plants.node[on] >= 0) & (shared.output_w[on] > 0)]
    return (
        pd.DataFrame({"x_m": x, "y_m": y, "demand_w": shared.served_w}),
        pd.DataFrame(
            {
                "start": graph.start,
                "end": graph.end,
                "name": [graph.names[p] for p in graph.pipe.tolist()],
                "length_m": graph.length_m,
                "diameter_m": known.diameter_m,
                "roughness_m": known.roughness_m,
                "loss_w_mk": known.loss_w_mk,
            }
        ),
        pd.DataFrame(
            {
                "node": plants.node[on],
                "name": np.array(plants.names, object)[on],
                "flow_kg_s": shared.output_w[on] * taken_per_w,
            }
        ),
    )


def _table(results: Results, name: str) -> gpd.GeoDataFrame:
    if name not in results.city or not len(results.city[name]):
        raise TwinError(f"the city has no table {name}; add [layers.{name}] to city.toml")
    return gpd.GeoDataFrame(results.city[name])


def _doors(houses: Any, pipes: gpd.GeoDataFrame) -> Floats:
    """Return the point of each house that is nearest to a pipe, (n, 2) [m]."""
    lines = pipes.geometry.to_numpy()
    nearest = shapely.STRtree(lines).query_nearest(houses, all_matches=False)[1]
    return np.asarray(shapely.get_coordinates(shapely.get_point(shapely.shortest_line(houses, lines[nearest]), 0)))


def _run(
    graph: Graph, tree: RootedTree, known: Given, hourly: Floats, supply_c: Floats, f: Mapping[str, float]
) -> Part:
    pipes = pipe_tree(graph, tree, known)
    return Part(
        tree,
        pipes,
        network_year.year(
            pipes, tree.demand_w, hourly, supply_c, f["network.return_c"], f["network.ground_c"], Water.of(f),
            network_year.Pump.of(f),
        ),
    )  # fmt: skip


def _told(
    graph: Graph, pipes: gpd.GeoDataFrame, parts: tuple[Part, ...], coldest: dict[str, Floats], year: int
) -> tuple[gpd.GeoDataFrame, Floats]:
    """Return the pipes with their year, and the loss of each month."""
    n = len(graph.pipe)
    columns = {**coldest, **{c: np.full(n, np.nan) for c in ("loss_kwh", "supply_c")}}
    plant = np.full(n, None, object)
    monthly = np.zeros(12)
    for part in parts:
        below = part.tree.edge >= 0
        edge = part.tree.edge[below]
        columns["loss_kwh"][edge] = part.year.pipe_loss_kwh.sum(axis=0)[below]
        columns["supply_c"][edge] = part.year.mean_supply_c[below]
        plant[edge] = ", ".join(part.tree.plants)
        monthly += part.year.pipe_loss_kwh.sum(axis=1)
    out = pipes.copy()
    for name, values in columns.items():
        out[name] = _by_pipe(values, graph, len(pipes), sums=name == "loss_kwh")
    out["plant"] = None
    known = np.array([p is not None for p in plant], bool)
    out.loc[out.index[graph.pipe[known]], "plant"] = plant[known]
    out["age_years"] = year - pipes["year_laid"].astype(float) if "year_laid" in pipes else np.nan
    return out, monthly


def _by_pipe(values: Floats, graph: Graph, count: int, *, sums: bool) -> Floats:
    """Return the sum or the greatest of a pipe's pieces; blank where none has a value."""
    known = np.isfinite(values)
    out = np.full(count, np.nan)
    pipe = graph.pipe[known]
    if sums:
        total = np.bincount(pipe, values[known], minlength=count)
        out[np.unique(pipe)] = total[np.unique(pipe)]
    else:
        out[np.unique(pipe)] = -np.inf
        np.maximum.at(out, pipe, values[known])
    return out


def _findings(graph: Graph, plants: Attachment, consumers: Attachment, shared: Split, trees: Forest) -> Report:
    said = report(graph, plants, consumers)
    more: tuple[Finding, ...] = (*shared.findings, *trees.findings)
    return Report(said.components, (*said.findings, *more), said.tolerance_m)
