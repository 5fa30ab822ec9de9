"""A document as a workbook, one sheet a table, and as CSV files; the same document gives the same bytes."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import datetime
from typing import Any

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from views.documents.model import Bullets, Column, Document, Table
from views.documents.numbers import exact, known

__all__ = ["csv_files", "workbook"]

_WHEN = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook has no time zone, and this moment means nothing
_ZIP_WHEN = (2000, 1, 1, 0, 0, 0)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NAME = 31  # letters of a sheet's name


def workbook(document: Document) -> bytes:
    """Return the document as XLSX: numbers are numbers, texts never formulas, and the last sheets tell the sources.

    Parameters
    ----------
    document : Document

    Returns
    -------
    bytes
    """
    book = openpyxl.Workbook()
    front = book.active
    front.title = _name(document.words["about"], set())
    for line in _lines(document):
        front.append([_plain(line)])
    front["A1"].font = Font(bold=True, size=15)
    front.column_dimensions["A"].width = 110
    for (cell,) in front.iter_rows(max_col=1):
        cell.data_type = "s"
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    taken = {front.title}
    for table in document.tables:
        _sheet(book.create_sheet(_name(table.title, taken)), table)
    _methods(book.create_sheet(_name(document.words["made"], taken)), document)
    book.properties.creator = "Klimattvilling"
    book.properties.title = document.title
    book.properties.created = _WHEN
    made = io.BytesIO()
    book.save(made)
    return _timeless(made.getvalue())


def csv_files(document: Document) -> dict[str, str]:
    """Return every table as CSV text by its id: comma, dot, a blank where nothing is known, no row of sums."""
    return {table.id: _csv(table) for table in document.tables}


def _csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([c.key for c in table.columns])
    for record in table.frame.to_dict("records"):
        writer.writerow([_harmless(record[c.key], c) for c in table.columns])
    return text.getvalue()


def _harmless(value: Any, column: Column) -> str:
    """Return a cell for machines; a text that a spreadsheet would run is marked as text."""
    if not known(value):
        return ""
    if column.kind != "text":
        return exact(float(value))
    return f"'{value}" if str(value).startswith(_FORMULA) else str(value)


def _lines(document: Document) -> list[str]:
    lines = [document.title, document.subtitle, ""]
    for section in document.sections:
        said = [p for p in section.parts if isinstance(p, str)]
        said += [f"– {item}" for p in section.parts if isinstance(p, Bullets) for item in p.items]
        lines += [section.title.upper(), *said, ""] if said else []
    return [*lines, document.words["footer"]]


def _sheet(sheet: Worksheet, table: Table) -> None:
    sheet.append([c.heading for c in table.columns])
    for record in table.frame.to_dict("records"):
        sheet.append([_value(record[c.key], c) for c in table.columns])
    if table.total:
        sums = table.sums
        head = next((c.key for c in table.columns if c.head), table.columns[0].key)
        sheet.append([sums.get(c.key, table.total if c.key == head else None) for c in table.columns])
        for cell in sheet[sheet.max_row]:
            cell.font = Font(bold=True)
    for letter, column in enumerate(table.columns, start=1):
        _format(sheet, letter, column, table)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    if table.note:
        sheet.append([])
        sheet.append([_plain(table.note)])
        sheet.cell(sheet.max_row, 1).data_type = "s"


def _format(sheet: Worksheet, at: int, column: Column, table: Table) -> None:
    written = {"share": "0.0 %", "year": "0"}
    if column.kind == "number":
        digits = table.places(column.unit)
        written["number"] = "#,##0" + ("." + "0" * digits if digits else "")
    longest = len(column.title) // 2 + 8
    for row in range(1, len(table.frame) + 2 + bool(table.total)):
        cell = sheet.cell(row, at)
        if isinstance(cell.value, str):
            cell.data_type = "s"
            longest = max(longest, len(cell.value) if row > 1 else 0)
        elif cell.value is not None:
            cell.number_format = written.get(column.kind, "General")
    sheet.column_dimensions[get_column_letter(at)].width = min(max(longest + 1, 10), 60)


def _methods(sheet: Worksheet, document: Document) -> None:
    sheet.append([document.words[w] for w in ("figure", "method", "formula", "factors", "references")])
    for m in document.methods:
        sheet.append([_plain(v) for v in (m.title, m.text, m.formula, ", ".join(m.factors), "; ".join(m.references))])
    for letter, width in zip("ABCDE", (30, 90, 60, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    for cells in sheet.iter_rows():
        for cell in cells:
            if cell.value is not None:
                cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=cell.row == 1)


def _value(value: Any, column: Column) -> Any:
    if not known(value):
        return column.blank or None
    if column.kind == "text":
        return _plain(str(value))
    return int(value) if column.kind == "year" else float(value)


def _plain(text: str) -> str:
    """Return a text without characters that a workbook can not hold."""
    return str(ILLEGAL_CHARACTERS_RE.sub("", text))


def _name(title: str, taken: set[str]) -> str:
    """Return a sheet's name: short, allowed, and the only one of its kind."""
    name = re.sub(r"[\[\]:*?/\\']", " ", title)[:_NAME].strip()
    for k in range(2, 100):
        if name.casefold() not in {t.casefold() for t in taken}:
            break
        name = f"{name[: _NAME - 3].strip()} {k}"
    taken.add(name)
    return name


def _timeless(book: bytes) -> bytes:
    """Return a workbook without the moment of its making."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in sorted(old.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            content = old.read(entry)
            if entry == "docProps/core.xml":
                moment = _WHEN.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + moment, content)
            about = zipfile.ZipInfo(entry, _ZIP_WHEN)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o600 << 16
            new.writestr(about, content)
    return made.getvalue()
