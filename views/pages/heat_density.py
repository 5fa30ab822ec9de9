"""Where heat is dense: squares of a hundred metres, areas that could bear a network, and what distribution would cost."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.heat_plans.dense import Dense, dense
from views import heat_shapes
from views.language import Language
from views.legend import Legend
from views.pages.common import PRESETS, Asked, draw_map, middle_bounds
from views.pages.state import map_of

__all__ = ["show"]

_MEASURES = {
    "density_mwh_ha": ("MWh/ha", "higher"),
    "linear_density_mwh_m": ("MWh/m", "higher"),
    "distribution_cost_sek_mwh": ("SEK/MWh", "lower"),
}
_SETTINGS = ("inner_city", "outer_city", "park")


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    columns = st.columns(5)
    measure = columns[0].selectbox(
        text("indicator"), list(_MEASURES), format_func=lambda m: text(f"heat.cells.{m}"), key="heat_measure"
    )
    preset = columns[1].selectbox(
        text("heat.preset"), PRESETS, format_func=lambda p: text(f"heat.presets.{p}"), key="heat_preset"
    )
    setting = columns[2].selectbox(
        text("heat.setting"), _SETTINGS, index=1, format_func=lambda s: text(f"heat.settings.{s}"), key="heat_setting"
    )
    least = columns[3].number_input(text("heat.least_cell"), 0.0, 2000.0, 333.0, step=50.0, key="heat_cell")
    least_gwh = columns[4].number_input(text("heat.least_area"), 0.0, 500.0, 5.0, step=5.0, key="heat_area")
    found = _dense(asked.results, asked.token, preset, setting, float(least), float(least_gwh))
    table = found.table
    squares = gpd.GeoDataFrame(table, geometry=found.cells.polygons(), crs=asked.opened.city.crs)
    values = table[measure].to_numpy(float)
    scale = Legend.of(values, *_MEASURES[measure])
    verdicts = table["verdict"].astype(object)
    names = [
        f"{text.number(h)} MWh · {text(f'heat.verdicts.{v}') if isinstance(v, str) else text('no_value')}"
        for h, v in zip(table["heat_mwh"], verdicts, strict=True)
    ]
    _, data, plain = map_of(asked.opened, text)
    drawn = [
        *heat_shapes.ground(data, plain),
        heat_shapes.by_value("cells", squares, values, scale, names, text, kind="areas", alpha=190),
    ]
    inside = table["area"].to_numpy() >= 0
    title = text(f"heat.cells.{measure}")
    draw_map(asked, drawn, middle_bounds(asked, 0.1), alt=text("heat.cells_alt", measure=title), key="cells", pitch=0.0)
    st.html(scale.html(title, text))
    st.write(
        text(
            "heat.cells_summary",
            heat=text.number(float(table["heat_mwh"].sum()) / 1000),
            cells=text.whole(float(len(table))),
            areas=text.whole(float(len(found.areas))),
            share=text.share(float(table["heat_mwh"].to_numpy(float)[inside].sum() / table["heat_mwh"].sum())),
        )
    )
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(text("heat.by_class"))
        st.dataframe(_by_class(table, text), hide_index=True)
    with right:
        st.subheader(text("heat.candidates"))
        st.dataframe(_candidates(found.areas, text), hide_index=True)
    st.download_button(
        text("download"), table.to_csv(index=False).encode(), "varmetathet.csv", "text/csv", on_click="ignore"
    )
    st.caption(text("heat.cells_about"))


@st.cache_resource(show_spinner=False, max_entries=8)
def _dense(_results: energy.Results, token: str, preset: str, setting: str, least: float, least_gwh: float) -> Dense:
    year = int(token.rsplit("|", 1)[1])
    return dense(_results, year, preset=preset, setting=setting, least_mwh_ha=least, least_gwh=least_gwh)


def _by_class(table: pd.DataFrame, text: Language) -> pd.DataFrame:
    """Return heat and number of squares of each class of linear density."""
    groups = table.groupby("verdict", observed=True)["heat_mwh"].agg(["size", "sum"])
    return pd.DataFrame(
        {
            text("heat.verdict"): [text(f"heat.verdicts.{v}") for v in groups.index],
            text("heat.squares"): groups["size"].to_numpy(),
            text("heat.heat_gwh"): (groups["sum"] / 1000).round(1).to_numpy(),
        }
    )


def _candidates(areas: pd.DataFrame, text: Language) -> pd.DataFrame:
    return pd.DataFrame(
        {
            text("heat.candidate"): np.arange(1, len(areas) + 1),
            text("heat.land_ha"): areas["land_ha"].round(0),
            text("heat.heat_gwh"): areas["heat_gwh"].round(1),
            "MWh/ha": areas["density_mwh_ha"].round(0),
        }
    )
