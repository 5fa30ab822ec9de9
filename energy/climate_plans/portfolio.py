"""A plan beside its baseline: what every measure gives, so that the parts add up, and what remains to the target.

A measure's share is its Shapley value over all sets of the plan's measures: the shares sum to baseline minus plan, in every
building and street, so that the map of a measure's contribution adds up to the city's wedge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate import attribution, inventory, targets
from energy.climate.coalitions import Coalitions, masked
from energy.memory import Memory
from energy.plan import NEVER, Conflict
from energy.results import Results
from energy.scenario import Scenario
from energy.simulate import Model, in_climate, simulate
from twin.city import City
from twin.errors import TwinError
from twin.factors import Factors

__all__ = ["STATUSES", "Portfolio", "portfolio"]

Floats = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]
STATUSES = ("beslutad", "pågående", "planerad", "idé")
_DECIDED = ("beslutad", "pågående")
_PAIRS = 100  # orders and their reverses, where measures are more than all sets of them can be run
_KG_PER_T = 1000.0
_TARGET_FROM = 2018  # base year of the territorial target


@dataclass(frozen=True)
class Portfolio:
    """A plan and what its measures give.

    Attributes
    ----------
    baseline, plan : Results
        Of the same years.
    wedges : DataFrame
        One row a measure and year: id, name, status, responsible, control, year, share_t (Shapley), error_t (standard
        error; 0 where all sets were run), alone_t (added to the baseline), last_t (added to all others), least_t and
        most_t (over all orders; blank where orders were sampled), all in the territorial account, and advice_t: its share
        of the marginal account. What the scenario changes in factors and climate is the row ``other``.
    maps : dict of str to array (buildings + roads,)
        By id: its share in each building and street in the last year [kg].
    interactions : DataFrame
        Measures by measures in the last year: what two do together beyond what each does alone [t].
    bodies : DataFrame
        One row a responsible body and year: the sum of its measures' shares, and its Owen value [t].
    curves : DataFrame
        One row a year: baseline_t, decided_t (only what is decided or under way), planned_t (and what is planned), plan_t
        (all), city_path_t and its gap_t.
    sectors : DataFrame
        One row a sector of the inventory: what it was, what of it is modelled, and what the plan leaves in the last year.
    runs : dict of int to Coalitions
        By year: every combination of the measures, for what else is to be shared out, such as money.
    """

    baseline: Results
    plan: Results
    wedges: pd.DataFrame
    maps: dict[str, Floats]
    interactions: pd.DataFrame
    bodies: pd.DataFrame
    curves: pd.DataFrame
    sectors: pd.DataFrame
    runs: dict[int, Coalitions] = field(default_factory=dict, repr=False)

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Measures that got less than they asked for, since others have it or nothing matches."""
        return self.plan.adoption.conflicts

    @property
    def disagree(self) -> pd.DataFrame:
        """Measures that help the goal and not the climate, or the other way round, in the last year."""
        last = self.wedges[self.wedges["year"] == self.plan.years[-1]]
        return last[np.sign(last["share_t"].round(6)) * np.sign(last["advice_t"].round(6)) < 0]


