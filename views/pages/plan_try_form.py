"""The form of an investment to be tested: what a planner says of it, checked all at once, as one measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from pydantic import ValidationError

import energy
from energy.places import CITY, OUTSIDE
from energy.register import bodies
from energy.scenario import select
from twin import MEASURES, TwinError, schema
from twin.registry import MeasureSpec
from views.documents.numbers import MSEK
from views.language import Language
from views.pages.common import Asked

__all__ = ["ask", "title"]

_UNITS = ("w_m2k", "kmh", "ach", "sek", "mm", "c", "k")  # at the end of a parameter's name
_YEARS = (1990, 2100)  # that the numbers hold for
_LISTED = {"buildings": ("use", "heating", "owner"), "roads": ("road_class",)}
_WORDS = {"use": "uses", "heating": "heating", "road_class": "road_classes"}
_SIGNS = {"minimum": "least", "exclusiveMinimum": "above", "maximum": "most", "exclusiveMaximum": "below"}


@dataclass
class _Form:
    """What is filled in, what is wrong with it, and what is known of it from before."""

    text: Language
    kept: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def remember(self, key: str, usual: Any, options: Iterable[Any] | None = None) -> str:
        """Let a field begin with what it held when it was last seen; return its key.

        Each language has fields of its own, since a field keeps the words that its choice was drawn with.
        """
        value = self.kept.get(key, usual)
        if options is not None:
            known = list(options)
            value = [v for v in value if v in known] if isinstance(value, list) else value if value in known else usual
        st.session_state.setdefault(self._prefix + key, value)
        return self._prefix + key

    @property
    def _prefix(self) -> str:
        return f"try_{self.text.code}_"

    def seen(self) -> None:
        """Keep what the fields hold for when they are drawn again."""
        held = {str(k): v for k, v in st.session_state.items()}
        own = {k.removeprefix(self._prefix): v for k, v in held.items() if k.startswith(self._prefix)}
        self.kept.update(own)

    def number(self, place: Any, key: str, label: str, usual: float | None = None, hint: str = "") -> float | None:
        """Draw a field for a number that may be left empty."""
        known = self.remember(key, usual)
        return place.number_input(label, value=None, step=1.0, format="%g", key=known, placeholder=hint or " ")

    def year(self, place: Any, key: str, label: str, usual: int | None = None, hint: str = "") -> int | None:
        """Draw a field for a whole number that may be left empty."""
        known = self.remember(key, usual)
        return place.number_input(label, value=None, step=1, key=known, placeholder=hint or " ")

    def choice(self, place: Any, key: str, label: str, options: Mapping[Any, str], usual: Any = "") -> Any:
        """Draw a field with one choice."""
        known = self.remember(key, usual, options)
        return place.selectbox(label, list(options), format_func=lambda o: options[o], key=known)

    def within(self, label: str, value: float | None, low: float, high: float, *, needed: bool = True) -> None:
        """Tell of a number that is missing or outside what is possible."""
        if value is None:
            if needed:
                self.problems.append(self.text("plan.try.missing", what=label))
        elif not low <= value <= high:
            limits = {"minimum": low, "maximum": high}
            self.problems.append(_impossible(label, value, limits, self.text))


def title(measure: str, text: Language) -> str:
    """Return what a measure is called: its title in Swedish, the words of its name in English."""
    return MEASURES[measure].title if text.code == "sv" else measure.replace("_", " ").capitalize()


def ask(asked: Asked, text: Language) -> tuple[bool, energy.Step | None]:
    """Draw the form; return whether it was handed in, and the measure if nothing is wrong with it.

    Parameters
    ----------
    asked : Asked
    text : Language
    """
    form = _Form(text, st.session_state.setdefault("tried_form", {}))
    works = [name for name, (state, _) in MEASURES.state().items() if state == "ok"]
    works.sort(key=lambda m: (MEASURES[m].table, title(m, text)))
    names = {m: f"{text(f'plan.try.of.{MEASURES[m].table}')}: {title(m, text)}" for m in works}
    usual = works[0]
    measure = str(form.choice(st, "measure", text("plan.measure"), names, usual))
    spec = MEASURES[measure]
    with st.form("try_it"):
        listed = [c for c in _LISTED[spec.table] if c in asked.opened.city.get(spec.table)]
        columns = st.columns(max(4, 2 + len(listed)))
        name = columns[0].text_input(
            text("plan.try.name"), key=form.remember("name", ""), placeholder=title(measure, text)
        )
        where = _where(form, asked, spec, dict(zip(["area_id", *listed], columns[1:], strict=False)))
        years = st.columns(6 if spec.table == "buildings" else 4)
        if spec.table == "buildings":
            where |= _built(form, years[:2])
        rest = _extent(form, asked, spec, years[-4:])
        params = _params(form, spec)
        money = _money(form, asked, spec)
        pressed = st.form_submit_button(text("plan.try.run"), type="primary")
    form.seen()
    if not pressed:
        return False, None
    _matching(form, asked, spec, where, rest["share"])
    step = _step(form, {"measure": measure, "name": name.strip() or title(measure, text)}, where, params, rest | money)
    if form.problems:
        st.error("\n".join([text("plan.try.problems"), "", *(f"- {p}" for p in form.problems)]))
        return True, None
    return True, step


def _where(form: _Form, asked: Asked, spec: MeasureSpec, places: dict[str, Any]) -> dict[str, Any]:
    """Draw the filter: the area, and what is listed of the table's columns."""
    text, table = form.text, asked.results.places.table
    table = table[~table["area_id"].isin([CITY, OUTSIDE])]
    areas = {"": text("whole_city"), **dict(zip(table["area_id"], table["name"], strict=True))}
    area = form.choice(places.pop("area_id"), "area", text("area"), areas)
    where: dict[str, Any] = {"area_id": [area]} if area else {}
    for column, place in places.items():
        options = _options(asked, spec.table, column)
        chosen = place.multiselect(
            text(f"plan.try.columns.{column}"),
            options,
            format_func=lambda o, c=column: _word(o, c, text),
            placeholder=text("plan.try.any"),
            key=form.remember(column, [], options),
        )
        if chosen:
            where[column] = list(chosen)
    return where


