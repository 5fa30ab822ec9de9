"""A scenario is data: a name and an ordered list of steps, each a measure with a filter, a share and a period.

Filters are data too, checked against the tables' schema; nothing from a file or a page is ever evaluated.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from energy.buildings.morphing import pathways
from twin.errors import TwinError, did_you_mean
from twin.registry import MEASURES

__all__ = ["Scenario", "Step", "select"]


class Step(BaseModel):
    """One measure: on what, how much of it, when, and who answers for it.

    Attributes
    ----------
    measure : str
        Name of a registered measure.
    where : mapping
        Filter by column: a value, a list of values, or ``{min = ..., max = ...}``.
    share : float
        Share of all matching entities, 0 to 1.
    start, end : int
        First and last year of the linear roll-out.
    params : mapping
        Parameters of the measure.
    status : str
        ``beslutad``, ``pågående``, ``planerad`` or ``idé``.
    name, responsible, payer, source, note : str
        For the plan's register.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: str
    where: dict[str, Any] = Field(default_factory=dict)
    share: float = Field(1.0, ge=0, le=1)
    start: int = Field(2025, ge=1900, le=2200)
    end: int = Field(2030, ge=1900, le=2200)
    params: dict[str, Any] = Field(default_factory=dict)
    status: Literal["beslutad", "pågående", "planerad", "idé"] = "planerad"
    name: str = ""
    responsible: str = ""
    payer: str = ""
    source: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _is_possible(self) -> Step:
        if self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        MEASURES[self.measure].check(self.params, f"measure {self.measure!r}")
        return self


class Scenario(BaseModel):
    """A named, ordered list of steps, factors that it changes, and the climate that its years have.

    `climate` is one of :func:`energy.buildings.morphing.pathways`; blank for the city's own weather year.

    Examples
    --------
    >>> Scenario.from_text('name = "Ingenting"').step
    ()
    >>> Scenario.from_text('name = "Fel"' + chr(10) + '[[step]]' + chr(10) + 'measure = "install_heat_pumpp"')
    Traceback (most recent call last):
    twin.errors.TwinError: scenario: step 1: no measure 'install_heat_pumpp'; did you mean 'install_heat_pump'?...
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1)
    description: str = ""
    factors: dict[str, float] = Field(default_factory=dict)
    climate: str = ""
    step: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _has_a_known_climate(self) -> Scenario:
        if self.climate and self.climate not in pathways():
            raise ValueError(f"no climate pathway {self.climate!r}{did_you_mean(self.climate, pathways())}")
        return self

    @classmethod
    def baseline(cls) -> Scenario:
        """Return the scenario without steps: what happens if the city decides nothing more."""
        return cls(name="baseline")

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """Read a scenario file (TOML).

        Raises
        ------
        TwinError
            When the file is missing, is not TOML (with the line), or a step is impossible; all problems at once.
        """
        file = Path(path)
        if not file.is_file():
            raise TwinError(f"there is no scenario file {file}")
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise TwinError(f"{file} is not UTF-8 text; save it as UTF-8") from error
        return cls.from_text(text, str(file))

    @classmethod
    def from_text(cls, text: str, where: str = "scenario") -> Scenario:
        """Read a scenario from TOML text; `where` names it in messages."""
        try:
            return cls(**tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise TwinError(f"{where} is not valid TOML: {error}") from error
        except ValidationError as error:
            raise TwinError(f"{where}: " + "; ".join(map(_in_words, error.errors()))) from error

    def to_toml(self) -> str:
        """Return the scenario as TOML text."""
        return tomli_w.dumps(self.model_dump(exclude_defaults=True))


def _in_words(error: Mapping[str, Any]) -> str:
    place = list(error["loc"])
    text = str(error["msg"]).removeprefix("Value error, ")
    if place[:1] == ["step"] and len(place) > 1:
        where = f"step {place[1] + 1}" + "".join(f", {p}" for p in place[2:])
    else:
        where = ".".join(map(str, place)) or "scenario"
    if error["type"] == "extra_forbidden":
        known = Step.model_fields if place[:1] == ["step"] else Scenario.model_fields
        text = f"unknown key{did_you_mean(str(place[-1]), known)}"
    elif error["type"] in ("greater_than_equal", "less_than_equal"):
        text = f"{error['input']} is not possible: {text[0].lower()}{text[1:]}"
    return f"{where}: {text}"


def select(table: pd.DataFrame, where: Mapping[str, Any], areas: pd.DataFrame | None = None) -> npt.NDArray[np.bool_]:
    """Return which rows match a filter.

    Parameters
    ----------
    table : DataFrame (n rows)
        Buildings or roads.
    where : mapping
        Column to a value, a list of values, or limits ``{"min": ..., "max": ...}`` (both included).
    areas : DataFrame, optional
        Areas of all levels; an `area_id` then also matches everything inside it.

    Returns
    -------
    array (n,) of bool
        A blank never matches.

    Raises
    ------
    TwinError
        For a column, category, area or limit that does not exist.

    Examples
    --------
    >>> select(pd.DataFrame({"year_built": [1950, 1980]}), {"year_built": {"max": 1975}}).tolist()
    [True, False]
    """
    known = [str(c) for c in table if c != "geometry"]
    if unknown := [c for c in where if c not in known]:
        raise TwinError("; ".join(f"the filter names an unknown column {c!r}{did_you_mean(c, known)}" for c in unknown))
    keep = np.ones(len(table), bool)
    for column, wanted in where.items():
        values = table[column]
        if isinstance(wanted, Mapping):
            keep &= _between(values, wanted, column)
            continue
        choices = list(wanted) if isinstance(wanted, list | tuple) else [wanted]
        if any(isinstance(c, list | dict) for c in choices):
            raise TwinError(f"the filter on {column!r} lists tables or lists; write texts or numbers, or min and max")
        if column == "area_id" and areas is not None and len(areas):
            choices = _with_parts(choices, areas)
        elif isinstance(values.dtype, pd.CategoricalDtype):
            for choice in choices:
                if choice not in values.cat.categories:
                    raise TwinError(
                        f"the filter on {column!r} names {choice!r}{did_you_mean(str(choice), values.cat.categories)}"
                    )
        keep &= values.isin(choices).to_numpy()
    return keep


def _between(values: pd.Series[Any], limits: Mapping[str, Any], column: str) -> npt.NDArray[np.bool_]:
    if unknown := set(limits) - {"min", "max"}:
        raise TwinError(f"the filter on {column!r} has {', '.join(sorted(unknown))}; limits are called min and max")
    if values.dtype.kind not in "iuf":
        raise TwinError(f"the filter on {column!r} has limits, but the column holds no numbers; list the values wanted")
    low, high = limits.get("min", -np.inf), limits.get("max", np.inf)
    if not all(isinstance(v, int | float) for v in (low, high)):
        raise TwinError(f"the limits of the filter on {column!r} must be numbers")
    return values.between(low, high).to_numpy(bool)


def _with_parts(wanted: list[Any], areas: pd.DataFrame) -> list[str]:
    """Return the areas and every smaller area inside them."""
    known = set(areas["area_id"])
    for area in wanted:
        if area not in known:
            raise TwinError(f"the filter names an unknown area {area!r}{did_you_mean(str(area), known)}")
    found = [str(a) for a in wanted]
    parts = areas.groupby("parent_id")["area_id"].agg(list).to_dict() if areas["parent_id"].notna().any() else {}
    for area in found:
        found += parts.get(area, [])
    return found
