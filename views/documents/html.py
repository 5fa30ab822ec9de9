"""A document as one HTML file: no request leaves it, it prints as it stands, and a screen reader finds its way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from views.documents.model import Bullets, Chart, Column, Document, Part, Table
from views.documents.numbers import exact, known, shown

__all__ = ["render"]

_TEMPLATES = Path(__file__).parents[1] / "templates"
_PAGES = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=False,
    newline_sequence="\n",
)


def render(document: Document) -> str:
    """Return the document as HTML; every number stands beside its machine-readable value.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
    """
    seen: set[str] = set()
    sections = [
        {"id": s.id, "title": s.title, "parts": [_part(p, document.language, seen) for p in s.parts]}
        for s in document.sections
    ]
    sources = [_table(t, document.language, seen) for t in document.sources]
    about = {k: getattr(document, k) for k in ("title", "subtitle", "language", "methods", "words")}
    return _PAGES.get_template("document.html.j2").render(d={**about, "sections": sections, "sources": sources}) + "\n"


def _part(part: Part, language: str, seen: set[str]) -> dict[str, Any]:
    if isinstance(part, Table):
        return {"kind": "table", "table": _table(part, language, seen)}
    if isinstance(part, Chart):
        return {"kind": "chart", "id": part.id, "title": part.title, "svg": part.svg}
    if isinstance(part, Bullets):
        return {"kind": "bullets", "items_": part.items}
    return {"kind": "text", "text": part}


def _table(table: Table, language: str, seen: set[str]) -> dict[str, Any]:
    read = [c for c in table.columns if not c.in_files]
    columns = [
        {
            "heading": c.title if table.unit and c.kind == "number" else c.heading,
            "method": c.method,
            "number": c.kind != "text" and not c.head,
        }
        for c in read
    ]
    digits = {c.key: table.places(c.unit) for c in read if c.kind == "number"}
    rows = [
        {
            "anchor": _anchor(table, record, seen),
            "cells": [_cell(record[c.key], c, digits.get(c.key, 0), language) for c in read],
        }
        for record in table.frame.to_dict("records")
    ]
    title = f"{table.title} [{table.unit}]" if table.unit else table.title
    foot = _foot(table, read, digits, language)
    return {"id": table.id, "title": title, "note": table.note, "columns": columns, "rows": rows, "foot": foot}


def _anchor(table: Table, record: dict[Any, Any], seen: set[str]) -> str:
    """Return the address of a row; of several rows of one key the first has it."""
    if not table.anchor:
        return ""
    name = f"{table.anchor}-{record['key']}"
    if name in seen:
        return ""
    seen.add(name)
    return name


def _cell(value: Any, column: Column, digits: int, language: str) -> dict[str, Any]:
    number = column.kind != "text" and known(value)
    if not known(value):
        return {
            "shown": column.blank,
            "value": "",
            "head": False,
            "css": "blank" if column.kind == "text" else "n blank",
            "language": "",
        }
    return {
        "shown": shown(value, column.kind, digits, language),
        "value": exact(float(value)) if number and not column.head else "",
        "head": column.head,
        "css": "",
        "language": column.language,
    }


def _foot(table: Table, read: list[Column], digits: dict[str, int], language: str) -> list[dict[str, Any]]:
    if not table.total:
        return []
    sums, cells = table.sums, []
    named = next(k for k, c in enumerate(read) if c.head or k == len(read) - 1)
    for k, column in enumerate(read):
        if column.key in sums:
            value = sums[column.key]
            cells.append(
                {
                    "head": False,
                    "value": exact(value),
                    "shown": shown(value, column.kind, digits.get(column.key, 0), language),
                }
            )
        else:
            cells.append({"head": k == named, "value": "", "shown": table.total})
    return cells
