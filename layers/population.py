"""Göteborg's population by primärområde."""

from __future__ import annotations

import pandas as pd

from layers.context import Context
from layers.vector import read_csv
from twin.errors import TwinError
from twin.registry import layer

__all__ = ["goteborg_population"]

_NOT_PLACED = "199"  # inhabitants who are registered in the city but in no area


@layer(
    "goteborg_population",
    title="Befolkning efter primärområde",
    table="population",
    source="Göteborgs Stad",
    provides={"population": "1"},
)
def goteborg_population(context: Context, *, path: str, year: int | None = None) -> pd.DataFrame:
    """Read inhabitants by primärområde; those who are placed in no area are counted in a note and kept.

    Parameters
    ----------
    context : Context
    path : str
    year : int, optional
        The figures are of the end of this year.

    Returns
    -------
    DataFrame
        One row an area: area_id, population and three groups of age [inhabitants], year.

    Raises
    ------
    TwinError
        When a column is missing.
    """
    table = read_csv(context, path=path)
    names = {
        "primaromrade_kod": "area_id",
        "pop_total": "population",
        "pop_0_18": "population_0_18",
        "pop_19_65": "population_19_65",
        "pop_66plus": "population_66_plus",
    }
    if missing := sorted(set(names) - set(table.columns)):
        raise TwinError(f"{path} lacks the columns {', '.join(missing)}")
    table = table.rename(columns=names)[list(names.values())].assign(
        area_id=table["primaromrade_kod"].astype(str), year=year
    )
    away = table["area_id"] == _NOT_PLACED
    people = pd.to_numeric(table["population"], errors="coerce")  # what is no number is told by the table's rules
    if away.any():
        context.note(f"{people[away].sum():.0f} of {people.sum():.0f} inhabitants are placed in no area")
    return table
