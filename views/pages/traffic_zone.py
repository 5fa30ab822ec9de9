"""An emission-free zone: draw where, and see what drives around it, emissions, charging, air and ways by car."""

from __future__ import annotations

from typing import Any

import altair as alt
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import streamlit as st

import energy
from energy.mobility.traffic import CLASSES
from energy.mobility_plans.zone import FIGURES, ZoneStudy, ZoneWish, zone_study
from energy.mobility_plans.zone_city import ZoneCity, zone_city
from energy.places import CITY, OUTSIDE
from twin import TwinError
from twin.crs import WGS84, transform
from views import heat_shapes, report, shapes
from views.change_legend import ChangeLegend
from views.language import Language
from views.pages.common import MAP_HEIGHT, Asked, draw_map, middle_bounds
from views.pages.draw import boundary
from views.pages.state import map_of, remembered
from views.pages.traffic_parts import by_area, percent, sources

__all__ = ["show"]

_OWN = ""
_MAPPED = {"aadt": "1/d", "co2e_lifecycle_kg": "kg", "nox_kg": "kg"}
_FACTORS = (
    "zone.rerouting_share", "zone.longest_detour", "zone.near_m", "fleet.ev_share", "fleet.lorry_ev_share", "ev.energy_kwh_per_km",
    "electricity.lifecycle", "electricity.marginal", "charging.car.home_share", "charging.car.work_share",
    "travel.minutes", "travel.walk_kmh", "uncertainty.counts_cv", "uncertainty.fleet_cv", "uncertainty.co2_cv",
    "uncertainty.nox_cv", "uncertainty.wear_cv", "uncertainty.unknown_aadt_cv",
)  # fmt: skip
_ZONE = (0, 158, 115)


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    st.write(text("traffic.zone.about"))
    area, wish = _wishes(asked, text)
    prepared = _prepared(asked.results, asked.token)
    drawn = _drawn(asked, area, text)
    if len(drawn) < 3:
        return
    inside = shapely.Polygon(transform(np.asarray(drawn, float), WGS84, asked.opened.city.crs))
    if not inside.is_valid:
        raise TwinError(text("traffic.zone.crossing"))
    with st.spinner(text("traffic.zone.working")):
        found = _study(asked.results, prepared, asked.token, shapely.to_wkt(inside, rounding_precision=1), *wish)
    _figures(found, text)
    _map(asked, found, text)
    _tables(asked, found, text)
    _keep(found, text)
    st.caption(text("traffic.zone.method"))
    sources(asked, _FACTORS, text)


def _wishes(asked: Asked, text: Language) -> tuple[str, tuple[tuple[str, ...], float, bool, float]]:
    """Return the area to begin with, and what the planner decides."""
    places = asked.results.places.table
    areas = [_OWN, *places.loc[~places["area_id"].isin([CITY, OUTSIDE]), "area_id"]]
    known, f = remembered("area"), asked.results.factors.at(asked.year)
    columns = st.columns([1.1, 2.3, 1.1, 1, 1])
    area = columns[0].selectbox(
        text("heat.begin_with"),
        areas,
        index=areas.index(known) if known in areas else 0,
        format_func=lambda a: text("heat.draw_own") if a == _OWN else report.place_name(asked.results, a, text),
        key="zone_begin",
    )
    vehicles = columns[1].multiselect(
        text("traffic.zone.electric"),
        list(CLASSES),
        default=["car", "van", "lorry"],
        format_func=lambda c: text(f"traffic.zone.vehicles.{c}"),
        key="zone_vehicles",
        placeholder=text("traffic.zone.no_vehicles"),
    )
    share = columns[2].slider(
        text("traffic.zone.rerouting"), 0, 100, round(100 * f["zone.rerouting_share"]), format="%d %%",
        key="zone_rerouting", help=text("traffic.zone.rerouting_help"),
    )  # fmt: skip
    minutes = columns[3].number_input(
        text("traffic.zone.minutes"),
        1.0,
        120.0,
        float(f["travel.minutes"]),
        step=5.0,
        format="%.0f",
        key="zone_minutes",
    )
    with columns[4]:
        st.space("small")
        closed = st.checkbox(text("traffic.zone.closed"), key="zone_closed", help=text("traffic.zone.closed_help"))
    return str(area), (tuple(vehicles), share / 100, bool(closed), float(minutes))


