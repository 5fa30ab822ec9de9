r"""Modelled traffic scaled to counted traffic.

.. math:: \min_{x \ge 0} \sum_k w_k \left( \frac{\sum_{l \in k} x_{g(l)} v_l - c_k}{c_k} \right)^2
          + \lambda \sum_g (x_g - 1)^2, \quad GEH = \sqrt{\frac{2 (m - c)^2}{m + c}}

A factor belongs to a group of links, e.g. a class of road; a group without counters keeps the factor 1. GEH compares
hourly flows; below 5 is usually called good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.optimize import lsq_linear

from twin import reference
from twin.errors import Problem, SchemaError, TwinError, did_you_mean

__all__ = ["Scaled", "aadt_of", "geh", "hourly_shares", "on_roads", "scale_to_counts", "two_way"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

DAY_TYPES = ("weekday", "weekend")


@dataclass(frozen=True)
class Scaled:
    """Flows that fit the counters.

    Attributes
    ----------
    flow : array (links,)
        [1/d]
    factor : Series
        By group.
    counters : DataFrame
        counter, counted, modelled, scaled [1/d], geh_before, geh_after, one row a counter.
    """

    flow: Floats
    factor: pd.Series
    counters: pd.DataFrame


def geh(modelled: Floats, counted: Floats) -> Floats:
    """Return the GEH of hourly flows.

    Examples
    --------
    >>> geh(np.array([1100.0, 0.0]), np.array([1000.0, 0.0])).round(3).tolist()
    [3.086, 0.0]
    """
    total = np.asarray(modelled, float) + counted
    return np.sqrt(2 * (np.asarray(modelled, float) - counted) ** 2 / np.where(total > 0, total, 1.0))


def hourly_shares(day_type: str = "weekday") -> Floats:
    """Return each hour's share of a day's traffic, which sum to 1.

    Examples
    --------
    >>> hours = hourly_shares()
    >>> int(hours.argmax()), round(float(hours.max()), 4)
    (8, 0.0788)
    """
    if day_type not in DAY_TYPES:
        raise TwinError(f"no type of day {day_type!r}{did_you_mean(day_type, DAY_TYPES)}")
    table = reference.table("traffic_profiles")
    return table[table["day_type"] == day_type].sort_values("hour")["share"].to_numpy(float)


def aadt_of(weekday: Floats, weekend: Floats) -> Floats:
    """Return the average day of counters that tell weekdays and weekends apart [1/d].

    The season is not corrected for: a count of one month stands for the year.

    Examples
    --------
    >>> aadt_of(np.array([6874.0]), np.array([6326.0])).round(1).tolist()
    [6717.4]
    """
    return (5 * np.asarray(weekday, float) + 2 * np.asarray(weekend, float)) / 7


def two_way(counted: Floats, directions: Whole, f: Mapping[str, float]) -> Floats:
    """Return the traffic of both directions: a counter of one direction sees only a part of it.

    Parameters
    ----------
    counted : array (counters,)
        [1/d]
    directions : array (counters,)
        1 or 2 that the counter measures.
    f : mapping
        ``travel.direction_share`` of the direction that is measured.

    Examples
    --------
    >>> two_way(np.array([6874.0, 3091.0]), np.array([2, 1]), {"travel.direction_share": 0.5}).tolist()
    [6874.0, 6182.0]
    """
    directions = np.asarray(directions)
    if not np.isin(directions, (1, 2)).all():
        raise TwinError(
            "a counter measures 1 or 2 directions; look it up, since one direction is about half of the traffic"
        )
    return np.asarray(counted, float) / np.where(directions == 2, 1.0, f["travel.direction_share"])


def on_roads(counters: npt.NDArray[np.object_], roads: npt.NDArray[np.object_], reach_m: float) -> Whole:
    """Return the row of the nearest road of each counter; -1 beyond reach."""
    at = np.full(len(counters), -1)
    if len(roads):
        (who, what), far = shapely.STRtree(roads).query_nearest(counters, return_distance=True, all_matches=False)
        at[who] = np.where(far <= reach_m, what, -1)
    return at


def scale_to_counts(
    flow: Floats,
    group: npt.NDArray[np.object_],
    counters: pd.DataFrame,
    *,
    damping: float = 0.01,
    hour_share: float | None = None,
) -> Scaled:
    """Find factors by group of links with which the flows fit the counters best.

    Parameters
    ----------
    flow : array (links,)
        Modelled traffic of both directions [1/d].
    group : array (links,)
        What a factor is shared by, e.g. the class of road.
    counters : DataFrame
        counter, link (row of `flow`; several rows of one counter are summed up), counted [1/d, both directions], perhaps
        weight (1 without).
    damping : float
        Pull of the factors towards 1, in relation to a counter of weight 1.
    hour_share : float, optional
        The hour that GEH compares; the busiest of a weekday without it.

    Returns
    -------
    Scaled

    Raises
    ------
    SchemaError
        When a counter names no link, or a count is not above zero; all problems at once.
    """
    flow = np.asarray(flow, float)
    _check(flow, counters)
    names, of = np.unique(np.asarray(group).astype(str), return_inverse=True)
    ids, k = np.unique(counters["counter"].astype(str), return_inverse=True)
    link = counters["link"].to_numpy(np.int64)
    first = np.zeros(len(ids), np.int64)
    first[k[::-1]] = np.arange(len(k))[::-1]
    counted = counters["counted"].to_numpy(float)[first]
    weight = counters["weight"].to_numpy(float)[first] if "weight" in counters else np.ones(len(ids))
    share = np.zeros((len(ids), len(names)))
    np.add.at(share, (k, of[link]), flow[link])
    rows = np.concatenate([np.sqrt(weight)[:, None] * share / counted[:, None], np.sqrt(damping) * np.eye(len(names))])
    wanted = np.concatenate([np.sqrt(weight), np.full(len(names), np.sqrt(damping))])
    factor = lsq_linear(rows, wanted, bounds=(0, np.inf), method="bvls").x
    untouched = share.sum(axis=0) == 0
    factor = np.where(untouched, 1.0, np.maximum(factor, 0.0))
    before, after = share.sum(axis=1), share @ factor
    hour = float(hourly_shares().max()) if hour_share is None else hour_share
    report = pd.DataFrame(
        {
            "counter": ids,
            "counted": counted,
            "modelled": before,
            "scaled": after,
            "geh_before": geh(hour * before, hour * counted),
            "geh_after": geh(hour * after, hour * counted),
        }
    )
    return Scaled(flow * factor[of], pd.Series(factor, index=names, name="factor"), report)


def _check(flow: Floats, counters: pd.DataFrame) -> None:
    problems = [
        Problem("counters", c, "the column is missing") for c in ("counter", "link", "counted") if c not in counters
    ]
    if problems:
        raise SchemaError(problems)
    if counters.empty:
        raise TwinError("there is no counter; without counts the traffic of classes stands, with its wide range")
    n = len(flow)
    for column, bad, rule in (
        ("link", ~counters["link"].isin(range(n)), "lies on no link; move it nearer to a street, or leave it out"),
        ("counted", ~(counters["counted"] > 0) | ~np.isfinite(counters["counted"].astype(float)), "give vehicles a day, more than 0"),
        ("counted", counters.groupby("counter")["counted"].transform("nunique") > 1, "one counter has several counts; give each row of it the same"),
    ):  # fmt: skip
        if bad.any():
            problems.append(
                Problem("counters", column, rule, int(bad.sum()), str(counters.loc[bad, "counter"].iloc[0]))
            )
    if not (np.isfinite(flow) & (flow >= 0)).all():
        problems.append(Problem("links", "flow", "give a number, 0 or more"))
    if "weight" in counters and not (counters["weight"] >= 0).all():
        problems.append(Problem("counters", "weight", "give a number, 0 or more"))
    if problems:
        raise SchemaError(problems)
