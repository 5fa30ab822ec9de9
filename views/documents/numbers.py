"""Numbers in documents: as readers write them, the same places in a whole column, and in full for machines."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd
from babel.numbers import format_decimal, format_percent

__all__ = ["MSEK", "exact", "in_millions", "known", "places", "shown"]

MSEK = 1e6
_NOTHING = 1e-6  # what summation leaves of a zero
_LOCALES = {"sv": "sv_SE", "en": "en_GB"}


def known(value: Any) -> bool:
    """Return whether a cell holds something.

    Examples
    --------
    >>> [known(v) for v in (0.0, float("nan"), None, "", "a")]
    [True, False, False, False, True]
    """
    return value is not None and value != "" and not (isinstance(value, float) and math.isnan(value))


def places(values: Iterable[float]) -> int:
    """Return how many decimals a column of numbers needs: none where its largest number has three figures.

    Examples
    --------
    >>> places([25539.2, 9.7]), places([12.34]), places([0.5, 0.25]), places([])
    (0, 1, 2, 0)
    """
    largest = max((abs(v) for v in values if math.isfinite(v)), default=math.inf)
    return 0 if largest >= 100 or largest < _NOTHING else 1 if largest >= 10 else 2


def shown(value: Any, kind: str, digits: int, language: str) -> str:
    """Return a cell's value for readers; ``exact`` numbers keep all that is known of them.

    Examples
    --------
    >>> shown(25539.2, "number", 0, "en"), shown(-0.555, "share", 0, "en"), shown(2030, "year", 0, "sv"), shown("a", "text", 0, "sv")
    ('25,539', '-55.5 %', '2030', 'a')
    """
    if not known(value):
        return ""
    if kind == "number":
        return str(
            format_decimal(_unsigned_zero(value, digits), format="#,##0." + "0" * digits, locale=_LOCALES[language])
        )
    if kind == "exact":
        return str(format_decimal(value, format="#,##0.########", locale=_LOCALES[language]))
    if kind == "share":
        return str(format_percent(_unsigned_zero(value, 3), format="#,##0.0 %", locale=_LOCALES[language]))
    return str(int(value)) if kind == "year" else str(value)


def exact(value: float) -> str:
    """Return a number for machines.

    Examples
    --------
    >>> exact(25539.221724), exact(2030)
    ('25539.22172', '2030')
    """
    return f"{value:.10g}"


def _unsigned_zero(value: float, digits: int) -> float:
    """Round, so that what is shown as zero has no sign."""
    return round(float(value), digits) + 0.0


def in_millions(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its amounts in millions, as budgets have them: ``capex_sek`` becomes ``capex_msek``.

    Examples
    --------
    >>> in_millions(pd.DataFrame({"id": ["a"], "net_sek_year": [2.5e6], "cost_sek_per_t": [900.0]})).iloc[0].to_dict()
    {'id': 'a', 'net_msek_year': 2.5, 'cost_sek_per_t': 900.0}
    """
    amounts = [c for c in map(str, table) if c.endswith(("_sek", "_sek_year"))]
    whole = table.assign(**{c: table[c].astype(float) / MSEK for c in amounts})
    return whole.rename(columns={c: c.replace("_sek", "_msek") for c in amounts})
