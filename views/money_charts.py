"""Charts of the investment plan: what is funded each year, and what the measures are worth to society."""

from __future__ import annotations

import altair as alt
import pandas as pd

from energy.climate_plans.investment_plan import InvestmentPlan
from energy.climate_plans.investment_worth import PLAN, SOCIETY_ALONE
from views.documents.figures import COLOURS, INK, TARGET
from views.documents.numbers import MSEK
from views.language import Language

__all__ = ["funding_chart", "worth_chart"]

_FUNDED = {"granted": COLOURS[6], "own": COLOURS[0], "gap": TARGET}
_SOCIETY = {SOCIETY_ALONE: COLOURS[2], "society": COLOURS[3]}


def funding_chart(money: InvestmentPlan, text: Language) -> alt.Chart:
    """Draw the investment of every year by how it is funded."""
    words = {k: text(f"documents.columns.{k}_msek") for k in _FUNDED}
    wide = money.funding.rename(columns={f"{k}_sek": w for k, w in words.items()})
    table = wide.melt("year", list(words.values()), "funding", "msek")
    table["msek"] /= MSEK
    table["order"] = table["funding"].map({w: n for n, w in enumerate(words.values())})
    colours = alt.Scale(domain=list(words.values()), range=list(_FUNDED.values()))
    return (
        alt.Chart(table)
        .mark_bar(stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("sum(msek):Q", title=text("documents.units.msek")),
            color=alt.Color("funding:N", title=None, scale=colours, legend=alt.Legend(orient="top", labelLimit=300)),
            order="order:Q",
            tooltip=[
                alt.Tooltip("year:O", title=text("year")),
                alt.Tooltip("funding:N", title=text("plan.money_part")),
                alt.Tooltip("msek:Q", title=text("documents.units.msek"), format=",.1f"),
            ],
        )
        .properties(height=300)
    )


def worth_chart(money: InvestmentPlan, text: Language) -> alt.LayerChart | alt.FacetChart:
    """Draw each measure's net present value to society, with the value of carbon and without."""
    words = {k: text(f"documents.columns.npv_{k}_msek") for k in _SOCIETY}
    of = money.measures.set_index("id")["name"]
    kept = money.npv[(money.npv["id"] != PLAN) & money.npv["perspective"].isin(_SOCIETY)].dropna()
    table = pd.DataFrame(
        {
            "measure": kept["id"].map(of),
            "who": kept["perspective"].map(words),
            "msek": kept["npv_sek"] / MSEK,
        }
    )
    order = [of[k] for k in money.cost_per_tonne["id"] if k in set(kept["id"])]
    colours = alt.Scale(domain=list(words.values()), range=list(_SOCIETY.values()))
    bars = (
        alt.Chart(table)
        .mark_bar()
        .encode(
            y=alt.Y("measure:N", title=None, sort=order, axis=alt.Axis(labelLimit=330)),
            yOffset=alt.YOffset("who:N", sort=list(words.values())),
            x=alt.X("msek:Q", title=text("documents.units.msek")),
            color=alt.Color("who:N", title=None, scale=colours, legend=alt.Legend(orient="top", labelLimit=300)),
            tooltip=[
                alt.Tooltip("measure:N", title=text("plan.measure")),
                alt.Tooltip("who:N", title=text("plan.money_part")),
                alt.Tooltip("msek:Q", title=text("documents.units.msek"), format=",.1f"),
            ],
        )
    )
    zero = alt.Chart(pd.DataFrame({"msek": [0.0]})).mark_rule(color=INK).encode(x="msek:Q")
    return alt.layer(bars, zero).properties(height=alt.Step(14))
