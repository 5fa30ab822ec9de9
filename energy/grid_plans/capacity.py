"""The capacity map: peaks and headroom of every grid area over the years, what causes them, and what smart charging buys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.electrification.charging_control import Need, timed, valley_filled
from energy.electrification.headroom import city_headroom, first_years, hours_over, peak_causes
from energy.electrification.plug_in import Shapes
from energy.grid_plans.ingredients import Ingredients
from energy.results import Results
from twin.errors import TwinError

__all__ = ["CAUSES", "Capacity", "Wishes", "capacity", "share_of_city", "steered_kw"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
CAUSES = ("base", "heat_pumps", "charging", "cooling", "pv")
_BLOCK = 256  # areas with all their hours in memory at a time


@dataclass(frozen=True)
class Wishes:
    """What the planner moves.

    Attributes
    ----------
    ev_share, heat_pump_share : float, optional
        Electric share of cars' distance, and heat pumps' share of the heat, in the last year; on the way there they grow
        evenly. The scenario's own without [1].
    charging : str
        ``"at_once"``, ``"timer"``, or ``"smart"``: when there is most room in the area.
    timer_hour : int
        Hour of the day from which timers charge.
    """

    ev_share: float | None = None
    heat_pump_share: float | None = None
    charging: Literal["at_once", "timer", "smart"] = "at_once"
    timer_hour: int = 22

    def __post_init__(self) -> None:
        for name in ("ev_share", "heat_pump_share"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise TwinError(f"{name} = {value:g} is no share; give a number from 0 to 1")
        if self.charging not in ("at_once", "timer", "smart"):
            raise TwinError(f"no way of charging {self.charging!r}; choose at_once, timer or smart")
        if not 0 <= self.timer_hour <= 23:
            raise TwinError(f"timer_hour = {self.timer_hour} is no hour of the day; give 0 to 23")


@dataclass(frozen=True)
class Capacity:
    """The grid areas over the years.

    Attributes
    ----------
    areas : DataFrame
        One row an area and year: grid_area_id, year, rating_kw, peak_kw, peak_hour, headroom_kw, firm_headroom_kw,
        n1_headroom_kw, over_h, longest_over_h, over_kwh, bought_kw (by which the peak lies below that of charging at once), and the causes base_kw, heat_pumps_kw,
        charging_kw, cooling_kw and pv_kw, which add up to the peak. Blank where a rating is not known.
    first : DataFrame
        One row an area: grid_area_id, first_year over the rating (infinite: never, blank: unknown), its worst hour in that
        year or the last.
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
        return {
            "areas": len(last),
            "areas_without_rating": int(last["rating_kw"].isna().sum()),
            "areas_over_in_last_year": int((last["over_h"] > 0).sum()),
            "over_mwh_in_last_year": float(last["over_kwh"].sum()) / 1000,
            "peak_mw_in_last_year": float(self.city["peak_kw"].iloc[-1]) / 1000,
            "first_area_over": None if told is None else str(told["grid_area_id"]),
            "first_year_over": None if told is None else int(told["first_year"]),
            "first_hour_over": None if told is None else int(told["worst_hour"]),
            "bought_mw_in_last_year": float(last["bought_kw"].sum()) / 1000,
        }


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
    first = first_years([of.year for of in years], np.array(peaks), rating)
    hours = np.array([t["peak_hour"].to_numpy(np.int64) for t in tables])
    when = np.searchsorted([of.year for of in years], np.where(np.isfinite(first), first, years[-1].year))
    worst = hours[np.minimum(when, len(years) - 1), np.arange(len(rating))]
    ids = grid_areas["grid_area_id"].to_numpy(object)
    return Capacity(
        pd.concat(tables, ignore_index=True),
        pd.DataFrame({"grid_area_id": ids, "first_year": first, "worst_hour": worst}),
        city_headroom(city, share_of_city=of_city),
        pd.DataFrame(shares),
        pd.DataFrame(emitted),
    )


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
    hours = of.now.shapes.shape[1]
    together, columns = np.zeros(hours), np.zeros((areas, 6))
    charged_then = np.zeros(areas + 1)
    for start in range(0, areas + 1, _BLOCK):
        rows = slice(start, min(start + _BLOCK, areas + 1))
        now, pumped = of.now.hours(rows), of.pumped.hours(rows)
        net = (1 - moved) * now.load_kw + moved * pumped.load_kw - now.pv_kw
        charging = steered_kw(energy[rows], of.shapes, net, wishes)
        through, at_once = net + charging, net + energy[rows] @ of.shapes.uncontrolled
        together += through.sum(axis=0)
        peak_hour = through.argmax(axis=1)
        charged_then[rows] = charging[np.arange(len(charging)), peak_hour]
        inside = slice(start, min(rows.stop, areas))
        n = inside.stop - inside.start
        over = hours_over(through[:n], rating_kw[inside])
        columns[inside] = np.column_stack(
            [
                through[:n].max(axis=1),
                peak_hour[:n],
                over.hours,
                over.longest_h,
                over.energy_kwh,
                at_once[:n].max(axis=1),
            ]
        )
    peak, hour, over_h, longest, over_kwh, at_once_kw = columns.T
    found = {
        "rating_kw": rating_kw,
        "peak_kw": peak,
        "peak_hour": hour.astype(np.int64),
        "headroom_kw": rating_kw - peak,
        "over_h": over_h,
        "longest_over_h": longest,
        "over_kwh": over_kwh,
        "bought_kw": at_once_kw - peak,
    }
    causes = _causes(of, hour.astype(np.int64), moved)
    causes["charging_kw"] = charged_then[:areas]
    return pd.DataFrame(found | {f"{c}_kw": causes[f"{c}_kw"] for c in CAUSES}), together


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


def steered_kw(energy_kwh: Floats, shapes: Shapes, net_kw: Floats, wishes: Wishes) -> Floats:
    """Return the hours of charging [kW]: place by place, since cars at work can not wait for those at home.

    Who charges in public is on the way, and charges at once.
    """
    total = np.zeros_like(net_kw)
    for k, place in enumerate(shapes.kinds):
        if not energy_kwh[:, k].any():
            continue
        one = Shapes((place,), *(a[k : k + 1] for a in (shapes.uncontrolled, shapes.limit, shapes.slack)))
        need = Need.of(energy_kwh[:, k : k + 1], one)
        if wishes.charging == "at_once" or place == "public":
            total += need.uncontrolled_kw
        elif wishes.charging == "timer":
            total += timed(need, wishes.timer_hour)
        else:
            total += valley_filled(need, net_kw + total)
    return total


def _causes(of: Ingredients, hour: Whole, moved: float) -> dict[str, Floats]:
    """Return what makes up the load of each area in its own hour, without charging [kW]."""
    out = {f"{c}_kw": np.zeros(len(hour)) for c in CAUSES}
    for load, weight in ((of.now, 1 - moved), (of.pumped, moved)):
        found = peak_causes(load, hour)
        for k, name in enumerate(found.names):
            out[f"{name if name in CAUSES else 'base'}_kw"] += weight * found.kw[:, k]
    return out
