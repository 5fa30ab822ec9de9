"""A building or an area told in words, with its numbers."""

from __future__ import annotations

import math
from html import escape
from typing import Any

import numpy as np
import pandas as pd

import energy
from energy.climate import inventory
from energy.plan import NEVER, Conflict
from twin.registry import MEASURES
from views.language import Language

__all__ = [
    "area_figures",
    "area_text",
    "building_figures",
    "building_text",
    "building_title",
    "conflict_text",
    "html_table",
    "path_text",
]

_OF_BUILDING = ("heat_need_kwh", "heat_need_kwh_m2", "energy_use_kwh_m2", "primary_energy_kwh_m2", "district_heating_kwh", "electricity_kwh", "pv_kwh", "co2e_territorial_kg", "co2e_lifecycle_kg", "co2e_marginal_kg")  # fmt: skip


def building_title(row: pd.Series, text: Language) -> str:
    """Return a heading: the kind of house and its year."""
    use = text(f"uses.{row['use']}")
    return text("building.title", use=use, year=int(row["year_built"])) if not math.isnan(row["year_built"]) else use


def building_text(results: energy.Results, at: int, year: int, text: Language) -> list[str]:
    """Return sentences about a building: what it is, how that is known, what it uses.

    Parameters
    ----------
    results : Results
    at : int
        Row of the building.
    year : int
    text : Language
    """
    row = results.city["buildings"].iloc[at]
    figures = results.at("buildings", year).iloc[at]
    name = str(row["name"]) if isinstance(row["name"], str) else str(row["building_id"])
    height = {"name": name, "height": text.number(row["height_m"]), "height_how": _how(row["height_source"], text)}
    if not row["floor_area_m2"] > 0:
        return [text("building.unheated", **height)]
    known = {
        "storeys": text("building.storeys_one")
        if row["storeys"] == 1
        else text("building.storeys_many", storeys=text.whole(row["storeys"])),
        "area": text.whole(row["floor_area_m2"]),
        "area_how": _how(row["floor_area_source"], text),
    }
    heated = {
        "heating": text(f"heating.{figures['heating']}"),
        "how": _how(row["heating_source"], text),
        "year_how": _how(row["year_source"], text),
    }
    energy_words = {
        "year": year,
        "heat": text.number(figures["heat_need_kwh"]),
        "per_area": text.number(figures["heat_need_kwh"] / figures["floor_area_m2"]),
        "co2e": text.number(figures["co2e_territorial_kg"]),
    }
    sentences = [
        text("building.sentence", **height, **known),
        text("building.heated_by", **heated),
        text("building.energy", **energy_words),
    ]
    changes = _changes(results, at, text)
    return [*sentences, text("building.changed", what=", ".join(changes))] if changes else sentences


def _how(source: Any, text: Language) -> str:
    """Return how a value was found; a table that does not say has it from its data."""
    return text(f"how.{source}") if isinstance(source, str) else text("how.data")


def _changes(results: energy.Results, at: int, text: Language) -> list[str]:
    found = []
    for step, years in zip(results.adoption.steps, results.adoption.years, strict=True):
        if MEASURES[step.measure].table != "buildings" or years[at] == NEVER:
            continue
        key = f"measures.{step.measure}"
        title = MEASURES[step.measure].title
        found.append(
            text(key, year=years[at]) if text.has(key) else text("measures.other", measure=title, year=years[at])
        )
    return found


def building_figures(results: energy.Results, at: int, year: int, text: Language) -> pd.DataFrame:
    """Return a small table of a building's figures, in suitable units."""
    rows = []
    for name in _OF_BUILDING:
        value = float(results.values(name, "buildings", year)[at])
        scaled, unit = (
            text.scaled(value, energy.INDICATORS[name].unit)
            if np.isfinite(value)
            else (value, text.unit(energy.INDICATORS[name].unit))
        )
        rows.append(
            {
                text("columns.measure"): text(f"indicators.{name}.title"),
                text("columns.value"): f"{text.number(scaled)} {unit}",
            }
        )
    return pd.DataFrame(rows)


