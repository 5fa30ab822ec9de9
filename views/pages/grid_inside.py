"""One grid area from inside: its made-up feeders, what they can host, and how its peak spreads by chance."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.grid_plans.chance import peak_spread
from energy.grid_plans.ingredients import Ingredients
from energy.grid_plans.station import Station, station
from twin import TwinError
from views import grid_charts, heat_shapes
from views.language import Language
from views.legend import Legend
from views.pages.common import Asked, draw_map
from views.pages.state import map_of

__all__ = ["at_hour", "inside"]

_SEED = 1
_ROUND_M = 60.0  # drawn around the feeders


@st.cache_resource(show_spinner=False, max_entries=24)
def _station(_results: energy.Results, token: str, area: str, year: int) -> Station:
    _ = token
    return station(_results, year, area)


def inside(asked: Asked, run: energy.Results, area: str, part: Ingredients, text: Language) -> None:
    """Draw the feeders of a grid area, and tell what fits into them and what chance does to its peak.

    Parameters
    ----------
    asked : Asked
    run : Results
        With the year that is asked for.
    area : str
        Its grid_area_id.
    part : Ingredients
        Of the year.
    text : Language
    """
    try:
        with st.spinner(text("loading")):
            found = _station(run, asked.token, area, asked.year)
    except TwinError as error:
        st.error(str(error))
        return
    _feeders(asked, found, text)
    left, right = st.columns([1.1, 1], gap="medium")
    with left:
        st.subheader(text("grid.inside"))
        _hosting(found, text)
    with right:
        st.subheader(text("grid.chance"))
        table = asked.opened.city["grid_areas"]
        at = table["grid_area_id"].astype(str).tolist().index(area)
        spread = peak_spread(part, at, float(table["rating_kw"].iloc[at]), seed=_SEED)
        own = spread.iloc[-1]
        st.altair_chart(grid_charts.spread_chart(spread, text), key="spread")
        words = {c: text.whole(float(own[c])) for c in ("expected_kw", "p10_kw", "p50_kw", "p90_kw")}
        st.write(text("grid.chance_told", cars=text.whole(own["cars"]), year=part.year, **words))
        st.caption(text("grid.chance_about"))


def _feeders(asked: Asked, found: Station, text: Language) -> None:
    """Draw the lines in the colours of the peak that they are planned for."""
    made = found.feeders
    drawn = np.flatnonzero([line is not None for line in made.line])
    lines = gpd.GeoDataFrame(geometry=list(made.line[drawn]), crs=asked.opened.city.crs)
    design = made.design_kw[drawn]
    scale = Legend.of(design, "kW", "lower")
    names = [text("grid.feeder", number=int(b) + 1, length=text.whole(m)) for b, m in zip(made.branch[drawn], made.length_m[drawn], strict=True)]  # fmt: skip
    _, data, plain = map_of(asked.opened, text)
    shapes = [
        *heat_shapes.ground(data, plain),
        heat_shapes.by_value("feeders", lines, design, scale, names, text, width_m=1.5 + np.sqrt(design) / 6),
    ]
    west, south, east, north = (float(v) for v in lines.total_bounds)
    bounds = (west - _ROUND_M, south - _ROUND_M, east + _ROUND_M, north + _ROUND_M)
    draw_map(asked, shapes, bounds, alt=text("grid.feeders_alt"), key="feeders", pitch=0.0)
    st.html(scale.html(text("grid.feeders_legend"), text))


def _hosting(found: Station, text: Language) -> None:
    """List what fits, and what stops more."""
    t = found.hosting
    binds = [text(f"grid.limits.{b.replace(' ', '_')}") if b else text("grid.nothing") for b in t["binds"].fillna("")]
    st.dataframe(
        pd.DataFrame(
            {
                text("grid.hosted"): [text(f"grid.comes.{w}") for w in t["what"]],
                text("grid.fits"): [text.share(v) if np.isfinite(v) else "–" for v in t["share"]],
                text("grid.binds"): binds,
                text("grid.where"): [_bus(str(at), text) for at in t["at"].fillna("")],
                text("grid.at_hour"): [at_hour(int(h), text) if h >= 0 else "" for h in t["hour"].fillna(-1)],
            }
        ),
        hide_index=True,
    )
    st.caption(text("grid.inside_about", reached=text.whole(found.reached), buildings=text.whole(found.buildings)))


def _bus(name: str, text: Language) -> str:
    """Return where a bus is, in words: the station, a street, or a building by its identity."""
    if name == "station":
        return text("grid.at_station")
    return text("grid.at_street", number=name.removeprefix("street ")) if name.startswith("street ") else name


def at_hour(hour: int, text: Language) -> str:
    """Return an hour of the year as people say it."""
    at = pd.Timestamp("2023-01-01") + pd.Timedelta(hours=int(hour))
    return text("grid.at", day=at.day, month=text.month(at.month - 1), hour=f"{at.hour:02d}")
