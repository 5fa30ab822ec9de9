"""The register of measures: who answers for each, who pays, what must come first, what it costs.

A step of a scenario is an entry with physics; an entry without stays in the register as not quantified, which is never
the same as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from twin import reference
from twin.errors import TwinError, did_you_mean

__all__ = ["Cost", "Entry", "Funding", "Unquantified", "bodies", "check", "in_order"]

_EXACT = 1e-6
Share = Annotated[float, Field(ge=0, le=1)]


class Cost(BaseModel):
    """One cost that is known for a measure, instead of the prices of ``twin/data/measure_costs.csv``.

    Attributes
    ----------
    kind : str
        ``capex`` is spent once, spread evenly over the roll-out unless `year` says when; ``opex`` is spent each year from
        the roll-out on, until the lifetime ends; negative where it saves.
    sek : float
        At the price level of `price_year`, without value-added tax; a year's for ``opex``.
    price_year : int
    year : int, optional
    note : str
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["capex", "opex"]
    sek: float = Field(allow_inf_nan=False)
    price_year: int = Field(ge=1990, le=2100)
    year: int | None = Field(None, ge=1990, le=2100)
    note: str = ""


class Funding(BaseModel):
    """A grant or loan that covers a share of a measure's investment.

    Attributes
    ----------
    source : str
    share : float
        Of the investment [1].
    status : str
        ``sökt`` is asked for, ``beviljad`` is granted; only what is granted closes the gap.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    source: str = Field(min_length=1)
    share: Share
    status: Literal["sökt", "beviljad"] = "sökt"


class Entry(BaseModel):
    """A measure as the city's offices know it.

    Attributes
    ----------
    id : str
        Stable name; without one, the step's place in the list.
    name, responsible, source, note : str
    status : str
        ``beslutad``, ``pågående``, ``planerad`` or ``idé``.
    control : str
        Rådighet: the city decides itself (``direkt``), can influence (``indirekt``), or neither (``ingen``).
    requires : tuple of str
        Ids of measures that must have begun before.
    start, end : int
        First and last year of the linear roll-out.
    lifetime_years : float, optional
        Without one, of the table of prices.
    cost : tuple of Cost
    payer : str or mapping of str to float
        Who pays, or each one's share; shares add up to 1.
    funding : tuple of Funding
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field("", pattern=r"^[\w.-]*$")
    name: str = ""
    status: Literal["beslutad", "pågående", "planerad", "idé"] = "planerad"
    responsible: str = ""
    control: Literal["direkt", "indirekt", "ingen", ""] = ""
    requires: tuple[str, ...] = ()
    start: int = Field(2025, ge=1900, le=2200)
    end: int = Field(2030, ge=1900, le=2200)
    lifetime_years: float | None = Field(None, gt=0, le=200)
    cost: tuple[Cost, ...] = ()
    payer: str | dict[str, Share] = ""
    funding: tuple[Funding, ...] = ()
    source: str = ""
    note: str = ""

    @field_validator("payer")
    @classmethod
    def _adds_up(cls, payer: str | dict[str, float]) -> str | dict[str, float]:
        if isinstance(payer, dict) and abs(sum(payer.values()) - 1) > _EXACT:
            raise ValueError(f"the payers' shares add up to {sum(payer.values()):g}; they must add up to 1")
        return payer

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Entry:
        if self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        if (funded := sum(f.share for f in self.funding)) > 1 + _EXACT:
            raise ValueError(f"the funding covers {funded:g} of the investment; at most 1 is possible")
        return self

    @property
    def payers(self) -> dict[str, float]:
        """Who pays which share; empty when that is not known."""
        if isinstance(self.payer, str):
            return {self.payer: 1.0} if self.payer else {}
        return dict(self.payer)


class Unquantified(Entry):
    """A measure whose effect is not calculated."""

    name: str = Field(min_length=1)


def bodies() -> dict[str, str]:
    """Return the offices, companies and groups that answer or pay, and of which kind each is.

    Examples
    --------
    >>> bodies()["AB Framtiden"], bodies()["Stadsmiljönämnden"]
    ('company', 'city')
    """
    table = reference.table("bodies")
    return dict(zip(table["name"], table["kind"], strict=True))


def check(entries: Mapping[str, Entry], own_bodies: Iterable[str] = ()) -> list[str]:
    """Return what keeps a register from becoming a plan; all at once, each with its entry and the remedy.

    Parameters
    ----------
    entries : mapping of str to Entry
        By id.
    own_bodies : iterable of str
        Besides :func:`bodies`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> a = Entry(id="a", requires=("b",), payer="Staten", responsible="Renova", start=2026)
    >>> b = Entry(id="b", requires=("a",), payer="Staten", responsible="Renova", start=2026)
    >>> check({"a": a, "b": b})
    ['a, b require each other in a circle; take one of their `requires` away']
    """
    known = {*bodies(), *own_bodies}
    found = []
    for key, entry in entries.items():
        if not entry.payers:
            found.append(f"{key}: nobody pays; name a `payer`, or shares of several that add up to 1")
        if not entry.responsible:
            found.append(f"{key}: nobody is responsible; name a `responsible` body")
        for role, names in (("responsible", [entry.responsible] if entry.responsible else []), ("payer", entry.payers)):
            found += [
                f"{key}: {role} {name!r} is not a known body{did_you_mean(name, known)}; add it as [[body]]"
                for name in names
                if name not in known
            ]
        for other in entry.requires:
            if other not in entries:
                found.append(f"{key}: requires {other!r}, which is not in the register{did_you_mean(other, entries)}")
            elif entries[other].start > entry.start:
                found.append(
                    f"{key} begins in {entry.start} but requires {other}, which begins in {entries[other].start}; "
                    "move one of them"
                )
    for circle in _circles(entries):
        found.append(f"{', '.join(circle)} require each other in a circle; take one of their `requires` away")
    return found


def in_order(entries: Mapping[str, Entry]) -> list[str]:
    """Return the ids so that each comes after what it requires, else in the given order.

    Raises
    ------
    TwinError
        When measures require each other in a circle.
    """
    if circles := _circles(entries):
        raise TwinError("; ".join(f"{', '.join(c)} require each other in a circle" for c in circles))
    done: list[str] = []
    waiting = list(entries)
    while waiting:
        ready = [k for k in waiting if all(r in done or r not in entries for r in entries[k].requires)]
        done += ready[:1]
        waiting.remove(ready[0])
    return done


def _circles(entries: Mapping[str, Entry]) -> list[list[str]]:
    """Return the groups of entries that require each other."""
    left = dict(entries)
    while free := [k for k, e in left.items() if not any(r in left for r in e.requires)]:
        for key in free:
            del left[key]
    while free := [k for k in left if not any(k in e.requires for e in left.values())]:
        for key in free:
            del left[key]
    groups: list[list[str]] = []
    for key in left:
        if any(key in g for g in groups):
            continue
        reached = {key}
        while more := {r for k in reached for r in left[k].requires if r in left} - reached:
            reached |= more
        groups.append([k for k in left if k in reached and key in _reached(left, k)])
    return [g for g in groups if g]


def _reached(entries: Mapping[str, Entry], start: str) -> set[str]:
    found: set[str] = set()
    front = {start}
    while front := {r for k in front for r in entries[k].requires if r in entries} - found:
        found |= front
    return found
