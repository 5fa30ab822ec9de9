"""Streets cut where they meet, so that traffic finds its way, with what they emit and who lives beside them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy import sparse

from energy.mobility.demand.street_graph import StreetGraph
from energy.mobility.exhaust import street_emissions
from energy.mobility.fleet import Fleet
from energy.mobility.streets import Profile
from energy.mobility.traffic import CLASSES, LEVERS, class_km, electric_shares, traffic

__all__ = ["charged_by_class", "emitted", "in_pieces", "metres_near", "with_levers_in_traffic"]

Floats = npt.NDArray[np.float64]
_SHARES = {"van": "van_share", "lorry": "heavy_vehicle_share", "bus": "bus_share"}
_STEP_M = 10.0  # a street is looked at in steps of this length


def with_levers_in_traffic(roads: pd.DataFrame, f: Mapping[str, float]) -> pd.DataFrame:
    """Return the streets with the traffic that the levers on distance leave, and the levers at rest.

    Parameters
    ----------
    roads : DataFrame (n rows)
        As they stand in the year.
    f : mapping
        The year's factors.
    """
    km = class_km(roads, f)
    total = sum(km.values(), np.zeros(len(roads)))
    per_vehicle = 365 * roads["length_m"].to_numpy(float) / 1000 * f["mobility.traffic_scale"]
    aadt = np.divide(total, per_vehicle, out=np.zeros(len(roads)), where=per_vehicle > 0)
    shares = {
        n: np.divide(km[c], total, out=roads[n].to_numpy(float).copy(), where=total > 0) for c, n in _SHARES.items()
    }
    return roads.assign(aadt=aadt, **shares, **LEVERS)


def in_pieces(roads: pd.DataFrame, graph: StreetGraph) -> pd.DataFrame:
    """Return a row for each edge of the graph; the lengths of a street's pieces sum to its own."""
    row = graph.road
    whole = np.bincount(row, graph.length_m, len(roads))[row]
    own = roads["length_m"].to_numpy(float)[row]
    return roads.iloc[row].reset_index(drop=True).assign(length_m=own * graph.length_m / whole)


def emitted(roads: pd.DataFrame, f: Mapping[str, float], year: int) -> pd.DataFrame:
    """Return the year of streets whose levers rest: distance, both accounts, and what harms the air.

    Parameters
    ----------
    roads : DataFrame (n rows)
        Streets or pieces of them.
    f : mapping
        The year's factors.
    year : int
        Of the fleet.

    Returns
    -------
    DataFrame (n rows)
        Those of :func:`energy.mobility.traffic.traffic`, and nox_kg, pm10_kg (exhaust and wear).
    """
    found = traffic(roads, f)
    some = np.flatnonzero((roads["length_m"].to_numpy(float) > 0) & (roads["aadt"].to_numpy(float) > 0))
    own = roads.iloc[some]
    links = own[["road_id", "length_m", *_SHARES.values()]].assign(
        aadt=own["aadt"].to_numpy(float) * f["mobility.traffic_scale"],
        speed_kmh=own["posted_speed_kmh"].to_numpy(float) * f["mobility.speed_of_limit"],
        slope=own["slope"].astype(float).fillna(0.0) if "slope" in own else 0.0,
        **{f"{c}_ev_share": share for c, share in electric_shares(own).items()},
    )
    air = np.zeros((2, len(roads)))
    if len(links):
        told = street_emissions(links.reset_index(drop=True), Profile.of(np.full((1, 24), 1 / 24)), Fleet.of(year), f)
        air[0, some] = told["nox_kg"]
        air[1, some] = told[[c for c in told if str(c).startswith("pm10_")]].sum(axis=1)
    return found.assign(nox_kg=air[0], pm10_kg=air[1])


def charged_by_class(roads: pd.DataFrame, f: Mapping[str, float]) -> dict[str, float]:
    """Return the electricity of each class of vehicle on all streets in the year [kWh]."""
    power = electric_shares(roads)
    rest = {f"{c}_ev_share": 0.0 for c in CLASSES}
    return {
        c: float(traffic(roads.assign(**{**rest, f"{c}_ev_share": power[c]}), f)["traffic_electricity_kwh"].sum())
        for c in CLASSES
    }


def metres_near(places: npt.NDArray[np.object_], lines: npt.NDArray[np.object_], near_m: float) -> sparse.csr_array:
    """Return how much of each line lies near each place.

    Parameters
    ----------
    places : array (n,) of any geometry
    lines : array (m,) of lines
    near_m : float
        [m]

    Returns
    -------
    sparse array (n, m)
        [m], in steps of about ten metres.

    Examples
    --------
    >>> street = np.array([shapely.LineString([(0, 0), (200, 0)])])
    >>> metres_near(np.array([shapely.Point(100, 30)]), street, 50.0).toarray().tolist()
    [[80.0]]
    """
    length = shapely.length(lines)
    steps = np.maximum(np.ceil(length / _STEP_M), 1).astype(int)
    of = np.repeat(np.arange(len(lines)), steps)
    at = np.arange(len(of)) - np.repeat(np.cumsum(steps) - steps, steps)
    points = shapely.line_interpolate_point(lines[of], (at + 0.5) * (length / steps)[of])
    place, point = shapely.STRtree(points).query(places, predicate="dwithin", distance=near_m)
    return sparse.coo_array((
        (length / steps)[of[point]], (place, of[point])), shape=(len(places), len(lines))
    ).tocsr()  # fmt: skip
