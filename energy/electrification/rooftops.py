r"""Solar cells roof by roof: how much a roof carries, which way it faces, and what it gives.

Flat roofs carry rows that face south, so far apart that none shades the next while the sun stands higher than a limit;
pitched roofs carry cells on the faces that give enough. Faces are put into classes of orientation, and the sun on each
class is computed once for the city. A year is :math:`E = A H \eta PR`, as in :mod:`energy.electrification.photovoltaics`.

References
----------
.. [1] Passias, D., Källbäck, B., "Shading effects in rows of solar cell panels", Solar Cells 11(3), 1984, as in
   pvlib.shading.masking_angle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from energy.buildings.season import irradiation_w_m2
from energy.electrification.end_use import EndUse, normalised
from energy.electrification.photovoltaics import hourly_kw_per_m2, yearly_kwh
from twin.errors import Problem, SchemaError

__all__ = ["Rooftops", "ground_cover_ratio", "is_pitched", "long_side", "rooftops"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_CLASSES = 16  # of pitched faces: 22.5 degrees each
_FLAT = _CLASSES  # number of the plane of rows on flat roofs
_SOUTH_DEG = 180.0
_HOMES = ("single_family", "multi_family")  # other roofs are flat


def ground_cover_ratio(tilt_deg: float, shading_limit_deg: float) -> float:
    r"""Return the cells' area per roof area in rows that do not shade each other above a height of the sun.

    .. math:: GCR = \frac{1}{\cos\beta + \sin\beta / \tan\psi}

    It is the formula for the masking angle :math:`\psi` at the foot of a row [1]_, solved for the ratio.

    Parameters
    ----------
    tilt_deg : float
        :math:`\beta` of the rows [degrees].
    shading_limit_deg : float
        :math:`\psi`: height of the sun, in the plane across the rows, above which nothing is shaded [degrees].

    Returns
    -------
    float
        [1]; 1 for cells that lie flat.

    Examples
    --------
    >>> round(ground_cover_ratio(15.0, 15.0), 4), round(ground_cover_ratio(30.0, 9.0), 4)
    (0.5176, 0.2486)
    """
    tilt, limit = np.deg2rad([tilt_deg, shading_limit_deg])
    return float(1 / (np.cos(tilt) + np.sin(tilt) / np.tan(limit)))


def long_side(outlines: npt.NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Return the direction of the long side of each outline's smallest rectangle, and the length of the short one.

    Parameters
    ----------
    outlines : array (n,) of polygon

    Returns
    -------
    (array (n,), array (n,))
        Clockwise from north, from 0 up to 180 [degrees]; and [m]. An outline without area has NaN.

    Examples
    --------
    A house of 10 by 6 m whose long side runs from west to east:

    >>> [a.round(6).tolist() for a in long_side(np.array([shapely.box(0, 0, 10, 6)]))]
    [[90.0], [6.0]]
    """
    found = np.full((2, len(outlines)), np.nan)
    whole = np.flatnonzero(shapely.area(outlines) > 0)
    if not len(whole):
        return found[0], found[1]
    corners = shapely.get_coordinates(shapely.oriented_envelope(outlines[whole])).reshape(-1, 5, 2)
    sides = np.diff(corners[:, :3], axis=1)
    length = np.hypot(sides[..., 0], sides[..., 1])
    long = sides[np.arange(len(whole)), length.argmax(axis=1)]
    found[0, whole] = np.rad2deg(np.arctan2(long[:, 0], long[:, 1])) % 180
    found[1, whole] = length.min(axis=1)
    return found[0], found[1]


