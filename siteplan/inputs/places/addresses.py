"""Places that are only described: found offline in the project's own names, with a grade and a radius.

A description gets the finest level that all its words agree on and the radius that
level
has; where several places fit equally well the next coarser level stands, and a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rapidfuzz import fuzz

from siteplan.inputs.places.gazetteer import (
    COUNTY,
    PLACE,
    TOWN,
    VILLAGE,
    Gazetteer,
    Hit,
    core_of,
    plain,
    sound_of,
)

_GUESSES = 3
_SIMILAR = 74.0
"""Similarity from which a name that is not in the gazetteer is taken for one that is, 0 to 100."""
_PROVINCE = re.compile(r"^(中国|中华人民共和国)?([\u4e00-\u9fff]{2,3}省|[\u4e00-\u9fff]{2,8}自治区)")
_OTHER_CITY = re.compile(
    r"^[^镇乡村街路县区夜贸超集\W\d]{2,6}"
    r"(市(?![场政区民容话])|自治州|地区(?!分)|盟(?=市|县|旗))"
)
"""Start of an address that names a city; it must be the project's own or one of its counties."""
_QUALIFIER = re.compile(
    r"^(?:[东南西北中左右前后]{1,2}(?:侧|面|角|边|门|区|楼|院|部|头|段|座|栋|方向)?"
    r"|[一二三四五六七八九十\d]+(?:期|号楼|栋|座|分院|校区|分校)|[新老旧分](?:院|校|区|址|馆|楼)|[a-z](?:座|栋|区))"
)
"""Words after a name that mean another place beside it: its north, its second phase, its new branch."""
QUALIFIED_RADIUS_M = 400.0
"""How far a place may lie from the one its name is qualified by [m]."""
_DETAIL = re.compile(r"(楼顶|天面|屋面|旁边?|附近|对面|内|处|侧|后面|门口|路口)$")


@dataclass(frozen=True)
class Located:
    """Where a description points to.

    Attributes
    ----------
    grade
        ``A`` a building or named place, ``B`` a village, ``C`` a town, ``D`` a county, "" for not located.
    how
        ``exact``, ``sound`` (same sound, other characters), ``similar``, ``tied`` (several fit),
        ``qualified`` (beside the named place: its north, its second phase), ``conflict`` (its village is not
        in its town), or ``elsewhere`` (in another city).
    entry
        Entry of the gazetteer, -1 for none.
    guesses
        Up to three entries a person may choose from, best first.
    """

    grade: str
    how: str
    entry: int
    guesses: tuple[int, ...] = field(default=())

    @property
    def is_doubtful(self) -> bool:
        """Whether a person should look at it: coarser than a village, or not by the exact words."""
        return self.grade in ("", "C", "D") or self.how != "exact"


def locate(
    texts: Sequence[str],
    gazetteer: Gazetteer,
    counties: Sequence[str] | None = None,
    towns: Sequence[str] | None = None,
) -> list[Located]:
    """Locate descriptions.

    Parameters
    ----------
    texts
        Addresses, or names that say where they are, shape (n,).
    gazetteer
        The project's names.
    counties, towns
        County and town a row states beside its address, "" where it does not.
    """
    seen: dict[tuple[str, str, str], Located] = {}
    found = []
    for i, text in enumerate(texts):
        key = (plain(text), plain(counties[i]) if counties else "", plain(towns[i]) if towns else "")
        if key not in seen:
            seen[key] = _locate(*key, gazetteer)
        found.append(seen[key])
    return found


