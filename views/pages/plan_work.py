"""What the views of the plan share: the plan beside its baseline and its money, calculated once for all visitors."""

from __future__ import annotations

import threading

import streamlit as st

from energy.climate_plans.investment_plan import InvestmentPlan, investment_plan
from energy.climate_plans.justice import Distribution, distribution
from energy.climate_plans.portfolio import Portfolio, portfolio
from views.language import Language
from views.pages.common import Asked
from views.session import Settings

__all__ = ["money_of", "plan_of"]

_KEPT = 4  # plans


@st.cache_resource(show_spinner=False)
def _kept() -> tuple[dict[str, Portfolio], threading.Lock]:
    """Return what all visitors share. The work is done outside, since a cached function may not draw progress."""
    return {}, threading.Lock()


def plan_of(asked: Asked, text: Language) -> Portfolio:
    """Return the plan of the chosen scenario; the first visitor waits beside a progress bar that says what is done."""
    plans, lock = _kept()
    token = f"{Settings.from_environment().token}|{asked.scenario}"
    place = st.empty()
    if token not in plans:
        bar = place.progress(0.0, text=text("plan.working"))

        def tell(share: float, told: str) -> None:
            stage = "plan.without" if share < 0.25 else "plan.with"
            words = text("plan.sharing", year=told) if share >= 0.5 else text(stage)
            bar.progress(min(share, 1.0), text=words)

        with lock:
            if token not in plans:
                run = asked.results
                made = portfolio(run.city, run.scenario, years=run.years, progress=tell)
                while len(plans) >= _KEPT:
                    plans.pop(next(iter(plans)), None)
                plans[token] = made
        place.empty()
    return plans[token]


def money_of(asked: Asked, p: Portfolio, text: Language) -> tuple[InvestmentPlan, Distribution]:
    """Return what a plan costs and is worth, and whom it burdens."""
    with st.spinner(text("plan.money_working")):
        return _money(p, f"{Settings.from_environment().token}|{asked.scenario}")


@st.cache_resource(show_spinner=False, max_entries=_KEPT)
def _money(_p: Portfolio, token: str) -> tuple[InvestmentPlan, Distribution]:
    money = investment_plan(_p)
    return money, distribution(_p, money)
