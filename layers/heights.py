"""Heights of buildings through a graded chain, with a record of how each was found.

Surface model minus ground, mesh minus ground, attribute, storeys, what is usual for the use, a default: the first that
a building has. Roof percentile and least height follow the DTCC builder of Chalmers, so that results compare.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from layers.terrain import zonal_percentile
from twin import schema
from twin.geometry import representative_xy
from twin.surface import Surface

__all__ = ["fill_heights", "storey_height_m"]

Floats = npt.NDArray[np.float64]
Columns = dict[str, pd.Series]


def storey_height_m(use: pd.Series, f: Mapping[str, float]) -> Floats:
    """Return the height of a storey by use, premises being higher than homes [m]."""
    homes = use.isin(["single_family", "multi_family", "ancillary"]).to_numpy(bool)
    return np.where(homes, f["height.storey.home"], f["height.storey.premises"])


def fill_heights(
    buildings: gpd.GeoDataFrame,
    crs: str,
    *,
    terrain: Surface | None,
    surface: Surface | None,
    mesh: Surface | None,
    f: Mapping[str, float],
) -> tuple[Columns, list[str]]:
    """Return height_m, height_source, height_uncertainty_m and ground_m, and notes on what was done.

    Parameters
    ----------
    buildings : GeoDataFrame (n rows)
        With `height_m` where the source has it, `storeys`, `use`.
    crs : str
        Of the buildings.
    terrain, surface, mesh : Surface, optional
        Ground; ground with roofs; the same from a mesh.
    f : mapping
        Factors ``height.*``.

    Returns
    -------
    (dict of Series, list of str)
    """
    shapes = buildings.geometry.to_numpy()
    ground = terrain.at(representative_xy(shapes), crs) if terrain else np.full(len(buildings), np.nan)
    ground = np.where(np.isnan(ground), buildings["ground_m"].to_numpy(float), ground)
    use = buildings["use"]
    # the 90th percentile of a laser scan is the roof's upper part; a mesh's roof is flat, its walls' foot must not count
    measured = {
        "surface": zonal_percentile(surface, shapes, crs, f["height.percentile.surface"]) - ground if surface else None,
        "mesh": zonal_percentile(mesh, shapes, crs, f["height.percentile.mesh"]) - ground if mesh else None,
    }
    by_source = {
        **{k: v for k, v in measured.items() if v is not None},
        "attribute": buildings["height_m"].to_numpy(float),
        "storeys": buildings["storeys"].to_numpy(float) * storey_height_m(use, f),
        "archetype": _usual(use, f),
        "default": np.full(len(buildings), f["height.default"]),
    }
    height = np.full(len(buildings), np.nan)
    source = np.full(len(buildings), "", object)
    for name, found in by_source.items():
        take = np.isnan(height) & ~np.isnan(found)
        height[take], source[take] = found[take], name
    low = height < f["height.minimum"]
    uncertainty = _uncertainty(source, height, f)
    uncertainty[low] = np.maximum(uncertainty[low], f["height.minimum"] - height[low])
    height[low] = f["height.minimum"]
    categories = schema.spec("buildings").loc["height_source", "categories"].split("|")
    index = buildings.index
    columns = {
        "height_m": pd.Series(height, index=index),
        "height_source": pd.Series(pd.Categorical(source, categories=categories), index=index),
        "height_uncertainty_m": pd.Series(uncertainty, index=index),
        "ground_m": pd.Series(ground, index=index),
    }
    return columns, _notes(source, low, ground, terrain, f)


def _usual(use: pd.Series, f: Mapping[str, float]) -> Floats:
    usual = {
        "single_family": f["height.archetype.single_family"],
        "multi_family": f["height.archetype.multi_family"],
        "ancillary": f["height.archetype.ancillary"],
        "industry": f["height.archetype.industry"],
    }
    return use.astype(object).map(usual).to_numpy(float)


def _uncertainty(source: npt.NDArray[np.object_], height: Floats, f: Mapping[str, float]) -> Floats:
    """Return the standard uncertainty of each height [m]."""
    found = np.full(len(source), np.nan)
    for name in ("surface", "mesh", "attribute"):
        found[source == name] = f[f"height.uncertainty.{name}"]
    for name in ("storeys", "archetype", "default"):
        at = source == name
        found[at] = f[f"height.uncertainty.{name}"] * height[at]
    return found


def _notes(
    source: npt.NDArray[np.object_],
    low: npt.NDArray[np.bool_],
    ground: Floats,
    terrain: Surface | None,
    f: Mapping[str, float],
) -> list[str]:
    counts = pd.Series(source).value_counts()
    notes = ["heights: " + ", ".join(f"{n} from {k}" for k, n in counts.items())]
    if low.any():
        notes.append(f"{int(low.sum())} heights below {f['height.minimum']:g} m were raised to it")
    if terrain is not None and np.isnan(ground).any():
        notes.append(f"{int(np.isnan(ground).sum())} buildings lie outside the ground model")
    return notes
