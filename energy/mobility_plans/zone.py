"""An emission-free zone: what drives around it, what it emits and charges, whose air and ways it changes.

The zone is drawn on the streets as they stand in a year of a scenario, so that its effect is told beside all else that
the scenario does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.access import compare, reachable
from energy.mobility.demand.street_graph import Attached, StreetGraph
from energy.mobility.demand.zones import opportunities
from energy.mobility.traffic import CLASSES, electric_shares
from energy.mobility.uncertainty import Quantity, common_cvs, draws, link_cv
from energy.mobility.zone import rerouted
from energy.mobility_plans.street_pieces import emitted
from energy.mobility_plans.zone_charging import ZoneCharging, zone_charging
from energy.mobility_plans.zone_city import ZoneCity, zone_city
from energy.results import Results
from energy.scenario import Scenario, Step, boundary, inside
from twin.errors import TwinError, did_you_mean

__all__ = ["FIGURES", "ZoneStudy", "ZoneWish", "zone_study"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FIGURES: dict[str, Quantity] = {
    "vehicle_km": "vehicle_km",
    "co2e_territorial_kg": "co2",
    "co2e_lifecycle_kg": "co2",
    "co2e_marginal_kg": "co2",
    "nox_kg": "nox",
    "pm10_kg": "wear",
}
"""Sums of the city and the kind of uncertainty that they have."""

_DRAWS, _SEED = 1000, 1
_PLACES = ("jobs", "schools", "shops")
_LIGHT = ("car", "van")
_HANGS_TOGETHER = 0.9  # of the length of the streets for cars
_YEARS = (1990, 2100)
_NOISE = 1e-9
_NAME = "Utsläppsfri zon"


@dataclass(frozen=True)
class ZoneWish:
    """What the planner draws and decides.

    Attributes
    ----------
    within : str
        The boundary as WKT polygon in the city's coordinates; streets with their middle inside are the zone's.
    vehicles : tuple of str
        Classes that must be electric inside.
    rerouting_share : float, optional
        Share of the fossil traffic that drives around instead of being replaced; the factor ``zone.rerouting_share``
        without.
    closed : bool
        Close the streets inside to cars, all of which drive around.
    start : int, optional
        First year of the zone; the year that is studied without.
    minutes : float, optional
        Time that people drive [min]; the factor ``travel.minutes`` without.
    """

    within: str
    vehicles: tuple[str, ...] = ("car", "van", "lorry")
    rerouting_share: float | None = None
    closed: bool = False
    start: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        problems = [f"no vehicle {v!r}{did_you_mean(v, CLASSES)}" for v in self.vehicles if v not in CLASSES]
        if not self.vehicles and not self.closed:
            problems.append("name a vehicle that must be electric inside, or close the streets to cars")
        if self.rerouting_share is not None and not 0 <= self.rerouting_share <= 1:
            problems.append(f"rerouting_share = {self.rerouting_share:g} is no share; give 0 to 1")
        if self.minutes is not None and not 0 < self.minutes <= 240:
            problems.append(f"{self.minutes:g} minutes are not possible; give a number above 0, at most 240")
        if self.start is not None and not _YEARS[0] <= self.start <= _YEARS[1]:
            problems.append(f"the year {self.start} is not possible; give one from {_YEARS[0]} to {_YEARS[1]}")
        if problems:
            raise TwinError("the zone: " + "; ".join(problems))


@dataclass(frozen=True)
class ZoneStudy:
    """What a zone does in a year.

    Attributes
    ----------
    year : int
    wish : ZoneWish
    streets : GeoDataFrame
        Of every street: road_id, inside, aadt_before, aadt_after and each of ``FIGURES`` with _before, _after.
    sums : DataFrame
        figure, unit, before, after, change, inside_change (on the zone's streets), and the lower and upper ends (10th and
        90th percentile) of before, after and change, drawn together: what is uncertain in both counts once.
    removed_km_per_day, added_km_per_day, detour_factor : float
        Vehicle kilometres that leave the zone and come around it.
    charging : ZoneCharging
        Of the electric kilometres that come.
    air : DataFrame
        area_id, population, before, after, change, worse_share, better_share: nitrogen oxides from streets near the homes
        [kg/year], mean of the inhabitants; the city first with a blank area_id.
    access : DataFrame
        kind (jobs, schools, shops), and area_id, population, before, after, change, gain_share, lose_share: what is reached
        by car within the minutes, by those who may not drive in the zone; they leave the car at its edge. On foot and by
        cycle nothing changes.
    scenario : Scenario
        The scenario with the zone as first steps.
    notes : tuple of str
        Codes of what the reader should know: ``no_way_around``, ``not_begun``, ``streets_apart``, ``no_streets``.
    """

    year: int
    wish: ZoneWish
    streets: gpd.GeoDataFrame
    sums: pd.DataFrame
    removed_km_per_day: float
    added_km_per_day: float
    detour_factor: float
    charging: ZoneCharging
    air: pd.DataFrame
    access: pd.DataFrame
    scenario: Scenario
    notes: tuple[str, ...]

    @property
    def figures(self) -> dict[str, Any]:
        """The result in a few numbers."""
        told = self.sums.set_index("figure")["change"]
        city = self.air.iloc[0]
        inside = self.streets["inside"].to_numpy(bool)
        return {
            "year": self.year,
            "streets": int(inside.sum()),
            "removed_km_per_day": self.removed_km_per_day,
            "added_km_per_day": self.added_km_per_day,
            "detour_factor": self.detour_factor,
            **{f"{name}_change": float(v) for name, v in told.items()},
            "charging_kwh": self.charging.total_kwh,
            "charging_peak_kw": self.charging.peak_kw,
            "nox_near_homes_change": float(city["change"] / city["before"]) if city["before"] > 0 else float("nan"),
            "notes": list(self.notes),
        }


def zone_study(results: Results, year: int, wish: ZoneWish, prepared: ZoneCity | None = None) -> ZoneStudy:
    """Study a zone in a simulated year.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    wish : ZoneWish
    prepared : ZoneCity, optional
        The year by :func:`energy.mobility_plans.zone_city.zone_city`, when several zones are studied.

    Returns
    -------
    ZoneStudy

    Raises
    ------
    TwinError
        When the city has no streets, the boundary is none, or holds no street with motor traffic.
    """
    boundary(wish.within)
    city, f = results.city, results.factors.at(year)
    of = zone_city(results, year) if prepared is None else prepared
    of_zone = inside(city["roads"], wish.within)
    if not (of_zone & (of.roads["aadt"].to_numpy(float) > 0)).any():
        raise TwinError("no street with motor traffic has its middle inside the zone; draw it larger")
    share = f["zone.rerouting_share"] if wish.rerouting_share is None else wish.rerouting_share
    begun = wish.start is None or year >= wish.start
    in_zone = of_zone[of.graph.road] & begun
    moved = rerouted(
        of.pieces, in_zone, np.column_stack([of.graph.a, of.graph.b]).astype(np.intp), rerouting_share=share,
        vehicles=wish.vehicles, closed_to=("car",) if wish.closed else (),
        longest_detour=None if wish.closed else f["zone.longest_detour"],
    )  # fmt: skip
    after = emitted(moved.roads, f, year)
    streets = _streets(city["roads"], of.graph, of_zone, (of.emitted, of.pieces), (after, moved.roads))
    whole = float(of.graph.components("drive")["length_share"].max())
    stays = moved.removed_km_per_day == 0 and (share > 0 or wish.closed)
    notes = {"not_begun": not begun, "no_way_around": begun and stays, "streets_apart": whole < _HANGS_TOGETHER}
    return ZoneStudy(
        year,
        wish,
        streets,
        _sums(streets, of.roads, f),
        moved.removed_km_per_day,
        moved.added_km_per_day,
        moved.detour_factor,
        zone_charging(results, of, wish.within, moved.roads),
        _air(city["buildings"], of, after),
        _by_car(city["buildings"], of, in_zone, wish, f),
        _scenario(results.scenario, wish, year, share, _mean_inside(of.roads, of_zone)),
        tuple(n for n, true in notes.items() if true),
    )


def _streets(
    roads: gpd.GeoDataFrame,
    graph: StreetGraph,
    of_zone: Flags,
    before: tuple[pd.DataFrame, pd.DataFrame],
    after: tuple[pd.DataFrame, pd.DataFrame],
) -> gpd.GeoDataFrame:
    """Return streets before and after, from their pieces."""
    table = gpd.GeoDataFrame({"road_id": roads["road_id"].to_numpy(), "inside": of_zone}, geometry=roads.geometry.to_numpy(), crs=roads.crs)  # fmt: skip

    def of_street(values: pd.Series) -> Floats:
        return np.asarray(np.bincount(graph.road, values.to_numpy(float), len(roads)), float)

    length = of_street(before[1]["length_m"])
    for word, (year, pieces) in (("before", before), ("after", after)):
        driven = of_street(pieces["aadt"] * pieces["length_m"])
        table[f"aadt_{word}"] = np.divide(driven, length, out=np.zeros(len(roads)), where=length > 0)
        for name in FIGURES:
            table[f"{name}_{word}"] = of_street(year[name])
    for name in ("aadt", *FIGURES):  # the noise of summation is no change
        one, two = (table[f"{name}_{word}"].to_numpy(float) for word in ("before", "after"))
        table[f"{name}_after"] = np.where(np.isclose(one, two, rtol=_NOISE, atol=0), one, two)
    return table


def _sums(streets: gpd.GeoDataFrame, roads: pd.DataFrame, f: Mapping[str, float]) -> pd.DataFrame:
    """Return the city's sums with ranges; a street's own error is the same before and after, and in every figure."""
    own = link_cv(roads, f)
    rows = []
    for name, kind in FIGURES.items():
        both = streets[[f"{name}_before", f"{name}_after"]].to_numpy(float).T
        found = draws(np.ones(len(roads)), own, common_cvs(kind, f), both, number=_DRAWS, seed=_SEED)
        found = np.column_stack([found, found[:, 1] - found[:, 0]])
        low, high = np.percentile(found, [10, 90], axis=0)
        before, after = both.sum(axis=1)
        zone = streets["inside"].to_numpy(bool)
        row = {"figure": name, "unit": "km" if name == "vehicle_km" else "kg"}
        row |= {"before": before, "after": after, "change": after - before, "inside_change": (both[1] - both[0])[zone].sum()}  # fmt: skip
        for k, part in enumerate(("before", "after", "change")):
            row |= {f"{part}_low": low[k], f"{part}_high": high[k]}
        rows.append(row)
    return pd.DataFrame(rows)


def _air(buildings: gpd.GeoDataFrame, of: ZoneCity, after: pd.DataFrame) -> pd.DataFrame:
    """Return nitrogen oxides from streets near homes: a proxy, without wind and walls."""
    per_m = [e["nox_kg"].to_numpy(float) / of.graph.length_m for e in (of.emitted, after)]
    one, two = (np.asarray(of.near_m @ v) for v in per_m)
    found = _by_area(one, two, of.people[of.homes], buildings["area_id"].iloc[of.homes])
    return found.rename(columns={"gain_share": "worse_share", "lose_share": "better_share"})


def _by_area(before: Floats, after: Floats, people: Floats, area_id: pd.Series) -> pd.DataFrame:
    """Return who gains and loses, the city first."""
    whole = compare(before, after, people, pd.Series([""] * len(people), dtype=object))
    return pd.concat([whole, compare(before, after, people, area_id)], ignore_index=True)


def _by_car(
    buildings: gpd.GeoDataFrame, of: ZoneCity, in_zone: Flags, wish: ZoneWish, f: Mapping[str, float]
) -> pd.DataFrame:
    """Return what those who may not drive in the zone reach by car: inside it they walk."""
    drive = of.graph.speed_kmh["drive"]
    slow = np.where(in_zone & (drive > 0), np.minimum(drive, f["travel.walk_kmh"]), drive)
    closed = replace(of.graph, speed_kmh={**of.graph.speed_kmh, "drive": slow})
    minutes = f["travel.minutes"] if wish.minutes is None else wish.minutes
    weight = opportunities(buildings)[list(_PLACES)].to_numpy(float)
    some = np.flatnonzero(weight.any(axis=1))
    homes, places = _some(of.attached, of.homes), _some(of.attached, some)
    one, two = (reachable(g, homes, places, weight[some], "drive", minutes) for g in (of.graph, closed))
    people, area = of.people[of.homes], buildings["area_id"].iloc[of.homes]
    parts = [_by_area(one[:, k], two[:, k], people, area).assign(kind=kind) for k, kind in enumerate(_PLACES)]
    found = pd.concat(parts, ignore_index=True)
    return found[["kind", *found.columns.drop("kind")]]


def _some(at: Attached, rows: npt.NDArray[np.int64]) -> Attached:
    return Attached(at.ids[rows], at.edge[rows], at.along_m[rows], at.leg_m[rows])


def _mean_inside(roads: pd.DataFrame, of_zone: Flags) -> dict[str, float]:
    """Return the electric share of each class on the zone's streets."""
    electric = electric_shares(roads)
    km = roads["aadt"].to_numpy(float) * roads["length_m"].to_numpy(float) * of_zone
    return {c: float(np.average(electric[c], weights=km)) for c in CLASSES}


