"""Times the peer EnTiSe on its own 5R1C model; run by the interpreter of the peer's environment, not by ours.

The peer needs an older pandas than we do, so the two can not share one environment.
"""

from __future__ import annotations

import json
import logging
import sys
import time

import numpy as np
import pandas as pd
from entise.methods.hvac.R5C1 import R5C1


def main(count: int) -> None:
    """Print the seconds that a building-year takes, and its heat."""
    logging.disable(logging.WARNING)  # it has no humidity to work with, and says so every time
    hours = pd.date_range("2023-01-01", periods=8760, freq="h", tz="UTC")
    t = np.arange(8760)
    outdoor = 8 - 9 * np.cos(2 * np.pi * (t - 500) / 8760)
    weather = pd.DataFrame({"datetime": hours, "air_temperature[C]": outdoor})
    building = {
        "id": 1,
        "H_tr_is[W K-1]": 3450.0,
        "H_tr_ms[W K-1]": 4550.0,
        "H_tr_w[W K-1]": 50.0,
        "H_tr_em[W K-1]": 60.0,
        "ventilation[W K-1]": 50.0,
        "C_m[J K-1]": 33e6,
        "weather": "weather",
        "active_gains_solar": False,
        "gains_internal[W]": 600.0,
        "min_temperature[C]": 21.0,
        "max_temperature[C]": 26.0,
    }
    R5C1().generate(dict(building), {"weather": weather})
    start = time.perf_counter()
    for _ in range(count):
        result = R5C1().generate(dict(building), {"weather": weather})
    seconds = (time.perf_counter() - start) / count
    print(json.dumps({"seconds": seconds, "summary": {k: float(v) for k, v in result["summary"].items()}}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
