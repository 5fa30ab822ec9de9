"""What a plan costs to carry out: kronor, lifetimes and embodied emissions of what its measures really build.

Prices are in ``twin/data/measure_costs.csv``, without value-added tax, each at its own price level, and are the whole
cost of the work: nothing is shared with upkeep that was due anyway.
A blank is not a zero: a measure without a price has a blank cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.buildings.envelope import element_areas, heat_loss_w_k
from energy.plan import NEVER, Adoption, adopted
from twin import reference
from twin.factors import Factors
from twin.registry import MEASURES

__all__ = ["added_insulation_m", "amounts", "bill", "heat_peak_kw", "investment", "mean_lifetime_years", "worth"]

Floats = npt.NDArray[np.float64]

_SUMS = {
    "cost_sek": "cost_sek_per_unit",
    "cost_low_sek": "cost_low",
    "cost_high_sek": "cost_high",
    "embodied_kg": "embodied_kgco2e_per_unit",
    "embodied_low_kg": "embodied_low",
    "embodied_high_kg": "embodied_high",
}
_COLUMNS = ["step", "measure", "year", "adopters", "quantity", "unit", *_SUMS, "lifetime_years", "note"]


def investment(
    buildings: pd.DataFrame, adoption: Adoption, factors: Factors, prices: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return what each step costs each year.

    Parameters
    ----------
    buildings : DataFrame
        Of the base year, every physical property filled, with the columns of :func:`twin.geometry.envelope`.
    adoption : Adoption
        Who adopts what and when.
    factors : Factors
        The numbers.
    prices : DataFrame, optional
        As ``measure_costs``, the default; for instance brought to one price level.

    Returns
    -------
    DataFrame
        One row per step and year in which someone adopts it: step, measure, year, adopters, quantity and unit of the
        first item that the measure buys, cost_sek, cost_low_sek, cost_high_sek, embodied_kg, embodied_low_kg,
        embodied_high_kg, lifetime_years, note. Low and high ends are sums of low and high ends. Without a price, all
        numbers but the adopters are blank and the note says so.
    """
    prices = reference.table("measure_costs") if prices is None else prices
    rows: list[dict[str, Any]] = []
    for year in _years(adoption):
        f = factors.at(year)
        now = adopted(buildings, "buildings", adoption, year, f)
        for k, (step, years) in enumerate(zip(adoption.steps, adoption.years, strict=True)):
            at = np.flatnonzero(years == year)
            if not len(at):
                continue
            items = prices[[step.measure in names.split("|") for names in prices["measures"]]]
            if MEASURES[step.measure].table != "buildings" or items.empty:
                paid: dict[str, Any] = {"note": f"measure {step.measure!r} has no price; its cost is blank, not zero"}
            else:
                paid = bill(items, buildings.iloc[at], now.iloc[at], f)
            rows.append({"step": k + 1, "measure": step.measure, "year": year, "adopters": len(at), **paid})
    table = pd.DataFrame(rows, columns=_COLUMNS)
    numbers = dict.fromkeys(["quantity", *_SUMS, "lifetime_years"], float)
    return table.astype(numbers).sort_values(["step", "year"], ignore_index=True)


def _years(adoption: Adoption) -> list[int]:
    found = {int(y) for years in adoption.years for y in np.unique(years)}
    return sorted(found - {int(NEVER)})


def bill(items: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame, f: Mapping[str, float]) -> dict[str, Any]:
    """Return what it costs to take buildings from one state to another.

    Parameters
    ----------
    items : DataFrame
        Rows of ``measure_costs``: an item is bought where the column `changes` changes, to the value `to` if given.
    before, after : DataFrame (n rows)
        The adopters in the base year, and as they stand in the year of the work.
    f : mapping
        The year's factors.

    Returns
    -------
    dict
        quantity, unit, cost_sek, ..., lifetime_years, note.
    """
    available = amounts(before, after, f)
    bought = np.array(
        [
            available[i["quantity"]][_changed(before[i["changes"]], after[i["changes"]], i["to"])].sum()
            for i in items.fillna({"to": ""}).to_dict("records")
        ]
    )
    sums = {name: worth(bought, items[column].to_numpy(float)) for name, column in _SUMS.items()}
    cost = np.where(bought != 0, bought * items["cost_sek_per_unit"].to_numpy(float), 0.0)
    first = int(np.argmax(bought != 0))
    return {
        "quantity": float(bought[first]),
        "unit": str(items["quantity"].iloc[first]),
        **sums,
        "lifetime_years": mean_lifetime_years(cost, items["lifetime_years"].to_numpy(float)),
        "note": "",
    }


def _changed(before: pd.Series, after: pd.Series, to: str) -> npt.NDArray[np.bool_]:
    old, new = before.to_numpy(object), after.to_numpy(object)
    changed = np.asarray(old != new, bool) & ~(before.isna() & after.isna()).to_numpy(bool)
    return changed & np.asarray(new == to, bool) if to else changed


