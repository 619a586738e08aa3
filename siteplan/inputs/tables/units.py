"""Units of numbers: what a header or a cell says it is in, as a factor to the registry's unit.

A unit that is known is converted, one that is not is asked about; a storey is a height only by a stated
convention.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from siteplan.inputs.files.headers import PART_SIGN, normalise
from siteplan.project.columns import Column

STOREY_M = 3.0
"""Height of a storey where the project file gives none [m]: a common value for dwellings."""
STOREYS = frozenset({"层", "楼", "层楼", "storeys", "stories", "floors", "f"})
_LENGTHS = {
    **dict.fromkeys(("m", "米", "metre", "metres", "meter", "meters"), 1.0),
    **dict.fromkeys(("km", "公里", "千米", "kilometres", "kilometers"), 1000.0),
    **dict.fromkeys(("ft", "feet", "foot", "英尺", "呎", "fuß", "fuss", "pies", "pieds"), 0.3048),
    **dict.fromkeys(("百米",), 100.0),
    **dict.fromkeys(("dm", "分米"), 0.1),
    **dict.fromkeys(("cm", "厘米", "公分"), 0.01),
    **dict.fromkeys(("mm", "毫米"), 0.001),
    **dict.fromkeys(("里", "华里"), 500.0),
    **dict.fromkeys(("mi", "mile", "miles", "英里"), 1609.344),
}
_PEOPLE = {
    **dict.fromkeys(("人", "个", "口", "people", "persons", "residents", "inhabitants"), 1.0),
    **dict.fromkeys(("十人",), 10.0),
    **dict.fromkeys(("百人",), 100.0),
    **dict.fromkeys(("千人", "thousand", "thousands", "k", "'000", "000", "tsd"), 1e3),
    **dict.fromkeys(("万人", "万"), 1e4),
    **dict.fromkeys(("百万人", "million", "millions"), 1e6),
}
_MONEY = {"百万元": 1e6, "元": 1.0, "千元": 1e3, "万": 1e4, "万元": 1e4, "w": 1e4, "亿元": 1e8, "yuan": 1.0}
_SHARES = {"%": 0.01, "percent": 0.01, "百分比": 0.01, "百分数": 0.01, "‰": 0.001}
_LEVELS = {"dbm": 1.0, "db": 1.0, "dbi": 1.0}
_DEGREES = {"°": 1.0, "度": 1.0, "deg": 1.0, "degrees": 1.0}
_COUNTS = {"年": 1.0, "个": 1.0, "座": 1.0, "岁": 1.0, "次": 1.0, "人": 1.0}
_OTHER = frozenset(
    {
        "户",
        "户数",
        "千户",
        "万户",
        "丈",
        "尺",
        "寸",
        "亩",
        "栋",
        "码",
        "海里",
        "瓦",
        "毫瓦",
        "海拔",
        "绝对高度",
    }
    | {"秒", "分钟", "asl", "amsl", "mw", "w", "kw", "dbw", "yd", "yards", "nm", "inch", "in", "h", "min"}
    | {"khz", "mhz", "ghz", "万美元", "美元", "欧元", "usd", "eur", "杆"}
)
"""Words that are units of something: in a header whose column is in none of them they are asked about."""
_BRACKETS = re.compile(r"[(\[【{](.*?)[)\]】}]")
_ENDING = re.compile(
    r"[\u4e00-\u9fff](百万元|百万人|万美元|万人|千人|百人|十人|万元|千元|亿元|英尺|公里|千米|厘米|分米|毫米|百米"
    r"|呎|海里|英里|ft|feet|km|cm|dm|mm)$"
)
"""A unit written onto a header without any sign between."""
_AMOUNT = re.compile(r"([-+]?\d[\d.,\s]*?)\s*([^\d.,\s+\-()].*)")


@dataclass(frozen=True)
class Unit:
    """A unit as written: factor to the registry's unit, or None for one that must be asked about."""

    word: str
    factor: float | None
    storeys: bool = False


