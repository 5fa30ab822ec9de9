"""Drives the app in a real Chromium with software graphics."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from io import BytesIO

import numpy as np
import pytest
from playwright.sync_api import sync_playwright
from rasterio.io import MemoryFile

ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip
PATIENCE_MS = 90_000


@contextmanager
def served(folder, city, data="", plugins=(), command=None, environment=None, *, headless=True):
    """Serve the app as `twin app` does; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        *(command or [sys.executable, "-m", "views.cli"]),
        "app",
        *([str(city)] if city else []),
        "--port",
        str(port),
        *(["--headless"] if headless else []),
    ]
    words += ["--data", str(data)] if data else []
    words += [w for p in plugins for w in ("--plugin", str(p))]
    log = folder / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("the app did not start in a minute: " + log.read_text()[-2000:])
        assert process.poll() is None, log.read_text()[-2000:]
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


@contextmanager
def opened(address, query="", path=""):
    """Open one of the app's pages; yield it with the foreign requests and the console's errors so far."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("the browser tests need chromium; install it with your system's package manager")
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium, args=ARGUMENTS, ignore_default_args=["--headless"], headless=True
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        foreign, errors = [], []
        page.on(
            "request",
            lambda r: foreign.append(r.url) if r.url.startswith("http") and not r.url.startswith(address) else None,
        )
        # below a page's address Streamlit asks for its own files first there, then at the root
        page.on(
            "console",
            lambda m: (
                errors.append(m.text) if m.type == "error" and f"/{path}/_stcore/" not in m.location["url"] else None
            ),
        )
        page.goto(f"{address}/{path}?{query}")
        yield page, foreign, errors
        browser.close()


def pixels(page):
    """Return the map's pixels, height x width x 3, once two pictures in a row are the same."""
    page.locator("canvas").first.wait_for(timeout=PATIENCE_MS)
    before = None
    for _ in range(60):
        page.wait_for_timeout(1000)
        now = _picture(page)
        if (
            before is not None
            and now.shape == before.shape
            and len(np.unique(now.reshape(-1, 3), axis=0)) > 3
            and (now == before).all()
        ):
            return now
        before = now
    pytest.fail("the map did not come to rest")


def _picture(page):
    png = BytesIO(page.locator('[data-testid="stDeckGlJsonChart"]').first.screenshot()).getvalue()
    with MemoryFile(png) as memory, memory.open() as image:
        return np.moveaxis(image.read([1, 2, 3]), 0, -1)
