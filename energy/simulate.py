"""The whole calculation, readable from top to bottom like the physics.

Adopt measures -> heat -> hot water and electricity -> district heating -> grid -> mobility -> accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.accounts import with_emissions
from energy.buildings.demand import demand
from energy.buildings.hourly import stock_drivers
from energy.buildings.kernel import Drivers
from energy.buildings.morphing import morph
from energy.buildings.season import Plane, Season
from energy.district_heating.supply import network
from energy.electrification.heat_pumps import degree_hours
from energy.electrification.load import peaks, with_electricity
from energy.hourly_figures import hourly_figures
from energy.memory import Memory
from energy.mobility.traffic import traffic
from energy.places import Places
from energy.plan import Adoption, adopted, plan
from energy.results import Results, place_values
from energy.scenario import Scenario
from energy.stock import Stock
from twin.city import City
from twin.errors import TwinError
from twin.factors import Factors

__all__ = ["Model", "in_climate", "simulate"]

Floats = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]


def simulate(
    city: City,
    scenario: Scenario,
    *,
    years: Iterable[int] = range(2024, 2031),
    factors: Factors | None = None,
    ranges: bool = True,
    progress: Progress | None = None,
) -> Results:
    """Compute what a scenario does to energy and emissions, place by place and year by year.

    Parameters
    ----------
    city : City
        In its base year; it is not changed.
    scenario : Scenario
        The steps; :meth:`Scenario.baseline` for none.
    years : iterable of int
        Calendar years.
    factors : Factors, optional
        Other numbers than the project's own.
    ranges : bool
        Compute the low and high ends of the indicators too.
    progress : callable, optional
        Told the share done and what is being done.

    Returns
    -------
    Results
        Of every entity and year, and of every place.

    Raises
    ------
    TwinError
        When the scenario names what the city does not have, or a table lacks what the calculation needs.
    """
    years = tuple(years)
    factors = (factors or Factors.read()).override(scenario.factors)
    tell = progress or (lambda _share, _text: None)
    tell(0.0, "stock")
    model = Model(in_climate(city, scenario), plan(city, scenario), Memory())
    frames = {}
    for k, year in enumerate(years):
        tell(0.1 + 0.4 * k / len(years), str(year))
        frames[year] = model.with_hours(year, factors)
    used = tuple(sorted(factors.used))
    places = model.stock(factors).places
    tell(0.5, "ranges")
    if ranges:
        margins, influence = _margins(model, frames, years, factors, lambda share: tell(0.5 + 0.5 * share, "ranges"))
    else:
        margins, influence = _none(frames, years, places), {}
    tell(1.0, "")
    return Results(
        city, scenario, years, model.adoption, places, frames, margins, influence, used, factors, model.stock(factors)
    )


@dataclass(frozen=True)
class Model:
    """A city and a plan, ready to be calculated for any year with any factors.

    Attributes
    ----------
    city : City
        In its base year.
    adoption : Adoption
        Who adopts what and when.
    prepared : Memory
        Of what all years share.
    """

    city: City
    adoption: Adoption
    prepared: Memory

    def stock(self, factors: Factors) -> Stock:
        """Return the city prepared for calculation, with the factors of its base year."""
        return self.prepared("stock", Stock.of, self.city, self.prepared, f=factors.at(self.city.base_year))

    def drivers(self, stock: Stock, f: Mapping[str, float]) -> Drivers:
        """Return what moves the buildings of a stock with weather, hour by hour."""
        return self.prepared("drivers", _drivers, stock.weather, stock.planes, f=f)

    def year(
        self, year: int, factors: Factors, memory: Memory, cooling_need_kwh: Floats | None
    ) -> Mapping[str, pd.DataFrame]:
        """Return a year's energy and emissions; `memory` is of this year, cooling as in :func:`balance`."""
        f, stock = factors.at(year), self.stock(factors)
        buildings = memory("renovated", adopted, stock.buildings, "buildings", self.adoption, year, f=f)
        streets = memory("streets", stock.roads_in, f=f)
        roads = memory("levers", adopted, streets, "roads", self.adoption, year, f=f)
        return balance(stock, buildings, roads, cooling_need_kwh, f, memory)

    def with_hours(self, year: int, factors: Factors) -> Mapping[str, pd.DataFrame]:
        """Return a year with what its hours say, where the city has weather."""
        memory = Memory()
        f, stock = factors.at(year), self.stock(factors)
        if stock.weather is None:
            return self.year(year, factors, memory, None)
        buildings = memory("renovated", adopted, stock.buildings, "buildings", self.adoption, year, f=f)
        drivers = self.drivers(stock, f)
        figures, peak_kw = hourly_figures(stock, buildings, drivers, f)
        frames = dict(self.year(year, factors, memory, figures["cooling_need_kwh"].to_numpy(float)))
        frames["buildings"] = pd.concat([frames["buildings"], figures], axis=1)
        frames["areas"] = frames["areas"].assign(heat_peak_kw=peak_kw)
        return frames


def in_climate(city: City, scenario: Scenario) -> City:
    """Return the city with the weather of the scenario's climate; the city that was given stays as it is."""
    if not scenario.climate:
        return city
    if "weather" not in city:
        raise TwinError(f"the climate {scenario.climate!r} needs weather to change; add [layers.weather] to city.toml")
    return city.with_table("weather", morph(city["weather"], scenario.climate))


