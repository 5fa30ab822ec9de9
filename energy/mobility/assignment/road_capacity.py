"""What a road of a class takes in an hour, and how its time rises, from ``twin/data/road_capacity.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from twin import reference
from twin.errors import Problem, SchemaError

__all__ = ["RoadCapacity", "road_capacity"]

Floats = npt.NDArray[np.float64]
Case = Literal["capacity_vph_lane", "low", "high"]


@dataclass(frozen=True)
class RoadCapacity:
    """Capacity of links, and the constants by which their time rises.

    Attributes
    ----------
    capacity_vph, b, power : array (n,)
        Of one direction [1/h], [1], [1].
    """

    capacity_vph: Floats
    b: Floats
    power: Floats


def road_capacity(
    road_class: npt.ArrayLike, lanes: npt.ArrayLike, case: Case = "capacity_vph_lane"
) -> RoadCapacity:  # fmt: skip
    """Return capacity and constants of links by their class.

    Parameters
    ----------
    road_class : array (n,) of str
    lanes : array (n,)
        Of one direction; half a lane where both directions share one [1].
    case : str
        The best estimate, or the low or the high end of its range.

    Returns
    -------
    RoadCapacity

    Raises
    ------
    SchemaError
        When a class carries no motor traffic or is not in the table, or a link has no lane.

    Examples
    --------
    >>> road_capacity(["motorway", "residential"], [2, 1]).capacity_vph.tolist()
    [4000.0, 600.0]
    >>> road_capacity(["pedestrian_cycle"], [1])
    Traceback (most recent call last):
    twin.errors.SchemaError: 1 problem found:
      - links.road_class: has no capacity for motor traffic; leave such links out (1 row, first: 0: pedestrian_cycle)
    """
    table = reference.table("road_capacity").set_index("road_class")
    place = table.index.get_indexer(np.asarray(road_class, object))
    width = np.asarray(lanes, float)
    problems = []
    for column, bad, rule, value in (
        (
            "road_class",
            place < 0,
            "has no capacity for motor traffic; leave such links out",
            np.asarray(road_class, object),
        ),
        ("lanes", ~(np.isfinite(width) & (width > 0)), "must be above 0", width),
    ):
        if bad.any():
            i = int(bad.argmax())
            problems.append(Problem("links", column, rule, int(bad.sum()), f"{i}: {value[i]}"))
    if problems:
        raise SchemaError(problems)
    rows = table.iloc[place]
    return RoadCapacity(
        rows[case].to_numpy(float) * width, rows["b"].to_numpy(float), rows["power"].to_numpy(float)
    )  # fmt: skip
