"""A real district: nothing is dropped in silence, heights come from the mesh and are right."""

import numpy as np
import pandas as pd
import pytest

import energy
import layers
from energy.heat_plans.district import new_district


@pytest.fixture(scope="module")
def johanneberg(root, shared):
    return layers.load(root / "tests/cities/johanneberg", shared)


def test_every_footprint_is_there(johanneberg):
    buildings = johanneberg["buildings"]
    assert len(buildings) == 788
    assert buildings["building_id"].is_unique
    assert any("further parts of a register object" in n for n in johanneberg.sources["buildings"].notes)


def test_heights_are_those_of_the_mesh(johanneberg, shared):
    buildings = johanneberg["buildings"]
    assert (buildings["height_source"] == "mesh").sum() >= 770
    measured = pd.read_csv(shared / "johanneberg/heights_derived_from_mesh.csv").set_index("fid")["h_median_m"]
    found = buildings.set_index(buildings["fid"].astype(int))["height_m"]
    difference = (found - measured.reindex(found.index).clip(lower=2.5)).abs()
    assert difference.notna().sum() >= 770
    assert difference.median() < 1.0
    assert (buildings["height_uncertainty_m"] > 0).all()


def test_a_year_of_the_district_is_plausible(johanneberg):
    results = energy.simulate(johanneberg, energy.Scenario.baseline(), years=[2024], ranges=False)
    city = results.indicators(by="city").set_index("indicator")["value"]
    assert 60 < city["heat_need_kwh_m2"] < 180
    assert np.isfinite(city["co2e_territorial_kg"])
    assert city["vehicle_km"] > 1e6


def test_a_heat_network_for_the_district_is_laid_out_along_its_streets(johanneberg):
    results = energy.simulate(johanneberg, energy.Scenario.baseline(), years=[2024], ranges=False)
    boundary = johanneberg["buildings"].geometry.union_all().convex_hull
    found = new_district(results, 2024, boundary)
    told = found.figures
    assert told["buildings"] > 500
    assert told["connected"] > 0.7 * told["buildings"]
    assert 0.01 < told["loss_share"] < 0.12
    assert found.network.choice_sek > 0.9 * told["bound_sek_year"]
    joined = found.network.buildings["connected"].to_numpy(bool)
    heat_kwh = found.loads.heat_kwh[joined].sum()
    assert found.year.heat_in_w.sum() / 1000 == pytest.approx(heat_kwh + found.year.loss_w.sum() / 1000, rel=1e-9)
