import re

import pytest
from browser import PATIENCE_MS, opened, pixels, served

from views import new_layer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
]


@pytest.fixture(scope="module")
def sample(tmp_path_factory, root):
    with served(tmp_path_factory.mktemp("app"), root / "sample_data") as address:
        yield address


def test_a_new_user_s_first_start_asks_nothing(tmp_path, root):
    fresh = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "BROWSER": "true"}
    with served(tmp_path, root / "sample_data", environment=fresh, headless=False) as address:
        assert address.startswith("http://127.0.0.1")


def coloured(image):
    """The share of pixels in the hues of the legend's scale, lit or in shade: far from the grey of the ground."""
    flat = image.reshape(-1, 3).astype(int)
    spread = flat.max(axis=1) - flat.min(axis=1)
    dark = flat.max(axis=1) < 150
    return float(((spread > 40) & (dark | (flat[:, 2] < 0.72 * flat[:, 0]))).mean())


def text_of(page):
    return page.locator("body").inner_text()


def test_the_map_is_the_page_and_recolours_without_sending_its_shapes_again(sample):
    with opened(sample, "area=p19&theme=heat&indicator=heat_need_kwh_m2&year=2030&scenario=baseline") as (
        page,
        foreign,
        errors,
    ):
        first = pixels(page)
        box = page.locator('[data-testid="stDeckGlJsonChart"]').bounding_box()
        assert box["width"] >= 0.65 * 1440
        assert box["height"] >= 0.70 * 900
        assert coloured(first) > 0.03, "no buildings are visible"
        assert "Vasastaden" in text_of(page)
        assert "Utsläpp i territoriet mot målets takt" in text_of(page)
        asked = []
        page.on("request", lambda r: asked.append(r.url))
        page.locator('[data-testid="stSelectbox"]', has_text="Scenario").locator("input").click()
        page.get_by_role("option", name="Plan 2030").click()
        page.get_by_text("Plan 2030 · 2030").wait_for(timeout=PATIENCE_MS)
        planned = pixels(page)
        assert (first != planned).any(axis=2).mean() > 0.002
        page.locator('[data-testid="stSelectbox"]', has_text="Tema").locator("input").click()
        page.get_by_role("option", name="Utsläpp").click()
        page.get_by_text("Utsläpp i territoriet").first.wait_for(timeout=PATIENCE_MS)
        page.wait_for_url(re.compile("theme=emissions"), timeout=PATIENCE_MS)
        emitted = pixels(page)
        assert (planned != emitted).any(axis=2).mean() > 0.01
        assert [u for u in asked if u.endswith(".geojson")] == []
        assert "scenario=Plan" in page.url
        assert foreign == errors == []


def test_a_building_is_told_in_words_with_its_sources(sample):
    with opened(sample, "building=gbg-00900&scenario=Plan%202030&year=2030") as (page, _, errors):
        page.get_by_text("uppvärmd yta").first.wait_for(timeout=PATIENCE_MS)
        told = text_of(page)
        assert "kWh värme" in told
        assert "fjärrvärme" in told
        assert "Underlag: Syntetisk" in told
        assert "nan" not in told.lower().split()
        assert errors == []


def test_the_page_speaks_english_too(sample):
    with opened(sample, "lang=en") as (page, _, errors):
        page.get_by_text("Territorial emissions against the target").first.wait_for(timeout=PATIENCE_MS)
        assert "Utsläpp" not in text_of(page)
        assert errors == []


def test_the_sources_page_lists_every_number_and_the_assumed_ones(sample):
    with opened(sample, path="kallor") as (page, _, _):
        page.get_by_text("Stadens data").wait_for(timeout=PATIENCE_MS)
        page.locator('[data-testid="stDataFrame"]').nth(1).wait_for(timeout=PATIENCE_MS)


def test_the_hours_of_the_area_seen_before_and_two_declared_buildings(sample):
    with opened(sample, "area=p01&scenario=Plan%202030&year=2027") as (page, foreign, errors):
        page.locator("canvas").first.wait_for(timeout=PATIENCE_MS)
        page.get_by_role("link", name="Timme för timme").click()
        page.get_by_text("Uppmätt mot beräknat").wait_for(timeout=PATIENCE_MS)
        page.locator('[data-testid="stVegaLiteChart"]').nth(2).wait_for(timeout=PATIENCE_MS)
        told = text_of(page)
        assert re.search(r"behöver [\d,]+ [GM]Wh värme och varmvatten 2027", told)
        assert "area=p01" in page.url
        assert "scenario=Plan" in page.url
        assert page.locator('[data-testid="stVegaLiteChart"]').count() == 3
        assert page.locator('[data-testid="stDataFrame"]').count() == 3
        assert foreign == errors == []


def test_a_boundary_drawn_on_the_map_becomes_a_network_beside_heat_pumps(sample):
    with opened(sample, "area=p19", "varme") as (page, foreign, errors):
        page.get_by_text("Nätet vid sidan av värmepumpar").wait_for(timeout=PATIENCE_MS)  # the area's own boundary
        canvas = page.locator('.draw canvas[data-ready="true"]')
        canvas.wait_for(timeout=PATIENCE_MS)
        size = canvas.evaluate("c => [c.clientWidth, c.clientHeight]")
        page.get_by_role("button", name="Börja om").click()
        page.get_by_text("Klicka i kartan för att sätta hörn").wait_for(timeout=PATIENCE_MS)
        page.get_by_text("Nätet vid sidan av värmepumpar").wait_for(state="detached", timeout=PATIENCE_MS)
        for x, y in ((0.02, 0.1), (0.98, 0.1), (0.98, 0.97), (0.02, 0.97)):
            canvas.click(position={"x": x * size[0], "y": y * size[1]})
        page.get_by_role("button", name="Slut gränsen").click()
        page.get_by_text("Nätet vid sidan av värmepumpar").wait_for(timeout=PATIENCE_MS)
        told = text_of(page)
        assert re.search(r"Anslutna byggnader\s+\d+ av [\d\s]+", told)
        for word in (
            "Bokföring, i territoriet, ton",
            "Beslut, marginal, ton",
            "Investering",
            "Värmeförluster",
            "Etapper",
        ):
            assert word in told
        assert pixels(page).shape[0] > 400
        assert foreign == errors == []


