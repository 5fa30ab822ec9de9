"""A map from above on which a boundary is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from views.language import Language

__all__ = ["boundary"]

_HERE = Path(__file__).parent
_HTML = """<div class="draw"><canvas tabindex="0" role="application"></canvas>
<div class="tools"><button data-does="close"></button><button data-does="undo"></button><button data-does="clear"></button>
<span role="status"></span></div></div>"""
_component = st.components.v2.component(
    "klimattvilling_boundary",
    html=_HTML,
    css=(_HERE / "draw.css").read_text(encoding="utf-8"),
    js=(_HERE / "draw.js").read_text(encoding="utf-8"),
)


def boundary(
    shapes: list[dict[str, Any]],
    bounds: tuple[float, float, float, float],
    text: Language,
    *,
    corners: list[list[float]],
    height: int,
    key: str,
) -> list[list[float]]:
    """Draw the map and return the boundary that the user has closed.

    Parameters
    ----------
    shapes : list of dict
        In the order of drawing: name, address of a GeoJSON file, and fill or stroke colour.
    bounds : (west, south, east, north)
        What to look at [degrees].
    text : Language
    corners : list of (longitude, latitude)
        Boundary to begin with; an empty list for none.
    height : int
        [pixels]
    key : str

    Returns
    -------
    list of (longitude, latitude)
        Corners [degrees]; empty until the boundary is closed.
    """
    words = {name: text(f"draw.{name}") for name in ("close", "undo", "clear", "hint", "done", "about")}
    data = {"shapes": shapes, "bounds": list(bounds), "corners": corners, "words": words}
    found = _component(data=data, key=key, default={"corners": corners}, on_corners_change=lambda: None, height=height)
    return list(found.corners or [])
