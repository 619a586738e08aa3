"""The project's own names: counties, towns, villages, places; which of them a text speaks of.

Names are looked up, not parsed: every piece of a text that is some form of a known name
is a hit, and the hits that agree with each other from county down to place win. What is not in the project's
own data is never invented.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pypinyin import Style, lazy_pinyin, pinyin
from rapidfuzz import fuzz

from siteplan.inputs.files.cells import text_of

COUNTY, TOWN, VILLAGE, PLACE = range(4)
"""Levels, coarse to fine."""
_PEOPLES = (
    "壮|满|回|苗|维吾尔|土家|彝|蒙古|藏|布依|侗|瑶|朝鲜|白|哈尼|哈萨克|黎|傣|畲|傈僳|仡佬|东乡|高山|拉祜|水|佤|纳西|羌|土|仫佬|"
    "锡伯|柯尔克孜|达斡尔|景颇|毛南|撒拉|布朗|塔吉克|阿昌|普米|鄂温克|怒|京|基诺|德昂|保安|俄罗斯|裕固|乌孜别克|门巴|鄂伦春|"
    "独龙|塔塔尔|赫哲|珞巴|各"
)
"""Peoples whose names stand in those of autonomous counties and townships."""
_ENDINGS = (
    rf"(?:(?:(?:{_PEOPLES})族)+自治)?(?:新区|特区|林区|矿区|城区|市|县|区|旗)$",
    rf"(?:(?:(?:{_PEOPLES})族)+|民族)?(?:街道办事处|办事处|街道办|街道|镇|乡|苏木|林场|农场)$",
    r"(?:(?:社区)?(?:村民|居民)(?:委员会|居委会|村委会)|社区居委会|村委会|居委会|行政村|社区|村委|居委|嘎查|村)$",
)
_FAMILIES: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("县",), ("市",), ("区",)),
    (("镇",), ("乡",), ("街道", "街道办", "街道办事处")),
    (
        ("村", "村委会", "村民委员会", "行政村", "村委"),
        ("社区", "居委会", "社区居委会", "居委", "社区居民委员会"),
    ),
)
"""Endings that mean the same; a name with another family's ending may be the old or new name of the place."""
_SHORTEST_BARE = 2
_SHORTEST_PLACE = 4
_LONGEST = 40
PLACE_RADIUS_M = 60.0
"""How far from a named place with coordinates its building may stand [m]."""
_HANZI = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Hit:
    """A piece of a text that names an entry.

    ``whole`` is 2 when the name stands with its own ending, 1 with another one (a village that became a
    community), 0 when it stands bare.
    """

    start: int
    end: int
    entry: int
    whole: int


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """Known names with their places.

    Attributes
    ----------
    level, name, county, town, x, y, radius_m
        One an entry: level, full name, position of its county in ``counties`` (-1 unknown), plain name of its
        town ("" unknown), point in the project CRS and the radius within which a thing of that name is
        expected [m].
    forms
        Entries, and how whole the form is, by plain text.
    reach
        Length of the longest form by its first two signs.
    sounds
        Villages by the sound of their name, in syllables.
    area
        Name of the city, left out of texts.
    """

    level: NDArray[np.int8]
    name: NDArray[np.object_]
    county: NDArray[np.int64]
    town: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    forms: dict[str, list[tuple[int, int]]]
    reach: dict[str, int]
    sounds: dict[tuple[str, ...], list[int]]
    area: str

    def __len__(self) -> int:
        return len(self.level)

    def hits(self, text: str) -> list[Hit]:
        """Every piece of a plain text that is a form of a known name."""
        found = []
        for start in range(len(text) - 1):
            longest = self.reach.get(text[start : start + 2], 0)
            for end in range(start + 2, min(start + longest, len(text)) + 1):
                entries = self.forms.get(text[start:end])
                if entries and _stands_alone(text, start, end):
                    found += [Hit(start, end, entry, whole) for entry, whole in entries]
        return found

    def villages_of(self, town: int) -> NDArray[np.int64]:
        """Villages of a town's entry."""
        villages = self.in_county(int(self.county[town]), VILLAGE)
        return villages[self.town[villages] == self.town[town]]

    def in_county(self, county: int, level: int) -> NDArray[np.int64]:
        """Entries of a level in a county."""
        return np.flatnonzero((self.level == level) & (self.county == county))


def plain(text: object) -> str:
    """Text for comparing names: width, case and, between hanzi, blanks do not count.

    Examples
    --------
    >>> plain("乳源 县（桂头）"), plain(" Sankt  Johann ")
    ('乳源县(桂头)', 'sankt johann')
    """
    return _plain(text_of(text))


@lru_cache(maxsize=65_536)  # the same names are compared for every table
def _plain(text: str) -> str:
    form = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\s+", "" if _HANZI.search(form) else " ", form).strip()


