"""Schutterwald's heat network as a city of its own, and as a tree that is ready to be solved."""

import shutil

import geopandas as gpd
import numpy as np
import pytest
import shapely

import layers
from energy.district_heating.drawn.rooting import forest, given, pipe_tree, sized
from energy.district_heating.drawn.sources import split
from energy.district_heating.drawn.topology import attach, connect
from energy.district_heating.hydraulics.pipes import Catalogue, Water
from twin import Factors

F = Factors.read().at(2024)
TOML = """[city]
name = "Schutterwald"
crs = "EPSG:25832"
[layers.buildings]
use = "vector"
path = "buildings.gpkg"
[layers.heat_pipes]
use = "heat_pipes"
path = "schutterwald_pipes.geojson"
columns = { name = "stretch" }
source = "pandapipes sw_heat"
licence = "BSD-3-Clause"
"""


@pytest.fixture(scope="session")
def schutterwald_city(shared, tmp_path_factory):
    """The pipes as they are; for buildings, a house of 10 x 10 m round each consumer."""
    folder = tmp_path_factory.mktemp("schutterwald")
    shutil.copy(shared / "heat/schutterwald/schutterwald_pipes.geojson", folder)
    at = gpd.read_file(shared / "heat/schutterwald/schutterwald_consumers.geojson").to_crs("EPSG:25832")
    houses = at[["geometry"]].assign(
        building_id=[f"house-{i}" for i in range(len(at))],
        use="single_family",
        heating="district_heating",
        storeys=2.0,
        height_m=6.0,
        year_built=1980.0,
        geometry=at.buffer(5, cap_style="square"),
    )
    houses.to_file(folder / "buildings.gpkg", layer="buildings")
    (folder / "city.toml").write_text(TOML, encoding="utf-8")
    return layers.load(folder)


@pytest.fixture(scope="session")
def schutterwald(schutterwald_city, shared):
    """Network, rooted tree and sized pipes, with 30 kW a house."""
    pipes, houses = schutterwald_city["heat_pipes"], schutterwald_city["buildings"]
    stations = gpd.read_file(shared / "heat/schutterwald/schutterwald_substations.geojson").to_crs("EPSG:25832")
    plant = stations[stations["type"].to_numpy() == "heat_generator"]
    network = connect(pipes, F)
    network, consumers = attach(
        network, shapely.get_coordinates(houses.geometry.centroid), houses["building_id"].tolist(), F["network.reach_m"]
    )
    network, plants = attach(
        network, shapely.get_coordinates(plant.geometry), ["station"], F["network.reach_m"], "plant"
    )
    assert (consumers.node >= 0).all()
    assert not consumers.findings
    demand = np.zeros(len(network.node_xy))
    np.add.at(demand, consumers.node, 30e3)
    shared_out = split(network, plants, [5e6], demand, loss_share=0.1)
    (tree,) = forest(network, plants, shared_out).trees
    catalogue, water = Catalogue.standard(), Water.of(F)
    known = given(network, pipes, catalogue, F, 2024)
    known = sized(known, shared_out.flow_w, catalogue, water, cooling_k=30.0, limit_pa_m=100.0)
    return network, tree, pipe_tree(network, tree, known)
