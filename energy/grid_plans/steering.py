"""What the planner moves, and what it does to the hours of grid areas: when cars charge, cars backwards, batteries."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from energy.electrification.battery import Battery, peak_shaving
from energy.electrification.charging_control import (
    Need,
    VehicleToGrid,
    cheapest,
    timed,
    valley_filled,
    vehicle_to_grid,
)
from energy.electrification.plug_in import Shapes
from twin.errors import TwinError

__all__ = ["Charging", "Steered", "Way", "Wishes", "batteries", "charging"]

Floats = npt.NDArray[np.float64]
Way = Literal["at_once", "timer", "smart", "price"]
_BATTERY_H = 2.0  # in which a battery is emptied at full power


@dataclass(frozen=True)
class Wishes:
    """What the planner moves.

    Attributes
    ----------
    ev_share, heat_pump_share : float, optional
        Electric share of cars' distance, and heat pumps' share of the heat, in the last year; on the way there they grow
        evenly. The scenario's own without [1].
    charging : str
        ``"at_once"``, ``"timer"``, ``"smart"``: when there is most room in the area, or ``"price"``: when power is cheapest.
    timer_hour : int
        Hour of the day from which timers charge.
    v2g : bool
        Cars that stand plugged in at home and at work lend power in the highest hours, and charge it again.
    battery_kwh_per_solar_kw : float
        Batteries, per kW of the area's highest solar power; they hold the area's peak down [kWh/kW].
    granted : bool
        Count on the steps of the city's capacity that are granted but not there yet.
    """

    ev_share: float | None = None
    heat_pump_share: float | None = None
    charging: Way = "at_once"
    timer_hour: int = 22
    v2g: bool = False
    battery_kwh_per_solar_kw: float = 0.0
    granted: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in ("ev_share", "heat_pump_share"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise TwinError(f"{name} = {value:g} is no share; give a number from 0 to 1")
        if self.charging not in get_args(Way):
            raise TwinError(f"no way of charging {self.charging!r}; choose {', '.join(get_args(Way))}")
        if not 0 <= self.timer_hour <= 23:
            raise TwinError(f"timer_hour = {self.timer_hour} is no hour of the day; give 0 to 23")
        if not 0 <= self.battery_kwh_per_solar_kw < np.inf:
            raise TwinError("batteries can not be negative; give kWh per kW of solar cells from 0 on")


@dataclass(frozen=True)
class Charging:
    """The charging of areas.

    Attributes
    ----------
    power_kw : array (areas, hours)
        Below 0 where cars give more than they take [kW].
    back_kwh, lost_kwh : array (areas,)
        What cars give back in a year, and what is lost by it: the year's charging is greater by so much [kWh].
    """

    power_kw: Floats
    back_kwh: Floats
    lost_kwh: Floats


def charging(
    energy_kwh: Floats, shapes: Shapes, net_kw: Floats, wishes: Wishes, price: Floats, f: Mapping[str, float]
) -> Charging:
    """Return the hours of charging: place by place, since cars at work can not wait for those at home.

    Who charges in public is on the way, and charges at once. However it is steered, cars get in every window from noon to
    noon what they would get at once.

    Parameters
    ----------
    energy_kwh : array (areas, places)
        In a year [kWh].
    shapes : Shapes
        Of the same places.
    net_kw : array (areas, hours)
        All other load, solar cells subtracted [kW].
    wishes : Wishes
    price : array (hours,)
        See :func:`~energy.grid_plans.prices.hourly_price`.
    f : mapping
        The year's factors.

    Returns
    -------
    Charging
    """
    total, back, lost = np.zeros_like(net_kw), np.zeros(len(net_kw)), np.zeros(len(net_kw))
    for k, place in enumerate(shapes.kinds):
        if not energy_kwh[:, k].any():
            continue
        one = Shapes((place,), *(a[k : k + 1] for a in (shapes.uncontrolled, shapes.limit, shapes.slack)))
        need = Need.of(energy_kwh[:, k : k + 1], one)
        if wishes.charging == "at_once" or place == "public":
            power = need.uncontrolled_kw
        elif wishes.charging == "timer":
            power = timed(need, wishes.timer_hour)
        elif wishes.charging == "price":
            power = cheapest(need, price)
        else:
            power = valley_filled(need, net_kw + total)
        if wishes.v2g and place != "public":
            lent = vehicle_to_grid(need, power, net_kw + total, VehicleToGrid.of(f))
            power, back, lost = lent.power_kw, back + lent.back_kw.sum(axis=1), lost + lent.lost_kwh
        total += power
    return Charging(total, back, lost)


@dataclass(frozen=True)
class Steered:
    """What batteries do in areas.

    Attributes
    ----------
    flow_kw : array (areas, hours)
        Into the batteries; below 0 out of them [kW].
    energy_kwh : array (areas,)
        Their size [kWh].
    """

    flow_kw: Floats
    energy_kwh: Floats


def batteries(net_kw: Floats, pv_kw: Floats, kwh_per_solar_kw: float, f: Mapping[str, float]) -> Steered:
    """Let batteries hold the peak of each area as low as they can.

    Parameters
    ----------
    net_kw : array (areas, hours)
        All load, solar cells subtracted [kW].
    pv_kw : array (areas, hours)
        Solar cells [kW].
    kwh_per_solar_kw : float
        [kWh per kW of the highest solar power]
    f : mapping
        The year's factors.

    Returns
    -------
    Steered
    """
    size = kwh_per_solar_kw * pv_kw.max(axis=1, initial=0.0)
    flow = np.zeros_like(net_kw)

    def run(row: int) -> None:
        battery = Battery.of(float(size[row]), float(size[row]) / _BATTERY_H, f)
        _, year = peak_shaving(np.maximum(net_kw[row], 0.0), np.maximum(-net_kw[row], 0.0), battery)
        flow[row] = year.charge_kw - year.discharge_kw

    with ThreadPoolExecutor(max(os.cpu_count() or 1, 1)) as pool:
        list(pool.map(run, np.flatnonzero(size > 0).tolist()))
    return Steered(flow, size)
