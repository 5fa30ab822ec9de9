"""What a scenario's savings of heat are worth: to the owners, to the network, to the climate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.heat_plans.saving import Saving, saving
from views import heat_shapes
from views.language import Language
from views.legend import Legend
from views.pages.common import Asked, draw_map, middle_bounds
from views.pages.state import map_of
from views.session import BASELINE

__all__ = ["show"]


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    if asked.scenario == BASELINE:
        st.info(text("heat.saving.choose"))
        return
    with st.spinner(text("loading")):
        found = _saving(asked.opened.runs[BASELINE], asked.results, asked.token)
    told = found.figures
    columns = st.columns(5)
    columns[0].metric(text("heat.saving.saved"), f"{text.number(told['saved_gwh'])} GWh")
    columns[1].metric(
        text("heat.saving.owners"), f"{text.number(told['owners_save_sek_year'] / 1e6)} {text('heat.msek')}"
    )
    columns[2].metric(
        text("heat.saving.kwh"),
        f"{text.number(told['worth_of_a_kwh_sek'])} {text('heat.sek_kwh')}",
        help=text("heat.saving.kwh_help"),
    )
    columns[3].metric(text("heat.saving.peak"), f"{text.number(found.peak_before_mw - found.peak_after_mw)} MW")
    columns[4].metric(
        text("heat.saving.value"),
        f"{text.number(found.peak_value_sek / 1e6)} {text('heat.msek')}",
        help=text("heat.saving.value_help"),
    )
    if found.co2e_kg:
        columns = st.columns(5)
        for column, account in zip(columns, ("territorial", "lifecycle", "marginal"), strict=False):
            column.metric(text(f"heat.saving.{account}"), f"{text.whole(found.co2e_kg[account] / 1000)} ton")
    buildings = asked.opened.city["buildings"]
    table = found.buildings.set_index("building_id").reindex(buildings["building_id"].astype(str))
    values = table["saving_sek"].to_numpy(float) / 1000
    values = np.where(np.abs(values) < 0.05, np.nan, values)
    scale = Legend.of(values, text("heat.saving.unit"), "higher")
    names = buildings["name"].fillna(buildings["building_id"]).astype(str).tolist()
    heights = buildings["height_m"].fillna(3.0).to_numpy(float)
    _, data, plain = map_of(asked.opened, text)
    drawn = [
        *heat_shapes.ground(data, plain, houses=False),
        heat_shapes.by_value("saving", buildings, values, scale, names, text, kind="blocks", height_m=heights),
    ]
    title = text("heat.saving.title")
    draw_map(asked, drawn, middle_bounds(asked), alt=text("heat.saving.alt"), key="saving", pitch=40.0)
    st.html(scale.html(title, text))
    st.dataframe(_largest(found.buildings, text), hide_index=True)
    st.download_button(
        text("download"), found.buildings.to_csv(index=False).encode(), "besparingar.csv", "text/csv", on_click="ignore"
    )
    st.caption(text("heat.saving.about", joined=text.whole(found.joined), left=text.whole(found.left)))


@st.cache_resource(show_spinner=False, max_entries=6)
def _saving(_before: energy.Results, _after: energy.Results, token: str) -> Saving:
    return saving(_before, _after, int(token.rsplit("|", 1)[1]))


def _largest(table: pd.DataFrame, text: Language) -> pd.DataFrame:
    """Return the buildings that save most."""
    top = table.nlargest(12, "saving_sek")
    return pd.DataFrame(
        {
            text("heat.building"): top["building_id"],
            text("heat.saving.mwh"): (top["saved_kwh"] / 1000).round(0),
            text("heat.saving.kw"): top["saved_power_kw"].round(0),
            text("heat.saving.tkr"): (top["saving_sek"] / 1000).round(0),
            text("heat.cost_kwh"): top["saving_sek_kwh"].round(2),
        }
    )
