"""Files of results: whole or not at all, and the same bytes from the same inputs."""

import json
import sys

import geopandas as gpd
import pandas as pd
import pytest

from layers import export
from twin import TwinError
from views import cli

SCENARIO = 'name = "P"\n[[step]]\nmeasure = "renovate_envelope"\nshare = 0.5\nend = 2026\n'


@pytest.fixture(scope="module")
def made(kept_folder):
    """The folders of two runs with the same inputs."""
    scenario = kept_folder / "s.toml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    folders = [kept_folder / name for name in ("one", "two")]
    for out in folders:
        words = ["twin", "run", kept_folder, "--scenario", scenario, "--years", "2024:2026", "--out", out]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", [str(w) for w in words])
            with pytest.raises(SystemExit, match=r"^0$"):
                cli.main()
    return folders


def test_the_same_inputs_give_the_same_bytes(made):
    one, two = made
    names = {p.name for p in one.iterdir()}
    assert names == {
        "indicators.csv",
        "investment.csv",
        "buildings.parquet",
        "roads.parquet",
        "summary.json",
        "run.json",
    }
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_the_contract_s_files(made):
    out = made[0]
    tidy = pd.read_csv(out / "indicators.csv")
    assert list(tidy.columns) == [
        "scenario",
        "area_id",
        "area_name",
        "year",
        "indicator",
        "value",
        "low",
        "high",
        "unit",
    ]
    assert set(tidy["scenario"]) == {"baseline", "P"}
    assert set(tidy["year"]) == {2024, 2025, 2026}
    houses = gpd.read_parquet(out / "buildings.parquet")
    assert len(houses) == 6 * 3 * 2
    assert houses.crs == "EPSG:3007"
    total = houses[(houses.scenario == "P") & (houses.year == 2026)]["heat_need_kwh"].sum()
    row = tidy.query("scenario == 'P' and year == 2026 and indicator == 'heat_need_kwh' and area_id == 'city'")
    assert row["value"].item() == pytest.approx(total, rel=1e-9)
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert set(record) == {"versions", "city", "layers", "scenarios", "years", "factors"}
    assert all(len(layer["sha256"]) == 64 for layer in record["layers"].values())
    assert {f["status"] for f in record["factors"]} == {"cited", "assumed"}
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["share_outside_model_2024"] == pytest.approx(0.556, abs=1e-3)
    assert "not industry" in summary["note"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    file = tmp_path / "t.csv"
    export.write_csv(pd.DataFrame({"a": [1.5]}), file)

    def fail(_part):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export.atomic(file, fail)
    assert file.read_bytes() == b"a\n1.5\n"
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_a_place_that_can_not_be_written(tmp_path):
    (tmp_path / "f").write_text("", encoding="utf-8")
    with pytest.raises(TwinError, match="choose another --out"):
        export.write_json({}, tmp_path / "f" / "x.json")


def test_a_folder_that_can_not_be_written_is_told_before_the_work(tmp_path, monkeypatch):
    (tmp_path / "f").write_text("", encoding="utf-8")
    with pytest.raises(TwinError, match="f is a file, no folder"):
        export.check_folder(tmp_path / "f" / "deep" / "er")
    export.check_folder(tmp_path / "not" / "yet")
    export.check_folder(None)
    assert [p.name for p in tmp_path.iterdir()] == ["f"], "nothing is made"
    monkeypatch.setattr(export.os, "access", lambda *_: False)
    with pytest.raises(TwinError, match="no right to write in"):
        export.check_folder(tmp_path / "not")
