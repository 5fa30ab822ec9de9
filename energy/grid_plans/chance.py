"""How far the peak of an area may lie from what is expected, since single cars plug in by chance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.electrification.plug_in import place
from energy.electrification.sessions import draw, peak_contribution
from energy.electrification.vehicles import CLASSES, PLACES, place_shares
from energy.grid_plans.ingredients import Ingredients
from twin.errors import TwinError

__all__ = ["FLEETS", "cars_at_home", "peak_spread"]

Floats = npt.NDArray[np.float64]
FLEETS = (1, 5, 20, 100)
_DAYS = 14  # around the expected peak
_AT_ONCE = 20_000  # cars that are drawn at a time
_HOME = PLACES.index("home")


def cars_at_home(part: Ingredients, area: int) -> tuple[int, float]:
    """Return how many electric cars charge at home in an area, and what each charges there in a year [kWh]."""
    f = part.f
    own = f["ev.km_per_car"] * f["ev.energy_kwh_per_km"] * place_shares(f)[CLASSES.index("car"), _HOME]
    energy = float(part.charged_kwh[area, _HOME])
    cars = round(energy / own)
    return cars, energy / cars if cars else own


def peak_spread(part: Ingredients, area: int, rating_kw: float, *, seed: int, draws: int = 100) -> pd.DataFrame:
    """Draw which cars plug in when, many times over, and return how the peak of an area spreads.

    Cars charge at home as soon as they are plugged in; all else, charging elsewhere too, is as expected. The fortnight
    around the expected peak is drawn.

    Parameters
    ----------
    part : Ingredients
        The year.
    area : int
        Row of the grid area.
    rating_kw : float
        Of its station; NaN where it is not known [kW].
    seed : int
        The same seed gives the same draws.
    draws : int

    Returns
    -------
    DataFrame
        One row a number of cars, the last of them the area's own: cars, expected_kw; p10_kw, p50_kw and p90_kw of the
        peak; per_car_kw, by which each car raises it in the mean; over_share of the draws that are over the rating [1].

    Raises
    ------
    TwinError
        When there is less than one draw, or the seed is below 0.
    """
    if draws < 1 or seed < 0:
        raise TwinError(f"{draws} draws with the seed {seed} can not be; give at least one draw, and a seed from 0")
    now = part.now.hours(slice(area, area + 1))
    elsewhere = part.charged_kwh[area].copy()
    elsewhere[_HOME] = 0.0
    base = (now.load_kw - now.pv_kw)[0] + elsewhere @ part.shapes.uncontrolled
    own, each_kwh = cars_at_home(part, area)
    shape = part.shapes.uncontrolled[_HOME]
    rows = []
    for cars in sorted({*FLEETS, *((own,) if own else ())}, key=lambda n: (n == own, n)):
        expected = base + cars * each_kwh * shape
        first = int(np.clip(expected.argmax() // 24 - _DAYS // 2, 0, len(base) // 24 - _DAYS))
        hours = slice(24 * first, 24 * (first + _DAYS))
        drawn = _drawn(part, cars, each_kwh, first, seed, draws)
        peak = (drawn + base[hours]).max(axis=1)
        low, middle, high = np.quantile(peak, [0.1, 0.5, 0.9])
        rows.append(
            {
                "cars": cars,
                "expected_kw": float(expected.max()),
                "p10_kw": float(low),
                "p50_kw": float(middle),
                "p90_kw": float(high),
                "per_car_kw": float(peak_contribution(drawn, base[hours], cars)[1].mean()),
                "over_share": float((peak > rating_kw).mean()) if np.isfinite(rating_kw) else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _drawn(part: Ingredients, cars: int, each_kwh: float, first_day: int, seed: int, draws: int) -> Floats:
    """Return the charging of each draw, (draws, hours) [kW]: fleets are drawn together, each with its own cars."""
    some = max(1, min(draws, _AT_ONCE // cars))
    found = []
    for k, start in enumerate(range(0, draws, some)):
        n = min(some, draws - start)
        fleet = draw(n * cars, each_kwh, place("home"), part.f, seed + k, first_day=first_day, days=_DAYS)
        found.append(fleet.load_kw(np.repeat(np.arange(n), cars)))
    return np.concatenate(found)
