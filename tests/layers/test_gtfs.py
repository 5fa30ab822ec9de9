"""A feed becomes stops with departures and lines with distances; what is wrong in it is told all at once."""

import io
import shutil
import warnings
import zipfile

import pandas as pd
import pytest

from layers import Context, gtfs_feed
from twin import LAYERS, TwinError, schema

BASE = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nx,X,https://example.org,Europe/Stockholm\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon,location_type\na,A,57.70,11.95,0\nb,B,57.70,11.96,\nc,C,57.70,11.98,0\nst,Station,57.70,11.96,1\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\nr1,x,1,,0\nr2,x,,Bussen,700\n",
    "trips.txt": "route_id,service_id,trip_id,direction_id,shape_id\nr1,wk,t1,0,s1\nr1,wk,t2,1,\nr2,wk,late,0,\nr2,we,sun,0,\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type\n"
        "t1,8:00:00,8:00:00,a,1,\nt1,,,b,2,\nt1,8:10:00,8:10:00,c,3,\n"
        "t2,09:00:00,09:00:00,c,1,\nt2,09:05:00,09:05:00,b,2,1\nt2,09:10:00,09:10:00,a,3,\n"
        "late,24:30:00,24:30:00,a,1,\nlate,24:40:00,24:40:00,c,2,\n"
        "sun,12:00:00,12:00:00,a,1,\nsun,12:10:00,12:10:00,c,2,\n"
    ),
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nwk,1,1,1,1,1,0,0,20240101,20240114\nwe,0,0,0,0,0,1,1,20240101,20240114\n",
    "calendar_dates.txt": "service_id,date,exception_type\nwk,20240101,2\nwe,20240101,1\n",
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs\nt1,06:00:00,07:00:00,900\nt1,09:00:00,15:00:00,600\n",
    "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns1,57.70,11.95,1\ns1,57.71,11.96,2\ns1,57.70,11.98,3\n",
}


@pytest.fixture
def feed(tmp_path):
    """Write a feed whose files may be changed; return a function that reads it."""

    def run(name="gtfs", packed=True, crs="EPSG:3007", **changes):
        files = {n: changes.get(n.removesuffix(".txt"), text) for n, text in BASE.items()}
        if packed:
            with zipfile.ZipFile(tmp_path / "feed.zip", "w") as archive:
                for n, text in files.items():
                    if text is not None:
                        archive.writestr(n, text)
        else:
            (tmp_path / "feed").mkdir(exist_ok=True)
            for n, text in files.items():
                (tmp_path / "feed" / n).write_text(text, encoding="utf-8-sig")
        spec = LAYERS[name]
        context = Context(spec.table, crs, tmp_path)
        table = spec.function(context, path="feed.zip" if packed else "feed/stops.txt")
        return table, context

    return run


@pytest.mark.parametrize("packed", [True, False])
def test_departures_of_a_typical_weekday(feed, packed):
    table, context = feed(packed=packed)
    stops = table.set_index("stop_id")
    assert list(stops.index) == ["a", "b", "c"]
    # t1 repeats 4 times from 6 and 36 times from 9; late leaves once; nothing leaves from the last stop of a trip
    assert stops["departures"].to_dict() == {"a": 41, "b": 40, "c": 1}
    assert stops.loc["a", "departures_day_per_h"] == 6
    assert stops.loc["a", "departures_morning_per_h"] == pytest.approx(4 / 3)
    assert stops.loc["a", "departures_night_per_h"] == pytest.approx(1 / 6)
    assert stops.loc["a", "headway_min"] == 10
    assert stops.loc["b", "departures_day_per_h"] == pytest.approx(36 / 6)  # five minutes after each start
    assert stops.loc["a", "routes"] == "1|Bussen"
    assert stops.loc["a", "modes"] == "bus|tram"
    notes = " ".join(context.notes)
    assert "the typical weekday is 2024-01-02, with 42 trips" in notes
    assert "1 departures after midnight" in notes
    assert "1 times between timed stops were filled evenly" in notes
    assert "1 stations, entrances" in notes
    assert not schema.find_problems(schema.complete(table, "transit_stops")[0], "transit_stops")


