"""How measures work together two and two, what each responsible body gives, and which measures did not fit."""

from __future__ import annotations

import streamlit as st

from views import plan_charts, report
from views.documents import parts
from views.documents.model import Table
from views.language import Language
from views.pages.common import Asked
from views.pages.plan_effect import table_of
from views.pages.plan_work import plan_of

__all__ = ["show"]


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    p = plan_of(asked, text)
    last = p.plan.years[-1]
    st.subheader(text("plan.together_title", year=last))
    steps = zip(p.plan.scenario.ids, p.plan.scenario.step, strict=True)
    names = {k: f"{n}. {s.name or s.measure}" for n, (k, s) in enumerate(steps, start=1)}
    if p.interactions.isna().to_numpy().all():
        st.info(text("plan.matrix_sampled"))
    else:
        st.altair_chart(plan_charts.matrix_chart(p, names, text), key="matrix", width="stretch")
        st.caption(f"{text('documents.notes.interactions')} {text('plan.matrix_alt')}")
        with st.expander(text("plan.matrix_table")):
            tables = [t for t in parts.interplay(p, text).parts if isinstance(t, Table) and t.id == "interactions"]
            st.dataframe(table_of(tables[0], text), hide_index=True)
    st.subheader(text("plan.bodies_title", year=asked.year))
    st.dataframe(table_of(parts.bodies(p, asked.year, text), text), hide_index=True)
    st.caption(text("documents.methods.body.text"))
    if p.conflicts:
        st.subheader(text("plan.conflicts_title"))
        for conflict in p.conflicts:
            st.markdown(f"- {report.conflict_text(conflict, text)}")
