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
import shapely
import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from energy.buildings.morphing import pathways
from energy.register import Entry, Unquantified
from twin.errors import TwinError, did_you_mean
from twin.registry import MEASURES

__all__ = ["Body", "Scenario", "Step", "boundary", "inside", "select"]


class Step(Entry):
    """One measure: on what, how much of it, when, and who answers for it.

    Attributes
    ----------
    measure : str
        Name of a registered measure.
    where : mapping
        Filter by column: a value, a list of values, or ``{min = ..., max = ...}``.
    within : str
        A drawn boundary as WKT polygon in the city's coordinates: only what has its middle inside.
    share : float
        Share of all matching entities, 0 to 1.
    params : mapping
        Parameters of the measure.
    """

    measure: str
    where: dict[str, Any] = Field(default_factory=dict)
    within: str = ""
    share: float = Field(1.0, ge=0, le=1)
    params: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_possible(self) -> Step:
        MEASURES[self.measure].check(self.params, f"measure {self.measure!r}")
        if self.within:
            boundary(self.within)
        return self


class Body(BaseModel):
    """An office, company or group that the city's own scenarios name besides those of ``twin/data/bodies.csv``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1)
    kind: Literal["city", "company", "region", "state", "household", "business"]


class Scenario(BaseModel):
    """A named, ordered list of steps, factors that it changes, and the climate that its years have.

    `unquantified` are measures without an effect that is calculated; `body` names who is not in the table of bodies.

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
    unquantified: tuple[Unquantified, ...] = ()
    body: tuple[Body, ...] = ()

    @model_validator(mode="after")
    def _has_a_known_climate(self) -> Scenario:
        if self.climate and self.climate not in pathways():
            raise ValueError(f"no climate pathway {self.climate!r}{did_you_mean(self.climate, pathways())}")
        ids = [*self.ids, *(e.id for e in self.unquantified)]
        if twice := sorted({i for i in ids if i and ids.count(i) > 1}):
            raise ValueError(f"two entries have the id {', '.join(twice)}; give each its own")
        return self

    @property
    def ids(self) -> tuple[str, ...]:
        """Each step's id; its place in the list where it has none."""
        return tuple(s.id or f"step-{k}" for k, s in enumerate(self.step, start=1))

    @property
    def register(self) -> dict[str, Entry]:
        """All entries by id, those without physics last."""
        others = {e.id or f"other-{k}": e for k, e in enumerate(self.unquantified, start=1)}
        return {**dict(zip(self.ids, self.step, strict=True)), **others}

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


_MODELS: dict[str, type[BaseModel]] = {"step": Step, "unquantified": Unquantified, "body": Body}


def _in_words(error: Mapping[str, Any]) -> str:
    place = list(error["loc"])
    text = str(error["msg"]).removeprefix("Value error, ")
    if place[:1] and place[0] in _MODELS and len(place) > 1:
        where = f"{place[0]} {place[1] + 1}" + "".join(f", {p}" for p in place[2:])
    else:
        where = ".".join(map(str, place)) or "scenario"
    if error["type"] == "extra_forbidden":
        known = _MODELS.get(str(place[0]) if len(place) > 1 else "", Scenario).model_fields
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


def boundary(wkt: str) -> shapely.Geometry:
    """Return a drawn boundary.

    Raises
    ------
    TwinError
        When the text is no polygon that encloses something.
    """
    try:
        shape = shapely.from_wkt(wkt)
    except shapely.GEOSException as error:
        raise TwinError(f"`within` is no WKT polygon: {error}") from error
    if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon") or not shape.is_valid or shape.area == 0:
        raise TwinError("`within` must be a POLYGON or MULTIPOLYGON that does not cross itself and encloses something")
    return shape


def inside(table: pd.DataFrame, wkt: str) -> npt.NDArray[np.bool_]:
    """Return which rows have their middle inside a drawn boundary: of a line its halfway point, else the centroid."""
    shapes = table["geometry"].to_numpy()
    lines = np.isin(shapely.get_type_id(shapes), (1, 5))
    middle = np.where(
        lines,
        shapely.line_interpolate_point(np.where(lines, shapes, None), 0.5, normalized=True),
        shapely.centroid(shapes),
    )
    area = boundary(wkt)
    shapely.prepare(area)
    return shapely.contains_xy(area, shapely.get_x(middle), shapely.get_y(middle))


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
