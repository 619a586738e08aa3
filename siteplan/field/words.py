"""Words people type for a status, and the status they probably mean: never taken without a person's word."""

from __future__ import annotations

import difflib
import re

from siteplan.inputs.files.headers import normalise
from siteplan.project.statuses import MOVED, Obstacle, SiteStatus
from siteplan.words.catalogue import Lang, translate

_SYNONYMS: dict[SiteStatus, tuple[str, ...]] = {
    SiteStatus.NEGOTIATING: (
        *("在谈", "洽谈", "洽谈中", "协商", "协商中", "谈判", "谈判中", "谈点", "沟通中", "对接中", "推进中"),
        *("in talks", "talking"),
    ),
    SiteStatus.AGREED: (
        *("同意", "已同意", "同意建设", "业主已同意", "同意入场", "谈妥", "已谈妥", "有意向", "agreed"),
    ),
    SiteStatus.SIGNED: (
        *("签约", "签", "已签", "已签合同", "签合同", "合同已签", "已签协议", "签订", "已签订"),
        *("contracted", "contract signed"),
    ),
    SiteStatus.BUILDING: (
        *("施工", "施工中", "建设中", "建设", "在建中", "开工", "已开工", "进场", "已进场", "土建"),
        *("under construction", "construction"),
    ),
    SiteStatus.ON_AIR: (
        *("已开通", "入网", "已入网", "激活", "已激活", "完工", "已完工", "建成", "已建成", "已建", "投产"),
        *("live", "done"),
    ),
    SiteStatus.PAUSED: ("暂停", "暂缓建设", "缓建", "暂时保留", "搁置", "on hold"),
    SiteStatus.REFUSED: (
        *("不同意", "业主不同意", "拒绝", "已拒绝", "拒建", "不肯", "谈不拢", "谈崩", "反对", "阻挠"),
        *("refused", "rejected"),
    ),
    SiteStatus.INFEASIBLE: (
        *("无法建设", "建不了", "不能建", "无法建", "不具备条件", "条件不足", "无法实施"),
        *("not possible", "impossible"),
    ),
    SiteStatus.WITHDRAWN: (
        *("取消", "已取消", "作废", "不建了", "不要了", "放弃", "cancelled", "canceled", "dropped"),
    ),
}
_REMARK = re.compile(r"[(\[【].*?[)\]】]|[!！。.,，、;；~～?？]+")
_LEAST_ALIKE = 0.6
_TURNING = frozenset("未没无不非否勿别待拟可将准预计划能")
"""Letters that turn a word into its opposite or into a plan: "未签约" is not "已签约"."""
_TURNING_WORD = re.compile(r"not|^no|^un|n't|^non|pending|^will|^to", re.IGNORECASE)


def status_of(word: str) -> str | None:
    """Status by its code or its word in either language.

    Returns
    -------
    str or None
        Its code, ``MOVED`` or "" for an empty word; None for a word that is none.

    Examples
    --------
    >>> status_of("已签约"), status_of("owner refused"), status_of(""), status_of("完成了")
    ('SIGNED', 'REFUSED', '', None)
    """
    return _WORDS.get(normalise(word)) if word.strip() else ""


def probable_status(word: str, exactly: bool = False) -> str:
    """The status a word probably means, "" for none [str]; ``exactly`` takes no words that merely resemble.

    Examples
    --------
    >>> [probable_status(word) for word in ("已同意", "已签约（张三）", "业主不同意", "开通了！", "明天再说")]
    ['AGREED', 'SIGNED', 'REFUSED', 'ON_AIR', '']
    >>> [probable_status(word) for word in ("未签约", "尚未开通", "可建", "拟建设", "not agreed")]
    ['', '', '', '', '']
    """
    form = normalise(_REMARK.sub("", word))
    known = _WORDS | _LIKELY
    for each in (form, form.removesuffix("了"), form.removeprefix("已")):
        if each in known:
            return known[each]
    if exactly:
        return ""
    same = [each for each in known if len(each) > 1 and _turns(each) == _turns(form)]
    alike = difflib.get_close_matches(form, same, 1, _LEAST_ALIKE)
    return known[alike[0]] if alike else ""


def stops(text: str) -> bool:
    """Whether a reason says that a place came to nothing [bool].

    Examples
    --------
    >>> [stops(text) for text in ("业主不同意，村民阻工", "业主原不同意，现已同意", "Owner refused")]
    [True, False, True]
    """
    form = normalise(text)
    ends = [word for word in _ENDS if word in form]
    rest = form
    for word in sorted(ends, key=len, reverse=True):
        rest = rest.replace(word, " ")
    return bool(ends) and not any(word in rest for word in _GOES_ON)


def obstacle_of(word: str) -> str:
    """Kind of obstacle a word names, ``other`` for any other word, "" for none [str].

    Examples
    --------
    >>> [obstacle_of(word) for word in ("协调问题", "施工困难", "村里没电", "")]
    ['coordination', 'construction', 'other', '']
    """
    form = normalise(word)
    if not form:
        return ""
    named = (
        (Obstacle.COORDINATION, ("协调", "业主", "阻工", "coordination", "owner")),
        (Obstacle.CONSTRUCTION, ("施工", "建设", "construction", "building")),
    )
    return next((kind.value for kind, words in named if any(w in form for w in words)), Obstacle.OTHER.value)


def _turns(form: str) -> frozenset[str]:
    """What in a word turns its meaning round."""
    return frozenset(form) & _TURNING | frozenset(_TURNING_WORD.findall(form))


def _words() -> dict[str, str]:
    codes = [*(each.value for each in SiteStatus), MOVED]
    languages: tuple[Lang, ...] = ("zh", "en")
    words = {normalise(code): code for code in codes}
    return words | {
        normalise(translate(f"status_{code}", lang)): code for code in codes for lang in languages
    }


_WORDS = _words()
_LIKELY = {normalise(word): status.value for status, words in _SYNONYMS.items() for word in words}
_SHORT_ENDS = ("拒绝", "拒建", "反对", "阻挠", "放弃", "阻工", "停工", "已停")
_ENDS = _SHORT_ENDS + tuple(
    normalise(word)
    for status in (SiteStatus.REFUSED, SiteStatus.INFEASIBLE, SiteStatus.WITHDRAWN)
    for word in (*_SYNONYMS[status], translate(f"status_{status.value}", "zh"))
    if len(word) > 2
)
_GOES_ON = ("同意", "谈妥", "签约", "已签", "开通", "复工", "解决", "agreed", "signed", "solved")
