"""A user's own emission functions: a table in the schema of the EMEP/EEA Guidebook's annex, as gtfs2emis carries it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layers.context import Context
from layers.vector import read_csv
from twin.errors import Problem, SchemaError, did_you_mean

__all__ = ["emission_functions"]

_FORM = "2019_1"
_COEFFICIENTS = ("Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zita", "Hta")
_NUMBERS = {**{c: c.lower() for c in _COEFFICIENTS}, "RF": "rf", "k": "k", "Vmin": "v_min_kmh", "Vmax": "v_max_kmh"}
_TEXTS = {
    "Category": "category", "Fuel": "fuel_code", "Segment": "segment", "Euro": "euro", "Technology": "technology",
    "Pol": "pollutant", "Function_ID": "form",
}  # fmt: skip
_OTHER_NAMES = {"Pollutant": "Pol", "Form": "Function_ID", "Reduction Factor": "RF", "K": "k"}
_FUELS = {"D": "diesel", "BD": "diesel", "CNG": "gas", "P": "petrol", "Petrol": "petrol", "Diesel": "diesel"}
_POLLUTANTS = {"NOx": "nox", "PM10": "pm10", "EC": "energy", "FC": "energy"}
_OPTIONAL = ("Slope", "Load")


def emission_functions(context: Context, *, path: str, fuels: dict[str, str] | None = None) -> pd.DataFrame:
    """Read emission functions by vehicle, fuel, Euro class and technology.

    Rows of another form than ``2019_1``, and carbon dioxide of that form, whose factor is per gram of fuel while its
    curve is in MJ, stay in the table with `supported` false: they are never replaced by an average.

    Parameters
    ----------
    context : Context
    path : str
        CSV file with Category, Fuel, Segment, Euro, Technology, Pol, Vmin, Vmax, Alpha to Hta, RF, k, Function_ID,
        and perhaps Slope and Load.
    fuels : dict
        Further codes of fuels to petrol, diesel, gas, ethanol.

    Returns
    -------
    DataFrame
        `category`, `segment`, `euro`, `technology`, `fuel_code`, `fuel` (blank where the code is not known),
        `pollutant` (nox, pm10, energy, else as in the file), `unit` (g/km, or MJ/km of energy), `form`, the coefficients,
        `rf`, `k`, `v_min_kmh`, `v_max_kmh` [km/h], `slope`, `load` [1], `supported`.

    Raises
    ------
    TwinError
        When the file is no such table.
    SchemaError
        With every column that is missing and every row that can not be right.
    """
    raw = read_csv(context, path=path).rename(columns=_OTHER_NAMES)
    missing = [c for c in (*_TEXTS, *_NUMBERS) if c not in raw]
    if missing:
        raise SchemaError(
            [Problem(path, c, f"the column is missing{did_you_mean(c, map(str, raw.columns))}") for c in missing]
        )
    texts = {new: raw[old].fillna("-").astype(str).str.strip() for old, new in _TEXTS.items()}
    numbers = {new: pd.to_numeric(raw[old], errors="coerce").astype(float) for old, new in _NUMBERS.items()}
    more = {c.lower(): pd.to_numeric(raw[c], errors="coerce") if c in raw else np.nan for c in _OPTIONAL}
    table = pd.DataFrame({**texts, **numbers, **more})
    table["fuel"] = table["fuel_code"].map({**_FUELS, **(fuels or {})}).fillna("")
    named = table["pollutant"]
    grams_of_fuel = (named == "FC") & (table["form"] != _FORM)  # only the form of 2019 is in MJ
    table["pollutant"] = named.map(_POLLUTANTS).where(~grams_of_fuel, "fuel").fillna(named)
    table["unit"] = np.where(table["pollutant"] == "energy", "MJ/km", "g/km")
    table["supported"] = (table["form"] == _FORM) & (named != "CO2")
    problems = _problems(table, path)
    if problems:
        raise SchemaError(problems)
    _tell(table, context)
    return table


def _problems(table: pd.DataFrame, path: str) -> list[Problem]:
    """Return what is wrong with the rows that are to be used."""
    used = table["supported"]
    denominators = [
        table["epsilon"] * v**2 + table["zita"] * v + table["hta"] for v in (table["v_min_kmh"], table["v_max_kmh"])
    ]
    checks = [
        *((c, "is no number; write a number with a decimal point", table[c].isna()) for c in _NUMBERS.values()),
        ("v_min_kmh", "must be above 0 and below v_max_kmh", ~((table["v_min_kmh"] > 0) & (table["v_min_kmh"] < table["v_max_kmh"]))),
        ("rf", "is a share from 0 to 1; divide per cent by 100", ~table["rf"].between(0, 1)),
        ("k", "must be above 0", ~(table["k"] > 0)),
        ("hta", "the denominator is nought or changes sign between Vmin and Vmax", ~(denominators[0] * denominators[1] > 0)),
    ]  # fmt: skip
    problems = []
    bad = pd.Series(data=False, index=table.index)
    for column, rule, wrong in checks:
        here = wrong & used & ~bad  # what follows from a number that is missing is not told again
        if here.any():
            problems.append(Problem(path, column, rule, int(here.sum()), f"row {int(np.flatnonzero(here)[0]) + 2}"))
        if "no number" in rule:
            bad |= here
    return problems


def _tell(table: pd.DataFrame, context: Context) -> None:
    left = table[~table["supported"]]
    for form, rows in left.groupby("form"):
        why = (
            "carbon dioxide of this form mixes MJ and grams of fuel" if form == _FORM else f"only {_FORM} is evaluated"
        )
        context.note(f"{len(rows)} functions of the form {form} are not supported ({why})")
    unknown = sorted(table.loc[table["fuel"] == "", "fuel_code"].unique())
    if unknown:
        count = int((table["fuel"] == "").sum())
        context.note(f"{count} functions have a fuel that is not known: {', '.join(unknown)}; name it with fuels")
