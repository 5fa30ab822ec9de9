"""The network there is: its pipes by flow, loss, age and temperature, its months, and what its drawing lacks."""

from __future__ import annotations

from collections import Counter

import numpy as np
import streamlit as st

import energy
from energy.district_heating.drawn.findings import Finding, Report
from energy.heat_plans.today import NetworkToday, network_today
from views import heat_charts, heat_shapes
from views.language import Language
from views.legend import Legend
from views.pages.common import Asked, draw_map
from views.pages.state import map_of

__all__ = ["show"]

_COLOURS = {
    "peak_mw": ("MW", "higher"),
    "peak_flow_kg_s": ("kg/s", "higher"),
    "peak_gradient_pa_m": ("Pa/m", "lower"),
    "loss_kwh_m": ("kWh/m", "lower"),
    "supply_c": ("degC", "higher"),
    "age_years": ("year", "lower"),
    "diameter_mm": ("mm", "higher"),
}
_SHOWN = 3  # findings of a kind


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    with st.spinner(text("loading")):
        found = _today(asked.results, asked.token)
    _figures(found, text)
    pipes = found.pipes.assign(loss_kwh_m=found.pipes["loss_kwh"] / np.maximum(found.pipes.geometry.length, 0.1))
    column = st.selectbox(
        text("heat.colour_by"), list(_COLOURS), format_func=lambda c: text(f"heat.pipe.{c}"), key="today_colour"
    )
    values = pipes[column].to_numpy(float)
    scale = Legend.of(values, *_COLOURS[column])
    width = np.clip(pipes["diameter_mm"].fillna(100).to_numpy(float) / 40, 2, 14)
    names = [f"{p} · DN {text.number(d)}" for p, d in zip(pipes["pipe_id"], pipes["diameter_mm"], strict=True)]
    _, data, plain = map_of(asked.opened, text)
    drawn = [
        *heat_shapes.ground(data, plain),
        heat_shapes.by_value("pipes", pipes, values, scale, names, text, width_m=width),
        heat_shapes.plants(asked.opened.city["heat_supply"], text),
    ]
    west, south, east, north = (float(v) for v in pipes.total_bounds)
    title = text(f"heat.pipe.{column}")
    draw_map(asked, drawn, (west, south, east, north), alt=text("heat.pipes_alt", measure=title), key="today")
    st.html(scale.html(title, text))
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(text("heat.losses_by_month"))
        st.altair_chart(heat_charts.loss_chart(found.loss_kwh, text), key="losses")
    with right:
        st.subheader(text("heat.given"))
        for sentence in sentences(found.report, text):
            st.markdown(f"- {sentence}")
    st.download_button(
        text("heat.download_pipes"),
        found.pipes.drop(columns="geometry").to_csv(index=False).encode(),
        "ledningar.csv",
        "text/csv",
        on_click="ignore",
    )
    st.caption(text("heat.today_about"))


@st.cache_resource(show_spinner=False, max_entries=4)
def _today(_results: energy.Results, token: str) -> NetworkToday:
    return network_today(_results, int(token.rsplit("|", 1)[1]))


def _figures(found: NetworkToday, text: Language) -> None:
    told = found.figures
    columns = st.columns(5)
    columns[0].metric(text("heat.trench"), f"{text.number(told['length_km'])} km")
    columns[1].metric(text("heat.losses"), f"{text.number(told['loss_gwh'])} GWh", help=text("heat.losses_help"))
    columns[2].metric(text("heat.loss_share"), text.share(told["loss_share"]))
    columns[3].metric(text("heat.pumps"), f"{text.number(told['pump_gwh'])} GWh")
    columns[4].metric(text("heat.drop"), f"{text.number(told['largest_drop_bar'])} bar")
    if told["unfed_mw"] > 0:
        st.warning(text("heat.unfed", mw=text.number(told["unfed_mw"])))


def sentences(report: Report, text: Language) -> list[str]:
    """Return what was found in the reader's words, a few of each kind, the most frequent kinds last."""
    count = Counter(f.kind for f in report.findings)
    said = []
    for kind, number in sorted(count.items(), key=lambda item: item[1]):
        said += [_sentence(f, text) for f in report.of(kind)[:_SHOWN]]
        if number > _SHOWN:
            said.append(text("heat.more_findings", count=number - _SHOWN, what=text(f"findings_of.{kind}")))
    return said


def _sentence(finding: Finding, text: Language) -> str:
    shown = ", ".join(finding.pipes[:_SHOWN])
    more = len(finding.pipes) - _SHOWN
    return text(
        f"findings.{finding.kind}",
        pipes=f"{shown} {text('heat.and_more', count=more)}" if more > 0 else shown,
        at=f"{text.whole(finding.at[0])}, {text.whole(finding.at[1])}",
        name=_named(finding.name, text),
        value=text.number(finding.value),
        other=text.number(finding.other),
        length=text.number(finding.length_m),
        limit=text.number(finding.limit_m),
        count=finding.count,
    )


def _named(name: str, text: Language) -> str:
    """Return who is concerned, with the word for what it is."""
    kind, _, own = name.partition(" ")
    return f"{text(f'heat.kinds.{kind}')} {own}" if text.has(f"heat.kinds.{kind}") else name
