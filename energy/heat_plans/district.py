"""A heat network for a district that a planner draws: laid out, sized, run through the year, and set beside heat pumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from energy.district_heating.hydraulics import year as network_year
from energy.district_heating.hydraulics.pipes import Water
from energy.district_heating.routing import layout
from energy.district_heating.routing.layout import Network, Wishes
from energy.district_heating.routing.streets import Rules
from energy.district_heating.supply import network
from energy.district_heating.supply.network import Operation, load_of_hours_mw
from energy.district_heating.supply.plants import supply_temperature_c
from energy.heat_plans.dense import sites
from energy.heat_plans.loads import HeatLoads, heat_loads
from energy.heat_plans.supply import ACCOUNTS, on_network
from energy.heating_choice import CRITERIA, District, evaluate, winner
from energy.heating_options import OPTIONS
from energy.plan import adopted
from energy.results import Results
from twin.errors import TwinError

__all__ = ["NewDistrict", "inside", "new_district"]

Floats = npt.NDArray[np.float64]
_STREETS_AROUND_M = 150.0  # streets just outside a boundary may carry pipes too
_SHORT_OF_STREETS = ("motorway",)


@dataclass(frozen=True)
class NewDistrict:
    """A network for the buildings inside a boundary.

    Attributes
    ----------
    network : Network
        Its pipes, buildings, costs.
    loads : HeatLoads
        Of all buildings with heat inside.
    year : NetworkYear or None
        Temperatures, losses and pressures of the year; None where nothing is connected.
    supply_c : array (8760,)
        Temperature that is sent out [degC].
    wanted_c : float
        What hot water needs at the consumers [degC].
    connection : str
        Where the heat comes from: ``point``, ``pipe``, ``plant`` or ``middle``.
    comparison : DataFrame
        One row an option of heating, for the connected buildings together: option, heat_kwh, cost_sek_year, co2e_territorial_kg,
        co2e_lifecycle_kg, co2e_marginal_kg, electricity_kwh, electric_peak_kw; open_to and cheapest_for, numbers of buildings. An option that is not open to
        all of them sums those for which it is.
    """

    network: Network
    loads: HeatLoads
    year: network_year.NetworkYear | None
    supply_c: Floats
    connection: str
    wanted_c: float
    comparison: pd.DataFrame

    @property
    def figures(self) -> dict[str, Any]:
        """What the planner reads first, each with its unit in the name."""
        net, hours = self.network, self.year
        laid = net.pipes
        found: dict[str, Any] = {
            "buildings": len(self.loads.row),
            "connected": int(net.buildings["connected"].sum()),
            "heat_mwh": net.heat_kwh / 1000,
            "trench_m": float(laid["length_m"].sum()) if len(laid) else 0.0,
            "invest_sek": net.invest_sek,
            "lcoh_sek_kwh": net.lcoh_sek_kwh,
            "worth_sek_year": net.worth_sek,
            "break_even_sek_kwh": net.cheapest_break_even_sek_kwh,
            "bound_sek_year": net.bound_sek,
            "method": net.method,
        }
        if hours is not None:
            found |= {
                "loss_mwh": float(hours.loss_w.sum()) / 1e6,
                "loss_share": float(hours.loss_w.sum() / hours.heat_in_w.sum()),
                "peak_kw": float(hours.heat_in_w.max()) / 1000,
                "pump_mwh": float(hours.pump_w.sum()) / 1e6,
                "coldest_c": float(np.nanmin(hours.coldest_c)),
                "cold_hours": int((hours.coldest_c < self.wanted_c).sum()),
                "largest_drop_bar": float(hours.path_drop_pa.max()) / 1e5,
            }
        return found


def inside(results: Results, boundary: shapely.Geometry) -> npt.NDArray[np.bool_]:
    """Return which buildings stand inside a boundary, by their middle, (buildings,).

    Raises
    ------
    TwinError
        When the boundary is no area, or no building stands in it.
    """
    if boundary.is_empty or not boundary.area > 0:
        raise TwinError("the boundary encloses no area; draw at least three corners that do not lie on a line")
    if not boundary.is_valid:
        raise TwinError(
            f"the boundary crosses itself ({shapely.is_valid_reason(boundary)}); draw it without crossing lines"
        )
    middle = results.city["buildings"].geometry.centroid.to_numpy()
    shapely.prepare(boundary)
    rows = shapely.contains_xy(boundary, shapely.get_x(middle), shapely.get_y(middle))
    if not rows.any():
        raise TwinError("no building stands inside the boundary; draw it around some, in the city's coordinate system")
    return np.asarray(rows, bool)


def new_district(
    results: Results,
    year: int,
    boundary: shapely.Geometry,
    wishes: Wishes | None = None,
    *,
    source: shapely.Point | None = None,
) -> NewDistrict:
    """Lay out a heat network inside a boundary and compare it with heat pumps.

    The heat comes from the point that is given, or else the nearest pipe of the city's network, its nearest plant, or a
    plant of the district's own in the middle of its heat.
    Its emissions are those of the city's plants with the district's load on top: averages in the bookkeeping accounts,
    and what the last running plant emits in the decision account.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.
    boundary : Polygon or MultiPolygon
        In the city's coordinate system.
    wishes : Wishes, optional
    source : Point, optional
        Where heat comes from.

    Returns
    -------
    NewDistrict

    Raises
    ------
    TwinError
        When the boundary holds nothing or there are no streets; it says what to do.
    """
    city, f = results.city, results.factors.at(year)
    rows = inside(results, boundary)
    loads = heat_loads(results, year, rows)
    b = gpd.GeoDataFrame(
        {
            "building_id": city["buildings"]["building_id"].to_numpy(object)[loads.row],
            "heat_kwh": loads.heat_kwh,
            "peak_kw": loads.peak_kw,
        },
        geometry=city["buildings"].geometry.to_numpy()[loads.row],
        crs=city.crs,
    )
    point, connection = _source(results, boundary, b, source)
    laid = layout.lay_out(
        _streets(results, boundary), b, gpd.GeoSeries([point], crs=city.crs), f, wishes,
        rules=Rules(plant_reach_m=float("inf")),
    )  # fmt: skip
    supply_c = supply_temperature_c(loads.outdoor_c, f)
    hours = _run(laid, loads, supply_c, f)
    wanted_c = f["hot_water.circulation_c"] + f["heating.exchanger_pinch_k"]
    table = _comparison(results, year, laid, loads, hours)
    return NewDistrict(laid, loads, hours, supply_c, connection, wanted_c, table)


def _streets(results: Results, boundary: shapely.Geometry) -> gpd.GeoDataFrame:
    """Return the streets in which pipes may be laid."""
    if "roads" not in results.city or not len(results.city["roads"]):
        raise TwinError("the city has no streets to lay pipes in; add [layers.roads] to city.toml")
    roads = results.city["roads"]
    near = shapely.intersects(roads.geometry.to_numpy(), boundary.buffer(_STREETS_AROUND_M))
    return gpd.GeoDataFrame(roads[near & ~roads["road_class"].isin(_SHORT_OF_STREETS).to_numpy(bool)])


def _source(
    results: Results, boundary: shapely.Geometry, buildings: gpd.GeoDataFrame, given: shapely.Point | None
) -> tuple[shapely.Point, str]:
    """Return where heat comes from, and what is there."""
    if given is not None:
        return given, "point"
    for table, kind in (("heat_pipes", "pipe"), ("heat_supply", "plant")):
        shapes = results.city[table].geometry.dropna().to_numpy() if table in results.city else np.zeros(0)
        if len(shapes):
            nearest = shapes[int(np.argmin(shapely.distance(shapes, boundary.centroid)))]
            return shapely.get_point(shapely.shortest_line(nearest, boundary.centroid), 0), kind
    places = shapely.get_coordinates(buildings.geometry.centroid.to_numpy())
    return shapely.Point(np.average(places, axis=0, weights=buildings["heat_kwh"])), "middle"


def _run(laid: Network, loads: HeatLoads, supply_c: Floats, f: Any) -> network_year.NetworkYear | None:
    """Run the network through the year, each building with the hours of its kind."""
    if laid.pipe_tree is None:
        return None
    n = len(laid.demand_kw)
    design, kind = np.zeros(n), np.zeros(n, np.int64)
    node = laid.buildings["node"].to_numpy()
    joined = laid.buildings["connected"].to_numpy(bool)
    at = node[joined].astype(np.int64)
    design[at] = loads.heat_kwh[joined] * 1000  # the year's heat as one hour's power; the profile is its share an hour
    kind[at] = loads.kind[joined]
    return network_year.year(
        laid.pipe_tree, design, loads.profile, supply_c, f["network.return_c"], f["network.ground_c"],
        Water.of(f), network_year.Pump.of(f), profile=kind,
    )  # fmt: skip


def _comparison(
    results: Results, year: int, laid: Network, loads: HeatLoads, hours: network_year.NetworkYear | None
) -> pd.DataFrame:
    """Return cost and emissions of every option for the connected buildings."""
    columns = ["option", "heat_kwh", *CRITERIA, "electricity_kwh", "electric_peak_kw", "open_to", "cheapest_for"]
    if hours is None:
        return pd.DataFrame({c: [] for c in columns})
    f = results.factors.at(year)
    joined = laid.buildings["connected"].to_numpy(bool)
    row, heat = loads.row[joined], loads.heat_kwh[joined]
    frame = results.at("buildings", year).iloc[row]
    properties = adopted(results.stock.buildings, "buildings", results.adoption, year, f).iloc[row]
    chosen = pd.DataFrame(
        {
            **{c: frame[c].to_numpy(float) for c in ("floor_area_m2", "heat_need_kwh", "hot_water_need_kwh")},
            "peak_kw": loads.peak_kw[joined],
            "radiator_at_0_c": properties["radiator_at_0_c"].to_numpy(float),
        }
    ).join(sites(results, year, row, loads.peak_kw[joined]))
    emitted = _emitted(results, year, loads, joined, hours)
    per_kwh = {a: emitted[a] / heat.sum() for a in ACCOUNTS}
    found = evaluate(chosen, District(**per_kwh, bill_sek_year=np.zeros(len(row))), loads.outdoor_c, f)
    cost = found.totals["cost_sek_year"].copy()
    cost[0] = heat * (laid.lcoh_sek_kwh + f["network.production_sek_kwh"])  # pipes, substations, losses, production
    cheapest = winner(cost)[0]
    totals = {c: np.nansum(cost if c == "cost_sek_year" else found.totals[c], axis=1) for c in CRITERIA}
    return pd.DataFrame(
        {
            "option": OPTIONS,
            "heat_kwh": np.where(np.isfinite(cost), heat, 0.0).sum(axis=1),
            **totals,
            "electricity_kwh": np.nansum(found.electricity_kwh, axis=1),
            "electric_peak_kw": np.nansum(found.electric_peak_kw, axis=1),
            "open_to": np.isfinite(cost).sum(axis=1),
            "cheapest_for": np.bincount(cheapest[cheapest >= 0], minlength=len(OPTIONS)),
        }
    )[columns]


def _emitted(
    results: Results,
    year: int,
    loads: HeatLoads,
    joined: npt.NDArray[np.bool_],
    hours: network_year.NetworkYear,
) -> dict[str, float]:
    """Return what the district's heat emits a year, losses included, in the three accounts [kgCO2e]."""
    f, table = results.factors.at(year), results.stock.heat_supply
    need_mw = hours.heat_in_w / 1e6
    if not len(table):
        return {a: float(need_mw.sum()) * 1000 * f[f"district_heating.{a}"] for a in ACCOUNTS}
    others = on_network(results, year)
    others[loads.row[joined]] = False
    load = np.zeros_like(need_mw)
    if others.any():
        load = load_of_hours_mw(heat_loads(results, year, others).together_kw, f["district_heating.loss_share"])
    how = Operation(temp_air_c=loads.outdoor_c)
    done = network.year(load + need_mw, table, f, how)
    average = {a: np.nan_to_num(done.average(a)) for a in ACCOUNTS[:2]}
    average["marginal"] = done.marginal["marginal"]
    return {a: float((need_mw * average[a]).sum()) * 1000 for a in ACCOUNTS}
