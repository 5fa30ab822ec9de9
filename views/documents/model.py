"""What a document is made of: sections of text, tables and charts, and how every figure was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from twin.errors import TwinError
from views.documents.numbers import places

__all__ = ["Bullets", "Chart", "Column", "Document", "Method", "Part", "Section", "Table"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    key : str
        Its name in the frame and in CSV files; a unit ends it.
    title, unit : str
        For readers.
    kind : str
        ``"text"``, ``"year"``, ``"number"``, ``"exact"`` (a number with all its digits) or ``"share"`` (in per cent).
    method : str
        Id of the method that made its figures.
    blank : str
        What a blank means; a blank is never a zero.
    total : bool
        Its sum stands in the last row.
    head : bool
        It names the row.
    language : str
        Of its texts, where it is not the document's.
    in_files : bool
        Only in workbook and CSV, where machines need it.
    """

    key: str
    title: str
    kind: str = "text"
    unit: str = ""
    method: str = ""
    blank: str = ""
    total: bool = False
    head: bool = False
    language: str = ""
    in_files: bool = False

    @property
    def heading(self) -> str:
        """Title and unit."""
        return f"{self.title} [{self.unit}]" if self.unit else self.title


@dataclass(frozen=True)
class Table:
    """A table with its unrounded numbers.

    Attributes
    ----------
    id : str
        Names the table in files and addresses.
    title : str
    frame : DataFrame
    columns : tuple of Column
        What of the frame is shown, in order.
    note : str
    total : str
        What the row of sums is called; none without.
    anchor : str
        Column whose values name the rows in addresses.
    """

    id: str
    title: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    note: str = ""
    total: str = ""
    anchor: str = ""

    @property
    def unit(self) -> str:
        """The unit of all its numbers, where they have one in common."""
        units = {c.unit for c in self.columns if c.kind == "number"}
        return units.pop() if len(units) == 1 else ""

    def places(self, unit: str) -> int:
        """Return how many decimals the numbers of a unit are shown with, the same in all columns."""
        of_unit = [self.frame[c.key].to_numpy(float) for c in self.columns if c.kind == "number" and c.unit == unit]
        return places(np.concatenate(of_unit)) if of_unit else 0

    @property
    def sums(self) -> dict[str, float]:
        """The sums of the columns that have one, blanks left out."""
        if not self.total:
            return {}
        return {c.key: float(np.nansum(self.frame[c.key].to_numpy(float))) for c in self.columns if c.total}


@dataclass(frozen=True)
class Chart:
    """A drawing as SVG; what it shows also stands in a table."""

    id: str
    title: str
    svg: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


Part = str | Bullets | Table | Chart


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it."""

    id: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Method:
    """How a kind of figure is made: in words, as a formula, from which factors, by whom.

    Attributes
    ----------
    id, title, text : str
    formula : str
        As the project's tables have it, in English.
    factors : tuple of str
        Keys; each has its row in the document's table of factors.
    references : tuple of str
    """

    id: str
    title: str
    text: str
    formula: str = ""
    factors: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """A document.

    Attributes
    ----------
    name : str
        Of its files.
    title, subtitle : str
    language : str
    sections : tuple of Section
    methods : tuple of Method
    sources : tuple of Table
        Factors with range, source and status; layers with hashes.
    words : dict of str to str
        What is the same in every document: headings and labels.
    """

    name: str
    title: str
    subtitle: str
    language: str
    sections: tuple[Section, ...]
    methods: tuple[Method, ...]
    sources: tuple[Table, ...]
    words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = [t.id for t in self.tables]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise TwinError(
                f"the document {self.title!r} has two tables called {', '.join(twice)}; name one of them otherwise"
            )

    @property
    def tables(self) -> Iterator[Table]:
        """All tables in the order of reading, those of the sources last."""
        for section in self.sections:
            yield from (p for p in section.parts if isinstance(p, Table))
        yield from self.sources