def _locate(text: str, county_text: str, town_text: str, gazetteer: Gazetteer) -> Located:
    """The finest level on which the words agree."""
    text = _PROVINCE.sub("", text)
    if gazetteer.area and text.startswith(gazetteer.area):
        text = text[len(gazetteer.area) :]
    hits = gazetteer.hits(text)
    city = _OTHER_CITY.match(text)
    if city and not any(h.start == 0 and gazetteer.level[h.entry] == COUNTY for h in hits):
        return Located("", "elsewhere", -1)
    counties = _county(hits, county_text, gazetteer)
    towns, town_span = _town(hits, town_text, counties, gazetteer)
    places = [
        hit for hit in _at_level(hits, PLACE, counties, gazetteer) if _near_towns(hit.entry, towns, gazetteer)
    ]
    if places:
        found = _named_place(places, gazetteer)
        longest = max(places, key=lambda hit: (hit.end - hit.start, hit.start))
        if found.how == "exact" and _QUALIFIER.match(text[longest.end :]):
            return replace(found, grade="B", how="qualified")
        return found
    county_span = max((h.end for h in hits if gazetteer.level[h.entry] == COUNTY and h.start == 0), default=0)
    village = _village(hits, counties, towns, (town_span, (0, county_span)), gazetteer)
    if village is not None:
        return village
    rest = _DETAIL.sub("", text[max(town_span[1], county_span) :])
    pool = _pool(counties, towns, gazetteer)
    return (
        _by_sound(rest, pool, gazetteer)
        or _by_likeness(rest, pool, gazetteer)
        or _coarse(counties, towns, _ranked(rest, pool, gazetteer), gazetteer)
    )


def _county(hits: Sequence[Hit], stated: str, gazetteer: Gazetteer) -> set[int]:
    """Counties a text names, or states beside it; empty for any."""
    told = (
        {e for e, _ in gazetteer.forms.get(stated, ()) if gazetteer.level[e] == COUNTY} if stated else set()
    )
    if told:
        return {int(gazetteer.county[entry]) for entry in told}
    named = [hit for hit in hits if gazetteer.level[hit.entry] == COUNTY]
    if not named:
        return set()
    best = min(named, key=lambda hit: (not hit.whole, hit.start, -hit.end))
    if not best.whole and best.start > 0:
        return set()
    alike = [hit for hit in named if (hit.whole, hit.start, hit.end) == (best.whole, best.start, best.end)]
    return {int(gazetteer.county[hit.entry]) for hit in alike}


def _town(
    hits: Sequence[Hit], stated: str, counties: set[int], gazetteer: Gazetteer
) -> tuple[set[int], tuple[int, int]]:
    """Town entries a text names, and where; a town stated beside it counts when the text names none."""
    named = _at_level(hits, TOWN, counties, gazetteer)
    whole = [hit for hit in named if hit.whole] or (
        [hit for hit in named if hit.start == _lead(hits, gazetteer)]
    )
    told = (
        {
            entry
            for entry, _ in gazetteer.forms.get(stated, ())
            if gazetteer.level[entry] == TOWN and (not counties or gazetteer.county[entry] in counties)
        }
        if stated
        else set()
    )
    if whole:
        best = min(whole, key=lambda hit: (hit.start - hit.end, hit.start))
        entries = {hit.entry for hit in whole if (hit.start, hit.end) == (best.start, best.end)}
        return entries & told or entries, (best.start, best.end)
    return told, (0, 0)


def _lead(hits: Sequence[Hit], gazetteer: Gazetteer) -> int:
    """Where the text goes on after its county."""
    return max((h.end for h in hits if gazetteer.level[h.entry] == COUNTY and h.start == 0), default=0)


def _at_level(hits: Sequence[Hit], level: int, counties: set[int], gazetteer: Gazetteer) -> list[Hit]:
    return [
        hit
        for hit in hits
        if gazetteer.level[hit.entry] == level
        and (not counties or int(gazetteer.county[hit.entry]) in counties)
    ]


def _in_towns(entry: int, towns: set[int], gazetteer: Gazetteer) -> bool:
    """Whether an entry lies in one of some towns."""
    return any(
        gazetteer.town[entry] == gazetteer.town[town] and gazetteer.county[entry] == gazetteer.county[town]
        for town in towns
    )


def _near_towns(entry: int, towns: set[int], gazetteer: Gazetteer) -> bool:
    """Whether a place can belong to the town a text names; without a named town it always can."""
    return not towns or any(
        np.hypot(gazetteer.x[entry] - gazetteer.x[town], gazetteer.y[entry] - gazetteer.y[town])
        <= 1.5 * gazetteer.radius_m[town]
        for town in towns
    )


