"""The outside world becomes valid tables, and valid tables become files again. One source, one small module."""

from layers import (
    buildings,
    charging,
    cityjson,
    declarations,
    gtfs,
    heat_network,
    inventory,
    mesh_surface,
    population,
    roads,
    terrain,
    vector,
    weather,
)
from layers.catalogue import load
from layers.context import Context
from twin.registry import layer

__all__ = [
    "Context",
    "buildings",
    "charging",
    "cityjson",
    "declarations",
    "gtfs",
    "heat_network",
    "inventory",
    "layer",
    "load",
    "mesh_surface",
    "population",
    "roads",
    "terrain",
    "vector",
    "weather",
]
