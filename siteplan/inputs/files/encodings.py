"""Text of unknown encoding."""

from __future__ import annotations

import re

from siteplan.inputs.files.raw_table import BROKEN

_HANZI_RUN = re.compile("([A-Za-z]?)([\u2e80-\U0003ffff]+)(?=([A-Za-z]?))")


def decode(content: bytes) -> str:
    """Text of unknown encoding: UTF-16 or UTF-8 when it is, else GB18030, which Chinese Excel writes.

    Returns
    -------
    str
        Bytes that fit nowhere become U+FFFD. Windows-1252 is taken when GB18030 would put hanzi inside words.

    Examples
    --------
    >>> decode("坪石镇".encode("gb18030")), decode("Südtirol".encode("cp1252"))
    ('坪石镇', 'Südtirol')
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    for high, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        size = max(len(content) // 2, 1)
        if content[high::2].count(0) * 5 > size and content[1 - high :: 2].count(0) * 20 < size:
            return content.decode(name, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    chinese = content.decode("gb18030", errors="replace")
    unicode = content.decode("utf-8-sig", errors="replace")
    if unicode.count(BROKEN) * 2 < sum(sign > "\u2fff" for sign in unicode):
        return unicode
    if is_western(chinese) or chinese.count(BROKEN) * 20 > sum(sign > "\u2fff" for sign in chinese):
        return content.decode("cp1252", errors="replace")
    return chinese


def encoding_of_text(start: bytes) -> str:
    """Encoding of a long file by its beginning, which may end inside a character [str]."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for cut in range(4):
        try:
            start[: len(start) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        return "utf-8-sig"
    return "cp1252" if is_western(start.decode("gb18030", errors="replace")) else "gb18030"


def is_western(chinese: str) -> bool:
    """Whether hanzi come from accented letters read as Chinese: single ones beside a Latin letter [bool]."""
    runs = _HANZI_RUN.findall(chinese)
    lone = sum(len(run) == 1 and bool(before.strip() or after.strip()) for before, run, after in runs)
    return bool(runs) and 2 * lone > len(runs)
