"""Charts of documents as SVG: drawn here, so that a document is one file and needs no network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

__all__ = ["COLOURS", "INK", "TARGET", "Layer", "Line", "bars", "ink_on", "key", "stacks", "ticks", "wedges"]

Floats = npt.NDArray[np.float64]
Write = Callable[[float], str]
INK, GRID, TARGET = "#1f2933", "#dde2e6", "#c2410c"
# hues that colour-blind people tell apart, neighbours far apart in lightness; layers carry numbers too
COLOURS = (
    "#1b3a5c",
    "#e9c46a",
    "#44719f",
    "#9fd3c7",
    "#6b2737",
    "#f4a261",
    "#2a7f76",
    "#d9c7e8",
    "#3d405b",
    "#b8c480",
    "#8d99ae",
)
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 380, 84, 16, 16, 34
_ROW = 40


@dataclass(frozen=True)
class Layer:
    """A measure's wedge: its number, name, and reduction each year."""

    number: str
    name: str
    tons: Floats


@dataclass(frozen=True)
class Line:
    """A path over the years; dashed for targets."""

    name: str
    tons: Floats
    colour: str = INK
    dash: str = ""


def ticks(top: float) -> list[float]:
    """Return round values from 0 to a value, some five of them.

    Examples
    --------
    >>> ticks(181.0), ticks(0.0)
    ([0.0, 50.0, 100.0, 150.0, 200.0], [0.0, 1.0])
    """
    if top <= 0:
        return [0.0, 1.0]
    power = 10.0 ** np.floor(np.log10(top / 4))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power * 4.0001 >= top * 0.9)
    return [float(v) for v in np.arange(0.0, top + step * 0.999, step)]


def stacks(baseline: Floats, layers: Sequence[Layer]) -> list[tuple[Floats, Floats]]:
    """Return the upper and lower edge of each layer: reductions hang below the baseline, increases stand on it.

    Examples
    --------
    >>> a, b = Layer("1", "a", np.array([3.0])), Layer("2", "b", np.array([-1.0]))
    >>> [(float(u[0]), float(l[0])) for u, l in stacks(np.array([10.0]), [a, b])]
    [(10.0, 7.0), (11.0, 10.0)]
    """
    low, high, found = baseline.copy(), baseline.copy(), []
    for layer in layers:
        down, up = np.maximum(layer.tons, 0.0), np.maximum(-layer.tons, 0.0)
        # a layer that changes sign is drawn on the side where it mostly lies
        if down.sum() >= up.sum():
            found.append((low.copy(), low - down))
            low = low - down
        else:
            found.append((high + up, high.copy()))
            high = high + up
    return found


def wedges(
    name: str,
    years: Sequence[int],
    baseline: Floats,
    layers: Sequence[Layer],
    lines: Sequence[Line],
    *,
    title: str,
    told: str,
    unit: str,
    write: Write,
) -> str:
    """Return the chart of a plan: the baseline, each measure as a layer below it, and paths.

    Parameters
    ----------
    name : str
        Begins the ids inside.
    years : sequence of int (n,)
    baseline : array (n,)
    layers : sequence of Layer
    lines : sequence of Line
    title, told : str
        What it is, and what it says, for those who do not see it.
    unit : str
    write : callable
        Writes a number.

    Returns
    -------
    str
        An ``svg`` element.
    """
    edges = stacks(baseline, layers)
    top = max([float(baseline.max()), *(float(u.max()) for u, _ in edges), *(float(v.tons.max()) for v in lines)])
    at = ticks(top)
    x = np.interp(np.arange(len(years)), [0, max(len(years) - 1, 1)], [_LEFT, _WIDTH - _RIGHT])

    def y(values: Floats) -> Floats:
        scaled: Floats = _HEIGHT - _BOTTOM - values / at[-1] * (_HEIGHT - _BOTTOM - _TOP)
        return scaled

    drawn = [_grid(at, y, write, unit)]
    drawn += [_text(px, _HEIGHT - 12, str(year), "middle") for px, year in zip(x, years, strict=True)]
    labels = []
    for k, (layer, (upper, lower)) in enumerate(zip(layers, edges, strict=True)):
        colour = COLOURS[k % len(COLOURS)]
        outline = [*zip(x, y(upper), strict=True), *zip(x[::-1], y(lower)[::-1], strict=True)]
        drawn.append(
            f'<polygon points="{_points(outline)}" fill="{colour}" stroke="#fff" stroke-width="1"><title>{escape(layer.name)}</title></polygon>'
        )
        thick = y(lower) - y(upper)
        widest = int(np.argmax(thick))
        if thick[widest] > 14:
            px = min(max(x[widest] - 22, _LEFT + 10), _WIDTH - _RIGHT - 14)
            middle = np.interp(px, x, (y(upper) + y(lower)) / 2)
            labels.append(_text(px, middle + 4, layer.number, "middle", ink_on(colour), bold=True))
    drawn += labels
    for line in lines:
        dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        path = _points(list(zip(x, y(line.tons), strict=True)))
        drawn.append(
            f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="2.5"{dash}><title>{escape(line.name)}</title></polyline>'
        )
    return _svg(name, _HEIGHT, title, told, drawn) + key(layers, lines)


