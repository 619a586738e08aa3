"""Headers people write into the columns siteplan knows, each with how sure the match is.

The project file's mapping comes first; of several headers that fit a column the
clearly best one is taken, and two that fit equally well are a question, never a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

from siteplan.project.columns import Column

PART_SIGN = "·"
"""Stands between the lines of a header of two lines."""
TAKEN_FROM = 0.65
"""Confidence from which a header is taken; below it is only named as a suggestion."""
_CLEARLY = 0.015
_SAME_WORD = 0.98
"""Confidence of the column's name and its aliases: of several, the one named first in the schema is meant."""
_BRACKETS = re.compile(r"[(\[【《{].*?[)\]】》}]")
_UNIT_AT_END = re.compile(
    r"[_/,，:：-]?(百万元|万元|千元|亿元|百万人|万人|千人|百人|十人|英尺|公里|千米|厘米|分米|毫米|百米|呎|ft\.?|feet|km|cm"
    r"|dm|mm|'000|thousands?)$"
)
"""A unit written onto a header: the words before it are the header."""
_NUMBER = re.compile(r"(?<=\D)(\d{1,2})$")
_GENERIC = {
    "名称",
    "编号",
    "编码",
    "类型",
    "状态",
    "网络",
    "来源",
    "位置",
    "地点",
    "代码",
    "等级",
    "图层",
    "名",
    "县",
    "区",
    "镇",
    "费用",
    "时间",
    "次数",
    "性质",
    "name",
    "id",
    "code",
    "type",
    "class",
    "kind",
    "site",
    "sector",
    "time",
    "ci",
    "x",
    "y",
    "lat",
    "lon",
    "lng",
    "pop",
    "gb",
    "cost",
    "due",
    "level",
    "height",
    "tilt",
    "band",
    "layer",
}
"""Aliases too common to be recognised at the end or the start of a longer header."""
_HANZI_PART = re.compile(
    r"^.*?(?:[东西南北](经|纬)度?[a-z()·\-_]*|(经|纬)(?:度[a-z()·\-_]*|[a-z()·\-_]+))(度|分|秒|方向|半球|°|′′|′)\)?$"
)
_ASCII_AXES = {"lon": {"lon", "lng", "longitude"}, "lat": {"lat", "latitude"}}
_ASCII_PARTS = {
    "deg": {"deg", "dg", "d", "degrees", "degree", "dd"},
    "min": {"min", "mn", "m", "minutes", "minute", "mm"},
    "sec": {"sec", "sc", "s", "seconds", "second", "ss"},
    "side": {"ns", "ew", "hemisphere", "hem", "dir"},
}
_PART_OF_HANZI = {
    "度": "deg",
    "°": "deg",
    "分": "min",
    "′": "min",
    "秒": "sec",
    "′′": "sec",
    "方向": "side",
    "半球": "side",
}
_OTHER_MEANING = re.compile(r"^(是否|有无|ip|mac|url|邮箱)|(密度|误差|偏差|精度|带宽|占比|比例|增长率)$")
_MIN_FUZZY = 88.0
_SHORTEST_CUT = 3


@dataclass(frozen=True)
class HeaderMap:
    """Which header holds which column.

    Attributes
    ----------
    taken
        Header by column name.
    ambiguous
        Headers that fit a column equally well, by column name.
    confidence
        Of each taken header, 0 to 1; 1 is siteplan's own name, the first alias, or the project file's word.
    suggestions
        Headers that resemble a column which has none.
    """

    taken: dict[str, str]
    ambiguous: dict[str, list[str]]
    confidence: dict[str, float]
    suggestions: dict[str, str]

    def with_taken(self, more: Mapping[str, str]) -> HeaderMap:
        """The same map with headers known for sure."""
        sure = dict.fromkeys(more, 1.0)
        open_ones = {name: found for name, found in self.ambiguous.items() if name not in more}
        return HeaderMap({**self.taken, **more}, open_ones, {**self.confidence, **sure}, self.suggestions)

    @property
    def score(self) -> float:
        """How well headers as a whole fit the schema: the sum of the confidences."""
        return sum(self.confidence.values()) + 0.5 * len(self.ambiguous)


