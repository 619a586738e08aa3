"""A project for a county that starts from nothing: project file, sheets to fill in, the first hour.

The template project is read back through :func:`siteplan.project.project_file.load_config` before
anyone sees it, and the drop-downs of the sheets are printed from it, so file and sheets cannot disagree.
"""

from __future__ import annotations

import datetime as dt
import json
from importlib.resources import files
from pathlib import Path
from string import Template

from siteplan.core.errors import CrsError, SiteplanError
from siteplan.core.files import atomic_folder
from siteplan.core.grid import require_metric
from siteplan.outputs.documents.docx_template import SECTIONS, docx_template
from siteplan.outputs.templates.sheets import TemplateSheet, template_sheets
from siteplan.outputs.templates.workbooks import write_template
from siteplan.project.project_file import load_config
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, sections, translate

TEMPLATES = "templates"
"""Folder of a project with an office's own Word templates, ``report_zh.docx`` and so on."""
DEFAULT_CRS = "EPSG:4547"


def new_project(
    target: Path,
    *,
    county: str = "",
    city: str = "",
    crs: str = DEFAULT_CRS,
    year: int | None = None,
    lang: Lang = "zh",
) -> tuple[str, ...]:
    """Write a new project folder, whole or not at all.

    Parameters
    ----------
    target
        Where to; a folder of that name must be empty.
    county, city
        Named in the project file; without either the folder's name stands for the area.
    crs
        Projected CRS in metres.
    year
        Year of the quota; None takes this year.
    lang
        Language of file names, headers, names and notes; comments of the project file are in both.

    Raises
    ------
    SiteplanError
        If the folder holds something, or the CRS is not one in metres.
    """
    _check_crs(crs)
    target = target.resolve()
    _check_free(target)
    sheets = template_sheets(lang, county)
    words = (
        {each.table: each.name for each in sheets}
        | _names(lang)
        | {
            "city": _quoted(f"{city}{county}" or target.name),
            "county": _quoted(county or translate("example_county", lang)),
            "crs": _quoted(crs),
            **_dates(year, dt.date.today()),
            "folder": f'"{target.name}"' if " " in target.name else target.name,
        }
    )
    with atomic_folder(target, replace=target.exists()) as work:
        _write(work, words, sheets, lang)
        return tuple(sorted(path.name for path in work.iterdir()))


def _write(work: Path, words: dict[str, str], sheets: tuple[TemplateSheet, ...], lang: Lang) -> None:
    (work / "project.toml").write_text(_filled("project.toml", words), encoding="utf-8")
    config: Config = load_config(work)
    for sheet in sheets:
        write_template(sheet, config, work / f"{sheet.name}.xlsx", lang)
    (work / TEMPLATES).mkdir()
    for kind in SECTIONS:
        (work / TEMPLATES / f"{kind}_{lang}.docx").write_bytes(docx_template(kind, lang))
    readme = _filled("readme.txt", words)
    (work / translate("file_readme", lang)).write_text(readme, encoding="utf-8-sig", newline="\r\n")


def _filled(name: str, words: dict[str, str]) -> str:
    text = (files("siteplan.outputs.templates") / name).read_text(encoding="utf-8")
    return Template(text).substitute(words)


def _names(lang: Lang) -> dict[str, str]:
    """Names of networks, layers, classes and zones in a language, as they stand in quotes of TOML."""
    return {key: _quoted(text)[1:-1] for key, text in sections(lang)["template"].items()}


def _quoted(text: str) -> str:
    """A TOML string; JSON writes a subset of them."""
    return json.dumps(text, ensure_ascii=False)


def _dates(year: int | None, today: dt.date) -> dict[str, str]:
    """Year of the quota, and the day whose network exists: today, or the end of a year gone by."""
    year = year or today.year
    day = today if year >= today.year else dt.date(year, 12, 31)
    return {"year": str(year), "date": day.isoformat()}


def _check_crs(crs: str) -> None:
    try:
        require_metric(crs)
    except CrsError as error:
        raise SiteplanError("not_a_crs", value=crs) from error


def _check_free(target: Path) -> None:
    """A folder that holds something is never touched; the current one cannot be exchanged under a shell."""
    if target == Path.cwd():
        raise SiteplanError("name_a_new_folder", path=str(target))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise SiteplanError("folder_not_empty", path=str(target))