def area_text(results: energy.Results, area_id: str, text: Language) -> str:
    """Return a sentence about an area."""
    places = results.places.table
    at = int(np.flatnonzero((places["area_id"] == area_id).to_numpy())[0])
    count = int(results.places.shares["buildings"][[at]].sum())
    people = float(places["population"].iloc[at])
    name = place_name(results, area_id, text)
    if people > 0:
        return text("area_text.sentence", name=name, buildings=text.whole(count), population=text.whole(people))
    return text("area_text.sentence_nobody", name=name, buildings=text.whole(count))


def place_name(results: energy.Results, area_id: str, text: Language) -> str:
    """Return the name of a place; what lies outside all areas has one too."""
    places = results.places.table
    name = str(places.loc[places["area_id"] == area_id, "name"].iloc[0])
    return name or text("outside_name")


def area_figures(tidy: pd.DataFrame, area_id: str, year: int, text: Language) -> pd.DataFrame:
    """Return a small table of an area's figures with their range."""
    rows = []
    for _, r in tidy[(tidy["area_id"] == area_id) & (tidy["year"] == year)].iterrows():
        if not np.isfinite(r["value"]):
            continue
        value, unit = text.scaled(float(r["value"]), str(r["unit"]))
        by = float(r["value"]) / value if value else 1.0
        rows.append(
            {
                text("columns.measure"): text(f"indicators.{r['indicator']}.title"),
                text("columns.value"): f"{text.number(value)} {unit}",
                f"{text('columns.low')} – {text('columns.high').lower()}": f"{text.number(r['low'] / by)} – {text.number(r['high'] / by)}",
            }
        )
    return pd.DataFrame(rows)


def conflict_text(conflict: Conflict, text: Language) -> str:
    """Return what a step asked for and got."""
    return text(
        "conflict" if conflict.matching else "conflict_none",
        step=conflict.step,
        measure=MEASURES[conflict.measure].title,
        wanted=text.whole(conflict.wanted),
        matching=text.whole(conflict.matching),
        entities=text(f"{conflict.table}_word"),
        got=text.whole(conflict.got),
    )


def html_table(figures: pd.DataFrame) -> str:
    """Return a narrow table: what, its value, and its range in small print below."""
    head, rows = "".join(f'<th scope="col">{escape(str(c))}</th>' for c in figures.columns[:2]), []
    for what, value, *spread in figures.itertuples(index=False, name=None):
        small = f"<br><small>{escape(str(spread[0]))}</small>" if spread else ""
        rows.append(f'<tr><th scope="row">{escape(str(what))}</th><td>{escape(str(value))}{small}</td></tr>')
    return f'<table class="figures"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def path_text(table: pd.DataFrame, place: str, text: Language) -> list[str]:
    """Return what the path says, and what it does not say.

    Parameters
    ----------
    table : DataFrame
        From :func:`views.charts.path_table`.
    place : str
        Name of the place.
    text : Language
    """
    first, last = table.iloc[0], table.iloc[-1]
    change = last["actual_t"] / first["actual_t"] - 1 if first["actual_t"] > 0 else math.nan
    words: dict[str, Any] = {
        "place": place,
        "first": text.number(first["actual_t"]),
        "year0": int(first["year"]),
        "last": text.number(last["actual_t"]),
        "year1": int(last["year"]),
        "change": text.change(change),
        "wanted": text.change(last["wanted_t"] / first["actual_t"] - 1) if first["actual_t"] > 0 else "–",
    }
    gap = last["actual_t"] - last["wanted_t"]
    verdict = text("path.reached") if gap <= 0 else text("path.missed", gap=text.number(gap), year1=int(last["year"]))
    return [text("path.text", **words), verdict, text("path.outside", share=text.share(inventory.outside_share(2024)))]
