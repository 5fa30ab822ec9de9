"""The register of measures as people keep it: a sheet with one measure a row, in CSV or XLSX."""

from __future__ import annotations

import contextlib
import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from layers.export import atomic
from twin.errors import TwinError

__all__ = ["read_register", "write_register"]

_LARGEST = 20_000_000  # bytes of a sheet, packed or not; a register of 10,000 measures has some two million
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_register(path: str | Path) -> list[dict[str, str]]:
    """Read the rows of a register.

    Parameters
    ----------
    path : str or Path
        ``.csv`` (UTF-8, comma or semicolon) or ``.xlsx`` (its first sheet; values, never formulas).

    Returns
    -------
    list of dict of str to str
        One a row, by the first row's titles; blank cells are empty texts, and rows without any text are left out.

    Raises
    ------
    TwinError
        When the file is missing, is of another kind, too large or damaged, or a title is missing or stands twice.
    """
    file = Path(path)
    if not file.is_file():
        raise TwinError(f"there is no register {file}")
    if file.suffix.lower() == ".csv":
        cells = _csv(file)
    elif file.suffix.lower() == ".xlsx":
        cells = _xlsx(file)
    else:
        raise TwinError(f"{file} is neither .csv nor .xlsx; save the register as one of them")
    if not cells:
        raise TwinError(f"{file} is empty; its first row names the columns")
    titles = [t.strip() for t in cells[0]]
    while titles and not titles[-1]:
        titles.pop()
    if twice := sorted({t for t in titles if titles.count(t) > 1}):
        raise TwinError(f"{file}: a column without a title, or two with the title {', '.join(map(repr, twice))}")
    rows = []
    for number, row in enumerate(cells[1:], start=2):
        if any(c.strip() for c in row[len(titles) :]):
            raise TwinError(
                f"{file}: row {number} has more cells than there are titles; put text with commas in quotes"
            )
        filled = [*row, *[""] * len(titles)][: len(titles)]
        if any(c.strip() for c in filled):
            rows.append({"row": str(number), **{t: c.strip() for t, c in zip(titles, filled, strict=True)}})
    return rows


def write_register(rows: Sequence[Mapping[str, str]], path: str | Path) -> None:
    """Write rows as a sheet that :func:`read_register` reads; nothing in a cell can act as a formula.

    Parameters
    ----------
    rows : sequence of mapping of str to str
        All with the same titles.
    path : str or Path
        ``.csv`` or ``.xlsx``.
    """
    file = Path(path)
    titles = [t for t in rows[0] if t != "row"] if rows else []
    if file.suffix.lower() == ".csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([titles, *([_harmless(r[t]) for t in titles] for r in rows)])
        atomic(file, lambda part: part.write_text(text.getvalue(), encoding="utf-8", newline="\n"))
        return
    if file.suffix.lower() != ".xlsx":
        raise TwinError(f"{file} is neither .csv nor .xlsx; name the register as one of them")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "register"
    sheet.freeze_panes = "A2"
    for row in [dict(zip(titles, titles, strict=True)), *rows]:
        sheet.append([row[t] for t in titles])
    for cells in sheet.iter_rows():
        for cell in cells:
            cell.data_type = "s"
    atomic(file, book.save)


def _csv(file: Path) -> list[list[str]]:
    if file.stat().st_size > _LARGEST:
        raise TwinError(f"{file} is larger than {_LARGEST:,} bytes; a register is a list of measures")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TwinError(f"{file} is not UTF-8 text; save it as CSV UTF-8") from error
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    return [[_plain(c) for c in row] for row in csv.reader(io.StringIO(text), delimiter=separator)]


def _xlsx(file: Path) -> list[list[str]]:
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(i.file_size for i in archive.infolist())
        if size > _LARGEST:
            raise TwinError(f"{file} holds more than {_LARGEST:,} bytes; a register is a list of measures")
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        with contextlib.closing(book):
            return [[_text(v) for v in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError) as error:
        raise TwinError(f"{file} is no readable XLSX workbook: {error}; open it and save it anew") from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _harmless(text: str) -> str:
    """Mark text that a spreadsheet would run; numbers stay numbers."""
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _plain(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
