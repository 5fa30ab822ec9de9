"""The arrows between the rooms and the fences round libraries, kept by reading the imports."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "twin": {"twin"},
    "layers": {"twin", "layers"},
    "energy": {"twin", "energy"},
    "views": {"twin", "layers", "energy", "views"},
    "app.py": {"twin", "layers", "energy", "views"},
}
OURS = {"twin", "layers", "energy", "views", "app"}
ONLY_IN = {
    "streamlit": ("app.py", "views/pages/"),
    "pydeck": ("views/deck.py",),
    "rasterio": ("layers/terrain.py",),
    "trimesh": ("twin/mesh.py",),
}
FILES = sorted(
    p
    for room in MAY_IMPORT
    for p in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))
    if "_bundle" not in p.parts
)


def imports(tree):
    """Yield (top-level name, node) of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((a.name.split(".")[0], node) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield (node.module or "").split(".")[0], node


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_arrows_and_fences(path):
    here = path.relative_to(ROOT).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name, _ in imports(tree):
        if name in OURS:
            assert name in MAY_IMPORT[here.split("/")[0]], f"{here} may not import {name}"
        if name in ONLY_IN:
            assert here.startswith(ONLY_IN[name]), f"{here} may not import {name}; only {', '.join(ONLY_IN[name])} may"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_cycle_is_dodged(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)):
        inside = [name for name, _ in imports(function) if name in OURS]
        assert not inside, f"{path.name}: {function.name} imports {inside} inside its body"


@pytest.mark.parametrize("path", [p for p in FILES if p.parts[len(ROOT.parts)] == "energy"], ids=lambda p: p.stem)
def test_calculations_read_no_files(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    attributes = {n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
    assert "open" not in calls
    assert not {a for a in attributes if a.startswith(("read_csv", "read_parquet", "read_file", "to_file"))}
