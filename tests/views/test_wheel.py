"""The wheel, installed elsewhere, opens the map of its own sample city."""

import subprocess
import sys
import sysconfig
import venv

import pytest
from browser import PATIENCE_MS, opened, served

pytestmark = [pytest.mark.wheel, pytest.mark.browser]


@pytest.fixture(scope="module")
def installed(tmp_path_factory, root):
    """An environment outside the checkout with the wheel; the packages it depends on are lent from this one."""
    where = tmp_path_factory.mktemp("elsewhere")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(where)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    (wheel,) = where.glob("klimattvilling-*.whl")
    venv.create(where / "env", with_pip=True)
    python = where / "env" / "bin" / "python"
    site = next((where / "env" / "lib").glob("python3*/site-packages"))
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", wheel], check=True, cwd=where
    )
    return where


def test_the_installed_command_is_not_the_checkout(installed, root):
    code = "import twin, views; print(twin.__file__, views.__file__)"
    said = subprocess.run(
        [installed / "env/bin/python", "-c", code], cwd=installed, check=True, capture_output=True, text=True
    )
    assert str(root) not in said.stdout


def test_the_installed_app_shows_the_map(installed, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(installed / "cache"))
    monkeypatch.chdir(installed)
    with served(installed, None, command=[str(installed / "env/bin/twin")]) as address, opened(address) as visit:
        page, foreign, errors = visit
        page.locator("canvas").first.wait_for(timeout=PATIENCE_MS)
        page.get_by_text("Göteborg (syntetisk)").first.wait_for(timeout=PATIENCE_MS)
        assert foreign == errors == []
