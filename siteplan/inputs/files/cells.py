"""Cells as people type them: text, numbers with units, Chinese dates.

A cell that says "not known" in words is blank, a cell that cannot be read is a fault,
and nothing is guessed where two readings make sense (06/05/2023).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

import numpy as np
import pandas as pd

_THOUSANDS = re.compile(r"[-+]?\d{1,3}([, ]\d{3})+(\.\d+)?")
_TOLD_BLANK = {
    "/",
    "\\",
    "-",
    "--",
    "—",
    "——",
    "_",
    "无",
    "暂无",
    "空",
    "待定",
    "不详",
    "未知",
    "未定",
    "na",
    "n/a",
    "nan",
    "null",
    "none",
    "nil",
    "tbd",
    "?",
    "？",
    ".",
    "…",
}
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})[日号]?|月)?(?:[T ].*)?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?: .*)?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_HANZI_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_SPREADSHEET_EPOCH = dt.date(1899, 12, 30)
_SERIAL_DAYS = (20_000.0, 80_000.0)
"""Day numbers a spreadsheet may show instead of a date: 1954 to 2119."""


def text_of(cell: object) -> str:
    """A cell as a person reads it; 12.0 from a spreadsheet is 12.

    Examples
    --------
    >>> text_of(440203101001.0), text_of(" 坪石镇 "), text_of(None)
    ('440203101001', '坪石镇', '')
    """
    if type(cell) is str:  # nearly every cell of a text file
        return cell.strip()
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NaT:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e21:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell).strip()


def is_told_blank(text: str) -> bool:
    """Whether a cell says that there is nothing, such as "暂无" or "N/A" [bool]."""
    return unicodedata.normalize("NFKC", text).strip().casefold() in _TOLD_BLANK


def numbers_of(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Numbers typed in any common way: full-width digits, thousands, decimal commas; units are none of it.

    Returns
    -------
    tuple of Series
        float64 with NaN where blank, and a mask of the cells that are no numbers.

    Examples
    --------
    >>> values, bad = numbers_of(pd.Series(["３５", "1,234.5", "32,7", "暂无", "约35"]))
    >>> values.tolist(), bad.tolist()
    ([35.0, 1234.5, 32.7, nan, nan], [False, False, False, False, True])
    """
    values = pd.to_numeric(cells, errors="coerce").astype("float64")
    values[~np.isfinite(values)] = np.nan
    odd = values.isna() & cells.ne("")
    if not odd.any():
        return values, odd
    values[odd] = pd.to_numeric(cells[odd].map(_plain_number), errors="coerce").astype("float64")
    values[~np.isfinite(values)] = np.nan
    return values, values.isna() & odd & ~cells.map(is_told_blank)


def _plain_number(text: str) -> str:
    """Number text without separators: 1,234.5 has thousands, 12,5 has a decimal comma."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    if _THOUSANDS.fullmatch(plain):
        return plain.replace(",", "").replace(" ", "")
    return plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain


def is_tenth(cell: object) -> bool:
    """Whether a number such as 2023.1 may be January or October [bool].

    Examples
    --------
    >>> [is_tenth(cell) for cell in (2023.1, 2023.2, 2023, "2023.1")]
    [True, False, False, False]
    """
    if not isinstance(cell, float) or not 1900.0 < cell < 2100.0:
        return False
    return round(cell * 10) % 10 == 1 and abs(cell * 10 - round(cell * 10)) < 1e-6


def dates_of(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Dates typed in any common way: 2023年6月30日, 2023.6, 20230630, 二〇二三年六月, a day number,
    30/06/2023.

    Day-first and month-first are told apart by the column's other cells; where all of them fit both ways
    the cells are faults.

    Returns
    -------
    tuple of Series
        datetime64 with NaT where blank, and a mask of the cells that are no dates.

    Examples
    --------
    >>> values, bad = dates_of(pd.Series(["2023年6月30日", "20230630", "45107", "06/05/2023"]))
    >>> [str(value.date()) for value in values[:3]], bad.tolist()
    (['2023-06-30', '2023-06-30', '2023-06-30'], [False, False, False, True])
    """
    day_first = _day_first([match for cell in cells if (match := _YEAR_LAST.fullmatch(cell))])
    read = {cell: _date_of(cell, day_first) for cell in cells.unique()}
    values = pd.to_datetime(cells.map(read), errors="coerce")
    return values, values.isna() & cells.ne("") & ~cells.map(is_told_blank)


def _day_first(matches: list[re.Match[str]]) -> bool | None:
    """Whether the day stands first in dates with the year last; None when every cell fits both ways."""
    firsts = max((int(match[1]) for match in matches), default=0)
    seconds = max((int(match[2]) for match in matches), default=0)
    if (firsts > 12) == (seconds > 12):
        return None
    return firsts > 12


def _date_of(text: str, day_first: bool | None) -> dt.date | None:
    plain = re.sub(
        r"\s*([年月])\s*|\s*([日号])", r"\1\2", _hanzi_numbers(unicodedata.normalize("NFKC", text).strip())
    )
    if match := _YEAR_FIRST.fullmatch(plain):
        return _date(match[1], match[2], match[3] or "1")
    if match := _PACKED.fullmatch(plain):
        return _date(match[1], match[2], match[3] or "1")
    if (match := _YEAR_LAST.fullmatch(plain)) and (day_first is not None or int(match[1]) == int(match[2])):
        day, month = (match[1], match[2]) if day_first else (match[2], match[1])
        return _date(match[3], month, day)
    if plain.replace(".", "", 1).isdigit() and _SERIAL_DAYS[0] < float(plain) < _SERIAL_DAYS[1]:
        return _SPREADSHEET_EPOCH + dt.timedelta(days=int(float(plain)))
    return None


def _date(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _hanzi_numbers(text: str) -> str:
    """二〇二三年十二月三十一日 with digits; other text as it is."""
    if not re.search("[〇○零一二三四五六七八九十]", text):
        return text
    tens = re.sub(
        "([一二三四五六七八九]?)十([一二三四五六七八九]?)", lambda m: f"{m[1] or '一'}{m[2] or '〇'}", text
    )
    return tens.translate(_HANZI_DIGITS)
