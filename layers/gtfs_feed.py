"""The files of a GTFS feed, read with care: bounded size, nothing unpacked to disk, every problem told at once."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from layers.context import Context
from twin import crs as crs_rules
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["read_feed"]

Feed = dict[str, pd.DataFrame]

_LARGEST_BYTES = 2_000_000_000  # of all files together, unpacked
_LATEST_S = 72 * 3600  # a service day may go on after midnight, but not for days
_NEEDED = {
    "stops": ("stop_id", "stop_lat", "stop_lon"),
    "routes": ("route_id", "route_type"),
    "trips": ("trip_id", "route_id", "service_id"),
    "stop_times": ("trip_id", "stop_id", "stop_sequence", "departure_time"),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OPTIONAL = {
    "calendar": ("service_id", *_DAYS, "start_date", "end_date"),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs"),
    "shapes": ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"),
}
_NUMBERS = {
    "stops": ("stop_lat", "stop_lon"),
    "routes": ("route_type",),
    "stop_times": ("stop_sequence",),
    "calendar": _DAYS,
    "calendar_dates": ("exception_type",),
    "frequencies": ("headway_secs",),
    "shapes": ("shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"),
}
_TIMES = {"stop_times": ("arrival_time", "departure_time"), "frequencies": ("start_time", "end_time")}
_DATES = {"calendar": ("start_date", "end_date"), "calendar_dates": ("date",)}
_MEETINGS = (
    ("stop_times", "stop_id", "stops"),
    ("stop_times", "trip_id", "trips"),
    ("trips", "route_id", "routes"),
    ("frequencies", "trip_id", "trips"),
)


def read_feed(context: Context, path: str) -> Feed:
    """Read a feed.

    Parameters
    ----------
    context : Context
    path : str
        The zip archive, or one of the feed's text files, whose neighbours are read too.

    Returns
    -------
    dict of str to DataFrame
        stops, routes, trips, stop_times, calendar, calendar_dates, frequencies, shapes (empty where the feed has none);
        identities as text, times in seconds after midnight, NaN where blank, dates as timestamps.

    Raises
    ------
    TwinError
        When the archive is damaged or too large.
    SchemaError
        With all that is missing, unreadable or contradictory, by file and column.
    """
    file = context.path(path)
    raw = _from_zip(file) if file.suffix.lower() == ".zip" else _from_folder(file, path, context)
    problems: list[Problem] = []
    feed: Feed = {}
    for name, columns in {**_NEEDED, **_OPTIONAL}.items():
        if name in raw:
            feed[name] = _table(raw[name], name, columns, problems)
        elif name in _NEEDED:
            problems.append(Problem(f"{name}.txt", "", "the file is missing from the feed; ask for a complete one"))
    if "calendar" not in raw and "calendar_dates" not in raw:
        problems.append(
            Problem("calendar.txt", "", "neither calendar.txt nor calendar_dates.txt is in the feed; one is needed")
        )
    if problems:
        raise SchemaError(problems)
    for name, columns in _OPTIONAL.items():
        feed.setdefault(
            name, pd.DataFrame({c: pd.Series(dtype=float if c in _NUMBERS.get(name, ()) else "str") for c in columns})
        )
    _typed(feed, problems)
    _met(feed, problems)
    _placed(feed, context, problems)
    _ordered(feed, problems)
    if problems:
        raise SchemaError(problems)
    return feed


def _from_zip(file: Path) -> dict[str, bytes]:
    """Return the feed's files, read in the archive; a folder round them is looked through."""
    found: dict[str, bytes] = {}
    left = _LARGEST_BYTES
    try:
        with zipfile.ZipFile(file) as archive:
            for part in archive.infolist():
                name = PurePosixPath(part.filename)
                if name.suffix != ".txt" or name.stem not in {**_NEEDED, **_OPTIONAL} or len(name.parts) > 2:
                    continue
                if name.stem in found:
                    raise TwinError(f"{file.name} holds {name.name} more than once; pack one feed in an archive")
                with archive.open(part) as stream:  # the size that the archive states may be wrong
                    found[name.stem] = stream.read(left + 1)
                left -= len(found[name.stem])
                if left < 0:
                    raise TwinError(
                        f"{file.name} holds more than {_LARGEST_BYTES / 1e9:g} GB; cut the feed to the city"
                    )
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise TwinError(
            f"{file.name} is no zip archive that can be read, is damaged, or has a password ({error})"
        ) from error
    return found


