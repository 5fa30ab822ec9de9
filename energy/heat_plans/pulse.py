"""How a change of temperature travels from the plant to one consumer of the network, as plug flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from energy.district_heating.hydraulics.pipes import Water
from energy.district_heating.hydraulics.plug_flow import Pipe, along_c
from energy.district_heating.hydraulics.steady import steady
from energy.heat_plans.today import NetworkToday, Part
from energy.results import Results
from twin.errors import TwinError, did_you_mean

__all__ = ["Pulse", "pulse"]

_SECONDS = 3600.0


@dataclass(frozen=True)
class Pulse:
    """The way to a consumer.

    Attributes
    ----------
    hours : DataFrame
        hour (of the year), sent_c (by the plant), steady_c and dynamic_c (that arrives if everything stood still, and as
        the water really travels).
    length_m : float
        Of the way [m].
    delay_h : float
        Mean time that the water is under way [h].
    """

    hours: pd.DataFrame
    length_m: float
    delay_h: float


def pulse(
    results: Results,
    today: NetworkToday,
    year: int,
    building_id: str,
    *,
    first_hour: int | None = None,
    hours: int = 168,
) -> Pulse:
    """Follow the water to a consumer through some hours.

    Parameters
    ----------
    results : Results
    today : NetworkToday
        Of the same results and year.
    year : int
    building_id : str
        A connected building.
    first_hour : int, optional
        Of the year; the hours around the coldest without it.
    hours : int

    Returns
    -------
    Pulse

    Raises
    ------
    TwinError
        When the building is not connected, or the hours lie outside the year.
    """
    part, node = _part(today, building_id)
    count = len(today.hourly)
    start = int(np.argmax(today.hourly)) - hours // 2 if first_hour is None else first_hour
    start = int(np.clip(start, 0, count - hours)) if first_hour is None else start
    if not (start >= 0 and hours >= 2 and start + hours <= count):
        raise TwinError(f"hours {start} to {start + hours} lie outside the year of {count} hours; choose others")
    f, water = results.factors.at(year), Water.of(results.factors.at(year))
    span = slice(start, start + hours)
    share, sent = today.hourly[span], today.supply_c[span]
    pipes = part.pipe_tree
    state = steady(
        pipes, share[:, None] * part.tree.demand_w, sent, np.full(len(pipes.tree), f["network.return_c"]),
        np.full(hours, f["network.ground_c"]), water,
    )  # fmt: skip
    way = _way(part, node)
    flows = state.flow_kg_s[:, way].T / water.density_kg_m3
    laid = [Pipe(float(pipes.length_m[i]), float(pipes.diameter_m[i]), float(pipes.loss_w_mk[i])) for i in way]
    arrives = along_c(np.arange(hours) * _SECONDS, sent, list(flows), f["network.ground_c"], laid, water)[-1]
    held = sum(
        np.pi * pipe.diameter_m**2 / 4 * pipe.length_m / flow.mean() for pipe, flow in zip(laid, flows, strict=True)
    )
    table = pd.DataFrame(
        {
            "hour": np.arange(start, start + hours),
            "sent_c": sent,
            "steady_c": state.supply_c[:, node],
            "dynamic_c": arrives,
        }
    )
    return Pulse(table, float(pipes.length_m[way].sum()), float(held) / _SECONDS)


def _part(today: NetworkToday, building_id: str) -> tuple[Part, int]:
    """Return the part that a building hangs on, and its node there."""
    names = list(today.consumers.names)
    if building_id not in names:
        raise TwinError(f"{building_id!r} has no district heating{did_you_mean(building_id, names)}")
    at = int(today.consumers.node[names.index(building_id)])
    for part in today.parts:
        found = np.flatnonzero(part.tree.node == at)
        if at >= 0 and len(found):
            return part, int(found[0])
    raise TwinError(f"no plant feeds the pipe at {building_id!r}; see the report of the network")


def _way(part: Part, node: int) -> list[int]:
    """Return the nodes from the plant to one, without the root."""
    way: list[int] = []
    while part.tree.parent[node] >= 0:
        way.append(node)
        node = int(part.tree.parent[node])
    if not way:
        raise TwinError("the building stands at the plant itself; choose one further away")
    return way[::-1]
