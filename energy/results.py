"""What a simulation gives: results of every entity and year, and indicators of every place with their range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.indicators import INDICATORS, Indicator
from energy.places import CITY, Places
from energy.plan import Adoption
from energy.scenario import Scenario
from energy.stock import Stock
from twin.city import City
from twin.errors import TwinError, did_you_mean
from twin.factors import Factors

__all__ = ["Results", "place_values"]

Floats = npt.NDArray[np.float64]
Frames = Mapping[str, pd.DataFrame]
_ID = {"buildings": "building_id", "roads": "road_id", "grid_areas": "grid_area_id"}


def place_values(frames: Frames, places: Places, *, hourly: bool = True) -> dict[str, Floats]:
    """Return each indicator's value in every place.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        One year's results by table of entities; ``areas`` holds results of places as such.
    places : Places
        The shares of each entity in each place.
    hourly : bool
        Indicators that rest on hours too, where they are known.

    Returns
    -------
    dict of str to array (places,)
        NaN where the denominator is zero.
    """
    values = {}
    for name, indicator in INDICATORS.items():
        unknown = indicator.hourly and not (hourly and "heat_peak_kw" in frames["areas"])
        if unknown or indicator.tables == ("grid_areas",):
            continue
        if "areas" in indicator.tables:
            values[name] = frames["areas"][indicator.numerator].to_numpy(float)
            continue
        total = sum(
            (places.sum(t, frames[t][indicator.numerator].to_numpy(float)) for t in indicator.tables),
            np.zeros(len(places.table)),
        )
        values[name] = _ratio(total, _denominator(indicator, frames, places))
    return values


def _denominator(indicator: Indicator, frames: Frames, places: Places) -> Floats | None:
    if not indicator.denominator:
        return None
    if indicator.denominator == "population":
        return places.table["population"].to_numpy(float)
    return sum(
        (places.sum(t, frames[t][indicator.denominator].to_numpy(float)) for t in indicator.tables),
        np.zeros(len(places.table)),
    )


def _ratio(total: Floats, below: Floats | None) -> Floats:
    if below is None:
        return total
    return np.divide(total, below, out=np.full(len(total), np.nan), where=below > 0)


@dataclass(frozen=True)
class Results:
    """The outcome of one scenario.

    Attributes
    ----------
    city : City
        In its base year, unchanged.
    scenario : Scenario
        What was done.
    years : tuple of int
        Calendar years.
    adoption : Adoption
        Who adopted what and when, and the conflicts.
    places : Places
        Areas of all levels, the outside, the city.
    frames : mapping of int to mapping of str to DataFrame
        By year and table: results per entity, aligned with the city's rows.
    margins : mapping of str to (array, array)
        By indicator: how far the low and high ends lie below and above the value, shape (years, places).
    influence : mapping of str to mapping of str to (float, float)
        By indicator and factor: what the factor's low and high ends add to the city's value in the last year; NaN for
        factors without a range.
    factors_used : tuple of str
        Keys of the factors that made the numbers.
    factors : Factors
        The numbers themselves.
    stock : Stock
        The city prepared for calculation, in its base year.
    """

    city: City
    scenario: Scenario
    years: tuple[int, ...]
    adoption: Adoption
    places: Places
    frames: Mapping[int, Frames]
    margins: Mapping[str, tuple[Floats, Floats]]
    influence: Mapping[str, Mapping[str, tuple[float, float]]]
    factors_used: tuple[str, ...]
    factors: Factors
    stock: Stock

    def at(self, table: str, year: int) -> pd.DataFrame:
        """Return one year's results of the entities of a table, aligned with the city's rows.

        Raises
        ------
        TwinError
            When the year was not simulated or the table has no results.
        """
        if year not in self.frames:
            raise TwinError(f"the year {year} was not simulated; years: {self.years[0]} to {self.years[-1]}")
        if table not in self.frames[year]:
            raise TwinError(f"there are no results of {table!r}{did_you_mean(table, self.frames[year])}")
        return self.frames[year][table]

    def values(self, indicator: str, table: str, year: int) -> Floats:
        """Return an indicator for every entity of a table.

        Returns
        -------
        array (n,)
            In the indicator's unit, aligned with the city's rows; NaN where it has no meaning.
        """
        if indicator not in INDICATORS:
            raise TwinError(f"no indicator {indicator!r}{did_you_mean(indicator, INDICATORS)}")
        about = INDICATORS[indicator]
        if table not in about.tables or not about.per_entity:
            raise TwinError(f"{indicator} is not a figure of single {table}; it is of {', '.join(about.tables)}")
        frame = self.at(table, year)
        below = frame[about.denominator].to_numpy(float) if about.denominator else None
        return _ratio(frame[about.numerator].to_numpy(float), below)

    def table(self, name: str) -> pd.DataFrame:
        """Return the results of all entities and years of a table: scenario, identity, year, results."""
        identity = self.city[name][_ID[name]].to_numpy()
        parts = []
        for year in self.years:
            first = pd.DataFrame({"scenario": self.scenario.name, _ID[name]: identity, "year": year})
            parts.append(first.join(self.at(name, year).reset_index(drop=True)))
        return pd.concat(parts, ignore_index=True)

    def indicators(self, by: str = "area") -> pd.DataFrame:
        """Return a tidy table of indicators with their range.

        Parameters
        ----------
        by : str
            ``"area"``: areas of every level, the outside and the city; ``"city"``: the city only; or a level's name.

        Returns
        -------
        DataFrame
            scenario, area_id, area_name, year, indicator, value, low, high, unit.
        """
        levels = self.places.table["level"].to_numpy(object)
        keep = np.ones(len(levels), bool) if by == "area" else levels == by
        if not keep.any():
            known = ["area", CITY, *sorted({str(v) for v in levels if v and v != CITY})]
            raise TwinError(f"indicators can not be given by {by!r}{did_you_mean(by, known)}")
        where = self.places.table[keep]
        parts: list[pd.DataFrame] = []
        without = np.full((len(self.years), len(self.places.table)), np.nan)
        blank = (without, without)  # the range of what rests on hours is not computed
        for k, year in enumerate(self.years):
            for name, value in place_values(self.frames[year], self.places).items():
                below, above = self.margins.get(name, blank)
                parts.append(
                    _rows(name, year, where, value[keep], value[keep] - below[k][keep], value[keep] + above[k][keep])
                )
        tidy = pd.concat(parts, ignore_index=True)
        tidy.insert(0, "scenario", self.scenario.name)
        return tidy

    def explain(self, indicator: str) -> pd.DataFrame:
        """Return the factors that made the city's value in the last year, those that matter most first.

        Returns
        -------
        DataFrame
            key, value, low, high, unit, status, source, note, effect_low, effect_high: what the factor's low and high
            ends add to the indicator, in its unit; blank for factors without a range.
        """
        if indicator not in INDICATORS:
            raise TwinError(f"no indicator {indicator!r}{did_you_mean(indicator, INDICATORS)}")
        year = self.years[-1]
        rows = []
        for key, (low, high) in self.influence.get(indicator, {}).items():
            about = min(self.factors[key], key=lambda f: abs(f.year - year))
            numbers = {end: self.factors.value(key, year, end) for end in ("value", "low", "high")}
            words = {"unit": about.unit, "status": about.status, "source": about.source, "note": about.note}
            rows.append({"key": key, **numbers, **words, "effect_low": low, "effect_high": high})
        columns = ["key", "value", "low", "high", "unit", "status", "source", "note", "effect_low", "effect_high"]
        table = pd.DataFrame(rows, columns=columns)
        swing = table[["effect_low", "effect_high"]].abs().max(axis=1).fillna(0)
        return table.iloc[np.argsort(-swing.to_numpy(float), kind="stable")].reset_index(drop=True)


def _rows(name: str, year: int, where: pd.DataFrame, value: Floats, low: Floats, high: Floats) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "area_id": where["area_id"].to_numpy(object),
        "area_name": where["name"].to_numpy(object),
        "year": year,
        "indicator": name,
        "value": value,
        "low": low,
        "high": high,
        "unit": INDICATORS[name].unit,
    }
    return pd.DataFrame(columns)