def _from_folder(file: Path, path: str, context: Context) -> dict[str, bytes]:
    if file.suffix != ".txt":
        raise TwinError(f"{path} is no feed; name the zip archive, or a file of the feed such as gtfs/stops.txt")
    folder = PurePosixPath(path).parent
    files = {n: f"{folder}/{n}.txt" for n in {**_NEEDED, **_OPTIONAL} if (file.parent / f"{n}.txt").is_file()}
    context.files.clear()
    inside = {name: context.path(text) for name, text in files.items()}
    if (size := sum(p.stat().st_size for p in inside.values())) > _LARGEST_BYTES:
        raise TwinError(f"the feed in {folder} holds {size / 1e9:.1f} GB; cut it to the city")
    return {name: p.read_bytes() for name, p in inside.items()}


def _table(content: bytes, name: str, columns: tuple[str, ...], problems: list[Problem]) -> pd.DataFrame:
    try:
        table = pd.read_csv(
            io.BytesIO(content),
            dtype="str",
            encoding="utf-8-sig",
            skipinitialspace=True,
            keep_default_na=False,
            na_values=[""],
        )
    except UnicodeDecodeError:
        problems.append(Problem(f"{name}.txt", "", "is not UTF-8 text; save it as UTF-8"))
        return pd.DataFrame(columns=list(columns), dtype="str")
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        problems.append(Problem(f"{name}.txt", "", f"is no table of comma-separated values ({str(error).strip()})"))
        return pd.DataFrame(columns=list(columns), dtype="str")
    table.columns = [str(c).strip() for c in table.columns]
    problems += [
        Problem(f"{name}.txt", c, "the column is missing; the format asks for it") for c in columns if c not in table
    ]
    if table.empty and name in _NEEDED:
        problems.append(Problem(f"{name}.txt", "", "has no rows"))
    return table


def _typed(feed: Feed, problems: list[Problem]) -> None:
    """Turn numbers, times and dates into such, and find those that are none."""
    for name, table in feed.items():
        kinds: tuple[tuple[tuple[str, ...], Any, str], ...] = (
            (_NUMBERS.get(name, ()), lambda s: pd.to_numeric(s, errors="coerce"), "is not a number"),
            (
                _TIMES.get(name, ()),
                _seconds,
                "is no time; write HH:MM:SS, with hours from 24 on after midnight, at most 72",
            ),
            (
                _DATES.get(name, ()),
                lambda s: pd.to_datetime(s, format="%Y%m%d", errors="coerce"),
                "is no date; write YYYYMMDD",
            ),
        )
        done = table.copy()
        for columns, read, rule in kinds:
            for column in columns:
                if column not in table:
                    continue
                text = table[column]
                done[column] = read(text)
                blank_is_wrong = column not in ("arrival_time", "departure_time")
                bad = done[column].isna() & (text.notna() | blank_is_wrong)
                _tell(bad, table, name, column, f"{text[bad].iloc[0]!r} {rule}" if bad.any() else "", problems)
        for column in {**_NEEDED, **_OPTIONAL}[name]:
            if column.endswith("_id"):
                _tell(table[column].isna(), table, name, column, "is blank; give an identity", problems)
        feed[name] = done
    for name, key in (("stops", "stop_id"), ("trips", "trip_id"), ("routes", "route_id")):
        twice = feed[name][key].duplicated() & feed[name][key].notna()
        _tell(twice, feed[name], name, key, "is used more than once; give each row its own", problems)
    headway = feed["frequencies"]["headway_secs"]
    _tell(headway <= 0, feed["frequencies"], "frequencies", "headway_secs", "is not above 0", problems)


def _seconds(text: pd.Series[Any]) -> Any:
    parts = text.str.strip().str.extract(r"^(\d{1,2}):([0-5]\d):([0-5]\d)$").astype(float)
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
    return seconds.where(seconds <= _LATEST_S)


