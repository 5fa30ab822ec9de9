"""Who travels where and how: cars on every street, and what a charge, dearer fuel or faster public transport changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.mobility_plans.journeys import Journeys, Wish, journeys
from views import heat_shapes
from views.language import Language
from views.legend import Legend
from views.pages.common import Asked, draw_map, middle_bounds
from views.pages.state import map_of

__all__ = ["show"]

_MEASURES = {
    "modelled_wish": ("", "lower"),
    "change": ("", "lower"),
    "load_wish": ("%", "lower"),
    "speed_wish_kmh": ("km/h", "higher"),
    "aadt": ("", "lower"),
}
_WIDEST_M = 60.0


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    inputs = st.columns([1.4, 1, 1, 1, 1])
    measure = inputs[0].selectbox(
        text("indicator"), list(_MEASURES), format_func=lambda m: text(f"traffic.journeys.{m}"), key="journeys_measure"
    )
    charge = inputs[1].slider(text("traffic.journeys.charge"), 0, 60, 0, format="%d kr", key="journeys_charge")
    transit = inputs[2].slider(text("traffic.journeys.transit"), -15, 15, 0, format="%d min", key="journeys_transit")
    fuel = inputs[3].slider(text("traffic.journeys.fuel"), -50, 200, 0, step=10, format="%d %%", key="journeys_fuel")
    parking = inputs[4].slider(text("traffic.journeys.parking"), 0, 60, 0, format="%d kr", key="journeys_parking")
    with st.spinner(text("loading")):
        found = _journeys(
            asked.results, asked.token, Wish(float(charge), (), fuel / 100, float(transit), float(parking))
        )
    told = found.figures
    columns = st.columns(5)
    columns[0].metric(text("traffic.journeys.trips"), text.whole(told["trips"]))
    columns[1].metric(text("traffic.journeys.car_trips"), text.change(told["car_trips_change"]))
    columns[2].metric(text("traffic.journeys.car_km"), text.change(told["car_km_wish"] / told["car_km"] - 1 if told["car_km"] else 0.0))  # fmt: skip
    columns[3].metric(
        text("traffic.journeys.explained"),
        text.share(told["explained_share"]) if np.isfinite(told["explained_share"]) else "–",
        help=text("traffic.journeys.explained_help"),
    )
    columns[4].metric(text("traffic.journeys.full"), text.whole(told["streets_over_capacity_wish"]))
    _map(asked, found, measure, text)
    left, right = st.columns([1.6, 1], gap="medium")
    with left:
        st.subheader(text("traffic.journeys.zones"))
        st.dataframe(_zones(found, text), hide_index=True)
        st.download_button(
            text("download"), found.zones.drop(columns="geometry").to_csv(index=False).encode(), "resor.csv", "text/csv",
            on_click="ignore",
        )  # fmt: skip
    with right:
        st.subheader(text("traffic.journeys.counters"))
        st.write(text("traffic.journeys.counters_summary", good=told["counters_geh_below_5"], all=told["counters"]))
        st.dataframe(_counters(asked, found, text), hide_index=True)
    st.caption(text("traffic.journeys.about"))


@st.cache_resource(show_spinner=False, max_entries=24)
def _journeys(_results: energy.Results, token: str, wish: Wish) -> Journeys:
    return journeys(_results, int(token.rsplit("|", 1)[1]), wish)


def _map(asked: Asked, found: Journeys, measure: str, text: Language) -> None:
    """Draw the streets in the colours of what is asked for, busy ones wide."""
    streets, roads = found.roads, asked.opened.city["roads"]
    values = streets["modelled_wish"] - streets["modelled"] if measure == "change" else streets[measure]
    shown = values.to_numpy(float) * (100 if measure == "load_wish" else 1)
    scale = Legend.of(shown, *_MEASURES[measure])
    flow = streets["aadt" if measure in ("aadt", "load_wish", "speed_wish_kmh") else "modelled_wish"].to_numpy(float)
    width = 3 + (_WIDEST_M - 3) * np.sqrt(flow / max(float(flow.max()), 1.0))
    label = roads["name"].fillna(roads["road_id"]).astype(str)
    names = [
        f"{n} · {text('traffic.journeys.modelled_wish')}: {text.whole(m)}, {text('traffic.journeys.aadt')}: {text.whole(a)}"
        for n, m, a in zip(label, streets["modelled_wish"], streets["aadt"], strict=True)
    ]
    _, data, plain = map_of(asked.opened, text)
    drawn = [
        *heat_shapes.ground(data, plain),
        heat_shapes.by_value("journeys", roads, shown, scale, names, text, width_m=width),
    ]
    title = text(f"traffic.journeys.{measure}")
    alt = text("traffic.journeys.alt", measure=title)
    draw_map(asked, drawn, middle_bounds(asked, 0.05), alt=alt, key="journeys", pitch=0.0)
    st.html(scale.html(title, text))


def _zones(found: Journeys, text: Language) -> pd.DataFrame:
    """Return trips and shares of every zone with trips."""
    zones = found.zones[found.zones["trips"] > 0].sort_values("trips", ascending=False)
    columns = {text("traffic.journeys.zone"): zones["name"].to_numpy(), text("traffic.journeys.trips"): zones["trips"].round(0).to_numpy()}  # fmt: skip
    for mode in ("car", "transit", "cycle", "walk"):
        columns[text(f"traffic.journeys.modes.{mode}")] = [
            f"{text.share(a)} → {text.share(b)}"
            for a, b in zip(zones[f"{mode}_share"], zones[f"{mode}_share_wish"], strict=True)
        ]
    columns[text("traffic.journeys.zone_km")] = zones["car_km_wish"].round(0).to_numpy()
    return pd.DataFrame(columns)


def _counters(asked: Asked, found: Journeys, text: Language) -> pd.DataFrame:
    """Return what counters say beside the model."""
    roads = asked.opened.city["roads"].set_index("road_id")["name"]
    table = found.counters.sort_values("counted", ascending=False)
    return pd.DataFrame(
        {
            text("traffic.journeys.counter"): [str(roads.get(c) or c) for c in table["counter"]],
            text("traffic.journeys.counted"): table["counted"].astype(float).round(0).to_numpy(),
            text("traffic.journeys.modelled"): table["modelled"].astype(float).round(0).to_numpy(),
            text("traffic.journeys.scaled"): table["scaled"].astype(float).round(0).to_numpy(),
            "GEH": table["geh_after"].astype(float).round(1).to_numpy(),
        }
    )
