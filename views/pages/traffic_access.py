"""What people reach on foot, by cycle and by public transport, and who gains and loses when streets close."""

from __future__ import annotations

import numpy as np
import streamlit as st

import energy
from energy.mobility_plans.reach import REACHED, Reach, compared, reach
from views import heat_shapes
from views.change_legend import ChangeLegend
from views.language import Language
from views.legend import Legend
from views.pages.common import Asked, draw_map, middle_bounds
from views.pages.state import map_of
from views.pages.traffic_parts import by_area, percent, sources

__all__ = ["show"]

_FACTORS = ("travel.minutes", "travel.walk_kmh", "travel.cycle_kmh", "travel.leg_m", "travel.catchment_m")


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    st.write(text("traffic.access.about"))
    columns = st.columns([1.4, 1, 2.2])
    stops = "transit_stops" in asked.opened.city
    known = [r for r in REACHED if stops or not r.startswith(("stops", "departures"))]
    what = columns[0].selectbox(
        text("traffic.told.reached"), known, format_func=lambda w: text(f"traffic.access.{w}"), key="access_what"
    )
    usual = float(asked.results.factors.at(asked.year)["travel.minutes"])
    minutes = columns[1].number_input(
        text("traffic.access.minutes"), 1.0, 120.0, usual, step=5.0, format="%.0f", key="access_min"
    )
    roads = asked.opened.city.get("roads")
    names = roads["name"].fillna("").astype(str) if len(roads) else roads
    closed = columns[2].multiselect(
        text("traffic.access.close"),
        sorted(set(names) - {""}),
        key="access_close",
        help=text("traffic.access.close_help"),
        placeholder=text("traffic.access.no_streets"),
    )
    found = _reach(asked.results, asked.token, float(minutes), ())
    shut = tuple(roads.loc[names.isin(closed), "road_id"].astype(str)) if closed else ()
    after = _reach(asked.results, asked.token, float(minutes), shut) if shut else found
    _figures(found, after, what, text)
    _map(asked, found, after, what, text)
    st.subheader(text("traffic.access.by_area"))
    if shut:
        shown = {"before": "traffic.told.before", "after": "traffic.told.after", "change": "traffic.told.change", "gain_share": "traffic.told.gain", "lose_share": "traffic.told.lose"}  # fmt: skip
        st.dataframe(by_area(asked, compared(found, after, what), shown, text), hide_index=True)
    else:
        shown = {r: f"traffic.access.{r}" for r in known}
        st.dataframe(by_area(asked, found.areas, shown, text), hide_index=True)
    if found.cut_off:
        st.caption(text("traffic.access.cut_off", count=text.whole(float(len(found.cut_off)))))
    told = after.buildings.to_csv(index=False).encode()
    st.download_button(text("download"), told, "tillganglighet.csv", "text/csv", on_click="ignore")
    st.caption(text("traffic.access.method"))
    sources(asked, _FACTORS, text)


@st.cache_resource(show_spinner=False, max_entries=12)
def _reach(_results: energy.Results, token: str, minutes: float, closed: tuple[str, ...]) -> Reach:
    f = _results.factors.at(int(token.rsplit("|", 1)[1]))
    return reach(_results.city, f, minutes=minutes, closed=closed)


def _figures(found: Reach, after: Reach, what: str, text: Language) -> None:
    """Tell the city's means; with closed streets, who gains and loses."""
    city = compared(found, after, what).iloc[0]
    columns = st.columns(4)
    if not after.closed:
        for column, name in zip(columns, ("jobs_walk", "jobs_cycle", "schools_walk", "shops_walk"), strict=True):
            mean = float(found.areas[name].iloc[0])
            column.metric(text(f"traffic.access.{name}"), text.number(mean), help=text("traffic.access.mean_help"))
        return
    columns[0].metric(text(f"traffic.access.{what}"), text.number(city["after"]), help=text("traffic.access.mean_help"))
    columns[1].metric(text("traffic.access.change"), percent(city["change"], city["before"], text))
    columns[2].metric(text("traffic.access.lose"), text.share(city["lose_share"]))
    columns[3].metric(text("traffic.access.gain"), text.share(city["gain_share"]))


def _map(asked: Asked, found: Reach, after: Reach, what: str, text: Language) -> None:
    """Draw houses by what is reached, or by how that changes."""
    one, two = (r.buildings[what].to_numpy(float) for r in (found, after))
    closed = bool(after.closed)
    unit = "1/h" if what.endswith("_per_h") else ""
    values = two - one if closed else two
    scale = ChangeLegend.of(values, unit, "higher") if closed else Legend.of(values, unit, "higher")
    buildings = asked.opened.city["buildings"]
    _, data, plain = map_of(asked.opened, text)
    height = np.nan_to_num(buildings["height_m"].to_numpy(float), nan=3.0)
    names = buildings["building_id"].astype(str).tolist()
    title = text(f"traffic.access.{what}")
    drawn = [
        *heat_shapes.ground(data, plain, houses=False),
        heat_shapes.by_value("reach", buildings, values, scale, names, text, kind="blocks", height_m=height),
    ]
    draw_map(asked, drawn, middle_bounds(asked), alt=text("traffic.access.map_alt", measure=title), key="access_map")
    st.html(scale.html(text("traffic.told.change") + ": " + title if closed else title, text))
