"""What one heat pipe does: friction, heat loss, the catalogue of sizes, and how few consumers draw at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from twin import reference
from twin.errors import Problem, SchemaError, TwinError

__all__ = [
    "LAMINAR_BELOW",
    "Catalogue",
    "Law",
    "Water",
    "coincidence",
    "friction_factor",
    "largest_flow_kg_s",
    "loss_w_mk",
    "nikuradse",
    "pressure_gradient_pa_m",
    "size",
]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Law = Literal["colebrook", "nikuradse"]

LAMINAR_BELOW = 2300.0  # Reynolds number
_NEWTON_STEPS = 3  # from Haaland's start, within 1 %, each step squares the error
_HALVINGS = 80


@dataclass(frozen=True)
class Water:
    """The water in a network, taken as the same at all temperatures.

    Attributes
    ----------
    density_kg_m3, heat_capacity_j_kgk, viscosity_pa_s : float
        Density [kg/m3], specific heat capacity [J/(kg K)], dynamic viscosity [Pa s].
    """

    density_kg_m3: float
    heat_capacity_j_kgk: float
    viscosity_pa_s: float

    @classmethod
    def of(cls, f: Mapping[str, float]) -> Water:
        """Return the water that the factors describe."""
        return cls(
            f["network.water_density_kg_m3"], f["network.water_heat_capacity_j_kgk"], f["network.water_viscosity_pa_s"]
        )


def nikuradse(roughness_ratio: npt.ArrayLike) -> Floats:
    r"""Return the friction factor of fully rough flow, :math:`(-2 \log_{10}(\epsilon / 3.71))^{-2}`.

    Parameters
    ----------
    roughness_ratio : array
        Roughness over inner diameter, above zero [1].

    Returns
    -------
    array
        [1]

    References
    ----------
    J. Nikuradse, Strömungsgesetze in rauhen Rohren, VDI-Forschungsheft 361, 1933.

    Examples
    --------
    >>> round(float(nikuradse(0.001)), 5)
    0.01962
    """
    return np.asarray((-2 * np.log10(np.asarray(roughness_ratio, float) / 3.71)) ** -2)


def friction_factor(reynolds: npt.ArrayLike, roughness_ratio: npt.ArrayLike, law: Law = "colebrook") -> Floats:
    r"""Return Darcy's friction factor.

    .. math:: \frac{1}{\sqrt\lambda} = -2 \log_{10}\left(\frac{\epsilon}{3.7} + \frac{2.51}{Re \sqrt\lambda}\right)

    above a Reynolds number of 2300 and :math:`64 / Re` below; or, by the law of Nikuradse, :math:`64 / Re + \lambda_N`
    for all of them, which needs no iteration and has no jump.

    Parameters
    ----------
    reynolds : array
        Above zero [1].
    roughness_ratio : array
        Roughness over inner diameter [1].
    law : str
        ``"colebrook"`` or ``"nikuradse"``.

    Returns
    -------
    array
        [1]

    References
    ----------
    C. F. Colebrook, Turbulent flow in pipes, J. Inst. Civ. Eng. 11, 1939; first guess by S. E. Haaland, J. Fluids
    Eng. 105, 1983.

    Examples
    --------
    >>> friction_factor([1000.0, 1e5, 1e6], 0.001).round(5).tolist()
    [0.064, 0.02217, 0.01994]
    >>> friction_factor([1000.0, 1e5, 1e6], 0.001, "nikuradse").round(5).tolist()
    [0.08362, 0.02026, 0.01968]
    """
    re, ratio = np.broadcast_arrays(np.asarray(reynolds, float), np.asarray(roughness_ratio, float))
    if law == "nikuradse":
        return np.asarray(64 / re + nikuradse(ratio))
    turbulent = np.maximum(re, LAMINAR_BELOW)
    rough, smooth = ratio / 3.7, 2.51 / turbulent
    x = -1.8 * np.log10(rough**1.11 + 6.9 / turbulent)
    for _ in range(_NEWTON_STEPS):
        inside = rough + smooth * x
        x = x - (x + 2 * np.log10(inside)) / (1 + 2 / np.log(10) * smooth / inside)
    return np.where(re < LAMINAR_BELOW, 64 / re, x**-2)


def pressure_gradient_pa_m(
    flow_kg_s: npt.ArrayLike,
    diameter_m: npt.ArrayLike,
    roughness_m: npt.ArrayLike,
    water: Water,
    law: Law = "colebrook",
) -> Floats:
    r"""Return the pressure that friction takes per metre, :math:`\lambda \rho v^2 / (2 d)`; zero without flow.

    Parameters
    ----------
    flow_kg_s : array
        [kg/s]
    diameter_m, roughness_m : array
        Inner diameter and roughness [m].
    water : Water
    law : str
        See :func:`friction_factor`.

    Returns
    -------
    array
        [Pa/m]

    Examples
    --------
    >>> water = Water(988.0, 4180.0, 5.434e-4)
    >>> pressure_gradient_pa_m([0.0, 4424 / 3600], 0.0408, 7e-6, water).round(1).tolist()
    [0.0, 220.2]
    """
    flow, d = np.asarray(flow_kg_s, float), np.asarray(diameter_m, float)
    area = np.pi * d**2 / 4
    reynolds = np.maximum(flow * d / (area * water.viscosity_pa_s), 1e-9)
    friction = friction_factor(reynolds, np.asarray(roughness_m, float) / d, law)
    velocity = flow / (area * water.density_kg_m3)
    return np.asarray(friction / d * water.density_kg_m3 * velocity**2 / 2)


def loss_w_mk(radii_m: npt.ArrayLike, conductivities_w_mk: npt.ArrayLike, film_w_m2k: float | None = None) -> Floats:
    r"""Return the heat that a metre of pipe loses per degree through its layers.

    .. math:: U = 2 \pi \left/ \left(\sum_k \frac{\ln(r_{k+1} / r_k)}{\lambda_k} + \frac{1}{h r_{last}}\right)\right.

    Soil above a pipe whose axis lies at the depth :math:`H` counts as a layer out to the radius :math:`2 H`, as long as
    the pipe is much thinner than it lies deep.

    Parameters
    ----------
    radii_m : array (layers + 1, ...)
        From the inner surface outwards [m].
    conductivities_w_mk : array (layers, ...)
        Of each layer [W/(m K)].
    film_w_m2k : float, optional
        Heat transfer at the outermost surface; perfect without it [W/(m2 K)].

    Returns
    -------
    array (...)
        [W/(m K)]

    Raises
    ------
    TwinError
        When the radii do not grow or a conductivity is not above zero.

    References
    ----------
    S. Frederiksen and S. Werner, District Heating and Cooling, Studentlitteratur, 2013.

    Examples
    --------
    A plastic pipe of 25 x 2.3 mm with 34 mm of insulation, and a steel pipe DN 100 in the ground:

    >>> round(float(loss_w_mk([0.0102, 0.0125, 0.0465], [0.35, 0.026])), 5)
    0.12294
    >>> round(float(loss_w_mk([0.05715, 0.1125, 2.0], [0.027, 1.5])), 4)
    0.2327
    """
    radii, conductivities = np.asarray(radii_m, float), np.asarray(conductivities_w_mk, float)
    if not ((np.diff(radii, axis=0) > 0).all() and (radii[0] > 0).all() and (conductivities > 0).all()):
        raise TwinError("the layers of a pipe: give rising radii above zero and conductivities above zero")
    # first the layers, then whatever runs beside them
    layers = conductivities.reshape(conductivities.shape + (1,) * (radii.ndim - conductivities.ndim))
    resistance = (np.log(radii[1:] / radii[:-1]) / layers).sum(axis=0)
    if film_w_m2k is not None:
        resistance = resistance + 1 / (film_w_m2k * radii[-1])
    return np.asarray(2 * np.pi / resistance)


@dataclass(frozen=True)
class Catalogue:
    """The sizes of pipe that may be laid, from the thinnest to the widest.

    Attributes
    ----------
    dn : array (k,) of int
        Nominal diameter.
    inner_diameter_m, roughness_m : array (k,)
        [m]
    loss_w_mk : array (k,)
        Of one buried, pre-insulated pipe [W/(m K)].
    trench_cost_sek_m : mapping of str to array (k,)
        By setting, ``"inner_city"`` or ``"suburb"``: a metre of trench with both its pipes [SEK/m].
    """

    dn: Whole
    inner_diameter_m: Floats
    roughness_m: Floats
    loss_w_mk: Floats
    trench_cost_sek_m: Mapping[str, Floats]

    def __post_init__(self) -> None:
        columns = {"inner_diameter_m": self.inner_diameter_m, "loss_w_mk": self.loss_w_mk, **self.trench_cost_sek_m}
        problems = [
            Problem("pipe_catalogue", name, "every size needs a number above zero", int((~(v > 0)).sum()))
            for name, v in columns.items()
            if not (v > 0).all()
        ]
        if not len(self.dn) or not (np.diff(self.inner_diameter_m) > 0).all():
            problems.append(Problem("pipe_catalogue", "inner_diameter_m", "list the sizes from the thinnest on"))
        if problems:
            raise SchemaError(problems)

    @classmethod
    def standard(cls) -> Catalogue:
        """Return the sizes of the reference table ``pipe_catalogue``.

        Examples
        --------
        >>> catalogue = Catalogue.standard()
        >>> int(catalogue.dn[7]), float(catalogue.inner_diameter_m[7]), float(catalogue.loss_w_mk[7])
        (100, 0.1071, 0.2327)
        """
        t = reference.table("pipe_catalogue")
        return cls(
            t["dn"].to_numpy(np.int64),
            t["inner_diameter_mm"].to_numpy(float) / 1000,
            t["roughness_mm"].to_numpy(float) / 1000,
            t["loss_w_mk"].to_numpy(float),
            {s: t[f"trench_cost_{s}_sek_m"].to_numpy(float) for s in ("inner_city", "suburb")},
        )


def largest_flow_kg_s(catalogue: Catalogue, water: Water, limit_pa_m: float) -> Floats:
    """Return the flow at which friction in each size reaches a limit.

    Parameters
    ----------
    catalogue : Catalogue
    water : Water
    limit_pa_m : float
        Greatest pressure gradient [Pa/m].

    Returns
    -------
    array (k,)
        [kg/s]

    Examples
    --------
    >>> largest_flow_kg_s(Catalogue.standard(), Water(988.0, 4180.0, 5.434e-4), 100.0)[[0, 7, 14]].round(3).tolist()
    [0.129, 9.092, 278.01]
    """
    low, high = np.zeros(len(catalogue.dn)), 1e5 * catalogue.inner_diameter_m**2  # some 130 m/s
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        within = pressure_gradient_pa_m(middle, catalogue.inner_diameter_m, catalogue.roughness_m, water) <= limit_pa_m
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return low


def size(flow_kg_s: npt.ArrayLike, catalogue: Catalogue, water: Water, limit_pa_m: float) -> Whole:
    """Return the thinnest size that carries a flow within a pressure gradient, by Colebrook's friction.

    Parameters
    ----------
    flow_kg_s : array
        Design flow [kg/s].
    catalogue : Catalogue
    water : Water
    limit_pa_m : float
        Greatest pressure gradient [Pa/m].

    Returns
    -------
    array of int
        Row of the catalogue.

    Raises
    ------
    TwinError
        When a flow is no number, negative, or more than the widest pipe carries.

    Examples
    --------
    >>> catalogue = Catalogue.standard()
    >>> catalogue.dn[size([0.0, 1.0, 40.0], catalogue, Water(988.0, 4180.0, 5.434e-4), 100.0)].tolist()
    [20, 50, 200]
    """
    flow = np.asarray(flow_kg_s, float)
    if not (flow >= 0).all():
        raise TwinError(f"{int((~(flow >= 0)).sum())} pipes have no design flow or a negative one: give 0 or more kg/s")
    most = largest_flow_kg_s(catalogue, water, limit_pa_m)
    row = np.searchsorted(most, flow)
    if (row == len(most)).any():
        raise TwinError(
            f"{int((row == len(most)).sum())} pipes carry up to {flow.max():.0f} kg/s, more than the widest of the "
            f"catalogue, DN {catalogue.dn[-1]}, takes at {limit_pa_m:g} Pa/m ({most[-1]:.0f} kg/s): "
            "allow a steeper gradient, cool the return further, or add wider pipes to the catalogue"
        )
    return np.asarray(row, np.int64)


def coincidence(count: npt.ArrayLike) -> Floats:
    r"""Return the peak that consumers have together, over the sum of their own peaks.

    .. math:: g(n) = a + \frac{b}{1 + (n / c)^d}

    with the constants of the reference table ``coincidence``; no more than 1.

    Parameters
    ----------
    count : array
        Number of consumers downstream [1].

    Returns
    -------
    array
        [1]

    References
    ----------
    W. Winter, T. Haslauer and I. Obernberger, Untersuchungen der Gleichzeitigkeit in kleinen und mittleren
    Nahwärmenetzen, Euroheat & Power, 2001.

    Examples
    --------
    >>> coincidence([0, 1, 50, 1000]).round(3).tolist()
    [1.0, 1.0, 0.743, 0.453]
    """
    c = reference.table("coincidence").set_index("curve").loc["heat"]
    a, b, scale, power = (float(c[k]) for k in "abcd")
    return np.minimum(a + b / (1 + (np.asarray(count, float) / scale) ** power), 1.0)
