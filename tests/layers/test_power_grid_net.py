"""The export to power-grid-model: refused in words without it; with it, its Newton solver and ours find the same state."""

import importlib
import json

import numpy as np
import pandas as pd
import pytest

from energy.electrification.feeder import Feeder, power_flow
from energy.tree import Tree
from layers import power_grid_net
from layers.power_grid_net import solve_power, to_power_grid_model, write_power_grid
from twin import SchemaError, TwinError


@pytest.fixture
def library():
    return pytest.importorskip(
        "power_grid_model", reason="power-grid-model is not installed: pip install '.[crosscheck]'"
    )


def tables(feeder, p_kw, q_kvar):
    """A feeder of ours as the export takes it: buses in our order, line i - 1 above bus i, the transformer last."""
    n, tree = len(p_kw), feeder.tree
    parent = np.where(tree.parent < 0, n, tree.order[tree.parent])[tree.place]
    return (
        pd.DataFrame({"nominal_v": feeder.nominal_v, "p_kw": np.r_[p_kw, 0.0], "q_kvar": np.r_[q_kvar, 0.0]}),
        pd.DataFrame(
            {
                "start": parent,
                "end": np.arange(n),
                "resistance_ohm": feeder.resistance_ohm,
                "reactance_ohm": feeder.reactance_ohm,
                "rating_a": feeder.rating_a,
            }
        ),
        pd.DataFrame({"bus": [n]}),
    )


def random_feeder(n, seed):
    rng = np.random.default_rng(seed)
    tree = Tree.of([-1, *(int(rng.integers(max(0, i - 5), i)) for i in range(1, n))])
    p = rng.uniform(-1.0, 3.0, n)
    r = rng.uniform(0.001, 0.004, n)
    r[0] = 0.0
    return Feeder(tree, r, 0.5 * r, np.where(rng.random(n) < 0.5, np.nan, 300.0), 400.0), p, 0.3 * p


def test_a_missing_library_is_told_with_the_remedy(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(power_grid_net.importlib, "import_module", missing)
    feeder, p, q = random_feeder(5, 1)
    with pytest.raises(TwinError, match=r"pip install 'klimattvilling\[crosscheck\]'"):
        to_power_grid_model(*tables(feeder, p, q))


def test_all_problems_of_the_tables_are_told_at_once():
    buses, lines, sources = tables(*random_feeder(5, 1))
    lines = lines.assign(name=list("abcde"))
    lines.loc[1, "resistance_ohm"] = -0.1
    lines.loc[2, "end"] = 99
    buses.loc[3, "p_kw"] = np.nan
    with pytest.raises(SchemaError) as error:
        to_power_grid_model(buses, lines, sources.iloc[:0])
    for words in ("lines.resistance_ohm", "first: b", "lines.end: is no bus from 0 to 5", "buses.p_kw", "no source"):
        assert words in str(error.value)
    with pytest.raises(SchemaError, match=r"lines.start: the column is missing"):
        to_power_grid_model(buses, lines.drop(columns="start"), sources)
    buses, lines, sources = tables(*random_feeder(5, 1))
    buses.loc[4, "nominal_v"] = 10_000.0
    with pytest.raises(SchemaError, match="different nominal voltage"):
        to_power_grid_model(buses, lines, sources)


def test_the_module_is_looked_up_only_when_it_is_needed():
    assert not hasattr(importlib.import_module("layers.power_grid_net"), "power_grid_model")


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("method", ["newton_raphson", "iterative_current"])
def test_a_random_feeder_has_the_same_state(seed, method):
    feeder, p, q = random_feeder(200, seed)
    ours = power_flow(feeder, p, q)
    theirs = solve_power(to_power_grid_model(*tables(feeder, p, q)), method)
    np.testing.assert_allclose(theirs.voltage_pu[:-1], ours.voltage_pu, atol=1e-8)
    np.testing.assert_allclose(theirs.current_a, ours.current_a, atol=1e-4)
    assert theirs.loss_kw == pytest.approx(float(ours.loss_kw), rel=1e-5)
    assert theirs.source_kw == pytest.approx(float(ours.source_kw), rel=1e-5)


@pytest.mark.usefixtures("library")
def test_the_33_buses_of_baran_and_wu(root):
    t = pd.read_csv(root / "tests" / "reference" / "case33bw.csv")
    load = t.set_index("to_bus")[["p_kw", "q_kvar"]].reindex(range(33), fill_value=0)
    lines = t.rename(columns={"from_bus": "start", "to_bus": "end"})
    got = solve_power(to_power_grid_model(load.assign(nominal_v=12_660.0), lines, pd.DataFrame({"bus": [0]})))
    assert got.voltage_pu.min() == pytest.approx(0.913090, abs=5e-7)
    assert got.loss_kw == pytest.approx(202.677, abs=5e-4)


@pytest.mark.usefixtures("library")
def test_a_loop_with_two_sources_is_solved_as_it_is(tmp_path):
    buses = pd.DataFrame({"nominal_v": 400.0, "p_kw": [0.0, 20, 30, 10], "q_kvar": 0.0})
    lines = pd.DataFrame({"start": [0, 1, 2, 3], "end": [1, 2, 3, 0], "resistance_ohm": 0.02, "reactance_ohm": 0.01})
    one = to_power_grid_model(buses, lines, pd.DataFrame({"bus": [0]}))
    two = solve_power(to_power_grid_model(buses, lines, pd.DataFrame({"bus": [0, 2]})))
    ring = solve_power(one)
    opened = solve_power(to_power_grid_model(buses, lines.iloc[:3], pd.DataFrame({"bus": [0]})))
    assert opened.voltage_pu.min() < ring.voltage_pu.min() < two.voltage_pu.min()
    assert ring.source_kw == pytest.approx(60 + ring.loss_kw, rel=1e-6)
    write_power_grid(one, tmp_path / "net.json")
    assert len(json.loads((tmp_path / "net.json").read_text())["data"]["line"]) == 4


@pytest.mark.usefixtures("library")
def test_what_cannot_be_solved_is_told():
    feeder, p, q = random_feeder(5, 1)
    with pytest.raises(TwinError, match="too large for their lines"):
        solve_power(to_power_grid_model(*tables(feeder, p + 1e5, q)))
