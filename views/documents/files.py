"""Documents become files: HTML, a workbook, and the tables as CSV; whole or not at all."""

from __future__ import annotations

from pathlib import Path

from layers.export import atomic
from views.documents import sheets
from views.documents.html import render
from views.documents.model import Document

__all__ = ["write"]


def write(document: Document, folder: Path) -> list[Path]:
    """Write a document; the same document gives the same bytes.

    Parameters
    ----------
    document : Document
    folder : Path

    Returns
    -------
    list of Path
        The HTML file, the workbook, and one CSV file a table.
    """
    page, book = render(document), sheets.workbook(document)
    files = {folder / f"{document.name}.html": page.encode(), folder / f"{document.name}.xlsx": book}
    files |= {
        folder / f"{document.name}_{table}.csv": text.encode() for table, text in sheets.csv_files(document).items()
    }
    for path, content in files.items():
        atomic(path, lambda part, content=content: part.write_bytes(content))  # type: ignore[misc]
    return list(files)
