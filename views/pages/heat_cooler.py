"""A cooler network: its losses, its heat source, and which houses can follow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.district_heating.potential.low_temperature import Switch
from energy.district_heating.potential.regime import Regime
from energy.heat_plans.cooler import cooler
from twin import reference
from views import heat_shapes
from views.language import Language
from views.pages.common import Asked, draw_map, middle_bounds
from views.pages.state import map_of

__all__ = ["show"]

_COLOURS = {"yes": (0, 114, 178), "no": (230, 159, 0)}


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    names = list(reference.table("network_regimes")["regime"])
    columns = st.columns(4)
    before = columns[0].selectbox(text("heat.cooler.before"), names, index=names.index("80/45"), key="cooler_before")
    after = columns[1].selectbox(text("heat.cooler.after"), names, index=names.index("65/35"), key="cooler_after")
    source = columns[2].number_input(text("heat.cooler.source"), 0.0, 90.0, 30.0, step=5.0, key="cooler_source")
    booster = columns[3].checkbox(text("heat.cooler.booster"), key="cooler_booster")
    with st.spinner(text("loading")):
        found = _cooler(asked.results, asked.token, before, after, float(source), booster=booster)
    columns = st.columns(4)
    columns[0].metric(text("heat.cooler.area"), text.share(found.floor_area_share))
    columns[1].metric(text("heat.cooler.heat"), text.share(found.heat_share))
    columns[2].metric(text("heat.cooler.loss"), text.change(found.loss_ratio - 1))
    columns[3].metric(
        text("heat.cooler.electricity"),
        f"{text.number(found.electricity_after)} kWh/kWh",
        text.change(found.electricity_after / found.electricity_before - 1) if found.electricity_before else None,
        delta_color="inverse",
    )
    buildings = asked.opened.city["buildings"]
    table = found.buildings.reindex(np.arange(len(buildings)))
    category = table["follows"].map({True: "yes", False: "no"})
    words = {k: text(f"heat.cooler.{k}") for k in _COLOURS}
    label = buildings["name"].fillna(buildings["building_id"]).astype(str)
    needed = [f"{n} · {text.number(t)} °C" if np.isfinite(t) else n for n, t in zip(label, table["needed_supply_c"].to_numpy(float), strict=True)]  # fmt: skip
    _, data, plain = map_of(asked.opened, text)
    drawn = [
        *heat_shapes.ground(data, plain, houses=False),
        heat_shapes.by_category(
            "follow", buildings, category, _COLOURS, words, needed, buildings["height_m"].to_numpy(float)
        ),
    ]
    title = text("heat.cooler.title")
    draw_map(asked, drawn, middle_bounds(asked), alt=text("heat.cooler.alt"), key="cooler", pitch=40.0)
    st.html(heat_shapes.key(title, {words[k]: c for k, c in _COLOURS.items()}))
    st.dataframe(_by_use(table, buildings, text), hide_index=True)
    st.download_button(
        text("download"),
        table.assign(building_id=buildings["building_id"].to_numpy())
        .dropna(subset=["follows"])
        .to_csv(index=False)
        .encode(),
        "lagre_temperatur.csv",
        "text/csv",
        on_click="ignore",
    )
    st.caption(text("heat.cooler.about"))


@st.cache_resource(show_spinner=False, max_entries=8)
def _cooler(_results: energy.Results, token: str, before: str, after: str, source_c: float, *, booster: bool) -> Switch:
    year = int(token.rsplit("|", 1)[1])
    regimes = Regime.named(before), Regime.named(after)
    return cooler(_results, year, *regimes, source_c=source_c, booster=booster)


def _by_use(table: pd.DataFrame, buildings: pd.DataFrame, text: Language) -> pd.DataFrame:
    """Return by use how many houses follow, and the supply temperature that half of them can do with."""
    known = table.assign(use=buildings["use"].to_numpy()).dropna(subset=["follows"])
    groups = known.groupby("use", observed=True)
    return pd.DataFrame(
        {
            text("heat.cooler.use"): [text(f"uses.{u}") for u in groups.size().index],
            text("heat.cooler.houses"): groups.size().to_numpy(),
            text("heat.cooler.following"): groups["follows"].sum().to_numpy(int),
            text("heat.cooler.median"): groups["needed_supply_c"].median().round(0).to_numpy(),
        }
    )
