"""Tables described as data: ``twin/tables/<name>.csv`` is validation, defaults, units, documentation and legend in one.

Each row of such a file is a column of the table: its type, unit, how it aggregates (`kind`: id, extensive, intensive
or category), whether it must be there, its default, limits, closed list of values, and a description.
The rules are run by pandera, lazily, so that every problem is reported at once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import shapely

from twin.errors import Problem, SchemaError, TwinError, did_you_mean

__all__ = ["columns_of", "complete", "empty", "find_problems", "names", "spec", "validate"]

_TABLES = Path(__file__).parent / "tables"
_YES_OR_NO = dict.fromkeys(("true", "yes", "ja", "1", "t", "j", "y"), True) | dict.fromkeys(
    ("false", "no", "nej", "0", "f", "n"), False
)
_GEOMETRY = {
    "polygon": ("Polygon", "MultiPolygon"),
    "line": ("LineString", "MultiLineString"),
    "point": ("Point", "MultiPoint"),
}


@cache
def names() -> tuple[str, ...]:
    """Return the names of the tables that have a schema."""
    return tuple(sorted(p.stem for p in _TABLES.glob("*.csv")))


@cache
def spec(name: str) -> pd.DataFrame:
    """Return the schema of a table, one row per column, indexed by column name.

    Examples
    --------
    >>> spec("buildings").loc["height_m", ["type", "unit", "kind"]].tolist()
    ['float', 'm', 'intensive']
    """
    if name not in names():
        raise TwinError(f"there is no schema for a table {name!r}{did_you_mean(name, names())}")
    table = pd.read_csv(
        _TABLES / f"{name}.csv",
        index_col="column",
        dtype={"low": float, "high": float},
        keep_default_na=False,
        na_values={"low": [""], "high": [""]},
    )
    return table.fillna({"unit": "", "default": ""})


def columns_of(name: str) -> list[str]:
    """Return the column names of a table."""
    return spec(name).index.tolist()


def _categories(row: pd.Series[Any]) -> list[str]:
    return str(row["categories"]).split("|")


@cache
def _rules(name: str) -> pa.DataFrameSchema:
    """Pandera's form of the schema: limits, closed lists, identities."""
    columns = {}
    for column, row in spec(name).iterrows():
        checks = []
        if row["type"] in ("float", "int"):
            if pd.notna(row["low"]):
                checks.append(pa.Check.ge(row["low"], error=_limit("below", row, "low")))
            if pd.notna(row["high"]):
                checks.append(pa.Check.le(row["high"], error=_limit("above", row, "high")))
        columns[column] = pa.Column(
            checks=checks,
            nullable=row["required"] != "yes",
            unique=row["kind"] == "id",
            required=False,
            description=row["description"],
        )
    return pa.DataFrameSchema(columns, strict=False)


def _limit(word: str, row: pd.Series[Any], end: str) -> str:
    unit = "" if row["unit"] in ("", "1") else f" {row['unit']}"
    return f"{word} {row[end]:g}{unit}"


def empty(name: str, crs: str) -> gpd.GeoDataFrame | pd.DataFrame:
    """Return a table without rows, with every column of the schema."""
    frame = {c: pd.Series(dtype="object") for c in columns_of(name)}
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=crs) if "geometry" in frame else pd.DataFrame(frame)


def complete(table: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[Problem]]:
    """Set types, categories and defaults; report the values that have no such form.

    Parameters
    ----------
    table : DataFrame
        Raw table; columns that the schema does not know are kept.
    name : str
        Name of the schema.

    Returns
    -------
    (DataFrame, list of Problem)
        A new table with every column of the schema, and what could not be read.
    """
    problems: list[Problem] = []
    rows = spec(name)
    identity = _identity(table, name)
    new: dict[str, Any] = {}
    for column, row in rows.iterrows():
        kind = row["type"]
        if column not in table:
            if row["required"] == "yes":
                unit = f" [{row['unit']}]" if row["unit"] else ""
                problems.append(
                    Problem(
                        name, str(column), f"the column is missing{unit}: {row['description']}; name it in `columns`"
                    )
                )
            elif kind not in _GEOMETRY:
                new[str(column)] = _default(row, len(table), table.index)
            continue
        values = table[column]
        if kind in ("float", "int"):
            new[str(column)] = _numbers(values, name, str(column), identity, problems)
        elif kind == "category":
            new[str(column)] = _closed_list(values, row, name, str(column), identity, problems)
        elif kind == "bool":
            new[str(column)] = _yes_or_no(values, row, name, str(column), identity, problems)
        elif kind == "str":
            new[str(column)] = _text(values)
    done = table.assign(**new)
    ordered = [c for c in rows.index if c in done.columns]
    return done[ordered + [c for c in done.columns if c not in rows.index]], problems


