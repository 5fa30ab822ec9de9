"""Road networks and trip tables in the TNTP format, in which test networks of traffic assignment are exchanged.

A file begins with lines ``<KEY> value`` up to ``<END OF METADATA>``; ``~`` begins a comment. A link is a row of ten numbers
that ends with ``;``: the nodes it leaves and reaches, capacity, length, free-flow time, B, power, speed, toll, type. Trips
follow ``Origin n`` as ``destination : trips ;``. Nodes count from 1, zones are the first of them, and those below
``<FIRST THRU NODE>`` are not driven through. Units are the file's own: the time may be minutes or hundredths of an hour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.errors import Problem, SchemaError

__all__ = ["TntpNetwork", "read_network", "read_tntp", "read_trips"]

Floats = npt.NDArray[np.float64]

_COLUMNS = (
    "from_node", "to_node", "capacity", "length", "free_flow_time", "b", "power", "speed", "toll", "link_type",
)  # fmt: skip
_NEEDED = 7  # up to the power; the rest is blank where a row is shorter
_NEVER_NEGATIVE = ("capacity", "length", "free_flow_time", "b", "power")
_KEY = re.compile(r"<([^>]*)>\s*([^~]*)")
_ORIGIN = re.compile(r"origin\b\s*([^\s:;]*)(.*)", re.IGNORECASE)
_END = "END OF METADATA"


@dataclass(frozen=True)
class TntpNetwork:
    """A network as the file has it.

    Attributes
    ----------
    links : DataFrame
        from_node, to_node (counted from 1), capacity, length, free_flow_time, b, power, speed, toll, link_type, and
        `line`, the line of the file.
    zones, nodes, first_thru_node : int
    metadata : dict
        Every key and its value.
    """

    links: pd.DataFrame
    zones: int
    nodes: int
    first_thru_node: int
    metadata: dict[str, str] = field(default_factory=dict)

    def arguments(self, *, toll_factor: float = 0.0, distance_factor: float = 0.0) -> dict[str, Any]:
        """Return the network as the assignment takes it, nodes counted from 0, times and lengths in the file's units.

        Parameters
        ----------
        toll_factor, distance_factor : float
            Time that a unit of toll and of length are worth, for a generalised cost.

        Returns
        -------
        dict
            Arguments of ``energy.mobility.assignment.network.Network.of``.
        """
        t = self.links
        fixed = distance_factor * t["length"].to_numpy()
        if toll_factor:
            fixed = fixed + toll_factor * t["toll"].to_numpy()
        return {
            "from_node": t["from_node"].to_numpy() - 1,
            "to_node": t["to_node"].to_numpy() - 1,
            "free_flow_time_h": t["free_flow_time"].to_numpy(),
            "capacity_vph": t["capacity"].to_numpy(),
            "b": t["b"].to_numpy(),
            "power": t["power"].to_numpy(),
            "length_km": t["length"].to_numpy(),
            "fixed_cost_h": fixed,
            "zones": self.zones,
            "nodes": self.nodes,
            "first_thru": self.first_thru_node - 1,
            "names": [f"line {n}" for n in t["line"]],
        }


class _File:
    """A file's metadata and rows without comments, and the problems that are found in it."""

    def __init__(self, path: Path) -> None:
        self.name, self.problems = path.name, list[Problem]()
        self.metadata: dict[str, str] = {}
        self.rows: list[tuple[int, str]] = []
        if not path.is_file():
            self.add("", f"there is no such file: {path}")
            return
        body = False
        for number, raw in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
            line = raw.strip()
            if not body and (key := _KEY.match(line)):
                self.metadata[key[1].strip().upper()] = key[2].strip()
                body = key[1].strip().upper() == _END
            elif content := line.split("~")[0].strip():
                self.rows.append((number, content))
        if not body:
            self.add("", f"has no <{_END}>; the numbers come after it")

    def add(self, column: str, rule: str, lines: list[int] | None = None) -> None:
        """Note a problem and the lines where it is."""
        first = f"line {lines[0]}" if lines else ""
        self.problems.append(Problem(self.name, column, rule, len(lines) if lines else 1, first))

    def count(self, key: str) -> int:
        """Return a whole number of the metadata; 0 with a problem when it is not there."""
        try:
            number = float(self.metadata[key])
        except KeyError:
            self.add("", f"has no <{key}>; give it before <{_END}>")
        except ValueError:
            self.add("", f"<{key}> is no number: {self.metadata[key]!r}")
        else:
            if number >= 1 and number == int(number):
                return int(number)
            self.add("", f"<{key}> must be a whole number from 1 up; it is {self.metadata[key]}")
        return 0


def read_network(path: str | Path) -> TntpNetwork:
    """Read a ``*_net.tntp`` file.

    Parameters
    ----------
    path : path

    Returns
    -------
    TntpNetwork

    Raises
    ------
    SchemaError
        With every problem, and the line where it is found first.
    """
    network, problems = _network(Path(path))
    if problems:
        raise SchemaError(problems)
    return network


def read_trips(path: str | Path) -> Floats:
    """Read a ``*_trips.tntp`` file; pairs that it does not name have no trips.

    Parameters
    ----------
    path : path

    Returns
    -------
    array (zones, zones)

    Raises
    ------
    SchemaError
        With every problem, and the line where it is found first.
    """
    trips, problems = _trips(Path(path))
    if problems:
        raise SchemaError(problems)
    return trips


