"""A new heat network: draw where, and see pipes, losses, cost, emissions in both ledgers, beside heat pumps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
import streamlit as st

import energy
from energy.district_heating.potential.density import classify
from energy.district_heating.routing.layout import Wishes
from energy.heat_plans.district import NewDistrict, new_district
from energy.places import CITY, OUTSIDE
from twin.crs import WGS84, transform
from views import heat_shapes, report
from views.language import Language
from views.legend import Legend
from views.pages.common import MAP_HEIGHT, PRESETS, Asked, draw_map, middle_bounds
from views.pages.draw import boundary
from views.pages.state import map_of, remembered

__all__ = ["show"]

_OWN = ""
_COLOURS = {
    "dn": ("mm", "higher"),
    "peak_kw": ("kW", "higher"),
    "heat_kwh": ("kWh", "higher"),
    "loss_kwh": ("kWh", "lower"),
    "linear_density_mwh_m": ("MWh/m", "higher"),
    "lcoh_sek_kwh": ("SEK/kWh", "lower"),
    "mean_supply_c": ("degC", "higher"),
    "phase": ("", "lower"),
}


def show(asked: Asked, text: Language) -> None:
    """Draw the view."""
    st.write(text("heat.new_about"))
    area, wishes = _wishes(asked, text)
    corners = _corners(asked, area)
    _, data, plain = map_of(asked.opened, text)
    west, south, east, north = _bounds(asked, area)
    ends = transform(np.array([[west, south], [east, north]]), asked.opened.city.crs, WGS84)
    ground = [{"name": "context", "address": plain["context"], "fill": "#dfe5da"}] if "context" in plain else []
    ground += [
        {"name": n, "address": data.addresses[n], **paint}
        for n, paint in (("roads", {"stroke": "#9aa0a6"}), ("buildings", {"fill": "#b9b6ae"}))
        if n in data.addresses
    ]
    if "heat_pipes" in plain:
        ground.append({"name": "heat_pipes", "address": plain["heat_pipes"], "stroke": "#be183c"})
    drawn = boundary(
        ground, (*ends[0].tolist(), *ends[1].tolist()), text, corners=corners, height=MAP_HEIGHT, key=f"draw_{area}"
    )
    if len(drawn) < 3:
        return
    inside = shapely.Polygon(transform(np.asarray(drawn, float), WGS84, asked.opened.city.crs))
    with st.spinner(text("heat.laying_out")):
        found = _district(asked.results, asked.token, inside.wkb, *wishes)
    _figures(found, text)
    if len(found.network.pipes):
        _map(asked, found, text)
    _compared(found, text)
    _tables(found, text)


def _wishes(asked: Asked, text: Language) -> tuple[str, tuple[str, float, str]]:
    """Return the area to begin with, and what the planner decides."""
    places = asked.results.places.table
    areas = [_OWN, *places.loc[~places["area_id"].isin([CITY, OUTSIDE]), "area_id"]]
    known = remembered("area")
    columns = st.columns(4)
    area = columns[0].selectbox(
        text("heat.begin_with"),
        areas,
        index=areas.index(known) if known in areas else 0,
        format_func=lambda a: text("heat.draw_own") if a == _OWN else report.place_name(asked.results, a, text),
        key="heat_begin",
    )
    connect = columns[1].selectbox(
        text("heat.connect"), ("paying", "all"), format_func=lambda c: text(f"heat.connects.{c}"), key="heat_connect"
    )
    usual = asked.results.factors.at(asked.year)["network.heat_price_sek_kwh"]
    price = columns[2].number_input(text("heat.price"), 0.1, 5.0, float(usual), step=0.05, key="heat_price")
    setting = columns[3].selectbox(
        text("heat.setting"),
        ("inner_city", "suburb"),
        format_func=lambda s: text(f"heat.settings.{s}"),
        key="heat_dig",
    )
    return str(area), (str(connect), float(price), str(setting))


def _corners(asked: Asked, area: str) -> list[list[float]]:
    """Return the boundary of an area to begin with [degrees]."""
    if area == _OWN:
        return []
    table = asked.opened.city["areas"]
    shape = table.geometry[table["area_id"].astype(str) == area].union_all()
    outline = max(shapely.get_parts(shape), key=lambda part: part.area).simplify(5.0).exterior
    corners = transform(shapely.get_coordinates(outline)[:-1], asked.opened.city.crs, WGS84)
    return [[round(float(x), 7), round(float(y), 7)] for x, y in corners]


def _bounds(asked: Asked, area: str) -> tuple[float, float, float, float]:
    if area == _OWN:
        return middle_bounds(asked)
    table = asked.opened.city["areas"]
    west, south, east, north = table.geometry[table["area_id"].astype(str) == area].total_bounds
    return float(west), float(south), float(east), float(north)


@st.cache_resource(show_spinner=False, max_entries=12)
def _district(
    _results: energy.Results, token: str, inside: bytes, connect: Any, price: float, setting: str
) -> NewDistrict:
    wishes = Wishes(connect=connect, heat_price_sek_kwh=price, setting=setting)
    return new_district(_results, int(token.rsplit("|", 1)[1]), shapely.from_wkb(inside), wishes)


def _figures(found: NewDistrict, text: Language) -> None:
    """Tell the result in figures and a sentence."""
    told = found.figures
    columns = st.columns(5)
    columns[0].metric(
        text("heat.connected"), f"{text.whole(told['connected'])} {text('heat.of')} {text.whole(told['buildings'])}"
    )
    columns[1].metric(text("heat.heat"), " ".join(_scaled(told["heat_mwh"] * 1000, "kWh", text)))
    columns[2].metric(text("heat.trench"), f"{text.number(told['trench_m'] / 1000)} km")
    columns[3].metric(text("heat.invest"), f"{text.number(told['invest_sek'] / 1e6)} {text('heat.msek')}")
    columns[4].metric(
        text("heat.lcoh"), f"{text.number(told['lcoh_sek_kwh'])} {text('heat.sek_kwh')}", help=text("heat.lcoh_help")
    )
    if found.year is None:
        st.info(text("heat.nothing_pays", price=text.number(told["break_even_sek_kwh"])))
        return
    bound = (
        text("heat.no_bound")
        if told["bound_sek_year"] is None
        else text(
            "heat.bound",
            share=text.share(found.network.choice_sek / told["bound_sek_year"]) if told["bound_sek_year"] > 0 else "–",
        )
    )
    own = found.comparison.set_index("option").loc["district_heating"]
    columns = st.columns(5)
    columns[0].metric(text("heat.peak"), f"{text.number(told['peak_kw'] / 1000)} MW")
    columns[1].metric(
        text("heat.losses"),
        f"{text.number(told['loss_mwh'])} MWh",
        text.share(told["loss_share"]),
        delta_color="off",
        delta_arrow="off",
    )
    for column, account in zip(columns[2:], ("territorial", "lifecycle", "marginal"), strict=True):
        column.metric(text(f"heat.accounts.{account}_t"), text.whole(own[f"co2e_{account}_kg"] / 1000))
    st.write(
        text(
            "heat.new_summary",
            pump=text.number(told["pump_mwh"]),
            hours=text.whole(told["cold_hours"]),
            wanted=text.number(found.wanted_c),
            drop=text.number(told["largest_drop_bar"]),
            source=text(f"heat.sources.{found.connection}"),
            bound=bound,
        )
    )
    apart = found.network.graph.components
    apart = apart[~apart["served"]]
    if len(apart):
        st.caption(
            text(
                "heat.streets_apart",
                count=text.whole(float(len(apart))),
                length=text.number(float(apart["length_m"].sum()) / 1000),
                gap=text.number(float(apart["joining_snap_m"].min())),
            )
        )


def _scaled(value: float, unit: str, text: Language) -> tuple[str, str]:
    number, name = text.scaled(value, unit)
    return text.number(number), name


def _map(asked: Asked, found: NewDistrict, text: Language) -> None:
    """Draw the pipes in the colours of what is asked for."""
    pipes = found.network.pipes
    if found.year is not None:
        pipes = pipes.assign(mean_supply_c=found.year.mean_supply_c[pipes["node"].to_numpy()])
    column = st.selectbox(
        text("heat.colour_by"), list(_COLOURS), format_func=lambda c: text(f"heat.pipe.{c}"), key="heat_colour"
    )
    scale = Legend.of(pipes[column].to_numpy(float), *_COLOURS[column])
    width = np.clip(pipes["dn"].to_numpy(float) / 40, 1.5, 10)
    names = [f"DN {text.whole(d)}, {text.number(m)} m" for d, m in zip(pipes["dn"], pipes["length_m"], strict=True)]
    _, data, plain = map_of(asked.opened, text)
    drawn = [
        *heat_shapes.ground(data, plain),
        heat_shapes.by_value("pipes", pipes, pipes[column].to_numpy(float), scale, names, text, width_m=width),
    ]
    title = text(f"heat.pipe.{column}")
    west, south, east, north = (float(v) for v in pipes.total_bounds)
    bounds = west, south, east, north
    draw_map(asked, drawn, bounds, alt=text("heat.pipes_alt", measure=title), key="new_pipes")
    st.html(scale.html(title, text))


def _compared(found: NewDistrict, text: Language) -> None:
    """Set the network beside heat pumps, in money and in both ledgers."""
    if not len(found.comparison):
        return
    st.subheader(text("heat.beside"))
    t = found.comparison
    heat = t["heat_kwh"].where(t["heat_kwh"] > 0)
    st.dataframe(
        pd.DataFrame(
            {
                text("heat.option"): [text(f"heat.options.{o}") for o in t["option"]],
                text("heat.open_to"): t["open_to"],
                text("heat.cheapest_for"): t["cheapest_for"],
                text("heat.cost_kwh"): (t["cost_sek_year"] / heat).round(2),
                **{
                    text(f"heat.accounts.{a}_g"): (t[f"co2e_{a}_kg"] / heat * 1000).round(0)
                    for a in ("territorial", "lifecycle", "marginal")
                },
                text("heat.electricity_gwh"): (t["electricity_kwh"] / 1e6).round(2),
                text("heat.electric_peak_mw"): (t["electric_peak_kw"] / 1000).round(2),
            }
        ),
        hide_index=True,
    )
    st.caption(text("heat.beside_about"))


def _tables(found: NewDistrict, text: Language) -> None:
    """Show pipes by size and phase, and offer everything as files."""
    pipes, buildings = found.network.pipes, found.network.buildings
    left, right = st.columns(2, gap="medium")
    if len(pipes):
        with left:
            st.subheader(text("heat.by_size"))
            st.dataframe(_summed(pipes, "dn", "DN", text), hide_index=True)
        with right:
            st.subheader(text("heat.by_phase"))
            st.dataframe(_summed(pipes, "phase", text("heat.pipe.phase"), text), hide_index=True)
            st.subheader(text("heat.by_density"))
            st.dataframe(_by_density(pipes, text), hide_index=True)
        st.download_button(
            text("heat.download_pipes"),
            pipes.to_crs(WGS84).to_json().encode(),
            "ledningar.geojson",
            "application/geo+json",
            on_click="ignore",
        )
    with st.expander(text("heat.why_not")):
        out = buildings[~buildings["connected"]]
        st.dataframe(
            pd.DataFrame(
                {
                    text("heat.building"): out["building_id"],
                    text("heat.reason"): [text(f"heat.reasons.{r}") for r in out["reason"]],
                    text("heat.street_m"): out["street_m"].round(0),
                }
            ),
            hide_index=True,
        )
    st.download_button(
        text("heat.download_buildings"),
        buildings.to_csv(index=False).encode(),
        "anslutningar.csv",
        "text/csv",
        on_click="ignore",
    )


def _by_density(pipes: pd.DataFrame, text: Language) -> pd.DataFrame:
    """Return the length of branches by the classes of linear heat density, by each preset."""
    found = {}
    for preset in PRESETS:
        kinds = pd.Series(classify(pipes["linear_density_mwh_m"].to_numpy(float), preset), index=pipes.index)
        length = pipes["length_m"].groupby(kinds, observed=True).sum()
        told = [f"{text(f'heat.verdicts.{k}')}: {text.whole(m)} m" for k, m in length.items()]
        found[text(f"heat.presets.{preset}")] = ", ".join(told)
    return pd.DataFrame({text("heat.preset"): list(found), text("heat.length_by_class"): list(found.values())})


def _summed(pipes: pd.DataFrame, by: str, word: str, text: Language) -> pd.DataFrame:
    sums = pipes.groupby(by)[["length_m", "loss_kwh", "cost_sek"]].sum()
    return pd.DataFrame(
        {
            word: sums.index.astype(int),
            text("heat.length_m"): sums["length_m"].round(0).to_numpy(),
            text("heat.loss_mwh"): (sums["loss_kwh"] / 1000).round(0).to_numpy(),
            text("heat.cost_msek"): (sums["cost_sek"] / 1e6).round(2).to_numpy(),
        }
    )