def balance(
    stock: Stock,
    buildings: pd.DataFrame,
    roads: pd.DataFrame,
    cooling_need_kwh: Floats | None,
    f: Mapping[str, float],
    memory: Memory,
) -> Mapping[str, pd.DataFrame]:
    """Return one year's energy and emissions of every entity.

    Parameters
    ----------
    stock : Stock
        What all years share.
    buildings, roads : DataFrame
        As they stand in the year.
    cooling_need_kwh : array (buildings,), optional
        By the hourly model; without it, by use.
    f : mapping
        The year's factors.
    memory : Memory
        Of the year; an empty one runs every step.

    Returns
    -------
    mapping of str to DataFrame
        ``buildings``, ``roads``, ``grid_areas`` and ``areas``.
    """
    driven = memory("traffic", traffic, roads, f=f)
    needs = memory("demand", _needs, buildings, stock.season, cooling_need_kwh, f=f)
    used = memory("electricity", with_electricity, stock, needs, driven, f=f)
    on_network = (buildings["heating"] == "district_heating").to_numpy(bool)
    hot_water = float(used["hot_water_need_kwh"].to_numpy(float)[on_network].sum())
    delivered = float(used["district_heating_kwh"].sum())
    cold = memory("cold", _cold, stock, f=f)
    heat = memory("network", network.run, delivered, hot_water, cold, stock.heat_supply, f=f)
    emitted = with_emissions(used, heat, f, streets=len(roads) > 0)
    plants = heat.units.assign(
        supplied_kwh=heat.supplied_kwh, delivered_kwh=heat.delivered_kwh, unserved_kwh=heat.unserved_kwh
    )
    return {
        "buildings": emitted.assign(heating=buildings["heating"]),
        "roads": driven,
        "heat_supply": plants,
        **peaks(stock, used),
    }


def _drivers(weather: pd.DataFrame, planes: tuple[Plane, ...], f: Mapping[str, float]) -> Drivers:
    return stock_drivers(weather, f, planes)


def _needs(
    buildings: pd.DataFrame, season: Season, cooling_need_kwh: Floats | None, f: Mapping[str, float]
) -> pd.DataFrame:
    return demand(buildings, season, f, cooling_need_kwh)


def _cold(stock: Stock, f: Mapping[str, float]) -> Floats:
    return degree_hours(stock.season.temp_air_c, f["heat_pump.heating_threshold_c"])


def _margins(
    model: Model,
    frames: Mapping[int, Mapping[str, pd.DataFrame]],
    years: tuple[int, ...],
    factors: Factors,
    tell: Callable[[float], None],
) -> tuple[dict[str, tuple[Floats, Floats]], dict[str, dict[str, tuple[float, float]]]]:
    """Return how far each indicator's low and high ends lie from its value, and what each factor does to the city's.

    Every uncertain factor is moved to its low and its high end, one at a time, in the first and the last year; the
    deviations are added in quadrature, since the factors are independent, and interpolated between the two years.
    A factor moves everywhere at once, so that a city is not made to look more certain than its parts. A factor
    without a range is scaled by 1 %, only to find out what depends on it. What rests on the hourly model, the need for
    cooling, stays as it is.
    """
    ends = sorted({years[0], years[-1]})
    places = model.stock(factors).places
    used = sorted(factors.used)
    uncertain = {k for k in used if any(r.low < r.high for r in factors[k])}
    below: dict[str, Floats] = {}
    above: dict[str, Floats] = {}
    influence: dict[str, dict[str, tuple[float, float]]] = {}
    for e, year in enumerate(ends):
        memory, own = Memory(), frames[year]["buildings"]
        cooling = own["cooling_need_kwh"].to_numpy(float) if "cooling_need_kwh" in own else None
        model.year(year, factors, memory, cooling)
        value = place_values(frames[year], places, hourly=False)
        low = {n: np.zeros_like(v) for n, v in value.items()}
        high = {n: np.zeros_like(v) for n, v in value.items()}
        for k, key in enumerate(used):
            tell((e + k / len(used)) / len(ends))
            certain = key not in uncertain
            if certain and year != ends[-1]:
                continue
            others = [factors.scaled(key, 1.01)] if certain else [factors.at_end(key, end) for end in ("low", "high")]
            moved = [place_values(model.year(year, other, memory, cooling), places, hourly=False) for other in others]
            for name, v in value.items():
                swing = np.stack([m[name] - v for m in moved])
                if swing[:, -1].any():
                    influence.setdefault(name, {})[key] = (
                        (np.nan, np.nan) if certain else (float(swing[0, -1]), float(swing[1, -1]))
                    )
                if not certain:
                    low[name] += np.minimum(swing.min(axis=0), 0) ** 2
                    high[name] += np.maximum(swing.max(axis=0), 0) ** 2
        for name in value:
            below[name] = np.vstack([below[name], np.sqrt(low[name])]) if name in below else np.sqrt(low[name])[None]
            above[name] = np.vstack([above[name], np.sqrt(high[name])]) if name in above else np.sqrt(high[name])[None]
    share = np.array([(y - ends[0]) / max(ends[-1] - ends[0], 1) for y in years])[:, None]
    return {
        n: (below[n][0] * (1 - share) + below[n][-1] * share, above[n][0] * (1 - share) + above[n][-1] * share)
        for n in below
    }, influence


def _none(
    frames: Mapping[int, Mapping[str, pd.DataFrame]], years: tuple[int, ...], places: Places
) -> dict[str, tuple[Floats, Floats]]:
    """Return margins that say "not computed"."""
    blank = np.full((len(years), len(places.table)), np.nan)
    return dict.fromkeys(place_values(frames[years[0]], places), (blank, blank))
