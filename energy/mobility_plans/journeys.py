"""Journeys from door to street: who travels where, by what, on which streets, and what a charge or faster transit changes.

The inhabitants' own trips are modelled. Through traffic, visitors, vans, lorries and buses are not: where a street's traffic is
known, what the model does not explain stays on it, whatever is wished, and slows cars down. How much of the traffic the model
explains is part of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.demand.counts import Scaled, scale_to_counts
from energy.mobility.demand.gravity import Trips
from energy.mobility.demand.mode_choice import MODES, incremental_logit, observed_shares, utility_change
from energy.mobility.demand.street_graph import street_graph
from energy.mobility.demand.zones import Zones, make_zones, skim, trips_between
from energy.mobility_plans.journey_streets import Day, Driven, assigned_day, driven
from energy.results import Results
from twin.city import City
from twin.errors import TwinError, did_you_mean
from twin.factors import Factors

__all__ = ["Journeys", "Wish", "fill_traffic", "journeys"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_CAR, _TRANSIT = MODES.index("car"), MODES.index("transit")
_DAYS = 365.0
_GOOD_GEH = 5.0


@dataclass(frozen=True)
class Wish:
    """What the planner changes for those who travel.

    Attributes
    ----------
    charge_sek : float
        What a car trip pays that crosses the border of `charge_areas` [SEK].
    charge_areas : tuple of str
        Areas of any level; without, every car trip that leaves its zone pays.
    fuel_price_change : float
        0.5 for half as much again [1].
    transit_min : float
        Change of a trip's time by public transport, below zero for faster [min].
    parking_sek : float
        What every car trip pays more for parking [SEK].
    """

    charge_sek: float = 0.0
    charge_areas: tuple[str, ...] = ()
    fuel_price_change: float = 0.0
    transit_min: float = 0.0
    parking_sek: float = 0.0

    def __post_init__(self) -> None:
        for name, least, most in (
            ("charge_sek", 0, 1000), ("fuel_price_change", -1, 10), ("transit_min", -120, 120), ("parking_sek", -1000, 1000),
        ):  # fmt: skip
            value = getattr(self, name)
            if not least <= value <= most:
                raise TwinError(f"{name} = {value:g} is out of range; give {least} to {most}")


@dataclass(frozen=True)
class Journeys:
    """The journeys of an average day, today and with what is wished.

    Attributes
    ----------
    zones : GeoDataFrame
        One row a zone: zone_id, name, population, jobs, trips [1/d], then by mode ``<mode>_share`` and
        ``<mode>_share_wish`` of the trips that start there, car_km and car_km_wish [km/d] of its cars, unassigned [1/d].
    roads : DataFrame
        One row a street, aligned with the city's: road_id, aadt (of the year), modelled, modelled_wish, scaled [1/d],
        load, load_wish (flow over capacity in the peak, all traffic) [1], speed_kmh, speed_wish_kmh (peak) [km/h].
    counters : DataFrame
        One row a counted street: see ``counts.Scaled``.
    factor : Series
        By class of street, what the modelled flow is scaled by to fit the counters.
    unassigned : DataFrame
        zone_id, why, trips: what takes to no street [1/d].
    beta : float
        Of the gravity model [1/min].
    mean_km : float
        Mean length of a trip [km].
    notes : tuple of str
        What was scaled, left out, or not modelled.
    figures : dict
        What is told first, among it `explained_share`: the part of the known vehicle-km that the model explains.
    """

    zones: gpd.GeoDataFrame
    roads: pd.DataFrame
    counters: pd.DataFrame
    factor: pd.Series
    unassigned: pd.DataFrame
    beta: float
    mean_km: float
    notes: tuple[str, ...]
    figures: dict[str, Any]


@dataclass(frozen=True)
class _Model:
    """The day of today; `rest` is what links carry besides the cars that are modelled."""

    zones: Zones
    net: Driven
    trips: Trips
    km: Floats
    known: Flags
    rest: Floats
    day: Day
    modelled: Floats
    scaled: Scaled | None
    notes: tuple[str, ...]

    def cars(self, share: Floats, f: Mapping[str, float]) -> Floats:
        """Return cars between the network's zones, as many back as there [1/d]."""
        return _cars(self.trips.trips, share, self.net, f)


