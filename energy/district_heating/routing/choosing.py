"""From streets, buildings and prices to the tree that is laid: the choice, and what is left of it at its real cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from energy.district_heating.hydraulics.pipes import Catalogue, Water, coincidence
from energy.district_heating.routing.branches import (
    Branches,
    Prices,
    Stems,
    best_part,
    branches,
    cheapest_part,
    linear_cost,
)
from energy.district_heating.routing.contraction import contract
from energy.district_heating.routing.milp import solve
from energy.district_heating.routing.prize import Choice, Market, first_guess, heuristic
from energy.district_heating.routing.steiner import rooted
from energy.district_heating.routing.streets import StreetGraph
from energy.district_heating.routing.wishes import Wishes
from energy.tree import Tree

__all__ = ["Case", "cheapest_price", "chosen", "grown", "market_of", "settled"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SMALL = 100  # nodes where streets or buildings meet: so many can be solved to the end
_SEARCHES = 3
_GAP = 1e-4


@dataclass(frozen=True)
class Case:
    """What every step needs."""

    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    graph: StreetGraph
    wishes: Wishes
    prices: Prices
    catalogue: Catalogue
    water: Water
    forced: Flags
    open: Flags


def cheapest_price(case: Case, market: Market, stems: Stems) -> float:
    """Return the lowest price found at which a first part breaks even [SEK/kWh].

    Where nothing pays, the best network at that price is sought, which may break even at a lower one still.
    """

    def least(tree: Stems) -> float:
        return cheapest_part(tree, case.catalogue, case.water, case.prices)[0]

    best = least(stems)
    if case.wishes.connect != "all" and case.open.any():
        best = min(best, least(grown(case, first_guess(market.forcing(case.open)))[0]))
    for _ in range(_SEARCHES if np.isfinite(best) and not stems.heat_kwh.sum() > 0 else 0):
        dearer = replace(case, prices=replace(case.prices, heat_sek_kwh=best))
        found = least(grown(dearer, chosen(dearer, *market_of(dearer)))[0])
        if not found < best * (1 - 1e-6):
            break
        best = found
    return best


def market_of(case: Case) -> tuple[Market, float]:
    """Return the choice with costs as lines, and what the forced buildings are worth beyond that."""
    g, b, p = case.graph, case.buildings, case.prices
    heat, peak = b["heat_kwh"].to_numpy(float), b["peak_kw"].to_numpy(float)
    together = float(coincidence(case.open.sum())) * peak
    lines = linear_cost(case.catalogue, case.water, p, float(together[case.open].sum()))
    plants = np.flatnonzero(g.plant >= 0)
    a = np.concatenate([g.a, np.full(len(plants), len(g.xy))])
    to = np.concatenate([g.b, g.plant[plants]])
    length = np.concatenate([g.length_m, g.plant_m[plants]])
    setting = np.concatenate([_setting(case, g.street), np.full(len(plants), case.wishes.setting)])
    level, slope = (np.array([lines[s][k] for s in setting]) for k in (0, 1))
    # a service line carries one peak in full
    t, c = lines[case.wishes.setting]
    with np.errstate(invalid="ignore"):
        service = g.service_m * (t + c * peak[:, None])
    margin = heat * (p.heat_sek_kwh - p.production_sek_kwh) - p.substation_share * p.substations_sek(peak)
    feet = np.where(case.open[:, None], g.foot, -1)
    worth = np.where(feet >= 0, margin[:, None] - np.where(feet >= 0, service, 0.0), 0.0)
    market = Market(len(g.xy) + 1, len(g.xy), a, to, level * length, slope * length, feet, worth, together)
    if not case.forced.any():
        return market, 0.0
    forcing = market.forcing(case.forced)
    return forcing, float((forcing.worth_sek - market.worth_sek)[case.forced, 0].sum())


def _setting(case: Case, street: Whole) -> npt.NDArray[np.object_]:
    """Return the setting of edges by their street."""
    if "setting" not in case.streets:
        return np.full(len(street), case.wishes.setting, object)
    given = case.streets["setting"].to_numpy(object)
    return np.where(street >= 0, given[np.maximum(street, 0)], case.wishes.setting)


def chosen(case: Case, market: Market, bonus: float) -> Choice:
    """Return the best tree found on the contracted streets; proved where it is small and there is time for it."""
    less, part = contract(market)
    found = heuristic(less, seed=case.wishes.seed)
    corners = len(np.unique(np.concatenate([less.a, less.b])))
    if case.wishes.seconds > 0 and corners <= _SMALL:
        # the gap is one of what is earned, not of what forcing adds to it
        gap = _GAP * abs(found.value_sek - bonus) / max(found.value_sek, 1e-9)
        found = solve(less, case.wishes.seconds, gap, found)
    return replace(found, edges=np.flatnonzero(np.isin(part, found.edges)))


def grown(case: Case, choice: Choice) -> tuple[Stems, pd.DataFrame]:
    """Return the chosen tree, its root first, with the buildings at the end of their service lines."""
    g, streets = case.graph, len(case.graph.a)
    plants = np.flatnonzero(g.plant >= 0)
    a = np.concatenate([g.a, np.full(len(plants), len(g.xy))])
    b = np.concatenate([g.b, g.plant[plants]])
    order, parent, edge = rooted(len(g.xy) + 1, a, b, choice.edges, len(g.xy))
    number = np.full(len(g.xy) + 1, -1)
    number[order] = np.arange(len(order))
    laid = edge[order[1:]]
    lines = np.concatenate([g.line, g.plant_line[plants]])[laid]
    lines = np.where(a[laid] == parent[order[1:]], lines, shapely.reverse(lines))
    who = np.flatnonzero(choice.foot >= 0)
    foot = g.foot[who, choice.foot[who]], g.service_m[who, choice.foot[who]], g.service_line[who, choice.foot[who]]
    street = np.concatenate([g.street, np.full(len(plants), -1)])
    about = pd.DataFrame(
        {
            "parent": np.concatenate([[-1], number[parent[order[1:]]], number[foot[0]]]),
            "kind": ["root", *np.where(laid < streets, "street", "plant"), *["service"] * len(who)],
            "street": np.concatenate([[-1], street[laid], np.full(len(who), -1)]),
            "building": np.concatenate([np.full(len(order), -1), who]),
            "length_m": np.concatenate([[0.0], np.concatenate([g.length_m, g.plant_m[plants]])[laid], foot[1]]),
            "line": np.concatenate([[None], lines, shapely.reverse(foot[2])]),
        }
    )
    return _stems(case, about), about


def _stems(case: Case, about: pd.DataFrame) -> Stems:
    who = about["building"].to_numpy()
    is_building = who >= 0
    heat, peak = (np.where(is_building, case.buildings[c].to_numpy(float)[who], 0.0) for c in ("heat_kwh", "peak_kw"))
    setting = _setting(case, about["street"].to_numpy())
    tree = Tree.of(about["parent"].to_numpy())
    return Stems(tree, about["length_m"].to_numpy(float), setting, heat, peak, is_building)


def settled(case: Case, stems: Stems, about: pd.DataFrame) -> tuple[Stems, pd.DataFrame, Branches]:
    """Size and cost the tree, and leave out what does not pay at its real cost, until everything does."""
    while True:
        found = branches(stems, case.catalogue, case.water, case.prices)
        who = about["building"].to_numpy()
        forced = stems.building & case.forced[who]
        keep = best_part(stems, found, case.prices, case.prices.heat_sek_kwh, forced)
        if keep.all():
            return stems, about, found
        new = np.cumsum(keep) - 1
        parent = about["parent"].to_numpy()
        about = about.assign(parent=np.where(parent >= 0, new[parent], -1))[keep].reset_index(drop=True)
        stems = _stems(case, about)
