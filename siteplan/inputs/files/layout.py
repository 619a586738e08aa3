"""Where a sheet's header and records are: titles above, headers of several lines, totals and notes below.

The header is the line (or two, three lines) that fits the table's columns best, not the
first one; every line that is left out is named with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from siteplan.inputs.files.cells import text_of
from siteplan.inputs.files.headers import PART_SIGN, normalise

Row = Sequence[object]
Merge = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell of a merged range, as (row, column) from 0."""
_DEEPEST = 40
"""Lines from the top among which the header is looked for."""
_LINES = 3
_UNITS = {
    "",
    "-",
    "—",
    "/",
    "度",
    "°",
    "米",
    "英尺",
    "呎",
    "ft",
    "feet",
    "千米",
    "厘米",
    "cm",
    "万人",
    "千人",
    "m",
    "km",
    "公里",
    "%",
    "个",
    "人",
    "元",
    "万元",
    "w",
    "mhz",
    "dbm",
    "dbi",
    "db",
}
"""What a line of units under the header holds."""
_NO_UNIT = {"", "-", "—", "/", "度", "°"}
_MEAN = re.compile(r"平均值?|均值|最大值?|最小值?|average|mean|max|min")
_LABEL = re.compile(r"(填表|填报|制表|审核|审批|联系|打印|导出)(人|单位|日期|时间|电话)|第\d+页")
_TOTAL = re.compile(
    r".{0,10}?(合计|总计|小计|共计|汇总|总数|总和|累计)(\(.{0,3}\))?[:：]?|(grand|sub)?total[:：]?|sum|gesamt"
)
_REMARK = re.compile(
    r"(注|备注|说明|注意|附|附注|note|remark|source)(\d*[:：.、]|\d|$)"
    r"|(填表|填报|制表|审核|审批|联系人|联系电话|日期|单位)[^\s:：]{0,4}[:：]"
    r"|单位负责|数据来源|资料来源|截至|★|※|\*"
)
_SIGNED = re.compile(r"\S{1,8}[:：]\S{0,12}")
_MEASURED = re.compile(r"\d\.\d|\d\s*[°度′]")
"""A decimal or an angle: no header has one."""
_HANZI_NUMBER = re.compile(r"[（(]?[一二三四五六七八九十]+[)）、.]?")
_NUMBER = re.compile(r"[-+]?[\d.,]+")
_SERIAL = {"序号", "no", "no.", "#", "序"}


@dataclass(frozen=True)
class Skipped:
    """A line that is no record: ``row`` from 1, why (``total, remark, section, header, serial``), its
    text.
    """

    row: int
    why: str
    text: str


@dataclass(frozen=True, eq=False)
class Layout:
    """A sheet taken apart.

    Attributes
    ----------
    headers
        One a column, "" for a column without header and without data.
    records
        Cells of each record, as many as headers.
    rows
        Row number of each record as a spreadsheet shows it.
    title
        Text of the lines above the header.
    skipped
        Lines below it that are no records.
    header_row
        Row number of the header's last line.
    later_headers
        Headers further down whose columns stand in another order: number of the record they come before, and
        their names.
    """

    headers: list[str]
    records: list[list[object]]
    rows: list[int]
    title: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    header_row: int
    later_headers: tuple[tuple[int, list[str]], ...] = ()

    def parts(self) -> tuple[Layout, ...]:
        """The layout by header: one part for each order the columns stand in."""
        starts = [0, *(start for start, _ in self.later_headers)]
        ends = [*starts[1:], len(self.records)]
        names = [self.headers, *(names for _, names in self.later_headers)]
        return tuple(
            replace(
                self,
                headers=own,
                records=self.records[start:end],
                rows=self.rows[start:end],
                skipped=self.skipped if start == 0 else (),
                title=self.title if start == 0 else (),
                later_headers=(),
            )
            for own, start, end in zip(names, starts, ends, strict=True)
        )


