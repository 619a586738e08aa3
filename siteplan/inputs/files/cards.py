"""Forms of one site a sheet: labels with their values beside them, not a list.

A sheet is a form when more of its labels have a value to their right than any line of it reads as a
header.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from siteplan.inputs.files.cells import text_of
from siteplan.inputs.files.headers import normalise

_BRACKETS = re.compile(r"[(\[{].*?[)\]}]")
_LONGEST_LABEL = 40
MOST_ROWS = 200
"""Rows of a form of one site; a longer sheet is a list."""
LEAST_PAIRS = 4
"""Labels with values from which a sheet may be a form."""


def card_of(cells: Sequence[Sequence[object]], words: Collection[str]) -> dict[str, tuple[int, object]]:
    """Labels of a sheet with the row (from 1) and the value beside each; empty for a list.

    Parameters
    ----------
    cells
        All cells from A1.
    words
        Headers the table knows, normalised.

    Examples
    --------
    >>> sheet = [["站址信息表"], ["站址名称", "坪石", "经度", 113.1], ["挂高：", 35, "纬度", 25.2]]
    >>> card_of(sheet, {"站址名称", "经度", "纬度", "挂高"})
    {'站址名称': (2, '坪石'), '经度': (2, 113.1), '挂高': (3, 35), '纬度': (3, 25.2)}
    >>> card_of([["站址名称", "经度", "纬度"], ["坪石", 113.1, 25.2]], {"站址名称", "经度", "纬度"})
    {}
    """
    found: dict[str, tuple[int, object]] = {}
    if len(cells) > MOST_ROWS:
        return found
    for number, row in enumerate(cells, start=1):
        at = [(j, _label(cell, words)) for j, cell in enumerate(row)]
        labels = {j: label for j, label in at if label}
        for j, label in labels.items():
            value = next((cell for k, cell in enumerate(row) if k > j and text_of(cell)), None)
            beside = next((k for k, cell in enumerate(row) if k > j and text_of(cell)), None)
            if value is not None and beside not in labels:
                found.setdefault(label, (number, value))
    return found if len(found) >= LEAST_PAIRS else {}


def _label(cell: object, words: Collection[str]) -> str:
    if not isinstance(cell, str) or len(cell) > _LONGEST_LABEL:
        return ""
    text = text_of(cell).rstrip(":： ")
    bare = _BRACKETS.sub("", normalise(text))
    return text if text and (normalise(text) in words or bare in words) else ""