def _stands_alone(text: str, start: int, end: int) -> bool:
    """A name in letters must not be part of a longer word."""
    before = start > 0 and text[start - 1].isalpha() and not _HANZI.match(text[start - 1])
    after = end < len(text) and text[end].isalpha() and not _HANZI.match(text[end])
    letters = not _HANZI.match(text[start]), not _HANZI.match(text[end - 1])
    return not (before and letters[0]) and not (after and letters[1])


@lru_cache(maxsize=65_536)
def core_of(name: str, level: int) -> str:
    """A name without its administrative ending.

    Returns
    -------
    str
        The name itself when nothing would be left.

    Examples
    --------
    >>> core_of("乳源瑶族自治县", COUNTY), core_of("深渡水瑶族乡", TOWN)
    ('乳源', '深渡水')
    """
    core = re.sub(_ENDINGS[level], "", name) or name
    again = re.sub(_ENDINGS[level], "", core)
    return again if level == VILLAGE and core != name and len(again) >= _SHORTEST_BARE else core


_OFFICE = re.compile(
    r"(人民政府|政府|工业和信息化局|工信局|通信发展办公室|通信局|分公司|公司|区域|全境|办事处)$"
)


_NAMED = 5
"""Names that are given of those there are."""


def nearest_names(value: str, known: Iterable[str]) -> tuple[str, ...]:
    """Names most like one that is not known, the likest first, in the reading of Chinese ones as well.

    Parameters
    ----------
    value
        What was written.
    known
        Names there are.

    Examples
    --------
    >>> nearest_names("dongzhen", ["西镇", "东镇", "Northfield", "Southfield", "南镇", "北镇"])[0]
    '东镇'
    """
    read = "".join(lazy_pinyin(value)).lower()

    def unlike(name: str) -> float:
        same = fuzz.ratio(value, name), fuzz.ratio(read, "".join(lazy_pinyin(name)).lower())
        return -max(same)

    return tuple(sorted(known, key=unlike)[:_NAMED])


def county_core(name: object, city: str) -> str:
    """A county's bare name in whatever form it is written.

    Examples
    --------
    >>> [county_core(each, "江城市") for each in ("江城市曲江区", "曲江", "曲江区人民政府")]
    ['曲江', '曲江', '曲江']
    """
    form = re.sub(r"^[\u4e00-\u9fff]{2,3}省", "", plain(name))
    own = plain(city)
    for start in (own, core_of(own, COUNTY) + "市"):
        if start and form.startswith(start) and len(form) > len(start) + 1:
            form = form[len(start) :]
    form = _OFFICE.sub("", form) or form
    return core_of(form, COUNTY)


@lru_cache(maxsize=65_536)
def sound_of(name: str) -> tuple[str, ...]:
    """Syllables of a name [tuple of str]."""
    return tuple(lazy_pinyin(name))


def initials_of(characters: Iterable[str]) -> dict[str, str]:
    """First letters of each Chinese character's readings.

    Parameters
    ----------
    characters
        Single characters; others than Chinese ones are left out.

    Returns
    -------
    dict
        Letters by character, such as ``{"乐": "ly"}``, in the order of the characters.

    Examples
    --------
    >>> initials_of("乐昌A")
    {'乐': 'ly', '昌': 'c'}
    """
    found = {}
    for each in sorted(set(characters)):
        if not "\u3400" <= each <= "\u9fff":
            continue
        readings = pinyin(each, style=Style.FIRST_LETTER, heteronym=True)[0]
        letters = sorted({reading[:1] for reading in readings if reading[:1].isalpha()})
        found[each] = "".join(letters)
    return found


def _forms_of(name: str, level: int) -> dict[str, int]:
    """Ways to write a name and how whole each is."""
    form = plain(name)
    if level == PLACE:
        return {form: 2} if len(form) >= _SHORTEST_PLACE else {}
    core, forms = core_of(form, level), {form: 2}
    if _HANZI.search(core):
        for family in _FAMILIES[level]:
            own = 2 if form.endswith(family) else 1
            forms |= {core + ending: own for ending in family if core + ending not in forms}
    if len(core) >= _SHORTEST_BARE:
        forms.setdefault(core, 0 if _HANZI.search(core) else 2)
    return forms


@dataclass(frozen=True, eq=False)
class Names:
    """Entries of one level to be put into a gazetteer; arrays of one length."""

    level: int
    name: Sequence[str]
    county: NDArray[np.int64]
    town: Sequence[str]
    points: NDArray[np.float64]
    radius_m: NDArray[np.float64]