def _built(form: _Form, columns: Sequence[Any]) -> dict[str, Any]:
    """Draw the filter on the year of construction."""
    text = form.text
    labels = {"min": text("plan.try.built_from"), "max": text("plan.try.built_to")}
    limits = schema.spec("buildings").loc["year_built"]
    built = {
        end: form.year(place, f"built_{end}", label, hint=text("plan.try.any"))
        for (end, label), place in zip(labels.items(), columns, strict=True)
    }
    for end, label in labels.items():
        form.within(label, built[end], float(limits["low"]), float(limits["high"]), needed=False)
    if built["min"] is not None and built["max"] is not None and built["min"] > built["max"]:
        form.problems.append(text("plan.try.built_order", first=built["min"], last=built["max"]))
    chosen = {end: year for end, year in built.items() if year is not None}
    return {"year_built": chosen} if chosen else {}


def _options(asked: Asked, table: str, column: str) -> list[str]:
    """Return the closed list of a column, or else what the city's table holds."""
    if column in _WORDS:
        return str(schema.spec(table).loc[column, "categories"]).split("|")
    return sorted({str(v) for v in asked.opened.city.get(table)[column].dropna()} - {""})


def _word(value: str, column: str, text: Language) -> str:
    word = text(f"{_WORDS[column]}.{value}") if column in _WORDS else value
    return word[:1].upper() + word[1:]


