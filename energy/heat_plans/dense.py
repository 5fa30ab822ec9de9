"""Where heat is dense enough for a network, before anything is laid out: squares of a simulated year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.potential.density import Cells, areas, candidate_areas, classify, heat_density
from energy.district_heating.potential.effective_width import prescreen
from energy.results import Results
from twin.errors import TwinError

__all__ = ["Dense", "dense", "sites"]


Floats = npt.NDArray[np.float64]
_M2_HA = 10_000.0


@dataclass(frozen=True)
class Dense:
    """Heat on a grid.

    Attributes
    ----------
    cells : Cells
    table : DataFrame (cells rows)
        heat_mwh, density_mwh_ha, linear_density_mwh_m, distribution_cost_sek_mwh and more, with `verdict`, the class of
        the linear density, and `area`, the candidate area or -1.
    areas : DataFrame
        Candidate areas: neighbouring dense cells with enough heat together.
    """

    cells: Cells
    table: pd.DataFrame
    areas: pd.DataFrame


def dense(
    results: Results,
    year: int,
    *,
    preset: str = "npro",
    least_mwh_ha: float = 333.0,
    least_gwh: float = 5.0,
    setting: str = "outer_city",
    size_m: float = 100.0,
) -> Dense:
    """Lay a grid over the city's heat.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    preset : str
        Of linear heat density, see :func:`energy.district_heating.potential.density.classify`.
    least_mwh_ha, least_gwh : float
        Of a cell, and of a candidate area [MWh/ha], [GWh].
    setting : str
        What digging costs: ``"inner_city"``, ``"outer_city"`` or ``"park"``.
    size_m : float
        Side of a cell [m].

    Returns
    -------
    Dense

    Raises
    ------
    TwinError
        When no building needs heat, or the preset or setting is unknown.
    """
    frame = results.at("buildings", year)
    heat = (frame["heat_need_kwh"] + frame["hot_water_need_kwh"]).to_numpy(float)
    at = np.flatnonzero(heat > 0)
    if not len(at):
        raise TwinError("no building of the city needs heat; check floor areas and uses")
    cells = Cells.under(results.city["buildings"].geometry.to_numpy()[at], size_m)
    table = heat_density(cells, heat[at], frame["floor_area_m2"].to_numpy(float)[at])
    table = table.join(prescreen(table, setting, results.factors.at(year)))
    number = candidate_areas(cells, table["heat_mwh"].to_numpy(float), least_mwh_ha, least_gwh)
    table = table.assign(verdict=classify(table["linear_density_mwh_m"].to_numpy(float), preset), area=number)
    return Dense(cells, table, areas(cells, table, number))


def sites(results: Results, year: int, row: npt.NDArray[np.int64], peak_kw: Floats) -> pd.DataFrame:
    """Return what the surroundings of buildings leave room for.

    Parameters
    ----------
    results : Results
    year : int
    row : array (n,) of int
        Rows of buildings with heat.
    peak_kw : array (n,)
        Their highest heat power [kW].

    Returns
    -------
    DataFrame (n rows)
        trench_m, each building's share of pipes in the street by the effective width of its surroundings [m];
        can_ground_heat_pump and can_shared_loop, whether its share of the land holds the boreholes.
    """
    f, frame = results.factors.at(year), results.at("buildings", year)
    heat = (frame["heat_need_kwh"] + frame["hot_water_need_kwh"]).to_numpy(float)
    at = np.flatnonzero(heat > 0)
    cells = Cells.under(results.city["buildings"].geometry.to_numpy()[at])
    table = heat_density(cells, heat[at], frame["floor_area_m2"].to_numpy(float)[at])
    linear = prescreen(table, "outer_city", f)["linear_density_mwh_m"].to_numpy(float)
    around = np.zeros((2, len(heat)))
    around[:, at] = (cells.overlay.shares.T @ np.column_stack([table["density_mwh_ha"], np.nan_to_num(linear)])).T
    mwh = heat[row] / 1000
    land_m2 = mwh / around[0, row] * _M2_HA
    room = land_m2 >= f["heat_pump.borehole_m2_kw"] * peak_kw * f["heat_pump.share_of_peak"]
    street = around[1, row]
    trench = np.divide(mwh, street, out=np.full(len(row), np.nan), where=street > 0)
    return pd.DataFrame({"trench_m": trench, "can_ground_heat_pump": room, "can_shared_loop": room & (street > 0)})
