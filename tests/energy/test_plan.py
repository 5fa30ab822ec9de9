"""Adoption is planned once: no entity is taken twice, nobody reverts, shares are kept."""

from functools import cache

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from energy.plan import NEVER, adopted, plan
from energy.scenario import Scenario, Step
from twin import City, Factors, schema

FACTORS = Factors.read()


@cache
def many_buildings():
    rng = np.random.default_rng(1)
    n = 60
    table = pd.DataFrame(
        {
            "building_id": [f"b{i}" for i in range(n)],
            "use": rng.choice(["single_family", "multi_family", "office"], n),
            "heating": rng.choice(["oil", "direct_electric", "district_heating"], n),
        }
    )
    done, problems = schema.complete(table, "buildings")
    assert [p.column for p in problems] == ["geometry"]
    return City("Många", "EPSG:3007", {"buildings": done})


HEAT_STEPS = st.lists(
    st.builds(
        lambda measure, share, start, length: Step(measure=measure, share=share, start=start, end=start + length),
        st.sampled_from(["install_heat_pump", "connect_district_heating"]),
        st.floats(0, 1),
        st.integers(2024, 2030),
        st.integers(0, 6),
    ),
    max_size=4,
)


@given(HEAT_STEPS)
def test_no_building_is_taken_twice_and_none_reverts(steps):
    city = many_buildings()
    adoption = plan(city, Scenario(name="p", step=tuple(steps)))
    if steps:
        assert ((np.stack(adoption.years) != NEVER).sum(axis=0) <= 1).all()
    base = city["buildings"]
    before = base["heating"].copy()
    changed = np.zeros(len(base), bool)
    for year in range(2024, 2037):
        now = adopted(base, "buildings", adoption, year, FACTORS.at(year))
        moved = np.zeros(len(base), bool)
        for years in adoption.years:
            moved |= years <= year
        assert (now["heating"][~moved] == before[~moved]).all()
        assert (moved >= changed).all()
        changed = moved
    assert (base["heating"] == before).all()


@given(st.floats(0, 1))
def test_share_is_of_all_that_match(share):
    city = many_buildings()
    adoption = plan(
        city,
        Scenario(name="p", step=(Step(measure="install_heat_pump", where={"use": ["single_family"]}, share=share),)),
    )
    matching = int((city["buildings"]["use"] == "single_family").sum())
    assert int((adoption.years[0] != NEVER).sum()) == round(share * matching)


def test_conflicts_are_reported():
    city = many_buildings()
    steps = (Step(measure="install_heat_pump", share=0.8), Step(measure="connect_district_heating", share=0.5))
    adoption = plan(city, Scenario(name="p", step=steps))
    assert len(adoption.conflicts) == 1
    assert "earlier steps leave" in str(adoption.conflicts[0])


def test_the_roll_out_is_even():
    city = many_buildings()
    adoption = plan(city, Scenario(name="p", step=(Step(measure="install_heat_pump", start=2026, end=2030),)))
    counts = np.bincount(adoption.years[0] - 2026)
    assert counts.max() - counts.min() <= 1
    assert len(counts) == 5


def test_a_drawn_boundary_chooses_what_has_its_middle_inside(sample):
    west, south, east, north = sample["buildings"].buffer(9e3).total_bounds
    half = f"POLYGON (({west} {south}, {(west + east) / 2} {south}, {(west + east) / 2} {north}, {west} {north}, {west} {south}))"
    step = Step(measure="install_heat_pump", within=half, start=2025, end=2025)
    street = Step(measure="electrify_vehicles", params={"ev_share": 1.0}, within=half)
    adoption = plan(sample, Scenario(name="x", step=(step, street)))
    middle = sample["buildings"].geometry.centroid.x.to_numpy()
    assert ((adoption.years[0] == 2025) == (middle < (west + east) / 2)).all()
    halfway = sample["roads"].geometry.interpolate(0.5, normalized=True).x.to_numpy()
    assert ((adoption.years[1] < 2100) == (halfway < (west + east) / 2)).all()
