"""The commands ``twin grid``, as a user types them."""

import json

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def city(root):
    return root / "sample_data"


def test_the_capacity_map_tells_what_breaks_first_and_what_helps(twin, city, tmp_path):
    words = ["grid", "capacity", city, "--ev-share", "0.8", "--heat-pump-share", "0.4", "--years", "2024,2030,2035"]
    code, said, told = twin(*words, "--charging", "smart", "--out", tmp_path, "--json")
    assert code == 0, told
    smart = json.loads(said)
    assert smart["areas"] == 60
    assert smart["first_year_over"] > 2024
    assert smart["bought_mw_in_last_year"] > 1
    areas = pd.read_csv(tmp_path / "grid_areas.csv")
    assert len(areas) == 180
    over = areas[(areas["year"] == 2035) & (areas["over_h"] > 0)]
    assert len(over) == smart["areas_over_in_last_year"]
    assert {r["grid_area_id"] for r in smart["first_years"]} == set(areas["grid_area_id"])
    code, said, _ = twin(*words, "--json")
    assert json.loads(said)["first_year_over"] <= smart["first_year_over"]


def test_price_lending_batteries_and_capacity_that_is_not_granted(twin, city, tmp_path):
    plan = city / "scenarios" / "plan2030.toml"
    words = ["grid", "capacity", city, "--scenario", plan, "--years", "2024,2030", "--charging", "price", "--json"]
    code, said, told = twin(*words)
    assert code == 0, told
    plain = json.loads(said)
    code, said, told = twin(*words, "--v2g", "--batteries", "1", "--without-granted", "--out", tmp_path)
    assert code == 0, told
    all_in = json.loads(said)
    more = all_in["charged_mwh_in_last_year"] - plain["charged_mwh_in_last_year"]
    assert more == pytest.approx(all_in["v2g_lost_mwh_in_last_year"], rel=1e-9)
    assert all_in["shaved_mw_in_last_year"] > 0
    assert plain["shaved_mw_in_last_year"] == 0
    assert all_in["headroom_mw_2024"] > plain["headroom_mw_2024"]
    areas = pd.read_csv(tmp_path / "grid_areas.csv")
    causes = ["base", "heat_pumps", "charging", "cooling", "new_build", "batteries", "pv"]
    assert (areas[[f"{c}_kw" for c in causes]].sum(axis=1) / areas["peak_kw"]).to_numpy() == pytest.approx(1, rel=1e-9)
    assert len(set(pd.read_csv(tmp_path / "city.csv")["granted_kw"])) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--years", "2024;2030"], "commas between"),
        (["--years", "1066"], "1990 to 2100"),
        (["--ev-share", "1.4"], "equal to 1"),
        (["--charging", "cheap"], "price"),
        (["--batteries", "-1"], "batteries"),
    ],
)
def test_wrong_words_are_told(twin, city, words, told):
    code, _, wrong = twin("grid", "capacity", city, *words)
    assert code == 2
    assert told in " ".join(wrong.split())


def test_a_station_from_inside_and_a_look_at_the_areas(twin, city):
    code, said, told = twin("grid", "station", city, "--area", "station-46", "--draw", "1", "--draws", "20", "--json")
    assert code == 0, told
    found = json.loads(said)
    assert [row["p10_kw"] <= row["p90_kw"] for row in found["peaks"]] == [True] * len(found["peaks"])
    assert found["seed"] == 1
    assert found["synthetic"] is True
    assert [row["what"] for row in found["hosting"]] == ["cars", "heat_pumps", "solar"]
    code, said, _ = twin("grid", "shift", city, "--json")
    assert len(json.loads(said)) == 60
    code, said, _ = twin("grid", "check", city, "--json")
    assert code == 0
    assert any("firm_kw" in sentence for sentence in json.loads(said))
