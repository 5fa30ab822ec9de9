"""Charts: the path of emissions against the target's pace."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from energy.climate import targets
from twin import Factors
from views.language import Language

__all__ = ["THOUSANDS", "emission_path", "path_table"]

THOUSANDS = "replace(format(datum.value, ',~f'), /,/g, '\\u202f')"  # thin spaces, which both languages read


def path_table(tidy: pd.DataFrame, area_id: str) -> pd.DataFrame:
    """Return a place's territorial emissions and the target's pace from the same start.

    Parameters
    ----------
    tidy : DataFrame
        Indicators of one scenario.
    area_id : str

    Returns
    -------
    DataFrame
        year, actual_t, low_t, high_t, wanted_t.
    """
    rows = tidy[(tidy["indicator"] == "co2e_territorial_kg") & (tidy["area_id"] == area_id)].sort_values("year")
    years = rows["year"].to_numpy(int)
    first = float(rows["value"].iloc[0]) / 1000
    rate = Factors.read().at(int(years[0]))["target.territorial.rate"]
    return pd.DataFrame(
        {
            "year": years,
            "actual_t": rows["value"].to_numpy(float) / 1000,
            "low_t": rows["low"].to_numpy(float) / 1000,
            "high_t": rows["high"].to_numpy(float) / 1000,
            "wanted_t": targets.path(first, rate, int(years[0]), np.asarray(years)),
        }
    )


def emission_path(table: pd.DataFrame, text: Language) -> alt.LayerChart | alt.FacetChart:
    """Draw a place's emissions with their range, and the target's pace as a dashed line."""
    actual, wanted = text("path.actual"), text("path.wanted")
    # the chart's own numbers know no Swedish thousands; a thin space is the same in both languages
    tons = alt.Axis(title=text("path.axis"), labelExpr=THOUSANDS)
    year = alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0))
    base = alt.Chart(table)
    band = base.mark_area(opacity=0.18, color="#0b3c5d").encode(x=year, y=alt.Y("low_t:Q", axis=tons), y2="high_t:Q")
    lines = pd.concat(
        [
            table[["year", "actual_t"]].set_axis(["year", "t"], axis=1).assign(line=actual),
            table[["year", "wanted_t"]].set_axis(["year", "t"], axis=1).assign(line=wanted),
        ]
    )
    colour = alt.Color(
        "line:N",
        title=None,
        scale=alt.Scale(domain=[actual, wanted], range=["#0b3c5d", "#c2410c"]),
        legend=alt.Legend(orient="top", labelLimit=400),
    )
    dash = alt.StrokeDash(
        "line:N", title=None, scale=alt.Scale(domain=[actual, wanted], range=[[1, 0], [6, 4]]), legend=None
    )
    drawn = (
        alt.Chart(lines)
        .mark_line(strokeWidth=2.5)
        .encode(x=year, y=alt.Y("t:Q", axis=tons, scale=alt.Scale(zero=True)), color=colour, strokeDash=dash)
    )
    return alt.layer(band, drawn).properties(height=230)
