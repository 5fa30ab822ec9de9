"""What each house should choose: the cheapest way to heat it, the one that emits least, and where the accounts disagree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.heat_plans.decisions import Decisions, decisions
from energy.heating_options import OPTIONS
from views import heat_shapes
from views.language import Language
from views.pages.common import Asked, draw_map, middle_bounds
from views.pages.state import map_of

__all__ = ["show"]

_CRITERIA = ("cheapest", "lowest_territorial", "lowest_lifecycle", "lowest_marginal", "ledgers_disagree")
_COLOURS = dict(zip(OPTIONS, heat_shapes.CATEGORY_COLOURS, strict=False))
_AGREE = {"yes": (213, 94, 0), "no": (86, 180, 233)}


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    criterion = st.segmented_control(
        text("heat.criterion"),
        _CRITERIA,
        default=_CRITERIA[0],
        format_func=lambda c: text(f"heat.criteria.{c}"),
        key="heat_criterion",
    )
    criterion = criterion or _CRITERIA[0]
    with st.spinner(text("loading")):
        found = _decisions(asked.results, asked.token)
    table, buildings = found.table, asked.opened.city["buildings"]
    if criterion == "ledgers_disagree":
        category = table[criterion].map({True: "yes", False: "no"})
        colours, words = _AGREE, {k: text(f"heat.disagree.{k}") for k in _AGREE}
    else:
        category, colours = table[criterion], _COLOURS
        words = {o: text(f"heat.options.{o}") for o in OPTIONS}
    names = buildings["name"].fillna(buildings["building_id"]).astype(str).tolist()
    heights = buildings["height_m"].to_numpy(float)
    _, data, plain = map_of(asked.opened, text)
    drawn = [
        *heat_shapes.ground(data, plain, houses=False),
        heat_shapes.by_category("choice", buildings, category, colours, words, names, heights),
    ]
    title = text(f"heat.criteria.{criterion}")
    draw_map(asked, drawn, middle_bounds(asked), alt=text("heat.choice_alt", criterion=title), key="choice", pitch=40.0)
    st.html(heat_shapes.key(title, {words[k]: c for k, c in colours.items()}))
    st.subheader(text("heat.options_together"))
    st.dataframe(_together(found, text), hide_index=True)
    differ = int(table["ledgers_disagree"].fillna(value=False).sum())
    offer = found.offer
    st.write(
        text(
            "heat.choice_summary",
            differ=text.whole(float(differ)),
            heated=text.whole(float(len(found.row))),
            territorial=text.number(offer.territorial * 1000),
            lifecycle=text.number(offer.lifecycle * 1000),
            marginal=text.number(offer.marginal * 1000),
        )
    )
    st.download_button(
        text("download"),
        pd.concat([buildings[["building_id", "area_id"]], table.set_index(buildings.index)], axis=1)
        .to_csv(index=False)
        .encode(),
        "val_av_uppvarmning.csv",
        "text/csv",
        on_click="ignore",
    )
    st.caption(text("heat.choice_about"))


@st.cache_resource(show_spinner=False, max_entries=6)
def _decisions(_results: energy.Results, token: str) -> Decisions:
    return decisions(_results, int(token.rsplit("|", 1)[1]))


def _together(found: Decisions, text: Language) -> pd.DataFrame:
    """Return for every option how many houses it is best for, and what it would cost and emit for those it is open to."""
    rows = []
    for option in OPTIONS:
        cost = found.table[f"{option}_cost_sek_year"].to_numpy(float)
        row = {text("heat.option"): text(f"heat.options.{option}"), text("heat.open_to"): int(np.isfinite(cost).sum())}
        row |= {text(f"heat.criteria.{c}"): int((found.table[c] == option).sum()) for c in _CRITERIA[:-1]}
        rows.append(row | {text("heat.cost_mean"): text.number(float(np.nanmean(cost)) / 1000)})
    return pd.DataFrame(rows)
