"""Test an investment: one measure that a planner puts together against the plan, with the verdict and every reason for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

import energy
from energy.climate_plans.justice import flagged
from energy.climate_plans.strategy import Strategy, freeze
from energy.climate_plans.verdict import Reason, Verdict, verdict
from energy.plan import Conflict
from twin import City, Factors
from views.charts import THOUSANDS
from views.documents.figures import COLOURS, INK, TARGET
from views.language import Language
from views.pages.common import Asked
from views.pages.plan_try_form import ask, title
from views.session import Settings

__all__ = ["show"]

_KEPT = 16  # verdicts
_MARKS = {"bidrar": "✓", "bidrar delvis": "◐", "bidrar inte": "✗", "holds": "✓", "limits": "◐", "fails": "✗"}
_KEYS = {"bidrar": "yes", "bidrar delvis": "partly", "bidrar inte": "no"}
_SHORT = 12  # letters of a hash


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    scenario, last = asked.results.scenario, asked.results.years[-1]
    strategy = freeze(scenario, Factors.read(), last)
    st.subheader(text("plan.try.title"))
    st.write(text("plan.try.about"))
    told = {"scenario": _plain(scenario.name), "year": last, "sha": strategy.sha256[:_SHORT]}
    st.caption(text("plan.try.strategy", **told))
    tried: dict[str, energy.Step] = st.session_state.setdefault("tried", {})
    token = f"{Settings.from_environment().token}|{asked.scenario}"
    pressed, step = ask(asked, text)
    if pressed:
        tried.pop(token, None)
        if step is not None:
            tried[token] = step
    if token not in tried:
        return
    _result(asked, strategy, tried[token], text)


def _result(asked: Asked, strategy: Strategy, step: energy.Step, text: Language) -> None:
    """Draw what is found of a measure."""
    city = asked.opened.city
    lacking = _lacking(city, strategy, step)
    if lacking is not None and not lacking.got:
        st.error(text("plan.try.taken", **_of(lacking, text)))
        return
    with st.spinner(text("plan.try.working")):
        found = _judged(city, strategy, step)
    _conclusion(found, strategy, text)
    _figures(found, strategy, text)
    st.subheader(text("plan.try.rules_title"))
    st.table(_rules(found, strategy, lacking, text))
    _effects(found, strategy, text)
    _overlaps(found, strategy, text)
    with st.expander(text("plan.try.hashes_title")):
        st.markdown(text("plan.try.hashes_about"))
        st.markdown("\n".join(f"- {text(f'plan.try.hashes.{k}')}: `{sha}`" for k, sha in found.inputs.items()))
    _downloads(found, strategy, step, text)


_BY: dict[str | type[Any], Callable[[Any], Any]] = {
    City: lambda _: Settings.from_environment().token,
    Strategy: lambda strategy: strategy.sha256,
    energy.Step: lambda step: step.model_dump_json(),
}


@st.cache_resource(show_spinner=False, max_entries=_KEPT, hash_funcs=_BY)
def _judged(city: City, strategy: Strategy, step: energy.Step) -> Verdict:
    flag = flagged(city, step, max(strategy.goal_year, step.end, city.base_year + 1))
    return verdict(city, strategy, step, justice_flag=flag)


def _lacking(city: City, strategy: Strategy, step: energy.Step) -> Conflict | None:
    """Return what the measure asks for and does not get, since measures of the strategy have it."""
    steps = (*strategy.scenario.step, step)
    conflicts = energy.plan(city, strategy.scenario.model_copy(update={"step": steps})).conflicts
    return next((c for c in conflicts if c.step == len(steps)), None)


def _of(lacking: Conflict, text: Language) -> dict[str, str]:
    counts = {k: text.whole(getattr(lacking, k)) for k in ("wanted", "matching", "got")}
    return {**counts, "entities": text(f"{lacking.table}_word")}


def _conclusion(found: Verdict, strategy: Strategy, text: Language) -> None:
    """Draw the conclusion as a sentence with a mark, what it means, and the rules that decide it."""
    key = _KEYS[found.conclusion]
    words = {"name": _plain(found.measure), "year": strategy.goal_year}
    said = [f"**{_MARKS[found.conclusion]} {text(f'plan.try.conclusions.{key}', **words)}**"]
    said.append(text(f"plan.try.meanings.{key}"))
    for outcome in ("fails", "limits"):
        rules = [text(f"plan.try.rules.{r.rule}") for r in found.reasons if r.outcome == outcome]
        if rules:
            named = "; ".join(r[:1].lower() + r[1:] for r in rules)
            said.append(text(f"plan.try.decided_by.{outcome}", rules=named))
    box = {"yes": st.success, "partly": st.warning, "no": st.error}[key]
    box("  \n".join(said))


def _figures(found: Verdict, strategy: Strategy, text: Language) -> None:
    """Draw the effect in the goal year in both accounts, summed to it and after it, and on how many entities."""
    unit, goal = text("documents.units.t"), strategy.goal_year
    at_goal = next(e for e in found.effects if e["year"] == goal)
    total = next(r.value for r in found.reasons if r.rule == "cumulative")
    after = found.figures["after_goal_t"]
    shown = {
        "territorial": at_goal["territorial_t"],
        "marginal": at_goal["marginal_t"],
        "cumulative": total,
        "after": after,
    }
    columns = st.columns(len(shown) + 1)
    for column, (name, tons) in zip(columns, shown.items(), strict=False):
        value = text.number(float("nan") if tons is None else tons)
        column.metric(text(f"plan.try.figures.{name}", year=goal), f"{value} {unit}")
    columns[-1].metric(text("plan.try.figures.entities"), text.whole(found.figures["entities"] or 0.0))


def _rules(found: Verdict, strategy: Strategy, lacking: Conflict | None, text: Language) -> pd.DataFrame:
    """Return every rule with outcome, value, limit and unit, and what that means."""
    rows = []
    for reason in found.reasons:
        value, limit, unit = _measured(reason, text)
        rows.append(
            {
                text("plan.try.rule"): text(f"plan.try.rules.{reason.rule}"),
                text("plan.try.outcome"): f"{_MARKS[reason.outcome]} {text(f'plan.try.outcomes.{reason.outcome}')}",
                text("columns.value"): value,
                text("plan.try.limit"): limit,
                text("columns.unit"): unit,
                text("plan.try.means"): _meaning(reason, found, strategy, lacking, text),
            }
        )
    return pd.DataFrame(rows).set_index(text("plan.try.rule"))


def _measured(reason: Reason, text: Language) -> tuple[str, str, str]:
    """Return value, limit and unit as readers write them."""
    share = reason.rule == "interaction"
    scale = 100.0 if share else 1.0
    units = {
        "t": text("documents.units.t"),
        "a": text("plan.try.years"),
        "1": "%" if share else text("plan.try.shortfalls"),
    }
    value, limit = (text.number(float("nan") if v is None else v * scale) for v in (reason.value, reason.limit))
    return value, limit, units.get(reason.unit, "")


def _meaning(reason: Reason, found: Verdict, strategy: Strategy, lacking: Conflict | None, text: Language) -> str:
    """Return what the outcome of a rule means."""
    goal = strategy.goal_year
    kind: str = reason.outcome
    late = [e for e in found.effects if e["year"] > goal]
    worst = min(late, key=lambda e: e["territorial_t"])
    words: dict[str, object] = {
        "goal": goal,
        "worst": worst["year"],
        "last": late[-1]["year"],
        "year": reason.note,
        "share": "" if reason.value is None else text.share(reason.value),
        "limit": "" if reason.limit is None else text.share(reason.limit),
        "years": "" if reason.value is None else text.number(reason.value),
        **(_of(lacking, text) if lacking else dict.fromkeys(("wanted", "matching", "entities", "got"), "")),
    }
    if reason.rule == "justice":
        kind = "unknown" if reason.note == "not examined" else kind
    elif reason.rule == "interaction":
        kind = "unknown" if reason.value is None else kind
    elif reason.value == 0 and reason.rule in ("goal_year", "cumulative"):
        kind = f"{kind}_zero"
    return text(f"plan.try.found.{reason.rule}_{kind}", **words)


def _effects(found: Verdict, strategy: Strategy, text: Language) -> None:
    st.subheader(text("plan.try.effects_title"))
    table = pd.DataFrame(found.effects)
    names = {f"{a}_t": text(f"plan.try.accounts.{a}") for a in ("territorial", "marginal")}
    left, right = st.columns([1.5, 1], gap="medium")
    left.altair_chart(effect_chart(table, names, strategy.goal_year, text), key="tried_effects", width="stretch")
    unit = text("documents.units.t")
    right.dataframe(
        pd.DataFrame(
            {
                text("year"): [str(int(y)) for y in table["year"]],
                **{f"{name} [{unit}]": table[c].map(text.number) for c, name in names.items()},
            }
        ),
        hide_index=True,
        height="content",
    )
    st.caption(text("plan.try.effects_about", goal=strategy.goal_year))


def effect_chart(
    table: pd.DataFrame, names: dict[str, str], goal_year: int, text: Language
) -> alt.LayerChart | alt.FacetChart:
    """Draw what the measure takes away by year in both accounts, with the goal year."""
    long = table.rename(columns=names).melt("year", list(names.values()), "account", "t")
    scale = alt.Scale(domain=list(names.values()), range=[COLOURS[0], TARGET])
    axis = alt.Axis(format="d", grid=False, tickMinStep=1)
    x = alt.X("year:Q", title=None, axis=axis, scale=alt.Scale(nice=False, zero=False))
    lines = (
        alt.Chart(long)
        .mark_line(point=True)
        .encode(
            x=x,
            y=alt.Y("t:Q", axis=alt.Axis(title=text("plan.axis"), labelExpr=THOUSANDS)),
            color=alt.Color("account:N", title=None, scale=scale, legend=alt.Legend(orient="top", labelLimit=300)),
            strokeDash=alt.StrokeDash("account:N", title=None, sort=list(names.values())),
            tooltip=[
                alt.Tooltip("year:Q", title=text("year"), format="d"),
                alt.Tooltip("account:N", title=text("documents.columns.account")),
                alt.Tooltip("t:Q", title=text("plan.axis"), format=",.3~r"),
            ],
        )
    )
    zero = alt.Chart(pd.DataFrame({"t": [0.0]})).mark_rule(color=INK).encode(y="t:Q")
    goal = alt.Chart(pd.DataFrame({"year": [goal_year]})).mark_rule(color=INK, strokeDash=[3, 3]).encode(x=x)
    return alt.layer(zero, goal, lines).properties(height=300)


def _overlaps(found: Verdict, strategy: Strategy, text: Language) -> None:
    """Tell which measures of the plan want the same of the same entities."""
    st.subheader(text("plan.try.overlaps_title"))
    if not found.overlaps:
        st.markdown(text("plan.try.overlaps_none"))
        return
    steps = dict(zip(strategy.scenario.ids, strategy.scenario.step, strict=True))
    names = [_plain(steps[k].name or title(steps[k].measure, text)) for k in found.overlaps]
    st.markdown("\n".join([text("plan.try.overlaps"), "", *(f"- {n}" for n in names)]))


def _downloads(found: Verdict, strategy: Strategy, step: energy.Step, text: Language) -> None:
    """Offer the verdict, the measure and the strategy as files: those of `twin test-investment` and `twin strategy`."""
    named = {step.responsible, *step.payers}
    own = tuple(b for b in strategy.scenario.body if b.name in named)
    measure = energy.Scenario(name=step.name, step=(step,), body=own)
    files = {
        "verdict": (_json(found.record()), "bedomning.json", "application/json"),
        "measure": (measure.to_toml(), "investering.toml", "application/toml"),
        "strategy": (_json(strategy.record()), "strategi.json", "application/json"),
    }
    for column, (key, (data, name, mime)) in zip(st.columns(len(files)), files.items(), strict=True):
        column.download_button(
            text(f"plan.try.downloads.{key}"),
            data,
            name,
            mime,
            key=f"tried_{key}_file",
            on_click="ignore",
            width="stretch",
        )
    st.caption(text("plan.try.downloads_about"))


def _json(record: dict[str, object]) -> str:
    return json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _plain(name: str) -> str:
    """Return what somebody has written as it is, where the page would read signs in it as markup."""
    return re.sub(r"([\\`*_\[\]<>#$:~|])", r"\\\1", name)
