"""How sure the plan is: the probability of the target, what decides it, what is worth learning, what is least regretted."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from energy.climate_plans.robustness import Robustness, robustness
from energy.places import CITY
from twin import Factors
from views import charts, sure_charts
from views.documents.numbers import MSEK
from views.language import Language
from views.pages.common import Asked
from views.session import BASELINE

__all__ = ["show"]

_DRAWS = (100, 200, 500, 1000)
_USUAL = 200
_SEED = 1
_ACCOUNT = "territorial"  # the target's
_MOST = 10  # factors shown
_KEPT = 8
_VALUE = "money.carbon_value_sek_kg"
_PARTS = ("decided", "planned")
_WIDTHS = {"unit": 100, "source": 190, "note": 330}  # px; by their contents the notes would have no room


@dataclass(frozen=True)
class _Wanted:
    """What a visitor asks for: so many worlds, and what the options cost a year if that is to be weighed."""

    draws: int = _USUAL
    cost_msek: tuple[tuple[str, float], ...] = ()


@st.cache_resource(show_spinner=False)
def _kept() -> tuple[dict[tuple[str, _Wanted], Robustness], threading.Lock]:
    """Return what all visitors share. The work is done outside, since a cached function may not draw progress."""
    return {}, threading.Lock()


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    first = asked.opened.city.base_year
    if asked.year <= first:
        st.info(text("plan.sure.too_early", year=first))
        return
    names = {
        BASELINE: text("baseline"),
        **{p: text(f"plan.sure.options.{p}") for p in _PARTS},
        asked.scenario: text("plan.sure.options.plan"),
    }
    found = _found(asked, names, text)
    if found is None:
        st.info(text("plan.sure.not_yet"))
        return
    _probabilities(found, names, text)
    _ranges(asked, found, names, text)
    _swings(found, text)
    _choice(found, names, text)


def _found(asked: Asked, names: dict[str, str], text: Language) -> Robustness | None:
    """Return what was last asked for of this plan and year, once somebody has had it calculated."""
    # by plan and year, so that what a visitor has seen is there when he comes back
    seen: dict[str, _Wanted] = st.session_state.setdefault("sure", {})
    new = _form(asked, names, text)
    if new is not None:
        seen[asked.token] = new
    wanted = seen.get(asked.token, _Wanted())
    kept, lock = _kept()
    token = (asked.token, wanted)
    if token not in kept and new is not None:
        _calculate(asked, wanted, names, text, (kept, lock))
    return kept.get(token)


def _form(asked: Asked, names: dict[str, str], text: Language) -> _Wanted | None:
    """Draw what can be chosen; return it once it is asked for and whole."""
    options = [*_PARTS, asked.scenario]
    with st.form("sure_form"):
        columns = st.columns([0.6, 1, 1.25, 1, 0.6], vertical_alignment="bottom")
        draws = columns[0].selectbox(
            text("plan.sure.draws"), _DRAWS, index=_DRAWS.index(_USUAL), format_func=text.whole, key="sure_draws"
        )
        costs = {
            option: column.number_input(
                text("plan.sure.cost", option=names[option]), value=None, step=1.0, format="%.1f", key=f"sure_cost_{k}"
            )
            for k, (column, option) in enumerate(zip(columns[1:4], options, strict=True))
        }
        pressed = columns[4].form_submit_button(text("plan.sure.run"), type="primary", width="stretch")
        st.caption(text("plan.sure.form_about"))
    given = tuple((o, float(c)) for o, c in costs.items() if c is not None)
    if not pressed:
        return None
    if given and len(given) < len(options):
        missing = ", ".join(names[o] for o, c in costs.items() if c is None)
        st.warning(text("plan.sure.costs_missing", options=missing))
        return None
    return _Wanted(int(draws), given)


def _calculate(
    asked: Asked,
    wanted: _Wanted,
    names: dict[str, str],
    text: Language,
    shared: tuple[dict[tuple[str, _Wanted], Robustness], threading.Lock],
) -> None:
    """Run the options in all worlds beside a progress bar, and keep what is found for all visitors."""
    kept, lock = shared
    place = st.empty()
    bar = place.progress(0.0, text=text("plan.sure.working"))
    stages = {**names, str(asked.opened.city.base_year): text("plan.sure.first_year"), "": ""}

    def tell(share: float, told: str) -> None:
        what = stages.get(told, text("plan.sure.ranking"))
        bar.progress(min(share, 1.0), text=text("plan.sure.running", what=what))

    with lock:
        if (asked.token, wanted) not in kept:
            run = asked.results
            made = robustness(
                run.city,
                run.scenario,
                wanted.draws,
                _SEED,
                year=asked.year,
                account=_ACCOUNT,
                most=_MOST,
                sobol_draws=0,
                yearly_cost_sek={o: c * MSEK for o, c in wanted.cost_msek} or None,
                progress=tell,
            )
            while len(kept) >= _KEPT:
                kept.pop(next(iter(kept)), None)
            kept[asked.token, wanted] = made
    place.empty()


def _in_worlds(share: float, draws: int, text: Language, *, short: bool = False) -> str:
    """Return in how many of the worlds, in words where it is none or all; short where their number was just told."""
    count = round(share * draws)
    how = "none" if count == 0 else "all" if count == draws else "some"
    key = f"plan.sure.{how}" if short else f"plan.sure.in_{how}"
    return text(key, count=text.whole(count), draws=text.whole(draws), share=text.share(share))


def _basis(found: Robustness, text: Language) -> str:
    return text("plan.sure.basis", draws=text.whole(len(found.emissions_t)), seed=_SEED, year=found.year)


def _probabilities(found: Robustness, names: dict[str, str], text: Language) -> None:
    st.subheader(text("plan.sure.title", year=found.year))
    draws, table = len(found.emissions_t), found.options.set_index("option")
    st.markdown(text("plan.sure.said_pace", year=found.year, **_counts(found, "pace", names, text)))
    plan = table.loc[found.main]
    middle = {"after": text.number(plan["city_p50_t"]), "goal": text.number(plan["city_goal_t"])}
    if table["probability_city"].any():
        counts = _counts(found, "city", names, text)
        st.markdown(text("plan.sure.said_city", year=found.year, **middle, **counts))
    else:
        st.markdown(text("plan.sure.said_city_never", draws=text.whole(draws), **middle))
    about = {"draws": text.whole(draws), "seed": _SEED, "year": found.year, "count": len(found.learning)}
    st.caption(text("plan.sure.made", **about))


def _counts(found: Robustness, goal: str, names: dict[str, str], text: Language) -> dict[str, str]:
    """Return in how many worlds each option reaches a goal, in full for the plan."""
    table, draws = found.options.set_index("option")[f"probability_{goal}"], len(found.emissions_t)
    return {
        key: _in_worlds(float(table[option]), draws, text, short=key != "plan")
        for key, option in zip(("nothing", "decided", "planned", "plan"), names, strict=True)
    }


def _ranges(asked: Asked, found: Robustness, names: dict[str, str], text: Language) -> None:
    st.subheader(text("plan.sure.ranges_title", year=found.year))
    path = charts.path_table(asked.opened.runs[BASELINE].indicators("city"), CITY).set_index("year")
    target_t = float(path.loc[found.year, "wanted_t"])
    left, right = st.columns([1, 1.35], gap="medium", vertical_alignment="center")
    chart = sure_charts.ranges_chart(found, names, target_t, text)
    left.altair_chart(chart, key="sure_ranges", width="stretch")
    right.dataframe(_options_table(found, names, text), hide_index=True, height="content")
    first = asked.opened.city.base_year
    right.markdown(text("plan.sure.target_told", target=text.number(target_t), year=found.year, first=first))
    st.caption(f"{_basis(found, text)} {text('plan.sure.ranges_alt')}")


def _options_table(found: Robustness, names: dict[str, str], text: Language) -> pd.DataFrame:
    o, unit = found.options, text("plan.axis")
    return pd.DataFrame(
        {
            text("plan.sure.option"): o["option"].map(names),
            **{f"P{p} [{unit}]": o[f"p{p}_t"].map(text.number) for p in (10, 50, 90)},
            text("plan.sure.pace"): o["probability_pace"].map(text.share),
            text("plan.sure.city"): o["probability_city"].map(text.share),
        }
    )


def _swings(found: Robustness, text: Language) -> None:
    st.subheader(text("plan.sure.swings_title", year=found.year))
    moved = found.sensitivity[found.sensitivity["swing_t"] != 0]
    if moved.empty:
        st.info(text("plan.sure.swings_none"))
        return
    numbers = Factors.read()
    table = moved.assign(
        name=[_name(k, text) for k in moved["factor"]],
        assumed=[any(f.status == "assumed" for f in numbers[k]) for k in moved["factor"]],
    )
    st.altair_chart(sure_charts.swings_chart(table, text), key="sure_swings", width="stretch")
    st.caption(text("plan.sure.swings_alt"))
    about = _about(moved["factor"], numbers, found.year, text)
    about.insert(1, text("plan.sure.swing"), [_signed(t, text) for t in moved["swing_t"]])
    wide = {text(f"columns.{c}"): st.column_config.TextColumn(width=w) for c, w in _WIDTHS.items()}
    st.dataframe(about, hide_index=True, height="content", column_config=wide)


def _about(keys: pd.Series, numbers: Factors, year: int, text: Language) -> pd.DataFrame:
    """Return what a reader should know of each factor: its range in the year, unit, status, source and note."""
    titles, rows = Factors.sources()["title"], []
    for key in keys:
        of = numbers[key]
        rows.append(
            {
                text("columns.key"): _name(key, text),
                **{
                    text(f"columns.{end}"): text.number(numbers.value(key, year, end))
                    for end in ("low", "value", "high")
                },
                text("columns.unit"): text.unit(of[-1].unit),
                text("columns.status"): text("assumed" if any(f.status == "assumed" for f in of) else "cited"),
                text("columns.source"): "; ".join(dict.fromkeys(str(titles[f.source]) for f in of)),
                text("columns.note"): "; ".join(dict.fromkeys(f.note for f in of if f.note)),
                text("plan.sure.key"): key,
            }
        )
    return pd.DataFrame(rows)


def _choice(found: Robustness, names: dict[str, str], text: Language) -> None:
    st.subheader(text("plan.sure.choice_title"))
    chosen = found.regret[found.regret["choice"]].iloc[0]
    name, draws = names[str(chosen["option"])], len(found.emissions_t)
    best = _in_worlds(float(chosen["best_share"]), draws, text)
    worst = f"{text.number(_in_unit(chosen['max'], found))} {_unit(found, text)}"
    if chosen["max"] > 0:
        st.markdown(text("plan.sure.choice", option=name, worst=worst, best=best))
    else:
        st.markdown(text("plan.sure.choice_always", option=name, best=best))
    if found.unit == "t":
        st.info(text("plan.sure.emissions_alone"))
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.markdown(f"**{text('plan.sure.regret_title', unit=_unit(found, text))}**")
        st.dataframe(_regret_table(found, names, text), hide_index=True, height="content")
        st.caption(f"{_basis(found, text)} {text('plan.sure.regret_about')} {_priced(found, text)}")
    with right:
        st.markdown(f"**{text('plan.sure.learning_title')}**")
        learnt = _learning_table(found, text)
        if learnt.empty:
            st.markdown(text("plan.sure.learning_none", option=_best_on_average(found, names)))
        else:
            st.dataframe(learnt, hide_index=True, height="content")
        st.caption(f"{_basis(found, text)} {text('plan.sure.learning_about')}")


def _best_on_average(found: Robustness, names: dict[str, str]) -> str:
    """Return the option to choose without knowing more: the one whose mean regret, and so whose mean, is least."""
    return names[str(found.regret.loc[found.regret["mean"].idxmin(), "option"])]


def _regret_table(found: Robustness, names: dict[str, str], text: Language) -> pd.DataFrame:
    r = found.regret
    columns = {"mean": "plan.sure.regret_mean", "p90": "plan.sure.regret_p90", "max": "plan.sure.regret_max"}
    return pd.DataFrame(
        {
            text("plan.sure.option"): [
                f"{names[o]} ✓" if c else names[o] for o, c in zip(r["option"], r["choice"], strict=True)
            ],
            **{text(title): [text.number(_in_unit(v, found)) for v in r[c]] for c, title in columns.items()},
            text("plan.sure.best_share"): r["best_share"].map(text.share),
        }
    )


def _learning_table(found: Robustness, text: Language) -> pd.DataFrame:
    """Return the factors that are worth more to know than any that can not matter, whose worth is chance."""
    numbers = Factors.read()
    idle = [numbers[k][0].perspective not in ("", found.account) for k in found.learning["factor"]]
    chance = found.learning["evppi"][idle].max() if any(idle) else 0.0
    worth = found.learning[found.learning["evppi"] > chance].head(_MOST)
    return pd.DataFrame(
        {
            text("columns.key"): [_name(k, text) for k in worth["factor"]],
            text("plan.sure.evppi", unit=_unit(found, text)): [text.number(_in_unit(v, found)) for v in worth["evppi"]],
        }
    )


def _priced(found: Robustness, text: Language) -> str:
    """Return what emissions are worth, where they are weighed against costs."""
    if found.unit == "t":
        return ""
    numbers = Factors.read()
    words = {end: text.number(numbers.value(_VALUE, found.year, end)) for end in ("low", "value", "high")}
    return text("plan.sure.priced", source=Factors.sources()["publisher"][numbers[_VALUE][0].source], **words)


def _unit(found: Robustness, text: Language) -> str:
    return text("documents.units.t" if found.unit == "t" else "plan.sure.msek_a")


def _in_unit(value: float, found: Robustness) -> float:
    return value if found.unit == "t" else value / MSEK


def _signed(tons: float, text: Language) -> str:
    return f"{'+' if tons > 0 else '−'}{text.number(abs(tons))}"


def _name(key: str, text: Language) -> str:
    """Return what a reader calls a factor; its key where it has no name."""
    word = key.replace(".", "_")
    return text(f"plan.sure.names.{word}") if text.has(f"plan.sure.names.{word}") else key