def journeys(results: Results, year: int, wish: Wish | None = None) -> Journeys:
    """Return the journeys of a year, and what a wish changes in them.

    Parameters
    ----------
    results : Results
        For the city's zones and streets, and the year's traffic.
    year : int
        A simulated year.
    wish : Wish, optional
        Nothing changes without.

    Returns
    -------
    Journeys

    Raises
    ------
    TwinError
        When the year was not simulated, an area is not known, or no zone reaches another.
    """
    wish, city, f = wish or Wish(), results.city, results.factors.at(year)
    roads = city["roads"]
    metres = roads.geometry.length.to_numpy(float)
    driven_km = results.at("roads", year)["vehicle_km"].to_numpy(float)
    traffic = np.divide(driven_km, _DAYS * metres / 1000, out=np.zeros(len(roads)), where=metres > 0)
    model = _model(city, f, traffic)
    before = np.broadcast_to(observed_shares(), (*model.km.shape, len(MODES)))
    after, now, then = before, model.day, model.day
    if wish != Wish():
        after = incremental_logit(before, _change(model, wish, city, f))
        then = assigned_day(model.net, model.cars(after[..., _CAR], f), f, model.rest)
    zones = _zone_table(model, before, after, (now, then), f)
    streets = _street_table(roads, model, traffic, (now, then), f)
    return Journeys(
        zones, streets, _counters(model), pd.Series(dtype=float) if model.scaled is None else model.scaled.factor,
        _unassigned(model, before[..., _CAR], f), model.trips.beta, model.trips.mean_length,
        model.notes, _figures(model, zones, streets, metres, (now, then)),
    )  # fmt: skip


def fill_traffic(city: City, factors: Factors | None = None) -> City:
    """Return the city with modelled traffic on the streets whose traffic is that of their class.

    Only streets that the modelled trips take are filled: inside a zone trips are not seen, so a street without any is not
    one without traffic.

    Parameters
    ----------
    city : City
    factors : Factors, optional

    Returns
    -------
    City
        ``aadt_source`` of filled streets is ``model``, their ``aadt_cv`` the factor ``uncertainty.unknown_aadt_cv``.
    """
    f = (factors or Factors.read()).at(city.base_year)
    roads = city.get("roads")
    model = _model(city, f, roads["aadt"].fillna(0.0).to_numpy(float))
    flow = model.modelled if model.scaled is None else model.scaled.flow
    fill = (roads["aadt_source"].astype(object) == "class").to_numpy() & (flow > 0)
    return city.with_table(
        "roads",
        roads.assign(
            aadt=roads["aadt"].mask(fill, flow),
            aadt_cv=roads["aadt_cv"].mask(fill, f["uncertainty.unknown_aadt_cv"]),
            aadt_source=roads["aadt_source"].mask(fill, "model"),
        ),
    )


def _model(city: City, f: Mapping[str, float], traffic: Floats) -> _Model:
    """Return the day of today: zones, trips, and cars on streets that carry what is known of the year's traffic [1/d].

    Cars are assigned twice: alone, to see what they do not explain, and then together with that.
    """
    for table in ("areas", "buildings", "roads"):
        if not len(city.get(table)):
            raise TwinError(f"journeys need {table}, and the city has none; add [layers.{table}] to city.toml")
    roads = city["roads"]
    graph = street_graph(roads, f)
    zones = make_zones(city["areas"], city["buildings"], graph, f)
    if (zones.table["node"] < 0).all():
        raise TwinError("no zone reaches the streets; check that roads and areas lie in the same place")
    _, km = skim(zones, graph, f)
    trips = trips_between(zones, graph, f)
    net = driven(graph, roads, zones.table["node"].to_numpy(np.int64))
    cars = _cars(trips.trips, np.full(km.shape, observed_shares()[_CAR]), net, f)
    known = (roads["aadt_source"].astype(object) != "class").to_numpy() & roads["aadt"].notna().to_numpy()
    alone = net.on_roads(assigned_day(net, cars, f).flow)
    rest = np.maximum(np.where(known, traffic, 0.0) - alone, 0.0)[net.road] * net.each_way
    day = assigned_day(net, cars, f, rest)
    modelled = net.on_roads(day.flow)
    scaled, told = _scaled(modelled, roads)
    about = f"of trips of {f['travel.trip_km']:g} km on the mean, those within the city are {trips.mean_length:.2f} km"
    notes = (*graph.notes, *zones.notes, about, *told, _NOT_MODELLED)
    return _Model(zones, net, trips, km, known, rest, day, modelled, scaled, notes)


