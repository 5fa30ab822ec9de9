"""Peaks against ratings: published figures, brute force, and what is not known stays not known."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from energy.electrification import velander
from energy.electrification.area_findings import TEXTS, check_areas
from energy.electrification.end_use import EndUse, normalised
from energy.electrification.headroom import (
    city_headroom,
    first_years,
    granted_mw,
    headroom,
    hours_over,
    peak_causes,
    unknown,
)
from energy.electrification.hourly_electricity import aggregate
from twin import reference
from twin.errors import SchemaError, TwinError

NAMES = ("household", "property", "direct_electric", "heat_pumps", "cooling", "charging")


def city(seed=1, n=80, areas=6, hours=240):
    r = np.random.default_rng(seed)
    uses = [
        EndUse.of(name, r.integers(0, 3, n), r.uniform(0, 9e3, n), normalised(r.random((3, hours)) ** 2))
        for name in NAMES
    ]
    sun = normalised(np.maximum(0, np.sin(np.arange(hours) / 24 * 2 * np.pi))[None])
    pv = [EndUse.of("pv", np.zeros(n, np.int64), r.uniform(0, 4e4, n), sun)]
    return uses, pv, r.integers(-1, areas, n), r.random(n) < 0.3


def stations(rating):
    n = len(rating)
    return pd.DataFrame({"grid_area_id": [f"g{k}" for k in range(n)], "rating_kw": np.array(rating, float)})


@pytest.mark.parametrize(
    ("category", "energy", "count", "published"),
    [("house", 20_000, 1, 9.54), ("house", 20_000, 100, 6.35), ("apartment", 2_500, 1, 1.36), ("apartment", 2_500, 40, 0.771)],
)  # fmt: skip
def test_velander_s_published_figures(category, energy, count, published):
    row = reference.table("velander").set_index("category").loc[category]
    found = velander.peak_kw(np.array([[float(energy * count)]]), np.array([row["k1"]]), np.array([row["k2"]]))[0]
    digits = 3 if published < 1 else 2
    assert round(found / count, digits) == published


def longest_run(above):
    best = run = 0
    for x in above:
        run = run + 1 if x else 0
        best = max(best, run)
    return best


@given(hnp.arrays(float, (3, 40), elements=st.integers(0, 9).map(float)), st.integers(0, 9))
def test_hours_over_by_brute_force(power, limit):
    over = hours_over(power, np.array([limit, limit + 0.5, np.nan]))
    for k, most in enumerate((limit, limit + 0.5)):
        assert over.hours[k] == (power[k] > most).sum()
        assert over.longest_h[k] == longest_run(power[k] > most)
        assert over.energy_kwh[k] == pytest.approx(np.maximum(power[k] - most, 0).sum())
    assert np.isnan([over.hours[2], over.longest_h[2], over.energy_kwh[2]]).all()


def test_headroom_is_of_the_load_that_there_is():
    uses, pv, area, _ = city()
    load = aggregate(uses, area, 6, pv)
    whole = load.hours(slice(0, 6))
    through = whole.load_kw - whole.pv_kw
    table = stations(through.max(axis=1) * np.array([0.9, 1.1, 1.0, 0.5, 2.0, np.nan])).assign(
        firm_kw=100.0, contracted_kw=1e9
    )
    found = headroom(load, table)
    np.testing.assert_allclose(found["peak_kw"], through.max(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found["headroom_kw"], table["rating_kw"] - through.max(axis=1), rtol=1e-9)
    np.testing.assert_allclose(found["firm_headroom_kw"], 100 - through.max(axis=1), rtol=1e-9)
    np.testing.assert_allclose(found["export_peak_kw"], np.maximum(-through, 0).max(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found["energy_kwh"], load.yearly_kwh[:6].sum(axis=1))
    over = hours_over(through, table["rating_kw"].to_numpy(float))
    np.testing.assert_array_equal(found["over_h"], over.hours)
    assert found["over_h"].tolist()[1:3] == [0.0, 0.0]
    assert (found["over_h"].iloc[[0, 3]] > 0).all()
    assert found["export_peak_kw"].max() > 0


def test_a_rating_that_is_not_known_is_not_infinite():
    uses, pv, area, _ = city()
    load = aggregate(uses, area, 6, pv)
    table = stations([800, np.nan, 800, np.nan, 0, 800])
    found = headroom(load, table)
    assert found.loc[[1, 3], ["headroom_kw", "over_h", "longest_over_h", "over_kwh"]].isna().all(axis=None)
    assert found[["firm_headroom_kw", "n1_headroom_kw"]].isna().all(axis=None)
    assert not np.isinf(found.select_dtypes("number").to_numpy(float)).any()
    assert unknown(table) == ["g1", "g3"]
    assert unknown(table, "n1_rating_kw") == [f"g{k}" for k in range(6)]
    assert found["over_h"][4] == (load.hours([4]).load_kw - load.hours([4]).pv_kw > 0).sum()
    for wrong in (np.inf, -1.0):
        with pytest.raises(SchemaError, match="g2") as caught:
            headroom(load, table.assign(rating_kw=[1, 1, wrong, 1, 1, 1], n1_rating_kw=wrong))
        assert len(caught.value.problems) == 2
    with pytest.raises(TwinError, match="6 areas and the table 5"):
        headroom(load, table.head(5))


@pytest.mark.parametrize("areas", [0, 1, 127, 128, 129])
def test_any_number_of_areas_is_gone_through(areas):
    uses, pv, area, _ = city(n=300, areas=max(areas, 1))
    load = aggregate(uses, np.minimum(area, areas - 1), areas, pv)
    found = headroom(load, stations([10.0] * areas))
    assert len(found) == areas
    whole = load.hours(slice(0, areas))
    np.testing.assert_allclose(found["peak_kw"], (whole.load_kw - whole.pv_kw).max(axis=1), rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_causes_add_up_to_the_peak(seed):
    uses, pv, area, new = city(seed)
    load = aggregate(uses, area, 6, pv, new)
    found = headroom(load, stations([np.nan] * 6))
    causes = peak_causes(load, found["peak_hour"].to_numpy())
    assert causes.names == ("base", "heat_pumps", "charging", "cooling", "new_build", "pv")
    np.testing.assert_allclose(causes.peak_kw, found["peak_kw"], rtol=1e-9, atol=1e-9)
    assert (causes.kw[:, :-1] >= 0).all()
    assert (causes.kw[:, -1] <= 0).all()


def test_the_causes_of_a_hand_made_peak():
    shapes = np.array([[0.75, 0.25], [0.25, 0.75]])
    both = np.array([0, 1])
    uses = [
        EndUse.of("household", np.zeros(2, int), np.array([8.0, 4.0]), shapes),
        EndUse.of("charging", both, np.array([0.0, 40.0]), shapes),
        EndUse.of("tram", np.ones(2, int), np.array([4.0, 0.0]), shapes),
    ]
    load = aggregate(uses, np.zeros(2, int), 1, new_build=np.array([True, False]))
    found = headroom(load, stations([30]))
    assert (found["peak_hour"][0], found["peak_kw"][0]) == (1, 36.0)
    causes = peak_causes(load, found["peak_hour"].to_numpy())
    kw = dict(zip(causes.names, causes.kw[0].tolist(), strict=True))
    assert kw == {
        "base": 1.0, "heat_pumps": 0.0, "charging": 30.0, "cooling": 0.0, "new_build": 5.0, "tram": 0.0, "pv": 0.0
    }  # fmt: skip


def test_the_first_year_is_the_first_calendar_year_over():
    peaks = np.array([[500.0, 900, 500, 500, 700], [500, 950, 700, 500, 700], [900, 400, 700, 500, 900]])
    limit = np.array([800.0, 800, 700, np.nan, 700])
    found = first_years([2024, 2030, 2040], peaks, limit)
    # 500 + 40 k > 800 for k = 8; over at once; just at its limit; not known; at 700 until 2030, over in the next year
    np.testing.assert_array_equal(found, [2038, 2024, np.inf, np.nan, 2031])
    assert first_years([2024], np.array([[5.0]]), np.array([4.0])).tolist() == [2024]
    for years in ([2030, 2024, 2040], [2024, 2030]):
        with pytest.raises(TwinError, match="must rise"):
            first_years(years, peaks, limit)


def test_the_steps_of_the_grant_are_those_of_the_source():
    steps = reference.table("grid_steps")
    granted = steps[(steps["kind"] == "capacity") & (steps["year"] > 2025)]
    assert granted["step_mw"].sum() == 426
    assert granted_mw([2025, 2026, 2035, 2050]).tolist() == [850, 956, 1276, 1276]
    assert granted_mw([2023, 2032], "forecast").tolist() == [850, 1400]
    assert np.isnan(granted_mw([2000])).all()
    with pytest.raises(TwinError, match="contracted"):
        granted_mw([2030], "contracted")


def test_the_city_s_cap_bites_between_the_steps():
    # the peak rises by 61 MW a year, the cap in steps
    found = city_headroom({2023: 850_000.0, 2032: 1_400_000.0}).set_index("year")
    assert found.index.tolist() == list(range(2023, 2033))
    assert found.loc[2023, "headroom_kw"] == 0
    assert found.loc[2032, "over_kw"] == 1_400_000 - 1_170_000
    np.testing.assert_allclose(found["headroom_kw"].clip(upper=0), -found["over_kw"])
    half = city_headroom({2030: 500_000.0}, share_of_city=0.5)
    assert half["granted_kw"].tolist() == [531_500.0]
    assert np.isnan(city_headroom({2000: 1.0})["over_kw"][0])
    for bad in ({}, {2024: 1.0}):
        with pytest.raises(TwinError, match="share of the city"):
            city_headroom(bad, share_of_city=1.5)


def areas_of(shapes, ids=None, crs="EPSG:3007", **columns):
    ids = ids or [f"g{k}" for k in range(len(shapes))]
    return gpd.GeoDataFrame({"grid_area_id": ids, **columns}, geometry=shapes, crs=crs)


def points(*at):
    return gpd.GeoDataFrame(
        {"building_id": [f"b{k}" for k in range(len(at))]}, geometry=[shapely.Point(p) for p in at], crs="EPSG:3007"
    )


KNOWN = {"rating_kw": 800.0, "firm_kw": 700.0, "n1_rating_kw": 400.0}


def test_areas_in_order_have_no_findings():
    areas = areas_of([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)], **KNOWN)
    assert check_areas(areas, points((5, 5), (15, 5))) == ()


def test_everything_odd_is_told_with_names():
    bow = shapely.Polygon([(100, 0), (110, 10), (110, 0), (100, 10)])
    shapes = [shapely.box(0, 0, 10, 10), shapely.box(8, 0, 20, 10), shapely.box(50, 50, 60, 60), bow, shapely.Polygon()]
    areas = areas_of(shapes, ["a", "b", "c", "d", "b"], rating_kw=[800, np.nan, 1, 1, 1], firm_kw=1.0)
    found = check_areas(areas, points((5, 5), (9, 5), (15, 5), (30, 30), (-1, 0)))
    told = {f.kind if f.kind != "unknown_limit" else f.name: f for f in found}
    assert set(told) == {
        "duplicate_id", "no_area", "invalid", "overlap", "outside", "in_several", "empty", "rating_kw", "n1_rating_kw"
    }  # fmt: skip
    assert told["overlap"].areas == ("a", "b")
    assert told["overlap"].value == pytest.approx(20)
    assert told["outside"].buildings == ("b3", "b4")
    assert (told["in_several"].buildings, told["in_several"].areas) == (("b1",), ("a", "b"))
    assert told["empty"].areas == ("c",)
    assert told["invalid"].areas == ("d",)
    assert told["rating_kw"].areas == ("b",)
    assert told["n1_rating_kw"].count == 5
    text = [str(f) for f in found]
    assert "2 buildings lie in no grid area (b3, b4)" in " ".join(text)
    assert {f.kind for f in found} == set(TEXTS)


def test_many_names_are_shortened_in_words_and_kept_as_data():
    found = check_areas(areas_of([shapely.box(0, 0, 1, 1)], **KNOWN), points(*[(9, k) for k in range(12)]))
    outside = next(f for f in found if f.kind == "outside")
    assert len(outside.buildings) == 12
    assert "b4 and 7 more" in str(outside)


def test_two_coordinate_systems_are_refused():
    with pytest.raises(TwinError, match="one coordinate system"):
        check_areas(areas_of([shapely.box(0, 0, 1, 1)], crs="EPSG:3006", **KNOWN), points((0, 0)))


def test_the_sample_city_s_areas_are_told(sample):
    found = check_areas(sample["grid_areas"], sample["buildings"])
    assert {f.name for f in found if f.kind == "unknown_limit"} >= {"firm_kw", "n1_rating_kw"}
    outside = sum(f.count for f in found if f.kind == "outside")
    assert outside == sample["buildings"]["grid_area_id"].isna().sum()