def amounts(before: pd.DataFrame, after: pd.DataFrame, f: Mapping[str, float]) -> dict[str, Floats]:
    """Return how much of everything that has a price there is in each building.

    Parameters
    ----------
    before, after : DataFrame (n rows)
        Before and after the work.
    f : mapping
        The year's factors.

    Returns
    -------
    dict of str to array (n,)
        Areas by element, added insulation, heat peaks, heat pumps, added solar cells, floor area, and 1 per building.
    """
    elements = element_areas(after, f["heat.door_share"])
    areas = {"wall": elements.wall_m2, "roof": elements.roof_m2, "floor": elements.floor_m2}
    conductivity = {
        "wall": f["insulation.board_w_mk"],
        "roof": f["insulation.loose_w_mk"],
        "floor": f["insulation.board_w_mk"],
    }
    u_before, u_after = ({e: b[f"u_{e}_w_m2k"].to_numpy(float) for e in areas} for b in (before, after))
    peak = heat_peak_kw(heat_loss_w_k(after, f), after["set_point_c"].to_numpy(float), f["heat.design_outdoor_c"])
    added_pv = np.maximum(after["pv_area_m2"].to_numpy(float) - before["pv_area_m2"].to_numpy(float), 0)
    return {
        "building": np.ones(len(after)),
        "floor_area_m2": after["floor_area_m2"].to_numpy(float),
        "window_m2": elements.window_m2,
        **{f"{e}_m2": area for e, area in areas.items()},
        **{
            f"{e}_insulation_m3": area * added_insulation_m(u_before[e], u_after[e], conductivity[e])
            for e, area in areas.items()
        },
        "heat_peak_kw": peak,
        "heat_pump_kw": peak * f["heat_pump.share_of_peak"],
        "pv_kw": added_pv * f["photovoltaics.efficiency"],
    }


def added_insulation_m(u_before_w_m2k: Floats, u_after_w_m2k: Floats, conductivity_w_mk: float) -> Floats:
    r"""Return the thickness of insulation that makes the difference between two thermal transmittances.

    .. math:: d = \lambda (1/U' - 1/U)

    Parameters
    ----------
    u_before_w_m2k, u_after_w_m2k : array (n,)
        [W/(m2 K)]
    conductivity_w_mk : float
        [W/(m K)]

    Returns
    -------
    array (n,)
        [m]; none where the element gets no better.

    Examples
    --------
    >>> added_insulation_m(np.array([0.41, 0.1]), np.array([0.18, 0.18]), 0.036).round(4).tolist()
    [0.1122, 0.0]
    """
    return np.maximum(conductivity_w_mk * (1 / u_after_w_m2k - 1 / u_before_w_m2k), 0.0)


def heat_peak_kw(heat_loss_w_k: Floats, set_point_c: Floats, design_outdoor_c: float) -> Floats:
    r"""Return the heat that keeps a building warm in the coldest weather it is sized for; hot water not included.

    .. math:: P = H (T_{set} - T_{design}) / 1000

    Parameters
    ----------
    heat_loss_w_k : array (n,)
        [W/K]
    set_point_c : array (n,)
        [degC]
    design_outdoor_c : float
        [degC]

    Returns
    -------
    array (n,)
        [kW]

    Examples
    --------
    >>> heat_peak_kw(np.array([1500.0]), np.array([20.0]), -14.0).tolist()
    [51.0]
    """
    return heat_loss_w_k * np.maximum(set_point_c - design_outdoor_c, 0.0) / 1000


def worth(quantity: Floats, per_unit: Floats) -> float:
    """Return the sum of quantity times price; blank where an unknown amount or something without a price is bought.

    Examples
    --------
    >>> worth(np.array([2.0, 0.0]), np.array([10.0, np.nan])), worth(np.array([2.0, 1.0]), np.array([10.0, np.nan]))
    (20.0, nan)
    """
    return float(np.where(quantity != 0, quantity * per_unit, 0.0).sum())


def mean_lifetime_years(cost: Floats, lifetime_years: Floats) -> float:
    r"""Return the lifetime over which a sum wears off as fast as its parts do at the start.

    .. math:: L = \sum_i C_i \Big/ \sum_i C_i / L_i

    Parameters
    ----------
    cost : array (items,)
        In any unit.
    lifetime_years : array (items,)
        [years]

    Returns
    -------
    float
        [years]; blank where nothing is bought.

    Examples
    --------
    >>> mean_lifetime_years(np.array([100.0, 100.0]), np.array([20.0, 60.0]))
    30.0
    """
    wear = float(np.where(cost != 0, cost / lifetime_years, 0.0).sum())
    return float(cost.sum()) / wear if wear > 0 else float("nan")
