"""The capacity map: peaks and headroom of every grid area over the years, what causes them, and what smart charging buys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.electrification.headroom import city_headroom, first_years, hours_over, peak_causes
from energy.grid_plans.ingredients import Ingredients
from energy.grid_plans.steering import Wishes, batteries, charging
from energy.results import Results
from twin import reference
from twin.errors import TwinError

__all__ = ["CAUSES", "Capacity", "Wishes", "capacity", "share_of_city"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
CAUSES = ("base", "heat_pumps", "charging", "cooling", "new_build", "batteries", "pv")
_BLOCK = 256  # areas with all their hours in memory at a time
_COLUMNS = (
    "peak_kw", "peak_hour", "over_h", "longest_over_h", "over_kwh", "charging_kw", "batteries_kw", "bought_kw",
    "shaved_kw", "battery_kwh", "v2g_kwh", "v2g_lost_kwh", "charged_kwh",
)  # fmt: skip


@dataclass(frozen=True)
class Capacity:
    """The grid areas over the years.

    Attributes
    ----------
    areas : DataFrame
        One row an area and year: grid_area_id, year, rating_kw, peak_kw, peak_hour, headroom_kw, firm_headroom_kw,
        n1_headroom_kw, over_h, longest_over_h, over_kwh; bought_kw, by which the peak without batteries lies below that of
        charging at once, and shaved_kw, by which batteries of battery_kwh lower it further; charged_kwh in the year, of
        which v2g_lost_kwh are lost by the v2g_kwh that cars lend; and the causes base_kw, heat_pumps_kw, charging_kw,
        cooling_kw, new_build_kw, batteries_kw and pv_kw, which add up to the peak. Blank where a rating is not known.
        What is charged at new homes is charging.
    first : DataFrame
        One row an area: grid_area_id, first_year over the rating (infinite: never, blank: unknown), its worst hour in that
        year or the last, and the cause that grows most until then.
    city : DataFrame
        One row a calendar year: peak of all areas in the same hour beside what is granted.
    shares : DataFrame
        One row a year: year, ev_share, heat_pump_share.
    emissions : DataFrame
        One row a year and perspective of the grid: what all bought electricity emits in bookkeeping and in decisions, and
        on what that rests.
    """

    areas: pd.DataFrame
    first: pd.DataFrame
    city: pd.DataFrame
    shares: pd.DataFrame
    emissions: pd.DataFrame

    @property
    def figures(self) -> dict[str, Any]:
        """What is told first."""
        last = self.areas[self.areas["year"] == self.areas["year"].max()]
        load = last.set_index("grid_area_id")["peak_kw"] / last.set_index("grid_area_id")["rating_kw"]
        breaks = self.first[np.isfinite(self.first["first_year"])]
        breaks = breaks.assign(load=breaks["grid_area_id"].map(-load)).sort_values(["first_year", "load"])
        told = breaks.iloc[0] if len(breaks) else None
        short = self.city[self.city["over_kw"] > 0]
        return {
            "areas": len(last),
            "areas_without_rating": int(last["rating_kw"].isna().sum()),
            "areas_over_in_last_year": int((last["over_h"] > 0).sum()),
            "over_mwh_in_last_year": float(last["over_kwh"].sum()) / 1000,
            "peak_mw_in_last_year": float(self.city["peak_kw"].iloc[-1]) / 1000,
            "first_area_over": None if told is None else str(told["grid_area_id"]),
            "first_year_over": None if told is None else int(told["first_year"]),
            "first_hour_over": None if told is None else int(told["worst_hour"]),
            "first_cause": None if told is None else str(told["cause"]),
            "charged_mwh_in_last_year": float(last["charged_kwh"].sum()) / 1000,
            "v2g_lost_mwh_in_last_year": float(last["v2g_lost_kwh"].sum()) / 1000,
            "bought_mw_in_last_year": float(last["bought_kw"].sum()) / 1000,
            "shaved_mw_in_last_year": float(last["shaved_kw"].sum()) / 1000,
            **{f"headroom_mw_{row.year}": row.headroom_kw / 1000 for row in self._simulated.itertuples()},
            "city_first_year_over": int(short["year"].iloc[0]) if len(short) else None,
        }

    @property
    def _simulated(self) -> pd.DataFrame:
        """Return the city in the years that were simulated."""
        return self.city[self.city["year"].isin(self.shares["year"])]


def capacity(
    years: Sequence[Ingredients], grid_areas: pd.DataFrame, wishes: Wishes | None = None, *, of_city: float = 1.0
) -> Capacity:
    """Return peaks and headroom of every area and year.

    Parameters
    ----------
    years : sequence of Ingredients
        Rising; the wishes are reached in the last.
    grid_areas : DataFrame
        grid_area_id, rating_kw.
    wishes : Wishes, optional
    of_city : float
        What part of the city's granted capacity is open to what is simulated [1].

    Returns
    -------
    Capacity

    Raises
    ------
    TwinError
        When there is no year, or heat pumps are to make less heat than they do.
    """
    wishes = wishes or Wishes()
    if not years:
        raise TwinError("there is no year to look at; simulate at least one")
    rating = grid_areas["rating_kw"].to_numpy(float)
    tables, peaks, city, shares, emitted = [], [], {}, [], []
    for at, of in enumerate(years):
        part = at / (len(years) - 1) if len(years) > 1 else 1.0
        ev, pumps = _reached(of, years[0], wishes, part)
        table, together = _year(of, rating, wishes, ev, pumps)
        for limit, column in (("firm_kw", "firm_headroom_kw"), ("n1_rating_kw", "n1_headroom_kw")):
            known = grid_areas[limit].to_numpy(float) if limit in grid_areas else np.full(len(rating), np.nan)
            table[column] = known - table["peak_kw"].to_numpy(float)
        table.insert(0, "year", of.year)
        table.insert(0, "grid_area_id", grid_areas["grid_area_id"].to_numpy(object))
        tables.append(table)
        peaks.append(table["peak_kw"].to_numpy(float))
        city[of.year] = float(together.max())
        emitted += _emitted(of, together)
        shares.append({"year": of.year, "ev_share": ev, "heat_pump_share": pumps})
    told = [of.year for of in years]
    first = first_years(told, np.array(peaks), rating)
    hours = np.array([t["peak_hour"].to_numpy(np.int64) for t in tables])
    when = np.minimum(np.searchsorted(told, np.where(np.isfinite(first), first, told[-1])), len(years) - 1)
    rows = np.arange(len(rating))
    cause = _grown(tables)[when, rows]
    ids = grid_areas["grid_area_id"].to_numpy(object)
    return Capacity(
        pd.concat(tables, ignore_index=True),
        pd.DataFrame({"grid_area_id": ids, "first_year": first, "worst_hour": hours[when, rows], "cause": cause}),
        city_headroom(city, share_of_city=of_city, steps=None if wishes.granted else _standing(told[0])),
        pd.DataFrame(shares),
        pd.DataFrame(emitted),
    )


def _grown(tables: Sequence[pd.DataFrame]) -> npt.NDArray[np.object_]:
    """Return which cause of each area's peak has grown most since the first year, or is the greatest in it, (years, areas)."""
    kw = np.array([t[[f"{c}_kw" for c in CAUSES]].to_numpy(float) for t in tables])
    more = np.concatenate([kw[:1], kw[1:] - kw[0]])
    return np.array(CAUSES, object)[more.argmax(axis=2)]


