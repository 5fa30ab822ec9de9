"""District-heating pipes."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layers.context import Context
from layers.vector import read_vector, rename_columns
from twin.errors import Problem, TwinError
from twin.registry import layer

__all__ = ["heat_pipes"]


@layer("heat_pipes", title="Fjärrvärmeledningar", table="heat_pipes", provides={"pipe_id": ""})
def heat_pipes(
    context: Context,
    *,
    path: str,
    layer: str = "",
    columns: dict[str, str] | None = None,
    diameter_unit: Literal["mm", "m"] = "mm",
) -> gpd.GeoDataFrame:
    """Read pipes as lines; those without an identity are numbered.

    Parameters
    ----------
    context : Context
    path, layer : str
    columns : dict
        Source column to column of the table.
    diameter_unit : str
        ``"mm"`` or ``"m"``.

    Returns
    -------
    GeoDataFrame
        Lines with pipe_id and, where the file has it, diameter_mm [mm]. A diameter that is not above zero is a problem
        of the city.

    Raises
    ------
    TwinError
        When the file can not be read, holds no lines, or lacks a column that is named.
    """
    table = rename_columns(read_vector(context, path, layer), columns or {}, context)
    lines = table.geom_type.isin(["LineString", "MultiLineString"]).to_numpy(bool)
    if not lines.any():
        raise TwinError(f"{path} has no lines; name the file or layer that holds the pipes")
    if not lines.all():
        kind = table.geom_type[~lines].iloc[0] or "nothing"
        context.note(
            f"{int((~lines).sum())} shapes that are not lines were left out, first: {_called(table, ~lines)} ({kind}); "
            "draw each pipe from end to end to have it counted"
        )
        table = table[lines].reset_index(drop=True)
    if "pipe_id" not in table:
        table["pipe_id"] = [f"pipe-{i + 1}" for i in range(len(table))]
    if diameter_unit == "m" and "diameter_mm" in table:
        metres = pd.to_numeric(table["diameter_mm"], errors="coerce")
        table["diameter_mm"] = (metres * 1000).astype(object).where(metres.notna(), table["diameter_mm"])
    if "diameter_mm" in table:
        _refuse_diameters(table, context)
    return table


def _refuse_diameters(table: gpd.GeoDataFrame, context: Context) -> None:
    """Name and locate pipes whose diameter is not above zero, in place of the table's rule, which knows no places."""
    diameter = pd.to_numeric(table["diameter_mm"], errors="coerce").to_numpy(float)
    wrong = diameter <= 0
    if wrong.any():
        rule = (
            f"{diameter[wrong][0]:g} mm is no diameter; give the inner diameter of the supply pipe, or leave it blank to "
            "have the pipe sized"
        )
        first = _called(table, wrong)
        context.problem(Problem(context.table, "diameter_mm", rule, int(wrong.sum()), first))
        table.loc[wrong, "diameter_mm"] = None


def _called(table: gpd.GeoDataFrame, rows: npt.NDArray[np.bool_]) -> str:
    """Return the name of the first of some rows, and its place in the file's coordinates."""
    i = int(np.flatnonzero(rows)[0])
    name = str(table["pipe_id"].iloc[i]) if "pipe_id" in table else f"row {i}"
    xy = shapely.get_coordinates(table.geometry.iloc[i])
    return f"{name} at {xy[0, 0]:.10g}, {xy[0, 1]:.10g}" if len(xy) else name
