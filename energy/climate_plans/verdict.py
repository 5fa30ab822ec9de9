"""Test an investment: one measure against the frozen strategy, by stated rules, with the trace of reasons as data.

The measure is put last into the strategy's scenario, so that what the strategy does stays as it is, and both are run: what
it changes in the goal year, up to it, and after it until it is worn out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from energy.climate import targets
from energy.climate_plans.strategy import Strategy, digest
from energy.investment import investment
from energy.memory import Memory
from energy.plan import NEVER, Adoption, plan
from energy.scenario import Scenario, Step, inside, select
from energy.simulate import Model, in_climate
from twin.city import City
from twin.errors import TwinError
from twin.factors import Factors
from twin.registry import MEASURES

__all__ = ["RULES", "Reason", "Verdict", "verdict"]

Outcome = Literal["holds", "limits", "fails"]
Conclusion = Literal["bidrar", "bidrar delvis", "bidrar inte"]
Floats = npt.NDArray[np.float64]
_ACCOUNTS = ("territorial", "marginal")
_NOISE = 1e-9  # of the city's emissions: less is no effect
_DIGITS = 9
_LAST = 2100
_KG_PER_T = 1000.0

RULES = {
    "goal_year": "takes emissions away in the goal year; raising them fails",
    "cumulative": "takes emissions away up to the goal year, summed; raising them limits",
    "after_goal": "does not raise emissions in any year after the goal until it is worn out; raising them fails",
    "marginal": "takes emissions away in the account of decisions too; raising them there limits",
    "interaction": "keeps at least a given share of what it would give alone; less limits",
    "available": "gets what it asks for, since no measure of the strategy has it; less limits",
    "lifetime": "says how long it lasts; an unknown lifetime limits, since what comes after the goal is not known",
    "justice": "is not flagged for how its burdens fall; a flag limits",
}


@dataclass(frozen=True)
class Reason:
    """What a rule found.

    Attributes
    ----------
    rule : str
        Of :data:`RULES`.
    outcome : str
        ``holds``, ``limits`` (at best "bidrar delvis") or ``fails`` ("bidrar inte").
    value, limit : float or None
        What was found and what it was compared with; blank where it is not known.
    unit : str
    note : str
    """

    rule: str
    outcome: Outcome
    value: float | None
    limit: float | None
    unit: str
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether a measure contributes to the strategy's goal.

    Attributes
    ----------
    conclusion : str
        ``bidrar``, ``bidrar delvis`` or ``bidrar inte``.
    measure : str
        Its name.
    reasons : tuple of Reason
        One for every rule.
    effects : tuple of dict
        By year that was run: territorial_t and marginal_t that it takes away.
    overlaps : tuple of str
        Measures of the strategy that want the same of the same entities.
    figures : dict
        What else was found; blank where it is not known.
    inputs : dict
        Hashes of the strategy, the measure, the factors and the city's files.
    """

    conclusion: Conclusion
    measure: str
    reasons: tuple[Reason, ...]
    effects: tuple[dict[str, float], ...]
    overlaps: tuple[str, ...]
    figures: dict[str, float | None]
    inputs: dict[str, str]

    def record(self) -> dict[str, Any]:
        """Return the verdict as plain data, rounded so that the same input gives the same bytes."""
        data = asdict(self)
        data["rules"] = dict(RULES)
        return dict(_rounded(data))


