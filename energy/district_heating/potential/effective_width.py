r"""What distributing heat would cost, before any layout: Persson and Werner's effective width.

The heat that a metre of trench delivers follows from the buildings alone, since the land that a metre of trench serves
(its effective width) hardly depends on how dense they stand:

.. math:: \frac{Q_s}{L} = e\, q\, w, \qquad w = 61.8\, e^{-0.15}, \qquad
          d = 0.0486 \ln \frac{Q_s}{L} + 0.0007, \qquad C_d = \frac{a (C_1 + C_2 d)}{Q_s / L}

References
----------
.. [1] Persson, U., Werner, S., "Heat distribution and the future competitiveness of district heating", Applied Energy
   88:568-576, 2011.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy.annuity import annuity
from twin.errors import TwinError, did_you_mean

__all__ = [
    "SETTINGS",
    "distribution_cost_sek_mwh",
    "effective_width_m",
    "linear_density_mwh_m",
    "pipe_diameter_m",
    "prescreen",
]

Floats = npt.NDArray[np.float64]

SETTINGS = ("inner_city", "outer_city", "park")
_GJ_MWH = 3.6


def effective_width_m(plot_ratio: Floats, at_1_m: float, exponent: float) -> Floats:
    r"""Return the land that a metre of trench serves, :math:`w = w_1 e^{-b}` [1]_.

    Parameters
    ----------
    plot_ratio : array
        Floor area per land [1].
    at_1_m : float
        Effective width where floor area equals land [m].
    exponent : float
        [1]

    Returns
    -------
    array
        [m]; infinite where nothing is built.

    Examples
    --------
    >>> effective_width_m(np.array([0.1, 0.5, 1.0]), 61.8, -0.15).round(2).tolist()
    [87.29, 68.57, 61.8]
    """
    ratio = np.asarray(plot_ratio, float)
    width: Floats = at_1_m * np.power(ratio, exponent, out=np.full(ratio.shape, np.inf), where=ratio > 0)
    return width


def linear_density_mwh_m(density_mwh_ha: Floats, width_m: Floats) -> Floats:
    r"""Return the heat that a metre of trench would deliver, :math:`Q_s/L = e q w`.

    The heat density of the land is :math:`e q`, the plot ratio times the heat per floor area.

    Parameters
    ----------
    density_mwh_ha : array
        Heat a year per land [MWh/ha].
    width_m : array
        Effective width [m].

    Returns
    -------
    array
        [MWh/m]; none where there is no heat.

    Examples
    --------
    Half as much floor as land, 130 kWh per m2 of floor: 650 MWh/ha.

    >>> linear_density_mwh_m(np.array([650.0, 0.0]), np.array([68.57, np.inf])).round(3).tolist()
    [4.457, 0.0]
    """
    density = np.asarray(density_mwh_ha, float)
    return np.multiply(density / 10_000, width_m, out=np.zeros(density.shape), where=density > 0)


def pipe_diameter_m(linear_mwh_m: Floats, slope_m: float, base_m: float, least_m: float) -> Floats:
    r"""Return the mean diameter of the pipes, :math:`d = s \ln(Q_s/L) + d_0` with :math:`Q_s/L` in GJ/m [1]_.

    Parameters
    ----------
    linear_mwh_m : array
        Linear heat density [MWh/m].
    slope_m, base_m : float
        [m]
    least_m : float
        No pipe is thinner [m].

    Returns
    -------
    array
        [m]

    Examples
    --------
    >>> pipe_diameter_m(np.array([0.1, 1.5, 4.457]), 0.0486, 0.0007, 0.02).round(4).tolist()
    [0.02, 0.0827, 0.1356]
    """
    gj = np.asarray(linear_mwh_m, float) * _GJ_MWH
    log = np.log(gj, out=np.full(gj.shape, -np.inf), where=gj > 0)
    return np.maximum(slope_m * log + base_m, least_m)


def distribution_cost_sek_mwh(
    linear_mwh_m: Floats, diameter_m: Floats, base_sek_m: Floats, per_diameter_sek_m2: Floats, annuity_1: float
) -> Floats:
    r"""Return the distribution capital cost, :math:`C_d = a (C_1 + C_2 d) / (Q_s/L)` [1]_.

    Parameters
    ----------
    linear_mwh_m : array
        Linear heat density [MWh/m].
    diameter_m : array
        [m]
    base_sek_m, per_diameter_sek_m2 : array
        :math:`C_1` [SEK/m] and :math:`C_2` [SEK/m2].
    annuity_1 : float
        [1/year]

    Returns
    -------
    array
        [SEK/MWh]; infinite where no heat is delivered.

    Examples
    --------
    In the inner city with 286 and 2022 EUR, an annuity of 5.1 %, in EUR/MWh:

    >>> distribution_cost_sek_mwh(np.array([4.457, 0.0]), np.array([0.1356, 0.02]), 286.0, 2022.0, 0.051019).round(2).tolist()
    [6.41, inf]
    """
    linear = np.asarray(linear_mwh_m, float)
    yearly = annuity_1 * (base_sek_m + per_diameter_sek_m2 * diameter_m)
    return np.divide(yearly, linear, out=np.full(linear.shape, np.inf), where=linear > 0)


def prescreen(table: pd.DataFrame, setting: str | npt.NDArray[np.object_], f: Mapping[str, float]) -> pd.DataFrame:
    """Return what distributing heat would cost in each cell or area.

    Parameters
    ----------
    table : DataFrame (n rows)
        density_mwh_ha and plot_ratio, as of :func:`energy.district_heating.potential.density.heat_density`.
    setting : str or array (n,) of str
        ``"inner_city"``, ``"outer_city"`` or ``"park"``: what digging costs.
    f : mapping
        The year's factors.

    Returns
    -------
    DataFrame (n rows)
        effective_width_m, linear_density_mwh_m, pipe_diameter_m, distribution_cost_sek_mwh. A row without heat has no
        cost; one with heat but without floor area is blank, since its effective width is unknown.

    Raises
    ------
    TwinError
        When a setting is unknown.
    """
    settings = np.broadcast_to(np.asarray(setting, object), len(table))
    if unknown := set(settings) - set(SETTINGS):
        raise TwinError(
            f"no setting {min(unknown, key=str)!r} of trenches{did_you_mean(str(min(unknown, key=str)), SETTINGS)}"
        )
    code = np.array([SETTINGS.index(s) for s in settings], np.intp)
    sek = f["money.sek_per_eur"]
    base = sek * np.array([f[f"effective_width.{s}.base_eur_m"] for s in SETTINGS])
    per_diameter = sek * np.array([f[f"effective_width.{s}.per_diameter_eur_m2"] for s in SETTINGS])
    density, ratio = table["density_mwh_ha"].to_numpy(float), table["plot_ratio"].to_numpy(float)
    width = effective_width_m(ratio, f["effective_width.at_1_m"], f["effective_width.exponent"])
    linear = linear_density_mwh_m(density, np.where(np.isinf(width) & (density > 0), np.nan, width))
    diameter = pipe_diameter_m(
        linear,
        f["effective_width.diameter_slope_m"],
        f["effective_width.diameter_base_m"],
        f["effective_width.least_diameter_m"],
    )
    yearly = float(annuity(f["money.real_rate"], f["effective_width.lifetime_years"]))
    cost = distribution_cost_sek_mwh(linear, diameter, base[code], per_diameter[code], yearly)
    out = pd.DataFrame(
        {
            "effective_width_m": width,
            "linear_density_mwh_m": linear,
            "pipe_diameter_m": np.where(linear > 0, diameter, np.nan),
            "distribution_cost_sek_mwh": cost,
        },
        index=table.index,
    )
    return out.where(np.isfinite(out))
