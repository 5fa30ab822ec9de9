"""The district map: choose an area, an indicator, a scenario and a year; click a building to have it told in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.places import CITY, OUTSIDE
from twin import Factors
from views import charts, deck, report, shapes
from views.language import Language
from views.pages.state import map_of, remember, remembered
from views.session import BASELINE, Session

__all__ = ["show"]

_MAP_HEIGHT = 640
_UNCHANGED = 0.0005
_THEMES = ("emissions", "heat", "electricity", "mobility")


def show(opened: Session, text: Language) -> None:
    """Draw the page."""
    choice = _choose(opened, text)
    results = opened.runs[choice["scenario"]]
    tidy = results.indicators()
    scales, data, plain = map_of(opened, text)
    left, right = st.columns([4.1, 1], gap="small")
    with left:
        picked = _map(opened, choice, (scales, data, plain), text)
        _key_figures(tidy, choice, text)
    with right:
        _told(results, tidy, choice, picked, text)
    _path(results, tidy, choice, text)
    _table(results, tidy, choice, text)


def _choose(opened: Session, text: Language) -> dict[str, Any]:
    """Return what is chosen on the left, and keep it in the address."""
    query = st.query_params
    results = opened.runs[BASELINE]
    places = results.places.table
    areas = [CITY, *places.loc[~places["area_id"].isin([CITY, OUTSIDE]), "area_id"]]
    level = places.set_index("area_id")["level"].to_dict()
    name = places.set_index("area_id")["name"].to_dict()
    indent = {"mellanomrade": "  ", "primaromrade": "    "}
    with st.sidebar:
        st.markdown(f"**{opened.city.name}**")
        area = _pick(
            text("area"),
            areas,
            "area",
            lambda a: text("whole_city") if a == CITY else f"{indent.get(level[a], '')}{name[a]}",
        )
        theme = _pick(text("theme"), list(_THEMES), "theme", lambda t: text(f"themes.{t}"))
        known = [
            i
            for i, about in energy.INDICATORS.items()
            if about.theme == theme
            and about.per_entity
            and any(t in opened.city for t in about.tables)
            and not (about.hourly and "weather" not in opened.city)
        ]
        indicator = _pick(
            text("indicator"), known, "indicator", lambda i: text(f"indicators.{i}.title"), key=f"indicator_{theme}"
        )
        st.caption(text(f"indicators.{indicator}.description"))
        scenario = _pick(
            text("scenario"), list(opened.runs), "scenario", lambda s: text("baseline") if s == BASELINE else s
        )
        years = list(opened.years)
        asked = remembered("year")
        start = int(asked) if asked.isdigit() and int(asked) in years else years[-1]
        year = st.select_slider(text("year"), years, value=start, key="year")
        remember("year", str(year))
        extra = [t for t in ("roads", "heat_pipes", "areas") if t in opened.city]
        words = {"roads": text("roads"), "heat_pipes": text("heat_pipes"), "areas": text("area_borders")}
        own = shapes.plugin_tables(opened.city)
        titles = {t: opened.city.sources[t].title if t in opened.city.sources else t for t in own}
        st.markdown(text("layers"))
        shown = [
            t
            for t in [*extra, *own]
            if st.checkbox(words.get(t) or titles[t], value=t != "heat_pipes", key=f"shown_{t}")
        ]
        buildings = opened.city["buildings"]
        labels = buildings["name"].fillna(buildings["building_id"]).astype(str)
        asked = query.get("building", "")
        ids = buildings["building_id"].astype(str)
        at = int(np.flatnonzero(ids == asked)[0]) if asked in set(ids) else None
        search = st.selectbox(
            text("search"),
            range(len(labels)),
            index=at,
            format_func=lambda i: labels.iloc[i],
            placeholder="",
            help=text("search_help"),
            key=f"search_{asked}",
        )
    if search is not None and str(ids.iloc[search]) != asked:
        query["building"] = str(ids.iloc[search])
        at = search
    return {
        "area": area,
        "indicator": indicator,
        "scenario": scenario,
        "year": year,
        "shown": tuple(shown),
        "building": at,
    }


def _pick(label: str, options: list[str], name: str, words: Any, key: str = "") -> str:
    """Choose one of several, with the address as the memory."""
    asked = remembered(name)
    chosen = st.selectbox(
        label, options, index=options.index(asked) if asked in options else 0, format_func=words, key=key or name
    )
    remember(name, chosen)
    return str(chosen)


def _map(opened: Session, choice: dict[str, Any], drawn: Any, text: Language) -> int | None:
    """Draw the map and its legend; return the row of the chosen building."""
    scales, data, plain = drawn
    indicator, scenario, year = choice["indicator"], choice["scenario"], choice["year"]
    made = deck.build(
        data,
        plain,
        scales,
        (indicator, scenario, year),
        _bounds(opened, choice["area"]),
        crs=opened.city.crs,
        chosen=choice["building"],
        shown=choice["shown"],
    )
    title = text(f"indicators.{indicator}.title")
    of = ", ".join(text(f"{t}_word") for t in energy.INDICATORS[indicator].tables if (t, indicator) in scales)
    alt = text("map_alt", indicator=title, what=of, scenario=scenario, year=year)
    event: Any = st.pydeck_chart(
        made, height=_MAP_HEIGHT, key="map", on_select="rerun", selection_mode="single-object", alt=alt
    )
    for table in energy.INDICATORS[indicator].tables:
        if (table, indicator) in scales:
            st.html(scales[table, indicator].html(f"{title}, {text(f'{table}_word')}", text))
    st.caption(f"{opened.city.name} · {text('baseline') if scenario == BASELINE else scenario} · {year}")
    objects = event.selection.objects.get("buildings", []) if event and event.selection else []
    clicked = int(objects[0]["properties"]["i"]) if objects else None
    if clicked is not None and clicked != choice["building"] and clicked != st.session_state.get("clicked"):
        st.session_state["clicked"] = clicked
        st.query_params["building"] = str(opened.city["buildings"]["building_id"].iloc[clicked])
        st.rerun()
    return choice["building"]


def _bounds(opened: Session, area: str) -> tuple[float, float, float, float]:
    """Return what to look at: the area, or the middle of the city's buildings, where most of them stand."""
    buildings = opened.city["buildings"]
    inside = buildings.geometry.bounds
    whole = area == CITY
    if not whole:
        places = opened.runs[BASELINE].places
        at = int(np.flatnonzero((places.table["area_id"] == area).to_numpy())[0])
        inside = inside[places.shares["buildings"][[at]].toarray()[0] > 0]
    if inside.empty:
        areas = opened.city["areas"]
        west, south, east, north = areas[areas["area_id"] == area].total_bounds
    else:
        share = 0.35 if whole else 0.0
        (west, south) = inside[["minx", "miny"]].quantile(share)
        (east, north) = inside[["maxx", "maxy"]].quantile(1 - share)
    return float(west), float(south), float(east), float(north)