def _extent(form: _Form, asked: Asked, spec: MeasureSpec, columns: Sequence[Any]) -> dict[str, Any]:
    """Draw how much of it, when, and for how long."""
    text, run = form.text, asked.results
    labels = {k: text(f"plan.try.{k}") for k in ("share", "start", "end", "lifetime")}
    share = form.number(columns[0], "share", labels["share"], 100.0)
    start = form.year(columns[1], "start", labels["start"], run.city.base_year + 1)
    end = form.year(columns[2], "end", labels["end"], run.years[-1])
    hint = text(f"plan.try.usual_of_{spec.table}")
    life = form.number(columns[3], "lifetime", labels["lifetime"], hint=hint)
    form.within(labels["share"], share, 0, 100)
    form.within(labels["start"], start, *_YEARS)
    form.within(labels["end"], end, *_YEARS)
    form.within(labels["lifetime"], life, 1, 200, needed=False)
    if start is not None and end is not None and start > end:
        form.problems.append(text("plan.try.order", start=start, end=end))
    return {"share": _times(share, 0.01), "start": start, "end": end, "lifetime_years": life}


def _params(form: _Form, spec: MeasureSpec) -> dict[str, Any]:
    """Draw the measure's own parameters from their model; tell what is wrong with them."""
    drawn = {k: _plain(v) for k, v in spec.params.model_json_schema().get("properties", {}).items()}
    given: dict[str, Any] = {}
    labels: dict[str, str] = {}
    columns = st.columns(max(4, len(drawn))) if drawn else []
    for (name, about), place in zip(drawn.items(), columns, strict=False):
        unit = _unit(name, about, form.text)
        labels[name] = _label(name, spec, about, form.text) + (f", {unit}" if unit else "")
        needed = spec.params.model_fields[name].is_required()
        value = _field(form, place, f"{spec.name}.{name}", labels[name], about, needed=needed, percent=unit == "%")
        if value is not None and value != about.get("default"):
            given[name] = value
    try:
        spec.params(**given)
    except ValidationError as error:
        for e in error.errors():
            name = str(e["loc"][0]) if e["loc"] else ""
            form.problems.append(_told(dict(e), name, labels.get(name, name), drawn.get(name, {}), form.text))
    return given


