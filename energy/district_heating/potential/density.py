"""Where heat is dense: a grid of cells, candidate areas for a network, and named classes of density.

References
----------
.. [1] Fallahnejad, M., CM District heating potentials: user-defined thresholds, Hotmaps wiki, 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy import sparse

from twin import reference
from twin.errors import Problem, SchemaError, TwinError, did_you_mean
from twin.overlay import Overlay

__all__ = ["Cells", "areas", "candidate_areas", "classify", "heat_density", "threshold"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
Shapes = npt.NDArray[np.object_]

_M2_HA = 10_000.0
_NEIGHBOURS = ((1, 0), (-1, 1), (0, 1), (1, 1))  # half of the eight; the other half is their mirror image


@dataclass(frozen=True)
class Cells:
    """The square cells of a grid that hold any building; the grid starts at the origin of the coordinates.

    Attributes
    ----------
    size_m : float
        Side of a cell [m].
    column, row : array (cells,) of int
        The lower left corner lies at (column, row) times the size.
    overlay : Overlay
        The share of each building's outline in each cell; each building's shares sum to 1.
    """

    size_m: float
    column: Whole
    row: Whole
    overlay: Overlay

    @classmethod
    def under(cls, outlines: Shapes, size_m: float = 100.0) -> Cells:
        r"""Lay the grid under buildings.

        .. math:: s_{c,i} = |A_i \cap C_c| / |A_i|

        Only outlines that reach over an edge of a cell are cut.

        Parameters
        ----------
        outlines : array (n,) of polygons
            In projected metres.
        size_m : float
            Side of a cell [m].

        Returns
        -------
        Cells

        Raises
        ------
        SchemaError
            When an outline is missing, has no area or crosses itself, or the size is not a positive number.

        Examples
        --------
        A building of 40 m x 10 m, a quarter of it west of the edge at 100 m:

        >>> Cells.under(np.array([shapely.box(90, 0, 130, 10)])).overlay.shares.toarray().tolist()
        [[0.25], [0.75]]
        """
        outlines = np.asarray(outlines, object)
        _check_outlines(outlines, size_m)
        bounds = shapely.bounds(outlines).reshape(-1, 4)
        first = np.floor(bounds[:, :2] / size_m).astype(np.intp)
        last = np.maximum(np.ceil(bounds[:, 2:] / size_m).astype(np.intp) - 1, first)
        source, at = _boxes(first, last)
        part = np.ones(len(source))
        cut = (last > first).any(axis=1)[source]
        part[cut] = _areas_in_squares(outlines, source[cut], at[cut] * size_m, size_m)
        part /= np.bincount(source, part, len(outlines))[source]
        held = part > 0
        source, part, at = source[held], part[held], at[held]
        low = at.min(axis=0, initial=np.iinfo(np.intp).max)
        wide = int(np.ptp(at[:, 0])) + 1 if len(at) else 1
        distinct, cell = np.unique((at[:, 1] - low[1]) * wide + at[:, 0] - low[0], return_inverse=True)
        shares = sparse.csr_array((part, (cell, source)), shape=(len(distinct), len(outlines)))
        return cls(float(size_m), distinct % wide + low[0], distinct // wide + low[1], Overlay(shares))

    @property
    def area_ha(self) -> float:
        """Land of a cell [ha]."""
        return self.size_m**2 / _M2_HA

    def sum(self, values: Floats) -> Floats:
        """Return the sum of what adds up (kWh, m2) in each cell, shape (cells,)."""
        return self.overlay.extensive(values)[0]

    def polygons(self) -> Shapes:
        """Return the squares, shape (cells,)."""
        x, y = self.column * self.size_m, self.row * self.size_m
        return np.asarray(shapely.box(x, y, x + self.size_m, y + self.size_m), object)


def _boxes(first: Whole, last: Whole) -> tuple[Whole, Whole]:
    """Return every (building, cell) of rectangles of cells: shapes (pairs,) and (pairs, 2)."""
    span = last - first + 1
    count = span.prod(axis=1)
    source = np.repeat(np.arange(len(first)), count)
    k = np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count)
    wide = span[source, 0]
    return source, first[source] + np.stack([k % wide, k // wide], axis=1)


def _areas_in_squares(outlines: Shapes, source: Whole, corner_m: Floats, size_m: float) -> Floats:
    """Return the area of each outline inside its square, shape (pairs,).

    Exact, from the area between each edge and the square's lower side (Green's theorem); holes run the other way round.
    """
    distinct, which = np.unique(source, return_inverse=True)
    parts, of_part = shapely.get_parts(shapely.orient_polygons(outlines[distinct]), return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    ends = np.flatnonzero(ring[1:] == ring[:-1])
    outline = of_part[of_ring[ring[ends]]]  # ascending: the edges of an outline lie side by side
    start = np.searchsorted(outline, np.arange(len(distinct) + 1))
    count = np.diff(start)[which]
    pair = np.repeat(np.arange(len(source)), count)
    edge = start[which][pair] + np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    a, b = (points[ends[edge] + k] - corner_m[pair] for k in (0, 1))
    return np.maximum(np.bincount(pair, -_under_edge(a, b, size_m), len(source)), 0.0)


def _under_edge(a: Floats, b: Floats, size_m: float) -> Floats:
    """Return the area between edges and the x axis inside the square (0, size)^2; negative where x falls."""
    x = np.clip(np.stack([a[:, 0], b[:, 0]]), 0, size_m)
    run = b[:, 0] - a[:, 0]
    steep = np.divide(b[:, 1] - a[:, 1], run, out=np.zeros(len(run)), where=run != 0)
    y = a[:, 1] + steep * (x - a[:, 0])
    low, high = y.min(axis=0), y.max(axis=0)
    low_in, high_in = np.clip(low, 0, size_m), np.clip(high, 0, size_m)
    over = np.maximum(high - np.maximum(low, size_m), 0) * size_m  # the part above the square counts to its upper side
    inside = (high_in - low_in) * (high_in + low_in) / 2
    mean = np.divide(inside + over, high - low, out=low_in.copy(), where=high > low)
    return mean * (x[1] - x[0])


def _check_outlines(outlines: Shapes, size_m: float) -> None:
    if not (np.isfinite(size_m) and size_m > 0):
        raise SchemaError([Problem("cells", "size_m", "the side of a cell must be a positive number of metres")])
    flat = ~np.isin(shapely.get_type_id(outlines), [3, 6]) | ~(shapely.area(outlines) > 0)
    crossed = ~flat & ~shapely.is_valid(outlines)
    rules = {
        "outlines must be polygons with an area; give the building a footprint or leave it out": flat,
        "outlines must not cross themselves; repair them with shapely.make_valid": crossed,
    }
    _raise("buildings", [("geometry", rule, bad) for rule, bad in rules.items()])


def _raise(table: str, findings: list[tuple[str, str, npt.NDArray[np.bool_]]]) -> None:
    """Raise every rule that any row breaks."""
    problems = [
        Problem(table, column, rule, int(bad.sum()), f"row {int(np.argmax(bad))}")
        for column, rule, bad in findings
        if bad.any()
    ]
    if problems:
        raise SchemaError(problems)


def heat_density(cells: Cells, heat_kwh: Floats, floor_area_m2: Floats) -> pd.DataFrame:
    """Return the heat of each cell.

    Parameters
    ----------
    cells : Cells
        Under the n buildings.
    heat_kwh : array (n,)
        Heat a year, hot water included [kWh].
    floor_area_m2 : array (n,)
        [m2]

    Returns
    -------
    DataFrame (cells rows)
        east_m, north_m (lower left corner), heat_mwh, density_mwh_ha, floor_area_m2, plot_ratio (floor area per land).

    Raises
    ------
    SchemaError
        When heat or floor area is blank or negative: a blank is not a zero.

    Examples
    --------
    >>> cells = Cells.under(np.array([shapely.box(0, 0, 20, 20), shapely.box(90, 0, 110, 20)]))
    >>> heat_density(cells, np.array([200e3, 60e3]), np.array([1500.0, 400.0]))[["density_mwh_ha", "plot_ratio"]].to_numpy().tolist()
    [[230.0, 0.17], [30.0, 0.02]]
    """
    wanted = "must be known and not negative; fill it or leave the building out"
    values = {"heat_kwh": np.asarray(heat_kwh, float), "floor_area_m2": np.asarray(floor_area_m2, float)}
    _raise("buildings", [(name, wanted, ~((v >= 0) & np.isfinite(v))) for name, v in values.items()])
    heat, floor = cells.sum(values["heat_kwh"]) / 1000, cells.sum(values["floor_area_m2"])
    return pd.DataFrame(
        {
            "east_m": cells.column * cells.size_m,
            "north_m": cells.row * cells.size_m,
            "heat_mwh": heat,
            "density_mwh_ha": heat / cells.area_ha,
            "floor_area_m2": floor,
            "plot_ratio": floor / cells.size_m**2,
        }
    )


def candidate_areas(cells: Cells, heat_mwh: Floats, least_mwh_ha: float, least_gwh: float) -> Whole:
    """Return the candidate area that each cell belongs to.

    Cells that are dense enough and touch at a side or a corner form an area; areas with too little heat are dropped
    [1]_.

    Parameters
    ----------
    cells : Cells
    heat_mwh : array (cells,)
        [MWh]
    least_mwh_ha : float
        Least density of a cell [MWh/ha].
    least_gwh : float
        Least heat of an area [GWh].

    Returns
    -------
    array (cells,) of int
        Number of the area, 0 having the most heat; -1 outside all areas.

    Examples
    --------
    Two neighbours and one cell apart:

    >>> cells = Cells.under(np.array([shapely.box(x, 0, x + 10, 10) for x in (0, 100, 300)]))
    >>> candidate_areas(cells, np.array([400.0, 500.0, 600.0]), 300, 0.8).tolist()
    [0, 0, -1]
    """
    dense = np.flatnonzero(heat_mwh >= least_mwh_ha * cells.area_ha)
    area = np.full(len(heat_mwh), -1, np.intp)
    if not len(dense):
        return area
    column, row = cells.column[dense], cells.row[dense]
    wide = int(np.ptp(column)) + 3  # one empty column on either side, so that no neighbour is found round the edge
    key = (row - row.min()) * wide + column - column.min()  # ascending, as the cells are in the order of rows
    pairs = []
    for step, up in _NEIGHBOURS:
        near = key + up * wide + step
        k = np.minimum(np.searchsorted(key, near), len(key) - 1)
        found = np.flatnonzero(key[k] == near)
        pairs.append(np.stack([found, k[found]]))
    a, b = np.concatenate(pairs, axis=1)
    graph = sparse.coo_array((np.ones(len(a)), (a, b)), shape=(len(dense), len(dense)))
    _, label = sparse.csgraph.connected_components(graph, directed=False)
    heat = np.bincount(label, heat_mwh[dense])
    order = np.argsort(-heat, kind="stable")
    rank = np.empty(len(heat), np.intp)
    rank[order] = np.where(heat[order] >= least_gwh * 1000, np.arange(len(heat)), -1)
    area[dense] = rank[label]
    return area


def areas(cells: Cells, table: pd.DataFrame, area: Whole) -> pd.DataFrame:
    """Return what each candidate area holds.

    Parameters
    ----------
    cells : Cells
    table : DataFrame (cells rows)
        Of :func:`heat_density`.
    area : array (cells,) of int
        Of :func:`candidate_areas`.

    Returns
    -------
    DataFrame (areas rows)
        cells, land_ha, heat_gwh, density_mwh_ha, floor_area_m2, plot_ratio, and geometry, the union of the squares.

    Examples
    --------
    >>> cells = Cells.under(np.array([shapely.box(x, 0, x + 10, 10) for x in (0, 100)]))
    >>> table = heat_density(cells, np.array([400e3, 500e3]), np.array([3e3, 5e3]))
    >>> areas(cells, table, np.array([0, 0]))[["cells", "heat_gwh", "density_mwh_ha", "plot_ratio"]].to_numpy().tolist()
    [[2.0, 0.9, 450.0, 0.4]]
    """
    inside = area >= 0
    of = area[inside]
    count = np.bincount(of)
    heat = np.bincount(of, table["heat_mwh"].to_numpy(float)[inside])
    floor = np.bincount(of, table["floor_area_m2"].to_numpy(float)[inside])
    land = count * cells.area_ha
    squares = cells.polygons()[inside]
    return pd.DataFrame(
        {
            "cells": count,
            "land_ha": land,
            "heat_gwh": heat / 1000,
            "density_mwh_ha": heat / land,
            "floor_area_m2": floor,
            "plot_ratio": floor / (land * _M2_HA),
            "geometry": pd.Series(
                [shapely.coverage_union_all(squares[of == k]) for k in range(len(count))], dtype=object
            ),
        }
    )


def _classes(preset: str) -> pd.DataFrame:
    table = reference.table("density_presets")
    rows = table[table["preset"] == preset]
    if rows.empty:
        raise TwinError(f"no preset {preset!r} of heat density{did_you_mean(preset, table['preset'].unique())}")
    return rows


def threshold(preset: str) -> float:
    """Return where the best class of a preset begins, in the preset's own unit.

    Raises
    ------
    TwinError
        When there is no such preset.

    Examples
    --------
    Denmark's 150 TJ/km2 in MWh/ha:

    >>> round(threshold("danish"))
    417
    """
    return float(_classes(preset)["lower"].iloc[-1])


def classify(values: Floats, preset: str) -> pd.Categorical:
    """Return the class of each density.

    Parameters
    ----------
    values : array (n,)
        In the unit of the preset: the column `measure` of ``density_presets``. Blank stays blank.
    preset : str
        E.g. ``"npro"``, ``"vicus"``, ``"french"`` [MWh/m] or ``"danish"``, ``"hotmaps_cell"`` [MWh/ha].

    Returns
    -------
    Categorical (n,)
        Ordered from the thinnest to the densest class.

    Raises
    ------
    TwinError
        When there is no such preset, or a density is negative.

    Examples
    --------
    >>> classify(np.array([0.4, 0.75, 1.5, 1.6, np.nan]), "npro").tolist()
    ['poor', 'average', 'average', 'good', nan]
    """
    rows = _classes(preset)
    values = np.asarray(values, float)
    if (values < 0).any():
        raise TwinError(f"{int((values < 0).sum())} heat densities are negative; heat and lengths must be positive")
    lower = rows["lower"].to_numpy(float)
    edges = np.where(rows["lower_included"] == "yes", lower, np.nextafter(lower, np.inf))
    codes = np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right") - 1)
    return pd.Categorical.from_codes(codes, categories=rows["class"].tolist(), ordered=True)