_NOT_MODELLED = (
    "through traffic, visitors, vans, lorries and buses are not modelled: what a street carries of them stays as it is"
)


def _scaled(modelled: Floats, roads: gpd.GeoDataFrame) -> tuple[Scaled | None, tuple[str, ...]]:
    """Return the flows scaled to the streets that are counted, unless there are none."""
    row = np.flatnonzero((roads["aadt_source"].astype(object) == "count").to_numpy() & (roads["aadt"] > 0).to_numpy())
    if not len(row):
        return None, ("no street is counted (aadt_source count), so that the modelled flow is not scaled",)
    counters = pd.DataFrame(
        {"counter": roads["road_id"].to_numpy(object)[row], "link": row, "counted": roads["aadt"].to_numpy(float)[row]}
    )
    found = scale_to_counts(modelled, roads["road_class"].to_numpy(object), counters)
    good = int((found.counters["geh_after"] < _GOOD_GEH).sum())
    return found, (f"{good} of {len(row)} counters have a GEH below {_GOOD_GEH:g} after scaling by class of street",)


def _cars(trips: Floats, share: Floats, net: Driven, f: Mapping[str, float]) -> Floats:
    """Return cars between the network's zones: everyone drives back the way that he came [1/d]."""
    there = (trips * share)[np.ix_(net.zone, net.zone)] / f["mode_shift.car_occupancy"]
    return (there + there.T) / 2


def _change(model: _Model, wish: Wish, city: City, f: Mapping[str, float]) -> Floats:
    """Return the change of utility of every mode on every way."""
    shape = (*model.km.shape, len(MODES))
    minutes, sek = np.zeros(shape), np.zeros(shape)
    minutes[..., _TRANSIT] = wish.transit_min
    km = np.where(np.isfinite(model.km), model.km, 0.0)
    pays = _pays(model.zones.table["zone_id"].to_numpy(object), wish.charge_areas, city["areas"])
    sek[..., _CAR] = wish.charge_sek * pays + wish.parking_sek + wish.fuel_price_change * f["travel.fuel_sek_km"] * km
    return utility_change(minutes, sek, f)


def _pays(zone: npt.NDArray[np.object_], charged: tuple[str, ...], areas: pd.DataFrame) -> Flags:
    """Return which ways cross the border of the charged areas."""
    if not charged:
        return ~np.eye(len(zone), dtype=bool)
    known = set(areas["area_id"].astype(str))
    if missing := [a for a in charged if a not in known]:
        raise TwinError(f"no area {missing[0]!r}{did_you_mean(missing[0], list(known))}")
    parent = dict(zip(areas["area_id"].astype(str), areas["parent_id"].astype(object), strict=True))

    def inside(area: object) -> bool:
        while isinstance(area, str):
            if area in charged:
                return True
            area = parent.get(area)
        return False

    within = np.array([inside(z) for z in zone])
    out: Flags = within[:, None] != within
    return out


def _zone_table(
    model: _Model, before: Floats, after: Floats, days: tuple[Day, Day], f: Mapping[str, float]
) -> gpd.GeoDataFrame:
    """Return trips, shares and car-km of every zone."""
    made = model.trips.trips.sum(axis=1)
    table = model.zones.table
    columns: dict[str, Any] = {c: table[c] for c in ("zone_id", "name", "population", "jobs")} | {"trips": made}
    for end, shares in (("", before), ("_wish", after)):
        of = np.einsum("ij,ijm->im", model.trips.trips, shares)
        share = np.divide(of, made[:, None], out=np.full(of.shape, np.nan), where=made[:, None] > 0)
        columns |= {f"{mode}_share{end}": share[:, m] for m, mode in enumerate(MODES)}
    for end, shares, day in (("", before, days[0]), ("_wish", after, days[1])):
        km, pick = model.km.copy(), np.ix_(model.net.zone, model.net.zone)
        km[pick] = np.where(day.car_km > 0, day.car_km, km[pick])
        km = np.where(np.isfinite(km), km, 0.0)
        cars = model.trips.trips * shares[..., _CAR] / f["mode_shift.car_occupancy"]
        columns[f"car_km{end}"] = (cars * km).sum(axis=1)
    lost = _unassigned(model, before[..., _CAR], f).groupby("zone_id")["trips"].sum()
    columns["unassigned"] = lost.reindex(table["zone_id"]).fillna(0.0).to_numpy()
    return gpd.GeoDataFrame(columns, geometry=table.geometry, crs=table.crs)


