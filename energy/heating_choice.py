"""The decision map: what each building would pay and emit with every way of heating, in both ledgers.

The bookkeeping ledger is the territorial and the lifecycle account (averages); the decision ledger is the marginal
account: what one more kWh causes. They are never mixed, and where they name different winners the table says so.
Embodied emissions of the equipment are not part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.electrification.heat_pumps import degree_hours
from energy.heating_options import OPTIONS, capital_sek_year, performance, top_up_share
from twin.errors import Problem, SchemaError
from twin.factors import Factors

__all__ = ["CRITERIA", "Choice", "District", "choose", "evaluate", "robustness", "shares", "winner"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
Truth = npt.NDArray[np.bool_]

ACCOUNTS = ("territorial", "lifecycle", "marginal")
CRITERIA = ("cost_sek_year", *(f"co2e_{account}_kg" for account in ACCOUNTS))
_WINNERS = ("cheapest", *(f"lowest_{account}" for account in ACCOUNTS))
_NEEDED = ("floor_area_m2", "heat_need_kwh", "hot_water_need_kwh", "peak_kw")
_TIE = 1e-9


@dataclass(frozen=True)
class District:
    """District heating as it is offered to n buildings.

    Attributes
    ----------
    territorial, lifecycle, marginal : float
        Emission of a delivered kWh [kgCO2e/kWh], as of :class:`energy.district_heating.supply.network.Delivery`.
    bill_sek_year : array (n,)
        Energy, power and fixed fees by the tariff, or the cost of heat from a new network; blank where no network can
        be reached [SEK/year].
    """

    territorial: float
    lifecycle: float
    marginal: float
    bill_sek_year: Floats


@dataclass(frozen=True)
class Choice:
    """Every option of every building; blank where it is no option.

    Attributes
    ----------
    totals : dict of str to array (options, n)
        By criterion: yearly cost [SEK] and emissions in each account [kg].
    electricity_kwh, electric_peak_kw : array (options, n)
        What the grid must deliver over the year and in the coldest hour [kWh, kW].
    """

    totals: dict[str, Floats]
    electricity_kwh: Floats
    electric_peak_kw: Floats


def evaluate(
    buildings: pd.DataFrame,
    district: District,
    temp_air_c: Floats,
    f: Mapping[str, float],
    price_ends: Mapping[str, str] | None = None,
) -> Choice:
    r"""Return the cost and the emissions of every option.

    .. math:: C = \sum_k I_k (a_k + u_k) + p_{el} E + p_{kW} P, \qquad M = E\, m_{el} + Q\, m_{dh}

    A heat pump is sized for a share of the peak; an immersion heater takes the rest.

    Parameters
    ----------
    buildings : DataFrame (n rows)
        floor_area_m2, heat_need_kwh (space heat), hot_water_need_kwh, peak_kw; optionally radiator_at_0_c, connected (to
        district heating already), trench_m (its share of a loop in the street), and ``can_{option}``, False where an option is out of the question: no room to drill,
        no loop within reach. Buildings without floor area or heat, or with blank heat, are blank.
    district : District
    temp_air_c : array (8760,)
        [degC]
    f : mapping
        The year's factors.
    price_ends : mapping of str to str, optional
        By option ``"cost_low"`` or ``"cost_high"`` instead of the best estimate of its prices.

    Returns
    -------
    Choice

    Raises
    ------
    SchemaError
        When columns are missing or values impossible.
    """
    _check(buildings, district)
    n = len(buildings)
    space, water, peak = (buildings[c].to_numpy(float) for c in _NEEDED[1:])
    heat = space + water
    size = f["heat_pump.share_of_peak"]
    trench = buildings["trench_m"].to_numpy(float) if "trench_m" in buildings else np.zeros(n)
    amounts = {"building": np.ones(n), "heat_peak_kw": peak, "heat_pump_kw": peak * size, "trench_m": trench}
    connected = _flags(buildings, "connected", otherwise=False)
    cost = capital_sek_year(amounts, connected, f, price_ends)
    mild = f["heat_pump.heating_threshold_c"]
    top_up = top_up_share(degree_hours(temp_air_c, mild), mild - f["heat.design_outdoor_c"], size)
    electricity, electric_peak = np.zeros((len(OPTIONS), n)), np.zeros((len(OPTIONS), n))
    radiators = (
        buildings["radiator_at_0_c"].fillna(f["heat_pump.radiator_at_0_c"]).to_numpy(float)
        if "radiator_at_0_c" in buildings
        else np.full(n, f["heat_pump.radiator_at_0_c"])
    )
    for k, option in enumerate(OPTIONS[1:], start=1):
        found = performance(option, temp_air_c, radiators, f)
        electricity[k] = space * ((1 - top_up) / found.space + top_up) + water / found.hot_water
        electric_peak[k] = peak * (size / found.coldest + 1 - size)
    electricity[OPTIONS.index("shared_loop")] += f["shared_loop.pump_share"] * heat
    cost += _electricity_sek_kwh(f) * electricity + f["electricity.power_sek_kw"] * electric_peak
    cost[0] += district.bill_sek_year
    delivered = np.zeros((len(OPTIONS), n))
    delivered[0] = heat / f["heating.efficiency.district_heating"]
    grid = (f["electricity.territorial"], f["electricity.lifecycle"], f["electricity.marginal"])
    pipes = (district.territorial, district.lifecycle, district.marginal)
    can = np.stack([_flags(buildings, f"can_{option}", otherwise=True) for option in OPTIONS])
    open_to = can & np.isfinite(cost) & (heat > 0) & (buildings["floor_area_m2"].to_numpy(float) > 0)
    all_values = [cost, *(electricity * e + delivered * d for e, d in zip(grid, pipes, strict=True))]
    blank = [np.where(open_to, v, np.nan) for v in (*all_values, electricity, electric_peak)]
    return Choice(dict(zip(CRITERIA, blank[:4], strict=True)), blank[4], blank[5])


def _flags(buildings: pd.DataFrame, column: str, *, otherwise: bool) -> Truth:
    """Return a column of yes and no; where it is blank or missing, `otherwise`."""
    if column not in buildings:
        return np.full(len(buildings), otherwise)
    return buildings[column].astype("boolean").fillna(otherwise).to_numpy(bool)


def _electricity_sek_kwh(f: Mapping[str, float]) -> float:
    return f["price.electricity_sek_mwh"] / 1000 + f["electricity.fees_sek_kwh"]


def winner(values: Floats) -> tuple[Whole, Truth]:
    """Return the option with the least value, and whether another one has the same.

    Parameters
    ----------
    values : array (options, n)
        Blank where it is no option.

    Returns
    -------
    (array (n,) of int, array (n,) of bool)
        The first of a tie; -1 where there is no option.

    Examples
    --------
    >>> index, tied = winner(np.array([[1.0, 3.0, np.nan], [2.0, 3.0, np.nan]]))
    >>> index.tolist(), tied.tolist()
    ([0, 0, -1], [False, True, False])
    """
    known = ~np.isnan(values)
    least = np.where(known, values, np.inf).min(axis=0)
    near = known & (values <= least + _TIE * np.abs(least))
    return np.where(known.any(axis=0), near.argmax(axis=0), -1), near.sum(axis=0) > 1


def choose(buildings: pd.DataFrame, district: District, temp_air_c: Floats, f: Mapping[str, float]) -> pd.DataFrame:
    """Return the decision map.

    Parameters
    ----------
    buildings, district, temp_air_c, f
        As in :func:`evaluate`.

    Returns
    -------
    DataFrame (n rows)
        For every option ``{option}_cost_sek_year``, ``{option}_co2e_{account}_kg``, ``{option}_electricity_kwh`` and
        ``{option}_electric_peak_kw``; the winners ``cheapest``, ``lowest_territorial``, ``lowest_lifecycle`` and
        ``lowest_marginal`` with ``..._tied``; and ``ledgers_disagree``: the marginal account names another option than
        the territorial or the lifecycle account does.
    """
    found = evaluate(buildings, district, temp_air_c, f)
    columns: dict[str, object] = {}
    for k, option in enumerate(OPTIONS):
        columns |= {f"{option}_{criterion}": found.totals[criterion][k] for criterion in CRITERIA}
        columns |= {f"{option}_electricity_kwh": found.electricity_kwh[k]}
        columns |= {f"{option}_electric_peak_kw": found.electric_peak_kw[k]}
    index = {}
    for name, criterion in zip(_WINNERS, CRITERIA, strict=True):
        index[name], tied = winner(found.totals[criterion])
        columns[name] = pd.Categorical.from_codes(index[name], categories=list(OPTIONS))
        columns[f"{name}_tied"] = pd.arrays.BooleanArray(tied, index[name] < 0)
    decision = index["lowest_marginal"]
    differs = (decision != index["lowest_territorial"]) | (decision != index["lowest_lifecycle"])
    columns["ledgers_disagree"] = pd.arrays.BooleanArray(differs, decision < 0)
    return pd.DataFrame(columns, index=buildings.index)


def robustness(
    buildings: pd.DataFrame,
    district: District,
    temp_air_c: Floats,
    factors: Factors,
    year: int,
    also: Sequence[District] = (),
) -> pd.DataFrame:
    """Return how often the winner stays the winner when one number at a time goes to an end of its range.

    Every factor that the calculation asks for is taken to its low and its high end, and so are the prices of each option.
    Ends that change nothing in a criterion do not count for it.

    Parameters
    ----------
    buildings, district, temp_air_c
        As in :func:`evaluate`.
    factors : Factors
        With the ranges.
    year : int
        That the factors hold for.
    also : sequence of District
        Other states of district heating to try: its emissions and bills at their own ends.

    Returns
    -------
    DataFrame (n rows)
        ``cheapest_robustness``, ``lowest_territorial_robustness``, ...: share of the ends at which the same option wins
        [1]; blank where there is no option, 1 where nothing has a range. And for every option and criterion
        ``{option}_{criterion}_low`` and ``..._high``: the least and the most that any end leads to.
    """
    fresh = factors.override({})  # so that what it is asked for is noted from here on
    base = evaluate(buildings, district, temp_air_c, fresh.at(year))
    ranged = [k for k in sorted(fresh.used) if factors.value(k, year, "low") < factors.value(k, year, "high")]
    f = factors.at(year)
    ends: list[tuple[District, Mapping[str, float], dict[str, str]]] = [
        *((district, factors.at_end(k, end).at(year), {}) for k in ranged for end in ("low", "high")),
        *((district, f, {option: end}) for option in OPTIONS for end in ("cost_low", "cost_high")),
        *((other, f, {}) for other in also),
    ]
    first = {c: winner(base.totals[c])[0] for c in CRITERIA}
    low, high = dict(base.totals), dict(base.totals)
    same, count = {c: np.zeros(len(buildings)) for c in CRITERIA}, dict.fromkeys(CRITERIA, 0)
    for state, numbers, prices in ends:
        found = evaluate(buildings, state, temp_air_c, numbers, prices).totals
        for c in CRITERIA:
            if not np.array_equal(found[c], base.totals[c], equal_nan=True):
                same[c] += winner(found[c])[0] == first[c]
                count[c] += 1
                low[c], high[c] = np.fmin(low[c], found[c]), np.fmax(high[c], found[c])
    out = {
        f"{name}_robustness": np.where(first[c] >= 0, same[c] / count[c] if count[c] else 1.0, np.nan)
        for name, c in zip(_WINNERS, CRITERIA, strict=True)
    }
    for k, option in enumerate(OPTIONS):
        out |= {f"{option}_{c}_{end}": of[c][k] for c in CRITERIA for end, of in (("low", low), ("high", high))}
    return pd.DataFrame(out, index=buildings.index)


def shares(table: pd.DataFrame, weight: Floats, place: pd.Series) -> pd.DataFrame:
    """Return which share of each place every option wins.

    Parameters
    ----------
    table : DataFrame (n rows)
        Of :func:`choose`.
    weight : array (n,)
        What to count, e.g. floor area or heat.
    place : Series (n,)
        Such as the area's identity.

    Returns
    -------
    DataFrame
        place, criterion (``cheapest``, ``lowest_marginal``, ...), option, share [1]; the shares of a place and criterion
        sum to 1. Places without any heated building are left out.

    Examples
    --------
    >>> table = pd.DataFrame({name: pd.Categorical(["air_heat_pump", "shared_loop", None]) for name in _WINNERS})
    >>> found = shares(table, np.array([1.0, 3.0, 9.0]), pd.Series(["a", "a", "a"]))
    >>> found[found["criterion"] == "cheapest"][["option", "share"]].to_numpy().tolist()
    [['air_heat_pump', 0.25], ['shared_loop', 0.75]]
    """
    long = pd.concat(
        [
            pd.DataFrame(
                {"place": place.to_numpy(), "criterion": name, "option": table[name].astype(object), "weight": weight}
            )
            for name in _WINNERS
        ]
    ).dropna(subset=["option", "place"])
    summed = long.groupby(["place", "criterion", "option"], sort=True)["weight"].sum()
    total = summed.groupby(["place", "criterion"]).transform("sum")
    return (summed / total).rename("share").dropna().reset_index()


def _check(buildings: pd.DataFrame, district: District) -> None:
    """Name everything that is missing or impossible."""
    missing = [Problem("buildings", c, "the column is missing; add it") for c in _NEEDED if c not in buildings]
    if missing:
        raise SchemaError(missing)
    if np.shape(district.bill_sek_year) != (len(buildings),):
        raise SchemaError(
            [Problem("district", "bill_sek_year", f"give one bill for each of the {len(buildings)} buildings")]
        )
    v = {c: buildings[c].to_numpy(float) for c in _NEEDED}
    heated = (v["heat_need_kwh"] + v["hot_water_need_kwh"] > 0) & (v["floor_area_m2"] > 0)
    rules = [(c, "can not be negative", v[c] < 0) for c in _NEEDED]
    rules += [("peak_kw", "must be known where there is heat", heated & np.isnan(v["peak_kw"]))]
    rules += [
        ("bill_sek_year", "can not be negative; leave it blank where no network is near", district.bill_sek_year < 0)
    ]
    problems = [
        Problem(
            "district" if c == "bill_sek_year" else "buildings", c, rule, int(bad.sum()), f"row {int(np.argmax(bad))}"
        )
        for c, rule, bad in rules
        if bad.any()
    ]
    if problems:
        raise SchemaError(problems)
