"""Results become files: same inputs, same bytes; a file is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.city import City
from twin.errors import TwinError

__all__ = [
    "atomic",
    "check_folder",
    "file_digest",
    "run_record",
    "write_csv",
    "write_entities",
    "write_json",
    "write_table",
]

_PACKAGES = ("klimattvilling", "geopandas", "numpy", "pandas", "pvlib", "pyarrow", "pyproj", "scipy", "shapely")
_DIGITS = 10  # significant digits in text files: more than the numbers deserve, less than the noise of summation


def atomic(path: Path, write: Callable[[Path], Any]) -> None:
    """Write beside the target and move it into place.

    Parameters
    ----------
    path : Path
    write : callable
        Told the file to write.

    Raises
    ------
    TwinError
        When the file can not be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise TwinError(f"{path} can not be written: {error.strerror}; choose another --out") from error
    os.close(handle)
    part = Path(name)
    try:
        write(part)
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise TwinError(f"{path} can not be written: {error.strerror or error}; choose another --out") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def check_folder(folder: Path | None) -> None:
    """Tell before the long work that a folder for results can not be written; nothing is made yet.

    Raises
    ------
    TwinError
        When a file stands where the folder should be, or its parent is locked.
    """
    if folder is None:
        return
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not there.is_dir():
        raise TwinError(f"{folder} can not be written: {there} is a file, no folder; choose another --out")
    if not os.access(there, os.W_OK):
        raise TwinError(f"{folder} can not be written: no right to write in {there}; choose another --out")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV: comma, dot, UTF-8, one line end."""
    text = table.to_csv(index=False, float_format=f"%.{_DIGITS}g", lineterminator="\n")
    atomic(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))


def write_json(data: Mapping[str, Any], path: Path) -> None:
    """Write a record as JSON, keys sorted."""
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    atomic(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))


def write_table(table: gpd.GeoDataFrame, path: Path) -> None:
    """Write a table of the city as GeoParquet, so that a ``city.toml`` can name it."""
    atomic(path, lambda part: table.to_parquet(part, index=False, compression="zstd", schema_version="1.1.0"))


def write_entities(results: pd.DataFrame, city: City, table: str, path: Path) -> None:
    """Write results of entities and years with their shapes as GeoParquet.

    Parameters
    ----------
    results : DataFrame
        scenario, identity, year and results; rows of each scenario and year in the order of the city's table.
    city : City
    table : str
        ``"buildings"`` or ``"roads"``.
    path : Path
    """
    entities = city[table]
    times = len(results) // max(len(entities), 1)
    shapes = gpd.GeoSeries(np.tile(entities.geometry.to_numpy(), times), crs=city.crs)
    known = entities[["use", "area_id"] if table == "buildings" else ["road_class", "area_id"]].astype("str")
    repeated = {c: np.tile(known[c].to_numpy(object), times) for c in known}
    whole = gpd.GeoDataFrame(results.assign(**repeated), geometry=shapes, crs=city.crs)
    atomic(path, lambda part: whole.to_parquet(part, index=False, compression="zstd", schema_version="1.1.0"))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def run_record(
    city: City, city_file: Path, scenarios: Mapping[str, Path], years: tuple[int, ...], factors: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return what a run was made of: versions, hashes of every input, factors.

    Parameters
    ----------
    city : City
    city_file : Path
        The ``city.toml``.
    scenarios : mapping of str to Path
        Files by scenario name.
    years : tuple of int
    factors : list of dict
        The factors used, each with value, range, source and status.
    """
    return {
        "versions": {name: _version(name) for name in _PACKAGES},
        "city": {"name": city.name, "crs": city.crs, "base_year": city.base_year, "city.toml": file_digest(city_file)},
        "layers": {
            name: {
                "driver": s.layer,
                "path": s.path,
                "sha256": s.sha256,
                "source": s.source,
                "licence": s.licence,
                "notes": list(s.notes),
            }
            for name, s in city.sources.items()
        },
        "scenarios": {name: file_digest(path) for name, path in scenarios.items()},
        "years": list(years),
        "factors": factors,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
