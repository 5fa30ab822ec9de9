"""The seasonal balance beside the hourly model: the Swedish archetypes in a weather year of Göteborg, and the sample city.

`--write` renews the tables of docs/models.md. Every use and period has one building with the surfaces of the TABULA
example building of its kind (premises those of the apartment building) and the archetype's own properties.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

import layers
from benchmarks._measure import peak_mb, report
from energy.buildings import archetypes
from energy.buildings.heat import heat_need
from energy.buildings.hourly import hourly_demand, stock_drivers
from energy.buildings.season import Season
from energy.memory import Memory
from energy.stock import Stock
from layers.context import Context
from twin import Factors, reference
from twin.geometry import ORIENTATIONS

_ROOT = Path(__file__).parents[1]
WEATHER = _ROOT.parent / "shared" / "data" / "weather"
PAGE = _ROOT / "docs" / "models.md"
PERIODS = ((0, 1960), (1961, 1975), (1976, 1985), (1986, 1995), (1996, 2005), (2006, 2011), (2012, 2020), (2021, 2100))
_F = Factors.read().at(2024)
_EXAMPLES = {
    "single_family": "SE.Zone3.SFH.01.Gen.ReEx.001.001",
    "multi_family": "SE.Zone3.MFH.01.Gen.ReEx.001.001",
    "premises": "SE.Zone3.MFH.01.Gen.ReEx.001.001",
}
_NAMES = {
    "single_family": "detached houses",
    "multi_family": "multi-family houses",
    "office": "offices",
    "retail": "shops",
    "hotel_restaurant": "hotels and restaurants",
    "school": "schools",
    "healthcare": "health care",
    "culture_sport": "culture and sport",
    "industry": "industry",
    "other": "other premises",
}


def goteborg_weather() -> pd.DataFrame:
    """Return the weather year of Göteborg that lies beside the checkout."""
    file = next(WEATHER.glob("SWE_*.epw"))
    return layers.weather.epw(Context("weather", "EPSG:3007", WEATHER), path=file.name)


def example_buildings() -> pd.DataFrame:
    """Return one building of every heated use and period, on TABULA's surfaces."""
    examples = pd.read_csv(_ROOT / "tests" / "reference" / "tabula_se.csv").set_index("variant")
    groups = reference.table("use_profiles").set_index("use")["group"]
    usual = reference.table("ventilation_defaults")
    rows = []
    for use in _NAMES:
        group = groups[use]
        e = examples.loc[_EXAMPLES[group]]
        facade = e["wall_m2"] + e["window_m2"] + e["door_m2"]
        glass = np.array([e[f"window_{o}_m2"] for o in ORIENTATIONS])
        for first, last in PERIODS:
            year = 1930 if first == 0 else first
            fits = (usual["group"] == group) & (usual["year_from"] <= year) & (usual["year_to"] >= year)
            rows.append(
                {
                    "building_id": f"{use}-{first}",
                    "use": use,
                    "year_built": float(year),
                    "period": _period((first, last)),
                    "ventilation": usual.loc[fits, "ventilation"].item(),
                    "floor_area_m2": e["reference_area_m2"],
                    "roof_area_m2": e["roof_m2"],
                    "footprint_area_m2": e["floor_m2"],
                    **dict(zip((f"wall_{o}_m2" for o in ORIENTATIONS), facade * glass / glass.sum(), strict=True)),
                    "glass_share": e["window_m2"] / facade,
                }
            )
    b = pd.DataFrame(rows).astype({"use": "category", "ventilation": "category"})
    blank = ("u_wall_w_m2k", "u_roof_w_m2k", "u_floor_w_m2k", "u_window_w_m2k", "infiltration_ach")
    filled = archetypes.fill(b.assign(**dict.fromkeys((*blank, "heat_recovery", "loss_factor"), np.nan)), _F)
    return filled.assign(window_share=filled["glass_share"])


def compare(buildings: pd.DataFrame, weather: pd.DataFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the yearly heat need by the hourly and by the seasonal model [kWh]."""
    season = Season.of(weather, _F)
    year = hourly_demand(buildings, stock_drivers(weather, _F), season.outdoor_c, _F)
    return year.heat_kwh.sum(axis=0), heat_need(buildings, season, _F)["heat_need_kwh"].to_numpy(float)


def archetype_ratios() -> pd.DataFrame:
    """Return hourly over seasonal need of every use (rows) and period (columns)."""
    b = example_buildings()
    hourly, seasonal = compare(b, goteborg_weather())
    return b.assign(ratio=hourly / seasonal).pivot_table("ratio", "use", "period", sort=False, observed=True)


def sample_ratios() -> pd.DataFrame:
    """Return the same of the sample city's stock, where at least four buildings share use and period."""
    city = layers.load(_ROOT / "sample_data")
    b = Stock.of(city, Memory(), _F).buildings
    hourly, seasonal = compare(b, city["weather"])
    of = pd.cut(
        b["year_built"].astype(float), [-1, *(last for _, last in PERIODS)], labels=[_period(p) for p in PERIODS]
    )
    sums = pd.DataFrame({"use": b["use"], "period": of, "hourly": hourly, "seasonal": seasonal})[seasonal > 0]
    by = sums.groupby(["use", "period"], observed=True)
    total = by.sum()[by.size() > 3]
    ratio = (total["hourly"] / total["seasonal"]).rename("ratio").reset_index()
    return ratio.pivot_table("ratio", "use", "period", observed=True).reindex(
        [u for u in _NAMES if u in set(ratio["use"])]
    )


def _period(period: tuple[int, int]) -> str:
    first, last = period
    return f"{first or ''}-{last if last < 2100 else ''}"


def markdown(ratio: pd.DataFrame) -> str:
    """Return a table as it stands in the page."""
    heads = [f"until {c[1:]}" if c[0] == "-" else f"after {int(c[:-1]) - 1}" if c[-1] == "-" else c for c in ratio]
    lines = ["| use | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for use, row in ratio.iterrows():
        lines.append(f"| {_NAMES[str(use)]} | " + " | ".join("" if np.isnan(v) else f"{v:.2f}" for v in row) + " |")
    return "\n".join(lines)


def main(*, write: bool) -> None:
    """Compare both and print the ends of the bands."""
    start = time.perf_counter()
    tables = {"archetypes": archetype_ratios(), "sample": sample_ratios()}
    seconds = time.perf_counter() - start
    text = PAGE.read_text(encoding="utf-8")
    for name, ratio in tables.items():
        print(name, ratio.round(3).to_string(), sep="\n")
        mark = f"<!-- {name} -->\n"
        text = re.sub(rf"{mark}.*?\n\n", f"{mark}{markdown(ratio)}\n\n", text, flags=re.DOTALL)
    if write:
        PAGE.write_text(text, encoding="utf-8")
    ends = {
        f"{n}_{end}": float(getattr(np, f"nan{end}")(r.to_numpy())) for n, r in tables.items() for end in ("min", "max")
    }
    report(seconds=seconds, work="hourly and seasonal heat need", **ends, peak_mb=peak_mb())


if __name__ == "__main__":
    main(write="--write" in sys.argv)
