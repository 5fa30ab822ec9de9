"""What all zones of a year share: streets in pieces with their year, homes beside them, hours of charging."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from energy.electrification import plug_in
from energy.mobility.demand.street_graph import Attached, StreetGraph, attach, street_graph
from energy.mobility.demand.zones import residents
from energy.mobility_plans.street_pieces import emitted, in_pieces, metres_near, with_levers_in_traffic
from energy.plan import adopted
from energy.results import Results
from twin.errors import TwinError

__all__ = ["ZoneCity", "zone_city"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ZoneCity:
    """A simulated year's streets, ready for zones.

    Attributes
    ----------
    year : int
    roads : DataFrame (streets)
        As they stand in the year, their levers at rest.
    graph : StreetGraph
    pieces : DataFrame (edges)
        The streets, cut.
    emitted : DataFrame (edges)
        Their year, as :func:`energy.mobility_plans.street_pieces.emitted` tells it.
    people : array (buildings,)
        Inhabitants.
    homes : array (homes,) of int
        Rows of the buildings that have some.
    near_m : sparse array (homes, edges)
        How much of each piece lies near each home [m].
    attached : Attached
        Buildings on the streets that cars drive.
    charging : array (places, 8760)
        Hours of charging, by kind of place [kW per kWh a year].
    """

    year: int
    roads: pd.DataFrame
    graph: StreetGraph
    pieces: pd.DataFrame
    emitted: pd.DataFrame
    people: Floats
    homes: npt.NDArray[np.int64]
    near_m: sparse.csr_array
    attached: Attached
    charging: Floats


def zone_city(results: Results, year: int) -> ZoneCity:
    """Prepare a simulated year.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.

    Raises
    ------
    TwinError
        When the city has no streets, or the year was not simulated.
    """
    city, f, weather = results.city, results.factors.at(year), results.stock.weather
    results.at("roads", year)
    streets, buildings = city.get("roads"), city["buildings"]
    if not len(streets):
        raise TwinError("the city has no streets; add [layers.roads] to city.toml")
    roads = with_levers_in_traffic(adopted(results.stock.roads_in(f), "roads", results.adoption, year, f), f)
    graph = street_graph(streets, f)
    pieces = in_pieces(roads, graph)
    people = residents(buildings, city.get("areas"))
    homes = np.flatnonzero(people > 0)
    shapes = buildings.geometry.to_numpy()
    temp_air_c = None if weather is None else weather["temp_air_c"].to_numpy(float)
    return ZoneCity(
        year,
        roads,
        graph,
        pieces,
        emitted(pieces, f, year),
        people,
        homes,
        metres_near(shapes[homes], graph.line, f["zone.near_m"]),
        attach(graph, shapes, buildings["building_id"].astype(str), f["travel.leg_m"], ("drive",)),
        plug_in.shapes(f, temp_air_c).uncontrolled,
    )
