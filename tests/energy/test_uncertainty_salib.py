"""Sobol indices beside those of SALib: of the same results, and each on points of its own."""

import importlib

import numpy as np
import pytest

from energy.climate import uncertainty as u

# Saltelli et al. (2010), https://doi.org/10.1016/j.cpc.2009.09.018: from a factor that matters to one that does not
G_A = np.array([0.0, 1.0, 4.5, 9.0, 99.0])


@pytest.fixture(scope="module")
def salib():
    """Return SALib's module of a name."""
    pytest.importorskip("SALib", reason="SALib is not installed: pip install '.[crosscheck]'")
    return lambda name: importlib.import_module(f"SALib.{name}")


@pytest.fixture(params=["ishigami", "g"])
def case(request, salib):
    """A function by SALib of points within 0 and 1, its problem, and its indices on paper: first and total."""
    if request.param == "ishigami":
        evaluate = salib("test_functions.Ishigami").evaluate
        known = [0.3139, 0.4424, 0.0], [0.5576, 0.4424, 0.2437]  # T. Ishigami and T. Homma (1990), a = 7, b = 0.1
        return lambda points: evaluate(np.pi * (2 * points - 1), A=7, B=0.1), _problem(3), known
    g = salib("test_functions.Sobol_G")
    known = g.sensitivity_index(G_A), g.total_sensitivity_index(G_A)
    return lambda points: g.evaluate(points, a=G_A), _problem(len(G_A)), known


def _problem(factors):
    return {"num_vars": factors, "names": [f"x{i}" for i in range(factors)], "bounds": [[0.0, 1.0]] * factors}


def _ours(y, factors, draws):
    design = u.saltelli(draws, factors, seed=1)
    return y(design.a), y(design.b), np.stack([y(design.mixed(i)) for i in range(factors)])


def test_the_same_results_have_the_same_indices(case, salib):
    y, problem, _ = case
    factors = problem["num_vars"]
    of_a, of_b, of_mixed = _ours(y, factors, 256)
    s1, total = u.sobol_indices(of_a, of_b, of_mixed)

    sobol = salib("analyze.sobol")
    mean = np.concatenate([of_a, of_b]).mean()
    first = [float(sobol.first_order(of_a - mean, mixed - mean, of_b - mean)) for mixed in of_mixed]
    assert s1 == pytest.approx(first, rel=1e-12, abs=1e-12)
    theirs = sobol.analyze(problem, np.column_stack([of_a, *of_mixed, of_b]).ravel(), calc_second_order=False, seed=1)
    assert total == pytest.approx(theirs["ST"], rel=1e-12, abs=1e-12)
    # its analysis takes off the mean of the mixed samples too, which moves a first-order index by this much
    off = np.concatenate([of_a, *of_mixed, of_b]).mean() - mean
    moved = off * (of_mixed - of_a).mean(axis=1) / np.concatenate([of_a, of_b]).var()
    assert s1 - theirs["S1"] == pytest.approx(moved, rel=1e-9, abs=1e-12)


def test_points_of_one_s_own_lead_to_the_same_indices(case, salib):
    y, problem, known = case
    draws = 2**14  # both then err by less than 0.001 (root mean square of 30 seeds)
    found = u.sobol_indices(*_ours(y, problem["num_vars"], draws))
    points = salib("sample.sobol").sample(problem, draws, calc_second_order=False, seed=2)
    theirs = salib("analyze.sobol").analyze(problem, y(points), calc_second_order=False, num_resamples=2, seed=1)
    for ours, name, exact in zip(found, ("S1", "ST"), known, strict=True):
        assert ours == pytest.approx(theirs[name], abs=0.004)
        assert ours == pytest.approx(exact, abs=0.004)
