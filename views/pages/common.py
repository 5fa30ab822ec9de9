"""What the pages with several views share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

import energy
from twin import TwinError
from views import deck, shapes
from views.language import Language
from views.pages.state import remember, remembered
from views.session import BASELINE, Session, Settings

__all__ = ["MAP_HEIGHT", "PRESETS", "Asked", "draw_map", "middle_bounds", "views"]

MAP_HEIGHT = 560
PRESETS = ("npro", "vicus", "french")  # of linear heat density


@dataclass(frozen=True)
class Asked:
    """What the page is about.

    Attributes
    ----------
    opened : Session
    scenario : str
    year : int
    """

    opened: Session
    scenario: str
    year: int

    @property
    def results(self) -> energy.Results:
        """The run of the scenario."""
        return self.opened.runs[self.scenario]

    @property
    def token(self) -> str:
        """A text that changes when what is calculated may."""
        return f"{Settings.from_environment().token}|{self.scenario}|{self.year}"


def views(opened: Session, text: Language, page: str, shown: Mapping[str, Callable[[Asked, Language], None]]) -> None:
    """Draw a page of several views: its title, what is chosen, and the view that is asked for.

    Parameters
    ----------
    opened : Session
    text : Language
    page : str
        Its name in addresses and texts: ``page_<name>``, ``<name>.view`` and ``<name>.views.<view>``.
    shown : mapping of str to callable
        The views; the first is shown at first.
    """
    st.header(text(f"page_{page}"))
    left, middle, right = st.columns([4.4, 1.2, 0.7])
    asked, first = remembered(page), next(iter(shown))
    with left:
        view = st.segmented_control(
            text(f"{page}.view"),
            list(shown),
            default=asked if asked in shown else first,
            format_func=lambda v: text(f"{page}.views.{v}"),
            key=f"{page}_view",
        )
    view = view or first
    remember(page, view)
    scenarios = list(opened.runs)
    known = remembered("scenario")
    scenario = middle.selectbox(
        text("scenario"),
        scenarios,
        index=scenarios.index(known) if known in scenarios else 0,
        format_func=lambda s: text("baseline") if s == BASELINE else s,
        key=f"{page}_scenario",
    )
    years = list(opened.years)
    known = remembered("year")
    at = years.index(int(known)) if known.isdigit() and int(known) in years else 0
    year = int(right.selectbox(text("year"), years, index=at, key=f"{page}_year"))
    remember("scenario", scenario)
    remember("year", str(year))
    try:
        shown[view](Asked(opened, scenario, year), text)
    except TwinError as error:
        st.error(str(error))


def draw_map(
    asked: Asked,
    drawn: Sequence[shapes.Drawn],
    bounds: tuple[float, float, float, float],
    *,
    alt: str,
    key: str,
    pitch: float = 30.0,
) -> None:
    """Draw shapes on the city's ground."""
    made = deck.plan(drawn, bounds, crs=asked.opened.city.crs, pitch=pitch)
    st.pydeck_chart(made, height=MAP_HEIGHT, key=key, alt=alt)


def middle_bounds(asked: Asked, share: float = 0.3) -> tuple[float, float, float, float]:
    """Return the middle of the city's buildings, where most of them stand [m]."""
    inside = asked.opened.city["buildings"].geometry.bounds
    west, south = (float(v) for v in np.quantile(inside[["minx", "miny"]], share, axis=0))
    east, north = (float(v) for v in np.quantile(inside[["maxx", "maxy"]], 1 - share, axis=0))
    return west, south, east, north
