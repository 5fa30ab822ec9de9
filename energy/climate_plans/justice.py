"""Whom a plan burdens and whom it helps: by area and form of tenure, by income where it is known, and what else it brings.

What is not known is told as not known. It is never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from energy.annuity import annuity
from energy.climate import justice
from energy.climate_plans.investment_plan import InvestmentPlan, investment_plan
from energy.climate_plans.money import PRICES_OF, bill, owners, price_level
from energy.climate_plans.portfolio import Portfolio
from energy.climate_plans.portfolio import portfolio as shared_out
from energy.climate_plans.remarks import Remark
from energy.mobility_plans.street_air import air, links
from energy.plan import adopted
from energy.results import Results
from energy.scenario import Scenario, Step
from twin.city import City
from twin.factors import Factors
from twin.registry import MEASURES

__all__ = ["Distribution", "distribution", "energy_share", "flagged", "incomes", "near_home_shares"]

Floats = npt.NDArray[np.float64]
_HOMES = ("single_family", "multi_family")
_RENTED = ("public_rental", "private_rental")
_POLLUTANTS = ("nox_kg", "pm25_kg")


@dataclass(frozen=True)
class Distribution:
    """Who bears and who gains in the last simulated year.

    Attributes
    ----------
    groups : DataFrame
        One row an area of the lowest level and form of tenure: area_id, tenure, buildings, renovated, floor_area_m2,
        capex_sek, cost_sek_year (annuity of what is done to its buildings), saving_sek_year (of their energy bills),
        net_sek_year, rent_rise_share (if tenants of renovated buildings paid the cost and kept the saving; blank for
        others) and raises_rent.
    areas : DataFrame
        One row an area: area_id, name, population, income_sek, home_energy_sek, home_energy_plan_sek, cost_sek_year,
        saving_sek_year, energy_share, energy_share_plan (of income), energy_poor, energy_poor_plan; blank without income.
    concentration_index : float
        Of the net gain a head along income, or of the net cost where :attr:`gains` says so: below 0 where it lies more
        with areas of low income; blank without incomes.
    not_placed_sek : float
        Investment in what belongs to no building, such as streets.
    benefits : DataFrame
        benefit, value, low, high, unit, source, status, note: what the plan brings besides; unknown ones are left out.
    unknown : tuple of Remark
        What could not be told, and why.
    factors_used : tuple of str
    """

    groups: pd.DataFrame
    areas: pd.DataFrame
    concentration_index: float
    not_placed_sek: float
    benefits: pd.DataFrame
    unknown: tuple[Remark, ...]
    factors_used: tuple[str, ...]

    @property
    def gains(self) -> bool:
        """Whether the areas whose income is known gain together; else they bear a net cost."""
        known = self.areas[self.areas["income_sek"].notna()]
        return bool(known["saving_sek_year"].sum() >= known["cost_sek_year"].sum())


def distribution(portfolio: Portfolio, money: InvestmentPlan) -> Distribution:
    """Tell whom a plan burdens and whom it helps.

    The cost of a measure is spread over the buildings that adopt it by floor area.

    Parameters
    ----------
    portfolio : Portfolio
    money : InvestmentPlan
        Of the same portfolio.

    Returns
    -------
    Distribution
    """
    numbers = Factors(dict(portfolio.plan.factors))
    portfolio = replace(portfolio, plan=replace(portfolio.plan, factors=numbers))
    plan = portfolio.plan
    houses, not_placed = _houses(portfolio, money)
    groups = _groups(houses, money, plan)
    areas, unknown = _areas(portfolio, money, houses)
    index = float("nan")
    known = areas[areas["income_sek"].notna() & (areas["population"] > 0)]
    if len(known) > 1:
        people = known["population"].to_numpy(float)
        gain = (known["saving_sek_year"] - known["cost_sek_year"]).to_numpy(float) / people
        index = justice.concentration_index(gain, known["income_sek"].to_numpy(float), people)
    benefits, missing = _benefits(portfolio, money)
    lacking = [Remark("burden", {"measure": row.name or row.id}) for row in money.not_priced.itertuples()]
    return Distribution(
        groups, areas, index, not_placed, benefits, (*unknown, *missing, *lacking), tuple(sorted(numbers.used))
    )


def flagged(city: City, step: Step, year: int, factors: Factors | None = None) -> bool | None:
    """Return whether a measure alone raises rents noticeably or makes an area energy-poor.

    Parameters
    ----------
    city : City
    step : Step
    year : int
        By which it has been carried out, after the city's base year.
    factors : Factors, optional

    Returns
    -------
    bool or None
        None where it is not known: the measure is not priced, or changes no buildings.
    """
    alone = Scenario(name=step.name or step.measure, step=(step,))
    found = shared_out(city, alone, years=(city.base_year, year), factors=factors)
    money = investment_plan(found)
    if len(money.not_priced) or MEASURES[step.measure].table != "buildings":
        return None
    told = distribution(found, money)
    poorer = told.areas["energy_poor_plan"].fillna(False) & ~told.areas["energy_poor"].fillna(False)
    return bool(told.groups["raises_rent"].any() or poorer.any())


def incomes(city: City) -> pd.Series:
    """Return the mean disposable income per inhabitant by area, of the areas or of the table of population [SEK/year].

    Examples
    --------
    >>> city = City("Test", "EPSG:3007", {"population": pd.DataFrame({"area_id": ["a"], "income_sek": [250_000.0]})})
    >>> incomes(city).to_dict()
    {'a': 250000.0}
    """
    for name in ("areas", "population"):
        table = city.get(name)
        if len(table) and "income_sek" in table and table["income_sek"].notna().any():
            return table.set_index("area_id")["income_sek"].astype(float)
    return pd.Series(dtype=float)


def energy_share(cost_sek: Floats, people: Floats, income_sek: Floats) -> Floats:
    r"""Return the share of income that is spent on energy at home.

    .. math:: s = C / (N y)

    Parameters
    ----------
    cost_sek, people, income_sek : array (n,)
        A year's energy of all homes [SEK], inhabitants, and the income of each [SEK/year].

    Returns
    -------
    array (n,)
        [1]; blank where nobody lives or income is not known.

    Examples
    --------
    >>> energy_share(np.array([5e6, 1.0]), np.array([500.0, 10.0]), np.array([200_000.0, np.nan])).tolist()
    [0.05, nan]
    """
    below = people * income_sek
    return np.divide(cost_sek, below, out=np.full(np.shape(cost_sek), np.nan), where=below > 0)


def near_home_shares(
    homes: npt.NDArray[np.object_], people: Floats, streets: npt.NDArray[np.object_], within_m: float
) -> Floats:
    r"""Return the share of each street's emission that is near the home of the mean inhabitant, a proxy for exposure.

    .. math:: w_l = \sum_b N_b \frac{|l \cap D_b|}{|l|} \Big/ \sum_b N_b

    with the disc :math:`D_b` round the middle of building :math:`b`.

    Parameters
    ----------
    homes : array (n,) of Point
    people : array (n,)
        Inhabitants of each, not all 0.
    streets : array (m,) of LineString
    within_m : float
        Radius of the disc [m].

    Returns
    -------
    array (m,)
        [1]; times a year's emissions, what is emitted near the mean inhabitant.

    Examples
    --------
    Of a street of 1 km, 100 m are within 50 m of the one who lives by it, and none of the other:

    >>> homes = np.array([shapely.Point(500, 0), shapely.Point(500, 900)])
    >>> street = np.array([shapely.LineString([(0, 0), (1000, 0)])])
    >>> near_home_shares(homes, np.array([1.0, 1.0]), street, 50.0).round(3).tolist()
    [0.05]
    """
    home, street = shapely.STRtree(streets).query(homes, predicate="dwithin", distance=within_m)
    near = shapely.length(shapely.intersection(shapely.buffer(homes, within_m)[home], streets[street]))
    whole = shapely.length(streets)
    sums = np.bincount(street, near * people[home], len(streets))
    return np.divide(sums, whole * people.sum(), out=np.zeros(len(streets)), where=whole > 0)


def _houses(portfolio: Portfolio, money: InvestmentPlan) -> tuple[pd.DataFrame, float]:
    """Return area, tenure, costs and savings of every building, and what is invested elsewhere [SEK]."""
    plan = portfolio.plan
    stock = plan.stock.buildings
    area = plan.at("buildings", plan.years[-1])["floor_area_m2"].to_numpy(float)
    rate = plan.factors.at(plan.years[0])["money.real_rate"]
    capex, yearly = np.zeros(len(stock)), np.zeros(len(stock))
    not_placed = 0.0
    measures = [step.measure for step in plan.scenario.step]
    for key, measure, years in zip(plan.scenario.ids, measures, plan.adoption.years, strict=True):
        cost = money.costs[key]
        spent = float(cost.spent_sek.sum())
        if MEASURES[measure].table != "buildings":
            not_placed += spent
            continue
        weight = np.where(years <= money.years[-1], area, 0.0)
        if not weight.sum() > 0:
            not_placed += spent
        elif spent:
            share = weight / weight.sum()
            capex += spent * share
            yearly += float((cost.spent_sek * annuity(rate, cost.lifetime_years)).sum()) * share
    table = pd.DataFrame(
        {
            "area_id": stock["area_id"].to_numpy(object),
            "tenure": owners(stock)["tenure"].to_numpy(object),
            "use": stock["use"].to_numpy(object),
            "floor_area_m2": area,
            "capex_sek": capex,
            "cost_sek_year": yearly,
            "saving_sek_year": money.savings.entities_sek.sum(axis=0)[: len(stock)],
        }
    )
    return table, not_placed


def _groups(houses: pd.DataFrame, money: InvestmentPlan, plan: Results) -> pd.DataFrame:
    """Return the sums of areas and forms of tenure, with what rents would rise by."""
    numbers = plan.factors.at(plan.years[-1])
    rent_m2 = numbers["justice.rent_sek_m2"] * price_level(PRICES_OF, money.price_year, plan.factors)
    renovated = houses["capex_sek"] > 0
    rented = renovated & houses["tenure"].isin(_RENTED) & houses["use"].isin(_HOMES)
    parts = {c: houses[c].where(rented, 0.0) for c in ("cost_sek_year", "saving_sek_year", "floor_area_m2")}
    wide = houses.assign(buildings=1, renovated=renovated, **{f"rented_{c}": v for c, v in parts.items()})
    sums = wide.drop(columns="use").groupby(["area_id", "tenure"], dropna=False).sum().reset_index()
    rise = justice.rent_rise_share(
        sums["rented_cost_sek_year"].to_numpy(float),
        sums["rented_saving_sek_year"].to_numpy(float),
        sums["rented_floor_area_m2"].to_numpy(float) * rent_m2,
    )
    told = sums.drop(columns=[c for c in sums if str(c).startswith("rented_")])
    return told.assign(
        net_sek_year=sums["saving_sek_year"] - sums["cost_sek_year"],
        rent_rise_share=rise,
        raises_rent=justice.raises_rent(rise, numbers),
    )


def _areas(portfolio: Portfolio, money: InvestmentPlan, houses: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Return what energy at home costs in every area of the lowest level, over income where it is known."""
    plan, year = portfolio.plan, portfolio.plan.years[-1]
    level = price_level(PRICES_OF, money.price_year, plan.factors)
    home = houses["use"].isin(_HOMES).to_numpy(bool)
    base = portfolio.baseline.at("buildings", year)
    paid = [
        np.where(
            home,
            bill(r.stock, base, r.factors, year, level).whole(r.frames[year], r.factors.at(year))[: len(home)],
            0.0,
        )
        for r in (portfolio.baseline, plan)
    ]
    table = houses.assign(home_energy_sek=paid[0], home_energy_plan_sek=paid[1])
    sums = table.groupby("area_id")[
        ["home_energy_sek", "home_energy_plan_sek", "cost_sek_year", "saving_sek_year"]
    ].sum()
    areas = plan.city.get("areas")
    lowest = areas[~areas["area_id"].isin(areas["parent_id"].dropna())]
    out = pd.DataFrame({c: lowest[c].to_numpy(object) for c in ("area_id", "name")})
    out["population"] = lowest["population"].to_numpy(float)
    out["income_sek"] = out["area_id"].map(incomes(plan.city)).astype(float)
    out = out.join(sums, on="area_id").fillna(dict.fromkeys(sums, 0.0))
    limit = plan.factors.at(year)["justice.energy_poverty_share"]
    for end in ("", "_plan"):
        share = energy_share(*(out[c].to_numpy(float) for c in (f"home_energy{end}_sek", "population", "income_sek")))
        out[f"energy_share{end}"] = share
        out[f"energy_poor{end}"] = pd.Series(share > limit, dtype="boolean").mask(np.isnan(share))
    lived = out["population"] > 0
    known = int(out.loc[lived, "income_sek"].notna().sum())
    return out, [] if known == lived.sum() else [Remark("incomes", {"known": known, "count": int(lived.sum())})]


