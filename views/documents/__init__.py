"""Documents from data: self-contained HTML, workbooks and CSV of the same numbers."""

from views.documents.files import write
from views.documents.html import render
from views.documents.model import Document
from views.documents.plans import (
    DOCUMENTS,
    action_document,
    budget_document,
    follow_up_document,
    investment_document,
)
from views.documents.sheets import csv_files, workbook

__all__ = [
    "DOCUMENTS",
    "Document",
    "action_document",
    "budget_document",
    "csv_files",
    "follow_up_document",
    "investment_document",
    "render",
    "workbook",
    "write",
]
