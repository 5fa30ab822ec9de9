import warnings
from functools import cache
from pathlib import Path

import pytest

import layers

# a picture has no place on earth; the reader of rasters says so each time
warnings.filterwarnings("ignore", message="Dataset has no geotransform")
SAMPLE = Path(__file__).parents[2] / "sample_data"
_load = layers.load


@cache
def _sample():
    return _load(SAMPLE)


@pytest.fixture(autouse=True)
def _sample_read_once(monkeypatch):
    """Many commands read the sample city; it is the same one each time."""

    def load(folder, data=None, progress=None):
        same = data is None and Path(folder).resolve() == SAMPLE
        return _sample() if same else _load(folder, data, progress)

    monkeypatch.setattr(layers, "load", load)
