"""Public transport: what every line drives, uses and emits in a year, how often it comes, and who lives near its stops.

The buses of the lines are also part of the streets' traffic: the two are never added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from energy.mobility.access import reachable
from energy.mobility.demand.street_graph import attach, street_graph
from energy.mobility.demand.zones import opportunities, residents
from energy.mobility.transit import line_emissions
from energy.results import Results
from twin.errors import TwinError

__all__ = ["Lines", "lines"]

_SUMS = (
    "vehicle_km", "fuel_kwh", "transit_electricity_kwh", "co2e_territorial_kg", "co2e_lifecycle_kg", "co2e_marginal_kg",
)  # fmt: skip


@dataclass(frozen=True)
class Lines:
    """A year of public transport.

    Attributes
    ----------
    year : int
    bus_ev_share : float
        Share of the buses' distance that is electric.
    lines : DataFrame
        line_id, name, mode, departures (of a weekday), headway_min, speed_kmh, vehicle_km, fuel_kwh,
        transit_electricity_kwh, co2e_territorial_kg, co2e_lifecycle_kg, co2e_marginal_kg, and the same with _usual: with the
        year's own share of electric buses.
    stops : DataFrame
        stop_id, name, modes, departures, headway_min, people and jobs within a walk, people_per_departure; blank without
        streets, and where a stop is joined to none.
    unknown : list of str
        Lines whose use of energy is not known; they are in no sum.
    """

    year: int
    bus_ev_share: float
    lines: pd.DataFrame
    stops: pd.DataFrame
    unknown: list[str]

    @property
    def figures(self) -> dict[str, Any]:
        """The sums of the lines whose use of energy is known, and how much the share of electric buses changes."""
        known = self.lines[self.lines["co2e_lifecycle_kg"].notna()]
        told = {name: float(known[name].sum()) for name in _SUMS}
        change = {f"{n}_change": told[n] - float(known[f"{n}_usual"].sum()) for n in _SUMS[1:]}
        return {
            "year": self.year,
            "bus_ev_share": self.bus_ev_share,
            "lines": len(self.lines),
            "stops": len(self.stops),
            **told,
            **change,
            "lines_unknown": len(self.unknown),
        }


def lines(results: Results, year: int, bus_ev_share: float | None = None) -> Lines:
    """Tell a year of the city's lines and stops.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    bus_ev_share : float, optional
        Share of electric buses; the year's own without.

    Raises
    ------
    TwinError
        When the city has no lines, or the share is none.
    """
    city, f = results.city, dict(results.factors.at(year))
    results.at("buildings", year)
    table = city.get("transit_lines")
    if not len(table):
        raise TwinError('the city has no lines; add [layers.transit_lines] with use = "gtfs_lines" to city.toml')
    own = f["fleet.bus_ev_share"]
    share = own if bus_ev_share is None else float(bus_ev_share)
    if not 0 <= share <= 1:
        raise TwinError(f"bus_ev_share = {share:g} is no share; give 0 to 1")
    told = ["line_id", "name", "mode", "departures", "headway_min", "speed_kmh"]
    usual = line_emissions(table, f)
    now = line_emissions(table, f | {"fleet.bus_ev_share": share})
    found = table[told].copy().assign(**{c: now[c] for c in _SUMS}, **{f"{c}_usual": usual[c] for c in _SUMS[1:]})
    blank = found["co2e_lifecycle_kg"].isna()
    unknown = found.loc[blank, "line_id"].astype(str).tolist()
    return Lines(year, share, found.reset_index(drop=True), _stops(results, f), unknown)


def _stops(results: Results, f: dict[str, float]) -> pd.DataFrame:
    """Return the stops with those who live and work within a walk along the streets."""
    city = results.city
    stops, roads, buildings = city.get("transit_stops"), city.get("roads"), city["buildings"]
    table = stops.reindex(columns=["stop_id", "name", "modes", "departures", "headway_min"]).reset_index(drop=True)
    near = np.full((len(stops), 2), np.nan)
    if len(stops) and len(roads):
        graph = street_graph(roads, f)
        at = attach(graph, stops.geometry.to_numpy(), stops["stop_id"].astype(str), f["travel.leg_m"])
        there = attach(graph, buildings.geometry.to_numpy(), buildings["building_id"].astype(str), f["travel.leg_m"])
        jobs = opportunities(buildings)["jobs"].to_numpy(float)
        weight = np.column_stack([residents(buildings, city.get("areas")), jobs])
        minutes = 0.06 * f["travel.catchment_m"] / f["travel.walk_kmh"]
        near = reachable(graph, at, there, weight, "walk", minutes)
    departures = table["departures"].to_numpy(float)
    load = np.divide(near[:, 0], departures, out=np.full(len(table), np.nan), where=departures > 0)
    return table.assign(people=near[:, 0], jobs=near[:, 1], people_per_departure=load)
