"""The synthetic Göteborg can be made anew anywhere, and looks like a city."""

import subprocess
import sys

import geopandas as gpd
import pandas as pd
import pytest
import rasterio

import energy
import layers


@pytest.fixture(scope="module")
def sample(root):
    return layers.load(root / "sample_data")


def test_it_is_made_anew_elsewhere_with_the_same_contents(root, tmp_path):
    subprocess.run(
        [sys.executable, str(root / "sample_data/make.py"), str(tmp_path / "new city")], check=True, cwd=tmp_path
    )
    made = {str(p.relative_to(tmp_path / "new city")) for p in (tmp_path / "new city").rglob("*") if p.is_file()}
    assert len(made) >= 11
    assert len([name for name in made if name.startswith("gtfs")]) == 9
    for name in made:
        new, old = tmp_path / "new city" / name, root / "sample_data" / name
        if name.endswith(".parquet"):
            one, other = gpd.read_parquet(new), gpd.read_parquet(old)
            assert one.geometry.geom_equals_exact(other.geometry, 1e-6).all(), name
            pd.testing.assert_frame_equal(
                pd.DataFrame(one.drop(columns="geometry")), pd.DataFrame(other.drop(columns="geometry"))
            )
        elif name.endswith(".csv"):
            pd.testing.assert_frame_equal(pd.read_csv(new), pd.read_csv(old))
        elif name.endswith(".tif"):
            with rasterio.open(new) as one, rasterio.open(old) as other:
                assert one.profile == other.profile
                assert (one.read() == other.read()).all()
        else:
            assert new.read_text(encoding="utf-8") == old.read_text(encoding="utf-8"), name


def test_it_is_small(root):
    files = [p for p in (root / "sample_data").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert sum(p.stat().st_size for p in files) < 10e6


def test_districts_have_their_character(sample):
    buildings = sample["buildings"]
    assert 2_500 < len(buildings) < 3_600
    names = sample["areas"].set_index("area_id")["name"]
    of = buildings.assign(district=buildings["area_id"].map(names).str.lower())

    def homes(word):
        return of[of["district"].str.contains(word, na=False)]

    assert homes("majorna")["year_built"].median() < 1945
    assert 1955 <= homes("biskop").query("use == 'multi_family'")["year_built"].median() <= 1975
    assert (homes("överås|skår")["use"] == "single_family").mean() > 0.5
    assert homes("lindholmen")["use"].isin(["office", "school"]).mean() > 0.2
    assert (buildings["use"] == "industry").sum() > 30


def test_every_kind_of_layer_is_there(sample):
    for table in (
        "areas",
        "roads",
        "heat_pipes",
        "heat_supply",
        "grid_areas",
        "charging",
        "declarations",
        "population",
        "weather",
        "context",
    ):
        assert len(sample[table]) > 0, table
    assert sample["areas"]["level"].nunique() == 3
    share = len(sample["declarations"]) / (sample["buildings"]["floor_area_m2"] > 0).sum()
    assert 0.2 < share < 0.6
    assert (sample["roads"]["aadt"] > 0).mean() > 0.8
    assert len(sample["weather"]) == 8760


def test_it_says_that_it_is_synthetic(sample, root):
    assert "syntetisk" in sample.name
    assert all("yntetisk" in s.source for s in sample.sources.values() if s.path != "terrain.tif")
    assert "Nothing here is a register of real buildings" in (root / "sample_data/README.md").read_text(
        encoding="utf-8"
    )


def test_the_plan_beats_the_trend_and_says_what_found_no_room(sample, root):
    folder = root / "sample_data/scenarios"
    runs = {
        n: energy.simulate(sample, energy.Scenario.read(folder / f"{n}.toml"), years=[2024, 2030], ranges=False)
        for n in ("plan2030", "trend")
    }
    emitted = {
        n: r.indicators(by="city").query("indicator == 'co2e_territorial_kg'").set_index("year")["value"]
        for n, r in runs.items()
    }
    assert emitted["plan2030"][2030] < emitted["trend"][2030] < emitted["trend"][2024]
    assert emitted["plan2030"][2024] == pytest.approx(emitted["trend"][2024])
    assert len(runs["plan2030"].adoption.conflicts) >= 1
