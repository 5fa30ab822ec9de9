"""What a calculation has to say in words: assumptions it made, and what it could not tell. Other languages go by the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["SENTENCES", "Remark"]

SENTENCES: Mapping[str, str] = {
    "without_vat": "all amounts are without value-added tax",
    "bill_payers": "whoever owns a building pays its energy bill and gets what is saved (owner_classes.csv); rents stay as they are",
    "vehicle_costs": "households and businesses share the cost of motor fuel and of what vehicles charge (traffic.household_cost_share)",
    "grid_owner": "the city's company owns the grids for electricity and heat; what it earns less is what customers save",
    "heat_tariff": "district heat is worth what its power-based tariff makes of a saved kWh; fixed fees are not counted",
    "stays": "savings, tonnes and prices stay after the last simulated year, and what wears out is renewed",
    "own_purchases": "vehicles and other things that people buy themselves cost what a measure states, else nothing",
    "grants": "a grant whose source is no known body comes from the state",
    "carbon_value": "the value of carbon is taken as it stands, whatever its price level",
    "nobody_pays": "nobody pays; its cost is society's only",
    "began_before": "began before {year}; what it cost before is not counted",
    "no_cost": "it states no cost and its effect is not calculated",
    "no_price": "a part of what it builds has no price",
    "note": "{note}",
    "price_level": "the price level of {items} is not known",
    "outside_years": "{sek} SEK of investment lies outside {first} to {last} and is not counted",
    "lifetime": "nobody states its lifetime; {years} years are assumed",
    "nothing_built": "nothing is built",
    "built_outside": "what is built outside {first} to {last} is not counted",
    "incomes": "income is known of {known} of {count} areas with inhabitants, so energy poverty and the concentration of gains are not known "
    "of the others; add income_sek to the areas or to the table of population",
    "burden": "{measure}: not priced, so its burden is not known",
    "no_weather": "overheating is not known: the city has no weather",
    "no_street_near": "{pollutant} near homes is not known: no street with traffic lies near a home",
    "no_streets": "air pollution near homes is not known: the city has no streets, or no inhabitants by area",
}


@dataclass(frozen=True)
class Remark:
    """A sentence of :data:`SENTENCES` with its words filled in.

    Attributes
    ----------
    key : str
    words : mapping of str to object

    Examples
    --------
    >>> str(Remark("lifetime", {"years": 20}))
    'nobody states its lifetime; 20 years are assumed'
    """

    key: str
    words: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the sentence in English."""
        return SENTENCES[self.key].format(**self.words)
