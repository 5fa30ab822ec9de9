"""Weather years in EnergyPlus format (EPW)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib

from layers.context import Context
from twin.errors import Problem, SchemaError, TwinError
from twin.registry import layer

__all__ = ["epw"]

_HOURS = 8760
_COLUMNS = {
    "temp_air": ("temp_air_c", 1.0, 99.9),
    "ghi": ("ghi_w_m2", 1.0, 9999.0),
    "dni": ("dni_w_m2", 1.0, 9999.0),
    "dhi": ("dhi_w_m2", 1.0, 9999.0),
    "wind_speed": ("wind_speed_m_s", 1.0, 999.0),
    "relative_humidity": ("relative_humidity", 0.01, 999.0),
}  # name of the reader: (column, factor to its unit, code for missing)
_NEEDED = ("temp_air_c", "ghi_w_m2", "dni_w_m2", "dhi_w_m2")


@layer(
    "epw",
    title="Väderår",
    table="weather",
    provides={"temp_air_c": "degC", "ghi_w_m2": "W/m2", "dni_w_m2": "W/m2", "dhi_w_m2": "W/m2"},
)
def epw(context: Context, *, path: str) -> pd.DataFrame:
    """Read an hourly weather year; 8,760 hours in local standard time, none missing.

    Parameters
    ----------
    context : Context
    path : str

    Returns
    -------
    DataFrame (8760 rows)
        temp_air_c [degC], ghi_w_m2, dni_w_m2, dhi_w_m2 [W/m2], wind_speed_m_s [m/s], relative_humidity [1]; its
        `attrs` hold latitude, longitude, altitude_m, utc_offset_h and name.

    Raises
    ------
    TwinError
        When the file is no EPW file or has another number of hours.
    SchemaError
        When needed values are missing, with the first hour of each.
    """
    file = context.path(path)
    try:
        data, about = pvlib.iotools.read_epw(str(file))
    except UnicodeDecodeError as error:
        raise TwinError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise TwinError(
            f"{path} is not an EPW weather file: eight header lines, then 35 columns with commas between and decimal points"
        ) from error
    if len(data) != _HOURS:
        hint = "leave out 29 February" if len(data) == _HOURS + 24 else "a year has 8,760 hours"
        raise TwinError(f"{path} has {len(data)} hours; {hint}")
    problems: list[Problem] = []
    hours = {old: _numbers(data[old], new, context.table, problems) for old, (new, _, _) in _COLUMNS.items()}
    table = pd.DataFrame({new: hours[old] * factor for old, (new, factor, _) in _COLUMNS.items()})
    if problems:
        raise SchemaError(problems)
    for old, (new, _, code) in _COLUMNS.items():
        values = hours[old]
        missing = (values >= code) | (values <= -999) | np.isnan(values)
        if not missing.any():
            continue
        if new in _NEEDED:
            first = int(np.flatnonzero(missing)[0])
            rule = f"{values[first]:g} stands for a missing value; fill the gaps or choose another weather file"
            problems.append(Problem(context.table, new, rule, int(missing.sum()), f"hour {first + 1}"))
        else:
            table.loc[missing, new] = np.nan
            context.note(f"{int(missing.sum())} hours have no {new}")
    if problems:
        raise SchemaError(problems)
    table.attrs = {
        "latitude": float(about["latitude"]),
        "longitude": float(about["longitude"]),
        "altitude_m": float(about["altitude"]),
        "utc_offset_h": float(about["TZ"]),
        "name": str(about["city"]),
    }
    return table


def _numbers(values: pd.Series, column: str, table: str, problems: list[Problem]) -> npt.NDArray[np.float64]:
    """Return a column as numbers [as in the file]; what is none is reported."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(float)
    text = np.isnan(numbers) & values.notna().to_numpy()
    if text.any():
        first = int(np.flatnonzero(text)[0])
        rule = f"{values.iloc[first]!r} is not a number; write a number with a decimal point"
        problems.append(Problem(table, column, rule, int(text.sum()), f"hour {first + 1}"))
    return numbers
