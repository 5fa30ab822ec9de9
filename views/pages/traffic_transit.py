"""Lines of public transport: what they drive, use and emit, with more electric buses, and who lives near the stops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.mobility_plans.lines import Lines, lines
from views import heat_shapes
from views.language import Language
from views.legend import Legend
from views.pages.common import Asked, draw_map
from views.pages.state import map_of
from views.pages.traffic_parts import sources

__all__ = ["show"]

_MAPPED = {
    "headway_min": ("min", "higher"),
    "departures": ("1/d", "higher"),
    "vehicle_km": ("km", "higher"),
    "co2e_lifecycle_kg": ("kg", "lower"),
}
_FACTORS = (
    "fleet.bus_ev_share", "fleet.bus_biofuel_share", "transit.tram_kwh_km", "fuel.diesel.fossil", "fuel.diesel.lifecycle",
    "fuel.biofuel.lifecycle", "electricity.lifecycle", "electricity.marginal", "travel.catchment_m", "travel.walk_kmh",
)  # fmt: skip


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    st.write(text("traffic.transit.about"))
    left, right, _ = st.columns([1, 1, 1.4])
    own = round(100 * asked.results.factors.at(asked.year)["fleet.bus_ev_share"])
    share = left.slider(
        text("traffic.transit.bus_ev", year=asked.year), 0, 100, own, format="%d %%", key=f"transit_ev_{asked.year}"
    )
    column = right.selectbox(
        text("traffic.zone.colour_by"),
        list(_MAPPED),
        format_func=lambda c: text(f"traffic.transit.{c}"),
        key="transit_map",
    )
    found = _lines(asked.results, asked.token, None if share == own else share / 100)
    _figures(found, text)
    _map(asked, found, column, text)
    _tables(found, text)
    st.caption(text("traffic.transit.method"))
    sources(asked, _FACTORS, text)


@st.cache_resource(show_spinner=False, max_entries=24)
def _lines(_results: energy.Results, token: str, share: float | None) -> Lines:
    return lines(_results, int(token.rsplit("|", 1)[1]), share)


def _figures(found: Lines, text: Language) -> None:
    """Tell the sums, and what the buses' electricity changes."""
    told = found.figures
    columns = st.columns(5)
    columns[0].metric(text("traffic.transit.vehicle_km"), f"{text.number(told['vehicle_km'] / 1e6)} Mkm")
    for column, name, unit in (
        (columns[1], "transit_electricity_kwh", "kWh"),
        (columns[2], "co2e_territorial_kg", "kg"),
        (columns[3], "co2e_lifecycle_kg", "kg"),
        (columns[4], "co2e_marginal_kg", "kg"),
    ):
        number, name_of_unit = text.scaled(told[name], unit)
        by = told[name] / number if number else 1.0
        change = told[f"{name}_change"] / by
        column.metric(
            text(f"traffic.transit.{name}"),
            f"{text.number(number)} {name_of_unit}",
            f"{'+' if change > 0 else '−'}{text.number(abs(change))} {name_of_unit}" if change else None,
            delta_color="off",
            delta_arrow="off",
            help=text("traffic.transit.change_help"),
        )
    if found.unknown:
        st.caption(text("traffic.transit.unknown", lines=", ".join(found.unknown)))


def _map(asked: Asked, found: Lines, column: str, text: Language) -> None:
    """Draw the lines in the colours of what is asked for, and the stops."""
    table = asked.opened.city["transit_lines"].reset_index(drop=True)
    values = found.lines[column].to_numpy(float)
    scale = Legend.of(values, *_MAPPED[column])
    names = [
        f"{text(f'traffic.transit.modes.{m}')} {n}"
        for m, n in zip(table["mode"].astype(str), table["name"], strict=True)
    ]
    _, data, plain = map_of(asked.opened, text)
    drawn = [
        *heat_shapes.ground(data, plain),
        heat_shapes.by_value("lines", table, values, scale, names, text, width_m=np.full(len(table), 14.0)),
    ]
    west, south, east, north = (float(v) for v in table.total_bounds)
    title = text(f"traffic.transit.{column}")
    draw_map(
        asked, drawn, (west, south, east, north), alt=text("traffic.transit.map_alt", measure=title), key="transit", pitch=0.0
    )  # fmt: skip
    st.html(scale.html(title, text))


def _tables(found: Lines, text: Language) -> None:
    """Show lines and stops, and offer them as files."""
    t, s = found.lines, found.stops.sort_values("people_per_departure", ascending=False, na_position="last")
    st.subheader(text("traffic.transit.lines"))
    st.dataframe(
        pd.DataFrame(
            {
                text("traffic.transit.line"): t["name"].fillna(t["line_id"]),
                text("traffic.transit.mode"): [text(f"traffic.transit.modes.{m}") for m in t["mode"].astype(str)],
                text("traffic.transit.headway_min"): t["headway_min"].round(0),
                text("traffic.transit.km_thousand"): (t["vehicle_km"] / 1000).round(0),
                text("traffic.transit.mwh"): ((t["fuel_kwh"] + t["transit_electricity_kwh"]) / 1000).round(0),
                **{
                    text(f"traffic.transit.{a}_t"): (t[f"co2e_{a}_kg"] / 1000).round(1)
                    for a in ("territorial", "lifecycle", "marginal")
                },
            }
        ),
        hide_index=True,
    )
    st.download_button(text("traffic.transit.download_lines"), t.to_csv(index=False).encode(), "linjer.csv", "text/csv", on_click="ignore")  # fmt: skip
    st.subheader(text("traffic.transit.stops"))
    st.dataframe(
        pd.DataFrame(
            {
                text("traffic.transit.stop"): s["name"].fillna(s["stop_id"]),
                text("traffic.transit.departures"): s["departures"].round(0),
                text("traffic.transit.people"): s["people"].round(0),
                text("traffic.transit.jobs"): s["jobs"].round(0),
                text("traffic.transit.load"): s["people_per_departure"].round(1),
            }
        ),
        hide_index=True,
        height=318,
    )
    st.download_button(text("traffic.transit.download_stops"), s.to_csv(index=False).encode(), "hallplatser.csv", "text/csv", on_click="ignore")  # fmt: skip
