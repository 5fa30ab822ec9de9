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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--years", "2024;2030"], "commas between"),
        (["--years", "1066"], "1990 to 2100"),
        (["--ev-share", "1.4"], "equal to 1"),
    ],
)
def test_wrong_words_are_told(twin, city, words, told):
    code, _, wrong = twin("grid", "capacity", city, *words)
    assert code == 2
    assert told in " ".join(wrong.split())


def test_a_station_from_inside_and_a_look_at_the_areas(twin, city):
    code, said, told = twin("grid", "station", city, "--area", "station-46", "--json")
    assert code == 0, told
    found = json.loads(said)
    assert found["synthetic"] is True
    assert [row["what"] for row in found["hosting"]] == ["cars", "heat_pumps", "solar"]
    code, said, _ = twin("grid", "shift", city, "--json")
    assert len(json.loads(said)) == 60
    code, said, _ = twin("grid", "check", city, "--json")
    assert code == 0
    assert any("firm_kw" in sentence for sentence in json.loads(said))
