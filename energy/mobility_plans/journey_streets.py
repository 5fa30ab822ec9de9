"""Car trips on the city's streets: the network that is driven, and a day's traffic as a peak and a calm period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.assignment.equilibrium import Equilibrium, equilibrium
from energy.mobility.assignment.network import Network
from energy.mobility.assignment.road_capacity import Case, road_capacity
from energy.mobility.demand.counts import hourly_shares
from energy.mobility.demand.street_graph import StreetGraph
from twin import reference

__all__ = ["Day", "Driven", "assigned_day", "driven", "periods"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
GAP = 1e-4


@dataclass(frozen=True)
class Driven:
    """The streets as cars drive them.

    Attributes
    ----------
    network : Network
        Links of one direction; zones that are cut off from the streets have no place in it.
    road : array (links,)
        Row of the street of each link.
    part : array (links,)
        Part of its street's length that a link covers [1].
    zone : array (zones,)
        Which of the city's zones each zone of the network is.
    roads : int
        How many streets there are.
    """

    network: Network
    road: Whole
    part: Floats
    zone: Whole
    roads: int

    @property
    def each_way(self) -> Floats:
        """Part of its street's traffic that a link carries: half of it where the street is open both ways [1]."""
        both = np.bincount(self.road, self.part, minlength=self.roads)
        out: Floats = 1 / np.maximum(both[self.road], 1.0)
        return out

    def on_roads(self, flow: Floats) -> Floats:
        """Return the traffic of both directions of each street, the mean along it; 0 where no link is."""
        return np.bincount(self.road, flow * self.part, minlength=self.roads).astype(np.float64)

    def in_peak(self, day: Day, rest: Floats, f: Mapping[str, float]) -> tuple[Floats, Floats]:
        """Return how full each street is in an hour of the peak where it is fullest, and how fast cars drive along it.

        Parameters
        ----------
        day : Day
        rest : array (links,)
            As :func:`assigned_day` was given it [1/d].
        f : mapping
            See :func:`periods`.

        Returns
        -------
        (array (roads,), array (roads,))
            Flow over capacity [1], and the speed [km/h]; NaN where cars do not drive.
        """
        flow = day.peak.flow_vph + rest * periods(f)[1][0]
        load = np.full(self.roads, -np.inf)
        np.maximum.at(load, self.road, flow / self.network.capacity_vph)
        time = np.bincount(self.road, day.peak.time_h, minlength=self.roads)
        km = np.bincount(self.road, self.network.length_km, minlength=self.roads)
        speed = np.divide(km, time, out=np.full(self.roads, np.nan), where=time > 0)
        return np.where(np.isfinite(load), load, np.nan), speed


@dataclass(frozen=True)
class Day:
    """An average day of car traffic.

    Attributes
    ----------
    flow : array (links,)
        Cars that were assigned [1/d].
    peak, calm : Equilibrium
        Of an hour of each period.
    car_km, car_h : array (zones, zones)
        What a car trip is long, and how long it takes in the peak, along the streets [km], [h].
    """

    flow: Floats
    peak: Equilibrium
    calm: Equilibrium
    car_km: Floats
    car_h: Floats


def driven(graph: StreetGraph, roads: gpd.GeoDataFrame, node: Whole, case: Case = "low") -> Driven:
    """Make the network that is driven.

    Parameters
    ----------
    graph : StreetGraph
    roads : GeoDataFrame (n rows)
        The streets of the graph: road_class, lanes (both directions; the class's where blank), perhaps oneway.
    node : array (zones,)
        Node of each zone, -1 where it is cut off.
    case : str
        Which capacity of a class; the low one is that of streets with signals.

    Returns
    -------
    Driven
    """
    links = graph.links("drive")
    edge = links["edge"].to_numpy(np.int64)
    road = graph.road[edge]
    usual = reference.table("road_classes").set_index("road_class")["lanes"]
    kind = roads["road_class"].astype(object)
    both = roads["lanes"].astype(float) if "lanes" in roads else pd.Series(np.nan, index=roads.index)
    lanes = both.fillna(kind.map(usual).astype(float)).to_numpy(float)
    two_way = graph.forward[edge] & graph.backward[edge]
    width = np.maximum(lanes[road] / np.where(two_way, 2, 1), 0.5)
    limit = road_capacity(kind.to_numpy()[road], width, case)
    zone = np.flatnonzero(node >= 0)
    network = Network.of(
        links["start"], links["end"], links["minutes"] / 60, limit.capacity_vph, limit.b, limit.power,
        links["length_m"] / 1000, zones=node[zone], nodes=len(graph.xy), names=links["road_id"].tolist(),
    )  # fmt: skip
    length = links["length_m"].to_numpy(float)
    open_edges = np.unique(edge)
    total = np.bincount(graph.road[open_edges], graph.length_m[open_edges], minlength=len(roads))
    return Driven(network, road, length / np.where(total[road] > 0, total[road], 1.0), zone, len(roads))


def periods(f: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Return hours a day of the peak and the calm period, and the share of the day's traffic that an hour of each has.

    Parameters
    ----------
    f : mapping
        ``travel.peak_hours``.

    Examples
    --------
    >>> hours, share = periods({"travel.peak_hours": 4.0})
    >>> hours.tolist(), share.round(4).tolist(), round(float(hours @ share), 9)
    ([4.0, 20.0], [0.0731, 0.0354], 1.0)
    """
    busy = np.sort(hourly_shares())[::-1]
    n = int(np.clip(round(f["travel.peak_hours"]), 1, 23))
    return np.array([n, 24.0 - n]), np.array([busy[:n].mean(), busy[n:].mean()])


def assigned_day(net: Driven, trips: Floats, f: Mapping[str, float], rest: Floats | None = None) -> Day:
    """Assign a day's car trips.

    Parameters
    ----------
    net : Driven
    trips : array (zones, zones)
        Cars from row to column, of the network's zones [1/d].
    f : mapping
        See :func:`periods`.
    rest : array (links,), optional
        Traffic that is on the links besides and stays there [1/d].

    Returns
    -------
    Day
    """
    hours, share = periods(f)
    peak, calm = (
        equilibrium(net.network, trips * s, gap=GAP, fixed_flow_vph=None if rest is None else rest * s, threads=1)
        for s in share
    )
    skims = peak.skims
    return Day(hours[0] * peak.flow_vph + hours[1] * calm.flow_vph, peak, calm, skims.distance_km, skims.time_h)
