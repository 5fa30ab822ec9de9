"""Small reference tables that belong to the method: archetypes, purpose codes, road classes, vehicles, the inventory.

Each is a CSV file in ``twin/data`` with a `source` and a `status` (cited or assumed) on every row.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from twin.errors import TwinError, did_you_mean

__all__ = ["names", "table"]

_DATA = Path(__file__).parent / "data"


def names() -> list[str]:
    """Return the names of the reference tables."""
    return sorted(p.stem for p in _DATA.glob("*.csv"))


@cache
def _read(name: str) -> pd.DataFrame:
    if name not in names():
        raise TwinError(f"no reference table {name!r}{did_you_mean(name, names())}")
    return pd.read_csv(_DATA / f"{name}.csv")


def table(name: str) -> pd.DataFrame:
    """Return a copy of a reference table.

    Raises
    ------
    TwinError
        When there is no such table.
    """
    return _read(name).copy()
