"""A power network handed to power-grid-model, which takes loops and several sources as they are.

power-grid-model is an optional extra; install it with ``pip install 'klimattvilling[crosscheck]'``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from layers.export import atomic
from twin.errors import Problem, SchemaError, TwinError

__all__ = ["PowerSolved", "solve_power", "to_power_grid_model", "write_power_grid"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Method = Literal["newton_raphson", "iterative_current", "linear"]

_STIFF_VA = 1e20  # short-circuit power of a source without an impedance of its own
_COLUMNS = {
    "buses": ("nominal_v", "p_kw", "q_kvar"),
    "lines": ("start", "end", "resistance_ohm", "reactance_ohm"),
    "sources": ("bus",),
}


@dataclass(frozen=True)
class PowerSolved:
    """What power-grid-model finds.

    Attributes
    ----------
    voltage_pu : array (buses,)
        In parts of the nominal; NaN where no source reaches [1].
    current_a : array (lines,)
        [A]
    loss_kw : float
        Of all lines [kW].
    source_kw : float
        What all sources give [kW].
    """

    voltage_pu: Floats
    current_a: Floats
    loss_kw: float
    source_kw: float


def _library(name: str = "power_grid_model") -> Any:
    """Return the module, which only this extra needs.

    Raises
    ------
    TwinError
        When it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise TwinError(
            "power-grid-model is not installed, and only the export to it needs it: "
            "pip install 'klimattvilling[crosscheck]'"
        ) from error


def to_power_grid_model(buses: pd.DataFrame, lines: pd.DataFrame, sources: pd.DataFrame) -> dict[str, Any]:
    """Make the input of power-grid-model: nodes, lines (links where there is no impedance), loads and sources.

    Ids are counted through: the buses, the lines, the loads in the order of the buses, the sources.

    Parameters
    ----------
    buses : DataFrame
        nominal_v [V], p_kw, q_kvar: taken at each bus, negative when fed in.
    lines : DataFrame
        start, end (rows of `buses`), resistance_ohm, reactance_ohm per phase; perhaps rating_a, blank where not known.
    sources : DataFrame
        bus; perhaps voltage_pu, else 1.

    Returns
    -------
    dict
        Arrays by kind of component.

    Raises
    ------
    TwinError
        When power-grid-model is missing.
    SchemaError
        When a column is missing, a number is not possible, or a line ends at no bus.
    """
    _check(buses, lines, sources)
    pgm = _library()
    n, m = len(buses), len(lines)
    nodes = pgm.initialize_array("input", "node", n)
    nodes["id"], nodes["u_rated"] = np.arange(n), buses["nominal_v"].to_numpy(float)
    r, x = (lines[c].to_numpy(float) for c in ("resistance_ohm", "reactance_ohm"))
    ids, plain = np.arange(n, n + m), (r > 0) | (x > 0)
    data = {"node": nodes}
    for kind, mine in (("line", plain), ("link", ~plain)):
        rows = pgm.initialize_array("input", kind, int(mine.sum()))
        rows["id"], rows["from_status"], rows["to_status"] = ids[mine], 1, 1
        rows["from_node"], rows["to_node"] = (lines[c].to_numpy(np.int64)[mine] for c in ("start", "end"))
        if len(rows):
            data[kind] = rows
    if "line" in data:
        data["line"]["r1"], data["line"]["x1"], data["line"]["c1"], data["line"]["tan1"] = r[plain], x[plain], 0.0, 0.0
        if "rating_a" in lines:
            data["line"]["i_n"] = lines["rating_a"].to_numpy(float)[plain]
    loads = pgm.initialize_array("input", "sym_load", n)
    loads["id"], loads["node"], loads["status"], loads["type"] = n + m + np.arange(n), np.arange(n), 1, 0
    loads["p_specified"], loads["q_specified"] = (1000 * buses[c].to_numpy(float) for c in ("p_kw", "q_kvar"))
    given = pgm.initialize_array("input", "source", len(sources))
    given["id"], given["node"], given["status"] = 2 * n + m + np.arange(len(sources)), sources["bus"].to_numpy(), 1
    given["u_ref"] = sources["voltage_pu"].to_numpy(float) if "voltage_pu" in sources else 1.0
    given["sk"] = _STIFF_VA
    return data | {"sym_load": loads, "source": given}


