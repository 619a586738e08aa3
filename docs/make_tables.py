"""Write the tables of ``docs/data.md`` and ``docs/data.zh.md`` from the registry of columns and the words.

``python docs/make_tables.py`` writes them; with ``--check`` it only says whether they are up to date. What
stands outside the two markers of a page is left alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from siteplan.project.columns import INPUT_TABLES, Column, columns_of
from siteplan.project.input_files import InputFiles
from siteplan.words.catalogue import LANGUAGES, Lang, texts, translate

PAGES: dict[Lang, Path] = {
    "en": Path(__file__).parent / "data.md",
    "zh": Path(__file__).parent / "data.zh.md",
}
BEGIN, END = "<!-- tables -->", "<!-- /tables -->"
KINDS = {
    "counties": ("polygons", "面"),
    "villages": ("points or polygons", "点或面"),
    "stations": ("points, one row a site, network and band", "点，一行 = 站址×网络×频段"),
    "area_classes": ("polygons", "面"),
    "exclusions": ("polygons, lines, or points with a radius", "面、线，或点加半径"),
    "roads": ("lines", "线"),
    "railways": ("lines", "线"),
    "corridors": ("lines", "线"),
    "power_lines": ("lines", "线"),
    "indicators": ("a table without places", "不带位置的表"),
    "population": ("raster of people per pixel, or points", "人口栅格（每像元人数），或点"),
    "weak_raster": ("raster of weights per pixel", "栅格（每像元权重）"),
    "dem": ("raster of heights, 100 m or finer for terrain", "高程栅格，100 米或更细才算地形"),
    "land_cover": ("raster of classes", "分类栅格"),
    "osm": ("an .osm or .osm.pbf file", ".osm 或 .osm.pbf 文件"),
    "located": ("the filled sheet of doubtful addresses", "填好的“待核地址”表"),
}
"""Kind of file where it is not a table of points."""
WITHOUT = {
    "orders": ("no demand orders among the candidates and in the demand", "没有需求单候选和需求"),
    "weak_points": ("complaints are no part of the demand", "投诉点不计入需求"),
    "weak_raster": ("measurement reports are no part of the demand", "测量报告不计入需求"),
    "land_cover": ("clutter heights go by area class alone", "地物高度只按区域类型"),
    "osm": ("roads and public buildings only from the other inputs", "道路和公共建筑只取自其他输入"),
    "located": ("doubtful addresses stay with their widest circle", "存疑地址按最大半径处理"),
}
"""What is done without an input that the catalogue has no ``missing_*`` key for."""
WORDS = {
    "en": ("column", "usual header", "unit", "must", "meaning", "yes", "Without it", "Kind", "No columns."),
    "zh": ("列名", "常用表头", "单位", "必填", "含义", "是", "没有时", "类型", "无列。"),
}


def without(name: str, lang: Lang) -> str:
    """What is done without an input, in one sentence [str]."""
    key = f"missing_{name}"
    if key in texts(lang):
        return translate(key, lang)
    return WITHOUT[name][0 if lang == "en" else 1]


def table_row(column: Column, lang: Lang) -> str:
    """One column as a row of Markdown [str]."""
    required = WORDS[lang][5] if column.required else ""
    cells = (f"`{column.name}`", column.header_zh, column.unit, required, column.about(lang))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def section(name: str, lang: Lang) -> str:
    """One input: kind of file, what is done without it, columns [str]."""
    words = WORDS[lang]
    kind = KINDS.get(name, ("points", "点"))[0 if lang == "en" else 1]
    lines = [f"### `{name}`", "", f"{words[7]}: {kind}. {words[6]}: {without(name, lang)}.", ""]
    if name in INPUT_TABLES:
        lines += ["| " + " | ".join(words[:5]) + " |", "|---|---|---|---|---|"]
        lines += [table_row(column, lang) for column in columns_of(name)]
        lines.append("")
    return "\n".join(lines)


def tables(lang: Lang) -> str:
    """All inputs in the order of the project file [str]."""
    return "\n".join(section(name, lang) for name in InputFiles.model_fields)


def filled(page: str, lang: Lang) -> str:
    """A page with its tables as they should be [str]."""
    head, _, rest = page.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return f"{head}{BEGIN}\n\n{tables(lang)}\n{END}{tail}"


def stale() -> list[Path]:
    """Pages whose tables are not those of the registry [list of Path]."""
    pages = [(PAGES[lang], lang) for lang in LANGUAGES]
    return [path for path, lang in pages if (page := path.read_text(encoding="utf-8")) != filled(page, lang)]


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` only say which are stale; exit code 1 for those."""
    found = stale()
    if "--check" in arguments:
        for path in found:
            sys.stderr.write(f"stale: {path.name}; run python docs/make_tables.py\n")
        return int(bool(found))
    for lang, path in PAGES.items():
        path.write_text(filled(path.read_text(encoding="utf-8"), lang), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