def _key_figures(tidy: pd.DataFrame, choice: dict[str, Any], text: Language) -> None:
    """Show four figures of the area with their change since the first year."""
    of = tidy[tidy["area_id"] == choice["area"]].set_index(["indicator", "year"])["value"]
    first = int(tidy["year"].min())
    figures = [
        ("co2e_territorial_kg", "kg", "emissions"),
        ("heat_need_kwh", "kWh", "heat"),
        ("electricity_kwh", "kWh", "electricity"),
        ("peak_kw", "kW", "peak"),
    ]
    for column, (indicator, unit, name) in zip(st.columns(4), figures, strict=True):
        now, before = float(of[indicator, choice["year"]]), float(of[indicator, first])
        value, word = text.scaled(now, unit)
        moved = before > 0 and abs(now / before - 1) > _UNCHANGED
        change = (
            text("key.since", change=text.change(now / before - 1), year=first)
            if moved
            else text("key.same", year=first)
        )
        column.metric(
            text(f"key.{name}"),
            f"{text.number(value)} {word}",
            change,
            delta_color="inverse" if moved else "off",
            delta_arrow="auto" if moved else "off",
            height="stretch",
            border=True,
            help=text("key.emissions_help") if name == "emissions" else None,
        )


def _told(
    results: energy.Results, tidy: pd.DataFrame, choice: dict[str, Any], building: int | None, text: Language
) -> None:
    """Tell about the chosen building, or else about the area."""
    if building is None:
        st.subheader(text("whole_city") if choice["area"] == CITY else report.place_name(results, choice["area"], text))
        st.write(report.area_text(results, choice["area"], text))
        st.caption(text("nothing_chosen"))
        st.html(report.html_table(report.area_figures(tidy, choice["area"], choice["year"], text)))
        for conflict in results.adoption.conflicts:
            st.warning(report.conflict_text(conflict, text))
        return
    row = results.city["buildings"].iloc[building]
    st.subheader(report.building_title(row, text))
    for sentence in report.building_text(results, building, choice["year"], text):
        st.write(sentence)
    st.html(report.html_table(report.building_figures(results, building, choice["year"], text)))
    source = results.city.sources.get("buildings")
    if source:
        origin = source.source or source.title
        st.caption(
            f"{text('background')}: {origin} ({source.licence})"
            if source.licence
            else f"{text('background')}: {origin}"
        )
    if st.button(text("clear"), key="clear"):
        del st.query_params["building"]
        st.rerun()


