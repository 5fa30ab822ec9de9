"""Charts of the power grid: what makes up an area's peak over the years, and the city's peak beside what is granted."""

from __future__ import annotations

import altair as alt
import pandas as pd

from energy.grid_plans.capacity import CAUSES
from views.language import Language

__all__ = ["cause_chart", "city_chart"]

_COLOURS = {"base": "#1b3a5c", "heat_pumps": "#c2410c", "charging": "#2a9d8f", "cooling": "#7fb0d6", "pv": "#e9c46a"}


def cause_chart(rows: pd.DataFrame, text: Language) -> alt.LayerChart | alt.FacetChart:
    """Draw what makes up the peak of one area in each year, and its rating.

    Parameters
    ----------
    rows : DataFrame
        Of one area: year, rating_kw and the causes.
    text : Language
    """
    words = {c: text(f"grid.causes.{c}") for c in CAUSES}
    long = rows.rename(columns={f"{c}_kw": w for c, w in words.items()}).melt(
        "year", list(words.values()), "cause", "kw"
    )
    bars = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("kw:Q", title="kW"),
            color=alt.Color(
                "cause:N",
                title=None,
                scale=alt.Scale(domain=list(words.values()), range=[_COLOURS[c] for c in words]),
                legend=alt.Legend(orient="top", labelLimit=320),
            ),
        )
    )
    limit = alt.Chart(rows.dropna(subset=["rating_kw"])).mark_rule(color="#111", strokeDash=[6, 4], strokeWidth=2)
    return alt.layer(bars, limit.encode(y="rating_kw:Q")).properties(height=280)


def city_chart(city: pd.DataFrame, text: Language, *, granted: bool) -> alt.Chart:
    """Draw the peak of all areas together, and what is granted [MW]."""
    lines = {"peak_kw": text("grid.peak_together")} | ({"granted_kw": text("grid.granted")} if granted else {})
    long = city.rename(columns=lines).melt("year", list(lines.values()), "line", "kw")
    long["mw"] = long["kw"] / 1000
    return (
        alt.Chart(long)
        .mark_line(interpolate="step-after" if granted else "linear", strokeWidth=2.5)
        .encode(
            x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("mw:Q", title="MW", scale=alt.Scale(zero=False)),
            color=alt.Color(
                "line:N",
                title=None,
                scale=alt.Scale(domain=list(lines.values()), range=["#c2410c", "#0b3c5d"]),
                legend=alt.Legend(orient="top", labelLimit=320),
            ),
        )
        .properties(height=280)
    )