def portfolio(
    city: City,
    scenario: Scenario,
    *,
    years: range | tuple[int, ...] = range(2024, 2031),
    factors: Factors | None = None,
    basis: targets.Basis = "per_capita",
    ranges: bool = False,
    progress: Progress | None = None,
) -> Portfolio:
    """Run a plan and its baseline, and share out the difference.

    Parameters
    ----------
    city : City
    scenario : Scenario
        With at least one step.
    years : sequence of int
        Rising; the last is that of the goal.
    factors : Factors, optional
    basis : str
        The reading of the target: ``"per_capita"`` or ``"absolute"``.
    ranges : bool
        Compute the indicators' ranges too.
    progress : callable, optional

    Returns
    -------
    Portfolio

    Raises
    ------
    TwinError
        When there is no step, or none of them changes anything.
    """
    if not scenario.step:
        raise TwinError(f"scenario {scenario.name!r} has no step; a plan is made of measures")
    tell = progress or (lambda _share, _text: None)
    numbers = factors or Factors.read()
    span = tuple(years)
    bare = Scenario.baseline()
    baseline = simulate(city, bare, years=span, factors=numbers, ranges=ranges, progress=_within(tell, 0.0, 0.25))
    done = simulate(city, scenario, years=span, factors=numbers, ranges=ranges, progress=_within(tell, 0.25, 0.25))
    if not any((years != NEVER).any() for years in done.adoption.years):
        told = "\n  ".join(map(str, done.adoption.conflicts)) or "their shares of what matches are less than one"
        raise TwinError(f"no measure of {scenario.name!r} changes anything:\n  {told}")
    parts, maps, pairs = [], {}, pd.DataFrame()
    owned = []
    runs = {}
    model = Model(in_climate(done.city, done.scenario), done.adoption, Memory())
    for k, year in enumerate(span):
        tell(0.5 + 0.5 * k / len(span), str(year))
        runs[year] = Coalitions(model, done.factors, year, "territorial", done.scenario.ids)
        found = _year(runs[year])
        parts.append(_wedges(found, baseline, done, year))
        owned.append(_bodies(found, done.scenario, year))
        if year == span[-1]:
            maps = dict(zip(done.scenario.ids, found.share_kg, strict=True))
            pairs = _interactions(found, done.scenario)
    wedges = pd.concat(parts, ignore_index=True)
    curves = _curves(baseline, done, model, basis)
    return Portfolio(
        baseline, done, wedges, maps, pairs, pd.concat(owned, ignore_index=True), curves, _sectors(baseline, done), runs
    )


@dataclass(frozen=True)
class _Year:
    """A year's shares [kg]: by measure and entity, and the city's sums of every set where they were run."""

    share_kg: Floats
    error_kg: Floats
    of_sets_kg: Floats | None
    alone_kg: Floats
    last_kg: Floats
    advice_kg: Floats


def _within(tell: Progress, start: float, step: float) -> Progress:
    return lambda share, text: tell(start + step * share, text)


def _year(run: Coalitions) -> _Year:
    n = len(run.players)
    advice = run.valued("marginal")
    if n <= attribution.MOST:
        emissions = run.all()
        city = emissions.sum(axis=1)
        advised = attribution.shapley(advice.all().sum(axis=1))
        share = attribution.shapley(emissions)
        return _Year(share, np.zeros(n), city, attribution.first_in(city), attribution.last_in(city), advised)
    share, _ = attribution.sampled(run, n, _PAIRS)
    _, error = attribution.sampled(lambda s: np.asarray(run(s).sum()), n, _PAIRS)
    advised, _ = attribution.sampled(lambda s: np.asarray(advice(s).sum()), n, _PAIRS)
    whole = (1 << n) - 1
    nothing, everything = run(0).sum(), run(whole).sum()
    alone = np.array([nothing - run(1 << i).sum() for i in range(n)])
    last = np.array([run(whole & ~(1 << i)).sum() - everything for i in range(n)])
    return _Year(share, error, None, alone, last, advised)


def _wedges(found: _Year, baseline: Results, done: Results, year: int) -> pd.DataFrame:
    steps, ids = done.scenario.step, done.scenario.ids
    n = len(steps)
    least, most = np.full(n, np.nan), np.full(n, np.nan)
    if found.of_sets_kg is not None:
        least, most = attribution.order_range(found.of_sets_kg)
    share = found.share_kg.sum(axis=1)
    table = pd.DataFrame(
        {
            "id": ids,
            "name": [s.name or s.measure for s in steps],
            "status": [s.status for s in steps],
            "responsible": [s.responsible for s in steps],
            "control": [s.control for s in steps],
            "year": year,
            "share_t": share / _KG_PER_T,
            "error_t": found.error_kg / _KG_PER_T,
            "alone_t": found.alone_kg / _KG_PER_T,
            "last_t": found.last_kg / _KG_PER_T,
            "least_t": least / _KG_PER_T,
            "most_t": most / _KG_PER_T,
            "advice_t": found.advice_kg / _KG_PER_T,
        }
    )
    left = {a: _total(baseline, year, a) - _total(done, year, a) for a in ("territorial", "marginal")}
    other = left["territorial"] - table["share_t"].sum()
    if done.scenario.factors or done.scenario.climate:
        row = {"id": "other", "name": done.scenario.name, "status": "", "responsible": "", "control": "", "year": year}
        numbers = dict.fromkeys(("alone_t", "last_t", "least_t", "most_t"), np.nan)
        advice = left["marginal"] - table["advice_t"].sum()
        table.loc[n] = row | numbers | {"share_t": other, "error_t": 0.0, "advice_t": advice}
    return table