def units_of(column: Column) -> dict[str, float]:
    """Every unit a number of a column may be written in, with its factor."""
    if column.at_most == 1:
        return _SHARES
    if column.name in ("population", "people"):
        return _PEOPLE
    if column.name == "cost":
        return _MONEY
    by_unit = {"m": _LENGTHS, "dBm": _LEVELS, "deg": _DEGREES}
    return by_unit.get(column.unit, _COUNTS)


def header_unit(header: str, column: Column) -> Unit | None:
    """The unit a header names, None where it names none.

    Examples
    --------
    >>> from siteplan.project.columns import columns_of
    >>> height = {each.name: each for each in columns_of("properties")}["building_height_m"]
    >>> [header_unit(text, height) for text in ("建筑高度(米)", "楼高（英尺）", "楼高(层)", "楼高（选填）")]
    [Unit(word='米', factor=1.0, storeys=False), Unit(word='英尺', factor=0.3048, storeys=False), \
Unit(word='层', factor=1.0, storeys=True), None]
    """
    known = units_of(column)
    is_length = known is _LENGTHS
    form = normalise(header)
    if is_length and re.search(r"(楼层|层)数?$", _BRACKETS.sub("", form)):
        return Unit("层", 1.0, storeys=True)
    for word in _words(header):
        if word in known:
            return Unit(word, known[word])
        if is_length and word in STOREYS:
            return Unit(word, 1.0, storeys=True)
        if word in _OTHER or word in _every_unit():
            return Unit(word, None)
    return None


def _words(header: str) -> Iterator[str]:
    """Pieces of a header that may be a unit: in brackets, after a sign, or at its end."""
    form = unicodedata.normalize("NFKC", header).casefold().strip().rstrip(".")
    for piece in _BRACKETS.findall(form):
        yield from (part.rstrip(".") for part in re.split(r"[,，;；:：/\s]|单位", piece) if part)
    plain = _BRACKETS.sub("", form).strip()
    if plain.endswith(("%", "‰", "'000")):
        yield plain[-4:] if plain.endswith("'000") else plain[-1]
    parts = [part for part in re.split(r"[_/\\,，;；:：\s" + PART_SIGN + "]|单位", plain) if part]
    if len(parts) > 1:
        yield parts[-1]
    if ending := _ENDING.search(parts[-1] if parts else ""):
        yield ending[1]


def _every_unit() -> frozenset[str]:
    """Units of every dimension but those that are also ordinary words of headers."""
    return frozenset({*_LENGTHS, *_SHARES, "千人", "万人", "万元", "千元", "亿元"}) - {
        "m",
        "里",
        "mi",
        "个",
        "人",
    }


def amount_of(text: str, column: Column, storey_m: float) -> tuple[float, bool] | None:
    """A number written with its unit.

    Returns
    -------
    tuple or None
        Value in the registry's unit, and whether it was counted in storeys; None for anything else.

    Examples
    --------
    >>> from siteplan.project.columns import columns_of
    >>> of = {each.name: each for each in columns_of("properties")}
    >>> amount_of("1.2公里", of["power_distance_m"], 3.0), amount_of("6层", of["building_height_m"], 3.0)
    ((1200.0, False), (18.0, True))
    >>> amount_of("12万元", of["cost"], 3.0), amount_of("85%", of["success_probability"], 3.0)
    ((120000.0, False), (0.85, False))
    """
    found = _AMOUNT.fullmatch(unicodedata.normalize("NFKC", text).strip().replace("−", "-"))
    if found is None:
        return None
    number, word = found[1].replace(" ", ""), found[2].strip().casefold()
    known = units_of(column)
    is_storeys = known is _LENGTHS and word in STOREYS
    if word not in known and not is_storeys:
        return None
    plain = number.replace(",", "") if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", number) else number
    plain = plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain
    try:
        value = float(plain)
    except ValueError:
        return None
    return round(value * (storey_m if is_storeys else known[word]), 9), is_storeys
