"""Numbers with a unit, a range, a year and a source: no assumption lives in the code.

``factors.csv`` holds one number a row; several years of a key are interpolated. ``sources.csv`` names each source once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from twin.errors import FactorError, did_you_mean

__all__ = ["Factor", "Factors", "YearFactors"]

_HERE = Path(__file__).parent
_COLUMNS = ("key", "value", "low", "high", "unit", "year", "perspective", "source", "page", "status", "note")


@dataclass(frozen=True, slots=True)
class Factor:
    """One row of ``factors.csv``.

    Attributes
    ----------
    key : str
        Dotted name, e.g. ``"electricity.nordic_mix"``.
    value, low, high : float
        Best estimate and the range it lies in with some 90 % confidence, in `unit`.
    unit : str
        Unit; ``"1"`` for shares and ratios.
    year : int
        The year that the number describes.
    perspective : str
        ``territorial``, ``lifecycle``, ``marginal`` or blank.
    source, page : str
        Key in ``sources.csv``, and where in it.
    status : str
        ``cited`` or ``assumed``.
    note : str
        What a reader should know.
    """

    key: str
    value: float
    low: float
    high: float
    unit: str
    year: int
    perspective: str = ""
    source: str = ""
    page: str = ""
    status: str = "cited"
    note: str = ""

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise FactorError(
                f"factor {self.key!r} ({self.year}): value {self.value:g} lies outside [{self.low:g}, {self.high:g}]"
            )


class Factors(Mapping[str, tuple[Factor, ...]]):
    """Every factor, by key: its rows in the order of their years.

    Examples
    --------
    >>> factors = Factors.read()
    >>> factors.at(2030)["target.territorial.rate"]
    0.103
    >>> factors.at(2030)["target.territorial.rat"]
    Traceback (most recent call last):
    twin.errors.FactorError: no factor 'target.territorial.rat'; did you mean 'target.territorial.rate'?...
    """

    def __init__(self, rows: Mapping[str, tuple[Factor, ...]], ends: Mapping[str, str] | None = None) -> None:
        self._rows = dict(rows)
        self._ends = dict(ends or {})
        self.used: set[str] = set()

    @classmethod
    def read(cls, path: Path | None = None) -> Factors:
        """Read a table of factors; the project's own without a path.

        Raises
        ------
        FactorError
            When a value lies outside its own range, or columns are missing.
        """
        table = pd.read_csv(path or _HERE / "factors.csv", keep_default_na=False)
        if missing := set(_COLUMNS) - set(table.columns):
            raise FactorError(f"{path}: the columns {', '.join(sorted(missing))} are missing")
        rows: dict[str, list[Factor]] = {}
        for r in table.to_dict("records"):
            factor = Factor(
                str(r["key"]),
                float(r["value"]),
                float(r["low"]),
                float(r["high"]),
                str(r["unit"]),
                int(r["year"]),
                str(r["perspective"]),
                str(r["source"]),
                str(r["page"]),
                str(r["status"]),
                str(r["note"]),
            )
            rows.setdefault(factor.key, []).append(factor)
        return cls({k: tuple(sorted(v, key=lambda f: f.year)) for k, v in rows.items()})

    @staticmethod
    def sources() -> pd.DataFrame:
        """Return the sources, indexed by key: title, publisher, year, address, seen."""
        return pd.read_csv(_HERE / "sources.csv", keep_default_na=False).set_index("source")

    def __getitem__(self, key: str) -> tuple[Factor, ...]:
        try:
            return self._rows[key]
        except KeyError:
            raise FactorError(f"no factor {key!r}{did_you_mean(key, self._rows)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def at(self, year: int) -> YearFactors:
        """Return the numbers that hold in a year; what is asked for is noted in `used`."""
        return YearFactors(self, year)

    def override(self, values: Mapping[str, float]) -> Factors:
        """Return a copy where keys have one new value for all years.

        Raises
        ------
        FactorError
            When a key is unknown or its new value lies outside its range.
        """
        new = dict(self._rows)
        for key, value in values.items():
            old = self[key]
            about = old[-1]
            low, high = min(f.low for f in old), max(f.high for f in old)
            new[key] = (
                Factor(
                    key,
                    float(value),
                    low,
                    high,
                    about.unit,
                    about.year,
                    about.perspective,
                    about.source,
                    about.page,
                    "assumed",
                    "set by the user",
                ),
            )
        return Factors(new, self._ends)

    def at_end(self, key: str, end: str) -> Factors:
        """Return a copy where one key takes its ``"low"`` or ``"high"`` value in every year."""
        return Factors(self._rows, {**self._ends, key: end})

    def scaled(self, key: str, by: float) -> Factors:
        """Return a copy where one key is multiplied in every year: a way to find out what depends on it."""
        rows = tuple(
            replace(f, value=f.value * by, low=min(f.low, f.value * by), high=max(f.high, f.value * by))
            for f in self[key]
        )
        return Factors({**self._rows, key: rows}, self._ends)

    def value(self, key: str, year: int, end: str = "value") -> float:
        """Return a key's number in a year: linear between years, constant outside them."""
        rows, end = self[key], self._ends.get(key, end)
        if len(rows) == 1:
            return float(getattr(rows[0], end))
        return float(np.interp(year, [f.year for f in rows], [getattr(f, end) for f in rows]))


class YearFactors(Mapping[str, float]):
    """The numbers of one year, by key."""

    def __init__(self, factors: Factors, year: int) -> None:
        self.factors = factors
        self.year = year

    def __getitem__(self, key: str) -> float:
        value = self.factors.value(key, self.year)
        self.factors.used.add(key)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.factors)

    def __len__(self) -> int:
        return len(self.factors)
