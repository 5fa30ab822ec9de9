"""A panel of levers on traffic: steps appended to a scenario, and what each does alone, last, and all together.

Every lever writes columns of its own, so the streets they leave are the same in any order. What a lever is worth still
depends on the others where they act on the same kilometres: an electric car saves less where cars drive less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from energy.memory import Memory
from energy.mobility.traffic import class_km, electric_shares, traffic
from energy.mobility_plans.street_air import air, links
from energy.mobility_plans.streets import standing
from energy.plan import Adoption, Conflict, adopted, plan
from energy.results import Results
from energy.scenario import Scenario, Step
from energy.simulate import balance
from twin.errors import TwinError, did_you_mean
from twin.registry import MEASURES

__all__ = ["TOLD", "Levers", "Pulled", "at_rest", "pull"]

TOLD = (
    "vehicle_km", "co2e_territorial_kg", "co2e_lifecycle_kg", "nox_kg", "pm10_kg", "pm10_wear_kg",
    "traffic_electricity_kwh",
)  # fmt: skip
"""What is told of every lever; territorial is the exhaust, lifecycle well to wheel."""
_ACCOUNTS = ("co2e_territorial_kg", "co2e_lifecycle_kg", "co2e_marginal_kg")
_NOTHING = 1e-9
_ROWS = 200_000  # streets of several cases that are calculated at once

Floats = npt.NDArray[np.float64]


class Levers(BaseModel):
    """How far each lever is pulled; None leaves it alone. All act on every street of the city.

    Attributes
    ----------
    vehicle_km : float
        Change of all vehicle kilometres: -0.25 for a quarter less [1].
    mode_shift : float
        Share of car kilometres that people travel by bus, on foot and by bicycle instead [1].
    ev_car, ev_van, ev_lorry, ev_bus : float
        Share of the class's kilometres on electricity; never lowered [1].
    obligation_petrol, obligation_diesel : float
        Reduction obligation: less life-cycle emissions per energy [1].
    bus_biofuel : float
        Share of HVO and biogas in what buses burn; never lowered [1].
    speed_limit : float
        Highest speed limit [km/h].
    charge : float
        Congestion charge of a passage in the hours that are charged [SEK].
    parking : float
        Rise of the price of parking: 0.5 for half as much again [1].
    car_sharing : float
        Share of the car kilometres whose drivers share cars [1].
    freight : float
        Share of van and lorry kilometres that go by a common depot [1].

    Examples
    --------
    >>> [s.measure for s in Levers(vehicle_km=-0.25, ev_car=0.8).steps(2030)]
    ['change_traffic', 'electrify_cars']
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    vehicle_km: float | None = Field(None, ge=-1, le=1)
    mode_shift: float | None = Field(None, ge=0, le=1)
    ev_car: float | None = Field(None, ge=0, le=1)
    ev_van: float | None = Field(None, ge=0, le=1)
    ev_lorry: float | None = Field(None, ge=0, le=1)
    ev_bus: float | None = Field(None, ge=0, le=1)
    obligation_petrol: float | None = Field(None, ge=0, le=1)
    obligation_diesel: float | None = Field(None, ge=0, le=1)
    bus_biofuel: float | None = Field(None, ge=0, le=1)
    speed_limit: float | None = Field(None, ge=5, le=130)
    charge: float | None = Field(None, ge=0, le=500)
    parking: float | None = Field(None, ge=0, le=10)
    car_sharing: float | None = Field(None, ge=0, le=1)
    freight: float | None = Field(None, ge=0, le=1)

    @classmethod
    def of(cls, **pulled: float | None) -> Levers:
        """Return levers; what is not possible is told all at once.

        Raises
        ------
        TwinError
            For a lever that there is not, or a number that it can not have.
        """
        try:
            return cls(**pulled)
        except ValidationError as error:
            raise TwinError("; ".join(_in_words(e) for e in error.errors())) from error

    def steps(self, year: int) -> tuple[Step, ...]:
        """Return the steps of a scenario that the levers stand for, whole in a year; their names are the levers'."""
        found = [
            Step(measure=measure, name=name, start=year, end=year, params=values)
            for name, measure, params in _MEASURES
            if (values := self._params(params))
        ]
        return tuple(found)

    def _params(self, of: dict[str, tuple[str, ...]]) -> dict[str, Any]:
        """Return a measure's parameters; none when its levers are left alone."""
        known = {lever: value for lever in of if (value := getattr(self, lever)) is not None}
        params: dict[str, Any] = {name: value for lever, value in known.items() for name in of[lever]}
        return params | ({"path": "unchanged"} if params and "obligation_petrol" in of else {})


