"""The plan's effect: the wedges from baseline to plan, the gap, what remains in the whole city, and every measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from energy.climate_plans.portfolio import Portfolio
from views import plan_charts
from views.documents import figures, frames, parts
from views.documents.model import Table
from views.documents.numbers import known, shown
from views.language import Language
from views.pages.common import Asked
from views.pages.plan_work import plan_of

__all__ = ["show", "table_of"]

_KEY = """<style>
ul.key {list-style: none; padding: 0; margin: .6rem 0; font-size: .84rem; line-height: 1.3}
ul.key li {margin: 0 0 .45rem; padding-left: 1.7rem; position: relative}
ul.key .chip {position: absolute; left: 0; top: .15rem; width: 1.1rem; height: .75rem}
</style>"""


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    p = plan_of(asked, text)
    _figures(p, asked.year, text)
    st.subheader(text("plan.wedge_title"))
    layers = parts.layers_of(p, text)
    left, right = st.columns([2.4, 1], gap="medium")
    left.altair_chart(plan_charts.wedge_chart(p, layers, asked.year, text), key="wedges", width="stretch")
    right.html(_KEY + figures.key(layers, plan_charts.paths(p, text)))
    st.caption(text("plan.wedge_alt"))
    said = parts.summary(p, asked.year, text)
    st.markdown("\n".join(f"- {s}" for s in said))
    st.subheader(text("plan.table_title", year=asked.year))
    st.dataframe(_measures(p, asked.year, text), hide_index=True, height="content")
    st.caption(text("documents.notes.measures"))
    left, right = st.columns([1, 1.3], gap="medium")
    with left:
        st.subheader(text("plan.sectors_title"))
        st.altair_chart(plan_charts.sector_chart(p, text), key="sectors", width="stretch")
        st.caption(text("documents.notes.sectors"))
    with right:
        st.subheader(text("plan.sectors_table"))
        sectors = table_of(parts.sectors_table(p, text), text, ("scope", "inventory_year"))
        st.dataframe(sectors, hide_index=True, height="content")
    with st.expander(text("plan.curves_table")):
        st.dataframe(table_of(parts.curves(p, text), text), hide_index=True, height="content")
        st.caption(text("documents.notes.curves"))


def _figures(p: Portfolio, year: int, text: Language) -> None:
    s, unit = frames.standing(p, year), text("documents.units.t")
    columns = st.columns(5)
    change = -s.reduction_t / s.baseline_t if s.baseline_t else np.nan
    columns[0].metric(
        text("plan.reduction"), f"{text.whole(s.reduction_t)} {unit}", text.change(change), delta_color="off", delta_arrow="off",
        help=text("plan.reduction_help"),
    )  # fmt: skip
    columns[1].metric(text("plan.left"), f"{text.whole(s.plan_t)} {unit}")
    over = text("plan.gap_over" if s.gap_t > 0 else "plan.gap_under")
    columns[2].metric(
        text("plan.gap"), f"{text.whole(abs(s.gap_t))} {unit}", over, delta_color="off", delta_arrow="off"
    )
    columns[3].metric(
        text("plan.remains", year=p.plan.years[-1]),
        f"{text.whole(max(s.remains_t, 0.0))} {unit}",
        help=text("plan.remains_help"),
    )
    outside = text("plan.outside_share", share=text.share(s.outside_t / s.city_now_t))
    columns[4].metric(
        text("plan.outside"), f"{text.whole(s.outside_t)} {unit}", outside, delta_color="off", delta_arrow="off"
    )


def _measures(p: Portfolio, year: int, text: Language) -> pd.DataFrame:
    """Return the measures of a year with number, share, interval and who answers, those not quantified last."""
    table = parts.measures_table(p, year, text).frame
    unit = text("documents.units.t")
    blank = text("documents.not_quantified")
    spread = [
        _between(text.number(r.least_t), text.number(r.most_t), text)
        if np.isfinite(r.least_t)
        else f"± {text.number(1.96 * r.error_t)}"
        if r.error_t > 0
        else ""
        for r in table.itertuples()
    ]
    return pd.DataFrame(
        {
            text("documents.columns.no"): ["" if np.isnan(v) else str(int(v)) for v in table["no"]],
            text("documents.columns.name"): table["name"],
            f"{text('documents.columns.share_t')} [{unit}]": [
                text.number(v) if np.isfinite(v) else blank for v in table["share_t"]
            ],
            text("plan.range_title"): spread,
            f"{text('documents.columns.advice_t')} [{unit}]": [
                text.number(v) if np.isfinite(v) else blank for v in table["advice_t"]
            ],
            text("documents.columns.responsible"): table["responsible"],
            text("documents.columns.status"): table["status"],
            text("documents.columns.control"): table["control"],
        }
    )


def _between(least: str, most: str, text: Language) -> str:
    return least if least == most else text("plan.range", least=least, most=most)


def table_of(table: Table, text: Language, without: Sequence[str] = ()) -> pd.DataFrame:
    """Return a document's table for the page, its numbers as readers write them, without some columns."""
    read = [c for c in table.columns if not c.in_files and c.key not in without]
    return pd.DataFrame(
        {
            c.heading: [
                shown(v, c.kind, table.places(c.unit), text.code) if known(v) else c.blank for v in table.frame[c.key]
            ]
            for c in read
        }
    )
