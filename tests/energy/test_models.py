"""The seasonal and the hourly model beside each other, within the bands that docs/models.md states."""

import numpy as np
import pytest

from benchmarks import models

ARCHETYPES = (0.81, 1.02)
SAMPLE = (0.80, 1.02)


@pytest.fixture(scope="module")
def page():
    return models.PAGE.read_text(encoding="utf-8")


def held(ratio, band, page):
    values = ratio.to_numpy(float)
    assert np.nanmin(values) > band[0]
    assert np.nanmax(values) < band[1]
    assert f"{band[0]:.2f} to {band[1]:.2f}" in page
    assert models.markdown(ratio) in page


def test_every_swedish_archetype_agrees_in_a_year_of_goteborg(page):
    if not models.WEATHER.is_dir():
        pytest.skip("the weather year of Göteborg is not here; it lies in weather of the shared data")
    ratio = models.archetype_ratios()
    assert ratio.shape == (10, 8)
    assert ratio.notna().all(axis=None)
    held(ratio, ARCHETYPES, page)


def test_the_sample_city_s_stock_agrees(page):
    ratio = models.sample_ratios()
    assert ratio.notna().sum(axis=None) > 30
    held(ratio, SAMPLE, page)
