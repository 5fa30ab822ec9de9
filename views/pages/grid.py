"""The page of the power grid: raise the shares of electric cars and heat pumps, and see which area breaks first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.grid_plans.capacity import Capacity, capacity, share_of_city
from energy.grid_plans.ingredients import Ingredients, ingredients
from energy.grid_plans.steering import Way, Wishes
from twin import TwinError
from views import grid_charts, heat_shapes
from views.language import Language
from views.legend import Legend
from views.pages.common import Asked, draw_map, middle_bounds
from views.pages.grid_inside import at_hour, inside
from views.pages.state import map_of, remember, remembered
from views.session import BASELINE, Session, Settings

__all__ = ["show"]

_MEASURES = {
    "headroom_kw": ("kW", "higher"),
    "load_share": ("%", "lower"),
    "over_h": ("h", "lower"),
    "peak_kw": ("kW", "lower"),
    "bought_kw": ("kW", "higher"),
    "shaved_kw": ("kW", "higher"),
    "first_year": ("", "higher"),
}


_WAYS: tuple[Way, ...] = get_args(Way)
_BATTERIES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)  # kWh per kW of solar power


@dataclass(frozen=True)
class _Choice:
    """What is chosen on the page."""

    scenario: str
    year: int
    measure: str
    wishes: Wishes


def show(opened: Session, text: Language) -> None:
    """Draw the page."""
    st.header(text("page_grid"))
    try:
        choice, parts, whole = _choose(opened, text)
        token = f"{Settings.from_environment().token}|{choice.scenario}|{choice.wishes}"
        found = _capacity(parts, opened.city["grid_areas"], choice.wishes, whole, token)
    except TwinError as error:
        st.error(str(error))
        return
    _figures(found, choice, opened, text)
    _map(opened, found, choice, text)
    _area(found, opened, choice, next(p for p in parts if p.year == choice.year), text)
    st.caption(text("grid.about"))


def _choose(opened: Session, text: Language) -> tuple[_Choice, list[Ingredients], float]:
    """Return what is chosen, the years' ingredients, and the part of the city that is simulated."""
    columns = st.columns([1.2, 0.7, 1.3, 1.3])
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
    way = columns[3].selectbox(
        text("grid.charging"), _WAYS, format_func=lambda c: text(f"grid.ways.{c}"), key="grid_charging"
    )
    return _Choice(scenario, year, measure, _wishes(scenario, parts, way, text)), parts, whole


def _wishes(scenario: str, parts: list[Ingredients], way: Way, text: Language) -> Wishes:
    """Return where the sliders stand."""
    cars, heat, stored, ticks = st.columns([1.2, 1.2, 1.2, 0.9], gap="medium")
    last = parts[-1]
    own, least = round(100 * last.ev_share), int(np.ceil(100 * max(p.pump_share for p in parts)))
    ev = cars.slider(text("grid.ev_share", year=last.year), 0, 100, own, key=f"grid_ev_{scenario}", format="%d %%")
    pumps = heat.slider(
        text("grid.pump_share", year=last.year), least, 100, least, key=f"grid_pumps_{scenario}", format="%d %%"
    )
    sun = any(p.now.made_kwh.any() for p in parts)
    batteries = stored.select_slider(
        text("grid.batteries"), _BATTERIES, format_func=text.number, key=f"grid_batteries_{scenario}", disabled=not sun,
        help=text("grid.batteries_help" if sun else "grid.batteries_none"),
    )  # fmt: skip
    v2g = ticks.checkbox(text("grid.v2g"), help=text("grid.v2g_help"), key="grid_v2g")
    granted = ticks.checkbox(text("grid.steps"), value=True, help=text("grid.steps_help"), key="grid_granted")
    return Wishes(
        None if ev == own else ev / 100, None if pumps == least else pumps / 100, way, v2g=v2g,
        battery_kwh_per_solar_kw=float(batteries), granted=granted,
    )  # fmt: skip


@st.cache_resource(show_spinner=False, max_entries=4)
def _run(_results: energy.Results, token: str) -> energy.Results:
    """Simulate the years of the capacity map, once a scenario."""
    _ = token
    base = _results.city.base_year
    years = sorted({base, max(base, 2030), max(base, 2035)})
    return energy.simulate(_results.city, _results.scenario, years=years, ranges=False)


@st.cache_resource(show_spinner=False, max_entries=4)
def _parts(_results: energy.Results, token: str) -> tuple[list[Ingredients], float]:
    """Take the years apart, so that shares can be moved."""
    run = _run(_results, token)
    return [ingredients(run, year) for year in run.years], share_of_city(run)


@st.cache_resource(show_spinner=False, max_entries=16)
def _capacity(
    _parts: list[Ingredients], _areas: pd.DataFrame, _wishes: Wishes, _of_city: float, token: str
) -> Capacity:
    """Return the capacity map, so that another year, measure or area is shown without counting anew."""
    _ = token
    return capacity(_parts, _areas, _wishes, of_city=_of_city)