def bars(
    name: str,
    labels: Sequence[str],
    before: Floats,
    after: Floats,
    outside: Sequence[bool],
    *,
    words: tuple[str, str, str],
    title: str,
    told: str,
    unit: str,
    write: Write,
) -> str:
    """Return bars of sectors: now and after the plan; what no measure reaches is hatched.

    Parameters
    ----------
    name : str
    labels : sequence of str (n,)
    before, after : array (n,)
    outside : sequence of bool (n,)
        Outside the model.
    words : (str, str, str)
        Now, after, outside.
    title, told, unit : str
    write : callable

    Returns
    -------
    str
        An ``svg`` element.
    """
    left, right = 270, 150
    height = _ROW * len(labels) + 14
    largest = max(float(before.max(initial=0.0)), float(after.max(initial=0.0)), 1e-9)
    wide = (_WIDTH - left - right) / largest
    # by name, since several charts share a page
    pattern = f'<defs><pattern id="{name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#f3f5f7"/><rect width="2" height="6" fill="#5b6670"/></pattern></defs>'
    drawn = [pattern]
    for k, label in enumerate(labels):
        top = 8 + k * _ROW
        fill = f"url(#{name}-hatch)" if outside[k] else COLOURS[0]
        drawn.append(_text(left - 8, top + 18, label, "end"))
        drawn.append(
            f'<rect x="{left}" y="{top}" width="{before[k] * wide:.1f}" height="12" fill="#aeb8c2" stroke="#5b6670" stroke-width=".5"/>'
        )
        drawn.append(
            f'<rect x="{left}" y="{top + 14}" width="{after[k] * wide:.1f}" height="12" fill="{fill}" stroke="#5b6670" stroke-width=".5"/>'
        )
        end = left + max(before[k], after[k]) * wide + 6
        drawn.append(_text(end, top + 18, f"{write(float(after[k]))} {unit}", "start"))
    chips = [
        ("#aeb8c2", words[0]),
        (COLOURS[0], words[1]),
        ("repeating-linear-gradient(45deg,#5b6670 0 2px,#f3f5f7 2px 6px)", words[2]),
    ]
    return _svg(name, height, title, told, drawn) + _chips(chips)


def ink_on(colour: str) -> str:
    """Return black or white, whichever is read better on a colour.

    Examples
    --------
    >>> ink_on("#1b3a5c"), ink_on("#e9c46a")
    ('#ffffff', '#1f2933')
    """
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return INK if float(linear @ [0.2126, 0.7152, 0.0722]) > 0.2 else "#ffffff"


def _grid(at: Sequence[float], y: Callable[[Floats], Floats], write: Write, unit: str) -> str:
    drawn = []
    for value in at:
        py = float(y(np.array([value]))[0])
        drawn.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{py:.1f}" y2="{py:.1f}" stroke="{GRID}"/>'
            + _text(_LEFT - 8, py + 4, write(value) if value else f"0 {unit}", "end")
        )
    return "".join(drawn)


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{px:.1f},{py:.1f}" for px, py in pairs)


def _text(x: float, y: float, words: str, anchor: str, colour: str = INK, *, bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>{escape(words)}</text>'


def _svg(name: str, height: int, title: str, told: str, drawn: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="{name}-title {name}-told" font-family="sans-serif" font-size="13">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-told">{escape(told)}</desc>{"".join(drawn)}</svg>'
    )


def key(layers: Sequence[Layer], lines: Sequence[Line]) -> str:
    """Return what the lines and layers of a chart are called, as an HTML list."""
    chips = [
        (COLOURS[k % len(COLOURS)], f"{layer.number}. {layer.name}" if layer.number else layer.name)
        for k, layer in enumerate(layers)
    ]
    strokes = [
        (
            f"repeating-linear-gradient(90deg,{v.colour} 0 6px,transparent 6px 9px) center/100% 3px no-repeat"
            if v.dash
            else f"linear-gradient({v.colour},{v.colour}) center/100% 3px no-repeat",
            v.name,
        )
        for v in lines
    ]
    return _chips([*strokes, *chips])


def _chips(entries: Sequence[tuple[str, str]]) -> str:
    items = "".join(
        f'<li><span class="chip" style="background:{fill}"></span>{escape(label)}</li>' for fill, label in entries
    )
    return f'<ul class="key">{items}</ul>'
