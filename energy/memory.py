"""Steps of a calculation are run again only when what they depend on has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

__all__ = ["Memory"]

Result = TypeVar("Result")


class _Read(Mapping[str, float]):
    """Factors that note which of them were asked for."""

    def __init__(self, factors: Mapping[str, float]) -> None:
        self.factors = factors
        self.values_read: dict[str, float] = {}

    def __getitem__(self, key: str) -> float:
        value = self.values_read[key] = self.factors[key]
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.factors)

    def __len__(self) -> int:
        return len(self.factors)


class Memory:
    """The first result of every step, given again while its inputs are the same objects and its factors are equal.

    When one factor at a time is moved, most steps do not read it; they need not run again. A step must be a pure
    function of its inputs and factors.

    Examples
    --------
    >>> memory, runs = Memory(), []
    >>> def heat(area, f):
    ...     runs.append(area)
    ...     return area * f["u"]
    >>> memory("heat", heat, 10.0, f={"u": 2.0, "v": 1.0}), memory("heat", heat, 10.0, f={"u": 2.0, "v": 9.0})
    (20.0, 20.0)
    >>> memory("heat", heat, 10.0, f={"u": 3.0, "v": 1.0}), len(runs)
    (30.0, 2)

    A memory may lie on another one, which it reads but never writes: what many calculations share is kept once.

    >>> above = Memory(memory)
    >>> above("heat", heat, 10.0, f={"u": 2.0, "v": 1.0}), len(runs)
    (20.0, 2)
    """

    def __init__(self, below: Memory | None = None) -> None:
        self._kept: dict[str, tuple[tuple[Any, ...], dict[str, float], Any]] = {}
        self._layers: tuple[Mapping[str, Any], ...] = (self._kept, *(below.layers if below is not None else ()))

    @property
    def layers(self) -> tuple[Mapping[str, Any], ...]:
        """What is kept here, and in the memories below; only this one writes to its own."""
        return self._layers

    def __call__(self, name: str, step: Callable[..., Result], *inputs: Any, f: Mapping[str, float]) -> Result:
        """Return the step's result.

        Parameters
        ----------
        name : str
            Of the step; one name always stands for one function.
        step : callable
            Called as ``step(*inputs, f)``.
        inputs : objects
            Compared by identity, numbers by value.
        f : mapping
            The year's factors.
        """
        for kept in self._layers:
            if name in kept:
                before, read, result = kept[name]
                if all(map(_same, before, inputs)) and all(f[k] == v for k, v in read.items()):
                    return result
        reading = _Read(f)
        result = step(*inputs, reading)
        self._kept.setdefault(name, (inputs, reading.values_read, result))
        return result


def _same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, float | int) and one == other)