def lay_out(
    cells: Sequence[Row],
    merges: Sequence[Merge],
    score: Callable[[list[str]], float],
    words: Collection[str] = (),
) -> Layout | None:
    """Find header and records.

    Parameters
    ----------
    cells
        All cells from A1; rows may differ in length.
    merges
        Merged ranges.
    score
        How well a list of headers fits the table; 0 for not at all.
    words
        Headers the table knows, normalised: a line made of them is a header again.

    Returns
    -------
    Layout or None
        None for a sheet without any filled cell.

    Examples
    --------
    >>> sheet = [["公共物业清单", ""], ["序号", "地址"], [1, "太和镇"], ["合计", 1]]
    >>> found = lay_out(sheet, [], lambda names: float("地址" in names))
    >>> found.headers, found.records, found.rows, found.skipped[0].why
    (['序号', '地址'], [[1, '太和镇']], [3], 'total')
    """
    filled = [i for i, row in enumerate(cells) if any(text_of(cell) for cell in row)]
    if not filled:
        return None
    first, lines, names = _header(cells, filled, merges, score)
    body = [i for i in filled if i >= first + lines]
    down = _filled_down(cells, merges, first + lines)
    width = max([len(names), *(len(cells[i]) for i in body)])
    names = _named(names + [""] * (width - len(names)), [cells[i] for i in body])
    records: list[list[object]] = []
    rows: list[int] = []
    skipped: list[Skipped] = []
    later: list[tuple[int, list[str]]] = []
    forms = [normalise(name) for name in names]
    for i in body:
        record = [*cells[i], *[None] * (width - len(cells[i]))]
        texts = [text_of(cell) for cell in record]
        why = _not_a_record(texts, forms, words)
        if why == "section" and down.get(i):
            why = ""
        if why:
            skipped.append(Skipped(i + 1, why, " ".join(text for text in texts if text)[:80]))
            if why == "header" and not records and _are_units(texts):
                names = _with_units(names, texts)
                forms = [normalise(name) for name in names]
            elif why == "header" and _is_reordered(texts, forms):
                forms = [normalise(text) for text in texts]
                later.append((len(records), _named([_one_line(text) for text in texts], [])))
            continue
        for column, cell in down.get(i, ()):
            record[column] = cell
        records.append(record)
        rows.append(i + 1)
    title = tuple(text for i in filled if i < first for text in map(text_of, cells[i]) if text)
    return Layout(names, records, rows, title, tuple(skipped), first + lines, tuple(later))


def _header(
    cells: Sequence[Row], filled: list[int], merges: Sequence[Merge], score: Callable[[list[str]], float]
) -> tuple[int, int, list[str]]:
    """First line, number of lines and names of the best header; without any fit, the first wide line."""
    best, found = 0.0, None
    for first in filled[:_DEEPEST]:
        texts = [text for text in map(text_of, cells[first]) if text]
        if 2 * sum(bool(_NUMBER.fullmatch(text)) for text in texts) > len(texts):
            continue
        for lines in range(1, _LINES + 1):
            if lines > 1 and not _may_go_on(cells, first, lines, merges):
                break
            names = _joined(cells, first, lines, merges)
            fit = score(names)
            if fit > best + 1e-9:
                best, found = fit, (first, lines, names)
    if found:
        return found
    wide = next((i for i in filled if sum(bool(text_of(cell)) for cell in cells[i]) > 1), filled[0])
    return wide, 1, _joined(cells, wide, 1, merges)


def _may_go_on(cells: Sequence[Row], first: int, lines: int, merges: Sequence[Merge]) -> bool:
    """Whether the next line can belong to a header: there, and without a number."""
    line = first + lines - 1
    if line >= len(cells):
        return False
    texts = [text for text in map(text_of, cells[line]) if text]
    under = any(top <= line - 1 and bottom >= line for (top, _), (bottom, _) in merges)
    return (bool(texts) or under) and not any(
        _NUMBER.fullmatch(text) or _MEASURED.search(text) for text in texts
    )


def _joined(cells: Sequence[Row], first: int, lines: int, merges: Sequence[Merge]) -> list[str]:
    """Names of the columns from one or more lines, merged cells spread out."""
    width = max(len(cells[i]) for i in range(first, first + lines))
    grid = [
        [text_of(cell) for cell in cells[i]] + [""] * (width - len(cells[i]))
        for i in range(first, first + lines)
    ]
    for (top, left), (bottom, right) in merges:
        if top >= first + lines or bottom < first or not (first <= top):
            continue
        for i in range(top, min(bottom, first + lines - 1) + 1):
            for j in range(left, min(right, width - 1) + 1):
                grid[i - first][j] = grid[top - first][left]
    for upper, lower in pairwise(grid):
        for j in range(1, width):
            if not upper[j] and lower[j] and upper[j - 1] and lower[j - 1]:
                upper[j] = upper[j - 1]
    return [PART_SIGN.join(dict.fromkeys(_one_line(row[j]) for row in grid if row[j])) for j in range(width)]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _named(names: list[str], records: Sequence[Row]) -> list[str]:
    """Unique headers; a column with data but no header is named by its letter."""
    used = {j for row in records for j, cell in enumerate(row) if cell is not None and text_of(cell)}
    named: list[str] = []
    seen: set[str] = set()
    for j, name in enumerate(names):
        plain = name or (f"列{column_letter(j)}" if j in used else "")
        number, unique = 2, plain
        while unique and unique in seen:
            unique, number = (
                f"{plain}{number}" if not plain[-1].isdigit() else f"{plain}_{number}",
                number + 1,
            )
        seen.add(unique)
        named.append(unique)
    return named


