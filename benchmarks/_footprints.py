"""Synthetic footprints of mixed shape: boxes, angles, courtyards, with vertices on straight walls; seeded."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["footprints"]

_EAST, _NORTH, _SPACING_M = 130_000.0, 6_380_000.0, 60.0


def footprints(count: int, seed: int = 7) -> npt.NDArray[Any]:
    """Return that many valid polygons on a grid, each turned by an angle of its own.

    Parameters
    ----------
    count, seed : int

    Returns
    -------
    array (count,) of Polygon
        In EPSG:3007 [m].
    """
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(8, 40, count), rng.uniform(8, 40, count)
    kind = rng.choice(["box", "angle", "court"], count, p=[0.6, 0.3, 0.1])
    zero = np.zeros(count)
    straight = np.stack([zero, zero, a / 2, zero, a, zero, a, b, zero, b], axis=1).reshape(count, 5, 2)
    angle = np.stack([zero, zero, a, zero, a, b / 2, a / 2, b / 2, a / 2, b, zero, b], axis=1).reshape(count, 6, 2)
    hole = np.array([[0.3, 0.3], [0.3, 0.7], [0.7, 0.7], [0.7, 0.3]]) * np.stack([a, b], axis=1)[:, None, :]
    turn = rng.uniform(0, np.pi / 2, count)
    columns = int(np.ceil(np.sqrt(count)))
    at = np.arange(count)
    corner = np.stack([_EAST + at % columns * _SPACING_M, _NORTH + at // columns * _SPACING_M], axis=1)

    def laid(ring: npt.NDArray[np.float64], k: int) -> npt.NDArray[np.float64]:
        c, s = np.cos(turn[k]), np.sin(turn[k])
        placed: npt.NDArray[np.float64] = ring @ np.array([[c, s], [-s, c]]) + corner[k]
        return placed

    shapes = np.empty(count, object)
    for k in range(count):
        outer = angle[k] if kind[k] == "angle" else straight[k]
        shapes[k] = shapely.Polygon(laid(outer, k), [laid(hole[k], k)] if kind[k] == "court" else None)
    return shapes
