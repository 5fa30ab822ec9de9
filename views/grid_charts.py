"""Charts of the power grid: what makes up an area's peak over the years, and the city's peak beside what is granted."""

from __future__ import annotations

import altair as alt
import pandas as pd

from energy.grid_plans.capacity import CAUSES
from views.language import Language

__all__ = ["cause_chart", "city_chart", "spread_chart"]

_COLOURS = {
    "base": "#1b3a5c", "heat_pumps": "#c2410c", "charging": "#2a9d8f", "cooling": "#7fb0d6", "new_build": "#8e6c8a",
    "batteries": "#6b8e23", "pv": "#e9c46a",
}  # fmt: skip


def cause_chart(rows: pd.DataFrame, text: Language) -> alt.LayerChart | alt.FacetChart:
    """Draw what makes up the peak of one area in each year, and its rating.

    Parameters
    ----------
    rows : DataFrame
        Of one area: year, rating_kw and the causes.
    text : Language
    """
    there = [c for c in CAUSES if rows[f"{c}_kw"].abs().max() > 0]
    words = {c: text(f"grid.causes.{c}") for c in there}
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
    known = alt.Chart(rows.dropna(subset=["rating_kw"]).tail(1)).encode(y="rating_kw:Q")
    limit = known.mark_rule(color="#111", strokeDash=[6, 4], strokeWidth=2)
    name = known.mark_text(text=text("grid.rating"), align="left", dx=4, dy=-8, color="#111").encode(x=alt.value(0))
    return alt.layer(bars, limit, name).properties(height=280)


def city_chart(city: pd.DataFrame, text: Language) -> alt.LayerChart | alt.FacetChart:
    """Draw the peak of all areas together, and what the city may draw, which comes in steps [MW]."""
    lines = {"peak_kw": text("grid.peak_together"), "granted_kw": text("grid.granted")}
    long = city.rename(columns=lines).melt("year", list(lines.values()), "line", "kw")
    long["mw"] = long["kw"] / 1000
    colour = alt.Color(
        "line:N",
        title=None,
        scale=alt.Scale(domain=list(lines.values()), range=["#c2410c", "#0b3c5d"]),
        legend=alt.Legend(orient="top", labelLimit=320),
    )
    x = alt.X("year:Q", title=None, axis=alt.Axis(format="d", tickMinStep=1))
    y = alt.Y("mw:Q", title="MW", scale=alt.Scale(zero=False))

    def of(line: str) -> alt.Chart:
        return alt.Chart(long[long["line"] == lines[line]]).encode(x=x, y=y, color=colour)

    peak = of("peak_kw").mark_line(strokeWidth=2.5)
    granted = of("granted_kw").mark_line(strokeWidth=2.5, interpolate="step-after")
    return alt.layer(peak, granted).properties(height=280)


def spread_chart(spread: pd.DataFrame, text: Language) -> alt.LayerChart | alt.FacetChart:
    """Draw how much each car adds to the area's peak, by number of cars, as far as chance spreads it.

    Parameters
    ----------
    spread : DataFrame
        From :func:`energy.grid_plans.chance.peak_spread`.
    text : Language
    """
    own = int(spread["cars"].iloc[-1])
    long = spread.drop_duplicates("cars").sort_values("cars")
    long["colour"] = ["#2b6a99" if cars == own else "#a9c9e3" for cars in long["cars"]]
    long["cars"] = long["cars"].astype(str)
    x = alt.X("cars:O", title=text("grid.cars"), sort=long["cars"].tolist(), axis=alt.Axis(labelAngle=0))
    y = alt.Y("p10_kw:Q", title="kW", scale=alt.Scale(zero=False))
    colour = alt.Color("colour:N", scale=None)
    bars = alt.Chart(long).mark_bar(size=26).encode(x=x, y=y, y2="p90_kw:Q", color=colour)
    middle = alt.Chart(long).mark_tick(color="#111", thickness=3, size=30).encode(x=x, y="p50_kw:Q")
    expected = alt.Chart(long).mark_point(color="#c2410c", filled=True, size=60).encode(x=x, y="expected_kw:Q")
    return alt.layer(bars, middle, expected).properties(height=230)
