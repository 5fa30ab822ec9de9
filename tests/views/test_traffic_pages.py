"""The views of streets and levers without a browser: what they say, and that a lever moves them."""

import pytest
from streamlit.testing.v1 import AppTest

PAGE = """
import streamlit as st
from views.language import Language
from views.pages import traffic
from views.pages.state import session

text = Language("sv")
traffic.show(session(text), text)
"""
PLAN = """name = "Plan"
[[step]]
measure = "electrify_vehicles"
end = 2026
params = { ev_share = 0.5 }
"""


@pytest.fixture
def app(folder, root, monkeypatch):
    (folder / "scenarios").mkdir()
    (folder / "scenarios/plan.toml").write_text(PLAN, encoding="utf-8")
    monkeypatch.setenv("KLIMATTVILLING_CITY", str(folder))
    monkeypatch.setenv("KLIMATTVILLING_DATA", "")
    monkeypatch.setenv("KLIMATTVILLING_PLUGINS", "")
    monkeypatch.chdir(root)
    return AppTest.from_string(PAGE, default_timeout=200)


def said(app):
    return " ".join(str(e.value) for e in [*app.markdown, *app.subheader, *app.caption])


def test_streets_are_told_with_range_and_inventory_and_levers_move_them(app):
    app.run()
    assert not app.exception
    assert not app.error
    assert len(app.metric) == 6
    assert all(" till " in m.delta for m in app.metric[:5])
    assert "Den officiella inventeringen 2024 säger 556 kton" in said(app)
    assert "P10 till P90" in said(app)
    app.selectbox(key="streets_shape").set_value("cells").run()
    assert not app.exception
    assert "Rutor med högst värde" in said(app)
    app.query_params["traffic"] = "levers"
    app.query_params["year"] = "2030"
    app.session_state["traffic_view"] = "levers"
    app.run()
    assert not app.exception
    assert "Dra i minst ett reglage" in app.info[0].value
    app.slider(key="lever_vehicle_km_baseline_2024").set_value(-25).run()
    assert not app.exception
    assert app.metric[0].value.replace("−", "-").replace("\u00a0", " ") == "-25 %"
    assert len(app.dataframe[0].value) == 3
    app.slider(key="lever_ev_car_baseline_2024").set_value(80).run()
    assert "verkar på samma kilometer" in said(app)
    app.selectbox(key="traffic_scenario").set_value("Plan").run()
    app.selectbox(key="traffic_year").set_value(2030).run()
    app.slider(key="lever_ev_car_Plan_2030").set_value(80).run()
    assert not app.exception
    assert "når 0 av 3 gator" in app.warning[0].value
