"""District-heating pipes."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import pandas as pd

from layers.context import Context
from layers.vector import read_vector, rename_columns
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
        Lines with pipe_id and, where the file has it, diameter_mm [mm].

    Raises
    ------
    TwinError
        When the file can not be read or lacks a column that is named.
    """
    table = rename_columns(read_vector(context, path, layer), columns or {}, context)
    lines = table.geom_type.isin(["LineString", "MultiLineString"]).to_numpy(bool)
    if not lines.all():
        context.note(f"{int((~lines).sum())} shapes that are not lines were left out")
        table = table[lines].reset_index(drop=True)
    if "pipe_id" not in table:
        table["pipe_id"] = [f"pipe-{i + 1}" for i in range(len(table))]
    if diameter_unit == "m" and "diameter_mm" in table:
        metres = pd.to_numeric(table["diameter_mm"], errors="coerce")
        table["diameter_mm"] = (metres * 1000).astype(object).where(metres.notna(), table["diameter_mm"])
    return table