def _scenario(before: Scenario, wish: ZoneWish, year: int, share: float, electric: Mapping[str, float]) -> Scenario:
    """Return the scenario with the zone as its first steps, since the first step has a street's columns."""
    start = year if wish.start is None else wish.start
    common: dict[str, Any] = {"within": wish.within, "start": start, "end": start}
    steps = []
    rest = [v for v in wish.vehicles if not (wish.closed and v == "car")]
    if set(_LIGHT) <= set(rest):
        steps.append(Step(measure="emission_free_zone", params={"rerouting_share": share}, **common))
        rest = [v for v in rest if v not in _LIGHT]
    measures = {
        "car": "electrify_cars",
        "van": "electrify_vans",
        "lorry": "electrify_lorries",
        "bus": "electrify_buses",
    }
    for v in rest:
        target = 1.0 if v == "bus" else 1 - (1 - electric[v]) * share
        steps.append(Step(measure=measures[v], params={"ev_share": round(target, 6)}, **common))
    if wish.closed:
        steps.append(Step(measure="reduce_car_traffic", params={"reduction": 1.0}, **common))
    name = _NAME if before.name == Scenario.baseline().name else f"{before.name}, {_NAME.lower()}"
    return before.model_copy(update={"name": name, "step": (*steps, *before.step)})