def _tell(bad: Any, table: pd.DataFrame, name: str, column: str, rule: str, problems: list[Problem]) -> None:
    """Add a problem for rows; it names the first by its identity and its line in the file."""
    wrong = np.asarray(bad, bool)
    if not wrong.any():
        return
    row = int(np.flatnonzero(wrong)[0])
    ids = [c for c in ("trip_id", "stop_id", "route_id", "service_id", "shape_id") if c in table and c != column]
    known = f"{ids[0]} {table[ids[0]].iloc[row]}, " if ids else ""
    problems.append(Problem(f"{name}.txt", column, rule, int(wrong.sum()), f"{known}line {row + 2}"))


def _met(feed: Feed, problems: list[Problem]) -> None:
    """Find identities that name no row of another file."""
    for name, key, other in _MEETINGS:
        ids = feed[name][key]
        stray = ids.notna() & ~ids.isin(feed[other][key])
        rule = f"{ids[stray].iloc[0]!r} is not in {other}.txt; the feed contradicts itself" if stray.any() else ""
        _tell(stray, feed[name], name, key, rule, problems)
    services = pd.concat([feed["calendar"]["service_id"], feed["calendar_dates"]["service_id"]])
    ids = feed["trips"]["service_id"]
    stray = ids.notna() & ~ids.isin(services)
    rule = f"{ids[stray].iloc[0]!r} has no days in calendar.txt or calendar_dates.txt" if stray.any() else ""
    _tell(stray, feed["trips"], "trips", "service_id", rule, problems)


def _placed(feed: Feed, context: Context, problems: list[Problem]) -> None:
    """Find coordinates that are swapped, or lie where the city's system is not used."""
    west, south, east, north = crs_rules.plausible_bounds(context.crs)
    dx, dy = (east - west) / 5, (north - south) / 5

    def outside(lon: Any, lat: Any) -> Any:
        good = np.abs(lat) < 90
        at = np.full((len(lon), 2), np.nan)
        at[good] = crs_rules.transform(np.column_stack([lon[good], lat[good]]), crs_rules.WGS84, context.crs)
        inside = (at[:, 0] > west - dx) & (at[:, 0] < east + dx) & (at[:, 1] > south - dy) & (at[:, 1] < north + dy)
        return ~inside

    for name, prefix in (("stops", "stop"), ("shapes", "shape_pt")):
        table = feed[name]
        lat, lon = (table[f"{prefix}_{c}"].to_numpy(float) for c in ("lat", "lon"))
        known = np.isfinite(lat) & np.isfinite(lon)
        bad = np.zeros(len(table), bool)
        bad[known] = outside(lon[known], lat[known])
        if not bad.any():
            continue
        turned = ~outside(lat[bad], lon[bad])
        swapped, away = bad.copy(), bad.copy()
        swapped[bad], away[bad] = turned, ~turned
        _tell(
            swapped,
            table,
            name,
            f"{prefix}_lat",
            f"latitude and longitude are swapped; exchange {prefix}_lat and {prefix}_lon",
            problems,
        )
        _tell(
            away,
            table,
            name,
            f"{prefix}_lat",
            f"lies outside the area where {context.crs} is used; cut the feed to the city",
            problems,
        )


def _ordered(feed: Feed, problems: list[Problem]) -> None:
    """Find trips without a time at their ends, and calendars that end before they begin."""
    times = feed["stop_times"]
    if "arrival_time" in times:
        times["departure_time"] = times["departure_time"].fillna(times["arrival_time"])
    times = times.sort_values(["trip_id", "stop_sequence"], kind="stable")
    ends = ~(times["trip_id"].duplicated() & times["trip_id"].duplicated(keep="last"))
    bad = (ends & times["departure_time"].isna()).sort_index()
    _tell(
        bad,
        feed["stop_times"],
        "stop_times",
        "departure_time",
        "is blank at the first or last stop of a trip; give a time",
        problems,
    )
    past = times["departure_time"].ffill()
    back = ((times["trip_id"] == times["trip_id"].shift()) & (past < past.shift())).sort_index()
    _tell(
        back,
        feed["stop_times"],
        "stop_times",
        "departure_time",
        "is before that of the stop before it; after midnight go on with 24:00:00",
        problems,
    )
    calendar = feed["calendar"]
    late = calendar["end_date"] < calendar["start_date"] if len(calendar) else np.zeros(0, bool)
    _tell(late, calendar, "calendar", "end_date", "is before start_date", problems)


def known_days() -> Mapping[str, int]:
    """Return the columns of calendar.txt by weekday, Monday 0."""
    return {day: i for i, day in enumerate(_DAYS)}
