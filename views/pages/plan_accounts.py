"""The plan in every account, and where the goal's and the decision's disagree: measures and places that help the goal and not the climate, or the other way round."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from views import heat_shapes, plan_shapes
from views.documents import parts
from views.language import Language
from views.pages.common import Asked, draw_map, middle_bounds
from views.pages.plan_effect import table_of
from views.pages.plan_work import plan_of
from views.pages.state import map_of
from views.shapes import Drawn, features

__all__ = ["show"]

_COLOURS = dict(zip(plan_shapes.APART, heat_shapes.CATEGORY_COLOURS, strict=False))


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    p = plan_of(asked, text)
    st.subheader(text("documents.sections.accounts"))
    side_by_side = parts.accounts_table(p, text)
    st.dataframe(table_of(side_by_side, text), hide_index=True, height="content")
    st.caption(side_by_side.note)
    st.subheader(text("plan.accounts_map"))
    st.write(text("plan.accounts_about"))
    found = plan_shapes.apart(p, asked.year)
    words = {k: text(f"plan.apart.{k}") for k in _COLOURS}
    _, data, plain = map_of(asked.opened, text)
    drawn = heat_shapes.ground(data, plain)
    for table, kind in (("roads", "lines"), ("buildings", "blocks")):
        rows = found[found["table"] == table]
        told = [
            {"f": [*_COLOURS[k], 255], "n": n, "k": words[k], "w": w, "h": h}
            for k, n, w, h in zip(rows["kind"], rows["label"], rows["width_m"], rows["height_m"], strict=True)
        ]
        if told:
            shapes = features(rows.geometry.to_numpy(), str(rows.crs), told)
            drawn.append(Drawn(f"apart_{table}", shapes, kind))
    west, south, east, north = middle_bounds(asked) if found.empty else (float(v) for v in found.total_bounds)
    draw_map(asked, drawn, (west, south, east, north), alt=text("plan.accounts_alt"), key="plan_accounts", pitch=40.0)
    st.html(heat_shapes.key(text("plan.accounts_key"), {words[k]: c for k, c in _COLOURS.items()}))
    if found.empty:
        st.write(text("plan.accounts_none", year=asked.year))
    else:
        st.write(
            text(
                "plan.accounts_summary",
                count=text.whole(float(len(found))),
                year=asked.year,
                territorial=text.number(float(found["territorial_kg"].sum()) / 1000),
                marginal=text.number(float(found["marginal_kg"].sum()) / 1000),
            )
        )
    names = {"territorial_kg": text("plan.territorial"), "marginal_kg": text("plan.marginal")}
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(text("plan.accounts_areas"))
        areas = plan_shapes.by_area(p, found, names, text)
        shown = {names[c]: [text.number(v) for v in areas[c]] for c in names}
        st.dataframe(
            pd.DataFrame({text("columns.area"): areas["area"], **shown, text("plan.count"): areas["count"]}),
            hide_index=True,
        )
    with right:
        last = p.plan.years[-1]
        st.subheader(text("plan.accounts_measures", year=last))
        if p.disagree.empty:
            st.write(text("documents.say.agree"))
        else:
            st.dataframe(
                pd.DataFrame(
                    {
                        text("documents.columns.name"): p.disagree["name"],
                        # shares are reductions; here changes are told
                        names["territorial_kg"]: [text.number(-v) for v in p.disagree["share_t"]],
                        names["marginal_kg"]: [text.number(-v) for v in p.disagree["advice_t"]],
                    }
                ),
                hide_index=True,
            )
            st.caption(text("documents.notes.disagree"))
