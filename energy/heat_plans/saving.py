"""What a scenario's savings of heat are worth: to owners by the tariff, to the network by its peak, to the climate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from energy.district_heating.supply.network import load_of_hours_mw
from energy.district_heating.supply.tariff import Tariff, avoided_peak_sek, bill_of_days, saving_sek
from energy.heat_plans.loads import HeatLoads, heat_loads
from energy.heat_plans.supply import ACCOUNTS, on_network, supply
from energy.results import Results
from twin.errors import TwinError

__all__ = ["Saving", "saving"]


@dataclass(frozen=True)
class Saving:
    """A year of a scenario beside the same year without it.

    Attributes
    ----------
    buildings : DataFrame
        One row for each building with district heating in both: building_id, saved_kwh, saved_power_kw (of the billed
        power), bill_before_sek, bill_after_sek, saving_sek, saving_sek_kwh (blank where nothing is saved).
    peak_before_mw, peak_after_mw : float
        Highest load of all connected buildings together, losses included.
    peak_value_sek : float
        Of the peak that need not be met; once [SEK].
    co2e_kg : dict of str to float
        By account: what the plants emit less; in the marginal account fuels count with upstream and electricity as what
        one more kWh of it causes [kgCO2e/year].
    joined, left : int
        Buildings that have district heating in only one of the two.
    """

    buildings: pd.DataFrame
    peak_before_mw: float
    peak_after_mw: float
    peak_value_sek: float
    co2e_kg: dict[str, float]
    joined: int
    left: int

    @property
    def figures(self) -> dict[str, Any]:
        """The sums, each with its unit in the name."""
        b = self.buildings
        saved = float(b["saved_kwh"].sum())
        return {
            "buildings": len(b),
            "saved_gwh": saved / 1e6,
            "owners_save_sek_year": float(b["saving_sek"].sum()),
            "worth_of_a_kwh_sek": float(b["saving_sek"].sum()) / saved if saved > 0 else float("nan"),
            "peak_before_mw": self.peak_before_mw,
            "peak_after_mw": self.peak_after_mw,
            "peak_value_sek": self.peak_value_sek,
            **{f"co2e_{account}_kg": kg for account, kg in self.co2e_kg.items()},
            "joined": self.joined,
            "left": self.left,
        }


def saving(before: Results, after: Results, year: int) -> Saving:
    """Compare a year of district heating without and with a scenario.

    Bills follow the price list: energy by month and power by the mean of the three highest days, so that the same saved
    kWh is worth more on a cold day. The days of a building's space heat and hot water are those of its kind without the
    scenario, so that a house of which nothing changes saves nothing.

    Parameters
    ----------
    before, after : Results
        Of the same city, e.g. the baseline and a plan.
    year : int
        Simulated in both.

    Returns
    -------
    Saving

    Raises
    ------
    TwinError
        When the two are not of the same city, or nobody has district heating.
    """
    if len(before.city["buildings"]) != len(after.city["buildings"]):
        raise TwinError("the two runs are not of the same city; compare scenarios of one city")
    rows = on_network(before, year), on_network(after, year)
    loads = tuple(heat_loads(r, year, on) for r, on in zip((before, after), rows, strict=True))
    both = np.intersect1d(loads[0].row, loads[1].row)
    shapes = {c: getattr(loads[0], c) for c in ("space_profile", "hot_water_profile")}
    days = [replace(of, **shapes).daily_kwh[np.searchsorted(of.row, both)] for of in loads]
    bills = [bill_of_days(of_days, Tariff.standard()) for of_days in days]
    heat = [of.heat_kwh[np.searchsorted(of.row, both)] for of in loads]
    saved, worth = heat[0] - heat[1], saving_sek(*bills)
    table = pd.DataFrame(
        {
            "building_id": before.city["buildings"]["building_id"].to_numpy(object)[both],
            "saved_kwh": saved,
            "saved_power_kw": bills[0].billed_kw - bills[1].billed_kw,
            "bill_before_sek": bills[0].total_sek,
            "bill_after_sek": bills[1].total_sek,
            "saving_sek": worth,
            "saving_sek_kwh": np.divide(worth, saved, out=np.full(len(both), np.nan), where=saved > 1e-6),
        }
    )
    share = before.factors.at(year)["district_heating.loss_share"]
    first, then = (float(load_of_hours_mw(of.together_kw, share).max()) for of in loads)
    value = float(avoided_peak_sek(first - then, before.factors.at(year)))
    emitted = [_emitted(r, year, of) for r, of in zip((before, after), loads, strict=True)]
    less = {a: emitted[0][a] - emitted[1][a] for a in ACCOUNTS} if all(emitted) else {}
    return Saving(table, first, then, value, less, int((~rows[0] & rows[1]).sum()), int((rows[0] & ~rows[1]).sum()))


def _emitted(results: Results, year: int, loads: HeatLoads) -> dict[str, float]:
    """Return what the plants emit in a year by account [kgCO2e]; nothing for a city that does not state them."""
    if not len(results.stock.heat_supply):
        return {}
    hours = supply(results, year, loads=loads).hours
    return {a: float((hours.heat_mw * hours.factors[a]).sum()) * 1000 for a in ACCOUNTS}
