"""Charts of the climate plan: its wedges, its sectors, and how measures work together."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from energy.climate_plans.portfolio import Portfolio
from views.charts import THOUSANDS
from views.documents import frames
from views.documents.figures import COLOURS, INK, TARGET, Layer, Line, ink_on, stacks
from views.language import Language

__all__ = ["layer_table", "matrix_chart", "paths", "sector_chart", "wedge_chart"]

_THICK = 0.04  # of the chart's height


def layer_table(p: Portfolio, layers: Sequence[Layer]) -> pd.DataFrame:
    """Return the edges of each layer by year: layer, year, upper_t, lower_t, share_t, order."""
    edges = stacks(p.curves["baseline_t"].to_numpy(float), layers)
    parts = [
        pd.DataFrame(
            {
                "layer": _label(layer),
                "year": p.plan.years,
                "upper_t": upper,
                "lower_t": lower,
                "share_t": layer.tons,
                "order": k,
            }
        )
        for k, (layer, (upper, lower)) in enumerate(zip(layers, edges, strict=True))
    ]
    return pd.concat(parts, ignore_index=True)


def paths(p: Portfolio, text: Language) -> list[Line]:
    """Return the lines of the chart of wedges: without the plan, with it, and the target's pace."""
    looks = {"baseline_t": (INK, ""), "plan_t": ("#5b6670", ""), "pace_t": (TARGET, "7 4")}
    return [
        Line(text(f"documents.columns.{c}"), p.curves[c].to_numpy(float), colour, dash)
        for c, (colour, dash) in looks.items()
    ]


def wedge_chart(p: Portfolio, layers: Sequence[Layer], year: int, text: Language) -> alt.LayerChart | alt.FacetChart:
    """Draw the measures as layers from the baseline to the plan, the paths, the target's pace, and the chosen year.

    What the colours mean stands beside it, from :func:`views.documents.figures.key`.
    """
    table = layer_table(p, layers)
    names = [_label(layer) for layer in layers]
    years = list(p.plan.years)
    x = alt.X("year:Q", title=None, axis=alt.Axis(format="d", values=years, grid=False), scale=alt.Scale(nice=False))
    tons = alt.Axis(title=text("plan.axis"), labelExpr=THOUSANDS)
    fills = alt.Scale(domain=names, range=[COLOURS[k % len(COLOURS)] for k in range(len(names))])
    told = [
        alt.Tooltip("layer:N", title=text("plan.layer")),
        alt.Tooltip("year:Q", title=text("year"), format="d"),
        alt.Tooltip("share_t:Q", title=text("plan.axis"), format=",.0f"),
    ]
    areas = (
        alt.Chart(table)
        .mark_area(stroke="white", strokeWidth=0.7)
        .encode(
            x=x,
            y=alt.Y("upper_t:Q", axis=tons),
            y2="lower_t:Q",
            color=alt.Color("layer:N", scale=fills, legend=None),
            tooltip=told,
        )
    )
    lines = paths(p, text)
    domain = [line.name for line in lines]
    long = pd.concat([pd.DataFrame({"year": years, "line": line.name, "t": line.tons}) for line in lines])
    drawn = (
        alt.Chart(long)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y="t:Q",
            stroke=alt.Stroke("line:N", legend=None, scale=alt.Scale(domain=domain, range=[v.colour for v in lines])),
            strokeDash=alt.StrokeDash(
                "line:N",
                legend=None,
                scale=alt.Scale(domain=domain, range=[[7, 4] if v.dash else [1, 0] for v in lines]),
            ),
        )
    )
    rule = alt.Chart(pd.DataFrame({"year": [year]})).mark_rule(color=INK, strokeDash=[2, 3]).encode(x="year:Q")
    marks = (
        alt.Chart(_numbers(table, layers))
        .mark_text(fontWeight="bold", dx=-14)
        .encode(x=x, y="middle_t:Q", text="number:N", color=alt.Color("ink:N", scale=None))
    )
    return alt.layer(areas, drawn, rule, marks).resolve_scale(color="independent").properties(height=390)


