"""What the plan costs: the investment and its gap, who pays, what it is worth to whom, and whom it burdens."""

from __future__ import annotations

import streamlit as st

from energy.climate_plans.investment_plan import InvestmentPlan
from energy.climate_plans.investment_worth import PLAN
from energy.climate_plans.portfolio import Portfolio
from views import money_charts
from views.documents import money as sections
from views.documents.model import Table
from views.documents.numbers import MSEK
from views.language import Language
from views.pages.common import Asked
from views.pages.plan_effect import table_of
from views.pages.plan_work import money_of, plan_of

__all__ = ["show"]


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    p = plan_of(asked, text)
    money, burdens = money_of(asked, p, text)
    _figures(money, text)
    st.markdown("\n".join(f"- {s}" for s in sections.said(money, text)))
    left, right = st.columns([1, 1.25], gap="medium")
    with left:
        st.subheader(text("documents.tables.funding_by_year"))
        st.altair_chart(money_charts.funding_chart(money, text), key="funding", width="stretch")
        _table(sections.funding_table(money, text), text)
    with right:
        st.subheader(text("plan.money_worth_title"))
        st.altair_chart(money_charts.worth_chart(money, text), key="worth", width="stretch")
        st.caption(text("documents.notes.worth"))
    _costs(p, money, text)
    st.subheader(text("documents.sections.burdens"))
    st.markdown("\n".join(f"- {s}" for s in sections.told(burdens, text)))
    st.caption(text("documents.notes.groups", price_year=money.price_year))
    left, right = st.columns([1.3, 1], gap="medium")
    with left:
        _table(sections.groups(money, burdens, text), text)
    with right:
        _table(sections.benefits(burdens, text), text, ("source", "note"))
        st.markdown("\n".join(f"- {sections.remark(u, text)}" for u in burdens.unknown))
    _table(sections.areas(money, burdens, text), text)
    with st.expander(text("documents.sections.assumed")):
        st.markdown("\n".join(f"- {sections.remark(r, text)}" for r in money.assumptions.query("id == ''")["remark"]))
        for part in sections.assumed(money, text).parts:
            if isinstance(part, Table):
                _table(part, text)


def _figures(money: InvestmentPlan, text: Language) -> None:
    sums, unit = money.measures.sum(numeric_only=True), text("documents.units.msek")
    whole = money.npv[(money.npv["id"] == PLAN) & (money.npv["perspective"] == "society")]["npv_sek"].sum()
    shown = {
        "capex": sums["capex_sek"],
        "gap": sums["gap_sek"],
        "saving": sums["saving_sek"],
        "npv": whole,
    }
    for column, (name, sek) in zip(st.columns(len(shown)), shown.items(), strict=True):
        column.metric(
            text(f"plan.money.{name}"), f"{text.number(sek / MSEK)} {unit}", help=text(f"plan.money_help.{name}")
        )


def _costs(p: Portfolio, money: InvestmentPlan, text: Language) -> None:
    costs = sections.costs_table(p, money, text)
    st.subheader(costs.title)
    _table(costs, text)
    st.caption(costs.note)
    left, right = st.columns([1, 1.6], gap="medium")
    with left:
        st.subheader(text("documents.tables.payers"))
        _table(sections.payers(money, text), text)
    with right:
        st.subheader(text("documents.tables.tonnes"))
        _table(sections.tonnes(money, text), text)
        st.caption(text("documents.notes.tonnes"))
    with st.expander(text("documents.sections.worth")):
        _table(sections.worth_table(money, text), text)
        if len(money.curve):
            _table(sections.abatement(money, text), text)
            st.caption(text("documents.notes.abatement"))


def _table(table: Table, text: Language, without: tuple[str, ...] = ()) -> None:
    st.dataframe(table_of(table, text, without), hide_index=True, height="content")
