r"""Classes of vehicles as terms of the speed, and as few of them as exact algebra allows.

Functions with the same limits and the same denominator add up to one of the same kind, since the shares of the classes
are the same on every street:

.. math:: \sum_i s_i \frac{P_i(V)}{Q(V)} = \frac{\sum_i s_i P_i(V)}{Q(V)}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.mobility.cold_start import cold_factors
from energy.mobility.fleet import ENERGY_OF_FUEL, VEHICLES, Fleet
from energy.mobility.streets_kernel import BRAKE, RATIONAL, TYRE
from energy.mobility.tier3 import COEFFICIENTS, FORM
from energy.mobility.wear import COMPONENTS, heavy_brake, heavy_tyre
from twin import reference
from twin.errors import Problem, SchemaError

__all__ = ["CHANNELS", "ENERGIES", "Terms", "class_terms", "collapsed"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
ENERGIES = ("petrol", "diesel", "gas", "ethanol")
CHANNELS = (
    *(f"{e}_mj" for e in ENERGIES), *(f"bus_{e}_mj" for e in ENERGIES), "electricity_mj", "nox_g", "pm10_exhaust_g",
    *(f"{c}_pm10_g" for c in COMPONENTS), "wear_pm25_g",
)  # fmt: skip
_MJ_PER_KWH = 3.6
_EXHAUST = {"nox": "nox_g", "pm10": "pm10_exhaust_g"}
_LIMITS_KMH = (15.0, 120.0)  # of the own energy curves


class Terms(NamedTuple):
    """What the compiled loop sums up.

    Attributes
    ----------
    side, kind : array (j,) of int
        Of each base: speed of light or of heavy traffic, and what it is.
    quadratic : array (j, 5)
        Its denominator and its limits [km/h].
    base, group, drive, graded : array (t,)
        Of each term: its base, vehicle, 0 burning or 1 electric, whether the slope counts.
    numerator : array (t, 4)
        Factors of V^2, V, 1 and 1/V.
    channel : array (t,) of int
        What it adds to.
    """

    side: Whole
    kind: Whole
    quadratic: Floats
    base: Whole
    group: Whole
    drive: Whole
    graded: npt.NDArray[np.bool_]
    numerator: Floats
    channel: Whole


def class_terms(fleet: Fleet, f: Mapping[str, float], exhaust: pd.DataFrame, end: str = "value") -> pd.DataFrame:
    """Return every term of every class, one a row.

    Parameters
    ----------
    fleet : Fleet
    f : mapping
        The year's factors.
    exhaust : DataFrame
        As ``twin/data/exhaust.csv``.
    end : str
        ``"value"``, ``"low"`` or ``"high"``: the same end of all exhaust and wear factors together.

    Returns
    -------
    DataFrame
        `vehicle`, `drive`, `channel`, `kind`, `graded`, the coefficients with shares in them, `v_min_kmh`, `v_max_kmh`.

    Raises
    ------
    SchemaError
        With every class that lacks a factor.
    """
    burning = fleet.burning(f["fleet.phev_electric_share"])
    cold = cold_factors(f)
    rows = pd.concat(
        [_exhaust_terms(burning, exhaust, cold, end), _energy_terms(burning, cold, f), _wear_terms(f, end)],
        ignore_index=True,
    )
    lost = rows[rows["missing"] != ""]
    if len(lost):
        raise SchemaError(
            [
                Problem(str(r["where"]), str(r["missing"]), f"there is no factor for {r['of']}; add a row")
                for r in lost.drop_duplicates(["where", "missing", "of"]).to_dict("records")
            ]
        )
    return rows


def collapsed(rows: pd.DataFrame) -> Terms:
    """Return the terms with those of one denominator added up.

    Parameters
    ----------
    rows : DataFrame
        As `class_terms` returns them.
    """
    tops, bottoms = list(COEFFICIENTS[:4]), list(COEFFICIENTS[4:])
    flat = ((rows["epsilon"] == 0) & (rows["zita"] == 0)).to_numpy()
    by = np.where(flat, rows["hta"], 1.0)
    side = rows["vehicle"].map(reference.table("vehicle_classes").set_index("vehicle")["side"]) == "heavy"
    table = rows.assign(side=side.astype(int), **{c: rows[c] / by for c in (*tops, "hta")})
    shape = ["side", "kind", *bottoms, "v_min_kmh", "v_max_kmh"]
    few = table.groupby(["vehicle", "drive", "channel", "graded", *shape], sort=False)[tops].sum().reset_index()
    base = few.groupby(shape, sort=False).ngroup().to_numpy(np.int64)
    bases = few[shape].drop_duplicates()
    return Terms(
        bases["side"].to_numpy(np.int64),
        bases["kind"].to_numpy(np.int64),
        np.ascontiguousarray(bases[[*bottoms, "v_min_kmh", "v_max_kmh"]].to_numpy(float)),
        base,
        few["vehicle"].map({v: i for i, v in enumerate(VEHICLES)}).to_numpy(np.int64),
        few["drive"].to_numpy(np.int64),
        few["graded"].to_numpy(bool),
        np.ascontiguousarray(few[tops].to_numpy(float)),
        few["channel"].map({c: i for i, c in enumerate(CHANNELS)}).to_numpy(np.int64),
    )


def _with_cold(table: pd.DataFrame, cold: pd.Series) -> pd.DataFrame:
    return table.merge(cold.reset_index(), on=["vehicle", "fuel", "quantity"], how="left")


def _finished(table: pd.DataFrame, **constants: Any) -> pd.DataFrame:
    """Return the columns of a term; a row without factor says which."""
    table = table.assign(**constants)
    cold = (table["cold"].isna() & (table["missing"] == "")).to_numpy()
    if cold.any():
        table.loc[cold, ["missing", "where"]] = ["ratio_at_0_c", "cold_start"]
        table.loc[cold, "of"] = table["vehicle"] + " " + table["fuel"] + ", " + table["quantity"]
    return table[
        [
            "vehicle",
            "drive",
            "channel",
            "kind",
            "graded",
            *COEFFICIENTS,
            "v_min_kmh",
            "v_max_kmh",
            "missing",
            "where",
            "of",
        ]
    ]


def _exhaust_terms(burning: pd.DataFrame, exhaust: pd.DataFrame, cold: pd.Series, end: str) -> pd.DataFrame:
    known = exhaust.assign(quantity=exhaust["pollutant"], euro=exhaust["euro"].astype(str)).drop(
        columns=["source", "status", "note"], errors="ignore"
    )
    odd = (known["form"].astype(str) != FORM).to_numpy()
    twice = known.duplicated(["vehicle", "fuel", "euro", "quantity"]).to_numpy()
    problems = [
        Problem("exhaust", column, rule, int(wrong.sum()), f"row {int(np.flatnonzero(wrong)[0]) + 1}")
        for column, rule, wrong in (
            ("form", f"only the form {FORM} can be evaluated; leave other rows out", odd),
            ("pollutant", "a class has two factors of one pollutant; choose one", twice),
        )
        if wrong.any()
    ]
    if problems:
        raise SchemaError(problems)
    wanted = burning.merge(pd.DataFrame({"quantity": list(_EXHAUST)}), how="cross")
    table = _with_cold(wanted.merge(known, on=["vehicle", "fuel", "euro", "quantity"], how="left"), cold)
    of = table["vehicle"] + " " + table["fuel"] + " " + table["euro"] + ", " + table["quantity"]
    missing = np.where(table["alpha"].isna(), "pollutant", "")
    spread = table[end] if end != "value" else 1.0
    by = table["share"] * (1 - table["rf"]) * table["k"] * table["real_driving"] * spread * table["cold"]
    table = table.assign(**{c: table[c] * by for c in COEFFICIENTS[:4]}, channel=table["quantity"].map(_EXHAUST))
    return _finished(table, drive=0, kind=RATIONAL, graded=True, missing=missing, where="exhaust", of=of)


def _energy_terms(burning: pd.DataFrame, cold: pd.Series, f: Mapping[str, float]) -> pd.DataFrame:
    """Return the energy curves; electricity of every vehicle too, since a street may have any share of it."""
    curves = reference.table("vehicles").rename(columns={"drive": "fuel"}).drop(columns=["source", "status", "note"])
    car = ((curves["vehicle"] == "car") & (curves["fuel"] == "electric")).to_numpy()
    curves.loc[car, "energy_mj_per_km"] = f["ev.energy_kwh_per_km"] * _MJ_PER_KWH
    by_fuel = burning.groupby(["vehicle", "fuel"], sort=False)["share"].sum().reset_index()
    power = pd.DataFrame({"vehicle": list(VEHICLES), "fuel": "electric", "share": 1.0})
    wanted = pd.concat([by_fuel, power], ignore_index=True).assign(quantity="energy")
    table = _with_cold(wanted.merge(curves, on=["vehicle", "fuel"], how="left"), cold)
    electric = (table["fuel"] == "electric").to_numpy()
    table.loc[electric, "cold"] = 1.0
    norm = table["per_speed"] / 50 + table["constant"] + table["per_speed_squared"] * 2500
    by = table["share"] * table["cold"] * table["energy_mj_per_km"] / norm
    kind = table["fuel"].map(ENERGY_OF_FUEL) + "_mj"
    return _finished(
        table,
        drive=electric.astype(int),
        channel=np.where(electric, "electricity_mj", np.where(table["vehicle"] == "bus", "bus_" + kind, kind)),
        kind=RATIONAL,
        graded=True,
        alpha=table["per_speed_squared"] * by,
        beta=0.0,
        gamma=table["constant"] * by,
        delta=table["per_speed"] * by,
        epsilon=0.0,
        zita=0.0,
        hta=1.0,
        v_min_kmh=_LIMITS_KMH[0],
        v_max_kmh=_LIMITS_KMH[1],
        missing=np.where(table["energy_mj_per_km"].isna(), "drive", ""),
        where="vehicles",
        of=table["vehicle"] + " " + table["fuel"] + ", energy",
    )


def _wear_terms(f: Mapping[str, float], end: str) -> pd.DataFrame:
    about = reference.table("vehicle_classes")[["vehicle", "wear", "axles", "load_share"]]
    table = about.merge(reference.table("wear").drop(columns=["source", "status", "note"]), on="wear", how="left")
    part, heavy = table["component"].to_numpy(), (table["wear"] == "heavy").to_numpy()
    load, axles = table["load_share"].to_numpy(float), table["axles"].to_numpy(float)
    by = np.where(heavy & (part == "tyre"), heavy_tyre(axles, load), 1.0)
    by = np.where(heavy & (part == "brake"), heavy_brake(load, f["wear.heavy_brake"]), by)
    by = np.where(table["wear"].isin(["car", "van"]) & (part == "road"), f["wear.studded_tyre_road"], by)
    tsp = table["tsp_g_per_km"].to_numpy(float) * by * (table[end].to_numpy(float) if end != "value" else 1.0)
    sums = []
    for drive in (0, 1):
        driven = tsp * np.where((part == "brake") & (drive == 1), f["wear.ev_brake_share"], 1.0)
        for channel, share in (
            (table["component"] + "_pm10_g", table["pm10_share"]),
            ("wear_pm25_g", table["pm25_share"]),
        ):
            sums.append(table.assign(drive=drive, channel=channel, gamma=driven * share))
    whole = pd.concat(sums, ignore_index=True)
    return _finished(
        whole,
        kind=whole["component"].map({"tyre": TYRE, "brake": BRAKE, "road": RATIONAL}),
        graded=False,
        cold=1.0,
        alpha=0.0,
        beta=0.0,
        delta=0.0,
        epsilon=0.0,
        zita=0.0,
        hta=1.0,
        v_min_kmh=_LIMITS_KMH[0],
        v_max_kmh=_LIMITS_KMH[1],
        missing=np.where(whole["gamma"].isna(), "tsp_g_per_km", ""),
        where="wear",
        of=whole["vehicle"],
    )
