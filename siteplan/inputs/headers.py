"""Headers people write into the columns siteplan knows.

One decision to know: the project file's mapping comes first, then siteplan's own name, then the
aliases in order; two headers that fit the same alias are a question, never a guess.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from siteplan.tables import ColumnSpec


def normalise(text: object) -> str:
    """Text without width, case and blanks, for comparing.

    Parameters
    ----------
    text
        Any cell.

    Returns
    -------
    str
        Comparable form.

    Examples
    --------
    >>> normalise("挂高（米） ") == normalise("挂高(米)")
    True
    """
    return "".join(unicodedata.normalize("NFKC", str(text)).split()).casefold()


def match_headers(
    headers: Sequence[str], specs: Sequence[ColumnSpec], mapping: dict[str, str]
) -> tuple[dict[str, str], dict[str, list[str]]]:
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
    tuple
        Header by column name, and the headers of each ambiguous column.

    Examples
    --------
    >>> from siteplan.tables import COUNTIES, columns_of
    >>> match_headers(["adcode", "名称"], columns_of(COUNTIES), {})
    ({'county_id': 'adcode', 'county': '名称'}, {})
    """
    by_form: dict[str, list[str]] = {}
    for header in headers:
        by_form.setdefault(normalise(header), []).append(header)
    taken: dict[str, str] = {}
    ambiguous: dict[str, list[str]] = {}
    for spec in specs:
        wanted = [mapping[spec.name]] if spec.name in mapping else [spec.name, *spec.aliases]
        found = next((by_form[normalise(name)] for name in wanted if normalise(name) in by_form), [])
        if len(found) == 1:
            taken[spec.name] = found[0]
        elif found:
            ambiguous[spec.name] = found
    return taken, ambiguous
