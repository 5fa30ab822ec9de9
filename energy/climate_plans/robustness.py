"""How sure a plan is: whether it reaches the target, what makes it uncertain, what is worth learning, what is least regretted.

All options meet the same worlds (common random numbers), so that the difference between two of them is not noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate import draws as worlds
from energy.climate import inventory, targets, uncertainty
from energy.climate.coalitions import masked
from energy.climate_plans.action_plan import goals_t
from energy.memory import Memory
from energy.plan import plan
from energy.scenario import Scenario
from energy.simulate import Model, in_climate, simulate
from twin.city import City
from twin.errors import TwinError, did_you_mean
from twin.factors import Factors

__all__ = ["LEAST_OPTIONS", "Robustness", "robustness"]

Floats = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]
LEAST_OPTIONS = 4
_VARIANTS = {"decided": ("beslutad", "pågående"), "planned": ("beslutad", "pågående", "planerad")}
_KG_PER_T = 1000.0
_NOISE = 1e-12
_VALUE = "money.carbon_value_sek_kg"
_GROUP = 50  # draws in a group of the value of learning


@dataclass(frozen=True)
class Robustness:
    """What many possible worlds say of several options.

    Attributes
    ----------
    options : DataFrame
        One row an option: option, p10_t, p50_t, p90_t (the city's emissions in the account), probability_pace (that what
        is simulated falls as fast as the target asks, in the territorial account), probability_city (that the whole
        inventory with the sectors outside reaches the goal per inhabitant).
    sensitivity : DataFrame
        One row a factor that matters most for `main`: factor, s1, st, swing_t (between its 5th and 95th percentile,
        others at their middle).
    learning : DataFrame
        One row a drawn factor: factor, evppi; what it is worth to know it before choosing among the options, those with
        most first. Only told apart from chance where a group of draws is large: see `groups`.
    regret : DataFrame
        One row an option: option, mean, p90, max, best_share (of the worlds in which it is best), choice (the one whose
        greatest regret is least).
    unit : str
        Of learning and regret: ``t``, or ``SEK/a`` where costs were given.
    emissions_t : DataFrame (draws rows)
        By option.
    main : str
        The option that the sensitivity is of.
    year : int
    account : str
    groups : int
        Of draws, in the value of learning.
    """

    options: pd.DataFrame
    sensitivity: pd.DataFrame
    learning: pd.DataFrame
    regret: pd.DataFrame
    emissions_t: pd.DataFrame
    main: str
    year: int
    account: str
    groups: int
    unit: str


@dataclass(frozen=True)
class _Option:
    name: str
    model: Model
    factors: Factors
    decided: frozenset[str]


def robustness(
    city: City,
    scenarios: Scenario | tuple[Scenario, ...],
    draws: int = 200,
    seed: int = 1,
    *,
    year: int = 2030,
    first_year: int | None = None,
    account: str = "territorial",
    factors: Factors | None = None,
    hourly: bool = False,
    most: int = 6,
    sobol_draws: int = 32,
    yearly_cost_sek: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Robustness:
    """Run options in many possible worlds.

    Parameters
    ----------
    city : City
    scenarios : Scenario or tuple of Scenario
        One plan, which is set beside nothing, what is decided of it, and what is planned; or at least three scenarios,
        which are set beside nothing.
    draws, seed : int
        Of the Latin hypercube.
    year : int
        Of the goal.
    first_year : int, optional
        That the pace counts from; the city's base year without.
    account : str
        ``territorial``, ``lifecycle`` or ``marginal``: in which percentiles, sensitivity, learning and regret are told.
    factors : Factors, optional
    hourly : bool
        Run the hourly model of heat in every draw.
    most : int
        Factors whose Sobol indices are computed: those that swing most.
    sobol_draws : int
        A power of two; the model is run ``sobol_draws * (most + 2)`` times. 0 for none.
    yearly_cost_sek : mapping of str to float, optional
        What each option but doing nothing costs a year [SEK]; regret and learning are then of cost and the value of
        emissions together, whose price is drawn too. Without it they are of emissions alone, where more is always better.
    progress : callable, optional

    Raises
    ------
    TwinError
        For fewer than four options, two of one name, or a goal year that does not come after the first.
    """
    tell = progress or (lambda _share, _text: None)
    numbers = factors or Factors.read()
    first = city.base_year if first_year is None else first_year
    if year <= first:
        raise TwinError(f"the goal year {year} does not come after {first}; choose a later one")
    options = _options(city, scenarios, numbers)
    costs = None if yearly_cost_sek is None else _costs(options, yearly_cost_sek)
    keys = _keys(options, year, first, hourly=hourly, also=() if costs is None else (_VALUE,))
    points = uncertainty.unit_draws(draws, len(keys), seed)
    found = {}
    for k, option in enumerate(options):
        tell(0.6 * k / (len(options) + 1), option.name)
        found[option.name] = _run(option, year, keys, points, hourly=hourly)
    tell(0.5, str(first))
    at_first = _run(options[0], first, keys, points, hourly=hourly)
    emitted = pd.DataFrame({n: t[f"co2e_{account}_kg"].to_numpy(float) / _KG_PER_T for n, t in found.items()})
    table = _reached(city, options, found, at_first, (first, year), numbers, emitted)
    main = options[-1] if isinstance(scenarios, Scenario) else options[1]
    tell(0.6, "sensitivity")
    sensitivity = _sensitivity(main, year, keys, account, most, sobol_draws, seed)
    groups = max(draws // _GROUP, 1)
    worse = emitted if costs is None else emitted.mul(_sek_per_t(keys, points, numbers, year), axis=0) + costs
    tell(1.0, "")
    return Robustness(
        table,
        sensitivity,
        _learning(keys, points, worse, groups),
        _regret(worse),
        emitted,
        main.name,
        year,
        account,
        groups,
        "t" if costs is None else "SEK/a",
    )


def _options(city: City, scenarios: Scenario | tuple[Scenario, ...], factors: Factors) -> list[_Option]:
    """Return the options, nothing first. Those of one plan are its own adoption with measures left out."""
    nothing = Scenario.baseline()
    options = [_Option(nothing.name, Model(city, plan(city, nothing), Memory()), factors, frozenset())]
    several = (scenarios,) if isinstance(scenarios, Scenario) else scenarios
    for scenario in several:
        numbers, decided = factors.override(scenario.factors), frozenset(scenario.factors)
        whole = Model(in_climate(city, scenario), plan(city, scenario), Memory())
        if isinstance(scenarios, Scenario):
            for name, statuses in _VARIANTS.items():
                part = masked(whole.adoption, [s.status in statuses for s in scenario.step])
                options.append(_Option(name, replace(whole, adoption=part, prepared=Memory()), numbers, decided))
        options.append(_Option(scenario.name, whole, numbers, decided))
    names = [o.name for o in options]
    if len(set(names)) < len(names):
        raise TwinError(f"two options have one name among {', '.join(names)}; give each scenario its own")
    if len(options) < LEAST_OPTIONS:
        raise TwinError(
            f"{len(options)} options ({', '.join(names)}) are too few to choose among; give one plan, or at least "
            f"{LEAST_OPTIONS - 1} scenarios"
        )
    return options


def _costs(options: list[_Option], given: Mapping[str, float]) -> pd.Series:
    """Return what each option costs a year; nothing costs nothing, and a cost that is not known is no zero."""
    names = [o.name for o in options[1:]]
    if unknown := [n for n in given if n not in names]:
        raise TwinError("; ".join(f"a cost is given for {n!r}{did_you_mean(n, names)}" for n in unknown))
    if missing := [n for n in names if n not in given]:
        raise TwinError(f"the yearly cost of {', '.join(missing)} is missing; give one for each option, or for none")
    return pd.Series({options[0].name: 0.0, **given})


def _sek_per_t(keys: tuple[str, ...], points: Floats, factors: Factors, year: int) -> Floats:
    """Return the value of emissions in each world."""
    at = points[:, keys.index(_VALUE)]
    return np.array([worlds.drawn(factors, {_VALUE: float(u)}).at(year)[_VALUE] for u in at]) * _KG_PER_T


def _keys(options: list[_Option], year: int, first: int, *, hourly: bool, also: tuple[str, ...]) -> tuple[str, ...]:
    """Return the factors with a range that any option reads; all options are drawn with the same."""
    read: set[str] = set(also)
    for option in options:
        for when in (year, first) if option is options[0] else (year,):
            yearly, hours = worlds.reached(option.model, when, option.factors)
            read |= yearly | hours if hourly else yearly
    return worlds.uncertain(options[0].factors, read)


def _run(option: _Option, year: int, keys: tuple[str, ...], points: Floats, *, hourly: bool) -> pd.DataFrame:
    """Return the city's indicators of an option in the worlds; a factor that it decides is not drawn."""
    drawn = [k for k, key in enumerate(keys) if key not in option.decided]
    chosen = [keys[k] for k in drawn]
    return worlds.run(
        option.model,
        year,
        option.factors,
        len(points),
        decided=option.decided,
        hourly=hourly,
        points=points[:, drawn],
        keys=chosen,
    ).indicators


