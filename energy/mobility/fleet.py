"""The vehicles behind a street's traffic: classes by fuel and Euro standard, with their shares of the distance.

``twin/data/fleet.csv`` holds the shares by year; those of another year lie between. Within the part that burns fuel the
shares stay as they are when a street or a plan says how much of a class drives on electricity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin import reference
from twin.errors import Problem, SchemaError, did_you_mean

__all__ = ["ENERGY_OF_FUEL", "VEHICLES", "Fleet"]

Floats = npt.NDArray[np.float64]
VEHICLES = ("car", "van", "lorry_rigid", "lorry_articulated", "bus", "motorcycle")
ENERGY_OF_FUEL = {
    "petrol": "petrol", "hybrid": "petrol", "phev": "petrol", "diesel": "diesel", "gas": "gas", "ethanol": "ethanol",
    "electric": "electric",
}  # fmt: skip
_KEYS = ["vehicle", "fuel", "euro"]
_NEAR = 1e-6


@dataclass(frozen=True)
class Fleet:
    """Classes of vehicles and their shares of the distance.

    Attributes
    ----------
    classes : DataFrame
        `vehicle`, `fuel`, `euro` and `share`, the share of the distance of its vehicle [1]; those of a vehicle sum to 1.
    """

    classes: pd.DataFrame

    def __post_init__(self) -> None:
        problems = _problems(self.classes)
        if problems:
            raise SchemaError(problems)

    @classmethod
    def of(cls, year: int) -> Fleet:
        """Return the fleet of a year: linear between the years of the table, constant outside them.

        Examples
        --------
        >>> classes = Fleet.of(2025).classes.set_index(["vehicle", "fuel", "euro"])["share"]
        >>> len(classes), round(float(classes["car", "electric", ""]), 3)
        (65, 0.111)
        """
        table = reference.table("fleet")
        table["euro"] = table["euro"].fillna("").astype(str)
        table["share"] = table["fuel_share"] * table["euro_share"]
        by_year = table.pivot_table("share", _KEYS, "year", aggfunc="sum", fill_value=0.0)
        years = by_year.columns.to_numpy(float)
        now = np.clip(year, years[0], years[-1])
        after = int(np.clip(np.searchsorted(years, now), 1, len(years) - 1))
        part = (now - years[after - 1]) / (years[after] - years[after - 1])
        values = by_year.to_numpy()
        found = values[:, after - 1] * (1 - part) + values[:, after] * part
        return cls(by_year.index.to_frame(index=False).assign(share=found))

    def burning(self, phev_electric_share: float) -> pd.DataFrame:
        """Return the classes that burn fuel, with their shares of their vehicle's distance on fuel.

        Parameters
        ----------
        phev_electric_share : float
            Share of a plug-in hybrid's distance driven on electricity [1].

        Returns
        -------
        DataFrame
            `vehicle`, `fuel`, `euro`, `share` [1]; the shares of a vehicle sum to 1.
        """
        burns = self.classes[self.classes["fuel"] != "electric"].reset_index(drop=True)
        share = burns["share"] * np.where(burns["fuel"] == "phev", 1 - phev_electric_share, 1.0)
        whole = share.groupby(burns["vehicle"]).transform("sum")
        return burns.assign(share=(share / whole).where(whole > 0, 0.0))[share > 0].reset_index(drop=True)

    def electric_share(self, vehicle: str, phev_electric_share: float) -> float:
        """Return the share of a vehicle's distance that is driven on electricity.

        Parameters
        ----------
        vehicle : str
        phev_electric_share : float
            Share of a plug-in hybrid's distance driven on electricity [1].

        Returns
        -------
        float
            [1]
        """
        rows = self.classes[self.classes["vehicle"] == vehicle]
        by = rows["fuel"].map({"electric": 1.0, "phev": phev_electric_share}).fillna(0.0)
        return float((rows["share"] * by).sum())


def _problems(classes: pd.DataFrame) -> list[Problem]:
    missing = [c for c in (*_KEYS, "share") if c not in classes]
    if missing:
        return [Problem("fleet", c, "the column is missing; add it") for c in missing]
    problems = []
    for column, known in (("vehicle", VEHICLES), ("fuel", tuple(ENERGY_OF_FUEL))):
        unknown = ~classes[column].isin(known)
        for word in classes.loc[unknown, column].unique():
            rows = np.flatnonzero((classes[column] == word).to_numpy())
            rule = f"{word!r} is not known{did_you_mean(str(word), known)}"
            problems.append(Problem("fleet", column, rule, len(rows), f"row {rows[0] + 1}"))
    share = pd.to_numeric(classes["share"], errors="coerce").to_numpy(float)
    outside = ~((share >= 0) & (share <= 1))
    if outside.any():
        first = f"row {int(np.flatnonzero(outside)[0]) + 1}"
        problems.append(Problem("fleet", "share", "is no share from 0 to 1", int(outside.sum()), first))
    twice = classes.duplicated(_KEYS).to_numpy()
    if twice.any():
        row = classes.loc[twice, _KEYS].iloc[0]
        rule = "a class stands twice; add its shares up"
        problems.append(Problem("fleet", "euro", rule, int(twice.sum()), " ".join(map(str, row))))
    for vehicle, total in pd.Series(share).groupby(classes["vehicle"].to_numpy()).sum().items():
        if abs(total - 1) > _NEAR:
            rule = f"the shares of {vehicle!r} sum to {total:.6g}; they are shares of its distance and must sum to 1"
            problems.append(Problem("fleet", "share", rule))
    problems += [
        Problem("fleet", "vehicle", f"there is no class of {v!r}; add one")
        for v in VEHICLES
        if v not in set(classes["vehicle"])
    ]
    return problems
