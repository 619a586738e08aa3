"""Small pictures for maps of others: a pin with its rank, a dot, a legend."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

from noto_cjk_sans_otc import FONT_PATH
from PIL import Image, ImageDraw, ImageFont

from siteplan.outputs import palette
from siteplan.outputs.pictures.fonts import SIMPLIFIED_FACE, drawable

_FINER = 4
"""Drawn so many times larger and made smaller, so that edges are smooth."""
Entry = tuple[str, str, bool]
"""Colour, label, and whether its sign is round."""


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT_PATH), size, index=SIMPLIFIED_FACE)


def _png(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "png", optimize=True)
    return target.getvalue()


def pin_png(sign: str, colour: str, size_px: int = 44) -> bytes:
    """A round pin with a white rim and a sign of up to four characters.

    Parameters
    ----------
    sign
        What stands on it; "" for a plain dot.
    colour
        Of the pin.
    size_px
        Its width [px].
    """
    full = size_px * _FINER
    picture = Image.new("RGBA", (full, full))
    pen, rim = ImageDraw.Draw(picture), full // 14
    pen.ellipse((1, 1, full - 2, full - 2), fill=palette.RIM)
    pen.ellipse((rim, rim, full - 1 - rim, full - 1 - rim), fill=colour)
    if sign:
        ink = palette.RIM if palette.is_dark(colour) else palette.INK
        height = round(full * (0.52 if len(sign) < 3 else 0.4 if len(sign) == 3 else 0.32))
        pen.text((full / 2, full / 2), sign, font=_font(height), fill=ink, anchor="mm")
    small = picture.resize((size_px, size_px), Image.Resampling.LANCZOS)
    return _png(small.quantize(48, Image.Quantize.FASTOCTREE))


def legend_png(title: str, entries: Sequence[Entry], notes: Sequence[str] = ()) -> bytes:
    """A legend on white: title, a line a sign, notes.

    Parameters
    ----------
    title
        First line.
    entries
        Signs with their labels.
    notes
        Lines below, such as what is synthetic.
    """
    size, line = 15, 24
    labels = [drawable(label, 40) for _, label, _ in entries]
    texts = [drawable(title, 40), *labels, *(drawable(each, 40) for each in notes)]
    width = 44 + max(round(_font(size).getlength(text)) for text in texts)
    height = 14 + line * len(texts)
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, width - 1, height - 1), outline="#999999")
    pen.text((10, 6 + line / 2), texts[0], font=_font(size), fill=palette.INK, anchor="lm", stroke_width=0.4)
    for number, ((colour, _, is_round), label) in enumerate(zip(entries, labels, strict=True), start=1):
        middle = 6 + line * (number + 0.5)
        box = (11, middle - 7, 25, middle + 7)
        draw = pen.ellipse if is_round else pen.rectangle
        draw(box, fill=colour, outline="#777777")
        pen.text((34, middle), label, font=_font(size), fill=palette.INK, anchor="lm")
    for number, text in enumerate(texts[1 + len(labels) :], start=1 + len(labels)):
        middle = 6 + line * (number + 0.5)
        pen.text((10, middle), text, font=_font(size), fill="#9c2b00", anchor="lm")
    return _png(picture.quantize(64))