def _drawn(asked: Asked, area: str, text: Language) -> list[list[float]]:
    """Return the corners of the zone that is drawn [degrees]."""
    crs, corners = asked.opened.city.crs, []
    bounds = middle_bounds(asked)
    if area != _OWN:
        table = asked.opened.city["areas"]
        shape = table.geometry[table["area_id"].astype(str) == area].union_all()
        outline = max(shapely.get_parts(shape), key=lambda part: part.area).simplify(5.0).exterior
        found = transform(shapely.get_coordinates(outline)[:-1], crs, WGS84)
        corners = [[round(float(x), 7), round(float(y), 7)] for x, y in found]
        west, south, east, north = (float(v) for v in shape.bounds)
        bounds = west, south, east, north
    west, south, east, north = bounds
    ends = transform(np.array([[west, south], [east, north]]), crs, WGS84)
    _, data, plain = map_of(asked.opened, text)
    ground = [{"name": "context", "address": plain["context"], "fill": "#dfe5da"}] if "context" in plain else []
    ground += [
        {"name": n, "address": data.addresses[n], **paint}
        for n, paint in (("buildings", {"fill": "#cfccc4"}), ("roads", {"stroke": "#5b6670"}))
        if n in data.addresses
    ]
    return boundary(
        ground, (*ends[0].tolist(), *ends[1].tolist()), text, corners=corners, height=MAP_HEIGHT, key=f"zone_{area}"
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def _prepared(_results: energy.Results, token: str) -> ZoneCity:
    return zone_city(_results, int(token.rsplit("|", 1)[1]))


@st.cache_resource(show_spinner=False, max_entries=24)
def _study(
    _results: energy.Results,
    _prepared: ZoneCity,
    token: str,
    within: str,
    vehicles: tuple[str, ...],
    share: float,
    closed: bool,
    minutes: float,
) -> ZoneStudy:
    wish = ZoneWish(within, vehicles, share, closed, minutes=minutes)
    return zone_study(_results, int(token.rsplit("|", 1)[1]), wish, _prepared)


def _figures(found: ZoneStudy, text: Language) -> None:
    """Tell the result in figures and sentences."""
    for note in found.notes:
        st.warning(text(f"traffic.zone.notes.{note}"))
    sums = found.sums.set_index("figure")
    columns = st.columns(4)
    for column, name in zip(columns, ("co2e_territorial_kg", "co2e_lifecycle_kg", "co2e_marginal_kg", "nox_kg"), strict=True):  # fmt: skip
        row = sums.loc[name]
        column.metric(
            text(f"traffic.zone.changes.{name}"),
            _signed(row["change"], "kg", text),
            _range(row["change_low"], row["change_high"], "kg", text),
            delta_color="off",
            delta_arrow="off",
            help=text("traffic.zone.range_help"),
        )
    told, air = found.figures, found.air.iloc[0]
    jobs = found.access[found.access["kind"] == "jobs"].iloc[0]
    columns = st.columns(4)
    columns[0].metric(
        text("traffic.zone.around"),
        f"{text.number(found.added_km_per_day)} {text('traffic.told.km_day')}",
        text("traffic.zone.detour", removed=text.number(found.removed_km_per_day), factor=text.number(found.detour_factor)),
        delta_color="off",
        delta_arrow="off",
    )  # fmt: skip
    columns[1].metric(
        text("traffic.zone.charging"),
        " ".join(_scaled(found.charging.total_kwh, "kWh", text)),
        text("traffic.zone.charging_peak", peak=" ".join(_scaled(found.charging.peak_kw, "kW", text))),
        delta_color="off",
        delta_arrow="off",
    )
    columns[2].metric(
        text("traffic.zone.air"),
        percent(air["change"], air["before"], text),
        text("traffic.zone.air_shares", better=text.share(air["better_share"]), worse=text.share(air["worse_share"])),
        delta_color="off",
        delta_arrow="off",
        help=text("traffic.zone.air_help"),
    )
    columns[3].metric(
        text("traffic.zone.jobs"),
        percent(jobs["change"], jobs["before"], text),
        text("traffic.zone.jobs_lose", lose=text.share(jobs["lose_share"])),
        delta_color="off",
        delta_arrow="off",
        help=text("traffic.zone.jobs_help"),
    )
    co2 = sums.loc["co2e_territorial_kg"]
    st.write(
        text(
            "traffic.zone.summary",
            streets=text.whole(told["streets"]),
            inside=_signed(co2["inside_change"], "kg", text),
            outside=_signed(co2["change"] - co2["inside_change"], "kg", text),
            before=" ".join(_scaled(co2["before"], "kg", text)),
            share=percent(co2["change"], co2["before"], text),
        )
    )


def _scaled(value: float, unit: str, text: Language) -> tuple[str, str]:
    number, name = text.scaled(value, unit)
    return text.number(number), name


def _signed(value: float, unit: str, text: Language) -> str:
    number, name = _scaled(abs(value), unit, text)
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{number} {name}"


def _range(low: float, high: float, unit: str, text: Language) -> str:
    return f"{_signed(low, unit, text)} {text('to')} {_signed(high, unit, text)}"


def _map(asked: Asked, found: ZoneStudy, text: Language) -> None:
    """Draw what every street gains and loses."""
    column = st.selectbox(
        text("traffic.zone.colour_by"), list(_MAPPED), format_func=lambda c: text(f"traffic.zone.mapped.{c}"), key="zone_map"
    )  # fmt: skip
    streets, unit = found.streets, _MAPPED[column]
    change = (streets[f"{column}_after"] - streets[f"{column}_before"]).to_numpy(float)
    scale = ChangeLegend.of(change, unit)
    names = asked.opened.city["roads"]["name"].fillna("").astype(str).tolist()
    width = np.where(np.abs(change) > 0, 7.0, 2.5)
    outline = gpd.GeoSeries([shapely.from_wkt(found.wish.within)], crs=streets.crs)
    zone = shapes.features(outline.to_numpy(), str(streets.crs), [{"f": [*_ZONE, 45], "n": text("traffic.views.zone"), "k": ""}])  # fmt: skip
    _, data, plain = map_of(asked.opened, text)
    drawn = [
        *heat_shapes.ground(data, plain),
        shapes.Drawn("zone", zone, "areas", told=False),
        heat_shapes.by_value("streets", streets, change, scale, names, text, width_m=width),
    ]
    touched = streets[(np.abs(change) > 0) | streets["inside"].to_numpy(bool)]
    west, south, east, north = (float(v) for v in touched.total_bounds)
    title = text(f"traffic.zone.mapped.{column}")
    draw_map(
        asked, drawn, (west, south, east, north), alt=text("traffic.zone.map_alt", measure=title), key="zone_streets", pitch=0.0
    )  # fmt: skip
    st.html(scale.html(title, text))


def _tables(asked: Asked, found: ZoneStudy, text: Language) -> None:
    """Show sums with their ranges, charging, air and ways by area."""
    st.subheader(text("traffic.zone.sums"))
    st.dataframe(_sums(found.sums, text), hide_index=True)
    st.caption(text("traffic.zone.sums_about"))
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(text("traffic.zone.charging_areas"))
        st.dataframe(_charging(asked, found, text), hide_index=True, height=300)
    with right:
        st.subheader(text("traffic.zone.charging_day"))
        st.altair_chart(_day(found.charging.city_kw, text), width="stretch")
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(text("traffic.zone.air_areas"))
        columns = {"before": "traffic.told.before", "after": "traffic.told.after", "better_share": "traffic.told.better", "worse_share": "traffic.told.worse"}  # fmt: skip
        st.dataframe(by_area(asked, found.air, columns, text), hide_index=True, height=300)
    with right:
        st.subheader(text("traffic.zone.access_areas"))
        kind = st.segmented_control(
            text("traffic.told.reached"), ["jobs", "schools", "shops"], default="jobs", key="zone_kind",
            format_func=lambda k: text(f"traffic.zone.kinds.{k}"), label_visibility="collapsed",
        )  # fmt: skip
        columns = {"before": "traffic.told.before", "after": "traffic.told.after", "gain_share": "traffic.told.gain", "lose_share": "traffic.told.lose"}  # fmt: skip
        rows = found.access[found.access["kind"] == (kind or "jobs")]
        st.dataframe(by_area(asked, rows, columns, text), hide_index=True, height=260)
    st.caption(text("traffic.zone.access_about"))


def _sums(sums: pd.DataFrame, text: Language) -> pd.DataFrame:
    rows = [
        {
            text("traffic.told.figure"): text(f"traffic.zone.figures.{r['figure']}"),
            text("traffic.told.before"): " ".join(_scaled(r["before"], r["unit"], text)),
            text("traffic.told.before_range"): _plain_range(r["before_low"], r["before_high"], r["unit"], text),
            text("traffic.told.after"): " ".join(_scaled(r["after"], r["unit"], text)),
            text("traffic.told.change"): _signed(r["change"], r["unit"], text),
            text("traffic.told.change_range"): _range(r["change_low"], r["change_high"], r["unit"], text),
            text("traffic.zone.inside"): _signed(r["inside_change"], r["unit"], text),
        }
        for r in sums.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _plain_range(low: float, high: float, unit: str, text: Language) -> str:
    return f"{' '.join(_scaled(low, unit, text))} {text('to')} {' '.join(_scaled(high, unit, text))}"


def _charging(asked: Asked, found: ZoneStudy, text: Language) -> pd.DataFrame:
    table = found.charging.areas.sort_values("peak_kw", ascending=False)
    names = asked.opened.city["grid_areas"].set_index("grid_area_id")["name"] if len(table) else {}
    return pd.DataFrame(
        {
            text("traffic.zone.grid_area"): [str(names[i] or i) for i in table["grid_area_id"]],
            text("traffic.zone.charged_mwh"): (table["charged_kwh"] / 1000).round(0),
            text("traffic.zone.peak_kw"): table["peak_kw"].round(0),
            text("traffic.zone.of_rating"): [text.share(v) if np.isfinite(v) else "–" for v in table["rating_share"]],
        }
    )


def _day(city_kw: Any, text: Language) -> alt.Chart:
    """Draw the day with the highest charging, and the mean day."""
    days = city_kw.reshape(-1, 24)
    hours = np.arange(24)
    lines = {"traffic.zone.peak_day": days[days.max(axis=1).argmax()], "traffic.zone.mean_day": days.mean(axis=0)}
    long = pd.concat([pd.DataFrame({"hour": hours, "mw": kw / 1000, "line": text(name)}) for name, kw in lines.items()])
    return (
        alt.Chart(long)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("hour:Q", title=text("traffic.zone.hour"), axis=alt.Axis(tickCount=8)),
            y=alt.Y("mw:Q", title="MW"),
            color=alt.Color("line:N", title=None, scale=alt.Scale(domain=[text(n) for n in lines], range=["#c2410c", "#0b3c5d"]), legend=alt.Legend(orient="top")),
        )
        .properties(height=300)
    )  # fmt: skip


def _keep(found: ZoneStudy, text: Language) -> None:
    """Offer the zone as a scenario, and the streets as a file."""
    written = found.scenario.to_toml()
    with st.expander(text("traffic.zone.keep")):
        st.write(text("traffic.zone.keep_closed" if found.wish.closed else "traffic.zone.keep_about"))
        st.code(written, language="toml")
    left, middle, _ = st.columns([1, 1, 2])
    left.download_button(text("traffic.zone.download_scenario"), written.encode(), "zon.toml", "application/toml", on_click="ignore")  # fmt: skip
    columns = ["road_id", "inside", *(f"{n}_{w}" for n in ("aadt", *FIGURES) for w in ("before", "after"))]
    told = found.streets[columns].to_csv(index=False).encode()
    middle.download_button(text("traffic.zone.download_streets"), told, "zon_gator.csv", "text/csv", on_click="ignore")
