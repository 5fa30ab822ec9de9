"""Energy declarations (energideklarationer) with Boverket's field names."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layers.context import Context
from layers.vector import read_csv, read_vector
from twin.errors import Problem, TwinError
from twin.registry import layer

__all__ = ["energy_declarations"]

_CATEGORY = {
    "flerbostadshus": "multi_family",
    "lokalbyggnader": "premises",
    "en- och tvåbostadshus": "single_family",
    "småhus": "single_family",
}
_VENTILATION = {
    "VentTypFTX": "FTX",
    "VentTypFT": "FT",
    "VentTypF": "F",
    "VentTypFmed": "F",
    "VentTypSjalvdrag": "natural",
}
_SUMMARY = {"ftx": "FTX", "ft": "FT", "f": "F", "fmed": "F", "s": "natural", "självdrag": "natural"}
_NUMBERS = {
    "version": ["EgiVersion"],
    "year_built": ["EgenNybyggAr"],
    "floor_area_m2": ["EgenAtemp"],
    "storeys": ["EgenAntalPlan"],
    "energy_use_kwh": ["EgiEnergianvandning"],
    "district_heating_kwh": ["EgiFjarrvarme"],
    "oil_kwh": ["EgiOlja"],
    "gas_kwh": ["EgiGas"],
    "wood_kwh": ["EgiVed"],
    "direct_electric_kwh": ["EgiElVatten", "EgiElDirekt", "EgiElLuft"],
    "ground_heat_pump_kwh": ["EgiPumpMark"],
    "air_heat_pump_kwh": ["EgiPumpLuftLuft", "EgiPumpLuftVatten"],
    "exhaust_air_heat_pump_kwh": ["EgiPumpFranluft"],
    "district_cooling_kwh": ["EgiFjarrkyla"],
    "property_electricity_kwh": ["EgiFastighet"],
    "operational_electricity_kwh": ["EgiVerksamhet"],
    "primary_energy_kwh": ["EgiPrimarenergianvandning"],
    "primary_energy_kwh_m2": ["EgiEnergiPrestanda"],
}


@layer(
    "energy_declarations",
    title="Energideklarationer",
    table="declarations",
    source="Boverket, energideklarationsregistret",
    provides={"declaration_id": "", "floor_area_m2": "m2"},
)
def energy_declarations(
    context: Context, *, path: str, building_id: str = "objektidentitet", encoding: str = ""
) -> pd.DataFrame:
    """Read declarations, one per FormularId although they repeat on every entrance and footprint.

    The declared floor area is that of the whole complex; its main building is the largest footprint that is not a
    Komplementbyggnad. Text with a decimal comma is read as the register writes it.

    Parameters
    ----------
    context : Context
    path : str
        A vector file joined to footprints, or a CSV file.
    building_id : str
        Column with the building's identity, where there is one.
    encoding : str
        Text encoding where the file does not say.

    Returns
    -------
    DataFrame
        One row a declaration; energy in kWh a year, floor_area_m2 in m2, blank where nothing is declared.

    Raises
    ------
    TwinError
        When the file can not be read or has no FormularId.
    """
    flat = path.lower().endswith(".csv")
    table = (
        read_csv(context, path=path, encoding=encoding or "utf-8")
        if flat
        else read_vector(context, path, encoding=encoding)
    )
    if "FormularId" not in table:
        raise TwinError(f"{path} has no column FormularId, so it holds no energy declarations")
    declared = table[table["FormularId"].notna()]
    if len(declared) < len(table):
        context.note(f"{len(table) - len(declared)} of {len(table)} rows have no declaration")
    rank = np.zeros(len(declared)) if flat else declared.to_crs(context.crs).area.to_numpy(float)
    if "andamal1" in declared:
        rank = np.where(declared["andamal1"].astype("str").str.startswith("Komplement"), -1.0, rank)
    order = np.argsort(-rank, kind="stable")
    once = declared.iloc[order].drop_duplicates("FormularId").sort_index().reset_index(drop=True)
    if len(once) < len(declared):
        context.note(f"{len(declared) - len(once)} rows repeat a declaration and were merged with it")
    out = pd.DataFrame({"declaration_id": once["FormularId"].map(_identity)})
    out["building_id"] = once.get(building_id)
    for column, fields in _NUMBERS.items():
        out[column] = _sum(once, fields, out["declaration_id"], column, context)
    if "EgenByggnadsKat" in once:
        out["category"] = once["EgenByggnadsKat"].astype("str").str.lower().map(_CATEGORY)
    out["ventilation"] = _ventilation(once)
    if "EgiEnergiklass" in once:
        out["energy_class"] = once["EgiEnergiklass"]
    return out


def _identity(value: object) -> str:
    return str(int(value)) if isinstance(value, float) else str(value)


def _sum(table: pd.DataFrame, fields: list[str], identity: pd.Series, column: str, context: Context) -> pd.Series:
    """Sum the fields that the extract has; blank where all of them are blank."""
    parts = []
    for field in fields:
        if field not in table:
            continue
        text = table[field].astype("str").str.replace("\u00a0", "").str.replace(" ", "").str.replace(",", ".")
        blank = table[field].isna() | (text == "")
        number = pd.to_numeric(text.where(~blank), errors="coerce")
        bad = number.isna() & ~blank
        if bad.any():
            rule = f"{field} {table.loc[bad, field].iloc[0]!r} is not a number"
            context.problem(Problem(context.table, column, rule, int(bad.sum()), str(identity[bad].iloc[0])))
        parts.append(number)
    if not parts:
        return pd.Series(np.nan, index=table.index)
    return pd.concat(parts, axis=1).sum(axis=1, min_count=1)


def _ventilation(table: pd.DataFrame) -> pd.Series:
    """Return the best ventilation that is declared."""
    found = pd.Series(None, index=table.index, dtype=object)
    if "VentTyp_sammanfattad" in table:
        found = (
            table["VentTyp_sammanfattad"].astype("str").str.lower().str.split(r"[,; ]", regex=True).str[0].map(_SUMMARY)
        )
    for field, kind in _VENTILATION.items():
        if field in table:
            found = found.where(found.notna() | (table[field].astype("str").str.lower() != "ja"), kind)
    return found
