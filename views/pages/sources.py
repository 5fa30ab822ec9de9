"""The page of sources: every number that is not data, and every table of the city with where it comes from."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from twin import Factors
from views.language import Language
from views.session import Session

__all__ = ["show"]


def show(opened: Session, text: Language) -> None:
    """Draw the page."""
    st.header(text("page_sources"))
    st.write(text("sources_page.intro"))
    factors, titles = Factors.read(), Factors.sources()["title"]
    rows = [
        {
            text("columns.key"): f.key,
            text("columns.year"): str(f.year),
            text("columns.value"): f.value,
            text("columns.low"): f.low,
            text("columns.high"): f.high,
            text("columns.unit"): text.unit(f.unit),
            text("columns.status"): text(f.status),
            text("columns.source"): titles[f.source],
            text("columns.note"): f.note,
        }
        for key in factors
        for f in factors[key]
    ]
    kinds = [text("sources_page.all"), text("cited"), text("assumed")]
    kind = st.segmented_control(text("sources_page.filter"), kinds, default=kinds[0], key="kind")
    table = pd.DataFrame(rows)
    if kind and kind != kinds[0]:
        table = table[table[text("columns.status")] == kind]
    st.dataframe(table, hide_index=True, height=420)
    st.header(text("page_data"))
    st.write(text("sources_page.data_intro"))
    tables = [
        {
            text("columns.name"): name,
            text("columns.rows"): len(opened.city[name]) if name in opened.city else None,
            text("columns.driver"): source.layer,
            text("columns.source"): source.source or source.title,
            text("columns.licence"): source.licence,
            text("columns.notes"): "; ".join(source.notes),
        }
        for name, source in opened.city.sources.items()
    ]
    st.dataframe(pd.DataFrame(tables), hide_index=True)
