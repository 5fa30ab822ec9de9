"""Coordinate systems: one projected CRS inside the city, WGS 84 only at the map's edge.

Swedish codes [1]_: EPSG:3006 SWEREF 99 TM, EPSG:3007 SWEREF 99 12 00 (Göteborg's), EPSG:5613 RH 2000,
EPSG:5846 = 3007 + RH 2000. The official axis order is north, east; everything here is east, north.

References
----------
.. [1] EPSG registry; goteborg.se, "Beställ kartor och geodata": SWEREF 99 12 00 in plan, RH 2000 in height.
"""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from twin.errors import TwinError

__all__ = ["WGS84", "compound", "parse", "plausible_bounds", "transform", "transformer", "vertical_transformer"]

WGS84 = "EPSG:4326"
_COMPOUND = {3006: 5845, 3007: 5846, 3008: 5847}  # plane code -> the code that adds RH 2000

Floats = npt.NDArray[np.float64]


@cache
def parse(text: str) -> CRS:
    """Return the CRS that `text` names (``"EPSG:3007"``, ``3007``, WKT ...).

    Raises
    ------
    TwinError
        When the text names no CRS.
    """
    try:
        return CRS.from_user_input(int(text) if str(text).isdigit() else text)
    except (CRSError, ValueError) as error:
        raise TwinError(f"{text!r} is not a coordinate system; write a code such as EPSG:3007 or EPSG:3006") from error


@cache
def transformer(source: str, target: str) -> Transformer:
    """Return a transformer between two CRS with coordinates in the order east, north."""
    return Transformer.from_crs(parse(source), parse(target), always_xy=True)


def transform(xy: Floats, source: str, target: str) -> Floats:
    """Transform plane coordinates.

    Parameters
    ----------
    xy : array (n, 2)
        East and north (longitude and latitude) in `source` [m or degrees].
    source, target : str
        CRS, e.g. ``"EPSG:3007"``.

    Returns
    -------
    array (n, 2)
        Coordinates in `target`.

    Examples
    --------
    >>> transform(np.array([[147_000.0, 6_399_000.0]]), "EPSG:3007", "EPSG:4326").round(4).tolist()
    [[11.9497, 57.7101]]
    """
    if parse(source) == parse(target):
        return np.asarray(xy, float)
    x, y = transformer(source, target).transform(xy[:, 0], xy[:, 1])
    return np.column_stack([x, y])


def plausible_bounds(crs: str) -> tuple[float, float, float, float]:
    """Return the CRS's area of use as (west, south, east, north) in its own units.

    Raises
    ------
    TwinError
        When the CRS states no area of use.
    """
    system = parse(crs)
    area = system.area_of_use
    if area is None:
        raise TwinError(f"{crs} states no area of use, so coordinates cannot be checked; name it by its EPSG code")
    if system.is_geographic:
        return area.bounds
    x, y = transformer(WGS84, crs).transform(
        [area.west, area.east, area.west, area.east, (area.west + area.east) / 2],
        [area.south, area.south, area.north, area.north, area.south],
    )
    return float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))


def compound(crs: str) -> str:
    """Return the single EPSG code of a Swedish plane system with heights in RH 2000.

    Examples
    --------
    >>> compound("EPSG:3007")
    'EPSG:5846'
    """
    code = parse(crs).to_epsg()
    if code not in _COMPOUND:
        raise TwinError(f"no compound code with RH 2000 is known for {crs}; use EPSG:3006, 3007 or 3008")
    return f"EPSG:{_COMPOUND[code]}"


def vertical_transformer(source: str, target: str) -> Transformer:
    """Return a transformer of heights, or refuse when its grid is missing.

    PROJ returns heights unchanged, without a word, when the geoid grid is not installed; that would sink
    Göteborg's buildings by some 36 m.

    Raises
    ------
    TwinError
        When the best transformation needs a grid that is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a missing grid is an error below, not a hint
        group = TransformerGroup(parse(source), parse(target), always_xy=True)
    if not group.best_available:
        names = sorted({g.short_name for o in group.unavailable_operations for g in o.grids})
        raise TwinError(
            f"heights cannot be transformed from {source} to {target}: the grid {', '.join(names) or 'needed'} is not "
            "installed. Install it (projsync) or state heights relative to the terrain."
        )
    return group.transformers[0]
