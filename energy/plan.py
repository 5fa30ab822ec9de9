"""Who adopts what and when: planned once, on the city of the base year.

Choosing anew every year would convert buildings twice. Here each step takes its share of all matching entities, in an
order that depends only on their identity; two steps that write the same column never take the same entity, the step
listed first wins, and what could not be had is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.scenario import Scenario, Step, inside, select
from twin.city import City
from twin.errors import PluginError, TwinError
from twin.registry import MEASURES, MeasureSpec

__all__ = ["Adoption", "Conflict", "adopted", "plan"]

NEVER = np.iinfo(np.int32).max
_ID = {"buildings": "building_id", "roads": "road_id"}
_USES = ("floor_area_m2", "pv_area_m2")  # what all that a building uses or makes is in proportion to


@dataclass(frozen=True, slots=True)
class Conflict:
    """A step that got fewer entities than it asked for: earlier steps had them, or none matches its filter.

    Attributes
    ----------
    step : int
        Its number in the scenario, from 1.
    measure, table : str
        What it does, and to which entities.
    matching, wanted, got : int
        Entities that match its filter, its share of them, and what was left for it.
    """

    step: int
    measure: str
    table: str
    matching: int
    wanted: int
    got: int

    def __str__(self) -> str:
        """Return one line of text."""
        if not self.matching:
            return f"step {self.step} ({self.measure}) changes nothing: none of the {self.table} matches its filter"
        return (
            f"step {self.step} ({self.measure}) asks for {self.wanted} of {self.matching} {self.table}, "
            f"but earlier steps leave {self.got}"
        )


@dataclass(frozen=True)
class Adoption:
    """The plan: for every step, the year in which each entity adopts it.

    Attributes
    ----------
    steps : tuple of Step
        As listed in the scenario.
    years : tuple of array (n,) of int32
        By step; ``NEVER`` for entities that do not adopt it.
    conflicts : tuple of Conflict
        Steps that got fewer entities than they asked for.
    stands_from : array (buildings,) of int32
        Year from which each building stands; 0 for those of the base year and those whose year is not known.
    """

    steps: tuple[Step, ...]
    years: tuple[npt.NDArray[np.int32], ...]
    conflicts: tuple[Conflict, ...]
    stands_from: npt.NDArray[np.int32]

    def new_build(self, year: int) -> npt.NDArray[np.bool_]:
        """Return which buildings have come after the base year and stand in a year, (buildings,)."""
        return (self.stands_from > 0) & (self.stands_from <= year)

    def table(self, city: City) -> pd.DataFrame:
        """Return the plan as a table: step, measure, entity, identity, year."""
        parts = []
        for k, (step, years) in enumerate(zip(self.steps, self.years, strict=True)):
            entity = MEASURES[step.measure].table
            at = np.flatnonzero(years != NEVER)
            ids = city[entity][_ID[entity]].to_numpy()[at] if len(at) else []
            parts.append(
                pd.DataFrame({"step": k + 1, "measure": step.measure, "table": entity, "id": ids, "year": years[at]})
            )
        return (
            pd.concat(parts, ignore_index=True)
            if parts
            else pd.DataFrame(columns=["step", "measure", "table", "id", "year"])
        )


def plan(city: City, scenario: Scenario) -> Adoption:
    """Decide who adopts what and when.

    Parameters
    ----------
    city : City
        In its base year.
    scenario : Scenario
        Its steps in order of precedence.

    Raises
    ------
    TwinError
        When filters name what does not exist; every such step at once.
    """
    taken: dict[tuple[str, str], npt.NDArray[np.bool_]] = {}
    years: list[npt.NDArray[np.int32]] = []
    conflicts: list[Conflict] = []
    matches = _matching(city, scenario)
    for k, (step, matching) in enumerate(zip(scenario.step, matches, strict=True)):
        spec = MEASURES[step.measure]
        entities = city.get(spec.table)
        free = matching.copy()
        for column in spec.changes:
            free &= ~taken.setdefault((spec.table, column), np.zeros(len(entities), bool))
        wanted = round(step.share * int(matching.sum()))
        chosen = _in_fixed_order(entities, free, _ID[spec.table])[:wanted]
        if len(chosen) < wanted or not matching.any():
            conflicts.append(Conflict(k + 1, step.measure, spec.table, int(matching.sum()), wanted, len(chosen)))
        when = np.full(len(entities), NEVER, np.int32)
        when[chosen] = step.start if spec.gradual else _roll_out(len(chosen), step.start, step.end)
        for column in spec.changes:
            taken[spec.table, column][chosen] = True
        years.append(when)
    return Adoption(scenario.step, tuple(years), tuple(conflicts), _stands_from(city))


def _stands_from(city: City) -> npt.NDArray[np.int32]:
    """Return the year of construction of buildings that are newer than the city's base year, 0 of all others."""
    buildings = city.get("buildings")
    if "year_built" not in buildings:
        return np.zeros(len(buildings), np.int32)
    built = buildings["year_built"].to_numpy(float, na_value=np.nan)
    return np.where(built > city.base_year, built, 0).astype(np.int32)


