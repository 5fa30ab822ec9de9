"""The model's traffic beside the official inventory: a ratio that is shown, never hidden."""

from __future__ import annotations

from dataclasses import dataclass

from energy.climate.inventory import inventory, sectors
from energy.places import CITY
from energy.results import Results

__all__ = ["InventoryRatio", "inventory_ratio"]


@dataclass(frozen=True)
class InventoryRatio:
    """What the model has of the traffic's fossil exhaust, against the inventory.

    Attributes
    ----------
    year, inventory_year : int
        Of the model, and of the inventory: the last year it knows up to the model's.
    model_t, official_t : float
        Of the simulated streets, and of all transport in Göteborg [t CO2e].
    population_share : float
        Simulated part of Göteborg's inhabitants, at most 1; 1 where the areas have no inhabitants.
    """

    year: int
    inventory_year: int
    model_t: float
    official_t: float
    population_share: float

    @property
    def ratio(self) -> float:
        """Model per inventory, the inventory scaled to the simulated share of the inhabitants."""
        return self.model_t / (self.official_t * self.population_share)

    def __str__(self) -> str:
        """Return one line of text."""
        return (
            f"{self.model_t / 1000:.1f} kton of fossil exhaust {self.year}, {self.ratio:.2f} of the inventory's "
            f"{self.official_t / 1000:.1f} kton {self.inventory_year} times {self.population_share:.4f} of the inhabitants"
        )


def inventory_ratio(results: Results, year: int) -> InventoryRatio:
    """Return the ratio of the model's fossil exhaust to Göteborg's official inventory of transport.

    The inventory also holds ships, rail and air in the municipality; streets without traffic data, and through traffic
    that inhabitants do not explain, part the two as well.

    Parameters
    ----------
    results : Results
        Of a scenario, with the year among its years.
    year : int

    Raises
    ------
    TwinError
        When the year was not simulated.
    """
    table = sectors(year, inventory(results))
    places = results.places.table
    people = float(places.loc[places["level"] == CITY, "population"].iloc[0])
    share = people / results.factors.at(year)["population.goteborg"]
    return InventoryRatio(
        year,
        int(table["year"].iloc[0]),
        float(results.at("roads", year)["co2e_territorial_kg"].sum()) / 1000,
        float(table.loc[table["model"] == "roads", "emissions_t"].sum()),
        min(share, 1.0) if share > 0 else 1.0,
    )
