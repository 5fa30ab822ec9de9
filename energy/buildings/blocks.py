"""Where buildings stand in the engine's arrays: in blocks of one zone and profile, padded to whole vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from energy.buildings.loop import ROWS

__all__ = ["Layout", "arrange", "pack"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_LANES = 16  # blocks are padded to whole vectors of 32-bit numbers
_BLOCKS_PER_TASK = 8


@dataclass(frozen=True)
class Layout:
    """Where each building stands in the packed arrays.

    Attributes
    ----------
    source : array (padded,) of int
        Building at each place, -1 for padding.
    blocks : array (blocks, 4) of int
        Offset of the coefficients, first place, width, profile.
    tasks : array (tasks + 1,) of int
        First block of each task; a task lies within one zone and is run by one thread.
    zone : array (tasks,) of int
    """

    source: Whole
    blocks: Whole
    tasks: Whole
    zone: Whole


def arrange(profile: Whole, zone: Whole, size: int, states: int) -> Layout:
    """Return blocks of at most `size` buildings that share a zone and a profile.

    Parameters
    ----------
    profile, zone : array (n,) of int
    size : int
        Buildings in a block, so many that its coefficients fit the first cache.
    states : int
        States that each building has.

    Returns
    -------
    Layout

    Examples
    --------
    >>> arrange(np.array([0, 0, 1, 0]), np.array([0, 1, 0, 0]), 128, 1).blocks[:, 1:].tolist()
    [[0, 16, 0], [16, 16, 1], [32, 16, 0]]
    """
    order = np.lexsort((profile, zone))
    key = np.column_stack([zone, profile])[order]
    cuts = np.append(np.flatnonzero((np.diff(key, axis=0) != 0).any(axis=1)) + 1, len(order))
    source: list[Whole] = []
    blocks: list[tuple[int, ...]] = []
    tasks: list[int] = []
    zones: list[int] = []
    place, start = 0, 0
    for stop in cuts.tolist():
        per = _lanes(math.ceil((stop - start) / math.ceil((stop - start) / size)))
        of_zone, of_profile = key[start]
        for at in range(start, stop, per):
            end = min(at + per, stop)
            width = _lanes(end - at)
            source.append(np.concatenate([order[at:end], np.full(width - (end - at), -1)]))
            if not zones or zones[-1] != of_zone or len(blocks) - tasks[-1] >= _BLOCKS_PER_TASK:
                tasks.append(len(blocks))
                zones.append(int(of_zone))
            blocks.append((place * ROWS * states, place, width, int(of_profile)))
            place += width
        start = stop
    return Layout(
        np.concatenate(source),
        np.array(blocks, np.int64).reshape(-1, 4),
        np.array([*tasks, len(blocks)], np.int64),
        np.array(zones, np.int64),
    )


def _lanes(count: int) -> int:
    """Round up to whole vectors."""
    return math.ceil(count / _LANES) * _LANES


def pack(
    rows: Floats, state_scale: Floats, power_w_k: Floats, layout: Layout, dtype: npt.DTypeLike
) -> tuple[Any, Any, Any]:
    """Return the coefficients block by block, the scale of the state, and the power per degree, with padding.

    Parameters
    ----------
    rows : array (states, ROWS, n)
    state_scale, power_w_k : array (states, n)
    layout : Layout
    dtype : numpy type

    Returns
    -------
    (array (states * ROWS * padded,), array (states, padded), array (states, padded))
    """
    states = len(rows)
    padded = np.zeros((states, ROWS, len(layout.source)), dtype)
    known = layout.source >= 0
    padded[:, :, known] = rows[:, :, layout.source[known]]
    scale = np.ones((states, len(layout.source)), dtype)
    scale[:, known] = state_scale[:, layout.source[known]]
    power = np.ones_like(scale)  # padding needs nothing, in a unit that can be divided by
    power[:, known] = power_w_k[:, layout.source[known]]
    packed = np.empty(states * ROWS * len(layout.source), dtype)
    for offset, first, width, _ in layout.blocks.tolist():
        packed[offset : offset + states * ROWS * width] = padded[:, :, first : first + width].ravel()
    return packed, scale, power
