"""The plants' year: hour by hour, by unit, and what a kWh emits by every way of sharing out."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import energy
from energy.district_heating.supply.network import Operation
from energy.heat_plans import supply
from views import heat_charts
from views.language import Language
from views.pages.common import Asked

__all__ = ["show"]

_METHODS = ("energy", "bookkeeping", "alternative", "power_bonus")


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    names = dict(zip(*(asked.results.stock.heat_supply[c].astype(str) for c in ("unit_id", "name")), strict=True))
    left, middle, right, store, last = st.columns([1.2, 1.2, 1.6, 0.8, 0.8])
    method = left.selectbox(
        text("heat.method"), _METHODS, format_func=lambda m: text(f"heat.methods.{m}"), key="heat_method"
    )
    waste = middle.selectbox(
        text("heat.waste"), ("heat", "treatment"), format_func=lambda w: text(f"heat.waste_to.{w}"), key="heat_waste"
    )
    gone = right.multiselect(text("heat.without"), list(names), format_func=lambda u: names[u], key="heat_without")
    month = last.selectbox(
        text("heat.period"),
        range(-1, 12),
        format_func=lambda m: text("heat.whole_year") if m < 0 else text.month(m),
        key="heat_month",
    )
    storage = store.checkbox(text("heat.storage"), help=text("heat.storage_help"), key="heat_storage")
    with st.spinner(text("loading")):
        found = _supply(asked.results, asked.token, method, waste, tuple(gone), storage=storage)
    hours = found.hours
    per_kwh = 1 / (1 - asked.results.factors.at(asked.year)["district_heating.loss_share"])
    columns = st.columns(4)
    columns[0].metric(text("heat.delivered"), f"{text.number(found.delivered_kwh / 1e6)} GWh")
    columns[1].metric(text("heat.peak"), f"{text.number(float(hours.load_mw.max()))} MW")
    columns[2].metric(
        text("heat.average"),
        f"{text.number(hours.yearly('territorial') * per_kwh * 1000)} g/kWh",
        help=text("heat.average_help"),
    )
    columns[3].metric(
        text("heat.marginal"),
        f"{text.number(hours.worth('marginal', hours.load_mw) * per_kwh * 1000)} g/kWh",
        help=text("heat.marginal_help"),
    )
    if hours.unserved_mw.sum() > 1e-6:
        st.warning(
            text(
                "heat.unserved",
                mwh=text.whole(float(hours.unserved_mw.sum())),
                mw=text.number(float(hours.unserved_mw.max())),
                hours=text.whole(float((hours.unserved_mw > 1e-6).sum())),
            )
        )
    st.subheader(text("heat.dispatch"))
    st.altair_chart(heat_charts.dispatch_chart(hours, month, text), key="dispatch")
    st.altair_chart(heat_charts.emission_chart(hours, month, text), key="emissions")
    left, right = st.columns([1.6, 1], gap="medium")
    with left:
        st.subheader(text("heat.units"))
        st.dataframe(_units(found.units, text), hide_index=True)
    with right:
        st.subheader(text("heat.allocation"))
        st.write(text("heat.allocation_about"))
        st.dataframe(_allocation(found.factors, text), hide_index=True)


@st.cache_resource(show_spinner=False, max_entries=12)
def _supply(
    _results: energy.Results, token: str, method: str, waste: str, gone: tuple[str, ...], *, storage: bool
) -> supply.Supply:
    _ = token
    return supply.supply(
        _results, int(token.rsplit("|", 1)[1]), Operation(method=method, waste_to=waste, without=gone, storage=storage)
    )


def _units(units: pd.DataFrame, text: Language) -> pd.DataFrame:
    """Return the year of each plant under the reader's words."""
    return pd.DataFrame(
        {
            text("heat.unit"): units["name"],
            text("heat.fuel"): [text(f"heat.fuels.{fuel}") for fuel in units["fuel"]],
            text("heat.capacity"): units["capacity_mw"].round(1),
            text("heat.heat_gwh"): (units["heat_mwh"] / 1000).round(1),
            text("heat.electricity_gwh"): (units["electricity_mwh"] / 1000).round(1),
            text("heat.full_load"): units["full_load_h"].round(0),
            text("heat.cost_msek"): (units["cost_sek"] / 1e6).round(1),
            text("heat.co2e_t"): (units["co2e_territorial_kg"] / 1000).round(0),
        }
    )


def _allocation(ways: pd.DataFrame, text: Language) -> pd.DataFrame:
    return pd.DataFrame(
        {
            text("heat.method"): [text(f"heat.methods.{m}") for m in ways["method"]],
            text("heat.waste"): [text(f"heat.waste_to.{w}") for w in ways["waste_to"]],
            text("heat.accounts.territorial"): (ways["territorial"] * 1000).round(0),
            text("heat.accounts.lifecycle"): (ways["lifecycle"] * 1000).round(0),
        }
    )