_MEASURES: tuple[tuple[str, str, dict[str, tuple[str, ...]]], ...] = (
    ("vehicle_km", "change_traffic", {"vehicle_km": ("change",)}),
    ("mode_shift", "shift_car_trips", {"mode_shift": ("share",)}),
    ("ev_car", "electrify_cars", {"ev_car": ("ev_share",)}),
    ("ev_van", "electrify_vans", {"ev_van": ("ev_share",)}),
    ("ev_lorry", "electrify_lorries", {"ev_lorry": ("ev_share",)}),
    ("ev_bus", "electrify_buses", {"ev_bus": ("ev_share",)}),
    ("obligation", "biofuel_obligation", {"obligation_petrol": ("petrol",), "obligation_diesel": ("diesel",)}),
    ("bus_biofuel", "fuel_buses_with_biofuel", {"bus_biofuel": ("share",)}),
    ("speed_limit", "lower_speed_limit", {"speed_limit": ("speed_kmh",)}),
    ("charge", "congestion_charge", {"charge": ("low_sek", "medium_sek", "high_sek")}),
    ("parking", "parking_price", {"parking": ("increase",)}),
    ("car_sharing", "car_sharing", {"car_sharing": ("member_share",)}),
    ("freight", "consolidate_freight", {"freight": ("share",)}),
)


def _in_words(error: Any) -> str:
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return f"there is no lever {name!r}{did_you_mean(name, Levers.model_fields)}"
    return f"the lever {name} can not be {error['input']}: {error['msg'][0].lower()}{error['msg'][1:]}"


@dataclass(frozen=True)
class Pulled:
    """What the levers do.

    Attributes
    ----------
    year : int
    scenario : Scenario
        The chosen one with the levers' steps appended: run it, or write it to a file.
    table : DataFrame
        Changes of the year's traffic from the chosen scenario, one row a lever and way of counting: lever, counted
        (``alone``; ``last_in``: after all others; ``together``, whose lever is blank) and `TOLD`.
    before : dict of str to float
        `TOLD` without the levers.
    pairs : DataFrame
        lever, other, and what the two together do beyond their sum [kg]: co2e_territorial_kg, co2e_lifecycle_kg. Pairs
        that are not listed are independent.
    accounts : DataFrame
        Emissions of the whole city, houses and charging too, in three accounts: account, before_kg, after_kg.
    conflicts : tuple of (str, Conflict)
        Levers that reach fewer streets than there are, since the scenario changes the same thing there.
    """

    year: int
    scenario: Scenario
    table: pd.DataFrame
    before: dict[str, float]
    pairs: pd.DataFrame
    accounts: pd.DataFrame
    conflicts: tuple[tuple[str, Conflict], ...]

    @property
    def together(self) -> dict[str, float]:
        """Changes by all levers."""
        row = self.table[self.table["counted"] == "together"].iloc[0]
        return {c: float(row[c]) for c in TOLD}


def at_rest(results: Results, year: int) -> dict[str, float]:
    """Return where the levers stand that the year itself has moved: electric shares by class, obligation, buses' biofuel.

    Parameters
    ----------
    results : Results
    year : int

    Returns
    -------
    dict of str to float
        By lever [1].
    """
    f, roads = results.factors.at(year), standing(results, year)
    km, electric = class_km(roads, f), electric_shares(roads)
    total = {c: float(v.sum()) for c, v in km.items()}
    found = {f"ev_{c}": float(km[c] @ electric[c]) / total[c] if total[c] > 0 else 0.0 for c in km}
    found |= {f"obligation_{fuel}": f[f"fuel.{fuel}.obligation"] for fuel in ("petrol", "diesel")}
    return found | {"bus_biofuel": float(roads["bus_biofuel_share"].mean())}


def pull(results: Results, year: int, levers: Levers) -> Pulled:
    """Return what levers do to the traffic of a simulated year, on top of its scenario.

    Parameters
    ----------
    results : Results
        Of the chosen scenario.
    year : int
        One of those simulated.
    levers : Levers

    Raises
    ------
    TwinError
        When no lever is pulled, the city has no streets, or the year was not simulated.
    """
    if not (steps := levers.steps(year)):
        raise TwinError(f"no lever is pulled; give one of {', '.join(Levers.model_fields)}")
    if "roads" not in results.city or not len(results.city["roads"]):
        raise TwinError("the city has no streets; add [layers.roads] to city.toml")
    f, before = results.factors.at(year), results.at("buildings", year)
    scenario = results.scenario.model_copy(update={"step": (*results.scenario.step, *steps)})
    planned = plan(results.city, scenario)
    first, names = len(results.scenario.step), [s.name for s in steps]
    panel = _Panel.of(standing(results, year), Adoption(steps, planned.years[first:], (), planned.stands_from), year, f)
    after = _accounts(results, year, panel.roads([tuple(range(len(steps)))]), f)
    return Pulled(
        year,
        scenario,
        *_told(panel, names),
        pairs=_pairs(panel, names),
        accounts=pd.DataFrame(
            {
                "account": [c.split("_")[1] for c in _ACCOUNTS],
                "before_kg": [float(before[c].sum() + results.at("roads", year)[c].sum()) for c in _ACCOUNTS],
                "after_kg": after,
            }
        ),
        conflicts=tuple((names[c.step - 1 - first], c) for c in planned.conflicts if c.step > first),
    )


