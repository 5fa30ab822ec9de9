"""What is asked of the optimiser, checked all at once before anything is calculated."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy.climate_plans.optimiser.groups import AGE_CLASS
from energy.plan import NEVER, plan
from energy.scenario import Scenario, Step
from twin.city import City
from twin.errors import TwinError, did_you_mean
from twin.registry import MEASURES

__all__ = ["Asked"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Sums = float | Mapping[int, float] | None


@dataclass(frozen=True)
class Asked:
    """The question.

    Attributes
    ----------
    years : tuple of int
    target_t : dict of int to float
        By place of the year [t].
    budget_sek : float
        Infinite without.
    budget_by_year_sek : array (years,)
        Infinite without.
    eligible : tuple of array of bool
        By candidate: the buildings that it may change, or the roads that it changes.
    matching : tuple of int
        By candidate: how many entities its filter has.
    spans : tuple of range
        By candidate: the years in which it may begin.
    requires : tuple of (int, int)
        The first candidate begins no earlier than the second.
    """

    years: tuple[int, ...]
    target_t: dict[int, float]
    budget_sek: float
    budget_by_year_sek: Floats
    eligible: tuple[Bools, ...]
    matching: tuple[int, ...]
    spans: tuple[range, ...]
    requires: tuple[tuple[int, int], ...]

    @classmethod
    def of(
        cls,
        city: City,
        candidates: Scenario,
        years: Iterable[int],
        target_t: Sums,
        budget_sek: float | None,
        budget_by_year: Sums,
        groups: Sequence[str],
    ) -> Asked:
        """Check the question.

        Raises
        ------
        TwinError
            With every problem.
        """
        when = tuple(sorted(set(years)))
        problems = _of_years(when, city.base_year)
        if not candidates.step:
            problems.append("there is no candidate: give the scenario of candidates at least one step")
        known = [str(c) for c in city["buildings"] if c != "geometry"] + [AGE_CLASS]
        problems += [f"no column {c!r} to group by{did_you_mean(c, known)}" for c in groups if c not in known]
        target = _by_year(target_t, when, "target_t", problems, every=False)
        sums = _by_year(budget_by_year, when, "budget_by_year", problems, every=True)
        if budget_sek is not None and not _possible(budget_sek):
            problems.append(f"budget_sek = {budget_sek:g} is no sum of money; give a number from 0 on")
        found = [
            _candidate(city, step, name, when, problems)
            for step, name in zip(candidates.step, _names(candidates), strict=True)
        ]
        requires = _requires(candidates, problems)
        if problems:
            raise TwinError("this can not be optimised:\n  " + "\n  ".join(problems))
        by_year = np.array([sums.get(t, np.inf) for t in range(len(when))])
        eligible, matching, spans = zip(*found, strict=True)
        budget = math.inf if budget_sek is None else float(budget_sek)
        return cls(when, target, budget, by_year, eligible, matching, spans, requires)


def _names(candidates: Scenario) -> list[str]:
    return [f"candidate {k} ({s.name or s.measure})" for k, s in enumerate(candidates.step, start=1)]


def _possible(number: float) -> bool:
    return math.isfinite(number) and number >= 0


def _of_years(years: Sequence[int], base_year: int) -> list[str]:
    if not years:
        return ["there is no year to plan for: give at least one"]
    problems = []
    if list(years) != list(range(years[0], years[-1] + 1)):
        problems.append(
            f"the years {', '.join(map(str, years))} must follow each other, since costs fall in every year"
        )
    if years[0] < base_year:
        problems.append(f"the year {years[0]} is before the city's base year {base_year}; begin there or later")
    return problems


def _by_year(given: Sums, years: Sequence[int], name: str, problems: list[str], *, every: bool) -> dict[int, float]:
    """Return sums by place of the year: a number alone is each year's, or the last year's alone."""
    if given is None or not years:
        return {}
    if not isinstance(given, Mapping):
        given = dict.fromkeys(years if every else years[-1:], given)
    if outside := sorted(set(given) - set(years)):
        problems.append(f"{name} names {', '.join(map(str, outside))}, outside {years[0]} to {years[-1]}")
    if every and (without := [y for y in years if y not in given]):
        problems.append(
            f"{name} says nothing of {', '.join(map(str, without))}; a blank is not a zero: give every year its sum"
        )
    if wrong := [y for y, v in given.items() if not _possible(v)]:
        problems.append(f"{name} of {', '.join(map(str, wrong))} must be a number from 0 on")
    return {years.index(y): float(v) for y, v in given.items() if y in years}


def _candidate(
    city: City, step: Step, name: str, years: Sequence[int], problems: list[str]
) -> tuple[Bools, int, range]:
    """Return what a candidate may change, how much matches its filter, and when it may begin."""
    spec = MEASURES[step.measure]
    whole = step.model_copy(update={"share": 1.0})
    try:
        matching = plan(city, Scenario(name="matching", step=(whole,))).years[0] != NEVER
        chosen = plan(city, Scenario(name="chosen", step=(step,))).years[0] != NEVER
    except TwinError as error:
        problems.append(f"{name}: {error}")
        return np.zeros(0, bool), 0, range(0)
    if not matching.any():
        problems.append(f"{name} selects nothing: none of the {spec.table} matches its filter")
    if any(c.year is not None for c in step.cost):
        problems.append(
            f"{name} has a cost with a year of its own; leave `year` out, since the year of the work is chosen"
        )
    first, last = (years[0], years[-1]) if years else (step.start, step.end)
    span = range(max(step.start, first), min(step.end, last) + 1)
    if not span:
        problems.append(f"{name} runs from {step.start} to {step.end}, outside {first} to {last}")
    return (matching if spec.table == "buildings" else chosen), int(matching.sum()), span


def _requires(candidates: Scenario, problems: list[str]) -> tuple[tuple[int, int], ...]:
    place = {i: k for k, i in enumerate(candidates.ids)}
    found = []
    for k, step in enumerate(candidates.step):
        for other in step.requires:
            if other in place:
                found.append((k, place[other]))
            else:
                problems.append(
                    f"candidate {k + 1} requires {other!r}, which is no candidate{did_you_mean(other, place)}"
                )
    return tuple(found)
