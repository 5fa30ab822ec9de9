"""How much less is driven when driving costs more: the congestion charge, and a constant elasticity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from energy.mobility.demand.mode_choice import MODES, incremental_logit, observed_shares, utility_change

__all__ = ["elastic_share_left", "mean_charge_sek", "passages_left_in_goteborg"]


def mean_charge_sek(charges_sek: Sequence[float], shares: Sequence[float]) -> float:
    """Return the mean charge of a passage.

    Parameters
    ----------
    charges_sek : sequence of float
        By band of time [SEK].
    shares : sequence of float
        Of the passages that are made in each band; they need not add up to 1.

    Examples
    --------
    >>> round(mean_charge_sek([9, 16, 22], [0.35, 0.35, 0.3]), 2)
    15.35
    """
    return sum(c * s for c, s in zip(charges_sek, shares, strict=True)) / sum(shares)


def passages_left_in_goteborg(
    f: Mapping[str, float], low_sek: float | None = None, medium_sek: float | None = None, high_sek: float | None = None
) -> float:
    """Return the share of charged passages that remain with a tariff of three bands; Göteborg's where not given.

    The incremental logit of :mod:`energy.mobility.demand.mode_choice`, whose sensitivity is set on Göteborg's charge of
    2013: passages were 8 % fewer in 2014 than in 2012. The model of journeys answers to a charge by the same formula.

    Parameters
    ----------
    f : mapping
        The year's factors ``charge.*``, and those of :func:`~energy.mobility.demand.mode_choice.coefficients`.
    low_sek, medium_sek, high_sek : float, optional
        Charge of a passage [SEK].
    """
    bands = {"low": low_sek, "medium": medium_sek, "high": high_sek}
    charges = [f[f"charge.{band}_sek"] if given is None else given for band, given in bands.items()]
    low, high = f["charge.low_band_share"], f["charge.high_band_share"]
    car = MODES.index("car")
    cost = np.zeros(len(MODES))
    cost[car] = mean_charge_sek(charges, [low, max(1 - low - high, 0.0), high])
    before = observed_shares()
    return float(incremental_logit(before, utility_change(np.zeros(len(MODES)), cost, f))[car] / before[car])


def elastic_share_left(price_increase: float, elasticity: float) -> float:
    r"""Return the share of what was driven that remains when a price rises.

    .. math:: q' / q = (1 + x)^{\epsilon}

    Parameters
    ----------
    price_increase : float
        x, 0.5 for half as much again [1].
    elasticity : float
        Epsilon, negative.

    Examples
    --------
    >>> round(elastic_share_left(0.5, -0.2), 3)
    0.922
    """
    return float((1 + price_increase) ** elasticity)
