"""What levers on traffic do, each alone and each on top of all others."""

from __future__ import annotations

import altair as alt
import pandas as pd

from views.language import Language

__all__ = ["lever_chart"]

_COLOURS = ("#1b3a5c", "#e9a23b")


def lever_chart(table: pd.DataFrame, column: str, by: float, unit: str, text: Language) -> alt.Chart:
    """Draw a figure's change by each lever, alone and last.

    Parameters
    ----------
    table : DataFrame
        Of :class:`energy.mobility_plans.levers.Pulled`.
    column : str
        One of its figures.
    by : float
        From its unit to `unit`.
    unit : str
    text : Language
    """
    single = table[table["counted"] != "together"]
    ways = {w: text(f"traffic.levers.{w}") for w in ("alone", "last_in")}
    long = pd.DataFrame(
        {
            "lever": [text(f"traffic.levers.names.{n}") for n in single["lever"]],
            "way": single["counted"].map(ways),
            "value": single[column] * by,
        }
    )
    order = list(dict.fromkeys(long["lever"]))
    return (
        alt.Chart(long)
        .mark_bar()
        .encode(
            y=alt.Y("lever:N", title=None, sort=order, axis=alt.Axis(labelLimit=240)),
            yOffset=alt.YOffset("way:N", sort=list(ways.values())),
            x=alt.X("value:Q", title=text("traffic.levers.chart_title", unit=unit)),
            color=alt.Color(
                "way:N",
                title=None,
                scale=alt.Scale(domain=list(ways.values()), range=list(_COLOURS)),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("lever:N", title=text("traffic.levers.lever")),
                alt.Tooltip("way:N", title=text("traffic.levers.counted")),
                alt.Tooltip("value:Q", title=unit, format=".3~g"),
            ],
        )
        .properties(height=110 + 46 * len(order))
    )
