"""Levers on traffic: sliders on top of a scenario, and what each does alone, last, and all together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

import energy
from energy.mobility_plans.levers import TOLD, Levers, Pulled, at_rest, pull
from views import lever_charts
from views.language import Language
from views.pages.common import Asked

__all__ = ["show"]

_GROUPS = {
    "distance": ("vehicle_km", "mode_shift", "car_sharing", "freight"),
    "electric": ("ev_car", "ev_van", "ev_lorry", "ev_bus", "obligation_petrol", "obligation_diesel", "bus_biofuel"),
    "price": ("charge", "parking", "speed_limit"),
}
_RAISED = ("ev_car", "ev_van", "ev_lorry", "ev_bus", "bus_biofuel")  # never lowered
_UNITS = {
    "vehicle_km": (1e-6, "mkm"),
    "traffic_electricity_kwh": (1e-6, "GWh"),
    "co2e_territorial_kg": (1e-6, "kton"),
    "co2e_lifecycle_kg": (1e-6, "kton"),
}
_PAIRS = 4


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    st.write(text("traffic.levers.about"))
    left, right = st.columns([1, 2.1], gap="medium")
    with left:
        levers = _sliders(asked, text)
    with right:
        if levers == Levers():
            st.info(text("traffic.levers.rest"))
            return
        found = _pulled(asked.results, asked.token, levers.model_dump_json())
        _answer(found, text)


@st.cache_resource(show_spinner=False, max_entries=32)
def _pulled(_results: energy.Results, token: str, levers: str) -> Pulled:
    return pull(_results, int(token.rsplit("|", 1)[1]), Levers.model_validate_json(levers))


@st.cache_resource(show_spinner=False, max_entries=32)
def _rest(_results: energy.Results, token: str) -> tuple[dict[str, float], int]:
    """Return where the levers stand without anyone's hand, and the highest speed limit."""
    fastest = float(np.nanmax(_results.city["roads"]["posted_speed_kmh"].to_numpy(float)))
    return at_rest(_results, int(token.rsplit("|", 1)[1])), int(fastest)


def _sliders(asked: Asked, text: Language) -> Levers:
    """Draw the levers; one that is not moved is left alone."""
    rest, fastest = _rest(asked.results, asked.token)
    pulled: dict[str, float | None] = {}
    for group, names in _GROUPS.items():
        with st.expander(text(f"traffic.levers.groups.{group}"), expanded=True):
            for name in names:
                low, high, stands = _span(name, rest, fastest)
                in_words = name in ("charge", "speed_limit")
                value = st.slider(
                    text(f"traffic.levers.names.{name}"),
                    low,
                    high,
                    stands,
                    format="%d" if in_words else "%d %%",
                    key=f"lever_{name}_{asked.scenario}_{asked.year}",
                )
                pulled[name] = None if value == stands else value / (1 if in_words else 100)
    return Levers.of(**pulled)


def _span(name: str, rest: dict[str, float], fastest: int) -> tuple[int, int, int]:
    """Return a slider's ends, and where it stands untouched: per cent, SEK or km/h."""
    if name == "speed_limit":
        return 20, fastest, fastest
    if name == "charge":
        return 0, 60, 0
    if name == "parking":
        return 0, 200, 0
    if name == "vehicle_km":
        return -50, 20, 0
    stands = round(100 * rest.get(name, 0.0))
    return (stands if name in _RAISED else 0), (100 if name in rest else 50), min(stands, 100)


def _answer(found: Pulled, text: Language) -> None:
    for lever, conflict in found.conflicts:
        name = text(f"traffic.levers.names.{lever}")
        st.warning(text("traffic.levers.blocked", lever=name, got=conflict.got, matching=conflict.matching))
    st.subheader(text("traffic.levers.together"))
    columns = st.columns(3)
    for k, name in enumerate(c for c in TOLD if c != "pm10_wear_kg"):
        by, unit = _unit(name, text)
        change, before = found.together[name], found.before[name]
        told = text.change(change / before) if before else "–"
        columns[k % 3].metric(
            text(f"traffic.measures.{name}"),
            told,
            text(
                "traffic.levers.of_before", change=text.number(change * by), before=text.number(before * by), unit=unit
            ),
            delta_color="off",
            delta_arrow="off",
        )
    shown = st.selectbox(
        text("traffic.levers.chart_by"),
        ["co2e_territorial_kg", *(c for c in TOLD if c != "co2e_territorial_kg")],
        format_func=lambda c: text(f"traffic.measures.{c}"),
        key="levers_chart",
    )
    by, unit = _unit(shown, text)
    st.altair_chart(lever_charts.lever_chart(found.table, shown, by, unit, text), key="levers")
    st.caption(text("traffic.levers.ways"))
    st.dataframe(_table(found, text), hide_index=True)
    _pairs(found, text)
    st.subheader(text("traffic.levers.accounts"))
    st.dataframe(_accounts(found, text), hide_index=True)
    first, second, _ = st.columns([1, 1, 1])
    first.download_button(
        text("traffic.levers.download"),
        found.table.to_csv(index=False).encode(),
        "reglage.csv",
        "text/csv",
        on_click="ignore",
    )
    second.download_button(
        text("traffic.levers.download_scenario"),
        found.scenario.to_toml().encode(),
        "reglage.toml",
        "application/toml",
        on_click="ignore",
    )
    st.caption(text("traffic.levers.assumed"))


def _unit(name: str, text: Language) -> tuple[float, str]:
    by, unit = _UNITS.get(name, (1e-3, "ton"))
    return by, text("traffic.streets.mkm") if unit == "mkm" else unit


def _table(found: Pulled, text: Language) -> pd.DataFrame:
    """Return the table of changes in words."""
    ways = [
        text("traffic.levers.all") if c == "together" else text(f"traffic.levers.{c}") for c in found.table["counted"]
    ]
    names = [text(f"traffic.levers.names.{n}") if n else text("traffic.levers.together") for n in found.table["lever"]]
    columns: dict[str, object] = {text("traffic.levers.lever"): names, text("traffic.levers.counted"): ways}
    for name in TOLD:
        by, unit = _unit(name, text)
        columns[f"{text(f'traffic.levers.short.{name}')}, {unit}"] = (found.table[name] * by).round(1)
    return pd.DataFrame(columns)


def _pairs(found: Pulled, text: Language) -> None:
    """Tell which levers act on the same kilometres."""
    if len(set(found.table["lever"])) <= 2:  # one lever, and all together
        return
    if found.pairs.empty:
        st.write(text("traffic.levers.independent"))
        return
    st.subheader(text("traffic.levers.pairs"))
    order = found.pairs["co2e_lifecycle_kg"].abs().sort_values(ascending=False).index
    for row in found.pairs.loc[order[:_PAIRS]].to_dict("records"):
        lever, other = (text(f"traffic.levers.names.{row[c]}") for c in ("lever", "other"))
        tons = row["co2e_lifecycle_kg"] / 1000
        signed = f"+{text.whole(tons)}" if tons > 0 else text.whole(tons)
        st.markdown(f"- {text('traffic.levers.pair', lever=lever, other=other, tons=signed)}")


def _accounts(found: Pulled, text: Language) -> pd.DataFrame:
    table = found.accounts
    return pd.DataFrame(
        {
            text("traffic.levers.account"): [text(f"traffic.levers.accounts_of.{a}") for a in table["account"]],
            text("traffic.levers.before"): (table["before_kg"] / 1e6).round(1),
            text("traffic.levers.after"): (table["after_kg"] / 1e6).round(1),
        }
    )