def _default(row: pd.Series[Any], n: int, index: pd.Index[Any]) -> Any:
    text = row["default"]
    if row["type"] in ("float", "int"):
        return pd.Series(np.full(n, float(text) if text else np.nan), index=index)
    if row["type"] == "category":
        code = _categories(row).index(text) if text else -1
        return pd.Series(pd.Categorical.from_codes(np.full(n, code), categories=_categories(row)), index=index)
    if row["type"] == "bool":
        return pd.Series(np.full(n, text == "true"), index=index)
    return pd.Series([text or None] * n, index=index, dtype="str")


def _numbers(
    values: pd.Series[Any],
    name: str,
    column: str,
    identity: pd.Series[Any],
    problems: list[Problem],
) -> Any:
    if values.dtype.kind in "iuf":
        numbers = values.astype(float)
    else:
        blank = values.isna() | (values.astype("str").str.strip() == "")
        numbers = pd.to_numeric(values.where(~blank), errors="coerce").astype(float)
        bad = numbers.isna() & ~blank
        if bad.any():
            example = str(values[bad].iloc[0])
            hint = "write a decimal point, not a comma" if "," in example else "write a number or leave it blank"
            problems.append(
                Problem(
                    name, column, f"{example!r} is not a number; {hint}", int(bad.sum()), str(identity[bad].iloc[0])
                )
            )
    infinite = np.isinf(numbers.to_numpy())
    if infinite.any():
        problems.append(Problem(name, column, "infinite value", int(infinite.sum()), str(identity[infinite].iloc[0])))
    return numbers


def _closed_list(
    values: pd.Series[Any],
    row: pd.Series[Any],
    name: str,
    column: str,
    identity: pd.Series[Any],
    problems: list[Problem],
) -> Any:
    known = _categories(row)
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.categories.tolist() == known:
        return values
    text = values.astype("object").where(values.notna() & (values.astype("object") != ""), None)
    if row["default"]:
        text = text.fillna(row["default"])
    unknown = text.notna() & ~text.isin(known)
    if unknown.any():
        example = str(text[unknown].iloc[0])
        problems.append(
            Problem(
                name,
                column,
                f"{example!r} is not in the list{did_you_mean(example, known)}",
                int(unknown.sum()),
                str(identity[unknown].iloc[0]),
            )
        )
    return pd.Series(pd.Categorical(text.where(~unknown, None), categories=known), index=values.index)


def _yes_or_no(
    values: pd.Series[Any],
    row: pd.Series[Any],
    name: str,
    column: str,
    identity: pd.Series[Any],
    problems: list[Problem],
) -> Any:
    """Return yes and no as they are written in files; ``"no"`` is not true because it is a text."""
    if values.dtype == bool:
        return values
    text = values.astype("object").map(lambda v: str(v).strip().lower().removesuffix(".0"), na_action="ignore")
    found = text.map(_YES_OR_NO).where(text.notna() & (text != ""), row["default"] == "true")
    unknown = found.isna()
    if unknown.any():
        rule = f"{values[unknown].iloc[0]!r} is neither yes nor no; write true or false"
        problems.append(Problem(name, column, rule, int(unknown.sum()), str(identity[unknown].iloc[0])))
    return found.fillna(value=False).astype(bool)


def _text(values: pd.Series[Any]) -> Any:
    if values.dtype == "str":
        return values
    if values.dtype.kind == "f" and bool((values.dropna() % 1 == 0).all()):
        values = values.astype("Int64")  # identities that were read as numbers with gaps
    return values.astype("str").where(values.notna(), None)


