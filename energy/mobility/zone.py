"""Where fossil traffic goes that an emission-free zone keeps out: the shortest way around it on the street graph.

Counts say how much passes a street, not from where to where. Through traffic is taken to run between the zone's gates,
the nodes where streets inside and outside meet, in proportion to what is kept out at both; it is scaled so that its
shortest ways through the zone are as many vehicle kilometres as leave the zone's streets. Nobody drives around for longer
than a detour that people accept; what would have to stays in the zone, where it is, and emits as before.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from energy.mobility.traffic import CLASSES, electric_shares
from twin.errors import TwinError, did_you_mean

__all__ = ["Rerouting", "end_nodes", "rerouted"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
_SHARES = {"van": "van_share", "lorry": "heavy_vehicle_share", "bus": "bus_share"}


@dataclass(frozen=True)
class Rerouting:
    """Traffic after a zone.

    Attributes
    ----------
    roads : DataFrame (n rows)
        The streets with new `aadt`, shares of vehicles, and the electric share of every class.
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


def rerouted(
    roads: pd.DataFrame,
    inside: Flags,
    nodes: Whole,
    *,
    rerouting_share: float,
    vehicles: Collection[str] = ("car", "van"),
    closed_to: Collection[str] = (),
    longest_detour: float | None = None,
) -> Rerouting:
    """Return the streets' traffic when some vehicles may enter the streets inside only on electricity, or not at all.

    Of the fossil vehicles inside, `rerouting_share` drives around; the rest is replaced by electric ones. Buses keep to
    their lines: all are replaced. Vehicles that the streets are closed to drive around, fossil and electric ones. Where
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
    vehicles, closed_to : collection of str
        Of ``car``, ``van``, ``lorry`` and ``bus``: those that must be electric, and those that may not enter.
    longest_detour : float, optional
        The longest time around that is accepted, per time through the zone [1]; without it, any.

    Raises
    ------
    TwinError
        When the arrays do not fit the streets, the share is none, or a vehicle is not known.
    """
    _refuse(roads, inside, nodes, rerouting_share, {*vehicles, *closed_to})
    aadt = roads["aadt"].to_numpy(float)
    count = {c: aadt * roads[n].to_numpy(float) for c, n in _SHARES.items()}
    count = {"car": aadt - sum(count.values(), np.zeros(len(roads))), **count}
    power = electric_shares(roads)
    driven = {(c, "electric"): count[c] * power[c] for c in CLASSES}
    driven |= {(c, "fuel"): count[c] - driven[c, "electric"] for c in CLASSES}
    leaving = {
        k: np.where(inside, n, 0.0) * _leaves(*k, rerouting_share, vehicles, closed_to) for k, n in driven.items()
    }
    km = roads["length_m"].to_numpy(float) / 1000
    removed = {k: float(km @ n) for k, n in leaving.items()}
    total = sum(removed.values())
    out = sum(leaving.values(), np.zeros(len(roads)))
    flow, moved = _around(inside, nodes, km, _hours(roads, km), out, aadt > 0, longest_detour)
    leaving = {k: n * moved for k, n in leaving.items()}
    for c in vehicles:
        replaced = np.where(inside, driven[c, "fuel"], 0.0) * (
            1 - _leaves(c, "fuel", rerouting_share, vehicles, closed_to)
        )
        driven[c, "electric"] = driven[c, "electric"] + replaced
        driven[c, "fuel"] = driven[c, "fuel"] - replaced
    if moved:
        driven = {k: n - leaving[k] + flow * removed[k] / total for k, n in driven.items()}
    count = {c: driven[c, "electric"] + driven[c, "fuel"] for c in CLASSES}
    now = sum(count.values(), np.zeros(len(roads)))
    changed = {n: _part(count[c], now, roads[n].to_numpy(float)) for c, n in _SHARES.items()}
    must = inside & np.array([[c in vehicles] for c in CLASSES])
    changed |= {
        f"{c}_ev_share": _part(driven[c, "electric"], count[c], np.where(must[k], 1.0, power[c]))
        for k, c in enumerate(CLASSES)
    }
    return Rerouting(roads.assign(aadt=now, **changed), total * moved, float(km @ flow))


def _leaves(vehicle: str, drive: str, share: float, vehicles: Collection[str], closed_to: Collection[str]) -> float:
    """Return the share of vehicles inside that drives around the zone."""
    if vehicle in closed_to:
        return 1.0
    return share if drive == "fuel" and vehicle in vehicles and vehicle != "bus" else 0.0


def _refuse(roads: pd.DataFrame, inside: Flags, nodes: Whole, share: float, vehicles: set[str]) -> None:
    if len(inside) != len(roads) or nodes.shape != (len(roads), 2):
        raise TwinError(
            f"a zone needs one mark and two nodes a street: {len(roads)} streets, not {len(inside)} and {len(nodes)}"
        )
    if not 0 <= share <= 1:
        raise TwinError(f"rerouting_share = {share:g} is no share; give 0 to 1")
    if unknown := sorted(vehicles - set(CLASSES)):
        raise TwinError(f"a zone knows no vehicle {unknown[0]!r}{did_you_mean(unknown[0], CLASSES)}")


def _part(of: Floats, total: Floats, otherwise: Floats) -> Floats:
    return np.clip(np.divide(of, total, out=otherwise.copy(), where=total > 0), 0, 1)


def _hours(roads: pd.DataFrame, km: Floats) -> Floats:
    return np.asarray(km / roads["posted_speed_kmh"].to_numpy(float))


def _around(
    inside: Flags, nodes: Whole, km: Floats, hours: Floats, leaving: Floats, motor: Flags, longest: float | None
) -> tuple[Floats, float]:
    """Return the vehicles a day added to each street, and what part of the leaving traffic they are.

    None where no gates are joined both ways within the longest detour.
    """
    zone, rest = inside & motor, ~inside & motor
    gates = np.intersect1d(nodes[zone], nodes[rest])
    flow = np.zeros(len(km))
    if len(gates) < 2 or not leaving.any():
        return flow, 0.0
    n = int(nodes.max()) + 1
    weight = (np.bincount(nodes[:, 0], leaving, n) + np.bincount(nodes[:, 1], leaving, n))[gates]
    through, round_it = _Ways.of(nodes, hours, zone, gates, n), _Ways.of(nodes, hours, rest, gates, n)
    trips = np.triu(np.outer(weight, weight), 1) * through.joined(gates) * round_it.joined(gates)
    accepted = trips
    if longest is not None:
        accepted = trips * (round_it.hours[:, gates] <= longest * through.hours[:, gates])
    through_km, accepted_km = (float(km @ through.loaded(gates, t, len(km))) for t in (trips, accepted))
    if accepted_km <= 0:
        return flow, 0.0
    moved = accepted_km / through_km
    return round_it.loaded(gates, accepted * float(km @ leaving) / through_km, len(km)), moved


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
