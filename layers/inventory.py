"""The official inventory of territorial emissions, by sector and year."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
from pydantic import Field

from layers.context import Context
from layers.vector import read_csv
from twin import schema
from twin.errors import Problem, TwinError, did_you_mean
from twin.registry import layer

__all__ = ["sector_inventory"]

_LONG = ("sector", "year", "emissions_t")
Parts = Annotated[dict[str, str], Field(description="Sector to the part of the model that it is set against")]


@layer(
    "sector_inventory",
    title="Utsläpp efter sektor",
    table="inventory",
    source="SMHI, Nationella emissionsdatabasen",
    provides={"emissions_t": "t"},
)
def sector_inventory(context: Context, *, path: str, model: Parts) -> pd.DataFrame:
    """Read an inventory: one row a sector with a column a year, or one row a sector and year.

    Parameters
    ----------
    context : Context
    path : str
        CSV with `sector` and a column for each year, or with `sector`, `year`, `emissions_t` [t].
    model : mapping of str to str
        Every sector's part of the model: ``own_heating``, ``power_and_heat``, ``roads`` or ``outside``.

    Returns
    -------
    DataFrame
        One row a sector and year.
    """
    table = read_csv(context, path=path)
    if not set(_LONG) <= set(table):
        years = [c for c in table if str(c).isdigit()]
        if "sector" not in table or not years:
            raise TwinError(f"{path} needs `sector` and a column for each year, or `sector`, `year`, `emissions_t`")
        table = table.melt("sector", years, "year", "emissions_t").dropna(subset="emissions_t")
    parts = schema.spec("inventory").loc["model", "categories"].split("|")
    for sector, part in model.items():
        if part not in parts:
            rule = f"{sector!r} is set against {part!r}, which is no part of the model{did_you_mean(part, parts)}"
            context.problem(Problem("inventory", "model", rule))
        if sector not in set(table["sector"]):
            rule = (
                f"`model` names {sector!r}, which {path} does not have{did_you_mean(sector, table['sector'].unique())}"
            )
            context.problem(Problem("inventory", "sector", rule))
    stray = table.loc[~table["sector"].isin(list(model)), "sector"]
    if len(stray):
        names = ", ".join(map(repr, stray.unique()))
        rule = f"no part of the model is named for {names}; name each in `model`, as outside if it is not calculated"
        context.problem(Problem("inventory", "sector", rule, len(stray), str(stray.iloc[0])))
    known = {s: p for s, p in model.items() if p in parts}
    made = table.assign(model=[known.get(s, "outside") for s in table["sector"]])
    return made.assign(year=pd.to_numeric(made["year"], errors="coerce").astype("Int64"))
