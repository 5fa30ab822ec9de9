"""The 3D map, and nothing else that knows pydeck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pydeck as pdk

import energy
from twin import City
from twin.crs import WGS84, transform
from views.language import Language
from views.legend import Legend
from views.shapes import Drawn, MapData, background, legends, write_map

__all__ = ["build", "plan", "view"]

_PLAIN = [214, 214, 210]
_TOOLTIP = {
    "html": "<b>{n}</b><br>{k}",
    "style": {"fontSize": "0.8rem", "backgroundColor": "#1f2933", "color": "white"},
}


def _by_class(scale: Legend, column: int, alpha: int) -> str:
    """Return the expression that gives a shape the colour of its class; the browser evaluates it for every shape."""
    *named, (r, g, b) = scale.colours
    expression = f"[{r},{g},{b},{alpha}]"
    for k, (r, g, b) in reversed(list(enumerate(named))):
        expression = f"properties.c[{column}] == {k} ? [{r},{g},{b},{alpha}] : ({expression})"
    return expression


def _coloured(table: str, data: Any, column: int, scale: Legend, chosen: int | None) -> pdk.Layer:
    """Return the layer of a table, each shape in the colour of its class."""
    colour = _by_class(scale, column, 255)
    if chosen is not None:
        colour = f"properties.i == {chosen} ? [194,65,12,255] : ({colour})"
    common: dict[str, Any] = {"id": table, "pickable": True, "auto_highlight": True}
    # an expression that changes is only drawn again when its trigger changes too
    trigger = [column, chosen, list(scale.limits)]
    if table == "roads":
        return pdk.Layer(
            "GeoJsonLayer", data, **common, stroked=True, filled=False, get_line_color=colour, get_line_width="properties.w",
            line_width_min_pixels=1.5, line_cap_rounded=True, line_joint_rounded=True, update_triggers={"getLineColor": trigger},
        )  # fmt: skip
    raised = table == "buildings"
    return pdk.Layer(
        "GeoJsonLayer", data, **common, stroked=not raised, filled=True, extruded=raised, get_elevation="properties.h" if raised else 0,
        get_fill_color=colour, get_line_color=[255, 255, 255, 200], line_width_min_pixels=1, update_triggers={"getFillColor": trigger},
        opacity=1.0 if raised else 0.55,
    )  # fmt: skip


def _plain(name: str, data: Any) -> pdk.Layer:
    """Return a layer without results."""
    if name in ("land", "context"):
        return pdk.Layer(
            "GeoJsonLayer",
            data,
            id=name,
            get_fill_color="properties.f",
            stroked=False,
            pickable=False,
            parameters={"depthTest": False},
        )
    if name == "areas":
        return pdk.Layer(
            "GeoJsonLayer",
            data,
            id=name,
            filled=False,
            stroked=True,
            get_line_color=[90, 100, 110, 150],
            get_line_width=3,
            line_width_min_pixels=1,
            pickable=False,
            parameters={"depthTest": False},
        )
    if name == "heat_pipes":
        return pdk.Layer(
            "GeoJsonLayer",
            data,
            id=name,
            stroked=True,
            filled=False,
            get_line_color=[190, 24, 60, 220],
            get_line_width="properties.w",
            line_width_min_pixels=1.5,
            pickable=True,
        )
    return pdk.Layer(
        "GeoJsonLayer",
        data,
        id=name,
        filled=True,
        stroked=True,
        get_fill_color=[34, 120, 70, 190],
        get_line_color=[34, 120, 70, 220],
        get_point_radius=2.2,
        point_radius_min_pixels=1.5,
        line_width_min_pixels=1,
        pickable=True,
    )


def build(
    data: MapData,
    plain: Mapping[str, Any],
    scales: Mapping[tuple[str, str], Legend],
    state: tuple[str, str, int],
    bounds: tuple[float, float, float, float],
    *,
    crs: str,
    chosen: int | None = None,
    shown: tuple[str, ...] = ("roads",),
) -> pdk.Deck:
    """Return the map.

    Parameters
    ----------
    data : MapData
    plain : mapping
        From :func:`background`.
    scales : mapping of (str, str) to Legend
    state : (str, str, int)
        Indicator, scenario name, year.
    bounds : (west, south, east, north)
        What to look at, in `crs` [m].
    crs : str
    chosen : int, optional
        Row of the chosen building.
    shown : tuple of str
        Tables to draw beside those that have the indicator.

    Returns
    -------
    pydeck.Deck
    """
    indicator, scenario, year = state
    drawn = [_plain(n, plain[n]) for n in ("land", "context") if n in plain]
    drawn += [_plain(n, plain[n]) for n in shown if n in plain]
    for table in ("grid_areas", "roads", "buildings"):
        column = data.columns.get((table, indicator, scenario, year))
        if table not in data.addresses:
            continue
        if column is not None:
            drawn.append(
                _coloured(
                    table,
                    data.addresses[table],
                    column,
                    scales[table, indicator],
                    chosen if table == "buildings" else None,
                )
            )
        elif table == "buildings" or (table == "roads" and "roads" in shown):
            drawn.append(_without_value(table, data.addresses[table], chosen))
    return pdk.Deck(drawn, initial_view_state=_look_at(bounds, crs, 50), map_provider=None, tooltip=_TOOLTIP)


def _without_value(table: str, data: Any, chosen: int | None) -> pdk.Layer:
    if table == "roads":
        return pdk.Layer(
            "GeoJsonLayer",
            data,
            id=table,
            stroked=True,
            filled=False,
            get_line_color=[150, 156, 162, 190],
            get_line_width="properties.w",
            line_width_min_pixels=1,
            pickable=True,
            update_triggers={"getLineColor": ["plain"]},
        )
    colour: Any = (
        [*_PLAIN, 235] if chosen is None else f"properties.i == {chosen} ? [194,65,12,255] : [214,214,210,235]"
    )
    return pdk.Layer(
        "GeoJsonLayer",
        data,
        id=table,
        extruded=True,
        stroked=False,
        get_elevation="properties.h",
        get_fill_color=colour,
        pickable=True,
        auto_highlight=True,
        update_triggers={"getFillColor": ["plain", chosen]},
    )


def _look_at(bounds: tuple[float, float, float, float], crs: str, pitch: float) -> pdk.ViewState:
    """Return a view from the south that shows the bounds."""
    west, south, east, north = bounds
    centre = transform(np.array([[(west + east) / 2, (south + north) / 2]]), crs, WGS84)[0]
    extent = max(east - west, (north - south) * 1.2, 150.0)
    # at zoom z a 512-pixel tile is 40,075 km / 2^z wide at the equator; about 900 pixels are to show the extent
    zoom = np.log2(40_075_000 * np.cos(np.radians(centre[1])) / 512 * 900 / extent)
    return pdk.ViewState(
        longitude=float(centre[0]),
        latitude=float(centre[1]),
        zoom=float(np.clip(zoom - 0.15, 9, 17.5)),
        pitch=pitch,
        bearing=0,
        max_pitch=75,
    )


def plan(
    drawn: Sequence[Drawn], bounds: tuple[float, float, float, float], *, crs: str, pitch: float = 30.0
) -> pdk.Deck:
    """Return a map of shapes that carry their own colours.

    Parameters
    ----------
    drawn : sequence of Drawn
        The lowest first.
    bounds : (west, south, east, north)
        What to look at, in `crs` [m].
    crs : str
    pitch : float
        From above is 0 [degrees].
    """
    made = []
    for shapes in drawn:
        common: dict[str, Any] = {"id": shapes.name, "pickable": shapes.told, "auto_highlight": shapes.told}
        # what is flat lies in one plane: the order of drawing decides, not the depth
        flat: dict[str, Any] = {} if shapes.kind == "blocks" else {"parameters": {"depthTest": False}}
        if shapes.kind == "lines":
            layer = pdk.Layer(
                "GeoJsonLayer", shapes.data, **common, stroked=True, filled=False, get_line_color="properties.f",
                get_line_width="properties.w", line_width_min_pixels=2, line_cap_rounded=True, line_joint_rounded=True, **flat,
            )  # fmt: skip
        else:
            layer = pdk.Layer(
                "GeoJsonLayer", shapes.data, **common, stroked=False, filled=True, get_fill_color=list(shapes.colour) if shapes.colour else "properties.f",
                extruded=shapes.kind == "blocks", get_elevation="properties.h" if shapes.kind == "blocks" else 0,
                get_point_radius=9, point_radius_min_pixels=4, **flat,
            )  # fmt: skip
        made.append(layer)
    return pdk.Deck(made, initial_view_state=_look_at(bounds, crs, pitch), map_provider=None, tooltip=_TOOLTIP)


def view(city: City, results: energy.Results, indicator: str, *, year: int, language: str = "sv") -> pdk.Deck:
    """Return a map of one indicator with the shapes inside, for a notebook.

    Examples
    --------
    ``views.deck.view(city, results, "co2e_territorial_kg", year=2030)``
    """
    runs = {results.scenario.name: results}
    scales = legends(runs)
    text = Language(language)
    data = write_map(runs, scales, text, None)
    west, south, east, north = city["buildings"].total_bounds
    state = (indicator, results.scenario.name, year)
    return build(data, background(city, None), scales, state, (west, south, east, north), crs=city.crs)
