"""Public transport from a GTFS feed: stops with departures, and lines with the distance that is driven.

Both tables are of a typical weekday: the day from Monday to Friday with the most trips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layers.context import Context
from layers.gtfs_feed import Feed, known_days, read_feed
from twin import reference
from twin.crs import WGS84, transform
from twin.errors import TwinError
from twin.registry import layer

__all__ = ["gtfs_lines", "gtfs_stops"]

Floats = npt.NDArray[np.float64]

_LONGEST_DAYS = 1500
_MODES = {0: "tram", 1: "metro", 2: "rail", 3: "bus", 4: "ferry", 11: "bus"}
_EXTENDED = {
    1: "rail",
    2: "bus",
    4: "metro",
    5: "metro",
    7: "bus",
    8: "bus",
    9: "tram",
    10: "ferry",
    12: "ferry",
}  # by hundreds


@dataclass(frozen=True)
class _Timetable:
    """A typical weekday of a feed.

    Attributes
    ----------
    trips : DataFrame
        trip_id, route_id, mode, runs (of the typical weekday), runs_year (a mean year of the feed), length_m, seconds, and
        the columns of the feed.
    runs : DataFrame
        One row a run of the typical weekday: trip_id, start_s.
    calls : DataFrame
        trip_id, stop_id, stop_sequence, offset_s (from the trip's start), boards: where one may get on.
    """

    trips: pd.DataFrame
    runs: pd.DataFrame
    calls: pd.DataFrame


@layer("gtfs", title="Hållplatser", table="transit_stops", source="GTFS", provides={"stop_id": "", "departures": "1/d"})
def gtfs_stops(context: Context, *, path: str) -> gpd.GeoDataFrame:
    """Read stops with the departures of a typical weekday.

    Parameters
    ----------
    context : Context
    path : str
        The feed's zip archive, or one of its text files beside the others.

    Returns
    -------
    GeoDataFrame
        One point a stop, in WGS 84. The last stop of a trip, and one where no one may get on, is no departure.

    Raises
    ------
    TwinError
        When the feed can not be read; a :class:`~twin.errors.SchemaError` lists all that is wrong in it.
    """
    feed = read_feed(context, path)
    day = _timetable(feed, context)
    stops = feed["stops"]
    if "location_type" in stops:
        kind = stops["location_type"].fillna("0")
        if (left := int((kind != "0").sum())) > 0:
            context.note(f"{left} stations, entrances and other places that are no stops were left out")
        stops = stops[kind == "0"]
    calls = (
        day.calls[day.calls["boards"]]
        .merge(day.runs, on="trip_id")
        .merge(day.trips[["trip_id", "route", "mode"]], on="trip_id")
    )
    hour = (calls["start_s"] + calls["offset_s"]).to_numpy() / 3600
    if late := int((hour >= 24).sum()):
        context.note(f"{late} departures after midnight belong to the day before, and count as night")
    ids = stops["stop_id"].to_numpy(object)
    at = pd.Index(ids).get_indexer(calls["stop_id"])
    table = stops.reindex(columns=["stop_id", "stop_name"]).rename(columns={"stop_name": "name"})
    for column, source in (("modes", "mode"), ("routes", "route")):
        table[column] = calls.groupby("stop_id")[source].agg(lambda s: "|".join(sorted(set(s)))).reindex(ids).to_numpy()
    good = at >= 0
    table["departures"] = np.bincount(at[good], minlength=len(ids)).astype(float)
    for period in reference.table("transit_periods").itertuples(index=False):
        inside = good & (hour % 24 >= period.start_h) & (hour % 24 < period.end_h)
        table[f"departures_{period.period}_per_h"] = np.bincount(at[inside], minlength=len(ids)) / (
            period.end_h - period.start_h
        )
    per_h = table["departures_day_per_h"].to_numpy(float)
    table["headway_min"] = np.where(per_h > 0, 60 / np.where(per_h > 0, per_h, 1.0), np.nan)
    points = gpd.points_from_xy(stops["stop_lon"], stops["stop_lat"])
    return gpd.GeoDataFrame(table.reset_index(drop=True), geometry=points, crs=WGS84)


@layer(
    "gtfs_lines",
    title="Kollektivtrafikens linjer",
    table="transit_lines",
    source="GTFS",
    provides={"line_id": "", "vehicle_km": "km"},
)
def gtfs_lines(context: Context, *, path: str) -> gpd.GeoDataFrame:
    """Read lines with trips, length, speed and the distance that is driven in a year.

    Parameters
    ----------
    context : Context
    path : str
        As of :func:`gtfs_stops`.

    Returns
    -------
    GeoDataFrame
        One line a route that runs on some day of the feed, in the city's system. A trip without a shape is drawn straight
        from stop to stop, which is shorter than its way.

    Raises
    ------
    TwinError
        When the feed can not be read; a :class:`~twin.errors.SchemaError` lists all that is wrong in it.
    """
    feed = read_feed(context, path)
    day = _timetable(feed, context)
    trips = day.trips
    way, straight = _ways(feed, trips, day.calls, context.crs)
    trips = trips.assign(length_m=shapely.length(way), way=way)
    if straight:
        context.note(f"{straight} trips have no shape and were measured straight from stop to stop")
    trips = trips[trips["runs_year"] > 0]
    middle = reference.table("transit_periods").set_index("period").loc["day"]
    hours = day.runs["start_s"] / 3600
    noon = day.runs[(hours >= middle["start_h"]) & (hours < middle["end_h"])]["trip_id"].value_counts()
    trips = trips.assign(noon=trips["trip_id"].map(noon).fillna(0.0))
    rows = []
    for route, some in trips.groupby("route_id", sort=True):
        runs = some["runs_year"].to_numpy(float)
        metres, seconds = float(runs @ some["length_m"]), float(runs @ some["seconds"])
        ways = max(some["direction_id"].nunique() if "direction_id" in some else 1, 1)
        most = some.groupby("pattern")["runs_year"].sum().idxmax()
        rows.append(
            {
                "line_id": route,
                "name": some["route"].iloc[0],
                "mode": some["mode"].iloc[0],
                "departures": float(some["runs"].sum()),
                "length_m": metres / runs.sum(),
                "vehicle_km": metres / 1000,
                "speed_kmh": 3.6 * metres / seconds if seconds > 0 else np.nan,
                "headway_min": 60 * (middle["end_h"] - middle["start_h"]) * ways / some["noon"].sum()
                if some["noon"].sum()
                else np.nan,
                "geometry": some.loc[some["pattern"] == most, "way"].iloc[0],
            }
        )
    if not rows:
        raise TwinError("no trip of the feed runs on any of its days; check calendar.txt")
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=context.crs)


def _timetable(feed: Feed, context: Context) -> _Timetable:
    services, dates, active = _calendar(feed)
    trips = feed["trips"].copy()
    often = feed["frequencies"]
    count = np.ceil((often["end_time"] - often["start_time"]).clip(lower=0) / often["headway_secs"]).astype(int)
    repeated = often["trip_id"].isin(trips["trip_id"]).to_numpy()
    own = count.groupby(often["trip_id"]).sum()
    each = trips["trip_id"].map(own).fillna(1.0).to_numpy(float)
    at = pd.Index(services).get_indexer(trips["service_id"])
    per_service = np.bincount(at, each, minlength=len(services))
    per_day = per_service @ active
    weekday = np.where(dates.day_of_week < 5, per_day, -1.0)
    best = int(weekday.argmax()) if len(weekday) else -1
    if best < 0 or weekday[best] <= 0:
        raise TwinError("no trip of the feed runs on any day from Monday to Friday; check calendar.txt")
    context.note(
        f"the typical weekday is {dates[best]:%Y-%m-%d}, with {int(per_day[best])} trips, the most of the feed's weekdays"
    )
    runs_here = active[at, best] > 0
    trips["runs"] = each * runs_here
    trips["runs_year"] = each * active[at].mean(axis=1) * 365
    routes = feed["routes"].set_index("route_id")
    short = routes.get("route_short_name", pd.Series(index=routes.index, dtype=object))
    long = routes.get("route_long_name", pd.Series(index=routes.index, dtype=object))
    names = short.fillna(long).fillna(pd.Series(routes.index, index=routes.index))
    trips["route"] = trips["route_id"].map(names)
    trips["mode"] = trips["route_id"].map(routes["route_type"].map(_mode))
    calls = _calls(feed, context)
    first = calls.groupby("trip_id")["departure_time"].min()
    trips["seconds"] = trips["trip_id"].map(calls.groupby("trip_id")["offset_s"].max())
    alone = trips[runs_here & ~trips["trip_id"].isin(often["trip_id"])]
    n = count.to_numpy(int) * repeated
    k = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    again = pd.DataFrame(
        {
            "trip_id": np.repeat(often["trip_id"].to_numpy(object), n),
            "start_s": np.repeat(often["start_time"].to_numpy(float), n)
            + k * np.repeat(often["headway_secs"].to_numpy(float), n),
        }
    )
    again = again[again["trip_id"].isin(trips.loc[runs_here, "trip_id"])]
    once = pd.DataFrame(
        {"trip_id": alone["trip_id"].to_numpy(object), "start_s": alone["trip_id"].map(first).to_numpy(float)}
    )
    return _Timetable(trips, pd.concat([once, again], ignore_index=True), calls)


def _mode(route_type: float) -> str:
    return _MODES.get(int(route_type), _EXTENDED.get(int(route_type) // 100, "other"))


def _calendar(feed: Feed) -> tuple[list[str], pd.DatetimeIndex, Floats]:
    """Return services, dates, and which service runs on which date."""
    calendar, changes = feed["calendar"], feed["calendar_dates"]
    services = sorted({*calendar["service_id"], *changes["service_id"]})
    ends = pd.concat(
        [pd.to_datetime(calendar["start_date"]), pd.to_datetime(calendar["end_date"]), pd.to_datetime(changes["date"])]
    )
    if ends.empty:
        raise TwinError("calendar.txt and calendar_dates.txt have no days; ask for a complete feed")
    if (span := (ends.max() - ends.min()).days) > _LONGEST_DAYS:
        raise TwinError(
            f"the feed's days span {span} days, from {ends.min():%Y-%m-%d} on; correct the dates, or cut the feed to a year"
        )
    dates = pd.date_range(ends.min(), ends.max())
    active = np.zeros((len(services), len(dates)))
    index = pd.Index(services)
    start, end = (pd.to_datetime(calendar[c]).to_numpy() for c in ("start_date", "end_date"))
    week = calendar[list(known_days())].to_numpy(float)
    stamps = dates.to_numpy()
    on = (stamps >= start[:, None]) & (stamps <= end[:, None]) & (week[:, dates.day_of_week] > 0)
    np.maximum.at(active, index.get_indexer(calendar["service_id"]), on.astype(float))
    day = (pd.to_datetime(changes["date"]) - dates[0]).dt.days.to_numpy(int) if len(changes) else np.zeros(0, int)
    active[index.get_indexer(changes["service_id"]), day] = changes["exception_type"].to_numpy(float) == 1
    return services, dates, active


def _calls(feed: Feed, context: Context) -> pd.DataFrame:
    """Return calls at stops in order; blank times lie evenly between those that are given."""
    calls = feed["stop_times"].sort_values(["trip_id", "stop_sequence"], kind="stable").reset_index(drop=True)
    if blank := int(calls["departure_time"].isna().sum()):
        context.note(f"{blank} times between timed stops were filled evenly")
        calls["departure_time"] = calls["departure_time"].interpolate()
    first = calls.groupby("trip_id")["departure_time"].transform("first")
    calls["offset_s"] = calls["departure_time"] - first
    last = ~calls["trip_id"].duplicated(keep="last")
    calls["boards"] = ~last & (calls.get("pickup_type", pd.Series("0", index=calls.index)).fillna("0") != "1")
    return calls


def _ways(feed: Feed, trips: pd.DataFrame, calls: pd.DataFrame, crs: str) -> tuple[Any, int]:
    """Return the way of each trip in the city's system, and how many have no shape."""
    shapes = feed["shapes"].sort_values(["shape_id", "shape_pt_sequence"], kind="stable")
    drawn = _lines(shapes["shape_id"], shapes[["shape_pt_lon", "shape_pt_lat"]].to_numpy(float), crs)
    places = feed["stops"].set_index("stop_id")[["stop_lon", "stop_lat"]].loc[calls["stop_id"]].to_numpy(float)
    straight = _lines(calls["trip_id"], places, crs)
    shape = trips.get("shape_id", pd.Series(index=trips.index, dtype=object))
    way = [
        drawn.get(s) or straight.get(t) or shapely.LineString() for s, t in zip(shape, trips["trip_id"], strict=True)
    ]
    trips["pattern"] = shape.where(shape.isin(list(drawn)), trips["trip_id"]).to_numpy()
    return np.array(way, object), int((~shape.isin(list(drawn))).sum())


def _lines(ids: pd.Series[Any], lonlat: Floats, crs: str) -> dict[Any, Any]:
    """Return a line for each identity with at least two points; rows of an identity follow each other."""
    code, names = pd.factorize(ids)
    several = np.bincount(code, minlength=len(names)) > 1
    keep = several[code]
    if not keep.any():
        return {}
    xy = transform(lonlat[keep], WGS84, crs)
    rank = np.cumsum(several) - 1
    return dict(zip(np.asarray(names)[several], shapely.linestrings(xy, indices=rank[code[keep]]), strict=True))