def _benefits(portfolio: Portfolio, money: InvestmentPlan) -> tuple[pd.DataFrame, list[Remark]]:
    """Return what the plan brings besides, and what of it is not known."""
    plan, year = portfolio.plan, portfolio.plan.years[-1]
    rows: list[tuple[str, float, float, float, str, str, str, str]] = []
    unknown: list[Remark] = []
    key = "cobenefit.jobs_per_msek"
    spent = float(money.rows["capex_sek"].sum()) / 1e6 / price_level(2020, money.price_year, plan.factors)
    low, value, high = (spent * plan.factors.value(key, year, end) for end in ("low", "value", "high"))
    about = plan.factors[key][-1]
    rows.append(("jobs", value, low, high, "job-years", about.source, about.status, "Of all investment that is priced"))
    both = (portfolio.baseline, plan)
    if all("overheating_h_m2" in r.at("buildings", year) for r in both):
        hours = [_overheating_h(r, year) for r in both]
        note = "Change of the mean of homes by floor area, hourly model; above 0 is worse; range not computed"
        rows.append(("overheating", hours[1] - hours[0], np.nan, np.nan, "h/year", "assumed", "assumed", note))
    else:
        unknown.append(Remark("no_weather"))
    if len(plan.stock.roads) and plan.stock.home_population.sum() > 0:
        near = _near(both, year)
        for k, name in enumerate(_POLLUTANTS):
            change = [float(after[k] / before[k] - 1) if before[k] > 0 else np.nan for before, after in near]
            note = "Change of what streets emit near the home of the mean inhabitant; low and high over the distance"
            if np.isfinite(change).all():
                ends = min(change), max(change)
                rows.append(
                    (f"{name.removesuffix('_kg')}_near_homes", change[0], *ends, "1", "assumed", "assumed", note)
                )
            else:
                unknown.append(Remark("no_street_near", {"pollutant": name}))
    else:
        unknown.append(Remark("no_streets"))
    columns = ["benefit", "value", "low", "high", "unit", "source", "status", "note"]
    return pd.DataFrame(rows, columns=columns), unknown


