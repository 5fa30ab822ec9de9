"""What the views of zones, access and public transport share: tables by area, and the numbers behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import streamlit as st

from twin import Factors
from views import report
from views.language import Language
from views.pages.common import Asked

__all__ = ["by_area", "percent", "sources"]

_NOTHING = 0.0005


def by_area(asked: Asked, table: pd.DataFrame, columns: Mapping[str, str], text: Language) -> pd.DataFrame:
    """Return a table by area in words, the city first.

    Parameters
    ----------
    asked : Asked
    table : DataFrame
        area_id (blank: the city), population and the columns.
    columns : mapping of str to str
        Columns and the keys of their titles; those that end in ``_share`` are told in per cent.
    text : Language
    """
    told = {
        text("traffic.told.area"): [
            report.place_name(asked.results, a, text) if a else text("traffic.told.city") for a in table["area_id"]
        ],
        text("traffic.told.population"): table["population"].round(0),
    }
    for column, title in columns.items():
        values = table[column].to_numpy(float)
        told[text(title)] = [text.share(v) for v in values] if column.endswith("_share") else np.round(values, 1)
    return pd.DataFrame(told)


def sources(asked: Asked, keys: Iterable[str], text: Language) -> None:
    """Show the numbers that a view rests on, with their sources."""
    factors, titles = asked.results.factors, Factors.sources()["title"]
    rows = []
    for key in keys:
        about = min(factors[key], key=lambda f: abs(f.year - asked.year))
        value, low, high = (factors.value(key, asked.year, end) for end in ("value", "low", "high"))
        rows.append(
            {
                text("columns.key"): key,
                text("columns.value"): value,
                text("columns.low"): low,
                text("columns.high"): high,
                text("columns.unit"): text.unit(about.unit),
                text("columns.status"): text(about.status),
                text("columns.source"): titles[about.source],
                text("columns.note"): about.note,
            }
        )
    with st.expander(text("traffic.told.sources")):
        st.dataframe(pd.DataFrame(rows), hide_index=True)


def percent(change: float, before: float, text: Language) -> str:
    """Return a relative change; what rounds to nothing has no sign."""
    share = change / before if before > 0 else float("nan")
    return text.share(0.0) if abs(share) < _NOTHING else text.change(share)