def column_letter(position: int) -> str:
    """Letter of a spreadsheet's column, 0 is A [str].

    Examples
    --------
    >>> column_letter(0), column_letter(27)
    ('A', 'AB')
    """
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _filled_down(
    cells: Sequence[Row], merges: Sequence[Merge], start: int
) -> dict[int, list[tuple[int, object]]]:
    """Cells that a merged range of the records covers, with its value."""
    found: dict[int, list[tuple[int, object]]] = {}
    for (top, left), (bottom, _) in merges:
        if top < start or top >= len(cells) or left >= len(cells[top]):
            continue
        for i in range(top + 1, min(bottom, len(cells) - 1) + 1):
            found.setdefault(i, []).append((left, cells[top][left]))
    return found


def _not_a_record(texts: list[str], forms: list[str], words: Collection[str]) -> str:
    """Why a line is no record, "" when it is one."""
    at = [j for j, text in enumerate(texts) if text]
    said = [normalise(texts[j]) for j in at]
    wide = sum(bool(form) for form in forms) > 2
    if any(_TOTAL.fullmatch(each) for each in said[:2]) and not _is_placed(at, texts, forms):
        return "total"
    if _MEAN.fullmatch(said[0]) and len(at) > 1:
        return "total"
    if wide and _is_remark(said):
        return "remark"
    if wide and len(at) <= 2 and at[0] == 0 and _is_section(said, forms):
        numbered = len(at) == 1 and forms[0] in _SERIAL and _NUMBER.fullmatch(said[0])
        return "serial" if numbered else "section"
    if len(at) == 1 and wide:
        return "section"
    return "header" if _is_header_again(at, said, texts, forms, words) else ""


def _is_remark(said: list[str]) -> bool:
    """A note or a label with its value, or a line of things to sign."""
    if len(said) <= 2:
        return bool(_LABEL.fullmatch(said[0]) or _REMARK.match(said[0])) or all(map(_SIGNED.fullmatch, said))
    return all(map(_SIGNED.fullmatch, said))


def _is_section(said: list[str], forms: list[str]) -> bool:
    """A heading alone in its line, or after a Chinese number."""
    return len(said) == 1 or (len(forms) > 3 and bool(_HANZI_NUMBER.fullmatch(said[0])))


def _is_header_again(
    at: list[int], said: list[str], texts: list[str], forms: list[str], words: Collection[str]
) -> bool:
    """The header printed again on the next page, or the line that numbers its columns."""
    bare = [each.strip("()") for each in said]
    if len(at) > 1 and all(each in _UNITS for each in bare):
        return True
    if len(at) > 2 and bare == [str(n) for n in range(1, len(at) + 1)] and len(at) >= sum(map(bool, forms)):
        return True
    if len(at) < 2 or any(_NUMBER.fullmatch(texts[j]) for j in at):
        return False
    again = sum(form == forms[j] or form in words for j, form in zip(at, said, strict=True))
    return again * 2 >= len(at)


def _are_units(texts: list[str]) -> bool:
    """Whether a line holds units of the columns above it."""
    said = [normalise(text).strip("()") for text in texts if text]
    return bool(said) and all(each in _UNITS for each in said)


def _with_units(names: list[str], texts: list[str]) -> list[str]:
    """Headers with the units that stand below them."""
    units = [normalise(text).strip("()") for text in texts]
    return [
        f"{name}({unit})" if name and unit not in _NO_UNIT and "(" not in normalise(name) else name
        for name, unit in zip(names, units, strict=True)
    ]


def _is_reordered(texts: list[str], forms: list[str]) -> bool:
    """Whether a header that stands again has its words over other columns than the one before."""
    said = [normalise(text) for text in texts]
    words = [each for each in said if each]
    named = [form for form in forms if form]
    moved = any(a and b and a != b for a, b in zip(said, forms, strict=True))
    return moved and 2 * sum(word in named for word in words) >= len(words) and len(words) > 1


def _is_placed(at: list[int], texts: list[str], forms: list[str]) -> bool:
    """Whether a line has a coordinate of a real place: totals have none, or their count there."""
    values = [
        texts[j]
        for j in at
        if "经度" in forms[j] or "纬度" in forms[j] or forms[j] in ("lon", "lat", "longitude", "latitude")
    ]
    return any("." in value for value in values)
