"""The view of journeys on the page of traffic, in a browser."""

import re

import pytest
from browser import PATIENCE_MS, opened, pixels, served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
]


def test_a_charge_takes_cars_from_the_streets_on_the_map(tmp_path, root):
    with (
        served(tmp_path, root / "sample_data") as address,
        opened(address) as (page, foreign, errors),
    ):
        page.locator("canvas").first.wait_for(timeout=PATIENCE_MS)
        page.get_by_role("link", name="Trafik").click()
        page.get_by_test_id("stButtonGroup").get_by_text("Resor", exact=True).click(timeout=PATIENCE_MS)
        page.get_by_text("av 25 räknade gator").wait_for(timeout=PATIENCE_MS)
        before = pixels(page)
        page.locator('[data-testid="stSlider"]', has_text="Trängselskatt").get_by_role("slider").press("End")
        page.get_by_text(re.compile(r"^[-−]\d\d(,\d)? %$")).first.wait_for(timeout=PATIENCE_MS)
        after = pixels(page)
        assert (before != after).any(axis=2).mean() > 0.0005
        text = page.locator("body").inner_text()
        assert "Modellens del av trafiken" in text
        assert page.locator('[data-testid="stException"], [data-testid="stAlertContentError"]').count() == 0
        assert foreign == errors == []
