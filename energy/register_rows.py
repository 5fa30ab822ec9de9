"""A register as rows of text, one measure a row, and back: what offices fill in, checked row by row."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w
from pydantic import ValidationError

from energy.register import Entry
from energy.scenario import Scenario
from twin.errors import TwinError, did_you_mean

__all__ = ["COLUMNS", "from_rows", "to_rows"]

_TEXTS = ("id", "name", "status", "responsible", "control", "measure", "within", "source", "note")
_NUMBERS = ("start", "end", "share", "lifetime_years")
_TABLES = ("where", "params")
_COSTS = ("capex_sek", "opex_sek_per_year", "price_year")
COLUMNS = (
    "id", "name", "status", "responsible", "control", "requires", "start", "end", "measure", "where", "within", "share",
    "params", "capex_sek", "opex_sek_per_year", "price_year", "cost", "payer", "funding", "lifetime_years", "source", "note",
)  # fmt: skip


def from_rows(rows: Sequence[Mapping[str, str]], onto: Scenario) -> Scenario:
    """Return a scenario with the measures of a register's rows, and the name, factors and climate of another.

    Parameters
    ----------
    rows : sequence of mapping of str to str
        Cells by column, with the row's number as ``row``. `where` and `params` are as in a scenario file without the
        outer braces; `requires` has ids, `payer` names with shares, and `funding` sources with share and status, each
        with semicolons between. A row without a `measure` is not quantified.
    onto : Scenario

    Returns
    -------
    Scenario

    Raises
    ------
    TwinError
        With every problem of every row, each with row and column.

    Examples
    --------
    >>> row = {"row": "2", "id": "vp", "measure": "install_heat_pump", "share": "0,5", "payer": "Staten 0.3; Hushållen 0.7"}
    >>> plan = from_rows([row], Scenario(name="Register"))
    >>> plan.step[0].share, plan.step[0].payers
    (0.5, {'Staten': 0.3, 'Hushållen': 0.7})
    """
    problems: list[str] = []
    if rows and (unknown := [c for c in rows[0] if c not in (*COLUMNS, "row")]):
        problems += [f"unknown column {c!r}{did_you_mean(c, COLUMNS)}" for c in unknown]
    steps: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    at: dict[tuple[str, int], str] = {}
    for k, row in enumerate(rows):
        number = row.get("row", str(k + 2))
        entry, wrong = _entry(row)
        problems += [f"row {number}, {w}" for w in wrong]
        kind, group = ("step", steps) if "measure" in entry else ("unquantified", others)
        at[kind, len(group)] = number
        group.append(entry)
    try:
        data = onto.model_dump() | {"step": steps, "unquantified": others}
        made = Scenario.model_validate(data)
    except ValidationError as error:
        problems += [_in_words(e, at) for e in error.errors()]
    if problems:
        raise TwinError("register: " + "\n  ".join(problems))
    return made


def to_rows(scenario: Scenario) -> list[dict[str, str]]:
    """Return a scenario's measures as rows; :func:`from_rows` reads them back as they were."""
    return [_row(e) for e in (*scenario.step, *scenario.unquantified)]


