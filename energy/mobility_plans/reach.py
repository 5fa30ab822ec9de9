"""What people reach without a car, house by house and area by area, and who gains and loses when streets change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.access import access, compare, stop_access
from energy.mobility.demand.street_graph import attach, street_graph
from energy.mobility.demand.zones import residents
from twin.city import City
from twin.errors import TwinError, did_you_mean

__all__ = ["REACHED", "Reach", "compared", "reach"]

Floats = npt.NDArray[np.float64]
REACHED = (
    "jobs_walk", "schools_walk", "shops_walk", "jobs_cycle", "schools_cycle", "shops_cycle",
    "stops_near", "departures_near_per_h",
)  # fmt: skip


@dataclass(frozen=True)
class Reach:
    """What is reached within some minutes.

    Attributes
    ----------
    minutes : float
    buildings : DataFrame
        building_id, area_id, people, and ``REACHED``; blank where a building lies beyond reach of the streets, and in the
        last two where the city has no stops.
    areas : DataFrame
        area_id (blank: the city), population, and means of the inhabitants.
    cut_off : list of str
        Buildings that are joined to no street, or to streets that do not hang together with the others.
    closed : tuple of str
        Streets that are closed to all.
    """

    minutes: float
    buildings: pd.DataFrame
    areas: pd.DataFrame
    cut_off: list[str]
    closed: tuple[str, ...]


def reach(city: City, f: Mapping[str, float], *, minutes: float | None = None, closed: Iterable[str] = ()) -> Reach:
    """Find what every building reaches on foot and by cycle, and the stops within a walk.

    Parameters
    ----------
    city : City
    f : mapping
        The year's factors.
    minutes : float, optional
        Instead of ``travel.minutes``.
    closed : iterable of str
        road_id of streets closed to those who walk and cycle too.

    Returns
    -------
    Reach

    Raises
    ------
    TwinError
        When the city has no streets, a street is not known, or the minutes are not above 0.
    """
    roads, buildings = city.get("roads"), city["buildings"]
    if not len(roads):
        raise TwinError("the city has no streets; add [layers.roads] to city.toml")
    limit = f["travel.minutes"] if minutes is None else float(minutes)
    graph, shut = street_graph(roads, f), tuple(closed)
    at = attach(graph, buildings.geometry.to_numpy(), buildings["building_id"].astype(str), f["travel.leg_m"])
    if shut:
        graph = graph.closed(shut)
    found = access(graph, buildings, f, limit_min=limit, attached=at)
    table = found.table
    stops = city.get("transit_stops")
    if len(stops):
        table = table.merge(stop_access(graph, buildings, stops, f, at).table, on="building_id", how="left")
    people = residents(buildings, city.get("areas"))
    table = table.reindex(columns=["building_id", *REACHED])
    table.insert(1, "area_id", buildings["area_id"].astype(object).to_numpy())
    table.insert(2, "people", people)
    return Reach(limit, table, _means(table), found.cut_off, shut)


def compared(before: Reach, after: Reach, what: str) -> pd.DataFrame:
    """Tell by area who gains and who loses.

    Parameters
    ----------
    before, after : Reach
        Of the same buildings, within the same minutes.
    what : str
        One of ``REACHED``.

    Returns
    -------
    DataFrame
        area_id (blank: the city, first), population, before, after, change, gain_share, lose_share.

    Raises
    ------
    TwinError
        When the two are of other buildings or minutes, or the figure is not known.
    """
    if what not in REACHED:
        raise TwinError(f"there is no figure {what!r} of what is reached{did_you_mean(what, REACHED)}")
    if before.minutes != after.minutes:
        raise TwinError(f"{before.minutes:g} and {after.minutes:g} minutes can not be compared; give the same time")
    if not np.array_equal(before.buildings["building_id"], after.buildings["building_id"]):
        raise TwinError("the two are of other buildings; compare the same city")
    one, two = (r.buildings[what].to_numpy(float) for r in (before, after))
    people = after.buildings["people"].to_numpy(float)
    whole = compare(one, two, people, pd.Series([""] * len(people), dtype=object))
    return pd.concat([whole, compare(one, two, people, after.buildings["area_id"])], ignore_index=True)


def _means(table: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of the inhabitants by area, the city first; what is not reached counts as nothing."""
    told = table[list(REACHED)]
    known = [c for c in REACHED if told[c].notna().any()]  # without stops their figures stay blank
    weighted = told[known].fillna(0.0).mul(table["people"], axis=0).assign(population=table["people"])
    sums = pd.concat([weighted.sum().to_frame("").T, weighted.groupby(table["area_id"]).sum()])
    sums = sums[sums["population"] > 0]
    means = sums[known].div(sums["population"], axis=0).assign(population=sums["population"])
    return means.rename_axis("area_id").reset_index().reindex(columns=["area_id", "population", *REACHED])
