"""The streets of a year: carbon dioxide, air pollution, flow and fullness, how sure they are, and the official inventory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

import energy
from energy.mobility_plans.streets import RANGED, Streets, end_of, streets
from views import heat_shapes, report
from views.language import Language
from views.legend import Legend
from views.pages.common import Asked, draw_map, middle_bounds
from views.pages.state import map_of
from views.shapes import Drawn

__all__ = ["show"]

Floats = npt.NDArray[np.float64]
_SHAPES = ("streets", "cells")
_OF_CELLS = ("co2e_territorial_kg", "nox_kg", "pm10_kg")
_SHOWN = 14
_TABLE_HEIGHT = 500


@dataclass(frozen=True)
class _Measure:
    """What the map may show of a street: by metre of street, or as such."""

    values: Callable[[gpd.GeoDataFrame], Floats]
    unit: str
    ends: bool = False


def _per_metre(column: str, by: float, end: str = "") -> Callable[[gpd.GeoDataFrame], Floats]:
    name = end_of(column, end) if end else column
    return lambda t: t[name].to_numpy(float) * by / np.maximum(t.geometry.length.to_numpy(float), 0.1)


_MEASURES = {
    "co2e_territorial_kg": _Measure(_per_metre("co2e_territorial_kg", 1.0), "kg/m", ends=True),
    "nox_kg": _Measure(_per_metre("nox_kg", 1000.0), "g/m", ends=True),
    "pm10_kg": _Measure(_per_metre("pm10_kg", 1000.0), "g/m", ends=True),
    "aadt": _Measure(lambda t: t["aadt"].to_numpy(float), "per_day"),
    "congestion": _Measure(lambda t: 100 * t["congestion"].to_numpy(float), "%"),
    "uncertainty": _Measure(
        lambda t: _per_metre("co2e_territorial_kg", 1.0, "high")(t) - _per_metre("co2e_territorial_kg", 1.0, "low")(t),
        "kg/m",
    ),
}


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    with st.spinner(text("loading")):
        found = _streets(asked.results, asked.token)
    _figures(found, text)
    first, second, _ = st.columns([1.4, 1.4, 2])
    shape = first.selectbox(
        text("traffic.streets.shape"),
        _SHAPES,
        format_func=lambda s: text(f"traffic.streets.shapes.{s}"),
        key="streets_shape",
    )
    measures = list(_MEASURES) if shape == "streets" else list(_OF_CELLS)
    measure = second.selectbox(
        text("traffic.streets.colour_by"),
        measures,
        format_func=lambda m: text(f"traffic.measures.{m}"),
        key=f"{shape}_colour",
    )
    left, right = st.columns([2.1, 1], gap="medium")
    with left:
        (_street_map if shape == "streets" else _cell_map)(asked, found, measure, text)
    with right:
        st.subheader(text("traffic.streets.most" if shape == "streets" else "traffic.streets.most_cells"))
        table = _most_streets(found, measure, text) if shape == "streets" else _most_cells(found, measure, text)
        st.dataframe(table, hide_index=True, height=_TABLE_HEIGHT)
        st.caption(
            text(
                "traffic.streets.full",
                count=text.whole(found.figures["streets_over_capacity"]),
                streets=text.whole(len(found.table)),
            )
        )
    st.write(_inventory(found, text))
    st.subheader(text("traffic.streets.by_area"))
    st.dataframe(_areas(asked, found, text), hide_index=True)
    _downloads(found, text)
    st.caption(text("traffic.streets.about"))


@st.cache_resource(show_spinner=False, max_entries=6)
def _streets(_results: energy.Results, token: str) -> Streets:
    return streets(_results, int(token.rsplit("|", 1)[1]))


def _figures(found: Streets, text: Language) -> None:
    """Tell the city's sums, each with its range, and the ratio to the inventory."""
    told = found.figures
    columns = st.columns(6)
    shown = {
        "vehicle_km": (1e-6, text("traffic.streets.mkm")),
        "co2e_territorial_kg": (1e-6, "kton"),
        "co2e_lifecycle_kg": (1e-6, "kton"),
        "nox_kg": (1e-3, "ton"),
        "pm10_kg": (1e-3, "ton"),
    }
    for column, (name, (by, unit)) in zip(columns, shown.items(), strict=False):
        low, high = (text.number(told[end_of(name, e)] * by) for e in ("low", "high"))
        column.metric(
            text(f"traffic.measures.{name}"),
            f"{text.number(told[name] * by)} {unit}",
            text("traffic.streets.range", low=low, high=high),
            delta_color="off",
            delta_arrow="off",
        )
    whole, people = told["model_per_whole_inventory"], told["model_per_inventory"]
    columns[5].metric(
        text("traffic.streets.inventory"),
        "–" if whole is None else text.share(whole),
        None if people is None else text("traffic.streets.by_people", ratio=text.number(people, digits=2)),
        delta_color="off",
        delta_arrow="off",
        help=_inventory(found, text),
    )


