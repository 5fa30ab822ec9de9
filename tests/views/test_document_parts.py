"""Pieces that documents are made of: how wedges are stacked, and what sheets may be called."""

import io

import numpy as np
import openpyxl
import pandas as pd

from views.documents import workbook
from views.documents.figures import Layer, stacks
from views.documents.model import Column, Document, Table


def test_what_raises_emissions_stands_on_the_baseline():
    baseline = np.array([10.0, 10.0])
    edges = stacks(baseline, [Layer("1", "a", np.array([1.0, 4.0])), Layer("2", "b", np.array([0.0, -2.0]))])
    assert edges[0][1].tolist() == [9.0, 6.0]
    assert edges[1][0].tolist() == [10.0, 12.0]


def test_sheets_have_names_that_a_workbook_allows():
    columns = (Column("name", "Namn", head=True),)
    tables = tuple(
        Table(
            f"t{k}",
            "En mycket lång rubrik: [med] tecken/som*inte får finnas",
            pd.DataFrame({"name": ["a\x07b"]}),
            columns,
        )
        for k in range(3)
    )
    words = dict.fromkeys(("about", "made", "figure", "method", "formula", "factors", "references", "footer"), "Om")
    document = Document("x", "T", "", "sv", (), (), tables, words)
    book = openpyxl.load_workbook(io.BytesIO(workbook(document)))
    assert len(set(book.sheetnames)) == 5
    assert all(len(n) <= 31 for n in book.sheetnames)
    assert book.worksheets[1]["A2"].value == "ab"
