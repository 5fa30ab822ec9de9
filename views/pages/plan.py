"""The page of the climate plan: what the measures give together and each, where, for whom, and as documents."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from views.language import Language
from views.pages import (
    plan_accounts,
    plan_documents,
    plan_effect,
    plan_map,
    plan_money,
    plan_sure,
    plan_together,
    plan_try,
)
from views.pages.common import Asked, views
from views.pages.state import remember, remembered
from views.session import BASELINE, Session

__all__ = ["show"]

View = Callable[[Asked, Language], None]
_VIEWS: dict[str, View] = {
    "effect": plan_effect.show,
    "map": plan_map.show,
    "together": plan_together.show,
    "money": plan_money.show,
    "sure": plan_sure.show,
    "accounts": plan_accounts.show,
    "try": plan_try.show,
    "documents": plan_documents.show,
}


def show(opened: Session, text: Language) -> None:
    """Draw the page, at first with a plan and its last year."""
    planned = [name for name, run in opened.runs.items() if run.scenario.step]
    if planned and remembered("scenario") in ("", BASELINE):
        remember("scenario", planned[0])
    if not remembered("year"):
        remember("year", str(opened.years[-1]))
    views(opened, text, "plan", {name: _with_steps(view) for name, view in _VIEWS.items()})


def _with_steps(view: View) -> View:
    def shown(asked: Asked, text: Language) -> None:
        if asked.results.scenario.step:
            view(asked, text)
        else:
            st.info(text("plan.no_steps"))

    return shown
