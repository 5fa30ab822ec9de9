"""Starts the app: from a checkout as it is, from an installed package through a folder of the user's own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from twin.errors import TwinError

__all__ = ["run_app", "sample_city"]

_HERE = Path(__file__).resolve().parent
_BUNDLE = _HERE / "_bundle"


def sample_city() -> Path:
    """Return the sample city: the working folder's, the checkout's, or the installed one."""
    for folder in (Path("sample_data"), _HERE.parent / "sample_data", _BUNDLE / "sample_data"):
        if (folder / "city.toml").is_file():
            return folder.resolve()
    raise TwinError("there is no sample city here; name a folder with a city.toml")


def run_app(city: Path | None, data: Path | None, plugins: list[Path], port: int, *, headless: bool) -> int:
    """Serve the app on this machine until it is stopped.

    Parameters
    ----------
    city, data : Path, optional
        Folder with ``city.toml``, and folder of the layers' files.
    plugins : list of Path
    port : int
    headless : bool
        Open no browser.

    Returns
    -------
    int
        Exit code of the server.
    """
    folder = (city or sample_city()).resolve()
    if not (folder / "city.toml").is_file():
        raise TwinError(f"there is no city.toml in {folder}; a city is a folder with that file")
    for plugin in plugins:
        if not plugin.is_file():
            raise TwinError(f"there is no plugin file {plugin}")
    script = _script()
    environment = {
        **os.environ,
        "KLIMATTVILLING_CITY": str(folder),
        "KLIMATTVILLING_DATA": str(data.resolve()) if data else "",
        "KLIMATTVILLING_PLUGINS": os.pathsep.join(str(p.resolve()) for p in plugins),
    }
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", str(headless).lower()]
    command = [sys.executable, "-m", "streamlit", "run", script.name, *options]
    with subprocess.Popen(command, cwd=script.parent, env=environment) as server:  # noqa: S603 - our own words
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())  # who stops the command stops the server
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:  # the server has had it too and is on its way out
                continue


def _script() -> Path:
    """Return app.py in a folder where a `static` folder can be written beside it."""
    checkout = _HERE.parent / "app.py"
    if checkout.is_file() and not _BUNDLE.is_dir():
        return checkout
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "klimattvilling"
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError:
        home = Path(tempfile.mkdtemp(prefix="klimattvilling-"))
    for name in ("app.py", ".streamlit/config.toml"):
        target = home / name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(_BUNDLE / name, target)
    return home / "app.py"