def _standing(base_year: int) -> pd.DataFrame:
    """Return the steps of the city's capacity that are there in a year."""
    table = reference.table("grid_steps")
    return table[table["year"] <= max(base_year, int(table["year"].min()))]


def share_of_city(results: Results) -> float:
    """Return what part of the city's inhabitants is simulated, by which its granted capacity is shared out [1]."""
    people = float(results.stock.home_population.sum())
    whole = results.factors.at(results.city.base_year)["population.goteborg"]
    return min(people / whole, 1.0) if people > 0 else 1.0


def _reached(of: Ingredients, start: Ingredients, wishes: Wishes, part: float) -> tuple[float, float]:
    """Return the shares of a year on the way to what is wished."""
    ev, pumps = of.ev_share, of.pump_share
    if wishes.ev_share is not None:
        ev = start.ev_share + part * (wishes.ev_share - start.ev_share)
    if wishes.heat_pump_share is not None:
        pumps = start.pump_share + part * (wishes.heat_pump_share - start.pump_share)
        if pumps < of.pump_share - 1e-9:
            raise TwinError(
                f"heat pumps make {of.pump_share:.0%} of the heat in {of.year} already; wish for a share above that"
            )
    return ev, max(pumps, of.pump_share)


def _year(
    of: Ingredients, rating_kw: Floats, wishes: Wishes, ev_share: float, pump_share: float
) -> tuple[pd.DataFrame, Floats]:
    """Return the areas' year, and the hours of all together [kW]."""
    areas = of.now.areas
    moved = (pump_share - of.pump_share) / (1 - of.pump_share) if of.pump_share < 1 else 0.0
    energy = of.charged_kwh * (ev_share / of.ev_share if of.ev_share > 0 else 0.0)
    together, parts = np.zeros(of.now.shapes.shape[1]), []
    for start in range(0, areas + 1, _BLOCK):
        rows = slice(start, min(start + _BLOCK, areas + 1))
        through, columns = _block(of, rows, energy[rows], moved, rating_kw, wishes)
        together += through
        parts.append(columns)
    found = {name: values[:areas] for name, values in zip(_COLUMNS, np.vstack(parts).T, strict=True)}
    hour = found["peak_hour"].astype(np.int64)
    causes = _causes(of, hour, moved)
    for steered in ("charging", "batteries"):
        causes[f"{steered}_kw"] = found.pop(f"{steered}_kw")
    table = pd.DataFrame(found | {"peak_hour": hour} | {f"{c}_kw": causes[f"{c}_kw"] for c in CAUSES})
    table.insert(0, "rating_kw", rating_kw)
    table.insert(3, "headroom_kw", rating_kw - table["peak_kw"].to_numpy(float))
    return table, together


