"""What is shown of the results: each indicator is a row of data with its unit, its formula and the way it adds up."""

from __future__ import annotations

from dataclasses import dataclass

from twin import reference

__all__ = ["INDICATORS", "Indicator"]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure that people steer by.

    Attributes
    ----------
    id : str
        Name in files and addresses.
    tables : tuple of str
        Entities that have it; its numerators add up over all of them.
    numerator, denominator : str
        Result columns; a place's value is the sum of the first over the sum of the second (1 where blank).
        The denominator ``population`` is the area's.
    unit, theme : str
        Unit; ``heat``, ``electricity``, ``mobility`` or ``emissions``.
    better : str
        ``lower`` or ``higher``.
    formula : str
        In words.
    hourly : bool
        Rests on the hourly model, which needs weather; its range is not computed.
    """

    id: str
    tables: tuple[str, ...]
    numerator: str
    denominator: str
    unit: str
    theme: str
    better: str
    formula: str
    hourly: bool

    @property
    def per_entity(self) -> bool:
        """True when single buildings, roads or grid areas have a value."""
        return self.denominator != "population"


INDICATORS: dict[str, Indicator] = {
    row["id"]: Indicator(
        row["id"],
        tuple(row["tables"].split("|")),
        row["numerator"],
        row["denominator"],
        row["unit"],
        row["theme"],
        row["better"],
        row["formula"],
        row["model"] == "hourly",
    )
    for row in reference.table("indicators").fillna("").to_dict("records")
}