def _street_table(
    roads: gpd.GeoDataFrame, model: _Model, traffic: Floats, days: tuple[Day, Day], f: Mapping[str, float]
) -> pd.DataFrame:
    """Return flows, loads and speeds of every street."""
    net, out = model.net, {"road_id": roads["road_id"].to_numpy(object), "aadt": traffic}
    for end, day in zip(("", "_wish"), days, strict=True):
        out[f"modelled{end}"] = net.on_roads(day.flow)
    out["scaled"] = model.modelled if model.scaled is None else model.scaled.flow
    for end, day in zip(("", "_wish"), days, strict=True):
        load, speed = net.in_peak(day, model.rest, f)
        out |= {f"load{end}": load, f"speed{end}_kmh": speed}
    return pd.DataFrame(out, index=roads.index)


def _counters(model: _Model) -> pd.DataFrame:
    columns = ["counter", "counted", "modelled", "scaled", "geh_before", "geh_after"]
    return pd.DataFrame(columns=columns) if model.scaled is None else model.scaled.counters


def _unassigned(model: _Model, share: Floats, f: Mapping[str, float]) -> pd.DataFrame:
    """Return trips that take to no street: of zones that are cut off, and cars that stay within their zone or node."""
    table = model.zones.table
    cut = table["zone_id"].isin(model.zones.cut_off).to_numpy()
    node = table["node"].to_numpy(np.int64)
    stays = (node[:, None] == node) & ~cut[:, None] & ~cut
    rows = [
        pd.DataFrame({"zone_id": table["zone_id"], "why": why, "trips": trips})
        for why, trips in (
            ("cut_off", np.where(cut, table["population"].to_numpy(float) * f["travel.trips_per_inhabitant"], 0.0)),
            ("within_zone", (model.trips.trips * share * stays).sum(axis=1)),
        )
    ]
    both = pd.concat(rows, ignore_index=True)
    return both[both["trips"] > 0].reset_index(drop=True)


def _figures(
    model: _Model, zones: gpd.GeoDataFrame, streets: pd.DataFrame, metres: Floats, days: tuple[Day, Day]
) -> dict[str, Any]:
    """Return what is told first."""
    trips = zones["trips"].to_numpy(float)
    measured = float((streets["aadt"] * metres)[model.known].sum()) / 1000
    explained = float((streets["modelled"] * metres)[model.known].sum()) / 1000
    counters = _counters(model)
    now, then = (float(trips @ np.nan_to_num(zones[f"car_share{e}"].to_numpy(float))) for e in ("", "_wish"))
    slow, slower = (float((streets[f"load{e}"].to_numpy(float) > 1).sum()) for e in ("", "_wish"))
    return {
        "trips": float(trips.sum()),
        "mean_km": model.trips.mean_length,
        **{
            f"{mode}_share{e}": float(trips @ np.nan_to_num(zones[f"{mode}_share{e}"].to_numpy(float)) / trips.sum())
            for e in ("", "_wish")
            for mode in MODES
        },
        "car_trips_change": then / now - 1,
        "car_km": float(zones["car_km"].sum()),
        "car_km_wish": float(zones["car_km_wish"].sum()),
        "measured_km": measured,
        "explained_share": explained / measured if measured > 0 else float("nan"),
        "counters": len(counters),
        "counters_geh_below_5": int((counters["geh_after"] < _GOOD_GEH).sum()) if len(counters) else 0,
        "streets_over_capacity": int(slow),
        "streets_over_capacity_wish": int(slower),
        "zones_cut_off": len(model.zones.cut_off),
        "gap": max(e.gap for d in days for e in (d.peak, d.calm)),
    }
