"""The official inventory of the city, and what of it lies outside the model."""

from __future__ import annotations

import pandas as pd

from twin import reference

__all__ = ["outside_share", "sectors"]


def sectors(year: int) -> pd.DataFrame:
    """Return the sectors of a year: sector, emissions_t, model (``buildings``, ``roads`` or ``outside``).

    The model's part of a sector is what it can change: "roads" is all transport, "buildings" is own heating and all
    electricity and district heat.

    Examples
    --------
    >>> table = sectors(2024)
    >>> float(table["emissions_t"].sum() / 1000), float(table.loc[table["sector"].str.startswith("Industri"), "emissions_t"].sum() / 1000)
    (2252.7, 1005.8)
    """
    table = reference.table("inventory_goteborg")
    known = table["year"].max()
    return table[table["year"] == min(year, known)][["sector", "year", "emissions_t", "model"]].reset_index(drop=True)


def outside_share(year: int) -> float:
    """Return the share of the city's territorial emissions that lies outside the model.

    Examples
    --------
    >>> round(outside_share(2024), 3)
    0.556
    """
    table = sectors(year)
    return float(table.loc[table["model"] == "outside", "emissions_t"].sum() / table["emissions_t"].sum())