def _matching(city: City, scenario: Scenario) -> list[npt.NDArray[np.bool_]]:
    """Return which entities match each step's filter."""
    areas = city.get("areas")
    found: list[npt.NDArray[np.bool_]] = []
    problems: list[str] = []
    for k, step in enumerate(scenario.step):
        try:
            entities = city.get(MEASURES[step.measure].table)
            matching = select(entities, step.where, areas)
            found.append(matching & inside(entities, step.within) if step.within else matching)
        except TwinError as error:
            problems.append(f"step {k + 1}: {error}")
    if problems:
        raise TwinError(f"scenario {scenario.name!r}: " + "\n  ".join(problems))
    return found


def _in_fixed_order(entities: pd.DataFrame, free: npt.NDArray[np.bool_], column: str) -> npt.NDArray[np.intp]:
    """Return the free rows in an order that looks random on the map but depends on nothing but their identities."""
    at = np.flatnonzero(free)
    if not len(at):
        return at
    keys = pd.util.hash_array(entities[column].to_numpy(object)[at])
    return at[np.argsort(keys, kind="stable")]


def _roll_out(n: int, start: int, end: int) -> npt.NDArray[np.int32]:
    """Spread n adopters evenly over the years.

    Examples
    --------
    >>> _roll_out(5, 2026, 2030).tolist()
    [2026, 2027, 2028, 2029, 2030]
    """
    return (start + np.arange(n) * (end - start + 1) // max(n, 1)).astype(np.int32)


def adopted(
    entities: pd.DataFrame, table: str, adoption: Adoption, year: int, factors: Mapping[str, float]
) -> pd.DataFrame:
    """Return the entities as they stand in a year; the given table is left as it is.

    Parameters
    ----------
    entities : DataFrame
        Buildings or roads of the base year, with every column that measures read filled.
    table : str
        ``"buildings"`` or ``"roads"``.
    adoption : Adoption
        The plan.
    year : int
        Calendar year.
    factors : mapping
        The year's factors.

    Returns
    -------
    DataFrame
        The same rows with the changed cells. A building that is not built yet has neither heated floor nor solar cells,
        and so uses nothing.
    """
    now = entities
    for step, years in zip(adoption.steps, adoption.years, strict=True):
        spec = MEASURES[step.measure]
        if spec.table != table:
            continue
        at = np.flatnonzero(years <= year)
        if not len(at):
            continue
        values = spec.check(step.params, f"measure {step.measure!r}")
        if spec.gradual:
            values["progress"] = min(1.0, (year - step.start + 1) / (step.end - step.start + 1))
        now = _patched(now, _patch(spec, now.iloc[at], factors, values), spec.changes, step.measure)
    missing = adoption.stands_from > year
    if table == "buildings" and missing.any():
        now = now.assign(**{column: now[column].where(~missing, 0.0) for column in _USES if column in now})
    return now


def _patch(
    spec: MeasureSpec, chosen: pd.DataFrame, factors: Mapping[str, float], values: Mapping[str, Any]
) -> pd.DataFrame:
    """Run a measure; what one of a plugin raises is told as the plugin's error."""
    try:
        return spec.function(chosen, factors, **values)
    except Exception as error:
        if isinstance(error, TwinError) or spec.function.__module__.startswith("energy."):
            raise
        raise PluginError(
            f"measure {spec.name!r} of {spec.function.__module__} raised {type(error).__name__}: {error}"
        ) from error


def _patched(table: pd.DataFrame, patch: pd.DataFrame, changes: tuple[str, ...], name: str) -> pd.DataFrame:
    from_patch: dict[str, Any] = {}
    if not isinstance(patch, pd.DataFrame):
        raise PluginError(f"measure {name!r} must return a table of changed columns, not {type(patch).__name__}")
    columns = [str(c) for c in patch]
    if unknown := sorted(set(columns) - set(changes)):
        raise PluginError(f"measure {name!r} writes {', '.join(unknown)}, which it did not declare in `changes`")
    if unknown := sorted(c for c in columns if c not in table):
        raise PluginError(f"measure {name!r} writes {', '.join(unknown)}, which the table does not have")
    rows = table.index.get_indexer(patch.index)
    for column in columns:
        old = table[column]
        if isinstance(old.dtype, pd.CategoricalDtype):
            codes = old.cat.codes.to_numpy(copy=True)
            codes[rows] = pd.Categorical(patch[column], categories=old.cat.categories).codes
            from_patch[column] = pd.Categorical.from_codes(codes, dtype=old.dtype)
        else:
            values = old.to_numpy(copy=True)
            values[rows] = patch[column].to_numpy()
            from_patch[column] = values
    return table.assign(**from_patch)