def _block(
    of: Ingredients, rows: slice, energy_kwh: Floats, moved: float, rating_kw: Floats, wishes: Wishes
) -> tuple[Floats, Floats]:
    """Return the hours of some areas together [kW], and the numbers of each, (rows, columns)."""
    now, pumped = of.now.hours(rows), of.pumped.hours(rows)
    net = (1 - moved) * now.load_kw + moved * pumped.load_kw - now.pv_kw
    cars = charging(energy_kwh, of.shapes, net, wishes, of.price, of.f)
    at_once = (net + energy_kwh @ of.shapes.uncontrolled).max(axis=1)
    wanted = net + cars.power_kw
    stored = batteries(wanted, now.pv_kw, wishes.battery_kwh_per_solar_kw, of.f)
    through, each = wanted + stored.flow_kw, np.arange(len(net))
    hour = wanted.argmax(axis=1)  # with a battery many hours are as high: it is told of the one that it holds down
    limit = np.append(rating_kw, np.nan)[rows]  # what lies outside all areas has none
    over = hours_over(through, limit)
    peak = through[each, hour]
    columns = [
        peak, hour, over.hours, over.longest_h, over.energy_kwh, cars.power_kw[each, hour], stored.flow_kw[each, hour],
        at_once - wanted.max(axis=1), wanted.max(axis=1) - peak, stored.energy_kwh, cars.back_kwh, cars.lost_kwh,
        cars.power_kw.sum(axis=1),
    ]  # fmt: skip
    return through.sum(axis=0), np.column_stack(columns)


def _emitted(of: Ingredients, bought_kw: Floats) -> list[dict[str, object]]:
    """Return what the city's electricity emits, by perspective of the grid, in both ledgers [kgCO2e]."""
    rows = []
    for view, factor in of.grid.items():
        kg, basis = factor.emitted_kg(bought_kw), factor.basis()
        rows.append(
            {
                "year": of.year,
                "grid": view,
                "bookkeeping_kg": float(kg["bookkeeping"]),
                "decision_kg": float(kg["decision"]),
                "bookkeeping_basis": basis["bookkeeping"],
                "decision_basis": basis["decision"],
            }
        )
    return rows


def _causes(of: Ingredients, hour: Whole, moved: float) -> dict[str, Floats]:
    """Return what makes up the load of each area in its own hour, without charging [kW]."""
    out = {f"{c}_kw": np.zeros(len(hour)) for c in CAUSES}
    for load, weight in ((of.now, 1 - moved), (of.pumped, moved)):
        found = peak_causes(load, hour)
        for k, name in enumerate(found.names):
            out[f"{name if name in CAUSES else 'base'}_kw"] += weight * found.kw[:, k]
    return out
