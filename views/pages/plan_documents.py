"""The plan as documents to download: action plan, investment plan, climate budget and yearly follow-up."""

from __future__ import annotations

import streamlit as st

from energy.climate_plans.investment_plan import InvestmentPlan
from energy.climate_plans.justice import Distribution
from energy.climate_plans.portfolio import Portfolio
from views.documents import (
    DOCUMENTS,
    Document,
    action_document,
    budget_document,
    follow_up_document,
    investment_document,
    render,
    workbook,
)
from views.language import Language
from views.pages.common import Asked
from views.pages.plan_work import money_of, plan_of

__all__ = ["show"]

_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    p = plan_of(asked, text)
    st.write(text("plan.documents_about"))
    money, burdens = money_of(asked, p, text)
    with st.spinner(text("plan.documents_working")):
        made = _written(p, money, burdens, asked.token, text.code)
    for kind, columns in zip(DOCUMENTS, (st.columns([5, 1, 1]) for _ in DOCUMENTS), strict=True):
        name, title, page, book = made[kind]
        columns[0].markdown(f"**{title}**  \n{text(f'plan.about.{kind}')}")
        columns[1].download_button(
            text("plan.download_html"),
            page,
            f"{name}.html",
            "text/html",
            key=f"{kind}_html",
            on_click="ignore",
            width="stretch",
        )
        columns[2].download_button(
            text("plan.download_xlsx"),
            book,
            f"{name}.xlsx",
            _SHEET,
            key=f"{kind}_xlsx",
            on_click="ignore",
            width="stretch",
        )


@st.cache_resource(show_spinner=False, max_entries=16)
def _written(
    _p: Portfolio, _money: InvestmentPlan, _burdens: Distribution, token: str, language: str
) -> dict[str, tuple[str, str, bytes, bytes]]:
    text = Language(language)
    documents: dict[str, Document] = {
        "action": action_document(_p, text),
        "investment": investment_document(_p, _money, _burdens, text),
        "budget": budget_document(_p, text),
        "follow_up": follow_up_document(_p, text, year=int(token.rsplit("|", 1)[1])),
    }
    return {k: (d.name, d.title, render(d).encode(), workbook(d)) for k, d in documents.items()}
