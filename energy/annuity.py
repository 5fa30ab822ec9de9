"""What an investment costs a year."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["annuity"]

Floats = npt.NDArray[np.float64]

_NO_INTEREST = 1e-12  # below it the quotient has no digits left


def annuity(rate: float, lifetime_years: Floats | float) -> Floats:
    r"""Return the even yearly payment per invested krona.

    .. math:: a = \frac{r}{1 - (1 + r)^{-n}}, \qquad a = 1/n \text{ without interest}

    Parameters
    ----------
    rate : float
        Real rate of interest [1].
    lifetime_years : float or array
        [years]

    Returns
    -------
    array
        [1/year]

    Examples
    --------
    >>> annuity(0.03, 30.0).round(6).tolist(), annuity(0.0, np.array([20.0, 40.0])).tolist()
    (0.051019, [0.05, 0.025])
    """
    years = np.asarray(lifetime_years, float)
    if rate < _NO_INTEREST:
        return 1 / years
    return rate / -np.expm1(-years * np.log1p(rate))