def is_pitched(use: pd.Series, height_m: Floats, width_m: Floats, f: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    """Return which roofs are held to be pitched: of houses, and of narrow, low blocks of flats; all others are flat.

    Parameters
    ----------
    use : Series of category (n,)
    height_m, width_m : array (n,)
        Of the building, and of the short side of its outline [m].
    f : mapping
        Factors.
    """
    house, flats = ((use == name).to_numpy(bool) for name in _HOMES)
    block = flats & (height_m <= f["roof.pitched_height_m"])
    return (house | block) & (width_m <= f["roof.pitched_width_m"])


@dataclass(frozen=True)
class Rooftops:
    """What the roofs of a city can carry and give.

    Attributes
    ----------
    buildings : int
    building, plane : array (faces,) of int
        Building and plane of each face that carries cells.
    cells_m2 : array (faces,)
        Area of the cells [m2].
    tilt_deg, azimuth_deg : array (planes,)
        Of each plane; azimuth clockwise from north [degrees].
    kw_m2 : array (planes, hours)
        Power of a square metre of cells [kW/m2].
    irradiation_kwh_m2 : array (planes,)
        In the year [kWh/m2].
    yearly_kwh : array (faces,)
        What each face gives in a year [kWh].
    roof_m2 : array (buildings,)
        Area of the outline [m2].
    pitched : array (buildings,) of bool
    """

    buildings: int
    building: Whole
    plane: Whole
    cells_m2: Floats
    tilt_deg: Floats
    azimuth_deg: Floats
    kw_m2: Floats
    irradiation_kwh_m2: Floats
    yearly_kwh: Floats
    roof_m2: Floats
    pitched: npt.NDArray[np.bool_]

    @property
    def building_cells_m2(self) -> Floats:
        """Cells that each building can carry, (buildings,) [m2]."""
        return np.asarray(np.bincount(self.building, self.cells_m2, self.buildings), float)

    @property
    def building_kwh(self) -> Floats:
        """What each building's roof can give in a year, (buildings,) [kWh]."""
        return np.asarray(np.bincount(self.building, self.yearly_kwh, self.buildings), float)

    def potential(self) -> EndUse:
        """Return all that the roofs can give, with the hours of their planes."""
        return self._as_use(self.yearly_kwh)

    def installed(self, pv_kwh: Floats) -> EndUse:
        """Return the cells that there are: the year's given energy, in the hours of each roof's own faces.

        Parameters
        ----------
        pv_kwh : array (buildings,)
            Of the year's results [kWh]. A roof that is held to carry none follows the plane of flat roofs.

        Returns
        -------
        EndUse
        """
        own = self.building_kwh
        per = np.divide(pv_kwh, own, out=np.zeros(self.buildings), where=own > 0)
        bare = np.flatnonzero((own <= 0) & (pv_kwh != 0))
        use = self._as_use(self.yearly_kwh * per[self.building])
        return EndUse(
            use.name,
            np.concatenate([use.building, bare]),
            np.concatenate([use.shape, np.full(len(bare), _FLAT, np.int64)]),
            np.concatenate([use.energy_kwh, pv_kwh[bare]]),
            use.shapes,
        )

    def _as_use(self, energy_kwh: Floats) -> EndUse:
        return EndUse("pv", self.building, self.plane, energy_kwh, normalised(self.kw_m2))


def rooftops(buildings: pd.DataFrame, weather: pd.DataFrame, f: Mapping[str, float]) -> Rooftops:
    r"""Return what each roof can carry and give.

    .. math:: A_{flat} = A \, s \, GCR, \quad A_{face} = \frac{A}{2 \cos\beta} \, s

    Parameters
    ----------
    buildings : DataFrame (n rows)
        geometry (outlines), use, height_m.
    weather : DataFrame (8760 rows)
        Table ``weather`` with latitude and longitude in its ``attrs``.
    f : mapping
        The year's factors.

    Returns
    -------
    Rooftops

    Raises
    ------
    SchemaError
        Listing outlines that are missing, empty or no areas, and heights that are blank.
    """
    outlines = np.asarray(buildings["geometry"], object)
    height = buildings["height_m"].to_numpy(float)
    _refuse_nonsense(buildings, outlines, height)
    tilt, azimuth, sun, power = _planes(weather, f)
    area = np.asarray(shapely.area(outlines), float)
    homes = np.flatnonzero(buildings["use"].isin(_HOMES).to_numpy(bool))
    direction, width = np.full((2, len(area)), np.nan)
    direction[homes], width[homes] = long_side(outlines[homes])
    pitched = is_pitched(buildings["use"], height, width, f)
    flat_at, pitched_at = np.flatnonzero(~pitched), np.flatnonzero(pitched)
    ratio = ground_cover_ratio(f["photovoltaics.row_tilt_deg"], f["photovoltaics.row_shading_limit_deg"])
    on_flat = area[flat_at] * f["photovoltaics.flat_usable_share"] * ratio
    face = area[pitched_at] / 2 / np.cos(np.deg2rad(f["roof.pitch_deg"])) * f["photovoltaics.pitched_usable_share"]
    step = 360 / _CLASSES
    one = np.rint((direction[pitched_at] + 90) / step).astype(np.int64) % _CLASSES
    building = np.concatenate([flat_at, pitched_at, pitched_at])
    plane = np.concatenate([np.full(len(flat_at), _FLAT), one, (one + _CLASSES // 2) % _CLASSES])
    cells = np.concatenate([on_flat, face, face])
    kept = (sun >= f["photovoltaics.least_share_of_best"] * sun.max())[plane] & (cells > 0)
    building, plane, cells = building[kept], plane[kept], cells[kept]
    efficiency, ratio = f["photovoltaics.efficiency"], f["photovoltaics.performance_ratio"]
    of_plane = np.array([yearly_kwh(np.ones(1), h, efficiency, ratio)[0] for h in sun])
    given = cells * of_plane[plane]
    return Rooftops(len(buildings), building, plane, cells, tilt, azimuth, power, sun, given, area, pitched)


def _planes(weather: pd.DataFrame, f: Mapping[str, float]) -> tuple[Floats, Floats, Floats, Floats]:
    """Return tilt, azimuth, yearly irradiation and hourly power of every class of orientation."""
    azimuth = np.append(np.arange(_CLASSES) * 360 / _CLASSES, _SOUTH_DEG)
    tilt = np.append(np.full(_CLASSES, f["roof.pitch_deg"]), f["photovoltaics.row_tilt_deg"])
    air = weather["temp_air_c"].to_numpy(float)
    sun = np.array(
        [irradiation_w_m2(weather, float(t), float(a), f["season.albedo"]) for t, a in zip(tilt, azimuth, strict=True)]
    )
    power = np.array([hourly_kw_per_m2(plane, air, f) for plane in sun])
    return tilt, azimuth, sun.sum(axis=1) / 1000, power


def _refuse_nonsense(buildings: pd.DataFrame, outlines: Any, height_m: Floats) -> None:
    names = (buildings["building_id"] if "building_id" in buildings else buildings.index.to_series()).astype(str)
    missing = shapely.is_missing(outlines) | shapely.is_empty(outlines)
    found = {
        ("geometry", "is missing or empty; draw the outline of the building"): missing,
        ("geometry", "is no area; draw the outline as a polygon"): ~missing
        & ~np.isin(shapely.get_type_id(outlines), (3, 6)),
        ("height_m", "is blank; load the city with layers.load, which completes it"): ~np.isfinite(height_m),
        ("use", "is blank; say what the building is used for"): buildings["use"].isna().to_numpy(bool),
    }
    problems = [
        Problem("buildings", column, rule, int(bad.sum()), names.iloc[int(np.flatnonzero(bad)[0])])
        for (column, rule), bad in found.items()
        if bad.any()
    ]
    if problems:
        raise SchemaError(problems)