def _entry(row: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the cells of a row that are not blank as fields, and what is wrong with them."""
    cells = {c: row.get(c, "").strip() for c in COLUMNS}
    entry: dict[str, Any] = {c: cells[c] for c in _TEXTS if cells[c]}
    wrong: list[str] = []

    def take(column: str, read: Any, to: str = "") -> Any:
        if not cells[column]:
            return None
        try:
            value = read(cells[column])
        except ValueError as error:
            wrong.append(f"column {column}: {error}")
            return None
        if to:
            entry[to] = value
        return value

    for column in _NUMBERS:
        take(column, _number, column)
    for column in _TABLES:
        take(column, _inline, column)
    take("requires", _parts, "requires")
    take("payer", _payer, "payer")
    take("funding", lambda t: [_funding(p) for p in _parts(t)], "funding")
    costs = take("cost", lambda t: tomllib.loads(f"x = {t}")["x"]) or []
    if costs := [*costs, *_simple_costs({c: take(c, _number) for c in _COSTS}, wrong)]:
        entry["cost"] = costs
    return entry, wrong


def _simple_costs(cells: Mapping[str, float | None], wrong: list[str]) -> list[dict[str, Any]]:
    """Return the costs of the columns with a number."""
    costs = []
    for column, kind in (("capex_sek", "capex"), ("opex_sek_per_year", "opex")):
        if cells[column] is not None and cells["price_year"] is None:
            wrong.append(f"column price_year: {column} has no price year; say of which year's price level it is")
        elif cells[column] is not None:
            costs.append({"kind": kind, "sek": cells[column], "price_year": cells["price_year"]})
    return costs


def _row(entry: Entry) -> dict[str, str]:
    data = entry.model_dump(exclude_defaults=True)
    row = dict.fromkeys(COLUMNS, "")
    row |= {c: str(data[c]) for c in _TEXTS if c in data}
    row |= {c: repr(data[c]) for c in _NUMBERS if c in data}
    row |= {c: _as_inline(data[c]) for c in _TABLES if c in data}
    row["requires"] = "; ".join(entry.requires)
    shares = entry.payers
    row["payer"] = "; ".join(f"{n} {s!r}" for n, s in shares.items()) if len(shares) > 1 else "".join(shares)
    row["funding"] = "; ".join(f"{f.source} {f.share!r} {f.status}" for f in entry.funding)
    simple = {c.kind: c for c in entry.cost if c.year is None and not c.note}
    if len(simple) == len(entry.cost) and len({c.price_year for c in entry.cost}) == 1:
        for kind, column in (("capex", "capex_sek"), ("opex", "opex_sek_per_year")):
            row[column] = repr(simple[kind].sek) if kind in simple else ""
        row["price_year"] = str(entry.cost[0].price_year)
    elif entry.cost:
        row["cost"] = (
            "[" + ", ".join("{ " + _as_inline(c.model_dump(exclude_defaults=True)) + " }" for c in entry.cost) + "]"
        )
    return row


def _number(text: str) -> float | int:
    """Read a number as Swedes and spreadsheets write it."""
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace("\u2212", "-")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None
    return int(value) if value.is_integer() and "." not in plain and "e" not in plain.lower() else value


def _parts(text: str) -> list[str]:
    return [p.strip() for p in text.split(";") if p.strip()]


def _payer(text: str) -> str | dict[str, float]:
    parts = _parts(text)
    found = [re.fullmatch(r"(.*\S)\s+([\d.,e-]+)", p) for p in parts]
    if len(parts) == 1 and found[0] is None:
        return parts[0]
    if not all(found):
        raise ValueError(f"{text!r} lists several payers; write each one's share, as in 'Staten 0.3; Hushållen 0.7'")
    return {m[1]: float(_number(m[2])) for m in found if m}


def _funding(text: str) -> dict[str, Any]:
    match = re.fullmatch(r"(.*\S)\s+([\d.,e-]+)(?:\s+(\w+))?", text)
    if match is None:
        raise ValueError(f"{text!r} is no funding; write source and share, as in 'Klimatklivet 0.4 sökt'")
    return {"source": match[1], "share": _number(match[2])} | ({"status": match[3]} if match[3] else {})


def _inline(text: str) -> dict[str, Any]:
    try:
        return dict(tomllib.loads(f"x = {{ {text} }}")["x"])
    except tomllib.TOMLDecodeError:
        raise ValueError(
            f'{text!r} can not be read; write it as in a scenario file, e.g. use = ["school"], year_built = {{ max = 1975 }}'
        ) from None


def _as_inline(data: Mapping[str, Any]) -> str:
    """Return a mapping as the inside of an inline table of TOML."""
    return ", ".join(f"{_key(k)} = {_value(v)}" for k, v in data.items())


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + _as_inline(value) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").strip()


def _in_words(error: Mapping[str, Any], at: Mapping[tuple[str, int], str]) -> str:
    place, text = list(error["loc"]), str(error["msg"]).removeprefix("Value error, ")
    where = at.get((str(place[0]), place[1]) if len(place) > 1 else ("", 0), "")
    column = f", column {'.'.join(str(p) for p in place[2:])}" if len(place) > 2 else ""
    return f"row {where}{column}: {text}" if where else text
