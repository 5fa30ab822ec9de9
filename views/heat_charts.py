"""Charts of heat plants: which of them run, and what a kWh emits on average and at the margin."""

from __future__ import annotations

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.supply.dispatch import Dispatch
from views.language import Language

__all__ = ["dispatch_chart", "emission_chart", "loss_chart", "stack"]

# one family of hues a fuel, told apart by lightness too
_PALETTE = (
    "#1b3a5c",
    "#4f7cac",
    "#7fb069",
    "#2a9d8f",
    "#e9c46a",
    "#f4a261",
    "#c2410c",
    "#6b2737",
    "#8d99ae",
    "#3d405b",
)
_WHOLE_YEAR = -1


def stack(done: Dispatch, month: int) -> pd.DataFrame:
    """Return the heat of each unit over time [MW]: every hour of a month (0 to 11), or the days of the year for -1."""
    start = pd.Timestamp("2023-01-01")
    when = start + pd.to_timedelta(np.arange(len(done.load_mw)), unit="h")
    table = pd.DataFrame(done.heat_mw, index=when, columns=list(done.plants.name))
    table = table.loc[:, table.sum() > 0]
    return table.resample("D").mean() if month == _WHOLE_YEAR else table[when.month == month + 1]


def dispatch_chart(done: Dispatch, month: int, text: Language) -> alt.Chart:
    """Draw the heat of each unit, in the order of use, unit upon unit."""
    table = stack(done, month)
    long = table.rename_axis("when").reset_index().melt("when", var_name="unit", value_name="mw")
    order = list(table.columns)
    long["order"] = long["unit"].map({n: k for k, n in enumerate(order)})
    format_ = "%-d/%-m"
    return (
        alt.Chart(long)
        .mark_area(interpolate="step-after")
        .encode(
            x=alt.X("when:T", title=None, axis=alt.Axis(format=format_, tickCount=12)),
            y=alt.Y("mw:Q", title="MW"),
            color=alt.Color(
                "unit:N",
                title=None,
                scale=alt.Scale(domain=order, range=list(_PALETTE[: len(order)])),
                legend=alt.Legend(orient="top", columns=3, labelLimit=320),
            ),
            order=alt.Order("order:Q"),
            tooltip=[alt.Tooltip("unit:N", title=text("heat.unit")), alt.Tooltip("mw:Q", title="MW", format=".1f")],
        )
        .properties(height=320)
    )


def emission_chart(done: Dispatch, month: int, text: Language) -> alt.Chart:
    """Draw what a supplied kWh emits, on average in two accounts and at the margin [g/kWh]."""
    start = pd.Timestamp("2023-01-01")
    when = start + pd.to_timedelta(np.arange(len(done.load_mw)), unit="h")
    words = [text(f"heat.accounts.{a}") for a in ("territorial", "lifecycle", "marginal")]
    table = pd.DataFrame(
        {
            words[0]: done.average("territorial"),
            words[1]: done.average("lifecycle"),
            words[2]: done.marginal["marginal"],
        },
        index=when,
    )
    table = (table.resample("D").mean() if month == _WHOLE_YEAR else table[when.month == month + 1]) * 1000
    long = table.rename_axis("when").reset_index().melt("when", var_name="account", value_name="g")
    return (
        alt.Chart(long)
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("when:T", title=None, axis=alt.Axis(format="%-d/%-m", tickCount=12)),
            y=alt.Y("g:Q", title=text("heat.axis_g_kwh")),
            color=alt.Color(
                "account:N",
                title=None,
                scale=alt.Scale(domain=words, range=["#0b3c5d", "#4f7cac", "#c2410c"]),
                legend=alt.Legend(orient="top", labelLimit=320),
            ),
        )
        .properties(height=220)
    )


def loss_chart(loss_kwh: npt.NDArray[np.float64], text: Language) -> alt.Chart:
    """Draw the heat lost in each month [MWh]."""
    months = [text.month(m) for m in range(12)]
    return (
        alt.Chart(pd.DataFrame({"month": months, "mwh": loss_kwh / 1000}))
        .mark_bar(color="#c2410c")
        .encode(
            x=alt.X("month:N", sort=months, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("mwh:Q", title="MWh"),
        )
        .properties(height=240)
    )