def _plain(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return a property's schema without its being optional."""
    kinds = [dict(k) for k in about.get("anyOf", ()) if k.get("type") != "null"]
    return {**about, **kinds[0]} if kinds else dict(about)


def _label(name: str, spec: MeasureSpec, about: Mapping[str, Any], text: Language) -> str:
    """Return what a parameter is called, with this measure or with all; a plugin's by its own description."""
    for key in (f"plan.try.params.{spec.name}_{name}", f"plan.try.params.{name}"):
        if text.has(key):
            return text(key)
    return str(about.get("description") or about.get("title") or name)


def _unit(name: str, about: Mapping[str, Any], text: Language) -> str:
    """Return the unit at the end of a name; shares and changes of at most the whole are asked for in per cent."""
    for unit in _UNITS:
        if name.endswith(f"_{unit}"):
            return text(f"plan.try.units.{unit}")
    most = about.get("maximum", about.get("exclusiveMaximum", float("inf")))
    return "%" if about.get("type") == "number" and most <= 1 else ""


def _field(
    form: _Form, place: Any, key: str, label: str, about: Mapping[str, Any], *, needed: bool, percent: bool
) -> Any:
    """Draw one parameter; return None where it is left open."""
    text, usual, kind = form.text, about.get("default"), about.get("type")
    if "enum" in about:
        words = {
            o: text(f"plan.try.choices.{o}") if text.has(f"plan.try.choices.{o}") else str(o) for o in about["enum"]
        }
        return form.choice(place, key, label, words, usual if usual in words else next(iter(words)))
    if kind == "boolean":
        return place.checkbox(label, key=form.remember(key, bool(usual)))
    hint = text("plan.try.needed") if needed else text("plan.try.usual")
    if kind == "integer":
        return form.year(place, key, label, usual, hint)
    if kind == "number":
        value = form.number(place, key, label, _times(usual, 100 if percent else 1), hint)
        return _times(value, 0.01 if percent else 1)
    return place.text_input(label, key=form.remember(key, usual or ""), placeholder=hint) or None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else round(float(value) * factor, 12)


def _told(error: Mapping[str, Any], name: str, label: str, about: Mapping[str, Any], text: Language) -> str:
    """Return in words what is wrong with a parameter."""
    if error["type"] == "missing":
        return text("plan.try.missing", what=label)
    limits = {k: about[k] for k in _SIGNS if k in about}
    if limits and str(error["type"]).startswith(("greater_than", "less_than")):
        factor = 100 if _unit(name, about, text) == "%" else 1
        return _impossible(label, error["input"] * factor, {k: v * factor for k, v in limits.items()}, text)
    return f"{label}: {error['msg']}"


def _impossible(label: str, value: float, limits: Mapping[str, float], text: Language) -> str:
    said = [text(f"plan.try.limits.{_SIGNS[k]}", value=_exact(v, text)) for k, v in limits.items()]
    joined = f" {text('plan.try.and')} ".join(said)
    return text("plan.try.impossible", what=label, value=_exact(value, text), limits=joined)


def _exact(value: float, text: Language) -> str:
    """Return a number as it is written in a field: years without thousands' separators."""
    written = f"{value:.10g}"
    return written.replace(".", ",") if text.code == "sv" else written


def _money(form: _Form, asked: Asked, spec: MeasureSpec) -> dict[str, Any]:
    """Draw what it costs, in the prices of which year, who pays and who answers."""
    text, columns = form.text, st.columns(4)
    cost_label, year_label = text("plan.try.cost"), text("plan.try.price_year")
    cost = form.number(columns[0], "cost", cost_label, hint=text(f"plan.try.usual_of_{spec.table}"))
    year = form.year(columns[1], "price_year", year_label, asked.results.city.base_year)
    own = sorted({*bodies(), *(b.name for b in asked.results.scenario.body)})
    known = {"": text("documents.nobody"), **{b: b for b in own}}
    payer = form.choice(columns[2], "payer", text("documents.columns.payer"), known)
    responsible = form.choice(columns[3], "responsible", text("documents.columns.responsible"), known)
    form.within(cost_label, cost, 0, float("1e6"), needed=False)
    form.within(year_label, year, *_YEARS, needed=cost is not None)
    costs = [{"kind": "capex", "sek": cost * MSEK, "price_year": year}] if cost is not None else []
    return {"cost": costs, "payer": payer, "responsible": responsible}


def _matching(form: _Form, asked: Asked, spec: MeasureSpec, where: dict[str, Any], share: float | None) -> None:
    """Tell of a filter that matches nothing, and of a share of what it matches that is nothing."""
    city, text = asked.opened.city, form.text
    try:
        count = int(select(city.get(spec.table), where, city.get("areas")).sum())
    except TwinError as error:
        form.problems.append(str(error))
        return
    entities = text(f"{spec.table}_word")
    if not count:
        form.problems.append(text("plan.try.matches_none", entities=entities))
    elif share is not None and 0 <= share <= 1 and not round(share * count):
        told = {"share": _exact(share * 100, text), "count": text.whole(count), "entities": entities}
        form.problems.append(text("plan.try.too_few", **told))


def _step(
    form: _Form, what: dict[str, Any], where: dict[str, Any], params: dict[str, Any], rest: dict[str, Any]
) -> energy.Step | None:
    """Return the measure; tell what else is wrong with it."""
    if form.problems:
        return None
    fields = {k: v for k, v in rest.items() if v not in (None, "", [], {})}
    try:
        return energy.Step(**what, where=where, params=params, **fields)
    except ValidationError as error:
        form.problems += [str(e["msg"]).removeprefix("Value error, ") for e in error.errors()]
        return None
