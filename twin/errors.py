"""Errors that a user can cause: what is wrong, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["FactorError", "PluginError", "Problem", "SchemaError", "TwinError", "did_you_mean"]


class TwinError(ValueError):
    """Base of every error that a user can put right; its text says how."""


class FactorError(TwinError):
    """A factor is unknown, or its value lies outside its own limits."""


class PluginError(TwinError):
    """A plugin cannot be loaded or breaks its promise."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in a table: the rule that is broken, how often, and the first place.

    Attributes
    ----------
    table, column : str
        Where; the column may be empty when the whole table is meant.
    rule : str
        What is wrong and what to do, in words.
    count : int
        Number of rows concerned.
    first : str
        Identity of the first row concerned.
    """

    table: str
    column: str
    rule: str
    count: int = 1
    first: str = ""

    def __str__(self) -> str:
        """Return one line of text."""
        where = f"{self.table}.{self.column}" if self.column else self.table
        rows = f" ({self.count} row{'s' if self.count != 1 else ''}, first: {self.first})" if self.first else ""
        return f"{where}: {self.rule}{rows}"


class SchemaError(TwinError):
    """Tables do not satisfy their schema; lists every problem, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        n = len(self.problems)
        head = f"{n} problem{'s' if n != 1 else ''} found:"
        super().__init__("\n".join([head, *(f"  - {p}" for p in self.problems)]))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the closest known word and the words there are.

    Examples
    --------
    >>> did_you_mean("renovat", ["renovate", "heat_pump"])
    "; did you mean 'renovate'? Known: heat_pump, renovate"
    """
    words = sorted(map(str, known))
    near = difflib.get_close_matches(str(name), words, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"{hint} Known: {', '.join(words) or 'none'}"