def _reached(
    city: City,
    options: list[_Option],
    found: Mapping[str, pd.DataFrame],
    at_first: pd.DataFrame,
    years: tuple[int, int],
    factors: Factors,
    emitted: pd.DataFrame,
) -> pd.DataFrame:
    """Return percentiles and the probability that the target is reached.

    What is simulated is compared with its own first year in the same world; by that ratio, houses and streets apart, the
    sectors of the inventory move, and those outside stay.
    """
    first, year = years
    rate = factors.at(first)["target.territorial.rate"]
    pace = float(targets.path(1.0, rate, first, np.array([year]))[0])
    base = simulate(city, Scenario.baseline(), years=[first], factors=factors, ranges=False)
    sectors = inventory.sectors(first, inventory.inventory(base))
    by_part = sectors.groupby(sectors["model"].astype(str))["emissions_t"].sum()
    of_roads, outside = (float(by_part.get(p, 0.0)) for p in ("roads", "outside"))
    of_houses = float(by_part.sum()) - of_roads - outside
    goal = goals_t(year, factors)["per_capita"]
    roads0, all0 = (at_first[c].to_numpy(float) for c in ("traffic_co2e_territorial_kg", "co2e_territorial_kg"))
    rows = []
    for option in options:
        table = found[option.name]
        roads, whole = (table[c].to_numpy(float) for c in ("traffic_co2e_territorial_kg", "co2e_territorial_kg"))
        after = outside + of_roads * _ratio(roads, roads0) + of_houses * _ratio(whole - roads, all0 - roads0)
        p10, p50, p90 = uncertainty.percentiles(emitted[option.name].to_numpy(float)).tolist()
        rows.append(
            {
                "option": option.name,
                "p10_t": p10,
                "p50_t": p50,
                "p90_t": p90,
                "probability_pace": uncertainty.probability_at_most(_ratio(whole, all0), pace),
                "probability_city": uncertainty.probability_at_most(after, goal),
                "city_p50_t": float(np.median(after)),
                "city_goal_t": goal,
            }
        )
    return pd.DataFrame(rows)