def _path(results: energy.Results, tidy: pd.DataFrame, choice: dict[str, Any], text: Language) -> None:
    """Show the area's emissions against the target's pace, and say what that leaves out."""
    table = charts.path_table(tidy, choice["area"])
    place = text("whole_city") if choice["area"] == CITY else report.place_name(results, choice["area"], text)
    left, right = st.columns([2, 1], gap="medium")
    with left:
        st.subheader(text("path.title"))
        st.altair_chart(charts.emission_path(table, text), key="path")
    with right:
        st.subheader(" ")
        for sentence in report.path_text(table, place, text):
            st.write(sentence)


def _table(results: energy.Results, tidy: pd.DataFrame, choice: dict[str, Any], text: Language) -> None:
    """Show the same values as the map, as tables that can be taken along."""
    indicator, year = choice["indicator"], choice["year"]
    about = energy.INDICATORS[indicator]
    with st.expander(text("table"), expanded=False):
        areas, entities, method = st.tabs([text("table_areas"), text("table_entities"), text("method")])
        rows = tidy[(tidy["indicator"] == indicator) & (tidy["year"] == year)]
        with areas:
            named = rows.assign(area_name=[report.place_name(results, a, text) for a in rows["area_id"]])
            shown = named[["area_name", "value", "low", "high", "unit"]]
            shown = shown.set_axis([text(f"columns.{c}") for c in ("area", "value", "low", "high", "unit")], axis=1)
            st.dataframe(shown, hide_index=True)
            st.download_button(
                text("download"),
                rows.to_csv(index=False).encode(),
                f"{indicator}-{year}.csv",
                "text/csv",
                on_click="ignore",
                key="areas_csv",
            )
        with entities:
            whole = pd.concat(
                [
                    _entities(results, t, indicator, year, choice["area"])
                    for t in about.tables
                    if t in ("buildings", "roads", "grid_areas")
                ]
                or [pd.DataFrame()]
            )
            st.dataframe(whole, hide_index=True)
            st.download_button(
                text("download"),
                whole.to_csv(index=False).encode(),
                f"{indicator}-{year}-delar.csv",
                "text/csv",
                on_click="ignore",
                key="entities_csv",
            )
        with method:
            _method(results, indicator, text)


def _method(results: energy.Results, indicator: str, text: Language) -> None:
    """Say how the indicator is made and which numbers that are not data it rests on."""
    about, titles = energy.INDICATORS[indicator], Factors.sources()["title"]
    st.write(text(f"indicators.{indicator}.description"))
    st.caption(f"{text('formula')}: {about.formula}")
    made_of = results.explain(indicator)
    shown = pd.DataFrame(
        {
            text("columns.key"): made_of["key"],
            text("columns.value"): made_of["value"],
            text("columns.low"): made_of["low"],
            text("columns.high"): made_of["high"],
            text("columns.unit"): made_of["unit"].map(text.unit),
            text("columns.status"): made_of["status"].map(text),
            text("effect_low", unit=text.unit(about.unit)): made_of["effect_low"],
            text("effect_high", unit=text.unit(about.unit)): made_of["effect_high"],
            text("columns.source"): made_of["source"].map(titles),
        }
    )
    st.write(text("method_text", year=results.years[-1]))
    st.dataframe(shown, hide_index=True)


def _entities(results: energy.Results, table: str, indicator: str, year: int, area: str) -> pd.DataFrame:
    """Return the values of single entities in an area."""
    if table not in results.city:
        return pd.DataFrame()
    rows = results.city[table]
    identity = {"buildings": "building_id", "roads": "road_id", "grid_areas": "grid_area_id"}[table]
    found = pd.DataFrame(
        {
            "table": table,
            "id": rows[identity].astype(str),
            "name": rows["name"],
            indicator: results.values(indicator, table, year),
        }
    )
    if area != CITY and table in results.places.shares:
        at = int(np.flatnonzero((results.places.table["area_id"] == area).to_numpy())[0])
        found = found[results.places.shares[table][[at]].toarray()[0] > 0]
    return found
