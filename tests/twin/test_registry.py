"""Three doors, one registry: decorators, entry points, files that the caller names."""

import importlib.metadata
from typing import Annotated

import pytest
from pydantic import Field

import layers  # noqa: F401 - registers the built-in ones
from twin import PluginError, TwinError
from twin.registry import LAYERS, LayerSpec, Registry, layer, load_plugin, measure


@pytest.fixture
def registry(monkeypatch):
    """A registry of its own; the real one is left alone."""
    fresh = Registry("layer")
    monkeypatch.setattr("twin.registry.LAYERS", fresh)
    return fresh


def test_the_decorator_registers_and_leaves_the_function_as_it_is(registry):
    @layer("wells", title="Brunnar", provides={"depth_m": "m"}, licence="CC0")
    def wells(context, *, path: str, least_m: Annotated[float, Field(gt=0)] = 1.0):
        """Read wells."""
        return context, path, least_m

    assert wells("c", path="p") == ("c", "p", 1.0)
    spec = registry["wells"]
    assert (spec.title, spec.licence, spec.doc) == ("Brunnar", "CC0", "Read wells.")
    assert spec.check({"path": "x"}, "layer") == {"path": "x", "least_m": 1.0}
    with pytest.raises(TwinError, match=r"least_m = -1.*") as caught:
        spec.check({"least_m": -1, "pth": "x"}, "layer 'wells'")
    assert "did you mean 'path'" in str(caught.value)
    assert "'path' is missing" in str(caught.value)


def test_a_notebook_cell_may_be_run_twice_but_two_functions_may_not_share_a_name(registry):
    def one():
        @layer("a")
        def read(context):
            return 1

        return read

    one()
    one()
    with pytest.raises(PluginError, match="registered twice"):

        @layer("a")
        def other(context):
            return 2


def test_measures_know_whether_they_are_gradual(monkeypatch):
    fresh = Registry("measure")
    monkeypatch.setattr("twin.registry.MEASURES", fresh)

    @measure(changes=["aadt"], table="roads")
    def halve(chosen, factors, *, progress=1.0):
        return chosen

    @measure(changes=["heating"])
    def swap(chosen, factors):
        return chosen

    assert fresh["halve"].gradual
    assert not fresh["swap"].gradual
    assert "progress" not in fresh["halve"].params.model_fields


class Entry:
    def __init__(self, name, load):
        self.name, self.value, self.load = name, f"package.{name}", load


def test_a_broken_plugin_never_stops_the_rest(registry, monkeypatch):
    def boom():
        raise ImportError("no module named gdal")

    def silent():
        return None

    def good():
        registry.add(LayerSpec("good", good, "Good", registry_params()))

    entries = [Entry("bad", boom), Entry("empty", silent), Entry("good", good)]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: entries if group == "twin.layers" else [])
    assert registry.names() == ["bad", "empty", "good"]
    state = registry.state()
    assert state["good"][0] == "ok"
    assert state["bad"] == ("broken", "package.bad raised ImportError: no module named gdal")
    assert state["empty"][0] == "broken"
    with pytest.raises(PluginError, match="no module named gdal"):
        registry["bad"]


def registry_params():
    return LAYERS["csv"].params


def test_a_file_that_the_caller_names(tmp_path):
    plugin = tmp_path / "wells.py"
    plugin.write_text("raise RuntimeError('no wells today')", encoding="utf-8")
    with pytest.raises(PluginError, match=r"wells\.py raised RuntimeError: no wells today"):
        load_plugin(plugin)
    plugin.write_text("def broken(:", encoding="utf-8")
    with pytest.raises(PluginError, match="SyntaxError"):
        load_plugin(plugin)
    with pytest.raises(PluginError, match="there is no plugin file"):
        load_plugin(tmp_path / "nothing.py")


def test_an_unknown_layer_is_answered_with_the_known_ones():
    with pytest.raises(TwinError, match="did you mean 'vector'"):
        LAYERS["vektor"]
