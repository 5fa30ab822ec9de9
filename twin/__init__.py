"""The city as data, and the rules it obeys."""

from twin.city import City, Source
from twin.errors import FactorError, PluginError, Problem, SchemaError, TwinError
from twin.factors import Factors
from twin.registry import LAYERS, MEASURES, layer, measure
from twin.surface import Surface

__all__ = [
    "LAYERS",
    "MEASURES",
    "City",
    "FactorError",
    "Factors",
    "PluginError",
    "Problem",
    "SchemaError",
    "Source",
    "Surface",
    "TwinError",
    "layer",
    "measure",
]
