"""Shapes and legends of the heat pages: pipes, cells, houses, plants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from views.language import Language
from views.legend import NO_VALUE, Legend
from views.shapes import Drawn, MapData, features

__all__ = ["CATEGORY_COLOURS", "by_category", "by_value", "ground", "key", "plants"]

Floats = npt.NDArray[np.float64]
# Okabe and Ito's colours, which colour-blind people tell apart
CATEGORY_COLOURS = ((213, 94, 0), (0, 114, 178), (86, 180, 233), (0, 158, 115), (230, 159, 0), (204, 121, 167))
_HOUSES = (206, 204, 198, 255)


def ground(data: MapData, plain: Mapping[str, Any], *, houses: bool = True) -> list[Drawn]:
    """Return what lies under the results: land and water, and the ground that houses cover."""
    found = [Drawn(n, plain[n], "areas", told=False) for n in ("land", "context") if n in plain]
    if houses and "buildings" in data.addresses:
        found.append(Drawn("houses", data.addresses["buildings"], "areas", told=False, colour=_HOUSES))
    return found


def by_value(
    name: str,
    table: gpd.GeoDataFrame,
    values: Floats,
    legend: Legend,
    names: Sequence[str],
    text: Language,
    *,
    kind: str = "lines",
    width_m: Floats | None = None,
    height_m: Floats | None = None,
    alpha: int = 255,
) -> Drawn:
    """Return shapes in the colours of a scale.

    Parameters
    ----------
    name : str
    table : GeoDataFrame (n rows)
    values : array (n,)
    legend : Legend
    names : sequence of str (n,)
        What a pointer shows first.
    text : Language
    kind : str
    width_m, height_m : array (n,), optional
        Of lines, and of blocks.
    alpha : int
        0 to 255.
    """
    colours = [(*c, alpha) for c in legend.colours]
    classes = legend.classes(values)
    unit = text.unit(legend.unit)
    width = np.full(len(table), 3.0) if width_m is None else width_m
    height = np.zeros(len(table)) if height_m is None else height_m
    told = [f"{text.number(v)} {unit}" if np.isfinite(v) else text("no_value") for v in values]
    properties = [
        {"f": colours[c], "n": n, "k": k, "w": round(float(w), 1), "h": round(float(h), 1)}
        for c, n, k, w, h in zip(classes, names, told, width, height, strict=True)
    ]
    return Drawn(name, features(table.geometry.to_numpy(), str(table.crs), properties), kind)


def by_category(
    name: str,
    table: gpd.GeoDataFrame,
    category: pd.Series,
    colours: Mapping[str, tuple[int, int, int]],
    words: Mapping[str, str],
    names: Sequence[str],
    heights_m: Floats,
) -> Drawn:
    """Return houses in the colours of categories; grey where a house has none.

    Parameters
    ----------
    name : str
    table : GeoDataFrame (n rows)
    category : Series (n,)
    colours, words : mapping by category
    names : sequence of str (n,)
    heights_m : array (n,)
    """
    properties = [
        {"f": [*colours.get(c, NO_VALUE), 255], "n": n, "k": words.get(c, ""), "h": round(float(h), 1)}
        for c, n, h in zip(category.astype(object), names, np.nan_to_num(heights_m, nan=3.0), strict=True)
    ]
    return Drawn(name, features(table.geometry.to_numpy(), str(table.crs), properties), "blocks")


def plants(table: gpd.GeoDataFrame, text: Language) -> Drawn:
    """Return the heat plants that have a place, as points."""
    placed = table[~table.geometry.isna()]
    properties = [
        {"f": [*CATEGORY_COLOURS[0], 255], "n": str(name), "k": f"{text.number(mw)} MW, {text(f'heat.fuels.{fuel}')}"}
        for name, mw, fuel in zip(placed["name"], placed["capacity_mw"], placed["fuel"].astype(str), strict=True)
    ]
    return Drawn("plants", features(placed.geometry.to_numpy(), str(table.crs), properties), "points")


def key(title: str, entries: Mapping[str, tuple[int, int, int]]) -> str:
    """Return the legend of categories as HTML with a description for screen readers."""
    chips = "".join(
        f'<span style="display:inline-flex;align-items:center;gap:5px;white-space:nowrap">'
        f'<span style="width:15px;height:11px;border-radius:2px;background:rgb{colour}"></span>{label}</span>'
        for label, colour in entries.items()
    )
    return (
        f'<div role="img" aria-label="{title}: {"; ".join(entries)}" '
        f'style="display:flex;flex-wrap:wrap;gap:4px 14px;font-size:.8rem;align-items:center"><b>{title}</b>{chips}</div>'
    )