def test_lines_with_distance_and_speed(feed):
    table, context = feed("gtfs_lines")
    lines = table.set_index("line_id")
    assert lines["mode"].to_dict() == {"r1": "tram", "r2": "bus"}
    straight = table.geometry.iloc[1].length
    assert lines.loc["r2", "length_m"] == pytest.approx(straight)
    # of 14 days 9 are weekdays with service, 5 run as weekends
    assert lines.loc["r2", "vehicle_km"] == pytest.approx(365 * straight / 1000 * (9 + 5) / 14)
    shape_m = table.geometry.iloc[0].length
    assert shape_m > 1.2 * straight
    assert lines.loc["r1", "vehicle_km"] == pytest.approx(365 * 9 / 14 * (40 * shape_m + straight) / 1000, rel=1e-5)
    assert lines.loc["r2", "speed_kmh"] == pytest.approx(straight / 600 * 3.6)
    assert lines.loc["r1", "headway_min"] == pytest.approx(60 * 6 * 2 / 37)  # 36 one way and 1 the other
    assert any("3 trips have no shape" in n for n in context.notes)
    assert not schema.find_problems(schema.complete(table, "transit_lines")[0], "transit_lines")


def test_the_day_with_most_trips_is_chosen(feed):
    only_dates = "service_id,date,exception_type\nwk,20240103,1\nwe,20240103,1\nwk,20240104,1\n"
    _, context = feed(calendar=None, calendar_dates=only_dates)
    assert "2024-01-03, with 43 trips" in context.notes[0]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"stop_times": None}, ["stop_times.txt: the file is missing"]),
        ({"calendar": None, "calendar_dates": None}, ["neither calendar.txt nor calendar_dates.txt"]),
        ({"stops": BASE["stops.txt"].replace("stop_lat", "lat")}, ["stops.txt.stop_lat: the column is missing"]),
        ({"stop_times": BASE["stop_times.txt"].replace(",c,3,", ",zz,3,")}, ["stop_times.txt.stop_id: 'zz' is not in stops.txt", "trip_id t1, line 4"]),
        ({"stop_times": BASE["stop_times.txt"].replace("24:40:00,24:40:00", "99:40:00,99:40:00")}, ["'99:40:00' is no time", "line 9"]),
        ({"stop_times": BASE["stop_times.txt"].replace("24:40:00,24:40:00", "00:40:00,00:40:00")}, ["is before that of the stop before it", "trip_id late"]),
        ({"stop_times": BASE["stop_times.txt"].replace("8:10:00,8:10:00", ",")}, ["is blank at the first or last stop of a trip", "trip_id t1"]),
        ({"stop_times": BASE["stop_times.txt"].replace("8:10:00,8:10:00", "8.10,8.10")}, ["'8.10' is no time"]),
        ({"stops": BASE["stops.txt"].replace("57.70,11.96,\n", "11.96,57.70,\n")}, ["stops.txt.stop_lat: latitude and longitude are swapped", "stop_id b, line 3"]),
        ({"stops": BASE["stops.txt"].replace("57.70,11.96,\n", "0,0,\n")}, ["lies outside the area where EPSG:3007"]),
        ({"stops": BASE["stops.txt"].replace("57.70,11.96,\n", "x,11.96,\n")}, ["'x' is not a number"]),
        ({"stops": BASE["stops.txt"] + "a,A,57.70,11.95,0\n"}, ["stops.txt.stop_id: is used more than once", "line 6"]),
        ({"trips": BASE["trips.txt"].replace("r2,wk", "r9,wk")}, ["trips.txt.route_id: 'r9' is not in routes.txt"]),
        ({"trips": BASE["trips.txt"].replace("r2,wk", "r2,zz")}, ["'zz' has no days"]),
        ({"frequencies": BASE["frequencies.txt"].replace("900", "0")}, ["frequencies.txt.headway_secs: is not above 0"]),
        ({"calendar": BASE["calendar.txt"].replace("20240114", "20230114")}, ["calendar.txt.end_date: is before start_date"]),
        ({"calendar": BASE["calendar.txt"].replace("20240114", "14 jan")}, ["'14 jan' is no date"]),
        ({"calendar": BASE["calendar.txt"].replace("20240114", "29990114")}, ["days span"]),
        ({"calendar": BASE["calendar.txt"].replace("1,1,1,1,1,0,0", "0,0,0,0,0,1,1"), "calendar_dates": None}, ["on any day from Monday to Friday"]),
        ({"stops": "\ufffe".encode("utf-16")}, ["stops.txt: is not UTF-8 text"]),
        ({"trips": ""}, ["trips.txt: is no table"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(feed, changes, told):
    with pytest.raises(TwinError) as error:
        feed(**changes)
    for words in told:
        assert words in str(error.value)


def test_all_problems_are_told_at_once(feed):
    with pytest.raises(TwinError) as error:
        feed(
            stops=BASE["stops.txt"].replace("57.70,11.96,\n", "11.96,57.70,\n"),
            stop_times=BASE["stop_times.txt"]
            .replace(",c,3,", ",zz,3,")
            .replace("24:40:00,24:40:00", "99:40:00,99:40:00"),
            frequencies=BASE["frequencies.txt"].replace("900", "-5"),
        )
    for words in ("swapped", "'zz' is not in stops.txt", "'99:40:00' is no time", "not above 0"):
        assert words in str(error.value)


def test_an_archive_is_never_unpacked_and_has_a_bound(feed, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        for name, text in BASE.items():
            archive.writestr(name, text)
        archive.writestr("../../stops.txt", "nothing")
    before = sorted(p.name for p in tmp_path.iterdir())
    spec = LAYERS["gtfs"]
    assert len(spec.function(Context("transit_stops", "EPSG:3007", tmp_path), path="evil.zip")) == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    monkeypatch.setattr(gtfs_feed, "_LARGEST_BYTES", 500)
    for packed in (True, False):
        with pytest.raises(TwinError, match="GB"):
            feed(packed=packed)


def test_files_that_are_no_feed_are_refused(tmp_path):
    (tmp_path / "feed.zip").write_bytes(b"PK no archive")
    (tmp_path / "feed.csv").write_text("a,b\n")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", "hello")
    (tmp_path / "other.zip").write_bytes(buffer.getvalue())
    spec = LAYERS["gtfs"]
    for path, told in (("feed.zip", "is no zip archive"), ("feed.csv", "is no feed"), ("other.zip", "stops.txt: the file is missing"), ("../x.zip", "outside the city's folder")):  # fmt: skip
        with pytest.raises(TwinError, match=told):
            spec.function(Context("transit_stops", "EPSG:3007", tmp_path), path=path)


def test_the_sample_has_a_feed(root, tmp_path):
    shutil.copytree(root / "sample_data/gtfs", tmp_path / "gtfs")
    spec, context = LAYERS["gtfs"], Context("transit_stops", "EPSG:3007", tmp_path)
    stops = spec.function(context, path="gtfs/stops.txt")
    assert len(context.files) == 8
    assert len(stops) > 100
    often = pd.read_csv(tmp_path / "gtfs/frequencies.txt")
    assert often["headway_secs"].between(300, 3600).all()
    assert any("after midnight" in n for n in context.notes)
    assert stops["headway_min"].dropna().between(5, 60).all()


def test_another_reader_finds_the_same_trips_and_lengths(root, tmp_path):
    """gtfs-kit does not repeat trips by frequencies.txt, and counts the last stop of a trip: the feed without the one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kit = pytest.importorskip("gtfs_kit", reason="gtfs-kit is not installed: pip install '.[transit]'")
        with zipfile.ZipFile(tmp_path / "feed.zip", "w") as archive:
            for file in (root / "sample_data/gtfs").iterdir():
                if file.name != "frequencies.txt":
                    archive.write(file, file.name)
        feed = kit.read_feed(tmp_path / "feed.zip", dist_units="km")
        routes = feed.compute_route_stats(["20240102"]).set_index("route_id")
        calls = feed.compute_stop_stats(["20240102"]).set_index("stop_id")["num_trips"]
    lines, _ = _read("gtfs_lines", tmp_path)
    stops, _ = _read("gtfs", tmp_path)
    lines, stops = lines.set_index("line_id"), stops.set_index("stop_id")
    assert lines["departures"].to_dict() == routes["num_trips"].to_dict()
    assert lines["length_m"].to_numpy() == pytest.approx(
        1000 * routes["mean_trip_distance"][lines.index].to_numpy(), rel=2e-3
    )
    leaving = stops["departures"] > 0
    assert stops.loc[leaving, "departures"].to_dict() == calls[stops.index[leaving]].to_dict()


def _read(name, folder):
    context = Context(LAYERS[name].table, "EPSG:3007", folder)
    return LAYERS[name].function(context, path="feed.zip"), context