def _named_place(hits: Sequence[Hit], gazetteer: Gazetteer) -> Located:
    """A known building: the longest name; several at one spot are one."""
    longest = max(hit.end - hit.start for hit in hits)
    entries = sorted({hit.entry for hit in hits if hit.end - hit.start == longest})
    spread = np.hypot(np.ptp(gazetteer.x[entries]), np.ptp(gazetteer.y[entries]))
    if spread <= 2 * gazetteer.radius_m[entries[0]]:
        return Located("A", "exact", entries[0], (entries[0],))
    return Located(_tied_grade(entries, gazetteer), "tied", entries[0], tuple(entries[:_GUESSES]))


def _tied_grade(entries: Sequence[int], gazetteer: Gazetteer) -> str:
    """Grade of a place that may be any of several: that of what they share."""
    if len({gazetteer.county[entry] for entry in entries}) > 1:
        return ""
    return "C" if len({gazetteer.town[entry] for entry in entries}) == 1 else "D"


def _village(
    hits: Sequence[Hit],
    counties: set[int],
    towns: set[int],
    taken: tuple[tuple[int, int], tuple[int, int]],
    gazetteer: Gazetteer,
) -> Located | None:
    """The village a text names: with its ending first, in its town first, then the longest name."""
    named = [
        hit
        for hit in _at_level(hits, VILLAGE, counties, gazetteer)
        if hit.whole or not any(hit.start < end and start < hit.end for start, end in taken)
    ]
    named = [hit for hit in named if not _inside_other(hit, hits, gazetteer)]
    if not named:
        return None
    near = [hit for hit in named if _in_towns(hit.entry, towns, gazetteer)]
    if towns and not near and not any(hit.whole for hit in named):
        return None
    ranked = near or named
    best = max((hit.whole, hit.end - hit.start, -hit.start) for hit in ranked)
    entries = sorted({h.entry for h in ranked if (h.whole, h.end - h.start, -h.start) == best})
    if len(entries) > 1:
        return _tied(entries, counties, towns, gazetteer)
    return Located("B", "conflict" if towns and not near else "exact", entries[0], (entries[0],))


def _inside_other(hit: Hit, hits: Sequence[Hit], gazetteer: Gazetteer) -> bool:
    """Whether a bare name is only a part of another, longer name there."""
    return not hit.whole and any(
        other.whole
        and other.start <= hit.start
        and hit.end <= other.end
        and gazetteer.level[other.entry] in (COUNTY, TOWN)
        for other in hits
    )


def _tied(entries: Sequence[int], counties: set[int], towns: set[int], gazetteer: Gazetteer) -> Located:
    """Several villages of one name: the coarser level stands, the villages are the guesses."""
    if len(entries) > _GUESSES:
        return _coarse(counties, towns, entries, gazetteer)
    return Located(_tied_grade(entries, gazetteer), "tied", entries[0], tuple(entries))


def _coarse(counties: set[int], towns: set[int], guesses: Sequence[int], gazetteer: Gazetteer) -> Located:
    """Town or county alone."""
    best = tuple(guesses[:_GUESSES])
    if len(towns) == 1:
        return Located("C", "exact", next(iter(towns)), best)
    if len(counties) == 1:
        county = next(iter(counties))
        return Located("D", "exact", int(gazetteer.in_county(county, COUNTY)[0]), best)
    return Located("", "tied" if towns or counties else "exact", -1, best or tuple(sorted(towns))[:_GUESSES])


def _pool(counties: set[int], towns: set[int], gazetteer: Gazetteer) -> NDArray[np.int64]:
    """Villages a name may mean when it is not among the known ones: those of its town, else of its county."""
    if len(counties) != 1 and len(towns) != 1:
        return np.zeros(0, dtype=np.int64)
    if len(towns) == 1:
        return gazetteer.villages_of(next(iter(towns)))
    return gazetteer.in_county(next(iter(counties)), VILLAGE)


