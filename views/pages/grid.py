"""The page of the power grid: raise the shares of electric cars and heat pumps, and see which area breaks first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.grid_plans.capacity import Capacity, Wishes, capacity, share_of_city
from energy.grid_plans.ingredients import Ingredients, ingredients
from energy.grid_plans.station import Station, station
from twin import TwinError
from views import grid_charts, heat_shapes
from views.language import Language
from views.legend import Legend
from views.pages.common import Asked, draw_map, middle_bounds
from views.pages.state import map_of, remember, remembered
from views.session import BASELINE, Session, Settings

__all__ = ["show"]

_MEASURES = {
    "headroom_kw": ("kW", "higher"),
    "load_share": ("%", "lower"),
    "over_h": ("h", "lower"),
    "peak_kw": ("kW", "lower"),
    "bought_kw": ("kW", "higher"),
    "first_year": ("", "higher"),
}


_WAYS: tuple[Literal["at_once", "timer", "smart"], ...] = ("at_once", "timer", "smart")


@dataclass(frozen=True)
class _Choice:
    """What is chosen on the page."""

    scenario: str
    year: int
    measure: str
    wishes: Wishes
    granted: bool


def show(opened: Session, text: Language) -> None:
    """Draw the page."""
    st.header(text("page_grid"))
    try:
        choice, parts, whole = _choose(opened, text)
        found = capacity(parts, opened.city["grid_areas"], choice.wishes, of_city=whole)
    except TwinError as error:
        st.error(str(error))
        return
    _figures(found, choice, opened, text)
    _map(opened, found, choice, text)
    _area(found, opened, choice, text)
    st.caption(text("grid.about"))


def _choose(opened: Session, text: Language) -> tuple[_Choice, list[Ingredients], float]:
    """Return what is chosen, the years' ingredients, and the part of the city that is simulated."""
    columns = st.columns(3)
    scenarios = list(opened.runs)
    known = remembered("scenario")
    scenario = columns[0].selectbox(
        text("scenario"),
        scenarios,
        index=scenarios.index(known) if known in scenarios else 0,
        format_func=lambda s: text("baseline") if s == BASELINE else s,
        key="grid_scenario",
    )
    remember("scenario", scenario)
    token = f"{Settings.from_environment().token}|{scenario}"
    with st.spinner(text("loading")):
        parts, whole = _parts(opened.runs[scenario], token)
    years = [p.year for p in parts]
    year = int(columns[1].selectbox(text("year"), years, index=len(years) - 1, key="grid_year"))
    measure = columns[2].selectbox(
        text("indicator"), list(_MEASURES), format_func=lambda m: text(f"grid.measures.{m}"), key="grid_measure"
    )
    cars, heat, ways, steps = st.columns([1.3, 1.3, 1.2, 0.8])
    last = parts[-1]
    ev = cars.slider(
        text("grid.ev_share", year=last.year),
        0,
        100,
        round(100 * last.ev_share),
        key=f"grid_ev_{scenario}",
        format="%d %%",
    )
    least = int(np.ceil(100 * max(p.pump_share for p in parts)))
    pumps = heat.slider(
        text("grid.pump_share", year=last.year), least, 100, least, key=f"grid_pumps_{scenario}", format="%d %%"
    )
    charging = ways.selectbox(
        text("grid.charging"),
        _WAYS,
        format_func=lambda c: text(f"grid.ways.{c}"),
        key="grid_charging",
    )
    granted = steps.checkbox(text("grid.steps"), value=True, help=text("grid.steps_help"), key="grid_granted")
    own = round(100 * last.ev_share)
    wishes = Wishes(None if ev == own else ev / 100, None if pumps == least else pumps / 100, charging=charging)
    return _Choice(scenario, year, measure, wishes, granted), parts, whole


@st.cache_resource(show_spinner=False, max_entries=4)
def _run(_results: energy.Results, token: str) -> energy.Results:
    """Simulate the years of the capacity map, once a scenario."""
    _ = token
    base = _results.city.base_year
    years = sorted({base, max(base, 2027), max(base, 2030), max(base, 2035)})
    return energy.simulate(_results.city, _results.scenario, years=years, ranges=False)


@st.cache_resource(show_spinner=False, max_entries=4)
def _parts(_results: energy.Results, token: str) -> tuple[list[Ingredients], float]:
    """Take the years apart, so that shares can be moved."""
    run = _run(_results, token)
    return [ingredients(run, year) for year in run.years], share_of_city(run)


@st.cache_resource(show_spinner=False, max_entries=24)
def _station(_results: energy.Results, token: str, year: int, area: str) -> Station:
    return station(_run(_results, token), year, area)


def _figures(found: Capacity, choice: _Choice, opened: Session, text: Language) -> None:
    """Tell what breaks first, when, and what helps."""
    told = found.figures
    now = found.areas[found.areas["year"] == choice.year]
    columns = st.columns(5)
    columns[0].metric(text("grid.over", year=choice.year), f"{text.whole(float((now['over_h'] > 0).sum()))} {text('heat.of')} {text.whole(told['areas'])}")  # fmt: skip
    columns[1].metric(text("grid.peak"), f"{text.number(float(found.city.set_index('year').loc[choice.year, 'peak_kw']) / 1000)} MW")  # fmt: skip
    columns[2].metric(text("grid.first"), _named(opened, told["first_area_over"]) or "–")
    columns[3].metric(text("grid.when"), _when(told, text))
    columns[4].metric(text("grid.bought"), f"{text.number(float(now['bought_kw'].sum()) / 1000)} MW", help=text("grid.bought_help"))  # fmt: skip
    if told["areas_without_rating"]:
        st.caption(text("grid.unknown", count=told["areas_without_rating"]))