def _figures(found: Capacity, choice: _Choice, opened: Session, text: Language) -> None:
    """Tell what breaks first, when, and what helps."""
    told = found.figures
    now = found.areas[found.areas["year"] == choice.year]
    city = found.city.set_index("year").loc[choice.year]
    columns = st.columns([0.9, 1, 1, 1.1, 1.3, 1])
    over, areas = text.whole(float((now["over_h"] > 0).sum())), text.whole(told["areas"])
    columns[0].metric(text("grid.over", year=choice.year), f"{over} {text('heat.of')} {areas}")
    columns[1].metric(text("grid.peak"), _mw(city["peak_kw"], text))
    columns[2].metric(text("grid.left"), _mw(city["headroom_kw"], text), help=text("grid.left_help"))
    columns[3].metric(text("grid.first"), _named(opened, told["first_area_over"]) or text("grid.none"))
    columns[4].metric(text("grid.when"), _when(told, text), help=text("grid.when_help"))
    spared = float(now["bought_kw"].sum() + now["shaved_kw"].sum())
    columns[5].metric(text("grid.bought"), _mw(spared, text), help=text("grid.bought_help"))
    if told["areas_without_rating"]:
        st.caption(text("grid.unknown", count=told["areas_without_rating"]))
    if choice.wishes.v2g:
        lent, lost = (text.number(float(now[c].sum()) / 1000) for c in ("v2g_kwh", "v2g_lost_kwh"))
        st.caption(text("grid.lent", lent=lent, lost=lost))


def _mw(kw: float, text: Language) -> str:
    return f"{text.number(float(kw) / 1000)} MW" if np.isfinite(kw) else "–"


def _when(told: dict[str, Any], text: Language) -> str:
    """Return year and hour of the first break."""
    if told["first_year_over"] is None:
        return "–"
    return f"{told['first_year_over']}, {at_hour(told['first_hour_over'], text)}"


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


def _area(found: Capacity, opened: Session, choice: _Choice, part: Ingredients, text: Language) -> None:
    """Tell one area's causes, the city's peak, the area from inside, and all areas in a table."""
    now = found.areas[found.areas["year"] == choice.year]
    order = found.first.merge(now, on="grid_area_id").sort_values(["first_year", "headroom_kw"], na_position="last")
    ids = order["grid_area_id"].astype(str).tolist()
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(text("grid.what_causes"))
        area = str(st.selectbox(text("grid.area"), ids, format_func=lambda a: _named(opened, a), key="grid_area"))
        rows = found.areas[found.areas["grid_area_id"].astype(str) == area]
        st.altair_chart(grid_charts.cause_chart(rows, text), key="causes")
        st.write(_sentence(found, area, choice.year, text))
    with right:
        st.subheader(text("grid.together"))
        st.write(text("grid.together_about" if choice.wishes.granted else "grid.together_without"))
        st.altair_chart(grid_charts.city_chart(found.city, text), key="city_peak")
        st.write(_city_sentence(found, text))
    if st.toggle(text("grid.look_inside", area=_named(opened, area)), key="grid_inside"):
        asked = Asked(opened, choice.scenario, choice.year)
        ev = float(found.shares.set_index("year")["ev_share"][choice.year])
        more = ev / part.ev_share if part.ev_share > 0 else 0.0
        part = replace(part, ev_share=ev, charged_kwh=more * part.charged_kwh)
        inside(asked, _run(asked.results, f"{Settings.from_environment().token}|{choice.scenario}"), area, part, text)
    st.subheader(text("grid.all_areas"))
    _table(found, opened, order, text)
    st.download_button(
        text("download"), found.areas.to_csv(index=False).encode(), "kapacitet.csv", "text/csv", on_click="ignore"
    )


def _sentence(found: Capacity, area: str, year: int, text: Language) -> str:
    """Tell when an area breaks, and of what."""
    first = found.first.set_index("grid_area_id").loc[area]
    row = found.areas[(found.areas["grid_area_id"] == area) & (found.areas["year"] == year)].iloc[0]
    if np.isnan(row["rating_kw"]):
        return text("grid.rating_unknown", peak=text.whole(row["peak_kw"]), year=year)
    words = {c: text.whole(row[f"{c}_kw"]) for c in ("peak", "rating", "headroom")}
    when = text("grid.at_peak", year=year, hour=at_hour(int(row["peak_hour"]), text), **words)
    if not np.isfinite(first["first_year"]):
        return f"{when} {text('grid.holds')}"
    cause = text(f"grid.causes.{first['cause']}").lower()
    return f"{when} {text('grid.breaks', first=int(first['first_year']), cause=cause)}"


def _city_sentence(found: Capacity, text: Language) -> str:
    """Tell the headroom of the city in the years that matter."""
    years = found.city[found.city["year"].isin(found.shares["year"])]
    return text("grid.city_left") + " " + "; ".join(f"{r.year}: {_mw(r.headroom_kw, text)}" for r in years.itertuples())


def _table(found: Capacity, opened: Session, order: pd.DataFrame, text: Language) -> None:
    """List the areas, those that break first before the others."""
    headroom = found.areas.pivot_table("headroom_kw", "grid_area_id", "year", dropna=False)
    left = {
        text("grid.left_in", year=y): headroom[y].reindex(order["grid_area_id"]).round(0).to_numpy() for y in headroom
    }
    broken = np.isfinite(order["first_year"])
    causes = [text(f"grid.causes.{c}") if b else "–" for c, b in zip(order["cause"], broken, strict=True)]
    years = [str(int(y)) if b else "–" for y, b in zip(order["first_year"], broken, strict=True)]
    table = pd.DataFrame(
        {
            text("grid.area"): [_named(opened, a) for a in order["grid_area_id"].astype(str)],
            text("grid.first_short"): years,
            text("grid.cause"): causes,
            **left,
            f"{text('grid.measures.peak_kw')}, kW": order["peak_kw"].round(0).to_numpy(),
            text("grid.over_h"): order["over_h"].to_numpy(),
            text("grid.longest"): order["longest_over_h"].to_numpy(),
            text("grid.spared"): (order["bought_kw"] + order["shaved_kw"]).round(0).to_numpy(),
        }
    )
    st.dataframe(table, hide_index=True)
