"""The sample city, loaded and prepared once for the tests of the hourly model."""

import pytest

import layers
from energy.buildings.hourly import stock_drivers
from energy.memory import Memory
from energy.stock import Stock
from twin import Factors

F = Factors.read().at(2024)


@pytest.fixture(scope="session")
def sample(root):
    return layers.load(root / "sample_data")


@pytest.fixture(scope="session")
def stock(sample):
    return Stock.of(sample, Memory(), F)


@pytest.fixture(scope="session")
def drivers(sample):
    return stock_drivers(sample["weather"], F)
