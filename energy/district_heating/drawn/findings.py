"""What a drawn network turns out to be: findings as data, each with a sentence that names, locates and says the remedy."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["TEXTS", "Component", "Finding", "Report"]

_NAMED = 5  # so many pipes are named in a sentence; the finding holds them all

# by kind; {pipes} and {at} are put in words, the rest are fields of the finding
TEXTS = {
    "adrift": "{count} pipes ({length_m:.0f} m) at {at} are joined to no plant ({pipes}); the gap to the nearest other pipe is {value:.2f} m: draw the missing pipe, or join with a tolerance of {value:.2f} m or more",
    "apart": "{count} pipes ({length_m:.0f} m) at {at} are not joined to the largest network ({pipes}); the gap to the nearest pipe is {value:.2f} m: draw the missing pipe, or join with a tolerance of {value:.2f} m or more",
    "assisting": "{name} at {at} feeds {value:.2f} MW into pipes through which another plant's water already flows: it is no root of a tree of its own",
    "beyond_reach": "{name} at {at} lies {value:.1f} m from the nearest pipe, beyond the reach of {limit_m:g} m: draw its service pipe, or allow a longer reach",
    "crossing": "{pipes} cross at {at} without a joint: give both a common vertex there if they are joined, or ask for crossings to join",
    "dangling": "{count} pipes end at neither a consumer nor a plant, the first at {at} ({pipes}): they carry no flow; add their consumers, or take them out",
    "duplicate": "{count} pipes lie on top of another ({pipes}, the first at {at}), as where supply and return are drawn alike: each pair is counted once",
    "loop": "{pipes} form a loop of {length_m:.0f} m through {at}: the solver for trees opens it where least water flows",
    "missing_capacity": "the plants of the network at {at} lack {value:.3f} MW of the {other:.3f} MW that its demand and losses need: add capacity, or cut demand",
    "opened": "meshed: approximated by opening {pipes} at {at}, where {value:.3f} MW flows; the export to pandapipes solves the loop as it is",
    "tee": "{count} ends on the middle of another pipe were joined to it, up to {value:.2f} m away, the first at {at} ({pipes})",
    "snapped": "{count} ends that did not meet were joined, up to {value:.2f} m apart, the first at {at} ({pipes})",
    "unfed": "{value:.3f} MW of demand at {at} hangs on pipes that no plant feeds: join them, or place a plant there",
    "unsized": "{count} pipes have no diameter ({pipes}, the first at {at}): they are sized by their design flow",
    "zero_length": "{count} pipes have no length ({pipes}, the first at {at}): they join nothing; redraw them or take them out",
}


@dataclass(frozen=True)
class Finding:
    """One thing to know about a network.

    Attributes
    ----------
    kind : str
        A key of :data:`TEXTS`.
    pipes : tuple of str
        Identities of the pipes concerned.
    at : (float, float)
        Place of the first [m].
    name : str
        Consumer or plant concerned.
    value, other : float
        The number that the sentence states: a gap or distance [m], or power [MW]; and what it is set against.
    length_m, limit_m : float
        Length of the pipes, and the tolerance or reach that was used [m].
    count : int
        How many; as a rule the number of pipes.

    Examples
    --------
    >>> print(Finding("zero_length", ("p7",), (147000.0, 6399000.0), count=1))
    1 pipes have no length (p7, the first at 147000.0, 6399000.0): they join nothing; redraw them or take them out
    """

    kind: str
    pipes: tuple[str, ...] = ()
    at: tuple[float, float] = (float("nan"), float("nan"))
    name: str = ""
    value: float = float("nan")
    other: float = float("nan")
    length_m: float = float("nan")
    limit_m: float = float("nan")
    count: int = 0

    def __str__(self) -> str:
        shown = ", ".join(self.pipes[:_NAMED])
        more = len(self.pipes) - _NAMED
        fields = {
            **self.__dict__,
            "pipes": f"{shown} and {more} more" if more > 0 else shown,
            "at": f"{self.at[0]:.1f}, {self.at[1]:.1f}",
        }
        return TEXTS[self.kind].format(**fields)


@dataclass(frozen=True)
class Component:
    """Pipes that are joined to each other and to no others.

    Attributes
    ----------
    pipes : tuple of str
        Identities.
    at : (float, float)
        One of its nodes [m].
    length_m : float
        [m]
    plants : tuple of str
        That stand on it.
    gap_m : float
        To the nearest pipe of another component, which is also the tolerance that joins them [m]; infinite if alone.
    """

    pipes: tuple[str, ...]
    at: tuple[float, float]
    length_m: float
    plants: tuple[str, ...] = ()
    gap_m: float = float("inf")


@dataclass(frozen=True)
class Report:
    """What a network consists of, the largest component first.

    Attributes
    ----------
    components : tuple of Component
    findings : tuple of Finding
    tolerance_m : float
        With which the pipes were joined [m].
    """

    components: tuple[Component, ...]
    findings: tuple[Finding, ...] = field(default=())
    tolerance_m: float = float("nan")

    def of(self, kind: str) -> tuple[Finding, ...]:
        """Return the findings of one kind."""
        return tuple(f for f in self.findings if f.kind == kind)

    def sentences(self, most: int = 20) -> list[str]:
        """Return the report in words.

        Parameters
        ----------
        most : int
            At most so many sentences of a kind; how many more there are is told.

        Returns
        -------
        list of str
        """
        total = sum(c.length_m for c in self.components)
        pipes = sum(len(c.pipes) for c in self.components)
        n = len(self.components)
        parts = "one network" if n == 1 else f"{n} separate networks"
        said = [f"{pipes} pipes, {total / 1000:.1f} km, joined within {self.tolerance_m:g} m: {parts}"]
        seen: Counter[str] = Counter()
        for finding in self.findings:
            seen[finding.kind] += 1
            if seen[finding.kind] <= most:
                said.append(str(finding))
        said += [
            f"{number - most} more findings of the kind {kind!r}" for kind, number in seen.items() if number > most
        ]
        return said
