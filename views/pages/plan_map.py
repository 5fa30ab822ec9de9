"""Where it happens: what a chosen measure reduces in every building and street, adding up to its wedge."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st

from energy.climate_plans.portfolio import Portfolio
from views import heat_shapes, plan_shapes
from views.language import Language
from views.legend import Legend
from views.pages.common import Asked, draw_map, middle_bounds
from views.pages.plan_work import plan_of
from views.pages.state import map_of, remember, remembered
from views.shapes import Drawn

__all__ = ["show"]


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    p = plan_of(asked, text)
    last = p.plan.years[-1]
    names = dict(zip(p.plan.scenario.ids, (s.name or s.measure for s in p.plan.scenario.step), strict=True))
    wedge = p.wedges[p.wedges["year"] == last].set_index("id")["share_t"]
    largest = str(wedge[list(names)].idxmax())
    known = remembered("measure")
    ids = list(names)
    measure = st.selectbox(
        text("plan.measure"),
        ids,
        index=ids.index(known if known in names else largest),
        format_func=lambda k: f"{ids.index(k) + 1}. {names[k]}",
        key="plan_measure",
    )
    remember("measure", measure)
    found, legend = _found(p, f"{asked.token}|{measure}")
    if found.empty:
        st.info(text("plan.map_nothing"))
        return
    title = text("plan.map_title", measure=names[measure], year=last)
    _, data, plain = map_of(asked.opened, text)
    drawn = [*heat_shapes.ground(data, plain), *_shapes(found, legend, text)]
    draw_map(
        asked,
        drawn,
        _bounds(asked, found),
        alt=text("plan.map_alt", measure=names[measure]),
        key="plan_map",
        pitch=40.0,
    )
    st.html(legend.html(text("plan.contribution"), text))
    st.markdown(f"**{title}**  \n{total(found, last, text)} {text('plan.legend_more')}")
    if asked.year != last:
        st.caption(text("plan.map_last", year=last))
    st.subheader(text("plan.map_areas"))
    areas = plan_shapes.by_area(p, found, {"share_kg": text("plan.contribution")}, text)
    st.dataframe(
        pd.DataFrame(
            {
                text("columns.area"): areas["area"],
                f"{text('plan.contribution')} [{text('documents.units.t')}]": [
                    text.number(v) for v in areas["share_kg"]
                ],
                text("plan.count"): areas["count"],
            }
        ),
        hide_index=True,
    )
    st.download_button(
        text("plan.download_map"),
        pd.DataFrame(found[["table", "id", "area_id", "share_kg"]]).to_csv(index=False).encode(),
        f"{measure}_{last}.csv",
        "text/csv",
        on_click="ignore",
    )


def total(found: gpd.GeoDataFrame, year: int, text: Language) -> str:
    """Return the map's total in words: of buildings and of streets, which is the measure's wedge."""
    tons = found.groupby("table")["share_kg"].sum() / 1000
    count = found["table"].value_counts()
    return text(
        "plan.map_total",
        total=text.number(float(tons.sum())),
        buildings=text.number(float(tons.get("buildings", 0.0))),
        houses=text.whole(float(count.get("buildings", 0))),
        roads=text.number(float(tons.get("roads", 0.0))),
        streets=text.whole(float(count.get("roads", 0))),
        year=year,
    )


@st.cache_resource(show_spinner=False, max_entries=24)
def _found(_p: Portfolio, token: str) -> tuple[gpd.GeoDataFrame, Legend]:
    found = plan_shapes.contribution(_p, token.rsplit("|", 1)[1])
    return found, Legend.of(found["share_kg"].to_numpy(float), "kg", "higher")


def _shapes(found: gpd.GeoDataFrame, legend: Legend, text: Language) -> list[Drawn]:
    made = []
    for table, kind in (("roads", "lines"), ("buildings", "blocks")):
        rows = found[found["table"] == table]
        if len(rows):
            made.append(
                heat_shapes.by_value(
                    f"plan_{table}",
                    rows,
                    rows["share_kg"].to_numpy(float),
                    legend,
                    rows["label"].tolist(),
                    text,
                    kind=kind,
                    width_m=rows["width_m"].to_numpy(float),
                    height_m=rows["height_m"].to_numpy(float),
                )
            )
    return made


def _bounds(asked: Asked, found: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """Return what to look at: all that the measure touches where that is small, else the city's middle."""
    west, south, east, north = (float(v) for v in found.total_bounds)
    middle = middle_bounds(asked)
    inside = (east - west) * (north - south) < (middle[2] - middle[0]) * (middle[3] - middle[1])
    return (west, south, east, north) if inside and np.isfinite(west) else middle
