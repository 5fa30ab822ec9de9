"""The calculations: pure functions, arrays in, arrays out."""

from energy import measures, traffic_measures
from energy.buildings.kernel import compile_engine
from energy.calibrate import Calibration, calibrate, declared_buildings, measured_and_modelled
from energy.hours import hours_of
from energy.indicators import INDICATORS, Indicator
from energy.investment import investment
from energy.plan import plan
from energy.results import Results
from energy.scenario import Scenario, Step
from energy.simulate import simulate
from twin.registry import MEASURES, measure

__all__ = [
    "INDICATORS",
    "MEASURES",
    "Calibration",
    "Indicator",
    "Results",
    "Scenario",
    "Step",
    "calibrate",
    "compile_engine",
    "declared_buildings",
    "hours_of",
    "investment",
    "measure",
    "measured_and_modelled",
    "measures",
    "plan",
    "simulate",
    "traffic_measures",
]