def _ratio(after: Floats, before: Floats) -> Floats:
    return np.divide(after, before, out=np.ones(len(after)), where=before != 0)


def _sensitivity(
    option: _Option, year: int, keys: tuple[str, ...], account: str, most: int, sobol_draws: int, seed: int
) -> pd.DataFrame:
    """Return the Sobol indices of the factors that swing the city's emissions most."""
    free = [k for k in keys if k not in option.decided]

    def of(points: Floats) -> Floats:
        everything = np.full((len(points), len(keys)), 0.5)
        everything[:, [keys.index(k) for k in chosen]] = points
        table = _run(option, year, keys, everything, hourly=False)
        return table[f"co2e_{account}_kg"].to_numpy(float) / _KG_PER_T

    chosen: list[str] = free
    ends = np.full((2 * len(free), len(free)), 0.5)
    for k in range(len(free)):
        ends[2 * k, k], ends[2 * k + 1, k] = 0.05, 0.95
    swings = pd.Series(of(ends).reshape(-1, 2) @ np.array([-1.0, 1.0]), index=free)
    chosen = swings.abs().sort_values(ascending=False, kind="stable").head(most).index.tolist()
    table = pd.DataFrame({"factor": chosen, "s1": np.nan, "st": np.nan, "swing_t": swings[chosen].to_numpy()})
    if not sobol_draws or not chosen:
        return table
    design = uncertainty.saltelli(sobol_draws, len(chosen), seed)
    mixed = np.stack([of(design.mixed(i)) for i in range(len(chosen))])
    s1, total = uncertainty.sobol_indices(of(design.a), of(design.b), mixed)
    return table.assign(s1=s1, st=total).sort_values("st", ascending=False, ignore_index=True)


def _learning(keys: tuple[str, ...], points: Floats, worse: pd.DataFrame, groups: int) -> pd.DataFrame:
    payoff = -worse.to_numpy(float)
    least = _NOISE * np.abs(payoff).max(initial=0.0)
    worth = [uncertainty.evppi(points[:, k], payoff, groups) for k in range(len(keys))]
    table = pd.DataFrame({"factor": list(keys), "evppi": [w if w > least else 0.0 for w in worth]})
    return table.sort_values(["evppi", "factor"], ascending=[False, True], ignore_index=True)


def _regret(worse: pd.DataFrame) -> pd.DataFrame:
    cost = worse.to_numpy(float).T
    lost = uncertainty.regret(cost)
    choice = uncertainty.minimax_regret(cost)
    return pd.DataFrame(
        {
            "option": list(worse),
            "mean": lost.mean(axis=1),
            "p90": np.percentile(lost, 90, axis=1),
            "max": lost.max(axis=1),
            "best_share": (lost == 0).mean(axis=1),
            "choice": np.arange(len(cost)) == choice,
        }
    )
