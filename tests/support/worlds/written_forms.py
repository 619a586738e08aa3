"""Everything that stands in a page, in whatever form: to look for what must not be there."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any


def read_back(packed: Any, row: int) -> Any:
    """One cell of a column, as siteplan_core.js reads it."""
    if packed is None or isinstance(packed, list):
        return None if packed is None else packed[row]
    if "steps" in packed:
        return sum(packed["steps"][: row + 1]) / packed["per"]
    codes = packed.get("codes")
    if codes is None:
        pairs = zip(packed["runs"][::2], packed["runs"][1::2], strict=True)
        codes = [code for code, count in pairs for _ in range(count)]
    if "starts" in packed:
        return packed["starts"][codes[row]] + read_back(packed["rests"], row)
    if "values" in packed:
        return packed["values"][codes[row]]
    return packed["heads"][codes[row]] + str(packed["numbers"][row]).rjust(packed["widths"][codes[row]], "0")


def unpacked(page: str) -> str:
    """Every cell of every table of a page."""
    cells = []
    for text in re.findall(
        r'<script type="application/json" id="siteplan-\w+">(.*?)</script>', page, re.DOTALL
    ):
        spec = json.loads(text)
        if "n" not in spec:
            continue
        for packed in spec["columns"].values():
            cells += [str(read_back(packed, row)) for row in range(spec["n"])]
    return "\n".join(cells)


def unescaped(page: str) -> str:
    """The page with the escapes of its scripts and data undone."""
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match.group(1), 16)), page)
    return plain.encode("utf-8", "ignore").decode()


def written_forms(page: str) -> str:
    """The page with everything that stands in it in another form: tables, escapes, base64, packed bytes."""
    forms = [page, unescaped(page), unpacked(page)]
    for text in re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", page):
        raw = base64.b64decode(text + "=" * (-len(text) % 4))
        forms.append(raw.decode("utf-8", "ignore"))
        for start in (match.start() for match in re.finditer(b"[\x78\x1f]", raw)):
            packed = zlib.decompressobj(47)
            try:
                forms.append(packed.decompress(raw[start:], 1_000_000).decode("utf-8", "ignore"))
            except zlib.error:
                continue
    return "\n".join(forms)
