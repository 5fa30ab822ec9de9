"""The page of hours: load, duration and months of an area or a building, and two declared buildings side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

import energy
from energy.places import CITY, OUTSIDE
from twin import TwinError
from views import hour_charts, report
from views.language import Language
from views.pages.state import remember, remembered
from views.session import BASELINE, Session

__all__ = ["show"]


def show(opened: Session, text: Language) -> None:
    """Draw the page."""
    st.header(text("page_hours"))
    results, year, rows, place = _choose(opened, text)
    try:
        with st.spinner(text("loading")):
            hours = energy.hours_of(results, year, rows)
    except TwinError as error:
        st.error(str(error))
        return
    st.write(_summary(hours, place, year, text))
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(text("hours.load"))
        st.altair_chart(hour_charts.load_chart(hours, text), key="load")
    with right:
        st.subheader(text("hours.duration"))
        st.altair_chart(hour_charts.duration_chart(hours, text), key="duration")
    left, right = st.columns(2, gap="medium")
    table = hour_charts.monthly(hours, text)
    with left:
        st.subheader(text("hours.months"))
        st.altair_chart(hour_charts.month_chart(hours, text), key="months")
    with right:
        st.subheader(" ")
        st.dataframe(table.round(1), hide_index=True)
        st.download_button(
            text("download"), hours.to_csv(index_label="hour").encode(), "timmar.csv", "text/csv", on_click="ignore"
        )
    st.caption(text("hours.about"))
    _compare(opened, text)


def _choose(opened: Session, text: Language) -> tuple[energy.Results, int, npt.NDArray[np.bool_], str]:
    """Return the run, the year, and which buildings, with the address as the memory."""
    places = opened.runs[BASELINE].places
    buildings = opened.city["buildings"]
    areas = [CITY, *places.table.loc[~places.table["area_id"].isin([CITY, OUTSIDE]), "area_id"]]
    scenarios = list(opened.runs)
    columns = st.columns(4)
    scenario = columns[0].selectbox(
        text("scenario"),
        scenarios,
        index=_at(scenarios, remembered("scenario")),
        format_func=lambda s: text("baseline") if s == BASELINE else s,
        key="hours_scenario",
    )
    years = list(opened.years)
    asked = remembered("year")
    at = years.index(int(asked)) if asked.isdigit() and int(asked) in years else len(years) - 1
    year = columns[1].selectbox(text("year"), years, index=at, key="hours_year")
    results = opened.runs[scenario]
    area = columns[2].selectbox(
        text("area"),
        areas,
        index=_at(areas, remembered("area")),
        format_func=lambda a: text("whole_city") if a == CITY else report.place_name(results, a, text),
        key="hours_area",
    )
    labels = buildings["name"].fillna(buildings["building_id"]).astype(str)
    ids = list(buildings["building_id"].astype(str))
    asked = st.query_params.get("building", "")
    chosen = columns[3].selectbox(
        text("search"),
        range(len(ids)),
        index=ids.index(asked) if asked in ids else None,
        format_func=lambda i: labels.iloc[i],
        placeholder="",
        key="hours_building",
    )
    for name, value in (("scenario", scenario), ("area", area), ("year", year)):
        remember(name, str(value))
    if chosen is not None:
        rows = np.zeros(len(ids), bool)
        rows[chosen] = True
        st.caption(_calibration(buildings.iloc[chosen], text))
        return results, int(year), rows, labels.iloc[chosen]
    at = int(np.flatnonzero((places.table["area_id"] == area).to_numpy())[0])
    rows = places.shares["buildings"][[at]].toarray()[0] > 0
    return results, int(year), rows, text("whole_city") if area == CITY else report.place_name(results, area, text)


def _at(options: list[Any], asked: str) -> int:
    return options.index(asked) if asked in options else 0


def _calibration(building: pd.Series, text: Language) -> str:
    """Return whether the building's losses are fitted to measured heat."""
    factor = building["loss_factor"]
    return text("hours.not_calibrated") if pd.isna(factor) else text("hours.calibrated", factor=text.number(factor))


def _summary(hours: pd.DataFrame, place: str, year: int, text: Language) -> str:
    heat = hours["heat_kw"] + hours["hot_water_kw"]
    peak, unit = text.scaled(float(heat.max()), "kW")
    energy_sum, energy_unit = text.scaled(float(heat.sum()), "kWh")
    return text(
        "hours.summary",
        place=place,
        year=year,
        energy=f"{text.number(energy_sum)} {energy_unit}",
        peak=f"{text.number(peak)} {unit}",
        outdoor=text.number(float(hours["outdoor_c"].iloc[int(heat.argmax())])),
        full=text.whole(float(heat.sum() / heat.max())) if heat.max() > 0 else "0",
    )


def _compare(opened: Session, text: Language) -> None:
    """Show two declared buildings, measured against modelled."""
    st.header(text("hours.compare"))
    results = opened.runs[BASELINE]
    names = energy.declared_buildings(results)
    if len(names) < 2:
        st.write(text("hours.nothing_declared"))
        return
    st.write(text("hours.compare_about"))
    columns = st.columns(2)
    for k, column in enumerate(columns):
        with column:
            chosen = st.selectbox(
                text("hours.declared"),
                list(names),
                index=k,
                format_func=lambda i: f"{names[i]} ({i})",
                key=f"compare_{k}",
            )
            found = energy.measured_and_modelled(results, str(chosen))
            rows = [
                {
                    text("columns.measure"): text(f"hours.of.{what}"),
                    text("columns.value"): f"{text.number(value / 1000)} MWh",
                    text("hours.off"): "" if what == "measured" else text.change(value / found["measured"] - 1),
                }
                for what, value in found.items()
            ]
            st.dataframe(pd.DataFrame(rows), hide_index=True)
