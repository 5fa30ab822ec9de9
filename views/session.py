"""The city and its scenarios, loaded and calculated once for all pages."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import energy
import layers
from twin import City, TwinError
from twin.registry import load_plugin
from views.launch import sample_city

__all__ = ["Session", "Settings", "open_session"]

BASELINE = "baseline"


@dataclass(frozen=True)
class Settings:
    """What the app was started with.

    Attributes
    ----------
    city : Path
        Folder with ``city.toml``.
    data : Path, optional
        Folder of the layers' files.
    plugins : tuple of Path
    """

    city: Path
    data: Path | None = None
    plugins: tuple[Path, ...] = ()

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the settings that the command ``twin app`` passes on."""
        city, data = os.environ.get("KLIMATTVILLING_CITY", ""), os.environ.get("KLIMATTVILLING_DATA", "")
        plugins = os.environ.get("KLIMATTVILLING_PLUGINS", "")
        return cls(
            Path(city) if city else sample_city(),
            Path(data) if data else None,
            tuple(Path(p) for p in plugins.split(os.pathsep) if p),
        )

    @property
    def token(self) -> str:
        """A text that changes when a file of the city does."""
        root = self.data or self.city
        files = [
            *self.city.glob("*.toml"),
            *self.city.glob("scenarios/*.toml"),
            *(root.glob("*") if self.data is None else []),
        ]
        stamps = [f"{f.name}:{f.stat().st_mtime_ns}" for f in sorted(files) if f.is_file()]
        return "|".join([str(self.city), str(self.data), *map(str, self.plugins), *stamps])


@dataclass(frozen=True)
class Session:
    """A city and the results of every scenario, the baseline first.

    Attributes
    ----------
    city : City
    runs : dict of str to Results
        By scenario name; the baseline is called ``"baseline"``.
    """

    city: City
    runs: dict[str, energy.Results]

    @property
    def years(self) -> tuple[int, ...]:
        """The years of every run."""
        return self.runs[BASELINE].years


def open_session(settings: Settings, progress: Callable[[float, str], None] | None = None) -> Session:
    """Load the city and run the scenarios in its folder ``scenarios``.

    Parameters
    ----------
    settings : Settings
    progress : callable, optional
        Told the share done and what is being done.

    Raises
    ------
    TwinError
        When the city, a plugin or a scenario is not right.
    """
    tell = progress or (lambda _share, _text: None)
    for plugin in settings.plugins:
        load_plugin(plugin)
    tell(0.0, "city.toml")
    city = layers.load(settings.city, settings.data, lambda share, text: tell(0.3 * share, text))
    tell(0.3, "engine")
    energy.compile_engine()
    scenarios = [
        energy.Scenario.baseline(),
        *(energy.Scenario.read(p) for p in sorted(settings.city.glob("scenarios/*.toml"))),
    ]
    if len({s.name for s in scenarios}) < len(scenarios):
        raise TwinError(
            f"two scenarios in {settings.city / 'scenarios'} have the same name, or one is called {BASELINE}"
        )
    years = range(city.base_year, max(city.base_year, 2030) + 1)
    runs = {}
    for k, scenario in enumerate(scenarios):
        start = 0.3 + 0.7 * k / len(scenarios)
        runs[scenario.name] = energy.simulate(
            city, scenario, years=years, progress=_part(tell, start, 0.7 / len(scenarios), scenario.name)
        )
    tell(1.0, "")
    return Session(city, runs)


def _part(tell: Callable[[float, str], None], start: float, step: float, name: str) -> Callable[[float, str], None]:
    return lambda share, _text: tell(start + step * share, name)
