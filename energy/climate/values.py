"""What a year's energy is worth: emissions in an account, or, elsewhere, money.

A value is linear in the carriers, so that the parts of a plan add up in kilograms as they do in kronor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.accounts import ACCOUNTS, with_emissions
from energy.district_heating.supply.network import Delivery
from twin.errors import TwinError, did_you_mean
from twin.factors import YearFactors

__all__ = ["Emissions", "Value"]

Floats = npt.NDArray[np.float64]
_SUPPLY = Delivery(0, 0, 0, 0, pd.DataFrame(), 0.0, 0.0, 0.0, 0.0)  # heat that emits nothing


class Value(Protocol):
    """What a year's energy is worth in one unit, linear in the carriers; district heat apart from the rest."""

    def buildings(self, energy: pd.DataFrame, f: YearFactors, *, streets: bool) -> Floats:
        """Return the worth of every building's energy by carrier, without district heat."""

    def heat(self, heat_kwh: Floats, hot_water_kwh: Floats, network: Callable[[], Delivery]) -> Floats:
        """Return the worth of every building's district heat, of which `hot_water_kwh` is useful hot water."""

    def roads(self, roads: pd.DataFrame, f: YearFactors) -> Floats:
        """Return the worth of what is driven on every street."""

    def whole(self, frames: Mapping[str, pd.DataFrame], f: YearFactors) -> Floats:
        """Return the worth of a year as the model gives it, of every building and then of every road."""


@dataclass(frozen=True)
class Emissions:
    """The emissions of energy in one account [kg]; a :class:`Value`."""

    account: str

    def __post_init__(self) -> None:
        if self.account not in ACCOUNTS:
            raise TwinError(f"no account {self.account!r}{did_you_mean(self.account, ACCOUNTS)}")

    def buildings(self, energy: pd.DataFrame, f: YearFactors, *, streets: bool) -> Floats:
        """Return the emissions of all but district heat."""
        without = energy.assign(district_heating_kwh=0.0)
        return with_emissions(without, _SUPPLY, f, streets=streets)[self._column].to_numpy(float)

    def heat(self, heat_kwh: Floats, hot_water_kwh: Floats, network: Callable[[], Delivery]) -> Floats:
        """Return the emissions of district heat."""
        _ = hot_water_kwh
        return heat_kwh * float(getattr(network(), self.account))

    def roads(self, roads: pd.DataFrame, f: YearFactors) -> Floats:
        """Return the emissions of streets."""
        _ = f
        return roads[self._column].to_numpy(float)

    def whole(self, frames: Mapping[str, pd.DataFrame], f: YearFactors) -> Floats:
        """Return the emissions that the model gives."""
        _ = f
        return np.concatenate([frames[t][self._column].to_numpy(float) for t in ("buildings", "roads")])

    @property
    def _column(self) -> str:
        return f"co2e_{self.account}_kg"
