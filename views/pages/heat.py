"""The page of heat networks: draw a new one, the plants, where heat is dense, and what each house should choose."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from twin import TwinError
from views.language import Language
from views.pages import heat_choice, heat_cooler, heat_density, heat_new, heat_plants, heat_saving, heat_today
from views.pages.heat_common import Asked
from views.pages.state import remember, remembered
from views.session import BASELINE, Session

__all__ = ["show"]

_VIEWS: dict[str, Callable[[Asked, Language], None]] = {
    "new": heat_new.show,
    "today": heat_today.show,
    "plants": heat_plants.show,
    "density": heat_density.show,
    "cooler": heat_cooler.show,
    "choice": heat_choice.show,
    "saving": heat_saving.show,
}


def show(opened: Session, text: Language) -> None:
    """Draw the page."""
    st.header(text("page_heat"))
    left, middle, right = st.columns([4.4, 1.2, 0.7])
    asked = remembered("heat")
    with left:
        view = st.segmented_control(
            text("heat.view"),
            list(_VIEWS),
            default=asked if asked in _VIEWS else "new",
            format_func=lambda v: text(f"heat.views.{v}"),
            key="heat_view",
        )
    view = view or "new"
    remember("heat", view)
    scenarios = list(opened.runs)
    known = remembered("scenario")
    scenario = middle.selectbox(
        text("scenario"),
        scenarios,
        index=scenarios.index(known) if known in scenarios else 0,
        format_func=lambda s: text("baseline") if s == BASELINE else s,
        key="heat_scenario",
    )
    years = list(opened.years)
    known = remembered("year")
    at = years.index(int(known)) if known.isdigit() and int(known) in years else 0
    year = int(right.selectbox(text("year"), years, index=at, key="heat_year"))
    remember("scenario", scenario)
    remember("year", str(year))
    try:
        _VIEWS[view](Asked(opened, scenario, year), text)
    except TwinError as error:
        st.error(str(error))
