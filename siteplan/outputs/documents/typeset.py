"""PDF and pictures by Typst, a typesetter that comes as one wheel: no browser, no office, fonts embedded.

What is set travels as JSON beside the template, so a text is a text whatever it holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import typst
from noto_cjk_sans_otc import FONT_PATH

from siteplan.outputs import palette
from siteplan.outputs.pictures.fonts import is_drawable

FONT = "Noto Sans CJK SC"


@cache
def _fonts(*, with_system: bool) -> Any:
    return typst.Fonts(
        include_system_fonts=with_system,
        include_embedded_fonts=False,
        font_paths=[os.path.dirname(str(FONT_PATH))],
    )


def typeset(
    template: str,
    data: Mapping[str, Any],
    pictures: Mapping[str, bytes],
    day: str,
    *,
    form: Literal["pdf", "png"] = "pdf",
    ppi: float = 144.0,
) -> list[bytes]:
    """Set a template.

    Parameters
    ----------
    template
        File of ``templates/``.
    data
        What it reads; plain values.
    pictures
        Files it places, by name.
    day
        Date of the document (ISO 8601): the same content gives the same bytes.
    form
        One PDF, or a PNG a page.
    ppi
        Of a PNG.

    Returns
    -------
    list of bytes
        One a page of a picture, else one.
    """
    colours = {"ink": palette.INK, "quiet": palette.QUIET_INK}
    text = json.dumps({**data, "fonts": [FONT], "palette": colours}, ensure_ascii=False)
    # a script the font lacks is set in a font of the machine rather than in empty boxes
    fonts = _fonts(with_system=not is_drawable(text))
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = files(__package__).joinpath("templates", template)
        (folder / template).write_text(source.read_text("utf-8"), encoding="utf-8")
        (folder / "data.json").write_text(text, encoding="utf-8")
        for file, content in pictures.items():
            (folder / file).write_bytes(content)
        made = typst.compile(
            str(folder / template), root=name, font_paths=fonts, format=form, ppi=ppi, timestamp=moment
        )
    return made if isinstance(made, list) else [made]
