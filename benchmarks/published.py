"""The printed figures of the literature beside what the project computes: power flow, heat pumps, traffic, climate plans.

Each row has the tolerance that the figure is held to in the tests; a row outside it stops the run with an error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks._measure import peak_mb, report
from energy.annuity import annuity
from energy.climate import targets, uncertainty
from energy.climate.economics import npv
from energy.electrification import heat_pumps, velander
from energy.electrification.feeder import Feeder, power_flow
from energy.mobility.assignment.equilibrium import equilibrium
from energy.mobility.assignment.network import Network
from energy.mobility.congestion import weighted
from energy.mobility.demand import passages_left_in_goteborg
from energy.mobility.fuels import lifecycle_g_mj, obligated_share
from energy.mobility.link_emissions import energy_mj_per_km
from energy.mobility.tier3 import COEFFICIENTS, emission_factor
from energy.tree import Tree
from layers.tntp import read_tntp
from twin import Factors, reference

Floats = npt.NDArray[np.float64]
Row = tuple[str, float, float, float]  # figure, published, ours, tolerance
_ROOT = Path(__file__).parents[1]
_SIOUX_FALLS = _ROOT.parent / "shared" / "data" / "mobility" / "tntp" / "SiouxFalls"
_FACTORS = Factors.read()
_ISHIGAMI = (0.3139, 0.4424, 0.0, 0.5576, 0.4424, 0.2437)
_PUMPS = {"ASHP": "air", "GSHP": "ground", "WSHP": "water"}


def main() -> None:
    """Print every figure, and fail where one is off."""
    start = time.perf_counter()
    rows = [*_power(), *_heat_pumps(), *_exhaust(), *_journeys(), *_plan()]
    table = pd.DataFrame(rows, columns=["figure", "published", "ours", "tolerance"])
    table["off"] = (table["ours"] - table["published"]).abs()
    print(table.to_string(index=False, float_format=lambda v: f"{v:.8g}"))
    outside = table[~(table["off"] <= table["tolerance"])]
    left_out = "" if _SIOUX_FALLS.is_dir() else "Sioux Falls (its files are not here)"
    report(
        seconds=time.perf_counter() - start,
        work=f"{len(table)} printed figures",
        outside=outside["figure"].tolist(),
        left_out=left_out,
        peak_mb=peak_mb(),
    )
    if len(outside):
        sys.exit(1)


def _printed(name: str) -> pd.DataFrame:
    return pd.read_csv(_ROOT / "tests" / "reference" / f"{name}.csv")


def _numbers(text: Any) -> Floats:
    return np.array(str(text).split(), float)


def _power() -> Iterator[Row]:
    """Compare with Baran and Wu (1989) on 33 buses, and with Velander's formula worked out for one house and for a hundred."""
    t = _printed("case33bw")
    parent, values = np.full(len(t) + 1, -1), np.zeros((4, len(t) + 1))
    parent[t["to_bus"]] = t["from_bus"]
    values[:, t["to_bus"]] = t[["resistance_ohm", "reactance_ohm", "p_kw", "q_kvar"]].to_numpy(float).T
    state = power_flow(
        Feeder(Tree.of(parent), values[0], values[1], np.full(len(parent), np.nan), 12_660.0), values[2], values[3]
    )
    yield "case33bw, lowest voltage [pu]", 0.913090, float(state.voltage_pu.min()), 5e-7
    yield "case33bw, losses [kW]", 202.677, float(state.loss_kw), 5e-4
    house = reference.table("velander").set_index("category").loc["house"]
    energy_kwh = np.array([[20_000.0], [2_000_000.0]])
    one, hundred = velander.peak_kw(energy_kwh, np.array([house["k1"]]), np.array([house["k2"]]))
    yield "Velander, one house of 20,000 kWh [kW]", 9.54, float(one), 0.005
    yield "Velander, each of a hundred [kW]", 6.35, float(hundred) / 100, 0.005


def _heat_pumps() -> Iterator[Row]:
    """Compare with Ruhnau, Hirth and Praktiknjo (2019), When2Heat, to the printed digits."""
    f = _FACTORS.at(2024)
    for name, rows in _printed("when2heat_cop").groupby("pump"):
        curve = [f[f"heat_pump.{_PUMPS[str(name)]}.c{k}"] for k in range(3)]
        found = heat_pumps.cop(rows["lift_k"].to_numpy(float), *curve, f["heat_pump.least_lift_k"])
        off = float(np.abs(found.round(4) - rows["cop"].to_numpy(float)).max())
        yield f"When2Heat {name}, largest difference of {len(rows)} printed COPs", 0.0, off, 1e-9


