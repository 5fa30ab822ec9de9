"""Charts of the hours of a year: the load day by day, its duration, and the months."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from views.language import Language

__all__ = ["daily_load", "duration", "duration_chart", "load_chart", "month_chart", "monthly"]

_PARTS = ("heat_kw", "hot_water_kw", "electricity_kw")
_COLOURS = ("#c2410c", "#f0b27a", "#0b3c5d")
_POINTS = 240


def daily_load(hours: pd.DataFrame) -> pd.DataFrame:
    """Return the mean power of every day [kW]: day (1 to 365), heat_kw, hot_water_kw, electricity_kw."""
    day = np.arange(len(hours)) // 24
    return hours[list(_PARTS)].groupby(day).mean().assign(day=lambda t: t.index + 1).reset_index(drop=True)


def duration(hours: pd.DataFrame) -> pd.DataFrame:
    """Return the power of heat and hot water that is reached in so many hours: hours, heat_kw."""
    load = np.sort((hours["heat_kw"] + hours["hot_water_kw"]).to_numpy(float))[::-1]
    at = np.unique(np.round(np.linspace(0, len(load) - 1, _POINTS)).astype(int))
    return pd.DataFrame({"hours": at + 1, "heat_kw": load[at]})


def monthly(hours: pd.DataFrame, text: Language) -> pd.DataFrame:
    """Return the energy of each month [MWh]: month, heat, hot water, electricity, solar cells under their names."""
    names = {p.replace("_kw", ""): p for p in (*_PARTS, "pv_kw")}
    sums = hours.groupby("month")[list(names.values())].sum() / 1000
    out = sums.set_axis([text(f"hours.{n}") for n in names], axis=1)
    out.insert(0, text("hours.month"), [text.month(int(m)) for m in sums.index])
    return out


def load_chart(hours: pd.DataFrame, text: Language) -> alt.Chart:
    """Draw the mean power of every day, part upon part."""
    daily = daily_load(hours)
    words = {p: text(f"hours.{p.replace('_kw', '')}") for p in _PARTS}
    long = daily.rename(columns=words).melt("day", list(words.values()), "part", "kw")
    long["date"] = pd.Timestamp("2023-01-01") + pd.to_timedelta(long["day"] - 1, unit="D")
    return (
        alt.Chart(long)
        .mark_area()
        .encode(
            x=alt.X("date:T", title=None, axis=alt.Axis(format="%-d/%-m", tickCount=12)),
            y=alt.Y("kw:Q", title=text("hours.axis_kw")),
            color=_colour(list(words.values())),
            order=alt.Order("part:N"),
        )
        .properties(height=240)
    )


def duration_chart(hours: pd.DataFrame, text: Language) -> alt.Chart:
    """Draw in how many hours a power is reached."""
    return (
        alt.Chart(duration(hours))
        .mark_area(line={"color": _COLOURS[0]}, color=_COLOURS[0], opacity=0.25)
        .encode(
            x=alt.X("hours:Q", title=text("hours.axis_hours"), scale=alt.Scale(domain=[0, 8760])),
            y=alt.Y("heat_kw:Q", title=text("hours.axis_kw")),
        )
        .properties(height=240)
    )


def month_chart(hours: pd.DataFrame, text: Language) -> alt.Chart:
    """Draw the energy of each month, part beside part."""
    table = monthly(hours, text)
    month, *parts = table.columns[:-1]
    long = table.melt(month, parts, "part", "mwh")
    return (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X(f"{month}:N", sort=list(table[month]), title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("mwh:Q", title="MWh"),
            color=_colour(parts),
        )
        .properties(height=240)
    )


def _colour(parts: list[str]) -> alt.Color:
    scale = alt.Scale(domain=parts, range=list(_COLOURS))
    return alt.Color("part:N", title=None, scale=scale, legend=alt.Legend(orient="top", labelLimit=400))
