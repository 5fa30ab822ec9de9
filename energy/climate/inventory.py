"""The official inventory of the city: every sector, the part of the model it is set against, and what lies outside.

A sector outside the model stays visible; it is never dropped, and never zero.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.results import Results
from twin import reference

__all__ = ["PARTS", "inventory", "modelled_t", "normal_year", "outside_share", "ratios", "sectors", "simulated_share"]

Floats = npt.NDArray[np.float64]
PARTS = ("own_heating", "power_and_heat", "roads")


def inventory(results: Results | None = None) -> pd.DataFrame:
    """Return the city's own inventory where it has one, else Göteborg's: sector, year, emissions_t, model."""
    if results is not None and "inventory" in results.city:
        return pd.DataFrame(results.city["inventory"])
    return reference.table("inventory_goteborg")


def sectors(year: int, table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the sectors of the last year known up to a year, or of the first known.

    Parameters
    ----------
    year : int
    table : DataFrame, optional
        Of :func:`inventory`; Göteborg's without.

    Returns
    -------
    DataFrame
        sector, year, emissions_t [t], model (``own_heating``, ``power_and_heat``, ``roads`` or ``outside``).

    Examples
    --------
    >>> table = sectors(2024)
    >>> float(table["emissions_t"].sum() / 1000), float(table.loc[table["sector"].str.startswith("Industri"), "emissions_t"].sum() / 1000)
    (2252.7, 1005.8)
    """
    table = inventory() if table is None else table
    known = np.sort(table["year"].unique().astype(int))
    at = known[max(int(np.searchsorted(known, year, side="right")) - 1, 0)]
    return table.loc[table["year"] == at, ["sector", "year", "emissions_t", "model"]].reset_index(drop=True)


def outside_share(year: int, table: pd.DataFrame | None = None) -> float:
    """Return the share of the city's territorial emissions that lies outside the model.

    Examples
    --------
    >>> round(outside_share(2024), 3)
    0.556
    """
    found = sectors(year, table)
    return float(found.loc[found["model"] == "outside", "emissions_t"].sum() / found["emissions_t"].sum())


def normal_year(emissions_t: Floats, weather_share: Floats, degree_days: Floats, normal: float) -> Floats:
    r"""Return emissions as they would be in a year with normal weather.

    .. math:: E_n = E \left(1 - s + s \, \frac{G_n}{G}\right)

    The degree-day method: only the share s that follows the weather is corrected.

    Parameters
    ----------
    emissions_t : array (n,)
        [t]
    weather_share : array (n,)
        Share that follows the degree days [1].
    degree_days : array (n,)
        Of the year [K d]; NaN where unknown, which gives NaN.
    normal : float
        Of a normal year [K d].

    Returns
    -------
    array (n,)
        [t]

    Examples
    --------
    A year with a tenth more degree days than normal, of whose emissions half follows the weather:

    >>> normal_year(np.array([876.0]), np.array([0.5]), np.array([3300.0]), 3000.0).round(1).tolist()
    [836.2]
    """
    corrected: Floats = emissions_t * (1 - weather_share + weather_share * normal / degree_days)
    return corrected


def simulated_share(results: Results) -> float:
    """Return what part of the inventory's inhabitants is simulated, by which the inventory is shared out [1]."""
    if "inventory" in results.city:
        return 1.0
    people = float(results.stock.home_population.sum())
    whole = results.factors.at(results.city.base_year)["population.goteborg"]
    return min(people / whole, 1.0) if people > 0 else 1.0


def modelled_t(results: Results, year: int) -> dict[str, float]:
    """Return the territorial emissions that the model calculates, by the part that a sector is set against [t].

    Returns
    -------
    dict of str to float
        ``own_heating``: fuels burnt in buildings; ``power_and_heat``: district heating and the electricity that is made
        inside the city; ``roads``: fossil exhaust. They add up to the territorial account.
    """
    f = results.factors.at(year)
    houses, roads = results.at("buildings", year), results.at("roads", year)
    fuels = {
        "oil_kwh": "fuel.oil.territorial",
        "gas_kwh": "fuel.gas.territorial",
        "biofuel_kwh": "fuel.biofuel.territorial",
    }
    own = sum(float(houses[column].sum()) * f[key] for column, key in fuels.items())
    return {
        "own_heating": own / 1000,
        "power_and_heat": (float(houses["co2e_territorial_kg"].sum()) - own) / 1000,
        "roads": float(roads["co2e_territorial_kg"].sum()) / 1000,
    }


def ratios(results: Results, year: int) -> pd.DataFrame:
    """Set the model beside the inventory, sector by sector.

    Parameters
    ----------
    results : Results
    year : int
        One of those simulated.

    Returns
    -------
    DataFrame
        One row a sector: sector, model, inventory_year, inventory_t (of the whole city), shared_t (times the part of the
        inhabitants that is simulated), modelled_t (blank outside the model), ratio.
    """
    found = sectors(year, inventory(results))
    modelled = modelled_t(results, year)
    shared = found["emissions_t"].to_numpy(float) * simulated_share(results)
    part = found["model"].astype(str)
    together = pd.Series(shared).groupby(part.to_numpy()).sum()
    # several sectors of one part share what is modelled by their size
    weight = shared / np.where(part.map(together) == 0, 1.0, part.map(together))
    of_model = part.map(modelled).to_numpy(float) * weight
    return pd.DataFrame(
        {
            "sector": found["sector"],
            "model": part,
            "inventory_year": found["year"].astype(int),
            "inventory_t": found["emissions_t"].astype(float),
            "shared_t": shared,
            "modelled_t": of_model,
            "ratio": np.divide(of_model, shared, out=np.full(len(found), np.nan), where=shared != 0),
        }
    )
