"""Weather years in EnergyPlus format (EPW)."""

from __future__ import annotations

import numpy as np
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
    """
    file = context.path(path)
    try:
        data, about = pvlib.iotools.read_epw(str(file))
    except (ValueError, KeyError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise TwinError(f"{path} is not an EPW weather file: {error}") from error
    if len(data) != _HOURS:
        hint = "leave out 29 February" if len(data) == _HOURS + 24 else "a year has 8,760 hours"
        raise TwinError(f"{path} has {len(data)} hours; {hint}")
    table = pd.DataFrame({new: data[old].to_numpy(float) * factor for old, (new, factor, _) in _COLUMNS.items()})
    problems = []
    for old, (new, _, code) in _COLUMNS.items():
        values = data[old].to_numpy(float)
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
