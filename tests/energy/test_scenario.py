"""A scenario is checked when it is read, and its filters against the tables."""

import numpy as np
import pytest

from energy.scenario import Scenario, select
from twin import TwinError

PLAN = """
name = "Plan"
description = "Ett prov"
[[step]]
measure = "renovate_envelope"
where = { use = ["multi_family"], year_built = { max = 1975 } }
share = 0.5
start = 2026
end = 2030
params = { u_wall_w_m2k = 0.18 }
status = "beslutad"
responsible = "AB Framtiden"
"""


def test_reads_and_writes_the_same_scenario():
    plan = Scenario.from_text(PLAN)
    assert plan.step[0].responsible == "AB Framtiden"
    assert Scenario.from_text(plan.to_toml()) == plan


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "x"\n[[step]]\nmeasure = "renovate_envelop"', "did you mean 'renovate_envelope'"),
        ('name = "x"\n[[step]]\nmeasure = "install_heat_pump"\nshare = 1.2', "step 1, share: 1.2 is not possible"),
        ('name = "x"\n[[step]]\nmeasure = "install_heat_pump"\nshare = -0.1', "step 1, share"),
        (
            'name = "x"\n[[step]]\nmeasure = "install_heat_pump"\nstart = 2031\nend = 2030',
            "start 2031 is after end 2030",
        ),
        (
            'name = "x"\n[[step]]\nmeasure = "install_heat_pump"\nparams = { sourse = "air" }',
            "unknown parameter 'sourse'; did you mean 'source'",
        ),
        ('name = "x"\n[[step]]\nmeasure = "install_heat_pump"\nstatus = "klar"', "status"),
        ('name = "x"\n[[step]]\nmeasure = "install_heat_pump"\nsahre = 1', "did you mean 'share'"),
        ('name = "x"\n[[stepp]]\nmeasure = "install_heat_pump"', "did you mean 'step'"),
        ('name = "x"\n[[step]\n', "line 2"),
        ("", "name"),
    ],
)
def test_refuses_what_can_not_be(text, message):
    with pytest.raises(TwinError, match="scenario") as error:
        Scenario.from_text(text)
    assert message in str(error.value)


def test_lists_all_problems_at_once():
    with pytest.raises(TwinError) as error:
        Scenario.from_text('name = "x"\n[[step]]\nmeasure = "nope"\n[[step]]\nmeasure = "install_heat_pump"\nshare = 2')
    assert "step 1" in str(error.value)
    assert "step 2" in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(TwinError, match="no scenario file"):
        Scenario.read(tmp_path / "none.toml")


def test_file_that_is_not_utf8(tmp_path):
    (tmp_path / "latin.toml").write_bytes('name = "Göteborg"'.encode("latin-1"))
    with pytest.raises(TwinError, match="UTF-8"):
        Scenario.read(tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"use": "multi_family"}, [0, 1]),
        ({"use": ["office", "school"], "year_built": {"min": 2000}}, [4]),
        ({"year_built": {"max": 1955}}, [0, 2]),
        ({"owner": ["Framtiden"]}, [0, 1]),
        ({"area_id": "s1"}, [0, 1, 2, 3, 4, 5]),
        ({"area_id": ["a2"]}, [3, 4, 5]),
    ],
)
def test_filters(city, where, rows):
    assert np.flatnonzero(select(city["buildings"], where, city["areas"])).tolist() == rows


def test_a_blank_never_matches(city):
    roads = city["roads"]
    assert np.flatnonzero(select(roads, {"lanes": {"min": 0}})).tolist() == []


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"year_bilt": {"max": 1975}}, "did you mean 'year_built'"),
        ({"geometry": 1}, "unknown column"),
        ({"use": ["multifamily"]}, "did you mean 'multi_family'"),
        ({"area_id": ["a3"]}, "unknown area 'a3'"),
        ({"year_built": {"maximum": 1975}}, "limits are called min and max"),
        ({"use": {"max": 3}}, "holds no numbers"),
        ({"year_built": {"max": "1975"}}, "must be numbers"),
    ],
)
def test_filters_that_can_not_be(city, where, message):
    with pytest.raises(TwinError, match=message):
        select(city["buildings"], where, city["areas"])