def gazetteer_of(parts: Iterable[Names], area: str) -> Gazetteer:
    """Put names together and index them."""
    known = [part for part in parts if len(part.name)]
    level = np.concatenate(
        [np.full(len(part.name), part.level, dtype=np.int8) for part in known] or [_no(np.int8)]
    )
    name = np.array([str(each) for part in known for each in part.name], dtype=object)
    town = np.array([plain(each) for part in known for each in part.town], dtype=object)
    county = np.concatenate([part.county for part in known] or [_no(np.int64)]).astype(np.int64)
    points = np.concatenate([part.points for part in known] or [np.zeros((0, 2))])
    radius = np.concatenate([part.radius_m for part in known] or [_no(np.float64)])
    forms: dict[str, list[tuple[int, int]]] = {}
    sounds: dict[tuple[str, ...], list[int]] = {}
    for entry, (kind, each) in enumerate(zip(level.tolist(), name, strict=True)):
        for form, whole in _forms_of(each, kind).items():
            if kind == PLACE and any(level[other] != PLACE for other, _ in forms.get(form, ())):
                continue  # a mast named after its village says no more than the village
            if 2 <= len(form) <= _LONGEST:
                forms.setdefault(form, []).append((entry, whole))
        if kind == VILLAGE and len(core_of(plain(each), VILLAGE)) >= _SHORTEST_BARE:
            sounds.setdefault(sound_of(core_of(plain(each), VILLAGE)), []).append(entry)
    reach: dict[str, int] = {}
    for form in forms:
        reach[form[:2]] = max(reach.get(form[:2], 0), len(form))
    x, y = points[:, 0], points[:, 1]
    return Gazetteer(level, name, county, town, x, y, radius, forms, reach, sounds, plain(area))


def _no(kind: type) -> NDArray[Any]:
    return np.zeros(0, dtype=kind)


# --- what the project knows --------------------------------------------------------------------------


def county_names(counties: gpd.GeoDataFrame) -> Names:
    """Counties, each with the radius of the circle around its border [m]."""
    points = counties.geometry.representative_point()
    reach = shapely.minimum_bounding_radius(counties.geometry.to_numpy())
    return Names(
        COUNTY,
        counties["county"].tolist(),
        np.arange(len(counties)),
        [""] * len(counties),
        _xy(points),
        reach,
    )


def village_names(
    villages: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None, counties: gpd.GeoDataFrame
) -> tuple[Names, Names]:
    """Villages, and the towns they make up.

    A village's radius is that of a circle of its area, or half the way to the next village where there are
    only points; a town's reaches nine in ten of its villages [m].
    """
    county = _positions(villages, counties)
    points = _xy(villages.geometry)
    town = [text_of(each) for each in villages["town"]] if "town" in villages else [""] * len(villages)
    radius = _village_radius(villages, areas)
    found = Names(VILLAGE, villages["village"].astype(str).tolist(), county, town, points, radius)
    frame = pd.DataFrame({"county": county, "town": town, "x": points[:, 0], "y": points[:, 1], "r": radius})
    frame = frame[frame["town"].ne("")]
    if frame.empty:
        return found, Names(TOWN, [], _no(np.int64), [], np.zeros((0, 2)), _no(np.float64))
    groups = frame.groupby(["county", "town"], sort=True)
    middle = groups[["x", "y"]].mean()
    own = middle.reindex(pd.MultiIndex.from_frame(frame[["county", "town"]]))
    frame["reach"] = np.hypot(frame["x"] - own["x"].to_numpy(), frame["y"] - own["y"].to_numpy()) + frame["r"]
    reach = frame.groupby(["county", "town"], sort=True)["reach"].quantile(0.9)
    names = [str(pair[1]) for pair in middle.index]
    counties_of = np.array([int(pair[0]) for pair in middle.index])
    return found, Names(TOWN, names, counties_of, names, middle.to_numpy(), reach.to_numpy())


def place_names(table: gpd.GeoDataFrame, column: str, counties: gpd.GeoDataFrame) -> Names:
    """Places of a table with coordinates of its own."""
    named = table[table[column].notna()]
    names = named[column].astype(str).tolist()
    town = [text_of(each) for each in named["town"]] if "town" in named else [""] * len(named)
    radius = np.full(len(named), PLACE_RADIUS_M)
    return Names(PLACE, names, _positions(named, counties), town, _xy(named.geometry), radius)


def _positions(table: gpd.GeoDataFrame, counties: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Position of the county each point lies in, -1 for none."""
    point, shape = counties.sindex.query(table.geometry.to_numpy(), predicate="intersects")
    found = np.full(len(table), -1, dtype=np.int64)
    found[point[::-1]] = shape[::-1]
    return found


def _village_radius(villages: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None) -> NDArray[np.float64]:
    if areas is not None:
        by_id = dict(zip(areas["village_id"], np.sqrt(areas.geometry.area / np.pi), strict=True))
        return villages["village_id"].map(by_id).fillna(1000.0).to_numpy(dtype=np.float64)
    points = villages.geometry.to_numpy()
    if len(points) < 2:
        return np.full(len(points), 1000.0)
    tree = shapely.STRtree(points)
    pairs, distance = tree.query_nearest(points, exclusive=True, return_distance=True, all_matches=False)
    radius = np.full(len(points), 1000.0)
    radius[pairs[0]] = np.clip(distance / 2.0, 100.0, 3000.0)
    return radius


def _xy(points: gpd.GeoSeries) -> NDArray[np.float64]:
    return np.column_stack([points.x.to_numpy(), points.y.to_numpy()]).astype(np.float64)