def _exhaust() -> Iterator[Row]:
    """Compare with the EMEP/EEA Guidebook as YETI works it out, its bus of Euro VI, and the fits of HBEFA at steady speed."""
    off = []
    for r in _printed("hot_emissions").to_dict("records"):
        g_km = emission_factor(
            _numbers(r["speeds_kmh"]), [r[c] for c in COEFFICIENTS], r["v_min_kmh"], r["v_max_kmh"], r["rf"]
        )
        found = weighted(g_km, _numbers(r["shares"])) * r["count"] * r["length_km"]
        off.append(abs(float(found) / r["expected_g"] - 1))
    yield f"hot emissions, largest relative difference of {len(off)}", 0.0, max(off), 1e-9
    for r in _printed("emep_bus").query("euro == 'VI' and speed_kmh == 50").to_dict("records"):
        found = emission_factor(r["speed_kmh"], [r[c] for c in COEFFICIENTS], r["v_min_kmh"], r["v_max_kmh"])
        digit = 0.5 * 10.0 ** -r["digits"]
        yield f"bus Euro VI at 50 km/h, {r['pollutant']} [{r['unit']}]", r["expected"], float(found), digit
    curves = reference.table("vehicles").set_index(["vehicle", "drive"])
    shape = ["energy_mj_per_km", "per_speed", "constant", "per_speed_squared"]
    for (vehicle, drive), rows in _printed("hbefa_steady").groupby(["vehicle", "drive"]):
        if vehicle == "car" and drive != "electric":
            speed, fit = (rows[c].to_numpy(float) for c in ("speed_kmh", "energy_mj_per_km"))
            ours = energy_mj_per_km(speed, *curves.loc[(vehicle, drive), shape].to_numpy(float))
            yield f"{drive} car beside HBEFA's fit, largest share off", 0.0, float(np.abs(ours / fit - 1).max()), 0.15


def _journeys() -> Iterator[Row]:
    """Compare with Braess (1968), Sioux Falls (Transportation Networks for Research), the obligation of 2024, the charge."""
    links = [(0, 2, 1e-8, 1, 1e9, 1, 1), (0, 3, 50, 1, 0.02, 1, 1), (2, 1, 50, 1, 0.02, 1, 1), (3, 1, 1e-8, 1, 1e9, 1, 1), (2, 3, 10, 1, 0.1, 1, 1)]  # fmt: skip
    for count, published in ((5, 92.0), (4, 83.0)):
        network = Network.of(*np.array(links[:count], float).T, zones=2)
        found = equilibrium(network, np.array([[0.0, 6.0], [0.0, 0.0]]), gap=1e-8)
        bridge = "with" if count > 4 else "without"
        yield f"Braess, cost {bridge} the bridge", published, float(found.skims.cost_h[0, 1]), 1e-4
    if _SIOUX_FALLS.is_dir():
        net, demand = read_tntp(_SIOUX_FALLS / "SiouxFalls_net.tntp", _SIOUX_FALLS / "SiouxFalls_trips.tntp")
        found, best = equilibrium(Network.of(**net.arguments()), demand, gap=1e-5), 4_231_335.28710744
        yield "Sioux Falls at gap 1e-5, objective", best, found.objective_h, 1e-6 * best
    diesel = [
        lifecycle_g_mj(obligated_share("diesel", f), f["fuel.biofuel.lifecycle"], f["fuel.diesel.lifecycle"])
        for f in (_FACTORS.at(y) for y in (2023, 2024))
    ]
    yield "diesel well to wheel, 2024 over 2023", 1.353, diesel[1] / diesel[0], 5e-4
    fewer = 1 - passages_left_in_goteborg(_FACTORS.at(2014))
    yield "congestion charge, fewer passages (set on it)", 0.08, fewer, 0.002


def _plan() -> Iterator[Row]:
    """Compare with the city's targets and inventory, Ishigami and Homma (1990), and the closed form of a level flow."""
    for base, rate, first, last, printed in (
        (184.0, 0.09, 2018, 2030, 59.335),
        (4.3, 0.103, 2018, 2030, 1.167),
        (9.3, 0.076, 2017, 2030, 3.328),
    ):
        found = float(targets.path(base, rate, first, np.array([last]))[0])
        yield f"{base:g} less {rate:.1%} a year, {first} to {last}", printed, found, 5e-4
    yield "rate needed, 471.1 to 65.3 kt in 2023-2030", 0.246, targets.rate_needed(471.1, 65.3, 7), 5e-4
    yield "rate needed, 2,252.7 to 773 kt in 2024-2030", 0.163, targets.rate_needed(2252.7, 773.0, 6), 5e-4
    for name, printed, found in zip(("S1", "S2", "S3", "T1", "T2", "T3"), _ISHIGAMI, _ishigami(), strict=True):
        yield f"Ishigami, {name}", printed, float(found), 0.02
    years = np.arange(2024, 2064)
    flow = np.append(-1000.0, np.full(39, 50.0))
    closed = -1000.0 + 50.0 / float(annuity(0.035, 39.0))
    yield "net present value of a level flow", closed, float(npv(flow, years, 0.035, 2024)), 1e-9


def _ishigami() -> Floats:
    def of(points: Floats) -> Floats:
        x = np.pi * (2 * points - 1)
        return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    design = uncertainty.saltelli(4096, 3, seed=1)
    mixed = np.stack([of(design.mixed(i)) for i in range(3)])
    return np.concatenate(uncertainty.sobol_indices(of(design.a), of(design.b), mixed))


if __name__ == "__main__":
    main()