def read_tntp(network: str | Path, trips: str | Path) -> tuple[TntpNetwork, Floats]:
    """Read a network and its trips, and see that they fit together.

    Parameters
    ----------
    network, trips : path

    Returns
    -------
    (TntpNetwork, array (zones, zones))

    Raises
    ------
    SchemaError
        With every problem of both files.
    """
    net, problems = _network(Path(network))
    table, more = _trips(Path(trips))
    if not problems and not more and len(table) != net.zones:
        rule = f"has {len(table)} zones and the network {net.zones}; they must be the same"
        more.append(Problem(Path(trips).name, "", rule))
    if problems or more:
        raise SchemaError([*problems, *more])
    return net, table


def _network(path: Path) -> tuple[TntpNetwork, list[Problem]]:
    file = _File(path)
    empty = TntpNetwork(pd.DataFrame(columns=[*_COLUMNS, "line"]), 0, 0, 0)
    if file.problems:
        return empty, file.problems
    zones, nodes, first, links = (
        file.count(key) for key in ("NUMBER OF ZONES", "NUMBER OF NODES", "FIRST THRU NODE", "NUMBER OF LINKS")
    )
    table = _links(file, links)
    if nodes:
        for column, rule, bad in _wrong(table, nodes):
            file.add(column, rule, table["line"][bad].tolist())
        if zones > nodes:
            file.add("", f"<NUMBER OF ZONES> is {zones}, more than the {nodes} nodes")
        if first > nodes + 1:
            file.add("", f"<FIRST THRU NODE> is {first}, and there are {nodes} nodes")
    if file.problems:
        return empty, file.problems
    table = table.astype({"from_node": np.int64, "to_node": np.int64})
    return TntpNetwork(table, zones, nodes, first, file.metadata), []


def _links(file: _File, count: int) -> pd.DataFrame:
    """Return the links of a file, with the line of each."""
    rows, lines, unread = list[list[float]](), list[int](), list[int]()
    for line, content in file.rows:
        for row in filter(str.strip, content.split(";")):
            numbers = _numbers(row)
            if len(numbers) < _NEEDED:
                unread.append(line)
            else:
                rows.append([*numbers, *[np.nan] * len(_COLUMNS)][: len(_COLUMNS)])
                lines.append(line)
    if unread:
        file.add("", f"a link needs {_NEEDED} numbers or more, from its first node to the power", unread)
    found = len(rows) + len(unread)
    if count and found != count:
        file.add("", f"has {found} links and <NUMBER OF LINKS> says {count}; the file may be cut off")
    table = pd.DataFrame(np.array(rows, float).reshape(-1, len(_COLUMNS)), columns=list(_COLUMNS))
    table["line"] = np.array(lines, np.int64)
    return table


def _numbers(row: str) -> list[float]:
    """Return the numbers of a row; none when one of them is no number."""
    try:
        return [float(word) for word in row.split()]
    except ValueError:
        return []


def _wrong(table: pd.DataFrame, nodes: int) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Yield column, rule and which links break it."""
    for column in ("from_node", "to_node"):
        v = table[column].to_numpy()
        bad = ~((v >= 1) & (v <= nodes) & (np.floor(v) == v))
        if bad.any():
            yield column, f"not one of the {nodes} nodes, which are counted from 1", bad
    for column in _NEVER_NEGATIVE:
        v = table[column].to_numpy()
        bad = ~(np.isfinite(v) & (v >= 0))
        if bad.any():
            yield column, "must be a finite number from 0 up", bad


def _trips(path: Path) -> tuple[Floats, list[Problem]]:
    file = _File(path)
    zones = 0 if file.problems else file.count("NUMBER OF ZONES")
    found: dict[str, list[int]] = {}
    table = np.full((zones, zones), np.nan)
    origin: int | None = None
    for line, content in file.rows if zones else ():
        rest = content
        if head := _ORIGIN.match(content):
            origin, rest = _zone(head[1], zones), head[2]
            if origin is None:
                found.setdefault(f"Origin: not one of the {zones} zones, which are counted from 1", []).append(line)
                origin = -1
        if origin is None:
            found.setdefault("trips before the first Origin", []).append(line)
            continue
        for entry in rest.split(";"):
            if entry.strip() and (wrong := _enter(table, origin, entry)):
                found.setdefault(wrong, []).append(line)
    for rule, lines in found.items():
        file.add("", rule, lines)
    return np.nan_to_num(table), file.problems


def _zone(word: str, zones: int) -> int | None:
    """Return the place of a zone; None when there is no such."""
    number = int(word) if word.isdecimal() else 0
    return number - 1 if 1 <= number <= zones else None


def _enter(table: Floats, origin: int, entry: str) -> str:
    """Put one entry into the table; return what is wrong with it, if anything."""
    word, _, value = entry.partition(":")
    destination = _zone(word.strip(), len(table))
    try:
        trips = float(value)
    except ValueError:
        return "an entry must read: destination : trips ;"
    if destination is None:
        return f"destination: not one of the {len(table)} zones, which are counted from 1"
    if not 0 <= trips < np.inf:
        return "trips must be a finite number from 0 up"
    if origin < 0:
        return ""  # its origin is told already
    if not np.isnan(table[origin, destination]):
        return "a pair of zones is there twice; add its trips up or take one away"
    table[origin, destination] = trips
    return ""
