"""Numbers as documents print them: one way for every format, so that they can be held against each other."""

from __future__ import annotations

import math


def count(value: float) -> str:
    """A count with separators, a dash for none.

    Examples
    --------
    >>> count(1234567.4), count(float("nan"))
    ('1,234,567', '–')
    """
    return "–" if math.isnan(value) else f"{value:,.0f}"


def share(part: float, whole: float) -> str:
    """A share in per cent, a dash of nothing.

    Examples
    --------
    >>> share(1, 3), share(0, 0), share(1, float("nan"))
    ('33.33%', '–', '–')
    """
    return f"{100.0 * part / whole:.2f}%" if whole and not math.isnan(whole) else "–"


def change(before: float, after: float) -> str:
    """From and to.

    Examples
    --------
    >>> change(1270, 1434)
    '1,270 → 1,434'
    """
    return f"{count(before)} → {count(after)}"
