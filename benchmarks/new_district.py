"""A heat network for a real district: laid out, sized, run through the year and set beside heat pumps; and its squares."""

from __future__ import annotations

import time
from pathlib import Path

import energy
import layers
from benchmarks._measure import peak_mb, report
from energy.heat_plans.dense import dense
from energy.heat_plans.district import new_district

_ROOT = Path(__file__).parents[1]
_DATA = _ROOT.parent / "shared" / "data"


def main() -> None:
    """Take Johanneberg where its data lie beside the checkout, and the sample's Vasastaden otherwise."""
    if _DATA.is_dir():
        city = layers.load(_ROOT / "tests" / "cities" / "johanneberg", _DATA)
        boundary = city["buildings"].geometry.union_all().convex_hull
    else:
        city = layers.load(_ROOT / "sample_data")
        boundary = city["areas"].set_index("area_id").geometry["p19"]
    results = energy.simulate(city, energy.Scenario.baseline(), years=[city.base_year], ranges=False)
    new_district(results, city.base_year, boundary)  # compiles
    start = time.perf_counter()
    found = new_district(results, city.base_year, boundary)
    middle = time.perf_counter()
    squares = dense(results, city.base_year)
    told = found.figures
    report(
        seconds=middle - start,
        work=f"{told['buildings']} buildings with heat: network, year, heat pumps",
        connected=told["connected"],
        share_of_bound=found.network.choice_sek / told["bound_sek_year"] if told["bound_sek_year"] else None,
        squares_seconds=time.perf_counter() - middle,
        squares=len(squares.table),
        peak_mb=peak_mb(),
    )


if __name__ == "__main__":
    main()