def _identity(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return what to call each row in a message: its id, or its number in the file."""
    rows = spec(name)
    ids = [c for c in rows.index[rows["kind"] == "id"] if c in table]
    if ids and table[ids[0]].notna().all():
        return table[ids[0]]
    if ids:
        return (
            table[ids[0]]
            .astype("object")
            .where(table[ids[0]].notna(), pd.Series([f"row {i}" for i in range(len(table))], index=table.index))
        )
    return pd.Series([f"row {i}" for i in range(len(table))], index=table.index, dtype=object)


def find_problems(table: pd.DataFrame, name: str, *, shapes: bool = True) -> list[Problem]:
    """Return every breach of the schema's rules in a completed table.

    Parameters
    ----------
    table : DataFrame
        From :func:`complete`.
    name : str
        Name of the schema.
    shapes : bool
        Check the geometry too; False where it was checked and has not changed since.
    """
    problems: list[Problem] = []
    identity = _identity(table, name)
    try:
        _rules(name).validate(pd.DataFrame(table.drop(columns="geometry", errors="ignore")), lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        cases = cases[cases["column"].isin(table.columns)]
        for (column, check), group in cases.groupby(["column", "check"], sort=False):
            rows = pd.to_numeric(group["index"], errors="coerce").dropna().astype(int)
            first = str(identity.loc[rows.iloc[0]]) if len(rows) else ""
            problems.append(
                Problem(name, str(column), _rule_in_words(str(check), group["failure_case"].iloc[0]), len(group), first)
            )
    if shapes and "geometry" in spec(name).index and isinstance(table, gpd.GeoDataFrame):
        problems += _geometry_problems(table, name, identity)
    return problems


def _rule_in_words(check: str, value: Any) -> str:
    if check == "field_uniqueness":
        return f"the identity {value!r} is used more than once; give each row its own, or let the driver number them"
    if check == "not_nullable":
        return "is blank, but must be given"
    return f"{value:g} is {check}" if isinstance(value, float) else f"{value!r} is {check}"


def _geometry_problems(table: gpd.GeoDataFrame, name: str, identity: pd.Series[Any]) -> list[Problem]:
    row = spec(name).loc["geometry"]
    shapes = table.geometry.to_numpy()
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    optional = row["required"] != "yes"
    wanted = _GEOMETRY[row["type"]]
    ids = [shapely.GeometryType[w.upper()].value for w in wanted]
    other = ~missing & ~np.isin(shapely.get_type_id(shapes), ids)
    problems = []
    if missing.any() and not optional:
        problems.append(
            Problem(name, "geometry", "has no geometry", int(missing.sum()), str(identity[missing].iloc[0]))
        )
    if other.any():
        problems.append(
            Problem(name, "geometry", f"is not a {row['type']}", int(other.sum()), str(identity[other].iloc[0]))
        )
    if row["type"] == "polygon":
        invalid = ~missing & ~other & ~shapely.is_valid(shapes)
        if invalid.any():
            reason = shapely.is_valid_reason(shapes[np.flatnonzero(invalid)[0]])
            problems.append(
                Problem(
                    name,
                    "geometry",
                    f"is not a valid polygon ({reason}); repair it in a GIS, e.g. 'Fix geometries', or with invalid = \"repair\" in city.toml",
                    int(invalid.sum()),
                    str(identity[invalid].iloc[0]),
                )
            )
    return problems


def validate(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a completed copy of `table`, or raise one error that lists all problems.

    Parameters
    ----------
    table : DataFrame or GeoDataFrame
        With an integer index.
    name : str
        Name of the schema (see :func:`names`).

    Raises
    ------
    SchemaError
        With every :class:`~twin.errors.Problem` found.

    Examples
    --------
    >>> validate(pd.DataFrame({"area_id": ["a", "a"], "population": [10, -1]}), "population")
    Traceback (most recent call last):
    twin.errors.SchemaError: 2 problems found:
      - population.area_id: the identity 'a' is used more than once; give each row its own, or let the driver number them (2 rows, first: a)
      - population.population: -1 is below 0 (1 row, first: a)
    """
    done, problems = complete(table.reset_index(drop=True), name)
    problems += find_problems(done, name)
    if problems:
        raise SchemaError(problems)
    return done
