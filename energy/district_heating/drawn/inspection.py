"""The state of a joined network: what hangs together, what is adrift and by how much, loops, blind ends, crossings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from energy.district_heating.drawn.findings import Component, Finding, Report
from energy.district_heating.drawn.loops import loops
from energy.district_heating.drawn.topology import Attachment, Network

__all__ = ["report"]

Whole = npt.NDArray[np.int64]

_EXACT = 64  # so many components have their gap measured to whichever lies nearest; beyond it to the largest


def report(network: Network, plants: Attachment | None = None, consumers: Attachment | None = None) -> Report:
    """Tell what a network consists of.

    Parameters
    ----------
    network : Network
        After all were attached.
    plants, consumers : Attachment, optional
        Without consumers, pipes that end blind are not told.

    Returns
    -------
    Report
    """
    components, adrift = _components(network, plants)
    findings = [*network.findings, *adrift]
    for edges in loops(len(network.node_xy), network.start, network.end, network.length_m):
        at = network.place(int(network.start[edges[0]]))
        length = float(network.length_m[edges].sum())
        findings.append(Finding("loop", network.named(edges), at, length_m=length, count=len(edges)))
    if consumers is not None:
        used = np.zeros(len(network.node_xy), bool)
        for who in (consumers, plants):
            if who is not None:
                used[who.node[who.node >= 0]] = True
                findings += who.findings
        ends = np.concatenate([network.start, network.end])
        blind = np.flatnonzero((np.bincount(ends, minlength=len(used)) == 1) & ~used)
        if len(blind):
            edges = np.flatnonzero(np.isin(network.start, blind) | np.isin(network.end, blind))
            findings.append(Finding("dangling", network.named(edges), network.place(int(blind[0])), count=len(blind)))
    elif plants is not None:
        findings += plants.findings
    return Report(components, tuple(findings), network.tolerance_m)


def _components(network: Network, plants: Attachment | None) -> tuple[tuple[Component, ...], list[Finding]]:
    """Return the connected parts, the longest first, and what is told of those that hang on nothing."""
    if not len(network.pipe):
        return (), []
    part = network.component
    of_edge = part[network.start]
    length = np.bincount(of_edge, network.length_m, minlength=part.max() + 1)
    order = np.argsort(-length, kind="stable")
    fed: dict[int, list[str]] = {}
    if plants is not None:
        for name, node in zip(plants.names, plants.node.tolist(), strict=True):
            if node >= 0:
                fed.setdefault(int(part[node]), []).append(name)
    main = int(order[0])
    found, told = [], []
    edges_of = np.split(np.argsort(of_edge, kind="stable"), np.cumsum(np.bincount(of_edge, minlength=len(length)))[:-1])
    for c in order.tolist():
        edges = edges_of[c]
        at = network.place(int(network.start[edges[0]]))
        others = np.flatnonzero(of_edge != c) if len(order) <= _EXACT or c == main else edges_of[main]
        gap = _gap(network, edges, others)
        names = network.named(edges)
        found.append(Component(names, at, float(length[c]), tuple(fed.get(c, ())), gap))
        kind = "adrift" if plants is not None and c not in fed else "apart" if plants is None and c != main else ""
        if kind:
            told.append(Finding(kind, names, at, value=gap, length_m=float(length[c]), count=len(names)))
    return tuple(found), told + _crossings(network, of_edge, main)


def _crossings(network: Network, part: Whole, main: int) -> list[Finding]:
    """Return where pipes of different parts cross, which the tolerance can not join."""
    away = np.flatnonzero(part != main)
    if not len(away):
        return []
    i, j = shapely.STRtree(network.geometry).query(network.geometry[away], predicate="crosses")
    i = away[i]
    once = (part[i] != part[j]) & ((part[j] == main) | (i < j))
    told = []
    for one, other in zip(i[once].tolist(), j[once].tolist(), strict=True):
        x, y = shapely.get_coordinates(shapely.intersection(network.geometry[one], network.geometry[other]))[0].tolist()
        told.append(Finding("crossing", network.named([one, other]), (x, y), count=2))
    return told


def _gap(network: Network, edges: Whole, others: Whole) -> float:
    """Return the least distance between an end of some edges and other edges, or the other way round [m]."""
    if not len(others) or not len(edges):
        return float("inf")
    gaps = []
    for one, other in ((edges, others), (others, edges)):
        ends = np.unique(np.concatenate([network.start[one], network.end[one]]))
        ends = ends[ends < network.drawn]  # only what the pipes themselves bring is joined by a tolerance
        tree = shapely.STRtree(network.geometry[other])
        _, distance = tree.query_nearest(shapely.points(network.node_xy[ends]), return_distance=True, all_matches=False)
        gaps.append(float(distance.min()))
    return min(gaps)
