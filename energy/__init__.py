"""The calculations: pure functions, arrays in, arrays out."""

from energy import measures
from energy.indicators import INDICATORS, Indicator
from energy.plan import plan
from energy.results import Results
from energy.scenario import Scenario, Step
from energy.simulate import simulate
from twin.registry import MEASURES, measure

__all__ = [
    "INDICATORS",
    "MEASURES",
    "Indicator",
    "Results",
    "Scenario",
    "Step",
    "measure",
    "measures",
    "plan",
    "simulate",
]