def verdict(
    city: City,
    strategy: Strategy,
    step: Step,
    *,
    factors: Factors | None = None,
    justice_flag: bool | None = None,
) -> Verdict:
    """Test one measure against the strategy.

    Parameters
    ----------
    city : City
    strategy : Strategy
    step : Step
        The investment as a measure.
    factors : Factors, optional
        The numbers that the strategy was frozen with.
    justice_flag : bool, optional
        Whether its burdens are flagged; not known without.

    Returns
    -------
    Verdict

    Raises
    ------
    TwinError
        When the factors are others, the measure stands in the strategy already, or nothing matches its filter.
    """
    numbers = factors or Factors.read()
    strategy.check_factors(numbers)
    if strategy.goal_year < city.base_year:
        raise TwinError(f"the goal year {strategy.goal_year} of {strategy.name!r} is past; freeze a new strategy")
    before = strategy.scenario
    if step.id and step.id in before.register:
        raise TwinError(
            f"the strategy {strategy.name!r} already has a measure {step.id!r}; give the tested one its own id"
        )
    tested = step.id or f"step-{len(before.step) + 1}"
    scenario = before.model_copy(update={"step": (*before.step, step.model_copy(update={"id": tested}))})
    done = _Tested(city, scenario, plan(city, scenario), numbers.override(scenario.factors))
    taken = done.adoption.years[-1] != NEVER
    lacking = done.lacking()
    if not taken.any():
        why = lacking[0] if lacking else f"its share {step.share:g} of what matches is less than one"
        raise TwinError(f"the measure changes nothing: {why}; widen its filter, or raise its share")
    life = _lifetime(done, step)
    years = _years(city.base_year, step, strategy.goal_year, life)
    effects = {year: done.effect(year) for year in years}
    reasons = _judged(done, strategy, effects, life, lacking, justice_flag)
    outcomes = {r.outcome for r in reasons}
    conclusion: Conclusion = (
        "bidrar inte" if "fails" in outcomes else "bidrar delvis" if "limits" in outcomes else "bidrar"
    )
    table = tuple({"year": y, **{f"{a}_t": e[a] for a in _ACCOUNTS}} for y, e in effects.items())
    files = {name: source.sha256 for name, source in sorted(city.sources.items())}
    return Verdict(
        conclusion,
        step.name or step.measure,
        tuple(reasons),
        table,
        tuple(done.overlaps()),
        {"lifetime_years": life, "entities": float(taken.sum()), "after_goal_t": _after(effects, strategy.goal_year)},
        {
            "strategy": strategy.sha256,
            "factors": strategy.factors_sha256,
            "measure": digest(step.model_dump(mode="json", exclude_defaults=True)),
            "city": digest({"name": city.name, "files": files}),
        },
    )


@dataclass(frozen=True)
class _Tested:
    """A strategy with the tested measure as its last step."""

    city: City
    scenario: Scenario
    adoption: Adoption
    factors: Factors

    def total_t(self, year: int, keep: Sequence[int]) -> dict[str, float]:
        """Return the city's emissions with some of the steps, by account [t]."""
        part = Adoption(
            tuple(self.adoption.steps[k] for k in keep),
            tuple(self.adoption.years[k] for k in keep),
            (),
            self.adoption.stands_from,
        )
        frames = Model(in_climate(self.city, self.scenario), part, Memory()).with_hours(year, self.factors)
        return {
            a: sum(float(frames[t][f"co2e_{a}_kg"].sum()) for t in ("buildings", "roads")) / _KG_PER_T
            for a in _ACCOUNTS
        }

    def effect(self, year: int) -> dict[str, float]:
        """Return what the last step takes away beside all others; what is less than noise is 0 [t]."""
        every = range(len(self.adoption.steps))
        without, beside = self.total_t(year, every[:-1]), self.total_t(year, every)
        return {a: _clean(without[a] - beside[a], without[a]) for a in _ACCOUNTS}

    def alone(self, year: int) -> float:
        """Return what the last step takes away alone [t]."""
        nothing, one = (self.total_t(year, k)["territorial"] for k in ((), (len(self.adoption.steps) - 1,)))
        return _clean(nothing - one, nothing)

    def lacking(self) -> list[str]:
        """Return what the last step did not get."""
        return [str(c) for c in self.adoption.conflicts if c.step == len(self.adoption.steps)]

    def overlaps(self) -> list[str]:
        """Return the steps that write a column of the last one on entities that match its filter."""
        step = self.adoption.steps[-1]
        spec = MEASURES[step.measure]
        entities = self.city.get(spec.table)
        matching = select(entities, step.where, self.city.get("areas"))
        if step.within:
            matching &= inside(entities, step.within)
        return [
            key
            for key, other, years in zip(self.scenario.ids, self.adoption.steps, self.adoption.years, strict=True)
            if other is not step
            and MEASURES[other.measure].table == spec.table
            and set(MEASURES[other.measure].changes) & set(spec.changes)
            and (matching & (years != NEVER)).any()
        ]


def _clean(reduction_t: float, of_t: float) -> float:
    return 0.0 if abs(reduction_t) <= _NOISE * max(abs(of_t), 1e-9) else reduction_t


