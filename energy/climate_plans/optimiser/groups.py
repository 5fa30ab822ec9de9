"""Groups of buildings that are alike, and the packages of measures that each can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings import archetypes
from energy.climate_plans.optimiser.effects import Bench
from twin import reference
from twin.errors import TwinError, did_you_mean
from twin.registry import MEASURES

__all__ = ["AGE_CLASS", "Problem", "age_class", "beginning", "grouped", "packages_of"]

Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Package = tuple[int, ...]

AGE_CLASS = "age_class"
_MOST_TOGETHER = 10  # candidates on one building: 1,023 packages


@dataclass(frozen=True)
class Problem:
    """What is decided about, once the inputs are checked.

    Attributes
    ----------
    bench : Bench
    member : array (buildings,) of int
        Group of each building, -1 where no candidate can change it.
    labels : DataFrame (groups,)
        The columns that make the groups, and how many buildings each has.
    spans : tuple of range
        By candidate, the years in which it may begin.
    matching : tuple of int
        By candidate, how many entities its filter has.
    """

    bench: Bench
    member: Whole
    labels: pd.DataFrame
    spans: tuple[range, ...]
    matching: tuple[int, ...]

    def limit(self, k: int) -> int:
        """Return how many entities a candidate may change."""
        return round(self.bench.steps[k].share * self.matching[k])


def age_class(buildings: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the age class of each building by the table of archetypes, as text."""
    table = reference.table("archetypes")
    rows = table.iloc[archetypes.assign(buildings["use"], buildings["year_built"].to_numpy(float))]
    return np.array([f"{a}-{b}" for a, b in zip(rows["year_from"], rows["year_to"], strict=True)], object)


def grouped(buildings: pd.DataFrame, columns: Sequence[str], eligible: Sequence[Bools]) -> tuple[Whole, pd.DataFrame]:
    """Return the group of each building and the groups: equal in all columns, and in what can be done to them.

    Raises
    ------
    TwinError
        When a column does not exist.
    """
    known = [str(c) for c in buildings if c != "geometry"] + [AGE_CLASS]
    if unknown := [c for c in columns if c not in known]:
        raise TwinError("; ".join(f"no column {c!r} to group by{did_you_mean(c, known)}" for c in unknown))
    frame = pd.DataFrame(
        {c: age_class(buildings) if c == AGE_CLASS else buildings[c].astype(object).fillna("") for c in columns},
        index=buildings.index,
    )
    can = np.array(["".join("01"[int(x)] for x in row) for row in np.column_stack(eligible)], object)
    frame = frame.astype(str).assign(_can=can)
    some = np.column_stack(eligible).any(axis=1)
    member = np.full(len(buildings), -1)
    by = frame[some].groupby(list(frame), sort=True)
    member[some] = by.ngroup().to_numpy()
    labels = by.size().rename("buildings").reset_index().drop(columns="_can")
    return member, labels


def packages_of(problem: Problem) -> tuple[Package, ...]:
    """Return every set of measures that some building can take at once, the empty one first."""
    bench = problem.bench
    on_buildings = [k for k, s in enumerate(bench.steps) if MEASURES[s.measure].table == "buildings"]
    changes = {k: set(MEASURES[bench.steps[k].measure].changes) for k in on_buildings}
    found: set[Package] = {()}
    can = {tuple(k for k in on_buildings if bench.eligible[k][i]) for i in _one_of_each(problem.member)}
    for able in can:
        if len(able) > _MOST_TOGETHER:
            raise TwinError(
                f"{len(able)} candidates can be done to one and the same building; at most {_MOST_TOGETHER} can be "
                "weighed against each other: narrow their `where`, or leave some out"
            )
        for size in range(1, len(able) + 1):
            for some in combinations(able, size):
                apart = all(not changes[a] & changes[b] for a, b in combinations(some, 2))
                if apart and beginning(problem, some):
                    found.add(some)
    return tuple(sorted(found, key=lambda p: (len(p), p)))


def _one_of_each(member: Whole) -> Whole:
    groups, first = np.unique(member, return_index=True)
    return first[groups >= 0]


def beginning(problem: Problem, package: Package) -> range:
    """Return the years in which a whole package may be carried out."""
    spans = [problem.spans[k] for k in package]
    return range(max(s.start for s in spans), min(s.stop for s in spans))
