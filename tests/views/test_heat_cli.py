"""The commands ``twin heat``, as a user types them."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers import pandapipes_net
from twin import TwinError


def said(twin, *words):
    code, out, told = twin("heat", *words)
    assert code == 0, told
    return out


@pytest.fixture(scope="module")
def city(root):
    return root / "sample_data"


def test_it_explains_itself(twin):
    help_text = said(twin, "--help")
    for command in ("layout", "simulate", "dispatch", "density", "cool", "choose"):
        assert command in help_text


def test_a_drawn_boundary_becomes_a_network_beside_heat_pumps(twin, city, tmp_path):
    area = gpd.read_parquet(city / "areas.parquet").set_index("area_id").geometry["p19"]
    drawn = gpd.GeoDataFrame(geometry=[area], crs="EPSG:3007").to_crs(4326)
    drawn.to_file(tmp_path / "granse.geojson")
    out = tmp_path / "out"
    told = json.loads(said(twin, "layout", city, "--boundary", tmp_path / "granse.geojson", "--out", out, "--json"))
    assert told["connected"] == told["buildings"] > 200
    assert 0 < told["loss_share"] < 0.1
    assert told["comparison"][0]["option"] == "district_heating"
    pipes = gpd.read_parquet(out / "pipes.parquet")
    assert pipes["length_m"].sum() == pytest.approx(told["trench_m"])
    assert pd.read_csv(out / "buildings.csv")["connected"].sum() == told["connected"]
    assert json.loads((out / "figures.json").read_text())["invest_sek"] == pytest.approx(told["invest_sek"])
    by_area = json.loads(said(twin, "layout", city, "--area", "p19", "--json"))
    assert by_area["connected"] == told["connected"]


def test_what_a_boundary_can_not_be_is_told(twin, city, tmp_path):
    gpd.GeoDataFrame(geometry=[shapely.Point(11.97, 57.7)], crs=4326).to_file(tmp_path / "p.geojson")
    for words, expected in (
        ([], "--boundary FILE, or --area"),
        (["--area", "p199"], "did you mean 'p19'"),
        (["--boundary", tmp_path / "p.geojson"], "holds no area"),
        (["--boundary", tmp_path / "none.geojson"], "there is no file"),
        (["--area", "p19", "--from", "12 13"], "write it as x,y"),
        (["--area", "p19", "--force", "nobody"], "is no building_id"),
    ):
        code, _, told = twin("heat", "layout", city, *words)
        assert code == 2
        assert expected in " ".join(told.split())


def in_balance(nodes, pipes, plants, *, supply_c, return_c, ground_c, fluid):
    """Check that a network that is handed on takes what its plants send, so that no pump need run backwards."""
    taken = nodes["demand_w"] / (fluid.heat_capacity_j_kgk * (supply_c - return_c))
    assert plants["flow_kg_s"].sum() == pytest.approx(taken.sum(), rel=1e-9)
    assert plants["flow_kg_s"].is_monotonic_decreasing
    assert (plants["flow_kg_s"] > 0).all()
    assert plants["node"].is_unique
    assert (pipes["start"] != pipes["end"]).all()
    assert np.isfinite(pipes.select_dtypes("number")).all(axis=None)
    assert (pipes[["length_m", "diameter_m", "roughness_m", "loss_w_mk"]] > 0).all(axis=None)
    assert ground_c < return_c < supply_c


def test_the_network_there_is_runs_and_tells_what_its_drawing_lacks(twin, city, tmp_path, monkeypatch):
    handed = []
    monkeypatch.setattr(pandapipes_net, "to_pandapipes", lambda *tables, **state: handed.append((tables, state)))
    monkeypatch.setattr(pandapipes_net, "write_net", lambda _, file: file.touch())
    words = ["simulate", city, "--follow", "gbg-00500", "--out", tmp_path / "out", "--json"]
    words += ["--pandapipes", tmp_path / "net.json"]
    told = json.loads(said(twin, *words))
    assert told["networks"] == 1
    assert 0.05 < told["loss_share"] < 0.15
    assert any("form a loop" in finding for finding in told["findings"])
    months = pd.read_csv(tmp_path / "out" / "months.csv")
    assert months["loss_mwh"].sum() / 1000 == pytest.approx(told["loss_gwh"], rel=1e-6)
    followed = pd.read_csv(tmp_path / "out" / "followed.csv")
    assert len(followed) == 168
    ((tables, state),) = handed
    in_balance(*tables, **state)
    assert np.isclose(followed["sent_c"], state["supply_c"]).any()  # of the hour of the highest load
    assert (followed["dynamic_c"] <= followed["sent_c"].max()).all()
    code, _, wrong = twin("heat", "simulate", city, "--follow", "gbg-0050")
    assert code == 2
    assert "has no district heating; did you mean" in " ".join(wrong.split())


@pytest.mark.filterwarnings("ignore")
def test_pandapipes_solves_the_file_as_it_is(twin, city, tmp_path):
    pandapipes = pytest.importorskip(
        "pandapipes", reason="pandapipes is not installed: pip install 'klimattvilling[crosscheck]'"
    )
    said(twin, "simulate", city, "--pandapipes", tmp_path / "net.json")
    net = pandapipes.from_json(str(tmp_path / "net.json"))
    pandapipes.pipeflow(net)
    assert net.converged
    taken = net.res_heat_consumer
    heat = taken["mdot_from_kg_per_s"] * net.fluid.get_heat_capacity(300.0) * (taken["t_from_k"] - taken["t_outlet_k"])
    np.testing.assert_allclose(heat, net.heat_consumer["qext_w"], rtol=1e-6)
    assert (taken["p_from_bar"] > taken["p_to_bar"]).all()
    sent = pd.concat([net.res_circ_pump_pressure, net.res_circ_pump_mass])["mdot_from_kg_per_s"]
    assert (sent > 0).all()
    assert sent.sum() == pytest.approx(taken["mdot_from_kg_per_s"].sum(), rel=1e-9)


def test_plants_are_dispatched_with_and_without_the_refineries(twin, city, tmp_path):
    words = ["dispatch", city, "--without", "unit-1", "--out", tmp_path / "out", "--json"]
    told = json.loads(said(twin, *words))
    with_all, without = told["without"]
    assert without["territorial"] > with_all["territorial"]
    assert len(told["allocation"]) == 8
    hours = pd.read_csv(tmp_path / "out" / "hours.csv")
    assert len(hours) == 8760
    made = hours.filter(regex=r"^unit-\d_mw$").sum(axis=1)
    assert made.sum() == pytest.approx(hours["load_mw"].sum(), rel=1e-6)
    code, _, wrong = twin("heat", "dispatch", city, "--without", "unit-11")
    assert code == 2
    assert "did you mean" in wrong


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (["density"], {"area", "heat_gwh", "density_mwh_ha"}),
        (["choose"], {"criterion", "option", "buildings"}),
    ],
)
def test_lists_for_programs(twin, city, words, keys):
    rows = json.loads(said(twin, *words, city, "--json"))
    assert rows
    assert keys <= set(rows[0])


def test_a_cooler_network(twin, city):
    told = json.loads(said(twin, "cool", city, "--to", "65/35", "--json"))
    assert told["loss_after_per_before"] < 1
    code, _, wrong = twin("heat", "cool", city, "--to", "60/30")
    assert code == 2
    assert "no regime '60/30'" in wrong


def test_savings_are_worth_something_and_a_missing_extra_is_told(twin, city, tmp_path, monkeypatch):
    plan = city / "scenarios" / "plan2030.toml"
    told = json.loads(said(twin, "saving", city, "--scenario", plan, "--year", "2030", "--json"))
    assert told["saved_gwh"] > 1
    assert told["owners_save_sek_year"] > 0

    def missing():
        raise TwinError("pip install 'klimattvilling[crosscheck]'")

    monkeypatch.setattr(pandapipes_net, "_pandapipes", missing)
    code, _, wrong = twin("heat", "simulate", city, "--pandapipes", tmp_path / "net.json")
    assert code == 2
    assert "klimattvilling[crosscheck]" in wrong
    assert not (tmp_path / "net.json").exists()
