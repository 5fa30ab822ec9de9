"""The surfaces of a building by element, and the heat that they and the air lose per degree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings import seasonal
from twin.geometry import ORIENTATIONS

__all__ = ["Elements", "element_areas", "heat_loss_w_k", "transmission_w_k", "ventilation_w_m2k"]

Floats = npt.NDArray[np.float64]


_U = ("u_wall_w_m2k", "u_roof_w_m2k", "u_floor_w_m2k", "u_window_w_m2k", "u_door_w_m2k")


@dataclass(frozen=True, slots=True)
class Elements:
    """Areas of the envelope [m2].

    Attributes
    ----------
    wall_m2, roof_m2, floor_m2, window_m2, door_m2 : array (n,)
        Walls without windows and doors; windows of all orientations.
    windows_m2 : array (n, 4)
        Windows by orientation: north, east, south, west.
    """

    wall_m2: Floats
    roof_m2: Floats
    floor_m2: Floats
    window_m2: Floats
    door_m2: Floats
    windows_m2: Floats

    @property
    def stacked_m2(self) -> Floats:
        """Walls, roof, floor, windows, doors, (n, 5)."""
        return np.column_stack([self.wall_m2, self.roof_m2, self.floor_m2, self.window_m2, self.door_m2])


def element_areas(buildings: pd.DataFrame, door_share: float) -> Elements:
    r"""Return the area of each element of the envelope.

    .. math:: A_{window} = s_{window} A_{facade}, \quad A_{wall} = (1 - s_{window} - s_{door}) A_{facade}

    Parameters
    ----------
    buildings : DataFrame (n rows)
        With the columns of :func:`twin.geometry.envelope`, and `window_share`.
    door_share : float
        Share of doors in the facade [1].

    Returns
    -------
    Elements
        [m2]

    Examples
    --------
    >>> house = pd.DataFrame({"wall_north_m2": [270.0], "wall_east_m2": [90.0], "wall_south_m2": [270.0], "wall_west_m2": [90.0],
    ...     "roof_area_m2": [300.0], "footprint_area_m2": [300.0], "window_share": [0.2]})
    >>> element_areas(house, 0.01).stacked_m2.round(1).tolist()
    [[568.8, 300.0, 300.0, 144.0, 7.2]]
    """
    facade = np.column_stack([buildings[f"wall_{o}_m2"].to_numpy(float) for o in ORIENTATIONS])
    windows = facade * buildings["window_share"].to_numpy(float)[:, None]
    gross, window = facade.sum(axis=1), windows.sum(axis=1)
    door = gross * door_share
    return Elements(
        wall_m2=gross - window - door,
        roof_m2=buildings["roof_area_m2"].to_numpy(float),
        floor_m2=buildings["footprint_area_m2"].to_numpy(float),
        window_m2=window,
        door_m2=door,
        windows_m2=windows,
    )


def transmission_w_k(buildings: pd.DataFrame, elements: Elements, floor_reduction: float) -> Floats:
    """Return the heat lost through the elements and their thermal bridges per degree.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        With thermal transmittances and `bridges_w_m2k`.
    elements : Elements
        Areas.
    floor_reduction : float
        Of what the floor loses, since soil or cellar is warmer than the air [1].

    Returns
    -------
    array (n,)
        [W/K]
    """
    u = np.column_stack([buildings[c].to_numpy(float) for c in _U])
    reduction = np.array([1.0, 1.0, floor_reduction, 1.0, 1.0])
    return seasonal.transmission_w_k(u, elements.stacked_m2, reduction, buildings["bridges_w_m2k"].to_numpy(float))


def ventilation_w_m2k(buildings: pd.DataFrame) -> Floats:
    """Return the heat lost by air, heat recovery subtracted, per degree and reference area, (n,) [W/(m2 K)]."""
    names = ("air_change_ach", "heat_recovery", "infiltration_ach", "room_height_m")
    change, recovery, leak, height = (buildings[c].to_numpy(float) for c in names)
    return seasonal.ventilation_w_m2k(change * (1 - recovery) + leak, height)


def heat_loss_w_k(buildings: pd.DataFrame, f: Mapping[str, float]) -> Floats:
    """Return the heat lost per degree, by transmission and by air.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        Every physical property filled.
    f : mapping
        The year's factors.

    Returns
    -------
    array (n,)
        [W/K]; buildings without floor area are unheated and lose nothing.
    """
    area = buildings["floor_area_m2"].to_numpy(float)
    transmission = transmission_w_k(
        buildings, element_areas(buildings, f["heat.door_share"]), f["heat.floor_reduction"]
    )
    ventilation = ventilation_w_m2k(buildings)
    calibrated = buildings["loss_factor"].to_numpy(float)
    return np.where(area > 0, (transmission + ventilation * area) * calibrated, 0.0)
