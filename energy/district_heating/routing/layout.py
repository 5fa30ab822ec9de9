"""A heat network laid out along streets: which buildings it joins, with which pipes, at what cost, and in which order.

Streets become a graph, each building is offered its nearest service lines, and the tree is chosen that is worth most at
the price of heat, or that joins everyone at the least cost. Then every pipe is sized and costed as it is, and what does
not pay at its real cost is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.hydraulics.pipes import Catalogue, Water
from energy.district_heating.hydraulics.steady import PipeTree
from energy.district_heating.routing.branches import Branches, Prices, Stems, phases
from energy.district_heating.routing.choosing import Case, cheapest_price, chosen, grown, market_of, settled
from energy.district_heating.routing.streets import Rules, StreetGraph, street_graph
from energy.district_heating.routing.wishes import Wishes, out_of_reach, problems
from twin.errors import SchemaError

__all__ = ["Network", "Wishes", "lay_out"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_NOT_WORTH = "its heat does not pay for its branch at this price"
_REASONS = {  # why a building is not connected, and how the sentence begins
    "far": "the nearest street",
    "cut_off": "its street",
    "forbidden": "it is forbidden",
    "no_heat": "it needs no heat",
    "not_worth": _NOT_WORTH,
}


@dataclass(frozen=True)
class Network:
    """A network, ready for a map and for hydraulics.

    Attributes
    ----------
    pipes : GeoDataFrame
        One row a pipe, away from the plant: node, parent, kind (street, service, plant), street, building_id, geometry,
        dn, length_m, heat_kwh, peak_kw, count, loss_kwh, cost_sek, lcoh_sek_kwh, break_even_sek_kwh,
        linear_density_mwh_m, phase. Heat, peak, count, LCOH and density are those of all that hangs on it.
    buildings : DataFrame
        building_id, connected, node, service_m, phase, reason (a word), street_m (distance to the nearest street),
        why_not (a sentence).
    pipe_tree : PipeTree or None
        For steady states; None where nothing is connected.
    demand_kw : array (nodes,)
        Own peak of the building at each node of it [kW].
    invest_sek, yearly_sek : float
        Pipes and substations [SEK], and all yearly cost but the production of the delivered heat [SEK/year].
    heat_kwh, loss_kwh : float
        Delivered and lost a year [kWh].
    worth_sek : float
        What the delivered heat brings, less its production and the yearly cost [SEK/year].
    lcoh_sek_kwh : float
        Yearly cost per delivered kWh, production not included; blank where nothing is connected [SEK/kWh].
    cheapest_break_even_sek_kwh : float
        The lowest price of heat found at which any part of the network, or of the one that joins everyone, breaks even;
        infinite where nobody is within reach [SEK/kWh].
    choice_sek, bound_sek : float, float or None
        Worth of the chosen tree while costs were taken as lines, and what no tree can exceed, on the same terms;
        None for no bound [SEK/year].
    method : str
        How the tree was found.
    graph : StreetGraph
        Streets, service lines, and the report of what hangs together.
    notes : tuple of str
        What a reader should know.
    """

    pipes: gpd.GeoDataFrame
    buildings: pd.DataFrame
    pipe_tree: PipeTree | None
    demand_kw: Floats
    invest_sek: float
    yearly_sek: float
    heat_kwh: float
    loss_kwh: float
    worth_sek: float
    lcoh_sek_kwh: float
    cheapest_break_even_sek_kwh: float
    choice_sek: float
    bound_sek: float | None
    method: str
    graph: StreetGraph
    notes: tuple[str, ...]


def lay_out(
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    plants: gpd.GeoSeries,
    f: Mapping[str, float],
    wishes: Wishes | None = None,
    *,
    rules: Rules | None = None,
    catalogue: Catalogue | None = None,
) -> Network:
    """Lay out a heat network.

    Parameters
    ----------
    streets : GeoDataFrame
        Lines in projected metres; optional columns `setting`, `tunnel`, `bridge`.
    buildings : GeoDataFrame
        building_id, geometry, heat_kwh, peak_kw; a building without heat is left out.
    plants : GeoSeries
        Points that heat comes from.
    f : mapping
        The year's factors.
    wishes : Wishes, optional
    rules : Rules, optional
    catalogue : Catalogue, optional
        The standard one without.

    Returns
    -------
    Network
        Where nothing is worth connecting its tables are empty, and it says at which price that would change.

    Raises
    ------
    SchemaError
        When the input contradicts itself or a plant or a forced building is out of reach; every problem at once.
    """
    wishes, rules = wishes or Wishes(), rules or Rules()
    catalogue = catalogue or Catalogue.standard()
    if wrong := problems(streets, buildings, plants, wishes, catalogue):
        raise SchemaError(wrong)
    graph = street_graph(
        streets.geometry.to_numpy(),
        buildings.geometry.to_numpy(),
        plants.to_numpy(),
        rules,
        level=_levels(streets),
        forbidden=streets.index.isin(list(wishes.forbidden_streets)),
    )
    ids = buildings["building_id"].astype(str)
    forced, forbidden = (ids.isin([str(x) for x in w]).to_numpy(bool) for w in (wishes.forced, wishes.forbidden))
    reached = graph.foot[:, 0] >= 0
    if wrong := out_of_reach(graph, rules, ids, forced):
        raise SchemaError(wrong)
    wanted = (buildings["heat_kwh"].to_numpy(float) > 0) & ~forbidden
    prices = Prices.of(f)
    if wishes.heat_price_sek_kwh is not None:
        prices = replace(prices, heat_sek_kwh=wishes.heat_price_sek_kwh)
    must = forced | (wanted & reached) if wishes.connect == "all" else forced
    case = Case(streets, buildings, graph, wishes, prices, catalogue, Water.of(f), must, wanted & reached)
    why = np.array(graph.why_not(rules), object)
    why[forbidden] = _REASONS["forbidden"]
    why[~wanted & ~forbidden] = _REASONS["no_heat"]
    return _network(case, why)


def _levels(streets: gpd.GeoDataFrame) -> Whole:
    """Return below ground, on it, or above."""
    level = np.zeros(len(streets), np.int64)
    for column, step in (("tunnel", -1), ("bridge", 1)):
        if column in streets:
            level += step * streets[column].fillna(value=False).to_numpy(bool)
    return level


def _network(case: Case, why: npt.NDArray[np.object_]) -> Network:
    """Choose, size, leave out what does not pay, and tell."""
    market, bonus = market_of(case)
    choice = chosen(case, market, bonus)
    stems, about = grown(case, choice)
    stems, about, found = settled(case, stems, about)
    cheapest = cheapest_price(case, market, stems)
    heat = float(stems.heat_kwh.sum())
    yearly = float(found.own_sek.sum())
    margin = case.prices.heat_sek_kwh - case.prices.production_sek_kwh
    phase = phases(stems.tree, stems.heat_kwh, found.own_sek, found.cost_sek + found.substation_sek, case.wishes.phases)
    joined = np.full(len(why), -1)
    joined[about["building"][about["building"] >= 0]] = np.flatnonzero(about["building"] >= 0)
    why = np.where(joined >= 0, "", np.where(why == "", _NOT_WORTH, why))
    return Network(
        pipes=_pipes(case, stems, about, found, phase),
        buildings=_buildings(case, joined, about, phase, why),
        pipe_tree=_pipe_tree(case, stems, found) if heat > 0 else None,
        demand_kw=stems.peak_kw,
        invest_sek=float(found.cost_sek.sum() + found.substation_sek.sum()),
        yearly_sek=yearly,
        heat_kwh=heat,
        loss_kwh=float(found.loss_kwh.sum()),
        worth_sek=heat * margin - yearly,
        lcoh_sek_kwh=yearly / heat if heat > 0 else float("nan"),
        cheapest_break_even_sek_kwh=cheapest,
        choice_sek=choice.value_sek - bonus,
        bound_sek=None if choice.bound_sek is None else choice.bound_sek - bonus,
        method=choice.method,
        graph=case.graph,
        notes=_notes(case, heat, cheapest, why),
    )


def _pipes(case: Case, stems: Stems, about: pd.DataFrame, found: Branches, phase: Whole) -> gpd.GeoDataFrame:
    """Return the pipes for a map."""
    ids = case.buildings["building_id"].astype(str).to_numpy(object)
    who, street = about["building"].to_numpy(), about["street"].to_numpy()
    table = pd.DataFrame(
        {
            "node": np.arange(len(about)),
            "parent": about["parent"],
            "kind": about["kind"],
            "street": np.where(street >= 0, case.streets.index.to_numpy(object)[street], None),
            "building_id": np.where(who >= 0, ids[who], None) if len(ids) else None,
            "dn": case.catalogue.dn[found.row],
            "length_m": stems.length_m,
            "heat_kwh": found.heat_kwh,
            "peak_kw": found.peak_kw,
            "count": found.count,
            "loss_kwh": found.loss_kwh,
            "cost_sek": found.cost_sek,
            "lcoh_sek_kwh": found.lcoh_sek_kwh,
            "break_even_sek_kwh": found.lcoh_sek_kwh + case.prices.production_sek_kwh,
            "linear_density_mwh_m": found.density_mwh_m,
            "phase": phase,
        }
    )[1:]
    lines = gpd.GeoSeries(about["line"].to_numpy()[1:], index=table.index, crs=case.streets.crs)
    return gpd.GeoDataFrame(table, geometry=lines).reset_index(drop=True)


def _buildings(
    case: Case, joined: Whole, about: pd.DataFrame, phase: Whole, why: npt.NDArray[np.object_]
) -> pd.DataFrame:
    """Return each building: whether it is connected, how, when, or why not."""
    node = np.full(len(joined), -1)
    at = np.flatnonzero(about["building"].to_numpy() >= 0)
    node[about["building"].to_numpy()[at]] = at
    on = node >= 0
    return pd.DataFrame(
        {
            "building_id": case.buildings["building_id"].astype(str).to_numpy(object),
            "connected": on,
            "node": node,
            "service_m": np.where(on, about["length_m"].to_numpy(float)[node], np.nan),
            "phase": np.where(on, phase[node], 0),
            "reason": [_reason(str(w)) for w in why],
            "street_m": case.graph.street_m,
            "why_not": why,
        }
    )


def _reason(why: str) -> str:
    """Return the reason of a sentence as a word."""
    return next((word for word, begins in _REASONS.items() if why.startswith(begins)), "")


def _pipe_tree(case: Case, stems: Stems, found: Branches) -> PipeTree:
    c, row = case.catalogue, found.row
    return PipeTree(stems.tree, stems.length_m, c.inner_diameter_m[row], c.loss_w_mk[row], c.roughness_m[row])


def _notes(case: Case, heat_kwh: float, cheapest: float, why: npt.NDArray[np.object_]) -> tuple[str, ...]:
    """Return what a reader should know, in sentences."""
    g = case.graph
    notes = []
    apart = g.components[~g.components["served"]]
    if len(apart):
        near = apart["joining_snap_m"].min()
        notes.append(
            f"groups of streets that hang together with no plant: {len(apart)} ({apart['length_m'].sum() / 1000:.1f} km); "
            f"joining ends within {near:.1f} m (snap_m) would add the first of them"
        )
    if len(g.skipped):
        notes.append(f"streets without length that are left out: {len(g.skipped)}")
    for word, about in (("far", "too far from a street"), ("cut_off", "by streets without a plant")):
        count = sum(_reason(str(w)) == word for w in why)
        if count:
            notes.append(f"1 building lies {about}" if count == 1 else f"{count} buildings lie {about}")
    if not heat_kwh > 0:
        when = (
            f"from {cheapest:.2f} SEK/kWh on a first part would"
            if np.isfinite(cheapest)
            else "no building is within reach"
        )
        notes.append(f"nothing is worth connecting at {case.prices.heat_sek_kwh:.2f} SEK/kWh; {when}")
    return tuple(notes)