def _numbers(table: pd.DataFrame, layers: Sequence[Layer]) -> pd.DataFrame:
    """Return where in the last year a layer is thick enough to carry its number."""
    last = table[table["year"] == table["year"].max()].reset_index(drop=True)
    thick = (last["upper_t"] - last["lower_t"]) > _THICK * table["upper_t"].max()
    about = {
        "year": last["year"],
        "middle_t": (last["upper_t"] + last["lower_t"]) / 2,
        "number": [layer.number for layer in layers],
        "ink": [ink_on(COLOURS[k % len(COLOURS)]) for k in range(len(layers))],
    }
    return pd.DataFrame(about)[thick]


def sector_chart(p: Portfolio, text: Language) -> alt.LayerChart | alt.FacetChart:
    """Draw every sector of the inventory now and after the plan; those outside the model in grey."""
    table = frames.sectors(p)
    now, after, outside = text("documents.charts.now"), text("documents.charts.after"), text("documents.outside")
    table["scope"] = np.where(table["outside"], outside, after)
    y = alt.Y("sector:N", title=None, sort=list(table["sector"]), axis=alt.Axis(labelLimit=320))
    tons = alt.Axis(title=text("plan.axis"), labelExpr=THOUSANDS)
    domain = [now, after, outside]
    colour = alt.Color(
        "scope:N",
        title=None,
        scale=alt.Scale(domain=domain, range=["#ffffff", COLOURS[0], "#8d99ae"]),
        legend=alt.Legend(orient="top", symbolStrokeColor=INK, symbolType="square", labelLimit=300),
    )
    bars = alt.Chart(table).mark_bar().encode(y=y, x=alt.X("inventory_after_t:Q", axis=tons), color=colour)
    before = (
        alt.Chart(table.assign(scope=now))
        .mark_bar(fillOpacity=0, stroke=INK, strokeWidth=1)
        .encode(y=y, x="inventory_t:Q", color=colour)
    )
    return alt.layer(bars, before).properties(height=alt.Step(26))


def matrix_chart(p: Portfolio, names: dict[str, str], text: Language) -> alt.LayerChart | alt.FacetChart:
    """Draw what two measures give together beyond what each gives alone, as a grid with figures."""
    pairs = p.interactions.set_axis(list(names.values())).set_axis([n.split(".")[0] for n in names.values()], axis=1)
    rows, columns = list(pairs.index), list(pairs.columns)
    table = pairs.rename_axis("a").reset_index().melt("a", var_name="b", value_name="t")
    table = table[[rows.index(a) != columns.index(b) for a, b in zip(table["a"], table["b"], strict=True)]].copy()
    table["shown"] = ["" if abs(v) < 0.5 else text.whole(v) for v in table["t"]]
    widest = max(float(table["t"].abs().max()), 1.0)
    # the root keeps small interactions visible beside large ones
    table["strength"] = np.sign(table["t"]) * np.sqrt(table["t"].abs() / widest)
    x = alt.X("b:N", title=None, sort=columns, axis=alt.Axis(orient="top", labelAngle=0))
    y = alt.Y("a:N", title=None, sort=rows, axis=alt.Axis(labelLimit=380))
    scale = alt.Scale(domain=[-1, 0, 1], range=["#c2410c", "#f7f7f5", "#0072b2"])
    base = alt.Chart(table).encode(x=x, y=y)
    cells = base.mark_rect(stroke="white").encode(color=alt.Color("strength:Q", scale=scale, legend=None))
    ink = alt.condition("abs(datum.strength) > 0.75", alt.value("white"), alt.value(INK))
    figures = base.mark_text(fontSize=11).encode(text="shown:N", color=ink)
    return alt.layer(cells, figures).properties(height=alt.Step(32))


def _label(layer: Layer) -> str:
    return f"{layer.number}. {layer.name}" if layer.number else layer.name
