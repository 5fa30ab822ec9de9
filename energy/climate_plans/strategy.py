"""A strategy that is adopted once a year and then stands still: a scenario, the targets, the hash of all numbers.

Investments are tested against it; its own hash shows that nothing of it has changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic import ValidationError

from energy.climate_plans.action_plan import goals_t
from energy.scenario import Scenario
from twin.errors import TwinError
from twin.factors import Factors

__all__ = ["Strategy", "digest", "factors_digest", "freeze"]

_TARGETS = ("target.territorial.base", "target.territorial.rate", "target.consumption.base", "target.consumption.rate")


@dataclass(frozen=True)
class Strategy:
    """A frozen strategy.

    Attributes
    ----------
    name : str
    scenario : Scenario
        What is decided.
    goal_year : int
    targets : mapping of str to float
        The rates and bases of the city's targets, and what the goal amounts to by reading [t].
    factors_sha256 : str
        Of every number that the calculation may read.
    """

    name: str
    scenario: Scenario
    goal_year: int
    targets: Mapping[str, float]
    factors_sha256: str

    @property
    def content(self) -> dict[str, Any]:
        """What is hashed."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain["scenario"] = self.scenario.model_dump(mode="json", exclude_defaults=True)
        return {**plain, "targets": dict(self.targets)}

    @property
    def sha256(self) -> str:
        """The strategy's hash."""
        return digest(self.content)

    def record(self) -> dict[str, Any]:
        """Return the strategy as it is written to a file, with its hash; :meth:`read` takes it back."""
        return {"strategy": self.content, "sha256": self.sha256}

    @classmethod
    def read(cls, text: str, where: str = "strategy") -> Strategy:
        """Read a frozen strategy.

        Parameters
        ----------
        text : str
            JSON of :meth:`record`.
        where : str
            Names it in messages.

        Raises
        ------
        TwinError
            When it is no strategy, or is not as it was frozen.
        """
        try:
            data = json.loads(text)
            content, told = dict(data["strategy"]), str(data["sha256"])
            content["scenario"] = Scenario.model_validate(content["scenario"])
            content["targets"] = {str(k): float(v) for k, v in content["targets"].items()}
            found = cls(**content)
        except (json.JSONDecodeError, ValidationError, KeyError, TypeError, ValueError, AttributeError) as error:
            first = " ".join(str(error).split())
            raise TwinError(f"{where} is no frozen strategy ({first}); write one with `twin strategy`") from error
        if found.sha256 != told:
            raise TwinError(
                f"{where} was changed after it was frozen: its hash is {found.sha256[:12]}, not {told[:12]}; take the "
                "adopted file, or freeze a new strategy"
            )
        return found

    def check_factors(self, factors: Factors) -> None:
        """Refuse other numbers than those that the strategy was adopted with."""
        if factors_digest(factors) != self.factors_sha256:
            raise TwinError(
                f"the factors have changed since the strategy {self.name!r} was frozen; test with the version that it was "
                "frozen with, or freeze a new one"
            )


def freeze(scenario: Scenario, factors: Factors, goal_year: int = 2030) -> Strategy:
    """Return the strategy that a scenario is from now on.

    Examples
    --------
    >>> one = freeze(Scenario(name="Plan"), Factors.read())
    >>> import json
    >>> Strategy.read(json.dumps(one.record())) == one
    True
    """
    f = factors.at(goal_year)
    targets = {key: f[key] for key in _TARGETS}
    targets |= {f"goal_{k}_t": float(f"{v:.10g}") for k, v in goals_t(goal_year, factors).items()}
    return Strategy(scenario.name, scenario, goal_year, targets, factors_digest(factors))


def factors_digest(factors: Factors) -> str:
    """Return the SHA-256 of every number with its range and year."""
    return digest([[r.key, r.year, r.value, r.low, r.high, r.unit] for key in sorted(factors) for r in factors[key]])


def digest(data: Any) -> str:
    """Return the SHA-256 of data as canonical JSON.

    Examples
    --------
    >>> digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    True
    """
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