def _inventory(found: Streets, text: Language) -> str:
    """Return how the model stands beside the official inventory."""
    told = found.figures
    if told["model_per_inventory"] is None:
        return text("traffic.streets.inventory_alone")
    return text(
        "traffic.streets.inventory_told",
        modelled=text.number(told["co2e_territorial_kg"] / 1e6),
        year=told["inventory_year"],
        whole=text.number(told["inventory_t"] / 1000),
        share=text.share(told["model_per_whole_inventory"]),
        shared=text.number(told["inventory_of_inhabitants_t"] / 1000),
        ratio=text.number(told["model_per_inventory"], digits=2),
    )


def _unit(measure: str, text: Language) -> str:
    unit = _MEASURES[measure].unit
    return text("traffic.streets.per_day") if unit == "per_day" else unit


def _street_map(asked: Asked, found: Streets, measure: str, text: Language) -> None:
    values = _MEASURES[measure].values(found.table)
    scale = Legend.of(values, _unit(measure, text), "lower")
    width = np.clip(np.sqrt(found.table["aadt"].to_numpy(float)) / 12, 3, 22)
    lines = heat_shapes.by_value("streets", found.table, values, scale, _names(found), text, width_m=width)
    _drawn(asked, lines, scale, measure, text)


def _cell_map(asked: Asked, found: Streets, measure: str, text: Language) -> None:
    values = found.cells[measure].to_numpy(float)
    scale = Legend.of(values, "kg", "lower")
    names = [
        f"{text.number(low)}–{text.number(high)} kg"
        for low, high in zip(found.cells[end_of(measure, "low")], found.cells[end_of(measure, "high")], strict=True)
    ]
    squares = heat_shapes.by_value("cells", found.cells, values, scale, names, text, kind="areas", alpha=190)
    _drawn(asked, squares, scale, measure, text)


def _drawn(asked: Asked, drawn: Drawn, scale: Legend, measure: str, text: Language) -> None:
    _, data, plain = map_of(asked.opened, text)
    title = text(f"traffic.measures.{measure}")
    draw_map(
        asked,
        [*heat_shapes.ground(data, plain), drawn],
        middle_bounds(asked, 0.1),
        alt=text("traffic.streets.alt", measure=title),
        key="streets",
        pitch=0.0,
    )
    st.html(scale.html(title, text))


def _names(found: Streets) -> list[str]:
    return found.table["name"].fillna(found.table["road_id"]).astype(str).tolist()


def _most_streets(found: Streets, measure: str, text: Language) -> pd.DataFrame:
    """Return the streets with the highest values, with their ranges where there are."""
    about = _MEASURES[measure]
    table = found.table.assign(told=about.values(found.table), street=_names(found))
    top = table.sort_values("told", ascending=False, na_position="last").head(_SHOWN)
    columns = {
        text("traffic.streets.street"): top["street"],
        f"{text('traffic.streets.value')}, {_unit(measure, text)}": _rounded(top["told"]),
    }
    if about.ends:
        by = 1.0 if about.unit == "kg/m" else 1000.0
        for end in ("low", "high"):
            columns[text(f"traffic.streets.{end}")] = _rounded(pd.Series(_per_metre(measure, by, end)(top), top.index))
    return pd.DataFrame(columns)


def _rounded(values: pd.Series) -> pd.Series:
    return values.round(0 if values.max() >= 100 else 1)


def _most_cells(found: Streets, measure: str, text: Language) -> pd.DataFrame:
    top = found.cells.sort_values(measure, ascending=False).head(_SHOWN)
    names = [f"{100 * c}, {100 * r}" for c, r in zip(top["column"], top["row"], strict=True)]
    ends = {text(f"traffic.streets.{e}"): top[end_of(measure, e)].round(0) for e in ("low", "high")}
    return pd.DataFrame(
        {text("traffic.streets.cell"): names, f"{text('traffic.streets.value')}, kg": top[measure].round(0), **ends}
    )


def _areas(asked: Asked, found: Streets, text: Language) -> pd.DataFrame:
    """Return the areas' sums in words, the largest first, the city on top."""
    table = found.areas[found.areas["vehicle_km"] > 0].sort_values("vehicle_km", ascending=False)
    by = {"vehicle_km": (1e-6, text("traffic.streets.mkm")), "co2e_territorial_kg": (1e-3, "ton")}
    columns: dict[str, object] = {
        text("traffic.streets.area"): [report.place_name(asked.results, a, text) for a in table["area_id"]]
    }
    for name in [c for c in RANGED if c != "pm25_kg"]:
        factor, unit = by.get(name, (1.0, "kg") if name in ("nox_kg", "pm10_kg") else (1e-3, "ton"))
        columns[f"{text(f'traffic.measures.{name}')}, {unit}"] = (table[name] * factor).round(1 if factor < 1e-3 else 0)
    return pd.DataFrame(columns)


def _downloads(found: Streets, text: Language) -> None:
    files = {
        "streets": (found.table.drop(columns="geometry"), "gator.csv"),
        "areas": (found.areas, "omraden.csv"),
        "cells": (found.cells.drop(columns="geometry"), "rutor.csv"),
    }
    for column, (name, (table, file)) in zip(st.columns([1, 1, 1, 2]), files.items(), strict=False):
        column.download_button(
            text(f"traffic.streets.download_{name}"),
            pd.DataFrame(table).to_csv(index=False).encode(),
            file,
            "text/csv",
            on_click="ignore",
        )