@lru_cache(maxsize=65_536)
def normalise(text: object) -> str:
    """Text without width, case and blanks, for comparing.

    Examples
    --------
    >>> normalise("挂高（米） ") == normalise("挂高(米)")
    True
    """
    plain = "".join(unicodedata.normalize("NFKC", str(text)).split()).casefold()
    return "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")


def match_headers(headers: Sequence[str], specs: Sequence[Column], mapping: Mapping[str, str]) -> HeaderMap:
    """Find the header of each column.

    Parameters
    ----------
    headers
        As the file has them.
    specs
        Columns of the table's schema.
    mapping
        The project file's ``columns``: siteplan's name to header.

    Returns
    -------
    HeaderMap
        A header serves one column only, the one it fits best.

    Examples
    --------
    >>> from siteplan.project.columns import columns_of
    >>> match_headers(["adcode", "名称"], columns_of("counties"), {}).taken
    {'county_id': 'adcode', 'county': '名称'}
    >>> found = match_headers(["jingdu", "RRU纬度"], columns_of("stations"), {})
    >>> found.taken, found.confidence
    ({'longitude': 'jingdu', 'latitude': 'RRU纬度'}, {'longitude': 0.85, 'latitude': 0.75})
    """
    taken, confidence = _as_mapped(headers, specs, mapping)
    free = [header for header in headers if header not in set(taken.values())]
    asked = [spec for spec in specs if spec.name not in mapping]
    scores = {(spec.name, header): fit(header, spec) for spec in asked for header in free}
    ambiguous: dict[str, list[str]] = {}
    suggestions: dict[str, str] = {}
    while scores:
        name, header = max(scores, key=lambda pair: scores[pair])
        best = scores[name, header]
        if best < TAKEN_FROM:
            suggestions = _suggested(scores)
            break
        least = best if best >= _SAME_WORD else best - _CLEARLY
        alike = [each for (column, each), score in scores.items() if column == name and score >= least]
        if len(alike) > 1:
            ambiguous[name] = alike
        else:
            taken[name], confidence[name] = header, round(best, 3)
        gone = set(alike)
        scores = {pair: value for pair, value in scores.items() if pair[0] != name and pair[1] not in gone}
    order = [spec.name for spec in specs if spec.name in taken]
    return HeaderMap(
        {name: taken[name] for name in order},
        ambiguous,
        {name: confidence[name] for name in order},
        suggestions,
    )


def _as_mapped(
    headers: Sequence[str], specs: Sequence[Column], mapping: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, float]]:
    """Columns whose header the project file names."""
    by_form = {normalise(header): header for header in reversed(headers)}
    taken = {
        spec.name: by_form[normalise(mapping[spec.name])]
        for spec in specs
        if spec.name in mapping and normalise(mapping[spec.name]) in by_form
    }
    return taken, dict.fromkeys(taken, 1.0)


def _suggested(scores: Mapping[tuple[str, str], float]) -> dict[str, str]:
    found: dict[str, str] = {}
    for (name, header), score in sorted(scores.items(), key=lambda item: -item[1]):
        if score > 0:
            found.setdefault(name, header)
    return found


def fit(header: str, spec: Column) -> float:
    """How surely a header is a column's: 1 for the same words down to 0.

    Returns
    -------
    float
        1 for the name and the first alias (a little less for each later alias), 0.95 without the unit in
        brackets, less for a numbered repeat, pinyin, a longer word that ends or starts with an alias, and
        below ``TAKEN_FROM`` for a mere resemblance.
    """
    return _fit(normalise(header), _words(spec.name, spec.aliases))


@lru_cache(maxsize=4096)
def _words(name: str, aliases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalise(word) for word in (name, *aliases)))


