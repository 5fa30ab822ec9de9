"""Reads documents back as a reader, a screen reader and a printer do."""

import io
import re
import zipfile
from html.parser import HTMLParser

import numpy as np
import openpyxl

from views.documents import workbook

VOID = {"meta", "br", "link", "img", "input", "line", "polygon", "polyline", "rect"}


class Page(HTMLParser):
    """Reads a document back: tables with values, ids, links, and the order of headings."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.feet, self.headings, self.ids, self.links, self.tags = {}, {}, [], [], [], []
        self._table, self._rows, self._cell, self._open = None, [], None, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag not in VOID:
            self._open.append(tag)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        self.links += [attrs[k] for k in ("href", "src", "data", "action") if k in attrs]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "table":
            self._table = attrs["id"].removeprefix("table-")
            self.tables[self._table] = []
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th"):
            self._cell = ["", None]
        if tag == "data":
            self._cell[1] = float(attrs["value"])

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag, "an element is not closed"
        if tag in ("td", "th"):
            text, value = self._cell
            self._rows[-1].append(value if value is not None else text)
            self._cell = None
        if tag == "tr":
            row = self._rows.pop()
            if "tfoot" in self._open:
                self.feet[self._table] = row
            else:
                self.tables[self._table].append(row)

    def handle_data(self, data):
        if self._cell is not None:
            self._cell[0] += data

    def column(self, table, title):
        """The numbers of a column, blanks left out."""
        head, *rows = self.tables[table]
        at = head.index(title)
        return [r[at] for r in rows if isinstance(r[at], float)]


def contrast(a, b):
    light = []
    for colour in (a, b):
        parts_ = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        linear = np.where(parts_ <= 0.03928, parts_ / 12.92, ((parts_ + 0.055) / 1.055) ** 2.4)
        light.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    return (max(light) + 0.05) / (min(light) + 0.05)


def sheet(document, title):
    book = openpyxl.load_workbook(io.BytesIO(workbook(document)))
    return book[title]


def openpyxl_core(book):
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert {i.date_time for i in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        return archive.read("docProps/core.xml")
