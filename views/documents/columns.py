"""Columns by their names: a unit ends each, so that kind and unit follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from views.documents.model import Column
from views.language import Language

__all__ = ["column", "columns", "year_columns"]

_YEARS = ("year", "start", "end", "no", "price_year", "inventory_year", "measures")
_UNITS = ("t", "msek", "sek_t")


def column(
    key: str, text: Language, method: str = "", *, blank: str = "", total: bool = False, head: bool = False
) -> Column:
    """Return a column with the title, kind and unit that its name stands for.

    Examples
    --------
    >>> c = column("share_t", Language("en"), total=True)
    >>> c.heading, c.kind
    ('Share of the reduction [t CO₂e]', 'number')
    """
    kind, unit = "text", ""
    if key in _YEARS:
        kind = "year"
    elif key.endswith("_share"):
        kind = "share"
    elif ends := [u for u in _UNITS if key.endswith(f"_{u}")]:
        kind, unit = "number", text(f"documents.units.{max(ends, key=len)}")
    name = f"documents.columns.{key}"
    title = text(name) if text.has(name) else key.replace("_", " ").strip().capitalize()
    return Column(key, title, kind, unit, method, blank, total, head, in_files=key == "id")


def columns(
    keys: Mapping[str, str] | Iterable[str], text: Language, head: str, total: Iterable[str] = ()
) -> tuple[Column, ...]:
    """Return several columns.

    Parameters
    ----------
    keys : mapping of str to str, or iterable of str
        Names, each with the method that made its figures.
    text : Language
    head : str
        The column that names the rows.
    total : iterable of str
        Those with a sum.
    """
    methods = dict(keys) if isinstance(keys, Mapping) else dict.fromkeys(keys, "")
    sums = set(total)
    return tuple(column(k, text, m, total=k in sums, head=k == head) for k, m in methods.items())


def year_columns(years: Sequence[int], text: Language, method: str, *, blank: str = "") -> tuple[Column, ...]:
    """Return a column of tonnes a year, with sums: ``y2030_t``."""
    unit = text("documents.units.t")
    return tuple(Column(f"y{y}_t", str(y), "number", unit, method, blank, total=True) for y in years)
