"""Where fossil traffic goes that an emission-free zone keeps out: the shortest way around it on the street graph.

Counts say how much passes a street, not from where to where. Through traffic is taken to run between the zone's gates,
the nodes where streets inside and outside meet, in proportion to what is kept out at both; it is scaled so that its
shortest ways through the zone are as many vehicle kilometres as leave the zone's streets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from energy.mobility.traffic import electric_shares
from twin.errors import TwinError

__all__ = ["Rerouting", "end_nodes", "rerouted"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
_SHARES = ("van_share", "heavy_vehicle_share", "bus_share")


@dataclass(frozen=True)
class Rerouting:
    """Traffic after a zone.

    Attributes
    ----------
    roads : DataFrame (n rows)
        The streets with new `aadt`, shares of vehicles, `car_ev_share` and `van_ev_share`.
    removed_km_per_day, added_km_per_day : float
        Vehicle kilometres that left the zone, and that were added around it.
    """

    roads: pd.DataFrame
    removed_km_per_day: float
    added_km_per_day: float

    @property
    def detour_factor(self) -> float:
        """Added per removed vehicle kilometres; NaN where nothing could drive around."""
        return self.added_km_per_day / self.removed_km_per_day if self.removed_km_per_day > 0 else float("nan")


def end_nodes(lines: Any, tolerance_m: float = 0.1) -> Whole:
    """Return the nodes at both ends of lines; ends within the same square of `tolerance_m` are one node.

    Parameters
    ----------
    lines : array (n,) of lines
        Cut where they meet; a line that only crosses another has no node there.
    tolerance_m : float
        [m]

    Returns
    -------
    array (n, 2) of int

    Examples
    --------
    >>> from shapely import LineString
    >>> end_nodes([LineString([(0, 0), (5, 0)]), LineString([(5, 0), (5, 9)])]).tolist()
    [[0, 1], [1, 2]]
    """
    shapes = np.asarray(lines, object)
    xy, row = shapely.get_coordinates(shapes, return_index=True)
    first = np.searchsorted(row, np.arange(len(shapes)))
    last = np.searchsorted(row, np.arange(len(shapes)), side="right") - 1
    ends = np.round(np.concatenate([xy[first], xy[last]]) / tolerance_m).astype(np.int64)
    _, node = np.unique(ends, axis=0, return_inverse=True)
    return node.ravel().reshape(2, -1).T.astype(np.intp)


def rerouted(roads: pd.DataFrame, inside: Flags, nodes: Whole, *, rerouting_share: float) -> Rerouting:
    """Return the streets' traffic when only electric cars and vans may enter the streets inside.

    Of the fossil cars and vans inside, `rerouting_share` drives around; the rest is replaced by electric ones. Where
    there is no way around, what should have taken it stays in the zone. Streets without motor traffic carry none.

    Parameters
    ----------
    roads : DataFrame (n rows)
        Streets as :meth:`energy.stock.Stock.roads_in` fills them.
    inside : array (n,) of bool
        Streets of the zone.
    nodes : array (n, 2) of int
        Both ends of each street, counted from 0.
    rerouting_share : float
        0 to 1.

    Raises
    ------
    TwinError
        When the arrays do not fit the streets, or the share is none.
    """
    if len(inside) != len(roads) or nodes.shape != (len(roads), 2):
        raise TwinError(
            f"a zone needs one mark and two nodes a street: {len(roads)} streets, not {len(inside)} and {len(nodes)}"
        )
    if not 0 <= rerouting_share <= 1:
        raise TwinError(f"rerouting_share = {rerouting_share:g} is no share; give 0 to 1")
    aadt = roads["aadt"].to_numpy(float)
    count = {n: aadt * roads[n].to_numpy(float) for n in _SHARES}
    count["car_share"] = aadt - sum(count.values(), np.zeros(len(roads)))
    power = electric_shares(roads)
    light = {"car": count["car_share"], "van": count["van_share"]}
    electric = {c: light[c] * power[c] for c in light}
    fossil = {c: np.where(inside, light[c] - electric[c], 0.0) for c in light}
    leaving = {c: rerouting_share * fossil[c] for c in light}
    km = roads["length_m"].to_numpy(float) / 1000
    removed = {c: float(km @ leaving[c]) for c in light}
    flow = _around(inside, nodes, km, _hours(roads, km), leaving["car"] + leaving["van"], aadt > 0)
    total = sum(removed.values())
    moves = bool(flow.any())
    electric = {c: n + fossil[c] - leaving[c] for c, n in electric.items()}
    if moves:
        light = {c: n - leaving[c] + flow * removed[c] / total for c, n in light.items()}
    count |= {"car_share": light["car"], "van_share": light["van"]}
    now = sum(count.values(), np.zeros(len(roads)))
    changed = {n: _part(count[n], now, roads[n].to_numpy(float)) for n in _SHARES}
    changed |= {f"{c}_ev_share": _part(electric[c], light[c], np.where(inside, 1.0, power[c])) for c in light}
    return Rerouting(roads.assign(aadt=now, **changed), total if moves else 0.0, float(km @ flow))


def _part(of: Floats, total: Floats, otherwise: Floats) -> Floats:
    return np.clip(np.divide(of, total, out=otherwise.copy(), where=total > 0), 0, 1)


def _hours(roads: pd.DataFrame, km: Floats) -> Floats:
    return np.asarray(km / roads["posted_speed_kmh"].to_numpy(float))


def _around(inside: Flags, nodes: Whole, km: Floats, hours: Floats, leaving: Floats, motor: Flags) -> Floats:
    """Return the vehicles a day added to each street; none where no gates are joined both ways."""
    zone, rest = inside & motor, ~inside & motor
    gates = np.intersect1d(nodes[zone], nodes[rest])
    flow = np.zeros(len(km))
    if len(gates) < 2 or not leaving.any():
        return flow
    n = int(nodes.max()) + 1
    weight = (np.bincount(nodes[:, 0], leaving, n) + np.bincount(nodes[:, 1], leaving, n))[gates]
    through, round_it = _Ways.of(nodes, hours, zone, gates, n), _Ways.of(nodes, hours, rest, gates, n)
    trips = np.triu(np.outer(weight, weight), 1) * through.joined(gates) * round_it.joined(gates)
    through_km = float(km @ through.loaded(gates, trips, len(km)))
    if through_km <= 0:
        return flow
    return round_it.loaded(gates, trips * float(km @ leaving) / through_km, len(km))


@dataclass(frozen=True)
class _Ways:
    """Shortest ways from every gate on one part of the streets."""

    before: Whole
    hours: Floats
    key: npt.NDArray[np.int64]
    street: Whole
    nodes: int

    @classmethod
    def of(cls, nodes: Whole, hours: Floats, part: Flags, gates: Whole, n: int) -> _Ways:
        at = np.flatnonzero(part & (nodes[:, 0] != nodes[:, 1]))
        at = at[np.argsort(hours[at], kind="stable")]  # of parallel streets the fastest comes first
        a, b = nodes[at].min(axis=1), nodes[at].max(axis=1)
        key, first = np.unique(a.astype(np.int64) * n + b, return_index=True)
        weight = np.maximum(hours[at[first]], 1e-9)  # a zero would be no street at all
        graph = csr_array((weight, (a[first], b[first])), shape=(n, n))
        far, before = dijkstra(graph, directed=False, indices=gates, return_predecessors=True)
        return cls(before.astype(np.intp), far, key, at[first], n)

    def joined(self, gates: Whole) -> Flags:
        return np.isfinite(self.hours[:, gates])

    def loaded(self, gates: Whole, trips: Floats, streets: int) -> Floats:
        """Return the vehicles on each street when all trips take their shortest way."""
        flow = np.zeros(streets)
        for k in range(len(gates)):
            to = np.flatnonzero(trips[k] > 0)
            at, amount = gates[to], trips[k][to]
            while len(at):
                last = self.before[k][at]
                on = np.searchsorted(
                    self.key, np.minimum(at, last).astype(np.int64) * self.nodes + np.maximum(at, last)
                )
                np.add.at(flow, self.street[on], amount)
                left = last != gates[k]
                at, amount = last[left], amount[left]
        return flow
