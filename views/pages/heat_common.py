"""What the views of the heat page share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

import energy
from views import deck, shapes
from views.session import Session, Settings

__all__ = ["MAP_HEIGHT", "PRESETS", "Asked", "draw_map", "middle_bounds"]

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