def _when(told: dict[str, Any], text: Language) -> str:
    """Return year and hour of the first break."""
    if told["first_year_over"] is None:
        return "–"
    at = pd.Timestamp("2023-01-01") + pd.Timedelta(hours=int(told["first_hour_over"]))
    return text(
        "grid.at", year=told["first_year_over"], day=at.day, month=text.month(at.month - 1), hour=f"{at.hour:02d}"
    )


def _named(opened: Session, area: str | None) -> str:
    if area is None:
        return ""
    table = opened.city["grid_areas"].set_index("grid_area_id")
    name = table["name"].get(area)
    return str(name) if isinstance(name, str) and name else str(area)


def _map(opened: Session, found: Capacity, choice: _Choice, text: Language) -> None:
    """Draw the areas in the colours of the measure."""
    areas = opened.city["grid_areas"]
    now = found.areas[found.areas["year"] == choice.year].reset_index(drop=True)
    now["load_share"] = 100 * now["peak_kw"] / now["rating_kw"]
    now["first_year"] = found.first["first_year"].replace(np.inf, np.nan)
    values = now[choice.measure].to_numpy(float)
    scale = Legend.of(values, *_MEASURES[choice.measure])
    names = [_named(opened, a) for a in areas["grid_area_id"].astype(str)]
    told = [
        f"{n} · {text.number(p)} {text('heat.of')} {text.number(r)} kW"
        for n, p, r in zip(names, now["peak_kw"], now["rating_kw"], strict=True)
    ]
    asked = Asked(opened, choice.scenario, choice.year)
    _, data, plain = map_of(opened, text)
    drawn = [
        *heat_shapes.ground(data, plain),
        heat_shapes.by_value("capacity", areas, values, scale, told, text, kind="areas", alpha=185),
    ]
    title = text(f"grid.measures.{choice.measure}")
    draw_map(asked, drawn, middle_bounds(asked, 0.1), alt=text("grid.alt", measure=title), key="grid", pitch=20.0)
    st.html(scale.html(f"{title}, {choice.year}", text))


def _inside(opened: Session, choice: _Choice, area: str, text: Language) -> None:
    """Tell what the made-up feeders of a station can host."""
    token = f"{Settings.from_environment().token}|{choice.scenario}"
    try:
        found = _station(opened.runs[choice.scenario], token, choice.year, area)
    except TwinError as error:
        st.error(str(error))
        return
    t = found.hosting
    st.dataframe(
        pd.DataFrame(
            {
                text("grid.hosted"): [text(f"grid.comes.{w}") for w in t["what"]],
                text("grid.fits"): [text.share(v) if np.isfinite(v) else "–" for v in t["share"]],
                text("grid.binds"): [
                    text(f"grid.limits.{b.replace(' ', '_')}") if b else "–" for b in t["binds"].fillna("")
                ],
                text("grid.where"): t["at"],
            }
        ),
        hide_index=True,
    )
    st.caption(text("grid.inside_about", reached=text.whole(found.reached), buildings=text.whole(found.buildings)))


def _area(found: Capacity, opened: Session, choice: _Choice, text: Language) -> None:
    """Tell one area's causes, the city's peak, and all areas in a table."""
    order = found.first.merge(found.areas[found.areas["year"] == choice.year], on="grid_area_id")
    order = order.sort_values(["first_year", "headroom_kw"], na_position="last")
    ids = order["grid_area_id"].astype(str).tolist()
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(text("grid.what_causes"))
        area = st.selectbox(text("grid.area"), ids, format_func=lambda a: _named(opened, a), key="grid_area")
        rows = found.areas[found.areas["grid_area_id"].astype(str) == area]
        st.altair_chart(grid_charts.cause_chart(rows, text), key="causes")
        if st.button(text("grid.inside"), key="grid_inside"):
            _inside(opened, choice, str(area), text)
    with right:
        st.subheader(text("grid.together"))
        st.write(text("grid.together_about"))
        st.altair_chart(grid_charts.city_chart(found.city, text, granted=choice.granted), key="city_peak")
    table = pd.DataFrame(
        {
            text("grid.area"): [_named(opened, a) for a in ids],
            text("grid.measures.first_year"): [str(int(y)) if np.isfinite(y) else "–" for y in order["first_year"]],
            f"{text('grid.measures.peak_kw')}, kW": order["peak_kw"].round(0),
            f"{text('grid.measures.headroom_kw')}, kW": order["headroom_kw"].round(0),
            text("grid.measures.over_h"): order["over_h"],
            text("grid.longest"): order["longest_over_h"],
            f"{text('grid.measures.bought_kw')}, kW": order["bought_kw"].round(0),
        }
    )
    st.dataframe(table, hide_index=True)
    st.download_button(
        text("download"), found.areas.to_csv(index=False).encode(), "kapacitet.csv", "text/csv", on_click="ignore"
    )