def solve_power(data: Mapping[str, Any], method: Method = "newton_raphson") -> PowerSolved:
    """Run power-grid-model on such an input.

    Parameters
    ----------
    data : mapping
        From :func:`to_power_grid_model`.
    method : str
        Its method of calculation.

    Returns
    -------
    PowerSolved

    Raises
    ------
    TwinError
        When power-grid-model is missing, or finds no solution.
    """
    pgm = _library()
    failed = _library("power_grid_model.errors").PowerGridError
    try:
        found = pgm.PowerGridModel(dict(data)).calculate_power_flow(
            error_tolerance=1e-10, max_iterations=100, calculation_method=method
        )
    except failed as error:
        raise TwinError(
            f"power-grid-model finds no voltages ({str(error).strip()}); look for loads that are too large for their lines, "
            "and check the units"
        ) from error
    voltage = np.where(found["node"]["energized"] == 1, found["node"]["u_pu"], np.nan)
    n, kinds = len(data["node"]), [k for k in ("line", "link") if k in data]
    current, loss = np.zeros(sum(len(data[k]) for k in kinds)), 0.0
    for kind in kinds:
        current[data[kind]["id"] - n] = found[kind]["i_from"]
        loss += float((found[kind]["p_from"] + found[kind]["p_to"]).sum()) / 1000
    return PowerSolved(voltage, current, loss, float(found["source"]["p"].sum()) / 1000)


def write_power_grid(data: Mapping[str, Any], path: Path) -> None:
    """Write an input in power-grid-model's own JSON, whole or not at all."""
    write = _library("power_grid_model.utils").json_serialize_to_file
    atomic(path, lambda part: write(part, dict(data), dataset_type="input"))


def _check(buses: pd.DataFrame, lines: pd.DataFrame, sources: pd.DataFrame) -> None:
    tables = {"buses": buses, "lines": lines, "sources": sources}
    problems = [
        Problem(name, column, "the column is missing")
        for name, columns in _COLUMNS.items()
        for column in columns
        if column not in tables[name]
    ]
    if problems:
        raise SchemaError(problems)
    for name, column, least, words in (
        ("buses", "nominal_v", 1e-9, "give every bus a nominal voltage, more than 0 V"),
        ("buses", "p_kw", -np.inf, "give every bus a power, 0 where nothing is taken"),
        ("buses", "q_kvar", -np.inf, "give every bus a reactive power, 0 where nothing is taken"),
        ("lines", "resistance_ohm", 0.0, "give every line a number, 0 or more"),
        ("lines", "reactance_ohm", 0.0, "give every line a number, 0 or more"),
        ("lines", "start", 0.0, f"is no bus from 0 to {len(buses) - 1}"),
        ("lines", "end", 0.0, f"is no bus from 0 to {len(buses) - 1}"),
        ("sources", "bus", 0.0, f"is no bus from 0 to {len(buses) - 1}"),
    ):
        values = tables[name][column].to_numpy(float)
        wrong = ~(np.isfinite(values) & (values >= least))
        if column in ("start", "end", "bus"):
            wrong |= values >= len(buses)
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            label = str(tables[name]["name"].iloc[first]) if "name" in tables[name] else str(first)
            problems.append(Problem(name, column, words, int(wrong.sum()), label))
    if not problems and (across := _across(buses, lines)).any():
        rule = "joins buses of different nominal voltage: that is a transformer, give its two sides apart"
        problems.append(Problem("lines", "", rule, int(across.sum()), str(int(np.flatnonzero(across)[0]))))
    if not len(sources):
        problems.append(Problem("sources", "bus", "there is no source; give at least one"))
    if problems:
        raise SchemaError(problems)


def _across(buses: pd.DataFrame, lines: pd.DataFrame) -> npt.NDArray[np.bool_]:
    volts = buses["nominal_v"].to_numpy(float)
    start, end = (lines[c].to_numpy(np.int64) for c in ("start", "end"))
    return np.asarray(volts[start] != volts[end])