def _overheating_h(results: Results, year: int) -> float:
    frame = results.at("buildings", year)
    home = results.stock.buildings["use"].isin(_HOMES).to_numpy(bool)
    area = frame["floor_area_m2"].to_numpy(float)[home]
    return float(frame["overheating_h_m2"].to_numpy(float)[home].sum() / area.sum()) if area.sum() > 0 else float("nan")


def _near(both: tuple[Results, Results], year: int) -> list[tuple[Floats, Floats]]:
    """Return the pollutants near the mean inhabitant's home without and with the plan, at the usual distance, low and high."""
    plan = both[1]
    middle = gpd.GeoSeries(plan.city["buildings"]["geometry"]).centroid.to_numpy()
    streets = plan.city["roads"]["geometry"].to_numpy()
    people = _inhabitants(plan, year)
    lived = people > 0
    kg = []
    for results in both:
        f = results.factors.at(year)
        roads = adopted(results.stock.roads_in(f), "roads", results.adoption, year, f)
        driven = links(roads, f)
        found = air(driven, year, f)[list(_POLLUTANTS)].fillna(0.0)
        kg.append(found.to_numpy(float))
    radii = [plan.factors.value("justice.near_home_m", year, end) for end in ("value", "low", "high")]

    shares = [near_home_shares(middle[lived], people[lived], streets, r) for r in radii]
    return [(share @ kg[0], share @ kg[1]) for share in shares]


def _inhabitants(results: Results, year: int) -> Floats:
    """Return the inhabitants of every building: its area's, by floor area of homes."""
    stock = results.stock
    area = results.at("buildings", year)["floor_area_m2"].to_numpy(float)
    home = np.where(stock.buildings["use"].isin(_HOMES).to_numpy(bool) & (stock.home_area >= 0), area, 0.0)
    where = np.maximum(stock.home_area, 0)
    total = np.bincount(where, home, len(stock.home_population))[where]
    of_area = stock.home_population[where] if len(stock.home_population) else np.zeros(len(home))
    return np.divide(home * of_area, total, out=np.zeros(len(home)), where=total > 0)
