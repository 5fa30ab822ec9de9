r"""How much a feeder can take: the largest share of heat pumps, cars or solar cells before something is too full.

Those who may adopt are put in an order; share :math:`s` means that the first :math:`s N` of them have. Whether the feeder
keeps to its limits at a share is asked of the full power flow of every hour, and the largest share is found by bisection.

In an hour in which all that is added takes power, voltages fall and currents grow with every adopter; in one in which all
of it feeds in, voltages rise, and a line's current first falls and then grows. So an hour that is within the limits at
no adoption keeps to them up to some share and at none beyond. That share is found from the hours that look worst, and all
the others are asked once whether they agree; those that do not are bisected in turn. Where some add load and others feed
in at the same hour this does not hold: then all hours are asked, and the shares from nobody up are scanned for the first
that fails before the bisection begins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from energy.electrification.feeder import Feeder
from energy.electrification.feeder_year import Added, Hourly, Limits, Loads, solve_hours
from twin.errors import Problem, SchemaError

__all__ = ["Binding", "Hosting", "adopted", "adoption_order", "hosting"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SCANNED = 16  # shares that are tried from nobody up where more adopters may also bring relief
_SWEEPS = 40  # what needs more is far below any limit of voltage
_SUSPECTS = 8  # hours of each kind that are asked first
_EVENLY = 1000  # steps of the share when every bus takes part of its own


@dataclass(frozen=True)
class Binding:
    """What stands in the way.

    Attributes
    ----------
    kind : str
        ``"low voltage"``, ``"high voltage"``, ``"line"``, ``"transformer"``, or ``"collapse"`` where there are no voltages
        that carry the loads at all.
    bus : int
        Where; for a line, the bus below it.
    name : str
        Of the bus.
    hour : int
    value, limit : float
        Voltage or loading there, and the limit that it breaks [1].
    """

    kind: str
    bus: int
    name: str
    hour: int
    value: float
    limit: float


@dataclass(frozen=True)
class Hosting:
    """What a feeder can take.

    Attributes
    ----------
    share : float
        Largest share of the adopters, 0 to 1, at which everything is within the limits; 0 too where it is not without
        any, which `binding` then tells.
    binding : Binding, optional
        What breaks first with one adopter more; nothing when all can adopt.
    next_share : float
        The share when what binds has been put right: the line or the transformer made strong enough, the voltage held.
    next_binding : Binding, optional
        What breaks then.
    order : array of int
        The buses in the order in which they adopt; none where every bus takes its part.
    monotone : bool
        Whether more adopters are known never to bring relief; if not, shares were scanned from nobody up.
    unknown_ratings : int
        Lines, and the transformer, whose rating is not known: they are not held to any.
    """

    share: float
    binding: Binding | None
    next_share: float
    next_binding: Binding | None
    order: Whole
    monotone: bool
    unknown_ratings: int


Ask = Callable[[int, Whole], tuple[Hourly, Flags, Binding | None]]


def adoption_order(weight: Floats, seed: int = 0) -> Whole:
    """Return the buses where something may be added, in a random order.

    Parameters
    ----------
    weight : array (profiles, n)
        See :class:`energy.electrification.feeder_year.Added`.
    seed : int
        The same seed gives the same order.

    Returns
    -------
    array of int

    Examples
    --------
    >>> sorted(adoption_order(np.array([[0.0, 1.0, 2.0, 0.0]])).tolist())
    [1, 2]
    """
    who = np.flatnonzero((weight > 0).any(axis=0))
    return np.random.default_rng(seed).permutation(who)


def adopted(added: Added, share: float, order: Whole | None = None) -> Added:
    """Return what is added at a share of adoption.

    Parameters
    ----------
    added : Added
        At full adoption.
    share : float
        0 to 1.
    order : array of int, optional
        Buses as they adopt; without it every bus takes its part.

    Returns
    -------
    Added

    Raises
    ------
    SchemaError
        When the share is not from 0 to 1.

    Examples
    --------
    >>> adopted(Added.of([0, 2, 4], [1.0]), 0.5, np.array([2, 1])).weight.tolist()
    [[0.0, 0.0, 4.0]]
    >>> adopted(Added.of([0, 2, 4], [1.0]), 1.5)
    Traceback (most recent call last):
    twin.errors.SchemaError: 1 problem found:
      - hosting.share: 1.5 is no share; give a number from 0 to 1
    """
    if not 0 <= share <= 1:
        raise SchemaError([Problem("hosting", "share", f"{share:g} is no share; give a number from 0 to 1")])
    if order is None:
        return replace(added, weight=added.weight * share)
    has = np.zeros(added.weight.shape[1], bool)
    has[order[: int(np.floor(share * len(order) + 1e-9))]] = True
    return replace(added, weight=np.where(has, added.weight, 0.0))


def hosting(
    feeder: Feeder,
    loads: Loads,
    limits: Limits,
    *,
    order: npt.ArrayLike | None = None,
    evenly: bool = False,
    seed: int = 0,
    source_pu: float = 1.0,
    tolerance_pu: float = 1e-7,
    threads: int | None = None,
) -> Hosting:
    """Find the largest share of what is added that a feeder can take.

    Parameters
    ----------
    feeder : Feeder
    loads : Loads
        Its tables are there already; `loads.added` is what comes, at full adoption. A few worst hours will do as well
        as a year.
    limits : Limits
    order : array of int, optional
        Buses in the order in which they adopt; without it a random one.
    evenly : bool
        Let every bus take its part of the share instead, in steps of a thousandth.
    seed : int
        Of the random order.
    source_pu : float
        Voltage of the source [1].
    tolerance_pu : float
        Voltages are known to this [1].
    threads : int, optional
        Default: as many as the machine has.

    Returns
    -------
    Hosting

    Raises
    ------
    SchemaError
        When nothing is added, or the order names a bus twice, or one that does not exist or has nothing to add.

    Examples
    --------
    Ten houses of 3 kW, one after the other along a cable of 20 kW: six heat pumps are all it takes.

    >>> from energy.tree import Tree
    >>> r = np.r_[0, np.full(10, 0.005)]
    >>> feeder = Feeder(Tree.of(np.arange(-1, 10)), r, r / 4, np.r_[np.nan, np.full(10, 30.0)], 400.0)
    >>> comes = Added.of(np.r_[0, np.ones(10)], [3.0])
    >>> found = hosting(feeder, Loads.of(feeder, None, added=comes), Limits(0.95, 1.05), order=np.arange(1, 11))
    >>> found.share, found.binding.kind, found.binding.bus, round(found.binding.value, 2), found.next_share
    (0.6, 'line', 1, 1.01, 0.7)
    """
    who = _order(loads.added.weight, order, seed)
    steps = _EVENLY if evenly else len(who)
    monotone = _monotone(loads.added)
    unknown = int(
        np.isnan(feeder.rating_a[feeder.tree.order[1:]]).sum() + np.isnan(feeder.rating_a[feeder.tree.order[0]])
    )

    every = np.arange(loads.hours)

    def asked(feeder: Feeder, limits: Limits) -> Ask:
        def ask(step: int, hours: Whole) -> tuple[Hourly, Flags, Binding | None]:
            comes = adopted(loads.added, step / steps, None if evenly else who)
            found, _ = solve_hours(
                feeder, replace(loads, added=comes), hours, limits, source_pu=source_pu, tolerance_pu=tolerance_pu,
                threads=threads, sweeps=_SWEEPS,
            )  # fmt: skip
            broken = _broken(found, limits)
            return found, broken, _binding(found, broken, hours, feeder, limits) if broken.any() else None

        return ask

    def search(ask: Ask, suspects: Whole, known: int) -> tuple[int, Binding | None]:
        return _suspected(ask, steps, every, suspects, known) if monotone else _scanned(ask, steps, every, known)

    ask = asked(feeder, limits)
    found, _, binding = ask(0, every)
    suspects = _suspects(found, loads.added)
    step, first = (0, binding) if binding else search(ask, suspects, 0)
    further, then = step, None
    if first is not None and first.kind != "collapse":
        again = asked(*_relieved(feeder, limits, first))
        then = again(0, every)[2] if binding else None  # else what was within the limits still is
        further, then = (0, then) if then else search(again, suspects, step)
    binding = first
    return Hosting(
        step / steps, binding, further / steps, then, np.zeros(0, np.int64) if evenly else who, monotone, unknown
    )


def _monotone(added: Added) -> bool:
    """Return whether no hour has both profiles that take power and profiles that feed in."""
    used = added.p_kw[(added.weight > 0).any(axis=1)]
    return not ((used > 0).any(axis=0) & (used < 0).any(axis=0)).any()


def _order(weight: Floats, given: npt.ArrayLike | None, seed: int) -> Whole:
    """Return who adopts one after the other."""
    may = adoption_order(weight, seed)
    if not len(may):
        rule = "nothing is added at any bus: give the profiles of full adoption and how many of them each bus has"
        raise SchemaError([Problem("hosting", "added", rule)])
    if given is None:
        return may
    who = np.asarray(given, np.int64)
    if len(np.unique(who)) != len(who) or not len(who) or not np.isin(who, may).all():
        rule = "name each bus that can adopt at most once, and only buses at which something is added"
        raise SchemaError([Problem("hosting", "order", rule)])
    return who


def _broken(found: Hourly, limits: Limits) -> Flags:
    """Return the hours in which something is outside the limits."""
    return (
        ~found.solved
        | (found.lowest_pu < limits.low_pu)
        | (found.highest_pu > limits.high_pu)
        | (found.loading > limits.loading)
    )


def _suspects(found: Hourly, added: Added) -> Whole:
    """Return the hours that look worst: without any adoption, and by how much is added."""
    total = added.weight.sum(axis=1) @ added.p_kw
    by = (found.lowest_pu, -found.highest_pu, -np.nan_to_num(found.loading), total, -total)
    return np.unique(np.concatenate([np.argsort(values, kind="stable")[:_SUSPECTS] for values in by]))


def _bisected(ask: Ask, good: int, bad: int, hours: Whole, worst: Binding | None) -> tuple[int, Binding | None]:
    """Return the last step within the limits and what breaks at the next, of hours that all break at `bad`."""
    while bad - good > 1:
        middle = (good + bad) // 2
        _, broken, binding = ask(middle, hours)
        if binding:
            bad, worst, hours = middle, binding, hours[broken]
        else:
            good = middle
    return good, worst


def _suspected(ask: Ask, steps: int, hours: Whole, suspects: Whole, known: int) -> tuple[int, Binding | None]:
    """Find the last step within the limits from the suspected hours, then ask all the others whether they agree."""
    _, broken, worst = ask(steps, suspects)
    good = steps
    if worst:
        good, worst = _bisected(ask, known, steps, suspects[broken], worst)
    if good == known:
        return good, worst
    _, broken, binding = ask(good, hours)
    return _bisected(ask, known, good, hours[broken], binding) if binding else (good, worst)


def _scanned(ask: Ask, steps: int, hours: Whole, known: int) -> tuple[int, Binding | None]:
    """Find the last step within the limits by trying shares from the known one up, in all hours."""
    good = known
    for bad in np.unique(np.linspace(known + 1, steps, _SCANNED).astype(int)).tolist():
        _, _, worst = ask(bad, hours)
        if worst:
            break
        good = bad
    else:
        return steps, None
    while bad - good > 1:
        middle = (good + bad) // 2
        _, _, binding = ask(middle, hours)
        good, bad, worst = (good, middle, binding) if binding else (middle, bad, worst)
    return good, worst


def _binding(found: Hourly, broken: Flags, hours: Whole, feeder: Feeder, limits: Limits) -> Binding:
    """Return what is the furthest outside its limit, in parts of it."""
    root = int(feeder.tree.order[0])

    def at(kind: str, k: int, bus: int, value: float, limit: float) -> Binding:
        name = str(feeder.names[bus] if feeder.names is not None else bus)
        return Binding(kind, bus, name, int(hours[k]), value, limit)

    if not found.solved.all():
        k = int(np.flatnonzero(~found.solved)[0])
        return at("collapse", k, root, float("nan"), limits.low_pu)
    ways = (
        ("low voltage", found.lowest, found.lowest_pu, limits.low_pu, limits.low_pu - found.lowest_pu),
        ("high voltage", found.highest, found.highest_pu, limits.high_pu, found.highest_pu - limits.high_pu),
        ("line", found.fullest, found.loading, limits.loading, found.loading - limits.loading),
    )
    beyond = np.array([np.where(broken, np.nan_to_num(over, nan=-np.inf) / limit, -np.inf) for *_, limit, over in ways])
    way, k = (int(v) for v in np.unravel_index(int(np.argmax(beyond)), beyond.shape))
    kind, where, value, limit, _ = ways[way]
    bus = int(where[k])
    return at("transformer" if kind == "line" and bus == root else kind, k, bus, float(value[k]), limit)


def _relieved(feeder: Feeder, limits: Limits, binding: Binding) -> tuple[Feeder, Limits]:
    """Return the feeder and the limits without what binds."""
    if binding.kind == "low voltage":
        return feeder, replace(limits, low_pu=1e-9)
    if binding.kind == "high voltage":
        return feeder, replace(limits, high_pu=1e9)
    rating = feeder.rating_a.copy()
    rating[binding.bus] = np.nan
    return replace(feeder, rating_a=rating), limits
