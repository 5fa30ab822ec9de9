"""Traffic between zones: the table of journeys made a matrix, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from energy.mobility.assignment.network import Network
from twin.errors import Problem, SchemaError

__all__ = ["balance", "check", "demand_matrix", "disconnected", "leaving"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_NAMED = 5  # at most so many pairs are named in an error


def demand_matrix(
    origin: npt.ArrayLike, destination: npt.ArrayLike, vehicles_vph: npt.ArrayLike, zones: int | Sequence[object]
) -> Floats:
    """Make a table of journeys a matrix; rows of the same pair add up.

    Parameters
    ----------
    origin, destination : array (n,)
        Zones, counted from 0 or by their names.
    vehicles_vph : array (n,)
        [1/h]
    zones : int or sequence
        How many there are, or their names in the order of the matrix.

    Returns
    -------
    array (zones, zones)
        [1/h]

    Raises
    ------
    SchemaError
        When a row names no zone, or a number is negative or missing; it says how many and which is the first.

    Examples
    --------
    >>> demand_matrix(["a", "b"], ["b", "a"], [5.0, 2.0], ["a", "b"]).tolist()
    [[0.0, 5.0], [2.0, 0.0]]
    >>> demand_matrix([0, 3], [1, 0], [5.0, -2.0], 2)
    Traceback (most recent call last):
    twin.errors.SchemaError: 2 problems found:
      - demand.origin: there is no such zone (1 row, first: row 1: 3 -> 0)
      - demand.vehicles_vph: must be a finite number from 0 up (1 row, first: row 1: 3 -> 0)
    """
    names = list(range(zones)) if isinstance(zones, int) else list(zones)
    place = {name: i for i, name in enumerate(names)}
    ends = {"origin": np.asarray(origin).tolist(), "destination": np.asarray(destination).tolist()}
    value = np.asarray(vehicles_vph, float)
    if len({len(value), *map(len, ends.values())}) > 1:
        counts = ", ".join(f"{len(v)} {k}" for k, v in {**ends, "vehicles_vph": value}.items())
        raise SchemaError([Problem("demand", "", f"columns of different length: {counts}")])
    rows = {name: np.array([place.get(v, -1) for v in column], np.int64) for name, column in ends.items()}
    bad = {name: row < 0 for name, row in rows.items()} | {"vehicles_vph": ~(np.isfinite(value) & (value >= 0))}
    problems = []
    for name, wrong in bad.items():
        if wrong.any():
            rule = "must be a finite number from 0 up" if name == "vehicles_vph" else "there is no such zone"
            i = int(wrong.argmax())
            first = f"row {i}: {ends['origin'][i]} -> {ends['destination'][i]}"
            problems.append(Problem("demand", name, rule, int(wrong.sum()), first))
    if problems:
        raise SchemaError(problems)
    matrix = np.zeros((len(names), len(names)))
    np.add.at(matrix, (rows["origin"], rows["destination"]), value)
    return matrix


def check(demand: Floats, zones: int) -> Iterator[Problem]:
    """Yield what is wrong with a matrix of demand."""
    if demand.shape != (zones, zones):
        yield Problem(
            "demand", "", f"has the shape {demand.shape}; the network's {zones} zones need ({zones}, {zones})"
        )
        return
    for bad, rule in ((~np.isfinite(demand), "must be a finite number"), (demand < 0, "must not be negative")):
        if bad.any():
            o, d = (int(i[0]) for i in np.nonzero(bad))
            yield Problem("demand", "", rule, int(bad.sum()), f"zone {o} -> {d} ({demand[o, d]:g})")


def leaving(network: Network, demand: Floats) -> Floats:
    """Return the demand that takes to the streets: not what stays in a zone, or goes to one at the same node."""
    at = network.zone_node
    return np.where(at[:, None] == at[None, :], 0.0, demand)


def disconnected(demand: Floats, cost_h: Floats) -> Problem:
    """Return the problem of demand between zones that no way joins: which pairs, how many, how much.

    Examples
    --------
    >>> print(disconnected(np.array([[0.0, 5.0], [2.0, 0.0]]), np.array([[0.0, np.inf], [0.1, 0.0]])))
    demand: no way leads from origin to destination, which takes 5 of 7 vehicles an hour: 0 -> 1 (5); join the zones to the streets or take their demand away (1 row, first: zone 0 -> 1)
    """
    cut = (demand > 0) & np.isinf(cost_h)
    pairs = np.argwhere(cut)
    named = ", ".join(f"{o} -> {d} ({demand[o, d]:g})" for o, d in pairs[:_NAMED])
    rule = (
        f"no way leads from origin to destination, which takes {demand[cut].sum():g} of {demand.sum():g} vehicles an hour: "
        f"{named}{', ...' if len(pairs) > _NAMED else ''}; join the zones to the streets or take their demand away"
    )
    o, d = pairs[0]
    return Problem("demand", "", rule, len(pairs), f"zone {o} -> {d}")


def balance(network: Network, demand: Floats, flow_vph: Floats) -> Floats:
    """Return what each node gets in and does not pass on, beyond what ends in it; 0 when flows fit the demand [1/h].

    Examples
    --------
    >>> two = Network.of([0], [1], 0.1, 900, 0.15, 4, 5, zones=2)
    >>> balance(two, np.array([[0.0, 5.0], [0.0, 0.0]]), np.array([3.0])).tolist()
    [2.0, -2.0]
    """
    outside = leaving(network, demand)
    ends = outside.sum(axis=0) - outside.sum(axis=1)
    rest = np.zeros(network.nodes)
    np.add.at(rest, network.to_node, flow_vph)
    np.subtract.at(rest, network.from_node, flow_vph)
    np.subtract.at(rest, network.zone_node, ends)
    return rest
