"""The font of every drawn picture: Noto Sans CJK, which comes as a package, so that no machine lacks a glyph.

It has the regular weight only; headings are drawn a little thicker. Its licence is the SIL Open Font License.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import matplotlib.patheffects as effects
from matplotlib.font_manager import FontPath, FontProperties, get_font
from noto_cjk_sans_otc import FONT_PATH

_SIMPLIFIED = "Noto Sans CJK SC"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


def _index() -> int:
    """Which face of the collection is the one for simplified Chinese."""
    path = str(FONT_PATH)
    for index in range(get_font(path).num_faces):
        if get_font(FontPath(path, index)).family_name == _SIMPLIFIED:
            return index
    raise ValueError(f"{path} has no face {_SIMPLIFIED}")


SIMPLIFIED_FACE = _index()
"""Number of the face for simplified Chinese in the collection."""


def _face() -> FontPath:
    return FontPath(str(FONT_PATH), SIMPLIFIED_FACE)


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(_face()).get_charmap())


def look(size: float, *, bold: bool = False, halo: bool = False, **more: Any) -> dict[str, Any]:
    """How a text is written; a dollar sign is a dollar sign.

    Parameters
    ----------
    size
        Height of a Chinese character [pt].
    bold
        Whether the strokes are thickened.
    halo
        Whether a white rim sets the text off from a map.
    more
        Other properties of the text.
    """
    ink = more.get("color", "black")
    drawn: list[effects.AbstractPathEffect] = []
    if halo:
        drawn.append(effects.withStroke(linewidth=3, foreground="white"))
    if bold:
        drawn.append(effects.Stroke(linewidth=size / 26, foreground=ink))
    path_effects = {"path_effects": [*drawn, effects.Normal()]} if drawn else {}
    return {
        "fontproperties": FontProperties(fname=_face(), size=size),
        "parse_math": False,
        **path_effects,
        **more,
    }


def drawable(text: object, most: int = 60) -> str:
    """A text the font can draw: marks and controls dropped, scripts it lacks left out, long texts cut.

    Parameters
    ----------
    text
        Any text of a table.
    most
        Characters that are kept.
    """
    plain = "".join(char for char in _CONTROLS.sub("", str(text)) if ord(char) in _glyphs())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def is_drawable(text: str) -> bool:
    """Whether the font has every character of a text; line breaks need none.

    Examples
    --------
    >>> is_drawable("甲县 5G"), is_drawable("Ḥ ສ")
    (True, False)
    """
    return all(ord(char) in _glyphs() for char in set(text) if not char.isspace())


def width_of(text: str, size: float) -> float:
    """Width of a text [pt], a Chinese character as wide as it is high.

    Examples
    --------
    >>> round(width_of("甲县 5G", 10.0), 1)
    36.5
    """
    return size * sum(1.0 if char > "\u2e7f" else 0.55 for char in text)


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Lines no wider than a width [pt]; words of letters stay whole."""
    lines, line = [], ""
    for part in re.findall(r"[\u2e80-\uffef]|[^\u2e80-\uffef ]+ ?| ", text):
        if line and width_of(line + part, size) > width:
            lines.append(line)
            line = ""
        line += part
    return [*lines, line]


def shortened(text: str, size: float, width: float) -> str:
    """A text no wider than a width [pt], with an ellipsis where it was cut.

    Examples
    --------
    >>> shortened("abcdef", 10.0, 100.0), shortened("abcdef", 10.0, 28.0)
    ('abcdef', 'abcd…')
    """
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text + "…"
