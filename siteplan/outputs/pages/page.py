"""Pages of text and tables that open without any request.

One decision to know: every text is escaped here, so that a writer cannot forget it.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from siteplan.outputs.sheets import plain
from siteplan.outputs.webmap.page import CONTENT_POLICY
from siteplan.words.catalogue import Lang

_STYLE = (
    "body{font:14px/1.55 'Microsoft YaHei','Noto Sans SC',sans-serif;max-width:1000px;margin:1.5em auto;"
    "padding:0 1em;color:#222}h1{font-size:22px;margin:0 0 .3em}h2{font-size:16px;margin:1.3em 0 .4em}"
    "table{border-collapse:collapse;margin:.6em 0}td,th{border:1px solid #bbb;padding:.25em .6em;"
    "text-align:right;vertical-align:top;overflow-wrap:anywhere}th{background:#eef3f8}"
    "td:first-child,th:first-child,.words td,.words th{text-align:left}img,svg{max-width:100%;height:auto}"
    "svg{border:1px solid #c9ced6}pre{background:#f2f4f7;padding:8px;white-space:pre-wrap}"
    ".warn{background:#fce4d6;color:#9c2b00;padding:.5em 1em;font-weight:bold}"
    ".good{color:#1e7b34;font-weight:bold}.bad{color:#b3261e;font-weight:bold}"
    ".key span{margin-right:1em;white-space:nowrap}@media print{body{margin:0;max-width:none}}"
)


def page_html(title: str, body: str, lang: Lang) -> str:
    """A whole page.

    Parameters
    ----------
    title
        Plain text.
    body
        HTML.
    lang
        Language of the page.

    Returns
    -------
    str
        With a policy that forbids the network.
    """
    code = "zh-CN" if lang == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def table_html(header: Sequence[str], rows: Iterable[Iterable[object]], name: str = "") -> str:
    """A table.

    Parameters
    ----------
    header
        Titles; none for a table without.
    rows
        Cells, any plain value.
    name
        CSS class; ``words`` puts text to the left.

    Returns
    -------
    str
        HTML, every cell escaped.
    """
    head = "".join(f"<th>{html.escape(each)}</th>" for each in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(plain(cell)))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    kind = f' class="{name}"' if name else ""
    return f"<table{kind}>{f'<tr>{head}</tr>' if header else ''}{body}</table>"