def _by_sound(rest: str, pool: NDArray[np.int64], gazetteer: Gazetteer) -> Located | None:
    """A village of the same sound written with other characters, such as 虎屋 for 胡屋."""
    if not len(pool) or len(rest) < 2:
        return None
    sounds, members = sound_of(rest[:16]), set(pool.tolist())
    for length in range(min(len(sounds), 6), 1, -1):
        found: set[int] = set()
        for start in range(len(sounds) - length + 1):
            found |= members.intersection(gazetteer.sounds.get(sounds[start : start + length], ()))
        if len(found) == 1:
            entry = next(iter(found))
            return Located("B", "sound", entry, (entry,))
        if found:
            return None
    return None


def _by_likeness(rest: str, pool: NDArray[np.int64], gazetteer: Gazetteer) -> Located | None:
    """A village whose name differs by a slip of the pen, when only one is that near."""
    ranked = _ranked(rest, pool, gazetteer)
    scores = [_likeness(rest, entry, gazetteer) for entry in ranked[:2]]
    if scores and scores[0] >= _SIMILAR and (len(scores) == 1 or scores[1] < scores[0] - 8.0):
        return Located("B", "similar", ranked[0], tuple(ranked[:_GUESSES]))
    return None


def _ranked(rest: str, pool: NDArray[np.int64], gazetteer: Gazetteer) -> list[int]:
    """Villages of the pool by likeness, the more alike first."""
    scores = {int(entry): _likeness(rest, int(entry), gazetteer) for entry in pool} if rest else {}
    return sorted((entry for entry in scores if scores[entry] > 40.0), key=lambda e: (-scores[e], e))[
        :_GUESSES
    ]


def _likeness(rest: str, entry: int, gazetteer: Gazetteer) -> float:
    """Likeness of a village's name to the best piece of a text, 0 to 100."""
    core = core_of(plain(gazetteer.name[entry]), VILLAGE)
    return float(fuzz.partial_ratio(core, rest[:16])) if len(core) >= 3 else 0.0


def table_of(found: Sequence[Located], gazetteer: Gazetteer) -> pd.DataFrame:
    """Locations as columns.

    Returns
    -------
    DataFrame
        ``grade, how, matched, x, y, radius_m``; NaN where nothing is known. A place that may be one of
        several stands in their middle, with a radius that reaches all of them.
    """
    members = [_members(each) for each in found]
    at = [
        (gazetteer.x[group].mean(), gazetteer.y[group].mean()) if group else (np.nan, np.nan)
        for group in members
    ]
    radius = [_reach(group, x, y, gazetteer) for group, (x, y) in zip(members, at, strict=True)]
    radius = [
        max(r, QUALIFIED_RADIUS_M) if each.how == "qualified" else r
        for r, each in zip(radius, found, strict=True)
    ]
    names = ["、".join(str(gazetteer.name[entry]) for entry in group[:_GUESSES]) for group in members]
    xy = np.array(at, dtype=np.float64).reshape(-1, 2)
    return pd.DataFrame(
        {
            "grade": [e.grade for e in found],
            "how": [e.how for e in found],
            "matched": names,
            "x": xy[:, 0],
            "y": xy[:, 1],
            "radius_m": np.array(radius, dtype=np.float64),
        }
    )


def _members(found: Located) -> list[int]:
    """Entries a location stands for: one, or all that it may be when they lie in one town or county."""
    if found.how == "tied" and found.grade in ("C", "D"):
        return list(found.guesses)
    return [found.entry] if found.entry >= 0 else []


def _reach(group: Sequence[int], x: float, y: float, gazetteer: Gazetteer) -> float:
    """Radius around a point that reaches all of some entries with their own radius [m]."""
    if not group:
        return float("nan")
    away = np.hypot(gazetteer.x[group] - x, gazetteer.y[group] - y)
    return float((away + gazetteer.radius_m[group]).max())