def _lifetime(done: _Tested, step: Step) -> float | None:
    """Return how long the measure lasts: its own word, else that of the table of prices, else not known."""
    if step.lifetime_years is not None:
        return float(step.lifetime_years)
    if MEASURES[step.measure].table != "buildings":
        return None
    model = Model(done.city, done.adoption, Memory())
    alone = Adoption(done.adoption.steps[-1:], done.adoption.years[-1:], (), done.adoption.stands_from)
    lives = investment(model.stock(done.factors).buildings, alone, done.factors)["lifetime_years"].dropna()
    return float(lives.min()) if len(lives) else None


def _years(base_year: int, step: Step, goal_year: int, life: float | None) -> tuple[int, ...]:
    """Return the years to run: the roll-out, the goal, the year after it, and the last that the measure lasts.

    Examples
    --------
    >>> _years(2024, Step(measure="night_setback", start=2026, end=2028), 2030, 20.0)
    (2024, 2025, 2026, 2028, 2030, 2031, 2039, 2048)
    """
    last = min(int(step.end + (life or 0)), _LAST)
    last = max(last, goal_year + 1, step.end + 1)
    wanted = {base_year, step.start - 1, step.start, step.end, goal_year, goal_year + 1, (goal_year + last) // 2, last}
    return tuple(sorted(y for y in wanted if y >= base_year))


def _after(effects: dict[int, dict[str, float]], goal_year: int) -> float:
    """Return what the measure takes away after the goal year until it is worn out, between the years linear [t]."""
    late = np.array([y for y in effects if y > goal_year])
    return float(targets.cumulative_t(late, np.array([effects[int(y)]["territorial"] for y in late]))[-1])


def _judged(
    done: _Tested,
    strategy: Strategy,
    effects: dict[int, dict[str, float]],
    life: float | None,
    lacking: list[str],
    justice_flag: bool | None,
) -> list[Reason]:
    """Return what every rule finds."""
    goal = strategy.goal_year
    until = np.array([y for y in effects if y <= goal])
    at_goal = effects[goal]["territorial"]
    total = float(targets.cumulative_t(until, np.array([effects[int(y)]["territorial"] for y in until]))[-1])
    late = {y: e["territorial"] for y, e in effects.items() if y > goal}
    worst = min(late, key=lambda y: late[y])
    marginal = min((e["marginal"] for y, e in effects.items() if y >= goal), default=0.0)
    reference = goal if at_goal else max(late, key=lambda y: abs(late[y]))
    alone, beside = done.alone(reference), effects[reference]["territorial"]
    kept = beside / alone if alone > 0 else None
    least = done.factors.at(goal)["verdict.remaining_share"]
    best = max(at_goal, *late.values())
    limits: list[tuple[str, Outcome, float | None, float | None, str, str]] = [
        ("goal_year", _sign(at_goal, "fails", zero="limits" if best > 0 else "fails"), at_goal, 0.0, "t", str(goal)),
        ("cumulative", _sign(total, "limits", zero="limits"), total, 0.0, "t", f"to {goal}"),
        ("after_goal", _sign(late[worst], "fails", zero="holds"), late[worst], 0.0, "t", f"least in {worst}"),
        ("marginal", _sign(marginal, "limits", zero="holds"), marginal, 0.0, "t", f"least from {goal}"),
        ("interaction", "limits" if kept is not None and kept < least else "holds", kept, least, "1", str(reference)),
        ("available", "limits" if lacking else "holds", float(len(lacking)), 0.0, "1", "; ".join(lacking)),
        ("lifetime", "limits" if life is None else "holds", life, None, "a", "" if life else "name lifetime_years"),
        ("justice", "limits" if justice_flag else "holds", None, None, "", _flag(justice_flag)),
    ]
    return [Reason(*found) for found in limits]


def _sign(reduction_t: float, below: Outcome, *, zero: Outcome) -> Outcome:
    return "holds" if reduction_t > 0 else zero if reduction_t == 0 else below


def _flag(justice_flag: bool | None) -> str:
    return "not examined" if justice_flag is None else "flagged" if justice_flag else "not flagged"


def _rounded(data: Any) -> Any:
    if isinstance(data, dict):
        return {k: _rounded(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [_rounded(v) for v in data]
    return float(f"{data:.{_DIGITS}g}") if isinstance(data, float) else data
