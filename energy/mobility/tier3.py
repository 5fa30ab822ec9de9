r"""Hot exhaust by mean speed: the rational function of the EMEP/EEA Guidebook's Tier 3.

.. math:: EF(V) = \frac{\alpha V^2 + \beta V + \gamma + \delta / V}{\epsilon V^2 + \zeta V + \eta} (1 - RF) \, k,
          \quad V \text{ within } V_{min} \text{ and } V_{max}

References
----------
.. [1] EMEP/EEA air pollutant emission inventory guidebook 2019, 1.A.3.b.i-iv, as carried in ipeaGIT/gtfs2emis (MIT),
   whose form ``2019_1`` this is. Its energy rows (EC, and FC of this form) are in MJ/km, all others in g/km.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.errors import Problem, SchemaError

__all__ = ["COEFFICIENTS", "FORM", "emission_factor", "evaluate"]

Floats = npt.NDArray[np.float64]
FORM = "2019_1"
COEFFICIENTS = ("alpha", "beta", "gamma", "delta", "epsilon", "zita", "hta")


def emission_factor(
    speed_kmh: Any, coefficients: Any, v_min_kmh: Any, v_max_kmh: Any, rf: Any = 0.0, k: Any = 1.0
) -> Floats:
    r"""Return the emission factor at a mean speed.

    Parameters
    ----------
    speed_kmh : array
        [km/h]
    coefficients : array (7, ...)
        :math:`\alpha, \beta, \gamma, \delta, \epsilon, \zeta, \eta`.
    v_min_kmh, v_max_kmh : array
        Speeds between which the function holds; outside it keeps its value there [km/h].
    rf, k : array
        Reduction factor and constant factor.

    Returns
    -------
    array
        [g/km], energy [MJ/km]

    Examples
    --------
    NOx of a city bus of Euro V (SCR):

    >>> bus = [0.000353348102039702, -0.0561829022680765, 2.65091227404064, 7.87360468889005,
    ...        -6.23807914060858e-05, 0.0065929959703913, 0.13094553823857]
    >>> emission_factor(np.array([20.0, 50.0, 120.0]), bus, 5, 85).round(5).tolist()
    [8.67037, 2.89719, 2.16471]
    """
    a, b, g, d, e, z, h = coefficients
    v = np.clip(np.asarray(speed_kmh, float), v_min_kmh, v_max_kmh)
    found: Floats = (a * v**2 + b * v + g + d / v) / (e * v**2 + z * v + h) * (1 - rf) * k
    return found


def evaluate(table: pd.DataFrame, speed_kmh: Floats) -> Floats:
    """Return the emission factors of every row of a table at every speed.

    Parameters
    ----------
    table : DataFrame (n rows)
        `form`, the coefficients, `rf`, `k`, `v_min_kmh` and `v_max_kmh` [km/h].
    speed_kmh : array (m,)
        [km/h]

    Returns
    -------
    array (n, m)
        [g/km], energy [MJ/km]

    Raises
    ------
    SchemaError
        When rows have another form: there is no average to fall back to.
    """
    other = (table["form"].astype(str) != FORM).to_numpy()
    if other.any():
        forms = ", ".join(sorted(table.loc[other, "form"].astype(str).unique()))
        rule = f"only the form {FORM} can be evaluated, not {forms}; leave these rows out"
        raise SchemaError(
            [Problem("emission functions", "form", rule, int(other.sum()), f"row {int(np.flatnonzero(other)[0]) + 1}")]
        )
    column = {c: table[c].to_numpy(float)[:, None] for c in (*COEFFICIENTS, "rf", "k", "v_min_kmh", "v_max_kmh")}
    return emission_factor(
        speed_kmh[None, :],
        [column[c] for c in COEFFICIENTS],
        column["v_min_kmh"],
        column["v_max_kmh"],
        column["rf"],
        column["k"],
    )
