"""How much of a plant's emissions a kWh of its heat answers for: one plant, several customary answers.

A plant that also makes electricity, or that burns what others threw away, has one chimney and several products. Which
of them carries the emissions is a convention; Göteborg's own network was publicly quoted at 15 and at 90 g/kWh [1]_.

- ``bookkeeping``: every kilogram is booked where it is released, on the heat. Electricity is a by-product without any.
- ``energy``: in proportion to the energy of the two products.
- ``alternative``: in proportion to the fuel that each would need if it were made alone; also called the efficiency
  method [3]_.
- ``power_bonus``: all on the heat, less what the electricity would have emitted elsewhere; it may fall below zero.

Values of the bookkeeping perspective can not be used for decisions, say those who agreed on them [2]_; the marginal
account below is for these. Emissions of burnt waste are counted on the heat, as in Linköping, where 83.4 of 90 g/kWh come from waste [4]_, or on the
treatment of waste: whoever threw the plastic away.

References
----------
.. [1] "Inte så ren som de påstår", byggvarlden.se, 2010.
.. [2] Värmemarknadskommittén's agreement of 2009 on local environmental values, as told by Energiföretagen Sverige,
   "Frågor och svar om miljövärdering av fjärrvärme", energiforetagen.se.
.. [3] WRI/WBCSD GHG Protocol, "Allocation of GHG Emissions from a Combined Heat and Power Plant", v1.0, 2006.
.. [4] Tekniska verken, miljövärden för fjärrvärme 2022.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.district_heating.supply.plants import Plants, fuel_factor
from twin.errors import TwinError, did_you_mean

__all__ = ["METHODS", "WASTE_TO", "compare", "heat_factors", "per_heat", "share_of_heat"]

Floats = npt.NDArray[np.float64]

METHODS = ("bookkeeping", "energy", "alternative", "power_bonus")
WASTE_TO = ("heat", "treatment")


def share_of_heat(method: str, electricity_to_heat: Floats, alone_heat: float, alone_electricity: float) -> Floats:
    r"""Return the share of a plant's emissions that its heat carries.

    .. math:: s_{energy} = \frac{1}{1 + \alpha}, \qquad
              s_{alternative} = \frac{1 / \eta_{heat}}{1 / \eta_{heat} + \alpha / \eta_{el}}

    The two are equal where heat and electricity are equally hard to make alone.

    Parameters
    ----------
    method : str
        One of :data:`METHODS`.
    electricity_to_heat : array (units,)
        :math:`\alpha` [1].
    alone_heat, alone_electricity : float
        Efficiency of making each alone [1].

    Returns
    -------
    array (units,)
        [1]

    Raises
    ------
    TwinError
        When there is no such method.

    Examples
    --------
    >>> [round(float(share_of_heat(m, np.array(0.85), 0.9, 0.4)), 4) for m in METHODS]
    [1.0, 0.5405, 0.3433, 1.0]
    """
    if method not in METHODS:
        raise TwinError(f"no method {method!r} of allocation{did_you_mean(method, METHODS)}")
    if method == "energy":
        return 1 / (1 + electricity_to_heat)
    if method == "alternative":
        return (1 / alone_heat) / (1 / alone_heat + electricity_to_heat / alone_electricity)
    return np.ones_like(electricity_to_heat)


def per_heat(
    fuel_kg_kwh: Floats,
    efficiency: Floats,
    electricity_to_heat: Floats,
    share: Floats | float = 1.0,
    displaced_kg_kwh: float = 0.0,
) -> Floats:
    r"""Return the emission of a kWh of heat.

    .. math:: f = s \frac{e}{\eta} - \alpha \, e_{el}

    Parameters
    ----------
    fuel_kg_kwh : array (units,)
        :math:`e`, of the fuel [kgCO2e/kWh].
    efficiency : array (units,) or (hours, units)
        :math:`\eta`, heat per fuel [1].
    electricity_to_heat : array (units,)
        :math:`\alpha` [1].
    share : array (units,) or float
        :math:`s`, that the heat carries [1].
    displaced_kg_kwh : float
        :math:`e_{el}`, of electricity that need not be made elsewhere [kgCO2e/kWh].

    Returns
    -------
    array (units,) or (hours, units)
        [kgCO2e/kWh]

    Examples
    --------
    Gas in combined heat and power: all of it, and with electricity credited at 300 g/kWh.

    >>> gas = np.array([0.2]), np.array([0.5]), np.array([0.85])
    >>> per_heat(*gas).round(3).tolist(), per_heat(*gas, displaced_kg_kwh=0.3).round(3).tolist()
    ([0.4], [0.145])
    """
    return share * fuel_kg_kwh / efficiency - electricity_to_heat * displaced_kg_kwh


def heat_factors(
    plants: Plants, f: Mapping[str, float], method: str = "energy", waste_to: str = "heat"
) -> dict[str, Floats]:
    """Return the emission of a kWh of each unit's heat in the three accounts.

    The method is for the two bookkeeping accounts. In the marginal account nothing is shared out: more heat burns more
    fuel and brings more electricity, which is credited at what it then displaces; waste is burnt more or less.

    Parameters
    ----------
    plants : Plants
    f : mapping
        The year's factors.
    method : str
        One of :data:`METHODS`.
    waste_to : str
        One of :data:`WASTE_TO`: what carries the emissions of waste in the bookkeeping accounts.

    Returns
    -------
    dict of str to array (units,) or (hours, units)
        ``territorial``, ``lifecycle`` and ``marginal`` [kgCO2e/kWh].

    Raises
    ------
    TwinError
        When there is no such method.
    """
    if waste_to not in WASTE_TO:
        raise TwinError(f"emissions of waste can not be put on {waste_to!r}{did_you_mean(waste_to, WASTE_TO)}")
    alpha, efficiency = plants.electricity_to_heat, plants.efficiency
    alone = (1.0, 1.0)
    if method == "alternative":
        alone = f["allocation.alone_heat"], f["allocation.alone_electricity"]
    share = share_of_heat(method, alpha, *alone)
    if waste_to == "treatment":
        share = share * np.array([fuel != "waste" for fuel in plants.fuel], float)
    found = {}
    for account in ("territorial", "lifecycle"):
        displaced = f[f"electricity.{account}"] if method == "power_bonus" else 0.0
        found[account] = per_heat(fuel_factor(plants, account, f), efficiency, alpha, share, displaced)
    found["marginal"] = per_heat(
        fuel_factor(plants, "marginal", f), efficiency, alpha, displaced_kg_kwh=f["electricity.marginal"]
    )
    return found


def compare(plants: Plants, heat_mw: Floats, delivered_mwh: float, f: Mapping[str, float]) -> pd.DataFrame:
    """Return what a delivered kWh emits by every method, for the same plants in the same year.

    Parameters
    ----------
    plants : Plants
    heat_mw : array (hours, units)
        Heat made [MW].
    delivered_mwh : float
        Heat that reached buildings [MWh].
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame
        method, waste_to, and territorial and lifecycle emission of a delivered kWh [kgCO2e/kWh].

    Raises
    ------
    TwinError
        When no heat was delivered.
    """
    if delivered_mwh <= 0:
        raise TwinError("no heat was delivered, so that a delivered kWh has no emissions; connect a building first")
    rows = []
    for method in METHODS:
        for waste_to in WASTE_TO:
            factors = heat_factors(plants, f, method, waste_to)
            total = {a: float((heat_mw * factors[a]).sum()) / delivered_mwh for a in ("territorial", "lifecycle")}
            rows.append({"method": method, "waste_to": waste_to, **total})
    return pd.DataFrame(rows)