def test_a_zone_drawn_on_the_map_tells_traffic_emissions_charging_and_ways(sample):
    with opened(sample, "area=p19", "trafik") as (page, foreign, errors):
        page.get_by_role("radio", name="Utsläppsfri zon").click(timeout=PATIENCE_MS)
        page.get_by_text("Stadens summor").wait_for(timeout=PATIENCE_MS)  # the area's own boundary
        canvas = page.locator('.draw canvas[data-ready="true"]')
        canvas.wait_for(timeout=PATIENCE_MS)
        size = canvas.evaluate("c => [c.clientWidth, c.clientHeight]")
        page.get_by_role("button", name="Börja om").click()
        page.get_by_text("Stadens summor").wait_for(state="detached", timeout=PATIENCE_MS)
        for x, y in ((0.02, 0.1), (0.98, 0.1), (0.98, 0.97), (0.02, 0.97)):
            canvas.click(position={"x": x * size[0], "y": y * size[1]})
        page.get_by_role("button", name="Slut gränsen").click()
        page.get_by_text("Stadens summor").wait_for(timeout=PATIENCE_MS)
        told = text_of(page)
        assert re.search(r"Zonen har [1-9]\d* gator", told)
        for word in ("Ny trafik runt zonen", "Laddning som tillkommer", "Vad man når med bil", "Tal och källor bakom"):
            assert word in told
        assert coloured(pixels(page)) > 0
        assert foreign == errors == []


def test_raising_a_share_changes_the_capacity_map_at_once(sample):
    with opened(sample, "area=p19", "elnat") as (page, foreign, errors):
        page.get_by_text("Vad som ger områdets högsta effekt").wait_for(timeout=PATIENCE_MS)
        before = pixels(page)
        assert "0 av 60" in text_of(page)
        slider = page.locator('[data-testid="stSlider"]', has_text="Värmepumpar").get_by_role("slider")
        slider.press("End")
        page.get_by_text(re.compile(r"^20\d\d, \d+ \w+ kl. \d\d$")).first.wait_for(timeout=PATIENCE_MS)
        after = pixels(page)
        assert (before != after).any(axis=2).mean() > 0.002
        assert re.search(r"[1-9]\d* av 60", text_of(page))
        page.locator('[data-testid="stCheckbox"]', has_text="Bilar matar tillbaka").locator("label").click()
        page.get_by_text("går förlorade på vägen").wait_for(timeout=PATIENCE_MS)
        page.locator('[data-testid="stCheckbox"]', has_text="inifrån").locator("label").click()
        page.get_by_text("Näten är påhittade längs gatorna").wait_for(timeout=PATIENCE_MS)
        page.get_by_text("I åtta fall av tio").wait_for(timeout=PATIENCE_MS)
        assert foreign == errors == []


def test_every_view_of_the_heat_page_shows_its_answer(sample):
    views = {
        "Dagens nät": ["Förluster månad för månad", "Det som underlaget visar"],
        "Anläggningar": ["Anläggningarnas år", "Samma år, fördelat på olika sätt"],
        "Värmetäthet": ["Områden som kan bära ett nät"],
        "Lägre temperatur": ["Yta som klarar det"],
        "Val av uppvärmning": ["Billigast", "pekar bokföringen och marginalen ut olika alternativ"],
        "Besparingar": ["Välj ett scenario ovan"],
    }
    with opened(sample, path="varme") as (page, foreign, errors):
        for view, words in views.items():
            page.get_by_test_id("stButtonGroup").get_by_text(view, exact=True).click(timeout=PATIENCE_MS)
            for word in words:
                page.get_by_text(word).first.wait_for(timeout=PATIENCE_MS)
            assert page.locator('[data-testid="stException"], [data-testid="stAlertContentError"]').count() == 0
        assert foreign == errors == []


def test_johanneberg_opens_with_its_buildings_and_a_plugin_s_trees(tmp_path, root, shared):
    city = tmp_path / "city"
    city.mkdir()
    toml = (root / "tests/cities/johanneberg/city.toml").read_text(encoding="utf-8")
    trees = '\n[layers.trees]\nuse = "trees"\npath = "johanneberg/trees.gpkg"\n'
    new_layer.write("trees", tmp_path)
    (city / "city.toml").write_text(toml + trees, encoding="utf-8")
    page_of = "theme=heat&indicator=heat_need_kwh_m2&year=2024"
    with served(tmp_path, city, shared, [tmp_path / "trees_layer.py"]) as address, opened(address, page_of) as visit:
        page, foreign, errors = visit
        image = pixels(page).astype(int)
        assert coloured(image) > 0.02, "no buildings are visible"
        green = (image[..., 1] > image[..., 0] + 25) & (image[..., 1] > image[..., 2] + 15)
        assert green.mean() > 0.005, "no trees are visible"
        assert page.get_by_text("trees", exact=True).count() >= 1
        assert foreign == errors == []