@lru_cache(maxsize=65_536)
def _fit(form: str, words: tuple[str, ...]) -> float:
    last = form.rsplit(PART_SIGN, maxsplit=1)[-1]
    if "经纬" in last or "纬经" in last:
        return 0.0  # both coordinates in one cell: no column's own
    if form in words:
        return 1.0 - 0.02 * words.index(form) / len(words) if words.index(form) > 1 else 1.0
    if "#n/a" in form or not form:
        return 0.0
    if form.isascii():  # property_id, property-id and PropertyID are one header
        bare = form.replace("_", "").replace("-", "")
        at = next((n for n, word in enumerate(words) if word.replace("_", "").replace("-", "") == bare), None)
        if at is not None and len(bare) > _SHORTEST_CUT:
            return 0.97 - 0.02 * at / len(words)
    best = 0.0
    for plain, loss in _plainer(form):
        if plain in words:
            best = max(best, 0.95 - loss - 0.02 * words.index(plain) / len(words))
        else:
            best = max(best, _part_fit(plain, words) - loss)
    return best if best >= TAKEN_FROM else _resemblance(form, words)


def _plainer(form: str) -> list[tuple[str, float]]:
    """The header without brackets, without a repeat's number, and its last line, each with what that
    costs.
    """
    bare = _BRACKETS.sub("", form)
    found = [(bare, 0.0)] if bare else []
    unitless = _UNIT_AT_END.sub("", bare)
    if unitless != bare and len(unitless) > 1:
        found.append((unitless, 0.01))
    for start, loss in [(bare, 0.0), (form, 0.0)]:
        number = _NUMBER.search(start)
        if number:
            plain = start[: number.start()]
            found += [(each, loss + 0.02 * int(number[1])) for each in {plain, _BRACKETS.sub("", plain)}]
    if PART_SIGN in form:
        parts = form.split(PART_SIGN)
        found += [(parts[-1], 0.02), (_BRACKETS.sub("", parts[-1]), 0.03), ("".join(parts), 0.02)]
        found.append((parts[0], 0.2))
    return [(plain, loss) for plain, loss in found if plain]


def _part_fit(form: str, words: tuple[str, ...]) -> float:
    """Pinyin of an alias, or a longer word that ends or starts with one."""
    best = 0.0
    for word in words:
        if form.isascii():
            if not word.isascii() and form.replace("_", "") == _pinyin(word):
                best = max(best, 0.85)
        elif len(form) >= _SHORTEST_CUT and word.startswith(form):
            best = max(best, 0.66)  # cut off by an old format that keeps ten bytes of a name
        elif word not in _GENERIC and len(word) >= 2 and not _OTHER_MEANING.search(form):
            if form.endswith(word):
                best = max(best, 0.75)
            elif form.startswith(word):
                best = max(best, 0.7)
    return best


def _resemblance(form: str, words: tuple[str, ...]) -> float:
    """A typing mistake's worth of difference: named as a suggestion, never taken."""
    near = max((fuzz.ratio(form, word) for word in words if len(word) > 3), default=0.0)
    return 0.5 if near >= _MIN_FUZZY else 0.0


@lru_cache(maxsize=4096)
def _pinyin(word: str) -> str:
    return "".join(lazy_pinyin(word)).replace("(", "").replace(")", "").casefold()


def coordinate_part(header: str) -> tuple[str, str] | None:
    """Axis and part of a coordinate that stands in several columns.

    Returns
    -------
    tuple of str or None
        ``lon`` or ``lat``, and ``deg``, ``min``, ``sec`` or ``side``; None for any other header.

    Examples
    --------
    >>> coordinate_part("纬度·分"), coordinate_part("COR_NB_MN_LAT"), coordinate_part("经度")
    (('lat', 'min'), ('lat', 'min'), None)
    """
    form = normalise(header)
    if found := _HANZI_PART.match(form):
        return ("lon" if "经" in (found[1], found[2]) else "lat"), _PART_OF_HANZI[found[3]]
    words = set(re.split(r"[^a-z]+", form)) - {""}
    axis = next((name for name, spellings in _ASCII_AXES.items() if spellings & words), None)
    part = next((name for name, spellings in _ASCII_PARTS.items() if spellings & words), None)
    return (axis, part) if axis and part else None
