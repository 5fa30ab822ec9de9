"""A timetable of public transport in GTFS: trams and buses along the main streets, with plausible headways."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from .places import line

__all__ = ["write_gtfs"]

_STOP_M = 420.0  # usual distance of stops
_SECONDS_AT_STOP = 25
_TRAM_KMH, _BUS_KMH = 24.0, 27.0  # between stops


@dataclass(frozen=True)
class _Line:
    """A line, as it is told by a few places along it.

    Attributes
    ----------
    name, towards, back : str
        Number, and what stands on its front in both directions.
    kind : int
        0 for a tram, 3 for a bus.
    headways : (int, int, int)
        Minutes between trips in the peaks, in the middle of the day, early and late.
    places : tuple of (float, float)
        Latitude and longitude.
    """

    name: str
    towards: str
    back: str
    kind: int
    headways: tuple[int, int, int]
    places: tuple[tuple[float, float], ...]


_LINES = (
    _Line("3", "Kungsportsplatsen", "Kungsladugård", 0, (6, 10, 15),
          ((57.6890, 11.9120), (57.6915, 11.9200), (57.6945, 11.9300), (57.6965, 11.9360), (57.6985, 11.9445), (57.6995, 11.9535), (57.7008, 11.9600), (57.7012, 11.9680), (57.7035, 11.9740))),
    _Line("5", "Centralstationen", "Biskopsgården", 0, (5, 8, 12),
          ((57.7160, 11.8930), (57.7145, 11.9050), (57.7160, 11.9270), (57.7175, 11.9420), (57.7195, 11.9565), (57.7178, 11.9620), (57.7140, 11.9655), (57.7098, 11.9700))),
    _Line("4", "Krokslätt", "Brunnsparken", 0, (8, 10, 15),
          ((57.7035, 11.9710), (57.7000, 11.9755), (57.6985, 11.9830), (57.6940, 11.9890), (57.6860, 11.9925))),
    _Line("6", "Linnéplatsen", "Järntorget", 0, (8, 10, 20), ((57.6995, 11.9535), (57.6960, 11.9520), (57.6915, 11.9500), (57.6900, 11.9490))),
    _Line("16", "Eriksberg", "Centralstationen", 3, (5, 10, 15),
          ((57.7098, 11.9700), (57.7140, 11.9655), (57.7178, 11.9620), (57.7195, 11.9565), (57.7175, 11.9420), (57.7078, 11.9365), (57.7027, 11.9165))),
    _Line("17", "Sahlgrenska", "Haga", 3, (8, 12, 20), ((57.7005, 11.9580), (57.6950, 11.9575), (57.6880, 11.9560), (57.6845, 11.9545), (57.6826, 11.9625))),
    _Line("60", "Delsjön", "Heden", 3, (10, 15, 30),
          ((57.7085, 11.9840), (57.7040, 11.9840), (57.6990, 11.9850), (57.6955, 11.9990), (57.6905, 12.0110), (57.6880, 12.0260))),
    _Line("52", "Ringön", "Frihamnen", 3, (20, 30, 60), ((57.7195, 11.9630), (57.7240, 11.9740), (57.7262, 11.9850))),
)  # fmt: skip

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SERVICES = {"vardag": (1, 1, 1, 1, 1, 0, 0), "lordag": (0, 0, 0, 0, 0, 1, 0), "sondag": (0, 0, 0, 0, 0, 0, 1)}
_RED_DAYS = (
    "20240101",
    "20240329",
    "20240401",
    "20240501",
    "20240509",
    "20240606",
    "20241225",
    "20241226",
)  # on weekdays
_SPANS = (  # from, to [h], and which headway, on weekdays
    (5, 6, 2), (6, 9, 0), (9, 15, 1), (15, 18, 0), (18, 24, 2),
)  # fmt: skip
_WEEKEND = ((6, 9, 2), (9, 18, 1), (18, 24, 2))


def _clock(seconds: float) -> str:
    s = round(seconds)
    return f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}"


def _stops(way: shapely.LineString) -> list[float]:
    """Return where the stops lie along a line [m]."""
    return [float(v) for v in np.linspace(0, way.length, max(2, round(way.length / _STOP_M) + 1))]


def write_gtfs(folder: Path) -> None:
    """Write the feed as text files.

    Lines repeat by ``frequencies.txt``; line 52, which runs seldom, has every trip of its own, the last after midnight.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stops, routes, trips, times, often, shapes = [], [], [], [], [], []
    for one in _LINES:
        routes.append((f"linje-{one.name}", "syntetisk", one.name, f"{one.back} - {one.towards}", one.kind))
        for direction, (sign, places) in enumerate(((one.towards, one.places), (one.back, one.places[::-1]))):
            shape = f"linje-{one.name}-{direction}"
            lonlat = shapely.LineString([(b, a) for a, b in places])
            metres, along = line(*places), _stops(line(*places))
            shapes += [(shape, f"{b:.5f}", f"{a:.5f}", k + 1) for k, (a, b) in enumerate(lonlat.coords)]
            pace = 3.6 / (_TRAM_KMH if one.kind == 0 else _BUS_KMH)
            offsets = [pace * m + _SECONDS_AT_STOP * k for k, m in enumerate(along)]
            for k, m in enumerate(along):
                at = lonlat.interpolate(m / metres.length, normalized=True)
                stops.append(
                    (
                        f"hpl-{one.name}-{direction}-{k + 1:02d}",
                        f"Linje {one.name} hållplats {k + 1 if direction == 0 else len(along) - k}",
                        f"{at.y:.5f}",
                        f"{at.x:.5f}",
                    )
                )
            for service in _SERVICES:
                spans = _SPANS if service == "vardag" else _WEEKEND
                starts = [(a * 3600, b * 3600, one.headways[h] * 60) for a, b, h in spans]
                if one.name != "52":
                    trip = f"{shape}-{service}"
                    trips.append((f"linje-{one.name}", service, trip, sign, direction, shape))
                    times += _calls(trip, shape, 0.0, offsets)
                    often += [(trip, _clock(a), _clock(b), h) for a, b, h in starts]
                    continue
                for n, start in enumerate([t for a, b, h in starts for t in range(a, b + (b == 86400), h)]):
                    trip = f"{shape}-{service}-{n + 1:02d}"
                    trips.append((f"linje-{one.name}", service, trip, sign, direction, shape))
                    times += _calls(trip, shape, start, offsets)
    calendar = [(name, *days, "20240101", "20241231") for name, days in _SERVICES.items()]
    changes = [(s, d, kind) for d in _RED_DAYS for s, kind in (("vardag", 2), ("sondag", 1))]
    _write(
        folder / "agency.txt",
        [("syntetisk", "Syntetisk kollektivtrafik", "https://example.org", "Europe/Stockholm")],
        "agency_id,agency_name,agency_url,agency_timezone",
    )
    _write(folder / "stops.txt", stops, "stop_id,stop_name,stop_lat,stop_lon")
    _write(folder / "routes.txt", routes, "route_id,agency_id,route_short_name,route_long_name,route_type")
    _write(folder / "trips.txt", trips, "route_id,service_id,trip_id,trip_headsign,direction_id,shape_id")
    _write(folder / "stop_times.txt", times, "trip_id,arrival_time,departure_time,stop_id,stop_sequence")
    _write(folder / "frequencies.txt", often, "trip_id,start_time,end_time,headway_secs")
    _write(folder / "shapes.txt", shapes, "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence")
    _write(folder / "calendar.txt", calendar, f"service_id,{','.join(_DAYS)},start_date,end_date")
    _write(folder / "calendar_dates.txt", changes, "service_id,date,exception_type")


def _calls(trip: str, shape: str, start: float, offsets: list[float]) -> list[tuple[str, str, str, str, int]]:
    stop = shape.replace("linje", "hpl")
    return [(trip, _clock(start + s), _clock(start + s), f"{stop}-{k + 1:02d}", k + 1) for k, s in enumerate(offsets)]


def _write(file: Path, rows: list[tuple[object, ...]], columns: str) -> None:
    pd.DataFrame(rows, columns=columns.split(",")).to_csv(file, index=False, lineterminator="\n")
