"""Charts of how sure a plan is: what its options emit in many possible worlds, and which factors move that most."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from energy.climate_plans.robustness import Robustness
from views.charts import THOUSANDS
from views.documents.figures import COLOURS, INK, TARGET
from views.language import Language

__all__ = ["ranges_chart", "swings_chart"]

_BLUE, _ORANGE = COLOURS[2], COLOURS[5]


def ranges_chart(
    found: Robustness, names: Mapping[str, str], target_t: float, text: Language
) -> alt.LayerChart | alt.FacetChart:
    """Draw each option's worlds as thin ticks, P10 to P90 as a bar, P50 as a dot, and the target as a dashed line.

    Parameters
    ----------
    found : Robustness
    names : mapping of str to str
        What the reader calls each option.
    target_t : float
        Emissions that keep the target's pace.
    text : Language
    """
    table = found.options.assign(name=found.options["option"].map(names))
    worlds = found.emissions_t.rename(columns=names).melt(var_name="name", value_name="t")
    y = alt.Y("name:N", title=None, sort=list(table["name"]), axis=alt.Axis(labelLimit=200))
    tons = alt.Axis(title=text("plan.axis"), labelExpr=THOUSANDS, tickCount=5)
    x = alt.X("p10_t:Q", axis=tons, scale=alt.Scale(zero=False, nice=True))
    told = [
        alt.Tooltip("name:N", title=text("plan.sure.option")),
        *(alt.Tooltip(f"p{p}_t:Q", title=f"P{p}, {text('plan.axis')}", format=",.0f") for p in (10, 50, 90)),
    ]
    ticks = alt.Chart(worlds).mark_tick(color=_BLUE, opacity=0.22, thickness=1, size=30).encode(y=y, x="t:Q")
    base = alt.Chart(table).encode(y=y, tooltip=told)
    bars = base.mark_rule(color=INK, strokeWidth=4, strokeCap="round").encode(x=x, x2="p90_t:Q")
    dots = base.mark_point(filled=True, fill="white", stroke=INK, strokeWidth=2.5, size=110, opacity=1).encode(
        x="p50_t:Q"
    )
    target = pd.DataFrame({"t": [target_t], "label": [f"{text('plan.sure.target')}: {text.number(target_t)}"]})
    rule = alt.Chart(target).mark_rule(color=TARGET, strokeWidth=2.5, strokeDash=[7, 4]).encode(x="t:Q")
    label = (
        alt.Chart(target)
        .mark_text(color=TARGET, fontWeight="bold", align="left", baseline="bottom", dx=-4)
        .encode(x="t:Q", y=alt.value(-6), text="label:N")
    )
    drawn = alt.layer(ticks, bars, dots, rule, label)
    return drawn.properties(height=alt.Step(56), padding={"top": 24, "left": 5, "right": 5, "bottom": 5})


def swings_chart(table: pd.DataFrame, text: Language) -> alt.Chart:
    """Draw how far each factor moves the emissions, the assumed ones in another colour and with a star.

    Parameters
    ----------
    table : DataFrame
        name, swing_t, assumed; those that move them most first.
    text : Language
    """
    cited, assumed = text("cited"), f"{text('assumed')} *"
    shown = pd.DataFrame(
        {
            "name": [f"{n} *" if a else n for n, a in zip(table["name"], table["assumed"], strict=True)],
            "status": [assumed if a else cited for a in table["assumed"]],
            "t": table["swing_t"],
        }
    )
    x = alt.X("t:Q", axis=alt.Axis(title=text("plan.sure.swing_axis"), labelExpr=THOUSANDS, tickCount=6))
    return (
        alt.Chart(shown)
        .mark_bar(stroke=INK, strokeWidth=0.6)
        .encode(
            y=alt.Y("name:N", title=None, sort=list(shown["name"]), axis=alt.Axis(labelLimit=420)),
            x=x,
            color=alt.Color(
                "status:N",
                title=None,
                scale=alt.Scale(domain=[cited, assumed], range=[_BLUE, _ORANGE]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("name:N", title=text("columns.key")),
                alt.Tooltip("t:Q", title=text("plan.axis"), format="+,.0f"),
                alt.Tooltip("status:N", title=text("columns.status")),
            ],
        )
        .properties(height=alt.Step(26), padding={"top": 5, "left": 5, "right": 28, "bottom": 5})
    )
