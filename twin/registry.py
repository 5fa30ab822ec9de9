"""One registry of layers and one of measures, with three doors: a decorator, an entry point, a line in ``city.toml``.

The parameters of a layer or a measure are the keyword-only arguments of its function; their types and limits
(``Annotated[float, Field(gt=0)]``) become a frozen pydantic model that checks files and draws forms.
A broken plugin is reported as broken and never stops the rest. A file never causes an import.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from twin.errors import PluginError, TwinError, did_you_mean

__all__ = ["LAYERS", "MEASURES", "LayerSpec", "MeasureSpec", "Registry", "layer", "load_plugin", "measure"]

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class _Spec:
    name: str
    function: Callable[..., Any]
    title: str
    params: type[BaseModel]

    @property
    def doc(self) -> str:
        """First paragraph of the function's docstring."""
        return (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")

    def check(self, values: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Return checked parameters.

        Raises
        ------
        TwinError
            With every unknown, missing or impossible parameter.
        """
        try:
            model = self.params(**values)
        except ValidationError as error:
            raise TwinError(_in_words(error, where, self.params)) from error
        return {k: getattr(model, k) for k in type(model).model_fields}


@dataclass(frozen=True)
class LayerSpec(_Spec):
    """What is known of a layer without running it.

    Attributes
    ----------
    table : str
        The table it gives; blank for drivers that serve any table.
    provides : mapping
        Promised columns and their units.
    requires : tuple of str
        Layers, or ``layer.column``, that must be there first.
    crs, licence, source : str
        Coordinate system of the source where its files do not say, terms and origin.
    """

    table: str = ""
    provides: Mapping[str, str] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    crs: str = ""
    licence: str = ""
    source: str = ""


@dataclass(frozen=True)
class MeasureSpec(_Spec):
    """What is known of a measure without running it.

    Attributes
    ----------
    table : str
        ``"buildings"`` or ``"roads"``: the entities it acts on.
    changes : tuple of str
        The columns it writes.
    gradual : bool
        True when the function takes ``progress``: every chosen entity changes a little each year of the roll-out.
        Otherwise the chosen entities change one after the other, each all at once.
    """

    table: str = "buildings"
    changes: tuple[str, ...] = ()
    gradual: bool = False


SpecT = TypeVar("SpecT", bound=_Spec)


class Registry(Generic[SpecT]):
    """Named things that researchers add; entry points are found lazily and loaded on first use."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.broken: dict[str, str] = {}
        self._specs: dict[str, SpecT] = {}

    def add(self, spec: SpecT) -> None:
        """Register; the same function again (a notebook cell run twice) replaces itself.

        Raises
        ------
        PluginError
            When another function has the name.
        """
        old = self._specs.get(spec.name)
        if old and (old.function.__module__, old.function.__qualname__) != (
            spec.function.__module__,
            spec.function.__qualname__,
        ):
            raise PluginError(
                f"{self.kind} {spec.name!r} is registered twice, by {old.function.__module__} and {spec.function.__module__}; rename one"
            )
        self._specs[spec.name] = spec

    def __getitem__(self, name: str) -> SpecT:
        if name not in self._specs:
            self._load(name)
        if name in self._specs:
            return self._specs[name]
        if name in self.broken:
            raise PluginError(f"{self.kind} {name!r} is broken: {self.broken[name]}")
        raise TwinError(f"no {self.kind} {name!r}{did_you_mean(name, self.names())}")

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def names(self) -> list[str]:
        """Return all names, those of entry points included; nothing is imported."""
        return sorted({*self._specs, *self._entry_points(), *self.broken})

    def state(self) -> dict[str, tuple[str, str]]:
        """Load everything and return, by name, ``("ok", module)`` or ``("broken", reason)``."""
        for name in self._entry_points():
            self._load(name)
        ok = {n: ("ok", s.function.__module__) for n, s in self._specs.items()}
        return dict(sorted((ok | {n: ("broken", why) for n, why in self.broken.items() if n not in ok}).items()))

    def _entry_points(self) -> dict[str, importlib.metadata.EntryPoint]:
        return {e.name: e for e in importlib.metadata.entry_points(group=f"twin.{self.kind}s")}

    def _load(self, name: str) -> None:
        entry = self._entry_points().get(name)
        if entry is None or name in self._specs or name in self.broken:
            return
        try:
            entry.load()
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises must not stop the rest
            self.broken[name] = f"{entry.value} raised {type(error).__name__}: {error}"
            return
        if name not in self._specs:
            self.broken[name] = f"{entry.value} registers no {self.kind} {name!r}"


LAYERS: Registry[LayerSpec] = Registry("layer")
MEASURES: Registry[MeasureSpec] = Registry("measure")


def layer(
    name: str,
    *,
    title: str = "",
    table: str = "",
    provides: Mapping[str, str] | None = None,
    requires: tuple[str, ...] = (),
    crs: str = "",
    licence: str = "",
    source: str = "",
) -> Callable[[Function], Function]:
    """Register a function ``(context, *, parameters) -> table`` as a layer.

    Parameters
    ----------
    name : str
        What ``use`` in ``city.toml`` names.
    title : str
        What people see.
    table : str
        The table it gives; blank for a driver that serves any table.
    provides : mapping, optional
        Promised columns and their units; a missing one is an error.
    requires : tuple of str
        ``"terrain"`` or ``"buildings.height_m"``: what must be there first.
    crs, licence, source : str
        Coordinate system where the files do not say, terms of use, origin.

    Returns
    -------
    decorator
        Which leaves the function as it is.
    """

    def register(function: Function) -> Function:
        LAYERS.add(
            LayerSpec(
                name,
                function,
                title or name,
                _params(function, name),
                table,
                dict(provides or {}),
                requires,
                crs,
                licence,
                source,
            )
        )
        return function

    return register


def measure(
    *, changes: list[str], table: str = "buildings", name: str = "", title: str = ""
) -> Callable[[Function], Function]:
    """Register a function ``(chosen, factors, *, parameters) -> changed columns`` as a measure.

    A function that takes ``progress`` (0 to 1) is gradual: all chosen entities change a little each year.

    Parameters
    ----------
    changes : list of str
        Columns that it writes. Two steps that write the same column never take the same entity.
    table : str
        ``"buildings"`` or ``"roads"``.
    name, title : str
        Name in scenarios (the function's own by default) and what people see.

    Returns
    -------
    decorator
        Which leaves the function as it is.
    """

    def register(function: Function) -> Function:
        known = name or function.__name__
        gradual = "progress" in inspect.signature(function).parameters
        MEASURES.add(
            MeasureSpec(
                known,
                function,
                title or known.replace("_", " "),
                _params(function, known),
                table,
                tuple(changes),
                gradual,
            )
        )
        return function

    return register


def load_plugin(path: str | Path) -> None:
    """Run a module that the caller names, so that its decorators register layers and measures.

    Raises
    ------
    PluginError
        When the file is missing or raises.
    """
    file = Path(path)
    if not file.is_file():
        raise PluginError(f"there is no plugin file {file}")
    name = f"twin_plugin_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise PluginError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise PluginError(f"plugin {file} raised {type(error).__name__}: {error}") from error


def _params(function: Callable[..., Any], name: str) -> type[BaseModel]:
    """Build the model of a function's keyword-only arguments."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        p.name: (hints.get(p.name, Any), ... if p.default is p.empty else p.default)
        for p in inspect.signature(function).parameters.values()
        if p.kind is p.KEYWORD_ONLY and p.name != "progress"
    }
    return create_model(name, __config__=ConfigDict(frozen=True, extra="forbid", strict=False), **fields)


def _in_words(error: ValidationError, where: str, model: type[BaseModel]) -> str:
    lines = []
    for e in error.errors():
        key = ".".join(map(str, e["loc"]))
        if e["type"] == "extra_forbidden":
            lines.append(f"unknown parameter {key!r}{did_you_mean(key, model.model_fields)}")
        elif e["type"] == "missing":
            lines.append(f"parameter {key!r} is missing")
        else:
            lines.append(f"{key} = {e['input']!r}: {e['msg']}")
    return f"{where}: " + "; ".join(lines)