@dataclass(frozen=True)
class _Panel:
    """The streets of a scenario, and the columns that each lever changes in them; no two change the same."""

    year: int
    base: pd.DataFrame
    patches: tuple[dict[str, Floats], ...]
    f: Mapping[str, float]

    @classmethod
    def of(cls, base: pd.DataFrame, steps: Adoption, year: int, f: Mapping[str, float]) -> _Panel:
        """Return the streets with what each step alone changes."""
        patches = []
        for step, when in zip(steps.steps, steps.years, strict=True):
            after = adopted(base, "roads", Adoption((step,), (when,), (), steps.stands_from), year, f)
            patches.append({c: after[c].to_numpy(float) for c in MEASURES[step.measure].changes})
        return cls(year, base.select_dtypes("number"), tuple(patches), f)

    def roads(self, cases: Sequence[tuple[int, ...]]) -> pd.DataFrame:
        """Return the streets with some of the levers, one case after the other."""
        n = len(self.base)
        columns = {str(c): np.tile(self.base[c].to_numpy(float), len(cases)) for c in self.base}
        for k, case in enumerate(cases):
            for lever in case:
                for name, values in self.patches[lever].items():
                    columns[name][k * n : (k + 1) * n] = values
        return pd.DataFrame(columns)

    def sums(self, cases: Sequence[tuple[int, ...]], *, polluted: bool) -> pd.DataFrame:
        """Return the city's sums of every case.

        Many cases are calculated as one long table: preparing the classes of vehicles takes longer than the streets.
        """
        at_once = max(1, _ROWS // len(self.base))
        found = []
        for k in range(0, len(cases), at_once):
            part = cases[k : k + at_once]
            roads = self.roads(part)
            table = traffic(roads, self.f)
            if polluted:
                table = table.join(air(links(roads, self.f), self.year, self.f))
            found.append(table.groupby(np.repeat(np.arange(len(part)), len(self.base))).sum())
        return pd.concat(found, ignore_index=True)


def _told(panel: _Panel, names: list[str]) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the table of changes, and the figures without the levers."""
    n = len(names)
    every = tuple(range(n))
    cases = [(), *((k,) for k in every), *(tuple(j for j in every if j != k) for k in every), every]
    values = panel.sums(cases, polluted=True)[list(TOLD)].to_numpy(float)
    changes = np.concatenate([values[1 : n + 1] - values[0], values[-1] - values[n + 1 : -1], values[-1:] - values[0]])
    about = {"lever": [*names, *names, ""], "counted": ["alone"] * n + ["last_in"] * n + ["together"]}
    table = pd.concat([pd.DataFrame(about), pd.DataFrame(changes, columns=list(TOLD))], axis=1)
    return table, dict(zip(TOLD, values[0].tolist(), strict=True))


def _pairs(panel: _Panel, names: list[str]) -> pd.DataFrame:
    """Return the pairs of levers whose effects do not add up."""
    columns, n = list(_ACCOUNTS[:2]), len(names)
    pairs = list(combinations(range(n), 2))
    sums = panel.sums([(), *((k,) for k in range(n)), *pairs], polluted=False)[columns].to_numpy(float)
    none, alone = sums[0], sums[1 : n + 1]
    rows = []
    for (i, j), both in zip(pairs, sums[n + 1 :], strict=True):
        beyond = both - alone[i] - alone[j] + none
        if (np.abs(beyond) > _NOTHING * none).any():
            rows.append({"lever": names[i], "other": names[j], **dict(zip(columns, beyond.tolist(), strict=True))})
    return pd.DataFrame(rows, columns=["lever", "other", *columns])


def _accounts(results: Results, year: int, roads: pd.DataFrame, f: Mapping[str, float]) -> list[float]:
    """Return the city's emissions with all levers, where charging follows the streets."""
    houses = adopted(results.stock.buildings, "buildings", results.adoption, year, f)
    own = results.at("buildings", year)
    cooling = own["cooling_need_kwh"].to_numpy(float) if "cooling_need_kwh" in own else None
    frames = balance(results.stock, houses, roads, cooling, f, Memory())
    return [float(frames["buildings"][c].sum() + frames["roads"][c].sum()) for c in _ACCOUNTS]
