r"""Why emissions changed between two years: the change split over the factors of a product, without a rest.

.. math:: E = \sum_c \prod_k x_{kc}, \qquad
          \Delta E_k = \sum_c L(E_c^1, E_c^0) \ln\frac{x_{kc}^1}{x_{kc}^0}, \qquad
          L(a, b) = \frac{a - b}{\ln a - \ln b}, \quad L(a, a) = a
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.errors import TwinError

__all__ = ["decompose", "logarithmic_mean"]

Floats = npt.NDArray[np.float64]


def logarithmic_mean(a: Floats, b: Floats) -> Floats:
    """Return the logarithmic mean of positive numbers; the number itself where both are equal, 0 where one is 0.

    Parameters
    ----------
    a, b : array
        Not negative, in one unit.

    Returns
    -------
    array

    Examples
    --------
    >>> logarithmic_mean(np.array([2.0, np.e, 0.0]), np.array([2.0, 1.0, 5.0])).round(4).tolist()
    [2.0, 1.7183, 0.0]
    """
    both = (a > 0) & (b > 0)
    lower, upper = np.where(both, np.minimum(a, b), 1.0), np.where(both, np.maximum(a, b), 1.0)
    apart = upper - lower
    near = apart < lower  # where the ratio's distance to 1 is the more exact one; far apart it may overflow
    logarithm = np.where(near, np.log1p(np.minimum(apart, lower) / lower), np.log(upper) - np.log(lower))
    mean = np.divide(apart, logarithm, out=lower.copy(), where=logarithm > 0)
    return np.where(both, mean, 0.0)


def decompose(before: Floats, after: Floats) -> Floats:
    r"""Return how much of the change each factor made (additive LMDI-I).

    A term that is zero in one of the years has no logarithm; in the limit its whole change is that of the factors that
    are zero there, in equal parts where there are several. What is zero in both years changes nothing.

    Parameters
    ----------
    before, after : array (factors, categories)
        Each category's emissions are the product of its factors; none negative.

    Returns
    -------
    array (factors, categories)
        In the unit of the product; its sum is the whole change.

    Raises
    ------
    TwinError
        For shapes that differ, blanks or negative numbers.

    References
    ----------
    .. [1] B. W. Ang, The LMDI approach to decomposition analysis: a practical guide, Energy Policy 33 (2005) 867-871.

    Examples
    --------
    Twice as many inhabitants with half the emissions each:

    >>> decompose(np.array([[1.0], [8.0]]), np.array([[2.0], [4.0]])).round(4).tolist()
    [[5.5452], [-5.5452]]

    Oil heating disappears:

    >>> decompose(np.array([[100.0], [0.3]]), np.array([[0.0], [0.3]])).tolist()
    [[-30.0], [0.0]]
    """
    x0, x1 = np.asarray(before, float), np.asarray(after, float)
    if x0.shape != x1.shape or x0.ndim != 2:
        raise TwinError(f"both years need the same factors and categories, not {x0.shape} and {x1.shape}")
    if not (np.isfinite(x0).all() and np.isfinite(x1).all() and (x0 >= 0).all() and (x1 >= 0).all()):
        raise TwinError("a factor of a decomposition is blank or negative; every factor must be a number from 0")
    e0, e1 = x0.prod(axis=0), x1.prod(axis=0)
    whole = (x0 > 0) & (x1 > 0)
    growth = np.log(np.where(whole, x1, 1.0)) - np.log(np.where(whole, x0, 1.0))
    parts = logarithmic_mean(e1, e0) * growth
    for empty, other, sign in ((x0, e1, 1.0), (x1, e0, -1.0)):
        zero = empty == 0
        gone = zero.any(axis=0) & (other > 0)
        parts = np.where(gone, sign * other * zero / np.maximum(zero.sum(axis=0), 1), parts)
    return parts