def _total(results: Results, year: int, account: str) -> float:
    """Return the city's emissions in an account [t]."""
    column = f"co2e_{account}_kg"
    return sum(float(results.at(t, year)[column].sum()) for t in ("buildings", "roads")) / _KG_PER_T


def _bodies(found: _Year, scenario: Scenario, year: int) -> pd.DataFrame:
    """Return what each responsible body's measures give together."""
    who = [s.responsible for s in scenario.step]
    share = pd.Series(found.share_kg.sum(axis=1) / _KG_PER_T).groupby(who, sort=False).sum()
    table = pd.DataFrame({"responsible": share.index, "year": year, "share_t": share.to_numpy()})
    if found.of_sets_kg is None:
        return table.assign(owen_t=np.nan)
    owen = pd.Series(attribution.owen(found.of_sets_kg, who) / _KG_PER_T).groupby(who, sort=False).sum()
    return table.assign(owen_t=owen.reindex(share.index).to_numpy())


def _interactions(found: _Year, scenario: Scenario) -> pd.DataFrame:
    if found.of_sets_kg is None:
        return pd.DataFrame(index=list(scenario.ids), columns=list(scenario.ids), dtype=float)
    pairs = attribution.interactions(found.of_sets_kg) / _KG_PER_T
    return pd.DataFrame(pairs, index=list(scenario.ids), columns=list(scenario.ids))


def _curves(baseline: Results, done: Results, model: Model, basis: targets.Basis) -> pd.DataFrame:
    """Return the paths: without the plan, with what is decided, with what is planned, with all, and the target's."""
    years = np.array(done.years)
    decided, planned = (
        [_masked_t(model, done.factors, year, statuses) for year in done.years]
        for statuses in (_DECIDED, (*_DECIDED, "planerad"))
    )
    without, with_all = ([_total(r, y, "territorial") for y in done.years] for r in (baseline, done))
    f = done.factors.at(done.city.base_year)
    pace = targets.path(without[0], f["target.territorial.rate"], int(years[0]), years)
    whole = inventory.sectors(int(years[0]), inventory.inventory(done))["emissions_t"].sum()
    counted = years if basis == "per_capita" else np.array([_TARGET_FROM])
    people = np.array([done.factors.at(int(y))["population.goteborg"] for y in counted])
    return pd.DataFrame(
        {
            "year": years,
            "baseline_t": without,
            "decided_t": decided,
            "planned_t": planned,
            "plan_t": with_all,
            "pace_t": pace,
            "gap_t": np.array(with_all) - pace,
            "city_path_t": targets.territorial_path_t(
                people if basis == "per_capita" else float(people[0]), years, f, basis
            ),
            "city_now_t": float(whole),
        }
    )


def _masked_t(model: Model, factors: Factors, year: int, statuses: tuple[str, ...]) -> float:
    adoption = masked(model.adoption, [s.status in statuses for s in model.adoption.steps])
    frames = replace(model, adoption=adoption).with_hours(year, factors)
    return sum(float(frames[t]["co2e_territorial_kg"].sum()) for t in ("buildings", "roads")) / _KG_PER_T


def _sectors(baseline: Results, done: Results) -> pd.DataFrame:
    """Return every sector: what the inventory has, what is modelled now and left by the plan; outside stays as it is."""
    first, last = done.years[0], done.years[-1]
    table = inventory.ratios(baseline, first)
    left = inventory.modelled_t(done, last)
    now = inventory.modelled_t(baseline, first)
    change = table["model"].map({p: left[p] / now[p] - 1 if now[p] else np.nan for p in left})
    return table.assign(
        plan_t=table["model"].map(left) * (table["modelled_t"] / table["model"].map(now)),
        change_share=change,
        # what the model says of the part is carried over to the inventory's own figure
        inventory_after_t=table["inventory_t"] * (1 + change.fillna(0.0)),
    )
