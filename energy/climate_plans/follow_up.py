r"""Why a figure changed since last time: what went in differently, and which factors of the emissions moved.

The change of emissions is split without a rest (additive LMDI, :mod:`energy.climate.lmdi`) over

.. math:: E_{houses} = \sum_c P \frac{A}{P} \frac{Q}{A} \frac{Q_c}{Q} \frac{E_c}{Q_c}, \qquad
          E_{traffic} = \sum_c K \frac{W}{K} \frac{W_c}{W} \frac{E_c}{W_c}

with population P, floor area A, bought energy Q by carrier c, vehicle-kilometres K and energy in vehicles W by fuel c.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.climate.lmdi import decompose
from energy.results import Results
from twin.errors import TwinError

__all__ = ["FollowUp", "Snapshot", "changed_inputs", "follow_up", "inputs_of", "ledger", "scenario_steps"]

Floats = npt.NDArray[np.float64]
_HOUSES = ("district_heating", "electricity", "oil", "gas", "biofuel")
_FUELS = ("fossil_fuel", "biofuel", "electricity")
_TERMS = {
    "buildings": ("population", "area_per_inhabitant", "kwh_per_m2", "carrier_mix", "emission_factor"),
    "traffic": ("vehicle_km", "kwh_per_km", "fuel_mix", "emission_factor"),
}
_KG_PER_T = 1000.0
_SMALLEST = 1e-12  # kg/kWh: less is what the solution of a carrier without emissions leaves


@dataclass(frozen=True)
class Snapshot:
    """What a year of a scenario was: activity and emissions, and everything that went in.

    Attributes
    ----------
    name : str
        Of the scenario.
    year : int
    population, floor_area_m2, vehicle_km : float
    ledger : DataFrame
        As :func:`ledger` gives it.
    inputs : mapping
        Hashes, factors and steps, nested as they are written; see :func:`inputs_of`.
    """

    name: str
    year: int
    population: float
    floor_area_m2: float
    vehicle_km: float
    ledger: pd.DataFrame
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, results: Results, year: int) -> Snapshot:
        """Return a year of a simulation."""
        houses, roads = results.at("buildings", year), results.at("roads", year)
        return cls.made(results.scenario.name, year, _people(results), houses, roads, inputs_of(results))

    @classmethod
    def made(
        cls,
        name: str,
        year: int,
        population: float,
        houses: pd.DataFrame,
        roads: pd.DataFrame,
        inputs: Mapping[str, Any],
    ) -> Snapshot:
        """Return a year from its tables of entities."""
        area, km = float(houses["floor_area_m2"].sum()), float(roads["vehicle_km"].sum())
        return cls(name, year, population, area, km, ledger(houses, roads), inputs)


@dataclass(frozen=True)
class FollowUp:
    """Why emissions changed.

    Attributes
    ----------
    changes : DataFrame
        One row an input that differs: input, before, after (blank where it was not there).
    causes : DataFrame
        One row a part (``buildings``, ``traffic``), factor and carrier: effect_t.
    totals : DataFrame
        One row a part: before_t, after_t, change_t, residual_t (what the causes leave unexplained).
    """

    changes: pd.DataFrame
    causes: pd.DataFrame
    totals: pd.DataFrame

    @property
    def by_factor(self) -> pd.DataFrame:
        """The causes summed over carriers: part, factor, effect_t."""
        return self.causes.groupby(["part", "factor"], sort=False)["effect_t"].sum().reset_index()


def follow_up(before: Snapshot, after: Snapshot) -> FollowUp:
    """Tell what changed between two snapshots, and what that did to the emissions.

    Parameters
    ----------
    before, after : Snapshot
        Of two years, two scenarios or two editions of one.

    Returns
    -------
    FollowUp

    Raises
    ------
    TwinError
        When one of them has no inhabitants, or bought energy that is negative.
    """
    causes, totals = [], []
    for part, names in (("buildings", _HOUSES), ("traffic", _FUELS)):
        x0, x1 = _factors(before, part, names), _factors(after, part, names)
        parts = decompose(x0, x1) / _KG_PER_T
        for k, term in enumerate(_TERMS[part]):
            causes += [
                {"part": part, "factor": term, "carrier": n, "effect_t": v}
                for n, v in zip(names, parts[k], strict=True)
            ]
        e0, e1 = (float(s.ledger.loc[s.ledger["part"] == part, "co2e_kg"].sum()) / _KG_PER_T for s in (before, after))
        rest = (e1 - e0) - float(parts.sum())
        totals.append({"part": part, "before_t": e0, "after_t": e1, "change_t": e1 - e0, "residual_t": rest})
    return FollowUp(changed_inputs(before.inputs, after.inputs), pd.DataFrame(causes), pd.DataFrame(totals))


def ledger(houses: pd.DataFrame, roads: pd.DataFrame) -> pd.DataFrame:
    """Return energy and territorial emissions by carrier.

    A building's emissions are the same factor of each carrier in every building, so that the factors follow from the
    buildings themselves; bought electricity is what solar cells leave. What cars charge in buildings belongs to traffic.

    Parameters
    ----------
    houses, roads : DataFrame
        Results of entities of one year.

    Returns
    -------
    DataFrame
        part, carrier, energy_kwh, co2e_kg.

    Examples
    --------
    >>> none = dict.fromkeys(["pv_kwh", "gas_kwh", "biofuel_kwh", "ev_charging_kwh"], [0.0, 0.0])
    >>> houses = pd.DataFrame({"district_heating_kwh": [9.0, 0.0], "electricity_kwh": [1.0, 2.0], "oil_kwh": [0.0, 4.0],
    ...                        "co2e_territorial_kg": [0.54, 1.12], **none})
    >>> roads = pd.DataFrame({"fuel_kwh": [10.0], "biofuel_kwh": [2.0], "traffic_electricity_kwh": [1.0], "co2e_territorial_kg": [2.0]})
    >>> ledger(houses, roads).query("co2e_kg > 0")[["carrier", "energy_kwh"]].to_numpy().tolist()
    [['district_heating', 9.0], ['electricity', 3.0], ['oil', 4.0], ['fossil_fuel', 8.0]]
    """
    net = houses.assign(electricity_kwh=houses["electricity_kwh"] - houses["pv_kwh"])
    bought = net[[f"{c}_kwh" for c in _HOUSES]].to_numpy(float)
    emitted = houses["co2e_territorial_kg"].to_numpy(float)
    size = np.abs(bought).max(axis=0, initial=0.0)
    used = size > 0
    per_kwh = np.zeros(bought.shape[1])
    if used.any():
        per_kwh[used] = np.linalg.lstsq(bought[:, used] / size[used], emitted, rcond=None)[0] / size[used]
    per_kwh = np.where(np.abs(per_kwh) < _SMALLEST, 0.0, per_kwh)
    fossil, bio = float((roads["fuel_kwh"] - roads["biofuel_kwh"]).sum()), float(roads["biofuel_kwh"].sum())
    power, exhaust = float(roads["traffic_electricity_kwh"].sum()), float(roads["co2e_territorial_kg"].sum())
    charged = float(houses["ev_charging_kwh"].sum()) if power > 0 else 0.0
    of_power = _HOUSES.index("electricity")
    kwh = bought.sum(axis=0)
    kwh[of_power] -= charged
    kg = kwh * per_kwh
    driven = (exhaust, 0.0, charged * float(per_kwh[of_power]))
    rows = [("buildings", c, e, k) for c, e, k in zip(_HOUSES, kwh.tolist(), kg.tolist(), strict=True)]
    rows += [("traffic", c, e, k) for c, e, k in zip(_FUELS, (fossil, bio, power), driven, strict=True)]
    return pd.DataFrame(rows, columns=["part", "carrier", "energy_kwh", "co2e_kg"])


def _factors(snapshot: Snapshot, part: str, names: tuple[str, ...]) -> Floats:
    """Return the factors of the emissions of a part, shape (factors, carriers); their product is the emissions."""
    rows = snapshot.ledger[snapshot.ledger["part"] == part].set_index("carrier").loc[list(names)]
    energy, kg = rows["energy_kwh"].to_numpy(float), rows["co2e_kg"].to_numpy(float)
    if (energy < 0).any() or (kg < 0).any():
        raise TwinError(
            f"{snapshot.name!r} in {snapshot.year}: {part} give more energy back than they buy; such a year is not a "
            "product of factors"
        )
    whole = float(energy.sum())
    mix = energy / whole if whole > 0 else np.zeros(len(names))
    per_kwh = np.divide(kg, energy, out=np.zeros(len(names)), where=energy > 0)
    if part == "traffic":
        km = snapshot.vehicle_km
        heads = [km, whole / km if km > 0 else 0.0]
    else:
        people, area = snapshot.population, snapshot.floor_area_m2
        if not people > 0:
            raise TwinError(f"{snapshot.name!r} in {snapshot.year} has no inhabitants; give the areas a population")
        heads = [people, area / people, whole / area if area > 0 else 0.0]
    return np.array([*(np.full(len(names), h) for h in heads), mix, per_kwh])


def _people(results: Results) -> float:
    return float(results.places.table["population"].to_numpy(float)[-1])


def inputs_of(results: Results) -> dict[str, Any]:
    """Return everything that went into a simulation, as it is compared.

    Returns
    -------
    dict
        ``city``, ``layers`` (hash of each), ``factors`` (those used, by key and year), ``scenario`` (as its file has it).
    """
    used = {k: {str(r.year): r.value for r in results.factors[k]} for k in results.factors_used}
    return {
        "city": {"name": results.city.name, "base_year": results.city.base_year},
        "layers": {name: source.sha256 for name, source in sorted(results.city.sources.items())},
        "factors": used,
        "scenario": scenario_steps(results.scenario.model_dump(mode="json", exclude_defaults=True)),
    }


def scenario_steps(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario with its steps by id, so that an added step does not move the others."""
    data = dict(scenario)
    for group in ("step", "unquantified"):
        entries = data.pop(group, [])
        data[group] = {str(e.get("id") or f"{group}-{k}"): dict(e) for k, e in enumerate(entries, start=1)}
    return data


def changed_inputs(before: Mapping[str, Any], after: Mapping[str, Any]) -> pd.DataFrame:
    """Return the inputs that differ.

    Examples
    --------
    >>> changed_inputs({"factors": {"a": 1.0, "b": 2.0}}, {"factors": {"a": 1.0, "b": 3.0, "c": 4.0}}).to_numpy().tolist()
    [['factors.b', '2.0', '3.0'], ['factors.c', '', '4.0']]
    """
    old, new = dict(_flat(before)), dict(_flat(after))
    names = sorted({*old, *new})
    rows = [(n, old.get(n, ""), new.get(n, "")) for n in names if old.get(n, "") != new.get(n, "")]
    return pd.DataFrame(rows, columns=["input", "before", "after"])


def _flat(data: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _flat(value, f"{name}.{key}" if name else str(key))
    else:
        yield name, str(data)
