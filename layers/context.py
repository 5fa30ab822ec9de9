"""What a layer's function is given: where its files lie, the city's coordinate system, the layers read before it."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.errors import Problem, TwinError, did_you_mean

__all__ = ["Context"]


@dataclass
class Context:
    """The surroundings of one layer while it is read.

    Attributes
    ----------
    table : str
        Name of the table that is being read (the key in ``city.toml``).
    crs : str
        The city's coordinate system.
    folder : Path
        The folder that holds the layers' files; nothing outside it is read.
    declared_crs : str
        Coordinate system that ``city.toml`` states for files that leave it out; blank otherwise.
    """

    table: str
    crs: str
    folder: Path
    declared_crs: str = ""
    earlier: Mapping[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def path(self, text: str) -> Path:
        """Return the file that a parameter names.

        Parameters
        ----------
        text : str
            Path relative to the city's folder.

        Raises
        ------
        TwinError
            When it leads outside that folder, nothing is there, or a folder is.
        """
        root = self.folder.resolve()
        file = (root / text).resolve()
        if Path(text).is_absolute() or not file.is_relative_to(root):
            raise TwinError(
                f"layer {self.table!r}: the path {text!r} leads outside the city's folder; put the file inside it, or name its folder with --data"
            )
        if not file.exists():
            beside = [p.name for p in file.parent.iterdir()] if file.parent.is_dir() else []
            near = difflib.get_close_matches(file.name, beside, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise TwinError(f"layer {self.table!r}: there is no file {text!r} in the city's folder{hint}")
        if file.is_dir() and file.suffix != ".gdb":
            raise TwinError(f"layer {self.table!r}: {text!r} is a folder; name the file inside it")
        self.files.append(file)
        return file

    def note(self, text: str) -> None:
        """Tell the user what was repaired, filled or left out, with its count."""
        self.notes.append(text)

    def problem(self, problem: Problem) -> None:
        """Collect a problem; all are raised together when every layer has been read."""
        self.problems.append(problem)

    def __contains__(self, name: object) -> bool:
        return name in self.earlier

    def __getitem__(self, name: str) -> Any:
        if name not in self.earlier:
            raise TwinError(f"layer {self.table!r} needs a layer {name!r} before it{did_you_mean(name, self.earlier)}")
        return self.earlier[name]

    def digest(self) -> str:
        """Return the SHA-256 of the files that were read, in the order of reading."""
        total = hashlib.sha256()
        for file in self.files:
            if file.is_file():
                with file.open("rb") as stream:
                    total.update(hashlib.file_digest(stream, "sha256").digest())
        return total.hexdigest()
