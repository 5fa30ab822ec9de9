"""Writes a plugin that works as it is: a layer of points, and a test of it."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from twin.errors import TwinError

__all__ = ["how_to", "write"]

_TEMPLATES = Path(__file__).parent / "templates"


def write(name: str, folder: Path) -> list[Path]:
    """Write the plugin and its test.

    Parameters
    ----------
    name : str
        A Python name in lower case.
    folder : Path
        Where to; existing files are never overwritten.

    Returns
    -------
    list of Path

    Raises
    ------
    TwinError
        When the name is none, or a file is there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise TwinError(
            f"{name!r} can not name a layer; use lower-case letters, digits and underscores, beginning with a letter, and no word of Python's own"
        )
    targets = {folder / f"{name}_layer.py": "layer.py.txt", folder / f"test_{name}_layer.py": "test_layer.py.txt"}
    if there := [str(p) for p in targets if p.exists()]:
        raise TwinError(f"{', '.join(there)} is there already; choose another name or folder")
    if folder.exists() and not folder.is_dir():
        raise TwinError(f"{folder} is a file; name a folder with --out")
    folder.mkdir(parents=True, exist_ok=True)
    for target, template in targets.items():
        target.write_text((_TEMPLATES / template).read_text(encoding="utf-8").replace("NAME", name), encoding="utf-8")
    return list(targets)


def how_to(name: str) -> str:
    """Return what to do next."""
    return (
        f"Try it:   python -m pytest test_{name}_layer.py\n"
        f"Use it:   add to city.toml\n\n"
        f"    [layers.{name}]\n"
        f'    use = "{name}"\n'
        f'    path = "{name}.gpkg"\n\n'
        f"          and start with --plugin {name}_layer.py"
    )
