"""A road network as traffic sees it: links that lead one way from node to node, zones at nodes, and what each link costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from energy.mobility.assignment.costs import rising
from twin.errors import Problem, SchemaError

__all__ = ["Graph", "Network"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int32]

_TABLE = "links"
_NUMBERS = ("free_flow_time_h", "b", "power", "length_km", "fixed_cost_h")


@dataclass(frozen=True)
class Graph:
    """A network's links sorted by the node that they leave, as the compiled loops take them.

    Attributes
    ----------
    order : array (links,)
        Which link lies at each place.
    start : array (nodes + 1,)
        Where the links of each node begin.
    head, tail : array (links,)
        Nodes that a link leads to and comes from.
    free, rise, per, power : array (links,)
        Cost of an empty link [h], what is added at capacity [h], one over the capacity [h], and the exponent.
    length_km, toll_h : array (links,)
        [km], and the part of the cost that is no time [h].
    """

    order: Whole
    start: Indices
    head: Indices
    tail: Indices
    free: Floats
    rise: Floats
    per: Floats
    power: Floats
    length_km: Floats
    toll_h: Floats


@dataclass(frozen=True)
class Network:
    """A road network; build it with :meth:`of`.

    Attributes
    ----------
    from_node, to_node : array (links,) of int
        Where each link begins and ends, nodes counted from 0. Several links may join the same two nodes.
    free_flow_time_h, capacity_vph, b, power, length_km, fixed_cost_h : array (links,)
        As given to :meth:`of`.
    zone_node : array (zones,) of int
        Where the traffic of each zone begins and ends.
    nodes : int
        How many there are.
    first_thru : int
        Nodes below it are not driven through: traffic may only begin and end there.
    """

    from_node: Whole
    to_node: Whole
    free_flow_time_h: Floats
    capacity_vph: Floats
    b: Floats
    power: Floats
    length_km: Floats
    fixed_cost_h: Floats
    zone_node: Whole
    nodes: int
    first_thru: int

    @classmethod
    def of(
        cls,
        from_node: npt.ArrayLike,
        to_node: npt.ArrayLike,
        free_flow_time_h: npt.ArrayLike,
        capacity_vph: npt.ArrayLike,
        b: npt.ArrayLike,
        power: npt.ArrayLike,
        length_km: npt.ArrayLike,
        fixed_cost_h: npt.ArrayLike | None = None,
        *,
        zones: int | npt.ArrayLike,
        first_thru: int = 0,
        nodes: int | None = None,
        names: Sequence[object] | None = None,
    ) -> Network:
        """Check links and zones, and make a network of them.

        Parameters
        ----------
        from_node, to_node : array (links,) of int
            Nodes, counted from 0.
        free_flow_time_h : array (links,)
            Time on an empty link; 0 is allowed [h].
        capacity_vph : array (links,)
            Vehicles an hour; may be 0 or NaN where the time does not rise [1/h].
        b, power : array (links,)
            How much longer a full link takes, and the exponent; 0 where the time does not rise [1].
        length_km : array (links,)
            [km]
        fixed_cost_h : array (links,), optional
            What a link costs besides time, as of :func:`~energy.mobility.assignment.costs.fixed_cost_h` [h].
        zones : int or array (zones,) of int
            The node of each zone, or how many there are, when they are the first nodes. Zones may share a node.
        first_thru : int
            Nodes below it are not driven through.
        nodes : int, optional
            How many there are; default: up to the highest that a link or a zone names.
        names : sequence of n objects, optional
            What links are called in an error; their numbers without it.

        Returns
        -------
        Network

        Raises
        ------
        SchemaError
            With every problem that there is, and the link where it is found first.

        Examples
        --------
        >>> Network.of([0, 0], [1, 1], [0.1, 0.2], [800, np.nan], [0.15, 0], [4, 0], [5, 8], zones=2).nodes
        2
        >>> Network.of([0, 0], [1, 7], [0.1, -0.2], [0, 900], 0.15, 4.0, 5.0, zones=2, nodes=2)
        Traceback (most recent call last):
        twin.errors.SchemaError: 3 problems found:
          - links.to_node: not one of the 2 nodes, which are counted from 0 (1 row, first: link 1 (0 -> 7))
          - links.free_flow_time_h: must be a finite number from 0 up (1 row, first: link 1 (0 -> 7))
          - links.capacity_vph: must be above 0 where the time rises with the flow; set b to 0 where it does not (1 row, first: link 0 (0 -> 1))
        """
        tail, head = (np.atleast_1d(np.asarray(v, float)) for v in (from_node, to_node))
        given = {
            "free_flow_time_h": free_flow_time_h, "capacity_vph": capacity_vph, "b": b, "power": power,
            "length_km": length_km, "fixed_cost_h": 0.0 if fixed_cost_h is None else fixed_cost_h,
        }  # fmt: skip
        columns = {name: np.asarray(v, float) for name, v in given.items()}
        zone = np.arange(zones) if isinstance(zones, int | np.integer) else np.asarray(zones, float)
        uneven = [
            Problem(_TABLE, name, f"{v.size} values for {len(tail)} links; give one for each")
            for name, v in {"to_node": head, **columns}.items()
            if v.shape not in ((), (len(tail),)) or (name == "to_node" and v.shape != tail.shape)
        ]
        if uneven:
            raise SchemaError(uneven)
        columns = {name: np.array(np.broadcast_to(v, len(tail))) for name, v in columns.items()}
        if nodes is None:
            seen = np.concatenate([tail, head, np.asarray(zone, float)])
            nodes = int(seen[np.isfinite(seen)].max(initial=-1)) + 1
        problems = [*_node_problems(tail, head, nodes, names), *_value_problems(tail, head, columns, names)]
        problems += _zone_problems(np.asarray(zone, float), nodes)
        if problems:
            raise SchemaError(problems)
        ends = (v.astype(np.int64) for v in (tail, head))
        values = (columns[name] for name in given)
        return cls(*ends, *values, zone.astype(np.int64), nodes, int(first_thru))  # type: ignore[call-arg, arg-type]

    @property
    def zones(self) -> int:
        """How many zones there are."""
        return len(self.zone_node)

    def __len__(self) -> int:
        """Return how many links there are."""
        return len(self.from_node)

    @cached_property
    def graph(self) -> Graph:
        """The links as the compiled loops take them."""
        order = np.argsort(self.from_node, kind="stable")
        tail = self.from_node[order]
        time, b, power = (v[order] for v in (self.free_flow_time_h, self.b, self.power))
        rises = rising(time, b, power)
        toll = self.fixed_cost_h[order]
        return Graph(
            order,
            np.searchsorted(tail, np.arange(self.nodes + 1)).astype(np.int32),
            self.to_node[order].astype(np.int32),
            tail.astype(np.int32),
            time * np.where(power == 0, 1 + b, 1.0) + toll,
            np.where(rises, time * b, 0.0),
            np.divide(1.0, self.capacity_vph[order], out=np.zeros(len(order)), where=rises),
            np.where(rises, power, 1.0),
            self.length_km[order],
            toll,
        )


def _link(i: int, tail: Floats, head: Floats, names: Sequence[object] | None) -> str:
    """Return what a link is called in an error."""
    name = f"link {i}" if names is None else str(names[i])
    return f"{name} ({tail[i]:g} -> {head[i]:g})"


def _node_problems(tail: Floats, head: Floats, nodes: int, names: Sequence[object] | None) -> Iterator[Problem]:
    for column, v in (("from_node", tail), ("to_node", head)):
        bad = ~((v >= 0) & (v < nodes) & (np.floor(v) == v))
        if bad.any():
            first = _link(int(bad.argmax()), tail, head, names)
            yield Problem(
                _TABLE, column, f"not one of the {nodes} nodes, which are counted from 0", int(bad.sum()), first
            )


def _value_problems(
    tail: Floats, head: Floats, columns: dict[str, Floats], names: Sequence[object] | None
) -> Iterator[Problem]:
    def found(column: str, bad: Flags, rule: str) -> Iterator[Problem]:
        if bad.any():
            yield Problem(_TABLE, column, rule, int(bad.sum()), _link(int(bad.argmax()), tail, head, names))

    for column in _NUMBERS:
        v = columns[column]
        yield from found(column, ~(np.isfinite(v) & (v >= 0)), "must be a finite number from 0 up")
    capacity = columns["capacity_vph"]
    yield from found("capacity_vph", capacity < 0, "must not be negative")
    needed = rising(columns["free_flow_time_h"], columns["b"], columns["power"]) & ~(capacity > 0) & ~(capacity < 0)
    rule = "must be above 0 where the time rises with the flow; set b to 0 where it does not"
    yield from found("capacity_vph", needed, rule)


def _zone_problems(zone: Floats, nodes: int) -> Iterator[Problem]:
    bad = ~((zone >= 0) & (zone < nodes) & (np.floor(zone) == zone))
    if not len(zone):
        yield Problem("zones", "", "there is none; traffic begins and ends in zones")
    if bad.any():
        i: Any = int(bad.argmax())
        rule = f"lies at none of the {nodes} nodes, which are counted from 0"
        yield Problem("zones", "node", rule, int(bad.sum()), f"zone {i} (node {zone[i]:g})")
